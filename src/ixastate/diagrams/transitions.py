"""The transition table: every transition of the chart as one line of Markdown, for review.

The default edition is written whole, grouped by region in document order. Of each other edition the lines follow in
which it differs, so that a change of the machine is a changed line of the file, whichever edition it touches. Guards
and states have lines of their own, because a transition names them only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ixastate.chart.guards import All, AnyOf, Guard, Leaf
from ixastate.diagrams.charts import region_of
from ixastate.diagrams.labels import state_meaning
from ixastate.errors import ChartError
from ixastate.orders import brief
from ixastate.table.graph import ChartGraph, Edge, Graph

# The cells of a line; a section has a heading for each cell, and lines.
Line = tuple[str, ...]
Section = tuple[Line, list[Line]]
COLUMNS = ("from", "symbol", "guard", "to", "raises", "orders", "rules")
STAYS = "(stays)"
OUTSIDE = "The course"
HEAD = """\
# Transitions

Every transition of the chart, one per line. `ixastate diagram --all` writes this file, and `ixastate diagram --check`
compares it with the chart. A line reads: in this state (from), on this symbol, while the guard holds, the course goes
to that state, raises these symbols in the drugs' regions and gives these orders, by these rules.
"""


def write(graphs: Sequence[Graph]) -> str:
    """The transitions of the first graph, then the lines in which each other graph differs from it."""
    first, *others = graphs
    parts = [HEAD, _heading(2, f"{first.edition.name}: {len(first.edges)} transitions")]
    whole = sections(first)
    parts += [_heading(3, title) + _table(columns, lines) for title, (columns, lines) in whole.items()]
    for other in others:
        parts.append(_heading(2, f"{other.edition.name}: where it differs from {first.edition.name}"))
        parts += _differences(whole, sections(other))
    return "".join(parts)


def write_slot(graph: ChartGraph) -> str:
    """The transitions of the chart of a dose, which is the same in every edition but for what its rules say."""
    parts = [_heading(2, f"One dose of ixazomib: {len(graph.edges)} transitions")]
    for title, (columns, lines) in sections(graph).items():
        if lines:
            parts += [_heading(3, title), _table(columns, lines)]
    return "".join(parts)


def sections(graph: ChartGraph) -> dict[str, Section]:
    """The sections of a graph: the transitions of each region, the guards and the states."""
    return {
        **{region: (COLUMNS, lines) for region, lines in transition_lines(graph).items()},
        "Guards": (("guard", "holds while"), guard_lines(graph)),
        "States": (("state", "in", "entered first", "meaning"), state_lines(graph)),
    }


def transition_lines(graph: ChartGraph) -> dict[str, list[Line]]:
    """The lines of each region, in document order: by state, then by symbol."""
    rank = {node.id: place for place, node in enumerate(graph.nodes)}
    found: dict[str, list[Line]] = {OUTSIDE: [], **{name: [] for name in graph.regions}}
    for edge in sorted(graph.edges, key=lambda edge: (rank[edge.source], edge.number)):
        found[region_of(graph, edge) or OUTSIDE].append(_line(edge))
    return found


def guard_lines(graph: ChartGraph) -> list[Line]:
    """Each question that guards are made of, with the states that it asks about; sorted by its words."""
    found: dict[str, str] = {}
    for edge in graph.edges:
        for leaf in _questions(edge.guard):
            text = f"{'one' if leaf.active else 'none'} of these is active: {', '.join(leaf.states)}"
            if found.setdefault(leaf.name, text) != text:
                raise ChartError(f"the guard {leaf.name!r} stands for two questions", where=str(edge))
    return sorted(found.items())


def state_lines(graph: ChartGraph) -> list[Line]:
    """Each state in document order: what it lies in, whether it is entered first there, and what it means."""
    return [
        (
            node.id,
            node.parent,
            "yes" if node.initial else "",
            ", ".join(state_meaning(graph, node.id)) if node.id in graph.meanings else "",
        )
        for node in graph.nodes
    ]


def _questions(guard: Guard | None) -> Iterator[Leaf]:
    match guard:
        case Leaf():
            yield guard
        case All(joined=joined) | AnyOf(joined=joined):
            for part in joined:
                yield from _questions(part)


def _line(edge: Edge) -> Line:
    return (
        edge.source,
        edge.symbol,
        edge.guard.name if edge.guard else "",
        ", ".join(edge.targets) or STAYS,
        ", ".join(edge.raised),
        brief(edge.orders),
        " ".join(edge.rules),
    )


def _differences(first: dict[str, Section], other: dict[str, Section]) -> Iterator[str]:
    """Each section with the lines that only the first has (`−`), then those that only the other has (`+`)."""
    for title in dict.fromkeys((*first, *other)):
        columns, theirs = other.get(title, (COLUMNS, []))
        _, ours = first.get(title, (COLUMNS, []))
        changed = [("−", *line) for line in ours if line not in theirs]
        changed += [("+", *line) for line in theirs if line not in ours]
        if changed:
            yield _heading(3, title) + _table(("", *columns), changed)


def _heading(level: int, text: str) -> str:
    return f"\n{'#' * level} {text}\n"


def _table(columns: Line, lines: Iterable[Line]) -> str:
    rows = [columns, tuple("---" for _ in columns), *lines]
    return "\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows)
