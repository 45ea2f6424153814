"""A guard as every export spells it: tests of single states, joined by and, or."""

from __future__ import annotations

from dataclasses import dataclass

from ixastate.chart.guards import All, AnyOf, Guard
from ixastate.chart.guards import Leaf as Question
from ixastate.errors import ChartError
from ixastate.table.graph import Graph


@dataclass(frozen=True)
class Leaf:
    """A test of one state: that it is active, or that it is not."""

    state: str
    active: bool


@dataclass(frozen=True)
class Joint:
    """Several conditions of which all must hold, or any."""

    every: bool
    parts: tuple[Condition, ...]


Condition = Leaf | Joint


def condition(guard: Guard) -> Condition:
    """A guard as tests of single states; "not" stands at the tests, because not every language has a word for it."""
    match guard:
        case Question(states=states, active=active):
            tests = tuple(Leaf(state, active) for state in states)
            return tests[0] if len(tests) == 1 else Joint(not active, tests)
        case All(joined=joined):
            return Joint(True, tuple(condition(part) for part in joined))
        case AnyOf(joined=joined):
            return Joint(False, tuple(condition(part) for part in joined))
    raise ChartError(f"the guard {guard.name!r} is of no known kind", where="exchange")


def named(graph: Graph) -> dict[str, Condition]:
    """Every guard of a graph by its name; `ChartError` when one name stands for two conditions."""
    found: dict[str, Guard] = {}
    for edge in graph.edges:
        if edge.guard and found.setdefault(edge.guard.name, edge.guard) != edge.guard:
            raise ChartError(f"the guard name {edge.guard.name!r} stands for two conditions", where=str(edge))
    return {name: condition(guard) for name, guard in sorted(found.items())}
