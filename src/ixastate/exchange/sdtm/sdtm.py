"""Answers which events lie in the SDTM data sets of a study, and why its other rows hold none.

SDTM is the tabular form in which clinical trials are submitted. Read are DM (subjects), LB (laboratory), AE
(adverse events) and, when they are there, EX and DS for a missing date of the first dose or of death: each a SAS
transport file (`lb.xpt`) or a ZIP archive that holds it (`lb.zip`). Every row of DM, LB and AE is used or left out
with a reason, once. The words that are understood stand in `sdtm_terms.toml`. This module knows no rule, threshold
or state; a study of another drug imports as well as one of ixazomib.

SDTM does not say all that an event says. The conventions that fill the gaps:

START         A course starts at RFSTDTC, or at the first EXSTDTC when that is missing. The weekday is that day's and
              the clock time 08:00, unless the first dose carries its own time.
DAY           A date without a time stands for 00:00 of that day in the time zone of the import. Before and after the
              start are told by days where either has no time: what was seen on the day of the start is then not
              before it. A date that lacks its day or month is not completed.
CONSENT       The patient counts as informed: RFICDTC says so or, where it is empty, that only consenting subjects
              enter a study. The report counts how often it was assumed.
BASELINE      Bilirubin and creatinine clearance of the start are the last ones measured on or before it. What was
              not measured is named in `assumed` and counted; Cockcroft-Gault is not applied (SDTM has its weight
              elsewhere).
UNITS         The standard result (LBSTRESN, LBSTRESU) counts, rounded to the 15 significant digits that a SAS number
              carries faithfully. A unit which is not in the table is left out.
GRADE         AETOXGR, and without it AESEV: mild 1, moderate 2, severe 3, life threatening 4. Severe reactions of
              the skin are rash of grade 4 (B-RASH-CLASS). A fatal outcome is grade 5, dated by the death (by the
              onset if the death has no date); the grade before it stands at the onset.
HIGHEST       Neuropathies are one toxicity, so are rashes (B-PN-KIND), and every other term is its own. Where records
              of one toxicity overlap, each event gives the highest grade then open: a milder record, or the end of
              one of two, is no recovery. A record is open from AESTDTC until AEENDTC, for ever without it.
RECOVERY      An end with the outcome recovered (or with no outcome) is grade 0, and stands for the physician's
              agreement. With sequelae is not recovered.
ATTRIBUTION   AEREL definite, probable or related is clear; possible, remote, unlikely or none is not clear; anything
              else leaves it unstated.
HAEMATOLOGY   Blood disorders are left out: no rule speaks of them beyond the counts (B-HAEM-OTHER).
DEATH         DTHDTC, else DS with DEATH, else the end of a fatal adverse event.
ORDER         At the same moment: the start, recoveries, measurements and onsets, the recovery of what began at that
              moment, death. So what ended and began anew on one day is over first.

Neuropathy that began before the start is left out like every earlier adverse event, so the baseline is grade 0.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from datetime import timezone as fixed_offset
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from ixastate.errors import InputError
from ixastate.events import WEEKDAYS, AnyEvent, parse_event
from ixastate.exchange.sdtm.xport import COUNTED, VARIABLES, Row, read_rows
from ixastate.fields import FIRST_YEAR, LAST_YEAR

TESTS = {
    "NEUT": "neutrophils_measured",
    "PLAT": "platelets_measured",
    "BILI": "bilirubin_measured",
    "CREATCLR": "creatinine_clearance_measured",
}
USUAL_CLOCK_TIME = time(8)


@dataclass(frozen=True)
class ImportReport:
    """What became of the rows: `read` rows by data set are the rows `used` plus the rows `left_out`.

    `used` is by what a row gave (an event's type, or "baseline bilirubin" and the like), `left_out` by data set and
    reason. `events` counts the events by type: an adverse event of one row may give two. `notes` counts what was
    assumed, or could not be said, about rows that were used.
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


def read_sdtm(directory: Path, *, timezone: str = "UTC") -> tuple[list[AnyEvent], ImportReport]:
    """The events of every treated subject, by patient and time, and the report on all rows.

    `timezone` (an IANA name) says where the clocks of the study stood; it is also the time zone of the courses.
    Raises InputError when a data set is missing, cannot be read whole or lacks a variable, and MissingExtra without
    the library that reads SAS transport files.
    """
    try:
        zone = ZoneInfo(timezone)
    except (KeyError, ValueError, OSError, TypeError):
        remedy = "give an IANA name such as Europe/Berlin"
        raise InputError(f"{timezone!r} is not a time zone", where="timezone", remedy=remedy) from None
    directory = Path(directory)
    tables = {domain: read_rows(directory, domain) for domain in VARIABLES}
    study = _Study(zone, timezone)
    study.enrol(tables["DM"], tables["EX"], where=str(directory))
    study.account("LB", tables["LB"], study.measure)
    study.settle_baselines()
    study.account("AE", tables["AE"], study.find)
    study.settle_deaths(tables["DM"], tables["DS"], tables["AE"])
    study.settle_findings()
    study.start_courses()
    events = study.events()
    return events, study.report({domain: len(tables[domain]) for domain in COUNTED}, events)


# --- dates, numbers and words ---


class _LeftOut(Exception):
    """A row gives no event; the reason is the message."""


@dataclass(frozen=True)
class _When:
    """A date as recorded: its moment with a fixed offset, its local day, and whether a time was recorded."""

    moment: datetime
    day: date
    timed: bool

    def before(self, other: _When) -> bool:
        return self.day < other.day or (self.timed and other.timed and self.moment < other.moment)


_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(?:[.,]\d+)?)?)?(Z|[+-]\d\d:?\d\d)?)?", re.A)
_PART_OF_A_DATE = re.compile(r"(\d{4}|-)(-(\d\d|-)(-(\d\d|-))?)?(T.*)?", re.A)


