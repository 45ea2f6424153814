"""The input alphabet of the machine, as data: starts, onsets, repeats, recoveries and ends, and their toxicities.

A symbol is a letter of the machine's finite input alphabet: what an event means to the machine. Each one is an object
here, and its name is made from its fields, so that no name has to be taken apart. Each one also gives an event that
means it (`seen`), with its numbers taken from the rules by name. This is the only list of toxicities and of ends; the
chart, the alphabet, the proofs, the pictures, the cohort and the test kit select from it.

This module knows rules and events by name. It knows no state, no transition and no patient.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ixastate.errors import RulesError
from ixastate.events import Drug
from ixastate.rules import Edition, StartingBand

# The active leaves of the chart, in document order.
Configuration = tuple[str, ...]

SCREENING: Configuration = ("screening",)
DISCONTINUED: Configuration = ("discontinued",)
# The drugs that toxicities hold and lower; dexamethasone is never held (B-DEX-HOLD).
BOTH: tuple[Drug, ...] = ("ixazomib", "lenalidomide")


def dose_id(mg: float) -> str:
    """A dose as part of a name: 2.3 becomes 2_3."""
    return f"{mg:g}".replace(".", "_")


@dataclass(frozen=True)
class RuleNumber:
    """A number that a rule states, asked by its name; `plus` moves it to the other side of a boundary."""

    rule: str
    number: str
    plus: int = 0

    def value(self, edition: Edition) -> int:
        """The number in this edition."""
        return edition.integer(self.rule, self.number) + self.plus


def _resolved(value: Any, edition: Edition) -> Any:
    if isinstance(value, RuleNumber):
        return value.value(edition)
    if isinstance(value, Mapping):
        return {name: _resolved(part, edition) for name, part in value.items()}
    return value


# --- The letters ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Start:
    """Treatment starts at these doses in mg, lenalidomide every so many days.

    `rhythm_named` is set where an edition has the same doses in another rhythm too, so that the names differ.
    """

    ixazomib_mg: float
    lenalidomide_mg: float
    every_days: int = 1
    rhythm_named: bool = False

    @property
    def name(self) -> str:
        """Such as start_4_25, or start_4_10_every_2."""
        rhythm = f"_every_{self.every_days}" if self.rhythm_named else ""
        return f"start_{dose_id(self.ixazomib_mg)}_{dose_id(self.lenalidomide_mg)}{rhythm}"


@dataclass(frozen=True)
class StartBlocked:
    """Treatment cannot start yet; the course stays in screening."""

    name: str = "start_blocked"


@dataclass(frozen=True)
class Onset:
    """An episode of a toxicity begins, or is reported again while it is open.

    `needs_step`: its own action asks ixazomib for a reduction. `stops`: it ends treatment from every state.
    `seen` are the fields of an event that means it. `stem` is what the names of the toxicity's letters begin with,
    where that is not the name of the toxicity.
    """

    toxicity: str
    kind: str
    seen: Mapping[str, Any] = field(hash=False, compare=False)
    stem: str = ""
    needs_step: bool = False
    stops: bool = False

    @property
    def name(self) -> str:
        """Such as anc_low or rash_grade_2_3."""
        return f"{self.stem or self.toxicity}_{self.kind}"


@dataclass(frozen=True)
class Repeat:
    """An open episode is reported again, by an event that only what came before tells from another letter.

    `rule`: only editions with this rule have the letter. `seen` as for an onset, of an episode of the same term.
    """

    toxicity: str
    kind: str
    seen: Mapping[str, Any] = field(hash=False, compare=False)
    rule: str

    @property
    def name(self) -> str:
        """Such as other_persists."""
        return f"{self.toxicity}_{self.kind}"


@dataclass(frozen=True)
class Recovery:
    """An episode of a toxicity is over. `agreed`: the physician agrees to resume; `related`: ixazomib caused it.

    `ends_every_episode` is False for a recovery that some episodes of the toxicity do not end with. `rules` are the
    readings by which a grade means it. `seen` and `stem` as for an onset.
    """

    toxicity: str
    kind: str
    seen: Mapping[str, Any] = field(hash=False, compare=False)
    stem: str = ""
    agreed: bool = False
    related: bool = False
    ends_every_episode: bool = True
    rules: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Such as anc_recovered or neuropathy_resolved_agreed."""
        return f"{self.stem or self.toxicity}_{self.kind}"


