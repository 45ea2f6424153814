"""Logs and cohorts in and out of a store, and what is read off it: projections, worklist, doses, counts."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sqlalchemy", reason="the extra `store` is not installed")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from ixastate.amendments import parse_line
from ixastate.course.course import Course
from ixastate.course.log import Line, dump, read_log
from ixastate.course.replay import replay_log
from ixastate.errors import CourseRefusal, InputError, RulesError
from ixastate.events import parse_event
from ixastate.store import courses, projections, tables, transfer
from ixastate.store.courses import observe, rehydrate
from ixastate.store.projections import catch_up, contents, rebuild
from ixastate.store.questions import dose_intensity, rule_counts, worklist
from ixastate.store.store import Lines, Store
from ixastate.store.transfer import export, ingest, named
from ixastate.store.verification import verify
from tests.reported import Ward, wards
from tests.store_tools import START, count

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
DAYS = {name: value for name, value in START.items() if name not in ("at", "timezone")} | {"day": 1}


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with Store(store_url, create=True) as opened:
        yield opened


def log(*facts: dict[str, Any], patient: str | None = "p") -> list[Line]:
    named = [fact if patient is None else {"patient": patient, **fact} for fact in facts]
    return [Line(f"log:{number}", parse_line(fact)) for number, fact in enumerate(named, 1)]


def mixed(*logs: Iterable[Line]) -> list[Line]:
    """Lines that take turns."""
    return [line for lines in zip(*logs, strict=True) for line in lines]


def stored(store: Store, patient: str | None = "p") -> list[str]:
    return [one.data for one in store.stream(patient)]


# --- Logs in ------------------------------------------------------------------------------------------------------


def test_a_log_is_stored_once(store: Store) -> None:
    lines = log(START, count(8), count(8), count(9, id="lab"))
    assert ingest(store, lines) == (4, 4, 1)
    assert ingest(store, lines) == (4, 0, 1)
    # What is longer now goes on where it was.
    assert ingest(store, [*lines, *log(count(10))]) == (5, 1, 1)
    assert [json.loads(one)["day"] for one in stored(store)[1:]] == [8, 8, 9, 10]


def test_equal_lines_of_one_moment_are_counted(store: Store) -> None:
    assert ingest(store, log(START, count(8))).new == 2
    assert ingest(store, log(START, count(8), count(8), count(8))).new == 2
    assert ingest(store, log(START, count(8), count(8), count(8), count(9), count(9))).new == 2
    assert len(stored(store)) == 6


def test_a_line_that_cannot_belong_there_is_refused_and_those_before_it_are_stored(store: Store) -> None:
    lines = log(START, count(8), count(5), count(9))
    with pytest.raises(CourseRefusal) as refused:
        ingest(store, lines)
    assert refused.value.where == "log:3: event 3 (neutrophils_measured)"
    assert "time goes backwards" in refused.value.what
    assert len(stored(store)) == 2
    # Mended, the same log goes on.
    assert ingest(store, [*lines[:2], lines[3]]) == (3, 1, 1)
    assert verify(store).findings == ()


def test_a_damaged_line_is_refused_and_those_before_it_are_stored(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text("".join(f"{dump(line.event)}\n" for line in log(START, count(8))) + "{\n")
    with pytest.raises(InputError, match=r"log\.jsonl:3"):
        ingest(store, read_log(path))
    assert len(stored(store)) == 2


def test_another_event_of_the_same_id_is_refused(store: Store) -> None:
    ingest(store, log(START, count(8, id="lab")))
    with pytest.raises(InputError) as refused:
        ingest(store, log(START, count(8, 1.6, id="lab")))
    assert (refused.value.where, refused.value.what) == ("log:2", "the store holds another event with the id 'lab'")
    assert len(stored(store)) == 2


def test_events_are_decided_anew_when_others_write_between(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ingest(store, log(START))
    append, others = Store.append_all, [count(3, 0.4), count(4, 0.4)]

    def meeting(self: Store, batch: Any) -> Any:
        if others:
            append(self, [Lines("p", [(parse_event(others.pop(0)), None)])])
        return append(self, batch)

    monkeypatch.setattr(Store, "append_all", meeting)
    assert ingest(store, mixed(log(START, count(8)), log(START, count(8), patient="q"))) == (4, 3, 2)
    assert [json.loads(one).get("day") for one in stored(store)] == [None, 3, 4, 8]
    monkeypatch.undo()
    assert verify(store).findings == ()


def test_batches_and_courses_that_are_not_at_hand_change_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "BATCH", 3)
    monkeypatch.setattr(transfer, "AT_HAND", 1)
    monkeypatch.setattr(courses, "SNAPSHOT_EVERY", 4)
    logs = [log(START, *(count(day, 0.4 if day == 4 else 2) for day in range(1, 12)), patient=name) for name in "abcd"]
    assert ingest(store, mixed(*logs)) == (48, 48, 4)
    for name, lines in zip("abcd", logs, strict=True):
        course = Course(name)
        for line in lines:
            course.observe(line.event)
        assert rehydrate(store, name)[0].snapshot() == course.snapshot()
    assert verify(store).findings == ()


def test_records_go_in_as_their_events_under_their_edition(store: Store, tmp_path: Path) -> None:
    course = Course("p", "us-label")
    for fact in (START, count(8, 0.4)):
        course.observe(fact)
    path = tmp_path / "records.jsonl"
    path.write_text("".join(f"{dump(record)}\n" for record in course.records))
    assert ingest(store, read_log(path)).new == 2
    assert store.edition("p") == "us-label"
    assert rehydrate(store, "p")[0].snapshot() == course.snapshot()
    with pytest.raises(InputError, match="is under us-label in the store, not dosing-text") as refused:
        ingest(store, log(count(9)), "dosing-text")
    assert refused.value.where == "log:1"
    lines = [
        line._replace(record=line.record.model_copy(update={"edition": "gone"}))
        for line in read_log(path)
        if line.record
    ]
    lines = [line._replace(record=line.record.model_copy(update={"patient": "q"})) for line in lines if line.record]
    with pytest.raises(RulesError, match="there is no edition 'gone'") as unknown:
        ingest(store, lines)
    assert unknown.value.where == f"{path}:1"


def test_lines_without_a_name_may_be_given_one(store: Store) -> None:
    lines = log(START, count(8), patient=None)
    ingest(store, named(lines, "p"))
    ingest(store, named(lines, None))
    ingest(store, named(log(START, patient="q"), "p"))
    assert [name for name, _ in store.patients()] == ["p", None, "q"]
    assert json.loads(stored(store)[1])["patient"] == "p"
    with pytest.raises(InputError, match="cannot name a patient"):
        list(named(lines, "a\nb"))


# --- And out ------------------------------------------------------------------------------------------------------


def test_a_log_comes_out_as_it_went_in(store: Store, tmp_path: Path) -> None:
    path, out = EXAMPLES / "corrected-count.jsonl", tmp_path / "out.jsonl"
    ingest(store, read_log(path))
    assert export(store, out) == len(path.read_text().splitlines())
    assert [line.event for line in read_log(out)] == [line.event for line in read_log(path)]
    again = [step.record for step in replay_log(read_log(out))]
    assert again == [step.record for step in replay_log(read_log(path))]
    ingest(store, log(START, patient="q"))
    assert export(store, out, "q", every=False) == 1
    assert [line.event.patient for line in read_log(out)] == ["q"]


SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(ward=wards(), data=st.data())
def test_corrections_and_late_facts_through_a_store_are_those_through_a_log(ward: Ward, data: st.DataObject) -> None:
    """In pieces, taken in again and again; and the projections followed meanwhile are those that are rebuilt."""
    lines = [Line(f"log:{number}", parse_line(fact)) for number, fact in enumerate(ward.lines, 1)]
    course = Course()
    for line in lines:
        course.observe(line.event)
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "courses.db", create=True) as store:
        for _ in range(data.draw(st.integers(1, 3))):
            until = data.draw(st.integers(0, len(lines)))
            ingest(store, lines[:until])
            catch_up(store)
        ingest(store, lines)
        assert rehydrate(store, None)[0].snapshot() == course.snapshot()
        assert [one.data for one in store.feed()] == [dump(line.event) for line in lines]
        catch_up(store)
        followed = contents(store)
        rebuild(store)
        assert contents(store) == followed
        assert verify(store).findings == ()


# --- Projections ----------------------------------------------------------------------------------------------------


def test_doses_are_counted_by_hand(store: Store) -> None:
    """Day 15 holds both drugs until day 22, where they go on at 3 mg; the dose of day 8 was missed, and taken late.

    Until day 30: ixazomib is due on days 1, 8, 15 (held) and 29 (3 mg), lenalidomide on 1-21 and 29-30, held on days
    15-21; dexamethasone on 1, 8, 15, 22 and 29. The dose of day 1 was missed.
    """
    ingest(
        store,
        log(
            DAYS,
            {"type": "dose_missed", "day": 5, "scheduled_day": 1},
            {"type": "dose_missed", "day": 9, "scheduled_day": 8},
            {"type": "dose_delayed", "day": 10, "scheduled_day": 8},
            count(15, 0.4),
            count(22, 0.6),
            count(30),
        ),
    )
    catch_up(store)
    rows = {(row["cycle"], row["drug"]): (row["given_mg10"], row["planned_mg10"]) for row in dose_intensity(store)}
    assert rows == {
        (1, "ixazomib"): (40, 120),
        (1, "lenalidomide"): (14 * 250, 21 * 250),
        (1, "dexamethasone"): (4 * 400, 4 * 400),
        (2, "ixazomib"): (30, 40),
        (2, "lenalidomide"): (2 * 250, 2 * 250),
        (2, "dexamethasone"): (400, 400),
    }
    assert {row["patient"] for row in dose_intensity(store)} == {"p"}


@pytest.mark.parametrize(("value", "given"), [("end", 2), ("before", 1)])
def test_a_dose_of_the_day_of_the_end_is_planned_where_the_end_comes_after_it(
    store: Store, value: str, given: int
) -> None:
    hour = "2026-03-09T09:00:00+01:00" if value == "end" else "2026-03-09T07:00:00+01:00"
    ingest(store, log(START, {"type": "patient_died", "at": hour}))
    catch_up(store)
    rows = {row["drug"]: (row["given_mg10"], row["planned_mg10"]) for row in dose_intensity(store)}
    assert rows["ixazomib"] == (given * 40, given * 40)
    assert rows["lenalidomide"] == ((6 + given) * 250, (6 + given) * 250)


def test_rules_are_counted_by_events_and_patients(store: Store) -> None:
    ingest(
        store, mixed(log(START, count(8, 0.4), count(15, 0.4)), log(START, count(8, 0.4), count(15, 0.6), patient="q"))
    )
    catch_up(store)
    records = [course.observe(fact) for course in (Course(), Course()) for fact in (START, count(8, 0.4))]
    assert all("ANC-01" in record.rules for record in records[1::2])
    counts = {row["rule"]: (row["events"], row["patients"]) for row in rule_counts(store)}
    assert counts["ANC-01"] == (3, 2)
    assert counts["ANC-02"] == (1, 1)
    assert counts["B-UNITS"] == (4, 2)
    assert [row["events"] for row in rule_counts(store)] == sorted((one[0] for one in counts.values()), reverse=True)


def test_a_projection_that_was_followed_is_one_that_was_rebuilt(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projections, "BATCH", 4)
    monkeypatch.setattr(projections, "AT_HAND", 1)
    monkeypatch.setattr(projections, "STREAMS", 2)
    on = projections.follow(store)
    for day in (1, 2, 3):
        for name in "abcde":
            facts = [START, count(day, 0.4 if name > "b" else 2), {"type": "dose_missed", "day": day + 8}]
            for fact in facts[1 if day > 1 else 0 : 3 if day == 3 else 2]:
                observe(store, name, fact)
        assert on() == store.head().position
    followed = contents(store)
    assert [row[1] for row in followed["ixastate_courses"]] == [5] * 5
    assert rebuild(store) == 25
    assert contents(store) == followed
    assert on() == catch_up(store) == 25


def test_one_that_is_far_behind_is_rebuilt(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    rebuilt: list[int] = []

    def noted(store: Store, progress: Any = None) -> int:
        rebuilt.append(projections.position(store) or 0)
        return rebuild(store)

    monkeypatch.setattr(projections, "rebuild", noted)
    monkeypatch.setattr(projections, "FAR_BEHIND", 3)
    observe(store, "p", START)
    assert (catch_up(store), rebuilt) == (1, [0])
    for day in (8, 9, 10):
        observe(store, "p", count(day))
    assert (catch_up(store), rebuilt) == (4, [0])
    for day in (11, 12, 13, 14):
        observe(store, "p", count(day))
    assert (catch_up(store), rebuilt) == (8, [0, 4])


def test_a_follower_that_comes_second_does_not_do_it_again(store: Store) -> None:
    first, second = projections.follow(store), projections.follow(store)
    observe(store, "p", START)
    assert first() == second() == 1
    observe(store, "p", count(8, 0.4))
    assert second() == 2
    observe(store, "p", count(15, 0.6))
    assert first() == 3
    followed = contents(store)
    rebuild(store)
    assert contents(store) == followed


def test_a_projection_that_was_left_half_built_is_built_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ingest(store, mixed(*(log(START, count(8, 0.4), patient=name) for name in "abc")))
    catch_up(store)
    whole = contents(store)
    monkeypatch.setattr(projections, "STREAMS", 1)

    def stop(seen: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(store, stop)
    assert projections.position(store) is None
    assert contents(store) != whole
    catch_up(store)
    assert contents(store) == whole
    # So is one of another number, and one that is further than the store.
    for changed in ({"number": projections.NUMBER + 1}, {"position": 99}):
        with store.database.writing() as connection:
            connection.execute(update(tables.projections).values(**changed))
            connection.execute(delete(tables.citations))
        catch_up(store)
        assert contents(store) == whole


def test_those_who_rebuild_at_once_come_to_the_same(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one rebuilds, another begins later and with more events, and a third follows: in each order."""
    ingest(store, mixed(*(log(START, count(8, 0.4), patient=name) for name in "abcd")))
    monkeypatch.setattr(projections, "STREAMS", 1)
    steps: list[str] = []

    def meanwhile(seen: int) -> None:
        if not steps:
            steps.append("one event more, and all that a second makes of it")
            observe(store, "a", count(15, 0.6))
            assert catch_up(store) == 9
            observe(store, "b", count(15, 0.4))
            assert rebuild(store) == 10
            observe(store, "c", count(15, 0.4))

    assert rebuild(store, meanwhile) == 11
    assert steps
    followed = contents(store)
    assert [row[1] for row in followed["ixastate_courses"]] == [3, 3, 3, 2]
    rebuild(store)
    assert contents(store) == followed
    assert verify(store).findings == ()


