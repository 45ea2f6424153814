"""The chart as plain data: read once from the class, frozen, sorted, and never run by the library again.

`read` turns the statechart class into a `Graph` of states, regions and edges. An edge that rests on no rule is
refused. `Graph.step` walks it: a second, small implementation of the macrostep, which is proved equal to the live
machine move by move. Diagrams, tables, proofs and exports are made from a Graph, never from the class.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from statemachine import State, StateChart

from ixastate.chart.builder import Step, Transition, asked_by, document_order, transitions_of
from ixastate.chart.chart import CourseChart
from ixastate.chart.guards import Guard
from ixastate.chart.states import Episode, Level, Meaning, holds, levels
from ixastate.chart.status import status_of
from ixastate.errors import ChartError
from ixastate.orders import Order, in_order
from ixastate.registry import Picture, find
from ixastate.rules import Edition
from ixastate.symbols import Configuration, starts


@dataclass(frozen=True)
class Node:
    """One state: its parent ('' for a root state), its kind, and whether its parent enters it first."""

    id: str
    parent: str
    kind: Literal["leaf", "region", "parallel", "final"]
    initial: bool


@dataclass(frozen=True)
class Edge:
    """One transition. `targets` is empty when nothing is left; `guard` is None when there is none."""

    number: int
    source: str
    symbol: str
    targets: tuple[str, ...]
    guard: Guard | None
    raised: tuple[str, ...]
    orders: tuple[Order, ...]
    rules: tuple[str, ...]

    def open(self, active: frozenset[str]) -> bool:
        """Whether its guard lets it be taken while these leaves are active."""
        return self.guard is None or self.guard.holds(active)

    def __str__(self) -> str:
        guard = f" [{self.guard}]" if self.guard else ""
        return f"{self.source} --{self.symbol}{guard}--> {', '.join(self.targets) or 'stays'}"


class States:
    """The states of a chart as a tree, in document order: which of them are active with which leaves."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.leaves = tuple(node.id for node in nodes if node.kind in ("leaf", "final"))
        self._parents = {node.id: node.parent for node in nodes}
        self._is_leaf = frozenset(self.leaves)
        # How many children of each state are active when it is.
        self._children = {node.id: 1 for node in nodes if node.kind == "region"}
        for node in nodes:
            if node.kind == "parallel":
                self._children[node.id] = sum(other.parent == node.id for other in nodes)

    def active(self, configuration: Configuration) -> list[str]:
        """Every active state of a configuration, in document order; `ChartError` when it is not legal.

        In a legal configuration one root state is active, one child of an active region, and every child of an active
        parallel state.
        """
        # A saved configuration can hold any text.
        where = ", ".join(leaf if leaf.isprintable() else repr(leaf) for leaf in configuration)
        if len(set(configuration)) != len(configuration):
            raise ChartError("a leaf is named twice", where=where)
        found: set[str] = set()
        for leaf in configuration:
            if leaf not in self._is_leaf:
                raise ChartError(f"{leaf!r} is no leaf of the chart", where=where)
            state = leaf
            while state:
                found.add(state)
                state = self._parents[state]
        active = [state for state in self._parents if state in found]
        children = Counter(self._parents[state] for state in active)
        for state in active:
            if children[state] != self._children.get(state, 0):
                raise ChartError(f"{children[state]} children of {state!r} are active", where=where)
        if children[""] != 1:
            raise ChartError(f"{children['']} root states are active, not one", where=where)
        return active


