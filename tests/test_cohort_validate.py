"""Validation: the model gives what was published, what is judged can fail, and the figures are computed rightly."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from ixastate.cohort.answers.answers_text import check_lines
from ixastate.cohort.answers.trials import TrialFigure, parse, trial_figures
from ixastate.cohort.answers.validate import Arm, Check, arm, counts, courses, graded, nadir, validate
from ixastate.cohort.arrays import MachineArrays, machine_arrays
from ixastate.cohort.models.pkpd import Pkpd
from ixastate.cohort.rows import KIND
from ixastate.course.schedule import is_due_day
from ixastate.errors import InputError

from .tables import table

MODEL = Pkpd.read()


@cache
def arrays(edition: str) -> MachineArrays:
    return machine_arrays(table(edition))


@cache
def checks(edition: str) -> dict[str, Check]:
    return {check.figure: check for check in validate(MODEL, arrays(edition), patients=10_000)}


def changed(**values: Any) -> dict[str, Check]:
    """The figures under `dosing-text` with other values of parameters."""
    model = replace(MODEL, values=MODEL.values | {name.replace("__", "."): value for name, value in values.items()})
    return {check.figure: check for check in validate(model, arrays("dosing-text"), patients=3000)}


@pytest.mark.parametrize("edition", ["dosing-text", "us-label"])
def test_what_is_judged_agrees(edition: str) -> None:
    wrong = {name: check.simulated for name, check in checks(edition).items() if check.judged and not check.agrees}
    assert wrong == {}


@pytest.mark.parametrize("edition", ["dosing-text", "us-label"])
def test_what_is_not_judged_says_why_and_what_is_published_says_where(edition: str) -> None:
    for check in checks(edition).values():
        assert check.judged or "not to be expected" in check.words or "no source was found" in check.words
        assert len(check.source) > 4
        assert (check.reported.source is None) == (check.reported.published is None)
        low, high = check.reported.compared
        assert low <= high
        assert check.reported.tolerance > 0


def test_a_figure_without_a_source_is_printed_and_not_judged() -> None:
    """Those that were remembered: none of them decides whether the model is valid."""
    unsourced = {name for name, figure in trial_figures().items() if figure.source is None}
    assert unsourced == {
        "neutrophils below 500",
        "a dose was reduced",
        "stopped for toxicity",
        "died on treatment",
        "median cycles",
    }
    for edition in ("dosing-text", "us-label"):
        found = [check.as_json() for check in checks(edition).values()]
        lines = check_lines(found, edition, width=200)
        for name in unsourced:
            check = checks(edition)[name]
            assert not check.judged
            assert "no source was found for it" in check.words
            assert check.source.startswith("no source")
            (line,) = (line for line in lines if line.startswith(f"{name}, "))
            assert "not judged" in line
            assert "no source" in line
            recalled = "-".join(f"{figure:g}" for figure in check.reported.recalled or ())
            assert f"({recalled})" in line


def test_what_was_recalled_beside_a_source_does_not_count() -> None:
    figure = trial_figures()["platelets below 25,000"]
    assert (figure.published, figure.recalled) == ((13.0,), (7.0,))
    check = Check("platelets below 25,000", figure, 9.9)
    assert not check.agrees
    assert replace(check, simulated=10.1).agrees


def test_every_figure_is_computed_and_every_computed_figure_is_listed() -> None:
    one = cohort()
    computed = graded(one, one) | counts(one, one) | courses(one) | nadir(MODEL, arrays("us-label"))
    assert sorted(computed) == sorted(trial_figures())


def test_under_the_text_doses_and_stops_are_not_judged_by_a_trial_with_other_rules() -> None:
    text, label = checks("dosing-text"), checks("us-label")
    assert text.keys() == label.keys()
    apart = {name for name in text if text[name].words != label[name].words}
    assert apart == {
        "median dose intensity of ixazomib",
        "median dose intensity of lenalidomide",
        "a dose was reduced",
        "stopped for toxicity",
    }
    assert all("dose rules" in text[name].words for name in apart)
    assert not any("dose rules" in check.words for check in label.values())


ENTRY = """["rash"]
unit = "%"
published = [18]
source = "a trial"
tolerance = 2.0
because = "sampling"
"""


@pytest.mark.parametrize(
    ("old", "new", "where", "what"),
    [
        ("[18]", "[18", "trials.toml", "not TOML"),
        ('source = "a trial"\n', "", "trials.toml: rash", "needs its source"),
        ("published = [18]\n", "", "trials.toml: rash", "a source its published figure"),
        ('published = [18]\nsource = "a trial"\n', "", "trials.toml: rash", "published or recalled"),
        ("[18]", "[18, 12]", "trials.toml: rash", "lower figure comes first"),
        (
            'published = [18]\nsource = "a trial"\n',
            "recalled = [18, 12]\n",
            "trials.toml: rash",
            "lower figure comes first",
        ),
        ("[18]", "[]", "trials.toml: rash: published", "at least 1"),
        ("[18]", "[1, 2, 3]", "trials.toml: rash: published", "at most 2"),
        ('"a trial"', '""', "trials.toml: rash: source", "at least 1"),
        ('because = "sampling"\n', "", "trials.toml: rash: because", "required"),
        ("tolerance = 2.0", "tolerance = 0.0", "trials.toml: rash: tolerance", "greater than 0"),
        ("unit =", "unity =", "trials.toml: rash", ""),
    ],
)
def test_a_file_of_figures_that_does_not_hold_is_refused(old: str, new: str, where: str, what: str) -> None:
    assert parse(ENTRY, "trials.toml")["rash"].compared == (18.0, 18.0)
    assert old in ENTRY
    with pytest.raises(InputError) as refused:
        parse(ENTRY.replace(old, new, 1), "trials.toml")
    assert refused.value.where.startswith(where)
    assert what in refused.value.what
    assert refused.value.remedy


def test_the_figures_of_the_design_are_all_there() -> None:
    names = " ".join(checks("us-label"))
    for wanted in ("rash", "diarrhoea", "neuropathy", "platelets below", "neutrophils below", "nadir", "intensity"):
        assert wanted in names
    for wanted in ("stopped", "died", "cycles", "reduced"):
        assert wanted in names


@pytest.mark.parametrize(
    ("values", "figure"),
    [
        ({"rash__from_0": (-6.37, 0.269, 0.436)}, "worst rash, both arms: grade 0"),
        ({"diarrhoea__from_0": (-6.28, 0.211, 0.657)}, "worst diarrhoea, both arms: grade 0"),
        ({"neuropathy__worsening": (0.0144, 0.025, 0.019)}, "worst neuropathy: grade 1"),
        ({"neuropathy__worsening": (0.0072, 0.06, 0.06)}, "worst neuropathy: grade 3"),
        ({"platelets__additive_error": 45.0}, "platelets below 25,000"),
        ({"platelets__maturation": -4.2, "platelets__production": -4.2}, "day of the platelet nadir, typical patient"),
        ({"neutrophils__lenalidomide": 0.5}, "neutrophils below 1,000"),
        ({"neutrophils__sensitivity_log_sd": 0.3}, "neutrophils below 500"),
        ({"ends__death": 0.003}, "died on treatment"),
        ({"ends__progression": 8.0}, "median cycles"),
    ],
)
def test_a_model_that_is_moved_fails(values: dict[str, Any], figure: str) -> None:
    assert checks("dosing-text")[figure].agrees
    assert not changed(**values)[figure].agrees


def test_a_check_agrees_within_its_tolerance_and_no_further() -> None:
    figure = TrialFigure(unit="%", published=(26.0, 30.0), source="somewhere", tolerance=2.0, because="sampling")
    check = Check("x", figure, 24.0)
    assert check.agrees
    assert not replace(check, simulated=23.9).agrees
    assert replace(check, simulated=32.0).agrees
    assert not replace(check, simulated=32.1).agrees
    assert check.as_json() == {
        "figure": "x",
        "unit": "%",
        "published": [26.0, 30.0],
        "recalled": [],
        "tolerance": 2.0,
        "because": "sampling",
        "simulated": 24.0,
        "agrees": True,
        "judged": check.judged,
        "source": "somewhere",
        "words": check.words,
    }
    assert (
        Check("x", figure.model_copy(update={"fitted": True}), 24.0).source == "somewhere; the model was fitted to it"
    )


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