@dataclass(frozen=True)
class End:
    """Treatment ends for a reason other than one toxicity. `event` is the kind of event that means it."""

    name: str
    event: str
    rules: str
    from_screening: bool = False


Symbol = Start | StartBlocked | Onset | Repeat | Recovery | End
START_BLOCKED = StartBlocked()
ENDS: tuple[End, ...] = (
    End("progression", "progression_found", "DISC-01 DOSE-04 B-TREATMENT B-DEX-STOP"),
    End("intolerable_toxicity", "intolerable_toxicity_declared", "DISC-02 DOSE-04 DOSE-06 B-TREATMENT B-DEX-STOP"),
    End("death", "patient_died", "B-EXIT", from_screening=True),
    End("withdrawal", "consent_withdrawn", "B-EXIT", from_screening=True),
)
PROGRESSION, DEATH = ENDS[0], ENDS[2]


# --- The toxicities -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Toxicity:
    """A toxicity that the machine follows: its region of the chart, its letters, and what it holds.

    `name` is that of its region, `reason` what a hold is for in a word, `title` how a sentence names it, `event` the
    kind of event that reports it. `alternates`: its episodes lower the two drugs in turn. `by_term`: its episodes are
    told apart by the term of the event. `counts`: the fields of its event that are counts, each with the toxicity that
    the count is read for first. `rule`: only editions with this rule follow it ("" for every edition). `repeats`: its
    letters for an episode that is reported again, where an onset does not say so. `confirmed_by`: in editions with this
    rule its onset must be reported twice running before an episode opens ("" for in none).
    """

    name: str
    reason: str
    title: str
    event: str
    onsets: tuple[Onset, ...]
    recoveries: tuple[Recovery, ...]
    holds: tuple[Drug, ...] = BOTH
    alternates: bool = False
    by_term: bool = False
    counts: tuple[tuple[str, str], ...] = ()
    rule: str = ""
    repeats: tuple[Repeat, ...] = ()
    confirmed_by: str = ""

    @property
    def key(self) -> str:
        """The reason as a key of a file: `new_cycle` for the reason `new cycle`."""
        return self.reason.replace(" ", "_")

    @property
    def symbols(self) -> tuple[Onset | Repeat | Recovery, ...]:
        """Its letters in any edition: onsets, then repeats, then recoveries."""
        return (*self.onsets, *self.repeats, *self.recoveries)

    def letters(self, edition: Edition) -> tuple[Onset | Repeat | Recovery, ...]:
        """Its letters in this edition."""
        return tuple(one for one in self.symbols if not isinstance(one, Repeat) or one.rule in edition.rules)

    def is_confirmed(self, edition: Edition) -> bool:
        """Whether a report of its onset waits for a second one in this edition."""
        return self.confirmed_by in edition.rules

    @property
    def opening(self) -> tuple[Onset, ...]:
        """The onsets that open an episode, so not those that end treatment from every state."""
        return tuple(onset for onset in self.onsets if not onset.stops)


def _count(rule: str, number: str, plus: int = 0) -> dict[str, Any]:
    return {"value": RuleNumber(rule, number, plus), "unit": "/mm3"}


def _graded(rule: str, number: str = "grade", **others: Any) -> dict[str, Any]:
    return {"grade": RuleNumber(rule, number), **others}


def _assessed(short: int) -> dict[str, Any]:
    return {
        "neutrophils": {"value": RuleNumber("NC-01", "anc", -short), "unit": "/mm3"},
        "platelets": {"value": RuleNumber("NC-01", "platelets"), "unit": "/mm3"},
        "toxicities_resolved": True,
    }


