"""The trial figures that `trials.toml` lists, read and checked. This module knows no machine and no model."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ixastate.errors import InputError
from ixastate.files import toml_of

Figures = Annotated[tuple[float, ...], Field(min_length=1, max_length=2)]
Text = Annotated[str, Field(min_length=1)]


class TrialFigure(BaseModel):
    """What trials reported of one figure, in its `unit`; `trials.toml` says what each field is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    unit: Text
    published: Figures | None = None
    source: Text | None = None
    recalled: Figures | None = None
    tolerance: Annotated[float, Field(gt=0)]
    because: Text
    fitted: bool = False
    trial_rules: bool = False
    not_judged: Text | None = None

    @model_validator(mode="after")
    def _published_figures_have_a_source(self) -> TrialFigure:
        if (self.published is None) != (self.source is None):
            raise ValueError("a published figure needs its source, and a source its published figure")
        if self.published is None and self.recalled is None:
            raise ValueError("needs published or recalled figures")
        if any(list(figures) != sorted(figures) for figures in (self.published, self.recalled) if figures):
            raise ValueError("the lower figure comes first")
        return self

    @property
    def compared(self) -> tuple[float, float]:
        """The range that a simulated figure is compared with: the published one where there is one."""
        figures = self.published or self.recalled or ()
        return min(figures), max(figures)


def parse(text: str, where: str) -> dict[str, TrialFigure]:
    """The figures of a TOML text by name; `InputError` names the entry that does not hold."""
    try:
        entries = toml_of(text)
    except ValueError as error:
        raise InputError(f"not TOML: {error}", where=where, remedy="correct the line that it names") from None
    found = {}
    for name, entry in entries.items():
        try:
            found[name] = TrialFigure.model_validate(entry)
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]
            field = ".".join(str(part) for part in problem["loc"])
            place = f"{where}: {name}" + (f": {field}" if field else "")
            raise InputError(
                problem["msg"], where=place, remedy="the head of the file says what an entry has"
            ) from None
    return found


@cache
def trial_figures() -> dict[str, TrialFigure]:
    """The figures that come with the package, by name, in the order of the file."""
    name = "trials.toml"
    return parse((resources.files(__package__) / name).read_text(encoding="utf-8"), name)
