"""Dose administration: the advice for a dose that was taken, missed, late, vomited, too large or taken wrongly.

None of these moves the machine of the course. An event about ixazomib means a symbol of the chart of a dose
(`chart/slot.py`), and that chart answers it, in the slot that the event is about (`course/slots.py`). What is wrong
with how a dose was taken is answered here: it depends on no state.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import singledispatch

from ixastate.chart.slot_symbols import ABOVE, BELOW, FAULT, LATE, MISSED, OVERDOSED, TAKEN, VOMITED, SlotSymbol
from ixastate.chart.status import Status
from ixastate.course.record import OpenSlot
from ixastate.course.schedule import is_ixazomib_day
from ixastate.course.slots import Slots
from ixastate.errors import CourseRefusal
from ixastate.events import DoseDelayed, DoseEvent, DoseMissed, DoseOverdosed, DoseTaken, DoseTakenWrongly, DoseVomited
from ixastate.orders import Order

# The rule of an event that no other rule answers.
RECORDED = "K-RECORD"


@dataclass(frozen=True)
class Advice:
    """Orders that leave the machine of the course where it is, the rules behind them, and the slots to remember."""

    slots: tuple[OpenSlot, ...]
    orders: tuple[Order, ...] = ()
    rules: tuple[str, ...] = (RECORDED,)


WRONGLY: dict[str, tuple[str, ...]] = {
    "crushed": ("ADM-09",),
    "chewed": ("ADM-09",),
    "opened": ("ADM-09",),
    "without_water": ("ADM-08",),
    "with_food": ("ADM-07", "B-EMPTY"),
    "without_food": ("ADM-06",),
    "with_dexamethasone": ("ADM-05",),
}


@dataclass(frozen=True)
class Administration:
    """The circumstances of a dose: the status of the course now, and its slots."""

    now: Status
    slots: Slots

    def advice(self, event: DoseEvent) -> Advice:
        """What follows from this event; `CourseRefusal` when it names a dose that was never scheduled."""
        if event.drug != "ixazomib":
            return self._of_a_companion(event)
        return _advice(event, self)

    def _of_a_companion(self, event: DoseEvent) -> Advice:
        if isinstance(event, DoseTakenWrongly):
            order = Order("correct_administration", event.drug)
            return Advice(self.slots.remembered, (order,), WRONGLY[event.fault])
        if isinstance(event, DoseTaken):
            return Advice(self.slots.remembered)
        return Advice(self.slots.remembered, (Order("consult_insert", event.drug),), ("B-MISS-LENDEX",))

    def intake(self, symbol: SlotSymbol) -> Advice:
        """An intake in the slot that it belongs to; one of another day rests on the reading that puts it there."""
        day = self.slots.of_an_intake
        elsewhere = day is not None and day != self.slots.dates.day(self.slots.at)
        return self.answered(symbol, day, rules=("B-WHICH-DOSE",) if elsewhere else ())

    def answered(
        self, symbol: SlotSymbol, day: int | None, orders: Iterable[Order] = (), rules: Iterable[str] = ()
    ) -> Advice:
        """What the chart of a dose answers, with these orders and rules beside it."""
        step, remembered = self.slots.answer(day, symbol)
        cited = [*step.rules, *rules]
        if day is not None and "ADM-11" in step.rules:
            cited += self.slots.rules_of_the_clock(day)
        acting = tuple(rule for rule in cited if rule != RECORDED)
        return Advice(remembered, (*step.orders, *orders), acting or (RECORDED,))

    def scheduled_day(self, event: DoseMissed | DoseDelayed) -> int:
        """The day of the dose that a report is about; `CourseRefusal` when none was scheduled on it by now."""
        slots = self.slots
        latest, today = slots.latest, slots.dates.day(slots.at)
        scheduled = latest if event.scheduled_day is None else event.scheduled_day
        if scheduled is None or latest is None or scheduled > latest or not is_ixazomib_day(scheduled, slots.edition):
            raise CourseRefusal(
                f"no dose of ixazomib was due on day {event.scheduled_day or today} by then",
                remedy="scheduled_day is day 1, 8 or 15 of a cycle, and not in the future",
            )
        return scheduled


@singledispatch
def _advice(event: DoseEvent, dose: Administration) -> Advice:
    # Every kind of dose event has its function below, and a new kind must get one.
    raise NotImplementedError(type(event).__name__)


@_advice.register
def _taken(event: DoseTaken, dose: Administration) -> Advice:
    prescribed = Decimal(str(dose.now.ixazomib_mg))
    symbol = TAKEN if event.dose_mg == prescribed else BELOW if event.dose_mg < prescribed else ABOVE
    return dose.intake(symbol)


@_advice.register
def _overdosed(event: DoseOverdosed, dose: Administration) -> Advice:
    return dose.intake(OVERDOSED)


@_advice.register
def _missed(event: DoseMissed, dose: Administration) -> Advice:
    return dose.answered(MISSED, dose.scheduled_day(event))


@_advice.register
def _delayed(event: DoseDelayed, dose: Administration) -> Advice:
    return dose.answered(LATE, dose.scheduled_day(event))


@_advice.register
def _vomited(event: DoseVomited, dose: Administration) -> Advice:
    return dose.answered(VOMITED, dose.slots.of_the_last_dose)


@_advice.register
def _taken_wrongly(event: DoseTakenWrongly, dose: Administration) -> Advice:
    order = Order("correct_administration", event.drug)
    return dose.answered(FAULT, dose.slots.of_the_last_dose, (order,), WRONGLY[event.fault])
