"""Validation: the model gives what was published, what is judged can fail, and the figures are computed rightly."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from ixastate.cohort.answers.validate import Arm, Check, arm, validate
from ixastate.cohort.arrays import MachineArrays, machine_arrays
from ixastate.cohort.models.pkpd import Pkpd
from ixastate.cohort.rows import KIND
from ixastate.course.schedule import is_due_day

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
        assert check.judged or "not to be expected" in check.words
        assert len(check.source) > 4
        assert check.low <= check.high
        assert check.tolerance > 0


def test_under_the_text_doses_and_stops_are_not_judged_by_a_trial_with_other_rules() -> None:
    text, label = checks("dosing-text"), checks("us-label")
    assert text.keys() == label.keys()
    apart = {name for name in text if text[name].judged != label[name].judged}
    assert apart == {
        "median dose intensity of ixazomib",
        "median dose intensity of lenalidomide",
        "stopped for toxicity",
    }
    assert all("dose rules" in text[name].words for name in apart)


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
    check = Check("x", "%", 26.0, 30.0, 2.0, 24.0, "somewhere")
    assert check.agrees
    assert not replace(check, simulated=23.9).agrees
    assert replace(check, simulated=32.0).agrees
    assert not replace(check, simulated=32.1).agrees
    assert (check.published, replace(check, low=30.0).published) == ("26-30", "30")
    assert check.as_json()["agrees"] is True


# --- The figures are computed rightly: the same, patient by patient and day by day --------------------------------


@cache
def cohort() -> Arm:
    model = replace(MODEL, values=MODEL.values | {"adherence.missed": 0.2, "patients.bilirubin": (1.4, 0.6, 0.1, 5.0)})
    return arm(model, arrays("us-label"), 300, 10, 5)


def courses() -> list[list[int]]:
    """The rows of each patient."""
    rows = cohort().block.rows
    return [np.flatnonzero(rows.patient == patient).tolist() for patient in range(300)]


def test_dose_intensity_day_by_day() -> None:
    rows, whole, edition = cohort().block.rows, table("us-label"), table("us-label").graph.edition
    every = arrays("us-label").lenalidomide_every_days
    found = cohort().intensity(0), cohort().intensity(1)
    for patient, course in enumerate(courses()):
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
    for patient, course in enumerate(courses()):
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
