"""The chart itself: whole, one region of it, or what rests on one rule.

Every edge of the Graph is one arrow. `discontinued` is one state of the chart and is drawn once in every region, so
that no line runs across the picture.
"""

from __future__ import annotations

from collections.abc import Sequence

from ixastate.diagrams.labels import edge_label, edge_tooltip, foremost, state_label, state_tooltip
from ixastate.diagrams.model import Arrow, ArrowKind, Box, BoxKind, Drawing, Frame
from ixastate.errors import InputError
from ixastate.table.graph import Edge, Graph

READ_BOXES = (
    "Boxes: solid, given or clear; dashed, held; dotted, owing (held, a reduction is owed); double border, the end."
)
READ_ARROWS = (
    "Arrows: symbol, [guard], / orders, ^ symbols that it raises in the drugs' regions, (clauses + number of readings)."
)
READ_LINES = "Lines: dashed, a hold begins; solid, it ends or there is none; thick, the end. Dotted note: it stays."
WIDTH = 34
# The regions of the whole chart side by side, in columns of about one height.
COLUMNS = (
    ("lenalidomide",),
    ("course", "ixazomib", "new_cycle", "rash"),
    ("neutropenia", "thrombocytopenia", "neuropathy", "other"),
)


def chart(graph: Graph) -> Drawing:
    """The whole chart: every state, every edge, a frame a region."""
    frames, boxes, arrows = [], [], []
    outside = [edge for edge in graph.edges if _region(graph, edge) == ""]
    for name in graph.regions:
        frame, inner, lines = _region_parts(graph, name, [e for e in graph.edges if _region(graph, e) == name])
        frames.append(frame)
        boxes += inner
        arrows += lines
    course = Frame("course", "the course", quiet=True)
    ends = [
        Box(graph.initial[0], "screening", "before", "course", state_tooltip(graph, graph.initial[0])),
        Box(
            "on_treatment",
            f"on treatment\n({len(graph.regions)} regions\nside by side)",
            "treatment",
            "course",
            "on_treatment",
        ),
        Box(graph.final[0], "discontinued", "final", "course", state_tooltip(graph, graph.final[0])),
    ]
    names = {"course", *graph.regions}
    return Drawing(
        "chart",
        f"The whole chart ({graph.edition.name}): {len(graph.leaves)} states, {len(graph.edges)} transitions",
        (READ_BOXES, READ_ARROWS, READ_LINES, "discontinued is one state, drawn once in every frame."),
        (*ends, *boxes),
        (*_arrows(graph, outside, ""), *arrows),
        (course, *frames),
        columns=tuple(tuple(name for name in column if name in names) for column in COLUMNS),
    )


def region(graph: Graph, name: str) -> Drawing:
    """One region alone: a drug's ladder, or the episodes of a toxicity."""
    if name not in graph.regions:
        raise InputError(f"there is no region {name!r}", where="diagram", remedy=f"one of: {', '.join(graph.regions)}")
    edges = [edge for edge in graph.edges if _region(graph, edge) == name]
    frame, boxes, arrows = _region_parts(graph, name, edges)
    return Drawing(
        f"region-{name}",
        f"The region {name}: {len(graph.regions[name])} states, {len(edges)} transitions",
        (READ_BOXES, READ_ARROWS, READ_LINES),
        tuple(boxes),
        tuple(arrows),
        (frame,),
    )


def rule(graph: Graph, rule_id: str) -> Drawing:
    """The edges that rest on one rule, with the states that they join."""
    found = graph.edition.rule(rule_id)
    edges = [edge for edge in graph.edges if rule_id in edge.rules]
    if not edges:
        carried = f"executed by {', '.join(found.executed_by)}" if found.executed_by else "not modelled"
        raise InputError(
            f"no transition rests on {rule_id} ({carried})",
            where="diagram",
            remedy=f"`ixastate rules {rule_id}` explains it",
        )
    boxes: list[Box] = []
    arrows: list[Arrow] = []
    frames: list[Frame] = []
    outside = [edge for edge in edges if _region(graph, edge) == ""]
    if outside:
        touched = {state for edge in outside for state in (edge.source, *_ends(graph, edge, ""))}
        boxes += [box for box in chart(graph).boxes if box.frame == "course" and box.id in touched]
        frames.append(Frame("course", "the course", quiet=True))
        arrows += _arrows(graph, outside, "")
    for name in graph.regions:
        own = [edge for edge in edges if _region(graph, edge) == name]
        if own:
            frame, inner, lines = _region_parts(graph, name, own)
            lines = [line for line in lines if line.kind != "enter"]
            touched = {end for line in lines for end in (*line.sources, *line.targets)}
            # An arrow from the frame itself leads from every state.
            boxes += [box for box in inner if box.id in touched or (name in touched and box.kind != "entry")]
            frames.append(frame)
            arrows += lines
    return Drawing(
        f"rule-{rule_id}",
        f"{rule_id}: {found.title}",
        (found.says, f"Transitions that rest on it: {len(edges)}.", READ_BOXES, READ_ARROWS, READ_LINES),
        tuple(boxes),
        tuple(arrows),
        tuple(frames),
        # What does not hang together then stands one below the other.
        direction="LR",
    )


