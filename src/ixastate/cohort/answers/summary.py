"""Summary statistics of a cohort: dose intensity, holds, reductions, stops, time on treatment, occupancy, rules.

Each function takes a finished run and gives a small polars frame. The log streams through, so a million patients take
seconds. Whatever is counted is summed as whole numbers: doses as tenths of a milligram, ratios as parts per million; so
the answers do not depend on the order in which threads add. This module draws no random number and no picture.

Words: `given` over `planned` is the relative dose intensity, the plan being the starting doses on the calendar for as
long as a patient was on treatment. `overall` is that of all patients' doses together; `mean` and `median` are over
patients, each with their own.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import polars as pl

from ixastate.cohort.answers.spells import (
    ANY,
    OPEN,
    RELEASED,
    STOPPED,
    cycle_days,
    days_of,
    holds,
    meanings,
    spells,
)
from ixastate.cohort.answers.survival import Survival, kaplan_meier
from ixastate.cohort.arrays import TENTHS
from ixastate.cohort.run.plan import DEFAULT_MODEL
from ixastate.cohort.run.run import Run
from ixastate.events import DRUGS, Drug
from ixastate.orders import Order, Verb
from ixastate.rules import load_edition
from ixastate.symbols import NEUTROPENIA, THROMBOCYTOPENIA

FORMAT = "ixastate cohort summary 1"
PER_MILLION = 1_000_000
DAYS_OF_MONTH = 365.25 / 12
LANDMARKS_MONTHS = (6, 12, 18, 24)
# Drugs that have a ladder of doses and can be held.
LADDERED = DRUGS[:2]
STILL = "still on treatment"
# Digits that are kept in JSON: more than any cohort can tell.
DIGITS = 6


# --- Doses ----------------------------------------------------------------------------------------------------


def dose_intensity(run: Run) -> pl.DataFrame:
    """By drug: `patients`, and the relative dose intensity `overall`, `mean` and `median`."""
    return _intensity(run, run.patients, [])


def dose_intensity_by_cycle(run: Run) -> pl.DataFrame:
    """The same by drug and cycle, over the patients who began the cycle on treatment."""
    return _intensity(run, run.cycles, ["cycle"])


def _intensity(run: Run, frame: pl.LazyFrame, by: list[str]) -> pl.DataFrame:
    """Given over planned, by drug and whatever else.

    Patients with the same doses are counted first: there are few different ones in a cycle, and medians are dear.
    """
    answers = []
    for drug in DRUGS:
        doses = {name: pl.col(f"{drug}_{name}_mg10").cast(pl.Int64) for name in ("given", "planned")}
        alike = frame.select(*by, **doses).filter(pl.col("planned") > 0).group_by(*by, "given", "planned")
        counted = run.collect(alike.agg(pl.len().cast(pl.Int64).alias("count")))
        given, planned, count = pl.col("given"), pl.col("planned"), pl.col("count")
        share, upto = pl.col("share"), pl.col("upto")
        ordered = (
            counted.select(
                pl.lit(drug).alias("drug"), *by, given, planned, count, per_million(given, planned).alias("share")
            )
            .sort(*by, "share")
            .with_columns(upto=count.cum_sum().over("drug", *by))
        )
        middle = [share.filter(upto > (count.sum() - odd) // 2).first() for odd in (1, 0)]
        answers.append(
            ordered.group_by("drug", *by, maintain_order=True).agg(
                patients=count.sum(),
                overall=(given * count).sum() / (planned * count).sum(),
                mean=(share * count).sum() / count.sum() / PER_MILLION,
                median=(middle[0] + middle[1]) / 2 / PER_MILLION,
            )
        )
    return pl.concat(answers)


def per_million(given: pl.Expr, planned: pl.Expr) -> pl.Expr:
    """A ratio in whole parts per million, so that sums of it are exact."""
    return (given * PER_MILLION + planned // 2) // planned


def patients_by_cycle(run: Run) -> pl.DataFrame:
    """By `cycle`: how many `patients` began it on treatment, and their `share` of all."""
    counted = run.collect(run.cycles.group_by("cycle").agg(pl.len().alias("patients")).sort("cycle"))
    return counted.with_columns(share=pl.col("patients") / run.plan.patients)


def reductions(run: Run) -> pl.DataFrame:
    """By `drug` and number of `reductions`: `patients` and their `share`."""
    counts = [
        run.patients.group_by(pl.col(f"{drug}_reductions").alias("reductions"))
        .agg(pl.len().alias("patients"))
        .select(pl.lit(place).alias("place"), pl.lit(drug).alias("drug"), pl.all())
        for place, drug in enumerate(LADDERED)
    ]
    counted = run.collect(pl.concat(counts).sort("place", "reductions").drop("place"))
    return counted.with_columns(share=pl.col("patients") / run.plan.patients)


# --- Holds ----------------------------------------------------------------------------------------------------


def hold_times(run: Run) -> pl.DataFrame:
    """By `reason` (first `any`): how many holds there were and how long they lasted, in days.

    `patients` had one, which is `share` of all; `first_day` is the median treatment day on which theirs began. `holds`
    of them, of which the stop of treatment ended `stopped`, and `open` lasted at the end of the follow-up. `mean_days`
    is over all as they were seen. `median_days` with its 95 % limits is by Kaplan and Meier, who count the last two
    as holds that would have gone on; null where more than half did.
    """
    return _hold_times(run, holds(run))


def _hold_times(run: Run, every: pl.LazyFrame) -> pl.DataFrame:
    by_length = run.collect(every.group_by("reason", "days", "ended").agg(pl.len().alias("count")))
    first = every.group_by("patient", "reason").agg(pl.col("day").min())
    firsts = run.collect(first.group_by("reason").agg(pl.len().alias("patients"), pl.col("day").median()))
    rows = []
    for reason in [ANY, *meanings(run).reasons]:
        own = by_length.filter(pl.col("reason") == reason).sort("days", "ended")
        patients, day = firsts.filter(pl.col("reason") == reason).row(0)[1:] if own.height else (0, None)
        counts = own["count"].cast(pl.Int64)
        total = int(counts.sum())
        curve = kaplan_meier(own["days"], own["ended"] == RELEASED, counts) if total else Survival.empty()
        rows.append(
            {
                "reason": reason,
                "patients": patients,
                "share": patients / run.plan.patients,
                "first_day": day,
                "holds": total,
                "stopped": int(counts.filter(own["ended"] == STOPPED).sum()),
                "open": int(counts.filter(own["ended"] == OPEN).sum()),
                "mean_days": int((own["days"] * counts).sum()) / total if total else None,
                "median_days": curve.median,
                "median_lower": curve.median_lower,
                "median_upper": curve.median_upper,
            }
        )
    return pl.DataFrame(rows, schema=HOLD_COLUMNS)


HOLD_COLUMNS: dict[str, type[pl.DataType]] = {
    "reason": pl.String,
    "patients": pl.Int64,
    "share": pl.Float64,
    "first_day": pl.Float64,
    "holds": pl.Int64,
    "stopped": pl.Int64,
    "open": pl.Int64,
    "mean_days": pl.Float64,
    "median_days": pl.Float64,
    "median_lower": pl.Float64,
    "median_upper": pl.Float64,
}


def first_holds(run: Run) -> pl.DataFrame:
    """By `reason` and `cycle`: the `share` of all patients who had been held for it by the end of the cycle."""
    return _first_holds(run, holds(run))


def _first_holds(run: Run, every: pl.LazyFrame) -> pl.DataFrame:
    first = every.group_by("patient", "reason").agg(pl.col("day").min())
    cycle = ((pl.col("day") - 1) // cycle_days(run) + 1).alias("cycle")
    counted = run.collect(first.group_by("reason", cycle).agg(pl.len().alias("patients")))
    cycles = pl.DataFrame({"cycle": range(1, run.plan.cycles + 1)}, schema={"cycle": pl.Int32})
    reasons = counted.select("reason").unique()
    return (
        reasons.join(cycles, how="cross")
        .join(counted, on=["reason", "cycle"], how="left")
        .sort("reason", "cycle")
        .with_columns(pl.col("patients").fill_null(0).cum_sum().over("reason").cast(pl.Int64))
        .with_columns(share=pl.col("patients") / run.plan.patients)
    )


# --- Ends -----------------------------------------------------------------------------------------------------


def stops(run: Run) -> pl.DataFrame:
    """By `cause`, the symbol that ended treatment or that it goes on: `patients`, `share`, `median_day` of the stop."""
    cause = pl.col("ended_by").cast(pl.String).fill_null(STILL).alias("cause")
    day = pl.when(pl.col("ended_by").is_not_null()).then(pl.col("treated_days").cast(pl.Int64) + 1)
    counted = run.patients.group_by(cause).agg(pl.len().alias("patients"), day.median().alias("median_day"))
    found = run.collect(counted.sort(pl.col("cause") == STILL, -pl.col("patients").cast(pl.Int64), "cause"))
    return found.select("cause", "patients", (pl.col("patients") / run.plan.patients).alias("share"), "median_day")


def stop_rules(run: Run) -> pl.DataFrame:
    """By `rule`: in how many `patients` it had a part in stopping treatment, and their `share` of all."""
    ended = run.patients.filter(pl.col("ended_by").is_not_null()).group_by(pl.col("ended_output").alias("output"))
    counted = ended.agg(pl.len().alias("patients")).join(run.outputs.select("output", "rules"), on="output")
    summed = (
        counted.explode("rules").group_by(pl.col("rules").alias("rule")).agg(pl.col("patients").cast(pl.Int64).sum())
    )
    found = run.collect(summed.drop_nulls("rule").sort(-pl.col("patients"), "rule"))
    return found.with_columns(share=pl.col("patients") / run.plan.patients)


def time_on_treatment(run: Run) -> Survival:
    """The share of patients still on treatment by day, with its 95 % limits; every stop counts, whatever its cause."""
    stopped = pl.col("ended_by").is_not_null().alias("stopped")
    counted = run.collect(run.patients.group_by("treated_days", stopped).agg(pl.len().alias("patients")))
    counted = counted.sort("treated_days", "stopped")
    return kaplan_meier(counted["treated_days"], counted["stopped"], counted["patients"])


def landmarks(run: Run) -> pl.DataFrame:
    """The `share` on treatment with 95 % limits after 6, 12, 18 and 24 months and at the end, by `months` and `day`."""
    curve, end = time_on_treatment(run), days_of(run)
    days = {months: round(months * DAYS_OF_MONTH) for months in LANDMARKS_MONTHS}
    rows = [{"months": float(months), "day": day, **curve.at(day)} for months, day in days.items() if day < end]
    # The follow-up ends before a patient could stop on the day after it.
    return pl.DataFrame([*rows, {"months": end / DAYS_OF_MONTH, "day": end, **curve.at(end - 1)}])


# --- States and rules -----------------------------------------------------------------------------------------


def occupancy(run: Run, every_days: int = 7) -> pl.DataFrame:
    """By `day` (1, 8, …) and `place`: the `patients` in that state on that day, and their `share` of all.

    The places are those of `spells.Meanings`, all of them on every day; the shares of a day sum to 1.
    """
    days = days_of(run)
    lasting = spells(run).select("place", "day", "until")
    came = lasting.group_by("place", "day").agg(pl.len().cast(pl.Int64).alias("patients"))
    went = lasting.group_by("place", pl.col("until").alias("day")).agg(-pl.len().cast(pl.Int64).alias("patients"))
    turns = run.collect(pl.concat([came, went])).group_by("place", "day").agg(pl.col("patients").sum())
    names = pl.Series("place", [place.words for place in meanings(run).places])
    names = names.cast(pl.Enum(names))
    calendar = pl.DataFrame({"day": range(1, days + 1)}, schema={"day": pl.Int32})
    return (
        names.to_frame()
        .join(calendar, how="cross")
        .join(turns, on=["place", "day"], how="left")
        .sort("place", "day")
        .with_columns(pl.col("patients").fill_null(0).cum_sum().over("place"))
        .filter((pl.col("day") - 1) % every_days == 0)
        .with_columns(share=pl.col("patients") / run.plan.patients)
        .select("day", "place", "patients", "share")
        .sort("day", "place")
    )


def rule_counts(run: Run) -> pl.DataFrame:
    """By `rule`: how many `events` it had a part in."""
    return _said(run, "rules", "rule")


def order_counts(run: Run) -> pl.DataFrame:
    """By `order`, its sentence: how many `events` asked for it, with the order's `verb` and `drug`.

    Verb and drug are null for a sentence that this version does not write, as in a run of another version; the drug
    also for an order that concerns none.
    """
    counted = _said(run, "orders", "order")
    known = _orders(run)
    orders = [known.get(sentence) for sentence in counted["order"]]
    return counted.with_columns(
        pl.Series("verb", [order and order.verb for order in orders], pl.String),
        pl.Series("drug", [(order and order.drug) or None for order in orders], pl.String),
    )


def _orders(run: Run) -> dict[str, Order]:
    """Every order that the run's machine can give, by its sentence."""
    levels = run.collect(run.configurations.select(f"{drug}_level_mg10" for drug in LADDERED).unique())
    doses = {level / TENTHS for drug in LADDERED for level in levels[f"{drug}_level_mg10"]}
    doses.add(load_edition(run.plan.edition).dexamethasone.dose_mg)
    # Orders that say the same differ in a part that the sentence leaves out; the one without it comes first.
    found: dict[str, Order] = {}
    drugs: tuple[Drug | Literal[""], ...] = ("", *DRUGS)
    for verb in get_args(Verb):
        for drug in drugs:
            for mg in (0.0, *sorted(doses)):
                order = Order(verb, drug, mg)
                found.setdefault(str(order), order)
    return found


