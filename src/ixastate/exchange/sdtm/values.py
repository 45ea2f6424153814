"""What stands in the cells of SDTM data sets: dates, numbers, and the words that are understood (`terms.toml`)."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from datetime import timezone as fixed_offset
from decimal import Decimal
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from ixastate.fields import FIRST_YEAR, LAST_YEAR


class LeftOut(Exception):
    """A row gives no event; the reason is the message."""


# --- Dates -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class When:
    """A date as recorded: its moment with a fixed offset, its local day, and whether a time was recorded.

    `whole` is False where more was written than is used: a time without its hour, or a second date.
    """

    moment: datetime
    day: date
    timed: bool
    whole: bool = True

    def before(self, other: When) -> bool:
        """True if it lies before the other; by days where either has no time (convention DAY)."""
        return self.day < other.day or (self.timed and other.timed and self.moment < other.moment)


_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ](.*))?", re.A)
_NOT_KNOWN = r"--?|UNK?|NK|XX|\?\?"  # of SDTM the dash; the others are of forms from which it was filled
_TIME = re.compile(
    rf"(?:(\d\d)|{_NOT_KNOWN}|)(?::(?:(\d\d)|{_NOT_KNOWN}))?(?::(?:(\d\d)(?:[.,]\d+)?|{_NOT_KNOWN}))?"
    r"(Z|[+-]\d\d(?::?\d\d)?)?",
    re.A,
)
_PART_OF_A_DATE = re.compile(r"(\d{4}|-)(-(\d\d|-)(-(\d\d|-))?)?(T.*)?", re.A)


def when(text: str, zone: tzinfo, *, end: bool = False) -> When:
    """The moment of an ISO 8601 date of SDTM, of an interval its first one, or with `end` its last (convention DAY).

    `LeftOut` where the day is not known or not possible.
    """
    if not text:
        raise LeftOut("no date")
    parts = [part.strip() for part in text.split("/")]
    written = parts[-1] if end else parts[0]
    found = _DATE.fullmatch(written)
    if found is None:
        raise LeftOut("incomplete date" if _PART_OF_A_DATE.fullmatch(written) else "not a date")
    year, month, day, clock = found.groups()
    try:
        midnight = datetime(int(year), int(month), int(day), tzinfo=zone)
        if not FIRST_YEAR < midnight.year < LAST_YEAR - 1:  # a year's room, so that no offset leads out of it
            raise ValueError(written)
        timed = _at(midnight, clock or "")
    except ValueError:
        raise LeftOut("not a date") from None
    fixed = at_offset(timed or midnight, zone)
    return When(fixed, fixed.date(), timed is not None, whole=len(parts) == 1 and (timed is not None or clock is None))


def at_offset(moment: datetime, zone: tzinfo) -> datetime:
    """A moment with its offset in a zone; a clock time that summer time skips moves to one that exists."""
    local = moment.astimezone(UTC).astimezone(zone)
    return local.replace(tzinfo=fixed_offset(local.utcoffset() or timedelta(0)))


def _at(midnight: datetime, clock: str) -> datetime | None:
    """This clock time of the day; None where no hour is known, `ValueError` for none. 24:00 is the next midnight."""
    found = _TIME.fullmatch(clock)
    if found is None:
        raise ValueError(clock)
    hour, minute, second = (int(part or 0) for part in found.groups()[:3])
    zone = midnight.tzinfo
    if found[4]:
        offset = found[4] if found[4] == "Z" or len(found[4]) > 3 else f"{found[4]}00"
        zone = datetime.strptime(offset, "%z").tzinfo
    if (hour, minute, second) == (24, 0, 0):
        return midnight.replace(tzinfo=zone) + timedelta(days=1)
    moment = midnight.replace(hour=hour, minute=minute, second=second, tzinfo=zone)
    return moment if found[1] else None


# --- Numbers ---------------------------------------------------------------------------------------------------

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.A)


def number(text: str) -> Decimal | None:
    """A finite number, exactly; None for another text."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


# --- Words -----------------------------------------------------------------------------------------------------


@lru_cache(10_000)
def key(text: str) -> str:
    """A word or phrase without regard to case, punctuation and blanks."""
    return " ".join(re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).casefold()))


@cache
def terms() -> dict[str, Any]:
    """The words of `terms.toml`."""
    return tomllib.loads(files(__package__).joinpath("terms.toml").read_text(encoding="utf-8"))


@cache
def meanings(table: str) -> dict[str, str]:
    """The meaning of each word of one table of `terms.toml`, by the word's `key`."""
    return {key(word): meaning for meaning, words in terms()[table].items() for word in words}
