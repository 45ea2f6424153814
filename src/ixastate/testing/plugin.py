"""A pytest plugin: `pytest --ixastate-conform=module:factory` collects each course of a suite as a named test.

The factory returns an object of the protocol `ixastate.testing.System`, a new one for each course. Without the option
the plugin does nothing and imports nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ixastate.testing.conformance import Result
    from ixastate.testing.suites.files import Suite, TestCourse


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the plugin."""
    group = parser.getgroup("ixastate", "test software against the treatment course (ixastate)")
    group.addoption(
        "--ixastate-conform", metavar="MODULE:FACTORY", help="factory of the system under test; one object per course"
    )
    group.addoption(
        "--ixastate-cover",
        default="edges",
        metavar="WHAT",
        help="covers of the suite, with commas: see `ixastate suite` (default: edges)",
    )
    group.addoption("--ixastate-suite", metavar="FILE", help="run the courses of this suite file instead")
    group.addoption(
        "--ixastate-edition", default="dosing-text", metavar="NAME", help="edition of the rules (default: dosing-text)"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add the courses, so that other plugins select among them as among other tests."""
    if config.getoption("--ixastate-conform") is None:
        return
    from ixastate.errors import IxastateError

    factory = _factory(config)
    try:
        suite = _suite(config)
    except IxastateError as error:
        raise pytest.UsageError(str(error)) from None
    node = Courses.from_parent(session, name="ixastate", nodeid="ixastate")
    parts = {"factory": factory, "edition": suite.header.edition}
    items.extend(
        CourseItem.from_parent(node, name=f"{course.course} {course.name}", course=course, **parts)
        for course in suite.courses
    )


def _factory(config: pytest.Config) -> Callable[[], Any]:
    named: str = config.getoption("--ixastate-conform")
    here = str(config.invocation_params.dir)
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        factory = resolve_name(named)
    except (ImportError, AttributeError, ValueError) as error:
        raise pytest.UsageError(f"--ixastate-conform: {named!r} cannot be found: {error} (module:factory)") from None
    if ":" not in named or not callable(factory):
        raise pytest.UsageError(f"--ixastate-conform: {named!r} is no factory (module:factory)")
    made: Callable[[], Any] = factory
    return made


def _suite(config: pytest.Config) -> Suite:
    from pathlib import Path

    from ixastate.testing.suites.files import read_suite
    from ixastate.testing.suites.make import make_suite

    file = config.getoption("--ixastate-suite")
    if file is not None:
        return read_suite(Path(file))
    cover = [name.strip() for name in config.getoption("--ixastate-cover").split(",") if name.strip()]
    return make_suite(cover, config.getoption("--ixastate-edition"))


class Courses(pytest.Collector):
    """The node of the session that the courses belong to."""

    def collect(self) -> list[pytest.Item]:
        """Nothing: the courses are added to the collected tests."""
        return []


class CourseItem(pytest.Item):
    """One course as a test."""

    def __init__(self, *, course: TestCourse, factory: Callable[[], Any], edition: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.course, self.factory, self.edition = course, factory, edition

    def runtest(self) -> None:
        """Run the course on a new system."""
        from ixastate.rules import load_edition
        from ixastate.testing.adapter import InProcess
        from ixastate.testing.conformance import repeated, run_course

        with InProcess(self.factory) as adapter:
            result = repeated(adapter, run_course(adapter, self.course, load_edition(self.edition)))
        if result.failure is not None:
            raise WrongCourse(result, self.edition)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *args: Any, **kwargs: Any) -> Any:
        """The course in clinical words, and the rule that is broken."""
        if isinstance(excinfo.value, WrongCourse):
            return str(excinfo.value)
        return super().repr_failure(excinfo, *args, **kwargs)

    def reportinfo(self) -> tuple[str, int | None, str]:
        """The heading of a failure."""
        return "ixastate", None, self.name


class WrongCourse(Exception):
    """A course on which a system answered wrongly or not at all."""

    def __init__(self, result: Result, edition: str) -> None:
        from ixastate.rules import load_edition
        from ixastate.testing.reports.report import failing_lines

        super().__init__("\n".join(failing_lines(result, load_edition(edition))))
