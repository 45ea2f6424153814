"""A run's directory: its layout, which of its shards are complete, and what may be written there.

    manifest.json   the plan, the fingerprint of rules and chart, versions; once complete, the digests of everything
    events/ cycles/ patients/ machine/   Parquet files, one per shard
    shards/         one JSON file per finished shard, written after its files: a shard without it does not count

Every file is written under another name and moved into place, so that a killed run leaves nothing half-written.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from ixastate.cohort.arrays import MachineArrays
from ixastate.cohort.kept import kept
from ixastate.cohort.log.log import MACHINE_FRAMES, as_parquet, machine_frames
from ixastate.cohort.run.plan import Plan, RunContext
from ixastate.errors import InputError, OutputError
from ixastate.files import bytes_of, clear_left_over, json_of, write_first, write_whole
from ixastate.version import __version__

FORMAT = "ixastate cohort 1"
MANIFEST = "manifest.json"
KINDS_OF_FILE = ("events", "cycles", "patients")
FOLDERS = (*KINDS_OF_FILE, "machine", "shards")
LIBRARIES = ("numba", "numpy", "polars", "python-statemachine")
# The schema of the manifest. 1, that of version 0.1, has no number; 2 calls the model `published` by its name `pkpd`; 3
# has a digest over the manifest itself.
SCHEMA = 3
# What Polars says of a file that it cannot read; of some it panics.
NOT_READ = (pl.exceptions.PolarsError, pl.exceptions.PanicException)
ANEW = "simulate it again, into another directory"


Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Finished(BaseModel):
    """What a shard's own file says of it: how many events it has, and the digests of its files and of its blocks."""

    model_config = ConfigDict(frozen=True, strict=True)

    shard: int
    events: int = Field(ge=0)
    files: dict[str, Digest]
    blocks: list[Digest]


