"""A slice: the machine under a few symbols alone, small enough to teach from, and exact.

A slice starts treatment with one start symbol and then takes in only the chosen symbols. Every configuration that
they reach is found by the Graph's own step, and those that no course of these symbols can tell apart by its orders
are one state. So a course of these symbols is asked for the same things by the slice as by the whole machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from ixastate.chart.states import Level
from ixastate.chart.status import Status, status_of
from ixastate.diagrams.charts import kind_of
from ixastate.diagrams.labels import SHORT, brief, cited, foremost, sentences, state_label, wrapped
from ixastate.diagrams.model import Arrow, ArrowKind, Box, BoxKind, Drawing, Frame
from ixastate.errors import InputError
from ixastate.orders import Order, in_order
from ixastate.symbols import Configuration
from ixastate.table.explore import Walker
from ixastate.table.graph import Graph
from ixastate.table.minimal import minimise

USUAL_START = "start_4_25"
LOWER_START = "start_3_25"
NEUTROPHILS = ("anc_low", "anc_recovered")
PLATELETS = ("platelets_low", "platelets_recovered")
NEUROPATHY = (
    "neuropathy_moderate",
    "neuropathy_severe",
    "neuropathy_grade_4",
    "neuropathy_resolved",
    "neuropathy_resolved_agreed",
)
RASH = ("rash_grade_2_3", "rash_grade_4", "rash_resolved")
OTHER = ("other_onset", "other_onset_related", "other_resolved", "other_resolved_related")
# Two alternating toxicities from the usual start have a hundred states; from a lower start they have about twenty.
PRESETS: dict[str, tuple[str, ...]] = {
    "neutrophils": (USUAL_START, *NEUTROPHILS),
    "platelets": (USUAL_START, *PLATELETS),
    "neuropathy": (USUAL_START, *NEUROPATHY),
    "rash": (USUAL_START, *RASH),
    "other": (USUAL_START, *OTHER),
    "neutrophils+platelets": (LOWER_START, *NEUTROPHILS, *PLATELETS),
    "neutrophils+rash": (LOWER_START, *NEUTROPHILS, "rash_grade_2_3", "rash_resolved"),
    # Two severe toxicities of ixazomib alone, where reductions meet (B-STACK).
    "neuropathy+other": (
        USUAL_START,
        "neuropathy_severe",
        "neuropathy_resolved_agreed",
        "other_onset_related",
        "other_resolved_related",
    ),
}
# Nobody reads a picture of more states than these; the exploration stops long before the memory is full.
MOST_STATES = 200
MOST_CONFIGURATIONS = 5000
WIDTH = 34


@dataclass(frozen=True)
class Slice:
    """The machine under a few symbols after a start. `following[n][s]` is the configuration after symbol s, and
    `taken[n][s]` the edges on the way; configuration 0 is the one after the start.
    """

    graph: Graph
    start: str
    symbols: tuple[str, ...]
    configurations: tuple[Configuration, ...]
    following: tuple[tuple[int, ...], ...]
    taken: tuple[tuple[tuple[int, ...], ...], ...]

    @cached_property
    def orders(self) -> list[list[tuple[Order, ...]]]:
        """The orders of each move."""
        edges = self.graph.edges
        return [
            [in_order(one for number in move for one in edges[number].orders) for move in row] for row in self.taken
        ]

    @cached_property
    def classes(self) -> list[int]:
        """The state of the smallest machine for each configuration; state 0 is the one after the start."""
        return minimise(self.following, self.orders)

    def members(self, state: int) -> list[int]:
        """The configurations that are one state."""
        return [number for number, own in enumerate(self.classes) if own == state]


def cut(graph: Graph, symbols: Sequence[str], start: str = USUAL_START) -> Slice:
    """The slice of a graph by these symbols; `InputError` for an unknown one, or where they reach too much."""
    for symbol in (start, *symbols):
        if symbol not in graph.symbols:
            raise InputError(f"{symbol!r} is no symbol", where="slice", remedy=f"one of: {', '.join(graph.symbols)}")
    walker = Walker(graph)
    numbers = {symbol: number for number, symbol in enumerate(graph.symbols)}
    final = walker.encode(graph.final)
    found = [walker.step(walker.encode(graph.initial), numbers[start])[0]]
    known = {found[0]: 0}
    following, taken = [], []
    for bits in found:
        if len(found) > MOST_CONFIGURATIONS:
            raise InputError(
                f"more than {MOST_CONFIGURATIONS} configurations are too many",
                where="slice",
                remedy="choose fewer symbols",
            )
        moves = [(final, ()) if bits == final else walker.step(bits, numbers[symbol]) for symbol in symbols]
        for after, _ in moves:
            if after not in known:
                known[after] = len(found)
                found.append(after)
        following.append(tuple(known[after] for after, _ in moves))
        taken.append(tuple(edges for _, edges in moves))
    configurations = tuple(walker.decode(bits) for bits in found)
    return Slice(graph, start, tuple(symbols), configurations, tuple(following), tuple(taken))


def chosen(text: str, graph: Graph) -> tuple[str, tuple[str, ...]]:
    """The start and the symbols that a preset's name or a list of symbols means."""
    symbols = PRESETS.get(text) or tuple(part.strip() for part in text.split(",") if part.strip())
    if not symbols:
        raise InputError("a slice needs symbols", where="slice", remedy=f"a list, or one of: {', '.join(PRESETS)}")
    unknown = [symbol for symbol in symbols if symbol not in graph.symbols]
    if unknown:
        raise InputError(
            f"{unknown[0]!r} is no symbol and no named slice",
            where="slice",
            remedy=f"symbols: {', '.join(graph.symbols)}; slices: {', '.join(PRESETS)}",
        )
    starts = [symbol for symbol in symbols if symbol.startswith("start_")]
    if len(starts) > 1:
        raise InputError(f"a slice starts once, not {len(starts)} times", where="slice", remedy="name one start")
    return (starts or [USUAL_START])[0], tuple(symbol for symbol in symbols if symbol not in starts)


