"""`ixastate compare`: where two editions of the rules differ."""

from __future__ import annotations

from typing import Annotated

import typer

from ixastate.cli.check import explored
from ixastate.cli.common import FOUND, NAMES, OK, CommandPage, edition, editions_from
from ixastate.cli.terminal import show, width, working


def compare(
    left: Annotated[
        str,
        typer.Argument(
            metavar="A", help=f"an edition of the rules: {NAMES}", parser=edition, autocompletion=editions_from
        ),
    ],
    right: Annotated[
        str, typer.Argument(metavar="B", help="another edition", parser=edition, autocompletion=editions_from)
    ],
) -> int:
    """Show where two editions of the rules differ.

    For each toxicity in which they do, the shortest course is printed, with what each edition orders at its end. Both
    machines are explored first, which takes some ten seconds each.
    """
    from ixastate.proofs.compare import compare
    from ixastate.proofs.report import parting_lines

    first, second = explored(left), explored(right)
    with working(f"comparing {left} with {right}"):
        partings = compare(first, second)
    for parting in partings:
        show(parting_lines(parting, first, second, width()))
    if not partings:
        print(f"{left} and {right} ask for the same on every course")
    return FOUND if partings else OK


COMMAND = CommandPage(
    compare,
    ("ixastate compare dosing-text us-label", "ixastate compare dosing-text what-if-stack-b"),
    found="the editions differ",
)
