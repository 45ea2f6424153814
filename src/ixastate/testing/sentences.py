"""The words of the machine: every phrase for a state and every sentence of an order, with what each stands for.

There are finitely many. A program under test answers in the same words, so its answers are looked up here and never
taken apart; what is not found is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import product
from typing import Any

from ixastate.chart.chart import build_chart
from ixastate.chart.states import Episode, Level
from ixastate.chart.status import Status, status_of
from ixastate.events import Drug
from ixastate.orders import Order, every_order
from ixastate.rules import Edition
from ixastate.symbols import BOTH, DISCONTINUED, SCREENING, toxicities

Parts = Mapping[str, Any]


def parts_of(words: Any, edition: Edition) -> Parts:
    """The parts of an answer that a phrase for a state determines; empty for a phrase that is unknown."""
    return _phrases(edition.name).get(words, {}) if isinstance(words, str) else {}


def order_of(sentence: Any, edition: Edition) -> Order | None:
    """The order that a sentence gives; None for a sentence that is unknown."""
    return _orders(edition.name).get(sentence) if isinstance(sentence, str) else None


def unknown(key: str, got: Any, edition: Edition) -> tuple[str, ...]:
    """The texts in one part of an answer that the machine never uses under this edition."""
    if key == "state" and isinstance(got, str) and not parts_of(got, edition):
        return (got,)
    if key == "orders" and isinstance(got, list):
        return tuple(text for text in got if isinstance(text, str) and order_of(text, edition) is None)
    return ()


@cache
def _orders(edition: str) -> dict[str, Order]:
    chart = build_chart(edition)
    doses: dict[Drug, list[float]] = {"dexamethasone": [chart.edition.dexamethasone.dose_mg]}
    for level in chart.levels.values():
        doses.setdefault(level.drug, []).append(level.mg)
    return {str(order): order for order in every_order(doses)}


@cache
def _phrases(edition: str) -> dict[str, Parts]:
    """Each phrase with the parts on which all statuses agree that are put in these words."""
    phrases: dict[str, dict[str, Any]] = {}
    for status in _statuses(edition):
        parts: dict[str, Any] = {"phase": status.phase}
        # Outside treatment the phase is all that there is to say.
        if status.ixazomib_mg is not None:
            parts = vars(status) | {"held_for": list(status.held_for)}
        known = phrases.setdefault(status.words, parts)
        phrases[status.words] = {key: value for key, value in known.items() if parts[key] == value}
    return dict(phrases)


def _statuses(edition: str) -> Iterator[Status]:
    """Every status that the chart's levels and holds can make up, reachable or not."""
    chart = build_chart(edition)
    for outside in (SCREENING, DISCONTINUED):
        yield status_of(chart.meanings, outside)
    ixazomib, lenalidomide = (_doses(chart.levels.values(), drug) for drug in BOTH)
    # For each toxicity, in the order of the regions: no hold, or one of its holds.
    holds: dict[str, list[Episode | None]] = {toxicity.name: [None] for toxicity in toxicities(chart.edition)}
    for episode in chart.holds.values():
        holds[episode.toxicity].append(episode)
    for of_each in product(*holds.values()):
        held = [episode for episode in of_each if episode is not None]
        drugs = {drug for episode in held for drug in episode.drugs}
        reasons = tuple(episode.reason for episode in held)
        for one, two in product(ixazomib, lenalidomide):
            yield Status("on treatment", one, "ixazomib" in drugs, two, "lenalidomide" in drugs, reasons)


def _doses(levels: Iterable[Level], drug: Drug) -> list[float]:
    return sorted({level.mg for level in levels if level.drug == drug})
