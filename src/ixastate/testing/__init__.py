"""A test kit: the machine as the oracle of other people's software.

It makes suites of courses with the answers that the machine gives, runs them over a program in any language, and says
which clause of the text the program gets wrong, with a short course of clinical events that shows it. README.md beside
this file describes the requests, the answers and the format of the suites.

The public names are imported when they are first used; `CourseMachine` needs Hypothesis, which
the extra `testing` installs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ixastate.testing.answers import Oracle as Oracle
    from ixastate.testing.conformance import conform as conform
    from ixastate.testing.course_machine import CourseMachine as CourseMachine
    from ixastate.testing.subject import System as System
    from ixastate.testing.suites.suites import make_suite as make_suite
    from ixastate.testing.suites.vectors import read_suite as read_suite

__all__ = ["CourseMachine", "Oracle", "System", "conform", "make_suite", "read_suite"]


def __getattr__(name: str) -> Any:
    if name == "CourseMachine":
        from ixastate.testing.course_machine import CourseMachine

        return CourseMachine
    if name == "Oracle":
        from ixastate.testing.answers import Oracle

        return Oracle
    if name == "System":
        from ixastate.testing.subject import System

        return System
    if name == "conform":
        from ixastate.testing.conformance import conform

        return conform
    if name == "make_suite":
        from ixastate.testing.suites.suites import make_suite

        return make_suite
    if name == "read_suite":
        from ixastate.testing.suites.vectors import read_suite

        return read_suite
    raise AttributeError(f"module 'ixastate.testing' has no attribute {name!r}")
