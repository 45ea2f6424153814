"""Measurements: a value with its unit and its comparator, as a laboratory reports them.

A value is exact. A comparator (<, <=, >, >=) says that the true value lies beyond the reported one, as when it was out
of the range of the method; what that settles about a limit is answered, and what it leaves open is None. A unit is kept
as it was reported, its blanks as plain ones, and read by the table of `units`. This module knows no limit and no event.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from ixastate import units
from ixastate.errors import near
from ixastate.fields import LONGEST_NUMBER, Fact, NotNegative, Positive

# No unit is longer.
LONGEST_UNIT = 50
Comparator = Literal["<", "<=", ">", ">="]
# The signs as laboratories write them.
_SIGNS = {"≤": "<=", "≥": ">=", "=<": "<=", "=>": ">="}
_WITH_SIGN = re.compile(r"\s*(<=|>=|=<|=>|[<>≤≥])\s*(\d+(?:\.\d+)?)\s*", re.A)


def _plain_sign(sign: Any) -> Any:
    return _SIGNS.get(sign, sign) if isinstance(sign, str) else sign


def _known(kind: str, words: str, meaning: Callable[[str], object]) -> Callable[[str], str]:
    """A check that a text spells a unit; the unit stays as it was reported, with plain blanks for those of any kind."""

    def check(unit: str) -> str:
        if len(unit) <= LONGEST_UNIT and meaning(unit) is not None:
            return "".join(" " if sign.isspace() else sign for sign in unit)
        why = units.left_out(kind, unit) or near(unit, units.examples(kind))
        raise ValueError(f"{_shown(unit)} is no unit of {words}: {why}")

    return check


def _shown(unit: str) -> str:
    return repr(unit if len(unit) <= LONGEST_UNIT else f"{unit[:LONGEST_UNIT]}...")


CountUnit = Annotated[
    str,
    AfterValidator(_known("count", "a cell count", units.cells_power)),
    Field(examples=list(units.examples("count"))),
]
BilirubinUnit = Annotated[
    str,
    AfterValidator(_known("bilirubin", "bilirubin", units.bilirubin_unit)),
    Field(examples=list(units.examples("bilirubin"))),
]
ClearanceUnit = Annotated[
    str,
    AfterValidator(_known("clearance", "creatinine clearance", units.clearance_unit)),
    Field(examples=list(units.examples("clearance"))),
]


class Measured(Fact):
    """A value as a laboratory reports it: the number measured, or with a `comparator` the limit that it lies beyond.

    A text such as "<0.1" is taken as the number and the comparator that it is made of.
    """

    comparator: Annotated[Comparator | None, BeforeValidator(_plain_sign)] = None

    @model_validator(mode="before")
    @classmethod
    def _as_written(cls, data: Any) -> Any:
        value = data.get("value") if isinstance(data, Mapping) else None
        if not isinstance(value, str) or len(value) > LONGEST_NUMBER or data.get("comparator") is not None:
            return data
        found = _WITH_SIGN.fullmatch(value)
        return {**data, "comparator": found[1], "value": Decimal(found[2])} if found else data

    def _below(self, value: Decimal | Fraction, limit: int | Fraction) -> bool | None:
        """Whether what was measured lies below a limit; None where the comparator leaves it open."""
        if self.comparator is None:
            return value < limit
        if self.comparator in (">", ">="):
            return False if value >= limit else None
        return True if value < limit or (value == limit and self.comparator == "<") else None

    def _above(self, value: Decimal | Fraction, limit: int | Fraction) -> bool | None:
        """Whether what was measured lies above a limit; None where the comparator leaves it open."""
        if self.comparator is None:
            return value > limit
        if self.comparator in ("<", "<="):
            return False if value <= limit else None
        return True if value > limit or (value == limit and self.comparator == ">") else None


class Bilirubin(Measured):
    """Total bilirubin: a multiple of the upper limit of normal, or a value with the limit in the same unit."""

    times_uln: NotNegative | None = None
    value: NotNegative | None = None
    unit: BilirubinUnit | None = None
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

    def is_above(self, times_uln: int | Fraction) -> bool | None:
        """Whether it is more than so many times the upper limit of normal; None where the comparator leaves it open."""
        return self._above(self.multiple_of_uln, times_uln)


class CreatinineClearance(Measured):
    """Creatinine clearance in mL/min (Cockcroft-Gault by convention, B-CRCL-METHOD; an eGFR is another thing)."""

    value: NotNegative
    unit: ClearanceUnit

    def is_below(self, ml_min: int | Fraction) -> bool | None:
        """Whether it is less than so many mL/min; None where the comparator leaves it open."""
        return self._below(Fraction(self.value), ml_min)


class CellCount(Measured):
    """A number of cells with its unit, as reported."""

    value: NotNegative
    unit: CountUnit

    @property
    def per_mm3(self) -> Decimal:
        """The number in cells per cubic millimetre, exactly (B-UNITS)."""
        power = units.cells_power(self.unit)
        assert power is not None  # CountUnit has seen to it
        sign, digits, exponent = self.value.as_tuple()
        assert isinstance(exponent, int)
        return Decimal((sign, digits, exponent + power))

    def is_below(self, per_mm3: int | Fraction) -> bool | None:
        """Whether there are fewer cells per cubic millimetre; None where the comparator leaves it open."""
        return self._below(self.per_mm3, per_mm3)
