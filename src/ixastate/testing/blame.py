"""Fault localisation: the rules that a wrong answer breaks, the one that it breaks first of all in front.

A record names every rule that it rests on. When an answer to the same event differs, one of them explains it best: the
rule that holds, releases, lowers, keeps or ends, by the part of the answer that is wrong. Where the right answer does
nothing and the program does something, it is the rule that the program applied in error. What each rule does stands in
`rules/effects.toml`; this module knows no rule by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from ixastate.events import KINDS, Drug
from ixastate.orders import Order, Verb
from ixastate.rules import Edition
from ixastate.rules.effects import Effects, RuleEffects, load_effects
from ixastate.testing.answers import DOSE_OF, ENDED, HELD_OF, Difference
from ixastate.testing.sentences import order_of, parts_of

Rules = tuple[str, ...]
# What each kind of rule weighs where several explain a difference: the lightest stands first.
WEIGHTS = {"label": 0, "reading": 2, "bookkeeping": 3}
GENERAL_WEIGHT = 1
# The order in which differences are explained: what weighs most for a patient comes first.
EXPLAINED = ("refused", "phase", "ixazomib_held", "lenalidomide_held", "ixazomib_mg", "lenalidomide_mg", "held_for")


def effects() -> RuleEffects:
    """What each rule does, read once."""
    return load_effects(frozenset(KINDS), frozenset(get_args(Verb)))


@dataclass(frozen=True)
class CheckedEvent:
    """One event of a course: the right answer, the right answer before it, and the rules on which they rest.

    `rules` decided the answer, `schedule` what is due; `earlier` are the rules on which earlier answers rested.
    """

    event: Mapping[str, Any]
    expected: Mapping[str, Any]
    rules: Rules
    schedule: Rules = ()
    before: Mapping[str, Any] = field(default_factory=dict)
    earlier: frozenset[str] = frozenset()

    @property
    def effects(self) -> Effects:
        """What rules do at this kind of event."""
        return effects().of(self.event["type"])

    def acting(self, rules: Iterable[str]) -> list[str]:
        """Those of these rules on which the right answer rests."""
        return [rule for rule in rules if rule in self.rules]


def blame(checked: CheckedEvent, differences: Sequence[Difference], edition: Edition) -> Rules:
    """The rules that these differences break, the most likely one first; then clauses of the text, then readings."""
    differing = {difference.key: difference for difference in differences}
    found = checked.acting(effects().whatever.after_the_end)
    if "refused" in differing:
        found += by_weight(checked.rules, edition)
    only_due = not set(differing) - {"due"}
    for difference in implied(differing, edition):
        # What is due follows from the rest, and says something of its own only when the rest is right.
        found += _broken(checked, difference, edition) if difference.key != "due" or only_due else []
    rest = by_weight(checked.rules, edition)
    if only_due:
        rest = [*by_weight(checked.schedule, edition), *rest]
    return tuple(rule for rule in dict.fromkeys([*found, *rest]) if rule in edition.rules)


def by_weight(rules: Iterable[str], edition: Edition) -> list[str]:
    """Particular clauses, then general ones, then readings, then what is bookkeeping."""
    general = effects().whatever.in_general

    def weight(rule: str) -> int:
        return GENERAL_WEIGHT if rule in general else WEIGHTS[edition.rule(rule).kind]

    return sorted(rules, key=weight)


def implied(differing: Mapping[str, Difference], edition: Edition) -> list[Difference]:
    """The differences in the order in which they are explained, with those that the words for the state imply."""
    found = list(differing.values())
    words = differing.get("state")
    if words is not None:
        expected, got = parts_of(words.expected, edition), parts_of(words.got, edition)
        found += [
            Difference(key, expected[key], got[key])
            for key in expected
            if key in got and expected[key] != got[key] and key not in differing
        ]
    rank = {key: place for place, key in enumerate(EXPLAINED)}
    return sorted(found, key=lambda difference: rank.get(difference.key, len(EXPLAINED)))


def _broken(checked: CheckedEvent, difference: Difference, edition: Edition) -> list[str]:
    """The rules that one difference breaks."""
    key, whatever = difference.key, effects().whatever
    if key == "phase":
        return _phase(checked, difference)
    if key in HELD_OF:
        return _held(checked, difference, HELD_OF[key])
    if key in DOSE_OF:
        return _dose(checked, difference, DOSE_OF[key])
    if key == "held_for":
        opened = set(difference.expected or ()) - set(checked.before.get("held_for") or ())
        holds, releases = checked.effects.holds, checked.effects.releases
        return _first(checked, holds if opened else (*releases, *holds))
    if key == "late_dose":
        return checked.acting(whatever.late_dose)[:1]
    if key == "orders":
        return _orders(checked, difference, edition)
    if key == "due":
        return _due(difference)
    return []


def _phase(checked: CheckedEvent, difference: Difference) -> list[str]:
    """Treatment ends too late, or too early."""
    if difference.expected == ENDED:
        return checked.acting(checked.effects.ends)
    instead = [rule for resting, rule in checked.effects.ends_instead.items() if resting in checked.rules]
    return instead or _first(checked, checked.effects.ends)


def _held(checked: CheckedEvent, difference: Difference, drug: Drug) -> list[str]:
    """A drug is held that should be given, or the other way round."""
    still = checked.acting(effects().whatever.still_held)
    if checked.before.get(difference.key):
        released = _first(checked, checked.effects.releases)
        # Another toxicity holds it still.
        return [*still, *released] if difference.expected else released
    at_all = checked.acting(effects().whatever.held_at_all.of(drug))
    return [*_first(checked, checked.effects.holds), *at_all]


def _dose(checked: CheckedEvent, difference: Difference, drug: Drug) -> list[str]:
    """A drug is lowered that should keep its dose, or the other way round, or by too much."""
    lowers, keeps = checked.effects.lowers.of(drug), checked.effects.keeps.of(drug)
    before, expected, got = checked.before.get(difference.key), difference.expected, difference.got
    if checked.expected.get("phase") == ENDED or expected is None or got is None:
        return _first(checked, checked.effects.ends)
    too_low = isinstance(got, int | float) and got < expected
    if before is None or expected < before:
        one_level = checked.acting(effects().whatever.one_level) if before is not None and too_low else []
        return [*one_level, *_first(checked, lowers)]
    if isinstance(got, int | float) and got > expected:
        return [*_first(checked, keeps), *checked.acting(effects().whatever.same_dose)]
    return _later_last(checked, checked.acting(keeps)) or _first(checked, lowers)


def _orders(checked: CheckedEvent, difference: Difference, edition: Edition) -> list[str]:
    """Orders that are missing, then those that are given in error; a sentence that is unknown explains nothing."""
    expected = set(map(str, difference.expected or ()))
    got = set(map(str, difference.got)) if isinstance(difference.got, list) else set()
    found: list[str] = []
    for sentence in [*sorted(expected - got), *sorted(got - expected)]:
        order = order_of(sentence, edition)
        found += _order(checked, order) if order is not None else []
    return found


def _order(checked: CheckedEvent, order: Order) -> list[str]:
    """The rules by which an order is given."""
    of_kind = checked.effects
    advice = {**effects().whatever.advises, **of_kind.advises}
    if order.verb in advice:
        return list(advice[order.verb])
    if order.verb == "hold":
        return _first(checked, of_kind.holds)
    if order.verb == "reduce" and order.drug:
        return _first(checked, of_kind.lowers.of(order.drug))
    if order.verb == "resume":
        return _first(checked, of_kind.releases)
    if order.verb == "stop":
        return _first(checked, of_kind.ends)
    return []


def _due(difference: Difference) -> list[str]:
    """The days of the drugs whose doses differ."""

    def doses(items: Any) -> set[tuple[str, str]]:
        pairs = items if isinstance(items, list) else []
        return {(str(item.get("drug")), f"{item.get('mg')}") for item in pairs if isinstance(item, dict)}

    differing = {drug for drug, _ in doses(difference.expected) ^ doses(difference.got)}
    return [rule for drug, rules in effects().whatever.due if drug in differing for rule in rules]


def _first(checked: CheckedEvent, rules: Rules) -> list[str]:
    """Those of these rules that the event rests on; when it rests on none, the one applied in error."""
    return _later_last(checked, checked.acting(rules)) or _later_last(checked, list(rules))[:1]


def _later_last(checked: CheckedEvent, rules: list[str]) -> list[str]:
    """A rule about one episode stands in front the first time that it acts; after that those about later ones do."""
    past = [rule for rule in rules if rule in checked.effects.once and rule in checked.earlier]
    return [*(rule for rule in rules if rule not in past), *past]
