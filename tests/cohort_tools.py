"""What the tests of cohorts share: skipping without the extra, small plans, and a chain that is quick to run."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("numba", reason="the extra `cohort` is not installed")

from ixastate.cohort.run.directory import Directory
from ixastate.cohort.run.engine import run_here
from ixastate.cohort.run.plan import BLOCK, Plan, read_model, run_context
from ixastate.cohort.run.run import Run

# Three shards, the last of them not whole.
PATIENTS, SHARD = 2 * BLOCK + 300, BLOCK


def small_plan(
    model: str = "hazards",
    edition: str = "dosing-text",
    patients: int = PATIENTS,
    cycles: int = 13,
    seed: int = 7,
    shard: int = SHARD,
) -> Plan:
    toxicity = read_model(model)
    return Plan(patients, cycles, seed, edition, toxicity.name, toxicity.text, shard)


def simulated(path: Path, plan: Plan, threads: int = 1) -> Run:
    context = run_context(plan)
    directory = Directory.begin(path, context)
    run_here(directory, context, directory.missing(), threads, lambda patients: None)
    directory.complete(context)
    return Run.open(path)
