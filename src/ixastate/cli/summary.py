"""The command `ixastate summary`: the answers of a run, or of two side by side; and the files that hold them.

What computes is imported when it runs, so that `--help` is quick.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ixastate.cohort.extra import require_libraries

if TYPE_CHECKING:
    from ixastate.cohort.run.run import Run

OK = 0
SUMMARY, FIGURES = "summary.json", "figures"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("directory", type=Path, metavar="DIR", help="a run that `ixastate simulate` made")
    parser.add_argument(
        "other", type=Path, nargs="?", metavar="DIR2", help="another, to be compared: what it has more or less"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument(
        "--figures", action="store_true", help=f"also write {SUMMARY} and the pictures into the run's directory anew"
    )


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    require_libraries()
    from ixastate.cohort.run.run import Run

    opened = [Run.open(path) for path in (options.directory, options.other) if path is not None]
    if len(opened) > 1:
        from ixastate.cohort.answers import pairs

        answers = pairs.as_json(*opened)
        text = pairs.lines(answers)
    else:
        from ixastate.cohort.answers import summary, summary_text

        answers = summary.as_json(opened[0])
        text = summary_text.lines(answers)
    print(as_text(answers).decode().rstrip("\n") if options.json else "\n".join(text))
    if options.figures:
        for one in opened:
            written = write_answers(one, answers if len(opened) == 1 else None)
            print(f"{len(written)} files written to {one.path}", file=sys.stderr)
            for note in (path for path in written if path.suffix == ".txt"):
                print(note.read_text(encoding="utf-8").rstrip(), file=sys.stderr)
    return OK


def write_answers(run: Run, answers: dict[str, Any] | None = None) -> list[Path]:
    """Write summary.json and the figures into the run's directory, each whole or not at all; what was written.

    `answers` are those of `summary.as_json`, where they are known already.
    """
    from ixastate.cohort.answers import figures, summary
    from ixastate.files import write_whole

    target = run.path / SUMMARY
    write_whole(target, as_text(answers or summary.as_json(run)))
    return [target, *figures.write_figures(run, run.path / FIGURES)]


def as_text(answers: dict[str, Any]) -> bytes:
    """Answers as the bytes of a JSON file."""
    return (json.dumps(answers, indent=1, ensure_ascii=False) + "\n").encode()