@dataclass(frozen=True)
class ChartGraph:
    """A chart as data, of a course or of a dose. States stand in document order, edges by source, symbol and guard.

    `meanings` says what each leaf means.
    """

    edition: Edition
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    meanings: dict[str, Meaning]

    def region_of(self, leaf: str) -> str:
        """The region of a leaf; '' for one outside treatment."""
        return self._parents[leaf]

    @cached_property
    def leaves(self) -> tuple[str, ...]:
        """Every state without children, in document order."""
        return tuple(node.id for node in self.nodes if node.kind in ("leaf", "final"))

    @cached_property
    def regions(self) -> dict[str, tuple[str, ...]]:
        """The leaves of each region."""
        names = [node.id for node in self.nodes if node.kind == "region"]
        return {name: tuple(node.id for node in self.nodes if node.parent == name) for name in names}

    @cached_property
    def internal(self) -> tuple[str, ...]:
        """The symbols that only the chart itself raises."""
        return tuple(sorted({raised for edge in self.edges for raised in edge.raised}))

    @cached_property
    def final(self) -> Configuration:
        """The configuration in which a course ends; () for a chart without a final state."""
        return next(((node.id,) for node in self.nodes if node.kind == "final"), ())

    @cached_property
    def _first(self) -> dict[str, str]:
        """The state that each region enters first."""
        return {node.parent: node.id for node in self.nodes if node.initial and node.parent in self.regions}

    @cached_property
    def _written(self) -> list[list[object]]:
        """Every edge as a digest reads it."""
        return [
            [
                edge.source,
                edge.symbol,
                edge.targets,
                edge.guard.name if edge.guard else "",
                edge.guard.expression if edge.guard else "",
                edge.raised,
                list(map(str, edge.orders)),
                edge.rules,
            ]
            for edge in self.edges
        ]

    @cached_property
    def _parents(self) -> dict[str, str]:
        return {node.id: node.parent for node in self.nodes}

    @cached_property
    def _out(self) -> dict[tuple[str, str], list[Edge]]:
        """The edges by source and symbol."""
        out: dict[tuple[str, str], list[Edge]] = {}
        for edge in self.edges:
            out.setdefault((edge.source, edge.symbol), []).append(edge)
        return out

    def active(self, configuration: Configuration) -> list[str]:
        """Every active state of a configuration, in document order; `ChartError` when it is not legal."""
        return self._states.active(configuration)

    @cached_property
    def _states(self) -> States:
        return States(self.nodes)

    def open_edges(self, configuration: Configuration, symbol: str) -> list[Edge]:
        """Every edge that this symbol opens: one for each source, were the guards disjoint."""
        active = frozenset(configuration)
        sources = dict.fromkeys(state for leaf in configuration for state in self.ancestry(leaf))
        edges = [edge for source in sources for edge in self._out.get((source, symbol), ())]
        return [edge for edge in edges if edge.open(active)]

    def ancestry(self, state_id: str) -> list[str]:
        """A state and what it lies in, from the inside out."""
        line = []
        while state_id:
            line.append(state_id)
            state_id = self._parents[state_id]
        return line

    def taken(self, before: Configuration, symbol: str) -> tuple[Configuration, tuple[Edge, ...]]:
        """The configuration after an external symbol, and the edges taken in order; `ChartError` when none is."""
        configuration = before
        taken: list[Edge] = []
        queue = deque([symbol])
        while queue:
            asked = queue.popleft()
            edges = self._select(configuration, asked)
            if not edges:
                raise ChartError(f"{asked!r} goes unanswered", where=", ".join(configuration))
            for edge in edges:
                configuration = self._take(configuration, edge)
                taken.append(edge)
                queue.extend(edge.raised)
            if configuration == self.final:
                break
        return configuration, tuple(taken)

    def _select(self, configuration: Configuration, symbol: str) -> list[Edge]:
        """One edge a leaf at most, the innermost first; an edge of a common ancestor counts once."""
        active = frozenset(configuration)
        chosen: dict[int, Edge] = {}
        for leaf in configuration:
            for source in self.ancestry(leaf):
                edge = next((edge for edge in self._out.get((source, symbol), ()) if edge.open(active)), None)
                if edge is not None:
                    chosen[edge.number] = edge
                    break
        return list(chosen.values())

    def _take(self, configuration: Configuration, edge: Edge) -> Configuration:
        if not edge.targets:
            return configuration
        if edge.targets != self.final and edge.source in configuration and self._parents[edge.source]:
            return tuple(edge.targets[0] if leaf == edge.source else leaf for leaf in configuration)
        return self.entered(edge.targets)

    def entered(self, targets: tuple[str, ...]) -> Configuration:
        """The configuration after entering these states from outside: the other regions at their first states."""
        if targets == self.final:
            return self.final
        entered = {self._parents[target]: target for target in targets}
        return tuple(entered.get(name, self._first[name]) for name in self.regions)


