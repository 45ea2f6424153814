"""External validation of the model `pkpd`: simulated figures beside those that trials reported, by one rule.

Two cohorts are simulated with one random seed, each of patients of its own, one for each arm of the trial: with
ixazomib; and with every dose of it missed and the published progression of the placebo arm. Each row of `trials.toml`
is compared with its own arm, and the difference of the arms with theirs.

**The rule.** A simulated figure agrees with a reported one when their 95 % intervals have a value in common: the
trial's, by its number of patients, and the simulation's, by its own. There is no other tolerance. Where a figure
follows from published equations alone, these are also run at fixed doses and with the error as published: a figure
that they too put outside the trial's interval, on the same side, is said to differ as the published model does. A row
is not judged where its role says so, where the run is too short for it, or where it depends on dose rules and the
edition's are not like the trial's, which were those of the label.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ixastate.cohort.answers.limits import Limits, newcombe, wilson
from ixastate.cohort.answers.survival import DEVIATIONS, kaplan_meier
from ixastate.cohort.answers.trials import (
    PERCENT,
    TrialFigure,
    in_percent,
    published_progression_free,
    trial_figures,
)
from ixastate.cohort.arrays import MachineArrays, cycle_length
from ixastate.cohort.model import Block
from ixastate.cohort.models.parameters import DAYS_A_WEEK, GRADES, RATES, WEEKS_A_MONTH, Given
from ixastate.cohort.models.pkpd import Pkpd
from ixastate.cohort.models.reference_body import Body, modes
from ixastate.cohort.rows import KIND, joined
from ixastate.cohort.run.engine import usual_threads
from ixastate.events import DRUGS
from ixastate.rules import Edition
from ixastate.symbols import (
    DEATH,
    ENDS,
    NEUROPATHY,
    NEUTROPENIA,
    NEW_CYCLE,
    OTHER,
    PROGRESSION,
    RASH,
    THROMBOCYTOPENIA,
    toxicities,
)

OTHER_RULES = "the trial's dose rules were like the label's, and not these"
# So many that a verdict does not change with the seed.
PATIENTS = 250_000
# A block of patients is simulated at a time, so that memory stays small.
BLOCK = 4096
BIG = np.int64(2**20)
# Neutrophils per cubic millimetre: grade 3 begins below the one, grade 1 at the other (CTCAE).
GRADE_3, GRADE_1 = 1000, 1500
DAYS_A_YEAR = 365
# The cycles of a year, over which the published model is run at fixed doses.
YEAR = 13

# Ends of treatment that toxicity has no part in.
NOT_FOR_TOXICITY = tuple(end.event for end in ENDS if end.event != "intolerable_toxicity_declared")


@dataclass(frozen=True)
class Figure:
    """A simulated figure with its 95 % interval."""

    value: float
    interval: Limits

    @classmethod
    def share(cls, of: NDArray[np.bool_]) -> Figure:
        """A share in percent; of nobody it is nan, and any."""
        if not len(of):
            return cls(np.nan, (-np.inf, np.inf))
        share = float(of.mean())
        return cls(PERCENT * share, in_percent(wilson(share, len(of))))

    @classmethod
    def median(cls, of: NDArray[np.float64]) -> Figure:
        """A median, whose interval is that of the order statistics."""
        ordered = np.sort(of[~np.isnan(of)])
        if not len(ordered):
            return cls(np.nan, (-np.inf, np.inf))
        half = DEVIATIONS * np.sqrt(len(ordered)) / 2
        ends = [int(np.clip(len(ordered) / 2 + sign * half, 0, len(ordered) - 1)) for sign in (-1, 1)]
        return cls(float(np.median(ordered)), (float(ordered[ends[0]]), float(ordered[ends[1]])))

    def less(self, other: Figure) -> Figure:
        """The difference of two shares."""
        return Figure(self.value - other.value, newcombe(self.value, self.interval, other.value, other.interval))

    def side(self, limits: Limits) -> int:
        """On which side of these limits it lies wholly: -1 below, 1 above, 0 where the two have a value in common."""
        return int(self.interval[0] > limits[1]) - int(self.interval[1] < limits[0])


@dataclass(frozen=True)
class Check:
    """One row: what a trial reported, what was simulated, and what the published model gives by itself, if asked.

    `words` say why it is not judged; there are none where it is.
    """

    reported: TrialFigure
    simulated: Figure
    published: Figure | None = None
    words: str = ""

    @property
    def judged(self) -> bool:
        """Whether agreement is asked for."""
        return not self.words

    @property
    def side(self) -> int:
        """On which side of the reported interval the simulated one lies; 0 where they agree, or there is none."""
        limits = self.reported.limits
        return self.simulated.side(limits) if limits else 0

    @property
    def verdict(self) -> str:
        """What the rule says: `agrees`, `differs`, `differs as published`, or `not judged`."""
        if not self.judged:
            return "not judged"
        if self.side == 0:
            return "agrees"
        limits = self.reported.limits
        assert limits is not None
        alone = Figure(self.published.value, (self.published.value,) * 2).side(limits) if self.published else 0
        return "differs as published" if alone == self.side else "differs"

    def as_json(self) -> dict[str, Any]:
        """The row as a JSON object; what is not known, or without an end, is null."""
        row = self.reported
        return {
            "figure": row.figure,
            "arm": row.arm,
            "endpoint": row.endpoint,
            "unit": row.unit,
            "role": row.role,
            "reported": row.value,
            "reported_interval": _ends(row.limits),
            "n": row.n,
            "simulated": _known(self.simulated.value),
            "simulated_interval": _ends(self.simulated.interval),
            "published_model": _known(self.published.value) if self.published else None,
            "verdict": self.verdict,
            "words": self.words,
            "source": row.source,
        }


def _ends(interval: Limits | None) -> list[float | None] | None:
    return [_known(end) for end in interval] if interval else None


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None


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
        return ~np.isnan(self.weeks_to_reduction)

    @cached_property
    def first(self) -> NDArray[np.int64]:
        """(patients,): the row with which each course starts."""
        return np.append(0, self.last[:-1] + 1)

    @cached_property
    def weeks_to_reduction(self) -> NDArray[np.float64]:
        """(patients,): weeks until ixazomib or lenalidomide was first lower than at the start; nan where never."""
        rows = self.block.rows
        levels = self.arrays.level[rows.configuration][:, :2]
        lower = (levels < levels[self.first][self.place]).any(axis=1) & self.arrays.treated[rows.configuration]
        whose, first = np.unique(self.place[lower], return_index=True)
        found = np.full(self.patients, np.nan)
        found[whose] = (rows.day[lower][first].astype(np.int64) - 1) / DAYS_A_WEEK
        return found

    @cached_property
    def neutropenias(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(events,) twice: whose neutrophils fell below 1,000 on which day, after 1,500 or more or the start."""
        rows = self.block.rows
        counted = np.flatnonzero((rows.kind == KIND[NEUTROPENIA.event]) & (rows.day > 1))
        # Counts between the two neither begin an event nor end one.
        told = counted[(rows.value[counted] < GRADE_3) | (rows.value[counted] >= GRADE_1)]
        low, whose = rows.value[told] < GRADE_3, self.place[told]
        goes_on = np.append(False, low[:-1] & (whose[1:] == whose[:-1]))
        begins = low & ~goes_on
        return whose[begins], rows.day[told][begins].astype(np.int64)

    def intensity(self, drug: int) -> NDArray[np.float64]:
        """(patients,): what was given of a drug, by its number, as a share of the plan at the first dose."""
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

    def shares(self) -> dict[str, NDArray[np.bool_]]:
        """What is true of how many patients, by the name of the figure: one entry for each patient who counts."""
        platelets, neutrophils = self.least(THROMBOCYTOPENIA.event), self.least(NEUTROPENIA.event)
        found: dict[str, NDArray[np.bool_]] = {}
        for name, kind in (("rash", RASH.event), ("diarrhoea", OTHER.event), ("neuropathy", NEUROPATHY.event)):
            worst = self.worst(kind)
            found |= {f"worst {name} of grade {grade}": worst == grade for grade in range(GRADES)}
            found[f"any {name}"] = worst > 0
        found |= {f"platelets below {most:,}": platelets < most for most in (150_000, 50_000, 25_000)}
        found["platelets of 10,000 or fewer"] = platelets <= 10_000
        found |= {f"neutrophils below {most:,}": neutrophils < most for most in (2000, GRADE_3, 500)}
        whose, day = self.neutropenias
        often = np.bincount(whose[day <= DAYS_A_YEAR], minlength=self.patients)
        found["neutrophils below 1,000 in a year"] = often > 0
        found["three times neutrophils below 1,000"] = often[often > 0] >= 3
        ever = np.bincount(whose, minlength=self.patients)
        found["neutrophils below 1,000 again"] = ever[ever > 0] > 1
        found["stopped by a platelet count"] = self.ended_by(THROMBOCYTOPENIA.event)
        found["stopped by a grade of neuropathy"] = self.ended_by(NEUROPATHY.event)
        found["a dose was reduced"] = self.reduced
        found["stopped for toxicity"] = self.stopped_for_toxicity
        found["died on treatment"] = self.ended_by(DEATH.event)
        return found

    def values(self) -> dict[str, NDArray[np.float64]]:
        """What is told of how many patients by a median, by the name of the figure; nan where it never came."""
        whose, day = self.neutropenias
        within = day <= DAYS_A_YEAR
        _, first = np.unique(whose[within], return_index=True)
        found = {
            "weeks to neutrophils below 1,000": (day[within][first] - 1) / DAYS_A_WEEK,
            "weeks to the first reduction": self.weeks_to_reduction,
            "median cycles": self.weeks * DAYS_A_WEEK / cycle_length(self.arrays.edition),
        }
        for number, drug in enumerate(DRUGS):
            found[f"median dose intensity of {drug}"] = PERCENT * self.intensity(number)
        return found

    def outcomes(self) -> Outcomes:
        """What became of the patients, without their courses."""
        return Outcomes(self.shares(), self.values(), self.weeks, self.ended_by(PROGRESSION.event, DEATH.event))


