"""Mutation testing: faults put into the chart one at a time, to see whether the proofs would notice.

A mutant is a Graph with one thing changed: a guard negated or dropped, a target moved, a raised symbol lost or
swapped, a stop removed, a floor shifted, an order lost or wrong. They are made from the Graph by rule, in a fixed
order, so that the same chart has the same mutants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from ixastate.chart.states import Level
from ixastate.events import Drug
from ixastate.symbols import BOTH, RAISED, Raised, owed_by
from ixastate.table.graph import Edge, Graph

SWAPPED: dict[Drug, Drug] = dict(zip(BOTH, reversed(BOTH), strict=True))
Change = Callable[[Graph, Edge], Edge | None]


@dataclass(frozen=True)
class Mutant:
    """A chart with one fault: the kind of change, the edge that it was made to, and the graph."""

    change: str
    edge: str
    graph: Graph

    @property
    def name(self) -> str:
        """The change and the edge, such as 'orders lost: ixazomib_given_3 --hold_ixazomib--> ixazomib_held_3'."""
        return f"{self.change}: {self.edge}"


def guard_negated(graph: Graph, edge: Edge) -> Edge | None:
    """The guard says the opposite."""
    return replace(edge, guard=edge.guard.negated()) if edge.guard else None


def guard_dropped(graph: Graph, edge: Edge) -> Edge | None:
    """The guard is always open."""
    return replace(edge, guard=None) if edge.guard else None


def target_moved(graph: Graph, edge: Edge) -> Edge | None:
    """The edge leads to the next state of its region instead."""
    for leaves in graph.regions.values():
        if len(edge.targets) == 1 and edge.targets[0] in leaves and edge.source in leaves:
            others = [leaf for leaf in leaves if leaf not in (edge.targets[0], edge.source)]
            if others:
                return replace(edge, targets=(others[leaves.index(edge.targets[0]) % len(others)],))
    return None


def raised_lost(graph: Graph, edge: Edge) -> Edge | None:
    """The first symbol that the edge raises is lost."""
    return replace(edge, raised=edge.raised[1:]) if edge.raised else None


def turn_swapped(graph: Graph, edge: Edge) -> Edge | None:
    """The reduction falls on the other drug."""
    owed = owed_by(edge.raised)
    if owed is None:
        return None
    swapped = {Raised("owe", drug).name: Raised("owe", SWAPPED[drug]).name for drug in BOTH}
    return replace(edge, raised=tuple(swapped.get(name, name) for name in edge.raised))


def stop_removed(graph: Graph, edge: Edge) -> Edge | None:
    """What stopped treatment is passed over."""
    return (
        replace(edge, targets=(), orders=())
        if edge.targets == graph.final and edge.source not in graph.initial
        else None
    )


def hold_ignored(graph: Graph, edge: Edge) -> Edge | None:
    """A drug is not held, and the episode begins all the same."""
    kept = tuple(name for name in edge.raised if RAISED[name].verb != "hold")
    return replace(edge, raised=kept) if kept != edge.raised else None


def floor_shifted(graph: Graph, edge: Edge) -> Edge | None:
    """Ixazomib's floor is taken for one level higher."""
    if edge.guard is None:
        return None
    above, floor = graph.edition.ixazomib_ladder_mg[-2:]
    shifts = {Level("ixazomib", floor, how).id: Level("ixazomib", above, how).id for how in ("given", "held")}
    shifted = edge.guard.renamed(shifts)
    return replace(edge, guard=shifted) if shifted != edge.guard else None


def orders_lost(graph: Graph, edge: Edge) -> Edge | None:
    """The edge asks for nothing."""
    return replace(edge, orders=()) if edge.orders else None


def dose_wrong(graph: Graph, edge: Edge) -> Edge | None:
    """The orders name half the dose."""
    if not any(order.dose_mg for order in edge.orders):
        return None
    return replace(edge, orders=tuple(replace(order, dose_mg=order.dose_mg / 2) for order in edge.orders))


CHANGES: tuple[Change, ...] = (
    guard_negated,
    guard_dropped,
    target_moved,
    raised_lost,
    turn_swapped,
    stop_removed,
    hold_ignored,
    floor_shifted,
    orders_lost,
    dose_wrong,
)


def mutants(graph: Graph) -> Iterator[Mutant]:
    """Every mutant of every change, edge by edge; mutants that are the chart itself are left out."""
    for change in CHANGES:
        for edge in graph.edges:
            changed = change(graph, edge)
            if changed is not None and changed != edge and str(edge) not in graph.unreachable:
                edges = tuple(changed if other.number == edge.number else other for other in graph.edges)
                yield Mutant(change.__name__.replace("_", " "), str(edge), replace(graph, edges=edges))


def sample(graph: Graph, each: int) -> list[Mutant]:
    """Some mutants of each change, spread evenly over the chart."""
    by_change: dict[str, list[Mutant]] = {}
    for mutant in mutants(graph):
        by_change.setdefault(mutant.change, []).append(mutant)
    return [
        found[place * len(found) // min(each, len(found))]
        for found in by_change.values()
        for place in range(min(each, len(found)))
    ]