def test_a_projection_that_says_something_else_is_found(store: Store) -> None:
    ingest(store, log(START, count(8, 0.4)))
    catch_up(store)
    assert verify(store).findings == ()
    with store.database.writing() as connection:
        connection.execute(update(tables.courses).values(words="active at 4 mg"))
    assert verify(store).findings == (
        "'p': the projection says 'active at 4 mg', and the live machine 'held for neutrophils'",
    )
    with store.database.writing() as connection:
        connection.execute(update(tables.courses).values(version=9))
    assert verify(store).findings == ("'p': the projection is at version 9, and the stream at 2",)


# --- The worklist ---------------------------------------------------------------------------------------------------


def test_the_worklist_says_who_is_held_what_is_due_and_what_is_open(store: Store) -> None:
    """Tuesday 17 March 2026 is day 16. `held` since day 8, `dated` is active, `by days` was held on day 9."""
    ingest(store, log(START, {**count(8, 0.4), "at": "2026-03-09T09:00:00+01:00", "day": None}, patient="held"))
    ingest(store, log(START, {"type": "dose_missed", "at": "2026-03-16T20:00:00+01:00"}, patient="dated"))
    ingest(store, log(DAYS, {"type": "rash_graded", "day": 9, "grade": 2}, count(10, 0.4), patient="by days"))
    ingest(store, log(START, {"type": "patient_died", "at": "2026-03-09T09:00:00+01:00"}, patient="dead"))
    catch_up(store)
    found = worklist(store, datetime.fromisoformat("2026-03-17T12:00:00+01:00"))
    assert [(one.patient, one.reasons, one.since, one.days) for one in found.held] == [
        ("held", ("neutrophils",), {"ixazomib": 8, "lenalidomide": 8}, {"ixazomib": 8, "lenalidomide": 8}),
        ("by days", ("neutrophils",), {"ixazomib": 10, "lenalidomide": 10}, {"ixazomib": 0, "lenalidomide": 0}),
    ]
    assert found.overdue == []
    # From day 16 to day 22: lenalidomide to day 21, dexamethasone on day 22; `by days` is asked from day 10 on.
    due = [(one.patient, one.drug, one.mg, one.day) for one in found.due]
    assert due == [
        ("held", "dexamethasone", 40, 22),
        *(("dated", "lenalidomide", 25, day) for day in range(16, 22)),
        ("dated", "dexamethasone", 40, 22),
        ("by days", "dexamethasone", 40, 15),
    ]
    assert found.due[1].at is not None
    assert found.due[1].at.isoformat() == "2026-03-17T08:00:00+01:00"
    assert found.due[-1].at is None
    assert [(one.patient, one.day, one.reported) for one in found.open_doses] == [("dated", 15, ("reported_missed",))]
    assert json.loads(json.dumps(found.as_json()))["held"][0]["patient"] == "held"
    usual = worklist(store)
    assert usual.on == datetime.fromisoformat("2026-03-16T20:00:00+01:00")
    assert [dose.day for dose in usual.due if dose.patient == "dated"] == [15, 15, *range(15, 22)]
    later = worklist(store, datetime.fromisoformat("2026-06-17T12:00:00+02:00"))
    assert [(one.patient, one.overdue) for one in later.overdue] == [("held", ("ixazomib", "lenalidomide"))]
    text = "\n".join(later.lines())
    assert "held: 2" in text
    assert "to be reviewed: 1" in text
    assert "review the hold of ixazomib and lenalidomide (B-HOLD-MAX)" in text


def test_of_courses_without_dates_the_worklist_is_about_no_moment(store: Store) -> None:
    ingest(store, log(DAYS, count(9)))
    catch_up(store)
    found = worklist(store)
    assert found.on is None
    assert [(dose.drug, dose.day, dose.at) for dose in found.due][-1] == ("dexamethasone", 15, None)
    assert "due in the 7 days: 9" in "\n".join(found.lines())
    assert found.as_json()["on"] is None