def slice_view(graph: Graph, text: str) -> Drawing:
    """The picture of a slice, named or by its symbols."""
    start, symbols = chosen(text, graph)
    part = cut(graph, symbols, start)
    states = range(max(part.classes) + 1)
    if len(states) > MOST_STATES:
        raise InputError(
            f"this slice has {len(states)} states, too many to read", where="slice", remedy="choose fewer symbols"
        )
    frame = Frame("on_treatment", "on treatment")
    boxes = [Box("screening", "screening", "before")]
    boxes += [_box(part, state) for state in states]
    name = text if text in PRESETS else "-".join(symbols)
    return Drawing(
        f"slice-{name.replace('+', '-and-')}",
        f"What {', '.join(symbols)} do alone, after {start}: {len(states)} states for "
        f"{len(part.configurations)} configurations",
        (
            "Every course of these symbols is asked for the same as by the whole machine. A symbol without an arrow "
            "asks for nothing and changes nothing that these symbols can show. What the configurations of a state do "
            "not share is not said.",
            "Boxes: rounded, given; dashed, held; dotted, owing a reduction; double border, the end. Arrows: symbols, "
            "/ orders, (clauses + number of readings). Thick: treatment stops; from the frame, in every state of it. "
            "Dotted note: no state is left.",
        ),
        tuple(boxes),
        (_start_arrow(part), *_arrows(part, frame)),
        (frame,),
    )


def _box(part: Slice, state: int) -> Box:
    """A state by what all its configurations have in common."""
    graph = part.graph
    members = [part.configurations[number] for number in part.members(state)]
    statuses = [status_of(graph.meanings, member) for member in members]
    if members[0] == graph.final:
        return Box(f"state {state}", "discontinued", "final")
    lines = [_common([status.words for status in statuses])]
    levels = zip(*(_levels(graph, member) for member in members), strict=True)
    lines.append(", ".join(filter(None, map(_common_level, levels))))
    touched = {edge.source for edge in graph.edges if edge.symbol in part.symbols}
    regions = [name for name, leaves in graph.regions.items() if touched & {*leaves}]
    for name in regions:
        standing = _common([_standing(graph, name, member) for member in members])
        lines.append(f"{name}: {standing}" if standing else "")
    label = "\n".join(line for line in lines if line)
    tooltip = "\n".join(", ".join(member) for member in members)
    return Box(f"state {state}", label, _box_kind(graph, statuses, members), "on_treatment", tooltip)


def _box_kind(graph: Graph, statuses: Sequence[Status], members: Sequence[Configuration]) -> BoxKind:
    if not statuses[0].ixazomib_held:
        return "given"
    owes = all(any(kind_of(graph, leaf) == "owing" for leaf in member) for member in members)
    return "owing" if owes else "held"


