"""Random walks: courses of a given length, the same for the same seed on every machine.

A walk favours what makes courses hard: episodes of several toxicities at once, with values on and beside the numbers
of the text. The numbers by which it chooses are its own (SplitMix64), since a library's may change with its version.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from ixastate.course.course import Course
from ixastate.errors import CourseRefusal
from ixastate.events import AnyEvent, parse_event
from ixastate.rules import Edition
from ixastate.symbols import DISCONTINUED
from ixastate.testing.suites.values import DAYS_LATER, Values, values

Item = TypeVar("Item")
MASK = (1 << 64) - 1
# Of a hundred choices: how many recoveries (where an episode is open), onsets, values beside, doses, organ functions.
RECOVERY, ONSET, BESIDE, DOSE, ORGAN = 40, 35, 12, 10, 2


class Dice:
    """SplitMix64 (Steele, Lea and Flood 2014): a small generator that is the same everywhere."""

    def __init__(self, seed: int) -> None:
        self._state = seed & MASK

    def below(self, count: int) -> int:
        """A number from 0 up to and without `count`."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & MASK
        return (mixed ^ (mixed >> 31)) % count

    def pick(self, items: Sequence[Item]) -> Item:
        """One of these."""
        return items[self.below(len(items))]


def walks(edition: Edition, length: int, seed: int, count: int) -> Iterator[tuple[AnyEvent, ...]]:
    """That many walks of that many events each; one that ends treatment goes on for one event more and stops."""
    dice, seen = Dice(seed), values(edition)
    for _ in range(count):
        yield tuple(_walk(edition, length, dice, seen))


def _walk(edition: Edition, length: int, dice: Dice, seen: Values) -> Iterator[AnyEvent]:
    course = Course(edition=edition.name)
    day = 1
    event = parse_event({**dice.pick(seen.starts), "day": day})
    course.observe(event)
    yield event
    for _ in range(length - 1):
        over = course.configuration == DISCONTINUED
        day += dice.pick(DAYS_LATER)
        while True:
            event = parse_event({**_next(course.configuration, dice, seen), "day": day})
            try:
                course.observe(event)
            except CourseRefusal:
                continue  # such as a missed dose on a day before any was due
            break
        yield event
        if over:
            return


def _next(configuration: Sequence[str], dice: Dice, seen: Values) -> dict[str, Any]:
    """What is seen next."""
    chance = dice.below(100)
    names = list(seen.toxicities)
    still = [name for name in names if not any(leaf.startswith(f"{name}_clear") for leaf in configuration)]
    if chance < RECOVERY and still:
        return dict(dice.pick(seen.toxicities[dice.pick(still)].recoveries))
    if chance < RECOVERY + ONSET:
        return dict(dice.pick(seen.toxicities[dice.pick(names)].onsets))
    if chance < RECOVERY + ONSET + BESIDE:
        return dict(dice.pick(seen.toxicities[dice.pick(names)].beside))
    if chance < RECOVERY + ONSET + BESIDE + DOSE:
        return dict(dice.pick(seen.doses))
    if chance < RECOVERY + ONSET + BESIDE + DOSE + ORGAN:
        return dict(dice.pick(seen.organs))
    worst = [fact for toxicity in seen.toxicities.values() for fact in toxicity.worst]
    return dict(dice.pick([*seen.ends, *worst]))
