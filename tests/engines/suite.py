"""What a foreign engine is walked through, and what the table says that it must answer.

A suite is a list of courses of symbols, each walked from screening. An answer is the sequence of transitions that one
symbol sets off. A driver prints one JSON object per step: the active leaves, whether the course is done, and what the
engine reported, in its order.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from typing import Any

from ixastate.chart.chart import build_chart
from ixastate.exchange.scxml import order_text
from ixastate.table.graph import Graph, read
from ixastate.table.table import Table

RANDOM_STEPS = 4000

Walks = list[list[str]]


@cache
def graph(edition: str) -> Graph:
    return read(build_chart(edition))


@cache
def every_transition(edition: str) -> Walks:
    """The shortest course to each transition."""
    first: dict[int, tuple[int, int]] = {}
    for edges, move in _first_moves(edition).items():
        for edge in edges:
            first.setdefault(edge, move)
    return _courses(edition, set(first.values()))


@cache
def every_answer(edition: str) -> Walks:
    """The shortest course to each answer."""
    return _courses(edition, set(_first_moves(edition).values()))


@cache
def random_courses(edition: str) -> Walks:
    """Random courses; few end early, and some symbols come in a phase that does not take them in."""
    moves, symbols = Table.of(edition), graph(edition).symbols
    choose = random.Random(f"random courses of {edition}")
    walks: Walks = []
    while sum(map(len, walks)) < RANDOM_STEPS:
        walk: list[str] = []
        here = 0
        for _ in range(choose.randint(20, 120)):
            move = choose.choice(moves.row(here))
            while moves.next[move] == moves.final and choose.random() < 0.99:
                move = choose.choice(moves.row(here))
            walk.append(symbols[move % len(symbols)])
            here = moves.next[move]
            if here == moves.final:
                break
        walks.append(walk)
    return walks


def answers_of(edition: str, walks: Walks) -> set[tuple[int, ...]]:
    """The answers that these courses hear."""
    moves = Table.of(edition)
    return {moves.edges[moves.output[move]] for _, _, move in _moves(edition, walks)}


def differences(edition: str, walks: Walks, lines: list[dict[str, Any]]) -> list[str]:
    """Where an engine and the table differ: the first place of each course."""
    wanted = list(_expected(edition, walks))
    if len(wanted) != len(lines):
        return [f"{len(lines)} steps, not {len(wanted)}"]
    found: dict[int, str] = {}
    for right, line in zip(wanted, lines, strict=True):
        if line | {"configuration": sorted(line["configuration"])} != right:
            course = walks[right["walk"]][: right["step"] + 1]
            found.setdefault(right["walk"], f"{course}: {line}, not {right}")
    return list(found.values())


def _first_moves(edition: str) -> dict[tuple[int, ...], tuple[int, int]]:
    first: dict[tuple[int, ...], tuple[int, int]] = {}
    for number, symbol, _, edges in Table.of(edition).space.moves():
        first.setdefault(edges, (number, symbol))
    return first


def _courses(edition: str, moves: set[tuple[int, int]]) -> Walks:
    """The shortest courses to these moves, but for those that another one begins with."""
    space, symbols = Table.of(edition).space, graph(edition).symbols
    courses = {(*space.course_to(number), symbols[symbol]) for number, symbol in moves}
    begun = {course[:length] for course in courses for length in range(1, len(course))}
    return [list(course) for course in sorted(courses - begun)]


def _moves(edition: str, walks: Walks) -> Iterator[tuple[int, int, int]]:
    """The number of each walk, each step, and the move that the step makes in the table."""
    moves = Table.of(edition)
    for walk, symbols in enumerate(walks):
        here = 0
        for step, symbol in enumerate(symbols):
            move = moves.row(here)[moves.columns[symbol]]
            yield walk, step, move
            here = moves.next[move]


def _expected(edition: str, walks: Walks) -> Iterator[dict[str, Any]]:
    moves = Table.of(edition)
    for walk, step, move in _moves(edition, walks):
        after = moves.next[move]
        said = []
        for number in moves.edges[moves.output[move]]:
            edge = moves.graph.edges[number]
            said.append(["rules", " ".join(edge.rules)])
            said += [["order", order_text(order)] for order in edge.orders]
        yield {
            "walk": walk,
            "step": step,
            "configuration": sorted(moves.configurations[after]),
            "done": after == moves.final,
            "said": said,
        }
