"""Runs for the tests of summaries: one written by hand, and small simulated ones with many holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

for library in ("numba", "polars", "matplotlib"):
    pytest.importorskip(library, reason=f"{library} is not installed (extra cohort)")

import polars as pl

from ixastate.cohort.run.directory import Directory
from ixastate.cohort.run.engine import run_here
from ixastate.cohort.run.plan import BLOCK, Plan, read_model, run_context
from ixastate.cohort.run.run import Run

# Configurations of the hand-made machine: phase, reasons, ixazomib's level and what is given of it.
SCREENING, FOUR, NEUTRO, THREE, BOTH, RASH, OVER = range(7)
CONFIGURATIONS = [
    ("screening", [], 0, 0),
    ("on treatment", [], 40, 40),
    ("on treatment", ["neutrophils"], 40, 0),
    ("on treatment", [], 30, 30),
    ("on treatment", ["neutrophils", "platelets"], 40, 0),
    ("on treatment", ["rash"], 30, 30),  # lenalidomide alone is held
    ("discontinued", [], 0, 0),
]
NOTHING, STARTED, HELD, LOWERED, STOPPED = range(5)
OUTPUTS = [
    ([], [], []),
    (["start ixazomib at 4 mg"], ["DOSE-01"], [0]),
    (["hold ixazomib"], ["ANC-01", "DOSE-06"], [1, 2]),
    (["reduce ixazomib to 3 mg", "resume ixazomib at 3 mg"], ["ANC-04"], [3]),
    (["stop ixazomib"], ["DISC-01"], [4]),
]
# patient, day, configuration, output.
Row = tuple[int, int, int, int]


def handmade(
    path: Path,
    rows: Sequence[Row],
    ends: Sequence[tuple[int, str | None]],
    *,
    cycles: int = 2,
    doses: Sequence[tuple[int, int]] = (),
    seed: int = 1,
) -> Run:
    """A run with these rows; `ends` are each patient's days on treatment and what ended it.

    `doses` are what each patient was given and planned of ixazomib in their one cycle, in tenths of a milligram.
    """
    doses = doses or [(1, 1)] * len(ends)
    numbers: dict[int, int] = {}
    events = []
    for patient, day, configuration, output in rows:
        numbers[patient] = numbers.get(patient, 0) + 1
        events.append((patient, numbers[patient], day, configuration, output))
    columns = ["patient", "number", "day", "configuration", "output"]
    last = {patient: configuration for patient, _, configuration, _ in rows}
    others = [
        pl.lit(0).alias(f"{drug}_{what}")
        for drug in ("ixazomib", "lenalidomide")
        for what in ("reductions", "holds", "held_days")
    ]
    dosed = pl.DataFrame(
        {
            "patient": range(len(ends)),
            **{
                f"{drug}_{what}_mg10": [dose[place] for dose in doses]
                for place, what in enumerate(("given", "planned"))
                for drug in ("ixazomib", "lenalidomide", "dexamethasone")
            },
        },
        schema_overrides={f"ixazomib_{what}_mg10": pl.UInt32 for what in ("given", "planned")},
    )
    frames = {
        "events": pl.DataFrame(events, schema=dict.fromkeys(columns, pl.Int64), orient="row").cast(
            {"patient": pl.UInt32, "number": pl.UInt16, "day": pl.UInt16, "configuration": pl.UInt32}
        ),
        "cycles": dosed.with_columns(pl.lit(1, pl.UInt8).alias("cycle")),
        "patients": dosed.with_columns(
            treated_days=pl.Series([days for days, _ in ends], dtype=pl.UInt16),
            ended_by=pl.Series([cause for _, cause in ends], dtype=pl.String),
            ended_output=pl.Series([STOPPED if cause else NOTHING for _, cause in ends], dtype=pl.Int64),
            configuration=pl.Series([last[patient] for patient in range(len(ends))], dtype=pl.UInt32),
        ).with_columns(others),
        "configurations": pl.DataFrame(
            [(number, *row) for number, row in enumerate(CONFIGURATIONS)],
            schema={
                "configuration": pl.UInt32,
                "phase": pl.String,
                "held_for": pl.List(pl.String),
                "ixazomib_level_mg10": pl.Int16,
                "ixazomib_given_mg10": pl.Int16,
            },
            orient="row",
        ).with_columns(lenalidomide_level_mg10=pl.when(phase="on treatment").then(250).otherwise(0).cast(pl.Int16)),
        "outputs": pl.DataFrame(
            [(number, *row) for number, row in enumerate(OUTPUTS)],
            schema={
                "output": pl.Int64,
                "orders": pl.List(pl.String),
                "rules": pl.List(pl.String),
                "edges": pl.List(pl.UInt16),
            },
            orient="row",
        ),
    }
    for name, frame in frames.items():
        folder = path / ("machine" if name in ("configurations", "outputs") else name)
        folder.mkdir(parents=True, exist_ok=True)
        frame.write_parquet(folder / f"{name if folder.name == 'machine' else '00000'}.parquet")
    plan = Plan(len(ends), cycles, seed, "dosing-text", "hazards", "")
    return Run(Directory(path, plan, "by hand"), {"events": len(rows), "digest": "none", "files": {}})


@cache
def stormy(factor: float) -> str:
    """The parameters of the model `hazards` with so many times the onsets: short courses with many holds."""
    text = read_model("hazards").text
    return re.sub(
        r"^weekly = .*$",
        lambda line: re.sub(r"\d\.\d{3,}", lambda found: f"{min(0.2, factor * float(found[0])):.5f}", line[0]),
        text,
        flags=re.MULTILINE,
    )


def simulated(path: Path, *, patients: int = 300, cycles: int = 6, seed: int = 5, factor: float = 15) -> Run:
    """A small run under the dosing text, whose patients lie in one shard."""
    plan = Plan(patients, cycles, seed, "dosing-text", "hazards", stormy(factor), BLOCK)
    context = run_context(plan)
    directory = Directory.begin(path, context)
    run_here(directory, context, directory.missing(), 1, lambda patients: None)
    directory.complete(context)
    return Run.open(path)
