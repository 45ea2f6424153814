"""How the chart is written: transitions with their symbol, guard, orders and rules; regions; the step that takes them.

`transition` declares one transition with its symbol, its guard, the symbols it raises, the orders it gives and the
rules it rests on, as data. This module knows how python-statemachine is written; it knows no drug and no toxicity.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from statemachine import State, StateChart
from statemachine.transition import Transition as LibraryTransition

from ixastate.chart.guards import Guard
from ixastate.chart.states import Meaning
from ixastate.chart.status import Status
from ixastate.events import Drug
from ixastate.orders import Order, net_effect
from ixastate.rules import Edition
from ixastate.symbols import Configuration, owed_by


class Transition(LibraryTransition):
    """One transition of the chart, with what travels with it: symbol, guard, raised symbols, orders, rules."""

    def __init__(
        self,
        source: State,
        symbol: str,
        target: State | list[State] | None,
        rules: str,
        when: Guard | None,
        raises: Sequence[str],
        orders: Sequence[Order],
    ) -> None:
        def raise_symbols(machine: StateChart[Any]) -> None:
            for raised in raises:
                machine.raise_(raised)

        cond = when.expression if when else None
        super().__init__(source, target, event=symbol, cond=cond, on=raise_symbols if raises else None)
        self.symbol = symbol
        self.when = when
        self.raised = tuple(raises)
        self.orders = tuple(orders)
        self.rules = tuple(rules.split())


def transition(
    source: State,
    symbol: str,
    target: State | list[State] | None,
    rules: str,
    *,
    when: Guard | None = None,
    raises: Sequence[str] = (),
    orders: Sequence[Order] = (),
) -> None:
    """Declare one transition. A target of None means that the symbol is understood and no state is left."""
    source.transitions.add_transitions(Transition(source, symbol, target, rules, when, raises, orders))


# One transition in one line: from, symbol, guard, to, what it raises, orders, rules.
Row = tuple[State, str, Guard | None, State | None, Sequence[str], Sequence[Order], str]


def rows(table: Sequence[Row]) -> None:
    """Declare one transition for each row."""
    for source, symbol, when, target, raises, orders, rules in table:
        transition(source, symbol, target, rules, when=when, raises=raises, orders=orders)


def parallel(name: str, regions: Mapping[str, State]) -> Any:
    """A parallel state of this name, whose regions run side by side."""
    return types.new_class(name, (State.Parallel,), {}, lambda body: body.update(regions))


def compound(name: str, states: Mapping[str, State]) -> Any:
    """A region: a compound state of this name with these children."""
    return types.new_class(name, (State.Compound,), {}, lambda body: body.update(states))


def document_order(states: Sequence[State]) -> Iterator[State]:
    """Every state and its descendants, in the order in which they are written."""
    for state in states:
        yield state
        yield from document_order(state.states)


def transitions_of(chart: type[StateChart[Any]]) -> list[Transition]:
    """Every transition that a chart declares, in document order."""
    states = document_order(list(chart.states))
    return [one for state in states for one in state.transitions if isinstance(one, Transition)]


class Taken(Protocol):
    """What a step must know of a transition that it took."""

    @property
    def raised(self) -> tuple[str, ...]:
        """The symbols that it raised."""

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that it rests on."""


# The drugs of which a step asked for a reduction, each with the rules of the transition that asked for it.
Asked = tuple[tuple[Drug, tuple[str, ...]], ...]


def asked_by(taken: Iterable[Taken]) -> Asked:
    """The reductions for which these transitions asked: at once, or owed until the release of the drug."""
    owed = ((owed_by(one.raised), one.rules) for one in taken)
    return tuple((drug, rules) for drug, rules in owed if drug is not None)


@dataclass(frozen=True)
class Step:
    """What one symbol did: the configuration before and after, the status after it, the orders and rules.

    `asked` are the drugs of which it asked for a reduction, with the rules that asked. `edges` are the numbers of the
    transitions taken, in order, where a Graph made the step.
    """

    symbol: str
    before: Configuration
    after: Configuration
    status: Status
    orders: tuple[Order, ...]
    rules: tuple[str, ...]
    asked: Asked = ()
    edges: tuple[int, ...] = field(default=(), compare=False)

    @cached_property
    def net(self) -> tuple[Order, ...]:
        """What is to be done in the end, where nothing else is asked for."""
        return net_effect((self.orders,))

    def __repr__(self) -> str:
        orders = f"; {'; '.join(map(str, self.orders))}" if self.orders else ""
        return f"<Step {self.symbol} → {self.status.words}{orders}>"


class Machine(Protocol):
    """What a course steps on: the live statechart of an edition, or the same compiled."""

    @property
    def edition(self) -> Edition:
        """The rules that it was built by."""

    @property
    def meanings(self) -> Mapping[str, Meaning]:
        """What each leaf means."""

    def step(self, before: Configuration, symbol: str) -> Step:
        """What an external symbol does in a configuration; `ChartError` when it is not answered."""

    def status(self, configuration: Configuration) -> Status:
        """What a configuration means to a person."""

    def require_legal(self, configuration: Configuration) -> None:
        """`ChartError` when these are not the leaves of one configuration."""
