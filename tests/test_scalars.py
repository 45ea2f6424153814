"""Scalars of numpy and pandas in every field of every event: the same event, or a refusal; and never a guess."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from ixastate.course.log import dump
from ixastate.errors import InputError
from ixastate.events import KINDS, DoseTaken, NeutrophilsMeasured, RashGraded, parse_event
from tests.test_course import begin
from tests.test_events import EVENTS

np = pytest.importorskip("numpy", reason="numpy is not installed")
pd = pytest.importorskip("pandas", reason="pandas is not installed")

Facts = dict[str, Any]
Path = tuple[str | int, ...]


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value of an event that holds no others, with the way to it."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in inner:
        yield from leaves(part, (*path, name))
    if not isinstance(value, dict | list) and value is not None:
        yield path, value


def put(facts: Facts, path: Path, value: Any) -> Facts:
    """The event with another value at this place."""
    changed = copy.deepcopy(facts)
    place: Any = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return changed


BOOLEANS: list[Callable[[Any], Any]] = [
    np.bool_,
    lambda value: pd.array([value], dtype="boolean")[0],
    lambda value: pd.Series([value, None], dtype=object)[0],
]
INTEGERS: list[Callable[[Any], Any]] = [
    *(np.int32, np.int64, np.uint32, np.uint64, np.longlong),
    lambda value: pd.array([value], dtype="Int64")[0],
    lambda value: pd.Series([value]).iloc[0],
    lambda value: np.array(value)[()],
]
# A float of fewer bits stands for the shortest text that is read back as it, as numpy prints it.
FLOATS: list[Callable[[Any], Any]] = [
    *(np.float32, np.float64, lambda value: np.longdouble(str(value))),
    lambda value: pd.array([value], dtype="Float64")[0],
    lambda value: pd.Series([value, float("nan")])[0],
    lambda value: pd.Series([value], dtype="float32")[0],
]
TEXTS: list[Callable[[Any], Any]] = [
    np.str_,
    lambda value: pd.Series([value], dtype="string")[0],
    lambda value: pd.Categorical([value])[0],
    lambda value: np.array([value])[0],
]
MOMENTS: list[Callable[[Any], Any]] = [
    pd.Timestamp,
    lambda value: pd.Series([pd.Timestamp(value)])[0],
    lambda value: pd.DatetimeIndex([pd.Timestamp(value)])[0],
]


def ways(path: Path, value: Any) -> list[Callable[[Any], Any]]:
    if path == ("at",):
        return [*MOMENTS, np.str_]
    kinds: dict[type, list[Callable[[Any], Any]]] = {bool: BOOLEANS, int: INTEGERS, float: FLOATS, str: TEXTS}
    return kinds[type(value)]


@pytest.mark.parametrize("facts", EVENTS, ids=lambda facts: facts["type"])
def test_a_scalar_is_the_value_that_it_holds(facts: Facts) -> None:
    expected = parse_event(facts)
    for path, value in leaves(facts):
        for way in ways(path, value):
            event = parse_event(put(facts, path, way(value)))
            assert event == expected, (path, way(value))
            assert dump(event) == dump(expected), "it is written as ever"


def test_every_field_with_a_value_is_among_those() -> None:
    """Every number, truth value and moment that any event has."""
    tried = {(facts["type"], str(path[0])) for facts in EVENTS for path, _ in leaves(facts)}
    fields = {(kind, name) for kind, model in KINDS.items() for name in model.model_fields} - {
        (kind, name) for kind in KINDS for name in ("id", "recorded_at", "patient", "at", "day")
    }
    missing = {(kind, name) for kind, name in fields - tried if name not in ("assumed",)}
    # Of these a bare example has the default.
    assert {name for _, name in missing} <= {"drug", "scheduled_day", "comparator", "times_uln", "value", "unit"} | {
        "upper_limit_of_normal",
        "after_g_csf",
        "after_transfusion",
        "on_dialysis",
        "attribution",
    }


MISSING = [
    *(float("nan"), np.float64("nan"), np.float32("nan"), np.longdouble("nan"), np.float16("inf"), -np.inf),
    *(pd.NA, pd.NaT, np.datetime64("NaT", "s"), np.timedelta64("NaT", "s")),
    *(np.timedelta64(3, "D"), np.datetime64("2026-01-05")),
    *(np.complex64(1), np.array([1]), np.array([]), pd.Series([1]), np.void(b"1")),
]


@pytest.mark.parametrize("value", MISSING, ids=repr)
@pytest.mark.parametrize("facts", EVENTS, ids=lambda facts: facts["type"])
def test_what_is_missing_or_no_scalar_is_refused_where_it_stands(facts: Facts, value: Any) -> None:
    for path, given in leaves(facts):
        if path == ("type",):
            continue
        with pytest.raises(InputError) as refused:
            parse_event(put(facts, path, value))
        assert refused.value.remedy
        if len(path) == 1 and not isinstance(given, str):
            assert refused.value.where.startswith(f"event: {path[0]}")


@pytest.mark.parametrize(
    ("wide", "text"),
    [
        (np.float32(0.1), "0.1"),
        (np.float32(0.499), "0.499"),
        (np.float32(499.999), "499.999"),
        (np.float64(np.float32(0.1)), "0.10000000149011612"),  # what was lost stays lost, and is not hidden
        (np.float16(0.5), "0.5"),
        (np.longdouble("0.1"), "0.1"),
        (np.uint64(999_999_999), "999999999"),
    ],
    ids=str,
)
def test_a_number_is_as_exact_as_its_text(wide: Any, text: str) -> None:
    assert NeutrophilsMeasured(day=1, value=wide, unit="10*9/L").value == Decimal(text)


@pytest.mark.parametrize("value", [np.bool_(True), np.str_("2"), np.float64(2), np.int64(-1)], ids=repr)
def test_a_grade_is_a_whole_number(value: Any) -> None:
    with pytest.raises(InputError, match=r"^RashGraded: grade: "):
        RashGraded(day=1, grade=value)


@pytest.mark.parametrize("value", [np.int64(1), np.float64(0), np.str_("true"), np.array([True])], ids=repr)
def test_a_truth_value_is_none_of_those(value: Any) -> None:
    with pytest.raises(InputError, match=r"^NeutrophilsMeasured: after_g_csf: "):
        NeutrophilsMeasured(day=1, value=1, unit="/mm3", after_g_csf=value)


@pytest.mark.parametrize("unit", ["D", "s", "us", "ns"])
def test_a_datetime64_knows_no_offset_and_is_refused(unit: str) -> None:
    """To take it for UTC would shift the dose of whoever meant local time."""
    with pytest.raises(InputError, match=r"^RashGraded: at: must have its offset, which a datetime64 has not"):
        RashGraded(at=np.datetime64("2026-01-05", unit), grade=2)
    given = pd.Timestamp(np.datetime64("2026-01-05", unit)).tz_localize("Europe/Berlin")
    assert RashGraded(at=given, grade=2).at == datetime.fromisoformat("2026-01-05T00:00+01:00")


def test_a_course_answers_scalars_as_numbers() -> None:
    course = begin()
    assert course.due(np.arange(1, 29)) == course.due(pd.Series(range(1, 29))) == course.due(range(1, 29))
    later = pd.Timestamp("2026-03-09T08:00Z")
    assert course.status_at(later) == course.status_at(later.to_pydatetime())
    for moment in (np.datetime64("2026-03-09T08:00"), pd.NaT, pd.Timestamp("2026-03-09")):
        with pytest.raises(InputError, match="status_at"):
            course.status_at(moment)
    for day in (np.float64(8), pd.NA, np.datetime64("2026-03-09"), np.bool_(True)):
        with pytest.raises(InputError, match="due"):
            course.due([day])
    assert DoseTaken(day=np.int8(8), dose_mg=np.float32(2.3)) == DoseTaken(day=8, dose_mg=2.3)
