"""Whole files: what is read, with or without a byte order mark, JSON, TOML, and writing, whole or not at all."""

from __future__ import annotations

import errno
import glob
import json
import os
import re
import stat
import tempfile
import tomllib
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, AnyStr, BinaryIO

from ixastate.errors import OutputError

MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
# The whole numbers that TOML asks every reader to take, and beyond which there is none.
MOST_OF_TOML = 2**63
_TOO_LARGE = "a whole number has more than 64 bits"
# What Python reads of a key grows with the square of its parts: 50,000 would take half a minute.
MOST_PARTS = 200
_LONG_KEY = re.compile(rf"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){{{MOST_PARTS}}}""")


def text_of(content: bytes) -> str:
    """UTF-8 text without the byte order mark that some programs put before it; `UnicodeDecodeError` for other bytes."""
    return unmarked(content.decode())


def opened(path: Path) -> BinaryIO:
    """A file to be read in bytes; `OSError` also where no file can have this name."""
    try:
        return path.open("rb")
    except ValueError as error:
        raise OSError(errno.EINVAL, str(error)) from None


def bytes_of(path: Path) -> bytes:
    """The content of a file; `OSError` as `opened`."""
    with opened(path) as file:
        return file.read()


def unmarked(text: AnyStr) -> AnyStr:
    """A text, or one in UTF-8, without the byte order marks before it: files that were joined may bring several."""
    if isinstance(text, str):
        return text.lstrip(MARK)
    while text[: len(BOM_UTF8)] == BOM_UTF8:
        text = text[len(BOM_UTF8) :]
    return text


def json_of(content: bytes) -> Any:
    """The value of a JSON text in UTF-8; `ValueError` says why it is none."""
    try:
        return json.loads(text_of(content))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def toml_of(text: str) -> dict[str, Any]:
    """The content of a TOML text; `ValueError` says why it is none."""
    if _LONG_KEY.search(text):
        raise ValueError(f"a key has more than {MOST_PARTS} parts")
    try:
        content = tomllib.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except tomllib.TOMLDecodeError:
        raise
    except ValueError:  # Python reads no more than some thousand digits
        raise ValueError(_TOO_LARGE) from None
    waiting: list[Any] = [content]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict | list):
            waiting += part.values() if isinstance(part, dict) else part
        elif isinstance(part, int) and not -MOST_OF_TOML <= part < MOST_OF_TOML:
            raise ValueError(_TOO_LARGE)
    return content


def write_whole(path: Path, content: bytes) -> None:
    """Put the content into the file in one move; `OutputError`, and the old file stays, when that fails."""
    with _refusals_of(path):
        path = _place_of(path)
        try:
            _move_there(path, (content,))
        except FileNotFoundError:
            # Another process that ended the same work has cleared it away in this moment, as something left over.
            if not path.parent.is_dir():
                raise
            _move_there(path, (content,))


def write_pieces(path: Path, pieces: Iterable[bytes]) -> None:
    """As `write_whole`, of content that comes in pieces; what their maker raises goes on, and the old file stays."""
    with _refusals_of(path):
        _move_there(_place_of(path), pieces)


def _place_of(path: Path) -> Path:
    path = path.resolve()
    if path.exists() and not path.is_file():
        raise FileExistsError(0, "it is there and no file")
    return path


@contextmanager
def _refusals_of(path: Path) -> Iterator[None]:
    """`OutputError` for what the file system refuses."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise OutputError(
            f"cannot be written: {getattr(error, 'strerror', None) or error}",
            where=str(path),
            remedy="name a file in a folder that exists, with room and leave to write",
        ) from None


def _move_there(path: Path, pieces: Iterable[bytes]) -> None:
    with _beside(path, pieces) as temporary:
        os.replace(temporary, path)


def write_first(path: Path, content: bytes) -> bool:
    """Put the content into a file that is not there yet, in one move; False, and the file stays, where it is there.

    `OSError` when it cannot be written.
    """
    with _beside(path, (content,)) as temporary:
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


def clear_left_over(path: Path) -> None:
    """Remove what a process that was killed left beside a file that it had not written whole."""
    for stale in path.parent.glob(f".{glob.escape(path.name)}.*"):
        stale.unlink(missing_ok=True)


@contextmanager
def _beside(path: Path, pieces: Iterable[bytes]) -> Iterator[str]:
    """A file of this content beside another, for a moment."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _permissions(path))
        yield temporary
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
