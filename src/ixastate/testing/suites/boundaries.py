"""Courses on both sides of each number of the text: counts, grades, organ function, hours, days, levels of the ladders.

Every number is taken from the rules. A probe is a short course of events whose last ones lie on, just below or just
above a number, in each situation in which the number decides something else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from ixastate.course.course import Course
from ixastate.course.schedule import next_ixazomib_day
from ixastate.events import CELLS_PER_MM3, AnyEvent, parse_event
from ixastate.rules import Edition
from ixastate.symbols import DISCONTINUED

# The first slot of the courses that are dated by the clock: a Monday, in UTC.
MONDAY = datetime(2026, 1, 5, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
# More episodes than any ladder allows.
MOST_EPISODES = 20
Fact = dict[str, Any]


@dataclass(frozen=True)
class BoundaryCase:
    """A course and the sides of the numbers that it is on, such as 'ANC-01 anc: 499 /mm3'."""

    events: tuple[AnyEvent, ...]
    covers: tuple[str, ...]


def probes(edition: Edition) -> Iterator[BoundaryCase]:
    """Every probe of an edition, in the order of the text's subjects."""
    yield from _counts(edition)
    yield from _starts(edition)
    yield from _neuropathy(edition)
    yield from _rash(edition)
    yield from _other(edition)
    yield from _ladders(edition)
    yield from _turns(edition)
    yield from _companion_floor(edition)
    yield from _late_doses(edition)
    yield from _doses(edition)
    yield from _calendar(edition)
    yield from _long_holds(edition)
    if "NC-01" in edition.rules:
        yield from _new_cycles(edition)


# --- Small tools ----------------------------------------------------------------------------------------------


def started(edition: Edition, **changes: Any) -> Fact:
    """A start at the usual doses, or with these fields changed; None takes one out."""
    facts = {
        "type": "course_started",
        "day": 1,
        "weekday": "monday",
        "clock_time": "08:00",
        "patient_informed": True,
        "bilirubin": {"times_uln": 1},
        "creatinine_clearance": {"value": 90, "unit": "mL/min"},
        **changes,
    }
    return {name: value for name, value in facts.items() if value is not None}


def probe(covers: str | Sequence[str], *facts: Fact) -> BoundaryCase:
    """A course of these facts; what has no date is dated one day after what stands before it."""
    events: list[AnyEvent] = []
    day = 1
    for fact in facts:
        day = fact.get("day", day)
        events.append(parse_event(fact if "at" in fact else {"day": day, **fact}))
        day += 1
    return BoundaryCase(tuple(events), (covers,) if isinstance(covers, str) else tuple(covers))


def neutrophils(value: Decimal | int, unit: str = "/mm3", **flags: Any) -> Fact:
    """A neutrophil count."""
    return {"type": "neutrophils_measured", "value": value, "unit": unit, **flags}


def platelets(value: Decimal | int, unit: str = "/mm3", **flags: Any) -> Fact:
    """A platelet count."""
    return {"type": "platelets_measured", "value": value, "unit": unit, **flags}


def neuropathy(grade: int, pain: bool = False, agreed: bool = False) -> Fact:
    """A grade of neuropathy."""
    return {"type": "neuropathy_graded", "grade": grade, "pain": pain, "physician_agrees": agreed}


def rash(grade: int) -> Fact:
    """A grade of rash."""
    return {"type": "rash_graded", "grade": grade}


def other(grade: int, attribution: str | None = "not_clear", agreed: bool = False, **more: Any) -> Fact:
    """A grade of another toxicity."""
    cause = {} if attribution is None else {"attribution": attribution}
    return {
        "type": "other_toxicity_graded",
        "term": "diarrhoea",
        "grade": grade,
        "physician_agrees": agreed,
        **cause,
        **more,
    }


def harmless(edition: Edition, day: int) -> Fact:
    """A count that nothing follows from."""
    return {**neutrophils(4 * edition.number("ANC-01", "anc")), "day": day}


