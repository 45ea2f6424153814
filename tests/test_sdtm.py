"""The SDTM import: a real study whole, and small made-up ones for every convention, reason and error."""

from __future__ import annotations

import sys
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import pytest

from ixastate.errors import InputError, MissingExtra, install_command
from ixastate.events import (
    EVENT,
    AnyEvent,
    BilirubinMeasured,
    Count,
    CourseStarted,
    Event,
    NeuropathyGraded,
    OtherToxicityGraded,
    RashGraded,
)
from ixastate.exchange.sdtm import ImportReport, read_sdtm
from ixastate.exchange.sdtm.values import key
from ixastate.exchange.sdtm.values import terms as known_terms
from ixastate.symbols import ENDS

pandas = pytest.importorskip("pandas", reason="pandas is not installed; the test files are written from its tables")
pyreadstat = pytest.importorskip("pyreadstat", reason="the extra sdtm is not installed")

PILOT = Path(__file__).resolve().parents[2] / "shared" / "data" / "cdisc-pilot"
BEFORE_START = ("LB", "before the start")

Cells = dict[str, Any]


# --- made-up studies ---

SUBJECT: Cells = {"USUBJID": "S-1", "ARMCD": "IRD", "RFSTDTC": "2024-03-05", "RFICDTC": "2024-02-20"}
LAB: Cells = {"USUBJID": "S-1", "LBTESTCD": "PLAT", "LBSTRESN": 150.0, "LBSTRESU": "10^9/L", "LBDTC": "2024-03-12"}
BILIRUBIN: Cells = LAB | {"LBTESTCD": "BILI", "LBSTRESN": 8.55, "LBSTRESU": "umol/L", "LBSTNRHI": 21.0}
ADVERSE: Cells = {
    "USUBJID": "S-1",
    "AEDECOD": "NAUSEA",
    "AETOXGR": "3",
    "AESTDTC": "2024-04-01",
    "AEENDTC": "2024-04-08",
    "AEOUT": "RECOVERED/RESOLVED",
    "AEREL": "PROBABLE",
}
SHAPES = {
    "dm": ({"USUBJID", "ARMCD", "RFSTDTC"}, set()),
    "lb": ({"USUBJID", "LBTESTCD", "LBSTRESU", "LBDTC"}, {"LBSTRESN"}),
    "ae": ({"USUBJID", "AEDECOD", "AESTDTC", "AETOXGR"}, set()),
    "ds": ({"USUBJID", "DSDECOD", "DSSTDTC"}, set()),
    "ex": ({"USUBJID", "EXSTDTC"}, set()),
}


def write(path: Path, rows: list[Cells], without: str = "") -> Path:
    """Write a transport file: the columns its rows name, and at least those that the data set must have."""
    texts, numbers = SHAPES[path.stem]
    numbers = numbers | {name for row in rows for name, cell in row.items() if isinstance(cell, float)}
    names = sorted((texts | numbers | {name for row in rows for name in row}) - {without})
    columns: Cells = {
        name: pandas.Series(
            [row.get(name) if name in numbers else row.get(name, "") for row in rows],
            dtype="float64" if name in numbers else "object",
        )
        for name in names
    }
    pyreadstat.write_xport(pandas.DataFrame(columns), str(path), file_format_version=5, table_name=path.stem.upper())
    return path


def study(directory: Path, **tables: list[Cells]) -> Path:
    """Write a study; DM has one subject and LB and AE no rows unless given."""
    for domain, rows in ({"dm": [SUBJECT], "lb": [], "ae": []} | tables).items():
        write(directory / f"{domain}.xpt", rows)
    return directory


def imported(directory: Path, timezone: str = "UTC", **tables: list[Cells]) -> tuple[list[AnyEvent], ImportReport]:
    events, report = read_sdtm(study(directory, **tables), timezone=timezone)
    check(events, report)
    return events, report


def check(events: Sequence[Event], report: ImportReport) -> None:
    """Every event is valid, sorted and after its start; every row is accounted for once."""
    for domain, read in report.read.items():
        used = {
            "DM": ["course_started"],
            "LB": [name for name in report.used if "measured" in name or "baseline" in name],
            "AE": [name for name in report.used if "graded" in name],
            "DS": [end.event for end in ENDS],
            "EX": ["dose_taken"],
        }[domain]
        left_out = sum(count for (where, _), count in report.left_out.items() if where == domain)
        assert sum(report.used.get(name, 0) for name in used) + left_out == read, domain
    assert sum(report.events.values()) == len(events)
    patients = [patient for patient, _ in groupby(events, key=lambda event: event.patient)]
    assert patients == sorted(patients, key=str)
    assert len(patients) == len(set(patients)) == report.subjects
    for _, course in groupby(events, key=lambda event: event.patient):
        seen = list(course)
        assert [isinstance(event, CourseStarted) for event in seen] == [True] + [False] * (len(seen) - 1)
        assert all(one.at is not None and other.at is not None and one.at <= other.at for one, other in pairwise(seen))
        assert all(EVENT.validate_json(event.model_dump_json()) == event for event in seen)


