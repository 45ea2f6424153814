"""Shared by the tests of the test kit: suites made once per process, and systems under test that are right or wrong."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from ixastate.events import parse_event
from ixastate.rules import DEFAULT_EDITION
from ixastate.testing.answers import Oracle
from ixastate.testing.suites.courses import Answers
from ixastate.testing.suites.files import Suite, TestCourse, suite_of
from ixastate.testing.suites.make import RandomWalks, make_suite

Change = Callable[[dict[str, Any], dict[str, Any]], None]
START = {
    "type": "course_started",
    "day": 1,
    "weekday": "monday",
    "clock_time": "08:00",
    "patient_informed": True,
    "bilirubin": {"times_uln": 1},
    "creatinine_clearance": {"value": 90, "unit": "mL/min"},
}


def anc(day: int, value: float, unit: str = "/mm3") -> dict[str, Any]:
    return {"type": "neutrophils_measured", "day": day, "value": value, "unit": unit}


def plt(day: int, value: float, unit: str = "/mm3") -> dict[str, Any]:
    return {"type": "platelets_measured", "day": day, "value": value, "unit": unit}


def suite(cover: str, edition: str = DEFAULT_EDITION) -> Suite:
    return _suite(cover, edition)


@cache
def _suite(cover: str, edition: str) -> Suite:
    return make_suite(cover.split("+"), edition, RandomWalks(length=20, seed=3, courses=12))


def some(cover: str, each: int) -> Suite:
    """Some courses of a suite, evenly spread."""
    return of(*suite(cover).courses[::each])


def answered(*facts: dict[str, Any], course: str = "course-1") -> TestCourse:
    """A course of these facts with the right answers."""
    return Answers(DEFAULT_EDITION).course(course, [parse_event(fact) for fact in facts])


def of(*courses: TestCourse) -> Suite:
    return suite_of(DEFAULT_EDITION, ("by hand",), list(courses))


class Sound:
    """A system under test that is right, since it asks the machine itself; `change` makes its answers wrong."""

    change: Change | None = None
    keys: Iterable[str] | None = None

    def __init__(self) -> None:
        self._oracle = Oracle()
        self.closed = False

    def start(self, event: dict[str, Any]) -> dict[str, Any]:
        return self.observe(event)

    def observe(self, event: dict[str, Any]) -> dict[str, Any]:
        answer = json.loads(json.dumps(self._oracle.observe(parse_event(event)).answer))
        if self.change is not None:
            type(self).change(event, answer)
        return {key: value for key, value in answer.items() if self.keys is None or key in self.keys}

    def close(self) -> None:
        self.closed = True


def wrong(change: Change) -> type[Sound]:
    return type("Wrong", (Sound,), {"change": staticmethod(change)})


# A program that knows the courses of a suite by heart. The first argument is the suite, the others say how it errs at
# the event with this number (from 1, resets not counted).
PARROT = """
import json, os, sys, time
suite, *faults = sys.argv[1:]
faults = dict(fault.split("=") for fault in faults)
known = {}
for line in list(open(suite, encoding="utf-8"))[1:]:
    past = ""
    for step in json.loads(line)["steps"]:
        past += json.dumps(step["event"], sort_keys=True)
        known[past] = step["expected"]
time.sleep(float(faults.pop("startup", 0)))
number = 0
def say(answer, end="\\n"):
    sys.stdout.write(answer + end)
    sys.stdout.flush()
for line in sys.stdin:
    request = json.loads(line)
    if request["type"] == "reset":
        past = ""
        say("{}")
        continue
    number += 1
    past += json.dumps(request, sort_keys=True)
    answer = json.dumps(known[past])
    fault = {int(at): kind for kind, at in faults.items()}.get(number)
    if fault == "hang":
        time.sleep(60)
    elif fault == "die":
        print("Traceback: something broke", file=sys.stderr)
        sys.exit(3)
    elif fault == "junk":
        say("I am well, thank you")
    elif fault == "list":
        say("[1, 2]")
    elif fault == "twice":
        say(answer)
        say(answer)
    elif fault == "late":
        say(answer)
        time.sleep(0.05)
        say(answer)
    elif fault == "flood":
        sys.stderr.write("x" * 5_000_000)
        sys.stderr.flush()
        say(answer)
    elif fault == "endless":
        while True:
            sys.stdout.write("y" * 100_000)
    elif fault == "lines":
        for _ in range(100_000):
            say(answer)
    elif fault == "close":
        os.close(1)
        time.sleep(60)
    elif fault == "half":
        say(answer[:20], end="")
        sys.exit(0)
    elif fault == "empty":
        say("{}")
    else:
        say(answer)
"""


def parrot(folder: Path, suite_file: Path, *faults: str) -> list[str]:
    """The command that runs the parrot."""
    script = folder / "parrot.py"
    script.write_text(PARROT, encoding="utf-8")
    return [sys.executable, str(script), str(suite_file), *faults]
