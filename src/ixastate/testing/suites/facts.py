"""Clinical facts: events without a date, as JSON-like data, and short courses made of them.

Every number comes from the rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ixastate.events import AnyEvent, parse_event
from ixastate.rules import Edition
from ixastate.symbols import TOXICITIES, TOXICITY

# The first slot of the courses that are dated by the clock: a Monday, in UTC.
MONDAY = datetime(2026, 1, 5, 8, tzinfo=UTC)
Fact = dict[str, Any]


@dataclass(frozen=True)
class BoundaryCase:
    """A course and the sides of the numbers that it is on, such as 'ANC-01 anc: 499 /mm3'."""

    events: tuple[AnyEvent, ...]
    covers: tuple[str, ...]


def started(edition: Edition, **changes: Any) -> Fact:
    """A start at the usual doses, or with these fields changed; None takes one out."""
    facts = {
        "type": "course_started",
        "day": 1,
        "weekday": "monday",
        "clock_time": "08:00",
        "patient_informed": True,
        "bilirubin": {"times_uln": 1},
        "creatinine_clearance": {"value": 90, "unit": "mL/min"},
        **changes,
    }
    return {name: value for name, value in facts.items() if value is not None}


def case(covers: str | Sequence[str], *facts: Fact) -> BoundaryCase:
    """A course of these facts; what has no date is dated one day after what stands before it."""
    events: list[AnyEvent] = []
    day = 1
    for fact in facts:
        day = fact.get("day", day)
        events.append(parse_event(fact if "at" in fact else {"day": day, **fact}))
        day += 1
    return BoundaryCase(tuple(events), (covers,) if isinstance(covers, str) else tuple(covers))


def neutrophils(value: Decimal | int, unit: str = "/mm3", **flags: Any) -> Fact:
    """A neutrophil count."""
    return {"type": "neutrophils_measured", "value": value, "unit": unit, **flags}


def platelets(value: Decimal | int, unit: str = "/mm3", **flags: Any) -> Fact:
    """A platelet count."""
    return {"type": "platelets_measured", "value": value, "unit": unit, **flags}


def assessed(neutrophils: int, platelets: int, resolved: bool = True) -> Fact:
    """An assessment before a new cycle; counts per cubic millimetre."""
    return {
        "type": "cycle_assessed",
        "neutrophils": {"value": neutrophils, "unit": "/mm3"},
        "platelets": {"value": platelets, "unit": "/mm3"},
        "toxicities_resolved": resolved,
    }


def neuropathy(grade: int, pain: bool = False, agreed: bool = False) -> Fact:
    """A grade of neuropathy."""
    return {"type": "neuropathy_graded", "grade": grade, "pain": pain, "physician_agrees": agreed}


def rash(grade: int) -> Fact:
    """A grade of rash."""
    return {"type": "rash_graded", "grade": grade}


def other(grade: int, attribution: str | None = "not_clear", agreed: bool = False, **more: Any) -> Fact:
    """A grade of another toxicity."""
    cause = {} if attribution is None else {"attribution": attribution}
    return {
        "type": "other_toxicity_graded",
        "term": "diarrhoea",
        "grade": grade,
        "physician_agrees": agreed,
        **cause,
        **more,
    }


def opening(edition: Edition, onset: Fact) -> list[Fact]:
    """This onset as often as it takes to open an episode: twice running where a low count must be confirmed."""
    reported = [one for one in TOXICITIES if one.event == onset["type"]]
    read = [*reported, *(TOXICITY[name] for one in reported for _, name in one.counts)]
    return [onset] * (2 if any(one.is_confirmed(edition) for one in read) else 1)


def harmless(edition: Edition, day: int) -> Fact:
    """A count that changes nothing."""
    return {**neutrophils(4 * edition.integer("ANC-01", "anc")), "day": day}


def plain(number: Decimal | float) -> str:
    """A number as people write it, without an exponent or idle zeros."""
    return f"{Decimal(str(number)).normalize():f}"
