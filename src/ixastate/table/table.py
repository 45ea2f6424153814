"""The transition table: numbered configurations, and for each symbol the next one, the orders and the rules.

A table is made from a Graph by exploring it, and saved with the fingerprint of the rules and the chart, so that one
that was made of other rules is refused when it is loaded. The table is what cohorts, proofs and test suites run on.
"""

from __future__ import annotations

import hashlib
import json
import sys
import zlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from operator import index
from pathlib import Path

from ixastate.chart.builder import Asked, Step, asked_by
from ixastate.chart.chart import build_chart
from ixastate.chart.status import Status, statuses_of
from ixastate.errors import ChartError, InputError, near
from ixastate.files import bytes_of, write_whole
from ixastate.notebook import html_table
from ixastate.orders import Order, in_order
from ixastate.registry import Picture, find
from ixastate.rules import DEFAULT_EDITION, load_edition
from ixastate.symbols import Configuration
from ixastate.table.explore import Space, Walker, explore
from ixastate.table.graph import Graph, read
from ixastate.table.minimal import minimise

MAGIC = b"ixastate table 1\n"


@dataclass(frozen=True)
class Table:
    """A machine as numbered arrays.

    A move is numbered `configuration * len(symbols) + symbol`. `next[move]` is the configuration after it and
    `output[move]` the number of what it says: `orders[...]`, `rules[...]` and `edges[...]`. Output 0 is a symbol that
    the phase does not take in; it says nothing and moves nothing.
    """

    space: Space

    @classmethod
    def of(cls, edition: str = DEFAULT_EDITION) -> Table:
        """The table of an edition, made once a process; `RulesError` when there is no such edition."""
        return _table_of(load_edition(edition).name)

    def __repr__(self) -> str:
        return f"<Table {self.graph.edition.name}: {len(self.space.bits):,} configurations, {self.moves:,} moves>"

    def _repr_html_(self) -> str:
        rows = [
            ("configurations", f"{len(self.space.bits):,}"),
            ("symbols", f"{len(self.symbols)}"),
            ("moves", f"{self.moves:,}"),
            ("transitions of the chart", f"{len(self.graph.edges):,}"),
            ("fingerprint", self.graph.fingerprint[:12]),
        ]
        return html_table(f"Table of edition {self.graph.edition.name}", rows)

    def diagram(self) -> Picture:
        """The machine as a picture that a notebook shows."""
        picture: Picture = find("picture of a table")(self)
        return picture

    def step(self, before: Configuration, symbol: str) -> Step:
        """What a symbol does in a configuration; `ChartError` for a symbol or a configuration that is not its own."""
        if symbol not in self.columns:
            raise ChartError(f"{symbol!r} is no symbol of the machine", remedy=near(symbol, self.symbols, listed=True))
        if before not in self.numbers:
            raise ChartError("no course reaches this configuration", where=", ".join(before))
        move = self.numbers[before] * len(self.symbols) + self.columns[symbol]
        output, after = self.output[move], self.next[move]
        if not output:
            raise ChartError(f"{symbol!r} goes unanswered", where=", ".join(before))
        return Step(
            symbol,
            before,
            self.configurations[after],
            self.statuses[after],
            self.orders[output],
            self.rules[output],
            self.asked[output],
            self.edges[output],
        )

    @cached_property
    def graph(self) -> Graph:
        """The graph that the table was made from."""
        return self.space.graph

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """The external symbols, in the order of the columns."""
        return self.graph.symbols

    @cached_property
    def columns(self) -> dict[str, int]:
        """The column of each symbol."""
        return {symbol: column for column, symbol in enumerate(self.symbols)}

    @cached_property
    def next(self) -> array[int]:
        """The configuration after each move."""
        return self.space.next

    @cached_property
    def output(self) -> array[int]:
        """The number of what each move says."""
        return self.space.output

    @cached_property
    def edges(self) -> tuple[tuple[int, ...], ...]:
        """The edges taken, by output."""
        return self.space.outputs

    @cached_property
    def moves(self) -> int:
        """How many moves there are: pairs of a configuration and a symbol that its phase takes in."""
        return sum(1 for output in self.output if output)

    @cached_property
    def configurations(self) -> tuple[Configuration, ...]:
        """The active leaves of each configuration; number 0 is screening."""
        walker = Walker(self.graph)
        return tuple(walker.decode(bits) for bits in self.space.bits)

    @cached_property
    def numbers(self) -> dict[Configuration, int]:
        """The number of each configuration."""
        return {configuration: number for number, configuration in enumerate(self.configurations)}

    @cached_property
    def statuses(self) -> tuple[Status, ...]:
        """What each configuration means to a person."""
        return tuple(statuses_of(self.graph.meanings, self.configurations))

    @cached_property
    def unlike(self) -> tuple[tuple[int, int, int], ...]:
        """The moves that differ in the status before, the status after, or what they say.

        Of moves that are alike the first one: configuration, symbol, move. What is true of these by their statuses and
        outputs is true of every move.
        """
        numbers: dict[Status, int] = {}
        status = [numbers.setdefault(one, len(numbers)) for one in self.statuses]
        first: dict[tuple[int, int, int], int] = {}
        for move, (after, said) in enumerate(zip(self.next, self.output, strict=True)):
            if said:
                first.setdefault((status[move // len(self.symbols)], status[after], said), move)
        width = len(self.symbols)
        return tuple((move // width, move % width, move) for move in first.values())

    @cached_property
    def orders(self) -> tuple[tuple[Order, ...], ...]:
        """The orders given, by output."""
        edges = self.graph.edges
        return tuple(in_order(order for number in taken for order in edges[number].orders) for taken in self.edges)

    @cached_property
    def rules(self) -> tuple[tuple[str, ...], ...]:
        """The rules that fired, by output."""
        edges = self.graph.edges
        return tuple(
            self.graph.edition.cite(rule for number in taken for rule in edges[number].rules) for taken in self.edges
        )

    @cached_property
    def asked(self) -> tuple[Asked, ...]:
        """The drugs of which a reduction was asked, with the rules that asked, by output."""
        edges = self.graph.edges
        return tuple(asked_by(edges[number] for number in taken) for taken in self.edges)

    @cached_property
    def final(self) -> int:
        """The number of `discontinued`."""
        return self.numbers[self.graph.final]

    def course_to(self, number: int) -> list[str]:
        """The symbols of a shortest course to a configuration."""
        return self.space.course_to(number)

    def row(self, configuration: int) -> range:
        """The moves of a configuration, one per symbol."""
        width = len(self.symbols)
        return range(configuration * width, (configuration + 1) * width)

    def minimal(self) -> list[int]:
        """The class of each configuration in the smallest machine that gives the same orders."""
        following = [[self.next[move] for move in self.row(number)] for number in range(len(self.space.bits))]
        said = [[self.orders[self.output[move]] for move in self.row(number)] for number in range(len(self.space.bits))]
        return minimise(following, said)


@cache
def _table_of(edition: str) -> Table:
    made: Table = find("kept table")(read(build_chart(edition)))
    return made


def tabulate(graph: Graph) -> Table:
    """The table of a graph."""
    return Table(explore(graph))


def save(table: Table, path: Path) -> None:
    """Write a table with its fingerprint, whole or not at all."""
    space = table.space
    header = {
        "fingerprint": table.graph.fingerprint,
        "configurations": len(space.bits),
        "symbols": list(table.symbols),
        "outputs": [list(taken) for taken in space.outputs],
    }
    parents = array("I", (number for pair in space.came_from for number in pair))
    numbers = [array("Q", space.bits), space.next, space.output, parents]
    for column in numbers:
        if column.itemsize != _SIZES[column.typecode]:
            raise InputError("this platform's integers have other sizes than the file format's")
    body = zlib.compress(b"".join(_little(column) for column in numbers), 6)
    content = json.dumps(header).encode() + b"\n" + body
    write_whole(path, MAGIC + hashlib.sha256(content).hexdigest().encode() + b"\n" + content)


def load(path: Path, graph: Graph) -> Table:
    """A saved table of this graph; `InputError` when it is damaged or was made of other rules or another chart."""
    try:
        content = bytes_of(path)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(path), remedy="name a saved table") from None
    if not content.startswith(MAGIC):
        raise InputError("not a saved table", where=str(path), remedy="make it with `ixastate table -o FILE`")
    try:
        digest, content = content[len(MAGIC) :].split(b"\n", 1)
        if hashlib.sha256(content).hexdigest().encode() != digest:
            raise ValueError("its digest does not fit")
        head, body = content.split(b"\n", 1)
        header = json.loads(head)
        if header["fingerprint"] != graph.fingerprint:
            raise InputError(
                "the table was made of other rules or another chart",
                where=str(path),
                remedy="make it again with `ixastate table -o FILE`",
            )
        if header["symbols"] != list(graph.symbols):
            raise ValueError("its symbols are others")
        count, width = header["configurations"], len(graph.symbols)
        lengths = [("Q", count), ("I", count * width), ("I", count * width), ("I", 2 * count)]
        size = sum(length * _SIZES[typecode] for typecode, length in lengths)
        # No more is unpacked than the columns take: a little that is packed may be very much.
        bits, following, output, parents = _columns(
            zlib.decompressobj().decompress(body, min(size + 1, sys.maxsize)), lengths
        )
        came_from = tuple(zip(parents[::2], parents[1::2], strict=True))
        outputs = tuple(tuple(map(index, taken)) for taken in header["outputs"])
        if not {number for taken in outputs for number in taken} <= {*range(len(graph.edges))}:
            raise ValueError("a transition is none of the chart")
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError, zlib.error) as error:
        raise InputError(
            f"the table is damaged: {error}", where=str(path), remedy="make it again with `ixastate table -o FILE`"
        ) from None
    return Table(Space(graph, tuple(bits), following, output, outputs, came_from))


_SIZES = {"Q": 8, "I": 4}


def _little(column: array[int]) -> bytes:
    copy = array(column.typecode, column)
    if _BIG_ENDIAN:
        copy.byteswap()
    return copy.tobytes()


def _columns(content: bytes, lengths: Sequence[tuple[str, int]]) -> list[array[int]]:
    columns = []
    start = 0
    for typecode, length in lengths:
        column: array[int] = array(typecode)
        end = start + length * _SIZES[typecode]
        if end > len(content):
            raise ValueError("it ends too early")
        column.frombytes(content[start:end])
        if _BIG_ENDIAN:
            column.byteswap()
        columns.append(column)
        start = end
    if start != len(content):
        raise ValueError("it ends too late")
    return columns


_BIG_ENDIAN = array("H", [1]).tobytes() != b"\x01\x00"
