"""The course as people speak of it: the reachable configurations, quotiented by the words at the bedside.

The places are screening, active at each level of ixazomib, held for one reason each, held for several reasons, and
discontinued; active and held speak of ixazomib. Two reasons at once have a place of their own: a place for each set
of reasons would make some thirty, and to count such a configuration under each of its reasons would make moves that
no patient makes. Lenalidomide's dose and whose turn it is are left out, so a place does not know where its moves will
lead; the slices do.

A `Passage` is there when some reachable configuration moves so. It is numbered by such a move, the earliest in the
table, so the symbols up to it are a shortest course that ends with it. What leaves the place as it is, is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ixastate.chart.guards import AnyOf
from ixastate.diagrams.labels import brief, foremost, sentences, wrapped
from ixastate.diagrams.model import Arrow, ArrowKind, Box, Drawing, Frame, Lie
from ixastate.diagrams.slices import PRESETS
from ixastate.orders import Order
from ixastate.symbols import BOTH, Configuration
from ixastate.table.graph import Graph
from ixastate.table.table import Table

SEVERAL = "held for several reasons"
LONGEST_LIST = 3
WIDTH = 26
T = TypeVar("T")
TREATMENT, ACTIVE, ABOVE, ONE = "on_treatment", "active", "above_the_floor", "one_reason"


@dataclass(frozen=True)
class Passage:
    """From one place to another by a symbol: the earliest move of the table that does it.

    `guards` (parts of the guard of the symbol's own edge), `orders` and `rules` are what all such moves share.
    """

    source: str
    symbol: str
    target: str
    move: int
    guards: tuple[str, ...]
    orders: tuple[Order, ...]
    rules: tuple[str, ...]


def place(graph: Graph, configuration: Configuration) -> str:
    """The place of a configuration. Whether lenalidomide alone is held, and why, makes no difference here."""
    if configuration in (graph.initial, graph.final):
        return configuration[0]
    ixazomib = next(level for level in map(graph.levels.get, configuration) if level and level.drug == "ixazomib")
    if ixazomib.standing == "given":
        return f"active at {ixazomib.mg:g} mg"
    holds = [graph.holds[leaf] for leaf in configuration if leaf in graph.holds]
    reasons = [hold.reason for hold in holds if "ixazomib" in hold.drugs]
    return SEVERAL if len(reasons) > 1 else f"held for {reasons[0]}"


def passages(table: Table) -> list[Passage]:
    """Every passage between two places, in order of the places and the symbol."""
    places = _places(table)
    width = len(table.symbols)
    first: dict[tuple[str, str, str], int] = {}
    outputs: dict[tuple[str, str, str], dict[int, None]] = {}
    for move, (after, output) in enumerate(zip(table.next, table.output, strict=True)):
        source, target = places[move // width], places[after]
        if source != target:
            key = (source, table.symbols[move % width], target)
            first.setdefault(key, move)
            outputs.setdefault(key, {})[output] = None
    rank = {name: at for at, name in enumerate(places_of(table))}
    found = [
        Passage(
            *key,
            move,
            _shared([_guards(table, output, key[1]) for output in outputs[key]]),
            _shared([table.orders[output] for output in outputs[key]]),
            _shared([table.rules[output] for output in outputs[key]]),
        )
        for key, move in first.items()
    ]
    return sorted(found, key=lambda one: (rank[one.source], rank[one.target], one.symbol))


def _shared(lists: Sequence[tuple[T, ...]]) -> tuple[T, ...]:
    """What is in every one of these, in the order of the first."""
    return tuple(one for one in lists[0] if all(one in other for other in lists))


def _guards(table: Table, output: int, symbol: str) -> tuple[str, ...]:
    """The parts of the guard of the symbol's own edge; a choice between two is no part."""
    edges = [table.graph.edges[number] for number in table.edges[output]]
    own = next(edge.guard for edge in edges if edge.symbol == symbol)
    return tuple(part.name for part in own.parts if not isinstance(part, AnyOf)) if own else ()


def witness_of(table: Table, move: int) -> list[str]:
    """The symbols of a shortest course that ends with this move."""
    number, symbol = divmod(move, len(table.symbols))
    return [*table.space.course_to(number), table.symbols[symbol]]


def places_of(table: Table) -> list[str]:
    """Every place, from the beginning of a course to its end."""
    graph, reached = table.graph, set(_places(table))
    reasons = dict.fromkeys(hold.reason for hold in graph.holds.values())
    names = [*graph.initial, *(f"active at {mg:g} mg" for mg in graph.edition.ixazomib_ladder_mg)]
    names += [*(f"held for {reason}" for reason in reasons), SEVERAL, *graph.final]
    return [name for name in names if name in reached]


def _places(table: Table) -> list[str]:
    """The place of every configuration, in the order of their numbers."""
    return [place(table.graph, configuration) for configuration in table.configurations]


def bedside(table: Table) -> Drawing:
    """The bedside view."""
    names = places_of(table)
    found = passages(table)
    frames = (
        Frame(TREATMENT, "on treatment"),
        Frame(ACTIVE, "active", TREATMENT),
        Frame(ABOVE, "above the floor", ACTIVE, quiet=True, leave_at="first"),
        Frame(ONE, "one reason", TREATMENT, corner="right"),
    )
    counts = Counter(_places(table))
    boxes = tuple(_box(table.graph, name, counts[name]) for name in names)
    drawn = Drawing("bedside", "", (), boxes, (), frames)
    arrows = _arrows(table, drawn, found)
    return Drawing(
        "bedside",
        f"A course as people speak of it ({table.graph.edition.name}): {len(names)} states for the "
        f"{len(table.configurations)} configurations that a course can reach",
        (
            "An arrow is there when some course moves so; an arrow from or to a frame is there for each state in it. "
            "What does not change these words (such as a lower dose of lenalidomide) is not shown.",
            "Dashed: a hold begins. Solid: it ends, at the dose in force or, where a reduction is owed, one level "
            "lower. Thick: treatment stops.",
            "Several toxicities may hold at once; they share one state here, and ixazomib comes back when the last "
            "has gone.",
        ),
        boxes,
        tuple(arrows),
        frames,
        direction="LR",
    )


def _box(graph: Graph, name: str, count: int) -> Box:
    ladder = [f"active at {mg:g} mg" for mg in graph.edition.ixazomib_ladder_mg]
    label = name.replace(" for ", " for\n").replace(" at ", "\n")
    tooltip = f"{name}: {count} configuration{'s' if count > 1 else ''}"
    if name in ladder:
        return Box(name, label, "given", ACTIVE if name == ladder[-1] else ABOVE, tooltip)
    if name == SEVERAL:
        return Box(name, label, "held", TREATMENT, tooltip)
    if name in graph.initial + graph.final:
        return Box(name, label, "before" if name in graph.initial else "final", "", tooltip)
    reason = name.removeprefix("held for ")
    held = {hold.drugs for hold in graph.holds.values() if hold.reason == reason}
    alone = "" if len(held) > 1 else "\n(both drugs)" if BOTH in held else "\n(ixazomib alone)"
    link = f"slice-{reason}" if reason in PRESETS else ""
    return Box(name, label + alone, "held", ONE, tooltip, link)


# --- Passages gathered into arrows ----------------------------------------------------------------------------


def _arrows(table: Table, drawing: Drawing, found: Sequence[Passage]) -> list[Arrow]:
    """The passages as few arrows: those of one word from the same places to the same places of a frame.

    No passage is drawn that is not there: an arrow stands for every pair of its ends.
    """
    words = _words(table, found)
    targets: dict[tuple[str, str, str], list[str]] = {}
    for passage in found:
        inner = drawing.frame_of[passage.target]
        kin = {"": passage.target, TREATMENT: passage.target, ABOVE: ACTIVE}.get(inner, inner)
        here = targets.setdefault((words[passage], kin, passage.source), [])
        if passage.target not in here:
            here.append(passage.target)
    sources: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (word, _, source), reached in targets.items():
        sources.setdefault((word, tuple(reached)), []).append(source)
    ends: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for (word, led_to), came_from in sources.items():
        ends.setdefault((_framed(drawing, came_from), _framed(drawing, led_to)), []).append(word)
    return [_arrow(table, drawing, *pair, said, words) for pair, said in ends.items()]


def _words(table: Table, found: Sequence[Passage]) -> dict[Passage, str]:
    """The word for each passage: its symbol, or what the symbol is when many lead from one place to another."""
    edges = table.graph.edges
    onsets = {edge.symbol for edge in edges if any(target in table.graph.holds for target in edge.targets)}
    ending = [edge for edge in edges if edge.source in table.graph.holds and edge.targets != table.graph.final]
    recoveries = {edge.symbol for edge in ending if edge.targets} - onsets
    words = {}
    for passage in found:
        beside = {one.symbol for one in found if (one.source, one.target) == (passage.source, passage.target)}
        words[passage] = passage.symbol
        for kind, word in ((onsets, "a new onset"), (recoveries, "a recovery")):
            if passage.symbol in kind and len(beside & kind) > LONGEST_LIST:
                words[passage] = word
    return words


def _framed(drawing: Drawing, names: Sequence[str]) -> tuple[str, ...]:
    """These places, or the frames that hold just them, the outer frames first."""
    left, frames = list(names), list[str]()
    for frame in drawing.frames:
        inside = drawing.inside(frame.id)
        if set(inside) <= set(left):
            frames.append(frame.id)
            left = [name for name in left if name not in inside]
    return (*left, *frames)


def _arrow(
    table: Table,
    drawing: Drawing,
    sources: tuple[str, ...],
    targets: tuple[str, ...],
    said: Sequence[str],
    words: Mapping[Passage, str],
) -> Arrow:
    pairs = set(drawing.pairs(Arrow(sources, targets, "")))
    own = [one for one, word in words.items() if word in said and (one.source, one.target) in pairs]
    guards = _shared([one.guards for one in own])
    rules = _shared([one.rules for one in own])
    kind = _kind(drawing, own[0])
    label = wrapped(", ".join(said), WIDTH)
    if kind in ("go", "stop") and guards:
        label += wrapped(f"[{', '.join(guards)}]", WIDTH)
    return Arrow(
        sources,
        targets,
        "\n".join(label),
        kind,
        "\n".join([*(_sentence(table, one) for one in own), sentences(rules, table.graph.edition)]),
        foremost(rules, table.graph.edition),
        tuple(one.move for one in own),
        _lie(drawing, own[0]),
    )


def _sentence(table: Table, passage: Passage) -> str:
    """A passage with what it always asks for and a shortest course that ends with it."""
    orders = f" / {brief(passage.orders)}" if passage.orders else ""
    course = ", ".join(witness_of(table, passage.move))
    return f"{passage.source} → {passage.target} by {passage.symbol}{orders} (as in: {course})"


def _kind(drawing: Drawing, passage: Passage) -> ArrowKind:
    held = [drawing.frame_of[end] == ONE or end == SEVERAL for end in (passage.source, passage.target)]
    if passage.target == "discontinued":
        return "stop"
    if passage.target == SEVERAL or held == [False, True]:
        return "hold"
    return "back" if held[0] else "go"


def _lie(drawing: Drawing, passage: Passage) -> Lie:
    """The active states stand before the held ones, and those before the several reasons, whatever moves between."""
    active = [drawing.frame_of[end] in (ACTIVE, ABOVE) for end in (passage.source, passage.target)]
    if all(active):
        return "beside"
    released = active[1] and passage.source != "screening"
    relieved = passage.source == SEVERAL and passage.target != "discontinued"
    return "against" if released or relieved else "along"
