"""The counts of an assessment before a new cycle are counts: what follows, in which order, and what is asked for.

The courses are worked by hand from the text: L12-L14 for the neutrophils, L15-L17 for the platelets, NC-01 for the
criteria.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest

from ixastate.course.course import Course, Record
from ixastate.events import parse_event
from ixastate.orders import Order, net_effect
from tests.independent_reading import IndependentReading
from tests.kit import START
from tests.tables import EDITION_NAMES

HOLD = [Order("hold", "ixazomib"), Order("hold", "lenalidomide")]
RESUME = [Order("resume", "ixazomib", 4), Order("resume", "lenalidomide", 25)]
STOP = [Order("stop", "ixazomib"), Order("stop", "lenalidomide"), Order("stop", "dexamethasone")]
G_CSF = Order("consider_g_csf")


# --- What is left to do ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "left"),
    [
        ([], []),
        ([[], []], []),
        ([HOLD], HOLD),
        ([HOLD, [], []], HOLD),
        ([[*HOLD, G_CSF], []], [*HOLD, G_CSF]),
        ([[G_CSF], [G_CSF]], [G_CSF]),
        ([RESUME, HOLD], []),
        ([HOLD, RESUME], []),
        ([RESUME, HOLD, RESUME], RESUME),
        ([HOLD, RESUME, HOLD], HOLD),
        ([RESUME, HOLD[:1]], RESUME[1:]),
        (
            [[Order("reduce", "ixazomib", 3), Order("resume", "ixazomib", 3)], HOLD[:1]],
            [Order("reduce", "ixazomib", 3)],
        ),
        ([[Order("reduce", "ixazomib", 3)], [Order("reduce", "ixazomib", 2.3)]], [Order("reduce", "ixazomib", 2.3)]),
        (
            [[Order("reduce", "ixazomib", 3)], [Order("reduce", "lenalidomide", 20)]],
            [Order("reduce", "ixazomib", 3), Order("reduce", "lenalidomide", 20)],
        ),
        ([[*RESUME, Order("reduce", "ixazomib", 3)], [*STOP]], STOP),
        ([[Order("start", "ixazomib", 4)], [Order("confirm_assumption")]], None),
    ],
    ids=str,
)
def test_orders_that_cancel_are_not_given(steps: list[list[Order]], left: list[Order] | None) -> None:
    expected = [order for step in steps for order in step] if left is None else left
    assert net_effect(steps) == tuple(expected)


# --- Courses worked by hand -----------------------------------------------------------------------------------

Counts = tuple[int, int]


def count(kind: str, value: int) -> dict[str, Any]:
    return {"type": f"{kind}_measured", "value": value, "unit": "/mm3"}


def assessed(counts: Counts, resolved: bool = True) -> dict[str, Any]:
    neutrophils, platelets = counts
    return {
        "type": "cycle_assessed",
        "neutrophils": {"value": neutrophils, "unit": "/mm3"},
        "platelets": {"value": platelets, "unit": "/mm3"},
        "toxicities_resolved": resolved,
    }


def followed(facts: Iterable[dict[str, Any]], edition: str = "dosing-text") -> list[Record]:
    """The records of a start on day 1 and of these facts, a day apart."""
    course = Course(edition=edition)
    return [course.observe(parse_event({"day": day, **fact})) for day, fact in enumerate([START, *facts], 1)]


LOW, FINE = count("neutrophils", 300), count("neutrophils", 500)
FEW, ENOUGH = count("platelets", 29_999), count("platelets", 30_000)
SEVERE = {"type": "neuropathy_graded", "grade": 3}
OVER = {"type": "neuropathy_graded", "grade": 1, "physician_agrees": True}
WORKED: dict[str, tuple[list[dict[str, Any]], Counts, tuple[str, ...], str, list[str]]] = {
    "both as they should be": (
        [],
        (500, 30_000),
        ("anc_recovered", "platelets_recovered"),
        "active at 4 mg",
        [],
    ),
    "neutrophils low": (
        [],
        (499, 30_000),
        ("anc_low", "platelets_recovered"),
        "held for neutrophils",
        ["hold ixazomib", "hold lenalidomide", "consider G-CSF"],
    ),
    "platelets low": (
        [],
        (500, 29_999),
        ("anc_recovered", "platelets_low"),
        "held for platelets",
        ["hold ixazomib", "hold lenalidomide"],
    ),
    "both low": (
        [],
        (0, 0),
        ("anc_low", "platelets_low"),
        "held for neutrophils, platelets",
        ["hold ixazomib", "hold lenalidomide", "consider G-CSF"],
    ),
    "neutrophils still low": (
        [LOW],
        (499, 30_000),
        ("anc_low", "platelets_recovered"),
        "held for neutrophils",
        ["consider G-CSF"],
    ),
    "neutrophils over": (
        [LOW],
        (500, 30_000),
        ("anc_recovered", "platelets_recovered"),
        "active at 3 mg",
        ["reduce ixazomib to 3 mg", "resume ixazomib at 3 mg", "resume lenalidomide at 25 mg"],
    ),
    "neutrophils over, platelets low": (
        [LOW],
        (500, 29_999),
        ("anc_recovered", "platelets_low"),
        "held for platelets",
        ["reduce ixazomib to 3 mg"],
    ),
    "platelets over, neutrophils low": (
        [FEW],
        (499, 30_000),
        ("anc_low", "platelets_recovered"),
        "held for neutrophils",
        ["consider G-CSF"],
    ),
    "both over": (
        [LOW, FEW],
        (500, 30_000),
        ("anc_recovered", "platelets_recovered"),
        "active at 3 mg",
        [
            "reduce ixazomib to 3 mg",
            "reduce lenalidomide to 20 mg",
            "resume ixazomib at 3 mg",
            "resume lenalidomide at 20 mg",
        ],
    ),
    "held for a neuropathy too": (
        [SEVERE, LOW],
        (500, 30_000),
        ("anc_recovered", "platelets_recovered"),
        "held for neuropathy",
        ["resume lenalidomide at 25 mg"],
    ),
    "the neutrophils stop it": (
        [LOW, FINE, SEVERE, OVER],
        (499, 29_999),
        ("anc_low",),
        "discontinued",
        ["stop ixazomib", "stop lenalidomide", "stop dexamethasone"],
    ),
    "the platelets stop it, after a reduction": (
        [FEW, ENOUGH, SEVERE, OVER, LOW],
        (500, 29_999),
        ("anc_recovered", "platelets_low"),
        "discontinued",
        ["stop ixazomib", "stop lenalidomide", "stop dexamethasone"],
    ),
}


@pytest.mark.parametrize("name", WORKED)
@pytest.mark.parametrize("resolved", [True, False])
def test_an_assessment_by_the_dosing_text(name: str, resolved: bool) -> None:
    past, counts, symbols, words, orders = WORKED[name]
    record = followed([*past, assessed(counts, resolved)])[-1]
    assert (record.symbols, record.words, [str(order) for order in record.orders]) == (symbols, words, orders)
    assert "B-ASSESS-COUNTS" in record.rules
    assert not {"NC-01", "B-NEWCYCLE"} & set(record.rules)


@pytest.mark.parametrize("name", WORKED)
def test_the_independent_reading_works_them_alike(name: str) -> None:
    past, counts, _, _, orders = WORKED[name]
    reading = IndependentReading()
    for day, fact in enumerate([START, *past, assessed(counts)], 1):
        answer = reading.observe(parse_event({"day": day, **fact}))
    assert {str(order) for order in answer.orders} == set(orders)


@pytest.mark.parametrize(
    ("past", "counts", "criteria", "words", "orders"),
    [
        ([], (999, 75_000), "new_cycle_unmet", "held for new cycle", ["hold ixazomib", "hold lenalidomide"]),
        ([], (1000, 75_000), "new_cycle_met", "active at 4 mg", []),
        (
            [],
            (300, 75_000),
            "new_cycle_unmet",
            "held for neutrophils, new cycle",
            ["hold ixazomib", "hold lenalidomide", "consider G-CSF"],
        ),
        ([LOW], (999, 75_000), "new_cycle_unmet", "held for new cycle", ["reduce lenalidomide to 20 mg"]),
        (
            [LOW],
            (1000, 75_000),
            "new_cycle_met",
            "active at 4 mg",
            ["reduce lenalidomide to 20 mg", "resume ixazomib at 4 mg", "resume lenalidomide at 20 mg"],
        ),
        (
            [LOW, assessed((300, 75_000))],
            (1000, 75_000),
            "new_cycle_met",
            "active at 4 mg",
            ["reduce lenalidomide to 20 mg", "resume ixazomib at 4 mg", "resume lenalidomide at 20 mg"],
        ),
    ],
    ids=str,
)
def test_an_assessment_by_the_label(
    past: list[dict[str, Any]], counts: Counts, criteria: str, words: str, orders: list[str]
) -> None:
    """Neutropenia lowers lenalidomide first there, and the criteria are read after the counts."""
    record = followed([*past, assessed(counts)], "us-label")[-1]
    low = "anc_low" if counts[0] < 500 else "anc_recovered"
    assert record.symbols == (low, "platelets_recovered", criteria)
    assert record.words == words
    assert [str(order) for order in record.orders] == orders
    assert {"B-ASSESS-COUNTS", "NC-01"} <= set(record.rules)


def test_what_a_stop_leaves_is_its_own_clause() -> None:
    """The neutrophils would lower ixazomib to its floor (ANC-06); the platelets end treatment there (PLT-09)."""
    past, counts, *_ = WORKED["the platelets stop it, after a reduction"]
    record = followed([*past, assessed(counts)])[-1]
    assert "PLT-09" in record.rules
    assert not {rule for rule in record.rules if rule.startswith("ANC")}


def test_low_neutrophils_in_an_assessment_open_an_episode_as_a_measured_count_does() -> None:
    """Under the label as under the text: both drugs are held, and the reduction follows at the recovery."""
    for edition in EDITION_NAMES:
        # Where a low count must be confirmed, that of the assessment confirms one.
        before = [LOW] if edition == "what-if-confirm" else []
        by_assessment = followed([*before, assessed((300, 75_000)), FINE], edition)[-2:]
        by_count = followed([*before, LOW, FINE], edition)[-2:]
        assert {"ANC-01", "ANC-03"} <= set(by_assessment[0].rules)
        assert by_assessment[0].status.ixazomib_held
        reduced = [
            [order for order in course[1].orders if order.verb == "reduce"] for course in (by_assessment, by_count)
        ]
        # The label's criteria still hold both drugs, so that what is owed is lowered when they are met.
        if edition == "us-label":
            assert reduced == [[], [Order("reduce", "lenalidomide", 20)]]
            assert by_assessment[1].words == "held for new cycle"
        else:
            assert reduced == [[Order("reduce", "ixazomib", 3)]] * 2
            assert by_assessment[1].after == by_count[1].after


@pytest.mark.parametrize("edition", EDITION_NAMES)
def test_the_counts_alone_say_what_the_measured_counts_say(edition: str) -> None:
    """One event of both counts leads where a neutrophil and then a platelet count lead, apart from the criteria."""
    for past in ([], [LOW], [FEW], [LOW, FEW], [SEVERE, LOW]):
        for neutrophils, platelets in ((499, 30_000), (500, 29_999), (1, 1), (1000, 75_000)):
            measured = followed([*past, count("neutrophils", neutrophils), count("platelets", platelets)], edition)
            record = followed([*past, assessed((neutrophils, platelets))], edition)[-1]
            regions = slice(None, 7)
            if "new_cycle_unmet" not in record.symbols:
                assert record.after[regions] == measured[-1].after[regions]
            assert record.symbols[:2] == (*measured[-2].symbols, *measured[-1].symbols)


@pytest.mark.parametrize(
    ("neutrophils", "symbol", "rules"),
    [
        (("0.499", "10*9/L"), "anc_low", ["B-UNITS"]),
        (("499.999", "/uL"), "anc_low", []),
        (("0.5", "10*9/L"), "anc_recovered", ["B-UNITS", "B-BOUND"]),
        (("500", "10*6/L"), "anc_recovered", ["B-BOUND"]),
    ],
    ids=str,
)
def test_units_and_boundaries_are_those_of_a_measured_count(
    neutrophils: tuple[str, str], symbol: str, rules: list[str]
) -> None:
    value, unit = neutrophils
    facts = assessed((1, 40_000)) | {"neutrophils": {"value": Decimal(value), "unit": unit}}
    record = followed([facts])[-1]
    assert record.symbols[0] == symbol
    assert {"B-UNITS", "B-BOUND"} & set(record.rules) == set(rules)


def test_a_hold_that_one_count_hands_to_the_other_is_one_hold() -> None:
    """Held from day 2 on; on day 20 the neutrophils recover and the platelets fall: by day 30 it is 28 days long."""
    facts = [LOW, {**assessed((500, 29_999)), "day": 20}, {**FEW, "day": 29}, {**FEW, "day": 30}, {**FEW, "day": 31}]
    reviewed = [any(order.verb == "review_long_hold" for order in record.orders) for record in followed(facts)]
    assert reviewed == [False, False, False, False, True, False]


@pytest.mark.parametrize("edition", EDITION_NAMES)
def test_after_the_end_an_assessment_changes_nothing(edition: str) -> None:
    record = followed([{"type": "progression_found"}, assessed((0, 0))], edition)[-1]
    assert (record.symbols, record.orders, record.rules) == ((), (), ("K-FINAL",))


def test_a_course_goes_on_from_a_snapshot_between_two_assessments() -> None:
    course = Course()
    facts = [START, LOW, assessed((500, 29_999)), assessed((499, 30_000)), assessed((500, 30_000))]
    records = []
    for day, fact in enumerate(facts, 1):
        records.append(course.observe(parse_event({"day": day, **fact})))
        course = Course.resume(course.snapshot().model_dump_json())
    assert records == followed(facts[1:])
