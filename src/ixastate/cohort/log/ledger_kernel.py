"""The compiled dose ledger: days and doses of a course, in one pass over the rows, whatever model wrote them.

A row's configuration is in force from its day, because results come before the doses of a day, until the next row's. A
drug is due by the calendar and given as the configuration says. This module knows no chance and no toxicity.
"""

from __future__ import annotations

import numpy as np

from ixastate.cohort.compiled import kernel

# Columns of the whole-course numbers of a patient (`courses`).
TREATED_DAYS = 0
ENDED_BY = 1
ENDED_SAYING = 2
LAST = 3
REDUCTIONS = 4  # ixazomib, lenalidomide
HOLDS = 6  # ixazomib, lenalidomide
HELD_DAYS = 8  # ixazomib, lenalidomide
EVENTS = 10
COURSE_COLUMNS = 11
# Columns of the doses of a cycle, and of a whole course: given, then planned, of the three drugs, in tenths of a mg.
DOSE_COLUMNS = 6
IXAZOMIB = 0


@kernel()
def keep_ledger(
    first,
    count,
    days,
    cycle_days,
    patient,
    day,
    kind,
    value,
    symbol,
    configuration,
    said,
    given,
    level,
    treated,
    due,
    every_days,
    missed_kind,
    delayed_kind,
    no_symbol,
    courses,
    doses,
):
    """Fill `courses` (count, 11) int64 and `doses` (count, cycles, 6) int64 from the rows of a block.

    `due` (rhythms, 3, cycle_days) are the calendars with lenalidomide every 1, 2, ... days, and `every_days` (S,) tells
    the rhythm of each starting symbol. `days` is the length of the follow-up, whole cycles. Planned doses are the
    starting doses on the calendar for as long as the course is on treatment.

    Between two rows nothing changes, so that the days on which a drug is due are counted and not gone through.
    """
    courses[:] = 0
    doses[:] = 0
    # How many of the first days of a cycle each drug is due on, and the latest one of ixazomib among them, from 1.
    due_among = np.zeros((due.shape[0], 3, cycle_days + 1), np.int64)
    latest = np.zeros((due.shape[0], cycle_days + 1), np.int64)
    for rhythm in range(due.shape[0]):
        for among in range(1, cycle_days + 1):
            for drug in range(3):
                due_among[rhythm, drug, among] = due_among[rhythm, drug, among - 1] + due[rhythm, drug, among - 1]
            latest[rhythm, among] = among if due[rhythm, IXAZOMIB, among - 1] else latest[rhythm, among - 1]
    rows = len(patient)
    row = 0
    for one in range(count):
        start = row
        while row < rows and patient[row] == first + one:
            row += 1
        pattern = every_days[symbol[start]] - 1
        begun = configuration[start]
        courses[one, ENDED_BY] = no_symbol
        courses[one, LAST] = configuration[row - 1]
        courses[one, EVENTS] = row - start
        # The latest day on which ixazomib was given, for a report that it was not taken.
        given_day = 0
        given_dose = 0
        taken_back = 0
        for at in range(start, row):
            now = configuration[at]
            before = now if at == start else configuration[at - 1]
            if kind[at] == missed_kind and given_day == value[at]:
                cycle = (given_day - 1) // cycle_days
                doses[one, cycle, IXAZOMIB] -= given_dose
                taken_back = given_day
            elif kind[at] == delayed_kind and given_day == value[at] and taken_back == given_day:
                doses[one, (given_day - 1) // cycle_days, IXAZOMIB] += given_dose
                taken_back = 0
            for drug in range(2):
                if treated[now] and treated[before]:
                    if level[now, drug] < level[before, drug]:
                        courses[one, REDUCTIONS + drug] += 1
                    if given[now, drug] == 0 and given[before, drug] > 0:
                        courses[one, HOLDS + drug] += 1
            if treated[before] and not treated[now]:
                courses[one, ENDED_BY] = symbol[at]
                courses[one, ENDED_SAYING] = said[at]
            if not treated[now]:
                continue
            until = days + 1 if at + 1 == row else min(day[at + 1], days + 1)
            courses[one, TREATED_DAYS] += until - day[at]
            for drug in range(2):
                if given[now, drug] == 0:
                    courses[one, HELD_DAYS + drug] += until - day[at]
            since = np.int64(day[at])
            while since < until:
                cycle = (since - 1) // cycle_days
                before_cycle = cycle * cycle_days
                to = min(until, before_cycle + cycle_days + 1)
                for drug in range(3):
                    among = due_among[pattern, drug]
                    times = among[to - 1 - before_cycle] - among[since - 1 - before_cycle]
                    doses[one, cycle, drug] += times * given[now, drug]
                    doses[one, cycle, 3 + drug] += times * level[begun, drug]
                    if drug == IXAZOMIB and times > 0 and given[now, drug] > 0:
                        given_day = before_cycle + latest[pattern, to - 1 - before_cycle]
                        given_dose = given[now, drug]
                since = to