def _plain(number: Decimal | float) -> str:
    return f"{Decimal(str(number)).normalize():f}"


# --- Counts ---------------------------------------------------------------------------------------------------


def _counts(edition: Edition) -> Iterator[BoundaryCase]:
    """Just below and at the threshold, in every unit, outside and within an episode."""
    for kind, rule, name in ((neutrophils, "ANC-01", "anc"), (platelets, "PLT-01", "platelets")):
        threshold = edition.number(rule, name)
        for unit, cells in CELLS_PER_MM3.items():
            at = Decimal(threshold) / cells
            below = Decimal(threshold - 1) / cells
            closer = at - Decimal("0.001") if cells == 1 else below
            what = f"{rule} {name}: "
            low, fine, close = kind(below, unit), kind(at, unit), kind(closer, unit)
            start = started(edition)
            yield probe(f"{what}{_plain(at)} {unit}", start, fine)
            yield probe(f"{what}{_plain(below)} {unit}", start, low)
            yield probe(f"{what}{_plain(closer)} {unit} in an episode", start, low, close)
            yield probe(f"{what}{_plain(at)} {unit} in an episode", start, low, fine)
        supported = {"after_g_csf": True} if kind is neutrophils else {"after_transfusion": True}
        low = kind(threshold - 1)
        yield probe(f"{rule} {name}: raised by support", started(edition), low, kind(threshold, "/mm3", **supported))


# --- The start ------------------------------------------------------------------------------------------------


def _starts(edition: Edition) -> Iterator[BoundaryCase]:
    """Organ function at and beside each limit; every start is followed by a day to see what is due then."""
    step = Decimal("0.001")
    for rule in ("HEP-01", "HEP-02"):
        limit = Decimal(str(edition.number(rule, "above")))
        for value in (limit, limit + step):
            covers = f"{rule} above: {_plain(value)} times ULN"
            yield _start(edition, covers, bilirubin={"times_uln": value})
        for unit, normal in (("mg/dL", Decimal("1.2")), ("umol/L", Decimal(20))):
            for value in (limit * normal, limit * normal + Decimal("0.1")):
                measured = {"value": value.normalize(), "unit": unit, "upper_limit_of_normal": normal}
                covers = f"{rule} above: {_plain(value)} {unit} of {_plain(normal)}"
                yield _start(edition, covers, bilirubin=measured)
    for clearance in sorted({band.at_least_ml_min for band in edition.lenalidomide.start if band.at_least_ml_min}):
        severe = clearance == edition.number("REN-01", "below")
        for value in (Decimal(str(clearance)), Decimal(str(clearance)) - Decimal("0.1")):
            covers = f"{'REN-01 below' if severe else 'REN-04'}: {_plain(value)}"
            yield _start(edition, f"{covers} mL/min", creatinine_clearance={"value": value, "unit": "mL/min"})
    impaired = {"times_uln": Decimal(str(edition.number("HEP-01", "above"))) + step}
    poor = {"value": edition.number("REN-01", "below") - 1, "unit": "mL/min"}
    yield _start(edition, "REN-02: on dialysis", on_dialysis=True)
    yield _start(edition, "REN-02: on dialysis, clearance unknown", on_dialysis=True, creatinine_clearance=None)
    yield _start(edition, "HEP-01 and REN-01", bilirubin=impaired, creatinine_clearance=poor)
    yield _start(edition, "HEP-01 and REN-02", bilirubin=impaired, on_dialysis=True)
    yield _start(edition, "B-BILI-ONLY: bilirubin assumed", bilirubin=None, assumed=["bilirubin"])
    both = ["bilirubin", "creatinine_clearance"]
    yield _start(edition, "B-BILI-ONLY: both assumed", bilirubin=None, creatinine_clearance=None, assumed=both)
    blocked: dict[str, dict[str, Any]] = {
        "ADM-15: not informed": {"patient_informed": False},
        "B-BILI-ONLY: bilirubin unknown": {"bilirubin": None},
        "B-BILI-ONLY: clearance unknown": {"creatinine_clearance": None},
    }
    for covers, changes in blocked.items():
        yield probe(covers, started(edition, **changes), {**started(edition), "day": 1})
    for name, fact in {
        "HEP-01 above: on treatment": {"type": "bilirubin_measured", "times_uln": impaired["times_uln"]},
        "HEP-01 above: not on treatment": {"type": "bilirubin_measured", "times_uln": impaired["times_uln"] - step},
        "REN-01 below: on treatment": {"type": "creatinine_clearance_measured", **poor},
        "REN-01 below: not on treatment": {
            "type": "creatinine_clearance_measured",
            **poor,
            "value": edition.number("REN-01", "below"),
        },
    }.items():
        yield probe(name, started(edition), fact)


