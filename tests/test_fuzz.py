"""Whatever the bytes, a log either runs or is answered with an error of our own family, on one line.

The strategies break valid logs, records and snapshots in the ways in which files break (bytes and lines lost,
doubled, moved, cut off) and put any JSON value in the place of any other.
"""

from __future__ import annotations

import copy
import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ixastate.course.course import Course
from ixastate.course.log import dump, read_stream
from ixastate.course.replay import Replayed, replay_log
from ixastate.course.timeline import timeline
from ixastate.errors import CourseRefusal, IxastateError
from ixastate.events import AnyEvent, parse_event
from tests import strategies
from tests.test_log import ANY_EVENT, START

SETTINGS = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
FIRST = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)

# Numbers that JSON can write and Python's json cannot; the text between the marks is put into the line bare.
BARE = st.sampled_from(["1e99999999999999999999", "1e400", "-1e-400", "1E+5000", "9" * 400, "9" * 5000, "-0.0", "0.10"])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    BARE.map(lambda number: f"@@{number}@@"),
    st.sampled_from(["a\nb", "\ud800", "\x00", "2026-03-02T08:00:00Z", "0001-01-01T00:00:00+14:00", "on treatment"]),
    st.sampled_from(["9999-12-31T23:59:59-14:00", "screening", "rash_graded", "08:00", "UTC", "Europe", 10**400]),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(st.text(max_size=3), st.sampled_from(["type", "event", "rash_graded", "words"])),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=6,
)


def text_of(value: Any) -> str:
    return re.sub(r'"@@(.*?)@@"', r"\1", json.dumps(value))


