"""The map from events to input symbols: event and context in, symbols out.

The thresholds of the text are applied here, with their numbers taken from the rules, and nowhere else. The
context holds the few facts of a patient that decide a meaning and that the finite machine cannot hold: the
baseline neuropathy, and which other toxicities are open, by term. An event may mean nothing to the machine and
still ask for advice. A kind of event without a reader is refused. This module knows no state and no calendar.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, cached_property, singledispatch
from itertools import product
from operator import itemgetter
from typing import Any, Literal, get_args

from pydantic import BaseModel

from ixastate.course.limits import hepatic_rule, lenalidomide_start, on_a_boundary, renal_rule, settled, sign_of
from ixastate.errors import ChartError, CourseRefusal
from ixastate.events import (
    KINDS,
    BilirubinMeasured,
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
from ixastate.measurements import CellCount, Measured
from ixastate.orders import Order
from ixastate.rules import Edition
from ixastate.rules.terms import term_group
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
    TOXICITY,
    Onset,
    Recovery,
    Toxicity,
    facts,
    start_at,
    symbols,
)

# The letters, under the names by which the readers below choose among them.
(ANC_LOW,), (ANC_RECOVERED,) = NEUTROPENIA.onsets, NEUTROPENIA.recoveries
(PLATELETS_LOW,), (PLATELETS_RECOVERED,) = THROMBOCYTOPENIA.onsets, THROMBOCYTOPENIA.recoveries
NEUROPATHY_MODERATE, NEUROPATHY_SEVERE, NEUROPATHY_GRADE_4 = NEUROPATHY.onsets
NEUROPATHY_RESOLVED, NEUROPATHY_RESOLVED_AGREED = NEUROPATHY.recoveries
OTHER_ONSET, OTHER_ONSET_RELATED = OTHER.onsets
OTHER_RESOLVED, OTHER_RESOLVED_RELATED = OTHER.recoveries
(OTHER_PERSISTS,) = OTHER.repeats
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

    @cached_property
    def key(self) -> tuple[object, ...]:
        """The same as plain values, which are quick to compare."""
        return self.baseline_neuropathy.grade, self.baseline_neuropathy.pain, self.open_terms, self.related


@dataclass(frozen=True)
class Meaning:
    """The symbols that an event means, in order (none: nothing to the machine), with advice, rules and the context.

    A start also says how many days lie between two doses of lenalidomide, which the calendar needs.
    """

    symbols: tuple[str, ...]
    context: Context
    rules: tuple[str, ...] = ()
    orders: tuple[Order, ...] = ()
    lenalidomide_every_days: int = 1


def read(event: Event, context: Context, edition: Edition) -> Meaning:
    """What this event means; `CourseRefusal` when it is of the wrong kind, or of one that has no reader here."""
    return _read(event, context, edition)


class Meanings:
    """What events mean under an edition: what was read once is remembered, since nothing else decides a meaning."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition
        self._known: dict[tuple[object, ...], Meaning] = {}

    @classmethod
    def of(cls, edition: Edition) -> Meanings:
        """Those of an edition, made once a process."""
        known: Meanings | None = edition.remembered.get("meanings")
        if known is None:
            known = edition.remembered["meanings"] = cls(edition)
        return known

    def read(self, event: Event, context: Context) -> Meaning:
        """What this event means, as `read`."""
        kind = type(event)
        key = (kind, _content(kind)(event.__dict__), context.key)
        known = self._known.get(key)
        if known is None:
            known = read(event, context, self.edition)
            if len(self._known) >= MOST_MEANINGS:
                self._known.clear()
            self._known[key] = known
        return known


MOST_MEANINGS = 50_000


@cache
def _content(kind: type[Event]) -> Callable[[dict[str, Any]], object]:
    """What takes all that an event of this kind says, without its date and its names, out of its fields."""
    names = [name for name in kind.model_fields if name not in {*Event.model_fields, "type"}]
    models = [name for name in names if _is_model(kind.model_fields[name].annotation)]
    values = [name for name in names if name not in models]
    taken = itemgetter(*values) if values else lambda fields: ()
    if not models:
        return taken
    # A part that is a model itself is taken apart: to compare pydantic's models is slow.
    return lambda fields: (
        taken(fields),
        *[None if (part := fields[name]) is None else (*part.__dict__.values(),) for name in models],
    )


def _is_model(annotation: Any) -> bool:
    """Whether a field is a model, or a model or None."""
    return any(inspect.isclass(part) and issubclass(part, BaseModel) for part in (annotation, *get_args(annotation)))


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
    return Meaning((), context, ("K-RECORD",))


# --- The start ------------------------------------------------------------------------------------------------


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
        return Meaning((START_BLOCKED.name,), context, tuple(reasons), tuple(advice))

    return _starting(event, context, edition)