def _start(edition: Edition, covers: str, **changes: Any) -> BoundaryCase:
    return probe(covers, started(edition, **changes))


# --- Grades ---------------------------------------------------------------------------------------------------


def _neuropathy(edition: Edition) -> Iterator[BoundaryCase]:
    moderate, severe = edition.number("PN-01", "grade"), edition.number("PN-05", "grade")
    worst, fatal = edition.number("PN-09", "grade"), edition.number("B-GRADE5", "grade")
    situations = {
        "": [],
        " in a moderate episode": [neuropathy(moderate)],
        " in a severe episode": [neuropathy(severe)],
    }
    for words, past in situations.items():
        for grade in range(worst + 1):
            for pain in (False, True):
                for agreed in (False, True) if past and grade < severe else (False,):
                    covers = f"PN grade: {grade}{' with pain' if pain else ''}{' agreed' if agreed else ''}{words}"
                    yield probe(covers, started(edition), *past, neuropathy(grade, pain, agreed))
    yield probe(f"B-GRADE5 grade: {fatal}", started(edition), neuropathy(fatal))
    for baseline in ({"grade": 1, "pain": True}, {"grade": moderate}, {"grade": moderate, "pain": True}):
        start = started(edition, baseline_neuropathy=baseline)
        words = f"at a baseline of {baseline['grade']}{' with pain' if baseline.get('pain') else ''}"
        for grade in range(1, severe + 1):
            for pain in (False, True):
                covers = f"B-PN-BASELINE: {grade}{' with pain' if pain else ''} {words}"
                yield probe(covers, start, neuropathy(grade, pain))
        back = neuropathy(baseline["grade"], bool(baseline.get("pain")), agreed=True)
        yield probe(f"B-PN-BASELINE: back {words}", start, neuropathy(severe, True), back)


def _rash(edition: Edition) -> Iterator[BoundaryCase]:
    onset, over = rash(edition.number("RASH-01", "from_grade")), rash(edition.number("RASH-03", "grade"))
    fatal = edition.number("B-GRADE5", "grade")
    situations = {"": [], " in the first episode": [onset], " in a later episode": [onset, over, onset]}
    for words, past in situations.items():
        for grade in range(fatal + 1):
            yield probe(f"RASH grade: {grade}{words}", started(edition), *past, rash(grade))
    yield probe("RASH-02: the second", started(edition), onset, over, rash(onset["grade"] + 1))


def _other(edition: Edition) -> Iterator[BoundaryCase]:
    onset, fatal = edition.number("OTH-01", "from_grade"), edition.number("B-GRADE5", "grade")
    for grade in range(fatal + 1):
        yield probe(f"OTH grade: {grade}", started(edition), other(grade))
    for cause in ("clear", "not_clear", None):
        words = f" in an episode, cause {cause or 'unstated'}"
        for grade in range(fatal):
            for agreed in (False, True):
                covers = f"OTH grade: {grade}{' agreed' if agreed else ''}{words}"
                yield probe(covers, started(edition), other(onset, cause), other(grade, cause, agreed))
    for grade in (1, 2):
        back = other(grade, agreed=True, baseline_grade=grade)
        yield probe(f"OTH-02: baseline {grade}", started(edition), other(onset), back)
    stated_late = [other(onset, None), other(1, "clear", agreed=True)]
    yield probe("B-ATTRIB: stated at the end", started(edition), *stated_late)


