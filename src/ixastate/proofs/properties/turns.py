"""Properties of the turns: which drug an episode lowers."""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter

from ixastate.orders import Order
from ixastate.proofs.check import Breach, moves, on_treatment, prove
from ixastate.proofs.properties.common import ALTERNATING, unconfirmed
from ixastate.symbols import NEUTROPENIA, Toxicity, owed_by
from ixastate.table.table import Table
from ixastate.table.walk import walk


@prove(
    "alternation alternates",
    "A toxicity never lowers the same drug twice running, unless lenalidomide has no step left.",
)
def alternation_alternates(table: Table) -> Breach | None:
    """By walking all courses with the drug that each toxicity lowered last (ANC-06, PLT-08, RASH-06)."""
    return next(filter(None, (_twice_running(table, toxicity) for toxicity in ALTERNATING)), None)


def _twice_running(table: Table, toxicity: Toxicity) -> Breach | None:
    width = len(table.symbols)
    columns = sorted(table.columns[one.name] for one in toxicity.symbols)
    # Where the other symbols lead, each place once with the first symbol that leads there.
    rest = [symbol for symbol in range(width) if symbol not in columns]
    last_first, picked = rest[::-1], itemgetter(*rest[::-1])
    others = [
        dict(zip(picked(table.next[number * width : (number + 1) * width]), last_first, strict=True))
        for number in range(len(table.configurations))
    ]
    # By output: the drug that its first transition lowers, or '', and whether lenalidomide passed its turn on.
    own = [table.graph.edges[taken[0]] if taken else None for taken in table.edges]
    lowers = [(owed_by(edge.raised) or "", "B-LENFLOOR" in edge.rules) if edge else ("", False) for edge in own]
    broken: list[tuple[int, str, int]] = []

    def onward(place: tuple[int, str]) -> Iterator[tuple[int, tuple[int, str]]]:
        number, last = place
        begin = number * width
        for symbol in columns:
            owed, passed = lowers[table.output[begin + symbol]]
            if owed and owed == last and not passed:
                broken.append((number, last, symbol))
            lowered = ("lenalidomide" if passed else owed) or last
            yield symbol, (table.next[begin + symbol], lowered)
        for after, symbol in others[number].items():
            yield symbol, (after, last)

    found = walk([(0, "")], onward)
    if not broken:
        return None
    number, last, symbol = broken[0]
    course = (*(table.symbols[one] for one in found.course_to((number, last))), table.symbols[symbol])
    return Breach(number, symbol, f"{toxicity.name} lowers {last} twice running", course)


@prove(
    "each episode lowers a drug",
    "Every episode of neutropenia, thrombocytopenia or rash lowers one of the drugs, or stops.",
)
def each_episode_lowers(table: Table) -> Breach | None:
    """By the reduction that the onset or the recovery of an episode earns."""
    edges = table.graph.edges
    recoveries = {table.columns[one.name] for toxicity in ALTERNATING for one in toxicity.recoveries}
    for number, symbol, move in moves(table):
        if symbol not in recoveries or table.next[move] == table.final:
            continue
        own = edges[table.edges[table.output[move]][0]]
        lowers = owed_by(own.raised) is not None
        if own.source in table.graph.holds:
            # Where neither drug has a step left, the turn passes without one.
            if not lowers and "B-LENFLOOR" not in own.rules:
                return Breach(number, symbol, "no drug is lowered")
        elif lowers:
            return Breach(number, symbol, "a drug is lowered with no hold to end")
    return None


@prove(
    "the advice is given",
    "A low neutrophil count that does not stop treatment, and is not still to be confirmed, asks to consider G-CSF "
    "(ANC-03).",
)
def advice_is_given(table: Table) -> Breach | None:
    """On every onset and every further low count."""
    (low,) = NEUTROPENIA.onsets
    symbol = table.columns[low.name]
    waiting = unconfirmed(table).get(symbol, frozenset())
    for number in on_treatment(table):
        if not waiting.isdisjoint(table.configurations[number]):
            continue
        move = table.row(number)[symbol]
        stopped = table.next[move] == table.final
        if number != table.final and not stopped and Order("consider_g_csf") not in table.orders[table.output[move]]:
            return Breach(number, symbol, "G-CSF is not mentioned")
    return None
