"""Two runs side by side: what the second has more or less than the first, with 95 % limits.

Runs of one seed are paired. A patient's chance is keyed by seed and number, so that number 7 is the same patient in
both, and a difference is that of one patient under two editions, readings or parameters. It is averaged over the
patients that both runs have, with normal limits. Runs of different seeds are independent samples: means are compared
with normal limits for unequal variances (Welch's standard error), shares by Newcombe's method from Wilson's limits.

A measure is a number or a yes or no for each patient. This module draws no random number and no picture.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from ixastate.cohort.answers.limits import newcombe, wilson
from ixastate.cohort.answers.spells import ANY, cycle_days, holds
from ixastate.cohort.answers.summary import LADDERED, PER_MILLION, STILL, about, per_million, rounded
from ixastate.cohort.answers.summary_text import WIDTH, aligned
from ixastate.cohort.answers.survival import LEVEL
from ixastate.cohort.run.run import Run
from ixastate.errors import InputError
from ixastate.events import DRUGS

FORMAT = "ixastate cohort comparison 1"
NORMAL = NormalDist().inv_cdf(0.5 + LEVEL / 2)
# What a measure counts: a share of something, days, or how many.
SHARE, DAYS, NUMBER = "share", "days", "number"
COLUMNS: dict[str, type[pl.DataType]] = {
    "measure": pl.String,
    "unit": pl.String,
    "first": pl.Float64,
    "second": pl.Float64,
    "difference": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "kind": pl.String,
    "drug": pl.String,
    "reason": pl.String,
    "cause": pl.String,
}


class Kind(NamedTuple):
    """A kind of measure: its unit, and its name with the drug, the reason or the cause in its place."""

    unit: str
    words: str


# In the order of the table; those of one kind go by their order in the log or, where they have a word, by it.
KINDS: dict[str, Kind] = {
    "dose intensity": Kind(SHARE, "relative dose intensity of {drug}"),
    "time": Kind(DAYS, "days on treatment"),
    "reductions": Kind(NUMBER, "reductions of {drug}"),
    "holds": Kind(NUMBER, "holds of {drug}"),
    "held days": Kind(DAYS, "days {drug} was held"),
    "held for any": Kind(SHARE, "held for any reason"),
    "held for": Kind(SHARE, "held for {reason}"),
    "still treated": Kind(SHARE, STILL),
    "stopped by": Kind(SHARE, "stopped by {cause}"),
}


@dataclass(frozen=True)
class Measure:
    """A number or a yes or no for each patient; `drug`, `reason` and `cause` are empty where they do not apply."""

    kind: str
    drug: str = ""
    reason: str = ""
    cause: str = ""

    @property
    def name(self) -> str:
        """The measure in words."""
        return KINDS[self.kind].words.format(drug=self.drug, reason=self.reason, cause=self.cause)

    @property
    def unit(self) -> str:
        """What it counts."""
        return KINDS[self.kind].unit

    @property
    def rank(self) -> tuple[int, str]:
        """Its place in the table."""
        return list(KINDS).index(self.kind), self.reason + self.cause

    def fields(self) -> dict[str, str | None]:
        """Its parts as columns; null where one does not apply."""
        return {"kind": self.kind, **{name: getattr(self, name) or None for name in ("drug", "reason", "cause")}}


def require_comparable(first: Run, second: Run) -> None:
    """`InputError` unless both runs follow their patients for as long."""
    lengths = [(run.plan.cycles, cycle_days(run)) for run in (first, second)]
    if lengths[0] != lengths[1]:
        said = [f"{cycles} cycles of {days} days" for cycles, days in lengths]
        raise InputError(
            f"it follows its patients for {said[1]}, and {first.path} for {said[0]}",
            where=str(second.path),
            remedy=f"simulate one of them again with --cycles {lengths[0][0]} or {lengths[1][0]}",
        )


def paired(first: Run, second: Run) -> bool:
    """Whether the runs have patients in common."""
    return first.plan.seed == second.plan.seed


def differences(first: Run, second: Run) -> pl.DataFrame:
    """By `measure`: its mean or share in the `first` and the `second` run, the `difference` and its 95 % limits.

    `unit` is `share`, `days` or `number`; all are per patient. In paired runs of different size the means are those of
    the patients that both have. A limit is null where there is one patient only. `kind`, `drug`, `reason` and `cause`
    say what the measure is of, each null where it does not apply.
    """
    require_comparable(first, second)
    left, right = measures(first), measures(second)
    together = paired(first, second)
    if together:
        common = min(len(_any(left)), len(_any(right)))
        left, right = ({measure: values.head(common) for measure, values in one.items()} for one in (left, right))
    none = [pl.repeat(False, len(_any(values)), eager=True) for values in (left, right)]
    rows = [
        {
            "measure": measure.name,
            "unit": measure.unit,
            **_compared(left.get(measure, none[0]), right.get(measure, none[1]), together),
            **measure.fields(),
        }
        for measure in sorted(left | right, key=lambda one: one.rank)
    ]
    return pl.DataFrame(rows, schema=COLUMNS)


def _any(values: Mapping[Measure, pl.Series]) -> pl.Series:
    return next(iter(values.values()))


def measures(run: Run) -> dict[Measure, pl.Series]:
    """The value of each measure for each patient, in order: a number, or yes or no."""
    columns = [f"{drug}_{what}_mg10" for drug in DRUGS for what in ("given", "planned")]
    columns += [f"{drug}_{what}" for drug in LADDERED for what in ("reductions", "holds", "held_days")]
    frame = run.collect(run.patients.sort("patient").select(*columns, "treated_days", "ended_by"))
    found: dict[Measure, pl.Series] = {}
    for drug in DRUGS:
        given, planned = (pl.col(f"{drug}_{what}_mg10").cast(pl.Int64) for what in ("given", "planned"))
        # Who was planned no dose has no intensity.
        share = pl.when(planned > 0).then(per_million(given, planned) / PER_MILLION)
        found[Measure("dose intensity", drug=drug)] = frame.select(share.alias("share"))["share"]
    found[Measure("time")] = frame["treated_days"]
    for kind, column in (("reductions", "reductions"), ("holds", "holds"), ("held days", "held_days")):
        for drug in LADDERED:
            found[Measure(kind, drug=drug)] = frame[f"{drug}_{column}"]
    held = run.collect(holds(run).select("reason", "patient").unique())
    for (reason,), own in held.group_by("reason"):
        measure = Measure("held for any") if reason == ANY else Measure("held for", reason=str(reason))
        found[measure] = _flags(own["patient"], frame.height)
    causes = frame["ended_by"].cast(pl.String)
    if causes.null_count():
        found[Measure("still treated")] = causes.is_null()
    for cause in causes.drop_nulls().unique().sort():
        found[Measure("stopped by", cause=cause)] = (causes == cause).fill_null(False)
    return found


def _flags(patients: pl.Series, count: int) -> pl.Series:
    """Yes for these patients; they are numbered from 0 without gaps."""
    flags = np.zeros(count, bool)
    flags[patients.to_numpy()] = True
    return pl.Series(flags)


def _compared(left: pl.Series, right: pl.Series, together: bool) -> dict[str, float | None]:
    if together:
        return paired_difference(left.cast(pl.Float64), right.cast(pl.Float64))
    if left.dtype == pl.Boolean and right.dtype == pl.Boolean:
        return share_difference(int(left.sum()), len(left), int(right.sum()), len(right))
    return mean_difference(left.cast(pl.Float64).drop_nulls(), right.cast(pl.Float64).drop_nulls())


# --- Differences with their limits ----------------------------------------------------------------------------


def paired_difference(left: pl.Series, right: pl.Series) -> dict[str, float | None]:
    """The mean of each patient's own difference, with normal limits; patients without a number in both are left out."""
    both = left.is_not_null() & right.is_not_null()
    left, right = left.filter(both), right.filter(both)
    return _row(_mean(left), _mean(right), _mean(right - left), _error(right - left))


