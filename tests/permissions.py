"""Whether permissions of files hold for this process: for the superuser with all capabilities they do not."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import pytest


@cache
def hold() -> bool:
    """Whether a file that nobody may read cannot be read here."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "closed"
        path.touch(mode=0)
        try:
            path.read_bytes()
        except PermissionError:
            return True
        return False


needed = pytest.mark.skipif(not hold(), reason="permissions of files do not hold here, as for the superuser")
