"""Mutation testing of suites: the share of the chart's mutants that a suite kills.

A mutant is the chart with one fault. A suite kills it when the mutant gives a wrong answer on one of its courses.

The courses are run on each mutant as symbols, by the step of bits. A wrong answer is another status or other orders
than those of the chart, or none because the mutant is stuck. An event that means several symbols is answered once,
after the last of them, and of its orders those of the last are compared.
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

Output = tuple[Status, tuple[Order, ...]]


@dataclass
class Score:
    """The mutation score: how many mutants there are, and the names of those that survive."""

    mutants: int = 0
    survivors: list[str] = field(default_factory=list)

    @property
    def killed(self) -> int:
        """How many mutants the suite kills."""
        return self.mutants - len(self.survivors)

    @property
    def percent(self) -> float:
        """The share that it kills, in percent."""
        return 100 * self.killed / self.mutants if self.mutants else 0.0


@dataclass
class Branch:
    """Courses as a prefix tree: the configuration here, and what the chart does at each next symbol.

    `answered`: an event ends here in some course, so that a program would have answered.
    """

    bits: int
    answered: bool = False
    further: dict[int, tuple[tuple[int, ...], Branch]] = field(default_factory=dict)


def score(graph: Graph, courses: Iterable[TestCourse], of: Iterable[Mutant] | None = None) -> Score:
    """The mutation score of these courses over the chart's mutants (or those given)."""
    sound = Walker(graph)
    tree = branches(sound, courses)
    found = Score()
    for mutant in mutants(graph) if of is None else of:
        found.mutants += 1
        if not kills(sound, mutant.graph, tree):
            found.survivors.append(mutant.name)
    return found


def branches(sound: Walker, courses: Iterable[TestCourse]) -> Branch:
    """The symbols of these courses of events, as one prefix tree."""
    graph = sound.graph
    root = Branch(sound.encode(graph.initial))
    columns = {name: number for number, name in enumerate(graph.symbols)}
    for course in symbols_of(graph.edition.name, courses):
        place = root
        for symbols in course:
            for symbol in map(columns.__getitem__, symbols):
                if symbol not in place.further:
                    after, taken = sound.step(place.bits, symbol)
                    place.further[symbol] = (taken, Branch(after))
                place = place.further[symbol][1]
            place.answered = True
    return root


def symbols_of(edition: str, courses: Iterable[TestCourse]) -> Iterator[list[tuple[str, ...]]]:
    """The symbols of each course of events, event by event."""
    for one in courses:
        course = Course(edition=edition)
        seen: list[tuple[str, ...]] = []
        for event in one.events():
            try:
                seen.append(course.observe(event).symbols)
            except CourseRefusal:
                continue
        yield seen


def kills(sound: Walker, mutant: Graph, tree: Branch) -> bool:
    """True when some course of the tree shows that the mutant is not the chart."""
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
            shown = further.answered and not alike
            if shown and _output(sound, further.bits, taken) != _output(walker, after, others):
                return True
            waiting.append((further, after))
    return False


def acting(graph: Graph, mutant: Graph) -> tuple[Graph, list[int]]:
    """The mutant with its changed edge before the others of its kind, and the old number of each edge (-1: changed).

    Where the fault leaves two edges open, the changed one is taken: a guard that is merely never reached is no fault.
    """
    different = {edge.number for edge, other in zip(graph.edges, mutant.edges, strict=True) if edge != other}
    edges = sorted(mutant.edges, key=lambda edge: (edge.source, edge.symbol, edge.number not in different, edge.number))
    renumbered = tuple(replace(edge, number=number) for number, edge in enumerate(edges))
    return replace(mutant, edges=renumbered), [-1 if edge.number in different else edge.number for edge in edges]


def _output(walker: Walker, bits: int, taken: Sequence[int]) -> Output:
    """The output of a step that a person sees: the status, and the orders."""
    graph = walker.graph
    now = status_of(graph.meanings, walker.decode(bits))
    return now, in_order(order for number in taken for order in graph.edges[number].orders)
