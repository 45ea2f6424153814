"""The statechart of one scheduled dose of ixazomib: its slot, from the day that is still to come to the next slot.

The theory
----------
A dose of the calendar is `ahead` until its slot. Then it is `due`, or `withheld` if ixazomib is held at that moment.
Silence means taken as planned: a dose that is due and of which nothing is reported needs no answer. What is reported
makes it `taken`, `taken wrongly`, `vomited`, `missed`, `taken late` or `exceeded`, and with the next slot it is `over`,
whatever it was before.

Three more regions run beside the dose and say what the answer to a report depends on. `ixazomib`: whether the drug is
given or held now. `window`: whether enough time is left to the next slot for a late dose (ADM-11). `earlier`: whether a
dose was missed, this one or one before it, and none taken since (ADM-13).

A dose is permitted where a report that the prescribed dose was taken asks for no review. That is so in three states
alone, while the drug is given and the window is open: on the dose's own day (`ahead`, `due`, or `taken wrongly`, of
which the intake itself may still be reported), and when it was missed and may still be taken. A dose that was missed
is permitted by an order, and the permission is taken back by a hold and by the end of the window. A release gives it
back while the window is open: the hold that counts is the one at the slot (B-HELD-NOT-MISSED) and the one now.

Once a dose is known to have been taken no other is permitted for this slot. A further intake exceeds it and is reviewed
as an overdose, also after vomiting (B-VOMIT). A report that it was missed contradicts what is known, and is answered
with the order to clarify it (B-CLARIFY), never with a permission.

Who says what: the clock says `slot_reached`, `window_closed` and `next_slot`, the course says `hold`, `release` and
`earlier_missed`, and the team reports. Here are no dates, no amounts and no wall clock: `course/slots.py` turns the
calendar, the history and the reports of a course into these symbols, in the order in which they count. Every state
answers every report and every symbol of the clock. Every transition cites its rules and carries its orders.
"""

from __future__ import annotations

import types
from collections.abc import Sequence
from functools import cache
from typing import Any, ClassVar

from statemachine import State, StateChart

from ixastate.chart.builder import compound, parallel, transition
from ixastate.chart.guards import Guard, none_active, some_active
from ixastate.chart.slot_symbols import (
    ABOVE,
    BELOW,
    DOSE,
    EARLIER,
    EARLIER_MISSED,
    FAULT,
    HOLD,
    IXAZOMIB,
    LATE,
    MISSED,
    NEXT_SLOT,
    OVERDOSED,
    RELEASE,
    SLOT_REACHED,
    TAKEN,
    VOMITED,
    WINDOW,
    WINDOW_CLOSED,
    SlotSymbol,
)
from ixastate.chart.states import Circumstance, DoseState, Meaning
from ixastate.orders import Order, Verb
from ixastate.rules import DEFAULT_EDITION, Edition, load_edition

# --- The states ------------------------------------------------------------------------------------------------

AHEAD = DoseState("ahead", "its slot is still to come")
DUE = DoseState("due", "its slot has come, and silence means taken as planned")
WITHHELD = DoseState("withheld", "ixazomib was held at its slot", withheld=True)
MISSED_OPEN = DoseState("missed", "it was missed and may still be taken", missed=True)
LEFT_OUT = DoseState("left out", "it was missed and may not be taken now", missed=True)
AS_PLANNED = DoseState("taken", "it was taken", taken=True)
WRONGLY = DoseState("taken wrongly", "a fault in how it was taken is reported, and not yet its amount", taken=True)
TAKEN_LATE = DoseState("taken late", "it was taken late", taken=True)
THROWN_UP = DoseState("vomited", "it was taken and vomited, and counts as taken", taken=True)
EXCEEDED = DoseState("exceeded", "more than the prescribed dose was taken", taken=True)
OVER = DoseState("over", "the next slot has come", ended=True)
OVER_WITHHELD = DoseState("over withheld", "it was withheld, and the next slot has come", withheld=True, ended=True)
DOSE_STATES = (
    *(AHEAD, DUE, WITHHELD, MISSED_OPEN, LEFT_OUT, AS_PLANNED, WRONGLY, TAKEN_LATE, THROWN_UP, EXCEEDED),
    *(OVER, OVER_WITHHELD),
)

