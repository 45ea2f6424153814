"""The map from events to input symbols: event and context in, symbol out.

The thresholds of the text are applied here, with their numbers taken from the rules, and nowhere else. The
context holds the few facts of a patient that decide a meaning and that the finite machine cannot hold: the
baseline neuropathy, and which other toxicities are open, by term. An event may mean nothing to the machine and
still ask for advice. A kind of event without a reader is refused. This module knows no state and no calendar.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import singledispatch
from typing import Literal

from ixastate.errors import ChartError, CourseRefusal
from ixastate.events import (
    KINDS,
    BilirubinMeasured,
    Count,
    CourseStarted,
    CreatinineClearanceMeasured,
    CycleAssessed,
    DoseEvent,
    Event,
    Graded,
    Neuropathy,
    NeuropathyGraded,
    NeutrophilsMeasured,
    OtherToxicityGraded,
    PlateletsMeasured,
)
from ixastate.orders import Order
from ixastate.rules import Edition, StartingBand
from ixastate.symbols import (
    DEATH,
    ENDS,
    NEUROPATHY,
    NEUTROPENIA,
    NEW_CYCLE,
    OTHER,
    START_BLOCKED,
    THROMBOCYTOPENIA,
    TOXICITIES,
    Onset,
    Recovery,
    Toxicity,
    facts,
    start_at,
)

# The letters, under the names by which the readers below choose among them.
(ANC_LOW,), (ANC_RECOVERED,) = NEUTROPENIA.onsets, NEUTROPENIA.recoveries
(PLATELETS_LOW,), (PLATELETS_RECOVERED,) = THROMBOCYTOPENIA.onsets, THROMBOCYTOPENIA.recoveries
NEUROPATHY_MODERATE, NEUROPATHY_SEVERE, NEUROPATHY_GRADE_4 = NEUROPATHY.onsets
NEUROPATHY_RESOLVED, NEUROPATHY_RESOLVED_AGREED = NEUROPATHY.recoveries
OTHER_ONSET, OTHER_ONSET_RELATED = OTHER.onsets
OTHER_RESOLVED, OTHER_RESOLVED_RELATED = OTHER.recoveries
(NEW_CYCLE_UNMET,), (NEW_CYCLE_MET,) = NEW_CYCLE.onsets, NEW_CYCLE.recoveries

Attribution = Literal["clear", "not_clear"] | None
NO_NEUROPATHY = Neuropathy(grade=0)


@dataclass(frozen=True)
class Context:
    """What must be remembered of one patient to understand the next event.

    `open_terms` are the other toxicities whose episodes are open, each with its last stated attribution;
    `related` says that an episode already over in this hold was clearly caused by ixazomib.
    """

    baseline_neuropathy: Neuropathy = NO_NEUROPATHY
    open_terms: tuple[tuple[str, Attribution], ...] = ()
    related: bool = False


@dataclass(frozen=True)
class Meaning:
    """The symbol that an event means (None: nothing to the machine), with advice, rules and the context after it.

    A start also says how many days lie between two doses of lenalidomide, which the calendar needs.
    """

    symbol: str | None
    context: Context
    rules: tuple[str, ...] = ()
    orders: tuple[Order, ...] = ()
    lenalidomide_every_days: int = 1


def read(event: Event, context: Context, edition: Edition) -> Meaning:
    """What this event means; `CourseRefusal` when it is of the wrong kind, or of one that has no reader here."""
    return _read(event, context, edition)


@singledispatch
def _read(event: Event, context: Context, edition: Edition) -> Meaning:
    # To record it and to follow nothing from it could hide a toxicity.
    raise CourseRefusal(
        f"no reader knows what {type(event).__name__} means to the machine",
        remedy="register one in course/alphabet.py",
    )


@_read.register
def _dose_event(event: DoseEvent, context: Context, edition: Edition) -> Meaning:
    """What happened to a dose moves nothing; `administration` answers it with advice."""
    return Meaning(None, context, ("K-RECORD",))


# --- The start ------------------------------------------------------------------------------------------------


def hepatic_rule(multiple_of_uln: Fraction, edition: Edition) -> str | None:
    """The clause that calls this bilirubin an impairment, or None."""
    if multiple_of_uln > _exactly(edition.number("HEP-02", "above")):
        return "HEP-02"
    if multiple_of_uln > _exactly(edition.number("HEP-01", "above")):
        return "HEP-01"
    return None


def renal_rule(ml_min: Fraction | None, on_dialysis: bool, edition: Edition) -> str | None:
    """The clause that calls this renal function an impairment, or None."""
    if on_dialysis:
        return "REN-02"
    if ml_min is not None and ml_min < _exactly(edition.number("REN-01", "below")):
        return "REN-01"
    return None


def _on_a_boundary(event: CourseStarted, edition: Edition) -> bool:
    """Whether an organ function is exactly a number of the text, which then does or does not belong to a class."""
    liver = [edition.number("HEP-01", "above"), edition.number("HEP-02", "above")]
    kidney = [band.at_least_ml_min for band in edition.lenalidomide.start if band.at_least_ml_min]
    return (event.bilirubin is not None and event.bilirubin.multiple_of_uln in map(_exactly, liver)) or (
        event.creatinine_clearance is not None and Fraction(event.creatinine_clearance.value) in map(_exactly, kidney)
    )


def _exactly(number: float) -> Fraction:
    """A number of the rules file as it is written there."""
    return Fraction(str(number))


def lenalidomide_start(event: CourseStarted, edition: Edition) -> StartingBand:
    """The first band of renal function that fits; an assumed clearance counts as the band without impairment."""
    bands = edition.lenalidomide.start
    if event.on_dialysis:
        return next(band for band in bands if band.on_dialysis)
    by_clearance = sorted((band for band in bands if not band.on_dialysis), key=lambda band: -band.at_least_ml_min)
    if event.creatinine_clearance is None:
        return by_clearance[0]
    return next(band for band in by_clearance if event.creatinine_clearance.value >= band.at_least_ml_min)


@_read.register
def _course_started(event: CourseStarted, context: Context, edition: Edition) -> Meaning:
    unknown_liver = event.bilirubin is None and "bilirubin" not in event.assumed
    unknown_kidney = (
        event.creatinine_clearance is None and "creatinine_clearance" not in event.assumed and not event.on_dialysis
    )
    if unknown_liver or unknown_kidney or not event.patient_informed:
        reasons: list[str] = []
        advice: list[Order] = []
        if not event.patient_informed:
            reasons += ["ADM-15", "B-GUARD-INFO"]
            advice.append(Order("inform_patient"))
        if unknown_liver or unknown_kidney:
            reasons.append("B-BILI-ONLY")
            advice.append(Order("assess_organ_function"))
        return Meaning(START_BLOCKED.name, context, tuple(reasons), tuple(advice))

    return _starting(event, context, edition)


def _starting(event: CourseStarted, context: Context, edition: Edition) -> Meaning:
    """The start of a course that nothing blocks: which doses, and why."""
    clearance = event.creatinine_clearance
    hepatic = hepatic_rule(event.bilirubin.multiple_of_uln, edition) if event.bilirubin else None
    renal = renal_rule(Fraction(clearance.value) if clearance else None, event.on_dialysis, edition)
    usual, *_ = edition.ixazomib_ladder_mg
    reduced = [float(edition.number(rule, "dose")) for rule in (hepatic, renal) if rule]
    band = lenalidomide_start(event, edition)
    rules = [rule for rule in (hepatic, renal) if rule]
    if _on_a_boundary(event, edition):
        rules.append("B-BOUND")
    orders: list[Order] = []
    if hepatic and renal:
        rules.append("B-BOTH-ORGANS")
    if band.dose_mg != edition.lenalidomide.ladder_mg[0]:
        rules.append("REN-04")
    if hepatic:
        rules.append("HEP-03")
        orders.append(Order("consult_insert", "lenalidomide"))
    if event.assumed:
        rules.append("B-BILI-ONLY")
        orders.append(Order("confirm_assumption"))
    started = replace(context, baseline_neuropathy=event.baseline_neuropathy)
    start = start_at(edition, min([usual, *reduced]), band.dose_mg, band.every_days)
    return Meaning(start.name, started, tuple(rules), tuple(orders), start.every_days)


# --- Laboratory values ----------------------------------------------------------------------------------------


def _count(event: Count, threshold: int, low: Onset, recovered: Recovery, context: Context) -> Meaning:
    rules: tuple[str, ...] = ()
    if event.per_mm3 != event.value:
        rules = ("B-UNITS",)
    if event.per_mm3 == threshold:
        rules = (*rules, "B-BOUND")
    symbol = low.name if event.per_mm3 < threshold else recovered.name
    return Meaning(symbol, context, rules)


def _supported(meaning: Meaning, supported: bool, recovered: Recovery, rule: str) -> Meaning:
    if not (supported and meaning.symbol == recovered.name):
        return meaning
    return replace(meaning, rules=(*meaning.rules, rule), orders=(Order("note_supported_count"),))


@_read.register
def _neutrophils_measured(event: NeutrophilsMeasured, context: Context, edition: Edition) -> Meaning:
    meaning = _count(event, edition.integer("ANC-01", "anc"), ANC_LOW, ANC_RECOVERED, context)
    return _supported(meaning, event.after_g_csf, ANC_RECOVERED, "B-GCSF")


@_read.register
def _platelets_measured(event: PlateletsMeasured, context: Context, edition: Edition) -> Meaning:
    threshold = edition.integer("PLT-01", "platelets")
    meaning = _count(event, threshold, PLATELETS_LOW, PLATELETS_RECOVERED, context)
    return _supported(meaning, event.after_transfusion, PLATELETS_RECOVERED, "B-TRANSFUSE")


def _impairment(rule: str | None, context: Context) -> Meaning:
    if rule is None:
        return Meaning(None, context, ("K-RECORD",))
    return Meaning(None, context, ("B-MIDCOURSE",), (Order("review_impairment"),))


@_read.register
def _bilirubin_measured(event: BilirubinMeasured, context: Context, edition: Edition) -> Meaning:
    return _impairment(hepatic_rule(event.multiple_of_uln, edition), context)


@_read.register
def _creatinine_clearance_measured(event: CreatinineClearanceMeasured, context: Context, edition: Edition) -> Meaning:
    return _impairment(renal_rule(Fraction(event.value), event.on_dialysis, edition), context)


# --- Graded toxicities ----------------------------------------------------------------------------------------


def _fatal(grade: int, edition: Edition) -> bool:
    return grade == edition.integer("B-GRADE5", "grade")


@_read.register
def _neuropathy_graded(event: NeuropathyGraded, context: Context, edition: Edition) -> Meaning:
    if _fatal(event.grade, edition):
        return Meaning(DEATH.name, context, ("B-GRADE5",))
    if event.grade == edition.integer("PN-09", "grade"):
        return Meaning(NEUROPATHY_GRADE_4.name, context)
    baseline = context.baseline_neuropathy
    worse = event.grade > baseline.grade or (event.pain and not baseline.pain)
    mild = event.grade == 0 or (event.grade <= edition.integer("PN-02", "grade_without_pain") and not event.pain)
    if mild or not worse:
        resolved = NEUROPATHY_RESOLVED_AGREED if event.physician_agrees else NEUROPATHY_RESOLVED
        return Meaning(resolved.name, context, ("B-PN-G1",) if mild else ("B-PN-BASELINE",))
    rules = () if baseline == NO_NEUROPATHY else ("B-PN-BASELINE",)
    severe_from = edition.integer("PN-05", "grade_with_pain" if event.pain else "grade")
    onset = NEUROPATHY_SEVERE if event.grade >= severe_from else NEUROPATHY_MODERATE
    return Meaning(onset.name, context, rules)


@_read.register
def _graded(event: Graded, context: Context, edition: Edition) -> Meaning:
    """A grade means the highest onset that it reaches, or the recovery when it reaches none."""
    if _fatal(event.grade, edition):
        return Meaning(DEATH.name, context, ("B-GRADE5",))
    toxicity = _REPORTED_BY[type(event)]
    grades = {onset.name: facts(onset, edition)["grade"] for onset in toxicity.onsets}
    reached = [name for name, grade in grades.items() if event.grade >= grade]
    if reached:
        return Meaning(max(reached, key=grades.__getitem__), context)
    (recovery,) = toxicity.recoveries
    return Meaning(recovery.name, context, recovery.rules)


@_read.register
def _other_toxicity_graded(event: OtherToxicityGraded, context: Context, edition: Edition) -> Meaning:
    if event.term in edition.terms("B-RASH-CLASS", "terms"):
        raise CourseRefusal(
            f"{event.term!r} is not an other toxicity (B-RASH-CLASS)",
            remedy="report it as rash_graded or neuropathy_graded",
            rules=("B-RASH-CLASS",),
        )
    if _fatal(event.grade, edition):
        return Meaning(DEATH.name, context, ("B-GRADE5",))
    if event.term in edition.terms("B-HAEM-OTHER", "terms"):
        return Meaning(None, context, ("B-HAEM-OTHER", "K-RECORD"))
    opened = dict(context.open_terms)
    severe = event.grade >= edition.integer("OTH-01", "from_grade")
    if not severe and event.term not in opened:
        return Meaning(None, context, ("B-OTH-G12", "K-RECORD"))

    new = event.term not in opened
    opened[event.term] = event.attribution or opened.get(event.term)
    unstated = opened[event.term] is None
    advice: tuple[Order, ...] = (Order("state_attribution"),) if unstated else ()
    rules = ("B-ATTRIB",) if unstated else ()
    still_open = replace(context, open_terms=tuple(sorted(opened.items())))
    if new:
        onset = OTHER_ONSET_RELATED if event.attribution == "clear" else OTHER_ONSET
        return Meaning(onset.name, still_open, rules, advice)
    if event.grade > max(edition.integer("OTH-02", "grade"), event.baseline_grade):
        return Meaning(None, still_open, ("OTH-01", "B-EPISODE", *rules), advice)
    if not event.physician_agrees:
        return Meaning(None, still_open, ("OTH-02", *rules), (*advice, Order("obtain_agreement")))

    related = context.related or opened.pop(event.term) == "clear"
    opened.pop(event.term, None)
    if opened:
        after = replace(context, open_terms=tuple(sorted(opened.items())), related=related)
        return Meaning(None, after, ("OTH-02", "B-OTHER-MULTI", *rules), advice)
    after = replace(context, open_terms=(), related=False)
    resolved = OTHER_RESOLVED_RELATED if related else OTHER_RESOLVED
    return Meaning(resolved.name, after, rules, advice)


@_read.register
def _cycle_assessed(event: CycleAssessed, context: Context, edition: Edition) -> Meaning:
    if NEW_CYCLE.rule not in edition.rules:
        return Meaning(None, context, ("K-RECORD",))
    met = (
        event.neutrophils.per_mm3 >= edition.integer(NEW_CYCLE.rule, "anc")
        and event.platelets.per_mm3 >= edition.integer(NEW_CYCLE.rule, "platelets")
        and event.toxicities_resolved
    )
    return Meaning(NEW_CYCLE_MET.name if met else NEW_CYCLE_UNMET.name, context)


# --- Ends -----------------------------------------------------------------------------------------------------


_NAME_OF_END = {KINDS[end.event]: end.name for end in ENDS}


def _ended(event: Event, context: Context, edition: Edition) -> Meaning:
    return Meaning(_NAME_OF_END[type(event)], context)


for _kind in _NAME_OF_END:
    _read.register(_kind, _ended)


# --- Nothing is forgotten -------------------------------------------------------------------------------------


def _reported_by() -> dict[type[Event], Toxicity]:
    """The toxicity that each kind of event reports; `ChartError` when it has no such kind, or the kind no reader."""
    for toxicity in TOXICITIES:
        if toxicity.event not in KINDS:
            what = f"the toxicity {toxicity.name!r} is reported by {toxicity.event!r}, which is no kind of event"
            raise ChartError(what, where="alphabet", remedy="give it a class in events.py, and a place in AnyEvent")
        if _read.dispatch(KINDS[toxicity.event]) is _read.dispatch(Event):
            what = f"no reader knows what {toxicity.event!r} means"
            raise ChartError(
                what, where="alphabet", remedy="register one in course/alphabet.py, or make it a Graded event"
            )
    return {KINDS[toxicity.event]: toxicity for toxicity in TOXICITIES}


_REPORTED_BY = _reported_by()
