"""Tables that are kept on disk: found again, and made anew when they are damaged, foreign or cannot be kept."""

from __future__ import annotations

import hashlib
import tracemalloc
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from ixastate.cli.main import main
from ixastate.table import kept
from ixastate.table.graph import Graph
from ixastate.table.table import MAGIC, Table
from tests.tables import small, small_graph

# Made here, where the tests do not look yet.
SMALL = small()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv(kept.FOLDER, str(folder))
    return folder / "tables"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Graph]:
    """Every graph of which a table is made."""
    graphs: list[Graph] = []
    tabulate = kept.tabulate

    def counted(graph: Graph) -> Table:
        graphs.append(graph)
        return tabulate(graph)

    monkeypatch.setattr(kept, "tabulate", counted)
    return graphs


def the_same(one: Table, other: Table) -> bool:
    return one.space == other.space


def test_a_table_is_made_once(cache: Path, made: list[Graph]) -> None:
    first = kept.kept(small_graph())
    second = kept.kept(small_graph())
    assert made == [small_graph()]
    assert the_same(first, SMALL)
    assert the_same(second, SMALL)
    assert [file.parent for file in kept.files()] == [cache]


def test_other_rules_have_a_table_of_their_own(cache: Path, made: list[Graph]) -> None:
    of = small_graph()
    other = replace(of, edges=(replace(of.edges[0], rules=()), *of.edges[1:]))
    kept.kept(of)
    kept.kept(other)
    assert made == [of, other]
    assert len(kept.files()) == 2


def test_other_code_has_a_table_of_its_own(made: list[Graph], monkeypatch: pytest.MonkeyPatch) -> None:
    kept.kept(small_graph())
    monkeypatch.setattr(kept, "_code", lambda: "0" * 16)
    kept.kept(small_graph())
    assert len(made) == 2
    assert len(kept.files()) == 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content[: len(content) // 2],
        lambda content: content + b"x",
        lambda content: content[:200] + bytes([content[200] ^ 1]) + content[201:],
        lambda content: b"not a table",
    ],
    ids=["empty", "cut by a byte", "cut in half", "longer", "one bit", "another file"],
)
def test_a_damaged_table_is_made_anew(damage: object, made: list[Graph]) -> None:
    kept.kept(small_graph())
    [file] = kept.files()
    whole = file.read_bytes()
    file.write_bytes(damage(whole))  # type: ignore[operator]
    assert the_same(kept.kept(small_graph()), SMALL)
    assert len(made) == 2
    assert file.read_bytes() == whole


def test_no_more_is_unpacked_of_a_forged_table_than_its_columns_take(made: list[Graph]) -> None:
    """What follows its head is 100 MB of zeros, and its digest fits."""
    kept.kept(small_graph())
    [file] = kept.files()
    head = file.read_bytes()[len(MAGIC) :].split(b"\n")[1]
    content = head + b"\n" + zlib.compress(bytes(100_000_000))
    file.write_bytes(MAGIC + hashlib.sha256(content).hexdigest().encode() + b"\n" + content)
    tracemalloc.start()
    try:
        again = kept.kept(small_graph())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert the_same(again, SMALL)
    assert len(made) == 2
    assert peak < 50_000_000


def test_a_table_of_other_rules_under_this_name_is_made_anew(made: list[Graph]) -> None:
    of = small_graph()
    other = replace(of, edges=(replace(of.edges[0], rules=()), *of.edges[1:]))
    kept.kept(other)
    [file] = kept.files()
    file.rename(kept.place(of))
    assert the_same(kept.kept(of), SMALL)
    assert made == [other, of]


def test_where_nothing_can_be_written_it_is_made_in_memory(
    tmp_path: Path, made: list[Graph], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_text("a file, in which no folder can be made")
    monkeypatch.setenv(kept.FOLDER, str(file / "cache"))
    assert the_same(kept.kept(small_graph()), SMALL)
    assert the_same(kept.kept(small_graph()), SMALL)
    assert len(made) == 2
    assert kept.files() == []


def test_a_user_without_a_home_keeps_none(made: list[Graph], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(kept.FOLDER)
    monkeypatch.setattr(kept, "user_cache", list)
    assert kept.folder() is None
    assert the_same(kept.kept(small_graph()), SMALL)
    assert (kept.files(), kept.forget()) == ([], [])


def test_a_folder_in_the_place_of_a_table(made: list[Graph]) -> None:
    place = kept.place(small_graph())
    assert place is not None
    place.mkdir(parents=True)
    assert the_same(kept.kept(small_graph()), SMALL)
    assert place.is_dir()


def test_where_and_forget(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["table", "--where"]) == 0
    assert capsys.readouterr().out == f"{cache}\n"
    kept.kept(small_graph())
    [file] = kept.files()
    (cache / "another.txt").write_text("not a table")
    assert main(["table", "--where"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == str(cache)
    assert second.endswith(f" MB  {file.name}")
    assert main(["table", "--forget"]) == 0
    assert capsys.readouterr().out == "1 file removed\n"
    assert [left.name for left in cache.iterdir()] == ["another.txt"]
    assert main(["table", "--forget"]) == 0
    assert capsys.readouterr().out == "0 files removed\n"
