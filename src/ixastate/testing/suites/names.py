"""What a course is about, in clinical words with its main rule: "thrombocytopenia, second episode: … (PLT-06)".

A course is named after its last event: what it is about, what follows, and the rule that a program breaks which does
nothing there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ixastate.rules import Edition
from ixastate.symbols import BOTH
from ixastate.testing.answers import Expected, differences
from ixastate.testing.blame import DAYS_OF, Asked, blame, by_weight
from ixastate.words import describe

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
REGIONS = {
    "neutrophils_measured": "neutropenia",
    "platelets_measured": "thrombocytopenia",
    "neuropathy_graded": "neuropathy",
    "rash_graded": "rash",
    "other_toxicity_graded": "other",
}
SUBJECTS = {**REGIONS, "other_toxicity_graded": "other toxicity", "course_started": "start"}
SCREENING: dict[str, Any] = {
    "phase": "screening",
    "state": "screening",
    "ixazomib_mg": None,
    "lenalidomide_mg": None,
    "ixazomib_held": False,
    "lenalidomide_held": False,
    "held_for": [],
}


def name_of(course: Sequence[tuple[Mapping[str, Any], Expected]], edition: Edition) -> str:
    """The name of a course of events (as JSON objects) with the right answers."""
    event, last = course[-1]
    before = course[-2][1].answer if len(course) > 1 else SCREENING
    rule = main_rule(course, edition)
    return f"{_subject(course)}: {_follows(event, before, last.answer)}" + (f" ({rule})" if rule else "")


def main_rule(course: Sequence[tuple[Mapping[str, Any], Expected]], edition: Edition) -> str:
    """The rule that the last event of a course is about; '' when it rests on none."""
    event, last = course[-1]
    before = course[-2][1].answer if len(course) > 1 else SCREENING
    earlier = frozenset(rule for _, expected in course[:-1] for rule in expected.rules)
    asked = Asked(event, last.answer, last.rules, last.schedule, before, earlier)
    if event["type"] == "course_started" and last.answer["phase"] == "on treatment":
        usual = (edition.ixazomib_ladder_mg[0], edition.lenalidomide.ladder_mg[0])
        idle = {f"{drug}_mg": mg for drug, mg in zip(BOTH, usual, strict=True)}
        if not differences(last.answer, idle):
            return DAYS_OF["ixazomib"]
        return next(iter(blame(asked, differences(last.answer, idle), edition)), "")
    for keys in (("phase",), ("ixazomib_mg", "lenalidomide_mg"), tuple(SCREENING)):
        found = differences(last.answer, {key: before[key] for key in keys})
        if found:
            return next(iter(blame(asked, found, edition)), "")
    found = differences(last.answer, {"orders": [], "refused": False})
    return next(iter(blame(asked, found, edition) if found else by_weight(last.rules)), "")


def _subject(course: Sequence[tuple[Mapping[str, Any], Expected]]) -> str:
    event, last = course[-1]
    kind = event["type"]
    region = REGIONS.get(kind)
    opened = _episodes(course, region) if region else 0
    if region is None or not opened or last.record is None or _was_clear(last, region, quiet=True):
        return SUBJECTS[kind] if kind == "course_started" else _described(last, kind)
    return f"{SUBJECTS[kind]}, {ORDINALS[opened - 1] if opened <= len(ORDINALS) else f'{opened}th'} episode"


def _described(last: Expected, kind: str) -> str:
    return describe(last.record.event) if last.record is not None else kind.replace("_", " ")


def _episodes(course: Sequence[tuple[Mapping[str, Any], Expected]], region: str) -> int:
    """How many episodes of a toxicity have begun."""
    return sum(expected.record is not None and _opens(expected, region) for _, expected in course)


def _opens(expected: Expected, region: str) -> bool:
    record = expected.record
    if record is None or not _clear(record.before, region) or _clear(record.after, region):
        return False
    return REGIONS.get(record.event.type) == region


def _was_clear(expected: Expected, region: str, *, quiet: bool) -> bool:
    """Whether no episode was open before an event, and (quiet) none is after it."""
    record = expected.record
    assert record is not None
    return _clear(record.before, region) and _clear(record.after, region) is quiet


def _clear(configuration: Sequence[str], region: str) -> bool:
    return any(leaf.startswith(f"{region}_clear") for leaf in configuration)


def _follows(event: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """What changes with the last event, in a few words."""
    if after["refused"]:
        return "refused"
    if after["phase"] != before["phase"]:
        if after["phase"] == "discontinued":
            return "treatment ends"
        return ", ".join(f"{drug} {after[f'{drug}_mg']} mg" for drug in BOTH)
    changes = []
    for drug in BOTH:
        was, now = before[f"{drug}_mg"], after[f"{drug}_mg"]
        if was != now:
            changes.append(f"{drug} {was} → {now} mg")
    held = [drug for drug in BOTH if after[f"{drug}_held"] and not before[f"{drug}_held"]]
    back = [drug for drug in BOTH if before[f"{drug}_held"] and not after[f"{drug}_held"]]
    if held:
        changes.append(f"{' and '.join(held)} held")
    if back and not changes:
        changes.append(f"{' and '.join(back)} given again")
    if changes:
        return ", ".join(changes)
    return "; ".join(after["orders"]) if after.get("orders") else "nothing changes"
