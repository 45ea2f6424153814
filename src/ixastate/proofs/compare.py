"""Where two editions part: the shortest course on which they ask for different things, toxicity by toxicity.

Both tables are walked side by side for as long as they agree. A symbol that only one edition knows is recorded by the
other and changes nothing there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ixastate.orders import Order
from ixastate.table.table import Table

# The symbols of each toxicity, in the order in which the chart has them.
TOXICITIES: dict[str, tuple[str, ...]] = {
    "neutrophils": ("anc_low", "anc_recovered"),
    "platelets": ("platelets_low", "platelets_recovered"),
    "neuropathy": (
        "neuropathy_moderate",
        "neuropathy_severe",
        "neuropathy_grade_4",
        "neuropathy_resolved",
        "neuropathy_resolved_agreed",
    ),
    "rash": ("rash_grade_2_3", "rash_grade_4", "rash_resolved"),
    "other": ("other_onset", "other_onset_related", "other_resolved", "other_resolved_related"),
    "new cycle": ("new_cycle_met", "new_cycle_unmet"),
    "the ends": ("progression", "intolerable_toxicity", "death", "withdrawal"),
}


@dataclass(frozen=True)
class Parting:
    """How two editions differ in one toxicity.

    `symbols` is a shortest course at whose end they part (with this toxicity alone where that suffices), `left` and
    `right` what each orders there. `configurations` of `together` pairs, reached while both still agreed, part at the
    next symbol of this toxicity.
    """

    toxicity: str
    symbols: tuple[str, ...]
    left: tuple[Order, ...]
    right: tuple[Order, ...]
    configurations: int
    together: int


def compare(left: Table, right: Table) -> list[Parting]:
    """The toxicities in which two editions differ, in the order of the chart; [] when they never part."""
    both = dict.fromkeys([*left.symbols, *right.symbols])
    starts = tuple(name for name in both if name.startswith("start_"))
    # One order whichever edition stands left, so that the same course is found.
    every = [*starts, *sorted(both.keys() - set(starts))]
    pairs, parted = _walk(left, right, every)
    partings = []
    for toxicity, symbols in {"the start": starts, **TOXICITIES}.items():
        of_this = [end for end in parted if end[1] in symbols]
        if not of_this:
            continue
        alone_pairs, alone = _walk(left, right, [*starts, *symbols])
        own_pairs, (pair, symbol) = (alone_pairs, alone[0]) if alone else (pairs, of_this[0])
        partings.append(
            Parting(
                toxicity,
                (*_course(own_pairs, pair), symbol),
                left.orders[_move(left, pair[0], symbol)[1]],
                right.orders[_move(right, pair[1], symbol)[1]],
                len({end[0] for end in of_this}),
                len(pairs),
            )
        )
    return partings


Pair = tuple[int, int]
Pairs = dict[Pair, tuple[Pair, str] | None]


def _walk(left: Table, right: Table, symbols: Sequence[str]) -> tuple[Pairs, list[tuple[Pair, str]]]:
    """Every pair reached while both agree, with how it was reached; and each pair and symbol at which they part."""
    start: Pair = (0, 0)
    pairs: Pairs = {start: None}
    parted = []
    for pair in (queue := [start]):
        for symbol in symbols:
            after_left, said_left = _move(left, pair[0], symbol)
            after_right, said_right = _move(right, pair[1], symbol)
            if left.orders[said_left] != right.orders[said_right]:
                parted.append((pair, symbol))
                continue
            after = (after_left, after_right)
            if after not in pairs:
                pairs[after] = (pair, symbol)
                queue.append(after)
    return pairs, parted


def _move(table: Table, configuration: int, symbol: str) -> tuple[int, int]:
    if symbol not in table.symbols:
        return configuration, 0
    move = table.row(configuration)[table.symbols.index(symbol)]
    return table.next[move], table.output[move]


def _course(pairs: Pairs, pair: Pair) -> list[str]:
    course = []
    while (came := pairs[pair]) is not None:
        pair, symbol = came
        course.append(symbol)
    return course[::-1]
