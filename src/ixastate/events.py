"""What is seen: the dated clinical facts that a patient's log is made of.

An event says what was observed, in the unit in which it was observed. It knows no rule, no threshold and no
state; what it means to the machine is the alphabet's question. Events are frozen pydantic models, told apart by
`type`; unknown fields, missing units and impossible values are refused. Numbers are exact (`Decimal`).

An event is dated in one of two ways: `at`, a date and time with its offset from UTC, or `day`, a treatment day
(1 = the day of the first ixazomib dose), which stands for the weekly clock time on that day.
"""

from __future__ import annotations

import difflib
import re
from datetime import datetime, time
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Annotated, Any, Literal, get_args
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from ixastate.errors import InputError

Drug = Literal["ixazomib", "lenalidomide", "dexamethasone"]
DRUGS: tuple[Drug, ...] = ("ixazomib", "lenalidomide", "dexamethasone")
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

# UCUM spellings of a cell count, each with the number of cells per cubic millimetre in one unit
# (B-UNITS; UCUM: 1 mm3 = 1 uL, 10*9/L = 1000/uL).
CELLS_PER_MM3: dict[str, int] = {
    "/mm3": 1,
    "/uL": 1,
    "10*6/L": 1,
    "10*3/uL": 1000,
    "10*9/L": 1000,
}
# Fifteen significant digits survive the way through a JSON number unchanged.
MOST_DIGITS = 15
FIRST_YEAR, LAST_YEAR = 1900, 2200


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("must be a number, without quotes")
    return value


def _json_number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _moment(value: Any) -> Any:
    if not isinstance(value, str | datetime):
        raise ValueError("must be a date and time as text, such as 2026-01-05T08:00:00+01:00")
    if isinstance(value, str) and not re.match(r"\d{4}-\d{2}-\d{2}[T ]", value):
        raise ValueError("must be an ISO 8601 date and time with its offset, such as 2026-01-05T08:00:00+01:00")
    return value


@cache
def _zone_names() -> frozenset[str]:
    """The names that mean the same on every computer."""
    return frozenset(available_timezones()) - {"localtime", "posixrules", "Factory"}


def _possible_year(value: datetime) -> datetime:
    if not FIRST_YEAR <= value.year < LAST_YEAR:
        raise ValueError(f"the year must lie between {FIRST_YEAR} and {LAST_YEAR - 1}")
    return value


def _clock_time(value: Any) -> Any:
    if isinstance(value, time) and value == time(value.hour, value.minute):
        return value
    if not (isinstance(value, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value)):
        raise ValueError("must be a clock time of 24 hours as text, such as 08:00")
    return value


Number = Annotated[
    Decimal,
    BeforeValidator(_number),
    Field(max_digits=MOST_DIGITS, allow_inf_nan=False),
    PlainSerializer(_json_number, when_used="json"),
]
NotNegative = Annotated[Number, Field(ge=0, lt=1_000_000_000)]
Positive = Annotated[Number, Field(gt=0, lt=1_000_000_000)]
Grade = Annotated[int, Field(strict=True, ge=0, le=5)]
YesNo = Annotated[bool, Field(strict=True)]


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("must hold no line breaks or control characters")
    return value


Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_printable)
]
Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]
TreatmentDay = Annotated[int, Field(strict=True, ge=1, le=36_525)]
CountUnit = Literal["/mm3", "/uL", "10*6/L", "10*3/uL", "10*9/L"]
ClockTime = Annotated[
    time,
    BeforeValidator(_clock_time),
    PlainSerializer(lambda value: value.strftime("%H:%M"), when_used="json"),
]


