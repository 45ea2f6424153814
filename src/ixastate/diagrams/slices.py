"""A slice: the state machine restricted to a few symbols, minimised, small enough to teach from, and exact.

A slice starts treatment with one start symbol and then takes in only the chosen symbols. Every configuration that
they reach is found by the Graph's own step, and configurations that no course of these symbols can tell apart by its
orders are one state (the quotient by output equivalence). So a course of these symbols gets the same orders from the
slice as from the whole machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from ixastate.chart.states import Level
from ixastate.chart.status import Status, status_of
from ixastate.diagrams.charts import kind_of, kind_of_orders, treatment
from ixastate.diagrams.labels import SHORT, cited, foremost, sentences, state_label, wrapped
from ixastate.diagrams.model import Arrow, Box, BoxKind, Drawing, Frame
from ixastate.errors import InputError
from ixastate.orders import Order, brief, in_order
from ixastate.rules import Edition
from ixastate.symbols import (
    NEUROPATHY,
    NEUTROPENIA,
    OTHER,
    RASH,
    THROMBOCYTOPENIA,
    Configuration,
    Onset,
    Recovery,
    Repeat,
    Start,
    StartBlocked,
    Toxicity,
    start_at,
    starts,
    usual_start,
)
from ixastate.symbols import symbols as alphabet
from ixastate.table.explore import Walker
from ixastate.table.graph import Graph
from ixastate.table.minimal import minimise
from ixastate.table.walk import walk


@dataclass(frozen=True)
class Preset:
    """A slice that has a name: these symbols after the usual start, or after one with less ixazomib (`lower`).

    A symbol that an edition does not have is left out of its slice.
    """

    symbols: tuple[Onset | Repeat | Recovery, ...]
    lower: bool = False

    def start(self, edition: Edition) -> Start:
        """The start of the slice under an edition."""
        usual = usual_start(edition)
        if not self.lower:
            return usual
        reduced_mg = edition.ixazomib_ladder_mg[1]
        return start_at(edition, reduced_mg, usual.lenalidomide_mg, usual.every_days)


def _preset(*toxicities: Toxicity) -> tuple[str, Preset]:
    """Toxicities that alternate, whole or, where there are several, without what ends treatment at once.

    Two of them have a hundred states from the usual start, and about twenty from a lower one.
    """
    name = "+".join(toxicity.key for toxicity in toxicities)
    if len(toxicities) == 1:
        return name, Preset(toxicities[0].symbols)
    symbols: list[Onset | Repeat | Recovery] = []
    for toxicity in toxicities:
        symbols += toxicity.opening
        symbols += toxicity.recoveries
    return name, Preset(tuple(symbols), lower=True)


# Two severe toxicities of ixazomib alone, where reductions meet (B-STACK).
_SEVERE = Preset(
    (
        *(onset for onset in NEUROPATHY.onsets if onset.needs_step),
        *(recovery for recovery in NEUROPATHY.recoveries if recovery.agreed),
        *(onset for onset in OTHER.onsets if onset.needs_step),
        *(recovery for recovery in OTHER.recoveries if recovery.related),
    )
)
PRESETS: dict[str, Preset] = dict(
    [
        *map(_preset, (NEUTROPENIA, THROMBOCYTOPENIA, NEUROPATHY, RASH, OTHER)),
        _preset(NEUTROPENIA, THROMBOCYTOPENIA),
        _preset(NEUTROPENIA, RASH),
        (f"{NEUROPATHY.key}+{OTHER.key}", _SEVERE),
    ]
)
# A picture of more states cannot be read; the exploration stops long before the memory is full.
MOST_STATES = 200
MOST_CONFIGURATIONS = 5000
WIDTH = 34
LEGEND = (
    "Every course of these symbols is asked for the same as by the whole machine. A symbol without an arrow "
    "asks for nothing and changes nothing that these symbols can show. What the configurations of a state do "
    "not share is not said.",
    "Boxes: rounded, given; dashed, held; dotted, owing a reduction; double border, the end. Arrows: symbols, "
    "/ orders, (clauses + number of readings). Thick: treatment stops; from the frame, in every state of it. "
    "Dotted note: no state is left.",
)


@dataclass(frozen=True, repr=False)
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

    def __repr__(self) -> str:
        return (
            f"<Slice of {', '.join(self.symbols)} after {self.start}: {max(self.classes) + 1} states for "
            f"{len(self.configurations)} configurations>"
        )

    def _repr_svg_(self) -> str | None:
        """What a notebook shows; None, and so the text, where nothing can draw."""
        return draw(self)._repr_svg_()


def cut(graph: Graph, symbols: Sequence[str], start: str = "") -> Slice:
    """The slice of a graph by these symbols, from the usual start if none is named.

    `InputError` for an unknown symbol, or where they reach too many configurations.
    """
    start = start or usual_start(graph.edition).name
    for symbol in (start, *symbols):
        if symbol not in graph.symbols:
            raise InputError(f"{symbol!r} is no symbol", where="slice", remedy=f"one of: {', '.join(graph.symbols)}")
    known = alphabet(graph.edition)
    if early := [symbol for symbol in symbols if isinstance(known[symbol], Start | StartBlocked)]:
        raise InputError(
            f"{early[0]!r} comes before treatment", where="slice", remedy="choose from what follows the start"
        )
    walker = Walker(graph)
    numbers = {symbol: number for number, symbol in enumerate(graph.symbols)}
    final = walker.encode(graph.final)
    # Of each configuration reached, by its bits: for every symbol the bits after it and the edges taken.
    moves: dict[int, list[tuple[int, tuple[int, ...]]]] = {}

    def step(bits: int) -> list[tuple[str, int]]:
        if len(moves) == MOST_CONFIGURATIONS:
            raise InputError(
                f"more than {MOST_CONFIGURATIONS} configurations are too many",
                where="slice",
                remedy="choose fewer symbols",
            )
        moves[bits] = [(final, ()) if bits == final else walker.step(bits, numbers[symbol]) for symbol in symbols]
        return [(symbol, after) for symbol, (after, _) in zip(symbols, moves[bits], strict=True)]

    first, _ = walker.step(walker.encode(graph.initial), numbers[start])
    found = {bits: number for number, bits in enumerate(walk([first], step))}
    return Slice(
        graph,
        start,
        tuple(symbols),
        tuple(map(walker.decode, found)),
        tuple(tuple(found[after] for after, _ in moves[bits]) for bits in found),
        tuple(tuple(edges for _, edges in moves[bits]) for bits in found),
    )


def chosen(text: str, graph: Graph) -> tuple[str, tuple[str, ...]]:
    """The start and the symbols that a preset's name or a list of symbols means."""
    preset = PRESETS.get(text)
    if preset is not None:
        known = (symbol.name for symbol in preset.symbols if symbol.name in graph.symbols)
        symbols: tuple[str, ...] = (preset.start(graph.edition).name, *known)
    else:
        symbols = tuple(part.strip() for part in text.split(",") if part.strip())
    if not symbols:
        raise InputError("a slice needs symbols", where="slice", remedy=f"a list, or one of: {', '.join(PRESETS)}")
    unknown = [symbol for symbol in symbols if symbol not in graph.symbols]
    if unknown:
        raise InputError(
            f"{unknown[0]!r} is no symbol and no named slice",
            where="slice",
            remedy=f"symbols: {', '.join(graph.symbols)}; slices: {', '.join(PRESETS)}",
        )
    possible = {start.name for start in starts(graph.edition)}
    named = [symbol for symbol in symbols if symbol in possible]
    if len(named) > 1:
        raise InputError(f"a slice starts once, not {len(named)} times", where="slice", remedy="name one start")
    start = named[0] if named else usual_start(graph.edition).name
    return start, tuple(symbol for symbol in symbols if symbol not in possible)


