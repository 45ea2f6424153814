"""The summary of a run as a text table for a terminal: the most important numbers, in aligned columns.

It writes what `summary.as_json` holds and counts nothing itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from ixastate.cohort.answers.spells import ANY
from ixastate.cohort.models.parameters import MODEL
from ixastate.rules import load_edition

# How many of a long list are shown.
SHOWN = 8
# The least share that a digit after the point can show.
LEAST = 0.0005
GAP = "  "
WIDTH = 100
Answers = Mapping[str, Any]


def lines(answers: Answers, width: int = WIDTH) -> list[str]:
    """The lines of the tables, which are no wider than `width`; `answers` is the content of summary.json."""
    return [
        *_heading(answers["run"]),
        *_titled("Relative dose intensity, given over planned while on treatment", _doses(answers, width - 2)),
        *_titled("Reductions", _reductions(answers)),
        *_titled("Holds", _holds(answers, width - 2)),
        *_titled("Low counts that a second one was to confirm", _to_confirm(answers)),
        *_titled("What came of a count that truly was not below its threshold", _misclassified(answers)),
        *_titled("Stops", _stops(answers)),
        *_titled("Time on treatment", _times(answers)),
        *_titled("Rules that stopped treatment most often", _rules(answers, "stop_rules", "patients")),
        *_titled("Rules that fired most often", _rules(answers, "rules", "events")),
        *_titled("Orders given most often, other than starting and stopping", _orders(answers["orders"])),
        *_limits(answers["run"]),
    ]


def _limits(run: Answers) -> list[str]:
    """What nobody should read out of these figures."""
    if run["model"] != MODEL:
        return []
    return [
        "",
        "Progression does not go by the doses in this model, so that editions cannot be compared on benefit.",
        "What a second sample before a hold changes: a run of the edition what-if-confirm, beside this one.",
        "What the model can and cannot say: `ixastate validate`, and the page MODEL.md.",
    ]


def _heading(run: Answers) -> list[str]:
    events = f"{run['events']:,} events" if run["events"] is not None else "events not counted"
    return [
        f"{run['patients']:,} patients, {run['cycles']} cycles of {run['cycle_days']} days, {events}",
        f"edition {run['edition']}, model {run['model']}, seed {run['seed']}",
    ]


def _titled(title: str, rows: Sequence[str]) -> list[str]:
    return ["", title, *(f"  {row}" for row in rows)] if rows else []


def _doses(answers: Answers, width: int) -> list[str]:
    by_cycle = {(row["drug"], row["cycle"]): row["mean"] for row in answers["dose_intensity_by_cycle"]}
    last = max((cycle for _, cycle in by_cycle), default=0)
    cycles = sorted({cycle for cycle in (1, 3, 6, 12, 18, last) if 0 < cycle <= last})
    head = ["", "all doses", "patients' mean", "median", *(f"cycle {cycle}" for cycle in cycles)]
    rows = [
        [
            row["drug"],
            *(percent(row[name]) for name in ("overall", "mean", "median")),
            *(percent(by_cycle.get((row["drug"], cycle))) for cycle in cycles),
        ]
        for row in answers["dose_intensity"]
    ]
    return aligned([head, *rows], width)


def _reductions(answers: Answers) -> list[str]:
    shares = {(row["drug"], row["reductions"]): row["share"] for row in answers["reductions"]}
    most = max(number for _, number in shares)
    numbers = range(most + 1)
    drugs = dict.fromkeys(drug for drug, _ in shares)
    head = ["patients with", *("none" if number == 0 else str(number) for number in numbers)]
    return aligned([head, *([drug, *(percent(shares.get((drug, n), 0.0)) for n in numbers)] for drug in drugs)])


def _holds(answers: Answers, width: int) -> list[str]:
    head = ["for", "patients", "", "first on day", "holds", "mean days", "median days (95 %)", "stopped", "open"]
    rows = [
        [
            "any reason" if row["reason"] == ANY else row["reason"],
            f"{row['patients']:,}",
            percent(row["share"]),
            number(row["first_day"]),
            f"{row['holds']:,}",
            number(row["mean_days"], 1),
            limits(row, "median_days", "median_lower", "median_upper"),
            f"{row['stopped']:,}",
            f"{row['open']:,}",
        ]
        for row in answers["holds"]
    ]
    return aligned([head, *rows], width)


def _misclassified(answers: Answers) -> list[str]:
    """By count, how many of the holds, reductions and stops an error of the laboratory caused."""
    # A summary of an earlier version does not tell.
    told = answers.get("misclassified", [])
    what = ("holds", "reductions", "stops")
    rows = [[row["count"], *(_part(row[f"{name}_misclassified"], row[name]) for name in what)] for row in told]
    return aligned([["", *what], *rows]) if rows else []


def _to_confirm(answers: Answers) -> list[str]:
    """By count, how many low ones were to be confirmed, where an edition asks for that."""
    rows = []
    for row in answers.get("misclassified", []):
        if low := row.get("to_confirm"):
            wrong = row["to_confirm_misclassified"]
            rows.append([row["count"], f"{low:,}", f"{wrong:,}", percent(wrong / low)])
    return aligned([["", "low counts", "truly not low", ""], *rows]) if rows else []


def _part(some: int, whole: int) -> str:
    return f"{some:,} of {whole:,} ({percent(some / whole)})" if whole else "none"


def _stops(answers: Answers) -> list[str]:
    head = ["by", "patients", "", "median day"]
    rows = [
        [row["cause"], f"{row['patients']:,}", percent(row["share"]), number(row["median_day"])]
        for row in answers["stops"]
    ]
    return aligned([head, *rows])


def _times(answers: Answers) -> list[str]:
    told = answers["time_on_treatment"]
    median = limits(told, "median_days", "median_lower", "median_upper")
    if told["median_days"] is None:
        median = "not reached"
    rows = [["median days (95 %)", median]]
    for row in told["on_treatment_after"]:
        after = f"{row['months']:g} months" if row["months"] == int(row["months"]) else f"{row['day']} days"
        share = percent(row["share"])
        if row["lower"] is not None:
            share += f" ({100 * row['lower']:.1f} to {100 * row['upper']:.1f})"
        rows.append([f"on treatment after {after}", share])
    width = max(len(row[0]) for row in rows)
    return [f"{row[0]:<{width}}{GAP}{row[1]}" for row in rows]


def _rules(answers: Answers, name: str, what: str) -> list[str]:
    """The foremost rules with their titles, where today's rules have one by that name; bookkeeping says nothing."""
    known = load_edition(answers["run"]["edition"]).rules
    titles = {rule.id: rule.title for rule in known.values()}
    rows = [row for row in answers[name] if row["rule"] not in known or known[row["rule"]].kind != "bookkeeping"]
    counted = aligned([[row["rule"], f"{row[what]:,}"] for row in rows[:SHOWN]])
    said = [
        f"{line}{GAP}{titles.get(row['rule'], '')}".rstrip() for line, row in zip(counted, rows[:SHOWN], strict=True)
    ]
    return [*said, *_more(rows)]


