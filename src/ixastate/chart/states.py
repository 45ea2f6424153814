"""What every leaf of a chart means: the level of a drug, where a toxicity's episodes or a dose stand, or a phase.

The id of a leaf is made from its meaning, and never taken apart: whoever wants to know what a leaf is asks for its
meaning. This module knows no transition.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from ixastate.events import Drug
from ixastate.symbols import TOXICITY, dose_id

Standing = Literal["given", "held", "owing", "owing_two"]


@dataclass(frozen=True)
class Level:
    """A drug's state: the dose in force in mg, and whether the drug is given, held or owing.

    A drug can owe two steps (`owing_two`) only where reductions stack (B-STACK, reading b).
    """

    drug: Drug
    mg: float
    standing: Standing

    @property
    def id(self) -> str:
        """The id of the leaf, such as ixazomib_held_2_3."""
        return f"{self.drug}_{self.standing}_{dose_id(self.mg)}"

    @property
    def held(self) -> bool:
        """Whether the drug is not given."""
        return self.standing != "given"

    @property
    def owes(self) -> bool:
        """Whether a reduction is to be made when the drug is given again."""
        return self.standing in ("owing", "owing_two")


@dataclass(frozen=True)
class Episode:
    """A toxicity's state: between episodes or in one, which one of several (a turn, a severity), and what it holds.

    `first` says that no episode of this toxicity has begun, `needs_step` that the episode ends with a reduction of
    ixazomib or with treatment, `pending` that a low count waits to be confirmed: no episode has begun by it yet.
    """

    toxicity: str
    open: bool
    which: str = ""
    drugs: tuple[Drug, ...] = ()
    first: bool = False
    needs_step: bool = False
    pending: bool = False

    @property
    def reason(self) -> str:
        """What the drugs are held for, in a word."""
        return TOXICITY[self.toxicity].reason

    @property
    def word(self) -> Literal["clear", "pending", "held", "open"]:
        """Clear or pending between episodes, held in one that holds a drug, open in one that holds none."""
        if not self.open:
            return "pending" if self.pending else "clear"
        return "held" if self.drugs else "open"

    @property
    def id(self) -> str:
        """The id of the leaf, such as neutropenia_held_ixazomib_next."""
        return "_".join(filter(None, (self.toxicity, self.word, self.which)))


@dataclass(frozen=True)
class Phase:
    """A state outside treatment: before it (screening) or after it (discontinued)."""

    id: Literal["screening", "discontinued"]


@dataclass(frozen=True)
class DoseState:
    """A state of one scheduled dose: a word for it, and what became of the dose in a sentence.

    `taken` says that the dose is known to have been taken, `missed` that it was reported missed and not taken since,
    `withheld` that it was held at its slot, `ended` that the next slot has come.
    """

    word: str
    says: str
    taken: bool = False
    missed: bool = False
    withheld: bool = False
    ended: bool = False

    @property
    def id(self) -> str:
        """The id of the leaf, such as slot_left_out."""
        return f"slot_{self.word}".replace(" ", "_")


@dataclass(frozen=True)
class Circumstance:
    """What the answer to a report of a dose depends on beside the dose itself, as a state of a region of its own."""

    id: str
    says: str


Meaning = Level | Episode | Phase | DoseState | Circumstance


def levels(meanings: Mapping[str, Meaning]) -> dict[str, Level]:
    """The leaves that are levels of a drug."""
    return {leaf: meaning for leaf, meaning in meanings.items() if isinstance(meaning, Level)}


def episodes(meanings: Mapping[str, Meaning]) -> dict[str, Episode]:
    """The leaves that say where a toxicity's episodes stand."""
    return {leaf: meaning for leaf, meaning in meanings.items() if isinstance(meaning, Episode)}


def holds(meanings: Mapping[str, Meaning]) -> dict[str, Episode]:
    """The leaves that hold a drug."""
    return {leaf: episode for leaf, episode in episodes(meanings).items() if episode.drugs}


def open_episodes(meanings: Mapping[str, Meaning], configuration: Iterable[str]) -> list[Episode]:
    """The episodes that are open in a configuration, in the order of the regions."""
    found = (meanings[leaf] for leaf in configuration)
    return [meaning for meaning in found if isinstance(meaning, Episode) and meaning.open]


def awaited(meanings: Mapping[str, Meaning], configuration: Iterable[str]) -> list[Episode]:
    """The episodes whose recovery would change something: those that are open, and low counts to be confirmed."""
    found = (meanings[leaf] for leaf in configuration)
    return [meaning for meaning in found if isinstance(meaning, Episode) and (meaning.open or meaning.pending)]
