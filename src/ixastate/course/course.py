"""One patient's treatment course: an event in, a record out.

A course owns the machine of one patient and everything that must be remembered with it: the context of the
alphabet, the calendar, and since when each drug is held. `observe` either returns a record or refuses the event,
and then nothing has moved. A course can be saved and resumed at any point; no action runs twice. It can be copied,
pickled and sent to another process, where it steps on the machine of its edition there.

A course whose events say when they were recorded keeps them, and takes in one that comes late, a correction and a
withdrawal too; then what it remembers is what a course would that had been shown the facts in their order
(B-CORRECTION, and see `facts`). Any other course refuses an event that is earlier than the one before.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ixastate.amendments import AnyLine, parse_line
from ixastate.chart.builder import Machine
from ixastate.chart.reasons import effects_of
from ixastate.chart.status import Status
from ixastate.course.administration import Administration
from ixastate.course.alphabet import Context, Meaning, read
from ixastate.course.correction import record_of_jump, require_past_day, require_recorded
from ixastate.course.earned import Earned, after_step, unknown, who_owes
from ixastate.course.facts import Facts
from ixastate.course.live import machine
from ixastate.course.memory import GIVEN, NOTHING, HeldSince, History, Memory
from ixastate.course.record import KeptFact, OpenSlot, made_record
from ixastate.course.record import Record as Record
from ixastate.course.record import Snapshot as Snapshot
from ixastate.course.saved import read_snapshot, require_possible
from ixastate.course.schedule import Calendar, Dose, calendar, doses_at, moment_asked, moment_of, require_day
from ixastate.course.slots import Slots, first_moment, turns
from ixastate.course.timeline import course_lines
from ixastate.course.turn import Turn, Turns
from ixastate.errors import CourseRefusal, InputError, RulesError, as_given
from ixastate.events import AnyEvent, ConsentWithdrawn, CourseStarted, DoseEvent, Drug, PatientDied, is_a
from ixastate.fields import Name
from ixastate.notebook import Text, html_table
from ixastate.orders import Order, in_order
from ixastate.registry import Picture, find
from ixastate.rules import DEFAULT_EDITION, Edition
from ixastate.symbols import BOTH, DISCONTINUED, SCREENING, Configuration
from ixastate.words import describe

# What may be seen of a patient whose course has not started.
BEFORE_START = (CourseStarted, PatientDied, ConsentWithdrawn)
# How many records, the latest, a notebook shows.
MOST_ROWS = 20

_PATIENT: TypeAdapter[str | None] = TypeAdapter(Name | None)


class Course:
    """The treatment course of one patient under an edition of the rules.

    `patient` is a printable name, or None; `edition` the name of an edition. With `live` it steps on the live
    statechart itself, much more slowly, and otherwise, as every copy does, on the same chart compiled. `steps_on` is
    another machine of that edition to step on. Without `keep_records` it keeps none, and `observe` returns each.
    `InputError` for a name that cannot be printed, `RulesError` for an edition that does not exist.
    """

    def __init__(
        self,
        patient: str | None = None,
        edition: str = DEFAULT_EDITION,
        *,
        live: bool = False,
        steps_on: Machine | None = None,
        keep_records: bool = True,
    ) -> None:
        try:
            self.patient = _PATIENT.validate_python(patient)
        except ValidationError:
            raise InputError(
                f"{as_given(patient)} cannot name a patient", where="patient", remedy="a printable name, or None"
            ) from None
        if live:
            steps_on = steps_on or machine(edition)
        self._stand_on(Turns(steps_on) if steps_on is not None else Turns.of(edition))
        self._memory = NOTHING
        # What is kept of a course whose lines say when they were recorded; of another, nothing.
        self._facts: Facts[Memory] = Facts(NOTHING)
        # Every record since the course was made or resumed, oldest first.
        self._records: list[Record] = []
        self._keep_records = keep_records

    def _stand_on(self, turns: Turns) -> None:
        self._turns, self._machine, self._meanings = turns, turns.machine, turns.meanings
        self.edition = turns.machine.edition
        # Held by the thread that observes.
        self._observing = Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {
            "patient": self.patient,
            "edition": self.edition.name,
            "memory": self._memory,
            "facts": self._facts.copied(),
            "records": self.records,
            "keep_records": self._keep_records,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.patient = state["patient"]
        self._stand_on(Turns.of(state["edition"]))
        self._memory = state["memory"]
        self._facts = state["facts"].copied()
        self._records = list(state["records"])
        self._keep_records = state["keep_records"]

    # --- What is known ----------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        name = repr(self.patient) if self.patient is not None else "(no name)"
        number = self._memory.number
        events = {0: "no events", 1: "1 event"}.get(number, f"{number} events")
        return f"<Course {name}, {self.edition.name}: {self.status.words}, {events}>"

    def _repr_html_(self) -> str:
        rows = [
            (record.when, describe(record.event), record.words, "; ".join(record.asked_for))
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
    def facts(self) -> tuple[KeptFact, ...]:
        """The facts as they are known now, in the order in which they count, those withdrawn or impossible included.

        They are kept where the events say when they were recorded; of any other course there are none.
        """
        return tuple(one.fact for one in self._facts.folded)

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
        """The moment (UTC) of the latest event of which something followed; None where none has a place in time.

        In a course that is dated by treatment days it lies on a calendar that is made up, and only its order counts.
        """
        return self._memory.latest

    @property
    def start(self) -> CourseStarted | None:
        """The event that started treatment; None until then."""
        return self._memory.start

    @property
    def changes(self) -> tuple[tuple[datetime, Status], ...]:
        """Every change of the status with its moment (UTC), oldest first."""
        return tuple((since, self._machine.status(changed)) for since, changed in self._memory.history)

    @property
    def held_since(self) -> dict[Drug, int]:
        """The drugs that are held, each with the treatment day since which it is without a break."""
        return {drug: day for drug, day in zip(BOTH, self._memory.held_since, strict=True) if day is not None}

    @property
    def open_slots(self) -> tuple[OpenSlot, ...]:
        """The planned doses of ixazomib of which something was reported and that are not over."""
        return self._memory.slots

    @property
    def rewritten(self) -> int:
        """The number of the last line that changed what had been known of the past; 0 where none did."""
        return self._memory.rewritten

    def status_at(self, at: datetime | int) -> Status:
        """The status at an earlier moment, or at the weekly slot of a treatment day, the events of then included.

        `InputError` for a moment without its offset, for a date in a course that is dated by treatment days, and for a
        treatment day before the start.
        """
        moment = moment_asked(at, self.calendar, "status_at")
        configuration = SCREENING
        for since, changed in self._memory.history:
            if since <= moment:
                configuration = changed
        return self._machine.status(configuration)

    def due(self, days: Iterable[int]) -> list[Dose]:
        """What is due on these treatment days, by what is known: a result after a slot acts from the next dose.

        `InputError` for a day that is no whole number, or lies too far ahead.
        """
        if not isinstance(days, Iterable) or isinstance(days, str):
            raise InputError(
                f"{as_given(days)} is no list of treatment days", where="due", remedy="such as range(1, 29)"
            )
        wanted = [require_day(day, "due") for day in days]
        dates = self.calendar
        if dates is None:
            return []
        moments = [since for since, _ in self._memory.history]
        statuses = [self._machine.status(changed) for changed in (SCREENING, *(one for _, one in self._memory.history))]
        doses: list[Dose] = []
        for day in wanted:
            at = dates.moment(day)
            doses += doses_at(day, at, statuses[bisect_right(moments, at.astimezone(UTC))], dates, self.edition)
        return doses

    def timeline(self) -> Text:
        """The course as text, as `ixastate replay` prints it; of a resumed course, the events since then."""
        return Text("\n".join(course_lines(self, self._records, self._memory.number - len(self._records))))

    def diagram(self) -> Picture:
        """The chart with the way of this course and where it stands, as a picture that a notebook shows."""
        picture: Picture = find("picture of a course")(self)
        return picture

    # --- What is done -----------------------------------------------------------------------------------------

    def observe(self, event: AnyLine | Mapping[str, Any]) -> Record:
        """Take in one event, or a line that corrects or withdraws one, as an object or as a dict.

        `InputError` when the dict is no such line, `CourseRefusal` when it cannot belong here, or while another thread
        observes this course. Then nothing has moved.
        """
        if not self._observing.acquire(blocking=False):
            raise CourseRefusal(
                "two threads observe one course at once",
                where=f"course of {self.patient!r}",
                remedy="observe from one thread at a time; the event was not taken in",
            )
        try:
            number = self._memory.number + 1
            seen = parse_line(event, f"event {number}")
            try:
                if seen.recorded_at is not None or self._facts.folded:
                    require_recorded(seen, self._keeps_facts, self._facts.recorded_at)
                if seen.recorded_at is not None:
                    record, memory = self._learn(seen)
                else:
                    record, memory = self._observe(seen)
            except CourseRefusal as refusal:
                refusal.where = refusal.where or f"event {number} ({seen.type})"
                raise
            self._memory = memory
            if self._keep_records:
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
            history=tuple(memory.history),
            reviewed=memory.reviewed,
            slots=memory.slots,
            owed=memory.owed,
            facts=self.facts,
            amended=tuple(self._facts.amended.items()),
            recorded_at=self._facts.recorded_at,
            rewritten=memory.rewritten,
        )

    @classmethod
    def resume(cls, saved: Snapshot | Mapping[str, Any] | str | bytes, *, keep_records: bool = True) -> Course:
        """A course as it was saved: a snapshot, or its JSON as text or as a dict; no action runs again.

        The course begins without records. `InputError` or `ChartError` when the snapshot is damaged.
        """
        saved = read_snapshot(saved)
        try:
            course = cls(saved.patient, saved.edition, keep_records=keep_records)
        except RulesError as error:
            raise InputError(error.what, where="snapshot edition", remedy=error.remedy) from None
        require_possible(saved, course._machine)
        owing = who_owes(course._machine.meanings, saved.configuration)
        dates = _calendar_of(saved.start, course.edition) if saved.start else None
        held_since = GIVEN
        for at, changed in saved.history:
            day = dates.day(at) if dates is not None else None
            held_since = _held_since(held_since, course._machine.status(changed), day)
        course._memory = Memory(
            saved.configuration,
            saved.number,
            saved.latest,
            saved.start,
            dates,
            Context(saved.baseline_neuropathy, saved.open_terms, saved.related),
            History(saved.history),
            held_since,
            saved.reviewed,
            slots=saved.slots,
            owed=unknown(owing) if saved.owed is None else saved.owed,
            rewritten=saved.rewritten,
        )
        course._facts = Facts.again(NOTHING, saved, course._step)
        if saved.facts:
            # What follows from the facts is made again, and must be what was saved with them.
            course._memory = course._facts.memory._replace(number=saved.number, rewritten=saved.rewritten)
            if course.snapshot() != saved:
                raise InputError(
                    "its facts and its state do not fit together", where="snapshot", remedy="save it again"
                )
        return course

    # --- How a fact is taken in that may be corrected ---------------------------------------------------------

    @property
    def _keeps_facts(self) -> bool | None:
        """Whether this course keeps its facts; None before its first event."""
        return bool(self._facts.folded) if self._memory.number else None

    def _step(self, memory: Memory, fact: KeptFact) -> tuple[Record, Memory]:
        """One fact on a course of its own that remembers what was before it."""
        course = Course(self.patient, steps_on=self._machine)
        course._turns = self._turns
        course._memory = memory._replace(number=fact.number - 1)
        return course._observe(fact.event)

    def _learn(self, line: AnyLine) -> tuple[Record, Memory]:
        """Keep the fact that a line reports or amends: its record, and what is remembered by all facts known now."""
        self._refuse_another_patient(line)
        require_past_day(line, self._memory.dates)
        number = self._memory.number + 1
        change = self._facts.change(self._facts.fact_of(line, number), self._step)
        rewritten = self._memory.rewritten if change.in_time else number
        memory, ties = change.memory._replace(number=number, rewritten=rewritten), self._facts.ties(change)
        step = change.of_fact.record
        if change.in_time and step is not None:
            record = step.model_copy(update={"event": line, "ties": ties})
        else:
            named = {"number": number, "patient": self.patient, "ties": ties}
            record = record_of_jump(line, change, self._memory, memory, self._machine, **named)
        self._facts.keep(line, change)
        return record, memory

    # --- How an event is taken in -----------------------------------------------------------------------------

    def _observe(self, event: AnyEvent) -> tuple[Record, Memory]:
        """The record of an event and what is remembered after it."""
        memory = self._memory
        before = memory.configuration
        start = event if is_a(event, CourseStarted) else None
        self._refuse_out_of_place(event, start, before)
        final = before == DISCONTINUED
        meaning = Meaning((), memory.context, ("K-FINAL",)) if final else self._meanings.read(event, memory.context)
        dates = calendar(start, meaning.lenalidomide_every_days) if start is not None else memory.dates
        at = moment_of(event, dates, memory.latest)

        owed, slots = memory.owed, memory.slots
        made: tuple[Earned, ...] = ()
        if dates is not None and not final and is_a(event, DoseEvent):
            advice = Administration(self.status, self._slots(memory, dates, at, event)).advice(event)
            meaning, slots = Meaning((), meaning.context, tuple(advice.rules), tuple(advice.orders)), advice.slots
        turn = self._turns.turn(before, meaning)
        after, status, orders, rules = turn.after, turn.status, turn.orders, turn.rules
        # A step that leaves the course where it is makes nothing that is owed.
        if turn.asks or (owed and (after != before or len(turn.steps) > 1)):
            owed, made = self._earned(owed, turn, dates, at)

        # A start that is blocked sets up no calendar, so its day has no place in time.
        latest = memory.latest if event.at is None and memory.dates is None and after == before else at
        moved = after != before
        held = status.ixazomib_held or status.lenalidomide_held
        begun = start is not None and moved
        dates = dates if begun else memory.dates
        # With a calendar this is the latest moment: only what has no place in time leaves it where it was.
        day = dates.day(at) if dates is not None else None
        memory = Memory(
            after,
            memory.number + 1,
            latest,
            start if begun else memory.start,
            dates,
            meaning.context,
            memory.history.then(at, after) if moved else memory.history,
            _held_since(memory.held_since, status, day) if held else GIVEN,
            memory.reviewed,
            slots,
            memory.rewritten,
            owed,
        )
        if slots and dates is not None:
            open_still = self._slots(memory, dates, at).remembered if after != DISCONTINUED else ()
            memory = memory._replace(slots=open_still)
        if day is not None and (held or memory.reviewed) and after != DISCONTINUED:
            overdue = self._overdue_holds(memory.held_since, day)
            if overdue != memory.reviewed:
                new = tuple(Order("review_long_hold", drug) for drug in overdue if drug not in memory.reviewed)
                orders = in_order((*orders, *new))
                rules = self.edition.cite((*rules, *(["B-HOLD-MAX"] if new else [])))
                memory = memory._replace(reviewed=overdue)
        return self._record(memory, event, turn, before, day, orders, rules, made), memory

    def _earned(
        self, owed: tuple[Earned, ...], turn: Turn, dates: Calendar | None, at: datetime
    ) -> tuple[tuple[Earned, ...], tuple[Earned, ...]]:
        """What is owed after a turn, and what was owed before a step of it and is made by it."""
        day = dates.day(at) if dates is not None else None
        effects = effects_of(self.edition.name)
        made: list[Earned] = []
        for step in turn.steps:
            owed, earned = after_step(owed, step, day, effects, self._machine.meanings)
            made += earned
        # Before the end nothing is made that was owed.
        return owed, () if turn.after == DISCONTINUED else tuple(made)

    def _refuse_another_patient(self, event: AnyLine) -> None:
        if event.patient is not None and event.patient != self.patient:
            raise CourseRefusal(
                f"the event is of patient {event.patient!r}, the course of {self.patient!r}",
                remedy="one course follows one patient",
            )

    def _refuse_out_of_place(self, event: AnyEvent, start: CourseStarted | None, before: Configuration) -> None:
        self._refuse_another_patient(event)
        if before != SCREENING:
            if start is not None:
                raise CourseRefusal("the course has already started", remedy="a patient has one course_started")
        elif not any(is_a(event, kind) for kind in BEFORE_START):
            raise CourseRefusal("the course has not started", remedy="a course begins with course_started")

    def _slots(self, memory: Memory, dates: Calendar, at: datetime, report: DoseEvent | None = None) -> Slots:
        """The planned doses at a moment, by the calendar, the holds until now and what was reported of them.

        `report` is what is being reported now.
        """
        named = getattr(report, "scheduled_day", None)
        first = first_moment(at, memory.slots, named, dates, self.edition)
        holds: list[tuple[datetime, bool]] = []
        # How ixazomib stood when the first of these doses was planned is all that counts of the time before.
        for since, configuration in reversed(memory.history):
            holds.append((since, self._machine.status(configuration).ixazomib_held))
            if since <= first:
                break
        return Slots(at, dates, self.edition, turns(reversed(holds)), memory.slots).current()

    def _overdue_holds(self, held_since: HeldSince, today: int) -> tuple[Drug, ...]:
        """The drugs held without a break for as long as B-HOLD-MAX allows before it asks for a review."""
        longest = self.edition.integer("B-HOLD-MAX", "alert")
        return tuple(
            [
                drug
                for drug, since in zip(BOTH, held_since, strict=True)
                if since is not None and today - since >= longest
            ]
        )

    def _record(
        self,
        memory: Memory,
        event: AnyEvent,
        turn: Turn,
        before: Configuration,
        day: int | None,
        orders: tuple[Order, ...],
        rules: tuple[str, ...],
        earned: tuple[Earned, ...],
    ) -> Record:
        """The record of an event, when this is what will be remembered after it."""
        at, latest, dates = event.at, memory.latest, memory.dates
        if at is None and latest is not None and dates is not None and not dates.nominal:
            at = latest.astimezone(dates.zone)
        return made_record(
            {
                "number": memory.number,
                "edition": self.edition.name,
                "patient": self.patient,
                "at": at,
                "day": day,
                "event": event,
                "symbols": turn.symbols,
                "before": before,
                "after": memory.configuration,
                "status": turn.status,
                "orders": orders,
                "rules": rules,
                "earned": earned,
            }
        )


def _held_since(before: HeldSince, status: Status, day: int | None) -> HeldSince:
    """The days since which drugs are held in the status of a day, when before it they were held since these."""
    ixazomib, lenalidomide = before
    return (
        (day if ixazomib is None else ixazomib) if status.ixazomib_held else None,
        (day if lenalidomide is None else lenalidomide) if status.lenalidomide_held else None,
    )


def _calendar_of(start: CourseStarted, edition: Edition) -> Calendar:
    """The calendar that a start set up."""
    return calendar(start, read(start, Context(), edition).lenalidomide_every_days)
