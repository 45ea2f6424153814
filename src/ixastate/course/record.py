"""The data models of a course: the record of one event, and the snapshot from which a course is resumed.

Both carry the version of their schema. A file without one was written by version 0.1 and has schema version 1; a file
of a version that is not known here is refused. This module decides nothing.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer

from ixastate.chart.status import Status
from ixastate.course.alphabet import Attribution
from ixastate.errors import InputError
from ixastate.events import AnyEvent, CourseStarted, Drug, Neuropathy
from ixastate.fields import Fact, Moment, Name
from ixastate.notebook import html_table
from ixastate.orders import Order
from ixastate.symbols import Configuration
from ixastate.words import describe

# A field that is added, or that changes its meaning, makes the next version.
SCHEMA_VERSION = 1


def _known_version(version: int) -> int:
    if version > SCHEMA_VERSION:
        raise ValueError(f"needs a newer ixastate: this one knows schema versions up to {SCHEMA_VERSION}")
    return version


SchemaVersion = Annotated[int, Field(strict=True, ge=1), AfterValidator(_known_version)]
OrderField = Annotated[Order, BeforeValidator(Order.from_json), PlainSerializer(Order.as_json)]
StatusField = Annotated[Status, BeforeValidator(Status.from_json), PlainSerializer(Status.as_json)]


def refuse_newer(data: dict[str, Any], where: str) -> None:
    """`InputError` for data of a schema version that is not known here, whatever else it holds."""
    version = data.get("schema_version")
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise InputError(
            f"schema version {version} is newer than this ixastate, which knows versions up to {SCHEMA_VERSION}",
            where=where,
            remedy="read it with a newer ixastate",
        )


class Record(Fact):
    """One line of a patient's log: what was seen, what it did, what is ordered, and by which rules.

    `at` and `day` are the moment and the treatment day; `at` is None on a calendar without dates, `day` before there
    is a calendar. `symbol` is None when the event meant nothing to the machine.
    """

    schema_version: SchemaVersion = SCHEMA_VERSION
    number: Annotated[int, Field(strict=True, ge=1)]
    edition: str
    patient: Name | None
    at: Moment | None
    day: Annotated[int, Field(strict=True, ge=-1_000_000, le=1_000_000)] | None
    event: AnyEvent
    symbol: str | None
    before: Configuration
    after: Configuration
    status: StatusField
    orders: tuple[OrderField, ...]
    rules: tuple[str, ...]

    @property
    def words(self) -> str:
        """The state after the event in words."""
        return self.status.words

    @property
    def when(self) -> str:
        """The treatment day in words, and the date and time where there is one."""
        day = f"day {self.day}" if self.day is not None else "before day 1"
        return f"{day} · {self.at:%a %d %b %Y %H:%M}" if self.at is not None else day

    def __repr__(self) -> str:
        orders = f"; {'; '.join(map(str, self.orders))}" if self.orders else ""
        return f"<Record {self.number}, {self.when}: {describe(self.event)} → {self.words}{orders}>"

    __str__ = __repr__

    def _repr_html_(self) -> str:
        rows = [
            ("event", describe(self.event)),
            ("symbol", self.symbol or "none"),
            ("state", self.words),
            ("orders", "; ".join(map(str, self.orders)) or "none"),
            ("rules", " ".join(self.rules)),
        ]
        return html_table(f"Record {self.number} · {self.patient or '(no name)'} · {self.when}", rows)


class Snapshot(Fact):
    """Everything needed to resume a course, as plain data."""

    schema_version: SchemaVersion = SCHEMA_VERSION
    edition: str
    patient: Name | None
    number: Annotated[int, Field(strict=True, ge=0)]
    latest: Moment | None
    start: CourseStarted | None
    configuration: Configuration
    baseline_neuropathy: Neuropathy
    open_terms: tuple[tuple[str, Attribution], ...]
    related: bool
    history: tuple[tuple[Moment, Configuration], ...]
    reviewed: tuple[Drug, ...]

    def __repr__(self) -> str:
        return f"<Snapshot of {self.patient!r} after {self.number} events, {self.edition}>"

    __str__ = __repr__
