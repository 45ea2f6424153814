"""Random walks with a seed: courses of a given length, the same for the same seed on every machine.

A walk favours what makes courses hard: episodes of several toxicities at once, with values on and beside the numbers
of the text. The numbers by which it chooses are its own (SplitMix64), since a library's may change with its version.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from ixastate.chart.chart import build_chart
from ixastate.chart.states import awaited
from ixastate.course.course import Course
from ixastate.events import AnyEvent, parse_event
from ixastate.rules import Edition
from ixastate.symbols import DISCONTINUED
from ixastate.testing.suites.values import DAYS_LATER, EditionValues, values

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
    dice, facts = Dice(seed), values(edition)
    for _ in range(count):
        yield tuple(_walk(edition, length, dice, facts))


def _walk(edition: Edition, length: int, dice: Dice, facts: EditionValues) -> Iterator[AnyEvent]:
    course = Course(edition=edition.name)
    meanings = build_chart(edition.name).meanings
    day = 1
    event = parse_event({**dice.pick(facts.starts), "day": day})
    course.observe(event)
    yield event
    for _ in range(length - 1):
        over = course.configuration == DISCONTINUED
        # After the end any recovery may be reported, and changes nothing.
        recovering = list(facts.toxicities)
        if not over:
            recovering = [episode.toxicity for episode in awaited(meanings, course.configuration)]
        day += dice.pick(DAYS_LATER)
        event = parse_event({**_next(recovering, dice, facts), "day": day})
        course.observe(event)
        yield event
        if over:
            return


def _next(recovering: Sequence[str], dice: Dice, facts: EditionValues) -> dict[str, Any]:
    """The next fact. `recovering` are the toxicities that may recover."""
    chance = dice.below(100)
    names = list(facts.toxicities)
    if chance < RECOVERY and recovering:
        return dict(dice.pick(facts.toxicities[dice.pick(recovering)].recoveries))
    if chance < RECOVERY + ONSET:
        return dict(dice.pick(facts.toxicities[dice.pick(names)].onsets))
    if chance < RECOVERY + ONSET + BESIDE:
        return dict(dice.pick(facts.toxicities[dice.pick(names)].beside))
    if chance < RECOVERY + ONSET + BESIDE + DOSE:
        return dict(dice.pick(facts.doses))
    if chance < RECOVERY + ONSET + BESIDE + DOSE + ORGAN:
        return dict(dice.pick(facts.organs))
    worst = [fact for toxicity in facts.toxicities.values() for fact in toxicity.worst]
    return dict(dice.pick([*facts.ends, *worst]))
