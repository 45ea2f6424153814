"""The validation as a forest plot: each judged row's reported and simulated figure with their 95 % intervals.

It draws what `validate` found and counts nothing. The same rows and libraries give the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ixastate.cohort.answers.answers_text import NOT_JUDGED
from ixastate.cohort.answers.pictures import FORMATS
from ixastate.diagrams.plots import STYLE, WIDTH, as_bytes
from ixastate.diagrams.style import BLUE, DARK, GREEN, GREY, PALE, VERMILLION
from ixastate.errors import InputError
from ixastate.files import write_whole

Rows = Sequence[Mapping[str, Any]]
ROW_INCHES, HEAD_INCHES = 0.24, 1.6
# The colour and the marker of what was simulated, by verdict: no difference is shown by colour alone.
MARKS = {"agrees": (GREEN, "o"), "differs as published": (BLUE, "s"), "differs": (VERMILLION, "X")}
KINDS = {f".{kind}": kind for kind in FORMATS}
LEFT = 0.46


def require_picture(path: Path) -> None:
    """`InputError` unless the name of the file says which picture it is."""
    if path.suffix not in KINDS:
        raise InputError(f"{path.name} is no kind of picture", where="--figure", remedy=" or ".join(KINDS))


def forest_file(found: Mapping[str, Rows], path: Path) -> None:
    """Write the plot of the editions' rows into a file, .svg or .png."""
    require_picture(path)
    write_whole(path, as_bytes(forest(found), KINDS[path.suffix]))


def forest(found: Mapping[str, Rows]) -> Figure:
    """Shares in percent of every judged row, one panel an edition."""
    panels = {edition: _drawn(rows) for edition, rows in found.items()}
    height = sum(HEAD_INCHES + ROW_INCHES * len(rows) for rows in panels.values())
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, height))
        ratios = [HEAD_INCHES + ROW_INCHES * len(rows) for rows in panels.values()]
        axes = figure.subplots(len(panels), 1, squeeze=False, height_ratios=ratios)[:, 0]
        for ax, (edition, rows) in zip(axes, panels.items(), strict=True):
            _panel(ax, edition, rows)
        figure.subplots_adjust(
            left=LEFT, right=0.98, top=1 - 0.9 / height, bottom=0.6 / height, hspace=HEAD_INCHES * len(panels) / height
        )
        _key(figure, height)
    return figure


def _drawn(rows: Rows) -> list[Mapping[str, Any]]:
    """The judged rows that are in percent, or in percentage points."""
    return [row for row in rows if row["verdict"] != NOT_JUDGED and row["unit"] in ("%", "points")]


def _panel(ax: Axes, edition: str, rows: Rows) -> None:
    for place, row in enumerate(rows):
        colour, marker = MARKS[row["verdict"]]
        low, high = row["reported_interval"]
        ax.plot([low, high], [place - 0.14] * 2, color=DARK, linewidth=1.4, solid_capstyle="butt")
        ax.plot([row["reported"]], [place - 0.14], color=DARK, marker="|", markersize=6)
        ends = row["simulated_interval"]
        ax.plot(ends, [place + 0.16] * 2, color=colour, linewidth=2.2, solid_capstyle="butt")
        ax.plot([row["simulated"]], [place + 0.16], color=colour, marker=marker, markersize=5, linestyle="none")
        if row["published_model"] is not None:
            ax.plot([row["published_model"]], [place + 0.16], color=GREY, marker="d", markersize=3.5, linestyle="none")
    names = [f"{row['figure']}, {row['arm']} ({row['role']})" for row in rows]
    ax.set_yticks(range(len(rows)), names, fontsize=8)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.axvline(0, color=PALE, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.grid(axis="x", color=PALE, linewidth=0.3)
    ax.set_title(f"Simulated and reported, edition {edition}", x=0, pad=8)
    ax.set_xlabel("percent of the patients; of the difference of the arms, percentage points")


def _key(figure: Figure, height: float) -> None:
    marks = [Line2D([], [], color=DARK, marker="|", linewidth=1.4, label="reported, 95 % interval")]
    for verdict, (colour, marker) in MARKS.items():
        marks.append(Line2D([], [], color=colour, marker=marker, linewidth=2.2, label=f"simulated: {verdict}"))
    marks.append(Line2D([], [], color=GREY, marker="d", linestyle="none", label="published model, fixed doses"))
    figure.legend(
        handles=marks, loc="upper left", bbox_to_anchor=(0.01, 1 - 0.05 / height), ncols=len(marks), fontsize=7.5
    )
