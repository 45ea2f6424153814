"""The toxicity model `pkpd`: PK/PD in a closed loop, in which the dose that the machine orders decides the toxicity.

Pharmacokinetics (PK) is what the body does to the drug; the exposure-response models (PD) are what the drug does to it.

The theory
----------
*Ixazomib in the body.* Three compartments with first-order absorption after a lag (Gupta 2017); clearance and
bioavailability vary together between patients, the second peripheral volume by itself and with body surface. The
equations are linear, so a patient is four exponentials, and the AUC of any time is exact.

*Rash and diarrhoea.* Weekly Markov chains on the grades 0 to 3 (Srimani 2022): from each grade the logits of reaching
grade 1, 2 and 3 or more, with a patient's own intercept for each current grade. The AUC of the week that has passed
raises the logits from grade 0; so do Asian race and an early term (rash) and the first week (diarrhoea).

*Platelets.* A proliferating pool, two transits and circulation without feedback (Srimani 2022). Ixazomib's
concentration and cumulative AUC, and lenalidomide's rate of action, add to the loss of the pool.

*True and measured counts.* A count deviates from what the drugs make of it. Published is one normal error, drawn anew
at each visit, whose variance is the sum of a proportional and an additive part. Here it has two parts: the patient's
own, which goes on from week to week, and the laboratory's. The true count is what the drugs and the patient make of it,
the measured one adds the laboratory's error; the log holds what was measured, and marks a count that means something
else to the machine than the true one would (`misclassified`). The additive part falls with a low count, since no
laboratory is 28 x 10^9/L wrong about a count of 10. With `within_patient` and `additive_from` at 0 it is as published.
The neutrophils' deviation has the same two parts, on the logarithm. Where the machine asks for a low count to be
confirmed (B-CONFIRM-HOLD), blood is drawn again on the same day: the true count is the same, the laboratory's error is
drawn anew.

*Kidneys.* Lenalidomide's exposure goes with creatinine clearance (Chen 2007): both counts feel it by exposure. The
published platelet model goes by the dose alone, to which this is equal in healthy kidneys.

*Neutrophils and neuropathy.* No published model was found; these are simple ones of our own. The logarithm of the
neutrophils falls by an effect of each drug, times the patient's sensitivity; the effect comes and goes by a fixed share
a week, and a visit adds an error. Neuropathy goes up or down one grade at a time: up by the patient's frailty and the
week's AUC over a background, down faster without ixazomib. Exposure is measured in mean weeks on 4 mg, three doses in
four weeks. Pain is drawn whenever the grade changes.

*Ends.* The published time is that to progression or death. Here the two have constant rates that compete, and together
give that time; death has its own published share.

*The week.* On day 1, 8, 15, ... the grades are reported, then blood is drawn if it is a visit, then treatment may end
for another reason, and then the doses are taken as they are ordered now. What an event means is the alphabet's, what
follows is the machine's: the model looks both up and repeats neither. What is given of ixazomib and lenalidomide in a
week is the next one's exposure.

What was fitted
---------------
The values called "calibrated" in the file are where `tests/model_fit.py` ends: step by step, one parameter at a time,
the fitted figures of both arms come as near to the trial as they will, in its standard errors. It runs under
`us-label`, whose rules are the nearest to the trial's, with 100,000 patients of a seed that `validate` does not use by
itself. The platelets' `additive_from` and `persistence` go by the low counts and the stops, the neutrophils' median,
the effect of lenalidomide and `keeps` by the shares below 2000 and 1000 and the time of the first neutropenia,
neuropathy's background and worsening by the worst grades. The rate of intolerable toxicity was moved by hand. Nothing
published was moved.

Simplifications
---------------
* Weekly time: nothing is seen or ordered between days 1, 8, 15 and 22 of a cycle but a late or missed dose.
* Grades are seen weekly, without error; they are written when they change, and each week while an episode is open
  whose grade would let it end. Rash and neuropathy of grade 4, and grade 5, do not occur. Diarrhoea is the only other
  toxicity.
* Nobody begins with a rash or diarrhoea, as about 1 % did (Srimani 2022).
* The cumulative AUC acts on the platelets for ever, as published, though it was fitted to six cycles; a half-life is an
  option (`cumulative_half_life`).
* Bioavailability is log-normal as published, so that it exceeds 1 in a fifth of the patients; only its ratio to
  clearance matters to the toxicities.
* Covariates are drawn independently of each other. A normal or log-normal covariate is cut to its published range. The
  patient's own platelet baseline is normal as published and cut from below; a measured count below 0 is reported as 0.
* Dexamethasone has no effect of its own and is never lowered.
* No growth factor and no transfusion is given. Progression, death, withdrawal and intolerable toxicity have constant
  rates that no count or grade changes.
* A missed dose is not made up. A vomited one counts as taken (B-VOMIT). Lenalidomide is taken as ordered.
* The physician's agreement that an episode is over is drawn again at each assessment; whether ixazomib clearly caused
  an episode is drawn at its onset and kept.

Platelets are integrated in steps of 6, 6 and 12 hours on the day of a dose and of a day otherwise; the circulating
platelets of a year are within 0.3 % of the exact solution in the typical patient, and within 1.4 % in one with five
times the exposure (tested). Random numbers are drawn by
purpose: see `pkpd_kernel`. The same numbers give the same bytes on machines whose mathematical library rounds exp,
log, cos and acos alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ixastate.cohort.arrays import MachineArrays, cycle_length
from ixastate.cohort.model import Block, Kernel
from ixastate.cohort.models.parameters import DAYS_A_WEEK, MODEL, Given, given
from ixastate.cohort.models.pkpd_kernel import run
from ixastate.cohort.models.pkpd_numbers import Numbers, by_week, visits, worked_out
from ixastate.cohort.models.pkpd_tables import start_facts, tabulated
from ixastate.cohort.rows import room
from ixastate.rules import Edition

# What each patient was like, in the order in which the kernel fills it.
BASELINE = (
    "age_years",
    "female",
    "asian",
    "prior_imid",
    "body_surface_m2",
    "creatinine_clearance_ml_min",
    "bilirubin_times_uln",
    "on_dialysis",
    "platelets_10e9_l",
    "own_platelets_10e9_l",
    "neutrophils_mm3",
    "ixazomib_clearance_l_h",
    "ixazomib_bioavailability",
    "ixazomib_volume_4_l",
    "lenalidomide_exposure",
)
# A week has at most three grades, two counts and each once more, an assessment, an end and two lines about a dose.
ROWS_A_WEEK = 11


@dataclass(frozen=True)
class Pkpd:
    """The model with its parameters, as a `models.Model`."""

    text: str
    values: Given
    where: str
    name: str = MODEL

    @classmethod
    def read(cls) -> Pkpd:
        """The model with the parameters that come with the package."""
        text = (resources.files(__package__) / "pkpd.toml").read_text(encoding="utf-8")
        return cls.parse(text, "pkpd.toml")

    @classmethod
    def parse(cls, text: str, where: str) -> Pkpd:
        """The model of a TOML text; `InputError`, which names `where`, when it cannot be used."""
        return cls(text, given(text, where), where)

    @classmethod
    def to_read(cls, text: str, where: str) -> Pkpd:
        """The model of a run, to read its log by; it asks for no parameter, and cannot simulate."""
        return cls(text, {}, where)

    @cached_property
    def numbers(self) -> Numbers:
        """The numbers that the model computes with."""
        return worked_out(self.values)

    def kernel(self, arrays: MachineArrays, seed: int, cycles: int) -> Kernel:
        """The model on this machine; `InputError` when its parameters do not fit."""
        length = cycle_length(arrays.edition)
        weeks = cycles * length // DAYS_A_WEEK
        machine = tabulated(arrays, visits(self.values, length, self.where))
        numbers = record(self.numbers)
        weekly = np.array(by_week(self.values, weeks))

        def courses(first: int, count: int) -> Block:
            rows = room(count * (1 + ROWS_A_WEEK * weeks))
            true = np.empty(len(rows), np.int32)
            baseline = np.empty((count, len(BASELINE)))
            columns = tuple(rows.columns().values())
            written = run(numbers, machine, weekly, np.uint64(seed), first, count, weeks, baseline, columns, true)
            like = {name: cast("NDArray[np.generic]", baseline[:, place].copy()) for place, name in enumerate(BASELINE)}
            return Block(rows.first(written), like, true[:written].copy())

        return courses

    def start_facts(self, edition: Edition, baseline: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of `course_started` other than the date."""
        return start_facts(
            float(baseline["bilirubin_times_uln"]),
            float(baseline["creatinine_clearance_ml_min"]),
            bool(baseline["on_dialysis"]),
        )


def record(numbers: Numbers) -> Any:
    """The numbers as one structured value, which a kernel reads by name."""
    columns = {name: np.array(value, np.float64) for name, value in numbers._asdict().items()}
    whole = np.zeros(1, np.dtype([(name, np.float64, value.shape) for name, value in columns.items()]))
    for name, value in columns.items():
        whole[name] = value
    return whole[0]
