"""The model `pkpd` against the published equations, written a second time with numbers of their own (published_model).

Whole courses are compared, over 52 weeks with holds and reductions: exposure, platelets, and every weekly change of
rash and diarrhoea. The tolerances are what was measured, with a little room.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba", reason="the extra `cohort` is not installed")
pytest.importorskip("scipy", reason="the extra `cohort` is not installed")

from ixastate.cohort.arrays import MachineArrays, machine_arrays
from ixastate.cohort.models.pkpd import Pkpd, record
from ixastate.cohort.models.pkpd_body_kernel import live_a_week, modes, steps_of
from ixastate.cohort.models.pkpd_numbers import visits
from ixastate.cohort.models.pkpd_patient_kernel import LIKE, baseline_of
from ixastate.cohort.models.pkpd_tables import tabulated
from ixastate.cohort.rows import KIND

from . import published_model as published
from .tables import table

MODEL = Pkpd.read()
WEEKS, CYCLE_WEEKS = 52, 4
# The calendar, from the dosing text: ixazomib on days 1, 8 and 15, lenalidomide on days 1 to 21 of 28.
IXAZOMIB_WEEKS, LENALIDOMIDE_DAYS, CYCLE_DAYS = (0, 1, 2), 21, 28


@cache
def arrays(edition: str = "dosing-text") -> MachineArrays:
    return machine_arrays(table(edition))


# --- One patient's body -------------------------------------------------------------------------------------------

# Doses by week, mg of ixazomib and of lenalidomide a day: full doses; held in weeks 3 to 6 and lowered after; ixazomib
# stopped after half a year with lenalidomide lowered twice.
COURSES = {
    "full": [(4.0, 25.0)] * WEEKS,
    "held and lowered": [(4.0, 25.0)] * 3 + [(0.0, 0.0)] * 4 + [(3.0, 25.0)] * 20 + [(0.0, 0.0)] + [(2.3, 15.0)] * 24,
    "ixazomib stopped": [(4.0, 25.0)] * 9 + [(3.0, 20.0)] * 17 + [(0.0, 10.0)] * 26,
}
# The last has five times the typical exposure, as one in 90,000 has.
PEOPLE = {
    "typical": published.Person(),
    "slow": published.Person(0.9, 0.7, 90.0),
    "fast, little taken up": published.Person(4.0, 0.2, 600.0),
    "much taken up": published.Person(1.1, 1.8, 300.0),
}
# How near the platelets of a year come, measured with a little room: the steps are coarser the greater the exposure.
NEAR = {"typical": 0.003, "slow": 0.007, "fast, little taken up": 0.002, "much taken up": 0.014}


def lived(person: published.Person, course: list[tuple[float, float]], other: Pkpd | None = None) -> tuple[Any, Any]:
    """By the package's kernel: the AUC of each week, and the platelets on the morning of each day that begins one."""
    model = other or MODEL
    numbers = record(model.numbers)
    machine = tabulated(arrays(), visits(model.values, CYCLE_DAYS, "parameters"))
    rates, starts, amounts = np.empty(4), np.empty(4), np.zeros(4)
    decay, mean, dosed = np.empty((3, 4)), np.empty((3, 4)), np.empty((2, 4))
    modes(numbers, person.clearance, person.bioavailability, person.volume_4, rates, starts)
    steps_of(numbers, rates, starts, decay, mean, dosed)
    body, chain = np.zeros(3), np.array([numbers["production"] / numbers["maturation"]] * 3 + [1.0])
    aucs, mornings = [], [1.0]
    for week, (ixazomib, lenalidomide) in enumerate(course):
        before, at = body[0], week % CYCLE_WEEKS
        dose = ixazomib if at in IXAZOMIB_WEEKS else 0.0
        live_a_week(numbers, dose, 0, lenalidomide, machine.due, 1, 7 * at, decay, mean, dosed, amounts, body, chain)
        aucs.append(body[0] - before)
        mornings.append(chain[3])
    return np.array(aucs), np.array(mornings)


