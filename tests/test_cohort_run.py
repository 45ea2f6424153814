"""A run: the same bytes however it is computed, killed or resumed; nothing lost, nothing half-written."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("numba", reason="the extra `cohort` is not installed")

import numpy as np
import polars as pl

from ixastate.cohort.log.ledger import Bookkeeper
from ixastate.cohort.log.log import DOSES
from ixastate.cohort.run.courses import replay, sample, verify
from ixastate.cohort.run.directory import FOLDERS, MANIFEST, Directory
from ixastate.cohort.run.engine import Maker, run_here, run_shard
from ixastate.cohort.run.plan import BLOCK, Plan, arrays_of, run_context
from ixastate.cohort.run.run import Run
from ixastate.cohort.run.simulation import Elsewhere, finish, run_shards, simulate, span_of
from ixastate.course.schedule import is_due_day
from ixastate.errors import InputError, IxastateError, OutputError
from ixastate.events import DRUGS
from ixastate.version import __version__
from tests.cohort_tools import PATIENTS, simulated, small_plan

MODELS = ("hazards", "pkpd")
EDITIONS = ("dosing-text", "us-label")


def files(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}


@pytest.fixture(scope="module", params=MODELS)
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return simulated(tmp_path_factory.mktemp(request.param) / "run", small_plan(request.param))


# --- The same bytes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_do_not_matter(whole: Run, tmp_path: Path, threads: int) -> None:
    assert files(simulated(tmp_path / "run", whole.plan, threads).path) == files(whole.path)


@pytest.mark.parametrize("shard", [2 * BLOCK, 64 * BLOCK])
def test_the_size_of_a_shard_does_not_matter_to_the_digest(whole: Run, tmp_path: Path, shard: int) -> None:
    other = simulated(tmp_path / "run", small_plan(whole.plan.model, shard=shard))
    assert other.manifest["digest"] == whole.manifest["digest"]
    for frame in ("events", "cycles", "patients"):
        assert whole.collect(getattr(whole, frame)).equals(whole.collect(getattr(other, frame))), frame


def test_shards_computed_apart_make_the_same_run(whole: Run, tmp_path: Path) -> None:
    """As jobs of an array would: each in its own order, one in a single thread, one twice."""
    context = run_context(whole.plan)
    directory = Directory.begin(tmp_path / "run", context)
    run_shards(directory, context, span_of("1:3", whole.plan.shards), threads=2)
    with pytest.raises(InputError, match="1 of 3 shards are missing, the first is 0"):
        finish(directory, context)
    for shard in (0, 2):
        run_shard(str(directory.path), whole.plan, shard, Maker(directory.fingerprint))
    assert files(finish(directory, context).path) == files(whole.path)


@pytest.mark.parametrize("change", [{"seed": 8}, {"patients": PATIENTS + 1}, {"cycles": 12}, {"edition": "us-label"}])
def test_other_arguments_are_another_run(whole: Run, tmp_path: Path, change: dict[str, int]) -> None:
    plan = Plan(**{**whole.plan.as_json(), **change})
    assert simulated(tmp_path / "run", plan).manifest["digest"] != whole.manifest["digest"]


def test_more_patients_are_the_same_patients_and_more(tmp_path: Path) -> None:
    few = simulated(tmp_path / "few", small_plan("pkpd", patients=100))
    more = simulated(tmp_path / "more", small_plan("pkpd", patients=BLOCK + 50))
    assert few.collect(few.events).equals(more.collect(more.events.filter(pl.col("patient") < 100)))


def test_paired_patients_of_two_editions_start_alike(tmp_path: Path) -> None:
    left, right = (simulated(tmp_path / edition, small_plan("pkpd", edition, patients=300)) for edition in EDITIONS)
    covariates = [name for name in left.patients.collect_schema() if name.endswith(("years", "ml_min", "times_uln"))]
    assert covariates
    assert left.collect(left.patients.select(covariates)).equals(right.collect(right.patients.select(covariates)))


# --- Killed and resumed ---------------------------------------------------------------------------------------

CHILD = """
import sys
from pathlib import Path
from ixastate.cohort.run.directory import Directory
from ixastate.cohort.run.engine import run_here
from ixastate.cohort.run.plan import Plan, run_context
import json
plan = Plan(**json.loads(sys.argv[2]))
context = run_context(plan)
context.prepare()
directory = Directory.begin(Path(sys.argv[1]), context)
print("ready", flush=True)
run_here(directory, context, directory.missing(), 1, lambda patients: print(patients, flush=True))
"""


def killed_somewhere(path: Path, plan: Plan, wait: float) -> None:
    """Start the run in a process of its own and kill it so many seconds after it has begun."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path), json.dumps(plan.as_json())], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    time.sleep(wait)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
