"""The dosing schedule: the 28-day calendar, the doses due on a day, and the 72-hour rule.

Day 1 is the day of the first weekly slot (fixed weekday and clock time) at or after the start. The calendar is kept
in the patient's own time zone, so that a slot keeps its clock time over a change to or from daylight saving time,
while intervals are real elapsed time. It keeps running through every hold (B-CALENDAR). This module knows a
status, never a machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import cached_property
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from ixastate.chart.status import Status
from ixastate.errors import CourseRefusal, InputError, as_given
from ixastate.events import DRUGS, WEEKDAYS, CourseStarted, Drug, Event, is_a
from ixastate.fields import LAST_DAY, whole
from ixastate.rules import Edition

# A course dated by treatment days alone runs on a made-up calendar, which begins on or after this Monday.
NOMINAL_MONDAY = date(2001, 1, 1)
# Earlier than its first day in any time zone.
BEFORE_ALL_DAYS = datetime.combine(NOMINAL_MONDAY - timedelta(days=1), time(), tzinfo=UTC)
# The treatment day on which a course starts that is dated by days.
FIRST_DAY = 1


class HowToTake(NamedTuple):
    """How a dose is taken, in words, with the rules that say so."""

    words: tuple[str, ...]
    rules: tuple[str, ...]


HOW: dict[Drug, HowToTake] = {
    "ixazomib": HowToTake(
        ("by mouth, on an empty stomach", "with water, swallowed whole: not crushed, chewed or opened"),
        ("ADM-01", "ADM-02", "ADM-07", "ADM-08", "ADM-09", "B-EMPTY"),
    ),
    "lenalidomide": HowToTake((), ()),
    "dexamethasone": HowToTake(("with a meal",), ("ADM-06",)),
}
EVERY_OTHER_DAY = "once every other day"
APART = HowToTake(("not together with {other}",), ("ADM-05",))


@dataclass(frozen=True)
class Dose:
    """One dose that is due: the drug, mg, the treatment day, the moment, how to take it, and the rules.

    Of a course that knows no dates only the clock time of the moment means anything.
    """

    drug: Drug
    mg: float
    day: int
    at: datetime
    how: tuple[str, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Calendar:
    """The weekly calendar of one patient. A nominal one stands for a course that knows no dates."""

    first_day: date
    clock_time: time
    zone: tzinfo
    nominal: bool
    lenalidomide_every_days: int

    @cached_property
    def _first_slot(self) -> datetime:
        return datetime.combine(self.first_day, self.clock_time, tzinfo=self.zone)

    def moment(self, day: int) -> datetime:
        """The moment of the weekly clock time on a treatment day.

        A clock time that the clocks skip is the moment one offset later, or earlier where that would be the next day.
        """
        local = self._first_slot + timedelta(days=day - 1)
        if isinstance(self.zone, timezone):
            return local  # its clocks never change
        skipped_past_midnight = local.astimezone(UTC).astimezone(self.zone).date() != local.date()
        return local.replace(fold=1) if skipped_past_midnight else local

    def day(self, at: datetime) -> int:
        """The treatment day on which a moment falls, in the patient's time zone (0 or less before day 1)."""
        return (at.astimezone(self.zone).date() - self.first_day).days + 1


def require_day(day: Any, where: str) -> int:
    """A treatment day as a plain integer; `InputError` when it is none, or lies too far from day 1."""
    plain = whole(day)
    if not isinstance(plain, int) or isinstance(plain, bool) or abs(plain) > LAST_DAY:
        raise InputError(
            f"{as_given(day)} is no treatment day", where=where, remedy=f"a whole number up to {LAST_DAY}, such as 8"
        )
    return plain


def cycle_of(day: int, edition: Edition) -> tuple[int, int]:
    """The cycle and the day of the cycle, both from 1, of a treatment day."""
    length = edition.integer("DOSE-01", "cycle")
    return (day - 1) // length + 1, (day - 1) % length + 1


def calendar(event: CourseStarted, lenalidomide_every_days: int) -> Calendar:
    """The calendar that a start sets up; `CourseRefusal` when it is dated by a day other than 1."""
    zone: tzinfo = ZoneInfo(event.timezone) if event.timezone else UTC
    if event.at is None:
        if event.day != FIRST_DAY:
            raise CourseRefusal(
                f"a course cannot start on day {event.day}", remedy="day 1 is the first day; or give a date in `at`"
            )
        earliest = datetime.combine(NOMINAL_MONDAY, time(), tzinfo=zone)
    else:
        # Without a name the offset holds all year, whatever object brought it.
        zone = zone if event.timezone else timezone(event.at.utcoffset() or timedelta(0))
        earliest = event.at.astimezone(zone)
    first = earliest.date() + timedelta(days=(WEEKDAYS.index(event.weekday) - earliest.weekday()) % 7)
    slot = datetime.combine(first, event.clock_time, tzinfo=zone)
    if slot.astimezone(UTC) < earliest.astimezone(UTC):
        first += timedelta(days=7)
    return Calendar(first, event.clock_time, zone, event.at is None, lenalidomide_every_days)


