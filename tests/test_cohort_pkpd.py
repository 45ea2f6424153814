"""The model `pkpd`: equations against a solver, kernel against plain Python, rows against the real course."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from ixastate.cohort.arrays import MachineArrays, machine_arrays
from ixastate.cohort.model import Block
from ixastate.cohort.models import pkpd as pkpd_module
from ixastate.cohort.models import pkpd_tables
from ixastate.cohort.models.normal_quantile import quantile
from ixastate.cohort.models.parameters import SPECS
from ixastate.cohort.models.parameters import given as read_parameters
from ixastate.cohort.models.pkpd import Pkpd, record
from ixastate.cohort.models.pkpd_kernel import Machine
from ixastate.cohort.models.pkpd_numbers import Visits, chain_response, cuts, visits, worked_out
from ixastate.cohort.models.pkpd_patient_kernel import deviation, lenalidomide_exposure, next_grade, normal
from ixastate.cohort.models.pkpd_tables import latest_delays, meaning, meanings, start_facts, tabulated
from ixastate.cohort.models.reference import Reference
from ixastate.cohort.models.reference_body import Body, modes
from ixastate.cohort.models.reference_patient import draw
from ixastate.cohort.rows import (
    AGREES,
    CLEAR,
    KIND,
    KINDS,
    MISCLASSIFIED,
    NO_SYMBOL,
    NOT_CLEAR,
    PAIN,
    RESOLVED,
    TERM,
    joined,
)
from ixastate.course.alphabet import Context, read
from ixastate.course.course import Course
from ixastate.errors import InputError
from ixastate.events import (
    AnyEvent,
    Count,
    CycleAssessed,
    DoseDelayed,
    DoseMissed,
    NeuropathyGraded,
    OtherToxicityGraded,
    RashGraded,
    parse_event,
)
from ixastate.rules import load_edition
from ixastate.symbols import NEUROPATHY, NEUTROPENIA, OTHER, RASH, THROMBOCYTOPENIA, Toxicity

from .tables import EDITION_NAMES, table

integrate = pytest.importorskip("scipy.integrate")
linalg = pytest.importorskip("scipy.linalg")

MODEL = Pkpd.read()
# Everything that the file leaves out by default happens here.
TROUBLED = replace(
    MODEL,
    values=MODEL.values
    | {
        "adherence.missed": 0.1,
        "adherence.late": 0.3,
        "adherence.longest_delay": 6.0,
        "adherence.vomited": 0.1,
        "patients.dialysis": 0.1,
        "patients.bilirubin": (1.2, 0.6, 0.1, 5.0),
        "neutrophils.lenalidomide": 0.6,
        "neutrophils.ixazomib": 0.03,
        "rash.early": 6.0,
        "neuropathy.worsening": (0.03, 0.05, 0.03),
    },
)


@cache
def arrays(edition: str) -> MachineArrays:
    return machine_arrays(table(edition))


@cache
def block(edition: str, troubled: bool, first: int, count: int, cycles: int = 26, seed: int = 7) -> Block:
    return (TROUBLED if troubled else MODEL).kernel(arrays(edition), seed, cycles)(first, count)


def same(one: Block, other: Block) -> bool:
    return all(
        np.array_equal(a, b) for a, b in zip(one.rows.columns().values(), other.rows.columns().values(), strict=True)
    ) and all(np.array_equal(one.baseline[name], other.baseline[name]) for name in one.baseline)


# --- Chance ---------------------------------------------------------------------------------------------------


def bits(values: Any) -> list[int]:
    return np.asarray(values, np.float64).view(np.uint64).tolist()  # type: ignore[no-any-return]


@njit
def normals(probabilities):  # type: ignore[no-untyped-def]
    return np.array([normal(p) for p in probabilities])


@given(st.floats(2**-33, 1 - 2**-33))
@settings(max_examples=2000)
def test_the_quantile_is_that_of_the_standard_library(p: float) -> None:
    """Bit for bit: the reference model uses the one, the kernel the other."""
    assert bits(quantile(p)) == bits(NormalDist().inv_cdf(p))


def test_the_compiled_quantile_is_that_of_the_standard_library() -> None:
    """In 100,000 draws, in both tails, at the edges of the three regions and next to the middle."""
    words = np.random.default_rng(1).integers(0, 2**32, 100_000)
    edges = np.array([0.075, 0.925, math.exp(-25), 1 - math.exp(-25)])
    tails = np.array([2**-33, 1 - 2**-33, 0.5, 0.5 - 2**-33, 0.5 + 2**-33, 1e-9, 1 - 1e-9])
    draws = np.concatenate([(words + 0.5) / 2**32, edges, np.nextafter(edges, 0), np.nextafter(edges, 1), tails])
    assert bits(normals(draws)) == bits([NormalDist().inv_cdf(p) for p in draws.tolist()])


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((2**32 - 1,) * 4, (2**32 - 1,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_the_plain_random_numbers_are_the_published_ones(
    counter: tuple[int, ...], key: tuple[int, int], words: tuple[int, ...]
) -> None:
    """The known answers of the authors of Philox (Random123)."""
    number, week, low, high = counter
    assert draw(key[0] | key[1] << 32, low | high << 32, week, number) == words


# --- Ixazomib in the body, against a solver -------------------------------------------------------------------

N = MODEL.numbers
TYPICAL = (N.clearance, N.bioavailability, N.volume_4)
# Typical; more than twice the exposure, which one in forty has; a small and a large second volume.
PATIENTS = [TYPICAL, (1.3, 0.9, 205.0), (4.0, 0.4, 40.0), (1.5, 0.8, 1500.0)]


def slopes(patient: tuple[float, float, float]) -> Callable[[float, Any], list[float]]:
    """The differential equations as they are published, in hours, mg and ng/mL."""
    clearance, _, volume_4 = patient
    kprp, kin = math.exp(-3.20), math.exp(-3.21)

    def of(_: float, y: Any) -> list[float]:
        depot, central, third, fourth, auc, lenalidomide, pool, first, second, circulating = y
        concentration = 1000 * central / 13.7
        loss = 0.000859 * (concentration + 0.0000818 * auc) + 0.0134 * 0.0483 * lenalidomide
        return [
            -0.34 * depot,
            0.34 * depot - (clearance + 5.18 + 26.1) / 13.7 * central + 5.18 / 309 * third + 26.1 / volume_4 * fourth,
            5.18 / 13.7 * central - 5.18 / 309 * third,
            26.1 / 13.7 * central - 26.1 / volume_4 * fourth,
            concentration,
            -0.0483 * lenalidomide,
            kin - (kprp + loss) * pool,
            kprp * (pool - first),
            kprp * (first - second),
            kprp * second - kin * circulating,
        ]

    return of


def solved(
    patient: tuple[float, float, float], doses: dict[int, float], lenalidomide: dict[int, float], days: int
) -> list[Any]:
    """The state each morning, from day 0 on, by a solver: `doses` mg by day from 0."""
    state = np.array([0.0] * 6 + [math.exp(-0.01)] * 3 + [1.0])
    of, lag, found = slopes(patient), 13 / 60, [state]
    for day in range(days):
        state = state.copy()
        state[5] += lenalidomide.get(day, 0.0)
        for hours, dose in ((lag, 0.0), (24 - lag, doses.get(day, 0.0))):
            state[0] += patient[1] * dose
            state = integrate.solve_ivp(of, (0, hours), state, "LSODA", rtol=1e-9, atol=1e-11).y[:, -1]
        found.append(state)
    return found


def stepped(
    patient: tuple[float, float, float], doses: dict[int, float], lenalidomide: dict[int, float], days: int
) -> list[tuple[float, float]]:
    """The AUC so far and the circulating platelets each morning, by the model."""
    body = Body(N, modes(N, *patient))
    found = [(0.0, 1.0)]
    for day in range(days):
        body.day(doses.get(day, 0.0), lenalidomide.get(day, 0.0))
        found.append((body.auc, body.circulating))
    return found


WEEKLY = dict.fromkeys((0, 7, 14, 28, 35, 42), 4.0)
DAILY = {day: 25.0 for day in range(49) if day % 28 < 21}
UNEVEN = {0: 4.0, 10: 3.0, 14: 3.0, 31: 2.3, 35: 2.3}


def test_the_auc_of_one_dose_is_the_published_one() -> None:
    assert sum(mode.size / mode.rate for mode in modes(N, *TYPICAL)) * 4 == pytest.approx(1247, abs=1)


def test_the_terminal_half_life_is_the_published_one() -> None:
    slowest = min(mode.rate for mode in modes(N, *TYPICAL))
    assert math.log(2) / slowest / 24 == pytest.approx(9.5, rel=0.05)


@pytest.mark.parametrize("patient", PATIENTS)
@pytest.mark.parametrize("doses", [WEEKLY, UNEVEN])
def test_the_auc_is_exact(patient: tuple[float, float, float], doses: dict[int, float]) -> None:
    exact, ours = solved(patient, doses, {}, 49), stepped(patient, doses, {}, 49)
    assert [auc for auc, _ in ours] == pytest.approx([state[4] for state in exact], rel=1e-6, abs=1e-4)


@pytest.mark.parametrize("patient", PATIENTS)
@pytest.mark.parametrize("doses", [WEEKLY, UNEVEN, {}])
@pytest.mark.parametrize("lenalidomide", [DAILY, dict.fromkeys(range(0, 21, 2), 10.0)])
def test_the_platelets_are_within_half_a_per_cent(
    patient: tuple[float, float, float], doses: dict[int, float], lenalidomide: dict[int, float]
) -> None:
    exact, ours = solved(patient, doses, lenalidomide, 49), stepped(patient, doses, lenalidomide, 49)
    for state, (_, circulating) in zip(exact, ours, strict=True):
        assert circulating == pytest.approx(state[9], rel=0.005)


@pytest.mark.parametrize("hours", [6.0, 12.0, 24.0])
def test_the_chain_answers_a_cubic_exactly(hours: float) -> None:
    kprp, kin = math.exp(-3.20), math.exp(-3.21)
    a, b, c, d = 0.7, -0.4, 0.9, -0.5  # the input as a cubic of the time of the step
    system = np.zeros((7, 7))
    system[:3, :3] = [[-kprp, 0, 0], [kprp, -kprp, 0], [0, kprp, -kin]]
    system[0, 3:] = kprp * np.array([a, b, c, d])
    system[4, 3], system[5, 4], system[6, 5] = 1 / hours, 2 / hours, 3 / hours
    start = np.array([0.8, 0.9, 1.1])
    exact = (linalg.expm(system * hours) @ np.array([*start, 1, 0, 0, 0]))[:3]
    inputs = np.array([*start, a, b, a + b + c + d, b + 2 * c + 3 * d])
    assert np.array(chain_response(hours, kprp, kin)) @ inputs == pytest.approx(exact, rel=1e-12)


# --- The Markov chains ----------------------------------------------------------------------------------------


@given(
    st.sampled_from([*N.rash_cuts, *N.diarrhoea_cuts]),
    st.floats(-20, 20),
    st.floats(0, 10),
)
def test_the_rows_of_a_chain_sum_to_one(row: tuple[float, ...], shift: float, first: float) -> None:
    chances = transition(row, shift, first)
    assert sum(chances) == pytest.approx(1)
    assert min(chances) >= 0


def transition(cuts: tuple[float, ...], shift: float, first: float) -> list[float]:
    """The probabilities of grade 0 to 3 next week; `shift` moves every logit, `first` that of grade 1 or more alone."""
    logits = [cuts[0] + shift + first, cuts[1] + shift, cuts[2] + shift]
    reach = [1.0, *(1 / (1 + math.exp(-logit)) for logit in logits), 0.0]
    return [reach[grade] - reach[grade + 1] for grade in range(4)]


def test_the_logits_fall_as_published() -> None:
    first, second, third = cuts((-7.37, 0.269, 0.436))
    assert (first, first - second, second - third) == pytest.approx((-7.37, math.exp(0.269), math.exp(0.436)))


@pytest.mark.parametrize("grade", range(4))
def test_the_next_grade_has_the_probabilities_of_the_chain(grade: int) -> None:
    count = 20_000
    words = [(2 * place + 1) * 2**31 // count for place in range(count)]
    table_of = np.array(N.diarrhoea_cuts)
    drawn = [next_grade(np.uint64(word), table_of, grade, 0.7, 0.4) for word in words]
    frequencies = np.bincount(drawn, minlength=4) / count
    assert frequencies == pytest.approx(transition(N.diarrhoea_cuts[grade], 0.7, 0.4), abs=2 / count)


def test_more_exposure_makes_more_rash() -> None:
    off = replace(MODEL, values=MODEL.values | {"adherence.missed": 1.0})
    shares = []
    for model in (MODEL, off):
        rows = model.kernel(arrays("dosing-text"), 1, 13)(0, 4000).rows
        shares.append(len(np.unique(rows.patient[(rows.kind == KIND["rash_graded"]) & (rows.value > 1)])))
    assert shares[0] > 1.5 * shares[1]


# --- The week, from the rows alone ----------------------------------------------------------------------------


def weekly_grades(kind: str, weeks: int, ours: Block) -> Any:
    """(patients, weeks): the grade at the beginning of each week, -1 after the end of treatment."""
    rows, patients = ours.rows, len(ours.baseline["female"])
    grades = np.zeros((patients, weeks), int)
    for patient, day, of, value in zip(
        *(column.tolist() for column in (rows.patient, rows.day, rows.kind, rows.value)), strict=True
    ):
        if of == KIND[kind]:
            grades[patient, day // 7 :] = value
    last = np.flatnonzero(np.append(rows.patient[1:] != rows.patient[:-1], True))
    for at in last[~arrays("dosing-text").treated[rows.configuration[last]]]:
        grades[rows.patient[at], rows.day[at] // 7 :] = -1
    return grades


def assert_frequencies(then: Any, chances: list[float]) -> None:
    """What followed has these probabilities, within five standard errors."""
    there = then[then >= 0]
    assert len(there) > 100
    for grade, chance in enumerate(chances):
        error = math.sqrt(chance * (1 - chance) / len(there)) + 1 / len(there)
        assert np.mean(there == grade) == pytest.approx(chance, abs=5 * error)


# Without differences between patients, effects of exposure, ends and holds the chains show themselves.
BARE = MODEL.values | {
    "rash.variances": (0.0,) * 4,
    "diarrhoea.variances": (0.0,) * 4,
    "rash.exposure": 0.0,
    "diarrhoea.exposure": 0.0,
    "adherence.missed": 1.0,
    "patients.asian": 0.5,
    "ends.progression_free": 0.0,
    "ends.death": 0.0,
    "ends.withdrawal": 0.0,
    "ends.intolerable": 0.0,
    "neuropathy.frailty_variance": 0.0,
    "neutrophils.error": 0.0,
    "neutrophils.sensitivity_log_sd": 0.0,
    "platelets.additive_error": 0.0,
    "platelets.proportional_error": 0.0,
}


def logits(first: float, second: float, third: float) -> tuple[float, float, float]:
    return first, first - math.exp(second), first - math.exp(second) - math.exp(third)


@pytest.mark.parametrize("week", [1, 2, 12])
def test_rash_follows_the_published_chain(week: int) -> None:
    ours = replace(MODEL, values=BARE | {"rash.from_0": (-4.0, 0.269, 0.436)}).kernel(arrays("dosing-text"), 3, 4)(
        0, 20_000
    )
    grades = weekly_grades("rash_graded", 16, ours)
    now, then = grades[:, week - 1], grades[:, week]
    early, slow = 3.81 * math.exp(-0.1345 * week), 2.512 * (1 - math.exp(-0.06678 * week))
    for asian in (0, 1):
        chosen = (now == 0) & (ours.baseline["asian"] == asian)
        row = logits(-4.0, 0.269, 0.436)
        assert_frequencies(then[chosen], transition(row, early + 1.19 * asian, 0.0))
    if week > 1:
        from_1, from_2 = logits(0.402, 1.87, -0.527), logits(1.48, -2.52, 1.99)
        assert_frequencies(then[now == 1], transition(from_1, 0.0, slow))
        assert_frequencies(then[now == 2], transition(from_2, 0.0, 0.0))
        assert_frequencies(then[now == 3], transition(logits(1.85, -2.82, -2.19), 0.0, 0.0))


@pytest.mark.parametrize("week", [1, 2, 12])
def test_diarrhoea_follows_the_published_chain(week: int) -> None:
    often = {"diarrhoea.from_0": (-1.0, 0.211, 0.657), "diarrhoea.clearly_caused": 0.0}
    ours = replace(MODEL, values=BARE | often).kernel(arrays("dosing-text"), 3, 4)(0, 20_000)
    grades = weekly_grades("other_toxicity_graded", 16, ours)
    now, then = grades[:, week - 1], grades[:, week]
    slow = 9.49 * (1 - math.exp(-0.005113 * week))
    first = 0.933 if week == 1 else 0.0
    assert_frequencies(then[now == 0], transition(logits(-1.0, 0.211, 0.657), 0.0, first))
    if week > 1:
        from_1, from_2 = logits(0.677, 1.99, 0.541), logits(1.94, -1.92, 2.21)
        assert_frequencies(then[now == 1], transition(from_1, 0.0, slow))
        assert_frequencies(then[now == 2], transition(from_2, 0.0, 0.0))
        for prior in (0, 1):
            chosen = (now == 3) & (ours.baseline["prior_imid"] == prior)
            row = logits(3.63 - 2.87 * (1 - prior), -2.15, -1.78)
            assert_frequencies(then[chosen], transition(row, 0.0, 0.0))


def test_neuropathy_goes_by_its_rates() -> None:
    values = {"neuropathy.worsening": (0.2, 0.2, 0.2), "neuropathy.improvement": (0.02, 0.03, 0.04)}
    ours = replace(MODEL, values=BARE | values).kernel(arrays("dosing-text"), 3, 4)(0, 10_000)
    grades = weekly_grades("neuropathy_graded", 16, ours)
    for grade, (up, down) in enumerate([(0.2, 0.0), (0.2, 0.02), (0.2, 0.03), (0.0, 0.04)]):
        now, then = grades[:, 10], grades[:, 11]
        chances = [0.0] * 4
        # Every dose is missed: the background alone, and the improvement without ixazomib.
        chances[min(3, grade + 1)] += 0.8 * up
        chances[max(0, grade - 1)] += 2 * down
        chances[grade] += 1 - 0.8 * up - 2 * down
        assert_frequencies(then[now == grade], chances)
    rows = ours.rows
    for grade, pain in ((1, 0.1), (2, 0.2), (3, 0.4)):
        came = (rows.kind == KIND["neuropathy_graded"]) & (rows.value == grade)
        # A row of an episode that could end repeats the pain that was drawn: grade 1 without any.
        came &= (rows.detail & AGREES) == 0
        if grade > 1:
            assert np.mean((rows.detail[came] & PAIN) > 0) == pytest.approx(pain, abs=0.03)


def test_counts_follow_the_doses() -> None:
    values = BARE | {"adherence.missed": 0.0, "pharmacokinetics.covariance": 0.0}
    # Nothing else may change a dose, and the kidneys change no exposure.
    values |= {
        "neutrophils.ixazomib": 0.03,
        "lenalidomide.relative_clearance": (1.0,) * 3,
        "neuropathy.worsening": (0.0,) * 3,
        "rash.from_0": (-50.0, 0.0, 0.0),
        "diarrhoea.from_0": (-50.0, 0.0, 0.0),
    }
    values |= {f"pharmacokinetics.{name}_variance": 1e-9 for name in ("clearance", "bioavailability", "volume_4")}
    values |= {"patients.body_surface": (1.87, 1e-6, 1.8, 1.9)}
    ours = replace(MODEL, values=values).kernel(arrays("dosing-text"), 3, 1)(0, 500)
    usual = ours.rows.symbol[ours.rows.kind == KIND["course_started"]] == arrays("dosing-text").numbers["start_4_25"]
    course = stepped(TYPICAL, dict.fromkeys((0, 7, 14), 4.0), DAILY, 14)
    suppression, before = 0.0, 0.0
    for week, day in ((1, 8), (2, 15)):
        auc, before = course[7 * week][0] - before, course[7 * week][0]
        suppression = 0.84 * suppression + 0.16 * (0.66 + 0.03 * auc / 1247.3)
        counts = {}
        for kind in ("neutrophils_measured", "platelets_measured"):
            chosen = (ours.rows.kind == KIND[kind]) & (ours.rows.day == day)
            counts[kind] = dict(zip(ours.rows.patient[chosen].tolist(), ours.rows.value[chosen].tolist(), strict=True))
        for patient in np.flatnonzero(usual).tolist():
            if patient not in counts["neutrophils_measured"]:
                continue
            own = ours.baseline["neutrophils_mm3"][patient]
            assert counts["neutrophils_measured"][patient] == pytest.approx(own * math.exp(-suppression), abs=11)
            own = 1000 * ours.baseline["own_platelets_10e9_l"][patient]
            assert counts["platelets_measured"][patient] == pytest.approx(own * course[7 * week][1], abs=501)


def test_the_ends_come_at_their_rates() -> None:
    """Progression and death compete: together they have the published median, of which death takes its own part."""
    values = MODEL.values | {"ends.death": 0.003, "ends.withdrawal": 0.005, "ends.intolerable": 0.002}
    rows = replace(MODEL, values=values).kernel(arrays("dosing-text"), 3, 6)(0, 40_000).rows
    kinds = ("progression_found", "patient_died", "consent_withdrawn")
    ended = {kind: int(np.sum(rows.kind == KIND[kind])) for kind in kinds}
    # Nobody has stopped for a count in the first week, so there the rates are seen alone, in percent of the patients.
    first = {kind: 100 * float(np.sum((rows.kind == KIND[kind]) & (rows.day == 8))) / 40_000 for kind in kinds}
    together = 100 * (1 - 0.5 ** (1 / (20.6 * 365.25 / 12 / 7)))
    assert together == pytest.approx(0.771, abs=0.001)
    assert first["patient_died"] == pytest.approx(0.3, abs=0.11)
    assert first["progression_found"] + first["patient_died"] == pytest.approx(together, abs=0.18)
    assert ended["progression_found"] / ended["patient_died"] == pytest.approx((together - 0.3) / 0.3, rel=0.1)
    assert ended["consent_withdrawn"] / ended["patient_died"] == pytest.approx(0.5 / 0.3, rel=0.12)


# Nothing acts on the platelets, so that what is measured is the patient's own count and its deviation.
STILL = BARE | {
    "platelets.lenalidomide": 0.0,
    "platelets.ixazomib": 0.0,
    "platelets.additive_error": 28.1,
    "platelets.proportional_error": 0.16,
}


def deviations(values: dict[str, Any], days: tuple[int, ...] = (8, 15)) -> tuple[Any, Any, Any]:
    """Of patients with a count of 150 to 400 of their own: it, and by day what was measured and what was true."""
    ours = replace(MODEL, values=STILL | values).kernel(arrays("dosing-text"), 3, 1)(0, 20_000)
    assert ours.true is not None
    own = ours.baseline["own_platelets_10e9_l"]
    measured, true = np.full((2, len(days), 20_000), np.nan)
    for place, day in enumerate(days):
        chosen = (ours.rows.kind == KIND["platelets_measured"]) & (ours.rows.day == day)
        measured[place, ours.rows.patient[chosen]] = ours.rows.value[chosen] / 1000
        true[place, ours.rows.patient[chosen]] = ours.true[chosen] / 1000
    inside = (own > 150) & (own < 400) & ~np.isnan(measured).any(axis=0)
    return own[inside], measured[:, inside], true[:, inside]


PUBLISHED_FORM = {"platelets.within_patient": 0.0, "platelets.additive_from": 0.0}


def test_in_the_published_form_a_measured_platelet_count_has_the_published_error() -> None:
    """All of it is the laboratory's, and is drawn anew at each visit."""
    own, measured, true = deviations(PUBLISHED_FORM)
    assert np.abs(true - own).max() < 0.001 + 1e-9
    scaled = (measured - own) / np.sqrt((0.16 * own) ** 2 + 28.1**2)
    assert np.std(scaled) == pytest.approx(1, abs=0.02)
    assert np.mean(scaled) == pytest.approx(0, abs=0.03)
    assert np.corrcoef(scaled)[0, 1] == pytest.approx(0, abs=0.03)


