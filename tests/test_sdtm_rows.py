"""The rows of an SDTM study as they are written: results, grades, outcomes, dates, ends of a course, doses."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ixastate.events import parse_event
from ixastate.exchange.sdtm import compare_doses
from ixastate.exchange.sdtm.grades import understood
from ixastate.exchange.sdtm.report import ImportReport, OtherTreatment
from tests.sdtm_studies import AE, DM, DS, EX, LB, Cells, imported, told

pytest.importorskip("pyreadstat", reason="the extra sdtm is not installed")


def of_lb(directory: Path, *rows: Cells) -> tuple[list[str], ImportReport]:
    events, report = imported(directory, lb=[LB | row for row in rows])
    return told(events), report


def of_ae(directory: Path, *rows: Cells) -> tuple[list[str], ImportReport]:
    events, report = imported(directory, ae=[AE | row for row in rows])
    return told(events), report


def notes(report: ImportReport) -> dict[str, int]:
    return {name: count for name, count in report.notes.items() if "assumed" not in name}


COUNT = "03-12 neutrophils_measured value={} unit=10*9/L"


# --- LB ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("NOT DONE", "not done"),
        ("Not Done", "not done"),
        ("not done.", "not done"),
        ("NOT PERFORMED", "not done"),
        ("ND", "not done"),
        ("CLOTTED", "unknown status"),
    ],
)
@pytest.mark.parametrize("test", ["NEUT", "PLAT", "BILI", "CREATCLR"])
def test_what_was_not_done_is_left_out(tmp_path: Path, status: str, reason: str, test: str) -> None:
    """Whatever number a program put there, a zero or another."""
    empty = {"LBSTAT": status, "LBSTRESC": "", "LBORRES": "", "LBTESTCD": test}
    lines, report = of_lb(tmp_path, empty | {"LBSTRESN": 0.0}, empty | {"LBSTRESN": 7.0})
    assert lines == []
    assert report.left_out == {("LB", reason): 2}
    assert report.unknown == ({("LBSTAT", status): 2} if reason == "unknown status" else {})


@pytest.mark.parametrize("status", ["", "DONE", "Completed"])
def test_what_was_done_is_read(tmp_path: Path, status: str) -> None:
    assert of_lb(tmp_path, {"LBSTAT": status})[0] == [COUNT.format("1.5")]


def test_a_zero_counts_only_where_it_is_written(tmp_path: Path) -> None:
    zero = {"LBSTRESN": 0.0}
    lines, report = of_lb(
        tmp_path,
        zero | {"LBSTRESC": "", "LBORRES": ""},
        zero | {"LBSTRESC": "", "LBORRES": "HEMOLYZED"},
        zero | {"LBSTRESC": "0", "LBORRES": "", "LBSEQ": 1.0},
        zero | {"LBSTRESC": "", "LBORRES": "0.00", "LBSEQ": 2.0},
    )
    assert lines == [COUNT.format("0")] * 2
    assert report.left_out == {("LB", "a zero that no written result stands behind"): 2}


@pytest.mark.parametrize(
    ("row", "line"),
    [
        ({"LBSTRESN": 0.4}, COUNT.format("0.4")),  # the number counts, not the text that differs
        ({"LBSTRESN": None, "LBSTRESC": "0.4"}, COUNT.format("0.4")),
        ({"LBSTRESN": None, "LBSTRESC": "", "LBORRES": "0.4"}, COUNT.format("0.4")),
        (
            {"LBSTRESN": None, "LBSTRESC": "", "LBORRES": "400", "LBORRESU": "/mm3"},
            "03-12 neutrophils_measured value=400 unit=/mm3",
        ),
        (
            {"LBSTRESU": "", "LBORRES": "400", "LBORRESU": "/mm3"},
            "03-12 neutrophils_measured value=400 unit=/mm3",
        ),
        (
            {"LBSTRESU": "bottles", "LBORRES": "400", "LBORRESU": "/mm3"},
            "03-12 neutrophils_measured value=400 unit=/mm3",
        ),
    ],
)
def test_which_result_counts(tmp_path: Path, row: Cells, line: str) -> None:
    assert of_lb(tmp_path, row)[0] == [line]


@pytest.mark.parametrize(
    ("row", "reason", "unknown"),
    [
        ({"LBSTRESN": None, "LBSTRESC": "HEMOLYZED"}, None, {}),  # LBORRES has 1.5
        (
            {"LBSTRESN": None, "LBSTRESC": "HEMOLYZED", "LBORRES": "HEMOLYZED"},
            "no numeric result",
            {("LBSTRESC", "HEMOLYZED"): 1},
        ),
        ({"LBSTRESN": None, "LBSTRESC": "", "LBORRES": "1,5"}, "no numeric result", {("LBORRES", "1,5"): 1}),
        ({"LBSTRESN": None, "LBSTRESC": "", "LBORRES": ""}, "no numeric result", {}),
        (
            {"LBSTRESU": "bottles", "LBORRESU": "cans"},
            "unknown unit",
            {("LBSTRESU", "bottles"): 1, ("LBORRESU", "cans"): 1},
        ),
        ({"LBSTRESU": "", "LBORRESU": ""}, "no unit", {}),
        ({"LBSPEC": "URINE"}, "not from blood", {}),
        ({"LBSPEC": "Pleural fluid"}, "not from blood", {}),
        ({"LBSPEC": "JUICE"}, "not from blood", {("LBSPEC", "JUICE"): 1}),
        ({"LBTESTCD": "ANC2", "LBTEST": "Neutrophils, absolute"}, "another test", {("LBTESTCD", "ANC2"): 1}),
        ({"LBTESTCD": "ALB", "LBTEST": "Albumin"}, "another test", {}),
        ({"LBDTC": "12MAR2024"}, "not a date", {("LBDTC", "12MAR2024"): 1}),
    ],
)
def test_values_that_are_not_known_are_named(
    tmp_path: Path, row: Cells, reason: str | None, unknown: dict[tuple[str, str], int]
) -> None:
    _, report = of_lb(tmp_path, row)
    assert report.left_out == ({("LB", reason): 1} if reason else {})
    assert report.unknown == unknown
    for variable, value in unknown:
        assert f"        1  {variable}  {value!r}" in report.lines()


# --- Signs and digits of LB ---------------------------------------------------------------------------------------

OPEN_SIGN = ("LB", "a result whose sign leaves open on which side of a limit it lies")
NO_STANDARD = {"LBSTRESC": "", "LBSTRESN": None, "LBSTRESU": ""}


@pytest.mark.parametrize(
    ("test", "sign", "value", "settled"),
    [
        ("NEUT", "<", "0.1", True),
        ("NEUT", "<", "0.5", True),  # less than 500 is less than 500
        ("NEUT", "<=", "0.49", True),
        ("NEUT", "≤", "0.49", True),
        ("NEUT", "<=", "0.5", False),  # it may be 500
        ("NEUT", "<", "0.51", False),
        ("NEUT", ">", "0.5", True),
        ("NEUT", ">=", "0.5", True),
        ("NEUT", ">", "0.4", False),
        ("NEUT", ">", "20", True),
        ("PLAT", "<", "10", True),
        ("PLAT", "<", "30", True),
        ("PLAT", "<", "50", False),
        ("PLAT", "> ", "1000", True),
        ("PLAT", ">", "29", False),
    ],
)
def test_a_sign_is_used_where_it_settles_the_side(
    tmp_path: Path, test: str, sign: str, value: str, settled: bool
) -> None:
    """By 500 neutrophils and 30,000 platelets per mm3 (lines 12 and 15)."""
    row = {"LBTESTCD": test, "LBSTRESC": f"{sign}{value}", "LBORRES": f"{sign}{value}", "LBSTRESN": None}
    lines, report = of_lb(tmp_path, row)
    kind = {"NEUT": "neutrophils", "PLAT": "platelets"}[test]
    plain = {"≤": "<=", "> ": ">"}.get(sign, sign)
    assert lines == ([f"03-12 {kind}_measured comparator={plain} value={value} unit=10*9/L"] if settled else [])
    assert report.left_out == ({} if settled else {OPEN_SIGN: 1})


@pytest.mark.parametrize(
    "row",
    [
        {"LBSTRESC": "<0.5", "LBSTRESN": 0.5, "LBORRES": "<0.5"},
        {"LBSTRESC": "<0.5", "LBSTRESN": 0.5, "LBORRES": ""},
        {"LBSTRESC": "0.5", "LBSTRESN": 0.5, "LBORRES": "<0.5"},
        {"LBSTRESC": "", "LBSTRESN": 0.5, "LBORRES": "< 0.5"},
        {"LBSTRESC": "0.25", "LBSTRESN": 0.25, "LBORRES": "<0.5"},  # half of the limit, a number nobody measured
        NO_STANDARD | {"LBORRES": "<0.5"},
    ],
)
def test_the_sign_counts_whatever_number_stands_for_it(tmp_path: Path, row: Cells) -> None:
    """As 0.5 it would be a recovery."""
    lines, _ = of_lb(tmp_path, row)
    assert lines == ["03-12 neutrophils_measured comparator=< value=0.5 unit=10*9/L"]


@pytest.mark.parametrize(
    ("sign", "read_as"), [("<=", "<="), ("=<", "<="), ("≤", "<="), (">=", ">="), ("=>", ">="), ("≥", ">="), ("> ", ">")]
)
def test_a_sign_is_read_however_it_is_spelled(tmp_path: Path, sign: str, read_as: str) -> None:
    value = "0.4" if read_as == "<=" else "2.5"
    lines, _ = of_lb(tmp_path, NO_STANDARD | {"LBORRES": f"{sign}{value}"})
    assert lines == [f"03-12 neutrophils_measured comparator={read_as} value={value} unit=10*9/L"]


def test_where_the_signed_standard_says_nothing_the_original_does(tmp_path: Path) -> None:
    """The standard's unit is not known; it has the number of the original, whose sign it takes, and gives way to it."""
    row = {"LBSTRESC": "0.5", "LBSTRESN": 0.5, "LBSTRESU": "beakers", "LBORRES": "<0.5", "LBORRESU": "10^9/L"}
    lines, _ = of_lb(tmp_path, row)
    assert lines == ["03-12 neutrophils_measured comparator=< value=0.5 unit=10*9/L"]


