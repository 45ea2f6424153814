"""The exact answer, and the validation, as tables for a terminal. They count nothing themselves."""

from __future__ import annotations

import textwrap
from collections import Counter
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
    """The validation under one edition; `checks` are the JSON objects of its rows."""
    roles = Counter(check["role"] for check in checks)
    verdicts = Counter(check["verdict"] for check in checks)
    judged = [check for check in checks if check["verdict"] != NOT_JUDGED]
    return [
        f"Simulated against reported, edition {edition}, with 95 % intervals; shares in %",
        *(line for role in ROLES for line in _of_role(role, [c for c in checks if c["role"] == role], width)),
        "",
        f"{len(checks)} rows: {_counted(ROLES, roles)}",
        f"verdicts: {_counted(VERDICTS, verdicts)}",
        *_noted("The published equations alone, at fixed doses", [_alone(check) for check in judged], width),
        *_noted("Not judged", [_why(check) for check in checks], width),
    ]


def _counted(names: Sequence[str], counts: Mapping[str, int]) -> str:
    return ", ".join(f"{counts[name]} {shown(name)}" for name in names if name in counts)


def _of_role(role: str, checks: Sequence[Mapping[str, Any]], width: int) -> list[str]:
    rows = [
        [
            f"{check['figure']}, {check['arm']}",
            _measured(check["reported"], check["reported_interval"]),
            _measured(check["simulated"], check["simulated_interval"]),
            # None of a role that is never judged needs to say so.
            *([shown(check["verdict"])] if role in JUDGED else []),
        ]
        for check in checks
    ]
    head = ["", "reported", "simulated", *([""] if role in JUDGED else [])]
    return ["", role.capitalize(), *(f"  {line}" for line in aligned([head, *rows], width - 2))] if rows else []


JUDGED = ("fitted", "predicted")
ROLES = (*JUDGED, "not comparable", "unsourced")
NOT_JUDGED = "not judged"
VERDICTS = ("agrees", "differs as published", "differs", NOT_JUDGED)


def shown(verdict: str) -> str:
    """A verdict as it is printed: short, and one that nothing explains stands out."""
    return {"differs": "DIFFERS", "differs as published": "as published"}.get(verdict, verdict)


def _measured(value: float | None, ends: Sequence[float | None] | None) -> str:
    """A figure with its interval; one without an upper end goes on."""
    if value is None:
        return "–"
    if ends is None:
        return f"{value:.1f}"
    low, high = ("" if end is None else f"{end:.1f}" for end in ends)
    return f"{value:.1f} ({low}–{high})"


def _alone(check: Mapping[str, Any]) -> str:
    """What the published model gives, of a row that differs."""
    if check["published_model"] is None or check["verdict"] == "agrees":
        return ""
    return f"{check['figure']}, {check['arm']}: {check['published_model']:.1f}"


def _why(check: Mapping[str, Any]) -> str:
    """Why a row is not judged."""
    return f"{check['endpoint']}, {check['arm']}: {check['words']}" if check["words"] else ""


def _noted(title: str, notes: Sequence[str], width: int) -> list[str]:
    """Notes below their title, each once."""
    said = [note for note in dict.fromkeys(notes) if note]
    lines = [line for note in said for line in textwrap.wrap(note, width - 2, subsequent_indent="  ")]
    return ["", title, *(f"  {line}" for line in lines)] if said else []
