"""The timeline and the schedule as text, word for word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ixastate.course.course import Course
from ixastate.course.log import dump, read_log
from ixastate.course.replay import Replayed, replay_log
from ixastate.course.timeline import DISCLAIMER, schedule_lines, timeline
from ixastate.errors import InputError
from ixastate.events import KINDS, DoseEvent, parse_event
from ixastate.words import describe
from tests.test_log import EVERY_KIND, START, as_log, event, read

EXAMPLES = sorted((Path(__file__).resolve().parents[1] / "examples").glob("*.jsonl"))
LONGEST = 100
RULE = "─" * LONGEST


def replay(*facts: dict[str, Any]) -> list[Replayed]:
    return list(replay_log(read(as_log(*(parse_event(fact) for fact in facts)))))


def nominal(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in START.items() if name not in ("at", "timezone")} | {"day": 1} | changes


LOW = {"type": "neutrophils_measured", "day": 15, "value": 499, "unit": "/mm3"}
RECOVERED = {"type": "neutrophils_measured", "day": 22, "value": 0.5, "unit": "10*9/L"}
COURSE = [
    nominal(),
    {"type": "dose_taken", "day": 1, "dose_mg": 4},
    {"type": "neutrophils_measured", "day": 8, "value": 1.9, "unit": "10*9/L"},
    LOW,
    RECOVERED,
    {"type": "dose_missed", "day": 30, "scheduled_day": 29},
    {"type": "progression_found", "day": 43},
    {"type": "rash_graded", "day": 50, "grade": 2},
]

GOLDEN = f"""\
Patient (no name) · edition dosing-text · now discontinued
Day 1 is a Monday, 08:00; the log gives treatment days, not dates; lenalidomide's ladder
  25-20-15-10-5-2.5 mg (B-LADDER)
{RULE}
day 1                            course starts: monday at 08:00, bilirubin 0.8 × ULN, creatinine
                                 clearance 90 mL/min
    state      active at 4 mg · ixazomib 4 mg · lenalidomide 25 mg
    asked for  start ixazomib at 4 mg; start lenalidomide at 25 mg; start dexamethasone at 40 mg
    by         DOSE-01 Ixazomib: 4 mg, three weekly doses a cycle (line 7)
    by         DOSE-02 Lenalidomide: 25 mg daily for three weeks of four (line 7)
    by         DOSE-03 Dexamethasone: 40 mg once in every week (line 7)
    by         DOSE-05 Companion doses come from their own inserts (line 9)
day 1                            ixazomib: 4 mg taken: nothing follows
day 8                            neutrophils 1.9 10*9/L: nothing follows
day 15                           neutrophils 499 /mm3
    state      held for neutrophils · ixazomib 4 mg (held) · lenalidomide 25 mg (held)
    asked for  hold ixazomib; hold lenalidomide; consider G-CSF
    by         DOSE-06 Toxicity has three answers: hold, reduce, stop (line 10)
    by         ANC-01 Neutropenia: both drugs are held (line 12)
    by         ANC-03 Neutropenia: think of G-CSF (line 12)
    read as    B-EPISODE B-ANC-IN-HOLD
day 22                           neutrophils 0.5 10*9/L
    state      active at 3 mg · ixazomib 3 mg · lenalidomide 25 mg
    asked for  reduce ixazomib to 3 mg; resume ixazomib at 3 mg; resume lenalidomide at 25 mg
    by         DOSE-06 Toxicity has three answers: hold, reduce, stop (line 10)
    by         DOSE-07 Ixazomib is reduced at most twice (line 10)
    by         DOSE-08 The first reduction leads to 3 mg (line 11)
    by         ANC-02 Neutrophils recovered: the hold ends (line 12)
    by         ANC-04 Neutropenia, ixazomib's turn: one level lower (line 13)
    by         ANC-05 Neutropenia, ixazomib's turn: asks for no reduction of lenalidomide (line 13)
    by         ANC-06 Neutropenia: the drugs take turns (line 14)
    read as    B-FAMILY B-ORIGINAL B-ALT-OTHER B-BOUND B-UNITS B-CONFIRM B-RESUME-TIMING
