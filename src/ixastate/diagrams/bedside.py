"""The bedside view: the quotient of the state space by the words that people use at the bedside (`Status.place`).

The places are screening, active at each level of ixazomib, held for one reason each, held for several reasons, and
discontinued; active and held speak of ixazomib. Two reasons at once have a place of their own: a place for each set
of reasons would make some thirty, and to count such a configuration under each of its reasons would make moves that
no patient makes. Lenalidomide's dose and whose turn it is are left out, so a place does not determine where its moves
lead; the slices do.

While ixazomib is held, every reason that holds a drug counts. A first rash of us-label holds lenalidomide alone, so
ixazomib held for one other reason at the same time is "held for several reasons" too. In the other editions every hold
holds ixazomib.

A `Passage` is a move between two places that some reachable configuration makes. Its number is that of the earliest
such move in the table, so the symbols up to it are a shortest course that ends with it. Moves within a place are left
out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from ixastate.chart.guards import AnyOf
from ixastate.chart.status import SEVERAL, Status, active_at, held_for
from ixastate.diagrams.charts import kind_of, treatment
from ixastate.diagrams.labels import foremost, sentences, wrapped
from ixastate.diagrams.model import Arrow, ArrowKind, Box, Drawing, Frame, Routing
from ixastate.diagrams.slices import PRESETS, picture_name
from ixastate.orders import Order, brief
from ixastate.symbols import BOTH, toxicities
from ixastate.table.graph import Graph
from ixastate.table.table import Table

LONGEST_LIST = 3
WIDTH = 26
LEGEND = (
    "An arrow is there when some course moves so; an arrow from or to a frame is there for each state in it. "
    "What does not change these words (such as a lower dose of lenalidomide) is not shown.",
    "Dashed: a hold begins. Solid: it ends, at the dose in force or, where a reduction is owed, one level "
    "lower. Thick: treatment stops.",
    "Several toxicities may hold at once; they share one state here, and ixazomib comes back when the last has gone.",
)
PENDING = "A low count that is still to be confirmed changes none of these words; the arrow stands for what follows it."
T = TypeVar("T")
# The frames within treatment.
ACTIVE, ABOVE, ONE = "active", "above_the_floor", "one_reason"


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


def passages(table: Table) -> list[Passage]:
    """Every passage between two places, in order of the places and the symbol."""
    of = [status.place for status in table.statuses]
    width = len(table.symbols)
    first: dict[tuple[str, str, str], int] = {}
    outputs: dict[tuple[str, str, str], dict[int, None]] = {}
    for move, (after, output) in enumerate(zip(table.next, table.output, strict=True)):
        source, target = of[move // width], of[after]
        if source != target:
            key = (source, table.symbols[move % width], target)
            first.setdefault(key, move)
            outputs.setdefault(key, {})[output] = None
    rank = {name: at for at, name in enumerate(places(table))}
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
    """The members of every one of these, in the order of the first."""
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


def places(table: Table) -> dict[str, Status]:
    """Every place that a course can reach, from the beginning to the end, with the status of a configuration there."""
    found = {status.place: status for status in table.statuses}
    reasons = dict.fromkeys(hold.reason for hold in table.graph.holds.values())
    names = [table.statuses[0].place, *map(active_at, table.graph.edition.ixazomib_ladder_mg)]
    names += [*map(held_for, reasons), SEVERAL, table.statuses[table.final].place]
    return {name: found[name] for name in names if name in found}


def bedside(table: Table) -> Drawing:
    """The bedside view."""
    found, around = places(table), treatment(table.graph)
    frames = (
        Frame(around, "on treatment"),
        Frame(ACTIVE, "active", around),
        Frame(ABOVE, "above the floor", ACTIVE, quiet=True, leave_at="first"),
        Frame(ONE, "one reason", around, corner="right"),
    )
    counts = Counter(status.place for status in table.statuses)
    boxes = tuple(_box(table.graph, status, counts[name], around) for name, status in found.items())
    drawn = Drawing("bedside", "", (), boxes, (), frames)
    return replace(
        drawn,
        title=f"A course as people speak of it ({table.graph.edition.name}): {len(found)} states for the "
        f"{len(table.configurations)} configurations that a course can reach",
        legend=(*LEGEND, PENDING) if any(status.to_confirm for status in table.statuses) else LEGEND,
        arrows=tuple(_arrows(table, drawn, found)),
        direction="LR",
    )


def _box(graph: Graph, status: Status, count: int, around: str) -> Box:
    """The box of a place, by the status of a configuration there."""
    tooltip = f"{status.place}: {count} configuration{'s' if count > 1 else ''}"
    if status.phase != "on treatment":
        (leaf,) = graph.initial if status.phase == graph.initial[0] else graph.final
        return Box(status.place, status.place, kind_of(graph, leaf), "", tooltip)
    if not status.ixazomib_held:
        frame = ACTIVE if status.ixazomib_mg == graph.edition.ixazomib_ladder_mg[-1] else ABOVE
        return Box(status.place, f"active\n{status.ixazomib_mg:g} mg", "given", frame, tooltip)
    if status.place == SEVERAL:
        return Box(status.place, "held for\nseveral reasons", "held", around, tooltip)
    (reason,) = status.held_for
    (toxicity,) = (one for one in toxicities(graph.edition) if one.reason == reason)
    drugs = {hold.drugs for hold in graph.holds.values() if hold.toxicity == toxicity.name}
    alone = "" if len(drugs) > 1 else "\n(both drugs)" if BOTH in drugs else "\n(ixazomib alone)"
    link = picture_name(toxicity.key) if toxicity.key in PRESETS else ""
    return Box(status.place, f"held for\n{reason}{alone}", "held", ONE, tooltip, link)


# --- Passages gathered into arrows ----------------------------------------------------------------------------


def _arrows(table: Table, drawing: Drawing, statuses: Mapping[str, Status]) -> list[Arrow]:
    """The passages as few arrows: those of one word from the same places to the same places of a frame.

    Each arrow stands for a passage between every pair of its ends, so no arrow suggests a passage that is not there.
    """
    words = _words(table, passages(table))
    # A place stands with the others of its frame, an active one with all active ones, and any other alone.
    kin = {place: drawing.frame_of[place] if drawing.frame_of[place] in (ACTIVE, ONE) else place for place in statuses}
    kin |= {place: ACTIVE for place in statuses if drawing.frame_of[place] == ABOVE}
    targets: dict[tuple[str, str, str], list[str]] = {}
    for passage, word in words.items():
        here = targets.setdefault((word, kin[passage.target], passage.source), [])
        if passage.target not in here:
            here.append(passage.target)
    sources: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (word, _, source), reached in targets.items():
        sources.setdefault((word, tuple(reached)), []).append(source)
    ends: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for (word, led_to), came_from in sources.items():
        ends.setdefault((_framed(drawing, came_from), _framed(drawing, led_to)), []).append(word)
    arrows = []
    for (from_ends, to_ends), of_arrow in ends.items():
        bare = Arrow(from_ends, to_ends, ", ".join(of_arrow))
        pairs = set(drawing.pairs(bare))
        own = [one for one, word in words.items() if word in of_arrow and (one.source, one.target) in pairs]
        arrows.append(_arrow(table, statuses, bare, own))
    return arrows


def _words(table: Table, found: Sequence[Passage]) -> dict[Passage, str]:
    """The word for each passage: its symbol, or a common word where many symbols lead from one place to another."""
    followed = toxicities(table.graph.edition)
    onsets = {symbol.name for toxicity in followed for symbol in toxicity.opening}
    recoveries = {symbol.name for toxicity in followed for symbol in toxicity.recoveries}
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


def _arrow(table: Table, statuses: Mapping[str, Status], bare: Arrow, own: Sequence[Passage]) -> Arrow:
    """An arrow that has its ends and words, with its kind, guards, tooltip and rule, by its own passages."""
    edition = table.graph.edition
    guards = _shared([one.guards for one in own])
    rules = _shared([one.rules for one in own])
    before, after = statuses[own[0].source], statuses[own[0].target]
    kind = _kind(before, after)
    label = wrapped(bare.label, WIDTH)
    if kind in ("go", "stop") and guards:
        label += wrapped(f"[{', '.join(guards)}]", WIDTH)
    return replace(
        bare,
        label="\n".join(label),
        kind=kind,
        tooltip="\n".join([*(_sentence(table, one) for one in own), sentences(rules, edition)]),
        rule=foremost(rules, edition),
        stands_for=tuple(one.move for one in own),
        routing=_routing(before, after),
    )


def _sentence(table: Table, passage: Passage) -> str:
    """A passage with the orders that it always gives and a shortest course that ends with it."""
    orders = f" / {brief(passage.orders)}" if passage.orders else ""
    course = ", ".join(witness_of(table, passage.move))
    return f"{passage.source} → {passage.target} by {passage.symbol}{orders} (as in: {course})"


def _kind(before: Status, after: Status) -> ArrowKind:
    if after.phase == "discontinued":
        return "stop"
    if after.place == SEVERAL or (after.ixazomib_held and not before.ixazomib_held):
        return "hold"
    return "back" if before.ixazomib_held else "go"


def _routing(before: Status, after: Status) -> Routing:
    """The active states stand before the held ones, and those before the several reasons, whatever moves between."""
    active = [status.phase == "on treatment" and not status.ixazomib_held for status in (before, after)]
    if all(active):
        return "beside"
    released = active[1] and before.phase == "on treatment"
    relieved = before.place == SEVERAL and after.phase == "on treatment"
    return "against" if released or relieved else "along"
