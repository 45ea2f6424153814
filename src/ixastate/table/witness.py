"""Witnesses: a course of clinical events for a course of symbols, which leads the machine there.

The values lie on the boundaries of the text, taken from the rules. The events are dated by treatment day, one day
after the other, so that nothing but the symbols happens: the counts of an assessment repeat what is known of them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ixastate.errors import ChartError
from ixastate.events import AnyEvent, parse_event
from ixastate.rules import Edition
from ixastate.symbols import (
    TOXICITY,
    End,
    Onset,
    Recovery,
    Repeat,
    Start,
    StartBlocked,
    Symbol,
    can_be_seen,
    facts,
    is_severe,
)
from ixastate.symbols import symbols as alphabet

BEFORE_THE_START = datetime(2001, 1, 2, tzinfo=UTC)


def witness(symbols: Sequence[str], edition: Edition) -> list[AnyEvent]:
    """Events that mean these symbols, in this order; `ChartError` for a symbol that no event can mean there."""
    known = alphabet(edition)
    course: list[AnyEvent] = []
    terms: list[str] = []
    numbered = 0
    # The toxicities whose episodes are open.
    opened: set[str] = set()
    started = False
    for name in symbols:
        symbol = known.get(name)
        day = len(course) + 1 if started else 1
        seen = _facts(name, symbol, edition, opened)
        if isinstance(symbol, Onset):
            opened.add(symbol.toxicity)
        elif isinstance(symbol, Recovery):
            opened.discard(symbol.toxicity)
        if isinstance(symbol, Onset) and TOXICITY[symbol.toxicity].by_term:
            numbered += 1
            terms.append(f"other toxicity {numbered}")
            seen = [{**one, "term": terms[-1]} for one in seen]
        elif isinstance(symbol, Repeat | Recovery) and TOXICITY[symbol.toxicity].by_term:
            over = isinstance(symbol, Recovery)
            seen = [{**one, "term": term} for one in seen for term in (terms if over else terms[-1:])]
            terms = [] if over else terms
        if not started and not isinstance(symbol, Start | StartBlocked):
            # Before the start there are no treatment days.
            seen = [{**one, "at": BEFORE_THE_START, "day": None} for one in seen]
        started = started or isinstance(symbol, Start)
        course += (parse_event({"day": later, **one}) for later, one in enumerate(seen, day))
    return course


def _facts(name: str, symbol: Symbol | None, edition: Edition, opened: Collection[str]) -> list[dict[str, Any]]:
    """What is seen when this symbol is meant while episodes of these toxicities are open."""
    if isinstance(symbol, Repeat | Recovery) and not can_be_seen(symbol, opened):
        why = "no other toxicity is open" if TOXICITY[symbol.toxicity].by_term else "an episode of low counts is open"
        raise ChartError(f"{name!r} cannot be seen while {why}")
    match symbol:
        case Start():
            return [{**_USUAL_START, **_organs(symbol, edition)}]
        case StartBlocked():
            return [{**_USUAL_START, "patient_informed": False}]
        case Onset() | Repeat() | Recovery():
            return [facts(symbol, edition, opened)]
        case End():
            return [{"type": symbol.event}]
    raise ChartError(f"no event is known to mean {name!r}", remedy=f"one of: {', '.join(alphabet(edition))}")


# The usual start; `_organs` changes what a symbol needs changed.
_USUAL_START: dict[str, Any] = {
    "type": "course_started",
    "weekday": "monday",
    "clock_time": "08:00",
    "patient_informed": True,
    "bilirubin": {"times_uln": 1},
    "creatinine_clearance": {"value": 90, "unit": "mL/min"},
}


def _organs(start: Start, edition: Edition) -> dict[str, Any]:
    """The organ function that calls for these starting doses."""
    usual_mg, _, _ = edition.ixazomib_ladder_mg
    fitting = [
        band
        for band in edition.lenalidomide.start
        if (band.dose_mg, band.every_days) == (start.lenalidomide_mg, start.every_days)
    ]
    # A kidney that lowers ixazomib too explains the lower dose; else the liver must.
    band = next((one for one in fitting if is_severe(one, edition) == (start.ixazomib_mg < usual_mg)), fitting[0])
    kidney: dict[str, Any] = {"creatinine_clearance": {"value": Decimal(f"{band.at_least_ml_min:g}"), "unit": "mL/min"}}
    if band.on_dialysis:
        kidney = {"on_dialysis": True}
    if start.ixazomib_mg == usual_mg or is_severe(band, edition):
        return kidney
    return {**kidney, "bilirubin": {"times_uln": Decimal(f"{edition.number('HEP-01', 'up_to'):g}")}}
