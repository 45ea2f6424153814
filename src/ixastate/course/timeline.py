"""Timelines and schedules as text: what was seen, what follows, by which rules, and what is due.

It writes down what the records and the schedule say; it decides nothing, and asks the chart only what a state means.
"""

from __future__ import annotations

import struct
import tempfile
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import IO, Protocol

from ixastate.chart.chart import build_chart
from ixastate.chart.reasons import drug_levels
from ixastate.chart.states import Level
from ixastate.chart.status import Status
from ixastate.course.record import Record
from ixastate.course.schedule import Calendar, Dose, cycle_of, is_due_day
from ixastate.events import DRUGS
from ixastate.rules import Edition, Rule
from ixastate.symbols import BOTH
from ixastate.words import describe

WIDTH = 100
# What waits for its heading is put into a file from so many bytes on.
IN_MEMORY = 1 << 24
DISCLAIMER = "A research and teaching tool, not medical advice."


class Followed(Protocol):
    """What a timeline must know of a course."""

    @property
    def patient(self) -> str | None:
        """The name of the patient."""

    @property
    def edition(self) -> Edition:
        """The rules of the course."""

    @property
    def status(self) -> Status:
        """Where the course stands now."""

    @property
    def calendar(self) -> Calendar | None:
        """Its calendar; None before it starts."""

    def due(self, days: Iterable[int]) -> list[Dose]:
        """What is due on these treatment days."""


class Differing(Protocol):
    """One part of a recorded decision that is decided otherwise today."""

    @property
    def part(self) -> str:
        """Which part."""

    @property
    def recorded(self) -> str:
        """What it was, in words."""

    @property
    def today(self) -> str:
        """What it is today, in words."""


class Seen(Protocol):
    """One event of a log that was run again."""

    @property
    def course(self) -> Followed:
        """The course that took it in."""

    @property
    def record(self) -> Record:
        """Its record today."""

    @property
    def differences(self) -> Sequence[Differing]:
        """How the recorded decision differs."""


def timeline(replayed: Iterable[Seen], width: int = WIDTH) -> Iterator[str]:
    """The lines of the timelines of every patient, in the order in which they first appear.

    Everything is run before the first line, since a heading says where a course stands in the end. What was written of
    the patients until then waits in a file, so that memory grows with the patients and not with the events.
    """
    courses: dict[str | None, Followed] = {}
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as file:
        waiting = _Waiting(file)
        for step in replayed:
            patient = step.record.patient
            courses[patient] = step.course
            waiting.add(patient, "\n".join(_entry(step.record, step.differences, step.course.edition, width)))
        for patient, course in courses.items():
            yield from _heading(course, width)
            for entry in waiting.of(patient):
                yield from entry.splitlines()
            yield ""
    yield DISCLAIMER


class _Waiting:
    """Texts of several patients in a file, in which each text says where the one before it of that patient begins."""

    HEAD = struct.Struct("<qI")

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._end = 0
        self._last: dict[str | None, int] = {}

    def add(self, patient: str | None, text: str) -> None:
        """Add a text of a patient behind all others."""
        content = text.encode(errors="surrogatepass")
        self._file.write(self.HEAD.pack(self._last.get(patient, -1), len(content)) + content)
        self._last[patient] = self._end
        self._end += self.HEAD.size + len(content)

    def of(self, patient: str | None) -> Iterator[str]:
        """The texts of a patient, in the order in which they were added."""
        places = []
        place = self._last[patient]
        while place >= 0:
            self._file.seek(place)
            before, length = self.HEAD.unpack(self._file.read(self.HEAD.size))
            places.append((place + self.HEAD.size, length))
            place = before
        for place, length in reversed(places):
            self._file.seek(place)
            yield self._file.read(length).decode(errors="surrogatepass")


def course_lines(course: Followed, records: Iterable[Record], earlier: int, width: int = WIDTH) -> Iterator[str]:
    """The timeline of one course; so many earlier events have no record, since the course was resumed after them."""
    yield from _heading(course, width)
    if earlier:
        yield f"Resumed after {earlier} event{'s' if earlier > 1 else ''}, whose records are not kept here"
    for record in records:
        yield from _entry(record, (), course.edition, width)
    yield ""
    yield DISCLAIMER


