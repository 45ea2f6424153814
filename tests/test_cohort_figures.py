"""The pictures of a cohort: whole, the same bytes every time, and saying what the answers say."""

from __future__ import annotations

import hashlib
import json
import re
import struct
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra cohort)")

import polars as pl
from matplotlib.backends.backend_agg import FigureCanvasAgg

from ixastate.cli.main import main
from ixastate.cli.summary import SUMMARY, as_text, write_answers
from ixastate.cohort.answers import figures, summary
from ixastate.cohort.answers.spells import meanings
from ixastate.cohort.run.directory import Directory
from ixastate.cohort.run.plan import run_context
from ixastate.cohort.run.run import Run
from ixastate.diagrams import dot
from ixastate.diagrams.charts import chart
from ixastate.diagrams.plots import as_bytes
from ixastate.diagrams.render import DOTS_PER_INCH
from ixastate.diagrams.style import DOSE_GREENS, HOLD_COLOURS
from ixastate.diagrams.traffic import THINNEST, WIDEST, traffic
from ixastate.errors import InputError, MissingExtra
from ixastate.symbols import TOXICITIES
from tests.cohort_runs import FOUR, HELD, NEUTRO, STARTED, handmade, simulated

DRAWN = [f"{name}.{kind}" for name in ("occupancy", "swimmers", "dose-intensity") for kind in ("png", "svg")]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return simulated(tmp_path_factory.mktemp("figures") / "run")