def of(kind: type[Event], events: Iterable[Event]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def start(directory: Path, **tables: list[Cells]) -> CourseStarted:
    events, report = read_sdtm(study(directory, **tables))
    check(events, report)
    found: CourseStarted = events[0]  # type: ignore[assignment]
    return found


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# --- the CDISC pilot study ---


@pytest.fixture(scope="module")
def pilot() -> tuple[list[AnyEvent], ImportReport]:
    return read_sdtm(PILOT)


@pytest.mark.skipif(not PILOT.is_dir(), reason="the CDISC pilot study is not part of a checkout")
class TestPilotStudy:
    def test_every_row_is_accounted_for(self, pilot: tuple[list[AnyEvent], ImportReport]) -> None:
        events, report = pilot
        check(events, report)
        assert report.subjects == 254
        assert report.read == {"DM": 306, "LB": 59_580, "AE": 1_191, "DS": 596, "EX": 591}
        assert report.used == {
            "baseline bilirubin": 254,
            "bilirubin_measured": 1_534,
            "consent_withdrawn": 27,
            "course_started": 254,
            "other_toxicity_graded": 1_070,
            "patient_died": 3,
            "platelets_measured": 1_516,
            "rash_graded": 50,
        }
        assert report.left_out == {
            ("AE", "before the start"): 41,
            ("AE", "haematological: no rule beyond the counts"): 4,
            ("AE", "incomplete date"): 26,
            ("DM", "screen failure"): 52,
            ("DS", "a disposition that is no event"): 514,
            ("DS", "the subject is left out (see DM)"): 52,
            ("EX", "another treatment"): 591,
            ("LB", "another test"): 55_978,
            ("LB", "before the start"): 298,
        }
        assert report.notes == {
            "creatinine_clearance at the start assumed": 254,
            "deaths dated differently by DM, DS and AE: DM counts before DS, and DS before AE": 1,
            "grade from AESEV, which is no CTCAE grade": 1_120,
            "patient_informed at the start assumed": 254,
        }
        assert report.events == Counter(getattr(event, "type", "") for event in events)
        assert report.events["patient_died"] == 3

    def test_values_are_those_written_in_the_file(self, pilot: tuple[list[AnyEvent], ImportReport]) -> None:
        with zipfile.ZipFile(PILOT / "lb.zip") as archive, archive.open("lb.xpt") as file:
            columns, _ = pyreadstat.read_xport(file, output_format="dict")
        written = {
            (patient, test, moment, text)
            for patient, test, moment, text in zip(
                *(columns[name] for name in ("USUBJID", "LBTESTCD", "LBDTC", "LBSTRESC")), strict=True
            )
        }
        events = [event for event in pilot[0] if isinstance(event, Count | BilirubinMeasured)]
        assert len(events) == 1_534 + 1_516
        for event in events:
            test = "BILI" if isinstance(event, BilirubinMeasured) else "PLAT"
            moments = [event.at.strftime(form) for form in ("%Y-%m-%dT%H:%M", "%Y-%m-%d")] if event.at else []
            text = f"{event.comparator or ''}{event.value}"
            assert any((event.patient, test, moment, text) in written for moment in moments), event

    def test_a_death_is_dated_by_dm(self, pilot: tuple[list[AnyEvent], ImportReport]) -> None:
        last = [event for event in pilot[0] if event.patient == "01-704-1445"][-3:]
        assert [(getattr(event, "type", ""), getattr(event, "grade", None), event.at) for event in last] == [
            ("other_toxicity_graded", 3, day("2014-10-31")),
            ("other_toxicity_graded", 5, day("2014-11-01")),
            ("patient_died", None, day("2014-11-01")),
        ]

    def test_twice_read_is_the_same(self, pilot: tuple[list[AnyEvent], ImportReport]) -> None:
        assert read_sdtm(PILOT) == pilot


# --- START, CONSENT, BASELINE ---


def test_a_course_starts_at_midnight_of_the_first_dose(tmp_path: Path) -> None:
    event = start(tmp_path)
    assert (event.at, event.weekday, event.clock_time) == (day("2024-03-05"), "tuesday", time(8))
    assert (event.timezone, event.patient_informed) == ("UTC", True)
    assert event.assumed == ("bilirubin", "creatinine_clearance")


def test_midnight_is_that_of_the_time_zone(tmp_path: Path) -> None:
    (event,), _ = imported(tmp_path, timezone="Asia/Tokyo")
    assert event.at == datetime(2024, 3, 4, 15, tzinfo=UTC)
    assert event.at.utcoffset() == timedelta(hours=9)
    assert isinstance(event, CourseStarted)
    assert (event.weekday, event.timezone) == ("tuesday", "Asia/Tokyo")


def test_a_first_dose_with_a_time_sets_the_clock_time(tmp_path: Path) -> None:
    event = start(tmp_path, dm=[SUBJECT | {"RFSTDTC": "2024-03-05T09:15:30"}])
    assert (event.at, event.clock_time) == (day("2024-03-05T09:15"), time(9, 15))


def test_a_missing_first_dose_date_is_taken_from_exposure(tmp_path: Path) -> None:
    doses = [{"USUBJID": "S-1", "EXSTDTC": text} for text in ("2024-03-26", "2024-03-12", "2024-03", "2024-03-19")]
    events, report = imported(tmp_path, dm=[SUBJECT | {"RFSTDTC": "2024"}], ex=doses)
    assert events[0].at == day("2024-03-12")
    assert report.notes["start dated by EX"] == 1


def test_consent_is_said_to_be_assumed_only_where_it_is(tmp_path: Path) -> None:
    second = SUBJECT | {"USUBJID": "S-2", "RFICDTC": ""}
    events, report = imported(tmp_path, dm=[SUBJECT, second])
    assert all(event.patient_informed for event in of(CourseStarted, events))
    assert report.notes["patient_informed at the start assumed"] == 1


def test_the_last_measurement_up_to_the_start_is_the_baseline(tmp_path: Path) -> None:
    rows = [
        BILIRUBIN | {"LBDTC": "2024-03-05T07:00", "LBSTRESN": 10.26},
        BILIRUBIN | {"LBDTC": "2024-02-20", "LBSTRESN": 30.0},
        BILIRUBIN | {"LBDTC": "2024-03-04", "LBSTRESN": 20.0},
        BILIRUBIN | {"LBDTC": "2024-03-06", "LBSTRESN": 40.0},
        BILIRUBIN | {"LBTESTCD": "CREATCLR", "LBSTRESU": "mL/min", "LBDTC": "2024-03-01", "LBSTRESN": 29.9},
        BILIRUBIN | {"LBTESTCD": "CREATCLR", "LBSTRESU": "mL/min", "LBDTC": "2024-04-01", "LBSTRESN": 35.0},
    ]
    events, report = imported(tmp_path, lb=rows)
    (event,) = of(CourseStarted, events)
    assert event.bilirubin.model_dump(exclude_none=True) == {
        "value": Decimal("10.26"),
        "unit": "umol/L",
        "upper_limit_of_normal": Decimal(21),
    }
    assert event.creatinine_clearance.value == Decimal("29.9")
    assert event.assumed == ()
    assert [event.value for event in of(BilirubinMeasured, events)] == [40]
    assert report.left_out == {BEFORE_START: 2}
    assert report.used == {
        "course_started": 1,
        "baseline bilirubin": 1,
        "baseline creatinine clearance": 1,
        "bilirubin_measured": 1,
        "creatinine_clearance_measured": 1,
    }


def test_of_two_measurements_on_the_first_day_the_earlier_stays_an_event(tmp_path: Path) -> None:
    rows = [BILIRUBIN | {"LBDTC": f"2024-03-05T0{hour}:00", "LBSTRESN": float(hour)} for hour in (9, 7)]
    events, report = imported(tmp_path, lb=rows)
    assert [event.value for event in of(BilirubinMeasured, events)] == [7]
    assert report.used["baseline bilirubin"] == 1


def test_with_times_a_measurement_after_the_first_dose_is_no_baseline(tmp_path: Path) -> None:
    rows = [BILIRUBIN | {"LBDTC": f"2024-03-05T{hour}:00"} for hour in ("08", "10")]
    rows += [LAB | {"LBDTC": "2024-03-05T08:00"}, LAB | {"LBDTC": "2024-03-05"}]
    events, report = imported(tmp_path, dm=[SUBJECT | {"RFSTDTC": "2024-03-05T09:00"}], lb=rows)
    assert [event.at for event in of(BilirubinMeasured, events)] == [day("2024-03-05T10:00")]
    assert [event.at for event in of(Count, events)] == [day("2024-03-05T09:00")]
    assert report.left_out == {BEFORE_START: 1}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ARMCD": "Scrnfail"}, "screen failure"),
        ({"ARMCD": "", "ARMNRS": "SCREEN FAILURE"}, "screen failure"),
        ({"ARMCD": "NOTASSGN"}, "not assigned to an arm"),
        ({"ARMCD": ""}, "not assigned to an arm"),
        ({"RFSTDTC": ""}, "no start: no date"),
        ({"RFSTDTC": "2024-03"}, "no start: incomplete date"),
        ({"RFSTDTC": "2024-02-30"}, "no start: not a date"),
        ({"RFSTDTC": "0001-01-01"}, "no start: not a date"),
        ({"USUBJID": ""}, "no usable USUBJID"),
    ],
)
def test_subjects_left_out(tmp_path: Path, change: Cells, reason: str) -> None:
    subject = SUBJECT | {"USUBJID": "S-2"} | change
    rows = [row | {"USUBJID": subject["USUBJID"]} for row in (LAB, BILIRUBIN)]
    events, report = imported(tmp_path, dm=[SUBJECT, subject], lb=rows, ae=[ADVERSE | {"USUBJID": "S-3"}])
    assert len(events) == 1
    assert report.left_out == {
        ("DM", reason): 1,
        ("LB", "the subject is left out (see DM)"): 2,
        ("AE", "no such subject in DM"): 1,
    }


