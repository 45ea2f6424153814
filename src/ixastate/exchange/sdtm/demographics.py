"""DM, EX and DS: which subjects are imported, how their courses start, and when they died."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import time

from ixastate.errors import InputError
from ixastate.events import WEEKDAYS
from ixastate.exchange.sdtm.adverse_events import is_fatal
from ixastate.exchange.sdtm.study import Rank, Study, Subject
from ixastate.exchange.sdtm.values import LeftOut, When, when
from ixastate.exchange.sdtm.xport import Row
from ixastate.symbols import DEATH

USUAL_CLOCK_TIME = time(8)
# What a start must state of the organs, or name as assumed.
ORGANS = ("bilirubin", "creatinine_clearance")


def enrol(study: Study, demographics: Sequence[Row], exposures: Sequence[Row], *, where: str) -> None:
    """Take in each treated subject; `InputError` when one has more than one row."""
    twice = [patient for patient, n in Counter(row["USUBJID"] for row in demographics).items() if patient and n > 1]
    if twice:
        raise InputError(f"DM has more than one row for {twice[0]}", where=where, remedy="give a subject one row")
    first_dose = _first_doses(study, exposures)
    study.account("DM", demographics, lambda row: _enrol_one(study, row, first_dose))


def _first_doses(study: Study, exposures: Sequence[Row]) -> dict[str, When]:
    """The first dated dose of each subject."""
    first: dict[str, When] = {}
    for row in exposures:
        try:
            dose = when(row["EXSTDTC"], study.zone)
        except LeftOut:
            continue
        if dose.before(first.setdefault(row["USUBJID"], dose)):
            first[row["USUBJID"]] = dose
    return first


def _enrol_one(study: Study, row: Row, first_dose: dict[str, When]) -> str:
    patient = row["USUBJID"]
    study.left_out_subjects.add(patient)
    if not 1 <= len(patient) <= 200:
        raise LeftOut("no usable USUBJID")
    if row["ARMCD"].upper() == "SCRNFAIL" or row["ARMNRS"].upper() == "SCREEN FAILURE":
        raise LeftOut("screen failure")
    if row["ARMCD"].upper() in ("", "NOTASSGN"):
        raise LeftOut("not assigned to an arm")
    try:
        start = when(row["RFSTDTC"], study.zone)
    except LeftOut as reason:
        if patient not in first_dose:
            raise LeftOut(f"no start: {reason}") from None
        start = first_dose[patient]
        study.notes["start dated by EX"] += 1
    if start.timed:
        start = When(start.moment.replace(second=0), start.day, timed=True)
    study.left_out_subjects.discard(patient)
    study.subjects[patient] = Subject(start, informed=bool(row["RFICDTC"]))
    return "course_started"


def start_courses(study: Study) -> None:
    """Add the start of each course, with its baseline and what is assumed of it."""
    for patient, subject in study.subjects.items():
        assumed = tuple(organ for organ in ORGANS if organ not in subject.organs)
        study.notes.update(f"{organ} at the start assumed" for organ in assumed)
        if not subject.informed:
            study.notes["patient_informed at the start assumed"] += 1
        start = subject.start
        study.add(
            patient,
            start.moment,
            Rank.START,
            type="course_started",
            weekday=WEEKDAYS[start.day.weekday()],
            clock_time=start.moment.time() if start.timed else USUAL_CLOCK_TIME,
            timezone=study.timezone,
            patient_informed=True,
            assumed=assumed,
            **subject.organs,
        )


def settle_deaths(
    study: Study, demographics: Sequence[Row], dispositions: Sequence[Row], adverse: Sequence[Row]
) -> None:
    """The date of each death, from the first source that has it whole (convention DEATH)."""
    dead = [(row, "DTHDTC") for row in demographics if row["DTHFL"].upper() == "Y" or row["DTHDTC"]]
    dead += [(row, "DSSTDTC") for row in dispositions if row["DSDECOD"].upper() == "DEATH"]
    dead += [(row, "AEENDTC") for row in adverse if is_fatal(row)]
    undated: set[str] = set()
    for row, variable in dead:
        subject = study.subjects.get(row["USUBJID"])
        if subject is None or subject.death is not None:
            continue
        try:
            died = when(row[variable], study.zone)
        except LeftOut:
            undated.add(row["USUBJID"])
            continue
        if died.before(subject.start):
            study.notes["death before the start: not taken over"] += 1
            continue
        subject.death = When(max(died.moment, subject.start.moment), died.day, died.timed)
        study.add(row["USUBJID"], subject.death.moment, Rank.DEATH, type=DEATH.event)
    unknown = [patient for patient in undated if study.subjects[patient].death is None]
    study.notes.update(["death without a full date: no patient_died"] * len(unknown))
