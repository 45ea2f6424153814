"""A breadth-first walk with its way back: everything that can be reached, and a shortest course to each."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Place = TypeVar("Place", bound=Hashable)
Letter = TypeVar("Letter")


@dataclass
class Walk(Generic[Place, Letter]):
    """The places reached, in the order in which they were found, each with the place and the symbol before it."""

    came_from: dict[Place, tuple[Place, Letter] | None] = field(default_factory=dict)

    def __contains__(self, place: Place) -> bool:
        return place in self.came_from

    def __iter__(self) -> Iterator[Place]:
        return iter(self.came_from)

    def __len__(self) -> int:
        return len(self.came_from)

    def course_to(self, place: Place) -> tuple[Letter, ...]:
        """The symbols of a shortest course to a place."""
        course: list[Letter] = []
        while (before := self.came_from[place]) is not None:
            place, symbol = before
            course.append(symbol)
        return tuple(reversed(course))


def walk(starts: Iterable[Place], step: Callable[[Place], Iterable[tuple[Letter, Place]]]) -> Walk[Place, Letter]:
    """Everything that `step` (the symbols that lead on from a place, each with the next place) reaches from here."""
    found = Walk(dict[Place, tuple[Place, Letter] | None](dict.fromkeys(starts)))
    queue = list(found)
    for place in queue:
        for symbol, after in step(place):
            if after not in found.came_from:
                found.came_from[after] = (place, symbol)
                queue.append(after)
    return found