def test_a_sign_in_another_unit_is_converted_with_its_number(tmp_path: Path) -> None:
    lines, _ = of_lb(tmp_path, NO_STANDARD | {"LBORRES": "<500", "LBORRESU": "/mm3"})
    assert lines == ["03-12 neutrophils_measured comparator=< value=500 unit=/mm3"]


@pytest.mark.parametrize("text", ["<", "<<0.1", "< low", "<0.1>", "about 0.1", "0.1-0.2", "<-0.1", "<0,1"])
def test_a_result_that_is_no_number_is_named(tmp_path: Path, text: str) -> None:
    lines, report = of_lb(tmp_path, {"LBSTRESN": None, "LBSTRESC": text, "LBORRES": text})
    assert lines == []
    assert sum(report.left_out.values()) == 1
    if ("LB", "impossible value") not in report.left_out:
        assert report.unknown == {("LBSTRESC", text): 1}


@pytest.mark.parametrize(("text", "settled"), [("<20", 1), (">90", 1), (">=30", 1), ("<40", 0), (">10", 0)])
def test_a_clearance_with_a_sign(tmp_path: Path, text: str, settled: int) -> None:
    row = {"LBTESTCD": "CREATCLR", "LBORRES": "", "LBSTRESN": None, "LBSTRESU": "mL/min"}
    lines, report = of_lb(tmp_path, row | {"LBSTRESC": text})
    assert len(lines) == settled
    assert report.left_out == ({} if settled else {OPEN_SIGN: 1})


