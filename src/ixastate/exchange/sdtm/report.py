"""The report of an import: every row, used or left out and why, and every value that was not known."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

# So many values of one variable are named in the text; the fields of the report hold all.
MOST_NAMED = 20


@dataclass(frozen=True)
class OtherTreatment:
    """The days on which a subject was given another treatment than this one; `last` is None where none is stated."""

    patient: str
    name: str
    first: date
    last: date | None


@dataclass(frozen=True)
class ImportReport:
    """The account of the rows: `read` rows by data set are the rows `used` plus the rows `left_out`.

    `used` is by what a row gave (an event's type, or "baseline bilirubin" and the like), `left_out` by data set and
    reason. `events` counts the events by type: an adverse event of one row may give two. `notes` counts what was
    assumed, or could not be taken over, of rows that were used. `unknown` counts the rows by variable and value that
    the import does not know. `others` are the rows of EX with another treatment than this course's.
    """

    subjects: int
    read: dict[str, int]
    used: dict[str, int]
    left_out: dict[tuple[str, str], int]
    events: dict[str, int]
    notes: dict[str, int]
    unknown: dict[tuple[str, str], int] = field(default_factory=dict)
    others: tuple[OtherTreatment, ...] = ()

    def lines(self) -> list[str]:
        """The report as the lines of a table."""
        rows = ", ".join(f"{domain} {count:,}" for domain, count in self.read.items())
        out = [f"{self.subjects:,} subjects, {sum(self.events.values()):,} events; rows read: {rows}"]
        out += _table("events", self.events)
        out += _table("rows used", self.used)
        out += _table("rows left out", {f"{domain}  {reason}": n for (domain, reason), n in self.left_out.items()})
        out += _table("notes", self.notes)
        out += _table("values not known", self._named())
        out += _table("other treatments in EX", dict(sorted(Counter(other.name for other in self.others).items())))
        return out

    def _named(self) -> dict[str, int]:
        """The values not known by their names, of each variable the most frequent ones."""
        by_variable: dict[str, list[tuple[int, str]]] = {}
        for (variable, value), count in self.unknown.items():
            by_variable.setdefault(variable, []).append((-count, value))
        named: dict[str, int] = {}
        for variable, values in by_variable.items():
            first, rest = sorted(values)[:MOST_NAMED], sorted(values)[MOST_NAMED:]
            named |= {f"{variable}  {value!r}": -count for count, value in first}
            if rest:
                named[f"{variable}  {len(rest):,} other values"] = -sum(count for count, _ in rest)
        return named

    def __str__(self) -> str:
        return "\n".join(self.lines())


def _table(title: str, counts: dict[str, int]) -> list[str]:
    return [f"{title}:"] + [f"{count:>9,}  {name}" for name, count in counts.items()] if counts else []
