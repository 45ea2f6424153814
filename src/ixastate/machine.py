"""How the live chart is driven: one symbol in, one step out.

The only module that runs python-statemachine. It keeps the library's pitfalls out of sight: the active states are
put into document order before each symbol, an unknown symbol is refused, a raised symbol that nothing answers is
an error, and a restored configuration is checked before it is believed. It knows no events and no dates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from statemachine import State
from statemachine.orderedset import OrderedSet

from ixastate.chart import CourseChart, build
from ixastate.errors import ChartError
from ixastate.moves import Move
from ixastate.orders import Order, in_order
from ixastate.rules import DEFAULT_EDITION

# The active leaves, in document order.
Configuration = tuple[str, ...]

SCREENING: Configuration = ("screening",)
DISCONTINUED: Configuration = ("discontinued",)


def document_order(states: Sequence[State]) -> Iterator[State]:
    """Every state and its descendants, in the order in which they are written."""
    for state in states:
        yield state
        yield from document_order(state.states)


def moves_of(chart: type[CourseChart]) -> list[Move]:
    """Every transition that the chart declares, in document order."""
    states = document_order(list(chart.states))
    return [transition for state in states for transition in state.transitions if isinstance(transition, Move)]


@dataclass(frozen=True)
class Step:
    """What one symbol did: the configuration before and after, the orders given, the rules that fired."""

    symbol: str
    before: Configuration
    after: Configuration
    orders: tuple[Order, ...]
    rules: tuple[str, ...]


class Machine:
    """One live statechart of an edition."""

    def __init__(self, edition: str = DEFAULT_EDITION) -> None:
        self.chart = build(edition)
        moves = moves_of(self.chart)
        self._internal = {raised for move in moves for raised in move.raised}
        self.symbols = tuple(sorted({move.symbol for move in moves} - self._internal))
        self._states = {state.id: state for state in document_order(list(self.chart.states))}
        self._taken: list[Move] = []
        self._live = self.chart(listeners=[self])
        self._taken.clear()

    def after_transition(self, transition: Any) -> None:
        """Called by the library after each transition that it takes."""
        if isinstance(transition, Move):
            self._taken.append(transition)

    @property
    def configuration(self) -> Configuration:
        """The active leaves in document order."""
        active = set(self._live.configuration_values)
        return tuple(state_id for state_id, state in self._states.items() if state_id in active and not state.states)

    def restore(self, configuration: Configuration) -> None:
        """Put the machine into this configuration without running an action; `ChartError` when it is not legal."""
        self._live.current_state_value = self._with_ancestors(configuration)

    def step(self, symbol: str) -> Step:
        """Send one external symbol and say what it did; `ChartError` when the alphabet does not hold it."""
        if symbol not in self.symbols:
            raise ChartError(f"{symbol!r} is no symbol of the machine", remedy=f"one of: {', '.join(self.symbols)}")
        before = self.configuration
        self.restore(before)
        self._taken.clear()
        self._live.send(symbol)
        answered = [move.symbol for move in self._taken]
        expected = [symbol, *(raised for move in self._taken for raised in move.raised)]
        if sorted(answered) != sorted(expected):
            self.restore(before)
            raise ChartError(
                f"{symbol!r} is not answered as declared: expected {expected}, took {answered}", where=str(before)
            )
        return Step(
            symbol,
            before,
            self.configuration,
            in_order(order for move in self._taken for order in move.orders),
            self.chart.edition.cite(rule for move in self._taken for rule in move.rules),
        )

    def _with_ancestors(self, configuration: Configuration) -> OrderedSet[Any]:
        active: set[str] = set()
        for leaf in configuration:
            state = self._states.get(leaf)
            if state is None or state.states:
                raise ChartError(f"{leaf!r} is no leaf of the chart", where=str(configuration))
            while state is not None:
                active.add(state.id)
                state = state.parent
        siblings = {state_id: state for state_id, state in self._states.items() if state_id in active}
        for state in siblings.values():
            children = sum(child.id in active for child in state.states)
            if state.states and children != (len(state.states) if state.parallel else 1):
                raise ChartError(f"{children} children of {state.id!r} are active at once", where=str(configuration))
        if sum(state.parent is None for state in siblings.values()) != 1:
            raise ChartError(
                "not exactly one of screening, on_treatment and discontinued is active", where=str(configuration)
            )
        return OrderedSet(siblings)
