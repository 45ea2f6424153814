"""Which rule a wrong answer breaks: people's mistakes on short courses, and the clause that is named first."""

from __future__ import annotations

from typing import Any

import pytest

from ixastate.events import parse_event
from ixastate.orders import Order
from ixastate.rules import EDITIONS, load_edition
from ixastate.testing.adapter import InProcess
from ixastate.testing.answers import Difference, Oracle, differences
from ixastate.testing.blame import CheckedEvent, blame, by_weight, implied
from ixastate.testing.conformance import Failure, Result, Summary, run_course
from ixastate.testing.reports.page import page
from ixastate.testing.reports.report import failing_lines
from ixastate.testing.sentences import order_of, parts_of, unknown
from tests.kit import START, anc, answered, plt, suite, wrong
from tests.tables import table

EDITION = load_edition()
ANC1, PLT1 = [anc(2, 499), anc(3, 500)], [plt(2, 29_999), plt(3, 30_000)]
ANC2 = [*ANC1, anc(4, 499), anc(5, 500)]
PLT2 = [*PLT1, plt(4, 29_999), plt(5, 30_000)]
START_3 = {**START, "bilirubin": {"times_uln": 2}}


def pn(day: int, grade: int, **more: Any) -> dict[str, Any]:
    return {"type": "neuropathy_graded", "day": day, "grade": grade, **more}


def rash(day: int, grade: int) -> dict[str, Any]:
    return {"type": "rash_graded", "day": day, "grade": grade}


def other(day: int, grade: int, **more: Any) -> dict[str, Any]:
    return {"type": "other_toxicity_graded", "day": day, "term": "diarrhoea", "grade": grade, **more}


def missed(day: int) -> dict[str, Any]:
    return {"type": "dose_missed", "day": day}


def blamed(facts: list[dict[str, Any]], **got: Any) -> tuple[str, ...]:
    """The rules that are named when these parts of the answer to the last event are so."""
    steps = answered(*facts).steps
    last = steps[-1]
    earlier = frozenset(rule for step in steps[:-1] for rule in step.rules)
    before = steps[-2].expected if len(steps) > 1 else {}
    checked = CheckedEvent(last.event, last.expected, last.rules, last.schedule, before, earlier)
    found = differences(last.expected, {**last.expected, **got})
    assert found
    return blame(checked, found, EDITION)


HELD = {"ixazomib_held": True, "lenalidomide_held": True, "held_for": ["neutrophils"], "state": "held for neutrophils"}
ENDED = {"phase": "discontinued", "state": "discontinued", "ixazomib_mg": None, "lenalidomide_mg": None}


