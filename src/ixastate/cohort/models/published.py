"""The toxicity model `published`: the closed loop, in which the dose that the machine orders decides the toxicity.

The theory
----------
*Ixazomib in the body.* Three compartments with first-order absorption after a lag (Gupta 2017); clearance and
bioavailability vary together between patients, the second peripheral volume by itself and with body surface. The
equations are linear, so a patient is four exponentials, and the AUC of any time is exact.

*Rash and diarrhoea.* Weekly Markov chains on the grades 0 to 3 (Srimani 2022): from each grade the logits of reaching
grade 1, 2 and 3 or more, with a patient's own intercept for each current grade. The AUC of the week that has passed
raises the logits from grade 0; so do Asian race and an early term (rash) and the first week (diarrhoea).

*Platelets.* A proliferating pool, two transits and circulation without feedback (Srimani 2022). Ixazomib's
concentration and cumulative AUC, and lenalidomide's rate of action, add to the loss of the pool. A measured count has
one normal error, whose variance is the sum of the proportional and the additive one.

*Neutrophils and neuropathy.* No published model was found; these are simple ones of our own. The logarithm of the
neutrophils falls by an effect of each drug, times the patient's sensitivity; the effect comes and goes by a fixed share
a week, and a visit adds an error. Neuropathy goes up or down one grade at a time: up by the patient's frailty and the
week's AUC over a background, down faster without ixazomib. Pain is drawn whenever the grade changes.

*The week.* On day 1, 8, 15, ... the grades are told, then blood is drawn if it is a visit, then treatment may end for
another reason, and then the doses are taken as they are ordered now. What an event means is the alphabet's, what
follows is the machine's: the model looks both up and repeats neither. What is given of ixazomib and lenalidomide in a
week is the next one's exposure.

What was fitted
---------------
The values called "calibrated" in the file were moved by hand, one group after the other, until `validate` agreed under
`us-label`, whose rules are the nearest to the trial's, with 20,000 patients, 26 cycles and seed 1: the background of
neuropathy by its ratio with and without ixazomib, then its worsening from grade 0, 1 and 2 by the worst grades; the
effect of lenalidomide on neutrophils by the share below 1,000 and the spread of the sensitivity by the share below 500;
last the rate of intolerable toxicity by the stops, those that the rules make included. Nothing published was moved.

Simplifications
---------------
* Weekly time: nothing is seen or ordered between days 1, 8, 15 and 22 of a cycle but a late or missed dose.
* Grades are seen weekly, without error; they are written when they change, and each week while an episode is open
  whose grade would let it end. Rash and neuropathy of grade 4, and grade 5, do not occur. Diarrhoea is the only other
  toxicity.
* Bioavailability is log-normal as published, so that it exceeds 1 in a fifth of the patients; only its ratio to
  clearance matters to the toxicities.
* Covariates are drawn independently of each other. A normal or log-normal covariate is cut to its published range. The
  patient's own platelet baseline is normal as published and cut from below; a measured count below 0 is reported as 0.
* Lenalidomide acts by its dose alone, as published, whatever the kidneys do. Dexamethasone has no effect of its own.
* No growth factor and no transfusion is given. Progression, death, withdrawal and intolerable toxicity have constant
  rates that no count or grade changes.
* A missed dose is not made up. A vomited one counts as taken (B-VOMIT). Lenalidomide is taken as ordered.
* The physician's agreement that an episode is over is drawn anew at each assessment; whether ixazomib clearly caused an
  episode is drawn at its onset and kept.

Platelets are integrated in steps of 6, 6 and 12 hours on the day of a dose and of a day otherwise; the circulating
platelets are within 0.5 % of the exact solution (tested; 0.2 % in the typical patient). Random numbers are drawn by
purpose: see `published_kernel`. The same numbers give the same bytes on machines whose mathematical library rounds exp,
log, cos and acos alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, time
from functools import cached_property
from importlib import resources
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ixastate.cohort.arrays import NO_SYMBOL, MachineArrays, cycle_length, neuropathy_meanings, rash_meanings
from ixastate.cohort.model import Block, Kernel
from ixastate.cohort.models.parameters import GRADES, Given, given
from ixastate.cohort.models.published_kernel import ENDS, MOST_NEUTROPHILS, MOST_PLATELETS, Machine, run
from ixastate.cohort.models.published_numbers import DAYS_A_WEEK, Numbers, Visits, by_week, visits, worked_out
from ixastate.cohort.rows import room
from ixastate.course.alphabet import Attribution, Context, read
from ixastate.course.schedule import NOMINAL_MONDAY, Calendar, is_ixazomib_day, late_dose_fits
from ixastate.errors import InputError
from ixastate.events import parse_event
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
)
# A week has at most three grades, two counts, an assessment, an end and two lines about a dose.
ROWS_A_WEEK = 9
TERM = "diarrhoea"
ATTRIBUTIONS: tuple[Attribution, ...] = (None, "clear", "not_clear")
RECOVERED = "neuropathy_resolved_agreed", "rash_resolved", ("other_resolved", "other_resolved_related")
PER_MM3 = "/mm3"
# Bilirubin is reported in hundredths of the upper limit of normal, creatinine clearance in tenths of mL/min.
MOST_BILIRUBIN, MOST_CLEARANCE = 2000, 3000
PLENTY = 1_000_000


@dataclass(frozen=True)
class Published:
    """The model with its parameters, as a `models.Model`."""

    text: str
    values: Given
    where: str
    name: str = "published"

    @classmethod
    def read(cls) -> Published:
        """The model with the parameters that come with the package."""
        text = (resources.files(__package__) / "published.toml").read_text(encoding="utf-8")
        return cls.parse(text, "published.toml")

    @classmethod
    def parse(cls, text: str, where: str) -> Published:
        """The model of a TOML text; `InputError`, which names `where`, when it cannot be used."""
        return cls(text, given(text, where), where)

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
            baseline = np.empty((count, len(BASELINE)))
            columns = tuple(rows.columns().values())
            written = run(numbers, machine, weekly, np.uint64(seed), first, count, weeks, baseline, columns)
            return Block(rows.first(written), {name: baseline[:, place].copy() for place, name in enumerate(BASELINE)})

        return courses

    def start_facts(self, edition: Edition, baseline: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of `course_started` besides the date."""
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


