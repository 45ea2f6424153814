"""`ixastate import`: other people's data as a log of events, one command per format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ixastate.cli.common import OK, CommandPage, EditionOption, require_place
from ixastate.cli.terminal import fitted, say, show
from ixastate.editions import DEFAULT_EDITION
from ixastate.errors import InputError


def sdtm(
    directory: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="folder with the data sets as .xpt, .json or .ndjson files, or .zip of one"),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="write the log here (required)")],
    timezone: Annotated[
        str, typer.Option("--timezone", metavar="ZONE", help="time zone in which the dates were written")
    ] = "UTC",
    edition: EditionOption = DEFAULT_EDITION,
) -> int:
    """Make a log of events from SDTM data sets: DM, LB, AE and, where they are there, DS and EX.

    They are SAS transport files, which need the extra `sdtm`, or Dataset-JSON 1.1. A report says which rows became
    events, which were left out and why, and which values are not known. Where EX holds doses, they are compared with
    those that the edition would have given.
    """
    from ixastate.course.log import write_log
    from ixastate.exchange.sdtm import compare_doses, read_sdtm

    require_place(output, read=_files_of(directory))
    events, report = read_sdtm(directory, timezone=timezone)
    if not events:
        reasons = [f"{reason} ({count:,})" for (domain, reason), count in report.left_out.items() if domain == "DM"]
        remedy = f"left out are: {', '.join(reasons)}" if reasons else "DM holds no rows"
        raise InputError("no subject of the study can be imported", where=str(directory), remedy=remedy)
    compared = compare_doses(events, report.others, edition)
    write_log(output, events)
    show(fitted([*report.lines(), *compared.lines()]))
    say(f"{len(events)} events written to {output}")
    return OK


def _files_of(directory: Path) -> list[Path]:
    """The files of a folder; of one that cannot be read none, which is told when it is read."""
    try:
        return list(directory.iterdir())
    except (OSError, ValueError):
        return []


SDTM = CommandPage(
    sdtm,
    (
        "ixastate import sdtm my-study -o log.jsonl",
        "ixastate import sdtm my-study -o log.jsonl --timezone Europe/Berlin",
    ),
)