@dataclass(frozen=True)
class Directory:
    """A run's directory, opened for its plan."""

    path: Path
    plan: Plan
    fingerprint: str

    # --- Opening ----------------------------------------------------------------------------------------------

    @classmethod
    def begin(cls, path: Path, context: RunContext) -> Directory:
        """A directory for this plan: a new one, or one in which the same plan was begun; else `InputError`.

        A directory that holds anything else, or another run, is left as it is. What a beginning leaves behind that was
        ended before the manifest was written is begun again, and of several that begin at once the first writes it.
        """
        fingerprint = context.arrays.table.graph.fingerprint
        here = cls(path, context.plan, fingerprint)
        if os.path.exists(path) and not os.path.isdir(path):
            raise InputError("it is a file", where=str(path), remedy="name a directory")
        try:
            path.mkdir(parents=True, exist_ok=True)
            begun = not only_begun(path) or not here._begin_manifest()
            found = cls.open(path, complete=False) if begun else here
            if found.plan.deciding() != here.plan.deciding() or found.fingerprint != fingerprint:
                raise InputError(
                    f"it holds another run: {_difference(found, here)}", where=str(path), remedy="name another one"
                )
            for kind in FOLDERS:
                (path / kind).mkdir(exist_ok=True)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise OutputError(
                f"cannot be written: {reason}", where=str(path), remedy="name a directory with leave to write"
            ) from None
        # Its plan may be written in the words of an earlier version, and its files are to agree.
        return found

    @classmethod
    def open(cls, path: Path, *, complete: bool = True) -> Directory:
        """The run of a directory; `InputError` when it holds none, or one that is not complete but should be."""
        manifest = cls.manifest_of(path)
        where = str(path / MANIFEST)
        if complete and not manifest.get("digest"):
            raise InputError(
                "the run is not complete",
                where=str(path),
                remedy="start the same `ixastate simulate` again, or `ixastate merge` once every shard is there",
            )
        return cls(path, Plan.from_json(manifest.get("plan"), where), str(manifest.get("fingerprint")))

    @staticmethod
    def manifest_of(path: Path) -> dict[str, Any]:
        """The manifest of a directory as it stands; `InputError` when there is none or it is damaged."""
        where = path / MANIFEST
        try:
            manifest = json_of(bytes_of(where))
        except OSError:
            there = os.path.isdir(path)
            more = ", and is not empty" if there and any(path.iterdir()) else ""
            raise InputError(
                f"it holds no cohort{more}" if there else "there is no such directory",
                where=str(path),
                remedy="name a directory that `ixastate simulate -o DIR` made, or for a new run an empty one",
            ) from None
        except ValueError:
            raise InputError("the manifest is damaged", where=str(where), remedy=ANEW) from None
        if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
            raise InputError("the manifest is of another format", where=str(where), remedy=ANEW)
        schema = manifest.get("schema", 1)
        if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
            raise InputError(f"the schema {schema!r} is no number of a schema", where=str(where), remedy=ANEW)
        if schema > SCHEMA:
            raise InputError(
                f"the manifest is of schema {schema}, and this version of ixastate reads up to {SCHEMA}",
                where=str(where),
                remedy="install the version of ixastate that the manifest names, or a later one",
            )
        own = manifest.pop("manifest", None)
        if schema >= 3 and own != _sha256(_json(manifest)):
            raise InputError("the manifest is not as it was written", where=str(where), remedy=ANEW)
        return manifest

    # --- Shards -----------------------------------------------------------------------------------------------

    def files(self, shard: int) -> dict[str, Path]:
        """The Parquet files of a shard by kind."""
        return {kind: self.path / kind / f"{shard:05}.parquet" for kind in KINDS_OF_FILE}

    def record(self, shard: int) -> Path:
        """The file that says that a shard is finished."""
        return self.path / "shards" / f"{shard:05}.json"

    def finished(self, shard: int) -> bool:
        """Whether a shard is there and whole, by the digests of its files."""
        try:
            said = Finished.model_validate(json_of(self.record(shard).read_bytes()))
            return said.shard == shard and said.files == {
                kind: _sha256(path.read_bytes()) for kind, path in self.files(shard).items()
            }
        except (OSError, ValueError):  # what pydantic says is a ValueError too
            return False

    def write_shard(self, shard: int, contents: dict[str, bytes], digests: list[str], events: int) -> None:
        """Put a finished shard in place; the record comes last."""
        for kind, path in self.files(shard).items():
            write_whole(path, contents[kind])
        files = {kind: _sha256(content) for kind, content in contents.items()}
        said = Finished(shard=shard, events=events, files=files, blocks=digests)
        write_whole(self.record(shard), _json(said.model_dump()))

    def metadata(self) -> dict[str, str]:
        """What every Parquet file says of its origin."""
        plan = self.plan.as_json()
        return {"ixastate.fingerprint": self.fingerprint, "ixastate.plan": json.dumps(plan, sort_keys=True)}

    # --- The end ----------------------------------------------------------------------------------------------

    def missing(self) -> list[int]:
        """The shards that are not finished."""
        return [shard for shard in range(self.plan.shards) if not self.finished(shard)]

    def complete(self, context: RunContext) -> dict[str, Any]:
        """Write what the whole run says of itself, once every shard is there; the manifest comes last."""
        missing = self.missing()
        if missing:
            raise InputError(
                f"{len(missing)} of {self.plan.shards} shards are missing, the first is {missing[0]}",
                where=str(self.path),
                remedy="simulate them into the same directory",
            )
        for name, frame in _machine_frames(context.arrays).items():
            write_whole(self.path / "machine" / f"{name}.parquet", as_parquet(frame, self.metadata()))
        files: dict[str, str] = {}
        blocks: list[str] = []
        events = 0
        for shard in range(self.plan.shards):
            said = Finished.model_validate(json_of(self.record(shard).read_bytes()))
            files |= {f"{kind}/{shard:05}.parquet": digest for kind, digest in said.files.items()}
            blocks += said.blocks
            events += said.events
        for path in sorted((self.path / "machine").glob("*.parquet")):
            files[f"machine/{path.name}"] = _sha256(path.read_bytes())
        for stale in self._temporary():
            stale.unlink(missing_ok=True)
        clear_left_over(self.path / MANIFEST)
        return self._write_manifest({"digest": _sha256("".join(blocks).encode()), "events": events, "files": files})

    def damaged(self) -> Iterator[str]:
        """The files of a complete run that are not as they were written, or not of the plan of its manifest."""
        listed = self.manifest_of(self.path).get("files")
        files = listed if isinstance(listed, dict) else {}
        agreeing: set[str] = set()
        looked_at: set[str] = set()
        # One by one: a damaged plan may speak of any number of files.
        for name in chain(self._expected(), files):
            if name not in looked_at and not (
                _is(self.path / name, files.get(name)) and self._owns(self.path / name, agreeing)
            ):
                yield name
            looked_at.add(name)

    def _expected(self) -> Iterator[str]:
        """The files of a whole run."""
        yield from (f"{kind}/{shard:05}.parquet" for kind in KINDS_OF_FILE for shard in range(self.plan.shards))
        yield from (f"machine/{name}.parquet" for name in MACHINE_FRAMES)

    def _owns(self, path: Path, agreeing: set[str]) -> bool:
        """Whether a Parquet file says that it is of this plan, machine and rules; plans that do are kept in a set."""
        try:
            said = pl.read_parquet_metadata(path)
            fingerprint, plan = said["ixastate.fingerprint"], said["ixastate.plan"]
            if plan not in agreeing:
                its = Plan.from_json(json_of(plan.encode()), str(path))
                if its.deciding() == self.plan.deciding():
                    agreeing.add(plan)
        except (*NOT_READ, OSError, KeyError, ValueError, InputError):
            return False
        return fingerprint == self.fingerprint and plan in agreeing

    def _temporary(self) -> Iterator[Path]:
        """What a process that was ended left of files that it had not written whole."""
        for kind in FOLDERS:
            yield from (self.path / kind).glob(".*")

    def _begin_manifest(self) -> bool:
        """Write the manifest of a run that begins; False where another process has just written one."""
        return write_first(self.path / MANIFEST, _json(self._manifest({})))

    def _write_manifest(self, more: dict[str, Any]) -> dict[str, Any]:
        manifest = self._manifest(more)
        write_whole(self.path / MANIFEST, _json(manifest))
        return manifest

    def _manifest(self, more: dict[str, Any]) -> dict[str, Any]:
        manifest = {
            "format": FORMAT,
            "schema": SCHEMA,
            "plan": self.plan.as_json(),
            "fingerprint": self.fingerprint,
            "versions": {"ixastate": __version__, "python": sys.version.split()[0], **_versions()},
            **more,
        }
        return {**manifest, "manifest": _sha256(_json(manifest))}