@dataclass(frozen=True)
class Outcomes:
    """What became of an arm's patients, by the name of a figure: an entry for each patient whom it concerns.

    Of `shares` the figure is how many are true, of `values` the median. `weeks` (patients,) are those on treatment and
    `progressed` (patients,) says whether progression or death ended it.
    """

    shares: dict[str, NDArray[np.bool_]]
    values: dict[str, NDArray[np.float64]]
    weeks: NDArray[np.int64]
    progressed: NDArray[np.bool_]

    @classmethod
    def joined(cls, parts: Sequence[Outcomes]) -> Outcomes:
        """Those of several groups of patients as one."""
        return cls(
            {name: np.concatenate([part.shares[name] for part in parts]) for name in parts[0].shares},
            {name: np.concatenate([part.values[name] for part in parts]) for name in parts[0].values},
            np.concatenate([part.weeks for part in parts]),
            np.concatenate([part.progressed for part in parts]),
        )

    def medians(self) -> dict[str, Figure]:
        """Medians by the name of the figure."""
        found = {name: Figure.median(of) for name, of in self.values.items()}
        return found | {"median progression-free months": self.progression_free()}

    def progression_free(self) -> Figure:
        """The median time to progression or death in months, by Kaplan and Meier; other ends are censored.

        The rates of both are constant and go on after the end of treatment, so that this is what a trial sees.
        """
        counts = np.ones(len(self.weeks), np.int64)
        curve = kaplan_meier(pl.Series(self.weeks), pl.Series(self.progressed), pl.Series(counts))
        months = [
            np.inf if weeks is None else weeks / WEEKS_A_MONTH
            for weeks in (curve.median, curve.median_lower, curve.median_upper)
        ]
        return Figure(months[0], (months[1], months[2]))


