"""The interpreter of the live chart: one symbol in, one step out.

The only module that runs python-statemachine. It keeps the library's pitfalls out of sight: the active states are
put into document order before each symbol, an unknown symbol is refused, a raised symbol that nothing answers is
an error, and a restored configuration is checked before it is believed. It knows no events and no dates.
"""

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import Any

from statemachine import StateChart
from statemachine.orderedset import OrderedSet

from ixastate.chart.builder import Step, Transition, asked_by, document_order, transitions_of
from ixastate.chart.chart import build_chart
from ixastate.chart.status import Status, status_of
from ixastate.errors import ChartError, near
from ixastate.orders import in_order
from ixastate.rules import DEFAULT_EDITION, load_edition
from ixastate.symbols import Configuration


class Interpreter:
    """A live statechart, of a course or of a dose: it steps from any configuration, and keeps none."""

    def __init__(self, chart: type[StateChart[Any]]) -> None:
        moves = transitions_of(chart)
        internal = {raised for move in moves for raised in move.raised}
        self.symbols = tuple(sorted({move.symbol for move in moves} - internal))
        self._states = {state.id: state for state in document_order(list(chart.states))}
        self._taken: list[Transition] = []
        self._live = chart(listeners=[self])
        self._lock = Lock()

    def after_transition(self, transition: Any) -> None:
        """Called by the library after each transition that it takes."""
        if isinstance(transition, Transition):
            self._taken.append(transition)

    def transitions(self, before: Configuration, symbol: str) -> tuple[Configuration, tuple[Transition, ...]]:
        """Send one external symbol in a configuration: the configuration after it, and the transitions taken.

        `ChartError` when the alphabet does not hold the symbol, the configuration is not legal, or the chart leaves
        a symbol unanswered.
        """
        if symbol not in self.symbols:
            raise ChartError(f"{symbol!r} is no symbol of the machine", remedy=near(symbol, self.symbols, listed=True))
        active = self.active(before)
        with self._lock:
            self._taken.clear()
            self._live.current_state_value = active
            # A machine that has reached its final state ignores all that follows, and nothing public wakes it. A
            # new one takes forty times as long as a step.
            self._live._engine.running = True
            self._live.send(symbol)
            taken, after = tuple(self._taken), set(self._live.configuration_values)
        expected = [symbol, *(raised for move in taken for raised in move.raised)]
        if not self.answers([move.symbol for move in taken], expected):
            raise ChartError(f"{symbol!r} goes unanswered: expected {expected}, took {taken}", where=", ".join(before))
        reached = tuple(state_id for state_id, state in self._states.items() if state_id in after and not state.states)
        return reached, taken

    def answers(self, taken: list[str], expected: list[str]) -> bool:
        """Whether the transitions taken answer what was sent and raised: every symbol, by one region or more."""
        return set(taken) == set(expected)

    def active(self, configuration: Configuration) -> OrderedSet[Any]:
        """Every active state of a configuration, in document order; `ChartError` when it is not legal."""
        # A saved configuration can hold any text.
        where = ", ".join(leaf if leaf.isprintable() else repr(leaf) for leaf in configuration)
        if len(set(configuration)) != len(configuration):
            raise ChartError("a leaf is named twice", where=where)
        found: set[str] = set()
        for leaf in configuration:
            state = self._states.get(leaf)
            if state is None or state.states:
                raise ChartError(f"{leaf!r} is no leaf of the chart", where=where)
            while state is not None:
                found.add(state.id)
                state = state.parent
        active = [state for state_id, state in self._states.items() if state_id in found]
        for state in active:
            children = sum(child.id in found for child in state.states)
            if state.states and children != (len(state.states) if state.parallel else 1):
                raise ChartError(f"{children} children of {state.id!r} are active", where=where)
        roots = sum(state.parent is None for state in active)
        if roots != 1:
            raise ChartError(f"{roots} root states are active, not one", where=where)
        return OrderedSet(state.id for state in active)


class Machine(Interpreter):
    """The live statechart of a course under an edition."""

    def __init__(self, edition: str = DEFAULT_EDITION) -> None:
        self.chart = build_chart(edition)
        super().__init__(self.chart)
        # At most one per reachable configuration, some tens of thousands.
        self._statuses: dict[Configuration, Status] = {}

    def step(self, before: Configuration, symbol: str) -> Step:
        """Send one external symbol in a configuration and say what it did; `ChartError` as `transitions`."""
        reached, taken = self.transitions(before, symbol)
        return Step(
            symbol,
            before,
            reached,
            self.status(reached),
            in_order(order for move in taken for order in move.orders),
            self.chart.edition.cite(rule for move in taken for rule in move.rules),
            # In the order of the rules file, as an edge of the graph has them.
            tuple((drug, self.chart.edition.cite(rules)) for drug, rules in asked_by(taken)),
        )

    def answers(self, taken: list[str], expected: list[str]) -> bool:
        """In the chart of a course one region alone answers a symbol, once each time."""
        return sorted(taken) == sorted(expected)

    def status(self, configuration: Configuration) -> Status:
        """What a configuration means to a person."""
        known = self._statuses.get(configuration)
        if known is None:
            known = self._statuses[configuration] = status_of(self.chart.meanings, configuration)
        return known


def machine(edition: str = DEFAULT_EDITION) -> Machine:
    """The machine of an edition, made once: every course of a process steps on it. `RulesError` for no edition."""
    return _machine(load_edition(edition).name)


@cache
def _machine(edition: str) -> Machine:
    return Machine(edition)
