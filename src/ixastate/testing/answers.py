"""The test oracle: the right answer to each event of a course, and where a program's answer differs from it.

The answers come from the live `Course`, and from nowhere else. An answer is plain JSON data. A program may give any
part of it: what it gives is compared, what it leaves out is not.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Annotated, Any, NotRequired, get_args

from pydantic import ConfigDict, Field, StrictFloat, StrictInt
from typing_extensions import TypedDict

from ixastate.chart.status import Phase, Status
from ixastate.course.course import Course, Record
from ixastate.course.log import dump
from ixastate.errors import CourseRefusal
from ixastate.events import AnyEvent, Drug
from ixastate.rules import DEFAULT_EDITION
from ixastate.symbols import BOTH

Number = StrictInt | StrictFloat
DoseInForce = Annotated[
    Number | None, Field(description="The level in force in mg, held or not; null outside treatment.")
]
Held = Annotated[bool, Field(description="True when the drug is held.")]


class DueDose(TypedDict):
    """One dose that is due."""

    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]  # what pydantic reads

    drug: str
    mg: Number


class RightAnswer(TypedDict):
    """The right answer to an event. A program may give any part of it; what it gives is compared."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]  # what pydantic reads

    state: Annotated[str, Field(description="The state in words, such as 'held for platelets' or 'active at 3 mg'.")]
    phase: Annotated[Phase, Field(description="The phase of the course.")]
    ixazomib_mg: DoseInForce
    lenalidomide_mg: DoseInForce
    ixazomib_held: Held
    lenalidomide_held: Held
    held_for: Annotated[list[str], Field(description="The reasons for which a drug is held; a set.")]
    orders: NotRequired[Annotated[list[str], Field(description="The orders given, advice included; a set.")]]
    due: NotRequired[
        Annotated[
            list[DueDose],
            Field(description="The doses due on the day of the event, as known at that day's clock time; each once."),
        ]
    ]
    refused: Annotated[bool, Field(description="True when the event cannot belong here; then nothing has moved.")]
    late_dose: NotRequired[
        Annotated[
            bool, Field(description="True when the missed dose may still be taken; only in answers to dose_missed.")
        ]
    ]


# The parts of an answer in the order in which differences are listed: what weighs most comes first.
KEYS = (
    "refused",
    "phase",
    "ixazomib_held",
    "lenalidomide_held",
    "ixazomib_mg",
    "lenalidomide_mg",
    "state",
    "held_for",
    "late_dose",
    "orders",
    "due",
)
NOT_STARTED, ON_TREATMENT, ENDED = get_args(Phase)
# The drug that a part of an answer is about.
HELD_OF: dict[str, Drug] = {f"{drug}_held": drug for drug in BOTH}
DOSE_OF: dict[str, Drug] = {f"{drug}_mg": drug for drug in BOTH}
# The rule of an event that is refused by none of its own: it is recorded, and moves nothing.
RECORDED = ("K-RECORD",)
LATE = {"permit_late_dose": True, "omit_late_dose": False}


@dataclass(frozen=True)
class Expected:
    """The right answer to one event, with the rules it rests on.

    `rules` decided it; `schedule` are the rules on which what is due rests. A refused event has no record.
    """

    answer: dict[str, Any]
    rules: tuple[str, ...]
    schedule: tuple[str, ...]
    record: Record | None


@dataclass(frozen=True)
class Difference:
    """One part of an answer that is not as it should be."""

    key: str
    expected: Any
    got: Any

    def __str__(self) -> str:
        return f"{self.key}: expected {show(self.expected)}, got {show(self.got)}"


class Oracle:
    """One course on the live machine, answering as a program should."""

    def __init__(self, edition: str = DEFAULT_EDITION) -> None:
        self.course = Course(edition=edition)

    def copied(self) -> Oracle:
        """The same course once more, to go another way from here."""
        other = copy.copy(self)
        # A course replaces what it remembers and never changes it, so that the two do not share anything that moves.
        other.course = copy.copy(self.course)
        return other

    def observe(self, event: AnyEvent) -> Expected:
        """The right answer to the next event of the course; after a refused one nothing has moved."""
        try:
            record = self.course.observe(event)
        except CourseRefusal as refusal:
            rules = self.course.edition.cite(refusal.rules or RECORDED)
            return Expected({**standing(self.course.status), "refused": True}, rules, (), None)
        doses = self.course.due([record.day]) if record.day is not None else []
        answer = {
            **standing(self.course.status),
            "orders": [str(order) for order in record.orders],
            "due": [{"drug": dose.drug, "mg": _number(dose.mg)} for dose in doses],
            "refused": False,
        }
        late = [LATE[order.verb] for order in record.orders if order.verb in LATE]
        if late:
            answer["late_dose"] = late[0]
        schedule = self.course.edition.cite(rule for dose in doses for rule in dose.rules)
        return Expected(answer, record.rules, schedule, record)


def as_data(event: AnyEvent) -> dict[str, Any]:
    """An event as the JSON object that a log has for it."""
    data: dict[str, Any] = json.loads(dump(event))
    return data


def standing(now: Status) -> dict[str, Any]:
    """The parts of an answer that say where the course stands."""
    return {
        "state": now.words,
        "phase": now.phase,
        "ixazomib_mg": _number(now.ixazomib_mg),
        "lenalidomide_mg": _number(now.lenalidomide_mg),
        "ixazomib_held": now.ixazomib_held,
        "lenalidomide_held": now.lenalidomide_held,
        "held_for": list(now.held_for),
    }


def _number(value: float | None) -> float | int | None:
    return int(value) if value is not None and value == int(value) else value


def differences(expected: Mapping[str, Any], answer: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Where what the answer gives is not what is expected; () when all of it is right."""
    return tuple(
        Difference(key, expected[key], answer[key])
        for key in KEYS
        if key in expected and key in answer and not _same(key, expected[key], answer[key])
    )


def compared(expected: Mapping[str, Any], answer: Mapping[str, Any]) -> tuple[str, ...]:
    """The parts of the answer that can be compared."""
    return tuple(key for key in KEYS if key in expected and key in answer)


def _same(key: str, expected: Any, got: Any) -> bool:
    if isinstance(expected, list):
        return isinstance(got, list) and _comparable(key, expected) == _comparable(key, got)
    if isinstance(expected, bool) or isinstance(got, bool) or not isinstance(expected, Real):
        return type(expected) is type(got) and bool(expected == got)
    return isinstance(got, Real) and expected == got


def _comparable(key: str, items: list[Any]) -> list[str]:
    """The items in a form in which they can be compared whatever their order, their kind and their spare fields.

    To say twice that a drug is held, or to be held, is to say it; a dose that is listed twice is taken twice.
    """
    if key != "due":
        return sorted({json.dumps(item, sort_keys=True, default=str) for item in items})
    doses = [
        [item.get("drug"), _plain(item.get("mg"))] if isinstance(item, dict) else ["no dose", item] for item in items
    ]
    return sorted(json.dumps(dose, sort_keys=True, default=str) for dose in doses)


def _plain(value: Any) -> Any:
    """A number as a float, where one has its value, so that 4 and 4.0 are one."""
    try:
        return float(value) if isinstance(value, Real) and not isinstance(value, bool) else value
    except OverflowError:
        return value


def show(value: Any) -> str:
    """A part of an answer in words."""
    if isinstance(value, list):
        return "; ".join(_item(item) for item in value) or "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _item(item: Any) -> str:
    if isinstance(item, dict) and {"drug", "mg"} <= item.keys():
        return f"{item['drug']} {item['mg']} mg"
    return show(item)
