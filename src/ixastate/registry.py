"""Service registry: what later rooms offer to earlier ones, found by name when it is used.

A course shows itself as a picture, and the room that draws stands after the course. So the package fills this registry
when it is imported (`provide`), and an earlier room asks it (`find`). No arrow of imports runs back.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from ixastate.errors import IxastateError, near

# Each service with the module and the function that offer it.
_HOMES: dict[str, tuple[str, str]] = {}


class Picture(Protocol):
    """A picture as every room that draws hands it out; a notebook shows it."""

    @property
    def svg(self) -> str:
        """The picture as SVG."""

    @property
    def dot(self) -> str:
        """The picture as DOT, the language of Graphviz."""

    def save(self, path: Path) -> None:
        """Write the picture; the ending of the name says in which format."""

    def _repr_svg_(self) -> str | None: ...


def provide(service: str, module: str, function: str) -> None:
    """Say which function of which module offers a service; the last one counts."""
    _HOMES[service] = module, function


def find(service: str) -> Any:
    """The function that offers a service, imported now; `IxastateError` when nothing offers it."""
    if service not in _HOMES:
        raise IxastateError(f"nothing offers {service!r}", where="registry", remedy=near(service, _HOMES))
    module, function = _HOMES[service]
    return getattr(import_module(module), function)
