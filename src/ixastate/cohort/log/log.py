"""The cohort's log as data frames and Parquet files: the columns, and the files of a shard.

    events    one row per event, sorted by patient and number
    cycles    one row per patient and cycle that began on treatment: the doses given and planned
    patients  one row per patient: the baseline, how the course went and ended
    machine   what the numbers of configurations and of the machine's outputs mean, once per run

Doses are whole tenths of a milligram (`_mg10`), so that sums are exact. Any reader of Parquet understands the files.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ixastate.chart.status import Status
from ixastate.cohort.arrays import MachineArrays, cycle_length
from ixastate.cohort.log import ledger_kernel as column
from ixastate.cohort.log.codec import Code
from ixastate.cohort.log.events_kernel import lay_out
from ixastate.cohort.log.ledger import Ledger
from ixastate.cohort.model import Block
from ixastate.cohort.rows import AGREES, CLEAR, KINDS, NOT_CLEAR, PAIN, RESOLVED, TERMS, Rows
from ixastate.events import DRUGS
from ixastate.symbols import NEUTROPENIA, THROMBOCYTOPENIA

ATTRIBUTIONS = ("clear", "not_clear")
# The events whose value is a count.
COUNTED = (NEUTROPENIA.event, THROMBOCYTOPENIA.event)
ROW_GROUP = 500_000
EVENTS = pl.Enum(KINDS)
# The place of a term and of an attribution among their names, by the codes of a row; the last place is null.
EVERY_CODE = np.arange(256)
OF_TERM = np.array([len(TERMS) - 1, *range(len(TERMS) - 1)], np.uint8)
OF_DETAIL = np.where(EVERY_CODE & CLEAR, 0, np.where(EVERY_CODE & NOT_CLEAR, 1, len(ATTRIBUTIONS))).astype(np.uint8)


def digest(block: Block, ledger: Ledger, *, true: bool = False) -> str:
    """SHA-256 of everything that a block says, whatever the files it is written to; of the `true` counts if asked."""
    state = hashlib.sha256()
    if true and block.true is not None:
        state.update(np.ascontiguousarray(block.true).data)
    for values in chain(block.rows.columns().values(), block.baseline.values(), (ledger.courses, ledger.doses)):
        state.update(np.ascontiguousarray(values).data)
    return state.hexdigest()


def event_frame(rows: Rows, arrays: MachineArrays, true: NDArray[np.int32] | None = None) -> pl.DataFrame:
    """The events of a block, one row each, with the `true` count of each row where they are asked for."""
    count = len(rows)
    cycle, terms, attributions, symbols = np.empty((4, count), np.uint8)
    pain, agrees, resolved, misclassified = np.empty((4, count), np.bool_)
    names = arrays.table.symbols
    days = np.arange(int(rows.day.max(initial=1)) + 1)
    of_day = ((days - 1) // cycle_length(arrays.edition) + 1).astype(np.uint8)
    of_symbol = np.minimum(EVERY_CODE, len(names)).astype(np.uint8)
    read, written = (rows.day, rows.term, rows.detail, rows.symbol), (cycle, terms, attributions, symbols)
    lay_out(*read, of_day, OF_TERM, OF_DETAIL, of_symbol, *written, pain, agrees, resolved, misclassified)
    frame = pl.DataFrame(
        {
            "patient": rows.patient,
            "number": rows.number,
            "day": rows.day,
            "cycle": cycle,
            "event": pl.Series(rows.kind).cat.to(EVENTS),
            "value": rows.value,
            "second_value": rows.second,
            "term": _named(terms, TERMS[1:]),
            "attribution": _named(attributions, ATTRIBUTIONS),
            "pain": pain,
            "physician_agrees": agrees,
            "toxicities_resolved": resolved,
            "misclassified": misclassified,
            "symbol": _named(symbols, names),
            "configuration": rows.configuration,
            "output": rows.output,
        }
    )
    if true is None:
        return frame
    counted = pl.col("event").is_in(COUNTED)
    return frame.with_columns(pl.Series("true_value", true)).with_columns(pl.when(counted).then("true_value"))


def cycle_frame(ledger: Ledger) -> pl.DataFrame:
    """The doses of a block's patients in each cycle that began on treatment, in tenths of a milligram."""
    doses = ledger.doses.reshape(-1, column.DOSE_COLUMNS)
    begun = np.flatnonzero(doses[:, 3] + doses[:, 4] + doses[:, 5])
    patient, cycle = np.divmod(begun, ledger.doses.shape[1])
    # Polars sums 16 bits in 64, but 32 bits in 32.
    found = doses.astype(np.uint16)[begun]
    return pl.DataFrame(
        {
            "patient": (ledger.first + patient).astype(np.uint32),
            "cycle": (cycle + 1).astype(np.uint8),
            **{name: found[:, place] for place, name in enumerate(DOSES)},
        }
    )


