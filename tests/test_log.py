"""Logs: what is written is read back the same, exactly, and a file is written whole or not at all."""

from __future__ import annotations

import errno
import io
import json
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ixastate.course import log_text
from ixastate.course.course import Course, Record
from ixastate.course.log import LONGEST_LINE, OF_CORRECTIONS, Line, dump, in_batches, read_log, read_stream, write_log
from ixastate.course.log_text import as_data
from ixastate.errors import CourseRefusal, InputError, OutputError
from ixastate.events import KINDS, AnyEvent, NeutrophilsMeasured, parse_event
from ixastate.fields import json_text
from ixastate.files import write_whole
from tests import permissions, strategies

START: dict[str, Any] = {
    "type": "course_started",
    "at": "2026-03-02T07:30:00+01:00",
    "weekday": "monday",
    "clock_time": "08:00",
    "timezone": "Europe/Berlin",
    "patient_informed": True,
    "bilirubin": {"times_uln": 0.8},
    "creatinine_clearance": {"value": 90, "unit": "mL/min"},
}

# One event of every kind, with every field that it has.
EVERY_KIND: dict[str, dict[str, Any]] = {
    "course_started": {
        **START,
        "bilirubin": {"value": 1.1, "unit": "mg/dL", "upper_limit_of_normal": 1.2},
        "on_dialysis": True,
        "baseline_neuropathy": {"grade": 1, "pain": True},
        "creatinine_clearance": None,
        "assumed": ["creatinine_clearance"],
    },
    "neutrophils_measured": {"value": 0.499, "unit": "10*9/L", "after_g_csf": True},
    "platelets_measured": {"value": 30, "unit": "10*3/uL", "after_transfusion": True},
    "bilirubin_measured": {"value": 31.6, "unit": "umol/L", "upper_limit_of_normal": 21},
    "creatinine_clearance_measured": {"value": 29.9, "unit": "mL/min", "on_dialysis": True},
    "neuropathy_graded": {"grade": 3, "pain": True, "physician_agrees": True},
    "rash_graded": {"grade": 2},
    "other_toxicity_graded": {
        "term": "Diarrhée",
        "grade": 3,
        "attribution": "not_clear",
        "physician_agrees": True,
        "baseline_grade": 2,
    },
    "cycle_assessed": {
        "neutrophils": {"value": 1.0, "unit": "10*9/L"},
        "platelets": {"value": 75_000, "unit": "/mm3"},
        "toxicities_resolved": False,
    },
    "progression_found": {},
    "intolerable_toxicity_declared": {},
    "patient_died": {},
    "consent_withdrawn": {},
    "dose_taken": {"drug": "lenalidomide", "dose_mg": 2.5},
    "dose_missed": {"drug": "dexamethasone", "scheduled_day": 8},
    "dose_delayed": {"scheduled_day": 15},
    "dose_vomited": {"drug": "lenalidomide"},
    "dose_overdosed": {"dose_mg": 8},
    "dose_taken_wrongly": {"drug": "dexamethasone", "fault": "without_food"},
}


def event(kind: str, **facts: Any) -> AnyEvent:
    """An event of this kind, on day 9 unless the facts date it."""
    dated = {} if "at" in facts or "day" in facts else {"day": 9}
    return parse_event({"type": kind, **dated, **facts})


def read(content: str | bytes, name: str = "log") -> list[Line]:
    """The lines of a log held in memory."""
    raw = content.encode() if isinstance(content, str) else content
    return list(read_stream(io.BytesIO(raw), name))


def course_of(*events: AnyEvent, patient: str | None = None) -> list[Record]:
    """The records of a course of these events."""
    course = Course(patient)
    return [course.observe(one) for one in events]


def as_log(*lines: AnyEvent | Record) -> str:
    return "".join(f"{dump(line)}\n" for line in lines)


# --- Round trips ----------------------------------------------------------------------------------------------


def test_every_kind_of_event_has_an_example() -> None:
    assert set(EVERY_KIND) == set(KINDS)


