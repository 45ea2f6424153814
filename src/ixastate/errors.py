"""Which errors a caller may meet, all under one roof.

Every error says what is wrong, where, and what would be right. The three parts are attributes too, so that a
program can act on them. This module knows nothing of the rest of the package.
"""

from __future__ import annotations


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


class InputError(IxastateError):
    """Something read from outside (an event, a log, a snapshot, a data set) cannot be understood."""


class CourseRefusal(IxastateError):
    """An event that is well formed cannot belong to this course; the course has not moved.

    `rules` are the rules by which it is refused; () where none but the order of events forbids it.
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "", rules: tuple[str, ...] = ()) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.rules = rules


class RulesError(IxastateError):
    """A rules file is not consistent, or a rule is cited that no rules file holds."""


class ChartError(IxastateError):
    """The statechart was asked something outside its definition (a symbol, a state, a configuration)."""


class MissingExtra(IxastateError):
    """An optional library is needed and not installed; the remedy names the extra to install."""


class OutputError(IxastateError):
    """A file cannot be written; what was there before is untouched."""
