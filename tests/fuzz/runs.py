"""The doors of cohorts: manifests and shards of runs, and their Parquet files."""

from __future__ import annotations

import hashlib
import json
import shutil
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import polars as pl

from ixastate.cohort.run.courses import replay
from ixastate.cohort.run.directory import MANIFEST, Directory
from ixastate.cohort.run.plan import Plan, run_context
from ixastate.cohort.run.run import Run
from tests.cohort_runs import simulated
from tests.fuzz import mutate
from tests.fuzz.logs import ROOT
from tests.fuzz.run import Door
from tests.fuzz.studies import folder

# A name within the run, and its content.
Change = tuple[int, str, bytes]


@cache
def whole() -> tuple[Path, ...]:
    """Runs that are whole: one of version 0.1, which has no digest of its own, and one of today."""
    old, new = folder() / "run-0.1", folder() / "run"
    shutil.copytree(ROOT / "tests" / "data" / "version-0.1" / "hazards", old)
    simulated(new, patients=12, cycles=2)
    return old, new


def _signed(manifest: Any) -> bytes:
    """The manifest with the digest over itself, if it has one."""
    text = json.dumps(manifest, indent=1, sort_keys=True)
    if isinstance(manifest, dict) and "manifest" in manifest:
        bare = {name: part for name, part in manifest.items() if name != "manifest"}
        manifest["manifest"] = hashlib.sha256((json.dumps(bare, indent=1, sort_keys=True) + "\n").encode()).hexdigest()
        text = json.dumps(manifest, indent=1, sort_keys=True)
    return f"{text}\n".encode()


def manifest(rng: Random) -> Change:
    """A broken manifest, or a broken note of a finished shard."""
    number = rng.randrange(2)
    path = whole()[number]
    if rng.random() < 0.2:
        name = "shards/00000.json"
        data = json.loads((path / name).read_bytes())
        return number, name, mutate.as_json(rng, mutate.value(rng, data, [data])).encode("utf-8", "surrogatepass")
    data = json.loads((path / MANIFEST).read_bytes())
    kind = rng.randrange(10)
    if kind < 5:
        part = rng.choice((data["plan"], data["plan"], data["files"], data))
        part[rng.choice(list(part))] = rng.choice(
            (mutate.odd(rng), rng.randrange(-1, 10**10), rng.choice(list(part.values())))
        )
    else:
        data = mutate.value(rng, data, [data])
    text = mutate.as_json(rng, data)
    if rng.random() < 0.8:
        # As Python reads it, so that the digest is that of what is read.
        try:
            return number, MANIFEST, _signed(json.loads(text))
        except (ValueError, RecursionError):
            pass
    content = text.encode("utf-8", "surrogatepass")
    return number, MANIFEST, mutate.broken_bytes(rng, content) if kind == 9 else content


def opened(given: Change) -> None:
    """A run whose manifest is read is the run that was made, or is said to be damaged."""
    number, name, content = given
    path = whole()[number]
    before = {one: (path / one).read_bytes() for one in {name, MANIFEST}}
    (path / name).write_bytes(content)
    try:
        directory = Directory.open(path, complete=False)
        assert Plan.from_json(json.loads(json.dumps(directory.plan.as_json())), "again") == directory.plan
        if directory.finished(0) and name != MANIFEST and number:
            directory.complete(run_context(directory.plan))
        run = Run.open(path)
        assert run.collect(run.events.select(pl.len())).item() > 0
    finally:
        for one, was in before.items():
            (path / one).write_bytes(was)


def parquet(rng: Random) -> Change:
    """A broken Parquet file."""
    number = rng.randrange(2)
    path = whole()[number]
    name = rng.choice([str(file.relative_to(path)) for file in sorted(path.glob("*/*.parquet"))])
    content = (path / name).read_bytes()
    if rng.random() < 0.5:
        # The metadata, which stand at the end.
        return number, name, content[:-2000] + mutate.broken_bytes(rng, content[-2000:])
    return number, name, mutate.broken_bytes(rng, content)


def read(given: Change) -> None:
    """A file is refused by its digest; with the digest made right, what cannot be read is refused too."""
    number, name, content = given
    path = whole()[number]
    before = {one: (path / one).read_bytes() for one in (name, MANIFEST)}
    (path / name).write_bytes(content)
    data = json.loads(before[MANIFEST])
    data["files"][name] = hashlib.sha256(content).hexdigest()
    (path / MANIFEST).write_bytes(_signed(data))
    try:
        run = Run.open(path)
        for frame in (run.events, run.cycles, run.patients, run.outputs):
            run.collect(frame)
        if number:
            replay(run, 3)
    finally:
        for one, was in before.items():
            (path / one).write_bytes(was)


DOORS = [Door("manifest", 0.6, manifest, opened), Door("parquet", 0.3, parquet, read)]