@pytest.mark.parametrize("kind", EVERY_KIND)
@pytest.mark.parametrize("date", [{"at": "2026-10-25T02:30:00.5+02:00"}, {"day": 43}], ids=["at", "day"])
@pytest.mark.parametrize("patient", [None, "Zoë 1"], ids=["no name", "named"])
def test_an_event_of_every_kind_is_read_back_the_same(kind: str, date: dict[str, Any], patient: str | None) -> None:
    facts = {name: value for name, value in EVERY_KIND[kind].items() if name != "at"}
    written = event(kind, **(facts | date), patient=patient)
    (line,) = read(as_log(written))
    assert line == Line("log:1", written)
    assert type(line.event) is KINDS[kind]
    assert dump(line.event) == dump(written)


def test_a_record_of_every_kind_of_event_is_read_back_the_same() -> None:
    kinds = [kind for kind in EVERY_KIND if kind not in ("course_started", "patient_died")]
    records = course_of(
        parse_event(START),
        *(event(kind, **EVERY_KIND[kind]) for kind in kinds),
        event("patient_died"),
        patient="Zoë 1",
    )
    assert {record.event.type for record in records} == set(KINDS)
    lines = read(as_log(*records))
    assert [line.record for line in lines] == records
    assert [line.event for line in lines] == [record.event for record in records]
    assert as_log(*(line.record for line in lines if line.record)) == as_log(*records)


def test_a_record_before_the_start_and_one_without_dates_are_read_back_the_same() -> None:
    blocked = course_of(parse_event({**START, "patient_informed": False}))
    nominal = course_of(parse_event({**START, "at": None, "day": 1}))
    assert blocked[0].day is None
    assert nominal[0].at is None
    assert [line.record for line in read(as_log(*blocked, *nominal))] == [*blocked, *nominal]


ANY_EVENT = st.one_of(
    strategies.STARTS,
    strategies.ANC_LOW_OR_NOT,
    strategies.PLATELETS_LOW_OR_NOT,
    strategies.NEUROPATHY,
    strategies.RASH,
    strategies.OTHER,
    strategies.ORGANS,
    strategies.DOSES,
    strategies.ENDS,
)


@settings(max_examples=150, deadline=None)
@given(facts=ANY_EVENT, day=st.integers(1, 36_525), patient=st.sampled_from([None, "p", "Ω 7"]))
def test_any_event_is_read_back_the_same(facts: dict[str, Any], day: int, patient: str | None) -> None:
    written = event(facts["type"], **{**facts, "day": day, "patient": patient})
    (line,) = read(as_log(written))
    assert line.event == written


@settings(max_examples=200, deadline=None)
@given(digits=st.integers(0, 10**15 - 1), places=st.integers(6, 15))
def test_a_number_of_fifteen_digits_survives_exactly(digits: int, places: int) -> None:
    value = Decimal(digits).scaleb(-places)
    written = event("neutrophils_measured", value=value, unit="/uL")
    (line,) = read(as_log(written))
    assert isinstance(line.event, NeutrophilsMeasured)
    assert line.event.value == value


@pytest.mark.parametrize(
    ("text", "per_mm3"),
    [
        ("0.5", "500"),
        ("0.4999999999999", "499.9999999999"),
        ("0.1", "100"),
        ("5e-1", "500"),
        ("0.50", "500"),
        ("-0.0", "0"),
    ],
)
def test_a_number_is_read_as_it_is_written(text: str, per_mm3: str) -> None:
    (line,) = read(f'{{"type": "neutrophils_measured", "day": 1, "value": {text}, "unit": "10*9/L"}}\n')
    assert isinstance(line.event, NeutrophilsMeasured)
    assert line.event.per_mm3 == Decimal(per_mm3)


