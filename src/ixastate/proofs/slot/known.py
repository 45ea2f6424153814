"""What is known of a dose from what was said, as plain facts: the account that the chart of a dose is held against.

It has no states: it notes each fact when it is said, and works out from them what became of the dose and whether it is
permitted now. `accounts` walks the chart and the account side by side through every course of symbols.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from ixastate.chart.slot import (
    AHEAD,
    AS_PLANNED,
    DUE,
    EXCEEDED,
    LEFT_OUT,
    MISSED_OPEN,
    OVER,
    OVER_WITHHELD,
    TAKEN_LATE,
    THROWN_UP,
    WITHHELD,
    WRONGLY,
)
from ixastate.chart.slot_symbols import (
    EARLIER_MISSED,
    FAULT,
    HOLD,
    LATE,
    MISSED,
    NEXT_SLOT,
    RELEASE,
    SLOT_REACHED,
    SLOT_SYMBOLS,
    VOMITED,
    WINDOW_CLOSED,
    SlotSymbol,
)
from ixastate.chart.states import DoseState
from ixastate.symbols import Configuration
from ixastate.table.slot import SlotStep, SlotTable
from ixastate.table.walk import Walk, walk


@dataclass(frozen=True)
class Known:
    """The facts that were said of a dose.

    `swallowed`: an intake or vomiting is known; `fault`: a fault in how it was taken, but no intake; `gap`: a dose was
    missed, this one or one before it, and none taken since.
    """

    reached: bool = False
    held: bool = False
    withheld: bool = False
    shut: bool = False
    over: bool = False
    missed: bool = False
    swallowed: bool = False
    fault: bool = False
    late: bool = False
    vomited: bool = False
    exceeded: bool = False
    gap: bool = False

    @property
    def taken(self) -> bool:
        """Whether the dose is known to have been taken."""
        return self.swallowed or self.fault

    @property
    def not_made(self) -> bool:
        """Whether the dose was held at its slot, and nothing says that it was taken all the same."""
        return self.withheld and not self.taken

    @property
    def may(self) -> bool:
        """Whether a dose may be taken now: given, in time, not withheld, and none known to have been taken."""
        return not (self.held or self.shut or self.over or self.withheld or self.swallowed)

    @property
    def state(self) -> DoseState:
        """What became of the dose."""
        if self.over:
            return OVER_WITHHELD if self.not_made else OVER
        if self.swallowed:
            late = TAKEN_LATE if self.late else AS_PLANNED
            return EXCEEDED if self.exceeded else THROWN_UP if self.vomited else late
        if self.fault:
            return WRONGLY
        if self.withheld:
            return WITHHELD
        if self.missed:
            return LEFT_OUT if self.held or self.shut else MISSED_OPEN
        return DUE if self.reached else AHEAD

    @cache  # noqa: B019  # a few hundred, which are asked for again and again
    def told(self, symbol: SlotSymbol) -> Known:
        """What is known after this was said."""
        if symbol in (HOLD, RELEASE):
            return replace(self, held=symbol is HOLD)
        if symbol is WINDOW_CLOSED:
            return replace(self, shut=True)
        if symbol is EARLIER_MISSED:
            return replace(self, gap=True)
        if symbol is SLOT_REACHED:
            if self.reached or self.over:
                return self
            return replace(self, reached=True, withheld=self.held and not self.swallowed)
        if symbol is NEXT_SLOT:
            still_missing = self.over or (not self.taken and (self.missed or self.withheld))
            return replace(self, over=True, gap=self.gap and still_missing)
        return self._reported(symbol)

    def _reported(self, symbol: SlotSymbol) -> Known:
        if self.over:
            # It changes nothing of a dose that is over, but a dose that was missed may still be heard of.
            return replace(self, gap=self.gap or (symbol is MISSED and not self.not_made))
        if symbol.intake:
            exceeded = self.exceeded or self.swallowed or symbol.above
            late = (symbol is LATE and self.reached) or (self.missed and not self.taken)
            return replace(self, swallowed=True, exceeded=exceeded, late=late)
        if self.not_made or not (self.reached or self.swallowed):
            # Nothing of this dose can be meant.
            return self
        if symbol is VOMITED:
            return replace(self, swallowed=True, vomited=True)
        if symbol is FAULT:
            return replace(self, fault=self.fault or not self.swallowed)
        assert symbol is MISSED
        return self if self.taken else replace(self, missed=True, gap=True)


# Where the chart stands and what is known.
Account = tuple[Configuration, Known]


@dataclass(frozen=True)
class Told:
    """One symbol said after a course: what the chart did, and what was known before and after."""

    step: SlotStep
    symbol: SlotSymbol
    before: Known
    after: Known


@dataclass(frozen=True)
class Accounts:
    """Every account that courses of symbols lead to, with every symbol told there."""

    walked: Walk[Account, str]
    told: tuple[Told, ...]

    def course_to(self, told: Told) -> tuple[str, ...]:
        """A shortest course that ends with this."""
        return (*self.walked.course_to((told.step.before, told.before)), told.symbol.name)


@lru_cache(maxsize=1)
def accounts(table: SlotTable) -> Accounts:
    """The chart and the account side by side; a symbol that the chart leaves unanswered is passed over."""
    found: list[Told] = []

    def onward(account: Account) -> Iterator[tuple[str, Account]]:
        configuration, known = account
        for name, symbol in SLOT_SYMBOLS.items():
            step = table.moves.get((configuration, name))
            if step is not None:
                after = known.told(symbol)
                found.append(Told(step, symbol, known, after))
                yield name, (step.after, after)

    walked = walk([(table.graph.initial, Known())], onward)
    return Accounts(walked, tuple(found))
