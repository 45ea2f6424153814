"""The regions of the drugs: a ladder of levels, on each of which the drug is given, held or owing.

A ladder is a loop over its levels: every level has the same few transitions. A drug never decides anything; it answers
what the toxicities raise (`hold`, `owe`, `release`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from statemachine import State

from ixastate.chart.builder import transition
from ixastate.chart.guards import Guard, none_active, some_active
from ixastate.chart.states import Level
from ixastate.events import Drug
from ixastate.orders import Order
from ixastate.symbols import Raised


def levels_of(drug: Drug, ladder: Sequence[float], stacks: bool) -> dict[str, Level]:
    """Every state of a drug's region with its meaning. At its floor a drug can owe nothing."""
    levels = [Level(drug, mg, "given") for mg in ladder] + [Level(drug, mg, "held") for mg in ladder]
    levels += [Level(drug, mg, "owing") for mg in ladder[:-1]]
    levels += [Level(drug, mg, "owing_two") for mg in ladder[:-2]] if stacks else []
    return {level.id: level for level in levels}


def at_floor(drug: Drug, ladder: Sequence[float]) -> tuple[Guard, Guard]:
    """Two guards: the drug stands at its floor; it stands above it (a reduction still owed is not yet made)."""
    floor = [Level(drug, ladder[-1], "given").id, Level(drug, ladder[-1], "held").id]
    return some_active(f"{drug} at its floor", floor), none_active(f"{drug} above its floor", floor)


def drug_region(
    drug: Drug,
    ladder: Sequence[float],
    holders: Sequence[str],
    steps: Sequence[str],
    *,
    lowered_while_given: bool,
    stacks: bool,
) -> dict[str, State]:
    """A drug on its ladder. `holders` are the toxicity states that hold it; `steps` cite each step down."""
    levels = levels_of(drug, ladder, stacks)
    states = {name: State(initial=place == 0) for place, name in enumerate(levels)}
    free, busy = none_active(f"nothing holds {drug}", holders), some_active(f"something holds {drug}", holders)
    # Lenalidomide is held only by toxicities that each name a reduction of their own.
    waiting = "B-OVERLAP" if drug == "ixazomib" else "B-SIMULT B-OVERLAP"
    hold, owe, release = (Raised(verb, drug).name for verb in ("hold", "owe", "release"))

    for mg in ladder:
        given, held = states[Level(drug, mg, "given").id], states[Level(drug, mg, "held").id]
        resume = Order("resume", drug, mg)
        transition(given, hold, held, "DOSE-06", orders=[Order("hold", drug)])
        transition(held, hold, None, "B-OVERLAP")
        transition(held, release, given, "B-ORIGINAL B-RESUME-TIMING", when=free, orders=[resume])
        transition(held, release, None, waiting, when=busy)

    for (mg, lower), step in zip(pairwise(ladder), steps, strict=True):
        given, held = states[Level(drug, mg, "given").id], states[Level(drug, mg, "held").id]
        owing, given_lower = states[Level(drug, mg, "owing").id], states[Level(drug, lower, "given").id]
        reduce, resume = Order("reduce", drug, lower), Order("resume", drug, lower)
        # None at the last level but one, where a drug cannot owe two.
        two = states.get(Level(drug, mg, "owing_two").id)
        if lowered_while_given:
            transition(given, owe, given_lower, step, orders=[reduce])
        transition(held, owe, owing, "B-RESUME-TIMING")
        transition(owing, owe, two, "B-STACK")
        transition(owing, hold, None, "B-OVERLAP")
        transition(owing, release, given_lower, f"{step} B-RESUME-TIMING", when=free, orders=[reduce, resume])
        transition(owing, release, None, waiting, when=busy)
    if stacks:
        for mg, lowest, step in zip(ladder, ladder[2:], steps[1:], strict=False):
            two, given_lowest = states[Level(drug, mg, "owing_two").id], states[Level(drug, lowest, "given").id]
            orders = [Order("reduce", drug, lowest), Order("resume", drug, lowest)]
            transition(two, owe, None, "B-STACK")
            transition(two, hold, None, "B-OVERLAP")
            transition(two, release, given_lowest, f"{step} B-STACK B-RESUME-TIMING", when=free, orders=orders)
            transition(two, release, None, waiting, when=busy)
    return states
