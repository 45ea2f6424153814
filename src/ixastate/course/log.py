"""Log files: JSON Lines of events, of lines that correct or withdraw one, or of records, one per line.

Every line is checked on its own, and an error names the file, the line and the field, and what would be right.
This module knows no course: whether the events belong together is `replay`'s question.
"""

from __future__ import annotations

import json
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeVar

from pydantic import ValidationError

from ixastate.amendments import AnyLine, parse_line
from ixastate.course.log_text import OF_CORRECTIONS as OF_CORRECTIONS
from ixastate.course.log_text import dump as dump
from ixastate.course.record import Record, refuse_newer
from ixastate.errors import InputError
from ixastate.events import AMENDING
from ixastate.fields import explain
from ixastate.files import opened, text_of, unmarked, write_whole

# How many lines are read at once.
BATCH = 100
# A longer line is no event; the limit keeps a wrong file from filling the memory.
LONGEST_LINE = 1_000_000


Item = TypeVar("Item")


class Line(NamedTuple):
    """One line of a log: where it stands, the event or what amends one, and the record when the log is of records.

    `words` are those of the record's status as they were written, which a Record makes anew.
    """

    where: str
    event: AnyLine
    record: Record | None = None
    words: str | None = None


def read_log(path: Path, progress: Callable[[int], object] | None = None) -> Iterator[Line]:
    """The lines of a log file; `InputError` at the first that is not an event or a record.

    `progress` hears of the bytes of each line. Some lines of a file are read before the first of them is handed on; of
    what is no file, such as a pipe, none is.
    """
    try:
        with opened(path) as stream:
            lines = read_stream(stream, str(path), progress)
            yield from in_batches(lines) if path.is_file() else lines
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
        yield read_line(raw, where)
    if empty:
        raise InputError("there is no event in it", where=name, remedy="one JSON object per line, as in examples/")


def in_batches(items: Iterable[Item], number: int = BATCH) -> Iterator[Item]:
    """The same items, so many of which are made before the first of them is handed on.

    Long work of several stages is a third quicker when each stage does its part of many items at a time, since the
    processor keeps what the stage needs at hand. An exception comes after the items before it.
    """
    source = iter(items)
    while True:
        batch: list[Item] = []
        failed: Exception | None = None
        try:
            batch.extend(islice(source, number))
        except Exception as error:
            failed = error
        yield from batch
        if failed is not None:
            raise failed
        if len(batch) < number:
            return


def write_log(path: Path, lines: Iterable[AnyLine | Record]) -> int:
    """Write events or records as JSON Lines, whole or not at all, and return how many."""
    dumped = [dump(line) for line in lines]
    write_whole(path, "".join(f"{line}\n" for line in dumped).encode())
    return len(dumped)


def read_line(raw: bytes, where: str) -> Line:
    """One line of a log, which stands at `where`; `InputError` when it is not an event or a record."""
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
