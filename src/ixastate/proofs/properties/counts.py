"""Properties of the counts that must be confirmed before they hold treatment (B-CONFIRM-HOLD).

In an edition without that rule nothing is ever to be confirmed, and both say so.
"""

from __future__ import annotations

from dataclasses import replace

from ixastate.chart.states import episodes
from ixastate.orders import Order
from ixastate.proofs.check import Breach, moves, on_treatment, prove
from ixastate.symbols import Toxicity, toxicities
from ixastate.table.graph import Edge
from ixastate.table.table import Table

REPEAT = Order("repeat_count")


@prove(
    "a first low count is repeated",
    "Where B-CONFIRM-HOLD is a rule, a low count between episodes leaves every drug as it was and asks for one thing, "
    "to repeat the count; nothing else asks for it, and elsewhere nothing is ever to be confirmed.",
)
def low_count_is_repeated(table: Table) -> Breach | None:
    """In terms of what a person sees before and after; no region but that of the count moves."""
    confirmed = _confirmed(table)
    asked = {number for number, orders in enumerate(table.orders) if REPEAT in orders}
    for number in on_treatment(table):
        before = table.statuses[number]
        if extra := set(before.to_confirm) - {toxicity.reason for toxicity in confirmed}:
            return Breach(number, None, f"{', '.join(sorted(extra))} are to be confirmed")
        first = {
            table.columns[onset.name]: toxicity
            for toxicity in confirmed
            if number != table.final and toxicity.reason not in (*before.held_for, *before.to_confirm)
            for onset in toxicity.opening
        }
        for symbol, move in enumerate(table.row(number)) if asked or first else ():
            if symbol not in first:
                if table.output[move] in asked:
                    return Breach(number, symbol, "it asks to repeat a count")
                continue
            toxicity, after = first[symbol], table.statuses[table.next[move]]
            if table.orders[table.output[move]] != (REPEAT,):
                return Breach(number, symbol, "it does not ask to repeat the count, and for that alone")
            if set(after.to_confirm) != {*before.to_confirm, toxicity.reason}:
                return Breach(number, symbol, f"low {toxicity.reason} are not to be confirmed")
            if _moves_elsewhere(table, move, toxicity):
                return Breach(number, symbol, "it changes something else")
    return None


@prove(
    "the next count decides",
    "Where B-CONFIRM-HOLD is a rule, what is to be confirmed stays so until the next count of its kind: a low one "
    "holds or stops, and any other leaves everything as it was before the first, without an order.",
)
def next_count_decides(table: Table) -> Breach | None:
    """By every move of every configuration in which a count is to be confirmed, the ends of treatment apart."""
    confirmed = {toxicity.reason: toxicity for toxicity in _confirmed(table)}
    for number, symbol, move in moves(table):
        for reason in table.statuses[number].to_confirm:
            toxicity, to = confirmed[reason], table.next[move]
            after, stopped = table.statuses[to], to == table.final
            if symbol in [table.columns[onset.name] for onset in toxicity.opening]:
                if not stopped and (reason not in after.held_for or reason in after.to_confirm):
                    return Breach(number, symbol, "a second low count holds nothing, and treatment goes on")
            elif symbol in [table.columns[recovery.name] for recovery in toxicity.recoveries]:
                if table.orders[table.output[move]]:
                    return Breach(number, symbol, "something is ordered though the count was not confirmed")
                if not _is_withdrawn(table, number, move, toxicity) or _moves_elsewhere(table, move, toxicity):
                    return Breach(number, symbol, "it is not as before the first low count")
            elif not stopped and reason not in after.to_confirm:
                return Breach(number, symbol, f"low {reason} are no longer to be confirmed")
    return None


def _confirmed(table: Table) -> list[Toxicity]:
    """The toxicities of which a low count must be confirmed."""
    edition = table.graph.edition
    return [toxicity for toxicity in toxicities(edition) if toxicity.is_confirmed(edition)]


def _taken(table: Table, move: int) -> list[Edge]:
    """The transitions of a move."""
    return [table.graph.edges[number] for number in table.edges[table.output[move]]]


def _moves_elsewhere(table: Table, move: int, toxicity: Toxicity) -> bool:
    """Whether a move leads anywhere outside a toxicity's region."""
    own = table.graph.regions[toxicity.name]
    return any(edge.source not in own or not set(edge.targets) <= set(own) for edge in _taken(table, move))


def _is_withdrawn(table: Table, number: int, move: int, toxicity: Toxicity) -> bool:
    """Whether a move leads back to where the toxicity's episodes stood before the low count that was pending."""
    found = episodes(table.graph.meanings)
    pending = [found[leaf] for leaf in table.configurations[number] if leaf in table.graph.regions[toxicity.name]]
    back = [found.get(target) for edge in _taken(table, move) for target in edge.targets]
    return back == [replace(one, pending=False) for one in pending]
