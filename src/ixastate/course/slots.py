"""The slots of a course: which planned dose a report is about, and what clock, holds and reports made of that dose.

The chart of a dose knows symbols alone. Here the calendar, the history of the holds and the reports become symbols, in
the order in which they count: at one moment a hold or a release comes first, then the slot, then what is reported
(B-SAMEDAY), and the end of the window after all that, because exactly enough time is enough (B-BOUND). So the order in
which a log gives a hold and a report of one moment makes no difference. Of a slot only its reports are remembered, and
only until the next slot; everything else follows from the calendar and the history, and a slot of long ago can be made
again from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum, auto
from functools import cached_property

from ixastate.chart.slot import ONE_MISSED
from ixastate.chart.slot_symbols import (
    EARLIER_MISSED,
    HOLD,
    MISSED,
    NEXT_SLOT,
    RELEASE,
    SLOT_REACHED,
    SLOT_SYMBOLS,
    WINDOW_CLOSED,
    SlotSymbol,
)
from ixastate.course.record import OpenSlot, Snapshot
from ixastate.course.schedule import Calendar, cycle_of, is_ixazomib_day, latest_ixazomib_day, next_ixazomib_day
from ixastate.rules import Edition
from ixastate.symbols import Configuration
from ixastate.table.slot import SlotStep, SlotTable


class _Place(IntEnum):
    """What counts first at one moment."""

    HOLD = auto()
    SLOT = auto()
    REPORT = auto()
    AFTERWARDS = auto()


@dataclass(frozen=True)
class Slots:
    """The slots of a course at a moment (UTC): its calendar, its holds of ixazomib, and the slots that it remembers.

    `holds` are the moments at which ixazomib came to be held (True) or given (False), oldest first.
    """

    at: datetime
    dates: Calendar
    edition: Edition
    holds: tuple[tuple[datetime, bool], ...]
    remembered: tuple[OpenSlot, ...] = ()

    @cached_property
    def table(self) -> SlotTable:
        """The machine of a dose."""
        return SlotTable.of(self.edition.name)

    def moment(self, day: int) -> datetime:
        """The moment of the slot of a treatment day, in UTC."""
        return self.dates.moment(day).astimezone(UTC)

    def end(self, day: int) -> datetime:
        """The moment of the slot after that of this day, in UTC."""
        return self.moment(next_ixazomib_day(day, self.edition))

    def last_moment(self, day: int) -> datetime:
        """The last moment at which the dose of this day may be taken late, in UTC."""
        return self.end(day) - timedelta(hours=self.edition.integer("ADM-11", "interval"))

    # --- Which slot a report is about -------------------------------------------------------------------------

    @property
    def latest(self) -> int | None:
        """The day of the latest slot that has come, or None."""
        return latest_ixazomib_day(self.at, self.dates, self.edition)

    @property
    def of_an_intake(self) -> int | None:
        """The day of the slot that an intake at this moment belongs to (B-WHICH-DOSE), or None."""
        today = self.dates.day(self.at)
        if is_ixazomib_day(today, self.edition):
            return today
        missed = [slot.day for slot in self.remembered if slot.reported(MISSED)]
        return max(missed, default=None)

    @property
    def of_the_last_dose(self) -> int | None:
        """The day of the latest slot that has come, or today's if its dose is reported taken; None before the first."""
        taken = [slot.day for slot in self.remembered if any(SLOT_SYMBOLS[name].intake for _, name in slot.reports)]
        days = [*taken, *([self.latest] if self.latest is not None else [])]
        return max(days, default=None)

    # --- What became of a slot --------------------------------------------------------------------------------

    def configuration(self, slot: OpenSlot, until: datetime | None = None) -> Configuration:
        """Where the dose of a slot stands after everything up to and at a moment (now)."""
        last = (until or self.at, _Place.REPORT)
        found = self.table.graph.initial
        for when, place, name in sorted(self._symbols(slot), key=lambda one: one[:2]):
            if (when, place) <= last:
                found = self.table.step(found, name).after
        return found

    def _symbols(self, slot: OpenSlot) -> Iterator[tuple[datetime, _Place, str]]:
        """Everything that a slot is told, with its moment."""
        yield from ((when, _Place.HOLD, (HOLD if held else RELEASE).name) for when, held in self.holds)
        yield self.moment(slot.day), _Place.SLOT, SLOT_REACHED.name
        yield self.end(slot.day), _Place.SLOT, NEXT_SLOT.name
        yield self.last_moment(slot.day), _Place.AFTERWARDS, WINDOW_CLOSED.name
        yield from ((when, _Place.REPORT, name) for when, name in slot.reports)

    def answer(self, day: int | None, symbol: SlotSymbol) -> tuple[SlotStep, tuple[OpenSlot, ...]]:
        """What a report now does to the dose of a day, or to none; and the slots to be remembered after it."""
        if day is None:
            return self.table.step(self._off_the_calendar(), symbol.name), self.remembered
        if self.end(next_ixazomib_day(day, self.edition)) <= self.at:
            # Of long ago: two slots are over, and nothing of it is remembered.
            return self.table.step(self.configuration(self._slot(day)), symbol.name), self.remembered
        begun = self._with(self._slot(day))._passed_on()
        slot = begun._slot(day)
        step = self.table.step(self.configuration(slot), symbol.name)
        return step, begun._with(slot.told(self.at, symbol))._passed_on().current().remembered

    def rules_of_the_clock(self, day: int) -> Iterator[str]:
        """The readings on which it rests that the dose of this day may be taken now."""
        if self.at == self.last_moment(day):
            yield "B-BOUND"
        if cycle_of(day, self.edition)[0] < cycle_of(next_ixazomib_day(day, self.edition), self.edition)[0]:
            yield "B-RESTWEEK"

    def _off_the_calendar(self) -> Configuration:
        """A dose whose time is over: where an intake is put that belongs to no slot."""
        found = self.table.graph.initial
        held = bool(self.holds) and self.holds[-1][1]
        for symbol in (SLOT_REACHED, WINDOW_CLOSED, NEXT_SLOT, *([HOLD] if held else [])):
            found = self.table.step(found, symbol.name).after
        return found

    # --- What is remembered -----------------------------------------------------------------------------------

    def current(self) -> Slots:
        """With the slots alone whose next slot is still to come."""
        found = self
        while over := [slot.day for slot in found.remembered if found.end(slot.day) <= self.at]:
            # What is passed on to a slot of long ago may be passed on by it in turn.
            found = found._told_of_a_gap(over[0])
            kept = tuple(slot for slot in found.remembered if slot.day != over[0])
            found = replace(found, remembered=kept)
        return found

    def _passed_on(self) -> Slots:
        """With every slot told of a dose before it that was missed."""
        found = self
        for slot in self.remembered:
            found = found._told_of_a_gap(slot.day)
        return found

    def _told_of_a_gap(self, day: int) -> Slots:
        """With the slot after this one told that a dose before it was missed, if one was and that slot has begun.

        Until it comes, a missed dose may still be taken late; what was told of it is then taken back.
        """
        following = self._slot(next_ixazomib_day(day, self.edition))
        moment = self.moment(following.day)
        begun = moment <= self.at or following in self.remembered
        end = max(self.at, self.end(day))
        missed = self._one_missed(self._slot(day), end)
        if begun and missed and not following.reported(EARLIER_MISSED):
            return self._with(following.told(min(self.at, moment), EARLIER_MISSED))
        if begun and not missed and moment > self.at:
            return self._with(following.without(EARLIER_MISSED))
        return self

    def _one_missed(self, slot: OpenSlot, until: datetime) -> bool:
        """Whether then a dose is missed, of this slot or before it, and none taken since."""
        return ONE_MISSED.id in self.configuration(slot, until)

    def _slot(self, day: int) -> OpenSlot:
        """The slot of a day as it is remembered, or without reports."""
        return next((slot for slot in self.remembered if slot.day == day), OpenSlot(day=day, reports=()))

    def _with(self, slot: OpenSlot) -> Slots:
        """With this slot in its place."""
        others = (other for other in self.remembered if other.day != slot.day)
        return replace(self, remembered=tuple(sorted((*others, slot), key=lambda one: one.day)))


