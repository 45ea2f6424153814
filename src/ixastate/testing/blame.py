"""Fault localisation: the rules that a wrong answer breaks, the one that it breaks first of all in front.

A record names every rule that it rests on. When an answer to the same event differs, one of them explains it best: the
rule that holds, releases, lowers, keeps or ends, by the part of the answer that is wrong. Where the right answer does
nothing and the program does something, it is the rule that the program applied in error. What each rule does stands in
`rules/effects.toml`; this module knows no rule by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ixastate.chart.reasons import GIVING, effects_of
from ixastate.events import KINDS, Drug
from ixastate.orders import Order
from ixastate.rules import Edition
from ixastate.rules.effects import EventEffects, GeneralEffects, RuleEffects, What, check_kinds
from ixastate.testing.answers import DOSE_OF, ENDED, HELD_OF, Difference
from ixastate.testing.sentences import order_of, parts_of

Rules = tuple[str, ...]
# What each kind of rule weighs where several explain a difference: the lightest stands first.
WEIGHTS = {"label": 0, "reading": 2, "bookkeeping": 3}
GENERAL_WEIGHT = 1
# The order in which differences are explained: what weighs most for a patient comes first.
EXPLAINED = ("refused", "phase", "ixazomib_held", "lenalidomide_held", "ixazomib_mg", "lenalidomide_mg", "held_for")


# What a rule says that speaks against an effect: a drug that it spares is not held by it, and so on.
AGAINST: Mapping[What, What] = {"holds": "spares", "lowers": "keeps", "keeps": "lowers"}


@cache
def effects(edition: str) -> RuleEffects:
    """What each rule of an edition does, checked against the kinds of events that there are."""
    found = effects_of(edition)
    check_kinds(found, KINDS)
    return found


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

    def acting(self, rules: Iterable[str]) -> list[str]:
        """Those of these rules on which the right answer rests."""
        return [rule for rule in rules if rule in self.rules]


def blame(checked: CheckedEvent, differences: Sequence[Difference], edition: Edition) -> Rules:
    """The rules that these differences break, the most likely one first; then clauses of the text, then readings."""
    differing = {difference.key: difference for difference in differences}
    found = checked.acting(effects(edition.name).whatever.after_the_end)
    if "refused" in differing:
        found += by_weight(checked.rules, edition)
    only_due = not set(differing) - {"due"}
    of_event = _Broken(checked, edition)
    for difference in implied(differing, edition):
        # What is due follows from the rest, and says something of its own only when the rest is right.
        found += of_event.by(difference) if difference.key != "due" or only_due else []
    rest = by_weight(checked.rules, edition)
    if only_due:
        rest = [*by_weight(checked.schedule, edition), *rest]
    return tuple(rule for rule in dict.fromkeys([*found, *rest]) if rule in edition.rules)


def by_weight(rules: Iterable[str], edition: Edition) -> list[str]:
    """Particular clauses, then general ones, then readings, then what is bookkeeping."""
    known = effects(edition.name)

    def weight(rule: str) -> int:
        kind = edition.rule(rule).kind
        return GENERAL_WEIGHT if kind == "label" and known.general(rule) else WEIGHTS[kind]

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


@dataclass(frozen=True)
class _Broken:
    """The rules that a wrong answer to one event breaks, difference by difference."""

    checked: CheckedEvent
    edition: Edition

    @property
    def here(self) -> EventEffects:
        """What rules decide at this kind of event."""
        return effects(self.edition.name).at(self.checked.event["type"])

    @property
    def whatever(self) -> GeneralEffects:
        """What holds at every kind of event."""
        return effects(self.edition.name).whatever

    def by(self, difference: Difference) -> list[str]:
        """The rules that one difference breaks."""
        key = difference.key
        if key == "phase":
            return self._phase(difference)
        if key in HELD_OF:
            return self._held(difference, HELD_OF[key])
        if key in DOSE_OF:
            return self._dose(difference, DOSE_OF[key])
        if key == "held_for":
            opened = set(difference.expected or ()) - set(self.checked.before.get("held_for") or ())
            holds = self.here.doing("holds")
            every = (*self.here.doing("resumes"), *holds, *self.here.doing("spares"))
            return self._first(holds if opened else tuple(dict.fromkeys(every)))
        if key == "late_dose":
            return self.checked.acting(self.whatever.late_dose)[:1]
        if key == "orders":
            return self._orders(difference)
        return self._due(difference) if key == "due" else []

    def _phase(self, difference: Difference) -> list[str]:
        """Treatment ends too late, or too early."""
        if difference.expected == ENDED:
            return self.checked.acting(self._ends())
        instead = [one.stops_instead for rule, one in self.here.effects.items() if rule in self.checked.rules]
        return [rule for rule in instead if rule] or self._first(self._ends())

    def _ends(self) -> Rules:
        """The rules by which treatment ends, or does not start."""
        return self.here.doing("stops") or self.here.doing("withholds")

    def _held(self, difference: Difference, drug: Drug) -> list[str]:
        """A drug is held that should be given, or the other way round."""
        still = self.checked.acting(self.whatever.still_held)
        if self.checked.before.get(difference.key):
            released = self._first(self.here.doing("resumes"))
            # Another toxicity holds it still.
            return [*still, *released] if difference.expected else released
        at_all = self.checked.acting(self.whatever.held_at_all.of(drug))
        return [*self._about("holds", drug), *at_all]

    def _dose(self, difference: Difference, drug: Drug) -> list[str]:
        """A drug is lowered that should keep its dose, or the other way round, or by too much."""
        checked = self.checked
        before, expected, got = checked.before.get(difference.key), difference.expected, difference.got
        if checked.expected.get("phase") == ENDED or expected is None or got is None:
            return self._first(self._ends())
        too_low = isinstance(got, int | float) and got < expected
        if before is None or expected < before:
            one_level = checked.acting(self.whatever.one_level) if before is not None and too_low else []
            return [*one_level, *(self._about("lowers", drug) or self._first(self.here.doing("starts", drug)))]
        if isinstance(got, int | float) and got > expected:
            return [*self._about("keeps", drug), *checked.acting(self.whatever.same_dose)]
        return self._later_last(checked.acting(self.here.doing("keeps", drug))) or self._about("lowers", drug)

    def _orders(self, difference: Difference) -> list[str]:
        """Orders that are missing, then those that are given in error; a sentence that is unknown explains nothing."""
        expected = set(map(str, difference.expected or ()))
        got = set(map(str, difference.got)) if isinstance(difference.got, list) else set()
        found: list[str] = []
        for sentence in [*sorted(expected - got), *sorted(got - expected)]:
            order = order_of(sentence, self.edition)
            if order is not None and order.verb == "resume" and sentence in got:
                # Another toxicity holds it still.
                found += self.checked.acting(self.whatever.still_held)
            given = self._order(order) if order is not None else []
            # What is missing breaks a rule that the answer rests on; any may have been applied in error.
            found += given if sentence in got else self.checked.acting(given)
        return found

    def _order(self, order: Order) -> list[str]:
        """The rules by which an order is given."""
        if order.verb == "stop":
            return self._first(self._ends())
        what = GIVING.get(order.verb)
        if what is not None:
            return self._about(what, order.drug)
        return list(self.here.advising(order.verb) or self._general_advice(order.verb))

    def _general_advice(self, verb: str) -> Rules:
        """The rules that advise this at no kind of event of their own."""
        known = effects(self.edition.name)
        return tuple(rule for rule in known.advising(verb) if not known.effects[rule].at)

    def _due(self, difference: Difference) -> list[str]:
        """The days of the drugs whose doses differ."""

        def doses(items: Any) -> set[tuple[str, str]]:
            pairs = items if isinstance(items, list) else []
            return {(str(item.get("drug")), f"{item.get('mg')}") for item in pairs if isinstance(item, dict)}

        differing = {drug for drug, _ in doses(difference.expected) ^ doses(difference.got)}
        return [rule for drug, rules in self.whatever.due if drug in differing for rule in rules]

    def _about(self, what: What, drug: str) -> list[str]:
        """The rules that do this to a drug, or that say that it is not done; else the one that is applied in error."""
        doing = self.here.doing(what, drug)
        against = self.here.doing(AGAINST[what], drug) if what in AGAINST else ()
        acting = self.checked.acting(doing) or self.checked.acting(against)
        return self._later_last(acting) or self._later_last(list(doing or against))[:1]

    def _first(self, rules: Rules) -> list[str]:
        """Those of these rules that the event rests on; when it rests on none, the one applied in error."""
        return self._later_last(self.checked.acting(rules)) or self._later_last(list(rules))[:1]

    def _later_last(self, rules: list[str]) -> list[str]:
        """A rule about one episode stands in front the first time that it acts; after that those about later ones."""
        past = [rule for rule in rules if self.here.effects[rule].once and rule in self.checked.earlier]
        return [*(rule for rule in rules if rule not in past), *past]
