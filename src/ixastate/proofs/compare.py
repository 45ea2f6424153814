"""Differences of two editions: for each toxicity a shortest course at whose end their orders differ.

Both tables are walked side by side for as long as they agree. A symbol that only one edition knows is recorded by the
other and changes nothing there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ixastate.orders import Order
from ixastate.symbols import ENDS, TOXICITIES, Start, StartBlocked, symbols
from ixastate.table.table import Table
from ixastate.table.walk import Walk, walk


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
    known = symbols(left.graph.edition) | symbols(right.graph.edition)
    first = tuple(name for name, symbol in known.items() if isinstance(symbol, Start | StartBlocked))
    # One order whichever edition stands left, so that the same course is found.
    every = [*first, *sorted(known.keys() - set(first))]
    groups = {"the start": first}
    groups |= {toxicity.reason: tuple(one.name for one in toxicity.symbols) for toxicity in TOXICITIES}
    groups |= {"the ends": tuple(end.name for end in ENDS)}
    pairs, parted = _walk(left, right, every)
    partings = []
    for toxicity, names in groups.items():
        of_this = [end for end in parted if end[1] in names]
        if not of_this:
            continue
        alone_pairs, alone = _walk(left, right, [*first, *names])
        own_pairs, (pair, symbol) = (alone_pairs, alone[0]) if alone else (pairs, of_this[0])
        partings.append(
            Parting(
                toxicity,
                (*own_pairs.course_to(pair), symbol),
                _orders(left, pair[0], symbol),
                _orders(right, pair[1], symbol),
                len({end[0] for end in of_this}),
                len(pairs),
            )
        )
    return partings


# The number of a configuration in each of the two tables.
Pair = tuple[int, int]


def _walk(left: Table, right: Table, names: Sequence[str]) -> tuple[Walk[Pair, str], list[tuple[Pair, str]]]:
    """Every pair reached while both agree; and each pair and symbol at which they part."""
    numbers: dict[tuple[Order, ...], int] = {(): 0}
    one, other = _Side(left, names, numbers), _Side(right, names, numbers)
    symbols = list(zip(names, one.columns, other.columns, strict=True))
    parted: list[tuple[Pair, str]] = []

    def agreeing(pair: Pair) -> Iterator[tuple[str, Pair]]:
        row_left, row_right = pair[0] * one.width, pair[1] * other.width
        for name, column_left, column_right in symbols:
            after_left, said_left = pair[0], 0
            if column_left is not None:
                after_left, said_left = one.next[row_left + column_left], one.said[one.output[row_left + column_left]]
            after_right, said_right = pair[1], 0
            if column_right is not None:
                move = row_right + column_right
                after_right, said_right = other.next[move], other.said[other.output[move]]
            if said_left == said_right:
                yield name, (after_left, after_right)
            else:
                parted.append((pair, name))

    return walk([(0, 0)], agreeing), parted


class _Side:
    """A table for a walk beside another: the columns of symbols (None: not known), and what is ordered, as a number."""

    def __init__(self, table: Table, names: Sequence[str], numbers: dict[tuple[Order, ...], int]) -> None:
        self.width, self.next, self.output = len(table.symbols), table.next, table.output
        self.columns = [table.columns.get(name) for name in names]
        self.said = [numbers.setdefault(orders, len(numbers)) for orders in table.orders]


def _orders(table: Table, configuration: int, symbol: str) -> tuple[Order, ...]:
    """What a symbol orders; one that the edition does not know orders nothing."""
    column = table.columns.get(symbol)
    return () if column is None else table.orders[table.output[configuration * len(table.symbols) + column]]
