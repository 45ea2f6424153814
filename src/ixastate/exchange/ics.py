"""The doses that are due as an iCalendar file (RFC 5545, RFC 5546), which a phone can import, and import again.

Ixazomib is an entry at its clock time; the other drugs, for which the text sets no hour, are entries of the day. The
same course gives the same bytes.

A later file of a course takes back what no longer holds, and it needs no earlier file for that: what an earlier one can
have said of a dose follows from the course as it was known before each of its changes. An entry has the same UID in
every file of a course; of two with one UID a calendar keeps the one with the higher SEQUENCE. A dose that has changed n
times has the SEQUENCE 2n, due (STATUS:CONFIRMED) or not (STATUS:CANCELLED). One that is due outside the days that are
asked for is not written; where an earlier file may have another dose of it, that one is cancelled with 2n - 1, which a
later file of those days exceeds. Doses are taken back for `REACH` days beyond the last event, or as far as is asked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar as ICalendar
from icalendar import Event as Entry
from icalendar import vCalAddress

from ixastate.chart.status import Status
from ixastate.course.course import Course
from ixastate.course.schedule import Calendar, Dose, cycle_of, doses_due, is_due_day
from ixastate.errors import InputError
from ixastate.events import DRUGS, Drug

# Two years: as far ahead as an earlier file is taken back that nobody asks about.
REACH = 2 * 366
# A published calendar names an organizer (RFC 5546, 3.2.1). This one has no mailbox (RFC 2606 keeps the domain free).
ORGANIZER = "mailto:nobody@ixastate.invalid"
# More changes than a course has between two lines that change its past.
_MOST_CHANGES = 10_000


@dataclass(frozen=True)
class TakenBack:
    """A dose that an earlier file may show and that no longer holds, as it was last due, and its SEQUENCE now."""

    dose: Dose
    sequence: int


def icalendar(course: Course, doses: Sequence[Dose], taken_back: Sequence[TakenBack] | None = None) -> bytes:
    """An iCalendar of these doses, and of what is taken back (by default `taken_back` of them).

    `InputError` when the course knows no dates.
    """
    dates, latest = _dates_of(course)
    back = _taken_back(course, doses, 0) if taken_back is None else taken_back
    whole = ICalendar()
    whole.add("prodid", "-//ixastate//treatment course//EN")
    whole.add("version", "2.0")
    whole.add("method", "PUBLISH")
    name, known = _name_of(course), f"by the course as known on {latest:%Y-%m-%d}"
    changes = {(slot.drug, slot.day): slot.sequence for slot in _slots(course, _last_day(course, doses, 0))}
    for dose in doses:
        entry = _entry(name, dose, dates, latest, changes.get((dose.drug, dose.day), 0))
        entry.add("status", "CONFIRMED")
        entry.add(
            "description",
            f"{'; '.join(dose.how)}. {known.capitalize()}. Rules: {' '.join(dose.rules)}. "
            "A research and teaching tool, not medical advice.",
        )
        whole.add_component(entry)
    for one in back:
        entry = _entry(name, one.dose, dates, latest, one.sequence)
        entry.add("status", "CANCELLED")
        entry.add("description", f"Taken back: it does not hold {known}.")
        whole.add_component(entry)
    # The table of a zone must reach as far as the doses; by default it ends in 2038.
    last = max((dose.at.date() for dose in (*doses, *(one.dose for one in back))), default=dates.first_day)
    whole.add_missing_timezones(last_date=date(last.year + 2, 1, 1))
    return bytes(whole.to_ical())


def taken_back(course: Course, doses: Sequence[Dose], until: int = 0) -> list[TakenBack]:
    """What an earlier file of this course may show and that this one, which shows these doses, must take back.

    `until` is the last treatment day that is asked about. `InputError` when the course knows no dates.
    """
    _dates_of(course)
    return _taken_back(course, doses, until)


def _dates_of(course: Course) -> tuple[Calendar, datetime]:
    """The calendar of a course with dates, and the moment of its last event."""
    dates = course.calendar
    if dates is None or course.latest is None:
        raise InputError(
            "the course has not started, so there is nothing to put into a calendar",
            where=f"patient {course.patient or '(no name)'}",
            remedy="begin the log with a course_started that nothing blocks",
        )
    if dates.nominal:
        raise InputError(
            "the log gives no dates, so there is nothing to put into a calendar",
            where=f"patient {course.patient or '(no name)'}",
            remedy="date course_started with `at`",
        )
    return dates, course.latest


# --- An entry -------------------------------------------------------------------------------------------------


def _entry(name: str, dose: Dose, dates: Calendar, stamp: datetime, sequence: int) -> Entry:
    """The entry of a dose, without its status and its description."""
    entry = Entry()
    entry.add("uid", f"{name}-{dose.drug}-day-{dose.day}@ixastate")
    entry.add("sequence", sequence)
    entry.add("dtstamp", stamp)
    entry.add("organizer", vCalAddress(ORGANIZER))
    entry.add("summary", f"{dose.drug} {dose.mg:g} mg" if dose.mg else dose.drug)
    if dose.drug == "ixazomib":
        # A fixed offset has no name that a calendar knows; UTC names the same moment.
        entry.add("dtstart", dose.at if isinstance(dates.zone, ZoneInfo) else dose.at.astimezone(UTC))
        entry.add("duration", timedelta(minutes=15))
    else:
        entry.add("dtstart", dose.at.date())
    return entry


def _name_of(course: Course) -> str:
    """What tells the entries of this course from those of any other: a digest, which names nobody.

    It is made of the patient, the edition and when the course starts; of one without a name, of all its start says.
    """
    start = course.start
    assert start is not None
    told = start.model_dump(mode="json", exclude={"patient"}, exclude_none=True)
    if course.patient is not None:
        told = {name: told.get(name) for name in ("at", "weekday", "clock_time", "timezone")}
    whole = json.dumps([course.patient, course.edition.name, told], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()[:20]


# --- What has been said of a dose -----------------------------------------------------------------------------

# What is due of a drug, in mg; None when it is not due.
_Said = float | None


@dataclass(frozen=True)
class _Slot:
    """A drug on a day of its calendar: what has been said of it, oldest first and each different from the one before.

    `base` counts for the changes of which no record is left, where a line has changed the past.
    """

    drug: Drug
    day: int
    said: tuple[_Said, ...]
    base: int

    @property
    def sequence(self) -> int:
        """The SEQUENCE of what is said now."""
        return 2 * (self.base + len(self.said) - 1)

    @property
    def shown(self) -> _Said:
        """The latest dose that an earlier file may show and that does not hold now; None when there is none."""
        earlier = next((one for one in reversed(self.said[:-1]) if one and one != self.said[-1]), None)
        # Where the past has changed, an earlier file may show anything.
        return earlier or ((self.said[-1] or 0.0) if self.base else None)


def _taken_back(course: Course, doses: Sequence[Dose], until: int) -> list[TakenBack]:
    dates, asked = course.calendar, {(dose.drug, dose.day) for dose in doses}
    assert dates is not None
    back = []
    for slot in _slots(course, _last_day(course, doses, until)):
        if slot.shown is not None and (slot.drug, slot.day) not in asked:
            dose = Dose(slot.drug, slot.shown, slot.day, dates.moment(slot.day), (), ())
            back.append(TakenBack(dose, slot.sequence - (slot.said[-1] is not None)))
    return back


def _last_day(course: Course, doses: Sequence[Dose], until: int) -> int:
    dates, latest = course.calendar, course.latest
    assert dates is not None
    assert latest is not None
    return max(dates.day(latest) + REACH, until, *(dose.day for dose in doses))


def _slots(course: Course, last_day: int) -> Iterator[_Slot]:
    """Every drug on each day on which it was or is due, or may have been where the past has changed, up to a day."""
    dates, changes = course.calendar, course.changes
    assert dates is not None
    base = course.rewritten * _MOST_CHANGES
    plans: dict[tuple[int, Status], dict[Drug, _Said]] = {}
    for day in range(1, last_day + 1):
        slot = dates.moment(day).astimezone(UTC)
        _, cycle_day = cycle_of(day, course.edition)
        said: dict[Drug, list[_Said]] = {drug: [] for drug in DRUGS}
        for since, status in changes:
            # What comes after the slot of a dose says nothing of it.
            if since > slot:
                break
            if (cycle_day, status) not in plans:
                due = doses_due(day, status, dates, course.edition)
                plans[cycle_day, status] = {dose.drug: dose.mg for dose in due}
            for drug in DRUGS:
                now = plans[cycle_day, status].get(drug)
                if not said[drug] or said[drug][-1] != now:
                    said[drug].append(now)
        for drug, one in said.items():
            if any(one) or (base and is_due_day(drug, day, 1, course.edition)):
                yield _Slot(drug, day, tuple(one) or (None,), base)
