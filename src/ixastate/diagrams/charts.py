"""The statechart as a diagram: whole, one region of it, or what rests on one rule.

Every edge of the Graph is one arrow. `discontinued` is one state of the chart and is drawn once in every region, so
that no line runs across the picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ixastate.chart.states import Episode, Level
from ixastate.diagrams.labels import edge_label, edge_tooltip, foremost, state_label, state_tooltip, symbol_label
from ixastate.diagrams.model import Arrow, ArrowKind, Box, BoxKind, Drawing, Frame
from ixastate.errors import InputError
from ixastate.orders import Order, Verb
from ixastate.symbols import BOTH, NEW_CYCLE, RASH, TOXICITIES
from ixastate.table.graph import ChartGraph, Edge, Graph

READ_BOXES = (
    "Boxes: solid, given or clear; dashed, held; dotted, owing (held, a reduction is owed); double border, the end."
)
READ_PENDING = "Eight sides: pending, a low count that is to be confirmed and holds nothing."
READ_ARROWS = (
    "Arrows: symbol, [guard], / orders, ^ symbols that it raises in the drugs' regions, (clauses + number of readings)."
)
READ_LINES = "Lines: dashed, a hold begins; solid, it ends or there is none; thick, the end. Dotted note: it stays."
WIDTH = 34
# The frame around what lies outside treatment.
COURSE = "course"
# The regions of the whole chart side by side, in columns of about one height.
IXAZOMIB, LENALIDOMIDE = BOTH
UNDER_IXAZOMIB = (NEW_CYCLE.name, RASH.name)
COLUMNS: tuple[tuple[str, ...], ...] = (
    (LENALIDOMIDE,),
    (COURSE, IXAZOMIB, *UNDER_IXAZOMIB),
    tuple(toxicity.name for toxicity in TOXICITIES if toxicity.name not in UNDER_IXAZOMIB),
)


def chart(graph: Graph) -> Drawing:
    """The whole chart: every state, every edge, one frame per region."""
    frames, boxes, arrows = [_course_frame()], _course_boxes(graph), _arrows(graph, _edges_of(graph, ""), "")
    for name in graph.regions:
        frame, inner, lines = _region_parts(graph, name, _edges_of(graph, name))
        frames.append(frame)
        boxes += inner
        arrows += lines
    names = {frame.id for frame in frames}
    return Drawing(
        "chart",
        f"The whole chart ({graph.edition.name}): {len(graph.leaves)} states, {len(graph.edges)} transitions",
        (*_read_boxes(boxes), READ_ARROWS, READ_LINES, f"{graph.final[0]} is one state, drawn once in every frame."),
        tuple(boxes),
        tuple(arrows),
        tuple(frames),
        columns=tuple(tuple(name for name in column if name in names) for column in COLUMNS),
    )


def region(graph: Graph, name: str) -> Drawing:
    """One region alone: a drug's ladder, or the episodes of a toxicity."""
    if name not in graph.regions:
        raise InputError(f"there is no region {name!r}", where="diagram", remedy=f"one of: {', '.join(graph.regions)}")
    edges = _edges_of(graph, name)
    frame, boxes, arrows = _region_parts(graph, name, edges)
    return Drawing(
        f"region-{name}",
        f"The region {name}: {len(graph.regions[name])} states, {len(edges)} transitions",
        (*_read_boxes(boxes), READ_ARROWS, READ_LINES),
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
    if outside := [edge for edge in edges if region_of(graph, edge) == ""]:
        touched = {state for edge in outside for state in (edge.source, *_ends(graph, edge, ""))}
        boxes += [box for box in _course_boxes(graph) if box.id in touched]
        frames.append(_course_frame())
        arrows += _arrows(graph, outside, "")
    for name in graph.regions:
        if own := [edge for edge in edges if region_of(graph, edge) == name]:
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
        (found.says, f"Transitions that rest on it: {len(edges)}.", *_read_boxes(boxes), READ_ARROWS, READ_LINES),
        tuple(boxes),
        tuple(arrows),
        tuple(frames),
        # What does not hang together then stands one below the other.
        direction="LR",
    )


def _read_boxes(boxes: Iterable[Box]) -> tuple[str, ...]:
    """What the borders of these boxes mean."""
    return (READ_BOXES, READ_PENDING) if any(box.kind == "pending" for box in boxes) else (READ_BOXES,)


def kind_of(graph: Graph, state_id: str) -> BoxKind:
    """The kind of box of a state: its standing on a drug's ladder, where a toxicity's episodes stand, or the phase."""
    match graph.meanings[state_id]:
        case Level(standing=standing):
            return "owing" if standing == "owing_two" else standing
        case Episode(word=word):
            return word
        case _:
            return "final" if state_id == graph.final[0] else "before"


