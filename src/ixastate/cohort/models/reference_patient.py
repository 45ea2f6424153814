"""Random numbers, patients and grades of the reference implementation of the `pkpd` model, in plain Python.

The theory is in `pkpd`; the equations are those of `pkpd_patient_kernel`, in the same order of adding and multiplying.
Philox is computed on Python's whole numbers, and the normal quantile is the standard library's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist

from ixastate.cohort.models.pkpd_numbers import Numbers, Spread

WORD = 0xFFFFFFFF
BASELINE_WEEK = 2**32 - 1
MOST_PLATELETS, MOST_NEUTROPHILS = 2000, 5000
STANDARD_NORMAL = NormalDist()


# --- Chance ---------------------------------------------------------------------------------------------------


def draw(seed: int, patient: int, week: int, number: int) -> tuple[int, int, int, int]:
    """Philox4x32-10: four random words for the `number`-th draw of a patient's week."""
    counter = [number, week, patient & WORD, patient >> 32]
    key = [seed & WORD, seed >> 32]
    for _ in range(10):
        left, right = 0xD2511F53 * counter[0], 0xCD9E8D57 * counter[2]
        counter = [(right >> 32) ^ counter[1] ^ key[0], right & WORD, (left >> 32) ^ counter[3] ^ key[1], left & WORD]
        key = [(key[0] + 0x9E3779B9) & WORD, (key[1] + 0xBB67AE85) & WORD]
    return counter[0], counter[1], counter[2], counter[3]


def unit(word: int) -> float:
    """A random word as a number between 0 and 1."""
    return (word + 0.5) / 2**32


def normal(word: int) -> float:
    """A random word as a standard normal variate."""
    return STANDARD_NORMAL.inv_cdf(unit(word))


def truncated(word: int, spread: Spread) -> float:
    """A random word as a truncated normal variate."""
    return spread.middle + spread.deviation * STANDARD_NORMAL.inv_cdf(spread.below + spread.within * unit(word))


def rounded(value: float) -> int:
    """The nearest whole number; halves go up."""
    return math.floor(value + 0.5)


# --- The patient ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Patient:
    """What a patient is like; `baseline` is what the log keeps of it, by the names of `pkpd.BASELINE`."""

    baseline: dict[str, float]
    rash: tuple[float, ...]
    diarrhoea: tuple[float, ...]
    log_neutrophils: float
    sensitivity: float
    frailty: float

    @classmethod
    def drawn(cls, n: Numbers, seed: int, patient: int) -> Patient:
        """The patient of this number."""
        a, b, c, d, e, f = (draw(seed, patient, BASELINE_WEEK, number) for number in range(6))
        surface = rounded(100 * truncated(b[0], n.surface)) / 100
        seen = min(MOST_PLATELETS, rounded(math.exp(truncated(b[1], n.platelets))))
        z = normal(c[0])
        own = n.baseline + n.baseline_weight * (seen - n.baseline_centre) + n.baseline_sd * normal(f[0])
        log_neutrophils = truncated(f[1], n.neutrophils)
        baseline = {
            "age_years": rounded(truncated(a[0], n.age)),
            "female": unit(a[1]) < n.female,
            "asian": unit(a[2]) < n.asian,
            "prior_imid": unit(a[3]) < n.prior_imid,
            "body_surface_m2": surface,
            "creatinine_clearance_ml_min": rounded(10 * math.exp(truncated(b[2], n.creatinine_clearance))) / 10,
            "bilirubin_times_uln": rounded(100 * math.exp(truncated(b[3], n.bilirubin))) / 100,
            "on_dialysis": unit(c[3]) < n.dialysis,
            "platelets_10e9_l": seen,
            "own_platelets_10e9_l": max(n.baseline_lowest, own),
            "neutrophils_mm3": 10 * min(MOST_NEUTROPHILS, rounded(math.exp(log_neutrophils) / 10)),
            "ixazomib_clearance_l_h": n.clearance * math.exp(n.clearance_sd * z),
            "ixazomib_bioavailability": n.bioavailability
            * math.exp(n.bioavailability_with_clearance * z + n.bioavailability_sd * normal(c[1])),
            "ixazomib_volume_4_l": n.volume_4
            * math.exp(n.volume_4_sd * normal(c[2]) + n.surface_exponent * math.log(surface / n.surface_reference)),
        }
        kidney, dialysis = baseline["creatinine_clearance_ml_min"], baseline["on_dialysis"]
        baseline["lenalidomide_exposure"] = lenalidomide_exposure(n, kidney, bool(dialysis))
        return cls(
            {name: float(value) for name, value in baseline.items()},
            tuple(sd * normal(word) for sd, word in zip(n.rash_sd, d, strict=True)),
            tuple(sd * normal(word) for sd, word in zip(n.diarrhoea_sd, e, strict=True)),
            log_neutrophils,
            math.exp(n.sensitivity_sd * normal(f[2])),
            math.exp(n.frailty_middle + n.frailty_sd * normal(f[3])),
        )


# --- Graded toxicities ----------------------------------------------------------------------------------------


def next_grade(word: int, cuts: tuple[float, ...], shift: float, first: float) -> int:
    """The grade of next week: how many of the three logits the random one lies below."""
    x = math.log(unit(word) / (1 - unit(word)))
    return (x < cuts[0] + shift + first) + (x < cuts[1] + shift) + (x < cuts[2] + shift)


def lenalidomide_exposure(n: Numbers, kidney: float, dialysis: bool) -> float:
    """The AUC of a milligram of lenalidomide, as a multiple of that with healthy kidneys."""
    if dialysis:
        return 1 / n.dialysis_clears
    known = list(zip(n.kidney_at, n.kidney_clears, strict=True))
    if kidney <= known[0][0]:
        return 1 / known[0][1]
    for (left, low), (right, high) in pairwise(known):
        if kidney < right:
            return 1 / (low + (kidney - left) / (right - left) * (high - low))
    return 1 / known[-1][1]


def deviation(n: Numbers, count: float) -> float:
    """The standard deviation of a measured platelet count from the model's."""
    share = count / n.additive_from if count < n.additive_from else 1.0
    additive, spread = n.additive_error * share, n.proportional_error * count
    return math.sqrt(spread * spread + additive * additive)


def next_neuropathy(n: Numbers, word: int, grade: int, frailty: float, auc: float) -> int:
    """The grade of next week."""
    exposure = auc / n.weekly_auc
    worse = frailty * n.worsening[grade] * (n.background + (1 - n.background) * exposure)
    better = n.improvement[grade] * (1 + n.improvement_more * max(0.0, 1 - exposure))
    if unit(word) < min(0.5, worse):
        return grade + 1
    return grade - 1 if unit(word) > 1 - min(0.5, better) else grade
