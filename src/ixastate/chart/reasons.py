"""Explanations: the rule that gives an order, the rule that earned a reduction, and whether a rule contradicts a step.

What each rule does is data (`rules/effects.toml`). This module holds it against what a step did to the drugs. It knows
no rule by name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import get_args

from ixastate.chart.builder import Step
from ixastate.chart.states import Episode, Level, Meaning
from ixastate.events import Drug
from ixastate.orders import Order, Verb
from ixastate.rules import DEFAULT_EDITION
from ixastate.rules.effects import Effect, RuleEffects, What, load_effects

# What a rule does that gives an order of this verb; every other verb is advice.
GIVING: Mapping[Verb, What] = {
    "start": "starts",
    "hold": "holds",
    "resume": "resumes",
    "reduce": "lowers",
    "stop": "stops",
}


@cache
def effects_of(edition: str = DEFAULT_EDITION) -> RuleEffects:
    """What the rules of an edition do; `RulesError` when there is no such edition."""
    return load_effects(edition, frozenset(get_args(Verb)))


@dataclass(frozen=True)
class Outcome:
    """What a step did: the level of each drug before and after (none outside treatment), and what it ordered.

    `asked` are the drugs of which the step itself asks for a reduction. `holding` are those that the toxicity of its
    symbol holds after it.
    """

    before: Mapping[Drug, Level]
    after: Mapping[Drug, Level]
    orders: Collection[Order]
    asked: Collection[Drug] = ()
    holding: Collection[Drug] = ()

    @property
    def ended(self) -> bool:
        """Whether treatment ended with it."""
        return bool(self.before) and not self.after

    def ordered(self, verb: str, drug: str) -> bool:
        """Whether this was ordered for this drug."""
        return any((order.verb, order.drug) == (verb, drug) for order in self.orders)

    def lowered(self, drug: Drug) -> bool:
        """Whether the dose of a drug is lower after it."""
        return drug in self.before and drug in self.after and self.after[drug].mg < self.before[drug].mg

    def owed_before(self, drug: Drug) -> bool:
        """Whether a drug owed a reduction before it."""
        return drug in self.before and self.before[drug].owes

    def owes(self, drug: Drug) -> bool:
        """Whether a drug owes a reduction after it."""
        return drug in self.after and self.after[drug].owes


def drug_levels(meanings: Mapping[str, Meaning], configuration: Iterable[str]) -> dict[Drug, Level]:
    """The level of each drug in a configuration; empty outside treatment."""
    found = (meanings.get(leaf) for leaf in configuration)
    return {meaning.drug: meaning for meaning in found if isinstance(meaning, Level)}


def outcome_of(meanings: Mapping[str, Meaning], step: Step, toxicity: str) -> Outcome:
    """What a step did, of which the symbol belongs to this toxicity ('' for a start or an end)."""
    after = [meanings.get(leaf) for leaf in step.after]
    return Outcome(
        drug_levels(meanings, step.before),
        drug_levels(meanings, step.after),
        step.orders,
        {drug for drug, _ in step.asked},
        {drug for one in after if isinstance(one, Episode) and one.toxicity == toxicity for drug in one.drugs},
    )


def contradiction(rule: str, outcome: Outcome, effects: RuleEffects) -> str | None:
    """How a step contradicts what this rule does, in words; None when one of its effects fits, or it has none."""
    whys = [_contradiction(effect, outcome, effects.general(rule)) for effect in effects.of(rule)]
    if not whys or None in whys:
        return None
    return "; ".join(why for why in whys if why)


def gives(rule: str, order: Order, outcome: Outcome, effects: RuleEffects) -> bool:
    """Whether this rule has an effect that gives the order and that the step does not contradict."""
    what = GIVING.get(order.verb)
    for effect in effects.of(rule):
        named = order.drug in effect.drugs(what) if what else order.verb in effect.advises
        if named and _contradiction(effect, outcome, effects.general(rule)) is None:
            return True
    return False


def reasons(order: Order, rules: Iterable[str], outcome: Outcome, effects: RuleEffects) -> tuple[str, ...]:
    """The rules that give an order in particular; () when none of these does."""
    return tuple(rule for rule in rules if not effects.general(rule) and gives(rule, order, outcome, effects))


def _contradiction(effect: Effect, outcome: Outcome, general: bool) -> str | None:
    """How a step contradicts an effect. A general rule does not ask for a reduction itself: it says how far it goes."""
    for drug in effect.starts:
        if not outcome.ordered("start", drug):
            return f"it starts {drug}, and no start of it is ordered"
    for drug in effect.withholds:
        if outcome.ordered("start", drug):
            return f"it withholds {drug}, and its start is ordered"
    for drug in effect.stops:
        if not outcome.ended and not outcome.ordered("stop", drug):
            return f"it stops {drug}, and treatment goes on"
    of_treatment = (effect.holds, effect.spares, effect.resumes, effect.lowers, effect.keeps)
    if any(of_treatment) and not outcome.after:
        return "it says what becomes of a drug, and treatment ends"
    for drug in outcome.after:
        why = _of_drug(drug, effect, outcome, general)
        if why:
            return f"it {why.format(drug=drug)}"
    given = {order.verb for order in outcome.orders}
    if effect.advises and not given.intersection(effect.advises):
        return f"it advises {effect.advises[0]}, and that is not ordered"
    return None


def _of_drug(drug: Drug, effect: Effect, outcome: Outcome, general: bool) -> str | None:
    """How a step on treatment contradicts what an effect does to one drug. What is owed until a release does not."""
    after = outcome.after[drug]
    was_held = drug in outcome.before and outcome.before[drug].held
    if drug in effect.holds and not after.held:
        return "holds {drug}, which is given"
    if drug in effect.spares and after.held and (drug in outcome.holding or not was_held):
        return "does not hold {drug}, which its toxicity holds"
    if drug in effect.resumes and not was_held:
        return "resumes {drug}, which was not held"
    if drug in effect.resumes and after.held and drug in outcome.holding:
        return "resumes {drug}, which the same toxicity holds still"
    asks = drug in outcome.asked or (general and outcome.owed_before(drug))
    if drug in effect.lowers and not (asks and (outcome.lowered(drug) or after.owes)):
        return "lowers {drug}, which is not lowered by it"
    own = (outcome.lowered(drug) or after.owes) and not outcome.owed_before(drug)
    if drug in effect.keeps and (own or drug in outcome.asked):
        return "keeps {drug}, which is lowered by it"
    return None
