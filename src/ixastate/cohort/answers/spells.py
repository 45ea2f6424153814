"""The log of a run as spells: for how long each patient was in which configuration, and how long each hold lasted.

A row is in force from its day until the next row's, because results come before the doses of a day. Most rows of a log
move nothing; a spell begins at each row that does. Everything here is a lazy frame, so that a log of any size streams
through, and is read off the run's own files: this module knows no machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import get_args

import polars as pl

from ixastate.chart.status import SEVERAL, Phase, Status, active_at, held_for
from ixastate.cohort.arrays import TENTHS, cycle_length
from ixastate.cohort.run.run import Run
from ixastate.rules import load_edition

SCREENED, TREATED, ENDED = get_args(Phase)
# The reason that stands for every reason.
ANY = "any"
RELEASED, STOPPED, OPEN = "released", "treatment stopped", "open at the end"
ENDINGS = pl.Enum([RELEASED, STOPPED, OPEN])


def days_of(run: Run) -> int:
    """The length of the follow-up in days: whole cycles."""
    return run.plan.cycles * cycle_days(run)


def cycle_days(run: Run) -> int:
    """Days in a cycle."""
    return cycle_length(load_edition(run.plan.edition))


# --- What configurations mean ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """A state as people at the bedside speak of it (`Status.place`), with what its words are made of.

    `active_mg` is the dose of ixazomib where it is given, `reason` that of a hold for one reason alone.
    """

    words: str
    phase: Phase
    active_mg: float | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Meanings:
    """What the configurations of a run mean to the answers.

    `frame` has one row per configuration: `place` is its words, which speak of ixazomib, so that a hold of lenalidomide
    alone is no place; `phase` is as in the log; `reasons` has a bit for each reason that a drug is held for, in the
    order of `reasons`, those that come first in a course first. `places` are all that the machine has: screening,
    active from the highest dose down, held, discontinued.
    """

    frame: pl.DataFrame
    reasons: list[str]
    places: list[Place]


@lru_cache(maxsize=4)
def meanings(run: Run) -> Meanings:
    """What the configurations of a run mean, read off its files once."""
    columns = ["configuration", "phase", "held_for", "ixazomib_level_mg10", "ixazomib_given_mg10"]
    frame = run.collect(run.configurations.select(columns).sort("configuration"))
    reasons = frame["held_for"].explode().drop_nulls().unique(maintain_order=True).to_list()
    bits = {reason: 1 << bit for bit, reason in enumerate(reasons)}
    treated = frame.filter(pl.col("phase") == TREATED)
    levels = [level / TENTHS for level in sorted(treated["ixazomib_level_mg10"].unique(), reverse=True)]
    places = [
        Place(SCREENED, SCREENED),
        *(Place(active_at(mg), TREATED, active_mg=mg) for mg in levels),
        *(Place(held_for(reason), TREATED, reason=reason) for reason in reasons),
        Place(SEVERAL, TREATED),
        Place(ENDED, ENDED),
    ]
    # Of the many configurations few differ in this, and only those are looked at one by one.
    key = ["phase", "ixazomib_level_mg10", "held", "holds"]
    frame = frame.with_columns(held=pl.col("ixazomib_given_mg10") == 0, holds=pl.col("held_for").list.join("\n"))
    kinds = frame.unique(key, maintain_order=True)
    words = [
        Status(phase, level / TENTHS, held, held_for=tuple(held_by)).place
        for phase, level, held, held_by in kinds.select(*key[:3], "held_for").iter_rows()
    ]
    kinds = kinds.select(
        *key,
        pl.Series("place", words, pl.Enum([place.words for place in places])),
        pl.Series("reasons", [sum(bits[reason] for reason in held_by) for held_by in kinds["held_for"]], pl.UInt32),
    )
    found = frame.join(kinds, on=key, how="left", maintain_order="left")
    return Meanings(found.select("configuration", "place", "phase", "reasons"), reasons, places)


# --- Spells and holds -----------------------------------------------------------------------------------------


def moves(run: Run) -> pl.LazyFrame:
    """The events that moved the machine, and each patient's first: `patient`, `day`, `configuration`."""
    now = pl.col("configuration")
    first = pl.col("number") == 1
    return (
        run.events.select("patient", "number", "day", "configuration")
        .filter(first | (now != now.shift(1)).fill_null(True))
        .select("patient", "day", "configuration")
    )


def spells(run: Run) -> pl.LazyFrame:
    """One row per spell: `patient`, first `day`, first day after it (`until`), and the columns of `Meanings.frame`.

    Both days are at most one past the follow-up. Several events of a day make spells of no length.
    """
    return _until(moves(run), days_of(run)).join(meanings(run).frame.lazy(), on="configuration", maintain_order="left")


def _until(frame: pl.LazyFrame, days: int) -> pl.LazyFrame:
    """Rows of patients in order with the day of the same patient's next row, else one past the follow-up."""
    day = pl.min_horizontal("day", pl.lit(days + 1)).cast(pl.Int32)
    return frame.with_columns(day=day, until=pl.when(_same(-1)).then(day.shift(-1)).otherwise(days + 1))


def holds(run: Run) -> pl.LazyFrame:
    """One row per hold: `patient`, `reason`, first `day`, `days` that it lasted, and how it `ended`.

    A hold for a reason lasts as long as that reason holds a drug; `any` is the time with some drug held for something.
    A hold that the stop of treatment ended, or the end of the follow-up, is shorter than it would have been.
    """
    known = meanings(run)
    before = pl.when(_same(1)).then(pl.col("reasons").shift(1)).otherwise(0)
    # The few rows at which the set of reasons changes are kept, so that the log is read once for all reasons.
    turns = run.collect(
        moves(run)
        .join(known.frame.lazy().drop("place"), on="configuration", maintain_order="left")
        .filter(pl.col("reasons") != before)
        .select("patient", "day", "phase", "reasons")
    )
    masks = {reason: 1 << bit for bit, reason in enumerate(known.reasons)}
    masks[ANY] = sum(masks.values())
    return pl.concat([_holds(turns.lazy(), reason, mask, days_of(run)) for reason, mask in masks.items()])


def _holds(turns: pl.LazyFrame, reason: str, mask: int, days: int) -> pl.LazyFrame:
    """The holds for one reason: from a row at which it holds and did not before, to one at which it does not."""
    held = pl.col("reasons") & mask > 0
    ended = pl.when(pl.col("phase").shift(-1) == TREATED).then(pl.lit(RELEASED)).otherwise(pl.lit(STOPPED))
    # The rows take turns, so the next row of the same patient is the end of this hold.
    return (
        _until(turns.filter(held != (held.shift(1) & _same(1)).fill_null(False)), days)
        .select(
            "patient",
            pl.lit(reason).alias("reason"),
            "day",
            (pl.col("until") - pl.col("day")).alias("days"),
            pl.when(pl.col("until") > days).then(pl.lit(OPEN)).otherwise(ended).cast(ENDINGS).alias("ended"),
            held.alias("held"),
        )
        .filter(pl.col("held") & (pl.col("day") <= days))
        .drop("held")
    )


def _same(rows: int) -> pl.Expr:
    """Whether the row so many before (after, if negative) is of the same patient."""
    return (pl.col("patient") == pl.col("patient").shift(rows)).fill_null(False)