# --- UNITS and the other reasons of LB ---


@pytest.mark.parametrize(
    ("value", "unit", "per_mm3"),
    [
        (0.5, "GI/L", "500"),
        (0.499, "10^9/L", "499"),
        (30.0, "x10E9/L", "30000"),
        (29.999, "THOU/uL", "29999"),
        (0.1, "10^3/uL", "100"),
        (0.57, "10*9/L", "570"),
        (499.99, "/mm3", "499.99"),
        (500.0, "/uL", "500"),
        (500.0, "cells/µL", "500"),
        (500.0, "10^6/L", "500"),
        (2.9999, "10^4/uL", "29999"),
        (0.03, "TI/L", "30000"),
        (0.0, "GI/L", "0"),
    ],
)
@pytest.mark.parametrize("test", ["NEUT", "PLAT"])
def test_counts_are_converted_exactly(tmp_path: Path, test: str, value: float, unit: str, per_mm3: str) -> None:
    events, _ = imported(tmp_path, lb=[LAB | {"LBTESTCD": test, "LBSTRESN": value, "LBSTRESU": unit}])
    (event,) = of(Count, events)
    assert event.per_mm3 == Decimal(per_mm3)
    assert event.type == {"NEUT": "neutrophils_measured", "PLAT": "platelets_measured"}[test]
    assert event.at == day("2024-03-12")


