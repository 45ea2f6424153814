"""Boundary-value analysis: courses on both sides of each number of the text.

Counts, grades and organ function stand here; the levels of the ladders in `ladders`, hours and days in `days`. Every
number is taken from the rules. A boundary case is a short course of events whose last ones lie on, just below or just
above a number, in each situation in which the number decides something else.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from ixastate.rules import Edition
from ixastate.rules.terms import load_terms
from ixastate.symbols import DEATH, TOXICITY
from ixastate.testing.suites.days import days
from ixastate.testing.suites.facts import (
    BoundaryCase,
    case,
    neuropathy,
    neutrophils,
    opening,
    other,
    plain,
    platelets,
    rash,
    started,
)
from ixastate.testing.suites.ladders import ladders
from ixastate.units import cells_power, ucum


def boundary_cases(edition: Edition) -> Iterator[BoundaryCase]:
    """Every boundary case of an edition, in the order of the text's subjects."""
    yield from _counts(edition)
    yield from _starts(edition)
    yield from _neuropathy(edition)
    yield from _rash(edition)
    yield from _other(edition)
    yield from ladders(edition)
    yield from days(edition)


# --- Counts ----------------------------------------------------------------------------------------------------


def _counts(edition: Edition) -> Iterator[BoundaryCase]:
    """Just below and at the threshold, in every unit, outside and within an episode, and after one to be confirmed."""
    for kind, rule, name in ((neutrophils, "ANC-01", "anc"), (platelets, "PLT-01", "platelets")):
        threshold = edition.integer(rule, name)
        for unit in ucum("count"):
            cells = 10 ** (cells_power(unit) or 0)
            at = Decimal(threshold) / cells
            below = Decimal(threshold - 1) / cells
            closer = at - Decimal("0.001") if cells == 1 else below
            what = f"{rule} {name}: "
            low, fine, close = kind(below, unit), kind(at, unit), kind(closer, unit)
            start = started(edition)
            yield case(f"{what}{plain(at)} {unit}", start, fine)
            yield case(f"{what}{plain(below)} {unit}", start, low)
            opened = opening(edition, low)
            yield case(f"{what}{plain(closer)} {unit} in an episode", start, *opened, close)
            yield case(f"{what}{plain(at)} {unit} in an episode", start, *opened, fine)
            if len(opened) > 1:
                yield case(f"{what}{plain(closer)} {unit} to confirm one", start, low, close)
                yield case(f"{what}{plain(at)} {unit} to withdraw one", start, low, fine)
        supported = {"after_g_csf": True} if kind is neutrophils else {"after_transfusion": True}
        opened = opening(edition, kind(threshold - 1))
        raised = kind(threshold, "/mm3", **supported)
        yield case(f"{rule} {name}: raised by support", started(edition), *opened, raised)


# --- The start -------------------------------------------------------------------------------------------------


def _starts(edition: Edition) -> Iterator[BoundaryCase]:
    """Organ function at and beside each limit, at the start and later, and starts that are blocked."""
    step = Decimal("0.001")
    for rule in ("HEP-01", "HEP-02"):
        limit = Decimal(str(edition.number(rule, "above")))
        for value in (limit, limit + step):
            covers = f"{rule} above: {plain(value)} times ULN"
            yield _start(edition, covers, bilirubin={"times_uln": value})
        for unit, normal in (("mg/dL", Decimal("1.2")), ("umol/L", Decimal(20))):
            for value in (limit * normal, limit * normal + Decimal("0.1")):
                measured = {"value": value.normalize(), "unit": unit, "upper_limit_of_normal": normal}
                covers = f"{rule} above: {plain(value)} {unit} of {plain(normal)}"
                yield _start(edition, covers, bilirubin=measured)
    for clearance in sorted({band.at_least_ml_min for band in edition.lenalidomide.start if band.at_least_ml_min}):
        severe = clearance == edition.number("REN-01", "below")
        for value in (Decimal(str(clearance)), Decimal(str(clearance)) - Decimal("0.1")):
            covers = f"{'REN-01 below' if severe else 'REN-04'}: {plain(value)}"
            yield _start(edition, f"{covers} mL/min", creatinine_clearance={"value": value, "unit": "mL/min"})
    impaired = {"times_uln": Decimal(str(edition.number("HEP-01", "above"))) + step}
    poor = {"value": edition.number("REN-01", "below") - 1, "unit": "mL/min"}
    yield _start(edition, "REN-02: on dialysis", on_dialysis=True)
    yield _start(edition, "REN-02: on dialysis, clearance unknown", on_dialysis=True, creatinine_clearance=None)
    yield _start(edition, "HEP-01 and REN-01", bilirubin=impaired, creatinine_clearance=poor)
    yield _start(edition, "HEP-01 and REN-02", bilirubin=impaired, on_dialysis=True)
    yield _start(edition, "B-BILI-ONLY: bilirubin assumed", bilirubin=None, assumed=["bilirubin"])
    both = ["bilirubin", "creatinine_clearance"]
    yield _start(edition, "B-BILI-ONLY: both assumed", bilirubin=None, creatinine_clearance=None, assumed=both)
    blocked: dict[str, dict[str, Any]] = {
        "ADM-15: not informed": {"patient_informed": False},
        "B-BILI-ONLY: bilirubin unknown": {"bilirubin": None},
        "B-BILI-ONLY: clearance unknown": {"creatinine_clearance": None},
    }
    for covers, changes in blocked.items():
        yield case(covers, started(edition, **changes), {**started(edition), "day": 1})
    for name, fact in {
        "HEP-01 above: on treatment": {"type": "bilirubin_measured", "times_uln": impaired["times_uln"]},
        "HEP-01 above: not on treatment": {"type": "bilirubin_measured", "times_uln": impaired["times_uln"] - step},
        "REN-01 below: on treatment": {"type": "creatinine_clearance_measured", **poor},
        "REN-01 below: not on treatment": {
            "type": "creatinine_clearance_measured",
            **poor,
            "value": edition.number("REN-01", "below"),
        },
    }.items():
        yield case(name, started(edition), fact)


