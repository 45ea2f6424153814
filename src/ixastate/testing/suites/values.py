"""Test values: facts on and beside every number of the text, from which random courses are drawn.

Facts are events without a date, as JSON-like data. Every number comes from the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ixastate.rules import Edition
from ixastate.rules.terms import load_terms
from ixastate.symbols import (
    ENDS,
    NEUROPATHY,
    NEUTROPENIA,
    NEW_CYCLE,
    OTHER,
    RASH,
    THROMBOCYTOPENIA,
    TOXICITY,
)
from ixastate.symbols import toxicities as toxicities_of
from ixastate.testing.suites.facts import Fact, assessed, neuropathy, neutrophils, other, platelets, rash, started

TERMS = ("diarrhoea", "fatigue")
BIT = Decimal("0.001")


@dataclass(frozen=True)
class ToxicityValues:
    """The facts of one toxicity: onsets open an episode, recoveries end one, the worst end treatment.

    `beside` are those on and beside the numbers, whatever they mean.
    """

    onsets: tuple[Fact, ...]
    recoveries: tuple[Fact, ...]
    beside: tuple[Fact, ...]
    worst: tuple[Fact, ...] = ()


@dataclass(frozen=True)
class EditionValues:
    """The facts of an edition."""

    starts: tuple[Fact, ...]
    blocked: tuple[Fact, ...]
    toxicities: Mapping[str, ToxicityValues]
    doses: tuple[Fact, ...]
    organs: tuple[Fact, ...]
    ends: tuple[Fact, ...]


def values(edition: Edition) -> EditionValues:
    """The facts of an edition."""
    return EditionValues(
        starts=tuple(_starts(edition)),
        blocked=tuple(_blocked(edition)),
        toxicities=toxicities(edition),
        doses=tuple(_doses(edition)),
        organs=tuple(_organs(edition)),
        ends=tuple({"type": end.event} for end in ENDS),
    )


def toxicities(edition: Edition) -> dict[str, ToxicityValues]:
    """The facts of each toxicity, by its name, in the order of the regions."""
    return {toxicity.name: _MAKERS[toxicity.name](edition) for toxicity in toxicities_of(edition)}


def _neutropenia(edition: Edition) -> ToxicityValues:
    anc, count = edition.integer("ANC-01", "anc"), edition.integer("PLT-01", "platelets")
    return _counted(neutrophils, anc, "after_g_csf", (assessed(anc - 1, count), assessed(anc, count)))


def _thrombocytopenia(edition: Edition) -> ToxicityValues:
    anc, count = edition.integer("ANC-01", "anc"), edition.integer("PLT-01", "platelets")
    return _counted(platelets, count, "after_transfusion", (assessed(anc, count - 1), assessed(anc - 1, count - 1)))


def _counted(kind: Any, threshold: int, supported: str, assessments: tuple[Fact, ...]) -> ToxicityValues:
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
    return ToxicityValues(low, fine, (*low, *fine, *assessments))


def _neuropathy(edition: Edition) -> ToxicityValues:
    moderate, severe, worst = (edition.integer(rule, "grade") for rule in ("PN-01", "PN-05", "PN-09"))
    mild = edition.integer("PN-02", "grade_without_pain")
    onsets = (
        neuropathy(mild, pain=True),
        neuropathy(moderate),
        neuropathy(moderate, pain=True),
        neuropathy(severe),
        neuropathy(severe, pain=True),
    )
    recoveries = (neuropathy(mild, agreed=True), neuropathy(0, agreed=True), neuropathy(mild), neuropathy(0))
    return ToxicityValues(onsets, recoveries, (*onsets, *recoveries), (neuropathy(worst),))


def _rash(edition: Edition) -> ToxicityValues:
    onsets = tuple(rash(edition.integer("RASH-01", side)) for side in ("from_grade", "to_grade"))
    recoveries = (rash(edition.integer("RASH-03", "grade")), rash(0))
    worst = (rash(edition.integer("RASH-08", "grade")), rash(edition.integer("B-GRADE5", "grade")))
    return ToxicityValues(onsets, recoveries, (*onsets, *recoveries), worst)


def _other(edition: Edition) -> ToxicityValues:
    first, last, well = (
        edition.integer("OTH-01", "from_grade"),
        edition.integer("OTH-01", "to_grade"),
        edition.integer("OTH-02", "grade"),
    )
    onsets, recoveries, beside = [], [], []
    for term in TERMS:
        for cause in ("clear", "not_clear", None):
            onsets += [other(grade, cause, term=term) for grade in (first, last)]
            recoveries += [other(grade, cause, agreed=True, term=term) for grade in (well, 0)]
            beside += [other(well, cause, term=term), other(first - 1, cause, agreed=True, term=term)]
        beside.append(other(first - 1, agreed=True, term=term, baseline_grade=first - 1))
    blood = next(group for group in load_terms().terms if group.toxicity not in TOXICITY)
    beside.append({**other(first), "term": blood.names[0]})
    return ToxicityValues(tuple(onsets), tuple(recoveries), tuple(beside))


def _new_cycle(edition: Edition) -> ToxicityValues:
    anc, count = edition.integer("NC-01", "anc"), edition.integer("NC-01", "platelets")

    unmet = (assessed(anc - 1, count), assessed(anc, count - 1), assessed(anc, count, resolved=False))
    met = (assessed(anc, count),)
    return ToxicityValues(unmet, met, (*unmet, *met))


_MAKERS: Mapping[str, Callable[[Edition], ToxicityValues]] = {
    NEUTROPENIA.name: _neutropenia,
    THROMBOCYTOPENIA.name: _thrombocytopenia,
    NEUROPATHY.name: _neuropathy,
    RASH.name: _rash,
    OTHER.name: _other,
    NEW_CYCLE.name: _new_cycle,
}


def _clearances(edition: Edition) -> list[Decimal]:
    limits = [Decimal(str(band.at_least_ml_min)) for band in edition.lenalidomide.start if band.at_least_ml_min]
    return [Decimal(90), *(value for limit in limits for value in (limit, limit - Decimal("0.1")))]


def _bilirubins(edition: Edition) -> list[Decimal]:
    limits = [Decimal(str(edition.number(rule, "above"))) for rule in ("HEP-01", "HEP-02")]
    return [Decimal(1), *(value for limit in limits for value in (limit, limit + BIT))]


def _starts(edition: Edition) -> list[Fact]:
    usual = started(edition, day=None)
    starts: list[Fact] = [usual]
    starts += [{**usual, "bilirubin": {"times_uln": value}} for value in _bilirubins(edition)[1:]]
    starts += [
        {**usual, "creatinine_clearance": {"value": value, "unit": "mL/min"}} for value in _clearances(edition)[1:]
    ]
    starts.append({**usual, "on_dialysis": True})
    for grade, pain in ((1, False), (1, True), (2, False), (2, True)):
        starts.append({**usual, "baseline_neuropathy": {"grade": grade, "pain": pain}})
    starts.append(started(edition, day=None, bilirubin=None, assumed=["bilirubin"]))
    return starts


def _blocked(edition: Edition) -> list[Fact]:
    bare = started(edition, day=None, bilirubin=None, creatinine_clearance=None)
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


# How many days later the next event is; most often the next day. It stands first because shrinking tends to the first.
DAYS_LATER: Sequence[int] = (1, 1, 1, 0, 2, 4, 5, 6, 7, 7, 8, 14, 28)
