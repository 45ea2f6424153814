"""Properties of the turns: which drug an episode lowers."""

from __future__ import annotations

from collections import deque

from ixastate.orders import Order
from ixastate.proofs.check import Breach, moves, on_treatment, prove
from ixastate.proofs.properties.common import ALTERNATING
from ixastate.table.table import Table


@prove(
    "alternation alternates",
    "A toxicity never lowers the same drug twice running, unless lenalidomide has no step left.",
)
def alternation_alternates(table: Table) -> Breach | None:
    """By walking all courses with the drug that each toxicity lowered last (ANC-06, PLT-08, RASH-06)."""
    edges = table.graph.edges
    for toxicity, symbols in ALTERNATING.items():
        columns = {table.symbols.index(name) for name in symbols}
        start = (0, "")
        courses: dict[tuple[int, str], tuple[str, ...]] = {start: ()}
        queue = deque([start])
        while queue:
            number, last = queue.popleft()
            for symbol, move in enumerate(table.row(number)):
                course = (*courses[number, last], table.symbols[symbol])
                lowered = last
                if symbol in columns and table.output[move]:
                    own = edges[table.edges[table.output[move]][0]]
                    owed = [name.removeprefix("owe_") for name in own.raised if name.startswith("owe_")]
                    if owed:
                        passed = "B-LENFLOOR" in own.rules
                        if owed[0] == last and not passed:
                            return Breach(number, symbol, f"{toxicity} lowers {last} twice running", course)
                        lowered = "lenalidomide" if passed else owed[0]
                if (table.next[move], lowered) not in courses:
                    courses[table.next[move], lowered] = course
                    queue.append((table.next[move], lowered))
    return None


@prove(
    "each episode lowers a drug",
    "Every episode of neutropenia, thrombocytopenia or rash lowers one of the drugs, or stops.",
)
def each_episode_lowers(table: Table) -> Breach | None:
    """By the reduction that the onset or the recovery of an episode earns."""
    edges = table.graph.edges
    recoveries = {table.symbols.index(recovery): toxicity for toxicity, (_, recovery) in ALTERNATING.items()}
    for number, symbol, move in moves(table):
        if symbol not in recoveries or table.next[move] == table.final:
            continue
        own = edges[table.edges[table.output[move]][0]]
        lowers = any(name.startswith("owe_") for name in own.raised)
        if own.source.startswith(f"{recoveries[symbol]}_held"):
            # Where neither drug has a step left, the turn passes without one.
            if not lowers and "B-LENFLOOR" not in own.rules:
                return Breach(number, symbol, "no drug is lowered")
        elif lowers:
            return Breach(number, symbol, "a drug is lowered with no hold to end")
    return None


@prove("the advice is given", "A low neutrophil count that does not stop treatment asks to consider G-CSF (ANC-03).")
def advice_is_given(table: Table) -> Breach | None:
    """On every onset and every further low count."""
    symbol = table.symbols.index("anc_low")
    for number in on_treatment(table):
        move = table.row(number)[symbol]
        stopped = table.next[move] == table.final
        if number != table.final and not stopped and Order("consider_g_csf") not in table.orders[table.output[move]]:
            return Breach(number, symbol, "G-CSF is not mentioned")
    return None
