"""Names of courses in clinical words with the main rule: "thrombocytopenia, second episode: … (PLT-06)".

A course is named after its last event: what it is about, what follows, and the rule that a program breaks which does
nothing there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ixastate.chart.chart import build_chart
from ixastate.chart.states import Episode
from ixastate.chart.status import status_of
from ixastate.rules import Edition
from ixastate.symbols import BOTH, NEW_CYCLE, SCREENING, TOXICITIES, Configuration, Toxicity, usual_start
from ixastate.testing.answers import ENDED, ON_TREATMENT, Expected, differences, standing
from ixastate.testing.blame import CheckedEvent, blame, by_weight, effects
from ixastate.words import describe

AnsweredCourse = Sequence[tuple[Mapping[str, Any], Expected]]
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
# Courses are named after the episodes of these. The criteria for a new cycle hold drugs, and are no toxicity.
EPISODES_OF: dict[str, Toxicity] = {toxicity.event: toxicity for toxicity in TOXICITIES if toxicity is not NEW_CYCLE}
BEFORE_THE_START = standing(status_of({}, SCREENING))


def name_of(course: AnsweredCourse, edition: Edition) -> str:
    """The name of a course of events (as JSON objects) with the right answers."""
    _, last = course[-1]
    follows = _follows(_before(course), last.answer)
    return f"{_subject(course, edition)}: {follows} ({main_rule(course, edition)})"


def main_rule(course: AnsweredCourse, edition: Edition) -> str:
    """The rule that the last event of a course is about."""
    event, last = course[-1]
    before = _before(course)
    earlier = frozenset(rule for _, expected in course[:-1] for rule in expected.rules)
    checked = CheckedEvent(event, last.answer, last.rules, last.schedule, before, earlier)
    if event["type"] == "course_started" and last.answer["phase"] == ON_TREATMENT:
        usual = usual_start(edition)
        found = differences(last.answer, {"ixazomib_mg": usual.ixazomib_mg, "lenalidomide_mg": usual.lenalidomide_mg})
        return (blame(checked, found, edition) if found else effects(edition.name).whatever.due.ixazomib)[0]
    for keys in (("phase",), ("ixazomib_mg", "lenalidomide_mg"), tuple(BEFORE_THE_START)):
        found = differences(last.answer, {key: before[key] for key in keys})
        if found:
            return blame(checked, found, edition)[0]
    found = differences(last.answer, {"orders": [], "refused": False})
    return blame(checked, found, edition)[0] if found else by_weight(last.rules, edition)[0]


def _before(course: AnsweredCourse) -> Mapping[str, Any]:
    """The right answer before the last event of a course."""
    return course[-2][1].answer if len(course) > 1 else BEFORE_THE_START


def _subject(course: AnsweredCourse, edition: Edition) -> str:
    event, last = course[-1]
    if event["type"] == "course_started":
        return "start"
    if last.record is None:
        return str(event["type"]).replace("_", " ")
    toxicity = EPISODES_OF.get(event["type"])
    number = _episodes(course, toxicity, edition) if toxicity else 0
    before, after = last.record.before, last.record.after
    if toxicity is None or not number or (_clear(before, toxicity, edition) and _clear(after, toxicity, edition)):
        return describe(last.record.event)
    return f"{toxicity.title}, {ORDINALS[number - 1] if number <= len(ORDINALS) else f'{number}th'} episode"


def _episodes(course: AnsweredCourse, toxicity: Toxicity, edition: Edition) -> int:
    """How many episodes of a toxicity its onsets have begun."""
    records = [expected.record for _, expected in course if expected.record is not None]
    onsets = {onset.name for onset in toxicity.onsets}
    return sum(
        not onsets.isdisjoint(record.symbols)
        and _clear(record.before, toxicity, edition)
        and not _clear(record.after, toxicity, edition)
        for record in records
    )


def _clear(configuration: Configuration, toxicity: Toxicity, edition: Edition) -> bool:
    """True when the course is on treatment and in no episode of this toxicity."""
    found = map(build_chart(edition.name).meanings.get, configuration)
    return any(
        isinstance(meaning, Episode) and meaning.toxicity == toxicity.name and not meaning.open for meaning in found
    )


def _follows(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """The changes that the last event makes, in a few words."""
    if after["refused"]:
        return "refused"
    if after["phase"] != before["phase"]:
        if after["phase"] == ENDED:
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