def test_a_baseline_with_a_sign_must_settle_the_doses_of_the_start(tmp_path: Path) -> None:
    """Above 40 mL/min is enough on treatment; at the start lenalidomide asks whether it is above 60."""
    row = {"LBTESTCD": "CREATCLR", "LBORRES": "", "LBSTRESN": None, "LBSTRESU": "mL/min"}
    rows = [("100", "2024-03-01"), (">40", "2024-03-04"), (">40", "2024-03-20")]
    events, report = imported(tmp_path, lb=[LB | row | {"LBSTRESC": text, "LBDTC": date} for text, date in rows])
    start: Any = events[0]
    assert (start.creatinine_clearance.value, start.creatinine_clearance.comparator) == (100, None)
    assert told(events) == ["03-20 creatinine_clearance_measured comparator=> value=40 unit=mL/min"]
    assert report.left_out == {OPEN_SIGN: 1}


def test_digits_that_a_floating_point_number_cannot_hold_decide(tmp_path: Path) -> None:
    text = "0.49999999999999999999"
    (tmp_path / "near").mkdir()
    lines, _ = of_lb(tmp_path / "near", {"LBSTRESN": 0.5, "LBSTRESC": text})
    assert lines == [COUNT.format(text)]
    events, _ = imported(tmp_path, lb=[LB | {"LBSTRESN": 0.5, "LBSTRESC": text}])
    measured: Any = events[1]
    assert measured.is_below(500)


def test_of_many_values_the_text_names_the_most_frequent(tmp_path: Path) -> None:
    rows = [{"LBSTRESU": f"u{n}", "LBORRESU": "", "LBSEQ": float(n * 100 + m)} for n in range(25) for m in range(n + 1)]
    _, report = of_lb(tmp_path, *rows)
    assert len(report.unknown) == 25
    named = [line for line in report.lines() if "LBSTRESU" in line]
    assert named[0] == "       25  LBSTRESU  'u24'"
    assert named[-1] == "       15  LBSTRESU  5 other values"
    assert len(named) == 21


def test_a_bilirubin_in_another_unit_keeps_its_multiple(tmp_path: Path) -> None:
    base = {"LBTESTCD": "BILI", "LBSTRESC": "", "LBORRES": "", "LBSTRESN": 18.0, "LBSTNRHI": 12.0}
    for unit in ("mg/100 mL", "µmol/L", "Micromol/l"):
        events, _ = imported(tmp_path, lb=[LB | base | {"LBSTRESU": unit}])
        assert getattr(events[1], "multiple_of_uln", None) == 1.5


def test_a_result_in_its_original_unit_has_the_limit_of_that_unit(tmp_path: Path) -> None:
    row = {
        "LBTESTCD": "BILI",
        "LBSTRESU": "",
        "LBSTNRHI": 21.0,
        "LBORRES": "1.8",
        "LBORRESU": "mg/dL",
        "LBORNRHI": "1.2",
    }
    events, _ = imported(tmp_path, lb=[LB | row])
    assert getattr(events[1], "multiple_of_uln", None) == 1.5


# --- Dates ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "moment", "whole"),
    [
        ("2024-03-12", "2024-03-12T00:00", True),
        ("2024-03-12T09", "2024-03-12T09:00", True),
        ("2024-03-12T09:-", "2024-03-12T09:00", True),
        ("2024-03-12T", "2024-03-12T00:00", False),
        ("2024-03-12T-", "2024-03-12T00:00", False),
        ("2024-03-12T-:30", "2024-03-12T00:00", False),
        ("2024-03-12T-:-:15", "2024-03-12T00:00", False),
        ("2024-03-12TUN:UN", "2024-03-12T00:00", False),
        ("2024-03-12T--:--", "2024-03-12T00:00", False),
        ("2024-03-12T09:UNK", "2024-03-12T09:00", True),
        ("2024-03-12T09:??", "2024-03-12T09:00", True),
        ("2024-03-12T??:??", "2024-03-12T00:00", False),
        ("2024-03-12T09:XX", "2024-03-12T09:00", True),
        ("2024-03-12/2024-03-13", "2024-03-12T00:00", False),
        ("2024-03-12T10:00/2024-03-13T11:00", "2024-03-12T10:00", False),
        ("2024-03-12T24:00", "2024-03-13T00:00", True),
        ("2024-03-12T09:15+01", "2024-03-12T08:15", True),
        ("2024-03-12 09:15", "2024-03-12T09:15", True),
    ],
)
def test_a_date_whose_day_is_known_is_used(tmp_path: Path, text: str, moment: str, whole: bool) -> None:
    events, report = imported(tmp_path, lb=[LB | {"LBDTC": text}])
    assert events[1].at is not None
    assert events[1].at.strftime("%Y-%m-%dT%H:%M") == moment
    assert notes(report) == ({} if whole else {"LBDTC without a whole time: its day counts": 1})


@pytest.mark.parametrize("text", ["2024", "2024-03", "2024---12", "----12", "--03-12", "2024-03/2024-03-12"])
def test_a_date_without_its_day_is_left_out(tmp_path: Path, text: str) -> None:
    _, report = of_lb(tmp_path, {"LBDTC": text})
    assert report.left_out == {("LB", "incomplete date"): 1}


