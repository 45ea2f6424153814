"""Events in clinical words, for people who read timelines and diagrams."""

from __future__ import annotations

from decimal import Decimal
from functools import singledispatch

from ixastate.amendments import EventCorrected, EventWithdrawn
from ixastate.events import (
    BilirubinMeasured,
    ConsentWithdrawn,
    Count,
    CourseStarted,
    CreatinineClearanceMeasured,
    CycleAssessed,
    DoseDelayed,
    DoseMissed,
    DoseOverdosed,
    DoseTaken,
    DoseTakenWrongly,
    DoseVomited,
    Event,
    IntolerableToxicityDeclared,
    Logged,
    NeuropathyGraded,
    NeutrophilsMeasured,
    OtherToxicityGraded,
    PatientDied,
    ProgressionFound,
    RashGraded,
)
from ixastate.measurements import Bilirubin, CellCount, CreatinineClearance, Measured

# The words of the kinds of which there is nothing more to say.
_PLAIN: dict[type[Logged], str] = {
    ProgressionFound: "the disease has progressed",
    IntolerableToxicityDeclared: "the toxicity is declared intolerable",
    PatientDied: "the patient has died",
    ConsentWithdrawn: "the patient has withdrawn",
}


@singledispatch
def describe(event: Logged) -> str:
    """What was seen, in one line. A kind of event without words of its own is described by its name and fields."""
    return _PLAIN.get(type(event)) or _by_fields(event)


def _by_fields(event: Logged) -> str:
    kind = getattr(event, "type", type(event).__name__)
    shown = {name: value for name, value in event if name not in {"type", *Event.model_fields} and value is not None}
    fields = ", ".join(f"{_spaced(name)} {_spaced(str(value))}" for name, value in shown.items())
    return f"{_spaced(kind)}: {fields}" if fields else _spaced(kind)


def _spaced(name: str) -> str:
    return name.replace("_", " ")


@describe.register
def _started(event: CourseStarted) -> str:
    parts = [f"course starts: {event.weekday} at {event.clock_time:%H:%M}"]
    if event.timezone:
        parts[0] += f" {event.timezone}"
    if event.bilirubin is not None:
        parts.append(_times_uln(event.bilirubin))
    if event.creatinine_clearance is not None:
        parts.append(f"creatinine clearance {_value(event.creatinine_clearance)}")
    if event.on_dialysis:
        parts.append("on dialysis")
    parts += [f"{organ.replace('_', ' ')} assumed unimpaired" for organ in event.assumed]
    baseline = event.baseline_neuropathy
    if baseline.grade:
        parts.append(f"baseline neuropathy grade {baseline.grade}{' with pain' if baseline.pain else ''}")
    if not event.patient_informed:
        parts.append("patient not informed")
    return ", ".join(parts)


@describe.register
def _count(event: Count) -> str:
    name = "neutrophils" if isinstance(event, NeutrophilsMeasured) else "platelets"
    support = " after G-CSF" if getattr(event, "after_g_csf", False) else ""
    support = " after a transfusion" if getattr(event, "after_transfusion", False) else support
    return f"{name} {_value(event)}{support}"


@describe.register
def _bilirubin(event: BilirubinMeasured) -> str:
    return _times_uln(event)


@describe.register
def _clearance(event: CreatinineClearanceMeasured) -> str:
    return f"creatinine clearance {_value(event)}{', on dialysis' if event.on_dialysis else ''}"


@describe.register
def _neuropathy(event: NeuropathyGraded) -> str:
    pain = " with pain" if event.pain else ""
    return f"neuropathy grade {event.grade}{pain}{_agreed(event.physician_agrees)}"


@describe.register
def _rash(event: RashGraded) -> str:
    return f"rash grade {event.grade}"


@describe.register
def _other(event: OtherToxicityGraded) -> str:
    causes = {"clear": ", clearly from ixazomib", "not_clear": ", not clearly from ixazomib", None: ""}
    return f"{event.term} grade {event.grade}{causes[event.attribution]}{_agreed(event.physician_agrees)}"


@describe.register
def _assessed(event: CycleAssessed) -> str:
    counts = f"neutrophils {_value(event.neutrophils)}, platelets {_value(event.platelets)}"
    return f"before a new cycle: {counts}, toxicities {'' if event.toxicities_resolved else 'not '}resolved"


@describe.register(DoseTaken)
@describe.register(DoseOverdosed)
def _amount(event: DoseTaken | DoseOverdosed) -> str:
    return f"{event.drug}: {'overdose of ' if isinstance(event, DoseOverdosed) else ''}{event.dose_mg} mg taken"


@describe.register
def _missed(event: DoseMissed) -> str:
    return f"{event.drug}: a dose was missed{_due(event.scheduled_day)}"


@describe.register
def _delayed(event: DoseDelayed) -> str:
    return f"{event.drug}: a dose was taken late{_due(event.scheduled_day)}"


@describe.register
def _vomited(event: DoseVomited) -> str:
    return f"{event.drug}: vomited after the dose"


@describe.register
def _wrongly(event: DoseTakenWrongly) -> str:
    return f"{event.drug}: taken {event.fault.replace('_', ' ')}"


def _value(measured: CellCount | CreatinineClearance) -> str:
    return f"{_sign(measured)}{measured.value} {measured.unit}"


def _times_uln(bilirubin: Bilirubin) -> str:
    multiple = bilirubin.multiple_of_uln
    return f"bilirubin {_sign(bilirubin)}{Decimal(multiple.numerator) / multiple.denominator:.3g} × ULN"


def _sign(measured: Measured) -> str:
    return f"{measured.comparator} " if measured.comparator else ""


@describe.register
def _corrected(line: EventCorrected) -> str:
    return f"{line.corrects} is corrected: {describe(line.event)}"


@describe.register
def _withdrawn(line: EventWithdrawn) -> str:
    return f"{line.withdraws} is withdrawn"


def _agreed(agrees: bool) -> str:
    return ", the physician agrees to resume" if agrees else ""


def _due(scheduled_day: int | None) -> str:
    return f" (due on day {scheduled_day})" if scheduled_day else ""