def kind_of(graph: Graph, state_id: str) -> BoxKind:
    """What a state is: its standing on a drug's ladder, or whether it holds a drug."""
    if state_id == graph.final[0]:
        return "final"
    if state_id == graph.initial[0]:
        return "before"
    if state_id in graph.levels:
        standing = graph.levels[state_id].standing
        return "owing" if standing == "owing_two" else standing
    if state_id in graph.holds:
        return "held"
    return "open" if "_open_" in state_id else "clear"


def _region(graph: Graph, edge: Edge) -> str:
    parent = graph.ancestry(edge.source)[1:2]
    return parent[0] if parent and parent[0] in graph.regions else ""


def _region_parts(graph: Graph, name: str, edges: Sequence[Edge]) -> tuple[Frame, list[Box], list[Arrow]]:
    """A region as a frame, its boxes (with its own picture of the end, when it leads there) and its arrows."""
    first = next(node.id for node in graph.nodes if node.parent == name and node.initial)
    boxes = [Box(f"{name}_entry", "", "entry", name, f"{name} begins here")]
    boxes += [
        Box(
            leaf,
            state_label(graph, leaf, name),
            kind_of(graph, leaf),
            name,
            state_tooltip(graph, leaf),
            f"region-{name}",
        )
        for leaf in graph.regions[name]
    ]
    if any(edge.targets == graph.final for edge in edges):
        boxes.append(Box(f"{name}_discontinued", "discontinued", "final", "", state_tooltip(graph, graph.final[0])))
    return Frame(name, name), boxes, [Arrow((f"{name}_entry",), (first,), "", "enter"), *_arrows(graph, edges, name)]


def _arrows(graph: Graph, edges: Sequence[Edge], region_name: str) -> list[Arrow]:
    """The edges as arrows, of which some stand for several edges.

    Edges that differ in nothing but their symbol share one; so do those that lead from every state of the region to
    one target and differ in nothing but their source.
    """
    alike: dict[tuple[object, ...], list[Edge]] = {}
    for edge in edges:
        alike.setdefault((edge.targets or edge.source, _saying(edge), edge.symbol), []).append(edge)
    everywhere = [
        same for same in alike.values() if region_name and {e.source for e in same} == {*graph.regions[region_name]}
    ]
    arrows = [_arrow(graph, same, region_name, (region_name,)) for same in everywhere]
    taken = {edge.number for same in everywhere for edge in same}
    parallel: dict[tuple[object, ...], list[Edge]] = {}
    for edge in edges:
        if edge.number not in taken:
            parallel.setdefault((edge.source, edge.targets, _saying(edge)), []).append(edge)
    return arrows + [_arrow(graph, same, region_name, (same[0].source,)) for same in parallel.values()]


def _saying(edge: Edge) -> tuple[object, ...]:
    return (edge.guard, edge.orders, edge.raised, edge.rules)


def _ends(graph: Graph, edge: Edge, region_name: str) -> tuple[str, ...]:
    if not edge.targets:
        return (edge.source,)
    if edge.targets == graph.final:
        return (f"{region_name}_discontinued",) if region_name else graph.final
    return edge.targets if region_name else ("on_treatment",)


def _arrow(graph: Graph, edges: Sequence[Edge], region_name: str, sources: tuple[str, ...]) -> Arrow:
    """One arrow for edges that say the same."""
    edge = edges[0]
    symbols = edges if len({one.symbol for one in edges}) > 1 else edges[:1]
    return Arrow(
        sources,
        _ends(graph, edge, region_name),
        edge_label(symbols, graph.edition, WIDTH),
        _arrow_kind(graph, edge),
        edge_tooltip(edges, graph.edition),
        foremost(edge.rules, graph.edition),
        tuple(one.number for one in edges),
    )


def _arrow_kind(graph: Graph, edge: Edge) -> ArrowKind:
    if not edge.targets:
        return "stay"
    if edge.targets == graph.final:
        return "stop"
    before, after = (kind_of(graph, state) in ("held", "owing") for state in (edge.source, edge.targets[0]))
    if before == after:
        return "go"
    return "hold" if after else "back"
