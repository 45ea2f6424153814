"""A sixth toxicity takes four edits, and to forget one of them is refused.

The package is copied, and a made-up toxicity (a grade of liver injury that holds ixazomib and lowers it) is written
into the copy: its clause and what that does, its letters, its rows, and the event that reports it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import ixastate

SOURCE = Path(ixastate.__file__).parent

CLAUSE = """
[rules.LIV-01]
lines = []
kind = "reading"
title = "Liver injury: ixazomib is held, then one level lower"
says = "Made up for a test: liver injury of grade 3 holds ixazomib until grade 1, then lowers it; grade 4 stops."
source = "tests/test_sixth_toxicity.py"
executed_by = ["transition", "threshold"]
numbers.from_grade = { value = 3, unit = "{CTCAE grade}" }
numbers.stop_grade = { value = 4, unit = "{CTCAE grade}" }
numbers.well_grade = { value = 1, unit = "{CTCAE grade}" }
"""
EFFECT = """
[rules.LIV-01]
at = ["liver_injury_graded"]
either = [
  { holds = ["ixazomib"] },
  { resumes = ["ixazomib"], lowers = ["ixazomib"] },
  { stops = ["ixazomib", "lenalidomide", "dexamethasone"] },
]
"""
LETTERS = """
LIVER = Toxicity(
    "liver",
    "liver injury",
    "liver injury",
    "liver_injury_graded",
    (
        Onset("liver", "injury", _graded("LIV-01", "from_grade")),
        Onset("liver", "injury_grade_4", _graded("LIV-01", "stop_grade"), stops=True),
    ),
    (Recovery("liver", "injury_resolved", _graded("LIV-01", "well_grade")),),
    holds=("ixazomib",),
)
TOXICITIES = (*TOXICITIES, LIVER)
TOXICITY[LIVER.name] = LIVER
"""
ROWS = """
from ixastate.symbols import LIVER


def liver(f: Floors, goes_on: bool) -> Region:
    region = Region(LIVER)
    clear, held = region.clear(), region.held(needs_step=True)
    end, floor, above = f.discontinued, f.ixazomib, f.ixazomib_above
    bad, ok = "liver_injury", "liver_injury_resolved"
    region.rows += [
        (clear, bad, above, held, HOLD_IXAZOMIB, NO, "LIV-01"),
        (clear, bad, floor, end, NO, STOP, "LIV-01"),
        (clear, ok, None, None, NO, NO, "K-NOEPISODE"),
        (held, bad, None, None, NO, NO, "B-EPISODE"),
        (held, ok, None, clear, GIVE_IXAZOMIB_LOWER, NO, "LIV-01"),
    ]
    region.everywhere("liver_injury_grade_4", end, STOP, f"LIV-01 {AT_ONCE}")
    return region


REGIONS = {**REGIONS, LIVER.name: liver}
"""
EVENT = '''
class LiverInjuryGraded(Graded):
    """Liver injury as graded."""

    type: Literal["liver_injury_graded"] = "liver_injury_graded"


'''

TRY = """
from ixastate.chart.chart import build_chart
from ixastate.course.course import Course
from ixastate.table.explore import explore
from ixastate.table.graph import read
from ixastate.table.witness import witness

chart = read(build_chart())
print(len(chart.regions), "regions")
course = Course()
symbols = ["start_4_25", "liver_injury", "anc_low", "liver_injury_resolved", "anc_recovered"]
for event in witness(symbols, course.edition):
    print(course.observe(event).words)
print(*course.records[-1].earned)
print(course.observe({"type": "liver_injury_graded", "day": 9, "grade": 4}).words)
"""


def packaged(folder: Path, *left_out: str) -> Path:
    """A copy of the package with the sixth toxicity, less some of its edits."""
    shutil.copytree(SOURCE, folder / "ixastate", ignore=shutil.ignore_patterns("__pycache__"))

    def edit(name: str, file: str, anchor: str, *, before: str = "", after: str = "") -> None:
        path = folder / "ixastate" / file
        text = path.read_text(encoding="utf-8")
        assert text.count(anchor) == 1, (file, anchor)
        if name not in left_out:
            path.write_text(text.replace(anchor, before + anchor + after), encoding="utf-8")

    edit("clause", "rules/dosing_text.toml", "# ---- Administration\n", before=CLAUSE.lstrip() + "\n")
    if "clause" not in left_out:
        edit("effect", "rules/effects.toml", "# ---- The start\n", before=EFFECT.lstrip() + "\n")
    edit("letters", "symbols.py", "\n\n# --- What the chart raises", before=LETTERS)
    path = folder / "ixastate" / "chart" / "toxicities.py"
    if "rows" not in left_out:
        path.write_text(path.read_text(encoding="utf-8") + ROWS, encoding="utf-8")
    edit("event", "events.py", "class OtherToxicityGraded(Event):", before=EVENT.lstrip("\n"))
    edit("event", "events.py", "    | RashGraded\n", after="    | LiverInjuryGraded\n")
    return folder


def tried(folder: Path) -> subprocess.CompletedProcess[str]:
    # Not measured: coverage.py would count the copy as so many more lines of the package that no test reaches.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    environment |= {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([sys.executable, "-c", TRY], env=environment, capture_output=True, text=True, check=False)


def test_four_edits_make_a_sixth_toxicity(tmp_path: Path) -> None:
    done = tried(packaged(tmp_path))
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "8 regions",
        "active at 4 mg",
        "held for liver injury",
        "held for neutrophils, liver injury",
        "held for neutrophils",
        "active at 3 mg",
        "LIV-01 on day 4",
        "discontinued",
    ]


@pytest.mark.parametrize(
    ("left_out", "complaint"),
    [
        ("clause", "there is no rule 'LIV-01'"),
        (
            "effect",
            "what LIV-01 does to a drug is not stated (state it in rules/effects.toml, or there why it does nothing)",
        ),
        ("letters", "cannot import name 'LIVER'"),
        ("rows", "the toxicity 'liver' has no region (write its rows in chart/toxicities.py, and name it in REGIONS)"),
        ("event", "the toxicity 'liver' is reported by 'liver_injury_graded', which is no kind of event"),
    ],
)
def test_to_forget_one_is_refused(tmp_path: Path, left_out: str, complaint: str) -> None:
    done = tried(packaged(tmp_path, left_out))
    assert done.returncode == 1
    assert complaint in done.stderr
