"""One patient's treatment course: an event in, a record out.

A course owns the machine of one patient and everything that must be remembered with it: the context of the
alphabet, the calendar, and since when each drug is held. `observe` either returns a record or refuses the event,
and then nothing has moved. A course can be saved and resumed at any point; no action runs twice. It can be copied,
pickled and sent to another process, where it steps on the machine of its edition there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ixastate.chart.status import Status
from ixastate.course.administration import Administration
from ixastate.course.alphabet import Context, Meaning, read
from ixastate.course.live import Machine, machine
from ixastate.course.record import Record as Record
from ixastate.course.record import Snapshot as Snapshot
from ixastate.course.schedule import Calendar, Dose, calendar, doses_due, moment_of, require_day
from ixastate.course.timeline import course_lines
from ixastate.errors import CourseRefusal, InputError, RulesError
from ixastate.events import AnyEvent, ConsentWithdrawn, CourseStarted, DoseEvent, Drug, PatientDied, parse_event
from ixastate.fields import FIRST_YEAR, LAST_YEAR, Name, explain
from ixastate.notebook import Text, html_table
from ixastate.orders import Order, in_order
from ixastate.registry import Picture, find
from ixastate.rules import DEFAULT_EDITION, Edition
from ixastate.symbols import BOTH, DISCONTINUED, SCREENING, Configuration
from ixastate.words import describe

# How many records, the latest, a notebook shows.
MOST_ROWS = 20

_PATIENT: TypeAdapter[str | None] = TypeAdapter(Name | None)


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

    `patient` is a printable name, or None; `edition` the name of an edition. `steps_on` is the machine of that edition
    to step on; usually, and always in a copy, the one that every course of a process shares. `InputError` for a name
    that cannot be printed, `RulesError` for an edition that does not exist.
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
        self._stand_on(machine(edition) if steps_on is None else steps_on)
        self._memory = _Memory()
        # Every record since the course was made or resumed, oldest first.
        self._records: list[Record] = []

    def _stand_on(self, steps_on: Machine) -> None:
        self._machine = steps_on
        self.edition = steps_on.chart.edition
        # Held by the thread that observes.
        self._observing = Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {"patient": self.patient, "edition": self.edition.name, "memory": self._memory, "records": self.records}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.patient = state["patient"]
        self._stand_on(machine(state["edition"]))
        self._memory = state["memory"]
        self._records = list(state["records"])

    # --- What is known ----------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        name = repr(self.patient) if self.patient is not None else "(no name)"
        number = self._memory.number
        events = {0: "no events", 1: "1 event"}.get(number, f"{number} events")
        return f"<Course {name}, {self.edition.name}: {self.status.words}, {events}>"

    def _repr_html_(self) -> str:
        rows = [
            (record.when, describe(record.event), record.words, "; ".join(map(str, record.orders)))
            for record in self._records[-MOST_ROWS:]
        ]
        hidden = self._memory.number - len(rows)
        earlier = f" · the last {len(rows)} of {len(rows) + hidden} events" if hidden else ""
        title = f"{self.patient or '(no name)'} · edition {self.edition.name} · now {self.status.words}{earlier}"
        return html_table(title, rows, ("when", "event", "state", "orders"))

    @property
    def records(self) -> tuple[Record, ...]:
        """Every record, oldest first; a resumed course has those since it was resumed."""
        return tuple(self._records)

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
        """The status at an earlier moment, the events of that very moment included; `InputError` without an offset."""
        if not isinstance(at, datetime) or at.utcoffset() is None:
            raise InputError(f"{at!r} is no date and time with its offset", where="status_at", remedy="give a timezone")
        configuration = SCREENING
        for since, changed in self._memory.history:
            if since <= at.astimezone(UTC):
                configuration = changed
        return self._machine.status(configuration)

    def due(self, days: Iterable[int]) -> list[Dose]:
        """What is due on these treatment days, by what is known: a result after a slot acts from the next dose.

        `InputError` for a day that is no whole number, or lies too far ahead.
        """
        if not isinstance(days, Iterable) or isinstance(days, str):
            raise InputError(f"{days!r} is no list of treatment days", where="due", remedy="such as range(1, 29)")
        wanted = [require_day(day, "due") for day in days]
        dates = self.calendar
        if dates is None:
            return []
        return [
            dose for day in wanted for dose in doses_due(day, self.status_at(dates.moment(day)), dates, self.edition)
        ]

    def timeline(self) -> Text:
        """The course as text, as `ixastate replay` prints it; of a resumed course, the events since then."""
        return Text("\n".join(course_lines(self, self._records, self._memory.number - len(self._records))))

    def diagram(self) -> Picture:
        """The chart with the way of this course and where it stands, as a picture that a notebook shows."""
        picture: Picture = find("picture of a course")(self)
        return picture

    # --- What is done -----------------------------------------------------------------------------------------

    def observe(self, event: AnyEvent | Mapping[str, Any]) -> Record:
        """Take in one event, or a dict of one.

        `InputError` when the dict is no event, `CourseRefusal` when the event cannot belong here, or while another
        thread observes this course. Then nothing has moved.
        """
        if not self._observing.acquire(blocking=False):
            raise CourseRefusal(
                "two threads observe one course at once",
                where=f"course of {self.patient!r}",
                remedy="observe from one thread at a time; the event was not taken in",
            )
        try:
            number = self._memory.number + 1
            seen = parse_event(event, f"event {number}")
            try:
                record, memory = self._observe(seen)
            except CourseRefusal as refusal:
                refusal.where = refusal.where or f"event {number} ({seen.type})"
                raise
            self._memory = memory
            self._records.append(record)
            return record
        finally:
            self._observing.release()

    def snapshot(self) -> Snapshot:
        """The course as plain data, for `Course.resume`."""
        memory = self._memory
        return Snapshot(
            edition=self.edition.name,
            patient=self.patient,
            number=memory.number,
            latest=memory.latest,
            start=memory.start,
            configuration=memory.configuration,
            baseline_neuropathy=memory.context.baseline_neuropathy,
            open_terms=memory.context.open_terms,
            related=memory.context.related,
            history=memory.history,
            reviewed=memory.reviewed,
        )

    @classmethod
    def resume(cls, saved: Snapshot | Mapping[str, Any] | str | bytes) -> Course:
        """A course as it was saved: a snapshot, or its JSON as text or as a dict; no action runs again.

        The course begins without records. `InputError` or `ChartError` when the snapshot is damaged.
        """
        saved = _read_snapshot(saved)
        try:
            course = cls(saved.patient, saved.edition)
        except RulesError as error:
            raise InputError(error.what, where="snapshot edition", remedy=error.remedy) from None
        for configuration in (saved.configuration, *(changed for _, changed in saved.history)):
            course._machine.active(configuration)
        if not _fits_together(saved):
            raise InputError("its parts do not fit together", where="snapshot", remedy="save it again")
        course._memory = _Memory(
            saved.configuration,
            saved.number,
            saved.latest,
            saved.start,
            _calendar_of(saved.start, course.edition) if saved.start else None,
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
        final = before == DISCONTINUED
        meaning = Meaning(None, memory.context, ("K-FINAL",)) if final else read(event, memory.context, self.edition)
        dates = memory.dates
        if isinstance(event, CourseStarted):
            dates = calendar(event, meaning.lenalidomide_every_days)
        at = moment_of(event, dates, memory.latest)

        after, orders, rules = before, meaning.orders, meaning.rules
        if isinstance(event, DoseEvent) and dates is not None and not final:
            advice = Administration(at, self.status, self.status_at, dates, self.edition).advice(event)
            orders, rules = advice.orders, advice.rules
        if meaning.symbol is not None:
            step = self._machine.step(before, meaning.symbol)
            after, rules = step.after, (*step.rules, *rules)
            # What stops treatment leaves nothing else to be ordered.
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

    def _overdue_holds(self, memory: _Memory, dates: Calendar, now: datetime) -> tuple[Drug, ...]:
        """The drugs held without a break for as long as B-HOLD-MAX allows before it asks for a review."""
        longest = self.edition.integer("B-HOLD-MAX", "alert")
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


def _read_snapshot(saved: Snapshot | Mapping[str, Any] | str | bytes) -> Snapshot:
    """A snapshot from what was saved; `InputError` names the field that is damaged."""
    if isinstance(saved, Snapshot):
        return saved
    try:
        if isinstance(saved, Mapping):
            return Snapshot.model_validate(dict(saved))
        return Snapshot.model_validate_json(saved)
    except ValidationError as error:
        problem = explain(error, "snapshot", Snapshot)
        raise InputError(problem.what, where=problem.where, remedy=f"{problem.remedy}; or save it again") from None
    except TypeError:
        kind = type(saved).__name__
        raise InputError(
            f"a snapshot is a Snapshot, or its JSON as text or as a dict, not {kind}",
            where="snapshot",
            remedy="save it with `course.snapshot().model_dump_json()`",
        ) from None


def _calendar_of(start: CourseStarted, edition: Edition) -> Calendar:
    """The calendar that a start set up."""
    return calendar(start, read(start, Context(), edition).lenalidomide_every_days)


def _fits_together(saved: Snapshot) -> bool:
    """Whether the parts of a snapshot can belong to one course."""
    known = saved.history[-1][1] if saved.history else SCREENING
    moments = [moment for moment, _ in saved.history]
    on_treatment = known not in (SCREENING, DISCONTINUED)
    return (
        known == saved.configuration
        and moments == sorted(moments)
        and (not moments or (saved.latest is not None and moments[-1] <= saved.latest))
        and all(FIRST_YEAR <= moment.year < 2 * LAST_YEAR for moment in moments)
        and (not on_treatment or saved.start is not None)
    )
