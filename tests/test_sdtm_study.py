"""Two whole studies, counted by hand for some of their subjects.

The one is made up in a layout that differs from the pilot's in everything: Dataset-JSON, LB in two parts without
numeric results, other units, terms that are not coded, grades with their words, outcomes outside the code list, DS, and
EX with the doses of this treatment. The other is the CDISC pilot study.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from ixastate.editions import EDITIONS
from ixastate.events import AnyEvent, CourseStarted
from ixastate.exchange.sdtm import compare_doses, read_sdtm
from ixastate.exchange.sdtm.report import ImportReport
from tests.sdtm_studies import Cells, Tables, study, told

PILOT = Path(__file__).resolve().parents[2] / "shared" / "data" / "cdisc-pilot"


def rows(names: str, *lines: str) -> list[Cells]:
    """A table: the names of its columns, and its rows with | between the cells."""
    columns = names.split()
    return [dict(zip(columns, (cell.strip() for cell in line.split("|")), strict=True)) for line in lines]


def made_up() -> Tables:
    """The study of six subjects, of whom five were treated; M-1 starts on Monday, 8 January 2024."""
    dm = rows(
        "USUBJID ARMCD RFSTDTC RFICDTC DTHFL",
        "M-1 | IRD | 2024-01-08T09:00 | 2024-01-02 | ",
        "M-2 | IRD | 2024-01-15 | 2024-01-02 | ",
        "M-3 | IRD |  | 2024-01-02 | ",
        "M-4 | IRD | 2024-02-05 | 2024-02-01 | Y",
        "M-5 | IRD | 2024-02-12 |  | ",
        "M-6 | SCRNFAIL |  | 2024-01-03 | ",
    )
    lb = "USUBJID LBSEQ LBTESTCD LBTEST LBORRES LBORRESU LBSTRESC LBSTRESU LBSTNRHI LBSTAT LBSPEC LBDTC"
    lbhm = rows(
        lb,
        "M-1 | 1 | NEUT | Neutrophils | 2.1 | k/cumm | 2.1 | 10^9/L |  |  | BLOOD | 2024-01-08T08:00",
        "M-1 | 2 | NEUT | Neutrophils | 0.4 | k/cumm | 0.4 | 10^9/L |  |  | BLOOD | 2024-01-15T08:00",
        "M-1 | 3 | NEUT | Neutrophils | <0.1 | k/cumm | <0.1 | 10^9/L |  |  | BLOOD | 2024-01-18T08:00",
        "M-1 | 4 | NEUT | Neutrophils | 610 | cells/cumm |  |  |  |  | BLOOD | 2024-01-22T-:30",
        "M-1 | 5 | PLAT | Platelets | 182 | Thou/uL | 182 | 10³/µL |  |  | BLOOD | 2024-01-22T08:00",
        "M-2 | 1 | PLAT | Platelets | 29 | E9/L | 29 | E9/L |  |  | BLOOD | 2024-01-22",
        "M-2 | 2 | PLAT | Platelets |  |  |  |  |  | NOT DONE | BLOOD | 2024-01-25",
        "M-2 | 3 | PLAT | Platelets | 31 | Gpt/L | 31 | Gpt/L |  |  | BLOOD | 2024-01-29",
        "M-2 | 4 | NEUT | Neutrophils | 12 | % | 12 | % |  |  | BLOOD | 2024-01-29",
        "M-3 | 1 | PLAT | Platelets | 90000 | {cells}/uL | 90000 | {cells}/uL |  |  | BLOOD | 2024-02-01",
    )
    lbch = rows(
        lb,
        "M-1 | 11 | BILI | Bilirubin | 1.0 | mg/dL | 17.1 | umol/L | 21 |  | SERUM | 2024-01-05",
        "M-2 | 11 | CREATCLR | Creatinine Clearance | 25 | mL/min | 25 | mL/min |  |  | URINE | 2024-01-10",
        "M-2 | 12 | CREAT | Creatinine | 2.1 | mg/dL | 2.1 | mg/dL |  |  | SERUM | 2024-01-10",
        "M-6 | 11 | BILI | Bilirubin | 1.0 | mg/dL | 17.1 | umol/L | 21 |  | SERUM | 2024-01-05",
    )
    ae = rows(
        "USUBJID AESEQ AETERM AEDECOD AETOXGR AESEV AESTDTC AEENDTC AEOUT AEREL",
        "M-2 | 1 | Rash maculo-papular |  | 3 - Severe |  | 2024-02-01 | 2024-02-10 | Resolved, no sequelae | RELATED",
        "M-2 | 2 | Loose stools |  | G2 |  | 2024-02-02 | 2024-02-03 | Recovered | NOT RELATED",
        "M-3 | 1 | Peripheral sensory neuropathy |  |  | MODERATE | 2024-02-05 |  | ongoing | Y",
        "M-3 | 2 | Neutropenia |  | 4.0 |  | 2024-02-05 | 2024-02-09 | Recovered | Y",
        "M-3 | 3 | Headache |  | 2-3 |  | 2024-02-06 | 2024-02-07 | Recovered | N",
        "M-4 | 1 | Pneumonia |  | 4 |  | 2024-03-01 | 2024-03-04 | Fatal | NOT RELATED",
        "M-4 | 2 | Sepsis |  | Grade 5 |  | 2024-03-03 | 2024-03-04 | DIED | NOT RELATED",
        "M-5 | 1 | Tired |  | 3 |  | 2024-02-20 | 2024-02-27 | much better | PERHAPS",
    )
    ds = rows(
        "USUBJID DSSEQ DSTERM DSDECOD DSSTDTC",
        "M-1 | 1 | Progression of disease | PROGRESSIVE DISEASE | 2024-03-11",
        "M-2 | 1 | Completed | COMPLETED | 2024-06-01",
        "M-3 | 1 | Patient withdrew consent | OTHER | 2024-02-20",
        "M-4 | 1 | Death | DEATH | 2024-03-05",
        "M-5 | 1 | Emigrated | OTHER | 2024-03-01",
        "M-6 | 1 | Screen failure | SCREEN FAILURE | 2024-01-04",
    )
    ex = rows(
        "USUBJID EXSEQ EXTRT EXDOSE EXDOSU EXDOSFRQ EXSTDTC EXENDTC",
        "M-1 | 1 | IXAZOMIB | 4 | mg | ONCE | 2024-01-08T09:00 | 2024-01-08T09:00",
        "M-1 | 2 | IXAZOMIB | 3 | mg | ONCE | 2024-02-05 | ",
        "M-1 | 3 | LENALIDOMIDE | 25 | mg | QD | 2024-01-08 | 2024-01-10",
        "M-2 | 1 | IXAZOMIB | 3 | mg | QW | 2024-01-15 | 2024-01-29",
        "M-3 | 1 | IXAZOMIB | 4 | mg | ONCE | 2024-01-29 | ",
        "M-5 | 1 | PREDNISONE | 50 | mg | QD | 2024-02-12 | 2024-02-20",
        "M-5 | 2 | IXAZOMIB | 1 | capsule | ONCE | 2024-02-12 | ",
    )
    return {"dm": dm, "lbhm": lbhm, "lbch": lbch, "ae": ae, "ds": ds, "ex": ex}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[AnyEvent], ImportReport]:
    return read_sdtm(study(tmp_path_factory.mktemp("made-up"), "ndjson", **made_up()), timezone="Europe/Berlin")


def of(patient: str, events: Sequence[AnyEvent]) -> list[AnyEvent]:
    return [event for event in events if event.patient == patient]


class TestMadeUpStudy:
    @pytest.mark.parametrize(
        ("patient", "lines"),
        [
            (
                "M-1",
                [
                    "01-08 dose_taken drug=lenalidomide dose_mg=25",
                    "01-08 dose_taken drug=ixazomib dose_mg=4",
                    "01-09 dose_taken drug=lenalidomide dose_mg=25",
                    "01-10 dose_taken drug=lenalidomide dose_mg=25",
                    "01-15 neutrophils_measured value=0.4 unit=10*9/L",
                    "01-18 neutrophils_measured comparator=< value=0.1 unit=10*9/L",
                    "01-22 neutrophils_measured value=610 unit=/mm3",
                    "01-22 platelets_measured value=182 unit=10*9/L",
                    "02-05 dose_taken drug=ixazomib dose_mg=3",
                    "03-11 progression_found",
                ],
            ),
            (
                "M-2",
                [
                    "01-15 dose_taken drug=ixazomib dose_mg=3",
                    "01-22 platelets_measured value=29 unit=10*9/L",
                    "01-22 dose_taken drug=ixazomib dose_mg=3",
                    "01-29 platelets_measured value=31 unit=10*9/L",
                    "01-29 dose_taken drug=ixazomib dose_mg=3",
                    "02-01 rash_graded grade=3",
                    "02-02 other_toxicity_graded term=loose stools grade=2",
                    "02-03 other_toxicity_graded term=loose stools grade=0",
                    "02-10 rash_graded grade=0",
                ],
            ),
            (
                "M-3",
                [
                    "01-29 dose_taken drug=ixazomib dose_mg=4",
                    "02-01 platelets_measured value=90000 unit=/mm3",
                    "02-05 neuropathy_graded grade=2",
                    "02-20 consent_withdrawn",
                ],
            ),
            (
                "M-4",
                [
                    "03-01 other_toxicity_graded term=pneumonia grade=4",
                    "03-05 other_toxicity_graded term=pneumonia grade=5",
                    "03-05 other_toxicity_graded term=sepsis grade=5",
                    "03-05 patient_died",
                ],
            ),
            ("M-5", ["02-20 other_toxicity_graded term=tired grade=3"]),
        ],
    )
    def test_a_subject_by_hand(self, made: tuple[list[AnyEvent], ImportReport], patient: str, lines: list[str]) -> None:
        events = of(patient, made[0])
        assert events[0].type == "course_started"
        assert told(events) == lines

    def test_the_starts(self, made: tuple[list[AnyEvent], ImportReport]) -> None:
        starts = [event for event in made[0] if isinstance(event, CourseStarted)]
        assert [
            (start.patient, start.at.strftime("%m-%dT%H:%M") if start.at else "", start.assumed) for start in starts
        ] == [
            ("M-1", "01-08T09:00", ("creatinine_clearance",)),
            ("M-2", "01-15T00:00", ("bilirubin",)),
            ("M-3", "01-29T00:00", ("bilirubin", "creatinine_clearance")),  # dated by EX
            ("M-4", "02-05T00:00", ("bilirubin", "creatinine_clearance")),
            ("M-5", "02-12T00:00", ("bilirubin", "creatinine_clearance")),
        ]

    def test_every_row_is_accounted_for(self, made: tuple[list[AnyEvent], ImportReport]) -> None:
        report = made[1]
        assert report.read == {"DM": 6, "LB": 14, "AE": 8, "DS": 6, "EX": 7}
        assert report.used == {
            "baseline bilirubin": 1,
            "baseline creatinine clearance": 1,
            "consent_withdrawn": 1,
            "course_started": 5,
            "dose_taken": 5,
            "neuropathy_graded": 1,
            "neutrophils_measured": 3,
            "other_toxicity_graded": 4,
            "patient_died": 1,
            "platelets_measured": 4,
            "progression_found": 1,
            "rash_graded": 1,
        }
        assert report.left_out == {
            ("AE", "haematological: no rule beyond the counts"): 1,
            ("AE", "unknown grade"): 1,
            ("DM", "screen failure"): 1,
            ("DS", "a disposition that is no event"): 1,
            ("DS", "disposition not understood"): 1,
            ("DS", "the subject is left out (see DM)"): 1,
            ("EX", "another treatment"): 1,
            ("EX", "unknown unit"): 1,
            ("LB", "another test"): 1,
            ("LB", "before the start"): 1,
            ("LB", "not done"): 1,
            ("LB", "the subject is left out (see DM)"): 1,
            ("LB", "unknown unit"): 1,
        }
        assert report.unknown == {
            ("AEOUT", "much better"): 1,
            ("AEREL", "PERHAPS"): 1,
            ("AETOXGR", "2-3"): 1,
            ("DSDECOD", "OTHER"): 1,
            ("EXDOSU", "capsule"): 1,
            ("LBORRESU", "%"): 1,
            ("LBSTRESU", "%"): 1,
        }
        assert {name: count for name, count in report.notes.items() if "assumed" not in name} == {
            "AETERM for a blank AEDECOD": 6,
            "LBDTC without a whole time: its day counts": 1,
            "deaths dated differently by DM, DS and AE: DM counts before DS, and DS before AE": 1,
            "grade from AESEV, which is no CTCAE grade": 1,
            "outcome not understood: taken as not recovered": 1,
            "relation not understood: attribution not stated": 1,
            "start dated by EX": 1,
        }

    def test_the_doses_by_hand(self, made: tuple[list[AnyEvent], ImportReport]) -> None:
        """Ixazomib is scheduled on days 1, 8 and 15 of 28, lenalidomide on days 1 to 21.

        M-1: neutrophils hold both drugs on day 8 and release them on day 15, ixazomib at 3 mg; day 64 is its last, and
        nothing is due on it. Given as due are days 1 and 29; due alone 15, 36, 43 and 57. Lenalidomide is given on
        three days; due alone are 4 to 7, 15 to 21, 29 to 49 and 57 to 63; neither 8 to 14 and 64.
        M-2 starts at 3 mg, for a clearance of 25 mL/min; platelets hold it on day 8, when it is given all the same.
        M-3 is given day 1, and neuropathy holds days 8 and 15. M-5 was given prednisone until day 9.
        """
        compared = compare_doses(made[0], made[1].others)
        assert compared.own == {
            ("ixazomib", "given as due"): 2 + 2 + 1,
            ("ixazomib", "given, none due"): 1,
            ("ixazomib", "due, none given"): 4,
            ("ixazomib", "neither given nor due"): 2 + 2,
            ("lenalidomide", "given as due"): 3,
            ("lenalidomide", "due, none given"): 4 + 7 + 21 + 7,
            ("lenalidomide", "neither given nor due"): 7 + 1,
        }
        assert compared.others == {("PREDNISONE", "given, ixazomib due"): 2}

    @pytest.mark.parametrize("edition", EDITIONS)
    def test_its_log_is_of_courses_under_every_edition(
        self, made: tuple[list[AnyEvent], ImportReport], edition: str
    ) -> None:
        assert sum(compare_doses(made[0], made[1].others, edition).own.values()) > 0


@pytest.fixture(scope="module")
def pilot() -> tuple[list[AnyEvent], ImportReport]:
    if not PILOT.is_dir():
        pytest.skip("the CDISC pilot study is not part of a checkout")
    pytest.importorskip("pyreadstat", reason="the extra sdtm is not installed")
    return read_sdtm(PILOT)


class TestPilotStudy:
    @pytest.mark.parametrize(
        ("patient", "bilirubin", "platelets", "others"),
        [
            # three adverse events of which one recovers; the first bilirubin is the baseline
            ("01-701-1015", 9, 9, {"other_toxicity_graded": 4}),
            # a suicide the day before the death; of nine platelet counts two lie before the start
            ("01-704-1445", 7, 7, {"other_toxicity_graded": 2, "patient_died": 1}),
            # four records of two terms, of which one recovers while a worse one goes on
            ("01-701-1023", 2, 2, {"other_toxicity_graded": 5}),
            # the last bilirubin is <3.42
            ("01-705-1031", 8, 8, {"rash_graded": 1}),
            # a heart attack on the day of the death; nothing measured after the start
            ("01-710-1083", 0, 0, {"other_toxicity_graded": 1, "patient_died": 1}),
        ],
    )
    def test_a_subject_by_hand(
        self,
        pilot: tuple[list[AnyEvent], ImportReport],
        patient: str,
        bilirubin: int,
        platelets: int,
        others: dict[str, int],
    ) -> None:
        found = Counter(event.type for event in of(patient, pilot[0]))
        measured = {"bilirubin_measured": bilirubin, "platelets_measured": platelets}
        assert found == Counter(measured) + Counter(others) + Counter(["course_started"])

    def test_the_doses_of_all(self, pilot: tuple[list[AnyEvent], ImportReport]) -> None:
        """As measured: of 1,882 scheduled days on which the drug was given these rules would have left out 38."""
        events, report = pilot
        assert len(events) == 4_870 + 27 + 5  # before, withdrawals by DS, and bilirubin with a sign
        assert Counter(other.name for other in report.others) == {"XANOMELINE": 365, "PLACEBO": 226}
        assert compare_doses(events, report.others).others == {
            ("PLACEBO", "given, ixazomib due"): 1_417,
            ("PLACEBO", "given, none due"): 15,
            ("PLACEBO", "due, none given"): 29,
            ("PLACEBO", "neither given nor due"): 1,
            ("XANOMELINE", "given, ixazomib due"): 1_844,
            ("XANOMELINE", "given, none due"): 38,
            ("XANOMELINE", "due, none given"): 118,
            ("XANOMELINE", "neither given nor due"): 8,
        }

    @pytest.mark.parametrize(
        ("patient", "name", "outcomes"),
        [
            # days 1 and 8 of eleven days on the patch
            ("01-710-1083", "PLACEBO", {"given, ixazomib due": 2}),
            # days 1, 8 and 15; on day 29, of the last count, the patch had been stopped
            ("01-701-1023", "PLACEBO", {"given, ixazomib due": 3, "due, none given": 1}),
        ],
    )
    def test_the_doses_of_a_subject_by_hand(
        self, pilot: tuple[list[AnyEvent], ImportReport], patient: str, name: str, outcomes: dict[str, int]
    ) -> None:
        others = [other for other in pilot[1].others if other.patient == patient]
        compared = compare_doses(of(patient, pilot[0]), others)
        assert compared.own == {}
        assert compared.others == {(name, outcome): count for outcome, count in outcomes.items()}
