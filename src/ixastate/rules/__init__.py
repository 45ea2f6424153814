"""Rules as data: the clauses of the dosing text and the readings of it, with their numbers.

An edition is a complete set of rules with the numbers they state. This module reads and checks the rules files
beside it; it knows nothing of events, states or patients. Everything that executes a rule cites it by id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ixastate.editions import DEFAULT_EDITION as DEFAULT_EDITION
from ixastate.editions import EDITIONS as EDITIONS
from ixastate.errors import RulesError, as_given, near
from ixastate.fields import first_words
from ixastate.files import toml_of

# More lists of rules than anything cites by far; beyond it they are forgotten and put in order again.
MOST_CITED = 10_000
# The clauses about doses in general. Most transitions rest on some of them, so the clause of a toxicity says more.
GENERAL_RULES: frozenset[str] = frozenset(
    ("DOSE-01", "DOSE-02", "DOSE-03", "DOSE-04", "DOSE-05", "DOSE-06", "DOSE-07", "DOSE-08", "DOSE-09", "DOSE-10")
)

Place = Literal["transition", "slot", "threshold", "schedule", "order", "start", "correction"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Quantity(_Frozen):
    """A number (or a list of them) that a rule states, with its UCUM unit."""

    value: int | float | tuple[int, ...]
    unit: str


class Rule(_Frozen):
    """One clause of the text, or one reading of it.

    `lines` are the numbered lines of the dosing text; a rule from elsewhere names its `source`. `executed_by` says what
    carries the rule out; a rule that nothing carries out says why in `not_modelled`.
    """

    id: str
    lines: tuple[int, ...]
    kind: Literal["label", "reading", "bookkeeping"]
    title: str
    says: str
    source: str = ""
    needs: tuple[str, ...] = ()
    executed_by: tuple[Place, ...] = ()
    numbers: dict[str, Quantity] = {}
    not_modelled: str = ""

    @property
    def place(self) -> str:
        """Where it stands in the dosing text, in words."""
        if not self.lines:
            return "no line of the text"
        return f"line{'s' if len(self.lines) > 1 else ''} {', '.join(map(str, self.lines))}"

    @model_validator(mode="after")
    def _executed_or_explained(self) -> Rule:
        if bool(self.executed_by) == bool(self.not_modelled):
            raise ValueError("needs exactly one of executed_by and not_modelled")
        return self


class StartingBand(_Frozen):
    """One band of renal function with lenalidomide's starting dose (mg, and every how many days)."""

    on_dialysis: bool = False
    at_least_ml_min: float = 0.0
    dose_mg: float
    every_days: int = Field(ge=1)


class Lenalidomide(_Frozen):
    """Lenalidomide's configuration: its ladder and starting doses, each with its source."""

    ladder_mg: tuple[float, ...] = Field(min_length=2)
    ladder_source: str
    start_source: str
    start: tuple[StartingBand, ...]

    @model_validator(mode="after")
    def _starts_stand_on_the_ladder(self) -> Lenalidomide:
        if list(self.ladder_mg) != sorted(set(self.ladder_mg), reverse=True):
            raise ValueError("ladder_mg must fall from level to level")
        if not any(not band.on_dialysis for band in self.start):
            raise ValueError("start needs bands by creatinine clearance")
        if sum(band.on_dialysis for band in self.start) != 1:
            raise ValueError("start needs one band for dialysis")
        if min(band.at_least_ml_min for band in self.start if not band.on_dialysis) != 0:
            raise ValueError("start needs a band from 0 mL/min on")
        off = [band.dose_mg for band in self.start if band.dose_mg not in self.ladder_mg]
        if off:
            raise ValueError(f"starting doses {off} stand on no level of ladder_mg")
        return self


class Dexamethasone(_Frozen):
    """Dexamethasone's configuration; the text never changes its dose."""

    dose_mg: float
    source: str


