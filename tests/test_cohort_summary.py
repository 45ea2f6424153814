"""The answers of a run against a slow fold over its rows, and against runs whose answers are known by hand."""

from __future__ import annotations

import json
import math
import warnings
from collections import Counter, defaultdict
from pathlib import Path
from statistics import mean, median
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

lifelines = pytest.importorskip("lifelines", reason="lifelines is not installed (extra test)")

import polars as pl

from ixastate.cli.main import main
from ixastate.cli.summary import as_text
from ixastate.cohort.answers import summary
from ixastate.cohort.answers.spells import cycle_days, days_of, holds, meanings, spells
from ixastate.cohort.answers.summary_text import aligned, lines, percent
from ixastate.cohort.answers.survival import kaplan_meier
from ixastate.cohort.run.plan import run_context
from ixastate.cohort.run.run import Run
from ixastate.events import DRUGS
from tests.cohort_runs import (
    BOTH,
    FOUR,
    HELD,
    LOWERED,
    NEUTRO,
    NOTHING,
    OVER,
    RASH,
    STARTED,
    STOPPED,
    THREE,
    handmade,
    simulated,
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return simulated(tmp_path_factory.mktemp("cohort") / "run")


@pytest.fixture
def tiny(tmp_path: Path) -> Run:
    """Four patients over two cycles, 56 days."""
    rows = [
        # Held on day 8, lowered on day 22, stopped on day 40; a count on day 15 moves nothing.
        (0, 1, FOUR, STARTED),
        (0, 8, NEUTRO, HELD),
        (0, 15, NEUTRO, NOTHING),
        (0, 22, THREE, LOWERED),
        (0, 40, OVER, STOPPED),
        # Held for two reasons from day 10, then for one, until the stop on day 31.
        (1, 1, FOUR, STARTED),
        (1, 10, BOTH, HELD),
        (1, 20, NEUTRO, NOTHING),
        (1, 31, OVER, STOPPED),
        # Lenalidomide alone is held, from day 50 on.
        (2, 1, FOUR, STARTED),
        (2, 50, RASH, HELD),
        # Held and released on one day, and something after the end.
        (3, 1, FOUR, STARTED),
        (3, 5, NEUTRO, HELD),
        (3, 5, FOUR, NOTHING),
        (3, 57, NEUTRO, HELD),
    ]
    return handmade(
        tmp_path,
        rows,
        [(39, "progression"), (30, "platelets_low"), (56, None), (56, None)],
        doses=[(60, 120), (40, 80), (240, 240), (90, 120)],
    )


# --- A slow fold over the rows ---------------------------------------------------------------------------------


class Fold:
    """Everything that can be counted row by row and day by day, in plain Python."""

    def __init__(self, run: Run) -> None:
        self.days = days_of(run)
        said = {row["configuration"]: row for row in run.collect(run.configurations).iter_rows(named=True)}
        answers = {row["output"]: row for row in run.collect(run.outputs).iter_rows(named=True)}
        self.occupancy: Counter[tuple[int, str]] = Counter()
        self.holds: list[tuple[int, str, int, int, str]] = []
        self.rules: Counter[str] = Counter()
        self.orders: Counter[str] = Counter()
        courses = defaultdict(list)
        for row in run.collect(run.events).sort("patient", "number").iter_rows(named=True):
            courses[row["patient"]].append((row["day"], said[row["configuration"]]))
            self.rules.update(answers[row["output"]]["rules"])
            self.orders.update(answers[row["output"]]["orders"])
        for patient, course in courses.items():
            self._days(course)
            for reason in {reason for _, now in course for reason in now["held_for"]} | {"any"}:
                self._holds(patient, reason, course)

    def _days(self, course: list[tuple[int, dict[str, Any]]]) -> None:
        for day in range(1, self.days + 1):
            *_, now = (now for since, now in course if since <= day)
            self.occupancy[day, self._place(now)] += 1

    def _place(self, now: dict[str, Any]) -> str:
        if now["phase"] != "on treatment":
            return str(now["phase"])
        if now["ixazomib_given_mg10"]:
            return f"active at {now['ixazomib_level_mg10'] / 10:g} mg"
        several = len(now["held_for"]) > 1
        return "held for several reasons" if several else f"held for {now['held_for'][0]}"

    def _holds(self, patient: int, reason: str, course: list[tuple[int, dict[str, Any]]]) -> None:
        began = None
        for day, now in course:
            holding = bool(now["held_for"]) if reason == "any" else reason in now["held_for"]
            if holding and began is None and day <= self.days:
                began = day
            if not holding and began is not None and day <= self.days:
                how = "released" if now["phase"] == "on treatment" else "treatment stopped"
                self.holds.append((patient, reason, began, day - began, how))
                began = None
        if began is not None:
            self.holds.append((patient, reason, began, self.days + 1 - began, "open at the end"))


@pytest.fixture(scope="module")
def fold(run: Run) -> Fold:
    return Fold(run)


def test_the_simulated_run_has_something_to_count(fold: Fold) -> None:
    assert {how for *_, how in fold.holds} == {"released", "treatment stopped", "open at the end"}
    assert {place for _, place in fold.occupancy} >= {"active at 2.3 mg", "held for several reasons", "discontinued"}


def test_holds_are_those_of_the_fold(run: Run, fold: Fold) -> None:
    found = run.collect(holds(run).select("patient", "reason", "day", "days", pl.col("ended").cast(pl.String)))
    assert sorted(found.iter_rows()) == sorted(fold.holds)


def test_occupancy_is_that_of_the_fold(run: Run, fold: Fold) -> None:
    found = summary.occupancy(run, every_days=1)
    counted = {(day, place): patients for day, place, patients, _ in found.iter_rows() if patients}
    assert counted == dict(fold.occupancy)


def test_rules_and_orders_are_those_of_the_fold(run: Run, fold: Fold) -> None:
    assert dict(summary.rule_counts(run).iter_rows()) == dict(fold.rules)
    assert dict(summary.order_counts(run).select("order", "events").iter_rows()) == dict(fold.orders)


def test_every_order_has_its_verb_and_drug(run: Run) -> None:
    """By the orders of the machine itself."""
    orders = {str(order): order for given in run_context(run.plan).arrays.table.orders for order in given}
    found = summary.order_counts(run)
    assert found.height > 5
    for row in found.iter_rows(named=True):
        order = orders[row["order"]]
        assert (row["verb"], row["drug"]) == (order.verb, order.drug or None)


def test_an_order_of_another_version_has_no_verb(tmp_path: Path) -> None:
    run = handmade(tmp_path, [(0, 1, FOUR, STARTED), (0, 5, NEUTRO, HELD)], [(56, None)])
    outputs = run.path / "machine" / "outputs.parquet"
    frame = pl.read_parquet(outputs)
    orders = [["ponder ixazomib"] if "hold ixazomib" in given else given for given in frame["orders"].to_list()]
    frame.with_columns(pl.Series("orders", orders, pl.List(pl.String))).write_parquet(outputs)
    rows = {row["order"]: (row["verb"], row["drug"]) for row in summary.order_counts(run).iter_rows(named=True)}
    assert rows == {"ponder ixazomib": (None, None), "start ixazomib at 4 mg": ("start", "ixazomib")}
    text = "\n".join(lines(summary.as_json(run)))
    assert "ponder ixazomib" in text
    assert "start ixazomib" not in text


def test_hold_times_are_those_of_the_fold(run: Run, fold: Fold) -> None:
    found = {row["reason"]: row for row in summary.hold_times(run).iter_rows(named=True)}
    for reason in {reason for _, reason, *_ in fold.holds}:
        own = [hold for hold in fold.holds if hold[1] == reason]
        firsts: dict[int, int] = {}
        for patient, _, day, *_ in own:
            firsts[patient] = min(day, firsts.get(patient, day))
        row = found[reason]
        assert row["holds"] == len(own)
        assert row["patients"] == len(firsts)
        assert row["first_day"] == median(firsts.values())
        assert row["mean_days"] == pytest.approx(mean(days for *_, days, _ in own))
        assert row["stopped"] == sum(how == "treatment stopped" for *_, how in own)
        assert row["open"] == sum(how == "open at the end" for *_, how in own)
        length = cycle_days(run)
        by_cycle = summary.first_holds(run).filter(pl.col("reason") == reason)
        for cycle, patients in by_cycle.select("cycle", "patients").iter_rows():
            assert patients == sum(day <= cycle * length for day in firsts.values())


def test_dose_intensity_is_that_of_plain_division(run: Run) -> None:
    patients = run.collect(run.patients).to_dicts()
    cycles = run.collect(run.cycles).to_dicts()
    by_cycle = {(row["drug"], row["cycle"]): row for row in summary.dose_intensity_by_cycle(run).to_dicts()}
    for row in summary.dose_intensity(run).to_dicts():
        _intensity_is(row, patients)
        for cycle in range(1, run.plan.cycles + 1):
            _intensity_is(by_cycle[row["drug"], cycle], [one for one in cycles if one["cycle"] == cycle])


def _intensity_is(row: dict[str, Any], dosed: list[dict[str, Any]]) -> None:
    doses = [(one[f"{row['drug']}_given_mg10"], one[f"{row['drug']}_planned_mg10"]) for one in dosed]
    doses = [(given, planned) for given, planned in doses if planned]
    shares = [given / planned for given, planned in doses]
    assert row["patients"] == len(doses)
    assert row["overall"] == pytest.approx(sum(g for g, _ in doses) / sum(p for _, p in doses), abs=1e-12)
    assert row["mean"] == pytest.approx(mean(shares), abs=1e-6)
    assert row["median"] == pytest.approx(median(shares), abs=1e-6)


def test_stops_and_reductions_are_those_of_the_patients(run: Run) -> None:
    patients = run.collect(run.patients).to_dicts()
    causes = Counter(one["ended_by"] or summary.STILL for one in patients)
    found = {row["cause"]: row for row in summary.stops(run).to_dicts()}
    assert {cause: row["patients"] for cause, row in found.items()} == causes
    for cause, row in found.items():
        days = [one["treated_days"] + 1 for one in patients if one["ended_by"] == cause]
        assert row["median_day"] == (median(days) if days else None)
    rules = run.collect(run.outputs).to_dicts()
    stopped = Counter(rule for one in patients if one["ended_by"] for rule in rules[one["ended_output"]]["rules"])
    assert dict(summary.stop_rules(run).select("rule", "patients").iter_rows()) == stopped
    for drug in summary.LADDERED:
        own = summary.reductions(run).filter(pl.col("drug") == drug)
        assert dict(own.select("reductions", "patients").iter_rows()) == Counter(
            one[f"{drug}_reductions"] for one in patients
        )


def test_shares_sum_to_one(run: Run) -> None:
    for frame, by in ((summary.occupancy(run), ["day"]), (summary.stops(run), []), (summary.reductions(run), ["drug"])):
        sums = frame.group_by(by).agg(pl.col("share").sum()) if by else frame.select(pl.col("share").sum())
        assert sums["share"].to_list() == pytest.approx([1.0] * sums.height)


def test_spells_fill_the_follow_up(run: Run) -> None:
    lasted = run.collect(spells(run)).group_by("patient").agg((pl.col("until") - pl.col("day")).sum())
    assert lasted.height == run.plan.patients
    assert set(lasted["until"]) == {days_of(run)}


def test_patients_by_cycle_never_grow(run: Run) -> None:
    counted = summary.patients_by_cycle(run)["patients"].to_list()
    assert counted == sorted(counted, reverse=True)
    assert counted[0] == run.plan.patients


# --- By hand -----------------------------------------------------------------------------------------------------


def test_holds_by_hand(tiny: Run) -> None:
    found = tiny.collect(holds(tiny).select("patient", "reason", "day", "days", pl.col("ended").cast(pl.String)))
    assert sorted(found.iter_rows()) == [
        (0, "any", 8, 14, "released"),
        (0, "neutrophils", 8, 14, "released"),
        (1, "any", 10, 21, "treatment stopped"),
        (1, "neutrophils", 10, 21, "treatment stopped"),
        (1, "platelets", 10, 10, "released"),
        (2, "any", 50, 7, "open at the end"),
        (2, "rash", 50, 7, "open at the end"),
        (3, "any", 5, 0, "released"),
        (3, "neutrophils", 5, 0, "released"),
    ]


@pytest.mark.parametrize(
    ("day", "where"),
    [
        (1, {"active at 4 mg": 4}),
        (8, {"active at 4 mg": 3, "held for neutrophils": 1}),
        (15, {"active at 4 mg": 2, "held for neutrophils": 1, "held for several reasons": 1}),
        (22, {"active at 4 mg": 2, "active at 3 mg": 1, "held for neutrophils": 1}),
        (36, {"active at 4 mg": 2, "active at 3 mg": 1, "discontinued": 1}),
        (50, {"active at 4 mg": 1, "active at 3 mg": 1, "discontinued": 2}),
    ],
)
def test_occupancy_by_hand(tiny: Run, day: int, where: dict[str, int]) -> None:
    """A hold of lenalidomide alone leaves ixazomib active."""
    found = summary.occupancy(tiny).filter((pl.col("day") == day) & (pl.col("patients") > 0))
    assert dict(found.select("place", "patients").iter_rows()) == where


def test_dose_intensity_by_hand(tiny: Run) -> None:
    row = summary.dose_intensity(tiny).row(0, named=True)
    assert row == {
        "drug": "ixazomib",
        "patients": 4,
        "overall": 430 / 560,
        "mean": (0.5 + 0.5 + 1 + 0.75) / 4,
        "median": 0.625,
    }


def test_dose_sums_are_wider_than_the_columns(tmp_path: Path) -> None:
    """Polars sums 32 bits in 32: two doses of this size would come round to little more than nothing."""
    huge = 2**32 - 1
    run = handmade(
        tmp_path,
        [(0, 1, FOUR, STARTED), (1, 1, FOUR, STARTED)],
        [(56, None)] * 2,
        doses=[(huge, huge), (huge // 2, huge)],
    )
    assert summary.dose_intensity(run)["overall"][0] == pytest.approx(0.75)


def test_who_was_planned_nothing_has_no_intensity(tmp_path: Path) -> None:
    run = handmade(tmp_path, [(0, 1, FOUR, STARTED), (1, 1, FOUR, STARTED)], [(56, None)] * 2, doses=[(0, 0), (6, 12)])
    assert summary.dose_intensity(run).row(0) == ("ixazomib", 1, 0.5, 0.5, 0.5)


def test_counts_by_hand(tiny: Run) -> None:
    assert dict(summary.rule_counts(tiny).iter_rows()) == {
        "ANC-01": 5,
        "DOSE-06": 5,
        "DOSE-01": 4,
        "DISC-01": 2,
        "ANC-04": 1,
    }
    assert dict(summary.transition_counts(tiny).iter_rows()) == {0: 4, 1: 5, 2: 5, 3: 1, 4: 2}
    assert dict(summary.stop_rules(tiny).select("rule", "patients").iter_rows()) == {"DISC-01": 2}


def test_time_on_treatment_by_hand(tiny: Run) -> None:
    curve = summary.time_on_treatment(tiny)
    shares = [curve.at(day)["share"] for day in (0, 29, 30, 38, 39, 55)]
    assert shares == pytest.approx([1, 1, 0.75, 0.75, 0.5, 0.5])
    assert curve.median == 39


def test_hold_times_by_hand(tiny: Run) -> None:
    """Days 14, 21 (ended by the stop), 7 (open) and 0; the median by Kaplan and Meier is where half are released."""
    found = {row.pop("reason"): row for row in summary.hold_times(tiny).to_dicts()}
    assert list(found) == ["any", "neutrophils", "platelets", "rash"]
    parts = ("patients", "share", "first_day", "holds", "stopped", "open", "mean_days", "median_days")
    assert {reason: tuple(row[part] for part in parts) for reason, row in found.items()} == {
        "any": (4, 1.0, 9.0, 4, 1, 1, 10.5, 14.0),
        "neutrophils": (3, 0.75, 8.0, 3, 1, 0, 35 / 3, 14.0),
        "platelets": (1, 0.25, 10.0, 1, 0, 0, 10.0, 10.0),
        "rash": (1, 0.25, 50.0, 1, 0, 1, 7.0, None),
    }
    # After 14 days 0.375 are held, at most 0.808 and on the first day at least 0.128.
    assert (found["any"]["median_lower"], found["any"]["median_upper"]) == (0.0, None)


def test_first_holds_by_hand(tiny: Run) -> None:
    """Cycle 2 begins on day 29; the rash alone begins in it, and whoever was held stays counted."""
    found = summary.first_holds(tiny)
    assert found.columns == ["reason", "cycle", "patients", "share"]
    assert sorted(found.rows()) == [
        ("any", 1, 3, 0.75),
        ("any", 2, 4, 1.0),
        ("neutrophils", 1, 3, 0.75),
        ("neutrophils", 2, 3, 0.75),
        ("platelets", 1, 1, 0.25),
        ("platelets", 2, 1, 0.25),
        ("rash", 1, 0, 0.0),
        ("rash", 2, 1, 0.25),
    ]


def test_a_hold_of_the_last_day_of_a_cycle_is_of_that_cycle(tmp_path: Path) -> None:
    rows = [(0, 1, FOUR, STARTED), (0, 28, NEUTRO, HELD), (1, 1, FOUR, STARTED), (1, 29, NEUTRO, HELD)]
    rows += [(2, 1, FOUR, STARTED), (2, 56, NEUTRO, HELD), (3, 1, FOUR, STARTED), (3, 57, NEUTRO, HELD)]
    run = handmade(tmp_path, rows, [(84, None)] * 4, cycles=3)
    assert summary.first_holds(run).filter(reason="any")["patients"].to_list() == [1, 3, 4]


def test_landmarks_by_hand(tmp_path: Path) -> None:
    """Eight patients over 27 cycles (756 days), of whom four stop; months have 30.4375 days."""
    stopped = [100, 200, 400, 600]
    ends = [(days, "progression") for days in stopped] + [(756, None)] * 4
    run = handmade(tmp_path, [(patient, 1, FOUR, STARTED) for patient in range(8)], ends, cycles=27)
    found = summary.landmarks(run)
    assert found.select("months", "day", "share").rows() == [
        (6.0, 183, pytest.approx(7 / 8)),
        (12.0, 365, pytest.approx(6 / 8)),
        (18.0, 548, pytest.approx(5 / 8)),
        (24.0, 730, pytest.approx(4 / 8)),
        (756 / 30.4375, 756, pytest.approx(4 / 8)),
    ]
    # Greenwood on the scale log(-log): of 1/(8*7) after the first stop.
    spread = 1.959963984540054 * math.sqrt(1 / 56) / math.log(7 / 8)
    assert found["lower"][0] == pytest.approx((7 / 8) ** math.exp(-spread))
    assert found["upper"][0] == pytest.approx((7 / 8) ** math.exp(spread))


def test_a_follow_up_that_ends_at_a_landmark_has_it_once(tmp_path: Path) -> None:
    run = handmade(tmp_path, [(0, 1, FOUR, STARTED)], [(56, None)])
    assert summary.landmarks(run).select("months", "day", "share").rows() == [(56 / 30.4375, 56, 1.0)]


def test_the_json_by_hand(tiny: Run) -> None:
    """Week by week where each of the four patients is, and everything that is counted, in its order."""
    answers = summary.as_json(tiny)
    weeks = answers["occupancy_by_week"]
    assert weeks["day"] == [1, 8, 15, 22, 29, 36, 43, 50]
    assert {place: shares for place, shares in weeks["share"].items() if any(shares)} == {
        "active at 4 mg": [1, 0.75, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25],
        "active at 3 mg": [0, 0, 0, 0.25, 0.25, 0.25, 0, 0.25],
        "held for neutrophils": [0, 0.25, 0.25, 0.25, 0.25, 0, 0, 0],
        "held for several reasons": [0, 0, 0.25, 0, 0, 0, 0, 0],
        "discontinued": [0, 0, 0, 0, 0, 0.25, 0.5, 0.5],
    }
    assert answers["first_holds_by_cycle"] == {
        "cycle": [1, 2],
        "share": {"any": [0.75, 1], "neutrophils": [0.75, 0.75], "platelets": [0.25, 0.25], "rash": [0, 0.25]},
    }
    assert answers["stops"] == [
        {"cause": "platelets_low", "patients": 1, "share": 0.25, "median_day": 31},
        {"cause": "progression", "patients": 1, "share": 0.25, "median_day": 40},
        {"cause": "still on treatment", "patients": 2, "share": 0.5, "median_day": None},
    ]
    assert answers["stop_rules"] == [{"rule": "DISC-01", "patients": 2, "share": 0.5}]
    assert [(one["rule"], one["events"]) for one in answers["rules"]] == [
        ("ANC-01", 5),
        ("DOSE-06", 5),
        ("DOSE-01", 4),
        ("DISC-01", 2),
        ("ANC-04", 1),
    ]
    assert answers["time_on_treatment"]["on_treatment_after"] == [
        # Greenwood: 1/(4*3) + 1/(3*2) = 1/4, so 0.5 to the power of exp(±1.959964 * 0.5 / log 2).
        {"months": 1.839836, "day": 56, "share": 0.5, "lower": 0.057847, "upper": 0.844861}
    ]
    assert answers["time_on_treatment"]["median_days"] == 39
    assert answers["holds"][1]["mean_days"] == 11.666667


def test_a_run_without_holds_and_stops_has_answers_too(tmp_path: Path) -> None:
    run = handmade(tmp_path, [(0, 1, FOUR, STARTED)], [(56, None)])
    answers = summary.as_json(run)
    assert [row["holds"] for row in answers["holds"]] == [0, 0, 0, 0]
    assert answers["time_on_treatment"]["median_days"] is None
    assert answers["stop_rules"] == []
    text = "\n".join(lines(answers))
    assert "not reached" in text
    assert "nan" not in as_text(answers).decode().lower()


# --- Kaplan and Meier --------------------------------------------------------------------------------------------

TIMES = st.lists(st.tuples(st.integers(1, 12), st.booleans(), st.integers(1, 4)), min_size=1, max_size=12)


@given(TIMES)
def test_the_curve_is_that_of_the_formula(times: list[tuple[int, bool, int]]) -> None:
    """The product-limit estimate, and limits on the scale log(-log) by Greenwood's formula."""
    days, happened, counts = (pl.Series(values) for values in zip(*times, strict=True))
    curve = kaplan_meier(days, happened, counts)
    share, variance = 1.0, 0.0
    for day in range(1, 13):
        at_risk = sum(count for time, _, count in times if time >= day)
        died = sum(count for time, event, count in times if time == day and event)
        if died:
            share *= 1 - died / at_risk
            variance += died / (at_risk * (at_risk - died)) if at_risk > died else math.inf
        found = curve.at(day)
        assert found["share"] == pytest.approx(share)
        if 0 < share < 1:
            spread = 1.959963984540054 * math.sqrt(variance) / math.log(share)
            assert found["lower"] == pytest.approx(share ** math.exp(-spread))
            assert found["upper"] == pytest.approx(share ** math.exp(spread))


@given(st.lists(st.tuples(st.integers(0, 40), st.booleans(), st.integers(1, 300)), min_size=1, max_size=30))
def test_the_curve_is_that_of_lifelines(times: list[tuple[int, bool, int]]) -> None:
    days, happened, counts = zip(*times, strict=True)
    curve = kaplan_meier(pl.Series(days), pl.Series(happened), pl.Series(counts))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitter = lifelines.KaplanMeierFitter(alpha=0.05).fit(days, happened, weights=counts)
    assert curve.day.tolist() == fitter.timeline.tolist()
    limits = fitter.confidence_interval_.to_numpy()
    for found, theirs in (
        (curve.share, fitter.survival_function_.to_numpy()[:, 0]),
        (curve.lower, limits[:, 0]),
        (curve.upper, limits[:, 1]),
    ):
        assert found == pytest.approx(theirs, rel=1e-12, abs=1e-12)
    assert (math.inf if curve.median is None else curve.median) == fitter.median_survival_time_
    for limit, theirs in zip(
        (curve.median_lower, curve.median_upper),
        lifelines.utils.median_survival_times(fitter.confidence_interval_).to_numpy()[0],
        strict=True,
    ):
        assert (math.inf if limit is None else limit) == theirs


def test_a_time_counted_thrice_is_three_times() -> None:
    once = kaplan_meier(pl.Series([3, 5]), pl.Series([True, False]), pl.Series([3, 1]))
    thrice = kaplan_meier(pl.Series([3, 3, 3, 5]), pl.Series([True] * 3 + [False]), pl.Series([1] * 4))
    assert once.frame().equals(thrice.frame())


# --- Words -------------------------------------------------------------------------------------------------------


def test_places_are_those_of_the_bedside_view(run: Run) -> None:
    """Under the dosing text every hold holds ixazomib, so that the words of both agree everywhere."""
    whole = run_context(run.plan).arrays.table
    said = meanings(run).frame
    assert said["place"].cast(pl.String).to_list() == [status.place for status in whole.statuses]


@pytest.mark.parametrize(
    ("share", "words"), [(None, "–"), (0.0, "0.0 %"), (0.0004, "< 0.1 %"), (0.0005, "0.1 %"), (1.0, "100.0 %")]
)
def test_percent(share: float | None, words: str) -> None:
    assert percent(share) == words


def test_columns_are_aligned() -> None:
    assert aligned([["a", "b"], ["long", "1,000"]]) == ["a         b", "long  1,000"]
    assert aligned([]) == []


def test_the_table_says_what_the_json_says(run: Run) -> None:
    answers = summary.as_json(run)
    text = lines(answers)
    assert max(map(len, text)) <= 120
    assert f"{run.plan.patients:,} patients, 6 cycles of 28 days, {run.manifest['events']:,} events" in text
    for row in answers["dose_intensity"]:
        line = next(line for line in text if line.startswith(f"  {row['drug']}"))
        assert line.split()[1] == f"{100 * row['overall']:.1f}"
    assert all(drug in "\n".join(text) for drug in DRUGS)


def test_the_same_run_gives_the_same_content(run: Run, tmp_path: Path) -> None:
    again = simulated(tmp_path / "again")
    assert as_text(summary.as_json(run)) == as_text(summary.as_json(again))
    json.loads(as_text(summary.as_json(run)))


# --- The command -------------------------------------------------------------------------------------------------


def test_the_command_prints_the_table_and_the_json(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", str(run.path)]) == 0
    assert capsys.readouterr().out.splitlines() == lines(summary.as_json(run))
    assert main(["summary", str(run.path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == summary.as_json(run)


def test_the_command_refuses_what_is_no_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", str(tmp_path)]) == 2
    assert "holds no cohort" in capsys.readouterr().err
