"""Whose turn it is: the toxicities that alternate between the drugs, and how editions differ in them.

An edition's shape is data: for each toxicity the turns of its episodes, and a few readings that change a region. The
chart is built from it. This module knows no states and no transitions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ixastate.events import Drug
from ixastate.orders import Order
from ixastate.symbols import BOTH


@dataclass(frozen=True)
class Hold:
    """What a toxicity's holding state means: the reason in a word, and the drugs it holds."""

    reason: str
    drugs: tuple[Drug, ...]


@dataclass(frozen=True)
class Turn:
    """One turn of an alternating toxicity: the drug it lowers, the drugs it holds, and the rules it rests on.

    A turn that holds nothing makes its reduction at once.
    """

    name: str
    lowers: Drug
    onset: str
    recovery: str
    holds: tuple[Drug, ...] = BOTH


@dataclass(frozen=True)
class Alternating:
    """A toxicity whose episodes lower the drugs in turn: its symbols, its turns, and the rules of a stop.

    The turns are taken in order; after the last one the last two go on alternating. An episode of its own that
    behaves like a later turn has no state of its own: the turn cites the clauses of both.
    """

    name: str
    reason: str
    onset: str
    recovery: str
    turns: tuple[Turn, ...]
    stop: str
    repeat: str = "B-EPISODE"
    orders: tuple[Order, ...] = ()

    def holding(self) -> dict[str, Hold]:
        """The states that hold a drug, with their meaning."""
        return {f"{self.name}_held_{turn.name}": Hold(self.reason, turn.holds) for turn in self.turns if turn.holds}


NEUTROPENIA = Alternating(
    name="neutropenia",
    reason="neutrophils",
    onset="anc_low",
    recovery="anc_recovered",
    turns=(
        Turn("ixazomib_next", "ixazomib", "ANC-01 ANC-03 B-ANC-IN-HOLD", "ANC-02 ANC-04 ANC-05 ANC-06 B-ALT-OTHER"),
        Turn("lenalidomide_next", "lenalidomide", "ANC-01 ANC-03 B-ANC-IN-HOLD", "ANC-02 ANC-06 B-ALT-OTHER"),
    ),
    stop="ANC-07",
    repeat="ANC-01 ANC-03 B-EPISODE",
    orders=(Order("consider_g_csf"),),
)
THROMBOCYTOPENIA = Alternating(
    name="thrombocytopenia",
    reason="platelets",
    onset="platelets_low",
    recovery="platelets_recovered",
    turns=(
        Turn("first", "lenalidomide", "PLT-01 B-FIRSTEVER", "PLT-02 PLT-03 PLT-04"),
        Turn("ixazomib_next", "ixazomib", "PLT-05", "PLT-02 PLT-06 PLT-07 PLT-08 B-ALT-OTHER"),
        Turn("lenalidomide_next", "lenalidomide", "PLT-05", "PLT-02 PLT-08 B-ALT-OTHER"),
    ),
    stop="PLT-09",
)
RASH = Alternating(
    name="rash",
    reason="rash",
    onset="rash_grade_2_3",
    recovery="rash_resolved",
    turns=(
        Turn("first", "lenalidomide", "RASH-01 B-RASH-FIRST B-FIRSTEVER", "B-EPISODE", holds=()),
        Turn("ixazomib_next", "ixazomib", "RASH-02", "RASH-03 RASH-04 RASH-05 RASH-06 B-RASH-ALT B-ALT-OTHER"),
        Turn("lenalidomide_next", "lenalidomide", "RASH-02 B-RASH-HOLD3", "RASH-03 RASH-06 B-RASH-ALT B-ALT-OTHER"),
    ),
    stop="RASH-07 B-RASH-PERSIST",
)
# Neuropathy and other toxicity hold ixazomib alone.
SINGLE_HOLDS = {
    "neuropathy_held_moderate": Hold("neuropathy", ("ixazomib",)),
    "neuropathy_held_severe": Hold("neuropathy", ("ixazomib",)),
    "other_held": Hold("other", ("ixazomib",)),
}

# In the label (domain: C1, C2, C5) lenalidomide is lowered first after neutropenia too, and the first rash holds it.
LABEL_NEUTROPENIA = replace(
    NEUTROPENIA,
    turns=(
        Turn("first", "lenalidomide", "ANC-01 ANC-03 B-ANC-IN-HOLD B-FIRSTEVER", "ANC-02 ANC-04 ANC-05"),
        Turn("ixazomib_next", "ixazomib", "ANC-01 ANC-03 B-ANC-IN-HOLD", "ANC-02 ANC-06 B-ALT-OTHER"),
        Turn("lenalidomide_next", "lenalidomide", "ANC-01 ANC-03 B-ANC-IN-HOLD", "ANC-02 ANC-06 B-ALT-OTHER"),
    ),
)
LABEL_RASH = replace(
    RASH,
    turns=(
        Turn("first", "lenalidomide", "RASH-01 B-FIRSTEVER", "RASH-01", holds=("lenalidomide",)),
        *RASH.turns[1:],
    ),
)


@dataclass(frozen=True)
class Shape:
    """What an edition's chart is made of: the alternating toxicities, and the readings that change its regions."""

    neutropenia: Alternating = NEUTROPENIA
    thrombocytopenia: Alternating = THROMBOCYTOPENIA
    rash: Alternating = RASH
    new_cycle: bool = False
    stacks: bool = False
    goes_on: bool = False
    # Transitions of the ladders' common pattern that no course of this edition takes; `check` proves it.
    spared: tuple[str, ...] = ()

    @property
    def alternating(self) -> tuple[Alternating, ...]:
        """The toxicities whose reductions alternate, in document order."""
        return self.neutropenia, self.thrombocytopenia, self.rash

    def lowers_while_given(self, drug: Drug) -> bool:
        """Whether a reduction can fall on this drug while it is given: by a turn that does not hold it."""
        turns = [turn for t in self.alternating for turn in t.turns]
        return any(drug not in turn.holds and (turn.lowers == drug or drug == "ixazomib") for turn in turns)

    def holding(self) -> dict[str, Hold]:
        """Every state that holds a drug, with its meaning."""
        held = {state_id: hold for t in self.alternating for state_id, hold in t.holding().items()} | SINGLE_HOLDS
        return held | {"new_cycle_held": Hold("new cycle", BOTH)} if self.new_cycle else held


# Ixazomib is lowered while it is given only by a first rash with lenalidomide at its floor, and from no start does
# lenalidomide get there before ixazomib has left 4 mg.
SPARED = ("ixazomib_given_4 --owe_ixazomib--> ixazomib_given_3",)

SHAPES: dict[str, Shape] = {
    "dosing-text": Shape(spared=SPARED),
    "us-label": Shape(neutropenia=LABEL_NEUTROPENIA, rash=LABEL_RASH, new_cycle=True),
    "what-if-exhaust-b": Shape(goes_on=True, spared=SPARED),
    "what-if-stack-b": Shape(stacks=True, spared=SPARED),
}
