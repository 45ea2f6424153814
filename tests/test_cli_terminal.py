"""Width, colour and progress: in a pipe, and in a terminal, which the operating system lends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ixastate.cli.main import main
from ixastate.cli.terminal import fitted, say, show, width

ROOT = Path(__file__).resolve().parents[1]
WORKED = str(ROOT / "examples" / "worked-course.jsonl")
ESCAPE = "\x1b"
# A program that prints what `check` prints for a proof and a breach, and works for a moment.
WORKING = """
import sys, threading
from ixastate.cli.terminal import bar, show, watched, working
with working("exploring"):
    threading.Event().wait(0.3)
for line in watched(["proved  one: It holds.", "BROKEN  two: It does not."], "checking"):
    show([line])
with bar(2, "patients", "simulating") as progress:
    progress.update(2)
"""

Lines = Callable[[list[str]], list[str]]


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Lines:
    def run(arguments: list[str]) -> list[str]:
        assert main(arguments) == 0
        return capsys.readouterr().out.splitlines()

    return run


# --- Width ----------------------------------------------------------------------------------------------------

TEXTS = [
    ["rules"],
    ["rules", "neutropenia"],
    ["rules", "B-FIRSTEVER"],
    ["rules", "ANC-04"],
    ["replay", WORKED],
    ["schedule", WORKED, "--from-day", "1", "--days", "56"],
    ["schedule", WORKED],
    ["help", "simulate"],
]


@pytest.mark.parametrize("columns", [60, 80, 100, 160])
@pytest.mark.parametrize("arguments", TEXTS, ids=" ".join)
def test_texts_fit_the_width(
    arguments: list[str], columns: int, printed: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_a_pipe = printed(arguments)
    assert max(map(len, in_a_pipe)) <= 100
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = printed(arguments)
    examples = [line for line in lines if line.startswith("  ixastate ")]
    assert [line for line in lines if len(line) > columns and line not in examples] == []
    # The same words, whatever the width; a ruled line is one word.
    without_rule = [" ".join(line for line in text if "──" not in line).split() for text in (in_a_pipe, lines)]
    assert without_rule[0] == without_rule[1]


@pytest.mark.parametrize(("columns", "expected"), [("72", 72), ("10", 50), ("0", 100), ("x", 100), ("", 100)])
def test_the_width_is_that_of_columns_else_100(columns: str, expected: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert width() == expected


@pytest.mark.parametrize(
    "arguments",
    [["replay", WORKED, "--json"], ["export", "xstate"], ["export", "scxml"], ["suite", "--schema"]],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_what_a_program_reads_is_the_same_at_every_width(
    arguments: list[str], printed: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = printed(arguments)
    monkeypatch.setenv("COLUMNS", "60")
    assert printed(arguments) == usual
    if "--json" in arguments:
        assert all(json.loads(line) for line in usual)


def test_a_long_line_is_wrapped_below_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    short = "  a line that fits"
    wrapped = ["  word word word word word word word word word", "      word word word"]
    assert list(fitted([short, "", "  " + "word " * 12])) == [short, "", *wrapped]


# --- In a terminal --------------------------------------------------------------------------------------------


def in_a_terminal(command: list[str], columns: int = 70, **environment: str) -> str:
    """What a program writes whose standard output and error are a terminal of this width."""
    pty = pytest.importorskip("pty", reason="this system lends no terminals")
    import fcntl
    import struct
    import termios

    reader, writer = pty.openpty()
    fcntl.ioctl(writer, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    usual = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    process = subprocess.Popen(
        [sys.executable, *command],
        stdin=subprocess.DEVNULL,
        stdout=writer,
        stderr=writer,
        env={**usual, "TERM": "xterm-256color", **environment},
    )
    os.close(writer)
    parts = []
    try:
        while part := os.read(reader, 65_536):
            parts.append(part)
    except OSError:  # the other end is closed
        pass
    finally:
        os.close(reader)
    assert process.wait() == 0
    return b"".join(parts).decode().replace("\r\n", "\n")


def test_a_terminal_decides_the_width() -> None:
    text = in_a_terminal(["-m", "ixastate", "replay", WORKED], columns=70)
    assert max(map(len, text.splitlines())) == 70
    assert ESCAPE not in text


def test_verdicts_are_coloured_in_a_terminal_alone() -> None:
    text = in_a_terminal(["-c", WORKING])
    assert f"{ESCAPE}[32mproved{ESCAPE}[0m  one: It holds." in text
    assert f"{ESCAPE}[1;31mBROKEN{ESCAPE}[0m  two: It does not." in text
    assert f"{ESCAPE}[1mOptions:" in in_a_terminal(["-m", "ixastate", "rules", "--help"])
    piped = subprocess.run([sys.executable, "-c", WORKING], capture_output=True, text=True, check=True)
    assert (piped.stdout, piped.stderr) == ("proved  one: It holds.\nBROKEN  two: It does not.\n", "")


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_colour_can_be_refused(environment: dict[str, str]) -> None:
    for command in (["-c", WORKING], ["-m", "ixastate", "rules", "--help"]):
        text = in_a_terminal(command, **environment)
        assert f"{ESCAPE}[32m" not in text
        assert f"{ESCAPE}[1m" not in text
        assert f"{ESCAPE}[1;31m" not in text


def test_a_wish_for_colour_does_not_reach_a_pipe() -> None:
    environment = {**os.environ, "FORCE_COLOR": "1", "GITHUB_ACTIONS": "true", "PY_COLORS": "1"}
    for command in (["-c", WORKING], ["-m", "ixastate", "rules", "--help"], ["-m", "ixastate"]):
        piped = subprocess.run([sys.executable, *command], capture_output=True, text=True, env=environment, check=True)
        assert ESCAPE not in piped.stdout + piped.stderr


def test_progress_is_shown_in_a_terminal_alone() -> None:
    text = in_a_terminal(["-c", WORKING])
    assert "exploring" in text
    assert "simulating: 100%" in text


# --- What data cannot do to a terminal -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain – text · 4 mg", "plain – text · 4 mg"),
        ("\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07"),
        ("a\u202eb", "a\\u202eb"),
        ("a\r\tb\u2028", "a\\r\\tb\\u2028"),
        ("two\nlines", "two\nlines"),
        ("\udcff", "\\udcff"),
    ],
)
def test_what_cannot_be_printed_is_written_as_an_escape(
    text: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    show([text])
    say(text)
    assert capsys.readouterr() == (f"{shown}\n", f"{shown}\n")


RECORD_FIELDS = ["symbols", "before", "after", "rules", "held_for"]


@pytest.mark.parametrize("field", RECORD_FIELDS)
def test_no_field_of_a_record_steers_a_terminal(field: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", WORKED, "--json"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    home = records[1]["status"] if field == "held_for" else records[1]
    home[field] = ["\x1b]0;owned\x07", "\x1b[2J"]
    log = tmp_path / "records.jsonl"
    log.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    assert main(["replay", str(log)]) in (1, 2)
    out, err = capsys.readouterr()
    assert ESCAPE not in out + err
    assert "\x07" not in out + err