def test_the_deviation_of_a_platelet_count_has_a_part_of_the_patient_and_one_of_the_laboratory() -> None:
    """96 % of the published variance is the patient's and goes on by 0.5 a week; the rest is drawn at each visit."""
    own, measured, true = deviations({})
    spread = np.sqrt((0.16 * own) ** 2 + 28.1**2)
    patients, laboratory = (true - own) / spread, (measured - true) / spread
    assert np.std(patients, axis=1) == pytest.approx([math.sqrt(0.96)] * 2, rel=0.03)
    assert np.std(laboratory, axis=1) == pytest.approx([0.2] * 2, rel=0.03)
    assert np.corrcoef(patients)[0, 1] == pytest.approx(0.5, abs=0.02)
    assert np.corrcoef(laboratory)[0, 1] == pytest.approx(0, abs=0.03)


def test_the_additive_part_of_the_error_falls_with_a_low_count() -> None:
    """At 45.5 x 10^9/L it is half of 28.1, since it is whole from 91 up; at 91 and above all of it."""
    n = record(MODEL.numbers)
    assert deviation(n, 45.5) == pytest.approx(math.hypot(7.28, 14.05))
    assert deviation(n, 91.0) == pytest.approx(math.hypot(14.56, 28.1))
    assert deviation(n, 200.0) == pytest.approx(math.hypot(32, 28.1))
    assert deviation(n, 0.0) == 0
    whole = record(worked_out(MODEL.values | {"platelets.additive_from": 0.0}))
    assert deviation(whole, 45.5) == pytest.approx(math.hypot(7.28, 28.1))