NEUTROPENIA = Toxicity(
    "neutropenia",
    "neutrophils",
    "neutropenia",
    "neutrophils_measured",
    (Onset("neutropenia", "low", _count("ANC-01", "anc", -1), "anc"),),
    (Recovery("neutropenia", "recovered", _count("ANC-01", "anc"), "anc"),),
    alternates=True,
    confirmed_by="B-CONFIRM-HOLD",
)
THROMBOCYTOPENIA = Toxicity(
    "thrombocytopenia",
    "platelets",
    "thrombocytopenia",
    "platelets_measured",
    (Onset("thrombocytopenia", "low", _count("PLT-01", "platelets", -1), "platelets"),),
    (Recovery("thrombocytopenia", "recovered", _count("PLT-01", "platelets"), "platelets"),),
    alternates=True,
    confirmed_by="B-CONFIRM-HOLD",
)
NEUROPATHY = Toxicity(
    "neuropathy",
    "neuropathy",
    "neuropathy",
    "neuropathy_graded",
    (
        Onset("neuropathy", "moderate", _graded("PN-01")),
        Onset("neuropathy", "severe", _graded("PN-05"), needs_step=True),
        Onset("neuropathy", "grade_4", _graded("PN-09"), stops=True),
    ),
    (
        Recovery("neuropathy", "resolved", _graded("PN-06"), ends_every_episode=False),
        Recovery("neuropathy", "resolved_agreed", _graded("PN-06", physician_agrees=True), agreed=True),
    ),
    holds=("ixazomib",),
)
RASH = Toxicity(
    "rash",
    "rash",
    "rash",
    "rash_graded",
    (
        Onset("rash", "grade_2_3", _graded("RASH-01", "from_grade")),
        Onset("rash", "grade_4", _graded("RASH-08"), stops=True),
    ),
    (Recovery("rash", "resolved", _graded("RASH-03"), rules=("B-RASH-G1",)),),
    alternates=True,
)
OTHER = Toxicity(
    "other",
    "other",
    "other toxicity",
    "other_toxicity_graded",
    (
        Onset("other", "onset", _graded("OTH-01", "from_grade", attribution="not_clear")),
        Onset("other", "onset_related", _graded("OTH-01", "from_grade", attribution="clear"), needs_step=True),
    ),
    (
        Recovery(
            "other",
            "resolved",
            _graded("OTH-02", attribution="not_clear", physician_agrees=True),
            agreed=True,
        ),
        Recovery(
            "other",
            "resolved_related",
            _graded("OTH-02", attribution="clear", physician_agrees=True),
            agreed=True,
            related=True,
        ),
    ),
    holds=("ixazomib",),
    by_term=True,
    repeats=(Repeat("other", "persists", _graded("OTH-01", "from_grade"), rule="B-PERSIST"),),
)
NEW_CYCLE = Toxicity(
    "new_cycle",
    "new cycle",
    "criteria for a new cycle",
    "cycle_assessed",
    (Onset("new_cycle", "unmet", _assessed(short=1)),),
    (Recovery("new_cycle", "met", _assessed(short=0)),),
    counts=(("neutrophils", NEUTROPENIA.name), ("platelets", THROMBOCYTOPENIA.name)),
    rule="NC-01",
)
# In the order of their regions in the chart.
TOXICITIES: tuple[Toxicity, ...] = (NEUTROPENIA, THROMBOCYTOPENIA, NEUROPATHY, RASH, OTHER, NEW_CYCLE)
TOXICITY: dict[str, Toxicity] = {toxicity.name: toxicity for toxicity in TOXICITIES}


# --- What the chart raises ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Raised:
    """A symbol that a toxicity raises in a drug's region: hold it, owe one reduction, release it."""

    verb: Literal["hold", "owe", "release"]
    drug: Drug

    @property
    def name(self) -> str:
        """Such as hold_ixazomib."""
        return f"{self.verb}_{self.drug}"


RAISED: dict[str, Raised] = {
    raised.name: raised for verb in ("hold", "owe", "release") for raised in (Raised(verb, drug) for drug in BOTH)
}


