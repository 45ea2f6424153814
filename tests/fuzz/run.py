"""The runner: what must hold of every input, whatever it is.

An input is taken in, or refused with an error of the package's family whose words are on one line and printable. It
takes no longer than `SECONDS` and no more memory than `MEGABYTES`. What a door promises of an input that it takes in,
such as that it is written out and read again as the same, the door itself asserts.
"""

from __future__ import annotations

import re
import resource
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

from ixastate.errors import IxastateError

SECONDS = 20
MEGABYTES = 200


@dataclass(frozen=True)
class Door:
    """A door: how an input is made, how it is taken in, and its share of all inputs.

    `enter` raises an error of the family for what is refused, and any other for what must not be.
    """

    name: str
    share: float
    make: Callable[[Random], Any]
    enter: Callable[[Any], object]


@dataclass(frozen=True)
class Finding:
    """An input for which something does not hold."""

    door: str
    seed: int
    number: int
    what: str
    given: Any
    trace: str = ""

    @property
    def kind(self) -> str:
        """What findings of one cause have in common: the door, what is wrong in short, and the last place of ours."""
        places = re.findall(r'File "[^"]*/(?:src|tests)/(.*?)", line (\d+)', self.trace)
        return f"{self.door}: {self.what.split(':')[0]} {':'.join(places[-1])}" if places else self.what[:40]

    def __str__(self) -> str:
        return (
            f"{self.door} --seed {self.seed} --only {self.number}: {self.what}\n{shortened(self.given)}\n{self.trace}"
        )


@dataclass
class Tally:
    """What became of the inputs of a door."""

    inputs: int = 0
    accepted: int = 0
    seconds: float = 0.0
    slowest: float = 0.0


class TooSlow(BaseException):
    """The time is up; no code under test may catch this."""


def shortened(given: Any) -> str:
    """An input as Python writes it, of at most some thousand characters."""
    try:
        text = repr(given)
    except ValueError as error:  # a number of more digits than Python writes
        text = f"<{error}>"
    return text if len(text) <= 3000 else f"{text[:1500]} … {len(text)} characters … {text[-500:]}"


def input_of(door: Door, seed: int, number: int) -> Any:
    """The input of this number."""
    return door.make(Random(f"{seed} {door.name} {number}"))


def attempt(door: Door, seed: int, number: int, tally: Tally) -> Finding | None:
    """Make an input and take it in; None where all holds."""
    given = input_of(door, seed, number)
    before, began = _most_memory(), time.process_time()
    what = trace = ""
    try:
        with _limited():
            door.enter(given)
        tally.accepted += 1
    except IxastateError as error:
        what = wrong_words(error)
    except TooSlow:
        what = f"it took more than {SECONDS} s"
        trace = traceback.format_exc()
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        what = f"{type(error).__name__}: {str(error)[:300]}"
        trace = traceback.format_exc()
    took = time.process_time() - began
    tally.inputs += 1
    tally.seconds += took
    tally.slowest = max(tally.slowest, took)
    grown = (_most_memory() - before) / 1024
    if not what and grown > MEGABYTES:
        what = f"it took {grown:.0f} MB of memory"
    return Finding(door.name, seed, number, what, given, trace) if what else None


def wrong_words(error: IxastateError) -> str:
    """What is wrong with the words of an error; '' when they are right."""
    words = str(error)
    if not error.what.strip():
        return f"it does not say what is wrong: {error!r}"
    if not words.isprintable():
        return f"the words of the error cannot be printed: {words!r:.500}"
    if len(words) > 7000:
        return f"the words of the error are {len(words)} characters long: {words[:300]!r}"
    return ""


@contextmanager
def _limited() -> Iterator[None]:
    """`TooSlow` when the time of the processor is up, or six times as much; where there is no such signal, no limit."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def up(*_: object) -> None:
        raise TooSlow

    # A machine that does other work as well is no reason to call an input slow; one that hangs takes no time of it.
    timers = {signal.SIGPROF: (signal.ITIMER_PROF, SECONDS), signal.SIGALRM: (signal.ITIMER_REAL, 6 * SECONDS)}
    before = {number: signal.signal(number, up) for number in timers}
    for timer, seconds in timers.values():
        signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        for timer, _ in timers.values():
            signal.setitimer(timer, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def _most_memory() -> float:
    """The most memory that this process has held, in kB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
