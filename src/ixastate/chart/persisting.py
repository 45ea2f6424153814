"""The regions in which what persists at ixazomib's floor stops treatment (B-PERSIST): the rows that differ.

A report that would itself open the episode that is open leaves everything as it is, as in the dosing text, unless
ixazomib stands at its floor: then treatment ends. Four episodes can be open there: the first of low platelets, the
first rash, a moderate neuropathy and another toxicity. Every other one begins above the floor and holds ixazomib where
it is until it is over, so it needs no row here; the property "an open episode is not opened again" proves it.
"""

from __future__ import annotations

from collections.abc import Mapping

from ixastate.chart.toxicities import (
    EXHAUSTED,
    NO,
    REVIEW_RASH,
    STOP,
    Floors,
    Region,
    Write,
    neuropathy,
    other,
    rash,
    thrombocytopenia,
)
from ixastate.symbols import NEUROPATHY, OTHER, RASH, THROMBOCYTOPENIA

PERSISTS = f"B-PERSIST {EXHAUSTED}"


def thrombocytopenia_persisting(f: Floors, goes_on: bool) -> Region:
    """A low platelet count within the first episode, which may be open at the floor."""
    region = thrombocytopenia(f, goes_on)
    first, end, low = region.states["thrombocytopenia_held_first"], f.discontinued, "platelets_low"
    # fmt: off
    region.instead(first, low, [
        (first, low, f.ixazomib_above, None, NO, NO,   "B-EPISODE"),
        (first, low, f.ixazomib,       end,  NO, STOP, f"PLT-09 {PERSISTS}"),
    ])
    # fmt: on
    return region


def neuropathy_persisting(f: Floors, goes_on: bool) -> Region:
    """A moderate neuropathy within a moderate episode; within a severe one it has come down, and persists no more."""
    region = neuropathy(f, goes_on)
    moderate, end, mild = region.states["neuropathy_held_moderate"], f.discontinued, "neuropathy_moderate"
    # fmt: off
    region.instead(moderate, mild, [
        (moderate, mild, f.ixazomib_above, None, NO, NO,   "B-EPISODE"),
        (moderate, mild, f.ixazomib,       end,  NO, STOP, f"PN-04 {PERSISTS}"),
    ])
    # fmt: on
    return region


def rash_persisting(f: Floors, goes_on: bool) -> Region:
    """A rash of grade 2 or 3 within the first episode, which holds nothing and may come to be open at the floor."""
    region = rash(f, goes_on)
    first, end, bad = region.states["rash_open_first"], f.discontinued, "rash_grade_2_3"
    # fmt: off
    region.instead(first, bad, [
        (first, bad, f.ixazomib_above, None, NO, REVIEW_RASH, "B-EPISODE B-RASH-ESC"),
        (first, bad, f.ixazomib,       end,  NO, STOP,        f"RASH-07 B-RASH-PERSIST {PERSISTS}"),
    ])
    # fmt: on
    return region


def other_persisting(f: Floors, goes_on: bool) -> Region:
    """Grade 3 or 4 of a term that is open. A term that is not open opens, and stops at the floor in any edition."""
    region = other(f, goes_on)
    first, held, again = (region.states[name] for name in ("other_clear_first", "other_held", "other_clear_again"))
    end, more = f.discontinued, "other_persists"
    # fmt: off
    region.rows += [
        (first, more, None,             None, NO, NO,   "K-NOEPISODE"),
        (held,  more, f.ixazomib_above, None, NO, NO,   "OTH-01 B-EPISODE"),
        (held,  more, f.ixazomib,       end,  NO, STOP, f"OTH-05 {PERSISTS}"),
        (again, more, None,             None, NO, NO,   "K-NOEPISODE"),
    ]
    # fmt: on
    return region


PERSISTING: Mapping[str, Write] = {
    THROMBOCYTOPENIA.name: thrombocytopenia_persisting,
    NEUROPATHY.name: neuropathy_persisting,
    RASH.name: rash_persisting,
    OTHER.name: other_persisting,
}
