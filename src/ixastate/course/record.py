"""The data models of a course: the record of one line, a fact that is kept, and the snapshot to resume a course from.

Both carry the version of their schema. A file without one was written by version 0.1 and has schema version 1; a file
of an earlier version is read as one of today's, and a file of a version that is not known here is refused. This module
decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, PlainSerializer, model_validator

from ixastate.amendments import AnyLine
from ixastate.chart.slot_symbols import EARLIER_MISSED, REPORTS, SLOT_SYMBOLS, SlotSymbol
from ixastate.chart.status import Status
from ixastate.course.alphabet import Attribution
from ixastate.course.earned import Earned
from ixastate.errors import InputError
from ixastate.events import AnyEvent, CourseStarted, Drug, Neuropathy
from ixastate.fields import Fact, Moment, Name, TreatmentDay
from ixastate.notebook import html_table
from ixastate.orders import Order
from ixastate.symbols import Configuration
from ixastate.words import describe

# A field that is added, or that changes its meaning, makes the next version. Version 2: an event may mean several
# symbols, where a record of version 1 had one or null in `symbol`.
SCHEMA_VERSION = 2


def _known_version(version: int) -> int:
    if version > SCHEMA_VERSION:
        raise ValueError(f"needs a newer ixastate: this one knows schema versions up to {SCHEMA_VERSION}")
    return SCHEMA_VERSION


SchemaVersion = Annotated[int, Field(strict=True, ge=1), AfterValidator(_known_version)]
# No log has as many lines.
MOST_LINES = 1_000_000_000_000
Number = Annotated[int, Field(strict=True, ge=1, le=MOST_LINES)]
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


def named(number: int, name: str | None) -> str:
    """A line by its number, and by its id where it has one: "event 3 (lab-7)"."""
    return f"event {number} ({name})" if name else f"event {number}"


class _Named(Fact):
    """A fact by the number of the line that first reported it, and by its id where it has one."""

    number: Number
    id: Name | None = None

    @property
    def name(self) -> str:
        """The fact in words."""
        return named(self.number, self.id)


class Revision(_Named):
    """What would have been ordered otherwise at an event: the orders by what was known before, and now, by `rules`."""

    then: tuple[OrderField, ...]
    now: tuple[OrderField, ...]
    rules: tuple[str, ...] = ()

    def __str__(self) -> str:
        then, now = ("; ".join(map(str, orders)) or "nothing" for orders in (self.then, self.now))
        return f"{self.name}: {now} instead of {then}"


class Impossible(_Named):
    """An event that cannot have happened by what is known now: it is kept, and nothing follows from it."""

    why: str

    def __str__(self) -> str:
        return f"{self.name}: {self.why}"


class KeptFact(_Named):
    """A fact as it is known now: the event as last corrected, without its id and the moment of its recording.

    `recorded_at` is when it was first recorded. `impossible` says why nothing follows from it, and is empty when
    something may.
    """

    recorded_at: Moment
    event: AnyEvent
    withdrawn: bool = False
    impossible: str = ""


class Record(Fact):
    """One line of a patient's log: what was seen, what it did, what is ordered, and by which rules.

    `at` and `day` are the moment and the treatment day; `at` is None on a calendar without dates, `day` before there
    is a calendar. `symbols` are what the event meant to the machine, in the order in which it took them in; often one,
    and none when the event meant nothing to it. `earned` are the reductions that are made now and were
    owed before, each with the rule that earned it.

    A line that changes what was known of the past (B-CORRECTION) has no symbol: it puts the course from `before` to
    where it stands by the facts as known now. `revisions` are the orders that would have been otherwise, `impossible`
    the events that cannot have happened by what is known, and `ties` the numbers of other events of the same moment.
    """

    schema_version: SchemaVersion = SCHEMA_VERSION
    number: Number
    edition: str
    patient: Name | None
    at: Moment | None
    day: Annotated[int, Field(strict=True, ge=-1_000_000, le=1_000_000)] | None
    event: AnyLine
    symbols: tuple[str, ...]
    before: Configuration
    after: Configuration
    status: StatusField
    orders: tuple[OrderField, ...]
    rules: tuple[str, ...]
    earned: tuple[Earned, ...] = ()
    revisions: tuple[Revision, ...] = ()
    impossible: tuple[Impossible, ...] = ()
    ties: tuple[Number, ...] = ()

    @property
    def asked_for(self) -> tuple[str, ...]:
        """The orders in words; a reduction that was owed names what earned it."""
        return tuple(f"{order}{self._earners(order)}" for order in self.orders)

    def _earners(self, order: Order) -> str:
        earned = [str(one) for one in self.earned if (order.verb, order.drug) == ("reduce", one.drug)]
        # Several make one level, or as many as the edition reads (B-STACK).
        together = ", by B-STACK" if len(earned) > 1 else ""
        return f" (earned by {' and '.join(earned)}{together})" if earned else ""

    @model_validator(mode="before")
    @classmethod
    def _of_the_first_version(cls, data: Any) -> Any:
        """A record of schema version 1 said in `symbol` which one, or null."""
        if not isinstance(data, Mapping) or data.get("schema_version", 1) != 1:
            return data
        facts = dict(data)
        if "symbol" in facts and "symbols" not in facts:
            symbol = facts.pop("symbol")
            facts["symbols"] = () if symbol is None else (symbol,)
        return facts

    @property
    def words(self) -> str:
        """The state after the event in words."""
        return self.status.words

    @property
    def name(self) -> str:
        """The line by its number, and by its id where it has one."""
        return named(self.number, self.event.id)

    @property
    def when(self) -> str:
        """The treatment day in words, and the date and time where there is one."""
        day = f"day {self.day}" if self.day is not None else "before day 1"
        return f"{day} · {self.at:%a %d %b %Y %H:%M}" if self.at is not None else day

    def __repr__(self) -> str:
        orders = f"; {'; '.join(self.asked_for)}" if self.orders else ""
        return f"<Record {self.number}, {self.when}: {describe(self.event)} → {self.words}{orders}>"

    __str__ = __repr__

    def _repr_html_(self) -> str:
        rows = [
            ("event", describe(self.event)),
            ("symbols", " ".join(self.symbols) or "none"),
            ("state", self.words),
            ("orders", "; ".join(self.asked_for) or "none"),
            ("rules", " ".join(self.rules)),
        ]
        rows += [("otherwise", str(revision)) for revision in self.revisions]
        rows += [("impossible", str(impossible)) for impossible in self.impossible]
        return html_table(f"Record {self.number} · {self.patient or '(no name)'} · {self.when}", rows)


# Every part in its order, with its default, and those that a record of an event has.
_UNSAID = {name: None if field.is_required() else field.default for name, field in Record.model_fields.items()}
_SAID = {*_UNSAID} - {"schema_version", "revisions", "impossible", "ties"}
# The places in which pydantic keeps what an object of a model holds; a frozen one refuses `setattr`.
_put_parts, _put_said, _put_extra, _put_private = (
    BaseModel.__dict__[slot].__set__
    for slot in ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
)


def made_record(parts: dict[str, Any]) -> Record:
    """A record of an event, of parts that are all right, which pydantic need not check again.

    It is `Record.model_construct` without its search for defaults, in a tenth of the time.
    """
    record = Record.__new__(Record)
    _put_parts(record, _UNSAID | parts)
    _put_said(record, _SAID)
    _put_extra(record, None)
    _put_private(record, None)
    return record


def _report(name: str) -> str:
    if name not in SLOT_SYMBOLS:
        raise ValueError(f"one of: {', '.join(symbol.name for symbol in (*REPORTS, EARLIER_MISSED))}")
    return name


class OpenSlot(Fact):
    """A planned dose of ixazomib that is not over: its treatment day and what was reported of it, with the moments."""

    day: TreatmentDay
    reports: tuple[tuple[Moment, Annotated[str, AfterValidator(_report)]], ...]

    def reported(self, symbol: SlotSymbol) -> bool:
        """Whether it has this report."""
        return any(name == symbol.name for _, name in self.reports)

    def told(self, at: datetime, symbol: SlotSymbol) -> OpenSlot:
        """The same slot with one more report."""
        return OpenSlot(day=self.day, reports=(*self.reports, (at, symbol.name)))

    def without(self, symbol: SlotSymbol) -> OpenSlot:
        """The same slot without this report."""
        return OpenSlot(day=self.day, reports=tuple(one for one in self.reports if one[1] != symbol.name))


class Snapshot(Fact):
    """Everything needed to resume a course, as plain data.

    `owed` are the reductions that drugs owe until their release; None in a snapshot that was saved before they were
    remembered, of which a drug that owes has an unknown earner.
    `facts` are those of a course that keeps them, in the order in which they count; `amended` are the ids of lines that
    correct or withdraw, each with the id that it names; `recorded_at` is that of the last line, and `rewritten` the
    number of the last one that changed what had been known of the past.
    """

    schema_version: SchemaVersion = SCHEMA_VERSION
    edition: str
    patient: Name | None
    number: Annotated[int, Field(strict=True, ge=0, le=MOST_LINES)]
    latest: Moment | None
    start: CourseStarted | None
    configuration: Configuration
    baseline_neuropathy: Neuropathy
    open_terms: tuple[tuple[str, Attribution], ...]
    related: bool
    history: tuple[tuple[Moment, Configuration], ...]
    reviewed: tuple[Drug, ...]
    slots: tuple[OpenSlot, ...] = ()
    owed: tuple[Earned, ...] | None = None
    facts: tuple[KeptFact, ...] = ()
    amended: tuple[tuple[Name, Name], ...] = ()
    recorded_at: Moment | None = None
    rewritten: Annotated[int, Field(strict=True, ge=0, le=MOST_LINES)] = 0

    def __repr__(self) -> str:
        return f"<Snapshot of {self.patient!r} after {self.number} events, {self.edition}>"

    __str__ = __repr__
