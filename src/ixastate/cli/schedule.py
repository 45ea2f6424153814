"""`ixastate schedule`: what is due, by a patient's log."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ixastate.cli.common import OK, CommandPage, LogArgument, require_place, whole_number
from ixastate.cli.replay import replayed
from ixastate.cli.terminal import say, show, width
from ixastate.errors import InputError

MOST_DAYS = 3660


def schedule(
    log: LogArgument,
    days: Annotated[
        int,
        typer.Option("--days", metavar="N", help="number of days", parser=whole_number("--days", 1, MOST_DAYS)),
    ] = 28,
    from_day: Annotated[
        int | None,
        typer.Option(
            "--from-day",
            metavar="DAY",
            help="first treatment day (default: that of the last event)",
            parser=whole_number("--from-day", 1, MOST_DAYS),
        ),
    ] = None,
    patient: Annotated[
        str | None, typer.Option("--patient", metavar="NAME", help="the patient, where the log has several")
    ] = None,
    ics: Annotated[
        Path | None, typer.Option("--ics", metavar="FILE", help="also write a calendar that a phone can import")
    ] = None,
) -> int:
    """Print the doses that are due by a patient's log, and how they are taken.

    What is held is not due and is not made up later. Where nothing is due, the reason is printed.
    """
    from ixastate.course.timeline import schedule_lines
    from ixastate.exchange.ics import icalendar
    from ixastate.files import write_whole

    require_place(ics)
    steps = replayed(log, patient, None)
    patients = {step.record.patient for step in steps}
    if len(patients) > 1:
        raise InputError(f"the log has {len(patients)} patients", where=log, remedy="name one with --patient")
    course = steps[-1].course
    first = from_day or max(steps[-1].record.day or 1, 1)
    asked = range(first, first + days)
    doses = course.due(asked)
    if ics is not None:
        write_whole(ics, icalendar(course, doses))
    show(schedule_lines(course, asked, doses, [step.record for step in steps], width()))
    if ics is not None:
        say(f"{len(doses)} entries written to {ics}")
    return OK


COMMAND = CommandPage(
    schedule,
    (
        "ixastate schedule examples/renal-impairment.jsonl --days 7",
        "ixastate schedule examples/worked-course.jsonl --from-day 1 --ics doses.ics",
    ),
)
