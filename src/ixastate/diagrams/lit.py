"""The path of one patient on the whole chart: what the course visited and took stands out, the rest is pale.

The numbers before a symbol are those of the records that took the transition, so that the path can be followed in
order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ixastate.course.course import Record
from ixastate.diagrams.charts import chart
from ixastate.diagrams.model import Arrow, Box, Drawing
from ixastate.table.graph import Graph


def lit(graph: Graph, records: Sequence[Record]) -> Drawing:
    """The whole chart with the path of one patient's records."""
    taken: dict[int, list[int]] = {}
    visited = {graph.initial[0]}
    for record in records:
        visited |= set(record.after) - set(graph.final)
        now = record.before
        for symbol in record.symbols:
            step = graph.step(now, symbol)
            now = step.after
            for edge in step.edges:
                taken.setdefault(edge, []).append(record.number)
    whole = chart(graph)
    arrows = tuple(_arrow(arrow, taken) for arrow in whole.arrows)
    # The ends of what was taken: a state may be passed through within one event.
    ends = {
        end for arrow in whole.arrows if taken.keys() & set(arrow.stands_for) for end in arrow.sources + arrow.targets
    }
    patient = records[0].patient if records else None
    first, last = (_when(records[0]), _when(records[-1])) if records else ("", "")
    return replace(
        whole,
        name="lit",
        title=f"The way of {patient or 'a patient'} on the chart ({graph.edition.name}), {first} to {last}",
        legend=(
            "Dark: states that the course was in, and transitions with the numbers of their events.",
            *whole.legend,
        ),
        boxes=tuple(_box(box, visited | ends) for box in whole.boxes),
        arrows=arrows,
    )


def _when(record: Record) -> str:
    return f"{record.at:%d %b %Y}" if record.at is not None else f"day {record.day}"


def _box(box: Box, visited: set[str]) -> Box:
    return box if box.kind in ("entry", "treatment") or box.id in visited else replace(box, kind="dim")


def _arrow(arrow: Arrow, taken: dict[int, list[int]]) -> Arrow:
    numbers = sorted({number for edge in arrow.stands_for for number in taken.get(edge, [])})
    if numbers:
        shown = ", ".join(f"#{number}" for number in numbers)
        return replace(arrow, label=f"{shown}\n{arrow.label}")
    return arrow if arrow.kind in ("stay", "enter") else replace(arrow, kind="dim")
