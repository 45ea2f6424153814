"""What the symbols that one event means do to a course, one after the other.

This module runs a machine and knows no dates: what a course owes, and since when, is the course's own question.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from ixastate.chart.builder import Machine, Step
from ixastate.chart.status import Status
from ixastate.course.alphabet import Meaning, Meanings
from ixastate.orders import Order, net_effect
from ixastate.rules import load_edition
from ixastate.symbols import DISCONTINUED, Configuration
from ixastate.table.compiled import Compiled

# More turns than courses take by far; beyond it they are forgotten and taken again.
MOST_TURNS = 200_000


class Turn(NamedTuple):
    """The steps of one event and what is to be done in the end: where the course stands then, the orders, the rules.

    `asks` says whether a step asked for a reduction.
    """

    steps: tuple[Step, ...]
    symbols: tuple[str, ...]
    after: Configuration
    status: Status
    orders: tuple[Order, ...]
    rules: tuple[str, ...]
    asks: bool


class Turns:
    """The turns that a machine takes, and what events mean to it.

    The turns of a compiled machine are remembered; any other is asked each time.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.meanings = Meanings.of(machine.edition)
        self._remembers = isinstance(machine, Compiled)
        self._known: dict[tuple[object, ...], Turn] = {}

    @classmethod
    def of(cls, edition: str) -> Turns:
        """Those of the compiled machine of an edition, made once a process; `RulesError` when there is none."""
        return _compiled(edition if isinstance(edition, str) else load_edition(edition).name)

    def turn(self, before: Configuration, meaning: Meaning) -> Turn:
        """What a meaning does in a configuration, its own orders and rules included; `ChartError` as the machine's."""
        if not self._remembers:
            return self._taken(before, meaning)
        key = before, meaning.symbols, meaning.orders, meaning.rules
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= MOST_TURNS:
                self._known.clear()
            known = self._known[key] = self._taken(before, meaning)
        return known

    def _taken(self, before: Configuration, meaning: Meaning) -> Turn:
        steps = tuple(self._steps(before, meaning.symbols))
        after = steps[-1].after if steps else before
        # What stops treatment leaves nothing else to be ordered, and no other step to be explained.
        acting = steps[-1:] if after == DISCONTINUED else steps
        return Turn(
            steps,
            tuple(step.symbol for step in steps),
            after,
            steps[-1].status if steps else self.machine.status(after),
            net_effect((*(step.orders for step in acting), meaning.orders)) if steps else meaning.orders,
            self.machine.edition.cite((*meaning.rules, *(rule for step in acting for rule in step.rules))),
            any(step.asked for step in steps),
        )

    def _steps(self, before: Configuration, symbols: Iterable[str]) -> Iterable[Step]:
        """The steps on these symbols; what stops treatment is the last."""
        for symbol in symbols:
            step = self.machine.step(before, symbol)
            yield step
            before = step.after
            if before == DISCONTINUED:
                break


@cache
def _compiled(edition: str) -> Turns:
    return Turns(Compiled.of(edition))