# --- What a line looks like -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "line"),
    [
        (event("rash_graded", grade=0), '{"type": "rash_graded", "day": 9, "grade": 0}'),
        (
            event("neutrophils_measured", value=Decimal("0.50"), unit="10*9/L", after_g_csf=False),
            '{"type": "neutrophils_measured", "day": 9, "value": 0.5, "unit": "10*9/L"}',
        ),
        (
            event("neuropathy_graded", grade=1, pain=False, physician_agrees=True),
            '{"type": "neuropathy_graded", "grade": 1, "day": 9, "physician_agrees": true}',
        ),
        (event("dose_taken", dose_mg=4, drug="ixazomib"), '{"type": "dose_taken", "day": 9, "dose_mg": 4}'),
        (
            event("other_toxicity_graded", term="Fièvre", grade=3, attribution=None, baseline_grade=0),
            '{"type": "other_toxicity_graded", "day": 9, "term": "fièvre", "grade": 3}',
        ),
        (
            event("patient_died", at="2026-03-02T07:30:00Z", patient="p"),
            '{"type": "patient_died", "patient": "p", "at": "2026-03-02T07:30:00Z"}',
        ),
    ],
    ids=lambda value: "" if isinstance(value, str) else value.type,
)
def test_an_event_leaves_out_what_was_not_said(written: AnyEvent, line: str) -> None:
    assert json.loads(dump(written)) == json.loads(line)
    assert dump(written).startswith('{"type": ')


def test_a_start_leaves_out_what_was_not_said() -> None:
    started = parse_event({**START, "on_dialysis": False, "assumed": [], "baseline_neuropathy": {"grade": 0}})
    assert json.loads(dump(started)) == START


def test_a_record_keeps_everything_but_what_its_event_did_not_say() -> None:
    (record,) = course_of(parse_event(START))
    data = json.loads(dump(record))
    assert list(data) == [name for name in Record.model_fields if name not in OF_CORRECTIONS]
    assert data["event"] == START
    assert data["patient"] is None
    assert data["status"]["words"] == "active at 4 mg"
    assert data["orders"][0] == {"verb": "start", "drug": "ixazomib", "dose_mg": 4.0}


# --- What is written field by field is what pydantic writes ---------------------------------------------------


def by_pydantic(line: Any) -> str:
    return json_text(as_data(line))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_and_its_record_are_written_as_by_pydantic(kind: str) -> None:
    facts = EVERY_KIND.get(kind, {})
    one = parse_event(facts) if kind == "course_started" else event(kind, **facts)
    course = Course('Zoë "1\\')
    if kind != "course_started":
        course.observe(START)
        one = one.model_copy(update={"day": 20})
    for line in (one, course.observe(one)):
        assert dump(line) == by_pydantic(line)


MANY_DIGITS = st.decimals(0, 10**9 - 1, places=12) | st.decimals(0, 10, places=40)
ZONES = st.sampled_from(["+00:00", "+01:00", "-09:30", "+05:45"])


@settings(max_examples=150, deadline=None)
@given(
    events=st.lists(
        st.tuples(ANY_EVENT, st.none() | MANY_DIGITS, ZONES, st.sampled_from([None, "x", "\u2603 7"])), max_size=12
    )
)
def test_what_a_course_says_is_written_as_by_pydantic(events: list[Any]) -> None:
    course = Course()
    course.observe(START)
    for day, (facts, digits, zone, name) in enumerate(events, 3):
        if facts["type"] == "course_started":
            continue
        more = {"value": digits} if digits is not None and "after_g_csf" in facts else {}
        moment = f"2026-03-{day:02}T09:30:00.{day:06}{zone}"
        with suppress(CourseRefusal):
            course.observe({**facts, **more, "at": moment, "id": name and f"{name}-{day}"})
    for record in course.records:
        for line in (record, record.event):
            assert dump(line) == by_pydantic(line)


