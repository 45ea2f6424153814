"""The rules file: complete, consistent, carried out where it says, and the only place of the text's numbers."""

from __future__ import annotations

import ast
import pickle
import re
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import ixastate.rules
from ixastate.chart.builder import transitions_of
from ixastate.chart.slot import build_slot
from ixastate.course.alphabet import Context, Meanings
from ixastate.course.live import machine
from ixastate.errors import RulesError
from ixastate.events import parse_event
from ixastate.rules import DEFAULT_EDITION, EDITIONS, Edition, Rule, load_edition, parse

EDITION = load_edition()
OTHERS = [load_edition(name) for name in EDITIONS if name != DEFAULT_EDITION]
# Every rule of the default edition, and what the others put in its place.
OWN = [(EDITION, rule) for rule in EDITION.rules.values()]
OWN += [(other, rule) for other in OTHERS for rule in other.rules.values() if rule != EDITION.rules.get(rule.id)]


def name_of(value: Edition | Rule) -> str:
    return value.id if isinstance(value, Rule) else value.name


SOURCE = Path(ixastate.rules.__file__).parents[1]
TEXT = Path(__file__).parents[2] / "shared" / "dosing-text.tsv"
TOML = (files("ixastate.rules") / EDITIONS[DEFAULT_EDITION]).read_text(encoding="utf-8")

FAMILIES = {
    "ADM": 16,
    "DOSE": 10,
    "DISC": 2,
    "GER": 1,
    "ANC": 7,
    "PLT": 9,
    "PN": 9,
    "RASH": 8,
    "OTH": 5,
    "HEP": 3,
    "REN": 4,
}
LABELS = [f"{family}-{number:02}" for family, count in FAMILIES.items() for number in range(1, count + 1)]


# --- Complete --------------------------------------------------------------------------------------------------


def test_there_are_74_clauses_of_the_text() -> None:
    assert len(LABELS) == 74
    assert {rule.id for rule in EDITION.rules.values() if rule.kind == "label"} == set(LABELS)


@pytest.mark.parametrize(("edition", "rule"), OWN, ids=name_of)
def test_rule(edition: Edition, rule: Rule) -> None:
    kinds = {"B": "reading", "K": "bookkeeping"}
    assert rule.kind == kinds.get(rule.id.split("-")[0], "label")
    assert bool(rule.executed_by) != bool(rule.not_modelled)
    assert len(set(rule.executed_by)) == len(rule.executed_by)
    assert rule.title
    assert rule.says.endswith((".", ".)"))
    assert set(rule.lines) <= set(range(1, 31))
    assert list(rule.lines) == sorted(set(rule.lines))
    assert rule.lines or rule.source or rule.kind != "label", "a clause stands on a line of the text or has a source"
    assert set(rule.needs) <= edition.rules.keys() - {rule.id}
    assert all(edition.rule(need).kind == "reading" for need in rule.needs), "a rule rests on readings"
    assert all(quantity.unit for quantity in rule.numbers.values())


@pytest.mark.parametrize("line", range(1, 31))
def test_each_line_of_the_text_is_in_some_rule(line: int) -> None:
    assert [rule.id for rule in EDITION.rules.values() if line in rule.lines and rule.kind == "label"]


def test_an_edition_is_made_once() -> None:
    assert load_edition() is load_edition()
    assert EDITION.name == DEFAULT_EDITION


# --- Carried out where it says ---------------------------------------------------------------------------------

PLACES = {
    # a rule of an edition may be named as that of a toxicity
    "threshold": ["course/alphabet.py", "course/limits.py", "symbols.py"],
    "start": ["course/alphabet.py", "course/limits.py"],
    "schedule": ["course/schedule.py"],
    "slot": ["chart/slot.py"],
    # the chart gives advice too, such as to consider G-CSF
    "order": [
        "course/administration.py",
        "course/alphabet.py",
        "course/course.py",
        "course/slots.py",
        "chart/chart.py",
        "chart/editions.py",
    ],
    "correction": ["course/correction.py"],
}


