"""Figures of a cohort: occupancy of states, a swimmer plot, the dose intensity, the traffic on the chart.

Each function makes one picture of a run; `write_figures` writes them all as PNG and SVG, the same bytes from the same
run and libraries. The colours are those of the diagrams. Nothing here counts: the numbers are those of `summary`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import matplotlib
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MultipleLocator, PercentFormatter

from ixastate.chart.chart import build_chart
from ixastate.chart.status import SEVERAL
from ixastate.cohort.answers.pictures import CHART, CHART_FILES, FORMATS, LEFT_OUT, NAMES
from ixastate.cohort.answers.spells import ENDED, TREATED, Place, cycle_days, meanings, spells
from ixastate.cohort.answers.summary import dose_intensity_by_cycle, occupancy, patients_by_cycle, transition_counts
from ixastate.cohort.run.run import Run
from ixastate.diagrams import dot
from ixastate.diagrams.model import Drawing
from ixastate.diagrams.plots import STYLE, WIDTH, as_bytes
from ixastate.diagrams.render import render
from ixastate.diagrams.style import BLACK, DARK, DOSE_GREENS, DRUG_COLOURS, GREY, HOLD_COLOURS, PALE
from ixastate.diagrams.traffic import traffic
from ixastate.errors import InputError, IxastateError
from ixastate.files import write_whole
from ixastate.symbols import ENDS
from ixastate.table.graph import read

SWIMMERS = 40
MOST_TICKS = 13
STOPPED_COLOUR = "#E6E6E6"
# The marker of each end that no rule for a single toxicity decides; every other stop is a toxicity's.
MARKERS = dict(zip((end.name for end in ENDS), ("D", "v", "X", "s"), strict=True))
BY_RULE, GOES_ON = ("stopped by a rule", "o"), ("still on treatment", ">")


def write_figures(run: Run, folder: Path) -> list[Path]:
    """Write every picture into the folder; the files written.

    The chart needs a program that draws, and the rules that the run was made by. Without them it is left out, and a
    note beside the pictures says why; its DOT text is written whenever the rules are at hand.
    """
    folder.mkdir(exist_ok=True)
    contents: dict[str, bytes] = {}
    with ThreadPoolExecutor(1) as beside:
        # The chart is drawn by a program of its own, while matplotlib draws here.
        chart = beside.submit(_chart, run)
        for name, make in FIGURES.items():
            figure = make(run)
            contents |= {f"{name}.{kind}": as_bytes(figure, kind) for kind in FORMATS}
        drawn, missing = chart.result()
    contents |= drawn
    # Pictures of an earlier time must not lie beside a note that says otherwise.
    for stale in (LEFT_OUT, *CHART_FILES):
        if stale not in contents:
            (folder / stale).unlink(missing_ok=True)
    if missing:
        contents[LEFT_OUT] = missing.encode()
    for name, content in contents.items():
        write_whole(folder / name, content)
    return [folder / name for name in contents]


def _chart(run: Run) -> tuple[dict[str, bytes], str]:
    """The files of the chart with its traffic, and why not all could be drawn; '' where they could."""
    contents: dict[str, bytes] = {}
    try:
        text = dot.write(traffic_drawing(run))
        contents[f"{CHART}.dot"] = text.encode()
        contents |= {f"{CHART}.{kind}": render(text, kind) for kind in FORMATS}
    except IxastateError as error:
        return contents, f"The chart with its traffic was not drawn: {error}\n"
    return contents, ""


def _titled(run: Run, title: str, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = figure.add_subplot()
    plan = run.plan
    axes.set_title(
        f"{title}\n{plan.patients:,} patients, edition {plan.edition}, model {plan.model_name}, seed {plan.seed}",
        fontsize=10,
        color=DARK,
    )
    return figure, axes


def _along_cycles(run: Run, axes: Axes) -> None:
    """The horizontal axis: treatment time in cycles, a cycle's number where it begins."""
    axes.set_xlim(1, run.plan.cycles + 1)
    axes.set_xlabel(f"cycle of {cycle_days(run)} days")
    axes.set_xticks(_some_cycles(run))