def by_day(course: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """The doses of each day, by the calendar."""
    ixazomib, lenalidomide = [], []
    for day in range(7 * len(course)):
        of_cycle, (one, other) = day % CYCLE_DAYS, course[day // 7]
        ixazomib.append(one if of_cycle % 7 == 0 and of_cycle // 7 in IXAZOMIB_WEEKS else 0.0)
        lenalidomide.append(other if of_cycle < LENALIDOMIDE_DAYS else 0.0)
    return ixazomib, lenalidomide


@pytest.mark.parametrize("course", COURSES)
@pytest.mark.parametrize("person", PEOPLE)
def test_the_exposure_of_every_week_is_that_of_the_equations(person: str, course: str) -> None:
    weekly = [mg if week % CYCLE_WEEKS in IXAZOMIB_WEEKS else 0.0 for week, (mg, _) in enumerate(COURSES[course])]
    ours, _ = lived(PEOPLE[person], COURSES[course])
    assert ours == pytest.approx(published.weekly_auc(PEOPLE[person], weekly), rel=1e-9, abs=1e-8)


@pytest.mark.parametrize("course", COURSES)
@pytest.mark.parametrize("person", PEOPLE)
def test_the_platelets_of_a_year_are_those_of_the_equations(person: str, course: str) -> None:
    _, ours = lived(PEOPLE[person], COURSES[course])
    theirs = published.platelets(PEOPLE[person], *by_day(COURSES[course]))[::7]
    assert ours == pytest.approx(theirs, rel=NEAR[person])


def test_a_cumulative_exposure_that_decays_does_so_in_the_equations() -> None:
    """An option that the publication has not: with a half-life of 26 weeks the platelets come back after the stop."""
    course = COURSES["ixazomib stopped"]
    _, ours = lived(PEOPLE["typical"], course, changed({"platelets.cumulative_half_life": 26.0}))
    theirs = published.platelets(PEOPLE["typical"], *by_day(course), half_life_h=26 * 7 * 24)[::7]
    assert ours == pytest.approx(theirs, rel=NEAR["typical"])
    _, for_ever = lived(PEOPLE["typical"], course)
    assert ours[-1] > for_ever[-1] + 0.015


def test_four_milligrams_have_the_published_exposure() -> None:
    """1247 ng·h/mL in all, and in proportion at 3 and 2.3 mg (Gupta 2017)."""
    for mg, auc in ((4.0, 1247), (3.0, 935), (2.3, 717)):
        weekly, _ = lived(PEOPLE["typical"], [(mg, 0.0), *[(0.0, 0.0)] * 60])
        assert weekly.sum() == pytest.approx(auc, rel=0.001)


# --- Whole courses of the simulation ------------------------------------------------------------------------------

# Nothing is measured with an error, so that what is reported is what the equations say.
EXACT = {
    "platelets.proportional_error": 0.0,
    "platelets.additive_error": 0.0,
    "neuropathy.worsening": (0.02, 0.05, 0.03),
    "neutrophils.lenalidomide": 0.8,
}
ENDLESS = {f"ends.{name}": 0.0 for name in ("progression_free", "death", "withdrawal", "intolerable")}


def changed(values: dict[str, Any]) -> Pkpd:
    """The model with other values of parameters."""
    return replace(MODEL, values=MODEL.values | values)


@pytest.mark.parametrize("edition", ["dosing-text", "us-label"])
def test_the_true_platelets_of_simulated_courses_are_those_of_the_equations(edition: str) -> None:
    """Whole years with holds and reductions that the machine made: the doses are read off the log."""
    of = arrays(edition)
    drawn = changed(EXACT | ENDLESS).kernel(of, 11, 13)(0, 400)
    rows, like = drawn.rows, drawn.baseline
    assert drawn.true is not None
    compared = holds = lowered = 0
    for patient in range(400):
        mine = np.flatnonzero(rows.patient == patient)
        given, days = of.given[rows.configuration[mine]], rows.day[mine].astype(int)
        if of.lenalidomide_every_days[rows.symbol[mine[0]]] != 1:
            continue
        # The courses that have most to say: both drugs held at some time, and ixazomib lowered.
        if days[-1] < 300 or not ((given[1:, :2] == 0).all(axis=1).any() and (given[1:, 0] == 30).any()):
            continue
        if compared == 8:
            break
        compared += 1
        holds, lowered = holds + int((given[1:, 0] == 0).sum()), lowered + int((given[1:, 0] == 30).sum())
        weekly = []
        for week in range(days[-1] // 7 + 1):
            now = mine[days <= 7 * week + 1][-1]
            weekly.append(tuple((of.given[rows.configuration[now], :2] / 10).tolist()))
        person = published.Person(
            float(like["ixazomib_clearance_l_h"][patient]),
            float(like["ixazomib_bioavailability"][patient]),
            float(like["ixazomib_volume_4_l"][patient]),
        )
        ixazomib, lenalidomide = by_day(weekly)
        exposure = float(like["lenalidomide_exposure"][patient])
        theirs = published.platelets(person, ixazomib, [mg * exposure for mg in lenalidomide])
        own = float(like["own_platelets_10e9_l"][patient])
        for row in mine[(rows.kind[mine] == KIND["platelets_measured"]) & (days > 1)]:
            expected = 1000 * own * theirs[int(rows.day[row]) - 1]
            assert drawn.true[row] == pytest.approx(expected, rel=0.007)
            assert abs(int(rows.value[row]) - drawn.true[row]) <= 500
    assert (compared, holds > 20, lowered > 20) == (8, True, True)


# --- What patients are like ---------------------------------------------------------------------------------------


@cache
def people(count: int = 100_000) -> tuple[Any, Any, Any]:
    """By the package's kernel: what patients are like (count, LIKE), and their random effects (count, 4) twice."""
    numbers = record(MODEL.numbers)
    like, rash, diarrhoea = np.empty((count, LIKE)), np.empty((count, 4)), np.empty((count, 4))
    for one in range(count):
        baseline_of(numbers, np.uint64(5), np.uint64(one), like[one], rash[one], diarrhoea[one])
    return like, rash, diarrhoea


def test_pharmacokinetics_differ_between_patients_as_published() -> None:
    """Medians, variances and the correlation of the logarithms, within five standard errors of 100,000 patients."""
    kernel = MODEL.kernel(arrays(), 5, 1)
    block = kernel(0, 100_000)
    surface = block.baseline["body_surface_m2"].astype(float)
    clearance = np.log(block.baseline["ixazomib_clearance_l_h"].astype(float) / published.CL)
    taken = np.log(block.baseline["ixazomib_bioavailability"].astype(float) / published.F)
    of_surface = published.V4 * (surface / published.REFERENCE_BSA) ** published.BSA_EXPONENT
    volume = np.log(block.baseline["ixazomib_volume_4_l"].astype(float) / of_surface)
    for values, cv in ((clearance, published.CV_CL), (taken, published.CV_F), (volume, published.CV_V4)):
        sd = published.log_sd(cv)
        assert values.mean() == pytest.approx(0, abs=5 * sd / math.sqrt(100_000))
        assert values.std() == pytest.approx(sd, rel=5 / math.sqrt(200_000))
    # The correlation is that of the logarithms.
    assert np.corrcoef(clearance, taken)[0, 1] == pytest.approx(published.CORRELATION, abs=0.006)
    assert np.corrcoef(clearance, volume)[0, 1] == pytest.approx(0, abs=0.016)
    own, seen = (block.baseline[name].astype(float) for name in ("own_platelets_10e9_l", "platelets_10e9_l"))
    expected = published.baseline_of(seen)
    inside = expected > 150
    spread = published.residual_sd(published.TYPICAL_BASELINE)
    assert (own - expected)[inside].mean() == pytest.approx(0, abs=5 * spread / math.sqrt(inside.sum()))
    assert (own - expected)[inside].std() == pytest.approx(spread, rel=0.012)


def test_random_effects_have_the_published_variances() -> None:
    _, rash, diarrhoea = people()
    for effects, chain in ((rash, published.RASH), (diarrhoea, published.DIARRHOEA)):
        assert effects.mean(axis=0) == pytest.approx([0] * 4, abs=0.035)
        assert effects.var(axis=0) == pytest.approx(chain.variances, rel=5 * math.sqrt(2 / 100_000))
        between = np.corrcoef(effects[:, : 3 if chain is published.RASH else 4].T)
        assert np.abs(between - np.eye(len(between))).max() < 0.016


# --- Rash and diarrhoea -------------------------------------------------------------------------------------------


def grades(block: Any, kind: str, patients: int) -> Any:
    """(patients, weeks): the grade from week to week, which is written when it changes."""
    rows, found = block.rows, np.zeros((patients, WEEKS), np.int64)
    chosen = rows.kind == KIND[kind]
    for patient, day, value in zip(rows.patient[chosen], rows.day[chosen], rows.value[chosen], strict=True):
        found[patient, day // 7 :] = value
    return found


CHAINS = {"rash_graded": (published.RASH, "asian"), "other_toxicity_graded": (published.DIARRHOEA, "prior_imid")}
PATIENTS = 30_000


@cache
def fixed_doses() -> tuple[Any, Any]:
    """A year of patients whom no rule touches, and the exposure of each of their weeks by the equations."""
    drawn = changed(ENDLESS).kernel(arrays().without_rules(), 5, 13)(0, PATIENTS)
    levels = arrays().given[drawn.rows.configuration[drawn.rows.number == 1], 0] / 10
    like = drawn.baseline
    every = np.empty((PATIENTS, WEEKS))
    unit = [1.0 if week % CYCLE_WEEKS in IXAZOMIB_WEEKS else 0.0 for week in range(WEEKS)]
    for one in range(PATIENTS):
        person = published.Person(
            float(like["ixazomib_clearance_l_h"][one]),
            float(like["ixazomib_bioavailability"][one]),
            float(like["ixazomib_volume_4_l"][one]),
        )
        every[one] = levels[one] * published.weekly_auc(person, unit)
    return drawn, every


def transitions(kind: str) -> Iterator[tuple[int, Any, Any, Any, Any]]:
    """Week by week: its number, the grades before and after, and the published chances of 1, 2 and 3 or more."""
    chain, covariate = CHAINS[kind]
    drawn, exposure = fixed_doses()
    marked = drawn.baseline[covariate].astype(bool)
    marked = marked if kind == "rash_graded" else ~marked
    own = people()[1 if kind == "rash_graded" else 2][:PATIENTS]
    seen = grades(drawn, kind, PATIENTS)
    for week in range(1, WEEKS):
        now = seen[:, week - 1]
        yield week, marked, now, seen[:, week], published.chances(chain, now, own, exposure[:, week - 1], week, marked)


@pytest.mark.parametrize("kind", CHAINS)
def test_every_weekly_change_of_grade_has_its_published_chance(kind: str) -> None:
    """By grade before, grade reached, part of the year and covariate: as many as expected, within 4.5 deviations."""
    observed: dict[Any, float] = {}
    expected: dict[Any, float] = {}
    variance: dict[Any, float] = {}
    _, exposure = fixed_doses()
    high = exposure > np.median(exposure, axis=0)
    for week, marked, now, then, chance in transitions(kind):
        part = 0 if week == 1 else 1 if week <= 8 else 2 if week <= 26 else 3
        for grade in range(4):
            for mark in (False, True):
                for more in (False, True):
                    there = (now == grade) & (marked == mark) & (high[:, week - 1] == more)
                    for reached in (1, 2, 3):
                        place = (grade, reached, part, mark, more)
                        p = chance[there, reached - 1]
                        observed[place] = observed.get(place, 0.0) + float((then[there] >= reached).sum())
                        expected[place] = expected.get(place, 0.0) + float(p.sum())
                        variance[place] = variance.get(place, 0.0) + float((p * (1 - p)).sum())
    told = 0
    for place, count in observed.items():
        if variance[place] > 20:
            told += 1
            assert abs(count - expected[place]) < 4.5 * math.sqrt(variance[place]), place
    assert told > 80
