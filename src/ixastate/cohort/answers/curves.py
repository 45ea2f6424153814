"""The time on treatment of one run or of two as a picture: Kaplan-Meier curves with their limits and numbers at risk.

The runs are told apart by the line, by hatches and by their names, so in a grey print too. Nothing here counts: the
numbers are those of `summary`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter

from ixastate.cohort.answers.spells import cycle_days
from ixastate.cohort.answers.summary import patients_by_cycle, time_on_treatment
from ixastate.cohort.run.run import Run
from ixastate.diagrams.plots import STYLE, WIDTH
from ixastate.diagrams.style import BLUE, DARK, DARK_ORANGE, FAINT
from ixastate.errors import InputError

# The line, the hatch and the colour of the first run and of the second.
LOOKS = (("-", "", BLUE), ("--", "////", DARK_ORANGE))
# As high as this, and a narrow one lower.
HEIGHT, HEIGHT_OF_WIDTH = 5.2, 1.1
# Names below a narrower picture take two lines.
NARROW = 5.0
NEW_LINE = "\n"
# The width of a character of a tick's label in inches, with some room about it.
_DIGIT_INCHES = 0.1


def survival_figure(run: Run, *others: Run, width: float = WIDTH) -> Figure:
    """The share still on treatment by cycle, with 95 % limits; below each cycle those who began it.

    `width` is in inches. `InputError` for more than two runs, or for two whose cycles differ in length.
    """
    runs = (run, *others)
    if len(runs) > len(LOOKS):
        raise InputError(f"{len(runs)} runs are too many", where="figure", remedy=f"at most {len(LOOKS)}")
    length = cycle_days(run)
    if any(cycle_days(other) != length for other in others):
        raise InputError("their cycles differ in length", where="figure", remedy="draw each by itself")
    cycles = max(one.plan.cycles for one in runs)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width, min(HEIGHT, HEIGHT_OF_WIDTH * width)), layout="constrained")
        axes = figure.add_subplot()
        axes.set_title("Time on treatment, with 95 % limits", fontsize=10, color=DARK)
        strokes: list[Line2D] = []
        for one, (line, hatch, colour) in zip(runs, LOOKS, strict=False):
            curve = time_on_treatment(one)
            # The last step lasts until the end of the follow-up.
            day = np.append(curve.day, one.plan.cycles * length)
            share, lower, upper = (np.append(values, values[-1]) for values in (curve.share, curve.lower, curve.upper))
            at = day / length + 1
            axes.fill_between(
                at, lower, upper, step="post", facecolor=FAINT if not hatch else "none", edgecolor=colour, hatch=hatch,
                linewidth=0, alpha=0.6,
            )  # fmt: skip
            strokes += axes.step(at, share, where="post", linestyle=line, color=colour, linewidth=1.6)
        axes.set_xlim(1, cycles + 1)
        axes.set_ylim(0, 1)
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set_ylabel("on treatment")
        begun = [dict(patients_by_cycle(one).select("cycle", "patients").iter_rows()) for one in runs]
        most = max(len(f"{one.plan.patients:,}") for one in runs)
        fit = max(1, int((width - 1) / (_DIGIT_INCHES * (most + 1))))
        ticks = list(range(1, cycles + 1, -(-cycles // fit)))
        axes.set_xticks(ticks, ["\n".join(_below(cycle, begun)) for cycle in ticks])
        names = [f"edition {one.plan.edition}, model {one.plan.model_name}, seed {one.plan.seed}" for one in runs]
        under = "those who began it" if len(runs) == 1 else "those who began it, in this order"
        axes.set_xlabel(f"cycle of {length} days;{NEW_LINE if width < NARROW else ' '}below it {under}")
        handles: list[Any] = [
            (Patch(facecolor="none" if hatch else FAINT, edgecolor=colour, hatch=hatch, linewidth=0), stroke)
            for stroke, (_, hatch, colour) in zip(strokes, LOOKS, strict=False)
        ]
        figure.legend(handles, names, loc="outside lower left", fontsize=8)
    return figure


def _below(cycle: int, begun: Sequence[dict[int, int]]) -> Iterator[str]:
    yield str(cycle)
    yield from (f"{counts.get(cycle, 0):,}" for counts in begun)