@cache
def modules() -> dict[str, ast.Module]:
    paths = sorted(SOURCE.rglob("*.py"))
    return {path.relative_to(SOURCE).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


@cache
def words_of_strings(module: str) -> frozenset[str]:
    """The words of every string of a module that is no docstring."""
    tree = modules()[module]
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)]
    docstrings = {id(body[0].value) for body in bodies if body and isinstance(body[0], ast.Expr)}
    strings = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return frozenset(word for node in strings if id(node) not in docstrings for word in str(node.value).split())


@pytest.mark.parametrize("edition", [EDITION, *OTHERS], ids=name_of)
def test_the_transitions_cite_the_rules_that_they_carry_out(edition: Edition) -> None:
    cited = {rule for one in transitions_of(machine(edition.name).chart) for rule in one.rules}
    assert cited == {rule.id for rule in edition.rules.values() if "transition" in rule.executed_by}
    of_a_dose = {rule for one in transitions_of(build_slot(edition.name)) for rule in one.rules}
    assert of_a_dose == {rule.id for rule in edition.rules.values() if "slot" in rule.executed_by}


@pytest.mark.parametrize(
    ("rule_id", "place"),
    [(rule.id, place) for _, rule in OWN for place in rule.executed_by if place != "transition"],
)
def test_a_rule_is_named_where_it_is_carried_out(rule_id: str, place: str) -> None:
    assert any(rule_id in words_of_strings(module) for module in PLACES[place])


def test_no_rule_is_named_that_does_not_exist() -> None:
    like_a_rule = re.compile(rf"(?:NC|{'|'.join(FAMILIES)})-\d\d|[BK]-[A-Z][A-Z0-9-]+")
    named = {word for module in modules() for word in words_of_strings(module) if like_a_rule.fullmatch(word)}
    assert len(named) > 100
    assert named <= {rule.id for _, rule in OWN}


def test_what_is_not_modelled_is_named_nowhere() -> None:
    idle = {rule.id for _, rule in OWN} - {rule.id for _, rule in OWN if rule.executed_by}
    assert idle
    assert not [(module, idle & words_of_strings(module)) for module in modules() if idle & words_of_strings(module)]


# --- Numbers ---------------------------------------------------------------------------------------------------


def number(rule_id: str, name: str) -> Any:
    return EDITION.rule(rule_id).numbers[name].value


