"""The bedside picture as the diagrams draw it, and which arrow stands for which move, so that a page can light it.

In the picture a box is named by its place, and the label of an arrow by `arrow` and its number. The words on an arrow
are those of an event that means its symbol.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ixastate.diagrams import dot
from ixastate.diagrams.bedside import bedside, passages
from ixastate.diagrams.labels import wrapped
from ixastate.diagrams.model import Arrow
from ixastate.diagrams.render import render
from ixastate.events import parse_event
from ixastate.rules import Edition
from ixastate.symbols import TOXICITY, End, Onset, Recovery, Repeat, Start, facts, symbols
from ixastate.table.table import Table
from ixastate.words import describe

# What stands before the picture proper in a file of its own.
_HEAD = re.compile(r"\A.*?(?=<svg)", re.DOTALL)
# Names by which nothing is asked for, and which two pictures in one page would share; comments; and the fixed size.
_NAMES = re.compile(r' id="[^"]*"|<!--.*?-->\n?|(?<=<svg) width="[^"]*" height="[^"]*"', re.DOTALL)


WIDTH = 26
WORDS = "The words on an arrow are those of one event, which stands for every event that means the same."


def picture(table: Table) -> dict[str, Any]:
    """The picture as SVG with its boxes and arrows; `MissingExtra` where nothing can draw.

    `arrows` has for each arrow its label, its kind and its passages, each the number of a place, a symbol and the
    number of a place; `rules` are those that every move of the passage rests on.
    """
    drawn = bedside(table)
    said = symbol_words(table.graph.edition)
    numbers = {box.id: number for number, box in enumerate(drawn.boxes)}
    by_move = {passage.move: passage for passage in passages(table)}
    arrows = [
        {
            "label": _label(arrow, table, said).replace("\n", " "),
            "kind": arrow.kind,
            "passages": [
                {
                    "from": numbers[passage.source],
                    "symbol": table.columns[passage.symbol],
                    "to": numbers[passage.target],
                    "rules": list(passage.rules),
                }
                for passage in (by_move[move] for move in arrow.stands_for)
            ],
        }
        for arrow in drawn.arrows
    ]
    relabelled = tuple(replace(arrow, label=_label(arrow, table, said)) for arrow in drawn.arrows)
    shown = dot.write(replace(drawn, legend=(), arrows=relabelled))
    return {
        "title": drawn.title,
        "legend": [WORDS, *drawn.legend],
        "svg": _NAMES.sub("", _HEAD.sub("", render(shown, "svg").decode())),
        "boxes": [{"id": box.id, "about": box.tooltip} for box in drawn.boxes],
        "arrows": arrows,
    }


def symbol_words(edition: Edition) -> dict[str, str]:
    """For each symbol an event that means it, in clinical words."""
    return {name: _words(symbol, edition) for name, symbol in symbols(edition).items()}


def _words(symbol: Any, edition: Edition) -> str:
    if isinstance(symbol, Start):
        return f"start at {symbol.ixazomib_mg:g} and {symbol.lenalidomide_mg:g} mg"
    if isinstance(symbol, End):
        return describe(parse_event({"type": symbol.event, "day": 1}))
    if isinstance(symbol, Onset | Repeat | Recovery):
        toxicity = TOXICITY[symbol.toxicity]
        term = {"term": toxicity.title} if toxicity.by_term else {}
        return describe(parse_event({**facts(symbol, edition), **term, "day": 1}))
    return "start is blocked"


def _label(arrow: Arrow, table: Table, said: dict[str, str]) -> str:
    """The label of an arrow with the words of its symbols in the place of their names."""
    width = len(table.symbols)
    names = {table.symbols[move % width] for move in arrow.stands_for}
    text = arrow.label.replace("\n", " ")
    for name in _longest_first(names):
        text = text.replace(name, said[name])
    return "\n".join(wrapped(text, WIDTH))


def _longest_first(names: Iterable[str]) -> list[str]:
    """A name that is part of another comes after it."""
    return sorted(names, key=lambda name: (-len(name), name))
