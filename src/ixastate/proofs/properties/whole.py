"""Properties of the machine as such: one answer to every symbol, and nothing that is never used."""

from __future__ import annotations

from itertools import product

from ixastate.proofs.check import Breach, on_treatment, prove
from ixastate.table.graph import ChartGraph, Edge
from ixastate.table.table import Table


@prove(
    "deterministic and complete", "Of the guards on one symbol of one state, exactly one is open, whatever is active."
)
def one_guard_open(table: Table) -> Breach | None:
    """Over every combination of the states that the guards name, whether a course reaches it or not."""
    why = not_one_open(table.graph)
    return Breach(0, None, why) if why else None


def not_one_open(graph: ChartGraph) -> str | None:
    """Where not exactly one guard is open on a symbol of a state; None when one is everywhere."""
    groups: dict[tuple[str, str], list[Edge]] = {}
    for edge in graph.edges:
        groups.setdefault((edge.source, edge.symbol), []).append(edge)
    for (source, symbol), edges in groups.items():
        asked = frozenset[str]().union(*(edge.guard.leaves() for edge in edges if edge.guard))
        named = [leaves for leaves in graph.regions.values() if asked.intersection(leaves)]
        for combination in product(*named):
            active = frozenset(combination)
            if sum(edge.open(active) for edge in edges) != 1:
                return f"{source} on {symbol}: not one guard is open with {', '.join(combination)}"
    return None


@prove(
    "every symbol is answered", "On treatment every symbol is acted on or expressly ignored, in every configuration."
)
def answered(table: Table) -> Breach | None:
    """Screening takes in its own symbols, and every other phase but the last all that screening does not own."""
    own = {edge.symbol for edge in table.graph.edges if edge.source == table.graph.initial[0]}
    elsewhere = {edge.symbol for edge in table.graph.edges if edge.source != table.graph.initial[0]}
    for number in on_treatment(table):
        if number == table.final:
            continue
        for symbol, move in enumerate(table.row(number)):
            taken_in = table.symbols[symbol] in elsewhere or table.symbols[symbol] not in own
            if taken_in and not table.output[move]:
                return Breach(number, symbol, "it is not answered")
    return None


@prove("one state of each region", "In every configuration on treatment each region has exactly one active state.")
def one_state_a_region(table: Table) -> Breach | None:
    """By counting the leaves of each region."""
    regions = list(table.graph.regions.values())
    for number in on_treatment(table):
        if number != table.final:
            active = set(table.configurations[number])
            if any(len(active & set(leaves)) != 1 for leaves in regions):
                return Breach(number, None, "a region has not exactly one active state")
    return None


@prove("everything is reachable", "Every state, every transition and every rule of the chart is used by some course.")
def everything_reachable(table: Table) -> Breach | None:
    """The transitions that `unreachable` names are the only ones that no course takes, and truly none does."""
    graph = table.graph
    active = {leaf for leaves in table.configurations for leaf in leaves}
    taken = {edge for edges in table.edges for edge in edges}
    idle = [edge for edge in graph.edges if edge.number not in taken]
    missing = [leaf for leaf in graph.leaves if leaf not in active]
    missing += [str(edge) for edge in idle if str(edge) not in graph.unreachable]
    missing += [name for name in graph.unreachable if name not in map(str, idle)]
    cited = {rule for edge in graph.edges for rule in edge.rules}
    fired = {rule for rules in table.rules for rule in rules}
    missing += sorted(cited - fired)
    acting = {rule.id for rule in graph.edition.rules.values() if "transition" in rule.executed_by}
    missing += sorted(acting - cited)
    return Breach(0, None, f"never used as declared: {', '.join(missing)}") if missing else None