@pytest.mark.parametrize("thousandths", range(1, 1000, 37))
def test_no_digit_is_lost_on_the_way(tmp_path: Path, thousandths: int) -> None:
    events, _ = imported(tmp_path, lb=[LAB | {"LBSTRESN": thousandths / 1000}])
    assert [event.value for event in of(Count, events)] == [Decimal(thousandths) / 1000]


def test_bilirubin_keeps_its_unit_and_limit(tmp_path: Path) -> None:
    events, _ = imported(tmp_path, lb=[BILIRUBIN | {"LBSTRESN": 1.8, "LBSTNRHI": 1.2, "LBSTRESU": "mg/dl"}])
    (event,) = of(BilirubinMeasured, events)
    assert (event.value, event.unit, event.multiple_of_uln) == (Decimal("1.8"), "mg/dL", Decimal("1.5"))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (LAB | {"LBTESTCD": "WBC"}, "another test"),
        (LAB | {"LBSPEC": "BONE MARROW"}, "not from blood"),
        (BILIRUBIN | {"LBCAT": "URINALYSIS"}, "not from blood"),
        (LAB | {"LBSTRESN": None}, "no numeric result"),
        (LAB | {"LBSTRESU": ""}, "no unit"),
        (LAB | {"LBSTRESU": "%"}, "unknown unit"),
        (BILIRUBIN | {"LBSTRESU": "GI/L"}, "unknown unit"),
        (LAB | {"LBTESTCD": "CREATCLR", "LBSTRESU": "mL/min/1.73m2"}, "unknown unit"),
        (BILIRUBIN | {"LBSTNRHI": None}, "no upper limit of normal"),
        (BILIRUBIN | {"LBSTNRHI": 0.0}, "impossible value"),
        (LAB | {"LBSTRESN": -1.0}, "impossible value"),
        (LAB | {"LBSTRESN": 1e12}, "impossible value"),
        (LAB | {"LBDTC": ""}, "no date"),
        (LAB | {"LBDTC": "2024"}, "incomplete date"),
        (LAB | {"LBDTC": "2024-03"}, "incomplete date"),
        (LAB | {"LBDTC": "2024---12"}, "incomplete date"),
        (LAB | {"LBDTC": "2024-02-30"}, "not a date"),
        (LAB | {"LBDTC": "2024-03-12T25:00"}, "not a date"),
        (LAB | {"LBDTC": "2024-03-12T08:00+99:00"}, "not a date"),
        (LAB | {"LBDTC": "12MAR2024"}, "not a date"),
        (LAB | {"LBDTC": "2024-03-04"}, "before the start"),
        (LAB | {"LBDTC": "2024-03-04T23:59"}, "before the start"),
    ],
)
def test_laboratory_rows_left_out(tmp_path: Path, row: Cells, reason: str) -> None:
    events, report = imported(tmp_path, lb=[row, BILIRUBIN])
    assert report.left_out == {("LB", reason): 1}
    assert len(events) == 2


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-07-12T08", "2024-07-12T06:00"),
        ("2024-07-12T08:30", "2024-07-12T06:30"),
        ("2024-07-12T08:30:15.25", "2024-07-12T06:30:15"),
        ("2024-07-12T08:30Z", "2024-07-12T08:30"),
        ("2024-07-12T08:30-05:00", "2024-07-12T13:30"),
        ("2024-03-31T02:30", "2024-03-31T01:30"),  # skipped by summer time
    ],
)
def test_times_are_kept(tmp_path: Path, text: str, moment: str) -> None:
    events, _ = imported(tmp_path, timezone="Europe/Berlin", lb=[LAB | {"LBDTC": text}])
    assert events[1].at == day(moment)


# --- GRADE, ATTRIBUTION, RECOVERY ---


