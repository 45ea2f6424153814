"""Suites: right answers, the same bytes each time, and the coverage that they claim, found again from the courses."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib.resources import files
from inspect import signature
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import jsonschema
import pytest

from ixastate.chart.builder import Transition
from ixastate.chart.guards import Guard
from ixastate.cli.main import main
from ixastate.cli.suite import COVERS
from ixastate.cli.suite import suite as suite_command
from ixastate.course.course import Course, Record
from ixastate.course.live import machine
from ixastate.errors import CourseRefusal, InputError
from ixastate.events import AnyEvent, CourseStarted, parse_event
from ixastate.rules import EDITIONS, load_edition
from ixastate.symbols import DISCONTINUED
from ixastate.table.graph import Edge
from ixastate.testing.answers import Expected, Oracle, as_data, differences
from ixastate.testing.suites.courses import Answers
from ixastate.testing.suites.files import Suite, TestCourse, read_suite, schema_text, suite_schema, write_suite
from ixastate.testing.suites.make import COVERS as MADE
from ixastate.testing.suites.make import RandomWalks, make_suite
from ixastate.units import ucum
from tests.kit import START, anc, answered, of, plt, suite
from tests.tables import graph, table

EDITION = load_edition()
ALL = ("edges", "pairs", "rules+readings", "boundaries", "walks")
# No event can say that another toxicity is over while none is open.
UNSHOWN = {
    str(edge)
    for edge in graph().edges
    if edge.source.startswith("other_clear") and edge.symbol in ("other_resolved", "other_resolved_related")
}


@cache
def edges_by_move() -> dict[tuple[str, str, Guard | None], Edge]:
    return {(edge.source, edge.symbol, edge.guard): edge for edge in graph().edges}


def replayed(one: TestCourse) -> Iterator[tuple[Record, list[Edge]]]:
    """The records of a course on the living chart, each with the transitions that it took there."""
    course, live = Course(), machine()
    for event in one.events():
        before = course.configuration
        try:
            record = course.observe(event)
        except CourseRefusal:
            continue
        taken: list[Transition] = []
        for symbol in record.symbols:
            before, moves = live.transitions(before, symbol)
            taken += moves
        keys = [(move.source.id, move.symbol, move.when) for move in taken]
        yield record, [edges_by_move()[key] for key in keys]


@cache
def whole(cover: str) -> list[list[tuple[Record, list[Edge]]]]:
    return [list(replayed(one)) for one in suite(cover).courses]


# --- The answers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cover", ALL)
def test_every_answer_is_that_of_the_live_course(cover: str) -> None:
    for one in suite(cover).courses:
        oracle = Oracle()
        for event, step in zip(one.events(), one.steps, strict=True):
            expected = oracle.observe(event)
            assert step.expected == expected.answer
            assert (step.rules, step.schedule) == (expected.rules, expected.schedule)


def test_a_course_that_goes_two_ways_shares_nothing_that_moves() -> None:
    one = Oracle()
    one.observe(answered(START).events()[0])
    other = one.copied()
    other.observe(answered(START, anc(2, 499)).events()[1])
    assert one.course.status.words == "active at 4 mg"
    assert other.course.status.words == "held for neutrophils"


def test_what_two_courses_have_alike_at_the_beginning_is_run_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[AnyEvent] = []

    class Counting(Oracle):
        def observe(self, event: AnyEvent) -> Expected:
            asked.append(event)
            return super().observe(event)

    monkeypatch.setattr("ixastate.testing.suites.courses.Oracle", Counting)
    start, low, fine, other = (parse_event(fact) for fact in (START, anc(2, 499), anc(3, 500), anc(3, 501)))
    answers = Answers("dosing-text")
    for course in ([start, low, fine], [start, low, other], [start, low], [start, other]):
        assert [data for data, _ in answers.of(course)] == [as_data(event) for event in course]
    assert asked == [start, low, fine, other, other]


def test_the_answer_says_all_that_the_contract_names() -> None:
    missed = {"type": "dose_missed", "day": 2}
    [start, low, late] = answered(START, anc(2, 499), {**missed, "day": 3}).steps
    assert start.expected == {
        "refused": False,
        "phase": "on treatment",
        "ixazomib_held": False,
        "lenalidomide_held": False,
        "ixazomib_mg": 4,
        "lenalidomide_mg": 25,
        "state": "active at 4 mg",
        "held_for": [],
        "orders": ["start ixazomib at 4 mg", "start lenalidomide at 25 mg", "start dexamethasone at 40 mg"],
        "due": [
            {"drug": "ixazomib", "mg": 4},
            {"drug": "lenalidomide", "mg": 25},
            {"drug": "dexamethasone", "mg": 40},
        ],
    }
    assert low.expected["held_for"] == ["neutrophils"]
    assert low.expected["due"] == []
    assert late.expected["late_dose"] is False
    [_, again] = answered(START, {**START, "day": 2}).steps
    assert again.expected == {
        **{key: value for key, value in start.expected.items() if key not in ("orders", "due")},
        "refused": True,
    }
    assert again.rules == ("K-RECORD",)


# --- The file -------------------------------------------------------------------------------------------------


def lines_of(made: Suite) -> list[str]:
    return list(made.lines())


def test_every_cover_is_known_to_the_command() -> None:
    assert tuple(MADE) == COVERS


@pytest.mark.parametrize("cover", ["edges", "boundaries"])
def test_a_suite_is_the_same_in_every_process(cover: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ixastate", "suite", "--cover", cover, "-o", str(tmp_path / "suite")]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONHASHSEED": "77"})
    assert (tmp_path / "suite").read_text(encoding="utf-8").splitlines() == lines_of(suite(cover))


def test_a_suite_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_suite(tmp_path / "suite", suite("boundaries"))
    assert read_suite(tmp_path / "suite") == suite("boundaries")


def test_a_cover_that_does_not_exist_is_refused_and_so_is_none() -> None:
    with pytest.raises(InputError, match="there is no cover 'moods'"):
        make_suite(["edges", "moods"])
    with pytest.raises(InputError, match="no cover is named"):
        make_suite([])


def test_the_walks_that_nobody_says_more_about_are_those_of_the_command() -> None:
    usual = {name: of.default for name, of in signature(suite_command).parameters.items()}
    assert RandomWalks() == RandomWalks(usual["length"], usual["seed"], usual["courses"]) == RandomWalks(30, 1, 100)


def test_the_header_tells_what_there_is() -> None:
    made = suite("boundaries")
    assert made.header.cover == ("boundaries",)
    assert made.header.courses == len(made.courses)
    assert made.header.events == sum(len(one.steps) for one in made.courses)
    assert len({one.course for one in made.courses}) == len(made.courses)


def test_the_schema_beside_the_code_is_current() -> None:
    assert (files("ixastate.testing.suites") / "suite.schema.json").read_text(encoding="utf-8") == schema_text()


def test_the_command_prints_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["suite", "--schema"]) == 0
    assert json.loads(capsys.readouterr().out) == suite_schema()


@pytest.mark.parametrize("cover", ["boundaries", "walks"])
def test_suites_are_as_the_schema_says(cover: str) -> None:
    validator = jsonschema.Draft202012Validator(suite_schema())
    jsonschema.Draft202012Validator.check_schema(suite_schema())
    for line in lines_of(suite(cover))[:: 3 if cover == "boundaries" else 9]:
        validator.validate(json.loads(line))


def changed(*where: Any, to: Any = None, drop: bool = False) -> dict[str, Any]:
    """A good course with one part changed or dropped."""
    line: Any = json.loads(lines_of(of(answered(START, anc(2, 499))))[1])
    place = line
    for step in where[:-1]:
        place = place[step]
    if drop:
        del place[where[-1]]
    else:
        place[where[-1]] = to
    return dict(line)


NO_COURSES = {
    "no steps": changed("steps", to=[]),
    "steps of another kind": changed("steps", to={}),
    "no course": changed("course", drop=True),
    "no name": changed("name", drop=True),
    "a number for a name": changed("name", to=7),
    "no covers": changed("covers", drop=True),
    "covers of numbers": changed("covers", to=[7]),
    "something more": changed("more", to=1),
    "something more in a step": changed("steps", 0, "more", to=1),
    "no rules": changed("steps", 0, "rules", drop=True),
    "no schedule": changed("steps", 0, "schedule", drop=True),
    "no event": changed("steps", 0, "event", drop=True),
    "an empty event": changed("steps", 0, "event", to={}),
    "an event of no kind": changed("steps", 1, "event", "type", to="hair_lost"),
    "an event without its unit": changed("steps", 1, "event", "unit", drop=True),
    "an event on day 0": changed("steps", 1, "event", "day", to=0),
    "an empty answer": changed("steps", 1, "expected", to={}),
    "no phase": changed("steps", 1, "expected", "phase", drop=True),
    "another phase": changed("steps", 1, "expected", "phase", to="well"),
    "no refused": changed("steps", 1, "expected", "refused", drop=True),
    "refused in words": changed("steps", 1, "expected", "refused", to="no sir"),
    "a text for a dose": changed("steps", 1, "expected", "ixazomib_mg", to="4"),
    "true for a dose": changed("steps", 1, "expected", "ixazomib_mg", to=True),
    "one reason": changed("steps", 1, "expected", "held_for", to="neutrophils"),
    "a dose due without its drug": changed("steps", 0, "expected", "due", 0, "drug", drop=True),
    "a dose due without its mg": changed("steps", 0, "expected", "due", 0, "mg", drop=True),
    "an unknown part": changed("steps", 1, "expected", "mood", to="good"),
}
NO_HEADERS: list[dict[str, Any]] = [
    {"format": "ixastate suite 2"},
    {"courses": -1},
    {"events": 1.5},
    {"cover": "edges"},
    {"edition": None},
    {"more": 1},
]


@pytest.mark.parametrize("broken", NO_COURSES.values(), ids=NO_COURSES)
def test_what_is_no_course_is_refused_by_the_schema_and_by_the_reader(broken: dict[str, Any], tmp_path: Path) -> None:
    assert not jsonschema.Draft202012Validator(suite_schema()).is_valid(broken)
    header = lines_of(of(answered(START, anc(2, 499))))[0]
    (tmp_path / "suite").write_text(f"{header}\n{json.dumps(broken)}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"suite:2: "):
        read_suite(tmp_path / "suite")


@pytest.mark.parametrize("part", NO_HEADERS, ids=str)
def test_what_is_no_header_is_refused_by_the_schema_and_by_the_reader(part: dict[str, Any], tmp_path: Path) -> None:
    [header, *_] = lines_of(of(answered(START)))
    validator = jsonschema.Draft202012Validator(suite_schema())
    assert validator.is_valid(json.loads(header))
    broken = {**json.loads(header), **part}
    assert not validator.is_valid(broken)
    (tmp_path / "suite").write_text(f"{json.dumps(broken)}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"suite:1: "):
        read_suite(tmp_path / "suite")


def test_a_dose_due_may_say_more() -> None:
    good = changed("steps", 0, "expected", "due", 0, "how", to="by mouth")
    assert jsonschema.Draft202012Validator(suite_schema()).is_valid(good)
    assert TestCourse.model_validate(good).model_dump(mode="json") == good


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda lines: [], "the suite is empty"),
        (lambda lines: ["{", *lines[1:]], ":1: not JSON"),
        (lambda lines: [lines[0].replace("suite 1", "suite 9"), *lines[1:]], "not a suite of this version"),
        (
            lambda lines: [re.sub('"fingerprint": "..', '"fingerprint": "zz', lines[0]), *lines[1:]],
            "made of other rules",
        ),
        (lambda lines: [lines[0].replace("dosing-text", "no-such"), *lines[1:]], "no edition 'no-such'"),
        (lambda lines: lines[:-1], "announces 2 courses, and there are 1"),
        (lambda lines: [*lines[:2], lines[2].replace('"name"', '"title"')], ":3: the field 'name' is missing"),
        (lambda lines: [*lines[:2], lines[2].replace('"day": 2', '"day": 0')], ":3: step 2"),
        (
            lambda lines: [*lines[:2], lines[2].replace('"ANC-01"', '"ANC-99"')],
            ":3: step 2: 'ANC-99' is no rule of the suite's edition",
        ),
        (
            lambda lines: [lines[0], re.sub('"schedule": .".*?"', '"schedule": ["DOSE-99"', lines[1]), lines[2]],
            ":2: step 1: 'DOSE-99' is no rule of the suite's edition",
        ),
        (lambda lines: [*lines[:2], lines[2][:50]], ":3: not JSON"),
        (lambda lines: [lines[0].replace('"courses": 2', '"courses": "2x"'), *lines[1:]], ":1: courses"),
    ],
)
def test_a_suite_that_is_none_is_refused(change: Any, words: str, tmp_path: Path) -> None:
    lines = lines_of(of(answered(START), answered(START, anc(2, 499), course="two")))
    (tmp_path / "suite").write_text("".join(f"{line}\n" for line in change(lines)), encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_suite(tmp_path / "suite")
    assert words in str(refused.value)


def test_the_command_writes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["suite", "--cover", "walks", "--courses", "2", "--length", "3", "--seed", "9"]) == 0
    header, *courses = capsys.readouterr().out.splitlines()
    assert json.loads(header)["courses"] == len(courses) == 2


# --- What suites cover, found again from the courses on the living chart --------------------------------------


def showable() -> set[str]:
    return {str(edge) for edge in graph().edges} - set(graph().unreachable) - UNSHOWN


@pytest.mark.parametrize("cover", ["edges", "pairs"])
def test_every_transition_is_taken(cover: str) -> None:
    taken = {str(edge) for course in whole(cover) for _, edges in course for edge in edges}
    assert taken == showable()


def test_edges_are_taken_where_the_suite_says() -> None:
    for one, course in zip(suite("edges").courses, whole("edges"), strict=True):
        assert set(one.covers) <= {str(edge) for _, edges in course for edge in edges}
        assert one.covers
    assert {name for one in suite("edges").courses for name in one.covers} == showable()


def region_names(edge: Edge) -> list[str]:
    inside = [name for name, leaves in graph().regions.items() if edge.source in leaves]
    return inside or ["", *(name for name, leaves in graph().regions.items() if set(leaves) & set(edge.targets))]


def pairs_of(taken: list[Edge]) -> set[str]:
    """The pairs of transitions that follow one another in a region, by looking at one region after the other."""
    found = set()
    for region in ["", *graph().regions]:
        of_region = [str(edge) for edge in taken if region in region_names(edge)]
        found |= {f"{one} | {two}" for one, two in pairwise(["entry", *of_region])}
    return found


def test_every_pair_is_taken_that_random_courses_take() -> None:
    covered: set[str] = set()
    for one, course in zip(suite("pairs").courses, whole("pairs"), strict=True):
        here = pairs_of([edge for _, edges in course for edge in edges])
        assert set(one.covers) <= here
        covered |= here
    assert {name for one in suite("pairs").courses for name in one.covers} == covered
    assert len(covered) > 500

    # Whatever a long random walk over the table takes is covered.
    of, dice = table(), Random(5)
    other_held = [("other_held" in leaves) for leaves in of.configurations]
    unseen = {of.symbols.index(name) for name in ("other_resolved", "other_resolved_related")}
    met: set[str] = set()
    for _ in range(3000):
        number, taken = 0, []
        for _ in range(25):
            row = of.row(number)
            symbols = [
                symbol
                for symbol in range(len(of.symbols))
                if of.output[row[symbol]]
                and (symbol not in unseen or other_held[number])
                and (of.next[row[symbol]] != of.final or dice.random() < 0.05)
            ]
            if not symbols:
                break
            move = row[dice.choice(symbols)]
            taken += [graph().edges[edge] for edge in of.edges[of.output[move]]]
            number = of.next[move]
        met |= pairs_of(taken)
    assert met <= covered
    assert len(met) > 400


@pytest.mark.parametrize("cover", ["rules", "readings"])
def test_every_rule_acts_that_something_executes(cover: str) -> None:
    kinds = ("label", "bookkeeping") if cover == "rules" else ("reading",)
    # A suite tells each event as it happens, so it holds no correction of what was known.
    acting_rules = {rule.id for rule in EDITION.rules.values() if rule.kind in kinds and rule.executed_by}
    wanted = acting_rules - {"B-CORRECTION"}
    made = [one for one in suite("rules+readings").courses if one.course.startswith(f"{cover}-")]
    acting = set()
    for one in made:
        oracle = Oracle()
        here = set()
        for event in one.events():
            answer = oracle.observe(event)
            here |= {*answer.rules, *answer.schedule}
        assert set(one.covers) <= here
        acting |= here
    assert {rule for one in made for rule in one.covers} == wanted
    assert wanted <= acting
    assert len(made) < 40


@pytest.mark.parametrize("cover", ["edges", "pairs", "rules+readings"])
def test_a_course_is_named_for_what_no_other_was_chosen_for(cover: str) -> None:
    names = [name for one in suite(cover).courses for name in one.covers]
    assert len(set(names)) == len(names)
    assert all(one.covers for one in suite(cover).courses)


def sides(threshold: Any, values: set[Any]) -> set[str]:
    """On which sides of a number there are values: on it, and just beside it."""
    found = set()
    for value in values:
        if value == threshold:
            found.add("on")
        elif abs(Fraction(value) - Fraction(threshold)) <= max(Fraction(1), Fraction(threshold) / 100):
            found.add("below" if value < threshold else "above")
    return found


def events_of(kind: str) -> list[tuple[Record | None, Any]]:
    """Each event of this kind in the boundary suite with the record before it."""
    found = []
    for course in whole("boundaries"):
        before: Record | None = None
        for record, _ in course:
            if record.event.type == kind:
                found.append((before, record.event))
            before = record
    return found


@pytest.mark.parametrize(
    ("kind", "rule", "name", "reason"),
    [
        ("neutrophils_measured", "ANC-01", "anc", "neutrophils"),
        ("platelets_measured", "PLT-01", "platelets", "platelets"),
    ],
)
def test_both_sides_of_a_count_are_seen_in_every_unit_in_and_out_of_an_episode(
    kind: str, rule: str, name: str, reason: str
) -> None:
    threshold = EDITION.integer(rule, name)
    for unit in ucum("count"):
        for within in (False, True):
            values = {
                event.per_mm3
                for before, event in events_of(kind)
                if event.unit == unit and before is not None and (reason in before.status.held_for) is within
            }
            assert {"on", "below"} <= sides(threshold, values), (unit, within)


def test_both_sides_of_organ_function_are_seen() -> None:
    starts = [event for _, event in events_of("course_started")]
    bilirubin = {start.bilirubin.multiple_of_uln for start in starts if start.bilirubin}
    for rule in ("HEP-01", "HEP-02"):
        close = {
            value for value in bilirubin if abs(value - Fraction(str(EDITION.number(rule, "above")))) < Fraction(1, 5)
        }
        assert {"on", "above"} <= sides(EDITION.number(rule, "above"), close)
    clearance = {start.creatinine_clearance.value for start in starts if start.creatinine_clearance}
    for band in EDITION.lenalidomide.start:
        if band.at_least_ml_min:
            close = {value for value in clearance if abs(float(value) - band.at_least_ml_min) < 0.5}
            assert {"on", "below"} <= sides(Decimal(str(band.at_least_ml_min)), close)
    assert any(start.on_dialysis for start in starts)
    assert {start.bilirubin is None for start in starts if "bilirubin" in start.assumed} == {True}


def test_every_grade_is_seen_in_every_situation() -> None:
    """By what the situation is: the leaf of the region before the event."""

    def grades(kind: str, region: str) -> dict[str, set[Any]]:
        found: dict[str, set[Any]] = {}
        for before, event in events_of(kind):
            if before is None or before.after == DISCONTINUED:
                continue
            leaf = next(leaf for leaf in before.after if leaf.startswith(f"{region}_"))
            found.setdefault(leaf, set()).add((event.grade, getattr(event, "pain", False)))
        return found

    neuropathy = grades("neuropathy_graded", "neuropathy")
    every = {(grade, pain) for grade in range(5) for pain in (False, True)}
    for leaf in ("neuropathy_clear_first", "neuropathy_held_moderate", "neuropathy_held_severe"):
        assert every <= neuropathy[leaf], leaf
    rash = grades("rash_graded", "rash")
    for leaf in ("rash_clear_first", "rash_open_first", "rash_held_ixazomib_next"):
        assert {(grade, False) for grade in range(6)} <= rash[leaf], leaf
    other = grades("other_toxicity_graded", "other")
    assert {(grade, False) for grade in range(6)} <= other["other_clear_first"]
    assert {(grade, False) for grade in range(5)} <= other["other_held"]


def test_the_72_hours_are_seen_to_the_minute_for_every_dose_of_a_cycle() -> None:
    hours = EDITION.integer("ADM-11", "interval")
    found: dict[int, set[float]] = {}
    for course in whole("boundaries"):
        start = course[0][0].event
        if not isinstance(start, CourseStarted) or start.at is None:
            continue
        for record, _ in course:
            if record.event.type == "dose_missed":
                day = record.event.scheduled_day
                following = next(later for later in (8, 15, 29) if later > day)
                left = (following - 1) * 24 * 60 - (record.at - start.at).total_seconds() / 60
                found.setdefault(day, set()).add(left - hours * 60)
    assert found == {day: {-1.0, 0.0, 1.0} for day in EDITION.integers("DOSE-01", "days")}


def test_what_is_due_is_seen_on_and_beside_every_day_of_the_calendar() -> None:
    quiet = [
        course for course in whole("boundaries") if len(course) > 10 and course[-1][0].status.words == "active at 4 mg"
    ]
    days = {record.day for course in quiet for record, _ in course}
    named = {
        *EDITION.integers("DOSE-01", "days"),
        *EDITION.integers("DOSE-03", "days"),
        21,
        EDITION.integer("DOSE-01", "cycle") + 1,
    }
    assert {day + beside for day in named for beside in (-1, 0, 1)} - {0} <= days


def test_a_hold_is_seen_a_day_before_and_at_the_time_of_its_review() -> None:
    alert = EDITION.integer("B-HOLD-MAX", "alert")
    lasted = set()
    for course in whole("boundaries"):
        held = [record.day for record, _ in course if record.status.ixazomib_held and record.day is not None]
        if held and course[-1][0].status.ixazomib_held:
            lasted.add(held[-1] - held[0])
    assert {alert - 1, alert, alert + 1} <= lasted


@pytest.mark.parametrize("rule", ["ANC-07", "PLT-09", "RASH-07", "PN-04", "PN-08", "OTH-05"])
def test_every_stop_is_seen_from_both_first_levels_and_not_one_episode_earlier(rule: str) -> None:
    first_levels = set()
    for course in whole("boundaries"):
        if rule in course[-1][0].rules:
            first_levels.add(course[0][0].status.ixazomib_mg)
            assert course[-2][0].status.phase == "on treatment"
    assert first_levels == set(EDITION.ixazomib_ladder_mg[:2])


def test_doses_taken_missed_and_vomited_are_seen() -> None:
    kinds = {record.event.type for course in whole("boundaries") for record, _ in course}
    assert {
        "dose_taken",
        "dose_missed",
        "dose_delayed",
        "dose_vomited",
        "dose_overdosed",
        "dose_taken_wrongly",
    } <= kinds


@pytest.mark.exhaustive
def test_every_class_of_the_minimal_machine_is_visited() -> None:
    classes = table().minimal()
    visited = {0}
    for one in suite("configurations").courses:
        here = set()
        for step in one.steps:
            here.add(step.expected["state"])
        assert here
        course = Course()
        for event in one.events():
            course.observe(event)
            visited.add(classes[table().numbers[course.configuration]])
    assert visited == set(classes)


# --- How small they are ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("cover", ["edges", "pairs"])
def test_no_course_can_be_left_out(cover: str) -> None:
    names = {
        one.course: {str(edge) for _, edges in course for edge in edges}
        if cover == "edges"
        else pairs_of([edge for _, edges in course for edge in edges])
        for one, course in zip(suite(cover).courses, whole(cover), strict=True)
    }
    times: dict[str, int] = {}
    for found in names.values():
        for name in found:
            times[name] = times.get(name, 0) + 1
    assert [course for course, found in names.items() if all(times[name] > 1 for name in found)] == []


def test_courses_that_are_chosen_are_short() -> None:
    for cover in ("edges", "pairs"):
        assert max(len(one.steps) for one in suite(cover).courses) <= 12
    assert len(suite("edges").courses) < 100
    assert len(suite("pairs").courses) < 300


# --- Names ----------------------------------------------------------------------------------------------------


def test_courses_have_names_that_a_nurse_can_read() -> None:
    names = {one.covers[0]: one.name for one in suite("boundaries").courses}
    assert names["ANC-01 anc: 0.5 10*9/L in an episode"] == "neutropenia, first episode: ixazomib 4 → 3 mg (ANC-04)"
    assert names["PLT-01 platelets: 29999 /mm3"] == (
        "thrombocytopenia, first episode: ixazomib and lenalidomide held (PLT-01)"
    )
    assert names["REN-02: on dialysis"] == "start: ixazomib 3 mg, lenalidomide 5 mg (REN-02)"
    assert names["DOSE-07 reductions: PN severe from 4 mg"] == "neuropathy, third episode: treatment ends (PN-08)"
    assert names["ADM-11 interval: a minute less than 72 h, day 8, dose_missed"] == (
        "ixazomib: a dose was missed (due on day 8): leave out the missed dose of ixazomib (ADM-12)"
    )
    second = answered(START, *(fact for day in (2, 4) for fact in ({**LOW, "day": day}, {**FINE, "day": day + 1})))
    assert second.name == "thrombocytopenia, second episode: ixazomib 4 → 3 mg (PLT-06)"


def test_episodes_are_counted_in_words_up_to_ten() -> None:
    """Moderate neuropathy asks for no reduction, so that it may come again without end."""
    words = [
        "first",
        "second",
        "third",
        "fourth",
        "fifth",
        "sixth",
        "seventh",
        "eighth",
        "ninth",
        "tenth",
        "11th",
        "12th",
    ]
    past: list[dict[str, Any]] = []
    for day, word in enumerate(words, 1):
        onset = {"type": "neuropathy_graded", "day": 2 * day, "grade": 2}
        assert answered(START, *past, onset).name == f"neuropathy, {word} episode: ixazomib held (PN-01)"
        past += [onset, {**onset, "day": 2 * day + 1, "grade": 1}]


def test_a_name_tells_all_that_changes_or_that_nothing_does() -> None:
    # Both reductions wait for the release, which the neutrophils let both drugs have.
    released = answered(START, anc(2, 499), plt(2, 29_999), plt(3, 30_000), anc(3, 500))
    assert released.name == "neutropenia, first episode: ixazomib 4 → 3 mg, lenalidomide 25 → 20 mg (ANC-04)"
    rash = answered(START, {"type": "rash_graded", "day": 2, "grade": 1})
    assert rash.name == "rash grade 1: nothing changes (B-RASH-G1)"
    # Ixazomib starts as usual, so that the rule is that of lenalidomide's dose.
    kidney = answered({**START, "creatinine_clearance": {"value": 59.9, "unit": "mL/min"}})
    assert kidney.name == "start: ixazomib 4 mg, lenalidomide 10 mg (REN-04)"
    assert answered(START).name == "start: ixazomib 4 mg, lenalidomide 25 mg (DOSE-01)"


LOW = {"type": "platelets_measured", "value": 29_999, "unit": "/mm3"}
FINE = {"type": "platelets_measured", "value": 30_000, "unit": "/mm3"}


# --- Walks, and other editions --------------------------------------------------------------------------------


def test_walks_follow_their_seed_and_length() -> None:
    one = make_suite(["walks"], walk=RandomWalks(length=15, seed=1, courses=5))
    assert lines_of(one) == lines_of(make_suite(["walks"], walk=RandomWalks(length=15, seed=1, courses=5)))
    other = make_suite(["walks"], walk=RandomWalks(length=15, seed=2, courses=5))
    assert lines_of(one)[1:] != lines_of(other)[1:]
    assert {len(walk.steps) <= 15 for walk in one.courses} == {True}
    # A walk is as long as it should be, or treatment ended one event before its own end.
    for walk in one.courses:
        assert len(walk.steps) == 15 or walk.steps[-2].expected["phase"] == "discontinued"
    assert not any(step.expected["refused"] for walk in one.courses for step in walk.steps)


def test_walks_overlap_episodes() -> None:
    held = [len(step.expected["held_for"]) for one in suite("walks").courses for step in one.steps]
    assert sum(count > 1 for count in held) > len(held) / 20


@pytest.mark.parametrize("edition", sorted(EDITIONS))
def test_every_edition_has_suites(edition: str) -> None:
    made = make_suite(["boundaries", "walks"], edition, RandomWalks(courses=2))
    assert made.header.edition == edition
    if edition == "us-label":
        new_cycles = [one for one in made.courses if one.covers[0].startswith("NC-01")]
        assert {one.steps[1].expected["ixazomib_held"] for one in new_cycles} == {False, True}


def test_differences_are_told_in_one_order() -> None:
    expected = {"phase": "on treatment", "due": [], "ixazomib_mg": 4}
    found = differences(expected, {"due": [1], "ixazomib_mg": 3, "phase": "screening"})
    assert [one.key for one in found] == ["phase", "ixazomib_mg", "due"]
