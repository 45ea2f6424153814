"""Properties of the holds: who is held, why, and how it ends."""

from __future__ import annotations

from collections import deque
from itertools import product

from ixastate.chart.states import open_episodes
from ixastate.orders import Order
from ixastate.proofs.check import Breach, moves, on_treatment, prove
from ixastate.proofs.properties.common import ONSETS, unconfirmed
from ixastate.symbols import BOTH, NEUROPATHY
from ixastate.table.table import Table


@prove("a held drug is never given", "While any open episode holds a drug, that drug is not given.")
def held_is_not_given(table: Table) -> Breach | None:
    """By comparing what the toxicities hold with what the drugs' own states say."""
    for number in on_treatment(table):
        for leaf in table.configurations[number]:
            hold = table.graph.holds.get(leaf)
            for drug in hold.drugs if hold else ():
                if not table.statuses[number].held(drug):
                    return Breach(number, None, f"{drug} is given while held for {hold.reason if hold else ''}")
    return None


@prove("each hold names an open episode", "A drug is held only while an open episode holds it (B-OVERLAP).")
def hold_has_a_reason(table: Table) -> Breach | None:
    """By looking for a drug that is held by nothing."""
    for number in on_treatment(table):
        reasons = {
            drug
            for leaf in table.configurations[number]
            if leaf in table.graph.holds
            for drug in table.graph.holds[leaf].drugs
        }
        for drug in BOTH:
            if table.statuses[number].held(drug) and drug not in reasons:
                return Breach(number, None, f"{drug} is held for nothing")
    return None


@prove("each hold has a way out", "From every hold some course gives the drug again.")
def hold_has_a_way_out(table: Table) -> Breach | None:
    """By walking backwards from every configuration in which the drug is given."""
    back: list[list[int]] = [[] for _ in table.configurations]
    for number, _, move in moves(table):
        back[table.next[move]].append(number)
    for drug in BOTH:
        reached = [now.phase == "on treatment" and not now.held(drug) for now in table.statuses]
        queue = deque(number for number, given in enumerate(reached) if given)
        while queue:
            for earlier in back[queue.popleft()]:
                if not reached[earlier]:
                    reached[earlier] = True
                    queue.append(earlier)
        for number in on_treatment(table):
            if number != table.final and not reached[number]:
                return Breach(number, None, f"{drug} can never be given again, and treatment goes on")
    return None


@prove(
    "an onset holds at once",
    "A low count (confirmed, where B-CONFIRM-HOLD is a rule) holds both drugs or stops; neuropathy and other toxicity "
    "hold ixazomib or stop.",
)
def onset_holds(table: Table) -> Breach | None:
    """By looking at the drugs after every onset."""
    onsets = [(symbol, drugs) for symbol, name in enumerate(table.symbols) if (drugs := ONSETS.get(name, ()))]
    waiting = unconfirmed(table)
    for number, (symbol, drugs) in product(on_treatment(table), onsets):
        if not waiting.get(symbol, frozenset()).isdisjoint(table.configurations[number]):
            continue
        move = table.row(number)[symbol]
        after = table.statuses[table.next[move]]
        for drug in drugs if table.output[move] else ():
            if after.phase == "on treatment" and not after.held(drug):
                return Breach(number, symbol, f"{drug} is still given")
    return None


@prove(
    "agreement is needed",
    "A severe neuropathy that resolves without the physician's agreement releases nothing (PN-06).",
)
def agreement_is_needed(table: Table) -> Breach | None:
    """By seeing that the orders ask for the agreement, and that ixazomib stays held, after a severe episode."""
    unagreed = next(one for one in NEUROPATHY.recoveries if not one.agreed)
    symbol = table.columns[unagreed.name]
    for number in on_treatment(table):
        opened = open_episodes(table.graph.meanings, table.configurations[number])
        if any(episode.toxicity == NEUROPATHY.name and episode.needs_step for episode in opened):
            move = table.row(number)[symbol]
            asked = Order("obtain_agreement") in table.orders[table.output[move]]
            if not asked or table.next[move] != number:
                return Breach(number, symbol, "it is released, or the agreement is not asked for")
    return None
