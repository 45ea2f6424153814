"""The statechart of a treatment course. This is the machine; everything else feeds it, writes it down or reads it.

The theory
----------
A course is `screening`, then `on_treatment`, then `discontinued`, which is final. On treatment seven regions run
side by side: two drugs and five toxicities.

A drug's region says at which level of its ladder the drug stands and whether it is `given`, `held`, or `owing`:
held, with one reduction to be made when it is given again. A drug never decides anything. It answers three
raised symbols: `hold_…` (given becomes held), `owe_…` (a drug that is given drops one level at once; one that is
held becomes owing; one that owes already owes no more, so that a release never lowers a drug by more than one
level) and `release_…` (it comes back, one level lower if it owes), but only when no toxicity holds this drug any
more. So drugs come back one by one, each when its last reason has gone.

A toxicity's region says where its episodes stand and whose turn the next reduction is. An episode lasts from the
onset to the documented recovery; what is reported in between belongs to it. The onset raises the holds, the
recovery raises `owe_…` for the drug whose turn it is and then the releases. Neutropenia, thrombocytopenia and
rash alternate between the drugs and share one pattern. They differ in who begins: neutropenia lowers ixazomib
first, the other two lenalidomide, and the first rash holds nothing. Neuropathy and other toxicities hold
ixazomib alone; only a severe or an ixazomib-related one lowers it.

Who wins: the regions see an external symbol in the configuration as it was when the symbol came. What they raise
is handled afterwards, first in, first out, so the releases see the toxicity already over.

Stopping: when ixazomib stands at its floor and a toxicity would ask it for one more step, treatment ends. That is
decided at the onset. The one exception is a toxicity's first episode ever whose own action needs no step of
ixazomib; it is held and released as usual (B-FIRSTEVER). Lenalidomide's turn passes to ixazomib when
lenalidomide stands at its own floor (B-LENFLOOR). Grade 4 neuropathy or rash, progression, intolerable toxicity,
death and withdrawal end treatment from anywhere.

The machine knows symbols only: no patients, dates, units or numbers but the levels of the ladders. Whatever
changes what happens next is a state. Every transition cites the rules it rests on and carries the orders it
gives; both travel unchanged to the record, the diagram and the table.
"""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, ClassVar

from statemachine import State, StateChart

from ixastate.chart.builder import Transition, compound, parallel, rows, transition, transitions_of
from ixastate.chart.drugs import at_floor, drug_region, levels_of
from ixastate.chart.editions import SHAPES, EditionShape
from ixastate.chart.reasons import effects_of
from ixastate.chart.states import Episode, Level, Meaning, Phase, holds, levels
from ixastate.chart.toxicities import STOP, Floors, Region
from ixastate.errors import ChartError
from ixastate.events import Drug
from ixastate.orders import Order
from ixastate.rules import DEFAULT_EDITION, Edition, load_edition
from ixastate.symbols import BOTH, ENDS, RAISED, START_BLOCKED, TOXICITIES, starts, symbols, toxicities, usual_start


class CourseChart(StateChart[Any]):
    """The chart of an edition, with the edition and the meaning of every leaf."""

    # A guard or an action that fails must be heard, not counted as false.
    catch_errors_as_events = False
    edition: ClassVar[Edition]
    meanings: ClassVar[dict[str, Meaning]]
    levels: ClassVar[dict[str, Level]]
    holds: ClassVar[dict[str, Episode]]
    unreachable: ClassVar[tuple[str, ...]]


def build_chart(edition: str = DEFAULT_EDITION) -> type[CourseChart]:
    """The statechart of an edition, made once.

    `RulesError` when there is no such edition, `ChartError` when a toxicity or a symbol was forgotten in the chart.
    """
    return _build(load_edition(edition).name)


@cache
def _build(name: str) -> type[CourseChart]:
    edition = load_edition(name)
    shape = SHAPES[edition.name]
    ladders: dict[Drug, tuple[float, ...]] = {
        "ixazomib": edition.ixazomib_ladder_mg,
        "lenalidomide": edition.lenalidomide.ladder_mg,
    }
    screening, discontinued = State(initial=True), State(final=True)
    ixazomib, lenalidomide = (at_floor(drug, ladders[drug]) for drug in BOTH)
    followed = _toxicities(edition, shape, Floors(*ixazomib, *lenalidomide, discontinued))
    episodes = {leaf: meaning for region in followed.values() for leaf, meaning in region.meanings.items()}
    drugs = _drugs(ladders, shape, holds(episodes))
    regions = drugs | {one.name: followed[one.name].states for one in TOXICITIES if one.name in followed}
    on_treatment = parallel("on_treatment", {name: compound(name, states) for name, states in regions.items()})
    _starts_and_ends(edition, screening, on_treatment, discontinued, drugs)

    meanings: dict[str, Meaning] = {"screening": Phase("screening"), "discontinued": Phase("discontinued")}
    for drug in BOTH:
        meanings |= levels_of(drug, ladders[drug], shape.stacks)
    meanings |= episodes
    attributes = {
        "screening": screening,
        "on_treatment": on_treatment,
        "discontinued": discontinued,
        "edition": edition,
        "meanings": meanings,
        "levels": levels(meanings),
        "holds": holds(meanings),
        "unreachable": shape.unreachable,
    }
    chart: type[CourseChart] = types.new_class("Course", (CourseChart,), {}, lambda body: body.update(attributes))
    _nothing_forgotten(edition, transitions_of(chart))
    return chart


