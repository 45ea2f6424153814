"""Properties of the stops: what ends treatment, and what does not."""

from __future__ import annotations

from ixastate.proofs.check import Breach, moves, on_treatment, prove
from ixastate.proofs.properties.common import ENDS, ladder_of
from ixastate.table.table import Table


@prove(
    "grade 4 stops from everywhere",
    "Grade 4 neuropathy or rash, and every other end, stop treatment from every configuration.",
)
def grade_4_stops(table: Table) -> Breach | None:
    """PN-09, RASH-08, DISC-01, DISC-02, B-EXIT."""
    ends = [table.symbols.index(name) for name in ("neuropathy_grade_4", "rash_grade_4", *ENDS)]
    for number in on_treatment(table):
        if number != table.final:
            for symbol in ends:
                if table.next[table.row(number)[symbol]] != table.final:
                    return Breach(number, symbol, "treatment goes on")
    return None


@prove("discontinued is final", "Nothing follows after discontinuation, and every course can still come to it.")
def discontinued_is_final(table: Table) -> Breach | None:
    """By the chart and by its own row in the table; that every course can end follows from the ends."""
    if table.graph.final not in table.numbers:
        return Breach(0, None, "no course comes to it")
    for edge in table.graph.edges:
        if edge.source in table.graph.final:
            return Breach(table.final, None, f"the chart has {edge}")
    for symbol, move in enumerate(table.row(table.final)):
        if table.next[move] != table.final or table.output[move]:
            return Breach(table.final, symbol, "something follows")
    return None


@prove(
    "an exhausted ladder stops",
    "With ixazomib at its floor, a toxicity's second onset stops treatment (B-EXHAUST, B-START3).",
)
def exhausted_stops(table: Table) -> Breach | None:
    """In terms of the states: an onset in a region that has left its first states, or one that needs a step."""
    floor = ladder_of(table, "ixazomib")[-1]
    onsets = {
        "anc_low": "neutropenia_clear",
        "platelets_low": "thrombocytopenia_clear",
        "rash_grade_2_3": "rash_clear",
        "neuropathy_moderate": "neuropathy_clear",
        "neuropathy_severe": "neuropathy_clear",
        "other_onset": "other_clear",
        "other_onset_related": "other_clear",
    }
    needs_a_step = {"neuropathy_severe", "other_onset_related"}
    for number in on_treatment(table):
        if table.statuses[number].ixazomib_mg != floor:
            continue
        for leaf in table.configurations[number]:
            for name, clear in onsets.items():
                spared = leaf.endswith("_first") and name not in needs_a_step
                if leaf.startswith(clear) and not spared:
                    symbol = table.symbols.index(name)
                    if table.next[table.row(number)[symbol]] != table.final:
                        return Breach(number, symbol, "treatment goes on with ixazomib at its floor")
    return None


@prove(
    "a step that is needed is made",
    "Severe neuropathy, and toxicity clearly due to ixazomib, lower ixazomib or stop treatment (PN-07, OTH-03).",
)
def needed_step_is_made(table: Table) -> Breach | None:
    """At the floor such an episode stops treatment at the latest when it is over; above, its end earns a reduction."""
    floor = ladder_of(table, "ixazomib")[-1]
    ends = {"neuropathy_held_severe": "neuropathy_resolved_agreed", "other_held": "other_resolved_related"}
    for number in on_treatment(table):
        at_floor = table.statuses[number].ixazomib_mg == floor
        for leaf in table.configurations[number]:
            if leaf in ends:
                symbol = table.symbols.index(ends[leaf])
                move = table.row(number)[symbol]
                raised = {name for edge in table.edges[table.output[move]] for name in table.graph.edges[edge].raised}
                if table.next[move] != table.final and (at_floor or "owe_ixazomib" not in raised):
                    return Breach(number, symbol, "no reduction is earned, and treatment goes on")
            if at_floor and leaf == "neuropathy_held_severe":
                return Breach(number, None, "a severe neuropathy is awaited with ixazomib at its floor")
    return None


@prove(
    "only the text's stops",
    "Treatment stops only at grade 4, an end, or when a step is needed that ixazomib does not have.",
)
def only_the_stops_of_the_text(table: Table) -> Breach | None:
    """A stop on any other symbol needs ixazomib at its floor."""
    floor = ladder_of(table, "ixazomib")[-1]
    always = {"neuropathy_grade_4", "rash_grade_4", *ENDS}
    for number, symbol, move in moves(table):
        before = table.statuses[number]
        stopped = table.next[move] == table.final and before.phase == "on treatment"
        if stopped and table.symbols[symbol] not in always and before.ixazomib_mg != floor:
            return Breach(number, symbol, f"it stops with ixazomib at {before.ixazomib_mg:g} mg")
    return None
