"""Field types of the data models: exact numbers, grades, moments and names, and the words for a value that is refused.

A number may come as Python's own, as `Decimal`, or as a scalar of numpy or pandas; it is kept exactly as it is written,
however many digits it has. In JSON it is a number; where that would lose digits on the way through a float, `json_text`
writes all of them, and pydantic's own `model_dump_json` writes a text of digits, which is read back as the number.
Units are no business of this module, nor is what a field is for. It knows no event.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Iterator
from datetime import MAXYEAR, MINYEAR, UTC, datetime, time
from decimal import Decimal
from numbers import Integral, Real
from typing import TYPE_CHECKING, Annotated, Any, get_args

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializationInfo,
    StringConstraints,
    ValidationError,
)

from ixastate.errors import InputError, as_given, near

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass
else:
    # The metaclass has no public name.
    ModelMetaclass = type(BaseModel)

# Fifteen significant digits survive the way through a float unchanged.
FLOAT_DIGITS = 15
# No measurement has more; the limit keeps a wrong file from filling the memory.
MOST_DIGITS = 1_000
LONGEST_NUMBER = 2 * MOST_DIGITS
FIRST_YEAR, LAST_YEAR = 1900, 2200
LAST_DAY = 36_525


# --- Numbers ---------------------------------------------------------------------------------------------------

_PLAIN_NUMBERS = (int, float, Decimal)
_DIGITS = re.compile(r"\d+(\.\d+)?", re.A)
# What stands before a number of many digits until `json_text` has put it in the place of its text; no text has it.
_MARK = "\0"
_MARKED = re.compile(r'"\\u0000([0-9.]+)"')


def _number(value: Any) -> Any:
    """A number as Python's own; those of other libraries register as numbers, so none of them is imported."""
    if type(value) in _PLAIN_NUMBERS or isinstance(value, Decimal):
        return value if type(value) is not int else Decimal(value)  # whatever Python's limit to the digits of an int
    if isinstance(whole(value), int) and not isinstance(value, bool):
        return Decimal(whole(value))
    if isinstance(value, float):
        return float(value)
    if isinstance(value, Real) and not isinstance(value, Integral) and _is_scalar(value):
        # A number of fewer bits is as exact as the text of it.
        return Decimal(str(value))
    if isinstance(value, str) and len(value) <= LONGEST_NUMBER and _DIGITS.fullmatch(value):
        number = Decimal(value)
        if isinstance(plain_number(number), Decimal):  # as model_dump_json writes it
            return number
    raise ValueError("must be a number, without quotes")


def _of_possible_length(value: Decimal) -> Decimal:
    text = str(value)
    if len(text) <= MOST_DIGITS and "E" not in text and value.is_finite():
        return value
    _, digits, exponent = value.as_tuple()
    if len(digits) > MOST_DIGITS or not isinstance(exponent, int) or abs(exponent) > MOST_DIGITS:
        raise ValueError(f"must have at most {MOST_DIGITS} digits")
    return value


def plain_number(value: Decimal) -> int | float | Decimal:
    """A number as an int or a float of the same value, where one of them has it."""
    if value == value.to_integral_value():
        return int(value)
    return float(value) if Decimal(str(float(value))) == value else value


def _json_number(value: Decimal, info: SerializationInfo) -> int | float | str:
    plain = plain_number(value)
    if isinstance(plain, Decimal):
        return f"{_MARK if info.context == MARKED else ''}{plain:f}"
    return plain


# The context of a `model_dump` whose data `json_text` writes.
MARKED = {"numbers": "marked"}


def json_text(data: Any) -> str:
    """JSON of data that a `model_dump(mode="json", context=MARKED)` gave, every number with all of its digits."""
    return _MARKED.sub(r"\1", json.dumps(data, ensure_ascii=False))


def whole(value: Any) -> Any:
    """An integer of another library as Python's own, and anything else as it is."""
    if type(value) is int or isinstance(value, bool) or not isinstance(value, Integral):
        return value
    try:
        return operator.index(value)
    except TypeError:  # a duration of numpy counts as an integer
        return value


def _yes_or_no(value: Any) -> Any:
    """A truth value of another library as Python's own, and anything else as it is."""
    if isinstance(value, bool):
        return value
    plain = value.item() if _is_scalar(value) else value
    return plain if isinstance(plain, bool) else value


def _is_scalar(value: Any) -> bool:
    """Whether a value is a scalar of an array library."""
    return getattr(value, "shape", None) == () and hasattr(value, "item")


Number = Annotated[
    Decimal,
    BeforeValidator(_number),
    Field(allow_inf_nan=False),
    AfterValidator(_of_possible_length),
    PlainSerializer(_json_number, when_used="json"),
]
NotNegative = Annotated[Number, Field(ge=0, lt=1_000_000_000)]
Positive = Annotated[Number, Field(gt=0, lt=1_000_000_000)]
Grade = Annotated[int, Field(strict=True, ge=0, le=5), BeforeValidator(whole)]
BaselineGrade = Annotated[int, Field(strict=True, ge=0, le=2), BeforeValidator(whole)]
YesNo = Annotated[bool, Field(strict=True), BeforeValidator(_yes_or_no)]
TreatmentDay = Annotated[int, Field(strict=True, ge=1, le=LAST_DAY), BeforeValidator(whole)]


# --- Times -----------------------------------------------------------------------------------------------------


_DATE_AND_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]")


def _moment(value: Any) -> Any:
    if getattr(getattr(value, "dtype", None), "kind", "") == "M":
        raise ValueError("must have its offset, which a datetime64 has not: make it pandas.Timestamp(…, tz=…)")
    if not isinstance(value, str | datetime):
        raise ValueError("must be a date and time as text, such as 2026-01-05T08:00:00+01:00")
    if isinstance(value, str):
        if not _DATE_AND_TIME.match(value):
            raise ValueError("must be an ISO 8601 date and time with its offset, such as 2026-01-05T08:00:00+01:00")
        return value
    return value if type(value) is datetime else _plain_datetime(value)


