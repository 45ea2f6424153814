"""Whole replays of logs of interleaved patients: as records, in their parts, and as a timeline.

Each runs in a process of its own. The floor is `json.loads` of the same lines. The patients take turns, so that every
line is another patient's.
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

from benchmarks.measure import MILLION, LeftOut, Row, Section, Settings, elapsed

ROOT = Path(__file__).parent.parent
EVENTS_A_PATIENT = 100
SIZES = (10_000, 100_000, 1_000_000)
# A timeline is asked of as many patients, with a short course each.
PATIENTS, SHORT = (10_000, 100_000), 10
BEGIN = datetime(2026, 3, 2, 7, 30, tzinfo=UTC)
SEED = 5
# Runs the command as a program and says on the last line of standard error how much memory it held.
CHILD = """
import sys
from benchmarks.end_to_end import peak_bytes
from ixastate.cli.main import main
code = main()
print(peak_bytes(), file=sys.stderr)
sys.exit(code)
"""


# Reads a log, each time doing more, and prints the seconds of processor that each took; before, all is done once.
PARTS = """
import sys, time
from pathlib import Path
from ixastate.course.log import dump, in_batches, read_log
from ixastate.course.replay import replay_log

log = Path(sys.argv[1])
def read():
    for line in read_log(log): pass
def run():
    for step in replay_log(read_log(log), keep_records=False): pass
def write():
    for step in in_batches(replay_log(read_log(log), keep_records=False)): dump(step.record)
write()
for work in (read, run, write):
    began = time.process_time()
    work()
    print(time.process_time() - began)
"""


def write_log(path: Path, lines: int, events: int = EVENTS_A_PATIENT) -> None:
    """A seeded log of so many lines, a multiple of the events of a patient."""
    luck = random.Random(SEED)
    with path.open("w", encoding="utf-8") as log:
        for number in range(events):
            for patient in range(lines // events):
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


def replay(log: Path, *options: str) -> tuple[float, int]:
    """Seconds of the whole process, and the most memory it held, in bytes."""
    start = time.perf_counter()
    with tempfile.TemporaryFile() as out:
        finished = subprocess.run(
            [sys.executable, "-c", CHILD, "replay", str(log), *options],
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


def parts(log: Path) -> list[float]:
    """Seconds of processor for reading a log, for reading and running it, and for writing its records as text too."""
    finished = subprocess.run(
        [sys.executable, "-c", PARTS, str(log)], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    )
    return [float(line) for line in finished.stdout.split()]


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
        "one before, 100 lines a patient. The floor is `json.loads` of the same lines. The parts are microseconds of "
        "processor a line in one process more. A timeline is `ixastate replay LOG`, 10 lines a patient.",
    )

    def row(lines: int, place: Path) -> Row:
        log = place / f"{lines}.jsonl"
        write_log(log, lines)
        floor = elapsed(partial(parse, log), 1)
        seconds, peak = replay(log, "--json")
        reading, running, writing = (spent / lines * MILLION for spent in parts(log))
        figures = {
            "lines": lines,
            "seconds": seconds,
            "lines/s": lines / seconds,
            "× json.loads": seconds / floor,
            "peak MB": peak / MILLION,
            "µs to read": reading,
            "µs to run too": running,
            "µs to write too": writing,
        }
        return Row(f"replay {lines}", f"replay, {lines:,} lines", figures)

    def timeline(patients: int, place: Path) -> Row:
        log = place / f"{patients} patients.jsonl"
        write_log(log, patients * SHORT, SHORT)
        seconds, peak = replay(log)
        lines = patients * SHORT
        figures = {"lines": lines, "seconds": seconds, "lines/s": lines / seconds, "peak MB": peak / MILLION}
        return Row(f"timeline {patients}", f"timeline, {patients:,} patients", figures)

    with tempfile.TemporaryDirectory(prefix="ixastate-benchmark-") as place:
        for lines in (1_000, 2_000) if settings.quick else SIZES:
            section.attempt(f"replay {lines}", partial(row, lines, Path(place)))
        for patients in (100, 200) if settings.quick else PATIENTS:
            section.attempt(f"timeline {patients}", partial(timeline, patients, Path(place)))
    return section
