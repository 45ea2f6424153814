"""The engine: a plan's shards are computed here in threads, or elsewhere; the bytes are the same.

A shard is one piece of work: its blocks are simulated, booked, written and recorded. Finished shards are not computed
again, so a run that was killed goes on where it stopped.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from ixastate.cohort.log.ledger import Ledger
from ixastate.cohort.log.log import as_parquet, digest, shard_frames
from ixastate.cohort.model import Block
from ixastate.cohort.run.directory import Directory
from ixastate.cohort.run.plan import Plan, RunContext, run_context
from ixastate.errors import InputError
from ixastate.version import __version__

Progress = Callable[[int], object]
Remark = Callable[[str], object]
Simulated = tuple[Block, Ledger, str]


class Maker(NamedTuple):
    """What makes a shard: the fingerprint of rules and chart, and the version of the package."""

    fingerprint: str
    version: str = __version__


def simulate_block(context: RunContext, first: int, count: int) -> Simulated:
    """The courses of a block, what they came to, and the digest of both."""
    block = context.kernel(first, count)
    ledger = context.bookkeeper.keep(first, count, block.rows)
    return block, ledger, digest(block, ledger, true=context.plan.true)


def write_shard(directory: Directory, context: RunContext, shard: int, done: Sequence[Simulated]) -> None:
    """Write a simulated shard."""
    blocks, ledgers, _ = zip(*done, strict=True)
    frames = shard_frames(blocks, ledgers, context.arrays, true=context.plan.true)
    metadata = directory.metadata()
    contents = {kind: as_parquet(frame, metadata) for kind, frame in frames.items()}
    directory.write_shard(shard, contents, [said for _, _, said in done], frames["events"].height)


def run_shard(path: str, plan: Plan, shard: int, maker: Maker) -> int:
    """Compute one shard in one thread, for an engine that sends shards elsewhere; the number of its patients.

    `InputError` where another version of the package, or of the machine, is installed than that of its `maker`.
    """
    context = run_context(plan)
    here = Maker(context.arrays.table.graph.fingerprint)
    if here != maker:
        other = f"version {here.version}" if here.version != maker.version else "other rules or another chart"
        raise InputError(
            f"a worker has {other} of ixastate",
            where="--engine dask",
            remedy=f"every worker needs version {maker.version}, as it is installed here",
        )
    directory = Directory(Path(path), plan, here.fingerprint)
    write_shard(directory, context, shard, [simulate_block(context, *block) for block in plan.blocks(shard)])
    return len(plan.span(shard))


def run_here(
    directory: Directory, context: RunContext, shards: Sequence[int], threads: int, progress: Progress
) -> None:
    """Compute shards with this many threads; while one is written, the next is computed."""
    plan = context.plan
    writing: Future[None] | None = None

    def one(block: tuple[int, int]) -> Simulated:
        done = simulate_block(context, *block)
        progress(block[1])
        return done

    with ThreadPoolExecutor(threads) as pool, ThreadPoolExecutor(1) as writer:
        try:
            for shard in shards:
                done = list(pool.map(one, plan.blocks(shard)))
                if writing is not None:
                    writing.result()
                writing = writer.submit(write_shard, directory, context, shard, done)
            if writing is not None:
                writing.result()
        except BaseException:
            # What is queued would only delay the answer.
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def usual_threads() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
