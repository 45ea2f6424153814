"""Deprecated import paths of version 0.1. This module goes with the next version.

A module that moved into a room is found by a finder of its own, and each name that is taken from it warns and names
the new place. A room that bears the name of an old module answers in the same way for the names that it had.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

# Each old module, with the module that holds its names now.
MODULES: dict[str, str] = {
    "ixastate.alphabet": "ixastate.course.alphabet",
    "ixastate.check": "ixastate.proofs.check",
    "ixastate.cohort.pairs": "ixastate.cohort.answers.pairs",
    "ixastate.cohort.summary": "ixastate.cohort.answers.summary",
    "ixastate.compare": "ixastate.proofs.compare",
    "ixastate.explore": "ixastate.table.explore",
    "ixastate.exports": "ixastate.exchange",
    "ixastate.exports.scxml": "ixastate.exchange.scxml",
    "ixastate.exports.xstate": "ixastate.exchange.xstate",
    "ixastate.graph": "ixastate.table.graph",
    "ixastate.ics": "ixastate.exchange.ics",
    "ixastate.log": "ixastate.course.log",
    "ixastate.machine": "ixastate.course.live",
    "ixastate.properties": "ixastate.proofs.properties",
    "ixastate.replay": "ixastate.course.replay",
    "ixastate.report": "ixastate.proofs.report",
    "ixastate.schedule": "ixastate.course.schedule",
    "ixastate.sdtm": "ixastate.exchange.sdtm",
    "ixastate.status": "ixastate.chart.status",
    "ixastate.testing.vectors": "ixastate.testing",
    "ixastate.timeline": "ixastate.course.timeline",
    "ixastate.witness": "ixastate.table.witness",
}
# Names that are elsewhere now, or have another name: the module and the name.
NAMES: dict[str, dict[str, tuple[str, str]]] = {
    "ixastate.chart": {
        "build": ("ixastate.chart.chart", "build_chart"),
        "CourseChart": ("ixastate.chart.chart", "CourseChart"),
    },
    "ixastate.cohort.run": {"Run": ("ixastate.cohort", "Run")},
    "ixastate.course": {name: ("ixastate", name) for name in ("Course", "Record", "Snapshot")},
    "ixastate.graph": {"Moved": ("ixastate.chart.builder", "Step")},
    "ixastate.log": {"parse_event": ("ixastate", "parse_event"), "explain": ("ixastate.fields", "explain")},
    "ixastate.machine": {name: ("ixastate.symbols", name) for name in ("Configuration", "SCREENING", "DISCONTINUED")},
    "ixastate.rules": {"load": ("ixastate", "load_edition")},
    "ixastate.schedule": {"due": ("ixastate", "doses_due")},
    "ixastate.table": {
        "Table": ("ixastate", "Table"),
        **{name: ("ixastate.table.table", name) for name in ("tabulate", "save", "load")},
    },
    "ixastate.testing.suites": {"make_suite": ("ixastate.testing", "make_suite")},
}
# Old modules whose name is that of a function of the package now.
FUNCTIONS = {f"ixastate.{name}": ("ixastate.proofs.api", name) for name in ("check", "compare")}
PACKAGES = {"ixastate.exports"}


def old_names(module: str) -> Callable[[str], Any]:
    """The `__getattr__` of a module or room that had other names in version 0.1."""

    def found(name: str) -> Any:
        home, new = NAMES.get(module, {}).get(name, (MODULES.get(module, ""), name))
        # The names that Python itself asks a module for, such as `__file__`, are no old names.
        if not home or name[0] == "_" or not hasattr(import_module(home), new):
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        root = import_module("ixastate")
        home = "ixastate" if new in root.__all__ else home
        warnings.warn(f"{module}.{name} is now {home}.{new}", DeprecationWarning, stacklevel=2)
        return getattr(import_module(home), new)

    return found


class _OldFunction(ModuleType):
    """An old module whose name is that of a function of the package now, and which can be called like it.

    Importing `ixastate.check` puts the module in the place of the function.
    """

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        home, name = FUNCTIONS[self.__name__]
        return getattr(import_module(home), name)(*arguments, **named)


class _Finder:
    """Finds the old modules, after everything else has failed to."""

    @staticmethod
    def find_spec(fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> Any:
        """The specification of an old module, or None for any other."""
        if fullname not in MODULES:
            return None
        loader: Any = _Loader()
        return ModuleSpec(fullname, loader, is_package=fullname in PACKAGES)


class _Loader:
    """Makes an old module."""

    @staticmethod
    def create_module(spec: ModuleSpec) -> ModuleType:
        """The module, empty."""
        kind = _OldFunction if spec.name in FUNCTIONS else ModuleType
        return kind(spec.name, f"The old name of {MODULES[spec.name]}.")

    @staticmethod
    def exec_module(module: ModuleType) -> None:
        """Nothing is run: each name is looked up when it is used."""
        module.__dict__["__getattr__"] = old_names(module.__name__)


def install() -> None:
    """Let the old modules be found, once."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())
