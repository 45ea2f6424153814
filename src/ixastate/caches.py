"""Where files are kept that can always be made again: the folders for caches, and digests of what they were made of.

This module knows nothing of what is kept.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def user_cache() -> list[Path]:
    """The folder for caches of this user; none for a user without a home, as in a container."""
    if sys.platform == "win32":
        return [Path(os.environ.get("LOCALAPPDATA") or tempfile.gettempdir())]
    if named := os.environ.get("XDG_CACHE_HOME"):
        return [Path(named)]
    try:
        return [Path.home() / ".cache"]
    except RuntimeError:
        return []


def temporary() -> Path | None:
    """A folder of this user alone among the temporary files, made if need be; None where there is another's."""
    if not hasattr(os, "getuid"):
        return Path(tempfile.gettempdir())  # it is the user's own
    folder = Path(tempfile.gettempdir()) / f"ixastate-{os.getuid()}"
    with suppress(FileExistsError):
        folder.mkdir(mode=stat.S_IRWXU)
    found = folder.lstat()
    private = found.st_uid == os.getuid() and not found.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    return folder if stat.S_ISDIR(found.st_mode) and private else None


def digest(sources: Iterable[Path]) -> str:
    """A digest of the content of these files, in 16 hexadecimal digits."""
    state = hashlib.sha256()
    for source in sources:
        state.update(source.read_bytes())
    return state.hexdigest()[:16]


def can_write(folder: Path) -> bool:
    """Whether files can be written in a folder, which is made if need be."""
    with suppress(OSError, RuntimeError):
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
        return True
    return False