def _heading(course: Followed, width: int) -> Iterator[str]:
    name = f"Patient {course.patient or '(no name)'} · edition {course.edition.name} · now {course.status.words}"
    yield from textwrap.wrap(name, width, subsequent_indent="  ", break_on_hyphens=False)
    if course.calendar is not None:
        words = f"{calendar_words(course.calendar)}; lenalidomide's ladder {_ladder(course.edition)} mg (B-LADDER)"
        yield from textwrap.wrap(words, width, subsequent_indent="  ", break_on_hyphens=False)
    yield "─" * width


def _ladder(edition: Edition) -> str:
    return "-".join(f"{mg:g}" for mg in edition.lenalidomide.ladder_mg)


def calendar_words(dates: Calendar) -> str:
    """The calendar of a course in words."""
    first = dates.moment(1)
    if dates.nominal:
        return f"Day 1 is a {first:%A}, {first:%H:%M}; the log gives treatment days, not dates"
    return f"Day 1 is {first:%A %d %B %Y}, {first:%H:%M} {dates.zone}"


def _entry(record: Record, differences: Sequence[Differing], edition: Edition, width: int) -> Iterator[str]:
    seen = describe(record.event)
    quiet = not record.orders and record.before == record.after and not differences
    recorded_at = record.event.recorded_at
    if quiet:
        seen = f"{seen}: nothing follows"
    yield from textwrap.wrap(
        seen, width, initial_indent=f"{record.when:<32} ", subsequent_indent=" " * 33, break_on_hyphens=False
    )
    if recorded_at is not None:
        yield from _part("recorded", f"{recorded_at:%a %d %b %Y %H:%M} as {record.name}", width)
    if record.ties:
        others = ", ".join(f"event {number}" for number in record.ties)
        yield from _part(
            "tied", f"at the moment of {others}: what was recorded first counts first, then the ids", width
        )
    if quiet:
        return
    yield from _part("state", _state(record), width)
    if record.orders:
        yield from _part("asked for", "; ".join(record.asked_for), width)
    for one in record.earned:
        if one.rule is not None:
            yield from _part("earned by", f"{_clause(edition.rule(one.rule))}, on day {one.day}", width)
    for revision in record.revisions:
        yield from _part("otherwise", str(revision), width)
    for impossible in record.impossible:
        yield from _part("impossible", str(impossible), width)
    yield from _rules(record.rules, edition, width)
    for difference in differences:
        words = f"{difference.part} was recorded as {difference.recorded}; today {difference.today}"
        yield from _part("DIFFERS", words, width)


def _state(record: Record) -> str:
    now = record.status
    if now.phase != "on treatment":
        return record.words
    levels = drug_levels(build_chart(record.edition).meanings, record.after)
    drugs = [f"{drug} {levels[drug].mg:g} mg{_standing(levels[drug])}" for drug in BOTH]
    return f"{record.words} · {' · '.join(drugs)}"


def _standing(level: Level) -> str:
    """Whether a drug is held, and comes back lower."""
    if level.owes:
        return " (held, to be reduced at its release)"
    return " (held)" if level.held else ""


def _rules(rule_ids: Iterable[str], edition: Edition, width: int) -> Iterator[str]:
    """The clauses of the text with their lines and titles; the readings by id alone."""
    rules = [edition.rule(rule_id) for rule_id in rule_ids]
    for rule in rules:
        if rule.kind == "label":
            yield from _part("by", _clause(rule), width)
    readings = [rule.id for rule in rules if rule.kind != "label"]
    if readings:
        yield from _part("read as", " ".join(readings), width)


def _clause(rule: Rule) -> str:
    """A clause with its title, and with the lines of the text or else the source that it rests on."""
    return f"{rule.id} {rule.title} ({rule.place})"


