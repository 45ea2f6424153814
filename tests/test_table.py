"""The table: its columns, and that a saved one is loaded whole, or refused with a reason."""

from __future__ import annotations

import errno
import os
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ixastate.chart.status import status_of
from ixastate.errors import InputError, OutputError
from ixastate.orders import in_order
from ixastate.table.graph import Graph
from ixastate.table.table import MAGIC, Table, load, save
from tests.tables import edge_of, graph, sampled, small, small_graph, table

NO_FIXTURE_PROBLEM = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "small.table"
    save(small(), path)
    return path


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to be spoilt anew by every example."""
    return tmp_path_factory.mktemp("spoilt") / "table"


def header_of(saved: Path) -> bytes:
    return saved.read_bytes()[len(MAGIC) :].split(b"\n", 2)[1]


def end_of_header(saved: Path) -> int:
    header = header_of(saved)
    return saved.read_bytes().index(header) + len(header) + 1


# --- The columns ----------------------------------------------------------------------------------------------


def test_every_column_is_what_the_step_says() -> None:
    whole = table()
    for number in sampled("dosing-text", 100, seed=5):
        configuration = whole.configurations[number]
        assert whole.numbers[configuration] == number
        assert whole.statuses[number] == status_of(whole.graph.meanings, configuration)
        for symbol, move in zip(whole.symbols, whole.row(number), strict=True):
            said = whole.output[move]
            if not said:
                assert whole.next[move] == number
                continue
            moved = whole.graph.step(configuration, symbol)
            assert whole.configurations[whole.next[move]] == moved.after
            assert whole.edges[said] == moved.edges
            assert whole.orders[said] == moved.orders
            assert whole.rules[said] == moved.rules
            looked_up = whole.step(configuration, symbol)
            assert (looked_up, looked_up.edges) == (moved, moved.edges)


def test_the_first_is_screening_and_output_0_says_nothing() -> None:
    whole = table()
    assert whole.configurations[0] == ("screening",)
    assert whole.configurations[whole.final] == ("discontinued",)
    assert (whole.edges[0], whole.orders[0], whole.rules[0]) == ((), (), ())
    assert len(set(whole.edges)) == len(whole.edges)
    assert list(whole.row(3)) == list(range(81, 108))


def test_orders_stand_in_their_one_order_and_rules_in_the_files() -> None:
    places = list(table().graph.edition.rules)
    for orders, rules in zip(table().orders, table().rules, strict=True):
        assert orders == in_order(orders)
        assert [places.index(rule) for rule in rules] == sorted({places.index(rule) for rule in rules})


# --- Saved and loaded -----------------------------------------------------------------------------------------


def test_a_saved_table_is_loaded_as_it_was(tmp_path: Path) -> None:
    save(table(), tmp_path / "whole.table")
    again = load(tmp_path / "whole.table", graph())
    assert again.space == table().space
    assert again.configurations == table().configurations
    assert again.orders == table().orders


def test_the_same_table_makes_the_same_bytes(saved: Path, tmp_path: Path) -> None:
    save(small(), tmp_path / "again.table")
    assert (tmp_path / "again.table").read_bytes() == saved.read_bytes()
    # A table that was loaded is saved as it was.
    save(load(saved, small_graph()), tmp_path / "again.table")
    assert (tmp_path / "again.table").read_bytes() == saved.read_bytes()


def other_sentence(whole: Graph) -> Graph:
    rule = whole.edition.rules["PLT-01"].model_copy(update={"says": "Otherwise."})
    edition = whole.edition.model_copy(update={"rules": {**whole.edition.rules, "PLT-01": rule}})
    return replace(whole, edition=edition)


def other_edge(whole: Graph) -> Graph:
    edge = edge_of(whole, "rash_open_first --rash_grade_2_3--> stays")
    edges = (replace(edge, orders=()) if one is edge else one for one in whole.edges)
    return replace(whole, edges=tuple(edges))


@pytest.mark.parametrize(
    "of",
    [graph("dosing-text"), graph("us-label"), other_sentence(small_graph()), other_edge(small_graph())],
    ids=["another start", "another edition", "another sentence", "another edge"],
)
def test_a_table_of_other_rules_is_refused(saved: Path, of: Graph) -> None:
    with pytest.raises(InputError, match="the table was made of other rules or another chart") as caught:
        load(saved, of)
    assert (caught.value.where, caught.value.remedy) == (str(saved), "make it again with `ixastate table -o FILE`")


# --- Damage ---------------------------------------------------------------------------------------------------


def refused(path: Path, content: bytes) -> InputError:
    """The refusal of these bytes, which must name the file and a remedy."""
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        load(path, small_graph())
    assert caught.value.where == str(path)
    assert caught.value.remedy
    return caught.value


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.table", tmp_path):
        with pytest.raises(InputError, match="cannot be read") as caught:
            load(path, small_graph())
        assert caught.value.where == str(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"ixastate", MAGIC[:-1], b"ixastate table 2\n{}\n", b'{"type": "course_started"}\n', b"\x1f\x8b\x08"],
    ids=repr,
)
def test_another_kind_of_file_is_refused(spoilt: Path, content: bytes) -> None:
    assert refused(spoilt, content).what == "not a saved table"


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'"text"',
        b"\xff\xfe",
        b"{",
        b'{"fingerprint": 1}',
    ],
    ids=repr,
)
def test_a_header_that_is_none_is_refused(saved: Path, spoilt: Path, header: bytes) -> None:
    refused(spoilt, MAGIC + header)
    body = saved.read_bytes()[len(MAGIC) :].split(b"\n", 1)[1]
    refused(spoilt, MAGIC + header + b"\n" + body)


def test_a_truncated_file_is_refused(saved: Path, spoilt: Path) -> None:
    content = saved.read_bytes()
    head = end_of_header(saved)
    for length in [*range(0, head, 101), head - 1, head, head + 1, *range(head, len(content), 9_973), len(content) - 1]:
        refused(spoilt, content[:length])


@given(data=st.data())
@NO_FIXTURE_PROBLEM
def test_a_byte_changed_in_the_body_or_the_magic_is_refused(saved: Path, spoilt: Path, data: st.DataObject) -> None:
    content = bytearray(saved.read_bytes())
    head = end_of_header(saved)
    place = data.draw(st.one_of(st.integers(0, len(MAGIC) - 1), st.integers(head, len(content) - 1)))
    content[place] ^= data.draw(st.integers(1, 255))
    refused(spoilt, bytes(content))


def same(one: Table, other: Table) -> bool:
    return one.space == other.space


@given(data=st.data())
@example(data=None)
@NO_FIXTURE_PROBLEM
def test_a_byte_changed_in_the_header_is_refused_or_harmless(saved: Path, spoilt: Path, data: Any) -> None:
    content = bytearray(saved.read_bytes())
    header = header_of(saved)
    begins = content.index(header)
    if data is None:
        # One edge of an output for another: the orders and rules of every move that has it change.
        place = begins + header.index(b'"outputs": [[], [') + len(b'"outputs": [[], [')
        assert content[place : place + 1].isdigit()
        content[place] = ord("9") if content[place] != ord("9") else ord("8")
    else:
        place = begins + data.draw(st.integers(0, len(header) - 1))
        content[place] ^= data.draw(st.integers(1, 255))
    spoilt.write_bytes(bytes(content))
    try:
        loaded = load(spoilt, small_graph())
    except InputError:
        return
    assert same(loaded, small())


def test_a_header_with_fewer_configurations_than_the_body_is_refused(saved: Path, spoilt: Path) -> None:
    content = saved.read_bytes()
    number = b'"configurations": 3993'
    assert number in content
    refused(spoilt, content.replace(number, b'"configurations": 3893'))


# --- Whole or not at all --------------------------------------------------------------------------------------


def test_a_table_that_cannot_be_written_leaves_the_old_one(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "kept.table"
    path.write_bytes(saved.read_bytes())

    def full(*_: object) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("ixastate.files.os.fsync", full)
    with pytest.raises(OutputError, match="cannot be written") as caught:
        save(small(), path)
    assert caught.value.where == str(path)
    assert [one.name for one in tmp_path.iterdir()] == ["kept.table"]
    assert same(load(path, small_graph()), small())


def test_a_table_is_written_into_no_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        save(small(), tmp_path / "missing" / "x.table")
    assert list(tmp_path.iterdir()) == []


def test_a_table_survives_a_pickle() -> None:
    # Worker processes get tables this way.
    assert same(pickle.loads(pickle.dumps(small())), small())


@pytest.mark.parametrize("edition", ["dosing-text", "us-label"])
def test_what_is_told_once_for_many_configurations_is_what_each_means(edition: str) -> None:
    whole = table(edition)
    assert list(whole.statuses) == [status_of(whole.graph.meanings, leaves) for leaves in whole.configurations]


def test_a_configuration_has_the_leaves_of_its_bits_in_document_order() -> None:
    whole = table()
    leaves = whole.graph.leaves
    for bits, configuration in zip(whole.space.bits, whole.configurations, strict=True):
        assert configuration == tuple(leaf for place, leaf in enumerate(leaves) if bits >> place & 1)
