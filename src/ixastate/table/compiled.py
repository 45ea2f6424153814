"""The machine of an edition compiled to bits: one symbol in, one step out, and no library between.

It takes the steps of which a Table is made, one by one as they are asked for, and remembers them: a course starts at
once, and soon every step is one look-up. That it equals the live chart on every move is what `ixastate check --full`
proves. It knows no events and no dates.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from ixastate.chart.builder import Asked, Step, asked_by
from ixastate.chart.chart import build_chart
from ixastate.chart.states import Meaning
from ixastate.chart.status import Status, status_of
from ixastate.errors import ChartError, near
from ixastate.orders import Order, in_order
from ixastate.rules import DEFAULT_EDITION, Edition, load_edition
from ixastate.symbols import Configuration
from ixastate.table.explore import Walker
from ixastate.table.graph import Graph, read

# More steps than courses take by far; beyond it they are forgotten and taken again.
MOST_STEPS = 200_000

# What taking some edges says: orders, rules, and the reductions that were asked for.
Answer = tuple[tuple[Order, ...], tuple[str, ...], Asked]


class Compiled:
    """The machine of a graph: it steps from any configuration, and keeps none."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.edition: Edition = graph.edition
        self.meanings: Mapping[str, Meaning] = graph.meanings
        self.symbols = graph.symbols
        self._walker = Walker(graph)
        self._columns = {symbol: column for column, symbol in enumerate(graph.symbols)}
        self._steps: dict[tuple[Configuration, str], Step] = {}
        self._answers: dict[tuple[int, ...], Answer] = {}
        # At most one per reachable configuration, some tens of thousands.
        self._reached: dict[int, Configuration] = {}
        self._statuses: dict[Configuration, Status] = {}

    @classmethod
    def of(cls, edition: str = DEFAULT_EDITION) -> Compiled:
        """The machine of an edition, made once a process; `RulesError` when there is no such edition."""
        return _compiled(load_edition(edition).name)

    def step(self, before: Configuration, symbol: str) -> Step:
        """What a symbol does in a configuration; `ChartError` for a symbol or a configuration that is not its own."""
        known = self._steps.get((before, symbol))
        if known is None:
            known = self._taken(before, symbol)
            if len(self._steps) >= MOST_STEPS:
                self._steps.clear()
            self._steps[before, symbol] = known
        return known

    def status(self, configuration: Configuration) -> Status:
        """What a configuration means to a person."""
        known = self._statuses.get(configuration)
        if known is None:
            known = self._statuses[configuration] = status_of(self.meanings, configuration)
        return known

    def require_legal(self, configuration: Configuration) -> None:
        """`ChartError` when these are not the leaves of one configuration."""
        self.graph.active(configuration)

    def _taken(self, before: Configuration, symbol: str) -> Step:
        if symbol not in self._columns:
            raise ChartError(f"{symbol!r} is no symbol of the machine", remedy=near(symbol, self.symbols, listed=True))
        self.require_legal(before)
        bits, edges = self._walker.step(self._walker.encode(before), self._columns[symbol])
        reached = self._reached.get(bits)
        if reached is None:
            reached = self._reached[bits] = self._walker.decode(bits)
        answer = self._answers.get(edges)
        if answer is None:
            answer = self._answers[edges] = self._answer(edges)
        return Step(symbol, before, reached, self.status(reached), *answer, edges)

    def _answer(self, edges: tuple[int, ...]) -> Answer:
        taken = [self.graph.edges[number] for number in edges]
        return (
            in_order(order for edge in taken for order in edge.orders),
            self.edition.cite(rule for edge in taken for rule in edge.rules),
            asked_by(taken),
        )


@cache
def _compiled(edition: str) -> Compiled:
    return Compiled(read(build_chart(edition)))