def places(value: Any) -> list[tuple[Any, ...]]:
    """The way to every value inside a JSON value, and () for itself."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(), *((name, *place) for name, part in inner for place in places(part))]


def put(value: Any, place: tuple[Any, ...], new: Any) -> Any:
    """The value with another one at this place."""
    if not place:
        return new
    whole = copy.copy(value)
    whole[place[0]] = put(value[place[0]], place[1:], new)
    return whole


@st.composite
def events(draw: st.DrawFn) -> list[AnyEvent]:
    """A course that starts, and what then happens in it."""
    start: dict[str, Any] = draw(strategies.STARTS)
    assumed: list[str] = start["assumed"]
    organs = {organ: START[organ] for organ in ("bilirubin", "creatinine_clearance") if organ not in assumed}
    happening = draw(st.lists(ANY_EVENT, max_size=5))
    now, course = FIRST, []
    for facts in ({**organs, **start}, *happening):
        course.append(parse_event({**facts, "at": now}))
        now += timedelta(days=draw(st.sampled_from([0, 1, 7, 7, 28, 28])), minutes=draw(st.sampled_from([0, 59])))
    return course


def accepted(course: list[AnyEvent]) -> list[Replayed]:
    """What a course takes in of these events."""
    taken, living = [], Course()
    for event in course:
        try:
            taken.append(Replayed(living, living.observe(event)))
        except CourseRefusal:
            continue
    return taken


def on_one_line(error: IxastateError) -> None:
    assert error.what
    assert len(str(error).splitlines()) == 1


def runs_or_says_why(content: bytes) -> bool:
    """Whether a log runs; an error is one of ours, on one line with a remedy."""
    try:
        replayed = list(replay_log(read_stream(io.BytesIO(content), "log")))
        assert list(timeline(replayed))
        for step in replayed:
            assert dump(step.record)
            assert all(str(difference) for difference in step.differences)
    except IxastateError as error:
        answer = error
    else:
        return True
    on_one_line(answer)
    return False


@settings(SETTINGS, max_examples=250)
@given(content=st.binary())
def test_any_bytes(content: bytes) -> None:
    runs_or_says_why(content)


@settings(SETTINGS, max_examples=250)
@given(value=JSON, as_event=st.booleans())
def test_any_json_value(value: Any, as_event: bool) -> None:
    runs_or_says_why(text_of({"event": value} if as_event else value).encode())


@settings(SETTINGS, max_examples=250)
@given(value=JSON)
def test_any_value_given_from_python(value: Any) -> None:
    try:
        parse_event(value, "here")
    except IxastateError as error:
        answer = error
    else:
        raise AssertionError("this was taken for an event")
    on_one_line(answer)
    assert answer.where.startswith("here")


@settings(SETTINGS, max_examples=200)
@given(course=events(), data=st.data())
def test_valid_logs_with_bytes_lost_doubled_moved_and_cut(course: list[AnyEvent], data: st.DataObject) -> None:
    content = "".join(f"{dump(event)}\n" for event in course).encode()
    for _ in range(data.draw(st.integers(1, 3))):
        where = data.draw(st.integers(0, len(content)))
        other = data.draw(st.integers(0, len(content)))
        first, last = sorted((where, other))
        content = data.draw(
            st.sampled_from(
                [
                    content[:where] + content[where + 1 :],
                    content[:where] + content[where : where + 1] + content[where:],
                    content[:where],
                    content[:first] + content[last:] + content[first:last],
                    content[:where] + data.draw(st.binary(min_size=1, max_size=3)) + content[where + 1 :],
                ]
            )
        )
    runs_or_says_why(content)


@settings(SETTINGS, max_examples=200)
@given(course=events(), data=st.data(), as_records=st.booleans())
def test_valid_logs_with_lines_lost_doubled_and_moved(
    course: list[AnyEvent], data: st.DataObject, as_records: bool
) -> None:
    lines = [dump(step.record) for step in accepted(course)] if as_records else [dump(event) for event in course]
    moved = data.draw(st.lists(st.sampled_from(lines), max_size=6)) if lines else []
    runs_or_says_why("".join(f"{line}\n" for line in moved).encode())


@settings(SETTINGS, max_examples=300)
@given(course=events(), data=st.data(), value=JSON)
def test_events_with_any_value_in_any_place(course: list[AnyEvent], data: st.DataObject, value: Any) -> None:
    lines = [json.loads(dump(event)) for event in course]
    place = data.draw(st.sampled_from(places(lines)[1:]))
    runs_or_says_why("".join(f"{text_of(line)}\n" for line in put(lines, place, value)).encode())


@settings(SETTINGS, max_examples=400)
@given(course=events(), data=st.data(), value=JSON)
def test_records_with_any_value_in_any_place(course: list[AnyEvent], data: st.DataObject, value: Any) -> None:
    lines = [json.loads(dump(step.record)) for step in accepted(course)]
    place = data.draw(st.sampled_from(places(lines)[1:]))
    runs_or_says_why("".join(f"{text_of(line)}\n" for line in put(lines, place, value)).encode())


@settings(SETTINGS, max_examples=300)
@given(course=events(), data=st.data(), value=JSON, later=ANY_EVENT)
def test_snapshots_with_any_value_in_any_place(
    course: list[AnyEvent], data: st.DataObject, value: Any, later: dict[str, Any]
) -> None:
    living = Course()
    for step in accepted(course):
        living = step.course
    saved = json.loads(living.snapshot().model_dump_json())
    place = data.draw(st.sampled_from(places(saved)))
    try:
        resumed = Course.resume(text_of(put(saved, place, value)))
        resumed.observe(parse_event({**later, "at": FIRST + timedelta(days=400)}))
        assert resumed.snapshot().number > 0
        resumed.due(range(1, 29))
    except IxastateError as error:
        answer = error
    else:
        return
    on_one_line(answer)


@settings(SETTINGS, max_examples=150)
@given(saved=st.one_of(st.binary(), st.text(), JSON.map(text_of)))
def test_what_is_no_snapshot(saved: str | bytes) -> None:
    try:
        Course.resume(saved)
    except IxastateError as error:
        answer = error
    else:
        raise AssertionError("this was taken for a snapshot")
    on_one_line(answer)


CORRECTED = (Path(__file__).parent.parent / "examples" / "corrected-count.jsonl").read_bytes()
STEPS = list(replay_log(read_stream(io.BytesIO(CORRECTED), "log")))
RECORDS = [step.record for step in STEPS]
# The lines of a log that is corrected, and the records of the same; and what is saved of the course.
RECORDED = [[json.loads(dump(line)) for line in lines] for lines in ([one.event for one in RECORDS], RECORDS)]
SAVED = json.loads(STEPS[-1].course.snapshot().model_dump_json())


@settings(SETTINGS, max_examples=300)
@given(lines=st.sampled_from(RECORDED), data=st.data(), value=JSON)
def test_a_log_with_corrections_with_any_value_in_any_place(lines: Any, data: st.DataObject, value: Any) -> None:
    # The later lines alone: what goes wrong in the first is found above.
    place = data.draw(st.sampled_from([place for place in places(lines)[1:] if place[0] > 2]))
    runs_or_says_why("".join(f"{text_of(line)}\n" for line in put(lines, place, value)).encode())


@settings(SETTINGS, max_examples=300)
@given(data=st.data(), value=JSON)
def test_saved_facts_with_any_value_in_any_place(data: st.DataObject, value: Any) -> None:
    place = data.draw(st.sampled_from([place for place in places(SAVED) if "facts" in place or "amended" in place]))
    try:
        Course.resume(text_of(put(SAVED, place, value)))
    except IxastateError as error:
        on_one_line(error)


def test_the_valid_logs_are_valid() -> None:
    """The strategies break what would run."""
    assert runs_or_says_why(text_of(START).encode())
    assert not runs_or_says_why(text_of({**START, "at": "@@1e400@@"}).encode())
