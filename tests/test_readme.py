"""Whether the README says what happens: its code blocks and its commands are run."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import shutil
from collections import Counter
from pathlib import Path

import pytest

from ixastate.cli.main import main
from ixastate.course.log import read_stream
from ixastate.proofs.properties import PROPERTIES
from ixastate.proofs.slot.properties import SLOT_PROPERTIES
from ixastate.rules import load_edition
from tests.tables import table
from tests.test_help import parsed

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def blocks(language: str) -> list[str]:
    return [text for kind, text in BLOCKS if kind == language]


def commands(text: str) -> list[str]:
    """The commands of ixastate in the lines of a shell."""
    lines = text.replace("\\\n", " ").splitlines()
    parts = [part.strip().removeprefix("$ ") for line in lines for part in line.split("&&")]
    return [part for part in parts if part.startswith("ixastate ")]


# What a console shows: a command after `$`, and what it prints; … stands for lines left out.
CONSOLES = [
    (command, shown.splitlines())
    for text in blocks("console")
    for command, shown in re.findall(r"^\$ (ixastate .*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE)
]
# A word in capitals stands for one of the reader's own, so such a command cannot be parsed.
# A span of two words names a command.
INLINE = [span for span in re.findall(r"`(ixastate [^`]+)`", README) if not re.search(r"\b[A-Z]+[0-9]?\b", span)]
# Consoles that are parsed and not run, and why.
NOT_RUN = {
    "ixastate conform -- node examples/conformance/faulty-rounded-hours.mjs": "it needs Node; "
    "test_conformance_examples.py runs it",
    "ixastate compare dosing-text us-label": "two explorations; test_compare.py has the same course",
}


@pytest.mark.parametrize("code", blocks("python"))
def test_a_python_block_prints_what_stands_below_it(code: str) -> None:
    if "ixastate.cohort" in code:
        pytest.importorskip("numba", reason="the extra `cohort` is not installed")
    below = BLOCKS[[text for _, text in BLOCKS].index(code) + 1][1]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {})
    assert printed.getvalue() == below


@pytest.mark.parametrize("log", blocks("json"))
def test_a_log_in_the_readme_replays(log: str) -> None:
    assert len(list(read_stream(io.BytesIO(log.encode()), "README.md"))) == len(log.splitlines())


@pytest.mark.parametrize(
    "command", [*(command for text in blocks("sh") for command in commands(text)), *dict(CONSOLES), *INLINE]
)
def test_a_command_can_be_parsed(command: str) -> None:
    if command in INLINE and len(command.split()) == 2:
        command = command.replace(" ", " help ")
    parsed(command)


def test_there_are_commands() -> None:
    assert any(commands(text) for text in blocks("sh"))
    assert CONSOLES
    assert INLINE
    assert set(NOT_RUN) <= {command for command, _ in CONSOLES}


@pytest.mark.parametrize(("command", "shown"), [one for one in CONSOLES if one[0] not in NOT_RUN])
def test_a_console_prints_what_it_shows(
    command: str,
    shown: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split(command)[1:]) in (0, 1)
    printed = iter(capsys.readouterr().out.splitlines())
    assert [line for line in shown if line != "…" and line not in printed] == []


def test_the_first_command_prints_what_the_readme_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And so does the replay of one of its patients, which the README shows next."""
    pytest.importorskip("numba", reason="the extra `cohort` is not installed")
    monkeypatch.chdir(tmp_path)
    command, *_ = commands(blocks("sh")[0])
    assert main(shlex.split(command)[1:]) == 0
    assert blocks("text")[0] in capsys.readouterr().out
    (replay,) = re.findall(r"`ixastate (replay [^`]*--patient \d+)`", README)
    assert main(shlex.split(replay)) == 0
    (shown,) = (text for text in blocks("text") if text.startswith("day "))
    assert shown in capsys.readouterr().out


def test_the_two_commands_come_first() -> None:
    first, second, *_ = blocks("sh")
    assert "ixastate simulate" in first
    assert "pytest" in second


def test_it_counts_the_rules_and_the_properties() -> None:
    kinds = Counter(rule.kind for rule in load_edition().rules.values())
    assert f"has the {kinds['label']} clauses and {kinds['reading']} readings" in README
    assert f"proves {len(PROPERTIES)} safety properties of a course and {len(SLOT_PROPERTIES)} of a dose" in README
    assert f"its {len(table().configurations):,} reachable states" in README


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#]+)\)", README))))
def test_every_link_leads_somewhere(link: str) -> None:
    if "://" not in link:
        assert (ROOT / link).exists()
