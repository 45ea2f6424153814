"""`ixastate suite`: test courses with the expected answers; and the options that `ixastate conform` shares with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ixastate.cli.common import NAMES, OK, CommandPage, edition, editions_from, require_place, whole_number
from ixastate.cli.pages import did_you_mean
from ixastate.cli.terminal import fitted, say, show, working, write
from ixastate.editions import DEFAULT_EDITION
from ixastate.errors import InputError

if TYPE_CHECKING:
    from ixastate.testing.suites.files import Suite

MOST = 100_000
MOST_SEED = 10**18 - 1
COVERS = ("edges", "pairs", "rules", "readings", "boundaries", "configurations", "walks")

CoverOption = Annotated[
    list[str] | None,
    typer.Option(
        "--cover",
        metavar="WHAT",
        help=f"what the courses cover: one or more, with commas, of {', '.join(COVERS)}",
        autocompletion=lambda incomplete: [name for name in COVERS if name.startswith(incomplete)],
    ),
]
MachineOption = Annotated[
    str | None,
    typer.Option(
        "--edition",
        metavar="EDITION",
        help=f"edition of the rules: {NAMES} (default {DEFAULT_EDITION})",
        parser=edition,
        autocompletion=editions_from,
    ),
]
LengthOption = Annotated[
    int,
    typer.Option(
        "--length", metavar="N", help="length of a random walk in events", parser=whole_number("--length", 1, MOST)
    ),
]
SeedOption = Annotated[
    int, typer.Option("--seed", metavar="N", help="random seed", parser=whole_number("--seed", 0, MOST_SEED))
]
CoursesOption = Annotated[
    int,
    typer.Option("--courses", metavar="N", help="number of random walks", parser=whole_number("--courses", 1, MOST)),
]


def suite(
    cover: CoverOption = None,
    edition: MachineOption = None,
    length: LengthOption = 30,
    seed: SeedOption = 1,
    courses: CoursesOption = 100,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="write here (default: standard output)")
    ] = None,
    schema: Annotated[bool, typer.Option("--schema", help="print the JSON Schema of a suite instead")] = False,
    score: Annotated[
        bool,
        typer.Option("--score", help="print how many mutants of the chart it would notice; write it only with -o"),
    ] = False,
) -> int:
    """Write test courses with the expected answers, which any language can run.

    Without --cover every transition of the chart is covered (edges).
    """
    from ixastate.testing.suites.files import schema_text, write_suite

    if schema:
        write(schema_text())
        return OK
    names = covers_of(cover, "edges")
    require_place(output)
    made = make(names, edition, length, seed, courses)
    if output is not None:
        write_suite(output, made)
        say(f"{made.header.courses} courses, {made.header.events} events written to {output}")
    if score:
        _show_score(made)
    elif output is None:
        write("".join(f"{line}\n" for line in made.lines()))
    return OK


def covers_of(cover: list[str] | None, usual: str) -> list[str]:
    """The covers of the option; `InputError` for one that does not exist."""
    names = [name.strip() for one in cover or [usual] for name in one.split(",") if name.strip()]
    unknown = [name for name in names if name not in COVERS]
    if unknown or not names:
        raise InputError(
            f"there is no cover {unknown[0]!r}" if unknown else "what is to be covered?",
            where="--cover",
            remedy=f"one or more of: {', '.join(COVERS)}{did_you_mean(unknown[0], COVERS) if unknown else ''}",
        )
    return names


def make(names: list[str], edition: str | None, length: int, seed: int, courses: int) -> Suite:
    """The suite of these covers."""
    from ixastate.testing.suites.make import RandomWalks, make_suite

    with working("choosing the courses"):
        return make_suite(names, edition or DEFAULT_EDITION, RandomWalks(length, seed, courses))


def _show_score(made: Suite) -> None:
    from ixastate.chart.chart import build_chart
    from ixastate.table.graph import read
    from ixastate.testing.mutation import score

    with working("running the courses on every mutant"):
        found = score(read(build_chart(made.header.edition)), made.courses)
    longest = max((len(test.steps) for test in made.courses), default=0)
    size = f"{made.header.courses} courses, {made.header.events} events, the longest {longest}"
    lines = [
        f"{', '.join(made.header.cover)}: {size}",
        f"notices {found.killed} of {found.mutants} mutants of the chart ({found.percent:.1f} %)",
        *(f"  not noticed: {name}" for name in found.survivors),
    ]
    show(fitted(lines))


COMMAND = CommandPage(suite, ("ixastate suite --cover boundaries -o boundaries.suite", "ixastate suite --schema"))
