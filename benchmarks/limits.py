"""What this machine can do at most, of the two things that table stepping is made of: look-ups and random numbers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import Span, Work, share_out, spans
from ixastate.cohort.compiled import kernel
from ixastate.cohort.models.hazards_kernel import LANES, WORDS
from ixastate.cohort.models.philox import draw

PIECE = 1 << 20


@kernel()
def gather(table, places):
    """The exclusive or of the words of a table at these places; no look-up waits for another.

    Of several ways to write this the fastest that was found: a loop over numbers of places, from a first one on, took
    about twice the time, and so would have flattered the kernel.
    """
    found = np.uint64(0)
    for place in places:
        found ^= table[place]
    return found


@kernel()
def draw_many(seed, first, count):
    """The exclusive or of four words of Philox for each of so many counters, drawn in lanes as the kernel does."""
    words = np.empty((WORDS, LANES), np.uint64)
    found = np.zeros(LANES, np.uint64)
    key = np.uint64(seed)
    for base in range(first, first + count, LANES):
        for lane in range(LANES):
            w0, w1, w2, w3 = draw(key, np.uint64(base + lane), np.uint64(0), np.uint64(1))
            words[0, lane] = w0
            words[1, lane] = w1
            words[2, lane] = w2
            words[3, lane] = w3
        for part in range(WORDS):
            for lane in range(LANES):
                found[lane] ^= words[part, lane]
    return found[0]


def in_lanes(count: int, threads: int) -> list[Span]:
    """Pieces of whole lanes, at least one a thread where there are so many; `count` is a multiple of 64."""
    return spans(count, min(PIECE, -(-count // (threads * LANES)) * LANES))


def anywhere(table: NDArray[np.uint64], count: int) -> NDArray[np.uint32]:
    """So many random places of a table."""
    return np.random.default_rng(1).integers(0, len(table), count, dtype=np.uint32)


def gathers(pool: ThreadPoolExecutor, table: NDArray[np.uint64], places: NDArray[np.uint32], threads: int) -> Work:
    """Look-ups at these places of a table, which are known beforehand."""
    workers = [lambda first, count: gather(table, places[first : first + count])] * threads
    return lambda: share_out(pool, workers, in_lanes(len(places), threads))


def draws(pool: ThreadPoolExecutor, count: int, threads: int) -> Work:
    """So many random words of 32 bits by the package's Philox4x32-10; a multiple of 256."""
    workers = [lambda first, size: draw_many(1, first, size)] * threads
    return lambda: share_out(pool, workers, in_lanes(count // WORDS, threads))


def numpy_draws(count: int) -> Work:
    """So many random words of 32 bits by numpy's Philox4x64-10, in one thread."""
    generator = np.random.Generator(np.random.Philox(1))
    return lambda: generator.integers(0, 2**32, count, dtype=np.uint32)