@pytest.mark.parametrize(
    ("facts", "got", "first"),
    [
        # ≤ for <.
        ([START, anc(2, 500)], HELD, "ANC-01"),
        ([START, plt(2, 30_000)], {"ixazomib_held": True}, "PLT-01"),
        ([START, *ANC1], {**HELD, "ixazomib_mg": 4}, "ANC-02"),
        ([START, anc(2, 499)], {"ixazomib_held": False, "lenalidomide_held": False}, "ANC-01"),
        ([START, *PLT1, plt(4, 29_999)], {"ixazomib_held": False}, "PLT-05"),
        # Reduced at the onset, not at recovery.
        ([START, anc(2, 499)], {"ixazomib_mg": 3}, "ANC-04"),
        ([START, plt(2, 29_999)], {"lenalidomide_mg": 20}, "PLT-04"),
        ([START, pn(2, 3)], {"ixazomib_mg": 3}, "PN-07"),
        # Not reduced, or the wrong drug, or twice.
        ([START, *ANC1], {"ixazomib_mg": 4}, "ANC-04"),
        ([START, *ANC2], {"lenalidomide_mg": 25}, "ANC-06"),
        ([START, *ANC2, anc(6, 499), anc(7, 500)], {"ixazomib_mg": 3}, "ANC-06"),
        ([START, *PLT1], {"lenalidomide_mg": 25}, "PLT-04"),
        ([START, *PLT2], {"ixazomib_mg": 4}, "PLT-06"),
        ([START, *PLT2], {"lenalidomide_mg": 15}, "PLT-07"),
        ([START, *PLT1], {"ixazomib_mg": 3}, "PLT-03"),
        ([START, rash(2, 2)], {"lenalidomide_mg": 25}, "RASH-01"),
        ([START, rash(2, 2)], {"lenalidomide_held": True}, "RASH-01"),
        ([START, rash(2, 2), rash(3, 1), rash(4, 2)], {"ixazomib_held": False}, "RASH-02"),
        ([START, rash(2, 2), rash(3, 1), rash(4, 2), rash(5, 1)], {"ixazomib_mg": 4}, "RASH-04"),
        ([START, pn(2, 2), pn(3, 1)], {"ixazomib_mg": 3}, "PN-03"),
        ([START, pn(2, 3), pn(3, 1, physician_agrees=True)], {"ixazomib_mg": 4}, "PN-07"),
        ([START, other(2, 3, attribution="clear"), other(3, 1, physician_agrees=True)], {"ixazomib_mg": 4}, "OTH-03"),
        ([START, other(2, 3), other(3, 1, physician_agrees=True)], {"ixazomib_mg": 3}, "OTH-04"),
        # Two levels at one release.
        (
            [START, anc(2, 499), pn(3, 3), anc(4, 500), pn(5, 1, physician_agrees=True)],
            {"ixazomib_mg": 2.3},
            "B-STACK",
        ),
        # "The original dose" read as that of the start.
        ([START, *ANC1, plt(6, 29_999), plt(7, 30_000)], {"ixazomib_mg": 4}, "PLT-03"),
        # Given back while something else still holds it.
        ([START, anc(2, 499), plt(3, 29_999), anc(4, 500)], {"ixazomib_held": False}, "B-OVERLAP"),
        ([START, pn(2, 3), pn(3, 1)], {"ixazomib_held": False}, "PN-06"),
        # The reasons alone are wrong: that of a new episode is missing, that of one that is over is still there.
        ([START, anc(2, 499), plt(3, 29_999)], {"held_for": ["neutrophils"]}, "PLT-01"),
        ([START, anc(2, 499), plt(3, 29_999), anc(4, 500)], {"held_for": ["neutrophils", "platelets"]}, "ANC-02"),
        # Lenalidomide held for neuropathy.
        ([START, pn(2, 2)], {"lenalidomide_held": True}, "PN-01"),
        ([START, pn(2, 3)], {"lenalidomide_held": True, "state": "held for x"}, "PN-05"),
        ([START, other(2, 3)], {"lenalidomide_held": True}, "OTH-01"),
        # Grade 4 as grade 3.
        ([START, pn(2, 4)], {"phase": "on treatment", "state": "held for neuropathy", "ixazomib_held": True}, "PN-09"),
        ([START, rash(2, 4)], {"phase": "on treatment", "ixazomib_mg": 4}, "RASH-08"),
        ([START, other(2, 4)], ENDED, "OTH-05"),
        # One stop too late, or too early.
        ([START_3, *ANC1, anc(4, 499)], {"phase": "on treatment", "state": "held for neutrophils"}, "ANC-07"),
        ([START_3, *ANC1, pn(4, 3)], {"phase": "on treatment"}, "PN-08"),
        ([START_3, anc(2, 499)], ENDED, "ANC-07"),
        ([START_3, pn(2, 3)], ENDED, "PN-08"),
        ([START_3, pn(2, 2)], ENDED, "PN-04"),
        ([START_3, plt(2, 29_999)], ENDED, "PLT-09"),
        # The start.
        ([START_3], {"ixazomib_mg": 4}, "HEP-01"),
        ([{**START, "on_dialysis": True}], {"ixazomib_mg": 4}, "REN-02"),
        ([{**START, "creatinine_clearance": {"value": 45, "unit": "mL/min"}}], {"lenalidomide_mg": 25}, "REN-04"),
        ([START], {"ixazomib_mg": 3}, "DOSE-01"),
        ([{**START, "patient_informed": False}], {"phase": "on treatment", "state": "active at 4 mg"}, "ADM-15"),
        # Hours and days.
        ([START, missed(6)], {"late_dose": True}, "ADM-12"),
        ([START, missed(5)], {"late_dose": False}, "ADM-11"),
        ([START, anc(2, 499), missed(3)], {"late_dose": True}, "B-HELD-NOT-MISSED"),
        ([START, anc(8, 600)], {"due": []}, "DOSE-01"),
        (
            [START, anc(22, 600)],
            {"due": [{"drug": "dexamethasone", "mg": 40}, {"drug": "lenalidomide", "mg": 25}]},
            "DOSE-02",
        ),
        # Advice.
        ([START, anc(2, 499)], {"orders": ["hold ixazomib", "hold lenalidomide"]}, "ANC-03"),
        ([START, pn(2, 3), pn(3, 1)], {"orders": []}, "PN-06"),
        ([START, other(2, 3)], {"orders": ["hold ixazomib"]}, "B-ATTRIB"),
        ([START, anc(2, 499), plt(30, 30_000)], {"orders": []}, "B-HOLD-MAX"),
        # Words alone.
        ([START, *ANC1], {"state": "active at 4 mg"}, "ANC-04"),
        ([START, anc(2, 499)], {"state": "active at 4 mg"}, "ANC-01"),
        ([START, pn(2, 4)], {"state": "held for neuropathy"}, "PN-09"),
        ([START, anc(2, 499)], {"state": "all is well"}, "ANC-01"),
        # Refusals.
        ([START, {**START, "day": 2}], {"refused": False}, "K-RECORD"),
        ([START, {**other(2, 3), "term": "rash"}], {"refused": False}, "B-RASH-CLASS"),
        ([START, anc(2, 499)], {"refused": True}, "ANC-01"),
        # What comes after the end.
        ([START, pn(2, 4), anc(3, 499)], {"phase": "on treatment", "ixazomib_held": True}, "K-FINAL"),
    ],
)
def test_the_rule_that_is_meant_is_named_first(facts: list[dict[str, Any]], got: dict[str, Any], first: str) -> None:
    assert blamed(facts, **got)[0] == first


