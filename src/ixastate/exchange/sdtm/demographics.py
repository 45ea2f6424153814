"""DM: which subjects are imported and how their courses start; a study of another species is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ixastate.errors import InputError
from ixastate.events import WEEKDAYS
from ixastate.exchange.sdtm.folder import DataSet, Row
from ixastate.exchange.sdtm.study import Rank, Study, Subject
from ixastate.exchange.sdtm.values import LeftOut, When, key, meanings, when

# What a start must state of the organs, or name as assumed.
ORGANS = ("bilirubin", "creatinine_clearance")


def require_people(demographics: DataSet, summary: DataSet) -> None:
    """Raise InputError where DM or TS names a species other than human."""
    named = [(row["SPECIES"], demographics.files) for row in demographics.rows]
    named += [(row["TSVAL"], summary.files) for row in summary.rows if row["TSPARMCD"].upper() == "SPECIES"]
    for species, files in named:
        if key(species) and meanings("species").get(key(species)) is None:
            raise InputError(
                f"a study of another species than human: {species}",
                where=files[0],
                remedy="give the SDTM data sets of a study in patients; the rules are for people alone",
            )


def enrol(study: Study, demographics: DataSet, exposures: DataSet) -> None:
    """Take in each treated subject; `InputError` when one has more than one row."""
    counted = Counter(row["USUBJID"] for row in demographics.rows)
    twice = [patient for patient, n in counted.items() if patient and n > 1]
    if twice:
        what = f"DM has more than one row for {twice[0]}"
        raise InputError(what, where=demographics.files[0], remedy="give a subject one row")
    first_dose = _first_doses(study, exposures.rows)
    study.account("DM", demographics.rows, lambda row: _enrol_one(study, row, first_dose))


def _first_doses(study: Study, exposures: Sequence[Row]) -> dict[str, When]:
    """The first dated dose of each subject; of two on one day the one that has a time, which is the clock time."""
    dated: dict[str, list[When]] = {}
    for row in exposures:
        try:
            dose = when(row["EXSTDTC"], study.zone)
        except LeftOut:
            continue
        dated.setdefault(row["USUBJID"], []).append(dose)
    return {
        patient: min(doses, key=lambda dose: (dose.day, not dose.timed, dose.moment))
        for patient, doses in dated.items()
    }


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
        start = study.date(row, "RFSTDTC")
    except LeftOut as reason:
        if patient not in first_dose:
            raise LeftOut(f"no start: {reason}") from None
        start = first_dose[patient]
        study.note("start dated by EX")
    if start.timed:
        start = When(start.moment.replace(second=0), start.day, timed=True)
    study.left_out_subjects.discard(patient)
    study.subjects[patient] = Subject(start, informed=bool(row["RFICDTC"]))
    return "course_started"


def start_courses(study: Study) -> None:
    """Add the start of each course, with its baseline and what is assumed of it."""
    for patient, subject in study.subjects.items():
        fields = start_fields(study, subject)
        study.notes.update(f"{organ} at the start assumed" for organ in fields["assumed"])
        if not subject.informed:
            study.note("patient_informed at the start assumed")
        study.add(patient, subject.start.moment, Rank.START, fields)


def start_fields(study: Study, subject: Subject) -> dict[str, Any]:
    """The fields of the start of a course by what is known of the subject."""
    return {
        "type": "course_started",
        "weekday": WEEKDAYS[subject.start.day.weekday()],
        "clock_time": subject.clock_time,
        "timezone": study.timezone,
        "patient_informed": True,
        "assumed": tuple(organ for organ in ORGANS if organ not in subject.organs),
        **subject.organs,
    }
