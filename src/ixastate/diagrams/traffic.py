"""The whole chart with the traffic of a cohort: how often each transition was taken.

A line is as wide as the square root of the count, so that a rare transition is still seen beside the start that every
patient takes. The number on the line is the count itself. A transition that no patient took is pale.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ixastate.diagrams.charts import chart
from ixastate.diagrams.model import Arrow, Box, Drawing
from ixastate.table.graph import Graph

WIDEST, THINNEST = 10.0, 0.6


def traffic(graph: Graph, counts: Mapping[int, int], title: str) -> Drawing:
    """The chart with the number of times that each edge, by its number, was taken."""
    whole = chart(graph)
    most = max((_count(arrow, counts) for arrow in whole.arrows if arrow.kind != "stay"), default=0)
    arrows = tuple(
        _arrow(arrow, count, most)
        for arrow in whole.arrows
        # A symbol that leaves the state as it is, and that no patient had, is no traffic.
        if (count := _count(arrow, counts)) or arrow.kind != "stay"
    )
    taken = {end for arrow in arrows if arrow.kind not in ("dim", "enter") for end in (*arrow.sources, *arrow.targets)}
    frames = {frame.id for frame in whole.frames}
    lived = taken | {box.id for box in whole.boxes if taken & {*whole.around(box.id)} & frames}
    return replace(
        whole,
        name="traffic",
        title=title,
        legend=(
            "A line is as wide as the root of the number on it: how many events of the cohort took it. Pale: none did.",
            *whole.legend[:1],
            *whole.legend[2:],
        ),
        boxes=tuple(_box(box, lived) for box in whole.boxes),
        arrows=arrows,
    )


def _count(arrow: Arrow, counts: Mapping[int, int]) -> int:
    return sum(counts.get(edge, 0) for edge in arrow.stands_for)


def _arrow(arrow: Arrow, count: int, most: int) -> Arrow:
    if arrow.kind == "enter":
        return arrow
    if not count:
        return replace(arrow, label=arrow.symbols, kind="dim")
    width = max(THINNEST, WIDEST * (count / most) ** 0.5)
    between = " " if arrow.kind == "stay" else "\n"
    return replace(arrow, label=f"{count:,} ×{between}{arrow.symbols}", width=width)


def _box(box: Box, lived: set[str]) -> Box:
    return box if box.kind in ("entry", "treatment") or box.id in lived else replace(box, kind="dim")
