"""Coverage criteria over the table, and the small sets of courses that meet them, found by greedy set cover.

State coverage visits every class of configurations, transition coverage (0-switch) takes every transition of the chart,
and transition-pair coverage (1-switch) every two that follow one another in a region. Each criterion is a set of
targets, and every course covers some of them. The candidates are the shortest courses to every move of the table that
events can show. This module knows symbols and no events.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from typing import TypeVar

from ixastate.table.graph import Edge
from ixastate.table.shown import Shown
from ixastate.table.table import Table

# A move, as the configuration in which it is made and the number of the symbol.
Move = tuple[int, int]
Pair = tuple[int, int]
Value = TypeVar("Value")
# Before the first transition of a region.
ENTRY = -1


@dataclass(frozen=True)
class SelectedCourse:
    """A course of symbols, and the targets for which it was selected."""

    symbols: tuple[str, ...]
    covers: tuple[str, ...]


@dataclass(frozen=True)
class Candidate:
    """A course that could be selected: its targets (as bits), its cost (in events), and a key to make it from."""

    bits: int
    cost: int
    key: Move


def greedy(candidates: Iterable[Candidate], wanted: int) -> list[Candidate]:
    """Greedy set cover: a small subset that covers every wanted target (as bits) that can be covered.

    The candidate with most new targets per event is taken first; of equals the shorter, then the earlier. Members whose
    targets the others cover too are removed at the end.
    """
    heap = [
        (-(found.bits & wanted).bit_count() / found.cost, found.cost, found.key, found.bits & wanted)
        for found in candidates
        if found.bits & wanted
    ]
    heapq.heapify(heap)
    selected: list[Candidate] = []
    while heap and wanted:
        _, cost, key, bits = heapq.heappop(heap)
        gain = (bits & wanted).bit_count()
        if not gain:
            continue
        # The gain of a candidate only shrinks, so the first that is still in front with its new gain is the best.
        worth = (-gain / cost, cost, key, bits)
        if heap and worth > heap[0]:
            heapq.heappush(heap, worth)
            continue
        selected.append(Candidate(bits, cost, key))
        wanted &= ~bits
    return _needed(selected)


def _needed(selected: list[Candidate]) -> list[Candidate]:
    """The selection without those whose targets the others cover too; the longest are removed first."""
    kept = list(selected)
    for one in sorted(selected, key=lambda candidate: (-candidate.cost, candidate.key)):
        others = 0
        for other in kept:
            others |= other.bits if other is not one else 0
        if not one.bits & ~others:
            kept = [other for other in kept if other is not one]
    return kept


class CoverTargets:
    """The moves of a table as targets and candidates of a cover."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.width = len(table.symbols)
        self.shown = Shown(table)

    @cached_property
    def depths(self) -> dict[int, int]:
        """How many symbols the shortest course to each configuration has, in the order of the walk to them."""
        depths: dict[int, int] = {}
        for number, before in self.shown.found.came_from.items():
            depths[number] = depths[before[0]] + 1 if before else 0
        return depths

    def moves(self) -> Iterator[tuple[int, int, int]]:
        """Every move that events can show: configuration, symbol, output."""
        for number in self.shown.found:
            for symbol, out in self.shown.moves_of(number):
                yield number, symbol, out

    def course(self, move: Move) -> tuple[str, ...]:
        """The symbols of the shortest course to a configuration, and then one more."""
        return tuple(self.table.symbols[symbol] for symbol in (*self.shown.found.course_to(move[0]), move[1]))

    def along_the_walk(self, start: Value, then: Callable[[Value, int], Value]) -> dict[int, Value]:
        """What the shortest course to each configuration has come to: `then` adds the output of one more move."""
        values: dict[int, Value] = {}
        for number, before in self.shown.found.came_from.items():
            if before is None:
                values[number] = start
            else:
                parent, symbol = before
                values[number] = then(values[parent], self.table.output[parent * self.width + symbol])
        return values

    def along_the_tree(self, of_output: Sequence[int], each: int = 200) -> Iterator[Candidate]:
        """Shortest courses to moves, where a course covers what its moves cover: for every target some of the best.

        They are the courses that cover most among the first `each` moves that show a target.
        """
        reached = self.along_the_walk(0, lambda bits, out: bits | of_output[out])
        seen: Counter[int] = Counter()
        for number, symbol, out in self.moves():
            bits = of_output[out]
            if any(seen[target] < each for target in _targets(bits)):
                seen.update(_targets(bits))
                yield Candidate(reached[number] | bits, self.depths[number] + 1, (number, symbol))


@cache
def _targets(bits: int) -> tuple[int, ...]:
    """The numbers of the bits that are set."""
    return tuple(number for number in range(bits.bit_length()) if bits >> number & 1)


