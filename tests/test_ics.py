"""The calendar file: every due dose once, at the right moment, in a form that a calendar program reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest

from ixastate.course.course import Course
from ixastate.errors import InputError
from ixastate.events import parse_event
from ixastate.exchange.ics import icalendar as calendar_file
from tests.test_log import START


def course_of(*facts: dict[str, Any], patient: str | None = None) -> Course:
    course = Course(patient)
    for fact in facts:
        course.observe(parse_event(fact))
    return course


def day_of(entry: Any) -> int:
    return int(str(entry["uid"]).split("-day-")[1].removesuffix("@ixastate"))


def entries_of(content: bytes) -> list[Any]:
    return list(icalendar.Calendar.from_ical(content).walk("VEVENT"))


def entries(course: Course, days: range) -> list[Any]:
    """The entries of what is due on these days, without what is taken back."""
    found = entries_of(calendar_file(course, course.due(days)))
    return [entry for entry in found if str(entry["status"]) == "CONFIRMED"]


def test_one_entry_for_every_due_dose() -> None:
    course = course_of(START)
    days = range(1, 57)
    doses = course.due(days)
    found = entries(course, days)
    assert [str(entry["summary"]) for entry in found] == [f"{dose.drug} {dose.mg:g} mg" for dose in doses]
    assert len(found) == 6 + 42 + 8
    (name,) = {str(entry["uid"]).split("-")[0] for entry in found}
    assert [str(entry["uid"]) for entry in found] == [f"{name}-{dose.drug}-day-{dose.day}@ixastate" for dose in doses]
    assert len({str(entry["uid"]) for entry in found}) == len(found)
    assert {entry["sequence"] for entry in found} == {0}


def test_a_calendar_says_what_a_calendar_program_needs() -> None:
    """The properties that RFC 5545 wants of a calendar, and the method of one that is published (RFC 5546)."""
    course = course_of(START)
    whole = icalendar.Calendar.from_ical(calendar_file(course, course.due(range(1, 8))))
    assert {name: str(whole[name]) for name in ("VERSION", "PRODID", "METHOD")} == {
        "VERSION": "2.0",
        "PRODID": "-//ixastate//treatment course//EN",
        "METHOD": "PUBLISH",
    }


def test_what_is_held_is_not_in_the_calendar() -> None:
    low = {"type": "neutrophils_measured", "day": 15, "value": 499, "unit": "/mm3"}
    assert {str(entry["summary"]) for entry in entries(course_of(START, low), range(15, 43))} == {"dexamethasone 40 mg"}


def test_a_course_that_is_over_has_nothing_due_and_takes_back_the_rest() -> None:
    course = course_of(START, {"type": "patient_died", "day": 9})
    assert entries(course, range(9, 37)) == []
    found = entries_of(calendar_file(course, []))
    assert {str(entry["status"]) for entry in found} == {"CANCELLED"}
    # He died at the hour of day 9's dose, so what was due until day 8 stays as it was.
    days = sorted({day_of(entry) for entry in found})
    assert (days[0], days[-1]) == (9, 9 + 2 * 366)


def test_ixazomib_has_its_clock_time_and_the_other_drugs_are_of_the_day() -> None:
    first, lenalidomide, dexamethasone = entries(course_of(START), range(1, 2))
    assert first.decoded("dtstart").isoformat() == "2026-03-02T08:00:00+01:00"
    assert first.decoded("duration") == timedelta(minutes=15)
    for entry in (lenalidomide, dexamethasone):
        assert entry["dtstart"].to_ical() == b"20260302"
        assert entry["dtstart"].params["VALUE"] == "DATE"
        assert entry.decoded("dtstart") == date(2026, 3, 2)
        assert "duration" not in entry


@pytest.mark.parametrize(
    ("days", "moments"),
    [
        (range(22, 37), ["2026-03-30T08:00:00+02:00", "2026-04-06T08:00:00+02:00"]),
        (range(8, 16), ["2026-03-09T08:00:00+01:00", "2026-03-16T08:00:00+01:00"]),
        (range(225, 247), ["2026-10-12T08:00:00+02:00", "2026-10-19T08:00:00+02:00", "2026-10-26T08:00:00+01:00"]),
    ],
    ids=["summer begins", "winter", "summer ends"],
)
def test_the_clock_time_stays_when_the_clocks_change(days: range, moments: list[str]) -> None:
    found = [entry for entry in entries(course_of(START), days) if str(entry["summary"]).startswith("ixazomib")]
    assert [entry.decoded("dtstart").isoformat() for entry in found] == moments
    assert {entry["dtstart"].params["TZID"] for entry in found} == {"Europe/Berlin"}
    assert {entry["dtstart"].to_ical()[-6:] for entry in found} == {b"080000"}


@pytest.mark.parametrize("year", [2026, 2040])
def test_the_zone_in_the_file_agrees_with_the_zone(year: int) -> None:
    """A program that knows no zones by name goes by the file's own table, which must reach as far as the doses."""
    course = course_of({**START, "at": f"{year}-03-01T07:30:00+01:00"})
    content = calendar_file(course, course.due(range(1, 300)))
    zones: list[Any] = icalendar.Calendar.from_ical(content).walk("VTIMEZONE")
    (zone,) = zones
    assert str(zone["tzid"]) == "Europe/Berlin"
    table = zone.to_tz(lookup_tzid=False)
    moments = [entry.decoded("dtstart") for entry in entries_of(content)]
    moments = [moment for moment in moments if isinstance(moment, datetime)]
    assert {moment.utcoffset() for moment in moments} == {timedelta(hours=1), timedelta(hours=2)}
    for moment in moments:
        assert moment.replace(tzinfo=table).utcoffset() == moment.utcoffset(), moment


