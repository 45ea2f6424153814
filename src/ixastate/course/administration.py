"""Dose administration: the advice for a dose that was taken, missed, late, vomited, too large or taken wrongly.

None of these moves the machine: the text answers them with advice. The answers need the status, the calendar and
what was held when; they know no machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import singledispatchmethod

from ixastate.chart.status import Status
from ixastate.course.schedule import (
    Calendar,
    cycle_of,
    is_ixazomib_day,
    late_dose_fits,
    latest_ixazomib_day,
    next_ixazomib_day,
    time_left,
)
from ixastate.errors import CourseRefusal
from ixastate.events import DoseDelayed, DoseEvent, DoseMissed, DoseOverdosed, DoseTaken, DoseTakenWrongly, DoseVomited
from ixastate.orders import Order
from ixastate.rules import Edition


@dataclass(frozen=True)
class Advice:
    """Orders that leave the machine where it is, and the rules behind them."""

    orders: tuple[Order, ...] = ()
    rules: tuple[str, ...] = ("K-RECORD",)


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
    """The circumstances of a dose: the moment (UTC), the status now and at any earlier moment, and the calendar."""

    at: datetime
    now: Status
    status_at: Callable[[datetime], Status]
    dates: Calendar
    edition: Edition

    def advice(self, event: DoseEvent) -> Advice:
        """What follows from this event; `CourseRefusal` when it names a dose that was never scheduled."""
        if event.drug != "ixazomib" and not isinstance(event, DoseTaken | DoseTakenWrongly):
            return Advice((Order("consult_insert", event.drug),), ("B-MISS-LENDEX",))
        return self._advice(event)

    @singledispatchmethod
    def _advice(self, event: DoseEvent) -> Advice:
        # Every kind of dose event has its method below, and a new kind must get one.
        raise NotImplementedError(type(event).__name__)

    @_advice.register
    def _taken(self, event: DoseTaken) -> Advice:
        if event.drug != "ixazomib":
            return Advice()
        orders: list[Order] = []
        rules: list[str] = []
        prescribed = Decimal(str(self.now.ixazomib_mg))
        if event.dose_mg > prescribed:
            orders.append(Order("review_overdose", "ixazomib"))
            rules += ["ADM-16", "B-OVERDOSE"]
            if event.dose_mg == 2 * prescribed:
                rules.append("ADM-13")
        off_calendar = not is_ixazomib_day(self.dates.day(self.at), self.edition)
        if self.now.ixazomib_held or off_calendar or event.dose_mg < prescribed:
            orders.append(Order("review_deviation", "ixazomib"))
            rules.append("ADM-14")
        return Advice(tuple(orders), tuple(rules) or ("K-RECORD",))

    @_advice.register
    def _missed(self, event: DoseMissed) -> Advice:
        allowed, rules = self._late(event)
        return Advice((Order("permit_late_dose" if allowed else "omit_late_dose", "ixazomib"),), rules)

    @_advice.register
    def _delayed(self, event: DoseDelayed) -> Advice:
        allowed, rules = self._late(event)
        return Advice((), rules) if allowed else Advice((Order("review_deviation", "ixazomib"),), (*rules, "ADM-14"))

    @_advice.register
    def _vomited(self, event: DoseVomited) -> Advice:
        return Advice((Order("give_no_extra_dose", event.drug),), ("ADM-10", "B-VOMIT"))

    @_advice.register
    def _overdosed(self, event: DoseOverdosed) -> Advice:
        return Advice((Order("review_overdose", event.drug),), ("ADM-16", "B-OVERDOSE"))

    @_advice.register
    def _taken_wrongly(self, event: DoseTakenWrongly) -> Advice:
        return Advice((Order("correct_administration", event.drug),), WRONGLY[event.fault])

    def _late(self, event: DoseMissed | DoseDelayed) -> tuple[bool, tuple[str, ...]]:
        """Whether a dose may be taken this late, and the rules that say so."""
        scheduled = self._scheduled_day(event)
        if self.now.ixazomib_held or self.status_at(self.dates.moment(scheduled)).ixazomib_held:
            return False, ("ADM-13", "B-HELD-NOT-MISSED")
        rules = ["ADM-13", "B-CALENDAR"]
        if time_left(self.at, scheduled, self.dates, self.edition) == timedelta(
            hours=self.edition.integer("ADM-11", "interval")
        ):
            rules.append("B-BOUND")
        if not late_dose_fits(self.at, scheduled, self.dates, self.edition):
            return False, (*rules, "ADM-12")
        following = next_ixazomib_day(scheduled, self.edition)
        if cycle_of(scheduled, self.edition)[0] < cycle_of(following, self.edition)[0]:
            rules.append("B-RESTWEEK")
        return True, (*rules, "ADM-11", "B-DELAY-SHIFT")

    def _scheduled_day(self, event: DoseMissed | DoseDelayed) -> int:
        latest = latest_ixazomib_day(self.at, self.dates, self.edition)
        scheduled = latest if event.scheduled_day is None else event.scheduled_day
        if scheduled is None or latest is None or scheduled > latest or not is_ixazomib_day(scheduled, self.edition):
            raise CourseRefusal(
                f"no dose of ixazomib was due on day {event.scheduled_day or self.dates.day(self.at)} by then",
                remedy="scheduled_day is day 1, 8 or 15 of a cycle, and not in the future",
            )
        return scheduled
