"""What the package gives out can be pickled, copied and sent to another process, and is the same there."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from io import BytesIO
from multiprocessing import get_context
from typing import Any

import pytest

from ixastate.course.course import Course
from ixastate.course.log import dump, read_stream
from ixastate.course.replay import replay_log
from ixastate.diagrams.show import graph_picture
from ixastate.errors import CourseRefusal
from ixastate.events import parse_event
from ixastate.rules import EDITIONS, load_edition
from ixastate.table.table import Table
from ixastate.testing.adapter import Fault
from tests.test_course import START, begin, facts_of
from tests.test_events import EVENTS
from tests.test_log import EVERY_KIND, event

Way = Callable[[Any], Any]
WAYS: dict[str, Way] = {
    "oldest pickle": lambda value: pickle.loads(pickle.dumps(value, 2)),
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}
LOW = facts_of("neutrophils_measured", 8, value=420, unit="/mm3")
HIGH = facts_of("neutrophils_measured", 16, value=1.5, unit="10*9/L")


def recorded(facts: dict[str, Any], hour: int) -> dict[str, Any]:
    return {**facts, "id": f"line {hour}", "recorded_at": f"2026-04-01T{hour:02}:00:00Z"}


def course(name: str) -> Course:
    """Courses in every sort of state, by name."""
    made = Course("p", "us-label" if name == "of another edition" else "dosing-text")
    if name == "that keeps its facts":
        for hour, facts in enumerate((START, LOW, HIGH), 1):
            made.observe(recorded(facts, hour))
        made.observe({"type": "event_withdrawn", "withdraws": "line 2", "recorded_at": "2026-04-02T00:00:00Z"})
        return made
    if name == "not yet started":
        return made
    made.observe({**START, "patient_informed": name != "blocked"})
    if name in ("held", "resumed", "of another edition"):
        made.observe(LOW)
        made.observe(facts_of("dose_missed", 9))
        made.observe(facts_of("other_toxicity_graded", 10, term="nausea", grade=3))
    if name == "ended":
        made.observe(facts_of("patient_died", 9))
    return Course.resume(made.snapshot()) if name == "resumed" else made


COURSES = (
    *("not yet started", "blocked", "started", "held", "ended", "resumed"),
    *("of another edition", "that keeps its facts"),
)


def further(made: Course) -> list[str]:
    """What the course answers to what comes next, in words."""
    answers = []
    lines = [START, facts_of("dose_taken", 15, dose_mg=4), HIGH, facts_of("rash_graded", 20, grade=4)]
    for hour, facts in enumerate(lines, 10):
        try:
            answers.append(dump(made.observe(recorded(facts, hour) if made.facts else facts)))
        except CourseRefusal as refusal:
            answers.append(str(refusal))
    return answers


# --- Courses ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", COURSES)
def test_a_course_in_any_state_goes_on_as_it_would_have(name: str, way: str) -> None:
    made, plain = course(name), course(name)
    other = WAYS[way](made)
    assert other is not made
    assert (other.snapshot(), other.records, other.facts) == (made.snapshot(), made.records, made.facts)
    assert (other.calendar, other.edition.name, other.due([15])) == (made.calendar, made.edition.name, made.due([15]))
    expected = further(plain)
    assert further(other) == expected
    assert made.snapshot() == course(name).snapshot(), "the copy has not moved it"
    assert further(made) == expected


@pytest.mark.filterwarnings("ignore:This process")
def test_courses_are_sent_to_another_process_and_back() -> None:
    courses = [course(name) for name in COURSES]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert list(pool.map(further, courses)) == [further(one) for one in courses]
        moved = pool.submit(begin).result()
    assert moved.snapshot() == begin().snapshot()
    assert further(moved) == further(begin())


def test_a_course_is_copied_while_another_thread_observes() -> None:
    """The lock of the one is none of the other's."""
    made = course("held")
    assert made._observing.acquire()
    try:
        for way in WAYS.values():
            assert further(way(made)) == further(course("held"))
    finally:
        made._observing.release()


# --- Values -----------------------------------------------------------------------------------------------------


def values() -> dict[str, Any]:
    """Everything else that a user is given, by name."""
    made, table = course("held"), Table.of()
    (line,) = read_stream(BytesIO(dump(made.records[0]).encode()), "log")
    return {
        "records": made.records,
        "records of facts": course("that keeps its facts").records,
        "snapshot": made.snapshot(),
        "status": made.status,
        "calendar": made.calendar,
        "doses": made.due(range(1, 29)),
        "orders": made.records[1].orders,
        "timeline": made.timeline(),
        "picture": made.diagram(),
        "picture of a graph": graph_picture(table.graph),
        "rule": made.edition.rule("ANC-01"),
        "graph": table.graph,
        "step": table.step(table.graph.initial, table.graph.symbols[0]),
        "line of a log": line,
        "difference": [step.differences for step in replay_log([line], "us-label")],
        **{f"edition {name}": load_edition(name) for name in EDITIONS},
    }


@pytest.mark.parametrize("way", WAYS)
def test_a_value_is_the_same_elsewhere(way: str) -> None:
    for name, value in values().items():
        again = WAYS[way](value)
        assert again == value, name
        assert type(again) is type(value), name
        assert repr(again) == repr(value), name


@pytest.mark.parametrize("way", WAYS)
def test_an_event_of_every_kind_is_the_same_elsewhere(way: str) -> None:
    every_kind = [event(kind, **facts) for kind, facts in EVERY_KIND.items()]
    for one in [*map(parse_event, EVENTS), *every_kind]:
        again = WAYS[way](one)
        assert (again, dump(again), hash(again)) == (one, dump(one), hash(one))


@pytest.mark.parametrize("way", WAYS)
def test_a_table_is_the_same_elsewhere(way: str) -> None:
    table = Table.of()
    again = WAYS[way](table)
    assert again.graph.fingerprint == table.graph.fingerprint
    assert again == table
    before, symbol = table.graph.initial, table.graph.symbols[0]
    assert again.step(before, symbol) == table.step(before, symbol)


@pytest.mark.parametrize("way", WAYS)
def test_a_fault_of_a_system_under_test_travels(way: str) -> None:
    again = WAYS[way](Fault("silent", "it did not answer within 5 s"))
    assert (type(again), again.kind, str(again)) == (Fault, "silent", "it did not answer within 5 s")
