"""Rule effects: what each rule does to a drug (holds, resumes, lowers, keeps, stops), by edition and by kind of event.

The data stand in `effects.toml` beside the rules and are part of no edition. What holds at a kind of event follows from
what each rule does. This module reads and checks the data. It knows no event and no order, so the caller hands in the
kinds of events and the verbs of orders that there are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator

from ixastate.errors import RulesError
from ixastate.fields import first_words
from ixastate.files import toml_of
from ixastate.rules import EDITIONS, load_edition

FILE = "effects.toml"
Rules = tuple[str, ...]
_Drug = Literal["ixazomib", "lenalidomide", "dexamethasone"]
Drugs = tuple[_Drug, ...]
# What a rule can do to a drug; the file explains each.
What = Literal["starts", "withholds", "holds", "spares", "resumes", "lowers", "keeps", "stops"]
_WORDS: dict[What, str] = {
    "starts": "starts {}",
    "withholds": "does not start {}",
    "holds": "holds {}",
    "spares": "asks for no hold of {}",
    "resumes": "ends its hold of {}",
    "lowers": "asks for a reduction of {}",
    "keeps": "asks for no reduction of {}",
    "stops": "stops {}",
}


class _Table(BaseModel):
    """A table of the file. Another key than the ones it knows is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Effect(_Table):
    """What a rule does in one case: the drugs by effect, and the orders that it advises, by their verbs."""

    starts: Drugs = ()
    withholds: Drugs = ()
    holds: Drugs = ()
    spares: Drugs = ()
    resumes: Drugs = ()
    lowers: Drugs = ()
    keeps: Drugs = ()
    stops: Drugs = ()
    advises: Rules = ()

    def drugs(self, what: What) -> Drugs:
        """The drugs to which it does this."""
        drugs: Drugs = getattr(self, what)
        return drugs

    def __str__(self) -> str:
        parts = [words.format(", ".join(self.drugs(what))) for what, words in _WORDS.items() if self.drugs(what)]
        parts += [f"advises: {', '.join(verb.replace('_', ' ') for verb in self.advises)}"] if self.advises else []
        return "; ".join(parts)


def _names(drugs: Drugs, drug: str | None) -> bool:
    """Whether these drugs are some, and this one, if it is given, among them."""
    return drug in drugs if drug is not None else bool(drugs)


class RuleEffect(_Table):
    """What a rule does: one effect, or several of which one is what it does as the case may be."""

    either: tuple[Effect, ...]
    at: Rules = ()
    general: bool = False
    once: bool = False
    stops_instead: str = ""

    @model_validator(mode="before")
    @classmethod
    def _one_effect_is_a_list_of_one(cls, data: Any) -> Any:
        if not isinstance(data, dict) or "either" in data:
            # A key beside the list is refused, as one that is not known.
            return data
        effect = {key: value for key, value in data.items() if key in Effect.model_fields}
        return {key: value for key, value in data.items() if key not in effect} | {"either": [effect]}

    def does(self, what: What, drug: str | None = None) -> bool:
        """Whether it can do this to a drug, or to any."""
        return any(_names(effect.drugs(what), drug) for effect in self.either)

    def always(self, what: What, drug: str | None = None) -> bool:
        """Whether it does so in every case."""
        return all(_names(effect.drugs(what), drug) for effect in self.either)


class ByDrug(_Table):
    """Rules by the drug that they are about."""

    ixazomib: Rules = ()
    lenalidomide: Rules = ()
    dexamethasone: Rules = ()

    def of(self, drug: str) -> Rules:
        """The rules about this drug."""
        rules: Rules = getattr(self, drug)
        return rules


class GeneralEffects(_Table):
    """What the test kit must know besides, whatever the kind of event."""

    due: ByDrug
    late_dose: Rules
    still_held: Rules
    held_at_all: ByDrug
    one_level: Rules
    same_dose: Rules
    after_the_end: Rules


class _File(_Table):
    """The whole file."""

    rules: dict[str, dict[str, Any]]
    editions: dict[str, dict[str, dict[str, Any]]]
    without: dict[str, str]
    whatever: GeneralEffects


@dataclass(frozen=True)
class EventEffects:
    """What rules do at one kind of event; of several the more particular stands first."""

    effects: dict[str, RuleEffect]

    def doing(self, what: What, drug: str | None = None) -> Rules:
        """The rules that do this to a drug, or to any; last those that do so in some cases only."""
        found = {rule: effect for rule, effect in self.effects.items() if effect.does(what, drug)}
        return tuple(sorted(found, key=lambda rule: not found[rule].always(what, drug)))

    def advising(self, verb: str) -> Rules:
        """The rules that can advise this."""
        return tuple(rule for rule, effect in self.effects.items() if any(verb in one.advises for one in effect.either))


