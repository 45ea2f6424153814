"""`ixastate verify`: simulated patients run through the live chart, and compared."""

from __future__ import annotations

from typing import Annotated

import typer

from ixastate.cli.common import FOUND, OK, CohortArgument, CommandPage, require_cohort, whole_number
from ixastate.cli.terminal import bar, fitted, show


def verify(
    directory: CohortArgument,
    sample: Annotated[
        int | None,
        typer.Option(
            "--sample",
            metavar="N",
            help="number of patients, evenly spaced (default: all)",
            parser=whole_number("--sample", 1),
        ),
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option(
            "--processes",
            metavar="N",
            help="number of processes (default: one per processor)",
            parser=whole_number("--processes", 1),
        ),
    ] = None,
) -> int:
    """Run simulated patients through the live chart, and compare every state, order and dose."""
    require_cohort()
    from ixastate.cohort.run.courses import sample as sampled
    from ixastate.cohort.run.courses import verify
    from ixastate.cohort.run.engine import usual_threads
    from ixastate.cohort.run.run import Run

    run = Run.open(directory)
    patients = sampled(run, sample)
    with bar(len(patients), "patients", "verifying") as progress:
        verified = verify(run, patients, processes or usual_threads(), progress.update)
    for difference in verified.differences:
        show(fitted([str(difference)]))
    if verified.found:
        print(f"{verified.found:,} differences in {verified.patients:,} patients")
        return FOUND
    size = f"{verified.events:,} events of {verified.patients:,} patients"
    show(fitted([f"no difference: {size}, every state, order and dose"]))
    return OK


COMMAND = CommandPage(
    verify,
    ("ixastate verify my-cohort --sample 100", "ixastate verify my-cohort --processes 1"),
    found="a patient's course differs",
)
