"""Which courses of symbols a suite needs: small sets of shortest courses that cover what the table can do.

Every cover is a set of targets, and every course covers some of them. The candidates are the shortest courses to every
move of the table; of these a greedy cover takes the one with most new targets for its length, again and again. This
module knows symbols and no events.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from ixastate.explore import Walker
from ixastate.table import Table

# A move, as the configuration in which it is made and the number of the symbol.
Move = tuple[int, int]
Pair = tuple[int, int]
OTHER_OVER = ("other_resolved", "other_resolved_related")


@dataclass(frozen=True)
class Chosen:
    """A course of symbols, and the targets for which it was chosen."""

    symbols: tuple[str, ...]
    covers: tuple[str, ...]


@dataclass(frozen=True)
class Candidate:
    """Something that could be chosen: what it covers (bits), what it costs (events), and a key to make it from."""

    bits: int
    cost: int
    key: Move


def greedy(candidates: Iterable[Candidate], wanted: int) -> list[Candidate]:
    """Some of the candidates that cover all that is wanted and can be covered, and none without need.

    The one with most new targets for each event comes first; of equals the shorter, then the earlier.
    """
    heap = [
        (-(found.bits & wanted).bit_count() / found.cost, found.cost, found.key, found.bits & wanted)
        for found in candidates
        if found.bits & wanted
    ]
    heapq.heapify(heap)
    chosen: list[Candidate] = []
    while heap and wanted:
        _, cost, key, bits = heapq.heappop(heap)
        gain = (bits & wanted).bit_count()
        if not gain:
            continue
        # What a candidate adds only shrinks, so the first that still stands in front is the best.
        worth = (-gain / cost, cost, key, bits)
        if heap and worth > heap[0]:
            heapq.heappush(heap, worth)
            continue
        chosen.append(Candidate(bits, cost, key))
        wanted &= ~bits
    return _needed(chosen)


def _needed(chosen: list[Candidate]) -> list[Candidate]:
    """Without those whose targets the others cover too; the longest go first."""
    kept = list(chosen)
    for one in sorted(chosen, key=lambda candidate: (-candidate.cost, candidate.key)):
        others = 0
        for other in kept:
            others |= other.bits if other is not one else 0
        if not one.bits & ~others:
            kept = [other for other in kept if other is not one]
    return kept


class Ground:
    """A table, with what its moves cover."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.width = len(table.symbols)

    @cached_property
    def depths(self) -> list[int]:
        """How many symbols the shortest course to each configuration has."""
        depths = [0]
        for number in range(1, len(self.table.space.bits)):
            depths.append(depths[self.table.space.came_from[number][0]] + 1)
        return depths

    def moves(self) -> Iterator[tuple[int, int, int]]:
        """Every move that events can show: configuration, symbol, output."""
        unseen, open_term = self._unseen, self._open_term
        bits = self.table.space.bits
        for place, said in enumerate(self.table.output):
            number, symbol = divmod(place, self.width)
            if said and (symbol not in unseen or bits[number] & open_term):
                yield number, symbol, said

    @cached_property
    def _unseen(self) -> set[int]:
        """The recoveries that no event can mean while no other toxicity is open."""
        return {number for number, name in enumerate(self.table.symbols) if name in OTHER_OVER}

    @cached_property
    def _open_term(self) -> int:
        walker = Walker(self.table.graph)
        return walker.encode(("other_held",))

    def course(self, move: Move) -> tuple[str, ...]:
        """The symbols of the shortest course to a configuration, and then one more."""
        return (*self.table.space.course_to(move[0]), self.table.symbols[move[1]])

    def along_the_tree(self, of_output: Sequence[int]) -> Iterator[Candidate]:
        """A candidate for every move, where a course covers what its moves cover; the best of those that cover alike."""
        came_from, output = self.table.space.came_from, self.table.output
        reached = [0]
        for number in range(1, len(self.table.space.bits)):
            parent, symbol = came_from[number]
            reached.append(reached[parent] | of_output[output[parent * self.width + symbol]])
        best: dict[int, tuple[int, Move]] = {}
        for number, symbol, said in self.moves():
            bits, cost = reached[number] | of_output[said], self.depths[number] + 1
            known = best.get(bits)
            if known is None or cost < known[0]:
                best[bits] = (cost, (number, symbol))
        return (Candidate(bits, cost, key) for bits, (cost, key) in best.items())


def edges(ground: Ground) -> list[Chosen]:
    """Courses that take every transition of the chart but those that no course takes."""
    graph = ground.table.graph
    of_output = [sum(1 << number for number in set(taken)) for taken in ground.table.edges]
    wanted = sum(1 << edge.number for edge in graph.edges)
    return _named(ground, greedy(ground.along_the_tree(of_output), wanted), [str(edge) for edge in graph.edges])


def rules(ground: Ground, wanted: Iterable[str]) -> list[Chosen]:
    """Courses on which each of these rules acts; those that rest on no transition stay uncovered."""
    names = list(wanted)
    place = {rule: 1 << number for number, rule in enumerate(names)}
    of_output = [sum(place.get(rule, 0) for rule in found) for found in ground.table.rules]
    return _named(ground, greedy(ground.along_the_tree(of_output), (1 << len(names)) - 1), names)


def _named(ground: Ground, chosen: Sequence[Candidate], names: Sequence[str]) -> list[Chosen]:
    found = []
    told = 0
    for one in chosen:
        new = one.bits & ~told
        told |= one.bits
        covers = tuple(name for number, name in enumerate(names) if new >> number & 1)
        found.append(Chosen(ground.course(one.key), covers))
    return found
