"""Kaplan-Meier curves of right-censored times, with 95 % confidence limits.

The estimate is the product-limit one. Its limits are Greenwood's on the scale log(-log), which keeps them between 0
and 1. The library lifelines computes the same, but to import it takes most of a second; the tests compare with it.
Times are whole days, so patients are counted by day first, and a million cost no more than a thousand.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

LEVEL = 0.95
# Standard deviations on either side of the middle that hold so much of a normal distribution.
DEVIATIONS = NormalDist().inv_cdf((1 + LEVEL) / 2)


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
    """The curve of `counts` times of so many `days` each, which ended with the event where it `happened`."""
    day, places = np.unique(np.append(days.to_numpy(), 0).astype(np.int64), return_inverse=True)
    number = np.append(counts.to_numpy(), 0).astype(np.int64)
    events, ended = np.zeros(len(day), np.int64), np.zeros(len(day), np.int64)
    np.add.at(ended, places, number)
    np.add.at(events, places, np.where(np.append(happened.to_numpy(), False), number, 0))
    at_risk = number.sum() - ended.cumsum() + ended
    with np.errstate(divide="ignore", invalid="ignore"):
        log_share = np.cumsum(np.log(at_risk - events) - np.log(at_risk))
        # Once nobody is left the share is 0 without a doubt.
        terms = np.where(at_risk > events, events / (at_risk * (at_risk - events)), 0.0)
        share = np.exp(log_share)
        log = np.log(share)
        spread = DEVIATIONS * np.sqrt(np.cumsum(terms)) / log
        lower, upper = (np.exp(-np.exp(np.log(-log) + sign * spread)) for sign in (-1, 1))
    return Survival(day, share, *(np.where(np.isnan(limit), 1.0, limit) for limit in (lower, upper)))