def bands() -> dict[float, float]:
    return {band.at_least_ml_min: band.dose_mg for band in EDITION.lenalidomide.start if not band.on_dialysis}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ANC-01", "anc"), ("ANC-02", "anc")),
        (("PLT-01", "platelets"), ("PLT-02", "platelets")),
        (("PLT-01", "platelets"), ("PLT-05", "platelets")),
        (("ADM-11", "interval"), ("ADM-12", "interval")),
        (("DOSE-09", "dose"), ("DOSE-10", "floor")),
        (("HEP-01", "up_to"), ("HEP-02", "above")),
        (("HEP-01", "dose"), ("DOSE-08", "dose")),
        (("HEP-02", "dose"), ("DOSE-08", "dose")),
        (("REN-01", "dose"), ("DOSE-08", "dose")),
        (("REN-02", "dose"), ("DOSE-08", "dose")),
        (("RASH-01", "from_grade"), ("RASH-02", "from_grade")),
        (("RASH-01", "to_grade"), ("RASH-02", "to_grade")),
        (("PN-02", "grade_without_pain"), ("PN-06", "grade")),
        (("PN-01", "grade"), ("PN-05", "grade_with_pain")),
    ],
    ids=lambda pair: "-".join(pair),
)
def test_a_number_that_two_rules_state_is_the_same(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert number(*one) == number(*other)
    assert EDITION.rule(one[0]).numbers[one[1]].unit == EDITION.rule(other[0]).numbers[other[1]].unit


def test_numbers_that_follow_from_one_another_agree() -> None:
    assert number("DOSE-03", "dose") == EDITION.dexamethasone.dose_mg
    assert number("DOSE-02", "dose") == EDITION.lenalidomide.ladder_mg[0] == bands()[max(bands())]
    assert number("DOSE-10", "floor") == EDITION.ixazomib_ladder_mg[-1]
    assert number("DOSE-07", "reductions") == len(EDITION.ixazomib_ladder_mg) - 1
    assert number("REN-01", "below") in bands(), "lenalidomide's bands part where ixazomib's do"
    assert min(bands()) == 0, "every clearance falls into a band"
    assert number("ADM-04", "cycle_weeks") * 7 == number("DOSE-01", "cycle")
    assert number("DOSE-01", "days") == tuple(1 + 7 * week for week in range(number("ADM-04", "dosing_weeks")))
    assert number("DOSE-03", "days") == tuple(1 + 7 * week for week in range(number("ADM-04", "cycle_weeks")))
    assert number("RASH-01", "from_grade") == number("RASH-03", "grade") + 1
    assert number("RASH-01", "to_grade") == number("RASH-08", "grade") - 1
    assert number("PN-05", "grade") == number("PN-09", "grade") - 1
    assert number("OTH-01", "to_grade") == number("B-GRADE5", "grade") - 1


def test_the_numbers_are_those_of_the_text() -> None:
    """Written out a second time on purpose, by a reader of the text."""
    assert number("ANC-01", "anc") == 500
    assert number("PLT-01", "platelets") == 30_000
    assert number("ADM-11", "interval") == 72
    assert (number("HEP-01", "above"), number("HEP-02", "above"), number("REN-01", "below")) == (1.5, 3, 30)
    assert EDITION.ixazomib_ladder_mg == (4, 3, 2.3)
    assert (number("DOSE-02", "first_day"), number("DOSE-02", "last_day")) == (1, 21)
    assert number("DOSE-01", "days") == (1, 8, 15)
    assert number("DOSE-03", "days") == (1, 8, 15, 22)
    assert bands() == {60: 25, 30: 10, 0: 15}


# Modules that could carry a rule out must not hold even a small number of the text; what is allowed, and why.
EXECUTING = ("chart/", "course/", "events.py", "orders.py", "symbols.py")
# Pictures, exchanges, simulations and suites have sizes of their own and carry no rule out.
OTHERWISE = ("cohort/", "diagrams/", "exchange/", "store/", "testing/")
ALLOWED = {
    ("events.py", 4): "a baseline of grade 4 is refused as it is read; test_events holds it against PN-09",
    ("fields.py", 1000): "how many digits a number may have",
    ("fields.py", 60): "how much of a value an error shows, in letters",
    ("course/course.py", 20): "how many records a notebook shows",
    ("course/timeline.py", 15): "how far a line is indented, in letters",
    ("proofs/equality.py", 500): "how many configurations make one piece of work",
    ("cli/conform.py", 30): "how many events a random walk has when nothing else is asked",
    ("cli/schedule.py", 28): "how many days are printed when nothing else is asked",
    ("cli/suite.py", 30): "how many events a random walk has when nothing else is asked",
}


def test_no_number_of_the_text_stands_outside_the_rules_file() -> None:
    values = [quantity.value for _, rule in OWN for quantity in rule.numbers.values()]
    numbers = {value for one in values for value in (one if isinstance(one, tuple) else (one,))}
    numbers |= {*EDITION.lenalidomide.ladder_mg, *bands(), *bands().values(), EDITION.dexamethasone.dose_mg}
    # 0, 1 and 2 are counts and positions everywhere; small numbers mean something only where a rule could be.
    telling = {value for value in numbers if isinstance(value, float | int) and (value > 20 or value != int(value))}
    assert {500, 30_000, 72, 28, 1.5, 2.3, 40, 30, 21, 22, 60, 2.5} <= telling
    found = {
        (module, node.value)
        for module, tree in modules().items()
        if not module.startswith(OTHERWISE)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool)
        if node.value in telling or (module.startswith(EXECUTING) and node.value in numbers and node.value > 2)
    }
    assert found - ALLOWED.keys() == set(), "take it from the rules, or say above what else it is"
    assert {one for one in ALLOWED.keys() - found if one[0] in modules()} == set(), "no longer there"


def test_a_number_is_asked_as_what_it_is() -> None:
    assert EDITION.number("DOSE-09", "dose") == 2.3
    assert EDITION.number("HEP-01", "above") == 1.5
    assert EDITION.number("ANC-01", "anc") == 500
    assert EDITION.integer("ANC-01", "anc") == 500
    assert EDITION.integers("DOSE-03", "days") == (1, 8, 15, 22)