def moment_of(event: Event, dates: Calendar | None, latest: datetime | None) -> datetime:
    """The moment of an event in UTC; `CourseRefusal` when it has none or lies before the latest one.

    A course that is dated by treatment days knows no dates, and one that has dates cannot start on a mere day: neither
    can be placed beside the other. The days of a course that started on a date are its own.
    """
    if dates is not None and dates.nominal and event.at is not None:
        raise CourseRefusal(
            f"the course is dated by treatment days, so {event.at.isoformat()} has no place in it",
            remedy="give the treatment day in `day`, or a date to every event from course_started on",
        )
    if latest is not None and dates is not None and dates.nominal and is_a(event, CourseStarted):
        raise CourseRefusal(
            f"the course has dates, the last of them {latest.isoformat()}, so its start cannot be a mere day",
            remedy="give course_started a date in `at`",
        )
    if event.at is not None:
        at = event.at.astimezone(UTC)
    elif event.day is not None and dates is not None:
        at = dates.moment(event.day).astimezone(UTC)
    else:
        raise CourseRefusal("a treatment day means nothing before the start", remedy="give a date in `at`")
    if latest is not None and at < latest:
        if dates is not None and dates.nominal and event.day is not None:
            order = f"day {event.day} comes after day {dates.day(latest)}"
        else:
            order = f"{at.isoformat()} comes after {latest.isoformat()}"
        raise CourseRefusal(
            f"time goes backwards: {order}",
            remedy="put a patient's events in the order in which they were seen",
        )
    return at


def moment_asked(when: datetime | int, dates: Calendar | None, where: str) -> datetime:
    """The moment (UTC) that a question names: a date and time with its offset, or the slot of a treatment day.

    `InputError` for anything else, for a day before the start, and for a date in a course that knows none.
    """
    if isinstance(when, datetime):
        try:
            offset = when.utcoffset()
        except ValueError:  # a moment of pandas that is missing
            offset = None
        if offset is None:
            raise InputError(
                f"{as_given(when)} is no date and time with its offset", where=where, remedy="give a timezone"
            )
        if dates is not None and dates.nominal:
            raise InputError(
                "the course is dated by treatment days, and knows no dates", where=where, remedy="give a day, such as 8"
            )
        return when.astimezone(UTC)
    if not isinstance(whole(when), int) or isinstance(when, bool):
        raise InputError(
            f"{as_given(when)} is no date and time with its offset, and no treatment day",
            where=where,
            remedy="such as 8",
        )
    if dates is None:
        raise InputError("a treatment day means nothing before the start", where=where, remedy="give a date and time")
    return dates.moment(require_day(when, where)).astimezone(UTC)


def is_due_day(drug: Drug, day: int, every_days: int, edition: Edition) -> bool:
    """Whether the calendar asks for this drug on this treatment day, held or not."""
    if day < 1:
        return False
    _, cycle_day = cycle_of(day, edition)
    if drug == "lenalidomide":
        first, last = edition.integer("DOSE-02", "first_day"), edition.integer("DOSE-02", "last_day")
        return bool(first <= cycle_day <= last and (cycle_day - first) % every_days == 0)
    return cycle_day in edition.integers("DOSE-01" if drug == "ixazomib" else "DOSE-03", "days")


def is_ixazomib_day(day: int, edition: Edition) -> bool:
    """Whether a treatment day is one of ixazomib's (DOSE-01)."""
    length, days = _ixazomib_days(edition)
    return day >= 1 and (day - 1) % length + 1 in days


def _ixazomib_days(edition: Edition) -> tuple[int, frozenset[int]]:
    """How long a cycle is, and the days of a cycle on which ixazomib is given."""
    known: tuple[int, frozenset[int]] | None = edition.remembered.get("ixazomib days")
    if known is None:
        length = edition.integer("DOSE-01", "cycle")
        days = frozenset(day for day in range(1, length + 1) if is_due_day("ixazomib", day, 1, edition))
        known = edition.remembered["ixazomib days"] = length, days
    return known


def next_ixazomib_day(day: int, edition: Edition) -> int:
    """The first ixazomib day after a treatment day."""
    length, days = _ixazomib_days(edition)
    first = max(day, 0) + 1
    return next(later for later in range(first, first + length) if (later - 1) % length + 1 in days)


