"""Clinical events: the dated facts that a patient's log is made of.

An event says what was observed, in the unit in which it was observed. It knows no rule, no threshold and no
state; what it means to the machine is the alphabet's question. Events are frozen pydantic models, distinguished by
`type`; unknown fields, missing units and impossible values are refused. Numbers are exact (`Decimal`).

An event is dated in one of two ways: `at`, a date and time with its offset from UTC, or `day`, a treatment day
(1 = the day of the first ixazomib dose), which stands for the weekly clock time on that day. It may also have an `id`,
and say when it was written down, `recorded_at`; where it does, it can be corrected (see `amendments`).

A constructor and `parse_event` answer a bad value with `InputError`. The methods that are pydantic's own
(`model_validate`, `model_validate_json`) raise pydantic's `ValidationError`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Literal, TypeGuard, TypeVar, get_args
from zoneinfo import available_timezones

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError, field_validator, model_validator

from ixastate.errors import InputError, as_given, near
from ixastate.fields import (
    BaselineGrade,
    ClockTime,
    Grade,
    Moment,
    Name,
    Positive,
    TreatmentDay,
    YesNo,
    possible_year,
)
from ixastate.fields import Fact as Fact
from ixastate.fields import explain as explain
from ixastate.measurements import Bilirubin, CellCount, CreatinineClearance

Drug = Literal["ixazomib", "lenalidomide", "dexamethasone"]
DRUGS: tuple[Drug, ...] = ("ixazomib", "lenalidomide", "dexamethasone")
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@cache
def zone_names() -> frozenset[str]:
    """The names of time zones that mean the same on every computer."""
    return frozenset(available_timezones()) - {"localtime", "posixrules", "Factory"}


# --- Parts of events -------------------------------------------------------------------------------------------


class Neuropathy(Fact):
    """A CTCAE grade of peripheral neuropathy with its pain flag; the higher of sensory and motor (B-PN-KIND)."""

    grade: Grade
    pain: YesNo = False


# --- Events ----------------------------------------------------------------------------------------------------


def require_seen_before(at: datetime | None, recorded_at: datetime | None) -> None:
    """`ValueError` when a moment lies after that of its recording; compared as moments, whatever the offsets."""
    if at is not None and recorded_at is not None and recorded_at.astimezone(UTC) < at.astimezone(UTC):
        raise ValueError(f"recorded_at {recorded_at.isoformat()} lies before at {at.isoformat()}")


class Logged(Fact):
    """What every line of a log may have: whose it is, a name of its own, and when it was written down."""

    patient: Name | None = None
    id: Name | None = None
    recorded_at: Moment | None = None

    @field_validator("recorded_at", "at", check_fields=False)
    @classmethod
    def _year(cls, value: datetime | None) -> datetime | None:
        return None if value is None else possible_year(value)


class Event(Logged):
    """What every event has: whose it is and when it was seen."""

    at: Moment | None = None
    day: TreatmentDay | None = None

    @model_validator(mode="after")
    def _dated_once(self) -> Event:
        if (self.at is None) == (self.day is None):
            raise ValueError("needs exactly one of at (date and time with offset) and day (treatment day)")
        require_seen_before(self.at, self.recorded_at)
        return self


class CourseStarted(Event):
    """Treatment is to start: the facts that decide the starting doses and the weekly calendar.

    `timezone` is an IANA name; without it the offset of `at` holds all year. An organ function that was not
    measured is left out, and then treatment does not start, unless it is named in `assumed` (B-BILI-ONLY).
    """

    type: Literal["course_started"] = "course_started"
    weekday: Weekday
    clock_time: ClockTime
    timezone: str | None = None
    patient_informed: YesNo
    bilirubin: Bilirubin | None = None
    creatinine_clearance: CreatinineClearance | None = None
    on_dialysis: YesNo = False
    baseline_neuropathy: Neuropathy = Neuropathy(grade=0)
    assumed: tuple[Literal["bilirubin", "creatinine_clearance"], ...] = ()

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is not None and value not in zone_names():
            raise ValueError(f"{value!r} is not an IANA time zone such as Europe/Berlin")
        return value

    @field_validator("baseline_neuropathy")
    @classmethod
    def _treatable_baseline(cls, value: Neuropathy) -> Neuropathy:
        if value.grade >= 4:
            raise ValueError("grade 4 neuropathy rules treatment out (PN-09), so it cannot be a baseline")
        return value

    @model_validator(mode="after")
    def _measured_or_assumed(self) -> CourseStarted:
        for organ in self.assumed:
            if getattr(self, organ) is not None:
                raise ValueError(f"{organ} is both measured and assumed; leave one out")
        return self


class Count(Event, CellCount):
    """A blood count."""


class NeutrophilsMeasured(Count):
    """An absolute neutrophil count (ANC)."""

    type: Literal["neutrophils_measured"] = "neutrophils_measured"
    after_g_csf: YesNo = False


class PlateletsMeasured(Count):
    """A platelet count."""

    type: Literal["platelets_measured"] = "platelets_measured"
    after_transfusion: YesNo = False


class BilirubinMeasured(Event, Bilirubin):
    """Total bilirubin on treatment."""

    type: Literal["bilirubin_measured"] = "bilirubin_measured"


class CreatinineClearanceMeasured(Event, CreatinineClearance):
    """Creatinine clearance on treatment."""

    type: Literal["creatinine_clearance_measured"] = "creatinine_clearance_measured"
    on_dialysis: YesNo = False


class NeuropathyGraded(Event, Neuropathy):
    """Peripheral neuropathy as graded; `physician_agrees` to resume after a severe episode (PN-06)."""

    type: Literal["neuropathy_graded"] = "neuropathy_graded"
    physician_agrees: YesNo = False


class Graded(Event):
    """A toxicity that is reported by its CTCAE grade alone."""

    grade: Grade


class RashGraded(Graded):
    """Rash as graded."""

    type: Literal["rash_graded"] = "rash_graded"


class OtherToxicityGraded(Event):
    """Another non-haematological toxicity: its term, grade, and whether ixazomib clearly caused it.

    `attribution` is left out until it is stated (B-ATTRIB). `baseline_grade` is the patient's own
    before treatment; grade 3 and 4 always count as toxicity, so a baseline is at most 2.
    """

    type: Literal["other_toxicity_graded"] = "other_toxicity_graded"
    term: Annotated[Name, BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value)]
    grade: Grade
    attribution: Literal["clear", "not_clear"] | None = None
    physician_agrees: YesNo = False
    baseline_grade: BaselineGrade = 0


class CycleAssessed(Event):
    """The patient was assessed before a new cycle. Its counts are blood counts like any others (B-ASSESS-COUNTS).

    Only an edition with criteria for a new cycle asks them too whether it may begin (B-NEWCYCLE), and with them
    `toxicities_resolved`: that other toxicities are at the patient's baseline or grade 1 or less.
    """

    type: Literal["cycle_assessed"] = "cycle_assessed"
    neutrophils: CellCount
    platelets: CellCount
    toxicities_resolved: YesNo


class ProgressionFound(Event):
    """The disease has progressed."""

    type: Literal["progression_found"] = "progression_found"


class IntolerableToxicityDeclared(Event):
    """The physician declares the toxicity intolerable."""

    type: Literal["intolerable_toxicity_declared"] = "intolerable_toxicity_declared"


class PatientDied(Event):
    """The patient has died."""

    type: Literal["patient_died"] = "patient_died"


class ConsentWithdrawn(Event):
    """The patient has withdrawn from treatment."""

    type: Literal["consent_withdrawn"] = "consent_withdrawn"


class DoseEvent(Event):
    """Something that happened to one dose of one drug."""

    drug: Drug = "ixazomib"


class DoseTaken(DoseEvent):
    """A dose was taken."""

    type: Literal["dose_taken"] = "dose_taken"
    dose_mg: Positive


class DoseMissed(DoseEvent):
    """A scheduled dose has not been taken by now; `scheduled_day` is its treatment day (default: the latest)."""

    type: Literal["dose_missed"] = "dose_missed"
    scheduled_day: TreatmentDay | None = None


class DoseDelayed(DoseEvent):
    """A scheduled dose was taken late, now; `scheduled_day` is its treatment day (default: the latest)."""

    type: Literal["dose_delayed"] = "dose_delayed"
    scheduled_day: TreatmentDay | None = None


class DoseVomited(DoseEvent):
    """The patient vomited after a dose."""

    type: Literal["dose_vomited"] = "dose_vomited"


class DoseOverdosed(DoseEvent):
    """More than the prescribed dose was taken."""

    type: Literal["dose_overdosed"] = "dose_overdosed"
    dose_mg: Positive


class DoseTakenWrongly(DoseEvent):
    """A dose was taken in a way that the text forbids."""

    type: Literal["dose_taken_wrongly"] = "dose_taken_wrongly"
    fault: Literal["crushed", "chewed", "opened", "without_water", "with_food", "without_food", "with_dexamethasone"]

    @model_validator(mode="after")
    def _fault_of_this_drug(self) -> DoseTakenWrongly:
        of_dexamethasone = self.fault == "without_food"
        if self.drug == "lenalidomide" or of_dexamethasone != (self.drug == "dexamethasone"):
            raise ValueError(
                f"the text forbids no {self.fault!r} for {self.drug}: without_food is a fault of dexamethasone, "
                "every other one of ixazomib"
            )
        return self


AnyEvent = Annotated[
    CourseStarted
    | NeutrophilsMeasured
    | PlateletsMeasured
    | BilirubinMeasured
    | CreatinineClearanceMeasured
    | NeuropathyGraded
    | RashGraded
    | OtherToxicityGraded
    | CycleAssessed
    | ProgressionFound
    | IntolerableToxicityDeclared
    | PatientDied
    | ConsentWithdrawn
    | DoseTaken
    | DoseMissed
    | DoseDelayed
    | DoseVomited
    | DoseOverdosed
    | DoseTakenWrongly,
    Field(discriminator="type"),
]
# The kinds of lines that are no event, but about one; `amendments` has their classes.
AMENDING = ("event_corrected", "event_withdrawn")
# What reads and writes one event by pydantic's own means, such as a JSON Schema; `parse_event` is the package's own.
EVENT: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)
KINDS: dict[str, type[Event]] = {kind.model_fields["type"].default: kind for kind in get_args(get_args(AnyEvent)[0])}


Kind = TypeVar("Kind")


def is_a(value: object, parent: type[Kind]) -> TypeGuard[Kind]:
    """Whether a value is of a class, asked once for each class: to ask pydantic's classes each time is slow."""
    asked = type(value), parent
    known = _IS_A.get(asked)
    if known is None:
        known = _IS_A[asked] = isinstance(value, parent)
    return known


