"""Replay of a log: every patient's events through today's machine, in order.

A log of records also says what was decided then; where today's machine decides otherwise, the difference is named.
Where the lines say when they were recorded, a log can be run as it was known at a moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from ixastate.chart.status import Status
from ixastate.course.correction import require_recorded
from ixastate.course.course import Course
from ixastate.course.log import OF_CORRECTIONS, Line
from ixastate.course.record import Record
from ixastate.errors import CourseRefusal, InputError, RulesError, printable
from ixastate.rules import DEFAULT_EDITION

# What a recorded decision is compared in; the event itself is what both were given.
DECIDED = (
    *("edition", "at", "day", "symbols", "before", "after", "status", "orders", "rules", "earned"),
    *OF_CORRECTIONS,
)


@dataclass(frozen=True)
class Difference:
    """One part of a recorded decision that today's machine decides otherwise."""

    where: str
    part: str
    recorded: str
    today: str

    def __str__(self) -> str:
        return f"{self.where}: {self.part} was {self.recorded}, today it is {self.today}"


class Replayed(NamedTuple):
    """One event run again: the course that took it in, its record today, and how the recorded one differs."""

    course: Course
    record: Record
    differences: tuple[Difference, ...] = ()


def replay_log(
    lines: Iterable[Line], edition: str | None = None, as_of: datetime | None = None, *, keep_records: bool = True
) -> Iterator[Replayed]:
    """Run a log again, one course per patient; a line without a patient belongs to the patient without a name.

    It goes line by line; without `keep_records` the courses keep none, and memory grows with the patients alone.

    Records are run under the edition that they name, unless `edition` says otherwise. Of `as_of`, a moment with its
    offset, the lines that were recorded until then are run, and the others read. `CourseRefusal` names the line of an
    event that cannot belong to its course, and the line whose `recorded_at` is missing or falls; `InputError` that of a
    record out of number, and says that a log has no line that was recorded until then.
    """
    courses: dict[str | None, Course] = {}
    for line in _recorded(lines, as_of):
        patient = line.event.patient if line.record is None else line.record.patient
        if patient not in courses:
            recorded = line.record.edition if line.record else DEFAULT_EDITION
            try:
                courses[patient] = Course(patient, edition or recorded, keep_records=keep_records)
            except RulesError as error:
                where = "" if edition else line.where
                raise RulesError(error.what, where=where, remedy=error.remedy) from None
        course = courses[patient]
        try:
            record = course.observe(line.event)
        except CourseRefusal as refusal:
            refusal.where = f"{line.where}: {refusal.where}"
            raise
        if line.record is not None and line.record.number != record.number:
            raise InputError(
                f"record {line.record.number} stands where record {record.number} belongs",
                where=line.where,
                remedy="a record was lost, doubled or moved; go back to the events",
            )
        yield Replayed(course, record, tuple(_differences(line, record)) if line.record is not None else ())


def _recorded(lines: Iterable[Line], as_of: datetime | None) -> Iterator[Line]:
    """The lines that were recorded until a moment, or all; every line of a log says when it was recorded, or none."""
    keeps: bool | None = None
    first = latest = None
    for line in lines:
        at = line.event.recorded_at
        try:
            require_recorded(line.event, keeps, latest)
        except CourseRefusal as refusal:
            refusal.where = line.where
            raise
        if as_of is not None and at is None:
            raise InputError(
                "the line does not say when it was recorded, so there is no log as of a moment",
                where=line.where,
                remedy="give every line recorded_at, or ask for the whole log",
            )
        keeps, first, latest = at is not None, first or at, at
        if as_of is None or (at is not None and at.astimezone(UTC) <= as_of.astimezone(UTC)):
            yield line
    if as_of is not None and first is not None and as_of.astimezone(UTC) < first.astimezone(UTC):
        raise InputError(
            f"no line was recorded until {as_of.isoformat()}",
            where="--as-of",
            remedy=f"the first was recorded at {first.isoformat()}",
        )


def _differences(line: Line, today: Record) -> Iterator[Difference]:
    if line.record is None:
        return
    # Where the status itself differs, so do the words.
    if line.words not in (None, today.words) and line.record.status == today.status:
        yield Difference(line.where, "words", printable(str(line.words)), today.words)
    for part in DECIDED:
        if part not in line.record.model_fields_set:
            # Written before records had this part.
            continue
        then, now = getattr(line.record, part), getattr(today, part)
        if isinstance(then, datetime) and isinstance(now, datetime):
            # Where the clocks repeat an hour, Python calls the same moment in two zones unequal.
            then, now = then.astimezone(UTC), now.astimezone(UTC)
        if then != now:
            then, now = getattr(line.record, part), getattr(today, part)
            # Two that read alike are told by all that they are.
            show = _show if _show(then) != _show(now) else repr
            yield Difference(line.where, part, printable(show(then)), show(now))


def _show(value: object) -> str:
    if isinstance(value, tuple):
        return "; ".join(map(str, value)) or "nothing"
    return value.words if isinstance(value, Status) else str(value)
