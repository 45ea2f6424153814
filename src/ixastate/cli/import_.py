"""`ixastate import`: other people's data as a log of events, one command per format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ixastate.cli.common import OK, CommandPage, require_place
from ixastate.cli.terminal import fitted, say, show


def sdtm(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="folder with the data sets as .xpt files (or .zip archives of them)")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="write the log here (required)")],
    timezone: Annotated[
        str, typer.Option("--timezone", metavar="ZONE", help="time zone in which the dates were written")
    ] = "UTC",
) -> int:
    """Make a log of events from SDTM data sets (DM, LB, AE) in SAS transport files.

    A report says which rows became events and which were left out, and why. It needs the extra `sdtm`.
    """
    from ixastate.course.log import write_log
    from ixastate.exchange.sdtm import read_sdtm

    require_place(output)
    events, report = read_sdtm(directory, timezone=timezone)
    write_log(output, events)
    show(fitted(str(report).splitlines()))
    say(f"{len(events)} events written to {output}")
    return OK


SDTM = CommandPage(
    sdtm,
    (
        "ixastate import sdtm my-study -o log.jsonl",
        "ixastate import sdtm my-study -o log.jsonl --timezone Europe/Berlin",
    ),
)