@pytest.mark.parametrize("kills", [2, pytest.param(10, marks=pytest.mark.exhaustive)])
def test_a_run_that_was_killed_goes_on(tmp_path: Path, kills: int) -> None:
    plan = small_plan("hazards", patients=40 * BLOCK, cycles=26)
    luck = random.Random(kills)
    for _ in range(kills):
        killed_somewhere(tmp_path / "killed", plan, luck.uniform(0, 0.3))
        there = files(tmp_path / "killed")
        for name, content in there.items():
            if name.endswith(".parquet") and not Path(name).name.startswith("."):
                assert content[:4] == content[-4:] == b"PAR1", name
    context = run_context(plan)
    directory = Directory.begin(tmp_path / "killed", context)
    run_here(directory, context, directory.missing(), 2, lambda patients: None)
    directory.complete(context)
    assert files(directory.path) == files(simulated(tmp_path / "whole", plan, 2).path)


ENDED_AT = """
import os, sys
run, at, by = os.path.abspath(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
seen = 0

def look(event, arguments):
    # Whatever is written, moved, made or removed in the run's directory.
    global seen
    if event in ("os.rename", "os.link", "os.mkdir", "os.remove", "open", "os.truncate"):
        if event == "open" and not (isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)):
            return
        if run in [os.path.abspath(one)[: len(run)] for one in arguments if isinstance(one, (str, os.PathLike))]:
            seen += 1
            if seen == at:
                os.kill(os.getpid(), by)

sys.addaudithook(look)
from ixastate.cli.main import main
command = "simulate --patients 2000 --cycles 3 --toxicity hazards --seed 7 --shard-size 1024 -o".split()
status = main([*command, run])
print(seen)
sys.exit(status)
"""