def _some_cycles(run: Run) -> list[int]:
    """The cycles that are named on an axis: the first and every so many after it."""
    return list(range(1, run.plan.cycles + 1, -(-run.plan.cycles // MOST_TICKS)))


def colours_of(places: Sequence[Place]) -> dict[str, str]:
    """The colour of each place, by its words: green for a dose, one of its own for each reason for a hold."""
    doses = [place for place in places if place.active_mg is not None]
    found = {}
    for place in places:
        if place.active_mg is not None:
            found[place.words] = DOSE_GREENS[min(doses.index(place), len(DOSE_GREENS) - 1)]
        elif place.words == SEVERAL:
            found[place.words] = DARK
        elif place.reason is not None:
            found[place.words] = HOLD_COLOURS.get(place.reason, GREY)
        else:
            found[place.words] = STOPPED_COLOUR if place.phase == ENDED else PALE
    return found


# --- The pictures ---------------------------------------------------------------------------------------------


def occupancy_figure(run: Run) -> Figure:
    """The share of patients in each state, week by week, stacked."""
    with matplotlib.rc_context(STYLE):
        figure, axes = _titled(run, "Where the patients are", 5.5)
        found = occupancy(run)
        used = found.group_by("place", maintain_order=True).agg(pl.col("patients").sum()).filter(pl.col("patients") > 0)
        colours = colours_of(meanings(run).places)
        shown = [place for place in colours if place in set(used["place"])]
        wide = found.pivot("place", index="day", values="share", sort_columns=False)
        # A step lasts from its week to the next.
        weeks = [*((wide["day"] - 1) / cycle_days(run) + 1), run.plan.cycles + 1]
        axes.stackplot(
            weeks,
            [[*wide[place], wide[place][-1]] for place in shown],
            colors=[colours[place] for place in shown],
            step="post",
            linewidth=0,
            antialiased=False,
        )
        axes.set_ylim(0, 1)
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set_ylabel("share of patients")
        _along_cycles(run, axes)
        handles = [Patch(facecolor=colours[place], edgecolor=GREY, label=place) for place in reversed(shown)]
        figure.legend(handles=handles, loc="outside right center")
    return figure


def intensity_figure(run: Run) -> Figure:
    """The relative dose intensity of each drug by cycle, the mean over the patients on treatment."""
    with matplotlib.rc_context(STYLE):
        figure, axes = _titled(run, "Relative dose intensity by cycle, mean of the patients on treatment", 5)
        found = dose_intensity_by_cycle(run)
        styles = dict(zip(DRUG_COLOURS, (("-", "o"), ("--", "s"), (":", "^")), strict=True))
        for (drug,), own in found.group_by("drug", maintain_order=True):
            line, marker = styles[str(drug)]
            axes.plot(
                own["cycle"],
                own["mean"],
                color=DRUG_COLOURS[str(drug)],
                linestyle=line,
                marker=marker,
                markersize=4,
                label=drug,
                clip_on=False,
            )
        least = found["mean"].min()
        lowest = max(0.0, int(10 * (least if isinstance(least, float) else 0) - 1e-9) / 10)
        axes.set_ylim(lowest, 1)
        axes.set_xlim(0.5, run.plan.cycles + 0.5)
        axes.grid(axis="y", color=STOPPED_COLOUR)
        axes.yaxis.set_major_locator(MultipleLocator(0.05 if lowest >= 0.7 else 0.1))
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set_ylabel("given over planned")
        begun = dict(patients_by_cycle(run).select("cycle", "patients").iter_rows())
        ticks = _some_cycles(run)
        axes.set_xticks(ticks, [f"{cycle}\n{begun.get(cycle, 0):,}" for cycle in ticks])
        axes.set_xlabel(f"cycle of {cycle_days(run)} days; below it the patients who began it")
        axes.legend(loc="lower left")
    return figure


def swimmer_figure(run: Run, patients: int = SWIMMERS) -> Figure:
    """The courses of the first patients, a bar each: doses, holds, and how it ended."""
    first = pl.col("patient") < patients
    found = run.collect(spells(run).filter(first & (pl.col("phase") == TREATED)))
    ends = run.collect(run.patients.filter(first).select("patient", "treated_days", "ended_by").sort("patient"))
    length = cycle_days(run)
    with matplotlib.rc_context(STYLE):
        figure, axes = _titled(run, f"The first {ends.height} patients", 1.8 + 0.19 * ends.height)
        colours = colours_of(meanings(run).places)
        shown = [place for place in colours if place in set(found["place"])]
        for place in shown:
            own = found.filter(pl.col("place") == place)
            axes.barh(
                own["patient"],
                (own["until"] - own["day"]) / length,
                left=(own["day"] - 1) / length + 1,
                height=0.72,
                color=colours[place],
                linewidth=0,
            )
        signs: dict[str, str] = {}
        for patient, days, cause in ends.iter_rows():
            words, sign = _ending(cause)
            signs[words] = sign
            axes.plot(
                days / length + 1,
                patient,
                sign,
                color=BLACK,
                markersize=5,
                markeredgecolor="white",
                markeredgewidth=0.5,
                clip_on=False,
                zorder=3,
            )
        axes.set_ylim(ends.height - 0.4, -0.6)
        axes.set_yticks(range(ends.height), [str(patient) for patient in ends["patient"]], fontsize=7)
        axes.set_ylabel("patient")
        axes.tick_params(axis="y", length=0)
        _along_cycles(run, axes)
        handles: list[Patch | Line2D] = [
            Patch(facecolor=colours[place], edgecolor=GREY, label=place) for place in shown
        ]
        handles += _markers(signs)
        figure.legend(handles=handles, loc="outside right upper")
    return figure


def _markers(signs: Mapping[str, str]) -> list[Line2D]:
    """The legend of the endings that occur, by their words."""
    order = [*(_ending(cause)[0] for cause in MARKERS), BY_RULE[0], GOES_ON[0]]
    return [
        Line2D([], [], color=BLACK, marker=signs[words], linestyle="", label=words) for words in order if words in signs
    ]


def _ending(cause: str | None) -> tuple[str, str]:
    """How a course ended, in words and as a sign."""
    if cause is None:
        return GOES_ON
    return (cause.replace("_", " "), MARKERS[cause]) if cause in MARKERS else BY_RULE


FIGURES: dict[str, Callable[[Run], Figure]] = dict(
    zip(NAMES, (occupancy_figure, swimmer_figure, intensity_figure), strict=True)
)


def traffic_drawing(run: Run) -> Drawing:
    """The chart with how often each transition was taken; `InputError` when today's rules are not the run's."""
    graph = read(build_chart(run.plan.edition))
    if graph.fingerprint != run.directory.fingerprint:
        raise InputError(
            "the run was made by other rules or another chart",
            where=str(run.path),
            remedy="use the version of ixastate that its manifest names",
        )
    counts = dict(transition_counts(run).select("edge", "events").iter_rows())
    plan = run.plan
    title = (
        f"The transitions that {plan.patients:,} patients took in {plan.cycles} cycles "
        f"(edition {plan.edition}, model {plan.model_name}, seed {plan.seed})"
    )
    return traffic(graph, counts, title)
