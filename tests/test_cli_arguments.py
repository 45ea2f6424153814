"""Kinds of arguments, what a mistyped word may mean, the completion of shells, and the remedies for missing extras."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest

import ixastate.errors
from ixastate.cli.common import for_the_shell, require_place, seconds, whole_number
from ixastate.cli.main import SHELLS, VARIABLE, main
from ixastate.cli.pages import near
from ixastate.errors import InputError, OutputError, install_command

# --- Numbers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("007", 7),
        ("1000000", 1_000_000),
        ("1e6", 1_000_000),
        ("1E+6", 1_000_000),
        ("1.5e6", 1_500_000),
        ("1.50e1", 15),
        ("1_000_000", 1_000_000),
        ("1,000,000", 1_000_000),
        ("18,446,744,073,709,551,615", 2**64 - 1),
        ("0e5", 0),
    ],
)
def test_a_whole_number_may_be_written_in_many_ways(text: str, number: int) -> None:
    assert whole_number("--n")(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "1.5",
        "1.0",
        "1.5e0",
        "1e6.5",
        "1.25e1",
        "-1",
        "+1",
        "1,5",
        "1,00",
        "1,0000",
        "1_0",
        "_1",
        "1_",
        "1e",
        "e6",
        "1e-3",
        "1e100",
        "0x10",
        "²",
        "١",
        "inf",
        "nan",
        "1,000_00",
        ".5e1",
        "9" * 49,
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is not a whole number") as caught:
        whole_number("--n", 1, 5000)(text)
    assert caught.value.where == "--n"
    assert caught.value.remedy == "from 1 to 5,000, written such as 1000, 1,000 or 1e3"


def test_a_whole_number_has_limits() -> None:
    read = whole_number("--n", 2, 1000)
    assert (read("2"), read("1e3")) == (2, 1000)
    for text in ("1", "1001", "1e90"):
        with pytest.raises(InputError, match="is out of range") as caught:
            read(text)
        assert caught.value.remedy == "from 2 to 1,000"


@pytest.mark.parametrize("text", ["0", "-1", "x", "nan", "inf", "100001", ""])
def test_a_time_is_above_0(text: str) -> None:
    assert seconds("--s")("0.25") == 0.25
    with pytest.raises(InputError, match="is not a number of seconds"):
        seconds("--s")(text)


# --- Words and paths ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("us", ["us-label"]),
        ("label", ["us-label"]),
        ("us_label", ["us-label"]),
        ("US-LABEL", ["us-label"]),
        ("", []),
        ("zzz", []),
    ],
)
def test_what_is_near(word: str, found: list[str]) -> None:
    assert near(word, ["dosing-text", "us-label", "what-if-exhaust-b"]) == found


def test_a_place_for_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    require_place(None, tmp_path / "new", tmp_path / "file")
    for path in (tmp_path, tmp_path / "no" / "file", tmp_path / "file" / "new"):
        with pytest.raises(OutputError, match="cannot be written"):
            require_place(path)
    assert (tmp_path / "file").read_text() == "mine"


def test_a_place_is_not_what_is_read_nor_taken_twice(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to("file")
    place = tmp_path / "new"
    require_place(place, read=[None, tmp_path / "file", Path("x" * 5000), Path("\0")])
    for paths, read in (([tmp_path / "link"], [tmp_path / "file"]), ([place, tmp_path / "." / "new"], [])):
        with pytest.raises(OutputError, match="the command reads it, or writes something else there"):
            require_place(*paths, read=read)


@pytest.mark.parametrize(
    "words",
    [
        ["schedule", "log.jsonl", "--ics", "log.jsonl"],
        ["diagram", "path", "--patient", "log.jsonl", "-o", "log.svg"],
        ["import", "sdtm", ".", "-o", "lb.xpt"],
        ["conform", "--suite", "log.jsonl", "--junit", "log.jsonl", "--", "true"],
    ],
)
def test_no_command_writes_over_what_it_reads(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("log.jsonl", "lb.xpt", "suite.jsonl"):
        shutil.copy(Path(__file__).resolve().parents[1] / "examples" / "worked-course.jsonl", name)
    (tmp_path / "log.svg").symlink_to("log.jsonl")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert main(words) == 2
    assert capsys.readouterr().out == ""
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.skipif(os.name == "nt", reason="another shell has other quotes")
@pytest.mark.parametrize("name", ["run", "a run", "it's", "-o", "$HOME", "a\nb"])
def test_a_path_is_one_word_for_the_shell(name: str) -> None:
    done = subprocess.run(["sh", "-c", f"printf %s {for_the_shell(Path(name))}"], capture_output=True, text=True)
    assert Path(done.stdout) == Path(name)
    assert not done.stdout.startswith("-")


# --- Completion -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_gets_its_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert f"{VARIABLE}=complete_{shell}" in out
    assert VARIABLE not in os.environ


def asked(shell: str, line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """What a shell is told that completes the last word of a line."""
    words = line.split(" ")
    environment = {
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        VARIABLE: f"complete_{shell}",
    }
    with monkeypatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        assert main([]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_completes(shell: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def told(line: str) -> str:
        return asked(shell, line, monkeypatch, capsys)

    assert "simulate" in told("ixastate simu")
    assert "replay" not in told("ixastate simu")
    assert "--patients" in told("ixastate simulate --pa")
    assert "us-label" in told("ixastate check --edition us")
    assert "us-label" in told("ixastate compare dosing-text u")
    assert "sdtm" in told("ixastate import s")
    assert "xstate-setup" in told("ixastate export xstate-")
    assert "region" in told("ixastate diagram reg")


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not here")
def test_bash_itself_completes_a_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "bash"]) == 0
    program = tmp_path / "ixastate"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m ixastate "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    script = (
        f"{capsys.readouterr().out}\n"
        f"COMP_WORDS=(ixastate simu) COMP_CWORD=1\n_ixastate_completion {shlex.quote(str(program))}\n"
        "printf '%s\\n' \"${COMPREPLY[@]}\"\n"
    )
    done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("simulate\n", "")


# --- How an extra is installed --------------------------------------------------------------------------------


class Installed:
    """A package as importlib.metadata sees it."""

    def __init__(self, url: str | None) -> None:
        self.url = url
        self.requires = [
            "pydantic<3,>=2.10",
            "numba>=0.61; extra == 'cohort'",
            'numpy<3,>=2.1; extra == "cohort"',
            "ixastate[cohort,draw]; extra == 'dev'",
            "mypy>=1.13; extra == 'dev'",
            "pygraphviz>=2.0; extra == 'draw'",
        ]

    def read_text(self, name: str) -> str | None:
        assert name == "direct_url.json"
        return None if self.url is None else f'{{"url": "{self.url}", "dir_info": {{}}}}'


def command_of(monkeypatch: pytest.MonkeyPatch, found: Any, here: Path, *extras: str) -> str:
    """The command where the package lies in another folder and is installed like this."""

    def distribution(name: str) -> Any:
        assert name == "ixastate"
        if found is None:
            raise PackageNotFoundError(name)
        return found

    monkeypatch.setattr("importlib.metadata.distribution", distribution)
    monkeypatch.setattr(ixastate.errors, "__file__", str(here / "ixastate" / "errors.py"))
    return install_command(*extras)


def test_from_a_source_folder_the_command_names_it() -> None:
    root = Path(__file__).resolve().parents[1]
    assert shlex.split(install_command("cohort", "dask")) == [
        *("python", "-m", "pip", "install", "-e"),
        f"{root}[cohort,dask]",
    ]


def test_installed_from_a_folder_the_command_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "the source"
    source.mkdir()
    (source / "pyproject.toml").touch()
    command = command_of(monkeypatch, Installed(source.as_uri()), tmp_path / "site-packages", "sdtm")
    assert shlex.split(command) == ["python", "-m", "pip", "install", f"{source}[sdtm]"]


@pytest.mark.parametrize("url", [None, "file:///no/such/folder", "https://example.org/ixastate.whl"])
def test_without_a_folder_the_command_names_the_libraries(
    url: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pip = ["python", "-m", "pip", "install"]
    here = tmp_path / "site-packages"
    found = Installed(url)
    assert shlex.split(command_of(monkeypatch, found, here, "cohort")) == [*pip, "numba>=0.61", "numpy<3,>=2.1"]
    both = ["numba>=0.61", "numpy<3,>=2.1", "pygraphviz>=2.0"]
    assert shlex.split(command_of(monkeypatch, found, here, "cohort", "draw")) == [*pip, *both]
    assert shlex.split(command_of(monkeypatch, found, here, "dev")) == [*pip, *both, "mypy>=1.13"]


def test_without_any_metadata_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert command_of(monkeypatch, None, tmp_path, "cohort") == (
        "install the libraries of the extra cohort, which pyproject.toml lists"
    )


@pytest.mark.parametrize("extra", ["bench", "cohort", "dask", "draw", "sdtm", "testing", "test", "dev"])
def test_pip_understands_the_command(extra: str) -> None:
    """The folder is one that pip can install, and the extra is one that it has."""
    import tomllib

    folder, _, named = shlex.split(install_command(extra))[-1].partition("[")
    project = tomllib.loads((Path(folder) / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert named == f"{extra}]"
    assert extra in project["optional-dependencies"]
