"""The machine of the page is equal to Python's: every move, every meaning on and beside every number, and courses.

The machine runs in Node. The last tests put faults into its tables and see that the comparison finds them.
"""

from __future__ import annotations

import copy
import json
import subprocess
from array import array
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import product
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ixastate import units
from ixastate.course.alphabet import Attribution
from ixastate.editions import DEFAULT_EDITION
from ixastate.fields import json_text
from ixastate.measurements import LONGEST_UNIT
from ixastate.page.meanings import SIGNS, count_units, stated
from ixastate.page.packing import packed
from ixastate.page.tables import tables
from ixastate.rules import load_edition
from ixastate.rules.terms import load_terms
from ixastate.table.table import Table
from ixastate.testing.suites.make import COVERS, RandomWalks, make_suite
from tests import test_cases as cases
from tests.page_tools import DAYS, NODE, SCRIPTS, Answer, differences, in_node, in_python, needs_node
from tests.test_units import PER_MM3

pytestmark = needs_node

EDITION = load_edition()
START: dict[str, Any] = {
    "type": "course_started",
    "day": 1,
    "weekday": "monday",
    "clock_time": "08:00",
    "patient_informed": True,
    "bilirubin": {"times_uln": 0.8},
    "creatinine_clearance": {"value": 90, "unit": "mL/min"},
}
# What is tried beside a number of the rules.
BESIDE = (Decimal(0), Decimal("0.001"), Decimal(1), Decimal("-0.001"), Decimal(-1))
BIT = Decimal("0.000000001")
# A second course in which every recovery ends something: episodes are open.
OPEN: tuple[dict[str, Any], ...] = (
    {"type": "neutrophils_measured", "day": 2, "value": 10, "unit": "/mm3"},
    {"type": "platelets_measured", "day": 2, "value": 10, "unit": "/mm3"},
    {"type": "neuropathy_graded", "day": 2, "grade": 3},
    {"type": "rash_graded", "day": 2, "grade": 3},
)
Course = list[dict[str, Any]]


def compared(folder: Path, courses: list[Course], edition: str = DEFAULT_EDITION, data: Any = None) -> list[str]:
    days = DAYS if data is None else 0
    ours, _ = in_node(folder, data or tables(edition), courses, days=days)
    return differences(courses, ours, in_python(courses, edition, days=days))


# --- Every move -----------------------------------------------------------------------------------------------


def whole(edition: str) -> array[int]:
    """The table as the driver writes that of the page; a status is its number among the different ones."""
    table = Table.of(edition)
    known = {status: number for number, status in enumerate(dict.fromkeys(table.statuses))}
    return array("i", [*table.next, *table.output, *(known[status] for status in table.statuses)])


@pytest.mark.parametrize("edition", [DEFAULT_EDITION, "us-label"])
def test_every_move_is_that_of_the_table(edition: str, tmp_path: Path) -> None:
    _, numbers = in_node(tmp_path, tables(edition), [], moves=True)
    assert numbers == whole(edition)


def test_every_output_and_every_status_says_what_the_table_says() -> None:
    table, data = Table.of(), tables()
    for number, output in enumerate(data["outputs"]):
        assert [data["orders"][order]["words"] for order in output["orders"]] == list(map(str, table.orders[number]))
        assert [data["rules"][rule]["id"] for rule in output["rules"]] == list(table.rules[number])
        assert [data["edges"][edge] for edge in output["edges"]] == [
            str(table.graph.edges[e]) for e in table.edges[number]
        ]
    different = list(dict.fromkeys(table.statuses))
    assert [status["words"] for status in data["statuses"]] == [status.words for status in different]
    assert [status["place"] for status in data["statuses"]] == [status.place for status in different]


# --- Every meaning --------------------------------------------------------------------------------------------


def numbers(edition: str = DEFAULT_EDITION) -> list[Decimal]:
    """On and beside every number that a rule states."""
    found = {point + step for point in stated(load_edition(edition)) for step in (*BESIDE, BIT, -BIT)}
    return sorted(number for number in found if number >= 0)


def plain(number: Decimal) -> Decimal:
    """A number in the digits that it needs."""
    return Decimal(f"{number.normalize():f}")


def signed(fields: dict[str, Any], sign: str | None) -> dict[str, Any]:
    return {**fields, "comparator": sign} if sign else fields


def after_start(*events: dict[str, Any]) -> Iterator[Course]:
    """A course of these events, and the same while episodes are open."""
    for before in ((START,), (START, *OPEN)):
        yield [*before, *({**event, "day": 3} for event in events)]


def counts(kind: str, supported: str, edition: str) -> Iterator[Course]:
    for number, (power, unit), sign in product(numbers(edition), count_units().items(), SIGNS):
        value = plain(number.scaleb(-power))
        for support in (False, True):
            event = signed({"type": kind, "value": value, "unit": unit, supported: support}, sign)
            yield [START, {**event, "day": 3}]


def organs() -> Iterator[Course]:
    for number, sign in product(numbers(), SIGNS):
        for limit in ("1", "1.2", "17"):
            value = plain(number * Decimal(limit))
            part = {"value": value, "unit": "mg/dL", "upper_limit_of_normal": limit}
            yield [START, signed({"type": "bilirubin_measured", "day": 3, **part}, sign)]
        times = signed({"times_uln": plain(number)}, sign)
        clearance = signed({"value": plain(number), "unit": "mL/min"}, sign)
        yield [START, {"type": "bilirubin_measured", "day": 3, **times}]
        for dialysis in (False, True):
            event = {"type": "creatinine_clearance_measured", "day": 3, **clearance, "on_dialysis": dialysis}
            yield [START, event]
            yield [{**START, "creatinine_clearance": clearance, "on_dialysis": dialysis}]
        yield [{**START, "bilirubin": times}]


def starts() -> Iterator[Course]:
    """Organ functions together: values of every class, left out and assumed."""
    few = [number for number in numbers() if number <= 100]
    livers = [{"bilirubin": signed({"times_uln": plain(n)}, sign)} for n in few for sign in SIGNS if n < 5]
    kidneys = [
        {"creatinine_clearance": signed({"value": plain(n), "unit": "mL/min"}, sign)} for n in few for sign in SIGNS
    ]
    bare = {name: value for name, value in START.items() if name not in ("bilirubin", "creatinine_clearance")}
    livers += [{}, {"assumed": ["bilirubin"]}]
    kidneys += [{}, {"assumed": ["creatinine_clearance"]}]
    for liver, kidney, dialysis, informed in product(
        livers[::3] + livers[-2:], kidneys[::7] + kidneys[-2:], *2 * [(False, True)]
    ):
        assumed = [*liver.get("assumed", []), *kidney.get("assumed", [])]
        event = bare | liver | kidney | {"on_dialysis": dialysis, "patient_informed": informed}
        yield [event | ({"assumed": assumed} if assumed else {})]


def grades() -> Iterator[Course]:
    for grade in range(6):
        yield from after_start({"type": "rash_graded", "grade": grade})
    for base, pained, grade, pain, agrees in product(range(5), (False, True), range(6), (False, True), (False, True)):
        start = {**START, "baseline_neuropathy": {"grade": base, "pain": pained}}
        event = {"type": "neuropathy_graded", "day": 3, "grade": grade, "pain": pain, "physician_agrees": agrees}
        yield [start, event]
        yield [start, *OPEN, event]


def terms() -> Iterator[Course]:
    listed = [group.names[0] for group in load_terms().terms]
    listed += ["Anämie", " Rash, maculo-papular ", "ANAEMIA", "œdema", "Peripheral sensory neuropathy grade 2"]
    causes: tuple[Attribution, ...] = (None, "clear", "not_clear")
    opened: dict[str, Any] = {"type": "other_toxicity_graded", "day": 2, "grade": 3}
    before: list[Course] = [[], [{**opened, "term": "nausea"}]]
    before += [[{**opened, "term": "nausea", "attribution": cause}] for cause in causes[1:]]
    before += [
        [*one, {**opened, "term": "vomiting"}, {**opened, "term": "fatigue", "attribution": "clear"}] for one in before
    ]
    closed = {**opened, "term": "fatigue", "grade": 0, "attribution": "clear", "physician_agrees": True}
    before += [[*one, closed] for one in before[4:]]
    everything = product(range(6), causes, (False, True), range(4))
    for grade, cause, agrees, base in everything:
        event = {**opened, "day": 3, "grade": grade, "physician_agrees": agrees, "baseline_grade": base}
        event |= {"attribution": cause} if cause else {}
        for earlier in before:
            yield [START, *earlier, {**event, "term": "Nausea"}]
        for term in listed:
            yield [START, {**event, "term": term}]


