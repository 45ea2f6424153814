"""The interface of a toxicity model: a compiled kernel that simulates the events of a block of patients.

A model draws what happens to a patient; what the machine makes of it, the kernel looks up in the table. A block is
independent of every other, so an engine may run them in any order and place. This module knows no single model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ixastate.cohort.arrays import MachineArrays
from ixastate.cohort.rows import Rows
from ixastate.errors import InputError
from ixastate.files import toml_of
from ixastate.rules import Edition


@dataclass(frozen=True)
class Block:
    """What a kernel gives back for `n` consecutive patients: their events, and what each was like at the start.

    `baseline` maps each covariate, with its unit in the name, to one value per patient (n,). `true` is, by row, the
    true count per cubic millimetre that was measured, rounded down, and 0 in rows of other events; None in a model
    that measures without error.
    """

    rows: Rows
    baseline: dict[str, NDArray[np.generic]]
    true: NDArray[np.int32] | None = None


class Kernel(Protocol):
    """A model made ready for one machine."""

    def __call__(self, first: int, count: int) -> Block:
        """The courses of `count` patients from number `first` on (0 is the first), run to the end of the cycles."""


class Model(Protocol):
    """A toxicity model with its parameters."""

    @property
    def name(self) -> str:
        """Its name, as `--toxicity` and the parameter file write it."""

    @property
    def text(self) -> str:
        """The parameters as they were read; the same text gives the same bytes."""

    def kernel(self, arrays: MachineArrays, seed: int, cycles: int) -> Kernel:
        """The model on this machine; `InputError` when its parameters do not fit."""

    def start_facts(self, edition: Edition, baseline: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of `course_started` other than the date, from a patient's baseline as it is in the log."""


def read_toml(text: str, where: str) -> dict[str, Any]:
    """The content of a parameter file; `InputError`, which names `where`, when it is not TOML."""
    try:
        return toml_of(text)
    except ValueError as error:
        raise InputError(f"not TOML: {error}", where=where, remedy="correct the line that it names") from None
