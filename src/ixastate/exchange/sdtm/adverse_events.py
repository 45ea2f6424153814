"""AE: adverse events, gathered by toxicity and turned into onsets, recoveries and deaths."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ixastate.exchange.sdtm.study import Finding, Rank, Study
from ixastate.exchange.sdtm.values import LeftOut, When, terms, when
from ixastate.exchange.sdtm.xport import Row
from ixastate.symbols import NEUROPATHY, OTHER, RASH, Toxicity

FATAL = 5


def find(study: Study, rows: Sequence[Row]) -> None:
    """Gather the rows of AE by patient, toxicity and, for the other toxicities, term."""
    study.account("AE", rows, lambda row: _find_one(study, row))


def _find_one(study: Study, row: Row) -> str:
    """Keep one row of AE with the others of the same toxicity."""
    subject = study.subject(row)
    term = " ".join(row["AEDECOD"].lower().split())
    toxicity = _toxicity(row, term)
    fatal = is_fatal(row)
    grade = _grade_before_death(row, term, fatal=fatal)
    onset = when(row["AESTDTC"], study.zone)
    if onset.before(subject.start):
        raise LeftOut("before the start")
    at = max(onset.moment, subject.start.moment)
    recovered = not fatal and row["AEOUT"].lower() in ("", *terms()["outcome"]["recovered"])
    finding = Finding(
        at,
        None if fatal else _end(study, row, onset, at, recovered=recovered),
        recovered,
        grade,
        term in terms()[NEUROPATHY.name]["painful"],
        _attribution(study, row) if toxicity.by_term else None,
        fatal,
    )
    study.findings.setdefault((row["USUBJID"], toxicity, term if toxicity.by_term else ""), []).append(finding)
    return toxicity.event


def _toxicity(row: Row, term: str) -> Toxicity:
    """The toxicity of a term; `LeftOut` for none, and for a blood disorder (convention HAEMATOLOGY)."""
    if not 1 <= len(term) <= 200:
        raise LeftOut("no preferred term")
    words = terms()
    classes = {row["AEBODSYS"].lower(), row["AESOC"].lower()}
    if term in words["haematological"]["terms"] or classes & set(words["haematological"]["classes"]):
        raise LeftOut("haematological: no rule beyond the counts")
    for toxicity in (RASH, NEUROPATHY):
        if any(term in listed for listed in words[toxicity.name].values()):
            return toxicity
    return OTHER


def _grade(row: Row) -> int:
    """The grade of an adverse event, 0 to 5 (convention GRADE)."""
    if row["AETOXGR"]:
        found = re.fullmatch(r"(?:GRADE\s*)?([0-5])", row["AETOXGR"].upper(), re.A)
        if found is None:
            raise LeftOut("unknown grade")
        return int(found[1])
    if not row["AESEV"]:
        raise LeftOut("neither grade nor severity")
    grade: int | None = terms()["severity"].get(row["AESEV"].lower())
    if grade is None:
        raise LeftOut("unknown severity")
    return grade


def _grade_before_death(row: Row, term: str, *, fatal: bool) -> int:
    """The grade at the onset; 0 where a fatal event states none but the death."""
    try:
        grade = _grade(row) % FATAL  # the grade before a death is not known from grade 5
    except LeftOut:
        if not fatal:
            raise
        grade = 0
    return 4 if term in terms()[RASH.name]["severe"] else grade


def is_fatal(row: Row) -> bool:
    """True if an adverse event ended in death."""
    if row["AEOUT"].lower() in terms()["outcome"]["fatal"] or row["AESDTH"].upper() == "Y":
        return True
    try:
        return _grade(row) == FATAL
    except LeftOut:
        return False


def _end(study: Study, row: Row, onset: When, at: datetime, *, recovered: bool) -> datetime | None:
    """The moment of the end, not before the onset at `at`; None where it is not known."""
    try:
        end = when(row["AEENDTC"], study.zone)
    except LeftOut:
        if recovered and (row["AEENDTC"] or row["AEOUT"]):
            study.notes["recovery without a full date: taken as not recovered"] += 1
        return None
    if end.before(onset):
        study.notes["end before the onset: taken as not ended"] += 1
        return None
    return max(end.moment, at)


def _attribution(study: Study, row: Row) -> str | None:
    """The attribution by AEREL, or None where it is not stated or not understood (convention ATTRIBUTION)."""
    relation = row["AEREL"].lower()
    for attribution, words in terms()["relation"].items():
        if relation in words:
            return str(attribution)
    if relation:
        study.notes["relation not understood: attribution not stated"] += 1
    return None


def settle_findings(study: Study) -> None:
    """Turn the records of each toxicity into onsets, recoveries and deaths (HIGHEST, RECOVERY, GRADE)."""
    for (patient, toxicity, term), findings in study.findings.items():
        death = study.subjects[patient].death
        for one in findings:
            others = [other for other in findings if other is not one]
            died = max(one.at, death.moment) if death else one.at
            if not one.fatal or (one.grade and one.at < died):
                now = [one, *(other for other in others if other.open_at(one.at))]
                study.add(patient, one.at, Rank.SEEN, **_graded(toxicity, term, one, now, Rank.SEEN))
            if one.fatal:
                study.add(patient, died, Rank.GRADE_5, **_graded(toxicity, term, one, [], Rank.GRADE_5))
            elif one.recovered and one.until is not None:
                still = [other for other in others if other.at < one.until and other.open_at(one.until)]
                rank = Rank.RECOVERY if one.at < one.until else Rank.SAME_MOMENT_RECOVERY
                study.add(patient, one.until, rank, **_graded(toxicity, term, one, still, rank))


def _graded(toxicity: Toxicity, term: str, one: Finding, now: Sequence[Finding], rank: Rank) -> dict[str, Any]:
    """The fields of the event that one finding gives while those of `now` are open."""
    grade = FATAL if rank == Rank.GRADE_5 else max((finding.grade for finding in now), default=0)
    fields: dict[str, Any] = {"type": toxicity.event, "grade": grade}
    if toxicity is RASH:
        return fields
    fields["physician_agrees"] = grade == 0 and rank in (Rank.RECOVERY, Rank.SAME_MOMENT_RECOVERY)
    if toxicity is NEUROPATHY:
        return fields | {"pain": any(finding.pain and finding.grade for finding in now)}
    return fields | {"term": term, "attribution": one.attribution}