def _starting(event: CourseStarted, context: Context, edition: Edition) -> Meaning:
    """The start of a course that nothing blocks: which doses, and why."""
    hepatic = hepatic_rule(event.bilirubin, edition)
    renal = renal_rule(event.creatinine_clearance, event.on_dialysis, edition)
    usual, *_ = edition.ixazomib_ladder_mg
    reduced = [float(edition.number(rule, "dose")) for rule in (hepatic, renal) if rule]
    band = lenalidomide_start(event, edition)
    rules = [rule for rule in (hepatic, renal) if rule]
    if on_a_boundary(event, edition):
        rules.append("B-BOUND")
    rules += sign_of(event.bilirubin, None if event.on_dialysis else event.creatinine_clearance)
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
    return Meaning((start.name,), started, tuple(rules), tuple(orders), start.every_days)


# --- Laboratory values ----------------------------------------------------------------------------------------


def _count(count: CellCount, threshold: int, low: Onset, recovered: Recovery, context: Context) -> Meaning:
    rules: tuple[str, ...] = ()
    if count.per_mm3 != count.value:
        rules = ("B-UNITS",)
    if count.per_mm3 == threshold:
        rules = (*rules, "B-BOUND")
    below = settled(count.is_below(threshold), TOXICITY[low.toxicity].reason, f"{threshold:,}/mm3")
    return Meaning((low.name if below else recovered.name,), context, (*rules, *sign_of(count)))


def _neutrophils(count: CellCount, context: Context, edition: Edition) -> Meaning:
    return _count(count, edition.integer("ANC-01", "anc"), ANC_LOW, ANC_RECOVERED, context)


def _platelets(count: CellCount, context: Context, edition: Edition) -> Meaning:
    return _count(count, edition.integer("PLT-01", "platelets"), PLATELETS_LOW, PLATELETS_RECOVERED, context)


def _supported(meaning: Meaning, supported: bool, recovered: Recovery, rule: str) -> Meaning:
    if not (supported and meaning.symbols == (recovered.name,)):
        return meaning
    return replace(meaning, rules=(*meaning.rules, rule), orders=(Order("note_supported_count"),))


@_read.register
def _neutrophils_measured(event: NeutrophilsMeasured, context: Context, edition: Edition) -> Meaning:
    meaning = _neutrophils(event, context, edition)
    return _supported(meaning, event.after_g_csf, ANC_RECOVERED, "B-GCSF")


@_read.register
def _platelets_measured(event: PlateletsMeasured, context: Context, edition: Edition) -> Meaning:
    meaning = _platelets(event, context, edition)
    return _supported(meaning, event.after_transfusion, PLATELETS_RECOVERED, "B-TRANSFUSE")


def _impairment(rule: str | None, event: Measured | None, context: Context) -> Meaning:
    if rule is None:
        return Meaning((), context, ("K-RECORD", *sign_of(event)))
    return Meaning((), context, ("B-MIDCOURSE", *sign_of(event)), (Order("review_impairment"),))


@_read.register
def _bilirubin_measured(event: BilirubinMeasured, context: Context, edition: Edition) -> Meaning:
    return _impairment(hepatic_rule(event, edition), event, context)


@_read.register
def _creatinine_clearance_measured(event: CreatinineClearanceMeasured, context: Context, edition: Edition) -> Meaning:
    used = None if event.on_dialysis else event
    return _impairment(renal_rule(event, event.on_dialysis, edition), used, context)


# --- Graded toxicities ----------------------------------------------------------------------------------------


def _fatal(grade: int, edition: Edition) -> bool:
    return grade == edition.integer("B-GRADE5", "grade")


@_read.register
def _neuropathy_graded(event: NeuropathyGraded, context: Context, edition: Edition) -> Meaning:
    if _fatal(event.grade, edition):
        return Meaning((DEATH.name,), context, ("B-GRADE5",))
    if event.grade == edition.integer("PN-09", "grade"):
        return Meaning((NEUROPATHY_GRADE_4.name,), context)
    baseline = context.baseline_neuropathy
    worse = event.grade > baseline.grade or (event.pain and not baseline.pain)
    mild = event.grade == 0 or (event.grade <= edition.integer("PN-02", "grade_without_pain") and not event.pain)
    if mild or not worse:
        resolved = NEUROPATHY_RESOLVED_AGREED if event.physician_agrees else NEUROPATHY_RESOLVED
        return Meaning((resolved.name,), context, ("B-PN-G1",) if mild else ("B-PN-BASELINE",))
    rules = () if baseline == NO_NEUROPATHY else ("B-PN-BASELINE",)
    severe_from = edition.integer("PN-05", "grade_with_pain" if event.pain else "grade")
    onset = NEUROPATHY_SEVERE if event.grade >= severe_from else NEUROPATHY_MODERATE
    return Meaning((onset.name,), context, rules)


@_read.register
def _graded(event: Graded, context: Context, edition: Edition) -> Meaning:
    """A grade means the highest onset that it reaches, or the recovery when it reaches none."""
    if _fatal(event.grade, edition):
        return Meaning((DEATH.name,), context, ("B-GRADE5",))
    toxicity = _REPORTED_BY[type(event)]
    grades = {onset.name: facts(onset, edition)["grade"] for onset in toxicity.onsets}
    reached = [name for name, grade in grades.items() if event.grade >= grade]
    if reached:
        return Meaning((max(reached, key=grades.__getitem__),), context)
    (recovery,) = toxicity.recoveries
    return Meaning((recovery.name,), context, recovery.rules)


