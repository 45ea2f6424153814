"""`ixastate check`, `compare` and `table`: what they print, what they refuse, and their exit codes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import ixastate.proofs.equality
import ixastate.proofs.properties
from ixastate.cli.main import main
from ixastate.proofs.properties import PROPERTIES
from ixastate.proofs.slot.properties import SLOT_PROPERTIES
from ixastate.table.table import Table, load, save, tabulate
from tests.tables import graph, small, starting_only, table
from tests.test_check import MINE

STACKED = "one level at a time"


@pytest.fixture
def few_properties(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two properties that are looked at in a moment."""
    few = tuple(one for one in PROPERTIES if one.name in ("discontinued is final", "agreement is needed"))
    monkeypatch.setattr(ixastate.proofs.properties, "PROPERTIES", few)


@pytest.fixture
def stacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The property that what-if-stack-b breaks, between two that it does not."""
    few = tuple(one for one in PROPERTIES if one.name in ("discontinued is final", STACKED, "agreement is needed"))
    monkeypatch.setattr(ixastate.proofs.properties, "PROPERTIES", few)


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Editions with a start at 3 and 10 mg alone, which are compared in a moment."""
    monkeypatch.setattr(Table, "of", staticmethod(lambda name: tabulate(starting_only(graph(name), "start_3_10"))))


@pytest.fixture
def not_explored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Editions that must not be explored."""

    def explored(_: str) -> Table:
        raise AssertionError("it is explored")

    monkeypatch.setattr(Table, "of", staticmethod(explored))


Said = Callable[..., tuple[int, str, str]]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """Run the command: its exit code, standard output and standard error."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return run


# --- check ----------------------------------------------------------------------------------------------------


