"""Shards computed by the workers of a dask scheduler; each worker must see the run's directory.

A worker that dies costs only the shards that it had not finished: the scheduler gives them to another, and what was
finished is on disk. Whatever else fails is told in words, and the same command goes on from there.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ixastate.cohort.run.directory import Directory
from ixastate.cohort.run.engine import Maker, Progress, Remark, run_shard
from ixastate.errors import InputError, IxastateError, MissingExtra, OutputError, install_command
from ixastate.files import bytes_of, json_of

WHERE = "--engine dask"
# How long (s) a scheduler may take to answer, and to have a worker: a batch system may start one late.
TIMEOUT, NO_WORKER_AFTER = 30, 120
# After how long (s) without a finished shard a person is told what is waited for.
REMARK_AFTER = 10
GO_ON = "what was simulated so far stays, and the same command goes on from there"


def run_elsewhere(
    directory: Directory,
    shards: Sequence[int],
    address: str | None,
    file: Path | None,
    workers: int | None,
    progress: Progress,
    remark: Remark,
) -> None:
    """Compute these shards on a scheduler's workers, or on new ones here when no scheduler is named.

    `InputError` for a scheduler that does not answer, has no workers or is lost, and for workers that fail;
    `OutputError` for one that cannot write. What was finished is on disk.
    """
    try:
        import distributed
    except ImportError:
        raise MissingExtra("dask is not installed", where=WHERE, remedy=install_command("cohort", "dask")) from None
    # Its types are partial: some of what it documents has none.
    dask: Any = distributed
    named = address or (_address_in(file) if file else None)
    cluster = None
    # What it logs of a scheduler that is lost, an error says.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    try:
        if named is None:
            # One thread a worker: a shard is one thread's work. Without an address of its own the page of its state
            # would take that of any other scheduler here, and warn.
            cluster = dask.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": False},
            )
        client = dask.Client(cluster or named, timeout=TIMEOUT)
    # Whatever it is, such as a TypeError for tls without certificates: there is no client.
    except Exception as error:
        if cluster is not None:
            cluster.close()
        raise InputError(
            f"no scheduler answers{f' at {named}' if named else ''}: {_words(error)}",
            where=WHERE,
            remedy="start one with `dask scheduler`",
        ) from None
    try:
        _compute(dask, client, directory, shards, progress, remark)
    finally:
        # A scheduler that is gone cannot be told.
        with suppress(Exception):
            client.close(timeout=TIMEOUT)
        if cluster is not None:
            cluster.close()


def _compute(
    dask: Any, client: Any, directory: Directory, shards: Sequence[int], progress: Progress, remark: Remark
) -> None:
    """Have the workers compute these shards."""
    path, maker = str(directory.path.resolve()), Maker(directory.fingerprint)
    try:
        waiting = {client.submit(run_shard, path, directory.plan, shard, maker, pure=False) for shard in shards}
        waited = 0
        while waiting:
            try:
                finished, waiting = dask.wait(waiting, timeout=REMARK_AFTER, return_when="FIRST_COMPLETED")
            except TimeoutError:
                waited += REMARK_AFTER
                _tell_or_give_up(client, waited, remark)
                continue
            waited = 0
            for done in finished:
                progress(done.result())
    except IxastateError:
        raise
    except (dask.CancelledError, dask.comm.CommClosedError, TimeoutError, ConnectionError) as error:
        raise InputError(f"the scheduler is lost: {_words(error)}", where=WHERE, remedy=GO_ON) from None
    except OSError as error:
        raise OutputError(
            f"a worker could not read or write a file: {_words(error)}",
            where=str(directory.path),
            remedy="every worker must see this directory and may write there",
        ) from None
    except dask.KilledWorker as error:
        raise InputError(
            f"every worker that was given a shard has died: {_words(error)}",
            where=WHERE,
            remedy=f"look for what ends them, such as too little memory; {GO_ON}",
        ) from None
    except Exception as error:
        raise InputError(
            f"a worker failed: {_words(error)}",
            where=WHERE,
            remedy=f"every worker needs this version of ixastate with the extra `cohort`; {GO_ON}",
        ) from None


def _tell_or_give_up(client: Any, waited: int, remark: Remark) -> None:
    """Say what is waited for, now and then; `InputError` when the scheduler has had no worker for too long."""
    workers = len(client.nthreads())
    if not workers and waited >= NO_WORKER_AFTER:
        raise InputError(
            f"the scheduler has no worker, and nothing was finished for {waited} seconds",
            where=WHERE,
            remedy=f"start some with `dask worker`; {GO_ON}",
        )
    # After 10, 20, 40 … seconds: a shard alone may take as long as it is waited for.
    if (waited // REMARK_AFTER).bit_count() == 1:
        if workers:
            who = "1 worker is" if workers == 1 else f"{workers} workers are"
            remark(f"{who} computing, and no shard was finished for {waited} seconds")
        else:
            remark(f"the scheduler has no worker, and is given {NO_WORKER_AFTER - waited} seconds more to have one")


def _address_in(file: Path) -> str:
    """The address in the file that a scheduler wrote; `InputError` when it holds none."""
    remedy = "name the file that `dask scheduler --scheduler-file` wrote"
    try:
        said = json_of(bytes_of(file))
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read: {error}", where=str(file), remedy=remedy) from None
    address = said.get("address") if isinstance(said, dict) else None
    if not isinstance(address, str) or not address:
        raise InputError("there is no address of a scheduler in it", where=str(file), remedy=remedy)
    return address


def _words(error: BaseException) -> str:
    """The first line of what an error says, or its kind."""
    words = str(error).strip().splitlines()
    return words[0].rstrip(" :.") if words else type(error).__name__
