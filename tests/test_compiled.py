"""The compiled machine on which courses step: the same steps as the live chart's and as the graph's, and no other."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ixastate.course.alphabet import Context, Meaning, Meanings, read
from ixastate.course.course import Course, Record
from ixastate.course.live import machine
from ixastate.errors import ChartError, CourseRefusal
from ixastate.events import AnyEvent, Neuropathy, parse_event
from ixastate.rules import load_edition
from ixastate.symbols import SCREENING
from ixastate.table import compiled
from ixastate.table.compiled import Compiled
from tests.tables import EDITION_NAMES, graph, sampled, table
from tests.test_fuzz import events


@pytest.mark.parametrize("edition", EDITION_NAMES)
def test_it_steps_as_the_graph_and_the_table_do(edition: str) -> None:
    own, whole = Compiled(graph(edition)), table(edition)
    for number in sampled(edition, 120, seed=11):
        before = whole.configurations[number]
        for symbol, move in zip(whole.symbols, whole.row(number), strict=True):
            if whole.output[move]:
                step = own.step(before, symbol)
                assert step == whole.step(before, symbol) == graph(edition).step(before, symbol)
                assert step.edges == whole.edges[whole.output[move]]
                assert own.step(before, symbol) is step, "it is remembered"


def test_it_forgets_before_it_grows_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "MOST_STEPS", 3)
    own, before, chance = Compiled(graph()), SCREENING, Random(1)
    for _ in range(200):
        symbols = (
            ["start_4_25"] if before == SCREENING else ["anc_low", "anc_recovered", "rash_resolved", "platelets_low"]
        )
        step = own.step(before, chance.choice(symbols))
        assert step == graph().step(before, step.symbol)
        assert len(own._steps) <= 3
        before = step.after


@pytest.mark.parametrize(
    ("before", "symbol", "complaint"),
    [
        (SCREENING, "anc_lo", "'anc_lo' is no symbol of the machine"),
        (SCREENING, "anc_low", "'anc_low' goes unanswered"),
        (("nowhere",), "anc_low", "'nowhere' is no leaf of the chart"),
        (("screening", "screening"), "start_4_25", "a leaf is named twice"),
        (("screening", "discontinued"), "start_4_25", "2 root states are active, not one"),
        (("ixazomib_given_4",), "anc_low", "1 children of"),
    ],
)
def test_it_refuses_what_the_live_chart_refuses(before: tuple[str, ...], symbol: str, complaint: str) -> None:
    for stepping in (Compiled(graph()), machine()):
        with pytest.raises(ChartError, match=complaint):
            stepping.step(before, symbol)


def answer(course: Course, event: AnyEvent) -> Record | str:
    try:
        return course.observe(event)
    except CourseRefusal as refused:
        return str(refused)


@settings(max_examples=60, deadline=None)
@given(events())
def test_a_course_says_the_same_on_the_live_chart(course: list[AnyEvent]) -> None:
    quick, live = Course(), Course(live=True)
    for event in course:
        assert answer(quick, event) == answer(live, event)
    assert quick.snapshot() == live.snapshot()


def test_a_course_steps_on_the_live_chart_on_request_alone() -> None:
    assert Course("p", "us-label", live=True)._machine is machine("us-label")
    assert Course("p", "us-label")._machine is Compiled.of("us-label")


CONTEXTS = [
    Context(),
    Context(Neuropathy(grade=1)),
    Context(Neuropathy(grade=1, pain=True)),
    Context(open_terms=(("diarrhoea", "clear"),)),
    Context(open_terms=(("diarrhoea", None), ("fatigue", "not_clear")), related=True),
]


def meaning(read_by: Callable[[AnyEvent, Context], Meaning], event: AnyEvent, context: Context) -> Meaning | str:
    try:
        return read_by(event, context)
    except CourseRefusal as refused:
        return str(refused)


@given(events(), st.sampled_from(CONTEXTS), st.sampled_from(CONTEXTS))
def test_what_was_read_once_is_what_is_read(course: list[AnyEvent], one: Context, other: Context) -> None:
    """In one context and then in another, which must not be mixed up."""
    edition = load_edition()
    for event, context in product(course, (one, other, one)):
        expected = meaning(lambda event, context: read(event, context, edition), event, context)
        assert meaning(Meanings.of(edition).read, event, context) == expected


def test_values_that_differ_in_their_last_digit_are_not_one() -> None:
    meanings = Meanings.of(load_edition())
    count = {"type": "neutrophils_measured", "day": 8, "unit": "/mm3"}
    low, fine = Decimal("499." + "9" * 40), Decimal(500)
    for value, symbol in ((fine, "anc_recovered"), (low, "anc_low"), (fine, "anc_recovered")):
        assert meanings.read(parse_event({**count, "value": value}), Context()).symbols == (symbol,)
    signed = {**count, "comparator": "<", "value": 500}
    assert meanings.read(parse_event(signed), Context()).symbols == ("anc_low",)


def test_a_course_without_records_keeps_none() -> None:
    course = Course("p", keep_records=False)
    start = {
        **{"type": "course_started", "day": 1, "weekday": "monday", "clock_time": "08:00", "patient_informed": True},
        **{"bilirubin": {"times_uln": 1}, "creatinine_clearance": {"value": 90, "unit": "mL/min"}},
    }
    kept = Course("p")
    assert course.observe(start) == kept.observe(start)
    assert (course.records, len(kept.records)) == ((), 1)
    assert course.snapshot() == kept.snapshot()