def test_an_amendment_and_what_it_changed_are_written_as_by_pydantic() -> None:
    course = Course("p")
    course.observe({**START, "recorded_at": "2026-03-02T08:00:00Z"})
    low = {"type": "neutrophils_measured", "at": "2026-03-10T08:00:00Z", "value": 400, "unit": "/mm3", "id": "lab-1"}
    course.observe({**low, "recorded_at": "2026-03-10T09:00:00Z"})
    right = {**low, "value": Decimal("4000.0000000000000000000001")}
    corrected = {"type": "event_corrected", "corrects": "lab-1", "recorded_at": "2026-03-11T09:00:00Z", "event": right}
    withdrawn = {"type": "event_withdrawn", "withdraws": "lab-1", "recorded_at": "2026-03-12T09:00:00Z"}
    for amendment in (corrected, withdrawn):
        record = course.observe(amendment)
        for line in (record, record.event):
            assert dump(line) == by_pydantic(line)
    assert '"revisions": [{' in dump(course.records[2])


def test_what_is_equal_and_written_otherwise_keeps_its_own_text() -> None:
    """Parts of records are written once; 0.0 equals -0.0, and the text of the one must not stand for the other."""
    course = Course()
    record = course.observe(START)
    nothing, less = (record.model_copy(update={"status": replace(record.status, ixazomib_mg=mg)}) for mg in (0.0, -0.0))
    assert nothing == less
    for one in (nothing, less, nothing):
        assert dump(one) == by_pydantic(one)
    assert dump(nothing) != dump(less)


def test_what_is_forgotten_is_written_again(monkeypatch: pytest.MonkeyPatch) -> None:
    records = course_of(
        parse_event(START), *(event(kind, **EVERY_KIND[kind]) for kind in ("rash_graded", "dose_missed"))
    )
    for most in ("MOST_PARTS", "MOST_ENDS"):
        monkeypatch.setattr(log_text, most, 1)
    for record in (*records, *records):
        assert dump(record) == by_pydantic(record)


@pytest.mark.parametrize("ending", ["", "\n"])
def test_a_line_may_be_as_long_as_the_limit_and_no_longer(ending: str) -> None:
    line = dump(parse_event(START))
    longest = line + " " * (LONGEST_LINE - len(line) - len(ending)) + ending
    assert [one.event for one in read(longest)] == [parse_event(START)]
    with pytest.raises(InputError, match="the line is longer than 1000000 bytes"):
        read(f" {longest}")


# --- Reading ahead --------------------------------------------------------------------------------------------


@given(st.lists(st.integers(), max_size=12), st.integers(1, 5), st.none() | st.integers(0, 12))
def test_batches_hand_on_every_item_and_then_what_failed(items: list[int], number: int, fails: int | None) -> None:
    def source() -> Iterator[int]:
        for place, item in enumerate(items):
            if place == fails:
                raise InputError("bad")
            yield item

    seen: list[int] = []
    failing = fails is not None and fails < len(items)
    with pytest.raises(InputError) if failing else nullcontext():
        seen.extend(in_batches(source(), number))
    assert seen == (items[:fails] if failing else items)


def test_no_line_of_a_pipe_waits_for_the_next(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read_first: list[Line] = []
    reader = threading.Thread(target=lambda: read_first.append(next(read_log(pipe))), daemon=True)
    reader.start()
    with pipe.open("wb", buffering=0) as writer:
        writer.write(dump(parse_event(START)).encode() + b"\n")
        reader.join(30)
        assert [line.event for line in read_first] == [parse_event(START)]


@pytest.mark.parametrize("digits", ["0.00000001234567890123456789", "123456789.00000000000000000001"])
def test_a_number_that_no_float_holds_is_written_with_its_digits(digits: str) -> None:
    line = event("neutrophils_measured", value=Decimal(digits), unit="/mm3")
    assert f'"value": {digits}, ' in dump(line)


# --- Reading --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        '{"type": "rash_graded", "day": 9, "grade": 0}',
        '\n\n  \t\n{"type": "rash_graded", "day": 9, "grade": 0}\n\n',
        '{"type": "rash_graded", "day": 9, "grade": 0}\r\n',
        '  {"grade" : 0,\t"day":9, "type":"rash_graded"}  \n',
        '{"type": "rash_grad\\u0065d", "day": 9, "grade": 0}\n',
        '{"type": "rash_graded", "day": 9, "at": null, "patient": null, "grade": 0}\n',
    ],
    ids=["no newline at the end", "blank lines", "CRLF", "spaces and another order", "escaped", "null is not said"],
)
def test_what_is_well_formed_is_read(content: str) -> None:
    assert [line.event for line in read(content)] == [event("rash_graded", grade=0)]


