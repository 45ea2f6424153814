"""What a cohort makes of a machine and keeps on disk; and a finished run, of which nothing is made again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("numba", reason="the extra `cohort` is not installed")

import numpy as np

from ixastate.cli.main import main
from ixastate.cohort import kept as arrays_kept
from ixastate.cohort.arrays import kept_arrays, machine_arrays
from ixastate.cohort.kept import Arrays
from ixastate.cohort.log.log import as_parquet, machine_frames
from ixastate.cohort.models.pkpd_tables import meanings
from ixastate.cohort.run.directory import _machine_frames
from ixastate.table import kept as tables_kept
from ixastate.table.table import Table
from tests.tables import small_graph

# Made here, where the tests do not look yet.
OF = small_graph()
WANTED: Arrays = {"whole": np.arange(7, dtype=np.uint16).reshape(1, 7), "yes": np.array([True, False])}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv(tables_kept.FOLDER, str(folder))
    return folder / "tables"


@pytest.fixture
def ask() -> Callable[..., int]:
    """Ask for what is kept, check it, and say how often it has been made by now."""
    made: list[int] = []

    def make() -> Arrays:
        made.append(1)
        return WANTED

    def asked(what: str = "something") -> int:
        found = arrays_kept.kept(what, OF, make)
        assert list(found) == list(WANTED)
        for name, value in WANTED.items():
            assert (found[name].dtype, found[name].shape) == (value.dtype, value.shape)
            assert found[name].tolist() == value.tolist()
        return len(made)

    return asked


def test_it_is_made_once_for_each_thing_and_package(ask: Callable[..., int], monkeypatch: pytest.MonkeyPatch) -> None:
    assert [ask(), ask(), ask("another"), ask("another")] == [1, 1, 2, 2]
    monkeypatch.setattr(arrays_kept, "_package", lambda: "0" * 16)
    assert [ask(), ask()] == [3, 3]
    assert len(tables_kept.files()) == 3


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content + b"x",
        lambda content: content[:300] + bytes([content[300] ^ 1]) + content[301:],
        lambda content: b"ixastate arrays 1\n",
        lambda content: b"something else",
    ],
    ids=["empty", "cut", "longer", "one bit", "its first line alone", "another file"],
)
def test_what_is_damaged_is_made_anew(ask: Callable[..., int], damage: Callable[[bytes], bytes]) -> None:
    assert ask() == 1
    [file] = tables_kept.files()
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert [ask(), ask()] == [2, 2]
    assert file.read_bytes() == whole


def test_what_is_of_something_else_is_made_anew(ask: Callable[..., int]) -> None:
    assert ask("another") == 1
    [file] = tables_kept.files()
    file.rename(file.with_name(file.name.replace("another", "something")))
    assert [ask(), ask()] == [2, 2]


def test_nothing_pickled_is_kept(cache: Path) -> None:
    with pytest.raises(ValueError, match="allow_pickle"):
        arrays_kept.kept("something", OF, lambda: {"object": np.array([object()])})
    assert tables_kept.files() == []


def test_where_nothing_can_be_written_it_is_made_in_memory(
    ask: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("a file, in which no folder can be made")
    monkeypatch.setenv(tables_kept.FOLDER, str(tmp_path / "file" / "cache"))
    assert [ask(), ask()] == [1, 2]


def test_it_is_listed_and_forgotten_with_the_tables(
    ask: Callable[..., int], cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ask()
    [file] = tables_kept.files()
    assert main(["table", "--where"]) == 0
    assert capsys.readouterr().out.splitlines()[1].endswith(file.name)
    assert main(["table", "--forget"]) == 0
    assert list(cache.iterdir()) == []


def test_what_is_kept_of_a_machine_is_what_is_made_of_it() -> None:
    table = Table.of("dosing-text")
    made = machine_arrays(table)
    for found in (kept_arrays(table), kept_arrays(table)):
        for name in ("following", "output", "given", "level", "treated"):
            assert getattr(found, name).dtype == getattr(made, name).dtype
            assert (getattr(found, name) == getattr(made, name)).all()
    frames = {name: as_parquet(frame, {"of": "a run"}) for name, frame in machine_frames(made).items()}
    for _ in range(2):
        assert {name: as_parquet(frame, {"of": "a run"}) for name, frame in _machine_frames(made).items()} == frames


def test_the_kept_meanings_do_not_hold_what_a_model_file_decides() -> None:
    made = meanings(machine_arrays(Table.of("us-label")))
    assert {"visit", "weekly_while_held", "every_days", "due"}.isdisjoint(made)


# --- A finished run ----------------------------------------------------------------------------------------------


def simulated(capsys: pytest.CaptureFixture[str], run: Path, *more: str) -> tuple[str, str]:
    arguments = ["--toxicity", "hazards", "--patients", "40", "--cycles", "2", "-o", str(run), *more]
    assert main(["simulate", *arguments]) == 0
    said: Any = capsys.readouterr()
    return said.out, said.err


def refuse(*arguments: object, **named: object) -> None:
    raise AssertionError("it is made again")


def test_of_a_finished_run_nothing_is_made_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ixastate.cohort.answers import figures, summary

    run = tmp_path / "run"
    first, _ = simulated(capsys, run)
    with monkeypatch.context() as patched:
        patched.setattr(summary, "as_json", refuse)
        patched.setattr(figures, "write_figures", refuse)
        again, remark = simulated(capsys, run)
    assert again == first
    assert remark.startswith("the run is whole: 1 of 1 shards are there already")

    # What is missing or damaged is made, and nothing else is said.
    pictures = {path.name: path.read_bytes() for path in (run / "figures").iterdir()}
    (run / "figures" / "swimmers.svg").unlink()
    (run / "summary.json").write_text(json.dumps({**json.loads((run / "summary.json").read_text()), "holds": None}))
    assert simulated(capsys, run)[0] == first
    assert {path.name: path.read_bytes() for path in (run / "figures").iterdir()} == pictures
    (run / "events" / "00000.parquet").write_bytes(b"damaged")
    assert simulated(capsys, run)[0] == first


@pytest.mark.parametrize("edit", ["a figure", "the digest", "no digest", "nested too deeply"])
def test_a_summary_that_was_edited_is_counted_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], edit: str
) -> None:
    run = tmp_path / "run"
    first, _ = simulated(capsys, run)
    path = run / "summary.json"
    whole = path.read_text()
    content = json.loads(whole)
    if edit == "a figure":
        content["holds"][0]["patients"] += 1
    elif edit == "the digest":
        content["digest"] = "0" * 64
    else:
        del content["digest"]
    path.write_text(json.dumps(content) if edit != "nested too deeply" else "[" * 100_000)
    assert simulated(capsys, run)[0] == first
    assert path.read_text() == whole


def test_a_summary_of_another_run_is_counted_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, _ = simulated(capsys, tmp_path / "run")
    simulated(capsys, tmp_path / "other", "--seed", "9")
    (tmp_path / "run" / "summary.json").write_bytes((tmp_path / "other" / "summary.json").read_bytes())
    assert simulated(capsys, tmp_path / "run")[0] == first
