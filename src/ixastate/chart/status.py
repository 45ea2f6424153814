"""What a configuration means to a person: the phase, the doses, what is held and for what.

It reads the meanings that the chart attaches to its states; it decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from ixastate.chart.states import Episode, Level, Meaning
from ixastate.events import Drug
from ixastate.orders import is_dose
from ixastate.symbols import DISCONTINUED, SCREENING, Configuration

Phase = Literal["screening", "on treatment", "discontinued"]
SEVERAL = "held for several reasons"


def active_at(mg: float) -> str:
    """The words for a level of ixazomib that is given."""
    return f"active at {mg:g} mg"


def confirmed(counts: Iterable[str]) -> str:
    """The words for low counts that hold nothing until they are confirmed."""
    return f"low {' and '.join(counts)} to be confirmed"


def held_for(reason: str) -> str:
    """The words for a hold."""
    return f"held for {reason}"


@dataclass(frozen=True)
class Status:
    """The words for a configuration. A dose is the level in force in mg; None outside treatment.

    `to_confirm` are the counts that are low and hold nothing until a second one confirms them (B-CONFIRM-HOLD).
    """

    phase: Phase
    ixazomib_mg: float | None = None
    ixazomib_held: bool = False
    lenalidomide_mg: float | None = None
    lenalidomide_held: bool = False
    held_for: tuple[str, ...] = ()
    to_confirm: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """One phrase, such as 'active at 3 mg' or 'held for platelets; low neutrophils to be confirmed'."""
        if self.phase != "on treatment":
            return self.phase
        return f"{self._drugs}; {confirmed(self.to_confirm)}" if self.to_confirm else self._drugs

    @property
    def _drugs(self) -> str:
        """What becomes of the drugs, in words."""
        reasons = ", ".join(self.held_for)
        if self.ixazomib_held:
            return held_for(reasons)
        active = active_at(self.ixazomib_mg or 0)
        return f"{active}, lenalidomide held for {reasons}" if self.lenalidomide_held else active

    @property
    def place(self) -> str:
        """The state as people at the bedside speak of it: active at a dose, held for a reason or for several, the end.

        It speaks of ixazomib: a hold of lenalidomide alone is no place of its own, and neither is a low count that is
        still to be confirmed.
        """
        if self.phase != "on treatment":
            return self.phase
        if not self.ixazomib_held:
            return active_at(self.ixazomib_mg or 0)
        return held_for(self.held_for[0]) if len(self.held_for) == 1 else SEVERAL

    def __repr__(self) -> str:
        if self.phase != "on treatment":
            return f"<Status {self.words}>"
        doses = f"ixazomib {self.ixazomib_mg or 0:g} mg, lenalidomide {self.lenalidomide_mg or 0:g} mg"
        return f"<Status {self.words}; {doses}>"

    def as_json(self) -> dict[str, Any]:
        """The status as a JSON object, the words first; counts to be confirmed only where there are some."""
        parts = asdict(self)
        if not self.to_confirm:
            del parts["to_confirm"]
        return {"words": self.words, **parts}

    @classmethod
    def from_json(cls, value: Any) -> Status:
        """A status from its JSON object; `ValueError` when it is not one. The words follow from the rest."""
        if isinstance(value, cls):
            return value
        names = {field.name for field in fields(cls)} - {"to_confirm"}
        if not isinstance(value, dict) or set(value) - {"words", "to_confirm"} != names:
            raise ValueError(f"a status has {', '.join(sorted(names))}")
        if value["phase"] not in get_args(Phase):
            raise ValueError(f"a phase is one of {', '.join(get_args(Phase))}")
        if not all(isinstance(value[name], bool) for name in ("ixazomib_held", "lenalidomide_held")):
            raise ValueError("a drug is held or not: true or false")
        reasons = value["held_for"]
        if not isinstance(reasons, list) or not all(isinstance(reason, str) for reason in reasons):
            raise ValueError("held_for is a list of texts")
        counts = value.get("to_confirm", [])
        if not isinstance(counts, list) or not all(isinstance(count, str) for count in counts):
            raise ValueError("to_confirm is a list of texts")
        doses = {name: value[name] for name in ("ixazomib_mg", "lenalidomide_mg")}
        treated = value["phase"] == "on treatment"
        if counts and not treated:
            raise ValueError("a count is to be confirmed on treatment alone")
        if not all(is_dose(dose) if treated else dose is None for dose in doses.values()):
            raise ValueError("doses are numbers in mg on treatment, and null outside it")
        doses = {name: None if dose is None else float(dose) for name, dose in doses.items()}
        listed = {"held_for": tuple(reasons), "to_confirm": tuple(counts)}
        return cls(**{name: value[name] for name in names} | doses | listed)

    def held(self, drug: Drug) -> bool:
        """Whether this drug is held now; dexamethasone never is (B-DEX-HOLD)."""
        if drug == "ixazomib":
            return self.ixazomib_held
        return drug == "lenalidomide" and self.lenalidomide_held

    def given_mg(self, drug: Drug, dexamethasone_mg: float) -> float | None:
        """The dose in mg of a drug that is being given now, else None. Dexamethasone is never held (B-DEX-HOLD)."""
        if self.phase != "on treatment" or self.held(drug):
            return None
        levels = {"ixazomib": self.ixazomib_mg, "lenalidomide": self.lenalidomide_mg, "dexamethasone": dexamethasone_mg}
        return levels[drug]


def status_of(meanings: Mapping[str, Meaning], configuration: Configuration) -> Status:
    """The words for a configuration, by the meanings of its leaves."""
    if configuration == SCREENING:
        return Status("screening")
    if configuration == DISCONTINUED:
        return Status("discontinued")
    found = [meanings[leaf] for leaf in configuration if leaf in meanings]
    of_drug = {meaning.drug: meaning for meaning in found if isinstance(meaning, Level)}
    ixazomib, lenalidomide = of_drug["ixazomib"], of_drug["lenalidomide"]
    return Status(
        "on treatment",
        ixazomib.mg,
        ixazomib.standing != "given",
        lenalidomide.mg,
        lenalidomide.standing != "given",
        tuple(meaning.reason for meaning in found if isinstance(meaning, Episode) and meaning.drugs),
        tuple(meaning.reason for meaning in found if isinstance(meaning, Episode) and meaning.pending),
    )


def statuses_of(meanings: Mapping[str, Meaning], configurations: Iterable[Configuration]) -> Iterator[Status]:
    """The words for each of many configurations: those that differ only in what is told of none have the same."""
    telling = {
        leaf
        for leaf, meaning in meanings.items()
        if isinstance(meaning, Level) or (isinstance(meaning, Episode) and (meaning.drugs or meaning.pending))
    }
    known: dict[Configuration, Status] = {}
    for configuration in configurations:
        told = tuple([leaf for leaf in configuration if leaf in telling]) or configuration
        found = known.get(told)
        if found is None:
            found = known[told] = status_of(meanings, configuration)
        yield found
