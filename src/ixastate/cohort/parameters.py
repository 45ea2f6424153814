"""The file of the `published` model, checked, and the numbers that are worked out of it once.

The kernel and its oracle both start from these numbers, so that they differ in nothing but how they compute. This
module knows no machine and no chance.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, NamedTuple

from ixastate.errors import InputError

HOURS_A_DAY = 24
DAYS_A_WEEK = 7
HOURS_A_WEEK = HOURS_A_DAY * DAYS_A_WEEK
WEEKS_A_MONTH = 365.25 / 12 / DAYS_A_WEEK
# The steps of the integration in hours: the day of a dose takes two of the first and one of the second, others one of
# the third.
STEP_HOURS = (6.0, 12.0, 24.0)
GRADES = 4
LARGE = 1e6


class Spec(NamedTuple):
    """What an entry of the file must be: its unit, how many numbers (0: a single one), and their range."""

    unit: str
    count: int = 0
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
_SPREAD = 4

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
    "platelets.lenalidomide_rate": Spec("/h", least=_POSITIVE),
    "platelets.lenalidomide": Spec("/mg"),
    "platelets.proportional_error": Spec("1", most=10.0),
    "platelets.additive_error": Spec("10*9/L"),
    "neutrophils.median": Spec("/mm3", least=1.0),
    "neutrophils.log_sd": Spec("1", least=_POSITIVE, most=10.0),
    "neutrophils.lowest": Spec("/mm3", least=1.0),
    "neutrophils.highest": Spec("/mm3", least=1.0),
    "neutrophils.lenalidomide": Spec("1", most=20.0),
    "neutrophils.ixazomib": Spec("1", most=20.0),
    "neutrophils.sensitivity_log_sd": Spec("1", most=10.0),
    "neutrophils.keeps": _SHARE,
    "neutrophils.error": Spec("1", most=10.0),
    "patients.age": Spec("a", _SPREAD),
    "patients.female": _SHARE,
    "patients.asian": _SHARE,
    "patients.prior_imid": _SHARE,
    "patients.body_surface": Spec("m2", _SPREAD, least=_POSITIVE),
    "patients.platelets": Spec("10*9/L", _SPREAD, least=_POSITIVE),
    "patients.creatinine_clearance": Spec("mL/min", _SPREAD, least=_POSITIVE, most=1000.0),
    "patients.bilirubin": Spec("{ULN}", _SPREAD, least=_POSITIVE, most=100.0),
    "patients.dialysis": _SHARE,
    "visits.first_cycles": Spec("{cycles}"),
    "visits.first_days": Spec("d", -1, least=1.0),
    "visits.later_days": Spec("d", -1, least=1.0),
    "visits.weekly_while_held": _SHARE,
    "visits.resolved_to": Spec("{CTCAE grade}", most=3.0),
    "ends.progression": Spec("mo"),
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

Value = float | tuple[float, ...]
Given = dict[str, Value]


# --- Reading the file -----------------------------------------------------------------------------------------


def given(text: str, where: str) -> Given:
    """The values of a parameter file by name, such as `rash.asian`; `InputError` names the entry that is wrong."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"not TOML: {error}", where=where, remedy="correct the line that it names") from None
    if data.pop("model", None) != "published":
        raise InputError("it is not of this model", where=where, remedy='begin it with model = "published"')
    found: dict[str, Any] = {}
    for section, entries in data.items():
        if not isinstance(entries, dict):
            raise InputError("not a section", where=f"{where}: {section}", remedy="see the file of the package")
        found |= {f"{section}.{name}": entry for name, entry in entries.items()}
    for name in found:
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
    if many != bool(spec.count) or (many and not value) or (spec.count > 0 and len(value) != spec.count):
        wanted = "one number" if not spec.count else f"{spec.count} numbers" if spec.count > 0 else "some numbers"
        raise InputError(f"the value must be {wanted}", where=place, remedy=f"write {shape}")
    for number in value if many else [value]:
        if isinstance(number, bool) or not isinstance(number, int | float) or not spec.least <= number <= spec.most:
            raise InputError(f"{number!r} is out of range", where=place, remedy=f"from {spec.least:g} to {spec.most:g}")
        if name in WHOLE and number != int(number):
            raise InputError(f"{number!r} is not a whole number", where=place, remedy="write a whole number")
    return tuple(float(number) for number in value) if many else float(value)


def _fits_together(values: Given, where: str) -> None:
    """What one entry cannot say alone."""
    one = _Values(values)
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
    ends = one["ends.progression"]
    if 0 < ends < 1:
        raise InputError(
            "a median below one month", where=f"{where}: ends.progression", remedy="1 month or more, or 0 for none"
        )


