"""The boundary cases: what stands at the end of each, worked out by hand from the dosing text and the readings.

`4/25` is ixazomib at 4 mg and lenalidomide at 25 mg. A case whose values slip to the other side of a number comes to
another end, and one that is left out or named otherwise is missed by its name. In the edition in which a low count must
be confirmed by the next one, an episode of either count takes one event more to open, and then all goes as it does
in the dosing text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import cache
from itertools import product
from typing import get_args

import pytest

from ixastate.events import CycleAssessed, DoseTakenWrongly, NeutrophilsMeasured, PlateletsMeasured
from ixastate.rules import EDITIONS, load_edition
from ixastate.testing.answers import Oracle
from ixastate.testing.suites.boundaries import rarities
from ixastate.testing.suites.facts import harmless, plain, started
from ixastate.testing.suites.files import TestCourse
from tests.kit import START, suite

BOTH_HELD, IXAZOMIB_HELD = " both held", " ixazomib held"
ENDED = "discontinued"
PAIN = {False: "", True: " with pain"}
AGREED = {False: "", True: " agreed"}


TEXT, CONFIRMED = "dosing-text", "what-if-confirm"
both_editions = pytest.mark.parametrize("edition", [TEXT, CONFIRMED])


@cache
def named(edition: str = TEXT) -> Mapping[str, TestCourse]:
    courses = suite("boundaries", edition).courses
    found = {one.covers[0]: one for one in courses}
    assert len(found) == len(courses), "two cases have one name"
    return found


def after(one: TestCourse, step: int = -1) -> str:
    """Where a course stands after a step."""
    answer = one.steps[step].expected
    if answer["refused"] or answer["phase"] != "on treatment":
        return "refused" if answer["refused"] else answer["phase"]
    held = {
        (False, False): "",
        (True, False): IXAZOMIB_HELD,
        (True, True): BOTH_HELD,
    }[answer["ixazomib_held"], answer["lenalidomide_held"]]
    return f"{answer['ixazomib_mg']}/{answer['lenalidomide_mg']}{held}"


def ends(*begin: str, edition: str = TEXT) -> dict[str, str]:
    """What stands at the end of every case whose name begins so."""
    return {name: after(one) for name, one in named(edition).items() if name.startswith(begin)}


def citing(rules: Iterable[str], name: str, edition: str = TEXT) -> list[str]:
    """Those of these rules on which the last answer of a case rests."""
    return [rule for rule in rules if rule in named(edition)[name].steps[-1].rules]


def lows(edition: str, episode: str) -> int:
    """How many reports it takes to open an episode."""
    return 2 if edition == CONFIRMED and episode in ("ANC", "PLT") else 1


def test_a_start_is_that_of_somebody_whose_organs_are_well() -> None:
    assert started(load_edition()) == START


# --- Counts and the start -------------------------------------------------------------------------------------

# The limit, the number below it, and what is closer still where a unit has room for that.
LARGE = {"ANC-01 anc": ("500", "499", "499.999"), "PLT-01 platelets": ("30000", "29999", "29999.999")}
SMALL = {"ANC-01 anc": ("0.5", "0.499", "0.499"), "PLT-01 platelets": ("30", "29.999", "29.999")}
UNITS = {"/mm3": LARGE, "/uL": LARGE, "10*6/L": LARGE, "10*3/uL": SMALL, "10*9/L": SMALL}


@both_editions
def test_counts_hold_below_the_limit_and_come_back_at_it_in_every_unit(edition: str) -> None:
    expected = {}
    for count, recovered in (("ANC-01 anc", "3/25"), ("PLT-01 platelets", "4/20")):
        expected[f"{count}: raised by support"] = recovered
        for unit, numbers in UNITS.items():
            at, below, closer = numbers[count]
            expected |= {
                f"{count}: {at} {unit}": "4/25",
                f"{count}: {below} {unit}": f"4/25{BOTH_HELD}" if edition == TEXT else "4/25",
                f"{count}: {closer} {unit} in an episode": f"4/25{BOTH_HELD}",
                f"{count}: {at} {unit} in an episode": recovered,
            }
            if edition == CONFIRMED:
                expected[f"{count}: {closer} {unit} to confirm one"] = f"4/25{BOTH_HELD}"
                expected[f"{count}: {at} {unit} to withdraw one"] = "4/25"
    assert ends("ANC-01", "PLT-01", edition=edition) == expected
    for name in expected:
        last = named(edition)[name].steps[-1].event
        if "support" not in name:
            assert f": {plain(last['value'])} {last['unit']}" in name
        assert any(last.get(flag) for flag in ("after_g_csf", "after_transfusion")) is ("support" in name)


@both_editions
def test_every_count_is_at_the_limit_or_next_to_it_or_harmless(edition: str) -> None:
    found: dict[str, set[Fraction]] = {"neutrophils": set(), "platelets": set()}
    for one in named(edition).values():
        for event in one.events():
            if isinstance(event, NeutrophilsMeasured):
                found["neutrophils"].add(event.per_mm3)
            elif isinstance(event, PlateletsMeasured):
                found["platelets"].add(event.per_mm3)
            elif isinstance(event, CycleAssessed):
                found["neutrophils"].add(event.neutrophils.per_mm3)
                found["platelets"].add(event.platelets.per_mm3)
    bit = Fraction(1, 1000)
    assert found["neutrophils"] == {500, 499, 500 - bit, 2000}
    assert found["platelets"] == {30_000, 29_999, 30_000 - bit}


def test_organ_function_sets_the_first_doses_on_each_side_of_a_limit() -> None:
    assert ends("HEP-", "REN-", "B-BILI-ONLY", "ADM-15") == {
        "HEP-01 above: 1.5 times ULN": "4/25",
        "HEP-01 above: 1.501 times ULN": "3/25",
        "HEP-01 above: 1.8 mg/dL of 1.2": "4/25",
        "HEP-01 above: 1.9 mg/dL of 1.2": "3/25",
        "HEP-01 above: 30 umol/L of 20": "4/25",
        "HEP-01 above: 30.1 umol/L of 20": "3/25",
        # Moderate at three times the limit and severe above it: the dose is the same.
        "HEP-02 above: 3 times ULN": "3/25",
        "HEP-02 above: 3.001 times ULN": "3/25",
        "HEP-02 above: 3.6 mg/dL of 1.2": "3/25",
        "HEP-02 above: 3.7 mg/dL of 1.2": "3/25",
        "HEP-02 above: 60 umol/L of 20": "3/25",
        "HEP-02 above: 60.1 umol/L of 20": "3/25",
        "REN-01 below: 30 mL/min": "4/10",
        "REN-01 below: 29.9 mL/min": "3/15",
        "REN-04: 60 mL/min": "4/25",
        "REN-04: 59.9 mL/min": "4/10",
        "REN-02: on dialysis": "3/5",
        "REN-02: on dialysis, clearance unknown": "3/5",
        "HEP-01 and REN-01": "3/15",
        "HEP-01 and REN-02": "3/5",
        "B-BILI-ONLY: bilirubin assumed": "4/25",
        "B-BILI-ONLY: both assumed": "4/25",
        # Blocked at first; then everything is there.
        "ADM-15: not informed": "4/25",
        "B-BILI-ONLY: bilirubin unknown": "4/25",
        "B-BILI-ONLY: clearance unknown": "4/25",
        # What is found on treatment changes no dose.
        "HEP-01 above: on treatment": "4/25",
        "HEP-01 above: not on treatment": "4/25",
        "REN-01 below: on treatment": "4/25",
        "REN-01 below: not on treatment": "4/25",
    }
    for blocked in ("ADM-15: not informed", "B-BILI-ONLY: bilirubin unknown", "B-BILI-ONLY: clearance unknown"):
        assert after(named()[blocked], 0) == "screening"
    for rule in ("HEP-01 above", "REN-01 below"):
        assert citing(["B-MIDCOURSE"], f"{rule}: on treatment") == ["B-MIDCOURSE"]
        assert citing(["B-MIDCOURSE"], f"{rule}: not on treatment") == []


def test_the_class_of_the_liver_is_that_of_the_name_in_every_unit() -> None:
    rules = {
        name.split(" times")[0]: citing(["HEP-01", "HEP-02"], name)
        for name in named()
        if name.startswith("HEP-0") and "treatment" not in name and " and " not in name
    }
    moderate, severe = ["HEP-01"], ["HEP-02"]
    assert rules == {
        "HEP-01 above: 1.5": [],
        "HEP-01 above: 1.501": moderate,
        "HEP-01 above: 1.8 mg/dL of 1.2": [],
        "HEP-01 above: 1.9 mg/dL of 1.2": moderate,
        "HEP-01 above: 30 umol/L of 20": [],
        "HEP-01 above: 30.1 umol/L of 20": moderate,
        "HEP-02 above: 3": moderate,
        "HEP-02 above: 3.001": severe,
        "HEP-02 above: 3.6 mg/dL of 1.2": moderate,
        "HEP-02 above: 3.7 mg/dL of 1.2": severe,
        "HEP-02 above: 60 umol/L of 20": moderate,
        "HEP-02 above: 60.1 umol/L of 20": severe,
    }


# --- Grades ---------------------------------------------------------------------------------------------------


def test_neuropathy_of_every_grade_with_and_without_pain_does_what_the_lines_say() -> None:
    expected = {"B-GRADE5 grade: 5": ENDED}
    for situation in ("", " in a moderate episode", " in a severe episode"):
        for grade, pain, agreed in product(range(5), (False, True), (False, True)):
            if agreed and (not situation or grade > 2):
                continue  # nobody agrees to resume while nothing is held, or at a grade that holds
            well = grade == 0 or (grade == 1 and not pain)
            if grade == 4:
                end = ENDED
            elif "severe" in situation:
                end = "3/25" if well and agreed else f"4/25{IXAZOMIB_HELD}"
            else:
                end = "4/25" if well else f"4/25{IXAZOMIB_HELD}"
            expected[f"PN grade: {grade}{PAIN[pain]}{AGREED[agreed]}{situation}"] = end
    assert ends("PN", "B-GRADE5") == expected


def test_neuropathy_no_worse_than_at_the_start_holds_nothing() -> None:
    every = set(product((1, 2, 3), (False, True)))
    # A higher grade is worse, and so is pain that was not there.
    no_worse = {
        (1, True): {(1, False), (1, True)},
        (2, False): {(1, False), (2, False)},
        (2, True): {(1, False), (1, True), (2, False), (2, True)},
    }
    expected = {}
    for (grade, pain), fine in no_worse.items():
        words = f"at a baseline of {grade}{PAIN[pain]}"
        expected[f"B-PN-BASELINE: back {words}"] = "3/25"
        for found in every:
            end = "4/25" if found in fine else f"4/25{IXAZOMIB_HELD}"
            expected[f"B-PN-BASELINE: {found[0]}{PAIN[found[1]]} {words}"] = end
    assert ends("B-PN-BASELINE") == expected


def test_rash_of_every_grade_does_what_the_lines_say() -> None:
    held = f"4/20{BOTH_HELD}"
    of_grades = {
        "": ("4/25", "4/25", "4/20", "4/20", ENDED, ENDED),
        " in the first episode": ("4/20", "4/20", "4/20", "4/20", ENDED, ENDED),
        " in a later episode": ("3/20", "3/20", held, held, ENDED, ENDED),
    }
    assert ends("RASH") == {
        "RASH-02: the second": held,
        **{f"RASH grade: {grade}{words}": end for words, of in of_grades.items() for grade, end in enumerate(of)},
    }


def test_other_toxicity_of_every_grade_does_what_the_lines_say() -> None:
    held = f"4/25{IXAZOMIB_HELD}"
    expected = {f"OTH grade: {grade}": "4/25" if grade < 3 else held for grade in range(5)}
    expected |= {"OTH grade: 5": ENDED, "OTH-02: baseline 1": "4/25", "OTH-02: baseline 2": "4/25"}
    expected["B-ATTRIB: stated at the end"] = "3/25"
    for cause, back in (("clear", "3/25"), ("not_clear", "4/25"), ("unstated", "4/25")):
        for grade, agreed in product(range(5), (False, True)):
            end = back if agreed and grade < 2 else held
            expected[f"OTH grade: {grade}{AGREED[agreed]} in an episode, cause {cause}"] = end
    assert ends("OTH", "B-ATTRIB") == expected


# --- Ladders --------------------------------------------------------------------------------------------------


@both_editions
def test_every_ladder_ends_at_the_first_episode_that_the_floor_does_not_bear(edition: str) -> None:
    """A start, the onset and the recovery of each episode that is got over, and the onset that ends treatment."""

    def events(name: str, episodes: int) -> int:
        return episodes * (lows(edition, name) + 1)

    # Alone from 4 mg: neutropenia lowers ixazomib, lenalidomide, ixazomib; platelets and rash begin with lenalidomide.
    alone = {
        "4 mg": {"ANC": 3, "PLT": 4, "RASH": 4, "PN severe": 2, "OTH clear": 2},
        "3 mg": {"ANC": 1, "PLT": 2, "RASH": 2, "PN severe": 1, "OTH clear": 1},
    }
    # Three episodes of neutropenia lead from 4 mg to the floor, one from 3 mg. There the first episode ends treatment
    # that asks for a level of ixazomib, and otherwise the second.
    to_the_floor = {"4 mg": 3, "3 mg": 1}
    there = dict.fromkeys(("ANC", "PN severe", "OTH clear"), 0)
    there |= dict.fromkeys(("PLT", "RASH", "PN moderate", "OTH not clear"), 1)
    expected = {
        f"DOSE-07 reductions: {name} from {level}": 1 + events(name, episodes) + lows(edition, name)
        for level, of in alone.items()
        for name, episodes in of.items()
    }
    expected |= {
        f"DOSE-10 floor: {name} from {level}": 1 + events("ANC", before) + events(name, episodes) + lows(edition, name)
        for level, before in to_the_floor.items()
        for name, episodes in there.items()
    }
    found = {name: one for name, one in named(edition).items() if name.startswith(("DOSE-07", "DOSE-10"))}
    assert {name: len(one.steps) for name, one in found.items()} == expected
    assert {after(one) for one in found.values()} == {ENDED}
    assert {after(one, -2)[:3] for one in found.values()} == {"2.3"}


@both_editions
def test_each_toxicity_keeps_its_own_turn_and_passes_it_on_at_the_floor_of_lenalidomide(edition: str) -> None:
    expected = {
        # 3/25, 3/20, 2.3/20; the second neutropenia finds the floor.
        "episodes: ANC, PLT twice, ANC": ENDED,
        "episodes: ANC, RASH twice, ANC": ENDED,
        # 4/20, 3/20, 3/15: neutropenia's second turn is lenalidomide's; then the second turn of the first.
        "episodes: PLT, ANC twice, PLT": "2.3/15",
        "episodes: RASH, ANC twice, RASH": "2.3/15",
        # 4/20, 4/15, 3/15, 2.3/15.
        "episodes: PLT, RASH twice, PLT": "2.3/15",
        "episodes: RASH, PLT twice, RASH": "2.3/15",
        # From 4/10: two levels of lenalidomide are left, and the turn that finds none is ixazomib's.
        "B-LENFLOOR: PLT, RASH, ANC, ANC": "2.3/2.5",
        "B-LENFLOOR: RASH, RASH, PLT, RASH": "2.3/2.5",
        "B-LENFLOOR: PLT, RASH, PLT, PLT": "2.3/2.5",
        # From 3/5.
        "B-LENFLOOR: PLT, RASH on dialysis": "2.3/2.5",
        "B-LENFLOOR: RASH, PLT on dialysis": "2.3/2.5",
    }
    found = {name: one for name, one in named(edition).items() if name.startswith(("episodes", "B-LENFLOOR"))}
    assert {name: after(one) for name, one in found.items()} == expected
    for name, one in found.items():
        words = name.split(": ")[1].removesuffix(" on dialysis").split(", ")
        episodes = [word.removesuffix(" twice") for word in words for _ in range(2 if "twice" in word else 1)]
        assert len(one.steps) == 1 + sum(lows(edition, episode) + 1 for episode in episodes)
    starts = {name: after(one, 0) for name, one in found.items() if name.startswith("B-LENFLOOR")}
    assert starts == {name: "3/5" if "dialysis" in name else "4/10" for name in starts}
    # The turn that finds no level of lenalidomide is that of the last episode.
    assert all("B-LENFLOOR" in {*found[name].steps[-2].rules, *found[name].steps[-1].rules} for name in starts)


# --- Hours and days -------------------------------------------------------------------------------------------


def test_a_late_dose_is_permitted_from_72_hours_before_the_next_one_on() -> None:
    expected = {}
    for day in (1, 8, 15):
        for kind in ("dose_missed", "dose_delayed"):
            for words, rule in (
                ("exactly", "ADM-11"),
                ("a minute less than", "ADM-12"),
                ("a minute more than", "ADM-11"),
            ):
                expected[f"ADM-11 interval: {words} 72 h, day {day}, {kind}"] = rule
        expected |= {f"ADM-11 interval: 3 days, day {day}": "ADM-11", f"ADM-11 interval: 2 days, day {day}": "ADM-12"}
    found = {name: citing(["ADM-11", "ADM-12"], name) for name in named() if name.startswith("ADM-11")}
    assert found == {name: [rule] for name, rule in expected.items()}
    # The doses that follow are those of days 8, 15 and 29.
    days = {name: named()[name].steps[-1].event["day"] for name in expected if "days" in name}
    assert list(days.values()) == [5, 6, 12, 13, 26, 27]


@both_editions
def test_a_dose_withheld_is_left_out_though_there_would_be_time(edition: str) -> None:
    due, now = (named(edition)[f"B-HELD-NOT-MISSED: {words}"] for words in ("held when due", "held now"))
    low = lows(edition, "ANC")
    assert [step.event["day"] for step in due.steps] == [1, *[7] * low, 9, 10]
    assert [step.event["day"] for step in now.steps] == [1, *[9] * low, 10]
    assert (due.steps[-1].expected["late_dose"], now.steps[-1].expected["late_dose"]) == (False, False)
    assert (after(due), after(now)) == ("3/25", f"4/25{BOTH_HELD}")
    for drug in ("lenalidomide", "dexamethasone"):
        assert citing(["B-MISS-LENDEX"], f"B-MISS-LENDEX: {drug}") == ["B-MISS-LENDEX"]


@both_editions
def test_doses_are_taken_at_and_beside_the_level_and_the_day(edition: str) -> None:
    more, wrong = ["ADM-14", "ADM-16"], ["ADM-14"]
    expected = {
        "ADM-14, ADM-16: the level": (8, 4, []),
        "ADM-14, ADM-16: a little more": (8, 4.1, more),
        "ADM-14, ADM-16: a little less": (8, 3.9, wrong),
        "ADM-14, ADM-16: twice the level": (8, 8, more),
        "ADM-14, ADM-16: 4 mg after a reduction": (8, 4, more),
        "ADM-14, ADM-16: 3 mg after a reduction": (8, 3, []),
        "ADM-14: day 8": (8, 4, []),
        "ADM-14: day 9": (9, 4, wrong),
        "ADM-14: day 22": (22, 4, wrong),
        "ADM-14: during a hold": (8, 4, wrong),
        "ADM-16: overdose": (1, 8, more),
    }
    found = {}
    for name, one in named(edition).items():
        if name.startswith(("ADM-14", "ADM-16")):
            event = one.steps[-1].event
            found[name] = (event["day"], float(event["dose_mg"]), citing(more, name, edition))
    assert found == expected
    assert citing(["ADM-10"], "ADM-10: vomited") == ["ADM-10"]


def test_every_fault_that_can_be_told_is_told_of_a_dose() -> None:
    rules = {
        "taken crushed": "ADM-09",
        "taken chewed": "ADM-09",
        "taken opened": "ADM-09",
        "taken without_water": "ADM-08",
        "taken with_food": "ADM-07",
        "taken with_dexamethasone": "ADM-05",
        "ADM-06: without food": "ADM-06",
    }
    assert {name for name in named() if name.startswith(("taken", "ADM-06"))} == set(rules)
    assert {named()[name].steps[-1].event["fault"] for name in rules} == set(
        get_args(DoseTakenWrongly.model_fields["fault"].annotation)
    )
    for name, rule in rules.items():
        assert citing([f"ADM-0{number}" for number in range(5, 10)], name) == [rule]
        assert named()[name].name.endswith(f"({rule})")


def test_every_report_of_a_dose_is_followed_by_every_other_on_its_day_and_a_day_later() -> None:
    reports = ("taken", "missed", "vomited", "crushed")
    expected = {
        f"B-WHICH-DOSE, B-CLARIFY: {one} on day 8, {two} on day {day}": (8, day)
        for one, two, day in product(reports, reports, (8, 9))
    }
    expected |= {f"B-WHICH-DOSE: missed on day 8, taken on day {day}": (9, day) for day in (9, 12)}
    found = {name: one for name, one in named().items() if name.startswith("B-WHICH-DOSE")}
    assert {name: tuple(step.event["day"] for step in one.steps[1:]) for name, one in found.items()} == expected


def test_the_calendar_is_seen_on_and_beside_each_of_its_days() -> None:
    """Ixazomib on days 1, 8 and 15, lenalidomide on days 1 to 21, dexamethasone on days 1, 8, 15 and 22 of 28."""
    days = (2, 7, 8, 9, 14, 15, 16, 20, 21, 22, 23, 28, 29, 30)
    calendar = {
        "ixazomib": {8, 15, 29},
        "lenalidomide": {2, 7, 8, 9, 14, 15, 16, 20, 21, 29, 30},
        "dexamethasone": {8, 15, 22, 29},
    }
    expected = {
        "DOSE-01 days, DOSE-02 last_day, DOSE-03 days, DOSE-01 cycle": calendar,
        "DOSE-02 last_day: every other day": {**calendar, "lenalidomide": {7, 9, 15, 21, 29}},
        "DOSE-01 days: ixazomib held": {**calendar, "ixazomib": set()},
        "DOSE-03 days: the others held": {**calendar, "ixazomib": set(), "lenalidomide": set()},
    }
    for name, due in expected.items():
        _, *steps = named()[name].steps
        assert tuple(step.event["day"] for step in steps) == days
        assert due == {
            drug: {step.event["day"] for step in steps if drug in {dose["drug"] for dose in step.expected["due"]}}
            for drug in calendar
        }


@both_editions
def test_a_hold_is_brought_up_from_28_days_on_and_once(edition: str) -> None:
    low = [2] * lows(edition, "ANC")
    expected: dict[str, tuple[list[int], list[int]]] = {
        "B-HOLD-MAX alert: 27 days": ([*low, 29], []),
        "B-HOLD-MAX alert: 28 days": ([*low, 30], [30]),
        "B-HOLD-MAX alert: 29 days": ([*low, 31], [31]),
        "B-HOLD-MAX alert: once": ([*low, 30, 31], [30]),
    }
    found = {
        name: (
            [step.event["day"] for step in one.steps[1:]],
            [step.event["day"] for step in one.steps if "B-HOLD-MAX" in step.rules],
        )
        for name, one in named(edition).items()
        if name.startswith("B-HOLD-MAX")
    }
    assert found == expected


def test_each_count_of_an_assessment_is_a_count() -> None:
    held = f"4/25{BOTH_HELD}"
    recovered = {"": "4/25", " in an episode of low neutrophils": "3/25", " in an episode of low platelets": "4/20"}
    expected = {}
    for words, fine in recovered.items():
        for neutrophils, platelets in product((500, 499), (30_000, 29_999)):
            counts = f"neutrophils {neutrophils}, platelets {platelets}"
            well = neutrophils == 500 and platelets == 30_000
            expected[f"B-ASSESS-COUNTS: {counts}{words}"] = fine if well else held
    # The neutrophils are read first: ixazomib returns a level lower, and is held again at once.
    expected["B-ASSESS-COUNTS: neutrophils 500, platelets 29999 in an episode of low neutrophils"] = f"3/25{BOTH_HELD}"
    assert {name: end for name, end in ends("B-ASSESS-COUNTS").items() if "floor" not in name} == expected


@both_editions
def test_an_assessment_finds_the_floor_or_leads_to_it(edition: str) -> None:
    """3/25, 3/20, 2.3/20 at the floor.

    To the floor: 4/20, 3/20; the neutrophils return ixazomib at 2.3 mg, and the platelets, low for the second time,
    find it there.
    """
    assert ends("B-ASSESS-COUNTS: both low at", "B-ASSESS-COUNTS: released", edition=edition) == {
        "B-ASSESS-COUNTS: both low at the floor": ENDED,
        "B-ASSESS-COUNTS: released to the floor": ENDED,
    }
    lowest, released = (
        named(edition)[f"B-ASSESS-COUNTS: {words} the floor"] for words in ("both low at", "released to")
    )
    low = lows(edition, "ANC")
    assert (len(lowest.steps), after(lowest, -2)) == (1 + 3 * (low + 1) + low, "2.3/20")
    # The last assessment releases and ends at once; where it must be confirmed, the one before it has released.
    before = f"3/20{BOTH_HELD}" if edition == TEXT else "2.3/20"
    assert (len(released.steps), after(released, -2)) == (1 + (low + 1) + 2 + low + 2 + low, before)


def test_a_new_cycle_of_the_label_waits_for_each_criterion() -> None:
    held = f"4/25{BOTH_HELD}"
    cases = {name: one for name, one in named("us-label").items() if name.startswith("NC-01")}
    assert {name: after(one, 1) for name, one in cases.items()} == {
        "NC-01: neutrophils 1000, platelets 75000, resolved True": "4/25",
        "NC-01: neutrophils 999, platelets 75000, resolved True": held,
        "NC-01: neutrophils 1000, platelets 74999, resolved True": held,
        "NC-01: neutrophils 1000, platelets 75000, resolved False": held,
    }
    assert {after(one) for one in cases.values()} == {"4/25"}
    assert not ends("NC-01")


# --- What lies beside the numbers, and every edition ----------------------------------------------------------


def test_every_rarity_shows_the_rule_that_it_is_named_after() -> None:
    """What comes after the end, a start too many, terms that are no other toxicity, signs, and two terms at a time."""
    shown = set()
    for rarity in rarities(load_edition()):
        oracle = Oracle()
        rules = {rule for event in rarity.events for rule in oracle.observe(event).rules}
        named_after = rarity.covers[0].split(":")[0]
        assert named_after in rules, rarity.covers
        shown.add(named_after)
    assert shown == {"K-FINAL", "K-RECORD", "B-RASH-CLASS", "B-HAEM-OTHER", "B-COMPARATOR", "B-OTHER-MULTI"}


def test_two_other_toxicities_hold_until_the_last_is_over() -> None:
    [both] = [one.events for one in rarities(load_edition()) if one.covers == ("B-OTHER-MULTI",)]
    oracle = Oracle()
    answers = [oracle.observe(event).answer for event in both]
    assert [answer["ixazomib_held"] for answer in answers] == [False, True, True, True, False]
    assert answers[-1]["ixazomib_mg"] == 3


@pytest.mark.parametrize("name", sorted(EDITIONS))
def test_a_harmless_count_is_far_from_the_limit(name: str) -> None:
    edition = load_edition(name)
    count = harmless(edition, 9)
    assert (count["day"], count["unit"]) == (9, "/mm3")
    assert count["value"] >= 2 * edition.integer("ANC-01", "anc")
