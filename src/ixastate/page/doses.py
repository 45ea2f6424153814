"""What is reported of a dose, as tables: which slot a report is about, which symbol it is there, and what goes with it.

The answers about the drugs whose doses have no chart of their own are asked of a course. Of ixazomib this is a second
list of what `course.administration` does with each kind of report; that the two agree is tested.
"""

from __future__ import annotations

from typing import Any

from ixastate.chart.slot import ONE_MISSED
from ixastate.chart.slot_symbols import (
    ABOVE,
    BELOW,
    EARLIER_MISSED,
    FAULT,
    HOLD,
    LATE,
    MISSED,
    NEXT_SLOT,
    OVERDOSED,
    RELEASE,
    SLOT_REACHED,
    SLOT_SYMBOLS,
    TAKEN,
    VOMITED,
    WINDOW_CLOSED,
)
from ixastate.course.administration import RECORDED, WRONGLY
from ixastate.course.course import Course
from ixastate.course.record import Record
from ixastate.errors import InputError
from ixastate.events import (
    DRUGS,
    KINDS,
    CourseStarted,
    DoseDelayed,
    DoseEvent,
    DoseMissed,
    DoseOverdosed,
    DoseTaken,
    DoseTakenWrongly,
    DoseVomited,
    Drug,
)
from ixastate.orders import Order
from ixastate.table.slot import SlotTable

# Which slot a report is about: that of an intake now, that of the day it names, or that of the last dose.
INTAKE, NAMED, LAST = "intake", "named", "last"
OF_IXAZOMIB: dict[type[DoseEvent], dict[str, Any]] = {
    DoseTaken: {"slot": INTAKE, "below": BELOW.name, "equal": TAKEN.name, "above": ABOVE.name},
    DoseOverdosed: {"slot": INTAKE, "symbol": OVERDOSED.name},
    DoseMissed: {"slot": NAMED, "symbol": MISSED.name},
    DoseDelayed: {"slot": NAMED, "symbol": LATE.name},
    DoseVomited: {"slot": LAST, "symbol": VOMITED.name},
    DoseTakenWrongly: {"slot": LAST, "symbol": FAULT.name},
}


def reports(edition: str) -> dict[str, Any]:
    """For each kind of report: what it is to the chart of a dose, and what goes with it by drug and fault.

    A drug and a fault that do not go together have no entry.
    """
    return {
        kind: {**OF_IXAZOMIB[model], "beside": _beside(kind, edition)}
        for kind, model in KINDS.items()
        if issubclass(model, DoseEvent)
    }


def _beside(kind: str, edition: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    faults = WRONGLY if issubclass(KINDS[kind], DoseTakenWrongly) else ("",)
    for drug in DRUGS:
        for fault in faults:
            said = _said(kind, drug, fault, edition)
            if said is not None:
                found.setdefault(drug, {})[fault] = said
    return found


def _said(kind: str, drug: Drug, fault: str, edition: str) -> tuple[tuple[Order, ...], tuple[str, ...]] | None:
    """The orders and rules that go with a report; of ixazomib without those of the chart of a dose."""
    record = _record(kind, drug, fault, edition)
    if record is None:
        return None
    if drug != DRUGS[0]:
        return record.orders, record.rules
    return ((Order("correct_administration", drug),), WRONGLY[fault]) if fault else ((), ())


def _record(kind: str, drug: Drug, fault: str, edition: str) -> Record | None:
    """The record of such a report on the first day of a course; None where it is no event."""
    course = Course(edition=edition)
    course.observe(
        CourseStarted(
            day=1,
            weekday="monday",
            clock_time="08:00",
            patient_informed=True,
            assumed=("bilirubin", "creatinine_clearance"),
        )
    )
    fields = {"dose_mg": 1} if "dose_mg" in KINDS[kind].model_fields else {}
    try:
        return course.observe({"type": kind, "day": 1, "drug": drug, **fields, **({"fault": fault} if fault else {})})
    except InputError:
        return None


def chart(edition: str) -> dict[str, Any]:
    """The chart of a dose as a table, with the names by which a script asks for its symbols.

    `moves` has a row for each configuration and a place for each symbol: None where it goes unanswered, or the
    configuration after it with the orders and the rules.
    """
    table = SlotTable.of(edition)
    numbers = {configuration: number for number, configuration in enumerate(table.configurations)}
    moves = []
    for configuration in table.configurations:
        steps = [table.moves.get((configuration, symbol)) for symbol in table.symbols]
        moves.append([step and (numbers[step.after], step.orders, step.rules) for step in steps])
    return {
        "symbols": list(table.symbols),
        "intakes": [symbol.name for symbol in SLOT_SYMBOLS.values() if symbol.intake],
        "clock": {
            "reached": SLOT_REACHED.name,
            "closed": WINDOW_CLOSED.name,
            "next": NEXT_SLOT.name,
            "hold": HOLD.name,
            "release": RELEASE.name,
            "gap": EARLIER_MISSED.name,
            "missed": MISSED.name,
        },
        "one_missed": [ONE_MISSED.id in configuration for configuration in table.configurations],
        "moves": moves,
        # The rule of a report that no other rule answers, and the readings that decide which dose it is about.
        "recorded": RECORDED,
        "elsewhere": "B-WHICH-DOSE",
        "late": "ADM-11",
        "at_the_last_moment": "B-BOUND",
        "into_the_next_cycle": "B-RESTWEEK",
    }