def test_on_the_first_day_a_patient_deviates_as_was_seen() -> None:
    """The count at the start is the patient's own and the deviation of that day, 0.5 of which is left a week later."""
    own, _, true = deviations({"platelets.within_patient": 1.0}, (1, 8))
    spread = np.sqrt((0.16 * own) ** 2 + 28.1**2)
    first, later = (true - own) / spread
    slope, _ = np.polyfit(first, later, 1)
    assert slope == pytest.approx(0.5, abs=0.02)


def test_neutrophils_deviate_in_the_same_two_parts() -> None:
    """Of 0.25 on the logarithm three quarters of the variance are the patient's, and go on by 0.3 a week."""
    values = BARE | {"neutrophils.error": 0.25, "neutrophils.lenalidomide": 0.0}
    ours = replace(MODEL, values=values).kernel(arrays("dosing-text"), 3, 3)(0, 20_000)
    assert ours.true is not None
    logs, measured = np.full((2, 3, 20_000), np.nan)
    for place, day in enumerate((29, 36, 43)):
        chosen = (ours.rows.kind == KIND["neutrophils_measured"]) & (ours.rows.day == day)
        logs[place, ours.rows.patient[chosen]] = np.log(ours.true[chosen])
        measured[place, ours.rows.patient[chosen]] = np.log(ours.rows.value[chosen])
    own = np.log(ours.baseline["neutrophils_mm3"].astype(float))
    there = ~np.isnan(logs).any(axis=0)
    patients, laboratory = (logs - own)[:, there], (measured - logs)[:, there]
    assert np.std(patients, axis=1) == pytest.approx([0.25 * math.sqrt(0.75)] * 3, rel=0.03)
    assert np.std(laboratory, axis=1) == pytest.approx([0.125] * 3, rel=0.03)
    assert np.corrcoef(patients)[0, 1] == pytest.approx(0.3, abs=0.03)
    assert np.corrcoef(patients)[0, 2] == pytest.approx(0.09, abs=0.03)