def ended_at(run: Path, step: int, by: int) -> subprocess.CompletedProcess[str]:
    """Simulate in a process of its own, which is ended at the n-th step of what it does to the run's directory."""
    command = [sys.executable, "-c", ENDED_AT, str(run), str(step), str(by)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


@pytest.mark.exhaustive
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_simulate_may_be_ended_at_any_step_and_goes_on(tmp_path: Path) -> None:
    """Thirty moments, half by SIGKILL and half by SIGTERM; then the same command gives the same bytes.

    Five lie within the beginning and five within the ending, each in a directory of its own, and twenty anywhere, one
    after the other in one directory.
    """
    undisturbed = ended_at(tmp_path / "whole", 0, signal.SIGKILL)
    assert undisturbed.returncode == 0, undisturbed.stderr
    steps = int(undisturbed.stdout.splitlines()[-1])
    expected = files(tmp_path / "whole")
    luck = random.Random(30)
    at_the_ends = [*luck.sample(range(1, 12), 5), *luck.sample(range(steps - 12, steps + 1), 5)]
    between = [luck.randint(1, steps) for _ in range(20)]
    for place, step in enumerate((*at_the_ends, *between)):
        run = tmp_path / (f"ended {step}" if place < len(at_the_ends) else "ended often")
        by = (signal.SIGKILL, signal.SIGTERM)[place % 2]
        ended = ended_at(run, step, by)
        assert ended.returncode in (0, -by, 128 + by), (step, by, ended.stderr)
        assert "Traceback" not in ended.stderr
        if place < len(at_the_ends) or place == 29:
            again = ended_at(run, 0, by)
            assert again.returncode == 0, (step, by, again.stderr)
            assert files(run) == expected, (step, by)


def test_a_finished_shard_is_not_computed_again(whole: Run, tmp_path: Path) -> None:
    context = run_context(whole.plan)
    directory = Directory.begin(tmp_path / "run", context)
    run_here(directory, context, [0], 1, lambda patients: None)
    assert directory.missing() == [1, 2]
    done: list[int] = []
    run_here(directory, context, directory.missing(), 1, done.append)
    assert sum(done) == PATIENTS - BLOCK


def test_a_shard_that_was_damaged_is_computed_again(whole: Run, tmp_path: Path) -> None:
    path = simulated(tmp_path / "run", whole.plan).path
    before = files(path)
    for name in ("events/00001.parquet", "machine/outputs.parquet"):
        (path / name).write_bytes(before[name][:-10])
    directory = Directory.begin(path, run_context(whole.plan))
    assert list(directory.damaged()) == ["events/00001.parquet", "machine/outputs.parquet"]
    assert directory.missing() == [1]
    run_here(directory, run_context(whole.plan), [1], 1, lambda patients: None)
    directory.complete(run_context(whole.plan))
    assert files(path) == before


def test_the_python_entry_point(tmp_path: Path) -> None:
    run = simulate(tmp_path / "run", patients=50, cycles=3, seed=1, toxicity="hazards")
    again = simulate(tmp_path / "run", patients=50, cycles=3, seed=1, toxicity="hazards")
    assert run.manifest == again.manifest
    assert run.collect(run.patients).height == 50


# --- Beginning, and what a manifest says ----------------------------------------------------------------------


def test_a_beginning_that_was_ended_is_begun_again(whole: Run, tmp_path: Path) -> None:
    context = run_context(whole.plan)
    for name, ending in {
        "nothing": lambda path: None,
        "folders": lambda path: [(path / kind).mkdir() for kind in ("events", "shards")],
        "a manifest that was not moved": lambda path: (path / f".{MANIFEST}.x3").write_text("{"),
    }.items():
        path = tmp_path / name
        path.mkdir()
        ending(path)
        directory = Directory.begin(path, context)
        assert directory.missing() == list(range(whole.plan.shards))
        assert {kind.name for kind in path.iterdir() if kind.is_dir()} == set(FOLDERS)


@pytest.mark.parametrize("name", ["notes.txt", "events/mine.parquet", ".hidden"])
def test_a_directory_of_something_else_is_left_as_it_is(name: str, whole: Run, tmp_path: Path) -> None:
    path = tmp_path / "mine"
    (path / name).parent.mkdir(parents=True)
    (path / name).write_text("mine")
    before = files(path)
    with pytest.raises(InputError, match="it holds no cohort, and is not empty"):
        Directory.begin(path, run_context(whole.plan))
    assert files(path) == before
    assert [entry.name for entry in path.iterdir()] == [Path(name).parts[0]]


def test_what_others_begin_while_a_directory_is_listed_is_no_hindrance(
    whole: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each listing of the directory meets a file that another beginning makes at that moment."""
    path, listed = tmp_path / "run", Path.iterdir

    def in_a_race(self: Path) -> Iterator[Path]:
        if self == path:
            (path / f".{MANIFEST}.other").write_text("{")
        return listed(self)

    monkeypatch.setattr(Path, "iterdir", in_a_race)
    assert Directory.begin(path, run_context(whole.plan)).plan == whole.plan


BEGINNER = """
import sys, time
from pathlib import Path
from ixastate.cohort.run.directory import Directory
from ixastate.cohort.run.plan import Plan, run_context
import json
plan = Plan.from_json(json.loads(sys.argv[2]), "plan")
context = run_context(plan)
print("ready", flush=True)
sys.stdin.readline()
Directory.begin(Path(sys.argv[1]), context)
print("begun", flush=True)
"""


def test_many_processes_may_begin_one_directory_at_once(whole: Run, tmp_path: Path) -> None:
    plan = json.dumps(whole.plan.as_json())
    for attempt in range(3):
        command = [sys.executable, "-c", BEGINNER, str(tmp_path / f"run {attempt}"), plan]
        jobs = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(4 if attempt else 8)
        ]
        for job in jobs:
            assert job.stdout is not None
            assert job.stdout.readline() == "ready\n"
        for job in jobs:
            assert job.stdin is not None
            job.stdin.write("\n")
            job.stdin.flush()
        assert [job.communicate(timeout=120) for job in jobs] == [("begun\n", "")] * len(jobs)
        assert Directory.open(tmp_path / f"run {attempt}", complete=False).plan == whole.plan
        assert not [name for name in files(tmp_path / f"run {attempt}") if name != MANIFEST]


def test_of_two_other_plans_one_begins_and_the_other_is_refused(whole: Run, tmp_path: Path) -> None:
    Directory.begin(tmp_path / "run", run_context(whole.plan))
    before = files(tmp_path / "run")
    other = replace(whole.plan, seed=whole.plan.seed + 1)
    with pytest.raises(InputError, match="it holds another run: seed"):
        Directory.begin(tmp_path / "run", run_context(other))
    assert files(tmp_path / "run") == before


EDITS: dict[str, Callable[[dict[str, Any]], object]] = {
    "patients": lambda one: one["plan"].update(patients=one["plan"]["patients"] + 1),
    "cycles": lambda one: one["plan"].update(cycles=one["plan"]["cycles"] + 1),
    "seed": lambda one: one["plan"].update(seed=99),
    "edition": lambda one: one["plan"].update(edition="us-label"),
    "digest": lambda one: one.update(digest="0" * 64),
    "events": lambda one: one.update(events=1),
    "no files": lambda one: one.update(files={}),
    "one file less": lambda one: one["files"].popitem(),
    "a key of another name": lambda one: one.update(filez=one.pop("files")),
    "fingerprint": lambda one: one.update(fingerprint="0" * 64),
    "versions": lambda one: one["versions"].update(polars="0"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_manifest_that_was_edited_is_not_believed(edit: str, whole: Run, tmp_path: Path) -> None:
    path = simulated(tmp_path / "run", whole.plan).path
    manifest = json.loads((path / MANIFEST).read_text())
    EDITS[edit](manifest)
    (path / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(InputError, match="the manifest is not as it was written"):
        Run.open(path)


@pytest.mark.parametrize("edit", ["patients", "cycles", "seed", "edition", "no files", "one file less", "fingerprint"])
def test_a_manifest_whose_digest_was_made_again_is_held_against_the_files(
    edit: str, whole: Run, tmp_path: Path
) -> None:
    path = simulated(tmp_path / "run", whole.plan).path
    manifest = json.loads((path / MANIFEST).read_text())
    del manifest["manifest"]
    EDITS[edit](manifest)
    text = (json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode()
    again = {**manifest, "manifest": hashlib.sha256(text).hexdigest()}
    (path / MANIFEST).write_text(json.dumps(again, indent=1, sort_keys=True) + "\n")
    with pytest.raises(InputError, match="is missing or damaged"):
        Run.open(path)


# --- Dask -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.exhaustive)])
def test_dask_computes_the_same_run(tmp_path: Path, workers: int) -> None:
    pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    plan = small_plan("hazards")
    context = run_context(plan)
    directory = Directory.begin(tmp_path / "dask", context)
    done: list[int] = []
    run_shards(directory, context, directory.missing(), elsewhere=Elsewhere(workers=workers), progress=done.append)
    assert sum(done) == PATIENTS
    assert files(finish(directory, context).path) == files(simulated(tmp_path / "here", plan).path)


class Processes:
    """A scheduler, found through a file, and workers, as processes of their own."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.file = folder / "scheduler.json"
        said = ["--scheduler-file", str(self.file), "--no-dashboard"]
        scheduler = [sys.executable, "-m", "distributed.cli.dask_scheduler", *said, "--port", "0"]
        worker = [sys.executable, "-m", "distributed.cli.dask_worker", *said, "--nthreads", "1", "--no-nanny"]
        worker += ["--local-directory", str(folder)]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.scheduler, *self.workers = (subprocess.Popen(one, **quiet) for one in (scheduler, *[worker] * workers))
        until = time.monotonic() + 60
        while not self.file.exists() and time.monotonic() < until:
            time.sleep(0.1)

    def end(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.mark.parametrize(
    ("killed", "words"),
    [
        ("scheduler", "the scheduler is lost: "),
        ("worker", "the scheduler has no worker, and nothing was finished for "),
    ],
)
def test_a_run_whose_scheduler_or_last_worker_is_killed_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed: str, words: str
) -> None:
    pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    from ixastate.cohort.run import dask_engine

    monkeypatch.setattr(dask_engine, "REMARK_AFTER", 1)
    monkeypatch.setattr(dask_engine, "NO_WORKER_AFTER", 3)
    plan = small_plan("hazards", patients=12 * BLOCK)
    context = run_context(plan)
    directory = Directory.begin(tmp_path / "dask", context)
    processes = Processes(tmp_path, 1)
    finished: list[int] = []

    def kill_once(patients: int) -> None:
        finished.append(patients)
        if len(finished) == 2:
            (processes.scheduler if killed == "scheduler" else processes.workers[0]).kill()

    try:
        with pytest.raises(InputError) as refused:
            run_shards(
                directory, context, directory.missing(), elsewhere=Elsewhere(file=processes.file), progress=kill_once
            )
    finally:
        processes.end()
    assert refused.value.what.startswith(words)
    assert refused.value.where == "--engine dask"
    assert "the same command goes on from there" in refused.value.remedy
    assert 0 < len(directory.missing()) <= 10
    run_shards(directory, context, directory.missing())
    assert files(finish(directory, context).path) == files(simulated(tmp_path / "here", plan).path)


def test_a_scheduler_without_workers_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    from ixastate.cohort.run import dask_engine

    monkeypatch.setattr(dask_engine, "REMARK_AFTER", 1)
    monkeypatch.setattr(dask_engine, "NO_WORKER_AFTER", 3)
    context = run_context(small_plan("hazards"))
    directory = Directory.begin(tmp_path / "dask", context)
    processes = Processes(tmp_path, 0)
    said: list[str] = []
    elsewhere = Elsewhere(file=processes.file)
    try:
        with pytest.raises(InputError, match="no worker, and nothing was finished for 3 seconds"):
            run_shards(directory, context, directory.missing(), elsewhere=elsewhere, remark=said.append)
    finally:
        processes.end()
    assert said == [f"the scheduler has no worker, and is given {left} seconds more to have one" for left in (2, 1)]
    assert directory.missing() == list(range(context.plan.shards))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "cannot be read: "),
        ("{", "cannot be read: "),
        ("[" * 100_000, "cannot be read: it is nested too deeply"),
        ("[]", "there is no address of a scheduler in it"),
        ("{}", "there is no address of a scheduler in it"),
        ('{"address": 8786}', "there is no address of a scheduler in it"),
        ('{"address": "tls://127.0.0.1:9"}', "no scheduler answers at tls://127.0.0.1:9: TLS expects a `ssl_context`"),
        ('{"address": "nowhere"}', "no scheduler answers at nowhere: missing port number"),
        ('{"address": "tcp://127.0.0.1:1"}', "no scheduler answers at tcp://127.0.0.1:1: Timed out"),
    ],
)
def test_a_scheduler_that_cannot_be_found_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, words: str
) -> None:
    pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    from ixastate.cohort.run import dask_engine

    monkeypatch.setattr(dask_engine, "TIMEOUT", 1)
    context = run_context(small_plan("hazards"))
    directory = Directory.begin(tmp_path / "dask", context)
    file = tmp_path / "scheduler.json"
    file.write_text(text)
    with pytest.raises(InputError) as refused:
        run_shards(directory, context, directory.missing(), elsewhere=Elsewhere(file=file))
    assert refused.value.what.startswith(words)
    assert directory.missing() == list(range(context.plan.shards))


