"""Which courses of symbols a suite needs: small sets of shortest courses that cover what the table can do.

Every cover is a set of targets, and every course covers some of them. The candidates are the shortest courses to every
move of the table; of these a greedy cover takes the one with most new targets for its length, again and again. This
module knows symbols and no events.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise

from ixastate.table.explore import Walker
from ixastate.table.graph import Edge
from ixastate.table.table import Table

# A move, as the configuration in which it is made and the number of the symbol.
Move = tuple[int, int]
Pair = tuple[int, int]
# Before the first transition of a region.
ENTRY = -1
OTHER_OVER = ("other_resolved", "other_resolved_related")


@dataclass(frozen=True)
class SelectedCourse:
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


class CoverTargets:
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
        for place, said in enumerate(self.table.output):
            number, symbol = divmod(place, self.width)
            if said and (symbol not in self._unseen or self.can_be_shown(number, symbol)):
                yield number, symbol, said

    def can_be_shown(self, number: int, symbol: int) -> bool:
        """Whether an event can mean this symbol in this configuration."""
        return symbol not in self._unseen or bool(self.table.space.bits[number] & self._open_term)

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

    def along_the_tree(self, of_output: Sequence[int], each: int = 200) -> Iterator[Candidate]:
        """Shortest courses to moves, where a course covers what its moves cover: for every target some of the best.

        They are the courses that cover most among the first `each` moves that show a target.
        """
        came_from, output = self.table.space.came_from, self.table.output
        reached = [0]
        for number in range(1, len(self.table.space.bits)):
            parent, symbol = came_from[number]
            reached.append(reached[parent] | of_output[output[parent * self.width + symbol]])
        seen: Counter[int] = Counter()
        for number, symbol, said in self.moves():
            bits = of_output[said]
            if any(seen[target] < each for target in _targets(bits)):
                seen.update(_targets(bits))
                yield Candidate(reached[number] | bits, self.depths[number] + 1, (number, symbol))


@cache
def _targets(bits: int) -> tuple[int, ...]:
    """The numbers of the bits that are set."""
    return tuple(number for number in range(bits.bit_length()) if bits >> number & 1)


def edges(ground: CoverTargets) -> list[SelectedCourse]:
    """Courses that take every transition of the chart but those that no course takes."""
    graph = ground.table.graph
    of_output = [sum(1 << number for number in set(taken)) for taken in ground.table.edges]
    wanted = sum(1 << edge.number for edge in graph.edges)
    found = greedy(ground.along_the_tree(of_output), wanted)
    return _named(found, [str(edge) for edge in graph.edges], ground.course)


def pairs(ground: CoverTargets) -> list[SelectedCourse]:
    """Courses that take, in every region, every pair of transitions that can follow one another there."""
    return _Pairs(ground).chosen()


class _Pairs:
    """The pairs of consecutive transitions within a region, and the shortest courses that take them.

    What goes on in other regions in between does not matter. The root counts as a region too: its transitions are the
    starts and the ends. A start also enters the drugs' regions; in the others the first transition follows the entry.
    """

    def __init__(self, ground: CoverTargets) -> None:
        self.ground, self.graph = ground, ground.table.graph
        leaves = list(self.graph.regions.values())
        self._region = {leaf: number for number, of in enumerate(leaves) for leaf in of}
        self._root = len(leaves)
        self._within = [self._regions_of(edge) for edge in self.graph.edges]
        # For each output, and each region that it moves: the first transition there, the pairs, and the last one.
        self._moved = [self._moved_by(taken) for taken in ground.table.edges]
        self._numbers: dict[Pair, int] = {}

    def chosen(self) -> list[SelectedCourse]:
        """A small set of courses for every pair that can be shown."""
        along = self._along_the_tree()
        searched = self._searched()
        edges = self.graph.edges
        names = [f"{edges[one] if one != ENTRY else 'entry'} | {edges[two]}" for one, two in self._numbers]
        found = greedy([*along, *(candidate for candidate, _ in searched)], (1 << len(names)) - 1)
        courses = {candidate.key: symbols for candidate, symbols in searched}
        return _named(found, names, lambda key: courses.get(key) or self.ground.course(key))

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

    def _bits(self, last: Sequence[int], said: int) -> int:
        """The pairs that a move takes, after these last transitions of the regions (ENTRY: none yet)."""
        bits = 0
        for region, first, inner, _ in self._moved[said]:
            for pair in [(last[region], first), *inner]:
                bits |= 1 << self._numbers.setdefault(pair, len(self._numbers))
        return bits

    def _along_the_tree(self, each: int = 60) -> list[Candidate]:
        table, width = self.ground.table, self.ground.width
        last: list[list[int]] = [[ENTRY] * (self._root + 1)]
        reached = [0]
        for number in range(1, len(table.space.bits)):
            parent, symbol = table.space.came_from[number]
            said = table.output[parent * width + symbol]
            reached.append(reached[parent] | self._bits(last[parent], said))
            last.append(self._after(last[parent], said))
        candidates = []
        seen: Counter[int] = Counter()
        for number, symbol, said in self.ground.moves():
            bits = self._bits(last[number], said)
            if any(seen[target] < each for target in _targets(bits)):
                seen.update(_targets(bits))
                candidates.append(Candidate(reached[number] | bits, self.ground.depths[number] + 1, (number, symbol)))
        return candidates

    def _after(self, last: Sequence[int], said: int) -> list[int]:
        after = list(last)
        for region, _, _, latest in self._moved[said]:
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
        for number, symbol, said in self.ground.moves():
            for key in ending[said]:
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
        ground, width, depths = self.ground, self.ground.width, self.ground.depths
        following, output, symbols = ground.table.next, ground.table.output, ground.table.symbols
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
            start = number * width
            for symbol, said in enumerate(output[start : start + width]):
                first = first_of[said]
                if not said or (first >= 0 and first not in missing) or not ground.can_be_shown(number, symbol):
                    continue
                if first >= 0:
                    missing.discard(first)
                    yield (*self._way(number, came, roots), symbols[symbol])
                elif following[start + symbol] not in came:
                    heapq.heappush(queue, (cost + 1, following[start + symbol], (number, symbol)))

    def _way(self, number: int, came: dict[int, Move], roots: dict[int, Move]) -> tuple[str, ...]:
        symbols: list[str] = []
        while came[number] != (-1, -1):
            number, symbol = came[number]
            symbols.append(self.ground.table.symbols[symbol])
        return (*self.ground.course(roots[number]), *reversed(symbols))

    def _bits_of(self, symbols: Sequence[str]) -> int:
        """The pairs of a whole course."""
        table, bits, number = self.ground.table, 0, 0
        last = [ENTRY] * (self._root + 1)
        for symbol in symbols:
            move = table.row(number)[table.symbols.index(symbol)]
            said = table.output[move]
            bits |= self._bits(last, said)
            last, number = self._after(last, said), table.next[move]
        return bits


def resting_on(ground: CoverTargets, rules: Iterable[str], each: int = 3) -> Iterator[tuple[str, ...]]:
    """For each of these rules some of the shortest courses on which it acts, where it rests on a transition."""
    place = {rule: 1 << number for number, rule in enumerate(rules)}
    of_output = [sum(place.get(rule, 0) for rule in found) for found in ground.table.rules]
    for candidate in ground.along_the_tree(of_output, each):
        yield ground.course(candidate.key)


def configurations(ground: CoverTargets) -> list[SelectedCourse]:
    """Shortest courses through one configuration of every class of the minimal machine.

    The classes are those that are really different in what they order; the courses go on to the farthest.
    """
    classes = ground.table.minimal()
    came_from = ground.table.space.came_from
    seen: set[int] = set()
    chosen = []
    for number in range(len(classes) - 1, 0, -1):
        if classes[number] in seen:
            continue
        way = [number]
        while way[-1]:
            way.append(came_from[way[-1]][0])
        new = list(dict.fromkeys(classes[place] for place in reversed(way) if classes[place] not in seen))
        seen.update(new)
        parent, symbol = came_from[number]
        chosen.append(SelectedCourse(ground.course((parent, symbol)), tuple(f"class {one}" for one in new)))
    return chosen


def _named(
    chosen: Sequence[Candidate], names: Sequence[str], course: Callable[[Move], tuple[str, ...]]
) -> list[SelectedCourse]:
    found = []
    told = 0
    for one in chosen:
        new = one.bits & ~told
        told |= one.bits
        covers = tuple(name for number, name in enumerate(names) if new >> number & 1)
        found.append(SelectedCourse(course(one.key), covers))
    return found
