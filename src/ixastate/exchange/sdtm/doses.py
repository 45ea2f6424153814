"""The doses that a study gave against those that the machine would have given, day by day.

The events of each subject are followed by a course under one edition. A day counts from the start to the last day of
which anything is known. Of the treatment's own drugs the milligrams of a scheduled day are compared. A study of other
drugs has no milligrams that mean anything here: of its treatments it is compared whether one was given on a day on
which ixazomib is scheduled, and whether the rules, fed with what the study saw, would have given ixazomib that day.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby

from ixastate.course.course import Course
from ixastate.course.schedule import Calendar, is_due_day
from ixastate.editions import DEFAULT_EDITION
from ixastate.events import DRUGS, AnyEvent, DoseTaken, Drug
from ixastate.exchange.sdtm.report import OtherTreatment

SAME = "given as due"
DIFFERENT = "given, another dose than due"
NOT_DUE = "given, none due"
NOT_GIVEN = "due, none given"
NEITHER = "neither given nor due"
UNSCHEDULED = "given on a day that is not scheduled"
# What a study of other drugs can be compared in.
GIVEN_AND_DUE = "given, ixazomib due"
OUTCOMES = (SAME, GIVEN_AND_DUE, DIFFERENT, NOT_DUE, NOT_GIVEN, NEITHER, UNSCHEDULED)


@dataclass(frozen=True)
class DoseComparison:
    """How many scheduled days of the subjects have each outcome, by drug, or by another treatment's name."""

    edition: str
    own: dict[tuple[str, str], int]
    others: dict[tuple[str, str], int]

    def lines(self) -> list[str]:
        """The comparison as the lines of a table; none where EX holds no dose."""
        out: list[str] = []
        if self.own:
            out += [f"doses given (EX) and doses due under {self.edition}, in scheduled days:"]
            out += _table(self.own)
        if self.others:
            out += [f"treatments given (EX) and ixazomib due under {self.edition}, in days on which it is scheduled:"]
            out += _table(self.others)
            out += [
                "    These treatments are not of this course, so their milligrams are not compared: the days say when "
                "these rules, fed with what the study saw, would have gone on or not, and nothing about ixazomib."
            ]
        return out


def compare_doses(
    events: Iterable[AnyEvent], others: Sequence[OtherTreatment], edition: str = DEFAULT_EDITION
) -> DoseComparison:
    """The comparison over all subjects: `events` by patient and time, as `read_sdtm` gives them, `others` its report's.

    `RulesError` for an edition that does not exist, `CourseRefusal` for events that are of no course.
    """
    by_patient: dict[str, list[OtherTreatment]] = defaultdict(list)
    for other in others:
        by_patient[other.patient].append(other)
    own_days: Counter[tuple[str, str]] = Counter()
    other_days: Counter[tuple[str, str]] = Counter()
    for patient, group in groupby(events, key=lambda event: event.patient or ""):
        seen = list(group)
        taken = [event for event in seen if isinstance(event, DoseTaken)]
        if not taken and patient not in by_patient:
            continue
        course = Course(patient, edition)
        for event in seen:
            course.observe(event)
        if course.calendar is None or course.latest is None:
            continue
        if taken:
            own_days.update(_own_outcomes(course, course.calendar, course.latest, taken))
        else:
            other_days.update(_other_outcomes(course, course.calendar, course.latest, by_patient[patient]))
    return DoseComparison(edition, _sorted(own_days), _sorted(other_days))


def _own_outcomes(
    course: Course, dates: Calendar, latest: datetime, taken: Sequence[DoseTaken]
) -> Iterator[tuple[str, str]]:
    """The drug and the outcome of each day, of the drugs that EX holds of this subject."""
    given: dict[tuple[Drug, int], Decimal] = defaultdict(Decimal)
    for event in taken:
        assert event.at is not None  # an import dates every event
        given[event.drug, dates.day(event.at.astimezone(UTC))] += event.dose_mg
    for drug in DRUGS:
        if not any(of == drug for of, _ in given):
            continue
        for day in range(1, dates.day(latest) + 1):
            mg = given.get((drug, day))
            if is_due_day(drug, day, dates.lenalidomide_every_days, course.edition):
                yield drug, _outcome(mg, _due(course, dates, drug, day))
            elif mg:
                yield drug, UNSCHEDULED


def _other_outcomes(
    course: Course, dates: Calendar, latest: datetime, others: Sequence[OtherTreatment]
) -> Iterator[tuple[str, str]]:
    """The treatment and the outcome of each day on which ixazomib is scheduled and of which it is known."""
    last = max(dates.day(latest), *(((other.last or other.first) - dates.first_day).days + 1 for other in others))
    days = [day for day in range(1, last + 1) if is_due_day("ixazomib", day, 1, course.edition)]
    due = {day: _due(course, dates, "ixazomib", day) is not None for day in days}
    for name in sorted({other.name for other in others}):
        for day in days:
            date = dates.first_day + timedelta(days=day - 1)
            begun = [other for other in others if other.name == name and other.first <= date]
            if any(date <= (other.last or other.first) for other in begun):
                yield name, GIVEN_AND_DUE if due[day] else NOT_DUE
            elif all(other.last for other in begun):
                yield name, NOT_GIVEN if due[day] else NEITHER


def _due(course: Course, dates: Calendar, drug: Drug, day: int) -> float | None:
    """The dose of a drug that is due on a scheduled day, in mg; None for a hold or after the end."""
    return course.status_at(dates.moment(day)).given_mg(drug, course.edition.dexamethasone.dose_mg)


def _outcome(given: Decimal | None, due: float | None) -> str:
    if given is None:
        return NEITHER if due is None else NOT_GIVEN
    if due is None:
        return NOT_DUE
    return SAME if given == Decimal(str(due)) else DIFFERENT


def _sorted(counts: Counter[tuple[str, str]]) -> dict[tuple[str, str], int]:
    return dict(sorted(counts.items(), key=lambda item: (item[0][0], OUTCOMES.index(item[0][1]))))


def _table(counts: dict[tuple[str, str], int]) -> list[str]:
    return [f"{count:>9,}  {name}: {outcome}" for (name, outcome), count in counts.items()]
