"""Runs made by version 0.1: they open and summarise, though their model had another name and rules changed since."""

from __future__ import annotations

import hashlib
import json
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("numba", reason="the extra `cohort` is not installed")

import polars as pl

from ixastate.cohort.answers import pairs, summary
from ixastate.cohort.log.log import as_parquet, machine_frames
from ixastate.cohort.run.courses import compare_batch, replay
from ixastate.cohort.run.directory import MANIFEST, SCHEMA, Directory
from ixastate.cohort.run.plan import Plan, model_of, read_model, run_context
from ixastate.cohort.run.run import Run
from ixastate.cohort.run.simulation import finish, simulate
from ixastate.errors import InputError

DATA = Path(__file__).parent / "data" / "version-0.1"
OLD = ("published", "hazards")
BIG = "machine/configurations.parquet"


def files(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}


def manifest(path: Path) -> dict[str, Any]:
    return json.loads((path / MANIFEST).read_text())  # type: ignore[no-any-return]


@pytest.fixture(params=OLD)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of an old run, whole: the file that is too large to keep is written again."""
    path = Path(shutil.copytree(DATA / request.param, tmp_path / request.param))
    directory = Directory.open(path)
    content = as_parquet(machine_frames(run_context(directory.plan).arrays)["configurations"], directory.metadata())
    (path / BIG).write_bytes(content)
    written = manifest(path)
    digest = hashlib.sha256(content).hexdigest()
    if version("polars") == written["versions"]["polars"]:
        # Not a byte of it has changed since.
        assert digest == written["files"][BIG]
    else:
        written["files"][BIG] = digest
        (path / MANIFEST).write_text(json.dumps(written))
    return path


def test_the_old_runs_are_old() -> None:
    for name in OLD:
        written = manifest(DATA / name)
        assert "schema" not in written
        assert written["plan"]["model"] == name
        assert f'model = "{name}"' in written["plan"]["toxicity"]


def test_an_old_run_opens_and_is_called_by_the_name_of_today(old: Path) -> None:
    run = Run.open(old)
    today = {"published": "pkpd", "hazards": "hazards"}[old.name]
    assert run.plan.model_name == today
    assert summary.about(run)["model"] == today
    assert run.collect(run.patients).height == run.plan.patients


def test_an_old_run_is_summarised_as_it_was(old: Path) -> None:
    """Every number is that of version 0.1; what is new stands beside them."""
    was, now = json.loads((old / "summary.json").read_text()), summary.as_json(Run.open(old))
    assert was["run"]["model"] == old.name
    was["run"]["model"] = now["run"]["model"]
    orders = [{"order": row["order"], "events": row["events"]} for row in now.pop("orders")]
    assert orders == was.pop("orders")
    # Its log does not tell which counts were misclassified.
    assert now.pop("misclassified") == []
    assert now == was


def test_an_old_run_agrees_with_the_live_course(old: Path) -> None:
    events, found = compare_batch(str(old), [0, 7, 39])
    assert events > 3
    assert found == []


def test_the_records_of_an_old_run_are_not_made_by_other_rules(old: Path) -> None:
    """The sentences of its rules have changed since, and with them the fingerprint: the answer says so."""
    before = files(old)
    with pytest.raises(InputError, match=r"made by other rules or another chart \(fingerprint 7921e7ad6754, today"):
        replay(Run.open(old), 7)
    assert files(old) == before


def test_an_old_run_is_paired_with_one_of_today(tmp_path: Path) -> None:
    """By the name of today, patient by patient; the model was fitted anew since, so that treatment differs."""
    old = tmp_path / "old"
    shutil.copytree(DATA / "published", old)
    directory = Directory.open(old)
    finish(directory, run_context(directory.plan))
    new = simulate(tmp_path / "new", patients=40, cycles=6, seed=3)
    answers = pairs.as_json(Run.open(old), new)
    assert answers["paired"]
    assert 0 < max(abs(row["difference"]) for row in answers["differences"]) < 5
    said = pairs.lines(answers)
    assert [line.partition("model ")[2] for line in said[:2]] == ["pkpd, seed 3"] * 2
    # The patients themselves are the same.
    ours, theirs = (run.collect(run.patients.sort("patient")) for run in (new, Run.open(old)))
    for name in ("age_years", "creatinine_clearance_ml_min", "own_platelets_10e9_l", "ixazomib_clearance_l_h"):
        assert ours[name].equals(theirs[name])


# --- Resuming -------------------------------------------------------------------------------------------------


def halved(name: str, path: Path) -> Path:
    """An old run as it was before its last shard, and its end, were written."""
    shutil.copytree(DATA / name, path)
    written = manifest(path)
    last = written["plan"]["patients"] // written["plan"]["shard"]
    for kind in ("events", "cycles", "patients"):
        (path / kind / f"{last:05}.parquet").unlink()
    (path / "shards" / f"{last:05}.json").unlink()
    shutil.rmtree(path / "machine")
    (path / "machine").mkdir()
    (path / "summary.json").unlink()
    begun = {key: value for key, value in written.items() if key not in ("digest", "events", "files")}
    (path / MANIFEST).write_text(json.dumps(begun))
    return path


@pytest.mark.parametrize("name", OLD)
def test_an_old_run_that_was_half_finished_is_not_ended_by_other_rules(name: str, tmp_path: Path) -> None:
    path, plan = halved(name, tmp_path / "run"), manifest(DATA / name)["plan"]
    before, today = files(path), read_model(name)
    again = Plan(plan["patients"], plan["cycles"], plan["seed"], plan["edition"], today.name, today.text, plan["shard"])
    with pytest.raises(InputError, match="it holds another run: other toxicity"):
        Directory.begin(path, run_context(again))
    assert files(path) == before


@pytest.mark.parametrize("change", [{"seed": 4}, {"cycles": 3}, {"edition": "us-label"}, {"toxicity": "hazards"}])
def test_another_run_is_not_taken_for_an_old_one(change: dict[str, Any], tmp_path: Path) -> None:
    path = halved("published", tmp_path / "run")
    before = files(path)
    arguments: dict[str, Any] = {"patients": 40, "cycles": 6, "seed": 3, **change}
    with pytest.raises(InputError, match="it holds another run"):
        simulate(path, **arguments)
    assert files(path) == before


def test_other_parameters_are_another_run(tmp_path: Path) -> None:
    path = halved("published", tmp_path / "run")
    before = files(path)
    mine = tmp_path / "mine.toml"
    mine.write_text(read_model("pkpd").text.replace("value = 1.86", "value = 1.87"))
    with pytest.raises(InputError, match="it holds another run: other toxicity"):
        simulate(path, patients=40, cycles=6, seed=3, toxicity=str(mine))
    assert files(path) == before


def test_the_order_of_entries_counts_and_comments_do_not() -> None:
    """Shares of starts are drawn in the order in which they stand."""
    text = read_model("hazards").text

    def plan(toxicity: str) -> dict[str, Any]:
        return Plan(40, 6, 3, "dosing-text", "hazards", toxicity).deciding()

    assert plan("# mine\n" + text) == plan(text)
    swapped = text.replace("start_4_25 = 0.70\nstart_4_10 = 0.27", "start_4_10 = 0.27\nstart_4_25 = 0.70")
    assert swapped != text
    assert plan(swapped) != plan(text)


# --- The old name ---------------------------------------------------------------------------------------------


def test_the_old_name_of_the_model_is_an_alias(tmp_path: Path) -> None:
    assert read_model("published") == read_model("pkpd")
    text = read_model("pkpd").text.replace('model = "pkpd"', 'model = "published"')
    assert model_of(text, "x").name == "pkpd"
    one = simulate(tmp_path / "one", patients=30, cycles=2, toxicity="published")
    other = simulate(tmp_path / "other", patients=30, cycles=2)
    assert files(one.path) == files(other.path)
    assert one.plan.model == "pkpd"


# --- The schema number ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "complaint"),
    [
        (SCHEMA + 1, f"the manifest is of schema {SCHEMA + 1}, and this version of ixastate reads up to {SCHEMA}"),
        ("two", "the schema 'two' is no number"),
        (0, "the schema 0 is no number"),
        (True, "the schema True is no number"),
        (1.5, "the schema 1.5 is no number"),
    ],
)
def test_a_manifest_of_a_later_schema_is_refused(schema: object, complaint: str, tmp_path: Path) -> None:
    path = simulate(tmp_path / "run", patients=20, cycles=2, toxicity="hazards").path
    (path / MANIFEST).write_text(json.dumps(manifest(path) | {"schema": schema}))
    before = files(path)
    with pytest.raises(InputError) as refused:
        Run.open(path)
    assert complaint in refused.value.what
    assert refused.value.remedy
    with pytest.raises(InputError, match="schema"):
        simulate(path, patients=20, cycles=2, toxicity="hazards")
    assert files(path) == before


def test_a_new_run_has_the_schema_of_today(tmp_path: Path) -> None:
    path = simulate(tmp_path / "run", patients=20, cycles=2).path
    assert manifest(path)["schema"] == SCHEMA
    assert json.loads(pl.read_parquet_metadata(path / "events" / "00000.parquet")["ixastate.plan"])["model"] == "pkpd"
