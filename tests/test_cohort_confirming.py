"""Cohorts of the edition in which a low count must be confirmed: the second sample of each model, and what is told."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ixastate.cohort import simulate
from ixastate.cohort.answers.summary import as_json, misclassified
from ixastate.cohort.answers.summary_text import lines
from ixastate.cohort.models.hazards import Hazards
from ixastate.cohort.run.run import Run
from ixastate.errors import InputError
from ixastate.store.projections import catch_up
from ixastate.store.questions import worklist
from ixastate.store.store import Store
from ixastate.store.transfer import ingest
from ixastate.symbols import NEUTROPENIA, THROMBOCYTOPENIA
from tests.store_tools import count
from tests.test_cohort_hazards import FAR, USUAL, arrays_of, departures
from tests.test_store_uses import DAYS, log

EDITION = "what-if-confirm"
PATIENTS = 4000
REPEATED = USUAL.text[USUAL.text.index("[repeated]") : USUAL.text.index("[persists]")]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return simulate(
        tmp_path_factory.mktemp("confirm") / "run", patients=PATIENTS, cycles=26, seed=5, edition=EDITION, true=True
    )


def repeated(run: Run, toxicity: str) -> pl.DataFrame:
    """Each count that is asked for again, beside the row of that patient that comes next."""
    orders = run.collect(run.outputs.select("output", "orders"))
    asking = orders.filter(pl.col("orders").list.contains("repeat the low count"))["output"].to_list()
    after = [pl.col(name).shift(-1).over("patient").alias(f"next_{name}") for name in ("event", "day", "value")]
    rows = run.collect(
        run.events.sort("patient", "number")
        .filter(pl.col("event").is_in(["neutrophils_measured", "platelets_measured"]))
        .with_columns(pl.col("number").cum_count().over("patient", "day", "event").alias("sample"))
    )
    kind = rows.filter(pl.col("event") == toxicity).with_columns(
        *after, pl.col("true_value").shift(-1).over("patient").alias("next_true")
    )
    return kind.filter(pl.col("output").is_in(asking))


# --- The model pkpd ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "threshold"), [("neutrophils_measured", 500), ("platelets_measured", 30_000)])
def test_blood_is_drawn_again_on_the_day_of_a_low_count(run: Run, kind: str, threshold: int) -> None:
    """Of the same true count, with its own error: what is chosen for being low errs downwards, the next does not."""
    asked = repeated(run, kind)
    assert len(asked) > 500
    assert (asked["value"] < threshold).all()
    assert (asked["next_day"] == asked["day"]).all()
    assert (asked["next_true"] == asked["true_value"]).all()
    asked = asked.filter(pl.col("true_value") > threshold / 5)
    first, second = ((asked[name] - asked["true_value"]) / asked["true_value"] for name in ("value", "next_value"))
    error = float(second.std()) / np.sqrt(len(asked))  # type: ignore[arg-type]
    assert abs(float(second.median())) < 5 * error  # type: ignore[arg-type]
    assert float(first.mean()) < -5 * error  # type: ignore[arg-type]


def test_the_second_error_of_neutrophils_is_that_of_the_laboratory(run: Run) -> None:
    """A quarter of the variance of 0.25 on the logarithm: 0.125; a count in tens adds 0.007 at 400."""
    asked = repeated(run, "neutrophils_measured").filter(pl.col("true_value") > 200)
    spread = np.log(asked["next_value"].to_numpy() / asked["true_value"].to_numpy())
    assert np.std(spread) == pytest.approx(0.125, rel=0.1)
    first = np.log(asked["value"].to_numpy() / asked["true_value"].to_numpy())
    # The two are drawn apart: what one says of the other is nothing.
    assert abs(np.corrcoef(first, spread)[0, 1]) < 4 / np.sqrt(len(asked))


def test_a_count_is_drawn_twice_on_one_day_only_when_it_is_asked_for(run: Run) -> None:
    """And always then, unless the other count of that day ends treatment."""
    last = run.collect(run.events.group_by("patient").agg(pl.col("day").max(), pl.col("configuration").last()))
    ended = last.filter(pl.col("configuration") == arrays_of(EDITION).table.final).select("patient", "day")
    for kind in ("neutrophils_measured", "platelets_measured"):
        asked = repeated(run, kind).filter(pl.col("next_day") == pl.col("day")).select("patient", "day")
        never = repeated(run, kind).select("patient", "day").join(asked, on=["patient", "day"], how="anti")
        assert never.join(ended, on=["patient", "day"], how="anti").is_empty()
        rows = run.events.filter(pl.col("event") == kind).group_by("patient", "day").agg(pl.len().alias("samples"))
        counted = run.collect(rows)
        assert set(counted["samples"]) == {1, 2}
        twice = counted.filter(pl.col("samples") == 2).select("patient", "day").sort("patient", "day")
        assert twice.equals(asked.sort("patient", "day"))


def test_until_the_first_low_count_a_patient_is_that_of_the_dosing_text(run: Run, tmp_path: Path) -> None:
    text = simulate(tmp_path / "text", patients=PATIENTS, cycles=26, seed=5, true=True)
    said = ["patient", "number", "day", "event", "value", "true_value"]
    one, other = (run_.collect(run_.events.sort("patient", "number").select(said)) for run_ in (run, text))
    lows = pl.any_horizontal(
        (pl.col("event") == "neutrophils_measured") & (pl.col("value") < 500),
        (pl.col("event") == "platelets_measured") & (pl.col("value") < 30_000),
    )
    upto = [rows.filter((lows.cast(pl.Int64).cum_sum().over("patient")) == 0) for rows in (one, other)]
    assert upto[0].equals(upto[1])
    assert len(one.filter(lows)["patient"].unique()) > PATIENTS / 10


def test_the_summary_counts_what_was_to_be_confirmed(run: Run) -> None:
    answers = as_json(run)
    told = {row["count"]: row for row in misclassified(run).to_dicts()}
    for kind, name, threshold in (
        ("neutrophils_measured", "neutrophils", 500),
        ("platelets_measured", "platelets", 30_000),
    ):
        asked = repeated(run, kind)
        assert told[name]["to_confirm"] == len(asked)
        assert told[name]["to_confirm_misclassified"] == (asked["true_value"] >= threshold).sum()
        # A confirmed hold is noise less often than a first low count: both samples have to be wrong.
        share = told[name]["holds_misclassified"] / told[name]["holds"]
        assert share < 0.6 * told[name]["to_confirm_misclassified"] / told[name]["to_confirm"]
    said = lines(answers)
    place = said.index("Low counts that a second one was to confirm")
    assert said[place + 2].split()[:2] == ["neutrophils", f"{told['neutrophils']['to_confirm']:,}"]


def test_no_other_edition_speaks_of_low_counts_to_be_confirmed(tmp_path: Path) -> None:
    found = simulate(tmp_path / "run", patients=300, cycles=26)
    answers = as_json(found)
    assert {row["to_confirm"] for row in answers["misclassified"]} == {0}
    assert "Low counts that a second one was to confirm" not in lines(answers)


# --- The model hazards ------------------------------------------------------------------------------------------------


def test_the_count_that_is_asked_for_comes_within_the_week_and_decides() -> None:
    """As the file has it: a rate of three a week, of which 74 % (neutrophils) or 76 % (platelets) are low again."""
    arrays = arrays_of(EDITION)
    found = USUAL.chain(arrays)
    for toxicity, low, ok, share in (
        (NEUTROPENIA, "anc_low", "anc_recovered", 0.74),
        (THROMBOCYTOPENIA, "platelets_low", "platelets_recovered", 0.76),
    ):
        pending = arrays.to_confirm(toxicity)[found.configurations]
        assert pending.any()
        confirmed, withdrawn = (found.probabilities[pending, arrays.numbers[name]] for name in (low, ok))
        assert confirmed / (confirmed + withdrawn) == pytest.approx(np.full(pending.sum(), share), abs=0.002)
        # Where little else may come: 1 - exp(-3) is 0.950.
        assert (confirmed + withdrawn).max() == pytest.approx(0.945, abs=0.005)
        assert (found.probabilities[~pending & ~arrays.open_episodes(toxicity)[found.configurations]][
            :, arrays.numbers[ok]
        ] == 0).all()  # fmt: skip


def test_with_counts_to_confirm_monte_carlo_agrees_with_the_exact_answer() -> None:
    far = departures(USUAL, USUAL, EDITION)
    assert {"anc_low", "anc_recovered", "platelets_recovered"} <= set(far)
    assert max(map(abs, far.values())) < FAR


@pytest.mark.parametrize("edition", ["dosing-text", "us-label", "what-if-persist"])
def test_no_other_edition_draws_otherwise_for_it(edition: str) -> None:
    arrays = arrays_of(edition)
    ours, plain = USUAL.chain(arrays), Hazards.parse(USUAL.text.replace(REPEATED, ""), "older.toml").chain(arrays)
    assert np.array_equal(ours.packed, plain.packed)


def test_a_file_without_it_is_refused_where_it_is_needed() -> None:
    without = {"anc_low": REPEATED, "platelets_recovered": "platelets_recovered = 0.513\n"}
    for missing, text in without.items():
        with pytest.raises(InputError) as refusal:
            Hazards.parse(USUAL.text.replace(text, ""), "mine.toml").chain(arrays_of(EDITION))
        assert refusal.value.where == "mine.toml: repeated"
        assert missing in str(refusal.value)
        assert "anc_low, anc_recovered, platelets_low, platelets_recovered" in refusal.value.remedy


@pytest.mark.parametrize("wrong", ["rash_resolved", "new_cycle_met", "progression", "anc"])
def test_only_a_count_can_be_repeated(wrong: str) -> None:
    text = USUAL.text.replace("anc_recovered = 0.542", f"{wrong} = 0.542")
    with pytest.raises(InputError) as refusal:
        Hazards.parse(text, "mine.toml")
    assert refusal.value.where == "mine.toml: repeated"
    assert "platelets_recovered" in refusal.value.remedy


# --- A store ----------------------------------------------------------------------------------------------------------


def test_the_worklist_lists_the_low_counts_to_be_repeated(tmp_path: Path) -> None:
    with Store(f"sqlite:///{tmp_path / 'courses.db'}", create=True) as store:
        ingest(store, log(DAYS, count(9, 0.4), patient="low"), edition=EDITION)
        ingest(store, log(DAYS, count(9, 0.4), count(10, 0.4), patient="held"), edition=EDITION)
        ingest(store, log(DAYS, count(9, 0.4), count(10, 0.5), patient="well"), edition=EDITION)
        catch_up(store)
        found = worklist(store)
    assert [(one.patient, one.counts) for one in found.to_confirm] == [("low", ("neutrophils",))]
    assert [one.patient for one in found.held] == ["held"]
    text = list(found.lines())
    assert text[text.index("low counts to be repeated: 1") + 1] == "  low  neutrophils"
    assert json.loads(json.dumps(found.as_json()))["to_confirm"] == [{"patient": "low", "counts": ["neutrophils"]}]
