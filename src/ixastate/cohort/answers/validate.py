"""External validation of the model `pkpd`: simulated figures beside those that trials reported.

Two cohorts are simulated with one random seed: with ixazomib, and with every dose of it missed, which stands for
placebo. Figures of the trial's ixazomib arm are compared with the first, those of both arms with the two together. A
figure agrees when it lies within the published range widened by its tolerance. `trials.toml` holds the reported
figures, their sources and the tolerances. A figure is not judged where no source was found for it, or where agreement
is not to be expected: the trial's dose rules were those of the label, so the edition `us-label` is nearest to it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ixastate.cohort.answers.trials import TrialFigure, trial_figures
from ixastate.cohort.arrays import MachineArrays, cycle_length
from ixastate.cohort.model import Block
from ixastate.cohort.models.parameters import GRADES
from ixastate.cohort.models.pkpd import Pkpd
from ixastate.cohort.models.pkpd_numbers import DAYS_A_WEEK
from ixastate.cohort.models.reference_body import Body, modes
from ixastate.cohort.rows import KIND, joined
from ixastate.symbols import DEATH, ENDS, NEUROPATHY, NEUTROPENIA, NEW_CYCLE, OTHER, RASH, THROMBOCYTOPENIA, toxicities

NOT_EXPECTED = "not to be expected"
OTHER_RULES = f"{NOT_EXPECTED}: the trial's dose rules were like the label's, and not these"
NO_SOURCE = "no source"
# A block of patients is simulated at a time, so that memory stays small.
BLOCK = 4096
BIG = np.int64(2**20)


# Ends of treatment that toxicity has no part in.
NOT_FOR_TOXICITY = tuple(end.event for end in ENDS if end.event != "intolerable_toxicity_declared")


@dataclass(frozen=True)
class Check:
    """One figure: what trials reported, and what was simulated, in the same unit.

    `words` say why the figure is not judged; it is judged when there are none.
    """

    figure: str
    reported: TrialFigure
    simulated: float
    words: str = ""

    @property
    def judged(self) -> bool:
        """Whether agreement is asked for."""
        return not self.words

    @property
    def agrees(self) -> bool:
        """Whether the simulated figure lies within the reported range widened by the tolerance."""
        low, high = self.reported.compared
        return bool(low - self.reported.tolerance <= self.simulated <= high + self.reported.tolerance)

    @property
    def source(self) -> str:
        """Where the figure was published."""
        fitted = "; the model was fitted to it" if self.reported.fitted else ""
        return (self.reported.source or NO_SOURCE) + fitted

    def as_json(self) -> dict[str, Any]:
        """The line as a JSON object."""
        return {
            "figure": self.figure,
            "unit": self.reported.unit,
            "published": list(self.reported.published or ()),
            "recalled": list(self.reported.recalled or ()),
            "tolerance": self.reported.tolerance,
            "because": self.reported.because,
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
        return over & ~self.ended_by(*NOT_FOR_TOXICITY)

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
    true = np.concatenate([block.true for block in blocks if block.true is not None])
    return Arm(Block(joined([block.rows for block in blocks]), baseline, true), arrays, cycles)


def without_ixazomib(model: Pkpd) -> Pkpd:
    """The model in which every dose of ixazomib is missed."""
    return replace(model, values=model.values | {"adherence.missed": 1.0, "adherence.late": 0.0})


def validate(
    model: Pkpd, arrays: MachineArrays, patients: int = 20_000, cycles: int = 26, seed: int = 1
) -> list[Check]:
    """The figures of the trials beside those of a simulation under this machine's edition."""
    active = arm(model, arrays, patients, cycles, seed)
    placebo = arm(without_ixazomib(model), arrays, patients, cycles, seed)
    simulated = graded(active, placebo) | counts(active, placebo) | courses(active) | nadir(model, arrays)
    like_the_trial = NEW_CYCLE in toxicities(arrays.edition)
    return [
        Check(name, reported, simulated[name], why_not_judged(reported, like_the_trial))
        for name, reported in trial_figures().items()
    ]


