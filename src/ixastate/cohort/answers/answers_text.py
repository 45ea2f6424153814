"""The exact answer, and the validation, as tables for a terminal. They count nothing themselves."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from ixastate.cohort.answers.summary_text import aligned
from ixastate.cohort.run.plan import Plan

SHOWN = 12
WIDTH = 100


def lines(answer: Mapping[str, Any], plan: Plan) -> list[str]:
    """The exact answer; `answer` is its JSON object."""
    states = sorted(answer["states"].items(), key=lambda item: -item[1])
    stops = sorted(answer["stops"].items(), key=lambda item: -item[1])
    symbols = sorted(answer["symbols"].items(), key=lambda item: -item[1])
    intensity = answer["relative_dose_intensity"]
    return [
        f"The exact distribution over {answer['configurations']:,} configurations, {answer['weeks']} weeks",
        f"edition {plan.edition}, model {plan.model}",
        *_titled("Relative dose intensity", [[drug, _percent(share)] for drug, share in intensity.items()]),
        *_titled("States at the end, share of patients", _shares(states)),
        *_titled("Stops by cause, share of patients", _shares(stops)),
        *_titled("Symbols a patient", [[name, f"{mean:.4f}"] for name, mean in symbols]),
    ]


def _shares(found: Sequence[tuple[str, float]]) -> list[list[str]]:
    rows = [[name, _percent(share)] for name, share in found[:SHOWN]]
    rest = sum(share for _, share in found[SHOWN:])
    return [*rows, [f"{len(found) - SHOWN} more", _percent(rest)]] if rest else rows


def _percent(share: float) -> str:
    return f"{100 * share:.3f} %"


def _titled(title: str, rows: Sequence[Sequence[str]]) -> list[str]:
    return ["", title, *(f"  {line}" for line in aligned(rows))]


def check_lines(checks: Sequence[Mapping[str, Any]], edition: str, width: int = WIDTH) -> list[str]:
    """The validation under one edition; `checks` are the JSON objects of its lines."""
    rows = [
        ["", "published", "tolerance", "simulated", ""],
        *(
            [
                f"{check['figure']}, {check['unit']}",
                _reported(check),
                f"± {check['tolerance']:g}",
                f"{check['simulated']:.1f}",
                _verdict(check),
            ]
            for check in checks
        ),
    ]
    sources = ["source", *(check["source"] for check in checks)]
    table = [
        part
        for line, source in zip(aligned(rows), sources, strict=True)
        for part in textwrap.wrap(f"{line.ljust(78)}  {source}", width, subsequent_indent=" " * min(80, width // 2))
    ]
    notes = [check for check in checks if check["words"]]
    noted = [
        line
        for check in notes
        for line in textwrap.wrap(f"{check['figure']}: {check['words']}", width, subsequent_indent="  ")
    ]
    return [f"Simulated against published, edition {edition}", *table, *(["", *noted] if noted else [])]


def _reported(check: Mapping[str, Any]) -> str:
    """The published figures, and in parentheses those without a source."""
    published, recalled = ("-".join(f"{figure:g}" for figure in check[name]) for name in ("published", "recalled"))
    return " ".join(filter(None, (published, recalled and f"({recalled})")))


def _verdict(check: Mapping[str, Any]) -> str:
    if check["judged"]:
        return "agrees" if check["agrees"] else "DIFFERS"
    return "not judged"
