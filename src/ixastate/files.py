"""How files are written: whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from ixastate.errors import OutputError


def write_whole(path: Path, content: bytes) -> None:
    """Put the content into the file in one move; `OutputError`, and the old file stays, when that fails."""
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # What mkstemp makes is private; a user expects the usual permissions.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            with suppress(OSError):
                os.unlink(temporary)
        raise OutputError(
            f"cannot be written: {error.strerror or error}",
            where=str(path),
            remedy="name a file in a folder that exists, with room and leave to write",
        ) from None