def edges(targets: CoverTargets) -> list[SelectedCourse]:
    """Transition coverage (0-switch): courses that take every transition of the chart that some course takes."""
    graph = targets.table.graph
    of_output = [sum(1 << number for number in set(taken)) for taken in targets.table.edges]
    wanted = sum(1 << edge.number for edge in graph.edges)
    found = greedy(targets.along_the_tree(of_output), wanted)
    return _named(found, [str(edge) for edge in graph.edges], targets.course)


def pairs(targets: CoverTargets) -> list[SelectedCourse]:
    """Transition-pair coverage (1-switch): courses that take every two transitions that can follow in a region."""
    return _Pairs(targets).selected()


class _Pairs:
    """The pairs of consecutive transitions within a region, and the shortest courses that take them.

    What goes on in other regions in between does not matter. The root counts as a region too: its transitions are the
    starts and the ends. A start also enters the drugs' regions; in the others the first transition follows the entry.
    """

    def __init__(self, targets: CoverTargets) -> None:
        self.targets, self.graph = targets, targets.table.graph
        leaves = list(self.graph.regions.values())
        self._region = {leaf: number for number, of in enumerate(leaves) for leaf in of}
        self._root = len(leaves)
        self._within = [self._regions_of(edge) for edge in self.graph.edges]
        # For each output, and each region that it moves: the first transition there, the pairs, and the last one.
        self._moved = [self._moved_by(taken) for taken in targets.table.edges]
        self._numbers: dict[Pair, int] = {}

    def selected(self) -> list[SelectedCourse]:
        """A small set of courses for every pair that can be shown."""
        along = self._along_the_tree()
        searched = self._searched()
        edges = self.graph.edges
        names = [f"{edges[one] if one != ENTRY else 'entry'} | {edges[two]}" for one, two in self._numbers]
        found = greedy([*along, *(candidate for candidate, _ in searched)], (1 << len(names)) - 1)
        courses = {candidate.key: symbols for candidate, symbols in searched}
        return _named(found, names, lambda key: courses.get(key) or self.targets.course(key))

    def _regions_of(self, edge: Edge) -> list[int]:
        if edge.source in self._region:
            return [self._region[edge.source]]
        return [self._root, *sorted({self._region[leaf] for leaf in edge.targets if leaf in self._region})]

    def _moved_by(self, taken: tuple[int, ...]) -> list[tuple[int, int, list[Pair], int]]:
        by_region: dict[int, list[int]] = {}
        for number in taken:
            for region in self._within[number]:
                by_region.setdefault(region, []).append(number)
        return [(region, of[0], list(pairwise(of)), of[-1]) for region, of in by_region.items()]

    def _bits(self, last: Sequence[int], out: int) -> int:
        """The pairs that a move takes, after these last transitions of the regions (ENTRY: none yet)."""
        bits = 0
        for region, first, inner, _ in self._moved[out]:
            for pair in [(last[region], first), *inner]:
                bits |= 1 << self._numbers.setdefault(pair, len(self._numbers))
        return bits

    def _along_the_tree(self, each: int = 60) -> list[Candidate]:
        started = (0, [ENTRY] * (self._root + 1))
        passed = self.targets.along_the_walk(
            started, lambda so_far, out: (so_far[0] | self._bits(so_far[1], out), self._after(so_far[1], out))
        )
        candidates = []
        seen: Counter[int] = Counter()
        for number, symbol, out in self.targets.moves():
            reached, last = passed[number]
            bits = self._bits(last, out)
            if any(seen[target] < each for target in _targets(bits)):
                seen.update(_targets(bits))
                candidates.append(Candidate(reached | bits, self.targets.depths[number] + 1, (number, symbol)))
        return candidates

    def _after(self, last: Sequence[int], out: int) -> list[int]:
        after = list(last)
        for region, _, _, latest in self._moved[out]:
            after[region] = latest
        return after

    def _searched(self) -> list[tuple[Candidate, tuple[str, ...]]]:
        """Courses for the pairs that lie on no branch of the tree; those that no course takes are given up here."""
        wanted: dict[Pair, set[int]] = {}
        for region in range(self._root + 1):
            for one in self.graph.edges:
                for two in self._could_follow(one, region):
                    if (one.number, two) not in self._numbers:
                        wanted.setdefault((region, one.number), set()).add(two)
        origins: dict[Pair, list[Move]] = {key: [] for key in wanted}
        ending = [
            [(region, latest) for region, _, _, latest in moved if (region, latest) in wanted] for moved in self._moved
        ]
        for number, symbol, out in self.targets.moves():
            for key in ending[out]:
                origins[key].append((number, symbol))
        found: list[tuple[Candidate, tuple[str, ...]]] = []
        for (region, number), after in wanted.items():
            for symbols in self._search(region, origins[region, number], after):
                # The key is no move of the table; it keeps the candidates apart and in order.
                found.append((Candidate(self._bits_of(symbols), len(symbols), (-1 - len(found), 0)), symbols))
        return found

    def _could_follow(self, edge: Edge, region: int) -> list[int]:
        """The transitions that leave the leaf of this region to which a transition leads."""
        if region not in self._within[edge.number]:
            return []
        if region == self._root:
            outside = edge.source if not edge.targets else self.graph.ancestry(edge.targets[0])[-1]
            return [other.number for other in self.graph.edges if other.source == outside]
        inside = [leaf for leaf in edge.targets if self._region.get(leaf) == region]
        leaf = inside[0] if inside else edge.source if not edge.targets else ""
        return [other.number for other in self.graph.edges if other.source == leaf]

    def _search(self, region: int, origins: list[Move], wanted: set[int]) -> Iterator[tuple[str, ...]]:
        """Shortest courses from these moves on, on which nothing moves a region until one of these transitions does."""
        targets, width, depths = self.targets, self.targets.width, self.targets.depths
        following, symbols = targets.table.next, targets.table.symbols
        first_of = [{place: first for place, first, _, _ in moved}.get(region, -2) for moved in self._moved]
        came: dict[int, Move] = {}
        roots: dict[int, Move] = {}
        queue: list[tuple[int, int, Move]] = []
        for number, symbol in origins:
            after = following[number * width + symbol]
            if after not in roots:
                roots[after] = (number, symbol)
                queue.append((depths[number] + 1, after, (-1, -1)))
        heapq.heapify(queue)
        missing = set(wanted)
        while queue and missing:
            cost, number, move = heapq.heappop(queue)
            if number in came:
                continue
            came[number] = move
            for symbol, out in targets.shown.moves_of(number):
                first, after = first_of[out], following[number * width + symbol]
                if first >= 0 and first not in missing:
                    continue
                if first >= 0:
                    missing.discard(first)
                    yield (*self._way(number, came, roots), symbols[symbol])
                elif after not in came:
                    heapq.heappush(queue, (cost + 1, after, (number, symbol)))

    def _way(self, number: int, came: dict[int, Move], roots: dict[int, Move]) -> tuple[str, ...]:
        symbols: list[str] = []
        while came[number] != (-1, -1):
            number, symbol = came[number]
            symbols.append(self.targets.table.symbols[symbol])
        return (*self.targets.course(roots[number]), *reversed(symbols))

    def _bits_of(self, symbols: Sequence[str]) -> int:
        """The pairs of a whole course."""
        table, bits, number = self.targets.table, 0, 0
        last = [ENTRY] * (self._root + 1)
        for symbol in symbols:
            move = table.row(number)[table.symbols.index(symbol)]
            out = table.output[move]
            bits |= self._bits(last, out)
            last, number = self._after(last, out), table.next[move]
        return bits