_LOG_NORMAL = ("platelets", "creatinine_clearance", "bilirubin")


@dataclass(frozen=True)
class _Values:
    values: Given

    def __getitem__(self, name: str) -> float:
        value = self.values[name]
        assert isinstance(value, float)
        return value

    def list(self, name: str) -> tuple[float, ...]:
        value = self.values[name]
        assert isinstance(value, tuple)
        return value


# --- The numbers worked out of it -----------------------------------------------------------------------------


class Spread(NamedTuple):
    """A truncated normal distribution: its middle and deviation, and the share of the whole one below and within."""

    middle: float
    deviation: float
    below: float
    within: float


class Numbers(NamedTuple):
    """What the model computes with; times in hours, amounts in mg, concentrations in ng/mL, unless said otherwise."""

    # Ixazomib: rates /h, volumes L, the three standard deviations and the share of F's that goes with clearance's.
    absorption: float
    lag: float
    bioavailability: float
    clearance: float
    central: float
    flow_3: float
    volume_3: float
    flow_4: float
    volume_4: float
    surface_reference: float
    surface_exponent: float
    clearance_sd: float
    bioavailability_with_clearance: float
    bioavailability_sd: float
    volume_4_sd: float
    # The Markov chains: logits of reaching grade 1, 2, 3 or more, by current grade.
    rash_cuts: tuple[tuple[float, ...], ...]
    rash_sd: tuple[float, ...]
    rash_exposure: float
    rash_asian: float
    diarrhoea_cuts: tuple[tuple[float, ...], ...]
    diarrhoea_sd: tuple[float, ...]
    diarrhoea_exposure: float
    diarrhoea_naive: float
    clearly_caused: float
    diarrhoea_agreement: float
    # Neuropathy: weekly rates, the frailty's location and deviation on the logarithm, the reference AUC in ng·h/mL.
    worsening: tuple[float, ...]
    background: float
    improvement: tuple[float, ...]
    improvement_more: float
    frailty_middle: float
    frailty_sd: float
    pain: tuple[float, ...]
    neuropathy_agreement: float
    reference_auc: float
    # Platelets, in 10^9/L; by step size: hours, lenalidomide's decay and mean, and the chain's response.
    maturation: float
    production: float
    baseline: float
    baseline_weight: float
    baseline_centre: float
    baseline_sd: float
    baseline_lowest: float
    ixazomib_loss: float
    cumulative: float
    lenalidomide_loss: float
    proportional_error: float
    additive_error: float
    step_hours: tuple[float, ...]
    lenalidomide_decay: tuple[float, ...]
    lenalidomide_mean: tuple[float, ...]
    chain: tuple[tuple[tuple[float, ...], ...], ...]
    # Neutrophils, on the logarithm of the count per mm3; the effect of one mg of lenalidomide and of one ng·h/mL.
    neutrophils: Spread
    neutrophils_lenalidomide: float
    neutrophils_ixazomib: float
    sensitivity_sd: float
    neutrophils_keeps: float
    neutrophils_error: float
    # The patients: the first two are normal, the others log-normal.
    age: Spread
    surface: Spread
    platelets: Spread
    creatinine_clearance: Spread
    bilirubin: Spread
    female: float
    asian: float
    prior_imid: float
    dialysis: float
    # The ends as a rising scale of one random number, and the doses.
    progression: float
    or_death: float
    or_withdrawal: float
    or_intolerable: float
    missed: float
    missed_or_late: float
    longest_delay: float
    vomited: float
    resolved_to: float


