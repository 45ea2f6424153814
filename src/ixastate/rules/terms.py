"""Terms of adverse events: which of them mean rash, neuropathy or a blood disorder.

The list stands in `terms.toml` beside the rules, with its sources; it is part of no edition. Whatever reads adverse
events asks it here. A term that is not on it is an other toxicity.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import permutations
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ixastate.errors import RulesError
from ixastate.fields import first_words
from ixastate.files import toml_of

FILE = "terms.toml"
# The words of a longer term stand in one order only.
MOST_WORDS = 4


class TermGroup(BaseModel):
    """Terms of one meaning: the toxicity, and the source of the names.

    `severe`: the term itself means grade 4, whatever grade is reported with it. `painful`: it means pain as well.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    toxicity: Literal["rash", "neuropathy", "haematological"]
    names: tuple[str, ...]
    source: str
    severe: bool = False
    painful: bool = False


class TermList(BaseModel):
    """The whole file: the terms in groups, the words set aside, and the spellings read as others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    terms: tuple[TermGroup, ...]
    set_aside: frozenset[str]
    read_as: dict[str, str]

    def words(self, term: str) -> tuple[str, ...]:
        """The words of a term: small letters, digits, American spelling; without those that say nothing of it."""
        plain = unicodedata.normalize("NFKD", term).casefold()
        text = "".join(letter if letter.isalnum() else " " for letter in plain if not unicodedata.combining(letter))
        for written, read in self.read_as.items():
            text = text.replace(written, read)
        return tuple(word for word in text.split() if word not in self.set_aside)

    def spelled(self) -> Iterator[tuple[str, TermGroup]]:
        """Every listed term as it is compared: its words in any order, without blanks."""
        for group in self.terms:
            for name in group.names:
                words = ["".join(self.words(word)) for word in name.split()]
                orders = permutations(words) if len(words) <= MOST_WORDS else [tuple(words)]
                yield from (("".join(order), group) for order in orders)


def toxicity_of_term(term: str) -> Literal["rash", "neuropathy", "haematological"] | None:
    """What a term means; None for an other toxicity."""
    found = term_group(term)
    return found.toxicity if found else None


def term_group(term: str) -> TermGroup | None:
    """The group of terms that a term belongs to, with what else it says; None for an other toxicity."""
    words = load_terms().words(term)
    return _by_spelling().get("".join(words))


@cache
def load_terms() -> TermList:
    """The list of `terms.toml`, checked and read once."""
    return parse_terms((files(__package__) / FILE).read_text(encoding="utf-8"), FILE)


def parse_terms(text: str, where: str) -> TermList:
    """A list of terms from the text of a file; `RulesError` for a term with two meanings."""
    try:
        found = TermList.model_validate(toml_of(text))
    except ValueError as error:  # a ValidationError is one too
        raise RulesError(f"not a list of terms: {first_words(error)}", where=where) from error
    meanings: dict[str, TermGroup] = {}
    for spelling, group in found.spelled():
        one, other = meanings.setdefault(spelling, group), group
        if (one.toxicity, one.severe, one.painful) != (other.toxicity, other.severe, other.painful):
            raise RulesError(f"the term {spelling!r} has two meanings", where=where, remedy="take one of them out")
    return found


@cache
def _by_spelling() -> dict[str, TermGroup]:
    return dict(load_terms().spelled())
