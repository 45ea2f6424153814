"""A calendar that can be taken back: a phone that imports the files of a course, one after the other, is never stale.

The phone keeps, of entries with one UID, the one with the higher SEQUENCE (RFC 5545, 3.8.7.4), and shows those that are
not cancelled. What it must show is what the course has due.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from random import Random
from typing import Any

import icalendar
import pytest

from ixastate.cli.main import main
from ixastate.course.course import Course
from ixastate.errors import CourseRefusal
from ixastate.events import AnyEvent, parse_event
from ixastate.exchange.ics import REACH, taken_back
from ixastate.exchange.ics import icalendar as calendar_file
from ixastate.rules import load_edition
from ixastate.testing.suites.walks import walks
from tests.test_ics import course_of, day_of, entries_of
from tests.test_log import START

Fact = dict[str, Any]
LOW = {"type": "neutrophils_measured", "value": 420, "unit": "/mm3"}
WELL = {**LOW, "value": 900}
NEUROPATHY = {"type": "neuropathy_graded", "grade": 2}
RASH = {"type": "rash_graded", "grade": 2}


@pytest.fixture(autouse=True)
def shorter(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two years are made 90 days, so that files are quickly written and read; no file here asks for more."""
    if "two_years" not in request.fixturenames:
        monkeypatch.setattr("ixastate.exchange.ics.REACH", 90)


@pytest.fixture
def two_years() -> int:
    """How far doses are taken back that nobody asks about."""
    return REACH


def on(day: int, fact: Fact) -> Fact:
    return {**fact, "day": day}


class Phone:
    """A calendar that imports files."""

    def __init__(self) -> None:
        self.entries: dict[str, Any] = {}

    def imports(self, content: bytes) -> None:
        seen = set()
        for entry in entries_of(content):
            uid = str(entry["uid"])
            assert uid not in seen, "an entry stands in a file once"
            seen.add(uid)
            known = self.entries.get(uid)
            if known is None or entry["sequence"] >= known["sequence"]:
                self.entries[uid] = entry

    def shows(self) -> dict[str, tuple[str, date]]:
        """What it shows by UID: the summary and the date."""
        return {
            uid: (str(entry["summary"]), date_of(entry))
            for uid, entry in self.entries.items()
            if str(entry["status"]) != "CANCELLED"
        }


def date_of(entry: Any) -> date:
    start = entry.decoded("dtstart")
    return start.date() if isinstance(start, datetime) else start


def due(course: Course, days: Iterable[int]) -> set[tuple[str, date]]:
    return {(f"{dose.drug} {dose.mg:g} mg", dose.at.date()) for dose in course.due(days)}


def export(course: Course, days: range) -> bytes:
    return calendar_file(course, course.due(days))


def phone_after(*files: bytes) -> Phone:
    phone = Phone()
    for content in files:
        phone.imports(content)
    return phone


def course_until(facts: Sequence[Fact], patient: str | None = None) -> Course:
    return course_of(START, *facts, patient=patient)


# --- Worked by hand -------------------------------------------------------------------------------------------


def test_what_is_held_vanishes_from_the_phone() -> None:
    """As in the example of the cases: sixty days, then a low count on day 9."""
    day_1, day_9 = course_until([]), course_until([on(9, LOW)])
    days = range(1, 61)
    phone = phone_after(export(day_1, days))
    assert set(phone.shows().values()) == due(day_1, days)
    phone.imports(export(day_9, range(9, 69)))
    shown = sorted(phone.shows().values(), key=lambda one: (one[1], one[0]))
    # Held since the hour of day 9: days 1 to 8 are as they were, and dexamethasone alone goes on.
    later = [name for name, day in shown if day > date(2026, 3, 9)]
    assert set(later) == {"dexamethasone 40 mg"}
    assert ("ixazomib 4 mg", date(2026, 3, 9)) in shown
    cancelled = [entry for entry in phone.entries.values() if str(entry["status"]) == "CANCELLED"]
    assert {entry["sequence"] for entry in cancelled} == {2}