@pytest.fixture
def no_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here can draw DOT."""

    def refuse(text: str, kind: str) -> bytes:
        raise MissingExtra("nothing here can draw DOT", where="diagram", remedy="install one")

    monkeypatch.setattr(figures, "render", refuse)


# --- The files ---------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_program")
def test_without_a_program_the_chart_is_left_out_and_a_note_says_why(run: Run, tmp_path: Path) -> None:
    (tmp_path / "traffic.svg").write_text("of an earlier time")
    written = figures.write_figures(run, tmp_path)
    assert sorted(path.name for path in written) == sorted([*DRAWN, "traffic.dot", "left-out.txt"])
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in written)
    note = (tmp_path / "left-out.txt").read_text(encoding="utf-8")
    assert note == "The chart with its traffic was not drawn: diagram: nothing here can draw DOT (install one)\n"


def test_a_drawn_chart_takes_the_note_away(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "render", lambda text, kind: f"drawn as {kind}".encode())
    (tmp_path / "left-out.txt").write_text("of an earlier time")
    names = sorted(path.name for path in figures.write_figures(run, tmp_path))
    assert names == sorted([*DRAWN, "traffic.dot", "traffic.png", "traffic.svg"])
    assert not (tmp_path / "left-out.txt").exists()
    assert (tmp_path / "traffic.png").read_bytes() == b"drawn as png"


@pytest.mark.parametrize("name", figures.FIGURES)
@pytest.mark.parametrize("kind", figures.FORMATS)
def test_the_same_run_gives_the_same_bytes(run: Run, name: str, kind: figures.PictureFormat) -> None:
    once, again = (as_bytes(figures.FIGURES[name](run), kind) for _ in range(2))
    assert once == again
    assert b"Matplotlib" not in once
    assert b"<dc:date>" not in once


def test_pictures_are_whole(run: Run) -> None:
    for make in figures.FIGURES.values():
        figure = make(run)
        width, height = struct.unpack(">II", as_bytes(figure, "png")[16:24])
        assert (width, height) == tuple(int(side * DOTS_PER_INCH) for side in figure.get_size_inches())
        assert ElementTree.fromstring(as_bytes(figure, "svg")).tag == f"{SVG}svg"


def test_nothing_is_cut_off(run: Run) -> None:
    """All that is drawn lies inside its picture, and fills it."""
    for make in figures.FIGURES.values():
        figure = make(run)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        drawn, (width, height) = figure.get_tightbbox(canvas.get_renderer()), figure.get_size_inches()
        assert 0 <= drawn.x0 < drawn.x1 <= width
        assert 0 <= drawn.y0 < drawn.y1 <= height
        assert drawn.width > 0.9 * width


def test_answers_are_written_beside_the_run(run: Run) -> None:
    written = write_answers(run)
    assert written[0] == run.path / SUMMARY
    answers = as_text(summary.as_json(run))
    content = json.loads(written[0].read_bytes())
    assert content.pop("digest") == hashlib.sha256(answers).hexdigest()
    assert as_text(content) == answers
    assert content["format"] == summary.FORMAT
    assert {path.name for path in (run.path / "figures").iterdir()} == {path.name for path in written[1:]}
    assert Run.open(run.path) == run


@pytest.mark.usefixtures("no_program")
def test_the_command_writes_them_and_passes_the_note_on(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", str(run.path), "--figures"]) == 0
    said = capsys.readouterr().err
    assert f"9 files written to {run.path}" in said
    assert "was not drawn" in said


# --- What they show ----------------------------------------------------------------------------------------------


def test_the_stack_fills_the_picture(run: Run) -> None:
    (axes,) = figures.occupancy_figure(run).axes
    tops = [max(path.vertices[:, 1].max() for path in area.get_paths()) for area in axes.collections]
    assert tops[-1] == pytest.approx(1)
    assert len(axes.collections) == summary.occupancy(run).filter(pl.col("patients") > 0)["place"].n_unique()


def test_the_lines_are_the_dose_intensities(run: Run) -> None:
    (axes,) = figures.intensity_figure(run).axes
    found = summary.dose_intensity_by_cycle(run)
    for line in axes.lines:
        own = found.filter(pl.col("drug") == line.get_label())
        assert list(line.get_ydata()) == own["mean"].to_list()
        assert min(line.get_ydata()) >= axes.get_ylim()[0]


def test_a_swimmer_for_each_of_the_first_patients(tmp_path: Path) -> None:
    run = handmade(
        tmp_path,
        [(0, 1, FOUR, STARTED), (0, 15, NEUTRO, HELD), (1, 1, FOUR, STARTED), (2, 1, FOUR, STARTED)],
        [(56, None), (56, None), (56, None)],
    )
    (axes,) = figures.swimmer_figure(run, patients=2).axes
    bars = sorted(
        (round(bar.get_y() + bar.get_height() / 2), bar.get_x(), bar.get_width(), bar.get_facecolor()[:3])
        for bar in axes.patches
    )
    assert [bar[:3] for bar in bars] == [(0, 1, 0.5), (0, 1.5, 1.5), (1, 1, 2)]
    colours = [tuple(round(255 * part) for part in bar[3]) for bar in bars]
    green, orange = (tuple(bytes.fromhex(colour[1:])) for colour in (DOSE_GREENS[0], HOLD_COLOURS["neutrophils"]))
    assert colours == [green, orange, green]


def test_each_reason_has_a_colour_of_its_own(run: Run) -> None:
    places = meanings(run).places
    colours = figures.colours_of(places)
    assert list(colours) == summary.occupancy(run)["place"].unique(maintain_order=True).to_list()
    assert len(set(colours.values())) == len(places)
    for reason in {place.reason for place in places if place.reason}:
        assert colours[f"held for {reason}"] == HOLD_COLOURS[reason]
    assert set(HOLD_COLOURS) == {toxicity.reason for toxicity in TOXICITIES}


# --- The traffic -------------------------------------------------------------------------------------------------


def test_every_transition_taken_is_on_the_chart(run: Run) -> None:
    graph = run_context(run.plan).arrays.table.graph
    counts = dict(summary.transition_counts(run).iter_rows())
    drawing = figures.traffic_drawing(run)
    shown: dict[tuple[int, ...], int] = {
        arrow.stands_for: int(arrow.label.split(" ×")[0].replace(",", ""))
        for arrow in drawing.arrows
        if " ×" in arrow.label
    }
    expected = {
        arrow.stands_for: total
        for arrow in chart(graph).arrows
        if (total := sum(counts.get(edge, 0) for edge in arrow.stands_for))
    }
    assert shown == expected
    assert {edge for edges in shown for edge in edges} >= set(counts)


def test_wider_means_more(run: Run) -> None:
    moving = [arrow for arrow in figures.traffic_drawing(run).arrows if arrow.kind not in ("stay", "enter", "dim")]
    counted = sorted((int(arrow.label.split(" ×")[0].replace(",", "")), arrow.width) for arrow in moving)
    widths = [width for _, width in counted]
    assert widths == sorted(widths)
    assert widths[-1] == WIDEST
    assert widths[0] >= THINNEST
    most = counted[-1][0]
    assert all(width == pytest.approx(max(THINNEST, WIDEST * (count / most) ** 0.5)) for count, width in counted)
    text = dot.write(figures.traffic_drawing(run))
    assert f"penwidth={WIDEST:.2f}" in text


def test_a_chart_that_nobody_used_is_pale(run: Run) -> None:
    graph = run_context(run.plan).arrays.table.graph
    drawing = traffic(graph, {}, "nobody")
    assert {arrow.kind for arrow in drawing.arrows} == {"dim", "enter"}
    assert not re.search(r"\d ×", dot.write(drawing))


def test_usual_drawings_have_no_widths(run: Run) -> None:
    assert all(not arrow.width for arrow in chart(run_context(run.plan).arrays.table.graph).arrows)


def test_the_chart_of_other_rules_is_not_drawn(run: Run, tmp_path: Path) -> None:
    other = Run(Directory(run.path, run.plan, "of other rules"), run.manifest)
    with pytest.raises(InputError, match="made by other rules"):
        figures.traffic_drawing(other)
    names = {path.name for path in figures.write_figures(other, tmp_path)}
    assert names == {*DRAWN, "left-out.txt"}
