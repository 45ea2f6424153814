"""Shards computed by the workers of a dask scheduler; each worker must see the run's directory.

A worker that dies costs only the shards that it had not finished: the scheduler gives them to another, and what was
finished is on disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ixastate.cohort.run.directory import Directory
from ixastate.cohort.run.engine import Progress, run_shard
from ixastate.errors import InputError, MissingExtra, OutputError, install_command

TIMEOUT = "30s"


def run_elsewhere(
    directory: Directory,
    shards: Sequence[int],
    address: str | None,
    file: Path | None,
    workers: int | None,
    progress: Progress,
) -> None:
    """Compute these shards on a scheduler's workers, or on new ones here when no scheduler is named."""
    try:
        import distributed
    except ImportError:
        raise MissingExtra(
            "dask is not installed", where="--engine dask", remedy=install_command("cohort", "dask")
        ) from None
    # Its types are partial: some of what it documents has none.
    dask: Any = distributed
    named = {"address": address} if address else {"scheduler_file": str(file)} if file else None
    cluster = None
    try:
        if named is None:
            # One thread a worker: a shard is one thread's work.
            cluster = dask.LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)
            client = dask.Client(cluster)
        else:
            client = dask.Client(**named, timeout=TIMEOUT)
    except (OSError, ValueError, TimeoutError) as error:
        raise InputError(
            f"no scheduler answers: {error}", where="--engine dask", remedy="start one with `dask scheduler`"
        ) from None
    try:
        with client:
            waiting = {
                client.submit(run_shard, str(directory.path.resolve()), directory.plan, shard, pure=False): shard
                for shard in shards
            }
            for done in dask.as_completed(waiting):
                progress(done.result())
    except OSError as error:
        raise OutputError(
            f"a worker could not write: {error}",
            where=str(directory.path),
            remedy="every worker must see this directory and may write there",
        ) from None
    finally:
        if cluster is not None:
            cluster.close()
