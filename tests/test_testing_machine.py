"""Random courses: they find what is wrong, shrink it, tell it in clinical words, and leave a log that replays."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from ixastate.cli.main import main
from ixastate.errors import install_command
from ixastate.rules import load_edition
from ixastate.testing import CourseMachine
from ixastate.testing.adapter import InProcess
from ixastate.testing.conformance import shortened
from ixastate.testing.course_machine import Wrong, explore
from ixastate.testing.suites.values import values
from tests.kit import Sound, wrong

QUICK = settings(CourseMachine.TestCase.settings, max_examples=25, stateful_step_count=20, derandomize=True)


def two_levels(event: dict[str, Any], answer: dict[str, Any]) -> None:
    """The floor is overlooked: what should be the lowest level is one that does not exist."""
    if answer["ixazomib_mg"] == 2.3:
        answer["ixazomib_mg"] = 1.5


def agreed_unasked(event: dict[str, Any], answer: dict[str, Any]) -> None:
    """Severe neuropathy is over without the physician's agreement."""
    if event["type"] == "neuropathy_graded" and event["grade"] <= 1 and not event.get("physician_agrees"):
        answer["ixazomib_held"] = False


def test_a_right_system_passes() -> None:
    run_state_machine_as_test(CourseMachine.of(Sound), settings=QUICK)


def test_a_wrong_one_is_told_in_clinical_words_and_leaves_a_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def at_the_limit(event: dict[str, Any], answer: dict[str, Any]) -> None:
        if event["type"] == "platelets_measured" and event["value"] in (30_000, 30):
            answer["ixazomib_held"] = answer["lenalidomide_held"] = True

    monkeypatch.chdir(tmp_path)
    machine = CourseMachine.of(wrong(at_the_limit))
    more = settings(machine.TestCase.settings, max_examples=200, derandomize=True)
    with pytest.raises(Wrong) as failed:
        run_state_machine_as_test(machine, settings=more)
    text = str(failed.value)
    assert "Low platelets" in text or "Platelets recovered" in text
    assert "(line 15)" in text
    assert "expected no" in text
    assert "platelets 30" in text
    capsys.readouterr()
    [log] = (tmp_path / "ixastate-failing").iterdir()
    assert log.stem in ("PLT-01", "PLT-02")
    assert main(["replay", str(log)]) == 0
    assert "platelets 30" in capsys.readouterr().out


def test_a_system_that_raises_is_a_finding(tmp_path: Path) -> None:
    class Raises(Sound):
        def observe(self, event: dict[str, Any]) -> dict[str, Any]:
            if event["type"] == "rash_graded":
                raise RuntimeError("rash is not known")
            return super().observe(event)

    machine = type("Here", (CourseMachine.of(Raises),), {"folder": None})
    with pytest.raises(Wrong, match="RuntimeError: rash is not known"):
        run_state_machine_as_test(machine, settings=QUICK)


def test_every_course_is_closed() -> None:
    made: list[Sound] = []

    def factory() -> Sound:
        made.append(Sound())
        return made[-1]

    run_state_machine_as_test(CourseMachine.of(factory), settings=settings(QUICK, max_examples=3))
    assert made
    assert all(system.closed for system in made)


def a_minute_late(event: dict[str, Any], answer: dict[str, Any]) -> None:
    """72 hours are counted to the hour: a minute too late is taken for in time."""
    if event["type"] == "dose_missed" and event.get("at", "").endswith(":01:00Z") and not answer["ixazomib_held"]:
        answer["late_dose"] = True


@pytest.mark.parametrize(
    ("change", "rule", "events"),
    [(two_levels, "ANC-04", 3), (agreed_unasked, "PN-06", 3), (a_minute_late, "ADM-12", 2)],
)
def test_what_lies_deep_is_found_within_the_default_budget(change: Any, rule: str, events: int) -> None:
    adapter = InProcess(wrong(change))
    found = shortened(adapter, explore(adapter, "dosing-text", examples=200, seed=1)).shortest()
    # From a start at 3 mg one episode leads to the floor; a severe episode and its end show what is agreed.
    assert len(found[rule].test.steps) == events


def test_the_same_seed_finds_the_same() -> None:
    def run(seed: int) -> list[str]:
        summary = explore(InProcess(wrong(two_levels)), "dosing-text", examples=30, seed=seed)
        return [repr(result.test) for result in summary.results]

    assert run(5) == run(5)


def test_a_silent_system_is_soon_given_up() -> None:
    class Never(InProcess):
        asked = 0

        def start(self, event: dict[str, Any]) -> Any:
            from ixastate.testing.adapter import Fault

            type(self).asked += 1
            raise Fault("silent", "it did not answer within 5 s")

    summary = explore(Never(Sound), "dosing-text", examples=40, seed=1)
    assert Never.asked == 3
    assert [result.failure and result.failure.fault for result in summary.results] == ["silent"] * 3


def test_random_courses_reach_far() -> None:
    """Overlapping episodes, every hold, the floor and the stops are seen in a few courses."""
    seen: set[str] = set()
    rules: set[str] = set()

    def look(event: dict[str, Any], answer: dict[str, Any]) -> None:
        seen.add(answer["state"])

    summary = explore(InProcess(wrong(look)), "dosing-text", examples=120, seed=2)
    for result in summary.results:
        rules.update(result.passed)
    assert any(state.count(",") >= 2 for state in seen)
    assert {"active at 2.3 mg", "discontinued", "screening"} <= seen
    # What Hypothesis draws changes with its version and with what else is loaded, so not each of them is asked for.
    assert {"B-STACK", "B-OVERLAP", "PN-07", "RASH-02", "OTH-03", "DOSE-09"} <= rules
    assert {"ADM-11", "ADM-12"} & rules
    assert {"ANC-07", "PLT-09", "RASH-07", "PN-04", "PN-08", "OTH-05"} & rules


@pytest.mark.parametrize("edition", ["us-label", "what-if-stack-b"])
def test_other_editions_have_random_courses(edition: str) -> None:
    class There(Sound):
        def __init__(self) -> None:
            super().__init__()
            from ixastate.testing.answers import Oracle

            self._oracle = Oracle(edition)

    run_state_machine_as_test(CourseMachine.of(There, edition=edition), settings=settings(QUICK, max_examples=8))


def test_values_lie_on_and_beside_the_numbers() -> None:
    seen = values(load_edition())
    counts = [fact for fact in seen.toxicities["neutropenia"].beside if fact.get("unit") == "/mm3"]
    assert {499, 500} <= {int(fact["value"]) for fact in counts}
    grades = {(fact["grade"], fact["pain"]) for fact in seen.toxicities["neuropathy"].onsets}
    assert grades == {(1, True), (2, False), (2, True), (3, False), (3, True)}
    assert "new_cycle" in values(load_edition("us-label")).toxicities


def test_without_hypothesis_the_extra_is_named() -> None:
    program = (
        "import sys\n"
        "sys.modules['hypothesis'] = None\n"
        "from ixastate.errors import MissingExtra\n"
        "try:\n"
        "    from ixastate.testing import CourseMachine\n"
        "except MissingExtra as error:\n"
        "    print(error)\n"
        "from ixastate.cli.main import main\n"
        "sys.exit(main(['conform', '--hypothesis', '--', 'true']))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert install_command("testing") in done.stdout
    assert done.returncode == 2
    assert install_command("testing") in done.stderr
    assert "Traceback" not in done.stderr
