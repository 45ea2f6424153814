"""Property checking: safety properties in every reachable configuration, with the shortest counterexample of each.

A property is data: a name, a sentence, and a function that looks for a breach. It sees every configuration that a
course can reach, in the order of the shortest course to it, so the first breach found is a shortest one. Users can
write their own: a Python file with functions marked `@prove("name", "sentence")`.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol

from typing_extensions import TypeVar

from ixastate.errors import ChartError, InputError
from ixastate.events import AnyEvent
from ixastate.table.graph import ChartGraph
from ixastate.table.table import Table
from ixastate.table.witness import witness


class Explored(Protocol):
    """What a check must know of a machine: its chart, its symbols, and a shortest course to each configuration."""

    @property
    def graph(self) -> ChartGraph:
        """The chart."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols, in the order of their numbers."""

    def course_to(self, number: int) -> list[str]:
        """The symbols of a shortest course to a configuration."""


# The machine that is checked: that of a course, where nothing else is said.
Machine = TypeVar("Machine", bound=Explored, default=Table)


@dataclass(frozen=True)
class Breach:
    """Where a property does not hold: after the course to a configuration, and the symbol seen there (or None)."""

    configuration: int
    symbol: int | None
    why: str
    # The symbols of the course, where the breach lies in the way and not in the place that it leads to.
    course: tuple[str, ...] = ()


Search = Callable[[Machine], Breach | None]


@dataclass(frozen=True)
class Property(Generic[Machine]):
    """Something that must hold of a machine: its name, a sentence, and the search for a breach."""

    name: str
    says: str
    search: Search[Machine]


@dataclass(frozen=True)
class Finding(Generic[Machine]):
    """What became of one property: proved, or broken by a shortest course."""

    proposition: Property[Machine]
    breach: Breach | None
    symbols: tuple[str, ...] = ()

    def events(self, table: Machine) -> list[AnyEvent]:
        """The course that breaks it as clinical events, ready to be replayed; [] for one that no events show."""
        try:
            return witness(self.symbols, table.graph.edition)
        except ChartError:
            return []


def prove(name: str, says: str) -> Callable[[Search[Machine]], Property[Machine]]:
    """Mark a function that looks for a breach as a property."""

    def mark(search: Search[Machine]) -> Property[Machine]:
        return Property(name, says, search)

    return mark


def check(table: Machine, properties: Iterable[Property[Machine]]) -> Iterator[Finding[Machine]]:
    """Look for a breach of each property, in order."""
    for proposition in properties:
        try:
            breach = proposition.search(table)
        except Exception as error:
            what = f"the property {proposition.name!r} cannot be searched: {type(error).__name__}: {error}"
            raise InputError(
                what, where="check", remedy="a search takes a Table and returns a Breach or None"
            ) from error
        if breach is None:
            yield Finding(proposition, None)
            continue
        symbols = list(breach.course) or table.course_to(breach.configuration)
        if breach.symbol is not None and not breach.course:
            symbols.append(table.symbols[breach.symbol])
        yield Finding(proposition, breach, tuple(symbols))


def load_properties(path: Path) -> list[Property]:
    """The properties that a Python file defines; `InputError` when it cannot be run or defines none."""
    where = str(path)
    spec = importlib.util.spec_from_file_location("ixastate_user_properties", path)
    if spec is None or spec.loader is None or not os.path.isfile(path):
        raise InputError("not a Python file", where=where, remedy="name a .py file with functions marked @prove")
    module = importlib.util.module_from_spec(spec)
    # Where a module's own classes look for it.
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        what = f"it cannot be run: {type(error).__name__}: {error}"
        raise InputError(what, where=where, remedy="run it with Python to see where") from error
    found = [value for value in vars(module).values() if isinstance(value, Property)]
    if not found:
        raise InputError(
            "it defines no property", where=where, remedy='mark a function with @prove("name", "sentence")'
        )
    return found


def moves(table: Table) -> Iterator[tuple[int, int, int]]:
    """Every move that a phase takes in: configuration, symbol, number of the move; shortest courses first."""
    width = len(table.symbols)
    for number, said in enumerate(table.output):
        if said:
            yield number // width, number % width, number


def on_treatment(table: Table) -> range:
    """The numbers of the configurations on treatment, and of `discontinued` among them."""
    return range(1, len(table.configurations))
