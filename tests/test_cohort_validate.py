"""Validation: one rule, every row with its role, what is judged can fail, and the figures are computed rightly."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ixastate.cohort.answers.answers_text import check_lines
from ixastate.cohort.answers.forest import forest, forest_file
from ixastate.cohort.answers.limits import newcombe, wilson
from ixastate.cohort.answers.tornado import Bar, picture, scaled, tornado, tornado_file
from ixastate.cohort.answers.trials import TrialFigure, parse, trial_figures
from ixastate.cohort.answers.validate import (
    Arm,
    Arms,
    Check,
    Figure,
    arm,
    checked,
    nadir,
    outcomes,
    validate,
    without_ixazomib,
)
from ixastate.cohort.arrays import MachineArrays, machine_arrays
from ixastate.cohort.models.parameters import WHOLE, assumed
from ixastate.cohort.models.pkpd import Pkpd
from ixastate.cohort.rows import KIND
from ixastate.course.schedule import is_due_day
from ixastate.errors import InputError

from .tables import table

MODEL = Pkpd.read()
Place = tuple[str, str, str]


@cache
def arrays(edition: str) -> MachineArrays:
    return machine_arrays(table(edition))


@cache
def checks(edition: str) -> dict[Place, Check]:
    found = validate(MODEL, arrays(edition))
    return {(check.reported.figure, check.reported.arm, check.reported.role): check for check in found}


def verdicts(edition: str, verdict: str) -> set[tuple[str, str]]:
    return {(figure, arm) for (figure, arm, _), check in checks(edition).items() if check.verdict == verdict}


# --- What the trials reported ---------------------------------------------------------------------------------


def test_newcombes_interval_of_a_difference_is_the_published_one() -> None:
    """Newcombe 1998b, table II, method 10: 56/70 less 48/80 is 0.2000, from 0.0524 to 0.3339; 9/10 less 3/10."""
    assert newcombe(0.8, wilson(0.8, 70), 0.6, wilson(0.6, 80)) == pytest.approx((0.0524, 0.3339), abs=0.0001)
    assert newcombe(0.9, wilson(0.9, 10), 0.3, wilson(0.3, 10)) == pytest.approx((0.1705, 0.8090), abs=0.0001)


def test_every_row_says_what_its_role_asks_for() -> None:
    roles = {role: [row for row in trial_figures() if row.role == role] for role in {r.role for r in trial_figures()}}
    assert {role: len(rows) for role, rows in roles.items()} == {
        "fitted": 34,
        "predicted": 11,
        "not comparable": 9,
        "unsourced": 12,
    }
    assert all(row.source is None for row in roles["unsourced"])
    assert all(row.reason for row in roles["not comparable"])
    for row in (*roles["fitted"], *roles["predicted"]):
        assert row.source
        assert row.limits is not None
        assert row.value is not None
        assert row.limits[0] <= row.value <= row.limits[1]


def test_the_difference_of_two_arms_is_a_row_of_its_own() -> None:
    """Below 1,000: 26 % of 360 (21.7 to 30.8) less 30 % of 360 (25.5 to 34.9) is -4, from -10.5 to 2.6."""
    (row,) = (r for r in trial_figures() if (r.figure, r.arm) == ("neutrophils below 1,000", "difference"))
    assert (row.value, row.role, row.unit) == (-4.0, "fitted", "points")
    assert row.limits == pytest.approx((-10.51, 2.54), abs=0.02)
    apart = {row.figure for row in trial_figures() if row.arm == "difference"}
    assert apart == {
        "any diarrhoea",
        "worst neuropathy of grade 1",
        "worst neuropathy of grade 2",
        "worst neuropathy of grade 3",
        "platelets below 150,000",
        "platelets below 50,000",
        "platelets of 10,000 or fewer",
        "stopped by a platelet count",
        "neutrophils below 2,000",
        "neutrophils below 1,000",
    }


ENTRY = """[[row]]
figure = "any rash"
arm = "ixazomib"
endpoint = "rash"
role = "predicted"
value = 18
n = 100
source = "a trial"
"""


@pytest.mark.parametrize(
    ("old", "new", "where", "what"),
    [
        ("value = 18", "value = [18", "trials.toml", "not TOML"),
        ("[[row]]", "[row]", "trials.toml", "no rows"),
        ('source = "a trial"\n', "", "trials.toml: row 1", "unsourced"),
        ('role = "predicted"', 'role = "unsourced"', "trials.toml: row 1", "unsourced"),
        ("value = 18\n", "", "trials.toml: row 1", "needs its value"),
        ("n = 100\n", "", "trials.toml: row 1", "n or interval"),
        ('role = "predicted"', 'role = "not comparable"', "trials.toml: row 1", "its reason"),
        ('role = "predicted"', 'role = "guessed"', "trials.toml: row 1: role", "fitted"),
        ('arm = "ixazomib"', 'arm = "verum"', "trials.toml: row 1: arm", "placebo"),
        ("n = 100", "n = 0", "trials.toml: row 1: n", "greater than 0"),
        ("n = 100", "interval = [19, 20]", "trials.toml: row 1", "lies in its interval"),
        ("n = 100", 'n = 100\nunit = "d"', "trials.toml: row 1", "other figures have their interval"),
        ("n = 100", "n = 100\ntolerance = 2", "trials.toml: row 1: tolerance", "not permitted"),
    ],
)
def test_a_file_of_figures_that_does_not_hold_is_refused(old: str, new: str, where: str, what: str) -> None:
    (row,) = parse(ENTRY, "trials.toml")
    assert row.limits == pytest.approx((11.70, 26.67), abs=0.01)
    assert old in ENTRY
    with pytest.raises(InputError) as refused:
        parse(ENTRY.replace(old, new, 1), "trials.toml")
    assert refused.value.where.startswith(where)
    assert what in refused.value.what
    assert refused.value.remedy


# --- The rule -------------------------------------------------------------------------------------------------

ROW = TrialFigure(
    figure="x", arm="ixazomib", endpoint="an x", role="predicted", value=28, interval=(26, 30), source="somewhere"
)


def figure(low: float, high: float) -> Figure:
    return Figure((low + high) / 2, (low, high))


@pytest.mark.parametrize(
    ("simulated", "published", "verdict"),
    [
        (figure(24, 26), None, "agrees"),
        (figure(24, 25.9), None, "differs"),
        (figure(30, 32), None, "agrees"),
        (figure(30.1, 32), None, "differs"),
        (figure(20, 40), None, "agrees"),
        # The published model alone is as far off, on the same side, on the other one, and not at all.
        (figure(31, 32), figure(30.2, 31), "differs as published"),
        (figure(31, 32), figure(20, 21), "differs"),
        (figure(31, 32), figure(27, 28), "differs"),
        (figure(24, 25), figure(20, 21), "differs as published"),
        (figure(27, 28), figure(50, 51), "agrees"),
    ],
)
def test_a_figure_agrees_when_the_intervals_have_a_value_in_common(
    simulated: Figure, published: Figure | None, verdict: str
) -> None:
    check = Check(ROW, simulated, published)
    assert check.verdict == verdict
    assert replace(check, words="no source").verdict == "not judged"


def test_a_row_is_told_in_json() -> None:
    open_ended = ROW.model_copy(update={"interval": (26.0, math.inf), "unit": "mo"})
    assert Check(open_ended, figure(24, 28), figure(1, 3)).as_json() == {
        "figure": "x",
        "arm": "ixazomib",
        "endpoint": "an x",
        "unit": "mo",
        "role": "predicted",
        "reported": 28.0,
        "reported_interval": [26.0, None],
        "n": None,
        "simulated": 26.0,
        "simulated_interval": [24.0, 28.0],
        "published_model": 2.0,
        "verdict": "agrees",
        "words": "",
        "source": "somewhere",
    }


def test_a_figure_of_nobody_is_not_judged_and_null_in_json() -> None:
    """Of one patient without a neutropenia: when it came, and whether it came again, is not known."""
    nobody = Figure.share(np.zeros(0, np.bool_))
    found = {(row.figure, row.arm): nobody for row in trial_figures()}
    edition = table("us-label").graph.edition
    for check in checked(trial_figures(), found, found, edition, 26):
        assert check.verdict == "not judged"
        assert "it concerns none" in check.words
        told = json.loads(json.dumps(check.as_json(), allow_nan=False))
        assert (told["simulated"], told["simulated_interval"]) == (None, [None, None])
    never = Check(ROW, Figure(math.inf, (20.0, math.inf))).as_json()
    assert (never["simulated"], never["simulated_interval"]) == (None, [20.0, None])


def test_a_short_run_is_compared_with_nothing_that_needs_a_long_one() -> None:
    """Of six cycles only the platelet nadir is judged; of a year also what was seen within one."""
    rows = trial_figures()
    nothing = {(row.figure, row.arm): figure(0, 0) for row in rows}
    edition = table("us-label").graph.edition
    for cycles, expected in (
        (6, {"day of the platelet nadir"}),
        (
            13,
            {
                "day of the platelet nadir",
                "neutrophils below 1,000 in a year",
                "weeks to neutrophils below 1,000",
                "three times neutrophils below 1,000",
            },
        ),
    ):
        found = checked(rows, nothing, nothing, edition, cycles)
        assert {check.reported.figure for check in found if check.judged} == expected
        assert all(f"and {cycles} were simulated" in c.words for c in found if c.reported.cycles > cycles)


def test_under_the_text_what_rules_decide_is_not_judged_by_a_trial_with_other_rules() -> None:
    text, label = checks("dosing-text"), checks("us-label")
    apart = {figure for (figure, *_), check in text.items() if "dose rules" in check.words}
    assert apart == {
        "stopped by a platelet count",
        "stopped by a grade of neuropathy",
        "median dose intensity of ixazomib",
        "median dose intensity of lenalidomide",
        "a dose was reduced",
        "weeks to the first reduction",
        "stopped for toxicity",
    }
    assert not any("dose rules" in check.words for check in label.values())


# --- What the model gives -------------------------------------------------------------------------------------

AS_PUBLISHED = {
    ("worst rash of grade 0", "both"),
    ("worst rash of grade 1", "both"),
    ("any diarrhoea", "difference"),
    ("platelets below 150,000", "ixazomib"),
    ("platelets below 150,000", "placebo"),
    ("platelets below 150,000", "difference"),
    ("platelets below 50,000", "placebo"),
    ("platelets below 50,000", "difference"),
}
# Of diarrhoea the published model alone has enough in a year at fixed doses; here treatment is held, lowered and ended.
DIFFERS = {
    ("worst diarrhoea of grade 0", "both"),
    ("worst diarrhoea of grade 1", "both"),
    ("any diarrhoea", "placebo"),
    ("three times neutrophils below 1,000", "placebo"),
}


@pytest.mark.parametrize(
    ("edition", "differs"),
    [("dosing-text", DIFFERS), ("us-label", DIFFERS | {("stopped by a platelet count", "placebo")})],
)
def test_the_verdicts_are_those_that_are_told(edition: str, differs: set[tuple[str, str]]) -> None:
    """Every other judged row agrees; those that do not are named, and MODEL.md says why."""
    assert verdicts(edition, "differs as published") == AS_PUBLISHED
    assert verdicts(edition, "differs") == differs
    agree = verdicts(edition, "agrees")
    assert len(agree) == 45 - len(AS_PUBLISHED) - len(differs) - (3 if edition == "dosing-text" else 0)


def test_every_row_is_computed_and_told() -> None:
    found = [check.as_json() for check in checks("us-label").values()]
    lines = check_lines(found, "us-label")
    told = "\n".join(lines)
    assert max(map(len, lines)) <= 100
    for check in found:
        assert f"{check['figure']}, {check['arm']}" in told
    assert f"{len(found)} rows: 34 fitted, 11 predicted, 9 not comparable, 12 unsourced" in lines
    assert "verdicts: 32 agrees, 8 as published, 5 DIFFERS, 21 not judged" in lines
    (progression,) = (line for line in lines if "median progression-free months, ixazomib" in line)
    assert "20.6 (17.0–)" in progression
    (reduction,) = (line for line in lines if "weeks to the first reduction" in line and "needs" not in line)
    assert "–" in reduction


def test_the_forest_plot_has_every_judged_share(tmp_path: Path) -> None:
    found = {"us-label": [check.as_json() for check in checks("us-label").values()]}
    (axes,) = forest(found).axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    judged = [c for c in found["us-label"] if c["verdict"] != "not judged" and c["unit"] in ("%", "points")]
    assert names == [f"{c['figure']}, {c['arm']} ({c['role']})" for c in judged]
    assert len(names) == 41
    for name in ("one.svg", "two.svg"):
        forest_file(found, tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    with pytest.raises(InputError, match=r"is no kind of picture"):
        forest_file(found, tmp_path / "three.pdf")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.svg", "two.svg"]


@cache
def moved(name: str, value: Any) -> dict[tuple[str, str], Figure]:
    model = replace(MODEL, values=MODEL.values | {name: value})
    found = Arms.simulated(model, arrays("us-label"), 6000, 26, 1).figures()
    return found | {("day of the platelet nadir", "ixazomib"): nadir(model, arrays("us-label"))}


@pytest.mark.parametrize(
    ("name", "value", "figure", "arm"),
    [
        ("diarrhoea.from_0", (-4.28, 0.211, 0.657), "any diarrhoea", "ixazomib"),
        ("neuropathy.worsening", (0.014, 0.022, 0.013), "worst neuropathy of grade 1", "ixazomib"),
        ("neuropathy.worsening", (0.0066, 0.06, 0.05), "worst neuropathy of grade 3", "ixazomib"),
        ("neuropathy.background", 0.2, "worst neuropathy of grade 1", "placebo"),
        ("platelets.additive_error", 60.0, "platelets below 25,000", "ixazomib"),
        ("platelets.additive_from", 0.0, "platelets of 10,000 or fewer", "placebo"),
        ("neutrophils.lenalidomide", 1.0, "neutrophils below 1,000", "placebo"),
        ("neutrophils.ixazomib", 0.4, "neutrophils below 1,000", "difference"),
        ("neutrophils.median", 2500.0, "neutrophils below 2,000", "ixazomib"),
        ("neutrophils.keeps", 0.3, "weeks to neutrophils below 1,000", "placebo"),
        ("ends.progression_free", 12.0, "median progression-free months", "ixazomib"),
    ],
)
def test_a_model_that_is_moved_fails(name: str, value: Any, figure: str, arm: str) -> None:
    (row,) = (row for row in trial_figures() if (row.figure, row.arm) == (figure, arm) and row.judged)
    assert verdicts("us-label", "agrees") >= {(figure, arm)}
    assert Check(row, moved(name, value)[figure, arm]).verdict == "differs"


def test_the_placebo_arm_takes_no_ixazomib_and_progresses_as_published() -> None:
    placebo = without_ixazomib(MODEL)
    assert placebo.values["ends.progression_free"] == 14.7
    assert np.nanmax(arm(placebo, arrays("us-label"), 500, 6, 1).intensity(0)) == 0
    endless = replace(MODEL, values=MODEL.values | {"ends.progression_free": 0.0})
    assert without_ixazomib(endless).values["ends.progression_free"] == 0.0


def test_a_machine_without_rules_stays_as_it_started() -> None:
    of = arrays("us-label").without_rules()
    rows = MODEL.kernel(of, 3, 6)(0, 200).rows
    started = {int(p): int(c) for p, c, n in zip(rows.patient, rows.configuration, rows.number, strict=True) if n == 1}
    assert all(started[int(p)] == c for p, c in zip(rows.patient, rows.configuration, strict=True))
    assert len(set(started.values())) > 1


# --- The figures are computed rightly: the same, patient by patient and day by day --------------------------------


@cache
def cohort() -> Arm:
    model = replace(MODEL, values=MODEL.values | {"adherence.missed": 0.2, "patients.bilirubin": (1.4, 0.6, 0.1, 5.0)})
    return arm(model, arrays("us-label"), 300, 10, 5)


def rows_by_patient() -> list[list[int]]:
    """The rows of each patient."""
    rows = cohort().block.rows
    return [np.flatnonzero(rows.patient == patient).tolist() for patient in range(300)]


def test_dose_intensity_day_by_day() -> None:
    rows, whole, edition = cohort().block.rows, table("us-label"), table("us-label").graph.edition
    every = arrays("us-label").lenalidomide_every_days
    found = cohort().intensity(0), cohort().intensity(1)
    for patient, course in enumerate(rows_by_patient()):
        over = not arrays("us-label").treated[rows.configuration[course[-1]]]
        last_day = int(rows.day[course[-1]]) - 1 if over else 280
        missed = {int(rows.value[at]) for at in course if rows.kind[at] == KIND["dose_missed"]}
        sums = {"ixazomib": [0.0, 0.0], "lenalidomide": [0.0, 0.0]}
        begun = whole.statuses[rows.configuration[course[0]]]
        for day in range(1, last_day + 1):
            now = whole.statuses[rows.configuration[[at for at in course if rows.day[at] <= day][-1]]]
            for drug, (given, planned) in sums.items():
                days = int(every[rows.symbol[course[0]]]) if drug == "lenalidomide" else 1
                if is_due_day(drug, day, days, edition):  # type: ignore[arg-type]
                    taken = drug == "lenalidomide" or day not in missed
                    mg = (now.given_mg(drug, 0.0) or 0.0) * taken  # type: ignore[arg-type]
                    sums[drug] = [given + mg, planned + (begun.given_mg(drug, 0.0) or 0.0)]  # type: ignore[arg-type]
                    given, planned = sums[drug]
        for drug, place in (("ixazomib", 0), ("lenalidomide", 1)):
            given, planned = sums[drug]
            assert found[place][patient] == pytest.approx(given / planned if planned else np.nan, nan_ok=True)


def test_worst_grades_lowest_counts_reductions_and_ends_patient_by_patient() -> None:
    one = cohort()
    rows, whole = one.block.rows, table("us-label")
    for patient, course in enumerate(rows_by_patient()):
        later = [at for at in course if rows.day[at] > 1]
        grades = [rows.value[at] for at in later if rows.kind[at] == KIND["rash_graded"]]
        assert one.worst("rash_graded")[patient] == max(grades, default=0)
        counts = [int(rows.value[at]) for at in later if rows.kind[at] == KIND["platelets_measured"]]
        assert one.least("platelets_measured")[patient] == min(counts, default=np.iinfo(np.int32).max)
        statuses = [whole.statuses[rows.configuration[at]] for at in course]
        levels = [(s.ixazomib_mg, s.lenalidomide_mg) for s in statuses if s.phase == "on treatment"]
        assert one.reduced[patient] == any(level != levels[0] for level in levels)
        assert len(levels) == len(statuses) or statuses[-1].phase == "discontinued"
        lower = [int(rows.day[at]) for at, s in zip(course, levels, strict=False) if s != levels[0]]
        expected = (min(lower) - 1) / 7 if lower else np.nan
        assert one.weeks_to_reduction[patient] == pytest.approx(expected, nan_ok=True)
        low, days = False, []
        for at in later:
            if rows.kind[at] == KIND["neutrophils_measured"]:
                value = int(rows.value[at])
                if value < 1000 and not low:
                    days.append(int(rows.day[at]))
                low = value < 1000 or (low and value < 1500)
        whose, when = one.neutropenias
        assert when[whose == patient].tolist() == days
        over = statuses[-1].phase == "discontinued"
        kind = rows.kind[course[-1]]
        others = [KIND[name] for name in ("progression_found", "patient_died", "consent_withdrawn")]
        assert one.stopped_for_toxicity[patient] == (over and kind not in others)
        assert one.ended_by("patient_died")[patient] == (over and kind == KIND["patient_died"])
        assert one.weeks[patient] == (rows.day[course[-1]] // 7 if over else 40)


def test_a_cohort_is_the_same_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = arm(MODEL, arrays("dosing-text"), 250, 4, 3)
    monkeypatch.setattr("ixastate.cohort.answers.validate.BLOCK", 100)
    parts = arm(MODEL, arrays("dosing-text"), 250, 4, 3)
    for one, other in zip(usual.block.rows.columns().values(), parts.block.rows.columns().values(), strict=True):
        assert np.array_equal(one, other)
    assert parts.patients == 250
    whole, found = usual.outcomes(), outcomes(MODEL, arrays("dosing-text"), range(250), 4, 3)
    assert set(found.shares) == set(whole.shares)
    assert all(np.array_equal(found.shares[name], one) for name, one in whole.shares.items())
    assert all(np.array_equal(found.values[name], one, equal_nan=True) for name, one in whole.values.items())
    assert np.array_equal(found.weeks, whole.weeks)
    assert np.array_equal(found.progressed, whole.progressed)


# --- What assumptions move ------------------------------------------------------------------------------------


def test_every_assumption_has_its_bar() -> None:
    """A bar for each parameter without a source, and none for a published or a calibrated one."""
    names = assumed(MODEL.text)
    assert {"ends.withdrawal", "neuropathy.improvement", "diarrhoea.agreement", "neutrophils.persistence"} <= set(names)
    assert not {"rash.exposure", "ends.intolerable", "platelets.additive_from"} & set(names)
    usual, bars = tornado(MODEL, arrays("dosing-text"), patients=300, cycles=6)
    # Of none four fifths are none, too.
    zeros = {"adherence.missed", "adherence.late", "adherence.vomited", "neutrophils.ixazomib", "patients.dialysis"}
    assert [bar.name for bar in bars] == [name for name in names if name not in WHOLE | zeros]
    assert usual == tornado(MODEL, arrays("dosing-text"), patients=300, cycles=6)[0]
    moved = {bar.name: bar.width("mean dose intensity of ixazomib", usual) for bar in bars}
    assert moved["neutrophils.sensitivity_log_sd"] > 0.1


def test_an_assumption_is_moved_within_its_range() -> None:
    """A share never exceeds 1; of a distribution the spread is moved, and not its limits."""
    assert scaled(MODEL, "diarrhoea.agreement", 1.25) == {"diarrhoea.agreement": 1.0}
    assert scaled(MODEL, "diarrhoea.agreement", 0.8) == {"diarrhoea.agreement": pytest.approx(0.72)}
    assert scaled(MODEL, "patients.bilirubin", 1.25) == {"patients.bilirubin": (0.5, 0.5, 0.1, 5.0)}
    assert scaled(MODEL, "neuropathy.pain", 2) == {"neuropathy.pain": pytest.approx((0.2, 0.4, 0.8))}


def test_the_tornado_has_its_widest_bar_on_top(tmp_path: Path) -> None:
    first, second = "mean dose intensity of ixazomib", "stopped for toxicity"
    usual = {first: 90.0, second: 15.0}
    bars = [
        Bar("narrow", {first: 89.0, second: 15.0}, {first: 90.0, second: 19.0}),
        Bar("wide", {first: 95.0, second: 14.0}, {first: 88.0, second: 15.0}),
    ]
    left, right = picture(usual, bars, "dosing-text").axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["wide", "narrow"]
    assert [label.get_text() for label in right.get_yticklabels()] == ["narrow", "wide"]
    widths = [round(float(bar.get_extents().width), 1) for bar in left.patches]
    assert len(widths) == 4
    assert max(widths) == widths[0] == pytest.approx(2.5 * widths[1], rel=0.01)
    for name in ("one.png", "two.png"):
        tornado_file(usual, bars, "dosing-text", tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    with pytest.raises(InputError, match="is no kind of picture"):
        tornado_file(usual, bars, "dosing-text", tmp_path / "three")
