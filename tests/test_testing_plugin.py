"""The pytest plugin: a named test for each course, and nothing at all when it is not asked for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ixastate.testing.suites.files import write_suite
from tests.kit import START, anc, answered, of, plt

FACTORY = """
from ixastate.events import parse_event
from ixastate.testing import Oracle

class Mine:
    def __init__(self):
        self.oracle = Oracle()
    def start(self, event):
        return self.observe(event)
    def observe(self, event):
        answer = dict(self.oracle.observe(parse_event(event)).answer)
        if event["type"] == "platelets_measured" and event["value"] == 30000:
            answer["lenalidomide_mg"] = 25
        return answer
    def close(self):
        pass

NOT_A_FACTORY = 7
"""
TWICE = (plt(2, 29_999), plt(3, 30_000))


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "-rN", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.py").write_text(FACTORY, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n", encoding="utf-8")
    write_suite(
        tmp_path / "small.suite", of(answered(START, anc(2, 499), course="a-1"), answered(START, *TWICE, course="a-2"))
    )
    return tmp_path


def test_a_course_that_is_not_repeatable_blames_no_rule(folder: Path) -> None:
    """It errs once in the process, and so not when the course is run again."""
    once = FACTORY.replace('event["value"] == 30000:', "not Mine.erred:\n            Mine.erred = True")
    once = once.replace("class Mine:", "class Mine:\n    erred = False").replace('_mg"] = 25', '_mg"] = 7')
    (folder / "mine.py").write_text(once, encoding="utf-8")
    done = run(folder, "--ixastate-conform=mine:Mine", "--ixastate-suite=small.suite")
    assert "FAULT   not repeatable: run again, every answer was right" in done.stdout, done.stdout + done.stderr
    assert "BROKEN" not in done.stdout
    assert "1 failed, 1 passed" in done.stdout


def test_every_course_is_a_named_test(folder: Path) -> None:
    done = run(folder, "-v", "--ixastate-conform=mine:Mine", "--ixastate-suite=small.suite")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "a-1 neutropenia, first episode: ixazomib and lenalidomide held (ANC-01) PASSED" in done.stdout
    assert "a-2 thrombocytopenia, first episode: lenalidomide 25 → 20 mg (PLT-04) FAILED" in done.stdout
    assert "BROKEN  PLT-04 (line 16)" in done.stdout
    assert "platelets 30000 /mm3" in done.stdout
    assert "Traceback" not in done.stdout
    assert "1 failed, 1 passed" in done.stdout


def test_courses_stand_beside_other_tests_and_are_selected_like_them(folder: Path) -> None:
    (folder / "test_other.py").write_text("def test_other():\n    assert True\n", encoding="utf-8")
    asked = ("-q", "--ixastate-conform=mine:Mine", "--ixastate-suite=small.suite")
    assert "1 failed, 2 passed" in run(folder, *asked).stdout
    done = run(folder, *asked, "-k", "neutropenia")
    assert done.returncode == 0
    assert "1 passed, 2 deselected" in done.stdout


def test_a_cover_may_be_named(folder: Path) -> None:
    done = run(folder, "-q", "--collect-only", "--ixastate-conform=mine:Mine", "--ixastate-cover=boundaries")
    assert done.returncode == 0
    assert "ixastate::boundaries-0001 neutrophils 500 /mm3: nothing changes (B-BOUND)" in done.stdout


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--ixastate-conform=nowhere:Mine", "'nowhere:Mine' cannot be found"),
        ("--ixastate-conform=mine:Other", "'mine:Other' cannot be found"),
        ("--ixastate-conform=mine:NOT_A_FACTORY", "is no factory (module:factory)"),
        ("--ixastate-conform=mine", "is no factory (module:factory)"),
    ],
)
def test_a_wrong_factory_is_wrong_use(option: str, words: str, folder: Path) -> None:
    done = run(folder, option, "--ixastate-suite=small.suite")
    assert done.returncode == 4
    assert words in done.stdout + done.stderr


def test_a_wrong_cover_is_wrong_use(folder: Path) -> None:
    done = run(folder, "--ixastate-conform=mine:Mine", "--ixastate-cover=all")
    assert done.returncode == 4
    assert "there is no cover 'all'" in done.stdout + done.stderr


def test_nothing_is_imported_when_it_is_not_asked_for(folder: Path) -> None:
    (folder / "test_what.py").write_text(
        "import sys\n\ndef test_what():\n    assert [name for name in sys.modules if name.startswith('ixastate.')] == "
        "[f'ixastate.{name}' for name in '_old_names errors registry version testing testing.plugin'.split()]\n"
        "    assert not {'pydantic', 'statemachine'} & set(sys.modules)\n",
        encoding="utf-8",
    )
    done = run(folder, "-q", "-p", "no:hypothesispytest")
    assert done.returncode == 0, done.stdout


def test_the_plugin_is_an_entry_point() -> None:
    from importlib.metadata import entry_points

    [entry] = entry_points(group="pytest11", name="ixastate")
    assert entry.value == "ixastate.testing.plugin"
