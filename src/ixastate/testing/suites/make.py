"""Suites: for each cover the courses of events, with the answers of the live machine.

A suite is the same, byte for byte, each time that it is made of the same rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from ixastate.chart.chart import build_chart
from ixastate.errors import InputError
from ixastate.events import AnyEvent
from ixastate.rules import DEFAULT_EDITION, Edition, load_edition
from ixastate.table.graph import read
from ixastate.table.table import tabulate
from ixastate.table.witness import witness
from ixastate.testing.suites import boundaries, covers
from ixastate.testing.suites.courses import Answers
from ixastate.testing.suites.covers import CoverTargets
from ixastate.testing.suites.files import Suite, suite_of
from ixastate.testing.suites.walks import walks


@dataclass(frozen=True)
class Plan:
    """A course to be run: the events, and what it was chosen for."""

    events: tuple[AnyEvent, ...]
    covers: tuple[str, ...]
    name: str = ""


@dataclass(frozen=True)
class Walk:
    """What random walks are wanted: how many events, by which seed, how many courses."""

    length: int = 30
    seed: int = 1
    courses: int = 100


class Source:
    """What suites of an edition are made of; the table is made when it is first needed."""

    def __init__(self, edition: str) -> None:
        self.edition = load_edition(edition)

    @cached_property
    def ground(self) -> CoverTargets:
        """The table, with what its moves cover."""
        return CoverTargets(tabulate(read(build_chart(self.edition.name))))


def source_of(edition: str) -> Source:
    """The source of an edition, made once."""
    return _source_of(edition)


@cache
def _source_of(edition: str) -> Source:
    return Source(edition)


Maker = Callable[[Source, Walk], Iterator[Plan]]


def make_suite(cover: Sequence[str], edition: str = DEFAULT_EDITION, walk: Walk | None = None) -> Suite:
    """The suite of these covers; `InputError` for one that does not exist."""
    unknown = [name for name in cover if name not in COVERS]
    if unknown or not cover:
        raise InputError(
            f"there is no cover {unknown[0]!r}" if unknown else "what is to be covered?",
            where="--cover",
            remedy=f"one or more of: {', '.join(COVERS)}",
        )
    source = source_of(edition)
    answers = Answers(edition)
    courses = []
    for name in dict.fromkeys(cover):
        for number, plan in enumerate(COVERS[name](source, walk or Walk()), 1):
            courses.append(answers.course(f"{name}-{number:04}", plan.events, plan.covers, plan.name))
    return suite_of(edition, tuple(dict.fromkeys(cover)), courses)


def _of_symbols(chosen: Sequence[covers.SelectedCourse], edition: Edition) -> Iterator[Plan]:
    # In the order of their symbols, so that courses that begin alike stand together.
    for one in sorted(chosen, key=lambda course: course.symbols):
        yield Plan(tuple(witness(one.symbols, edition)), one.covers)


def _edges(source: Source, walk: Walk) -> Iterator[Plan]:
    yield from _of_symbols(covers.edges(source.ground), source.edition)


def _pairs(source: Source, walk: Walk) -> Iterator[Plan]:
    yield from _of_symbols(covers.pairs(source.ground), source.edition)


def _configurations(source: Source, walk: Walk) -> Iterator[Plan]:
    yield from _of_symbols(covers.configurations(source.ground), source.edition)


def _boundaries(source: Source, walk: Walk) -> Iterator[Plan]:
    for probe in boundaries.probes(source.edition):
        yield Plan(probe.events, probe.covers)


def _rules(source: Source, walk: Walk) -> Iterator[Plan]:
    yield from _resting_on(source, ("label", "bookkeeping"))


def _readings(source: Source, walk: Walk) -> Iterator[Plan]:
    yield from _resting_on(source, ("reading",))


def _resting_on(source: Source, kinds: Sequence[str]) -> Iterator[Plan]:
    """A small set of short courses on which every rule of these kinds acts that something executes."""
    edition = source.edition
    wanted = [rule.id for rule in edition.rules.values() if rule.kind in kinds and rule.executed_by]
    pool = [probe.events for probe in (*boundaries.probes(edition), *boundaries.rarities(edition))]
    pool += [tuple(witness(symbols, edition)) for symbols in covers.resting_on(source.ground, wanted)]
    answers = Answers(edition.name)
    candidates = []
    for number, events in enumerate(pool):
        shown = {rule for _, expected in answers.of(events) for rule in (*expected.rules, *expected.schedule)}
        bits = sum(1 << place for place, rule in enumerate(wanted) if rule in shown)
        candidates.append(covers.Candidate(bits, len(events), (number, 0)))
    told = 0
    for chosen in covers.greedy(candidates, (1 << len(wanted)) - 1):
        new = chosen.bits & ~told
        told |= chosen.bits
        yield Plan(pool[chosen.key[0]], tuple(rule for place, rule in enumerate(wanted) if new >> place & 1))


def _walks(source: Source, walk: Walk) -> Iterator[Plan]:
    words = f"length {walk.length}, seed {walk.seed}"
    for number, events in enumerate(walks(source.edition, walk.length, walk.seed, walk.courses), 1):
        yield Plan(events, (f"walk {number}, {words}",), f"random walk {number} ({words})")


COVERS: dict[str, Maker] = {
    "edges": _edges,
    "pairs": _pairs,
    "rules": _rules,
    "readings": _readings,
    "boundaries": _boundaries,
    "configurations": _configurations,
    "walks": _walks,
}
