"""The doors of one patient's course: logs of events and of records, snapshots, and the calendars made of them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from icalendar import Calendar

from ixastate.course.course import Course
from ixastate.course.log import dump, read_stream
from ixastate.course.replay import Replayed, replay_log
from ixastate.course.timeline import timeline
from ixastate.errors import CourseRefusal, IxastateError
from ixastate.events import parse_event
from ixastate.exchange.ics import icalendar, taken_back
from ixastate.rules import EDITIONS
from tests.fuzz import mutate
from tests.fuzz.run import Door

ROOT = Path(__file__).parent.parent.parent
MORNING = datetime(2026, 3, 2, 7, tzinfo=UTC)
STARTS: list[dict[str, Any]] = [
    {
        "type": "course_started",
        "weekday": "monday",
        "clock_time": clock,
        "patient_informed": True,
        "bilirubin": {"times_uln": 1},
        "creatinine_clearance": clearance,
        **more,
    }
    for clock, clearance, more in (
        ("08:00", {"value": 90, "unit": "mL/min"}, {}),
        ("08:00", {"value": 90, "unit": "mL/min"}, {"timezone": "Europe/Berlin"}),
        ("23:59", {"value": 45, "unit": "mL/min"}, {"timezone": "Pacific/Auckland", "on_dialysis": False}),
        ("00:00", {"value": 20.5, "unit": "mL/min", "comparator": "<"}, {"on_dialysis": True}),
        ("02:30", {"value": 29, "unit": "mL/min"}, {"baseline_neuropathy": {"grade": 1, "pain": True}}),
    )
]
FACTS: list[dict[str, Any]] = [
    {"type": "neutrophils_measured", "value": 420, "unit": "/mm3"},
    {"type": "neutrophils_measured", "value": 0.5, "unit": "10*9/L", "after_g_csf": True},
    {"type": "platelets_measured", "value": 29.999, "unit": "10*9/L"},
    {"type": "platelets_measured", "value": 30, "unit": "10*3/uL", "comparator": "<="},
    {"type": "bilirubin_measured", "value": 31.6, "unit": "umol/L", "upper_limit_of_normal": 21},
    {"type": "creatinine_clearance_measured", "value": 59.9, "unit": "mL/min", "on_dialysis": True},
    {"type": "neuropathy_graded", "grade": 2, "pain": True},
    {"type": "neuropathy_graded", "grade": 0, "physician_agrees": True},
    {"type": "rash_graded", "grade": 3},
    {"type": "rash_graded", "grade": 1},
    {"type": "other_toxicity_graded", "term": "nausea", "grade": 3, "attribution": "clear"},
    {"type": "other_toxicity_graded", "term": "Nausea", "grade": 0, "physician_agrees": True, "baseline_grade": 1},
    {
        "type": "cycle_assessed",
        "neutrophils": {"value": 999, "unit": "/mm3"},
        "platelets": {"value": 75, "unit": "10*9/L"},
        "toxicities_resolved": True,
    },
    {"type": "dose_taken", "dose_mg": 4},
    {"type": "dose_taken", "drug": "lenalidomide", "dose_mg": 25},
    {"type": "dose_missed", "scheduled_day": 8},
    {"type": "dose_delayed"},
    {"type": "dose_vomited"},
    {"type": "dose_overdosed", "dose_mg": 8},
    {"type": "dose_taken_wrongly", "fault": "crushed"},
    {"type": "progression_found"},
    {"type": "consent_withdrawn"},
]


def course(rng: Random) -> list[dict[str, Any]]:
    """A course as lines of a log: dated by days or dates, and perhaps with lines that correct and withdraw."""
    dated, recorded = rng.random() < 0.6, rng.random() < 0.4
    day, lines = 1, []
    for number, facts in enumerate((rng.choice(STARTS), *rng.choices(FACTS, k=rng.randrange(1, 8)))):
        line: dict[str, Any] = dict(facts)
        at = MORNING + timedelta(days=day - 1, minutes=number)
        line |= {"at": at.isoformat()} if dated else {"day": day}
        if recorded:
            line |= {"id": f"e{number}", "recorded_at": (at + timedelta(hours=3)).isoformat()}
        lines.append(line)
        day += rng.choice((0, 1, 6, 7, 7, 7, 21))
    if recorded:
        late = (MORNING + timedelta(days=day + 30)).isoformat()
        one, other = rng.choice(lines), rng.choice(lines)
        corrected = {name: part for name, part in one.items() if name not in ("id", "recorded_at")}
        lines.append({"type": "event_corrected", "corrects": one["id"], "recorded_at": late, "event": corrected})
        if rng.random() < 0.5:
            lines.append({"type": "event_withdrawn", "withdraws": other["id"], "recorded_at": late})
    if rng.random() < 0.3:
        lines = [{"patient": "A", **line} for line in lines]
    return lines


@cache
def examples() -> tuple[list[list[str]], list[list[str]], list[str]]:
    """Logs of events, the logs of their records, and snapshots of their courses; all of them valid."""
    events = [path.read_text(encoding="utf-8").splitlines() for path in sorted((ROOT / "examples").glob("*.jsonl"))]
    old = ROOT / "tests" / "data" / "version-0.1"
    events.append((old / "events.jsonl").read_text(encoding="utf-8").splitlines()[:14])
    rng = Random(1)
    events += [[json.dumps(line) for line in course(rng)] for _ in range(60)]
    records, snapshots = [], [(old / "snapshot.json").read_text(encoding="utf-8")]
    records += [
        (old / name).read_text(encoding="utf-8").splitlines()[:12]
        for name in ("records.jsonl", "records-us-label.jsonl")
    ]
    for number, log in enumerate(events):
        edition = list(EDITIONS)[number % len(EDITIONS)] if number % 3 == 0 else None
        content = "\n".join(log).encode()
        steps = list(_until_refused(replay_log(read_stream(io.BytesIO(content), "log"), edition)))
        records.append([dump(step.record) for step in steps])
        snapshots.append(steps[-1].course.snapshot().model_dump_json())
    return events, records, snapshots


def _until_refused(steps: Iterator[Replayed]) -> Iterator[Replayed]:
    try:
        yield from steps
    except CourseRefusal:
        return


# --- Logs ------------------------------------------------------------------------------------------------------------


def _log_of(rng: Random, logs: list[list[str]]) -> bytes:
    log = list(rng.choice(logs))
    others = rng.choice(logs)
    text = ""
    for _ in range(rng.choice((1, 1, 1, 2))):
        kind = rng.randrange(10)
        if kind < 6 and log:
            place = rng.randrange(len(log))
            try:
                data = json.loads(log[place])
            except (ValueError, RecursionError):
                continue
            log[place] = mutate.as_json(rng, mutate.value(rng, data, [json.loads(rng.choice(others))]))
        elif kind == 6:
            log = mutate.lines(rng, log, others)
        elif kind == 7 and log:
            place = rng.randrange(len(log))
            log[place] = mutate.characters(rng, log[place])
    text = rng.choice(("\n", "\n", "\n", "\r\n", "\n\n", "\r")).join(log) + rng.choice(("\n", "\n", ""))
    content = text.encode("utf-8", rng.choice(("surrogatepass", "replace")))
    kind = rng.randrange(12)
    if kind == 0:
        return mutate.broken_bytes(rng, content)
    if kind == 1:
        return rng.choice(
            (b"\xef\xbb\xbf" + content, text.encode("utf-16", "replace"), text.encode("latin-1", "replace"))
        )
    return content


def event_log(rng: Random) -> bytes:
    """A broken log of events."""
    return _log_of(rng, examples()[0])


def record_log(rng: Random) -> bytes:
    """A broken log of records."""
    return _log_of(rng, examples()[1])


def replayed(content: bytes) -> list[Replayed]:
    """A log run again; what runs of it before it is refused is held to what holds of every log."""
    steps: list[Replayed] = []
    try:
        steps.extend(replay_log(read_stream(io.BytesIO(content), "log")))
    finally:
        if steps:
            _hold(steps)
    return steps


def _hold(steps: list[Replayed]) -> None:
    """What was taken in is written and read as the same, and decided as the same; texts of it can be printed."""
    records = [step.record for step in steps]
    events = [record.event for record in records]
    assert [line.event for line in _again(map(dump, events))] == events, "the events are read as others"
    lines = list(_again(map(dump, records)))
    assert [line.record for line in lines] == records, "the records are read as others"
    edition = {record.patient: record.edition for record in records}
    again = list(replay_log(lines))
    assert [step.record for step in again] == records, "the records are decided otherwise"
    assert not any(step.differences for step in again), "the records differ from themselves"
    for line in timeline(steps):
        assert line.isprintable(), f"the timeline cannot be printed: {line!r}"
    for step in steps:
        step.record._repr_html_()
        for difference in step.differences:
            assert str(difference), "a difference says nothing"
    courses = {step.record.patient: step.course for step in steps}
    for patient, one in courses.items():
        assert one.edition.name == edition[patient]
        saved = one.snapshot()
        assert Course.resume(saved.model_dump_json()).snapshot() == saved, "the course is resumed as another"
        one.due(range(1, 30))
        one._repr_html_()


def _again(lines: Iterator[str]) -> Iterator[Any]:
    return read_stream(io.BytesIO("".join(f"{line}\n" for line in lines).encode()), "again")


def as_of(given: tuple[bytes, str]) -> None:
    """A log as of a moment."""
    content, moment = given
    from ixastate.cli.common import moment as moment_of

    list(replay_log(read_stream(io.BytesIO(content), "log"), as_of=moment_of(moment, "--as-of"), keep_records=False))


def as_of_input(rng: Random) -> tuple[bytes, str]:
    """A log whose lines say when they were recorded, hardly broken, and a moment."""
    log = list(rng.choice([log for log in examples()[0] if "recorded_at" in log[0]]))
    moment = json.loads(rng.choice(log))["recorded_at"]
    if rng.random() < 0.5:
        place = rng.randrange(len(log))
        data = json.loads(log[place])
        data["recorded_at"] = rng.choice((*mutate.TEXTS, mutate.bare(rng.choice(mutate.NUMBERS)), None))
        log[place] = mutate.as_json(rng, data)
    if rng.random() < 0.5:
        moment = rng.choice((mutate.characters(rng, moment), rng.choice(mutate.TEXTS), str(rng.choice(mutate.NUMBERS))))
    return "\n".join(log).encode("utf-8", "surrogatepass"), moment


# --- Snapshots -------------------------------------------------------------------------------------------------------


def snapshot(rng: Random) -> str | bytes | dict[str, Any]:
    """A broken snapshot as text, bytes or data."""
    saved = examples()[2]
    data = json.loads(rng.choice(saved))
    kind = rng.randrange(10)
    if kind < 8:
        data = mutate.value(rng, data, [json.loads(rng.choice(saved))])
        if kind == 7 and isinstance(data, dict):
            return data
        return mutate.as_json(rng, data)
    text = json.dumps(data)
    return mutate.characters(rng, text) if kind == 8 else mutate.broken_bytes(rng, text.encode())


def resumed(given: str | bytes | dict[str, Any]) -> None:
    """A course as saved: it goes on, and is saved as the same."""
    one = Course.resume(given)
    saved = one.snapshot()
    assert Course.resume(saved.model_dump_json()).snapshot() == saved, "the course is resumed as another"
    assert Course.resume(saved).snapshot() == saved
    repr(one)
    one._repr_html_()
    one.timeline()
    one.due(range(1, 30))
    for facts in ({"type": "rash_graded", "grade": 3}, {"type": "dose_taken", "dose_mg": 4}, {"type": "patient_died"}):
        for date in ({"day": 400}, {"at": (MORNING + timedelta(days=400)).isoformat()}):
            try:
                one.observe({**facts, **date})
            except IxastateError:
                assert one.snapshot().number <= saved.number + 3


# --- Calendars -------------------------------------------------------------------------------------------------------


def calendar_of(content: bytes) -> None:
    """The calendar of a log that runs, as far as it runs, which another library reads."""
    steps: list[Replayed] = []
    try:
        steps.extend(replay_log(read_stream(io.BytesIO(content), "log")))
    except IxastateError:
        if not steps:
            raise
    last = steps[-1].course
    doses = last.due(range(1, 15))
    back = taken_back(last, doses, 14)
    written = icalendar(last, doses, back)
    read = Calendar.from_ical(written)
    assert len(read.walk("VEVENT")) == len(doses) + len(back), "the calendar has other entries"
    assert written == icalendar(last, doses, back)
    assert all(line.decode().isprintable() for line in written.split(b"\r\n"))


def calendar_input(rng: Random) -> bytes:
    """A log whose start is broken, hardly, so that it may run."""
    log = list(rng.choice([log for log in examples()[0] if '"at"' in log[0]]))[:4]
    data = json.loads(log[0])
    name = rng.choice(("timezone", "clock_time", "at", "weekday", "patient", "baseline_neuropathy", "id"))
    data[name] = rng.choice((mutate.odd(rng), rng.choice(mutate.TEXTS), rng.choice(zones())))
    log[0] = mutate.as_json(rng, data)
    return "\n".join(log[: rng.randrange(1, 5)]).encode("utf-8", "surrogatepass")


@cache
def zones() -> tuple[str, ...]:
    """Names of time zones, right and wrong ones."""
    from zoneinfo import available_timezones

    odd = (
        "right/UTC",
        "posix/UTC",
        "Factory",
        "localtime",
        "EUROPE/BERLIN",
        "europe/berlin",
        "Europe/Berlin ",
        "UTC+1",
        "",
    )
    return (
        *sorted(available_timezones()),
        *odd,
        "../UTC",
        "/etc/localtime",
        "Europe",
        "Europe/",
        "Europe/Berlin\0",
        "." * 300,
    )


# --- Events from Python ----------------------------------------------------------------------------------------------


class _Strange:
    """An object of nobody's, whose texts are of no use."""

    shape = ()

    def __repr__(self) -> str:
        return "\x1b[31m<strange>"

    def item(self) -> object:
        return self

    __hash__ = None  # type: ignore[assignment]