def test_a_dose_that_is_due_again_is_confirmed_with_a_still_higher_sequence() -> None:
    facts = [on(9, LOW), on(12, WELL)]
    files = [export(course_until(facts[:count]), range(1, 61)) for count in range(3)]
    found = [{str(entry["uid"]): entry for entry in entries_of(content)} for content in files]
    (uid,) = (uid for uid in found[0] if uid.endswith("ixazomib-day-15@ixastate"))
    told = [(str(one[uid]["status"]), one[uid]["sequence"], str(one[uid]["summary"])) for one in found]
    assert told == [
        ("CONFIRMED", 0, "ixazomib 4 mg"),
        ("CANCELLED", 2, "ixazomib 4 mg"),
        ("CONFIRMED", 4, "ixazomib 3 mg"),
    ]
    # Lenalidomide of day 10 was withheld, and stays so.
    (uid,) = (uid for uid in found[0] if uid.endswith("lenalidomide-day-10@ixastate"))
    assert [str(one[uid]["status"]) for one in found] == ["CONFIRMED", "CANCELLED", "CANCELLED"]
    assert [one[uid]["sequence"] for one in found] == [0, 2, 2]


def test_a_dose_that_only_changes_in_mg_has_a_higher_sequence() -> None:
    """A first rash lowers lenalidomide and holds nothing."""
    before, after = course_until([]), course_until([on(9, RASH)])
    phone = phone_after(export(before, range(1, 43)), export(after, range(9, 43)))
    shown = {day: name for name, day in phone.shows().values() if name.startswith("lenalidomide")}
    assert shown[date(2026, 3, 9)] == "lenalidomide 25 mg"
    assert shown[date(2026, 3, 10)] == "lenalidomide 20 mg"
    assert set(phone.shows().values()) == due(after, range(1, 43))


def test_a_dose_elsewhere_that_has_changed_is_taken_back_and_comes_again_when_it_is_asked_for() -> None:
    before, after = course_until([]), course_until([on(9, RASH)])
    phone = phone_after(export(before, range(1, 61)))
    phone.imports(export(after, range(9, 16)))
    shown = phone.shows().values()
    assert ("lenalidomide 25 mg", date(2026, 3, 18)) not in shown
    assert not [day for name, day in shown if name.startswith("lenalidomide") and day > date(2026, 3, 16)]
    # What has not changed is left where an earlier file put it.
    assert ("dexamethasone 40 mg", date(2026, 3, 23)) in shown
    phone.imports(export(after, range(9, 61)))
    assert due(after, range(9, 61)) <= set(phone.shows().values())
    # The narrower file, imported once more, takes nothing away that holds.
    whole = phone.shows()
    phone.imports(export(after, range(9, 16)))
    assert phone.shows() == whole


def test_a_dose_that_is_again_what_it_was_is_left_where_an_earlier_file_put_it() -> None:
    """Moderate neuropathy holds ixazomib and gives it back unchanged."""
    after = course_until([on(9, NEUROPATHY), on(12, {**NEUROPATHY, "grade": 0})])
    phone = phone_after(export(course_until([]), range(1, 61)))
    phone.imports(export(after, range(12, 16)))
    assert set(phone.shows().values()) == due(after, range(1, 61))


def test_after_a_stop_all_future_doses_are_taken_back(two_years: int) -> None:
    facts = [on(9, LOW), on(15, WELL), on(20, {"type": "progression_found"})]
    phone = phone_after(*(export(course_until(facts[:count]), range(1, two_years)) for count in range(3)))
    phone.imports(export(course_until(facts), range(20, 21)))
    assert max(day for _, day in phone.shows().values()) == date(2026, 3, 20)


def test_several_holds_one_within_the_other() -> None:
    facts = [on(9, LOW), on(10, NEUROPATHY), on(16, WELL), on(23, {**NEUROPATHY, "grade": 0}), on(36, LOW)]
    phone = Phone()
    for count in range(len(facts) + 1):
        course = course_until(facts[:count])
        phone.imports(export(course, range(1, 85)))
        assert set(phone.shows().values()) == due(course, range(1, 85)), count


def test_a_file_need_not_have_been_imported() -> None:
    facts = [on(9, LOW), on(16, WELL), on(36, LOW)]
    last = course_until(facts)
    for count in range(len(facts)):
        phone = phone_after(export(course_until(facts[:count]), range(1, 85)), export(last, range(1, 85)))
        assert set(phone.shows().values()) == due(last, range(1, 85))


