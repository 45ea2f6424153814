"""`ixastate table`: explore every configuration, and save the table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ixastate.cli.check import explored
from ixastate.cli.common import OK, CommandPage, EditionOption, require_place
from ixastate.cli.terminal import say, show, width, working
from ixastate.editions import DEFAULT_EDITION


def table(
    edition: EditionOption = DEFAULT_EDITION,
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="save the table here")] = None,
    where: Annotated[
        bool, typer.Option("--where", help="print where tables are kept and what is made of them, and end")
    ] = False,
    forget: Annotated[
        bool, typer.Option("--forget", help="remove every table that is kept and what is made of it, and end")
    ] = False,
) -> int:
    """Explore every configuration of the machine, print its size, and save its transition table.

    Each command keeps the table that it explores in the user's folder for caches (or in IXASTATE_CACHE), so that the
    next one starts at once; beside it `ixastate simulate` keeps what it makes of the table. The files name the rules,
    the chart and the code that they were made of, and are made anew once these change. `-o` saves a table for
    `ixastate check --table FILE`.
    """
    from ixastate.proofs.report import describe_table
    from ixastate.table import kept
    from ixastate.table.table import save

    if where:
        return _where(kept.folder(), kept.files())
    if forget:
        removed = kept.forget()
        print(f"{len(removed)} {'file' if len(removed) == 1 else 'files'} removed")
        return OK
    require_place(output)
    made = explored(edition)
    with working("looking for the minimal machine"):
        lines = list(describe_table(made, minimal=True, width=width()))
    show(lines)
    if output is not None:
        save(made, output)
        say(f"saved to {output}")
    return OK


def _where(folder: Path | None, files: list[Path]) -> int:
    print(folder if folder is not None else "nowhere: this user has no folder for caches (IXASTATE_CACHE names one)")
    for file in files:
        print(f"  {file.stat().st_size / 1e6:6.1f} MB  {file.name}")
    return OK


COMMAND = CommandPage(
    table, ("ixastate table", "ixastate table --edition us-label -o us-label.table", "ixastate table --where")
)
