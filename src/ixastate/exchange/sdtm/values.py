"""What stands in the cells of SDTM data sets: dates, numbers and the words that are understood."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from datetime import timezone as fixed_offset
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib.resources import files
from typing import Any

from ixastate.fields import FIRST_YEAR, LAST_YEAR


class LeftOut(Exception):
    """A row gives no event; the reason is the message."""


@dataclass(frozen=True)
class When:
    """A date as recorded: its moment with a fixed offset, its local day, and whether a time was recorded."""

    moment: datetime
    day: date
    timed: bool

    def before(self, other: When) -> bool:
        """True if it lies before the other; by days where either has no time (convention DAY)."""
        return self.day < other.day or (self.timed and other.timed and self.moment < other.moment)


_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(?:[.,]\d+)?)?)?(Z|[+-]\d\d:?\d\d)?)?", re.A)
_PART_OF_A_DATE = re.compile(r"(\d{4}|-)(-(\d\d|-)(-(\d\d|-))?)?(T.*)?", re.A)


def when(text: str, zone: tzinfo) -> When:
    """The moment of an ISO 8601 date of SDTM; `LeftOut` for an incomplete or impossible one."""
    if not text:
        raise LeftOut("no date")
    found = _DATE.fullmatch(text)
    if found is None:
        raise LeftOut("incomplete date" if _PART_OF_A_DATE.fullmatch(text) else "not a date")
    *parts, offset = found.groups()
    try:
        local: tzinfo = zone
        if offset:
            local = datetime.strptime(offset, "%z").tzinfo or zone
        year, month, day, hour, minute, second = (int(part or 0) for part in parts)
        moment = datetime(year, month, day, hour, minute, second, tzinfo=local)
    except ValueError:
        raise LeftOut("not a date") from None
    if not FIRST_YEAR < moment.year < LAST_YEAR - 1:  # a year's room, so that no offset leads out of it
        raise LeftOut("not a date")
    moment = moment.astimezone(UTC).astimezone(zone)  # a clock time that summer time skips moves to one that exists
    fixed = moment.replace(tzinfo=fixed_offset(moment.utcoffset() or UTC.utcoffset(None)))
    return When(fixed, fixed.date(), timed=found[4] is not None)


def number(text: str) -> Decimal | None:
    """A finite number, exactly; None for another text."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


@cache
def terms() -> dict[str, Any]:
    """The words of `terms.toml`; `unit` has by kind each spelling of a unit with the event's unit and the factor."""
    words = tomllib.loads(files(__package__).joinpath("terms.toml").read_text(encoding="utf-8"))
    units = {
        kind: {spelling: (line["unit"], line.get("times", 1)) for line in words[kind] for spelling in line["spellings"]}
        for kind in ("count", "bilirubin", "clearance")
    }
    return words | {"unit": units}
