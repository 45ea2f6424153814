"""Rules as text: a list, a search, and one rule with its lines, numbers, transitions and readings."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from ixastate.chart.builder import Transition, transitions_of
from ixastate.chart.chart import build_chart
from ixastate.chart.reasons import effects_of
from ixastate.chart.slot import build_slot
from ixastate.rules import EDITIONS, Edition, Rule, load_edition

WIDTH = 100
PLACES = {
    "transition": "transitions of the chart",
    "slot": "transitions of the chart of a dose",
    "threshold": "the alphabet (what an event means)",
    "schedule": "the schedule (what is due)",
    "order": "advice given without a transition",
    "start": "the choice of the starting doses",
    "correction": "lines of a log that change what was known of the past",
}


def list_rules(edition: Edition, rules: Sequence[Rule] | None = None, width: int = WIDTH) -> Iterator[str]:
    """The rules, or some of them, one per line (id, kind, title) in the order of the rules file."""
    listed = list(edition.rules.values()) if rules is None else rules
    count = f"{len(edition.rules)} rules" if rules is None else f"{len(listed)} of {len(edition.rules)} rules"
    yield from textwrap.wrap(f"{edition.title} ({count}). Source: {edition.source}", width)
    yield ""
    for rule in listed:
        title = rule.title if rule.executed_by else f"{rule.title} (not modelled)"
        yield from textwrap.wrap(
            title,
            width,
            initial_indent=f"{rule.id:<18} {rule.kind:<12} ",
            subsequent_indent=" " * 32,
            break_on_hyphens=False,
        )


def find_rules(edition: Edition, text: str) -> list[Rule]:
    """The rules whose id, title or sentence holds this text, upper and lower case alike."""
    wanted = text.casefold()
    return [
        rule
        for rule in edition.rules.values()
        if any(wanted in part.casefold() for part in (rule.id, rule.title, " ".join(rule.says.split())))
    ]


def one_rule(edition: Edition, rule_id: str, width: int = WIDTH) -> Iterator[str]:
    """Everything about one rule."""
    rule = edition.rule(rule_id)
    yield from textwrap.wrap(f"{rule.id} · {rule.title}", width, subsequent_indent="  ")
    place = f"{rule.place} of the dosing text" if rule.lines else rule.place
    yield from textwrap.wrap(f"{place} · {rule.kind}", width, subsequent_indent="  ")
    if rule.source:
        yield from textwrap.wrap(f"source: {rule.source}", width, subsequent_indent="  ")
    yield ""
    yield from textwrap.wrap(rule.says, width)
    for name, quantity in rule.numbers.items():
        yield f"  {name.replace('_', ' ')}: {quantity.value} {quantity.unit}"
    for words in _elsewhere(edition, rule_id):
        yield from _indented(words, width)
    yield ""
    if rule.not_modelled:
        yield from textwrap.wrap(f"Nothing executes it: {rule.not_modelled}", width)
    else:
        yield from textwrap.wrap(f"Executed by {', '.join(PLACES[place] for place in rule.executed_by)}.", width)
    yield from _effects(edition, rule_id, width)
    for chart, of in ((build_chart(edition.name), ""), (build_slot(edition.name), " of the chart of a dose")):
        resting = [move for move in transitions_of(chart) if rule_id in move.rules]
        if resting:
            yield f"Transitions{of} that rest on it ({len(resting)}):"
            for move in resting:
                yield from _indented(_transition(move), width)
    if rule.needs:
        yield "Readings it needs:"
        for need in rule.needs:
            yield from _indented(f"{need}: {edition.rule(need).says}", width)
            for words in _elsewhere(edition, need):
                yield from textwrap.wrap(words, width, initial_indent="    ", subsequent_indent="      ")
    needed_by = [other for other in edition.rules.values() if rule_id in other.needs]
    if needed_by:
        words = f"Needed by: {', '.join(other.id for other in needed_by)}"
        yield from textwrap.wrap(words, width, subsequent_indent="  ", break_on_hyphens=False)


def _elsewhere(edition: Edition, rule_id: str) -> Iterator[str]:
    """The editions that read a rule otherwise, with its title and the readings that are only there; or lack it."""
    own, found = edition.rule(rule_id), dict[str, list[str]]()
    for name in EDITIONS:
        other = load_edition(name).rules.get(rule_id)
        if other is None:
            found.setdefault("not in {}", []).append(name)
        elif other.model_copy(update={"needs": own.needs}) != own:
            besides = [need for need in other.needs if need not in edition.rules]
            by = f" (by {', '.join(besides)})" if besides else ""
            found.setdefault(f"otherwise in {{}}: {other.title}{by}", []).append(name)
    return (words.format(", ".join(names)) for words, names in found.items())


def _lines(rule: Rule) -> str:
    return f"line {', '.join(map(str, rule.lines))}" if rule.lines else "-"


def _effects(edition: Edition, rule_id: str, width: int) -> Iterator[str]:
    """What the rule does to a drug: one thing, or one of several as the case may be; or why it does nothing."""
    effects = effects_of(edition.name)
    found = effects.of(rule_id)
    if rule_id in effects.without:
        yield from textwrap.wrap(f"Does nothing to a drug of its own. {effects.without[rule_id]}", width)
    elif len(found) == 1:
        yield from textwrap.wrap(f"What it does: {found[0]}.", width, subsequent_indent="  ")
    elif found:
        yield "What it does, as the case may be:"
        for effect in found:
            yield from _indented(f"{effect}", width)


def _transition(move: Transition) -> str:
    target = ", ".join(state.id for state in move.targets) if move.targets else "(stays)"
    guard = f" [{move.when.name}]" if move.when else ""
    orders = f"  → {'; '.join(map(str, move.orders))}" if move.orders else ""
    return f"{move.source.id} --{move.symbol}{guard}--> {target}{orders}"


def _indented(words: str, width: int) -> list[str]:
    return textwrap.wrap(words, width, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
