"""One patient's course: an event in, a record out.

A course owns the living machine of one patient and everything that must be remembered with it: the context of the
alphabet, the calendar, and since when each drug is held. `observe` either returns a record or refuses the event,
and then nothing has moved. A course can be saved and resumed at any point; no action runs twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer, TypeAdapter, ValidationError

from ixastate.chart.status import Status
from ixastate.course.administration import Administration
from ixastate.course.alphabet import Attribution, Context, lenalidomide_start, read
from ixastate.course.live import Machine, machine
from ixastate.course.schedule import Calendar, Dose, calendar, doses_due
from ixastate.errors import CourseRefusal, InputError, RulesError
from ixastate.events import (
    FIRST_YEAR,
    LAST_YEAR,
    AnyEvent,
    ConsentWithdrawn,
    CourseStarted,
    DoseEvent,
    Drug,
    Fact,
    Moment,
    Name,
    Neuropathy,
    PatientDied,
)
from ixastate.orders import Order, in_order
from ixastate.rules import DEFAULT_EDITION
from ixastate.symbols import BOTH, DISCONTINUED, SCREENING, Configuration

OrderField = Annotated[Order, BeforeValidator(Order.from_json), PlainSerializer(Order.as_json)]
StatusField = Annotated[Status, BeforeValidator(Status.from_json), PlainSerializer(Status.as_json)]


_PATIENT: TypeAdapter[str | None] = TypeAdapter(Name | None)


class Record(Fact):
    """One line of a patient's log: what was seen, what it did, what is asked for, and by which rules.

    `at` and `day` are the moment and the treatment day; `at` is None on a calendar without dates, `day` before there
    is a calendar. `symbol` is None when the event meant nothing to the machine.
    """

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


class Snapshot(Fact):
    """Everything needed to resume a course, as plain data."""

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


@dataclass(frozen=True)
class _Memory:
    """What a course remembers; replaced whole when an event is accepted, and not before."""

    configuration: Configuration = SCREENING
    number: int = 0
    latest: datetime | None = None
    start: CourseStarted | None = None
    dates: Calendar | None = None
    context: Context = field(default_factory=Context)
    # Every change of the configuration with its moment (UTC), oldest first.
    history: tuple[tuple[datetime, Configuration], ...] = ()
    # The drugs whose present hold has been reported as long (B-HOLD-MAX).
    reviewed: tuple[Drug, ...] = ()


class Course:
    """The treatment course of one patient under an edition of the rules.

    `steps_on` is the machine of that edition to step on; usually the one that every course of a process shares.
    """

    def __init__(
        self, patient: str | None = None, edition: str = DEFAULT_EDITION, *, steps_on: Machine | None = None
    ) -> None:
        try:
            self.patient = _PATIENT.validate_python(patient)
        except ValidationError:
            raise InputError(
                f"{patient!r} cannot name a patient", where="patient", remedy="a printable name, or None"
            ) from None
        self._machine = machine(edition) if steps_on is None else steps_on
        self.edition = self._machine.chart.edition
        self._memory = _Memory()

    @property
    def configuration(self) -> Configuration:
        """The active states, in document order."""
        return self._memory.configuration

    @property
    def status(self) -> Status:
        """What the configuration means to a person."""
        return self._machine.status(self.configuration)

    @property
    def calendar(self) -> Calendar | None:
        """The calendar of the course; None until it starts."""
        return self._memory.dates

    @property
    def latest(self) -> datetime | None:
        """The moment (UTC) of the last accepted event."""
        return self._memory.latest

    def status_at(self, at: datetime) -> Status:
        """The status at an earlier moment, the events of that very moment included."""
        configuration = SCREENING
        for since, changed in self._memory.history:
            if since <= at.astimezone(UTC):
                configuration = changed
        return self._machine.status(configuration)

    def due(self, days: Iterable[int]) -> list[Dose]:
        """What is due on these treatment days, by what is known: a result after a slot acts from the next dose."""
        dates = self.calendar
        if dates is None:
            return []
        return [dose for day in days for dose in doses_due(day, self.status_at(dates.moment(day)), dates, self.edition)]

    def observe(self, event: AnyEvent) -> Record:
        """Take in one event; `CourseRefusal` when it cannot belong here, and then nothing has moved."""
        try:
            record, memory = self._observe(event)
        except CourseRefusal as refusal:
            where = refusal.where or f"event {self._memory.number + 1} ({event.type})"
            raise CourseRefusal(refusal.what, where=where, remedy=refusal.remedy, rules=refusal.rules) from None
        self._memory = memory
        return record

    def snapshot(self) -> Snapshot:
        """The course as plain data, for `Course.resume`."""
        memory = self._memory
        return Snapshot(
            edition=self.edition.name,
            patient=self.patient,
            number=memory.number,
            latest=memory.latest,
            start=memory.start,
            configuration=self.configuration,
            baseline_neuropathy=memory.context.baseline_neuropathy,
            open_terms=memory.context.open_terms,
            related=memory.context.related,
            history=memory.history,
            reviewed=memory.reviewed,
        )

    @classmethod
    def resume(cls, saved: Snapshot | str | bytes) -> Course:
        """A course as it was saved; no action runs again. `InputError` or `ChartError` when it is damaged."""
        if not isinstance(saved, Snapshot):
            try:
                saved = Snapshot.model_validate_json(saved)
            except ValidationError as error:
                problem = error.errors(include_url=False)[0]
                where = ".".join(str(part) for part in problem["loc"])
                raise InputError(problem["msg"], where=f"snapshot {where}".strip(), remedy="save it again") from None
        try:
            course = cls(saved.patient, saved.edition)
        except RulesError as error:
            raise InputError(error.what, where="snapshot edition", remedy=error.remedy) from None
        for configuration in (saved.configuration, *(changed for _, changed in saved.history)):
            course._machine.active(configuration)
        known = saved.history[-1][1] if saved.history else SCREENING
        moments = [moment for moment, _ in saved.history]
        on_treatment = known not in (SCREENING, DISCONTINUED)
        if (
            known != saved.configuration
            or moments != sorted(moments)
            or (moments and (saved.latest is None or moments[-1] > saved.latest))
            or not all(FIRST_YEAR <= moment.year < 2 * LAST_YEAR for moment in moments)
            or (on_treatment and saved.start is None)
        ):
            raise InputError("its parts do not fit together", where="snapshot", remedy="save it again")
        course._memory = _Memory(
            saved.configuration,
            saved.number,
            saved.latest,
            saved.start,
            course._calendar(saved.start) if saved.start else None,
            Context(saved.baseline_neuropathy, saved.open_terms, saved.related),
            saved.history,
            saved.reviewed,
        )
        return course

    # --- How an event is taken in -----------------------------------------------------------------------------

    def _observe(self, event: AnyEvent) -> tuple[Record, _Memory]:
        """The record of an event and what is remembered after it."""
        memory, before = self._memory, self.configuration
        self._refuse_out_of_place(event, before)
        dates = self._calendar(event) if isinstance(event, CourseStarted) else memory.dates
        at = self._moment(event, dates)
        if before == DISCONTINUED:
            memory = replace(memory, number=memory.number + 1, latest=at)
            return self._record(memory, event, None, before, dates, (), ("K-FINAL",)), memory

        meaning = read(event, memory.context, self.edition)
        after, orders, rules = before, meaning.orders, meaning.rules
        if isinstance(event, DoseEvent) and dates is not None:
            advice = Administration(at, self.status, self.status_at, dates, self.edition).advice(event)
            orders, rules = advice.orders, advice.rules
        if meaning.symbol is not None:
            step = self._machine.step(before, meaning.symbol)
            after, rules = step.after, (*step.rules, *rules)
            # What stops treatment leaves nothing else to be asked for.
            orders = step.orders if after == DISCONTINUED else (*step.orders, *orders)

        memory = replace(memory, configuration=after, number=memory.number + 1, latest=at, context=meaning.context)
        if after != before:
            memory = replace(memory, history=(*memory.history, (at, after)))
            if isinstance(event, CourseStarted):
                memory = replace(memory, start=event, dates=dates)
        if memory.dates is not None and after != DISCONTINUED:
            overdue = self._overdue_holds(memory, memory.dates, at)
            new = [Order("review_long_hold", drug) for drug in overdue if drug not in memory.reviewed]
            orders, rules = (*orders, *new), (*rules, *(["B-HOLD-MAX"] if new else []))
            memory = replace(memory, reviewed=overdue)
        return self._record(memory, event, meaning.symbol, before, dates, orders, rules), memory

    def _refuse_out_of_place(self, event: AnyEvent, before: Configuration) -> None:
        if event.patient is not None and event.patient != self.patient:
            raise CourseRefusal(
                f"the event is of patient {event.patient!r}, the course of {self.patient!r}",
                remedy="one course follows one patient",
            )
        if isinstance(event, CourseStarted) and before != SCREENING:
            raise CourseRefusal("the course has already started", remedy="a patient has one course_started")
        before_start = CourseStarted | PatientDied | ConsentWithdrawn
        if before == SCREENING and not isinstance(event, before_start):
            raise CourseRefusal("the course has not started", remedy="a course begins with course_started")

    def _calendar(self, event: CourseStarted) -> Calendar:
        return calendar(event, lenalidomide_start(event, self.edition).every_days)

    def _moment(self, event: AnyEvent, dates: Calendar | None) -> datetime:
        """The moment of an event in UTC; `CourseRefusal` when it has none or lies before the last one."""
        if event.at is not None:
            at = event.at.astimezone(UTC)
        elif event.day is not None and dates is not None:
            at = dates.moment(event.day).astimezone(UTC)
        else:
            raise CourseRefusal("a treatment day means nothing before the start", remedy="give a date in `at`")
        latest = self._memory.latest
        if latest is not None and at < latest:
            raise CourseRefusal(
                f"time goes backwards: {at.isoformat()} comes after {latest.isoformat()}",
                remedy="put a patient's events in the order in which they were seen",
            )
        return at

    def _overdue_holds(self, memory: _Memory, dates: Calendar, now: datetime) -> tuple[Drug, ...]:
        """The drugs held without a break for as long as B-HOLD-MAX allows before it asks for a review."""
        longest = self.edition.number("B-HOLD-MAX", "alert")
        overdue: list[Drug] = []
        for drug in BOTH:
            since = None
            for at, configuration in reversed(memory.history):
                if not self._machine.status(configuration).held(drug):
                    break
                since = at
            if since is not None and dates.day(now) - dates.day(since) >= longest:
                overdue.append(drug)
        return tuple(overdue)

    def _record(
        self,
        memory: _Memory,
        event: AnyEvent,
        symbol: str | None,
        before: Configuration,
        dates: Calendar | None,
        orders: Iterable[Order],
        rules: Iterable[str],
    ) -> Record:
        """The record of an event, when this is what will be remembered after it."""
        assert memory.latest is not None  # every event has a moment
        at = event.at or memory.latest.astimezone(dates.zone if dates else UTC)
        return Record(
            number=memory.number,
            edition=self.edition.name,
            patient=self.patient,
            at=None if dates is not None and dates.nominal else at,
            day=memory.dates.day(memory.latest) if memory.dates else None,
            event=event,
            symbol=symbol,
            before=before,
            after=memory.configuration,
            status=self._machine.status(memory.configuration),
            orders=in_order(orders),
            rules=self.edition.cite(rules),
        )
