"""The calendar: which day is day 1, what is due when, and the 72 hours, also where the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ixastate.chart.status import Status
from ixastate.course.course import Course
from ixastate.course.schedule import (
    Calendar,
    calendar,
    cycle_of,
    doses_due,
    is_due_day,
    is_ixazomib_day,
    late_dose_fits,
    latest_ixazomib_day,
    next_ixazomib_day,
)
from ixastate.errors import CourseRefusal
from ixastate.events import WEEKDAYS, CourseStarted, Drug
from ixastate.rules import load_edition
from tests.test_course import LOW, begin, see

EDITION = load_edition()
BERLIN, NEW_YORK, AUCKLAND = "Europe/Berlin", "America/New_York", "Pacific/Auckland"
MINUTE = timedelta(minutes=1)


def dates(first_day: str, clock_time: str = "08:00", zone: str = "UTC", every_days: int = 1) -> Calendar:
    return Calendar(date.fromisoformat(first_day), time.fromisoformat(clock_time), ZoneInfo(zone), False, every_days)


def started(**facts: Any) -> CourseStarted:
    facts = {"weekday": "monday", "clock_time": "08:00", "patient_informed": True, **facts}
    return CourseStarted.model_validate(facts)


# --- The 72 hours ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "first_day", "latest"),
    [
        # the slot after it, and the last moment by the wall clock at which the dose of day 1 may still be taken
        ("UTC", "2026-01-05", "2026-01-09T08:00+00:00"),
        (BERLIN, "2026-01-05", "2026-01-09T08:00+01:00"),
        (BERLIN, "2026-03-23", "2026-03-27T07:00+01:00"),  # an hour is lost before the slot of the 30th
        (BERLIN, "2026-10-19", "2026-10-23T09:00+02:00"),  # an hour is won before the slot of the 26th
        (NEW_YORK, "2026-03-02", "2026-03-06T07:00-05:00"),
        (NEW_YORK, "2026-10-26", "2026-10-30T09:00-04:00"),
        (AUCKLAND, "2026-03-30", "2026-04-03T09:00+13:00"),
        (AUCKLAND, "2026-09-21", "2026-09-25T07:00+12:00"),
        (BERLIN, "2026-03-30", "2026-04-03T08:00+02:00"),  # the change lies before it
    ],
)
def test_72_hours_are_real_hours(zone: str, first_day: str, latest: str) -> None:
    plan, at = dates(first_day, zone=zone), datetime.fromisoformat(latest)
    assert late_dose_fits(at, 1, plan, EDITION), "72:00"
    assert not late_dose_fits(at + MINUTE, 1, plan, EDITION), "71:59"
    assert not late_dose_fits(at + timedelta(microseconds=1), 1, plan, EDITION)
    assert late_dose_fits(at.astimezone(UTC), 1, plan, EDITION)
    assert not late_dose_fits((at + MINUTE).astimezone(ZoneInfo(AUCKLAND)), 1, plan, EDITION)


def test_a_dose_of_day_15_fits_until_day_26() -> None:
    plan = dates("2026-01-05")
    assert late_dose_fits(plan.moment(26), 15, plan, EDITION)
    assert not late_dose_fits(plan.moment(26) + MINUTE, 15, plan, EDITION)


def minutes_utc(local: datetime, zone: str) -> int:
    """The minutes since 1970 of a local clock time, by hand: the clock time less its offset."""
    offset = local.replace(tzinfo=ZoneInfo(zone)).utcoffset()
    assert offset is not None
    return int((local - datetime(1970, 1, 1) - offset) / MINUTE)


@given(
    zone=st.sampled_from(["UTC", BERLIN, NEW_YORK, AUCKLAND, "Asia/Kathmandu", "Australia/Lord_Howe"]),
    first_day=st.dates(date(2024, 1, 1), date(2027, 12, 31)),
    clock_time=st.times().map(lambda value: value.replace(second=0, microsecond=0, fold=0)),
    scheduled=st.sampled_from([1, 8, 15, 29, 36, 43, 57]),
    early=st.one_of(st.integers(-90 * 60, 90 * 60), st.integers(72 * 60 - 130, 72 * 60 + 130)),
)
def test_72_hours_are_4320_minutes_of_utc(
    zone: str, first_day: date, clock_time: time, scheduled: int, early: int
) -> None:
    plan = Calendar(first_day, clock_time, ZoneInfo(zone), False, 1)
    following = scheduled + (14 if scheduled % 28 == 15 else 7)
    slot = minutes_utc(datetime.combine(first_day, clock_time) + timedelta(days=following - 1), zone)
    at = datetime(1970, 1, 1, tzinfo=UTC) + (slot - early) * MINUTE
    assert late_dose_fits(at, scheduled, plan, EDITION) is (early >= 4320)
    assert late_dose_fits(at.astimezone(ZoneInfo(zone)), scheduled, plan, EDITION) is (early >= 4320)


# --- Slots -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "first_day", "offsets"),
    [
        (BERLIN, "2026-03-23", (1, 2)),
        (BERLIN, "2026-10-19", (2, 1)),
        (NEW_YORK, "2026-03-02", (-5, -4)),
        (AUCKLAND, "2026-03-30", (13, 12)),
        ("UTC", "2026-03-23", (0, 0)),
    ],
)
def test_a_slot_keeps_its_clock_time(zone: str, first_day: str, offsets: tuple[int, int]) -> None:
    plan = dates(first_day, zone=zone)
    before, after = plan.moment(1), plan.moment(8)
    assert before.time() == after.time() == time(8)
    assert [slot.utcoffset() for slot in (before, after)] == [timedelta(hours=hours) for hours in offsets]
    elapsed = after.astimezone(UTC) - before.astimezone(UTC)
    assert elapsed == timedelta(days=7, hours=offsets[0] - offsets[1])


@pytest.mark.parametrize(
    ("first_day", "utc"),
    [
        ("2026-03-22", "2026-03-22T01:30+00:00"),
        ("2026-03-29", "2026-03-29T01:30+00:00"),  # 02:30 is skipped: it is then 03:30
        ("2026-10-25", "2026-10-25T00:30+00:00"),  # 02:30 comes twice: the first is meant
        ("2026-11-01", "2026-11-01T01:30+00:00"),
    ],
)
def test_a_clock_time_that_is_skipped_or_comes_twice(first_day: str, utc: str) -> None:
    plan = dates(first_day, "02:30", BERLIN)
    assert plan.moment(1).astimezone(UTC) == datetime.fromisoformat(utc)
    assert plan.day(plan.moment(1)) == 1
    assert latest_ixazomib_day(datetime.fromisoformat(utc), plan, EDITION) == 1
    assert latest_ixazomib_day(datetime.fromisoformat(utc) - MINUTE, plan, EDITION) is None


@given(
    st.sampled_from(["UTC", BERLIN, NEW_YORK, AUCKLAND]),
    st.dates(date(2024, 1, 1), date(2027, 12, 31)),
    st.sampled_from(["00:00", "02:30", "08:00", "23:59"]),
    st.integers(1, 800),
)
def test_the_moment_of_a_day_lies_on_that_day(zone: str, first_day: date, clock_time: str, day: int) -> None:
    plan = dates(first_day.isoformat(), clock_time, zone)
    assert plan.day(plan.moment(day).astimezone(UTC)) == day
    assert plan.moment(day).date() - first_day == timedelta(days=day - 1)


def test_the_moment_of_a_day_lies_on_that_day_though_its_last_hour_is_skipped() -> None:
    plan = dates("2026-03-28", "23:30", "America/Nuuk")  # the clocks go from 23:00 to 00:00
    assert plan.day(plan.moment(1).astimezone(UTC)) == 1


def test_days_change_at_midnight_of_the_patient() -> None:
    plan = dates("2026-01-05", zone=AUCKLAND)
    assert plan.day(datetime.fromisoformat("2026-01-04T11:00+00:00")) == 1
    assert plan.day(datetime.fromisoformat("2026-01-04T10:59+00:00")) == 0
    assert plan.day(datetime.fromisoformat("2026-01-04T23:59-05:00")) == 1
    assert plan.day(datetime.fromisoformat("2025-12-29T12:00+13:00")) == -6


# --- Day 1 -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "facts", "first_day"),
    [
        ("2026-01-05T08:00+00:00", {}, "2026-01-05"),  # a Monday, at the slot itself
        ("2026-01-05T08:01+00:00", {}, "2026-01-12"),
        ("2026-01-05T07:59+00:00", {}, "2026-01-05"),
        ("2026-01-05T08:00:00.000001+00:00", {}, "2026-01-12"),
        ("2026-01-06T00:00+00:00", {}, "2026-01-12"),
        ("2026-01-04T23:59+00:00", {}, "2026-01-05"),
        ("2026-01-05T08:00+00:00", {"weekday": "sunday"}, "2026-01-11"),
        ("2026-12-31T09:00+00:00", {"weekday": "thursday"}, "2027-01-07"),
        ("2026-01-05T08:00+01:00", {"timezone": BERLIN}, "2026-01-05"),
        ("2026-01-05T07:01+00:00", {"timezone": BERLIN}, "2026-01-12"),
        ("2026-01-05T23:30-05:00", {"timezone": BERLIN, "weekday": "tuesday"}, "2026-01-06"),
        ("2026-01-04T19:00+00:00", {"timezone": AUCKLAND}, "2026-01-05"),
        ("2026-01-04T19:01+00:00", {"timezone": AUCKLAND}, "2026-01-12"),
        ("2026-03-29T03:30+02:00", {"timezone": BERLIN, "weekday": "sunday", "clock_time": "02:30"}, "2026-03-29"),
        ("2026-03-29T03:31+02:00", {"timezone": BERLIN, "weekday": "sunday", "clock_time": "02:30"}, "2026-04-05"),
        ("2026-10-25T02:30+02:00", {"timezone": BERLIN, "weekday": "sunday", "clock_time": "02:30"}, "2026-10-25"),
        ("2026-10-25T02:30+01:00", {"timezone": BERLIN, "weekday": "sunday", "clock_time": "02:30"}, "2026-11-01"),
    ],
)
def test_day_1_is_the_first_slot_at_or_after_the_start(at: str, facts: dict[str, Any], first_day: str) -> None:
    plan = calendar(started(at=at, **facts), 1)
    assert plan.first_day == date.fromisoformat(first_day)
    assert plan.moment(1).astimezone(UTC) >= datetime.fromisoformat(at)
    assert not plan.nominal


def test_without_a_zone_the_offset_of_the_start_holds_all_year() -> None:
    plan = calendar(started(at="2026-03-02T08:00:00+01:00"), 1)
    assert {plan.moment(day).utcoffset() for day in range(1, 366)} == {timedelta(hours=1)}


@pytest.mark.parametrize("zone", [None, "UTC", BERLIN, AUCKLAND])
@pytest.mark.parametrize("weekday", WEEKDAYS)
def test_a_course_dated_by_days_has_a_nominal_calendar(weekday: str, zone: str | None) -> None:
    plan = calendar(started(day=1, weekday=weekday, timezone=zone, clock_time="00:00"), 1)
    assert plan.nominal
    assert plan.first_day == date(2001, 1, 1 + WEEKDAYS.index(weekday))  # 2001-01-01 is a Monday
    assert str(plan.zone) == (zone or "UTC")


@pytest.mark.parametrize("day", [2, 8, 36_525])
def test_a_course_cannot_start_on_a_later_day(day: int) -> None:
    with pytest.raises(CourseRefusal, match=f"cannot start on day {day}") as refused:
        calendar(started(day=day), 1)
    assert "day 1 is the first day" in refused.value.remedy


# --- What is due -----------------------------------------------------------------------------------------------

ACTIVE = Status("on treatment", 4.0, False, 25.0, False)
IXAZOMIB_HELD = Status("on treatment", 4.0, True, 25.0, False, ("neuropathy",))
BOTH_HELD = Status("on treatment", 3.0, True, 20.0, True, ("neutrophils",))
LENALIDOMIDE_HELD = Status("on treatment", 2.3, False, 2.5, True, ("platelets",))
STATUSES = [
    (ACTIVE, {"ixazomib": 4, "lenalidomide": 25, "dexamethasone": 40}),
    (IXAZOMIB_HELD, {"lenalidomide": 25, "dexamethasone": 40}),
    (LENALIDOMIDE_HELD, {"ixazomib": 2.3, "dexamethasone": 40}),
    (BOTH_HELD, {"dexamethasone": 40}),
    (Status("screening"), {}),
    (Status("discontinued"), {}),
]
DAYS: dict[Drug, set[int]] = {
    "ixazomib": {1, 8, 15},
    "lenalidomide": set(range(1, 22)),
    "dexamethasone": {1, 8, 15, 22},
}


@pytest.mark.parametrize("day", range(1, 29))
@pytest.mark.parametrize(("now", "given_mg"), STATUSES, ids=lambda value: getattr(value, "words", ""))
def test_what_is_due_on_each_day(now: Status, given_mg: dict[Drug, float], day: int) -> None:
    plan = dates("2026-01-05", zone=BERLIN)
    expected = {drug: mg for drug, mg in given_mg.items() if day in DAYS[drug]}
    for cycle in (0, 1, 7):
        doses = doses_due(day + 28 * cycle, now, plan, EDITION)
        assert {dose.drug: dose.mg for dose in doses} == expected
        assert len(doses) == len(expected)
        assert all((dose.day, dose.at) == (day + 28 * cycle, plan.moment(day + 28 * cycle)) for dose in doses)
        apart = {dose.drug for dose in doses if any("not together" in words for words in dose.how)}
        assert apart == ({"ixazomib", "dexamethasone"} if {"ixazomib", "dexamethasone"} <= expected.keys() else set())
        assert all(("ADM-05" in dose.rules) is (dose.drug in apart) for dose in doses)
        held = now.ixazomib_held or now.lenalidomide_held
        assert [dose.drug for dose in doses if "B-DEX-HOLD" in dose.rules] == (
            ["dexamethasone"] if held and "dexamethasone" in expected else []
        )


@pytest.mark.parametrize(
    ("drug", "words", "rules"),
    [
        ("ixazomib", ("empty stomach", "swallowed whole", "not together with dexamethasone"), "ADM-07 ADM-09 DOSE-01"),
        ("lenalidomide", ("once daily",), "DOSE-02"),
        ("dexamethasone", ("with a meal", "not together with ixazomib"), "ADM-06 DOSE-03"),
    ],
)
def test_how_a_dose_is_taken(drug: str, words: tuple[str, ...], rules: str) -> None:
    (dose,) = (dose for dose in doses_due(1, ACTIVE, dates("2026-01-05"), EDITION) if dose.drug == drug)
    assert all(word in "; ".join(dose.how) for word in words)
    assert {*rules.split(), "B-CALENDAR"} <= set(dose.rules)


def test_lenalidomide_every_other_day() -> None:
    plan = dates("2026-01-05", every_days=2)
    for first in (1, 29):
        doses = {day: doses_due(first + day - 1, ACTIVE, plan, EDITION) for day in range(1, 29)}
        found = {day: dose for day, some in doses.items() for dose in some if dose.drug == "lenalidomide"}
        assert sorted(found) == [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21]
        assert all("REN-04" in dose.rules and "once daily" not in dose.how for dose in found.values())
        assert sorted(day for day, some in doses.items() for dose in some if dose.drug == "ixazomib") == [1, 8, 15]


@pytest.mark.parametrize("day", [0, -1, -6, -13, -27, -28])
def test_nothing_is_due_before_day_1(day: int) -> None:
    assert doses_due(day, ACTIVE, dates("2026-01-05"), EDITION) == []
    assert not any(is_due_day(drug, day, 1, EDITION) for drug in DAYS)


@pytest.mark.parametrize(
    ("day", "cycle"), [(1, (1, 1)), (28, (1, 28)), (29, (2, 1)), (56, (2, 28)), (0, (0, 28)), (-27, (0, 1))]
)
def test_cycles_have_28_days(day: int, cycle: tuple[int, int]) -> None:
    assert cycle_of(day, EDITION) == cycle


def test_the_ixazomib_days_around_a_day() -> None:
    plan = dates("2026-01-05")
    days = [day for day in range(-30, 90) if is_ixazomib_day(day, EDITION)]
    assert days == [1, 8, 15, 29, 36, 43, 57, 64, 71, 85]
    for day in range(-30, 80):
        assert next_ixazomib_day(day, EDITION) == min(one for one in days if one > day)
        earlier = [one for one in days if one <= day]
        assert latest_ixazomib_day(plan.moment(day), plan, EDITION) == (max(earlier) if earlier else None)
        earlier = [one for one in days if one < day]
        assert latest_ixazomib_day(plan.moment(day) - MINUTE, plan, EDITION) == (max(earlier) if earlier else None)


# --- What is known at a slot -----------------------------------------------------------------------------------


def test_a_result_at_the_slot_acts_on_its_dose_and_a_later_one_on_the_next() -> None:
    def given(when: str) -> list[tuple[str, int]]:
        course = begin()
        see(course, "neuropathy_graded", when, grade=2)
        return [(dose.drug, dose.day) for dose in course.due(range(1, 16)) if dose.drug == "ixazomib"]

    assert given("2026-03-09T08:00:00Z") == [("ixazomib", 1)]
    assert given("2026-03-09T08:00:01Z") == [("ixazomib", 1), ("ixazomib", 8)]
    assert Course("p").due(range(1, 29)) == []


def test_the_status_at_a_moment_counts_the_events_of_that_moment() -> None:
    course = begin()
    see(course, "neutrophils_measured", 8, **LOW)
    moment = datetime(2026, 3, 9, 8, tzinfo=UTC)
    assert course.status_at(moment).ixazomib_held
    assert not course.status_at(moment - timedelta(microseconds=1)).ixazomib_held
    assert course.status_at(moment.astimezone(ZoneInfo("Pacific/Auckland"))).ixazomib_held
    assert course.status_at(datetime(2026, 3, 2, tzinfo=UTC)).phase == "screening"