@dataclass(frozen=True)
class Graph(ChartGraph):
    """The whole chart of a course as data.

    `unreachable` names the edges that no course takes and that are there because a pattern is whole.
    """

    unreachable: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<Graph {self.edition.name}: {len(self.leaves)} states, {len(self.edges)} transitions>"

    def diagram(self) -> Picture:
        """The whole chart as a picture that a notebook shows."""
        picture: Picture = find("picture of a graph")(self)
        return picture

    def _repr_svg_(self) -> str:
        return self.diagram().svg

    @cached_property
    def levels(self) -> dict[str, Level]:
        """The leaves that are levels of a drug."""
        return levels(self.meanings)

    @cached_property
    def holds(self) -> dict[str, Episode]:
        """The leaves that hold a drug."""
        return holds(self.meanings)

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """The external symbols: the machine's input alphabet, the usual start first."""
        external = {edge.symbol for edge in self.edges} - set(self.internal)
        names = [start.name for start in starts(self.edition)]
        return (*names, *sorted(external - set(names)))

    @cached_property
    def initial(self) -> Configuration:
        """The configuration in which a course begins."""
        return next((node.id,) for node in self.nodes if node.initial and not node.parent)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the rules, their numbers, and every edge: two charts that differ in anything differ here."""
        text = json.dumps(
            [
                self.edition.model_dump(mode="json"),
                [[node.id, node.parent, node.kind, node.initial] for node in self.nodes],
                self._written,
                [[name, level.drug, level.mg, level.standing] for name, level in sorted(self.levels.items())],
                [[name, hold.reason, hold.drugs] for name, hold in sorted(self.holds.items())],
                self.unreachable,
            ]
        )
        return hashlib.sha256(text.encode()).hexdigest()

    def step(self, before: Configuration, symbol: str) -> Step:
        """What an external symbol does; `ChartError` when the chart leaves it, or what it raises, unanswered."""
        configuration, taken = self.taken(before, symbol)
        return Step(
            symbol,
            before,
            configuration,
            status_of(self.meanings, configuration),
            in_order(order for edge in taken for order in edge.orders),
            self.edition.cite(rule for edge in taken for rule in edge.rules),
            asked_by(taken),
            tuple(edge.number for edge in taken),
        )


def read(chart: type[CourseChart]) -> Graph:
    """The chart as data; `ChartError` for an edge that rests on no rule, or a guard that asks about no leaf."""
    nodes, edges = read_parts(chart, chart.edition)
    return Graph(chart.edition, nodes, edges, chart.meanings, chart.unreachable)


def read_parts(chart: type[StateChart[Any]], edition: Edition) -> tuple[tuple[Node, ...], tuple[Edge, ...]]:
    """The states and the transitions of any chart that cites this edition; `ChartError` as `read`."""
    nodes = nodes_of(chart)
    leaves = {node.id for node in nodes if node.kind in ("leaf", "final")}
    edges = tuple(_edge(number, one, edition, leaves) for one, number in edge_numbers(chart).items())
    return nodes, edges


def edge_numbers(chart: type[StateChart[Any]]) -> dict[Transition, int]:
    """The number of the edge that each transition of a chart becomes."""
    written = enumerate(transitions_of(chart))
    ordered = sorted(written, key=lambda pair: (pair[1].source.id, pair[1].symbol, pair[0]))
    return {one: number for number, (_, one) in enumerate(ordered)}


def nodes_of(chart: type[StateChart[Any]]) -> tuple[Node, ...]:
    """The states of any chart, in document order."""
    return tuple(_node(state) for state in document_order(list(chart.states)))


def _node(state: State) -> Node:
    kind: Literal["leaf", "region", "parallel", "final"] = "leaf"
    if state.final:
        kind = "final"
    elif state.states:
        kind = "parallel" if state.parallel else "region"
    return Node(state.id, state.parent.id if state.parent else "", kind, bool(state.initial))


def _edge(number: int, one: Transition, edition: Edition, leaves: set[str]) -> Edge:
    if not one.rules:
        raise ChartError(f"the transition on {one.symbol!r} rests on no rule", where=one.source.id)
    if one.when and (odd := sorted(one.when.leaves() - leaves)):
        raise ChartError(f"the guard {one.when.name!r} asks about {odd[0]!r}, which is no leaf", where=one.source.id)
    return Edge(
        number,
        one.source.id,
        one.symbol,
        tuple(state.id for state in one.targets if state is not None),
        one.when,
        one.raised,
        one.orders,
        edition.cite(one.rules),
    )