def assessments(edition: str) -> Iterator[Course]:
    dice = Random(7)
    spelled = list(count_units().items())
    points = numbers(edition)
    for _ in range(1500):
        parts = {}
        for name in ("neutrophils", "platelets"):
            power, unit = dice.choice(spelled)
            value = plain(dice.choice(points).scaleb(-power))
            parts[name] = signed({"value": value, "unit": unit}, dice.choice([None, None, *SIGNS]))
        resolved = dice.choice([True, True, False])
        yield from after_start({"type": "cycle_assessed", **parts, "toxicities_resolved": resolved})


MEANINGS: dict[str, Callable[[str], Iterator[Course]]] = {
    "neutrophils": lambda edition: counts("neutrophils_measured", "after_g_csf", edition),
    "platelets": lambda edition: counts("platelets_measured", "after_transfusion", edition),
    "organs": lambda edition: organs(),
    "starts": lambda edition: starts(),
    "grades": lambda edition: grades(),
    "terms": lambda edition: terms(),
    "assessments": assessments,
}


@pytest.mark.parametrize("which", MEANINGS)
def test_every_meaning_on_and_beside_every_number(which: str, tmp_path: Path) -> None:
    courses = list(MEANINGS[which](DEFAULT_EDITION))
    assert len(courses) > 200
    assert compared(tmp_path, courses) == []


def test_criteria_for_a_new_cycle(tmp_path: Path) -> None:
    assert compared(tmp_path, list(assessments("us-label")), "us-label") == []


SPELLED = r"""
const [folder] = process.argv.slice(1);
require(require("node:path").join(folder, "units.js"));
const { parts, spelled } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const { cellsPower, spells } = globalThis.ixastateUnits;
const others = [parts.bilirubin, parts.clearance];
const answers = spelled.map((unit) => [cellsPower(parts.count, unit), ...others.map((one) => spells(one, unit))]);
process.stdout.write(JSON.stringify(answers));
"""


def spellings() -> list[str]:
    """Those tested by hand, some that are left out, and some put together at random, of which a third is spoiled."""
    found = [unit for listed in PER_MM3.values() for unit in listed.replace("_", " ").split()]
    found += [unit for group in units.parts("count")["cells"] for unit in (group, f"{group}/uL", f"10^3 {group}/µL")]
    found += [
        spelled for kind in ("bilirubin", "clearance") for listed in units.parts(kind).values() for spelled in listed
    ]
    found += [
        "g/L",
        "G/L",
        "g/l",
        "K/L",
        "10^3/L",
        "109/L",
        "%",
        "",
        " ",
        "/",
        "mg/L",
        "mL/min/1.73m2",
        "mg / dL",
        "㎎/dl",
    ]
    parts, dice = units.parts("count"), Random(11)
    names = [name for volume in parts["volume"] for name in volume["names"]]
    powers = [form.replace("{n}", str(n)) for form in parts["power"] for n in parts["powers_of_ten"]]
    numbers_before = [*powers, *parts["words"], *parts["as_written"]]
    for _ in range(20_000):
        cells = dice.choice([*parts["cells"], "", "", ""])
        before = dice.choice(parts["times"]) + dice.choice(numbers_before)
        unit = (
            dice.choice([before + cells, cells + before]) + dice.choice(["/", "/", " per ", "."]) + dice.choice(names)
        )
        unit = dice.choice([unit, unit.upper(), f"{unit}-1", unit.replace("/", " / ")])
        if dice.random() < 0.3:
            place = dice.randrange(len(unit) + 1)
            unit = unit[:place] + dice.choice(["", "x", "9", "µ", "²", "/"]) + unit[place + dice.randrange(2) :]
        found.append(unit)
    return found


