"""The optional dependency of the event store: is it installed? It imports nothing of it."""

from __future__ import annotations

from importlib.util import find_spec

from ixastate.errors import MissingExtra, install_command

LIBRARY = "sqlalchemy"


def require_libraries() -> None:
    """`MissingExtra`, with the remedy, unless the library is installed."""
    if find_spec(LIBRARY) is None:
        raise MissingExtra(f"{LIBRARY} is not installed", where="the event store", remedy=install_command("store"))
