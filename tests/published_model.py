"""The published models of ixazomib's exposure, rash, diarrhoea and platelets: an oracle of `pkpd` with its own numbers.

It was written from the publications alone, imports nothing of the package, and keeps a transcription of its own:

Gupta 2017: Clin Pharmacokinet 2017;56:1355, doi 10.1007/s40262-017-0526-4 (pharmacokinetics);
Srimani 2022: CPT Pharmacometrics Syst Pharmacol 2022;11:1085, doi 10.1002/psp4.12815 (toxicities).

Where the package sums exponentials and steps, this integrates the differential equations (scipy) or takes the
exponential of the whole system's matrix. Times are hours or days as said, doses mg, concentrations ng/mL, platelets
10^9/L.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.linalg import expm

Array = NDArray[np.float64]
HOURS_OF_A_DAY, DAYS_OF_A_WEEK = 24, 7

# --- Gupta 2017: three compartments, absorbed at first order after a lag ------------------------------------------

KA, LAG_H, F, CL, V2, Q3, V3, Q4, V4 = 0.34, 13 / 60, 0.58, 1.86, 13.7, 5.18, 309.0, 26.1, 205.0
REFERENCE_BSA, BSA_EXPONENT = 1.87, 2.06
# Coefficients of variation between patients, log-normal, and the correlation of clearance with bioavailability.
CV_CL, CV_F, CV_V4, CORRELATION = 0.44, 0.73, 0.79, 0.82


def log_sd(cv: float) -> float:
    """The standard deviation of the logarithm of a log-normal variable with this coefficient of variation."""
    return math.sqrt(math.log(1 + cv**2))


@dataclass(frozen=True)
class Person:
    """What the pharmacokinetics of a patient are; the typical one by default."""

    clearance: float = CL
    bioavailability: float = F
    volume_4: float = V4

    def system(self) -> Array:
        """(5, 5): the rates of the gut, three compartments (mg) and the AUC of the first (ng·h/mL)."""
        k10, k12, k13 = self.clearance / V2, Q3 / V2, Q4 / V2
        rates = np.zeros((5, 5))
        rates[0, 0] = -KA
        rates[1, :4] = KA, -(k10 + k12 + k13), Q3 / V3, Q4 / self.volume_4
        rates[2, 1:3] = k12, -Q3 / V3
        rates[3, 1], rates[3, 3] = k13, -Q4 / self.volume_4
        rates[4, 1] = 1000 / V2
        return rates


def weekly_auc(person: Person, weekly_mg: Sequence[float]) -> Array:
    """(weeks,): the AUC of each week, ng·h/mL, with so many mg taken on its first morning."""
    system = person.system()
    until_absorbed, rest = expm(system * LAG_H), expm(system * (HOURS_OF_A_DAY * DAYS_OF_A_WEEK - LAG_H))
    amounts, seen = np.zeros(5), []
    for dose in weekly_mg:
        amounts[4] = 0.0  # each week by itself: the difference of two sums of a year would lose digits
        amounts = until_absorbed @ amounts
        amounts[0] += dose * person.bioavailability
        amounts = rest @ amounts
        seen.append(amounts[4])
    return np.array(seen)


# --- Srimani 2022: platelets, a proliferating pool, two transits and circulation, without feedback ----------------

MATURATION, TURNOVER = math.exp(-3.20), math.exp(-3.21)
SLOPE_IXAZOMIB, CUMULATIVE, SLOPE_LENALIDOMIDE, K_LENALIDOMIDE = 0.000859, 0.0000818, 0.0134, 0.0483
TYPICAL_BASELINE, BASELINE_SLOPE, MEDIAN_BASELINE = 203.0, 0.837, 197.0
PROPORTIONAL, ADDITIVE = 0.16, 28.1


def baseline_of(observed: float | Array) -> Any:
    """What the model expects of the baseline of a patient whose observed one this is."""
    return TYPICAL_BASELINE + BASELINE_SLOPE * (observed - MEDIAN_BASELINE)


def residual_sd(count: float) -> float:
    """The standard deviation of a measured count."""
    return math.hypot(PROPORTIONAL * count, ADDITIVE)


def platelets(
    person: Person,
    ixazomib_mg: Sequence[float],
    lenalidomide_mg: Sequence[float],
    *,
    half_life_h: float | None = None,
) -> Array:
    """(days + 1,): circulating platelets over their baseline each morning, before that day's doses; by day (days,) mg.

    `half_life_h` lets the cumulative AUC decay, which the publication does not.
    """
    rates = person.system()
    forget = math.log(2) / half_life_h if half_life_h else 0.0

    def slope(_: float, state: Array) -> Array:
        drug, felt, lenalidomide, pool, first, second, circulating = state[:4], *state[4:]
        concentration = drug[1] / V2 * 1000
        loss = SLOPE_IXAZOMIB * (concentration + CUMULATIVE * felt) + SLOPE_LENALIDOMIDE * K_LENALIDOMIDE * lenalidomide
        return np.array(
            [
                *(rates[:4, :4] @ drug),
                concentration - forget * felt,
                -K_LENALIDOMIDE * lenalidomide,
                TURNOVER - (MATURATION + loss) * pool,
                MATURATION * (pool - first),
                MATURATION * (first - second),
                MATURATION * second - TURNOVER * circulating,
            ]
        )

    state = np.zeros(10)
    state[6:9], state[9] = TURNOVER / MATURATION, 1.0
    mornings = [1.0]
    for ixazomib, lenalidomide in zip(ixazomib_mg, lenalidomide_mg, strict=True):
        state[5] += lenalidomide
        for hours, dose in ((LAG_H, ixazomib), (HOURS_OF_A_DAY - LAG_H, 0.0)):
            state = solve_ivp(slope, (0, hours), state, method="LSODA", rtol=1e-8, atol=1e-10).y[:, -1]
            state[0] += dose * person.bioavailability
        mornings.append(float(state[9]))
    return np.array(mornings)


# --- Srimani 2022: rash and diarrhoea, weekly Markov chains on the grades 0 to 3 ----------------------------------


@dataclass(frozen=True)
class Chain:
    """A toxicity: by grade now the logit of 1 or more and the logarithms of two steps down; variances; exposure."""

    rows: tuple[tuple[float, float, float], ...]
    variances: tuple[float, float, float, float]
    exposure: float


RASH = Chain(
    ((-7.37, 0.269, 0.436), (0.402, 1.87, -0.527), (1.48, -2.52, 1.99), (1.85, -2.82, -2.19)),
    (1.80, 0.685, 0.523, 0.0),
    0.000929,
)
DIARRHOEA = Chain(
    ((-5.28, 0.211, 0.657), (0.677, 1.99, 0.541), (1.94, -1.92, 2.21), (3.63, -2.15, -1.78)),
    (1.86, 3.72, 3.24, 2.74),
    0.000715,
)
RASH_ASIAN, RASH_EARLY, DIARRHOEA_FIRST_WEEK, DIARRHOEA_NAIVE = 1.19, 3.81, 0.933, -2.87


def chances(
    chain: Chain, now: NDArray[np.int64], own: Array, auc: Array, week: int, marked: NDArray[np.bool_]
) -> Array:
    """(patients, 3): the probabilities of grade 1, 2 and 3 or more in week `week` (1 is the first after the start).

    `now` (patients,) is the grade of the week before, `own` (patients, 4) the random effects by grade, `auc` the
    week's exposure; `marked`: of Asian race (rash), or without an immunomodulator before (diarrhoea).
    """
    table = np.array([(a, a - math.exp(b), a - math.exp(b) - math.exp(c)) for a, b, c in chain.rows])
    logits = table[now] + own[np.arange(len(now)), now][:, None]
    none, mild, severe = now == 0, now == 1, now == 3
    logits[none] += (chain.exposure * auc[none])[:, None]
    if chain is RASH:
        logits[none] += RASH_EARLY * math.exp(-0.134 * week)
        logits[none & marked] += RASH_ASIAN
        logits[mild, 0] += 2.51 * (1 - math.exp(-0.0667 * week))
    else:
        if week == 1:
            logits[none, 0] += DIARRHOEA_FIRST_WEEK
        logits[severe & marked] += DIARRHOEA_NAIVE
        logits[mild, 0] += 9.49 * (1 - math.exp(-0.0051 * week))
    return np.asarray(1 / (1 + np.exp(-logits)))
