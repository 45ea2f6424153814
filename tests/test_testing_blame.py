"""Which rule a wrong answer breaks: people's mistakes on short courses, and the clause that is named first."""

from __future__ import annotations

from typing import Any

import pytest

from ixastate.events import parse_event
from ixastate.rules import load_edition
from ixastate.testing.answers import Oracle, differences
from ixastate.testing.blame import FAMILIES, Asked, Clauses, blame, by_weight, implied, said_by
from tests.kit import START, anc, plt, answered

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
    asked = Asked(last.event, last.expected, last.rules, last.schedule, before, earlier)
    found = differences(last.expected, {**last.expected, **got})
    assert found
    return blame(asked, found, EDITION)


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


def test_all_rules_of_the_event_are_named_once_clauses_before_readings() -> None:
    named = blamed([START, *ANC1], ixazomib_mg=4)
    assert len(set(named)) == len(named)
    assert set(answered(START, *ANC1).steps[-1].rules) <= set(named)
    first_reading = min(place for place, rule in enumerate(named) if rule[1] == "-")
    assert all(rule[1] == "-" for rule in named[first_reading:])


def test_every_clause_that_can_be_blamed_exists() -> None:
    named: set[str] = set()
    for clauses in FAMILIES.values():
        assert isinstance(clauses, Clauses)
        named |= {*clauses.holds, *clauses.releases, *clauses.ends, *clauses.once}
        for by_drug in (clauses.lowers, clauses.keeps, clauses.advises):
            named |= {rule for rules in by_drug.values() for rule in rules}
        named |= {*clauses.ends_instead, *clauses.ends_instead.values()}
    assert named - {"NC-01"} <= set(EDITION.rules)
    assert "NC-01" in load_edition("us-label").rules


def test_every_clause_of_a_toxicity_can_be_blamed() -> None:
    """None of the text's clauses about toxicities is out of reach."""
    named = {
        rule
        for clauses in FAMILIES.values()
        for rules in (
            clauses.holds,
            clauses.releases,
            clauses.ends,
            *clauses.lowers.values(),
            *clauses.keeps.values(),
            *clauses.advises.values(),
        )
        for rule in rules
    }
    of_toxicities = {rule for rule in EDITION.rules if rule.split("-")[0] in ("ANC", "PLT", "PN", "RASH", "OTH")}
    assert of_toxicities <= named


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("screening", {"phase": "screening"}),
        ("active at 2.3 mg", {"ixazomib_mg": 2.3, "ixazomib_held": False, "lenalidomide_held": False, "held_for": []}),
        ("held for platelets, rash", {"ixazomib_held": True, "held_for": ["platelets", "rash"]}),
        ("active at 4 mg, lenalidomide held for rash", {"lenalidomide_held": True, "held_for": ["rash"]}),
        ("all is well", {}),
        (7, {}),
    ],
)
def test_words_are_read(words: Any, said: dict[str, Any]) -> None:
    assert said_by(words).items() >= said.items()
    assert bool(said_by(words)) is bool(said)


def test_words_of_every_state_are_read_as_what_they_say() -> None:
    oracle = Oracle()
    for fact in [START, anc(2, 499), plt(3, 29_999), pn(4, 3), anc(5, 500), plt(6, 30_000), pn(7, 4)]:
        answer = oracle.observe(parse_event(fact)).answer
        for key, value in said_by(answer["state"]).items():
            assert answer[key] == value


def test_what_the_words_imply_is_told_with_the_words() -> None:
    steps = answered(START, anc(2, 499)).steps
    found = differences(steps[1].expected, {"state": "active at 3 mg"})
    assert {one.key for one in implied({one.key: one for one in found})} == {"state", "ixazomib_held", "held_for"}


def test_weights() -> None:
    assert by_weight(["K-RECORD", "B-STACK", "DOSE-06", "ANC-01"]) == ["ANC-01", "DOSE-06", "B-STACK", "K-RECORD"]