def _plain_datetime(value: datetime) -> datetime:
    """A date and time of another library, such as a pandas Timestamp, as Python's own."""
    try:
        plain = datetime(
            *(value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond),
            tzinfo=value.tzinfo,
            fold=value.fold,
        )
    except (TypeError, ValueError, AttributeError):  # a moment that is missing is one without a year
        raise ValueError("must be a date and time, and none is given") from None
    if getattr(value, "nanosecond", 0):
        raise ValueError("must be given to the microsecond at most")
    return plain


def possible_year(value: datetime) -> datetime:
    """The moment, when it can lie in somebody's treatment; `ValueError` otherwise."""
    if not FIRST_YEAR <= value.year < LAST_YEAR:
        raise ValueError(f"the year must lie between {FIRST_YEAR} and {LAST_YEAR - 1}")
    return value


def _clock_time(value: Any) -> Any:
    if isinstance(value, time) and value == time(value.hour, value.minute):
        return value
    if not (isinstance(value, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value)):
        raise ValueError("must be a clock time of 24 hours as text, such as 08:00")
    return value


def _in_utc(value: datetime) -> datetime:
    # No offset is longer than a day, so that only the first and the last year of all leave the range.
    if not MINYEAR < value.year < MAXYEAR:
        try:
            value.astimezone(UTC)
        except OverflowError:
            raise ValueError(f"the year must lie between {FIRST_YEAR} and {LAST_YEAR - 1}") from None
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_moment), AfterValidator(_in_utc)]
ClockTime = Annotated[
    time,
    BeforeValidator(_clock_time),
    PlainSerializer(lambda value: value.strftime("%H:%M"), when_used="json"),
]


# --- Texts -----------------------------------------------------------------------------------------------------


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("must hold no line breaks or control characters")
    return value


Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_printable)
]


# --- The models ------------------------------------------------------------------------------------------------


class _Checked(ModelMetaclass):
    """The metaclass of the models: a constructor answers a bad value with `InputError`.

    The methods that are pydantic's own (`model_validate` and its like) raise pydantic's `ValidationError`, as whoever
    uses pydantic expects; validation inside pydantic needs it.
    """

    if not TYPE_CHECKING:  # a type checker takes the signature from the fields

        def __call__(cls, *args: Any, **fields: Any) -> Any:
            try:
                return super().__call__(*args, **fields)
            except ValidationError as error:
                raise explain(error, cls.__name__, cls) from None


class Fact(BaseModel, metaclass=_Checked):
    """A frozen value with no room for unknown fields; `InputError` when it is constructed with a bad one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def __repr_args__(self) -> Iterator[tuple[str, Any]]:
        """Only what was given, so that a representation is short and can be typed back."""
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if value != field.default:
                yield name, plain_number(value) if isinstance(value, Decimal) else value


def explain(error: ValidationError, where: str, model: type[BaseModel] | None) -> InputError:
    """The first thing that pydantic found wrong, in plain words with the field and a remedy."""
    problem = error.errors(include_url=False)[0]
    path = [str(part) for part in problem["loc"]]
    field = ".".join(path)
    place = f"{where}: {field}" if field else where
    kind = problem["type"]
    if kind == "missing":
        return InputError(f"the field {path[-1]!r} is missing", where=where, remedy=_expected(model, path))
    if kind == "extra_forbidden":
        names = list(model.model_fields) if model is not None and len(path) == 1 else []
        return InputError(f"there is no field {path[-1]!r} here", where=where, remedy=near(path[-1], names))
    if kind == "union_tag_invalid":
        tag, known = problem["ctx"]["tag"], problem["ctx"]["expected_tags"]
        return InputError(f"there is no type {tag!r}", where=place, remedy=f"one of: {known.replace(chr(39), '')}")
    message = str(problem["ctx"]["error"]) if kind == "value_error" else problem["msg"]
    message = message[0].lower() + message[1:].replace("Input should", "it should")
    message = message.replace("input should", "it should")
    return InputError(message, where=place, remedy=_given(problem["input"]))


def first_words(error: ValueError) -> str:
    """What an error says; of several things that pydantic found wrong the first, with its place and what was given."""
    if not isinstance(error, ValidationError):
        return str(error)
    problem = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in problem["loc"])
    words = f"{problem['msg']} ({_given(problem['input'])})"
    return f"{place}: {words}" if place else words


def _is_long(value: Any) -> bool:
    return type(value) is int and value.bit_length() > MOST_DIGITS


def _expected(model: type[BaseModel] | None, path: list[str]) -> str:
    field = model.model_fields.get(path[-1]) if model is not None and len(path) == 1 else None
    choices = get_args(field.annotation) if field is not None else ()
    if choices and all(isinstance(choice, str) for choice in choices):
        return f"one of: {', '.join(choices)}"
    if field is not None and field.examples:
        return f"such as {', '.join(field.examples)}"
    return f"add it to {path[0]!r}" if len(path) > 1 else "add it"


def _given(value: Any) -> str:
    if isinstance(value, dict):
        names = (name if isinstance(name, str) and name.isprintable() else as_given(name) for name in value)
        return f"given: {', '.join(names) or 'nothing'}"
    # An int of very many digits has a text as a Decimal only.
    shown = as_given(str(Decimal(value)) if isinstance(value, Decimal) or _is_long(value) else value)
    return f"given: {shown if len(shown) <= 60 else shown[:57] + '...'}"
