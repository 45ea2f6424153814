"""The `pkpd` model's kernel, block by block as the engine runs it, and its reference implementation in plain Python."""

from __future__ import annotations

from benchmarks.measure import Disagreement, spans
from ixastate.cohort.arrays import MachineArrays
from ixastate.cohort.model import Kernel
from ixastate.cohort.models.pkpd import Pkpd
from ixastate.cohort.models.reference import Reference
from ixastate.cohort.run.plan import BLOCK

SEED = 1
# What a row of either says, by the names that both use.
SAID = ("patient", "number", "day", "symbol", "configuration", "output")


def kernel(arrays: MachineArrays, cycles: int) -> Kernel:
    """The compiled kernel."""
    return Pkpd.read().kernel(arrays, SEED, cycles)


def oracle(arrays: MachineArrays, cycles: int) -> Reference:
    """The reference implementation, in plain Python."""
    return Reference(Pkpd.read().values, arrays.table, SEED, cycles)


def courses(reference: Reference, patients: int) -> None:
    """The first patients' courses in plain Python."""
    for patient in range(patients):
        reference.course(patient)


def events(compiled: Kernel, patients: int) -> int:
    """How many events the first patients have."""
    return sum(len(compiled(first, count).rows) for first, count in spans(patients, BLOCK))


def check(compiled: Kernel, reference: Reference, patients: int) -> None:
    """`Disagreement` unless both write the same rows for these patients."""
    columns = compiled(0, patients).rows.columns()
    theirs = list(zip(*(columns[name].tolist() for name in SAID), strict=True))
    ours = [tuple(row[name] for name in SAID) for patient in range(patients) for row in reference.course(patient)[1]]
    if theirs != ours:
        raise Disagreement("pkpd: the kernel and plain Python say different things")
