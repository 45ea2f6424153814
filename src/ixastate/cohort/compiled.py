"""Just-in-time compilation of the kernels by numba, cached by a digest of their sources.

Numba sees that a cached function is stale by the age of that function's own file. A kernel also compiles the functions
that it calls and the constants that it reads, which lie in other files. So the cache is kept in a folder named after
the sources of all kernels together: whatever changes in them, the next process finds an empty folder and compiles.

The folder lies beside this file, or in the user's cache where that cannot be written; where NUMBA_CACHE_DIR is set, it
lies there. In a container there may be neither: then it lies among the temporary files, in a folder of this user alone,
since what is cached is run. Where no folder can be written at all, the kernels are compiled in memory. `remark` says
so. This module knows no machine and no model.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba import njit

from ixastate.caches import can_write, digest, temporary, user_cache

# Numba's settings are made when it is imported, which a type checker cannot see.
config: Any = numba.config
HERE = Path(__file__).parent
# Every file of the package whose code or constants end up in a compiled kernel; a test keeps it whole.
SOURCES = (
    "compiled.py",
    "rows.py",
    "log/events_kernel.py",
    "log/ledger_kernel.py",
    "models/philox.py",
    "models/normal_quantile.py",
    "models/hazards_kernel.py",
    "models/pkpd_body_kernel.py",
    "models/pkpd_patient_kernel.py",
    "models/pkpd_kernel.py",
)


def kernel(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile the decorated function with `numba.njit`, without the interpreter's lock; the result is cached.

    `options` are those of `numba.njit`. Functions that only kernels call need plain `njit`: they are cached with them.
    """

    def compiled(function: Callable[..., Any]) -> Any:
        folder = cache_folder()
        if folder is None:
            return njit(nogil=True, **options)(function)
        usual = config.CACHE_DIR
        # Numba asks where to cache when a function is declared, not when it is compiled.
        config.CACHE_DIR = str(folder)
        try:
            return njit(nogil=True, cache=True, **options)(function)
        finally:
            config.CACHE_DIR = usual

    return compiled


@cache
def cache_folder() -> Path | None:
    """Where the compiled kernels of these sources are cached, made if need be; None where nothing can be written."""
    with suppress(OSError):  # a package without its sources, as in a zip file, is compiled each time
        name = f"ixastate-kernels-{digest(HERE / source for source in SOURCES)}"
        usual = next((folder / name for folder in places() if can_write(folder / name)), None)
        if usual is not None:
            return usual
        last = temporary()
        return last / name if last is not None and can_write(last / name) else None
    return None


def remark() -> str:
    """Where the kernels are cached, in one sentence, when it is none of the usual places; '' otherwise."""
    folder = cache_folder()
    if folder is None:
        return "kernels are compiled in memory, for this process alone: no folder can be written; set NUMBA_CACHE_DIR"
    if folder.parent in places():
        return ""
    return f"compiled kernels are cached in {folder.parent}: no usual folder can be written; set NUMBA_CACHE_DIR"


def places() -> list[Path]:
    """The folders that usually hold the cache, the first choice first."""
    if config.CACHE_DIR:
        return [Path(config.CACHE_DIR)]
    return [HERE / "__pycache__", *user_cache()]