class _Lost:
    """A client whose workers fail in one way."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def submit(self, *_: object, **__: object) -> _Lost:
        return self

    def result(self) -> None:
        raise self.error


def failures() -> list[tuple[Exception, type[IxastateError], str]]:
    distributed = pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    return [
        (
            distributed.KilledWorker("shard-3", SimpleNamespace(address="tcp://x:1"), 3),
            InputError,
            "every worker that was given a shard has died: ",
        ),
        (distributed.CancelledError("shard-3"), InputError, "the scheduler is lost: shard-3"),
        (distributed.comm.CommClosedError("in <TCP>"), InputError, "the scheduler is lost: in <TCP>"),
        (ModuleNotFoundError("No module named 'ixastate'"), InputError, "a worker failed: No module named 'ixastate'"),
        (MemoryError(), InputError, "a worker failed: MemoryError"),
        (
            PermissionError(13, "Permission denied"),
            OutputError,
            "a worker could not read or write a file: [Errno 13] Permission denied",
        ),
        (ConnectionResetError(104, "Connection reset by peer"), InputError, "the scheduler is lost: [Errno 104]"),
        (OutputError("cannot be written: No space left"), OutputError, "cannot be written: No space left"),
    ]


@pytest.mark.parametrize("place", range(8))
def test_each_failure_of_workers_is_told_in_words(tmp_path: Path, place: int) -> None:
    error, kind, words = failures()[place]
    from ixastate.cohort.run import dask_engine

    context = run_context(small_plan("hazards"))
    directory = Directory.begin(tmp_path / "dask", context)
    dask = SimpleNamespace(
        wait=lambda waiting, **_: (waiting, set()),
        CancelledError=sys.modules["distributed"].CancelledError,
        KilledWorker=sys.modules["distributed"].KilledWorker,
        comm=sys.modules["distributed"].comm,
    )
    with pytest.raises(kind) as told:
        dask_engine._compute(dask, _Lost(error), directory, directory.missing(), lambda _: None, lambda _: None)
    assert told.value.what.startswith(words)


@pytest.mark.parametrize(
    ("maker", "words"),
    [
        (Maker("0" * 64), "a worker has other rules or another chart of ixastate"),
        (Maker("0" * 64, "9.9"), f"a worker has version {__version__} of ixastate"),
    ],
)
def test_a_worker_of_another_machine_or_version_writes_nothing(tmp_path: Path, maker: Maker, words: str) -> None:
    plan = small_plan("hazards")
    directory = Directory.begin(tmp_path / "run", run_context(plan))
    before = files(directory.path)
    with pytest.raises(InputError, match=re.escape(words)):
        run_shard(str(directory.path), plan, 0, maker)
    assert files(directory.path) == before


class _Slow:
    """A client of some workers that finish nothing for a while, and of no worker in the end."""

    def __init__(self, waits: list[int]) -> None:
        self.waits = waits

    def submit(self, *_: object, **__: object) -> _Slow:
        return self

    def nthreads(self) -> dict[str, int]:
        return dict.fromkeys(map(str, range(self.waits.pop(0))), 1)

    def result(self) -> int:
        return 7


def test_a_person_who_waits_for_workers_is_told_now_and_then(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    from ixastate.cohort.run import dask_engine

    directory = Directory.begin(tmp_path / "dask", run_context(small_plan("hazards")))
    client = _Slow([0, 0, 1, 2, 2, 2])

    def wait(waiting: set[_Slow], **_: object) -> tuple[set[_Slow], set[_Slow]]:
        if client.waits:
            raise TimeoutError
        return waiting, set()

    dask = SimpleNamespace(wait=wait, CancelledError=distributed.CancelledError, comm=distributed.comm)
    said: list[str] = []
    done: list[int] = []
    dask_engine._compute(dask, client, directory, [0], done.append, said.append)
    assert said == [
        "the scheduler has no worker, and is given 110 seconds more to have one",
        "the scheduler has no worker, and is given 100 seconds more to have one",
        "2 workers are computing, and no shard was finished for 40 seconds",
    ]
    assert done == [7]


# --- What the rows say ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("model", MODELS)
def test_every_patient_is_a_real_course(tmp_path: Path, model: str, edition: str) -> None:
    run = simulated(tmp_path / "run", small_plan(model, edition, patients=60, cycles=26))
    done: list[int] = []
    verified = verify(run, sample(run, 30), 1, done.append)
    assert (verified.patients, verified.found, sum(done)) == (30, 0, 30)


def test_verification_finds_what_was_changed(whole: Run, tmp_path: Path) -> None:
    """Each column that the machine decides, changed in one row, is found; and so is a dose."""
    from ixastate.cohort.run.courses import compare_batch

    run = simulated(tmp_path / "run", whole.plan)
    assert compare_batch(str(run.path), [3, 4, 5])[1] == []
    events, cycles = run.path / "events" / "00000.parquet", run.path / "cycles" / "00000.parquet"
    rows, doses = pl.read_parquet(events), pl.read_parquet(cycles)
    here = (pl.col("patient") == 4) & (pl.col("number") == 1)
    kinds = rows.schema["symbol"]
    for part, changed in {
        "the state": rows.with_columns(pl.when(here).then(9).otherwise("configuration").alias("configuration")),
        "the orders": rows.with_columns(pl.when(here).then(9).otherwise("output").alias("output")),
        "the symbol": rows.with_columns(
            pl.when(here).then(pl.lit("death").cast(kinds)).otherwise("symbol").alias("symbol")
        ),
    }.items():
        changed.cast(dict(rows.schema)).write_parquet(events)
        _, found = compare_batch(str(run.path), [3, 4, 5])
        assert {one.patient for one in found} == {4}
        assert part in {one.part for one in found}
    rows.write_parquet(events)
    doses.with_columns(ixazomib_given_mg10=pl.col("ixazomib_given_mg10") + 1).write_parquet(cycles)
    assert "ixazomib in tenths of a mg" in {one.part for one in compare_batch(str(run.path), [4])[1]}


def test_the_ledger_is_what_slow_code_adds_up(whole: Run) -> None:
    """Days and doses, by walking through each patient's days one at a time."""
    arrays = arrays_of(whole.plan.edition)
    rows = whole.collect(whole.events.filter(pl.col("patient") < 60))
    patients = {row["patient"]: row for row in whole.collect(whole.patients).head(60).iter_rows(named=True)}
    booked = whole.collect(whole.cycles.filter(pl.col("patient") < 60))
    every = arrays.lenalidomide_every_days
    for patient, row in patients.items():
        mine = rows.filter(pl.col("patient") == patient).sort("number")
        changes = list(zip(mine["day"], mine["configuration"], mine["symbol"], strict=True))
        start = changes[0][1]
        often = int(every[arrays.numbers[changes[0][2]]])
        totals = dict.fromkeys(DOSES, 0)
        treated = held = reductions = 0
        now = before = start
        for day in range(1, whole.plan.cycles * 28 + 1):
            for _, configuration, _ in (change for change in changes if change[0] == day):
                before, now = now, configuration
                if arrays.treated[now] and arrays.level[now, 0] < arrays.level[before, 0]:
                    reductions += 1
            if not arrays.treated[now]:
                break
            treated += 1
            held += int(arrays.given[now, 0] == 0)
            for place, drug in enumerate(DRUGS):
                if is_due_day(drug, day, often, arrays.edition):
                    totals[f"{drug}_given_mg10"] += int(arrays.given[now, place])
                    totals[f"{drug}_planned_mg10"] += int(arrays.level[start, place])
        assert row["treated_days"] == treated
        assert row["ixazomib_held_days"] == held
        assert row["ixazomib_reductions"] == reductions
        sums = booked.filter(pl.col("patient") == patient).select(pl.col(DOSES).sum()).row(0, named=True)
        assert sums == totals
        assert {name: row[name] for name in DOSES} == totals
        assert row["events"] == len(changes)


