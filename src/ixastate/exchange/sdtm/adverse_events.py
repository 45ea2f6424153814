"""AE: adverse events, gathered by toxicity and turned into onsets, recoveries and deaths."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ixastate.exchange.sdtm.folder import DataSet, Row
from ixastate.exchange.sdtm.grades import blank, grade
from ixastate.exchange.sdtm.study import Finding, Rank, Study, place
from ixastate.exchange.sdtm.values import LeftOut, When, key, meanings
from ixastate.rules.terms import term_group, toxicity_of_term
from ixastate.symbols import NEUROPATHY, OTHER, RASH, Toxicity

# Grades by the words alone: a severe reaction of the skin (B-RASH-CLASS), and a death.
SEVERE, FATAL = 4, 5
LONGEST_TERM = 200
# Of two attributions at one moment the one that follows counts last (convention ORDER).
ATTRIBUTIONS = (None, "not_clear", "clear")


def find(study: Study, data: DataSet) -> None:
    """Gather the rows of AE by patient, toxicity and, for the other toxicities, term."""
    study.account("AE", data.rows, lambda row: _find_one(study, row))


def _find_one(study: Study, row: Row) -> str:
    """Keep one row of AE with the others of the same toxicity."""
    subject = study.subject(row)
    if row["AEOCCUR"].upper() == "N":
        raise LeftOut("did not occur")
    term = _term(study, row)
    toxicity = _toxicity(row, term)
    fatal = is_fatal(row)
    group = term_group(term)
    found = _grade_before_death(study, row, fatal=fatal)
    onset = study.date(row, "AESTDTC")
    if onset.before(subject.start):
        raise LeftOut("before the start")
    at = max(onset.moment, subject.start.moment)
    outcome = _outcome(study, row)
    recovered = not fatal and outcome in ("", "recovered")
    attribution = _attribution(study, row) if toxicity.by_term else None
    finding = Finding(
        at,
        None if fatal else _end(study, row, onset, at, recovered=recovered),
        recovered,
        SEVERE if group is not None and group.severe else found,
        group is not None and group.painful,
        attribution,
        fatal,
        place("AE", row, onset, toxicity.name, term, ATTRIBUTIONS.index(attribution)),
    )
    study.findings.setdefault((row["USUBJID"], toxicity, term if toxicity.by_term else ""), []).append(finding)
    return toxicity.event


def _term(study: Study, row: Row) -> str:
    """The preferred term, or the reported one where it is not coded (convention TERM)."""
    coded, reported = (" ".join(row[name].lower().split()) for name in ("AEDECOD", "AETERM"))
    if blank(coded):
        if blank(reported):
            raise LeftOut("no term")
        study.note("AETERM for a blank AEDECOD")
        coded = reported
    if len(coded) > LONGEST_TERM:
        raise LeftOut(f"a term of more than {LONGEST_TERM} characters")
    return coded


def _toxicity(row: Row, term: str) -> Toxicity:
    """The toxicity of a term; `LeftOut` for none, and for a blood disorder (convention HAEMATOLOGY)."""
    found = toxicity_of_term(term)
    if "haematological" in (found, toxicity_of_term(row["AEBODSYS"]), toxicity_of_term(row["AESOC"])):
        raise LeftOut("haematological: no rule beyond the counts")
    return next((toxicity for toxicity in (RASH, NEUROPATHY) if toxicity.name == found), OTHER)


def _grade_before_death(study: Study, row: Row, *, fatal: bool) -> int:
    """The grade at the onset; 0 where a fatal event states none but the death."""
    found = 0
    try:
        stated, variable = grade(row)
        found = stated % FATAL  # the grade before a death is not known from grade 5
        if variable == "AESEV":
            study.note("grade from AESEV, which is no CTCAE grade")
    except LeftOut as reason:
        for variable, words in (("AETOXGR", "unknown grade"), ("AESEV", "unknown severity")):
            if str(reason) == words:
                study.unknown[variable, row[variable]] += 1
        if not fatal:
            raise
    return found


def is_fatal(row: Row) -> bool:
    """True if an adverse event ended in death."""
    if meanings("outcome").get(key(row["AEOUT"])) == "fatal" or row["AESDTH"].upper() in ("Y", "YES"):
        return True
    try:
        return grade(row)[0] == FATAL
    except LeftOut:
        return False


def _outcome(study: Study, row: Row) -> str:
    """What AEOUT means, "" where it is not stated; what is not understood is counted and is no recovery."""
    if not row["AEOUT"]:
        return ""
    found = meanings("outcome").get(key(row["AEOUT"]))
    if found is None:
        study.unknown["AEOUT", row["AEOUT"]] += 1
        study.note("outcome not understood: taken as not recovered")
    return found or "not_recovered"


def _end(study: Study, row: Row, onset: When, at: datetime, *, recovered: bool) -> datetime | None:
    """The moment of the end, not before the onset at `at`; None where it is not known."""
    try:
        end = study.date(row, "AEENDTC", end=True)
    except LeftOut:
        if recovered and (row["AEENDTC"] or row["AEOUT"]):
            study.note("recovery without a full date: taken as not recovered")
        return None
    if end.before(onset):
        study.note("end before the onset: taken as not ended")
        return None
    return max(end.moment, at)


def _attribution(study: Study, row: Row) -> str | None:
    """The attribution by AEREL, or None where it is not stated or not understood (convention ATTRIBUTION)."""
    found = meanings("relation").get(key(row["AEREL"]))
    if row["AEREL"] and found in (None, "unstated"):
        study.note("relation not understood: attribution not stated")
        if found is None:
            study.unknown["AEREL", row["AEREL"]] += 1
    return found if found in ATTRIBUTIONS else None


def settle_findings(study: Study) -> None:
    """Turn the records of each toxicity into onsets, recoveries and deaths (HIGHEST, RECOVERY, GRADE)."""
    for (patient, toxicity, term), findings in study.findings.items():
        death = study.subjects[patient].death
        for one in findings:
            others = [other for other in findings if other is not one]
            died = max(one.at, death.moment) if death else one.at
            if not one.fatal or (one.grade and one.at < died):
                now = [one, *(other for other in others if other.open_at(one.at))]
                study.add(patient, one.at, Rank.SEEN, _graded(toxicity, term, one, now, Rank.SEEN), one.place)
            if one.fatal:
                study.add(patient, died, Rank.GRADE_5, _graded(toxicity, term, one, [], Rank.GRADE_5), one.place)
            elif one.recovered and one.until is not None:
                still = [other for other in others if other.at < one.until and other.open_at(one.until)]
                rank = Rank.RECOVERY if one.at < one.until else Rank.SAME_MOMENT_RECOVERY
                study.add(patient, one.until, rank, _graded(toxicity, term, one, still, rank), one.place)


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
