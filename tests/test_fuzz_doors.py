"""Broken inputs at every door through which data come in from outside; the doors stand in `tests/fuzz`.

Some thousands of inputs here, and a hundred thousand by the mark `exhaustive`: the same ones each time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random

import pytest

for library in ("numba", "polars", "lifelines", "matplotlib", "pyreadstat"):
    pytest.importorskip(library, reason=f"{library} is not installed (extras cohort, sdtm)")

from ixastate.errors import InputError, IxastateError
from tests.fuzz import mutate
from tests.fuzz.doors import DOORS, counts, tried
from tests.fuzz.run import Door, Tally, attempt, input_of, wrong_words

FEW, MANY, CHUNK = 3_000, 100_000, 4_000
# Another seed than that of the many, which begin alike.
SEED, SEED_OF_MANY = 1, 2


def chunks() -> Iterator[tuple[str, range]]:
    for name, count in counts(MANY, list(DOORS)).items():
        for first in range(0, count, CHUNK):
            yield name, range(first, min(first + CHUNK, count))


def hold(name: str, seed: int, numbers: range) -> None:
    _, tally, findings = tried(name, seed, numbers)
    assert not findings, "\n".join(map(str, findings[:3]))
    assert tally.inputs == len(numbers)


@pytest.mark.parametrize(("name", "count"), counts(FEW, list(DOORS)).items())
def test_broken_inputs_are_taken_in_or_refused(name: str, count: int) -> None:
    hold(name, SEED, range(count))


@pytest.mark.exhaustive
@pytest.mark.parametrize(("name", "numbers"), [pytest.param(*one, id=f"{one[0]}-{one[1].start}") for one in chunks()])
def test_many_broken_inputs_are_taken_in_or_refused(name: str, numbers: range) -> None:
    hold(name, SEED_OF_MANY, numbers)


# --- The harness itself ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DOORS)
def test_the_same_seed_gives_the_same_inputs(name: str) -> None:
    first, again, other = (
        [repr(input_of(DOORS[name], seed, number)) for number in range(20)] for seed in (SEED, SEED, SEED + 1)
    )
    assert first == again
    assert first != other


# Those of which an input is hardly ever right.
RARE = {"table", "parquet"}


@pytest.mark.parametrize("name", sorted(DOORS.keys() - RARE))
def test_a_door_takes_in_some_inputs_and_refuses_some(name: str) -> None:
    """What is always refused at the door finds nothing behind it."""
    taken = refused = 0
    for number in range(300):
        try:
            DOORS[name].enter(input_of(DOORS[name], SEED, number))
            taken += 1
        except IxastateError:
            refused += 1
        if taken and (refused or name in ("stream", "http")):
            break
    else:
        raise AssertionError(f"{taken} taken in, {refused} refused")


def raising(error: BaseException) -> Door:
    def enter(given: object) -> None:
        raise error

    return Door("door", 1, Random.random, enter)


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (ValueError("broken"), "ValueError: broken"),
        (SystemExit(1), "SystemExit: 1"),
        (RecursionError(), "RecursionError"),
        (InputError(" "), "does not say what"),
    ],
)
def test_what_must_not_be_is_found(error: BaseException, what: str) -> None:
    found = attempt(raising(error), SEED, 0, Tally())
    assert found is not None
    assert what in found.what
    assert f"door --seed {SEED} --only 0" in str(found)


def test_a_refusal_is_no_finding() -> None:
    assert attempt(raising(InputError("not so", where="line 1", remedy="otherwise")), SEED, 0, Tally()) is None


def test_memory_and_time_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.run.SECONDS", 0.05)

    def never(given: object) -> None:
        while True:
            pass

    slow = attempt(Door("slow", 1, Random.random, never), SEED, 0, Tally())
    assert slow is not None
    assert "it took more than" in slow.what
    # More than this process has ever held.
    monkeypatch.setattr("tests.fuzz.run._most_memory", iter((0.0, 1e6)).__next__)
    large = attempt(Door("large", 1, Random.random, lambda given: None), SEED, 0, Tally())
    assert large is not None
    assert large.what == "it took 977 MB of memory"


def test_words_that_cannot_be_printed_are_found() -> None:
    class Raw(IxastateError):
        def __str__(self) -> str:
            return self.what

    assert wrong_words(Raw("a\x1b[31mb"))
    assert wrong_words(Raw("a\nb"))
    assert wrong_words(Raw("x" * 10_000))
    assert not wrong_words(Raw("all is well"))


def test_json_is_broken_in_ways_that_python_itself_cannot_write() -> None:
    data = {"a": mutate.bare("1e400"), f"{mutate._AGAIN}a": 2, "b": mutate.bare("[[]]")}
    assert mutate.as_json(Random(1), data) == '{"a": 1e400, "a": 2, "b": [[]]}'
    assert json.loads(mutate.as_json(Random(1), {"é": "\ud800"})) == {"é": "\ud800"}
