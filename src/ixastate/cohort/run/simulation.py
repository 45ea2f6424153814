"""Simulate a cohort: from the arguments to a finished run.

The one entry point for Python, the command line and the notebooks. What is finished already is not computed again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ixastate.cohort.run.directory import Directory
from ixastate.cohort.run.engine import Progress, Remark, run_here, usual_threads
from ixastate.cohort.run.plan import DEFAULT_MODEL, SHARD, Plan, RunContext, read_model, run_context
from ixastate.cohort.run.run import Run
from ixastate.errors import InputError
from ixastate.rules import DEFAULT_EDITION

PATIENTS, CYCLES = 10_000, 26


@dataclass(frozen=True)
class Elsewhere:
    """A dask scheduler: its address, the file that names it, or neither for workers on this machine."""

    address: str | None = None
    file: Path | None = None
    workers: int | None = None


def plan_of(
    patients: int = PATIENTS,
    cycles: int = CYCLES,
    seed: int = 0,
    edition: str = DEFAULT_EDITION,
    toxicity: str = DEFAULT_MODEL,
    shard: int = SHARD,
    *,
    true: bool = False,
) -> Plan:
    """A plan; `toxicity` names a model or a TOML file with its parameters. `true`: the log has the true counts too."""
    model = read_model(toxicity)
    return Plan(patients, cycles, seed, edition, model.name, model.text, shard, true)


def simulate(
    directory: Path | str,
    *,
    patients: int = PATIENTS,
    cycles: int = CYCLES,
    seed: int = 0,
    edition: str = DEFAULT_EDITION,
    toxicity: str = DEFAULT_MODEL,
    threads: int | None = None,
    true: bool = False,
) -> Run:
    """Simulate a cohort into a directory, and open it.

    `toxicity` names a model or a TOML file with its parameters. With `true` the log has the true count, `true_value`,
    beside each that was measured. The same arguments give the same bytes. A directory in which the same run was begun
    is finished; one that holds anything else is refused with `InputError`.
    """
    plan = plan_of(patients, cycles, seed, edition, toxicity, true=true)
    context = run_context(plan)
    opened = Directory.begin(Path(directory), context)
    run_shards(opened, context, opened.missing(), threads=threads)
    return finish(opened, context)


def run_shards(
    directory: Directory,
    context: RunContext,
    shards: Sequence[int],
    *,
    threads: int | None = None,
    elsewhere: Elsewhere | None = None,
    progress: Progress = lambda patients: None,
    remark: Remark = lambda words: None,
) -> None:
    """Compute these shards here, or on the workers of a dask scheduler.

    `progress` hears of the patients of each piece that is done, `remark` what a person who waits should know.
    """
    if elsewhere is None:
        run_here(directory, context, shards, threads or usual_threads(), progress)
        return
    from ixastate.cohort.run.dask_engine import run_elsewhere

    run_elsewhere(directory, shards, elsewhere.address, elsewhere.file, elsewhere.workers, progress, remark)


def finish(directory: Directory, context: RunContext) -> Run:
    """Complete a run whose shards are all there, and open it."""
    directory.complete(context)
    # Every shard has just been read and held against its digest.
    return Run.open(directory.path, check=False)


def span_of(text: str, shards: int) -> range:
    """The shards `a:b` (a up to but without b) of a batch system's job; `InputError` when there are none such."""
    first, colon, last = text.partition(":")
    try:
        span = range(int(first or 0), int(last) if last else shards)
    except ValueError:
        span = range(0)
    if not colon or not span or span.start < 0 or span.stop > shards:
        raise InputError(
            f"{text!r} are no shards of this run",
            where="shards",
            remedy=f"a:b with 0 <= a < b <= {shards}, which means a up to but without b",
        )
    return span
