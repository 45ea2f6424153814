"""Reader of SAS transport files (XPORT), alone or in a ZIP archive, whole or not at all.

No reader of the format notices a file that was cut off, so that is checked here. This module knows which variables a
data set must have, and nothing of their meaning.
"""

from __future__ import annotations

import io
import posixpath
import re
import struct
import zipfile
import zlib
from math import isnan
from pathlib import Path
from typing import Any

from ixastate.errors import InputError, MissingExtra, install_command
from ixastate.fields import MOST_DIGITS

Row = dict[str, str]

# Of each data set: the variables it must have, and those that are read when they are there.
VARIABLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "DM": (("USUBJID", "ARMCD", "RFSTDTC"), ("RFICDTC", "DTHFL", "DTHDTC", "ARMNRS")),
    "LB": (("USUBJID", "LBTESTCD", "LBSTRESN", "LBSTRESU", "LBDTC"), ("LBSTNRHI", "LBSPEC", "LBCAT")),
    "AE": (
        ("USUBJID", "AEDECOD", "AESTDTC"),
        ("AETOXGR", "AESEV", "AEENDTC", "AEOUT", "AEREL", "AEBODSYS", "AESOC", "AESDTH"),
    ),
    "EX": (("USUBJID", "EXSTDTC"), ()),
    "DS": (("USUBJID", "DSDECOD", "DSSTDTC"), ()),
}
COUNTED = ("DM", "LB", "AE")


def read_rows(directory: Path, domain: str) -> list[Row]:
    """The rows of one data set as text, every variable of VARIABLES in each; [] for an absent EX or DS."""
    needed, welcome = VARIABLES[domain]
    where, data = _bytes(directory, domain)
    if data is None:
        return []
    columns = _columns(data, where)
    missing = [name for name in needed if name not in columns]
    if domain == "AE" and not {"AETOXGR", "AESEV"} & columns.keys():
        missing.append("AETOXGR or AESEV")
    if missing:
        remedy = f"needed are {', '.join(needed)}"
        raise InputError(f"{domain} has no variable {missing[0]}", where=where, remedy=remedy)
    rows = len(columns[needed[0]])
    cells = [map(_text, columns[name]) if name in columns else [""] * rows for name in needed + welcome]
    return [dict(zip(needed + welcome, row, strict=True)) for row in zip(*cells, strict=True)]


def _text(cell: str | float | None) -> str:
    if isinstance(cell, str):
        return cell.replace("\0", " ").strip()
    return "" if cell is None or isnan(cell) else format(cell, f".{MOST_DIGITS}g")


def _bytes(directory: Path, domain: str) -> tuple[str, bytes | None]:
    """Where a data set lies, and its transport file; None for an absent EX or DS."""
    name = f"{domain.lower()}.xpt"
    try:
        present = {path.name.lower(): path for path in sorted(directory.iterdir())}
        path = present.get(name) or present.get(f"{domain.lower()}.zip")
        if path is None:
            if domain not in COUNTED:
                return "", None
            remedy = f"put {name} there, or {domain.lower()}.zip with {name} in it"
            raise InputError(f"the directory holds no data set {domain}", where=str(directory), remedy=remedy)
        data = path.read_bytes()
        if path.suffix.lower() == ".xpt":
            return str(path), data
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [member for member in archive.namelist() if posixpath.basename(member.lower()) == name]
            if len(members) != 1:
                what = f"the archive holds {len(members)} files named {name}"
                raise InputError(what, where=str(path), remedy=f"it must hold one {name}")
            return str(path), archive.read(members[0])
    except OSError as error:
        place = str(error.filename or directory)
        remedy = "give a directory with dm.xpt, lb.xpt and ae.xpt"
        raise InputError(f"cannot be read: {error.strerror or error}", where=place, remedy=remedy) from None
    except (zipfile.BadZipFile, RuntimeError, ValueError, struct.error, zlib.error, EOFError) as error:
        what = f"not a ZIP archive that can be read: {str(error) or 'it ends too early'}"
        raise InputError(what, where=str(path), remedy="pack it again, without a password") from None


_MEMBER = re.compile(rb"HEADER RECORD\*{7}MEMB(?:ER|V8) +HEADER RECORD!{7}\d{26}(\d{4})")
_NAMES = re.compile(rb"HEADER RECORD\*{7}NAM(?:ESTR|STV8) +HEADER RECORD!{7}\d{6}(\d{4}).{22}", re.DOTALL)
_ROWS = re.compile(rb"HEADER RECORD\*{7}OBS(?:V8)? +HEADER RECORD!{7}.{32}", re.DOTALL)


def _fault(data: bytes) -> tuple[str, str] | None:
    """What is wrong with a transport file, and the remedy: no reader notices that one was cut off.

    The format (SAS technical note TS-140) states no number of rows: records of 80 bytes hold the rows without a gap
    and the last one is filled up with blanks. So a remainder after the last whole row must be short and blank.
    """
    if not data.startswith(b"HEADER RECORD*******LIB"):
        return "not a SAS transport file", "write it with the XPORT engine of SAS (not PROC CPORT) or a like program"
    member, names, rows = _MEMBER.search(data), _NAMES.search(data), _ROWS.search(data)
    if member is None or names is None or rows is None:
        return "the transport file ends within its header", "copy it again, whole"
    if len(_MEMBER.findall(data)) > 1:
        return "the transport file holds more than one data set", "give each data set a file of its own"
    size = int(member[1])
    starts = range(names.end(), names.end() + size * int(names[1]), size or 1)
    length = sum(int.from_bytes(data[start + 4 : start + 6], "big") for start in starts)
    body = data[rows.end() :]
    rest = body[len(body) - len(body) % length :] if length else body
    if len(body) % 80 or len(rest) >= 80 or rest.strip(b" \0"):
        return "the transport file is cut off within a row", "copy it again, whole"
    return None


def _columns(data: bytes, where: str) -> dict[str, list[Any]]:
    """The variables of a transport file by their names, the values as text, float or None."""
    try:
        import pyreadstat
    except ImportError:
        remedy = install_command("sdtm")
        raise MissingExtra("reading SAS transport files needs the library pyreadstat", remedy=remedy) from None
    fault = _fault(data)
    if fault is not None:
        raise InputError(fault[0], where=where, remedy=fault[1])

    def read(encoding: str) -> dict[str, list[Any]]:
        columns, _ = pyreadstat.read_xport(
            io.BytesIO(data), output_format="dict", encoding=encoding, disable_datetime_conversion=True
        )
        return {str(name).upper(): list(values) for name, values in columns.items()}

    try:
        try:
            return read("UTF-8")
        except UnicodeDecodeError:  # the format does not name its encoding; this one reads every byte
            return read("LATIN1")
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError, OverflowError, OSError) as error:
        raise InputError(f"cannot be read: {error}", where=where, remedy="copy or export the file again") from None
