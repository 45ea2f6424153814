"""Whole replays: `ixastate replay LOG --json` of a log of interleaved patients, each in a process of its own.

The floor is `json.loads` of the same lines. A hundred events a patient; the patients take turns, so that every line is
another patient's.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.measure import LeftOut, Row, Section, Settings, elapsed

ROOT = Path(__file__).parent.parent
EVENTS_A_PATIENT = 100
SIZES = (10_000, 100_000, 1_000_000)
BEGIN = datetime(2026, 3, 2, 7, 30, tzinfo=UTC)
SEED = 5
# Runs the command in this process and says on the last line of standard error how much memory it held.
CHILD = """
import sys
from benchmarks.end_to_end import peak_bytes
from ixastate.cli.main import main
code = main(sys.argv[1:])
print(peak_bytes(), file=sys.stderr)
sys.exit(code)
"""


def write_log(path: Path, lines: int) -> None:
    """A seeded log of so many lines, a multiple of 100."""
    luck = random.Random(SEED)
    with path.open("w", encoding="utf-8") as log:
        for number in range(EVENTS_A_PATIENT):
            for patient in range(lines // EVENTS_A_PATIENT):
                at = BEGIN + timedelta(hours=26 * number, minutes=patient % 600)
                event = {"patient": f"p{patient:06d}", "at": at.isoformat(), **_event(luck, number)}
                log.write(json.dumps(event) + "\n")


def _event(luck: random.Random, number: int) -> dict[str, Any]:
    if number == 0:
        return {
            "type": "course_started",
            "weekday": "monday",
            "clock_time": "18:00",
            "patient_informed": True,
            "bilirubin": {"times_uln": round(luck.uniform(0.4, 1.4), 2)},
            "creatinine_clearance": {"value": round(luck.uniform(40, 130), 1), "unit": "mL/min"},
        }
    kind = luck.random()
    if kind < 0.4:
        value = round(max(0.2, luck.gauss(2.2, 0.9)), 2)
        return {"type": "neutrophils_measured", "value": value, "unit": "10*9/L"}
    if kind < 0.8:
        return {"type": "platelets_measured", "value": round(max(8.0, luck.gauss(140, 60))), "unit": "10*9/L"}
    if kind < 0.9:
        return {"type": "neuropathy_graded", "grade": luck.choice([0, 0, 1, 1, 2])}
    if kind < 0.97:
        return {"type": "rash_graded", "grade": luck.choice([0, 0, 1, 2])}
    return {"type": "dose_taken", "dose_mg": 4}


def replay(log: Path) -> tuple[float, int]:
    """Seconds of the whole process, and the most memory it held, in bytes."""
    start = time.perf_counter()
    with tempfile.TemporaryFile() as out:
        finished = subprocess.run(
            [sys.executable, "-c", CHILD, "replay", str(log), "--json"],
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )
    seconds = time.perf_counter() - start
    if finished.returncode:
        raise LeftOut(f"the replay ended with {finished.returncode}: {finished.stderr[-200:]}")
    return seconds, int(finished.stderr.split()[-1])


def parse(log: Path) -> None:
    """The floor: `json.loads` of each line."""
    with log.open(encoding="utf-8") as lines:
        for line in lines:
            json.loads(line)


def replay_section(settings: Settings) -> Section:
    """Replays of growing logs beside their floor."""
    section = Section(
        "Replay of a log",
        "`ixastate replay LOG --json` into a file, a process of its own, once; a line is another patient's than the "
        "one before, 100 lines a patient. The floor is `json.loads` of the same lines.",
    )

    def row(lines: int, place: Path) -> Row:
        log = place / f"{lines}.jsonl"
        write_log(log, lines)
        floor = elapsed(partial(parse, log), 1)
        seconds, peak = replay(log)
        figures = {
            "lines": lines,
            "seconds": seconds,
            "lines/s": lines / seconds,
            "× json.loads": seconds / floor,
            "peak MB": peak / 1e6,
        }
        return Row(f"replay {lines}", f"replay, {lines:,} lines", figures)

    with tempfile.TemporaryDirectory(prefix="ixastate-benchmark-") as place:
        for lines in (1_000, 2_000) if settings.quick else SIZES:
            section.attempt(f"replay {lines}", partial(row, lines, Path(place)))
    return section
