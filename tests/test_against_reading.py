"""Whether the chart says what an independent reading of the dosing text says, whatever happens.

A Hypothesis state machine drives both with every kind of event and asks after each that they agree, and that the
invariants of the text hold. The machine is restarted from a snapshot now and then, which must change nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ixastate.chart.reasons import GIVING, effects_of
from ixastate.course.course import Course, Record
from ixastate.course.log import dump
from ixastate.course.schedule import doses_due, next_ixazomib_day
from ixastate.errors import CourseRefusal
from ixastate.events import parse_event
from ixastate.orders import Order
from ixastate.rules import DEFAULT_EDITION
from ixastate.symbols import DISCONTINUED, SCREENING
from tests import strategies
from tests.independent_reading import Answer, IndependentReading, Refused

FIRST = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
FAMILIES = {"neutropenia", "thrombocytopenia", "neuropathy", "rash", "other", "ixazomib", "lenalidomide"}


def answer_of(record: Record, course: Course) -> Answer:
    status = course.status
    return Answer(
        phase=status.phase,
        ixazomib_mg=status.ixazomib_mg,
        ixazomib_held=status.ixazomib_held,
        lenalidomide_mg=status.lenalidomide_mg,
        lenalidomide_held=status.lenalidomide_held,
        held_for=frozenset(status.held_for),
        orders=frozenset(record.orders),
        doubled="ADM-13" in record.rules and Order("review_overdose", "ixazomib") in record.orders,
        earned=frozenset((one.drug, one.rule or "", one.day or 0) for one in record.earned),
        to_confirm=frozenset(status.to_confirm),
    )


class SideBySide(RuleBasedStateMachine):
    """The course and the independent reading, side by side, and what is shown to both."""

    edition = DEFAULT_EDITION

    def __init__(self) -> None:
        super().__init__()
        self.course = Course("p", self.edition)
        self.reading = IndependentReading(
            "p", persists=self.edition == "what-if-persist", confirms=self.edition == "what-if-confirm"
        )
        self.now = FIRST
        self.by_day = False
        self.highest = (4.0, 25.0)
        self.ixazomib_levels: set[float] = set()

    @initialize(start=strategies.SIGNED_STARTS, nominal=st.sampled_from([False, False, True]))
    def begin(self, start: dict[str, Any], nominal: bool) -> None:
        self.see(start, day=1 if nominal else None)
        self.now = max(self.now, self.course.latest or self.now)

    def see(self, facts: dict[str, Any], day: int | None = None) -> None:
        """Show one event to both; they answer alike, or both refuse and the course has not moved."""
        dates = self.course.calendar
        if day is None and dates is not None and (self.by_day or dates.nominal):
            # The next slot, so that time does not go backwards.
            day = max(dates.day(self.now), 1)
            if dates.moment(day).astimezone(UTC) < max(self.now, self.course.latest or self.now):
                day += 1
            self.now = max(self.now, dates.moment(day).astimezone(UTC))
        event = parse_event({**facts, "day": day} if day else {**facts, "at": self.now})
        # On a failure the shrunken course is printed as a log that can be replayed.
        note(dump(event))
        before = self.course.snapshot()
        try:
            expected = self.reading.observe(event)
        except Refused as refused:
            try:
                record = self.course.observe(event)
            except CourseRefusal:
                assert self.course.snapshot() == before
                return
            raise AssertionError(f"the reading refuses ({refused}), the course answers {record}") from None
        record = self.course.observe(event)
        assert answer_of(record, self.course) == expected
        assert record.rules, "every record names a rule"
        self.each_order_is_explained(record)

    def each_order_is_explained(self, record: Record) -> None:
        """By a rule that has that effect on that drug, or by what earned it before."""
        effects = effects_of(record.edition)
        for order in record.orders:
            what = GIVING.get(order.verb)
            giving = [
                rule
                for rule in record.rules
                for effect in effects.of(rule)
                if (order.drug in effect.drugs(what) if what else order.verb in effect.advises)
            ]
            particular = [rule for rule in giving if not effects.general(rule)]
            earned = [one for one in record.earned if (order.verb, order.drug) == ("reduce", one.drug)]
            assert particular or earned, f"nothing explains the order to {order}"

    def save_and_resume(self) -> None:
        """Go on from a snapshot, which must change nothing."""
        before = self.course.snapshot()
        self.course = Course.resume(before.model_dump_json())
        assert self.course.snapshot() == before


class BothReadings(SideBySide):
    """Every kind of event."""

    # --- Events -----------------------------------------------------------------------------------------------

    @precondition(lambda self: self.course.configuration == SCREENING)
    @rule(start=strategies.SIGNED_STARTS)
    def start_again(self, start: dict[str, Any]) -> None:
        self.see({**start, "patient_informed": True})

    @rule(days=st.sampled_from([1, 2, 4, 7, 7, 7, 14, 30, 100]), minutes=st.sampled_from([0, 0, 1, 59, 60, 720]))
    def wait(self, days: int, minutes: int) -> None:
        self.now += timedelta(days=days, minutes=minutes)

    @rule(event=st.one_of(strategies.ANC_LOW_OR_NOT, strategies.PLATELETS_LOW_OR_NOT))
    def blood_count(self, event: dict[str, Any]) -> None:
        self.see(event)

    @rule(event=st.one_of(strategies.NEUROPATHY, strategies.RASH, strategies.OTHER))
    def toxicity(self, event: dict[str, Any]) -> None:
        self.see(event)

    @precondition(lambda self: self.course.status.phase == "on treatment")
    @rule(episode=strategies.EPISODES)
    def episode(self, episode: tuple[dict[str, Any], dict[str, Any]]) -> None:
        for event in episode:
            self.see(event)

    @precondition(lambda self: self.course.status.phase == "on treatment")
    @rule(one=strategies.EPISODES, other=strategies.EPISODES, crossed=st.booleans())
    def overlapping_episodes(self, one: tuple[Any, Any], other: tuple[Any, Any], crossed: bool) -> None:
        for event in (one[0], other[0], *((one[1], other[1]) if crossed else (other[1], one[1]))):
            self.see(event)

    @rule(event=strategies.CYCLES)
    def assessment(self, event: dict[str, Any]) -> None:
        self.see(event)

    @rule(event=st.one_of(strategies.DOSES, strategies.ORGANS))
    def dose_or_organ(self, event: dict[str, Any]) -> None:
        self.see(event)

    @precondition(lambda self: self.course.configuration != DISCONTINUED and (self.now - FIRST).days > 100)
    @rule(event=strategies.ENDS)
    def end(self, event: dict[str, Any]) -> None:
        self.see(event)

    # --- The awkward ------------------------------------------------------------------------------------------

    @rule(
        what=st.sampled_from(["start twice", "go back", "save and resume", "another patient", "date by day"]),
        start=strategies.STARTS,
        day=st.sampled_from([1, 15]),
    )
    def awkward(self, what: str, start: dict[str, Any], day: int) -> None:
        if what == "start twice":
            self.see(start)
        elif what == "go back":
            self.see({"type": "rash_graded", "grade": 0}, day=day)
        elif what == "another patient":
            self.see({"type": "rash_graded", "grade": 0, "patient": "q"})
        elif what == "save and resume":
            self.save_and_resume()
        else:
            self.by_day = not self.by_day

    # --- What must always hold --------------------------------------------------------------------------------

    @invariant()
    def doses_are_on_the_ladder_and_never_rise(self) -> None:
        status = self.course.status
        if status.ixazomib_mg is None or status.lenalidomide_mg is None:
            return
        assert status.ixazomib_mg in (4, 3, 2.3)
        assert status.ixazomib_mg <= self.highest[0]
        assert status.lenalidomide_mg <= self.highest[1]
        self.highest = (status.ixazomib_mg, status.lenalidomide_mg)
        self.ixazomib_levels.add(status.ixazomib_mg)
        assert len(self.ixazomib_levels) <= 3, "at most two reductions"

    @invariant()
    def one_state_of_each_region(self) -> None:
        configuration = self.course.configuration
        if configuration not in (SCREENING, DISCONTINUED):
            assert [leaf.split("_")[0] for leaf in configuration] == list(
                dict.fromkeys(leaf.split("_")[0] for leaf in configuration)
            )
            assert {leaf.split("_")[0] for leaf in configuration} == FAMILIES

    @invariant()
    def what_is_held_is_not_due_and_names_its_reason(self) -> None:
        status, dates = self.course.status, self.course.calendar
        if dates is None or status.phase != "on treatment":
            return
        drugs = {dose.drug for day in range(1, 29) for dose in doses_due(day, status, dates, self.course.edition)}
        assert ("ixazomib" in drugs) is not status.ixazomib_held
        assert ("lenalidomide" in drugs) is not status.lenalidomide_held
        assert bool(status.held_for) is (status.ixazomib_held or status.lenalidomide_held)


class DosesOfBothReadings(SideBySide):
    """Reports of doses around their slots, with holds and releases in between, in a course that has started."""

    def see(self, facts: dict[str, Any], day: int | None = None) -> None:
        if facts["type"] == "course_started":
            facts = {
                **facts,
                "patient_informed": True,
                "bilirubin": {"times_uln": 1},
                "on_dialysis": True,
                "assumed": [],
            }
        super().see(facts, day)

    @precondition(lambda self: self.course.status.phase == "on treatment")
    @rule(
        place=strategies.PLACES, reports=st.lists(st.one_of(strategies.IXAZOMIB_REPORTS, strategies.HOLDS), max_size=4)
    )
    def around_a_slot(self, place: str, reports: list[dict[str, Any]]) -> None:
        self.now = self.moment(place)
        for report in reports:
            self.see(report)

    @precondition(lambda self: self.course.status.phase == "on treatment")
    @rule(event=st.one_of(strategies.IXAZOMIB_REPORTS, strategies.HOLDS), minutes=st.sampled_from([0, 0, 1, 60, 1440]))
    def soon_after(self, event: dict[str, Any], minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.see(event)

    @rule(by_day=st.booleans())
    def resume(self, by_day: bool) -> None:
        self.by_day = by_day
        self.save_and_resume()

    def moment(self, place: str) -> datetime:
        """The next moment of this kind in the life of a dose that is not before now."""
        dates, edition = self.course.calendar, self.course.edition
        assert dates is not None
        day = max(dates.day(self.now) - 15, 0)
        while True:
            day = next_ixazomib_day(day, edition)
            slot = dates.moment(day).astimezone(UTC)
            last = dates.moment(next_ixazomib_day(day, edition)).astimezone(UTC) - timedelta(hours=72)
            found = {
                "before": slot - timedelta(hours=2),
                "slot": slot,
                "after": slot + timedelta(minutes=30),
                "next day": slot + timedelta(days=1),
                "a minute early": last - timedelta(minutes=1),
                "72 hours": last,
                "a minute late": last + timedelta(minutes=1),
            }[place]
            if found >= max(self.now, self.course.latest or self.now):
                return found


BothReadings.TestCase.settings = settings(
    max_examples=250, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestBothReadings = BothReadings.TestCase
DosesOfBothReadings.TestCase.settings = settings(
    max_examples=300, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck)
)
TestDosesOfBothReadings = DosesOfBothReadings.TestCase


class BothPersisting(BothReadings):
    """The same where what persists at ixazomib's floor stops treatment; most courses go down there first."""

    edition = "what-if-persist"

    @initialize(
        start=strategies.STARTS,
        nominal=st.booleans(),
        # Three neutropenias, or two severe neuropathies, or one of each bring ixazomib from 4 to 2.3 mg.
        lowering=st.sampled_from([(), ("low",) * 3, ("low",) * 3, ("severe",) * 2, ("low", "severe")]),
    )
    def begin(self, start: dict[str, Any], nominal: bool, lowering: tuple[str, ...]) -> None:
        self.see({**start, "patient_informed": True}, day=1 if nominal else None)
        self.now = max(self.now, self.course.latest or self.now)
        for what in lowering if self.course.status.phase == "on treatment" else ():
            if self.course.status.ixazomib_mg in (4, 3) and what == "low":
                for count in (499, 500):
                    self.see({"type": "neutrophils_measured", "value": count, "unit": "/mm3"})
            elif self.course.status.ixazomib_mg in (4, 3):
                for grade in (3, 0):
                    self.see({"type": "neuropathy_graded", "grade": grade, "physician_agrees": True})

    @precondition(lambda self: self.course.status.phase == "on treatment")
    @rule(episode=strategies.EPISODES, again=st.one_of(strategies.RASH, strategies.OTHER, strategies.NEUROPATHY))
    def reported_twice(self, episode: tuple[dict[str, Any], dict[str, Any]], again: dict[str, Any]) -> None:
        for event in (episode[0], {**again, **({"term": "fever"} if "term" in again else {})}, episode[0]):
            self.see(event)


BothPersisting.TestCase.settings = settings(BothReadings.TestCase.settings, max_examples=60)
TestBothPersisting = BothPersisting.TestCase


class BothConfirming(BothReadings):
    """The same where a low count must be confirmed; counts of one kind often come one after the other."""

    edition = "what-if-confirm"

    @precondition(lambda self: self.course.status.phase == "on treatment")
    @rule(
        kind=st.sampled_from([("neutrophils_measured", 500), ("platelets_measured", 30_000)]),
        below=st.lists(st.booleans(), min_size=2, max_size=4),
        between=st.one_of(st.none(), strategies.RASH, strategies.OTHER, strategies.NEUROPATHY),
    )
    def counted_again(self, kind: tuple[str, int], below: list[bool], between: dict[str, Any] | None) -> None:
        name, limit = kind
        for low in below:
            self.see({"type": name, "value": limit - 1 if low else limit, "unit": "/mm3"})
            if between is not None:
                self.see(between)


BothConfirming.TestCase.settings = settings(BothReadings.TestCase.settings, max_examples=60)
TestBothConfirming = BothConfirming.TestCase