def arm(model: Pkpd, arrays: MachineArrays, patients: int, cycles: int, seed: int) -> Arm:
    """A simulated cohort."""
    kernel = model.kernel(arrays, seed, cycles)
    blocks = [kernel(first, min(BLOCK, patients - first)) for first in range(0, patients, BLOCK)]
    baseline = {name: np.concatenate([block.baseline[name] for block in blocks]) for name in blocks[0].baseline}
    return Arm(Block(joined([block.rows for block in blocks]), baseline), arrays, cycles)


def outcomes(model: Pkpd, arrays: MachineArrays, patients: range, cycles: int, seed: int) -> Outcomes:
    """What became of the patients of these numbers; worked out in threads, a block at a time, and no course is kept."""
    kernel = model.kernel(arrays, seed, cycles)

    def part(first: int) -> Outcomes:
        return Arm(kernel(first, min(BLOCK, patients.stop - first)), arrays, cycles).outcomes()

    with ThreadPoolExecutor(usual_threads()) as pool:
        return Outcomes.joined(list(pool.map(part, patients[::BLOCK])))


def without_ixazomib(model: Pkpd) -> Pkpd:
    """The model of the placebo arm: every dose of ixazomib is missed, and progression is the published one."""
    progression = published_progression_free("placebo") if model.values["ends.progression_free"] else 0.0
    placebo: Given = {"adherence.missed": 1.0, "adherence.late": 0.0, "ends.progression_free": progression}
    return replace(model, values=model.values | placebo)


