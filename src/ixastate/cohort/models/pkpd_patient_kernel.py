"""The compiled draws of the `pkpd` model: what a patient is like, and how grades change from week to week.

The theory is in `pkpd`; this is its part of the kernel, equal to `reference` to the last bit.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from ixastate.cohort.models.normal_quantile import quantile
from ixastate.cohort.models.philox import draw, unit

# The baseline is drawn in a week of its own.
BASELINE_WEEK = 2**32 - 1
# No patient and no laboratory has more, in 10^9/L and in 10/mm3; the look-up tables end there.
MOST_PLATELETS, MOST_NEUTROPHILS = 2000, 5000
# What a patient is like: the columns of `pkpd.BASELINE`, and what is not written down.
AGE, FEMALE, ASIAN, PRIOR_IMID, SURFACE, KIDNEY, LIVER, DIALYSIS, PLATELETS_SEEN, PLATELETS_OWN = range(10)
NEUTROPHILS_SEEN, CLEARANCE, AVAILABLE, VOLUME_4, LENALIDOMIDE = range(10, 15)
LOG_NEUTROPHILS, SENSITIVITY, FRAILTY, LIKE = range(15, 19)

normal = njit(quantile)


@njit
def truncated(word, spread):
    """A truncated normal variate from a random word."""
    return spread[0] + spread[1] * normal(spread[2] + spread[3] * unit(word))


@njit
def baseline_of(n, key, patient, like, rash_eta, diarrhoea_eta):
    """What a patient is like: `like` (in the order of `pkpd.BASELINE` and three more) and the random effects."""
    week = np.uint64(BASELINE_WEEK)
    a0, a1, a2, a3 = draw(key, patient, week, np.uint64(0))
    b0, b1, b2, b3 = draw(key, patient, week, np.uint64(1))
    c0, c1, c2, c3 = draw(key, patient, week, np.uint64(2))
    d0, d1, d2, d3 = draw(key, patient, week, np.uint64(3))
    e0, e1, e2, e3 = draw(key, patient, week, np.uint64(4))
    f0, f1, f2, f3 = draw(key, patient, week, np.uint64(5))
    like[AGE] = math.floor(truncated(a0, n.age) + 0.5)
    like[FEMALE] = unit(a1) < n.female
    like[ASIAN] = unit(a2) < n.asian
    like[PRIOR_IMID] = unit(a3) < n.prior_imid
    surface = math.floor(100.0 * truncated(b0, n.surface) + 0.5) / 100.0
    like[SURFACE] = surface
    seen = min(float(MOST_PLATELETS), math.floor(math.exp(truncated(b1, n.platelets)) + 0.5))
    like[PLATELETS_SEEN] = seen
    like[KIDNEY] = math.floor(10.0 * math.exp(truncated(b2, n.creatinine_clearance)) + 0.5) / 10.0
    like[LIVER] = math.floor(100.0 * math.exp(truncated(b3, n.bilirubin)) + 0.5) / 100.0
    z = normal(unit(c0))
    like[CLEARANCE] = n.clearance * math.exp(n.clearance_sd * z)
    like[AVAILABLE] = n.bioavailability * math.exp(
        n.bioavailability_with_clearance * z + n.bioavailability_sd * normal(unit(c1))
    )
    like[VOLUME_4] = n.volume_4 * math.exp(
        n.volume_4_sd * normal(unit(c2)) + n.surface_exponent * math.log(surface / n.surface_reference)
    )
    like[DIALYSIS] = unit(c3) < n.dialysis
    like[LENALIDOMIDE] = lenalidomide_exposure(n, like[KIDNEY], like[DIALYSIS])
    rash_eta[0] = n.rash_sd[0] * normal(unit(d0))
    rash_eta[1] = n.rash_sd[1] * normal(unit(d1))
    rash_eta[2] = n.rash_sd[2] * normal(unit(d2))
    rash_eta[3] = n.rash_sd[3] * normal(unit(d3))
    diarrhoea_eta[0] = n.diarrhoea_sd[0] * normal(unit(e0))
    diarrhoea_eta[1] = n.diarrhoea_sd[1] * normal(unit(e1))
    diarrhoea_eta[2] = n.diarrhoea_sd[2] * normal(unit(e2))
    diarrhoea_eta[3] = n.diarrhoea_sd[3] * normal(unit(e3))
    own = n.baseline + n.baseline_weight * (seen - n.baseline_centre) + n.baseline_sd * normal(unit(f0))
    like[PLATELETS_OWN] = max(n.baseline_lowest, own)
    like[LOG_NEUTROPHILS] = truncated(f1, n.neutrophils)
    tens = math.floor(math.exp(like[LOG_NEUTROPHILS]) / 10.0 + 0.5)
    like[NEUTROPHILS_SEEN] = 10.0 * min(float(MOST_NEUTROPHILS), tens)
    like[SENSITIVITY] = math.exp(n.sensitivity_sd * normal(unit(f2)))
    like[FRAILTY] = math.exp(n.frailty_middle + n.frailty_sd * normal(unit(f3)))


@njit
def lenalidomide_exposure(n, kidney, dialysis):
    """The AUC of a milligram of lenalidomide over that with healthy kidneys, by creatinine clearance in mL/min."""
    if dialysis > 0.0:
        return 1.0 / n.dialysis_clears
    at, clears = n.kidney_at, n.kidney_clears
    if kidney <= at[0]:
        return 1.0 / clears[0]
    for right in range(1, len(at)):
        if kidney < at[right]:
            part = (kidney - at[right - 1]) / (at[right] - at[right - 1])
            return 1.0 / (clears[right - 1] + part * (clears[right] - clears[right - 1]))
    return 1.0 / clears[len(at) - 1]


@njit
def deviation(n, count):
    """The standard deviation of a measured platelet count from the model's, both in 10^9/L.

    Its additive part is whole from `additive_from` on, and falls in proportion to a lower count.
    """
    additive = n.additive_error
    if count < n.additive_from:
        additive *= count / n.additive_from
    spread = n.proportional_error * count
    return math.sqrt(spread * spread + additive * additive)


@njit
def seen_platelets(true, error, word):
    """A measured platelet count in whole 10^9/L, of a true one with the laboratory's standard deviation."""
    measured = math.floor(true + error * normal(unit(word)) + 0.5)
    return np.int64(min(float(MOST_PLATELETS), max(0.0, measured)))


