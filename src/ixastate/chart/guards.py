"""A guard: a question about the configuration, as a tree of named questions.

A leaf asks whether one of some states is active, or whether none is; others join guards by and, or. The tree is the
guard. What python-statemachine, SCXML or XState read, and what a picture or a table shows, is written from it, and
nothing reads such a text back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Guard:
    """A question about the configuration: what a leaf and the joined guards have in common.

    Every kind of guard below answers each of these; one that forgets an answer says so when it is asked.
    """

    @property
    def name(self) -> str:
        """The question in words, such as 'ixazomib at its floor'."""
        raise NotImplementedError

    @property
    def parts(self) -> tuple[Guard, ...]:
        """What must hold all together: the joined guards, or the guard itself."""
        return (self,)

    @property
    def expression(self) -> str:
        """The guard as python-statemachine reads it: made of In, and, or, not."""
        raise NotImplementedError

    def holds(self, active: Collection[str]) -> bool:
        """Whether it is open while these leaves are active."""
        raise NotImplementedError

    def leaves(self) -> frozenset[str]:
        """Every leaf that it asks about."""
        raise NotImplementedError

    def negated(self) -> Guard:
        """The guard that is open when this one is not."""
        raise NotImplementedError

    def renamed(self, names: Mapping[str, str]) -> Guard:
        """The same question about other states."""
        raise NotImplementedError

    def __and__(self, other: Guard) -> Guard:
        return All((self, other))

    def __or__(self, other: Guard) -> Guard:
        return AnyOf((self, other))

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Leaf(Guard):
    """Whether one of these states is active (`active`), or none of them is."""

    words: str
    states: tuple[str, ...]
    active: bool

    @property
    def name(self) -> str:
        """The question in words."""
        return self.words

    @property
    def expression(self) -> str:
        """One test a state."""
        if self.active:
            return " or ".join(f"In('{state}')" for state in self.states)
        return " and ".join(f"not In('{state}')" for state in self.states)

    def holds(self, active: Collection[str]) -> bool:
        """Whether it is open while these leaves are active."""
        return any(state in active for state in self.states) is self.active

    def leaves(self) -> frozenset[str]:
        """Every leaf that it asks about."""
        return frozenset(self.states)

    def negated(self) -> Guard:
        """The same states, the other answer."""
        return Leaf(f"not: {self.words}", self.states, not self.active)

    def renamed(self, names: Mapping[str, str]) -> Guard:
        """The same question about other states."""
        return Leaf(self.words, tuple(names.get(state, state) for state in self.states), self.active)


@dataclass(frozen=True)
class All(Guard):
    """All of these hold."""

    joined: tuple[Guard, ...]

    @property
    def name(self) -> str:
        """The questions with commas."""
        return ", ".join(guard.name for guard in self.joined)

    @property
    def parts(self) -> tuple[Guard, ...]:
        """The joined guards, and theirs."""
        return tuple(part for guard in self.joined for part in guard.parts)

    @property
    def expression(self) -> str:
        """Each in parentheses, joined by and."""
        return " and ".join(f"({guard.expression})" for guard in self.joined)

    def holds(self, active: Collection[str]) -> bool:
        """Whether it is open while these leaves are active."""
        return all(guard.holds(active) for guard in self.joined)

    def leaves(self) -> frozenset[str]:
        """Every leaf that it asks about."""
        return frozenset[str]().union(*(guard.leaves() for guard in self.joined))

    def negated(self) -> Guard:
        """One of them does not hold."""
        return AnyOf(tuple(guard.negated() for guard in self.joined))

    def renamed(self, names: Mapping[str, str]) -> Guard:
        """The same question about other states."""
        return All(tuple(guard.renamed(names) for guard in self.joined))


@dataclass(frozen=True)
class AnyOf(Guard):
    """One of these holds."""

    joined: tuple[Guard, ...]

    @property
    def name(self) -> str:
        """The questions with or."""
        return ", or ".join(guard.name for guard in self.joined)

    @property
    def expression(self) -> str:
        """Each in parentheses, joined by or."""
        return " or ".join(f"({guard.expression})" for guard in self.joined)

    def holds(self, active: Collection[str]) -> bool:
        """Whether it is open while these leaves are active."""
        return any(guard.holds(active) for guard in self.joined)

    def leaves(self) -> frozenset[str]:
        """Every leaf that it asks about."""
        return frozenset[str]().union(*(guard.leaves() for guard in self.joined))

    def negated(self) -> Guard:
        """None of them holds."""
        return All(tuple(guard.negated() for guard in self.joined))

    def renamed(self, names: Mapping[str, str]) -> Guard:
        """The same question about other states."""
        return AnyOf(tuple(guard.renamed(names) for guard in self.joined))


def some_active(words: str, states: Iterable[str]) -> Guard:
    """Open when one of these states is active."""
    return Leaf(words, tuple(states), True)


def none_active(words: str, states: Iterable[str]) -> Guard:
    """Open when none of these states is active."""
    return Leaf(words, tuple(states), False)
