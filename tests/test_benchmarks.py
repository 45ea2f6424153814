"""Whether the benchmark runs: once, as small as it can be, with every row there or left out for a reason.

What it would refuse to time is tried on its checks alone. How fast anything is, is not asked.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("numba", reason="numba is not installed (extra cohort)")
pytest.importorskip("polars", reason="polars is not installed (extra cohort)")

import numpy as np

from benchmarks import end_to_end, limits, measure, peers, pkpd, show, stepping, suite

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "benchmarks" / "run.py"
TIMEOUT_S = 600
STEPPED = ("1", "2", "symbols", "dict", "dict tuned")
KEYS = {
    *(f"{name} {threads}" for name in ("gathers", "own gathers", "philox") for threads in (1, 2)),
    "numpy 1",
    *(f"{chain} {key}" for chain in ("real", "worst") for key in STEPPED),
    *("simpy", "transitions", "xstate", "chart", "bare", "step", "course", "live course"),
    *("kernel 1", "kernel 2", "reference"),
    *(f"scaling {size}" for size in ("a hundredth", "a tenth", "all", "ten times")),
    *(f"{model} {size}" for model in ("pkpd", "hazards") for size in ("a tenth", "all")),
    *(f"replay {lines}" for lines in (1_000, 2_000)),
    *(f"timeline {patients}" for patients in (100, 200)),
    *(f"command {name}" for name in ("rules", "replay")),
    *("ours", "eventsourcing", "postgresql"),
}
# What may be missing where these tests run: an extra, a tool, or patients enough.
OPTIONAL = {
    "simpy": "simpy is not installed",
    "transitions": "transitions is not installed",
    "xstate": "",
    "ours": "sqlalchemy is not installed",
    "eventsourcing": "eventsourcing is not installed",
    "postgresql": "names no database of a PostgreSQL server",
    "gathers 2": "this process may use",
    "own gathers 2": "this process may use",
    "philox 2": "this process may use",
    "real 2": "this process may use",
    "worst 2": "this process may use",
    "kernel 2": "this process may use",
    "pkpd a tenth": "too few",
    "hazards a tenth": "too few",
}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments],
        capture_output=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONUTF8": "1"},
        timeout=TIMEOUT_S,
        check=False,
    )


# --- The whole of it ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """What a tiny run printed, and what it wrote."""
    file = tmp_path_factory.mktemp("benchmarks") / "figures.json"
    finished = run("--quick", "--patients", "300", "--weeks", "8", "--json", str(file))
    assert finished.returncode == 0, finished.stderr
    return finished.stdout, json.loads(file.read_text(encoding="utf-8"))


def test_every_row_is_there_or_left_out_for_a_reason(whole: tuple[str, dict[str, Any]]) -> None:
    printed, written = whole
    rows = [row for section in written["sections"] for row in section["rows"]]
    left_out = {key: why for section in written["sections"] for key, why in section["left_out"].items()}
    keys = [row["key"] for row in rows]
    assert sorted([*keys, *left_out]) == sorted(KEYS)
    assert all(why and OPTIONAL[key] in why for key, why in left_out.items())
    for row in rows:
        assert f"| {row['what']} " in printed
        assert all(figure > 0 for figure in row["figures"].values()), row
    for key, why in left_out.items():
        assert f"- left out: {key}: {why}\n" in printed


def test_what_was_wanted_stands_beside_what_was_found(whole: tuple[str, dict[str, Any]]) -> None:
    printed, written = whole
    rows = {row["key"]: row["figures"] for section in written["sections"] for row in section["rows"]}
    found = {target["what"]: target["found"] for target in written["targets"]}
    most = 2 if "real 2" in rows else 1
    assert found["stepping, worst chain, of gathers anywhere"] == pytest.approx(
        rows[f"worst {most}"][suite.RATE] / rows[f"gathers {most}"]["M/s"]
    )
    assert found["stepping, real chain, × dict table"] == pytest.approx(
        rows[f"real {most}"][suite.RATE] / rows["real dict"][suite.RATE]
    )
    assert found["pkpd, kernel, 1 thread, × plain Python"] == pytest.approx(
        rows["kernel 1"][suite.RATE] / rows["reference"][suite.RATE]
    )
    assert all(what in printed for what in found)


def test_a_small_run_says_that_it_is_not_to_be_quoted(whole: tuple[str, dict[str, Any]]) -> None:
    assert "not to be quoted" in whole[0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--patients", "0"], "'0' is not a whole number from 1 on"),
        (["--patients", "many"], "'many' is not a whole number from 1 on"),
        (["--weeks", "6"], "a multiple of 4"),
        (["--json", str(Path("no such directory") / "file")], "there is no directory"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_measured(arguments: list[str], said: str) -> None:
    finished = run(*arguments)
    assert finished.returncode == 2
    assert said in finished.stderr
    assert finished.stdout == ""


# --- How time is taken ----------------------------------------------------------------------------------------


def test_the_best_round_counts_after_a_warm_up(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    times = {"a": iter([5.0, 3.0, 4.0]), "b": iter([1.0, 2.0, 3.0])}

    def elapsed(work: measure.Work, repeats: int) -> float:
        work()
        return next(times[done[-1]])

    monkeypatch.setattr(measure, "elapsed", elapsed)
    works = {name: lambda name=name: done.append(name) for name in times}  # type: ignore[misc]
    assert measure.best(works, 3, "") == {"a": 3.0, "b": 1.0}
    assert done == ["a", "b"] * 4


def test_a_short_work_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(measure, "elapsed", lambda work, repeats: asked.append(repeats) or 0.01)
    measure.best({"": lambda: None}, 3, "")
    assert asked == [1, 20, 20]


@pytest.mark.parametrize("threads", [1, 2])
def test_every_span_is_taken_once(threads: int) -> None:
    taken: list[measure.Span] = []
    with ThreadPoolExecutor(threads) as pool:
        workers = [lambda first, count: taken.append((first, count))] * threads
        measure.share_out(pool, workers, measure.spans(1000, 7))
    assert sorted(patient for first, count in taken for patient in range(first, first + count)) == list(range(1000))


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("lanes", [1, 5, 20_000])
def test_limits_are_measured_in_whole_lanes(lanes: int, threads: int) -> None:
    pieces = limits.in_lanes(lanes * limits.LANES, threads)
    assert sum(count for _, count in pieces) == lanes * limits.LANES
    assert all(count % limits.LANES == 0 for _, count in pieces)
    assert len(pieces) >= min(threads, lanes)


def test_the_places_looked_at_are_those_of_simulated_courses() -> None:
    chain = stepping.worst_case(1000)
    one_way = replace(chain, following=np.full_like(chain.following, 7))
    places = stepping.looked_at(one_way, 64, 8)
    assert places.tolist()[64:] == pytest.approx([7 * 32 + 16] * 7 * 64, abs=16)
    assert len(set(places.tolist())) > 30
    assert len(set((stepping.looked_at(chain, 640, 8) // 32).tolist())) > 900


def test_two_workers_work_at_the_same_time() -> None:
    together = threading.Barrier(2, timeout=30)
    with ThreadPoolExecutor(2) as pool:
        measure.share_out(pool, [lambda first, count: together.wait()] * 2, [(0, 1), (1, 1)])


def test_memory_is_that_of_the_child_alone() -> None:
    held = bytearray(os.urandom(1)) * 200_000_000
    code = "from benchmarks.end_to_end import peak_bytes; print(peak_bytes())"
    if not Path("/proc/self/status").exists():
        pytest.skip("only Linux tells the two apart")
    peak = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True).stdout
    assert 1_000_000 < int(peak) < len(held)


def test_more_threads_than_processors_are_left_out() -> None:
    settings = measure.Settings(1, 1, 4, threads=3, processors=2, rounds=1, quick=True)
    assert settings.counts == [1]
    section = suite._without_threads(measure.Section("", ""), settings, ["real"])
    assert section.left_out == {"real 3": "this process may use 2 processor(s)"}
    assert replace(settings, processors=3).counts == [1, 3]


# --- What would not be timed ----------------------------------------------------------------------------------


def test_another_share_on_treatment_is_no_chance() -> None:
    measure.same_share("near", 0.51, 1000, 0.5)
    with pytest.raises(measure.Disagreement, match="far"):
        measure.same_share("far", 0.6, 1000, 0.5)


@pytest.fixture(scope="module")
def courses() -> peers.Courses:
    from ixastate.cohort.models.hazards import Hazards
    from ixastate.cohort.run.plan import arrays_of

    return peers.Courses(arrays_of(), Hazards.read(), 30, 13)


def test_a_machine_that_ends_elsewhere_is_noticed(courses: peers.Courses) -> None:
    assert len({len(symbols) for symbols in courses.symbols}) > 1
    ends = courses.ends
    courses.check("same", ends)
    with pytest.raises(measure.Disagreement, match="other: 1 of 30 courses"):
        courses.check("other", [peers.SCREENING, *ends[1:]])


def test_rows_that_differ_from_plain_python_are_noticed(courses: peers.Courses) -> None:
    oracle = pkpd.oracle(courses.arrays, 1)
    rows = [row for patient in (0, 1) for row in oracle.course(patient)[1]]

    def kernel(first: int, count: int) -> Any:
        columns = {name: np.array([row[name] for row in rows]) for name in pkpd.SAID}
        return SimpleNamespace(rows=SimpleNamespace(columns=lambda: columns))

    pkpd.check(kernel, oracle, 2)
    rows[-1] = rows[-1] | {"configuration": 0}
    with pytest.raises(measure.Disagreement, match="different things"):
        pkpd.check(kernel, oracle, 2)


def test_without_node_or_a_library_the_row_is_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(measure.LeftOut, match="nothing_of_that_name is not installed"):
        peers.require("nothing_of_that_name")
    with monkeypatch.context() as changed:
        changed.setattr(shutil, "which", lambda name: None)
        with pytest.raises(measure.LeftOut, match="Node is not installed"):
            peers.node_modules("xstate")
    monkeypatch.setattr(shutil, "which", lambda name: "node")
    monkeypatch.setenv("IXASTATE_NODE_MODULES", str(tmp_path))
    with pytest.raises(measure.LeftOut, match="holds no xstate"):
        peers.node_modules("xstate")


def test_a_run_that_fails_is_left_out() -> None:
    with pytest.raises(measure.LeftOut, match="the run ended with"):
        end_to_end.measure("no such model", 1, 1, 1)


def test_a_full_run_is_held_to_what_was_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int]] = []

    def measured(model: str, patients: int, cycles: int, threads: int) -> dict[str, float]:
        asked.append((model, patients))
        peak = {"pkpd": 1e9, "hazards": 1e9 + patients * 1e3}[model]
        found = {"seconds": 200.0, "simulating": 100.0, "of_kernel": 0.69}
        return found | {"peak_bytes": peak, "disk_bytes": 3e8, "events": 1e8}

    monkeypatch.setattr(end_to_end, "measure", measured)
    patients, cycles = suite.FULL
    settings = measure.Settings(patients, cycles, 4 * cycles, threads=2, processors=2, rounds=3, quick=False)
    section, targets = suite.end_to_end_section(settings)
    assert asked == [(model, n) for model in ("pkpd", "hazards") for n in (patients // 10, patients)]
    assert section.left_out == {}
    assert section.rows[1].figures[suite.EVENTS] == 1.0
    assert section.rows[1].figures["bytes an event"] == 3.0
    assert section.rows[1].figures[suite.OF_KERNEL] == 0.69
    assert [(target.what, target.met) for target in targets] == [
        ("pkpd, end to end, seconds", False),
        ("pkpd, end to end, peak in GB", True),
        ("pkpd, end to end, of its kernel", False),
        ("pkpd, end to end, peak memory of all to a tenth", True),
        ("hazards, end to end, peak memory of all to a tenth", False),
    ]
    assert "| no " in show.targets(targets)


# --- What is printed ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (1234567.8, "1,234,568"),
        (100.4, "100"),
        (12.34, "12.3"),
        (1.5, "1.50"),
        (0.01234, "0.0123"),
        (2.0, "2"),
    ],
)
def test_a_figure_has_three_digits_that_matter(value: float | None, text: str) -> None:
    assert show.number(value) == text
