"""How logs are read and written: JSON Lines of events, or of records, one a line.

Every line is checked on its own, and an error names the file, the line and the field, and what would be right.
This module knows no course: whether the events belong together is `replay`'s question.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, get_args

from pydantic import BaseModel, ValidationError

from ixastate.course.course import Record
from ixastate.errors import InputError
from ixastate.events import EVENT, AnyEvent
from ixastate.files import write_whole

KINDS: dict[str, type[BaseModel]] = {
    kind.model_fields["type"].default: kind for kind in get_args(get_args(AnyEvent)[0])
}
# A longer line is no event; the limit keeps a wrong file from filling the memory.
LONGEST_LINE = 1_000_000


@dataclass(frozen=True)
class Line:
    """One line of a log: where it stands, the event, and the record when the log is one of records."""

    where: str
    event: AnyEvent
    record: Record | None = None


def read_log(path: Path) -> Iterator[Line]:
    """The lines of a log file; `InputError` at the first that is not an event or a record."""
    try:
        with path.open("rb") as stream:
            yield from read_stream(stream, str(path))
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(path), remedy="name a log file") from None


def read_stream(stream: BinaryIO, name: str) -> Iterator[Line]:
    """The same from an open binary stream, which the errors call `name`."""
    empty = True
    number = 0
    while raw := stream.readline(LONGEST_LINE + 1):
        number += 1
        where = f"{name}:{number}"
        if len(raw) > LONGEST_LINE:
            raise InputError(f"the line is longer than {LONGEST_LINE} bytes", where=where, remedy="one event a line")
        if not raw.strip():
            continue
        empty = False
        yield _line(raw, where)
    if empty:
        raise InputError("there is no event in it", where=name, remedy="one JSON object a line, as in examples/")


def write_log(path: Path, lines: Iterable[AnyEvent | Record]) -> int:
    """Write events or records as JSON Lines, whole or not at all, and return how many."""
    dumped = [dump(line) for line in lines]
    write_whole(path, "".join(f"{line}\n" for line in dumped).encode())
    return len(dumped)


def dump(line: AnyEvent | Record) -> str:
    """One line of a log. An event leaves out what was not said."""
    if isinstance(line, Record):
        data = line.model_dump(mode="json", exclude={"event"})
        data["event"] = json.loads(dump(line.event))
        ordered = {name: data[name] for name in type(line).model_fields}
        return json.dumps(ordered, ensure_ascii=False)
    return json.dumps({"type": line.type, **line.model_dump(mode="json", exclude_defaults=True)}, ensure_ascii=False)


def parse_event(data: Any, where: str) -> AnyEvent:
    """An event from a JSON value; `InputError` names the field and what would be right."""
    try:
        return EVENT.validate_python(data)
    except ValidationError as error:
        named = data.get("type") if isinstance(data, dict) else None
        kind = KINDS.get(named) if isinstance(named, str) else None
        raise explain(error, where, kind) from None


def _line(raw: bytes, where: str) -> Line:
    data = _json(raw, where)
    if not isinstance(data, dict):
        raise InputError(
            f"a line holds one JSON object, not {_kind_of(data)}",
            where=where,
            remedy='such as {"type": "rash_graded", …}',
        )
    if "event" not in data:
        return Line(where, parse_event(data, where))
    event = parse_event(data["event"], f"{where}: event")
    try:
        record = Record.model_validate({**data, "event": event})
    except (ValidationError, TypeError) as error:
        if isinstance(error, ValidationError):
            raise explain(error, where, Record) from None
        raise InputError(
            f"not a record: {error}", where=where, remedy="a record is a line of `ixastate replay --json`"
        ) from None
    return Line(where, record.event, record)


def _json(raw: bytes, where: str) -> Any:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"byte {error.start + 1} is not UTF-8 text", where=where, remedy="a log is JSON Lines in UTF-8"
        ) from None
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_no_duplicates)
    except json.JSONDecodeError as error:
        if not raw.endswith(b"\n") and _could_go_on(text.rstrip(), error):
            raise InputError("the last line is cut short", where=where, remedy="complete it or take it out") from None
        raise InputError(
            f"not JSON: {error.msg} at column {error.colno}", where=where, remedy="one JSON object a line"
        ) from None
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise InputError(f"not JSON of an event: {error}", where=where, remedy="one flat JSON object a line") from None


def _could_go_on(text: str, error: json.JSONDecodeError) -> bool:
    """Whether what is wrong is only that the text ends: after a mark, in a text, or in true, false or null."""
    rest = text[error.pos :]
    return (
        len(rest) <= 1
        or error.msg.startswith("Unterminated string")
        or any(word.startswith(rest) for word in ("true", "false", "null"))
    )


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in fields:
            raise ValueError(f"the field {name!r} stands twice")
        fields[name] = value
    return fields


def _kind_of(value: Any) -> str:
    kinds = {list: "a list", str: "a text", bool: "true or false", int: "a number", Decimal: "a number"}
    return kinds.get(type(value), "null")


def explain(error: ValidationError, where: str, model: type[BaseModel] | None) -> InputError:
    """The first thing that pydantic found wrong, in plain words with the field and a remedy."""
    problem = error.errors(include_url=False)[0]
    loc = problem["loc"]
    # In front stands the kind by which pydantic told the events apart.
    path = [str(part) for part in (loc[1:] if loc and loc[0] in KINDS else loc)]
    field = ".".join(path)
    place = f"{where}: {field}" if field else where
    kind = problem["type"]
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        given = problem["input"].get("type") if isinstance(problem["input"], dict) else None
        if given is None:
            return InputError("the field 'type' is missing", where=where, remedy=f"one of: {', '.join(KINDS)}")
        return InputError(
            f"{given!r} is no kind of event", where=f"{where}: type", remedy=_nearest(str(given), list(KINDS))
        )
    if kind == "missing":
        return InputError(f"the field {path[-1]!r} is missing", where=where, remedy=_expected(model, path))
    if kind == "extra_forbidden":
        names = list(model.model_fields) if model is not None and len(path) == 1 else []
        return InputError(f"there is no field {path[-1]!r} here", where=where, remedy=_nearest(path[-1], names))
    message = problem["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:].replace("Input should", "it should")
    message = message.replace("input should", "it should")
    return InputError(message, where=place, remedy=_given(problem["input"]))


def _expected(model: type[BaseModel] | None, path: list[str]) -> str:
    field = model.model_fields.get(path[-1]) if model is not None and len(path) == 1 else None
    choices = get_args(field.annotation) if field is not None else ()
    if choices and all(isinstance(choice, str) for choice in choices):
        return f"one of: {', '.join(choices)}"
    return f"add it to {path[0]!r}" if len(path) > 1 else "add it to the line"


def _nearest(given: str, names: list[str]) -> str:
    near = difflib.get_close_matches(given, names, 1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"one of: {', '.join(names)}" if names else "take it out"


def _given(value: Any) -> str:
    if isinstance(value, dict):
        return "the line gives " + (
            ", ".join(name if name.isprintable() else repr(name) for name in map(str, value)) or "nothing"
        )
    shown = repr(str(value) if isinstance(value, Decimal) else value)
    return f"given: {shown if len(shown) <= 60 else shown[:57] + '...'}"
