"""A rule explained: what it says, where it stands in the text, what rests on it and what it rests on."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from ixastate.chart.chart import build_chart
from ixastate.chart.transitions import Transition, transitions_of
from ixastate.rules import Edition, Rule

WIDTH = 110
PLACES = {
    "transition": "transitions of the chart",
    "threshold": "the alphabet (what an event means)",
    "schedule": "the schedule (what is due)",
    "order": "advice given without a transition",
    "start": "the choice of the starting doses",
}


def list_rules(edition: Edition) -> Iterator[str]:
    """One line a rule, in the order of the rules file."""
    yield f"{edition.title} ({len(edition.rules)} rules). Source: {edition.source}"
    yield ""
    for rule in edition.rules.values():
        carried = ", ".join(rule.executed_by) or "not modelled"
        yield f"{rule.id:<18} {_lines(rule):<14} {rule.kind:<12} {carried:<22} {rule.title}"


def one_rule(edition: Edition, rule_id: str) -> Iterator[str]:
    """Everything about one rule."""
    rule = edition.rule(rule_id)
    yield f"{rule.id} · {rule.title}"
    yield f"{_lines(rule)} of the dosing text · {rule.kind}" if rule.lines else f"no line of the text · {rule.kind}"
    yield ""
    yield from textwrap.wrap(rule.says, WIDTH)
    for name, quantity in rule.numbers.items():
        yield f"  {name.replace('_', ' ')}: {quantity.value} {quantity.unit}"
    yield ""
    if rule.not_modelled:
        yield from textwrap.wrap(f"Nothing executes it: {rule.not_modelled}", WIDTH)
    else:
        yield f"Executed by {', '.join(PLACES[place] for place in rule.executed_by)}."
    resting = [move for move in transitions_of(build_chart(edition.name)) if rule_id in move.rules]
    if resting:
        yield f"Transitions that rest on it ({len(resting)}):"
        yield from (f"  {_transition(move)}" for move in resting)
    if rule.needs:
        yield "Readings it needs:"
        for need in rule.needs:
            yield from _indented(edition.rule(need))
    needed_by = [other for other in edition.rules.values() if rule_id in other.needs]
    if needed_by:
        yield f"Needed by: {', '.join(other.id for other in needed_by)}"


def _lines(rule: Rule) -> str:
    return f"line {', '.join(map(str, rule.lines))}" if rule.lines else "-"


def _transition(move: Transition) -> str:
    target = ", ".join(state.id for state in move.targets) if move.targets else "(stays)"
    guard = f" [{move.when.name}]" if move.when else ""
    orders = f"  → {'; '.join(map(str, move.orders))}" if move.orders else ""
    return f"{move.source.id} --{move.symbol}{guard}--> {target}{orders}"


def _indented(rule: Rule) -> list[str]:
    return textwrap.wrap(f"{rule.id}: {rule.says}", WIDTH, initial_indent="  ", subsequent_indent="    ")
