"""Making test suites: for each cover the courses of events, with the answers of the live machine.

A suite is the same, byte for byte, each time that it is made of the same rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from ixastate.errors import InputError
from ixastate.events import AnyEvent
from ixastate.rules import DEFAULT_EDITION, Edition, load_edition
from ixastate.table.table import Table
from ixastate.table.witness import witness
from ixastate.testing.suites import covers
from ixastate.testing.suites.boundaries import boundary_cases, rarities
from ixastate.testing.suites.courses import Answers
from ixastate.testing.suites.covers import CoverTargets, SelectedCourse
from ixastate.testing.suites.files import Suite, suite_of
from ixastate.testing.suites.walks import walks


@dataclass(frozen=True)
class PlannedCourse:
    """A course to be run: the events, and the targets for which it was selected."""

    events: tuple[AnyEvent, ...]
    covers: tuple[str, ...]
    name: str = ""


@dataclass(frozen=True)
class RandomWalks:
    """Which random walks are wanted: the number of events in each, the random seed, and the number of courses."""

    length: int = 30
    seed: int = 1
    courses: int = 100


Maker = Callable[[Edition, RandomWalks], Iterator[PlannedCourse]]


def make_suite(cover: Sequence[str], edition: str = DEFAULT_EDITION, walk: RandomWalks | None = None) -> Suite:
    """The suite of these covers; `InputError` for one that does not exist."""
    unknown = [name for name in cover if name not in COVERS]
    if unknown or not cover:
        raise InputError(
            f"there is no cover {unknown[0]!r}" if unknown else "no cover is named",
            where="--cover",
            remedy=f"one or more of: {', '.join(COVERS)}",
        )
    rules = load_edition(edition)
    answers = Answers(edition)
    courses = []
    for name in dict.fromkeys(cover):
        for number, planned in enumerate(COVERS[name](rules, walk or RandomWalks()), 1):
            courses.append(answers.course(f"{name}-{number:04}", planned.events, planned.covers, planned.name))
    return suite_of(edition, tuple(dict.fromkeys(cover)), courses)


@cache
def _targets(edition: str) -> CoverTargets:
    return CoverTargets(Table.of(edition))


def _of_symbols(selected: Sequence[SelectedCourse], edition: Edition) -> Iterator[PlannedCourse]:
    # In the order of their symbols, so that courses that begin alike stand together.
    for one in sorted(selected, key=lambda course: course.symbols):
        yield PlannedCourse(tuple(witness(one.symbols, edition)), one.covers)


def _edges(edition: Edition, walk: RandomWalks) -> Iterator[PlannedCourse]:
    yield from _of_symbols(covers.edges(_targets(edition.name)), edition)


def _pairs(edition: Edition, walk: RandomWalks) -> Iterator[PlannedCourse]:
    yield from _of_symbols(covers.pairs(_targets(edition.name)), edition)


def _configurations(edition: Edition, walk: RandomWalks) -> Iterator[PlannedCourse]:
    yield from _of_symbols(covers.configurations(_targets(edition.name)), edition)


def _boundaries(edition: Edition, walk: RandomWalks) -> Iterator[PlannedCourse]:
    for case in boundary_cases(edition):
        yield PlannedCourse(case.events, case.covers)


def _rules(edition: Edition, walk: RandomWalks) -> Iterator[PlannedCourse]:
    yield from _resting_on(edition, ("label", "bookkeeping"))


def _readings(edition: Edition, walk: RandomWalks) -> Iterator[PlannedCourse]:
    yield from _resting_on(edition, ("reading",))


def _resting_on(edition: Edition, kinds: Sequence[str]) -> Iterator[PlannedCourse]:
    """A small set of short courses on which every rule of these kinds acts that something executes.

    Corrections are not among them: a suite tells a program each event as it happens.
    """
    wanted = [rule.id for rule in edition.rules.values() if rule.kind in kinds and {*rule.executed_by} - {"correction"}]
    pool = [case.events for case in (*boundary_cases(edition), *rarities(edition))]
    pool += [tuple(witness(symbols, edition)) for symbols in covers.resting_on(_targets(edition.name), wanted)]
    answers = Answers(edition.name)
    candidates = []
    for number, events in enumerate(pool):
        acting = {rule for _, expected in answers.of(events) for rule in (*expected.rules, *expected.schedule)}
        bits = sum(1 << place for place, rule in enumerate(wanted) if rule in acting)
        candidates.append(covers.Candidate(bits, len(events), (number, 0)))
    covered = 0
    for selected in covers.greedy(candidates, (1 << len(wanted)) - 1):
        new = selected.bits & ~covered
        covered |= selected.bits
        rules = tuple(rule for place, rule in enumerate(wanted) if new >> place & 1)
        yield PlannedCourse(pool[selected.key[0]], rules)


def _walks(edition: Edition, walk: RandomWalks) -> Iterator[PlannedCourse]:
    words = f"length {walk.length}, seed {walk.seed}"
    for number, events in enumerate(walks(edition, walk.length, walk.seed, walk.courses), 1):
        yield PlannedCourse(events, (f"walk {number}, {words}",), f"random walk {number} ({words})")


COVERS: dict[str, Maker] = {
    "edges": _edges,
    "pairs": _pairs,
    "rules": _rules,
    "readings": _readings,
    "boundaries": _boundaries,
    "configurations": _configurations,
    "walks": _walks,
}