GIVEN = Circumstance("slot_ixazomib_given", "ixazomib is given")
HELD = Circumstance("slot_ixazomib_held", "ixazomib is held")
OPEN = Circumstance("slot_window_open", "enough time is left to the next slot")
SHUT = Circumstance("slot_window_shut", "too little time is left to the next slot")
NONE_MISSED = Circumstance("slot_none_missed", "no dose was missed since the last one taken")
ONE_MISSED = Circumstance("slot_one_missed", "a dose was missed, and none taken since")
CIRCUMSTANCES = {IXAZOMIB: (GIVEN, HELD), WINDOW: (OPEN, SHUT), EARLIER: (NONE_MISSED, ONE_MISSED)}

# --- The guards and the orders ---------------------------------------------------------------------------------

IS_HELD = some_active("held", [HELD.id])
IS_GIVEN = some_active("given", [GIVEN.id])
IN_TIME = some_active("in time", [OPEN.id])
TOO_LATE = some_active("too late", [SHUT.id])
MAY = IS_GIVEN & IN_TIME
GIVEN_TOO_LATE = IS_GIVEN & TOO_LATE
MAY_NOT = MAY.negated()


def _advice(*verbs: Verb) -> tuple[Order, ...]:
    return tuple(Order(verb, "ixazomib") for verb in verbs)


NO: tuple[Order, ...] = ()
PERMIT, LEAVE_OUT = _advice("permit_late_dose"), _advice("omit_late_dose")
NO_EXTRA, CLARIFY = _advice("give_no_extra_dose"), _advice("clarify_dose")
DEVIATION, OVERDOSE = _advice("review_deviation"), _advice("review_overdose")

# --- The rules -------------------------------------------------------------------------------------------------

ALLOWED = "ADM-11 ADM-13 B-CALENDAR B-DELAY-SHIFT"
REFUSED = "ADM-12 ADM-13 B-CALENDAR"
HELD_BACK = "ADM-13 B-HELD-NOT-MISSED"
TOO_MUCH = "ADM-14 ADM-16 B-OVERDOSE"
VOMITING = "ADM-10 B-VOMIT"
DAYS = "ADM-02 ADM-04 B-CALENDAR"

# One transition in one line: symbol, guard, to (None: it stays), orders, rules.
Answer = tuple[SlotSymbol, Guard | None, DoseState | None, Sequence[Order], str]


class SlotChart(StateChart[Any]):
    """The chart of a dose under an edition, with the meaning of every leaf."""

    catch_errors_as_events = False
    edition: ClassVar[Edition]
    meanings: ClassVar[dict[str, Meaning]]


def build_slot(edition: str = DEFAULT_EDITION) -> type[SlotChart]:
    """The statechart of a dose under an edition, made once; `RulesError` when there is no such edition."""
    return _build(load_edition(edition).name)


@cache
def _build(name: str) -> type[SlotChart]:
    states = {one.id: State(initial=one is AHEAD) for one in DOSE_STATES}
    for source, answers in _answers().items():
        for symbol, guard, target, orders, rules in answers:
            to = states[target.id] if target else None
            transition(states[source.id], symbol.name, to, rules, when=guard, orders=orders)
    regions = {DOSE: compound(DOSE, states)}
    regions |= {region: compound(region, _circumstances(region)) for region in CIRCUMSTANCES}
    meanings: list[DoseState | Circumstance] = [*DOSE_STATES, *(one for two in CIRCUMSTANCES.values() for one in two)]
    attributes = {
        "slot": parallel("slot", regions),
        "edition": load_edition(name),
        "meanings": {meaning.id: meaning for meaning in meanings},
    }
    chart: type[SlotChart] = types.new_class("Slot", (SlotChart,), {}, lambda body: body.update(attributes))
    return chart


# --- The region of the dose ------------------------------------------------------------------------------------