@pytest.mark.parametrize(
    "text",
    ["9999-12-31T24:00", "0000-01-01", "2024-03-12T8:30", "2024-03-12T24:01", "2024-03-12T-:61", "/"],
)
def test_what_is_no_date_is_left_out_and_named(tmp_path: Path, text: str) -> None:
    _, report = of_lb(tmp_path, {"LBDTC": text})
    assert report.left_out == {("LB", "not a date"): 1}
    assert report.unknown == {("LBDTC", text): 1}


def test_the_end_of_an_interval_ends_an_event(tmp_path: Path) -> None:
    lines, _ = of_ae(tmp_path, {"AESTDTC": "2024-04-01/2024-04-02", "AEENDTC": "2024-04-08/2024-04-10"})
    assert [line[:5] for line in lines] == ["04-01", "04-10"]


# --- AE ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("blank", ["", " ", ".", "UNCODED", "Not coded", "N/A"])
def test_a_reported_term_stands_in_for_a_blank_one(tmp_path: Path, blank: str) -> None:
    lines, report = of_ae(tmp_path, {"AEDECOD": blank, "AETERM": "Rash maculo-papular"})
    assert [line.split()[1] for line in lines] == ["rash_graded", "rash_graded"]
    assert notes(report) == {"AETERM for a blank AEDECOD": 1}


def test_a_study_without_the_preferred_term_is_read(tmp_path: Path) -> None:
    row = {name: cell for name, cell in AE.items() if name != "AEDECOD"}
    (tmp_path / "in").mkdir()
    events, report = imported(tmp_path / "in", "json", ae=[row])
    assert told(events)[0] == "04-01 other_toxicity_graded term=feeling sick grade=3"
    assert notes(report) == {"AETERM for a blank AEDECOD": 1}


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        *((text, 3) for text in ("3", "3.0", "3.", " 3 ", "03", "G3", "g3", "GR 3", "Gr. 3", "GRADE 3", "Grade: 3")),
        *(
            (text, 3)
            for text in ("grade_3", "GRADE III", "iii", "Ⅲ", "3 - Severe", "3-SEVERE", "3: severe", "3 (Severe)")
        ),
        *((text, 3) for text in ("Severe (3)", "SEVERE - GRADE 3", "3=SEVERE", "3 – severe", "Severe")),
        *((text, 3) for text in ("CTCAE Grade 3", "CTCAE v5.0: 3", "NCI CTC 3", "3 - Severe or medically significant")),
        *(
            (text, 4)
            for text in ("4 - Life-threatening", "LIFE THREATENING", "IV", "4.0", "Grade 4 (life threatening)")
        ),
        *((text, 0) for text in ("0", "0.0", "GRADE 0")),
        *((text, 1) for text in ("MILD", "1 MILD", "g 1", "Grade I")),
        *((text, 5) for text in ("5", "Grade 5 - Death", "V", "5 - FATAL")),
        *((text, None) for text in ("6", "-1", "2.5", "2-3", "3/4", ">=3", "3+", "33", "GI", "X", "Grade", "3 - Mild")),
        *((text, None) for text in ("moderate/severe", "grade 2 or 3", "3 - Serious", "II-III", "3" * 300, "a" * 9999)),
    ],
)
def test_grades_as_written(text: str, grade: int | None) -> None:
    assert understood(text) == grade


def test_a_grade_that_is_not_understood_is_named(tmp_path: Path) -> None:
    lines, report = of_ae(tmp_path, {"AETOXGR": "3 or 4"}, {"AETOXGR": "3 or 4", "AEDECOD": "RASH"}, {"AETOXGR": "G2"})
    assert len(lines) == 2
    assert report.left_out == {("AE", "unknown grade"): 2}
    assert report.unknown == {("AETOXGR", "3 or 4"): 2}


@pytest.mark.parametrize("blank", ["", "N/A", "UNKNOWN", "Not applicable", "-"])
def test_severity_stands_in_for_a_missing_grade_and_is_counted(tmp_path: Path, blank: str) -> None:
    rows = [{"AETOXGR": blank, "AESEV": severity} for severity in ("MILD", "Moderate", "severe", "3")]
    lines, report = of_ae(tmp_path, *(row | {"AEENDTC": "", "AEDECOD": f"T{n}"} for n, row in enumerate(rows)))
    assert [line[-1] for line in lines] == ["1", "2", "3", "3"]
    assert notes(report)["grade from AESEV, which is no CTCAE grade"] == 4


RECOVERED = ["RECOVERED/RESOLVED", "Recovered / Resolved", "recovered", "RESOLVED WITHOUT SEQUELAE", "Resolved."]
RECOVERED += ["RECOVERED-RESOLVED", "Resolved!", "Recovered without sequelae", "Completely recovered", ""]
RECOVERED += ["RESOLVED, NO SEQUELAE"]
OPEN = ["NOT RECOVERED/NOT RESOLVED", "Not recovered", "ongoing", "RECOVERING/RESOLVING", "Resolving", "UNKNOWN", "Unk"]
OPEN += ["RECOVERED/RESOLVED WITH SEQUELAE", "Resolved with sequelae", "improved"]


@pytest.mark.parametrize("outcome", RECOVERED + OPEN)
def test_outcomes_that_are_understood(tmp_path: Path, outcome: str) -> None:
    lines, report = of_ae(tmp_path, {"AEOUT": outcome})
    assert [line[-1] for line in lines] == (["3", "0"] if outcome in RECOVERED else ["3"])
    assert (notes(report), report.unknown) == ({}, {})


@pytest.mark.parametrize("outcome", ["GENESEN", "Recovered partly with help", "1", "?", "."])
def test_an_outcome_that_is_not_understood_is_no_recovery_and_is_counted(tmp_path: Path, outcome: str) -> None:
    lines, report = of_ae(tmp_path, {"AEOUT": outcome})
    assert [line[-1] for line in lines] == ["3"]
    assert notes(report) == {"outcome not understood: taken as not recovered": 1}
    assert report.unknown == {("AEOUT", outcome): 1}