@pytest.mark.parametrize(
    ("kidney", "dialysis", "exposure"),
    [
        (120.0, False, 1.0),
        (65.0, False, 1.0),
        # Half-way between 40 mL/min, where 1 / 2.4 is cleared, and 65.
        (52.5, False, 1 / (0.417 + 0.583 / 2)),
        (40.0, False, 2.4),
        (31.5, False, 1 / 0.3555),
        (23.0, False, 3.4),
        (10.0, False, 3.4),
        (10.0, True, 4.6),
    ],
)
def test_lenalidomide_stays_longer_where_the_kidneys_are_worse(kidney: float, dialysis: bool, exposure: float) -> None:
    """AUC 140 % greater in moderate and 240 % in severe impairment, 360 % on dialysis (Chen 2007)."""
    assert lenalidomide_exposure(record(MODEL.numbers), kidney, float(dialysis)) == pytest.approx(exposure, rel=0.003)


def test_ten_milligrams_with_bad_kidneys_act_as_twenty_five_with_healthy_ones() -> None:
    """At 40 mL/min 10 mg have the exposure of 24: of the logarithm of the neutrophils they take 24/25 as much."""
    values = BARE | {"neutrophils.log_sd": 0.01, "patients.bilirubin": (0.5, 0.01, 0.4, 0.6)}
    means = []
    for clearance in (40.0, 100.0):
        values["patients.creatinine_clearance"] = (clearance, 1e-6, clearance - 0.01, clearance + 0.01)
        ours = replace(MODEL, values=values).kernel(arrays("dosing-text"), 3, 1)(0, 300)
        chosen = (ours.rows.kind == KIND["neutrophils_measured"]) & (ours.rows.day == 15)
        means.append(float(np.log(3800 / ours.rows.value[chosen]).mean()))
    assert means[0] / means[1] == pytest.approx(0.96, abs=0.015)