def worked_out(values: Given) -> Numbers:
    """The numbers of a file's values."""
    one = _Values(values)
    pk = {name.split(".")[1]: one[name] for name in values if name.startswith("pharmacokinetics.")}
    clearance_sd = math.sqrt(pk["clearance_variance"])
    with_clearance = pk["covariance"] / clearance_sd
    maturation, production = math.exp(one["platelets.maturation"]), math.exp(one["platelets.production"])
    rate = one["platelets.lenalidomide_rate"]
    error = one["platelets.proportional_error"] * one["platelets.baseline"]
    ends = [_weekly(one["ends.progression"])]
    for name in ("death", "withdrawal", "intolerable"):
        ends.append(ends[-1] + one[f"ends.{name}"])
    auc = 1000 * REFERENCE_DOSE_MG * pk["bioavailability"] / pk["clearance"]
    frailty = one["neuropathy.frailty_variance"]
    return Numbers(
        absorption=pk["absorption_rate"],
        lag=pk["lag"] / 60,
        bioavailability=pk["bioavailability"],
        clearance=pk["clearance"],
        central=pk["central_volume"],
        flow_3=pk["flow_3"],
        volume_3=pk["volume_3"],
        flow_4=pk["flow_4"],
        volume_4=pk["volume_4"],
        surface_reference=pk["body_surface_reference"],
        surface_exponent=pk["body_surface_exponent"],
        clearance_sd=clearance_sd,
        bioavailability_with_clearance=with_clearance,
        bioavailability_sd=math.sqrt(max(0.0, pk["bioavailability_variance"] - with_clearance**2)),
        volume_4_sd=math.sqrt(pk["volume_4_variance"]),
        rash_cuts=tuple(cuts(one.list(f"rash.from_{grade}")) for grade in range(GRADES)),
        rash_sd=tuple(math.sqrt(variance) for variance in one.list("rash.variances")),
        rash_exposure=one["rash.exposure"],
        rash_asian=one["rash.asian"],
        diarrhoea_cuts=tuple(cuts(one.list(f"diarrhoea.from_{grade}")) for grade in range(GRADES)),
        diarrhoea_sd=tuple(math.sqrt(variance) for variance in one.list("diarrhoea.variances")),
        diarrhoea_exposure=one["diarrhoea.exposure"],
        diarrhoea_naive=one["diarrhoea.no_prior_imid"],
        clearly_caused=one["diarrhoea.clearly_caused"],
        diarrhoea_agreement=one["diarrhoea.agreement"],
        worsening=(*one.list("neuropathy.worsening"), 0.0),
        background=one["neuropathy.background"],
        improvement=(0.0, *one.list("neuropathy.improvement")),
        improvement_more=one["neuropathy.improvement_off"] - 1,
        frailty_middle=-frailty / 2,
        frailty_sd=math.sqrt(frailty),
        pain=(0.0, *one.list("neuropathy.pain")),
        neuropathy_agreement=one["neuropathy.agreement"],
        reference_auc=auc,
        maturation=maturation,
        production=production,
        baseline=one["platelets.baseline"],
        baseline_weight=one["platelets.baseline_weight"],
        baseline_centre=one["platelets.baseline_centre"],
        baseline_sd=math.sqrt(error**2 + one["platelets.additive_error"] ** 2),
        baseline_lowest=one["platelets.lowest_baseline"],
        ixazomib_loss=one["platelets.ixazomib"],
        cumulative=one["platelets.cumulative"],
        lenalidomide_loss=one["platelets.lenalidomide"] * rate,
        proportional_error=one["platelets.proportional_error"],
        additive_error=one["platelets.additive_error"],
        step_hours=STEP_HOURS,
        lenalidomide_decay=tuple(math.exp(-rate * hours) for hours in STEP_HOURS),
        lenalidomide_mean=tuple((1 - math.exp(-rate * hours)) / (rate * hours) for hours in STEP_HOURS),
        chain=tuple(chain_response(hours, maturation, production) for hours in STEP_HOURS),
        neutrophils=_log_spread(
            [one[f"neutrophils.{name}"] for name in ("median", "log_sd", "lowest", "highest")],
        ),
        neutrophils_lenalidomide=one["neutrophils.lenalidomide"] / (REFERENCE_LENALIDOMIDE_MG * DAYS_A_WEEK),
        neutrophils_ixazomib=one["neutrophils.ixazomib"] / auc,
        sensitivity_sd=one["neutrophils.sensitivity_log_sd"],
        neutrophils_keeps=one["neutrophils.keeps"],
        neutrophils_error=one["neutrophils.error"],
        age=_spread(one.list("patients.age")),
        surface=_spread(one.list("patients.body_surface")),
        platelets=_log_spread(one.list("patients.platelets")),
        creatinine_clearance=_log_spread(one.list("patients.creatinine_clearance")),
        bilirubin=_log_spread(one.list("patients.bilirubin")),
        female=one["patients.female"],
        asian=one["patients.asian"],
        prior_imid=one["patients.prior_imid"],
        dialysis=one["patients.dialysis"],
        progression=ends[0],
        or_death=ends[1],
        or_withdrawal=ends[2],
        or_intolerable=ends[3],
        missed=one["adherence.missed"],
        missed_or_late=one["adherence.missed"] + one["adherence.late"],
        longest_delay=one["adherence.longest_delay"],
        vomited=one["adherence.vomited"],
        resolved_to=one["visits.resolved_to"],
    )


# The doses at which the neuropathy and neutrophil models are stated; they scale an effect and are nobody's dose.
REFERENCE_DOSE_MG = 4
REFERENCE_LENALIDOMIDE_MG = 25