class Edition(_Frozen):
    """A complete set of rules, in the order of the file."""

    name: str
    title: str
    source: str
    lenalidomide: Lenalidomide
    dexamethasone: Dexamethasone
    rules: dict[str, Rule]

    @model_validator(mode="after")
    def _needs_resolve(self) -> Edition:
        for rule in self.rules.values():
            for need in rule.needs:
                if need not in self.rules:
                    raise ValueError(f"{rule.id} needs {need}, which is no rule of this edition")
        return self

    def __repr__(self) -> str:
        return f"<Edition {self.name}: {len(self.rules)} rules>"

    def rule(self, rule_id: str) -> Rule:
        """The rule of this id; `RulesError` when there is none."""
        try:
            return self.rules[rule_id]
        except KeyError:
            raise self._no_rule(rule_id) from None

    def _no_rule(self, rule_id: str) -> RulesError:
        return RulesError(
            f"there is no rule {rule_id!r}", where=f"edition {self.name}", remedy="`ixastate rules` lists them all"
        )

    def number(self, rule_id: str, name: str) -> float:
        """A number that a rule states, in the unit that the rule names; `RulesError` when there is none."""
        value = self._value(rule_id, name)
        if isinstance(value, tuple):
            raise RulesError(
                f"{name!r} of rule {rule_id} is a list", where=f"edition {self.name}", remedy="ask for the list"
            )
        return value

    def integer(self, rule_id: str, name: str) -> int:
        """A whole number that a rule states: a count, a grade, days, hours; `RulesError` when it is none."""
        value = self._value(rule_id, name)
        if not isinstance(value, int):
            raise RulesError(f"{name!r} of rule {rule_id} is no whole number: {value}", where=f"edition {self.name}")
        return value

    def integers(self, rule_id: str, name: str) -> tuple[int, ...]:
        """The whole numbers that a rule lists, such as days of a cycle; `RulesError` when it lists none."""
        value = self._value(rule_id, name)
        if not isinstance(value, tuple):
            raise RulesError(f"{name!r} of rule {rule_id} is no list: {value}", where=f"edition {self.name}")
        return value

    def _value(self, rule_id: str, name: str) -> int | float | tuple[int, ...]:
        numbers = self.rule(rule_id).numbers
        if name not in numbers:
            raise RulesError(
                f"rule {rule_id} states no number {name!r}",
                where=f"edition {self.name}",
                remedy=near(name, numbers) if numbers else "it states none",
            )
        return numbers[name].value

    def cite(self, rule_ids: Iterable[str]) -> tuple[str, ...]:
        """These rules, each once, in the order of the file; `RulesError` for one that does not exist."""
        asked = tuple(rule_ids)
        known: dict[tuple[str, ...], tuple[str, ...]] = self._cited
        found = known.get(asked)
        if found is None:
            try:
                found = tuple(sorted({*asked}, key=self._places.__getitem__))
            except KeyError as error:
                raise self._no_rule(error.args[0]) from None
            if len(known) >= MOST_CITED:
                known.clear()
            known[asked] = found
        return found

    @cached_property
    def _cited(self) -> dict[tuple[str, ...], tuple[str, ...]]:
        return {}

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Edition:
        """A copy, which may be otherwise in some fields: nothing that was made of this edition is taken over."""
        copied = super().model_copy(update=update, deep=deep)
        for made in set(copied.__dict__) - set(type(self).model_fields):
            del copied.__dict__[made]
        return copied

    def __getstate__(self) -> dict[Any, Any]:
        """For pickling, without what was made of this edition."""
        state = super().__getstate__()
        fields = type(self).model_fields
        return {**state, "__dict__": {name: value for name, value in state["__dict__"].items() if name in fields}}

    @cached_property
    def remembered(self) -> dict[str, Any]:
        """What later rooms make of this edition once, by name: it lives as long as the edition does."""
        return {}

    @cached_property
    def _places(self) -> dict[str, int]:
        """The place of each rule in the file."""
        return {rule_id: place for place, rule_id in enumerate(self.rules)}

    @cached_property
    def ixazomib_ladder_mg(self) -> tuple[float, ...]:
        """Ixazomib's levels from the recommended dose down (DOSE-01, DOSE-08, DOSE-09)."""
        return tuple(float(self.number(rule_id, "dose")) for rule_id in ("DOSE-01", "DOSE-08", "DOSE-09"))


def parse(text: str, where: str) -> Edition:
    """An edition from the text of a rules file; `RulesError` says what does not hold.

    A file that names another edition as its `base` is that edition with these rules put in the place of its own.
    """
    try:
        data = toml_of(text)
        data["name"] = data.pop("edition")
        if any("id" in rule for rule in data["rules"].values()):
            raise RulesError("a rule's id is the name of its table", where=where, remedy="take out the key id")
        rules = {rule_id: {**rule, "id": rule_id} for rule_id, rule in data["rules"].items()}
        base = data.pop("base", None)
        if base is not None:
            under = load_edition(base).model_dump()
            rules = under["rules"] | rules
            data = under | data
        return Edition.model_validate({**data, "rules": rules})
    except KeyError as error:
        raise RulesError(f"the key {error} is missing", where=where) from None
    except (AttributeError, TypeError) as error:
        raise RulesError(f"not of a rules file's shape: {error}", where=where) from None
    except ValueError as error:  # a ValidationError is one too
        raise RulesError(f"not a rules file: {first_words(error)}", where=where) from error


def load_edition(name: str = DEFAULT_EDITION) -> Edition:
    """The edition of this name, read once; `RulesError` lists the editions there are."""
    if not isinstance(name, str) or name not in EDITIONS:
        raise RulesError(f"there is no edition {as_given(name)}", remedy=near(name, EDITIONS, listed=True))
    return _load(name)


@cache
def _load(name: str) -> Edition:
    path = files(__name__) / EDITIONS[name]
    return parse(path.read_text(encoding="utf-8"), EDITIONS[name])


if not TYPE_CHECKING:  # a type checker would take every name for one of these
    from ixastate._old_names import old_names

    __getattr__ = old_names(__name__)
