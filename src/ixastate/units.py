"""Units of measurement: how laboratories spell them, and what each spelling means.

The parts that spellings are put together from stand in `units.toml`, with their sources and with what is left out on
purpose. Each spelling means one thing; any other text means nothing. This module knows no event and no limit.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from ixastate.errors import RulesError

FILE = "units.toml"

_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_RAISED_RUN = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+")
# The capital mu is what becomes of the small one where a unit is written in capitals.
_LIKE = str.maketrans("×✕·⋅\N{GREEK SMALL LETTER MU}\N{GREEK CAPITAL LETTER MU}", "xx..uu")
_INVERSE = re.compile(r"(.*?)\.?([a-z]+3?)\^?-1")


@lru_cache(maxsize=1024)
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
    power, kind = _as_written().get(cells) or counts.get(cells.lower(), (0, ""))
    written = volumes.get(volume.lower())
    if written is None or power not in written.get(kind, ()):
        return None
    return power - int(written["mm3"])


def bilirubin_unit(unit: str) -> str | None:
    """The UCUM unit of a bilirubin, mg/dL or umol/L, that a text spells; None if it spells neither."""
    return _others("bilirubin").get(_plain(unit).lower())


def clearance_unit(unit: str) -> str | None:
    """The UCUM unit of a creatinine clearance, mL/min, that a text spells; None if it spells another."""
    return _others("clearance").get(_plain(unit).lower())


def ucum(kind: str) -> tuple[str, ...]:
    """The spellings of UCUM of the units of a kind: count, bilirubin or clearance."""
    return tuple(_words()[kind].get("ucum", _words()[kind]))


def examples(kind: str) -> tuple[str, ...]:
    """Common spellings of the units of a kind."""
    return tuple(_words()[kind].get("examples", ucum(kind)))


def parts(kind: str) -> dict[str, Any]:
    """What spellings of the units of a kind are put together from, as `units.toml` lists it."""
    return dict(_words()[kind])


def left_out(kind: str, unit: str) -> str:
    """Why a spelling that is met is left out on purpose; "" for any other text."""
    plain = _plain(unit)
    groups = (group for group in _words()["left_out"] if group["of"] == kind)
    return next((group["why"] for group in groups if plain in map(_plain, group["units"])), "")


def _plain(unit: str) -> str:
    """A unit without blanks and with plain letters and digits, capitals as they are."""
    text = "".join(unit.split())
    text = _RAISED_RUN.sub(lambda run: "^" + run[0].translate(_RAISED), text)
    text = unicodedata.normalize("NFKC", text).translate(_LIKE)
    return re.sub("per", "/", text, flags=re.IGNORECASE)


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads((files(__package__) / FILE).read_text(encoding="utf-8"))


def _as_written() -> dict[str, tuple[int, str]]:
    return {name: (power, "words") for name, power in _words()["count"]["as_written"].items()}


@cache
def _count_tables() -> tuple[dict[str, dict[str, Any]], dict[str, tuple[int, str]]]:
    """The volumes by their names; and everything that may stand before one, with its power of ten and its kind."""
    volumes: dict[str, dict[str, Any]] = {}
    for volume in _words()["count"]["volume"]:
        for name in volume["names"]:
            _put(volumes, name, volume)
    counts: dict[str, tuple[int, str]] = {}
    for spelling, power, kind in _spellings():
        _put(counts, spelling, (power, kind))
    return volumes, counts


def _spellings() -> Iterator[tuple[str, int, str]]:
    """Everything that may stand before a volume, with the power of ten that it means: one in words or one in digits."""
    words = _words()["count"]
    powers = [(form.replace("{n}", str(n)), n, "powers") for form in words["power"] for n in words["powers_of_ten"]]
    for number, power, kind in [*powers, *((word, n, "words") for word, n in words["words"].items())]:
        for times in words["times"] if number else [""]:
            yield f"{times}{number}", power, kind
            for cells in words["cells"]:
                yield f"{times}{number}{cells}", power, kind
                yield f"{cells}{times}{number}", power, kind


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
