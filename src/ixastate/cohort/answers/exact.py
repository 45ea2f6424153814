"""The exact distribution of the hazards model: what a cohort tends to as it grows, without random numbers.

The model is a Markov chain on configurations, so the distribution after each week is the one before times a sparse
transition matrix. The answers are sums over it: shares of states, symbols, stops, doses. A Monte Carlo simulation must
agree within its standard error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ixastate.cohort.arrays import MachineArrays, cycle_length
from ixastate.cohort.models.hazards import Chain, Hazards
from ixastate.events import DRUGS

DAYS = 7


@dataclass(frozen=True)
class Exact:
    """The exact answer over `W` weeks; `N` states of the chain, `S` symbols.

    `occupancy` (W, N) is the distribution in each week, after that week's event; week 0 is the start. `symbols` (W, S)
    is the share of patients who meet each symbol in each week. `doses` (cycles, 6) are the mean doses given and then
    planned a patient who started, in tenths of a milligram, as in the log.
    """

    arrays: MachineArrays
    chain: Chain
    occupancy: NDArray[np.float64]
    symbols: NDArray[np.float64]
    doses: NDArray[np.float64]

    def states(self) -> pl.DataFrame:
        """The share of patients by week and state in words."""
        statuses = self.arrays.table.statuses
        words = [statuses[number].words for number in self.chain.configurations]
        names = sorted(set(words))
        places = {name: place for place, name in enumerate(names)}
        sums = np.zeros((len(self.occupancy), len(names)))
        np.add.at(sums.T, [places[word] for word in words], self.occupancy.T)
        weeks = np.arange(len(self.occupancy), dtype=np.uint16)
        return pl.DataFrame(
            {
                "week": np.repeat(weeks, len(names)),
                "state": names * len(weeks),
                "share": sums.reshape(-1),
            }
        )

    def stops(self) -> dict[str, float]:
        """The share of patients whom each symbol ended by the last week."""
        final = self.arrays.table.final
        place = int(np.flatnonzero(self.chain.configurations == final)[0])
        ends = self.arrays.following[self.chain.configurations] == final
        ends[place] = False
        before = self.occupancy[:-1].sum(axis=0)
        names = self.arrays.table.symbols
        shares = (before[:, None] * self.chain.probabilities[:, : len(names)] * ends).sum(axis=0)
        return {name: float(share) for name, share in zip(names, shares, strict=True) if share > 0}

    def as_json(self) -> dict[str, Any]:
        """The answer as a JSON object."""
        last = self.states().filter(pl.col("week") == len(self.occupancy) - 1)
        return {
            "weeks": len(self.occupancy),
            "configurations": len(self.chain.configurations),
            "states": {row["state"]: row["share"] for row in last.iter_rows(named=True) if row["share"] > 0},
            "stops": self.stops(),
            "symbols": {
                name: float(count)
                for name, count in zip(self.arrays.table.symbols, self.symbols.sum(axis=0), strict=True)
                if count > 0
            },
            "relative_dose_intensity": {
                drug: float(self.doses[:, place].sum() / self.doses[:, 3 + place].sum())
                for place, drug in enumerate(DRUGS)
            },
        }


def solve(model: Hazards, arrays: MachineArrays, cycles: int) -> Exact:
    """The exact answer of a hazards model over so many cycles."""
    chain = model.chain(arrays)
    starts = _starts(model, arrays, chain)
    weeks = cycles * cycle_length(arrays.edition) // DAYS
    symbols = len(arrays.table.symbols)
    matrix = _matrix(chain)
    # Each start is followed by itself, because planned doses and the calendar are those of the start.
    spread = np.zeros((len(chain.configurations), len(starts.symbols)))
    spread[starts.states, np.arange(len(starts.symbols))] = starts.shares
    occupancy = np.zeros((weeks, len(chain.configurations)))
    met = np.zeros((weeks, symbols))
    met[0, starts.symbols] = starts.shares
    doses = np.zeros((cycles, 2 * len(DRUGS)))
    due = arrays.due_by_rhythm()[arrays.lenalidomide_every_days[starts.symbols].astype(np.int64) - 1]
    # (starts, drugs, weeks of a cycle): how often each drug is due in each week.
    times = due.reshape(len(starts.symbols), len(DRUGS), -1, DAYS).sum(axis=3).astype(float)
    given = arrays.given[chain.configurations].astype(float)
    treated = arrays.treated[chain.configurations]
    level = arrays.level[chain.configurations[starts.states]].astype(float)
    for week in range(weeks):
        occupancy[week] = spread.sum(axis=1)
        cycle, in_cycle = divmod(week, weeks // cycles)
        for drug in range(len(DRUGS)):
            now = times[:, drug, in_cycle]
            doses[cycle, drug] += given[:, drug] @ spread @ now
            doses[cycle, len(DRUGS) + drug] += (treated @ spread) @ (now * level[:, drug])
        if week + 1 < weeks:
            met[week + 1] = occupancy[week] @ chain.probabilities[:, :symbols]
            spread = matrix @ spread
    return Exact(arrays, chain, occupancy, met, doses)


def _matrix(chain: Chain) -> csr_array:
    """(N, N): the transition matrix; column j is the distribution a week after state j."""
    states = len(chain.configurations)
    happens = chain.probabilities > 0
    source, column = np.nonzero(happens)
    return csr_array((chain.probabilities[happens], (chain.following[source, column], source)), shape=(states, states))


class Starts(NamedTuple):
    """How courses start, one value per starting symbol of the model's file: its column, its state, its share."""

    symbols: NDArray[np.int64]
    states: NDArray[np.int64]
    shares: NDArray[np.float64]


def _starts(model: Hazards, arrays: MachineArrays, chain: Chain) -> Starts:
    shares = {symbol: share for symbol, share in model.file.start.by_symbol.items() if share > 0}
    symbols = np.array([arrays.numbers[symbol] for symbol in shares], np.int64)
    places = {int(number): place for place, number in enumerate(chain.configurations)}
    states = np.array([places[int(arrays.following[0, symbol])] for symbol in symbols], np.int64)
    order = np.argsort(states, kind="stable")
    return Starts(symbols[order], states[order], np.array(list(shares.values()))[order])