def test_lines_are_numbered_as_an_editor_numbers_them() -> None:
    line = '{"type": "rash_graded", "day": 9, "grade": 0}'
    assert [found.where for found in read(f"\n{line}\n\n{line}", "a.jsonl")] == ["a.jsonl:2", "a.jsonl:4"]


def test_what_is_right_is_read_before_what_is_wrong() -> None:
    lines = read_stream(io.BytesIO(b'{"type": "rash_graded", "day": 9, "grade": 0}\n{"type": "rash_graded"}\n'), "log")
    assert next(lines).where == "log:1"
    with pytest.raises(InputError, match=r"^log:2: .*'grade' is missing"):
        next(lines)


def test_the_parts_of_an_error_are_attributes() -> None:
    with pytest.raises(InputError) as caught:
        parse_event({"type": "rash_graded", "day": 9, "grade": 6}, "log:1")
    error = caught.value
    assert (error.where, error.what, error.remedy) == (
        "log:1: grade",
        "it should be less than or equal to 5",
        "given: 6",
    )


# --- Writing --------------------------------------------------------------------------------------------------

EVENTS = [event("rash_graded", grade=grade) for grade in (0, 1, 2)]


def test_a_log_is_written_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    assert write_log(path, EVENTS) == 3
    assert [line.event for line in read_log(path)] == EVENTS
    assert path.read_bytes() == as_log(*EVENTS).encode()
    assert write_log(path, EVENTS[:1]) == 1
    assert [line.event for line in read_log(path)] == EVENTS[:1]
    assert list(tmp_path.iterdir()) == [path]


def test_a_log_that_cannot_be_made_whole_is_not_written(tmp_path: Path) -> None:
    def breaks_off() -> Iterator[AnyEvent]:
        yield EVENTS[0]
        raise InputError("there is no more")

    new, old = tmp_path / "new.jsonl", tmp_path / "old.jsonl"
    old.write_bytes(b"old\n")
    for path in (new, old):
        with pytest.raises(InputError, match="there is no more"):
            write_log(path, breaks_off())
    assert old.read_bytes() == b"old\n"
    assert list(tmp_path.iterdir()) == [old]


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    write_whole(tmp_path / "new", b"x")
    (tmp_path / "usual").write_bytes(b"x")
    new, usual = ((tmp_path / name).stat().st_mode for name in ("new", "usual"))
    assert stat.S_IMODE(new) == stat.S_IMODE(usual)


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"nowhere.out: cannot be written: .*\(name a file in a folder that exists"):
        write_whole(tmp_path / "nowhere" / "out", b"x")
    assert not list(tmp_path.iterdir())


def test_a_folder_is_not_written_over(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "kept").write_bytes(b"old")
    with pytest.raises(OutputError, match="cannot be written"):
        write_whole(folder, b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
    assert (folder / "kept").read_bytes() == b"old"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_is_no_file_is_not_written_over(tmp_path: Path) -> None:
    """A pipe stands for devices: replacing /dev/null with a file would break the system."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OutputError):
        write_whole(pipe, b"x")
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("step", ["fsync", "chmod", "replace"])
def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(b"old")
    monkeypatch.setattr(os, step, full)
    for path in (old, new):
        with pytest.raises(OutputError, match=os.strerror(errno.ENOSPC)) as caught:
            write_whole(path, b"x" * 100_000)
        assert caught.value.where == str(path)
    assert old.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [old]


def test_an_interrupted_write_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    old = tmp_path / "old"
    old.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_whole(old, b"x")
    assert old.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [old]


@permissions.needed
def test_a_folder_without_leave_to_write(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.write_bytes(b"old")
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(OutputError, match=os.strerror(errno.EACCES)):
            write_whole(old, b"x")
        assert old.read_bytes() == b"old"
    finally:
        tmp_path.chmod(0o755)
