"""A patient over time as a picture: counts with their limits, holds as bars with the grades, doses as steps, orders as
marks.

It decides nothing: levels, holds and due doses are asked of the course. Of a log with corrections it shows what is
known at the end. It needs matplotlib.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from ixastate.course.course import Course
from ixastate.course.record import Record
from ixastate.course.schedule import Calendar
from ixastate.course.timeline import calendar_words
from ixastate.diagrams.plots import STYLE, WIDTH, as_bytes
from ixastate.diagrams.render import PictureFormat
from ixastate.diagrams.style import DARK, DRUG_COLOURS, GREY, HOLD_COLOURS, PALE, VERMILLION
from ixastate.errors import InputError, printable
from ixastate.events import AnyEvent, Count, DoseMissed, Drug
from ixastate.orders import Verb
from ixastate.rules import Edition
from ixastate.symbols import BOTH, NEUTROPENIA, THROMBOCYTOPENIA, TOXICITIES, TOXICITY, Toxicity

# The limit of each count, its unit for people, and by how much its value is divided for that.
_LIMITS = {NEUTROPENIA: ("ANC-01", "anc", "/mm³", 1), THROMBOCYTOPENIA: ("PLT-01", "platelets", "× 10⁹/L", 1000)}
# The mark of each order for a drug, what it is called, and how high above the highest level it stands: a drug that is
# resumed may be reduced on the same day.
_MARKS: dict[Verb, tuple[str, str, float]] = {
    "start": (">", "started", 1.45),
    "hold": ("|", "held", 1.45),
    "reduce": ("v", "reduced", 1.2),
    "resume": ("^", "resumed", 1.45),
    "stop": ("X", "stopped", 1.45),
}
_MISSED = ("x", "missed")
_COUNT_INCHES, _DOSE_INCHES, _ROW_INCHES, _BETWEEN_INCHES = 1.0, 1.0, 0.3, 0.2
_LEFT_INCHES, _RIGHT_INCHES, _ABOVE_INCHES, _BELOW_INCHES = 1.25, 0.5, 0.75, 1.0
# How far left of the panels their names stand.
_LABEL_INCHES = 0.86
# The name of the panel of reasons takes the room of two.
_FEWEST_ROWS = 2
# So many cycles have a line each; of a longer course every other one has a name, and so on.
_NAMED_CYCLES = 13


@dataclass(frozen=True)
class Days:
    """What became of a course, day by day, from day 1 to that of its latest event or, if earlier, of its end.

    `levels` and `given` are by drug: the level on each day on treatment, in mg, and what was due and not held.
    `held` is by drug and day whether it is; `reasons` by reason the days on which it holds a drug.
    """

    last: int
    levels: dict[Drug, dict[int, float]]
    held: dict[Drug, set[int]]
    given: dict[Drug, dict[int, float]]
    missed: set[int]
    reasons: dict[str, list[int]]


def timeline(course: Course, records: Sequence[Record]) -> Figure:
    """The picture of one course with its records; `InputError` where it has not started, so that there are no days."""
    dates = course.calendar
    if dates is None:
        raise InputError(
            "the course has not started, so there is no time to draw",
            where=f"patient {course.patient or '(no name)'}",
            remedy="draw it when treatment has begun",
        )
    known = _known(course, records)
    counts = {toxicity: list(_counts(toxicity, known, dates)) for toxicity in _LIMITS}
    grades = _grades(known, dates)
    days = days_of(course, known)
    rows = [one for one in HOLD_COLOURS if one in days.reasons or one in grades]
    shown = [toxicity for toxicity, points in counts.items() if points]
    told = [_ROW_INCHES * max(_FEWEST_ROWS, len(rows))] if rows else []
    heights = [_COUNT_INCHES] * len(shown) + told + [_DOSE_INCHES] * len(BOTH)
    with matplotlib.rc_context(STYLE):
        height = sum(heights) + _BETWEEN_INCHES * (len(heights) - 1) + _ABOVE_INCHES + _BELOW_INCHES
        figure = Figure(figsize=(WIDTH, height))
        # A layout that is solved for differs in the last digits from time to time, and with it the bytes.
        places = {
            "left": _LEFT_INCHES / WIDTH,
            "right": 1 - _RIGHT_INCHES / WIDTH,
            "top": 1 - _ABOVE_INCHES / height,
            "bottom": _BELOW_INCHES / height,
            "hspace": _BETWEEN_INCHES * len(heights) / sum(heights),
        }
        panels: list[Axes] = list(
            figure.subplots(len(heights), 1, sharex=True, gridspec_kw={"height_ratios": heights, **places})
        )
        # A name may hold what matplotlib reads as a formula.
        figure.suptitle(
            "\n".join(_title(course, days)),
            x=0.01,
            y=1 - 0.1 / height,
            ha="left",
            va="top",
            fontsize=10,
            color=DARK,
            parse_math=False,
        )
        for toxicity, axes in zip(shown, panels, strict=False):
            _draw_counts(axes, toxicity, counts[toxicity], course.edition)
        if rows:
            _draw_reasons(panels[len(shown)], rows, days, grades)
        for drug, axes in zip(BOTH, panels[-len(BOTH) :], strict=True):
            _draw_doses(axes, drug, days, records)
        _along_days(panels, course.edition.integer("DOSE-01", "cycle"), days.last)
        figure.legend(handles=list(_legend()), loc="lower center", ncols=5, fontsize=8)
    return figure


def timeline_picture(course: Course, records: Sequence[Record], kind: PictureFormat) -> bytes:
    """The same as the content of a file; the same course gives the same bytes."""
    return as_bytes(timeline(course, records), kind)


# --- What is drawn ----------------------------------------------------------------------------------------------------


def days_of(course: Course, known: Sequence[AnyEvent]) -> Days:
    """What became of a course that has started, day by day; `known` are its events as they are known at the end."""
    dates, latest = course.calendar, course.latest
    assert dates is not None
    assert latest is not None
    last = max(1, dates.day(latest))
    levels: dict[Drug, dict[int, float]] = {drug: {} for drug in BOTH}
    held: dict[Drug, set[int]] = {drug: set() for drug in BOTH}
    reasons: dict[str, list[int]] = defaultdict(list)
    for day in range(1, last + 1):
        status = course.status_at(day)
        for reason in status.held_for:
            reasons[reason].append(day)
        for drug, mg in zip(BOTH, (status.ixazomib_mg, status.lenalidomide_mg), strict=True):
            if mg is not None:
                levels[drug][day] = mg
                held[drug] |= {day} if status.held(drug) else set()
    given: dict[Drug, dict[int, float]] = {drug: {} for drug in BOTH}
    for dose in course.due(range(1, last + 1)):
        if dose.drug in given:
            given[dose.drug][dose.day] = dose.mg
    missed = {event.scheduled_day or _day(event, dates) for event in known if isinstance(event, DoseMissed)}
    return Days(last, levels, held, given, missed, dict(reasons))


def _known(course: Course, records: Sequence[Record]) -> list[AnyEvent]:
    """The events as they are known at the end: of a log that is corrected its facts, else those of the records."""
    facts: list[Any] = [fact.event for fact in course.facts if not (fact.withdrawn or fact.impossible)]
    return facts or [record.event for record in records]


def _day(event: AnyEvent, dates: Calendar) -> int:
    return event.day if event.at is None and event.day is not None else dates.day(event.at or dates.moment(1))


def _counts(toxicity: Toxicity, known: Sequence[AnyEvent], dates: Calendar) -> Iterator[tuple[int, float]]:
    """The day and the value per cubic millimetre of each count, those of an assessment too."""
    for event in known:
        if isinstance(event, Count) and event.type == toxicity.event:
            yield _day(event, dates), float(event.per_mm3)
        for one in TOXICITIES:
            for field, of in one.counts if event.type == one.event else ():
                if TOXICITY[of] == toxicity:
                    yield _day(event, dates), float(getattr(event, field).per_mm3)


def _grades(known: Sequence[AnyEvent], dates: Calendar) -> dict[str, list[tuple[int, int]]]:
    """By reason the day and the grade of each report."""
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for event in known:
        for toxicity in TOXICITIES:
            grade = getattr(event, "grade", None)
            if event.type == toxicity.event and grade is not None:
                found[toxicity.reason].append((_day(event, dates), grade))
    return dict(found)


def _title(course: Course, days: Days) -> Iterator[str]:
    assert course.calendar is not None
    name = f"Patient {printable(course.patient)}" if course.patient else "A patient"
    yield f"{name}, edition {course.edition.name}: {course.status.words} on day {days.last}"
    known = "; orders as they were given, all else as known at the end" if course.rewritten else ""
    yield f"{calendar_words(course.calendar)}{known}"


# --- The panels -------------------------------------------------------------------------------------------------------


def _draw_counts(axes: Axes, toxicity: Toxicity, points: Sequence[tuple[int, float]], edition: Edition) -> None:
    rule, number, unit, scale = _LIMITS[toxicity]
    limit = edition.integer(rule, number) / scale
    days, values = zip(*((day, value / scale) for day, value in points), strict=True)
    axes.plot(days, values, color=PALE, linewidth=1, zorder=1)
    for low, marker, colour in ((True, "s", VERMILLION), (False, "o", DARK)):
        chosen = {day: value for day, value in zip(days, values, strict=True) if (value < limit) is low}
        axes.scatter(list(chosen), list(chosen.values()), marker=marker, s=22, color=colour, zorder=2)
    axes.axhline(limit, color=VERMILLION, linewidth=1, linestyle="--", zorder=0)
    axes.annotate(
        f"{limit:g}", (1, limit), xycoords=("axes fraction", "data"), xytext=(3, 0), textcoords="offset points",
        va="center", fontsize=8, color=VERMILLION,
    )  # fmt: skip
    axes.set_ylim(0, 1.15 * max(*values, 2 * limit))
    axes.set_ylabel(f"{toxicity.reason}\n{unit}")


def _draw_reasons(axes: Axes, rows: Sequence[str], days: Days, grades: Mapping[str, Sequence[tuple[int, int]]]) -> None:
    for row, reason in enumerate(rows):
        for first, length in runs(days.reasons.get(reason, [])):
            axes.barh(
                row, length, left=first - 0.5, height=0.62, color=HOLD_COLOURS[reason], edgecolor=DARK, linewidth=0.6
            )
        for day, grade in grades.get(reason, ()):
            axes.annotate(
                str(grade), (day, row), ha="center", va="center", fontsize=8,
                bbox={"boxstyle": "circle,pad=0.15", "facecolor": "white", "edgecolor": DARK, "linewidth": 0.6},
            )  # fmt: skip
    axes.set_yticks(range(len(rows)), list(rows))
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_ylabel("held for;\ngrades")
    axes.yaxis.set_label_coords(-_LABEL_INCHES / (WIDTH - _LEFT_INCHES - _RIGHT_INCHES), 0.5)


def _draw_doses(axes: Axes, drug: Drug, days: Days, records: Sequence[Record]) -> None:
    levels, colour = days.levels[drug], DRUG_COLOURS[drug]
    for held in (True, False):
        for first, length in runs([day for day in levels if (day in days.held[drug]) is held]):
            for at, span in groupby(range(first, first + length), key=levels.__getitem__):
                inside = list(span)
                style = {"linestyle": ":", "linewidth": 1.2} if held else {"linewidth": 1.8}
                axes.plot((inside[0] - 0.5, inside[-1] + 0.5), (at, at), color=GREY if held else colour, **style)
    given = {day: mg for day, mg in days.given[drug].items() if not (drug == BOTH[0] and day in days.missed)}
    axes.scatter(list(given), list(given.values()), s=16 if drug == BOTH[0] else 5, color=colour, zorder=2)
    missed = [day for day in days.missed if drug == BOTH[0] and day in levels]
    axes.scatter(missed, [levels[day] for day in missed], marker=_MISSED[0], s=30, color=DARK, zorder=3)
    most = max(levels.values(), default=1.0)
    for verb, (marker, _, above) in _MARKS.items():
        told = [
            record.day
            for record in records
            if record.day is not None and any((order.verb, order.drug) == (verb, drug) for order in record.orders)
        ]
        axes.scatter(told, [above * most] * len(told), marker=marker, s=34, color=DARK, zorder=3, clip_on=False)
    axes.set_ylim(0, 1.55 * most)
    axes.set_yticks(sorted(set(levels.values())), [f"{mg:g}" for mg in sorted(set(levels.values()))])
    axes.set_ylabel(f"{drug}\nmg")


def _along_days(panels: Sequence[Axes], cycle_days: int, last: int) -> None:
    """The days run along the bottom, a line where each cycle begins, and its name on top."""
    begins = range(1, last + 1, cycle_days)
    for axes in panels:
        for day in begins:
            axes.axvline(day - 0.5, color=PALE, linewidth=0.5, zorder=0)
        axes.set_xlim(0.4, last + 0.6)
    every = 1 + len(begins) // _NAMED_CYCLES
    for number, day in enumerate(begins, 1):
        if number % every == 1 or every == 1:
            panels[0].annotate(
                f"cycle {number}" if number == 1 else str(number), (day, 1), xycoords=("data", "axes fraction"),
                xytext=(2, 2), textcoords="offset points", fontsize=8, color=GREY,
            )  # fmt: skip
    panels[-1].set_xlabel("treatment day")
    panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True))


def runs(days: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The first day and the length of each run of days that follow each other; the days are in order."""
    for _, run in groupby(enumerate(days), key=lambda place: place[1] - place[0]):
        inside = [day for _, day in run]
        yield inside[0], len(inside)


def _legend() -> Iterator[Line2D | Patch]:
    yield Line2D([], [], color=DRUG_COLOURS[BOTH[0]], marker="o", markersize=4, linewidth=1.8, label="given")
    yield Line2D([], [], color=GREY, linestyle=":", linewidth=1.2, label="level while held")
    for marker, word in (*((marker, word) for marker, word, _ in _MARKS.values()), _MISSED):
        yield Line2D([], [], color=DARK, marker=marker, linestyle="", markersize=6, label=word)
    yield Line2D(
        [], [], color=VERMILLION, marker="s", linestyle="--", markersize=4, linewidth=1, label="low; its limit"
    )
