"""The files of a study's folder: which of them hold a data set, whole or in parts, and the rows in them.

A data set is a file by its name, or several where it was split (`lbch.xpt` and `lbhm.xpt` for LB; the DOMAIN of the
rows decides), each a SAS transport file, a Dataset-JSON file, or a ZIP archive that holds one. This module knows which
variables a data set must have, and nothing of their meaning.
"""

from __future__ import annotations

import io
import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from math import isnan
from pathlib import Path
from typing import Any

from ixastate.errors import InputError
from ixastate.exchange.sdtm import datasetjson, xport
from ixastate.exchange.sdtm.datasetjson import NoDataSet
from ixastate.fields import FLOAT_DIGITS

Row = dict[str, str]
Columns = dict[str, list[Any]]

READERS: dict[str, Callable[[bytes, str], Columns]] = {
    ".xpt": xport.columns,
    ".json": datasetjson.columns,
    ".ndjson": datasetjson.columns_of_lines,
}
# A data set of a gigabyte takes ten in memory as rows of text, and a small archive may hold a much larger one.
MOST_UNPACKED = 1_000_000_000
# The ways of packing of which no more is unpacked than is asked for.
PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# Where a data set lies in several forms the first of these is read.
FORMS = (".xpt", ".zip", ".json", ".ndjson")


@dataclass(frozen=True)
class Shape:
    """The variables of a data set: of each group of `needed` one must be there; `welcome` ones are read too.

    `counted`: the folder must hold it. `split`: it may lie in parts.
    """

    needed: tuple[tuple[str, ...], ...]
    welcome: tuple[str, ...] = ()
    counted: bool = False
    split: bool = True

    @property
    def variables(self) -> tuple[str, ...]:
        """All that are read."""
        return (*(name for group in self.needed for name in group), *self.welcome)


SHAPES: dict[str, Shape] = {
    "DM": Shape(
        (("USUBJID",), ("ARMCD",), ("RFSTDTC",)),
        ("RFICDTC", "DTHFL", "DTHDTC", "ARMNRS", "SPECIES"),
        counted=True,
        split=False,
    ),
    "LB": Shape(
        (("USUBJID",), ("LBTESTCD",), ("LBSTRESN", "LBSTRESC", "LBORRES"), ("LBSTRESU", "LBORRESU"), ("LBDTC",)),
        ("LBSEQ", "LBTEST", "LBSTAT", "LBSTNRHI", "LBORNRHI", "LBSPEC", "LBCAT"),
        counted=True,
    ),
    "AE": Shape(
        (("USUBJID",), ("AEDECOD", "AETERM"), ("AESTDTC",), ("AETOXGR", "AESEV")),
        ("AESEQ", "AEENDTC", "AEOUT", "AEREL", "AEBODSYS", "AESOC", "AESDTH", "AEOCCUR"),
        counted=True,
    ),
    "DS": Shape((("USUBJID",), ("DSDECOD", "DSTERM"), ("DSSTDTC",)), ("DSSEQ",)),
    "EX": Shape(
        (("USUBJID",), ("EXSTDTC",)),
        ("EXSEQ", "EXTRT", "EXDOSE", "EXDOSU", "EXDOSFRQ", "EXENDTC", "EXOCCUR"),
    ),
    "TS": Shape((), ("TSPARMCD", "TSVAL"), split=False),
}
_SUPPLEMENT = re.compile(r"(?:supp|sq)[a-z0-9]{2,4}")


@dataclass
class DataSet:
    """The rows of a data set as text, every variable of its shape in each; `columns` are those that there are."""

    rows: list[Row] = field(default_factory=list)
    columns: frozenset[str] = frozenset()
    files: tuple[str, ...] = ()


class Folder:
    """The files of a folder by their names; `notes` says which of them were passed over."""

    def __init__(self, directory: Path) -> None:
        self.where = str(directory)
        self.notes: list[str] = []
        # The file of each name in small letters, by its ending.
        self._files: dict[str, dict[str, Path]] = {}
        try:
            present = sorted(directory.iterdir())
        except (OSError, ValueError) as error:
            raise _unreadable(error, self.where) from None
        for path in present:
            self._files.setdefault(path.stem.lower(), {}).setdefault(path.suffix.lower(), path)
        self.notes += [
            f"{path.name}: supplemental qualifiers are not read"
            for name, forms in self._files.items()
            if _SUPPLEMENT.fullmatch(name)
            for path in forms.values()
        ]

    def read(self, domain: str) -> DataSet:
        """One data set, an empty one where the folder needs not hold it; `InputError` when it cannot be read whole."""
        shape = SHAPES[domain]
        found = DataSet()
        for name in self._names(domain):
            part = self._part(domain, name)
            if part is not None:
                where, columns = part
                rows = _rows(domain, columns, where)
                found = DataSet(found.rows + rows, found.columns | columns.keys(), (*found.files, where))
        if not found.files and shape.counted:
            whole = domain.lower()
            remedy = f"put {whole}.xpt or {whole}.json there, or {whole}.zip with {whole}.xpt in it"
            raise InputError(f"the directory holds no data set {domain}", where=self.where, remedy=remedy)
        return found

    def _names(self, domain: str) -> list[str]:
        """The names of the files that may hold a data set: its own, and some letters more for a part of it."""
        pattern = re.compile(rf"{domain.lower()}(?:[a-z0-9_-]{{1,6}})?" if SHAPES[domain].split else domain.lower())
        return [name for name, forms in self._files.items() if pattern.fullmatch(name) and forms.keys() & {*FORMS}]

    def _part(self, domain: str, name: str) -> tuple[str, Columns] | None:
        """Where one file of a data set lies, and its columns; None where a name like a part's holds something else."""
        forms = [self._files[name][form] for form in FORMS if form in self._files[name]]
        path, is_part = forms[0], name != domain.lower()
        self.notes += [f"{other.name}: not read, since {path.name} is" for other in forms[1:]]
        try:
            where, columns = _read(path)
        except NoDataSet:
            if not is_part:
                raise
        else:
            if not is_part or _is_of(domain, columns):
                return where, columns
        self.notes.append(f"{path.name}: not a part of {domain}")
        return None


