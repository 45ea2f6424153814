"""The machine and its calendar as numpy arrays: what the compiled kernels step on.

Everything here is read off the table, the alphabet and the schedule. A kernel holds no rule: which configuration
follows, what it gives and what an event means are looked up. This module knows no chance and no toxicity.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ixastate.chart.status import Status
from ixastate.course.alphabet import Context, read
from ixastate.course.schedule import is_due_day
from ixastate.events import DRUGS, Drug, parse_event
from ixastate.rules import Edition
from ixastate.table.table import Table

# Doses are kept in whole tenths of a milligram: 2.3 mg is 23.
TENTHS = 10
NO_SYMBOL = 255


@dataclass(frozen=True)
class MachineArrays:
    """The table of one edition as arrays; `C` configurations, `S` symbols.

    `following` (C, S) uint32 is the configuration after each symbol, `output` (C, S) uint16 the number of what is
    said; 0 says nothing. `given` (C, 3) int16 is what is given now of each drug, in tenths of a milligram (0 when it is
    held or treatment is not going on), `level` (C, 3) the level in force. `treated` (C,) says whether the course is on
    treatment. The drugs are in the order of `events.DRUGS`.
    """

    table: Table
    following: NDArray[np.uint32]
    output: NDArray[np.uint16]
    given: NDArray[np.int16]
    level: NDArray[np.int16]
    treated: NDArray[np.bool_]

    @property
    def edition(self) -> Edition:
        """The edition whose machine this is."""
        return self.table.graph.edition

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The column of each symbol."""
        return {symbol: number for number, symbol in enumerate(self.table.symbols)}

    def open_while(self, recovery: str) -> NDArray[np.bool_]:
        """(C,): whether an episode is open that this symbol would end, read off the machine: it would move."""
        column = self.following[:, self.numbers[recovery]]
        return np.asarray(self.treated & (column != np.arange(len(column), dtype=np.uint32)))

    def held_for(self, reason: str) -> NDArray[np.bool_]:
        """(C,): whether a drug is held for this reason."""
        return np.array([reason in status.held_for for status in self.table.statuses])

    def due(self, every_days: int = 1) -> NDArray[np.bool_]:
        """(3, days of a cycle): whether the calendar asks for each drug on each day of a cycle.

        `every_days` is how often lenalidomide is due: 1, or 2 for every other day.
        """
        length = cycle_length(self.edition)
        return np.array(
            [[is_due_day(drug, day, every_days, self.edition) for day in range(1, length + 1)] for drug in DRUGS]
        )

    def lenalidomide_every_days(self) -> NDArray[np.uint8]:
        """(S,): how often lenalidomide is due after each starting symbol; 1 for the other symbols."""
        every = np.ones(len(self.table.symbols), np.uint8)
        for band in self.edition.lenalidomide.start:
            for symbol, number in self.numbers.items():
                if symbol.startswith("start_") and symbol.endswith(f"_{band.dose_mg:g}"):
                    every[number] = band.every_days
        return every


def cycle_length(edition: Edition) -> int:
    """Days in a cycle (DOSE-01)."""
    return int(edition.number("DOSE-01", "cycle"))


def machine_arrays(table: Table) -> MachineArrays:
    """The arrays of a table."""
    shape = (len(table.space.bits), len(table.symbols))
    dexamethasone_mg = table.graph.edition.dexamethasone.dose_mg
    given = [[status.given_mg(drug, dexamethasone_mg) for drug in DRUGS] for status in table.statuses]
    level = [[_level(status, drug, dexamethasone_mg) for drug in DRUGS] for status in table.statuses]
    return MachineArrays(
        table,
        np.frombuffer(table.next, np.uint32).reshape(shape),
        np.frombuffer(table.output, np.uint32).reshape(shape).astype(np.uint16),
        _tenths(given),
        _tenths(level),
        np.array([status.phase == "on treatment" for status in table.statuses]),
    )


def _level(status: Status, drug: Drug, dexamethasone_mg: float) -> float | None:
    if status.phase != "on treatment":
        return None
    levels = {"ixazomib": status.ixazomib_mg, "lenalidomide": status.lenalidomide_mg, "dexamethasone": dexamethasone_mg}
    return levels[drug]


def _tenths(doses: list[list[float | None]]) -> NDArray[np.int16]:
    return np.array([[round((dose or 0) * TENTHS) for dose in row] for row in doses], np.int16)


# --- What events mean, tabulated from the alphabet ------------------------------------------------------------


def count_meanings(arrays: MachineArrays, kind: str, unit: str, highest: int) -> NDArray[np.uint8]:
    """(highest + 1,): the symbol that each whole count means, by the alphabet; `unit` is that of the event."""
    return _meanings(arrays, range(highest + 1), lambda value: {"type": kind, "value": value, "unit": unit})


def rash_meanings(arrays: MachineArrays) -> NDArray[np.uint8]:
    """(6,): the symbol that each grade of rash means."""
    return _meanings(arrays, range(6), lambda grade: {"type": "rash_graded", "grade": grade})


def neuropathy_meanings(arrays: MachineArrays) -> NDArray[np.uint8]:
    """(6, 2, 2): the symbol by grade, pain and the physician's agreement, for a patient without any at baseline."""
    codes = _meanings(
        arrays,
        range(24),
        lambda code: {
            "type": "neuropathy_graded",
            "grade": code // 4,
            "pain": bool(code // 2 % 2),
            "physician_agrees": bool(code % 2),
        },
    )
    return codes.reshape(6, 2, 2)


def _meanings(arrays: MachineArrays, values: range, facts: Callable[[int], dict[str, object]]) -> NDArray[np.uint8]:
    symbols = []
    for value in values:
        event = parse_event({"day": 1, **facts(value)})
        symbol = read(event, Context(), arrays.edition).symbol
        symbols.append(NO_SYMBOL if symbol is None else arrays.numbers[symbol])
    return np.array(symbols, np.uint8)
