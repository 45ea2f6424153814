"""Every door, by name."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from tests.fuzz import files, logs, programs, runs, studies, words
from tests.fuzz.run import Door, Finding, Tally, attempt

DOORS: dict[str, Door] = {
    door.name: door for door in (*logs.DOORS, *studies.DOORS, *files.DOORS, *programs.DOORS, *runs.DOORS, *words.DOORS)
}


def counts(inputs: int, names: Sequence[str]) -> dict[str, int]:
    """How many inputs each of these doors gets of so many, at least one."""
    whole = sum(DOORS[name].share for name in names)
    return {name: max(1, round(inputs * DOORS[name].share / whole)) for name in names}


def tried(name: str, seed: int, numbers: range) -> tuple[str, Tally, list[Finding]]:
    """The tally and the findings of some inputs of a door."""
    tally, findings = Tally(), []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for number in numbers:
            finding = attempt(DOORS[name], seed, number, tally)
            if finding is not None:
                findings.append(finding)
    return name, tally, findings