def mean_difference(left: pl.Series, right: pl.Series) -> dict[str, float | None]:
    """The difference of the means of independent samples, with normal limits for unequal variances."""
    means, errors = [_mean(left), _mean(right)], [_error(left), _error(right)]
    known = None not in means
    return _row(
        means[0],
        means[1],
        (means[1] or 0.0) - (means[0] or 0.0) if known else None,
        None if None in errors else math.hypot(*(error or 0.0 for error in errors)),
    )


def share_difference(left: int, of_left: int, right: int, of_right: int) -> dict[str, float | None]:
    """The difference of independent shares, with Newcombe's hybrid limits from Wilson's (Newcombe 1998, method 10)."""
    first, second = left / of_left, right / of_right
    lower, upper = newcombe(second, wilson(second, of_right), first, wilson(first, of_left))
    return {"first": first, "second": second, "difference": second - first, "lower": lower, "upper": upper}


def _mean(values: pl.Series) -> float | None:
    mean = values.mean()
    return float(mean) if isinstance(mean, float) else None


def _error(values: pl.Series) -> float | None:
    spread = values.std()
    return float(spread) / math.sqrt(len(values)) if isinstance(spread, float) else None


def _row(
    first: float | None, second: float | None, difference: float | None, error: float | None
) -> dict[str, float | None]:
    limits = (
        (None, None)
        if difference is None or error is None
        else (difference - NORMAL * error, difference + NORMAL * error)
    )
    return {
        "first": first,
        "second": second,
        "difference": difference,
        "lower": limits[0],
        "upper": limits[1],
    }