def test_missed_doses_are_not_booked() -> None:
    from ixastate.cohort.rows import KIND, room

    arrays = arrays_of()
    usual = int(arrays.following[0, 0])
    rows = room(5)
    for name, values in {
        "patient": [0, 0, 0, 0, 0],
        "number": [1, 2, 3, 4, 5],
        "day": [1, 9, 16, 17, 31],
        "kind": [0, KIND["dose_missed"], KIND["dose_missed"], KIND["dose_delayed"], KIND["dose_vomited"]],
        "value": [0, 8, 15, 15, 0],
        "symbol": [0, 255, 255, 255, 255],
        "configuration": [usual] * 5,
    }.items():
        getattr(rows, name)[:] = values
    for name in ("second", "term", "detail", "output"):
        getattr(rows, name)[:] = 0
    doses = Bookkeeper.of(arrays, 2).keep(0, 1, rows).doses
    # The dose of day 8 was missed, that of day 15 taken late, that of day 29 vomited, which counts as taken.
    assert doses[0, :, 0].tolist() == [80, 120]
    assert doses[0, :, 3].tolist() == [120, 120]


def test_one_patient_is_replayed(whole: Run) -> None:
    steps = replay(whole, 17)
    rows = whole.collect(whole.events.filter(pl.col("patient") == 17).sort("number"))
    assert [step.record.event.type for step in steps] == rows["event"].to_list()
    assert [step.record.day for step in steps] == rows["day"].to_list()
    with pytest.raises(InputError, match="no patient"):
        replay(whole, PATIENTS)


