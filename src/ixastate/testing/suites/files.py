"""Suite files: courses of events with the expected answers, as JSON Lines that any language can run.

The first line is the header, every further line one course. The models here read a file and print its JSON Schema,
which `suite.schema.json` beside this module keeps.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from math import isfinite
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, Field, GetJsonSchemaHandler, TypeAdapter, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from ixastate.chart.chart import build_chart
from ixastate.errors import InputError
from ixastate.events import EVENT, AnyEvent, Fact, explain, parse_event
from ixastate.files import opened, text_of, unmarked, write_whole
from ixastate.rules import EDITIONS, load_edition
from ixastate.table.graph import read
from ixastate.testing.answers import RightAnswer

FORMAT: Literal["ixastate suite 1"] = "ixastate suite 1"
LONGEST_LINE = 10_000_000
Model = TypeVar("Model", bound=BaseModel)


class _EventSchema:
    """The JSON Schema of an event, for a field that keeps the event as it is written.

    `read_suite` checks it with `parse_event`, whose messages name the field; a program is sent what the file has.
    """

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(EVENT.core_schema)


class Header(Fact):
    """The first line of a suite: what it covers, and the rules that it was made of."""

    format: Literal["ixastate suite 1"]
    edition: str
    cover: tuple[str, ...]
    fingerprint: str
    courses: int = Field(ge=0)
    events: int = Field(ge=0)


class TestStep(Fact):
    """One event, the right answer, the rules that decided it, and those on which what is due rests."""

    __test__: ClassVar[bool] = False  # no test of pytest's

    event: Annotated[dict[str, Any], _EventSchema()]
    expected: RightAnswer
    rules: tuple[str, ...]
    schedule: tuple[str, ...]


class TestCourse(Fact):
    """One course of one patient: its id, its name in clinical words, and the targets for which it was selected.

    Before each course a program gets the request {"type": "reset"}.
    """

    __test__: ClassVar[bool] = False  # no test of pytest's

    course: str
    name: str
    covers: tuple[str, ...]
    steps: tuple[TestStep, ...] = Field(min_length=1)

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
        yield from (_line(course) for course in self.courses)


def suite_schema() -> dict[str, Any]:
    """The JSON Schema of one line of a suite: the header, or a course."""
    line: TypeAdapter[Header | TestCourse] = TypeAdapter(Header | TestCourse)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "One line of an ixastate suite",
        "description": "A suite is JSON Lines: the first line is a header, every further line a course.",
        **line.json_schema(),
    }


def schema_text() -> str:
    """The schema as `suite.schema.json` holds it."""
    return json.dumps(suite_schema(), indent=2, ensure_ascii=False) + "\n"


def suite_of(edition: str, cover: tuple[str, ...], courses: list[TestCourse]) -> Suite:
    """These courses with their header."""
    header = Header(
        format=FORMAT,
        edition=edition,
        cover=cover,
        fingerprint=fingerprint(edition),
        courses=len(courses),
        events=sum(len(course.steps) for course in courses),
    )
    return Suite(header=header, courses=tuple(courses))


def fingerprint(edition: str) -> str:
    """The digest of the rules and the chart that a suite's answers come from."""
    return read(build_chart(edition)).fingerprint


def write_suite(path: Path, suite: Suite) -> None:
    """Write a suite, whole or not at all."""
    write_whole(path, "".join(f"{line}\n" for line in suite.lines()).encode())


def read_suite(path: Path) -> Suite:
    """A suite from its file; `InputError` names the line that is wrong, or says that it was made of other rules."""
    where = str(path)
    try:
        with opened(path) as stream:
            lines = enumerate(iter(lambda: stream.readline(LONGEST_LINE), b""), 1)
            raw = [(f"{where}:{number}", line) for number, line in lines if unmarked(line).strip()]
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=where, remedy="name a suite") from None
    remedy = "make one with `ixastate suite -o FILE`"
    if not raw:
        raise InputError("the suite is empty", where=where, remedy=remedy)
    header = _header(*raw[0], where, remedy)
    known = load_edition(header.edition).rules
    courses = tuple(_course(at, line, known) for at, line in raw[1:])
    if len(courses) != header.courses:
        raise InputError(
            f"the header announces {header.courses} courses, and there are {len(courses)}", where=where, remedy=remedy
        )
    return Suite(header=header, courses=courses)


def _header(at: str, line: bytes, where: str, remedy: str) -> Header:
    head = _data(line, at)
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise InputError("not a suite of this version", where=at, remedy=remedy)
    header = _model(Header, head, at)
    if header.edition not in EDITIONS:
        raise InputError(f"there is no edition {header.edition!r}", where=at, remedy=f"one of: {', '.join(EDITIONS)}")
    if header.fingerprint != fingerprint(header.edition):
        raise InputError(
            "the suite was made of other rules or another chart",
            where=where,
            remedy="make it again with `ixastate suite`",
        )
    return header


def _course(at: str, line: bytes, known: Collection[str]) -> TestCourse:
    course = _model(TestCourse, _data(line, at), at)
    for place, step in enumerate(course.steps, 1):
        parse_event(step.event, f"{at}: step {place}")
        unknown = [rule for rule in (*step.rules, *step.schedule) if rule not in known]
        if unknown:
            what = f"{unknown[0]!r} is no rule of the suite's edition"
            raise InputError(what, where=f"{at}: step {place}", remedy="make the suite again with `ixastate suite`")
    return course


def _line(model: BaseModel) -> str:
    return json.dumps(model.model_dump(mode="json"), ensure_ascii=False)


def _data(raw: bytes, where: str) -> Any:
    try:
        data = json.loads(text_of(raw), parse_float=_finite, parse_constant=_finite)
        if b"\\u" in raw:
            # Half of a character can be written so, and stands for no text.
            json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise InputError("it holds half of a character", where=where, remedy="write whole characters") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"not JSON: {error}", where=where, remedy="one JSON object per line") from None
    return data


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(f"{text} is no number")
    return number


def _model(kind: type[Model], data: Any, where: str) -> Model:
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise explain(error, where, kind) from None
