"""A finished run, read: its frames for Polars, and the courses of single patients.

Summaries, figures and verification start here. A run describes itself: the frames can be read without the machine that
made them. Only replaying asks for the same rules and chart.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ixastate.cohort.directory import ANEW, Directory
from ixastate.cohort.plan import Plan
from ixastate.errors import InputError


@dataclass(frozen=True)
class Run:
    """A complete run in a directory; open it with `Run.open`."""

    directory: Directory
    manifest: dict[str, Any]

    @classmethod
    def open(cls, path: Path | str) -> Run:
        """The run of a directory; `InputError` when there is none or it is not complete."""
        directory = Directory.open(Path(path))
        return cls(directory, Directory.manifest_of(Path(path)))

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
        """One row an event, by patient and number."""
        return self._scan("events/*.parquet")

    @property
    def cycles(self) -> pl.LazyFrame:
        """One row a patient and cycle: the doses given and planned, in tenths of a milligram."""
        return self._scan("cycles/*.parquet")

    @property
    def patients(self) -> pl.LazyFrame:
        """One row a patient."""
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
        """The result of a query; `InputError` when a file of the run is missing or damaged."""
        with self._readable():
            return frame.collect(engine="streaming")

    def _scan(self, pattern: str) -> pl.LazyFrame:
        with self._readable():
            return pl.scan_parquet(self.path / pattern, glob=True)

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except (pl.exceptions.ComputeError, OSError) as error:
            damaged = self.directory.damaged()
            if not damaged and not isinstance(error, OSError):
                raise
            first = damaged[0] if damaged else str(error)
            raise InputError(f"the file {first} is missing or damaged", where=str(self.path), remedy=ANEW) from None
