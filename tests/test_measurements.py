"""Measurements: a sign settles what it can, numbers keep all of their digits, and what is open moves nothing."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ixastate.course.alphabet import Context, read
from ixastate.course.course import Course
from ixastate.course.log import dump, read_stream
from ixastate.course.record import Record
from ixastate.errors import CourseRefusal, InputError
from ixastate.events import (
    BilirubinMeasured,
    CreatinineClearanceMeasured,
    CycleAssessed,
    NeutrophilsMeasured,
    PlateletsMeasured,
    parse_event,
)
from ixastate.fields import MARKED, json_text
from ixastate.measurements import Bilirubin, CellCount, CreatinineClearance
from ixastate.rules import load_edition
from ixastate.words import describe
from tests.kit import START

EDITION, LABEL = load_edition(), load_edition("us-label")
LOW, FINE, OPEN = "low", "recovered", "open"
# Spellings of units, and how many of them 500 and 30,000 cells per cubic millimetre are; by hand.
UNITS = {
    "/mm3": ("500", "30000"),
    "cells/cumm": ("500", "30000"),
    "K/uL": ("0.5", "30"),
    "×10⁹/L": ("0.5", "30"),
    "10^6/L": ("500", "30000"),
    "万/μL": ("0.05", "3"),
    "lakh/cumm": ("0.005", "0.3"),
    "cells/mL": ("500000", "30000000"),
}
# The sign, the value beside the limit, and on which side the true value lies.
SIGNS: list[tuple[str | None, int, str]] = [
    *((None, side, meaning) for side, meaning in ((-1, LOW), (0, FINE), (1, FINE))),
    *(("<", side, meaning) for side, meaning in ((-1, LOW), (0, LOW), (1, OPEN))),
    *(("<=", side, meaning) for side, meaning in ((-1, LOW), (0, OPEN), (1, OPEN))),
    *((">", side, meaning) for side, meaning in ((-1, OPEN), (0, FINE), (1, FINE))),
    *((">=", side, meaning) for side, meaning in ((-1, OPEN), (0, FINE), (1, FINE))),
]


def exactly(text: str, side: int) -> Decimal:
    """A value at, just below or just above a limit."""
    digits = Fraction(text) * 10**30 + side
    return Decimal(f"{digits}E-30") if side else Decimal(text)


@pytest.mark.parametrize("kind", [NeutrophilsMeasured, PlateletsMeasured])
@pytest.mark.parametrize(("sign", "side", "meaning"), SIGNS)
@pytest.mark.parametrize("unit", UNITS)
def test_a_sign_settles_what_it_can_in_every_unit(
    kind: Any, sign: str | None, side: int, meaning: str, unit: str
) -> None:
    limit = UNITS[unit][kind is PlateletsMeasured]
    event = kind(day=8, value=exactly(limit, side), unit=unit, comparator=sign)
    name = "anc" if kind is NeutrophilsMeasured else "platelets"
    if meaning == OPEN:
        with pytest.raises(CourseRefusal, match="leaves open on which side of") as refused:
            read(event, Context(), EDITION)
        assert refused.value.rules == ("B-COMPARATOR",)
        assert refused.value.remedy
    else:
        found = read(event, Context(), EDITION)
        assert found.symbols == (f"{name}_{meaning}",)
        assert ("B-COMPARATOR" in found.rules) is (sign is not None)
        assert ("B-BOUND" in found.rules) is (side == 0)


@given(
    st.decimals(0, 10**8, allow_nan=False, places=6),
    st.sampled_from(["<", "<=", ">", ">="]),
    st.integers(1, 10**6),
    st.decimals(0, 10**9, allow_nan=False, places=6),
)
def test_an_answer_holds_of_every_value_that_was_possibly_there(
    reported: Decimal, sign: str, limit: int, true: Decimal
) -> None:
    """Drawn from all values, the true one either contradicts the report or agrees with what is answered."""
    count = CellCount(value=reported, unit="/mm3", comparator=sign)
    possible = {"<": true < reported, "<=": true <= reported, ">": true > reported, ">=": true >= reported}[sign]
    if possible and count.is_below(limit) is not None:
        assert count.is_below(limit) is (true < limit)
    if possible and (below := CreatinineClearance(value=reported, unit="mL/min", comparator=sign).is_below(limit)):
        assert true < limit, below
    if possible and (above := Bilirubin(times_uln=reported, comparator=sign).is_above(Fraction(limit))) is not None:
        assert above is (true > limit)


BOTH_SIDES: list[tuple[str, str, bool | None]] = [
    ("<", "1.5", False), ("<", "1.51", None), ("<", "1.4", False), ("<=", "1.5", False), ("<=", "1.51", None),
    (">", "1.5", True), (">", "1.49", None), (">=", "1.5", None), (">=", "1.51", True), (">=", "1.4", None),
]  # fmt: skip


@pytest.mark.parametrize(("sign", "value", "above"), BOTH_SIDES)
def test_a_bilirubin_with_a_sign(sign: str, value: str, above: bool | None) -> None:
    """In multiples of the limit, and in a unit of which the upper limit of normal is 20."""
    for event in (
        BilirubinMeasured(day=8, times_uln=Decimal(value), comparator=sign),
        BilirubinMeasured(day=8, value=Decimal(value) * 20, unit="µmol/L", upper_limit_of_normal=20, comparator=sign),
    ):
        assert event.is_above(Fraction(3, 2)) is above
        if above is None:
            with pytest.raises(CourseRefusal, match=r"bilirubin leaves open on which side of 1\.5 times"):
                read(event, Context(), EDITION)
        else:
            orders = read(event, Context(), EDITION).orders
            assert [order.verb for order in orders] == ["review_impairment"] * above


@pytest.mark.parametrize(
    ("sign", "value", "doses"),
    [
        ("<", 30, (3, 15)),
        ("<", 10, (3, 15)),
        ("<=", 30, None),
        ("<", 31, None),
        (">", 29, None),
        (">", 30, None),  # whether below 60 is open
        (">=", 30, None),
        (">", 59, None),
        (">", 60, (4, 25)),
        (">=", 60, (4, 25)),
        (">", 90, (4, 25)),
        ("<", 60, None),
    ],
)
def test_a_clearance_with_a_sign_at_the_start(sign: str, value: int, doses: tuple[float, float] | None) -> None:
    facts = {**START, "creatinine_clearance": {"value": value, "unit": "ml/min", "comparator": sign}}
    course = Course()
    if doses is None:
        with pytest.raises(CourseRefusal, match="creatinine clearance leaves open") as refused:
            course.observe(facts)
        assert refused.value.rules == ("B-COMPARATOR",)
        assert course.snapshot() == Course().snapshot()
        on_dialysis = course.observe({**facts, "on_dialysis": True})
        assert (on_dialysis.status.ixazomib_mg, on_dialysis.status.lenalidomide_mg) == (3, 5), "needs no clearance"
        return
    record = course.observe(facts)
    assert (record.status.ixazomib_mg, record.status.lenalidomide_mg) == doses
    assert "B-COMPARATOR" in record.rules


def test_a_start_that_is_blocked_anyway_is_not_refused() -> None:
    record = Course().observe(
        {**START, "patient_informed": False, "bilirubin": {"times_uln": 1.4, "comparator": ">"}},
    )
    assert record.symbols == ("start_blocked",)


@pytest.mark.parametrize("held", [False, True])
def test_what_is_open_moves_nothing(held: bool) -> None:
    course = Course()
    course.observe(START)
    if held:
        course.observe({"type": "neutrophils_measured", "day": 8, "value": "<0.1", "unit": "10*9/L"})
    before = course.snapshot()
    for facts in (
        {"type": "neutrophils_measured", "value": 1, "unit": "10*9/L", "comparator": "<"},
        {"type": "platelets_measured", "value": 29_999, "unit": "/mm3", "comparator": ">"},
        {"type": "bilirubin_measured", "times_uln": 2, "comparator": "<"},
        {"type": "creatinine_clearance_measured", "value": 20, "unit": "mL/min", "comparator": ">"},
    ):
        with pytest.raises(CourseRefusal, match=r"\(B-COMPARATOR\)"):
            course.observe({**facts, "day": 9})
        assert course.snapshot() == before
    assert course.status.words == ("held for neutrophils" if held else "active at 4 mg")


# The neutrophils and the platelets of an assessment, whether the rest is resolved, and whether its criteria are met.
MET: list[tuple[str, str, bool, bool | None]] = [
    ("1000", "75000", True, True),
    (">1000", ">75000", True, True),
    (">=1000", ">=75000", True, True),
    (">=1000", "<30000", True, False),
    (">700", "<30000", True, False),
    (">700", "75000", False, False),
    (">700", "75000", True, None),
    ("1000", ">74999", True, None),
    ("1000", "<=75000", True, None),
]


@pytest.mark.parametrize(("neutrophils", "platelets", "resolved", "met"), MET)
def test_the_criteria_of_a_new_cycle_with_signs(
    neutrophils: str, platelets: str, resolved: bool, met: bool | None
) -> None:
    counts = {
        name: {"value": text if text[0] in "<>" else int(text), "unit": "/mm3"}
        for name, text in (("neutrophils", neutrophils), ("platelets", platelets))
    }
    event = CycleAssessed.model_validate({"day": 29, "toxicities_resolved": resolved, **counts})
    if met is None:
        with pytest.raises(CourseRefusal, match="leaves open on which side of"):
            read(event, Context(), LABEL)
    else:
        assert read(event, Context(), LABEL).symbols[-1] == ("new_cycle_met" if met else "new_cycle_unmet")


# --- As laboratories write them --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sign", "value"),
    [
        ("<0.1", "<", "0.1"),
        ("< 0.1", "<", "0.1"),
        (" <0.1 ", "<", "0.1"),
        (">500", ">", "500"),
        ("<=0.5", "<=", "0.5"),
        (">= 0.5", ">=", "0.5"),
        ("≤0.5", "<=", "0.5"),
        ("≥0.5", ">=", "0.5"),
        ("=<0.5", "<=", "0.5"),
        ("=>0.5", ">=", "0.5"),
        ("<0.49999999999999999999", "<", "0.49999999999999999999"),
    ],
)
def test_a_text_with_a_sign_is_the_sign_and_the_number(text: str, sign: str, value: str) -> None:
    event = parse_event({"type": "platelets_measured", "day": 8, "value": text, "unit": "10*9/L"})
    assert isinstance(event, PlateletsMeasured)
    assert (event.comparator, event.value) == (sign, Decimal(value))
    assert event == PlateletsMeasured(day=8, value=Decimal(value), unit="10*9/L", comparator=sign)
    assert f"platelets {sign} {value} 10*9/L" == describe(event)
    assert parse_event(json.loads(dump(event), parse_float=Decimal)) == event
    for kind, fields in (
        (BilirubinMeasured, {"unit": "mg/dL", "upper_limit_of_normal": 1}),
        (CreatinineClearanceMeasured, {"unit": "mL/min"}),
    ):
        other = kind.model_validate({"day": 8, "value": text, **fields})
        assert f" {sign} " in describe(other)
        assert (other.comparator, other.value) == (sign, Decimal(value))


@pytest.mark.parametrize(
    "text", ["0.1", "<", "<-1", "<1e3", "<0,1", "<1,000", "~0.1", "<<1", "< 1 2", "1<", "<.5", "< nan", "<٣"]
)
def test_any_other_text_is_no_number(text: str) -> None:
    with pytest.raises(InputError, match="without quotes"):
        parse_event({"type": "platelets_measured", "day": 8, "value": text, "unit": "10*9/L"})


# --- All of the digits -----------------------------------------------------------------------------------------

LONG = [
    "367.3206572223348",
    "499.99999999999999999",
    "499.9999999999999999999999999999999999999999999999999999999999999999999",
    "500.00000000000000000000001",
    "0.1234567890123456789012345678901234567890",
    "123456789.1234567890123456789",
    f"0.{'1' * 999}",
    f"1.{'0' * 500}1",
]


def line(text: str) -> str:
    return f'{{"type": "neutrophils_measured", "value": {text}, "unit": "/mm3", "day": 8}}'


@pytest.mark.parametrize("text", LONG)
def test_a_line_of_a_log_keeps_its_digits(text: str) -> None:
    (read_back,) = read_stream(io.BytesIO(line(text).encode()), "log")
    assert dump(read_back.event) == line(text)
    assert isinstance(read_back.event, NeutrophilsMeasured)
    assert read_back.event.value == Decimal(text)
    assert read_back.event.is_below(500) is (Fraction(text) < 500)
    course = Course()
    course.observe(START)
    record = course.observe(read_back.event)
    assert record.symbols == ("anc_low" if Fraction(text) < 500 else "anc_recovered",)
    (again,) = read_stream(io.BytesIO(dump(record).encode()), "log")
    assert again.record == record
    assert f'"value": {text}, ' in dump(record)


@pytest.mark.parametrize("text", LONG)
def test_pydantic_s_own_json_keeps_the_digits_too(text: str) -> None:
    event = NeutrophilsMeasured(day=8, value=Decimal(text), unit="/mm3")
    assert NeutrophilsMeasured.model_validate_json(event.model_dump_json()) == event
    course = Course()
    course.observe({**START, "creatinine_clearance": {"value": Decimal(text), "unit": "mL/min"}})
    assert Course.resume(course.snapshot().model_dump_json()).snapshot() == course.snapshot()
    record = course.observe(event)
    assert Record.model_validate_json(record.model_dump_json()) == record


@given(st.decimals(0, 10**9 - 1, allow_nan=False), st.sampled_from(list(UNITS)), st.sampled_from([None, "<", ">="]))
def test_any_line_of_a_log_is_read_back_as_it_was(value: Decimal, unit: str, sign: str | None) -> None:
    event = PlateletsMeasured(day=8, value=value, unit=unit, comparator=sign)
    (read_back,) = read_stream(io.BytesIO(dump(event).encode()), "log")
    assert read_back.event == event
    assert dump(read_back.event) == dump(event)


def test_a_text_that_looks_like_a_long_number_stays_a_text() -> None:
    long = "0.12345678901234567890"
    event = PlateletsMeasured(patient=long, day=8, value=Decimal(long), unit="/mm3")
    assert dump(event).count(f'"{long}"') == 1
    assert json_text({"a": "\\u00001", "b": '"\\u00001"'}) == json.dumps({"a": "\\u00001", "b": '"\\u00001"'})
    assert "\0" not in dump(event)
    assert event.model_dump(mode="json", context=MARKED)["value"] == f"\0{long}"


@pytest.mark.parametrize("make", [int, float, Decimal, Fraction], ids=lambda make: make.__name__)
def test_which_numbers_are_taken(make: Callable[[int], Any]) -> None:
    if make is Fraction:
        with pytest.raises(InputError, match="without quotes"):
            NeutrophilsMeasured(day=8, value=make(420), unit="/mm3")
    else:
        assert NeutrophilsMeasured(day=8, value=make(420), unit="/mm3").value == 420


def test_scalars_of_numpy_and_pandas_are_taken_exactly() -> None:
    numpy = pytest.importorskip("numpy")
    for value, text in (
        (numpy.int64(420), "420"),
        (numpy.float32(0.1), "0.1"),
        (numpy.float64(367.3206572223348), "367.3206572223348"),
        (numpy.uint8(7), "7"),
        (numpy.float16(0.5), "0.5"),
    ):
        assert NeutrophilsMeasured(day=8, value=value, unit="/mm3").value == Decimal(text)
