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
from ixastate.cohort.models.hazards import Chain
from ixastate.cohort.models.hazards_kernel import BINS, LANES, step_block

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


def _courses(
    chain: Chain, patients: int, weeks: int, *, keep: bool
) -> tuple[NDArray[np.uint64], NDArray[np.uint8], NDArray[np.uint32]]:
    """The first state of each patient, the symbols if they are kept, and the last state."""
    begun, last = np.empty(patients, np.uint8), np.empty(patients, np.uint32)
    kept = np.empty((patients if keep else 0, weeks), np.uint8)
    states, shares = starts(chain)
    step_block(chain.packed, chain.state_bits, states, shares, SEED, 0, patients, weeks, kept, begun, last)
    return states[begun], kept, last


def share_going_on(chain: Chain, patients: int, weeks: int) -> float:
    """The share of so many patients to whom something may still happen at the end: those on treatment."""
    _, _, last = _courses(chain, patients, weeks, keep=False)
    return float(np.mean(chain.probabilities[last, chain.none] < 1))


def looked_at(chain: Chain, patients: int, weeks: int) -> NDArray[np.uint32]:
    """Where the kernel would look in the packed table for so many patients, in its order; a multiple of 64 patients.

    The states are those of simulated courses; the bin of each look-up is drawn anew.
    """
    state, symbols, _ = _courses(chain, patients, weeks, keep=True)
    chance = np.random.default_rng(SEED)
    places = np.empty((patients // LANES, weeks, LANES), np.uint32)
    for week in range(weeks):
        bins = chance.integers(0, BINS, patients, dtype=np.uint32)
        places[:, week] = (state.astype(np.uint32) * np.uint32(BINS) + bins).reshape(-1, LANES)
        state = chain.following[state, symbols[:, week]].astype(np.uint64)
    return places.reshape(-1)
