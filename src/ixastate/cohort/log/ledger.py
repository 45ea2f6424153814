"""The dose ledger: days and doses of each patient, and doses of each cycle, added up from the rows of a block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ixastate.cohort.arrays import MachineArrays, cycle_length
from ixastate.cohort.log import ledger_kernel as kernel
from ixastate.cohort.rows import KIND, NO_SYMBOL, Rows


@dataclass(frozen=True)
class Ledger:
    """Days and doses of `n` consecutive patients.

    `courses` (n, 11) int64 has the columns named in `ledger_kernel`; `doses` (n, cycles, 6) int64 what was given and
    then what was planned of ixazomib, lenalidomide and dexamethasone, in tenths of a milligram.
    """

    first: int
    courses: NDArray[np.int64]
    doses: NDArray[np.int64]


@dataclass(frozen=True)
class Bookkeeper:
    """Keeps the ledgers of one machine's courses over a number of cycles."""

    arrays: MachineArrays
    cycles: int
    due: NDArray[np.bool_]
    every_days: NDArray[np.uint16]

    @classmethod
    def of(cls, arrays: MachineArrays, cycles: int) -> Bookkeeper:
        """A bookkeeper for this machine."""
        return cls(arrays, cycles, arrays.due_by_rhythm(), arrays.lenalidomide_every_days)

    def keep(self, first: int, count: int, rows: Rows) -> Ledger:
        """The ledger of the patients from number `first` on, whose rows these are."""
        courses = np.empty((count, kernel.COURSE_COLUMNS), np.int64)
        doses = np.empty((count, self.cycles, kernel.DOSE_COLUMNS), np.int64)
        cycle_days = cycle_length(self.arrays.edition)
        kernel.keep_ledger(
            first,
            count,
            self.cycles * cycle_days,
            cycle_days,
            rows.patient,
            rows.day,
            rows.kind,
            rows.value,
            rows.symbol,
            rows.configuration,
            rows.output,
            self.arrays.given,
            self.arrays.level,
            self.arrays.treated,
            self.due,
            self.every_days,
            KIND["dose_missed"],
            KIND["dose_delayed"],
            NO_SYMBOL,
            courses,
            doses,
        )
        return Ledger(first, courses, doses)
