"""Counter-based random numbers: each depends on what it is for, and on nothing else.

Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11,
doi 10.1145/2063384.2063405) turns a key and a counter into four 32-bit words. The key is the random seed; the counter
names the patient, the week and the draw. So a patient's numbers are the same in whatever order, chunk, thread, process
or engine they are drawn, and two editions run with one seed draw the same numbers.
"""

from __future__ import annotations

import numpy as np
from numba import njit

MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
WEYL = (np.uint64(0x9E3779B9), np.uint64(0xBB67AE85))
ROUNDS = 10
_M0, _M1 = MULTIPLIERS
_W0, _W1 = WEYL
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
# The middle of each of the 2**32 steps of the unit interval: never 0, never 1.
_STEP = 2.0**-32


@njit(inline="always")
def philox(c0, c1, c2, c3, k0, k1):
    """Four random words (uint64 below 2**32) for a counter of four words and a key of two, all uint64 below 2**32."""
    for _ in range(ROUNDS):
        p0 = _M0 * c0
        p1 = _M1 * c2
        c0 = (p1 >> _HALF) ^ c1 ^ k0
        c1 = p1 & _LOW
        c2 = (p0 >> _HALF) ^ c3 ^ k1
        c3 = p0 & _LOW
        k0 = (k0 + _W0) & _LOW
        k1 = (k1 + _W1) & _LOW
    return c0, c1, c2, c3


@njit(inline="always")
def draw(seed, patient, week, number):
    """Four random words for the `number`-th draw of a patient's week; all arguments are uint64."""
    return philox(number, week, patient & _LOW, patient >> _HALF, seed & _LOW, seed >> _HALF)


@njit(inline="always")
def unit(word):
    """A random word as a number between 0 and 1, neither included."""
    return (np.float64(word) + 0.5) * _STEP
