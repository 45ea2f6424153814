"""Random courses by Hypothesis, held against a system under test, and shrunk to a short one where it is wrong.

Bind it to a system and give it to a test runner:

    from ixastate.testing import CourseMachine

    TestMine = CourseMachine.of(MySystem).TestCase

where `MySystem()` is an object of the protocol `System`. Courses favour episodes of several toxicities at once, with
values on and beside every number of the text. A failure tells a short course in clinical words, the rule that is
broken with its line, what was expected and what was got; and it leaves a log that `ixastate replay` reads.

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

from ixastate.course.log import write_log
from ixastate.course.schedule import next_ixazomib_day
from ixastate.events import parse_event
from ixastate.rules import DEFAULT_EDITION, load_edition
from ixastate.symbols import DISCONTINUED, SCREENING
from ixastate.testing.answers import Expected, Oracle, as_data, compared, differences
from ixastate.testing.blame import Asked, blame
from ixastate.testing.conformance import Failure, Result, Summary, reached, shorter
from ixastate.testing.reports.report import failing_lines
from ixastate.testing.subject import Answer, Fault, InProcess, Subject, System
from ixastate.testing.suites.boundaries import MONDAY
from ixastate.testing.suites.courses import Answers, vector_of
from ixastate.testing.suites.names import name_of
from ixastate.testing.suites.values import DAYS_LATER, Values, values

DATA = st.data()
# How many answers may stay away before asking on is given up; a silent system counts ten times.
MOST_FAULTS = 30
# Courses that end at once show little, so an end is only seen after so many events.
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

    Make a subclass with `of`, or set `subject` in one. `edition` names the rules, and `folder` is where the log of a
    failing course is written, one file for each rule broken (None: nowhere).
    """

    subject: ClassVar[Callable[[], Subject]]
    edition: ClassVar[str] = DEFAULT_EDITION
    folder: ClassVar[Path | None] = Path("ixastate-failing")
    # Set when asking the system on would only take time.
    given_up: ClassVar[bool] = False
    # The shortest failing course, once one has been found.
    shortest: ClassVar[Result | None] = None
    _seen: ClassVar[dict[str, Values]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.TestCase.settings = SETTINGS

    @classmethod
    def of(cls, factory: Callable[[], System], *, edition: str = DEFAULT_EDITION) -> type[CourseMachine]:
        """A machine for the systems that this factory makes, one for each course."""
        bound = {"subject": staticmethod(lambda: InProcess(factory)), "edition": edition, "shortest": None}
        return type(f"CourseMachineOf{getattr(factory, '__name__', 'System')}", (cls,), bound)

    def __init__(self) -> None:
        super().__init__()
        self._subject = type(self).subject()
        self._oracle = Oracle(self.edition)
        self._day = 1
        # Whether the course is dated by the clock, which alone can tell hours, and not by treatment days.
        self._clock = False
        self._told: list[tuple[dict[str, Any], Expected]] = []
        self._passed: list[str] = []
        self._said = self._failed = False

    # --- What happens -----------------------------------------------------------------------------------------

    @property
    def seen(self) -> Values:
        """What can be seen under the edition, made once."""
        if self.edition not in self._seen:
            self._seen[self.edition] = values(load_edition(self.edition))
        return self._seen[self.edition]

    @initialize(data=DATA)
    def start(self, data: st.DataObject) -> None:
        """The course starts, now and then only at the second attempt."""
        self._clock = data.draw(st.booleans(), label="dated by the clock")
        if data.draw(st.sampled_from([False, False, False, True]), label="blocked first"):
            self._observe(data.draw(st.sampled_from(self.seen.blocked)))
        self._observe(data.draw(st.sampled_from(self.seen.starts)))

    @precondition(lambda self: self._going_on())
    @rule(data=DATA)
    def onset(self, data: st.DataObject) -> None:
        """An episode begins, or goes on."""
        self._after_some_days(data, self._toxicity(data, list(self.seen.toxicities)).onsets)

    @precondition(lambda self: self._going_on() and len(self._open()) < 2)
    @rule(data=DATA)
    def another_onset(self, data: st.DataObject) -> None:
        """An episode of a toxicity that has none, so that episodes overlap."""
        still = self._open()
        clear = [name for name in self.seen.toxicities if name not in still]
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
        """Something near a number of the text."""
        self._after_some_days(data, self._toxicity(data, list(self.seen.toxicities)).beside)

    @precondition(lambda self: self._going_on())
    @rule(data=DATA)
    def dose(self, data: st.DataObject) -> None:
        """A dose is taken, missed, vomited or taken wrongly."""
        self._after_some_days(data, self.seen.doses)

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
            last = timedelta(days=following - 1, hours=-edition.number("ADM-11", "interval")) + beside
        # What comes next comes at a slot again, and so not earlier than this.
        self._day = -(-last // timedelta(days=1)) + 1
        self._observe(fact, last)

    @precondition(lambda self: self._going_on())
    @rule(data=DATA)
    def organ(self, data: st.DataObject) -> None:
        """Organ function is measured on treatment."""
        self._after_some_days(data, self.seen.organs)

    @precondition(lambda self: self._going_on() and len(self._told) > EARLIEST_END)
    @rule(data=DATA)
    def ending(self, data: st.DataObject) -> None:
        """Treatment ends, by what ends it at once."""
        worst = [fact for toxicity in self.seen.toxicities.values() for fact in toxicity.worst]
        self._after_some_days(data, (*worst, *self.seen.ends))

    @precondition(lambda self: not self._going_on())
    @rule(data=DATA)
    def afterwards(self, data: st.DataObject) -> None:
        """After the end nothing follows."""
        self._after_some_days(data, self._toxicity(data, list(self.seen.toxicities)).beside)

    def teardown(self) -> None:
        """The course is over."""
        try:
            self._subject.end_course()
        except Fault as fault:
            self._fail(Failure(len(self._told) - 1, fault=fault.kind, what=fault.what))
        if self._told and not self._failed:
            self.finish(self._result(None))

    def finish(self, result: Result) -> None:
        """Called at the end of every course on which all answers were right."""

    def found(self, result: Result) -> None:
        """Called with every failing course: makes it short, writes its log, and raises `Wrong`."""
        cls, edition = type(self), self._oracle.course.edition
        if cls.shortest is None:
            # Once is enough: Hypothesis runs what fails again, to see that it does.
            every = [result, *shorter(self._subject, result, Answers(edition.name))]
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
        name = result.failure.title.replace(": ", "-")
        write_log(self.folder / f"{name}.jsonl", result.vector.events()[: result.failure.position + 1])

    # --- How it is asked --------------------------------------------------------------------------------------

    def _going_on(self) -> bool:
        return self._oracle.course.configuration not in (SCREENING, DISCONTINUED)

    def _open(self) -> list[str]:
        """The toxicities with an open episode."""
        leaves = self._oracle.course.configuration
        return [name for name in self.seen.toxicities if not any(leaf.startswith(f"{name}_clear") for leaf in leaves)]

    def _toxicity(self, data: st.DataObject, names: list[str]) -> Any:
        return self.seen.toxicities[data.draw(st.sampled_from(names), label="toxicity")]

    def _after_some_days(self, data: st.DataObject, facts: Any) -> None:
        fact = data.draw(st.sampled_from(facts), label="seen")
        self._day += data.draw(st.sampled_from(DAYS_LATER), label="days later")
        self._observe(fact)

    def _observe(self, fact: dict[str, Any], since: timedelta | None = None) -> None:
        """Ask about this fact, seen at the slot of the day, or so long after the first slot."""
        date: dict[str, Any] = {"day": self._day}
        if self._clock:
            date = {"at": (MONDAY + (timedelta(days=self._day - 1) if since is None else since)).isoformat()}
        event = parse_event({**fact, **date})
        request = as_data(event)
        before = self._told[-1][1].answer if self._told else {}
        earlier = frozenset(name for _, expected in self._told for name in expected.rules)
        expected = self._oracle.observe(event)
        if self._failed or self.given_up:
            # The course goes on without the system, so that what is drawn never depends on it.
            return None
        self._told.append((request, expected))
        try:
            answer = self._ask(request)
        except Fault as fault:
            return self._fail(Failure(len(self._told) - 1, fault=fault.kind, what=fault.what))
        asked = Asked(request, expected.answer, expected.rules, expected.schedule, before, earlier)
        found = differences(expected.answer, answer)
        if not found:
            told = compared(expected.answer, answer)
            self._said = self._said or bool(told)
            self._passed += reached(asked, told)
            return None
        try:
            self._subject.settle()
        except Fault as fault:
            return self._fail(Failure(len(self._told) - 1, fault=fault.kind, what=fault.what))
        rules = blame(asked, found, self._oracle.course.edition)
        return self._fail(Failure(len(self._told) - 1, found, rules))

    def _ask(self, request: dict[str, Any]) -> Answer:
        return self._subject.observe(request) if len(self._told) > 1 else self._subject.start(request)

    def _result(self, failure: Failure | None) -> Result:
        edition = self._oracle.course.edition
        vector = vector_of("random", self._told, (), name_of(self._told, edition))
        return Result(vector, failure, tuple(self._passed), len(self._told), self._said)

    def _fail(self, failure: Failure) -> None:
        self._failed = True
        self._said = self._said or bool(failure.differences)
        self.found(self._result(failure))


CourseMachine.TestCase.settings = SETTINGS


def explore(subject: Subject, edition: str, *, examples: int, seed: int, most_faults: int = MOST_FAULTS) -> Summary:
    """Random courses over a system, and what became of each; no more once it has failed to answer too often."""
    summary = Summary(load_edition(edition))
    faults = 0

    class Exploring(CourseMachine):
        """It raises nothing, so that every course is run."""

        def finish(self, result: Result) -> None:
            summary.results.append(result)

        def found(self, result: Result) -> None:
            nonlocal faults
            assert result.failure is not None
            summary.results.append(result)
            if result.failure.fault is not None:
                # A silent one costs the whole time limit, each time.
                faults += 10 if result.failure.fault == "silent" else 1
                Exploring.given_up = faults >= most_faults

    Exploring.subject = staticmethod(lambda: subject)
    Exploring.edition = edition
    run_state_machine_as_test(seeded(seed)(Exploring), settings=settings(SETTINGS, max_examples=examples))
    return summary
