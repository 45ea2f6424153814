"""Systems under test whose answers differ from run to run: said as such, and no clause is blamed for them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, ClassVar
from xml.etree import ElementTree

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from ixastate.cli.main import main
from ixastate.testing import CourseMachine
from ixastate.testing.adapter import NOT_REPEATABLE, InProcess
from ixastate.testing.conformance import AGAIN, OFTEN_AGAIN, Summary, conform, run_course, shortened
from ixastate.testing.course_machine import Wrong, explore
from ixastate.testing.reports.junit import junit
from ixastate.testing.reports.page import page
from ixastate.testing.reports.report import report
from ixastate.testing.suites.files import write_suite
from tests.kit import START, Change, Sound, anc, answered, of, parrot, plt, some, wrong

THREE = of(
    answered(START, anc(2, 499), anc(3, 500), course="anc-1"),
    answered(START, plt(2, 29_999), plt(3, 30_000), course="plt-1"),
    answered(START, anc(2, 500), course="anc-2"),
)


def now_and_then(chance: float, seed: int) -> Change:
    """An answer in so many is that of another state."""
    luck = Random(seed)

    def change(event: dict[str, Any], answer: dict[str, Any]) -> None:
        if luck.random() < chance:
            answer["state"] = "held for rash"

    return change


def every_other_time(event_type: str) -> Change:
    """Every other time this event is answered wrongly."""
    seen = 0

    def change(event: dict[str, Any], answer: dict[str, Any]) -> None:
        nonlocal seen
        if event["type"] == event_type:
            seen += 1
            if seen % 2:
                answer["ixazomib_held"] = not answer["ixazomib_held"]

    return change


def never_the_same() -> Change:
    """Always wrong at the same place, and never the same."""
    seen = 0

    def change(event: dict[str, Any], answer: dict[str, Any]) -> None:
        nonlocal seen
        if event["type"] == "neutrophils_measured":
            seen += 1
            answer["ixazomib_mg"] = seen

    return change


class LeftBehind(Sound):
    """It keeps the last count of the course before, and takes it for one of this course."""

    last: ClassVar[dict[str, Any]] = {}

    def observe(self, event: dict[str, Any]) -> dict[str, Any]:
        answer = super().observe(event)
        if event["type"] == "course_started" and type(self).last.get("type") == "platelets_measured":
            answer["ixazomib_held"] = True
        type(self).last = event
        return answer


def titles(summary: Summary) -> set[str]:
    return {result.failure.title for result in summary.failures if result.failure is not None}


def run(factory: Callable[[], Any]) -> Summary:
    adapter = InProcess(factory)
    return shortened(adapter, conform(adapter, THREE))


# --- What is said ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chance", [0.05, 0.25, 0.5])
def test_no_rule_is_blamed_for_chance(chance: float) -> None:
    """Systems that err in one answer of so many, a dozen of each."""
    adapters = [InProcess(wrong(now_and_then(chance, seed))) for seed in range(12)]
    summaries = [shortened(adapter, conform(adapter, some("boundaries", 20))) for adapter in adapters]
    for summary in summaries:
        assert titles(summary) <= {"fault: not repeatable"}
        assert all(tally.failed == 0 for tally in summary.by_rule().values())
        assert summary.not_repeatable == len(summary.failures)
        assert summary.well == (not summary.failures)
    assert sum(summary.not_repeatable for summary in summaries) > 10


@pytest.mark.parametrize(
    "factory",
    [wrong(every_other_time("neutrophils_measured")), wrong(never_the_same())],
    ids=["every other time", "never the same"],
)
def test_what_differs_from_run_to_run_is_not_repeatable(factory: type[Sound]) -> None:
    summary = run(factory)
    assert titles(summary) == {"fault: not repeatable"}
    assert not summary.well


def test_what_an_earlier_course_left_behind_is_not_repeatable() -> None:
    LeftBehind.last = {}
    adapter = InProcess(LeftBehind)
    summary = shortened(adapter, conform(adapter, of(*THREE.courses, answered(START, anc(2, 499)))))
    assert titles(summary) == {"fault: not repeatable"}
    [failed] = summary.failures
    assert failed.test.course == "anc-2"
    assert failed.failure is not None
    assert failed.failure.what == "run again, every answer was right"


def test_a_rule_that_is_broken_each_time_is_named_beside_chance() -> None:
    """Two faults at once: platelets are always wrong, neutrophils now and then."""
    luck = Random(3)

    def change(event: dict[str, Any], answer: dict[str, Any]) -> None:
        if event["type"] == "platelets_measured" and event["day"] == 3:
            answer["ixazomib_held"] = True
        elif event["type"] == "neutrophils_measured" and luck.random() < 0.5:
            answer["lenalidomide_held"] = not answer["lenalidomide_held"]

    summary = run(wrong(change))
    assert {"fault: not repeatable", "PLT-02"} <= titles(summary)
    assert {result.test.course for result in summary.failures if result.failure and result.failure.rules} == {"plt-1"}
    text = "\n".join(report(summary, "it"))
    assert text.index("FAULT   not repeatable") < text.index("BROKEN  PLT-02")


def test_chance_is_not_blamed_while_a_course_is_made_shorter() -> None:
    """Platelets are always wrong; neutrophils are too in every other course, once the course is known to fail."""
    begun = 0

    def change(event: dict[str, Any], answer: dict[str, Any]) -> None:
        nonlocal begun
        begun += event["type"] == "course_started"
        if event["type"] == "platelets_measured" and event["day"] == 5:
            answer["ixazomib_held"] = True
        elif event["type"] == "neutrophils_measured" and begun > 1 + AGAIN and begun % 2:
            answer["ixazomib_held"] = not answer["ixazomib_held"]

    adapter = InProcess(wrong(change))
    long = of(answered(START, anc(2, 499), anc(3, 500), plt(4, 29_999), plt(5, 30_000)))
    assert titles(shortened(adapter, conform(adapter, long))) == {"PLT-02"}
    assert begun > 1 + AGAIN


def test_a_course_is_run_again_only_when_it_goes_wrong() -> None:
    starts: list[str] = []

    def factory_of(kind: type[Sound]) -> Callable[[], Sound]:
        def made() -> Sound:
            starts.append(kind.__name__)
            return kind()

        return made

    def held_still(event: dict[str, Any], answer: dict[str, Any]) -> None:
        if event["type"] == "platelets_measured":
            answer["ixazomib_held"] = True

    conform(InProcess(factory_of(Sound)), THREE)
    assert len(starts) == 3
    starts.clear()
    conform(InProcess(factory_of(wrong(held_still))), THREE)
    assert len(starts) == 3 + AGAIN
    assert OFTEN_AGAIN > AGAIN > 0


def test_how_it_differed_is_said() -> None:
    answers = iter([True, False, True])

    def change(event: dict[str, Any], answer: dict[str, Any]) -> None:
        if event["type"] == "neutrophils_measured" and event["day"] == 2 and next(answers, False):
            answer["ixazomib_held"] = False

    def raises(event: dict[str, Any], answer: dict[str, Any]) -> None:
        if event["type"] == "neutrophils_measured":
            if not raises_next.pop():
                raise RuntimeError("no line to the database")
            answer["ixazomib_held"] = False

    raises_next = [False, True]
    course = of(answered(START, anc(2, 499), anc(3, 500)))
    for factory, words in (
        (wrong(change), "run again, every answer was right"),
        (wrong(never_the_same()), "run again, ixazomib_mg: got 2"),
        (wrong(raises), "run again, it raised RuntimeError: no line to the database"),
    ):
        [failed] = conform(InProcess(factory), course).failures
        assert failed.failure is not None
        assert failed.failure.what == words


# --- Where it is said ------------------------------------------------------------------------------------------


def test_every_report_says_so() -> None:
    summary = run(wrong(never_the_same()))
    text = "\n".join(report(summary, "it"))
    assert "NOT REPEATABLE: 2 courses were answered otherwise when run again, so that no rule is named for them" in text
    assert "FAULT   not repeatable: run again, ixazomib_mg: got 2 (2 courses)" in text
    assert "BROKEN" not in text
    shown = page(summary, "it").decode()
    assert "Not repeatable: 2 courses were answered otherwise" in shown
    assert "does not conform" in shown
    suites = ElementTree.fromstring(junit(summary, "it"))
    assert (suites.get("failures"), suites.get("errors")) == ("0", "2")
    errors = list(suites.iter("error"))
    assert {error.get("type") for error in errors} == {"fault: not repeatable"}
    assert all((error.get("message") or "").startswith("not repeatable: run again, ") for error in errors)


def test_the_command_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A program that errs once, at its second event: run again, it answers rightly."""
    write_suite(tmp_path / "three.suite", THREE)
    once = tmp_path / "once.py"
    once.write_text(
        "import json, subprocess, sys\n"
        "inner = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)\n"
        "for number, line in enumerate(sys.stdin):\n"
        "    inner.stdin.write(line)\n"
        "    answer = json.loads(inner.stdout.readline())\n"
        "    if number == 2:\n"
        "        answer['state'] = 'held for rash'\n"
        "    print(json.dumps(answer), flush=True)\n"
    )
    command = ["conform", "--suite", str(tmp_path / "three.suite"), "--junit", str(tmp_path / "junit.xml")]
    command += ["--save", str(tmp_path / "saved"), "--startup", "20"]
    command += ["--", sys.executable, str(once), *parrot(tmp_path, tmp_path / "three.suite")]
    assert main(command) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "3 courses run, 1 wrong" in out
    assert "NOT REPEATABLE: 1 course was answered otherwise when run again" in out
    assert "BROKEN" not in out
    assert b"not repeatable" in (tmp_path / "junit.xml").read_bytes()
    assert [log.name for log in (tmp_path / "saved").iterdir()] == ["fault-not-repeatable.jsonl"]
    assert main(["replay", str(tmp_path / "saved" / "fault-not-repeatable.jsonl")]) == 0


