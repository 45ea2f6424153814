"""How tests run here.

Hypothesis has no deadlines on a noisy machine, and in CI the same examples every time. Compiled code is never older
than its source. The width of output is that of a pipe, wherever the tests run.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("here"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

# Numba looks at the file of a function alone to see whether what it has compiled is stale, not at what it calls.
_sources = sorted((Path(__file__).parent.parent / "src" / "ixastate" / "cohort").glob("*.py"))
_digest = hashlib.sha256(b"".join(source.read_bytes() for source in _sources)).hexdigest()[:16]
os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(tempfile.gettempdir()) / f"ixastate-numba-{_digest}"))


@pytest.fixture(autouse=True)
def as_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """The processes of pytest-xdist have a width of their own."""
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
