"""The numbers of the `pkpd` model, derived from its parameter file once.

The kernel and its reference both start from these, so that they differ in nothing but how they compute. This module
knows no machine and no random number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any, NamedTuple

from ixastate.cohort.models.parameters import (
    DAYS_A_WEEK,
    GRADES,
    STEP_HOURS,
    Given,
    Values,
    weekly_probability,
)
from ixastate.errors import InputError

HOURS_A_DAY = 24
HOURS_A_WEEK = HOURS_A_DAY * DAYS_A_WEEK


class Spread(NamedTuple):
    """A truncated normal distribution: its middle and deviation, and the share of the whole one below and within."""

    middle: float
    deviation: float
    below: float
    within: float


class Numbers(NamedTuple):
    """What the model computes with; times in hours, amounts in mg, concentrations in ng/mL, unless said otherwise."""

    # Ixazomib: rates /h, volumes L, the three standard deviations and the share of F's that goes with clearance's.
    absorption: float
    lag: float
    bioavailability: float
    clearance: float
    central: float
    flow_3: float
    volume_3: float
    flow_4: float
    volume_4: float
    surface_reference: float
    surface_exponent: float
    clearance_sd: float
    bioavailability_with_clearance: float
    bioavailability_sd: float
    volume_4_sd: float
    # Lenalidomide: its clearance, as a share of that of healthy kidneys, at three creatinine clearances (mL/min).
    kidney_at: tuple[float, ...]
    kidney_clears: tuple[float, ...]
    dialysis_clears: float
    # The Markov chains: logits of reaching grade 1, 2, 3 or more, by current grade.
    rash_cuts: tuple[tuple[float, ...], ...]
    rash_sd: tuple[float, ...]
    rash_exposure: float
    rash_asian: float
    diarrhoea_cuts: tuple[tuple[float, ...], ...]
    diarrhoea_sd: tuple[float, ...]
    diarrhoea_exposure: float
    diarrhoea_naive: float
    clearly_caused: float
    diarrhoea_agreement: float
    # Neuropathy: weekly rates, the frailty's location and deviation on the logarithm, the mean AUC of a week on 4 mg in
    # ng·h/mL.
    worsening: tuple[float, ...]
    background: float
    improvement: tuple[float, ...]
    improvement_more: float
    frailty_middle: float
    frailty_sd: float
    pain: tuple[float, ...]
    neuropathy_agreement: float
    weekly_auc: float
    # Platelets, in 10^9/L. Of a deviation's standard deviation, the factor of the patient's own part and of the
    # laboratory's; of a patient's part, what is left a week later and the factor of what is new. By step size: hours,
    # lenalidomide's decay, its mean, what its coming early in the step spares the pool (per mg), what is left of the
    # cumulative AUC, and the chain's response.
    maturation: float
    production: float
    baseline: float
    baseline_weight: float
    baseline_centre: float
    baseline_sd: float
    baseline_lowest: float
    ixazomib_loss: float
    cumulative: float
    lenalidomide_loss: float
    proportional_error: float
    additive_error: float
    additive_from: float
    platelets_within: float
    platelets_laboratory: float
    platelets_keep: float
    platelets_renew: float
    step_hours: tuple[float, ...]
    lenalidomide_decay: tuple[float, ...]
    lenalidomide_mean: tuple[float, ...]
    lenalidomide_early: tuple[float, ...]
    cumulative_decay: tuple[float, ...]
    chain: tuple[tuple[tuple[float, ...], ...], ...]
    # Neutrophils, on the logarithm of the count per mm3; the effect of one mg of lenalidomide and of one ng·h/mL.
    neutrophils: Spread
    neutrophils_lenalidomide: float
    neutrophils_ixazomib: float
    sensitivity_sd: float
    neutrophils_keeps: float
    neutrophils_within: float
    neutrophils_laboratory: float
    neutrophils_keep: float
    neutrophils_renew: float
    # The patients: the first two are normal, the others log-normal.
    age: Spread
    surface: Spread
    platelets: Spread
    creatinine_clearance: Spread
    bilirubin: Spread
    female: float
    asian: float
    prior_imid: float
    dialysis: float
    # The ends as a rising scale of one random number, and the doses.
    progression: float
    or_death: float
    or_withdrawal: float
    or_intolerable: float
    missed: float
    missed_or_late: float
    longest_delay: float
    vomited: float
    resolved_to: float


def worked_out(values: Given) -> Numbers:
    """The numbers of a file's values."""
    one = Values(values)
    groups = (_pharmacokinetics, _graded, _neuropathy, _platelets, _neutrophils, _patients, _ends_and_doses)
    return Numbers(**{name: number for group in groups for name, number in group(one).items()})


