"""Whether the model `pkpd` gives what trials reported: simulated figures beside published ones.

Two cohorts are simulated with one seed: with ixazomib, and with every dose of it missed, which stands for placebo.
Figures of the trial's ixazomib arm are held against the first, those of both arms against the two together. A figure
agrees when it lies within the published range widened by its tolerance. The trial's dose rules were those of the label,
so the edition `us-label` is nearest to it; where agreement is not to be expected the line says why and is not judged.

Figures "from memory" or "secondary" were not seen in the named source itself; they are less certain than the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ixastate.cohort.arrays import MachineArrays, cycle_length
from ixastate.cohort.model import Block
from ixastate.cohort.models.pkpd import Pkpd
from ixastate.cohort.models.pkpd_numbers import DAYS_A_WEEK
from ixastate.cohort.models.reference_body import Body, modes
from ixastate.cohort.rows import KIND, joined

MM1 = "TOURMALINE-MM1"
USPI = "US prescribing information of ixazomib"
SRIMANI = "Srimani 2022, supplementary table 4"
OTHER_RULES = "not to be expected: the trial's dose rules were like the label's, and not these"
NOISE = (
    "not to be expected: the published residual error of 28.1 x 10^9/L is drawn anew at each visit, which gives too "
    "many very low counts, with or without ixazomib"
)
FEWER_CAUSES = (
    "not to be expected: the trial also lowered doses for toxicities that the model leaves out, and dexamethasone"
)
MEMORY = f"{MM1} (from memory)"
# A block of patients is simulated at a time, so that memory stays small.
BLOCK = 4096
BIG = np.int64(2**20)


@dataclass(frozen=True)
class Check:
    """One figure: what was published, `low` to `high`, and what was simulated, in the same unit.

    `judged` is False where agreement is not to be expected; `words` then say why.
    """

    figure: str
    unit: str
    low: float
    high: float
    tolerance: float
    simulated: float
    source: str
    words: str = ""
    judged: bool = True

    @property
    def agrees(self) -> bool:
        """Whether the simulated figure lies within the published range widened by the tolerance."""
        return bool(self.low - self.tolerance <= self.simulated <= self.high + self.tolerance)

    @property
    def published(self) -> str:
        """The published figure as text."""
        return f"{self.low:g}" if self.low == self.high else f"{self.low:g}-{self.high:g}"

    def as_json(self) -> dict[str, Any]:
        """The line as a JSON object."""
        return {
            "figure": self.figure,
            "unit": self.unit,
            "pkpd": [self.low, self.high],
            "tolerance": self.tolerance,
            "simulated": self.simulated,
            "agrees": self.agrees,
            "judged": self.judged,
            "source": self.source,
            "words": self.words,
        }


@dataclass(frozen=True)
class Arm:
    """A simulated cohort, and what became of its patients."""

    block: Block
    arrays: MachineArrays
    cycles: int

    @cached_property
    def patients(self) -> int:
        """How many patients there are."""
        return len(next(iter(self.block.baseline.values())))

    @cached_property
    def place(self) -> NDArray[np.int64]:
        """(rows,): whose row it is, from 0."""
        return self.block.rows.patient.astype(np.int64) - int(self.block.rows.patient[0])

    def worst(self, kind: str) -> NDArray[np.int64]:
        """(patients,): the highest grade reported in events of this kind."""
        return self._extreme(kind, np.maximum, 0)

    def least(self, kind: str) -> NDArray[np.int64]:
        """(patients,): the lowest count after day 1, in cells per cubic millimetre."""
        return self._extreme(kind, np.minimum, np.iinfo(np.int32).max)

    def _extreme(self, kind: str, of: np.ufunc, start: int) -> NDArray[np.int64]:
        rows = self.block.rows
        chosen = (rows.kind == KIND[kind]) & (rows.day > 1)
        found = np.full(self.patients, start, np.int64)
        of.at(found, self.place[chosen], rows.value[chosen])
        return found

    @cached_property
    def last(self) -> NDArray[np.int64]:
        """(patients,): the row with which each course ends."""
        rows = self.block.rows
        return np.flatnonzero(np.append(rows.patient[1:] != rows.patient[:-1], True))

    @cached_property
    def weeks(self) -> NDArray[np.int64]:
        """(patients,): weeks on treatment, to the end of the simulation at most."""
        rows, most = self.block.rows, self.cycles * cycle_length(self.arrays.edition) // DAYS_A_WEEK
        over = ~self.arrays.treated[rows.configuration[self.last]]
        return np.where(over, rows.day[self.last].astype(np.int64) // DAYS_A_WEEK, most)

    def ended_by(self, *kinds: str) -> NDArray[np.bool_]:
        """(patients,): whether an event of these kinds ended treatment."""
        rows = self.block.rows
        over = ~self.arrays.treated[rows.configuration[self.last]]
        return np.asarray(over & np.isin(rows.kind[self.last], [KIND[kind] for kind in kinds]))

    @cached_property
    def stopped_for_toxicity(self) -> NDArray[np.bool_]:
        """(patients,): whether toxicity ended treatment, by a rule or as intolerable."""
        over = ~self.arrays.treated[self.block.rows.configuration[self.last]]
        return over & ~self.ended_by("progression_found", "patient_died", "consent_withdrawn")

    @cached_property
    def reduced(self) -> NDArray[np.bool_]:
        """(patients,): whether a drug was ever at a lower level than at the start."""
        rows, lowest = self.block.rows, np.full((self.patients, 2), 10**6, np.int64)
        at_work = self.arrays.treated[rows.configuration]
        for drug in range(2):
            levels = self.arrays.level[rows.configuration[at_work], drug]
            np.minimum.at(lowest[:, drug], self.place[at_work], levels)
        return np.asarray((lowest < self.arrays.level[rows.configuration[self.first]][:, :2]).any(axis=1))

    @cached_property
    def first(self) -> NDArray[np.int64]:
        """(patients,): the row with which each course starts."""
        return np.append(0, self.last[:-1] + 1)

    def intensity(self, drug: int) -> NDArray[np.float64]:
        """(patients,): what was given of ixazomib (0) or lenalidomide (1), as a share of the plan at the first dose."""
        rows, arrays = self.block.rows, self.arrays
        key = self.place * BIG + rows.day
        every = arrays.lenalidomide_every_days[rows.symbol[self.first]].astype(np.int64)
        due = arrays.due_by_rhythm()[:, drug]
        missed = np.zeros((self.patients, int(self.weeks.max()) + 1), np.bool_)
        lost = rows.kind == KIND["dose_missed"]
        missed[self.place[lost], (rows.value[lost] - 1) // DAYS_A_WEEK] = drug == 0
        given, planned = np.zeros(self.patients), np.zeros(self.patients)
        start = arrays.level[rows.configuration[self.first], drug].astype(float)
        for week in range(int(self.weeks.max())):
            going = np.flatnonzero(self.weeks > week)
            day = DAYS_A_WEEK * week
            days = due[every[going] - 1][:, day % due.shape[1] : day % due.shape[1] + DAYS_A_WEEK].sum(axis=1)
            at = np.searchsorted(key, going * BIG + day + 1, side="right") - 1
            given[going] += arrays.given[rows.configuration[at], drug] * days * ~missed[going, week]
            planned[going] += start[going] * days
        return np.asarray(np.divide(given, planned, out=np.full(self.patients, np.nan), where=planned > 0))


def arm(model: Pkpd, arrays: MachineArrays, patients: int, cycles: int, seed: int) -> Arm:
    """A simulated cohort."""
    kernel = model.kernel(arrays, seed, cycles)
    blocks = [kernel(first, min(BLOCK, patients - first)) for first in range(0, patients, BLOCK)]
    baseline = {name: np.concatenate([block.baseline[name] for block in blocks]) for name in blocks[0].baseline}
    return Arm(Block(joined([block.rows for block in blocks]), baseline), arrays, cycles)


def without_ixazomib(model: Pkpd) -> Pkpd:
    """The model in which every dose of ixazomib is missed."""
    return replace(model, values=model.values | {"adherence.missed": 1.0, "adherence.late": 0.0})


def validate(
    model: Pkpd, arrays: MachineArrays, patients: int = 20_000, cycles: int = 26, seed: int = 1
) -> list[Check]:
    """The figures of the trials beside those of a simulation under this machine's edition."""
    active = arm(model, arrays, patients, cycles, seed)
    placebo = arm(without_ixazomib(model), arrays, patients, cycles, seed)
    return [*graded(active, placebo), *counts(active, placebo), *courses(active), nadir(model, arrays)]