@pytest.mark.parametrize("outcome", ["FATAL", "Fatal", "death", "DIED", "Death related to adverse event"])
def test_a_fatal_outcome_is_one_death(tmp_path: Path, outcome: str) -> None:
    rows = [{"AEOUT": outcome, "AEENDTC": "2024-04-09"}, {"AEOUT": outcome, "AEENDTC": "2024-04-09", "AEDECOD": "RASH"}]
    lines, _ = of_ae(tmp_path, *rows)
    assert [line for line in lines if "died" in line] == ["04-09 patient_died"]


@pytest.mark.parametrize(
    ("relation", "attribution", "unknown"),
    [
        ("RELATED", "clear", False),
        ("Probably related", "clear", False),
        ("Yes", "clear", False),
        ("NOT RELATED", "not_clear", False),
        ("Not-related", "not_clear", False),
        ("N", "not_clear", False),
        ("UNKNOWN", None, False),
        ("LIKELY TO THE MOON", None, True),
        ("", None, False),
    ],
)
def test_relations(tmp_path: Path, relation: str, attribution: str | None, unknown: bool) -> None:
    events, report = imported(tmp_path, ae=[AE | {"AEREL": relation}])
    assert getattr(events[1], "attribution", "none") == attribution
    assert report.unknown == ({("AEREL", relation): 1} if unknown else {})
    assert bool(notes(report)) == (attribution is None and bool(relation))


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_of_one_moment_the_clearer_attribution_comes_last(tmp_path: Path, order: tuple[int, ...]) -> None:
    rows = [AE | {"AEREL": relation, "AEENDTC": ""} for relation in ("", "NOT RELATED", "RELATED")]
    events, _ = imported(tmp_path, ae=[rows[number] for number in order])
    assert [getattr(event, "attribution", "") for event in events[1:]] == [None, "not_clear", "clear"]


def test_what_did_not_occur_is_left_out(tmp_path: Path) -> None:
    lines, report = of_ae(tmp_path, {"AEOCCUR": "N"})
    assert (lines, report.left_out) == ([], {("AE", "did not occur"): 1})


def test_notes_speak_of_rows_that_were_used(tmp_path: Path) -> None:
    _, report = of_ae(tmp_path, {"AEDECOD": "", "AETOXGR": "", "AESEV": "MILD", "AEREL": "?!x", "AESTDTC": "2024"})
    assert report.left_out == {("AE", "incomplete date"): 1}
    assert notes(report) == {}


# --- DS ---------------------------------------------------------------------------------------------------------


def of_ds(directory: Path, *rows: Cells, **tables: Any) -> tuple[list[str], ImportReport]:
    events, report = imported(directory, ds=[DS | row for row in rows], **tables)
    return told(events), report


@pytest.mark.parametrize(
    ("term", "event"),
    [
        ("WITHDRAWAL BY SUBJECT", "consent_withdrawn"),
        ("Withdrawal of consent", "consent_withdrawn"),
        ("CONSENT WITHDRAWN", "consent_withdrawn"),
        ("Patient withdrew consent", "consent_withdrawn"),
        ("PROGRESSIVE DISEASE", "progression_found"),
        ("Disease progression", "progression_found"),
        ("progression of disease", "progression_found"),
        ("DEATH", "patient_died"),
        ("Subject died", "patient_died"),
    ],
)
@pytest.mark.parametrize("variable", ["DSDECOD", "DSTERM"])
def test_dispositions_that_end_a_course(tmp_path: Path, term: str, event: str, variable: str) -> None:
    """Also where the coded term is blank, or OTHER."""
    rows = {"DSDECOD": "OTHER" if variable == "DSTERM" else "", "DSTERM": ""} | {variable: term}
    lines, report = of_ds(tmp_path, rows)
    assert lines == [f"05-01 {event}"]
    assert report.used[event] == 1


def test_dispositions_that_give_no_event_and_that_are_not_understood(tmp_path: Path) -> None:
    lines, report = of_ds(
        tmp_path,
        {"DSDECOD": "COMPLETED"},
        {"DSDECOD": "Lost to Follow-up"},
        {"DSDECOD": "MOVED HOUSE"},
        {"DSDECOD": ""},
    )
    assert lines == []
    assert report.left_out == {("DS", "a disposition that is no event"): 2, ("DS", "disposition not understood"): 2}
    assert report.unknown == {("DSDECOD", "MOVED HOUSE"): 1, ("DSTERM", ""): 1}


def test_each_end_counts_once_at_its_first_date(tmp_path: Path) -> None:
    pd = {"DSDECOD": "PROGRESSIVE DISEASE"}
    lines, report = of_ds(
        tmp_path,
        pd | {"DSSTDTC": "2024-05-09"},
        pd,
        pd | {"DSSTDTC": "2024-05"},
        pd | {"DSSTDTC": "2024-03-01"},
        {"DSDECOD": "WITHDRAWAL BY SUBJECT"},
    )
    assert lines == ["05-01 progression_found", "05-01 consent_withdrawn"]
    assert report.left_out == {
        ("DS", "a later row of the same disposition"): 1,
        ("DS", "incomplete date"): 1,
        ("DS", "before the start"): 1,
    }


