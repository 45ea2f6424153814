"""The format of a suite: courses of events with the answers expected, as JSON Lines that any language can run.

The first line is the header, every further line one course. `suite.schema.json` beside this file describes both.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError

from ixastate.chart.chart import build_chart
from ixastate.errors import InputError
from ixastate.events import AnyEvent, Fact, explain, parse_event
from ixastate.files import write_whole
from ixastate.rules import EDITIONS
from ixastate.table.graph import read

FORMAT: Literal["ixastate suite 1"] = "ixastate suite 1"
LONGEST_LINE = 10_000_000
Model = TypeVar("Model", bound=BaseModel)


class Header(Fact):
    """The first line: what the suite covers, and the rules that it was made of."""

    format: Literal["ixastate suite 1"]
    edition: str
    cover: tuple[str, ...]
    fingerprint: str
    courses: int
    events: int


class Step(Fact):
    """One event with the answer expected, the rules that decided it, and those on which what is due rests."""

    event: dict[str, Any]
    expected: dict[str, Any]
    rules: tuple[str, ...]
    schedule: tuple[str, ...] = ()


class TestCourse(Fact):
    """One course: its id, its name in clinical words, and what it was chosen for."""

    course: str
    name: str
    covers: tuple[str, ...]
    steps: tuple[Step, ...] = Field(min_length=1)

    def events(self) -> list[AnyEvent]:
        """The course as events."""
        return [parse_event(step.event) for step in self.steps]


class Suite(Fact):
    """A header and its courses."""

    header: Header
    courses: tuple[TestCourse, ...]

    def lines(self) -> Iterator[str]:
        """The lines of its file."""
        yield _line(self.header)
        yield from (_line(test) for test in self.courses)


def suite_of(edition: str, cover: tuple[str, ...], courses: list[TestCourse]) -> Suite:
    """These courses with their header."""
    events = sum(len(test.steps) for test in courses)
    header = Header(
        format=FORMAT,
        edition=edition,
        cover=cover,
        fingerprint=fingerprint(edition),
        courses=len(courses),
        events=events,
    )
    return Suite(header=header, courses=tuple(courses))


def fingerprint(edition: str) -> str:
    """The digest of the rules and the chart that a suite's answers come from."""
    return read(build_chart(edition)).fingerprint


def write_suite(path: Path, suite: Suite) -> None:
    """Write a suite, whole or not at all."""
    write_whole(path, "".join(f"{line}\n" for line in suite.lines()).encode())


def read_suite(path: Path) -> Suite:
    """A suite from its file; `InputError` names the line that is none, or says that it was made of other rules."""
    where = str(path)
    try:
        with path.open("rb") as stream:
            raw = [line for line in iter(lambda: stream.readline(LONGEST_LINE), b"") if line.strip()]
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=where, remedy="name a suite") from None
    remedy = "make one with `ixastate suite -o FILE`"
    if not raw:
        raise InputError("there is nothing in it", where=where, remedy=remedy)
    head = _data(raw[0], f"{where}:1")
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise InputError("not a suite of this version", where=f"{where}:1", remedy=remedy)
    header = _model(Header, head, f"{where}:1")
    if header.edition not in EDITIONS:
        raise InputError(
            f"there is no edition {header.edition!r}", where=f"{where}:1", remedy=f"one of: {', '.join(EDITIONS)}"
        )
    if header.fingerprint != fingerprint(header.edition):
        raise InputError(
            "the suite was made of other rules or another chart", where=where, remedy="make it anew: `ixastate suite`"
        )
    courses = []
    for number, line in enumerate(raw[1:], 2):
        at = f"{where}:{number}"
        test = _model(TestCourse, _data(line, at), at)
        for place, step in enumerate(test.steps, 1):
            parse_event(step.event, f"{at}: step {place}")
        courses.append(test)
    if len(courses) != header.courses:
        raise InputError(
            f"its header tells of {header.courses} courses, and it has {len(courses)}", where=where, remedy=remedy
        )
    return Suite(header=header, courses=tuple(courses))


def _line(model: BaseModel) -> str:
    return json.dumps(model.model_dump(mode="json"), ensure_ascii=False)


def _data(raw: bytes, where: str) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise InputError(f"not JSON: {error}", where=where, remedy="one JSON object a line") from None


def _model(kind: type[Model], data: Any, where: str) -> Model:
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise explain(error, where, kind) from None
