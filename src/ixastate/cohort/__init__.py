"""A cohort of simulated courses: one to millions of patients, each a real course of events.

`simulate` makes a run, `Run.open` opens one; `summary` and `pairs` answer questions as data frames. The names are
imported when they are first used: they need the libraries of the extra `cohort`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ixastate.cohort.run.run import Run as Run
    from ixastate.cohort.run.simulation import simulate as simulate

__all__ = ["Run", "simulate"]


def __getattr__(name: str) -> Any:
    from ixastate.cohort.extra import require_libraries

    if name not in __all__:
        raise AttributeError(f"module 'ixastate.cohort' has no attribute {name!r}")
    require_libraries()
    from ixastate.cohort.run.run import Run
    from ixastate.cohort.run.simulation import simulate

    return {"Run": Run, "simulate": simulate}[name]