def transition_counts(run: Run) -> pl.DataFrame:
    """By `edge`, the number of a transition of the chart: how many `events` took it."""
    return _said(run, "edges", "edge")


def _said(run: Run, what: str, name: str) -> pl.DataFrame:
    """How many events had each of the parts of the machine's answers."""
    counted = run.events.group_by("output").agg(pl.len().cast(pl.Int64).alias("events"))
    parts = counted.join(run.outputs.select("output", what), on="output").explode(what).drop_nulls(what)
    summed = parts.group_by(pl.col(what).alias(name)).agg(pl.col("events").sum())
    return run.collect(summed.sort(-pl.col("events"), name))


# --- Measured and true ----------------------------------------------------------------------------------------


def misclassified(run: Run) -> pl.DataFrame:
    """By `count` (neutrophils, platelets): what followed from a count below its threshold that truly was not.

    `holds`, `reductions` and `stops` at a report of the count, and how many of each (`holds_misclassified`, ...) came
    of a report whose true count means something else to the machine; a reduction comes of the report that began its
    hold. `to_confirm` counts the low ones that an edition asks to repeat (B-CONFIRM-HOLD) likewise. No rows where a
    model measures without error, and of a run that does not tell.
    """
    schema: dict[str, type[pl.DataType]] = {"count": pl.String}
    for name in FOLLOWS.values():
        schema |= {name: pl.Int64, f"{name}_misclassified": pl.Int64}
    if run.plan.model_name != DEFAULT_MODEL or "misclassified" not in run.events.collect_schema():
        return pl.DataFrame(schema=schema)
    known = _orders(run)
    said = run.collect(run.outputs.select("output", "orders"))
    verbs = [{known[order].verb for order in orders if order in known} for orders in said["orders"]]
    follows = said.select(
        "output", *(pl.Series(name, [verb in found for found in verbs]) for verb, name in FOLLOWS.items())
    )
    rows = []
    for toxicity in (NEUTROPENIA, THROMBOCYTOPENIA):
        told = (
            run.events.filter(pl.col("event") == toxicity.event)
            .select("patient", "number", "output", "misclassified")
            .join(follows.lazy(), on="output", maintain_order="left")
            .filter(pl.any_horizontal(FOLLOWS.values()))
            .sort("patient", "number")
            # What began the hold that a release ends.
            .with_columns(
                began=pl.when("holds").then("misclassified").forward_fill().over("patient", order_by="number")
            )
        )
        wrong = {
            "to_confirm": pl.col("misclassified"),
            "holds": pl.col("misclassified"),
            "reductions": pl.col("began").fill_null(False),
            "stops": pl.col("misclassified"),
        }
        every = [pl.col(name).sum().cast(pl.Int64) for name in wrong]
        of_them = [
            (pl.col(name) & one).sum().cast(pl.Int64).alias(f"{name}_misclassified") for name, one in wrong.items()
        ]
        counted = run.collect(told.select(*every, *of_them))
        rows.append({"count": toxicity.reason, **counted.row(0, named=True)})
    return pl.DataFrame(rows, schema=schema)


