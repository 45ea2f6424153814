"""The charts of the editions: which rows a toxicity has, and the readings that change a region.

It is data that `chart` builds from; it declares no state and no transition.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ixastate.chart.confirming import CONFIRMING
from ixastate.chart.persisting import PERSISTING
from ixastate.chart.toxicities import REGIONS, Write, neutropenia_of_the_label, rash_of_the_label
from ixastate.events import Drug
from ixastate.symbols import BOTH, NEUTROPENIA, RASH


@dataclass(frozen=True)
class EditionShape:
    """What an edition's chart is made of.

    `regions` writes each toxicity's region. `lowered_while_given` are the drugs that a toxicity can lower without
    holding them. `stacks`: reductions earned by two toxicities make two levels at one release (B-STACK, reading b).
    `goes_on`: lenalidomide's turns are used even when ixazomib is at its floor (B-EXHAUST, reading b). `unreachable`
    names the transitions of the ladders' common pattern that no course of this edition takes; `check` proves it.
    """

    regions: Mapping[str, Write] = field(default_factory=lambda: REGIONS)
    lowered_while_given: tuple[Drug, ...] = BOTH
    stacks: bool = False
    goes_on: bool = False
    unreachable: tuple[str, ...] = ()


# Ixazomib is lowered while it is given only by a first rash with lenalidomide at its floor, and from no start does
# lenalidomide get there before ixazomib has left 4 mg.
UNREACHABLE = ("ixazomib_given_4 --owe_ixazomib--> ixazomib_given_3",)

SHAPES: dict[str, EditionShape] = {
    "dosing-text": EditionShape(unreachable=UNREACHABLE),
    # In the label every turn that lowers lenalidomide also holds it.
    "us-label": EditionShape(
        regions={**REGIONS, NEUTROPENIA.name: neutropenia_of_the_label, RASH.name: rash_of_the_label},
        lowered_while_given=("ixazomib",),
    ),
    "what-if-confirm": EditionShape(regions={**REGIONS, **CONFIRMING}, unreachable=UNREACHABLE),
    "what-if-exhaust-b": EditionShape(goes_on=True, unreachable=UNREACHABLE),
    "what-if-persist": EditionShape(regions={**REGIONS, **PERSISTING}, unreachable=UNREACHABLE),
    "what-if-stack-b": EditionShape(stacks=True, unreachable=UNREACHABLE),
}
