"""The compiled courses of the `pkpd` model: what happens to a patient week by week, and what the machine does.

The theory is in `pkpd`. Here are its equations as one kernel, and no rule: an event's symbol is looked up in tables
that were made by asking the alphabet, and what a symbol does in the machine's own table. A patient's random numbers are
keyed by patient, week and purpose, so that two editions with one seed draw the same numbers. `reference` does the same
in plain Python, and the two agree to the last bit: change both.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ixastate.cohort.compiled import kernel
from ixastate.cohort.models.philox import draw, unit
from ixastate.cohort.models.pkpd_body_kernel import MODES, live_a_week, modes, steps_of
from ixastate.cohort.models.pkpd_patient_kernel import (
    ASIAN,
    AVAILABLE,
    CLEARANCE,
    DIALYSIS,
    FRAILTY,
    KIDNEY,
    LENALIDOMIDE,
    LIKE,
    LIVER,
    LOG_NEUTROPHILS,
    MOST_NEUTROPHILS,
    MOST_PLATELETS,
    NEUTROPHILS_SEEN,
    PLATELETS_OWN,
    PLATELETS_SEEN,
    PRIOR_IMID,
    SENSITIVITY,
    VOLUME_4,
    baseline_of,
    deviation,
    next_grade,
    next_neuropathy,
    normal,
    seen_neutrophils,
    seen_platelets,
)
from ixastate.cohort.rows import AGREES, CLEAR, KIND, MISCLASSIFIED, NO_SYMBOL, NOT_CLEAR, PAIN, RESOLVED, TERM

# What the draws of a week are for.
WEEK, COUNTS, DETAILS, DOSES, REPEATED = range(5)
# The columns of `by_week`.
RASH_EARLY, RASH_SLOW, DIARRHOEA_FIRST, DIARRHOEA_SLOW = range(4)
# Attribution of another toxicity: not stated, clearly to ixazomib, not clearly.
UNSTATED, CLEARLY, NOT_CLEARLY = range(3)
STATED = np.array([0, CLEAR, NOT_CLEAR], np.int64)
# What may be written in a week, in this order; a low count that is to be confirmed is drawn again.
START, RASH_TOLD, DIARRHOEA_TOLD, NEUROPATHY_TOLD, NEUTROPHILS_TOLD, PLATELETS_TOLD = range(6)
NEUTROPHILS_AGAIN, PLATELETS_AGAIN, ASSESSMENT, END, DOSE, VOMITING, WHATS = range(6, 13)

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


class Machine(NamedTuple):
    """Look-up tables of the kernel: the machine, and what events mean; `pkpd.tabulated` documents each field."""

    following: np.ndarray
    output: np.ndarray
    given: np.ndarray
    treated: np.ndarray
    rash_open: np.ndarray
    neuropathy_open: np.ndarray
    count_held: np.ndarray
    cycle_held: np.ndarray
    neutrophils_to_confirm: np.ndarray
    platelets_to_confirm: np.ndarray
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


# --- The courses ----------------------------------------------------------------------------------------------


@kernel(error_model="numpy")
def run(n, m, by_week, seed, first, count, weeks, baseline, columns, to_true):
    """The courses of `count` patients from number `first` on, over `weeks` weeks; the number of rows written.

    `baseline` (count, len(pkpd.BASELINE)) is filled with what each patient was like, `columns`, those of `Rows`, with
    the events, and `to_true` with the true count per cubic millimetre of each measured one.
    """
    rates, starts = np.empty(MODES), np.empty(MODES)
    decay, mean, dosed = np.empty((3, MODES)), np.empty((3, MODES)), np.empty((2, MODES))
    amounts, body, chain = np.empty(MODES), np.empty(3), np.empty(4)
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
        # What was seen of the platelets at the start is the patient's own count and its deviation of that day.
        spread = deviation(n, like[PLATELETS_OWN])
        platelets_off = (like[PLATELETS_SEEN] - like[PLATELETS_OWN]) / spread if spread > 0.0 else 0.0
        neutrophils_off = 0.0
        true_tens, true_platelets = tens, platelets
        true_neutrophils_mm3, true_platelets_mm3 = 10 * tens, 1000 * platelets
        level = log_count = 0.0
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
            i0 = i1 = np.uint64(0)
            if week > 0:
                # The patient's own deviations go on whether blood is drawn or not.
                i0, i1, i2, i3 = draw(key, patient, this_week, np.uint64(COUNTS))
                platelets_off = n.platelets_keep * platelets_off + n.platelets_renew * normal(unit(i2))
                neutrophils_off = n.neutrophils_keep * neutrophils_off + n.neutrophils_renew * normal(unit(i3))
            h0 = h1 = h2 = h3 = j0 = j1 = j2 = np.uint64(0)
            told = assess = counted = False
            dose, dose_day = 0.0, 0
            # What may be written in a week, one after the other; each sees what the machine made of those before.
            for what in range(WHATS):
                tell = False
                day = today
                kind = value = second = term = detail = truth = 0
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
                        expected = like[PLATELETS_OWN] * chain[3]
                        spread = deviation(n, expected)
                        level = max(0.0, expected + n.platelets_within * spread * platelets_off)
                        platelets = seen_platelets(level, n.platelets_laboratory * spread, i0)
                        true_platelets = np.int64(min(float(MOST_PLATELETS), level))
                        true_platelets_mm3 = np.int64(1000.0 * level)
                        log_count = like[LOG_NEUTROPHILS] - suppression + n.neutrophils_within * neutrophils_off
                        true = math.exp(log_count)
                        tens = seen_neutrophils(log_count, n.neutrophils_laboratory, i1)
                        true_tens = np.int64(min(float(MOST_NEUTROPHILS), true / 10.0))
                        true_neutrophils_mm3 = np.int64(true)
                    tell = counted
                    kind, value, symbol, truth = NEUTROPHILS, 10 * tens, m.neutrophils[tens], true_neutrophils_mm3
                    detail = MISCLASSIFIED * np.int64(m.neutrophils[true_tens] != symbol)

                elif what == PLATELETS_TOLD:
                    tell = counted
                    kind, value, symbol, truth = PLATELETS, 1000 * platelets, m.platelets[platelets], true_platelets_mm3
                    detail = MISCLASSIFIED * np.int64(m.platelets[true_platelets] != symbol)

                elif what == NEUTROPHILS_AGAIN:
                    tell = week > 0 and counted and m.neutrophils_to_confirm[now]
                    if tell:
                        _, k1, _, _ = draw(key, patient, this_week, np.uint64(REPEATED))
                        tens = seen_neutrophils(log_count, n.neutrophils_laboratory, k1)
                        kind, value, symbol = NEUTROPHILS, 10 * tens, m.neutrophils[tens]
                        truth = true_neutrophils_mm3
                        detail = MISCLASSIFIED * np.int64(m.neutrophils[true_tens] != symbol)

                elif what == PLATELETS_AGAIN:
                    tell = week > 0 and counted and m.platelets_to_confirm[now]
                    if tell:
                        k0, _, _, _ = draw(key, patient, this_week, np.uint64(REPEATED))
                        platelets = seen_platelets(level, n.platelets_laboratory * spread, k0)
                        kind, value, symbol = PLATELETS, 1000 * platelets, m.platelets[platelets]
                        truth = true_platelets_mm3
                        detail = MISCLASSIFIED * np.int64(m.platelets[true_platelets] != symbol)

                elif what == ASSESSMENT:
                    tell = assess
                    if assess:
                        resolved = np.int64(max(rash, diarrhoea, neuropathy) <= n.resolved_to)
                        kind, value, second, detail = ASSESSED, 10 * tens, 1000 * platelets, RESOLVED * resolved
                        symbol = m.assessed[m.neutrophils_class[tens], m.platelets_class[platelets], resolved]
                        truly = m.assessed[m.neutrophils_class[true_tens], m.platelets_class[true_platelets], resolved]
                        detail += MISCLASSIFIED * np.int64(truly != symbol)

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

                elif what == VOMITING and dose > 0.0 and n.vomited > 0.0:
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
                to_true[row] = truth
                row += 1
                if not m.treated[now]:
                    break

            if not m.treated[now]:
                break
            before = body[0]
            lenalidomide = like[LENALIDOMIDE] * (m.given[now, 1] / 10.0)
            lenalidomide = live_a_week(
                n, dose, dose_day, lenalidomide, m.due, every, cycle_day, decay, mean, dosed, amounts, body, chain
            )
            auc = body[0] - before
            effect = like[SENSITIVITY] * (n.neutrophils_lenalidomide * lenalidomide + n.neutrophils_ixazomib * auc)
            suppression = n.neutrophils_keeps * suppression + (1.0 - n.neutrophils_keeps) * effect
    return row
