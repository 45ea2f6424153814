"""`ixastate page`: one HTML file to teach with, of one edition or of two side by side.

What makes the page is imported when it runs, so that `--help` is quick.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ixastate.cli.common import NAMES, OK, CommandPage, EditionOption, edition, editions_from, require_place
from ixastate.cli.terminal import say, working
from ixastate.editions import DEFAULT_EDITION
from ixastate.errors import InputError


def page(
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="write the page here", show_default=False)
    ] = None,
    edition: EditionOption = DEFAULT_EDITION,
    beside: Annotated[
        str | None,
        typer.Option(
            "--beside",
            metavar="EDITION",
            help=f"a second edition, shown beside the first with the same events: {NAMES}",
            parser=edition,
            autocompletion=editions_from,
        ),
    ] = None,
) -> int:
    """Write a page to teach with: one HTML file that a browser opens without a network.

    Events as buttons, and after each the state, the orders, the doses that are due, and the clauses that acted, lit in
    the text and in the picture. It needs the program dot (Graphviz) or the extra `draw`.
    """
    if output is None:
        raise InputError("where is the page to be written?", where="page", remedy="name a file with -o")
    require_place(output)
    from ixastate.files import write_whole
    from ixastate.page.page import page as made

    with working("making the tables"):
        content = made([edition, *([beside] if beside else [])])
    write_whole(output, content)
    say(f"written to {output}: open it in a browser")
    return OK


COMMAND = CommandPage(
    page, ("ixastate page -o machine.html", "ixastate page --beside what-if-stack-b -o two-readings.html")
)
