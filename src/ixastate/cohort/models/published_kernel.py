"""The compiled courses of the `published` model: what happens to a patient week by week, and what the machine does.

The theory is in `published`. Here are its equations as one kernel, and no rule: an event's symbol is looked up in
tables that were made by asking the alphabet, and what a symbol does in the machine's own table. A patient's random
numbers are named by patient, week and purpose, so that two editions with one seed meet the same luck. `plain` does the
same in plain Python, and the two agree to the last bit: change both.

All of it is in one file, because numba's cache of compiled code looks at the age of this file alone. After a change of
`philox` or `wichura` touch it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from ixastate.cohort.arrays import NO_SYMBOL
from ixastate.cohort.models.philox import draw, unit
from ixastate.cohort.models.wichura import quantile
from ixastate.cohort.rows import AGREES, CLEAR, KIND, NOT_CLEAR, PAIN, RESOLVED, TERM

# What the draws of a week are for; the baseline has a week of its own.
BASELINE_WEEK = 2**32 - 1
WEEK, COUNTS, DETAILS, DOSES = range(4)
# The columns of `by_week`.
RASH_EARLY, RASH_SLOW, DIARRHOEA_FIRST, DIARRHOEA_SLOW = range(4)
MODES = 4
# Attribution of another toxicity: not stated, clearly to ixazomib, not clearly.
UNSTATED, CLEARLY, NOT_CLEARLY = range(3)
STATED = np.array([0, CLEAR, NOT_CLEAR], np.int64)
# No patient and no laboratory has more, in 10^9/L and in 10/mm3; the tables of meanings end there.
MOST_PLATELETS, MOST_NEUTROPHILS = 2000, 5000
# What a patient is like: the columns of `published.BASELINE`, and what is not written down.
AGE, FEMALE, ASIAN, PRIOR_IMID, SURFACE, KIDNEY, LIVER, DIALYSIS, PLATELETS_SEEN, PLATELETS_OWN = range(10)
NEUTROPHILS_SEEN, CLEARANCE, AVAILABLE, VOLUME_4, LOG_NEUTROPHILS, SENSITIVITY, FRAILTY, LIKE = range(10, 18)
# What may be written in a week, in this order; the last is vomiting.
START, RASH_TOLD, DIARRHOEA_TOLD, NEUROPATHY_TOLD, NEUTROPHILS_TOLD, PLATELETS_TOLD, ASSESSMENT, END, DOSE = range(9)
WHATS = 10

STARTED = KIND["course_started"]
NEUTROPHILS = KIND["neutrophils_measured"]
PLATELETS = KIND["platelets_measured"]
NEUROPATHY = KIND["neuropathy_graded"]
RASH = KIND["rash_graded"]
OTHER = KIND["other_toxicity_graded"]
ASSESSED = KIND["cycle_assessed"]
ENDS = ("progression_found", "patient_died", "consent_withdrawn", "intolerable_toxicity_declared")
END_KINDS = np.array([KIND[kind] for kind in ENDS], np.int64)
MISSED = KIND["dose_missed"]
DELAYED = KIND["dose_delayed"]
VOMITED = KIND["dose_vomited"]
DIARRHOEA = TERM["diarrhoea"]

normal = njit(quantile)


class Machine(NamedTuple):
    """The machine and the meanings of events as arrays; what is what is said in `published.tabulated`."""

    following: np.ndarray
    output: np.ndarray
    given: np.ndarray
    treated: np.ndarray
    rash_open: np.ndarray
    neuropathy_open: np.ndarray
    count_held: np.ndarray
    cycle_held: np.ndarray
    start: np.ndarray
    bilirubin_class: np.ndarray
    clearance_class: np.ndarray
    every_days: np.ndarray
    due: np.ndarray
    latest_delay: np.ndarray
    visit: np.ndarray
    weekly_while_held: bool
    neutrophils: np.ndarray
    platelets: np.ndarray
    rash: np.ndarray
    rash_recovered: np.ndarray
    neuropathy: np.ndarray
    neuropathy_recovered: np.ndarray
    other: np.ndarray
    other_after: np.ndarray
    other_recovered: np.ndarray
    assessed: np.ndarray
    neutrophils_class: np.ndarray
    platelets_class: np.ndarray
    assesses: bool
    ends: np.ndarray


# --- Chance ------------------------------------------------------------------------------------------


@njit
def truncated(word, spread):
    """A truncated normal variate from a random word."""
    return spread[0] + spread[1] * normal(spread[2] + spread[3] * unit(word))


# --- Ixazomib in the body -------------------------------------------------------------------------------------


@njit
def modes(n, clearance, bioavailability, volume_4, rates, first):
    """The four exponentials of a patient: their `rates` (4,) /h, and `first` (4,), ng/mL per mg just after the lag."""
    k10, k12, k13 = clearance / n.central, n.flow_3 / n.central, n.flow_4 / n.central
    k21, k31 = n.flow_3 / n.volume_3, n.flow_4 / volume_4
    a2 = k10 + k12 + k13 + k21 + k31
    a1 = k10 * k21 + k10 * k31 + k21 * k31 + k12 * k31 + k13 * k21
    a0 = k10 * k21 * k31
    # The roots of the cubic are real and positive; the least is got from the product, which loses nothing.
    mean = a2 / 3.0
    p = mean * mean - a1 / 3.0
    q = (2.0 * mean * mean * mean - a1 * mean + a0) / 2.0
    root = math.sqrt(p)
    angle = math.acos(min(1.0, max(-1.0, q / (p * root)))) / 3.0
    rates[0] = mean + 2.0 * root * math.cos(angle)
    rates[1] = mean + 2.0 * root * math.cos(angle - 2.0 * math.pi / 3.0)
    rates[2] = a0 / (rates[0] * rates[1])
    rates[3] = n.absorption
    for mode in range(3):
        # Equal to absorption a mode would have another form; so near to it the difference is nothing.
        if abs(rates[mode] - n.absorption) < 1e-7 * n.absorption:
            rates[mode] = n.absorption * (1.0 + 1e-7)
    scale = 1000.0 * n.absorption * bioavailability / n.central
    for mode in range(MODES):
        bottom = 1.0
        for other in range(MODES):
            if other != mode:
                bottom *= rates[other] - rates[mode]
        first[mode] = scale * (k21 - rates[mode]) * (k31 - rates[mode]) / bottom


@njit
def steps_of(n, rates, first, decay, mean, dosed):
    """What a step does to each mode: `decay` and `mean` (sizes, 4), and `dosed` (2, 4) after the first step per mg.

    The second row of `dosed` is each mode's share of the mean concentration of that step.
    """
    for size in range(len(n.step_hours)):
        hours = n.step_hours[size]
        for mode in range(MODES):
            decay[size, mode] = math.exp(-rates[mode] * hours)
            mean[size, mode] = (1.0 - decay[size, mode]) / (rates[mode] * hours)
    hours = n.step_hours[0]
    for mode in range(MODES):
        left = math.exp(-rates[mode] * (hours - n.lag))
        dosed[0, mode] = first[mode] * left
        dosed[1, mode] = first[mode] * (1.0 - left) / (rates[mode] * hours)


# --- A week of exposure and platelets -------------------------------------------------------------------------


@njit
def step(n, size, dose, decay, mean, dosed, amounts, body, chain):
    """One step of integration: `amounts` (4,) in ng/mL by mode, `body` and `chain` are changed.

    `body` is the cumulative AUC and the lenalidomide that acts (mg); `chain` the proliferating pool, two transits and
    the circulating platelets. Ixazomib's mean concentration in the step is exact. The pool falls by the mean loss,
    corrected for lenalidomide's coming early; between the ends it is the cubic with the true slopes, and the chain
    follows that exactly.
    """
    hours = n.step_hours[size]
    concentration = start = end = 0.0
    for mode in range(MODES):
        start += amounts[mode]
        concentration += amounts[mode] * mean[size, mode]
        amounts[mode] *= decay[size, mode]
    if dose > 0.0:
        for mode in range(MODES):
            concentration += dose * dosed[1, mode]
            amounts[mode] += dose * dosed[0, mode]
    for mode in range(MODES):
        end += amounts[mode]
    auc = concentration * hours
    held = body[1]
    acting = body[1] * n.lenalidomide_mean[size]
    body[1] *= n.lenalidomide_decay[size]
    fixed = n.maturation + n.ixazomib_loss * n.cumulative * (body[0] + 0.5 * auc)
    body[0] += auc

    rate = fixed + n.ixazomib_loss * concentration + n.lenalidomide_loss * acting
    before = chain[0]
    rest = n.production / rate
    after = rest + (before - rest) * math.exp(-rate * hours) + n.lenalidomide_early[size] * held
    fall = hours * (n.production - (fixed + n.ixazomib_loss * start + n.lenalidomide_loss * held) * before)
    rise = hours * (n.production - (fixed + n.ixazomib_loss * end + n.lenalidomide_loss * body[1]) * after)
    t1, t2, circulating = chain[1], chain[2], chain[3]
    w = n.chain[size]
    chain[0] = after
    chain[1] = w[0, 0] * t1 + w[0, 3] * before + w[0, 4] * fall + w[0, 5] * after + w[0, 6] * rise
    chain[2] = w[1, 0] * t1 + w[1, 1] * t2 + w[1, 3] * before + w[1, 4] * fall + w[1, 5] * after + w[1, 6] * rise
    chain[3] = (
        w[2, 0] * t1
        + w[2, 1] * t2
        + w[2, 2] * circulating
        + w[2, 3] * before
        + w[2, 4] * fall
        + w[2, 5] * after
        + w[2, 6] * rise
    )


@njit
def live_a_week(n, dose, dose_day, lenalidomide, due, every, cycle_day, decay, mean, dosed, amounts, body, chain):
    """Seven days from cycle day `cycle_day` (from 0) on; the mg of lenalidomide taken in them.

    `dose` mg of ixazomib are taken on day `dose_day` of the week (from 0), `lenalidomide` mg on each day that asks for
    it.
    """
    taken = 0.0
    for day in range(7):
        if due[every, cycle_day + day]:
            body[1] += lenalidomide
            taken += lenalidomide
        if day == dose_day and dose > 0.0:
            step(n, 0, dose, decay, mean, dosed, amounts, body, chain)
            step(n, 0, 0.0, decay, mean, dosed, amounts, body, chain)
            step(n, 1, 0.0, decay, mean, dosed, amounts, body, chain)
        else:
            step(n, 2, 0.0, decay, mean, dosed, amounts, body, chain)
    return taken


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


# --- The patient ----------------------------------------------------------------------------------------------


@njit
def baseline_of(n, key, patient, like, rash_eta, diarrhoea_eta):
    """What a patient is like: `like` (in the order of `published.BASELINE` and three more) and the random effects."""
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
def next_neuropathy(n, word, grade, frailty, auc):
    """The grade of next week; `auc` is that of the week that has passed."""
    exposure = auc / n.reference_auc
    worse = frailty * n.worsening[grade] * (n.background + (1.0 - n.background) * exposure)
    better = n.improvement[grade] * (1.0 + n.improvement_more * max(0.0, 1.0 - exposure))
    luck = unit(word)
    if luck < min(0.5, worse):
        return grade + 1
    if luck > 1.0 - min(0.5, better):
        return grade - 1
    return grade


# --- The courses ----------------------------------------------------------------------------------------------


@njit(nogil=True, cache=True, error_model="numpy")
def run(n, m, by_week, seed, first, count, weeks, baseline, columns):
    """The courses of `count` patients from number `first` on, over `weeks` weeks; the number of rows written.

    `baseline` (count, len(published.BASELINE)) is filled with what each patient was like, and `columns`, those of
    `Rows`, with the events.
    """
    rates, starts = np.empty(MODES), np.empty(MODES)
    decay, mean, dosed = np.empty((3, MODES)), np.empty((3, MODES)), np.empty((2, MODES))
    amounts, body, chain = np.empty(MODES), np.empty(2), np.empty(4)
    rash_eta, diarrhoea_eta, like = np.empty(4), np.empty(4), np.empty(LIKE)
    to_patient, to_number, to_day, to_kind, to_value, to_second, to_term, to_detail, to_symbol, to_after, to_said = (
        columns
    )
    key = np.uint64(seed)
    cycle_weeks = m.visit.shape[1]
    row = 0
    for one in range(count):
        patient = np.uint64(first + one)
        baseline_of(n, key, patient, like, rash_eta, diarrhoea_eta)
        baseline[one] = like[: baseline.shape[1]]
        modes(n, like[CLEARANCE], like[AVAILABLE], like[VOLUME_4], rates, starts)
        steps_of(n, rates, starts, decay, mean, dosed)
        amounts[:] = 0.0
        body[:] = 0.0
        chain[:3] = n.production / n.maturation
        chain[3] = 1.0
        tens, platelets = np.int64(like[NEUTROPHILS_SEEN] / 10.0), np.int64(like[PLATELETS_SEEN])
        liver = min(np.int64(100.0 * like[LIVER] + 0.5), len(m.bilirubin_class) - 1)
        kidney = min(np.int64(10.0 * like[KIDNEY] + 0.5), len(m.clearance_class) - 1)
        started = m.start[m.bilirubin_class[liver], m.clearance_class[kidney], np.int64(like[DIALYSIS])]
        every = np.int64(m.every_days[started])
        rash = diarrhoea = neuropathy = pain = 0
        attribution, opened = UNSTATED, 0
        auc = suppression = 0.0
        number, now = 0, np.int64(0)

        for week in range(weeks):
            this_week = np.uint64(week)
            today = 7 * week + 1
            cycle_week = week % cycle_weeks
            cycle_day = 7 * cycle_week
            g0, g1, g2, g3 = draw(key, patient, this_week, np.uint64(WEEK))
            h0 = h1 = h2 = h3 = j0 = j1 = j2 = np.uint64(0)
            told = assess = counted = False
            dose, dose_day = 0.0, 0
            # What may be written in a week, one after the other; each sees what the machine made of those before.
            for what in range(WHATS):
                tell = False
                day = today
                kind = value = second = term = detail = 0
                symbol = np.uint8(NO_SYMBOL)

                if what == START:
                    tell = week == 0
                    kind, symbol = STARTED, started

                elif what == RASH_TOLD:
                    if week > 0:
                        shift, alone = rash_eta[rash], 0.0
                        if rash == 0:
                            shift += n.rash_exposure * auc + n.rash_asian * like[ASIAN] + by_week[week, RASH_EARLY]
                        elif rash == 1:
                            alone = by_week[week, RASH_SLOW]
                        was = rash
                        rash = next_grade(g0, n.rash_cuts, rash, shift, alone)
                        tell = rash != was or (m.rash_open[now] and m.rash_recovered[rash])
                        kind, value, symbol = RASH, rash, m.rash[rash]

                elif what == DIARRHOEA_TOLD:
                    if week > 0:
                        shift, alone = diarrhoea_eta[diarrhoea], 0.0
                        if diarrhoea == 0:
                            shift += n.diarrhoea_exposure * auc
                            alone = by_week[week, DIARRHOEA_FIRST]
                        elif diarrhoea == 1:
                            alone = by_week[week, DIARRHOEA_SLOW]
                        elif diarrhoea == 3:
                            shift += n.diarrhoea_naive * (1.0 - like[PRIOR_IMID])
                        was = diarrhoea
                        diarrhoea = next_grade(g1, n.diarrhoea_cuts, diarrhoea, shift, alone)
                        tell = diarrhoea != was or (opened == 1 and m.other_recovered[diarrhoea])
                    if tell:
                        h0, h1, h2, h3 = draw(key, patient, this_week, np.uint64(DETAILS))
                        told = True
                        agrees = 0
                        if opened:
                            if m.other_recovered[diarrhoea] and unit(h1) < n.diarrhoea_agreement:
                                agrees = 1
                        elif m.other_after[0, diarrhoea, CLEARLY, 0]:
                            attribution = CLEARLY if unit(h0) < n.clearly_caused else NOT_CLEARLY
                        else:
                            attribution = UNSTATED
                        kind, value, term = OTHER, diarrhoea, DIARRHOEA
                        detail = STATED[attribution] + AGREES * agrees
                        symbol = m.other[opened, diarrhoea, attribution, agrees]
                        opened = np.int64(m.other_after[opened, diarrhoea, attribution, agrees])

                elif what == NEUROPATHY_TOLD:
                    if week > 0:
                        was = neuropathy
                        neuropathy = next_neuropathy(n, g2, neuropathy, like[FRAILTY], auc)
                        tell = neuropathy != was or (
                            m.neuropathy_open[now] and m.neuropathy_recovered[neuropathy, pain]
                        )
                    if tell:
                        if not told:
                            h0, h1, h2, h3 = draw(key, patient, this_week, np.uint64(DETAILS))
                        if neuropathy != was:
                            pain = np.int64(unit(h2) < n.pain[neuropathy])
                        agrees = np.int64(
                            m.neuropathy_recovered[neuropathy, pain] and unit(h3) < n.neuropathy_agreement
                        )
                        kind, value, detail = NEUROPATHY, neuropathy, PAIN * pain + AGREES * agrees
                        symbol = m.neuropathy[neuropathy, pain, agrees]

                elif what == NEUTROPHILS_TOLD:
                    assess = m.assesses and week > 0 and (cycle_week == 0 or m.cycle_held[now])
                    visit = m.visit[min(week // cycle_weeks, m.visit.shape[0] - 1), cycle_week]
                    counted = visit or assess or (m.weekly_while_held and m.count_held[now])
                    if counted and week > 0:
                        i0, i1, _, _ = draw(key, patient, this_week, np.uint64(COUNTS))
                        true = like[PLATELETS_OWN] * chain[3]
                        spread = n.proportional_error * true
                        noise = math.sqrt(spread * spread + n.additive_error * n.additive_error)
                        measured = math.floor(true + noise * normal(unit(i0)) + 0.5)
                        platelets = np.int64(min(float(MOST_PLATELETS), max(0.0, measured)))
                        log_count = like[LOG_NEUTROPHILS] - suppression + n.neutrophils_error * normal(unit(i1))
                        measured = math.floor(math.exp(log_count) / 10.0 + 0.5)
                        tens = np.int64(min(float(MOST_NEUTROPHILS), measured))
                    tell = counted
                    kind, value, symbol = NEUTROPHILS, 10 * tens, m.neutrophils[tens]

                elif what == PLATELETS_TOLD:
                    tell = counted
                    kind, value, symbol = PLATELETS, 1000 * platelets, m.platelets[platelets]

                elif what == ASSESSMENT:
                    tell = assess
                    if assess:
                        resolved = np.int64(max(rash, diarrhoea, neuropathy) <= n.resolved_to)
                        kind, value, second, detail = ASSESSED, 10 * tens, 1000 * platelets, RESOLVED * resolved
                        symbol = m.assessed[m.neutrophils_class[tens], m.platelets_class[platelets], resolved]

                elif what == END:
                    luck = unit(g3)
                    tell = week > 0 and luck < n.or_intolerable
                    if tell:
                        which = 3
                        if luck < n.progression:
                            which = 0
                        elif luck < n.or_death:
                            which = 1
                        elif luck < n.or_withdrawal:
                            which = 2
                        kind, symbol = END_KINDS[which], m.ends[which]

                elif what == DOSE:
                    if m.due[0, cycle_day]:
                        dose = m.given[now, 0] / 10.0
                    if dose > 0.0 and n.missed_or_late + n.vomited > 0.0:
                        j0, j1, j2, _ = draw(key, patient, this_week, np.uint64(DOSES))
                        luck = unit(j0)
                        longest = min(np.int64(n.longest_delay), m.latest_delay[cycle_day])
                        if luck < n.missed:
                            tell = True
                            day, kind, value, dose = today + 1, MISSED, today, 0.0
                        elif luck < n.missed_or_late and longest > 0:
                            tell = True
                            dose_day = 1 + np.int64(unit(j1) * longest)
                            day, kind, value = today + dose_day, DELAYED, today

                elif dose > 0.0 and n.vomited > 0.0:
                    tell = unit(j2) < n.vomited
                    day, kind = today + dose_day, VOMITED

                if not tell:
                    continue
                said = 0
                if symbol != NO_SYMBOL:
                    said = np.int64(m.output[now, symbol])
                    now = np.int64(m.following[now, symbol])
                number += 1
                to_patient[row] = patient
                to_number[row] = number
                to_day[row] = day
                to_kind[row] = kind
                to_value[row] = value
                to_second[row] = second
                to_term[row] = term
                to_detail[row] = detail
                to_symbol[row] = symbol
                to_after[row] = now
                to_said[row] = said
                row += 1
                if not m.treated[now]:
                    break

            if not m.treated[now]:
                break
            before = body[0]
            lenalidomide = m.given[now, 1] / 10.0
            lenalidomide = live_a_week(
                n, dose, dose_day, lenalidomide, m.due, every, cycle_day, decay, mean, dosed, amounts, body, chain
            )
            auc = body[0] - before
            effect = like[SENSITIVITY] * (n.neutrophils_lenalidomide * lenalidomide + n.neutrophils_ixazomib * auc)
            suppression = n.neutrophils_keeps * suppression + (1.0 - n.neutrophils_keeps) * effect
    return row
