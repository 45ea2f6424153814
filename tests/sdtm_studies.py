"""Small studies for the tests of the SDTM import: their files are written here byte by byte, by no library.

`xpt` writes a SAS transport file of version 5 by the published format (TS-140), so that a text can hold any bytes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from ixastate.events import AnyEvent, Event
from ixastate.exchange.sdtm import read_sdtm
from ixastate.exchange.sdtm.report import ImportReport

Cells = dict[str, Any]
Tables = dict[str, list[Cells]]

DM: Cells = {"DOMAIN": "DM", "USUBJID": "S-1", "ARMCD": "IRD", "RFSTDTC": "2024-03-05", "RFICDTC": "2024-02-20"}
LB: Cells = {
    "DOMAIN": "LB",
    "USUBJID": "S-1",
    "LBTESTCD": "NEUT",
    "LBORRES": "1.5",
    "LBORRESU": "10^9/L",
    "LBSTRESC": "1.5",
    "LBSTRESN": 1.5,
    "LBSTRESU": "10^9/L",
    "LBDTC": "2024-03-12",
}
AE: Cells = {
    "DOMAIN": "AE",
    "USUBJID": "S-1",
    "AETERM": "feeling sick",
    "AEDECOD": "NAUSEA",
    "AETOXGR": "3",
    "AESTDTC": "2024-04-01",
    "AEENDTC": "2024-04-08",
    "AEOUT": "RECOVERED/RESOLVED",
    "AEREL": "PROBABLE",
}
DS: Cells = {"DOMAIN": "DS", "USUBJID": "S-1", "DSDECOD": "COMPLETED", "DSSTDTC": "2024-05-01"}
EX: Cells = {
    "DOMAIN": "EX",
    "USUBJID": "S-1",
    "EXTRT": "IXAZOMIB",
    "EXDOSE": 4.0,
    "EXDOSU": "mg",
    "EXDOSFRQ": "ONCE",
    "EXSTDTC": "2024-03-05",
    "EXENDTC": "2024-03-05",
}


# --- Transport files --------------------------------------------------------------------------------------------


def ibm(number: float | None) -> bytes:
    """A number as IBM floating point of 8 bytes; a missing one is a dot."""
    if number is None:
        return b"." + bytes(7)
    size, exponent = abs(Fraction(number)), 64
    if not size:
        return bytes(8)
    while size >= 1:
        size, exponent = size / 16, exponent + 1
    while size < Fraction(1, 16):
        size, exponent = size * 16, exponent - 1
    return bytes([exponent | (128 if number < 0 else 0)]) + int(size * 2**56).to_bytes(7, "big")


def _padded(data: bytes) -> bytes:
    return data + b" " * (-len(data) % 80)


def _raw(cell: Any) -> bytes:
    return cell if isinstance(cell, bytes) else str("" if cell is None else cell).encode()


def xpt(name: str, rows: list[Cells], *more: str) -> bytes:
    """A transport file of one data set; a column of numbers and None is numeric, any other is text or bytes."""
    names = list(dict.fromkeys([*(name for row in rows for name in row), *more]))
    numeric = {
        column
        for column in names
        if rows and all(row.get(column) is None or isinstance(row[column], float) for row in rows)
    }
    width = {
        column: 8 if column in numeric else max([len(_raw(row.get(column))) for row in rows] + [1]) for column in names
    }
    stamp = b"01JAN24:00:00:00"
    head = b"HEADER RECORD*******%-8sHEADER RECORD!!!!!!!%-30s  "
    out = head % (b"LIBRARY ", b"0" * 30)
    out += b"%-8s%-8s%-8s%-8s%-8s%-24s%-16s" % (b"SAS", b"SAS", b"SASLIB", b"9.4", b"X", b"", stamp) + _padded(stamp)
    out += head % (b"MEMBER  ", b"000000000000000001600000000140") + head % (b"DSCRPTR ", b"0" * 30)
    out += b"%-8s%-8s%-8s%-8s%-8s%-24s%-16s" % (b"SAS", name.encode(), b"SASDATA", b"9.4", b"X", b"", stamp)
    out += _padded(stamp)
    out += head % (b"NAMESTR ", b"000000%04d%020d" % (len(names), 0))
    described, position = b"", 0
    for number, column in enumerate(names, start=1):
        kind = 1 if column in numeric else 2
        described += b"".join(part.to_bytes(2, "big") for part in (kind, 0, width[column], number))
        described += b"%-8s%-40s%-8s" % (column.encode(), column.encode(), b"") + bytes(8) + b" " * 8 + bytes(4)
        described += position.to_bytes(4, "big") + bytes(52)
        position += width[column]
    out += _padded(described) + head % (b"OBS     ", b"0" * 30)
    body = b"".join(
        ibm(row.get(column)) if column in numeric else _raw(row.get(column)).ljust(width[column])
        for row in rows
        for column in names
    )
    return out + _padded(body)


# --- Dataset-JSON -----------------------------------------------------------------------------------------------


def dataset_json(name: str, rows: list[Cells], /, *more: str, **changes: Any) -> Cells:
    """A Dataset-JSON 1.1 as an object; `changes` replaces attributes."""
    names = list(dict.fromkeys([*(name for row in rows for name in row), *more]))
    return {
        "datasetJSONCreationDateTime": "2024-06-01T12:00:00",
        "datasetJSONVersion": "1.1.0",
        "itemGroupOID": f"IG.{name}",
        "name": name,
        "label": name,
        "records": len(rows),
        "columns": [
            {"itemOID": f"IT.{name}.{column}", "name": column, "label": column, "dataType": "string"}
            for column in names
        ],
        "rows": [[row.get(column) for column in names] for row in rows],
    } | changes


def json_lines(name: str, rows: list[Cells], *more: str) -> bytes:
    """The same in lines: the attributes, then a row each."""
    whole = dataset_json(name, rows, *more)
    lines = [{part: value for part, value in whole.items() if part != "rows"}, *whole["rows"]]
    return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines).encode()


# --- Studies ----------------------------------------------------------------------------------------------------

NEEDED = {
    "dm": ("USUBJID", "ARMCD", "RFSTDTC"),
    "lb": ("USUBJID", "LBTESTCD", "LBSTRESN", "LBSTRESU", "LBDTC"),
    "ae": ("USUBJID", "AEDECOD", "AESTDTC", "AETOXGR"),
}


def study(directory: Path, form: str = "xpt", /, **tables: list[Cells]) -> Path:
    """Write a study; DM has one subject and LB and AE no rows unless given. A name such as `lbhm` is a part."""
    given = {name[:2] for name in tables}
    usual: Tables = {"dm": [DM], "lb": [], "ae": []}
    for name, rows in ({name: rows for name, rows in usual.items() if name not in given} | tables).items():
        needed = NEEDED.get(name, ())
        if form == "xpt":
            (directory / f"{name}.xpt").write_bytes(xpt(name.upper(), rows, *needed))
        elif form == "json":
            text = json.dumps(dataset_json(name.upper(), rows, *needed))
            (directory / f"{name}.json").write_text(text, encoding="utf-8")
        else:
            (directory / f"{name}.ndjson").write_bytes(json_lines(name.upper(), rows, *needed))
    return directory


def imported(directory: Path, form: str = "xpt", /, **tables: list[Cells]) -> tuple[list[AnyEvent], ImportReport]:
    """The events and the report of such a study."""
    return read_sdtm(study(directory, form, **tables))


def told(events: Sequence[Event]) -> list[str]:
    """The events but for the starts in a few words each: the day, the kind, and what it states."""
    return [
        " ".join(
            [
                event.at.strftime("%m-%d") if event.at else "",
                str(getattr(event, "type", "")),
                *(
                    f"{name}={value:f}" if name in ("value", "dose_mg") else f"{name}={value}"
                    for name in ("drug", "dose_mg", "comparator", "value", "unit", "term", "grade")
                    if (value := getattr(event, name, None)) is not None
                ),
            ]
        )
        for event in events
        if getattr(event, "type", "") != "course_started"
    ]