def latest_ixazomib_day(at: datetime, dates: Calendar, edition: Edition) -> int | None:
    """The latest ixazomib day whose slot is not after this moment (in UTC), or None."""
    length, days = _ixazomib_days(edition)
    today = dates.day(at)
    for day in range(today, max(today - length - 1, 0), -1):
        # A slot of today may be still to come; then it is the one before that has.
        if (day - 1) % length + 1 in days and dates.moment(day).astimezone(UTC) <= at:
            return day
    return None


def time_left(at: datetime, scheduled_day: int, dates: Calendar, edition: Edition) -> timedelta:
    """The real time from this moment to the slot of the next ixazomib dose after the scheduled one."""
    next_slot = dates.moment(next_ixazomib_day(scheduled_day, edition))
    # Subtracting in UTC gives elapsed time; in local time a change of the clocks would be lost.
    return next_slot.astimezone(UTC) - at.astimezone(UTC)


def late_dose_fits(at: datetime, scheduled_day: int, dates: Calendar, edition: Edition) -> bool:
    """Whether a dose of that day may still be taken at this moment: the 72-hour rule (ADM-11, ADM-12)."""
    return time_left(at, scheduled_day, dates, edition) >= timedelta(hours=edition.integer("ADM-11", "interval"))


def doses_due(day: int, now: Status, dates: Calendar, edition: Edition) -> list[Dose]:
    """The doses due on a treatment day in this status; what is held is not due, and is not made up later.

    `dates` is the calendar of a course, `now` its status and `edition` its rules. `InputError` for anything else.
    """
    day = require_day(day, "doses_due")
    for given, kind in ((now, Status), (dates, Calendar), (edition, Edition)):
        if not isinstance(given, kind):
            raise InputError(
                f"{as_given(given)} is no {kind.__name__}",
                where="doses_due",
                remedy="doses_due(day, course.status, course.calendar, course.edition), or course.due([day])",
            )
    return doses_at(day, dates.moment(day), now, dates, edition)


def doses_at(day: int, at: datetime, now: Status, dates: Calendar, edition: Edition) -> list[Dose]:
    """As `doses_due`, of a day whose moment is known, and without its checks."""
    if day < 1:
        return []
    cycle_day, every = cycle_of(day, edition)[1], dates.lenalidomide_every_days
    known = edition.remembered.setdefault("doses", {})
    planned = known.get((cycle_day, now, every))
    if planned is None:
        planned = known[cycle_day, now, every] = _planned(cycle_day, now, every, edition)
    return [Dose(drug, mg, day, at, how, rules) for drug, mg, how, rules in planned]


# A dose of a day of every cycle: the drug, mg, how to take it, and the rules.
Planned = tuple[Drug, float, tuple[str, ...], tuple[str, ...]]


def _planned(cycle_day: int, now: Status, every_days: int, edition: Edition) -> tuple[Planned, ...]:
    """The doses of a day of a cycle in this status."""
    doses: list[Planned] = []
    scheduled = {"ixazomib": "DOSE-01", "lenalidomide": "DOSE-02", "dexamethasone": "DOSE-03"}
    for drug in DRUGS:
        mg = now.given_mg(drug, edition.dexamethasone.dose_mg)
        if mg is None or not is_due_day(drug, cycle_day, every_days, edition):
            continue
        rules = [scheduled[drug], "DOSE-04", "B-CALENDAR", "B-SAMEDAY", *HOW[drug].rules]
        if drug == "ixazomib":
            rules += ["ADM-03", "ADM-04"]
        if drug == "lenalidomide" and every_days > 1:
            rules.append("REN-04")
        if drug == "dexamethasone" and (now.ixazomib_held or now.lenalidomide_held):
            rules.append("B-DEX-HOLD")
        words = HOW[drug].words
        if drug == "lenalidomide":
            words = ("once daily" if every_days == 1 else EVERY_OTHER_DAY,)
        doses.append((drug, mg, words, edition.cite(rules)))
    return tuple(_keep_apart(doses, edition))


def _keep_apart(doses: list[Planned], edition: Edition) -> list[Planned]:
    """Ixazomib and dexamethasone due on one day are not taken together."""
    if not {"ixazomib", "dexamethasone"} <= {drug for drug, *_ in doses}:
        return doses
    other = {"ixazomib": "dexamethasone", "dexamethasone": "ixazomib"}
    apart = []
    for drug, mg, how, rules in doses:
        if drug in other:
            how = (*how, *(words.format(other=other[drug]) for words in APART.words))
            rules = edition.cite([*rules, *APART.rules])
        apart.append((drug, mg, how, rules))
    return apart
