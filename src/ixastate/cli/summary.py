"""`ixastate summary`: the answers of a run, or of two side by side; and the files that hold them.

What computes is imported when it runs, so that `--help` is quick.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ixastate.cli.common import OK, CohortArgument, CommandPage, JsonOption, require_cohort
from ixastate.cli.terminal import fitted, say, show, width, working, write

if TYPE_CHECKING:
    from ixastate.cohort.run.run import Run

SUMMARY, FIGURES = "summary.json", "figures"
# The field of summary.json that says whether the others are as they were written.
DIGEST = "digest"


def summary(
    directory: CohortArgument,
    other: Annotated[
        Path | None, typer.Argument(metavar="DIR2", help="directory of another run, to be compared with the first")
    ] = None,
    as_json: JsonOption = False,
    figures: Annotated[
        bool, typer.Option("--figures", help=f"also write {SUMMARY} and the figures into the run's directory again")
    ] = False,
) -> int:
    """Print dose intensity, holds, reductions, stops and rules of a simulated cohort, or compare two."""
    require_cohort()
    from ixastate.cohort.run.run import Run

    opened = [Run.open(path) for path in (directory, other) if path is not None]
    with working("counting"):
        if len(opened) > 1:
            from ixastate.cohort.answers import pairs

            answers = pairs.as_json(*opened)
            text = pairs.lines(answers, width())
        else:
            from ixastate.cohort.answers import summary, summary_text

            answers = summary.as_json(opened[0])
            text = summary_text.lines(answers, width())
    if as_json:
        write(as_text(answers).decode())
    else:
        show(fitted(text))
    if figures:
        for one in opened:
            with working("drawing the figures"):
                written = write_answers(one, answers if len(opened) == 1 else None)
            say(f"{len(written)} files written to {one.path}")
            for note in (path for path in written if path.suffix == ".txt"):
                say(note.read_text(encoding="utf-8").rstrip())
    return OK


def write_answers(run: Run, answers: dict[str, Any] | None = None) -> list[Path]:
    """Write summary.json and the figures into the run's directory, each whole or not at all; what was written.

    `answers` are those of `summary.as_json`, where they are known already. Where matplotlib finds no folder for its own
    files, as in a container that may write nowhere else, there are no figures, and a remark says so.
    """
    from ixastate.cohort.answers import summary
    from ixastate.files import clear_left_over, write_whole

    target = run.path / SUMMARY
    whole = answers or summary.as_json(run)
    write_whole(target, as_text({**whole, DIGEST: _digest(whole)}))
    try:
        from ixastate.cohort.answers import figures
    except OSError:
        say("the figures are left out: matplotlib finds no folder that can be written; set MPLCONFIGDIR")
        return [target]
    written = [target, *figures.write_figures(run, run.path / FIGURES)]
    for path in written:
        clear_left_over(path)
    return written


def written_answers(run: Run) -> dict[str, Any] | None:
    """The answers that summary.json holds; None where it is missing, not as it was written, or of another run."""
    from ixastate.cohort.answers import summary, summary_text

    try:
        answers: dict[str, Any] = json.loads((run.path / SUMMARY).read_bytes())
        if answers.pop(DIGEST) != _digest(answers):
            return None
        if answers["format"] != summary.FORMAT or answers["run"] != summary.about(run):
            return None
        # What is forged cannot always be told.
        summary_text.lines(answers)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    return answers


def _digest(answers: dict[str, Any]) -> str:
    """SHA-256 of the answers as they are written."""
    return hashlib.sha256(as_text(answers)).hexdigest()


def as_text(answers: dict[str, Any]) -> bytes:
    """Answers as the bytes of a JSON file."""
    return (json.dumps(answers, indent=1, ensure_ascii=False) + "\n").encode()


COMMAND = CommandPage(summary, ("ixastate summary my-cohort", "ixastate summary my-cohort other-cohort --json"))
