"""Conformance testing: a suite is run against a system under test, and the results are counted rule by rule.

This module compares answers and names the rules that wrong ones break. It knows a system only by its adapter.

A course that goes wrong is run again before a rule is named: what a system answers by chance, by the hour or by what an
earlier course left behind breaks no rule that could be named, and is a finding of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ixastate.rules import Edition, load_edition
from ixastate.testing.adapter import NOT_REPEATABLE, Adapter, Fault, FaultKind
from ixastate.testing.answers import Difference, compared, differences, show
from ixastate.testing.blame import CheckedEvent, blame
from ixastate.testing.suites.courses import Answers
from ixastate.testing.suites.files import Suite, TestCourse

# After so many courses in which the system did not answer, the rest would only take time.
GIVE_UP_AFTER = 5
# How often a course that goes wrong is run again, and how often once another course was not repeatable: of answers that
# are wrong by chance half of the time, one in a thousand is taken for a broken rule.
AGAIN, OFTEN_AGAIN = 3, 10


@dataclass(frozen=True)
class Failure:
    """Where a course went wrong: the step (from 0), and either differences with the rules broken, or a fault."""

    position: int
    differences: tuple[Difference, ...] = ()
    rules: tuple[str, ...] = ()
    fault: FaultKind | None = None
    what: str = ""

    @property
    def rule(self) -> str:
        """The rule that is broken first of all; '' for a fault."""
        return self.rules[0] if self.rules else ""

    @property
    def title(self) -> str:
        """The heading of a report: the rule, or the fault as 'fault: silent'."""
        return self.rule or f"fault: {self.fault}"

    @property
    def file_name(self) -> str:
        """The title as the name of a file, without a suffix."""
        return "-".join(self.title.replace(":", "").split())


@dataclass(frozen=True)
class Result:
    """The result of one course: the failure, or None, and how much was compared.

    `passed` are the rules on which right answers rested, once for each answer; `compared` says that some answer held a
    part that could be compared; `shortened` that the course is none of the suite, but one made shorter.
    """

    test: TestCourse
    failure: Failure | None
    passed: tuple[str, ...]
    answered: int
    compared: bool
    shortened: bool = False


@dataclass
class Summary:
    """The results of a suite. `not_run` counts the courses left out because the system failed to answer too often."""

    edition: Edition
    results: list[Result] = field(default_factory=list)
    not_run: int = 0

    @property
    def failures(self) -> list[Result]:
        """The courses that went wrong."""
        return [result for result in self.results if result.failure is not None]

    @property
    def not_repeatable(self) -> int:
        """How many courses were answered otherwise when they were run again."""
        return sum(1 for result in self.ran if result.failure and result.failure.fault == NOT_REPEATABLE)

    @property
    def ran(self) -> list[Result]:
        """The courses of the suite that were run."""
        return [result for result in self.results if not result.shortened]

    @property
    def nothing_compared(self) -> bool:
        """True when answers came and none held a part that could be compared."""
        return any(result.answered for result in self.results) and not any(result.compared for result in self.results)

    @property
    def well(self) -> bool:
        """True when the system conforms: every course was run, something was compared, and all of it was right."""
        return not self.failures and not self.nothing_compared and not self.not_run

    def times(self, title: str) -> int:
        """How many courses break a rule, or end in a fault."""
        return max(1, sum(1 for result in self.ran if result.failure and result.failure.title == title))

    def by_rule(self) -> dict[str, Tally]:
        """For each rule of the edition that a course can show: answers right, courses wrong."""
        tallies = {rule: Tally() for rule in self.edition.rules}
        for result in self.ran:
            for rule in result.passed:
                tallies[rule].passed += 1
        for title in self.shortest():
            if title in tallies:
                tallies[title].failed = self.times(title)
        return tallies

    def shortest(self) -> dict[str, Result]:
        """The shortest failing course for each rule broken, and for each fault (as 'fault: silent').

        Faults come first; then the rules in the order of their courses' lengths, of equals the one more often broken.
        """
        shortest: dict[str, Result] = {}
        for result in self.failures:
            failure = result.failure
            assert failure is not None
            name = failure.title
            known = shortest.get(name)
            if known is None or known.failure is None or failure.position < known.failure.position:
                shortest[name] = result

        def rank(name: str) -> tuple[bool, int, int]:
            failure = shortest[name].failure
            assert failure is not None
            return failure.fault is None, failure.position, -self.times(name)

        return {name: shortest[name] for name in sorted(shortest, key=rank)}


@dataclass
class Tally:
    """How often right answers rested on a rule, and how many courses break it."""

    passed: int = 0
    failed: int = 0

    @property
    def word(self) -> str:
        """One of failed, passed, not reached."""
        return "failed" if self.failed else "passed" if self.passed else "not reached"


def conform(adapter: Adapter, suite: Suite) -> Summary:
    """Run every course of a suite over a system; what it does wrong is in the summary, never raised."""
    summary = Summary(load_edition(suite.header.edition))
    for result in run(adapter, suite.courses, summary.edition):
        summary.results.append(result)
    summary.not_run = len(suite.courses) - len(summary.results)
    confirm(adapter, summary)
    try:
        adapter.settle()
    except Fault as fault:
        last = summary.results[-1]
        if last.failure is None:
            failure = Failure(len(last.test.steps) - 1, fault=fault.kind, what=fault.what)
            summary.results[-1] = replace(last, failure=failure)
    return summary


def shortened(adapter: Adapter, summary: Summary) -> Summary:
    """The same summary, where the course shown for each rule has lost every event that it can do without.

    Shorter courses that break another rule on the way are kept too.
    """
    answers = Answers(summary.edition.name)
    better = Summary(summary.edition, list(summary.results), summary.not_run)
    times = OFTEN_AGAIN if summary.not_repeatable else AGAIN
    for result in summary.shortest().values():
        better.results += shorter(adapter, result, answers, times)
    return better


def shorter(adapter: Adapter, result: Result, answers: Answers, times: int = AGAIN) -> Iterator[Result]:
    """Failing courses made by leaving out events, many at once and then one by one, as long as the rule is broken.

    They are given as they are found, also those that break another rule; the last of the same rule is the shortest.
    Each is run again so many `times`, and left out when it is not repeatable.
    """
    if result.failure is None or result.failure.fault in ("silent", NOT_REPEATABLE):
        return
    title, refused = result.failure.title, sum(step.expected["refused"] for step in result.test.steps)
    events = result.test.events()[: result.failure.position + 1]
    size = len(events) // 2
    while size:
        # The last event stays, and the start, unless it is followed by another.
        place, fewer_now = len(events) - 1, False
        first = 0 if len(events) > 1 and events[1].type == events[0].type else 1
        while place > first:
            begin = max(place - size, first)
            fewer = [*events[:begin], *events[place:]]
            place = begin
            again = _failing(adapter, answers.course(result.test.course, fewer), refused, answers.edition, times)
            if again is None or again.failure is None:
                continue
            yield replace(again, shortened=True)
            if again.failure.title == title:
                # It may fail before its end by now.
                events = fewer[: again.failure.position + 1]
                place, fewer_now = min(place, len(events) - 1), True
        if not (fewer_now and size == 1):
            size //= 2


def _failing(adapter: Adapter, test: TestCourse, refused: int, edition: Edition, times: int) -> Result | None:
    """The result of a course, if it fails in time and each time, and has no more refused events than this."""
    if sum(step.expected["refused"] for step in test.steps) > refused:
        return None
    result = repeated(adapter, run_course(adapter, test, edition), times)
    return None if result.failure is None or result.failure.fault in ("silent", NOT_REPEATABLE) else result


def run(adapter: Adapter, courses: Sequence[TestCourse], edition: Edition) -> Iterator[Result]:
    """The result of each course, in order; no more once the system has failed to answer too often."""
    faults = 0
    for course in courses:
        result = repeated(adapter, run_course(adapter, course, edition))
        yield result
        faults += result.failure is not None and result.failure.fault not in (None, NOT_REPEATABLE)
        if faults >= GIVE_UP_AFTER:
            return


def repeated(adapter: Adapter, result: Result, times: int = AGAIN) -> Result:
    """A result whose course, when an answer was wrong, was run again; with a fault instead of rules where it differs.

    What is compared is where the course went wrong, and how.
    """
    failure = result.failure
    if failure is None or failure.fault is not None:
        return result
    for _ in range(times):
        again = run_course(adapter, result.test, None).failure
        if again is None or (again.position, again.differences) != (failure.position, failure.differences):
            how = "every answer was right" if again is None else _otherwise(failure, again)
            return replace(result, failure=replace(failure, rules=(), fault=NOT_REPEATABLE, what=f"run again, {how}"))
    return result


def _otherwise(failure: Failure, again: Failure) -> str:
    """How a course went wrong that went wrong otherwise before."""
    if again.fault is not None:
        return again.what
    if again.position != failure.position:
        return f"event {again.position + 1} was answered wrongly, and not event {failure.position + 1}"
    return "; ".join(f"{difference.key}: got {show(difference.got)}" for difference in again.differences)


def confirm(adapter: Adapter, summary: Summary) -> None:
    """Once a course was not repeatable, run those again, and often, that are said to break a rule."""
    if summary.not_repeatable:
        summary.results[:] = [repeated(adapter, result, OFTEN_AGAIN) for result in summary.results]


def run_course(adapter: Adapter, test: TestCourse, edition: Edition | None) -> Result:
    """One course, up to the first answer that is wrong. Without an edition no rule is named that it breaks."""
    passed: list[str] = []
    earlier: set[str] = set()
    before: Mapping[str, Any] = {}
    compared_something = False
    answered = 0
    failure = None
    for position, step in enumerate(test.steps):
        try:
            answer = adapter.observe(step.event) if position else adapter.start(step.event)
        except Fault as fault:
            failure = Failure(position, fault=fault.kind, what=fault.what)
            break
        answered += 1
        checked = CheckedEvent(step.event, step.expected, step.rules, step.schedule, before, frozenset(earlier))
        found = differences(step.expected, answer)
        if found:
            failure = _wrong(adapter, position, checked, found, edition)
            break
        given = compared(step.expected, answer)
        compared_something = compared_something or bool(given)
        passed += reached(checked, given)
        before = step.expected
        earlier.update(step.rules)
    if failure is None:
        try:
            adapter.end_course()
        except Fault as fault:
            failure = Failure(len(test.steps) - 1, fault=fault.kind, what=fault.what)
    return Result(test, failure, tuple(passed), answered, compared_something or bool(failure and failure.differences))


def reached(checked: CheckedEvent, given: Iterable[str]) -> list[str]:
    """The rules that a right answer with these parts shows: those of the schedule only if it gives what is due."""
    parts = set(given)
    decided = checked.rules if parts - {"due"} else ()
    return list(dict.fromkeys([*decided, *(checked.schedule if "due" in parts else ())]))


def _wrong(
    adapter: Adapter, position: int, checked: CheckedEvent, found: tuple[Difference, ...], edition: Edition | None
) -> Failure:
    """A wrong answer, unless it turns out to be a second answer to the same request."""
    try:
        adapter.settle()
    except Fault as fault:
        return Failure(position, fault=fault.kind, what=fault.what)
    return Failure(position, found, () if edition is None else blame(checked, found, edition))