# --- The kernel equals plain Python ---------------------------------------------------------------------------


def coded(event: AnyEvent) -> tuple[int, int, int, int, int]:
    """Kind, value, second value, term and detail of an event, as the log keeps them."""
    kind = KIND[event.type]
    match event:
        case Count():
            return kind, int(event.per_mm3), 0, 0, 0
        case RashGraded():
            return kind, event.grade, 0, 0, 0
        case NeuropathyGraded():
            return kind, event.grade, 0, 0, PAIN * event.pain + AGREES * event.physician_agrees
        case OtherToxicityGraded():
            stated = {None: 0, "clear": CLEAR, "not_clear": NOT_CLEAR}[event.attribution]
            return kind, event.grade, 0, TERM[event.term], stated + AGREES * event.physician_agrees
        case CycleAssessed():
            counts = int(event.neutrophils.per_mm3), int(event.platelets.per_mm3)
            return kind, *counts, 0, RESOLVED * event.toxicities_resolved
        case DoseMissed() | DoseDelayed():
            return kind, event.scheduled_day or 0, 0, 0, 0
        case _:
            return kind, 0, 0, 0, 0


@pytest.mark.parametrize(("troubled", "patients"), [(False, 150), (True, 150)])
@pytest.mark.parametrize("edition", EDITION_NAMES)
def test_the_kernel_equals_plain_python_to_the_last_bit(edition: str, troubled: bool, patients: int) -> None:
    ours = block(edition, troubled, 0, patients)
    plain = Reference((TROUBLED if troubled else MODEL).values, table(edition), 7, 26)
    assert ours.true is not None
    rows = zip(*(column.tolist() for column in (*ours.rows.columns().values(), ours.true)), strict=True)
    for patient in range(patients):
        baseline, course = plain.course(patient)
        assert baseline == {name: float(column[patient]) for name, column in ours.baseline.items()}
        for row in course:
            *code, detail = coded(row["event"])
            detail |= MISCLASSIFIED * row["misclassified"]
            expected = (row["patient"], row["number"], row["day"], *code, detail)
            assert next(rows) == (*expected, row["symbol"], row["configuration"], row["output"], row["true"])
    assert next(rows, None) is None


