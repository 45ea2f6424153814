"""Import of SDTM data sets: the events of a study, and a report on every row.

SDTM is the tabular form in which clinical trials are submitted. Read are DM (subjects), LB (laboratory), AE (adverse
events) and, when they are there, DS (disposition), EX (exposure) and TS (trial summary): each a SAS transport file
(`lb.xpt`), a Dataset-JSON 1.1 file (`lb.json`, `lb.ndjson`), a ZIP archive that holds one (`lb.zip`), or in parts
(`lbch.xpt`, `lbhm.xpt`). Every row of DM, LB, AE, DS and EX is used or left out with a reason, once, and the report
names every value that is not known. The words that are understood stand in `terms.toml`. But for `doses.py` and
`settled.py`, which ask a course and the alphabet, this folder knows no rule, threshold or state; a study of another
drug imports as well as one of ixazomib.

SDTM does not hold all that an event states. The conventions that fill the gaps:

TEXT          A text of a transport file is UTF-8, else Windows code page 1252, else ISO 8859-1, each cell for itself.
              Characters that cannot be printed are blanks.
START         A course starts at RFSTDTC, or at the first EXSTDTC when that is missing. The weekday is that day's and
              the clock time 08:00, unless the first dose carries its own time.
DAY           A date without a time, or with one whose hour is not known, stands for 00:00 of that day in the time
              zone of the import; of an interval the first date counts, for an end the last. Before and after the
              start are decided by days where either has no time: what was seen on the day of the start is then not
              before it. A date that lacks its day or month is not completed.
CONSENT       The patient counts as informed: RFICDTC dates the consent and, where it is empty, only consenting
              subjects enter a study. The report counts how often it was assumed.
BASELINE      Bilirubin and creatinine clearance of the start are the last ones measured on or before it. What was not
              measured is named in `assumed` and counted; Cockcroft-Gault is not applied (SDTM has its weight
              elsewhere).
RESULT        What LBSTAT says was not done is left out, and so is a zero where LBSTRESC and LBORRES are empty. The
              standard result (LBSTRESN in LBSTRESU) counts, rounded to the 15 significant digits that a SAS number
              carries faithfully, or with all digits of LBSTRESC where these make the same number. The original result
              (LBORRES in LBORRESU) stands in where the standard one is missing or in a unit that is not known.
SIGN          A result with `<` or `>` is that of LBSTRESC, else of LBORRES: its number is a bound, also where
              LBSTRESN repeats it. Where the bound settles what follows it is used, else the row is left out
              (`settled.py` asks the alphabet, for every edition).
GRADE         AETOXGR as a number or with its words, and without it AESEV, which is no CTCAE grade and is counted:
              mild 1, moderate 2, severe 3, life threatening 4. Severe reactions of the skin are rash of grade 4
              (B-RASH-CLASS). A fatal outcome is grade 5, dated by the death (by the onset if the death has no date);
              the grade before it stands at the onset.
TERM          AEDECOD, and AETERM where that is blank.
HIGHEST       Neuropathies are one toxicity, so are rashes (B-PN-KIND), and every other term is its own. Where records
              of one toxicity overlap, each event gives the highest grade then open: a milder record, or the end of
              one of two, is no recovery. A record is open from AESTDTC until AEENDTC, for ever without it.
RECOVERY      An end with the outcome recovered (or with no outcome) is grade 0, and stands for the physician's
              agreement. With sequelae is not recovered, nor is what is not understood.
ATTRIBUTION   AEREL definite, probable or related is clear; possible, remote, unlikely or none is not clear; anything
              else leaves it unstated.
HAEMATOLOGY   Blood disorders are left out: no rule speaks of them beyond the counts (B-HAEM-OTHER).
ENDED         DS with a withdrawal by the subject or a progression of the disease, at the first date of each.
DEATH         DTHDTC, else DS with death, else the end of a fatal adverse event; of several rows the earliest. A
              subject dies once, however many rows say so.
DOSES         A row of EX with ixazomib, lenalidomide or dexamethasone in mg is one dose at EXSTDTC or, up to EXENDTC,
              one every so many days by EXDOSFRQ; without a time at the clock time of the course. Other treatments
              give no events.
ORDER         At the same moment: the start, recoveries, measurements and onsets, the recovery of what began at that
              moment, doses, withdrawal and progression, death. So what ended and began again on one day is over
              first, and a result is known before the dose (B-SAMEDAY). Among measurements and onsets: LB before AE,
              then LBSEQ or AESEQ, then of one test the worse result last (the lower count or clearance, the higher
              bilirubin), of one term the clearer attribution last, so that no drug is given back by chance. The order
              of rows and of files decides nothing.
AGAIN         A row that is equal to another in all that is read is left out.

Neuropathy that began before the start is left out like every earlier adverse event, so the baseline is grade 0.
"""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from ixastate.errors import InputError
from ixastate.events import AnyEvent, zone_names
from ixastate.exchange.sdtm import adverse_events, demographics, dispositions, exposure, laboratory
from ixastate.exchange.sdtm.folder import SHAPES, Folder
from ixastate.exchange.sdtm.report import ImportReport
from ixastate.exchange.sdtm.study import Study


def read_sdtm(directory: Path, *, timezone: str = "UTC") -> tuple[list[AnyEvent], ImportReport]:
    """The events of every treated subject, by patient and time, and the report on all rows.

    `timezone` (an IANA name) is that of the study's clocks, and of the courses. Raises InputError when a data set is
    missing, cannot be read whole, lacks a variable or is not of people, and MissingExtra where a SAS transport file is
    met without the library that reads it.
    """
    if timezone not in zone_names():
        remedy = "give an IANA name such as Europe/Berlin"
        raise InputError(f"{timezone!r} is not a time zone", where="timezone", remedy=remedy)
    zone = ZoneInfo(timezone)
    folder = Folder(Path(directory))
    data = {domain: folder.read(domain) for domain in SHAPES}
    demographics.require_people(data["DM"], data["TS"])
    study = Study(zone, timezone)
    study.notes.update(folder.notes)
    demographics.enrol(study, data["DM"], data["EX"])
    laboratory.measure(study, data["LB"])
    adverse_events.find(study, data["AE"])
    dispositions.settle_dispositions(study, data["DS"])
    dispositions.settle_deaths(study, data["DM"], data["DS"], data["AE"])
    adverse_events.settle_findings(study)
    others = exposure.give(study, data["EX"])
    demographics.start_courses(study)
    events = study.events()
    read = {domain: len(found.rows) for domain, found in data.items() if found.files and domain != "TS"}
    return events, study.report(read, events, others)