class Fact(BaseModel):
    """A frozen value with no room for unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Neuropathy(Fact):
    """A CTCAE grade of peripheral neuropathy with its pain flag; the higher of sensory and motor (B-PN-KIND)."""

    grade: Grade
    pain: YesNo = False


class Bilirubin(Fact):
    """Total bilirubin: a multiple of the upper limit of normal, or a value with the limit in the same unit."""

    times_uln: NotNegative | None = None
    value: NotNegative | None = None
    unit: Literal["mg/dL", "umol/L"] | None = None
    upper_limit_of_normal: Positive | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Bilirubin:
        measured = (self.value, self.unit, self.upper_limit_of_normal)
        if self.times_uln is not None:
            if any(part is not None for part in measured):
                raise ValueError("give either times_uln, or value with unit and upper_limit_of_normal, not both")
        elif any(part is None for part in measured):
            raise ValueError("needs times_uln, or all of value, unit and upper_limit_of_normal")
        return self

    @property
    def multiple_of_uln(self) -> Fraction:
        """How many times the upper limit of normal, exactly."""
        if self.times_uln is not None:
            return Fraction(self.times_uln)
        # _one_form has seen to it
        assert self.value is not None
        assert self.upper_limit_of_normal is not None
        return Fraction(self.value) / Fraction(self.upper_limit_of_normal)


class CreatinineClearance(Fact):
    """Creatinine clearance in mL/min (Cockcroft-Gault by convention, B-CRCL-METHOD; an eGFR is another thing)."""

    value: NotNegative
    unit: Literal["mL/min"]


class Event(Fact):
    """What every event has: whose it is and when it was seen."""

    patient: Name | None = None
    at: Moment | None = None
    day: TreatmentDay | None = None

    @field_validator("at")
    @classmethod
    def _year(cls, value: datetime | None) -> datetime | None:
        return None if value is None else _possible_year(value)

    @model_validator(mode="after")
    def _dated_once(self) -> Event:
        if (self.at is None) == (self.day is None):
            raise ValueError("needs exactly one of at (date and time with offset) and day (treatment day)")
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
        if value is not None and value not in _zone_names():
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


class CellCount(Fact):
    """A number of cells with its unit, as reported."""

    value: NotNegative
    unit: CountUnit

    @property
    def per_mm3(self) -> Decimal:
        """The count in cells per cubic millimetre, exactly (B-UNITS)."""
        return self.value * CELLS_PER_MM3[self.unit]


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


class RashGraded(Event):
    """Rash as graded."""

    type: Literal["rash_graded"] = "rash_graded"
    grade: Grade


class OtherToxicityGraded(Event):
    """Another non-haematological toxicity: its term, grade, and whether ixazomib clearly caused it.

    `attribution` may be left out when nobody has stated it yet (B-ATTRIB). `baseline_grade` is the patient's own
    before treatment; grade 3 and 4 always count as toxicity, so a baseline is at most 2.
    """

    type: Literal["other_toxicity_graded"] = "other_toxicity_graded"
    term: Annotated[Name, BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value)]
    grade: Grade
    attribution: Literal["clear", "not_clear"] | None = None
    physician_agrees: YesNo = False
    baseline_grade: Annotated[int, Field(strict=True, ge=0, le=2)] = 0


class CycleAssessed(Event):
    """The patient was assessed before a new cycle; only an edition with criteria for it acts on that (B-NEWCYCLE).

    `toxicities_resolved` says that other toxicities are at the patient's baseline or grade 1 or less.
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
# JSON text is read by `log`, which keeps numbers exact.
EVENT: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)
KINDS: dict[str, type[BaseModel]] = {
    kind.model_fields["type"].default: kind for kind in get_args(get_args(AnyEvent)[0])
}


def parse_event(data: Any, where: str = "event") -> AnyEvent:
    """An event from a dict (or an event); `InputError` names the field and what would be right."""
    try:
        return EVENT.validate_python(data)
    except ValidationError as error:
        named = data.get("type") if isinstance(data, dict) else None
        kind = KINDS.get(named) if isinstance(named, str) else None
        raise explain(error, where, kind) from None


def explain(error: ValidationError, where: str, model: type[BaseModel] | None) -> InputError:
    """The first thing that pydantic found wrong, in plain words with the field and a remedy."""
    problem = error.errors(include_url=False)[0]
    loc = problem["loc"]
    # In front stands the kind by which pydantic told the events apart.
    path = [str(part) for part in (loc[1:] if loc and loc[0] in KINDS else loc)]
    field = ".".join(path)
    place = f"{where}: {field}" if field else where
    kind = problem["type"]
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        given = problem["input"].get("type") if isinstance(problem["input"], dict) else None
        if given is None:
            return InputError("the field 'type' is missing", where=where, remedy=f"one of: {', '.join(KINDS)}")
        return InputError(
            f"{given!r} is no kind of event", where=f"{where}: type", remedy=_nearest(str(given), list(KINDS))
        )
    if kind == "missing":
        return InputError(f"the field {path[-1]!r} is missing", where=where, remedy=_expected(model, path))
    if kind == "extra_forbidden":
        names = list(model.model_fields) if model is not None and len(path) == 1 else []
        return InputError(f"there is no field {path[-1]!r} here", where=where, remedy=_nearest(path[-1], names))
    message = problem["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:].replace("Input should", "it should")
    message = message.replace("input should", "it should")
    return InputError(message, where=place, remedy=_given(problem["input"]))


def _expected(model: type[BaseModel] | None, path: list[str]) -> str:
    field = model.model_fields.get(path[-1]) if model is not None and len(path) == 1 else None
    choices = get_args(field.annotation) if field is not None else ()
    if choices and all(isinstance(choice, str) for choice in choices):
        return f"one of: {', '.join(choices)}"
    return f"add it to {path[0]!r}" if len(path) > 1 else "add it to the line"


def _nearest(given: str, names: list[str]) -> str:
    near = difflib.get_close_matches(given, names, 1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"one of: {', '.join(names)}" if names else "take it out"


def _given(value: Any) -> str:
    if isinstance(value, dict):
        return "the line gives " + (
            ", ".join(name if name.isprintable() else repr(name) for name in map(str, value)) or "nothing"
        )
    shown = repr(str(value) if isinstance(value, Decimal) else value)
    return f"given: {shown if len(shown) <= 60 else shown[:57] + '...'}"
