"""What the properties share: the symbols that they speak of, and the doses as a person sees them."""

from __future__ import annotations

from ixastate.chart.states import episodes
from ixastate.chart.status import Status
from ixastate.events import Drug
from ixastate.symbols import NEUROPATHY, NEUTROPENIA, OTHER, THROMBOCYTOPENIA, TOXICITIES, Toxicity
from ixastate.table.table import Table

# What a symbol holds at once: the drugs of its toxicity, written out, as the text says it.
ONSETS: dict[str, tuple[Drug, ...]] = {
    onset.name: toxicity.holds
    for toxicity in (NEUTROPENIA, THROMBOCYTOPENIA, NEUROPATHY, OTHER)
    for onset in toxicity.opening
}
ALTERNATING: tuple[Toxicity, ...] = tuple(toxicity for toxicity in TOXICITIES if toxicity.alternates)


def unconfirmed(table: Table) -> dict[int, frozenset[str]]:
    """The states in which a low count only comes to be confirmed, by the symbol of that count (B-CONFIRM-HOLD)."""
    found = episodes(table.graph.meanings).items()
    return {
        table.columns[onset.name]: frozenset(
            leaf for leaf, one in found if one.toxicity == toxicity.name and not one.open and not one.pending
        )
        for toxicity in TOXICITIES
        if toxicity.is_confirmed(table.graph.edition)
        for onset in toxicity.opening
    }


def mg_of(now: Status, drug: Drug) -> float:
    """The level of a drug on treatment."""
    mg = now.ixazomib_mg if drug == "ixazomib" else now.lenalidomide_mg
    return 0.0 if mg is None else mg


def ladder_of(table: Table, drug: Drug) -> tuple[float, ...]:
    """The ladder of a drug, highest first."""
    edition = table.graph.edition
    return edition.ixazomib_ladder_mg if drug == "ixazomib" else edition.lenalidomide.ladder_mg
