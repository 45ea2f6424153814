"""What events mean as tables: the alphabet is asked once for each class of values, so that a reader needs no rule.

The meaning of a kind of event depends on some things together: its fields, and what is remembered of the patient. Each
is an `Axis` with classes of values that mean the same; a table has an answer for each combination of classes. The
classes of a measured value lie between points. Candidates for points are the numbers that the rules state; the alphabet
is asked at each and beside each, and a point where nothing changes is none. An axis also says, as plain data, how its
class is read off an event.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product
from math import prod
from typing import Any, get_args

from ixastate import units
from ixastate.course.alphabet import Attribution, Context, read
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
    parse_event,
)
from ixastate.measurements import Comparator
from ixastate.orders import Order
from ixastate.rules import Edition
from ixastate.rules.terms import TermGroup, load_terms

# A term that belongs to no group, and another one that is open beside it.
TERM, ANOTHER = "fatigue", "diarrhoea"
SIGNS: tuple[Comparator | None, ...] = (None, *get_args(Comparator))
ATTRIBUTIONS: tuple[Attribution, ...] = (None, "clear", "not_clear")
NO, YES = (False, True)
# How near to a number its neighbourhood is asked, as a part of the way to the next number.
NEAR = Decimal("0.000001")
# More than any measured value; the fields refuse it.
TOO_LARGE = Decimal(1_000_000_000)
FEW, MANY = Decimal(0), Decimal(900_000_000)


@dataclass(frozen=True)
class Answer:
    """What an event means, as a `Meaning` says it; `refused` are what is wrong with it and what would be right.

    `baseline`: the neuropathy that the event reports is remembered as that before treatment. `term` is what becomes of
    the term of an other toxicity: None where what is remembered stays as it is, "closed", or "open" with the
    attribution that is remembered; `related` is then remembered with it.
    """

    symbols: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    orders: tuple[Order, ...] = ()
    every_days: int = 1
    baseline: bool = False
    term: tuple[str, Attribution] | None = None
    related: bool | None = None
    refused: tuple[str, str] | None = None


@dataclass(frozen=True)
class Value:
    """A class of values by one of them: the fields of an event and what is remembered of the patient."""

    fields: Mapping[str, Any]
    remembered: Mapping[str, Any]


@dataclass(frozen=True)
class Axis:
    """Something that a meaning depends on: how its class is read, as plain data, and a value of each class."""

    reads: dict[str, Any]
    values: tuple[Value, ...]


Ask = Callable[[Value], Hashable]
# What makes a measured value of a number and a sign, or None where no such value is written.
Form = Callable[[Decimal, Comparator | None], Value | None]


# --- One answer -----------------------------------------------------------------------------------------------


def answer(kind: str, value: Value, edition: Edition) -> Answer:
    """What the alphabet says of an event of these fields, when this is remembered of the patient."""
    event = parse_event({"type": kind, "day": 1, **value.fields})
    context = Context(**value.remembered)
    try:
        meant = read(event, context, edition)
    except CourseRefusal as refusal:
        return Answer(rules=refusal.rules, refused=(refusal.what, refusal.remedy))
    found = Answer(meant.symbols, meant.rules, meant.orders, meant.lenalidomide_every_days)
    if isinstance(event, CourseStarted):
        return replace(found, baseline=meant.context.baseline_neuropathy == event.baseline_neuropathy)
    if not isinstance(event, OtherToxicityGraded) or meant.context == context:
        return found
    opened = dict(meant.context.open_terms)
    others = {term: cause for term, cause in context.open_terms if term != event.term}
    if {term: cause for term, cause in opened.items() if term != event.term} != others:
        raise ChartError(f"{kind} of one term changes another", where="page", remedy="give its table another axis")
    term = ("open", opened[event.term]) if event.term in opened else ("closed", None)
    return replace(found, term=term, related=meant.context.related)


# --- Axes -----------------------------------------------------------------------------------------------------


def choice(field: str, values: Sequence[Any]) -> Axis:
    """A field that has one of these values; the first where it is left out."""
    reads = {"how": "choice", "field": field, "values": list(values)}
    return Axis(reads, tuple(Value({} if one is None else {field: one}, {}) for one in values))


def baseline(field: str = "baseline_neuropathy") -> Axis:
    """The neuropathy that a patient had before treatment, which is remembered."""
    found = []
    for grade, pain in product(range(_most(Neuropathy, "grade") + 1), (NO, YES)):
        try:
            CourseStarted.model_validate({**_of_any_start(), "day": 1, field: {"grade": grade, "pain": pain}})
        except ValueError:
            continue
        found.append((grade, pain))
    values = tuple(Value({}, {field: Neuropathy(grade=grade, pain=pain)}) for grade, pain in found)
    return Axis({"how": "baseline", "values": [list(one) for one in found]}, values)


def _of_any_start() -> dict[str, Any]:
    return {"weekday": "monday", "clock_time": "08:00", "patient_informed": True}


def _most(model: Any, field: str) -> int:
    """The largest value that a field of whole numbers takes."""
    return next(int(limit.le) for limit in model.model_fields[field].metadata if hasattr(limit, "le"))


def grades(model: Any, field: str = "grade") -> Axis:
    """Every grade that a field takes."""
    return choice(field, range(_most(model, field) + 1))


def term_states() -> Axis:
    """The term of an other toxicity: listed in one of the groups, or not and closed or open with an attribution.

    With it whether another term is open, and whether an episode that is over was related.
    """
    groups = list(dict.fromkeys(map(_telling, load_terms().terms)))
    names = {_telling(group): group.names[0] for group in reversed(load_terms().terms)}
    values = [Value({"term": names[group]}, {}) for group in groups]
    for state, others, related in product(("closed", *ATTRIBUTIONS), (NO, YES), (NO, YES)):
        opened: list[tuple[str, Attribution]] = [(ANOTHER, None)] if others else []
        if state != "closed":
            # Any other state is an attribution, which a type checker cannot see.
            opened.append((TERM, state))  # type: ignore[arg-type]
        values.append(Value({"term": TERM}, {"open_terms": tuple(sorted(opened)), "related": related}))
    reads = {
        "how": "term",
        "groups": len(groups),
        "states": ["closed", *ATTRIBUTIONS],
        "spelled": {spelling: groups.index(_telling(group)) for spelling, group in load_terms().spelled()},
        "set_aside": sorted(load_terms().set_aside),
        "read_as": [list(pair) for pair in load_terms().read_as.items()],
    }
    return Axis(reads, tuple(values))


def _telling(group: TermGroup) -> tuple[str, bool, bool]:
    return group.toxicity, group.severe, group.painful


# --- Measured values ------------------------------------------------------------------------------------------


def stated(edition: Edition) -> list[Decimal]:
    """Every number that the edition states, and 0, in order: where the meaning of a value may change."""
    found = {Decimal(0)}
    for rule in edition.rules.values():
        for quantity in rule.numbers.values():
            values = quantity.value if isinstance(quantity.value, tuple) else (quantity.value,)
            found |= {Decimal(str(value)) for value in values}
    found |= {Decimal(str(band.at_least_ml_min)) for band in edition.lenalidomide.start}
    return sorted(number for number in found if number >= 0)


def places(points: Sequence[Decimal], most: Decimal) -> Iterator[tuple[Decimal, ...]]:
    """A point and then what lies between it and the next one, by turns: the values that are asked for each."""
    for place, point in enumerate(points):
        yield (point,)
        last = place == len(points) - 1
        above = most if last else points[place + 1]
        way = above - point
        yield point + way * NEAR, point + way / 2, above if last else above - way * NEAR


def measured(
    reads: dict[str, Any],
    forms: Mapping[str, Form],
    points: Sequence[Decimal],
    ask: Ask,
    *,
    others: Sequence[Value] = (),
) -> Axis:
    """An axis of measured values.

    Each of the `forms`, by its name, makes a value of a number and a sign, or None where no such value is written. A
    class is named by its form and sign and its place among the points. `others` are values that are no number; they are
    the first classes. `ChartError` when the meaning changes beside the points.
    """
    found: dict[Hashable, tuple[int, Value]] = {}
    values = list(others)

    def class_of(value: Value) -> int:
        said = ask(value)
        if said not in found:
            found[said] = (len(values), value)
            values.append(value)
        return found[said][0]

    classes: dict[tuple[str, Comparator | None], list[int]] = {}
    for (name, form), sign in product(forms.items(), SIGNS):
        row = []
        for asked in places(points, MANY):
            made = [value for number in asked if (value := form(number, sign)) is not None]
            here = {class_of(value) for value in made}
            if len(here) > 1:
                raise ChartError(f"the meaning changes between {asked[0]} and {asked[-1]}", where="page")
            row.append(next(iter(here), -1))
        classes[name, sign] = row
    kept = [
        place
        for place in range(len(points))
        if place == 0 or any(len(set(row[2 * place - 1 : 2 * place + 2])) > 1 for row in classes.values())
    ]
    table: dict[str, dict[str, list[int]]] = {}
    for (name, sign), row in classes.items():
        table.setdefault(name, {})[sign or ""] = [row[2 * place + beside] for place in kept for beside in (0, 1)]
    reads = {**reads, "others": len(others), "below": str(TOO_LARGE)}
    reads |= {"points": [_written(points[place]) for place in kept], "classes": table}
    return Axis(reads, tuple(values))


def _written(number: Decimal) -> str:
    return f"{number.normalize():f}"


def count_units() -> dict[int, str]:
    """For each power of ten of cells per cubic millimetre that a unit can mean, a spelling of such a unit."""
    found: dict[int, str] = {}
    parts = units.parts("count")
    words = {power: word for word, power in reversed(parts["words"].items())}
    for volume in parts["volume"]:
        name = volume["names"][0]
        spelled = [f"{words[power]}/{name}" for power in volume["words"]]
        spelled += [f"10^{power}/{name}" for power in volume["powers"]]
        for unit in spelled:
            power = units.cells_power(unit)
            assert power is not None
            found.setdefault(power, unit)
    return dict(sorted(found.items()))


def _count_forms(put: Callable[[dict[str, Any]], Value]) -> dict[str, Form]:
    """A form for each power of ten: a count of so many cells per cubic millimetre."""

    def form(power: int, unit: str) -> Form:
        def made(number: Decimal, sign: Comparator | None) -> Value | None:
            value = _scaled(number, -power)
            return put({"value": value, "unit": unit, "comparator": sign}) if value < TOO_LARGE else None

        return made

    return {str(power): form(power, unit) for power, unit in count_units().items()}


def _scaled(number: Decimal, power: int) -> Decimal:
    """A number times a power of ten, exactly, and in no more digits than it needs."""
    return Decimal(_written(number.scaleb(power)))


def count(field: str, ask: Ask, edition: Edition) -> Axis:
    """A cell count, in a field of its own or ("") in those of the event itself."""
    reads = {"how": "count", "field": field}
    return measured(reads, _count_forms(_put(field)), stated(edition), ask)


def _put(field: str) -> Callable[[dict[str, Any]], Value]:
    return lambda fields: Value({field: fields} if field else fields, {})


def bilirubin(field: str, ask: Ask, edition: Edition, others: Sequence[Value] = ()) -> Axis:
    """A bilirubin as a multiple of the upper limit of normal."""
    put = _put(field)
    forms: dict[str, Form] = {"": lambda number, sign: put({"times_uln": number, "comparator": sign})}
    reads = {"how": "bilirubin", "field": field}
    return measured(reads, forms, stated(edition), ask, others=others)


def clearance(field: str, ask: Ask, edition: Edition, others: Sequence[Value] = ()) -> Axis:
    """A creatinine clearance in mL/min."""
    unit = units.ucum("clearance")[0]
    put = _put(field)
    forms: dict[str, Form] = {"": lambda number, sign: put({"value": number, "unit": unit, "comparator": sign})}
    reads = {"how": "clearance", "field": field}
    return measured(reads, forms, stated(edition), ask, others=others)


# --- The axes of each kind of event ---------------------------------------------------------------------------


def axes(kind: str, edition: Edition) -> list[Axis]:
    """What the meaning of this kind of event depends on; `ChartError` for one that has no axes here."""
    model = KINDS[kind]

    def ask(**beside: Any) -> Ask:
        return lambda value: answer(kind, Value({**beside, **value.fields}, value.remembered), edition)

    if issubclass(model, NeutrophilsMeasured):
        return [_supported_count("after_g_csf", kind, edition), choice("after_g_csf", (NO, YES))]
    if issubclass(model, PlateletsMeasured):
        return [_supported_count("after_transfusion", kind, edition), choice("after_transfusion", (NO, YES))]
    if issubclass(model, BilirubinMeasured):
        return [bilirubin("", ask(), edition)]
    if issubclass(model, CreatinineClearanceMeasured):
        return [clearance("", ask(), edition), choice("on_dialysis", (NO, YES))]
    if issubclass(model, NeuropathyGraded):
        return [grades(model), choice("pain", (NO, YES)), choice("physician_agrees", (NO, YES)), baseline()]
    if issubclass(model, Graded):
        return [grades(model)]
    if issubclass(model, OtherToxicityGraded):
        return [
            term_states(),
            grades(model),
            choice("attribution", ATTRIBUTIONS),
            choice("physician_agrees", (NO, YES)),
            grades(model, "baseline_grade"),
        ]
    if issubclass(model, CycleAssessed):
        return _of_an_assessment(ask, edition)
    if issubclass(model, CourseStarted):
        return _of_a_start(ask, edition)
    if set(model.model_fields) == {*Event.model_fields, "type"}:
        return []
    raise ChartError(f"no table can be made of what {kind!r} means", where="page", remedy="give it axes in page/")


def _supported_count(field: str, kind: str, edition: Edition) -> Axis:
    """A count that may have been raised by support: classes of values that mean the same with it and without."""

    def both(value: Value) -> Hashable:
        asked = (Value({**value.fields, field: supported}, {}) for supported in (NO, YES))
        return tuple(answer(kind, one, edition) for one in asked)

    return count("", both, edition)


def _of_an_assessment(ask: Callable[..., Ask], edition: Edition) -> list[Axis]:
    """The classes of each count, as the alphabet tells them apart while all else is well or everything else is not."""
    unit = units.ucum("count")[0]
    many, few = ({"value": number, "unit": unit} for number in (MANY, FEW))

    def of(field: str, other: str) -> Axis:
        asks = [
            ask(toxicities_resolved=resolved, **{other: beside}) for resolved in (NO, YES) for beside in (few, many)
        ]
        return count(field, lambda value: tuple(one(value) for one in asks), edition)

    return [of("neutrophils", "platelets"), of("platelets", "neutrophils"), choice("toxicities_resolved", (NO, YES))]


def _of_a_start(ask: Callable[..., Ask], edition: Edition) -> list[Axis]:
    sound_liver = {"bilirubin": {"times_uln": FEW}}
    sound_kidneys = {"creatinine_clearance": {"value": MANY, "unit": units.ucum("clearance")[0]}}
    # Organ function that is not measured: left out, or assumed.
    livers = [Value({}, {}), Value({"assumed": ("bilirubin",)}, {})]
    kidneys = [Value({}, {}), Value({"assumed": ("creatinine_clearance",)}, {})]

    def of(organ: Mapping[str, Any]) -> Ask:
        return ask(**{**_of_any_start(), **organ})

    return [
        bilirubin("bilirubin", of(sound_kidneys), edition, livers),
        clearance("creatinine_clearance", of(sound_liver), edition, kidneys),
        choice("on_dialysis", (NO, YES)),
        choice("patient_informed", (NO, YES)),
    ]


# --- The tables -----------------------------------------------------------------------------------------------


def combined(values: Iterable[Value]) -> Value:
    """One value that has the fields of all of these, and all that is remembered with them."""
    fields: dict[str, Any] = {}
    remembered: dict[str, Any] = {}
    for value in values:
        assumed = (*fields.get("assumed", ()), *value.fields.get("assumed", ()))
        fields |= value.fields
        if assumed:
            fields["assumed"] = assumed
        remembered |= value.remembered
    return Value(fields, remembered)


def table(kind: str, edition: Edition) -> tuple[list[Axis], list[Answer]]:
    """The axes of a kind of event, and an answer for each combination of classes, of which the last changes first."""
    found = axes(kind, edition)
    # With a neuropathy that no course has remembered before it.
    beside = Value({**_of_any_start(), "baseline_neuropathy": {"grade": 1}}, {})
    extra = [beside] if issubclass(KINDS[kind], CourseStarted) else []
    answers = [
        answer(kind, combined([*extra, *values]), edition) for values in product(*(axis.values for axis in found))
    ]
    assert len(answers) == prod(len(axis.values) for axis in found)
    return found, answers


def read_kinds() -> list[str]:
    """The kinds of events whose meaning the alphabet gives: all but those about a dose."""
    return [kind for kind, model in KINDS.items() if not issubclass(model, DoseEvent)]