@pytest.mark.parametrize("source", ["DM", "DS", "AE"])
def test_the_death_of_somebody_who_never_started_hides_no_other(tmp_path: Path, source: str) -> None:
    dead = {"DTHFL": "Y", "DTHDTC": "2024-06-03"} if source == "DM" else {}
    ds = DS | {"DSDECOD": "DEATH", "DSSTDTC": "2024-06-03"}
    ae = AE | {"AETOXGR": "5", "AEOUT": "FATAL", "AEENDTC": "2024-06-03"}
    subjects = [DM | dead | {"USUBJID": "S-0", "RFSTDTC": ""}, DM | dead]
    tables = {name: [row | {"USUBJID": "S-0"}, row] for name, row in (("ds", ds), ("ae", ae)) if name == source.lower()}
    events, _ = imported(tmp_path, dm=subjects, **tables)
    assert [line for line in told(events) if "patient_died" in line] == ["06-03 patient_died"]
    assert {event.patient for event in events} == {"S-1"}


def test_one_death_of_three_sources(tmp_path: Path) -> None:
    dead = {"AEDECOD": "SEPSIS", "AEOUT": "FATAL", "AEENDTC": "2024-05-03"}
    lines, report = of_ds(
        tmp_path, {"DSDECOD": "DEATH", "DSSTDTC": "2024-05-02"}, dm=[DM | {"DTHDTC": "2024-05-01"}], ae=[AE | dead]
    )
    assert [line for line in lines if "died" in line] == ["05-01 patient_died"]
    assert notes(report) == {"deaths dated differently by DM, DS and AE: DM counts before DS, and DS before AE": 1}


def test_results_of_the_day_come_before_its_dose_and_its_end(tmp_path: Path) -> None:
    lines, _ = of_ds(
        tmp_path,
        {"DSDECOD": "PROGRESSIVE DISEASE", "DSSTDTC": "2024-03-12T08:00"},
        lb=[LB | {"LBDTC": "2024-03-12T08:00"}],
        ex=[EX | {"EXSTDTC": "2024-03-12", "EXENDTC": ""}],
    )
    assert [line.split()[1] for line in lines] == ["neutrophils_measured", "dose_taken", "progression_found"]


# --- EX ---------------------------------------------------------------------------------------------------------


def of_ex(directory: Path, *rows: Cells, **tables: Any) -> tuple[list[str], ImportReport]:
    events, report = imported(directory, ex=[EX | row for row in rows], **tables)
    return told(events), report


@pytest.mark.parametrize(
    ("name", "drug"),
    [
        ("IXAZOMIB", "ixazomib"),
        ("Ninlaro", "ixazomib"),
        ("Ixazomib citrate", "ixazomib"),
        ("MLN9708", "ixazomib"),
        ("Lenalidomide", "lenalidomide"),
        ("REVLIMID", "lenalidomide"),
        ("dexamethasone", "dexamethasone"),
    ],
)
def test_doses_of_the_treatment_become_events(tmp_path: Path, name: str, drug: str) -> None:
    lines, report = of_ex(tmp_path, {"EXTRT": name})
    assert lines == [f"03-05 dose_taken drug={drug} dose_mg=4"]
    assert report.used["dose_taken"] == 1


@pytest.mark.parametrize(
    ("row", "days"),
    [
        ({"EXDOSFRQ": "QW", "EXENDTC": "2024-03-19"}, ["03-05", "03-12", "03-19"]),
        ({"EXDOSFRQ": "once weekly", "EXENDTC": "2024-03-18"}, ["03-05", "03-12"]),
        ({"EXDOSFRQ": "QD", "EXENDTC": "2024-03-07"}, ["03-05", "03-06", "03-07"]),
        ({"EXDOSFRQ": "QOD", "EXENDTC": "2024-03-09"}, ["03-05", "03-07", "03-09"]),
        ({"EXDOSFRQ": "ONCE", "EXENDTC": "2024-03-09"}, ["03-05"]),
        ({"EXDOSFRQ": "", "EXENDTC": "2024-03-05T10:00"}, ["03-05"]),
        ({"EXDOSFRQ": "QD", "EXENDTC": ""}, ["03-05"]),
    ],
)
def test_a_row_of_several_days_is_a_dose_each(tmp_path: Path, row: Cells, days: list[str]) -> None:
    lines, _ = of_ex(tmp_path, row)
    assert [line[:5] for line in lines] == days


@pytest.mark.parametrize(("frequency", "notes"), [("QW", 1), ("once weekly", 1), ("ONCE", 0), ("", 0)])
def test_a_row_without_an_end_is_noted_where_more_doses_may_have_followed(
    tmp_path: Path, frequency: str, notes: int
) -> None:
    lines, report = of_ex(tmp_path, {"EXDOSFRQ": frequency, "EXENDTC": ""})
    assert [line[:5] for line in lines] == ["03-05"]
    assert report.notes.get("doses without an end: the first alone counts", 0) == notes


def test_a_dose_without_a_time_is_taken_at_the_clock_time(tmp_path: Path) -> None:
    doses = [EX | {"EXSTDTC": text, "EXENDTC": ""} for text in ("2024-03-05T09:15", "2024-03-12", "2024-03-19T21:00")]
    events, _ = imported(tmp_path, dm=[DM | {"RFSTDTC": "2024-03-05T09:15"}], ex=doses)
    assert [event.at.strftime("%d %H:%M") for event in events[1:] if event.at] == ["05 09:15", "12 09:15", "19 21:00"]


