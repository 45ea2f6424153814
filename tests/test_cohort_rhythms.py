"""Lenalidomide's calendar in a cohort, under made-up editions with other starting doses and rhythms.

The bands of the editions that come with the package are 25, 10 and 5 mg a day and 15 mg every other day. Here are a
dose with a decimal point, two bands of one dose that differ in their rhythm alone, and a rhythm of three days.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("numba", reason="the extra `cohort` is not installed")

import numpy as np
import polars as pl

import ixastate.rules as rules
from ixastate.chart import editions
from ixastate.cohort.answers.exact import solve
from ixastate.cohort.arrays import MachineArrays
from ixastate.cohort.log.ledger import Bookkeeper
from ixastate.cohort.models.hazards import Hazards
from ixastate.cohort.models.pkpd import Pkpd
from ixastate.cohort.models.reference import Reference
from ixastate.cohort.rows import room
from ixastate.cohort.run.courses import compare_batch
from ixastate.cohort.run.plan import Plan, arrays_of, run_context
from ixastate.cohort.run.run import Run
from ixastate.cohort.run.simulation import simulate
from ixastate.errors import InputError
from ixastate.symbols import starts

NAME = "made-up"
HEAD = f"""
edition = "{NAME}"
base = "dosing-text"
title = "made up for a test"
source = "made up"

[rules]

