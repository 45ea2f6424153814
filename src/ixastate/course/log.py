"""Log files: JSON Lines of events, of lines that correct or withdraw one, or of records, one per line.

Every line is checked on its own, and an error names the file, the line and the field, and what would be right.
This module knows no course: whether the events belong together is `replay`'s question.
"""

from __future__ import annotations

import json
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import ValidationError

from ixastate.amendments import AnyLine, EventCorrected, parse_line
from ixastate.course.record import Record, refuse_newer
from ixastate.errors import InputError
from ixastate.events import AMENDING
from ixastate.fields import MARKED, explain, json_text
from ixastate.files import opened, text_of, unmarked, write_whole

# A longer line is no event; the limit keeps a wrong file from filling the memory.
LONGEST_LINE = 1_000_000
# The parts of a record that few have.
OF_CORRECTIONS = ("revisions", "impossible", "ties")


@dataclass(frozen=True)
class Line:
    """One line of a log: where it stands, the event or what amends one, and the record when the log is of records.

    `words` are those of the record's status as they were written, which a Record makes anew.
    """

    where: str
    event: AnyLine
    record: Record | None = None
    words: str | None = None


def read_log(path: Path, progress: Callable[[int], object] | None = None) -> Iterator[Line]:
    """The lines of a log file; `InputError` at the first that is not an event or a record.

    `progress` hears of the bytes of each line.
    """
    try:
        with opened(path) as stream:
            yield from read_stream(stream, str(path), progress)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(path), remedy="name a log file") from None


def read_stream(stream: BinaryIO, name: str, progress: Callable[[int], object] | None = None) -> Iterator[Line]:
    """The same from an open binary stream, which the errors call `name`."""
    empty = True
    number = 0
    while raw := stream.readline(LONGEST_LINE + 1):
        number += 1
        where = f"{name}:{number}"
        if progress is not None:
            progress(len(raw))
        if len(raw) > LONGEST_LINE:
            raise InputError(f"the line is longer than {LONGEST_LINE} bytes", where=where, remedy="one event per line")
        if not unmarked(raw).strip():
            continue
        empty = False
        yield _line(raw, where)
    if empty:
        raise InputError("there is no event in it", where=name, remedy="one JSON object per line, as in examples/")


def write_log(path: Path, lines: Iterable[AnyLine | Record]) -> int:
    """Write events or records as JSON Lines, whole or not at all, and return how many."""
    dumped = [dump(line) for line in lines]
    write_whole(path, "".join(f"{line}\n" for line in dumped).encode())
    return len(dumped)


def dump(line: AnyLine | Record) -> str:
    """One line of a log, every number with all of its digits.

    An event leaves out the fields that were not given, a record those of corrections if they are empty.
    """
    return json_text(_as_data(line))


def _as_data(line: AnyLine | Record) -> dict[str, Any]:
    if isinstance(line, Record):
        data = {**line.model_dump(mode="json", context=MARKED, exclude={"event"}), "event": _as_data(line.event)}
        return {name: data[name] for name in type(line).model_fields if data[name] or name not in OF_CORRECTIONS}
    data = {"type": line.type, **line.model_dump(mode="json", context=MARKED, exclude_defaults=True)}
    return {**data, "event": _as_data(line.event)} if isinstance(line, EventCorrected) else data


def _line(raw: bytes, where: str) -> Line:
    data = _json(raw, where)
    if not isinstance(data, dict):
        raise InputError(
            f"a line holds one JSON object, not {_kind_of(data)}",
            where=where,
            remedy='such as {"type": "rash_graded", …}',
        )
    if "event" not in data or data.get("type") in AMENDING:
        return Line(where, parse_line(data, where))
    refuse_newer(data, where)
    event = parse_line(data["event"], f"{where}: event")
    try:
        record = Record.model_validate({**data, "event": event})
    except (ValidationError, TypeError) as error:
        if isinstance(error, ValidationError):
            raise explain(error, where, Record) from None
        raise InputError(
            f"not a record: {error}", where=where, remedy="a record is a line of `ixastate replay --json`"
        ) from None
    return Line(where, record.event, record, data["status"].get("words"))


def _json(raw: bytes, where: str) -> Any:
    try:
        text = text_of(raw)
    except UnicodeDecodeError as error:
        wide = raw[:2] in (BOM_UTF16_LE, BOM_UTF16_BE)
        remedy = "it is UTF-16; save it as UTF-8" if wide else "a log is JSON Lines in UTF-8"
        raise InputError(f"byte {error.start + 1} is not UTF-8 text", where=where, remedy=remedy) from None
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        if raw[-1:] != b"\n" and _could_go_on(text.rstrip(), error):
            raise InputError("the last line is cut short", where=where, remedy="complete it or take it out") from None
        raise InputError(
            f"not JSON: {error.msg} at column {error.colno}", where=where, remedy="one JSON object per line"
        ) from None
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise InputError(f"not JSON of an event: {error}", where=where, remedy="one flat JSON object") from None


def _could_go_on(text: str, error: json.JSONDecodeError) -> bool:
    """Whether what is wrong is only that the text ends: after a mark, in a text, or in true, false or null."""
    rest = text[error.pos :]
    return (
        len(rest) <= 1
        or "Unterminated string" in error.msg
        or any(word[: len(rest)] == rest for word in ("true", "false", "null"))
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


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_no_duplicates)


def _kind_of(value: Any) -> str:
    kinds = {list: "a list", str: "a text", bool: "true or false", int: "a number", Decimal: "a number"}
    return kinds.get(type(value), "null")
