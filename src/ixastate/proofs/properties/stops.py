"""Properties of the stops: what ends treatment, and what does not."""

from __future__ import annotations

from ixastate.chart.states import Episode, episodes
from ixastate.proofs.check import Breach, on_treatment, prove
from ixastate.proofs.properties.common import ladder_of
from ixastate.symbols import ENDS, NEUROPATHY, NEW_CYCLE, OTHER, TOXICITY, owed_by, toxicities
from ixastate.table.table import Table


@prove(
    "grade 4 stops from everywhere",
    "Grade 4 neuropathy or rash, and every other end, stop treatment from every configuration.",
)
def grade_4_stops(table: Table) -> Breach | None:
    """PN-09, RASH-08, DISC-01, DISC-02, B-EXIT."""
    ends = [table.columns[name] for name in _always(table)]
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
    for number in on_treatment(table):
        if table.statuses[number].ixazomib_mg != floor:
            continue
        for episode in _episodes(table, number):
            # The criteria for a new cycle ask for no step of a drug, and a low count may have to be confirmed first.
            waits = TOXICITY[episode.toxicity].is_confirmed(table.graph.edition) and not episode.pending
            if episode.open or waits or episode.toxicity == NEW_CYCLE.name:
                continue
            for onset in TOXICITY[episode.toxicity].opening:
                symbol = table.columns[onset.name]
                goes_on = table.next[table.row(number)[symbol]] != table.final
                if goes_on and (onset.needs_step or not episode.first):
                    return Breach(number, symbol, "treatment goes on with ixazomib at its floor")
    return None


@prove(
    "a step that is needed is made",
    "Severe neuropathy, and toxicity clearly due to ixazomib, lower ixazomib or stop treatment (PN-07, OTH-03).",
)
def needed_step_is_made(table: Table) -> Breach | None:
    """At the floor such an episode stops treatment at the latest when it is over; above, its end earns a reduction."""
    floor = ladder_of(table, "ixazomib")[-1]
    agreed = next(one for one in NEUROPATHY.recoveries if one.agreed)
    related = next(one for one in OTHER.recoveries if one.related)
    for number in on_treatment(table):
        at_floor = table.statuses[number].ixazomib_mg == floor
        for episode in _episodes(table, number):
            severe = episode.toxicity == NEUROPATHY.name and episode.needs_step
            if severe or (episode.toxicity == OTHER.name and episode.open):
                symbol = table.columns[agreed.name if severe else related.name]
                move = table.row(number)[symbol]
                owed = {owed_by(table.graph.edges[edge].raised) for edge in table.edges[table.output[move]]}
                if table.next[move] != table.final and (at_floor or "ixazomib" not in owed):
                    return Breach(number, symbol, "no reduction is earned, and treatment goes on")
            if at_floor and severe:
                return Breach(number, None, "a severe neuropathy is awaited with ixazomib at its floor")
    return None


@prove(
    "an open episode is not opened again",
    "Within an episode a report like the one that opened it, or a milder one, changes nothing (B-EPISODE); where "
    "B-PERSIST is a rule, one like it stops treatment with ixazomib at its floor.",
)
def open_is_not_opened_again(table: Table) -> Breach | None:
    """In terms of the letters: an onset that asks for no more than the episode does; of a term, its own repeat."""
    floor = ladder_of(table, "ixazomib")[-1]
    persists = "B-PERSIST" in table.graph.edition.rules
    found = episodes(table.graph.meanings).items()
    reported = {leaf: _reported_again(table, episode) for leaf, episode in found if episode.open}
    for number in on_treatment(table):
        at_floor = table.statuses[number].ixazomib_mg == floor
        for leaf in table.configurations[number]:
            for symbol, like_it in reported.get(leaf, ()):
                due = table.final if persists and at_floor and like_it else number
                if table.next[table.row(number)[symbol]] != due:
                    why = "it changes something" if due == number else "treatment goes on with ixazomib at its floor"
                    return Breach(number, symbol, why)
    return None


def _reported_again(table: Table, episode: Episode) -> list[tuple[int, bool]]:
    """The symbols of reports that would open no more than this episode, and whether they would open the like of it."""
    toxicity = TOXICITY[episode.toxicity]
    if toxicity.by_term:
        return [(table.columns[one.name], True) for one in toxicity.repeats if one.name in table.columns]
    milder = [one for one in toxicity.opening if one.needs_step <= episode.needs_step]
    return [(table.columns[one.name], one.needs_step == episode.needs_step) for one in milder]


@prove(
    "only the text's stops",
    "Treatment stops only at grade 4, an end, or with ixazomib at its floor: where a step is needed that it lacks, or "
    "by B-PERSIST.",
)
def only_the_stops_of_the_text(table: Table) -> Breach | None:
    """A stop on any other symbol needs ixazomib at its floor."""
    floor = ladder_of(table, "ixazomib")[-1]
    always = _always(table)
    for number, symbol, move in table.unlike:
        before = table.statuses[number]
        stopped = table.next[move] == table.final and before.phase == "on treatment"
        if stopped and table.symbols[symbol] not in always and before.ixazomib_mg != floor:
            return Breach(number, symbol, f"it stops with ixazomib at {before.ixazomib_mg:g} mg")
    return None


def _always(table: Table) -> set[str]:
    """The symbols that end treatment from every configuration: grade 4, and the ends."""
    grade_4 = {onset.name for one in toxicities(table.graph.edition) for onset in one.onsets if onset.stops}
    return grade_4 | {end.name for end in ENDS}


def _episodes(table: Table, number: int) -> list[Episode]:
    found = (table.graph.meanings.get(leaf) for leaf in table.configurations[number])
    return [meaning for meaning in found if isinstance(meaning, Episode)]
