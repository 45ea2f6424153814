"""Boundary cases of the dose ladders: from each first level down to the end of treatment, toxicity by toxicity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from ixastate.course.course import Course
from ixastate.rules import Edition
from ixastate.symbols import DISCONTINUED
from ixastate.testing.suites.facts import (
    BoundaryCase,
    Fact,
    case,
    neuropathy,
    neutrophils,
    other,
    platelets,
    rash,
    started,
)

# More episodes than any ladder allows.
MOST_EPISODES = 20


def ladders(edition: Edition) -> Iterator[BoundaryCase]:
    """Every boundary case of the ladders, of turns and of lenalidomide's floor."""
    yield from _ladders(edition)
    yield from _turns(edition)
    yield from _companion_floor(edition)


def families(edition: Edition) -> dict[str, tuple[Fact, Fact]]:
    """An onset of every toxicity that can ask for a reduction, and its recovery."""
    anc, count = edition.integer("ANC-01", "anc"), edition.integer("PLT-01", "platelets")
    well = edition.integer("RASH-03", "grade")
    return {
        "ANC": (neutrophils(anc - 1), neutrophils(anc)),
        "PLT": (platelets(count - 1), platelets(count)),
        "RASH": (rash(edition.integer("RASH-01", "from_grade")), rash(well)),
        "PN severe": (neuropathy(edition.integer("PN-05", "grade")), neuropathy(well, agreed=True)),
        "OTH clear": (other(edition.integer("OTH-01", "from_grade"), "clear"), other(well, "clear", agreed=True)),
        "PN moderate": (neuropathy(edition.integer("PN-01", "grade")), neuropathy(well)),
        "OTH not clear": (other(edition.integer("OTH-01", "from_grade")), other(well, agreed=True)),
    }


def _ladders(edition: Edition) -> Iterator[BoundaryCase]:
    """From each first level down to the stop, by each toxicity alone, and by each at the floor for the first time."""
    impaired = {"times_uln": Decimal(str(edition.number("HEP-01", "above"))) + 1}
    starts = {
        f"{edition.ixazomib_ladder_mg[0]:g} mg": started(edition),
        f"{edition.ixazomib_ladder_mg[1]:g} mg": started(edition, bilirubin=impaired),
    }
    pairs = families(edition)
    for level, start in starts.items():
        for name, (onset, recovery) in pairs.items():
            course = _until_the_end(edition, [start], [onset, recovery])
            if name not in ("PN moderate", "OTH not clear"):
                yield case(f"DOSE-07 reductions: {name} from {level}", *course)
        for name, (onset, recovery) in pairs.items():
            floor = to_the_floor(edition, start, pairs["ANC"])
            yield case(f"DOSE-10 floor: {name} from {level}", *_until_the_end(edition, floor, [onset, recovery]))


def _turns(edition: Edition) -> Iterator[BoundaryCase]:
    """Episodes of two toxicities in turn: each keeps its own count of its episodes."""
    pairs = families(edition)
    for one in ("ANC", "PLT", "RASH"):
        for two in ("ANC", "PLT", "RASH"):
            if one != two:
                course = [started(edition), *pairs[one], *pairs[two], *pairs[two], *pairs[one]]
                yield case(f"episodes: {one}, {two} twice, {one}", *course)


def _companion_floor(edition: Edition) -> Iterator[BoundaryCase]:
    """Lenalidomide at its floor when its turn comes: ixazomib is lowered in its place (or not at all)."""
    pairs = families(edition)
    bands = [band for band in edition.lenalidomide.start if not band.on_dialysis]
    # The start from which two reductions of lenalidomide lead to its floor while ixazomib stands at its usual level.
    middle = edition.lenalidomide.ladder_mg[-3]
    kidney = next(Decimal(str(band.at_least_ml_min)) for band in bands if band.dose_mg == middle)
    start = started(edition, creatinine_clearance={"value": kidney, "unit": "mL/min"})
    dialysis = started(edition, on_dialysis=True)
    for turns in (
        ("PLT", "RASH", "ANC", "ANC"),
        ("RASH", "RASH", "PLT", "RASH"),
        ("PLT", "RASH", "PLT", "PLT"),
    ):
        course = [start, *(fact for name in turns for fact in pairs[name])]
        yield case(f"B-LENFLOOR: {', '.join(turns)}", *course)
    for names in (("PLT", "RASH"), ("RASH", "PLT")):
        course = [dialysis, *(fact for name in names for fact in pairs[name])]
        yield case(f"B-LENFLOOR: {', '.join(names)} on dialysis", *course)


def _until_the_end(edition: Edition, past: Sequence[Fact], episode: Sequence[Fact]) -> list[Fact]:
    """The course so far, and this episode again and again until treatment ends (or is seen not to)."""
    whole = [*past, *list(episode) * MOST_EPISODES]
    course = Course(edition=edition.name)
    for number, event in enumerate(case("", *whole).events, 1):
        if course.observe(event).after == DISCONTINUED:
            return whole[:number]
    return [*past, *episode]


def to_the_floor(edition: Edition, start: Fact, episode: Sequence[Fact]) -> list[Fact]:
    """A course of this start in which the episode comes again until ixazomib stands at its lowest level."""
    whole = [start, *list(episode) * MOST_EPISODES]
    course = Course(edition=edition.name)
    for number, event in enumerate(case("", *whole).events, 1):
        if course.observe(event).status.ixazomib_mg == edition.ixazomib_ladder_mg[-1]:
            return whole[:number]
    return whole
