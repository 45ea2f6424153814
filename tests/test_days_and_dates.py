"""Courses dated by treatment days alone, and by dates: what can be placed in which, and what is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ixastate.cli.main import main
from ixastate.course.course import Course
from ixastate.course.schedule import NOMINAL_MONDAY
from ixastate.errors import CourseRefusal, InputError
from ixastate.events import WEEKDAYS
from tests.test_course import EXAMPLES, at, refuses

Facts = dict[str, Any]
BY_DAY: Facts = {
    "type": "course_started",
    "day": 1,
    "weekday": "wednesday",
    "clock_time": "08:00",
    "patient_informed": True,
    "bilirubin": {"times_uln": 0.8},
    "creatinine_clearance": {"value": 80, "unit": "mL/min"},
}
BY_DATE: Facts = {**{name: value for name, value in BY_DAY.items() if name != "day"}, "at": "2026-03-02T08:00:00Z"}
BLOCKED: Facts = {"patient_informed": False}
LOW: Facts = {"type": "neutrophils_measured", "value": 420, "unit": "/mm3"}
# Dates before, on and after the calendar that is made up, at its very slots and elsewhere.
DATES = ("1999-12-31T08:00:00Z", "2001-01-03T08:00:00Z", "2001-01-17T09:00:00+01:00", "2026-03-02T08:00:00Z")


def course(*facts: Facts) -> Course:
    made = Course("p")
    for one in facts:
        made.observe(one)
    return made


# --- A date in a course of days ----------------------------------------------------------------------------------


@pytest.mark.parametrize("date", DATES)
@pytest.mark.parametrize("facts", EXAMPLES.values(), ids=EXAMPLES.keys())
def test_a_date_has_no_place_in_a_course_of_days(facts: Facts, date: str) -> None:
    refusal = refuses(course(BY_DAY), at(facts, date))
    assert refusal.what.startswith("the course is dated by treatment days, so ")
    assert "give the treatment day in `day`" in refusal.remedy


def test_nor_after_the_end_nor_behind_other_days() -> None:
    ended = course(BY_DAY, {"type": "patient_died", "day": 9})
    assert "dated by treatment days" in refuses(ended, {**LOW, "at": DATES[-1]}).what
    assert course(BY_DAY, {**LOW, "day": 8}).observe({**LOW, "day": 8}).day == 8
    assert "dated by treatment days" in refuses(course(BY_DAY, {**LOW, "day": 8}), {**LOW, "at": DATES[-1]}).what


def test_the_made_up_year_is_in_no_answer() -> None:
    """What a user is shown of a course of days: texts, records, refusals."""
    seen = course({**BY_DAY, **BLOCKED}, BY_DAY, {**LOW, "day": 8})
    texts = [str(seen.timeline()), repr(seen), seen._repr_html_()]
    texts += [record.model_dump_json() for record in seen.records] + [repr(record) for record in seen.records]
    texts += [str(refuses(seen, {**LOW, "day": 7})), str(refuses(seen, {**LOW, "at": "2026-03-02T08:00:00Z"}))]
    assert not any(str(NOMINAL_MONDAY.year) in text for text in texts)
    assert [record.at for record in seen.records] == [None] * 3


def test_the_command_names_the_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text("".join(json.dumps(fact) + "\n" for fact in (BY_DAY, {**LOW, "at": "2026-03-10T09:00:00+01:00"})))
    for command in (["replay"], ["replay", "--json"], ["schedule"]):
        assert main([*command, str(log)]) == 2
        out, err = capsys.readouterr()
        # As JSON the record of the line before it was printed as it was read.
        assert len(out.splitlines()) == command.count("--json")
        assert err.startswith(
            f"ixastate: {log}:2: event 2 (neutrophils_measured): the course is dated by treatment days"
        )


# --- A day in a course of dates ----------------------------------------------------------------------------------


@pytest.mark.parametrize("facts", EXAMPLES.values(), ids=EXAMPLES.keys())
def test_a_day_has_a_place_in_a_course_of_dates(facts: Facts) -> None:
    """It stands for the weekly clock time of that day, which the calendar knows."""
    record = course(BY_DATE).observe({**at(facts, ""), "at": None, "day": 8})
    assert (record.day, record.at) == (8, datetime(2026, 3, 11, 8, tzinfo=UTC))


@pytest.mark.parametrize("date", DATES)
def test_a_course_with_dates_cannot_start_on_a_mere_day(date: str) -> None:
    refusal = refuses(course({**BY_DATE, **BLOCKED, "at": date}), BY_DAY)
    assert refusal.what.startswith("the course has dates, the last of them ")
    assert refusal.remedy == "give course_started a date in `at`"


@pytest.mark.parametrize("date", DATES)
def test_a_blocked_start_by_day_does_not_bind_the_course_to_days(date: str) -> None:
    later = course({**BY_DAY, **BLOCKED}, {**BY_DATE, "at": date})
    assert later.calendar is not None
    assert not later.calendar.nominal
    ended = course({**BY_DAY, **BLOCKED}, {"type": "patient_died", "at": date})
    assert ended.status.phase == "discontinued"


# --- A blocked start, and another --------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "second"), [*product(WEEKDAYS, WEEKDAYS)])
def test_a_blocked_start_by_day_may_be_followed_by_one_on_any_weekday(first: str, second: str) -> None:
    """Day 1 of a start that was blocked never came; its weekday and hour say nothing of when the next one is."""
    made = course({**BY_DAY, **BLOCKED, "weekday": first, "clock_time": "23:59"}, {**BY_DAY, "weekday": second})
    assert made.calendar == course({**BY_DAY, "weekday": second}).calendar
    assert (made.records[1].day, made.records[1].words) == (1, "active at 4 mg")


STARTS = st.fixed_dictionaries(
    {
        "weekday": st.sampled_from(WEEKDAYS),
        "clock_time": st.sampled_from(["00:00", "08:00", "23:59"]),
        "timezone": st.sampled_from([None, "UTC", "Pacific/Auckland", "America/Los_Angeles"]),
    }
)


@given(st.lists(STARTS, max_size=4), STARTS)
def test_blocked_starts_leave_no_trace_but_their_records(blocked: list[Facts], start: Facts) -> None:
    attempts = [{**BY_DAY, **BLOCKED, **one} for one in blocked]
    seen, plain = course(*attempts, {**BY_DAY, **start}), course({**BY_DAY, **start})
    assert (seen.status, seen.calendar, seen.latest) == (plain.status, plain.calendar, plain.latest)
    assert seen.due(range(1, 57)) == plain.due(range(1, 57))
    assert [(record.at, record.day) for record in seen.records[:-1]] == [(None, None)] * len(blocked)
    again = Course.resume(course(*attempts).snapshot().model_dump_json())
    again.observe({**BY_DAY, **start})
    assert again.snapshot() == seen.snapshot()


@given(st.lists(STARTS, min_size=1, max_size=3), STARTS)
def test_the_same_of_a_course_that_keeps_its_facts(blocked: list[Facts], start: Facts) -> None:
    lines = [{**BY_DAY, **BLOCKED, **one} for one in blocked] + [{**BY_DAY, **start}, {**LOW, "day": 8}]
    recorded = [{**line, "recorded_at": f"2026-03-0{number}T12:00:00Z"} for number, line in enumerate(lines, 1)]
    seen, plain = course(*recorded), course(*lines)
    assert [record.words for record in seen.records] == [record.words for record in plain.records]
    assert not any(fact.impossible for fact in seen.facts)
    assert [fact.number for fact in seen.facts] == list(range(1, len(lines) + 1))


def test_a_date_among_facts_of_days_is_kept_and_flagged() -> None:
    """A course that keeps its facts drops none; one that has no place in it is flagged as impossible."""
    seen = course(
        {**BY_DAY, "recorded_at": "2026-03-02T12:00:00Z"},
        {**LOW, "at": "2026-03-09T08:00:00Z", "recorded_at": "2026-03-09T12:00:00Z"},
    )
    assert [bool(fact.impossible) for fact in seen.facts] == [False, True]
    assert "dated by treatment days" in seen.facts[1].impossible
    assert seen.status.words == "active at 4 mg"


# --- What is asked -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [BY_DAY, BY_DATE], ids=["days", "dates"])
def test_the_status_of_a_day_can_be_asked(start: Facts) -> None:
    seen = course(start, {**LOW, "day": 8}, {**LOW, "day": 15, "value": 1500})
    words = [seen.status_at(day).words for day in (-2, 1, 7, 8, 14, 15, 99)]
    assert words[0] == "screening"
    assert words[1:5] == ["active at 4 mg", "active at 4 mg", "held for neutrophils", "held for neutrophils"]
    assert words[5] == words[6] == seen.status.words


@pytest.mark.parametrize("date", DATES)
def test_a_date_cannot_be_asked_of_a_course_of_days(date: str) -> None:
    """It would be answered by the calendar that is made up: the last state, or screening."""
    moment = datetime.fromisoformat(date)
    with pytest.raises(InputError, match=r"^status_at: the course is dated by treatment days, and knows no dates"):
        course(BY_DAY).status_at(moment)
    assert course(BY_DATE).status_at(moment).phase == ("on treatment" if moment.year == 2026 else "screening")


@pytest.mark.parametrize("when", [True, 8.0, "8", None, "2026-03-02T08:00:00Z", datetime(2026, 3, 2), 10**9])
@pytest.mark.parametrize("start", [BY_DAY, BY_DATE], ids=["days", "dates"])
def test_what_is_neither_a_day_nor_a_moment_cannot_be_asked(start: Facts, when: Any) -> None:
    with pytest.raises(InputError, match=r"^status_at: .+ \(.+\)$"):
        course(start).status_at(when)


def test_before_the_start_there_are_no_days() -> None:
    for made in (Course(), course({**BY_DAY, **BLOCKED})):
        assert (made.due([1]), made.latest) == ([], None)
        assert made.status_at(datetime(2026, 3, 2, tzinfo=UTC)).phase == "screening"
        with pytest.raises(InputError, match="a treatment day means nothing before the start"):
            made.status_at(1)
    with pytest.raises(CourseRefusal, match="means nothing before the start"):
        course({**BY_DAY, **BLOCKED}).observe({"type": "patient_died", "day": 1})