def _part(name: str, words: str, width: int) -> list[str]:
    return textwrap.wrap(
        words, width, initial_indent=f"    {name:<10} ", subsequent_indent=" " * 15, break_on_hyphens=False
    )


def schedule_lines(
    course: Followed, days: Sequence[int], doses: Sequence[Dose], records: Sequence[Record] = (), width: int = WIDTH
) -> Iterator[str]:
    """What is due on each of these days, with how to take it; or why nothing is. `records` are the patient's."""
    dates, now = course.calendar, course.status
    name = f"Patient {course.patient or '(no name)'}"
    if dates is None:
        why = "treatment has not started" if now.phase == "screening" else "treatment never started"
        yield from textwrap.wrap(f"{name}: {now.words}; nothing is due, because {why}", width, subsequent_indent="  ")
        return
    yield from textwrap.wrap(f"{name} · {now.words} · days {days[0]} to {days[-1]}", width, subsequent_indent="  ")
    yield from textwrap.wrap(calendar_words(dates), width, subsequent_indent="  ")
    yield "─" * width
    for day, of_day in groupby(doses, key=lambda dose: dose.day):
        cycle, cycle_day = cycle_of(day, course.edition)
        date = "" if dates.nominal else f"{dates.moment(day):%a %d %b %Y}  "
        drugs = [f"{dose.drug} {dose.mg:g} mg{_clock(dose)}" for dose in of_day]
        yield from _packed(f"day {day:<4} cycle {cycle} day {cycle_day:<3} {date}", drugs, width)
    if not doses:
        yield from textwrap.wrap(_why_nothing(course, dates, days, records), width, subsequent_indent="  ")
    yield ""
    for drug, how in dict.fromkeys((dose.drug, dose.how) for dose in doses):
        yield from textwrap.wrap(f"{drug}: {'; '.join(how)}", width, subsequent_indent="  ")
    yield from _held(now, width)
    yield DISCLAIMER


def _packed(head: str, phrases: Sequence[str], width: int) -> Iterator[str]:
    """Phrases behind a head, as many in a line as fit; the next lines stand below the first phrase."""
    if len(head) + max(map(len, phrases)) > width:
        yield head.rstrip()
        head = "    "
    line = head
    for phrase in phrases:
        between = "   " if len(line) > len(head) else ""
        if between and len(line) + len(between) + len(phrase) > width:
            yield line
            line, between = " " * len(head), ""
        line += between + phrase
    yield line


def _why_nothing(course: Followed, dates: Calendar, days: Sequence[int], records: Sequence[Record]) -> str:
    """The reason why nothing is due on these days, in a sentence."""
    end = _end(records)
    if end is not None and end.day is not None and end.day <= days[-1]:
        return f"Nothing is due: treatment ended on day {end.day} ({describe(end.event)})."
    every = dates.lenalidomide_every_days
    scheduled = any(is_due_day(drug, day, every, course.edition) for drug in DRUGS for day in days)
    why = "what is scheduled on these days is held" if scheduled else "no dose is scheduled on these days"
    after, cycle = days[-1] + 1, course.edition.integer("DOSE-01", "cycle")
    following = next((day for day in range(after, after + cycle) if course.due([day])), None)
    return f"Nothing is due: {why}." + (f" The next dose is due on day {following}." if following else "")


def _end(records: Sequence[Record]) -> Record | None:
    """The record by which treatment has ended; None where it goes on, be it that a correction says so."""
    end = None
    for record in records:
        if record.status.phase != "discontinued":
            end = None
        elif end is None:
            end = record
    return end


def _clock(dose: Dose) -> str:
    """Only ixazomib has a clock time in the text (ADM-03)."""
    return f" at {dose.at:%H:%M}" if dose.drug == "ixazomib" else ""


def _held(now: Status, width: int) -> Iterator[str]:
    held = [drug for drug in BOTH if now.held(drug)]
    if held:
        words = f"Held, so not due and not made up later: {' and '.join(held)} (for {', '.join(now.held_for)})"
        yield from textwrap.wrap(words, width, subsequent_indent="  ")
