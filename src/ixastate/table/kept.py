"""Tables kept on disk, so that a machine is explored once and not by every command anew.

A table is kept in the user's folder for caches under a name that says of what it was made: the edition, the fingerprint
of its rules and chart, and a digest of the code that makes tables. It is plain data with a digest over itself. One that
is missing, damaged or of something else is made anew and kept; where nothing can be written it is made in memory, each
time. IXASTATE_CACHE names another folder.
"""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from pathlib import Path

from ixastate.caches import digest, user_cache
from ixastate.chart import guards
from ixastate.errors import InputError, OutputError
from ixastate.table import explore, graph, table, walk
from ixastate.table.graph import Graph
from ixastate.table.table import Table, load, save, tabulate

FOLDER = "IXASTATE_CACHE"
# How the names of what is kept end: tables, and the arrays that the cohort makes of them.
KINDS = (".table", ".arrays")
# The modules whose code decides what a table holds.
SOURCES = (guards, graph, walk, explore, table)


def folder() -> Path | None:
    """Where tables are kept; None for a user without a home."""
    named = os.environ.get(FOLDER)
    usual = [Path(named)] if named else [place / "ixastate" for place in user_cache()]
    return usual[0] / "tables" if usual else None


def place(of: Graph) -> Path | None:
    """The file in which the table of a graph is kept; None where there is no folder, or the sources cannot be read."""
    kept_in, code = folder(), _code()
    if kept_in is None or code is None:
        return None
    return kept_in / f"{of.edition.name}-{of.fingerprint[:16]}-{code}.table"


def kept(of: Graph) -> Table:
    """The table of a graph, as it is kept or made now and kept."""
    file = place(of)
    if file is not None:
        with suppress(InputError):
            return load(file, of)
    made = tabulate(of)
    if file is not None:
        # Where it cannot be kept it is made again the next time.
        with suppress(OSError, OutputError):
            file.parent.mkdir(parents=True, exist_ok=True)
            save(made, file)
    return made


def files() -> list[Path]:
    """Every table that is kept and what was made of it, also of other rules and of other versions."""
    kept_in = folder()
    return sorted(file for kind in KINDS for file in kept_in.glob(f"*{kind}")) if kept_in is not None else []


def forget() -> list[Path]:
    """Remove everything that is kept: the files that were removed; `OutputError` for one that cannot be."""
    removed = files()
    for file in removed:
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(f"cannot be removed: {error.strerror}", where=str(file)) from None
    return removed


@cache
def _code() -> str | None:
    with suppress(OSError, TypeError):  # a package without its sources, as in a zip file
        return digest(Path(str(module.__file__)) for module in SOURCES)
    return None
