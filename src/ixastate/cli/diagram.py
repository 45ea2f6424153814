"""`ixastate diagram`: one picture to a file or to standard output, or the whole folder of pictures.

What draws is imported when it runs, so that `--help` is quick.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ixastate.cli.common import FOUND, NAMES, OK, CommandPage, choice, edition, editions_from, require_place
from ixastate.cli.terminal import say, working, write
from ixastate.diagrams.model import VIEWS, View
from ixastate.editions import DEFAULT_EDITION
from ixastate.errors import InputError

if TYPE_CHECKING:
    from ixastate.course.course import Record
    from ixastate.diagrams.model import Drawing

DEFAULT_FOLDER = Path("diagrams")
SUFFIXES = (".dot", ".mmd", ".svg", ".png", ".pdf")


@dataclass(frozen=True)
class _Wanted:
    """The picture that is asked for."""

    view: View
    argument: str
    patient: Path | None
    edition: str | None


_ViewArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="VIEW",
        help=f"what is drawn: {', '.join(VIEWS)}",
        parser=choice("view", VIEWS),
        autocompletion=lambda incomplete: [name for name in VIEWS if name.startswith(incomplete)],
    ),
]
_ArgumentArgument = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="name of the region; name of the slice, or its symbols with commas; id of the rule; for a path or a "
        "lit chart the patient",
        show_default=False,
    ),
]
_PatientOption = Annotated[
    Path | None,
    typer.Option("--patient", metavar="LOG", help="log of events or records: its path, or lit on the chart"),
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
    """Draw the chart, a part of it, the chart of one dose, or a patient's path.

    SVG, PNG and PDF need the program dot (Graphviz) or the extra `draw`; DOT and Mermaid (.mmd) need neither.
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
    known = next(name for name in VIEWS if name == view)
    content = _content(_drawing(_Wanted(known, argument, patient, edition)), suffix)
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


def _drawing(wanted: _Wanted) -> Drawing:
    from ixastate.diagrams.views import drawing

    view = wanted.view
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
    from ixastate.course.log import read_log
    from ixastate.course.replay import replay_log

    records = [step.record for step in replay_log(read_log(log), wanted.edition)]
    patients = list(dict.fromkeys(record.patient for record in records))
    name = wanted.argument or (patients[0] if len(patients) == 1 else None)
    if name not in patients or (len(patients) > 1 and not wanted.argument):
        names = ", ".join(patient or "(no name)" for patient in patients[:5]) + (", …" if len(patients) > 5 else "")
        what = f"there is no patient {name!r}" if wanted.argument else f"the log has {len(patients)} patients"
        raise InputError(what, where=str(log), remedy=f"name one after the view: {names}")
    return [record for record in records if record.patient == name]


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
    ("ixastate diagram region rash -o rash.mmd", "ixastate diagram path --patient examples/worked-course.jsonl"),
    found="a file of the folder is not current",
)
