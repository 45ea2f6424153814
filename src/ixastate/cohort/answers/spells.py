"""The log of a run as spells: for how long each patient was in which configuration, and how long each hold lasted.

A row is in force from its day until the next row's, because results come before the doses of a day. Most rows of a log
move nothing; a spell begins at each row that does. Everything here is a lazy frame, so that a log of any size streams
through, and is read off the run's own files: this module knows no machine.
"""

from __future__ import annotations

import polars as pl

from ixastate.cohort.arrays import TENTHS, cycle_length
from ixastate.cohort.run.run import Run
from ixastate.rules import load_edition

SEVERAL = "held for several reasons"
ANY = "any"
RELEASED, STOPPED, OPEN = "released", "treatment stopped", "open at the end"
ENDINGS = pl.Enum([RELEASED, STOPPED, OPEN])


def days_of(run: Run) -> int:
    """The length of the follow-up in days: whole cycles."""
    return run.plan.cycles * cycle_days(run)


def cycle_days(run: Run) -> int:
    """Days in a cycle."""
    return cycle_length(load_edition(run.plan.edition))


def meanings(run: Run) -> pl.DataFrame:
    """What each configuration means to the answers, one row each.

    `place` is a state as people speak of it: active at a dose of ixazomib, held for one reason or for several,
    discontinued. It speaks of ixazomib: a hold of lenalidomide alone is no place. `phase` is as in the log, and
    `held for REASON` says of each reason whether any drug is held for it.
    """
    columns = ["configuration", "phase", "held_for", "ixazomib_level_mg10", "ixazomib_given_mg10"]
    frame = run.collect(run.configurations.select(columns).sort("configuration"))
    reasons = pl.col("held_for")
    held = pl.when(reasons.list.len() > 1).then(pl.lit(SEVERAL)).otherwise("held for " + reasons.list.first())
    levels = sorted(frame["ixazomib_level_mg10"].unique())
    names = pl.col("ixazomib_level_mg10").replace_strict(levels, [_active(level) for level in levels])
    place = (
        pl.when(pl.col("phase") != "on treatment")
        .then("phase")
        .when(pl.col("ixazomib_given_mg10") == 0)
        .then(held)
        .otherwise(names)
    )
    return frame.select(
        "configuration",
        place.cast(pl.Enum(places(frame))).alias("place"),
        "phase",
        *(reasons.list.contains(reason).alias(f"held for {reason}") for reason in reasons_of(frame)),
        (reasons.list.len() > 0).alias(f"held for {ANY}"),
    )


def reasons_of(configurations: pl.DataFrame) -> list[str]:
    """The reasons that hold a drug in any of these configurations, those that come first in a course first."""
    return configurations["held_for"].explode().drop_nulls().unique(maintain_order=True).to_list()


def places(configurations: pl.DataFrame) -> list[str]:
    """The places in order: screening, active from the highest dose down, held, discontinued."""
    treated = configurations.filter(pl.col("phase") == "on treatment")
    levels = sorted(treated["ixazomib_level_mg10"].unique(), reverse=True)
    held = [f"held for {reason}" for reason in reasons_of(configurations)]
    return ["screening", *map(_active, levels), *held, SEVERAL, "discontinued"]


def names_of(column: pl.Series) -> list[str]:
    """Every place that a column of places could have, in order."""
    kind = column.dtype
    assert isinstance(kind, pl.Enum)
    return kind.categories.to_list()


def _active(level_mg10: int) -> str:
    return f"active at {level_mg10 / TENTHS:g} mg"


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
    """One row a spell: `patient`, first `day`, first day after it (`until`), and the columns of `meanings`.

    Both days are at most one past the follow-up. Several events of a day make spells of no length.
    """
    return _until(moves(run), days_of(run)).join(meanings(run).lazy(), on="configuration", maintain_order="left")


def _until(frame: pl.LazyFrame, days: int) -> pl.LazyFrame:
    """Rows of patients in order with the day of the same patient's next row, else one past the follow-up."""
    day = pl.min_horizontal("day", pl.lit(days + 1)).cast(pl.Int32)
    return frame.with_columns(day=day, until=pl.when(_same(-1)).then(day.shift(-1)).otherwise(days + 1))


def holds(run: Run) -> pl.LazyFrame:
    """One row a hold: `patient`, `reason`, first `day`, `days` that it lasted, and how it `ended`.

    A hold for a reason lasts as long as that reason holds a drug; `any` is the time with some drug held for something.
    A hold that the stop of treatment ended, or the end of the follow-up, is shorter than it would have been.
    """
    said = meanings(run)
    names = [name for name in said.columns if name.startswith("held for ")]
    # The few rows at which the set of reasons changes are kept, so that the log is read once for all reasons.
    reasons = pl.sum_horizontal(pl.col(name).cast(pl.UInt8) * 2**bit for bit, name in enumerate(names))
    said = said.select("configuration", "phase", reasons.cast(pl.UInt8).alias("reasons"))
    before = pl.when(_same(1)).then(pl.col("reasons").shift(1)).otherwise(0)
    turns = run.collect(
        moves(run)
        .join(said.lazy(), on="configuration", maintain_order="left")
        .filter(pl.col("reasons") != before)
        .select("patient", "day", "phase", "reasons")
    )
    return pl.concat([_holds(turns.lazy(), name, bit, days_of(run)) for bit, name in enumerate(names)])


def _holds(turns: pl.LazyFrame, name: str, bit: int, days: int) -> pl.LazyFrame:
    """The holds for one reason: from a row at which it holds and did not before, to one at which it does not."""
    held = pl.col("reasons") & 2**bit > 0
    ended = pl.when(pl.col("phase").shift(-1) == "on treatment").then(pl.lit(RELEASED)).otherwise(pl.lit(STOPPED))
    # The rows take turns, so the next row of the same patient is the end of this hold.
    return (
        _until(turns.filter(held != (held.shift(1) & _same(1)).fill_null(False)), days)
        .select(
            "patient",
            pl.lit(name.removeprefix("held for ")).alias("reason"),
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