def test_the_courses_that_are_compared_hold_every_kind_of_event() -> None:
    """Otherwise their equality would say less than it seems to."""
    kinds = set(block("us-label", True, 0, 150).rows.kind.tolist())
    assert kinds == set(range(len(KINDS)))
    rows = block("us-label", True, 0, 150).rows
    others = rows.detail[rows.kind == KIND["other_toxicity_graded"]]
    neuropathy = rows.detail[rows.kind == KIND["neuropathy_graded"]]
    assert all((others & bit).any() for bit in (AGREES, CLEAR, NOT_CLEAR))
    assert all((neuropathy & bit).any() for bit in (AGREES, PAIN))
    assert NO_SYMBOL in rows.symbol
    for kind in ("neutrophils_measured", "platelets_measured", "cycle_assessed"):
        misclassified = rows.detail[rows.kind == KIND[kind]] & MISCLASSIFIED != 0
        assert misclassified.any()
        assert not misclassified.all()


@pytest.mark.parametrize("toxicity", [THROMBOCYTOPENIA, NEUROPATHY, RASH, OTHER], ids=lambda one: one.name)
def test_patients_report_an_open_episode_again(toxicity: Toxicity) -> None:
    """What persists is reported when it is measured, or when its grade has changed, and not each week."""
    of, rows = arrays("what-if-persist"), block("what-if-persist", True, 0, 600).rows
    again, *_ = toxicity.repeats or toxicity.opening
    before = np.concatenate([[0], rows.configuration[:-1]])
    assert ((rows.symbol == of.numbers[again.name]) & of.open_episodes(toxicity)[before]).any()
    graded = np.flatnonzero(rows.kind == KIND["other_toxicity_graded"])
    earlier, later = graded[:-1], graded[1:]
    unchanged = (rows.patient[earlier] == rows.patient[later]) & (rows.value[earlier] == rows.value[later])
    assert (rows.value[graded] == 3).any()
    assert not (unchanged & (rows.value[later] == 3)).any()


@pytest.mark.parametrize("edition", ["dosing-text", "us-label", "what-if-persist", "what-if-confirm"])
def test_a_simulated_course_is_a_real_one(edition: str) -> None:
    """The live chart takes every event in, and comes to the same configuration by the same symbol."""
    ours, whole = block(edition, True, 0, 40), table(edition)
    plain = Reference(TROUBLED.values, whole, 7, 26)
    rows, at = ours.rows, 0
    for patient in range(40):
        course = Course(None, edition)
        for row in plain.course(patient)[1]:
            record = course.observe(row["event"])
            assert whole.configurations[rows.configuration[at]] == record.after
            symbol = None if rows.symbol[at] == NO_SYMBOL else whole.symbols[rows.symbol[at]]
            assert symbol == (record.symbols[-1] if record.symbols else None)
            at += 1


# --- The same whatever the partition --------------------------------------------------------------------------


@pytest.mark.parametrize("parts", [(1, 299), (100, 100, 100), (150, 150), (7, 200, 93)])
def test_the_partition_changes_nothing(parts: tuple[int, ...]) -> None:
    kernel = MODEL.kernel(arrays("dosing-text"), 7, 26)
    first, blocks = 0, []
    for count in parts:
        blocks.append(kernel(first, count))
        first += count
    together = Block(
        joined([part.rows for part in blocks]),
        {name: np.concatenate([part.baseline[name] for part in blocks]) for name in blocks[0].baseline},
    )
    assert same(together, block("dosing-text", False, 0, 300))


def test_threads_change_nothing() -> None:
    kernel = MODEL.kernel(arrays("dosing-text"), 7, 26)
    with ThreadPoolExecutor(4) as pool:
        blocks = list(pool.map(lambda first: kernel(first, 20), range(0, 300, 20)))
    together = Block(
        joined([part.rows for part in blocks]),
        {name: np.concatenate([part.baseline[name] for part in blocks]) for name in blocks[0].baseline},
    )
    assert same(together, block("dosing-text", False, 0, 300))


def test_fewer_cycles_are_the_beginning_of_more() -> None:
    long, short = block("dosing-text", True, 0, 200), block("dosing-text", True, 0, 200, cycles=5)
    early = long.rows.day <= 5 * 28
    for a, b in zip(long.rows.columns().values(), short.rows.columns().values(), strict=True):
        assert np.array_equal(a[early], b)


def test_another_seed_is_another_cohort_and_a_large_one_is_read_whole() -> None:
    seeds = [7, 8, 7 + 2**32, 2**64 - 1]
    ages = [tuple(block("dosing-text", False, 0, 50, seed=seed).baseline["age_years"]) for seed in seeds]
    assert len(set(ages)) == len(seeds)


def test_two_editions_meet_the_same_luck() -> None:
    """The same patients, and the same events until the orders differ."""
    text, label = block("dosing-text", False, 0, 300), block("us-label", False, 0, 300)
    assert all(np.array_equal(text.baseline[name], label.baseline[name]) for name in text.baseline)
    seen = []
    for cohort in (text, label):
        rows = cohort.rows
        chosen = (rows.day <= 22) & (rows.kind != KIND["cycle_assessed"])
        seen.append(
            list(zip(*(c[chosen].tolist() for c in (rows.patient, rows.day, rows.kind, rows.value)), strict=True))
        )
    apart = set(seen[0]) ^ set(seen[1])
    assert len(apart) < 0.02 * len(seen[0])


# --- What the rows are like -----------------------------------------------------------------------------------


@pytest.mark.parametrize("edition", ["dosing-text", "us-label"])
def test_the_rows_of_a_patient_are_in_order_and_end_with_the_treatment(edition: str) -> None:
    rows, machine = block(edition, True, 0, 400).rows, arrays(edition)
    same_patient = rows.patient[1:] == rows.patient[:-1]
    assert np.all(np.diff(rows.patient.astype(int)) >= 0)
    assert np.array_equal(np.unique(rows.patient), np.arange(400))
    assert np.all(np.diff(rows.number.astype(int))[same_patient] == 1)
    assert np.all(np.diff(rows.day.astype(int))[same_patient] >= 0)
    assert np.all(machine.treated[rows.configuration[:-1]][same_patient])
    assert np.all(rows.number[np.append(True, ~same_patient)] == 1)
    assert int(rows.day.max()) <= 26 * 28


def test_blood_is_drawn_when_the_visits_say() -> None:
    quiet = MODEL.values | {"visits.weekly_while_held": 0.0}
    rows = replace(MODEL, values=quiet).kernel(arrays("dosing-text"), 1, 8)(0, 200).rows
    days = np.unique(rows.day[rows.kind == KIND["platelets_measured"]])
    expected = [28 * cycle + day for cycle in range(8) for day in ((1, 8, 15) if cycle < 3 else (1, 15))]
    assert days.tolist() == expected


