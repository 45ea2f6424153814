"""Properties of the explanations: what each rule does (`rules/effects.toml`), held against what the moves do.

A move with the same edges, from the same levels of the drugs, does the same to them; it is looked at once.
"""

from __future__ import annotations

from collections.abc import Iterator

from ixastate.chart.reasons import Outcome, contradiction, drug_levels, effects_of, reasons
from ixastate.chart.states import Episode
from ixastate.course.alphabet import Context, read
from ixastate.events import Drug
from ixastate.proofs.check import Breach, prove
from ixastate.symbols import Start, symbols
from ixastate.table.table import Table
from ixastate.table.witness import witness


@prove("each order has a reason", "Each order is given by a rule that is cited and has that effect on that drug.")
def order_has_a_reason(table: Table) -> Breach | None:
    """A reduction that was owed is given by the rule that earned it; a first dose also by the rules of its event."""
    effects = effects_of(table.graph.edition.name)
    for number, symbol, output, outcome in _different(table):
        rules = (*table.rules[output], *_rules_of_start(table, symbol))
        for order in table.orders[output]:
            owed = order.verb == "reduce" and order.drug != "" and outcome.owed_before(order.drug)
            if not owed and not reasons(order, rules, outcome, effects):
                return Breach(number, symbol, f"no rule that is cited gives the order to {order}")
    return None


@prove(
    "no reason contradicts the orders",
    "No rule that is cited has an effect that the move lacks; what is owed until a release contradicts nothing.",
)
def no_reason_contradicts(table: Table) -> Breach | None:
    """By holding each effect of each cited rule against the levels before and after, the orders and the episodes."""
    effects = effects_of(table.graph.edition.name)
    for number, symbol, output, outcome in _different(table):
        for rule in table.rules[output]:
            why = contradiction(rule, outcome, effects)
            if why:
                return Breach(number, symbol, f"{rule} is cited, but {why}")
    return None


@prove(
    "each reduction has its earner",
    "A drug owes a reduction only if a clause asked for one, and is lowered only then or at its release.",
)
def reduction_has_its_earner(table: Table) -> Breach | None:
    """By induction over the moves: who owed is remembered, who comes to owe has an earner, who is lowered has one."""
    effects = effects_of(table.graph.edition.name)
    for number, symbol, output, outcome in _different(table):
        asked = dict(table.asked[output])
        for drug, rules in asked.items():
            if effects.earner(rules, drug) is None:
                return Breach(number, symbol, f"a reduction of {drug} is asked for by no clause")
        for drug, after in outcome.after.items():
            if not outcome.before or drug in asked:
                continue
            if after.owes and not outcome.owed_before(drug):
                return Breach(number, symbol, f"{drug} comes to owe a reduction that nothing asked for")
            if outcome.owed_before(drug) and not after.owes and not outcome.lowered(drug):
                return Breach(number, symbol, f"{drug} owed a reduction, which is forgotten")
            if outcome.lowered(drug) and not outcome.owed_before(drug):
                return Breach(number, symbol, f"{drug} is lowered, and nothing earned it")
    return None


def _different(table: Table) -> Iterator[tuple[int, int, int, Outcome]]:
    """The first move of each kind with its outcome: kinds differ in the edges taken or in the drugs' levels before."""
    width, kinds = len(table.symbols), len(table.edges)
    letters = symbols(table.graph.edition)
    toxicities = [getattr(letters.get(name), "toxicity", "") for name in table.symbols]
    of_drugs = sum(1 << place for place, leaf in enumerate(table.graph.leaves) if leaf in table.graph.levels)
    seen: set[int] = set()
    for number, bits in enumerate(table.space.bits):
        standing = (bits & of_drugs) * kinds
        for symbol, output in enumerate(table.output[number * width : (number + 1) * width]):
            kind = standing + output
            if output and kind not in seen:
                seen.add(kind)
                yield number, symbol, output, _outcome(table, number, output, toxicities[symbol])


def _outcome(table: Table, number: int, output: int, toxicity: str) -> Outcome:
    """What a move does to the drugs, read off the edges that it takes; its symbol is of this toxicity, or of none."""
    graph = table.graph
    before = drug_levels(graph.meanings, table.configurations[number])
    after = dict(before)
    taken = [graph.edges[one] for one in table.edges[output]]
    for edge in taken:
        after = {} if edge.targets == graph.final else after | drug_levels(graph.meanings, edge.targets)
    # The edge of the symbol itself comes first; the others answer what it raises.
    stands = taken[0].targets or (taken[0].source,)
    episodes = [graph.meanings.get(leaf) for leaf in stands]
    holding: set[Drug] = {
        drug for one in episodes if isinstance(one, Episode) and one.toxicity == toxicity for drug in one.drugs
    }
    return Outcome(before, after, table.orders[output], {drug for drug, _ in table.asked[output]}, holding)


def _rules_of_start(table: Table, symbol: int) -> tuple[str, ...]:
    """The rules by which an event means a start: those of the organ function that calls for its doses."""
    name, edition = table.symbols[symbol], table.graph.edition
    if not isinstance(symbols(edition).get(name), Start):
        return ()
    [event] = witness([name], edition)
    return read(event, Context(), edition).rules