@pytest.mark.parametrize(
    ("ask", "complaint"),
    [
        (lambda: EDITION.number("DOSE-03", "days"), "'days' of rule DOSE-03 is a list"),
        (lambda: EDITION.integer("DOSE-09", "dose"), "'dose' of rule DOSE-09 is no whole number: 2.3"),
        (lambda: EDITION.integer("DOSE-03", "days"), "'days' of rule DOSE-03 is no whole number"),
        (lambda: EDITION.integers("DOSE-09", "dose"), "'dose' of rule DOSE-09 is no list: 2.3"),
        (lambda: EDITION.number("DOSE-03", "day"), "rule DOSE-03 states no number 'day' (did you mean 'days'?)"),
        (lambda: EDITION.number("ADM-01", "dose"), "rule ADM-01 states no number 'dose' (it states none)"),
    ],
)
def test_a_number_that_is_something_else_is_refused(ask: Callable[[], object], complaint: str) -> None:
    with pytest.raises(RulesError) as caught:
        ask()
    assert complaint in str(caught.value)


# --- In our own words ------------------------------------------------------------------------------------------


def words(sentence: str) -> list[str]:
    return re.findall(r"\w+", sentence.lower())


def runs(sentence: str, length: int = 6) -> set[tuple[str, ...]]:
    found = words(sentence)
    return {tuple(found[place : place + length]) for place in range(len(found) - length + 1)}


@pytest.mark.skipif(not TEXT.exists(), reason="the dosing text is not part of the package")
def test_the_rules_are_told_in_our_own_words() -> None:
    lines = [line.split("\t", 1) for line in TEXT.read_text(encoding="utf-8").splitlines()]
    assert [int(line[0]) for line in lines] == list(range(1, 32))
    theirs = {run for _, sentence in lines for run in runs(sentence)}
    assert len(theirs) > 500
    copied = {(edition.name, rule.id): runs(f"{rule.title}. {rule.says}") & theirs for edition, rule in OWN}
    assert {name: found for name, found in copied.items() if found} == {}


# --- Refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ('edition = "dosing-text"\n', "", "the key 'edition' is missing"),
        ('\ntitle = "Ixazomib with', '\n# title = "Ixazomib with', "title"),
        ("[lenalidomide]", "[lenalidomid]", "lenalidomide"),
        ('says = "Every dose', '# says = "Every dose', r"rules\.ADM-01\.says"),
        ("lines = [1]\n", "", r"rules\.ADM-01\.lines"),
        ('kind = "label"\n', 'kind = "opinion"\n', r"rules\.ADM-01\.kind"),
        ('kind = "label"\n', 'kind = "label"\ncolour = "red"\n', r"rules\.ADM-01\.colour"),
        ("[dexamethasone]\n", "[dexamethasone]\nevery_days = 7\n", r"dexamethasone\.every_days"),
        ("lines = [1]\n", 'lines = ["one"]\n', r"rules\.ADM-01\.lines"),
        ('needs = ["B-CALENDAR"]', 'needs = ["B-NOWHERE"]', "ADM-02 needs B-NOWHERE"),
        ('executed_by = ["schedule"]\n', "executed_by = []\n", "exactly one of executed_by and not_modelled"),
        ('executed_by = ["schedule"]\n', 'executed_by = ["order"]\nnot_modelled = "no"\n', "exactly one of"),
        ('executed_by = ["schedule"]\n', 'executed_by = ["kitchen"]\n', r"rules\.ADM-01\.executed_by"),
        ("ladder_mg = [25.0, 20.0,", "ladder_mg = [20.0, 25.0,", "must fall from level to level"),
        ("ladder_mg = [25.0, 20.0,", "ladder_mg = [25.0, 25.0,", "must fall from level to level"),
        ("ladder_mg = [25.0, 20.0, 15.0, 10.0, 5.0, 2.5]", "ladder_mg = [25.0]", "at least 2"),
        ("dose_mg = 10.0, every_days = 1", "dose_mg = 12.0, every_days = 1", r"starting doses \[12\.0\]"),
        ('value = 72, unit = "h"', "value = 72", r"ADM-11\.numbers\.interval\.unit"),
        ("[rules.ADM-01]", "[rules.ADM-01", "not a rules file: Expected"),
        ("[rules.ADM-02]", "[rules.ADM-01]", "twice"),
        ('\nedition = "', '\nedition = "one"\nedition = "', "not a rules file"),
    ],
)
def test_a_rules_file_that_does_not_hold_is_refused(old: str, new: str, wrong: str) -> None:
    assert old in TOML
    with pytest.raises(RulesError, match=wrong) as refused:
        parse(TOML.replace(old, new, 1), "some.toml")
    assert refused.value.where == "some.toml"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('edition = "x"\nrules = []', id="rules is a list"),
        pytest.param('edition = "x"\n[rules]\nADM-01 = "by mouth"', id="a rule is a text"),
        pytest.param(TOML.replace("[rules.ADM-01]\n", '[rules.ADM-01]\nid = "ADM-99"\n'), id="an id that contradicts"),
        pytest.param(re.sub(r"  \{ on_dialysis = true.*\n", "", TOML), id="no band for dialysis"),
        pytest.param(TOML.replace("every_days = 2", "every_days = 0"), id="every zero days"),
    ],
)
def test_a_rules_file_of_another_shape_is_refused(text: str) -> None:
    try:
        edition = parse(text, "some.toml")
    except RulesError:
        return
    except (AttributeError, TypeError) as error:
        pytest.fail(f"not of the family: {error!r}")
    pytest.fail(f"accepted: {edition.title}")