_IS_A: dict[tuple[type, type], bool] = {}


def parse_event(data: Any, where: str = "event") -> AnyEvent:
    """An event from a dict, or an event as it is; `InputError` names the field and what would be right.

    `where` is the place that an error names, such as a file and a line.
    """
    event: AnyEvent
    if type(data) is not dict and is_a(data, Event) and hasattr(data, "type"):
        # A type checker does not know that the events with a `type` are just those of the union.
        event = data  # type: ignore[assignment]
        return event
    if not isinstance(data, Mapping):
        raise InputError(
            f"an event is a dict or an object of an event class, not {type(data).__name__}",
            where=where,
            remedy='such as {"type": "rash_graded", "day": 8, "grade": 2}',
        )
    fields = data if isinstance(data, dict) else dict(data)
    kind = fields.get("type")
    if kind is None:
        raise InputError("the field 'type' is missing", where=where, remedy=f"one of: {', '.join(KINDS)}")
    if isinstance(kind, str) and kind in AMENDING:
        raise InputError(
            f"{kind!r} is no event, but a line about one",
            where=f"{where}: type",
            remedy="an event stands here; a log and Course.observe take such a line by itself",
        )
    if not isinstance(kind, str) or kind not in KINDS:
        remedy = near(kind, [*KINDS, *AMENDING])
        raise InputError(f"{as_given(kind)} is no kind of event", where=f"{where}: type", remedy=remedy)
    try:
        # As `model_validate`, without a step between: a log has millions of events.
        event = KINDS[kind].__pydantic_validator__.validate_python(fields)
        return event
    except ValidationError as error:
        raise explain(error, where, KINDS[kind]) from None
