"""`ixastate replay`: run a log again and print the timeline, or the records."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ixastate.cli.common import FOUND, OK, AnyEdition, CommandPage, moment, require_cohort
from ixastate.cli.terminal import bar, is_terminal, say, show, width, write
from ixastate.errors import InputError

if TYPE_CHECKING:
    from ixastate.course.log import Line
    from ixastate.course.replay import Difference, Replayed

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

    With --json each record is printed as its line is run: at once on a terminal and from standard input, some records
    at a time from a file into another program or a file. Where a line is refused, the records of the lines before it
    stand.
    """
    from ixastate.course.log import BATCH, dump, in_batches
    from ixastate.course.timeline import timeline

    noted = _Noted()
    steps = noted.watch(
        replayed(log, patient, edition, moment(as_of, "--as-of"), quiet=json and is_terminal(sys.stdout))
    )
    if json:
        # What a person or another program is waiting for is answered line by line.
        awaited = is_terminal(sys.stdout) or not os.path.isfile(log)
        waiting: list[str] = []
        try:
            for step in steps if awaited else in_batches(steps):
                waiting.append(f"{dump(step.record)}\n")
                if awaited or len(waiting) == BATCH:
                    # They wait no more before they are written, so that whatever ends this writes none of them twice.
                    text, waiting = "".join(waiting), []
                    write(text, at_once=awaited)
        finally:
            write("".join(waiting))
    else:
        show(timeline(steps, width()))
    for difference in noted.first:
        say(f"ixastate: {difference}")
    if noted.found > len(noted.first):
        say(f"ixastate: and {noted.found - len(noted.first)} more differences")
    return FOUND if noted.found else OK


class _Noted:
    """The differences that are met on the way: how many, and the first of them."""

    def __init__(self) -> None:
        self.found = 0
        self.first: list[Difference] = []

    def watch(self, steps: Iterable[Replayed]) -> Iterator[Replayed]:
        """The same steps."""
        for step in steps:
            self.found += len(step.differences)
            self.first += step.differences[: MOST_DIFFERENCES - len(self.first)]
            yield step


def replayed(
    log: str, patient: str | None, edition: str | None, as_of: datetime | None = None, *, quiet: bool = False
) -> Iterator[Replayed]:
    """The log run again line by line, or what was recorded of it until a moment; `quiet` shows no progress."""
    if os.path.isfile(Path(log) / MANIFEST):
        if as_of is not None:
            raise InputError(
                "a cohort does not say when its events were recorded", where="--as-of", remedy="leave it out"
            )
        yield from _of_cohort(Path(log), patient, edition)
        return
    from ixastate.course.replay import replay_log

    steps = replay_log(lines_of(log, quiet), edition, as_of, keep_records=False)
    if patient is None:
        yield from steps
        return
    patients: set[str] = set()
    for step in steps:
        if step.record.patient == patient:
            yield step
        patients.add(step.record.patient or "(no name)")
    if patient not in patients:
        names = sorted(patients)
        shown = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
        raise InputError(f"there is no patient {patient!r}", where=log, remedy=f"it has {shown}")


def lines_of(log: str, quiet: bool = False) -> Iterator[Line]:
    """The lines of a file, with progress on a terminal, or of standard input."""
    from ixastate.course.log import read_log, read_stream

    if log != "-":
        path = Path(log)
        size = path.stat().st_size if os.path.isfile(path) else 0
        with nullcontext() if quiet else bar(size, "B", "reading") as progress:
            yield from read_log(path, progress.update if progress is not None else None)
        return
    if sys.stdin is None:
        raise InputError("cannot be read: it is closed", where="standard input", remedy="give it a log")
    yield from read_stream(sys.stdin.buffer, "standard input")


def _of_cohort(path: Path, patient: str | None, edition: str | None) -> list[Replayed]:
    """The course of one simulated patient, run through the machine."""
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
