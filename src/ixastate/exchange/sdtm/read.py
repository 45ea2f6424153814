"""Import of SDTM data sets: the events of a study, and a report on every row.

SDTM is the tabular form in which clinical trials are submitted. Read are DM (subjects), LB (laboratory), AE
(adverse events) and, when they are there, EX and DS for a missing date of the first dose or of death: each a SAS
transport file (`lb.xpt`) or a ZIP archive that holds it (`lb.zip`). Every row of DM, LB and AE is used or left out
with a reason, once. The words that are understood stand in `terms.toml`. This folder knows no rule, threshold
or state; a study of another drug imports as well as one of ixazomib.

SDTM does not hold all that an event states. The conventions that fill the gaps:

START         A course starts at RFSTDTC, or at the first EXSTDTC when that is missing. The weekday is that day's and
              the clock time 08:00, unless the first dose carries its own time.
DAY           A date without a time stands for 00:00 of that day in the time zone of the import. Before and after the
              start are decided by days where either has no time: what was seen on the day of the start is then not
              before it. A date that lacks its day or month is not completed.
CONSENT       The patient counts as informed: RFICDTC dates the consent and, where it is empty, only consenting subjects
              enter a study. The report counts how often it was assumed.
BASELINE      Bilirubin and creatinine clearance of the start are the last ones measured on or before it. What was
              not measured is named in `assumed` and counted; Cockcroft-Gault is not applied (SDTM has its weight
              elsewhere).
UNITS         The standard result (LBSTRESN, LBSTRESU) counts, rounded to the 15 significant digits that a SAS number
              carries faithfully. A unit which is not in the table is left out.
GRADE         AETOXGR, and without it AESEV: mild 1, moderate 2, severe 3, life threatening 4. Severe reactions of
              the skin are rash of grade 4 (B-RASH-CLASS). A fatal outcome is grade 5, dated by the death (by the
              onset if the death has no date); the grade before it stands at the onset.
HIGHEST       Neuropathies are one toxicity, so are rashes (B-PN-KIND), and every other term is its own. Where records
              of one toxicity overlap, each event gives the highest grade then open: a milder record, or the end of
              one of two, is no recovery. A record is open from AESTDTC until AEENDTC, for ever without it.
RECOVERY      An end with the outcome recovered (or with no outcome) is grade 0, and stands for the physician's
              agreement. With sequelae is not recovered.
ATTRIBUTION   AEREL definite, probable or related is clear; possible, remote, unlikely or none is not clear; anything
              else leaves it unstated.
HAEMATOLOGY   Blood disorders are left out: no rule speaks of them beyond the counts (B-HAEM-OTHER).
DEATH         DTHDTC, else DS with DEATH, else the end of a fatal adverse event.
ORDER         At the same moment: the start, recoveries, measurements and onsets, the recovery of what began at that
              moment, death. So what ended and began again on one day is over first.

Neuropathy that began before the start is left out like every earlier adverse event, so the baseline is grade 0.
"""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from ixastate.errors import InputError
from ixastate.events import AnyEvent
from ixastate.exchange.sdtm import adverse_events, demographics, laboratory
from ixastate.exchange.sdtm.study import ImportReport, Study
from ixastate.exchange.sdtm.xport import COUNTED, VARIABLES, read_rows


def read_sdtm(directory: Path, *, timezone: str = "UTC") -> tuple[list[AnyEvent], ImportReport]:
    """The events of every treated subject, by patient and time, and the report on all rows.

    `timezone` (an IANA name) is that of the study's clocks, and of the courses. Raises InputError when a data set is
    missing, cannot be read whole or lacks a variable, and MissingExtra without the library that reads SAS transport
    files.
    """
    try:
        zone = ZoneInfo(timezone)
    except (KeyError, ValueError, OSError, TypeError):
        remedy = "give an IANA name such as Europe/Berlin"
        raise InputError(f"{timezone!r} is not a time zone", where="timezone", remedy=remedy) from None
    directory = Path(directory)
    tables = {domain: read_rows(directory, domain) for domain in VARIABLES}
    study = Study(zone, timezone)
    demographics.enrol(study, tables["DM"], tables["EX"], where=str(directory))
    laboratory.measure(study, tables["LB"])
    adverse_events.find(study, tables["AE"])
    demographics.settle_deaths(study, tables["DM"], tables["DS"], tables["AE"])
    adverse_events.settle_findings(study)
    demographics.start_courses(study)
    events = study.events()
    return events, study.report({domain: len(tables[domain]) for domain in COUNTED}, events)
