"""How a measurement is taken and kept: warmed up, repeated in turns, the best time; a row of figures, or why not.

Works that will be compared are timed in turns, so that a machine that slows down for a while slows them all. The best
of the rounds is kept: what else the machine does can only add to a time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tqdm import tqdm

Work = Callable[[], object]
Span = tuple[int, int]
MILLION = 1e6
# A work that takes less is repeated until it has taken as long.
LEAST_SECONDS = 0.2
# Patients of a quick run, where a full one has a number of its own.
FEW = 50


class LeftOut(Exception):
    """A row that cannot be measured here; the message says why."""


class Disagreement(Exception):
    """Two works that should do the same did not: their times mean nothing."""


@dataclass(frozen=True)
class Settings:
    """What a run is asked for: the size, the threads besides one, and how often each work is repeated."""

    patients: int
    cycles: int
    weeks: int
    threads: int
    processors: int
    rounds: int
    quick: bool

    @property
    def counts(self) -> list[int]:
        """One thread, and as many as are asked for if there are processors for them."""
        return [1, self.threads] if 1 < self.threads <= self.processors else [1]

    @property
    def most(self) -> int:
        """The threads of what is done with all of them."""
        return self.counts[-1]

    def fewer(self, count: int) -> int:
        """So many, or a few in a quick run."""
        return min(count, FEW) if self.quick else count


@dataclass(frozen=True)
class Row:
    """One line of a table: figures by the heading of their column, and what should be known when they are read."""

    key: str
    what: str
    figures: dict[str, float]
    note: str = ""


@dataclass
class Section:
    """One table. `left_out` says for each row that is not there why."""

    title: str
    about: str
    rows: list[Row] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    def attempt(self, key: str, measure: Callable[[], Row]) -> Row | None:
        """Add the row, or the reason why it cannot be measured."""
        try:
            row = measure()
        except LeftOut as reason:
            self.left_out[key] = str(reason)
            return None
        self.rows.append(row)
        return row


@dataclass(frozen=True)
class Target:
    """What was wanted and what was found."""

    what: str
    wanted: str
    found: float
    met: bool


def best(works: Mapping[str, Work], rounds: int, about: str) -> dict[str, float]:
    """The seconds that each work takes in the best of the rounds; before, each is done once, to compile and warm up."""
    seconds: dict[str, float] = {}
    repeats = dict.fromkeys(works, 1)
    with tqdm(total=len(works) * (1 + rounds), desc=about, leave=False) as bar:
        for work in works.values():
            work()
            bar.update()
        for _ in range(rounds):
            for name, work in works.items():
                seconds[name] = min(seconds.get(name, math.inf), elapsed(work, repeats[name]))
                # The first round says how often a short work must be done.
                repeats[name] = max(1, math.ceil(LEAST_SECONDS / seconds[name]))
                bar.update()
    return seconds


def elapsed(work: Work, repeats: int) -> float:
    """Seconds that a work takes, on average of so many times."""
    start = time.perf_counter()
    for _ in range(repeats):
        work()
    return (time.perf_counter() - start) / repeats


def spans(count: int, size: int) -> list[Span]:
    """Consecutive pieces of at most this size: first and count."""
    return [(first, min(size, count - first)) for first in range(0, count, size)]


def share_out(pool: ThreadPoolExecutor, workers: Sequence[Callable[[int, int], object]], todo: Iterable[Span]) -> None:
    """Have the workers, one a thread, take spans until none is left; a single one works in this thread."""
    waiting = iter(list(todo))

    def run(worker: Callable[[int, int], object]) -> None:
        for first, count in waiting:
            worker(first, count)

    if len(workers) == 1:
        run(workers[0])
    else:
        list(pool.map(run, workers))


def same_share(name: str, found: float, among: int, expected: float) -> None:
    """`Disagreement` when a share of so many patients is further from the expected one than chance takes it."""
    error = math.sqrt(expected * (1 - expected) / among)
    if abs(found - expected) > 6 * error + 1 / among:
        raise Disagreement(f"{name}: {found:.4f} of {among:,} are on treatment at the end, not {expected:.4f}")