def test_an_unknown_edition_is_refused() -> None:
    with pytest.raises(RulesError, match="there is no edition 'us-label-1999'") as refused:
        load_edition("us-label-1999")
    assert DEFAULT_EDITION in refused.value.remedy


@pytest.mark.parametrize("rule_id", ["ADM-17", "adm-01", "", "B-"])
def test_an_unknown_rule_is_refused(rule_id: str) -> None:
    for ask in (EDITION.rule, lambda one: EDITION.cite(["ADM-01", one]), lambda one: EDITION.number(one, "dose")):
        with pytest.raises(RulesError, match="there is no rule") as refused:
            ask(rule_id)
        assert refused.value.where == f"edition {DEFAULT_EDITION}"
        assert refused.value.remedy


def test_an_unknown_number_is_refused() -> None:
    with pytest.raises(RulesError, match="rule DOSE-01 states no number 'doses'"):
        EDITION.number("DOSE-01", "doses")


def test_rules_are_cited_once_and_in_the_order_of_the_file() -> None:
    assert EDITION.cite(["PN-02", "ADM-01", "PN-02", "ANC-01"]) == ("ADM-01", "ANC-01", "PN-02")
    assert EDITION.cite([]) == ()


def test_a_copy_of_an_edition_takes_over_nothing_that_was_made_of_it() -> None:
    """Its numbers may be others, so that what was read by the old ones is wrong."""
    low = {"type": "neutrophils_measured", "day": 8, "value": 600, "unit": "/mm3"}
    event = parse_event(low)
    assert Meanings.of(EDITION).read(event, Context()).symbols == ("anc_recovered",)
    assert EDITION.ixazomib_ladder_mg == (4, 3, 2.3)
    rules = dict(EDITION.rules)
    for rule_id, name, value in (("ANC-01", "anc", 1000), ("DOSE-08", "dose", 3.5)):
        quantity = rules[rule_id].numbers[name].model_copy(update={"value": value})
        rules[rule_id] = rules[rule_id].model_copy(update={"numbers": {**rules[rule_id].numbers, name: quantity}})
    other = EDITION.model_copy(update={"rules": rules})
    assert Meanings.of(other).read(event, Context()).symbols == ("anc_low",)
    assert other.ixazomib_ladder_mg == (4, 3.5, 2.3)
    assert Meanings.of(EDITION).read(event, Context()).symbols == ("anc_recovered",)
    again = pickle.loads(pickle.dumps(EDITION))
    assert again == EDITION
    assert again.remembered == {}