day 30                           ixazomib: a dose was missed (due on day 29)
    state      active at 3 mg · ixazomib 3 mg · lenalidomide 25 mg
    asked for  the missed dose of ixazomib may be taken now
    by         ADM-11 Late ixazomib dose allowed from 72 hours on (line 5)
    by         ADM-13 A missed dose is never made up by a double dose (line 5)
    read as    B-CALENDAR B-DELAY-SHIFT
day 43                           the disease has progressed
    state      discontinued
    asked for  stop ixazomib; stop lenalidomide; stop dexamethasone
    by         DOSE-04 Cycles repeat without a fixed number (line 8)
    by         DISC-01 Progression ends treatment (line 8)
    read as    B-TREATMENT B-DEX-STOP
day 50                           rash grade 2: nothing follows

A research and teaching tool, not medical advice."""


def test_a_course_by_treatment_days_word_for_word() -> None:
    assert list(timeline(replay(*COURSE))) == GOLDEN.splitlines()


def test_a_course_by_dates_gives_the_local_clock() -> None:
    lines = list(
        timeline(
            replay(
                START,
                {"type": "rash_graded", "at": "2026-03-09T06:10:00Z", "grade": 0},
                {"type": "rash_graded", "day": 29, "grade": 0},
            )
        )
    )
    assert lines[1].startswith("Day 1 is Monday 02 March 2026, 08:00 Europe/Berlin")
    assert [line for line in lines if line.startswith("day ") and "rash" in line] == [
        "day 8 · Mon 09 Mar 2026 06:10    rash grade 0: nothing follows",
        "day 29 · Mon 30 Mar 2026 08:00   rash grade 0: nothing follows",
    ]


def test_an_event_before_day_1_has_its_date_and_its_place() -> None:
    blocked = {**START, "at": "2026-02-20T07:30:00+01:00", "patient_informed": False}
    lines = list(timeline(replay(blocked, {**START, "at": "2026-02-27T07:30:00+01:00"})))
    assert lines[lines.index(RULE) + 1].startswith("before day 1 · Fri 20 Feb 2026 07:30 ")
    assert "    asked for  inform the patient before the first dose" in lines
    assert any(line.startswith("day -2 · Fri 27 Feb 2026 07:30 ") for line in lines)


def test_what_was_decided_otherwise_stands_with_the_event() -> None:
    records = [json.loads(dump(step.record)) for step in replay(*COURSE)]
    records[2]["orders"] = [{"verb": "review_rash"}]
    lines = list(timeline(list(replay_log(read("".join(f"{json.dumps(record)}\n" for record in records))))))
    at = lines.index("day 8                            neutrophils 1.9 10*9/L")
    assert lines[at + 1] == "    state      active at 4 mg · ixazomib 4 mg · lenalidomide 25 mg"
    assert [line for line in lines if "DIFFERS" in line] == [
        "    DIFFERS    orders was recorded as review the rash that persists; today nothing"
    ]


def test_patients_come_one_after_the_other_in_the_order_of_the_file() -> None:
    both = [{**fact, "patient": patient} for fact in (nominal(), LOW) for patient in ("q", "p")]
    lines = list(timeline(replay(*both)))
    assert [line for line in lines if line.startswith("Patient")] == [
        "Patient q · edition dosing-text · now held for neutrophils",
        "Patient p · edition dosing-text · now held for neutrophils",
    ]
    assert lines.count(DISCLAIMER) == 1
    assert lines[-1] == DISCLAIMER


def test_a_held_drug_is_marked_and_the_other_is_not() -> None:
    lines = list(timeline(replay(nominal(), {"type": "neuropathy_graded", "day": 9, "grade": 3})))
    assert "    state      held for neuropathy · ixazomib 4 mg (held) · lenalidomide 25 mg" in lines


# --- Every kind of event --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_of_event_has_words(kind: str) -> None:
    seen = event(kind, **{name: value for name, value in EVERY_KIND[kind].items() if name != "at"})
    words = describe(seen)
    assert words
    assert "{" not in words
    assert "_" not in words
    if isinstance(seen, DoseEvent):
        assert words.startswith(f"{seen.drug}: ")


@pytest.mark.parametrize(
    ("kind", "facts", "words"),
    [
        ("neutrophils_measured", {"value": 0.42, "unit": "10*9/L"}, "neutrophils 0.42 10*9/L"),
        (
            "neutrophils_measured",
            {"value": 900, "unit": "/mm3", "after_g_csf": True},
            "neutrophils 900 /mm3 after G-CSF",
        ),
        (
            "platelets_measured",
            {"value": 40, "unit": "10*9/L", "after_transfusion": True},
            "platelets 40 10*9/L after a transfusion",
        ),
        ("bilirubin_measured", {"times_uln": 1.5}, "bilirubin 1.5 × ULN"),
        (
            "bilirubin_measured",
            {"value": 2, "unit": "mg/dL", "upper_limit_of_normal": 1.2},
            "bilirubin 1.67 × ULN",
        ),
        (
            "creatinine_clearance_measured",
            {"value": 29, "unit": "mL/min", "on_dialysis": True},
            "creatinine clearance 29 mL/min, on dialysis",
        ),
        ("neuropathy_graded", {"grade": 2, "pain": True}, "neuropathy grade 2 with pain"),
        (
            "neuropathy_graded",
            {"grade": 1, "physician_agrees": True},
            "neuropathy grade 1, the physician agrees to resume",
        ),
        (
            "other_toxicity_graded",
            {"term": "Nausea", "grade": 3, "attribution": "not_clear"},
            "nausea grade 3, not clearly from ixazomib",
        ),
        ("other_toxicity_graded", {"term": "nausea", "grade": 3}, "nausea grade 3"),
        ("dose_overdosed", {"dose_mg": 8}, "ixazomib: overdose of 8 mg taken"),
        ("dose_missed", {}, "ixazomib: a dose was missed"),
        ("dose_taken_wrongly", {"fault": "with_dexamethasone"}, "ixazomib: taken with dexamethasone"),
    ],
)
def test_the_words_say_what_was_seen(kind: str, facts: dict[str, Any], words: str) -> None:
    assert describe(event(kind, **facts)) == words


# --- Width ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("width", [60, 80, LONGEST, 200])
def test_no_line_of_an_example_is_too_long(path: Path, width: int) -> None:
    replayed = list(replay_log(read_log(path)))
    lines = list(timeline(replayed, width))
    for course in {step.record.patient: step.course for step in replayed}.values():
        lines += schedule_lines(course, range(1, 57), course.due(range(1, 57)), width=width)
    assert [line for line in lines if len(line) > width] == []
    assert max(map(len, lines)) == width  # that of the ruled line


def test_no_line_is_too_long_however_much_is_said() -> None:
    everything = {
        **START,
        "patient": "patient " * 20,
        "timezone": "America/Argentina/ComodRivadavia",
        "weekday": "wednesday",
        "on_dialysis": True,
        "baseline_neuropathy": {"grade": 2, "pain": True},
        "patient_informed": False,
    }
    started = {**everything, "at": "2026-03-03T07:30:00+01:00", "patient_informed": True}
    term = {"type": "other_toxicity_graded", "day": 9, "term": "a very long term " * 11, "grade": 3}
    quiet = {**term, "day": 10, "term": f"another {term['term']}"[:200], "grade": 1}
    steps = replay(everything, started, {**term, "patient": "patient " * 20}, {**quiet, "patient": "patient " * 20})
    assert [line for line in timeline(steps) if len(line) > LONGEST] == []


def test_a_name_does_not_break_a_line() -> None:
    """Otherwise a name could pass for a line of the timeline, or command the terminal."""
    patient = "p\nday 99   the disease has progressed"
    term = {"type": "other_toxicity_graded", "patient": patient, "day": 9, "term": "a\x1b[2Jb\rc", "grade": 1}
    try:
        lines = list(timeline(list(replay_log(read("\n".join(map(json.dumps, [nominal(patient=patient), term])))))))
    except InputError:
        return  # to refuse such a name is as good as to show it harmlessly
    text = "\n".join(lines)
    assert not any(line.startswith("day 99") for line in text.splitlines())
    assert all(character.isprintable() or character == "\n" for character in text)


# --- The schedule ---------------------------------------------------------------------------------------------


def course_of(*facts: dict[str, Any]) -> Course:
    return replay(*facts)[-1].course


def schedule(course: Course, days: range) -> list[str]:
    return list(schedule_lines(course, days, course.due(days)))


def test_the_schedule_of_a_week_word_for_word() -> None:
    assert (
        schedule(course_of(nominal()), range(20, 30))
        == f"""\
