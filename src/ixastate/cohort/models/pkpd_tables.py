"""Look-up tables of the `pkpd` kernel: what every event that the model writes means to the machine of an edition.

The tables are made by asking the alphabet (`course.alphabet`) once for each value that the model can report, so that
the kernel holds no rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, time
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ixastate.cohort.arrays import MachineArrays, cycle_length
from ixastate.cohort.kept import Arrays, kept
from ixastate.cohort.models.parameters import DAYS_A_WEEK, GRADES
from ixastate.cohort.models.pkpd_kernel import ENDS, Machine
from ixastate.cohort.models.pkpd_numbers import Visits
from ixastate.cohort.models.pkpd_patient_kernel import MOST_NEUTROPHILS, MOST_PLATELETS
from ixastate.cohort.rows import NO_SYMBOL
from ixastate.course.alphabet import Attribution, Context, criteria, read
from ixastate.course.schedule import NOMINAL_MONDAY, Calendar, is_ixazomib_day, late_dose_fits
from ixastate.errors import InputError
from ixastate.events import CycleAssessed, parse_event
from ixastate.rules import Edition
from ixastate.symbols import NEUROPATHY, NEUTROPENIA, NEW_CYCLE, OTHER, RASH, THROMBOCYTOPENIA, Toxicity

TERM = "diarrhoea"
ATTRIBUTIONS: tuple[Attribution, ...] = (None, "clear", "not_clear")
PER_MM3 = "/mm3"
# Bilirubin is reported in hundredths of the upper limit of normal, creatinine clearance in tenths of mL/min.
MOST_BILIRUBIN, MOST_CLEARANCE = 2000, 3000
PLENTY = 1_000_000


def tabulated(arrays: MachineArrays, drawn: Visits) -> Machine:
    """The machine, and what every event that the model writes means to it; meanings are made once and kept."""
    length = cycle_length(arrays.edition)
    calendars = arrays.due_by_rhythm()
    visit = np.zeros((drawn.first_cycles + 1, length // DAYS_A_WEEK), np.bool_)
    for cycle in range(len(visit)):
        for day in drawn.first_days if cycle < drawn.first_cycles else drawn.later_days:
            visit[cycle, (day - 1) // DAYS_A_WEEK] = True
    found = kept("pkpd", arrays.table.graph, lambda: meanings(arrays))
    return Machine(
        following=arrays.following,
        output=arrays.output,
        given=arrays.given,
        treated=arrays.treated,
        every_days=arrays.lenalidomide_every_days,
        # Row 0 is ixazomib's calendar, row n lenalidomide's every n days.
        due=np.array([calendars[0][0], *calendars[:, 1]]),
        visit=visit,
        weekly_while_held=drawn.weekly_while_held,
        assesses=bool((found["assessed"] != NO_SYMBOL).any()),
        **found,
    )


def meanings(arrays: MachineArrays) -> Arrays:
    """The fields of `Machine` that ask what a configuration or an event means; the alphabet is asked for each value."""
    start, bilirubin_class, clearance_class = starts(arrays)
    other, other_after = other_meanings(arrays)
    assessed, neutrophils_class, platelets_class = assessments(arrays)
    rash, neuropathy = rash_meanings(arrays), neuropathy_meanings(arrays)
    agreed = recoveries(arrays, NEUROPATHY)
    of_rash = {
        "rash_open": arrays.open_episodes(RASH),
        "rash": rash,
        "rash_recovered": np.isin(rash, recoveries(arrays, RASH)),
    }
    of_neuropathy = {
        "neuropathy_open": arrays.open_episodes(NEUROPATHY),
        "neuropathy": neuropathy,
        "neuropathy_recovered": np.isin(neuropathy[:, :, 1], agreed),
    }
    of_other = {
        "other": other,
        "other_after": other_after,
        "other_recovered": np.isin(other[1, :, 1, 1], recoveries(arrays, OTHER)),
    }
    rest = {
        "count_held": arrays.held_for(NEUTROPENIA) | arrays.held_for(THROMBOCYTOPENIA),
        "cycle_held": arrays.held_for(NEW_CYCLE),
        "neutrophils_to_confirm": arrays.to_confirm(NEUTROPENIA),
        "platelets_to_confirm": arrays.to_confirm(THROMBOCYTOPENIA),
        "start": start,
        "bilirubin_class": bilirubin_class,
        "clearance_class": clearance_class,
        "latest_delay": latest_delays(arrays.edition),
        "neutrophils": _count(arrays, NEUTROPENIA.event, MOST_NEUTROPHILS, 10),
        "platelets": _count(arrays, THROMBOCYTOPENIA.event, MOST_PLATELETS, 1000),
        "assessed": assessed,
        "neutrophils_class": neutrophils_class,
        "platelets_class": platelets_class,
        "ends": np.array([meaning(arrays, {"type": kind})[0] for kind in ENDS], np.uint8),
    }
    return of_rash | of_neuropathy | of_other | rest


def meaning(arrays: MachineArrays, facts: Mapping[str, Any], context: Context | None = None) -> tuple[int, Context]:
    """The column of the symbol that an event means, or `NO_SYMBOL`, and the context after it."""
    event = parse_event({"day": 1, **facts})
    meant = read(event, Context() if context is None else context, arrays.edition)
    if isinstance(event, CycleAssessed):
        # Its counts have been reported that day, and mean nothing more.
        asked = criteria(event, arrays.edition)
        return arrays.numbers[asked.name] if asked else NO_SYMBOL, meant.context
    return arrays.numbers[meant.symbols[-1]] if meant.symbols else NO_SYMBOL, meant.context


def recoveries(arrays: MachineArrays, toxicity: Toxicity) -> list[int]:
    """The columns of the symbols that end any open episode of a toxicity."""
    return [arrays.numbers[recovery.name] for recovery in toxicity.recoveries if recovery.ends_every_episode]


def rash_meanings(arrays: MachineArrays) -> NDArray[np.uint8]:
    """(4,): the symbol that each grade of rash means."""
    return _meant(arrays, range(GRADES), lambda grade: {"type": RASH.event, "grade": grade})


def neuropathy_meanings(arrays: MachineArrays) -> NDArray[np.uint8]:
    """(4, 2, 2): the symbol by grade, pain and the physician's agreement, for a patient without any at baseline."""
    shape = (GRADES, 2, 2)
    meant = _meant(
        arrays,
        list(product(*map(range, shape))),
        lambda place: {
            "type": NEUROPATHY.event,
            "grade": place[0],
            "pain": bool(place[1]),
            "physician_agrees": bool(place[2]),
        },
    )
    return meant.reshape(shape)


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
        facts = {"type": OTHER.event, "term": TERM, "grade": grade, "physician_agrees": bool(agrees)}
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
        return {"type": NEW_CYCLE.event, "toxicities_resolved": resolved} | {
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
            _agree(table[place], symbol, NEW_CYCLE.event)
        table[place], asked[place] = symbol, True
    return table, by_neutrophils, by_platelets


def _agree(known: int, symbol: int, kind: str) -> None:
    if known not in (NO_SYMBOL, symbol):
        raise InputError(
            f"the meaning of {kind} cannot be tabulated: it depends on two values together",
            where="edition",
            remedy="give the model `pkpd` a finer look-up table",
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


def start_facts(bilirubin_times_uln: float, creatinine_clearance_ml_min: float, on_dialysis: bool) -> dict[str, Any]:
    """The fields of `course_started` other than the date."""
    return {
        "weekday": "monday",
        "clock_time": "08:00",
        "patient_informed": True,
        "bilirubin": {"times_uln": bilirubin_times_uln},
        "creatinine_clearance": {"value": creatinine_clearance_ml_min, "unit": "mL/min"},
        "on_dialysis": on_dialysis,
    }
