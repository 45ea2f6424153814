"""The facts of a course as they are known now, in the order in which they count, and what another line changes.

A course whose lines say when they were recorded keeps its facts, so that one may arrive late, be corrected or be
withdrawn. Its state is always what follows from the facts as known: they are folded by their moment, then by when they
were first recorded, then by id, and at last by line. What stands before a change is not folded again.

A fact that cannot have happened after those before it is kept and does nothing; so is one that is withdrawn. A fact
dated by a treatment day has its moment by the calendar that the facts dated otherwise set up; without one it has none.

This module is handed the step of one fact and knows neither a machine nor a course. Nothing here changes what is kept
but `Facts.keep`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, Protocol, TypeVar

from ixastate.amendments import AnyAmendment, AnyLine, EventCorrected, EventWithdrawn
from ixastate.course.record import Impossible, KeptFact, Record, Revision, Snapshot
from ixastate.course.schedule import BEFORE_ALL_DAYS, FIRST_DAY, Calendar
from ixastate.errors import CourseRefusal, InputError, near
from ixastate.events import AnyEvent, CourseStarted


class HasDates(Protocol):
    """What must be known of what a course remembers: its calendar, once there is one."""

    @property
    def dates(self) -> Calendar | None:
        """The calendar; None before it starts."""


Memory = TypeVar("Memory", bound=HasDates)
Step = Callable[[Memory, KeptFact], tuple[Record, Memory]]
# Nothing has a later moment; for facts that have none.
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Folded(Generic[Memory]):
    """A fact in its place: its moment (UTC), what followed from it (None: nothing could), what is remembered then."""

    fact: KeptFact
    moment: datetime | None
    record: Record | None
    memory: Memory

    @property
    def key(self) -> tuple[datetime, datetime, str, int]:
        """By what facts are put in order."""
        fact = self.fact
        return self.moment or _NEVER, fact.recorded_at.astimezone(UTC), fact.id or "", fact.number


@dataclass(frozen=True)
class Change(Generic[Memory]):
    """What a line makes of the facts: from place `kept` on, `then` gives way to `now`; `fact` is the one concerned."""

    fact: KeptFact
    kept: int
    then: tuple[Folded[Memory], ...]
    now: tuple[Folded[Memory], ...]

    @property
    def of_fact(self) -> Folded[Memory]:
        """The fact in its new place."""
        return next(one for one in self.now if one.fact.number == self.fact.number)

    @property
    def memory(self) -> Memory:
        """What is remembered after all facts."""
        return self.now[-1].memory

    @property
    def revisions(self) -> tuple[Revision, ...]:
        """The orders that would have been otherwise, event by event."""
        then = {one.fact.number: one.record for one in self.then}
        found = []
        for one in self.now:
            before, now = _orders(then.get(one.fact.number)), _orders(one.record)
            if before != now:
                rules = one.record.rules if one.record else ()
                found.append(Revision(number=one.fact.number, id=one.fact.id, then=before, now=now, rules=rules))
        return tuple(found)

    @property
    def impossible(self) -> tuple[Impossible, ...]:
        """The facts that have become impossible, or are so for another reason."""
        then = {one.fact.number: one.fact.impossible for one in self.then}
        return tuple(
            Impossible(number=one.fact.number, id=one.fact.id, why=one.fact.impossible)
            for one in self.now
            if one.fact.impossible and one.fact.impossible != then.get(one.fact.number)
        )

    @property
    def in_time(self) -> bool:
        """Whether the fact is new and nothing that stands after it does anything, so that it is one step on."""
        places = [one.fact.number for one in self.now]
        after = self.now[places.index(self.fact.number) + 1 :]
        known = any(one.fact.number == self.fact.number for one in self.then)
        return not known and all(one.record is None for one in (*self.then, *after))


def _orders(record: Record | None) -> tuple[Any, ...]:
    return record.orders if record else ()


@dataclass
class Facts(Generic[Memory]):
    """The facts of one course: folded in their order, by id, and what is needed to refuse a line that cannot be one."""

    start: Memory
    folded: list[Folded[Memory]] = field(default_factory=list)
    named: dict[str, KeptFact] = field(default_factory=dict)
    # The ids of lines that correct or withdraw, with the id that each names.
    amended: dict[str, str] = field(default_factory=dict)
    recorded_at: datetime | None = None

    @classmethod
    def again(cls, start: Memory, saved: Snapshot, step: Step[Memory]) -> Facts[Memory]:
        """The facts of a snapshot, folded again; `InputError` when they cannot be those of one course."""
        facts = [fact.model_copy(update={"impossible": ""}) for fact in saved.facts]
        named = {fact.id: fact for fact in facts if fact.id is not None}
        amended = dict(saved.amended)
        numbers = {fact.number for fact in facts}
        last = (saved.recorded_at or _NEVER).astimezone(UTC)
        if (
            len(numbers) != len(facts)
            or len(named) != sum(fact.id is not None for fact in facts)
            or len(amended) != len(saved.amended)
            or named.keys() & amended.keys()
            or not named.keys() >= set(amended.values())
            or any(number > saved.number for number in numbers)
            or bool(facts) != (saved.recorded_at is not None)
            or any(fact.recorded_at.astimezone(UTC) > last for fact in facts)
        ):
            raise InputError("its facts do not fit together", where="snapshot", remedy="save it again")
        folded = _fold(_in_order(facts, start, step), start, step)
        return cls(start, [*folded], named, amended, saved.recorded_at)

    def copied(self) -> Facts[Memory]:
        """The same facts, to go another way from here."""
        return Facts(self.start, [*self.folded], dict(self.named), dict(self.amended), self.recorded_at)

    @property
    def memory(self) -> Memory:
        """What is remembered after all of them."""
        return self.folded[-1].memory if self.folded else self.start

    # --- What a line says of a fact -----------------------------------------------------------------------------

    def fact_of(self, line: AnyLine, number: int) -> KeptFact:
        """The fact that a line reports or amends, as it is known now; `CourseRefusal` when it cannot be one."""
        if line.id is not None and (line.id in self.named or line.id in self.amended):
            held = self.named[line.id].name if line.id in self.named else f"a line about {self.amended[line.id]!r}"
            raise CourseRefusal(
                f"the id {line.id!r} is that of {held} already",
                remedy="correct that one with event_corrected, or give this line an id of its own",
            )
        assert line.recorded_at is not None  # else the course keeps no facts
        if isinstance(line, EventCorrected | EventWithdrawn):
            return self._amended_by(line)
        return KeptFact(number=number, id=line.id, recorded_at=line.recorded_at, event=_bare(line))

    def _amended_by(self, line: AnyAmendment) -> KeptFact:
        fact = self.named.get(line.original)
        if fact is None and line.original in self.amended:
            original = self.amended[line.original]
            raise CourseRefusal(
                f"{line.original!r} is the id of a line about {original!r}",
                remedy=f"name the original id, {original!r}",
            )
        if fact is None:
            remedy = near(line.original, self.named) if self.named else "give the event an id when it is first reported"
            raise CourseRefusal(f"no event has the id {line.original!r}", remedy=remedy)
        if isinstance(line, EventWithdrawn):
            return fact.model_copy(update={"withdrawn": True})
        event, first = line.event, fact.recorded_at
        if event.type != fact.event.type:
            raise CourseRefusal(
                f"{line.original!r} is {fact.event.type}, and is corrected to {event.type}",
                remedy="a correction keeps the kind of event; withdraw the one and report the other",
            )
        if event.recorded_at is not None and event.recorded_at.astimezone(UTC) != first.astimezone(UTC):
            raise CourseRefusal(
                f"{line.original!r} was first recorded at {first.isoformat()}, not at {event.recorded_at.isoformat()}",
                remedy="leave recorded_at out of the corrected event; the line says when it was corrected",
            )
        return fact.model_copy(update={"event": _bare(event), "withdrawn": False})

    # --- What follows -------------------------------------------------------------------------------------------

    def change(self, fact: KeptFact, step: Step[Memory]) -> Change[Memory]:
        """What becomes of the facts with this one, new or known; nothing is kept yet."""
        placed = Folded(fact, moment_of_fact(fact.event, self.memory.dates), None, self.memory)
        known = fact.id is not None and fact.id in self.named
        if not known and (not self.folded or placed.key > self.folded[-1].key) and placed.moment is not None:
            return Change(fact, len(self.folded), (), tuple(_fold([placed], self.memory, step)))
        return self._again([*(one.fact for one in self.folded if one.fact.number != fact.number), fact], fact, step)

    def _again(self, facts: Sequence[KeptFact], fact: KeptFact, step: Step[Memory]) -> Change[Memory]:
        order = _in_order(facts, self.start, step)
        kept = 0
        for old, new in zip(self.folded, order, strict=False):
            if old.fact.number != new.fact.number or old.moment != new.moment or new.fact.number == fact.number:
                break
            kept += 1
        memory = self.folded[kept - 1].memory if kept else self.start
        return Change(fact, kept, tuple(self.folded[kept:]), tuple(_fold(order[kept:], memory, step)))

    def keep(self, line: AnyLine, change: Change[Memory]) -> None:
        """Keep what a line has changed."""
        self.folded[change.kept :] = change.now
        if change.fact.id is not None:
            self.named[change.fact.id] = change.fact
        if line.id is not None and isinstance(line, EventCorrected | EventWithdrawn):
            self.amended[line.id] = line.original
        self.recorded_at = line.recorded_at

    def ties(self, change: Change[Memory]) -> tuple[int, ...]:
        """The numbers of the other facts of the same moment, those withdrawn left out."""
        fact = change.of_fact
        if fact.moment is None or fact.fact.withdrawn:
            return ()
        same = []
        for one in reversed(self.folded[: change.kept]):
            if one.moment != fact.moment:
                break
            same.append(one)
        same += [one for one in change.now if one.moment == fact.moment and one is not fact]
        return tuple(sorted(one.fact.number for one in same if not one.fact.withdrawn))


# --- The order, and the fold --------------------------------------------------------------------------------------


def moment_of_fact(event: AnyEvent, dates: Calendar | None) -> datetime | None:
    """The moment (UTC) of an event; that of a treatment day by the calendar, and None where there is none."""
    if event.at is not None:
        return event.at.astimezone(UTC)
    assert event.day is not None  # an event is dated in one of the two ways
    if isinstance(event, CourseStarted):
        # Whichever of several starts is not blocked sets up the calendar, and comes before all of its days.
        return BEFORE_ALL_DAYS if event.day == FIRST_DAY else None
    return dates.moment(event.day).astimezone(UTC) if dates is not None else None


def _in_order(facts: Sequence[KeptFact], start: Memory, step: Step[Memory]) -> list[Folded[Memory]]:
    """The facts in the order in which they count, not yet folded."""

    def placed(fact: KeptFact, dates: Calendar | None) -> Folded[Memory]:
        return Folded(fact, moment_of_fact(fact.event, dates), None, start)

    order = sorted((placed(fact, None) for fact in facts), key=lambda one: one.key)
    if order and order[-1].moment is None:
        # A treatment day means nothing before the start, so it is the facts without one that set up the calendar.
        dates = _calendar_of(order, start, step)
        order = sorted((placed(fact, dates) for fact in facts), key=lambda one: one.key)
    return order


def _calendar_of(order: Iterable[Folded[Memory]], start: Memory, step: Step[Memory]) -> Calendar | None:
    for one in _fold((one for one in order if one.moment is not None), start, step):
        if one.memory.dates is not None:
            return one.memory.dates
    return None


def _fold(order: Iterable[Folded[Memory]], memory: Memory, step: Step[Memory]) -> Iterator[Folded[Memory]]:
    """Each fact in its place with what follows from it, one after the other."""
    for one in order:
        fact, record, why = one.fact, None, ""
        if not fact.withdrawn:
            try:
                record, memory = step(memory, fact)
            except CourseRefusal as refusal:
                why = refusal.what
        yield Folded(fact.model_copy(update={"impossible": why}), one.moment, record, memory)


def _bare(event: AnyEvent) -> AnyEvent:
    """The event alone, without what is said of its recording."""
    return event.model_copy(update={"id": None, "recorded_at": None})