def _orders(rows: Sequence[Answers]) -> list[str]:
    rows = [row for row in rows if row["verb"] not in ("start", "stop")]
    return [*aligned([[row["order"], f"{row['events']:,}"] for row in rows[:SHOWN]]), *_more(rows)]


def _more(rows: Sequence[Answers]) -> list[str]:
    return [f"and {len(rows) - SHOWN} more"] if len(rows) > SHOWN else []


# --- Words for numbers ----------------------------------------------------------------------------------------


def percent(share: float | None) -> str:
    """A share in percent; one that is too small for its digit is not shown as none."""
    if share is None:
        return "–"
    return "< 0.1 %" if 0 < share < LEAST else f"{100 * share:.1f} %"


def number(value: float | None, digits: int = 0) -> str:
    """A number, or a dash where there is none."""
    return "–" if value is None else f"{value:,.{digits}f}"


def limits(row: Answers, *names: str) -> str:
    """A value with its lower and upper limit."""
    value, lower, upper = (row[name] for name in names)
    return f"{number(value)} ({number(lower)} to {number(upper)})" if value is not None else "–"


def aligned(rows: Sequence[Sequence[str]], width: int | None = None) -> list[str]:
    """Rows of cells as lines: the first column to the left, the others to the right.

    Columns that do not fit into `width` follow in a block of their own, behind the first column.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    ends = [end - len(GAP) for end in accumulate(size + len(GAP) for size in widths)]
    fitting = len(widths) if width is None else max(2, sum(end <= width for end in ends))
    found = [
        GAP.join(
            cell.ljust(size) if place == 0 else cell.rjust(size)
            for place, (cell, size) in enumerate(zip(row[:fitting], widths, strict=False))
        ).rstrip()
        for row in rows
    ]
    rest = [[row[0], *row[fitting:]] for row in rows] if fitting < len(widths) else []
    return [*found, "", *aligned(rest, width)] if rest else found
