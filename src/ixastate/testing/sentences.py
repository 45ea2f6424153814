"""The words of the machine: every phrase for a state and every sentence of an order, with what each stands for.

There are finitely many. A program under test answers in the same words, so its answers are looked up here and never
taken apart; what is not found is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import combinations, product
from typing import Any

from ixastate.chart.status import Status, status_of
from ixastate.events import Drug
from ixastate.orders import Order, every_order
from ixastate.rules import Edition, load_edition
from ixastate.symbols import DISCONTINUED, SCREENING, toxicities

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
    rules = load_edition(edition)
    doses: dict[Drug, tuple[float, ...]] = {
        "ixazomib": rules.ixazomib_ladder_mg,
        "lenalidomide": rules.lenalidomide.ladder_mg,
        "dexamethasone": (rules.dexamethasone.dose_mg,),
    }
    return {str(order): order for order in every_order(doses)}


@cache
def _phrases(edition: str) -> dict[str, Parts]:
    """Each phrase with the parts on which all statuses agree that are put in these words."""
    phrases: dict[str, dict[str, Any]] = {}
    for status in _statuses(load_edition(edition)):
        parts: dict[str, Any] = {"phase": status.phase}
        # Outside treatment the phase is all that there is to say.
        if status.ixazomib_mg is not None:
            parts = vars(status) | {"held_for": list(status.held_for)}
            # No part of an answer: the words alone say it.
            del parts["to_confirm"]
        known = phrases.setdefault(status.words, parts)
        phrases[status.words] = {key: value for key, value in known.items() if parts[key] == value}
    return dict(phrases)


def _statuses(edition: Edition) -> Iterator[Status]:
    """Every status that levels, holds and counts to be confirmed can make up, whichever toxicity holds which drug."""
    for outside in (SCREENING, DISCONTINUED):
        yield status_of({}, outside)
    reasons = [toxicity.reason for toxicity in toxicities(edition)]
    counts = [toxicity.reason for toxicity in toxicities(edition) if toxicity.is_confirmed(edition)]
    for low in _some_of(counts):
        for one, two in product(edition.ixazomib_ladder_mg, edition.lenalidomide.ladder_mg):
            yield Status("on treatment", one, False, two, False, (), low)
            for some in _some_of([reason for reason in reasons if reason not in low]):
                for ixazomib, lenalidomide in ((True, True), (True, False), (False, True)) if some else ():
                    yield Status("on treatment", one, ixazomib, two, lenalidomide, some, low)


def _some_of(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Every choice of these, in their order, that of none first."""
    for number in range(len(names) + 1):
        yield from combinations(names, number)