def test_every_spelling_of_a_unit_means_the_same() -> None:
    asked = spellings()
    parts = tables()["units"]
    assert NODE is not None
    done = subprocess.run(
        [NODE, "-e", SPELLED, str(SCRIPTS)],
        input=json.dumps({"parts": parts, "spelled": asked}),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    right = [
        [
            units.cells_power(unit) if len(unit) <= LONGEST_UNIT else None,
            len(unit) <= LONGEST_UNIT and units.bilirubin_unit(unit) is not None,
            len(unit) <= LONGEST_UNIT and units.clearance_unit(unit) is not None,
        ]
        for unit in asked
    ]
    wrong = [
        (unit, one, other)
        for unit, one, other in zip(asked, json.loads(done.stdout), right, strict=True)
        if one != other
    ]
    assert wrong == []
    known = sum(power is not None for power, _, _ in right)
    assert 2000 < known < len(asked) - 2000


# --- Courses --------------------------------------------------------------------------------------------------


def as_json(event: Any) -> Any:
    """An event of a worked case as a log has it."""
    if isinstance(event, dict):
        return {name: as_json(value) for name, value in event.items() if value is not None}
    if isinstance(event, list | tuple):
        return [as_json(value) for value in event]
    if isinstance(event, datetime):
        return event.isoformat()
    return event


@cache
def worked() -> list[Course]:
    """The courses of the worked cases; those with lines that were recorded later are not for the page."""
    found = []
    for path in cases.FILES:
        for rows in cases.read_case(path).patients:
            zone = ZoneInfo(cases.ZONE)
            lines = []
            for row in rows:
                if row.seen == "due":
                    continue
                if row.seen.startswith("starts "):
                    zone = ZoneInfo(cases.event_of(row.seen).get("timezone") or cases.ZONE)
                lines.append(as_json(cases.line_of(row.when, row.seen, zone)))
            if not any("recorded_at" in line for line in lines):
                lines[0].setdefault("patient", cases.PATIENT)
                found.append(lines)
    return found


def test_the_worked_cases(tmp_path: Path) -> None:
    assert len(worked()) > 100
    assert compared(tmp_path, worked()) == []


@cache
def suites(*covers: str, edition: str = DEFAULT_EDITION, courses: int = 200) -> list[Course]:
    suite = make_suite(covers, edition, RandomWalks(courses=courses))
    return [[json.loads(json_text(step.event)) for step in course.steps] for course in suite.courses]


# Those of every configuration are many; the moves are compared above.
@pytest.mark.parametrize("cover", [name for name in COVERS if name != "configurations"])
def test_the_suites(cover: str, tmp_path: Path) -> None:
    assert compared(tmp_path, suites(cover)) == []


@pytest.mark.parametrize("edition", ["us-label", "what-if-confirm", "what-if-persist"])
def test_the_suites_of_other_editions(edition: str, tmp_path: Path) -> None:
    assert compared(tmp_path, suites("edges", "walks", edition=edition, courses=100), edition) == []


@pytest.mark.exhaustive
def test_ten_thousand_walks(tmp_path: Path) -> None:
    assert compared(tmp_path, suites("walks", courses=10_000)) == []


def dated(course: Course, zone: str, dice: Random) -> Course:
    """A course of days on dates in a zone: each event at some hour of its day."""
    begin = datetime(2026, 3, dice.randrange(1, 29), 0, 0, tzinfo=ZoneInfo(zone))
    found = []
    before = begin
    for event in course:
        day = event["day"]
        at = datetime.fromordinal(begin.toordinal() + day - 1).replace(
            hour=dice.randrange(24), minute=dice.randrange(60), second=dice.randrange(60), tzinfo=ZoneInfo(zone)
        )
        at = max(at, before, key=lambda one: one.timestamp())
        before = at
        found.append({name: value for name, value in event.items() if name != "day"} | {"at": at.isoformat()})
    found[0] |= {"timezone": zone, "clock_time": dice.choice(["00:30", "02:30", "08:00", "23:59"])}
    return found


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
def test_courses_with_dates(zone: str, tmp_path: Path) -> None:
    """Over changes of the clocks, with offsets of half hours; events that are out of place are refused by both."""
    dice = Random(zone)
    assert compared(tmp_path, [dated(course, zone, dice) for course in suites("walks")[:100]]) == []


# Changes of the clocks, at night and at midnight: the zone, the date on which they change, its weekday and a clock time
# that is skipped or shown twice.
CHANGES = [
    ("Europe/Berlin", "2026-03-29", "sunday", "02:30"),
    ("Europe/Berlin", "2026-10-25", "sunday", "02:30"),
    ("America/New_York", "2026-11-01", "sunday", "01:15"),
    ("Australia/Lord_Howe", "2026-10-04", "sunday", "02:15"),
    ("Asia/Beirut", "2026-03-29", "sunday", "00:30"),
    ("Africa/Cairo", "2026-04-24", "friday", "00:00"),
    ("America/Havana", "2026-11-01", "sunday", "00:30"),
]


def around_a_slot(zone: str, date: str, weekday: str, clock: str) -> Iterator[Course]:
    """Courses of which a slot falls on the change of the clocks, with reports around it and around its last moment."""
    slot = datetime.fromisoformat(f"{date}T{clock}:00").replace(tzinfo=ZoneInfo("UTC"))
    for weeks, hours in product((0, 1), (0, -72)):
        begin = slot - timedelta(days=7 * weeks, hours=12)
        start = {name: value for name, value in START.items() if name != "day"}
        start |= {"at": begin.isoformat(), "weekday": weekday, "clock_time": clock, "timezone": zone}
        for quarter in range(-24, 60):
            at = slot + timedelta(hours=hours, minutes=15 * quarter)
            for kind in ("dose_missed", "dose_taken"):
                event = {"type": kind, "at": at.isoformat(), **({"dose_mg": 4} if kind == "dose_taken" else {})}
                again = {"type": "dose_delayed", "at": (at + timedelta(minutes=1)).isoformat()}
                yield [start, event, again]


@pytest.mark.parametrize(("zone", "date", "weekday", "clock"), CHANGES)
def test_slots_on_a_change_of_the_clocks(zone: str, date: str, weekday: str, clock: str, tmp_path: Path) -> None:
    assert compared(tmp_path, list(around_a_slot(zone, date, weekday, clock))) == []


def doses() -> Iterator[Course]:
    """Reports about doses, close to slots and to the last moments at which a dose may be late, some before the slot."""
    dice = Random(5)
    start = {name: value for name, value in START.items() if name != "day"} | {"at": "2026-03-02T07:00:00Z"}
    slot = datetime(2026, 3, 2, 8, tzinfo=ZoneInfo("UTC"))
    for _ in range(600):
        moments = sorted(
            slot + timedelta(days=dice.choice([0, 7, 14, 28, 4, 11]), minutes=dice.choice([0, *range(-90, 91, 15)]))
            for _ in range(10)
        )
        course: Course = [start]
        for at in moments:
            kind = dice.choice(["dose_missed", "dose_delayed", "dose_taken", "dose_vomited", "dose_overdosed"])
            event: dict[str, Any] = {"type": kind, "at": at.isoformat()}
            if kind in ("dose_missed", "dose_delayed") and dice.random() < 0.6:
                event["scheduled_day"] = dice.choice([1, 8, 15, 29])
            if kind in ("dose_taken", "dose_overdosed"):
                event["dose_mg"] = dice.choice([4, 3, 2.3, 8])
            if dice.random() < 0.1:
                event = {"type": "neutrophils_measured", "at": at.isoformat(), "unit": "/uL"}
                event["value"] = dice.choice([400, 600])
            course.append(event)
        yield course


def early() -> Iterator[Course]:
    """A missed dose, and then everything that may be reported early on the day of the next one, and once later.

    A dose that is taken late after all takes back what the next one was told of it.
    """
    start = {name: value for name, value in START.items() if name != "day"} | {"at": "2026-03-02T07:00:00Z"}
    said: list[dict[str, Any]] = [
        {"type": "dose_taken", "dose_mg": 4},
        {"type": "dose_taken", "dose_mg": 8},
        {"type": "dose_delayed", "scheduled_day": 1},
        {"type": "dose_missed", "scheduled_day": 1},
        {"type": "dose_vomited"},
    ]
    for chosen in product(said, repeat=4):
        times = ("07:00", "07:10", "07:20", "08:30")
        reports = [{**one, "at": f"2026-03-09T{time}:00Z"} for one, time in zip(chosen, times, strict=True)]
        yield [start, {"type": "dose_missed", "at": "2026-03-03T08:00:00Z"}, *reports]


@pytest.mark.parametrize("reports", [doses, early])
def test_reports_about_doses(reports: Callable[[], Iterator[Course]], tmp_path: Path) -> None:
    assert compared(tmp_path, list(reports())) == []


# --- What is no event -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "event",
    [
        {"type": "nothing", "day": 2},
        {"type": "rash_graded", "day": 2, "grade": 6},
        {"type": "rash_graded", "day": 2, "grade": "2"},
        {"type": "rash_graded", "day": 2},
        {"type": "rash_graded", "grade": 2},
        {"type": "rash_graded", "day": 0, "grade": 2},
        {"type": "rash_graded", "day": 2, "grade": 2, "colour": "red"},
        {"type": "rash_graded", "day": 2, "at": "2026-01-05T08:00:00Z", "grade": 2},
        {"type": "neutrophils_measured", "day": 2, "value": 499},
        {"type": "neutrophils_measured", "day": 2, "value": 499, "unit": "K"},
        {"type": "neutrophils_measured", "day": 2, "value": -1, "unit": "/mm3"},
        {"type": "neutrophils_measured", "day": 2, "value": "many", "unit": "/mm3"},
        {"type": "neutrophils_measured", "day": 2, "value": "500", "unit": "/mm3"},
        {"type": "neutrophils_measured", "day": 2, "value": 1e9, "unit": "/mm3"},
        {"type": "neutrophils_measured", "day": 2, "value": 5, "unit": "/mm3", "after_g_csf": 1},
        {"type": "neutrophils_measured", "day": 2, "value": None, "unit": "/mm3"},
        {"type": "bilirubin_measured", "day": 2, "value": 3, "unit": "mg/dL"},
        {"type": "bilirubin_measured", "day": 2, "value": 3, "unit": "mg/dL", "upper_limit_of_normal": 0},
        {"type": "bilirubin_measured", "day": 2, "times_uln": 3, "value": 3},
        {"type": "cycle_assessed", "day": 2, "neutrophils": 500, "platelets": 3, "toxicities_resolved": True},
        {"type": "other_toxicity_graded", "day": 2, "term": " ", "grade": 2},
        {"type": "other_toxicity_graded", "day": 2, "term": "nausea", "grade": 2, "attribution": "perhaps"},
        {"type": "dose_taken", "day": 2, "drug": "aspirin", "dose_mg": 4},
        {"type": "dose_taken", "day": 2, "dose_mg": 0},
        {"type": "dose_missed", "day": 2, "scheduled_day": 2},
        {"type": "dose_taken_wrongly", "day": 2, "fault": "without_food"},
        {"type": "event_withdrawn", "withdraws": "a"},
    ],
    ids=str,
)
def test_what_is_refused_there_is_refused_here(event: dict[str, Any], tmp_path: Path) -> None:
    course = [START, event]
    ((_, ours),), _ = in_node(tmp_path, tables(), [course])
    ((_, theirs),) = in_python([course], DEFAULT_EDITION)
    assert "refused" in ours
    assert "refused" in theirs


