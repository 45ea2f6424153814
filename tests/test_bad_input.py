"""Bad input: each kind of it is answered with one line that says what, where and what would be right.

Nothing is printed on standard output, nothing is half-written, and the course has not moved.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ixastate.cli.main import main
from ixastate.course.course import Course
from ixastate.course.log import LONGEST_LINE, dump, read_log
from ixastate.errors import CourseRefusal, InputError, IxastateError
from ixastate.events import parse_event
from tests import permissions
from tests.test_log import START, course_of, event

RASH: dict[str, Any] = {"type": "rash_graded", "day": 9, "grade": 0}
ANC: dict[str, Any] = {"type": "neutrophils_measured", "day": 9, "value": 420, "unit": "/mm3"}
NEUROPATHY: dict[str, Any] = {"type": "neuropathy_graded", "day": 9, "grade": 1}
OTHER: dict[str, Any] = {"type": "other_toxicity_graded", "day": 9, "term": "nausea", "grade": 1}
DOSE: dict[str, Any] = {"type": "dose_taken", "day": 8, "dose_mg": 4}
WRONGLY: dict[str, Any] = {"type": "dose_taken_wrongly", "day": 8, "fault": "crushed"}
MISSED: dict[str, Any] = {"type": "dose_missed", "day": 9}
UNDATED = {"type": "rash_graded", "grade": 0}
ABSENT = object()

RECORD: dict[str, Any] = json.loads(dump(course_of(parse_event(START))[0]))


def changed(facts: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """These facts with some of them changed, added or (ABSENT) left out."""
    return {name: value for name, value in (facts | changes).items() if value is not ABSENT}


def content(*lines: bytes | str | dict[str, Any]) -> bytes:
    """A log of these lines, each with its newline; an object is written as JSON."""
    texts = [json.dumps(line) if isinstance(line, dict) else line for line in lines]
    return b"".join((text.encode() if isinstance(text, str) else text) + b"\n" for text in texts)


def cut(*lines: bytes | str | dict[str, Any]) -> bytes:
    """A log whose last line has no newline."""
    return content(*lines)[:-1]


@dataclass(frozen=True)
class Bad:
    """A bad log: its bytes, the line and field that the error names, and words that it holds."""

    name: str
    log: bytes
    line: int | None
    field: str
    what: str
    remedy: str = ""


def after_start(name: str, facts: Any, field: str, what: str, remedy: str = "") -> Bad:
    """A log that starts well and has one bad line after it."""
    return Bad(name, content(START, facts), 2, field, what, remedy)


def bad_start(name: str, field: str, what: str, remedy: str = "", **changes: Any) -> Bad:
    """A log whose start is bad."""
    return Bad(name, content(changed(START, **changes)), 1, field, what, remedy)


def bad_record(name: str, field: str, what: str, remedy: str = "", **changes: Any) -> Bad:
    """A log of records whose only record is bad."""
    return Bad(name, content(changed(RECORD, **changes)), 1, field, what, remedy)


def with_status(**changes: Any) -> dict[str, Any]:
    return changed(RECORD["status"], **changes)


NOT_LINES = [
    Bad("empty-file", b"", None, "", "there is no event", "one JSON object per line"),
    Bad("only-blank-lines", b"\n \n\t\r\n\n", None, "", "there is no event", "one JSON object per line"),
    Bad("prose", content(START, "rash grade 2 today"), 2, "", "not JSON", "one JSON object per line"),
    Bad("single-quotes", content(START, "{'type': 'rash_graded'}"), 2, "", "column 2"),
    Bad("trailing-comma", content(START, '{"type": "rash_graded", "day": 9,}'), 2, "", "not JSON"),
    Bad("comment", content("# a log", START), 1, "", "not JSON"),
    Bad("two-events-in-one-line", content(START, json.dumps(RASH) * 2), 2, "", "not JSON"),
    Bad("old-mac-line-ends", json.dumps(START).encode() + b"\r" + json.dumps(RASH).encode(), 1, "", "not JSON"),
    Bad("indented-json", json.dumps(START, indent=1).encode(), 1, "", "not JSON", "one JSON object per line"),
    Bad(
        "cut-after-a-value", cut(START, '{"type": "rash_graded", "day": 9, "grade": 2'), 2, "", "cut short", "complete"
    ),
    Bad("cut-after-a-colon", cut(START, '{"type":'), 2, "", "cut short", "complete it"),
    Bad("cut-in-a-text", cut(START, '{"type": "rash_gra'), 2, "", "cut short", "complete it"),
    Bad("cut-in-a-word", cut(START, '{"type": "neuropathy_graded", "pain": tru'), 2, "", "cut short", "complete it"),
    Bad("cut-in-a-letter", cut(START, '{"type": "é'.encode()[:-1]), 2, "", ""),
    Bad("cut-in-the-middle-of-the-log", content(START, '{"type": "rash_graded", "day":', RASH), 2, "", "not JSON"),
    Bad("list", content(START, "[]"), 2, "", "a list", "rash_graded"),
    Bad("list-of-events", content(json.dumps([START, RASH])), 1, "", "a list"),
    Bad("number", content(START, "5.5"), 2, "", "a number"),
    Bad("text", content(START, '"rash"'), 2, "", "a text"),
    Bad("true", content(START, "true"), 2, "", "true or false"),
    Bad("null", content(START, "null"), 2, "", "null"),
    Bad("deep-lists", content(START, "[" * 100_000 + "]" * 100_000), 2, "", "not JSON of an event", "flat"),
    Bad("deep-objects", content(START, '{"a":' * 50_000 + "1" + "}" * 50_000), 2, "", "not JSON of an event", "flat"),
    Bad("deep-field", content(START, {**RASH, "grade": json.loads("[" * 90 + "]" * 90)}), 2, "grade", "integer"),
    Bad("a-line-of-2-MB", content(START, {**RASH, "patient": "p" * 2_000_000}), 2, "", str(LONGEST_LINE), "one event"),
    Bad("2-MB-without-a-line", b"x" * 2_000_000, 1, "", str(LONGEST_LINE)),
    Bad("binary-junk", bytes(range(256)) * 10, 1, "", ""),
    Bad("a-picture", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", 1, "", "byte 1 is not UTF-8"),
    Bad("zeros", bytes(1000), 1, "", "not JSON"),
    Bad("utf-16", content(START).decode().encode("utf-16"), 1, "", "byte 1 is not UTF-8", "UTF-8"),
    Bad("utf-16-without-mark", content(START).decode().encode("utf-16-le"), 1, "", "not JSON"),
    Bad("half-a-byte-order-mark", b"\xef\xbb" + content(START), 1, "", "byte 1 is not UTF-8", "UTF-8"),
    Bad("latin-1", content(START, '{"type": "fièvre"}'.encode("latin-1")), 2, "", "byte 13 is not UTF-8", "UTF-8"),
    Bad("field-twice", content(START, '{"type": "rash_graded", "day": 9, "grade": 2, "grade": 0}'), 2, "", "'grade'"),
    Bad(
        "nested-field-twice",
        content('{"type": "course_started", "bilirubin": {"times_uln": 1, "times_uln": 2}}'),
        1,
        "",
        "'times_uln' stands twice",
    ),
]

NUMBERS = [
    after_start("nan", changed(ANC, value=float("nan")), "", "NaN is no number"),
    after_start("infinity", changed(ANC, value=float("inf")), "", "Infinity is no number"),
    after_start("minus-infinity", changed(ANC, value=float("-inf")), "", "-Infinity is no number"),
    after_start("integer-of-5000-digits", json.dumps(ANC).replace("420", "9" * 5000), "", "not JSON of an event"),
    after_start("integer-of-400-digits", json.dumps(ANC).replace("420", "9" * 400), "value", ""),
    after_start("exponent-of-6-digits", json.dumps(ANC).replace("420", "1e999999"), "value", "finite"),
    after_start("exponent-of-20-digits", json.dumps(ANC).replace("420", f"1e{'9' * 20}"), "", "not JSON of an event"),
    after_start("minute-exponent", json.dumps(ANC).replace("420", "1e-999999"), "value", "1000 digits"),
    after_start("1001-digits", json.dumps(ANC).replace("420", "0." + "1" * 1001), "value", "1000 digits"),
    after_start("count-negative", changed(ANC, value=-1), "value", "greater than or equal to 0", "given: -1"),
    after_start("count-impossible", changed(ANC, value=1e9), "value", "less than 1000000000"),
    after_start("count-in-quotes", changed(ANC, value="420"), "value", "a number, without quotes", "'420'"),
    after_start("count-true", changed(ANC, value=True), "value", "a number, without quotes", "True"),
    after_start("count-null", changed(ANC, value=None), "value", "a number"),
    after_start("count-list", changed(ANC, value=[420]), "value", "a number"),
    after_start("count-missing", changed(ANC, value=ABSENT), "", "'value' is missing"),
    after_start("unit-missing", changed(ANC, unit=ABSENT), "", "'unit' is missing", "such as /mm3, /uL"),
    after_start("unit-null", changed(ANC, unit=None), "unit", "a valid string"),
    after_start("unit-wrong", changed(ANC, unit="mmol"), "unit", "one of: /mm3, /uL", "given: 'mmol'"),
    after_start("unit-near", changed(ANC, unit="10*9/LL"), "unit", "did you mean '10*9/L'?", "given: '10*9/LL'"),
    after_start("unit-ambiguous", changed(ANC, unit="K/L"), "unit", "where its mu was lost", "given: 'K/L'"),
    after_start("sign-of-no-kind", changed(ANC, comparator="~"), "comparator", "'<', '<=', '>' or '>='"),
    after_start("sign-twice", changed(ANC, value="<0.5", comparator="<"), "value", "without quotes"),
]

GRADES = [
    after_start("grade-6", changed(RASH, grade=6), "grade", "less than or equal to 5", "given: 6"),
    after_start("grade-negative", changed(RASH, grade=-1), "grade", "greater than or equal to 0", "given: -1"),
    after_start("grade-in-quotes", changed(RASH, grade="3"), "grade", "integer", "given: '3'"),
    after_start("grade-true", changed(RASH, grade=True), "grade", "integer", "given: True"),
    after_start("grade-2.5", changed(RASH, grade=2.5), "grade", "integer", "given: '2.5'"),
    after_start("grade-null", changed(RASH, grade=None), "grade", "integer"),
    after_start("grade-missing", changed(RASH, grade=ABSENT), "", "'grade' is missing", "add it"),
    after_start("grade-object", changed(RASH, grade={"a\nb": 1}), "grade", "integer"),
    after_start("pain-as-number", changed(NEUROPATHY, pain=1), "pain", "boolean", "given: 1"),
    after_start("pain-as-text", changed(NEUROPATHY, pain="yes"), "pain", "boolean", "given: 'yes'"),
    after_start("baseline-grade-3", changed(OTHER, baseline_grade=3), "baseline_grade", "less than or equal to 2"),
    after_start("attribution-perhaps", changed(OTHER, attribution="perhaps"), "attribution", "'clear' or 'not_clear'"),
    after_start("term-blank", changed(OTHER, term="  "), "term", "at least 1 character"),
    after_start("term-number", changed(OTHER, term=5), "term", "string"),
    after_start("term-missing", changed(OTHER, term=ABSENT), "", "'term' is missing"),
    after_start("rash-as-other", changed(OTHER, term="Rash", grade=3), "", "'rash'", "report it as rash_graded"),
    after_start("neuropathy-as-other", changed(OTHER, term="peripheral neuropathy"), "", "other", "neuropathy_graded"),
]

KINDS = [
    after_start("kind-near-miss", changed(ANC, type="neutrophils_mesured"), "type", "'neutrophils_mesured'", "did you"),
    after_start("kind-capital", changed(RASH, type="Rash_Graded"), "type", "no kind", "did you mean 'rash_graded'?"),
    after_start("kind-unknown", changed(RASH, type="weather"), "type", "'weather'", "one of: course_started, "),
    after_start("kind-missing", changed(RASH, type=ABSENT), "", "'type' is missing", "one of: course_started, "),
    after_start("kind-null", changed(RASH, type=None), "", "'type' is missing"),
    after_start("kind-number", changed(RASH, type=3), "type", "no kind"),
    after_start("kind-list", changed(RASH, type=["rash_graded"]), "type", "no kind"),
    after_start("kind-object", changed(RASH, type={}), "type", "no kind"),
    after_start("empty-object", "{}", "", "'type' is missing"),
    after_start("symbol-as-kind", changed(UNDATED, type="anc_low"), "type", "'anc_low'", "one of: "),
    after_start("field-near-miss", changed(RASH, grad=2), "", "no field 'grad'", "did you mean 'grade'?"),
    after_start("field-unknown", changed(RASH, colour="red"), "", "no field 'colour'", "one of: patient, id, "),
    after_start("field-of-another-kind", changed(RASH, pain=True), "", "no field 'pain'"),
    after_start("field-called-as-a-kind", changed(RASH, rash_graded=2), "", "no field 'rash_graded'"),
    after_start("field-with-a-line-break", changed(RASH, **{"a\nb": 2}), "", "no field 'a\\nb'"),
    bad_start("nested-field-unknown", "", "no field 'uln'", "take it out", bilirubin={"times_uln": 1, "uln": 2}),
]

DATES = [
    after_start("date-impossible", {**UNDATED, "at": "2026-02-30T08:00:00+01:00"}, "at", "day"),
    after_start("hour-impossible", {**UNDATED, "at": "2026-03-09T25:00:00+01:00"}, "at", "valid datetime"),
    after_start("date-without-offset", {**UNDATED, "at": "2026-03-09T08:00:00"}, "at", "timezone"),
    after_start("date-without-time", {**UNDATED, "at": "2026-03-09"}, "at", "ISO 8601", "given: '2026-03-09'"),
    after_start("date-in-words", {**UNDATED, "at": "yesterday"}, "at", "ISO 8601", "given: 'yesterday'"),
    after_start("date-other-order", {**UNDATED, "at": "09.03.2026 08:00"}, "at", "ISO 8601"),
    after_start("unix-number", {**UNDATED, "at": 1_772_434_800}, "at", "a date and time as text", "given: 1772434800"),
    after_start("unix-number-as-text", {**UNDATED, "at": "1772434800"}, "at", "ISO 8601"),
    after_start("year-9999", {**UNDATED, "at": "9999-12-31T23:59:59-12:00"}, "at", "between 1900 and 2199"),
    after_start("year-1", {**UNDATED, "at": "0001-01-01T00:00:00+12:00"}, "at", "between 1900 and 2199"),
    after_start("day-0", {**UNDATED, "day": 0}, "day", "greater than or equal to 1", "given: 0"),
    after_start("day-negative", {**UNDATED, "day": -3}, "day", "greater than or equal to 1"),
    after_start("day-far-off", {**UNDATED, "day": 36_526}, "day", "less than or equal to 36525"),
    after_start("day-and-a-half", {**UNDATED, "day": 1.5}, "day", "integer"),
    after_start("day-in-quotes", {**UNDATED, "day": "9"}, "day", "integer", "given: '9'"),
    after_start("day-and-at", {**RASH, "at": "2026-03-10T08:00:00+01:00"}, "", "exactly one of at", "given: "),
    after_start("neither-day-nor-at", UNDATED, "", "exactly one of at", "given: type, grade"),
    bad_start("clock-without-zero", "clock_time", "24 hours", "'8:00'", clock_time="8:00"),
    bad_start("clock-24", "clock_time", "24 hours", "'24:00'", clock_time="24:00"),
    bad_start("clock-number", "clock_time", "24 hours", "given: 8", clock_time=8),
    bad_start("clock-missing", "", "'clock_time' is missing", clock_time=ABSENT),
    bad_start("weekday-capital", "weekday", "'monday'", "'Monday'", weekday="Monday"),
    bad_start("weekday-missing", "", "'weekday' is missing", "one of: monday, tuesday", weekday=ABSENT),
    bad_start("zone-abbreviation", "timezone", "IANA", "given: 'CEST'", timezone="CEST"),
    bad_start("zone-half", "timezone", "IANA", "given: 'Europe'", timezone="Europe"),
    bad_start("zone-path", "timezone", "IANA", timezone="../../etc/passwd"),
    bad_start("zone-empty", "timezone", "IANA", timezone=""),
]

STARTS = [
    bad_start("informed-missing", "", "'patient_informed' is missing", "add it", patient_informed=ABSENT),
    bad_start("informed-yes", "patient_informed", "boolean", "given: 'yes'", patient_informed="yes"),
    bad_start(
        "bilirubin-both-forms",
        "bilirubin",
        "not both",
        bilirubin={"times_uln": 1, "value": 1, "unit": "mg/dL", "upper_limit_of_normal": 1.2},
    ),
    bad_start("bilirubin-no-form", "bilirubin", "needs times_uln", bilirubin={}),
    bad_start("bilirubin-without-limit", "bilirubin", "upper_limit_of_normal", bilirubin={"value": 1, "unit": "mg/dL"}),
    bad_start(
        "bilirubin-limit-0",
        "bilirubin.upper_limit_of_normal",
        "greater than 0",
        bilirubin={"value": 1, "unit": "mg/dL", "upper_limit_of_normal": 0},
    ),
    bad_start(
        "bilirubin-unit",
        "bilirubin.unit",
        "'mg/L' is no unit of bilirubin",
        bilirubin={"value": 1, "unit": "mg/L", "upper_limit_of_normal": 1},
    ),
    bad_start("bilirubin-number", "bilirubin", "", "given: '0.8'", bilirubin=0.8),
    bad_start(
        "clearance-unit",
        "creatinine_clearance.unit",
        "'mL/min'",
        creatinine_clearance={"value": 90, "unit": "mL/s"},
    ),
    bad_start(
        "clearance-without-unit", "", "'unit' is missing", "'creatinine_clearance'", creatinine_clearance={"value": 90}
    ),
    bad_start("organ-measured-and-assumed", "", "both measured and assumed", assumed=["bilirubin"]),
    bad_start("organ-unknown", "assumed.0", "'bilirubin'", "given: 'heart'", assumed=["heart"]),
    bad_start("organs-as-text", "assumed", "tuple", assumed="bilirubin"),
    bad_start("baseline-grade-4", "baseline_neuropathy", "PN-09", baseline_neuropathy={"grade": 4}),
    bad_start("baseline-grade-6", "baseline_neuropathy.grade", "equal to 5", baseline_neuropathy={"grade": 6}),
    bad_start("patient-blank", "patient", "at least 1 character", "given: '  '", patient="  "),
    bad_start("patient-empty", "patient", "at least 1 character", patient=""),
    bad_start("patient-number", "patient", "string", "given: 7", patient=7),
    bad_start("patient-too-long", "patient", "at most 200", patient="p" * 201),
    bad_start("patient-half-a-letter", "patient", "unicode", patient="\ud800"),
    bad_start("start-on-day-8", "", "cannot start on day 8", "day 1 is the first day", at=ABSENT, day=8),
    Bad("event-before-the-start", content(RASH, START), 1, "", "has not started", "begins with course_started"),
    Bad(
        "event-after-a-blocked-start",
        content({**START, "patient_informed": False}, RASH),
        2,
        "",
        "has not started",
        "begins with course_started",
    ),
    Bad("death-on-a-day-before-the-start", content({"type": "patient_died", "day": 3}), 1, "", "day means nothing"),
    after_start("second-start", {**START, "at": "2026-03-09T07:30:00+01:00"}, "", "already started", "one course_st"),
    after_start("another-patient-without-start", {**RASH, "patient": "q"}, "", "has not started"),
]

ORDER = [
    Bad(
        "time-backwards",
        content(START, {**RASH, "day": 16}, {**RASH, "day": 15}),
        3,
        "",
        "time goes backwards",
        "in the order in which they were seen",
    ),
    Bad(
        "time-backwards-by-a-minute",
        content(START, {**RASH, "day": 15}, {**UNDATED, "at": "2026-03-16T07:59:00+01:00"}),
        3,
        "",
        "time goes backwards",
    ),
    Bad(
        "time-backwards-by-the-offset",
        content(START, {**RASH, "day": 15}, {**UNDATED, "at": "2026-03-16T08:00:00+02:00"}),
        3,
        "",
        "time goes backwards",
    ),
    Bad(
        "time-backwards-after-the-end",
        content(START, {"type": "patient_died", "day": 15}, {**RASH, "day": 14}),
        3,
        "",
        "time goes backwards",
    ),
    Bad(
        "time-backwards-in-one-of-two-patients",
        content(
            {**START, "patient": "p"},
            {**START, "patient": "q"},
            {**RASH, "patient": "p", "day": 20},
            {**RASH, "patient": "q", "day": 10},
            {**RASH, "patient": "p", "day": 19},
        ),
        5,
        "",
        "time goes backwards",
    ),
]

DOSES = [
    after_start("drug-unknown", changed(DOSE, drug="bortezomib"), "drug", "'ixazomib'", "given: 'bortezomib'"),
    after_start("dose-0", changed(DOSE, dose_mg=0), "dose_mg", "greater than 0"),
    after_start("dose-with-unit", changed(DOSE, dose_mg="4 mg"), "dose_mg", "a number, without quotes"),
    after_start("dose-missing", changed(DOSE, dose_mg=ABSENT), "", "'dose_mg' is missing"),
    after_start("fault-unknown", changed(WRONGLY, fault="late"), "fault", "'crushed'", "given: 'late'"),
    after_start("fault-of-dexamethasone", changed(WRONGLY, fault="without_food"), "", "'without_food' for ixazomib"),
    after_start("fault-of-lenalidomide", changed(WRONGLY, drug="lenalidomide"), "", "'crushed' for lenalidomide"),
    after_start("missed-on-day-0", changed(MISSED, scheduled_day=0), "scheduled_day", "greater than or equal to 1"),
    after_start("missed-on-a-day-never-due", changed(MISSED, scheduled_day=9), "", "day 9", "day 1, 8 or 15"),
    after_start(
        "missed-in-the-rest-week", changed(MISSED, day=25, scheduled_day=22), "", "day 22", "not in the future"
    ),
    after_start("missed-in-the-future", changed(MISSED, scheduled_day=15), "", "day 15", "not in the future"),
    after_start(
        "missed-an-hour-early",
        {"type": "dose_delayed", "at": "2026-03-09T07:00:00+01:00", "scheduled_day": 8},
        "",
        "day 8",
        "not in the future",
    ),
    Bad(
        "missed-before-the-first-dose",
        content(
            {**START, "at": "2026-03-03T07:30:00+01:00"}, {"type": "dose_missed", "at": "2026-03-04T08:00:00+01:00"}
        ),
        2,
        "",
        "no dose of ixazomib was due",
    ),
]

RECORDS = [
    Bad("record-lost", content({**RECORD, "number": 2}), 1, "", "record 2 stands where record 1", "lost, doubled"),
    Bad("record-doubled", content(RECORD, RECORD), 2, "", "already started"),
    Bad(
        "record-moved",
        content(RECORD, changed(RECORD, number=1, event=RASH)),
        2,
        "",
        "record 1 stands where record 2",
        "go back to the events",
    ),
    bad_record("record-number-0", "number", "greater than or equal to 1", "given: 0", number=0),
    bad_record("record-number-text", "number", "integer", "given: '1'", number="1"),
    bad_record("record-without-rules", "", "'rules' is missing", rules=ABSENT),
    bad_record("record-without-event", "", "'type' is missing", event=ABSENT),
    bad_record("record-event-null", "event", "", event=None),
    bad_record("record-event-grade", "event: grade", "equal to 5", "given: 6", event={**RASH, "grade": 6}),
    bad_record(
        "record-event-kind", "event: type", "no kind", "did you mean 'rash_graded'?", event={"type": "rash_grade"}
    ),
    bad_record("record-event-of-another", "", "of patient 'q'", "one patient", event={**START, "patient": "q"}),
    bad_record("record-field-unknown", "", "no field 'reason'", reason="x"),
    bad_record("record-field-near-miss", "", "no field 'rule'", "did you mean 'rules'?", rule=[]),
    bad_record("record-edition-unknown", "", "no edition 'us'", "dosing-text", edition="us"),
    bad_record("record-edition-null", "edition", "string", edition=None),
    bad_record("record-order-unknown", "orders.0", "known verb", orders=[{"verb": "fly"}]),
    bad_record("record-order-field", "orders.0", "known verb", orders=[{"verb": "hold", "why": "x"}]),
    bad_record("record-order-drug", "orders.0", "'aspirin' is no drug", orders=[{"verb": "hold", "drug": "aspirin"}]),
    bad_record("record-order-verb-list", "", "", orders=[{"verb": []}]),
    bad_record("record-order-dose-null", "", "", orders=[{"verb": "start", "dose_mg": None}]),
    bad_record("record-order-dose-text", "orders.0", "", orders=[{"verb": "start", "dose_mg": "four"}]),
    bad_record("record-order-dose-huge", "", "", orders=[{"verb": "start", "dose_mg": 10**400}]),
    bad_record("record-orders-text", "orders", "", orders="hold"),
    bad_record("record-status-missing-part", "status", "held_for", status=with_status(held_for=ABSENT)),
    bad_record("record-status-unknown-part", "status", "held_for", status=with_status(mood="good")),
    bad_record("record-status-text", "status", "held_for", status="active at 4 mg"),
    bad_record("record-status-dose-text", "status", "", status=with_status(ixazomib_mg="four")),
    bad_record("record-status-dose-null", "status", "", status=with_status(ixazomib_mg=None)),
    bad_record("record-status-dose-list", "", "", status=with_status(ixazomib_mg=[])),
    bad_record("record-status-dose-huge", "", "", status=with_status(ixazomib_mg=10**400)),
    bad_record("record-status-reason-number", "status", "", status=with_status(ixazomib_held=True, held_for=[1])),
    bad_record("record-status-held-perhaps", "status", "", status=with_status(ixazomib_held="perhaps")),
    bad_record("record-status-phase-unknown", "status", "", status=with_status(phase="recovering")),
    bad_record("record-configuration-text", "before", "tuple", before="screening"),
    bad_record("record-rules-number", "rules.0", "string", rules=[1]),
    bad_record("record-date-bad", "at", "ISO 8601", at="yesterday"),
    Bad("record-day-huge", content(json.dumps(RECORD).replace('"day": 1,', '"day": 1e5000,')), 1, "", ""),
]

CASES = [*NOT_LINES, *NUMBERS, *GRADES, *KINDS, *DATES, *STARTS, *ORDER, *DOSES, *RECORDS]
# A few of every sort, for what is slow.
FEW = [case for case in CASES if case.name in ("empty-file", "utf-16", "cut-after-a-value", "grade-6", "record-lost")]


def check(case: Bad, code: int, out: str, err: str, name: str) -> None:
    """The exit code, nothing on standard output, and one line that says what, where and the remedy."""
    assert code == 2
    assert out == ""
    place = name if case.line is None else f"{name}:{case.line}"
    start = f"ixastate: {place}: {f'{case.field}: ' if case.field else ''}"
    assert err.startswith(start)
    # The name of the file says nothing about what is wrong.
    said = err.removeprefix(start)
    assert case.what in said
    assert case.remedy in said
    assert re.search(r"\S \(.+\)\n$", said), "a remedy in parentheses"
    assert len(err.splitlines()) == 1
    assert "Traceback" not in err


def tree(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_cases_have_names_of_their_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES) > 60


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_log(case: Bad, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(case.log)
    check(case, main(["replay", str(log)]), *capsys.readouterr(), str(log))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_log_leaves_an_old_calendar_as_it_was(
    case: Bad, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, old = tmp_path / "log.jsonl", tmp_path / "old.ics"
    log.write_bytes(case.log)
    old.write_bytes(b"old")
    before = tree(tmp_path)
    for out in (old, tmp_path / "new.ics"):
        check(case, main(["schedule", str(log), "--ics", str(out)]), *capsys.readouterr(), str(log))
        assert tree(tmp_path) == before


@pytest.mark.parametrize("case", FEW, ids=lambda case: case.name)
@pytest.mark.parametrize("standard_input", [False, True], ids=["file", "standard input"])
def test_bad_log_in_a_process_of_its_own(case: Bad, standard_input: bool, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(case.log)
    done = subprocess.run(
        [sys.executable, "-m", "ixastate", "replay", "-" if standard_input else str(log), "--json"],
        input=case.log if standard_input else b"",
        capture_output=True,
    )
    name = "standard input" if standard_input else str(log)
    # The records of the lines before it were printed as they were read, and nothing of the bad line or after it.
    before = [json.loads(line) for line in done.stdout.splitlines()]
    assert [record["number"] for record in before] == list(range(1, case.line or 1))
    check(case, done.returncode, "", done.stderr.decode(), name)


def test_a_long_reading_matter_is_not_read_to_the_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What comes after the first error is not looked at, so it changes nothing about the answer."""
    log = tmp_path / "log.jsonl"
    answers = []
    for rest in (b"", b"\xff" * 2_000_000):
        log.write_bytes(content(START, changed(RASH, grade=6)) + rest)
        assert main(["replay", str(log)]) == 2
        answers.append(capsys.readouterr())
    assert answers[0] == answers[1]