def python_event(rng: Random) -> Any:
    """An event as a dict with values that JSON does not have."""
    import numpy as np

    facts: Any = {**rng.choice((*STARTS, *FACTS)), "day": 1}
    values = (
        *(
            _Strange(),
            object,
            set(),
            b"4",
            bytearray(b"4"),
            float("nan"),
            float("inf"),
            -0.0,
            10**5000,
            1j,
            range(3),
            ...,
        ),
        *(
            np.float32(0.5),
            np.int64(4),
            np.uint8(3),
            np.bool_(True),
            np.nan,
            np.array([1, 2]),
            np.datetime64("NaT", "s"),
            np.str_("a"),
        ),
        *(
            datetime(2026, 3, 2),
            datetime.min,
            datetime.max.replace(tzinfo=UTC),
            timedelta(1),
            (),
            ("a",),
            {1: 2},
            "\ud800",
        ),
        *(rng.choice(mutate.TEXTS), rng.choice(mutate.CHARACTERS), rng.randrange(-2, 9), None, True),
    )
    for _ in range(rng.choice((1, 1, 2))):
        name = rng.choice((*facts, "at", "patient", "id", "recorded_at", rng.choice(mutate.CHARACTERS), 1, None, b"a"))
        facts[name] = rng.choice(values)
    return rng.choice((facts, facts, facts, facts, facts, rng.choice(values)))


def parsed(given: Any) -> None:
    """The event of a dict, and what a course makes of it."""
    event = parse_event(given)
    assert parse_event(json.loads(dump(event))) == event, "the event is read as another"
    with suppress(CourseRefusal):
        Course().observe(event)


DOORS = [
    Door("log", 18, event_log, replayed),
    Door("records", 12, record_log, replayed),
    Door("as-of", 4, as_of_input, as_of),
    Door("snapshot", 18, snapshot, resumed),
    Door("calendar", 0.25, calendar_input, calendar_of),
    Door("python", 12, python_event, parsed),
]
