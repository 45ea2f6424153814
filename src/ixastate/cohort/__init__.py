"""A cohort of simulated courses: one to millions of patients, each a real course of events.

    simulate     simulate a cohort into a directory
    Run          a finished run: its frames for Polars
    replay       one patient of a run as a live course
    summary      summary statistics, as data frames
    pairs        two runs side by side, paired by patient where the random seed is the same
    figures      pictures of a run

The names are imported when they are first used: they need the libraries of the extra `cohort`.

The order inside, each row importing only from those above (`tests/test_cohort_house.py`):

    extra compiled rows   what is installed; just-in-time compilation; the rows of the log
    kept                  what is made of a machine once, kept on disk
    arrays                the machine as look-up tables
    model                 the interface of a toxicity model
    log/                  events, ledger and files
    models/               the toxicity models
    run/                  plan, directory, engines, replay
    answers/              summaries, comparisons, figures, validation
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ixastate.cohort.answers import figures as figures
    from ixastate.cohort.answers import pairs as pairs
    from ixastate.cohort.answers import summary as summary
    from ixastate.cohort.run.courses import replay as replay
    from ixastate.cohort.run.run import Run as Run
    from ixastate.cohort.run.simulation import simulate as simulate

__all__ = ["Run", "figures", "pairs", "replay", "simulate", "summary"]


def __getattr__(name: str) -> Any:
    from ixastate.cohort.extra import require_libraries

    if name not in __all__:
        raise AttributeError(f"module 'ixastate.cohort' has no attribute {name!r}")
    require_libraries()
    # Each by itself, since the libraries of one are slow to import for another.
    match name:
        case "Run":
            from ixastate.cohort.run.run import Run

            return Run
        case "simulate":
            from ixastate.cohort.run.simulation import simulate

            return simulate
        case "replay":
            from ixastate.cohort.run.courses import replay

            return replay
        case "summary":
            from ixastate.cohort.answers import summary

            return summary
        case "pairs":
            from ixastate.cohort.answers import pairs

            return pairs
        case _:
            from ixastate.cohort.answers import figures

            return figures
