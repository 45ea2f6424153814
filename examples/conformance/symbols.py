"""An adapter for a machine that knows symbols alone, so that it is tested with clinical events.

    python symbols.py COMMAND ...

It stands between the test kit and the command: it reads events, finds by the alphabet of ixastate which symbol each of
them means, passes each on as `{"type": "symbol", "symbol": ...}` (null for an event that means nothing to the machine),
and passes the last answer back. What belongs to no phase of the course, or is reported under the wrong kind of event,
it refuses itself. It knows no state and no rule; where the course stands it knows from the answers.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any, get_args

from ixastate.chart.status import Phase
from ixastate.course.alphabet import Context, read
from ixastate.errors import CourseRefusal
from ixastate.events import ConsentWithdrawn, CourseStarted, PatientDied, parse_event
from ixastate.rules import load_edition

EDITION = load_edition("dosing-text")
NOT_STARTED, _, ENDED = get_args(Phase)
BEFORE_THE_START = CourseStarted | PatientDied | ConsentWithdrawn


class Machine:
    """The command: one line in, one line out."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer to a request; a command that has ended ends this program too."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"the machine ended with exit code {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer


class Translator:
    """One course: what must be remembered of it to understand the next event, and its phase."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._context = Context()
        self._phase: str = NOT_STARTED

    def answer(self, line: str) -> dict[str, Any]:
        """The machine's answer to an event."""
        event = parse_event(json.loads(line), "request")
        started = self._phase != NOT_STARTED
        belongs = not isinstance(event, CourseStarted) if started else isinstance(event, BEFORE_THE_START)
        if not belongs:
            return {"refused": True}
        symbols: tuple[str | None, ...] = ()
        if self._phase != ENDED:
            try:
                meaning = read(event, self._context, EDITION)
            except CourseRefusal:
                return {"refused": True}
            symbols, self._context = meaning.symbols, meaning.context
        for symbol in symbols or (None,):
            answer = self._machine.ask({"type": "symbol", "symbol": symbol})
            self._phase = answer["phase"]
            if self._phase == ENDED:
                break
        return answer


def main(command: list[str]) -> None:
    """Answer every request until the input ends."""
    machine = Machine(command)
    course = Translator(machine)
    for line in sys.stdin:
        if json.loads(line)["type"] == "reset":
            answer = machine.ask({"type": "reset"})
            course = Translator(machine)
        else:
            answer = course.answer(line)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
