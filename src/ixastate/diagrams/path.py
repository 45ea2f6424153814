"""The path of one patient: every configuration that the course visited, numbered and dated, from the records.

It is a chain, read from above. A box is a configuration, and the line to the next names what was seen, when, the orders
and the clauses. An event that left the configuration as it was stands in a note beside it, and is left out when it gave
no orders either.
"""

from __future__ import annotations

from collections.abc import Sequence

from ixastate.chart.status import status_of
from ixastate.course.course import Record
from ixastate.diagrams.charts import kind_of, kind_of_orders
from ixastate.diagrams.labels import FULL, cited, foremost, sentences, state_label, wrapped
from ixastate.diagrams.model import Arrow, Box, Drawing
from ixastate.orders import brief
from ixastate.symbols import SCREENING, Configuration
from ixastate.table.graph import Graph
from ixastate.words import describe

WIDTH = 44


def path(
    graph: Graph, records: Sequence[Record], patient: str | None = None, configuration: Configuration = SCREENING
) -> Drawing:
    """The path of one patient's records, in their order.

    Where there are none, it is the one `configuration` in which the course of `patient` stands.
    """
    boxes = [_box(graph, 1, records[0].before if records else configuration)]
    arrows = []
    quiet = 0
    for record in records:
        here = boxes[-1].id
        if record.before != record.after:
            boxes.append(_box(graph, len(boxes) + 1, record.after))
            arrows.append(_arrow(graph, record, here, boxes[-1].id))
        elif record.orders:
            arrows.append(_arrow(graph, record, here, here))
        else:
            quiet += 1
    patient = records[0].patient if records else patient
    return Drawing(
        "path",
        f"The path of {patient or 'a patient'} ({graph.edition.name}): {len(records)} events, {len(boxes)} "
        f"configurations" + (f"; {quiet} events that changed nothing are left out" if quiet else ""),
        (
            "Boxes: rounded, given; dashed, held; dotted, held and ixazomib owes a reduction; double border, the "
            "end. Arrows: when, what was seen, symbol, / orders, (clauses + number of readings). Thick: treatment "
            "stops. Dotted note: the configuration stays.",
        ),
        tuple(boxes),
        tuple(arrows),
    )


def _box(graph: Graph, number: int, configuration: Configuration) -> Box:
    """A configuration in words, with both doses and any episode that holds nothing."""
    status = status_of(graph.meanings, configuration)
    lines = [f"{number} · {status.words}"]
    for leaf in configuration:
        if leaf in graph.levels:
            level = graph.levels[leaf]
            standing = "" if level.standing == "given" else f", {FULL[level.standing]}"
            lines.append(f"{level.drug} {level.mg:g} mg{standing}")
        elif kind_of(graph, leaf) == "open":
            lines.append(f"{graph.region_of(leaf)}: {state_label(graph, leaf)}".replace("\n", ", "))
    # The first leaf is the phase, or ixazomib.
    return Box(f"visit {number}", "\n".join(lines), kind_of(graph, configuration[0]), "", ", ".join(configuration))


def _arrow(graph: Graph, record: Record, source: str, target: str) -> Arrow:
    edition = graph.edition
    day = f"day {record.day}" if record.day is not None else "before day 1"
    when = f"{day} · {record.at:%a %d %b %Y}" if record.at is not None else day
    label = [when, *wrapped(describe(record.event), WIDTH)]
    label += [", ".join(record.symbols)] if record.symbols else []
    label += wrapped(f"/ {brief(record.orders)}", WIDTH) if record.orders else []
    label += wrapped(cited(record.rules, edition), WIDTH)
    kind = kind_of_orders(record.orders, stays=source == target)
    tooltip, first = sentences(record.rules, edition), foremost(record.rules, edition)
    return Arrow((source,), (target,), "\n".join(label), kind, tooltip, first, (record.number,))