def owed_by(raised: tuple[str, ...]) -> Drug | None:
    """The drug that comes to owe a reduction by these raised symbols, or None."""
    return next((RAISED[name].drug for name in raised if RAISED[name].verb == "owe"), None)


# --- The alphabet of an edition -------------------------------------------------------------------------------


def toxicities(edition: Edition) -> tuple[Toxicity, ...]:
    """The toxicities that this edition follows, in the order of their regions."""
    return tuple(toxicity for toxicity in TOXICITIES if not toxicity.rule or toxicity.rule in edition.rules)


def is_severe(band: StartingBand, edition: Edition) -> bool:
    """Whether a band of renal function lowers ixazomib's first dose too (REN-01, REN-02)."""
    return band.on_dialysis or band.at_least_ml_min < edition.number("REN-01", "below")


def starts(edition: Edition) -> tuple[Start, ...]:
    """Every start that organ function can call for, the highest doses first; the first is the usual start."""
    usual, reduced = edition.ixazomib_ladder_mg[:2]
    found = {
        (mg, band.dose_mg, band.every_days)
        for band in edition.lenalidomide.start
        for mg in ((reduced,) if is_severe(band, edition) else (usual, reduced))
    }
    rhythms: dict[tuple[float, float], set[int]] = {}
    for mg, lenalidomide_mg, every in found:
        rhythms.setdefault((mg, lenalidomide_mg), set()).add(every)
    named = {doses for doses, every in rhythms.items() if len(every) > 1}
    ordered = sorted(found, key=lambda one: (-one[0], -one[1], one[2]))
    return tuple(Start(*one, rhythm_named=one[2] > 1 and one[:2] in named) for one in ordered)


def usual_start(edition: Edition) -> Start:
    """The start of a patient with sound organs."""
    return starts(edition)[0]


def start_at(edition: Edition, ixazomib_mg: float, lenalidomide_mg: float, every_days: int) -> Start:
    """The start at these doses and in this rhythm; `RulesError` when no organ function calls for it."""
    for start in starts(edition):
        if (start.ixazomib_mg, start.lenalidomide_mg, start.every_days) == (ixazomib_mg, lenalidomide_mg, every_days):
            return start
    raise RulesError(
        f"no organ function calls for {ixazomib_mg:g} mg with {lenalidomide_mg:g} mg every {every_days} days",
        where=f"edition {edition.name}",
        remedy=f"one of: {', '.join(start.name for start in starts(edition))}",
    )


def symbols(edition: Edition) -> dict[str, Symbol]:
    """Every symbol of this edition by its name: starts, those of each toxicity, ends."""
    letters: list[Symbol] = [*starts(edition), START_BLOCKED]
    letters += [symbol for toxicity in toxicities(edition) for symbol in toxicity.letters(edition)]
    letters += ENDS
    return {letter.name: letter for letter in letters}


def can_be_seen(symbol: Symbol, opened: Collection[str]) -> bool:
    """Whether an event can mean this symbol, and end nothing else, while episodes of these toxicities are open.

    A toxicity told apart by its terms is over, or reported again, only when one is open. Counts that are high enough
    for a new cycle end the episodes of low counts first.
    """
    if not isinstance(symbol, Repeat | Recovery):
        return True
    toxicity = TOXICITY[symbol.toxicity]
    if toxicity.by_term:
        return toxicity.name in opened
    return not any(counted in opened for _, counted in toxicity.counts)


def facts(symbol: Onset | Repeat | Recovery, edition: Edition, opened: Collection[str] = ()) -> dict[str, Any]:
    """The fields of an event, without date and term, that means this symbol while these toxicities are open.

    The counts of an assessment are low where an episode of low counts is open, so that they leave it open.
    """
    toxicity = TOXICITY[symbol.toxicity]
    low = {field: TOXICITY[counted].opening[0].seen for field, counted in toxicity.counts if counted in opened}
    seen: dict[str, Any] = _resolved({**symbol.seen, **low}, edition)
    return {"type": toxicity.event, **seen}
