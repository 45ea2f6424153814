"""The part of a table that events can show: the moves that an event can mean, and shortest courses of them.

In some configurations no event can mean one symbol and nothing else (`symbols.can_be_seen`), so that some moves of the
table, and perhaps some configurations, are met in no patient.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from ixastate.chart.states import episodes
from ixastate.symbols import can_be_seen
from ixastate.symbols import symbols as alphabet
from ixastate.table.explore import Walker
from ixastate.table.table import Table
from ixastate.table.walk import Walk, walk


class Shown:
    """What events can show of a table."""

    def __init__(self, table: Table) -> None:
        self.table = table
        walker = Walker(table.graph)
        # Of each leaf in which an episode is open: its bit, and the toxicity.
        self._episodes = {
            walker.encode((leaf,)): episode.toxicity
            for leaf, episode in episodes(table.graph.meanings).items()
            if episode.open
        }
        self._mask = sum(self._episodes)
        every = frozenset(self._episodes.values())
        letters = {table.columns[name]: letter for name, letter in alphabet(table.graph.edition).items()}
        # The symbols for which it matters which episodes are open.
        self._particular = {
            column: letter
            for column, letter in letters.items()
            if not (can_be_seen(letter, ()) and can_be_seen(letter, every))
        }
        self._known: dict[tuple[int, int], bool] = {}

    def can_be_shown(self, number: int, symbol: int) -> bool:
        """Whether an event can mean this symbol, and end nothing else, in this configuration."""
        if symbol not in self._particular:
            return True
        opened = self.table.space.bits[number] & self._mask
        if (opened, symbol) not in self._known:
            names = {toxicity for bit, toxicity in self._episodes.items() if bit & opened}
            self._known[opened, symbol] = can_be_seen(self._particular[symbol], names)
        return self._known[opened, symbol]

    def moves_of(self, number: int) -> Iterator[tuple[int, int]]:
        """Every move in this configuration that an event can show: symbol, output."""
        width = len(self.table.symbols)
        for symbol, out in enumerate(self.table.output[number * width : (number + 1) * width]):
            if out and self.can_be_shown(number, symbol):
                yield symbol, out

    @cached_property
    def found(self) -> Walk[int, int]:
        """The configurations that events lead to, with a shortest course to each."""
        width, following = len(self.table.symbols), self.table.next
        return walk(
            [0],
            lambda number: ((symbol, following[number * width + symbol]) for symbol, _ in self.moves_of(number)),
        )
