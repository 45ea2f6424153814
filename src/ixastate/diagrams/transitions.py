"""The transition table: every transition of the chart as one line of Markdown, for review.

The default edition is written whole, grouped by region in document order. Of each other edition the lines follow in
which it differs, so that a change of the machine is a changed line of the file, whichever edition it touches. Guards
are lines of their own, because a transition names its guard by words only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ixastate.chart.guards import All, AnyOf, Guard, Leaf
from ixastate.diagrams.charts import region_of
from ixastate.errors import ChartError
from ixastate.orders import brief
from ixastate.table.graph import Edge, Graph

# The cells of a line.
Line = tuple[str, ...]
COLUMNS = ("from", "symbol", "guard", "to", "raises", "orders", "rules")
GUARD_COLUMNS = ("guard", "holds while")
STAYS = "(stays)"
OUTSIDE, GUARDS = "The course", "Guards"
HEAD = """\
# Transitions

Every transition of the chart, one per line. `ixastate diagram --all` writes this file, and `ixastate diagram --check`
tells whether it is current. A line reads: in this state (from), on this symbol, while the guard holds, the course goes
to that state, raises these symbols in the drugs' regions and gives these orders, by these rules.
"""


def write(graphs: Sequence[Graph]) -> str:
    """The transitions of the first graph, then the lines in which each other graph differs from it."""
    first, *others = graphs
    parts = [HEAD, _heading(2, f"{first.edition.name}: {len(first.edges)} transitions")]
    for region, lines in transition_lines(first).items():
        parts += [_heading(3, region), _table(COLUMNS, lines)]
    parts += [_heading(3, GUARDS), _table(GUARD_COLUMNS, guard_lines(first))]
    for other in others:
        parts.append(_heading(2, f"{other.edition.name}: where it differs from {first.edition.name}"))
        parts += _differences(first, other)
    return "".join(parts)


def transition_lines(graph: Graph) -> dict[str, list[Line]]:
    """The lines of each region, in document order: by state, then by symbol."""
    rank = {node.id: place for place, node in enumerate(graph.nodes)}
    found: dict[str, list[Line]] = {OUTSIDE: [], **{name: [] for name in graph.regions}}
    for edge in sorted(graph.edges, key=lambda edge: (rank[edge.source], edge.number)):
        found[region_of(graph, edge) or OUTSIDE].append(_line(edge))
    return found


def guard_lines(graph: Graph) -> list[Line]:
    """Each question that guards are made of, with the states that it asks about; sorted by its words."""
    found: dict[str, str] = {}
    for edge in graph.edges:
        for leaf in _questions(edge.guard):
            text = f"{'one' if leaf.active else 'none'} of: {', '.join(leaf.states)}"
            if found.setdefault(leaf.name, text) != text:
                raise ChartError(f"the guard {leaf.name!r} stands for two questions", where=str(edge))
    return sorted(found.items())


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


def _differences(first: Graph, other: Graph) -> list[str]:
    """For each region and for the guards, the lines that only one of two graphs has."""
    ours, theirs = transition_lines(first), transition_lines(other)
    parts = []
    for region in dict.fromkeys((*ours, *theirs)):
        lines = _changed(ours.get(region, []), theirs.get(region, []))
        parts += [_heading(3, region), _table(("", *COLUMNS), lines)] if lines else []
    lines = _changed(guard_lines(first), guard_lines(other))
    return parts + ([_heading(3, GUARDS), _table(("", *GUARD_COLUMNS), lines)] if lines else [])


def _changed(ours: Sequence[Line], theirs: Sequence[Line]) -> list[Line]:
    """The lines that only we have (`−`), then those that only they have (`+`)."""
    gone = [("−", *line) for line in ours if line not in theirs]
    return gone + [("+", *line) for line in theirs if line not in ours]


def _heading(level: int, text: str) -> str:
    return f"\n{'#' * level} {text}\n\n"


def _table(columns: Line, lines: Iterable[Line]) -> str:
    rows = [columns, tuple("---" for _ in columns), *lines]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
