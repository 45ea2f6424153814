"""Pictures of objects: what a notebook shows, the texts, and the files."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from ixastate.course.course import Record
from ixastate.course.log import read_log
from ixastate.course.replay import replay_log
from ixastate.diagrams import slices
from ixastate.diagrams.model import SUFFIXES, Drawing
from ixastate.diagrams.show import Picture, course_picture, graph_picture, slice_picture, table_picture
from ixastate.diagrams.slices import cut
from ixastate.diagrams.views import dot_source, drawing, graph_of, mermaid_source
from ixastate.errors import InputError, MissingExtra, OutputError
from ixastate.rules import Edition, load_edition
from ixastate.symbols import SCREENING, Configuration
from ixastate.table.table import Table

LOG = Path(__file__).parent.parent / "examples" / "two-patients.jsonl"
RECORDS = tuple(step.record for step in replay_log(read_log(LOG)))
draws = pytest.mark.skipif(
    shutil.which("dot") is None and find_spec("pygraphviz") is None, reason="neither dot nor pygraphviz is here"
)


@dataclass
class FakeCourse:
    """What a picture needs of a course."""

    records: tuple[Record, ...]
    edition: Edition
    patient: str | None
    configuration: Configuration = SCREENING


def course(patient: str | None = RECORDS[0].patient) -> FakeCourse:
    records = tuple(record for record in RECORDS if record.patient == patient)
    return FakeCourse(records, load_edition(), patient)


@pytest.fixture
def nothing_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "pygraphviz", None)


def part() -> slices.Slice:
    return cut(graph_of(), ("anc_low", "anc_recovered"))


# --- Which view belongs to which object -----------------------------------------------------------------------


def test_a_course_is_its_path() -> None:
    one = course()
    assert course_picture(one).dot == dot_source("path", records=one.records)
    assert f"The path of {one.patient} (dosing-text)" in repr(course_picture(one))


def test_a_course_without_records_is_a_patient_in_screening() -> None:
    picture = course_picture(FakeCourse((), load_edition("us-label"), "patient 7"))
    assert repr(picture) == "<Picture: The path of patient 7 (us-label): 0 events, 1 configurations>"
    assert [box.tooltip for box in picture.drawing.boxes] == ["screening"]


def test_a_resumed_course_without_records_stands_where_it_stood() -> None:
    last = RECORDS[1]
    resumed = FakeCourse((), load_edition(), last.patient, last.after)
    (box,) = course_picture(resumed).drawing.boxes
    assert box.tooltip == ", ".join(last.after)
    assert last.status.words in box.label


def test_a_course_is_drawn_by_its_own_edition() -> None:
    assert course_picture(FakeCourse((), load_edition("us-label"), None)).drawing.title.count("us-label") == 1


def test_a_graph_is_its_chart_a_table_its_bedside_view_and_a_slice_its_machine() -> None:
    assert graph_picture(graph_of("us-label")).dot == dot_source("chart", edition="us-label")
    assert table_picture(Table.of()).dot == dot_source("bedside")
    assert slice_picture(part()).drawing == drawing("slice", "anc_low,anc_recovered")


# --- What a notebook shows ------------------------------------------------------------------------------------


@draws
def test_a_notebook_shows_the_svg_of_each_object() -> None:
    for svg in (course_picture(course())._repr_svg_(), part()._repr_svg_(), drawing("region", "rash")._repr_svg_()):
        assert svg is not None
        assert svg.rstrip().endswith("</svg>")
    assert "rash_grade_2_3" in str(drawing("region", "rash")._repr_svg_())
    assert Picture(drawing("region", "rash")).svg == drawing("region", "rash")._repr_svg_()


@pytest.mark.usefixtures("nothing_draws")
def test_where_nothing_can_draw_a_notebook_shows_the_text() -> None:
    picture = course_picture(course())
    assert picture._repr_svg_() is None
    assert part()._repr_svg_() is None
    assert drawing("region", "rash")._repr_svg_() is None
    assert repr(part()) == "<Slice of anc_low, anc_recovered after start_4_25: 8 states for 8 configurations>"
    assert repr(Drawing("x", "y", (), (), ())) == "<Drawing x: 0 boxes, 0 arrows>"
    with pytest.raises(MissingExtra):
        _ = picture.svg
    assert picture.dot.startswith("digraph path {")


# --- Files ----------------------------------------------------------------------------------------------------


@draws
def test_the_suffix_is_the_format_of_the_file(tmp_path: Path) -> None:
    picture = Picture(drawing("region", "rash"))
    for suffix in SUFFIXES:
        picture.save(tmp_path / f"rash{suffix.upper() if suffix == '.png' else suffix}")
    assert (tmp_path / "rash.dot").read_text() == picture.dot == dot_source("region", "rash")
    assert (tmp_path / "rash.mmd").read_text() == mermaid_source("region", "rash")
    assert (tmp_path / "rash.svg").read_text() == picture.svg
    assert (tmp_path / "rash.PNG").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "rash.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("name", ["rash.gif", "rash", ".svg"])
def test_another_suffix_is_refused_and_nothing_written(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no picture ends in") as raised:
        Picture(drawing("region", "rash")).save(str(tmp_path / name))
    assert raised.value.where == str(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("nothing_draws")
def test_a_text_is_saved_where_nothing_can_draw_and_a_picture_is_not(tmp_path: Path) -> None:
    picture = Picture(drawing("region", "rash"))
    (tmp_path / "rash.svg").write_text("before")
    with pytest.raises(MissingExtra):
        picture.save(tmp_path / "rash.svg")
    assert (tmp_path / "rash.svg").read_text() == "before"
    picture.save(tmp_path / "rash.dot")
    assert (tmp_path / "rash.dot").read_text() == picture.dot


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        Picture(drawing("region", "rash")).save(tmp_path / "no" / "rash.dot")
