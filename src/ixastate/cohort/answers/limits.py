"""The 95 % limits of a share, and of the difference of two."""

from __future__ import annotations

import math

from ixastate.cohort.answers.survival import DEVIATIONS

Limits = tuple[float, float]


def wilson(share: float, total: float) -> Limits:
    """Wilson's score limits of a share of so many patients (E. B. Wilson, J Am Stat Assoc 1927;22:209)."""
    square = DEVIATIONS**2
    middle = share + square / (2 * total)
    spread = DEVIATIONS * math.sqrt(share * (1 - share) / total + square / (4 * total**2))
    lower, upper = (max(0.0, min(1.0, (middle + sign * spread) / (1 + square / total))) for sign in (-1, 1))
    return lower, upper


def newcombe(share: float, own: Limits, other: float, of_other: Limits) -> Limits:
    """Newcombe's limits of one share less another, from the limits of both (Stat Med 1998;17:873, method 10)."""
    apart = share - other
    return (
        apart - math.hypot(share - own[0], of_other[1] - other),
        apart + math.hypot(own[1] - share, other - of_other[0]),
    )