def turns(states: Iterable[tuple[datetime, bool]]) -> tuple[tuple[datetime, bool], ...]:
    """The moments at which ixazomib came to be held (True) or given (False), of all its states, oldest first."""
    found: list[tuple[datetime, bool]] = []
    for since, held in states:
        if held is not (bool(found) and found[-1][1]):
            found.append((since, held))
    return tuple(found)


def first_moment(
    at: datetime, remembered: Sequence[OpenSlot], named: int | None, dates: Calendar, edition: Edition
) -> datetime:
    """The first moment (UTC) at which it may count for a planned dose whether ixazomib is held: no later than now.

    `remembered` are the slots of which something was reported, `named` is the day that a report now names. Another
    that it can be about is the latest that has come.
    """
    days = [*(slot.day for slot in remembered), named, latest_ixazomib_day(at, dates, edition)]
    moments = [dates.moment(day).astimezone(UTC) for day in days if day is not None]
    return min([at, *moments, *(when for slot in remembered for when, _ in slot.reports)])


def slots_fit(saved: Snapshot, edition: Edition) -> bool:
    """Whether the slots of a snapshot are ixazomib's days, each once, with reports of the course's own time."""
    days = [slot.day for slot in saved.slots]
    moments = [when for slot in saved.slots for when, _ in slot.reports]
    return (
        days == sorted(set(days))
        and all(is_ixazomib_day(day, edition) for day in days)
        and (not moments or (saved.latest is not None and max(moments) <= saved.latest))
        and (not days or saved.start is not None)
    )
