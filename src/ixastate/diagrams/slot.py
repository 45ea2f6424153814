"""The chart of one dose as a diagram: its states and their transitions, and the circumstances beside it.

Every edge of the graph is in one arrow. An arrow stands for every transition from one state to another; what several
states answer alike leads out of a frame around them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ixastate.chart.slot import (
    AHEAD,
    AS_PLANNED,
    CIRCUMSTANCES,
    DOSE_STATES,
    DUE,
    EXCEEDED,
    LEFT_OUT,
    MISSED_OPEN,
    TAKEN_LATE,
    THROWN_UP,
    WITHHELD,
    WRONGLY,
)
from ixastate.chart.slot_symbols import DOSE
from ixastate.chart.states import DoseState
from ixastate.diagrams.labels import edge_label, edge_tooltip, foremost, state_label, state_tooltip, symbol_label
from ixastate.diagrams.model import Arrow, ArrowKind, Box, BoxKind, Drawing, Frame
from ixastate.orders import Verb
from ixastate.table.graph import Edge
from ixastate.table.slot import SlotGraph

WIDTH = 40
READ_BOXES = (
    "Boxes: green, a dose may be taken; blue, it is known to have been taken; dashed, it may not be taken; "
    "double border, the next slot has come."
)
READ_ARROWS = "Arrows: symbol, [guard], / orders, (clauses + number of readings)."
READ_LINES = "Lines: thick, a review; dashed, a dose is left out; thin, neither. Dotted note: the state stays."
# The frames in the region of the dose, each with its parent and the states in it.
UNTIL, KNOWN = "until the next slot", "known to be taken"
FRAMES: tuple[tuple[str, str, tuple[DoseState, ...]], ...] = (
    (UNTIL, DOSE, (AHEAD, DUE, MISSED_OPEN, LEFT_OUT, WRONGLY, EXCEEDED)),
    (KNOWN, UNTIL, (AS_PLANNED, TAKEN_LATE, THROWN_UP)),
)
OPEN_BOXES, HELD_BOXES = (AHEAD, DUE, MISSED_OPEN), (WITHHELD, LEFT_OUT)
REVIEWS: frozenset[Verb] = frozenset(("review_overdose", "review_deviation"))


def slot(graph: SlotGraph) -> Drawing:
    """The whole chart of a dose."""
    home = {state.id: frame for frame, _, states in FRAMES for state in states}
    boxes = [Box(f"{DOSE}_entry", "", "entry", home[AHEAD.id], "a dose begins here")]
    boxes += [_box(graph, state.id, home.get(state.id, DOSE), _kind(state)) for state in DOSE_STATES]
    frames = [Frame(DOSE, DOSE), *(Frame(name, name, parent, quiet=True) for name, parent, _ in FRAMES)]
    arrows = [Arrow((f"{DOSE}_entry",), (AHEAD.id,), "", "enter"), *_arrows(graph, graph.regions[DOSE])]
    for region, two in CIRCUMSTANCES.items():
        frames.append(Frame(region, region))
        boxes.append(Box(f"{region}_entry", "", "entry", region, f"{region} begins here"))
        boxes += [_box(graph, one.id, region, "held" if place else "clear") for place, one in enumerate(two)]
        arrows += [Arrow((f"{region}_entry",), (two[0].id,), "", "enter"), *_arrows(graph, graph.regions[region])]
    return Drawing(
        "slot",
        f"One dose of ixazomib ({graph.edition.name}): {len(graph.leaves)} states, {len(graph.edges)} transitions",
        (READ_BOXES, READ_ARROWS, READ_LINES),
        tuple(boxes),
        tuple(arrows),
        tuple(frames),
    )


def _box(graph: SlotGraph, leaf: str, frame: str, kind: BoxKind) -> Box:
    return Box(leaf, state_label(graph, leaf), kind, frame, state_tooltip(graph, leaf))


def _kind(state: DoseState) -> BoxKind:
    if state.ended:
        return "final"
    if state in HELD_BOXES:
        return "held"
    return "given" if state in OPEN_BOXES else "owing" if state is EXCEEDED else "open"


def _arrows(graph: SlotGraph, leaves: Iterable[str]) -> list[Arrow]:
    """The edges from these leaves: from a frame what all states in it answer alike, then one arrow for each pair."""
    edges = [edge for edge in graph.edges if edge.source in leaves]
    arrows: list[Arrow] = []
    drawn: set[int] = set()
    for name, _, _ in FRAMES:
        inside = {state.id for frame, parent, states in FRAMES if name in (frame, parent) for state in states}
        for alike in _alike(edge for edge in edges if edge.number not in drawn and edge.targets):
            if {edge.source for edge in alike} == inside:
                arrows.append(_arrow(graph, alike, (name,)))
                drawn |= {edge.number for edge in alike}
    pairs: dict[tuple[str, tuple[str, ...]], list[Edge]] = {}
    for edge in edges:
        if edge.number not in drawn:
            pairs.setdefault((edge.source, edge.targets), []).append(edge)
    # States that give one answer in all share its label.
    shared: dict[object, list[tuple[str, list[Edge]]]] = {}
    for (source, targets), same in pairs.items():
        answers = frozenset((edge.symbol, *_content(edge)) for edge in same)
        shared.setdefault((answers, targets or source), []).append((source, same))
    for together in shared.values():
        sources = tuple(source for source, _ in together)
        arrows += [_arrow(graph, [edge for _, same in together for edge in same], sources)]
    return arrows


def _alike(edges: Iterable[Edge]) -> list[list[Edge]]:
    """Edges that differ in nothing but their source."""
    found: dict[tuple[object, ...], list[Edge]] = {}
    for edge in edges:
        found.setdefault((edge.symbol, edge.targets, *_content(edge)), []).append(edge)
    return list(found.values())


def _content(edge: Edge) -> tuple[object, ...]:
    return (edge.guard, edge.orders, edge.rules)


def _arrow(graph: SlotGraph, edges: Sequence[Edge], sources: tuple[str, ...]) -> Arrow:
    """One arrow for these edges: a line for each answer, with every symbol that has it."""
    answers: dict[tuple[object, ...], list[Edge]] = {}
    for edge in edges:
        answers.setdefault(_content(edge), []).append(edge)
    alike = [list({edge.symbol: edge for edge in same}.values()) for same in answers.values()]
    rules = [rule for edge in edges for rule in edge.rules]
    return Arrow(
        sources,
        edges[0].targets or sources,
        "\n".join(edge_label(same, graph.edition, WIDTH) for same in alike),
        _arrow_kind(edges),
        "\n".join(edge_tooltip(same, graph.edition) for same in alike),
        foremost(rules, graph.edition),
        tuple(edge.number for edge in edges),
        symbols="\n".join(symbol_label(same, WIDTH) for same in alike),
    )


def _arrow_kind(edges: Sequence[Edge]) -> ArrowKind:
    if not edges[0].targets:
        return "stay"
    verbs = {order.verb for edge in edges for order in edge.orders}
    if verbs & REVIEWS:
        return "stop"
    return "hold" if "omit_late_dose" in verbs else "go"
