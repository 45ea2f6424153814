"""The rows of a cohort's event log: its columns, and the codes that kernels write.

One row is one clinical event of one patient, with the symbol that it meant and the configuration after it. Kernels
write plain numbers; `log` turns them into named values on the way to Parquet. This module knows no machine.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

# The kinds of event that a simulation can write, with their codes. Appending is safe, reordering is not.
KINDS = (
    "course_started",
    "neutrophils_measured",
    "platelets_measured",
    "neuropathy_graded",
    "rash_graded",
    "other_toxicity_graded",
    "cycle_assessed",
    "progression_found",
    "intolerable_toxicity_declared",
    "patient_died",
    "consent_withdrawn",
    "dose_missed",
    "dose_delayed",
    "dose_vomited",
)
KIND = {kind: code for code, kind in enumerate(KINDS)}
# The terms of other toxicities; 0 where there is none.
TERMS = ("", "diarrhoea", "other toxicity")
TERM = {term: code for code, term in enumerate(TERMS)}

# The code of an event that meant nothing to the machine.
NO_SYMBOL = 255

# The bits of `detail`.
PAIN, AGREES, CLEAR, NOT_CLEAR, RESOLVED = 1, 2, 4, 8, 16
# The true counts would have meant something else to the machine than those that were measured.
MISCLASSIFIED = 32


@dataclass(frozen=True)
class Rows:
    """Events in the order of patient and number, as columns of one length.

    `patient` uint32; `number` uint16, 1 for `course_started`; `day` uint16, the treatment day; `kind` uint8, an index
    of `KINDS`; `value` int32: a count in cells per cubic millimetre, a grade, or for a missed or late dose its
    scheduled day, else 0; `second` int32: the platelets per cubic millimetre of `cycle_assessed`, else 0; `term`
    uint8, an index of `TERMS`; `detail` uint8, bits; `symbol` uint8, the column of the table, or `NO_SYMBOL` when the
    event meant nothing to the machine; `configuration` uint32, the one after the event; `output` uint16, the table's
    number of what the machine said.
    """

    patient: NDArray[np.uint32]
    number: NDArray[np.uint16]
    day: NDArray[np.uint16]
    kind: NDArray[np.uint8]
    value: NDArray[np.int32]
    second: NDArray[np.int32]
    term: NDArray[np.uint8]
    detail: NDArray[np.uint8]
    symbol: NDArray[np.uint8]
    configuration: NDArray[np.uint32]
    output: NDArray[np.uint16]

    def __len__(self) -> int:
        return len(self.patient)

    def columns(self) -> dict[str, NDArray[Any]]:
        """The columns by name, in order."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def first(self, count: int) -> Rows:
        """A copy of the first rows."""
        return Rows(*(column[:count].copy() for column in self.columns().values()))


ROW_TYPES = (
    np.uint32,
    np.uint16,
    np.uint16,
    np.uint8,
    np.int32,
    np.int32,
    np.uint8,
    np.uint8,
    np.uint8,
    np.uint32,
    np.uint16,
)


def room(count: int) -> Rows:
    """Room for so many rows, not yet written."""
    columns: list[Any] = [np.empty(count, kind) for kind in ROW_TYPES]
    return Rows(*columns)


def joined(parts: list[Rows]) -> Rows:
    """Several blocks as one."""
    return Rows(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Rows)))
