"""The trial figures that `trials.toml` lists, read and checked, and their 95 % intervals.

This module knows no machine and no model.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ixastate.cohort.answers.limits import Limits, newcombe, wilson
from ixastate.errors import InputError
from ixastate.files import toml_of

Text = Annotated[str, Field(min_length=1)]
Arm = Literal["ixazomib", "placebo", "both", "difference"]
Role = Literal["fitted", "predicted", "not comparable", "unsourced"]
# The trial's follow-up, in cycles of 28 days: 23 months to its last cut-off but one.
FOLLOW_UP = 24
PERCENT = 100


class TrialFigure(BaseModel):
    """What a trial reported of one figure in one arm; the head of `trials.toml` says what each field is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    figure: Text
    arm: Arm
    endpoint: Text
    role: Role
    value: float | None = None
    unit: Text = "%"
    n: Annotated[int, Field(gt=0)] | None = None
    interval: Limits | None = None
    source: Text | None = None
    reason: Text | None = None
    cycles: Annotated[int, Field(gt=0)] = FOLLOW_UP
    rules: bool = False
    published: bool = False

    @model_validator(mode="after")
    def _says_what_its_role_asks_for(self) -> TrialFigure:
        if (self.role == "unsourced") != (self.source is None):
            raise ValueError("a row without a source is unsourced, and no other is")
        if self.source is not None and self.value is None:
            raise ValueError("a row with a source needs its value")
        if self.role == "not comparable" and self.reason is None:
            raise ValueError("a figure that is not comparable needs its reason")
        if self.judged and self.limits is None:
            raise ValueError("a figure that is judged needs n or interval")
        if self.interval and not (self.value is not None and self.interval[0] <= self.value <= self.interval[1]):
            raise ValueError("the value lies in its interval")
        if self.n is not None and self.unit != "%":
            raise ValueError("n gives the interval of a share; other figures have their interval")
        return self

    @property
    def judged(self) -> bool:
        """Whether agreement is asked for at all."""
        return self.role in ("fitted", "predicted")

    @property
    def limits(self) -> Limits | None:
        """The 95 % interval of the reported figure, in its unit."""
        if self.interval is not None:
            return self.interval
        if self.value is None or self.n is None:
            return None
        return in_percent(wilson(self.value / PERCENT, self.n))


def in_percent(limits: Limits) -> Limits:
    """Limits of a share in percent."""
    return PERCENT * limits[0], PERCENT * limits[1]


def parse(text: str, where: str) -> list[TrialFigure]:
    """The rows of a TOML text; `InputError` names the one that does not hold."""
    try:
        rows = toml_of(text).get("row")
    except ValueError as error:
        raise InputError(f"not TOML: {error}", where=where, remedy="correct the line that it names") from None
    if not isinstance(rows, list):
        raise InputError("it has no rows", where=where, remedy="begin each with [[row]]")
    return [_row(row, f"{where}: row {number}") for number, row in enumerate(rows, start=1)]


def _row(row: Any, where: str) -> TrialFigure:
    try:
        return TrialFigure.model_validate(row)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in problem["loc"])
        place = f"{where}: {field}" if field else where
        raise InputError(problem["msg"], where=place, remedy="the head of the file says what a row has") from None


@cache
def trial_figures() -> tuple[TrialFigure, ...]:
    """The rows that come with the package, in the order of the file; after two arms of a figure their difference."""
    name = "trials.toml"
    rows = parse((resources.files(__package__) / name).read_text(encoding="utf-8"), name)
    return tuple(one for row in rows for one in (row, *_apart(row, rows)))


def _apart(placebo: TrialFigure, rows: list[TrialFigure]) -> list[TrialFigure]:
    """The difference of the arms, after the row of the placebo arm, where both arms have a judged share."""
    if placebo.arm != "placebo":
        return []
    found = [row for row in rows if row.figure == placebo.figure and row.arm == "ixazomib" and row.judged]
    if not placebo.judged or not found or placebo.unit != "%":
        return []
    (ixazomib,) = found
    assert ixazomib.value is not None
    assert placebo.value is not None
    assert ixazomib.limits is not None
    assert placebo.limits is not None
    both = {ixazomib.role, placebo.role} == {"fitted"}
    made = {
        "arm": "difference",
        "role": "fitted" if both else "predicted",
        "value": ixazomib.value - placebo.value,
        "interval": newcombe(ixazomib.value, ixazomib.limits, placebo.value, placebo.limits),
        "n": None,
        "unit": "points",
    }
    return [ixazomib.model_copy(update=made)]


def published_progression_free(arm: Arm) -> float:
    """The published median time to progression or death of an arm, in months."""
    name = "median progression-free months"
    (value,) = (row.value for row in trial_figures() if (row.figure, row.arm) == (name, arm))
    assert value is not None
    return value
