"""Whole files: text as it is read, with or without a byte order mark, and atomic writing, whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from codecs import BOM_UTF8
from contextlib import suppress
from pathlib import Path
from typing import AnyStr

from ixastate.errors import OutputError

MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


def text_of(content: bytes) -> str:
    """UTF-8 text without the byte order mark that some programs put before it; `UnicodeDecodeError` for other bytes."""
    return unmarked(content.decode())


def unmarked(text: AnyStr) -> AnyStr:
    """A text, or one in UTF-8, without the byte order marks before it: files that were joined may bring several."""
    if isinstance(text, str):
        return text.lstrip(MARK)
    while text[: len(BOM_UTF8)] == BOM_UTF8:
        text = text[len(BOM_UTF8) :]
    return text


def write_whole(path: Path, content: bytes) -> None:
    """Put the content into the file in one move; `OutputError`, and the old file stays, when that fails."""
    temporary = None
    path = path.resolve()
    try:
        if path.exists() and not path.is_file():
            raise FileExistsError(0, "it is there and no file")
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _permissions(path))
        os.replace(temporary, path)
    except BaseException as error:
        if temporary is not None:
            with suppress(OSError):
                os.unlink(temporary)
        if not isinstance(error, OSError):
            raise
        raise OutputError(
            f"cannot be written: {error.strerror or error}",
            where=str(path),
            remedy="name a file in a folder that exists, with room and leave to write",
        ) from None


def write_first(path: Path, content: bytes) -> bool:
    """Put the content into a file that is not there yet, in one move; False, and the file stays, where it is there.

    `OSError` when it cannot be written.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _permissions(path))
        try:
            # A link is made or refused at once, where a move would replace what is there.
            os.link(temporary, path)
        except FileExistsError:
            return False
        except OSError:  # a file system without links
            if path.exists():
                return False
            os.replace(temporary, path)
        return True
    finally:
        with suppress(OSError):
            os.unlink(temporary)


def _permissions(path: Path) -> int:
    """Those of the file that is replaced, or the usual ones: what mkstemp makes is private."""
    if path.exists():
        return stat.S_IMODE(path.stat().st_mode)
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask
