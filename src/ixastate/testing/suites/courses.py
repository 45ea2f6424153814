"""Courses of events with the right answers. Where two begin alike, the live machine runs the beginning once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from ixastate.events import AnyEvent
from ixastate.rules import load_edition
from ixastate.testing.answers import Expected, Oracle, RightAnswer, as_data
from ixastate.testing.suites.files import TestCourse, TestStep
from ixastate.testing.suites.names import AnsweredCourse, name_of


class Answers:
    """The right answers to courses of one edition."""

    def __init__(self, edition: str) -> None:
        self.edition = load_edition(edition)
        self._past: list[tuple[AnyEvent, Oracle, dict[str, Any], Expected]] = []

    def of(self, events: Sequence[AnyEvent]) -> list[tuple[dict[str, Any], Expected]]:
        """Each event as a JSON object, with the right answer."""
        alike = 0
        while alike < min(len(events), len(self._past)) and events[alike] == self._past[alike][0]:
            alike += 1
        del self._past[alike:]
        for event in events[alike:]:
            oracle = self._past[-1][1].copied() if self._past else Oracle(self.edition.name)
            self._past.append((event, oracle, as_data(event), oracle.observe(event)))
        return [(data, expected) for _, _, data, expected in self._past]

    def course(
        self, course: str, events: Sequence[AnyEvent], covers: tuple[str, ...] = (), name: str = ""
    ) -> TestCourse:
        """A test course of these events; it is named after its last event when no name is given."""
        answered = self.of(events)
        return course_of(course, answered, covers, name or name_of(answered, self.edition))


def course_of(course: str, answered: AnsweredCourse, covers: tuple[str, ...], name: str) -> TestCourse:
    """A test course of events with their right answers."""
    steps = tuple(
        TestStep(
            event=dict(event),
            expected=cast(RightAnswer, expected.answer),
            rules=expected.rules,
            schedule=expected.schedule,
        )
        for event, expected in answered
    )
    return TestCourse(course=course, name=name, covers=covers, steps=steps)
