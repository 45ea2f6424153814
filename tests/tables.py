"""The graphs and tables of the editions, made once a process, and the small tools that their tests share."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

from ixastate.course.course import Course, Record
from ixastate.rules import DEFAULT_EDITION, EDITIONS, load_edition
from ixastate.table.graph import Edge, Graph
from ixastate.table.table import Table, tabulate
from ixastate.table.witness import witness

EDITION_NAMES = tuple(EDITIONS)
# A test may put another in its place.
_table_of = Table.of


def graph(edition: str = DEFAULT_EDITION) -> Graph:
    return _table_of(edition).graph


def table(edition: str = DEFAULT_EDITION) -> Table:
    return _table_of(edition)


def small_graph() -> Graph:
    """The dosing text's graph with a start at 3 and 5 mg alone: whole, and explored in a moment."""
    return small().graph


@cache
def small() -> Table:
    return tabulate(starting_only(graph(), "start_3_5"))


def starting_only(of: Graph, *starts: str) -> Graph:
    """The graph in which every other start is answered and does nothing. Edges keep their numbers."""
    others = {symbol for symbol in of.symbols if symbol.startswith("start_")} - {*starts, "start_blocked"}
    idle: dict[str, Any] = {"targets": (), "orders": (), "rules": ("K-RECORD",)}
    edges = (replace(edge, **idle) if edge.symbol in others else edge for edge in of.edges)
    return replace(of, edges=tuple(edges))


def sampled(edition: str, count: int, seed: int = 1) -> list[int]:
    """Numbers of configurations: screening, `discontinued`, and some others."""
    whole = table(edition)
    return sorted({0, whole.final, *Random(seed).sample(range(len(whole.configurations)), count)})


def edge_of(of: Graph, text: str) -> Edge:
    """The one edge that reads like this."""
    [edge] = [edge for edge in of.edges if str(edge) == text]
    return edge


def changed(of: Graph, text: str, **parts: Any) -> Graph:
    """The graph with the edge that reads like this changed in these parts."""
    wrong = replace(edge_of(of, text), **parts)
    return replace(of, edges=tuple(wrong if edge.number == wrong.number else edge for edge in of.edges))


def follow(of: Table, symbols: Sequence[str]) -> list[int]:
    """The configurations of a course in the table, from screening on."""
    numbers = [0]
    for symbol in symbols:
        numbers.append(of.next[of.row(numbers[-1])[of.symbols.index(symbol)]])
    return numbers


def records(symbols: Sequence[str], edition: str = DEFAULT_EDITION, seen_by: str = "") -> list[Record]:
    """A course of symbols as clinical events, run through the living machine.

    `seen_by` is the edition that puts the symbols into events, where the course's own does not know them all.
    """
    course = Course(edition=edition)
    return [course.observe(event) for event in witness(symbols, load_edition(seen_by or edition))]


def depths(of: Table) -> list[int]:
    """How many symbols it takes to each configuration, by a breadth-first walk of the test's own."""
    found = [-1] * len(of.space.bits)
    found[0] = 0
    queue = deque([0])
    while queue:
        number = queue.popleft()
        for move in of.row(number):
            after = of.next[move]
            if found[after] < 0:
                found[after] = found[number] + 1
                queue.append(after)
    return found