@pytest.mark.parametrize(
    ("row", "reason", "unknown"),
    [
        ({"EXTRT": "XANOMELINE"}, "another treatment", {}),
        ({"EXTRT": ""}, "no treatment named", {}),
        ({"EXOCCUR": "N"}, "did not occur", {}),
        ({"EXDOSE": 0.0}, "a dose of 0", {}),
        ({"EXDOSE": None}, "no numeric dose", {}),
        ({"EXDOSU": ""}, "no unit", {}),
        ({"EXDOSU": "drops"}, "unknown unit", {("EXDOSU", "drops"): 1}),
        ({"EXDOSE": -4.0}, "impossible value", {}),
        ({"EXSTDTC": "2024-03", "EXENDTC": ""}, "incomplete date", {}),
        ({"EXENDTC": "2024-03-04"}, "end before the beginning", {}),
        ({"EXSTDTC": "2024-03-01"}, "before the start", {}),
        ({"EXENDTC": "2190-03-05"}, "longer than any course", {}),
        (
            {"EXENDTC": "2024-03-12", "EXDOSFRQ": "AT TEATIME"},
            "doses from one day to another with no frequency that is known",
            {("EXDOSFRQ", "AT TEATIME"): 1},
        ),
    ],
)
def test_rows_of_ex_left_out(tmp_path: Path, row: Cells, reason: str, unknown: dict[tuple[str, str], int]) -> None:
    lines, report = of_ex(tmp_path, row)
    assert (lines, report.left_out, report.unknown) == ([], {("EX", reason): 1}, unknown)


# --- Doses given and doses due -----------------------------------------------------------------------------------


def test_doses_given_are_compared_with_those_due(tmp_path: Path) -> None:
    """Day 1 is 5 March; neutrophils of 0.4 on day 8 hold both drugs, of 0.6 on day 22 release them at 3 mg."""
    doses = [("2024-03-05", 4.0), ("2024-03-12", 4.0), ("2024-03-20", 4.0), ("2024-04-02", 4.0), ("2024-04-09", 3.0)]
    counts = [LB | {"LBDTC": date, "LBSTRESN": value} for date, value in (("2024-03-12", 0.4), ("2024-03-26", 0.6))]
    ex = [EX | {"EXSTDTC": date, "EXENDTC": "", "EXDOSE": mg} for date, mg in doses]
    events, report = imported(tmp_path, lb=counts, ex=ex, ae=[AE | {"AESTDTC": "2024-04-16", "AETOXGR": "1"}])
    compared = compare_doses(events, report.others)
    assert compared.others == {}
    assert compared.own == {
        ("ixazomib", "given as due"): 2,  # days 1 and 36
        ("ixazomib", "given, another dose than due"): 1,  # day 29, 4 mg for 3
        ("ixazomib", "given, none due"): 1,  # day 8, held
        ("ixazomib", "due, none given"): 1,  # day 43
        ("ixazomib", "neither given nor due"): 1,  # day 15, held
        ("ixazomib", "given on a day that is not scheduled"): 1,  # day 16
    }
    assert compared.lines()[0] == "doses given (EX) and doses due under dosing-text, in scheduled days:"
    assert "        1  ixazomib: given, none due" in compared.lines()


def test_a_patient_who_never_started_is_passed_over(tmp_path: Path) -> None:
    """S-0 died before the start, so that of the other treatment nothing can be said; S-1 comes after and counts."""
    events, _ = imported(tmp_path, ex=[EX | {"EXENDTC": ""}])
    died = parse_event({"type": "patient_died", "patient": "S-0", "at": "2024-03-01T12:00:00Z"})
    others = [OtherTreatment("S-0", "PLACEBO", date(2024, 3, 1), date(2024, 3, 20))]
    compared = compare_doses([died, *events], others)
    assert (compared.own, compared.others) == ({("ixazomib", "given as due"): 1}, {})


def test_a_study_of_another_drug_is_compared_in_days_alone(tmp_path: Path) -> None:
    """The study gives its patch from day 1 to 20; a rash of grade 4 on day 10 would stop this treatment."""
    ex = [EX | {"EXTRT": "XANOMELINE", "EXDOSE": 54.0, "EXDOSFRQ": "QD", "EXENDTC": "2024-03-24"}]
    rash = AE | {"AEDECOD": "RASH", "AETOXGR": "4", "AESTDTC": "2024-03-14", "AEENDTC": "2024-04-10"}
    events, report = imported(tmp_path, ex=ex, ae=[rash])
    compared = compare_doses(events, report.others)
    assert compared.own == {}
    assert compared.others == {
        ("XANOMELINE", "given, ixazomib due"): 2,  # days 1 and 8
        ("XANOMELINE", "given, none due"): 1,  # day 15
        ("XANOMELINE", "neither given nor due"): 2,  # days 29 and 36
    }
    assert "nothing about ixazomib" in compared.lines()[-1]
    assert "        1  XANOMELINE" in report.lines()


def test_of_a_treatment_without_an_end_the_later_days_are_not_known(tmp_path: Path) -> None:
    row = EX | {"EXTRT": "PLACEBO", "EXDOSE": 0.0, "EXDOSFRQ": "QD"}
    ex = [row | {"EXENDTC": "2024-03-13"}, row | {"EXSTDTC": "2024-04-02", "EXENDTC": ""}]
    events, report = imported(tmp_path, ex=ex, ae=[AE | {"AESTDTC": "2024-05-01", "AETOXGR": "1", "AEENDTC": ""}])
    assert compare_doses(events, report.others).others == {
        ("PLACEBO", "given, ixazomib due"): 3,  # days 1, 8 and 29; of 36 and 43 nothing is known
        ("PLACEBO", "due, none given"): 1,  # day 15
    }


def test_another_edition_has_other_doses(tmp_path: Path) -> None:
    doses = [EX | {"EXSTDTC": f"2024-03-{day}", "EXENDTC": ""} for day in ("05", "12", "19")]
    counts = [LB | {"LBDTC": date, "LBSTRESN": value} for date, value in (("2024-03-06", 0.4), ("2024-03-11", 0.6))]
    events, report = imported(tmp_path, lb=counts, ex=doses)
    found = {name: compare_doses(events, report.others, name).own for name in ("dosing-text", "us-label")}
    assert found["dosing-text"] == {("ixazomib", "given as due"): 1, ("ixazomib", "given, another dose than due"): 2}
    assert found["us-label"] == {("ixazomib", "given as due"): 3}  # the label lowers lenalidomide first