def graded(directory: Path, *rows: Cells) -> list[tuple[str, int, str]]:
    """The graded events: kind or term, grade and day; "agreed" where the physician agrees to resume."""
    events, _ = imported(directory, ae=list(rows))
    found = []
    for event in of(RashGraded, events) + of(NeuropathyGraded, events) + of(OtherToxicityGraded, events):
        agreed = " agreed" if getattr(event, "physician_agrees", False) else ""
        painful = " painful" if getattr(event, "pain", False) else ""
        name = getattr(event, "term", event.type.removesuffix("_graded"))
        found.append((name + painful + agreed, event.grade, event.at.strftime("%m-%d")))
    return found


def test_onset_and_recovery(tmp_path: Path) -> None:
    assert graded(tmp_path, ADVERSE) == [("nausea", 3, "04-01"), ("nausea agreed", 0, "04-08")]


@pytest.mark.parametrize(
    ("change", "grade"),
    [
        ({"AETOXGR": "2", "AESEV": "SEVERE"}, 2),
        ({"AETOXGR": "Grade 4"}, 4),
        ({"AETOXGR": 1.0}, 1),
        ({"AETOXGR": "", "AESEV": "MILD"}, 1),
        ({"AETOXGR": "", "AESEV": "Moderate"}, 2),
        ({"AETOXGR": "", "AESEV": "SEVERE"}, 3),
        ({"AETOXGR": "", "AESEV": "LIFE THREATENING"}, 4),
    ],
)
def test_grades(tmp_path: Path, change: Cells, grade: int) -> None:
    assert graded(tmp_path, ADVERSE | change)[0] == ("nausea", grade, "04-01")


@pytest.mark.parametrize(
    ("relation", "attribution"),
    [
        *((word, "clear") for word in ("RELATED", "DEFINITE", "PROBABLE", "Probable")),
        *((word, "not_clear") for word in ("POSSIBLE", "REMOTE", "UNLIKELY", "NONE", "NOT RELATED")),
        *((word, None) for word in ("", "MULTIPLE")),
    ],
)
def test_attribution(tmp_path: Path, relation: str, attribution: str | None) -> None:
    events, report = imported(tmp_path, ae=[ADVERSE | {"AEREL": relation}])
    assert [event.attribution for event in of(OtherToxicityGraded, events)] == [attribution] * 2
    assert report.notes.get("relation not understood: attribution not stated", 0) == (relation == "MULTIPLE")


@pytest.mark.parametrize(
    ("change", "note"),
    [
        ({"AEOUT": "NOT RECOVERED/NOT RESOLVED"}, ""),
        ({"AEOUT": "RECOVERED/RESOLVED WITH SEQUELAE"}, ""),
        ({"AEOUT": "RECOVERING/RESOLVING"}, ""),
        ({"AEOUT": "", "AEENDTC": ""}, ""),
        ({"AEENDTC": ""}, "recovery without a full date: taken as not recovered"),
        ({"AEENDTC": "2024-04"}, "recovery without a full date: taken as not recovered"),
        ({"AEENDTC": "2024-03-31"}, "end before the onset: taken as not ended"),
    ],
)
def test_what_is_no_recovery(tmp_path: Path, change: Cells, note: str) -> None:
    events, report = imported(tmp_path, ae=[ADVERSE | change])
    assert [event.grade for event in of(OtherToxicityGraded, events)] == [3]
    assert {name for name in report.notes if "start" not in name} == ({note} if note else set())


def test_an_end_without_an_outcome_is_a_recovery(tmp_path: Path) -> None:
    rows = [{name: cell for name, cell in ADVERSE.items() if name != "AEOUT"}]
    assert graded(tmp_path, *rows)[-1] == ("nausea agreed", 0, "04-08")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (ADVERSE | {"AEDECOD": ""}, "no term"),
        (ADVERSE | {"AETOXGR": ""}, "neither grade nor severity"),
        (ADVERSE | {"AETOXGR": "6"}, "unknown grade"),
        (ADVERSE | {"AETOXGR": "", "AESEV": "BAD"}, "unknown severity"),
        (ADVERSE | {"AESTDTC": ""}, "no date"),
        (ADVERSE | {"AESTDTC": "2024"}, "incomplete date"),
        (ADVERSE | {"AESTDTC": "2024-04"}, "incomplete date"),
        (ADVERSE | {"AESTDTC": "2024-04-31"}, "not a date"),
        (ADVERSE | {"AESTDTC": "2024-03-04"}, "before the start"),
        (ADVERSE | {"AEDECOD": "ANAEMIA"}, "haematological: no rule beyond the counts"),
        (ADVERSE | {"AEDECOD": "PLATELET COUNT DECREASED"}, "haematological: no rule beyond the counts"),
        (
            ADVERSE | {"AEDECOD": "LYMPHADENOPATHY", "AEBODSYS": "Blood and lymphatic system disorders"},
            "haematological: no rule beyond the counts",
        ),
        (
            ADVERSE | {"AEDECOD": "LYMPHADENOPATHY", "AESOC": "BLOOD AND LYMPHATIC SYSTEM DISORDERS"},
            "haematological: no rule beyond the counts",
        ),
    ],
)
def test_adverse_events_left_out(tmp_path: Path, row: Cells, reason: str) -> None:
    events, report = imported(tmp_path, ae=[row])
    assert report.left_out == {("AE", reason): 1}
    assert len(events) == 1


