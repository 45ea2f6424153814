"""The parameter file of the `pkpd` model, read and checked: units, ranges, and what must fit together.

This module knows no machine and no random number, and does not compute with what it reads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

from ixastate.cohort.model import read_toml
from ixastate.errors import InputError
from ixastate.files import toml_of

MODEL = "pkpd"
# What the model was called in version 0.1: its files and runs are still read.
FORMER_NAME = "published"
# The steps of the integration in hours: the day of a dose takes two of the first and one of the second, others one of
# the third.
STEP_HOURS = (6.0, 12.0, 24.0)
GRADES = 4
DAYS_A_WEEK = 7
WEEKS_A_MONTH = 365.25 / 12 / DAYS_A_WEEK
LARGE = 1e6


class Spec(NamedTuple):
    """What an entry of the file must be: its unit, how many numbers (0: a single one), and their range."""

    unit: str
    length: int = 0
    least: float = 0.0
    most: float = LARGE


_SHARE = Spec("1", most=1.0)
_POSITIVE = 1e-9
_LOGIT = Spec("{logit}", 3, -100.0, 100.0)
_VARIANCES = Spec("{logit}2", GRADES, 0.0, 100.0)
_LOG_RATE = Spec("{log /h}", least=-50.0, most=3.0)
# A step of the integration must be of the order of the chain's own time.
_STEP_RATE = Spec("{log /h}", least=-50.0, most=-1.0)
# A median or mean with its standard deviation (on the logarithm or not), and the least and greatest value.
SPREAD = 4

SPECS: dict[str, Spec] = {
    "pharmacokinetics.absorption_rate": Spec("/h", least=_POSITIVE),
    "pharmacokinetics.lag": Spec("min", most=60 * STEP_HOURS[0] - 1),
    "pharmacokinetics.bioavailability": Spec("1", least=_POSITIVE, most=1.0),
    "pharmacokinetics.clearance": Spec("L/h", least=_POSITIVE),
    "pharmacokinetics.central_volume": Spec("L", least=_POSITIVE),
    "pharmacokinetics.flow_3": Spec("L/h", least=_POSITIVE),
    "pharmacokinetics.volume_3": Spec("L", least=_POSITIVE),
    "pharmacokinetics.flow_4": Spec("L/h", least=_POSITIVE),
    "pharmacokinetics.volume_4": Spec("L", least=_POSITIVE),
    "pharmacokinetics.body_surface_reference": Spec("m2", least=_POSITIVE),
    "pharmacokinetics.body_surface_exponent": Spec("1", most=10.0),
    "pharmacokinetics.clearance_variance": Spec("1", least=_POSITIVE, most=10.0),
    "pharmacokinetics.bioavailability_variance": Spec("1", most=10.0),
    "pharmacokinetics.covariance": Spec("1", least=-10.0, most=10.0),
    "pharmacokinetics.volume_4_variance": Spec("1", most=10.0),
    **{f"rash.from_{grade}": _LOGIT for grade in range(GRADES)},
    "rash.variances": _VARIANCES,
    "rash.exposure": Spec("mL/(ng.h)"),
    "rash.asian": Spec("{logit}", least=-100.0),
    "rash.early": Spec("{logit}", least=-100.0),
    "rash.early_rate": _LOG_RATE,
    "rash.slow": Spec("{log logit}", least=-100.0, most=5.0),
    "rash.slow_rate": _LOG_RATE,
    **{f"diarrhoea.from_{grade}": _LOGIT for grade in range(GRADES)},
    "diarrhoea.variances": _VARIANCES,
    "diarrhoea.exposure": Spec("mL/(ng.h)"),
    "diarrhoea.first_week": Spec("{logit}", least=0.0),
    "diarrhoea.no_prior_imid": Spec("{logit}", least=-100.0),
    "diarrhoea.slow": Spec("{log logit}", least=-100.0, most=5.0),
    "diarrhoea.slow_rate": _LOG_RATE,
    "diarrhoea.clearly_caused": _SHARE,
    "diarrhoea.agreement": _SHARE,
    "lenalidomide.clearance_at": Spec("mL/min", 3, least=_POSITIVE, most=1000.0),
    "lenalidomide.relative_clearance": Spec("1", 3, least=0.01, most=1.0),
    "lenalidomide.dialysis": Spec("1", least=0.01, most=1.0),
    "neuropathy.worsening": Spec("/wk", 3, most=1.0),
    "neuropathy.background": _SHARE,
    "neuropathy.improvement": Spec("/wk", 3, most=1.0),
    "neuropathy.improvement_off": Spec("1", least=1.0, most=100.0),
    "neuropathy.frailty_variance": Spec("1", most=10.0),
    "neuropathy.pain": Spec("1", 3, most=1.0),
    "neuropathy.agreement": _SHARE,
    "platelets.maturation": _STEP_RATE,
    "platelets.production": _STEP_RATE,
    "platelets.baseline": Spec("10*9/L"),
    "platelets.baseline_weight": Spec("1", most=10.0),
    "platelets.baseline_centre": Spec("10*9/L"),
    "platelets.lowest_baseline": Spec("10*9/L", least=1.0),
    "platelets.ixazomib": Spec("mL/(ng.h)"),
    "platelets.cumulative": Spec("/h"),
    "platelets.cumulative_half_life": Spec("wk"),
    "platelets.lenalidomide_rate": Spec("/h", least=_POSITIVE),
    "platelets.lenalidomide": Spec("/mg"),
    "platelets.proportional_error": Spec("1", most=10.0),
    "platelets.additive_error": Spec("10*9/L"),
    "platelets.additive_from": Spec("10*9/L"),
    "platelets.within_patient": _SHARE,
    "platelets.persistence": _SHARE,
    "neutrophils.median": Spec("/mm3", least=1.0),
    "neutrophils.log_sd": Spec("1", least=_POSITIVE, most=10.0),
    "neutrophils.lowest": Spec("/mm3", least=1.0),
    "neutrophils.highest": Spec("/mm3", least=1.0),
    "neutrophils.lenalidomide": Spec("1", most=20.0),
    "neutrophils.ixazomib": Spec("1", most=20.0),
    "neutrophils.sensitivity_log_sd": Spec("1", most=10.0),
    "neutrophils.keeps": _SHARE,
    "neutrophils.error": Spec("1", most=10.0),
    "neutrophils.within_patient": _SHARE,
    "neutrophils.persistence": _SHARE,
    "patients.age": Spec("a", SPREAD),
    "patients.female": _SHARE,
    "patients.asian": _SHARE,
    "patients.prior_imid": _SHARE,
    "patients.body_surface": Spec("m2", SPREAD, least=_POSITIVE),
    "patients.platelets": Spec("10*9/L", SPREAD, least=_POSITIVE),
    "patients.creatinine_clearance": Spec("mL/min", SPREAD, least=_POSITIVE, most=1000.0),
    "patients.bilirubin": Spec("{ULN}", SPREAD, least=_POSITIVE, most=100.0),
    "patients.dialysis": _SHARE,
    "visits.first_cycles": Spec("{cycles}"),
    "visits.first_days": Spec("d", -1, least=1.0),
    "visits.later_days": Spec("d", -1, least=1.0),
    "visits.weekly_while_held": _SHARE,
    "visits.resolved_to": Spec("{CTCAE grade}", most=3.0),
    "ends.progression_free": Spec("mo"),
    "ends.death": Spec("/wk", most=0.25),
    "ends.withdrawal": Spec("/wk", most=0.25),
    "ends.intolerable": Spec("/wk", most=0.25),
    "adherence.missed": _SHARE,
    "adherence.late": _SHARE,
    "adherence.longest_delay": Spec("d", least=1.0, most=6.0),
    "adherence.vomited": _SHARE,
}
WHOLE = {
    "visits.first_cycles",
    "visits.first_days",
    "visits.later_days",
    "visits.weekly_while_held",
    "visits.resolved_to",
    "adherence.longest_delay",
}

# The rates of ends that no rule makes; at 0 there is none.
RATES = ("ends.progression_free", "ends.death", "ends.withdrawal", "ends.intolerable")
# Entries of earlier versions, and what takes their place.
FORMER = {"ends.progression": "write ends.progression_free, the median time to progression or death"}

Value = float | tuple[float, ...]
Given = dict[str, Value]


def assumed(text: str) -> list[str]:
    """The parameters of a file whose source says that nothing was published: its first word is assumption."""
    return [
        f"{section}.{name}"
        for section, entries in toml_of(text).items()
        if isinstance(entries, dict)
        for name, entry in entries.items()
        if str(entry["source"]).startswith("assumption")
    ]


# --- Reading the file -----------------------------------------------------------------------------------------


def given(text: str, where: str) -> Given:
    """The values of a parameter file by name, such as `rash.asian`; `InputError` names the entry that is wrong."""
    data = read_toml(text, where)
    name = data.pop("model", None)
    if name not in (MODEL, FORMER_NAME):
        raise InputError(
            f"it is not of this model: model is {name!r}", where=where, remedy=f'begin it with model = "{MODEL}"'
        )
    found: dict[str, Any] = {}
    for section, entries in data.items():
        if not isinstance(entries, dict):
            raise InputError("not a section", where=f"{where}: {section}", remedy="see the file of the package")
        found |= {f"{section}.{name}": entry for name, entry in entries.items()}
    for name in found:
        if name in FORMER:
            raise InputError("it is an entry of an earlier version", where=f"{where}: {name}", remedy=FORMER[name])
        if name not in SPECS:
            raise InputError("no such parameter", where=f"{where}: {name}", remedy="see the file of the package")
    for name in SPECS:
        if name not in found:
            raise InputError("the parameter is missing", where=f"{where}: {name}", remedy="see the file of the package")
    values = {name: _value(found[name], spec, name, where) for name, spec in SPECS.items()}
    _fits_together(values, where)
    return values


def _value(entry: Any, spec: Spec, name: str, where: str) -> Value:
    place = f"{where}: {name}"
    shape = f'{{ value = …, unit = "{spec.unit}", source = "…" }}'
    if not isinstance(entry, dict) or set(entry) != {"value", "unit", "source"}:
        raise InputError("needs exactly value, unit and source", where=place, remedy=f"write {shape}")
    if entry["unit"] != spec.unit:
        raise InputError(f"the unit is {spec.unit!r}, not {entry['unit']!r}", where=place, remedy=f"write {shape}")
    if not isinstance(entry["source"], str) or not entry["source"].strip():
        raise InputError("has no source", where=place, remedy='say where it is from, or "assumption: …"')
    value = entry["value"]
    many = isinstance(value, list)
    if many != bool(spec.length) or (many and not value) or (spec.length > 0 and len(value) != spec.length):
        wanted = "one number" if not spec.length else f"{spec.length} numbers" if spec.length > 0 else "some numbers"
        raise InputError(f"the value must be {wanted}", where=place, remedy=f"write {shape}")
    for number in value if many else [value]:
        if isinstance(number, bool) or not isinstance(number, int | float) or not spec.least <= number <= spec.most:
            raise InputError(f"{number!r} is out of range", where=place, remedy=f"from {spec.least:g} to {spec.most:g}")
        if name in WHOLE and number != int(number):
            raise InputError(f"{number!r} is not a whole number", where=place, remedy="write a whole number")
    return tuple(float(number) for number in value) if many else float(value)


def _fits_together(values: Given, where: str) -> None:
    """What one entry cannot say alone."""
    one = Values(values)
    for name in ("patients.age", *(f"patients.{name}" for name in _LOG_NORMAL), "patients.body_surface"):
        middle, deviation, least, most = one.list(name)
        if not (least < most and least <= middle <= most and deviation > 0):
            raise InputError(
                "the four numbers do not fit together",
                where=f"{where}: {name}",
                remedy="median or mean, standard deviation above 0, least, greatest, with the first between them",
            )
    if not one["neutrophils.lowest"] <= one["neutrophils.median"] <= one["neutrophils.highest"] or (
        one["neutrophils.lowest"] == one["neutrophils.highest"]
    ):
        raise InputError(
            "the median is not between lowest and highest",
            where=f"{where}: neutrophils.median",
            remedy="lowest, median and highest in rising order",
        )
    explained = one["pharmacokinetics.covariance"] ** 2 / one["pharmacokinetics.clearance_variance"]
    if explained > one["pharmacokinetics.bioavailability_variance"]:
        raise InputError(
            "a covariance that large fits no two variances",
            where=f"{where}: pharmacokinetics.covariance",
            remedy="its square is at most the product of the variances",
        )
    if one["adherence.missed"] + one["adherence.late"] > 1:
        raise InputError(
            "more doses are missed or late than there are",
            where=f"{where}: adherence.late",
            remedy="missed and late sum to 1 at most",
        )
    _progression_fits(one, "ends.progression_free", where)
    at, relative = one.list("lenalidomide.clearance_at"), one.list("lenalidomide.relative_clearance")
    if not at[0] < at[1] < at[2] or not relative[0] <= relative[1] <= relative[2] == 1:
        raise InputError(
            "the clearances do not rise to 1",
            where=f"{where}: lenalidomide.relative_clearance",
            remedy="both lists in rising order, and the last relative clearance 1",
        )


def _progression_fits(one: Values, name: str, where: str) -> None:
    """Progression and death share the published hazard; there must be room for both."""
    months = one[name]
    if 0 < months < 1:
        raise InputError("a median below one month", where=f"{where}: {name}", remedy="1 month or more, or 0 for none")
    if months and weekly_probability(months) < one["ends.death"]:
        raise InputError(
            "more patients die than die or progress",
            where=f"{where}: {name}",
            remedy="a shorter median, or a lower ends.death",
        )


def weekly_probability(median_months: float) -> float:
    """The probability of one week under a constant rate with this median; 0 for none."""
    return 1 - math.exp(-math.log(2) / (median_months * WEEKS_A_MONTH)) if median_months else 0.0


_LOG_NORMAL = ("platelets", "creatinine_clearance", "bilirubin")


@dataclass(frozen=True)
class Values:
    """The values of a file, told apart by whether an entry is one number or several."""

    values: Given

    def __getitem__(self, name: str) -> float:
        """The number of an entry that has one."""
        value = self.values[name]
        assert isinstance(value, float)
        return value

    def list(self, name: str) -> tuple[float, ...]:
        """The numbers of an entry that has several."""
        value = self.values[name]
        assert isinstance(value, tuple)
        return value
