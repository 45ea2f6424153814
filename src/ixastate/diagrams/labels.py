"""How the chart's facts are put into the few words of a label and the full sentences of a tooltip."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import groupby

from ixastate.events import DRUGS
from ixastate.orders import DOSING_VERBS, Order
from ixastate.rules import Edition
from ixastate.table.graph import Edge, Graph

# How a drug stands when it is not given, in short and in full.
SHORT = {"given": "", "held": "held", "owing": "owing", "owing_two": "owing two"}
FULL = {
    "given": "given",
    "held": "held",
    "owing": "held, one reduction owed",
    "owing_two": "held, two reductions owed",
}


def wrapped(text: str, width: int) -> list[str]:
    """The lines of a label; a name is never broken."""
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def brief(orders: Sequence[Order]) -> str:
    """Orders with each verb said once: 'hold ixazomib, lenalidomide; consider G-CSF'."""
    parts = []
    for verb, alike in groupby(orders, key=lambda order: order.verb):
        sentences = [str(order) for order in alike]
        if verb == "stop" and len(sentences) == len(DRUGS):
            sentences = ["stop all drugs"]
            verb = ""
        if verb in DOSING_VERBS:
            sentences = [f"{verb} " + ", ".join(sentence.removeprefix(f"{verb} ") for sentence in sentences)]
        parts += sentences
    return "; ".join(parts)


def cited(rule_ids: Sequence[str], edition: Edition) -> str:
    """The clauses among these rules by id, and how many readings there are besides; the readings, if they are all."""
    clauses = [rule_id for rule_id in rule_ids if edition.rule(rule_id).kind == "label"]
    if not clauses:
        return f"({' '.join(rule_ids)})"
    # A no-break space keeps the number beside the last clause.
    more = f"\u00a0+{len(rule_ids) - len(clauses)}" if len(rule_ids) > len(clauses) else ""
    return f"({' '.join(clauses)}{more})"


def sentences(rule_ids: Sequence[str], edition: Edition) -> str:
    """What the clauses among these say, one a line, then the readings by id; where all are readings, what they say."""
    clauses = [rule_id for rule_id in rule_ids if edition.rule(rule_id).kind == "label"]
    said = [f"{rule_id}: {edition.rule(rule_id).says}" for rule_id in clauses or rule_ids]
    readings = [rule_id for rule_id in rule_ids if rule_id not in clauses]
    return "\n".join([*said, f"read as {' '.join(readings)}"] if clauses and readings else said)


def foremost(rule_ids: Sequence[str], edition: Edition) -> str:
    """The rule to read first: the clause of the toxicity before those of every dose, a clause before a reading."""
    ranked = sorted(rule_ids, key=lambda rule_id: (edition.rule(rule_id).kind != "label", rule_id.startswith("DOSE-")))
    return ranked[0] if ranked else ""


def edge_label(edges: Sequence[Edge], edition: Edition, width: int) -> str:
    """Edges that differ in nothing but their symbol: the symbols, [guard], / orders, ^ what they raise, and (rules)."""
    edge = edges[0]
    lines = wrapped(", ".join(one.symbol for one in edges), width)
    if edge.guard:
        lines += wrapped(f"[{edge.guard}]", width)
    if edge.orders:
        lines += wrapped(f"/ {brief(edge.orders)}", width)
    if edge.raised:
        lines += wrapped(f"^ {', '.join(edge.raised)}", width)
    return "\n".join([*lines, *wrapped(cited(edge.rules, edition), width)])


def edge_tooltip(edges: Sequence[Edge], edition: Edition) -> str:
    """The same in full: the transitions, their orders, and what the clauses say that they rest on."""
    orders = f"\nAsked for: {brief(edges[0].orders)}" if edges[0].orders else ""
    return "\n".join(map(str, edges)) + f"{orders}\n{sentences(edges[0].rules, edition)}"


def state_label(graph: Graph, state_id: str, region: str) -> str:
    """A state in a label: what it is, then which one."""
    if state_id in graph.levels:
        level = graph.levels[state_id]
        return f"{SHORT[level.standing] or 'given'}\n{level.mg:g} mg"
    what, *which = state_id.removeprefix(f"{region}_").split("_")
    return f"{what}\n{' '.join(which)}" if which else what


def state_tooltip(graph: Graph, state_id: str) -> str:
    """A state in full: its id, what it means, and what the clauses say that lead into it."""
    lines = [state_id]
    if state_id in graph.levels:
        level = graph.levels[state_id]
        lines.append(f"{level.drug} at {level.mg:g} mg: {FULL[level.standing]}")
    if state_id in graph.holds:
        hold = graph.holds[state_id]
        lines.append(f"holds {' and '.join(hold.drugs)} for {hold.reason}")
    entering = (rule for edge in graph.edges if state_id in edge.targets for rule in edge.rules)
    clauses = [rule for rule in graph.edition.cite(entering) if graph.edition.rule(rule).kind == "label"]
    return "\n".join([*lines, *([sentences(clauses, graph.edition)] if clauses else [])])
