"""Two runs side by side: paired and independent differences, their limits, and what is refused."""

from __future__ import annotations

import json
import math
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("polars", reason="polars is not installed (extra cohort)")

import polars as pl

from ixastate.cli.main import main
from ixastate.cohort.answers import limits, pairs
from ixastate.cohort.answers.spells import holds
from ixastate.cohort.run.run import Run
from ixastate.errors import InputError
from ixastate.events import DRUGS
from tests.cohort_runs import FOUR, HELD, NEUTRO, STARTED, handmade, simulated

Z = 1.959963984540054


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """A run, the same patients with fewer onsets, the first of them alone, and others."""
    folder = tmp_path_factory.mktemp("pairs")
    return {
        "one": simulated(folder / "one"),
        "mild": simulated(folder / "mild", factor=5),
        "few": simulated(folder / "few", patients=40),
        "others": simulated(folder / "others", seed=6, patients=200),
    }


def by_name(first: Run, second: Run) -> dict[str, dict[str, Any]]:
    return {row["measure"]: row for row in pairs.differences(first, second).iter_rows(named=True)}


def plain_measures(run: Run) -> dict[str, list[float | None]]:
    """The measures of each patient, in plain Python."""
    patients = run.collect(run.patients).sort("patient").to_dicts()
    held = set(run.collect(holds(run).select("patient", "reason")).iter_rows())
    found: dict[str, list[float | None]] = {
        "days on treatment": [one["treated_days"] for one in patients],
        "still on treatment": [one["ended_by"] is None for one in patients],
        "held for any reason": [(one["patient"], "any") in held for one in patients],
        "held for rash": [(one["patient"], "rash") in held for one in patients],
        "stopped by progression": [one["ended_by"] == "progression" for one in patients],
        "stopped by anc_low": [one["ended_by"] == "anc_low" for one in patients],
    }
    for drug in ("ixazomib", "lenalidomide"):
        found[f"relative dose intensity of {drug}"] = [
            one[f"{drug}_given_mg10"] / one[f"{drug}_planned_mg10"] if one[f"{drug}_planned_mg10"] else None
            for one in patients
        ]
        found[f"reductions of {drug}"] = [one[f"{drug}_reductions"] for one in patients]
        found[f"holds of {drug}"] = [one[f"{drug}_holds"] for one in patients]
        found[f"days {drug} was held"] = [one[f"{drug}_held_days"] for one in patients]
    return found


def test_a_run_does_not_differ_from_itself(runs: dict[str, Run]) -> None:
    for row in by_name(runs["one"], runs["one"]).values():
        assert row["difference"] == row["lower"] == row["upper"] == 0, row
        assert row["first"] == row["second"]


@pytest.mark.parametrize("other", ["mild", "few"])
def test_paired_differences_are_those_of_each_patient(runs: dict[str, Run], other: str) -> None:
    first, second = plain_measures(runs["one"]), plain_measures(runs[other])
    found = by_name(runs["one"], runs[other])
    for name in first:
        both = [(a, b) for a, b in zip(first[name], second[name], strict=False) if a is not None and b is not None]
        if not any(a or b for a, b in both) and name not in found:
            continue
        apart = [b - a for a, b in both]
        spread = Z * stdev(apart) / math.sqrt(len(apart))
        row = found[name]
        assert row["first"] == pytest.approx(mean(float(a) for a, _ in both), abs=1e-6), name
        assert row["second"] == pytest.approx(mean(float(b) for _, b in both), abs=1e-6)
        assert row["difference"] == pytest.approx(mean(apart), abs=1e-6)
        assert row["lower"] == pytest.approx(mean(apart) - spread, abs=1e-6)
        assert row["upper"] == pytest.approx(mean(apart) + spread, abs=1e-6)


def test_the_same_patients_are_the_same_in_a_smaller_run(runs: dict[str, Run]) -> None:
    """Number 7 of forty is number 7 of three hundred, so that nothing differs."""
    assert {row["difference"] for row in by_name(runs["one"], runs["few"]).values()} == {0}


def test_every_measure_says_what_it_is_of(runs: dict[str, Run]) -> None:
    found = {
        name: (row["kind"], row["drug"], row["reason"], row["cause"], row["unit"])
        for name, row in by_name(runs["one"], runs["mild"]).items()
    }
    assert list(found)[:4] == [f"relative dose intensity of {drug}" for drug in DRUGS] + ["days on treatment"]
    assert found["relative dose intensity of dexamethasone"] == ("dose intensity", "dexamethasone", None, None, "share")
    assert found["days on treatment"] == ("time", None, None, None, "days")
    assert found["days lenalidomide was held"] == ("held days", "lenalidomide", None, None, "days")
    assert found["holds of ixazomib"] == ("holds", "ixazomib", None, None, "number")
    assert found["held for any reason"] == ("held for any", None, None, None, "share")
    assert found["held for rash"] == ("held for", None, "rash", None, "share")
    assert found["stopped by progression"] == ("stopped by", None, None, "progression", "share")
    groups = [kind for kind, *_ in found.values()]
    assert sorted(groups, key=list(pairs.KINDS).index) == groups
    reasons = [reason for _, _, reason, _, _ in found.values() if reason]
    assert reasons == sorted(reasons)