class Visits(NamedTuple):
    """When blood is drawn: days of the cycle in the first cycles and later, and whether weekly while a count holds."""

    first_cycles: int
    first_days: tuple[int, ...]
    later_days: tuple[int, ...]
    weekly_while_held: bool


def visits(values: Given, cycle: int, where: str) -> Visits:
    """The visits; `InputError` for a day on which no week of the cycle begins."""
    one = _Values(values)
    days: list[tuple[int, ...]] = []
    for name in ("visits.first_days", "visits.later_days"):
        days.append(tuple(int(day) for day in one.list(name)))
        for day in days[-1]:
            if not 1 <= day <= cycle or day % DAYS_A_WEEK != 1:
                weeks = ", ".join(str(week) for week in range(1, cycle + 1, DAYS_A_WEEK))
                raise InputError(
                    f"day {day} begins no week of a cycle", where=f"{where}: {name}", remedy=f"days among {weeks}"
                )
    return Visits(int(one["visits.first_cycles"]), days[0], days[1], one["visits.weekly_while_held"] > 0)


def by_week(values: Given, weeks: int) -> list[tuple[float, float, float, float]]:
    """What changes with the weeks since the start (0 to `weeks`), in logits.

    Rash: the early term, and the slow one on recovery from grade 1; diarrhoea: the first week's term, and its slow one.
    """
    one = _Values(values)
    early_rate = math.exp(one["rash.early_rate"]) * HOURS_A_WEEK
    slow = [(math.exp(one[f"{name}.slow"]), math.exp(one[f"{name}.slow_rate"])) for name in ("rash", "diarrhoea")]
    return [
        (
            one["rash.early"] * math.exp(-early_rate * week),
            slow[0][0] * (1 - math.exp(-slow[0][1] * HOURS_A_WEEK * week)),
            one["diarrhoea.first_week"] if week == 1 else 0.0,
            slow[1][0] * (1 - math.exp(-slow[1][1] * HOURS_A_WEEK * week)),
        )
        for week in range(weeks + 1)
    ]


def cuts(written: Sequence[float]) -> tuple[float, float, float]:
    """The logits of grade 1, 2 and 3 or more from a logit and the logarithms of two steps down."""
    first, second, third = written
    return first, first - math.exp(second), first - math.exp(second) - math.exp(third)


def _weekly(median_months: float) -> float:
    """The probability of one week under a constant rate with this median; 0 for none."""
    return 1 - math.exp(-math.log(2) / (median_months * WEEKS_A_MONTH)) if median_months else 0.0


def _spread(four: Sequence[float]) -> Spread:
    middle, deviation, least, most = four
    below = NormalDist().cdf((least - middle) / deviation)
    return Spread(middle, deviation, below, NormalDist().cdf((most - middle) / deviation) - below)


def _log_spread(four: Sequence[float]) -> Spread:
    median, deviation, least, most = four
    return _spread((math.log(median), deviation, math.log(least), math.log(most)))


def chain_response(hours: float, maturation: float, production: float) -> tuple[tuple[float, ...], ...]:
    """How the three last compartments of the platelet chain stand after a step, exactly, for a cubic input.

    Rows are transit 1, transit 2 and circulation; columns are these three and the proliferating pool at the start of
    the step, its slope there times the hours, the pool at the end, and its slope there times the hours. Between the
    ends the pool is the cubic with these values and slopes.
    """
    # The chain and the powers 1, s, s², s³ of the time s of the step, from 0 to 1, as one linear system.
    a, b = maturation * hours, production * hours
    system = [[0.0] * 7 for _ in range(7)]
    for row in range(2):
        system[row][row] = -a
    system[1][0], system[2][1], system[2][2] = a, a, -b
    for power in range(1, 4):
        system[3 + power][3 + power - 1] = float(power)
    columns: list[list[float]] = []
    for place in range(3):
        columns.append(_after(system, [float(row == place) for row in range(7)]))
    hermite = ((1, 0, -3, 2), (0, 1, -2, 1), (0, 0, 3, -2), (0, 0, -1, 1))
    for coefficients in hermite:
        for power in range(4):
            system[0][3 + power] = a * coefficients[power]
        columns.append(_after(system, [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]))
    return tuple(tuple(column[row] for column in columns) for row in range(3))


def _after(system: list[list[float]], state: list[float]) -> list[float]:
    """exp(system) · state, by its series; the rates of a step are of order 1, so that 60 terms are more than enough."""
    total, term = list(state), list(state)
    for order in range(1, 60):
        term = [sum(row[place] * term[place] for place in range(len(term))) / order for row in system]
        total = [sum_ + new for sum_, new in zip(total, term, strict=True)]
    return total
