"""The editions: what each puts in the place of the dosing text's rules, and what that does to a course."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from decimal import Decimal
from importlib.resources import files
from typing import Any

import pytest

from ixastate.chart.chart import build_chart
from ixastate.chart.editions import SHAPES
from ixastate.course.course import Course, Record
from ixastate.errors import RulesError
from ixastate.events import parse_event
from ixastate.rules import EDITIONS, load_edition, parse
from ixastate.symbols import starts
from tests.tables import EDITION_NAMES, graph, records

TEXT = load_edition()
OTHERS = EDITION_NAMES[1:]
REPLACED = {
    "us-label": {
        *("ANC-04", "ANC-05", "ANC-06", "ANC-07", "RASH-01", "NC-01"),
        *("B-EPISODE", "B-FIRSTEVER", "B-LENFLOOR", "B-RASH-FIRST", "B-RASH-ESC", "B-NEWCYCLE"),
    },
    "what-if-confirm": {
        *("B-CONFIRM-HOLD", "B-CONFIRM", "B-ANC-IN-HOLD"),
        *("ANC-01", "ANC-03", "PLT-01", "PLT-05"),
    },
    "what-if-exhaust-b": {"B-EXHAUST", "ANC-07", "PLT-09", "RASH-07"},
    "what-if-persist": {
        *("B-PERSIST", "B-EXHAUST", "B-EPISODE", "B-RASH-ESC", "B-RASH-PERSIST"),
        *("PLT-09", "PN-04", "RASH-07", "OTH-05", "K-NOEPISODE"),
    },
    "what-if-stack-b": {"B-STACK"},
}


def data_of(name: str) -> dict[str, Any]:
    return tomllib.loads((files("ixastate.rules") / EDITIONS[name]).read_text(encoding="utf-8"))


# --- The rules ------------------------------------------------------------------------------------------------


def test_the_dosing_text_comes_first_and_every_edition_has_a_shape() -> None:
    assert (
        *("dosing-text", "us-label"),
        *("what-if-confirm", "what-if-exhaust-b", "what-if-persist", "what-if-stack-b"),
    ) == EDITION_NAMES
    assert set(SHAPES) == set(EDITIONS)


@pytest.mark.parametrize("name", EDITION_NAMES)
def test_an_edition_is_named_as_its_file_says(name: str) -> None:
    edition = load_edition(name)
    assert edition.name == data_of(name)["edition"] == name
    assert edition.title
    assert edition.source
    assert build_chart(name).edition == edition


@pytest.mark.parametrize("name", OTHERS)
def test_an_edition_is_the_dosing_text_with_some_rules_replaced(name: str) -> None:
    edition = load_edition(name)
    assert data_of(name)["base"] == "dosing-text"
    different = {rule for rule in edition.rules if edition.rules[rule] != TEXT.rules.get(rule)}
    assert different == set(data_of(name)["rules"]) == REPLACED[name]
    assert set(TEXT.rules) <= set(edition.rules)
    assert list(edition.rules)[: len(TEXT.rules)] == list(TEXT.rules)
    assert (edition.lenalidomide, edition.dexamethasone) == (TEXT.lenalidomide, TEXT.dexamethasone)
    assert starts(edition) == starts(TEXT)
    assert (edition.title, edition.source) != (TEXT.title, TEXT.source)


@pytest.mark.parametrize("name", OTHERS)
def test_a_rule_that_is_replaced_says_what_the_text_says_instead(name: str) -> None:
    for rule_id in REPLACED[name] & set(TEXT.rules):
        rule = load_edition(name).rules[rule_id]
        assert rule.says != TEXT.rules[rule_id].says
        assert rule.kind == TEXT.rules[rule_id].kind


@pytest.mark.parametrize("name", EDITION_NAMES)
def test_a_clause_that_is_not_of_the_text_names_its_source(name: str) -> None:
    for rule in load_edition(name).rules.values():
        replaced = name != "dosing-text" and load_edition(name).rules[rule.id] != TEXT.rules.get(rule.id)
        if rule.kind == "label" and (replaced or not rule.lines):
            assert rule.source, rule.id
        if rule.kind == "label" and not replaced:
            assert rule.lines, rule.id


def test_the_numbers_of_the_label() -> None:
    label = load_edition("us-label")
    assert (label.number("NC-01", "anc"), label.number("NC-01", "platelets")) == (1000, 75_000)
    assert {quantity.unit for quantity in label.rules["NC-01"].numbers.values()} == {"/mm3"}
    assert (label.number("RASH-01", "from_grade"), label.number("RASH-01", "to_grade")) == (2, 3)
    assert label.number("ANC-01", "anc") == TEXT.number("ANC-01", "anc") == 500
    with pytest.raises(RulesError, match="there is no rule 'NC-01'"):
        TEXT.number("NC-01", "anc")


@pytest.mark.parametrize("name", EDITION_NAMES)
def test_an_edition_cites_its_replaced_rules_in_its_chart(name: str) -> None:
    cited = {rule for edge in graph(name).edges for rule in edge.rules}
    acting = {rule for rule in REPLACED.get(name, set()) if "transition" in load_edition(name).rules[rule].executed_by}
    assert acting <= cited
    assert not cited & {rule.id for rule in load_edition(name).rules.values() if rule.not_modelled}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('edition = "x"\nbase = "nothing"\n[rules]\n', "there is no edition 'nothing'"),
        ('edition = "x"\nbase = "dosing-text"\n', "the key 'rules' is missing"),
        ('base = "dosing-text"\n[rules]\n', "the key 'edition' is missing"),
        ('edition = "x"\nbase = "dosing-text"\n[rules.ANC-04]\nlines = [13]\n', "not a rules file"),
        ('edition = "x"\nbase = "dosing-text"\nmore = 1\n[rules]\n', "not a rules file"),
    ],
)
def test_an_edition_that_is_none_is_refused(text: str, what: str) -> None:
    with pytest.raises(RulesError, match=what):
        parse(text, "x.toml")


def test_an_edition_without_rules_of_its_own_is_its_base() -> None:
    same = parse('edition = "same"\nbase = "dosing-text"\n[rules]\n', "same.toml")
    assert same == TEXT.model_copy(update={"name": "same"})


# --- A new cycle ----------------------------------------------------------------------------------------------


def assessed(
    anc: str = "1000", platelets: str = "75000", resolved: bool = True, unit: str = "/mm3", edition: str = "us-label"
) -> tuple[Course, Record]:
    """The record of an assessment before a new cycle, on day 28 of a course."""
    course = Course(edition=edition)
    course.observe(records(["start_4_25"], edition)[0].event)
    facts = {
        "type": "cycle_assessed",
        "day": 28,
        "neutrophils": {"value": Decimal(anc), "unit": unit},
        "platelets": {"value": Decimal(platelets), "unit": unit},
        "toxicities_resolved": resolved,
    }
    return course, course.observe(parse_event(facts))


@pytest.mark.parametrize(
    ("facts", "met"),
    [
        ({}, True),
        ({"anc": "1000.1", "platelets": "75000.1"}, True),
        ({"anc": "999"}, False),
        ({"anc": "999.999"}, False),
        ({"platelets": "74999"}, False),
        ({"platelets": "74999.999"}, False),
        ({"resolved": False}, False),
        ({"anc": "0", "platelets": "0", "resolved": False}, False),
        ({"anc": "1", "platelets": "75", "unit": "10*9/L"}, True),
        ({"anc": "0.999", "platelets": "75", "unit": "10*9/L"}, False),
        ({"anc": "1", "platelets": "74.999", "unit": "10*3/uL"}, False),
    ],
    ids=str,
)
def test_a_cycle_begins_when_its_criteria_are_met(facts: dict[str, Any], met: bool) -> None:
    _, record = assessed(**facts)
    assert record.symbols[-1] == ("new_cycle_met" if met else "new_cycle_unmet")
    low = facts.get("anc") == facts.get("platelets") == "0"
    assert record.words == (
        "active at 4 mg" if met else f"held for {'neutrophils, platelets, ' if low else ''}new cycle"
    )
    assert "NC-01" in record.rules
    held = ["hold ixazomib", "hold lenalidomide", *(["consider G-CSF"] if low else [])]
    assert [str(order) for order in record.orders] == ([] if met else held)


def test_a_cycle_that_waited_begins_at_the_same_doses() -> None:
    course = records(["start_4_25", "new_cycle_unmet", "new_cycle_unmet", "new_cycle_met"], "us-label")
    assert [record.words for record in course[1:]] == ["held for new cycle", "held for new cycle", "active at 4 mg"]
    assert [list(map(str, record.orders)) for record in course[2:]] == [
        [],
        ["resume ixazomib at 4 mg", "resume lenalidomide at 25 mg"],
    ]


def test_a_cycle_waits_for_the_toxicities_that_hold_too() -> None:
    course = records(["start_4_25", "new_cycle_unmet", "rash_grade_2_3", "new_cycle_met", "rash_resolved"], "us-label")
    assert [record.words for record in course[1:]] == [
        "held for new cycle",
        "held for rash, new cycle",
        "active at 4 mg, lenalidomide held for rash",
        "active at 4 mg",
    ]


@pytest.mark.parametrize("edition", [name for name in EDITION_NAMES if name != "us-label"])
@pytest.mark.parametrize("resolved", [True, False])
def test_the_text_has_no_criteria_and_reads_the_counts_alone(edition: str, resolved: bool) -> None:
    course, record = assessed("500", "30000", resolved, edition=edition)
    assert (record.symbols, record.orders) == (("anc_recovered", "platelets_recovered"), ())
    assert record.rules == ("B-BOUND", "B-ASSESS-COUNTS", "K-NOEPISODE")
    assert record.before == record.after == course.configuration
    assert record.words == "active at 4 mg"


# --- The label's order of reductions --------------------------------------------------------------------------


def lowered(symbols: Sequence[str], edition: str) -> list[str]:
    """The reductions of a course, in order."""
    orders = [order for record in records(symbols, edition) for order in record.orders]
    return [str(order) for order in orders if order.verb == "reduce"]


def test_neutropenia_lowers_lenalidomide_first_under_the_label() -> None:
    episodes = ["start_4_25", *["anc_low", "anc_recovered"] * 3]
    first_ixazomib = ["reduce ixazomib to 3 mg", "reduce lenalidomide to 20 mg", "reduce ixazomib to 2.3 mg"]
    first_lenalidomide = ["reduce lenalidomide to 20 mg", "reduce ixazomib to 3 mg", "reduce lenalidomide to 15 mg"]
    assert lowered(episodes, "dosing-text") == first_ixazomib
    assert lowered(episodes, "us-label") == first_lenalidomide


def test_the_first_rash_holds_lenalidomide_alone_under_the_label() -> None:
    start, rash, over = records(["start_4_25", "rash_grade_2_3", "rash_resolved"], "us-label")
    assert start.words == "active at 4 mg"
    assert rash.words == "active at 4 mg, lenalidomide held for rash"
    assert (rash.status.ixazomib_held, rash.status.lenalidomide_held) == (False, True)
    assert list(map(str, rash.orders)) == ["hold lenalidomide"]
    assert list(map(str, over.orders)) == ["reduce lenalidomide to 20 mg", "resume lenalidomide at 20 mg"]
    assert "RASH-01" in rash.rules
    assert "B-RASH-FIRST" not in rash.rules


def test_the_first_rash_holds_nothing_under_the_text() -> None:
    _, rash = records(["start_4_25", "rash_grade_2_3"])
    assert rash.words == "active at 4 mg"
    assert list(map(str, rash.orders)) == ["reduce lenalidomide to 20 mg"]


def test_a_first_rash_with_no_step_left_meanwhile_gives_lenalidomide_unchanged() -> None:
    low = ["start_3_5", "anc_low", "anc_recovered", "rash_grade_2_3", "neuropathy_severe", "neuropathy_resolved_agreed"]
    last = records([*low, "rash_resolved"], "us-label")[-1]
    assert (last.status.ixazomib_mg, last.status.lenalidomide_mg) == (2.3, 2.5)
    assert list(map(str, last.orders)) == ["resume lenalidomide at 2.5 mg"]
    assert {"B-LENFLOOR", "B-ORIGINAL"} <= set(last.rules)


# --- The other readings ---------------------------------------------------------------------------------------


def test_the_turns_go_on_at_the_floor_when_exhaustion_is_read_otherwise() -> None:
    episodes = ["start_3_25", *["anc_low", "anc_recovered"] * 2]
    assert lowered(episodes, "what-if-exhaust-b") == ["reduce ixazomib to 2.3 mg", "reduce lenalidomide to 20 mg"]
    assert records(episodes)[-1].words == "discontinued"
    third = records([*episodes, "anc_low"], "what-if-exhaust-b")[-1]
    assert third.words == "discontinued"
    assert "B-EXHAUST" in third.rules


@pytest.mark.parametrize(
    ("onsets", "text", "stacked"),
    [(["anc_low", "neuropathy_severe"], 3.0, 2.3), (["anc_low", "other_onset"], 3.0, 3.0)],
)
def test_two_reductions_at_one_release(onsets: list[str], text: float, stacked: float) -> None:
    over = {"neuropathy_severe": "neuropathy_resolved_agreed", "other_onset": "other_resolved"}[onsets[1]]
    course = ["start_4_25", *onsets, over, "anc_recovered"]
    assert records(course)[-1].status.ixazomib_mg == text
    assert records(course, "what-if-stack-b")[-1].status.ixazomib_mg == stacked
