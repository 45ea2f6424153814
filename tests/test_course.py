"""One patient's course: what it refuses, that a refusal moves nothing, and that it can be saved at any point."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from itertools import pairwise
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from ixastate.course.course import Course, Record
from ixastate.errors import ChartError, CourseRefusal, InputError
from ixastate.events import AnyEvent, parse_event
from ixastate.symbols import DISCONTINUED, SCREENING
from tests.test_machine import at_once

Facts = dict[str, Any]
START: Facts = {
    "type": "course_started",
    "at": "2026-03-02T08:00:00Z",  # a Monday
    "weekday": "monday",
    "clock_time": "08:00",
    "timezone": "UTC",
    "patient_informed": True,
    "bilirubin": {"times_uln": 0.8},
    "creatinine_clearance": {"value": 80, "unit": "mL/min"},
}


def facts_of(kind: str, when: int | str, **facts: Any) -> Facts:
    return {"type": kind, **({"day": when} if isinstance(when, int) else {"at": when}), **facts}


def see(course: Course, kind: str, when: int | str, **facts: Any) -> Record:
    return course.observe(parse_event(facts_of(kind, when, **facts)))


def begin(patient: str | None = "p", **facts: Any) -> Course:
    course = Course(patient)
    course.observe(parse_event({**START, **facts}))
    return course


def refuses(course: Course, facts: Facts) -> CourseRefusal:
    """The refusal of an event, which has moved nothing."""
    before, status = course.snapshot(), course.status
    with pytest.raises(CourseRefusal) as refused:
        course.observe(parse_event(facts))
    assert course.snapshot() == before
    assert course.status == status
    assert refused.value.where == f"event {before.number + 1} ({facts['type']})"
    assert refused.value.remedy
    return refused.value


RASH: Facts = {"type": "rash_graded", "grade": 1}
LOW: Facts = {"value": 420, "unit": "/mm3"}
HIGH: Facts = {"value": 1.5, "unit": "10*9/L"}
TERM: Facts = {"physician_agrees": True, "grade": 1}

# A course with a bit of everything; the moments are treatment days.
LONG: list[Facts] = [
    facts_of("dose_taken", 1, dose_mg=4),
    facts_of("bilirubin_measured", 2, times_uln=2),
    facts_of("neutrophils_measured", 8, **LOW),
    facts_of("neutrophils_measured", 9, **LOW),
    facts_of("dose_missed", 10),
    facts_of("other_toxicity_graded", 15, term="nausea", grade=3),
    facts_of("neutrophils_measured", 16, **HIGH, after_g_csf=True),
    facts_of("other_toxicity_graded", 17, term="nausea", grade=2, attribution="clear"),
    facts_of("other_toxicity_graded", 18, term="fatigue", grade=4),
    facts_of("other_toxicity_graded", 20, term="nausea", **TERM),
    facts_of("other_toxicity_graded", 21, term="fatigue", **TERM),
    facts_of("dose_taken", 29, dose_mg=4),
    facts_of("neuropathy_graded", 30, grade=1, pain=True),
    facts_of("neuropathy_graded", 32, grade=2),
    facts_of("platelets_measured", 57, value=29_999, unit="/mm3"),
    facts_of("dose_delayed", 58),
    facts_of("rash_graded", 60, grade=2),
    facts_of("rash_graded", 61, grade=3),
    facts_of("neuropathy_graded", 62, grade=0),
    facts_of("platelets_measured", 64, value=30, unit="10*9/L"),
    facts_of("rash_graded", 65, grade=0),
    facts_of("dose_missed", 71),
    facts_of("dose_vomited", 85),
    facts_of("neutrophils_measured", 92, **LOW),
    facts_of("neutrophils_measured", 120, **LOW),
    facts_of("neutrophils_measured", 121, **HIGH),
    facts_of("platelets_measured", 130, value=10_000, unit="/uL"),
    facts_of("rash_graded", 140, grade=3),
    facts_of("other_toxicity_graded", 141, term="fever", grade=3, attribution="not_clear"),
    facts_of("platelets_measured", 150, value=50_000, unit="/uL"),
    facts_of("rash_graded", 160, grade=1),
    facts_of("other_toxicity_graded", 170, term="fever", **TERM),
    facts_of("neutrophils_measured", 180, **LOW),
    facts_of("rash_graded", 181, grade=4),
    facts_of("dose_taken", 182, dose_mg=4),
]
BASELINE: Facts = {"baseline_neuropathy": {"grade": 1, "pain": True}, "timezone": "Europe/Berlin"}
EVENTS: list[AnyEvent] = [parse_event(facts) for facts in ({**START, **BASELINE}, *LONG)]


def run(patient: str) -> list[Record]:
    course = Course(patient)
    return [course.observe(event) for event in EVENTS]


def test_the_long_course_is_one_worth_saving() -> None:
    records = run("p")
    assert [record.number for record in records] == list(range(1, len(EVENTS) + 1))
    assert all(record.after == later.before for record, later in pairwise(records))
    words = {record.words for record in records}
    assert {"held for neutrophils, other", "held for platelets, neuropathy", "active at 3 mg", "discontinued"} <= words
    verbs = {order.verb for record in records for order in record.orders}
    assert {"review_long_hold", "obtain_agreement", "state_attribution", "omit_late_dose"} - verbs <= {
        "obtain_agreement"
    }
    assert all(record.rules for record in records)


# --- Refusals --------------------------------------------------------------------------------------------------


def test_a_second_start_is_refused() -> None:
    course = begin()
    assert "already started" in refuses(course, START).what
    assert "already started" in refuses(course, {**START, "at": "2027-03-02T08:00:00Z"}).what
    see(course, "patient_died", 9)
    assert "already started" in refuses(course, {**START, "at": "2027-03-02T08:00:00Z"}).what


EXAMPLES: dict[str, Facts] = {facts["type"]: facts for facts in LONG} | {
    "creatinine_clearance_measured": facts_of("creatinine_clearance_measured", 1, value=20, unit="mL/min"),
    "cycle_assessed": facts_of("cycle_assessed", 1, neutrophils=LOW, platelets=HIGH, toxicities_resolved=False),
    "progression_found": facts_of("progression_found", 1),
    "intolerable_toxicity_declared": facts_of("intolerable_toxicity_declared", 1),
    "patient_died": facts_of("patient_died", 1),
    "consent_withdrawn": facts_of("consent_withdrawn", 1),
    "dose_overdosed": facts_of("dose_overdosed", 1, dose_mg=8),
    "dose_taken_wrongly": facts_of("dose_taken_wrongly", 1, fault="chewed"),
}


def at(facts: Facts, moment: str) -> Facts:
    return {name: value for name, value in facts.items() if name != "day"} | {"at": moment}


def test_the_examples_are_of_every_kind() -> None:
    kinds = {kind.model_fields["type"].default for kind in get_args(get_args(AnyEvent)[0])}
    assert kinds == {*EXAMPLES, "course_started"}


@pytest.mark.parametrize("facts", EXAMPLES.values(), ids=EXAMPLES.keys())
def test_before_the_start_only_an_end_is_accepted(facts: Facts) -> None:
    course = Course("p")
    if facts["type"] in ("patient_died", "consent_withdrawn"):
        assert "means nothing before the start" in refuses(course, facts).what, "a day needs a calendar"
        record = course.observe(parse_event(at(facts, "2026-01-01T00:00:00Z")))
        assert (record.after, record.orders, record.day) == (DISCONTINUED, (), None)
    else:
        assert "has not started" in refuses(course, facts).what
        assert "has not started" in refuses(course, at(facts, "2026-01-01T00:00:00Z")).what


@pytest.mark.parametrize("patient", ["p", None])
def test_an_event_of_another_patient_is_refused(patient: str | None) -> None:
    course = begin(patient)
    refusal = refuses(course, {**RASH, "day": 9, "patient": "q"})
    assert refusal.what == f"the event is of patient 'q', the course of {patient!r}"
    assert "patient 'q'" in refuses(Course(patient), {**START, "patient": "q"}).what
    assert see(course, "rash_graded", 9, grade=1, patient=patient).patient == patient


@pytest.mark.parametrize(
    "moment",
    [
        {"at": "2026-03-09T08:29:59Z"},
        {"at": "2026-03-09T09:29:00+01:00"},  # later by the wall clock, earlier in truth
        {"at": "2026-03-09T08:31:00+00:02"},
        {"day": 8},
        {"day": 1},
        {"at": "1900-01-01T00:00:00Z"},
    ],
)
def test_time_does_not_go_backwards(moment: Facts) -> None:
    course = begin()
    see(course, "neutrophils_measured", "2026-03-09T08:30:00Z", **LOW)
    refusal = refuses(course, {**RASH, **moment})
    assert refusal.what.startswith("time goes backwards: ")
    assert refusal.what.endswith("comes after 2026-03-09T08:30:00+00:00")
    see(course, "progression_found", "2026-03-09T08:30:00Z")
    assert refuses(course, {**RASH, **moment}).what.startswith("time goes backwards: ")


@pytest.mark.parametrize(
    "moment", ["2026-03-09T08:00:00Z", "2026-03-09T09:00:00+01:00", "2026-03-08T20:00:00-12:00", 8]
)
def test_equal_times_are_accepted(moment: int | str) -> None:
    course = begin()
    see(course, "neutrophils_measured", 8, **LOW)
    record = see(course, "neutrophils_measured", moment, **HIGH)
    assert (record.number, record.day, record.words) == (3, 8, "active at 3 mg")
    assert course.latest == datetime(2026, 3, 9, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("term", "kind"),
    [
        ("rash", "rash_graded"),
        ("Rash maculo-papular", "rash_graded"),
        ("Stevens-Johnson syndrome", "rash_graded of grade 4"),
        ("NEUROPATHY", "neuropathy_graded"),
        ("Polyneuropathy", "neuropathy_graded"),
        (" peripheral sensory neuropathy ", "neuropathy_graded"),
        ("Neuralgia", "neuropathy_graded with pain"),
    ],
)
def test_a_rash_is_not_another_toxicity(term: str, kind: str) -> None:
    refusal = refuses(begin(), facts_of("other_toxicity_graded", 2, term=term, grade=3))
    assert f"{term.strip().lower()!r} is not an other toxicity" in refusal.what
    assert refusal.remedy == f"report it as {kind}"


def test_a_start_on_a_later_day_is_refused() -> None:
    facts = {name: value for name, value in START.items() if name != "at"} | {"day": 2}
    assert "cannot start on day 2" in refuses(Course("p"), facts).what


# --- A start that is blocked -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("missing", "orders"),
    [
        (["patient_informed"], "inform_patient"),
        (["bilirubin"], "assess_organ_function"),
        (["creatinine_clearance"], "assess_organ_function"),
        (["patient_informed", "bilirubin", "creatinine_clearance"], "inform_patient assess_organ_function"),
    ],
)
def test_a_blocked_start_sets_no_calendar_and_a_later_one_works(missing: list[str], orders: str) -> None:
    course = Course("p")
    blanks = {name: False if name == "patient_informed" else None for name in missing}
    record = course.observe(parse_event({**START, **blanks, "weekday": "friday"}))
    assert [order.verb for order in record.orders] == orders.split()
    assert (record.after, record.day, record.words) == (SCREENING, None, "screening")
    assert course.calendar is None
    assert "has not started" in refuses(course, {**RASH, "at": "2026-03-10T08:00:00Z"}).what
    assert "time goes backwards" in refuses(course, {**START, "at": "2026-03-02T07:59:00Z"}).what
    later = course.observe(parse_event({**START, "at": "2026-03-10T08:00:00Z"}))
    assert (later.number, later.day, later.words) == (2, -5, "active at 4 mg")
    assert course.calendar is not None
    assert course.calendar.moment(1) == datetime(2026, 3, 16, 8, tzinfo=UTC)


# --- What a start cites, neither more nor less --------------------------------------------------------------------

# Both drugs that are not lowered rest on their own clause; dexamethasone and the cycles on DOSE-03 and DOSE-05.
USUAL, IXAZOMIB_LOWERED = "DOSE-01 DOSE-02 DOSE-03 DOSE-05", "DOSE-02 DOSE-03 DOSE-05"
LENALIDOMIDE_LOWERED, BOTH_LOWERED = "DOSE-01 DOSE-03 DOSE-05", "DOSE-03 DOSE-05"


@pytest.mark.parametrize(
    ("bilirubin", "clearance", "dialysis", "rules"),
    [
        ("1", "90", False, USUAL),
        ("1.5", "90", False, f"{USUAL} B-BOUND"),
        ("1.499", "60.001", False, USUAL),
        ("1.501", "90", False, f"{IXAZOMIB_LOWERED} HEP-01 HEP-03"),
        ("3", "90", False, f"{IXAZOMIB_LOWERED} HEP-01 HEP-03 B-BOUND"),
        ("3.001", "90", False, f"{IXAZOMIB_LOWERED} HEP-02 HEP-03"),
        ("1", "60", False, f"{USUAL} B-BOUND"),
        ("1", "59.999", False, f"{LENALIDOMIDE_LOWERED} REN-04"),
        ("1", "30", False, f"{LENALIDOMIDE_LOWERED} REN-04 B-BOUND"),
        ("1", "29.999", False, f"{BOTH_LOWERED} REN-01 REN-04"),
        ("2", "20", False, f"{BOTH_LOWERED} HEP-01 HEP-03 REN-01 REN-04 B-BOTH-ORGANS"),
        ("4", "30", False, f"{BOTH_LOWERED} HEP-02 HEP-03 REN-04 B-BOUND"),
        ("1", "90", True, f"{BOTH_LOWERED} REN-02 REN-04"),
        ("1", "30", True, f"{BOTH_LOWERED} REN-02 REN-04"),
        ("1", "60", True, f"{BOTH_LOWERED} REN-02 REN-04"),
        ("1.5", "60", True, f"{BOTH_LOWERED} REN-02 REN-04 B-BOUND"),
        ("2", "10", True, f"{BOTH_LOWERED} HEP-01 HEP-03 REN-02 REN-04 B-BOTH-ORGANS"),
    ],
)
def test_a_start_cites_what_decides_it_and_nothing_else(
    bilirubin: str, clearance: str, dialysis: bool, rules: str
) -> None:
    organs = {
        "bilirubin": {"times_uln": Decimal(bilirubin)},
        "creatinine_clearance": {"value": Decimal(clearance), "unit": "mL/min"},
        "on_dialysis": dialysis,
    }
    record = Course("p").observe({**START, **organs})
    assert sorted(record.rules) == sorted(rules.split())
    assert record.rules == Course("p").edition.cite(record.rules)


# --- Saved and resumed -----------------------------------------------------------------------------------------


def test_a_course_resumed_at_any_point_goes_on_as_if_nothing_had_been() -> None:
    course, records = Course("p"), run("p")
    for place, event in enumerate(EVENTS):
        saved = course.snapshot()
        for form in (saved, saved.model_dump_json(), saved.model_dump_json().encode()):
            again = Course.resume(form)
            assert again.snapshot() == saved
            assert (again.status, again.latest, again.calendar) == (course.status, course.latest, course.calendar)
        assert [again.observe(later) for later in EVENTS[place:]] == records[place:]
        course.observe(event)


def test_a_record_survives_json() -> None:
    for record in run("p"):
        assert Record.model_validate_json(record.model_dump_json()) == record


def test_the_calendar_of_a_start_without_a_zone_survives_json() -> None:
    course = begin(timezone=None, at=datetime(2026, 3, 2, 8, tzinfo=ZoneInfo("Europe/Berlin")))
    again = Course.resume(course.snapshot().model_dump_json())
    assert course.calendar is not None
    assert again.calendar is not None
    assert again.calendar.moment(36) == course.calendar.moment(36), "the summer has begun"


def saved_with(**changes: Any) -> str:
    course = begin()
    see(course, "neutrophils_measured", 8, **LOW)
    return json.dumps({**course.snapshot().model_dump(mode="json"), **changes})


SEVEN = json.loads(saved_with())["configuration"]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", InputError),
        ("{", InputError),
        ("[]", InputError),
        (saved_with()[:-20], InputError),
        (saved_with(colour="red"), InputError),
        ('{"edition": "dosing-text"}', InputError),
        (saved_with(number=-1), InputError),
        (saved_with(number="2"), InputError),
        (saved_with(latest="2026-03-09T08:00:00"), InputError),
        (saved_with(latest=1767600000), InputError),
        (saved_with(start={**START, "weekday": "someday"}), InputError),
        (saved_with(baseline_neuropathy={"grade": 6}), InputError),
        (saved_with(open_terms=[["nausea", "maybe"]]), InputError),
        (saved_with(reviewed=["aspirin"]), InputError),
        (saved_with(configuration=[]), ChartError),
        (saved_with(configuration=["nowhere"]), ChartError),
        (saved_with(configuration=["on_treatment"]), ChartError),
        (saved_with(configuration=SEVEN[1:]), ChartError),
        (saved_with(configuration=[*SEVEN, "screening"]), ChartError),
        (saved_with(configuration=["ixazomib_given_4", *SEVEN]), ChartError),
        (saved_with(history=[["2026-03-02T08:00:00Z", SEVEN[1:]]]), ChartError),
        (saved_with(configuration=["screening", "screening"]), ChartError),
        (saved_with(configuration=[*SEVEN, SEVEN[0]]), ChartError),
        (saved_with(edition="another"), InputError),
        (saved_with(start=None), InputError),
        (saved_with(latest=None), InputError),
        (saved_with(configuration=["screening"]), InputError),
        (saved_with(history=[]), InputError),
    ],
)
def test_a_damaged_snapshot_is_refused(text: str, error: type[Exception]) -> None:
    assert Course.resume(saved_with()).status.words == "held for neutrophils"
    with pytest.raises(error):
        Course.resume(text)


GIVEN, HELD = (change[1] for change in json.loads(saved_with())["history"])
# Leaves of the chart that no course has at once: nothing lowers ixazomib while every toxicity is as at the start.
NEVER = ["ixazomib_given_3", *GIVEN[1:]]
EARNED = {"drug": "ixazomib", "rule": "ANC-05", "day": 8}
NO_EVENT = "no event makes one of its changes"
AT_START, AT_LOW = "2026-03-02T08:00:00Z", "2026-03-09T08:00:00Z"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"configuration": GIVEN}, "the configuration is not that of the last change"),
        ({"history": [[AT_LOW, GIVEN], [AT_START, HELD]]}, "the changes are not in the order of their moments"),
        ({"latest": "2026-03-09T07:59:59Z"}, "a change is later than `latest`"),
        ({"number": 1}, "there are more changes than events"),
        ({"rewritten": 3}, "`rewritten` is of an event that is still to come"),
        ({"start": None}, "the course is on treatment without a start"),
        ({"baseline_neuropathy": {"grade": 1}}, "the baseline neuropathy is not that of the start"),
        ({"history": [[AT_LOW, HELD]]}, NO_EVENT),
        ({"history": [[AT_START, GIVEN]] * 2 + [[AT_LOW, HELD]], "number": 3}, NO_EVENT),
        (
            {"history": [[AT_START, GIVEN], [AT_LOW, NEVER]], "configuration": NEVER},
            "no event makes one of its changes",
        ),
        ({"start": {**START, "patient_informed": False}}, NO_EVENT),
        ({"start": {**START, "bilirubin": {"times_uln": 2}}}, NO_EVENT),
        ({"history": [], "configuration": ["screening"]}, NO_EVENT),
        ({"open_terms": [["nausea", "clear"]]}, "the open terms are not those of the configuration"),
        ({"open_terms": [["b", None], ["a", None]]}, "the open terms are not in their order, each once"),
        ({"open_terms": [["a", None], ["a", None]]}, "the open terms are not in their order, each once"),
        ({"related": True}, "`related` is said of no open term"),
        (
            {"history": [[AT_START, GIVEN]], "configuration": GIVEN, "reviewed": ["ixazomib"], "owed": []},
            "a hold is reviewed that is none",
        ),
        ({"slots": [{"day": 2, "reports": []}]}, "the planned doses are not those of the calendar"),
        (
            {"owed": [{"drug": "ixazomib", "rule": "ANC-05", "day": 8}]},
            "what is owed is not what the configuration owes",
        ),
    ],
)
def test_a_snapshot_that_never_can_have_been_is_refused(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError) as refused:
        Course.resume(saved_with(**changes))
    assert refused.value.what == f"its parts do not fit together: {why}"
    assert (refused.value.where, refused.value.remedy) == ("snapshot", "save it again")


def test_the_end_before_the_start_is_resumed_and_no_other_change_without_one() -> None:
    course = Course("p")
    course.observe({"type": "patient_died", "at": AT_START})
    saved = course.snapshot().model_dump(mode="json")
    assert Course.resume(saved).status.words == "discontinued"
    moment = saved["history"][0][0]
    with pytest.raises(InputError, match=NO_EVENT):
        Course.resume({**saved, "history": [[moment, ["screening"]], *saved["history"]], "number": 2})


def test_what_one_assessment_of_a_cycle_changes_is_one_change() -> None:
    """Its counts and its criteria are several symbols; no one of them leads where they lead together."""
    course = Course(edition="us-label")
    course.observe(START)
    counts = {"neutrophils": {"value": 400, "unit": "/mm3"}, "platelets": {"value": 20_000, "unit": "/mm3"}}
    see(course, "cycle_assessed", 9, **counts, toxicities_resolved=True)
    assert len(course.changes) == 2
    assert Course.resume(course.snapshot()).status == course.status


# --- The end ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("facts", EXAMPLES.values(), ids=EXAMPLES.keys())
def test_after_the_end_everything_is_recorded_and_nothing_changes(facts: Facts) -> None:
    course = begin()
    see(course, "neutrophils_measured", 8, **LOW)
    see(course, "intolerable_toxicity_declared", 9)
    before = course.snapshot()
    record = course.observe(parse_event({**facts, "day": 200}))
    assert (record.number, record.day, record.words) == (4, 200, "discontinued")
    assert (record.symbols, record.orders, record.rules) == ((), (), ("K-FINAL",))
    assert course.snapshot() == before.model_copy(update={"number": 4, "latest": course.latest})
    assert course.due(range(1, 400)) != []
    assert course.due(range(9, 400)) == []


# --- Long holds ------------------------------------------------------------------------------------------------


def reviews(record: Record) -> list[str]:
    assert ("B-HOLD-MAX" in record.rules) is any(order.verb == "review_long_hold" for order in record.orders)
    return [order.drug for order in record.orders if order.verb == "review_long_hold"]


@pytest.mark.parametrize("resumed", [False, True])
def test_a_hold_of_28_days_is_brought_up_once(resumed: bool) -> None:
    course = begin()
    see(course, "neutrophils_measured", 8, **LOW)
    found: dict[int, list[str]] = {}
    for day in (9, 35, 36, 37, 70):
        found[day] = reviews(see(course, "rash_graded", day, grade=1))
        course = Course.resume(course.snapshot()) if resumed else course
    assert found == {9: [], 35: [], 36: ["ixazomib", "lenalidomide"], 37: [], 70: []}
    assert reviews(see(course, "neutrophils_measured", 71, **HIGH)) == []
    assert reviews(see(course, "neutrophils_measured", 72, **LOW)) == []
    assert reviews(see(course, "rash_graded", 99, grade=1)) == []
    assert reviews(see(course, "rash_graded", 101, grade=1)) == ["ixazomib", "lenalidomide"], "once for each hold"


def test_a_hold_that_passes_from_one_toxicity_to_another_is_one_hold() -> None:
    course = begin()
    see(course, "neutrophils_measured", 8, **LOW)
    see(course, "neuropathy_graded", 20, grade=2)
    see(course, "neutrophils_measured", 30, **HIGH)
    see(course, "neutrophils_measured", 35, **LOW)
    assert reviews(see(course, "rash_graded", 36, grade=1)) == ["ixazomib"], "lenalidomide was back in between"
    assert reviews(see(course, "neutrophils_measured", 63, **HIGH)) == [], "the 28th day ends the other hold"


# --- Side by side ----------------------------------------------------------------------------------------------


def test_two_courses_do_not_disturb_each_other() -> None:
    one, other = Course("one"), Course("other")
    records: dict[str, list[Record]] = {"one": [], "other": []}
    ahead = 7
    for place in range(len(EVENTS) + ahead):
        if place < len(EVENTS):
            records["one"].append(one.observe(EVENTS[place]))
        if place >= ahead:
            records["other"].append(other.observe(EVENTS[place - ahead]))
    assert records == {"one": run("one"), "other": run("other")}


def test_courses_in_threads_give_the_same_records_as_one_after_the_other() -> None:
    names = [f"patient {number}" for number in range(4)]
    assert at_once([partial(run, name) for name in names]) == [run(name) for name in names]


# --- Days without dates ----------------------------------------------------------------------------------------


def test_days_out_of_order_are_told_as_days() -> None:
    """The calendar of a course that knows no dates is made up, and its dates are nobody's."""
    course = Course("p")
    course.observe({name: value for name, value in START.items() if name != "at"} | {"day": 1})
    see(course, "neutrophils_measured", 8, **LOW)
    refusal = refuses(course, {**RASH, "day": 3})
    assert refusal.what == "time goes backwards: day 3 comes after day 8"
    assert "2001" not in str(refusal)


def test_a_leaf_that_cannot_be_printed_is_told_on_one_line() -> None:
    for configuration in (["\r", *SEVEN[1:]], ["a\nb"]):
        with pytest.raises(ChartError) as refused:
            Course.resume(saved_with(configuration=configuration))
        assert len(str(refused.value).splitlines()) == 1
