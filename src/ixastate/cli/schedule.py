"""`ixastate schedule`: what is due, by a patient's log."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ixastate.cli.common import OK, CommandPage, LogArgument, require_place, whole_number
from ixastate.cli.replay import replayed
from ixastate.cli.terminal import say, show, width
from ixastate.errors import InputError

if TYPE_CHECKING:
    from ixastate.course.record import Record

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

    A calendar of the same log, written later, takes back the doses that no longer hold: import it over the earlier one.
    It reaches two years beyond the last event; name as many days as an earlier calendar had if that had more.
    """
    from ixastate.course.timeline import schedule_lines
    from ixastate.exchange.ics import icalendar, taken_back
    from ixastate.files import write_whole

    require_place(ics, read=[Path(log)])
    patients = set()
    records: list[Record] = []
    first = from_day or 1
    for step in replayed(log, patient, None):
        patients.add(step.record.patient)
        course = step.course
        if not records or records[-1].status.phase != step.record.status.phase:
            # Those by which treatment starts or ends say why nothing is due.
            records.append(step.record)
        if from_day is None:
            # A fact that came late is not of the latest day.
            first = max(first, step.record.day or 1)
    if len(patients) > 1:
        raise InputError(f"the log has {len(patients)} patients", where=log, remedy="name one with --patient")
    asked = range(first, first + days)
    doses = course.due(asked)
    if ics is not None:
        back = taken_back(course, doses, asked[-1])
        write_whole(ics, icalendar(course, doses, back))
    show(schedule_lines(course, asked, doses, records, width()))
    if ics is not None:
        taken = f", {len(back)} taken back" if back else ""
        say(f"{len(doses)} entries written to {ics}{taken}")
    return OK


COMMAND = CommandPage(
    schedule,
    (
        "ixastate schedule examples/renal-impairment.jsonl --days 7",
        "ixastate schedule examples/worked-course.jsonl --from-day 1 --ics doses.ics",
    ),
)