@_read.register
def _other_toxicity_graded(event: OtherToxicityGraded, context: Context, edition: Edition) -> Meaning:
    group = term_group(event.term)
    if group is not None and group.toxicity in TOXICITY:
        kind = TOXICITY[group.toxicity].event
        grade = edition.integer("RASH-08", "grade")
        also = f" of grade {grade}" if group.severe else " with pain" if group.painful else ""
        raise CourseRefusal(
            f"{event.term!r} is not an other toxicity (B-RASH-CLASS)",
            remedy=f"report it as {kind}{also}",
            rules=("B-RASH-CLASS",),
        )
    if _fatal(event.grade, edition):
        return Meaning((DEATH.name,), context, ("B-GRADE5",))
    if group is not None:
        return Meaning((), context, ("B-HAEM-OTHER", "K-RECORD"))
    opened = dict(context.open_terms)
    severe = event.grade >= edition.integer("OTH-01", "from_grade")
    if not severe and event.term not in opened:
        return Meaning((), context, ("B-OTH-G12", "K-RECORD"))

    new = event.term not in opened
    opened[event.term] = event.attribution or opened.get(event.term)
    unstated = opened[event.term] is None
    advice: tuple[Order, ...] = (Order("state_attribution"),) if unstated else ()
    rules = ("B-ATTRIB",) if unstated else ()
    still_open = replace(context, open_terms=tuple(sorted(opened.items())))
    if new:
        onset = OTHER_ONSET_RELATED if event.attribution == "clear" else OTHER_ONSET
        return Meaning((onset.name,), still_open, rules, advice)
    if event.grade > max(edition.integer("OTH-02", "grade"), event.baseline_grade):
        if severe and OTHER_PERSISTS.rule in edition.rules:
            return Meaning((OTHER_PERSISTS.name,), still_open, rules, advice)
        return Meaning((), still_open, ("OTH-01", "B-EPISODE", *rules), advice)
    if not event.physician_agrees:
        return Meaning((), still_open, ("OTH-02", *rules), (*advice, Order("obtain_agreement")))

    related = context.related or opened.pop(event.term) == "clear"
    opened.pop(event.term, None)
    if opened:
        after = replace(context, open_terms=tuple(sorted(opened.items())), related=related)
        return Meaning((), after, ("OTH-02", "B-OTHER-MULTI", *rules), advice)
    after = replace(context, open_terms=(), related=False)
    resolved = OTHER_RESOLVED_RELATED if related else OTHER_RESOLVED
    return Meaning((resolved.name,), after, rules, advice)


def criteria(event: CycleAssessed, edition: Edition) -> Onset | Recovery | None:
    """The symbol of the criteria for a new cycle, met or not; None in an edition that has none."""
    if NEW_CYCLE.rule not in edition.rules:
        return None
    counts = {NEUTROPENIA: (event.neutrophils, "anc"), THROMBOCYTOPENIA: (event.platelets, "platelets")}
    limits = {toxicity: edition.integer(NEW_CYCLE.rule, number) for toxicity, (_, number) in counts.items()}
    low = [count.is_below(limits[toxicity]) for toxicity, (count, _) in counts.items()]
    if not event.toxicities_resolved or True in low:
        return NEW_CYCLE_UNMET
    for toxicity, answer in zip(counts, low, strict=True):
        settled(answer, toxicity.reason, f"{limits[toxicity]:,}/mm3")
    return NEW_CYCLE_MET


def of_one_event(edition: Edition) -> tuple[tuple[str, ...], ...]:
    """Every sequence of symbols that one event may mean under an edition."""
    criteria_of = ((), (NEW_CYCLE_UNMET.name,), (NEW_CYCLE_MET.name,)) if NEW_CYCLE.rule in edition.rules else ((),)
    counts = product((ANC_LOW.name, ANC_RECOVERED.name), (PLATELETS_LOW.name, PLATELETS_RECOVERED.name))
    return (*((name,) for name in symbols(edition)), *((*count, *met) for count, met in product(counts, criteria_of)))


@_read.register
def _cycle_assessed(event: CycleAssessed, context: Context, edition: Edition) -> Meaning:
    """Its counts are counts like any others, and after that they are criteria (B-ASSESS-COUNTS)."""
    counts = _neutrophils(event.neutrophils, context, edition), _platelets(event.platelets, context, edition)
    meant = [symbol for count in counts for symbol in count.symbols]
    met = criteria(event, edition)
    rules = ("B-ASSESS-COUNTS", *(rule for count in counts for rule in count.rules))
    return Meaning((*meant, met.name) if met else tuple(meant), context, rules)


# --- Ends -----------------------------------------------------------------------------------------------------


_NAME_OF_END = {KINDS[end.event]: end.name for end in ENDS}


def _ended(event: Event, context: Context, edition: Edition) -> Meaning:
    return Meaning((_NAME_OF_END[type(event)],), context)


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