# --- Random courses --------------------------------------------------------------------------------------------

QUICK = settings(CourseMachine.TestCase.settings, max_examples=25, stateful_step_count=20, derandomize=True)


@pytest.mark.parametrize("seed", range(3))
def test_random_courses_blame_no_rule_for_chance(seed: int) -> None:
    adapter = InProcess(wrong(now_and_then(0.2, seed)))
    summary = shortened(adapter, explore(adapter, "dosing-text", examples=20, seed=seed))
    assert titles(summary) == {"fault: not repeatable"}


@pytest.mark.parametrize("seed", range(3))
def test_a_machine_of_random_courses_says_so(seed: int, tmp_path: Path) -> None:
    """And not Hypothesis, which would call the test itself unreliable."""
    bound = {"folder": tmp_path}
    machine = type("Here", (CourseMachine.of(wrong(now_and_then(0.2, seed))),), bound)
    with pytest.raises(Wrong, match=r"FAULT   not repeatable: run again, ") as failed:
        run_state_machine_as_test(machine, settings=QUICK)
    assert "BROKEN" not in str(failed.value)
    assert failed.value.result.failure is not None
    assert failed.value.result.failure.fault == NOT_REPEATABLE
    assert [log.name for log in tmp_path.iterdir()] == ["fault-not-repeatable.jsonl"]


def test_a_course_that_is_only_looked_at_names_no_rule() -> None:
    """To compare two runs needs no rule, and to find one takes time."""
    result = run_course(InProcess(wrong(never_the_same())), THREE.courses[0], None)
    assert result.failure is not None
    assert result.failure.rules == ()
    assert result.failure.differences
