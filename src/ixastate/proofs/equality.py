"""Equivalence check: the live machine and the table agree on every move.

Both arms of the design meet here: every configuration and every symbol is sent through the live statechart, looked up
in the table, and taken by the compiled machine on which courses step; configuration, orders and rules must agree.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

from ixastate.chart.builder import Step
from ixastate.chart.slot import build_slot
from ixastate.course.live import Interpreter, machine
from ixastate.orders import Order, in_order
from ixastate.symbols import Configuration
from ixastate.table.compiled import Compiled
from ixastate.table.graph import edge_numbers
from ixastate.table.slot import SlotStep, SlotTable
from ixastate.table.table import Table

CHUNK = 500


@dataclass(frozen=True)
class Unequal:
    """A move that the live machine and the table answer differently."""

    configuration: int
    symbol: str
    live: str
    table: str


def compare_configurations(edition: str, numbers: Iterable[int]) -> tuple[int, list[Unequal]]:
    """How many moves of these configurations were compared, and those that are unequal.

    Of every move the configuration after it and the transitions taken are compared; what those transitions say, in
    orders and rules, is compared where they are first taken together.
    """
    table, live, compiled = Table.of(edition), machine(edition), Compiled.of(edition)
    of = edge_numbers(live.chart)
    agreed: set[tuple[int, ...]] = set()
    compared = 0
    unequal = []
    for number in numbers:
        before = table.configurations[number]
        for symbol, move in zip(table.symbols, table.row(number), strict=True):
            if not table.output[move]:
                continue
            compared += 1
            after, taken = live.transitions(before, symbol)
            edges = tuple([of[one] for one in taken])
            step = compiled.step(before, symbol)
            same = after == step.after and edges == step.edges
            same = same and after == table.configurations[table.next[move]] and edges == table.edges[table.output[move]]
            if same and edges in agreed:
                continue
            said, looked_up = live.said(before, symbol, after, taken), table.step(before, symbol)
            if said == looked_up == step:
                agreed.add(edges)
            else:
                unequal.append(Unequal(number, symbol, _show(said), _show(looked_up if said != looked_up else step)))
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


def compare_slot(edition: str) -> tuple[int, list[Unequal]]:
    """How many moves of a dose were compared, live chart against table, and those that are unequal."""
    table, live = SlotTable.of(edition), Interpreter(build_slot(edition))
    unequal = []
    for (before, symbol), step in table.moves.items():
        after, taken = live.transitions(before, symbol)
        orders = in_order(order for transition in taken for order in transition.orders)
        rules = table.graph.edition.cite(rule for transition in taken for rule in transition.rules)
        if (after, orders, rules) != (step.after, step.orders, step.rules):
            number = table.configurations.index(before)
            unequal.append(Unequal(number, symbol, _words(after, orders, rules), _show(step)))
    return len(table.moves), unequal


def _show(step: Step | SlotStep) -> str:
    lowered = step.asked if isinstance(step, Step) else ()
    asked = "".join(f" | lowers {drug}: {' '.join(rules)}" for drug, rules in lowered)
    return _words(step.after, step.orders, step.rules) + asked


def _words(after: Configuration, orders: Iterable[Order], rules: Iterable[str]) -> str:
    return f"{', '.join(after)} | {'; '.join(map(str, orders))} | {' '.join(rules)}"
