"""What a ward reports: facts in any order of arrival, late ones, corrections and withdrawals; and what they come to.

Shared by the tests of facts. `Ward` writes the lines of one patient's log and keeps, by itself, what is true by now;
`truth` puts that in order once more, apart from the package, and shows it to a course that keeps no facts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from ixastate.course.course import Course
from ixastate.course.schedule import Calendar
from ixastate.errors import CourseRefusal
from ixastate.events import CourseStarted, parse_event
from tests import strategies
from tests.test_log import ANY_EVENT, START

Fields = dict[str, Any]
FIRST = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


@dataclass
class True_:
    """A fact as it is by now: its fields with their date, when it was first recorded, whether it is withdrawn."""

    number: int
    fields: Fields
    first: datetime
    withdrawn: bool = False


@dataclass
class Ward:
    """The lines that were written, and what is true by now, by id."""

    lines: list[Fields] = field(default_factory=list)
    facts: dict[str, True_] = field(default_factory=dict)
    now: datetime = FIRST

    def report(self, fields: Fields, later: timedelta = timedelta(0)) -> None:
        """A fact, recorded now or when it is seen, if that is later."""
        # Ids say nothing of the order in which facts are reported.
        name = f"fact-{7 * len(self.facts) % 10}{len(self.facts)}"
        self._wait_for(fields, later)
        self.lines.append({**fields, "id": name, "recorded_at": self.now})
        self.facts[name] = True_(len(self.lines), fields, self.now)

    def correct(self, name: str, fields: Fields, later: timedelta = timedelta(0)) -> None:
        self._wait_for(fields, later)
        self.lines.append({"type": "event_corrected", "corrects": name, "recorded_at": self.now, "event": fields})
        self.facts[name].fields, self.facts[name].withdrawn = fields, False

    def withdraw(self, name: str, later: timedelta = timedelta(0)) -> None:
        self.now += later
        self.lines.append({"type": "event_withdrawn", "withdraws": name, "recorded_at": self.now})
        self.facts[name].withdrawn = True

    def _wait_for(self, fields: Fields, later: timedelta) -> None:
        self.now = max(self.now + later, fields.get("at", self.now))


def truth(facts: dict[str, True_]) -> tuple[Course, list[str], list[str]]:
    """A course without recordings that was shown what is true, the ids in their order, and those it refused."""
    live = {name: fact for name, fact in facts.items() if not fact.withdrawn}
    by_date = [name for name in _sorted(live, None) if "at" in live[name].fields or _is_start(live[name])]
    first, _ = _shown(live, by_date)
    order = _sorted(live, first.calendar)
    course, refused = _shown(live, order)
    return course, order, refused


def _is_start(fact: True_) -> bool:
    return bool(fact.fields["type"] == "course_started")


def _shown(facts: dict[str, True_], order: list[str]) -> tuple[Course, list[str]]:
    course, refused = Course(), []
    for name in order:
        try:
            course.observe(parse_event(facts[name].fields))
        except CourseRefusal:
            refused.append(name)
    return course, refused


def _sorted(facts: dict[str, True_], dates: Calendar | None) -> list[str]:
    def moment(fact: True_) -> datetime:
        if "at" in fact.fields:
            at: datetime = fact.fields["at"]
            return at
        if _is_start(fact):
            own = Course()
            event = parse_event({**START, **fact.fields, "assumed": (), "patient_informed": True})
            assert isinstance(event, CourseStarted)
            own.observe(event)
            assert own.calendar is not None
            return own.calendar.moment(1).astimezone(UTC)
        return dates.moment(fact.fields["day"]).astimezone(UTC) if dates else datetime.max.replace(tzinfo=UTC)

    return sorted(facts, key=lambda name: (moment(facts[name]), facts[name].first, name))


def standing(course: Course) -> dict[str, Any]:
    """Where a course stands, without what tells how it came there."""
    saved = course.snapshot().model_dump()
    of_lines = ("number", "facts", "amended", "recorded_at", "rewritten")
    return {name: value for name, value in saved.items() if name not in of_lines}


# --- What may happen ----------------------------------------------------------------------------------------------

GAPS = st.sampled_from([timedelta(0), timedelta(minutes=1), timedelta(days=1), timedelta(days=3)])
ORGANS = {organ: START[organ] for organ in ("bilirubin", "creatinine_clearance")}
MANY = st.one_of(
    st.lists(ANY_EVENT, max_size=6),
    st.lists(strategies.EPISODES, max_size=3).map(lambda pairs: [one for pair in pairs for one in pair]),
)


@st.composite
def happenings(draw: st.DrawFn, *, distinct: bool = False, days: bool = False) -> list[Fields]:
    """A start and what then happens, each with its date, in the order in which it happens."""
    start: Fields = draw(strategies.STARTS)
    organs = {organ: value for organ, value in ORGANS.items() if organ not in start["assumed"]}
    now = FIRST
    found: list[Fields] = []
    for fields in ({**organs, **start}, *draw(MANY)):
        found.append({**fields, "at": now})
        now += draw(GAPS) + timedelta(minutes=1 if distinct else 0)
    if draw(st.integers(0, 4)) == 0:
        # A second start, or one that comes too late.
        found.append({**found[0], "at": now + timedelta(minutes=1 if distinct else 0)})
    if days:
        for place in draw(st.sets(st.integers(1, max(len(found) - 1, 1)), max_size=3)):
            if place < len(found) and found[place]["type"] != "course_started":
                dated = {name: value for name, value in found[place].items() if name != "at"}
                found[place] = {**dated, "day": draw(st.sampled_from([1, 1, 2, 8]))}
    return found


@st.composite
def wards(draw: st.DrawFn, *, most: int = 5, days: bool = True) -> Ward:
    """A log in which facts come late, are corrected, withdrawn, and corrected again."""
    ward, waiting = Ward(), draw(happenings(days=days))
    if any("day" in one for one in waiting):
        # A treatment day is in the past whenever it is reported.
        ward.now = FIRST + timedelta(days=20)
    changes = draw(st.integers(0, most))
    while waiting or changes > 0:
        if waiting and not (ward.facts and changes > 0 and draw(st.integers(0, 2)) == 2):
            late = len(waiting) > 1 and draw(st.integers(0, 3)) == 3
            ward.report(waiting.pop(-1 if late else 0), draw(GAPS))
            continue
        changes -= 1
        name = draw(st.sampled_from(sorted(ward.facts)))
        if draw(st.booleans()):
            ward.withdraw(name, draw(GAPS))
        else:
            ward.correct(name, draw(otherwise(ward, name)), draw(GAPS))
    return ward


@st.composite
def otherwise(draw: st.DrawFn, ward: Ward, name: str) -> Fields:
    """What could have been reported in the place of a fact: another of its kind, or the same at another time."""
    fields = ward.facts[name].fields
    alike = [fact.fields for fact in ward.facts.values() if fact.fields["type"] == fields["type"]]
    other = dict(draw(st.sampled_from(alike)))
    if fields["type"] == "neutrophils_measured":
        other["value"], other["unit"] = draw(st.sampled_from([(420, "/mm3"), (4200, "/mm3")]))
    if "at" in other:
        other["at"] += draw(st.sampled_from([timedelta(0), timedelta(days=-2), timedelta(days=2), timedelta(hours=-1)]))
        other["at"] = max(other["at"], datetime(2026, 1, 1, tzinfo=UTC))
    return other