def resting_on(targets: CoverTargets, rules: Iterable[str], each: int = 3) -> Iterator[tuple[str, ...]]:
    """For each of these rules some of the shortest courses on which a transition rests on it."""
    place = {rule: 1 << number for number, rule in enumerate(rules)}
    of_output = [sum(place.get(rule, 0) for rule in found) for found in targets.table.rules]
    for candidate in targets.along_the_tree(of_output, each):
        yield targets.course(candidate.key)


def configurations(targets: CoverTargets) -> list[SelectedCourse]:
    """State coverage: shortest courses through a configuration of every class of the minimal machine.

    Configurations of one class give the same orders ever after. Each course goes on to the farthest class.
    """
    classes = targets.table.minimal()
    came_from = targets.shown.found.came_from
    seen: set[int] = set()
    selected = []
    for number in reversed(targets.shown.found.came_from):
        last = came_from[number]
        if last is None or classes[number] in seen:
            continue
        way = [number]
        while (before := came_from[way[-1]]) is not None:
            way.append(before[0])
        new = list(dict.fromkeys(classes[place] for place in reversed(way) if classes[place] not in seen))
        seen.update(new)
        selected.append(SelectedCourse(targets.course(last), tuple(f"class {one}" for one in new)))
    return selected


def _named(
    selected: Sequence[Candidate], names: Sequence[str], course: Callable[[Move], tuple[str, ...]]
) -> list[SelectedCourse]:
    found = []
    covered = 0
    for one in selected:
        new = one.bits & ~covered
        covered |= one.bits
        covers = tuple(name for number, name in enumerate(names) if new >> number & 1)
        found.append(SelectedCourse(course(one.key), covers))
    return found
