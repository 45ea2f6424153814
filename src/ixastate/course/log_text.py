"""One line of a log as text: an event, what amends one, or a record, every number with all of its digits.

A log may have millions of lines. So an event of the package's own kinds is written field by field, and the parts of a
record that come again, such as a status, are written once; all else goes through pydantic (`as_data`), and so does
whatever a field may hold that is not expected here. Both give the same text.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time
from decimal import Decimal
from functools import cache
from json.encoder import encode_basestring
from operator import itemgetter
from typing import Any

from pydantic import BaseModel, TypeAdapter

from ixastate.amendments import AnyLine, EventCorrected
from ixastate.course.record import Record
from ixastate.events import KINDS
from ixastate.fields import MARKED, Moment, json_text, plain_number

# The parts of a record that few have.
OF_CORRECTIONS = ("revisions", "impossible", "ties")
# More parts of records, and ends of records, than most logs have; beyond it they are forgotten and written again.
MOST_PARTS, MOST_ENDS = 50_000, 20_000

_OWN_KINDS = frozenset(KINDS.values())


def dump(line: AnyLine | Record) -> str:
    """One line of a log, every number with all of its digits.

    An event leaves out the fields that were not given, a record those of corrections if they are empty.
    """
    try:
        return _record_text(line) if type(line) is Record else _event_text(line)
    except _Unexpected:
        return json_text(as_data(line))


def as_data(line: AnyLine | Record) -> dict[str, Any]:
    """The same as data for `json_text`."""
    if isinstance(line, Record):
        data = {**line.model_dump(mode="json", context=MARKED, exclude={"event"}), "event": as_data(line.event)}
        return {name: data[name] for name in type(line).model_fields if data[name] or name not in OF_CORRECTIONS}
    data = {"type": line.type, **line.model_dump(mode="json", context=MARKED, exclude_defaults=True)}
    return {**data, "event": as_data(line.event)} if isinstance(line, EventCorrected) else data


class _Unexpected(Exception):
    """There is something in a line that is not written here."""


# --- Records ------------------------------------------------------------------------------------------------------


# The parts before the event and after it, in their order.
_BEFORE = ("schema_version", "number", "edition", "patient", "at", "day")
_AFTER = ("symbols", "before", "after", "status", "orders", "rules", "earned")
_before, _after = itemgetter(*_BEFORE), itemgetter(*_AFTER)


def _record_text(record: Record) -> str:
    values = record.__dict__
    version, number, edition, patient, at, day = map(_text, _before(values))
    event, after = _event_text(values["event"]), _after_text(record, _after(values))
    corrections = "".join(
        [f', "{name}": {_part_text(record, name, values[name])}' for name in OF_CORRECTIONS if values[name]]
    )
    return (
        f'{{"schema_version": {version}, "number": {number}, "edition": {edition}, "patient": {patient}, "at": {at}, '
        f'"day": {day}, "event": {event}{after}{corrections}}}'
    )


# What was written, by the identity of what it was written of, which is kept with it, so that no other has the same.
# By identity, since what is equal may still be written otherwise, as 4 and 4.0 are.
_PARTS: dict[tuple[str, int], tuple[Any, str]] = {}
_ENDS: dict[tuple[int, ...], tuple[Any, str]] = {}


def _after_text(record: Record, values: tuple[Any, ...]) -> str:
    key = tuple(map(id, values))
    known = _ENDS.get(key)
    if known is None:
        texts = [f', "{name}": {_part_text(record, name, value)}' for name, value in zip(_AFTER, values, strict=True)]
        known = _kept(_ENDS, key, (values, "".join(texts)), MOST_ENDS)
    return known[1]


def _part_text(record: Record, name: str, value: Any) -> str:
    key = name, id(value)
    known = _PARTS.get(key)
    if known is None:
        text = json_text(record.model_dump(mode="json", context=MARKED, include={name})[name])
        known = _kept(_PARTS, key, (value, text), MOST_PARTS)
    return known[1]


def _kept(known: dict[Any, tuple[Any, str]], key: Any, written: tuple[Any, str], most: int) -> tuple[Any, str]:
    if len(known) >= most:
        known.clear()
    known[key] = written
    return written


# --- Events -------------------------------------------------------------------------------------------------------


def _event_text(event: Any) -> str:
    if type(event) not in _OWN_KINDS:
        return json_text(as_data(event))
    return f'{{"type": "{event.type}"{_fields_text(event)}}}'


def _fields_text(model: BaseModel) -> str:
    """The fields that are not as by default, each after a comma."""
    values = model.__dict__
    return "".join(
        [
            f', "{name}": {_text(value)}'
            for name, default in _defaults(type(model))
            if (value := values[name]) is not default and value != default
        ]
    )


@cache
def _defaults(kind: type[BaseModel]) -> tuple[tuple[str, Any], ...]:
    """The fields of a kind in their order with their defaults; the type of an event stands before them."""
    # A field that must be given has no default, and no value equals this one.
    required = object()
    fields = kind.model_fields.items()
    return tuple((name, required if field.is_required() else field.default) for name, field in fields if name != "type")


# --- Values -------------------------------------------------------------------------------------------------------


def _text(value: Any) -> str:
    """A value as JSON; `_Unexpected` for one of another type than the fields of events have."""
    write = _WRITERS.get(type(value))
    if write is not None:
        return write(value)
    if isinstance(value, BaseModel):
        return f"{{{_fields_text(value)[2:]}}}"
    raise _Unexpected


def _number(value: Decimal) -> str:
    plain = plain_number(value)
    return f"{plain:f}" if isinstance(plain, Decimal) else repr(plain)


def _tuple(values: tuple[Any, ...]) -> str:
    return f"[{', '.join(map(_text, values))}]"


_moment = TypeAdapter(Moment).serializer.to_python
_WRITERS: dict[type, Callable[[Any], str]] = {
    str: encode_basestring,
    bool: lambda value: "true" if value else "false",
    int: repr,
    Decimal: _number,
    datetime: lambda value: f'"{_moment(value, mode="json")}"',
    time: lambda value: f'"{value:%H:%M}"',
    tuple: _tuple,
    type(None): lambda value: "null",
}
