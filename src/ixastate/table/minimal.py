"""Minimisation by partition refinement (Moore): the smallest machine with the same outputs, a quotient of this one.

Two configurations are the same when no course of symbols can tell them apart by what is said on the way. Partition
refinement (Moore): begin with what each configuration says at once, and split until nothing splits any more.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence


def minimise(following: Sequence[Sequence[int]], said: Sequence[Sequence[Hashable]]) -> list[int]:
    """The class of each state of a deterministic machine, numbered by first appearance.

    `following[n][s]` is the state after symbol s in state n, and `said[n][s]` what is said on the way.
    """
    classes = _numbered([tuple(row) for row in said])
    while True:
        finer = _numbered(
            [(own, *[classes[after] for after in row]) for own, row in zip(classes, following, strict=True)]
        )
        if max(finer) == max(classes):
            return finer
        classes = finer


def _numbered(labels: Sequence[Hashable]) -> list[int]:
    numbers: dict[Hashable, int] = {}
    return [numbers.setdefault(label, len(numbers)) for label in labels]