def _percent(share: NDArray[np.bool_]) -> float:
    return float(100 * share.mean())


def graded(active: Arm, placebo: Arm) -> Iterator[Check]:
    """Worst grades."""
    tables = {
        "rash": ("rash_graded", (70.6, 18.2, 7.9, 3.3), (7.0, 5.0, 3.0, 2.0)),
        "diarrhoea": ("other_toxicity_graded", (58.2, 22.8, 14.6, 4.4), (5.0, 4.0, 3.0, 2.0)),
    }
    for name, (kind, published, tolerances) in tables.items():
        grades = np.concatenate([active.worst(kind), placebo.worst(kind)])
        for grade, (figure, tolerance) in enumerate(zip(published, tolerances, strict=True)):
            simulated = _percent(grades == grade)
            yield Check(f"worst {name}, both arms: grade {grade}", "%", figure, figure, tolerance, simulated, SRIMANI)
    neuropathy = {1: (18.0, 3.0), 2: (8.0, 2.0), 3: (2.0, 1.0), 4: (0.0, 0.1)}
    worst = active.worst("neuropathy_graded")
    for grade, (figure, tolerance) in neuropathy.items():
        name, source = f"worst neuropathy: grade {grade}", f"{USPI} 2015; the model was fitted to it"
        yield Check(name, "%", figure, figure, tolerance, _percent(worst == grade), source)
    other = _percent(placebo.worst("neuropathy_graded") > 0)
    yield Check("neuropathy without ixazomib", "%", 21.0, 22.0, 4.0, other, f"{USPI} 2015 and pooled data")


