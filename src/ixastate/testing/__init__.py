"""A test kit: the machine as the test oracle of other people's software.

It makes suites of courses with the machine's right answers, runs them against a system under test in any language, and
reports which rule of the text the system breaks, with a short course of clinical events that shows it. README.md beside
this file describes the requests, the answers and the format of the suites. The kit may not change a rule, a chart or a
course: what is right it takes from the live machine, and nothing in the package above it knows a system under test.

The public names are imported when they are first used; `CourseMachine` needs Hypothesis, which
the extra `testing` installs.
"""

from __future__ import annotations

from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ixastate.testing.adapter import System as System
    from ixastate.testing.answers import Oracle as Oracle
    from ixastate.testing.conformance import conform as conform
    from ixastate.testing.course_machine import CourseMachine as CourseMachine
    from ixastate.testing.suites.files import read_suite as read_suite
    from ixastate.testing.suites.make import make_suite as make_suite

_HOMES = {
    "CourseMachine": "course_machine",
    "Oracle": "answers",
    "System": "adapter",
    "conform": "conformance",
    "make_suite": "suites.make",
    "read_suite": "suites.files",
}
__all__ = ["CourseMachine", "Oracle", "System", "conform", "make_suite", "read_suite"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'ixastate.testing' has no attribute {name!r}")
    return resolve_name(f"ixastate.testing.{_HOMES[name]}:{name}")
