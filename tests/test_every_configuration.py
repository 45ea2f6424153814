"""Every symbol in every configuration that a course can reach, against the independent reading.

The walk takes a couple of minutes and is left to `pytest -m exhaustive`, which the CI script runs.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from ixastate.chart.chart import build_chart
from ixastate.chart.status import status_of
from ixastate.events import AnyEvent
from ixastate.orders import in_order
from ixastate.table.explore import Space, Walker, explore
from ixastate.table.graph import read
from ixastate.table.witness import witness
from tests.independent_reading import IndependentReading

pytestmark = pytest.mark.exhaustive
# The share of the configurations that one worker takes.
PARTS = 4


@dataclass(frozen=True)
class Reached:
    """The independent reading after the shortest course to a configuration, and what must be known to go on."""

    reading: bytes
    day: int
    open_terms: tuple[str, ...]


def one_symbol(symbol: str, reached: Reached) -> tuple[list[AnyEvent], tuple[str, ...]] | None:
    """The events that mean this symbol here, and the other toxicities open after it; None when none can."""
    facts = GRAPH.edition
    terms = reached.open_terms
    if symbol == "other_persists":
        if not terms:
            return None
        *_, event = witness(["start_4_25", "other_onset", symbol], facts)
        return [_on(event.model_copy(update={"term": terms[-1]}), reached.day + 1)], terms
    if symbol.startswith("other_resolved"):
        if not terms:
            return None
        pairs = ["other_onset"] * len(terms) + [symbol]
        events = witness(["start_4_25", *pairs], facts)[1 + len(terms) :]
        renamed = [event.model_copy(update={"term": term}) for event, term in zip(events, terms, strict=True)]
        return [_on(event, reached.day + 1) for event in renamed], ()
    events = witness(["start_4_25", symbol], facts)[1:]
    if symbol.startswith("other_onset"):
        term = f"term {len(terms)} of day {reached.day}"
        return [_on(events[0].model_copy(update={"term": term}), reached.day + 1)], (*terms, term)
    return [_on(event, reached.day + 1) for event in events], terms


def _on(event: AnyEvent, day: int) -> AnyEvent:
    return event.model_copy(update={"day": day})


GRAPH = read(build_chart())


def subtree(space: Space, part: int) -> Iterator[tuple[int, Reached]]:
    """The configurations of one part with their readings, each replayed from its nearest ancestor in memory."""
    kept: dict[int, Reached] = {}
    for number in range(1, len(space.bits)):
        parent, symbol = space.came_from[number]
        name = GRAPH.symbols[symbol]
        if parent == 0:
            if not name.startswith("start_") or name == "start_blocked":
                continue
            reading = IndependentReading()
            for event in witness([name], GRAPH.edition):
                reading.observe(event)
            kept[number] = Reached(pickle.dumps(reading), 1, ())
        elif parent in kept:
            follow = one_symbol(name, kept[parent])
            assert follow is not None
            events, terms = follow
            reading = pickle.loads(kept[parent].reading)
            for event in events:
                reading.observe(event)
            kept[number] = Reached(pickle.dumps(reading), kept[parent].day + 1, terms)
        else:
            continue
        if number % PARTS == part:
            yield number, kept[number]


@pytest.mark.parametrize("part", range(PARTS))
def test_both_readings_agree_on_every_move(part: int) -> None:
    space = explore(GRAPH)
    walker = Walker(GRAPH)
    moves = 0
    for number, reached in subtree(space, part):
        bits = space.bits[number]
        if walker.decode(bits) == GRAPH.final:
            continue
        for symbol, name in enumerate(GRAPH.symbols):
            if name.startswith("start_"):
                continue
            follow = one_symbol(name, reached)
            if follow is None:
                continue
            reading = pickle.loads(reached.reading)
            for event in follow[0]:
                answer = reading.observe(event)
            after, edges = walker.step(bits, symbol)
            now = status_of(GRAPH.meanings, walker.decode(after))
            orders = in_order(order for edge in edges for order in GRAPH.edges[edge].orders)
            assert (answer.phase, answer.held_for) == (now.phase, frozenset(now.held_for)), (number, name)
            assert (answer.ixazomib_mg, answer.ixazomib_held) == (now.ixazomib_mg, now.ixazomib_held), (number, name)
            assert (answer.lenalidomide_mg, answer.lenalidomide_held) == (
                now.lenalidomide_mg,
                now.lenalidomide_held,
            ), (number, name)
            assert in_order(answer.orders) == orders, (number, name)
            moves += 1
    assert moves > 700_000 / PARTS
