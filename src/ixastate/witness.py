"""A course of clinical events for a course of symbols: what a person could have seen to lead the machine there.

The values lie on the boundaries of the text, taken from the rules. The events are dated by treatment day, one day
after the other, so that nothing but the symbols happens.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ixastate.chart import start_symbol, starting_doses
from ixastate.errors import ChartError
from ixastate.events import EVENT, AnyEvent
from ixastate.rules import Edition

BEFORE_THE_START = datetime(2001, 1, 2, tzinfo=UTC)


def witness(symbols: Sequence[str], edition: Edition) -> list[AnyEvent]:
    """Events that mean these symbols, in this order; `ChartError` for a symbol that no event can mean there."""
    course: list[AnyEvent] = []
    terms: list[str] = []
    opened = 0
    started = False
    for symbol in symbols:
        day = len(course) + 1 if started else 1
        if symbol in ("other_onset", "other_onset_related"):
            opened += 1
            terms.append(f"other toxicity {opened}")
            attribution = "clear" if symbol.endswith("related") else "not_clear"
            facts = [_other(terms[-1], edition.number("OTH-01", "from_grade"), attribution)]
        elif symbol in ("other_resolved", "other_resolved_related"):
            if not terms:
                raise ChartError(f"{symbol!r} cannot be seen while no other toxicity is open")
            attribution = "clear" if symbol.endswith("related") else "not_clear"
            facts = [
                {**_other(term, edition.number("OTH-02", "grade"), attribution), "physician_agrees": True}
                for term in terms
            ]
            terms = []
        else:
            facts = [_facts(symbol, edition)]
        if not started and not symbol.startswith("start_"):
            # Before the start there are no treatment days.
            facts = [{**one, "at": BEFORE_THE_START, "day": None} for one in facts]
        started = started or (symbol.startswith("start_") and symbol != "start_blocked")
        course += (EVENT.validate_python({"day": later, **one}) for later, one in enumerate(facts, day))
    return course


def _other(term: str, grade: int, attribution: str) -> dict[str, Any]:
    return {"type": "other_toxicity_graded", "term": term, "grade": grade, "attribution": attribution}


def _facts(symbol: str, edition: Edition) -> dict[str, Any]:
    """What is seen when this symbol is meant, whatever came before."""
    if symbol.startswith("start_"):
        return {**_START, **_start(symbol, edition)}
    anc, platelets = edition.number("ANC-01", "anc"), edition.number("PLT-01", "platelets")
    agreed = {"physician_agrees": True}
    facts: dict[str, dict[str, Any]] = {
        "anc_low": {"type": "neutrophils_measured", "value": anc - 1, "unit": "/mm3"},
        "anc_recovered": {"type": "neutrophils_measured", "value": anc, "unit": "/mm3"},
        "platelets_low": {"type": "platelets_measured", "value": platelets - 1, "unit": "/mm3"},
        "platelets_recovered": {"type": "platelets_measured", "value": platelets, "unit": "/mm3"},
        "neuropathy_moderate": _neuropathy(edition.number("PN-01", "grade")),
        "neuropathy_severe": _neuropathy(edition.number("PN-05", "grade")),
        "neuropathy_grade_4": _neuropathy(edition.number("PN-09", "grade")),
        "neuropathy_resolved": _neuropathy(edition.number("PN-06", "grade")),
        "neuropathy_resolved_agreed": {**_neuropathy(edition.number("PN-06", "grade")), **agreed},
        "rash_grade_2_3": {"type": "rash_graded", "grade": edition.number("RASH-01", "from_grade")},
        "rash_grade_4": {"type": "rash_graded", "grade": edition.number("RASH-08", "grade")},
        "rash_resolved": {"type": "rash_graded", "grade": edition.number("RASH-03", "grade")},
        "progression": {"type": "progression_found"},
        "intolerable_toxicity": {"type": "intolerable_toxicity_declared"},
        "death": {"type": "patient_died"},
        "withdrawal": {"type": "consent_withdrawn"},
    }
    if symbol.startswith("new_cycle_") and "NC-01" in edition.rules:
        short = 0 if symbol == "new_cycle_met" else 1
        return {
            "type": "cycle_assessed",
            "neutrophils": {"value": edition.number("NC-01", "anc") - short, "unit": "/mm3"},
            "platelets": {"value": edition.number("NC-01", "platelets"), "unit": "/mm3"},
            "toxicities_resolved": True,
        }
    if symbol not in facts:
        raise ChartError(f"no event is known to mean {symbol!r}")
    return facts[symbol]


def _neuropathy(grade: int) -> dict[str, Any]:
    return {"type": "neuropathy_graded", "grade": grade}


# The usual start; `_start` changes what a symbol needs changed.
_START: dict[str, Any] = {
    "type": "course_started",
    "weekday": "monday",
    "clock_time": "08:00",
    "patient_informed": True,
    "bilirubin": {"times_uln": 1},
    "creatinine_clearance": {"value": 90, "unit": "mL/min"},
}


def _start(symbol: str, edition: Edition) -> dict[str, Any]:
    """The organ function that calls for these starting doses."""
    if symbol == "start_blocked":
        return {"patient_informed": False}
    doses = next((pair for pair in starting_doses(edition) if start_symbol(*pair) == symbol), None)
    if doses is None:
        raise ChartError(f"no organ function calls for the starting doses of {symbol!r}")
    mg, lenalidomide_mg = doses
    band = next(band for band in edition.lenalidomide.start if band.dose_mg == lenalidomide_mg)
    kidney: dict[str, Any] = {"creatinine_clearance": {"value": Decimal(f"{band.at_least_ml_min:g}"), "unit": "mL/min"}}
    if band.on_dialysis:
        kidney = {"on_dialysis": True}
    usual = mg == edition.ixazomib_ladder_mg[0]
    severe_kidney = band.on_dialysis or band.at_least_ml_min < edition.number("REN-01", "below")
    if usual or severe_kidney:
        return kidney
    return {**kidney, "bilirubin": {"times_uln": Decimal(f"{edition.number('HEP-01', 'up_to'):g}")}}
