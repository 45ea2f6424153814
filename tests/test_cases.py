"""The worked cases: each rule that acts, shown on a patient or two in a table that a nurse can read.

A case is a Markdown file in `tests/cases`, named after its rule; `tests/cases/README.md` describes the format and
lists every phrase. Each table is one patient's course. Here the tables are read, run against a course, and
compared line by line. What a table expects was derived from the dosing text and its readings, not from a run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, get_args
from zoneinfo import ZoneInfo

import pytest

from ixastate.amendments import parse_line
from ixastate.chart.status import Status
from ixastate.course.course import Course
from ixastate.course.schedule import Dose, doses_due
from ixastate.errors import CourseRefusal, InputError
from ixastate.events import AnyEvent, Event, parse_event
from ixastate.rules import load_edition

CASES = Path(__file__).parent / "cases"
FILES = sorted(path for path in CASES.glob("*.md") if path.name != "README.md")
EDITION = load_edition()
ACTING = {rule.id for rule in EDITION.rules.values() if rule.executed_by}

HEADER = ["when", "what is seen", "state", "ixazomib", "lenalidomide", "asked for", "rules"]
PATIENT = "A"
ZONE = "Europe/Berlin"
USUAL = "on Monday 08:00, Europe/Berlin, informed, bilirubin 0.8 × ULN, clearance 90 mL/min"


# --- The file -------------------------------------------------------------------------------------------------


class Row(NamedTuple):
    """One line of a table, with the place where it stands."""

    place: str
    when: str
    seen: str
    state: str
    ixazomib: str
    lenalidomide: str
    asked_for: str
    rules: frozenset[str]


@dataclass(frozen=True)
class Case:
    """One case file: the rule it shows, and one table per patient."""

    rule: str
    patients: tuple[tuple[Row, ...], ...]


def listed(cell: str, nothing: str, separator: str | None) -> frozenset[str]:
    """The entries of a cell; the word for nothing means none."""
    return frozenset(entry.strip() for entry in cell.split(separator) if cell != nothing)


def table_lines(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Every table line of a Markdown file: its place and its cells."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("|") and not re.fullmatch(r"[|\s:-]+", line):
            yield f"{path.name}:{number}", [cell.strip() for cell in line.strip().strip("|").split("|")]


def read_case(path: Path) -> Case:
    heading = re.match(r"# (\S+): \S.*\n\n\w", path.read_text(encoding="utf-8"))
    assert heading, f"{path.name}:1: begins with '# RULE-ID: what it shows', an empty line, and a sentence or two"
    patients: list[list[Row]] = []
    for place, cells in table_lines(path):
        if cells == HEADER:
            patients.append([])
            continue
        assert patients, f"{place}: the table begins without its header: {' | '.join(HEADER)}"
        assert len(cells) == len(HEADER), f"{place}: {len(cells)} cells instead of {len(HEADER)}"
        when, seen, state, ixazomib, lenalidomide, asked_for, rules = cells
        named = listed(rules, "-", None)
        patients[-1].append(Row(place, when, seen, state, ixazomib, lenalidomide, asked_for, named))
    return Case(heading[1], tuple(tuple(rows) for rows in patients))


# --- The phrases ----------------------------------------------------------------------------------------------

SIGN = r"(?:(?P<comparator>[<>]=?) )?"
VALUE = rf"{SIGN}(?P<value>\d[\d,]*(?:\.\d+)?)"
DRUG = r"(?P<drug>ixazomib|lenalidomide|dexamethasone)"
MG = r"(?P<dose_mg>\d+(?:\.\d+)?) mg"
OF_DAY = r"(?: of day (?P<scheduled_day>\d+))?"
COUNT_UNITS = {"/mm3": "/mm3", "/µL": "/uL", "× 10³/µL": "10*3/uL", "× 10⁶/L": "10*6/L", "× 10⁹/L": "10*9/L"}
COUNT = rf"{VALUE}(?: (?P<unit>{'|'.join(COUNT_UNITS)}))?"
NEUROPATHY = r"neuropathy grade (?P<grade>\d)(?P<pain> with pain)?"
BILIRUBIN = (
    rf"bilirubin {SIGN}(?:(?P<times_uln>[\d.]+) × ULN|"
    r"(?P<value>[\d.]+) (?P<unit>mg/dL|µmol/L) \(ULN (?P<upper_limit_of_normal>[\d.]+)\))"
)
CLEARANCE = rf"clearance {VALUE} (?P<unit>mL/min)"

EVENTS: dict[str, str] = {
    "neutrophils_measured": f"neutrophils {COUNT}",
    "platelets_measured": f"platelets {COUNT}",
    "bilirubin_measured": BILIRUBIN,
    "creatinine_clearance_measured": CLEARANCE,
    "neuropathy_graded": NEUROPATHY,
    "rash_graded": r"rash grade (?P<grade>\d)",
    "other_toxicity_graded": r"other toxicity: (?P<term>.+) grade (?P<grade>\d)",
    "progression_found": "progression",
    "intolerable_toxicity_declared": "toxicity intolerable",
    "patient_died": "patient died",
    "consent_withdrawn": "consent withdrawn",
    "dose_taken": f"{DRUG} {MG} taken",
    "dose_missed": f"{DRUG}{OF_DAY} missed",
    "dose_delayed": f"{DRUG}{OF_DAY} taken late",
    "dose_vomited": f"{DRUG} vomited",
    "dose_overdosed": f"{DRUG} overdose of {MG}",
    "dose_taken_wrongly": f"{DRUG} taken wrongly: (?P<fault>[a-z ]+)",
}
# What may follow after a comma.
ADDITIONS: dict[str, dict[str, Any]] = {
    "after G-CSF": {"after_g_csf": True},
    "after transfusion": {"after_transfusion": True},
    "on dialysis": {"on_dialysis": True},
    "physician agrees": {"physician_agrees": True},
    "clearly due to ixazomib": {"attribution": "clear"},
    "not clearly due to ixazomib": {"attribution": "not_clear"},
    r"baseline grade (?P<baseline_grade>\d)": {},
    r"of patient (?P<patient>\w+)": {},
    r"id (?P<id>\S+)": {},
}
START_PARTS: dict[str, dict[str, Any]] = {
    r"on (?P<weekday>[A-Z][a-z]+day)(?: (?P<clock_time>\d\d:\d\d))?": {},
    r"(?P<timezone>[A-Z]\w+/\w+)": {},
    "no time zone": {"timezone": None},
    "informed": {"patient_informed": True},
    "not informed": {"patient_informed": False},
    "bilirubin not measured": {"bilirubin": None},
    "clearance not measured": {"creatinine_clearance": None},
    "bilirubin assumed": {"bilirubin": None, "assumed": ("bilirubin",)},
    "clearance assumed": {"creatinine_clearance": None, "assumed": ("creatinine_clearance",)},
    "on dialysis": {"on_dialysis": True},
    r"of patient (?P<patient>\w+)": {},
    r"id (?P<id>\S+)": {},
}
START_MEASUREMENTS = {
    BILIRUBIN: "bilirubin",
    CLEARANCE: "creatinine_clearance",
    f"baseline {NEUROPATHY}": "baseline_neuropathy",
}


def field_of(name: str, words: str) -> Any:
    """What the words of a phrase mean as the field of this name."""
    if name in {"value", "times_uln", "upper_limit_of_normal", "dose_mg"}:
        return Decimal(words.replace(",", ""))
    if name in {"grade", "baseline_grade", "scheduled_day"}:
        return int(words)
    if name == "unit":
        return COUNT_UNITS.get(words, words.replace("µ", "u"))
    if name in {"weekday", "fault"}:
        return words.lower().replace(" ", "_")
    return words if name != "pain" else True


def fields(pattern: str, words: str) -> dict[str, Any] | None:
    """The fields that these words state under this pattern; None when they do not follow it."""
    found = re.fullmatch(pattern, words)
    return found and {name: field_of(name, said) for name, said in found.groupdict().items() if said is not None}


def one_of(patterns: dict[str, dict[str, Any]], words: str) -> dict[str, Any]:
    """The fields of the first pattern that fits; `LookupError` when none does."""
    for pattern, fixed in patterns.items():
        found = fields(pattern, words)
        if found is not None:
            return fixed | found
    raise LookupError(words)


def start(phrase: str) -> dict[str, Any]:
    """The fields of a start; what follows '(usual)' replaces a part of the usual one."""
    event: dict[str, Any] = {"type": "course_started"}
    for part in phrase.removeprefix("starts ").replace("(usual)", USUAL).split(", "):
        measured = {name: found for pattern, name in START_MEASUREMENTS.items() if (found := fields(pattern, part))}
        stated = measured or one_of(START_PARTS, part)
        event |= stated | {"assumed": (*event.get("assumed", ()), *stated.get("assumed", ()))}
    return event


def assessment(phrase: str) -> dict[str, Any]:
    """The fields of an assessment before a new cycle."""
    neutrophils, platelets, toxicities = phrase.removeprefix("before a new cycle: ").split(", ")
    resolved = {"toxicities resolved": True, "toxicities not resolved": False}
    return {
        "type": "cycle_assessed",
        "neutrophils": one_of({f"neutrophils {COUNT}": {}}, neutrophils),
        "platelets": one_of({f"platelets {COUNT}": {}}, platelets),
        "toxicities_resolved": resolved[toxicities],
    }


def event_of(phrase: str) -> dict[str, Any]:
    """The event that a phrase means, still without its date; `LookupError` for an unknown phrase."""
    if phrase.startswith("before a new cycle: "):
        return assessment(phrase)
    if phrase.startswith("starts "):
        return start(phrase)
    what, *added = phrase.split(", ")
    event = one_of({pattern: {"type": kind} for kind, pattern in EVENTS.items()}, what)
    for words in added:
        event |= one_of(ADDITIONS, words)
    return event


def date_of(when: str, zone: tzinfo) -> dict[str, Any]:
    """The date of an event; `LookupError` for an unknown form."""
    if found := re.fullmatch(r"day (\d+)", when):
        return {"day": int(found[1])}
    if not re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d( [+-]\d\d:\d\d)?", when):
        raise LookupError(when)
    at = datetime.fromisoformat(when.replace(" ", "T", 1).replace(" ", ""))
    return {"at": at if at.tzinfo else at.replace(tzinfo=zone)}


def line_of(when: str, seen: str, zone: tzinfo) -> dict[str, Any]:
    """The line of a log that says what is seen, or what was seen otherwise; `LookupError` for an unknown phrase."""
    moment, _, recorded = when.partition("recorded ")
    line = {"recorded_at": date_of(recorded, zone)["at"]} if recorded else {}
    if withdrawn := re.fullmatch(r"withdrawal of (\S+)", seen):
        return line | {"type": "event_withdrawn", "withdraws": withdrawn[1]}
    if corrected := re.fullmatch(r"correction of (\S+): (.+)", seen):
        event = date_of(moment.removesuffix(", "), zone) | event_of(corrected[2])
        return line | {"type": "event_corrected", "corrects": corrected[1], "event": event}
    return line | date_of(moment.removesuffix(", "), zone) | event_of(seen)


# --- The run --------------------------------------------------------------------------------------------------


def dose_cell(mg: float | None, held: bool) -> str:
    if mg is None:
        return "-"
    return f"held ({mg:g})" if held else f"{mg:g}"


def told(status: Status) -> dict[str, str]:
    """The cells that say where the patient stands."""
    return {
        "state": status.words,
        "ixazomib": dose_cell(status.ixazomib_mg, status.ixazomib_held),
        "lenalidomide": dose_cell(status.lenalidomide_mg, status.lenalidomide_held),
    }


def agree(row: Row, got: dict[str, Any], rules: set[str]) -> None:
    """The line says what the course says, and every rule it names is among those cited."""
    expected = {name: getattr(row, name) for name in ("state", "ixazomib", "lenalidomide")}
    expected["asked for"] = listed(row.asked_for, "nothing", ";")
    expected["rules not cited"] = set()
    assert expected == got | {"rules not cited": set(row.rules - rules)}, f"{row.place}: {row.when}: {row.seen}"


def check_event(course: Course, row: Row, zone: tzinfo) -> None:
    before = course.snapshot()
    seen = line_of(row.when, row.seen, zone)
    try:
        record = course.observe(parse_line(seen))
    except (CourseRefusal, InputError) as refusal:
        message = str(refusal)
        assert course.snapshot() == before, f"{row.place}: a refused event has moved the course"
        expected = row.asked_for.removeprefix("refused: ")
        asked_for = row.asked_for if expected != row.asked_for and expected in message else f"refused: {message}"
        agree(row, told(course.status) | {"asked for": {asked_for}}, {rule for rule in row.rules if rule in message})
        return
    assert record.words == course.status.words, f"{row.place}: the record and the course differ"
    orders = {str(order) for order in record.orders}
    agree(row, told(course.status) | {"asked for": orders}, set(record.rules))


def as_written(dose: Dose, entries: frozenset[str]) -> str:
    """A dose in words; a way of taking it, in brackets, belongs to them when the line asks for it and it is true."""
    words = f"{dose.drug} {dose.mg:g} mg"
    for entry in entries:
        found = re.fullmatch(rf"{re.escape(words)} \((.+)\)", entry)
        if found and found[1] in "; ".join(dose.how):
            return entry
    return words


def check_due(course: Course, row: Row, zone: tzinfo) -> None:
    """The doses of a day, by what is known when its weekly clock time comes."""
    dates, date = course.calendar, date_of(row.when, zone)
    assert dates, f"{row.place}: nothing can be due before the start"
    day = date["day"] if "day" in date else dates.day(date["at"])
    at = dates.moment(day).astimezone(UTC)
    status = course.status_at(day)
    doses = doses_due(day, status, dates, EDITION)
    for dose in doses:
        assert dose.at.astimezone(UTC) == date.get("at", at).astimezone(UTC), f"{row.place}: due at {dose.at}"
    asked_for = {as_written(dose, listed(row.asked_for, "nothing", ";")) for dose in doses}
    agree(row, told(status) | {"asked for": asked_for}, {rule for dose in doses for rule in dose.rules})


def check_patient(rows: tuple[Row, ...]) -> None:
    course, zone = Course(PATIENT), ZoneInfo(ZONE)
    for row in rows:
        try:
            if row.seen.startswith("starts "):
                zone = ZoneInfo(event_of(row.seen).get("timezone") or ZONE)
            check = check_due if row.seen == "due" else check_event
            check(course, row, zone)
        except LookupError as unknown:
            pytest.fail(f"{row.place}: unknown phrase {unknown}; tests/cases/README.md lists them all")


# --- The tests ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    case = read_case(path)
    assert case.rule == path.stem, f"{path.name}:1: the heading names {case.rule}"
    assert case.patients, f"{path.name}: no table"
    for rows in case.patients:
        check_patient(rows)
    named = {rule for rows in case.patients for row in rows for rule in row.rules}
    assert case.rule in named, f"{path.name}: no line shows {case.rule} at work"


def test_every_acting_rule_has_a_case() -> None:
    assert ACTING - {path.stem for path in FILES} == set()


def test_every_case_is_of_an_acting_rule() -> None:
    assert {path.stem for path in FILES} - ACTING == set()


def phrases_of_the_readme() -> list[str]:
    cells = (cells[0] for _, cells in table_lines(CASES / "README.md"))
    return [cell.strip("`") for cell in cells if cell.startswith("`")]


def test_the_readme_shows_a_phrase_for_every_field_of_every_event() -> None:
    said: set[tuple[str, str]] = set()
    for phrase in phrases_of_the_readme():
        event = event_of(phrase)
        parse_event(event | {"day": 1})
        said |= {(event["type"], name) for name in event}
    for kind in get_args(get_args(AnyEvent)[0]):
        kind_said = {name for said_of, name in said if said_of == kind.model_fields["type"].default}
        assert set(kind.model_fields) - set(Event.model_fields) <= kind_said, kind
    assert "patient" in {name for _, name in said}


def test_an_unknown_phrase_is_reported_with_its_place(tmp_path: Path) -> None:
    case = (CASES / "ANC-01.md").read_text(encoding="utf-8").replace("neutrophils 499", "leucocytes 499")
    changed = tmp_path / "ANC-01.md"
    changed.write_text(case, encoding="utf-8")
    with pytest.raises(pytest.fail.Exception, match=r"ANC-01\.md:\d+: unknown phrase leucocytes 499"):
        test_case(changed)


def test_a_wrong_expectation_fails(tmp_path: Path) -> None:
    case = (CASES / "ANC-01.md").read_text(encoding="utf-8").replace("hold lenalidomide; ", "")
    changed = tmp_path / "ANC-01.md"
    changed.write_text(case, encoding="utf-8")
    with pytest.raises(AssertionError, match=r"ANC-01\.md:\d+"):
        test_case(changed)
