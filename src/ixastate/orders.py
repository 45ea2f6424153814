"""Orders: the output alphabet of the machine.

An order is imperative: it says what is to be done now, to which drug, at which dose. It carries no reason; the
rules that fired stand beside it in the record. This module knows no rule and no state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any, Literal, get_args

from ixastate.events import DRUGS, Drug

Verb = Literal[
    "start",
    "hold",
    "reduce",
    "resume",
    "stop",
    "repeat_count",
    "consider_g_csf",
    "obtain_agreement",
    "state_attribution",
    "inform_patient",
    "assess_organ_function",
    "confirm_assumption",
    "consult_insert",
    "permit_late_dose",
    "omit_late_dose",
    "give_no_extra_dose",
    "clarify_dose",
    "correct_administration",
    "note_supported_count",
    "review_rash",
    "review_long_hold",
    "review_overdose",
    "review_impairment",
    "review_deviation",
    "review_correction",
    "review_rise",
]

# The five verbs that change what a patient takes, each with what follows it; every other order is advice to the team.
_OBJECTS: dict[str, str] = {
    "start": "{drug} at {dose}",
    "hold": "{drug}",
    "reduce": "{drug} to {dose}",
    "resume": "{drug} at {dose}",
    "stop": "{drug}",
}
DOSING_VERBS: frozenset[str] = frozenset(_OBJECTS)

_SENTENCES: dict[str, str] = {
    **{verb: f"{verb} {what}" for verb, what in _OBJECTS.items()},
    "repeat_count": "repeat the low count",
    "consider_g_csf": "consider G-CSF",
    "obtain_agreement": "obtain the physician's agreement before resuming",
    "state_attribution": "state whether ixazomib clearly caused it",
    "inform_patient": "inform the patient before the first dose",
    "assess_organ_function": "measure bilirubin and creatinine clearance before the first dose",
    "confirm_assumption": "confirm the organ function that was assumed",
    "consult_insert": "consult the package insert of {drug}",
    "permit_late_dose": "the missed dose of {drug} may be taken now",
    "omit_late_dose": "leave out the missed dose of {drug}",
    "give_no_extra_dose": "give no extra dose of {drug}",
    "clarify_dose": "clarify what became of the dose of {drug}",
    "correct_administration": "correct how {drug} is taken",
    "note_supported_count": "note that the count was raised by support",
    "review_rash": "review the rash that persists",
    "review_long_hold": "review the long hold of {drug}",
    "review_overdose": "review the overdose of {drug} before the next dose",
    "review_impairment": "review the organ impairment found on treatment",
    "review_deviation": "review the dose of {drug} that was not as prescribed",
    "review_correction": "review what was decided before this was known",
    "review_rise": "review {drug} at {dose} before it is given, since what is known now raises the dose",
}


# No dose is larger; the limit keeps a damaged record from overflowing a float.
LARGEST_DOSE_MG = 1_000_000


def is_dose(value: Any) -> bool:
    """Whether a JSON value can be a dose in mg."""
    if isinstance(value, bool | str):
        return False
    try:
        return 0 <= float(value) < LARGEST_DOSE_MG
    except (TypeError, OverflowError):
        return False


@dataclass(frozen=True, order=True)
class Order:
    """One thing to do: a verb, the drug it concerns (or ''), and the dose in mg (or 0)."""

    verb: Verb
    drug: Drug | Literal[""] = ""
    dose_mg: float = 0.0

    def __repr__(self) -> str:
        return f"<Order {self}>"

    def __str__(self) -> str:
        return self._filled(_SENTENCES[self.verb])

    def _filled(self, words: str) -> str:
        return words.format(drug=self.drug, dose=f"{self.dose_mg:g} mg")

    def as_json(self) -> dict[str, str | float]:
        """The order as a JSON object; parts that do not apply are left out."""
        parts: dict[str, str | float] = {"verb": self.verb}
        if self.drug:
            parts["drug"] = self.drug
        if self.dose_mg:
            parts["dose_mg"] = self.dose_mg
        return parts

    @classmethod
    def from_json(cls, value: Any) -> Order:
        """An order from its JSON object; `ValueError` when it is not one."""
        if isinstance(value, cls):
            return value
        if (
            not isinstance(value, dict)
            or value.get("verb") not in list(_SENTENCES)
            or set(value) - {"verb", "drug", "dose_mg"}
        ):
            raise ValueError("an order has a known verb and may have a drug and dose_mg")
        if value.get("drug", "") not in ("", *DRUGS):
            raise ValueError(f"{value['drug']!r} is no drug of the course")
        if not is_dose(value.get("dose_mg", 0)):
            raise ValueError("dose_mg is a number of mg")
        return cls(value["verb"], value.get("drug", ""), float(value.get("dose_mg", 0)))


def every_order(doses_mg: Mapping[Drug, Iterable[float]]) -> Iterator[Order]:
    """Every order that can be given where the drugs have these doses in mg."""
    verbs: tuple[Verb, ...] = get_args(Verb)
    for verb in verbs:
        drugs: tuple[Drug | Literal[""], ...] = DRUGS if "{drug}" in _SENTENCES[verb] else ("",)
        for drug in drugs:
            doses = doses_mg[drug] if drug and "{dose}" in _SENTENCES[verb] else (0.0,)
            yield from (Order(verb, drug, dose) for dose in doses)


def in_order(orders: Iterable[Order]) -> tuple[Order, ...]:
    """These orders, each once, in one fixed order: what changes the doses first, then advice; drug by drug."""
    return tuple(sorted(set(orders), key=lambda order: (_VERB_PLACES[order.verb], _DRUG_PLACES[order.drug])))


_VERB_PLACES = {verb: place for place, verb in enumerate(_SENTENCES)}
_DRUG_PLACES = {drug: place for place, drug in enumerate(["", *DRUGS])}


def net_effect(steps: Iterable[Iterable[Order]]) -> tuple[Order, ...]:
    """What is to be done in the end, where each of these steps gave its orders, one after the other.

    A stop is all that is left. A drug that one step releases and a later one holds again, or the other way round,
    stands where it stood, so that neither is ordered. Of its reductions the last one is ordered. Advice is given once.
    """
    return _net_effect(tuple([tuple(step) for step in steps]))


@lru_cache(maxsize=10_000)
def _net_effect(steps: tuple[tuple[Order, ...], ...]) -> tuple[Order, ...]:
    given = [order for step in steps for order in step]
    stops = [order for order in given if order.verb == "stop"]
    if stops:
        return in_order(stops)
    kept = [order for order in given if order.verb not in ("hold", "resume", "reduce")]
    for drug in DRUGS:
        turns = [order for order in given if order.drug == drug and order.verb in ("hold", "resume")]
        # A drug is held only when it is given, and given again only when it is held: they come in turns.
        kept += turns[-1:] if len(turns) % 2 else []
        kept += [order for order in given if order.drug == drug and order.verb == "reduce"][-1:]
    return in_order(kept)


def brief(orders: Iterable[Order]) -> str:
    """Orders in one line, each verb written once: 'hold ixazomib, lenalidomide; consider G-CSF'."""
    parts: list[str] = []
    for verb, group in groupby(orders, key=lambda order: order.verb):
        alike = list(group)
        if verb == "stop" and len(alike) == len(DRUGS):
            parts.append("stop all drugs")
        elif verb in DOSING_VERBS:
            parts.append(f"{verb} {', '.join(order._filled(_OBJECTS[verb]) for order in alike)}")
        else:
            parts += map(str, alike)
    return "; ".join(parts)