def as_published(model: Pkpd) -> Pkpd:
    """The model with the error of a platelet count as it was published, and without an end."""
    error: Given = {"platelets.within_patient": 0.0, "platelets.additive_from": 0.0}
    return replace(model, values=model.values | error | dict.fromkeys(RATES, 0.0))


@dataclass(frozen=True)
class Arms:
    """What became of the two cohorts, and what is computed of each and of both."""

    ixazomib: Outcomes
    placebo: Outcomes

    @classmethod
    def simulated(cls, model: Pkpd, arrays: MachineArrays, patients: int, cycles: int, seed: int) -> Arms:
        """Both arms with one seed, of patients of their own, as a trial has them: so their chances are independent."""
        return cls(
            outcomes(model, arrays, range(patients), cycles, seed),
            outcomes(without_ixazomib(model), arrays, range(patients, 2 * patients), cycles, seed),
        )

    def figures(self) -> dict[tuple[str, str], Figure]:
        """Every figure by its name and arm; of both arms together the shares alone."""
        found: dict[tuple[str, str], Figure] = {}
        for name, one in self.ixazomib.shares.items():
            other = self.placebo.shares[name]
            found[name, "ixazomib"], found[name, "placebo"] = Figure.share(one), Figure.share(other)
            found[name, "both"] = Figure.share(np.concatenate([one, other]))
            found[name, "difference"] = found[name, "ixazomib"].less(found[name, "placebo"])
        for arm, cohort in (("ixazomib", self.ixazomib), ("placebo", self.placebo)):
            found |= {(name, arm): figure for name, figure in cohort.medians().items()}
        return found


def validate(
    model: Pkpd, arrays: MachineArrays, patients: int = PATIENTS, cycles: int = 26, seed: int = 1
) -> list[Check]:
    """Every row of `trials.toml` beside a simulation under this machine's edition."""
    found = Arms.simulated(model, arrays, patients, cycles, seed).figures()
    found["day of the platelet nadir", "ixazomib"] = nadir(model, arrays)
    published = Arms.simulated(as_published(model), arrays.without_rules(), patients, YEAR, seed).figures()
    return checked(trial_figures(), found, published, arrays.edition, cycles)


def checked(
    rows: Sequence[TrialFigure],
    found: Mapping[tuple[str, str], Figure],
    published: Mapping[tuple[str, str], Figure],
    edition: Edition,
    cycles: int,
) -> list[Check]:
    """Rows beside what was simulated over so many cycles, and what the published model gives at fixed doses."""
    # The criteria for a new cycle are what tells the label's edition from the text's.
    like_the_trial = NEW_CYCLE in toxicities(edition)
    return [
        Check(
            row,
            found[row.figure, row.arm],
            published[row.figure, row.arm] if row.published else None,
            why_not_judged(row, found[row.figure, row.arm], like_the_trial, cycles),
        )
        for row in rows
    ]


def why_not_judged(row: TrialFigure, simulated: Figure, like_the_trial: bool, cycles: int) -> str:
    """Why agreement with a figure is not asked for, in words; "" when it is."""
    reasons = []
    if row.role == "unsourced":
        reasons.append("no source was found for it")
    elif not row.judged:
        reasons.append(f"not comparable: {row.reason}")
    if row.rules and not like_the_trial:
        reasons.append(OTHER_RULES)
    if cycles < row.cycles:
        reasons.append(f"it needs {row.cycles} cycles, and {cycles} were simulated")
    if np.isnan(simulated.value):
        reasons.append("of the simulated patients it concerns none")
    return "; ".join(reasons)


def nadir(model: Pkpd, arrays: MachineArrays) -> Figure:
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
    return Figure(day, (day, day))