def why_not_judged(reported: TrialFigure, like_the_trial: bool) -> str:
    """Why agreement with a figure is not asked for, in words; "" when it is.

    `like_the_trial`: the rules of the simulation are like the trial's. The criteria for a new cycle are what tells the
    label's edition from the text's.
    """
    reasons = []
    if reported.published is None:
        reasons.append("no source was found for it")
    if reported.trial_rules and not like_the_trial:
        reasons.append(OTHER_RULES)
    elif reported.not_judged:
        reasons.append(f"{NOT_EXPECTED}: {reported.not_judged}")
    return "; ".join(reasons)


def _percent(share: NDArray[np.bool_]) -> float:
    return float(100 * share.mean())


def graded(active: Arm, placebo: Arm) -> dict[str, float]:
    """Worst grades, in percent of the patients."""
    found: dict[str, float] = {}
    for name, kind in (("rash", RASH.event), ("diarrhoea", OTHER.event)):
        grades = np.concatenate([active.worst(kind), placebo.worst(kind)])
        found |= {f"worst {name}, both arms: grade {grade}": _percent(grades == grade) for grade in range(GRADES)}
    worst = active.worst(NEUROPATHY.event)
    found |= {f"worst neuropathy: grade {grade}": _percent(worst == grade) for grade in range(1, GRADES + 1)}
    return found | {"neuropathy without ixazomib": _percent(placebo.worst(NEUROPATHY.event) > 0)}


def counts(active: Arm, placebo: Arm) -> dict[str, float]:
    """Lowest blood counts, in percent of the patients."""
    low, low_placebo = active.least(THROMBOCYTOPENIA.event), placebo.least(THROMBOCYTOPENIA.event)
    lowest, lowest_placebo = active.least(NEUTROPENIA.event), placebo.least(NEUTROPENIA.event)
    return {
        "platelets below 50,000": _percent(low < 50_000),
        "platelets below 25,000": _percent(low < 25_000),
        "platelets of 10,000 or fewer": _percent(low <= 10_000),
        "platelets below 50,000 without ixazomib": _percent(low_placebo < 50_000),
        "neutrophils below 1,000": _percent(lowest < 1000),
        "neutrophils below 500": _percent(lowest < 500),
        "neutrophils below 1,000 without ixazomib": _percent(lowest_placebo < 1000),
    }


def courses(active: Arm) -> dict[str, float]:
    """Doses and ends."""
    cycle = cycle_length(active.arrays.edition)
    return {
        "median dose intensity of ixazomib": float(np.nanmedian(active.intensity(0)) * 100),
        "median dose intensity of lenalidomide": float(np.nanmedian(active.intensity(1)) * 100),
        "a dose was reduced": _percent(active.reduced),
        "stopped for toxicity": _percent(active.stopped_for_toxicity),
        "died on treatment": _percent(active.ended_by(DEATH.event)),
        "median cycles": float(np.median(active.weeks) * DAYS_A_WEEK / cycle),
    }


def nadir(model: Pkpd, arrays: MachineArrays) -> dict[str, float]:
    """The day of the lowest platelets of the first cycle in the typical patient at the full doses."""
    n, edition = model.numbers, arrays.edition
    body = Body(n, modes(n, n.clearance, n.bioavailability, n.volume_4))
    ixazomib, lenalidomide = edition.ixazomib_ladder_mg[0], edition.lenalidomide.ladder_mg[0]
    course = []
    for ixazomib_due, lenalidomide_due in arrays.due()[:2].T:
        body.day(ixazomib * ixazomib_due, lenalidomide * lenalidomide_due)
        course.append(body.circulating)
    # The state after a day is that of the next morning, and days are counted from 1.
    return {"day of the platelet nadir, typical patient": float(np.argmin(course)) + 2}
