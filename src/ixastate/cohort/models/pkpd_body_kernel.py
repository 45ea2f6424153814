"""The compiled body of the `pkpd` model: ixazomib in it, and what both drugs do to the platelets.

Pharmacokinetics of three compartments, and platelets as a chain of transit compartments. The theory is in `pkpd`; this
is its part of the kernel, equal to `reference_body` to the last bit.
"""

from __future__ import annotations

import math

from numba import njit

MODES = 4


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


@njit
def step(n, size, dose, decay, mean, dosed, amounts, body, chain):
    """One step of integration: `amounts` (4,) in ng/mL by mode, `body` and `chain` are changed.

    `body` is the AUC since the start, the lenalidomide that acts (mg) and what the platelets still feel of the AUC;
    `chain` the proliferating pool, two transits and the circulating platelets. Ixazomib's mean concentration in the
    step is exact. The pool falls by the mean loss, corrected for lenalidomide's coming early; between the ends it is
    the cubic with the true slopes, and the chain follows that exactly.
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
    fixed = n.maturation + n.ixazomib_loss * n.cumulative * (body[2] + 0.5 * auc)
    body[0] += auc
    body[2] = body[2] * n.cumulative_decay[size] + auc

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