def _toxicities(edition: Edition, shape: EditionShape, floors: Floors) -> dict[str, Region]:
    """The region of every toxicity that the edition follows."""
    found = {}
    # Those whose reductions take turns come first: they are the first reasons of a hold that a guard asks about.
    for toxicity in sorted(toxicities(edition), key=lambda one: not one.alternates):
        if toxicity.name not in shape.regions:
            what = f"the toxicity {toxicity.name!r} has no region"
            raise ChartError(
                what, where=edition.name, remedy="write its rows in chart/toxicities.py, and name it in REGIONS"
            )
        found[toxicity.name] = shape.regions[toxicity.name](floors, shape.goes_on)
        rows(found[toxicity.name].rows)
    return found


def _drugs(
    ladders: Mapping[Drug, Sequence[float]], shape: EditionShape, holding: Mapping[str, Episode]
) -> dict[str, dict[str, State]]:
    """The ladders of both drugs, held by these leaves."""
    steps = {
        "ixazomib": ["DOSE-06 DOSE-07 DOSE-08", "DOSE-06 DOSE-07 DOSE-09 DOSE-10"],
        "lenalidomide": ["DOSE-05 DOSE-06 B-MAX2 B-LADDER"] * (len(ladders["lenalidomide"]) - 1),
    }
    return {
        drug: drug_region(
            drug,
            ladders[drug],
            [leaf for leaf, episode in holding.items() if drug in episode.drugs],
            steps[drug],
            lowered_while_given=drug in shape.lowered_while_given,
            stacks=shape.stacks,
        )
        for drug in BOTH
    }


def _starts_and_ends(
    edition: Edition, screening: State, on_treatment: Any, discontinued: State, drugs: Mapping[str, Mapping[str, State]]
) -> None:
    """The transitions into treatment and out of it."""
    dexamethasone = Order("start", "dexamethasone", edition.dexamethasone.dose_mg)
    usual = usual_start(edition)
    for start in starts(edition):
        doses = {"ixazomib": start.ixazomib_mg, "lenalidomide": start.lenalidomide_mg}
        leaves = [drugs[drug][Level(drug, doses[drug], "given").id] for drug in BOTH]
        rules = "DOSE-03 DOSE-05"
        rules += " DOSE-01" if start.ixazomib_mg == usual.ixazomib_mg else ""
        rules += " DOSE-02" if start.lenalidomide_mg == edition.lenalidomide.ladder_mg[0] else ""
        orders = [*(Order("start", drug, doses[drug]) for drug in BOTH), dexamethasone]
        transition(screening, start.name, leaves, rules, orders=orders)
    transition(screening, START_BLOCKED.name, None, "K-RECORD")
    for end in ENDS:
        transition(on_treatment, end.name, discontinued, end.rules, orders=STOP)
        if end.from_screening:
            transition(screening, end.name, discontinued, end.rules)


def _nothing_forgotten(edition: Edition, transitions: Sequence[Transition]) -> None:
    """Every symbol has a transition, every transition a symbol, and every rule that it rests on says what it does."""
    external, known = {one.symbol for one in transitions if one.symbol not in RAISED}, set(symbols(edition))
    if idle := sorted(known - external):
        raise ChartError(
            f"no transition takes {', '.join(idle)}", where=edition.name, remedy="give it a row in the chart"
        )
    if unknown := sorted(external - known):
        raise ChartError(f"{', '.join(unknown)}: no symbol", where=edition.name, remedy="name it in symbols.py")
    effects = effects_of(edition.name)
    stated = effects.effects.keys() | effects.without.keys()
    if silent := sorted({rule for one in transitions for rule in one.rules} & edition.rules.keys() - stated):
        raise ChartError(
            f"what {', '.join(silent)} does to a drug is not stated",
            where=edition.name,
            remedy="state it in rules/effects.toml, or there why it does nothing",
        )
