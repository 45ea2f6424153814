"""The `hazards` model, its table stepping alone: the kernel that simulations run, on two chains.

The real chain is the one of the package's parameters. Most of its weeks bring no symbol and most patients share a few
configurations, so that caches help. The worst case has as many states with random next states and random
probabilities: no look-up is near the one before.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import share_out, spans
from ixastate.cohort.hazards import Chain
from ixastate.cohort.hazards_kernel import BINS, step_block

PIECE = 1 << 14
SEED = 1


def worst_case(states: int) -> Chain:
    """A chain with random next states."""
    chance = np.random.default_rng(SEED)
    weights = chance.exponential(size=(states, BINS))
    start = np.zeros(states)
    start[0] = 1
    return Chain(
        np.arange(states, dtype=np.uint32),
        weights / weights.sum(axis=1, keepdims=True),
        chance.integers(0, states, (states, BINS), dtype=np.uint32),
        start,
    )


def starts(chain: Chain) -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
    """The states in which courses begin, and their cumulated shares."""
    states = np.flatnonzero(chain.start)
    shares = np.cumsum(chain.start[states])
    shares[-1] = 1.0
    return states.astype(np.uint64), shares


class Stepper:
    """Steps so many patients through their weeks; `keep` writes the symbols drawn, uint8 (patients, weeks)."""

    def __init__(
        self, pool: ThreadPoolExecutor, chain: Chain, patients: int, weeks: int, threads: int, *, keep: bool = False
    ) -> None:
        self.pool = pool
        self.chain = chain
        self.weeks = weeks
        self.begin = starts(chain)
        self.symbols = np.zeros((patients if keep else 0, weeks), np.uint8)
        piece = min(PIECE, -(-patients // threads))
        self.pieces = spans(patients, piece)
        self.workers = [self._worker(piece) for _ in range(threads)]

    def __call__(self) -> None:
        """Step them all."""
        share_out(self.pool, self.workers, self.pieces)

    def _worker(self, piece: int):  # type: ignore[no-untyped-def]
        begun, last = np.empty(piece, np.uint8), np.empty(piece, np.uint32)
        return lambda first, count: self._step(first, count, begun, last)

    def _step(self, first: int, count: int, begun: NDArray[np.uint8], last: NDArray[np.uint32]) -> None:
        chain = self.chain
        kept = self.symbols[first : first + count]
        step_block(chain.packed, chain.state_bits, *self.begin, SEED, first, count, self.weeks, kept, begun, last)


def share_going_on(chain: Chain, weeks: int, patients: int) -> float:
    """The share of so many patients to whom something may still happen at the end: those on treatment."""
    begun, last = np.empty(patients, np.uint8), np.empty(patients, np.uint32)
    kept = np.zeros((0, weeks), np.uint8)
    step_block(chain.packed, chain.state_bits, *starts(chain), SEED, 0, patients, weeks, kept, begun, last)
    return float(np.mean(chain.probabilities[last, chain.none] < 1))
