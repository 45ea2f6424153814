"""The views by name, each as a Drawing or as text.

The Graph and the Table of an edition are made once per process. Only the bedside view needs the Table, which takes
seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from ixastate.chart.chart import build_chart
from ixastate.course.course import Record
from ixastate.diagrams import bedside, charts, dot, lit, mermaid, path, slices, slot
from ixastate.diagrams.model import Drawing, View
from ixastate.errors import InputError
from ixastate.rules import DEFAULT_EDITION
from ixastate.table.graph import Graph, read
from ixastate.table.slot import read_slot
from ixastate.table.table import Table


@cache
def graph_of(edition: str = DEFAULT_EDITION) -> Graph:
    """The Graph of an edition."""
    return read(build_chart(edition))


def drawing(
    view: View, argument: str = "", *, edition: str = DEFAULT_EDITION, records: Sequence[Record] = ()
) -> Drawing:
    """A view as a Drawing.

    `argument` is the region's name, the slice's (a preset or symbols with commas) or the rule's id; a path is drawn
    from one patient's records, and with records the whole chart shows their path, by the edition that they name.
    `InputError` or `RulesError` lists what there is instead.
    """
    if view == "path":
        if not records:
            raise InputError("a path needs a patient's records", where="diagram", remedy="name a log with --patient")
        return path.path(graph_of(records[0].edition), records)
    if view == "bedside":
        return bedside.bedside(Table.of(edition))
    if view == "slot":
        return slot.slot(read_slot(edition))
    graph = graph_of(edition)
    if view == "chart":
        return lit.lit(graph_of(records[0].edition), records) if records else charts.chart(graph)
    if view == "region":
        return charts.region(graph, argument)
    if view == "rule":
        return charts.rule(graph, argument.upper())
    return slices.slice_view(graph, argument)


def dot_source(
    view: View, argument: str = "", *, edition: str = DEFAULT_EDITION, records: Sequence[Record] = ()
) -> str:
    """A view as DOT text."""
    return dot.write(drawing(view, argument, edition=edition, records=records))


def mermaid_source(
    view: View, argument: str = "", *, edition: str = DEFAULT_EDITION, records: Sequence[Record] = ()
) -> str:
    """A view as a Mermaid flowchart."""
    return mermaid.write(drawing(view, argument, edition=edition, records=records))