def counts(active: Arm, placebo: Arm) -> Iterator[Check]:
    """Lowest blood counts."""
    low, low_placebo = active.least("platelets_measured"), placebo.least("platelets_measured")
    yield Check("platelets below 50,000", "%", 26.0, 30.0, 4.0, _percent(low < 50_000), USPI)
    yield Check("platelets below 25,000", "%", 7.0, 13.0, 3.0, _percent(low < 25_000), f"{USPI}; 7 from memory")
    yield Check("platelets of 10,000 or fewer", "%", 2.0, 3.0, 1.0, _percent(low <= 10_000), USPI, NOISE, False)
    without = _percent(low_placebo < 50_000)
    yield Check("platelets below 50,000 without ixazomib", "%", 9.0, 14.0, 3.0, without, USPI, NOISE, False)
    lowest = active.least("neutrophils_measured")
    fitted = f"{USPI}; the model was fitted to it"
    yield Check("neutrophils below 1,000", "%", 26.0, 34.0, 2.0, _percent(lowest < 1000), fitted)
    yield Check("neutrophils below 500", "%", 5.0, 12.0, 2.0, _percent(lowest < 500), f"{fitted} (secondary)")
    without = _percent(placebo.least("neutrophils_measured") < 1000)
    yield Check("neutrophils below 1,000 without ixazomib", "%", 30.0, 37.0, 5.0, without, USPI)


def courses(active: Arm) -> Iterator[Check]:
    """Doses and ends."""
    edition = active.arrays.edition
    # The criteria for a new cycle are what tells the label's edition from the text's.
    like_the_trial = "NC-01" in edition.rules
    rules = "" if like_the_trial else OTHER_RULES
    for drug, (name, low, high) in enumerate((("ixazomib", 86.0, 97.4), ("lenalidomide", 81.6, 93.8))):
        simulated = float(np.nanmedian(active.intensity(drug)) * 100)
        source = f"{MEMORY}; the lower figure is of the phase 2 in Japan, doi 10.1007/s10147-021-02030-7"
        yield Check(f"median dose intensity of {name}", "%", low, high, 2.0, simulated, source, rules, like_the_trial)
    reduced = _percent(active.reduced)
    yield Check("a dose was reduced", "%", 50.0, 56.0, 6.0, reduced, MEMORY, rules or FEWER_CAUSES, False)
    stopped = _percent(active.stopped_for_toxicity)
    source = f"{MEMORY}; the model was fitted to it"
    yield Check("stopped for toxicity", "%", 14.0, 20.0, 2.0, stopped, source, rules, like_the_trial)
    yield Check("died on treatment", "%", 4.0, 6.0, 1.0, _percent(active.ended_by("patient_died")), MEMORY)
    cycles = float(np.median(active.weeks) * DAYS_A_WEEK / cycle_length(edition))
    yield Check("median cycles", "cycles", 15.0, 17.0, 2.0, cycles, MEMORY)


def nadir(model: Pkpd, arrays: MachineArrays) -> Check:
    """The day of the lowest platelets of the first cycle in the typical patient at the full doses."""
    n, edition = model.numbers, arrays.edition
    body = Body(n, modes(n, n.clearance, n.bioavailability, n.volume_4))
    ixazomib, lenalidomide = edition.ixazomib_ladder_mg[0], edition.lenalidomide.ladder_mg[0]
    course = []
    for ixazomib_due, lenalidomide_due in arrays.due()[:2].T:
        body.day(ixazomib * ixazomib_due, lenalidomide * lenalidomide_due)
        course.append(body.circulating)
    # The state after a day is that of the next morning, and days are counted from 1.
    day = float(np.argmin(course)) + 2
    return Check("day of the platelet nadir, typical patient", "d", 14.0, 21.0, 1.0, day, USPI)
