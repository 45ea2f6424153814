"""EX: the doses given of the treatment's own drugs, and the days on which another treatment was given."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ixastate.exchange.sdtm.folder import DataSet, Row
from ixastate.exchange.sdtm.report import OtherTreatment
from ixastate.exchange.sdtm.study import Rank, Study, Subject, place
from ixastate.exchange.sdtm.values import LeftOut, When, at_offset, key, meanings, number
from ixastate.fields import LAST_DAY


def give(study: Study, data: DataSet) -> tuple[OtherTreatment, ...]:
    """Keep the doses of the treatment's own drugs (convention DOSES), and return what else was given."""
    others: list[OtherTreatment] = []
    study.account("EX", data.rows, lambda row: _give_one(study, row, others))
    return tuple(others)


def _give_one(study: Study, row: Row, others: list[OtherTreatment]) -> str:
    """Keep the doses of one row."""
    subject = study.subject(row)
    if row["EXOCCUR"].upper() == "N":
        raise LeftOut("did not occur")
    if not key(row["EXTRT"]):
        raise LeftOut("no treatment named")
    drug = meanings("treatment").get(key(row["EXTRT"]))
    if drug is None:
        first, last = _span(study, row)
        last_day = last.day if row["EXENDTC"] else None
        others.append(OtherTreatment(row["USUBJID"], row["EXTRT"], first.day, last_day))
        raise LeftOut("another treatment")
    fields = {"type": "dose_taken", "drug": drug, "dose_mg": _milligrams(study, row)}
    first, last = _span(study, row)
    if first.before(subject.start):
        raise LeftOut("before the start")
    for moment in _moments(study, subject, first, (last.day - first.day).days, _interval(study, row, first, last)):
        study.add(row["USUBJID"], moment, Rank.DOSE, fields, place("EX", row, first, drug))
    return "dose_taken"


def _milligrams(study: Study, row: Row) -> Any:
    dose = number(row["EXDOSE"])
    if dose is None:
        raise LeftOut("no numeric dose")
    if not dose:
        raise LeftOut("a dose of 0")
    if meanings("mass").get(key(row["EXDOSU"])) is None:
        if not row["EXDOSU"]:
            raise LeftOut("no unit")
        study.unknown["EXDOSU", row["EXDOSU"]] += 1
        raise LeftOut("unknown unit")
    return dose


def _span(study: Study, row: Row) -> tuple[When, When]:
    """The first and the last day of a row; without an end the first alone is known."""
    first = study.date(row, "EXSTDTC")
    if not row["EXENDTC"]:
        if meanings("frequency").get(key(row["EXDOSFRQ"]), "0") != "0":
            study.note("doses without an end: the first alone counts")
        return first, first
    last = study.date(row, "EXENDTC", end=True)
    if last.before(first):
        raise LeftOut("end before the beginning")
    if (last.day - first.day).days > LAST_DAY:
        raise LeftOut("longer than any course")
    return first, last


def _interval(study: Study, row: Row, first: When, last: When) -> int:
    """Every so many days one dose; 0 for a single one."""
    if first.day == last.day:
        return 0
    found = meanings("frequency").get(key(row["EXDOSFRQ"]))
    if found is None:
        if key(row["EXDOSFRQ"]):
            study.unknown["EXDOSFRQ", row["EXDOSFRQ"]] += 1
        raise LeftOut("doses from one day to another with no frequency that is known")
    return int(found)


def _moments(study: Study, subject: Subject, first: When, days: int, interval: int) -> list[datetime]:
    """The moments of the doses: at the time of the first one, or at the course's clock time (convention DOSES)."""
    clock = first.moment.time() if first.timed else subject.clock_time
    moments = []
    for offset in range(0, days + 1, interval) if interval else (0,):
        local = datetime.combine(first.day + timedelta(days=offset), clock, tzinfo=study.zone)
        moments.append(max(at_offset(local, study.zone), subject.start.moment))
    return moments