[lenalidomide]
ladder_mg = LADDER
ladder_source = "made up"
start_source = "made up"
start = [
    {{ at_least_ml_min = 60, dose_mg = 25, every_days = 1 }},
    {{ at_least_ml_min = 30, dose_mg = A, every_days = 1 }},
    {{ at_least_ml_min = 0, dose_mg = B, every_days = N }},
    {{ on_dialysis = true, dose_mg = 5, every_days = 1 }},
]
"""


def text(ladder: str, usual: str, severe: str, every: int) -> str:
    written = HEAD.replace("LADDER", ladder).replace("= A,", f"= {usual},").replace("= B,", f"= {severe},")
    return written.replace("= N ", f"= {every} ")


# By what is special in them: the text, and lenalidomide's start for a severely impaired kidney.
EDITIONS = {
    "a decimal point": (text("[25, 15, 10, 5, 2.5]", "10", "2.5", 2), (2.5, 2)),
    "one dose, two rhythms": (text("[25, 15, 10, 5]", "10", "10", 2), (10.0, 2)),
    "every three days": (text("[25, 15, 10, 5]", "10", "15", 3), (15.0, 3)),
}
# By hand: lenalidomide is due on days 1 to 21 of 28, so every day 21 times, every other day 11, every third day 7.
TIMES = {1: 21, 2: 11, 3: 7}
DAYS = {1: list(range(1, 22)), 2: list(range(1, 22, 2)), 3: [1, 4, 7, 10, 13, 16, 19]}


@pytest.fixture(scope="module", params=EDITIONS)
def severe(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """An edition made up, known by name while its tests run; its start for a severely impaired kidney."""
    written, (mg, every) = EDITIONS[request.param]
    file = tmp_path_factory.mktemp("made-up") / "made_up.toml"
    file.write_text(written)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(rules.EDITIONS, NAME, str(file))
        patch.setitem(editions.SHAPES, NAME, replace(editions.SHAPES["dosing-text"], unreachable=()))
        _forget()
        (found,) = (
            start
            for start in starts(rules.load_edition(NAME))
            if (start.lenalidomide_mg, start.every_days, start.ixazomib_mg) == (mg, every, 3.0)
        )
        yield found
    _forget()


def _forget() -> None:
    """What is kept by the name of an edition, which means another one for each of the texts."""
    from ixastate.chart import chart
    from ixastate.cohort.run import courses, plan
    from ixastate.course import live
    from ixastate.table import table

    for cached in (rules._load, chart._build, table._table_of, live._machine):
        cached.cache_clear()
    for kept in (plan.arrays_of, plan.run_context, courses._comparison):
        kept.cache_clear()


def arrays() -> MachineArrays:
    return arrays_of(NAME)


def hazards(share: str) -> str:
    """The hazards model in which nothing happens, and every patient starts like this."""
    written = Hazards.read().text
    lines = []
    section = ""
    for line in written.splitlines():
        section = line if line.startswith("[") else section
        name, _, value = line.partition(" = ")
        if section == "[start]" and value and name != "source":
            continue
        if name == "weekly":
            line = "weekly = 0.0"
        elif section.startswith(("[open", "[ends")) and value and name != "source":
            line = f"{name} = 0.0"
        lines.append(line)
        if section == "[start]" and name == "source":
            lines.append(share)
    return "\n".join(lines)


def test_the_rhythm_is_that_of_the_start(severe: Any) -> None:
    of = arrays()
    every = {name: int(of.lenalidomide_every_days[number]) for name, number in of.numbers.items()}
    assert every.pop(severe.name) == severe.every_days
    assert set(every.values()) == {1}
    calendar = of.due_by_rhythm()[severe.every_days - 1, 1]
    assert (np.flatnonzero(calendar) + 1).tolist() == DAYS[severe.every_days]


def test_the_ledger_plans_by_hand(severe: Any) -> None:
    """Two patients who go on for two cycles: one with the usual start, one with the start of a bad kidney."""
    of = arrays()
    usual = of.numbers[starts(of.edition)[0].name]
    symbols = [usual, of.numbers[severe.name]]
    rows = room(2)
    for column in rows.columns().values():
        column[:] = 0
    rows.patient[:], rows.number[:], rows.day[:] = [0, 1], 1, 1
    rows.symbol[:] = symbols
    rows.configuration[:] = [of.following[0, symbol] for symbol in symbols]
    doses = Bookkeeper.of(of, 2).keep(0, 2, rows).doses
    tenths = round(10 * severe.lenalidomide_mg)
    # Given, then planned, of lenalidomide in each cycle.
    assert doses[0, :, [1, 4]].tolist() == [[21 * 250] * 2] * 2
    assert doses[1, :, [1, 4]].tolist() == [[TIMES[severe.every_days] * tenths] * 2] * 2
    # Of ixazomib, three times in a cycle.
    assert doses[:, 0, 3].tolist() == [3 * 40, 3 * 30]


def test_a_run_agrees_with_the_live_course(severe: Any, tmp_path: Path) -> None:
    toxicity = tmp_path / "mine.toml"
    toxicity.write_text(hazards(f"{severe.name} = 0.5\nstart_4_25 = 0.5"))
    run = simulate(tmp_path / "run", patients=20, cycles=2, edition=NAME, toxicity=str(toxicity), threads=1)
    started = run.collect(run.patients.sort("patient"))["start"].cast(pl.String).to_list()
    assert set(started) == {severe.name, "start_4_25"}
    doses = run.collect(run.patients.sort("patient"))["lenalidomide_planned_mg10"].to_list()
    planned = {severe.name: 2 * TIMES[severe.every_days] * round(10 * severe.lenalidomide_mg), "start_4_25": 2 * 5250}
    assert doses == [planned[start] for start in started]
    events, found = compare_batch(str(run.path), list(range(20)))
    assert (events, found) == (20, [])


def test_the_model_pkpd_takes_the_doses_of_the_calendar(severe: Any, tmp_path: Path) -> None:
    """Kidneys so bad that half the patients have the made-up start; kernel, reference and live course agree."""
    old = "creatinine_clearance = { value = [77.9, 0.38, 20.2, 231]"
    written = Pkpd.read().text
    assert old in written
    toxicity = written.replace(old, "creatinine_clearance = { value = [30, 0.5, 5, 231]")
    plan = Plan(60, 2, 5, NAME, "pkpd", toxicity)
    context = run_context(plan)
    block = context.kernel(0, 60)
    oracle = Reference(context.model.values, context.arrays.table, 5, 2)  # type: ignore[attr-defined]
    columns = block.rows.columns()
    for name in ("patient", "day", "symbol", "configuration", "output"):
        expected = [row[name] for patient in range(60) for row in oracle.course(patient)[1]]
        assert columns[name].tolist() == expected
    mine = tmp_path / "mine.toml"
    mine.write_text(toxicity)
    run = simulate(tmp_path / "run", patients=60, cycles=2, seed=5, edition=NAME, toxicity=str(mine), threads=1)
    begun = run.collect(run.events.filter(pl.col("number") == 1))["symbol"].cast(pl.String)
    assert (begun == severe.name).sum() > 15
    assert compare_batch(str(run.path), list(range(60)))[1] == []


def test_the_exact_answer_tells_starts_apart_that_lead_to_one_configuration(severe: Any) -> None:
    """Half the patients on each start: the planned doses are halfway between those of both, by hand."""
    of = arrays()
    other = next(start for start in starts(of.edition) if start.name != severe.name and start.ixazomib_mg == 3.0)
    model = Hazards.parse(hazards(f"{severe.name} = 0.5\n{other.name} = 0.5"), "mine.toml")
    doses = solve(model, of, 2).doses
    halves = [TIMES[one.every_days] * 10 * one.lenalidomide_mg for one in (severe, other)]
    assert doses[:, 4].tolist() == pytest.approx([sum(halves) / 2] * 2)
    assert doses[:, 1].tolist() == pytest.approx([sum(halves) / 2] * 2)


def test_two_starts_of_one_dose_have_names_of_their_own() -> None:
    edition = rules.parse(EDITIONS["one dose, two rhythms"][0], "made_up.toml")
    assert [(start.name, start.every_days) for start in starts(edition) if start.lenalidomide_mg == 10] == [
        ("start_4_10", 1),
        ("start_3_10", 1),
        ("start_3_10_every_2", 2),
    ]


def test_a_dose_that_tenths_cannot_hold_is_refused() -> None:
    """1.25 mg would be booked as 1.2."""
    from ixastate.cohort import arrays as module

    assert module._tenths([[2.5, None, 40.0]]).tolist() == [[25, 0, 400]]
    with pytest.raises(InputError, match=r"1\.25 mg is no whole number of tenths"):
        module._tenths([[4.0, 1.25, 40.0]])


def test_more_symbols_than_the_alias_table_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    of = arrays_of()
    monkeypatch.setattr("ixastate.cohort.models.hazards.BINS", len(of.table.symbols))
    with pytest.raises(InputError, match="27 symbols, and the model tells at most 26 apart") as refused:
        Hazards.read().chain(of)
    assert refused.value.remedy


def test_a_run_of_a_damaged_calendar_is_found(severe: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Booked daily, as it once was, the made-up start disagrees with the live course."""
    every = MachineArrays.lenalidomide_every_days
    daily = property(lambda of: np.minimum(every.func(of), 1))  # type: ignore[attr-defined]
    monkeypatch.setattr(MachineArrays, "lenalidomide_every_days", daily)
    toxicity = tmp_path / "mine.toml"
    toxicity.write_text(hazards(f"{severe.name} = 0.9\nstart_4_25 = 0.1"))
    run: Run = simulate(tmp_path / "run", patients=12, cycles=1, edition=NAME, toxicity=str(toxicity), threads=1)
    _, found = compare_batch(str(run.path), list(range(12)))
    assert {one.part for one in found} == {"lenalidomide in tenths of a mg"}
