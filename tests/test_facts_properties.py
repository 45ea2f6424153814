"""What holds of facts that come late, are corrected or withdrawn, whatever happens: by Hypothesis.

The oracle is a course that keeps no facts and is shown what is true, in an order that the tests make themselves
(`reported.py`); and beside it the independent reading.
"""

from __future__ import annotations

import pickle
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ixastate.amendments import AnyAmendment, parse_line
from ixastate.course.course import Course
from ixastate.course.log import dump
from ixastate.course.replay import replay_log
from ixastate.course.timeline import timeline
from ixastate.errors import CourseRefusal
from ixastate.events import parse_event
from ixastate.orders import Order
from ixastate.symbols import BOTH
from tests.independent_reading import IndependentReading, Refused
from tests.reported import GAPS, MANY, Fields, Ward, happenings, otherwise, standing, truth, wards
from tests.test_log import read

SETTINGS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def shown(lines: list[Fields]) -> Course:
    course = Course()
    for line in lines:
        course.observe(line)
    return course


def log_of(lines: list[Fields]) -> str:
    return "".join(f"{dump(parse_line(line))}\n" for line in lines)


# --- The state is that of the facts as known ------------------------------------------------------------------


@SETTINGS
@given(ward=wards())
def test_the_state_is_that_of_a_course_that_was_shown_the_facts_in_their_order(ward: Ward) -> None:
    course = shown(ward.lines)
    plain, order, refused = truth(ward.facts)
    live = [fact for fact in course.facts if not fact.withdrawn]
    assert [fact.id for fact in live] == order
    assert [fact.id for fact in live if fact.impossible] == refused
    assert standing(course) == standing(plain)
    assert course.due(range(1, 29)) == plain.due(range(1, 29))
    assert (course.status, course.latest) == (plain.status, plain.latest)


@SETTINGS
@given(ward=wards(days=False))
def test_the_state_is_that_of_the_independent_reading_of_the_facts_in_their_order(ward: Ward) -> None:
    course, reading = shown(ward.lines), IndependentReading()
    impossible, answer = [], None
    for fact in course.facts:
        if fact.withdrawn:
            continue
        try:
            answer = reading.observe(parse_event(ward.facts[fact.id or ""].fields))
        except Refused:
            impossible.append(fact.id)
    assert [fact.id for fact in course.facts if fact.impossible] == impossible
    status = course.status
    if answer is None:
        assert status.phase == "screening"
        return
    assert (answer.phase, answer.held_for) == (status.phase, frozenset(status.held_for))
    assert (answer.ixazomib_mg, answer.ixazomib_held) == (status.ixazomib_mg, status.ixazomib_held)
    assert (answer.lenalidomide_mg, answer.lenalidomide_held) == (status.lenalidomide_mg, status.lenalidomide_held)


@SETTINGS
@given(course=happenings())
def test_without_late_lines_the_records_are_those_of_a_course_without_recordings(course: list[Fields]) -> None:
    kept, plain, taken = Course(), Course(), 0
    for fields in course:
        line = {**fields, "id": f"fact-{taken:03}", "recorded_at": fields["at"]}
        try:
            expected = plain.observe(fields)
        except CourseRefusal:
            continue
        taken += 1
        record = kept.observe(line)
        assert record.model_copy(update={"event": expected.event, "ties": ()}) == expected
        same = [other.number for other in plain.records[:-1] if other.event.at == fields["at"]]  # type: ignore[union-attr]
        assert list(record.ties) == same
    assert standing(kept) == standing(plain)
    assert len(kept.facts) == taken
    assert plain.facts == ()


# --- Corrected back, and in another order ---------------------------------------------------------------------


@SETTINGS
@given(ward=wards(), data=st.data(), later=MANY)
def test_to_correct_and_to_correct_back_is_as_if_nothing_had_happened(
    ward: Ward, data: st.DataObject, later: list[Fields]
) -> None:
    course = shown(ward.lines)
    before, facts, number = standing(course), course.facts, len(ward.lines)
    name = data.draw(st.sampled_from([one for one, fact in sorted(ward.facts.items()) if not fact.withdrawn] or [""]))
    if not name:
        return
    original = ward.facts[name].fields
    for _ in range(data.draw(st.integers(1, 2))):
        if data.draw(st.booleans()):
            ward.withdraw(name)
        else:
            ward.correct(name, data.draw(otherwise(ward, name)))
    ward.correct(name, original, timedelta(days=1))
    changed = [course.observe(line) for line in ward.lines[number:]]
    assert (standing(course), course.facts) == (before, facts)
    assert changed[0].before == changed[-1].after
    other = shown(ward.lines[:number])
    for number, fields in enumerate(later):
        now = max(course.latest or ward.now, ward.now) + timedelta(days=number)
        line = {**fields, "at": now, "recorded_at": now}
        one, two = course.observe(line), other.observe(line)
        assert one.number == two.number + len(changed)
        assert (one.symbols, one.after, one.orders, one.rules) == (two.symbols, two.after, two.orders, two.rules)
    assert standing(course) == standing(other)


@SETTINGS
@given(course=happenings(distinct=True), data=st.data())
def test_the_order_in_which_facts_of_distinct_moments_arrive_does_not_matter(
    course: list[Fields], data: st.DataObject
) -> None:
    later = max(fields["at"] for fields in course)
    states = []
    for order in (course, data.draw(st.permutations(course))):
        kept = Course()
        for fields in order:
            kept.observe({**fields, "id": str(course.index(fields)), "recorded_at": later})
        states.append((standing(kept), [(fact.id, fact.event, fact.impossible) for fact in kept.facts]))
    assert states[0] == states[1]


