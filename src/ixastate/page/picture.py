"""The bedside picture as the diagrams draw it, and which arrow stands for which move, so that a page can light it.

In the picture a box is named by its place, and the label of an arrow by `arrow` and its number.
"""

from __future__ import annotations

import re
from typing import Any

from ixastate.diagrams import dot
from ixastate.diagrams.bedside import bedside, passages
from ixastate.diagrams.render import render
from ixastate.table.table import Table

# What stands before the picture proper in a file of its own.
_HEAD = re.compile(r"\A.*?(?=<svg)", re.DOTALL)


def picture(table: Table) -> dict[str, Any]:
    """The picture as SVG with its boxes and arrows; `MissingExtra` where nothing can draw.

    `arrows` has for each arrow its label, its kind and its passages, each the number of a place, a symbol and the
    number of a place; `rules` are those that every move of the passage rests on.
    """
    drawn = bedside(table)
    numbers = {box.id: number for number, box in enumerate(drawn.boxes)}
    by_move = {passage.move: passage for passage in passages(table)}
    arrows = [
        {
            "label": arrow.label,
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
    svg = _HEAD.sub("", render(dot.write(drawn), "svg").decode())
    return {
        "title": drawn.title,
        "legend": list(drawn.legend),
        "svg": svg,
        "boxes": [{"id": box.id, "label": box.label, "about": box.tooltip} for box in drawn.boxes],
        "arrows": arrows,
    }
