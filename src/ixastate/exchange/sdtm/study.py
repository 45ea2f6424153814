"""The study while it is imported: its subjects, the events found so far, and the account of the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any
from zoneinfo import ZoneInfo

from ixastate.errors import InputError
from ixastate.events import AnyEvent, parse_event
from ixastate.exchange.sdtm.values import LeftOut, When
from ixastate.exchange.sdtm.xport import Row
from ixastate.symbols import Toxicity


@dataclass(frozen=True)
class ImportReport:
    """The account of the rows: `read` rows by data set are the rows `used` plus the rows `left_out`.

    `used` is by what a row gave (an event's type, or "baseline bilirubin" and the like), `left_out` by data set and
    reason. `events` counts the events by type: an adverse event of one row may give two. `notes` counts what was
    assumed, or could not be taken over, of rows that were used.
    """

    subjects: int
    read: dict[str, int]
    used: dict[str, int]
    left_out: dict[tuple[str, str], int]
    events: dict[str, int]
    notes: dict[str, int]

    def lines(self) -> list[str]:
        """The report as the lines of a table."""
        rows = ", ".join(f"{domain} {count:,}" for domain, count in self.read.items())
        out = [f"{self.subjects:,} subjects, {sum(self.events.values()):,} events; rows read: {rows}"]
        out += _table("events", self.events)
        out += _table("rows used", self.used)
        out += _table("rows left out", {f"{domain}  {reason}": n for (domain, reason), n in self.left_out.items()})
        out += _table("notes", self.notes)
        return out

    def __str__(self) -> str:
        return "\n".join(self.lines())


def _table(title: str, counts: dict[str, int]) -> list[str]:
    return [f"{title}:"] + [f"{count:>9,}  {name}" for name, count in counts.items()] if counts else []


@dataclass
class Subject:
    """A treated subject; `organs` has what was measured of each organ on or before the start."""

    start: When
    informed: bool
    organs: dict[str, dict[str, Any]] = field(default_factory=dict)
    death: When | None = None


@dataclass(frozen=True, eq=False)
class Finding:
    """One adverse event; `until` is the moment of its end if that is known, `grade` the one before a death."""

    at: datetime
    until: datetime | None
    recovered: bool
    grade: int
    pain: bool
    attribution: str | None
    fatal: bool

    def open_at(self, moment: datetime) -> bool:
        """True while it has begun and not ended."""
        return self.at <= moment and (self.until is None or moment < self.until)


class Rank(IntEnum):
    """What comes first at the same moment (convention ORDER)."""

    START = 0
    RECOVERY = 1
    SEEN = 2
    SAME_MOMENT_RECOVERY = 3
    GRADE_5 = 4
    DEATH = 5


class Study:
    """The subjects, the events found so far, and the account of the rows."""

    def __init__(self, zone: ZoneInfo, timezone: str) -> None:
        self.zone = zone
        self.timezone = timezone
        self.subjects: dict[str, Subject] = {}
        self.left_out_subjects: set[str] = set()
        self.used: Counter[str] = Counter()
        self.left_out: Counter[tuple[str, str]] = Counter()
        self.notes: Counter[str] = Counter()
        self.findings: dict[tuple[str, Toxicity, str], list[Finding]] = {}
        self._found: list[tuple[str, datetime, Rank, AnyEvent]] = []

    def account(self, domain: str, rows: Iterable[Row], use: Callable[[Row], str | None]) -> None:
        """Count each row as what it gave, or why it was left out; one that is used as None is counted later."""
        for row in rows:
            try:
                used = use(row)
            except LeftOut as reason:
                self.left_out[domain, str(reason)] += 1
            else:
                if used is not None:
                    self.used[used] += 1

    def event(self, patient: str, moment: datetime, fields: dict[str, Any]) -> AnyEvent:
        """An event of these fields; `LeftOut` when its values are impossible."""
        try:
            return parse_event({"patient": patient, "at": moment, **fields})
        except InputError:
            raise LeftOut("impossible value") from None

    def keep(self, patient: str, moment: datetime, rank: Rank, event: AnyEvent) -> None:
        """Keep an event of a patient, in its place among those of the same moment."""
        self._found.append((patient, moment, rank, event))

    def add(self, patient: str, moment: datetime, rank: Rank, **fields: Any) -> None:
        """Make an event of these fields and keep it."""
        self.keep(patient, moment, rank, self.event(patient, moment, fields))

    def subject(self, row: Row) -> Subject:
        """The subject of a row; `LeftOut` when it is not imported."""
        patient = row["USUBJID"]
        if patient in self.left_out_subjects:
            raise LeftOut("the subject is left out (see DM)")
        if patient not in self.subjects:
            raise LeftOut("no such subject in DM")
        return self.subjects[patient]

    def events(self) -> list[AnyEvent]:
        """The events by patient and time."""
        return [event for *_, event in sorted(self._found, key=lambda found: found[:3])]

    def report(self, read: dict[str, int], events: list[AnyEvent]) -> ImportReport:
        """The account of the rows; `read` counts them by data set."""
        return ImportReport(
            subjects=len(self.subjects),
            read=read,
            used=dict(sorted(self.used.items())),
            left_out=dict(sorted(self.left_out.items())),
            events=dict(sorted(Counter(event.type for event in events).items())),
            notes=dict(sorted(self.notes.items())),
        )