def test_fewer_onsets_show(runs: dict[str, Run]) -> None:
    found = by_name(runs["one"], runs["mild"])
    assert found["held for any reason"]["upper"] < 0
    assert found["relative dose intensity of ixazomib"]["lower"] > 0


def test_independent_means_by_the_formula(runs: dict[str, Run]) -> None:
    first, second = plain_measures(runs["one"]), plain_measures(runs["others"])
    found = by_name(runs["one"], runs["others"])
    for name in ("days on treatment", "holds of ixazomib", "relative dose intensity of lenalidomide"):
        samples = [[value for value in one[name] if value is not None] for one in (first, second)]
        apart = mean(samples[1]) - mean(samples[0])
        spread = Z * math.sqrt(sum(stdev(sample) ** 2 / len(sample) for sample in samples))
        assert found[name]["lower"] == pytest.approx(apart - spread, abs=1e-6)
        assert found[name]["upper"] == pytest.approx(apart + spread, abs=1e-6)
    counts = [(sum(map(bool, one["held for any reason"])), len(one["held for any reason"])) for one in (first, second)]
    expected = pairs.share_difference(*counts[0], *counts[1])
    assert {name: found["held for any reason"][name] for name in expected} == expected


# --- The formulas ------------------------------------------------------------------------------------------------


def test_wilson_limits_of_a_published_example() -> None:
    """81 of 263: Newcombe, Statistics in Medicine 1998;17:857, table I."""
    assert limits.wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert limits.wilson(0, 20)[0] == pytest.approx(0)
    assert limits.wilson(1, 20)[1] == pytest.approx(1)


def test_newcombe_limits_of_a_published_example() -> None:
    """56 of 70 and 48 of 80: Newcombe, Statistics in Medicine 1998;17:873, table II, method 10."""
    found = pairs.share_difference(48, 80, 56, 70)
    assert (found["lower"], found["upper"]) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert found["difference"] == pytest.approx(0.2)


@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_limits_of_shares_stay_around_the_difference(of_left: int, of_right: int, data: st.DataObject) -> None:
    left, right = data.draw(st.integers(0, of_left)), data.draw(st.integers(0, of_right))
    found = pairs.share_difference(left, of_left, right, of_right)
    assert -1 - 1e-9 <= found["lower"] <= found["difference"] + 1e-9
    assert found["difference"] - 1e-9 <= found["upper"] <= 1 + 1e-9
    mirrored = pairs.share_difference(right, of_right, left, of_left)
    assert found["lower"] == pytest.approx(-mirrored["upper"])


def test_means_of_small_samples_by_hand() -> None:
    found = pairs.mean_difference(pl.Series([1.0, 3.0]), pl.Series([4.0, 6.0, 8.0]))
    assert found["difference"] == 4
    assert found["upper"] == pytest.approx(4 + Z * math.sqrt(2 / 2 + 4 / 3))


def test_one_patient_has_no_limits(tmp_path: Path) -> None:
    first = handmade(tmp_path / "a", [(0, 1, FOUR, STARTED)], [(56, None)])
    second = handmade(tmp_path / "b", [(0, 1, FOUR, STARTED), (0, 9, NEUTRO, HELD)], [(56, None)])
    row = by_name(first, second)["held for neutrophils"]
    assert (row["first"], row["second"], row["difference"], row["lower"]) == (0, 1, 1, None)
    assert "–" in "\n".join(pairs.lines(pairs.as_json(first, second)))


# --- What is said, and what is refused ---------------------------------------------------------------------------


def test_it_says_which_it_is(runs: dict[str, Run]) -> None:
    paired = pairs.lines(pairs.as_json(runs["one"], runs["few"]))
    assert paired[:3] == [
        "A  one: 300 patients, 6 cycles, edition dosing-text, model hazards, seed 5",
        "B  few: 40 patients, 6 cycles, edition dosing-text, model hazards, seed 5",
        "paired: the same 40 patients in both, by seed and number",
    ]
    assert pairs.lines(pairs.as_json(runs["one"], runs["others"]))[2] == "independent samples: the seeds differ"


def test_runs_of_other_lengths_are_refused(runs: dict[str, Run], tmp_path: Path) -> None:
    short = handmade(tmp_path, [(0, 1, FOUR, STARTED)], [(56, None)])
    with pytest.raises(InputError, match=r"2 cycles of 28 days, and .* for 6 cycles of 28 days.*--cycles 6 or 2"):
        pairs.differences(runs["one"], short)


def test_the_command_compares(runs: dict[str, Run], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", str(runs["one"].path), str(runs["mild"].path)]) == 0
    assert capsys.readouterr().out.splitlines() == pairs.lines(pairs.as_json(runs["one"], runs["mild"]))
    assert main(["summary", str(runs["one"].path), str(runs["mild"].path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["paired"] is True