def test_files_that_come_in_the_wrong_order_do_no_harm() -> None:
    facts = [on(9, LOW), on(16, WELL), on(23, RASH)]
    files = [export(course_until(facts[:count]), range(1, 61)) for count in range(4)]
    expected = due(course_until(facts), range(1, 61))
    for order in ((3, 0), (2, 3, 1), (3, 2, 1, 0)):
        assert set(phone_after(*(files[one] for one in order)).shows().values()) == expected


def test_a_first_file_takes_nothing_back() -> None:
    course = course_until([])
    assert taken_back(course, course.due(range(1, 29))) == []
    # Nor one after events that change no dose.
    course = course_until([on(3, {"type": "dose_vomited"}), on(8, {**WELL})])
    assert taken_back(course, course.due(range(8, 9))) == []


def test_it_reaches_as_far_as_is_asked(two_years: int) -> None:
    course = course_until([on(9, LOW)])
    far = 9 + two_years
    assert max(one.dose.day for one in taken_back(course, [])) <= far
    assert max(one.dose.day for one in taken_back(course, [], until=far + 1000)) > far
    # The days that are asked for show how far by themselves.
    doses = course.due(range(9, far + 1000))
    assert {dose.drug for dose in doses} == {"dexamethasone"}
    assert max(one.dose.day for one in taken_back(course, doses)) > far


# --- Whose entries --------------------------------------------------------------------------------------------

SLOWER_KIDNEY = {**START, "creatinine_clearance": {"value": 45, "unit": "mL/min"}}
LATER = {**START, "at": "2026-03-09T07:30:00+01:00"}


def uids(course: Course) -> set[str]:
    return {str(entry["uid"]) for entry in entries_of(export(course, range(1, 29)))}


def test_each_course_has_uids_of_its_own() -> None:
    courses = {
        "named": course_of(START, patient="p"),
        "another": course_of(START, patient="q"),
        "without a name": course_of(START),
        "without a name, another kidney": course_of(SLOWER_KIDNEY),
        "without a name, a week later": course_of(LATER),
        "the same name, a week later": course_of(LATER, patient="p"),
        "named as a course without a name was": course_of(START, patient="patient"),
    }
    found = {name: uids(course) for name, course in courses.items()}
    other = Course("p", "us-label")
    other.observe(parse_event(START))
    found["another edition"] = uids(other)
    assert len(set().union(*found.values())) == sum(map(len, found.values()))


def test_uids_stay_while_the_course_goes_on() -> None:
    for patient in ("Zoë", None):
        first = course_until([], patient)
        later = course_until([on(9, LOW), on(16, WELL)], patient)
        assert uids(first) <= {str(entry["uid"]) for entry in entries_of(export(later, range(1, 29)))}
        resumed = Course.resume(later.snapshot())
        assert export(resumed, range(1, 29)) == export(later, range(1, 29))


@pytest.mark.parametrize("patient", ["Zoë Smith", "0017"])
def test_no_file_names_the_patient(patient: str) -> None:
    content = export(course_until([on(9, LOW)], patient), range(1, 61)).decode()
    joined = content.replace("\r\n ", "")
    assert not [line for line in joined.splitlines() if patient in line and not line.startswith(("DT", "RDATE", "TZ"))]


def test_two_patients_on_one_phone_do_not_disturb_each_other() -> None:
    one, other = course_until([], "p"), course_until([on(9, LOW)], "q")
    phone = phone_after(export(one, range(1, 61)), export(course_until([], "q"), range(1, 61)))
    phone.imports(export(other, range(1, 61)))
    shown = phone.shows()
    for course in (one, other):
        (own,) = {uid.split("-")[0] for uid in uids(course)}
        assert {entry for uid, entry in shown.items() if uid.startswith(own)} == due(course, range(1, 61))


# --- The form -------------------------------------------------------------------------------------------------


def test_the_file_is_a_published_calendar() -> None:
    """RFC 5546, 3.2.1: METHOD once; ORGANIZER, DTSTAMP, DTSTART, SUMMARY and UID in every entry, SEQUENCE above 0."""
    content = export(course_until([on(9, LOW)]), range(9, 37))
    whole = icalendar.Calendar.from_ical(content)
    assert str(whole["method"]) == "PUBLISH"
    found = entries_of(content)
    assert {str(entry["status"]) for entry in found} == {"CONFIRMED", "CANCELLED"}
    for entry in found:
        assert {"UID", "DTSTAMP", "DTSTART", "SUMMARY", "SEQUENCE", "STATUS", "ORGANIZER"} <= set(entry)
        assert "ATTENDEE" not in entry
    assert content.count(b"\n") == content.count(b"\r\n")
    assert max(len(line) for line in content.split(b"\r\n")) <= 75


