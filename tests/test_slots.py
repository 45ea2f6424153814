"""The slots of a course: which dose a report is about, to the minute, at equal moments, and what is remembered."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest

from ixastate.course.course import Course
from ixastate.course.record import Record
from ixastate.errors import InputError
from ixastate.orders import Order, Verb
from tests.test_course import Facts, begin, facts_of, refuses, see

TAKEN, LATE, VOMITED, MISSED = "dose_taken", "dose_delayed", "dose_vomited", "dose_missed"
PERMIT, LEAVE_OUT, CLARIFY, NO_EXTRA, OVERDOSE, DEVIATION = (
    *("permit_late_dose", "omit_late_dose", "clarify_dose", "give_no_extra_dose"),
    *("review_overdose", "review_deviation"),
)
HOLD, RELEASE = {"type": "neuropathy_graded", "grade": 2}, {"type": "neuropathy_graded", "grade": 0}
# One Monday after the other at 08:00 UTC: days 1, 8 and 15 are 2, 9 and 16 March.
MG: dict[str, Facts] = {TAKEN: {"dose_mg": 4}}


def told(course: Course, *reports: tuple[Any, ...]) -> list[str]:
    """The verbs of what follows from the last of these reports; each is a kind, a moment and its facts."""
    record: Record | None = None
    for kind, when, *facts in reports:
        record = see(course, kind, when, **{**MG.get(kind, {}), **(facts[0] if facts else {})})
    assert record is not None
    return [order.verb for order in record.orders]


def words(course: Course) -> list[tuple[int, str]]:
    """What is remembered: each slot with the names of its reports."""
    return [(slot.day, " ".join(name for _, name in slot.reports)) for slot in course.snapshot().slots]


# --- What was wrong -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reports", "last"),
    [
        # taken and vomited, then reported missed: never "may be taken now"
        ([(TAKEN, 8), (VOMITED, 8), (MISSED, 9, {"scheduled_day": 8})], [LEAVE_OUT, CLARIFY]),
        ([(VOMITED, 8), (MISSED, 9)], [LEAVE_OUT, CLARIFY]),
        ([(TAKEN, 8), (MISSED, 8)], [LEAVE_OUT, CLARIFY]),
        ([(LATE, 9), (MISSED, 10)], [LEAVE_OUT, CLARIFY]),
        ([("dose_taken_wrongly", 8, {"fault": "opened"}), (MISSED, 9)], [LEAVE_OUT, CLARIFY]),
        ([("dose_overdosed", 8, {"dose_mg": 8}), (MISSED, 9)], [LEAVE_OUT, CLARIFY]),
        # the second for one slot is above the prescribed one
        ([(LATE, 9), (LATE, 10)], [OVERDOSE]),
        ([(LATE, 9), (LATE, 13)], [OVERDOSE, DEVIATION]),
        ([(TAKEN, 8), (TAKEN, 8)], [OVERDOSE]),
        ([(TAKEN, 8), (LATE, 9)], [OVERDOSE]),
        ([(TAKEN, 8, {"dose_mg": 2}), (TAKEN, 8, {"dose_mg": 2})], [OVERDOSE]),
        ([(TAKEN, 8), (VOMITED, 8), (TAKEN, 8)], [OVERDOSE]),
        ([(VOMITED, 8), (LATE, 9)], [OVERDOSE]),
        # just permitted, then recorded as taken
        ([(MISSED, 9), (TAKEN, 9)], []),
        ([(MISSED, 9), (TAKEN, 12)], []),
        ([(MISSED, 9), (LATE, 12)], []),
        ([(MISSED, 9), (TAKEN, 13)], [DEVIATION]),
        ([(MISSED, 9), (TAKEN, 10, {"dose_mg": 3})], [DEVIATION]),
        ([(MISSED, 9), (TAKEN, 10, {"dose_mg": 5})], [OVERDOSE]),
        ([(MISSED, 9), (TAKEN, 10), (TAKEN, 11)], [OVERDOSE]),
        ([(MISSED, 9), (TAKEN, 10), (MISSED, 11)], [LEAVE_OUT, CLARIFY]),
        ([(MISSED, 9), (VOMITED, 9), (TAKEN, 10)], [OVERDOSE]),
        # missed twice, and what may not be taken
        ([(MISSED, 9), (MISSED, 12)], [PERMIT]),
        ([(MISSED, 9), (MISSED, 13)], [LEAVE_OUT]),
        ([(MISSED, 13), (TAKEN, 14)], [DEVIATION]),
        ([(MISSED, 13), (VOMITED, 14)], [NO_EXTRA, CLARIFY]),
        # vomited without a dose, and before the first slot
        ([(VOMITED, 20)], [NO_EXTRA]),
        # nothing is missed: it is off the calendar
        ([(TAKEN, 9)], [DEVIATION]),
        ([(TAKEN, 9, {"dose_mg": 8})], [OVERDOSE, DEVIATION]),
    ],
)
def test_a_course_remembers_its_doses(reports: Sequence[tuple[Any, ...]], last: list[Verb]) -> None:
    assert told(begin(), *reports) == last


@pytest.mark.parametrize(
    ("reports", "cited"),
    [
        ([(TAKEN, 8, {"dose_mg": 8})], {"ADM-14", "ADM-16", "B-OVERDOSE"}),
        ([("dose_overdosed", 8, {"dose_mg": 8})], {"ADM-14", "ADM-16", "B-OVERDOSE"}),
        ([(MISSED, 6), (TAKEN, 8, {"dose_mg": 8})], {"ADM-13", "ADM-14", "ADM-16", "B-OVERDOSE"}),
        ([(MISSED, 6), (TAKEN, 8), (TAKEN, 8)], {"ADM-13", "ADM-14", "ADM-16", "B-OVERDOSE"}),
        ([(MISSED, 8, {"scheduled_day": 1}), (TAKEN, 8, {"dose_mg": 8})], {"ADM-13", "ADM-14", "ADM-16", "B-OVERDOSE"}),
        # taken in between, or silence, which means taken
        ([(MISSED, 2), (TAKEN, 3), (TAKEN, 8, {"dose_mg": 8})], {"ADM-14", "ADM-16", "B-OVERDOSE"}),
        ([(MISSED, 6), (TAKEN, 15, {"dose_mg": 8})], {"ADM-14", "ADM-16", "B-OVERDOSE"}),
        ([(MISSED, 6), (MISSED, 13), (TAKEN, 15, {"dose_mg": 8})], {"ADM-13", "ADM-14", "ADM-16", "B-OVERDOSE"}),
    ],
)
def test_an_excess_cites_adm_13_only_when_a_dose_was_missed(
    reports: Sequence[tuple[Any, ...]], cited: set[str]
) -> None:
    course = begin()
    told(course, *reports)
    assert set(course.records[-1].rules) == cited


def test_an_excess_at_an_early_hour_counts_the_dose_that_was_missed_the_week_before() -> None:
    course = begin()
    told(course, (MISSED, "2026-03-07T08:00:00Z"), (TAKEN, "2026-03-09T06:00:00Z", {"dose_mg": 8}))
    assert "ADM-13" in course.records[-1].rules
    assert words(course) == [(1, "reported_missed"), (8, "earlier_missed reported_above")]


def test_a_dose_that_was_taken_late_after_all_is_missed_no_more() -> None:
    course = begin()
    early = "2026-03-09T06:00:00Z"
    told(course, (TAKEN, early), (MISSED, early, {"scheduled_day": 1}))
    assert words(course) == [(1, "reported_missed"), (8, "reported_taken earlier_missed")]
    told(course, ("dose_delayed", early, {"scheduled_day": 1}))
    assert words(course) == [(1, "reported_missed reported_late"), (8, "reported_taken")]
    told(course, (TAKEN, early))
    assert set(course.records[-1].rules) == {"ADM-14", "ADM-16", "B-OVERDOSE"}


# --- Clock and calendar ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "verbs"),
    [
        ("2026-03-08T23:59:59Z", [DEVIATION]),  # the day before
        ("2026-03-09T00:00:00Z", []),
        ("2026-03-09T07:59:00Z", []),
        ("2026-03-09T08:00:00Z", []),
        ("2026-03-09T23:59:59Z", []),
        ("2026-03-10T00:00:00Z", [DEVIATION]),
    ],
)
def test_an_intake_belongs_to_the_slot_of_its_day(when: str, verbs: list[str]) -> None:
    assert told(begin(), (TAKEN, when)) == verbs


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize(
    ("hours", "minutes", "verbs"), [(72, 1, []), (72, 0, []), (71, 59, [DEVIATION]), (24, 1, [DEVIATION])]
)
def test_a_permission_ends_72_real_hours_before_the_next_slot(
    zone: str, hours: int, minutes: int, verbs: list[str]
) -> None:
    """Also over the nights to 8 and 29 March 2026, in which clocks go forward."""
    for day, following in ((1, 8), (15, 29), (22 + 7, 36)):
        course = begin(timezone=zone)
        dates = course.calendar
        assert dates is not None
        at = dates.moment(following).timestamp() - hours * 3600 - minutes * 60
        when = dates.moment(following).fromtimestamp(at, dates.moment(1).tzinfo).isoformat()
        assert told(course, (MISSED, dates.moment(day).isoformat()), (TAKEN, when)) == verbs, (day, when)


@pytest.mark.parametrize("start", [{}, {"at": None, "day": 1}], ids=["dated", "by day"])
@pytest.mark.parametrize("by_day", [False, True])
def test_at_the_moment_of_a_slot_a_hold_comes_first_whatever_the_log_says(start: Facts, by_day: bool) -> None:
    """A dose that is reported missed in the same moment is withheld in every order of the three."""
    slot: Any = 8 if by_day or start else "2026-03-09T08:00:00Z"
    kinds = [("neuropathy_graded", {"grade": 2}), (MISSED, {}), ("rash_graded", {"grade": 0})]
    for order in permutations(kinds):
        course = begin(**start)
        told(course, *((kind, slot, facts) for kind, facts in order))
        assert told(course, ("neuropathy_graded", 9, {"grade": 0}), (MISSED, 9, {"scheduled_day": 8})) == [LEAVE_OUT]
        assert "B-HELD-NOT-MISSED" in course.records[-1].rules
        assert told(course, (TAKEN, 9)) == [DEVIATION]


def test_at_the_moment_of_a_slot_a_release_counts_too() -> None:
    course = begin()
    told(course, ("neuropathy_graded", 3, {"grade": 2}), (MISSED, 8), ("neuropathy_graded", 8, {"grade": 0}))
    assert told(course, (MISSED, 8)) == [PERMIT], "what was said of it before the release of that moment is amended"


def test_a_dose_reported_at_the_moment_of_a_slot_belongs_to_it() -> None:
    course = begin()
    assert told(course, (MISSED, "2026-03-09T08:00:00Z")) == [PERMIT]
    assert words(course) == [(8, "reported_missed")]
    assert told(course, (MISSED, "2026-03-16T07:59:59Z")) == [LEAVE_OUT], (
        "a second before the next it is still that one"
    )


@pytest.mark.parametrize(
    ("between", "verbs"),
    [
        ([HOLD], [DEVIATION]),
        ([HOLD, RELEASE], []),
        ([HOLD, RELEASE, HOLD], [DEVIATION]),
        ([HOLD, RELEASE, HOLD, RELEASE], []),
    ],
)
def test_a_hold_takes_a_permission_back_and_a_release_gives_it_again(between: list[Facts], verbs: list[str]) -> None:
    course = begin()
    assert told(course, (MISSED, 9)) == [PERMIT]
    for facts in between:
        course.observe({**facts, "day": 10})
    assert told(course, (TAKEN, 11)) == verbs


def test_a_dose_of_an_early_hour_is_not_withheld_by_a_hold_that_comes_after_it() -> None:
    course = begin()
    told(course, (TAKEN, "2026-03-09T06:00:00Z"), ("neuropathy_graded", "2026-03-09T07:00:00Z", {"grade": 2}))
    told(course, ("neuropathy_graded", "2026-03-09T09:00:00Z", {"grade": 0}))
    assert told(course, (MISSED, "2026-03-09T10:00:00Z")) == [LEAVE_OUT, CLARIFY]


# --- What is remembered ---------------------------------------------------------------------------------------


def test_a_slot_is_remembered_until_the_next_one() -> None:
    course = begin()
    told(course, (TAKEN, 8), (VOMITED, 9))
    assert words(course) == [(8, "reported_taken reported_vomited")]
    see(course, "rash_graded", "2026-03-16T07:59:00Z", grade=0)
    assert words(course) == [(8, "reported_taken reported_vomited")]
    see(course, "rash_graded", "2026-03-16T08:00:00Z", grade=0)
    assert words(course) == []
    assert told(course, (MISSED, 16, {"scheduled_day": 8})) == [LEAVE_OUT], "of long ago: as before"
    told(course, (TAKEN, 29))
    see(course, "progression_found", 30)
    assert words(course) == []


def test_a_dose_of_long_ago_is_made_again_from_the_calendar_and_the_holds() -> None:
    course = begin()
    told(course, ("neuropathy_graded", 8, {"grade": 2}), ("neuropathy_graded", 10, {"grade": 0}))
    for kind, verb in ((MISSED, LEAVE_OUT), (LATE, DEVIATION)):
        for day, rule in ((1, "ADM-12"), (8, "B-HELD-NOT-MISSED"), (15, "ADM-12")):
            assert told(course, (kind, 60, {"scheduled_day": day})) == [verb]
            rules = course.records[-1].rules
            assert rule in rules
            assert len({"ADM-12", "B-HELD-NOT-MISSED"} & set(rules)) == 1


def test_an_event_that_is_refused_moves_no_slot() -> None:
    course = begin()
    told(course, (MISSED, 9))
    refuses(course, facts_of(MISSED, 9, scheduled_day=9))
    refuses(course, facts_of(LATE, 9, scheduled_day=15))
    refuses(course, facts_of(TAKEN, 8, dose_mg=4))
    assert words(course) == [(8, "reported_missed")]


def test_a_course_goes_on_alike_from_a_snapshot_a_copy_and_a_pickle() -> None:
    course = begin()
    told(course, (MISSED, 9), ("neuropathy_graded", 10, {"grade": 2}), ("neuropathy_graded", 11, {"grade": 0}))
    others = [
        Course.resume(course.snapshot().model_dump_json()),
        Course.resume(course.snapshot().model_dump()),
        copy.deepcopy(course),
        pickle.loads(pickle.dumps(course)),
    ]
    for other in others:
        assert other.snapshot() == course.snapshot()
        assert told(other, (TAKEN, 11), (TAKEN, 12)) == [OVERDOSE]


def test_a_snapshot_without_slots_is_one_of_a_course_of_which_no_dose_was_reported() -> None:
    course = begin()
    told(course, ("neuropathy_graded", 8, {"grade": 2}), ("neuropathy_graded", 9, {"grade": 0}))
    saved = course.snapshot().model_dump(mode="json")
    del saved["slots"]
    assert told(Course.resume(saved), (MISSED, 10)) == [LEAVE_OUT], "the hold is known from the history"


@pytest.mark.parametrize(
    "slots",
    [
        [{"day": 9, "reports": []}],
        [{"day": 0, "reports": []}],
        [{"day": 8, "reports": []}, {"day": 8, "reports": []}],
        [{"day": 15, "reports": []}, {"day": 8, "reports": []}],
        [{"day": 8, "reports": [["2026-03-10T08:00:00Z", "reported_eaten"]]}],
        [{"day": 8, "reports": [["2026-03-11T08:00:01Z", "reported_missed"]]}],
        [{"day": 8, "reports": [["yesterday", "reported_missed"]]}],
        [{"day": 8, "reports": [["2026-03-10T08:00:00Z"]]}],
        [{"day": 8, "mood": "good", "reports": []}],
    ],
)
def test_damaged_slots_of_a_snapshot_are_refused(slots: list[dict[str, Any]]) -> None:
    course = begin()
    told(course, (MISSED, 9), (MISSED, 10))
    saved = {**course.snapshot().model_dump(mode="json"), "slots": slots}
    with pytest.raises(InputError, match="snapshot"):
        Course.resume(saved)


def test_a_dose_before_a_course_and_of_a_companion_is_no_slots_business() -> None:
    course = begin(at="2026-03-02T08:01:00Z")
    assert told(course, (VOMITED, "2026-03-03T08:00:00Z")) == [NO_EXTRA]
    assert told(course, (TAKEN, "2026-03-03T08:00:00Z")) == [DEVIATION]
    told(course, (MISSED, "2026-03-09T09:00:00Z", {"drug": "lenalidomide"}))
    assert course.records[-1].orders == (Order("consult_insert", "lenalidomide"),)
    assert words(course) == []