# --- As JSON and as a table -----------------------------------------------------------------------------------


def as_json(first: Run, second: Run) -> dict[str, Any]:
    """The comparison as plain data; the same runs give the same content."""
    found = differences(first, second)
    together = paired(first, second)
    answer = {
        "format": FORMAT,
        "first": {"directory": first.path.name, **about(first)},
        "second": {"directory": second.path.name, **about(second)},
        "paired": together,
        "pairs": min(first.plan.patients, second.plan.patients) if together else None,
        "differences": found.to_dicts(),
    }
    return {name: rounded(value) for name, value in answer.items()}


def lines(answers: Mapping[str, Any], width: int = WIDTH) -> list[str]:
    """The lines of the table, which is no wider than `width`; `answers` is what `as_json` gives."""
    runs = [answers["first"], answers["second"]]
    head = ["per patient", "A", "B", "B - A", "95 % limits"]
    rows = [
        [
            row["measure"],
            *(_value(row[name], row["unit"]) for name in ("first", "second")),
            _value(row["difference"], row["unit"], "+"),
            "–"
            if row["lower"] is None
            else f"{_value(row['lower'], row['unit'], '+')} to {_value(row['upper'], row['unit'], '+')}",
        ]
        for row in answers["differences"]
    ]
    return [
        *(
            f"{name}  {run['directory']}: {run['patients']:,} patients, {run['cycles']} cycles, "
            f"edition {run['edition']}, model {run['model']}, seed {run['seed']}"
            for name, run in zip("AB", runs, strict=True)
        ),
        f"paired: the same {answers['pairs']:,} patients in both, by seed and number"
        if answers["paired"]
        else "independent samples: the seeds differ",
        *(["the models differ: a number is the same draw, not the same patient"] if _strangers(answers) else []),
        "",
        *aligned([head, *rows], width),
        "differences of shares are in percentage points",
    ]


def _strangers(answers: Mapping[str, Any]) -> bool:
    return bool(answers["paired"] and answers["first"]["model"] != answers["second"]["model"])


def _value(value: float | None, unit: str, sign: str = "") -> str:
    """A mean or a share in few digits; a difference carries its sign, and that of shares is in percentage points."""
    if value is None:
        return "–"
    if unit == SHARE:
        return f"{100 * value:{sign}.2f} %"
    return f"{value:{sign}.{1 if unit == DAYS else 3}f}"
