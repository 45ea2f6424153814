"""Reductions that are owed: by which clause, and since when. Context of a course, and no state of the machine.

A drug that is held comes to owe a reduction when a toxicity is over; the reduction is made when the drug is given
again, perhaps much later and by the recovery of another toxicity. As states the clauses would make the machine many
times as large, and they change no order. So a course remembers them, and the record that lowers the drug names them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Annotated

from pydantic import Field

from ixastate.chart.builder import Step
from ixastate.chart.states import Level, Meaning
from ixastate.events import Drug
from ixastate.fields import Fact
from ixastate.rules.effects import RuleEffects
from ixastate.symbols import BOTH, Configuration


class Earned(Fact):
    """A reduction that a drug owes, or owed: the rule that earned it and the treatment day on which it did.

    Both are None where a snapshot of an earlier version did not say. Several of one drug make one level at its release
    (B-STACK), or two where an edition reads it so.
    """

    drug: Drug
    rule: str | None
    day: Annotated[int, Field(strict=True, ge=-1_000_000, le=1_000_000)] | None

    def __str__(self) -> str:
        if self.rule is None:
            return "a recovery that the saved course does not name"
        return f"{self.rule} on day {self.day}"

    def __repr__(self) -> str:
        return f"<Earned {self.drug}: {self}>"


def after_step(
    owed: tuple[Earned, ...], step: Step, day: int | None, effects: RuleEffects, meanings: Mapping[str, Meaning]
) -> tuple[tuple[Earned, ...], tuple[Earned, ...]]:
    """What is owed after a step, and what was owed before it and is made by it. `day` is the day of the step.

    A reduction for which the step itself asks is owed from now on, if the drug stays held; if the drug comes back it is
    the step's own, and its rule stands among those of the step.
    """
    lowered = [order.drug for order in step.orders if order.verb == "reduce"]
    made = tuple([one for one in owed if one.drug in lowered])
    owing = who_owes(meanings, step.after)
    asked = [(drug, effects.earner(rules, drug)) for drug, rules in step.asked if drug in owing]
    still = [one for one in owed if one.drug in owing]
    return (*still, *[Earned(drug=drug, rule=rule, day=day) for drug, rule in asked]), made


def who_owes(meanings: Mapping[str, Meaning], configuration: Configuration) -> tuple[Drug, ...]:
    """The drugs that owe a reduction in a configuration."""
    found = [meanings[leaf] for leaf in configuration if leaf in meanings]
    owing = [one.drug for one in found if isinstance(one, Level) and one.owes]
    return tuple([drug for drug in BOTH if drug in owing])


def unknown(drugs: Iterable[Drug]) -> tuple[Earned, ...]:
    """The debts of drugs of which nothing says by which clause they owe."""
    return tuple(Earned(drug=drug, rule=None, day=None) for drug in drugs)


def fits(owed: tuple[Earned, ...] | None, owing: Collection[Drug], effects: RuleEffects) -> bool:
    """Whether a saved course can owe this: the drugs that owe and no others, each by rules that ask for it."""
    return owed is None or (
        {one.drug for one in owed} == set(owing)
        and all(one.rule is None or effects.earner([one.rule], one.drug) == one.rule for one in owed)
    )