@njit
def seen_neutrophils(log_count, error, word):
    """A measured neutrophil count in whole 10/mm3, of the logarithm of a true one with the laboratory's error."""
    measured = math.exp(log_count + error * normal(unit(word)))
    return np.int64(min(float(MOST_NEUTROPHILS), math.floor(measured / 10.0 + 0.5)))


@njit
def next_neuropathy(n, word, grade, frailty, auc):
    """The grade of next week; `auc` is that of the week that has passed."""
    exposure = auc / n.weekly_auc
    worse = frailty * n.worsening[grade] * (n.background + (1.0 - n.background) * exposure)
    better = n.improvement[grade] * (1.0 + n.improvement_more * max(0.0, 1.0 - exposure))
    luck = unit(word)
    if luck < min(0.5, worse):
        return grade + 1
    if luck > 1.0 - min(0.5, better):
        return grade - 1
    return grade


# --- Graded toxicities ----------------------------------------------------------------------------------------


@njit
def next_grade(word, cuts, grade, shift, first):
    """The grade of next week: `shift` moves every logit of this grade, `first` that of grade 1 or more alone."""
    u = unit(word)
    x = math.log(u / (1.0 - u))
    grades = 0
    if x < cuts[grade, 0] + shift + first:
        grades += 1
    if x < cuts[grade, 1] + shift:
        grades += 1
    if x < cuts[grade, 2] + shift:
        grades += 1
    return grades