@dataclass(frozen=True)
class RuleEffects:
    """What the rules of an edition do, the more particular rule first; and those without an effect, with the reason."""

    effects: dict[str, RuleEffect]
    without: dict[str, str]
    whatever: GeneralEffects

    def of(self, rule: str) -> tuple[Effect, ...]:
        """What a rule does, one of these as the case may be; () when it does nothing to a drug of its own."""
        return self.effects[rule].either if rule in self.effects else ()

    def at(self, kind: str) -> EventEffects:
        """What rules decide at this kind of event."""
        return EventEffects({rule: effect for rule, effect in self.effects.items() if kind in effect.at})

    def advising(self, verb: str) -> Rules:
        """The rules that can advise this, at whatever event."""
        return EventEffects(self.effects).advising(verb)

    def general(self, rule: str) -> bool:
        """Whether a rule says in general what another says in particular."""
        return rule in self.without or (rule in self.effects and self.effects[rule].general)

    def earner(self, rules: Collection[str], drug: str) -> str | None:
        """The most particular of these rules that asks for a reduction of a drug; None when none does."""
        asked = (tuple(rules), drug)
        if asked not in self._earners:
            self._earners[asked] = self._earner(rules, drug)
        return self._earners[asked]

    @cached_property
    def _earners(self) -> dict[tuple[tuple[str, ...], str], str | None]:
        """What was asked of them before: the rules of a transition are asked again and again."""
        return {}

    def _earner(self, rules: Collection[str], drug: str) -> str | None:
        asking = (rule for rule in self.effects if rule in rules and not self.effects[rule].general)
        return next((rule for rule in asking if self.effects[rule].does("lowers", drug)), None)


def load_effects(edition: str, verbs: frozenset[str]) -> RuleEffects:
    """What the rules of an edition do, from `effects.toml`, checked against these verbs of orders; read once.

    `RulesError` when there is no such edition.
    """
    return _load(verbs, tuple(EDITIONS))[load_edition(edition).name]


@cache
def _load(verbs: frozenset[str], editions: tuple[str, ...]) -> dict[str, RuleEffects]:
    # The editions are named so that one which is added later is read too.
    return parse_effects((files(__package__) / FILE).read_text(encoding="utf-8"), FILE, verbs)


def parse_effects(text: str, where: str, verbs: Collection[str]) -> dict[str, RuleEffects]:
    """Effects by edition from the text of a file; `RulesError` for a rule, an edition or a verb that does not exist."""
    try:
        found = _File.model_validate(toml_of(text))
        by_edition = {name: _of_edition(found, name) for name in EDITIONS}
    except ValueError as error:  # a ValidationError is one too
        raise RulesError(f"not a file of rule effects: {first_words(error)}", where=where) from error
    known = {rule for name in EDITIONS for rule in load_edition(name).rules}
    _check(found.editions, EDITIONS, "edition", where, f"one of: {', '.join(EDITIONS)}")
    _check(_rules_of(found), known, "rule of any edition", where, "`ixastate rules` lists them")
    advised = {verb for one in by_edition.values() for rule in one.effects.values() for verb in _advised(rule)}
    _check(advised, verbs, "verb of an order", where, f"one of: {', '.join(sorted(verbs))}")
    return by_edition


def check_kinds(effects: RuleEffects, kinds: Collection[str], where: str = FILE) -> None:
    """`RulesError` when a rule decides at a kind of event that does not exist."""
    named = {kind for effect in effects.effects.values() for kind in effect.at}
    _check(named, kinds, "kind of event", where, f"one of: {', '.join(sorted(kinds))}")


def _of_edition(found: _File, name: str) -> RuleEffects:
    """The effects of an edition: what it has otherwise takes the place of what the rule does elsewhere."""
    own, rules = found.editions.get(name, {}), load_edition(name).rules
    effects = {}
    for rule in dict.fromkeys((*found.rules, *own)):
        table = found.rules.get(rule, {})
        if rule in own:
            table = {key: value for key, value in table.items() if key not in _SAYING} | own[rule]
        effects[rule] = RuleEffect.model_validate(table)
    return RuleEffects(
        {rule: effect for rule, effect in effects.items() if rule in rules},
        {rule: why for rule, why in found.without.items() if rule in rules},
        found.whatever,
    )


# The keys of a table that say what the rule does; the others say when the test kit asks it.
_SAYING = {"either", *Effect.model_fields}


def _advised(rule: RuleEffect) -> Iterator[str]:
    return (verb for effect in rule.either for verb in effect.advises)


def _rules_of(found: _File) -> set[str]:
    """Every rule that the file names."""
    tables = [found.rules, *found.editions.values()]
    instead = {str(table["stops_instead"]) for rules in tables for table in rules.values() if "stops_instead" in table}
    named = {rule for rules in tables for rule in rules}
    return named | instead | set(found.without) | set(_texts(found.whatever.model_dump()))


def _texts(value: Any) -> Iterator[str]:
    """Every text of nested tables, without their keys: all of them are rules, and the keys are not."""
    if isinstance(value, str):
        yield value
    else:
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)


def _check(named: Iterable[str], known: Collection[str], what: str, where: str, remedy: str) -> None:
    unknown = sorted(set(named) - set(known))
    if unknown:
        raise RulesError(f"{unknown[0]!r} is no {what}", where=where, remedy=remedy)
