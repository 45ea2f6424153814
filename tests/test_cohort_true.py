"""True and measured counts in a run: the mark of a misclassified one, what came of it, and the true values."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from ixastate.cli.main import main
from ixastate.cohort import simulate
from ixastate.cohort.answers.summary import as_json, misclassified
from ixastate.cohort.answers.summary_text import lines
from ixastate.cohort.run.run import Run
from ixastate.errors import InputError

PATIENTS = 1500
# The text's thresholds: held below, released from there up (ANC-01, PLT-01).
THRESHOLDS = {"neutrophils_measured": 500, "platelets_measured": 30_000}
NAMES = {"neutrophils_measured": "neutrophils", "platelets_measured": "platelets"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return simulate(tmp_path_factory.mktemp("true") / "run", patients=PATIENTS, cycles=26, seed=3, true=True)


def test_only_counts_have_a_true_value(run: Run) -> None:
    events = run.collect(run.events)
    counts = events.filter(pl.col("event").is_in(list(THRESHOLDS)))
    assert counts["true_value"].null_count() == 0
    assert events.filter(~pl.col("event").is_in(list(THRESHOLDS)))["true_value"].null_count() == len(events) - len(
        counts
    )


def test_a_count_is_misclassified_where_the_true_one_lies_on_the_other_side(run: Run) -> None:
    """Under the text each count has one threshold, so that there are two meanings."""
    for kind, threshold in THRESHOLDS.items():
        told = run.collect(run.events.filter(pl.col("event") == kind).select("value", "true_value", "misclassified"))
        other_side = (told["value"] < threshold) != (told["true_value"] < threshold)
        assert (told["misclassified"] == other_side).all()
        assert 0 < told["misclassified"].sum() < len(told) / 50


def test_what_came_of_misclassified_counts_is_that_of_a_plain_walk(run: Run) -> None:
    """Patient by patient: the report that begins a hold, the release that lowers a dose, the one that stops."""
    orders = dict(run.collect(run.outputs.select("output", "orders")).iter_rows())
    counted: Counter[tuple[str, str]] = Counter()
    began: dict[tuple[int, str], bool] = {}
    rows = run.collect(run.events.sort("patient", "number").select("patient", "event", "value", "true_value", "output"))
    for patient, kind, value, true, output in rows.iter_rows():
        if kind not in THRESHOLDS:
            continue
        wrong = (value < THRESHOLDS[kind]) != (true < THRESHOLDS[kind])
        verbs = {sentence.partition(" ")[0] for sentence in orders[output]}
        if "hold" in verbs:
            began[patient, kind] = wrong
        for verb, name in (("hold", "holds"), ("reduce", "reductions"), ("stop", "stops")):
            if verb in verbs:
                counted[kind, name] += 1
                noise = began.get((patient, kind), False) if verb == "reduce" else wrong
                counted[kind, f"{name}_misclassified"] += noise
    found = {row["count"]: row for row in misclassified(run).to_dicts()}
    assert set(found) == {"neutrophils", "platelets"}
    for kind, name in NAMES.items():
        for what in ("holds", "reductions", "stops"):
            for field in (what, f"{what}_misclassified"):
                assert found[name][field] == counted[kind, field], (name, field)
        assert counted[kind, "holds_misclassified"] > 10


def test_the_true_values_change_nothing_else(run: Run, tmp_path: Path) -> None:
    """Without them the same events, the same marks and the same summary; the files are smaller."""
    plain = simulate(tmp_path / "plain", patients=PATIENTS, cycles=26, seed=3)
    without = run.collect(run.events).drop("true_value")
    assert without.equals(plain.collect(plain.events))
    one, other = as_json(run), as_json(plain)
    assert one.pop("run").pop("digest") != other.pop("run").pop("digest")
    assert one == other
    sizes = [sum(file.stat().st_size for file in (r.path / "events").iterdir()) for r in (run, plain)]
    assert sizes[0] > 1.5 * sizes[1]


def test_the_plan_keeps_what_was_asked_for(run: Run, tmp_path: Path) -> None:
    """A directory of the one is no directory of the other."""
    assert Run.open(run.path).plan.true
    assert json.loads((run.path / "manifest.json").read_text())["plan"]["true"] is True
    with pytest.raises(InputError):
        simulate(run.path, patients=PATIENTS, cycles=26, seed=3)
    plain = simulate(tmp_path / "plain", patients=100, cycles=1)
    assert "true" not in json.loads((plain.path / "manifest.json").read_text())["plan"]


def test_a_model_that_measures_without_error_has_no_true_values(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    code = main(["simulate", "--patients", "100", "--toxicity", "hazards", "--true", "-o", str(folder)])
    assert code == 2
    assert "measures without error" in capsys.readouterr().err
    assert not folder.exists()


def test_the_summary_of_a_model_without_error_says_nothing_of_it(tmp_path: Path) -> None:
    found = simulate(tmp_path / "run", patients=200, cycles=3, toxicity="hazards")
    assert misclassified(found).height == 0
    said = "\n".join(lines(as_json(found)))
    assert "truly" not in said
    assert "benefit" not in said


def test_the_summary_says_what_came_of_misclassified_counts(run: Run) -> None:
    answers = as_json(run)
    said = lines(answers)
    place = said.index("What came of a count that truly was not below its threshold")
    (platelets,) = (row for row in answers["misclassified"] if row["count"] == "platelets")
    share = 100 * platelets["holds_misclassified"] / platelets["holds"]
    told = f"{platelets['holds_misclassified']} of {platelets['holds']} ({share:.1f} %)"
    assert told in said[place + 3]
    assert any("cannot be compared on benefit" in line for line in said)
    # A summary that was written before there were any marks is read as before.
    del answers["misclassified"]
    assert "What came of a count that truly was not below its threshold" not in lines(answers)