def test_without_doses_there_is_nothing_to_compare(tmp_path: Path) -> None:
    events, report = imported(tmp_path, lb=[LB])
    assert compare_doses(events, report.others).lines() == []


# --- What is accepted, and the edges ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "specimen", ["", "BLOOD", "Whole Blood", "VENOUS BLOOD", "SERUM", "plasma", "SERUM OR PLASMA", "Serum/Plasma"]
)
def test_a_count_from_blood_is_read(tmp_path: Path, specimen: str) -> None:
    lines, report = of_lb(tmp_path, {"LBSPEC": specimen})
    assert lines == [COUNT.format("1.5")]
    assert (report.left_out, report.unknown) == ({}, {})


@pytest.mark.parametrize("flag", ["Y", "y", "YES", "Yes"])
def test_an_event_flagged_as_the_death_is_grade_5(tmp_path: Path, flag: str) -> None:
    """AESDTH says it alone, and its end is the death (DEATH); without one grade 5 stands at the onset (GRADE)."""
    (tmp_path / "ended").mkdir()
    (tmp_path / "open").mkdir()
    nausea = "other_toxicity_graded term=nausea grade"
    lines, _ = of_ae(tmp_path / "ended", {"AESDTH": flag, "AEOUT": ""})
    assert lines == [f"04-01 {nausea}=3", f"04-08 {nausea}=5", "04-08 patient_died"]
    lines, _ = of_ae(tmp_path / "open", {"AESDTH": flag, "AEOUT": "", "AEENDTC": ""})
    assert lines == [f"04-01 {nausea}=5"]


@pytest.mark.parametrize("flag", ["N", "NO", "", "U"])
def test_an_event_that_is_not_flagged_as_the_death_is_none(tmp_path: Path, flag: str) -> None:
    lines, _ = of_ae(tmp_path, {"AESDTH": flag})
    assert lines == [
        "04-01 other_toxicity_graded term=nausea grade=3",
        "04-08 other_toxicity_graded term=nausea grade=0",
    ]


def test_a_death_before_the_onset_counts_at_the_onset(tmp_path: Path) -> None:
    """An event cannot be fatal before it began; the death itself keeps its own date."""
    events, _ = imported(
        tmp_path,
        dm=[DM | {"DTHFL": "Y", "DTHDTC": "2024-03-28"}],
        ae=[AE | {"AEOUT": "FATAL", "AESTDTC": "2024-04-01"}],
    )
    assert told(events) == ["03-28 patient_died", "04-01 other_toxicity_graded term=nausea grade=5"]


@pytest.mark.parametrize(("grade", "pain"), [("0", False), ("1", True), ("3", True)])
def test_a_painful_term_of_grade_0_is_no_pain(tmp_path: Path, grade: str, pain: bool) -> None:
    row = AE | {"AEDECOD": "NEURALGIA", "AETOXGR": grade, "AEENDTC": "", "AEOUT": "NOT RECOVERED/NOT RESOLVED"}
    events, _ = imported(tmp_path, ae=[row])
    (found,) = [event for event in events if event.type == "neuropathy_graded"]
    assert (found.grade, found.pain) == (int(grade), pain)


@pytest.mark.parametrize(
    ("test", "measured", "event"),
    [
        # A count of the very minute of the first dose is of the course; one a minute before it is before the start.
        ("NEUT", "2024-03-05T08:30", True),
        ("NEUT", "2024-03-05T08:29", False),
        ("NEUT", "2024-03-05T08:31", True),
        ("PLAT", "2024-03-05T08:30", True),
    ],
)
def test_a_count_at_the_minute_of_the_first_dose(tmp_path: Path, test: str, measured: str, event: bool) -> None:
    dm = [DM | {"RFSTDTC": "2024-03-05T08:30"}]
    events, report = imported(tmp_path, dm=dm, lb=[LB | {"LBTESTCD": test, "LBDTC": measured}])
    assert len(events) == 1 + event
    assert report.left_out == ({} if event else {("LB", "before the start"): 1})


@pytest.mark.parametrize(("measured", "baseline"), [("2024-03-05T08:30", True), ("2024-03-05T08:31", False)])
def test_a_bilirubin_at_the_minute_of_the_first_dose_is_the_baseline(
    tmp_path: Path, measured: str, baseline: bool
) -> None:
    row = {"LBTESTCD": "BILI", "LBORRESU": "mg/dL", "LBSTRESU": "mg/dL", "LBSTNRHI": 1.2, "LBDTC": measured}
    events, _ = imported(tmp_path, dm=[DM | {"RFSTDTC": "2024-03-05T08:30"}], lb=[LB | row])
    assert events[0].type == "course_started"
    assert (events[0].bilirubin is not None) == baseline
    assert len(events) == (1 if baseline else 2)


@pytest.mark.parametrize(
    ("start", "there"), [("2198-12-31", True), ("2199-01-01", False), ("1901-01-01", True), ("1900-12-31", False)]
)
def test_a_start_lies_within_the_years_with_room_for_offsets(tmp_path: Path, start: str, there: bool) -> None:
    events, report = imported(tmp_path, dm=[DM | {"RFSTDTC": start}])
    assert len(events) == there
    assert report.left_out == ({} if there else {("DM", "no start: not a date"): 1})


@pytest.mark.parametrize(("letters", "grade"), [(200, 3), (201, None)])
def test_a_grade_has_at_most_200_letters(letters: int, grade: int | None) -> None:
    assert understood("3".rjust(letters, "0")) == grade
