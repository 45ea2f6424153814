"""The regions in which a low count must be confirmed before it holds treatment (B-CONFIRM-HOLD): the rows that differ.

Between episodes a low count makes the region pending and asks for the count to be repeated. There is one pending state
for each state between episodes, so that whose turn it is stays known. The next count confirms or withdraws: a low one
does what the first one does in the dosing text, by the same rows, and any other leads back. Within an episode nothing
differs.
"""

from __future__ import annotations

from collections.abc import Mapping

from ixastate.chart.toxicities import NO, Floors, Region, Write, neutropenia, thrombocytopenia
from ixastate.orders import Order
from ixastate.symbols import NEUTROPENIA, THROMBOCYTOPENIA

REPEAT = (Order("repeat_count"),)
RULE = "B-CONFIRM-HOLD"


def confirming(region: Region) -> Region:
    """A region whose episodes open with a low count, in which that count must be confirmed."""
    (low,), (ok,) = region.toxicity.onsets, region.toxicity.recoveries
    between = {leaf: meaning for leaf, meaning in region.meanings.items() if not meaning.open}
    for leaf, meaning in between.items():
        clear, pending = region.states[leaf], region.pending(meaning)
        onsets = region.leaving(clear, low.name)
        # fmt: off
        region.instead(clear, low.name, [
            (clear,   low.name, None, pending, NO,     REPEAT, RULE),
            *((pending, low.name, when, target, raises, orders, f"{rules} {RULE}")
              for _, _, when, target, raises, orders, rules in onsets),
            (pending, ok.name,  None, clear,   NO,     NO,     RULE),
        ])
        # fmt: on
    return region


def neutropenia_confirmed(f: Floors, goes_on: bool) -> Region:
    """Neutropenia, which a second low count opens."""
    return confirming(neutropenia(f, goes_on))


def thrombocytopenia_confirmed(f: Floors, goes_on: bool) -> Region:
    """Thrombocytopenia, which a second low count opens."""
    return confirming(thrombocytopenia(f, goes_on))


CONFIRMING: Mapping[str, Write] = {
    NEUTROPENIA.name: neutropenia_confirmed,
    THROMBOCYTOPENIA.name: thrombocytopenia_confirmed,
}