def _levels(graph: Graph, configuration: Configuration) -> list[Level]:
    return [graph.levels[leaf] for leaf in configuration if leaf in graph.levels]


def _common_level(levels: Sequence[Level]) -> str:
    """A drug with its level and how it stands, where all agree; a drug that owes is held too."""
    first, standings = levels[0], {level.standing for level in levels}
    if len({level.mg for level in levels}) > 1 or (len(standings) > 1 and "given" in standings):
        return ""
    standing = SHORT[first.standing] if len(standings) == 1 else "held"
    return f"{first.drug} {first.mg:g} mg {standing}".strip()


def _standing(graph: Graph, region: str, configuration: Configuration) -> str:
    leaf = next(leaf for leaf in configuration if leaf in graph.regions[region])
    return state_label(graph, leaf, region).replace("\n", ", ")


def _common(words: Sequence[str]) -> str:
    """What all of these say, or nothing."""
    return words[0] if len(set(words)) == 1 else ""


def _start_arrow(part: Slice) -> Arrow:
    graph = part.graph
    move = graph.step(graph.initial, part.start)
    rules = move.rules
    label = [
        part.start,
        *wrapped(f"/ {brief(move.orders)}", WIDTH),
        *wrapped(cited(rules, graph.edition), WIDTH),
    ]
    return Arrow(
        ("screening",),
        ("state 0",),
        "\n".join(label),
        "go",
        sentences(rules, graph.edition),
        foremost(rules, graph.edition),
    )


@dataclass(frozen=True)
class _Move:
    source: str
    symbol: str
    target: str
    orders: tuple[Order, ...]
    rules: tuple[str, ...]


def _moves(part: Slice) -> Iterator[_Move]:
    """Every move between states that says or changes something, with the rules that its configurations share."""
    edges, edition = part.graph.edges, part.graph.edition
    for source in range(max(part.classes) + 1):
        members = part.members(source)
        for place, symbol in enumerate(part.symbols):
            target, orders = part.classes[part.following[members[0]][place]], part.orders[members[0]][place]
            if source != target or orders:
                cited_by = [{rule for edge in part.taken[one][place] for rule in edges[edge].rules} for one in members]
                rules = edition.cite(set.intersection(*cited_by))
                yield _Move(f"state {source}", symbol, f"state {target}", orders, rules)


def _arrows(part: Slice, frame: Frame) -> list[Arrow]:
    """The moves as arrows: one for symbols that do and say the same, and one for what every state answers alike."""
    moves = list(_moves(part))
    everywhere: dict[tuple[str, str, tuple[Order, ...]], list[_Move]] = {}
    for move in moves:
        everywhere.setdefault((move.symbol, move.target, move.orders), []).append(move)
    states = {move.source for move in moves}
    shared = [same for same in everywhere.values() if {move.source for move in same} == states and len(states) > 1]
    drawn = {move for same in shared for move in same}
    alike: dict[tuple[str, str, tuple[Order, ...]], list[_Move]] = {}
    for move in moves:
        if move not in drawn:
            alike.setdefault((move.source, move.target, move.orders), []).append(move)
    arrows = [_arrow(part, same, frame.id) for same in shared]
    return arrows + [_arrow(part, same, same[0].source) for same in alike.values()]


def _arrow(part: Slice, moves: Sequence[_Move], source: str) -> Arrow:
    edition, orders = part.graph.edition, moves[0].orders
    rules = edition.cite(rule for move in moves for rule in move.rules)
    label = wrapped(", ".join(dict.fromkeys(move.symbol for move in moves)), WIDTH)
    if orders:
        label += wrapped(f"/ {brief(orders)}", WIDTH)
    label += wrapped(cited(rules, edition), WIDTH)
    kind = _arrow_kind(orders, source == moves[0].target)
    tooltip, first = sentences(rules, edition), foremost(rules, edition)
    return Arrow((source,), (moves[0].target,), "\n".join(label), kind, tooltip, first)


def _arrow_kind(orders: Sequence[Order], stays: bool) -> ArrowKind:
    verbs = {order.verb for order in orders}
    if stays:
        return "stay"
    kinds: tuple[tuple[str, ArrowKind], ...] = (("stop", "stop"), ("resume", "back"), ("hold", "hold"))
    return next((kind for verb, kind in kinds if verb in verbs), "go")
