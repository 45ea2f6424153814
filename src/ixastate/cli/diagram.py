"""The command `ixastate diagram`: one view to a file or to standard output, or the whole folder of pictures.

What draws is imported when it runs, so that `--help` is quick.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ixastate.diagrams.model import VIEWS
from ixastate.errors import InputError

if TYPE_CHECKING:
    from ixastate.course.course import Record
    from ixastate.diagrams.model import Drawing

OK, FOUND = 0, 1
DEFAULT_FOLDER = Path("diagrams")
SUFFIXES = (".dot", ".mmd", ".svg", ".png", ".pdf")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("view", nargs="?", choices=VIEWS, metavar="VIEW", help=f"one of: {', '.join(VIEWS)}")
    parser.add_argument(
        "argument",
        nargs="?",
        default="",
        metavar="ARG",
        help="the region's name, the slice's name or its symbols with commas, the rule's id, "
        "or for a path or a lit chart the patient",
    )
    parser.add_argument(
        "--patient",
        type=Path,
        metavar="LOG",
        help="for a path, or to light the way on the chart: a log of events or records",
    )
    parser.add_argument("--edition", help="which rules (default: dosing-text; for a path those recorded)")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help=f"where to; the suffix is the format: {', '.join(SUFFIXES)} (default: DOT to standard output)",
    )
    parser.add_argument("--all", action="store_true", help="write the folder of pictures")
    parser.add_argument("--check", action="store_true", help="say which files of the folder are not current")
    parser.add_argument(
        "--folder", type=Path, default=DEFAULT_FOLDER, metavar="DIR", help="that folder (default: %(default)s)"
    )


def run(options: argparse.Namespace) -> int:
    """Run the command; 1 when a check finds something."""
    if [options.view is not None, options.all, options.check].count(True) != 1:
        raise InputError("what is to be drawn?", where="diagram", remedy="name a view, or --all, or --check")
    if options.check:
        return _check(options.folder)
    if options.all:
        return _write_all(options.folder)
    suffix = options.output.suffix.lower() if options.output is not None else ".dot"
    if suffix not in SUFFIXES:
        raise InputError(
            f"no picture ends in {suffix!r}", where=str(options.output), remedy=f"one of: {', '.join(SUFFIXES)}"
        )
    content = _content(_drawing(options), suffix)
    if options.output is None:
        sys.stdout.write(content.decode())
        return OK
    from ixastate.files import write_whole

    write_whole(options.output, content)
    print(f"written to {options.output}", file=sys.stderr)
    return OK


def _check(folder: Path) -> int:
    from ixastate.diagrams.gallery import check

    problems = check(folder)
    for problem in problems:
        print(problem)
    if problems:
        print("`ixastate diagram --all` writes them anew; delete what is surplus", file=sys.stderr)
    return FOUND if problems else OK


def _write_all(folder: Path) -> int:
    from ixastate.diagrams.gallery import write_all

    for name in write_all(folder):
        print(folder / name)
    return OK


def _drawing(options: argparse.Namespace) -> Drawing:
    from ixastate.diagrams.views import drawing
    from ixastate.rules import DEFAULT_EDITION

    if options.view == "chart" and options.patient is not None:
        return drawing("chart", records=_records(options))
    if options.view in ("chart", "bedside") and options.argument:
        raise InputError(f"the view {options.view} takes no argument", where="diagram", remedy="leave it out")
    if options.view != "path":
        return drawing(options.view, options.argument, edition=options.edition or DEFAULT_EDITION)
    if options.patient is None:
        raise InputError("a path is a patient's", where="diagram", remedy="name a log with --patient")
    return drawing("path", records=_records(options))


def _records(options: argparse.Namespace) -> list[Record]:
    """The records of one patient of a log, decided by the rules that are asked for."""
    from ixastate.course.log import read_log
    from ixastate.course.replay import replay_log

    records = [step.record for step in replay_log(read_log(options.patient), options.edition)]
    patients = list(dict.fromkeys(record.patient for record in records))
    wanted = options.argument or (patients[0] if len(patients) == 1 else None)
    if wanted not in patients or (len(patients) > 1 and not options.argument):
        names = ", ".join(patient or "(no name)" for patient in patients[:5]) + (", …" if len(patients) > 5 else "")
        what = f"there is no patient {wanted!r}" if options.argument else f"the log has {len(patients)} patients"
        raise InputError(what, where=str(options.patient), remedy=f"name one after the view: {names}")
    return [record for record in records if record.patient == wanted]


def _content(drawing: Drawing, suffix: str) -> bytes:
    from ixastate.diagrams import dot, mermaid
    from ixastate.diagrams.render import FORMATS, render

    if suffix == ".mmd":
        return mermaid.write(drawing).encode()
    text = dot.write(drawing)
    kind = next((kind for kind in FORMATS if suffix == f".{kind}"), None)
    return render(text, kind) if kind else text.encode()
