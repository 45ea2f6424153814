"""The events as a person reports them: labels for kinds and fields, and what each field takes.

The kinds and their fields are those of `events`; a field without words of its own is named by its name.
"""

from __future__ import annotations

from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from ixastate import units
from ixastate.events import (
    KINDS,
    BilirubinMeasured,
    ConsentWithdrawn,
    CourseStarted,
    CreatinineClearanceMeasured,
    CycleAssessed,
    DoseDelayed,
    DoseEvent,
    DoseMissed,
    DoseOverdosed,
    DoseTaken,
    DoseTakenWrongly,
    DoseVomited,
    Event,
    IntolerableToxicityDeclared,
    NeuropathyGraded,
    NeutrophilsMeasured,
    OtherToxicityGraded,
    PatientDied,
    PlateletsMeasured,
    ProgressionFound,
    RashGraded,
)
from ixastate.measurements import Bilirubin, CellCount, CreatinineClearance, Measured

GROUPS = {
    "blood": "Blood counts",
    "toxicity": "Toxicities",
    "dose": "Doses",
    "organ": "Organ function",
    "course": "The course",
}
# The group and the words of each kind.
LABELS: dict[type[Event], tuple[str, str]] = {
    CourseStarted: ("course", "Treatment starts"),
    NeutrophilsMeasured: ("blood", "Neutrophils"),
    PlateletsMeasured: ("blood", "Platelets"),
    CycleAssessed: ("blood", "Assessment before a cycle"),
    NeuropathyGraded: ("toxicity", "Neuropathy"),
    RashGraded: ("toxicity", "Rash"),
    OtherToxicityGraded: ("toxicity", "Other toxicity"),
    BilirubinMeasured: ("organ", "Bilirubin"),
    CreatinineClearanceMeasured: ("organ", "Creatinine clearance"),
    ProgressionFound: ("course", "Disease progresses"),
    IntolerableToxicityDeclared: ("course", "Toxicity is intolerable"),
    PatientDied: ("course", "Patient dies"),
    ConsentWithdrawn: ("course", "Patient withdraws"),
    DoseTaken: ("dose", "Dose taken"),
    DoseMissed: ("dose", "Dose missed"),
    DoseDelayed: ("dose", "Dose taken late"),
    DoseVomited: ("dose", "Vomited after a dose"),
    DoseOverdosed: ("dose", "Overdose taken"),
    DoseTakenWrongly: ("dose", "Dose taken wrongly"),
}
FIELDS = {
    "after_g_csf": "after G-CSF",
    "after_transfusion": "after a transfusion",
    "physician_agrees": "the physician agrees to resume",
    "pain": "with pain",
    "term": "what it is",
    "attribution": "caused by ixazomib",
    "baseline_grade": "grade before treatment",
    "toxicities_resolved": "other toxicities have resolved",
    "dose_mg": "dose in mg",
    "scheduled_day": "day on which it was due",
    "patient_informed": "the patient is informed",
    "times_uln": "times the upper limit of normal",
    "on_dialysis": "on dialysis",
    "fault": "what was wrong",
    "value": "value",
}
# What the fields hold when a form opens: a patient in good health.
FIRST: dict[str, Any] = {
    "clock_time": "08:00",
    "patient_informed": True,
    "bilirubin": {"times_uln": 0.8},
    "creatinine_clearance": {"value": 90},
    "term": "diarrhoea",
    "toxicities_resolved": True,
}


def forms() -> dict[str, dict[str, Any]]:
    """For each kind of event its group, label and fields; `required` fields must be given."""
    found = {}
    for kind, model in KINDS.items():
        group, label = LABELS.get(model, ("dose" if issubclass(model, DoseEvent) else "course", _plain(kind)))
        names = [name for name in model.model_fields if name not in {*Event.model_fields, "type"}]
        fields = {}
        if issubclass(model, Measured):
            own = [name for name in names if name in _measured_fields(model)]
            fields["measured"] = {"label": label, "takes": _measure(model), "spread": own, "required": True}
            names = [name for name in names if name not in own]
        fields |= {name: _field(name, model) for name in names}
        found[kind] = {"group": group, "label": label, "fields": fields}
    return found


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _measured_fields(model: type[Measured]) -> set[str]:
    return {name for base in _MEASURES if issubclass(model, base) for name in base.model_fields}


_MEASURES: dict[type[Measured], dict[str, Any]] = {
    CellCount: {"kind": "count", "units": list(units.examples("count"))},
    Bilirubin: {"kind": "bilirubin", "units": list(units.examples("bilirubin"))},
    CreatinineClearance: {"kind": "clearance", "units": list(units.examples("clearance"))},
}


def _measure(model: type[Measured]) -> dict[str, Any]:
    return next(takes for base, takes in _MEASURES.items() if issubclass(model, base))


def _field(name: str, model: type[Event]) -> dict[str, Any]:
    field = model.model_fields[name]
    found: dict[str, Any] = {"label": FIELDS.get(name, _plain(name)), "takes": _takes(field.annotation, field.metadata)}
    found["required"] = field.is_required()
    if name in FIRST:
        found["first"] = FIRST[name]
    return found


def _takes(annotation: Any, metadata: list[Any]) -> dict[str, Any]:
    """What a field of this type takes, as plain data."""
    parts = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    parts = tuple(part for part in parts if part is not type(None))
    optional = {"optional": True} if parts != (annotation,) else {}
    part = parts[0]
    if get_origin(part) is Literal:
        return {"kind": "choice", "values": list(get_args(part)), **optional}
    if isinstance(part, type) and issubclass(part, Measured):
        return {**_measure(part), **optional}
    if part is bool:
        return {"kind": "yes or no"}
    if part is int:
        limits = {name: getattr(one, name) for one in metadata for name in ("ge", "le") if hasattr(one, name)}
        return {"kind": "whole number", "least": limits.get("ge", 0), "most": limits.get("le"), **optional}
    if isinstance(part, type) and part.__name__ == "Decimal":
        return {"kind": "number", **optional}
    return {"kind": "text", **optional}
