"""`ixastate merge`: complete a run whose shards were computed apart."""

from __future__ import annotations

from ixastate.cli.common import CohortArgument, CommandPage, require_cohort
from ixastate.cli.simulate import FiguresOption, answer
from ixastate.cli.terminal import working


def merge(directory: CohortArgument, no_figures: FiguresOption = False) -> int:
    """Complete a simulated run whose shards were computed apart, and print its summary."""
    require_cohort()
    from ixastate.cohort.run.courses import require_same_machine
    from ixastate.cohort.run.directory import Directory
    from ixastate.cohort.run.plan import run_context
    from ixastate.cohort.run.run import Run
    from ixastate.cohort.run.simulation import finish

    opened = Directory.open(directory, complete=False)
    with working("reading the machine"):
        require_same_machine(Run(opened, {}))
        finish(opened, run_context(opened.plan))
    return answer(directory, figures=not no_figures)


COMMAND = CommandPage(merge, ("ixastate merge my-cohort", "ixastate merge my-cohort --no-figures"))
