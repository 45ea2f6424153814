"""Every transition of the chart, reached by its shortest course of clinical events, against the independent reading."""

from __future__ import annotations

from functools import cache

import pytest

from ixastate.chart.chart import build_chart
from ixastate.course.course import Course
from ixastate.table.explore import Space, explore
from ixastate.table.graph import Edge, read
from ixastate.table.witness import witness
from tests.independent_reading import IndependentReading
from tests.tables import table
from tests.test_against_reading import answer_of

# No event means that an other toxicity resolved when none is open; the chart answers it all the same.
UNSEEN = {
    f"other_clear_{when} --{symbol}--> stays"
    for when in ("first", "again")
    for symbol in ("other_resolved", "other_resolved_related")
}
# Ixazomib that is given at 4 mg is lowered at once only by a first rash with lenalidomide at its floor, and
# lenalidomide does not get there from any start before ixazomib has left 4 mg.
UNREACHABLE = {"ixazomib_given_4 --owe_ixazomib--> ixazomib_given_3"}
GRAPH = read(build_chart())


@cache
def space() -> Space:
    return explore(GRAPH)


@cache
def first_moves() -> dict[int, tuple[int, int]]:
    """For each edge, the first configuration and symbol that take it."""
    first: dict[int, tuple[int, int]] = {}
    for number, symbol, _, edges in space().moves():
        for edge in edges:
            first.setdefault(edge, (number, symbol))
    return first


PERSISTS = [edge for edge in table("what-if-persist").graph.edges if "B-PERSIST" in edge.rules]


@pytest.mark.parametrize("edge", PERSISTS, ids=str)
def test_what_persists_is_answered_alike_by_both_readings(edge: Edge) -> None:
    whole = table("what-if-persist")
    number, symbol = next((number, symbol) for number, symbol, _, edges in whole.space.moves() if edge.number in edges)
    course, reading = Course(edition="what-if-persist"), IndependentReading(persists=True)
    for event in witness([*whole.space.course_to(number), whole.symbols[symbol]], whole.graph.edition):
        record = course.observe(event)
        assert answer_of(record, course) == reading.observe(event)
    assert record.words == "discontinued"
    assert set(edge.rules) <= set(record.rules)


CONFIRMS = [edge for edge in table("what-if-confirm").graph.edges if "B-CONFIRM-HOLD" in edge.rules]


@pytest.mark.parametrize("edge", CONFIRMS, ids=str)
def test_what_must_be_confirmed_is_answered_alike_by_both_readings(edge: Edge) -> None:
    whole = table("what-if-confirm")
    number, symbol = next((number, symbol) for number, symbol, _, edges in whole.space.moves() if edge.number in edges)
    course, reading = Course(edition="what-if-confirm"), IndependentReading(confirms=True)
    for event in witness([*whole.space.course_to(number), whole.symbols[symbol]], whole.graph.edition):
        record = course.observe(event)
        assert answer_of(record, course) == reading.observe(event)
    assert set(edge.rules) <= set(record.rules)


@pytest.mark.parametrize("edge", GRAPH.edges, ids=str)
def test_the_course_to_a_transition_is_answered_alike_by_both_readings(edge: Edge) -> None:
    if str(edge) in UNREACHABLE:
        assert edge.number not in first_moves()
        return
    number, symbol = first_moves()[edge.number]
    if str(edge) in UNSEEN:
        return
    symbols = [*space().course_to(number), GRAPH.symbols[symbol]]
    course, reading = Course(), IndependentReading()
    seen: list[str] = []
    for event in witness(symbols, GRAPH.edition):
        record = course.observe(event)
        assert answer_of(record, course) == reading.observe(event)
        seen += record.symbols
    assert seen == symbols
    assert set(edge.rules) <= set(record.rules)


def test_the_two_lists_of_exceptions_name_transitions() -> None:
    assert set(map(str, GRAPH.edges)) >= UNSEEN | UNREACHABLE
