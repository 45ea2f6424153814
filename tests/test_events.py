"""Events: each survives the way through JSON exactly, and what cannot have been seen is refused."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ixastate.amendments import EventWithdrawn, parse_line
from ixastate.errors import InputError
from ixastate.events import (
    EVENT,
    AnyEvent,
    BilirubinMeasured,
    CourseStarted,
    NeutrophilsMeasured,
    OtherToxicityGraded,
    PlateletsMeasured,
    parse_event,
)
from ixastate.rules import load_edition
from ixastate.units import ucum
from tests import strategies

AT = "2026-01-05T08:00:00+01:00"
START: dict[str, Any] = {
    "type": "course_started",
    "at": AT,
    "weekday": "monday",
    "clock_time": "08:00",
    "timezone": "Europe/Berlin",
    "patient_informed": True,
    "bilirubin": {"value": 0.7, "unit": "mg/dL", "upper_limit_of_normal": 1.2},
    "creatinine_clearance": {"value": 77.9, "unit": "mL/min"},
    "on_dialysis": False,
    "baseline_neuropathy": {"grade": 1, "pain": True},
}
COUNT: dict[str, Any] = {"type": "neutrophils_measured", "at": AT, "value": 0.5, "unit": "10*9/L"}
GRADE: dict[str, Any] = {"type": "rash_graded", "at": AT, "grade": 2}
OTHER: dict[str, Any] = {"type": "other_toxicity_graded", "at": AT, "term": "nausea", "grade": 3}
DOSE: dict[str, Any] = {"type": "dose_taken", "at": AT, "dose_mg": 2.3}
BILIRUBIN: dict[str, Any] = {"type": "bilirubin_measured", "at": AT, "times_uln": 1.5}
CLEARANCE: dict[str, Any] = {"type": "creatinine_clearance_measured", "at": AT, "value": 29.9, "unit": "mL/min"}
MEASURED: dict[str, Any] = {"value": 1, "unit": "mg/dL", "upper_limit_of_normal": 1.2}
BY_DAY: dict[str, Any] = {"type": "rash_graded", "day": 8, "grade": 2}
MISSED: dict[str, Any] = {"type": "dose_missed", "at": AT, "scheduled_day": 8}
FAULT: dict[str, Any] = {"type": "dose_taken_wrongly", "at": AT, "fault": "crushed"}
ASSESSED: dict[str, Any] = {
    "type": "cycle_assessed",
    "at": AT,
    "neutrophils": {"value": 0.999, "unit": "10*9/L"},
    "platelets": {"value": 75_000, "unit": "/uL"},
    "toxicities_resolved": True,
}
EVENTS: list[dict[str, Any]] = [
    START,
    {**START, "bilirubin": None, "assumed": ["bilirubin"], "patient": "P-1"},
    {**START, "creatinine_clearance": None, "on_dialysis": True},
    COUNT,
    {**COUNT, "after_g_csf": True, "patient": "Zoë Müller"},
    {"type": "platelets_measured", "day": 15, "value": 30, "unit": "10*3/uL", "after_transfusion": True},
    BILIRUBIN,
    {**BILIRUBIN, "times_uln": None, "value": 31.6, "unit": "umol/L", "upper_limit_of_normal": 21},
    {**CLEARANCE, "on_dialysis": True},
    {"type": "neuropathy_graded", "at": AT, "grade": 2, "pain": True, "physician_agrees": True},
    GRADE,
    {**OTHER, "attribution": "clear", "physician_agrees": True, "baseline_grade": 2},
    ASSESSED,
    {"type": "progression_found", "day": 36525},
    {"type": "intolerable_toxicity_declared", "at": AT},
    {"type": "patient_died", "at": "2199-12-31T23:59:59.999999-12:00"},
    {"type": "consent_withdrawn", "at": "1900-01-01T00:00:00Z"},
    {**DOSE, "drug": "lenalidomide"},
    MISSED,
    {"type": "dose_delayed", "at": AT, "drug": "dexamethasone"},
    {"type": "dose_vomited", "day": 1},
    {"type": "dose_overdosed", "at": AT, "dose_mg": 8},
    {"type": "dose_taken_wrongly", "at": AT, "fault": "without_food", "drug": "dexamethasone"},
]


def read(facts: dict[str, Any]) -> AnyEvent:
    return EVENT.validate_json(json.dumps(facts))


# --- The way through JSON --------------------------------------------------------------------------------------


def test_every_kind_of_event_is_among_the_examples() -> None:
    kinds = {kind.model_fields["type"].default for kind in get_args(get_args(AnyEvent)[0])}
    assert {facts["type"] for facts in EVENTS} == kinds


@pytest.mark.parametrize("facts", EVENTS, ids=lambda facts: facts["type"])
def test_an_event_survives_json(facts: dict[str, Any]) -> None:
    event = read(facts)
    assert read(json.loads(event.model_dump_json())) == event
    assert parse_event(json.loads(event.model_dump_json())) == event
    short = json.loads(event.model_dump_json(exclude_defaults=True))
    assert read({"type": event.type, **short}) == event
    written = json.loads(event.model_dump_json())
    for field, value in facts.items():
        assert written[field] == value or (isinstance(value, dict) and written[field].items() >= value.items())


@given(
    st.one_of(
        strategies.STARTS,
        strategies.ANC_LOW_OR_NOT,
        strategies.PLATELETS_LOW_OR_NOT,
        strategies.NEUROPATHY,
        strategies.RASH,
        strategies.OTHER,
        strategies.ORGANS,
        strategies.CYCLES,
        strategies.DOSES,
        strategies.ENDS,
    ),
    st.one_of(
        st.fixed_dictionaries({"day": st.integers(1, 36_525)}),
        st.builds(
            lambda at, minutes: {"at": at.replace(tzinfo=timezone(timedelta(minutes=minutes)))},
            st.datetimes(datetime(1900, 1, 1), datetime(2199, 12, 31)),
            st.integers(-14 * 60, 14 * 60),
        ),
    ),
)
def test_any_event_survives_json(facts: dict[str, Any], when: dict[str, Any]) -> None:
    event = parse_event({**facts, **when})
    assert EVENT.validate_json(event.model_dump_json()) == event


def test_an_event_cannot_be_changed() -> None:
    event = read(GRADE)
    with pytest.raises(ValidationError, match="frozen"):
        event.grade = 3  # type: ignore[union-attr]


# --- Exactly ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "unit", "per_mm3"),
    [
        (0.5, "10*9/L", "500"),
        (0.499, "10*9/L", "499"),
        (0.4999999, "10*9/L", "499.9999"),
        (0.5, "10*3/uL", "500"),
        (0.29, "10*3/uL", "290"),
        (500, "/mm3", "500"),
        (499.99, "/uL", "499.99"),
        (500, "10*6/L", "500"),
        (1.001, "10*9/L", "1001"),
        (0, "/mm3", "0"),
    ],
)
def test_a_count_is_exact_in_every_unit(value: float, unit: str, per_mm3: str) -> None:
    event = read({**COUNT, "value": value, "unit": unit})
    assert isinstance(event, NeutrophilsMeasured)
    assert event.per_mm3 == Decimal(per_mm3)
    assert unit in ucum("count")


@pytest.mark.parametrize(
    "text",
    ["0.123456789012345", "999999999.999999", "123456789.123456", "1e-15", "0.1", "367.3206572223348"],
)
def test_the_digits_of_a_float_survive(text: str) -> None:
    event = EVENT.validate_json(json.dumps(COUNT).replace("0.5", text))
    assert isinstance(event, NeutrophilsMeasured)
    assert event.value == Decimal(text)
    again = EVENT.validate_json(event.model_dump_json())
    assert again == event
    assert NeutrophilsMeasured.model_validate({**COUNT, "value": Decimal(text)}) == event


# Everything but the sign, the infinities and what has too many digits or too large a value.
VALUES = st.decimals(0, 10**9 - 1, allow_nan=False) | st.builds(
    lambda digits, places: Decimal((0, tuple(map(int, str(digits))), -places)),
    st.integers(0, 10**300),
    st.integers(300, 600),
)


@given(VALUES, st.sampled_from(ucum("count")))
def test_any_number_survives_and_is_exact(value: Decimal, unit: str) -> None:
    event = PlateletsMeasured(day=1, value=value, unit=unit)
    again = PlateletsMeasured.model_validate_json(event.model_dump_json())
    assert again.value == event.value == value
    cells = {"/mm3": 1, "/uL": 1, "10*6/L": 1, "10*3/uL": 1000, "10*9/L": 1000}[unit]
    assert Fraction(again.per_mm3) == Fraction(value) * cells
    for limit in (30_000, 75_000):
        assert event.is_below(limit) is (Fraction(value) * cells < limit)


@pytest.mark.parametrize(
    ("bilirubin", "multiple"),
    [
        ({"times_uln": 1.5}, Fraction(3, 2)),
        ({"value": 1.8, "unit": "mg/dL", "upper_limit_of_normal": 1.2}, Fraction(3, 2)),
        ({"value": 31.5, "unit": "umol/L", "upper_limit_of_normal": 21}, Fraction(3, 2)),
        ({"value": 0.3, "unit": "mg/dL", "upper_limit_of_normal": 0.1}, 3),
        ({"value": 1, "unit": "mg/dL", "upper_limit_of_normal": 3}, Fraction(1, 3)),
        ({"times_uln": 0}, 0),
    ],
)
def test_a_bilirubin_is_exactly_so_many_times_its_limit(bilirubin: dict[str, Any], multiple: Fraction) -> None:
    event = read({"type": "bilirubin_measured", "at": AT, **bilirubin})
    assert isinstance(event, BilirubinMeasured)
    assert event.multiple_of_uln == multiple


def test_a_moment_keeps_its_offset() -> None:
    event = read(GRADE)
    assert event.at == datetime(2026, 1, 5, 7, tzinfo=UTC)
    assert event.at.utcoffset() == timedelta(hours=1)
    assert json.loads(event.model_dump_json())["at"] == AT


def test_names_are_trimmed_and_terms_are_lower_case() -> None:
    event = read({**OTHER, "term": "  Febrile NEUTROPENIA ", "patient": " P-1 "})
    assert isinstance(event, OtherToxicityGraded)
    assert (event.term, event.patient) == ("febrile neutropenia", "P-1")


# --- Impossible ------------------------------------------------------------------------------------------------

MISSING = object()
NAN, INFINITY = float("nan"), float("inf")


# What cannot stand in a field, by the field that the error names or the words that it says.
IMPOSSIBLE: list[tuple[dict[str, Any], str, str, list[Any]]] = [
    # numbers and units
    (COUNT, "value", "value", [NAN, INFINITY, -INFINITY, -1, -0.001, 10**9, None, "", [], {}, MISSING]),
    (COUNT, "value", "without quotes", ["500", True, False]),
    (
        COUNT,
        "value",
        "1000 digits",
        [Decimal("0." + "1" * 1001), Decimal("1E-1001"), Decimal("1E-999999"), Decimal("1." + "0" * 1000)],
    ),
    (COUNT, "value", "without quotes", ["0.5", "5e2", "499.9999999999999999x", "9" * 3000, "< 500 cells", "<-1", "<"]),
    (COUNT, "value", "less than 1000000000", [10**40, Decimal(10**9)]),
    (COUNT, "comparator", "comparator", ["~", "", "<<", 1, "less"]),
    ({**COUNT, "comparator": "<"}, "value", "without quotes", ["<0.5"]),
    (DOSE, "dose_mg", "dose_mg", [0, -4, NAN, INFINITY, "4", True, MISSING]),
    (CLEARANCE, "value", "value", [-1, NAN, "30", MISSING]),
    (COUNT, "unit", "unit", [MISSING, None, "", "/L", "g/L", "10^9", "uL", "cells", "/mm3" * 30, 1]),
    (CLEARANCE, "unit", "unit", [MISSING, "mL/min/1.73m2", "mL", "L/min", ""]),
    # grades, yes and no
    (GRADE, "grade", "grade", [6, -1, "2", True, False, 2.0, 2.5, NAN, None, MISSING]),
    (OTHER, "grade", "grade", [6, "3", True, 3.0]),
    (OTHER, "baseline_grade", "baseline_grade", [3, -1, "1", True, 1.0]),
    (START, "baseline_neuropathy", "grade 4 neuropathy rules treatment out", [{"grade": 4}, {"grade": 5}]),
    (START, "baseline_neuropathy", "baseline_neuropathy", [{"grade": 6}, {}, None, 1]),
    (START, "patient_informed", "patient_informed", ["yes", 1, 0, "true", None, MISSING]),
    (START, "on_dialysis", "on_dialysis", ["no"]),
    (COUNT, "after_g_csf", "after_g_csf", [1]),
    (OTHER, "physician_agrees", "physician_agrees", ["yes"]),
    # when
    (GRADE, "at", "ISO 8601", ["2026-01-05", "1767600000", "5 January 2026", "20260105T080000Z", ""]),
    (GRADE, "at", "as text", [1767600000, 1767600000.5, True, date(2026, 1, 5), time(8)]),
    (GRADE, "at", "have timezone info", ["2026-01-05T08:00:00", datetime(2026, 1, 5, 8)]),
    (GRADE, "at", "at", ["2026-02-29T08:00:00Z", "2026-13-01T08:00:00Z", "2026-01-05T24:00:00Z", "2026-01-05T"]),
    (GRADE, "at", "at", ["2026-01-05T08:60:00Z", "2026-01-05T08:00:00+24:00", "0000-01-01T00:00:00Z"]),
    (GRADE, "at", "between 1900 and 2199", ["9999-12-31T23:59:59Z", "1899-12-31T23:59:59Z", "2200-01-01T00:00:00Z"]),
    (GRADE, "at", "exactly one of at", [MISSING, None]),
    (GRADE, "day", "exactly one of at", [8]),
    (BY_DAY, "day", "day", [0, -1, 36_526, 1.0, "1", True]),
    (MISSED, "scheduled_day", "scheduled_day", [0, -7, 8.5, "8", True]),
    # the start
    (START, "weekday", "weekday", ["Monday", "mon", 1, "", MISSING]),
    (START, "clock_time", "24 hours", ["24:00", "8:00", "08:60", "08:00:00", "8 am", "", 8, None, "08:00Z"]),
    (START, "clock_time", "clock_time", [MISSING]),
    (
        START,
        "timezone",
        "is not an IANA time zone",
        ["Europe/Berlim", "CEST+1", "", "Europe", "../UTC", "Mars/Olympus", "a\0b"],
    ),
    (START, "timezone", "timezone", [1]),
    (START, "assumed", "both measured and assumed", [["bilirubin"], ["creatinine_clearance"]]),
    (START, "assumed", "assumed", [["platelets"], "bilirubin"]),
    # two forms of a bilirubin
    (START, "bilirubin", "not both", [{**MEASURED, "times_uln": 1}, {"times_uln": 1, "unit": "mg/dL"}]),
    (START, "bilirubin", "all of value, unit", [{"value": 1, "unit": "mg/dL"}, {"value": 1}, {"unit": "mg/dL"}, {}]),
    (START, "bilirubin", "upper_limit_of_normal", [{**MEASURED, "upper_limit_of_normal": 0}]),
    (START, "bilirubin", "unit", [{**MEASURED, "unit": "mg/L"}]),
    (START, "bilirubin", "lab", [{"times_uln": 1, "lab": "x"}]),
    (BILIRUBIN, "value", "not both", [1]),
    (BILIRUBIN, "times_uln", "needs times_uln", [MISSING]),
    # words
    (OTHER, "term", "term", ["", "   ", "\t\n", None, 5, "x" * 201, MISSING]),
    (GRADE, "patient", "patient", ["", "  ", 7, "x" * 201]),
    (OTHER, "attribution", "attribution", ["maybe", ""]),
    # the assessment before a cycle
    (ASSESSED, "neutrophils", "neutrophils", [MISSING, None, 999]),
    (ASSESSED, "neutrophils", "unit", [{"value": 999}, {"value": 999, "unit": "/L"}]),
    (ASSESSED, "platelets", "value", [{"unit": "/mm3"}, {"value": -1, "unit": "/mm3"}, {"value": NAN, "unit": "/mm3"}]),
    (ASSESSED, "platelets", "day", [{"value": 1, "unit": "/mm3", "day": 1}]),
    (ASSESSED, "toxicities_resolved", "toxicities_resolved", [MISSING, "yes", 1]),
    # drugs and faults
    (DOSE, "drug", "drug", ["aspirin", "", None]),
    (FAULT, "fault", "the text forbids no", ["without_food"]),
    (FAULT, "fault", "fault", ["upside_down", MISSING]),
    (FAULT, "drug", "the text forbids no", ["dexamethasone", "lenalidomide"]),
    ({**FAULT, "fault": "without_food", "drug": "dexamethasone"}, "drug", "the text forbids no", ["lenalidomide"]),
    # fields and kinds
    (GRADE, "colour", "Extra inputs are not permitted", ["red"]),
    (DOSE, "fault", "Extra inputs are not permitted", ["crushed"]),
    (GRADE, "type", "tag ", ["rash", "Rash_graded", "", None, 1, MISSING]),
]


@pytest.mark.parametrize(
    ("facts", "field", "value", "wrong"),
    [(facts, field, value, wrong) for facts, field, wrong, values in IMPOSSIBLE for value in values],
)
def test_what_cannot_be_is_refused(facts: dict[str, Any], field: str, value: Any, wrong: str) -> None:
    assert parse_event(facts), "the event is sound without it"
    changed = {**facts, field: value}
    if value is MISSING:
        del changed[field]
    with pytest.raises(ValidationError) as refused:
        EVENT.validate_python(changed)
    (problem,) = refused.value.errors()  # one thing is wrong, and one thing is said
    assert wrong in problem["loc"] or (" " in wrong and wrong in problem["msg"])
    with pytest.raises(InputError) as told:
        parse_event(changed, "here")
    names = [str(name) for name in problem["loc"][1:]]
    if problem["type"] in ("missing", "extra_forbidden"):
        assert told.value.where == "here"
        assert f"{names[-1]!r}" in told.value.what
    elif facts.get("type") == changed.get("type"):
        assert told.value.where == ": ".join(["here", *filter(None, [".".join(names)])])
    assert told.value.remedy


def test_an_int_of_more_digits_than_python_prints_is_refused() -> None:
    for value in (10**5000, -(10**5000)):
        with pytest.raises(InputError, match="it should be") as refused:
            parse_event({**COUNT, "value": value})
        assert refused.value.remedy.startswith("given: '")


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999", "1000000000", '"500"', "true", "null"])
def test_a_number_that_json_should_not_hold_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="value"):
        EVENT.validate_json(json.dumps(COUNT).replace("0.5", text))


def test_the_worst_baseline_is_below_what_rules_treatment_out() -> None:
    worst = int(load_edition().number("PN-09", "grade"))
    assert CourseStarted.model_validate({**START, "baseline_neuropathy": {"grade": worst - 1}})
    with pytest.raises(ValidationError, match=r"PN-09"):
        CourseStarted.model_validate({**START, "baseline_neuropathy": {"grade": worst}})
    highest = int(load_edition().number("OTH-01", "from_grade")) - 1
    assert OtherToxicityGraded.model_validate({**OTHER, "baseline_grade": highest})
    with pytest.raises(ValidationError, match="baseline_grade"):
        OtherToxicityGraded.model_validate({**OTHER, "baseline_grade": highest + 1})


@pytest.mark.parametrize(
    "clock_time", [time(8, 0, 30), time(8, tzinfo=UTC), time(8, tzinfo=timezone(timedelta(hours=5)))]
)
def test_a_clock_time_with_seconds_or_a_zone_is_refused(clock_time: time) -> None:
    with pytest.raises(ValidationError, match="clock_time"):
        CourseStarted.model_validate({**START, "clock_time": clock_time})


@pytest.mark.parametrize("timezone_name", ["localtime", "posixrules"])
def test_a_zone_that_means_another_on_each_computer_is_refused(timezone_name: str) -> None:
    try:
        ZoneInfo(timezone_name)
    except (KeyError, ValueError, OSError):
        pytest.skip("not on this computer")
    with pytest.raises(ValidationError, match="IANA"):
        CourseStarted.model_validate({**START, "timezone": timezone_name})


def test_an_event_is_shown_as_it_can_be_typed() -> None:
    """What was not given is left out."""
    event = NeutrophilsMeasured(day=8, value=Decimal("0.50"), unit="10*9/L", patient="p")
    assert repr(event) == "NeutrophilsMeasured(value=0.5, unit='10*9/L', patient='p', day=8)"


def test_a_line_of_a_kind_of_the_reader_s_own_is_itself() -> None:
    class Late(EventWithdrawn):
        """A kind that somebody derived."""

    for kind in (Late, EventWithdrawn):
        line = kind(withdraws="lab-1", recorded_at="2026-03-17T09:00:00+01:00")
        assert parse_line(line) is line