PN_AGREED = [pn(2, 3), pn(3, 1, physician_agrees=True)]
CLEAR = [other(2, 3, attribution="clear"), other(3, 1, physician_agrees=True)]


@pytest.mark.parametrize(
    ("facts", "missing", "first"),
    [
        (ANC1[:1], "hold ixazomib", "ANC-01"),
        (ANC1[:1], "hold lenalidomide", "ANC-01"),
        (PLT1[:1], "hold ixazomib", "PLT-01"),
        ([pn(2, 2)], "hold ixazomib", "PN-01"),
        ([pn(2, 3)], "hold ixazomib", "PN-05"),
        ([other(2, 3)], "hold ixazomib", "OTH-01"),
        ([rash(2, 2), rash(3, 1), rash(4, 2)], "hold ixazomib", "RASH-02"),
        (ANC1, "reduce ixazomib to 3 mg", "ANC-04"),
        (ANC1, "resume ixazomib at 3 mg", "ANC-02"),
        (ANC1, "resume lenalidomide at 25 mg", "ANC-02"),
        (ANC2, "reduce lenalidomide to 20 mg", "ANC-06"),
        (PLT1, "reduce lenalidomide to 20 mg", "PLT-04"),
        (PLT1, "resume ixazomib at 4 mg", "PLT-02"),
        (PLT2, "reduce ixazomib to 3 mg", "PLT-06"),
        (PLT2, "resume lenalidomide at 20 mg", "PLT-02"),
        (PN_AGREED, "reduce ixazomib to 3 mg", "PN-07"),
        (PN_AGREED, "resume ixazomib at 3 mg", "PN-06"),
        (CLEAR, "reduce ixazomib to 3 mg", "OTH-03"),
        (CLEAR, "resume ixazomib at 3 mg", "OTH-02"),
        ([rash(2, 2)], "reduce lenalidomide to 20 mg", "RASH-01"),
        ([pn(2, 4)], "stop ixazomib", "PN-09"),
        ([pn(2, 4)], "stop lenalidomide", "PN-09"),
        ([rash(2, 4)], "stop dexamethasone", "RASH-08"),
        # Several rules give these orders.
        ([{"type": "dose_taken_wrongly", "day": 1, "fault": "crushed"}], "correct how ixazomib is taken", "ADM-09"),
        ([{"type": "dose_taken_wrongly", "day": 1, "fault": "with_food"}], "correct how ixazomib is taken", "ADM-07"),
        ([{**missed(2), "drug": "lenalidomide"}], "consult the package insert of lenalidomide", "B-MISS-LENDEX"),
        ([anc(7, 499), missed(8)], "leave out the missed dose of ixazomib", "B-HELD-NOT-MISSED"),
        (
            [{"type": "dose_taken", "day": 1, "dose_mg": 3}],
            "review the dose of ixazomib that was not as prescribed",
            "ADM-14",
        ),
    ],
)
def test_of_an_order_that_is_missing_the_rule_that_gives_it_is_named_first(
    facts: list[dict[str, Any]], missing: str, first: str
) -> None:
    orders = answered(START, *facts).steps[-1].expected["orders"]
    assert missing in orders
    assert blamed([START, *facts], orders=[order for order in orders if order != missing])[0] == first