def test_the_same_log_gives_the_same_bytes() -> None:
    facts = [on(9, LOW), on(16, WELL), on(36, RASH)]
    assert export(course_until(facts), range(36, 64)) == export(course_until(facts), range(36, 64))


def test_a_cancelled_entry_says_when_it_was_taken_back() -> None:
    course = course_until([on(9, LOW)])
    entry = next(one for one in entries_of(export(course, range(9, 37))) if str(one["status"]) == "CANCELLED")
    assert str(entry["description"]) == "Taken back: it does not hold by the course as known on 2026-03-10."
    assert entry.decoded("dtstamp") == course.latest


# --- Many courses ---------------------------------------------------------------------------------------------


def walk(seed: int) -> list[AnyEvent]:
    """Events of a random course from day 2 on, as the test kit walks."""
    (events,) = walks(load_edition(), 14, seed, 1)
    return list(events[1:])


@pytest.mark.parametrize("seed", range(12))
def test_the_phone_is_never_stale(seed: int) -> None:
    """After every event another stretch of days is asked for; what is shown is due, and of those days all is shown."""
    luck = Random(seed)
    course, phone = course_of(START), Phone()
    for event in [None, *walk(seed)]:
        try:
            if event is not None:
                course.observe(event)
        except CourseRefusal:
            continue
        first = luck.choice([1, 1, max(1, course.records[-1].day or 1)])
        asked = range(first, first + luck.choice([1, 7, 28, 60]))
        phone.imports(export(course, asked))
        shown = set(phone.shows().values())
        assert shown <= due(course, range(1, 1000))
        assert due(course, asked) <= shown


# --- Where the past has changed -------------------------------------------------------------------------------


def rewritten(course: Course, line: int) -> Course:
    """The course as it is when its line of this number has changed what was known before."""
    course._memory = course._memory._replace(rewritten=line)
    return course


def test_a_past_that_has_changed_takes_everything_back_that_may_have_been_shown() -> None:
    """Known at first: a hold on day 9. Then that count is withdrawn, and the course has never been held."""
    days = range(1, 61)
    held = course_until([on(9, LOW), on(16, WELL)])
    phone = phone_after(export(held, days))
    assert ("ixazomib 3 mg", date(2026, 3, 30)) in phone.shows().values()
    mended = rewritten(course_until([on(16, WELL)]), 4)
    phone.imports(export(mended, days))
    assert set(phone.shows().values()) == due(mended, days)
    # What lies outside the days that are asked for is taken back, for it may be wrong, until it is asked for.
    other = phone_after(export(held, days))
    other.imports(export(mended, range(16, 23)))
    assert set(other.shows().values()) == due(mended, range(16, 23))
    other.imports(export(mended, days))
    assert set(other.shows().values()) == due(mended, days)
    # And it goes on from there.
    later = rewritten(course_until([on(16, WELL), on(17, LOW)]), 4)
    other.imports(export(later, range(17, 61)))
    assert set(other.shows().values()) == due(later, range(1, 61))


# --- The command ----------------------------------------------------------------------------------------------


def test_the_command_says_how_many_are_taken_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], two_years: int
) -> None:
    log, out = tmp_path / "log.jsonl", tmp_path / "doses.ics"
    log.write_text(json.dumps(START), encoding="utf-8")
    assert main(["schedule", str(log), "--days", "60", "--ics", str(out)]) == 0
    assert capsys.readouterr().err == f"62 entries written to {out}\n"
    phone = phone_after(out.read_bytes())
    log.write_text("\n".join(map(json.dumps, [START, on(9, LOW)])), encoding="utf-8")
    assert main(["schedule", str(log), "--days", "7", "--ics", str(out)]) == 0
    found = entries_of(out.read_bytes())
    back = sum(str(entry["status"]) == "CANCELLED" for entry in found)
    assert capsys.readouterr().err == f"{len(found) - back} entries written to {out}, {back} taken back\n"
    phone.imports(out.read_bytes())
    assert {name for name, day in phone.shows().values() if day > date(2026, 3, 10)} == {"dexamethasone 40 mg"}
    assert day_of(found[-1]) == 9 + two_years
