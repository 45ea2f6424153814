"""What the sentences of rules claim, as questions to the chart of an edition: who is held, lowered, stopped, and when.

A toxicity's region is asked alone, with its episodes counted; what it does with each drug at its floor or above stands
in its guards. So an answer holds for every course, whatever else happens in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from ixastate.chart.chart import build_chart
from ixastate.chart.states import Episode, Level
from ixastate.events import Drug
from ixastate.orders import Order
from ixastate.symbols import BOTH, TOXICITY
from ixastate.table.graph import Edge, Graph, read

# Episodes beyond these are counted as one of the last two: odd or even.
COUNTED = 6
N, T, R, PN, OTH = "neutropenia", "thrombocytopenia", "rash", "neuropathy", "other"
ALTERNATING = (N, T, R)
ONSET = {N: "anc_low", T: "platelets_low", R: "rash_grade_2_3"}
OVER = {N: "anc_recovered", T: "platelets_recovered", R: "rash_resolved"}

Number = Callable[[int], bool]
Low = tuple[Drug, ...]
Claim = Callable[["View"], bool]
# The drugs that stand at their floors.
NONE: Low = ()
IXA: Low = ("ixazomib",)
LEN: Low = ("lenalidomide",)
STOP, HOLDS_BOTH, HOLDS_IXA, NOTHING = "stops", "holds ixazomib, holds lenalidomide", "holds ixazomib", "nothing"
STOPS = {Order("stop", "ixazomib"), Order("stop", "lenalidomide"), Order("stop", "dexamethasone")}


def any_(number: int) -> bool:
    return True


def first(number: int) -> bool:
    return number == 1


def later(number: int) -> bool:
    return number > 1


def odd(number: int) -> bool:
    return number % 2 == 1


def even(number: int) -> bool:
    return number % 2 == 0


@dataclass(frozen=True)
class View:
    """The chart of an edition, one region at a time, with the episodes of its toxicity counted."""

    graph: Graph

    def episode(self, leaf: str) -> Episode:
        meaning = self.graph.meanings[leaf]
        assert isinstance(meaning, Episode)
        return meaning

    def ladder(self, drug: str) -> tuple[float, ...]:
        edition = self.graph.edition
        return edition.ixazomib_ladder_mg if drug == "ixazomib" else edition.lenalidomide.ladder_mg

    def begins(self, edge: Edge) -> bool:
        """Whether an episode begins with it, be it that treatment ends there."""
        if self.episode(edge.source).open or not edge.targets:
            return False
        return edge.targets == self.graph.final or self.episode(edge.targets[0]).open

    def steps(self, toxicity: str) -> list[tuple[Edge, int]]:
        """Every edge that a toxicity's own symbols take, with the number of the episode that it belongs to."""
        return _steps(self.graph.edition.name, toxicity)

    def _walked(self, toxicity: str) -> list[tuple[Edge, int]]:
        symbols = {one.name for one in TOXICITY[toxicity].symbols}
        found: list[tuple[Edge, int]] = []
        start = (self.graph.regions[toxicity][0], 0)
        seen, waiting = {start}, [start]
        while waiting:
            leaf, count = waiting.pop()
            for edge in (edge for edge in self.graph.edges if edge.source == leaf and edge.symbol in symbols):
                number = count + self.begins(edge)
                found.append((edge, number))
                after = (edge.targets or (leaf,))[0], number if number <= COUNTED else number - 2
                if edge.targets != self.graph.final and after not in seen:
                    seen.add(after)
                    waiting.append(after)
        return found

    def edges(self, toxicity: str, symbols: str, number: Number, *, opened: bool, low: Low = NONE) -> Iterator[Edge]:
        """The edges on these symbols, in or between episodes, with these drugs at their floors and no others."""
        levels = (Level(drug, self.ladder(drug)[-1 if drug in low else 0], "given") for drug in BOTH)
        standing = frozenset(level.id for level in levels)
        for edge, count in self.steps(toxicity):
            if self._asked(edge, opened) and edge.symbol in symbols.split() and number(count):
                yield from [edge] if edge.open(standing) else []

    def _asked(self, edge: Edge, opened: bool) -> bool:
        """Whether it leaves a state in or between episodes; an onset that must be confirmed, one in which it pends."""
        episode = self.episode(edge.source)
        toxicity = TOXICITY[episode.toxicity]
        opens = edge.symbol in [onset.name for onset in toxicity.onsets] and toxicity.is_confirmed(self.graph.edition)
        return episode.open is opened and (opened or episode.pending is opens)

    def does(self, edge: Edge) -> str:
        """What an edge does, in words."""
        if edge.targets == self.graph.final:
            return STOP
        verbs = (("hold", "holds"), ("owe", "lowers"), ("release", "resumes"))
        words = [f"{word} {drug}" for verb, word in verbs for drug in BOTH if f"{verb}_{drug}" in edge.raised]
        return ", ".join(words) or NOTHING

    def steps_of(self, drug: str) -> set[tuple[float, float]]:
        """The levels between which a drug's region leads down."""
        levels = {leaf: level for leaf, level in self.graph.levels.items() if level.drug == drug}
        pairs = {(edge.source, target) for edge in self.graph.edges for target in edge.targets}
        found = {(levels[high].mg, levels[low].mg) for high, low in pairs if high in levels and low in levels}
        return {(high, low) for high, low in found if high != low}

    def started(self, drug: str) -> set[float]:
        """The doses at which a drug can start."""
        orders = (order for edge in self.graph.edges for order in edge.orders)
        return {order.dose_mg for order in orders if (order.verb, order.drug) == ("start", drug)}


