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
) -> int:
    """Explore every configuration of the machine, print its size, and save its transition table.

    `ixastate check --table FILE` then starts at once. A saved table names its rules, and is refused once they change.
    """
    from ixastate.proofs.report import describe_table
    from ixastate.table.table import save

    require_place(output)
    made = explored(edition)
    with working("looking for the minimal machine"):
        lines = list(describe_table(made, minimal=True, width=width()))
    show(lines)
    if output is not None:
        save(made, output)
        say(f"saved to {output}")
    return OK


COMMAND = CommandPage(table, ("ixastate table", "ixastate table --edition us-label -o us-label.table"))
