"""`ixastate figure`: one picture of a run, or of two, into a file.

What draws is imported when it runs, so that `--help` is quick.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ixastate.cli.common import (
    OK,
    CohortArgument,
    CommandPage,
    choice,
    require_cohort,
    require_place,
    whole_number,
)
from ixastate.cli.terminal import say, working
from ixastate.diagrams.render import FORMATS
from ixastate.errors import InputError

TIME = "time-on-treatment"
MM_AN_INCH = 25.4
# The narrowest width in which each can be read, and the widest of any.
NARROWEST_MM = {"occupancy": 170, "swimmers": 170, "dose-intensity": 170, TIME: 80}
WIDEST_MM = 600
KINDS = tuple(NARROWEST_MM)

_KindArgument = Annotated[
    str,
    typer.Argument(
        metavar="KIND",
        help=f"what is drawn: {', '.join(KINDS)}",
        parser=choice("figure", KINDS),
        autocompletion=lambda incomplete: [name for name in KINDS if name.startswith(incomplete)],
    ),
]
_OtherArgument = Annotated[
    Path | None, typer.Argument(metavar="DIR2", help=f"directory of another run, to be drawn beside it ({TIME})")
]
_WidthOption = Annotated[
    int | None,
    typer.Option(
        "--width",
        metavar="MM",
        help=f"width in millimetres, such as 170, or 85 for {TIME} in a column (default 254)",
        parser=whole_number("--width"),
    ),
]


def figure(
    kind: _KindArgument,
    directory: CohortArgument,
    other: _OtherArgument = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help=f"write here: {', '.join(f'.{one}' for one in FORMATS)} (needed)"
        ),
    ] = None,
    width: _WidthOption = None,
    no_title: Annotated[bool, typer.Option("--no-title", help="leave the title out, as for a caption below")] = False,
) -> int:
    """Draw one figure of a simulated cohort, or the time on treatment of two.

    Text keeps its size whatever the width, so that a figure of 85 mm can be read in a column.
    """
    suffix = next((one for one in FORMATS if output is not None and output.suffix.lower() == f".{one}"), None)
    if output is None or suffix is None:
        raise InputError(
            "where to, and as what?" if output is None else f"no picture ends in {output.suffix!r}",
            where="figure" if output is None else str(output),
            remedy=f"-o FILE, which ends in one of: {', '.join(f'.{one}' for one in FORMATS)}",
        )
    if width is not None and not NARROWEST_MM[kind] <= width <= WIDEST_MM:
        raise InputError(
            f"{kind} cannot be {width} mm wide", where="--width", remedy=f"from {NARROWEST_MM[kind]} to {WIDEST_MM}"
        )
    if other is not None and kind != TIME:
        raise InputError(f"{kind} is of one run", where=str(other), remedy=f"draw each by itself, or both as {TIME}")
    require_place(output)
    require_cohort()
    from ixastate.cohort.answers import pictures
    from ixastate.cohort.answers.curves import survival_figure
    from ixastate.cohort.answers.figures import FIGURES
    from ixastate.cohort.run.run import Run
    from ixastate.diagrams.plots import WIDTH, as_bytes
    from ixastate.files import write_whole

    assert set(pictures.NAMES) | {TIME} == set(KINDS)
    runs = [Run.open(path) for path in (directory, other) if path is not None]
    inches = WIDTH if width is None else width / MM_AN_INCH
    with working("drawing"):
        if kind == TIME:
            drawn = survival_figure(*runs, width=inches)
        else:
            drawn = FIGURES[kind](runs[0])
            drawn.set_size_inches(inches, drawn.get_size_inches()[1])
        if no_title:
            for axes in drawn.axes:
                axes.set_title("", loc="left")
        content = as_bytes(drawn, suffix)
    write_whole(output, content)
    say(f"written to {output}")
    return OK


COMMAND = CommandPage(
    figure,
    (
        "ixastate figure time-on-treatment my-cohort -o time.svg",
        "ixastate figure time-on-treatment my-cohort other-cohort -o time.pdf --width 85 --no-title",
    ),
)
