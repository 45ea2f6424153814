"""The input alphabet of the chart of a dose: the clock, the holds of ixazomib, and one symbol for each kind of report.

Each symbol is an object, and what it is stands in its fields. This is the only list of them. It knows no event, no date
and no state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# The regions of the chart; each symbol is answered by every state of one of them.
DOSE, IXAZOMIB, WINDOW, EARLIER = "dose", "ixazomib", "window", "earlier"


@dataclass(frozen=True)
class SlotSymbol:
    """A letter of the alphabet of a dose: what it says, whether clock, course or patient says it, and who answers.

    `intake`: a dose was swallowed; `above`: it was more than the prescribed one. `region` answers it in every state.
    """

    name: str
    says: str
    kind: Literal["clock", "course", "report"]
    region: str = DOSE
    intake: bool = False
    above: bool = False


SLOT_REACHED = SlotSymbol("slot_reached", "the moment of the slot has come", "clock")
WINDOW_CLOSED = SlotSymbol("window_closed", "too little time is left to the next slot for a late dose", "clock", WINDOW)
NEXT_SLOT = SlotSymbol("next_slot", "the moment of the next slot has come", "clock")
HOLD = SlotSymbol("hold", "ixazomib is held", "course", IXAZOMIB)
RELEASE = SlotSymbol("release", "ixazomib is given again", "course", IXAZOMIB)
EARLIER_MISSED = SlotSymbol(
    "earlier_missed", "a dose before this one was missed and not taken since", "course", EARLIER
)

TAKEN = SlotSymbol("reported_taken", "the prescribed dose was taken", "report", intake=True)
BELOW = SlotSymbol("reported_below", "less than the prescribed dose was taken", "report", intake=True)
ABOVE = SlotSymbol("reported_above", "more than the prescribed dose was taken", "report", intake=True, above=True)
OVERDOSED = SlotSymbol("reported_overdose", "an overdose was taken", "report", intake=True, above=True)
LATE = SlotSymbol("reported_late", "the dose was taken late, now", "report", intake=True)
MISSED = SlotSymbol("reported_missed", "the dose has not been taken by now", "report")
VOMITED = SlotSymbol("reported_vomited", "the patient vomited after the dose", "report")
FAULT = SlotSymbol("reported_fault", "the dose was taken in a way that the text forbids", "report")

REPORTS: tuple[SlotSymbol, ...] = (TAKEN, BELOW, ABOVE, OVERDOSED, LATE, MISSED, VOMITED, FAULT)
SLOT_SYMBOLS: dict[str, SlotSymbol] = {
    symbol.name: symbol for symbol in (SLOT_REACHED, WINDOW_CLOSED, NEXT_SLOT, HOLD, RELEASE, EARLIER_MISSED, *REPORTS)
}
