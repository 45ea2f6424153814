"""Rule effects: which rule holds, releases, lowers, keeps, ends or advises, by kind of event.

The data stand in `effects.toml` beside the rules; they are part of no edition. This module reads and checks them. It
knows no event and no order itself, so the caller hands in the kinds of events and the verbs of orders that there are.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from ixastate.errors import RulesError
from ixastate.rules import EDITIONS, load_edition

FILE = "effects.toml"
Rules = tuple[str, ...]


class _Table(BaseModel):
    """A table of the file. A drug is a key of it, so that another one is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ByDrug(_Table):
    """Rules by the drug that they are about."""

    ixazomib: Rules = ()
    lenalidomide: Rules = ()
    dexamethasone: Rules = ()

    def of(self, drug: str) -> Rules:
        """The rules about this drug."""
        rules: Rules = getattr(self, drug)
        return rules


class Effects(_Table):
    """What rules do at one kind of event; of several the more particular stands first. `effects.toml` explains each."""

    holds: Rules = ()
    releases: Rules = ()
    lowers: ByDrug = ByDrug()
    keeps: ByDrug = ByDrug()
    ends: Rules = ()
    advises: dict[str, Rules] = {}
    once: Rules = ()
    ends_instead: dict[str, str] = {}


class GeneralEffects(_Table):
    """What rules do whatever the kind of event."""

    in_general: Rules
    due: ByDrug
    late_dose: Rules
    still_held: Rules
    held_at_all: ByDrug
    one_level: Rules
    same_dose: Rules
    after_the_end: Rules
    advises: dict[str, Rules]


class RuleEffects(_Table):
    """The whole file: effects by kind of event, and those that act whatever the kind."""

    events: dict[str, Effects]
    whatever: GeneralEffects

    def of(self, kind: str) -> Effects:
        """The effects at this kind of event; empty where no rule has one."""
        return self.events.get(kind, Effects())

    def rules(self) -> set[str]:
        """Every rule that the file names."""
        resting = {rule for effects in self.events.values() for rule in effects.ends_instead}
        return {*_texts(self.model_dump()), *resting}


def _texts(value: Any) -> Iterator[str]:
    """Every text of nested tables, without their keys: all of them are rules, and the keys are not."""
    if isinstance(value, str):
        yield value
    else:
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)


@cache
def load_effects(kinds: frozenset[str], verbs: frozenset[str]) -> RuleEffects:
    """The effects of `effects.toml`, checked against these kinds of events and verbs of orders; read once."""
    return parse_effects((files(__package__) / FILE).read_text(encoding="utf-8"), FILE, kinds, verbs)


def parse_effects(text: str, where: str, kinds: Collection[str], verbs: Collection[str]) -> RuleEffects:
    """Effects from the text of a file; `RulesError` for a rule, a kind of event or a verb that does not exist."""
    try:
        found = RuleEffects.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise RulesError(f"not a file of rule effects: {error}", where=where) from error
    known = {rule for name in EDITIONS for rule in load_edition(name).rules}
    _check(found.rules(), known, "rule of any edition", where, "`ixastate rules` lists them")
    _check(found.events, kinds, "kind of event", where, f"one of: {', '.join(sorted(kinds))}")
    advised = {verb for effects in found.events.values() for verb in effects.advises} | set(found.whatever.advises)
    _check(advised, verbs, "verb of an order", where, f"one of: {', '.join(sorted(verbs))}")
    return found


def _check(named: Collection[str], known: Collection[str], what: str, where: str, remedy: str) -> None:
    unknown = sorted(set(named) - set(known))
    if unknown:
        raise RulesError(f"{unknown[0]!r} is no {what}", where=where, remedy=remedy)
