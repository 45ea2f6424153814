"""Property-based testing: random courses by Hypothesis, run against a system under test, and shrunk where it is wrong.

Bind it to a system and give it to a test runner:

    from ixastate.testing import CourseMachine

    TestMine = CourseMachine.of(MySystem).TestCase

where `MySystem()` is an object of the protocol `System`. Courses favour episodes of several toxicities at once, with
values on and beside every number of the text. A failure reports a short course in clinical words, the rule that is
broken with its line, the expected answer and the answer given, and leaves a log that `ixastate replay` reads.

Courses are made short here, by leaving out events as long as the same rule is broken: that keeps them courses, takes a
second, and Hypothesis's own shrinking, which knows only choices, takes minutes. So its phase `shrink` is off unless the
settings ask for it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from ixastate.errors import MissingExtra, install_command

try:
    from hypothesis import HealthCheck, Phase, settings
    from hypothesis import seed as seeded
    from hypothesis import strategies as st
    from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
except ImportError:
    raise MissingExtra(
        "random courses need Hypothesis", where="ixastate.testing", remedy=install_command("testing")
    ) from None

from ixastate.chart.chart import build_chart
from ixastate.chart.states import awaited
from ixastate.course.log import write_log
from ixastate.course.schedule import next_ixazomib_day
from ixastate.events import parse_event
from ixastate.rules import DEFAULT_EDITION, load_edition
from ixastate.symbols import DISCONTINUED, SCREENING
from ixastate.testing.adapter import NOT_REPEATABLE, Adapter, Answer, Fault, InProcess, System
from ixastate.testing.answers import Expected, Oracle, as_data, compared, differences
from ixastate.testing.blame import CheckedEvent, blame
from ixastate.testing.conformance import Failure, Result, Summary, confirm, reached, repeated, shorter
from ixastate.testing.reports.report import failing_lines
from ixastate.testing.suites.courses import Answers, course_of
from ixastate.testing.suites.facts import MONDAY
from ixastate.testing.suites.names import name_of
from ixastate.testing.suites.values import DAYS_LATER, EditionValues, values

DATA = st.data()
# After so many requests without an answer no more are sent; a silent system counts ten times.
MOST_FAULTS = 30
# Courses that end at once show little, so treatment ends only after so many events.
EARLIEST_END = 15
# How far beside the last moment for a late dose.
MINUTES_BESIDE = (0, 1, -1, 600, -600)


SETTINGS = settings(
    max_examples=200,
    stateful_step_count=40,
    database=None,
    deadline=None,
    print_blob=False,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),
)


class Wrong(AssertionError):
    """A system under test gave a wrong answer or none."""

    result: Result


class CourseMachine(RuleBasedStateMachine):
    """Random courses against a system under test.

    Make a subclass with `of`, or set `adapter` in one. `edition` names the rules, and `folder` is where the log of a
    failing course is written, one file for each broken rule (None: nowhere).
    """

    adapter: ClassVar[Callable[[], Adapter]]
    edition: ClassVar[str] = DEFAULT_EDITION
    folder: ClassVar[Path | None] = Path("ixastate-failing")
    # Set when further requests would only take time.
    given_up: ClassVar[bool] = False
    # The shortest failing course, once one has been found.
    shortest: ClassVar[Result | None] = None
    _values: ClassVar[dict[str, EditionValues]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.TestCase.settings = SETTINGS

    @classmethod
    def of(cls, factory: Callable[[], System], *, edition: str = DEFAULT_EDITION) -> type[CourseMachine]:
        """A machine for the systems that this factory makes, one for each course."""
        bound = {"adapter": staticmethod(lambda: InProcess(factory)), "edition": edition, "shortest": None}
        return type(f"CourseMachineOf{getattr(factory, '__name__', 'System')}", (cls,), bound)

    def __init__(self) -> None:
        super().__init__()
        self._adapter = type(self).adapter()
        self._oracle = Oracle(self.edition)
        self._day = 1
        # A course is dated by the clock, which alone has hours, or by treatment days.
        self._clock = False
        self._answered: list[tuple[dict[str, Any], Expected]] = []
        self._passed: list[str] = []
        self._compared = self._failed = False

    # --- What happens -----------------------------------------------------------------------------------------

    @property
    def facts(self) -> EditionValues:
        """The facts of the edition, made once."""
        if self.edition not in self._values:
            self._values[self.edition] = values(load_edition(self.edition))
        return self._values[self.edition]

    @initialize(data=DATA)
    def start(self, data: st.DataObject) -> None:
        """The course starts, now and then only at the second attempt."""
        self._clock = data.draw(st.booleans(), label="dated by the clock")
        if data.draw(st.sampled_from([False, False, False, True]), label="blocked first"):
            self._observe(data.draw(st.sampled_from(self.facts.blocked)))
        self._observe(data.draw(st.sampled_from(self.facts.starts)))

    @precondition(lambda self: self._going_on())
    @rule(data=DATA)
    def onset(self, data: st.DataObject) -> None:
        """An episode begins, or goes on."""
        self._after_some_days(data, self._toxicity(data, list(self.facts.toxicities)).onsets)

    @precondition(lambda self: self._going_on() and len(self._open()) < 2)
    @rule(data=DATA)
    def another_onset(self, data: st.DataObject) -> None:
        """An episode of a toxicity that has none, so that episodes overlap."""
        still = self._open()
        clear = [name for name in self.facts.toxicities if name not in still]
        self._after_some_days(data, self._toxicity(data, clear).onsets)

    @precondition(lambda self: self._going_on() and self._open())
    @rule(data=DATA)
    def recovery(self, data: st.DataObject) -> None:
        """An open episode ends, or should."""
        self._after_some_days(data, self._toxicity(data, self._open()).recoveries)

    @precondition(lambda self: self._going_on() and len(self._open()) > 1)
    @rule(data=DATA)
    def another_recovery(self, data: st.DataObject) -> None:
        """One of several open episodes ends."""
        self._after_some_days(data, self._toxicity(data, self._open()).recoveries)

    @precondition(lambda self: self._going_on())
    @rule(data=DATA)
    def beside(self, data: st.DataObject) -> None:
        """A fact on or beside a number of the text."""
        self._after_some_days(data, self._toxicity(data, list(self.facts.toxicities)).beside)

    @precondition(lambda self: self._going_on())
    @rule(data=DATA)
    def dose(self, data: st.DataObject) -> None:
        """A dose is taken, missed, vomited or taken wrongly."""
        self._after_some_days(data, self.facts.doses)

    @precondition(lambda self: self._going_on() and self._clock)
    @rule(data=DATA)
    def late_dose(self, data: st.DataObject) -> None:
        """A dose is missed, or taken late, to the minute at and beside the last moment that allows it."""
        edition = self._oracle.course.edition
        fact = data.draw(st.sampled_from([{"type": "dose_missed"}, {"type": "dose_delayed"}]), label="seen")
        beside = timedelta(minutes=data.draw(st.sampled_from(MINUTES_BESIDE), label="minutes"))
        following, last = self._day, timedelta(-1)
        while last < timedelta(days=self._day - 1):
            following = next_ixazomib_day(following, edition)
            last = timedelta(days=following - 1, hours=-edition.integer("ADM-11", "interval")) + beside
        # What comes next comes at a slot again, and so not earlier than this.
        self._day = -(-last // timedelta(days=1)) + 1
        self._observe(fact, last)

    @precondition(lambda self: self._going_on())
    @rule(data=DATA)
    def organ(self, data: st.DataObject) -> None:
        """Organ function is measured on treatment."""
        self._after_some_days(data, self.facts.organs)

    @precondition(lambda self: self._going_on() and len(self._answered) > EARLIEST_END)
    @rule(data=DATA)
    def ending(self, data: st.DataObject) -> None:
        """Treatment ends at once."""
        worst = [fact for toxicity in self.facts.toxicities.values() for fact in toxicity.worst]
        self._after_some_days(data, (*worst, *self.facts.ends))

    @precondition(lambda self: not self._going_on())
    @rule(data=DATA)
    def afterwards(self, data: st.DataObject) -> None:
        """After the end no event changes anything."""
        self._after_some_days(data, self._toxicity(data, list(self.facts.toxicities)).beside)

    def teardown(self) -> None:
        """The course is over."""
        try:
            self._adapter.end_course()
        except Fault as fault:
            self._fail(Failure(len(self._answered) - 1, fault=fault.kind, what=fault.what))
        if self._answered and not self._failed:
            self.finish(self._result(None))

    def finish(self, result: Result) -> None:
        """Called at the end of every course on which all answers were right."""

    def found(self, result: Result) -> None:
        """Called with every failing course: makes it short, writes its log, and raises `Wrong`."""
        cls, edition = type(self), self._oracle.course.edition
        if cls.shortest is None:
            # Once is enough: Hypothesis runs what fails again, to see that it does.
            result = repeated(self._adapter, result)
            every = [result, *shorter(self._adapter, result, Answers(edition.name))]
            [cls.shortest, *_] = Summary(edition, every).shortest().values()
            self._write_log(cls.shortest)
        error = Wrong("\n" + "\n".join(failing_lines(cls.shortest, edition)))
        error.result = cls.shortest
        raise error

    def _write_log(self, result: Result) -> None:
        assert result.failure is not None
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        events = result.test.events()[: result.failure.position + 1]
        write_log(self.folder / f"{result.failure.file_name}.jsonl", events)

    # --- Requests and answers --------------------------------------------------------------------------------------

    def _going_on(self) -> bool:
        return self._oracle.course.configuration not in (SCREENING, DISCONTINUED)

    def _open(self) -> list[str]:
        """The toxicities with an open episode, or with a low count that is to be confirmed."""
        found = awaited(build_chart(self.edition).meanings, self._oracle.course.configuration)
        return [episode.toxicity for episode in found]

    def _toxicity(self, data: st.DataObject, names: list[str]) -> Any:
        return self.facts.toxicities[data.draw(st.sampled_from(names), label="toxicity")]

    def _after_some_days(self, data: st.DataObject, facts: Any) -> None:
        fact = data.draw(st.sampled_from(facts), label="seen")
        self._day += data.draw(st.sampled_from(DAYS_LATER), label="days later")
        self._observe(fact)

    def _observe(self, fact: dict[str, Any], since: timedelta | None = None) -> None:
        """Request the answer to this fact, dated at the slot of the day, or so long after the first slot."""
        date: dict[str, Any] = {"day": self._day}
        if self._clock:
            date = {"at": (MONDAY + (timedelta(days=self._day - 1) if since is None else since)).isoformat()}
        event = parse_event({**fact, **date})
        request = as_data(event)
        before = self._answered[-1][1].answer if self._answered else {}
        earlier = frozenset(name for _, expected in self._answered for name in expected.rules)
        expected = self._oracle.observe(event)
        if self._failed or self.given_up:
            # The course goes on without the system, so that what is drawn never depends on it.
            return None
        self._answered.append((request, expected))
        if self._not_repeatable is not None:
            # Asked again, it would answer otherwise again, and Hypothesis would call this test unreliable.
            if [data for data, _ in self._answered] == [step.event for step in self._not_repeatable.test.steps]:
                self._failed = True
                self.found(self._not_repeatable)
            return None
        try:
            answer = self._request(request)
        except Fault as fault:
            return self._fail(Failure(len(self._answered) - 1, fault=fault.kind, what=fault.what))
        checked = CheckedEvent(request, expected.answer, expected.rules, expected.schedule, before, earlier)
        found = differences(expected.answer, answer)
        if not found:
            given = compared(expected.answer, answer)
            self._compared = self._compared or bool(given)
            self._passed += reached(checked, given)
            return None
        try:
            self._adapter.settle()
        except Fault as fault:
            return self._fail(Failure(len(self._answered) - 1, fault=fault.kind, what=fault.what))
        rules = blame(checked, found, self._oracle.course.edition)
        return self._fail(Failure(len(self._answered) - 1, found, rules))

    @property
    def _not_repeatable(self) -> Result | None:
        """The failing course that is shown, if it was answered otherwise when it was run again."""
        shown = self.shortest
        known = shown is not None and shown.failure is not None and shown.failure.fault == NOT_REPEATABLE
        return shown if known else None

    def _request(self, request: dict[str, Any]) -> Answer:
        return self._adapter.observe(request) if len(self._answered) > 1 else self._adapter.start(request)

    def _result(self, failure: Failure | None) -> Result:
        edition = self._oracle.course.edition
        test = course_of("random", self._answered, (), name_of(self._answered, edition))
        return Result(test, failure, tuple(self._passed), len(self._answered), self._compared)

    def _fail(self, failure: Failure) -> None:
        self._failed = True
        self._compared = self._compared or bool(failure.differences)
        self.found(self._result(failure))


CourseMachine.TestCase.settings = SETTINGS


def explore(adapter: Adapter, edition: str, *, examples: int, seed: int, most_faults: int = MOST_FAULTS) -> Summary:
    """Random courses against a system under test, with their results; no more once it has failed to answer too often.

    `examples` is the number of courses, `seed` the random seed.
    """
    summary = Summary(load_edition(edition))
    faults = 0

    class Exploring(CourseMachine):
        """It raises nothing, so that every course is run."""

        def finish(self, result: Result) -> None:
            summary.results.append(result)

        def found(self, result: Result) -> None:
            nonlocal faults
            result = repeated(self._adapter, result)
            assert result.failure is not None
            summary.results.append(result)
            if result.failure.fault not in (None, NOT_REPEATABLE):
                # A silent one costs the whole time limit, each time.
                faults += 10 if result.failure.fault == "silent" else 1
                Exploring.given_up = faults >= most_faults

    Exploring.adapter = staticmethod(lambda: adapter)
    Exploring.edition = edition
    run_state_machine_as_test(seeded(seed)(Exploring), settings=settings(SETTINGS, max_examples=examples))
    confirm(adapter, summary)
    return summary
