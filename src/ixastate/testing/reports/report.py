"""The test report as text: the shortest failing course of each broken rule, then every rule with its counts."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from ixastate.rules import Edition
from ixastate.testing.adapter import NOT_REPEATABLE, FaultKind
from ixastate.testing.answers import show
from ixastate.testing.conformance import Result, Summary
from ixastate.testing.sentences import unknown
from ixastate.words import describe

WIDTH = 110
FAULTS: dict[FaultKind, str] = {
    "silent": "no answer in time",
    "died": "died",
    "junk": "answered junk",
    "twice": "answered twice",
    "nothing": "answers nothing",
    NOT_REPEATABLE: "not repeatable",
}


def report(summary: Summary, name: str) -> Iterator[str]:
    """The whole report."""
    ran, failed = len(summary.ran), sum(result.failure is not None for result in summary.ran)
    yield f"{name}: {ran} courses run, {failed} wrong · edition {summary.edition.name}"
    if summary.nothing_compared:
        yield "ANSWERS NOTHING: no answer held any of the parts that can be compared; see the test kit's README"
    if summary.not_run:
        yield f"{summary.not_run} courses were not run: it failed to answer too often"
    if summary.not_repeatable:
        yield f"NOT REPEATABLE: {not_repeatable_words(summary)}"
    yield ""
    for title, result in summary.shortest().items():
        yield from failing_lines(result, summary.edition, summary.times(title))
        yield ""
    yield from by_rule_lines(summary)


def not_repeatable_words(summary: Summary) -> str:
    """What is said of a system whose answers differ from run to run."""
    number = summary.not_repeatable
    courses = f"{number} courses were" if number > 1 else "1 course was"
    return (
        f"{courses} answered otherwise when run again, so that no rule is named for them. The answers depend on more "
        "than the events of a course: on chance, on the time, or on what an earlier course left behind"
    )


def failing_lines(result: Result, edition: Edition, times: int = 1) -> Iterator[str]:
    """One failing course: the rule or the fault, the course in clinical words, the answer expected and the one given.

    A text that the machine never uses is listed as unknown: it is compared, and explains nothing.
    """
    failure = result.failure
    assert failure is not None
    many = f" ({times} courses)" if times > 1 else ""
    if failure.fault is not None:
        yield f"FAULT   {FAULTS[failure.fault]}: {failure.what}{many}"
    else:
        yield f"BROKEN  {rule_words(failure.rule, edition)}{many}"
        says = edition.rule(failure.rule).says
        yield from textwrap.wrap(says, WIDTH, initial_indent=" " * 8, subsequent_indent=" " * 8)
    yield f"  course {result.test.course}: {result.test.name}"
    for day, words, state in course_lines(result):
        yield f"    {day:<8} {words:<60} {state}"
    for difference in failure.differences:
        yield f"    {difference.key:<18} expected {show(difference.expected)}"
        yield f"    {'':<18} got      {show(difference.got)}"
        for text in unknown(difference.key, difference.got, edition):
            yield f"    {'':<18} unknown  {text}"
    if len(failure.rules) > 1:
        others = "rests also on " + " ".join(failure.rules[1:])
        yield from textwrap.wrap(others, WIDTH, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)


def course_lines(result: Result) -> Iterator[tuple[str, str, str]]:
    """The events up to the failure: the day, the event in words, and the right state after it."""
    failure = result.failure
    steps = result.test.steps if failure is None else result.test.steps[: failure.position + 1]
    for event, step in zip(result.test.events(), steps, strict=False):
        day = f"day {event.day}" if event.day is not None else f"{event.at:%Y-%m-%d %H:%M}"
        yield day, describe(event), step.expected["state"]


def rule_words(rule: str, edition: Edition) -> str:
    """A rule with its line and title."""
    found = edition.rule(rule)
    lines = f" ({found.place})" if found.lines else ""
    return f"{rule}{lines} {found.title}"


def by_rule_lines(summary: Summary) -> Iterator[str]:
    """Each rule with its right answers and wrong courses."""
    tallies = summary.by_rule()
    yield f"{'rule':<18} {'':<12} {'right answers':>14} {'wrong courses':>14}"
    for rule, tally in tallies.items():
        if tally.word != "not reached":
            yield f"{rule:<18} {tally.word:<12} {tally.passed:>14} {tally.failed:>14}"
    unreached = [rule for rule, tally in tallies.items() if tally.word == "not reached"]
    if unreached:
        yield from textwrap.wrap(
            f"not reached: {' '.join(unreached)}", WIDTH, subsequent_indent="  ", break_on_hyphens=False
        )