def _answers() -> dict[DoseState, list[Answer]]:
    """What each state of the dose answers."""
    # fmt: off
    before_its_end: dict[DoseState, list[Answer]] = {
        AHEAD: [
            (SLOT_REACHED, IS_GIVEN, DUE,      NO, DAYS),
            (SLOT_REACHED, IS_HELD,  WITHHELD, NO, "B-HELD-NOT-MISSED B-SAMEDAY"),
            *_intake_on_its_day(),
            # Nothing is late, missed or vomited before it is due: who reports it means another dose.
            (LATE,    None, AS_PLANNED, (*DEVIATION, *CLARIFY), "ADM-14 B-CLARIFY"),
            (MISSED,  None, None,       CLARIFY,                "B-CLARIFY"),
            (VOMITED, None, None,       NO_EXTRA,               VOMITING),
            (FAULT,   None, None,       NO,                     "K-RECORD"),
        ],
        DUE: [
            *_intake_on_its_day(),
            *_late_intake(),
            (MISSED,  MAY,            MISSED_OPEN, PERMIT,    ALLOWED),
            (MISSED,  GIVEN_TOO_LATE, LEFT_OUT,    LEAVE_OUT, REFUSED),
            (MISSED,  IS_HELD,        LEFT_OUT,    LEAVE_OUT, HELD_BACK),
            (VOMITED, None,           THROWN_UP,   NO_EXTRA,  VOMITING),
            (FAULT,   None,           WRONGLY,     NO,        "K-RECORD"),
        ],
        MISSED_OPEN: [
            (WINDOW_CLOSED, None, LEFT_OUT,    NO,        "ADM-12"),
            (HOLD,          None, LEFT_OUT,    NO,        "B-HELD-NOT-MISSED"),
            (TAKEN,         None, TAKEN_LATE,  NO,        "ADM-11 B-DELAY-SHIFT"),
            (BELOW,         None, TAKEN_LATE,  DEVIATION, "ADM-14"),
            (ABOVE,         None, EXCEEDED,    OVERDOSE,  TOO_MUCH),
            (OVERDOSED,     None, EXCEEDED,    OVERDOSE,  TOO_MUCH),
            (LATE,          None, TAKEN_LATE,  NO,        ALLOWED),
            (MISSED,        None, None,        PERMIT,    ALLOWED),
            (VOMITED,       None, THROWN_UP,   NO_EXTRA,  VOMITING),
            (FAULT,         None, WRONGLY,     NO,        "K-RECORD"),
        ],
        LEFT_OUT: [
            (RELEASE,   IN_TIME,  MISSED_OPEN, NO,                       "ADM-11 B-HELD-NOT-MISSED"),
            (RELEASE,   TOO_LATE, None,        NO,                       "ADM-12"),
            (TAKEN,     IS_GIVEN, TAKEN_LATE,  DEVIATION,                "ADM-12 ADM-14"),
            (TAKEN,     IS_HELD,  TAKEN_LATE,  DEVIATION,                "ADM-14"),
            (BELOW,     None,     TAKEN_LATE,  DEVIATION,                "ADM-14"),
            (ABOVE,     None,     EXCEEDED,    (*OVERDOSE, *DEVIATION),  TOO_MUCH),
            (OVERDOSED, None,     EXCEEDED,    OVERDOSE,                 TOO_MUCH),
            (LATE,      IS_GIVEN, TAKEN_LATE,  DEVIATION,                f"{REFUSED} ADM-14"),
            (LATE,      IS_HELD,  TAKEN_LATE,  DEVIATION,                f"{HELD_BACK} ADM-14"),
            (MISSED,    IS_GIVEN, None,        LEAVE_OUT,                REFUSED),
            (MISSED,    IS_HELD,  None,        LEAVE_OUT,                HELD_BACK),
            (VOMITED,   None,     THROWN_UP,   (*NO_EXTRA, *CLARIFY),    f"{VOMITING} B-CLARIFY"),
            (FAULT,     None,     WRONGLY,     CLARIFY,                  "B-CLARIFY"),
        ],
        WITHHELD: [
            (TAKEN,     IS_GIVEN, AS_PLANNED,  DEVIATION,                "ADM-14 B-HELD-NOT-MISSED"),
            (TAKEN,     IS_HELD,  AS_PLANNED,  DEVIATION,                "ADM-14"),
            (BELOW,     None,     AS_PLANNED,  DEVIATION,                "ADM-14"),
            (ABOVE,     None,     EXCEEDED,    (*OVERDOSE, *DEVIATION),  TOO_MUCH),
            (OVERDOSED, None,     EXCEEDED,    OVERDOSE,                 TOO_MUCH),
            (LATE,      None,     TAKEN_LATE,  DEVIATION,                f"{HELD_BACK} ADM-14"),
            (MISSED,    None,     None,        LEAVE_OUT,                HELD_BACK),
            # Without a report of an intake it was an earlier dose.
            (VOMITED,   None,     None,        NO_EXTRA,                 VOMITING),
            (FAULT,     None,     None,        NO,                       "K-RECORD"),
        ],
        WRONGLY: [
            *_intake_on_its_day(),
            *_late_intake(),
            (VOMITED, None, THROWN_UP, NO_EXTRA, VOMITING),
            *_contradicted("B-CLARIFY"),
        ],
        AS_PLANNED: [*_another_intake(TOO_MUCH), *_contradicted("B-CLARIFY"), *_thrown_up()],
        TAKEN_LATE: [*_another_intake(TOO_MUCH), *_contradicted("B-CLARIFY"), *_thrown_up()],
        THROWN_UP: [
            *_another_intake(f"{TOO_MUCH} {VOMITING}"),
            *_contradicted(f"B-CLARIFY {VOMITING}"),
            (VOMITED, None, None, NO_EXTRA, VOMITING),
        ],
        EXCEEDED: [
            *_another_intake(TOO_MUCH, None),
            *_contradicted("B-CLARIFY"),
            (VOMITED, None, None, NO_EXTRA, VOMITING),
        ],
    }
    at_the_end: dict[DoseState, list[Answer]] = {
        OVER: [
            (LATE,    IS_GIVEN, None, DEVIATION, f"{REFUSED} ADM-14"),
            (LATE,    IS_HELD,  None, DEVIATION, f"{HELD_BACK} ADM-14"),
            (MISSED,  IS_GIVEN, None, LEAVE_OUT, REFUSED),
            (MISSED,  IS_HELD,  None, LEAVE_OUT, HELD_BACK),
        ],
        OVER_WITHHELD: [
            (LATE,    None, None, DEVIATION, f"{HELD_BACK} ADM-14"),
            (MISSED,  None, None, LEAVE_OUT, HELD_BACK),
        ],
    }
    # What is not taken on the day of a slot, or for one that was missed, is off the calendar.
    off_the_calendar: list[Answer] = [
        (TAKEN,     None, None, DEVIATION,               "ADM-14"),
        (BELOW,     None, None, DEVIATION,               "ADM-14"),
        (ABOVE,     None, None, (*OVERDOSE, *DEVIATION), TOO_MUCH),
        (OVERDOSED, None, None, OVERDOSE,                TOO_MUCH),
        (VOMITED,   None, None, NO_EXTRA,                VOMITING),
        (FAULT,     None, None, NO,                      "K-RECORD"),
    ]
    still:       Answer = (SLOT_REACHED,  None, None,          NO, "B-CALENDAR")
    unmoved:     Answer = (WINDOW_CLOSED, None, None,          NO, "B-CALENDAR")
    ends:        Answer = (NEXT_SLOT,     None, OVER,          NO, "B-CALENDAR")
    ends_unmade: Answer = (NEXT_SLOT,     None, OVER_WITHHELD, NO, "B-CALENDAR B-HELD-NOT-MISSED")
    ended:       Answer = (NEXT_SLOT,     None, None,          NO, "B-CALENDAR")
    # fmt: on
    found = {
        **{state: [*answers, ends_unmade if state is WITHHELD else ends] for state, answers in before_its_end.items()},
        **{state: [*answers, *off_the_calendar, ended] for state, answers in at_the_end.items()},
    }
    for answers in found.values():
        known = {answer[0] for answer in answers}
        answers += [clock for clock in (still, unmoved) if clock[0] not in known]
    return found


