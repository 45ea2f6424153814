"""Kaplan-Meier curves of right-censored times, with 95 % confidence limits.

The estimate and its limits are those of the library lifelines. Times are whole days, so patients are counted by day
first, and a million cost no more than a thousand.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ixastate.errors import MissingExtra, install_command

LEVEL = 0.95


@dataclass(frozen=True)
class Survival:
    """A curve as steps. `day` (n,), and on and after it until the next the `share` without the event and its limits.

    The median is the first day on which the share is at most a half, and so are its limits; None where it never is.
    """

    day: NDArray[np.int64]
    share: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]

    @classmethod
    def empty(cls) -> Survival:
        """The curve of no times at all."""
        return cls(np.zeros(1, np.int64), *(np.array([value]) for value in (math.nan, math.nan, math.nan)))

    @property
    def median(self) -> float | None:
        """The median time in days."""
        return self._half(self.share)

    @property
    def median_lower(self) -> float | None:
        """The lower limit of the median."""
        return self._half(self.lower)

    @property
    def median_upper(self) -> float | None:
        """The upper limit of the median."""
        return self._half(self.upper)

    def _half(self, curve: NDArray[np.float64]) -> float | None:
        under = np.flatnonzero(curve <= 0.5)
        return float(self.day[under[0]]) if len(under) else None

    def at(self, day: float) -> dict[str, float | None]:
        """The `share` on a day, `lower` and `upper`; a limit is None where there is none."""
        step = int(np.searchsorted(self.day, day, side="right")) - 1
        values = {"share": self.share[step], "lower": self.lower[step], "upper": self.upper[step]}
        return {name: None if math.isnan(value) else float(value) for name, value in values.items()}

    def frame(self) -> pl.DataFrame:
        """The steps as a frame: `day`, `share`, `lower`, `upper`."""
        return pl.DataFrame({"day": self.day, "share": self.share, "lower": self.lower, "upper": self.upper})

    def as_json(self) -> dict[str, Any]:
        """The median with its limits, in days."""
        return {"median_days": self.median, "median_lower": self.median_lower, "median_upper": self.median_upper}


def kaplan_meier(days: pl.Series, happened: pl.Series, counts: pl.Series) -> Survival:
    """The curve of `counts` times of so many `days` each, which ended with the event where it `happened`.

    `MissingExtra` when lifelines is not installed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from lifelines import KaplanMeierFitter
    except ImportError:
        raise MissingExtra(
            "Kaplan-Meier curves need lifelines", where="summary", remedy=install_command("cohort")
        ) from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitter = KaplanMeierFitter(alpha=1 - LEVEL).fit(
            days.to_numpy().astype(np.float64), happened.to_numpy(), weights=counts.to_numpy().astype(np.int64)
        )
    limits = fitter.confidence_interval_.to_numpy()
    share = fitter.survival_function_.to_numpy()[:, 0]
    return Survival(fitter.timeline.astype(np.int64), share, limits[:, 0], limits[:, 1])
