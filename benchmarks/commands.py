"""Whole commands, each in a process of its own: cold, with nothing kept, and warm, with what the first time kept.

What is kept are the tables of machines and what cohorts make of them (`ixastate table --where`). What numba compiled is
kept elsewhere, by numba, and stays: nothing here is the first run on a machine.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.measure import LeftOut, Row, Section, Settings
from benchmarks.replays import write_log

ROOT = Path(__file__).parent.parent
WARM = 3
# Notes when it is started, and ends.
PROGRAM = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).write_text(str(time.time()))"
FOUND = 1

COMMANDS = {
    "rules": ["rules", "ANC-04"],
    "replay": ["replay", "log.jsonl", "--json"],
    "table": ["table"],
    "bedside": ["diagram", "bedside", "-o", "bedside.svg"],
    "compare": ["compare", "dosing-text", "us-label"],
    "check": ["check"],
    "cohort": ["simulate", "--patients", "1000", "--cycles", "6", "--no-figures", "-o", "run"],
    "cohort with figures": ["simulate", "--patients", "1000", "--cycles", "6", "-o", "run with figures"],
}
QUICK = ("rules", "replay")


def timed(command: list[str], folder: Path, kept: Path) -> float:
    """Seconds that a command takes, from its start to its end."""
    began = time.perf_counter()
    _ended(command, folder, kept)
    return time.perf_counter() - began


def until_asked(folder: Path, kept: Path) -> float:
    """Seconds from the start of `ixastate conform` to that of the program under test."""
    started = folder / "started"
    began = time.time()
    _ended(["conform", "--", sys.executable, "-c", PROGRAM, str(started)], folder, kept)
    return float(started.read_text(encoding="utf-8")) - began


def _ended(command: list[str], folder: Path, kept: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "ixastate.cli.main", *command],
        cwd=folder,
        env=os.environ | {"IXASTATE_CACHE": str(kept), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    # A program that answers nothing does not conform.
    if finished.returncode not in (0, FOUND):
        raise LeftOut(f"it ended with {finished.returncode}: {finished.stderr[-200:]}")


def commands_section(settings: Settings) -> Section:
    """Each command cold and warm."""
    section = Section(
        "Commands",
        f"The seconds of whole processes: once with nothing kept, then the median of {WARM} with what that kept. "
        "`conform` is timed until it starts the program under test.",
    )

    def row(key: str, what: str) -> Row:
        with tempfile.TemporaryDirectory(prefix="ixastate-benchmark-") as place:
            kept, times = Path(place) / "kept", []
            for number in range(1 + (1 if settings.quick else WARM)):
                folder = Path(place) / str(number)
                folder.mkdir()
                write_log(folder / "log.jsonl", 100)
                times.append(until_asked(folder, kept) if key == "conform" else timed(COMMANDS[key], folder, kept))
        cold, *warm = times
        return Row(f"command {key}", what, {"cold s": cold, "warm s": median(warm)})

    for key, command in COMMANDS.items():
        if key in QUICK or not settings.quick:
            section.attempt(f"command {key}", partial(row, key, f"`ixastate {' '.join(command)}`"))
    if not settings.quick:
        section.attempt("command conform", partial(row, "conform", "`ixastate conform -- PROGRAM`, until it starts"))
    return section