# --- The comparison can fail ----------------------------------------------------------------------------------


def spoiled(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    data = copy.deepcopy(tables())
    change(data)
    return data


def test_a_wrong_move_is_found(tmp_path: Path) -> None:
    table, data = Table.of(), tables()
    wrong = list(table.next)
    width = len(table.symbols)
    move = 1000 * width + table.columns[table.symbols[-1]]
    wrong[move] = (wrong[move] + 1) % len(table.configurations)
    rows = range(len(table.configurations))
    changed = {**data, "next": packed(wrong[row * width + column] - row for column in range(width) for row in rows)}
    _, numbers = in_node(tmp_path, changed, [], moves=True)
    assert [
        at for at, (one, other) in enumerate(zip(numbers, whole(DEFAULT_EDITION), strict=True)) if one != other
    ] == [move]


def a_limit_is_499(data: dict[str, Any]) -> None:
    axis = data["meanings"]["neutrophils_measured"]["axes"][0]
    axis["points"][1] = "499"


def a_rule_is_lost(data: dict[str, Any]) -> None:
    number = next(number for number, rule in enumerate(data["rules"]) if rule["id"] == "ANC-04")
    for output in data["outputs"]:
        output["rules"] = [rule for rule in output["rules"] if rule != number]


def a_late_dose_has_71_hours(data: dict[str, Any]) -> None:
    data["calendar"]["late_hours"] = 71


def a_term_stays_open(data: dict[str, Any]) -> None:
    for answer in data["meanings"]["other_toxicity_graded"]["answers"]:
        if answer.get("term") == "closed":
            answer["term"] = {"attribution": None}


@pytest.mark.parametrize("fault", [a_limit_is_499, a_rule_is_lost, a_late_dose_has_71_hours, a_term_stays_open])
def test_a_fault_in_the_tables_is_found(fault: Callable[[dict[str, Any]], object], tmp_path: Path) -> None:
    courses = [*suites("walks"), *suites("boundaries"), *worked()]
    assert compared(tmp_path, courses, data=spoiled(fault))


def test_damaged_tables_are_refused(tmp_path: Path) -> None:
    short = {**tables(), "next": tables()["status"]}
    with pytest.raises(AssertionError, match="the tables of this page are damaged"):
        in_node(tmp_path, short, [])
    with pytest.raises(AssertionError, match="format 0, which is not known"):
        in_node(tmp_path, {**tables(), "format": 0}, [])


def test_answers_that_differ_are_told() -> None:
    one: Answer = {"words": "active at 4 mg"}
    assert differences([[{}]], [[one]], [[{"refused": "no"}]])
    assert differences([[{}]], [[{"refused": "yes"}]], [[{"refused": "no"}]]) == []