# --- Accepted although it looks odd ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "log",
    [
        cut(START, RASH),
        content(START, "", RASH, "", ""),
        content(START, {**RASH, "day": 15}, {**RASH, "day": 15}),
        content({**START, "at": "2026-03-02T08:00:00+01:00"}, {"type": "dose_taken", "day": 1, "dose_mg": 4}),
        content(START, {"type": "patient_died", "day": 9}, ANC),
        content({**START, "patient_informed": False}, START, RASH),
        content(RECORD, RASH),
        content(START).replace(b"\n", b"\r\n"),
    ],
    ids=[
        "no newline at the end",
        "blank lines",
        "the same moment twice",
        "a start at the very slot",
        "after the end",
        "a second start after a blocked one",
        "events after records",
        "CRLF",
    ],
)
def test_this_is_not_bad(log: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(log)
    assert main(["replay", str(path)]) == 0
    assert capsys.readouterr().err == ""


# --- Files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["replay", "schedule"])
def test_a_missing_file(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "nowhere.jsonl"
    assert main([command, str(missing)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"ixastate: {missing}: cannot be read: No such file or directory (name a log file)\n"


@pytest.mark.parametrize("command", ["replay", "schedule"])
def test_a_folder_is_no_log(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"ixastate: {tmp_path}: cannot be read: ")
    assert err.endswith(" (name a log file)\n")


@permissions.needed
def test_a_file_without_leave_to_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(content(START))
    log.chmod(0)
    assert main(["replay", str(log)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"ixastate: {log}: cannot be read: Permission denied (name a log file)\n"


def test_a_disk_that_fails_in_the_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        def __enter__(self) -> Failing:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def readline(self, _: int) -> bytes:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "open", lambda *_: Failing())
    with pytest.raises(InputError, match="cannot be read: Input/output error"):
        list(read_log(tmp_path / "log.jsonl"))


# --- A course that refuses has not moved ----------------------------------------------------------------------

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "another patient": ({**RASH, "day": 20, "patient": "q"}, "of patient 'q'"),
    "a second start": ({**START, "at": "2026-05-04T07:30:00+02:00"}, "already started"),
    "time backwards": ({**RASH, "day": 14}, "time goes backwards"),
    "never scheduled": ({**MISSED, "day": 20, "scheduled_day": 9}, "day 9"),
    "in the future": ({**MISSED, "day": 20, "scheduled_day": 29}, "day 29"),
    "the wrong kind": ({**OTHER, "day": 20, "term": "rash", "grade": 4}, "'rash'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_event_moves_nothing(name: str) -> None:
    facts, what = REFUSED[name]
    course = Course("p")
    for fact in (START, {**ANC, "day": 15}, {**OTHER, "day": 15, "grade": 3}):
        course.observe(parse_event(fact))
    before = course.snapshot()
    with pytest.raises(CourseRefusal) as caught:
        course.observe(parse_event(facts))
    assert what in caught.value.what
    assert caught.value.where == f"event 4 ({facts['type']})"
    assert caught.value.remedy
    assert course.snapshot() == before
    assert course.observe(event("rash_graded", day=15, grade=0)).number == 4


@pytest.mark.parametrize("name", ["rash_graded", "dose_taken", "other_toxicity_graded", "progression_found"])
def test_an_event_before_the_start_moves_nothing(name: str) -> None:
    facts = {"rash_graded": RASH, "dose_taken": DOSE, "other_toxicity_graded": OTHER, "progression_found": {}}[name]
    dated = {key: value for key, value in facts.items() if key != "day"} | {"at": "2026-03-02T07:30:00Z", "type": name}
    course = Course("p")
    before = course.snapshot()
    with pytest.raises(CourseRefusal, match="has not started"):
        course.observe(parse_event(dated))
    assert course.snapshot() == before


# --- A damaged snapshot ---------------------------------------------------------------------------------------


def snapshot(**changes: Any) -> str:
    course = Course("p")
    for fact in (START, {**ANC, "day": 15}):
        course.observe(parse_event(fact))
    return json.dumps(changed(json.loads(course.snapshot().model_dump_json()), **changes))


def snapshot_part(name: str) -> Any:
    return json.loads(snapshot())[name]


# Not only what cannot be read, but also what does not fit together: a course resumed from it would say two things.
@pytest.mark.parametrize(
    "saved",
    [
        "",
        "null",
        "[]",
        "{}",
        snapshot()[:-1],
        snapshot(edition="us"),
        snapshot(number=-1),
        snapshot(number="2"),
        snapshot(extra=1),
        snapshot(history=ABSENT),
        snapshot(configuration=["screening", "discontinued"]),
        snapshot(configuration=[]),
        snapshot(configuration=["ixazomib_given_4"]),
        snapshot(configuration=["on_treatment"]),
        snapshot(configuration=["nowhere"]),
        snapshot(history=[["2026-03-16T08:00:00Z", ["nowhere"]]]),
        snapshot(history=[["2026-03-16T08:00:00", ["screening"]]]),
        snapshot(history=[["0001-01-01T00:00:00+14:00", snapshot_part("configuration")]]),
        snapshot(history=[["9999-12-31T23:59:59-14:00", snapshot_part("configuration")]]),
        snapshot(history=[]),
        snapshot(latest=1_772_434_800),
        snapshot(start={**START, "weekday": "Monday"}),
        snapshot(start={**changed(START, at=ABSENT), "day": 8}),
        snapshot(start=None),
        snapshot(reviewed=["aspirin"]),
        snapshot(baseline_neuropathy={"grade": 6}),
        snapshot(open_terms=[["nausea", "perhaps"]]),
    ],
    ids=[
        "empty",
        "null",
        "list",
        "empty object",
        "cut short",
        "unknown edition",
        "negative number",
        "number in quotes",
        "extra field",
        "missing field",
        "two roots",
        "no state",
        "half a configuration",
        "no leaf",
        "unknown state",
        "unknown state in the history",
        "history without offset",
        "history in the year 1",
        "history in the year 9999",
        "a history without the present state",
        "unix number",
        "start with a bad weekday",
        "start on day 8",
        "on treatment without a start",
        "unknown drug",
        "baseline grade 6",
        "unknown attribution",
    ],
)
def test_a_damaged_snapshot_is_refused(saved: str) -> None:
    with pytest.raises(IxastateError):
        Course.resume(saved)


def test_a_whole_snapshot_is_resumed() -> None:
    assert Course.resume(snapshot()).status.words == "held for neutrophils"


# --- Differences ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edit", "part"),
    [
        (lambda record: record["orders"].pop(), "orders"),
        (lambda record: record["rules"].pop(), "rules"),
        (lambda record: record["status"].update(ixazomib_mg=3.0), "status"),
        (lambda record: record.update(symbols=["start_3_25"]), "symbols"),
        (lambda record: record.update(day=2), "day"),
    ],
    ids=["orders", "rules", "status", "symbols", "day"],
)
def test_an_edited_record_is_found(
    edit: Callable[[dict[str, Any]], Any], part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = json.loads(json.dumps(RECORD))
    edit(record)
    log = tmp_path / "log.jsonl"
    log.write_bytes(content(record))
    assert main(["replay", str(log)]) == 1
    out, err = capsys.readouterr()
    assert err.startswith(f"ixastate: {log}:1: {part} was ")
    assert len(err.splitlines()) == 1
    assert f"DIFFERS    {part} was recorded as " in out


# --- Arguments and other data ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["replay", "LOG", "--edition", "us"], "ixastate: there is no edition 'us' (one of: dosing-text"),
        (["rules", "--edition", "us"], "ixastate: there is no edition 'us' (one of: dosing-text"),
        (["replay", "LOG", "--patient", "r"], "ixastate: LOG: there is no patient 'r' (it has p, q)\n"),
        (["schedule", "LOG", "--patient", "r"], "ixastate: LOG: there is no patient 'r' (it has p, q)\n"),
        (["schedule", "LOG"], "ixastate: LOG: the log has 2 patients (name one with --patient)\n"),
        (
            ["rules", "ANC-99"],
            "ixastate: edition dosing-text: no rule's id, title or sentence has 'ANC-99' "
            "(`ixastate rules` lists them all; did you mean ANC-0",
        ),
    ],
    ids=["edition of replay", "edition of rules", "patient of replay", "patient of schedule", "two patients", "rule"],
)
def test_arguments_that_name_nothing(
    arguments: list[str], what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(content({**START, "patient": "q"}, {**START, "patient": "p"}))
    assert main([argument.replace("LOG", str(log)) for argument in arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(what.replace("LOG", str(log)))
    assert err.endswith(")\n")
    assert len(err.splitlines()) == 1


def test_the_patients_of_an_error_stay_on_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(content({**START, "patient": "p\nixastate: all is well"}))
    assert main(["replay", str(log), "--patient", "r"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["replay"], "replay: LOG is missing (see `ixastate replay --help`)"),
        (["replay", "a", "b"], "replay: got unexpected extra argument(s) (b) (see `ixastate replay --help`)"),
        (["repaly", "a"], "there is no command 'repaly' (did you mean replay?)"),
        (["replay", "a", "--jsn"], "replay: there is no option --jsn (did you mean --json?)"),
        (["replay", "a", "--js"], "replay: there is no option --js (did you mean --json?)"),
        (["simulate", "--patient", "5"], "simulate: there is no option --patient (did you mean --patients?)"),
        (["check", "--edit", "us-label"], "check: there is no option --edit (did you mean --edition?)"),
        (["check", "--frobnicate"], "check: there is no option --frobnicate (see `ixastate check --help`)"),
        (["--verison"], "there is no option --verison (did you mean --version?)"),
        (["schedule", "a", "--days", "0"], "--days: 0 is out of range (from 1 to 3,660)"),
        (["schedule", "a", "--days", "-1"], "--days: '-1' is not a whole number (from 1 to 3,660, "),
        (["schedule", "a", "--days", "3661"], "--days: 3,661 is out of range (from 1 to 3,660)"),
        (["schedule", "a", "--days", "2.5"], "--days: '2.5' is not a whole number (from 1 to 3,660, "),
        (["schedule", "a", "--days", "²"], "--days: '²' is not a whole number"),
        (["schedule", "a", "--days", "9" * 5000], f"--days: '{'9' * 48}…' is not a whole number"),
        (["schedule", "a", "--from-day", "0"], "--from-day: 0 is out of range"),
        (["schedule", "a", "--ics"], "schedule: option '--ics' requires an argument (see `ixastate schedule --help`)"),
        (["import"], "import: which format? (one of: sdtm)"),
        (["import", "csv", "a"], "import: there is no command 'csv' (`ixastate import --help` lists them)"),
        (["import", "sdtm", "a"], "import sdtm: --output is missing (see `ixastate import sdtm --help`)"),
        (["help", "repaly"], "there is no command 'repaly' (did you mean replay?)"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_wrong_arguments(arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"ixastate: {complaint}")
    assert len(err.splitlines()) == 1
    assert err.endswith(")\n")


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda folder: folder / "nowhere", "nowhere"),
        (lambda folder: folder, ""),
        (lambda folder: [(folder / "dm.xpt").write_bytes(b"junk"), folder][1], "dm.xpt"),
        (lambda folder: [(folder / "dm.zip").write_bytes(b"PK\x03\x04junk"), folder][1], "dm.zip"),
        (lambda folder: [(folder / "file").write_bytes(b""), folder / "file"][1], "file"),
    ],
    ids=["missing", "empty", "junk", "broken archive", "a file"],
)
def test_a_bad_data_set_writes_nothing(
    make: Callable[[Path], Path], what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, results = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    results.mkdir()
    directory = make(folder)
    (results / "old.jsonl").write_bytes(b"old")
    for name in ("old.jsonl", "new.jsonl"):
        assert main(["import", "sdtm", str(directory), "-o", str(results / name)]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("ixastate: ")
        assert what in err
        assert err.endswith(")\n")
        assert len(err.splitlines()) == 1
        assert tree(results) == {"old.jsonl": b"old"}


def test_an_unknown_zone_of_an_import(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = tmp_path / "new.jsonl"
    assert main(["import", "sdtm", str(tmp_path), "-o", str(new), "--timezone", "Mars/Olympus"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("ixastate: timezone: 'Mars/Olympus' is not a time zone (")
    assert not list(tmp_path.iterdir())


# --- Calendars that cannot be written -------------------------------------------------------------------------


def test_a_calendar_in_a_missing_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(content(START))
    before = tree(tmp_path)
    out_file = tmp_path / "nowhere" / "doses.ics"
    assert main(["schedule", str(log), "--ics", str(out_file)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"ixastate: {out_file}: cannot be written: ")
    assert tree(tmp_path) == before


def test_a_calendar_on_a_full_disk(tmp_path: Path) -> None:
    """A limit on the size of files stands for a full disk: the write really fails, in the middle."""
    pytest.importorskip("resource", reason="this system has no limits of resources")
    log, old = tmp_path / "log.jsonl", tmp_path / "doses.ics"
    log.write_bytes(content(START))
    old.write_bytes(b"old")
    before = tree(tmp_path)
    program = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)); "
        "from ixastate.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", program, "schedule", str(log), "--ics", str(old)],
        capture_output=True,
        text=True,
        # Under the limit coverage.py could not write what it measured, and would complain.
        env={name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")},
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"ixastate: {old}: cannot be written: ")
    assert len(done.stderr.splitlines()) == 1
    assert tree(tmp_path) == before


@pytest.mark.parametrize("started", [{"at": ABSENT, "day": 1}, {"patient_informed": False}], ids=["nominal", "blocked"])
def test_a_calendar_of_a_course_without_one(
    started: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(content(changed(START, **started)))
    before = tree(tmp_path)
    assert main(["schedule", str(log), "--ics", str(tmp_path / "doses.ics")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("ixastate: patient (no name): ")
    assert err.endswith(")\n")
    assert tree(tmp_path) == before
