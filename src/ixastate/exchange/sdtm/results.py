"""The result of a row of LB: its number as written, its sign, and its unit, standardised or original.

The standardised result (LBSTRESC, LBSTRESN, LBSTRESU) counts. The original one (LBORRES, LBORRESU) stands in where the
other cannot be used, and where it alone has a sign: a laboratory that reports `<0.1` has not measured 0.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from ixastate.exchange.sdtm.folder import Row
from ixastate.exchange.sdtm.values import LeftOut, number
from ixastate.units import bilirubin_unit, cells_power, clearance_unit

_SIGN = re.compile(r"(<=|>=|=<|=>|[<>\u2264\u2265])\s*(\S+)")
_SIGNS = {"=<": "<=", "\u2264": "<=", "=>": ">=", "\u2265": ">="}

# The units of the events' counts, each with its power of ten in cells per mm3 (B-UNITS); the second from that power on.
PER_NANOLITRE = 3
COUNT_UNITS = (("/mm3", 0), ("10*9/L", PER_NANOLITRE))


@dataclass(frozen=True)
class Result:
    """A number with its sign ("" for none), its unit as written, and the upper limit of normal in that unit."""

    value: Decimal
    sign: str
    unit: str
    unit_variable: str
    upper_limit: Decimal | None


def results(row: Row) -> tuple[Result, ...]:
    """The results of a row, the one that counts first; () where it states no number."""
    standard = _result(row, "LBSTRESC", "LBSTRESU", "LBSTNRHI", row["LBSTRESN"])
    original = _result(row, "LBORRES", "LBORRESU", "LBORNRHI")
    if standard is None or original is None:
        return tuple(result for result in (standard, original) if result)
    if original.sign and not standard.sign:
        if original.value == standard.value:
            return replace(standard, sign=original.sign), original
        return (original,)
    return standard, original


def _result(row: Row, text: str, unit: str, limit: str, numeric: str = "") -> Result | None:
    """The result that these variables hold. Of a text and a number that differ the number counts."""
    sign, written = _signed(row[text])
    stored = number(numeric)
    value = written if sign or stored is None else _with_all_digits(stored, written)
    if value is None:
        return None
    return Result(value, sign, row[unit], unit, number(row[limit]))


def _signed(text: str) -> tuple[str, Decimal | None]:
    found = _SIGN.fullmatch(text)
    if found is None or number(found[2]) is None:
        return "", number(text)
    return _SIGNS.get(found[1], found[1]), number(found[2])


def _with_all_digits(stored: Decimal, written: Decimal | None) -> Decimal:
    """The number as it was written where a floating-point number could not hold all of its digits."""
    if written is not None and written != stored and float(written) == float(stored):
        return written
    return stored


def has_written_zero(row: Row) -> bool:
    """False for a zero that no written result stands behind: an empty cell that some program filled."""
    return any(number(row[text]) == 0 for text in ("LBSTRESC", "LBORRES"))


def unit_of(kind: str, result: Result) -> tuple[str, Decimal]:
    """The event's spelling of a unit, and how many of them are one of the source's; `LeftOut` for none."""
    if not result.unit:
        raise LeftOut("no unit")
    if kind == "count":
        power = cells_power(result.unit)
        if power is None:
            raise LeftOut("unknown unit")
        unit, of_unit = COUNT_UNITS[power >= PER_NANOLITRE]
        return unit, Decimal(1).scaleb(power - of_unit)
    spelled = {"bilirubin": bilirubin_unit, "clearance": clearance_unit}[kind](result.unit)
    if spelled is None:
        raise LeftOut("unknown unit")
    return spelled, Decimal(1)
