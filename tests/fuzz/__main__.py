"""Try many inputs of every door, or of those that are named, in several processes."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed

from tests.fuzz.doors import DOORS, counts, tried
from tests.fuzz.run import Finding, Tally, input_of, shortened

CHUNK = 2000
MOST_SHOWN = 15


def main() -> int:
    """Run, print a table of the doors, and return 1 where something does not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("doors", nargs="*", metavar="DOOR", help=f"one of {', '.join(DOORS)}; all by default")
    parser.add_argument("--inputs", type=int, default=10_000, help="how many, in all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="the input of this number alone, which is shown")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    given = parser.parse_args()
    names = given.doors or list(DOORS)
    if given.only is not None:
        print(repr(input_of(DOORS[names[0]], given.seed, given.only)))
        _, _, found = tried(names[0], given.seed, range(given.only, given.only + 1))
        print(*found, sep="\n")
        return bool(found)
    began = time.monotonic()
    totals = {name: Tally() for name in names}
    findings: dict[str, list[Finding]] = {}
    # A fresh interpreter each: threads of other libraries do not survive a fork.
    with ProcessPoolExecutor(given.processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting = {}
        for name, count in counts(given.inputs, names).items():
            for first in range(0, count, CHUNK):
                numbers = range(first, min(first + CHUNK, count))
                waiting[pool.submit(tried, name, given.seed, numbers)] = (name, numbers)
        for done in as_completed(waiting):
            if done.exception() is not None:
                print(f"{waiting[done]}: {done.exception()!r}", flush=True)
                findings.setdefault("process", []).append(
                    Finding(waiting[done][0], given.seed, -1, "process died", None)
                )
                continue
            name, tally, found = done.result()
            total = totals[name]
            total.inputs += tally.inputs
            total.accepted += tally.accepted
            total.seconds += tally.seconds
            total.slowest = max(total.slowest, tally.slowest)
            for one in found:
                findings.setdefault(one.kind, []).append(one)
    for kind, found in list(findings.items())[:MOST_SHOWN]:
        print(f"--- {len(found)} × {kind}\n{min(found, key=lambda one: len(shortened(one.given)))}")
    print(f"{'door':<12} {'inputs':>9} {'taken in':>9} {'CPU s':>8} {'ms each':>8} {'slowest s':>9} {'findings':>9}")
    for name, total in totals.items():
        each = total.seconds / max(1, total.inputs) * 1000
        wrong = sum(one.door == name for found in findings.values() for one in found)
        times = f"{total.seconds:>8.1f} {each:>8.2f} {total.slowest:>9.2f}"
        print(f"{name:<12} {total.inputs:>9,} {total.accepted:>9,} {times} {wrong:>9}")
    inputs = sum(total.inputs for total in totals.values())
    print(f"{inputs:,} inputs in {time.monotonic() - began:.0f} s, {len(findings)} kinds of findings")
    return bool(findings)


if __name__ == "__main__":
    sys.exit(main())
