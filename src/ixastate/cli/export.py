"""`ixastate export`: the chart for other people's tools, on standard output or in a file.

It parses arguments and writes; the formats are those of the room `exchange`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ixastate.cli.common import OK, CommandPage, EditionOption, choice, require_place
from ixastate.cli.terminal import say, write
from ixastate.editions import DEFAULT_EDITION
from ixastate.exchange import FORMATS


def export(
    format: Annotated[
        str,
        typer.Argument(
            metavar="FORMAT",
            help="scxml: a W3C SCXML document; xstate: an XState 5 machine config in JSON; xstate-setup: the "
            "JavaScript module that runs that config",
            parser=choice("format", FORMATS),
            autocompletion=lambda incomplete: [name for name in FORMATS if name.startswith(incomplete)],
        ),
    ],
    edition: EditionOption = DEFAULT_EDITION,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="write here (default: standard output)")
    ] = None,
) -> int:
    """Write the whole chart for other people's tools: SCXML or XState."""
    from ixastate.exchange.export import export as exported
    from ixastate.files import write_whole

    require_place(output)
    content = exported(format, edition)
    if output is None:
        write(content)
    else:
        write_whole(output, content.encode())
        say(f"written to {output}")
    return OK


COMMAND = CommandPage(export, ("ixastate export scxml -o course.scxml", "ixastate export xstate --edition us-label"))