@pytest.mark.parametrize(
    ("facts", "given", "first"),
    [
        ([anc(2, 500)], "hold ixazomib", "ANC-01"),
        ([plt(2, 30_000)], "hold lenalidomide", "PLT-01"),
        # The text holds ixazomib alone for neuropathy and for other toxicities.
        ([pn(2, 2)], "hold lenalidomide", "PN-01"),
        ([other(2, 3)], "hold lenalidomide", "OTH-01"),
        ([rash(2, 2)], "hold lenalidomide", "RASH-01"),
        # The other drug has its turn.
        (ANC1, "reduce lenalidomide to 20 mg", "ANC-06"),
        (PLT1, "reduce ixazomib to 3 mg", "PLT-03"),
        # Nobody agreed, and something else holds it.
        ([pn(2, 3), pn(3, 1)], "resume ixazomib at 3 mg", "PN-06"),
        ([anc(2, 499), plt(3, 29_999), anc(4, 500)], "resume ixazomib at 4 mg", "B-OVERLAP"),
        ([other(2, 4)], "stop ixazomib", "OTH-05"),
    ],
)
def test_of_an_order_given_in_error_the_rule_that_speaks_against_it_is_named_first(
    facts: list[dict[str, Any]], given: str, first: str
) -> None:
    orders = answered(START, *facts).steps[-1].expected["orders"]
    assert given not in orders
    assert blamed([START, *facts], orders=[*orders, given])[0] == first


@pytest.mark.parametrize(
    ("facts", "got", "rules"),
    [
        # What was decided, then what speaks of doses in general, then readings.
        (
            [anc(2, 499)],
            {"orders": ["hold lenalidomide", "consider G-CSF"]},
            "ANC-01 ANC-03 DOSE-06 B-EPISODE B-ANC-IN-HOLD",
        ),
        ([anc(2, 500)], {"orders": ["hold ixazomib"]}, "ANC-01 B-BOUND K-NOEPISODE"),
        ([pn(2, 4)], {"orders": []}, "PN-09 DOSE-06 B-TREATMENT B-DEX-STOP"),
        (
            PN_AGREED,
            {"orders": ["reduce ixazomib to 3 mg"]},
            "PN-06 PN-07 DOSE-06 DOSE-07 DOSE-08 B-PN-G1 B-RESUME-TIMING",
        ),
    ],
)
def test_every_rule_is_named_in_its_place(facts: list[dict[str, Any]], got: dict[str, Any], rules: str) -> None:
    assert blamed([START, *facts], **got) == tuple(rules.split())