def test_while_a_count_holds_a_drug_it_is_followed_weekly() -> None:
    rows, machine = block("dosing-text", True, 0, 400).rows, arrays("dosing-text")
    held = machine.held_for(NEUTROPENIA) | machine.held_for(THROMBOCYTOPENIA)
    counted = set(zip(rows.patient.tolist(), rows.day.tolist(), strict=True))
    for at in np.flatnonzero(held[rows.configuration[:-1]]):
        # The machine stays as it is for a week when the patient's next row is later.
        if rows.patient[at + 1] == rows.patient[at] and rows.day[at + 1] > rows.day[at] and rows.day[at] % 7 == 1:
            assert (rows.patient[at], rows.day[at] + 7) in counted or rows.kind[at + 1] in (
                KIND["dose_missed"],
                KIND["dose_delayed"],
            )


def test_a_dose_is_late_only_as_the_text_allows() -> None:
    edition = load_edition("dosing-text")
    assert {day + 1: int(late) for day, late in enumerate(latest_delays(edition)) if late} == {1: 4, 8: 4, 15: 6}
    rows = block("dosing-text", True, 0, 400).rows
    late = rows.kind == KIND["dose_delayed"]
    delay = rows.day[late].astype(int) - rows.value[late]
    assert set(delay.tolist()) == {1, 2, 3, 4, 5, 6}
    assert set((rows.value[late][delay > 4] % 28).tolist()) == {15}


def test_the_baselines_are_those_published() -> None:
    baseline = block("dosing-text", False, 0, 20_000, cycles=1).baseline
    for name, median, least, most in [
        ("age_years", 66, 30, 91),
        ("platelets_10e9_l", 197, 35, 666),
        ("creatinine_clearance_ml_min", 77.9, 20.2, 231),
    ]:
        values = baseline[name]
        assert float(np.median(values)) == pytest.approx(median, rel=0.015)
        assert least <= values.min()
        assert values.max() <= most
    shares = {"female": 0.433, "asian": 0.089, "prior_imid": 0.55}
    for name, share in shares.items():
        assert float(baseline[name].mean()) == pytest.approx(share, abs=0.011)
    logs = np.log([baseline[f"ixazomib_{name}"] for name in ("clearance_l_h", "bioavailability", "volume_4_l")])
    assert np.cov(logs)[:2, :2] == pytest.approx(np.array([[0.17697, 0.22550], [0.22550, 0.42726]]), rel=0.05)
    assert float(np.mean(baseline["bilirubin_times_uln"] > 1.5)) == pytest.approx(0.003, abs=0.002)


# --- Every parameter counts -----------------------------------------------------------------------------------


