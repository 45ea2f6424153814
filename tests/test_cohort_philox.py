"""The random numbers: against the published vectors, and against another implementation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba", reason="the extra `cohort` is not installed")

from numba import njit

from ixastate.cohort.models.philox import draw, philox, unit

WORD = st.integers(0, 2**32 - 1)


@njit
def one(c0, c1, c2, c3, k0, k1):
    return philox(c0, c1, c2, c3, k0, k1)


@njit
def drawn(seed, patient, week, number):
    return draw(seed, patient, week, number)


@njit
def units(words):
    return [unit(word) for word in words]


def words(*numbers: int) -> tuple[int, ...]:
    return tuple(int(word) for word in one(*(np.uint64(number) for number in numbers)))


# Random123 (D. E. Shaw Research), kat_vectors, philox4x32 with 10 rounds.
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([0] * 6, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ([0xFFFFFFFF] * 6, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0],
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_the_published_vectors(given: list[int], expected: tuple[int, ...]) -> None:
    assert words(*given) == expected


@given(st.lists(WORD, min_size=6, max_size=6))
def test_it_is_what_plain_integers_give(numbers: list[int]) -> None:
    c, k = numbers[:4], numbers[4:]
    for _ in range(10):
        first, second = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(second >> 32) ^ c[1] ^ k[0], second % 2**32, (first >> 32) ^ c[3] ^ k[1], first % 2**32]
        k = [(k[0] + 0x9E3779B9) % 2**32, (k[1] + 0xBB67AE85) % 2**32]
    assert words(*numbers) == tuple(c)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**40), WORD, st.integers(0, 9))
def test_another_implementation_draws_the_same(seed: int, patient: int, week: int, number: int) -> None:
    randomgen = pytest.importorskip("randomgen", reason="randomgen is not installed")
    counter = number | week << 32 | patient << 64
    # It counts on before it draws.
    peer = randomgen.Philox(key=seed, counter=(counter - 1) % 2**128, number=4, width=32)
    expected = [int(word) for word in peer.random_raw(4)]
    assert [int(word) for word in drawn(*map(np.uint64, (seed, patient, week, number)))] == expected


def test_a_number_of_the_unit_interval_is_never_its_end() -> None:
    low, high = units(np.array([0, 2**32 - 1], np.uint64))
    assert 0 < low < 1e-9
    assert 1 - 1e-9 < high < 1