def _reference_auc(one: Values) -> float:
    """The AUC of one dose of 4 mg in the typical patient, ng·h/mL: 1247 with the published numbers."""
    dose = 1000 * REFERENCE_DOSE_MG
    return dose * one["pharmacokinetics.bioavailability"] / one["pharmacokinetics.clearance"]


def _pharmacokinetics(one: Values) -> dict[str, Any]:
    clearance_sd = math.sqrt(one["pharmacokinetics.clearance_variance"])
    with_clearance = one["pharmacokinetics.covariance"] / clearance_sd
    rest = one["pharmacokinetics.bioavailability_variance"] - with_clearance**2
    return {
        "absorption": one["pharmacokinetics.absorption_rate"],
        "lag": one["pharmacokinetics.lag"] / 60,
        "bioavailability": one["pharmacokinetics.bioavailability"],
        "clearance": one["pharmacokinetics.clearance"],
        "central": one["pharmacokinetics.central_volume"],
        "flow_3": one["pharmacokinetics.flow_3"],
        "volume_3": one["pharmacokinetics.volume_3"],
        "flow_4": one["pharmacokinetics.flow_4"],
        "volume_4": one["pharmacokinetics.volume_4"],
        "surface_reference": one["pharmacokinetics.body_surface_reference"],
        "surface_exponent": one["pharmacokinetics.body_surface_exponent"],
        "clearance_sd": clearance_sd,
        "bioavailability_with_clearance": with_clearance,
        "bioavailability_sd": math.sqrt(max(0.0, rest)),
        "volume_4_sd": math.sqrt(one["pharmacokinetics.volume_4_variance"]),
        "kidney_at": one.list("lenalidomide.clearance_at"),
        "kidney_clears": one.list("lenalidomide.relative_clearance"),
        "dialysis_clears": one["lenalidomide.dialysis"],
    }


def _graded(one: Values) -> dict[str, Any]:
    return {
        "rash_cuts": tuple(cuts(one.list(f"rash.from_{grade}")) for grade in range(GRADES)),
        "rash_sd": tuple(math.sqrt(variance) for variance in one.list("rash.variances")),
        "rash_exposure": one["rash.exposure"],
        "rash_asian": one["rash.asian"],
        "diarrhoea_cuts": tuple(cuts(one.list(f"diarrhoea.from_{grade}")) for grade in range(GRADES)),
        "diarrhoea_sd": tuple(math.sqrt(variance) for variance in one.list("diarrhoea.variances")),
        "diarrhoea_exposure": one["diarrhoea.exposure"],
        "diarrhoea_naive": one["diarrhoea.no_prior_imid"],
        "clearly_caused": one["diarrhoea.clearly_caused"],
        "diarrhoea_agreement": one["diarrhoea.agreement"],
    }


def _neuropathy(one: Values) -> dict[str, Any]:
    frailty = one["neuropathy.frailty_variance"]
    return {
        "worsening": (*one.list("neuropathy.worsening"), 0.0),
        "background": one["neuropathy.background"],
        "improvement": (0.0, *one.list("neuropathy.improvement")),
        "improvement_more": one["neuropathy.improvement_off"] - 1,
        "frailty_middle": -frailty / 2,
        "frailty_sd": math.sqrt(frailty),
        "pain": (0.0, *one.list("neuropathy.pain")),
        "neuropathy_agreement": one["neuropathy.agreement"],
        "weekly_auc": _reference_auc(one) * DOSES_A_CYCLE / WEEKS_A_CYCLE,
    }


def _platelets(one: Values) -> dict[str, Any]:
    maturation, production = math.exp(one["platelets.maturation"]), math.exp(one["platelets.production"])
    rate = one["platelets.lenalidomide_rate"]
    error = one["platelets.proportional_error"] * one["platelets.baseline"]
    return {
        "maturation": maturation,
        "production": production,
        "baseline": one["platelets.baseline"],
        "baseline_weight": one["platelets.baseline_weight"],
        "baseline_centre": one["platelets.baseline_centre"],
        "baseline_sd": math.sqrt(error**2 + one["platelets.additive_error"] ** 2),
        "baseline_lowest": one["platelets.lowest_baseline"],
        "ixazomib_loss": one["platelets.ixazomib"],
        "cumulative": one["platelets.cumulative"],
        "lenalidomide_loss": one["platelets.lenalidomide"] * rate,
        "proportional_error": one["platelets.proportional_error"],
        "additive_error": one["platelets.additive_error"],
        "additive_from": one["platelets.additive_from"],
        **_deviation(one, "platelets"),
        "step_hours": STEP_HOURS,
        "lenalidomide_decay": tuple(math.exp(-rate * hours) for hours in STEP_HOURS),
        "lenalidomide_mean": tuple((1 - math.exp(-rate * hours)) / (rate * hours) for hours in STEP_HOURS),
        "lenalidomide_early": tuple(
            production * one["platelets.lenalidomide"] * rate * earliness(hours, maturation, rate)
            for hours in STEP_HOURS
        ),
        "cumulative_decay": tuple(_left(one["platelets.cumulative_half_life"], hours) for hours in STEP_HOURS),
        "chain": tuple(chain_response(hours, maturation, production) for hours in STEP_HOURS),
    }


