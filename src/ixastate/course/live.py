"""The interpreter of the live chart: one symbol in, one step out.

The only module that runs python-statemachine. It keeps the library's pitfalls out of sight: the active states are
put into document order before each symbol, an unknown symbol is refused, a raised symbol that nothing answers is
an error, and a restored configuration is checked before it is believed. It knows no events and no dates.
"""

from __future__ import annotations

import os
from functools import cache
from threading import Lock
from typing import Any

from statemachine import StateChart
from statemachine.orderedset import OrderedSet

from ixastate.chart.builder import Step, Transition, asked_by, transitions_of
from ixastate.chart.chart import build_chart
from ixastate.chart.status import Status, status_of
from ixastate.errors import ChartError, near
from ixastate.orders import in_order
from ixastate.rules import DEFAULT_EDITION, load_edition
from ixastate.symbols import Configuration
from ixastate.table.graph import States, nodes_of


class _Running:
    """A statechart that runs in this process, for one thread at a time."""

    def __init__(self, chart: type[StateChart[Any]]) -> None:
        self.process = os.getpid()
        self._taken: list[Transition] = []
        self._live = chart(listeners=[self])
        self._lock = Lock()

    def after_transition(self, transition: Any) -> None:
        """Called by the library after each transition that it takes."""
        if isinstance(transition, Transition):
            self._taken.append(transition)

    def sent(self, symbol: str, active: OrderedSet[Any]) -> tuple[tuple[Transition, ...], set[str]]:
        """The transitions that a symbol takes while these states are active, and the states that are active then."""
        with self._lock:
            self._taken.clear()
            self._live.current_state_value = active
            # A machine that has reached its final state ignores all that follows, and nothing public wakes it. A
            # new one takes forty times as long as a step.
            self._live._engine.running = True
            self._live.send(symbol)
            return tuple(self._taken), set(self._live.configuration_values)


class Interpreter:
    """A live statechart, of a course or of a dose: it steps from any configuration, and keeps none."""

    def __init__(self, chart: type[StateChart[Any]]) -> None:
        moves = transitions_of(chart)
        internal = {raised for move in moves for raised in move.raised}
        self.symbols = tuple(sorted({move.symbol for move in moves} - internal))
        self._states = States(nodes_of(chart))
        self._chart = chart
        self._running = _Running(chart)

    def transitions(self, before: Configuration, symbol: str) -> tuple[Configuration, tuple[Transition, ...]]:
        """Send one external symbol in a configuration: the configuration after it, and the transitions taken.

        `ChartError` when the alphabet does not hold the symbol, the configuration is not legal, or the chart leaves
        a symbol unanswered.
        """
        if symbol not in self.symbols:
            raise ChartError(f"{symbol!r} is no symbol of the machine", remedy=near(symbol, self.symbols, listed=True))
        active = self.active(before)
        running = self._running
        if running.process != os.getpid():
            # A process that was forked while another thread stepped would find the lock locked, and half a step.
            running = self._running = _Running(self._chart)
        taken, after = running.sent(symbol, active)
        expected = [symbol, *(raised for move in taken for raised in move.raised)]
        if not self.answers([move.symbol for move in taken], expected):
            raise ChartError(f"{symbol!r} goes unanswered: expected {expected}, took {taken}", where=", ".join(before))
        return tuple(leaf for leaf in self._states.leaves if leaf in after), taken

    def answers(self, taken: list[str], expected: list[str]) -> bool:
        """Whether the transitions taken answer what was sent and raised: every symbol, by one region or more."""
        return set(taken) == set(expected)

    def active(self, configuration: Configuration) -> OrderedSet[Any]:
        """Every active state of a configuration, in document order; `ChartError` when it is not legal."""
        return OrderedSet(self._states.active(configuration))


class Machine(Interpreter):
    """The live statechart of a course under an edition."""

    def __init__(self, edition: str = DEFAULT_EDITION) -> None:
        self.chart = build_chart(edition)
        self.edition, self.meanings = self.chart.edition, self.chart.meanings
        super().__init__(self.chart)
        # At most one per reachable configuration, some tens of thousands.
        self._statuses: dict[Configuration, Status] = {}

    def step(self, before: Configuration, symbol: str) -> Step:
        """Send one external symbol in a configuration and say what it did; `ChartError` as `transitions`."""
        return self.said(before, symbol, *self.transitions(before, symbol))

    def said(self, before: Configuration, symbol: str, reached: Configuration, taken: tuple[Transition, ...]) -> Step:
        """The step of a symbol that took these transitions."""
        return Step(
            symbol,
            before,
            reached,
            self.status(reached),
            in_order(order for move in taken for order in move.orders),
            self.edition.cite(rule for move in taken for rule in move.rules),
            # In the order of the rules file, as an edge of the graph has them.
            tuple((drug, self.edition.cite(rules)) for drug, rules in asked_by(taken)),
        )

    def answers(self, taken: list[str], expected: list[str]) -> bool:
        """In the chart of a course one region alone answers a symbol, once each time."""
        return sorted(taken) == sorted(expected)

    def require_legal(self, configuration: Configuration) -> None:
        """`ChartError` when these are not the leaves of one configuration."""
        self.active(configuration)

    def status(self, configuration: Configuration) -> Status:
        """What a configuration means to a person."""
        known = self._statuses.get(configuration)
        if known is None:
            known = self._statuses[configuration] = status_of(self.meanings, configuration)
        return known


class Remembering(Machine):
    """The live machine that is asked each move once: what it answered it remembers."""

    def __init__(self, edition: str = DEFAULT_EDITION) -> None:
        super().__init__(edition)
        self._steps: dict[tuple[Configuration, str], Step] = {}

    def step(self, before: Configuration, symbol: str) -> Step:
        """What a symbol does in a configuration, as `Machine.step`."""
        known = self._steps.get((before, symbol))
        if known is None:
            known = self._steps[before, symbol] = super().step(before, symbol)
        return known


def machine(edition: str = DEFAULT_EDITION) -> Machine:
    """The machine of an edition, made once: every course of a process steps on it. `RulesError` for no edition."""
    return _machine(load_edition(edition).name)


@cache
def _machine(edition: str) -> Machine:
    return Machine(edition)