@cache
def view(name: str) -> View:
    # The chart alone is asked, so that no table need be made.
    return View(read(build_chart(name)))


@cache
def _steps(name: str, toxicity: str) -> list[tuple[Edge, int]]:
    return view(name)._walked(toxicity)


# --- Questions ------------------------------------------------------------------------------------------------


def every(*claims: Claim) -> Claim:
    return lambda v: all(claim(v) for claim in claims)


def begins(toxicity: str, number: Number, low: Low, *does: str, on: str = "") -> Claim:
    """The onset of such an episode does this, with these drugs at their floors."""
    return lambda v: (
        {v.does(edge) for edge in v.edges(toxicity, on or ONSET[toxicity], number, opened=False, low=low)} == set(does)
    )


def stops(toxicity: str, number: Number, on: str = "") -> Claim:
    """At ixazomib's floor its onset ends treatment, wherever lenalidomide stands."""
    return every(begins(toxicity, number, IXA, STOP, on=on), begins(toxicity, number, BOTH, STOP, on=on))


def stops_at_both(toxicity: str, number: Number) -> Claim:
    return begins(toxicity, number, BOTH, STOP)


def goes_on(toxicity: str, number: Number, low: Low, on: str = "") -> Claim:
    return lambda v: not begins(toxicity, number, low, STOP, on=on)(v)


def lowers(toxicity: str, number: Number, drug: str, low: Low = NONE) -> Claim:
    """Its recovery asks for a reduction of this drug and of no other; '' for none."""

    def claim(v: View) -> bool:
        found = {v.does(edge) for edge in v.edges(toxicity, OVER[toxicity], number, opened=True, low=low)}
        return all((f"lowers {one}" in words) is (one == drug) for words in found for one in BOTH) and bool(found)

    return claim


def passes(toxicity: str, number: Number) -> Claim:
    """A turn that falls on lenalidomide at its floor passes to ixazomib."""
    return lowers(toxicity, number, "ixazomib", LEN)


def turns(toxicity: str, ixazomib: Number, lenalidomide: Number) -> Claim:
    return every(lowers(toxicity, ixazomib, "ixazomib"), lowers(toxicity, lenalidomide, "lenalidomide"))


def meets(toxicity: str, symbols: str, *does: str, low: Low = NONE, number: Number = any_) -> Claim:
    """In an open episode these symbols do this."""
    return lambda v: {v.does(edge) for edge in v.edges(toxicity, symbols, number, opened=True, low=low)} == set(does)


def may(toxicity: str, symbols: str, does: str, low: Low = NONE) -> Claim:
    """In some open episode these symbols do this."""
    return lambda v: does in {v.does(edge) for edge in v.edges(toxicity, symbols, any_, opened=True, low=low)}


def releases_both(toxicity: str, number: Number = any_) -> Claim:
    both = "resumes ixazomib, resumes lenalidomide"
    return meets(toxicity, OVER[toxicity], f"lowers ixazomib, {both}", f"lowers lenalidomide, {both}", number=number)


def advises(toxicity: str, symbols: str, verb: str, number: Number = any_) -> Claim:
    """These symbols give this advice whether an episode is open or begins."""

    def claim(v: View) -> bool:
        found = [edge for opened in (True, False) for edge in v.edges(toxicity, symbols, number, opened=opened)]
        return bool(found) and all(verb in [order.verb for order in edge.orders] for edge in found)

    return claim


def says_nothing(toxicity: str, symbols: str, number: Number, *, opened: bool) -> Claim:
    """These symbols change and order nothing."""

    def claim(v: View) -> bool:
        found = list(v.edges(toxicity, symbols, number, opened=opened))
        return bool(found) and not any(edge.orders or edge.targets or edge.raised for edge in found)

    return claim


def ended_by(symbol: str) -> Claim:
    """It ends treatment from every state of treatment, and stops all three drugs."""

    def claim(v: View) -> bool:
        found = [edge for edge in v.graph.edges if edge.symbol == symbol and edge.source != "screening"]
        sources = {edge.source for edge in found}
        everywhere = sources == {"on_treatment"} or sources in map(set, v.graph.regions.values())
        return everywhere and all(edge.targets == v.graph.final and set(edge.orders) == STOPS for edge in found)

    return claim


def levels_at_a_release(*levels: int) -> Claim:
    """A release lowers a drug by so many rungs of its ladder."""
    return lambda v: (
        {v.ladder(drug).index(low) - v.ladder(drug).index(high) for drug in BOTH for high, low in v.steps_of(drug)}
        == set(levels)
    )