def _machine_frames(arrays: MachineArrays) -> dict[str, pl.DataFrame]:
    """What the numbers of the log mean, made once and kept as Parquet."""

    def made() -> dict[str, Any]:
        return {name: np.frombuffer(as_parquet(frame, {}), np.uint8) for name, frame in machine_frames(arrays).items()}

    found = kept("frames", arrays.table.graph, made)
    return {name: pl.read_parquet(found[name].tobytes()) for name in MACHINE_FRAMES}


def _difference(found: Directory, wanted: Directory) -> str:
    """In what a run differs from the one that is wanted."""
    there, here = found.plan.deciding(), wanted.plan.deciding()
    for name, value in here.items():
        if there[name] != value:
            return f"other {name}" if name == "toxicity" else f"{name} {there[name]}, not {value}"
    return "made by other rules or another chart"


def _versions() -> dict[str, str]:
    found = {}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "unknown"
    return found


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def only_begun(path: Path) -> bool:
    """Whether a directory holds nothing but what a beginning makes before its manifest."""
    # By name alone: the files that other beginnings have not moved yet come and go while the directory is listed.
    return all(
        entry.match(f".{MANIFEST}.*") or (entry.name in FOLDERS and entry.is_dir() and not any(entry.iterdir()))
        for entry in path.iterdir()
    )


def _is(path: Path, digest: object) -> bool:
    try:
        return _sha256(bytes_of(path)) == digest
    except OSError:
        return False


def _json(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True) + "\n").encode()
