"""The history of a course: a value, though longer ones share a list; and what of it a course copies and saves."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from ixastate.course.course import Course
from ixastate.course.memory import ChangeOfState, History

T0 = datetime(2026, 3, 2, 8, tzinfo=UTC)


def change(name: str) -> ChangeOfState:
    return T0, (name,)


# Where each history goes on from: the place of an earlier one, modulo how many there are.
@given(st.lists(st.integers(0, 1_000), max_size=40))
def test_a_history_is_what_a_tuple_would_be_wherever_another_goes_on_from_it(parents: list[int]) -> None:
    histories, tuples = [History()], [()]
    for number, parent in enumerate(parents):
        place = parent % len(histories)
        histories.append(histories[place].then(*change(str(number))))
        tuples.append((*tuples[place], change(str(number))))
    for history, expected in zip(histories, tuples, strict=True):
        assert tuple(history) == expected
        assert tuple(reversed(history)) == expected[::-1]
        assert len(history) == len(expected)
        assert pickle.loads(pickle.dumps(history)) == history == History(expected)
        assert hash(history) == hash(History(expected))
    assert (histories[0] == History([change("0")])) is False


def test_copies_of_a_course_go_their_own_ways() -> None:
    course = Course("one")
    course.observe(
        {
            **{"type": "course_started", "day": 1, "weekday": "monday", "clock_time": "08:00"},
            **{"patient_informed": True, "bilirubin": {"times_uln": 1}},
            "creatinine_clearance": {"value": 90, "unit": "mL/min"},
        }
    )
    copies = [course, copy.copy(course), copy.deepcopy(course), pickle.loads(pickle.dumps(course))]
    low = {"type": "neutrophils_measured", "day": 8, "value": 400, "unit": "/mm3"}
    rash, death = {"type": "rash_graded", "day": 8, "grade": 3}, {"type": "patient_died", "day": 8}
    platelets = {**low, "type": "platelets_measured", "value": 9_000}
    for one, event in zip(copies, (low, rash, platelets, death), strict=True):
        one.observe(event)
    assert [[status.words for _, status in one.changes] for one in copies] == [
        ["active at 4 mg", "held for neutrophils"],
        ["active at 4 mg", "active at 4 mg"],
        ["active at 4 mg", "held for platelets"],
        ["active at 4 mg", "discontinued"],
    ]