def _when(text: str, zone: tzinfo) -> _When:
    if not text:
        raise _LeftOut("no date")
    found = _DATE.fullmatch(text)
    if found is None:
        raise _LeftOut("incomplete date" if _PART_OF_A_DATE.fullmatch(text) else "not a date")
    *parts, offset = found.groups()
    try:
        local: tzinfo = zone
        if offset:
            local = datetime.strptime(offset, "%z").tzinfo or zone
        year, month, day, hour, minute, second = (int(part or 0) for part in parts)
        moment = datetime(year, month, day, hour, minute, second, tzinfo=local)
    except ValueError:
        raise _LeftOut("not a date") from None
    if not FIRST_YEAR < moment.year < LAST_YEAR - 1:  # a year's room, so that no offset leads out of it
        raise _LeftOut("not a date")
    moment = moment.astimezone(UTC).astimezone(zone)  # a clock time that summer time skips moves to one that exists
    fixed = moment.replace(tzinfo=fixed_offset(moment.utcoffset() or UTC.utcoffset(None)))
    return _When(fixed, fixed.date(), timed=found[4] is not None)


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


@cache
def _terms() -> dict[str, Any]:
    terms = tomllib.loads(files(__package__).joinpath("sdtm_terms.toml").read_text(encoding="utf-8"))
    units = {
        kind: {spelling: (line["unit"], line.get("times", 1)) for line in terms[kind] for spelling in line["spellings"]}
        for kind in ("count", "bilirubin", "clearance")
    }
    return terms | {"unit": units}


def _unit(test: str, text: str) -> tuple[str, int]:
    """The event's spelling of a unit, and how many of them are one of the source's."""
    kind = {"BILI": "bilirubin", "CREATCLR": "clearance"}.get(test, "count")
    if not text:
        raise _LeftOut("no unit")
    spelling = re.sub(r"\s", "", text).replace("\N{MICRO SIGN}", "u").replace("\N{GREEK SMALL LETTER MU}", "u")
    known: dict[str, tuple[str, int]] = _terms()["unit"][kind]
    if spelling not in known:
        raise _LeftOut("unknown unit")
    return known[spelling]


def _grade(row: Row) -> int:
    """The grade of an adverse event, 0 to 5."""
    if row["AETOXGR"]:
        found = re.fullmatch(r"(?:GRADE\s*)?([0-5])", row["AETOXGR"].upper(), re.A)
        if found is None:
            raise _LeftOut("unknown grade")
        return int(found[1])
    if not row["AESEV"]:
        raise _LeftOut("neither grade nor severity")
    grade: int | None = _terms()["severity"].get(row["AESEV"].lower())
    if grade is None:
        raise _LeftOut("unknown severity")
    return grade


def _fatal(row: Row) -> bool:
    if row["AEOUT"].lower() in _terms()["outcome"]["fatal"] or row["AESDTH"].upper() == "Y":
        return True
    try:
        return _grade(row) == 5
    except _LeftOut:
        return False


def _event(**fields: Any) -> AnyEvent:
    try:
        return parse_event(fields)
    except ValidationError:
        raise _LeftOut("impossible value") from None