def patient_frame(
    baselines: Sequence[Mapping[str, NDArray[np.generic]]], ledgers: Sequence[Ledger], arrays: MachineArrays
) -> pl.DataFrame:
    """The patients, one row each: baseline, end, counts and doses."""
    courses = np.concatenate([ledger.courses for ledger in ledgers])
    doses = np.concatenate([ledger.doses.sum(axis=1) for ledger in ledgers])
    columns: dict[str, object] = {
        "patient": np.arange(ledgers[0].first, ledgers[0].first + len(courses), dtype=np.uint32)
    }
    for name in baselines[0]:
        values = np.concatenate([baseline[name] for baseline in baselines])
        columns[name] = _symbols(values, arrays) if name == "start" else values
    columns |= {
        "treated_days": courses[:, column.TREATED_DAYS].astype(np.uint16),
        "ended_by": _symbols(courses[:, column.ENDED_BY], arrays),
        "ended_output": courses[:, column.ENDED_SAYING].astype(np.uint16),
        "configuration": courses[:, column.LAST].astype(np.uint32),
        "events": courses[:, column.EVENTS].astype(np.uint16),
    }
    for name, place, kind in (
        ("reductions", column.REDUCTIONS, np.uint8),
        ("holds", column.HOLDS, np.uint16),
        ("held_days", column.HELD_DAYS, np.uint16),
    ):
        for drug in range(2):
            columns[f"{DRUGS[drug]}_{name}"] = courses[:, place + drug].astype(kind)
    return pl.DataFrame(columns | {name: doses[:, place] for place, name in enumerate(DOSES)})


# Given, then planned, as the ledger has them.
DOSES = tuple(f"{drug}_{what}_mg10" for what in ("given", "planned") for drug in DRUGS)


MACHINE_FRAMES = ("configurations", "outputs")


def machine_frames(arrays: MachineArrays) -> dict[str, pl.DataFrame]:
    """What the numbers mean: the configurations, and the machine's answers."""
    table = arrays.table
    # Few statuses stand for many configurations.
    numbers: dict[Status, int] = {}
    of = [numbers.setdefault(status, len(numbers)) for status in table.statuses]
    told = pl.DataFrame(
        {
            "words": [status.words for status in numbers],
            "phase": [status.phase for status in numbers],
            "held_for": [list(status.held_for) for status in numbers],
        },
        schema_overrides={"held_for": pl.List(pl.String)},
    )
    configurations = pl.DataFrame(
        {
            "configuration": np.arange(len(of), dtype=np.uint32),
            **told[of].to_dict(),
            **{f"{drug}_level_mg10": arrays.level[:, place] for place, drug in enumerate(DRUGS[:2])},
            **{f"{drug}_given_mg10": arrays.given[:, place] for place, drug in enumerate(DRUGS[:2])},
            "states": _lists(table.configurations),
        }
    )
    outputs = pl.DataFrame(
        {
            "output": np.arange(len(table.edges), dtype=np.uint16),
            "orders": [[str(order) for order in orders] for orders in table.orders],
            "rules": [list(rules) for rules in table.rules],
            # Numbers of the graph's transitions, in its order.
            "edges": [list(taken) for taken in table.edges],
        },
        schema_overrides={"orders": pl.List(pl.String), "rules": pl.List(pl.String), "edges": pl.List(pl.UInt16)},
    )
    return {"configurations": configurations, "outputs": outputs}


def _lists(rows: Sequence[Sequence[str]]) -> pl.Series:
    """A list of texts a row, of which none is empty; made of one column, since polars is slow to take in each list."""
    lengths = np.fromiter(map(len, rows), np.int64, len(rows))
    flat = pl.DataFrame({"row": np.repeat(np.arange(len(rows)), lengths), "text": list(chain.from_iterable(rows))})
    return flat.group_by("row", maintain_order=True).agg("text").get_column("text")


def shard_frames(
    blocks: Sequence[Block], ledgers: Sequence[Ledger], arrays: MachineArrays, *, true: bool = False
) -> dict[str, pl.DataFrame]:
    """The three frames of consecutive blocks; with the `true` counts where they are asked for."""
    return {
        # Block by block, while what is read and written fits into the processor's caches.
        "events": pl.concat([event_frame(block.rows, arrays, block.true if true else None) for block in blocks]),
        "cycles": pl.concat([cycle_frame(ledger) for ledger in ledgers]),
        "patients": patient_frame([block.baseline for block in blocks], ledgers, arrays),
    }


def as_parquet(frame: pl.DataFrame, metadata: Mapping[str, str]) -> bytes:
    """A frame as the content of a Parquet file, compressed with zstd."""
    content = io.BytesIO()
    frame.write_parquet(content, compression="zstd", row_group_size=ROW_GROUP, metadata=dict(metadata))
    return content.getvalue()


def codes(frame: pl.DataFrame) -> list[Code]:
    """The rows of an event frame as codes, for `codec.decode`."""
    terms = {term: code for code, term in enumerate(TERMS)}
    kinds = {kind: code for code, kind in enumerate(KINDS)}
    bits = {None: 0, "clear": CLEAR, "not_clear": NOT_CLEAR}
    return [
        Code(
            kinds[row["event"]],
            row["value"],
            row["second_value"],
            terms[row["term"] or ""],
            PAIN * row["pain"]
            | AGREES * row["physician_agrees"]
            | RESOLVED * row["toxicities_resolved"]
            | bits[row["attribution"]],
        )
        for row in frame.iter_rows(named=True)
    ]


def _symbols(numbers: NDArray[np.generic], arrays: MachineArrays) -> pl.Series:
    names = arrays.table.symbols
    return _named(np.minimum(numbers, len(names)).astype(np.uint8), names)


def _named(places: NDArray[np.uint8], names: Sequence[str]) -> pl.Series:
    """Places among names as the names; the place after the last one is null."""
    named = pl.Series("", [*names, None], pl.Enum(names)).to_frame()
    # An expression takes places of 8 bits as they are; `Series.gather` would widen them first.
    return named.select(pl.all().gather(pl.lit(pl.Series(places)))).to_series()