def _intake_on_its_day() -> list[Answer]:
    """A first intake, on the day of the slot."""
    # fmt: off
    return [
        (TAKEN,     MAY,            AS_PLANNED, NO,                      "K-RECORD"),
        (TAKEN,     GIVEN_TOO_LATE, AS_PLANNED, DEVIATION,               "ADM-12 ADM-14"),
        (TAKEN,     IS_HELD,        AS_PLANNED, DEVIATION,               "ADM-14"),
        (BELOW,     None,           AS_PLANNED, DEVIATION,               "ADM-14"),
        (ABOVE,     MAY,            EXCEEDED,   OVERDOSE,                TOO_MUCH),
        (ABOVE,     MAY_NOT,        EXCEEDED,   (*OVERDOSE, *DEVIATION), TOO_MUCH),
        (OVERDOSED, None,           EXCEEDED,   OVERDOSE,                TOO_MUCH),
    ]
    # fmt: on


def _late_intake() -> list[Answer]:
    """A first intake that is reported as late."""
    return [
        (LATE, MAY, TAKEN_LATE, NO, ALLOWED),
        (LATE, GIVEN_TOO_LATE, TAKEN_LATE, DEVIATION, f"{REFUSED} ADM-14"),
        (LATE, IS_HELD, TAKEN_LATE, DEVIATION, f"{HELD_BACK} ADM-14"),
    ]