# --- Nothing is lost, and everything can be read again --------------------------------------------------------


@SETTINGS
@given(ward=wards())
def test_no_fact_is_lost(ward: Ward) -> None:
    course = Course()
    reported = 0
    for line in ward.lines:
        course.observe(line)
        reported += not isinstance(parse_line(line), AnyAmendment)
        assert len(course.facts) == reported
    assert {fact.id: (fact.number, fact.withdrawn) for fact in course.facts} == {
        name: (fact.number, fact.withdrawn) for name, fact in ward.facts.items()
    }
    assert {fact.id: fact.event for fact in course.facts} == {
        name: parse_event(fact.fields) for name, fact in ward.facts.items()
    }


@SETTINGS
@given(ward=wards(), data=st.data())
def test_a_log_as_of_a_moment_is_what_was_written_until_then(ward: Ward, data: st.DataObject) -> None:
    lines = read(log_of(ward.lines))
    whole = [step.record for step in replay_log(lines)]
    assert [step.record for step in replay_log(lines, as_of=ward.now)] == whole
    moment = data.draw(st.sampled_from([line["recorded_at"] for line in ward.lines]))
    until = [line for line in ward.lines if line["recorded_at"] <= moment]
    steps = list(replay_log(lines, as_of=moment))
    assert [step.record for step in steps] == whole[: len(until)]
    assert standing(steps[-1].course) == standing(shown(until))


@SETTINGS
@given(ward=wards(), data=st.data())
def test_a_course_saved_or_sent_anywhere_goes_on_as_it_would_have(ward: Ward, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(ward.lines)))
    course = shown(ward.lines[:place])
    saved = course.snapshot()
    again, sent = Course.resume(saved.model_dump_json()), pickle.loads(pickle.dumps(course))
    assert again.snapshot() == sent.snapshot() == saved
    for line in ward.lines[place:]:
        assert course.observe(line) == again.observe(line) == sent.observe(line)
    assert again.snapshot() == sent.snapshot() == course.snapshot()


@SETTINGS
@given(ward=wards())
def test_the_records_are_read_back_and_replay_without_a_difference(ward: Ward) -> None:
    records = [step.record for step in replay_log(read(log_of(ward.lines)))]
    lines = read("".join(f"{dump(record)}\n" for record in records))
    assert [line.record for line in lines] == records
    steps = list(replay_log(lines))
    assert [step.record for step in steps] == records
    assert not any(step.differences for step in steps)
    assert list(timeline(steps))


# --- What a record says ---------------------------------------------------------------------------------------


@SETTINGS
@given(ward=wards(most=8))
def test_a_dose_rises_by_a_correction_alone_and_the_record_says_so(ward: Ward) -> None:
    course = Course()
    for line in ward.lines:
        was, configuration = course.status, course.configuration
        record = course.observe(line)
        now = course.status
        assert (record.before, record.after, record.status) == (configuration, course.configuration, now)
        for drug in BOTH:
            before, after = (getattr(status, f"{drug}_mg") for status in (was, now))
            up = was.phase != "screening" and after is not None and (before is None or after > before)
            assert not up or ("B-CORRECTION" in record.rules and Order("review_rise", drug, after) in record.orders)
        if "B-CORRECTION" in record.rules:
            assert record.symbols == ()
            otherwise = bool(record.revisions or record.impossible or record.before != record.after)
            reviewed = Order("review_correction") in record.orders
            assert reviewed is (otherwise or isinstance(record.event, AnyAmendment))
        else:
            assert (record.revisions, record.impossible) == ((), ())


@SETTINGS
@given(ward=wards(), gap=GAPS)
def test_what_would_have_been_ordered_otherwise_is_the_difference_of_two_courses(ward: Ward, gap: timedelta) -> None:
    """Every order of the course by what was known before a line, against that by what is known with it."""

    def orders(lines: list[Fields]) -> dict[int, tuple[Order, ...]]:
        ward = Ward()
        for line in lines:
            if line["type"] == "event_corrected":
                ward.correct(line["corrects"], line["event"])
            elif line["type"] == "event_withdrawn":
                ward.withdraw(line["withdraws"])
            else:
                ward.now = line["recorded_at"]
                ward.report({name: value for name, value in line.items() if name not in ("id", "recorded_at")})
        plain, order, refused = truth(ward.facts)
        acting = [ward_number(lines, name) for name in order if name not in refused]
        return {number: record.orders for number, record in zip(acting, plain.records, strict=True) if record.orders}

    course = Course()
    for place, line in enumerate(ward.lines):
        record = course.observe(line)
        then, now = orders(ward.lines[:place]), orders(ward.lines[: place + 1])
        changed = {number for number in {*then, *now} if then.get(number) != now.get(number)}
        if "B-CORRECTION" in record.rules:
            assert {one.number: (one.then, one.now) for one in record.revisions} == {
                number: (then.get(number, ()), now.get(number, ())) for number in changed
            }
        else:
            assert changed <= {record.number}


def ward_number(lines: list[Fields], name: str) -> int:
    return next(number for number, line in enumerate(lines, start=1) if line.get("id") == name)