# --- rash and neuropathy, HIGHEST and ORDER ---


@pytest.mark.parametrize(
    "term",
    [
        "rash",
        "rash maculo-papular",
        "rash acneiform",
        "neuropathy",
        "neuropathy peripheral",
        "peripheral neuropathy",
        "peripheral sensory neuropathy",
        "peripheral motor neuropathy",
    ],
)
@pytest.mark.parametrize("spelling", [str.upper, str.title, lambda term: f" {term.replace(' ', '  ')} "])
def test_rash_and_neuropathy_are_never_other(tmp_path: Path, term: str, spelling: Any) -> None:
    name = "rash" if "rash" in term else "neuropathy"
    agreed = "" if name == "rash" else " agreed"
    assert graded(tmp_path, ADVERSE | {"AEDECOD": spelling(term)}) == [(name, 3, "04-01"), (name + agreed, 0, "04-08")]


def test_neuralgia_is_painful_neuropathy(tmp_path: Path) -> None:
    assert graded(tmp_path, ADVERSE | {"AEDECOD": "NEURALGIA"})[0] == ("neuropathy painful", 3, "04-01")


@pytest.mark.parametrize("term", ["APPLICATION SITE RASH", "PARAESTHESIA", "TRIGEMINAL NEURALGIA"])
def test_terms_that_are_other(tmp_path: Path, term: str) -> None:
    assert graded(tmp_path, ADVERSE | {"AEDECOD": term})[0] == (term.lower(), 3, "04-01")


def test_severe_reactions_of_the_skin_are_rash_of_grade_4(tmp_path: Path) -> None:
    assert graded(tmp_path, ADVERSE | {"AEDECOD": "STEVENS-JOHNSON SYNDROME"})[0] == ("rash", 4, "04-01")


def test_the_highest_open_grade_counts(tmp_path: Path) -> None:
    sensory = ADVERSE | {"AEDECOD": "PERIPHERAL SENSORY NEUROPATHY", "AETOXGR": "2", "AEENDTC": "2024-05-01"}
    motor = ADVERSE | {"AEDECOD": "PERIPHERAL MOTOR NEUROPATHY", "AETOXGR": "1", "AESTDTC": "2024-04-03"}
    assert graded(tmp_path, sensory, motor) == [
        ("neuropathy", 2, "04-01"),
        ("neuropathy", 2, "04-03"),  # the milder one is no recovery
        ("neuropathy", 2, "04-08"),  # nor is its end
        ("neuropathy agreed", 0, "05-01"),
    ]


def test_a_change_of_grade_is_followed(tmp_path: Path) -> None:
    severe = ADVERSE | {"AEOUT": "NOT RECOVERED/NOT RESOLVED"}
    mild = ADVERSE | {"AETOXGR": "1", "AESTDTC": "2024-04-08", "AEENDTC": "2024-04-15"}
    assert graded(tmp_path, mild, severe) == [
        ("nausea", 3, "04-01"),
        ("nausea", 1, "04-08"),
        ("nausea agreed", 0, "04-15"),
    ]


def test_terms_do_not_mix(tmp_path: Path) -> None:
    other = ADVERSE | {"AEDECOD": "DIARRHOEA", "AETOXGR": "4", "AEENDTC": "", "AEOUT": ""}
    assert ("nausea agreed", 0, "04-08") in graded(tmp_path, ADVERSE, other)


def test_on_one_day_the_old_ends_before_the_new_begins(tmp_path: Path) -> None:
    new = ADVERSE | {"AETOXGR": "4", "AESTDTC": "2024-04-08", "AEENDTC": "2024-04-08"}
    assert graded(tmp_path, new, ADVERSE) == [
        ("nausea", 3, "04-01"),
        ("nausea agreed", 0, "04-08"),
        ("nausea", 4, "04-08"),
        ("nausea agreed", 0, "04-08"),
    ]


# --- DEATH ---

FATAL = ADVERSE | {"AEDECOD": "SEPSIS", "AEOUT": "FATAL", "AEENDTC": "2024-04-05"}


def deaths(directory: Path, **tables: list[Cells]) -> tuple[list[tuple[str, int | None, str]], ImportReport]:
    events, report = read_sdtm(study(directory, **tables))
    check(events, report)
    return [
        (getattr(event, "type", ""), getattr(event, "grade", None), event.at.strftime("%m-%d"))
        for event in events[1:]
        if event.at
    ], report


