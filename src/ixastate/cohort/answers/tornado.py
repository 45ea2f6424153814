"""What each assumption of the model `pkpd` moves: a bar for each, from 0.8 to 1.25 times its value.

An assumption is a parameter whose source says that no published figure was found. The same patients are simulated with
one of them changed at a time, so that a difference is the parameter's own. What is a choice of days and visits rather
than a number is left out, and so is what the model leaves out by being 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure as Picture

from ixastate.cohort.answers.forest import KINDS, ROW_INCHES, require_picture
from ixastate.cohort.answers.validate import Arm, arm
from ixastate.cohort.arrays import MachineArrays
from ixastate.cohort.models.parameters import SPECS, SPREAD, WHOLE, Value, assumed
from ixastate.cohort.models.pkpd import Pkpd
from ixastate.diagrams.plots import STYLE, WIDTH, as_bytes
from ixastate.diagrams.style import BLUE, ORANGE, PALE
from ixastate.files import write_whole

# An assumption may be off by a quarter either way, as ratios go.
LOW, HIGH = 0.8, 1.25
PATIENTS = 4000
# The answers of a run that people ask for first, in percent.
ANSWERS = ("mean dose intensity of ixazomib", "stopped for toxicity")


@dataclass(frozen=True, order=True)
class Bar:
    """An assumption, and each answer (in percent) with its value at 0.8 and at 1.25 times what it is."""

    name: str
    low: Mapping[str, float] = field(compare=False)
    high: Mapping[str, float] = field(compare=False)

    def width(self, answer: str, usual: Mapping[str, float]) -> float:
        """By how much it moves an answer, at most."""
        return max(abs(end[answer] - usual[answer]) for end in (self.low, self.high))


def tornado(
    model: Pkpd, arrays: MachineArrays, patients: int = PATIENTS, cycles: int = 26, seed: int = 1
) -> tuple[dict[str, float], list[Bar]]:
    """The answers as they are, and a bar for each assumption."""

    def answers(values: Mapping[str, Value]) -> dict[str, float]:
        return _answers(arm(replace(model, values=model.values | dict(values)), arrays, patients, cycles, seed))

    names = [name for name in assumed(model.text) if name not in WHOLE and np.any(model.values[name])]
    ends = [[answers(scaled(model, name, factor)) for factor in (LOW, HIGH)] for name in names]
    return answers({}), [Bar(name, low, high) for name, (low, high) in zip(names, ends, strict=True)]


def scaled(model: Pkpd, name: str, factor: float) -> dict[str, Value]:
    """A parameter times a factor, within its range; of a distribution its spread alone."""
    value, most = model.values[name], SPECS[name].most
    if not isinstance(value, tuple):
        return {name: min(most, factor * value)}
    if SPECS[name].length == SPREAD:
        return {name: (value[0], factor * value[1], *value[2:])}
    return {name: tuple(min(most, factor * one) for one in value)}


def _answers(cohort: Arm) -> dict[str, float]:
    intensity = 100 * float(np.nanmean(cohort.intensity(0)))
    return dict(zip(ANSWERS, (intensity, 100 * float(cohort.stopped_for_toxicity.mean())), strict=True))


def tornado_file(usual: Mapping[str, float], bars: list[Bar], edition: str, path: Path) -> None:
    """Write the picture into a file, .svg or .png."""
    require_picture(path)
    write_whole(path, as_bytes(picture(usual, bars, edition), KINDS[path.suffix]))


def picture(usual: Mapping[str, float], bars: list[Bar], edition: str) -> Picture:
    """A panel for each answer, the widest bar on top."""
    height = 1.6 + ROW_INCHES * len(bars)
    with matplotlib.rc_context(STYLE):
        figure = Picture(figsize=(WIDTH, height))
        for place, (answer, ax) in enumerate(zip(ANSWERS, figure.subplots(1, len(ANSWERS)), strict=True)):
            ordered = [bar for _, bar in sorted((-bar.width(answer, usual), bar) for bar in bars)]
            for row, bar in enumerate(ordered):
                for end, colour, label in ((bar.low, BLUE, f"× {LOW:g}"), (bar.high, ORANGE, f"× {HIGH:g}")):
                    moved = end[answer] - usual[answer]
                    ax.barh(row, moved, color=colour, height=0.7, label=label if row == 0 else None)
            ax.set_yticks(range(len(ordered)), [bar.name for bar in ordered], fontsize=7)
            ax.set_ylim(len(ordered) - 0.4, -0.6)
            ax.axvline(0, color=PALE, linewidth=0.6)
            ax.set_title(f"{answer}: {usual[answer]:.1f} %", x=0)
            ax.set_xlabel("percentage points more or less")
            if place == 0:
                ax.legend(loc="lower right", fontsize=8)
        figure.suptitle(f"What each assumption moves, edition {edition}", x=0.02, ha="left", fontsize=11)
        figure.subplots_adjust(left=0.19, right=0.98, top=1 - 0.75 / height, bottom=0.5 / height, wspace=0.62)
    return figure
