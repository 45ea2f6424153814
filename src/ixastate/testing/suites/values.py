"""What can be seen, with values on and beside every number of the text: the stuff of walks and of Hypothesis.

Facts are events without a date, as JSON-like data. Every number comes from the rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ixastate.rules import Edition
from ixastate.testing.suites.boundaries import Fact, neuropathy, neutrophils, other, platelets, rash

TERMS = ("diarrhoea", "fatigue")
BIT = Decimal("0.001")


@dataclass(frozen=True)
class Toxicity:
    """What is seen of one toxicity: what opens an episode, what ends one, and what lies beside; the worst ends all."""

    onsets: tuple[Fact, ...]
    recoveries: tuple[Fact, ...]
    beside: tuple[Fact, ...]
    worst: tuple[Fact, ...] = ()


@dataclass(frozen=True)
class Values:
    """Everything that can be seen under an edition."""

    starts: tuple[Fact, ...]
    blocked: tuple[Fact, ...]
    toxicities: Mapping[str, Toxicity]
    doses: tuple[Fact, ...]
    organs: tuple[Fact, ...]
    ends: tuple[Fact, ...]


def values(edition: Edition) -> Values:
    """The facts of an edition."""
    return Values(
        starts=tuple(_starts(edition)),
        blocked=tuple(_blocked()),
        toxicities=toxicities(edition),
        doses=tuple(_doses(edition)),
        organs=tuple(_organs(edition)),
        ends=tuple(
            {"type": kind}
            for kind in ("progression_found", "intolerable_toxicity_declared", "patient_died", "consent_withdrawn")
        ),
    )


def toxicities(edition: Edition) -> dict[str, Toxicity]:
    """What can be seen of each toxicity, by the name of its region."""
    found = {
        "neutropenia": _counted(neutrophils, edition.number("ANC-01", "anc"), "after_g_csf"),
        "thrombocytopenia": _counted(platelets, edition.number("PLT-01", "platelets"), "after_transfusion"),
        "neuropathy": _neuropathy(edition),
        "rash": _rash(edition),
        "other": _other(edition),
    }
    if "NC-01" in edition.rules:
        found["new_cycle"] = _new_cycle(edition)
    return found


def _counted(kind: Any, threshold: int, supported: str) -> Toxicity:
    at, below = Decimal(threshold), Decimal(threshold) - BIT
    low = (
        kind(threshold - 1),
        kind((at - 1) / 1000, "10*9/L"),
        kind((at - 1) / 1000, "10*3/uL"),
        kind(below, "/uL"),
        kind(0, "10*6/L"),
    )
    fine = (
        kind(threshold),
        kind(at / 1000, "10*9/L"),
        kind(at / 1000, "10*3/uL"),
        kind(4 * threshold, "/uL"),
        kind(threshold, **{supported: True}),
    )
    return Toxicity(low, fine, (*low, *fine))


def _neuropathy(edition: Edition) -> Toxicity:
    moderate, severe, worst = (edition.number(rule, "grade") for rule in ("PN-01", "PN-05", "PN-09"))
    mild = edition.number("PN-02", "grade_without_pain")
    onsets = (
        neuropathy(mild, pain=True),
        neuropathy(moderate),
        neuropathy(moderate, pain=True),
        neuropathy(severe),
        neuropathy(severe, pain=True),
    )
    recoveries = (neuropathy(mild, agreed=True), neuropathy(0, agreed=True), neuropathy(mild), neuropathy(0))
    return Toxicity(onsets, recoveries, (*onsets, *recoveries), (neuropathy(worst),))


def _rash(edition: Edition) -> Toxicity:
    onsets = tuple(rash(edition.number("RASH-01", side)) for side in ("from_grade", "to_grade"))
    recoveries = (rash(edition.number("RASH-03", "grade")), rash(0))
    worst = (rash(edition.number("RASH-08", "grade")), rash(edition.number("B-GRADE5", "grade")))
    return Toxicity(onsets, recoveries, (*onsets, *recoveries), worst)


def _other(edition: Edition) -> Toxicity:
    first, last, well = (
        edition.number("OTH-01", "from_grade"),
        edition.number("OTH-01", "to_grade"),
        edition.number("OTH-02", "grade"),
    )
    onsets, recoveries, beside = [], [], []
    for term in TERMS:
        for cause in ("clear", "not_clear", None):
            onsets += [other(grade, cause, term=term) for grade in (first, last)]
            recoveries += [other(grade, cause, agreed=True, term=term) for grade in (well, 0)]
            beside += [other(well, cause, term=term), other(first - 1, cause, agreed=True, term=term)]
        beside.append(other(first - 1, agreed=True, term=term, baseline_grade=first - 1))
    beside.append({**other(first), "term": edition.number("B-HAEM-OTHER", "terms")[0]})
    return Toxicity(tuple(onsets), tuple(recoveries), tuple(beside))


def _new_cycle(edition: Edition) -> Toxicity:
    anc, count = edition.number("NC-01", "anc"), edition.number("NC-01", "platelets")

    def assessed(anc_value: int, count_value: int, resolved: bool) -> Fact:
        return {
            "type": "cycle_assessed",
            "neutrophils": {"value": anc_value, "unit": "/mm3"},
            "platelets": {"value": count_value, "unit": "/mm3"},
            "toxicities_resolved": resolved,
        }

    unmet = (assessed(anc - 1, count, True), assessed(anc, count - 1, True), assessed(anc, count, False))
    met = (assessed(anc, count, True),)
    return Toxicity(unmet, met, (*unmet, *met))


def _clearances(edition: Edition) -> list[Decimal]:
    limits = [Decimal(str(band.at_least_ml_min)) for band in edition.lenalidomide.start if band.at_least_ml_min]
    return [Decimal(90), *(value for limit in limits for value in (limit, limit - Decimal("0.1")))]


def _bilirubins(edition: Edition) -> list[Decimal]:
    limits = [Decimal(str(edition.number(rule, "above"))) for rule in ("HEP-01", "HEP-02")]
    return [Decimal(1), *(value for limit in limits for value in (limit, limit + BIT))]


def _starts(edition: Edition) -> list[Fact]:
    usual = {
        "type": "course_started",
        "weekday": "monday",
        "clock_time": "08:00",
        "patient_informed": True,
        "bilirubin": {"times_uln": 1},
        "creatinine_clearance": {"value": 90, "unit": "mL/min"},
    }
    starts: list[Fact] = [usual]
    starts += [{**usual, "bilirubin": {"times_uln": value}} for value in _bilirubins(edition)[1:]]
    starts += [
        {**usual, "creatinine_clearance": {"value": value, "unit": "mL/min"}} for value in _clearances(edition)[1:]
    ]
    starts.append({**usual, "on_dialysis": True})
    for grade, pain in ((1, False), (1, True), (2, False), (2, True)):
        starts.append({**usual, "baseline_neuropathy": {"grade": grade, "pain": pain}})
    assumed = {name: value for name, value in usual.items() if name != "bilirubin"}
    starts.append({**assumed, "assumed": ["bilirubin"]})
    return starts


def _blocked() -> list[Fact]:
    bare = {"type": "course_started", "weekday": "monday", "clock_time": "08:00", "patient_informed": True}
    return [bare, {**bare, "patient_informed": False}]


def _doses(edition: Edition) -> list[Fact]:
    levels = [Decimal(str(mg)) for mg in edition.ixazomib_ladder_mg]
    taken: list[Fact] = [{"type": "dose_taken", "dose_mg": mg} for mg in (*levels, 2 * levels[0])]
    mishaps: list[Fact] = [
        {"type": "dose_missed"},
        {"type": "dose_delayed"},
        {"type": "dose_vomited"},
        {"type": "dose_overdosed", "dose_mg": 2 * levels[0]},
        {"type": "dose_missed", "drug": "lenalidomide"},
        {"type": "dose_vomited", "drug": "dexamethasone"},
        {"type": "dose_taken_wrongly", "fault": "crushed"},
        {"type": "dose_taken_wrongly", "fault": "with_food"},
        {"type": "dose_taken_wrongly", "drug": "dexamethasone", "fault": "without_food"},
    ]
    return taken + mishaps


def _organs(edition: Edition) -> list[Fact]:
    bilirubins: list[Fact] = [{"type": "bilirubin_measured", "times_uln": value} for value in _bilirubins(edition)]
    clearances: list[Fact] = [
        {"type": "creatinine_clearance_measured", "value": value, "unit": "mL/min"} for value in _clearances(edition)
    ]
    return bilirubins + clearances


# How many days later the next event is; most often the next day, which stands first, where shrinking ends.
DAYS_LATER: Sequence[int] = (1, 1, 1, 0, 2, 4, 5, 6, 7, 7, 8, 14, 28)