def test_all_rules_of_the_event_are_named_once_clauses_before_readings() -> None:
    named = blamed([START, *ANC1], ixazomib_mg=4)
    assert len(set(named)) == len(named)
    assert set(answered(START, *ANC1).steps[-1].rules) <= set(named)
    first_reading = min(place for place, rule in enumerate(named) if rule[1] == "-")
    assert all(rule[1] == "-" for rule in named[first_reading:])


# --- Words ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ("screening", {"phase": "screening"}),
        (
            "active at 2.3 mg",
            {
                "phase": "on treatment",
                "ixazomib_mg": 2.3,
                "ixazomib_held": False,
                "lenalidomide_held": False,
                "held_for": [],
            },
        ),
        (
            "held for platelets, rash",
            # Of lenalidomide the words say nothing while ixazomib is held, and of a dose neither.
            {"phase": "on treatment", "ixazomib_held": True, "held_for": ["platelets", "rash"]},
        ),
        (
            "active at 4 mg, lenalidomide held for rash",
            {
                "phase": "on treatment",
                "ixazomib_mg": 4,
                "ixazomib_held": False,
                "lenalidomide_held": True,
                "held_for": ["rash"],
            },
        ),
        ("all is well", {}),
        ("active at 3.5 mg", {}),
        ("held for x", {}),
        (7, {}),
        (None, {}),
        (["screening"], {}),
    ],
)
def test_words_are_looked_up(words: Any, parts: dict[str, Any]) -> None:
    assert parts_of(words, EDITION) == parts


WHAT_IFS = [
    pytest.param(name, marks=pytest.mark.exhaustive) for name in EDITIONS if name not in ("dosing-text", "us-label")
]


@pytest.mark.parametrize("edition", ["dosing-text", "us-label", *WHAT_IFS])
def test_the_words_and_orders_of_the_whole_table_are_known_and_right(edition: str) -> None:
    rules = load_edition(edition)
    for status in set(table(edition).statuses):
        parts = parts_of(status.words, rules)
        assert parts["phase"] == status.phase
        if status.phase == "on treatment":
            assert {"ixazomib_held", "held_for"} <= set(parts)
            assert {"ixazomib_mg", "lenalidomide_held"} <= set(parts) or status.ixazomib_held
            assert {**vars(status), "held_for": list(status.held_for)}.items() >= parts.items()
    for order in {order for orders in table(edition).orders for order in orders}:
        assert order_of(str(order), rules) == order


@pytest.mark.parametrize("cover", ["boundaries", "rules+readings"])
def test_who_gives_no_orders_breaks_a_rule_that_the_answer_rests_on(cover: str) -> None:
    broken = 0
    for one in suite(cover).courses:
        earlier: frozenset[str] = frozenset()
        before: dict[str, Any] = {}
        for step in one.steps:
            found = differences(step.expected, {"orders": []})
            if found:
                checked = CheckedEvent(step.event, step.expected, step.rules, step.schedule, before, earlier)
                assert blame(checked, found, EDITION)[0] in step.rules, one.name
                broken += 1
            before, earlier = dict(step.expected), earlier.union(step.rules)
    assert broken > 100


def test_the_orders_of_suites_are_known() -> None:
    """Advice too, which no transition gives."""
    given = {
        order for one in suite("boundaries").courses for step in one.steps for order in step.expected.get("orders", [])
    }
    assert len(given) > 25
    assert [order for order in given if order_of(order, EDITION) is None] == []


@pytest.mark.parametrize(
    ("sentence", "order"),
    [
        ("hold ixazomib", Order("hold", "ixazomib")),
        ("reduce ixazomib to 2.3 mg", Order("reduce", "ixazomib", 2.3)),
        ("start dexamethasone at 40 mg", Order("start", "dexamethasone", 40)),
        ("consider G-CSF", Order("consider_g_csf")),
        ("reduce ixazomib to 1.5 mg", None),
        ("hold", None),
        ("hold ", None),
        ("hold aspirin", None),
        (7, None),
    ],
)
def test_sentences_are_looked_up(sentence: Any, order: Order | None) -> None:
    assert order_of(sentence, EDITION) == order


