"""Replay: the same log gives the same course, patients do not touch each other, and an edited decision is named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ixastate.course.course import Course
from ixastate.course.log import dump
from ixastate.course.replay import DECIDED, Difference, Replayed, replay_log
from ixastate.errors import CourseRefusal, InputError, RulesError
from ixastate.events import AnyEvent, parse_event
from ixastate.rules import DEFAULT_EDITION, EDITIONS
from tests.test_fuzz import accepted, events
from tests.test_log import START, as_log, read


def log(*facts: dict[str, Any]) -> list[AnyEvent]:
    return [parse_event(fact) for fact in facts]


COURSE = log(
    START,
    {"type": "dose_taken", "day": 1, "dose_mg": 4},
    {"type": "neutrophils_measured", "day": 15, "value": 499, "unit": "/mm3"},
    {"type": "neutrophils_measured", "day": 22, "value": 0.5, "unit": "10*9/L"},
    {"type": "dose_missed", "day": 30, "scheduled_day": 29},
    {"type": "neuropathy_graded", "day": 36, "grade": 4},
    {"type": "rash_graded", "day": 50, "grade": 2},
)


def replay(content: str, edition: str | None = None) -> list[Replayed]:
    return list(replay_log(read(content), edition))


def records_of(steps: list[Replayed]) -> list[dict[str, Any]]:
    return [json.loads(dump(step.record)) for step in steps]


RECORDS = records_of(replay(as_log(*COURSE)))


def edited(number: int, **changes: Any) -> str:
    """The records of the course with one of them changed."""
    lines = [record | (changes if record["number"] == number else {}) for record in RECORDS]
    return "".join(f"{json.dumps(line)}\n" for line in lines)


# --- The same again -------------------------------------------------------------------------------------------


def test_records_replay_without_a_difference() -> None:
    again = replay(edited(0))
    assert [step.differences for step in again] == [()] * len(COURSE)
    assert records_of(again) == RECORDS


@settings(max_examples=80, deadline=None)
@given(course=events())
def test_the_records_of_any_course_replay_without_a_difference(course: list[AnyEvent]) -> None:
    steps = accepted(course)
    again = replay(as_log(*(step.record for step in steps)))
    assert [str(difference) for step in again for difference in step.differences] == []
    assert [step.record for step in again] == [step.record for step in steps]


def test_records_in_the_hour_that_comes_twice_replay_without_a_difference() -> None:
    """On 25 October 2026 half past two comes twice in Berlin; the record is of the first."""
    start = {**START, "weekday": "sunday", "clock_time": "02:30"}
    first = Course()
    first.observe(parse_event(start))
    assert first.calendar is not None
    day = next(day for day in range(1, 300) if first.calendar.moment(day).isoformat().startswith("2026-10-25"))
    steps = replay(as_log(*log(start, {"type": "rash_graded", "day": day, "grade": 0})))
    assert steps[1].record.at is not None
    assert steps[1].record.at.isoformat() == "2026-10-25T02:30:00+02:00"
    again = replay(as_log(*(step.record for step in steps)))
    assert [str(difference) for step in again for difference in step.differences] == []


def test_events_and_records_may_follow_each_other() -> None:
    mixed = as_log(replay(as_log(*COURSE))[0].record, *COURSE[1:])
    assert records_of(replay(mixed)) == RECORDS


def test_a_course_can_be_read_off_while_it_runs() -> None:
    words = [step.course.status.words for step in replay_log(read(as_log(*COURSE)))]
    assert words == [
        "active at 4 mg",
        "active at 4 mg",
        "held for neutrophils",
        "active at 3 mg",
        "active at 3 mg",
        "discontinued",
        "discontinued",
    ]


# --- Many patients --------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(courses=st.lists(events(), min_size=2, max_size=4), random=st.randoms(use_true_random=False))
def test_patients_in_one_file_are_as_they_are_apart(courses: list[list[AnyEvent]], random: Any) -> None:
    patients = [None, "p", "q", "r"][: len(courses)]
    apart: dict[str | None, list[AnyEvent]] = {
        patient: [step.record.event.model_copy(update={"patient": patient}) for step in accepted(course)]
        for patient, course in zip(patients, courses, strict=True)
    }
    turns = [patient for patient, course in apart.items() for _ in course]
    random.shuffle(turns)
    left = {patient: iter(course) for patient, course in apart.items()}
    together = replay(as_log(*(next(left[patient]) for patient in turns)))
    assert [step.record.patient for step in together] == turns
    for patient, course in apart.items():
        steps = [step for step in together if step.record.patient == patient]
        assert records_of(steps) == records_of(replay(as_log(*course)))
        assert len({id(step.course) for step in steps}) == 1


def test_a_line_without_a_patient_belongs_to_the_patient_without_a_name() -> None:
    named = [event.model_copy(update={"patient": "p"}) for event in COURSE]
    steps = replay(as_log(*named[:1], *COURSE[:1], *named[2:3], *COURSE[1:2]))
    assert [(step.record.patient, step.record.number) for step in steps] == [("p", 1), (None, 1), ("p", 2), (None, 2)]
    assert [step.course.status.words for step in steps[2:]] == ["held for neutrophils", "active at 4 mg"]


def test_a_refusal_of_one_patient_names_the_line_of_the_file() -> None:
    named = [event.model_copy(update={"patient": "p"}) for event in COURSE]
    with pytest.raises(CourseRefusal) as caught:
        replay(as_log(*named[:3], *COURSE[:1], COURSE[0]))
    assert caught.value.where == "log:5: event 2 (course_started)"


# --- What was decided otherwise -------------------------------------------------------------------------------

EDITS: dict[str, tuple[Any, str, str]] = {
    "edition": ("us-label", "us-label", "dosing-text"),
    "at": ("2026-03-16T09:00:00+01:00", "2026-03-16 09:00:00+01:00", "2026-03-16 08:00:00+01:00"),
    "day": (16, "16", "15"),
    "symbols": (["anc_recovered"], "anc_recovered", "anc_low"),
    "before": (["screening"], "screening", "; ".join(RECORDS[2]["before"])),
    "after": (["discontinued"], "discontinued", "; ".join(RECORDS[2]["after"])),
    "status": (RECORDS[1]["status"], "active at 4 mg", "held for neutrophils"),
    "orders": ([], "nothing", "hold ixazomib; hold lenalidomide; consider G-CSF"),
    "rules": (["ANC-01"], "ANC-01", "; ".join(RECORDS[2]["rules"])),
    "earned": ([{"drug": "ixazomib", "rule": "PN-07", "day": 9}], "PN-07 on day 9", "nothing"),
    "revisions": (
        [{"number": 1, "id": "visit", "then": [{"verb": "hold", "drug": "ixazomib"}], "now": []}],
        "event 1 (visit): nothing instead of hold ixazomib",
        "nothing",
    ),
    "impossible": (
        [{"number": 2, "why": "the course has not started"}],
        "event 2: the course has not started",
        "nothing",
    ),
    "ties": ([1, 2], "1; 2", "nothing"),
}


def test_every_part_of_a_decision_is_edited_once() -> None:
    assert set(EDITS) == set(DECIDED)


@pytest.mark.parametrize("part", EDITS)
def test_an_edited_decision_is_named(part: str) -> None:
    value, recorded, today = EDITS[part]
    differences = [difference for step in replay(edited(3, **{part: value})) for difference in step.differences]
    assert differences == [Difference("log:3", part, recorded, today)]
    assert str(differences[0]) == f"log:3: {part} was {recorded}, today it is {today}"


def test_an_edited_event_shows_in_everything_that_follows_from_it() -> None:
    event = {**RECORDS[2]["event"], "value": 500}
    differences = [difference for step in replay(edited(3, event=event)) for difference in step.differences]
    assert {difference.where for difference in differences} == {"log:3", "log:4", "log:5", "log:6"}
    assert {difference.part for difference in differences if difference.where == "log:3"} == {
        "symbols",
        "after",
        "status",
        "orders",
        "rules",
    }


def test_the_same_moment_in_another_offset_is_no_difference() -> None:
    assert not any(step.differences for step in replay(edited(3, at="2026-03-16T07:00:00Z")))


def test_a_moment_that_was_recorded_where_today_there_is_none() -> None:
    """A course that is dated by treatment days has no moments."""
    start = {name: value for name, value in START.items() if name not in ("at", "timezone")}
    [record] = records_of(replay(as_log(parse_event({**start, "day": 1, "weekday": "monday"}))))
    assert record["at"] is None
    line = json.dumps({**record, "at": "2026-03-03T10:00:00+01:00"})
    differences = [difference for step in replay(line) for difference in step.differences]
    assert differences == [Difference("log:1", "at", "2026-03-03 10:00:00+01:00", "None")]


@pytest.mark.parametrize(
    ("order", "where", "what"),
    [
        ([0, 2], "log:2", "record 3 stands where record 2 belongs"),
        ([0, 1, 1], "log:3", "record 2 stands where record 3 belongs"),
        ([1], "log:1", "has not started"),
    ],
    ids=["lost", "doubled", "the first lost"],
)
def test_records_out_of_number(order: list[int], where: str, what: str) -> None:
    content = "".join(f"{json.dumps(RECORDS[index])}\n" for index in order)
    with pytest.raises((InputError, CourseRefusal), match=what) as caught:
        replay(content)
    assert caught.value.where.startswith(where)


# --- Editions -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edition", EDITIONS)
def test_a_log_runs_under_every_edition_and_its_records_name_it(edition: str) -> None:
    steps = replay(as_log(*COURSE[:1]), edition)
    assert [step.record.edition for step in steps] == [edition]
    again = replay(as_log(*(step.record for step in steps)))
    assert [step.course.edition.name for step in again] == [edition]
    assert not any(step.differences for step in again)


def test_events_run_under_the_usual_edition() -> None:
    assert {record["edition"] for record in RECORDS} == {DEFAULT_EDITION}


def test_records_of_an_edition_that_is_gone_can_be_run_under_another() -> None:
    gone = json.dumps({**RECORDS[0], "edition": "gone"})
    with pytest.raises(RulesError, match="no edition 'gone'"):
        replay(gone)
    (step,) = replay(gone, "dosing-text")
    assert step.differences == (Difference("log:1", "edition", "gone", "dosing-text"),)


def test_an_unknown_edition_is_refused_before_anything_runs() -> None:
    with pytest.raises(RulesError, match="no edition 'us'"):
        next(replay_log(read(as_log(*COURSE)), "us"))


def test_two_that_read_alike_are_told_apart() -> None:
    """The words say nothing of lenalidomide's dose."""
    status = {**RECORDS[0]["status"], "lenalidomide_mg": 15.0}
    [found] = [one for step in replay(edited(1, status=status)) for one in step.differences]
    assert (found.part, found.recorded != found.today) == ("status", True)
    assert "lenalidomide 15 mg" in found.recorded
    assert "lenalidomide 15 mg" not in found.today


def test_words_that_do_not_fit_the_status_are_a_difference() -> None:
    status = {**RECORDS[1]["status"], "words": "active at 4 mg, all is well"}
    [found] = [one for step in replay(edited(2, status=status)) for one in step.differences]
    assert found == Difference("log:2", "words", "active at 4 mg, all is well", RECORDS[1]["status"]["words"])


def test_a_replayed_course_keeps_its_records_unless_it_is_not_to() -> None:
    kept = [step.course for step in replay_log(read(as_log(*COURSE)))][-1]
    assert [record.event for record in kept.records] == COURSE
    left = list(replay_log(read(as_log(*COURSE)), keep_records=False))
    assert left[-1].course.records == ()
    assert [step.record.event for step in left] == COURSE
