"""Units of measurement: how laboratories spell them, and what each spelling means.

The parts that spellings are put together from stand in `units.toml`, with their sources and with what is left out on
purpose. Each spelling means one thing; any other text means nothing. This module knows no event and no limit.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from ixastate.errors import RulesError

FILE = "units.toml"

_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_RAISED_RUN = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+")
_LIKE = {ord("×"): "x", ord("·"): ".", ord("⋅"): ".", ord("\N{MICRO SIGN}"): "u", ord("\N{GREEK SMALL LETTER MU}"): "u"}
_INVERSE = re.compile(r"(.*?)\.?([a-z]+3?)\^?-1")


def cells_power(unit: str) -> int | None:
    """How many cells per mm3 one of a unit is, as a power of ten: 3 for 10*9/L. None for no unit of a count."""
    plain = _plain(unit)
    cells, sign, volume = plain.partition("/")
    if not sign:
        inverse = _INVERSE.fullmatch(plain.lower())
        if inverse is None:
            return None
        cells, volume = plain[: inverse.end(1)], inverse[2]
    volumes, counts = _count_tables()
    power = _words()["count"]["as_written"].get(cells, counts.get(cells.lower()))
    mm3, powers = volumes.get(volume.lower(), (0, ()))
    return power - mm3 if power in powers else None


def bilirubin_unit(unit: str) -> str | None:
    """The UCUM unit of a bilirubin, mg/dL or umol/L, that a text spells; None if it spells neither."""
    return _others("bilirubin").get(_plain(unit).lower())


def clearance_unit(unit: str) -> str | None:
    """The UCUM unit of a creatinine clearance, mL/min, that a text spells; None if it spells another."""
    return _others("clearance").get(_plain(unit).lower())


def examples() -> tuple[str, ...]:
    """Common spellings of units of cell counts."""
    return tuple(_words()["count"]["examples"])


def _plain(unit: str) -> str:
    """A unit without blanks and with plain letters and digits, capitals as they are."""
    text = "".join(unit.split())
    text = _RAISED_RUN.sub(lambda run: "^" + run[0].translate(_RAISED), text).translate(_LIKE)
    return re.sub("per", "/", text, flags=re.IGNORECASE)


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads((files(__package__) / FILE).read_text(encoding="utf-8"))


@cache
def _count_tables() -> tuple[dict[str, tuple[int, frozenset[int]]], dict[str, int]]:
    """Volumes, with their power of ten in mm3 and the powers written per them; and what may stand before them."""
    volumes: dict[str, tuple[int, frozenset[int]]] = {}
    for volume in _words()["count"]["volume"]:
        for name in volume["names"]:
            _put(volumes, name, (volume["mm3"], frozenset(volume["powers"])))
    counts: dict[str, int] = {}
    for spelling, power in _spellings():
        _put(counts, spelling, power)
    return volumes, counts


def _spellings() -> Iterator[tuple[str, int]]:
    """Everything that may stand before a volume, with the power of ten that it means."""
    words = _words()["count"]
    powers = dict(words["words"])
    powers |= {form.replace("{n}", str(n)): n for form in words["power"] for n in words["powers_of_ten"]}
    for number, power in powers.items():
        for times in words["times"] if number else [""]:
            yield f"{times}{number}", power
            for cells in words["cells"]:
                yield f"{times}{number}{cells}", power
                yield f"{cells}{times}{number}", power


@cache
def _others(kind: str) -> dict[str, str]:
    units: dict[str, str] = {}
    for unit, spellings in _words()[kind].items():
        for spelling in spellings:
            _put(units, spelling, unit)
    return units


def _put(table: dict[str, Any], spelling: str, meaning: Any) -> None:
    if table.setdefault(spelling, meaning) != meaning:
        raise RulesError(f"the spelling {spelling!r} has two meanings", where=FILE, remedy="leave it out")