# --- The ladders ----------------------------------------------------------------------------------------------


def families(edition: Edition) -> dict[str, tuple[Fact, Fact]]:
    """An onset of every toxicity that can ask for a reduction, and its recovery."""
    anc, count = edition.number("ANC-01", "anc"), edition.number("PLT-01", "platelets")
    well = edition.number("RASH-03", "grade")
    return {
        "ANC": (neutrophils(anc - 1), neutrophils(anc)),
        "PLT": (platelets(count - 1), platelets(count)),
        "RASH": (rash(edition.number("RASH-01", "from_grade")), rash(well)),
        "PN severe": (neuropathy(edition.number("PN-05", "grade")), neuropathy(well, agreed=True)),
        "OTH clear": (other(edition.number("OTH-01", "from_grade"), "clear"), other(well, "clear", agreed=True)),
        "PN moderate": (neuropathy(edition.number("PN-01", "grade")), neuropathy(well)),
        "OTH not clear": (other(edition.number("OTH-01", "from_grade")), other(well, agreed=True)),
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
                yield probe(f"DOSE-07 reductions: {name} from {level}", *course)
        for name, (onset, recovery) in pairs.items():
            floor = _to_the_floor(edition, start, pairs["ANC"])
            yield probe(f"DOSE-10 floor: {name} from {level}", *_until_the_end(edition, floor, [onset, recovery]))


def _turns(edition: Edition) -> Iterator[BoundaryCase]:
    """Episodes of two toxicities in turn: each keeps its own count of its episodes."""
    pairs = families(edition)
    for one in ("ANC", "PLT", "RASH"):
        for two in ("ANC", "PLT", "RASH"):
            if one != two:
                course = [started(edition), *pairs[one], *pairs[two], *pairs[two], *pairs[one]]
                yield probe(f"episodes: {one}, {two} twice, {one}", *course)


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
        yield probe(f"B-LENFLOOR: {', '.join(turns)}", *course)
    for names in (("PLT", "RASH"), ("RASH", "PLT")):
        course = [dialysis, *(fact for name in names for fact in pairs[name])]
        yield probe(f"B-LENFLOOR: {', '.join(names)} on dialysis", *course)


def _until_the_end(edition: Edition, past: Sequence[Fact], episode: Sequence[Fact]) -> list[Fact]:
    """The course so far, and this episode again and again until treatment ends (or is seen not to)."""
    whole = [*past, *list(episode) * MOST_EPISODES]
    course = Course(edition=edition.name)
    for number, event in enumerate(probe("", *whole).events, 1):
        if course.observe(event).after == DISCONTINUED:
            return whole[:number]
    return [*past, *episode]


def _to_the_floor(edition: Edition, start: Fact, episode: Sequence[Fact]) -> list[Fact]:
    whole = [start, *list(episode) * MOST_EPISODES]
    course = Course(edition=edition.name)
    for number, event in enumerate(probe("", *whole).events, 1):
        if course.observe(event).status.ixazomib_mg == edition.ixazomib_ladder_mg[-1]:
            return whole[:number]
    return whole


# --- Doses taken, missed and late -----------------------------------------------------------------------------


def _at(day: int, later: timedelta = timedelta()) -> dict[str, Any]:
    return {"at": (MONDAY + timedelta(days=day - 1) + later).isoformat()}


def _late_doses(edition: Edition) -> Iterator[BoundaryCase]:
    """The 72-hour rule to the minute, for every weekly dose of a cycle, missed and taken late."""
    interval = timedelta(hours=edition.number("ADM-11", "interval"))
    start = {name: value for name, value in started(edition, **_at(1)).items() if name != "day"}
    anc = edition.number("ANC-01", "anc")
    for day in edition.number("DOSE-01", "days"):
        following = next_ixazomib_day(day, edition)
        for words, later in (("exactly", timedelta()), ("a minute less than", MINUTE), ("a minute more than", -MINUTE)):
            for kind in ("dose_missed", "dose_delayed"):
                late = {"type": kind, "scheduled_day": day, **_at(following, later - interval)}
                yield probe(f"ADM-11 interval: {words} 72 h, day {day}, {kind}", start, late)
        for before in (interval, interval - timedelta(days=1)):
            late = {"type": "dose_missed", "day": following - before.days}
            yield probe(f"ADM-11 interval: {before.days} days, day {day}", started(edition), late)
    # Held when it was due, or held now: left out, whatever the hours.
    low, fine = {**neutrophils(anc - 1), "day": 7}, {**neutrophils(anc), "day": 9}
    missed = {"type": "dose_missed", "scheduled_day": 8}
    yield probe("B-HELD-NOT-MISSED: held when due", started(edition), low, fine, {**missed, "day": 10})
    now_low = {**neutrophils(anc - 1), "day": 9}
    yield probe("B-HELD-NOT-MISSED: held now", started(edition), now_low, {**missed, "day": 10})
    for drug in ("lenalidomide", "dexamethasone"):
        yield probe(f"B-MISS-LENDEX: {drug}", started(edition), {"type": "dose_missed", "drug": drug, "day": 2})


def _doses(edition: Edition) -> Iterator[BoundaryCase]:
    """Doses at, above, below and at twice the level, on and off the calendar, and what goes wrong with one."""
    usual, reduced = (Decimal(str(mg)) for mg in edition.ixazomib_ladder_mg[:2])
    anc = edition.number("ANC-01", "anc")
    bit = Decimal("0.1")
    for words, mg in {
        "the level": usual,
        "a little more": usual + bit,
        "a little less": usual - bit,
        "twice the level": 2 * usual,
    }.items():
        yield probe(f"ADM-14, ADM-16: {words}", started(edition), {"type": "dose_taken", "dose_mg": mg, "day": 8})
    lowered = [started(edition), neutrophils(anc - 1), neutrophils(anc)]
    for mg in (usual, reduced):
        taken = {"type": "dose_taken", "dose_mg": mg, "day": 8}
        yield probe(f"ADM-14, ADM-16: {_plain(mg)} mg after a reduction", *lowered, taken)
    for day in (8, 9, 22):
        yield probe(f"ADM-14: day {day}", started(edition), {"type": "dose_taken", "dose_mg": usual, "day": day})
    held = [started(edition), neutrophils(anc - 1), {"type": "dose_taken", "dose_mg": usual, "day": 8}]
    yield probe("ADM-14: during a hold", *held)
    yield probe("ADM-10: vomited", started(edition), {"type": "dose_vomited"})
    yield probe("ADM-16: overdose", started(edition), {"type": "dose_overdosed", "dose_mg": 2 * usual, "day": 1})
    for fault in ("crushed", "chewed", "opened", "without_water", "with_food", "with_dexamethasone"):
        yield probe(f"taken {fault}", started(edition), {"type": "dose_taken_wrongly", "fault": fault, "day": 1})
    without = {"type": "dose_taken_wrongly", "drug": "dexamethasone", "fault": "without_food", "day": 1}
    yield probe("ADM-06: without food", started(edition), without)


# --- Days -----------------------------------------------------------------------------------------------------


def _calendar(edition: Edition) -> Iterator[BoundaryCase]:
    """What is due on and beside every day that the calendar names, given, held, and every other day."""
    cycle = edition.number("DOSE-01", "cycle")
    named = {
        *edition.number("DOSE-01", "days"),
        *edition.number("DOSE-03", "days"),
        edition.number("DOSE-02", "first_day"),
        edition.number("DOSE-02", "last_day"),
        cycle + 1,
    }
    days = sorted({day + beside for day in named for beside in (-1, 0, 1)} - {0, 1})
    quiet = [harmless(edition, day) for day in days]
    poor = {"value": edition.number("REN-01", "below") - 1, "unit": "mL/min"}
    held = [neuropathy(edition.number("PN-01", "grade"))]
    yield probe("DOSE-01 days, DOSE-02 last_day, DOSE-03 days, DOSE-01 cycle", started(edition), *quiet)
    yield probe("DOSE-02 last_day: every other day", started(edition, creatinine_clearance=poor), *quiet)
    yield probe("DOSE-01 days: ixazomib held", started(edition), *held, *quiet[1:])
    low = [neutrophils(edition.number("ANC-01", "anc") - 1)]
    still = [{**platelets(edition.number("PLT-01", "platelets")), "day": day} for day in days[1:]]
    yield probe("DOSE-03 days: the others held", started(edition), *low, *still)


def _long_holds(edition: Edition) -> Iterator[BoundaryCase]:
    longest = edition.number("B-HOLD-MAX", "alert")
    low = {**neutrophils(edition.number("ANC-01", "anc") - 1), "day": 2}
    for days in (longest - 1, longest, longest + 1):
        late = {**platelets(edition.number("PLT-01", "platelets")), "day": 2 + days}
        yield probe(f"B-HOLD-MAX alert: {days} days", started(edition), low, late)
    asked = [{**platelets(edition.number("PLT-01", "platelets")), "day": 2 + longest + more} for more in (0, 1)]
    yield probe("B-HOLD-MAX alert: once", started(edition), low, *asked)


def _new_cycles(edition: Edition) -> Iterator[BoundaryCase]:
    anc, count = edition.number("NC-01", "anc"), edition.number("NC-01", "platelets")
    for short_anc, short_count, resolved in ((0, 0, True), (1, 0, True), (0, 1, True), (0, 0, False)):
        fact = {
            "type": "cycle_assessed",
            "neutrophils": {"value": anc - short_anc, "unit": "/mm3"},
            "platelets": {"value": count - short_count, "unit": "/mm3"},
            "toxicities_resolved": resolved,
        }
        met = {**fact, "neutrophils": {"value": anc, "unit": "/mm3"}, "platelets": {"value": count, "unit": "/mm3"}}
        covers = f"NC-01: neutrophils {anc - short_anc}, platelets {count - short_count}, resolved {resolved}"
        yield probe(covers, started(edition), fact, {**met, "toxicities_resolved": True})


# --- What lies beside the numbers -----------------------------------------------------------------------------


def rarities(edition: Edition) -> Iterator[BoundaryCase]:
    """Courses for rules that no number and no transition shows: what is refused, and what comes after the end."""
    ended = [started(edition), {"type": "patient_died"}]
    yield probe("K-FINAL", *ended, neutrophils(edition.number("ANC-01", "anc")))
    again = {**started(edition), "day": 2}
    yield probe("K-RECORD: a second start", started(edition), again, neutrophils(edition.number("ANC-01", "anc")))
    onset = edition.number("OTH-01", "from_grade")
    for rule in ("B-RASH-CLASS", "B-HAEM-OTHER"):
        named = {**other(onset), "term": edition.number(rule, "terms")[0]}
        yield probe(rule, started(edition), named)
    two = [other(onset, "clear"), other(onset, "not_clear", term="fatigue")]
    over = [other(1, "clear", agreed=True), other(1, "not_clear", agreed=True, term="fatigue")]
    yield probe("B-OTHER-MULTI", started(edition), *two, *over)
