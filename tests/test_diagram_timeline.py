"""A patient over time as a picture: what is drawn, worked out by hand from the example's log, and how to ask for it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ixastate.cli.main import main
from ixastate.course.course import Course, Record
from ixastate.course.log import read_log
from ixastate.course.replay import replay_log
from ixastate.errors import InputError

pytest.importorskip("matplotlib", reason="the extra `cohort` is not installed")

from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from ixastate.diagrams.style import DARK, VERMILLION
from ixastate.diagrams.timeline import days_of, runs, timeline, timeline_picture

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
START: dict[str, Any] = {
    "type": "course_started",
    "day": 1,
    "weekday": "monday",
    "clock_time": "08:00",
    "patient_informed": True,
    "bilirubin": {"times_uln": 1},
    "creatinine_clearance": {"value": 90, "unit": "mL/min"},
}


def run(name: str) -> tuple[Course, list[Record]]:
    steps = list(replay_log(read_log(EXAMPLES / name), None))
    return steps[-1].course, [step.record for step in steps]


def course(*facts: dict[str, Any], patient: str | None = None, edition: str = "dosing-text") -> Course:
    made = Course(patient, edition)
    for fact in facts:
        made.observe(fact)
    return made


def panels(figure: Figure) -> dict[str, Axes]:
    """By the first line of its name."""
    return {axes.get_ylabel().split("\n")[0]: axes for axes in figure.axes}


def points(axes: Axes, marker_colour: str) -> list[tuple[float, float]]:
    """The marks of a colour, by day."""
    return sorted(
        (float(x), float(y))
        for marks in axes.collections
        if len(marks.get_facecolor()) and to_hex(marks.get_facecolor()[0]) == marker_colour.lower()  # type: ignore[index, arg-type]
        for x, y in marks.get_offsets()  # type: ignore[union-attr]
    )


# --- What is drawn ----------------------------------------------------------------------------------------------------


def test_the_days_of_the_example_are_those_worked_out_by_hand() -> None:
    """A count at 07:05 comes before the dose of 08:00, a grade at 10:00 after it and so shows from the next day on.

    Platelets are low on day 15 and well on 22, neutrophils low on 36 and well on 43, neuropathy comes after the dose of
    day 40 and goes after that of 54, diarrhoea after those of 85 and 92, and low platelets end treatment on day 106.
    """
    ran, records = run("worked-course.jsonl")
    days = days_of(ran, [record.event for record in records])  # type: ignore[misc]
    assert days.last == 113
    assert {reason: list(runs(held)) for reason, held in days.reasons.items()} == {
        "platelets": [(15, 7)],
        "neutrophils": [(36, 7)],
        "neuropathy": [(41, 14)],
        "other": [(86, 7)],
    }
    assert list(runs(sorted(days.held["ixazomib"]))) == [(15, 7), (36, 19), (86, 7)]
    assert list(runs(sorted(days.held["lenalidomide"]))) == [(15, 7), (36, 7)]
    ixazomib = dict.fromkeys(range(1, 55), 4) | dict.fromkeys(range(55, 93), 3) | dict.fromkeys(range(93, 106), 2.3)
    assert days.levels["ixazomib"] == ixazomib
    lenalidomide = (
        dict.fromkeys(range(1, 22), 25) | dict.fromkeys(range(22, 65), 20) | dict.fromkeys(range(65, 106), 15)
    )
    assert days.levels["lenalidomide"] == lenalidomide
    # Day 29 was due, and missed.
    assert days.given["ixazomib"] == {1: 4, 8: 4, 29: 4, 57: 3, 64: 3, 71: 3, 85: 3, 99: 2.3}
    assert days.missed == {29}
    # Days 1 to 21 of a cycle, those of the two holds left out.
    taken = [*range(1, 15), *range(29, 36), *range(43, 50), *range(57, 78), *range(85, 106)]
    assert sorted(days.given["lenalidomide"]) == taken


def test_the_panels_of_the_example() -> None:
    figure = timeline(*run("worked-course.jsonl"))
    found = panels(figure)
    assert list(found) == ["neutrophils", "platelets", "held for;", "ixazomib", "lenalidomide"]
    assert points(found["neutrophils"], VERMILLION) == [(36, 420)]
    assert points(found["neutrophils"], DARK) == [(8, 1900), (43, 500), (113, 1100)]
    assert points(found["platelets"], VERMILLION) == [(15, 24), (106, 29.999)]
    assert points(found["platelets"], DARK) == [(22, 46)]
    assert [label.get_text() for label in found["held for;"].get_yticklabels()] == [
        "neutrophils", "platelets", "neuropathy", "rash", "other",
    ]  # fmt: skip
    bars = [bar.get_bbox() for bar in found["held for;"].patches]  # type: ignore[attr-defined]
    assert [(round((bar.y0 + bar.y1) / 2, 6), bar.x0, bar.width) for bar in bars] == [
        (0, 35.5, 7), (1, 14.5, 7), (2, 40.5, 14), (4, 85.5, 7),
    ]  # fmt: skip
    grades = [(text.get_text(), *text.xy) for text in found["held for;"].texts]  # type: ignore[attr-defined]
    assert grades == [
        ("2", 40, 2), ("1", 50, 2), ("1", 54, 2), ("2", 64, 3), ("0", 78, 3), ("3", 85, 4), ("1", 92, 4),
    ]  # fmt: skip
    # Dashed limits at 500 and 30, each with its number.
    for name, limit in (("neutrophils", 500), ("platelets", 30)):
        (line,) = (line for line in found[name].lines if line.get_linestyle() == "--")
        assert line.get_ydata()[0] == limit  # type: ignore[index]
        assert str(limit) in [text.get_text() for text in found[name].texts]
    assert "discontinued on day 113" in figure.get_suptitle()


def marks(axes: Axes) -> list[tuple[float, float]]:
    """The days of the orders, and how high they stand over the highest level."""
    most = max(axes.get_yticks())
    return sorted((x, round(y / most, 2)) for x, y in points(axes, DARK) if y > most)


def test_an_order_is_a_mark_on_its_day() -> None:
    """Resumed and reduced on one day stand one above the other."""
    found = panels(timeline(*run("worked-course.jsonl")))
    plain, lower = 1.45, 1.2
    assert marks(found["ixazomib"]) == [
        (1, plain), (15, plain), (22, plain), (36, plain), (54, lower), (54, plain), (85, plain), (92, lower),
        (92, plain), (106, plain),
    ]  # fmt: skip
    assert marks(found["lenalidomide"]) == [
        (1, plain), (15, plain), (22, lower), (22, plain), (36, plain), (43, plain), (64, lower), (106, plain),
    ]  # fmt: skip


def test_counts_of_an_assessment_are_counts() -> None:
    assessed = {
        "type": "cycle_assessed",
        "day": 29,
        "neutrophils": {"value": 900, "unit": "/mm3"},
        "platelets": {"value": 80, "unit": "10*9/L"},
        "toxicities_resolved": True,
    }
    made = course(START, assessed, edition="us-label")
    found = panels(timeline(made, made.records))
    assert points(found["neutrophils"], DARK) == [(29, 900)]
    assert points(found["platelets"], DARK) == [(29, 80)]
    assert "new cycle" in [label.get_text() for label in found["held for;"].get_yticklabels()]


def test_nothing_held_and_nothing_graded_take_no_panel() -> None:
    made = course(START, {"type": "dose_taken", "day": 8, "dose_mg": 4})
    assert list(panels(timeline(made, made.records))) == ["ixazomib", "lenalidomide"]


def test_of_a_corrected_log_the_counts_are_those_known_at_the_end() -> None:
    ran, records = run("corrected-count.jsonl")
    figure = timeline(ran, records)
    assert "orders as they were given, all else as known at the end" in figure.get_suptitle()
    found = panels(figure)
    assert [value for _, value in points(found["neutrophils"], DARK)] == [4200, 4100]
    assert points(found["neutrophils"], VERMILLION) == []
    # It was held on day 8 for a count that was wrong.
    assert (8, 1.45) in marks(found["ixazomib"])


def test_a_course_that_has_not_started_has_no_days() -> None:
    with pytest.raises(InputError, match="has not started"):
        timeline(course(), [])


@given(st.sets(st.integers(1, 60)))
def test_runs_are_the_days_again(days: set[int]) -> None:
    found = list(runs(sorted(days)))
    assert [day for first, length in found for day in range(first, first + length)] == sorted(days)
    assert all(first + length < following for (first, length), (following, _) in pairwise(found))


# --- As files ---------------------------------------------------------------------------------------------------------


def test_the_same_course_gives_the_same_bytes_in_each_format() -> None:
    ran, records = run("worked-course.jsonl")
    for kind, begins in (("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")):
        once, again = (timeline_picture(ran, records, kind) for _ in range(2))  # type: ignore[arg-type]
        assert once == again
        assert once.startswith(begins)
    ElementTree.fromstring(timeline_picture(ran, records, "svg"))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", [r"$\foo$ ^_{", "مريم", "😀 <b>&amp;", "a" * 60])
def test_any_name_is_written_as_it_is(name: str) -> None:
    made = course(START, patient=name)
    figure = timeline(made, made.records)
    assert f"Patient {name}, edition" in figure.get_suptitle()
    assert timeline_picture(made, made.records, "png").startswith(b"\x89PNG")


def said(capsys: pytest.CaptureFixture[str], *arguments: Any, code: int = 0) -> str:
    assert main([str(argument) for argument in arguments]) == code
    told = capsys.readouterr()
    return told.out + told.err


def test_the_command_writes_a_timeline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "timeline.svg"
    log = EXAMPLES / "worked-course.jsonl"
    assert "written to" in said(capsys, "diagram", "timeline", "--patient", log, "-o", target)
    assert target.read_bytes() == timeline_picture(*run("worked-course.jsonl"), "svg")
    said(capsys, "diagram", "timeline", "B", "--patient", EXAMPLES / "two-patients.jsonl", "-o", target)
    assert b"<svg" in target.read_bytes()


def test_the_command_draws_a_patient_of_a_cohort(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("numba", reason="the extra `cohort` is not installed")
    cohort = tmp_path / "cohort"
    said(capsys, "simulate", "--patients", 20, "--cycles", 2, "--no-figures", "-o", cohort)
    target = tmp_path / "timeline.png"
    said(capsys, "diagram", "timeline", 14, "--patient", cohort, "-o", target)
    assert target.read_bytes().startswith(b"\x89PNG")
    path = tmp_path / "path.dot"
    said(capsys, "diagram", "path", 14, "--patient", cohort, "-o", path)
    assert "digraph" in path.read_text()
    target.unlink()
    for name in ([], ["20"], ["-1"], ["x"]):
        said(capsys, "diagram", "timeline", *name, "--patient", cohort, "-o", target, code=2)
        assert not target.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-o", "FOLDER/t.svg"], "a timeline is a patient's"),
        (["--patient", "worked-course.jsonl"], "a timeline is a plot, and no text"),
        (["--patient", "worked-course.jsonl", "-o", "FOLDER/t.mmd"], "a timeline is a plot, and no text"),
        (["--patient", "worked-course.jsonl", "-o", "FOLDER/t.dot"], "a timeline is a plot, and no text"),
        (["--patient", "worked-course.jsonl", "-o", "FOLDER/t.gif"], "no picture ends in '.gif'"),
        (["--patient", "two-patients.jsonl", "-o", "FOLDER/t.svg"], "the log has 2 patients"),
        (["C", "--patient", "two-patients.jsonl", "-o", "FOLDER/t.svg"], "there is no patient 'C'"),
        (["--patient", "nothing.jsonl", "-o", "FOLDER/t.svg"], "cannot be read"),
    ],
)
def test_what_cannot_be_drawn_is_refused_and_nothing_is_written(
    arguments: Sequence[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [
        str(EXAMPLES / one) if one.endswith(".jsonl") else one.replace("FOLDER", str(tmp_path)) for one in arguments
    ]
    assert words in said(capsys, "diagram", "timeline", *given, code=2)
    assert list(tmp_path.iterdir()) == []


def test_a_log_in_which_nothing_has_started_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text(json.dumps({"type": "consent_withdrawn", "at": "2026-03-02T09:00:00+01:00"}) + "\n")
    assert "has not started" in said(capsys, "diagram", "timeline", "--patient", log, "-o", tmp_path / "t.svg", code=2)
    assert [path.name for path in tmp_path.iterdir()] == ["log.jsonl"]
