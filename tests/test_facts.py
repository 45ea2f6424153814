"""Facts that come late, are corrected or withdrawn: what follows, what is refused, and where it is shown.

Every answer here was worked out by hand. What holds whatever happens stands in `test_facts_properties.py`.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ixastate.amendments import AMENDMENTS, EventCorrected, EventWithdrawn, parse_line
from ixastate.chart.status import Status
from ixastate.cli.main import main
from ixastate.course.correction import Dosing, jump_orders
from ixastate.course.course import Course
from ixastate.course.log import dump
from ixastate.course.record import Record
from ixastate.course.replay import Replayed, replay_log
from ixastate.course.timeline import course_lines, schedule_lines
from ixastate.course.turn import Turns
from ixastate.diagrams.show import course_picture
from ixastate.diagrams.views import drawing
from ixastate.errors import CourseRefusal, InputError
from ixastate.events import AMENDING, NeutrophilsMeasured, RashGraded, parse_event
from ixastate.exchange.ics import icalendar
from ixastate.orders import Order
from ixastate.symbols import SCREENING
from tests.test_log import read

Fields = dict[str, Any]
EXAMPLE = Path(__file__).parent.parent / "examples" / "corrected-count.jsonl"
REVIEW = Order("review_correction")
HOLD = (Order("hold", "ixazomib"), Order("hold", "lenalidomide"))


def on(day: int, hour: int = 8) -> str:
    """A moment of a treatment day of the usual course; day 1 is Monday 2 March 2026."""
    return datetime(2026, 3, 1 + day, hour, tzinfo=UTC).isoformat()


def fact(kind: str, seen: str | int, name: str | None, recorded: str, **fields: Any) -> Fields:
    dated = {"day": seen} if isinstance(seen, int) else {"at": seen}
    return {"type": kind, **dated, **({"id": name} if name else {}), "recorded_at": recorded, **fields}


def start(name: str | None = "start", recorded: str = on(1, 7), seen: str | int = on(1, 7), **fields: Any) -> Fields:
    usual = {
        "weekday": "monday",
        "clock_time": "08:00",
        "timezone": "UTC",
        "patient_informed": True,
        "bilirubin": {"times_uln": 0.8},
        "creatinine_clearance": {"value": 90, "unit": "mL/min"},
    }
    return fact("course_started", seen, name, recorded, **{**usual, **fields})


def anc(value: int, seen: str | int, name: str | None, recorded: str) -> Fields:
    return fact("neutrophils_measured", seen, name, recorded, value=value, unit="/mm3")


def rash(grade: int, seen: str | int, name: str | None, recorded: str) -> Fields:
    return fact("rash_graded", seen, name, recorded, grade=grade)


def corrected(name: str, recorded: str, event: Fields, **fields: Any) -> Fields:
    """A correction; `event` may be a line, of which the id and the moment of its recording are left out."""
    event = {key: value for key, value in event.items() if key not in ("id", "recorded_at")}
    return {"type": "event_corrected", "corrects": name, "recorded_at": recorded, "event": event, **fields}


def withdrawn(name: str, recorded: str, **fields: Any) -> Fields:
    return {"type": "event_withdrawn", "withdraws": name, "recorded_at": recorded, **fields}


def shown(*lines: Fields, patient: str | None = None) -> Course:
    course = Course(patient)
    for line in lines:
        course.observe(line)
    return course


def log(*lines: Fields) -> str:
    return "".join(f"{json.dumps(line)}\n" for line in lines)


def replay(*lines: Fields) -> list[Replayed]:
    return list(replay_log(read(log(*lines))))


# A count that was a slip of the pen, a recovery, and what followed.
LOW, RECOVERED = anc(420, on(8), "lab-7", on(8, 11)), anc(4100, on(15), "lab-8", on(15, 11))
SLIP = [start(), LOW, RECOVERED]
MENDED = corrected("lab-7", on(17), anc(4200, on(8), None, ""))


# --- What follows ---------------------------------------------------------------------------------------------


def test_a_corrected_count_takes_back_the_hold_and_the_reduction_that_followed() -> None:
    course = shown(*SLIP)
    assert (course.status.words, course.status.ixazomib_mg) == ("active at 3 mg", 3)
    before = course.records
    record = course.observe(MENDED)
    assert (course.status.words, course.status.lenalidomide_mg) == ("active at 4 mg", 25)
    assert record.orders == (REVIEW, Order("review_rise", "ixazomib", 4))
    assert (record.symbols, record.rules, record.number, record.day) == ((), ("B-CORRECTION",), 4, 17)
    assert record.before == before[-1].after
    assert record.after == before[0].after
    assert [(one.number, one.id, one.then, one.now) for one in record.revisions] == [
        (2, "lab-7", (*HOLD, Order("consider_g_csf")), ()),
        (
            3,
            "lab-8",
            (Order("reduce", "ixazomib", 3), Order("resume", "ixazomib", 3), Order("resume", "lenalidomide", 25)),
            (),
        ),
    ]
    assert course.records[:3] == before, "what was decided on what was known then is kept"
    low = course.facts[1]
    assert isinstance(low.event, NeutrophilsMeasured)
    assert (low.number, low.id, int(low.event.value), low.event.recorded_at) == (2, "lab-7", 4200, None)
    assert low.recorded_at == datetime(2026, 3, 9, 11, tzinfo=UTC)


def test_a_late_result_holds_from_now_on_and_says_what_was_ordered_without_it() -> None:
    """The rash of day 9 lowered lenalidomide at once; seen in the hold, it has to wait for the release (B-STACK)."""
    course = shown(start(), rash(2, on(9), "visit-2", on(9, 10)))
    assert course.status.lenalidomide_mg == 20
    record = course.observe(anc(420, on(8), "lab-7", on(10)))
    assert record.orders == (*HOLD, REVIEW, Order("review_rise", "lenalidomide", 25))
    assert (record.words, record.day) == ("held for neutrophils", 8)
    assert record.at == datetime(2026, 3, 9, 8, tzinfo=UTC)
    assert [(one.number, one.then, one.now) for one in record.revisions] == [
        (3, (), (*HOLD, Order("consider_g_csf"))),
        (2, (Order("reduce", "lenalidomide", 20),), ()),
    ]
    assert "ANC-01" in record.revisions[0].rules
    assert [one.number for one in course.facts] == [1, 3, 2]
    # At the release lenalidomide has the dose that it had before.
    assert course.observe(anc(900, on(11), "lab-8", on(11))).status.lenalidomide_mg == 20


def test_a_late_fact_that_changes_nothing_asks_for_nothing() -> None:
    course = shown(*SLIP)
    record = course.observe(fact("dose_taken", 1, "diary-1", on(16), dose_mg=4))
    assert (record.orders, record.revisions, record.rules) == ((), (), ("B-CORRECTION",))
    assert record.before == record.after
    assert [one.number for one in course.facts] == [1, 4, 2, 3]


def test_a_correction_that_changes_nothing_asks_for_a_review_all_the_same() -> None:
    record = shown(*SLIP).observe(corrected("lab-7", on(17), anc(430, on(8), None, "")))
    assert (record.orders, record.revisions) == ((REVIEW,), ())
    assert shown(*SLIP).observe(corrected("lab-7", on(17), LOW)).orders == (REVIEW,)


@pytest.mark.parametrize(
    "stop",
    [
        rash(4, on(8), "stop", on(8, 9)),
        fact("patient_died", on(8), "stop", on(8, 9)),
        fact("intolerable_toxicity_declared", 8, "stop", on(8, 9)),
    ],
    ids=["grade 4", "another patient's death", "by day"],
)
def test_treatment_that_was_stopped_goes_on_without_what_stopped_it(stop: Fields) -> None:
    course = shown(start(), stop, anc(420, on(9), "lab-7", on(9, 9)))
    assert course.records[-1].rules == ("K-FINAL",)
    record = course.observe(withdrawn("stop", on(10)))
    # The count of day 9 was recorded and did nothing; now it holds.
    assert record.words == "held for neutrophils"
    assert record.orders == (
        Order("resume", "dexamethasone", 40),
        REVIEW,
        Order("review_rise", "ixazomib", 4),
        Order("review_rise", "lenalidomide", 25),
        Order("review_rise", "dexamethasone", 40),
    )
    then = (Order("stop", "ixazomib"), Order("stop", "lenalidomide"), Order("stop", "dexamethasone"))
    assert {one.number: (one.then, one.now) for one in record.revisions} == {
        2: (then, ()),
        3: ((), (*HOLD, Order("consider_g_csf"))),
    }
    assert [dose.drug for dose in course.due([15])] == ["dexamethasone"]


def test_platelets_that_stopped_treatment_at_the_floor_are_withdrawn() -> None:
    """Low neutrophils and severe neuropathy bring ixazomib to 2.3 mg; there a second low platelet count stops."""
    plt = [
        fact("platelets_measured", on(day), f"plt-{day}", on(day, 9), value=value, unit="/mm3")
        for day, value in ((20, 20_000), (21, 40_000), (22, 20_000))
    ]
    lows = [anc(value, on(day), f"anc-{day}", on(day, 9)) for day, value in ((8, 420), (9, 900))]
    severe = [
        fact("neuropathy_graded", on(day), f"pn-{day}", on(day, 9), grade=grade, physician_agrees=True)
        for day, grade in ((10, 3), (11, 0))
    ]
    course = shown(start(), *lows, *severe, *plt)
    assert course.status.words == "discontinued"
    record = course.observe(withdrawn("plt-22", on(23)))
    assert (record.words, record.status.lenalidomide_mg) == ("active at 2.3 mg", 20)
    assert Order("resume", "ixazomib", 2.3) in record.orders
    assert Order("review_rise", "ixazomib", 2.3) in record.orders


def test_a_correction_of_a_withdrawn_fact_brings_it_back() -> None:
    course = shown(*SLIP, withdrawn("lab-7", on(17)))
    assert course.status.words == "active at 4 mg"
    assert [one.withdrawn for one in course.facts] == [False, True, False]
    record = course.observe(corrected("lab-7", on(18), anc(410, on(8), None, "")))
    assert (record.words, record.status.ixazomib_mg) == ("active at 3 mg", 3)
    assert record.orders == (Order("reduce", "ixazomib", 3), REVIEW)
    assert course.observe(withdrawn("lab-7", on(18))).words == "active at 4 mg"


def test_the_last_amendment_recorded_counts_though_two_are_of_one_moment() -> None:
    lines = [corrected("lab-7", on(17), anc(value, on(8), None, "")) for value in (4200, 410)]
    assert shown(*SLIP, *lines).status.words == "active at 3 mg"
    assert shown(*SLIP, *reversed(lines)).status.words == "active at 4 mg"


def test_a_corrected_moment_puts_a_fact_elsewhere() -> None:
    """Low after the recovery and not before it: held, and not reduced."""
    course = shown(*SLIP)
    record = course.observe(corrected("lab-7", on(17), anc(420, on(16), None, "")))
    assert (record.words, record.status.ixazomib_mg) == ("held for neutrophils", 4)
    assert [one.number for one in course.facts] == [1, 3, 2]
    # It says so although it was first recorded before the moment that it has now.
    assert Course.resume(course.snapshot().model_dump_json()).snapshot() == course.snapshot()


# --- The order ------------------------------------------------------------------------------------------------


def test_facts_of_one_moment_count_as_they_were_recorded_and_then_by_id() -> None:
    moment = on(8)
    first, then = anc(900, moment, "z", on(8, 9)), anc(420, moment, "a", on(8, 10))
    course = shown(start(), first, then)
    assert [one.id for one in course.facts] == ["start", "z", "a"], "what was recorded first is first, whatever the id"
    assert (course.records[2].ties, course.records[1].ties) == ((2,), ())
    assert course.status.words == "held for neutrophils"
    # Recorded at once, the ids decide: low, then recovered, although the recovery is reported first.
    course = shown(start(), anc(900, moment, "z", on(9)), anc(420, moment, "a", on(9)), rash(0, moment, None, on(9)))
    assert [one.number for one in course.facts] == [1, 4, 3, 2]
    assert (course.status.words, course.records[2].ties, course.records[3].ties) == ("active at 3 mg", (2,), (2, 3))
    assert course.records[2].rules == ("B-CORRECTION",)


def test_a_corrected_fact_keeps_its_place_among_those_of_its_moment() -> None:
    moment = on(8)
    course = shown(start(), anc(420, moment, "z", on(8, 9)), anc(900, moment, "a", on(8, 10)))
    record = course.observe(corrected("z", on(9), anc(410, moment, None, "")))
    assert ([one.id for one in course.facts], record.ties) == (["start", "z", "a"], (3,))
    assert course.status.words == "active at 3 mg"
    assert course.observe(withdrawn("a", on(9))).ties == ()
    assert course.observe(rash(0, moment, "b", on(9))).ties == (2,), "one that is withdrawn is no tie"


def test_the_same_moment_in_another_offset_is_a_tie() -> None:
    course = shown(start(), anc(420, "2026-03-09T09:00:00+01:00", "a", on(8, 9)))
    assert course.observe(rash(0, "2026-03-09T08:00:00Z", "b", on(8, 10))).ties == (2,)


def test_an_event_after_a_withdrawn_one_is_in_time() -> None:
    course = shown(start(), anc(420, on(10), "lab-7", on(10, 9)), withdrawn("lab-7", on(11)))
    record = course.observe(anc(420, on(9), "lab-6", on(11)))
    assert record.symbols == ("anc_low",)
    assert "B-CORRECTION" not in record.rules
    assert [one.id for one in course.facts] == ["start", "lab-6", "lab-7"]


# --- Facts that cannot have happened --------------------------------------------------------------------------


def test_facts_before_a_corrected_start_are_kept_and_act_again_when_it_is_corrected_back() -> None:
    course = shown(*SLIP)
    state = course.configuration
    later = {**start(), "at": on(10, 7)}
    record = course.observe(corrected("start", on(17), later))
    assert [str(one) for one in record.impossible] == ["event 2 (lab-7): the course has not started"]
    assert [one.impossible for one in course.facts] == ["the course has not started", "", ""]
    assert (course.status.words, course.records[-1].day) == ("active at 4 mg", 3), "day 1 is 16 March"
    back = course.observe(corrected("start", on(18), start()))
    assert (course.configuration, [one.impossible for one in course.facts]) == (state, ["", "", ""])
    assert back.impossible == ()
    assert [one.number for one in back.revisions] == [2, 3]


def test_without_its_start_a_course_is_as_before_and_keeps_what_was_seen() -> None:
    course = shown(*SLIP, fact("dose_taken", 1, None, on(16), dose_mg=4))
    record = course.observe(withdrawn("start", on(17)))
    assert (record.after, record.day, course.calendar) == (SCREENING, None, None)
    assert record.orders == (*HOLD, Order("hold", "dexamethasone"), REVIEW)
    assert {one.number: one.why for one in record.impossible} == {
        2: "the course has not started",
        3: "the course has not started",
        4: "the course has not started",
    }
    assert len(course.facts) == 4
    # Another start, reported late: they act again.
    again = course.observe(start("start-2", on(18), on(1, 7)))
    assert (again.words, [one.impossible for one in course.facts]) == ("active at 3 mg", [""] * 5)
    assert Order("start", "ixazomib", 3) in again.orders


def test_what_is_impossible_when_it_is_reported_is_kept_and_flagged() -> None:
    course = shown(start())
    record = course.observe(fact("dose_missed", on(10), "call", on(10, 9), scheduled_day=9))
    assert [(one.number, one.id) for one in record.impossible] == [(2, "call")]
    assert "no dose of ixazomib was due on day 9" in record.impossible[0].why
    assert (record.orders, record.before) == ((REVIEW,), record.after)
    assert course.latest == datetime(2026, 3, 2, 7, tzinfo=UTC), "nothing follows from it"
    event = fact("dose_missed", on(10), None, "", scheduled_day=8)
    mended = course.observe(corrected("call", on(11), event))
    assert [(one.number, one.now) for one in mended.revisions] == [(2, (Order("permit_late_dose", "ixazomib"),))]
    second = course.observe(start("start-2", on(12), on(12, 7)))
    assert [one.why for one in second.impossible] == ["the course has already started"]
    assert course.observe(rash(0, on(13), None, on(13))).impossible == (), "it is said once"


def test_a_start_that_comes_last_sets_up_the_calendar_of_the_days() -> None:
    course = shown(rash(2, 8, "call", on(10)), anc(420, on(9), "lab", on(10)))
    assert [one.impossible for one in course.facts] == [
        "the course has not started",
        "the course has not started",
    ]
    record = course.observe(start(recorded=on(11)))
    assert [one.id for one in course.facts] == ["start", "call", "lab"]
    assert (record.words, record.status.lenalidomide_mg) == ("held for neutrophils", 20)
    assert record.orders == (Order("start", "dexamethasone", 40), REVIEW)


# --- Treatment days -------------------------------------------------------------------------------------------


def test_a_treatment_day_has_its_moment_by_the_calendar_as_known() -> None:
    """Day 8 is 9 March; by the corrected start it is 16 March, after the count of the 12th."""
    course = shown(start(), rash(2, 8, "call", on(9)), anc(420, on(11), "lab", on(11, 9)))
    assert [one.id for one in course.facts] == ["start", "call", "lab"]
    course.observe(corrected("start", on(20), {**start(), "at": on(7, 7)}))
    assert [one.id for one in course.facts] == ["start", "lab", "call"]
    assert (course.status.held_for, course.status.lenalidomide_mg) == (("neutrophils",), 25)
    assert course.observe(anc(900, on(21), None, on(21))).status.lenalidomide_mg == 20


def test_a_treatment_day_moves_with_the_calendar_though_nothing_follows_from_it() -> None:
    """A rash of day 1, reported before a start at the very slot, counts before it, and so cannot have happened."""
    course = shown(rash(2, 1, "call", on(2)), start(recorded=on(3), seen=on(1)))
    assert [(one.id, bool(one.impossible)) for one in course.facts] == [("call", True), ("start", False)]
    record = course.observe(corrected("start", on(20), start(seen=on(8))))
    assert [one.id for one in course.facts] == ["call", "start"]
    assert (record.ties, record.words) == ((1,), "active at 4 mg")


def test_a_course_told_by_treatment_days_alone_is_corrected_too() -> None:
    course = shown(start(seen=1), anc(420, 8, "lab-7", on(8)), anc(900, 15, "lab-8", on(15)))
    assert course.status.words == "active at 3 mg"
    record = course.observe(corrected("lab-7", on(17), anc(4200, 8, None, "")))
    assert (record.words, record.at, record.day) == ("active at 4 mg", None, 8)
    late = course.observe(anc(420, 1, "lab-1", on(18)))
    assert (late.at, late.day, late.words) == (None, 1, "active at 3 mg")


# --- The doses from now on ------------------------------------------------------------------------------------

GIVEN = Status("on treatment", 4, False, 25, False, ())
LOWER = Status("on treatment", 3, False, 20, False, ())
HELD = Status("on treatment", 4, True, 25, True, ("neutrophils",))
HELD_LOWER = Status("on treatment", 3, True, 20, True, ("neutrophils",))
NONE, OVER = Status("screening"), Status("discontinued")


@pytest.mark.parametrize(
    ("before", "after", "orders"),
    [
        (GIVEN, GIVEN, ""),
        (GIVEN, HELD, "hold ixazomib; hold lenalidomide"),
        (GIVEN, HELD_LOWER, "hold ixazomib; hold lenalidomide"),
        (HELD, GIVEN, "resume ixazomib at 4 mg; resume lenalidomide at 25 mg"),
        (HELD, LOWER, "resume ixazomib at 3 mg; resume lenalidomide at 20 mg"),
        (HELD, HELD_LOWER, ""),
        (GIVEN, LOWER, "reduce ixazomib to 3 mg; reduce lenalidomide to 20 mg"),
        (LOWER, GIVEN, "rises ixazomib 4; rises lenalidomide 25"),
        (HELD_LOWER, HELD, "rises ixazomib 4; rises lenalidomide 25"),
        (LOWER, HELD, "hold ixazomib; rises ixazomib 4; hold lenalidomide; rises lenalidomide 25"),
        (
            HELD_LOWER,
            GIVEN,
            "resume ixazomib at 4 mg; rises ixazomib 4; resume lenalidomide at 25 mg; rises lenalidomide 25",
        ),
        (GIVEN, OVER, "stop ixazomib; stop lenalidomide; stop dexamethasone"),
        (HELD, OVER, "stop ixazomib; stop lenalidomide; stop dexamethasone"),
        (NONE, OVER, ""),
        (NONE, NONE, ""),
        (OVER, NONE, ""),
        (GIVEN, NONE, "hold ixazomib; hold lenalidomide; hold dexamethasone"),
        (NONE, LOWER, "start ixazomib at 3 mg; start lenalidomide at 20 mg; start dexamethasone at 40 mg"),
        (NONE, HELD, "start dexamethasone at 40 mg"),
        (
            OVER,
            LOWER,
            "resume ixazomib at 3 mg; rises ixazomib 3; resume lenalidomide at 20 mg; rises lenalidomide 20; "
            "resume dexamethasone at 40 mg; rises dexamethasone 40",
        ),
    ],
    ids=str,
)
def test_the_doses_from_now_on(before: Status, after: Status, orders: str) -> None:
    found = jump_orders(Dosing(before, 40, 1), Dosing(after, 40, 1))
    words = [f"rises {one.drug} {one.dose_mg:g}" if one.verb == "review_rise" else str(one) for one in found]
    assert "; ".join(words) == orders


def test_a_smaller_dose_that_is_given_daily_is_a_higher_one() -> None:
    """15 mg every other day is 7.5 mg a day, and 10 mg a day is more; 5 mg a day is less."""

    def by_clearance(value: int) -> Fields:
        return start(creatinine_clearance={"value": value, "unit": "mL/min"}, bilirubin={"times_uln": 2})

    course = shown(by_clearance(20))
    assert course.status.lenalidomide_mg == 15
    record = course.observe(corrected("start", on(2), by_clearance(45)))
    assert record.orders == (REVIEW, Order("review_rise", "lenalidomide", 10))
    back = course.observe(corrected("start", on(3), by_clearance(20)))
    assert back.orders == (REVIEW, Order("review_rise", "lenalidomide", 15))
    on_dialysis = {**by_clearance(20), "on_dialysis": True}
    assert course.observe(corrected("start", on(4), on_dialysis)).orders == (Order("reduce", "lenalidomide", 5), REVIEW)


# --- How much is done again -----------------------------------------------------------------------------------


def test_what_is_reported_in_time_is_folded_once_and_what_stands_before_a_change_is_not_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken: list[str] = []
    turn = Turns.turn

    def counted(self: Turns, before: Any, meaning: Any) -> Any:
        taken.extend(meaning.symbols)
        return turn(self, before, meaning)

    monkeypatch.setattr(Turns, "turn", counted)
    days = range(2, 30)
    course = shown(start(), *(rash(0, on(day), f"visit-{day}", on(day, 9)) for day in days))
    assert len(taken) == 1 + len(days)
    taken.clear()
    course.observe(anc(900, on(27, 7), "late", on(29, 10)))
    assert taken == ["anc_recovered", *["rash_resolved"] * 3]
    taken.clear()
    course.observe(corrected("visit-29", on(29, 11), rash(1, on(29), None, "")))
    assert taken == ["rash_resolved"]


# --- What is refused ------------------------------------------------------------------------------------------

REFUSED: dict[str, tuple[Fields, str, str]] = {
    "no recording": ({"type": "rash_graded", "at": on(18), "grade": 2}, "does not say when it was recorded", "or none"),
    "recorded earlier": (rash(2, on(10), None, on(14)), "recorded_at falls: ", "in which they were recorded"),
    "withdrawn earlier": (withdrawn("lab-7", on(14)), "recorded_at falls: ", "in which they were recorded"),
    "id of another": (
        rash(2, on(16), "lab-7", on(17)),
        "'lab-7' is that of event 2 (lab-7) already",
        "event_corrected",
    ),
    "the same line again": (RECOVERED | {"recorded_at": on(17)}, "'lab-8' is that of event 3", "event_corrected"),
    "id of an amendment": (rash(2, on(16), "fax-1", on(17)), "that of a line about 'lab-8'", "an id of its own"),
    "amendment by an id in use": (withdrawn("lab-7", on(17), id="lab-8"), "'lab-8' is that of event 3", "of its own"),
    "amendment by its own name": (withdrawn("lab-9", on(17), id="lab-9"), "no event has the id 'lab-9'", "lab-"),
    "unknown id": (withdrawn("lab-9", on(17)), "no event has the id 'lab-9'", "did you mean 'lab-"),
    "unlike any id": (corrected("?", on(17), LOW), "no event has the id '?'", "one of: start, lab-7, lab-8"),
    "id of a correction": (withdrawn("fax-1", on(17)), "'fax-1' is the id of a line about 'lab-8'", "'lab-8'"),
    "another kind": (
        corrected("lab-7", on(17), rash(2, on(8), None, "")),
        "'lab-7' is neutrophils_measured, and is corrected to rash_graded",
        "withdraw the one and report the other",
    ),
    "recorded at another moment": (
        {**corrected("lab-7", on(17), LOW), "event": LOW | {"recorded_at": on(9)}},
        "first recorded at 2026-03-09T11:00:00+00:00, not at",
        "leave recorded_at out",
    ),
    "another patient": (rash(2, on(16), None, on(17)) | {"patient": "q"}, "of patient 'q'", "one patient"),
    "another patient's correction": (withdrawn("lab-7", on(17), patient="q"), "of patient 'q'", "one patient"),
    "a day to come": (rash(2, 30, None, on(17)), "day 30 comes after its recording on day 17", "before it is seen"),
    "a corrected day to come": (corrected("lab-7", on(17), anc(9, 18, None, "")), "day 18 comes after", "before"),
}
KEPT = [*SLIP, corrected("lab-8", on(16), RECOVERED, id="fax-1")]


@pytest.mark.parametrize("name", REFUSED)
def test_a_line_that_cannot_be_one_of_the_course_moves_nothing(name: str) -> None:
    line, what, remedy = REFUSED[name]
    course = shown(*KEPT)
    before, facts, records = course.snapshot(), course.facts, course.records
    with pytest.raises(CourseRefusal) as refused:
        course.observe(line)
    assert what in refused.value.what
    assert remedy in refused.value.remedy
    assert refused.value.where == f"event 5 ({line['type']})"
    assert (course.snapshot(), course.facts, course.records) == (before, facts, records)
    assert course.observe(anc(420, on(17), "lab-9", on(17))).symbols == ("anc_low",)


@pytest.mark.parametrize("name", [name for name in REFUSED if "patient" not in name])
def test_a_log_with_such_a_line_is_refused_at_its_place(name: str, tmp_path: Path, capsys: Any) -> None:
    line, what, _ = REFUSED[name]
    path = tmp_path / "log.jsonl"
    path.write_text(log(*KEPT, line), encoding="utf-8")
    assert main(["replay", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"ixastate: {path}:5: ")
    assert what in err


MALFORMED: dict[str, tuple[Fields, str]] = {
    "seen after it was recorded": (rash(2, on(9), None, on(8)), "lies before at"),
    "later by the clock, earlier in truth": (
        rash(2, "2026-03-09T08:30:00+00:00", None, "2026-03-09T09:29:00+01:00"),
        "lies before at",
    ),
    "corrected to a moment to come": (corrected("lab-7", on(17), anc(9, on(18), None, "")), "lies before at"),
    "recorded without an offset": (rash(2, on(9), None, "2026-03-11T08:00:00"), "timezone"),
    "recorded on a date": (rash(2, on(9), None, "2026-03-11"), "ISO 8601"),
    "recorded long ago": (withdrawn("lab-7", "1026-03-11T08:00:00Z"), "the year must lie"),
    "a correction of nothing": (
        {"type": "event_corrected", "recorded_at": on(9), "event": LOW},
        "'corrects' is missing",
    ),
    "a correction to nothing": (
        {"type": "event_corrected", "recorded_at": on(9), "corrects": "lab-7"},
        "'event' is missing",
    ),
    "a correction of unknown date": ({"type": "event_withdrawn", "withdraws": "lab-7"}, "'recorded_at' is missing"),
    "by its id": ({"type": "event_withdrawn", "id": "lab-7", "recorded_at": on(9)}, "'withdraws' is missing"),
    "a field of another": (withdrawn("lab-7", on(17), corrects="lab-7"), "no field 'corrects'"),
    "of two ids": ({**corrected("lab-7", on(17), LOW), "event": {**LOW, "id": "lab-8"}}, "a correction keeps the id"),
    "of two patients": (corrected("lab-7", on(17), {**LOW, "patient": "q"}, patient="p"), "patient 'q'"),
    "of an amendment": (corrected("lab-7", on(17), withdrawn("lab-7", on(16))), "is no event, but a line about one"),
    "of a bad value": (corrected("lab-7", on(17), rash(7, on(8), None, "")), "event: grade: it should be less"),
    "nearly a kind": ({"type": "event_correctd"}, "is no kind of event"),
    "a list for a kind": ({"type": ["event_corrected"], "event": {}}, ""),
    "no name": (rash(2, on(9), " ", on(9)), "id: "),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_line_that_is_none_moves_nothing(name: str, tmp_path: Path, capsys: Any) -> None:
    line, what = MALFORMED[name]
    course = shown(*KEPT)
    before = course.snapshot()
    with pytest.raises(InputError) as refused:
        course.observe(line)
    assert what in str(refused.value)
    assert refused.value.remedy
    assert course.snapshot() == before
    path = tmp_path / "log.jsonl"
    path.write_text(log(*KEPT, line), encoding="utf-8")
    assert main(["replay", str(path)]) == 2
    out, err = capsys.readouterr()
    assert (out, err.startswith(f"ixastate: {path}:5: ")) == ("", True)


def bare(line: Fields) -> Fields:
    return {name: value for name, value in line.items() if name != "recorded_at"}


def test_a_course_without_recordings_keeps_nothing_and_goes_forward_only() -> None:
    course = shown(*map(bare, SLIP))
    assert (course.facts, course.snapshot().facts) == ((), ())
    before = course.snapshot()
    for line, what in (
        (bare(rash(2, on(9), None, "")), "time goes backwards"),
        (rash(2, on(16), None, on(17)), "those before it do not"),
        (MENDED, "those before it do not"),
        (withdrawn("lab-7", on(17)), "those before it do not"),
    ):
        with pytest.raises(CourseRefusal, match=what):
            course.observe(line)
        assert course.snapshot() == before
    with pytest.raises(CourseRefusal, match="no event has the id 'lab-7'") as refused:
        Course().observe(withdrawn("lab-7", on(17)))
    assert "give the event an id" in refused.value.remedy


def test_every_line_of_a_log_says_when_it_was_recorded_whoever_it_is_of() -> None:
    def of(patient: str, line: Fields) -> Fields:
        return {**line, "patient": patient}

    lines = [of("p", start()), of("q", start(recorded=on(3))), of("p", LOW), of("q", LOW | {"recorded_at": on(9)})]
    assert [step.record.number for step in replay(*lines)] == [1, 1, 2, 2], "an id is one of a patient's course"
    for place, line, what in (
        (2, of("p", {**LOW, "recorded_at": on(2, 7), "at": on(2, 6)}), "recorded_at falls"),
        (2, of("p", bare(LOW)), "does not say when"),
        (1, of("q", bare(start())), "does not say when"),
    ):
        with pytest.raises(CourseRefusal, match=what) as refused:
            replay(*lines[:place], line)
        assert refused.value.where == f"log:{place + 1}"
    with pytest.raises(CourseRefusal, match="those before it do not") as refused:
        replay(bare(lines[0]), lines[1])
    assert refused.value.where == "log:2"


# --- As of a moment -------------------------------------------------------------------------------------------


def test_the_lines_recorded_until_a_moment_are_those_of_that_moment_included() -> None:
    lines = read(log(*SLIP, MENDED))

    def as_of(moment: str) -> list[Replayed]:
        return list(replay_log(lines, as_of=datetime.fromisoformat(moment)))

    assert [step.record.number for step in as_of(on(17))] == [1, 2, 3, 4]
    assert as_of("2026-03-18T07:59:59.999999+00:00")[-1].course.status.words == "active at 3 mg"
    assert as_of("2026-03-18T09:00:00+01:00")[-1].course.status.words == "active at 4 mg"
    assert len(as_of("2026-03-18T08:59:59+01:00")) == 3
    assert [step.record.number for step in as_of(on(1, 7))] == [1]
    with pytest.raises(InputError, match="no line was recorded until") as refused:
        as_of(on(1, 6))
    assert "2026-03-02T07:00:00" in refused.value.remedy


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ([str(EXAMPLE), "--as-of", "2026-03-17T12:00:00"], "--as-of: it should have timezone info"),
        ([str(EXAMPLE), "--as-of", "yesterday"], "--as-of: must be an ISO 8601 date and time with its offset"),
        ([str(EXAMPLE), "--as-of", "2026-03-02T07:39:59+01:00"], "--as-of: no line was recorded until"),
        (
            ["examples/worked-course.jsonl", "--as-of", "2026-03-17T12:00:00Z"],
            "worked-course.jsonl:1: the line does not",
        ),
        ([str(EXAMPLE), "--as-of", "2026-03-17T12:00:00Z", "--patient", "x"], "there is no patient 'x'"),
    ],
    ids=["no offset", "no moment", "before all", "no recordings", "no patient"],
)
def test_a_moment_that_cannot_be_is_refused(arguments: list[str], what: str, capsys: Any) -> None:
    assert main(["replay", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert what in err


def test_a_cohort_has_no_moments_of_recording(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    assert main(["replay", str(tmp_path), "--as-of", "2026-03-17T12:00:00Z"]) == 2
    assert "--as-of: a cohort does not say" in capsys.readouterr().err


# --- Where it is shown ----------------------------------------------------------------------------------------


def test_the_timeline_says_in_words_what_was_known_and_what_would_have_been(capsys: Any) -> None:
    assert main(["replay", str(EXAMPLE)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    for words in (
        "lab-7 is corrected: neutrophils 4200 /mm3",
        "recorded Wed 18 Mar 2026 09:30 as event 4",
        "otherwise event 2 (lab-7): nothing instead of hold ixazomib; hold lenalidomide; consider G-CSF",
        "review what was decided before this was known",
        "review ixazomib at 4 mg before it is given, since what is known now raises the dose",
        "read as B-CORRECTION",
        "call-3 is withdrawn",
        "now active at 4 mg",
    ):
        assert words in said
    assert main(["replay", str(EXAMPLE), "--as-of", "2026-03-17T12:00:00+01:00"]) == 0
    assert "now active at 3 mg" in capsys.readouterr().out


def test_the_timeline_names_ties_and_what_cannot_have_happened() -> None:
    course = shown(start(), rash(0, on(8), "a", on(8)), rash(0, on(8), "b", on(8)), start("start-2", on(9), on(9)))
    said = " ".join(" ".join(course_lines(course, course.records, 0)).split())
    assert "tied at the moment of event 2: what was recorded first counts first, then the ids" in said
    assert "impossible event 4 (start-2): the course has already started" in said


def test_records_are_printed_read_back_and_compared(tmp_path: Path, capsys: Any) -> None:
    assert main(["replay", str(EXAMPLE), "--json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [sorted({"revisions", "impossible", "ties"} & set(json.loads(line))) for line in lines] == [
        *[[]] * 3,
        *[["revisions"]] * 3,
    ]
    path = tmp_path / "records.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert main(["replay", str(path), "--json"]) == 0
    assert capsys.readouterr().out.splitlines() == lines
    edited = json.loads(lines[3])
    edited["revisions"][0]["now"] = [{"verb": "hold", "drug": "ixazomib"}]
    path.write_text("\n".join([*lines[:3], json.dumps(edited), *lines[4:]]) + "\n", encoding="utf-8")
    assert main(["replay", str(path)]) == 1
    assert f"{path}:4: revisions was event 2 (lab-7): hold ixazomib instead of" in capsys.readouterr().err


UNDONE = [start(), rash(4, on(8), "note", on(8)), withdrawn("note", on(9)), rash(0, on(2), "late", on(10))]


def test_pictures_calendars_and_schedules_of_a_course_that_jumps(tmp_path: Path, capsys: Any) -> None:
    course = shown(*UNDONE)
    path, lit = course_picture(course), drawing("chart", records=list(course.records))
    assert len(path.drawing.boxes) == 4
    assert "note is withdrawn" in path.dot
    assert "B-CORRECTION" in path.dot
    assert {"ixazomib_given_4"} <= {box.id for box in lit.boxes if box.kind != "dim"}
    doses = course.due(range(9, 16))
    assert [dose.drug for dose in doses].count("lenalidomide") == 7
    assert icalendar(course, doses).count(b"STATUS:CONFIRMED") == len(doses)
    said = " ".join(schedule_lines(course, [24], course.due([24]), course.records))
    assert "Nothing is due: no dose is scheduled on these days. The next dose is due on day 29." in said
    log_file = tmp_path / "log.jsonl"
    log_file.write_text(log(*UNDONE), encoding="utf-8")
    assert main(["schedule", str(log_file), "--days", "1"]) == 0
    assert "days 9 to 9" in capsys.readouterr().out, "a fact that came late is not of the latest day"
    over = shown(*UNDONE, rash(4, on(20), None, on(20)))
    assert "treatment ended on day 20" in " ".join(schedule_lines(over, [30], over.due([30]), over.records))


def test_a_notebook_shows_a_course_that_jumps() -> None:
    course = shown(*SLIP, MENDED, patient="p")
    assert repr(course) == "<Course 'p', dosing-text: active at 4 mg, 4 events>"
    html = course._repr_html_() + course.records[-1]._repr_html_()
    assert "lab-7 is corrected: neutrophils 4200 /mm3" in html
    assert "event 3 (lab-8): nothing instead of reduce ixazomib to 3 mg" in html
    assert repr(course.records[-1]).startswith("<Record 4, day 17 · Wed 18 Mar 2026 08:00: lab-7 is corrected")
    assert repr(course.facts[1]).startswith("KeptFact(number=2, id='lab-7', recorded_at=")


# --- Saved, copied, constructed -------------------------------------------------------------------------------


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy], ids=["copy", "deepcopy"])
def test_a_copy_goes_its_own_way(copied: Callable[[Course], Course]) -> None:
    course = shown(*SLIP)
    other = copied(course)
    other.observe(MENDED)
    assert (course.status.words, other.status.words) == ("active at 3 mg", "active at 4 mg")
    assert (len(course.records), [one.withdrawn for one in course.facts]) == (3, [False] * 3)
    course.observe(withdrawn("lab-8", on(17)))
    assert (course.status.words, other.status.words) == ("held for neutrophils", "active at 4 mg")


def damaged(change: Callable[[Fields], None]) -> Fields:
    saved: Fields = json.loads(shown(*KEPT).snapshot().model_dump_json())
    change(saved)
    return saved


DAMAGE: dict[str, Callable[[Fields], None]] = {
    "a fact lost": lambda saved: saved["facts"].pop(1),
    "a fact twice": lambda saved: saved["facts"].append(saved["facts"][2]),
    "facts in another order": lambda saved: saved["facts"].reverse(),
    "a fact changed": lambda saved: saved["facts"][1]["event"].update(value=4200),
    "a fact withdrawn": lambda saved: saved["facts"][1].update(withdrawn=True),
    "a fact flagged": lambda saved: saved["facts"][1].update(impossible="no"),
    "a number to come": lambda saved: saved["facts"][1].update(number=9),
    "an id twice": lambda saved: saved["facts"][1].update(id="lab-8"),
    "an amendment of nothing": lambda saved: saved["amended"].append(["x", "y"]),
    "an amendment by an id of a fact": lambda saved: saved["amended"].append(["lab-7", "lab-8"]),
    "an amendment twice": lambda saved: saved["amended"].append(["fax-1", "lab-7"]),
    "recorded later than the last": lambda saved: saved.update(recorded_at=on(2)),
    "never recorded": lambda saved: saved.update(recorded_at=None),
    "no facts": lambda saved: saved.update(facts=[]),
    "another state": lambda saved: saved.update(history=saved["history"][:1], configuration=saved["history"][0][1]),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_snapshot_whose_facts_do_not_fit_is_refused(name: str) -> None:
    assert Course.resume(damaged(lambda saved: None)).snapshot() == shown(*KEPT).snapshot()
    with pytest.raises(InputError, match="snapshot"):
        Course.resume(damaged(DAMAGE[name]))


def test_a_resumed_course_knows_its_ids() -> None:
    course = Course.resume(shown(*KEPT).snapshot())
    for name in ("id of another", "id of a correction", "id of an amendment", "recorded earlier", "no recording"):
        line, what, _ = REFUSED[name]
        with pytest.raises(CourseRefusal) as refused:
            course.observe(line)
        assert what in refused.value.what
    assert course.observe(MENDED).revisions == shown(*KEPT).observe(MENDED).revisions


def test_lines_are_constructed_parsed_and_written() -> None:
    assert tuple(AMENDMENTS) == AMENDING
    event = RashGraded(day=8, grade=2)
    line = EventCorrected(corrects="a", recorded_at=datetime(2026, 3, 18, tzinfo=UTC), event=event, patient="p")
    assert dump(line) == (
        '{"type": "event_corrected", "patient": "p", "recorded_at": "2026-03-18T00:00:00Z", "corrects": "a", '
        '"event": {"type": "rash_graded", "day": 8, "grade": 2}}'
    )
    gone = EventWithdrawn(withdraws="a", recorded_at=datetime(2026, 3, 18, tzinfo=UTC))
    for one in (line, gone, event):
        assert parse_line(json.loads(dump(one))) == parse_line(one) == one
    assert (line.original, gone.original) == ("a", "a")
    with pytest.raises(InputError, match=r"^EventWithdrawn: the field 'recorded_at' is missing"):
        EventWithdrawn(withdraws="a")
    with pytest.raises(InputError, match=r"^EventCorrected: .*keeps the id"):
        EventCorrected(
            corrects="a", recorded_at=datetime(2026, 3, 18, tzinfo=UTC), event=RashGraded(day=8, grade=2, id="b")
        )
    with pytest.raises(InputError, match="is no event, but a line about one"):
        parse_event(json.loads(dump(gone)))


def test_a_record_of_a_correction_survives_json() -> None:
    for record in shown(*KEPT, MENDED, withdrawn("start", on(18))).records:
        assert Record.model_validate_json(record.model_dump_json()) == record
