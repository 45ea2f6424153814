"""What a transition carries: the words in which the chart is written.

`move` declares one transition with everything that travels with it as data: its symbol, its guard, the symbols it
raises, the orders it gives and the rules it rests on. This module knows how python-statemachine is written; it
knows nothing of drugs or toxicities.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from statemachine import State, StateChart
from statemachine.transition import Transition

from ixastate.orders import Order


@dataclass(frozen=True)
class Guard:
    """A condition on the configuration: its name, and its SCXML expression."""

    name: str
    expression: str

    def __and__(self, other: Guard) -> Guard:
        return Guard(f"{self.name}, {other.name}", f"({self.expression}) and ({other.expression})")

    def __or__(self, other: Guard) -> Guard:
        return Guard(f"{self.name}, or {other.name}", f"({self.expression}) or ({other.expression})")


def some_active(name: str, state_ids: Iterable[str]) -> Guard:
    """True when one of these states is active."""
    return Guard(name, " or ".join(f"In('{state_id}')" for state_id in state_ids))


def none_active(name: str, state_ids: Iterable[str]) -> Guard:
    """True when none of these states is active."""
    return Guard(name, " and ".join(f"not In('{state_id}')" for state_id in state_ids))


class Move(Transition):
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


def move(
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
    source.transitions.add_transitions(Move(source, symbol, target, rules, when, raises, orders))


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


def moves_of(chart: type[StateChart[Any]]) -> list[Move]:
    """Every transition that a chart declares, in document order."""
    states = document_order(list(chart.states))
    return [transition for state in states for transition in state.transitions if isinstance(transition, Move)]
