"""The help pages: golden files in tests/help/, one per command, whose examples work.

After a change of a page `python -m tests.test_help` writes the files again; read the difference before it is committed.
"""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from ixastate.cli.main import FORMATS, GROUPS, application, main
from ixastate.cli.store import COMMANDS as OF_STORES
from ixastate.editions import EDITIONS
from ixastate.errors import IxastateError

ROOT = Path(__file__).resolve().parents[1]
FOLDER = Path(__file__).with_name("help")
COMMANDS = {name: entry for group in GROUPS.values() for name, entry in group.items()}
EXAMPLES = [line for entry in [*COMMANDS.values(), *FORMATS.values(), *OF_STORES.values()] for line in entry.examples]
# The pages by the name of their file.
PAGES = {
    "ixastate": [],
    **{name: [name] for name in COMMANDS},
    "import": ["import"],
    **{f"import-{name}": ["import", name] for name in FORMATS},
    "store": ["store"],
    **{f"store-{name}": ["store", name] for name in OF_STORES},
}
# Examples that are parsed and not run, and why.
NOT_RUN = {
    "ixastate check": "it explores the machine, tens of seconds; tests/test_check_cli.py runs it",
    "ixastate check --edition what-if-stack-b --property my_properties.py": "the file is the reader's",
    "ixastate compare dosing-text us-label": "two explorations",
    "ixastate compare dosing-text what-if-stack-b": "two explorations",
    "ixastate table": "an exploration",
    "ixastate table --edition us-label -o us-label.table": "an exploration",
    "ixastate simulate -o my-cohort": "10,000 patients; tests/test_readme.py runs it",
    "ixastate simulate -o small --patients 1e3 --cycles 6 --edition us-label --toxicity hazards": "an exploration",
    "ixastate verify my-cohort --sample 100": "it needs a cohort; tests/test_cohort_command.py runs each of these",
    "ixastate verify my-cohort --processes 1": "it needs a cohort",
    "ixastate summary my-cohort": "it needs a cohort",
    "ixastate summary my-cohort other-cohort --json": "it needs two cohorts",
    "ixastate replay my-cohort --patient 14 --json": "it needs a cohort",
    "ixastate merge my-cohort": "it needs a cohort",
    "ixastate merge my-cohort --no-figures": "it needs a cohort",
    "ixastate figure time-on-treatment my-cohort -o time.svg": "it needs a cohort",
    "ixastate figure time-on-treatment my-cohort other-cohort -o time.pdf --width 85 --no-title": "two cohorts",
    "ixastate validate": "250,000 patients",
    "ixastate validate --edition us-label --figure validation.svg": "an exploration",
    "ixastate conform -- node examples/conformance/correct.mjs": "it needs Node; test_conformance_examples.py runs it",
    "ixastate conform --hypothesis 50 --url http://127.0.0.1:8080/": "it needs a server",
    "ixastate import sdtm my-study -o log.jsonl": "the data are the reader's; tests/test_cli.py runs it",
    "ixastate import sdtm my-study -o log.jsonl --timezone Europe/Berlin": "the data are the reader's",
    **dict.fromkeys(
        (line for entry in OF_STORES.values() for line in entry.examples),
        "they need a store, in their order; tests/test_store_command.py runs them",
    ),
}


def page(arguments: list[str]) -> str:
    """A page as it goes into a pipe."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert main([*arguments, "--help"]) == 0
    return printed.getvalue()


# --- The pages ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_as_it_was_read(name: str) -> None:
    assert page(PAGES[name]) == (FOLDER / f"{name}.txt").read_text(encoding="utf-8")


def test_every_command_has_a_page_and_every_page_a_command() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(PAGES)
    assert set(application().commands) == {*COMMANDS, "import", "store"}


@pytest.mark.parametrize("width", [60, 80, 100, 160])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_the_width_and_loses_nothing(name: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An example is copied, so it alone may be wider."""
    usual = page(PAGES[name])
    monkeypatch.setenv("COLUMNS", str(width))
    text = page(PAGES[name])
    assert text.split() == usual.split()
    examples = [f"  {line}" for line in [*EXAMPLES, *application().first_commands]]  # type: ignore[attr-defined]
    assert [line for line in text.splitlines() if len(line) > width and line not in examples] == []


@pytest.mark.parametrize("name", [name for name in PAGES if name not in ("ixastate", "import", "store")])
def test_a_page_has_two_examples_its_exit_codes_and_its_editions(name: str) -> None:
    text = page(PAGES[name])
    examples = text.split("\nExamples:\n")[1].split("\n\n")[0].splitlines()
    assert len(examples) >= 2
    assert all(line.startswith(f"  ixastate {' '.join(PAGES[name])}") for line in examples)
    assert "\nExit codes: 0 all is well; " in text
    if "--edition" in text or name == "compare":
        assert all(edition in text for edition in EDITIONS)


def test_the_front_page_names_three_commands_that_are_there() -> None:
    first = application().first_commands  # type: ignore[attr-defined]
    assert len(first) == 3
    for line in first:
        words = shlex.split(line.split("   ")[0])
        assert words[1] in COMMANDS
        assert line in page([])


# --- Their examples -------------------------------------------------------------------------------------------


def parsed(command: str) -> None:
    """Parse a command line with the real parser, and run nothing; a shell's redirection is the shell's."""
    words = shlex.split(command)
    words = words[1 : words.index(">")] if ">" in words else words[1:]
    group: typer.core.TyperGroup = application()
    name, entry, rest = group.resolve_command(group.make_context("ixastate", []), words)
    assert entry is not None
    assert name is not None
    context = entry.make_context(name, rest)
    if name == "help":
        assert {*rest} <= {*COMMANDS, "import", *FORMATS, "store", *OF_STORES}
    if isinstance(entry, typer.core.TyperGroup):
        name, entry, rest = entry.resolve_command(context, rest)
        assert entry is not None
        entry.make_context(name, rest)


@pytest.mark.parametrize("command", EXAMPLES)
def test_an_example_can_be_parsed(command: str) -> None:
    parsed(command)


@pytest.mark.parametrize(
    "command", ["ixastate check --tabel x", "ixastate simulate --patients x", "ixastate nothing", "ixastate replay"]
)
def test_an_example_that_is_wrong_would_be_seen(command: str) -> None:
    with pytest.raises(IxastateError):
        parsed(command)


def test_only_examples_are_left_out() -> None:
    assert set(NOT_RUN) <= set(EXAMPLES)


@pytest.fixture
def at_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the examples in it, as in a checkout."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", [line for line in EXAMPLES if line not in NOT_RUN])
def test_an_example_runs(command: str, at_the_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert os.getcwd() == str(at_the_root)
    words = shlex.split(command)
    assert main(words[1 : words.index(">")] if ">" in words else words[1:]) == 0
    out, err = capsys.readouterr()
    assert out or err


if __name__ == "__main__":
    for stale in FOLDER.glob("*.txt"):
        stale.unlink()
    for each, arguments in PAGES.items():
        (FOLDER / f"{each}.txt").write_text(page(arguments), encoding="utf-8")