def _is_of(domain: str, columns: Columns) -> bool:
    """True for columns of a data set by their DOMAIN or, where that is not there, by the variables that it needs."""
    if "DOMAIN" in columns:
        return {str(cell or "").strip().upper() for cell in columns["DOMAIN"]} <= {domain}
    return all(columns.keys() & {*group} for group in SHAPES[domain].needed)


def _rows(domain: str, columns: Columns, where: str) -> list[Row]:
    """The rows of a file as text; `InputError` names a variable that is missing."""
    shape = SHAPES[domain]
    for group in shape.needed:
        if not columns.keys() & {*group}:
            remedy = f"needed are {', '.join(' or '.join(names) for names in shape.needed)}"
            raise InputError(f"{domain} has no variable {' or '.join(group)}", where=where, remedy=remedy)
    names = shape.variables
    length = max(map(len, columns.values()), default=0)
    cells = [_texts(columns[name]) if name in columns else [""] * length for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*cells, strict=True)]


def _texts(cells: list[Any]) -> list[str]:
    """The cells of a variable as text; each value that recurs is looked at once."""
    if len(set(map(type, cells)) - {type(None)}) > 1:
        return [_text(cell) for cell in cells]
    known = {cell: _text(cell) for cell in set(cells)}
    return [known[cell] for cell in cells]


def _text(cell: str | float | bool | Decimal | None) -> str:
    """A cell as text; a character that cannot be printed is a blank."""
    if isinstance(cell, str):
        if not cell.isprintable():
            cell = "".join(sign if sign.isprintable() else " " for sign in cell)
        return cell.strip()
    if isinstance(cell, float):
        return "" if isnan(cell) else format(cell, f".{FLOAT_DIGITS}g")
    if isinstance(cell, bool):
        return "Y" if cell else "N"
    return "" if cell is None else str(cell)


def _read(path: Path) -> tuple[str, Columns]:
    """Where a file's data lie, and the columns."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _unreadable(error, str(path)) from None
    if path.suffix.lower() != ".zip":
        return str(path), READERS[path.suffix.lower()](data, str(path))
    name = path.stem.lower()
    wanted = {f"{name}{form}" for form in READERS}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [one for one in archive.infolist() if posixpath.basename(one.filename.lower()) in wanted]
            if len(members) != 1:
                what = f"the archive holds {len(members)} files named {name}.xpt or {name}.json"
                refusal = InputError if members else NoDataSet
                raise refusal(what, where=str(path), remedy=f"it must hold one, such as {name}.xpt")
            if members[0].file_size > MOST_UNPACKED:
                what = f"{members[0].filename} has {members[0].file_size:,} bytes when it is unpacked"
                remedy = f"at most {MOST_UNPACKED:,} are unpacked; split the data set into parts"
                raise InputError(what, where=str(path), remedy=remedy)
            if members[0].compress_type not in PACKINGS:
                what = f"{members[0].filename} is packed in a way that is not read"
                raise InputError(what, where=str(path), remedy="pack it again in the usual way, which is Deflate")
            member = Path(members[0].filename)
            with archive.open(members[0]) as packed:
                # No more is unpacked than the archive says, and what is cut off fails its checksum.
                content = packed.read(members[0].file_size + 1)
    except (zipfile.BadZipFile, RuntimeError, ValueError, OSError, EOFError, struct.error, zlib.error) as error:
        what = f"not a ZIP archive that can be read: {str(error) or 'it ends too early'}"
        raise InputError(what, where=str(path), remedy="pack it again, without a password") from None
    return str(path), READERS[member.suffix.lower()](content, str(path))


def _unreadable(error: OSError | ValueError, where: str) -> InputError:
    remedy = "give a directory with dm, lb and ae, as .xpt or .json files"
    reason, name = getattr(error, "strerror", None) or error, getattr(error, "filename", None) or where
    return InputError(f"cannot be read: {reason}", where=str(name), remedy=remedy)