def changed(name: str) -> Any:
    """Another value of a parameter, within its range."""
    special = {
        "visits.first_days": (1.0, 15.0),
        "visits.later_days": (1.0, 8.0),
        "visits.weekly_while_held": 0.0,
        "visits.first_cycles": 4.0,
        "visits.resolved_to": 0.0,
        "adherence.longest_delay": 2.0,
        "patients.age": (60.0, 9.5, 30.0, 91.0),
        "pharmacokinetics.bioavailability_variance": 0.6,
        "platelets.lowest_baseline": 150.0,
        "platelets.cumulative_half_life": 10.0,
        "lenalidomide.relative_clearance": (0.2, 0.5, 1.0),
        # Few episodes of diarrhoea are severe.
        "diarrhoea.agreement": 0.2,
        "diarrhoea.clearly_caused": 0.1,
    }
    if name in special:
        return special[name]
    value = TROUBLED.values[name]
    factor = 0.8
    return tuple(factor * one for one in value) if isinstance(value, tuple) else factor * value


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables of meanings are made once for all."""
    made: dict[Visits, Machine] = {}

    def once(of: MachineArrays, drawn: Visits) -> Machine:
        if drawn not in made:
            made[drawn] = tabulated(of, drawn)
        return made[drawn]

    monkeypatch.setattr(pkpd_module, "tabulated", once)


@pytest.mark.usefixtures("quick")
def test_every_parameter_changes_something() -> None:
    machine = arrays("us-label")
    usual = TROUBLED.kernel(machine, 3, 13)(0, 600)
    unused = []
    for name in SPECS:
        other = replace(TROUBLED, values=TROUBLED.values | {name: changed(name)})
        if same(usual, other.kernel(machine, 3, 13)(0, 600)):
            unused.append(name)
    assert unused == []


# --- What events mean ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edition", ["dosing-text", "us-label"])
def test_the_tables_of_meanings_say_what_the_alphabet_says(edition: str) -> None:
    of = arrays(edition)
    machine = tabulated(of, visits(MODEL.values, 28, "x"))
    luck = random.Random(1)
    corners = [0, 30, 50, 149, 150, 151, 299, 300, 301, 2000]
    for _ in range(300):
        bilirubin, clearance = luck.choice([*corners, luck.randrange(501)]), luck.choice([299, 300, 599, 600, 2000])
        dialysis = luck.random() < 0.3
        facts = {"type": "course_started", **start_facts(bilirubin / 100, clearance / 10, dialysis)}
        place = machine.bilirubin_class[bilirubin], machine.clearance_class[clearance], int(dialysis)
        assert machine.start[place] == meaning(of, facts)[0]

        tens, thousands = luck.choice([49, 50, 99, 100, 101, 400]), luck.choice([29, 30, 74, 75, 76, 200])
        resolved = luck.random() < 0.5
        for kind, value, found in [
            ("neutrophils_measured", 10 * tens, machine.neutrophils[tens]),
            ("platelets_measured", 1000 * thousands, machine.platelets[thousands]),
        ]:
            assert found == meaning(of, {"type": kind, "value": value, "unit": "/mm3"})[0]
        counts = {"neutrophils": 10 * tens, "platelets": 1000 * thousands}
        facts = {"type": "cycle_assessed", "toxicities_resolved": resolved}
        facts |= {name: {"value": value, "unit": "/mm3"} for name, value in counts.items()}
        place = machine.neutrophils_class[tens], machine.platelets_class[thousands], int(resolved)
        assert machine.assessed[place] == meaning(of, facts)[0]


def test_only_an_edition_with_criteria_assesses_a_new_cycle() -> None:
    of = {edition: tabulated(arrays(edition), visits(MODEL.values, 28, "x")) for edition in ("dosing-text", "us-label")}
    assert (of["dosing-text"].assesses, of["us-label"].assesses) == (False, True)


def test_a_meaning_that_two_values_decide_together_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    true = pkpd_tables.meaning

    def together(of: MachineArrays, facts: Any, context: Context | None = None) -> tuple[int, Context]:
        symbol, after = true(of, facts, context)
        if facts["type"] == "cycle_assessed":
            neutrophils, platelets = facts["neutrophils"]["value"], facts["platelets"]["value"]
            symbol = 1 if neutrophils + platelets / 1000 > 1200 else 2
        return symbol, after

    monkeypatch.setattr(pkpd_tables, "meaning", together)
    with pytest.raises(InputError, match="depends on two values together"):
        meanings(arrays("us-label"))


def test_the_facts_of_the_start_are_those_that_the_kernel_used() -> None:
    of, cohort = arrays("dosing-text"), block("dosing-text", True, 0, 400)
    edition = load_edition("dosing-text")
    starts = cohort.rows.symbol[cohort.rows.kind == KIND["course_started"]]
    for patient, symbol in enumerate(starts.tolist()):
        baseline = {name: float(column[patient]) for name, column in cohort.baseline.items()}
        facts = MODEL.start_facts(edition, baseline)
        event = parse_event({"type": "course_started", "day": 1, **facts})
        assert read(event, Context(), edition).symbols == (of.table.symbols[symbol],)
    assert len(set(starts.tolist())) >= 5


# --- Refused ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "what", "where"),
    [
        ('model = "pkpd"', 'model = "hazards"', "not of this model", ""),
        ("[rash]", "[rash", "not TOML", ""),
        ("[rash]", "[roughness]", "no such parameter", "roughness.from_0"),
        ("asian = { value = 1.19", "asien = { value = 1.19", "no such parameter", "rash.asien"),
        ("asian = { value = 1.19, unit", "# asian = { value = 1.19, unit", "missing", "rash.asian"),
        ("value = 1.19", 'value = "1.19"', "out of range", "rash.asian"),
        ("value = 1.19", "value = true", "out of range", "rash.asian"),
        ("value = 1.19", "value = nan", "out of range", "rash.asian"),
        ("value = 1.19", "value = [1.19]", "one number", "rash.asian"),
        ("asian = { value = 1.19,", "asian = { wert = 1.19,", "exactly value, unit and source", "rash.asian"),
        ('unit = "/h", source = "Gupta 2017, table 3: Ka"', 'unit = "/d", source = "x"', "unit", "absorption_rate"),
        ('source = "Gupta 2017, table 3: Ka"', 'source = " "', "no source", "absorption_rate"),
        ("value = 0.34, unit", "value = 0, unit", "out of range", "absorption_rate"),
        ("value = 1.86", "value = -1.86", "out of range", "pharmacokinetics.clearance"),
        ("[-7.37, 0.269, 0.436]", "[-7.37, 0.269]", "3 numbers", "rash.from_0"),
        ("value = [1, 15]", "value = []", "some numbers", "visits.later_days"),
        ("value = [1, 15]", "value = [1, 15.5]", "whole number", "visits.later_days"),
        ("[66, 9.5, 30, 91]", "[20, 9.5, 30, 91]", "do not fit together", "patients.age"),
        ("[66, 9.5, 30, 91]", "[66, 0, 30, 91]", "do not fit together", "patients.age"),
        ("[197, 0.42, 35, 666]", "[197, 0.42, 666, 35]", "do not fit together", "patients.platelets"),
        ("value = 0.22550", "value = 0.4", "fits no two variances", "pharmacokinetics.covariance"),
        ("value = 3800", "value = 900", "median", "neutrophils.median"),
        ("value = 20.6", "value = 0.5", "below one month", "ends.progression_free"),
        ('unit = "mo"', 'unit = "wk"', "unit", "ends.progression_free"),
        ("missed = { value = 0,", "missed = { value = 1.5,", "out of range", "adherence.missed"),
        ("rash]", "rash]\n[extra]\nx = 1\n[rush]", "no such parameter", "extra.x"),
    ],
)
def test_a_parameter_file_that_does_not_hold_is_refused(old: str, new: str, what: str, where: str) -> None:
    assert old in MODEL.text
    with pytest.raises(InputError, match=what) as refused:
        Pkpd.parse(MODEL.text.replace(old, new, 1), "some.toml")
    assert refused.value.where.startswith("some.toml")
    assert where in refused.value.where
    assert refused.value.remedy


def test_doses_missed_and_late_are_shares_of_one_whole() -> None:
    text = MODEL.text.replace("missed = { value = 0,", "missed = { value = 0.6,")
    with pytest.raises(InputError, match="more doses are missed or late"):
        Pkpd.parse(text.replace("late = { value = 0,", "late = { value = 0.6,"), "some.toml")


def test_a_visit_on_a_day_that_begins_no_week_is_refused() -> None:
    odd = Pkpd.parse(MODEL.text.replace("value = [1, 15]", "value = [1, 16]"), "some.toml")
    with pytest.raises(InputError, match="day 16 begins no week") as refused:
        odd.kernel(arrays("dosing-text"), 1, 1)
    assert refused.value.where == "some.toml: visits.later_days"


def test_something_that_is_no_section_is_refused() -> None:
    with pytest.raises(InputError, match="not a section") as refused:
        Pkpd.parse('model = "pkpd"\nrash = 1\n', "some.toml")
    assert refused.value.where == "some.toml: rash"


def test_every_parameter_has_its_source_and_its_unit_beside_it() -> None:
    lines = [line for line in MODEL.text.splitlines() if re.match(r"\w+ = \{", line)]
    assert len(lines) == len(SPECS)
    assert all(re.search(r'unit = "[^"]+", source = "[^"]{8,}" \}$', line) for line in lines)
    assert read_parameters(MODEL.text, "x") == MODEL.values
    assert worked_out(MODEL.values) == N


def test_the_numbers_are_worked_out_rightly() -> None:
    days_a_month = 30.4375
    # Progression and death together have the published median.
    assert (1 - N.or_death) ** (20.6 * days_a_month / 7) == pytest.approx(0.5)
    steps = (N.or_death - N.progression, N.or_withdrawal - N.or_death, N.or_intolerable - N.or_withdrawal)
    assert steps == pytest.approx((0.0006, 0.0005, 0.0021))
    assert worked_out(MODEL.values | {"ends.progression_free": 0.0}).progression == 0
    assert N.weekly_auc == pytest.approx(935.5, abs=1)
    assert math.exp(N.frailty_middle + N.frailty_sd**2 / 2) == pytest.approx(1)
    assert N.lag == pytest.approx(13 / 60)
    assert N.baseline_sd == pytest.approx(math.hypot(0.16 * 203, 28.1))
    assert N.neutrophils_lenalidomide * 25 * 7 == pytest.approx(0.66)
