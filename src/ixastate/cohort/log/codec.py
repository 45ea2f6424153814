"""A row of the log as a clinical event, and back.

The row keeps what the event says in a few numbers; nothing is lost for the kinds of event that a simulation writes.
This module knows no machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ixastate.cohort.rows import AGREES, CLEAR, KIND, KINDS, NOT_CLEAR, PAIN, RESOLVED, TERM, TERMS
from ixastate.errors import InputError
from ixastate.events import (
    AnyEvent,
    Count,
    CycleAssessed,
    DoseDelayed,
    DoseMissed,
    NeuropathyGraded,
    OtherToxicityGraded,
    RashGraded,
    parse_event,
)
from ixastate.measurements import CellCount

PER_MM3 = "/mm3"


class Code(NamedTuple):
    """What a row says of its event, apart from its patient and day."""

    kind: int
    value: int = 0
    second: int = 0
    term: int = 0
    detail: int = 0


def encode(event: AnyEvent) -> Code:
    """An event as the numbers of a row; `InputError` for one that the log has no room for."""
    if event.type not in KIND:
        raise InputError(f"{event.type!r} is not an event that a simulation writes", where="cohort log")
    kind = KIND[event.type]
    match event:
        case Count():
            return Code(kind, _whole(event))
        case RashGraded():
            return Code(kind, event.grade)
        case NeuropathyGraded():
            return Code(kind, event.grade, detail=PAIN * event.pain | AGREES * event.physician_agrees)
        case OtherToxicityGraded():
            stated = {None: 0, "clear": CLEAR, "not_clear": NOT_CLEAR}[event.attribution]
            # Terms beyond the known ones share a name: a simulation follows one of them at a time.
            term = TERM.get(event.term, TERM["other toxicity"])
            return Code(kind, event.grade, term=term, detail=stated | AGREES * event.physician_agrees)
        case CycleAssessed():
            detail = RESOLVED * event.toxicities_resolved
            return Code(kind, _whole(event.neutrophils), _whole(event.platelets), detail=detail)
        case DoseMissed() | DoseDelayed():
            return Code(kind, event.scheduled_day or 0)
        case _:
            return Code(kind)


def _whole(count: CellCount) -> int:
    if count.comparator is not None or count.per_mm3 != int(count.per_mm3):
        raise InputError("a count must be a whole number of cells per cubic millimetre", where="cohort log")
    return int(count.per_mm3)


def decode(code: Code, day: int, start: Mapping[str, Any]) -> AnyEvent:
    """The event of a row; `start` are the facts of `course_started`, which the row does not keep."""
    kind = KINDS[code.kind]
    facts: dict[str, Any] = {"type": kind, "day": day}
    agrees = bool(code.detail & AGREES)
    match kind:
        case "course_started":
            facts |= start
        case "neutrophils_measured" | "platelets_measured":
            facts |= {"value": code.value, "unit": PER_MM3}
        case "rash_graded":
            facts |= {"grade": code.value}
        case "neuropathy_graded":
            facts |= {"grade": code.value, "pain": bool(code.detail & PAIN), "physician_agrees": agrees}
        case "other_toxicity_graded":
            attribution = "clear" if code.detail & CLEAR else "not_clear" if code.detail & NOT_CLEAR else None
            facts |= {"term": TERMS[code.term], "grade": code.value, "attribution": attribution}
            facts |= {"physician_agrees": agrees}
        case "cycle_assessed":
            facts |= {"neutrophils": {"value": code.value, "unit": PER_MM3}}
            facts |= {"platelets": {"value": code.second, "unit": PER_MM3}}
            facts |= {"toxicities_resolved": bool(code.detail & RESOLVED)}
        case "dose_missed" | "dose_delayed":
            facts |= {"scheduled_day": code.value}
    return parse_event(facts)