def test_the_log_is_sorted_and_says_where_it_is_from(whole: Run) -> None:
    rows = whole.collect(whole.events.select("patient", "number", "day"))
    assert rows.equals(rows.sort("patient", "number"))
    assert (rows.group_by("patient").len().height, rows["patient"].max()) == (PATIENTS, PATIENTS - 1)
    later = rows.group_by("patient", maintain_order=True).agg(pl.col("day").diff().min())
    assert (later["day"].drop_nulls() >= 0).all()
    metadata = pl.read_parquet_metadata(whole.path / "events" / "00000.parquet")
    assert metadata["ixastate.fingerprint"] == whole.directory.fingerprint
    assert json.loads(metadata["ixastate.plan"]) == whole.plan.as_json()


def test_the_machine_is_written_beside_the_log(whole: Run) -> None:
    arrays = arrays_of(whole.plan.edition)
    configurations = whole.collect(whole.configurations)
    assert configurations["words"].to_list() == [status.words for status in arrays.table.statuses]
    assert np.array_equal(configurations["ixazomib_given_mg10"].to_numpy(), arrays.given[:, 0])
    outputs = whole.collect(whole.outputs)
    assert [tuple(rules) for rules in outputs["rules"]] == list(arrays.table.rules)


@pytest.mark.exhaustive
def test_a_worker_killed_in_mid_run_changes_nothing(tmp_path: Path) -> None:
    """A scheduler and two workers as processes of their own, found through a file; one worker is killed."""
    pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    plan = small_plan("pkpd", patients=24 * BLOCK, cycles=26)
    context = run_context(plan)
    directory = Directory.begin(tmp_path / "dask", context)
    processes = Processes(tmp_path, 2)
    try:
        killed: list[int] = []

        def kill_once(patients: int) -> None:
            killed.append(patients)
            if len(killed) == 3:
                processes.workers[0].kill()

        run_shards(
            directory, context, directory.missing(), elsewhere=Elsewhere(file=processes.file), progress=kill_once
        )
        assert processes.workers[0].wait(10) != 0
    finally:
        processes.end()
    assert sum(killed) == plan.patients
    assert files(finish(directory, context).path) == files(simulated(tmp_path / "here", plan, 2).path)
