"""The study while it is imported: its subjects, the events found so far, and the account of the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, time
from decimal import Decimal
from enum import IntEnum
from typing import Any
from zoneinfo import ZoneInfo

from ixastate.errors import InputError
from ixastate.events import AnyEvent, parse_event
from ixastate.exchange.sdtm.folder import Row
from ixastate.exchange.sdtm.report import ImportReport, OtherTreatment
from ixastate.exchange.sdtm.values import LeftOut, When, number, when
from ixastate.symbols import Toxicity

USUAL_CLOCK_TIME = time(8)


@dataclass
class Subject:
    """A treated subject; `organs` has what was measured of each organ on or before the start."""

    start: When
    informed: bool
    organs: dict[str, dict[str, Any]] = field(default_factory=dict)
    death: When | None = None

    @property
    def clock_time(self) -> time:
        """The clock time of the doses (convention START)."""
        return self.start.moment.time() if self.start.timed else USUAL_CLOCK_TIME


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
    place: Place

    def open_at(self, moment: datetime) -> bool:
        """True while it has begun and not ended."""
        return self.at <= moment and (self.until is None or moment < self.until)


class Rank(IntEnum):
    """What comes first at the same moment (convention ORDER)."""

    START = 0
    RECOVERY = 1
    SEEN = 2
    SAME_MOMENT_RECOVERY = 3
    DOSE = 4
    ENDED = 5
    GRADE_5 = 6
    DEATH = 7


# The place of a row among those of the same moment and rank: its data set, its own moment where it was put off to the
# start, its number in the data set (LBSEQ and the like), and what the convention ORDER says where there is no number.
Place = tuple[int, datetime, Decimal, tuple[Any, ...]]
LAST = Decimal("Infinity")
_ORDER = ("LB", "AE", "EX", "DS")


def place(domain: str, row: Row, seen: When, *rule: Any) -> Place:
    """The place of a row: its date, its --SEQ, then the values of `rule`."""
    sequence = number(row[f"{domain}SEQ"])
    return _ORDER.index(domain), seen.moment, LAST if sequence is None else sequence, rule


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
        self.unknown: Counter[tuple[str, str]] = Counter()
        self.findings: dict[tuple[str, Toxicity, str], list[Finding]] = {}
        self._noted = self.notes
        self._seen: set[tuple[str, ...]] = set()
        self._found: list[tuple[str, datetime, Rank, Place, AnyEvent]] = []

    # --- Rows -------------------------------------------------------------------------------------------------

    def account(self, domain: str, rows: Iterable[Row], use: Callable[[Row], str | None]) -> None:
        """Count each row as what it gave, or why it was left out; one that is used as None is counted later."""
        noted = self._noted = Counter()
        for row in rows:
            if noted:
                noted.clear()
            try:
                used = use(row)
            except LeftOut as reason:
                self.left_out[domain, str(reason)] += 1
                continue
            if noted:
                self.notes.update(noted)
            if used is not None:
                self.used[used] += 1
        self._noted = self.notes

    def note(self, what: str) -> None:
        """Count something that was assumed; it is forgotten with the row that is being used, if that is left out."""
        self._noted[what] += 1

    def subject(self, row: Row) -> Subject:
        """The subject of a row; `LeftOut` when it is not imported, or when the very row was seen before."""
        patient = row["USUBJID"]
        if patient in self.left_out_subjects:
            raise LeftOut("the subject is left out (see DM)")
        if patient not in self.subjects:
            raise LeftOut("no such subject in DM")
        if tuple(row.values()) in self._seen:
            raise LeftOut("the same row again")
        self._seen.add(tuple(row.values()))
        return self.subjects[patient]

    def date(self, row: Row, variable: str, *, end: bool = False) -> When:
        """The date that a variable holds, as `values.when`; what is not known of it is counted."""
        try:
            found = when(row[variable], self.zone, end=end)
        except LeftOut as reason:
            if str(reason) == "not a date":
                self.unknown[variable, row[variable]] += 1
            raise
        if not found.whole:
            self.note(f"{variable} without a whole time: its day counts")
        return found

    # --- Events -----------------------------------------------------------------------------------------------

    def event(self, patient: str, moment: datetime, fields: dict[str, Any]) -> AnyEvent:
        """An event of these fields; `LeftOut` when its values are impossible."""
        try:
            return parse_event({"patient": patient, "at": moment, **fields})
        except InputError:
            raise LeftOut("impossible value") from None

    def keep(self, patient: str, moment: datetime, rank: Rank, where: Place, event: AnyEvent) -> None:
        """Keep an event of a patient, in its place among those of the same moment."""
        self._found.append((patient, moment, rank, where, event))

    def add(
        self, patient: str, moment: datetime, rank: Rank, fields: dict[str, Any], where: Place | None = None
    ) -> None:
        """Make an event of these fields and keep it."""
        self.keep(patient, moment, rank, where or (0, moment, LAST, ()), self.event(patient, moment, fields))

    def events(self) -> list[AnyEvent]:
        """The events by patient and time, in an order that no row of a file decides (convention ORDER)."""
        return [event for *_, event in sorted(self._found, key=lambda found: (found[:4], found[4].model_dump_json()))]

    def report(self, read: dict[str, int], events: list[AnyEvent], others: tuple[OtherTreatment, ...]) -> ImportReport:
        """The account of the rows; `read` counts them by data set."""
        return ImportReport(
            subjects=len(self.subjects),
            read=read,
            used=dict(sorted(self.used.items())),
            left_out=dict(sorted(self.left_out.items())),
            events=dict(sorted(Counter(event.type for event in events).items())),
            notes=dict(sorted(self.notes.items())),
            unknown=dict(sorted(self.unknown.items())),
            others=others,
        )
