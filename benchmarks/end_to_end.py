"""A whole run, from the start of the process to a finished directory of Parquet files, in a process of its own.

The parent calls `measure`; the child is `python -m benchmarks.end_to_end ARGUMENTS` and prints one JSON object. Its
memory is asked of the kernel as the peak of the child's own pages: `ru_maxrss` would also count the parent's, which a
new process inherits.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.measure import LeftOut, share_out, spans

ROOT = Path(__file__).resolve().parent.parent
# The kernel alone is run over the first so many patients, which is enough to time it.
ALONE = 64 * 1024


def measure(model: str, patients: int, cycles: int, threads: int) -> dict[str, float]:
    """Run a cohort in a process of its own: seconds in all and for simulating alone, bytes, events; `of_kernel`.

    The last one is how many patients a second are simulated and written, over how many the kernel alone does in the
    same process with as many threads, right before and after it.
    """
    arguments = ["--model", model, "--patients", str(patients), "--cycles", str(cycles), "--threads", str(threads)]
    with tempfile.TemporaryDirectory(prefix="ixastate-benchmark-") as place:
        start = time.perf_counter()
        finished = subprocess.run(
            [sys.executable, "-m", "benchmarks.end_to_end", *arguments, str(Path(place) / "run")],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )
        seconds = time.perf_counter() - start
    if finished.returncode:
        raise LeftOut(f"the run ended with {finished.returncode}; what it said is above")
    said: dict[str, float] = json.loads(finished.stdout)
    return {"seconds": seconds, **said}


def run(model: str, patients: int, cycles: int, threads: int, directory: Path) -> dict[str, Any]:
    """Simulate into a directory as `ixastate.cohort.simulate` does, with a progress bar."""
    from tqdm import tqdm

    from ixastate.cohort.run.directory import Directory
    from ixastate.cohort.run.plan import BLOCK, run_context
    from ixastate.cohort.run.simulation import finish, plan_of, run_shards

    plan = plan_of(patients, cycles, 1, toxicity=model)
    context = run_context(plan)
    context.prepare()
    block = context.kernel(0, 1)
    context.bookkeeper.keep(0, 1, block.rows)
    among = min(patients, ALONE)

    def kernel_alone() -> float:
        start = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            share_out(pool, [context.kernel] * threads, spans(among, BLOCK))
        return time.perf_counter() - start

    alone = kernel_alone()
    start = time.perf_counter()
    opened = Directory.begin(directory, context)
    with tqdm(total=patients, unit=" patients", unit_scale=True, desc=f"end to end: {model}", leave=False) as bar:
        run_shards(opened, context, opened.missing(), threads=threads, progress=bar.update)
    done = finish(opened, context)
    simulating = time.perf_counter() - start
    alone = min(alone, kernel_alone())
    return {
        "simulating": simulating,
        "of_kernel": (patients / simulating) / (among / alone),
        "peak_bytes": peak_bytes(),
        "disk_bytes": sum(path.stat().st_size for path in directory.rglob("*") if path.is_file()),
        "events": done.manifest["events"],
    }


def peak_bytes() -> int:
    """The most memory that this process has held at once."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--model")
    for option in ("--patients", "--cycles", "--threads"):
        parser.add_argument(option, type=int)
    parser.add_argument("directory", type=Path)
    options = parser.parse_args()
    json.dump(run(options.model, options.patients, options.cycles, options.threads, options.directory), sys.stdout)
