"""The cases that were met in the field, one folder each: what comes out of the import."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ixastate.exchange.sdtm import read_sdtm
from ixastate.units import cells_power
from tests.sdtm_studies import told

CASES = Path(__file__).resolve().parents[2] / "shared" / "cases" / "public"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the cases from the field are not part of a checkout")

RASH = ["01-20 rash_graded grade=2", "01-25 rash_graded grade=0"]
LOW = "01-16 neutrophils_measured value=0.4 unit=10*9/L"
EXPECTED: dict[str, list[str]] = {
    "aeout": [
        LOW,
        "01-20 other_toxicity_graded term=nausea grade=3",
        "01-25 other_toxicity_graded term=nausea grade=0",
    ],
    "below-loq": ["01-16 neutrophils_measured comparator=< value=0.1 unit=10*9/L", *RASH],
    "ds-withdrawal": [LOW, "01-18 consent_withdrawn", "01-19 progression_found", *RASH],
    "dsjson-only": [LOW, "01-20 rash_graded grade=2"],
    "not-done": RASH,
    "partial-time": [LOW, LOW, *RASH],
    "same-day-a": ["01-16 neutrophils_measured value=1.8 unit=10*9/L", LOW, *RASH],
    "same-day-b": ["01-16 neutrophils_measured value=1.8 unit=10*9/L", LOW, *RASH],
    "smartquote": [
        LOW,
        "01-20 other_toxicity_graded term=crohn’s disease grade=2",
        "01-25 other_toxicity_graded term=crohn’s disease grade=0",
    ],
    "split-lb": [LOW, *RASH],
    "toxgr-text": [
        LOW,
        *(f"01-20 other_toxicity_graded term={term} grade=3" for term in ("cough", "diarrhoea", "fatigue")),
        *(f"01-25 other_toxicity_graded term={term} grade=0" for term in ("cough", "diarrhoea", "fatigue")),
    ],
    "uncoded-ae": [LOW, "01-20 rash_graded grade=3", "01-25 rash_graded grade=0", "02-01 neuropathy_graded grade=4"],
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_case_from_the_field(name: str) -> None:
    pytest.importorskip("pyreadstat", reason="the extra sdtm is not installed")
    events, report = read_sdtm(CASES / name)
    assert told(events) == EXPECTED[name]
    assert sum(report.used.values()) + sum(report.left_out.values()) == sum(report.read.values())


@pytest.mark.parametrize(
    ("name", "field", "said"),
    [
        ("not-done", "left_out", ("LB", "not done")),
        ("uncoded-ae", "notes", "AETERM for a blank AEDECOD"),
        ("partial-time", "notes", "LBDTC without a whole time: its day counts"),
        ("same-day-a", "notes", "moments with different results of one test and no LBSEQ: the worse counts last"),
        ("split-lb", "left_out", ("LB", "the same row again")),
    ],
)
def test_the_report_says_so(name: str, field: str, said: object) -> None:
    pytest.importorskip("pyreadstat", reason="the extra sdtm is not installed")
    assert said in getattr(read_sdtm(CASES / name)[1], field)


def test_the_units_from_the_field() -> None:
    units = (CASES / "units" / "units.txt").read_text(encoding="utf-8").splitlines()
    assert len(units) == 11
    for unit in units:
        # thousands per microlitre or a thousand millions per litre, but for plain cells per a cubic millimetre
        assert cells_power(unit) == (0 if re.match(r"(cells|\{cells\})?/", unit) else 3), unit