def _deviation(one: Values, count: str, scale: float = 1.0) -> dict[str, float]:
    """A count's deviation: its two parts, as factors of the standard deviation, and the weekly keeping of the first."""
    within, persistence = one[f"{count}.within_patient"], one[f"{count}.persistence"]
    return {
        f"{count}_within": scale * math.sqrt(within),
        f"{count}_laboratory": scale * math.sqrt(1 - within),
        f"{count}_keep": persistence,
        f"{count}_renew": math.sqrt(1 - persistence**2),
    }


def _left(half_life_weeks: float, hours: float) -> float:
    """The share that is left after so many hours; all of it under no half-life."""
    return 0.5 ** (hours / (half_life_weeks * HOURS_A_WEEK)) if half_life_weeks else 1.0


def _neutrophils(one: Values) -> dict[str, Any]:
    return {
        "neutrophils": _log_spread(
            [one[f"neutrophils.{name}"] for name in ("median", "log_sd", "lowest", "highest")],
        ),
        "neutrophils_lenalidomide": one["neutrophils.lenalidomide"] / (REFERENCE_LENALIDOMIDE_MG * DAYS_A_WEEK),
        "neutrophils_ixazomib": one["neutrophils.ixazomib"] / _reference_auc(one),
        "sensitivity_sd": one["neutrophils.sensitivity_log_sd"],
        "neutrophils_keeps": one["neutrophils.keeps"],
        **_deviation(one, "neutrophils", one["neutrophils.error"]),
    }


def _patients(one: Values) -> dict[str, Any]:
    return {
        "age": _spread(one.list("patients.age")),
        "surface": _spread(one.list("patients.body_surface")),
        "platelets": _log_spread(one.list("patients.platelets")),
        "creatinine_clearance": _log_spread(one.list("patients.creatinine_clearance")),
        "bilirubin": _log_spread(one.list("patients.bilirubin")),
        "female": one["patients.female"],
        "asian": one["patients.asian"],
        "prior_imid": one["patients.prior_imid"],
        "dialysis": one["patients.dialysis"],
    }


def _ends_and_doses(one: Values) -> dict[str, Any]:
    # The published time is that to progression or death, so that death has its part of it.
    together = weekly_probability(one["ends.progression_free"])
    ends = [max(0.0, together - one["ends.death"]) if together else 0.0]
    for name in ("death", "withdrawal", "intolerable"):
        ends.append(ends[-1] + one[f"ends.{name}"])
    return {
        "progression": ends[0],
        "or_death": ends[1],
        "or_withdrawal": ends[2],
        "or_intolerable": ends[3],
        "missed": one["adherence.missed"],
        "missed_or_late": one["adherence.missed"] + one["adherence.late"],
        "longest_delay": one["adherence.longest_delay"],
        "vomited": one["adherence.vomited"],
        "resolved_to": one["visits.resolved_to"],
    }


# The doses at which the neuropathy and neutrophil models are stated; they scale an effect and are no patient's dose.
REFERENCE_DOSE_MG = 4
REFERENCE_LENALIDOMIDE_MG = 25
# Their schedule: three doses of ixazomib in four weeks, whose mean week is what neuropathy is stated at.
DOSES_A_CYCLE, WEEKS_A_CYCLE = 3, 4


class Visits(NamedTuple):
    """When blood is drawn: days of the cycle in the first cycles and later, and whether weekly while a count holds."""

    first_cycles: int
    first_days: tuple[int, ...]
    later_days: tuple[int, ...]
    weekly_while_held: bool