@pytest.mark.exhaustive
def test_check_proves_every_property(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    code, out, err = said("check")
    assert (code, err) == (0, "")
    first, *lines = out.splitlines()
    assert first.startswith("edition dosing-text: 46,919 configurations, 938,349 moves, 184 transitions")
    of_a_dose = lines[len(PROPERTIES) :]
    assert lines[: len(PROPERTIES)] == [f"proved  {one.name}: {one.says}" for one in PROPERTIES]
    assert of_a_dose[0].startswith("one dose of ixazomib: 18 states, 84 configurations, 1,176 moves, 193 transitions")
    assert of_a_dose[1:] == [
        *(f"proved  {one.name}: {one.says}" for one in SLOT_PROPERTIES),
        "proved  the live machine and the table agree on all 1,176 moves of a dose",
        "all proved",
    ]


@pytest.mark.usefixtures("stacked")
def test_check_shows_what_is_broken_as_a_log_that_can_be_replayed(said: Said, tmp_path: Path) -> None:
    code, out, err = said("check", "--edition", "what-if-stack-b")
    assert (code, err) == (1, "")
    lines = out.splitlines()
    assert lines[-1] == "1 broken"
    at = next(place for place, line in enumerate(lines) if line.startswith(f"BROKEN  {STACKED}: "))
    assert lines[at + 1] == "  but lenalidomide goes from 25 to 15 mg"
    log = tmp_path / "course.jsonl"
    log.write_text("".join(line.strip() + "\n" for line in lines if line.startswith("  {")), encoding="utf-8")
    code, out, _ = said("replay", log, "--edition", "what-if-stack-b")
    assert code == 0
    assert "reduce lenalidomide to 15 mg" in out
    assert "reduce lenalidomide to 20 mg" in said("replay", log)[1]


@pytest.mark.usefixtures("few_properties", "not_explored")
def test_check_takes_a_saved_table(said: Said, tmp_path: Path) -> None:
    save(table(), tmp_path / "saved.table")
    code, out, err = said("check", "--table", tmp_path / "saved.table")
    assert (code, err) == (0, "")
    assert out.splitlines()[0].startswith("edition dosing-text: 46,919 configurations")
    assert out.endswith("all proved\n")


def test_check_refuses_a_table_of_other_rules(said: Said, tmp_path: Path) -> None:
    save(small(), tmp_path / "stale.table")
    code, out, err = said("check", "--table", tmp_path / "stale.table")
    assert (code, out) == (2, "")
    assert err == (
        f"ixastate: {tmp_path / 'stale.table'}: the table was made of other rules or another chart "
        "(make it again with `ixastate table -o FILE`)\n"
    )
    save(table(), tmp_path / "text.table")
    assert said("check", "--edition", "what-if-stack-b", "--table", tmp_path / "text.table")[0] == 2


@pytest.mark.parametrize("content", [None, b"", b"nonsense", b"ixastate table 1\n"])
def test_check_refuses_what_is_no_table(said: Said, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "some.table"
    if content is not None:
        path.write_bytes(content)
    code, out, err = said("check", "--table", path)
    assert (code, out) == (2, "")
    assert err.startswith(f"ixastate: {path}: ")


@pytest.mark.usefixtures("few_properties")
def test_check_looks_at_properties_of_ones_own(said: Said, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(MINE, encoding="utf-8")
    code, out, err = said("check", "--property", path)
    assert (code, err) == (1, "")
    lines = out.splitlines()
    assert "proved  it can be stopped: Some course is stopped." in lines
    broken = lines.index("BROKEN  ixazomib is never held: Ixazomib is given on every day.")
    assert lines[broken + 1].startswith("  but it is held for ")
    assert lines[-1] == "1 broken"


@pytest.mark.usefixtures("not_explored")
@pytest.mark.parametrize(
    ("text", "what"),
    [
        (None, "not a Python file"),
        ("", "it defines no property"),
        ("1 / 0", "it cannot be run: ZeroDivisionError"),
        ("def (", "it cannot be run: SyntaxError"),
    ],
)
def test_check_refuses_a_property_file_that_defines_none(
    said: Said, tmp_path: Path, text: str | None, what: str
) -> None:
    path = tmp_path / "mine.py"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    code, out, err = said("check", "--property", path)
    assert (code, out) == (2, "")
    assert err.startswith(f"ixastate: {path}: {what}")


@pytest.mark.usefixtures("few_properties")
def test_check_names_the_property_whose_search_fails(said: Said, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        "from ixastate.proofs.check import prove\n\n@prove('mine', 'It holds.')\ndef mine(table):\n    return 1 / 0\n",
        encoding="utf-8",
    )
    code, _, err = said("check", "--property", path)
    assert code == 2
    assert "mine" in err


@pytest.mark.usefixtures("few_properties")
def test_check_full_sets_the_live_machine_beside_the_table(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int]] = []
    whole = ixastate.proofs.equality.prove_equal

    def tiny(
        edition: str, configurations: int, progress: Callable[[int], object]
    ) -> tuple[int, list[ixastate.proofs.equality.Unequal]]:
        asked.append((edition, configurations))
        return whole(edition, 3, progress, workers=1)

    monkeypatch.setattr(ixastate.proofs.equality, "prove_equal", tiny)
    code, out, err = said("check", "--full")
    assert code == 0
    assert asked == [("dosing-text", 46_919)]
    moves = sum(map(bool, table().output[: 3 * len(table().symbols)]))
    assert f"proved  the live machine and the table agree on all {moves:,} moves" in out.splitlines()
    assert out.endswith("all proved\n")
    # A progress bar is for a terminal.
    assert err == ""


@pytest.mark.usefixtures("few_properties")
def test_check_full_shows_where_they_are_unequal(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    many = [ixastate.proofs.equality.Unequal(number, "anc_low", "this", "that") for number in range(30)]
    monkeypatch.setattr(ixastate.proofs.equality, "prove_equal", lambda *_: (1000, many))
    code, out, _ = said("check", "--full")
    assert code == 1
    assert "BROKEN  configuration 0 on anc_low\n  live:  this\n  table: that\n" in out
    assert out.count("BROKEN") == 20
    assert out.endswith("30 broken\n")
    assert "proved  the live machine and the table agree on all 1,000 moves" not in out


# --- compare --------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("parts")
def test_compare_shows_where_two_editions_part(said: Said) -> None:
    code, out, err = said("compare", "dosing-text", "us-label")
    assert (code, err) == (1, "")
    lines = out.splitlines()
    assert lines[0] == "neutrophils: they part after 3 events"
    assert lines[4].startswith("  dosing-text  reduce ixazomib to 2.3 mg; resume ixazomib at 2.3 mg")
    assert lines[5].startswith("  us-label     reduce lenalidomide to 5 mg; resume ixazomib at 3 mg")
    assert "rash: they part after 2 events" in lines
    assert "new cycle: they part after 2 events" in lines
    assert "" in lines


@pytest.mark.usefixtures("parts")
@pytest.mark.parametrize("edition", ["dosing-text", "what-if-stack-b"])
def test_compare_finds_an_edition_equal_to_itself(said: Said, edition: str) -> None:
    assert said("compare", edition, edition) == (0, f"{edition} and {edition} ask for the same on every course\n", "")


# --- table ----------------------------------------------------------------------------------------------------


def test_table_says_its_size_and_that_of_the_minimal_machine(said: Said) -> None:
    code, out, err = said("table")
    assert (code, err) == (0, "")
    assert out.splitlines()[0].startswith("edition dosing-text: 46,919 configurations, 938,349 moves")
    assert out.endswith(": 17,547 configurations (the minimal machine)\n")


@pytest.mark.usefixtures("parts")
def test_table_saves_what_can_be_loaded(said: Said, tmp_path: Path) -> None:
    path = tmp_path / "text.table"
    code, out, err = said("table", "-o", path)
    assert (code, err) == (0, f"saved to {path}\n")
    assert out.splitlines()[0].startswith("edition dosing-text: 7,496 configurations")
    assert len(load(path, starting_only(graph(), "start_3_10")).configurations) == 7_496
    assert [one.name for one in tmp_path.iterdir()] == ["text.table"]


@pytest.mark.usefixtures("not_explored")
def test_table_that_cannot_be_saved_is_told(said: Said, tmp_path: Path) -> None:
    code, out, err = said("table", "-o", tmp_path)
    assert (code, out) == (2, "")
    assert err == f"ixastate: {tmp_path}: cannot be written: it is a folder (name a file in a folder that exists)\n"


@pytest.mark.usefixtures("not_explored")
def test_table_without_its_folder_is_told(said: Said, tmp_path: Path) -> None:
    code, _, err = said("table", "--output", tmp_path / "missing" / "text.table")
    assert code == 2
    assert "cannot be written" in err


# --- Unknown editions -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("not_explored")
@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "--edition", "fda"],
        ["table", "--edition", "fda"],
        ["compare", "fda", "dosing-text"],
        ["compare", "dosing-text", "fda"],
    ],
    ids=" ".join,
)
def test_an_unknown_edition_is_refused_with_those_there_are(said: Said, arguments: list[str]) -> None:
    code, out, err = said(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("ixastate: there is no edition 'fda' (one of: dosing-text, us-label, ")


@pytest.mark.usefixtures("not_explored")
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["compare", "dosing-text"], "compare: B is missing"),
        (["check", "dosing-text"], "check: got unexpected extra argument(s) (dosing-text)"),
        (["table", "-o"], "table: option '-o' requires an argument"),
        (["compare", "dosing-text", "us"], "there is no edition 'us' (one of: dosing-text, us-label, "),
    ],
)
def test_arguments_that_do_not_fit_are_refused(said: Said, arguments: list[str], complaint: str) -> None:
    code, out, err = said(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith(f"ixastate: {complaint}")


def test_the_nearest_edition_is_named(said: Said) -> None:
    assert said("check", "--edition", "us")[2].endswith("; did you mean us-label?)\n")
    assert said("check", "--edition", "dosing_text")[2].endswith("; did you mean dosing-text?)\n")
    assert said("check", "--edition", "stack")[2].endswith("; did you mean what-if-stack-b?)\n")
    assert said("check", "--edition", "fda")[2].endswith("what-if-stack-b)\n")