def kind_of_orders(orders: Iterable[Order], *, stays: bool) -> ArrowKind:
    """The kind of arrow of a move by what it orders; `stays` when the state stays."""
    if stays:
        return "stay"
    verbs = {order.verb for order in orders}
    kinds: tuple[tuple[Verb, ArrowKind], ...] = (("stop", "stop"), ("resume", "back"), ("hold", "hold"))
    return next((kind for verb, kind in kinds if verb in verbs), "go")


def region_of(graph: ChartGraph, edge: Edge) -> str:
    """The region that an edge leads from; '' for one from screening or from all of treatment."""
    parent = graph.region_of(edge.source)
    return parent if parent in graph.regions else ""


def treatment(graph: Graph) -> str:
    """The id of the state whose regions run side by side."""
    return next(node.id for node in graph.nodes if node.kind == "parallel")


def _edges_of(graph: Graph, region_name: str) -> list[Edge]:
    return [edge for edge in graph.edges if region_of(graph, edge) == region_name]


def _course_frame() -> Frame:
    return Frame(COURSE, "the course", quiet=True)


def _course_boxes(graph: Graph) -> list[Box]:
    """The phases of a course: before treatment, treatment as one box, and the end."""
    (before,), during, (end,) = graph.initial, treatment(graph), graph.final
    return [
        Box(before, state_label(graph, before), kind_of(graph, before), COURSE, state_tooltip(graph, before)),
        Box(during, f"on treatment\n({len(graph.regions)} regions\nside by side)", "treatment", COURSE, during),
        Box(end, state_label(graph, end), kind_of(graph, end), COURSE, state_tooltip(graph, end)),
    ]


def _end_of(region_name: str, graph: Graph) -> str:
    """The id of the box by which a region shows the end of the course."""
    return f"{region_name}_{graph.final[0]}"


def _region_parts(graph: Graph, name: str, edges: Sequence[Edge]) -> tuple[Frame, list[Box], list[Arrow]]:
    """A region as a frame, its boxes (with its own picture of the end, when it leads there) and its arrows."""
    first = next(node.id for node in graph.nodes if node.parent == name and node.initial)
    boxes = [Box(f"{name}_entry", "", "entry", name, f"{name} begins here")]
    boxes += [
        Box(
            leaf,
            state_label(graph, leaf),
            kind_of(graph, leaf),
            name,
            state_tooltip(graph, leaf),
            f"region-{name}",
        )
        for leaf in graph.regions[name]
    ]
    if any(edge.targets == graph.final for edge in edges):
        (end,) = graph.final
        boxes.append(
            Box(_end_of(name, graph), state_label(graph, end), kind_of(graph, end), "", state_tooltip(graph, end))
        )
    return Frame(name, name), boxes, [Arrow((f"{name}_entry",), (first,), "", "enter"), *_arrows(graph, edges, name)]


def _arrows(graph: Graph, edges: Sequence[Edge], region_name: str) -> list[Arrow]:
    """The edges as arrows, of which some stand for several edges.

    Edges that differ in nothing but their symbol share one; so do those that lead from every state of the region to
    one target and differ in nothing but their source.
    """
    alike: dict[tuple[object, ...], list[Edge]] = {}
    for edge in edges:
        alike.setdefault((edge.targets or edge.source, _content(edge), edge.symbol), []).append(edge)
    everywhere = [
        same for same in alike.values() if region_name and {e.source for e in same} == {*graph.regions[region_name]}
    ]
    arrows = [_arrow(graph, same, region_name, (region_name,)) for same in everywhere]
    taken = {edge.number for same in everywhere for edge in same}
    parallel: dict[tuple[object, ...], list[Edge]] = {}
    for edge in edges:
        if edge.number not in taken:
            parallel.setdefault((edge.source, edge.targets, _content(edge)), []).append(edge)
    return arrows + [_arrow(graph, same, region_name, (same[0].source,)) for same in parallel.values()]


def _content(edge: Edge) -> tuple[object, ...]:
    return (edge.guard, edge.orders, edge.raised, edge.rules)


def _ends(graph: Graph, edge: Edge, region_name: str) -> tuple[str, ...]:
    if not edge.targets:
        return (edge.source,)
    if edge.targets == graph.final:
        return (_end_of(region_name, graph),) if region_name else graph.final
    return edge.targets if region_name else (treatment(graph),)


def _arrow(graph: Graph, edges: Sequence[Edge], region_name: str, sources: tuple[str, ...]) -> Arrow:
    """One arrow for edges that have the same guard, orders, raised symbols and rules."""
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
        symbols=symbol_label(symbols, WIDTH),
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
