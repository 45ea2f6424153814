"""Walks an exported SCXML document with python-statemachine's own reader; prints one JSON line per step."""

import contextlib
import io
import json
import sys
from pathlib import Path

from statemachine.io import load

document, suite = (Path(name).read_text(encoding="utf-8") for name in sys.argv[1:])
Course = load(document, format="scxml")
# A guard or an action that fails must be heard, not counted as false.
Course.catch_errors_as_events = False
for walk, symbols in enumerate(json.loads(suite)):
    course = Course()
    for step, symbol in enumerate(symbols):
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            course.send(symbol)
        # A <log> is printed as `label: 'value'`.
        said = [line.replace("'", "").split(": ") for line in printed.getvalue().splitlines()]
        active = [state.id for state in course.configuration if not state.states]
        print(
            json.dumps(
                {"walk": walk, "step": step, "configuration": active, "done": course.is_terminated, "said": said}
            )
        )