def picture_name(preset: str) -> str:
    """The name of the picture of a slice, which is also that of its file."""
    return f"slice-{preset.replace('+', '-and-')}"


def slice_view(graph: Graph, text: str) -> Drawing:
    """The picture of a slice, named or by its symbols."""
    start, symbols = chosen(text, graph)
    return draw(cut(graph, symbols, start), text if text in PRESETS else "-".join(symbols))


def draw(part: Slice, name: str = "") -> Drawing:
    """The picture of a slice; `InputError` where it has too many states to read."""
    states = range(max(part.classes) + 1)
    if len(states) > MOST_STATES:
        raise InputError(
            f"this slice has {len(states)} states, too many to read", where="slice", remedy="choose fewer symbols"
        )
    frame = Frame(treatment(part.graph), "on treatment")
    (before,) = part.graph.initial
    boxes = [Box(before, state_label(part.graph, before), kind_of(part.graph, before))]
    boxes += [_box(part, state, frame.id) for state in states]
    return Drawing(
        picture_name(name or "-".join(part.symbols)),
        f"What {', '.join(part.symbols)} do alone, after {part.start}: {len(states)} states for "
        f"{len(part.configurations)} configurations",
        LEGEND,
        tuple(boxes),
        (_start_arrow(part), *_arrows(part, frame)),
        (frame,),
    )


def _box(part: Slice, state: int, frame: str) -> Box:
    """A state by what all its configurations have in common."""
    graph = part.graph
    members = [part.configurations[number] for number in part.members(state)]
    statuses = [status_of(graph.meanings, member) for member in members]
    if members[0] == graph.final:
        return Box(_box_id(state), state_label(graph, graph.final[0]), "final")
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
    return Box(_box_id(state), label, _box_kind(graph, statuses, members), frame, tooltip)


def _box_id(state: int) -> str:
    return f"state {state}"


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
    return state_label(graph, leaf).replace("\n", ", ")


def _common(words: Sequence[str]) -> str:
    """The words that all of these share, or nothing."""
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
        graph.initial,
        (_box_id(0),),
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
    """Every move between states that gives orders or changes the state, with the rules its configurations share."""
    edges, edition = part.graph.edges, part.graph.edition
    for source in range(max(part.classes) + 1):
        members = part.members(source)
        for place, symbol in enumerate(part.symbols):
            target, orders = part.classes[part.following[members[0]][place]], part.orders[members[0]][place]
            if source != target or orders:
                cited_by = [{rule for edge in part.taken[one][place] for rule in edges[edge].rules} for one in members]
                rules = edition.cite(set.intersection(*cited_by))
                yield _Move(_box_id(source), symbol, _box_id(target), orders, rules)


def _arrows(part: Slice, frame: Frame) -> list[Arrow]:
    """The moves as arrows: one for symbols with the same target and orders, one for what every state answers alike."""
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
    kind = kind_of_orders(orders, stays=source == moves[0].target)
    tooltip, first = sentences(rules, edition), foremost(rules, edition)
    return Arrow((source,), (moves[0].target,), "\n".join(label), kind, tooltip, first)
