"""Labels and tooltips: the chart's facts in the few words of a label and in the full sentences of a tooltip."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from ixastate.chart.states import Circumstance, DoseState, Episode, Level
from ixastate.chart.status import confirmed
from ixastate.orders import brief
from ixastate.rules import GENERAL_RULES, Edition
from ixastate.table.graph import ChartGraph, Edge

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


def cited(rule_ids: Sequence[str], edition: Edition) -> str:
    """The clauses among these rules by id and the number of readings; the readings by id where there is no clause."""
    clauses = [rule_id for rule_id in rule_ids if edition.rule(rule_id).kind == "label"]
    if not clauses:
        return f"({' '.join(rule_ids)})"
    # A no-break space keeps the number beside the last clause.
    more = f"\u00a0+{len(rule_ids) - len(clauses)}" if len(rule_ids) > len(clauses) else ""
    return f"({' '.join(clauses)}{more})"


def sentences(rule_ids: Sequence[str], edition: Edition) -> str:
    """The text of the clauses among these, one per line, then the readings by id; of readings alone, their text."""
    clauses = [rule_id for rule_id in rule_ids if edition.rule(rule_id).kind == "label"]
    lines = [f"{rule_id}: {edition.rule(rule_id).says}" for rule_id in clauses or rule_ids]
    readings = [rule_id for rule_id in rule_ids if rule_id not in clauses]
    return "\n".join([*lines, f"read as {' '.join(readings)}"] if clauses and readings else lines)


def foremost(rule_ids: Sequence[str], edition: Edition) -> str:
    """The rule to read first: a clause before a reading, and the clause of a toxicity before those of every dose."""
    return min(
        rule_ids, key=lambda rule_id: (edition.rule(rule_id).kind != "label", rule_id in GENERAL_RULES), default=""
    )


def symbol_label(edges: Sequence[Edge], width: int) -> str:
    """The symbols of edges, in lines of a label."""
    return "\n".join(wrapped(", ".join(one.symbol for one in edges), width))


def edge_label(edges: Sequence[Edge], edition: Edition, width: int) -> str:
    """Edges that differ in nothing but their symbol: the symbols, [guard], / orders, ^ what they raise, and (rules)."""
    edge = edges[0]
    lines = [symbol_label(edges, width)]
    if edge.guard:
        lines += wrapped(f"[{edge.guard}]", width)
    if edge.orders:
        lines += wrapped(f"/ {brief(edge.orders)}", width)
    if edge.raised:
        lines += wrapped(f"^ {', '.join(edge.raised)}", width)
    return "\n".join([*lines, *wrapped(cited(edge.rules, edition), width)])


def edge_tooltip(edges: Sequence[Edge], edition: Edition) -> str:
    """The same in full: the transitions, their orders, and the text of the clauses that they rest on."""
    orders = f"\nAsked for: {brief(edges[0].orders)}" if edges[0].orders else ""
    return "\n".join(map(str, edges)) + f"{orders}\n{sentences(edges[0].rules, edition)}"


def state_label(graph: ChartGraph, state_id: str) -> str:
    """A state in a label: what it is, then which one."""
    match graph.meanings[state_id]:
        case Level() as level:
            return f"{SHORT[level.standing] or 'given'}\n{level.mg:g} mg"
        case Episode() as episode:
            which = episode.which.replace("_", " ")
            return f"{episode.word}\n{which}" if which else episode.word
        case DoseState(word=word):
            return word
        case Circumstance(says=says):
            return "\n".join(wrapped(says, 20))
        case phase:
            return phase.id


def state_meaning(graph: ChartGraph, state_id: str) -> list[str]:
    """What a state means beyond its label, in one sentence or none: a drug's level, or what it holds and for what."""
    match graph.meanings[state_id]:
        case Level() as level:
            return [f"{level.drug} at {level.mg:g} mg: {FULL[level.standing]}"]
        case Episode(drugs=drugs, reason=reason) if drugs:
            return [f"holds {' and '.join(drugs)} for {reason}"]
        case Episode(pending=True, reason=reason):
            return [f"holds nothing; {confirmed([reason])}"]
        case DoseState(says=says) | Circumstance(says=says):
            return [says]
        case _:
            return []


def state_tooltip(graph: ChartGraph, state_id: str) -> str:
    """A state in full: its id, its meaning, and the text of the clauses that lead into it."""
    lines = [state_id, *state_meaning(graph, state_id)]
    entering = (rule for edge in graph.edges if state_id in edge.targets for rule in edge.rules)
    clauses = [rule for rule in graph.edition.cite(entering) if graph.edition.rule(rule).kind == "label"]
    return "\n".join([*lines, *([sentences(clauses, graph.edition)] if clauses else [])])