def _another_intake(rules: str, to: DoseState | None = EXCEEDED) -> list[Answer]:
    """An intake when one is known already: it is more than the one that was prescribed."""
    found: list[Answer] = [(OVERDOSED, None, to, OVERDOSE, rules)]
    for symbol in (TAKEN, BELOW, ABOVE, LATE):
        found += [(symbol, MAY, to, OVERDOSE, rules)]
        found += [(symbol, MAY_NOT, to, (*OVERDOSE, *DEVIATION), rules)]
    return found


def _contradicted(rules: str) -> list[Answer]:
    """A dose that is known to have been taken is reported missed; a fault in how it was taken says nothing new."""
    return [(MISSED, None, None, (*LEAVE_OUT, *CLARIFY), rules), (FAULT, None, None, NO, "K-RECORD")]


def _thrown_up() -> list[Answer]:
    return [(VOMITED, None, THROWN_UP, NO_EXTRA, VOMITING)]


# --- The regions beside it -------------------------------------------------------------------------------------


def _circumstances(region: str) -> dict[str, State]:
    """The two states of a region beside the dose, with their transitions."""
    one, other = CIRCUMSTANCES[region]
    first, second = State(initial=True), State()
    if region == IXAZOMIB:
        transition(first, HOLD.name, second, "B-HELD-NOT-MISSED")
        transition(first, RELEASE.name, None, "B-HELD-NOT-MISSED")
        transition(second, HOLD.name, None, "B-HELD-NOT-MISSED")
        transition(second, RELEASE.name, first, "B-HELD-NOT-MISSED")
    elif region == WINDOW:
        transition(first, WINDOW_CLOSED.name, second, "ADM-11 ADM-12 B-CALENDAR")
        transition(second, WINDOW_CLOSED.name, None, "B-CALENDAR")
    else:
        _earlier(first, second)
    return {one.id: first, other.id: second}


def _earlier(none: State, one: State) -> None:
    """Whether a dose was missed and none taken since; then more than one dose would make up for it."""
    is_missed = [one.id for one in (DUE, MISSED_OPEN, LEFT_OUT, OVER)]
    is_known = [one.id for one in DOSE_STATES if one.taken and one is not WRONGLY]
    goes_on = [one.id for one in DOSE_STATES if one.missed or one.withheld or one.ended]
    transition(none, EARLIER_MISSED.name, one, "ADM-13")
    transition(one, EARLIER_MISSED.name, None, "ADM-13")
    transition(none, MISSED.name, one, "ADM-13", when=some_active("not known to be taken", is_missed))
    transition(none, MISSED.name, None, "K-RECORD", when=none_active("known to be taken", is_missed))
    transition(one, NEXT_SLOT.name, None, "ADM-13", when=some_active("still not taken", goes_on))
    transition(one, NEXT_SLOT.name, none, "K-RECORD", when=none_active("taken", goes_on))
    for symbol in (ABOVE, OVERDOSED):
        transition(one, symbol.name, None, "ADM-13")
    for symbol in (TAKEN, BELOW, LATE):
        transition(one, symbol.name, None, "ADM-13", when=some_active("one was taken", is_known))
        transition(one, symbol.name, None, "K-RECORD", when=none_active("none was taken", is_known))
