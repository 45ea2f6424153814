"""Mutation testing of the chart of a dose: every fault of some kinds, each of which a named property must find.

The chart is small, so that no sample is needed: every edge is changed in every way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from ixastate.orders import Order
from ixastate.symbols import Configuration
from ixastate.table.graph import Edge
from ixastate.table.slot import SlotGraph, SlotStep, SlotTable

PERMIT = Order("permit_late_dose", "ixazomib")
# The ways in which a kind of fault changes an edge, each with a word for it.
Changes = Callable[[SlotGraph, Edge], Iterator[tuple[str, Edge]]]


@dataclass(frozen=True, eq=False)
class _Reusing(SlotTable):
    """A machine that differs from another one in one edge."""

    sound: SlotTable
    edge: Edge

    def made(self, before: Configuration, symbol: str) -> SlotStep | None:
        """As the sound machine, wherever the edge has no say."""
        known = self.sound.moves.get((before, symbol))
        if known is None or (symbol == self.edge.symbol and self.edge.source in before):
            return super().made(before, symbol)
        return known


@dataclass(frozen=True)
class SlotMutant:
    """The chart of a dose with one fault: the kind of change, the edge and what was done to it, and the graph."""

    change: str
    edge: Edge
    what: str
    graph: SlotGraph

    def table(self, sound: SlotTable) -> SlotTable:
        """The machine of the mutant. Where its edge has no say it does what the sound one does."""
        return _Reusing(self.graph, sound, self.edge)

    @property
    def name(self) -> str:
        """Such as 'target moved: slot_due --reported_vomited--> slot_vomited (slot_taken)'."""
        return f"{self.change}: {self.edge} ({self.what})"


def guard_negated(graph: SlotGraph, edge: Edge) -> Iterator[tuple[str, Edge]]:
    """The guard says the opposite."""
    if edge.guard:
        yield "negated", replace(edge, guard=edge.guard.negated())


def guard_dropped(graph: SlotGraph, edge: Edge) -> Iterator[tuple[str, Edge]]:
    """The guard is always open."""
    if edge.guard:
        yield "always open", replace(edge, guard=None)


def target_moved(graph: SlotGraph, edge: Edge) -> Iterator[tuple[str, Edge]]:
    """The edge leads to each other state of its region, or to none."""
    for leaf in graph.regions[graph.region_of(edge.source)]:
        if leaf not in (edge.source, *edge.targets):
            yield leaf, replace(edge, targets=(leaf,))
    if edge.targets:
        yield "stays", replace(edge, targets=())


def order_lost(graph: SlotGraph, edge: Edge) -> Iterator[tuple[str, Edge]]:
    """One of the orders is not given."""
    for order in edge.orders:
        yield str(order), replace(edge, orders=tuple(other for other in edge.orders if other != order))


def permission_added(graph: SlotGraph, edge: Edge) -> Iterator[tuple[str, Edge]]:
    """A dose is permitted where none is."""
    if PERMIT not in edge.orders:
        yield str(PERMIT), replace(edge, orders=(*edge.orders, PERMIT))


def clause_lost(graph: SlotGraph, edge: Edge) -> Iterator[tuple[str, Edge]]:
    """An edge that orders something does not cite one of the clauses of the text that it rests on."""
    for rule in edge.rules:
        if edge.orders and len(edge.rules) > 1 and graph.edition.rule(rule).kind == "label":
            yield rule, replace(edge, rules=tuple(other for other in edge.rules if other != rule))


SLOT_CHANGES: tuple[Changes, ...] = (
    guard_negated,
    guard_dropped,
    target_moved,
    order_lost,
    permission_added,
    clause_lost,
)


def slot_mutants(graph: SlotGraph) -> Iterator[SlotMutant]:
    """Every mutant of every kind, edge by edge; then, for each edge, the chart without it."""
    for change in SLOT_CHANGES:
        kind = change.__name__.replace("_", " ")
        for edge in graph.edges:
            for what, changed in change(graph, edge):
                edges = tuple(changed if other is edge else other for other in graph.edges)
                yield SlotMutant(kind, edge, what, replace(graph, edges=edges))
    for edge in graph.edges:
        edges = tuple(other for other in graph.edges if other is not edge)
        yield SlotMutant("transition lost", edge, "lost", replace(graph, edges=edges))
