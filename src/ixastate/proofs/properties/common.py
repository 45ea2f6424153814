"""What the properties share: the symbols that they speak of, and the doses as a person sees them."""

from __future__ import annotations

from ixastate.chart.status import Status
from ixastate.events import Drug
from ixastate.symbols import BOTH
from ixastate.table.table import Table

ENDS = ("progression", "intolerable_toxicity", "death", "withdrawal")
ONSETS: dict[str, tuple[Drug, ...]] = {
    "anc_low": BOTH,
    "platelets_low": BOTH,
    "neuropathy_moderate": ("ixazomib",),
    "neuropathy_severe": ("ixazomib",),
    "other_onset": ("ixazomib",),
    "other_onset_related": ("ixazomib",),
}
# The symbols of each alternating toxicity: its onset and its recovery.
ALTERNATING = {
    "neutropenia": ("anc_low", "anc_recovered"),
    "thrombocytopenia": ("platelets_low", "platelets_recovered"),
    "rash": ("rash_grade_2_3", "rash_resolved"),
}


def mg_of(now: Status, drug: Drug) -> float:
    """The level of a drug on treatment."""
    mg = now.ixazomib_mg if drug == "ixazomib" else now.lenalidomide_mg
    return 0.0 if mg is None else mg


def ladder_of(table: Table, drug: Drug) -> tuple[float, ...]:
    """The ladder of a drug, highest first."""
    edition = table.graph.edition
    return edition.ixazomib_ladder_mg if drug == "ixazomib" else edition.lenalidomide.ladder_mg
