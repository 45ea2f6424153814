"""A finished run, read: its frames for Polars, and the courses of single patients.

Summaries, figures and verification start here. A run describes itself: the frames can be read without the machine that
made them. Only replaying asks for the same rules and chart.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ixastate.cohort.run.directory import NOT_READ, Directory
from ixastate.cohort.run.plan import Plan
from ixastate.errors import InputError

AGAIN = "start the same `ixastate simulate` again: what is damaged is simulated again"


@dataclass(frozen=True)
class Run:
    """A complete run in a directory; open it with `Run.open`."""

    directory: Directory
    manifest: dict[str, Any]

    @classmethod
    def open(cls, path: Path | str, *, check: bool = True) -> Run:
        """The run of a directory; `InputError` when there is none, it is not complete, or a file of it is damaged.

        Without `check` the files are not read; for one whom somebody else has just checked.
        """
        directory = Directory.open(Path(path))
        run = cls(directory, Directory.manifest_of(Path(path)))
        if check:
            run.require_whole()
        return run

    def require_whole(self) -> None:
        """`InputError` when a file is missing, or is not as it was written."""
        damaged = next(self.directory.damaged(), None)
        if damaged is not None:
            raise InputError(f"the file {damaged} is missing or damaged", where=str(self.path), remedy=AGAIN)

    def __hash__(self) -> int:
        return hash(self.path)

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.directory.path

    @property
    def plan(self) -> Plan:
        """The arguments that it was made with."""
        return self.directory.plan

    @property
    def events(self) -> pl.LazyFrame:
        """One row per event, by patient and number."""
        return self._scan("events/*.parquet")

    @property
    def cycles(self) -> pl.LazyFrame:
        """One row per patient and cycle: the doses given and planned, in tenths of a milligram."""
        return self._scan("cycles/*.parquet")

    @property
    def patients(self) -> pl.LazyFrame:
        """One row per patient."""
        return self._scan("patients/*.parquet")

    @property
    def configurations(self) -> pl.LazyFrame:
        """What each configuration means: its words, levels, holds and states."""
        return self._scan("machine/configurations.parquet")

    @property
    def outputs(self) -> pl.LazyFrame:
        """What each answer of the machine means: its orders, its rules, and the numbers of the transitions taken."""
        return self._scan("machine/outputs.parquet")

    def collect(self, frame: pl.LazyFrame) -> pl.DataFrame:
        """The result of a query; `InputError` when a file cannot be read, such as one damaged since then."""
        try:
            return frame.collect(engine="streaming")
        except (*NOT_READ, OSError) as error:
            self.require_whole()
            raise InputError(f"its files cannot be read: {error}", where=str(self.path), remedy=AGAIN) from error

    def _scan(self, pattern: str) -> pl.LazyFrame:
        return pl.scan_parquet(self.path / pattern, glob=True)
