"""The exceptions of the package, all under one root.

Every error says what is wrong, where, and what would be right. The three parts are attributes too, so that a
program can act on them. An error can be pickled and copied, and so sent to another process. This module knows nothing
of the rest of the package.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class IxastateError(Exception):
    """The root of the family: what is wrong, where (a file, line or field), and the remedy."""

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(what, where, remedy)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f" ({self.remedy})" if self.remedy else ""
        return f"{place}{self.what}{remedy}"

    def __reduce__(self) -> tuple[Any, ...]:
        # An exception is rebuilt from its arguments alone, and two of these have to be named.
        return _rebuilt, (type(self), self.what, self.where, self.remedy), self.__dict__


def _rebuilt(kind: type[IxastateError], what: str, where: str, remedy: str) -> IxastateError:
    # A subclass may be constructed otherwise; what it adds travels as its state.
    error = kind.__new__(kind, what, where, remedy)
    IxastateError.__init__(error, what, where=where, remedy=remedy)
    return error


class InputError(IxastateError):
    """Something read from outside (an event, a log, a snapshot, a data set) cannot be understood."""


class CourseRefusal(IxastateError):
    """An event that is well formed cannot belong to this course; the course has not moved."""


class RulesError(IxastateError):
    """A rules file is not consistent, or a rule is cited that no rules file holds."""


class ChartError(IxastateError):
    """A symbol, a state or a configuration lies outside the definition of the statechart."""


class MissingExtra(IxastateError):
    """An optional library is needed and not installed; the remedy names the extra to install."""


class OutputError(IxastateError):
    """A file cannot be written; what was there before is untouched."""


def near(given: object, names: Iterable[str], *, listed: bool = False) -> str:
    """The remedy for a name that does not exist: the name most like it (with `listed`, then all of them), or all."""
    every = list(names)
    found = difflib.get_close_matches(str(given), every, 1)
    all_of_them = f"one of: {', '.join(every)}" if every else "take it out"
    if not found:
        return all_of_them
    return f"did you mean {found[0]!r}? {all_of_them}" if listed else f"did you mean {found[0]!r}?"