Patient (no name) · active at 4 mg · days 20 to 29
Day 1 is a Monday, 08:00; the log gives treatment days, not dates
{RULE}
day 20   cycle 1 day 20  lenalidomide 25 mg
day 21   cycle 1 day 21  lenalidomide 25 mg
day 22   cycle 1 day 22  dexamethasone 40 mg
day 29   cycle 2 day 1   ixazomib 4 mg at 08:00   lenalidomide 25 mg   dexamethasone 40 mg

lenalidomide: once daily
dexamethasone: with a meal
ixazomib: by mouth, on an empty stomach; with water, swallowed whole: not crushed, chewed or opened;
  not together with dexamethasone
dexamethasone: with a meal; not together with ixazomib
A research and teaching tool, not medical advice.""".splitlines()
    )


def test_the_schedule_gives_dates_where_there_are_any() -> None:
    lines = schedule(course_of(START), range(29, 30))
    assert lines[1] == "Day 1 is Monday 02 March 2026, 08:00 Europe/Berlin"
    assert lines[3] == "day 29   cycle 2 day 1   Mon 30 Mar 2026  ixazomib 4 mg at 08:00   lenalidomide 25 mg"
    assert lines[4] == " " * 42 + "dexamethasone 40 mg"


@pytest.mark.parametrize(
    ("facts", "note"),
    [
        (LOW, "Held, so not due and not made up later: ixazomib and lenalidomide (for neutrophils)"),
        (
            {"type": "neuropathy_graded", "day": 15, "grade": 3},
            "Held, so not due and not made up later: ixazomib (for neuropathy)",
        ),
    ],
    ids=["both", "ixazomib"],
)
def test_what_is_held_is_named_and_not_due(facts: dict[str, Any], note: str) -> None:
    lines = schedule(course_of(nominal(), facts), range(15, 36))
    assert note in lines
    assert not any("ixazomib 4 mg" in line for line in lines)
    assert sum("dexamethasone 40 mg" in line for line in lines) == 3


def test_nothing_is_due_after_the_end_nor_before_the_start() -> None:
    assert why_nothing([nominal(), {"type": "patient_died", "day": 9}], range(9, 37)) == (
        "Nothing is due: treatment ended on day 9 (the patient has died)."
    )
    blocked = course_of({**START, "patient_informed": False})
    assert schedule(blocked, range(1, 29)) == [
        "Patient (no name): screening; nothing is due, because treatment has not started"
    ]
    gone = course_of({"type": "consent_withdrawn", "at": "2026-03-02T08:00:00+01:00"})
    assert schedule(gone, range(1, 29)) == [
        "Patient (no name): discontinued; nothing is due, because treatment never started"
    ]


def why_nothing(facts: list[dict[str, Any]], days: range) -> str:
    """The sentence that says why nothing is due, over all its lines."""
    steps = replay(*facts)
    course = steps[-1].course
    lines = list(schedule_lines(course, days, course.due(days), [step.record for step in steps]))
    assert lines[2] == RULE
    return " ".join(" ".join(lines[3 : lines.index("", 3)]).split())


def test_why_nothing_is_due_on_treatment() -> None:
    """Days 23 to 28 have no dose in any cycle; days 16 to 21 have lenalidomide alone, which is held."""
    assert why_nothing([nominal()], range(23, 29)) == (
        "Nothing is due: no dose is scheduled on these days. The next dose is due on day 29."
    )
    assert why_nothing([nominal(), LOW], range(16, 22)) == (
        "Nothing is due: what is scheduled on these days is held. The next dose is due on day 22."
    )
    # The end lies behind the days that are asked for, so it is not the reason.
    died = [nominal(), {"type": "patient_died", "day": 60}]
    assert why_nothing(died, range(23, 29)).startswith("Nothing is due: no dose is scheduled on these days.")


def test_the_examples_are_there() -> None:
    assert len(EXAMPLES) >= 1
