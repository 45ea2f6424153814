"""The machine and its calendar as numpy arrays: the transition table that the compiled kernels step on.

Everything here is read off the table and the schedule. A kernel holds no rule: which configuration follows, and what is
given in it, are looked up. This module knows no chance and no model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ixastate.chart.states import Episode
from ixastate.chart.status import Status
from ixastate.cohort.kept import Arrays, kept
from ixastate.course.schedule import is_due_day
from ixastate.errors import InputError
from ixastate.events import DRUGS, Drug
from ixastate.rules import Edition
from ixastate.symbols import Toxicity, starts
from ixastate.table.table import Table

# Doses are kept in whole tenths of a milligram: 2.3 mg is 23.
TENTHS = 10


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
        return self.table.columns

    def open_episodes(self, toxicity: Toxicity) -> NDArray[np.bool_]:
        """(C,): whether an episode of this toxicity is open, by the meanings of the active states."""
        opened = {
            leaf
            for leaf, meaning in self.table.graph.meanings.items()
            if isinstance(meaning, Episode) and meaning.toxicity == toxicity.name and meaning.open
        }
        return np.array([not opened.isdisjoint(leaves) for leaves in self.table.configurations])

    def held_for(self, toxicity: Toxicity) -> NDArray[np.bool_]:
        """(C,): whether a drug is held for this toxicity."""
        return np.array([toxicity.reason in status.held_for for status in self.table.statuses])

    def to_confirm(self, toxicity: Toxicity) -> NDArray[np.bool_]:
        """(C,): whether a low count of this toxicity is to be confirmed (B-CONFIRM-HOLD)."""
        return np.array([toxicity.reason in status.to_confirm for status in self.table.statuses])

    def due(self, every_days: int = 1) -> NDArray[np.bool_]:
        """(3, days of a cycle): whether the calendar asks for each drug on each day of a cycle.

        `every_days` is how often lenalidomide is due: 1 for daily, 2 for every other day, and so on.
        """
        length = cycle_length(self.edition)
        return np.array(
            [[is_due_day(drug, day, every_days, self.edition) for day in range(1, length + 1)] for drug in DRUGS]
        )

    def due_by_rhythm(self) -> NDArray[np.bool_]:
        """(longest rhythm, 3, days of a cycle): the calendars with lenalidomide every 1, 2, … days.

        A starting symbol's calendar is at `lenalidomide_every_days[symbol] - 1`.
        """
        return np.array([self.due(days) for days in range(1, int(self.lenalidomide_every_days.max()) + 1)])

    def without_rules(self) -> MachineArrays:
        """A machine that starts and then stays as it is, whatever is reported: fixed doses, as models are published."""
        same = np.arange(len(self.following), dtype=self.following.dtype)
        fixed = np.repeat(same[:, None], self.following.shape[1], axis=1)
        fixed[0] = self.following[0]
        return replace(self, following=fixed)

    @cached_property
    def lenalidomide_every_days(self) -> NDArray[np.uint16]:
        """(S,): how often lenalidomide is due after each starting symbol, in days; 1 for the other symbols."""
        every = np.ones(len(self.table.symbols), np.uint16)
        for start in starts(self.edition):
            every[self.numbers[start.name]] = start.every_days
        return every


def cycle_length(edition: Edition) -> int:
    """Days in a cycle (DOSE-01)."""
    return edition.integer("DOSE-01", "cycle")


def machine_arrays(table: Table) -> MachineArrays:
    """The arrays of a table; `InputError` for a dose that is no whole number of tenths of a milligram."""
    return _arranged(table, _meant(table))


def kept_arrays(table: Table) -> MachineArrays:
    """The same, with what was made of the configurations' meanings once and is kept."""
    return _arranged(table, kept("machine", table.graph, lambda: _meant(table)))


def _arranged(table: Table, meant: Arrays) -> MachineArrays:
    shape = (len(table.space.bits), len(table.symbols))
    return MachineArrays(
        table,
        np.frombuffer(table.next, np.uint32).reshape(shape),
        np.frombuffer(table.output, np.uint32).reshape(shape).astype(np.uint16),
        meant["given"],
        meant["level"],
        meant["treated"],
    )


def _meant(table: Table) -> Arrays:
    """What the configurations mean to a kernel: the `given`, `level` and `treated` of `MachineArrays`."""
    dexamethasone_mg = table.graph.edition.dexamethasone.dose_mg
    given = [[status.given_mg(drug, dexamethasone_mg) for drug in DRUGS] for status in table.statuses]
    level = [[_level(status, drug, dexamethasone_mg) for drug in DRUGS] for status in table.statuses]
    treated = np.array([status.phase == "on treatment" for status in table.statuses])
    return {"given": _tenths(given), "level": _tenths(level), "treated": treated}


def _level(status: Status, drug: Drug, dexamethasone_mg: float) -> float | None:
    if status.phase != "on treatment":
        return None
    levels = {"ixazomib": status.ixazomib_mg, "lenalidomide": status.lenalidomide_mg, "dexamethasone": dexamethasone_mg}
    return levels[drug]


def _tenths(doses: list[list[float | None]]) -> NDArray[np.int16]:
    exact = np.array([[(dose or 0) * TENTHS for dose in row] for row in doses])
    tenths = np.round(exact)
    wrong = np.flatnonzero(np.abs(exact - tenths).max(axis=1) > 1e-6)
    if len(wrong):
        (dose, *_) = exact[wrong[0]][np.abs(exact[wrong[0]] - tenths[wrong[0]]) > 1e-6] / TENTHS
        raise InputError(
            f"a dose of {dose:g} mg is no whole number of tenths of a milligram",
            where="the edition's doses",
            remedy="a cohort's log keeps doses in tenths of a milligram",
        )
    return tenths.astype(np.int16)
