"""The optional dependencies of the cohort: are they installed? It imports none of them."""

from __future__ import annotations

from importlib.util import find_spec

from ixastate.errors import MissingExtra, install_command

LIBRARIES = ("numpy", "numba", "polars", "scipy", "matplotlib")


def require_libraries() -> None:
    """`MissingExtra`, with the remedy, unless every library is installed."""
    missing = [name for name in LIBRARIES if find_spec(name) is None]
    if missing:
        raise MissingExtra(f"{missing[0]} is not installed", where="the cohort", remedy=install_command("cohort"))
