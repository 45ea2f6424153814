"""The breadth-first walk: what it reaches, in which order, and the shortest way to each."""

from __future__ import annotations

from collections.abc import Iterator

import networkx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ixastate.table.walk import walk

# a leads to b by x and to c by y; b and c both lead to d; d leads back to a. e leads to a, and nothing to e.
ARROWS = {
    "a": [("x", "b"), ("y", "c")],
    "b": [("z", "d")],
    "c": [("z", "d"), ("x", "c")],
    "d": [("x", "a")],
    "e": [("x", "a")],
}


def test_a_walk_reaches_places_nearest_first_with_the_first_way_to_each() -> None:
    found = walk(["a"], ARROWS.__getitem__)
    assert list(found) == ["a", "b", "c", "d"]
    assert [found.course_to(place) for place in found] == [(), ("x",), ("y",), ("x", "z")]
    assert "e" not in found
    assert len(found) == 4


def test_a_walk_may_begin_in_several_places() -> None:
    found = walk(["e", "c"], ARROWS.__getitem__)
    assert list(found) == ["e", "c", "a", "d", "b"]
    assert found.course_to("b") == ("x", "x")


def test_a_place_that_was_not_reached_has_no_course() -> None:
    with pytest.raises(KeyError):
        walk(["a"], ARROWS.__getitem__).course_to("e")


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=40))
def test_every_course_is_as_short_as_networkx_finds_it(pairs: list[tuple[int, int]]) -> None:
    graph = networkx.DiGraph([*pairs, (0, 0)])

    def onward(place: int) -> Iterator[tuple[str, int]]:
        return ((f"to {after}", after) for after in graph.successors(place))

    found = walk([0], onward)
    assert {place: len(found.course_to(place)) for place in found} == dict(
        networkx.single_source_shortest_path_length(graph, 0)
    )
    for place in found:
        if course := found.course_to(place):
            assert course[-1] == f"to {place}"
