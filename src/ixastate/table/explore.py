"""State-space exploration: every configuration that a course can reach, and a shortest course to each.

A breadth-first walk over the Graph. For speed a configuration is an integer with one bit a leaf, and a guard a test
of bits; `Graph.step` is the slow and obvious form of the same step, and a test holds the two together.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce

from ixastate.chart.guards import All, AnyOf, Guard, Leaf
from ixastate.errors import ChartError
from ixastate.symbols import Configuration
from ixastate.table.graph import Edge, Graph
from ixastate.table.walk import walk

BitTest = Callable[[int], object]


class Walker:
    """The Graph's step on configurations of bits."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._bits = {leaf: 1 << number for number, leaf in enumerate(graph.leaves)}
        self._known: dict[int, Configuration] = {}
        self._final = self.encode(graph.final)
        names = (*graph.symbols, *graph.internal)
        self._numbers = {symbol: number for number, symbol in enumerate(names)}
        self._candidates = [self._candidates_of(symbol) for symbol in names]

    def encode(self, configuration: Configuration) -> int:
        """A configuration as bits."""
        return sum(self._bits[leaf] for leaf in configuration)

    def decode(self, bits: int) -> Configuration:
        """The configuration of these bits."""
        half = len(self._bits) // 2
        return self._leaves(bits & ((1 << half) - 1)) + self._leaves(bits >> half << half)

    def _leaves(self, bits: int) -> Configuration:
        """The leaves of these bits. Half a configuration has few forms, so that each is looked for once."""
        known = self._known.get(bits)
        if known is None:
            known = self._known[bits] = tuple(leaf for leaf, bit in self._bits.items() if bits & bit)
        return known

    def step(self, bits: int, symbol: int) -> tuple[int, tuple[int, ...]]:
        """What an external symbol (by its number) does: the bits after it, and the numbers of the edges taken."""
        taken: list[int] = []
        queue = [symbol]
        for asked in queue:
            selected = []
            spoken_for = 0
            for source, ready, clear, enter, raised, number in self._candidates[asked]:
                # Inner sources come first, and a source that has answered silences what lies around it.
                if bits & source and not spoken_for & source and ready(bits):
                    selected.append((clear, enter, raised, number))
                    spoken_for |= source
            if not selected:
                name = list(self._numbers)[asked]
                raise ChartError(f"{name!r} goes unanswered", where=", ".join(self.decode(bits)))
            for clear, enter, raised, number in selected:
                bits = bits & ~clear | enter
                taken.append(number)
                queue.extend(raised)
            if bits == self._final:
                break
        return bits, tuple(taken)

    def _candidates_of(self, symbol: str) -> list[tuple[int, BitTest, int, int, list[int], int]]:
        edges = [edge for edge in self.graph.edges if edge.symbol == symbol]
        edges.sort(key=lambda edge: (-len(self.graph.ancestry(edge.source)), edge.number))
        return [
            (
                self._within(edge.source),
                self._test(edge.guard),
                *self._effect(edge),
                [self._numbers[raised] for raised in edge.raised],
                edge.number,
            )
            for edge in edges
        ]

    def _within(self, state_id: str) -> int:
        """The bits of a leaf, or of all leaves inside a state."""
        return sum(bit for leaf, bit in self._bits.items() if state_id in self.graph.ancestry(leaf))

    def _effect(self, edge: Edge) -> tuple[int, int]:
        """The bits that an edge clears and those that it sets."""
        if not edge.targets:
            return 0, 0
        everything = sum(self._bits.values())
        parent = self.graph.ancestry(edge.source)[1:2]
        if edge.targets != self.graph.final and parent and parent[0] in self.graph.regions:
            return self._bits[edge.source], self._bits[edge.targets[0]]
        return everything, self.encode(self.graph.entered(edge.targets))

    def _test(self, guard: Guard | None) -> BitTest:
        """A guard as a test of bits: a leaf of its tree is one mask."""
        if guard is None:
            return lambda bits: True
        if isinstance(guard, Leaf):
            mask = sum(self._bits[state] for state in guard.states)
            return (lambda bits: bits & mask) if guard.active else (lambda bits: not bits & mask)
        if isinstance(guard, All | AnyOf):
            join = _both if isinstance(guard, All) else _either
            return reduce(join, (self._test(part) for part in guard.joined))
        raise ChartError(f"the guard {guard.name!r} is of no known kind", where="explore")


def _both(one: BitTest, other: BitTest) -> BitTest:
    return lambda bits: one(bits) and other(bits)


def _either(one: BitTest, other: BitTest) -> BitTest:
    return lambda bits: one(bits) or other(bits)


@dataclass(frozen=True)
class Space:
    """Every reachable configuration, numbered breadth first, with every move.

    `next[n * len(symbols) + s]` is the configuration after symbol s in configuration n, and `output` at the same
    place the number of the tuple of edges taken. `came_from[n]` is the (configuration, symbol) by which n was first
    reached. A symbol that a phase does not take in leads back to the same configuration with output 0: no edges.
    """

    graph: Graph
    bits: tuple[int, ...]
    next: array[int]
    output: array[int]
    outputs: tuple[tuple[int, ...], ...]
    came_from: tuple[tuple[int, int], ...]

    def course_to(self, number: int) -> list[str]:
        """The symbols of a shortest course to a configuration."""
        course: list[str] = []
        while number:
            number, symbol = self.came_from[number]
            course.append(self.graph.symbols[symbol])
        return course[::-1]

    def moves(self) -> Iterator[tuple[int, int, int, tuple[int, ...]]]:
        """Every move: configuration, symbol, configuration after it, and the edges taken."""
        width = len(self.graph.symbols)
        for place, (after, output) in enumerate(zip(self.next, self.output, strict=True)):
            if output:
                yield place // width, place % width, after, self.outputs[output]


def explore(graph: Graph) -> Space:
    """Walk breadth first from screening until nothing new is found."""
    walker = Walker(graph)
    phases = {walker.encode(graph.final): set[int]()}
    own = {edge.symbol for edge in graph.edges if edge.source == graph.initial[0]}
    phases[walker.encode(graph.initial)] = {graph.symbols.index(symbol) for symbol in own}
    elsewhere = {edge.symbol for edge in graph.edges if edge.source != graph.initial[0]}
    on_treatment = {number for number, symbol in enumerate(graph.symbols) if symbol in elsewhere}

    symbols = graph.symbols
    # For each configuration in turn, the configuration after each symbol and the number of the edges taken.
    reached: list[int] = []
    output = array("I")
    outputs: dict[tuple[int, ...], int] = {(): 0}

    def onward(bits: int) -> Iterator[tuple[int, int]]:
        taken_in = phases.get(bits, on_treatment)
        for symbol in range(len(symbols)):
            after, edges = walker.step(bits, symbol) if symbol in taken_in else (bits, ())
            reached.append(after)
            output.append(outputs.setdefault(edges, len(outputs)))
            yield symbol, after

    found = walk([walker.encode(graph.initial)], onward)
    numbers = {bits: number for number, bits in enumerate(found)}
    following = array("I", map(numbers.__getitem__, reached))
    came_from = ((numbers[before[0]], before[1]) if before else (0, 0) for before in found.came_from.values())
    return Space(graph, tuple(found), following, output, tuple(outputs), tuple(came_from))
