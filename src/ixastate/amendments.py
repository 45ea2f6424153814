"""Amendments: the lines of a log that correct or withdraw an event which an earlier line reported.

    {"type": "event_corrected", "corrects": "lab-7", "recorded_at": "...", "event": {...}}
    {"type": "event_withdrawn", "withdraws": "lab-7", "recorded_at": "..."}

Both name the `id` of the event as it was first reported, also when it was corrected before; what was recorded last
counts. `event` is the whole event as it should have been reported: of the same kind and patient, under the same id.
An amendment may bear an `id` of its own, which names the line and no event. This module knows no course: what an
amendment changes is the question of `course/facts.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import ValidationError, model_validator

from ixastate.events import KINDS, AnyEvent, Logged, explain, is_a, parse_event, require_seen_before
from ixastate.fields import Moment, Name


class Amendment(Logged):
    """A line about an event that was reported before; it always says when it was recorded."""

    recorded_at: Moment

    @property
    def original(self) -> str:
        """The id of the event that it is about."""
        # Each kind of amendment below has the id in a field of its own, and a new kind must say in which.
        raise NotImplementedError(type(self).__name__)


class EventCorrected(Amendment):
    """The event with the id `corrects` was not as reported, but as `event` says."""

    type: Literal["event_corrected"] = "event_corrected"
    corrects: Name
    event: AnyEvent

    @property
    def original(self) -> str:
        """The id of the event that it corrects."""
        return self.corrects

    @model_validator(mode="after")
    def _of_one_event(self) -> EventCorrected:
        event = self.event
        if event.id not in (None, self.corrects):
            raise ValueError(f"corrects {self.corrects!r}, but its event is {event.id!r}: a correction keeps the id")
        if event.patient not in (None, self.patient):
            raise ValueError(
                f"the event is of patient {event.patient!r}, its correction of {self.patient!r}: "
                "name the patient in the correction"
            )
        require_seen_before(event.at, self.recorded_at)
        return self


class EventWithdrawn(Amendment):
    """The event with the id `withdraws` never happened, or is not the patient's."""

    type: Literal["event_withdrawn"] = "event_withdrawn"
    withdraws: Name

    @property
    def original(self) -> str:
        """The id of the event that it withdraws."""
        return self.withdraws


AnyAmendment = EventCorrected | EventWithdrawn
AnyLine = AnyEvent | AnyAmendment
AMENDMENTS: dict[str, type[AnyAmendment]] = {
    kind.model_fields["type"].default: kind for kind in (EventCorrected, EventWithdrawn)
}


_KINDS_OF_LINES = frozenset((*KINDS.values(), *AMENDMENTS.values()))


def parse_line(data: Any, where: str = "event") -> AnyLine:
    """An event or an amendment from a dict, or as it is; `InputError` names the field and what would be right.

    `where` is the place that an error names, such as a file and a line.
    """
    if type(data) in _KINDS_OF_LINES:
        line: AnyLine = data
        return line
    if type(data) is not dict and (is_a(data, EventCorrected) or is_a(data, EventWithdrawn)):
        return data
    kind = data.get("type") if isinstance(data, Mapping) else None
    if not isinstance(kind, str) or kind not in AMENDMENTS:
        return parse_event(data, where)
    fields = dict(data)
    if "event" in fields and AMENDMENTS[kind] is EventCorrected:
        # By itself, so that an error names the field as it would in a line of its own.
        fields["event"] = parse_event(fields["event"], f"{where}: event")
    try:
        return AMENDMENTS[kind].model_validate(fields)
    except ValidationError as error:
        raise explain(error, where, AMENDMENTS[kind]) from None