@pytest.mark.parametrize(
    ("subject", "disposition", "dated"),
    [
        ({"DTHFL": "Y", "DTHDTC": "2024-04-06"}, "2024-04-07", "04-06"),
        ({"DTHFL": "Y", "DTHDTC": "2024-04"}, "2024-04-07", "04-07"),
        ({"DTHFL": "Y"}, "", "04-05"),
        ({}, "", "04-05"),
    ],
)
def test_death_is_dated_by_the_first_whole_date(tmp_path: Path, subject: Cells, disposition: str, dated: str) -> None:
    rows = [
        {"USUBJID": "S-1", "DSDECOD": "DEATH", "DSSTDTC": disposition},
        {"USUBJID": "S-1", "DSDECOD": "COMPLETED", "DSSTDTC": "2024-04-02"},
    ]
    found, report = deaths(tmp_path, dm=[SUBJECT | subject], ds=rows, ae=[FATAL])
    assert found == [
        ("other_toxicity_graded", 3, "04-01"),
        ("other_toxicity_graded", 5, dated),
        ("patient_died", None, dated),
    ]
    assert report.used["other_toxicity_graded"] == 1


@pytest.mark.parametrize("change", [{"AETOXGR": "5"}, {"AETOXGR": "", "AESEV": ""}, {"AETOXGR": "5", "AEOUT": ""}])
def test_a_fatal_event_of_unknown_earlier_grade(tmp_path: Path, change: Cells) -> None:
    found, _ = deaths(tmp_path, ae=[FATAL | change])
    assert found == [("other_toxicity_graded", 5, "04-05"), ("patient_died", None, "04-05")]


def test_an_undated_death_is_noted(tmp_path: Path) -> None:
    found, report = deaths(tmp_path, dm=[SUBJECT | {"DTHFL": "Y"}], ae=[FATAL | {"AEENDTC": "2024"}])
    assert found == [("other_toxicity_graded", 5, "04-01")]
    assert report.notes["death without a full date: no patient_died"] == 1


def test_a_death_before_the_start_is_noted(tmp_path: Path) -> None:
    found, report = deaths(tmp_path, dm=[SUBJECT | {"DTHDTC": "2024-03-01"}])
    assert found == []
    assert report.notes["death before the start: not taken over"] == 1


def test_a_death_of_a_subject_left_out_is_not_read(tmp_path: Path) -> None:
    _, report = deaths(tmp_path, dm=[SUBJECT, SUBJECT | {"USUBJID": "S-2", "ARMCD": "SCRNFAIL", "DTHFL": "Y"}])
    assert not any("death" in note for note in report.notes)


# --- files ---