def _start(edition: Edition, covers: str, **changes: Any) -> BoundaryCase:
    return case(covers, started(edition, **changes))


# --- Grades ----------------------------------------------------------------------------------------------------


def _neuropathy(edition: Edition) -> Iterator[BoundaryCase]:
    moderate, severe = edition.integer("PN-01", "grade"), edition.integer("PN-05", "grade")
    worst, fatal = edition.integer("PN-09", "grade"), edition.integer("B-GRADE5", "grade")
    situations = {
        "": [],
        " in a moderate episode": [neuropathy(moderate)],
        " in a severe episode": [neuropathy(severe)],
    }
    for words, past in situations.items():
        for grade in range(worst + 1):
            for pain in (False, True):
                for agreed in (False, True) if past and grade < severe else (False,):
                    covers = f"PN grade: {grade}{' with pain' if pain else ''}{' agreed' if agreed else ''}{words}"
                    yield case(covers, started(edition), *past, neuropathy(grade, pain, agreed))
    yield case(f"B-GRADE5 grade: {fatal}", started(edition), neuropathy(fatal))
    for baseline in ({"grade": 1, "pain": True}, {"grade": moderate}, {"grade": moderate, "pain": True}):
        start = started(edition, baseline_neuropathy=baseline)
        words = f"at a baseline of {baseline['grade']}{' with pain' if baseline.get('pain') else ''}"
        for grade in range(1, severe + 1):
            for pain in (False, True):
                covers = f"B-PN-BASELINE: {grade}{' with pain' if pain else ''} {words}"
                yield case(covers, start, neuropathy(grade, pain))
        back = neuropathy(baseline["grade"], bool(baseline.get("pain")), agreed=True)
        yield case(f"B-PN-BASELINE: back {words}", start, neuropathy(severe, True), back)


def _rash(edition: Edition) -> Iterator[BoundaryCase]:
    onset, over = rash(edition.integer("RASH-01", "from_grade")), rash(edition.integer("RASH-03", "grade"))
    fatal = edition.integer("B-GRADE5", "grade")
    situations = {"": [], " in the first episode": [onset], " in a later episode": [onset, over, onset]}
    for words, past in situations.items():
        for grade in range(fatal + 1):
            yield case(f"RASH grade: {grade}{words}", started(edition), *past, rash(grade))
    yield case("RASH-02: the second", started(edition), onset, over, rash(onset["grade"] + 1))


def _other(edition: Edition) -> Iterator[BoundaryCase]:
    onset, fatal = edition.integer("OTH-01", "from_grade"), edition.integer("B-GRADE5", "grade")
    for grade in range(fatal + 1):
        yield case(f"OTH grade: {grade}", started(edition), other(grade))
    for cause in ("clear", "not_clear", None):
        words = f" in an episode, cause {cause or 'unstated'}"
        for grade in range(fatal):
            for agreed in (False, True):
                covers = f"OTH grade: {grade}{' agreed' if agreed else ''}{words}"
                yield case(covers, started(edition), other(onset, cause), other(grade, cause, agreed))
    for grade in (1, 2):
        back = other(grade, agreed=True, baseline_grade=grade)
        yield case(f"OTH-02: baseline {grade}", started(edition), other(onset), back)
    stated_late = [other(onset, None), other(1, "clear", agreed=True)]
    yield case("B-ATTRIB: stated at the end", started(edition), *stated_late)


# --- What lies beside the numbers ------------------------------------------------------------------------------


def rarities(edition: Edition) -> Iterator[BoundaryCase]:
    """Courses for rules that no number and no transition shows: what is refused, and what comes after the end."""
    ended = [started(edition), {"type": DEATH.event}]
    yield case("K-FINAL", *ended, neutrophils(edition.integer("ANC-01", "anc")))
    again = {**started(edition), "day": 2}
    yield case("K-RECORD: a second start", started(edition), again, neutrophils(edition.integer("ANC-01", "anc")))
    onset = edition.integer("OTH-01", "from_grade")
    for group in load_terms().terms:
        rule = "B-RASH-CLASS" if group.toxicity in TOXICITY else "B-HAEM-OTHER"
        yield case(rule, started(edition), {**other(onset), "term": group.names[0]})
    anc = edition.integer("ANC-01", "anc")
    signs = [neutrophils(anc, comparator="<"), neutrophils(anc, comparator="<="), neutrophils(anc, comparator=">=")]
    yield case("B-COMPARATOR", started(edition), *signs)
    two = [other(onset, "clear"), other(onset, "not_clear", term="fatigue")]
    over = [other(1, "clear", agreed=True), other(1, "not_clear", agreed=True, term="fatigue")]
    yield case("B-OTHER-MULTI", started(edition), *two, *over)
