"""What a cohort makes of a machine, kept on disk beside its table, so that it is not made by every run anew.

A file is named after the edition, the fingerprint of its rules and chart, and a digest of the whole package: whatever
changes, it is made anew. It holds arrays in numpy's own format, with a digest over them, and no pickled objects. One
that is missing, damaged or of something else is made anew; where nothing can be written it is made in memory.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ixastate.caches import digest
from ixastate.errors import OutputError
from ixastate.files import write_whole
from ixastate.table.graph import Graph
from ixastate.table.kept import folder

Arrays = dict[str, NDArray[Any]]
MAGIC = b"ixastate arrays 1\n"
# What of the package decides what it makes: its code and its data.
SUFFIXES = (".py", ".toml")


def kept(what: str, of: Graph, make: Callable[[], Mapping[str, Any]]) -> Arrays:
    """Arrays by name that follow from a graph and the package alone, as they are kept or made now and kept."""
    file = place(what, of)
    origin = f"{what} {of.edition.name} {of.fingerprint} {_package()}\n".encode()
    if file is not None:
        with suppress(OSError, ValueError, EOFError, zipfile.BadZipFile):
            return _read(file.read_bytes(), origin)
    made = {name: np.asarray(value) for name, value in make().items()}
    if file is not None:
        # Where it cannot be kept it is made again the next time.
        with suppress(OSError, OutputError):
            file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(file, _written(made, origin))
    return made


def place(what: str, of: Graph) -> Path | None:
    """The file in which it is kept; None where there is no folder, or the package's files cannot be read."""
    kept_in, package = folder(), _package()
    if kept_in is None or package is None:
        return None
    return kept_in / f"{of.edition.name}-{of.fingerprint[:16]}-{package}-{what}.arrays"


def _written(made: Arrays, origin: bytes) -> bytes:
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **made)
    body = origin + content.getvalue()
    return MAGIC + hashlib.sha256(body).digest() + body


def _read(content: bytes, origin: bytes) -> Arrays:
    """The arrays of a file's content; `ValueError` when it is damaged or of another origin."""
    head = len(MAGIC) + hashlib.sha256().digest_size
    body = content[head:]
    if content[:head] != MAGIC + hashlib.sha256(body).digest() or body[: len(origin)] != origin:
        raise ValueError("it is damaged, or of something else")
    with np.load(io.BytesIO(body[len(origin) :]), allow_pickle=False) as found:
        return dict(found)


@cache
def _package() -> str | None:
    """A digest of the package; None for one without its files, as in a zip file."""
    with suppress(OSError):
        home = Path(__file__).parent.parent
        return digest(sorted(path for path in home.rglob("*") if path.suffix in SUFFIXES)) if home.is_dir() else None
    return None
