"""What a course remembers between two events, as plain values.

It is replaced whole when an event is accepted, and not before. This module knows neither a machine nor an event's
meaning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple, TypeAlias

from ixastate.course.alphabet import Context
from ixastate.course.earned import Earned
from ixastate.course.record import OpenSlot
from ixastate.course.schedule import Calendar
from ixastate.events import CourseStarted, Drug
from ixastate.symbols import SCREENING, Configuration

# A moment (UTC) with the configuration from then on.
ChangeOfState: TypeAlias = tuple[datetime, Configuration]
HeldSince: TypeAlias = tuple[int | None, ...]
# Of two drugs that are given.
GIVEN: HeldSince = (None, None)


class History:
    """Every change of the configuration with its moment (UTC), oldest first; a value, as a tuple is.

    A longer one shares its list with those that it continues, so that a course of many changes does not copy them all
    at each. Each knows how much of the list is its own.
    """

    __slots__ = ("_changes", "_length")

    def __init__(self, changes: Iterable[ChangeOfState] = ()) -> None:
        self._changes = list(changes)
        self._length = len(self._changes)

    def then(self, at: datetime, configuration: Configuration) -> History:
        """This history and one more change."""
        change = (at, configuration)
        changes, length = self._changes, self._length
        if not length:
            # Every course begins here, and none shall keep the list of another.
            changes = []
        if len(changes) == length:
            changes.append(change)
        if changes[length] is not change:
            # Another course went on from here before, perhaps on another thread in this moment.
            changes = [*changes[:length], change]
        longer = History.__new__(History)
        longer._changes, longer._length = changes, length + 1
        return longer

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[ChangeOfState]:
        return iter(self._changes[: self._length])

    def __reversed__(self) -> Iterator[ChangeOfState]:
        for place in range(self._length - 1, -1, -1):
            yield self._changes[place]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, History) and list(self) == list(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __reduce__(self) -> tuple[type[History], tuple[tuple[ChangeOfState, ...]]]:
        return History, (tuple(self),)

    def __repr__(self) -> str:
        return f"History({list(self)})"


class Memory(NamedTuple):
    """What a course remembers."""

    configuration: Configuration = SCREENING
    number: int = 0
    latest: datetime | None = None
    start: CourseStarted | None = None
    dates: Calendar | None = None
    context: Context = Context()
    history: History = History()
    # The treatment day since which each drug that can be held is held now, in the order of `symbols.BOTH`; None of a
    # drug that is given.
    held_since: HeldSince = GIVEN
    # The drugs whose present hold has been reported as long (B-HOLD-MAX).
    reviewed: tuple[Drug, ...] = ()
    # The planned doses of ixazomib that are not over and of which something was reported.
    slots: tuple[OpenSlot, ...] = ()
    # The number of the last line that changed what had been known of the past.
    rewritten: int = 0
    # The reductions that drugs owe until their release, oldest first.
    owed: tuple[Earned, ...] = ()


# What a course remembers before its first event.
NOTHING = Memory()
