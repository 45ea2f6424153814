"""The coverage criteria: on small tables, where every target can be found in another way or worked out by hand."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import cast

import pytest

from ixastate.rules import load_edition
from ixastate.table.table import tabulate
from ixastate.testing.suites import covers
from ixastate.testing.suites.covers import Candidate, CoverTargets, SelectedCourse, configurations, greedy, pairs
from ixastate.testing.suites.make import make_suite
from tests.tables import graph, starting_only

ENTRY = -1


@cache
def small(edition: str) -> CoverTargets:
    """The targets of an edition in which every course starts at 3 and 5 mg."""
    return CoverTargets(tabulate(starting_only(graph(edition), "start_3_5")))


@cache
def chosen(edition: str) -> list[SelectedCourse]:
    return pairs(small(edition))


def every_pair(targets: CoverTargets) -> set[str]:
    """The pairs that any course takes: region by region, every configuration with every transition that can be last."""
    of, table = targets.table.graph, targets.table

    def moves(number: int, region: str) -> bool:
        edge = of.edges[number]
        inside = [name for name, leaves in of.regions.items() if edge.source in leaves]
        if inside:
            return region in inside
        return region == "" or bool(set(of.regions[region]) & set(edge.targets))

    found = set()
    for region in ("", *of.regions):
        taken = [[number for number in edges if moves(number, region)] for edges in table.edges]
        seen = {(0, ENTRY)}
        left = [(0, ENTRY)]
        while left:
            number, last = left.pop()
            for symbol, out in targets.shown.moves_of(number):
                latest = last
                for edge in taken[out]:
                    found.add((latest, edge))
                    latest = edge
                after = (table.next[number * len(table.symbols) + symbol], latest)
                if after not in seen:
                    seen.add(after)
                    left.append(after)
    return {f"{of.edges[one] if one != ENTRY else 'entry'} | {of.edges[two]}" for one, two in found}


@pytest.mark.parametrize("edition", ["dosing-text", "what-if-persist"])
def test_pairs_are_all_that_any_course_takes(edition: str) -> None:
    named = [name for one in chosen(edition) for name in one.covers]
    assert set(named) == every_pair(small(edition))
    assert len(set(named)) == len(named)


def test_a_pair_with_something_in_between_is_taken_on_the_shortest_way() -> None:
    """A first rash that is reported again is no matter above the floor of ixazomib, and ends treatment at it.

    Between the two reports ixazomib must come to its floor, and from 3 mg neutropenia leads there in two events. With
    the start and the rash these are six.
    """
    again = "rash_open_first --rash_grade_2_3"
    pair = f"{again} [ixazomib above its floor]--> stays | {again} [ixazomib at its floor]--> discontinued"
    [course] = [one.symbols for one in chosen("what-if-persist") if pair in one.covers]
    assert sorted(course) == sorted(["start_3_5", *["rash_grade_2_3"] * 3, "anc_low", "anc_recovered"])
    assert course[-2:] == ("anc_recovered", "rash_grade_2_3")


def test_the_course_with_most_new_targets_an_event_is_chosen_first_and_what_others_cover_is_left_out() -> None:
    two_in_two, one_in_one = Candidate(0b0011, 2, (1, 0)), Candidate(0b0100, 1, (2, 0))
    three_in_four, nothing, all_in_nine = (
        Candidate(0b1110, 4, (3, 0)),
        Candidate(0, 1, (4, 0)),
        Candidate(0b1111, 9, (5, 0)),
    )
    # The first and the second have one target an event; the third is needed for the last, and then not the second.
    every = [all_in_nine, nothing, three_in_four, one_in_one, two_in_two]
    assert greedy(every, 0b1111) == [two_in_two, three_in_four]
    assert greedy(every, 0b0111) == [one_in_one, two_in_two]
    # Of equals the shorter, then the earlier; a target that nothing covers is given up.
    assert greedy([Candidate(1, 1, (2, 0)), Candidate(1, 1, (1, 0))], 0b1) == [Candidate(1, 1, (1, 0))]
    assert greedy([two_in_two], 0b1001) == [Candidate(0b0001, 2, (1, 0))]


# A small machine as a tree of shortest courses: 0 -a-> 1 -b-> 3, and 0 -b-> 2 -a-> 4. Of one class are 2 and 3.
CAME_FROM = {0: None, 1: (0, "a"), 2: (0, "b"), 3: (1, "b"), 4: (2, "a")}
CLASSES = [0, 2, 1, 1, 3]


def courses_to(number: int) -> tuple[str, ...]:
    before = CAME_FROM[number]
    return (*courses_to(before[0]), before[1]) if before else ()


def test_state_coverage_goes_to_the_farthest_class_and_names_those_on_its_way_that_are_new() -> None:
    targets = SimpleNamespace(
        table=SimpleNamespace(minimal=lambda: CLASSES),
        shown=SimpleNamespace(found=SimpleNamespace(came_from=CAME_FROM)),
        course=lambda move: (*courses_to(move[0]), move[1]),
    )
    assert configurations(cast(CoverTargets, targets)) == [
        SelectedCourse(("b", "a"), ("class 0", "class 1", "class 3")),
        SelectedCourse(("a",), ("class 2",)),
    ]


def test_a_suite_of_configurations_has_the_courses_of_state_coverage(monkeypatch: pytest.MonkeyPatch) -> None:
    selected = [
        SelectedCourse(("start_3_5", "platelets_low"), ("class 2",)),
        SelectedCourse(("start_3_5",), ("class 1",)),
    ]
    monkeypatch.setattr(covers, "configurations", lambda targets: selected)
    made = make_suite(["configurations"])
    assert made.header.cover == ("configurations",)
    found = [(one.course, one.covers, [event.type for event in one.events()]) for one in made.courses]
    # In the order of their symbols, so that those that begin alike stand together.
    assert found == [
        ("configurations-0001", ("class 1",), ["course_started"]),
        ("configurations-0002", ("class 2",), ["course_started", "platelets_measured"]),
    ]
    assert made.courses[1].steps[-1].expected["ixazomib_held"]
    assert made.header.edition == load_edition().name
