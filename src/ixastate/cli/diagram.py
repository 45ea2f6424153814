"""`ixastate diagram`: one picture to a file or to standard output, or the whole folder of pictures.

What draws is imported when it runs, so that `--help` is quick.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ixastate.cli.common import (
    FOUND,
    NAMES,
    OK,
    CommandPage,
    choice,
    edition,
    editions_from,
    require_cohort,
    require_place,
)
from ixastate.cli.terminal import say, working, write
from ixastate.diagrams.model import VIEWS, View
from ixastate.diagrams.render import FORMATS
from ixastate.editions import DEFAULT_EDITION
from ixastate.errors import InputError

if TYPE_CHECKING:
    from ixastate.course.course import Record
    from ixastate.course.replay import Replayed
    from ixastate.diagrams.model import Drawing

DEFAULT_FOLDER = Path("diagrams")
SUFFIXES = (".dot", ".mmd", ".svg", ".png", ".pdf")
# A patient over time: a plot and no chart, so that it is no view of the machine.
TIMELINE = "timeline"
DRAWN = (*VIEWS, TIMELINE)


@dataclass(frozen=True)
class _Wanted:
    """The picture that is asked for."""

    view: str
    argument: str
    patient: Path | None
    edition: str | None


_ViewArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="VIEW",
        help=f"what is drawn: {', '.join(DRAWN)}",
        parser=choice("view", DRAWN),
        autocompletion=lambda incomplete: [name for name in DRAWN if name.startswith(incomplete)],
    ),
]
_ArgumentArgument = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="name of the region; name of the slice, or its symbols with commas; id of the rule; for a path, a lit "
        "chart or a timeline the patient",
        show_default=False,
    ),
]
_PatientOption = Annotated[
    Path | None,
    typer.Option(
        "--patient",
        metavar="LOG",
        help="log of events or records, or directory of a cohort: a patient's path or timeline, or lit on the chart",
    ),
]
_EditionOption = Annotated[
    str | None,
    typer.Option(
        "--edition",
        metavar="EDITION",
        help=f"edition of the rules: {NAMES} (default: {DEFAULT_EDITION}; for a path the one recorded)",
        parser=edition,
        autocompletion=editions_from,
    ),
]
_OutputOption = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE",
        help=f"write here; the suffix is the format: {', '.join(SUFFIXES)} (default: DOT to standard output)",
    ),
]


def diagram(
    view: _ViewArgument = None,
    argument: _ArgumentArgument = "",
    patient: _PatientOption = None,
    edition: _EditionOption = None,
    output: _OutputOption = None,
    everything: Annotated[bool, typer.Option("--all", help="write the whole folder of pictures")] = False,
    check: Annotated[bool, typer.Option("--check", help="list the files of the folder that are not current")] = False,
    folder: Annotated[Path, typer.Option("--folder", metavar="DIR", help="that folder")] = DEFAULT_FOLDER,
) -> int:
    """Draw the chart, a part of it, the chart of one dose, or a patient's path or timeline.

    SVG, PNG and PDF need the program dot (Graphviz) or the extra `draw`; DOT and Mermaid (.mmd) need neither. A
    timeline (counts, holds, doses and orders along the days) is a plot, so SVG, PNG or PDF; it needs the extra
    `cohort`.
    """
    if [view is not None, everything, check].count(True) != 1:
        raise InputError("what is to be drawn?", where="diagram", remedy="name a view, or --all, or --check")
    if check:
        return _check(folder)
    if everything:
        return _write_all(folder)
    suffix = output.suffix.lower() if output is not None else ".dot"
    if suffix not in SUFFIXES:
        raise InputError(f"no picture ends in {suffix!r}", where=str(output), remedy=f"one of: {', '.join(SUFFIXES)}")
    require_place(output, read=[patient])
    wanted = _Wanted(view or "", argument, patient, edition)
    content = _timeline(wanted, output, suffix) if view == TIMELINE else _content(_drawing(wanted), suffix)
    if output is None:
        write(content.decode())
        return OK
    from ixastate.files import write_whole

    write_whole(output, content)
    say(f"written to {output}")
    return OK


def _check(folder: Path) -> int:
    from ixastate.diagrams.gallery import check

    with working("drawing every picture"):
        problems = check(folder)
    for problem in problems:
        print(problem)
    if problems:
        say("`ixastate diagram --all` writes them again; delete what is surplus")
    return FOUND if problems else OK


def _write_all(folder: Path) -> int:
    from ixastate.diagrams.gallery import write_all

    with working("drawing every picture"):
        names = list(write_all(folder))
    for name in names:
        print(folder / name)
    return OK


def _timeline(wanted: _Wanted, output: Path | None, suffix: str) -> bytes:
    kind = next((kind for kind in FORMATS if suffix == f".{kind}"), None)
    if kind is None:
        where = str(output) if output is not None else "diagram"
        remedy = f"-o FILE, which ends in one of: {', '.join(f'.{kind}' for kind in FORMATS)}"
        raise InputError("a timeline is a plot, and no text", where=where, remedy=remedy)
    if wanted.patient is None:
        raise InputError("a timeline is a patient's", where="diagram", remedy="name a log with --patient")
    require_cohort()
    from ixastate.diagrams.timeline import timeline_picture

    steps = _steps(wanted, wanted.patient)
    return timeline_picture(steps[-1].course, [step.record for step in steps], kind)


def _drawing(wanted: _Wanted) -> Drawing:
    from ixastate.diagrams.views import drawing

    view: View = next(name for name in VIEWS if name == wanted.view)
    if view == "chart" and wanted.patient is not None:
        return drawing("chart", records=_records(wanted, wanted.patient))
    if view in ("chart", "bedside", "slot") and wanted.argument:
        raise InputError(f"the view {view} takes no argument", where="diagram", remedy="leave it out")
    if view != "path":
        with working(f"drawing the {view}"):
            return drawing(view, wanted.argument, edition=wanted.edition or DEFAULT_EDITION)
    if wanted.patient is None:
        raise InputError("a path is a patient's", where="diagram", remedy="name a log with --patient")
    return drawing("path", records=_records(wanted, wanted.patient))


def _records(wanted: _Wanted, log: Path) -> list[Record]:
    """The records of one patient of a log, decided by the rules that are asked for."""
    return [step.record for step in _steps(wanted, log)]


def _steps(wanted: _Wanted, log: Path) -> list[Replayed]:
    """The events of one patient of a log or of a cohort, run by the rules that are asked for."""
    from ixastate.cli.replay import replayed

    if log.is_dir():
        if not wanted.argument.isdecimal():
            raise InputError("which patient?", where=str(log), remedy="name its number after the view")
        return list(replayed(str(log), wanted.argument or None, wanted.edition))
    steps = list(replayed(str(log), None, wanted.edition, quiet=True))
    patients = list(dict.fromkeys(step.record.patient for step in steps))
    name = wanted.argument or (patients[0] if len(patients) == 1 else None)
    if name not in patients or (len(patients) > 1 and not wanted.argument):
        names = ", ".join(patient or "(no name)" for patient in patients[:5]) + (", …" if len(patients) > 5 else "")
        what = f"there is no patient {name!r}" if wanted.argument else f"the log has {len(patients)} patients"
        raise InputError(what, where=str(log), remedy=f"name one after the view: {names}")
    return [step for step in steps if step.record.patient == name]


def _content(drawing: Drawing, suffix: str) -> bytes:
    from ixastate.diagrams import dot, mermaid
    from ixastate.diagrams.render import FORMATS, render

    if suffix == ".mmd":
        return mermaid.write(drawing).encode()
    text = dot.write(drawing)
    kind = next((kind for kind in FORMATS if suffix == f".{kind}"), None)
    return render(text, kind) if kind else text.encode()


COMMAND = CommandPage(
    diagram,
    (
        "ixastate diagram region rash -o rash.mmd",
        "ixastate diagram path --patient examples/worked-course.jsonl",
        "ixastate diagram timeline --patient examples/worked-course.jsonl -o timeline.svg",
    ),
    found="a file of the folder is not current",
)