def start_facts(bilirubin_times_uln: float, creatinine_clearance_ml_min: float, on_dialysis: bool) -> dict[str, Any]:
    """The fields of `course_started` besides the date."""
    return {
        "weekday": "monday",
        "clock_time": "08:00",
        "patient_informed": True,
        "bilirubin": {"times_uln": bilirubin_times_uln},
        "creatinine_clearance": {"value": creatinine_clearance_ml_min, "unit": "mL/min"},
        "on_dialysis": on_dialysis,
    }


# --- What events mean, tabulated by asking the alphabet ---------------------------------------------------------


def tabulated(arrays: MachineArrays, drawn: Visits) -> Machine:
    """The machine, and what every event that the model writes means to it."""
    edition = arrays.edition
    length = cycle_length(edition)
    weeks = length // DAYS_A_WEEK
    numbers = arrays.numbers
    start, bilirubin_class, clearance_class = starts(arrays)
    other, other_after = other_meanings(arrays)
    assessed, neutrophils_class, platelets_class = assessments(arrays)
    rash, neuropathy = rash_meanings(arrays)[:GRADES], neuropathy_meanings(arrays)[:GRADES]
    every = arrays.lenalidomide_every_days()
    due = np.array([arrays.due()[0], *(arrays.due(days)[1] for days in range(1, int(every.max()) + 1))])
    visit = np.zeros((drawn.first_cycles + 1, weeks), np.bool_)
    for cycle in range(len(visit)):
        for day in drawn.first_days if cycle < drawn.first_cycles else drawn.later_days:
            visit[cycle, (day - 1) // DAYS_A_WEEK] = True
    agreed, calm, resolved = RECOVERED
    return Machine(
        following=arrays.following,
        output=arrays.output,
        given=arrays.given,
        treated=arrays.treated,
        rash_open=arrays.open_while(calm),
        neuropathy_open=arrays.open_while(agreed),
        count_held=arrays.held_for("neutrophils") | arrays.held_for("platelets"),
        cycle_held=arrays.held_for("new cycle"),
        start=start,
        bilirubin_class=bilirubin_class,
        clearance_class=clearance_class,
        every_days=every,
        due=due,
        latest_delay=latest_delays(edition),
        visit=visit,
        weekly_while_held=drawn.weekly_while_held,
        neutrophils=_count(arrays, "neutrophils_measured", MOST_NEUTROPHILS, 10),
        platelets=_count(arrays, "platelets_measured", MOST_PLATELETS, 1000),
        rash=rash,
        rash_recovered=rash == numbers[calm],
        neuropathy=neuropathy,
        neuropathy_recovered=neuropathy[:, :, 1] == numbers[agreed],
        other=other,
        other_after=other_after,
        other_recovered=np.isin(other[1, :, 1, 1], [numbers[symbol] for symbol in resolved]),
        assessed=assessed,
        neutrophils_class=neutrophils_class,
        platelets_class=platelets_class,
        assesses=bool((assessed != NO_SYMBOL).any()),
        ends=np.array([meaning(arrays, {"type": kind})[0] for kind in ENDS], np.uint8),
    )


def meaning(arrays: MachineArrays, facts: Mapping[str, Any], context: Context | None = None) -> tuple[int, Context]:
    """The column of the symbol that an event means, or `NO_SYMBOL`, and the context after it."""
    event = parse_event({"day": 1, **facts})
    meant = read(event, Context() if context is None else context, arrays.edition)
    return NO_SYMBOL if meant.symbol is None else arrays.numbers[meant.symbol], meant.context


def _count(arrays: MachineArrays, kind: str, most: int, cells: int) -> NDArray[np.uint8]:
    """(most + 1,): what each count means, in steps of so many cells per cubic millimetre."""
    return _meant(arrays, range(most + 1), lambda value: {"type": kind, "value": value * cells, "unit": PER_MM3})


def _meant(arrays: MachineArrays, values: Sequence[Any], facts: Callable[[Any], dict[str, Any]]) -> NDArray[np.uint8]:
    return np.array([meaning(arrays, facts(value))[0] for value in values], np.uint8)


def _classes(meant: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], list[int]]:
    """Values that mean the same have one class; the class of each, and the first and last value of each class."""
    symbols = list(dict.fromkeys(meant.tolist()))
    of = np.array([symbols.index(symbol) for symbol in meant], np.uint8)
    edges = [
        int(places[end]) for one in range(len(symbols)) for places in [np.flatnonzero(of == one)] for end in (0, -1)
    ]
    return of, edges


