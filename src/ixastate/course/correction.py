"""Correction: what a line must say of its recording, and the record of one that changes what was known of the past.

Such a record has no symbol (B-CORRECTION). It puts the course from one configuration to another, says what the doses
need from now on and which orders would have been otherwise, and asks for a review; only so may a dose be higher than
before. This module is handed what was remembered before and after, and folds nothing itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from ixastate.amendments import AnyAmendment, AnyLine, EventCorrected, EventWithdrawn
from ixastate.chart.builder import Machine
from ixastate.chart.status import Status
from ixastate.course.facts import Change, HasDates
from ixastate.course.record import Record
from ixastate.course.schedule import Calendar
from ixastate.errors import CourseRefusal
from ixastate.events import DRUGS, Drug
from ixastate.orders import Order, in_order
from ixastate.symbols import Configuration

# --- What a line must say of its recording ------------------------------------------------------------------------


def require_recorded(line: AnyLine, keeps: bool | None, latest: datetime | None) -> None:
    """`CourseRefusal` unless a line says when it was recorded as those before it do, and is not recorded before them.

    `keeps` is whether they do, None where there are none; `latest` is when the last of them was recorded.
    """
    if keeps is False and line.recorded_at is not None:
        raise CourseRefusal(
            "the line says when it was recorded, and those before it do not",
            remedy="give every line of the log recorded_at, or none; without it nothing can be corrected",
        )
    if keeps and line.recorded_at is None:
        raise CourseRefusal(
            "the line does not say when it was recorded, and those before it do",
            remedy="give every line of the log recorded_at, or none",
        )
    if (
        line.recorded_at is not None
        and latest is not None
        and line.recorded_at.astimezone(UTC) < latest.astimezone(UTC)
    ):
        raise CourseRefusal(
            f"recorded_at falls: {line.recorded_at.isoformat()} comes after {latest.isoformat()}",
            remedy="put the lines of a log in the order in which they were recorded",
        )


def require_past_day(line: AnyLine, dates: Calendar | None) -> None:
    """`CourseRefusal` for a treatment day of the calendar that had not come when the line was recorded."""
    event = line.event if isinstance(line, EventCorrected) else line
    if isinstance(event, EventWithdrawn) or event.day is None or dates is None or dates.nominal:
        return
    assert line.recorded_at is not None  # else nothing is kept
    if event.day > dates.day(line.recorded_at):
        raise CourseRefusal(
            f"day {event.day} comes after its recording on day {dates.day(line.recorded_at)}",
            remedy="nothing is recorded before it is seen",
        )


# --- What is asked for --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Dosing:
    """The doses of a course at one time: its status, and how many days lie between two doses of lenalidomide."""

    status: Status
    dexamethasone_mg: float
    lenalidomide_every_days: int

    def given(self, drug: Drug) -> float | None:
        """The dose in mg of a drug that is given."""
        return self.status.given_mg(drug, self.dexamethasone_mg)

    def level(self, drug: Drug) -> float | None:
        """The dose in mg of a drug, given or held."""
        free = replace(self.status, ixazomib_held=False, lenalidomide_held=False)
        return free.given_mg(drug, self.dexamethasone_mg)

    def higher_than(self, before: Dosing, drug: Drug) -> bool:
        """Whether a drug stands at a higher dose than before, or lenalidomide at more a day; a start is none."""
        was, now = before.level(drug), self.level(drug)
        if now is None or before.status.phase == "screening":
            return False
        if was is None or now > was:
            return True
        often, oftener = before.lenalidomide_every_days, self.lenalidomide_every_days
        return drug == "lenalidomide" and now / oftener > was / often


def jump_orders(before: Dosing, after: Dosing) -> tuple[Order, ...]:
    """What is to be done when what is known of the past puts a course elsewhere: the doses as they are from now on.

    A dose that is higher than before is reviewed first, by drug and dose.
    """
    if before.status.phase == "on treatment" and after.status.phase == "discontinued":
        return tuple(Order("stop", drug) for drug in DRUGS)
    orders = []
    for drug in DRUGS:
        was, now = before.given(drug), after.given(drug)
        if now is None and was is not None:
            orders.append(Order("hold", drug))
        if now is not None and was is None:
            orders.append(Order("start" if before.status.phase == "screening" else "resume", drug, now))
        if after.higher_than(before, drug):
            orders.append(Order("review_rise", drug, after.level(drug) or 0))
        elif now is not None and was is not None and now < was:
            orders.append(Order("reduce", drug, now))
    return tuple(orders)


# --- The record ---------------------------------------------------------------------------------------------------


class Remembered(HasDates, Protocol):
    """What must be known of what a course remembers: where it stands, and its calendar."""

    @property
    def configuration(self) -> Configuration:
        """The active states."""


def record_of_jump(
    line: AnyLine, change: Change[Any], before: Remembered, after: Remembered, machine: Machine, **named: Any
) -> Record:
    """The record of a line that puts a course from `before` to `after`; `named` are its number, patient and ties."""
    orders = jump_orders(_dosing(before, machine), _dosing(after, machine))
    elsewhere = before.configuration != after.configuration
    if isinstance(line, AnyAmendment) or elsewhere or change.revisions or change.impossible:
        orders = (*orders, Order("review_correction"))
    at, day = _when(line, change, after.dates)
    edition = machine.edition
    return Record(
        edition=edition.name,
        at=at,
        day=day,
        event=line,
        symbols=(),
        before=before.configuration,
        after=after.configuration,
        status=machine.status(after.configuration),
        orders=in_order(orders),
        rules=edition.cite(["B-CORRECTION"]),
        revisions=change.revisions,
        impossible=change.impossible,
        **named,
    )


def _dosing(memory: Remembered, machine: Machine) -> Dosing:
    every_days = memory.dates.lenalidomide_every_days if memory.dates is not None else 1
    return Dosing(machine.status(memory.configuration), machine.edition.dexamethasone.dose_mg, every_days)


def _when(line: AnyLine, change: Change[Any], dates: Calendar | None) -> tuple[datetime | None, int | None]:
    """The moment and the treatment day of a line: of an event its own, of an amendment those of its recording."""
    moment = change.of_fact.moment
    if dates is not None and dates.nominal:
        # A made-up calendar has no day for the moment of a recording.
        return None, dates.day(moment) if moment is not None else None
    at = line.recorded_at
    if not isinstance(line, AnyAmendment):
        at = line.at or (moment.astimezone(dates.zone) if moment is not None and dates is not None else at)
    return at, dates.day(at) if dates is not None and at is not None else None
