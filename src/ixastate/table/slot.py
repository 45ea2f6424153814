"""The chart of a dose read back: its graph, every configuration that reports and the clock can reach, and every move.

The chart is small, so that the walk takes the graph's own slow and obvious step. A course steps on this table.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property

from ixastate.chart.slot import build_slot
from ixastate.chart.slot_symbols import SLOT_SYMBOLS
from ixastate.chart.states import DoseState
from ixastate.errors import ChartError, near
from ixastate.orders import Order, in_order
from ixastate.rules import DEFAULT_EDITION, load_edition
from ixastate.symbols import Configuration
from ixastate.table.graph import ChartGraph, read_parts
from ixastate.table.walk import Walk, walk


@dataclass(frozen=True)
class SlotGraph(ChartGraph):
    """The chart of a dose as data."""

    def __repr__(self) -> str:
        return f"<SlotGraph {self.edition.name}: {len(self.leaves)} states, {len(self.edges)} transitions>"

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols of a dose: the clock, the course, the reports."""
        return tuple(SLOT_SYMBOLS)

    @property
    def initial(self) -> Configuration:
        """The configuration of a dose that is still to come, with ixazomib given."""
        return tuple(self._first[region] for region in self.regions)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of every edge and every meaning, and of the rules that the edges rest on."""
        cited = self.edition.cite(rule for edge in self.edges for rule in edge.rules)
        text = json.dumps(
            [
                self.edition.name,
                [self.edition.rule(rule).model_dump(mode="json") for rule in cited],
                [[node.id, node.parent, node.kind, node.initial] for node in self.nodes],
                self._written,
                [repr(self.meanings[leaf]) for leaf in self.leaves],
            ]
        )
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class SlotStep:
    """What one symbol did to a dose: the configuration before and after, the orders, the rules and the edges taken."""

    symbol: str
    before: Configuration
    after: Configuration
    orders: tuple[Order, ...]
    rules: tuple[str, ...]
    edges: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class SlotTable:
    """The machine of a dose: every reachable configuration, numbered breadth first, and every move.

    A move is a configuration and a symbol. A symbol that a configuration leaves unanswered is no move.
    """

    graph: SlotGraph

    @classmethod
    def of(cls, edition: str = DEFAULT_EDITION) -> SlotTable:
        """The table of a dose under an edition, made once a process; `RulesError` when there is no such edition."""
        return _table_of(load_edition(edition).name)

    def __repr__(self) -> str:
        size = f"{len(self.configurations)} configurations, {len(self.moves):,} moves"
        return f"<SlotTable {self.graph.edition.name}: {size}>"

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols, in the order of their list."""
        return self.graph.symbols

    @cached_property
    def moves(self) -> dict[tuple[Configuration, str], SlotStep]:
        """Every move by its configuration and symbol, shortest courses first."""
        return {(step.before, step.symbol): step for step in self._walked[1]}

    @cached_property
    def configurations(self) -> tuple[Configuration, ...]:
        """Every reachable configuration; number 0 is the initial one."""
        return tuple(self._walked[0])

    def course_to(self, number: int) -> list[str]:
        """The symbols of a shortest course to a configuration."""
        return list(self._walked[0].course_to(self.configurations[number]))

    def step(self, before: Configuration, symbol: str) -> SlotStep:
        """What a symbol does; `ChartError` for a symbol or a configuration that is not the machine's own."""
        found = self.moves.get((before, symbol))
        if found is None:
            if symbol not in self.symbols:
                what = f"{symbol!r} is no symbol of a dose"
                raise ChartError(what, remedy=near(symbol, self.symbols, listed=True))
            raise ChartError(f"no dose answers {symbol!r} here", where=", ".join(before))
        return found

    def state(self, configuration: Configuration) -> DoseState:
        """Where the dose stands."""
        return next(found for leaf in configuration if isinstance(found := self.graph.meanings[leaf], DoseState))

    @cached_property
    def _walked(self) -> tuple[Walk[Configuration, str], list[SlotStep]]:
        made: list[SlotStep] = []

        def onward(before: Configuration) -> Iterator[tuple[str, Configuration]]:
            for symbol in self.symbols:
                step = self.made(before, symbol)
                if step is not None:
                    made.append(step)
                    yield symbol, step.after

        return walk([self.graph.initial], onward), made

    def made(self, before: Configuration, symbol: str) -> SlotStep | None:
        """What the chart does on a symbol, worked out from its edges; None when it leaves the symbol unanswered."""
        try:
            after, edges = self.graph.taken(before, symbol)
        except ChartError:
            return None
        return SlotStep(
            symbol,
            before,
            after,
            in_order(order for edge in edges for order in edge.orders),
            self.graph.edition.cite(rule for edge in edges for rule in edge.rules),
            tuple(edge.number for edge in edges),
        )


@cache
def _table_of(edition: str) -> SlotTable:
    return SlotTable(read_slot(edition))


@cache
def read_slot(edition: str = DEFAULT_EDITION) -> SlotGraph:
    """The chart of a dose under an edition as data; `ChartError` for an edge that rests on no rule."""
    chart = build_slot(edition)
    nodes, edges = read_parts(chart, chart.edition)
    return SlotGraph(chart.edition, nodes, edges, chart.meanings)