def starts(arrays: MachineArrays) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """The symbol of `course_started` by class of bilirubin and of creatinine clearance, and on dialysis or not.

    With it the class of each bilirubin (hundredths of the upper limit) and clearance (tenths of mL/min), as the
    alphabet tells them apart while the other is normal. `InputError` when it tells more pairs apart than that.
    """

    def facts(bilirubin: int, clearance: int, dialysis: bool) -> dict[str, Any]:
        return {"type": "course_started", **start_facts(bilirubin / 100, clearance / 10, dialysis)}

    healthy = MOST_CLEARANCE
    by_bilirubin, livers = _classes(_meant(arrays, range(MOST_BILIRUBIN + 1), lambda v: facts(v, healthy, False)))
    by_clearance, kidneys = _classes(_meant(arrays, range(MOST_CLEARANCE + 1), lambda v: facts(0, v, False)))
    table = np.full((len(livers) // 2, len(kidneys) // 2, 2), NO_SYMBOL, np.uint8)
    for liver, kidney, dialysis in product(livers, kidneys, (False, True)):
        place = by_bilirubin[liver], by_clearance[kidney], int(dialysis)
        symbol = meaning(arrays, facts(liver, kidney, dialysis))[0]
        _agree(table[place], symbol, "course_started")
        table[place] = symbol
    return table, by_bilirubin, by_clearance


def other_meanings(arrays: MachineArrays) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """(2, 4, 3, 2): the symbol by whether the term is open, grade, attribution and agreement, and if it is open then.

    The attribution stated at the onset is stated at each later event of the episode.
    """
    shape = (2, GRADES, len(ATTRIBUTIONS), 2)
    symbols, opened = np.empty(shape, np.uint8), np.empty(shape, np.bool_)
    for place in product(*map(range, shape)):
        was_open, grade, which, agrees = place
        attribution = ATTRIBUTIONS[which]
        facts = {"type": "other_toxicity_graded", "term": TERM, "grade": grade, "physician_agrees": bool(agrees)}
        context = Context(open_terms=((TERM, attribution),) if was_open else ())
        symbols[place], after = meaning(arrays, facts | {"attribution": attribution}, context)
        opened[place] = bool(after.open_terms)
    return symbols, opened


def assessments(arrays: MachineArrays) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """The symbol of `cycle_assessed` by class of neutrophils and of platelets and by whether toxicities have resolved.

    With it the class of each count (in steps of 10 and 1000 per cubic millimetre), as the alphabet tells them apart
    while all else is well. `InputError` when it tells more apart than that.
    """

    def facts(neutrophils: int, platelets: int, resolved: bool) -> dict[str, Any]:
        counts = {"neutrophils": neutrophils, "platelets": platelets}
        return {"type": "cycle_assessed", "toxicities_resolved": resolved} | {
            name: {"value": value, "unit": PER_MM3} for name, value in counts.items()
        }

    by_neutrophils, some = _classes(
        _meant(arrays, range(MOST_NEUTROPHILS + 1), lambda value: facts(10 * value, PLENTY, True))
    )
    by_platelets, others = _classes(
        _meant(arrays, range(MOST_PLATELETS + 1), lambda value: facts(PLENTY, 1000 * value, True))
    )
    table = np.full((len(some) // 2, len(others) // 2, 2), NO_SYMBOL, np.uint8)
    asked = np.zeros(table.shape, np.bool_)
    for neutrophils, platelets, resolved in product(some, others, (False, True)):
        place = by_neutrophils[neutrophils], by_platelets[platelets], int(resolved)
        symbol = meaning(arrays, facts(10 * neutrophils, 1000 * platelets, resolved))[0]
        if asked[place]:
            _agree(table[place], symbol, "cycle_assessed")
        table[place], asked[place] = symbol, True
    return table, by_neutrophils, by_platelets


def _agree(known: int, symbol: int, kind: str) -> None:
    if known not in (NO_SYMBOL, symbol):
        raise InputError(
            f"the meaning of {kind} cannot be tabulated: it depends on two values together",
            where="edition",
            remedy="give the model `published` a finer table",
        )


def latest_delays(edition: Edition) -> NDArray[np.int64]:
    """(days of a cycle,): by how many days, at most 6, a dose of ixazomib that is due then may be late (ADM-11)."""
    dates = Calendar(NOMINAL_MONDAY, time(8), UTC, True, 1)
    latest = np.zeros(cycle_length(edition), np.int64)
    for day in range(1, len(latest) + 1):
        if is_ixazomib_day(day, edition):
            fits = [late_dose_fits(dates.moment(day + late), day, dates, edition) for late in range(1, DAYS_A_WEEK)]
            latest[day - 1] = (*fits, False).index(False)
    return latest
