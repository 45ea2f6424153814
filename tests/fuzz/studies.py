"""The door of other people's data: a folder with the data sets of a study in each of their forms."""

from __future__ import annotations

import copy
import io
import json
import re
import shutil
import tempfile
import zipfile
from datetime import UTC
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from ixastate.course.log import read_log, write_log
from ixastate.exchange.sdtm import compare_doses, read_sdtm
from tests import sdtm_studies as small
from tests.fuzz import mutate
from tests.fuzz.run import Door

Files = dict[str, bytes]
CELLS: dict[str, tuple[Any, ...]] = {
    "DTC": (
        *(
            "",
            "2024-03-12",
            "2024-03",
            "2024",
            "2024-02-30",
            "2024-03-05T08:00",
            "2024-03-05T24:00",
            "2024-03-05T25:00",
        ),
        *("2024---05", "--03-05", "2024-03-05/2024-03-09", "2024-03-05T-:30", "2024-03-05T08:00+14:00", "0001-01-01"),
        *(
            "9999-12-31T23:59:59-23:59",
            "1900-01-01",
            "2199-12-31",
            "2024-03-05T08:00Z",
            "٢٠٢٤-03-05",
            "2024-03-31T02:30",
            "/",
        ),
        *(
            "2024-03-05T08:60",
            "2024-03-05T08:00+99:99",
            "2024-03-05T08:00:00.000000001",
            "2024-03-05 08:00",
            "UNK",
            "T08:00",
        ),
    ),
    "USUBJID": (
        "S-1",
        "S-2",
        "s-1",
        " S-1",
        "",
        "S\x1b-1",
        "S\xa01",
        "é" * 150,
        "x" * 201,
        "S-1\0",
        b"\xff\xfe",
        "\u202eS",
    ),
    "TESTCD": ("NEUT", "PLAT", "BILI", "CREATCLR", "neut", "ANC", "", "XX", "NEUTLE"),
    "STRESN": (1.5, 0.0, -1.0, None, 1e300, 1e-70, 0.1 + 0.2, 2e9, 499.99999999999994),
    "STRESC": (
        "1.5",
        "<0.1",
        ">= 20",
        "≤0,1",
        "NaN",
        "1e5",
        "1e999",
        "1E+5000",
        "9" * 3000,
        "",
        "NEGATIVE",
        "<",
        "<<1",
        "٣",
        "½",
    ),
    "RESU": ("10^9/L", "/mm3", "mg/dL", "umol/L", "mL/min", "", "x" * 60, "10^9/l", "µmol/L", "%"),
    "NRHI": ("21", "1.2", "0", "-1", "", "x", "1e400", 21.0, None),
    "TOXGR": ("3", "0", "5", "6", "-1", "GRADE 3", "3.0", "", "٣", "²", "NaN", 3.0, "SEVERE"),
    "DOSE": (4.0, 0.0, -4.0, 1e300, None, 2.3, 25.0, 40.0),
    "FRQ": ("ONCE", "QD", "Q1W", "", "Q999999999W", "PRN", "BID", "Q0D", "EVERY WEEK"),
    "TRT": ("IXAZOMIB", "LENALIDOMIDE", "DEXAMETHASONE", "PLACEBO", "", "x" * 300, "IXAZOMIB\x1b"),
    "DECOD": (
        "NAUSEA",
        "RASH",
        "PERIPHERAL NEUROPATHY",
        "DEATH",
        "WITHDRAWAL BY SUBJECT",
        "",
        "x" * 300,
        "\x1b[31m",
        "ı",
    ),
    "SEQ": (1.0, 2.0, 1.0, None, 1e300, -1.0, "a", "1", "9" * 400),
}


def _cell(rng: Random, name: str) -> Any:
    for ending, cells in CELLS.items():
        if name.endswith(ending):
            return rng.choice(cells)
    return rng.choice(
        ("", "Y", "N", "U", "x", None, rng.choice(mutate.CHARACTERS), rng.choice(mutate.TEXTS[:14]), b"\xe9")
    )


def _rows(rng: Random, domain: str) -> list[small.Cells]:
    first: small.Cells = {"DM": small.DM, "LB": small.LB, "AE": small.AE, "DS": small.DS, "EX": small.EX}[domain]
    rows = [dict(first) for _ in range(rng.choice((0, 1, 1, 2, 4) if domain != "DM" else (1, 1, 1, 2)))]
    for row in rows:
        for name in rng.sample(list(row), k=rng.choice((0, 1, 1, 2, 3))):
            row[name] = _cell(rng, name)
        if rng.random() < 0.2:
            row[
                rng.choice(
                    (f"{domain}SEQ", f"{domain}STAT", "LBSTNRHI", "AESER", "AESDTH", "DTHDTC", "DTHFL", "EXOCCUR")
                )
            ] = _cell(rng, "SEQ" if rng.random() < 0.5 else "Y")
    if domain == "DM" and rng.random() < 0.7:
        rows[0] = dict(first)
    return rows


