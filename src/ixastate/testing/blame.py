"""Which rule a wrong answer breaks: of the rules of an event, the clause that speaks of what differs.

A record names every rule that it rests on. When an answer to the same event differs, one of them is meant more than
the others: the clause of the toxicity that holds, releases, lowers, leaves alone or ends, by what the answer has wrong.
Where the right answer does nothing and the program does something, the clause is the one that it applied in error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ixastate.rules import Edition
from ixastate.testing.answers import Difference

Rules = tuple[str, ...]


@dataclass(frozen=True)
class Clauses:
    """The clauses of one kind of event by what they do; of several the more particular stands first.

    `lowers` and `keeps` are by drug. A clause about one episode of several (`once`) is meant the first time that a
    course rests on it; afterwards the one about taking turns is.
    """

    holds: Rules = ()
    releases: Rules = ()
    lowers: Mapping[str, Rules] = field(default_factory=dict)
    keeps: Mapping[str, Rules] = field(default_factory=dict)
    ends: Rules = ()
    advises: Mapping[str, Rules] = field(default_factory=dict)
    once: Rules = ()
    # The clause that ends treatment in error, by the clause that the event rests on.
    ends_instead: Mapping[str, str] = field(default_factory=dict)


AGREED = "obtain the physician's agreement before resuming"
CAUSE = "state whether ixazomib clearly caused it"
NEUTROPENIA = Clauses(
    holds=("ANC-01",),
    releases=("ANC-02",),
    lowers={"ixazomib": ("ANC-04", "ANC-06"), "lenalidomide": ("ANC-06",)},
    keeps={"ixazomib": ("ANC-06",), "lenalidomide": ("ANC-05", "ANC-06")},
    ends=("ANC-07",),
    advises={"consider G-CSF": ("ANC-03",), "note that the count was raised by support": ("B-GCSF",)},
    once=("ANC-04", "ANC-05"),
)
THROMBOCYTOPENIA = Clauses(
    holds=("PLT-01", "PLT-05"),
    releases=("PLT-02",),
    lowers={"ixazomib": ("PLT-06", "PLT-08"), "lenalidomide": ("PLT-04", "PLT-08")},
    keeps={"ixazomib": ("PLT-03", "PLT-08"), "lenalidomide": ("PLT-07", "PLT-08")},
    ends=("PLT-09",),
    advises={"note that the count was raised by support": ("B-TRANSFUSE",)},
    once=("PLT-06", "PLT-07"),
)
NEUROPATHY = Clauses(
    holds=("PN-01", "PN-05"),
    releases=("PN-02", "PN-06"),
    lowers={"ixazomib": ("PN-07",), "lenalidomide": ("PN-01", "B-LEN-PN")},
    keeps={"ixazomib": ("PN-03", "PN-07"), "lenalidomide": ("PN-05", "PN-01", "B-LEN-PN")},
    ends=("PN-08", "PN-04", "PN-09"),
    advises={AGREED: ("PN-06",)},
    ends_instead={"PN-01": "PN-04", "PN-05": "PN-08"},
)
RASH = Clauses(
    holds=("RASH-02", "RASH-01"),
    releases=("RASH-03",),
    lowers={"lenalidomide": ("RASH-01", "RASH-06"), "ixazomib": ("RASH-04", "RASH-06")},
    keeps={"lenalidomide": ("RASH-05", "RASH-06"), "ixazomib": ("RASH-01", "RASH-06")},
    ends=("RASH-07", "RASH-08"),
    advises={"review the rash that persists": ("B-RASH-ESC",)},
    once=("RASH-04", "RASH-05"),
)
OTHER = Clauses(
    holds=("OTH-01",),
    releases=("OTH-02",),
    lowers={"ixazomib": ("OTH-03",), "lenalidomide": ("OTH-01", "B-LEN-PN")},
    keeps={"ixazomib": ("OTH-04", "OTH-03"), "lenalidomide": ("OTH-01", "B-LEN-PN")},
    ends=("OTH-05",),
    advises={AGREED: ("OTH-02",), CAUSE: ("B-ATTRIB",)},
)
NEW_CYCLE = Clauses(holds=("NC-01",), releases=("NC-01",))
ORGANS = ("HEP-01", "HEP-02", "REN-01", "REN-02")
START = Clauses(
    lowers={"ixazomib": (*ORGANS, "DOSE-01"), "lenalidomide": ("REN-04", "DOSE-02")},
    keeps={"ixazomib": (*ORGANS, "DOSE-01"), "lenalidomide": ("REN-04", "DOSE-02")},
    ends=("ADM-15", "B-BILI-ONLY"),
)
FAMILIES: dict[str, Clauses] = {
    "course_started": START,
    "neutrophils_measured": NEUTROPENIA,
    "platelets_measured": THROMBOCYTOPENIA,
    "neuropathy_graded": NEUROPATHY,
    "rash_graded": RASH,
    "other_toxicity_graded": OTHER,
    "cycle_assessed": NEW_CYCLE,
    "progression_found": Clauses(ends=("DISC-01",)),
    "intolerable_toxicity_declared": Clauses(ends=("DISC-02",)),
    "patient_died": Clauses(ends=("B-EXIT",)),
    "consent_withdrawn": Clauses(ends=("B-EXIT",)),
    "bilirubin_measured": Clauses(lowers={"ixazomib": ("B-MIDCOURSE",), "lenalidomide": ("B-MIDCOURSE",)}),
    "creatinine_clearance_measured": Clauses(lowers={"ixazomib": ("B-MIDCOURSE",), "lenalidomide": ("B-MIDCOURSE",)}),
}
DAYS_OF = {"ixazomib": "DOSE-01", "lenalidomide": "DOSE-02", "dexamethasone": "DOSE-03"}
# Rules that say in general what the clause of a toxicity says in particular.
GENERAL = ("DOSE-04", "DOSE-05", "DOSE-06", "DOSE-07", "DOSE-08", "DOSE-09", "DOSE-10")


@dataclass(frozen=True)
class Asked:
    """One event as a program was asked it: what is right, what was right before, and the rules of both."""

    event: Mapping[str, Any]
    expected: Mapping[str, Any]
    rules: Rules
    schedule: Rules = ()
    before: Mapping[str, Any] = field(default_factory=dict)
    earlier: frozenset[str] = frozenset()

    @property
    def clauses(self) -> Clauses:
        """The clauses about this kind of event."""
        return FAMILIES.get(self.event["type"], Clauses())


def blame(asked: Asked, differences: Sequence[Difference], edition: Edition) -> Rules:
    """The rules that these differences break, the one that is meant first; then clauses, then readings."""
    found: list[str] = []
    differing = {difference.key: difference for difference in differences}
    if "K-FINAL" in asked.rules:
        found.append("K-FINAL")
    if "refused" in differing:
        found += by_weight(asked.rules)
    only_due = not set(differing) - {"due"}
    for difference in implied(differing):
        # What is due follows from the rest, and tells something of its own only when the rest is right.
        found += _meant(asked, difference) if difference.key != "due" or only_due else []
    rest = [*by_weight(asked.schedule), *by_weight(asked.rules)] if only_due else by_weight(asked.rules)
    return tuple(rule for rule in dict.fromkeys([*found, *rest]) if rule in edition.rules)


def by_weight(rules: Iterable[str]) -> list[str]:
    """Particular clauses, then general ones, then readings, then what is bookkeeping."""

    def weight(rule: str) -> int:
        if rule[1] == "-":
            return 2 if rule[0] == "B" else 3
        return int(rule in GENERAL)

    return sorted(rules, key=weight)


def implied(differing: Mapping[str, Difference]) -> list[Difference]:
    """The differences in the order in which they are told; words about the state as what the words say."""
    found = list(differing.values())
    words = differing.get("state")
    if words is None:
        return found
    expected, got = said_by(words.expected), said_by(words.got)
    told = {difference.key for difference in found}
    said = [
        Difference(key, expected[key], got[key])
        for key in expected
        if key in got and expected[key] != got[key] and key not in told
    ]
    order = ("refused", "phase", "ixazomib_held", "lenalidomide_held", "ixazomib_mg", "lenalidomide_mg", "held_for")
    rank = {key: place for place, key in enumerate(order)}
    return sorted([*found, *said], key=lambda difference: rank.get(difference.key, len(order)))


def said_by(words: Any) -> dict[str, Any]:
    """What the words for a state say of its parts; {} for words that are none."""
    if words in ("screening", "discontinued"):
        return {"phase": words}
    if not isinstance(words, str):
        return {}
    head, _, reasons = words.partition("held for ")
    said: dict[str, Any] = {"phase": "on treatment", "held_for": reasons.split(", ") if reasons else []}
    if head == "" and reasons:
        return {**said, "ixazomib_held": True}
    level = head.removeprefix("active at ").split(" mg")[0]
    try:
        dose = float(level)
    except ValueError:
        return {}
    held = head.endswith("lenalidomide ") and bool(reasons)
    return {**said, "ixazomib_held": False, "lenalidomide_held": held, "ixazomib_mg": dose}


def _meant(asked: Asked, difference: Difference) -> list[str]:
    """The clauses that one difference breaks."""
    key, clauses = difference.key, asked.clauses
    if key == "phase":
        if difference.expected == "discontinued":
            return [rule for rule in clauses.ends if rule in asked.rules]
        instead = [clause for resting, clause in clauses.ends_instead.items() if resting in asked.rules]
        return instead or _first(asked, clauses.ends)
    if key in ("ixazomib_held", "lenalidomide_held"):
        return _held(asked, difference)
    if key in ("ixazomib_mg", "lenalidomide_mg"):
        return _dose(asked, difference, key.removesuffix("_mg"))
    if key == "held_for":
        opened = set(difference.expected or ()) - set(asked.before.get("held_for") or ())
        return _first(asked, clauses.holds if opened else (*clauses.releases, *clauses.holds))
    if key == "late_dose":
        return _late(asked)
    if key == "orders":
        return _orders(asked, difference)
    if key == "due":
        return _due(difference)
    return []


def _held(asked: Asked, difference: Difference) -> list[str]:
    drug = difference.key.removesuffix("_held")
    clauses = asked.clauses
    was = bool(asked.before.get(difference.key))
    if difference.expected and was and "B-OVERLAP" in asked.rules:
        # Another toxicity holds it still.
        return ["B-OVERLAP", *_first(asked, clauses.releases)]
    if was:
        return _first(asked, clauses.releases)
    exact = ("B-LEN-PN", "B-BOUND") if drug == "lenalidomide" else ("B-BOUND",)
    return [*_first(asked, clauses.holds), *(rule for rule in exact if rule in asked.rules)]


def _dose(asked: Asked, difference: Difference, drug: str) -> list[str]:
    clauses = asked.clauses
    before, expected, got = asked.before.get(difference.key), difference.expected, difference.got
    if asked.expected.get("phase") == "discontinued" or expected is None or got is None:
        return _first(asked, clauses.ends)
    if before is None or expected < before:
        lowered = _first(asked, clauses.lowers.get(drug, ()))
        if before is not None and isinstance(got, int | float) and got < expected and "B-STACK" in asked.rules:
            return ["B-STACK", *lowered]
        return lowered
    if isinstance(got, int | float) and got > expected:
        return [*_first(asked, clauses.keeps.get(drug, ())), *(["B-ORIGINAL"] if "B-ORIGINAL" in asked.rules else [])]
    kept = [rule for rule in clauses.keeps.get(drug, ()) if rule in asked.rules]
    return _pick(asked, kept) or _first(asked, clauses.lowers.get(drug, ()))


def _late(asked: Asked) -> list[str]:
    for rule in ("B-HELD-NOT-MISSED", "ADM-11", "ADM-12"):
        if rule in asked.rules:
            return [rule]
    return []


def _orders(asked: Asked, difference: Difference) -> list[str]:
    expected = set(map(str, difference.expected or ()))
    got = set(map(str, difference.got)) if isinstance(difference.got, list) else set()
    found: list[str] = []
    for order in [*sorted(expected - got), *sorted(got - expected)]:
        verb, _, rest = order.partition(" ")
        drug = rest.split(" ")[0]
        clauses = asked.clauses
        if order in clauses.advises:
            found += clauses.advises[order]
        elif verb == "hold":
            found += _first(asked, clauses.holds)
        elif verb == "reduce":
            found += _first(asked, clauses.lowers.get(drug, ()))
        elif verb == "resume":
            found += _first(asked, clauses.releases)
        elif verb == "stop":
            found += _first(asked, clauses.ends)
        elif order.startswith("review the long hold"):
            found.append("B-HOLD-MAX")
    return found


def _due(difference: Difference) -> list[str]:
    def doses(items: Any) -> set[tuple[str, str]]:
        pairs = items if isinstance(items, list) else []
        return {(str(item.get("drug")), f"{item.get('mg')}") for item in pairs if isinstance(item, dict)}

    differing = doses(difference.expected) ^ doses(difference.got)
    return [rule for drug, rule in DAYS_OF.items() if any(drug == other for other, _ in differing)]


def _first(asked: Asked, rules: Rules) -> list[str]:
    """Those of these clauses that the event rests on; when it rests on none, the one applied in error."""
    resting = [rule for rule in rules if rule in asked.rules]
    return _pick(asked, resting) or _pick(asked, list(rules))[:1]


def _pick(asked: Asked, resting: list[str]) -> list[str]:
    """The clause about one episode comes first, once; after that the one about the later ones."""
    past = [rule for rule in resting if rule in asked.clauses.once and rule in asked.earlier]
    return [*(rule for rule in resting if rule not in past), *past]
