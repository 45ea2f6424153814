"""Boundary cases of time: late doses to the minute, doses on and off the calendar, long holds and new cycles."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import product
from typing import Any

from ixastate.course.schedule import next_ixazomib_day
from ixastate.rules import Edition
from ixastate.symbols import NEW_CYCLE, toxicities
from ixastate.testing.suites.facts import (
    MONDAY,
    BoundaryCase,
    assessed,
    case,
    harmless,
    neuropathy,
    neutrophils,
    opening,
    plain,
    platelets,
    started,
)
from ixastate.testing.suites.ladders import to_the_floor

MINUTE = timedelta(minutes=1)


def days(edition: Edition) -> Iterator[BoundaryCase]:
    """Every boundary case of hours and days."""
    yield from _late_doses(edition)
    yield from _doses(edition)
    yield from _calendar(edition)
    yield from _long_holds(edition)
    yield from _assessments(edition)
    if NEW_CYCLE in toxicities(edition):
        yield from _new_cycles(edition)


# --- Doses taken, missed and late ------------------------------------------------------------------------------


def _at(day: int, later: timedelta = timedelta()) -> dict[str, Any]:
    return {"at": (MONDAY + timedelta(days=day - 1) + later).isoformat()}


def _late_doses(edition: Edition) -> Iterator[BoundaryCase]:
    """The 72-hour rule to the minute, for every weekly dose of a cycle, missed and taken late."""
    interval = timedelta(hours=edition.integer("ADM-11", "interval"))
    start = {name: value for name, value in started(edition, **_at(1)).items() if name != "day"}
    anc = edition.integer("ANC-01", "anc")
    for day in edition.integers("DOSE-01", "days"):
        following = next_ixazomib_day(day, edition)
        for words, later in (("exactly", timedelta()), ("a minute less than", MINUTE), ("a minute more than", -MINUTE)):
            for kind in ("dose_missed", "dose_delayed"):
                late = {"type": kind, "scheduled_day": day, **_at(following, later - interval)}
                yield case(f"ADM-11 interval: {words} 72 h, day {day}, {kind}", start, late)
        for before in (interval, interval - timedelta(days=1)):
            late = {"type": "dose_missed", "day": following - before.days}
            yield case(f"ADM-11 interval: {before.days} days, day {day}", started(edition), late)
    # Held when it was due, or held now: left out, whatever the hours.
    low, fine = opening(edition, {**neutrophils(anc - 1), "day": 7}), {**neutrophils(anc), "day": 9}
    missed = {"type": "dose_missed", "scheduled_day": 8}
    yield case("B-HELD-NOT-MISSED: held when due", started(edition), *low, fine, {**missed, "day": 10})
    now_low = opening(edition, {**neutrophils(anc - 1), "day": 9})
    yield case("B-HELD-NOT-MISSED: held now", started(edition), *now_low, {**missed, "day": 10})
    for drug in ("lenalidomide", "dexamethasone"):
        yield case(f"B-MISS-LENDEX: {drug}", started(edition), {"type": "dose_missed", "drug": drug, "day": 2})


def _doses(edition: Edition) -> Iterator[BoundaryCase]:
    """Doses at, above, below and at twice the level, on and off the calendar, and what goes wrong with one."""
    usual, reduced = (Decimal(str(mg)) for mg in edition.ixazomib_ladder_mg[:2])
    anc = edition.integer("ANC-01", "anc")
    bit = Decimal("0.1")
    for words, mg in {
        "the level": usual,
        "a little more": usual + bit,
        "a little less": usual - bit,
        "twice the level": 2 * usual,
    }.items():
        yield case(f"ADM-14, ADM-16: {words}", started(edition), {"type": "dose_taken", "dose_mg": mg, "day": 8})
    low = [started(edition), *opening(edition, neutrophils(anc - 1))]
    for mg in (usual, reduced):
        taken = {"type": "dose_taken", "dose_mg": mg, "day": 8}
        yield case(f"ADM-14, ADM-16: {plain(mg)} mg after a reduction", *low, neutrophils(anc), taken)
    for day in (8, 9, 22):
        yield case(f"ADM-14: day {day}", started(edition), {"type": "dose_taken", "dose_mg": usual, "day": day})
    yield case("ADM-14: during a hold", *low, {"type": "dose_taken", "dose_mg": usual, "day": 8})
    yield case("ADM-10: vomited", started(edition), {"type": "dose_vomited"})
    yield from _several_reports(edition, usual)
    yield case("ADM-16: overdose", started(edition), {"type": "dose_overdosed", "dose_mg": 2 * usual, "day": 1})
    for fault in ("crushed", "chewed", "opened", "without_water", "with_food", "with_dexamethasone"):
        yield case(f"taken {fault}", started(edition), {"type": "dose_taken_wrongly", "fault": fault, "day": 1})
    without = {"type": "dose_taken_wrongly", "drug": "dexamethasone", "fault": "without_food", "day": 1}
    yield case("ADM-06: without food", started(edition), without)


def _several_reports(edition: Edition, mg: Decimal) -> Iterator[BoundaryCase]:
    """Every report of the dose of day 8 after every other: each way through the chart of a dose of two reports."""
    reports: dict[str, dict[str, Any]] = {
        "taken": {"type": "dose_taken", "dose_mg": mg},
        "missed": {"type": "dose_missed", "scheduled_day": 8},
        "vomited": {"type": "dose_vomited"},
        "crushed": {"type": "dose_taken_wrongly", "fault": "crushed"},
    }
    for (first, one), (second, two) in product(reports.items(), repeat=2):
        for day in (8, 9):
            covers = f"B-WHICH-DOSE, B-CLARIFY: {first} on day 8, {second} on day {day}"
            yield case(covers, started(edition), {**one, "day": 8}, {**two, "day": day})
    missed = {**reports["missed"], "day": 9}
    # Permitted on day 9 and taken then; on day 12 it is too late.
    for day in (9, 12):
        covers = f"B-WHICH-DOSE: missed on day 8, taken on day {day}"
        yield case(covers, started(edition), missed, {**reports["taken"], "day": day})


# --- Days ------------------------------------------------------------------------------------------------------


def _calendar(edition: Edition) -> Iterator[BoundaryCase]:
    """What is due on and beside every day that the calendar names, given, held, and every other day."""
    cycle = edition.integer("DOSE-01", "cycle")
    named = {
        *edition.integers("DOSE-01", "days"),
        *edition.integers("DOSE-03", "days"),
        edition.integer("DOSE-02", "first_day"),
        edition.integer("DOSE-02", "last_day"),
        cycle + 1,
    }
    days = sorted({day + beside for day in named for beside in (-1, 0, 1)} - {0, 1})
    quiet = [harmless(edition, day) for day in days]
    poor = {"value": edition.number("REN-01", "below") - 1, "unit": "mL/min"}
    held = [neuropathy(edition.integer("PN-01", "grade"))]
    yield case("DOSE-01 days, DOSE-02 last_day, DOSE-03 days, DOSE-01 cycle", started(edition), *quiet)
    yield case("DOSE-02 last_day: every other day", started(edition, creatinine_clearance=poor), *quiet)
    yield case("DOSE-01 days: ixazomib held", started(edition), *held, *quiet[1:])
    low = opening(edition, neutrophils(edition.integer("ANC-01", "anc") - 1))
    still = [{**platelets(edition.integer("PLT-01", "platelets")), "day": day} for day in days[1:]]
    yield case("DOSE-03 days: the others held", started(edition), *low, *still)


def _long_holds(edition: Edition) -> Iterator[BoundaryCase]:
    longest = edition.integer("B-HOLD-MAX", "alert")
    low = opening(edition, {**neutrophils(edition.integer("ANC-01", "anc") - 1), "day": 2})
    for days in (longest - 1, longest, longest + 1):
        late = {**platelets(edition.integer("PLT-01", "platelets")), "day": 2 + days}
        yield case(f"B-HOLD-MAX alert: {days} days", started(edition), *low, late)
    asked = [{**platelets(edition.integer("PLT-01", "platelets")), "day": 2 + longest + more} for more in (0, 1)]
    yield case("B-HOLD-MAX alert: once", started(edition), *low, *asked)


def _assessments(edition: Edition) -> Iterator[BoundaryCase]:
    """Each count of an assessment below and at its threshold, outside and within an episode of either count."""
    anc, count = edition.integer("ANC-01", "anc"), edition.integer("PLT-01", "platelets")
    situations = {
        "": [],
        " in an episode of low neutrophils": opening(edition, neutrophils(anc - 1)),
        " in an episode of low platelets": opening(edition, platelets(count - 1)),
    }
    for words, past in situations.items():
        for short_anc, short_count in product((0, 1), repeat=2):
            covers = f"B-ASSESS-COUNTS: neutrophils {anc - short_anc}, platelets {count - short_count}{words}"
            yield case(covers, started(edition), *past, assessed(anc - short_anc, count - short_count))
    low = opening(edition, neutrophils(anc - 1))
    severe = neuropathy(edition.integer("PN-05", "grade"))
    over = neuropathy(edition.integer("PN-02", "grade_without_pain"), agreed=True)
    lowest = to_the_floor(edition, started(edition), [*low, neutrophils(anc)])
    yield case("B-ASSESS-COUNTS: both low at the floor", *lowest, *opening(edition, assessed(anc - 1, count - 1)))
    # What the neutrophils release comes to the floor, where the platelets end treatment.
    releasing = [*opening(edition, platelets(count - 1)), platelets(count), severe, over, *low, severe, over]
    last = opening(edition, assessed(anc, count - 1))
    yield case("B-ASSESS-COUNTS: released to the floor", started(edition), *releasing, *last)


def _new_cycles(edition: Edition) -> Iterator[BoundaryCase]:
    anc, count = edition.integer("NC-01", "anc"), edition.integer("NC-01", "platelets")
    for short_anc, short_count, resolved in ((0, 0, True), (1, 0, True), (0, 1, True), (0, 0, False)):
        fact = assessed(anc - short_anc, count - short_count, resolved)
        covers = f"NC-01: neutrophils {anc - short_anc}, platelets {count - short_count}, resolved {resolved}"
        yield case(covers, started(edition), fact, assessed(anc, count))
