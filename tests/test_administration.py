"""Doses: those that a course starts with, and what follows from one that was taken, missed, late or went wrong.

What follows is advice that moves nothing; it depends on the level in force, the calendar and what was held when.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ixastate.course.course import Course
from ixastate.events import Drug, parse_event
from ixastate.orders import Order, Verb
from tests.test_course import HIGH, LOW, START, Facts, begin, facts_of, refuses, see


def at_4_mg() -> Course:
    return begin()


def at_3_mg() -> Course:
    return begin(bilirubin={"times_uln": 2})


def at_2_3_mg() -> Course:
    course = at_3_mg()
    see(course, "neuropathy_graded", 1, grade=3)
    see(course, "neuropathy_graded", 1, grade=1, physician_agrees=True)
    return course


def held() -> Course:
    course = at_4_mg()
    see(course, "neutrophils_measured", 2, **LOW)
    return course


def ended() -> Course:
    course = at_4_mg()
    see(course, "progression_found", 2)
    return course


def answer(course: Course, facts: Facts) -> tuple[list[str], tuple[str, ...]]:
    """The verbs of the orders that follow from a dose event, and the rules; but for its slots nothing has moved."""
    before, status = course.snapshot(), course.status
    record = course.observe(parse_event(facts))
    assert record.after == record.before == before.configuration
    assert course.status == record.status == status
    after = course.snapshot()
    moved = {"number": record.number, "latest": course.latest, "slots": after.slots}
    assert after == before.model_copy(update=moved)
    drug = facts.get("drug", "ixazomib")
    assert all(order == Order(order.verb, drug) for order in record.orders)
    return [order.verb for order in record.orders], record.rules


# --- The start -------------------------------------------------------------------------------------------------

ORGAN_RULES = {"HEP-01", "HEP-02", "HEP-03", "REN-01", "REN-02", "REN-04", "B-BOTH-ORGANS"}


@pytest.mark.parametrize(
    ("times_uln", "ml_min", "on_dialysis", "doses", "rules"),
    [
        (1.5, 60, False, (4, 25), ""),
        (1.501, 60, False, (3, 25), "HEP-01 HEP-03"),
        (3, 60, False, (3, 25), "HEP-01 HEP-03"),
        (3.001, 60, False, (3, 25), "HEP-02 HEP-03"),
        (1, 59.9, False, (4, 10), "REN-04"),
        (1, 30, False, (4, 10), "REN-04"),
        (1, 29.9, False, (3, 15), "REN-01 REN-04"),
        (1, 0, False, (3, 15), "REN-01 REN-04"),
        (1, 90, True, (3, 5), "REN-02 REN-04"),
        (1, None, True, (3, 5), "REN-02 REN-04"),
        (4, 29.9, False, (3, 15), "HEP-02 HEP-03 REN-01 REN-04 B-BOTH-ORGANS"),
    ],
)
def test_organ_function_decides_the_starting_doses(
    times_uln: float, ml_min: float | None, on_dialysis: bool, doses: tuple[float, float], rules: str
) -> None:
    clearance = None if ml_min is None else {"value": ml_min, "unit": "mL/min"}
    facts = {"bilirubin": {"times_uln": times_uln}, "creatinine_clearance": clearance, "on_dialysis": on_dialysis}
    record = Course("p").observe(parse_event({**START, **facts}))
    assert (record.status.ixazomib_mg, record.status.lenalidomide_mg) == doses
    assert set(record.rules) & ORGAN_RULES == set(rules.split())
    assert (Order("consult_insert", "lenalidomide") in record.orders) is ("HEP-03" in rules)


def test_what_stops_treatment_asks_for_nothing_else() -> None:
    course = at_2_3_mg()
    first = see(course, "other_toxicity_graded", 2, term="nausea", grade=3)
    assert Order("state_attribution") in first.orders, "the first of the course is held, and nobody has said why"
    last = see(course, "other_toxicity_graded", 3, term="fatigue", grade=3)
    assert [str(order) for order in last.orders] == ["stop ixazomib", "stop lenalidomide", "stop dexamethasone"]


# --- Taken -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("course", "when", "mg", "verbs", "rules"),
    [
        (at_4_mg, 1, 4, "", "K-RECORD"),
        (at_4_mg, "2026-03-02T23:59:00Z", 4, "", "K-RECORD"),
        (at_4_mg, 15, 4, "", "K-RECORD"),
        (at_4_mg, 29, 4, "", "K-RECORD"),
        (at_4_mg, 1, 3.999, "review_deviation", "ADM-14"),
        (at_4_mg, 1, 4.001, "review_overdose", "ADM-14 ADM-16 B-OVERDOSE"),
        (at_4_mg, 8, 8, "review_overdose", "ADM-14 ADM-16 B-OVERDOSE"),
        (at_4_mg, 2, 4, "review_deviation", "ADM-14"),
        (at_4_mg, "2026-03-03T00:00:00Z", 4, "review_deviation", "ADM-14"),
        (at_4_mg, 22, 4, "review_deviation", "ADM-14"),
        (at_4_mg, 9, 8, "review_overdose review_deviation", "ADM-14 ADM-16 B-OVERDOSE"),
        (at_3_mg, 1, 3, "", "K-RECORD"),
        (at_3_mg, 1, 4, "review_overdose", "ADM-14 ADM-16 B-OVERDOSE"),
        (at_2_3_mg, 1, 2.3, "", "K-RECORD"),
        (at_2_3_mg, 1, 2.30000000000001, "review_overdose", "ADM-14 ADM-16 B-OVERDOSE"),
        (at_2_3_mg, 1, 2.29999999999999, "review_deviation", "ADM-14"),
        (at_2_3_mg, 1, 4.6, "review_overdose", "ADM-14 ADM-16 B-OVERDOSE"),
        (at_2_3_mg, 1, 3, "review_overdose", "ADM-14 ADM-16 B-OVERDOSE"),
        (held, 8, 4, "review_deviation", "ADM-14"),
        (held, 8, 4.5, "review_overdose review_deviation", "ADM-14 ADM-16 B-OVERDOSE"),
        (ended, 8, 8, "", "K-FINAL"),
    ],
)
def test_ixazomib_taken(course: Callable[[], Course], when: int | str, mg: float, verbs: str, rules: str) -> None:
    given = answer(course(), json.loads(json.dumps(facts_of("dose_taken", when, dose_mg=mg))))
    assert given == (verbs.split(), tuple(rules.split()))


def test_a_dose_before_day_1_is_a_deviation() -> None:
    course = begin(at="2026-03-02T08:01:00Z")
    assert answer(course, facts_of("dose_taken", "2026-03-03T08:00:00Z", dose_mg=4)) == (
        ["review_deviation"],
        ("ADM-14",),
    )


@pytest.mark.parametrize("drug", ["lenalidomide", "dexamethasone"])
@pytest.mark.parametrize("mg", [0.5, 25, 400])
def test_a_companion_taken_is_recorded(drug: Drug, mg: float) -> None:
    assert answer(held(), facts_of("dose_taken", 9, dose_mg=mg, drug=drug)) == ([], ("K-RECORD",))


# --- Missed and late -------------------------------------------------------------------------------------------

FITS, TOO_LATE, WITHHELD = "ADM-11", "ADM-12", "B-HELD-NOT-MISSED"


def held_between(low: str, recovered: str) -> Callable[[], Course]:
    def course() -> Course:
        one = at_4_mg()
        see(one, "neutrophils_measured", low, **LOW)
        see(one, "neutrophils_measured", recovered, **HIGH)
        return one

    return course


@pytest.mark.parametrize(
    ("course", "when", "scheduled_day", "rules"),
    [
        (at_4_mg, 1, None, FITS),
        (at_4_mg, "2026-03-06T08:00:00Z", None, f"{FITS} B-BOUND"),  # 72:00 before day 8
        (at_4_mg, "2026-03-06T08:01:00Z", None, TOO_LATE),  # 71:59
        (at_4_mg, "2026-03-06T09:00:00+01:00", None, f"{FITS} B-BOUND"),
        (at_4_mg, "2026-03-09T07:59:59Z", None, TOO_LATE),
        (at_4_mg, "2026-03-09T08:00:00Z", None, FITS),  # now the dose of day 8 is the latest
        (at_4_mg, "2026-03-09T08:00:00Z", 1, TOO_LATE),
        (at_4_mg, "2026-03-09T08:00:00Z", 8, FITS),
        (at_4_mg, 26, None, f"{FITS} B-RESTWEEK B-BOUND"),  # the slot after day 15 is that of day 29
        (at_4_mg, 26, 15, f"{FITS} B-RESTWEEK B-BOUND"),
        (at_4_mg, "2026-03-27T08:00:01Z", 15, TOO_LATE),
        (at_4_mg, 200, 8, TOO_LATE),
        (held, 8, None, WITHHELD),
        (held, 3, 1, WITHHELD),
        (held_between("2026-03-08T12:00:00Z", "2026-03-10T12:00:00Z"), 10, 8, WITHHELD),
        (held_between("2026-03-08T12:00:00Z", "2026-03-10T12:00:00Z"), 15, None, f"{FITS} B-RESTWEEK"),
        # held only after the slot, and no more
        (held_between("2026-03-09T08:00:01Z", "2026-03-10T07:00:00Z"), 9, 8, FITS),
        # a result at the slot itself counts as known before it
        (held_between("2026-03-09T08:00:00Z", "2026-03-10T07:00:00Z"), 9, 8, WITHHELD),
        (held_between("2026-03-03T08:00:00Z", "2026-03-09T08:00:00Z"), 8, 8, FITS),
    ],
)
def test_a_dose_missed_or_late(
    course: Callable[[], Course], when: int | str, scheduled_day: int | None, rules: str
) -> None:
    facts = {} if scheduled_day is None else {"scheduled_day": scheduled_day}
    allowed = rules.startswith(FITS)
    verbs, missed = answer(course(), facts_of("dose_missed", when, **facts))
    assert verbs == ["permit_late_dose" if allowed else "omit_late_dose"]
    verbs, delayed = answer(course(), facts_of("dose_delayed", when, **facts))
    assert verbs == ([] if allowed else ["review_deviation"])
    for named in (missed, delayed):
        deciding = {FITS, TOO_LATE, WITHHELD, "B-RESTWEEK"}
        assert set(named) & deciding == set(rules.split()) & deciding
        assert {*rules.split(), "ADM-13"} <= set(named)
    assert ("ADM-14" in delayed) is not allowed


@pytest.mark.parametrize("kind", ["dose_missed", "dose_delayed"])
@pytest.mark.parametrize("scheduled_day", [2, 9, 22, 28, 15, 29])
def test_a_dose_that_was_not_scheduled_is_refused(kind: str, scheduled_day: int) -> None:
    refusal = refuses(held(), facts_of(kind, 10, scheduled_day=scheduled_day))
    assert refusal.what == f"no dose of ixazomib was due on day {scheduled_day} by then"
    assert "1, 8 or 15" in refusal.remedy


@pytest.mark.parametrize("kind", ["dose_missed", "dose_delayed"])
def test_before_the_first_slot_no_dose_can_be_missed(kind: str) -> None:
    course = begin(at="2026-03-02T08:01:00Z")
    assert "no dose of ixazomib was due" in refuses(course, facts_of(kind, "2026-03-09T07:59:00Z")).what
    assert see(course, kind, "2026-03-09T08:00:00Z").day == 1


def test_after_the_end_no_dose_is_refused() -> None:
    assert answer(ended(), facts_of("dose_missed", 10, scheduled_day=9)) == ([], ("K-FINAL",))


# --- Vomited, too large, taken wrongly -------------------------------------------------------------------------


@pytest.mark.parametrize("course", [at_4_mg, held])
@pytest.mark.parametrize(
    ("kind", "facts", "verb", "rules"),
    [
        ("dose_vomited", {}, "give_no_extra_dose", "ADM-10 B-VOMIT"),
        ("dose_overdosed", {"dose_mg": 8}, "review_overdose", "ADM-14 ADM-16 B-OVERDOSE"),
        ("dose_overdosed", {"dose_mg": 4}, "review_overdose", "ADM-14 ADM-16 B-OVERDOSE"),
        ("dose_taken_wrongly", {"fault": "crushed"}, "correct_administration", "ADM-09"),
        ("dose_taken_wrongly", {"fault": "chewed"}, "correct_administration", "ADM-09"),
        ("dose_taken_wrongly", {"fault": "opened"}, "correct_administration", "ADM-09"),
        ("dose_taken_wrongly", {"fault": "without_water"}, "correct_administration", "ADM-08"),
        ("dose_taken_wrongly", {"fault": "with_food"}, "correct_administration", "ADM-07 B-EMPTY"),
        ("dose_taken_wrongly", {"fault": "with_dexamethasone"}, "correct_administration", "ADM-05"),
        (
            "dose_taken_wrongly",
            {"fault": "without_food", "drug": "dexamethasone"},
            "correct_administration",
            "ADM-06",
        ),
    ],
)
def test_a_dose_that_went_wrong(
    course: Callable[[], Course], kind: str, facts: dict[str, Any], verb: Verb, rules: str
) -> None:
    assert answer(course(), facts_of(kind, 8, **facts)) == ([verb], tuple(rules.split()))


@pytest.mark.parametrize("drug", ["lenalidomide", "dexamethasone"])
@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        ("dose_missed", {}),
        ("dose_missed", {"scheduled_day": 9}),
        ("dose_delayed", {}),
        ("dose_vomited", {}),
        ("dose_overdosed", {"dose_mg": 50}),
    ],
)
def test_for_a_companion_its_insert_decides(drug: Drug, kind: str, facts: dict[str, Any]) -> None:
    for course in (at_4_mg, held):
        assert answer(course(), facts_of(kind, 9, drug=drug, **facts)) == (["consult_insert"], ("B-MISS-LENDEX",))
