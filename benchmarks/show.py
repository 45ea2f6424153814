"""What a run of the benchmarks prints: where it ran, a table a section, and what was wanted beside what was found."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.measure import Section, Target

LIBRARIES = ("numba", "numpy", "polars", "python-statemachine", "simpy", "transitions")
BUSY = 0.5


def machine() -> dict[str, str]:
    """Where this runs, without its name."""
    found = {"processor": _processor(), "processors": str(os.cpu_count())}
    if hasattr(os, "sched_getaffinity"):
        found["processors"] = str(len(os.sched_getaffinity(0)))
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        found["memory"] = f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.1f} GiB"
    found["system"] = platform.system()
    found["Python"] = platform.python_version()
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "not installed"
    if node := shutil.which("node"):
        answer = subprocess.run([node, "--version"], capture_output=True, encoding="utf-8", check=False)
        found["Node"] = answer.stdout.strip()
    return found


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        for line in listing.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def load() -> float | None:
    """How many processes wanted a processor in the last minute, where the system says so."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def section(one: Section) -> str:
    """A section as Markdown that can be read as it stands."""
    lines = [f"## {one.title}", "", one.about, ""]
    if one.rows:
        columns = list(dict.fromkeys(column for row in one.rows for column in row.figures))
        notes = any(row.note for row in one.rows)
        head = ["", *columns, *(["what it does"] if notes else [])]
        body = [
            [row.what, *(number(row.figures.get(column)) for column in columns), *([row.note] if notes else [])]
            for row in one.rows
        ]
        lines += table(head, body, right=range(1, 1 + len(columns)))
    lines += [f"- left out: {key}: {reason}" for key, reason in one.left_out.items()]
    return "\n".join([*lines, ""])


def targets(wanted: Sequence[Target]) -> str:
    """What was wanted, beside what was found."""
    body = [[one.what, one.wanted, number(one.found), "yes" if one.met else "no"] for one in wanted]
    return "\n".join(["## What was wanted", "", *table(["", "wanted", "found", "met"], body, right=(1, 2)), ""])


def table(head: Sequence[str], body: Sequence[Sequence[str]], right: Sequence[int]) -> list[str]:
    """A Markdown table with its columns in line."""
    widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]

    def line(cells: Sequence[str]) -> str:
        placed = [
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(placed)} |"

    rule = ["-" * (width - 1) + ":" if place in right else "-" * width for place, width in enumerate(widths)]
    return [line(head), line(rule), *map(line, body)]


def number(value: float | None) -> str:
    """A figure with three digits that matter."""
    if value is None:
        return ""
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"{value:.3g}"
