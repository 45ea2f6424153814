"""DS, DM and AE: how a subject's course ended, by withdrawal, progression or death."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from ixastate.exchange.sdtm.adverse_events import is_fatal
from ixastate.exchange.sdtm.folder import DataSet, Row
from ixastate.exchange.sdtm.study import Place, Rank, Study, place
from ixastate.exchange.sdtm.values import LeftOut, When, key, meanings, when
from ixastate.symbols import DEATH, ENDS, End

_BY_NAME = {end.name: end for end in ENDS}
# The first row of each end of a subject, by patient and end.
_Ended = dict[tuple[str, str], tuple[When, Row]]


def settle_dispositions(study: Study, data: DataSet) -> None:
    """Keep the progressions and withdrawals of DS, each at its first date; deaths are settled by `settle_deaths`."""
    first: _Ended = {}
    for row in data.rows:
        _keep_first(study, row, first)
    study.account("DS", data.rows, lambda row: _use(study, row, first))


def _end_of(row: Row) -> End | None:
    """The end that a disposition names; `LeftOut` for one that gives no event, or is not understood."""
    known = meanings("disposition")
    for variable in ("DSDECOD", "DSTERM"):
        found = known.get(key(row[variable]))
        if found is not None:
            return _BY_NAME.get(found)
    raise LeftOut("disposition not understood")


def _keep_first(study: Study, row: Row, first: _Ended) -> None:
    try:
        end, seen = _end_of(row), when(row["DSSTDTC"], study.zone)
    except LeftOut:
        return
    subject = study.subjects.get(row["USUBJID"])
    if end is None or subject is None or seen.before(subject.start):
        return
    at = (row["USUBJID"], end.name)
    if at not in first or _order(seen, row) < _order(*first[at]):
        first[at] = seen, row


def _order(seen: When, row: Row) -> tuple[Place, tuple[str, ...]]:
    return place("DS", row, seen), tuple(row.values())


def _use(study: Study, row: Row, first: _Ended) -> str:
    """Keep the event of one row, if it is the first of its kind."""
    subject = study.subject(row)
    try:
        end = _end_of(row)
    except LeftOut:
        variable = "DSDECOD" if key(row["DSDECOD"]) else "DSTERM"
        study.unknown[variable, row[variable]] += 1
        raise
    if end is None:
        raise LeftOut("a disposition that is no event")
    if end is DEATH:
        return DEATH.event
    seen = study.date(row, "DSSTDTC")
    if seen.before(subject.start):
        raise LeftOut("before the start")
    if first[row["USUBJID"], end.name][1] is not row:
        raise LeftOut("a later row of the same disposition")
    moment = max(seen.moment, subject.start.moment)
    rule = ENDS.index(end)
    study.add(row["USUBJID"], moment, Rank.ENDED, {"type": end.event}, place("DS", row, seen, rule))
    return end.event


def settle_deaths(study: Study, demographics: DataSet, dispositions: DataSet, adverse: DataSet) -> None:
    """The date of each death, from the first source that has it whole, and there the earliest (convention DEATH)."""
    sources = (
        ([row for row in demographics.rows if row["DTHFL"].upper() == "Y" or row["DTHDTC"]], "DTHDTC"),
        ([row for row in dispositions.rows if _is_death(row)], "DSSTDTC"),
        ([row for row in adverse.rows if is_fatal(row)], "AEENDTC"),
    )
    dated: dict[str, list[When]] = defaultdict(list)
    undated: set[str] = set()
    for rows, variable in sources:
        for patient, died in _dated(study, rows, variable, undated).items():
            dated[patient].append(died)
    for patient, deaths in dated.items():
        subject = study.subjects[patient]
        if len({death.day for death in deaths}) > 1:
            study.note("deaths dated differently by DM, DS and AE: DM counts before DS, and DS before AE")
        first = deaths[0]
        subject.death = When(max(first.moment, subject.start.moment), first.day, first.timed)
        study.add(patient, subject.death.moment, Rank.DEATH, {"type": DEATH.event})
    study.notes.update(["death without a full date: no patient_died"] * len(undated - dated.keys()))


def _is_death(row: Row) -> bool:
    try:
        return _end_of(row) is DEATH
    except LeftOut:
        return False


def _dated(study: Study, rows: Sequence[Row], variable: str, undated: set[str]) -> dict[str, When]:
    """The earliest date of death of each subject by one source; `undated` takes in who has none there."""
    earliest: dict[str, When] = {}
    for row in rows:
        patient = row["USUBJID"]
        subject = study.subjects.get(patient)
        if subject is None:
            continue
        try:
            died = when(row[variable], study.zone)
        except LeftOut:
            undated.add(patient)
            continue
        if died.before(subject.start):
            study.note("death before the start: not taken over")
        elif patient not in earliest or died.moment < earliest[patient].moment:
            earliest[patient] = died
    return earliest
