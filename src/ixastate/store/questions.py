"""What is asked of a store: who is held and why, which holds are long, which low counts are to be repeated, what is due
this week, which doses are open; and the doses by patient and cycle, and how often each rule was cited.

All of it is read off the projections as they stand. The worklist is about one moment, by default that of the latest
event of the store; a course that is dated by treatment days is asked about the day of its own latest event.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from ixastate.course.course import Course
from ixastate.events import Drug
from ixastate.store.store import PAGE, Store
from ixastate.store.tables import citations, courses, cycles, streams

# A week from the day that is asked about.
DAYS = 7


@dataclass(frozen=True)
class Held:
    """A patient of whom drugs are held: the reasons, and of each drug the treatment day since which and for how long.

    `overdue` are the drugs held for as long as B-HOLD-MAX allows before it asks for a review.
    """

    patient: str | None
    reasons: tuple[str, ...]
    since: dict[Drug, int]
    days: dict[Drug, int]
    overdue: tuple[Drug, ...]

    def __str__(self) -> str:
        drugs = ", ".join(f"{drug} for {days} days" for drug, days in self.days.items())
        review = f": review the hold of {' and '.join(self.overdue)} (B-HOLD-MAX)" if self.overdue else ""
        return f"{self.patient or '(no name)'}  {', '.join(self.reasons) or 'held'}  {drugs}{review}"


@dataclass(frozen=True)
class ToConfirm:
    """A patient of whom low counts are to be repeated before they hold treatment (B-CONFIRM-HOLD)."""

    patient: str | None
    counts: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.patient or '(no name)'}  {', '.join(self.counts)}"


@dataclass(frozen=True)
class Due:
    """A dose that is due in the week; `at` is its moment, None in a course that knows no dates."""

    patient: str | None
    drug: Drug
    mg: float
    day: int
    at: datetime | None

    def __str__(self) -> str:
        when = f"{self.at:%a %d %b %Y %H:%M}" if self.at is not None else f"day {self.day}"
        return f"{self.patient or '(no name)'}  {when}  {self.drug} {self.mg:g} mg"


@dataclass(frozen=True)
class OpenDose:
    """A planned dose of ixazomib of which something was reported and that is not over."""

    patient: str | None
    day: int
    reported: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.patient or '(no name)'}  day {self.day}: {', '.join(self.reported)}"


@dataclass
class Worklist:
    """What a ward asks about a moment."""

    on: datetime | None
    held: list[Held] = field(default_factory=list)
    to_confirm: list[ToConfirm] = field(default_factory=list)
    due: list[Due] = field(default_factory=list)
    open_doses: list[OpenDose] = field(default_factory=list)

    @property
    def overdue(self) -> list[Held]:
        """Those whose hold is to be reviewed."""
        return [held for held in self.held if held.overdue]

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        due = [{**asdict(dose), "at": dose.at.isoformat() if dose.at is not None else None} for dose in self.due]
        return {
            "on": self.on.isoformat() if self.on is not None else None,
            "held": [asdict(held) for held in self.held],
            "to_confirm": [asdict(low) for low in self.to_confirm],
            "due": due,
            "open_doses": [asdict(dose) for dose in self.open_doses],
        }

    def lines(self) -> Iterator[str]:
        """The same as text."""
        since = f" from {self.on:%a %d %b %Y}" if self.on is not None else ""
        told: list[tuple[str, Sequence[object]]] = [
            ("held", self.held),
            ("to be reviewed", self.overdue),
            (f"due in the {DAYS} days{since}", self.due),
            ("doses that are open", self.open_doses),
        ]
        # Few editions have counts confirmed.
        if self.to_confirm:
            told.insert(2, ("low counts to be repeated", self.to_confirm))
        for title, found in told:
            yield f"{title}: {len(found):,}"
            yield from (f"  {one}" for one in found)


def worklist(store: Store, on: datetime | None = None) -> Worklist:
    """What is known of every course on treatment, asked about a moment with its offset.

    It is read off the projections as they stand: `projections.follow` brings them to the end.
    """
    found = Worklist(on or latest(store))
    for course in _on_treatment(store):
        dates, last = course.calendar, course.latest
        if dates is None or last is None:
            continue
        day = dates.day(found.on if found.on is not None and not dates.nominal else last)
        status, since = course.status, course.held_since
        longest = course.edition.integer("B-HOLD-MAX", "alert")
        if since:
            days = {drug: day - first for drug, first in since.items()}
            overdue = tuple(drug for drug, length in days.items() if length >= longest)
            found.held.append(Held(course.patient, status.held_for, since, days, overdue))
        if status.to_confirm:
            found.to_confirm.append(ToConfirm(course.patient, status.to_confirm))
        found.due += [
            Due(course.patient, dose.drug, dose.mg, dose.day, None if dates.nominal else dose.at)
            for dose in course.due(range(max(day, 1), max(day, 1) + DAYS))
        ]
        found.open_doses += [
            OpenDose(course.patient, slot.day, tuple(name for _, name in slot.reports)) for slot in course.open_slots
        ]
    return found


def latest(store: Store) -> datetime | None:
    """The moment of the latest event of the courses on treatment that have dates; None where none has."""
    moments = [
        course.latest
        for course in _on_treatment(store)
        if course.latest is not None and course.calendar is not None and not course.calendar.nominal
    ]
    return max(moments, default=None)


def _on_treatment(store: Store) -> Iterator[Course]:
    after = 0
    while True:
        page = (
            select(streams.c.id, courses.c.snapshot)
            .join_from(courses, streams)
            .where(streams.c.id > after, courses.c.phase == "on treatment")
            .order_by(streams.c.id)
            .limit(PAGE)
        )
        with store.database.reading() as connection:
            rows = connection.execute(page).all()
        for row in rows:
            yield Course.resume(row.snapshot, keep_records=False)
        if len(rows) < PAGE:
            return
        after = rows[-1].id


# --- Doses and rules --------------------------------------------------------------------------------------------------


def dose_intensity(store: Store) -> list[dict[str, Any]]:
    """The doses of each patient, cycle and drug, in tenths of a mg: given and planned."""
    found = (
        select(streams.c.patient, cycles.c.cycle, cycles.c.drug, cycles.c.given_mg10, cycles.c.planned_mg10)
        .join_from(cycles, streams)
        .order_by(streams.c.id, cycles.c.cycle, cycles.c.drug)
    )
    with store.database.reading() as connection:
        return [{**row._mapping, "patient": row.patient or None} for row in connection.execute(found)]


def rule_counts(store: Store) -> list[dict[str, Any]]:
    """Each rule that was cited: at how many events, and of how many patients; the most cited first."""
    found = select(
        citations.c.rule, func.sum(citations.c.events).label("events"), func.count().label("patients")
    ).group_by(citations.c.rule)
    with store.database.reading() as connection:
        rows = [{**row._mapping, "events": int(row.events)} for row in connection.execute(found)]
    return sorted(rows, key=lambda row: (-row["events"], row["rule"]))