def test_a_fixed_offset_is_written_in_utc() -> None:
    facts = {name: value for name, value in START.items() if name != "timezone"}
    course = course_of(facts)
    content = calendar_file(course, course.due(range(1, 37)))
    found = [entry for entry in entries_of(content) if str(entry["summary"]).startswith("ixazomib")]
    assert [entry["dtstart"].to_ical() for entry in found] == [
        b"20260302T070000Z",
        b"20260309T070000Z",
        b"20260316T070000Z",
        b"20260330T070000Z",
        b"20260406T070000Z",
    ]
    assert b"TZID" not in content
    assert b"VTIMEZONE" not in content


def test_a_course_in_utc_names_no_zone() -> None:
    found = entries(course_of({**START, "timezone": "UTC"}), range(1, 2))
    assert found[0]["dtstart"].to_ical() == b"20260302T080000Z"


@pytest.mark.parametrize(
    ("start", "day", "written", "moment"),
    [
        ("2026-03-16", 8, b"20260329T023000", "2026-03-29T01:30:00+00:00"),
        ("2026-10-12", 8, b"20261025T023000", "2026-10-25T00:30:00+00:00"),
    ],
    ids=["skipped", "twice"],
)
def test_an_hour_that_the_clocks_skip_or_repeat_is_one_moment(
    start: str, day: int, written: bytes, moment: str
) -> None:
    at = f"{start}T07:00:00+01:00"
    course = course_of({**START, "at": at, "weekday": "sunday", "clock_time": "02:30"})
    ixazomib, *_ = entries(course, range(day, day + 1))
    assert ixazomib["dtstart"].to_ical() == written
    assert ixazomib.decoded("dtstart").astimezone(UTC).isoformat() == moment
    assert course.calendar is not None
    assert course.calendar.moment(day).astimezone(UTC).isoformat() == moment


def test_an_entry_says_how_to_take_it_why_and_as_of_when() -> None:
    course = course_of(START, {"type": "dose_taken", "day": 1, "dose_mg": 4})
    first, lenalidomide, _ = entries(course, range(1, 2))
    words = str(first["description"])
    assert "on an empty stomach" in words
    assert "not together with dexamethasone" in words
    assert "as known on 2026-03-02" in words
    assert "ADM-03" in words
    assert words.endswith("not medical advice.")
    assert "once daily" in str(lenalidomide["description"])
    assert {entry.decoded("dtstamp") for entry in (first, lenalidomide)} == {course.latest}


def test_the_file_keeps_to_the_form() -> None:
    course = course_of(START, patient="Zoë, 1;2")
    content = calendar_file(course, course.due(range(1, 29)))
    assert content.startswith(b"BEGIN:VCALENDAR\r\n")
    assert content.endswith(b"END:VCALENDAR\r\n")
    assert content.count(b"\n") == content.count(b"\r\n")
    assert max(len(line) for line in content.split(b"\r\n")) <= 75
    found = entries_of(content)
    assert [str(entry["status"]) for entry in found] == ["CONFIRMED"] * len(course.due(range(1, 29)))
    assert len({str(entry["uid"]) for entry in found}) == len(found)


def test_patients_have_uids_of_their_own() -> None:
    uids = [
        {str(entry["uid"]) for entry in entries(course_of(START, patient=patient), range(1, 29))}
        for patient in ("p", "q", None)
    ]
    assert not (uids[0] & uids[1] | uids[1] & uids[2] | uids[0] & uids[2])


def test_a_dose_keeps_its_uid_when_the_course_goes_on() -> None:
    """So a phone that imports the newer file changes its entries instead of doubling them."""
    low = {"type": "neutrophils_measured", "day": 3, "value": 499, "unit": "/mm3"}
    recovered = {**low, "day": 10, "value": 500}
    before, after = (entries(course, range(15, 16)) for course in (course_of(START), course_of(START, low, recovered)))
    assert [str(entry["summary"]) for entry in (before[0], after[0])] == ["ixazomib 4 mg", "ixazomib 3 mg"]
    assert [entry["uid"] for entry in before] == [entry["uid"] for entry in after]


def test_the_same_course_gives_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    days = range(1, 57)
    course = course_of(START)
    content = calendar_file(course, course.due(days))
    again = course_of(START)
    assert calendar_file(again, again.due(days)) == content
    log, out = tmp_path / "log.jsonl", tmp_path / "doses.ics"
    log.write_text(json.dumps(START), encoding="utf-8")
    for seed in ("1", "2"):
        command = [sys.executable, "-m", "ixastate", "schedule", str(log), "--days", "56", "--ics", str(out)]
        subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONHASHSEED": seed})
        assert out.read_bytes() == content


def test_a_course_without_dates_has_no_calendar() -> None:
    nominal = course_of({name: value for name, value in START.items() if name != "at"} | {"day": 1})
    with pytest.raises(InputError, match="no dates") as caught:
        calendar_file(nominal, nominal.due(range(1, 29)))
    assert caught.value.remedy == "date course_started with `at`"


def test_a_course_that_has_not_started_has_no_calendar() -> None:
    blocked = course_of({**START, "patient_informed": False}, patient="p")
    with pytest.raises(InputError) as caught:
        calendar_file(blocked, blocked.due(range(1, 29)))
    assert caught.value.where.startswith("patient ")
    assert "`at`" not in caught.value.remedy, "the log does date the start; what it lacks is the start itself"