# What the machine orders, and what it is called when it is counted.
FOLLOWS = {"repeat_count": "to_confirm", "hold": "holds", "reduce": "reductions", "stop": "stops"}


# --- All together ---------------------------------------------------------------------------------------------


def about(run: Run) -> dict[str, Any]:
    """Which run this is."""
    plan = run.plan
    return {
        "patients": plan.patients,
        "cycles": plan.cycles,
        "cycle_days": cycle_days(run),
        "seed": plan.seed,
        "edition": plan.edition,
        "model": plan.model_name,
        "events": run.manifest.get("events"),
        "fingerprint": run.directory.fingerprint,
        "digest": run.manifest.get("digest"),
    }


def as_json(run: Run) -> dict[str, Any]:
    """All answers of a run as plain data: what `summary.json` holds. The same run gives the same content."""
    curve = time_on_treatment(run)
    every = holds(run).collect().lazy()
    answer: dict[str, Any] = {
        "format": FORMAT,
        "run": about(run),
        "dose_intensity": dose_intensity(run).to_dicts(),
        "dose_intensity_by_cycle": dose_intensity_by_cycle(run).to_dicts(),
        "reductions": reductions(run).to_dicts(),
        "holds": _hold_times(run, every).to_dicts(),
        "first_holds_by_cycle": _by(_first_holds(run, every), "cycle", "reason"),
        "stops": stops(run).to_dicts(),
        "stop_rules": stop_rules(run).to_dicts(),
        "time_on_treatment": {**curve.as_json(), "on_treatment_after": landmarks(run).to_dicts()},
        "patients_by_cycle": patients_by_cycle(run).to_dicts(),
        "occupancy_by_week": _by(occupancy(run), "day", "place"),
        "rules": rule_counts(run).to_dicts(),
        "orders": order_counts(run).to_dicts(),
        "misclassified": misclassified(run).to_dicts(),
    }
    return {name: rounded(value) for name, value in answer.items()}


def _by(frame: pl.DataFrame, along: str, kind: str) -> dict[str, Any]:
    """A long frame as one list of shares per kind, beside the list of what they run along."""
    wide = frame.pivot(kind, index=along, values="share", sort_columns=False)
    return {along: wide[along].to_list(), "share": wide.drop(along).to_dict(as_series=False)}


def rounded(value: Any) -> Any:
    """Reference data with its numbers cut to the digits that are kept."""
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return value
