"""Reader of SAS transport files (XPORT): the variables of one data set, whole or not at all.

No reader of the format notices a file that was cut off, so that is checked here. The format does not name the encoding
of its texts either: each one is read as UTF-8, else as Windows code page 1252, else as ISO 8859-1, which has a
character for every byte. This module knows nothing of SDTM.
"""

from __future__ import annotations

import io
import re
from typing import Any

from ixastate.errors import InputError, MissingExtra, install_command

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
    if not int(names[1]):
        return "the transport file holds no variables", "export the data set again, with its variables"
    size = int(member[1])
    starts = range(names.end(), names.end() + size * int(names[1]), size or 1)
    length = sum(int.from_bytes(data[start + 4 : start + 6], "big") for start in starts)
    body = data[rows.end() :]
    rest = body[len(body) - len(body) % length :] if length else body
    if len(body) % 80 or len(rest) >= 80 or rest.strip(b" \0"):
        return "the transport file is cut off within a row", "copy it again, whole"
    return None


def columns(data: bytes, where: str) -> dict[str, list[Any]]:
    """The variables of a transport file by their names in capitals, the values as text, float or None.

    `where` names the file. `InputError` for what cannot be read whole, `MissingExtra` without the library.
    """
    try:
        import pyreadstat
    except ImportError:
        remedy = install_command("sdtm")
        raise MissingExtra("reading SAS transport files needs the library pyreadstat", remedy=remedy) from None
    fault = _fault(data)
    if fault is not None:
        raise InputError(fault[0], where=where, remedy=fault[1])
    try:
        # As ISO 8859-1 each byte becomes one character, from which `_decoded` gets the bytes back.
        found, _ = pyreadstat.read_xport(
            io.BytesIO(data), output_format="dict", encoding="LATIN1", disable_datetime_conversion=True
        )
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError, OverflowError, OSError) as error:
        raise InputError(f"cannot be read: {error}", where=where, remedy="copy or export the file again") from None
    return {str(name).upper(): _decoded(list(cells)) for name, cells in found.items()}


def _decoded(cells: list[Any]) -> list[Any]:
    """The texts of a variable in the encoding that the bytes of each are of; anything else as it is."""
    odd = {cell for cell in set(cells) if isinstance(cell, str) and not cell.isascii()}
    return [decode(cell.encode("latin-1")) if cell in odd else cell for cell in cells] if odd else cells


def decode(raw: bytes) -> str:
    """The text of these bytes: UTF-8, else Windows code page 1252, else ISO 8859-1, which never fails."""
    for encoding in ("utf-8", "cp1252"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")