# --- the study ---

Kind = Literal["rash", "neuropathy", "other"]


@dataclass
class _Subject:
    start: _When
    informed: bool
    bilirubin: dict[str, Any] | None = None
    clearance: dict[str, Any] | None = None
    death: _When | None = None


@dataclass(frozen=True, eq=False)
class _Finding:
    """One adverse event; `until` is the moment of its end if that is known, `grade` the one before a death."""

    at: datetime
    until: datetime | None
    recovered: bool
    grade: int
    pain: bool
    attribution: str | None
    fatal: bool

    def open_at(self, moment: datetime) -> bool:
        return self.at <= moment and (self.until is None or moment < self.until)


# What comes first at the same moment (convention ORDER).
_START, _RECOVERY, _SEEN, _SAME_MOMENT_RECOVERY, _GRADE_5, _DEATH = range(6)


class _Study:
    """The subjects, the events found so far, and the account of the rows."""

    def __init__(self, zone: ZoneInfo, timezone: str) -> None:
        self.zone = zone
        self.timezone = timezone
        self.subjects: dict[str, _Subject] = {}
        self.left_out_subjects: set[str] = set()
        self.used: Counter[str] = Counter()
        self.left_out: Counter[tuple[str, str]] = Counter()
        self.notes: Counter[str] = Counter()
        self.found: list[tuple[str, datetime, int, AnyEvent]] = []
        self.baselines: defaultdict[tuple[str, str], list[tuple[_When, AnyEvent]]] = defaultdict(list)
        self.findings: defaultdict[tuple[str, Kind, str], list[_Finding]] = defaultdict(list)

    def account(self, domain: str, rows: Iterable[Row], use: Callable[[Row], str | None]) -> None:
        """Have each row used, and count as what, or why it was left out; a row used as None is counted later."""
        for row in rows:
            try:
                used = use(row)
            except _LeftOut as reason:
                self.left_out[domain, str(reason)] += 1
            else:
                if used is not None:
                    self.used[used] += 1

    def add(self, patient: str, moment: datetime, rank: int, **fields: Any) -> None:
        self.found.append((patient, moment, rank, _event(patient=patient, at=moment, **fields)))

    def subject(self, row: Row) -> _Subject:
        patient = row["USUBJID"]
        if patient in self.left_out_subjects:
            raise _LeftOut("the subject is left out (see DM)")
        if patient not in self.subjects:
            raise _LeftOut("no such subject in DM")
        return self.subjects[patient]

    # DM and EX

    def enrol(self, demographics: list[Row], exposures: list[Row], where: str) -> None:
        """The subjects to import: each treated one."""
        twice = [patient for patient, n in Counter(row["USUBJID"] for row in demographics).items() if patient and n > 1]
        if twice:
            raise InputError(f"DM has more than one row for {twice[0]}", where=where, remedy="give a subject one row")
        first_dose: dict[str, _When] = {}
        for row in exposures:
            try:
                when = _when(row["EXSTDTC"], self.zone)
            except _LeftOut:
                continue
            if when.before(first_dose.setdefault(row["USUBJID"], when)):
                first_dose[row["USUBJID"]] = when

        def enrol_one(row: Row) -> str:
            patient = row["USUBJID"]
            self.left_out_subjects.add(patient)
            if not 1 <= len(patient) <= 200:
                raise _LeftOut("no usable USUBJID")
            if row["ARMCD"].upper() == "SCRNFAIL" or row["ARMNRS"].upper() == "SCREEN FAILURE":
                raise _LeftOut("screen failure")
            if row["ARMCD"].upper() in ("", "NOTASSGN"):
                raise _LeftOut("not assigned to an arm")
            try:
                start = _when(row["RFSTDTC"], self.zone)
            except _LeftOut as reason:
                if patient not in first_dose:
                    raise _LeftOut(f"no start: {reason}") from None
                start = first_dose[patient]
                self.notes["start dated by EX"] += 1
            if start.timed:
                start = _When(start.moment.replace(second=0), start.day, timed=True)
            self.left_out_subjects.discard(patient)
            self.subjects[patient] = _Subject(start, informed=bool(row["RFICDTC"]))
            return "course_started"

        self.account("DM", demographics, enrol_one)

    def start_courses(self) -> None:
        for patient, subject in self.subjects.items():
            missing = {"bilirubin": subject.bilirubin, "creatinine_clearance": subject.clearance}
            assumed = tuple(organ for organ, measured in missing.items() if measured is None)
            self.notes.update(f"{organ} at the start assumed" for organ in assumed)
            if not subject.informed:
                self.notes["patient_informed at the start assumed"] += 1
            start = subject.start
            self.add(
                patient,
                start.moment,
                _START,
                type="course_started",
                weekday=WEEKDAYS[start.day.weekday()],
                clock_time=start.moment.time() if start.timed else USUAL_CLOCK_TIME,
                timezone=self.timezone,
                patient_informed=True,
                bilirubin=subject.bilirubin,
                creatinine_clearance=subject.clearance,
                assumed=assumed,
            )

    # LB

    def measure(self, row: Row) -> str | None:
        """The event of one row of LB, now, or with the other candidates for a baseline later."""
        test = row["LBTESTCD"].upper()
        if test not in TESTS:
            raise _LeftOut("another test")
        subject = self.subject(row)
        if test != "CREATCLR":
            specimen = row["LBSPEC"].lower()
            if row["LBCAT"].upper() == "URINALYSIS" or specimen not in ("", *_terms()["specimen"]["blood"]):
                raise _LeftOut("not from blood")
        value = _number(row["LBSTRESN"])
        if value is None:
            raise _LeftOut("no numeric result")
        unit, times = _unit(test, row["LBSTRESU"])
        fields: dict[str, Any] = {"type": TESTS[test], "value": value * times, "unit": unit}
        if test == "BILI":
            fields["upper_limit_of_normal"] = _number(row["LBSTNRHI"])
            if fields["upper_limit_of_normal"] is None:
                raise _LeftOut("no upper limit of normal")
        when = _when(row["LBDTC"], self.zone)
        moment = max(when.moment, subject.start.moment)
        event = _event(patient=row["USUBJID"], at=moment, **fields)
        if test in ("BILI", "CREATCLR") and not subject.start.before(when):
            self.baselines[row["USUBJID"], test].append((when, event))
            return None
        if when.before(subject.start):
            raise _LeftOut("before the start")
        self.found.append((row["USUBJID"], moment, _SEEN, event))
        return event.type

    def settle_baselines(self) -> None:
        """Of the measurements up to the start the last is the baseline; others of that day stay events."""
        for (patient, test), candidates in self.baselines.items():
            subject = self.subjects[patient]
            *others, (_, last) = sorted(candidates, key=lambda candidate: candidate[0].moment)
            if test == "BILI":
                subject.bilirubin = last.model_dump(include={"value", "unit", "upper_limit_of_normal"})
                self.used["baseline bilirubin"] += 1
            else:
                subject.clearance = last.model_dump(include={"value", "unit"})
                self.used["baseline creatinine clearance"] += 1
            for when, event in others:
                if when.before(subject.start):
                    self.left_out["LB", "before the start"] += 1
                else:
                    self.used[event.type] += 1
                    self.found.append((patient, max(when.moment, subject.start.moment), _SEEN, event))

    # AE

    def find(self, row: Row) -> str:
        """Keep one row of AE with the others of the same toxicity."""
        subject = self.subject(row)
        term = " ".join(row["AEDECOD"].lower().split())
        if not 1 <= len(term) <= 200:
            raise _LeftOut("no preferred term")
        terms = _terms()
        classes = {row["AEBODSYS"].lower(), row["AESOC"].lower()}
        if term in terms["haematological"]["terms"] or classes & set(terms["haematological"]["classes"]):
            raise _LeftOut("haematological: no rule beyond the counts")
        painful = term in terms["neuropathy"]["painful"]
        kind: Kind = "other"
        if term in terms["rash"]["terms"] or term in terms["rash"]["severe"]:
            kind = "rash"
        elif painful or term in terms["neuropathy"]["terms"]:
            kind = "neuropathy"
        fatal = _fatal(row)
        try:
            grade = _grade(row) % 5  # the grade before a death is not known from grade 5
        except _LeftOut:
            if not fatal:
                raise
            grade = 0
        if term in terms["rash"]["severe"]:
            grade = 4
        onset = _when(row["AESTDTC"], self.zone)
        if onset.before(subject.start):
            raise _LeftOut("before the start")
        at = max(onset.moment, subject.start.moment)
        recovered = not fatal and row["AEOUT"].lower() in ("", *terms["outcome"]["recovered"])
        until = None if fatal else self._end(row, onset, at, recovered)
        self.findings[row["USUBJID"], kind, term if kind == "other" else ""].append(
            _Finding(at, until, recovered, grade, painful, self._attribution(row) if kind == "other" else None, fatal)
        )
        return f"{kind}_graded" if kind != "other" else "other_toxicity_graded"

    def _end(self, row: Row, onset: _When, at: datetime, recovered: bool) -> datetime | None:
        try:
            end = _when(row["AEENDTC"], self.zone)
        except _LeftOut:
            if recovered and (row["AEENDTC"] or row["AEOUT"]):
                self.notes["recovery without a full date: taken as not recovered"] += 1
            return None
        if end.before(onset):
            self.notes["end before the onset: taken as not ended"] += 1
            return None
        return max(end.moment, at)

    def _attribution(self, row: Row) -> str | None:
        relation = row["AEREL"].lower()
        for attribution, words in _terms()["relation"].items():
            if relation in words:
                return str(attribution)
        if relation:
            self.notes["relation not understood: attribution not stated"] += 1
        return None

    def settle_findings(self) -> None:
        """Turn the records of each toxicity into onsets, recoveries and deaths (HIGHEST, RECOVERY, GRADE)."""
        for (patient, kind, term), findings in self.findings.items():
            death = self.subjects[patient].death
            for one in findings:
                others = [other for other in findings if other is not one]
                died = max(one.at, death.moment) if death else one.at
                if not one.fatal or (one.grade and one.at < died):
                    now = [one, *(other for other in others if other.open_at(one.at))]
                    self._grade_event(patient, kind, term, one, now, one.at, _SEEN)
                if one.fatal:
                    self._grade_event(patient, kind, term, one, [], died, _GRADE_5)
                elif one.recovered and one.until is not None:
                    still = [other for other in others if other.at < one.until and other.open_at(one.until)]
                    rank = _RECOVERY if one.at < one.until else _SAME_MOMENT_RECOVERY
                    self._grade_event(patient, kind, term, one, still, one.until, rank)

    def _grade_event(
        self, patient: str, kind: Kind, term: str, one: _Finding, now: list[_Finding], moment: datetime, rank: int
    ) -> None:
        grade = 5 if rank == _GRADE_5 else max((finding.grade for finding in now), default=0)
        agrees = rank in (_RECOVERY, _SAME_MOMENT_RECOVERY) and grade == 0
        if kind == "rash":
            self.add(patient, moment, rank, type="rash_graded", grade=grade)
        elif kind == "neuropathy":
            pain = any(finding.pain and finding.grade for finding in now)
            self.add(patient, moment, rank, type="neuropathy_graded", grade=grade, pain=pain, physician_agrees=agrees)
        else:
            self.add(
                patient,
                moment,
                rank,
                type="other_toxicity_graded",
                term=term,
                grade=grade,
                attribution=one.attribution,
                physician_agrees=agrees,
            )

    # death

    def settle_deaths(self, demographics: list[Row], dispositions: list[Row], adverse: list[Row]) -> None:
        """The date of each death, from the first source that has it whole."""
        dead = [(row, "DTHDTC") for row in demographics if row["DTHFL"].upper() == "Y" or row["DTHDTC"]]
        dead += [(row, "DSSTDTC") for row in dispositions if row["DSDECOD"].upper() == "DEATH"]
        dead += [(row, "AEENDTC") for row in adverse if _fatal(row)]
        undated: set[str] = set()
        for row, variable in dead:
            subject = self.subjects.get(row["USUBJID"])
            if subject is None or subject.death is not None:
                continue
            try:
                when = _when(row[variable], self.zone)
            except _LeftOut:
                undated.add(row["USUBJID"])
                continue
            if when.before(subject.start):
                self.notes["death before the start: not taken over"] += 1
                continue
            subject.death = _When(max(when.moment, subject.start.moment), when.day, when.timed)
            self.add(row["USUBJID"], subject.death.moment, _DEATH, type="patient_died")
        unknown = [patient for patient in undated if self.subjects[patient].death is None]
        self.notes.update(["death without a full date: no patient_died"] * len(unknown))

    # the end

    def events(self) -> list[AnyEvent]:
        return [event for *_, event in sorted(self.found, key=lambda found: found[:3])]

    def report(self, read: dict[str, int], events: list[AnyEvent]) -> ImportReport:
        return ImportReport(
            subjects=len(self.subjects),
            read=read,
            used=dict(sorted(self.used.items())),
            left_out=dict(sorted(self.left_out.items())),
            events=dict(sorted(Counter(event.type for event in events).items())),
            notes=dict(sorted(self.notes.items())),
        )
