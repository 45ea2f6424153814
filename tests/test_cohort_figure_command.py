"""`ixastate figure`: one picture of a run or of two, and what it will not draw."""

from __future__ import annotations

import struct
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ixastate.cli.figure import KINDS, TIME
from ixastate.cli.main import main
from ixastate.cohort import simulate
from ixastate.cohort.answers.curves import survival_figure
from ixastate.cohort.run.run import Run
from ixastate.diagrams.plots import as_bytes
from ixastate.diagrams.render import DOTS_PER_INCH
from ixastate.errors import InputError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("figure")


@pytest.fixture(scope="module")
def text(folder: Path) -> Run:
    return simulate(folder / "text", patients=400, cycles=13, seed=2)


@pytest.fixture(scope="module")
def label(folder: Path) -> Run:
    return simulate(folder / "label", patients=300, cycles=8, seed=2, edition="us-label")


def stops(run: Run) -> list[tuple[int, bool]]:
    """The days on treatment of each patient, and whether treatment stopped."""
    rows = run.collect(run.patients.select("treated_days", "ended_by"))
    return [(days, cause is not None) for days, cause in rows.iter_rows()]


def test_a_curve_is_the_share_still_on_treatment(text: Run, label: Run) -> None:
    """Nobody is lost before the end of the follow-up, so that it is a share of all on every day before it."""
    figure = survival_figure(text, label)
    (axes,) = figure.axes
    assert [line.get_linestyle() for line in axes.lines] == ["-", "--"]
    for run, line in zip((text, label), axes.lines, strict=True):
        found = stops(run)
        end = 28 * run.plan.cycles
        at, share = (np.asarray(values, float) for values in line.get_data())
        assert at[-1] == run.plan.cycles + 1
        for day in (0, 20, 100, 200):
            expected = 1 - sum(stopped and days <= day for days, stopped in found) / len(found)
            step = np.searchsorted(at, day / 28 + 1, side="right") - 1
            assert share[step] == pytest.approx(expected)
        assert all(days == end for days, stopped in found if not stopped)
    names = [one.get_text() for one in figure.legends[0].get_texts()]
    assert names == ["edition dosing-text, model pkpd, seed 2", "edition us-label, model pkpd, seed 2"]


def test_below_a_cycle_stand_those_who_began_it(text: Run, label: Run) -> None:
    (axes,) = survival_figure(text, label).axes
    begun = [
        Counter(run.collect(run.cycles.select(pl.col("cycle").cast(pl.Int64)))["cycle"].to_list())
        for run in (text, label)
    ]
    told = [label.get_text().split("\n") for label in axes.get_xticklabels()]
    assert told[0] == ["1", "400", "300"]
    assert len(told) > 5
    for cycle, one, other in told:
        assert (one, other) == (str(begun[0][int(cycle)]), str(begun[1][int(cycle)]))


def test_the_same_runs_give_the_same_bytes(text: Run, label: Run) -> None:
    for kind in ("svg", "png", "pdf"):
        once, again = (as_bytes(survival_figure(text, label, width=3.4), kind) for _ in range(2))  # type: ignore[arg-type]
        assert once == again


def test_three_runs_are_too_many(text: Run) -> None:
    with pytest.raises(InputError, match="too many"):
        survival_figure(text, text, text)


def said(capsys: pytest.CaptureFixture[str], *arguments: Any, code: int = 0) -> str:
    assert main([str(argument) for argument in arguments]) == code
    told = capsys.readouterr()
    return told.out + told.err


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn_as_wide_as_asked(
    kind: str, text: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "figure.png"
    assert "written to" in said(capsys, "figure", kind, text.path, "-o", target, "--width", 170)
    width, _ = struct.unpack(">II", target.read_bytes()[16:24])
    assert width == int(170 / 25.4 * DOTS_PER_INCH)
    titled = target.read_bytes()
    said(capsys, "figure", kind, text.path, "-o", target, "--width", 170, "--no-title")
    assert target.read_bytes() != titled


def test_two_runs_in_a_column(text: Run, label: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, begins in (("time.svg", b"<?xml"), ("time.pdf", b"%PDF")):
        target = tmp_path / name
        said(capsys, "figure", TIME, text.path, label.path, "-o", target, "--width", 85, "--no-title")
        assert target.read_bytes().startswith(begins)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([TIME, "RUN"], "where to, and as what?"),
        ([TIME, "RUN", "-o", "FOLDER/x.gif"], "no picture ends in '.gif'"),
        ([TIME, "RUN", "-o", "FOLDER/x"], "no picture ends in ''"),
        ([TIME, "RUN", "-o", "FOLDER/none/x.svg"], "none"),
        ([TIME, "FOLDER", "-o", "FOLDER/x.svg"], "it holds no cohort"),
        ([TIME, "RUN", "FOLDER", "-o", "FOLDER/x.svg"], "it holds no cohort"),
        ([TIME, "RUN", "-o", "FOLDER/x.svg", "--width", "79"], "cannot be 79 mm wide"),
        ([TIME, "RUN", "-o", "FOLDER/x.svg", "--width", "601"], "cannot be 601 mm wide"),
        (["swimmers", "RUN", "-o", "FOLDER/x.svg", "--width", "169"], "from 170 to 600"),
        (["occupancy", "RUN", "RUN", "-o", "FOLDER/x.svg"], "occupancy is of one run"),
        (["ages", "RUN", "-o", "FOLDER/x.svg"], "time-on-treatment"),
    ],
)
def test_what_cannot_be_drawn_is_refused_and_nothing_is_written(
    arguments: list[str], words: str, text: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(text.path) if one == "RUN" else one.replace("FOLDER", str(tmp_path)) for one in arguments]
    assert words in said(capsys, "figure", *given, code=2)
    assert list(tmp_path.iterdir()) == []
