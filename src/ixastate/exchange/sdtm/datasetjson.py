"""Reader of Dataset-JSON 1.1, as one JSON object (.json) or as JSON lines (.ndjson): the variables of one data set.

Numbers are taken as they are written, digit by digit. Source: CDISC Dataset-JSON 1.1: attributes with `columns` and
`rows`; in the form of lines the first holds the attributes and each other one a row. This module knows nothing of SDTM.
"""

from __future__ import annotations

import io
import json
from decimal import Decimal
from typing import Any

from ixastate.errors import InputError
from ixastate.exchange.sdtm.xport import decode

BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
REMEDY = "write it as Dataset-JSON 1.1, which names its columns and holds one list per row"


class NoDataSet(InputError):
    """A file that is whole and holds no data set."""


def columns(data: bytes, where: str) -> dict[str, list[Any]]:
    """The variables of a .json file by their names in capitals, the values as text, Decimal, bool or None.

    `where` names the file. `InputError` for what cannot be read whole, `NoDataSet` for other JSON.
    """
    found = _parsed(_text(data, where), where)
    if not isinstance(found, dict):
        raise NoDataSet("not a Dataset-JSON", where=where, remedy=REMEDY)
    rows = found.get("rows", [])
    return _checked(found, rows, where)


def columns_of_lines(data: bytes, where: str) -> dict[str, list[Any]]:
    """The same of an .ndjson file."""
    stream = io.StringIO(_text(data, where))  # unlike splitlines, it breaks at the line feeds alone
    first, *lines = [(number, line) for number, line in enumerate(stream, start=1) if line.strip()]
    attributes = _parsed(first[1], f"{where}:{first[0]}")
    if not isinstance(attributes, dict):
        raise NoDataSet("not a Dataset-JSON: the first line holds no attributes", where=where, remedy=REMEDY)
    return _checked(attributes, [_parsed(line, f"{where}:{number}") for number, line in lines], where)


def _text(data: bytes, where: str) -> str:
    text = decode(data)
    text = text[len(BYTE_ORDER_MARK) :] if text[:1] == BYTE_ORDER_MARK else text
    if not text.strip():
        raise InputError("the file is empty", where=where, remedy="copy or export the file again")
    return text


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text, strict=False, parse_float=Decimal, parse_int=Decimal, parse_constant=_not_a_number)
    except (ValueError, ArithmeticError, RecursionError) as error:
        what = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InputError(f"not JSON that can be read: {what}", where=where, remedy="copy it again, whole") from None


def _not_a_number(_: str) -> None:
    """NaN and the infinities, which some programs write: no value."""


def _checked(attributes: dict[str, Any], rows: Any, where: str) -> dict[str, list[Any]]:
    """The columns by name; `InputError` where the parts do not fit together."""
    described = attributes.get("columns")
    if not isinstance(described, list) or "datasetJSONVersion" not in attributes:
        raise NoDataSet("not a Dataset-JSON 1.1", where=where, remedy=REMEDY)
    names = [column.get("name") if isinstance(column, dict) else None for column in described]
    if not all(isinstance(name, str) for name in names) or len({str(name).upper() for name in names}) < len(names):
        raise InputError("its columns do not have one name each", where=where, remedy=REMEDY)
    if not isinstance(rows, list):
        raise InputError("its rows are no list", where=where, remedy=REMEDY)
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, list) or len(row) != len(names):
            raise InputError(f"row {number} does not hold {len(names)} values", where=where, remedy=REMEDY)
        if any(isinstance(cell, dict | list) for cell in row):
            raise InputError(f"row {number} holds more than one value in a cell", where=where, remedy=REMEDY)
    told = attributes.get("records")
    if isinstance(told, Decimal) and told != len(rows):
        what = f"it says {told} records and holds {len(rows)}"
        raise InputError(what, where=where, remedy="copy or export the file again, whole")
    return {str(name).upper(): [row[place] for row in rows] for place, name in enumerate(names)}