def test_what_the_words_imply_is_explained_with_the_words() -> None:
    steps = answered(START, anc(2, 499)).steps
    found = differences(steps[1].expected, {"state": "active at 3 mg"})
    assert {one.key for one in implied({one.key: one for one in found}, EDITION)} == {
        "state",
        "ixazomib_held",
        "held_for",
    }


@pytest.mark.parametrize(
    ("key", "got", "strange"),
    [
        ("state", "all is well", ("all is well",)),
        ("state", "held for neutrophils", ()),
        ("state", "active at 4 mg, lenalidomide held for rash", ()),
        ("state", "held for rash, neutrophils", ("held for rash, neutrophils",)),
        ("state", "held for new cycle", ("held for new cycle",)),
        ("orders", ["hold ixazomib", "hold everything", "wait"], ("hold everything", "wait")),
        ("orders", ["hold ixazomib", 7], ()),
        ("orders", "hold ixazomib", ()),
        ("phase", "all is well", ()),
    ],
)
def test_what_the_machine_never_uses_is_unknown(key: str, got: Any, strange: tuple[str, ...]) -> None:
    assert unknown(key, got, EDITION) == strange


def test_an_unknown_sentence_is_reported_as_unknown_and_explains_nothing() -> None:
    facts = [START, anc(2, 499)]
    assert blamed(facts, orders=[*answered(*facts).steps[-1].expected["orders"], "stop everything"]) == blamed(
        facts, state="all is well"
    )

    def invents(event: dict[str, Any], answer: dict[str, Any]) -> None:
        if event["type"] == "neutrophils_measured":
            answer["state"] = "all is well"
            answer["orders"] = ["hold ixazomib", "sing a song"]

    result = run_course(InProcess(wrong(invents)), answered(*facts), EDITION)
    lines = [line.strip() for line in failing_lines(result, EDITION)]
    assert [line for line in lines if line.startswith("unknown")] == ["unknown  all is well", "unknown  sing a song"]
    shown = page(Summary(EDITION, [result]), "it").decode()
    assert "all is well (unknown: all is well)" in shown


def test_a_refusal_carries_its_rules() -> None:
    oracle = Oracle()
    oracle.observe(parse_event(START))
    assert oracle.observe(parse_event({**other(2, 3), "term": "rash"})).rules == ("B-RASH-CLASS",)
    # A message that happens to name a rule does not: the patient's own words are no rule.
    again = oracle.observe(parse_event({**START, "day": 2, "patient": "ANC-01"}))
    assert again.rules == ("K-RECORD",)


def test_weights() -> None:
    assert by_weight(["K-RECORD", "B-STACK", "DOSE-06", "ANC-01"], EDITION) == [
        "ANC-01",
        "DOSE-06",
        "B-STACK",
        "K-RECORD",
    ]


def test_what_weighs_most_for_a_patient_is_explained_first() -> None:
    order = ["refused", "phase", "ixazomib_held", "lenalidomide_held", "ixazomib_mg", "lenalidomide_mg", "held_for"]
    for keys in ([*reversed(order)], [*order[3:], *order[:3]], [*order[::2], *order[1::2]]):
        differing = {key: Difference(key, None, 1) for key in ["orders", *keys, "due"]}
        assert [difference.key for difference in implied(differing, EDITION)] == [*order, "orders", "due"]


def test_of_courses_of_one_length_the_rule_that_is_more_often_broken_comes_first() -> None:
    course = answered(START, anc(2, 500))

    def broken(rule: str, position: int, fault: Any = None) -> Result:
        return Result(course, Failure(position, (), (rule,) if rule else (), fault), (), 1, True)

    once = [broken("ANC-01", 1), broken("PLT-01", 1), broken("PLT-01", 3), broken("RASH-01", 0)]
    summary = Summary(EDITION, [*once, broken("", 2, "silent")])
    assert summary.not_run == 0
    assert list(summary.shortest()) == ["fault: silent", "RASH-01", "PLT-01", "ANC-01"]
    assert [summary.times(name) for name in summary.shortest()] == [1, 1, 2, 1]