def visits(values: Given, cycle: int, where: str) -> Visits:
    """The visits; `InputError` for a day on which no week of the cycle begins."""
    one = Values(values)
    days: list[tuple[int, ...]] = []
    for name in ("visits.first_days", "visits.later_days"):
        days.append(tuple(int(day) for day in one.list(name)))
        for day in days[-1]:
            if not 1 <= day <= cycle or day % DAYS_A_WEEK != 1:
                weeks = ", ".join(str(week) for week in range(1, cycle + 1, DAYS_A_WEEK))
                raise InputError(
                    f"day {day} begins no week of a cycle", where=f"{where}: {name}", remedy=f"days among {weeks}"
                )
    return Visits(int(one["visits.first_cycles"]), days[0], days[1], one["visits.weekly_while_held"] > 0)


def by_week(values: Given, weeks: int) -> list[tuple[float, float, float, float]]:
    """What changes with the weeks since the start (0 to `weeks`), in logits.

    Rash: the early term, and the slow one on recovery from grade 1; diarrhoea: the first week's term, and its slow one.
    """
    one = Values(values)
    early_rate = math.exp(one["rash.early_rate"]) * HOURS_A_WEEK
    slow = [(math.exp(one[f"{name}.slow"]), math.exp(one[f"{name}.slow_rate"])) for name in ("rash", "diarrhoea")]
    return [
        (
            one["rash.early"] * math.exp(-early_rate * week),
            slow[0][0] * (1 - math.exp(-slow[0][1] * HOURS_A_WEEK * week)),
            one["diarrhoea.first_week"] if week == 1 else 0.0,
            slow[1][0] * (1 - math.exp(-slow[1][1] * HOURS_A_WEEK * week)),
        )
        for week in range(weeks + 1)
    ]


def cuts(written: Sequence[float]) -> tuple[float, float, float]:
    """The logits of grade 1, 2 and 3 or more from a logit and the logarithms of two steps down."""
    first, second, third = written
    return first, first - math.exp(second), first - math.exp(second) - math.exp(third)


def _spread(four: Sequence[float]) -> Spread:
    middle, deviation, least, most = four
    below = NormalDist().cdf((least - middle) / deviation)
    return Spread(middle, deviation, below, NormalDist().cdf((most - middle) / deviation) - below)


def _log_spread(four: Sequence[float]) -> Spread:
    median, deviation, least, most = four
    return _spread((math.log(median), deviation, math.log(least), math.log(most)))


def earliness(hours: float, maturation: float, rate: float) -> float:
    """By how much a loss that falls off with this rate is earlier in a step than a steady one, in h².

    The integral over the step of what it has done more than the steady one, weighted with what then is left at the end.
    """
    parts = 1000
    mean = (1 - math.exp(-rate * hours)) / (rate * hours)
    total = 0.0
    for part in range(parts):
        at = (part + 0.5) / parts * hours
        total += math.exp(-maturation * (hours - at)) * ((1 - math.exp(-rate * at)) / rate - mean * at)
    return total * hours / parts


def chain_response(hours: float, maturation: float, production: float) -> tuple[tuple[float, ...], ...]:
    """How the three last compartments of the platelet chain stand after a step, exactly, for a cubic input.

    Rows are transit 1, transit 2 and circulation; columns are these three and the proliferating pool at the start of
    the step, its slope there times the hours, the pool at the end, and its slope there times the hours. Between the
    ends the pool is the cubic with these values and slopes.
    """
    # The chain and the powers 1, s, s², s³ of the time s of the step, from 0 to 1, as one linear system.
    a, b = maturation * hours, production * hours
    system = [[0.0] * 7 for _ in range(7)]
    for row in range(2):
        system[row][row] = -a
    system[1][0], system[2][1], system[2][2] = a, a, -b
    for power in range(1, 4):
        system[3 + power][3 + power - 1] = float(power)
    columns = [_after(system, [float(row == place) for row in range(7)]) for place in range(3)]
    hermite = ((1, 0, -3, 2), (0, 1, -2, 1), (0, 0, 3, -2), (0, 0, -1, 1))
    for coefficients in hermite:
        for power in range(4):
            system[0][3 + power] = a * coefficients[power]
        columns.append(_after(system, [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]))
    return tuple(tuple(column[row] for column in columns) for row in range(3))


def _after(system: list[list[float]], state: list[float]) -> list[float]:
    """exp(system) · state, by its series; the rates of a step are of order 1, so that 60 terms are more than enough."""
    total, term = list(state), list(state)
    for order in range(1, 60):
        following = [0.0] * len(term)
        for row, weights in enumerate(system):
            # The built-in sum would differ between versions of Python in the last bit.
            for weight, value in zip(weights, term, strict=True):
                following[row] += weight * value / order
        term = following
        total = [so_far + new for so_far, new in zip(total, term, strict=True)]
    return total
