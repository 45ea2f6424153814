"""Whether the README says what happens: its code blocks are run."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

from ixastate.cli.main import main
from ixastate.course.log import read_stream

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def blocks(language: str) -> list[str]:
    return [text for kind, text in BLOCKS if kind == language]


@pytest.mark.parametrize("code", blocks("python"))
def test_a_python_block_prints_what_stands_below_it(code: str) -> None:
    if "ixastate.cohort" in code:
        pytest.importorskip("numba", reason="the extra `cohort` is not installed")
    below = BLOCKS[[text for _, text in BLOCKS].index(code) + 1][1]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {})
    assert printed.getvalue() == below


def test_the_log_in_the_readme_replays() -> None:
    (log,) = blocks("json")
    lines = list(read_stream(io.BytesIO(log.encode()), "README.md"))
    assert len(lines) == 3


def test_the_first_command_prints_what_the_readme_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And so does the replay of one of its patients, which the README shows next."""
    pytest.importorskip("numba", reason="the extra `cohort` is not installed")
    monkeypatch.chdir(tmp_path)
    command, *_ = blocks("sh")
    assert main(command.strip().split("&& ixastate ")[1].split()) == 0
    assert blocks("text")[0] in capsys.readouterr().out
    (replay,) = re.findall(r"`ixastate (replay [^`]*--patient \d+)`", README)
    assert main(replay.split()) == 0
    assert blocks("text")[1] in capsys.readouterr().out


def test_the_two_commands_come_first() -> None:
    assert len(blocks("sh")) == 2
    assert "pytest" in blocks("sh")[1]


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#]+)\)", README))))
def test_every_link_leads_somewhere(link: str) -> None:
    if "://" not in link:
        assert (ROOT / link).exists()