def test_a_data_set_may_be_zipped_and_named_in_capitals(tmp_path: Path) -> None:
    study(tmp_path, lb=[LAB], ae=[ADVERSE])
    plain = read_sdtm(tmp_path)
    with zipfile.ZipFile(tmp_path / "LB.ZIP", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(tmp_path / "lb.xpt", "tabulations/LB.XPT")
    (tmp_path / "lb.xpt").unlink()
    (tmp_path / "ae.xpt").rename(tmp_path / "AE.XPT")
    assert read_sdtm(tmp_path) == plain
    assert len(plain[0]) == 4


def test_text_that_is_not_utf_8_is_read(tmp_path: Path) -> None:
    path = write(study(tmp_path) / "lb.xpt", [LAB | {"LBSTRESU": "10^3/µL"}])
    path.write_bytes(path.read_bytes().replace("µ".encode(), b"\xb5 "))
    events, _ = read_sdtm(tmp_path)
    assert [event.per_mm3 for event in of(Count, events)] == [150_000]


def test_narrow_rows_that_end_in_blanks_are_all_read(tmp_path: Path) -> None:
    doses = [{"USUBJID": f"S-{number}", "EXSTDTC": "2024-03-05" if number < 2 else ""} for number in range(1, 9)]
    subjects = [SUBJECT | {"USUBJID": row["USUBJID"], "RFSTDTC": ""} for row in doses]
    _, report = imported(tmp_path, dm=subjects, ex=doses)
    assert report.subjects == 1
    assert report.left_out == {
        ("DM", "no start: no date"): 7,
        ("EX", "no treatment named"): 1,
        ("EX", "the subject is left out (see DM)"): 7,
    }


@pytest.mark.parametrize("domain", ["dm", "lb", "ae"])
def test_a_missing_data_set(tmp_path: Path, domain: str) -> None:
    (study(tmp_path) / f"{domain}.xpt").unlink()
    with pytest.raises(InputError, match=f"no data set {domain.upper()}") as caught:
        read_sdtm(tmp_path)
    assert caught.value.where == str(tmp_path)
    assert f"{domain}.xpt" in caught.value.remedy


@pytest.mark.parametrize("name", ["nowhere", "file"])
def test_no_directory(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be read") as caught:
        read_sdtm(tmp_path / name)
    assert caught.value.where == str(tmp_path / name)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("domain", "variable"),
    [
        *(("dm", name) for name in ("USUBJID", "ARMCD", "RFSTDTC")),
        *(("lb", name) for name in ("USUBJID", "LBTESTCD", "LBSTRESN", "LBSTRESU", "LBDTC")),
        *(("ae", name) for name in ("USUBJID", "AEDECOD", "AESTDTC", "AETOXGR")),
        ("ds", "DSSTDTC"),
        ("ex", "EXSTDTC"),
    ],
)
def test_a_missing_variable(tmp_path: Path, domain: str, variable: str) -> None:
    path = write(study(tmp_path) / f"{domain}.xpt", [], without=variable)
    with pytest.raises(InputError, match=f"{domain.upper()} has no variable {variable}") as caught:
        read_sdtm(tmp_path)
    assert caught.value.where == str(path)
    assert caught.value.remedy


ROWS = [LAB | {"LBDTC": f"2024-03-{number:02}"} for number in range(6, 29)]


@pytest.mark.parametrize("keep", [0, 1, 79, 80, 500, 700, 1_000, -1, -80, -160, -400])
def test_a_truncated_file_is_refused(tmp_path: Path, keep: int) -> None:
    path = write(study(tmp_path) / "lb.xpt", ROWS)
    whole = path.read_bytes()
    path.write_bytes(whole[:keep])
    with pytest.raises(InputError) as caught:
        read_sdtm(tmp_path)
    assert caught.value.where == str(path)
    assert caught.value.remedy


@pytest.mark.parametrize(
    "content",
    [b"", b"USUBJID,LBTESTCD\n", b"\x00" * 4_000, b"**COMPRESSED** " * 100, b"HEADER RECORD*******LIBRARY" * 100],
)
def test_what_is_no_transport_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = study(tmp_path) / "ae.xpt"
    path.write_bytes(content)
    with pytest.raises(InputError, match="transport file") as caught:
        read_sdtm(tmp_path)
    assert caught.value.where == str(path)


def test_two_data_sets_in_one_file_are_refused(tmp_path: Path) -> None:
    path = write(study(tmp_path) / "lb.xpt", ROWS)
    path.write_bytes(path.read_bytes() + path.read_bytes()[240:])
    with pytest.raises(InputError, match="more than one data set"):
        read_sdtm(tmp_path)


def test_a_spoilt_header_is_refused(tmp_path: Path) -> None:
    path = write(study(tmp_path) / "lb.xpt", ROWS)
    data = bytearray(path.read_bytes())
    data[320:400] = b"?" * 80
    path.write_bytes(bytes(data))
    with pytest.raises(InputError, match="cannot be read") as caught:
        read_sdtm(tmp_path)
    assert caught.value.where == str(path)


@pytest.mark.parametrize("content", ["nothing", "garbage", "another", "twice", "spoilt"])
def test_archives_that_are_refused(tmp_path: Path, content: str) -> None:
    path = write(study(tmp_path) / "lb.xpt", ROWS)
    whole = path.read_bytes()
    path.unlink()
    members = {"another": ["dm.xpt"], "twice": ["lb.xpt", "old/lb.xpt"], "spoilt": ["lb.xpt"]}.get(content, [])
    with zipfile.ZipFile(tmp_path / "lb.zip", "w") as archive:
        for member in members:
            archive.writestr(member, whole)
    if content == "garbage":
        (tmp_path / "lb.zip").write_bytes(whole)
    if content == "spoilt":
        (tmp_path / "lb.zip").write_bytes((tmp_path / "lb.zip").read_bytes().replace(b"2024-03-07", b"2024-03-08"))
    with pytest.raises(InputError, match=r"archive|ZIP") as caught:
        read_sdtm(tmp_path)
    assert caught.value.where == str(tmp_path / "lb.zip")
    assert caught.value.remedy


def test_a_subject_with_two_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="more than one row for S-1"):
        read_sdtm(study(tmp_path, dm=[SUBJECT, SUBJECT]))


@pytest.mark.parametrize("name", ["Middle/Earth", "", "../etc"])
def test_an_unknown_time_zone(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="not a time zone") as caught:
        read_sdtm(study(tmp_path), timezone=name)
    assert caught.value.remedy


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study(tmp_path)
    monkeypatch.setitem(sys.modules, "pyreadstat", None)
    with pytest.raises(MissingExtra) as caught:
        read_sdtm(tmp_path)
    assert caught.value.remedy == install_command("sdtm")


# --- the report and the word lists ---


def test_the_report_is_readable(tmp_path: Path) -> None:
    _, report = imported(tmp_path, lb=[LAB, LAB | {"LBTESTCD": "ALB"}], ae=[ADVERSE])
    assert str(report).splitlines() == report.lines()
    assert report.lines() == [
        "1 subjects, 4 events; rows read: DM 1, LB 2, AE 1",
        "events:",
        "        1  course_started",
        "        2  other_toxicity_graded",
        "        1  platelets_measured",
        "rows used:",
        "        1  course_started",
        "        1  other_toxicity_graded",
        "        1  platelets_measured",
        "rows left out:",
        "        1  LB  another test",
        "notes:",
        "        1  bilirubin at the start assumed",
        "        1  creatinine_clearance at the start assumed",
    ]


def test_no_word_is_listed_twice() -> None:
    terms = known_terms()
    for table in ("specimen", "status", "severity", "relation", "outcome", "disposition", "treatment", "frequency"):
        words = [key(word) for listed in terms[table].values() for word in listed]
        assert sorted(set(words)) == sorted(words), table
