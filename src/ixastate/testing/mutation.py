"""How much a suite notices: the share of the chart's mutants that give a wrong answer on one of its courses.

The courses are run on each mutant as symbols, on the table's own step. A mutant is noticed where it says other words
about the state, other doses or other orders than the chart, or where it gets stuck.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from ixastate.chart.status import Status, status_of
from ixastate.course.course import Course
from ixastate.errors import ChartError, CourseRefusal
from ixastate.orders import Order, in_order
from ixastate.proofs.mutants import Mutant, mutants
from ixastate.table.explore import Walker
from ixastate.table.graph import Graph
from ixastate.testing.suites.files import TestCourse

Said = tuple[Status, tuple[Order, ...]]


@dataclass
class Score:
    """How many mutants there are, and the names of those that a suite does not notice."""

    mutants: int = 0
    survivors: list[str] = field(default_factory=list)

    @property
    def killed(self) -> int:
        """How many mutants the suite notices."""
        return self.mutants - len(self.survivors)

    @property
    def percent(self) -> float:
        """The share that it notices."""
        return 100 * self.killed / self.mutants if self.mutants else 0.0


@dataclass
class Branch:
    """Courses that begin alike, as a tree: the configuration here, and for each next symbol what the chart does."""

    bits: int
    further: dict[int, tuple[tuple[int, ...], Branch]] = field(default_factory=dict)


def score(graph: Graph, courses: Iterable[TestCourse], of: Iterable[Mutant] | None = None) -> Score:
    """The mutation score of these courses over the chart's mutants (or those given)."""
    sound = Walker(graph)
    tree = branches(sound, courses)
    found = Score()
    for mutant in mutants(graph) if of is None else of:
        found.mutants += 1
        if not notices(sound, mutant.graph, tree):
            found.survivors.append(mutant.name)
    return found


def branches(sound: Walker, courses: Iterable[TestCourse]) -> Branch:
    """The courses of symbols that these courses of events mean, as one tree."""
    graph = sound.graph
    root = Branch(sound.encode(graph.initial))
    for symbols in meant(graph.edition.name, courses):
        place = root
        for name in symbols:
            symbol = graph.symbols.index(name)
            if symbol not in place.further:
                after, taken = sound.step(place.bits, symbol)
                place.further[symbol] = (taken, Branch(after))
            place = place.further[symbol][1]
    return root


def meant(edition: str, courses: Iterable[TestCourse]) -> Iterator[list[str]]:
    """For each course of events the symbols that they mean."""
    for test in courses:
        course = Course(edition=edition)
        symbols = []
        for event in test.events():
            try:
                record = course.observe(event)
            except CourseRefusal:
                continue
            if record.symbol is not None:
                symbols.append(record.symbol)
        yield symbols


def notices(sound: Walker, mutant: Graph, tree: Branch) -> bool:
    """Whether some course of the tree shows that the mutant is not the chart."""
    broken, old = acting(sound.graph, mutant)
    walker = Walker(broken)
    waiting = [(tree, tree.bits)]
    while waiting:
        place, bits = waiting.pop()
        for symbol, (taken, further) in place.further.items():
            try:
                after, others = walker.step(bits, symbol)
            except ChartError:
                return True
            alike = after == further.bits and tuple(old[number] for number in others) == taken
            if not alike and said(sound, further.bits, taken) != said(walker, after, others):
                return True
            waiting.append((further, after))
    return False


def acting(graph: Graph, mutant: Graph) -> tuple[Graph, list[int]]:
    """The mutant with its changed edge before the others of its kind, and the old number of each edge (-1: changed).

    Where the fault leaves two edges open, the changed one is taken: a guard that is merely never asked is no fault.
    """
    different = {edge.number for edge, other in zip(graph.edges, mutant.edges, strict=True) if edge != other}
    edges = sorted(mutant.edges, key=lambda edge: (edge.source, edge.symbol, edge.number not in different, edge.number))
    renumbered = tuple(replace(edge, number=number) for number, edge in enumerate(edges))
    return replace(mutant, edges=renumbered), [-1 if edge.number in different else edge.number for edge in edges]


def said(walker: Walker, bits: int, taken: Sequence[int]) -> Said:
    """What a person is told after a step: the status, and the orders."""
    graph = walker.graph
    now = status_of(graph.meanings, walker.decode(bits))
    return now, in_order(order for number in taken for order in graph.edges[number].orders)
