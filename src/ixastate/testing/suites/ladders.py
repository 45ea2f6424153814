"""Boundary cases of the dose ladders: from each first level down to the end of treatment, toxicity by toxicity."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from ixastate.course.course import Course, Record
from ixastate.rules import Edition
from ixastate.symbols import DISCONTINUED
from ixastate.testing.suites.facts import (
    BoundaryCase,
    Fact,
    case,
    neuropathy,
    neutrophils,
    opening,
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


def families(edition: Edition) -> dict[str, list[Fact]]:
    """An episode of every toxicity that can ask for a reduction: what opens it, and its recovery."""
    anc, count = edition.integer("ANC-01", "anc"), edition.integer("PLT-01", "platelets")
    well = edition.integer("RASH-03", "grade")
    return {
        "ANC": [*opening(edition, neutrophils(anc - 1)), neutrophils(anc)],
        "PLT": [*opening(edition, platelets(count - 1)), platelets(count)],
        "RASH": [rash(edition.integer("RASH-01", "from_grade")), rash(well)],
        "PN severe": [neuropathy(edition.integer("PN-05", "grade")), neuropathy(well, agreed=True)],
        "OTH clear": [other(edition.integer("OTH-01", "from_grade"), "clear"), other(well, "clear", agreed=True)],
        "PN moderate": [neuropathy(edition.integer("PN-01", "grade")), neuropathy(well)],
        "OTH not clear": [other(edition.integer("OTH-01", "from_grade")), other(well, agreed=True)],
    }


def _ladders(edition: Edition) -> Iterator[BoundaryCase]:
    """From each first level down to the stop, by each toxicity alone, and by each at the floor for the first time."""
    impaired = {"times_uln": Decimal(str(edition.number("HEP-01", "above"))) + 1}
    starts = {
        f"{edition.ixazomib_ladder_mg[0]:g} mg": started(edition),
        f"{edition.ixazomib_ladder_mg[1]:g} mg": started(edition, bilirubin=impaired),
    }
    episodes = families(edition)
    for level, start in starts.items():
        for name, episode in episodes.items():
            # The others ask for no reduction, and come again without end.
            if name not in ("PN moderate", "OTH not clear"):
                yield case(f"DOSE-07 reductions: {name} from {level}", *_until_the_end(edition, [start], episode))
        floor = to_the_floor(edition, start, episodes["ANC"])
        for name, episode in episodes.items():
            yield case(f"DOSE-10 floor: {name} from {level}", *_until_the_end(edition, floor, episode))


def _turns(edition: Edition) -> Iterator[BoundaryCase]:
    """Episodes of two toxicities in turn: each keeps its own count of its episodes."""
    episodes = families(edition)
    for one in ("ANC", "PLT", "RASH"):
        for two in ("ANC", "PLT", "RASH"):
            if one != two:
                course = [started(edition), *episodes[one], *episodes[two], *episodes[two], *episodes[one]]
                yield case(f"episodes: {one}, {two} twice, {one}", *course)


def _companion_floor(edition: Edition) -> Iterator[BoundaryCase]:
    """Lenalidomide at its floor when its turn comes: ixazomib is lowered in its place (or not at all)."""
    episodes = families(edition)
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
        course = [start, *(fact for name in turns for fact in episodes[name])]
        yield case(f"B-LENFLOOR: {', '.join(turns)}", *course)
    for names in (("PLT", "RASH"), ("RASH", "PLT")):
        course = [dialysis, *(fact for name in names for fact in episodes[name])]
        yield case(f"B-LENFLOOR: {', '.join(names)} on dialysis", *course)


def _until_the_end(edition: Edition, past: Sequence[Fact], episode: Sequence[Fact]) -> list[Fact]:
    """The course so far, and this episode again and again until treatment ends."""
    return _until(edition, past, episode, lambda record: record.after == DISCONTINUED)


def to_the_floor(edition: Edition, start: Fact, episode: Sequence[Fact]) -> list[Fact]:
    """A course of this start in which the episode comes again until ixazomib stands at its lowest level."""
    floor = edition.ixazomib_ladder_mg[-1]
    return _until(edition, [start], episode, lambda record: record.status.ixazomib_mg == floor)


def _until(
    edition: Edition, past: Sequence[Fact], episode: Sequence[Fact], reached: Callable[[Record], bool]
) -> list[Fact]:
    whole = [*past, *list(episode) * MOST_EPISODES]
    course = Course(edition=edition.name)
    events = case("", *whole).events
    return whole[: next(number for number, event in enumerate(events, 1) if reached(course.observe(event)))]
