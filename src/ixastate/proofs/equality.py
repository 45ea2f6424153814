"""The proof that the live machine and the table say the same, move by move.

Both arms of the design meet here: every configuration and every symbol is sent through the live statechart and looked
up in the table, and configuration, orders and rules must agree.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial

from ixastate.chart.chart import build
from ixastate.course.live import machine
from ixastate.table.graph import read
from ixastate.table.table import Table, tabulate

CHUNK = 500


@dataclass(frozen=True)
class Unequal:
    """A move that the live machine and the table answer differently."""

    configuration: int
    symbol: str
    live: str
    table: str


@cache
def _table(edition: str) -> Table:
    """A table of this process: each worker makes its own, once."""
    return tabulate(read(build(edition)))


def compare_configurations(edition: str, numbers: Iterable[int]) -> tuple[int, list[Unequal]]:
    """How many moves of these configurations were compared, and those that are unequal."""
    table, live = _table(edition), machine(edition)
    compared = 0
    unequal = []
    for number in numbers:
        for column, move in enumerate(table.row(number)):
            said = table.output[move]
            if not said:
                continue
            compared += 1
            symbol = table.symbols[column]
            step = live.step(table.configurations[number], symbol)
            there = (step.after, step.orders, step.rules)
            here = (table.configurations[table.next[move]], table.orders[said], table.rules[said])
            if there != here:
                unequal.append(Unequal(number, symbol, _show(*there), _show(*here)))
    return compared, unequal


def prove_equal(
    edition: str, configurations: int, progress: Callable[[int], object], workers: int | None = None
) -> tuple[int, list[Unequal]]:
    """Compare every move of every configuration, on all cores; `progress` hears of each finished batch."""
    chunks = [range(start, min(start + CHUNK, configurations)) for start in range(0, configurations, CHUNK)]
    compared = 0
    unequal: list[Unequal] = []
    with ProcessPoolExecutor(workers or os.cpu_count()) as pool:
        results: Iterator[tuple[int, list[Unequal]]] = pool.map(partial(compare_configurations, edition), chunks)
        for chunk, (moves, found) in zip(chunks, results, strict=True):
            compared += moves
            unequal += found
            progress(len(chunk))
    return compared, unequal


def _show(after: tuple[str, ...], orders: tuple[object, ...], rules: tuple[str, ...]) -> str:
    return f"{', '.join(after)} | {'; '.join(map(str, orders))} | {' '.join(rules)}"