def _as_json_cells(rows: list[small.Cells]) -> list[small.Cells]:
    return [
        {name: cell.decode("latin-1") if isinstance(cell, bytes) else cell for name, cell in row.items()}
        for row in rows
    ]


def _xpt(name: str, rows: list[small.Cells]) -> bytes:
    """A transport file; a text of more than the format's bytes is cut."""
    cut = [{name: _cut(cell) for name, cell in row.items()} for row in rows]
    return small.xpt(name.upper(), cut, *small.NEEDED.get(name[:2], ()))


def _cut(cell: Any) -> Any:
    if isinstance(cell, float):
        return min(max(cell, -1e70), 1e70)
    return cell.encode("utf-8", "surrogatepass")[:200] if isinstance(cell, str) else cell


def study(rng: Random) -> tuple[Files, str]:
    """The files of a study, some of them broken, and the time zone."""
    files: Files = {}
    form = rng.choice(("xpt", "xpt", "json", "ndjson"))
    for domain in ("DM", "LB", "AE", *rng.choice(((), ("EX",), ("DS",), ("DS", "EX")))):
        name, rows = domain.lower(), _rows(rng, domain)
        its = form if rng.random() < 0.9 else rng.choice(("xpt", "json", "ndjson", "zip"))
        if its in ("xpt", "zip"):
            content = _xpt(name, rows)
            if rng.random() < 0.06:
                content = mutate.broken_bytes(rng, content)
            elif rng.random() < 0.06:
                # A record of the header, where a flipped bit says most.
                at = rng.randrange(min(len(content), 1200))
                content = content[:at] + rng.choice((b"\0", b"\xff", b"9", b" ", b"-1")) + content[at + 1 :]
        else:
            whole: Any = small.dataset_json(domain, _as_json_cells(rows), *small.NEEDED.get(name, ()))
            if rng.random() < 0.12:
                whole = mutate.value(rng, copy.deepcopy(whole), [whole])
            if its == "json" or not isinstance(whole, dict):
                text = mutate.as_json(rng, whole)
            else:
                rows = whole.get("rows")
                rows = rows if isinstance(rows, list) else [rows]
                lines = [{part: value for part, value in whole.items() if part != "rows"}, *rows]
                text = "\n".join(mutate.as_json(rng, line) for line in lines)
                if rng.random() < 0.1:
                    text = "\n".join(mutate.lines(rng, text.split("\n"), text.split("\n")))
            content = text.encode("utf-8", "surrogatepass")
            if rng.random() < 0.06:
                content = mutate.broken_bytes(rng, content)
        if its == "zip":
            packed = io.BytesIO()
            with zipfile.ZipFile(
                packed, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2))
            ) as archive:
                archive.writestr(rng.choice((f"{name}.xpt", f"a/{name.upper()}.XPT", f"../{name}.xpt", "x")), content)
            content = packed.getvalue()
            if rng.random() < 0.7:
                content = mutate.broken_bytes(rng, content)
        files[f"{name}{rng.choice(('', '', '', '', '', '1', 'hm', '-x'))}.{its}"] = content
    if rng.random() < 0.05:
        ts = [
            {"DOMAIN": "TS", "TSPARMCD": "SPECIES", "TSVAL": rng.choice(("HUMAN", "RAT", "", "\x1b[31m", "x" * 5000))}
        ]
        files["ts.json"] = json.dumps(small.dataset_json("TS", ts)).encode()
    zone = (
        "UTC"
        if rng.random() < 0.6
        else rng.choice(("Europe/Berlin", "America/New_York", "Pacific/Apia", "right/UTC", "x\0", "..", ""))
    )
    return files, zone


@cache
def folder() -> Path:
    """A folder of this process for the files of one input."""
    import atexit

    made = Path(tempfile.mkdtemp(prefix="fuzz-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def imported(given: tuple[Files, str]) -> None:
    """The events of a study: each row is accounted for, and the log is written and read as the same."""
    files, zone = given
    place = folder() / "study"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for name, content in files.items():
        (place / name).write_bytes(content)
    events, report = read_sdtm(place, timezone=zone)
    counted = sum(report.used.values()) + sum(report.left_out.values())
    assert counted >= sum(report.read.values()) or not events, "a row is not accounted for"
    text = "\n".join(report.lines())
    assert all(line.isprintable() for line in text.split("\n")), f"the report cannot be printed: {text!r}"
    if not events:
        return
    log = folder() / "log.jsonl"
    write_log(log, events)
    assert [line.event for line in read_log(log)] == events, "the log is read as another"
    assert all(event.at is not None and event.at.astimezone(UTC) for event in events)
    compared = "\n".join(compare_doses(events, report.others, "dosing-text").lines())
    assert all(line.isprintable() for line in compared.split("\n")), f"the comparison cannot be printed: {compared!r}"
    assert re.search("[A-Z]", text)


DOORS = [Door("study", 7, study, imported)]
