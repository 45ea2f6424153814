"""`ixastate replay`: run a log again and print the timeline, or the records."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ixastate.cli.common import FOUND, OK, AnyEdition, CommandPage, moment, require_cohort
from ixastate.cli.terminal import say, show, width, write
from ixastate.errors import InputError

if TYPE_CHECKING:
    from ixastate.course.replay import Replayed

MOST_DIFFERENCES = 20
# What makes a directory a cohort's; `cohort.run.directory` says more, but is not quick to import.
MANIFEST = "manifest.json"


def replay(
    log: Annotated[
        str,
        typer.Argument(
            metavar="LOG",
            help="log of events or records in JSON Lines; - reads standard input; or the directory of a cohort",
        ),
    ],
    json: Annotated[bool, typer.Option("--json", help="print the records as JSON Lines")] = False,
    patient: Annotated[
        str | None,
        typer.Option("--patient", metavar="NAME", help="only this patient; of a cohort its number, from 0"),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            metavar="MOMENT",
            help="only the lines that were recorded until then, such as 2026-03-18T09:30:00+01:00",
        ),
    ] = None,
    edition: AnyEdition = None,
) -> int:
    """Run a log of events or records through the machine, and print the timeline.

    Where every line says when it was recorded (recorded_at), an event may be reported late, and a line may correct or
    withdraw the event whose id it names: {"type": "event_corrected", "corrects": ID, "recorded_at": ..., "event":
    {...}} or {"type": "event_withdrawn", "withdraws": ID, "recorded_at": ...}. The state is that of the events as
    known; what was decided earlier stays as it was, and beside it stands what would have been ordered otherwise.

    A log of records also says what was decided when it was written; where today's machine decides otherwise, the
    difference is printed and the exit code is 1.
    """
    from ixastate.course.log import dump
    from ixastate.course.timeline import timeline

    steps = replayed(log, patient, edition, moment(as_of, "--as-of"))
    if json:
        write("".join(f"{dump(step.record)}\n" for step in steps))
    else:
        show(timeline(steps, width()))
    differences = [difference for step in steps for difference in step.differences]
    for difference in differences[:MOST_DIFFERENCES]:
        say(f"ixastate: {difference}")
    if len(differences) > MOST_DIFFERENCES:
        say(f"ixastate: and {len(differences) - MOST_DIFFERENCES} more differences")
    return FOUND if differences else OK


def replayed(log: str, patient: str | None, edition: str | None, as_of: datetime | None = None) -> list[Replayed]:
    """The whole log run again, before anything is printed; or what was recorded of it until a moment."""
    if (Path(log) / MANIFEST).is_file():
        if as_of is not None:
            raise InputError(
                "a cohort does not say when its events were recorded", where="--as-of", remedy="leave it out"
            )
        return _of_cohort(Path(log), patient, edition)
    from ixastate.course.log import read_log, read_stream
    from ixastate.course.replay import replay_log

    standard_input = log == "-"
    if standard_input and sys.stdin is None:
        raise InputError("cannot be read: it is closed", where="standard input", remedy="give it a log")
    lines = read_stream(sys.stdin.buffer, "standard input") if standard_input else read_log(Path(log))
    steps = list(replay_log(lines, edition, as_of))
    if patient is None:
        return steps
    chosen = [step for step in steps if step.record.patient == patient]
    if not chosen:
        patients = sorted({step.record.patient or "(no name)" for step in steps})
        shown = ", ".join(patients[:5]) + (", …" if len(patients) > 5 else "")
        raise InputError(f"there is no patient {patient!r}", where=log, remedy=f"it has {shown}")
    return chosen


def _of_cohort(path: Path, patient: str | None, edition: str | None) -> list[Replayed]:
    """The course of one simulated patient, run through the live chart."""
    require_cohort()
    from ixastate.cohort.run.courses import replay
    from ixastate.cohort.run.run import Run

    run = Run.open(path)
    if edition not in (None, run.plan.edition):
        raise InputError(f"the cohort was simulated under {run.plan.edition}", where="--edition", remedy="leave it out")
    if patient is None or not (patient.isascii() and patient.isdigit()):
        raise InputError(
            "which patient?", where=str(path), remedy=f"--patient with a number from 0 to {run.plan.patients - 1}"
        )
    return replay(run, int(patient))


COMMAND = CommandPage(
    replay,
    (
        "ixastate replay examples/worked-course.jsonl",
        "ixastate replay examples/corrected-count.jsonl --as-of 2026-03-17T12:00:00+01:00",
        "ixastate replay my-cohort --patient 14 --json",
    ),
    found="a record differs from what today's machine decides",
)
