"""The proof that the live machine and the table say the same, and that it would notice if they did not."""

from __future__ import annotations

import pytest

from ixastate.chart.builder import Transition, transitions_of
from ixastate.chart.chart import build_chart
from ixastate.course.live import machine
from ixastate.errors import ChartError
from ixastate.proofs import equality
from ixastate.proofs.equality import compare_configurations, prove_equal
from ixastate.rules import DEFAULT_EDITION
from tests.tables import EDITION_NAMES, sampled, table

SAMPLES = dict.fromkeys(EDITION_NAMES, 150) | {DEFAULT_EDITION: 400}


def live_move(source: str, symbol: str) -> Transition:
    [found] = [move for move in transitions_of(build_chart()) if (move.source.id, move.symbol) == (source, symbol)]
    return found


@pytest.mark.parametrize("edition", EDITION_NAMES)
def test_a_sample_of_every_edition_is_equal(edition: str) -> None:
    numbers = sampled(edition, SAMPLES[edition], seed=6)
    compared, unequal = compare_configurations(edition, numbers)
    assert unequal == []
    assert compared == sum(
        bool(table(edition).output[move]) for number in numbers for move in table(edition).row(number)
    )
    assert compared > 19 * SAMPLES[edition]


# --- What it would notice -------------------------------------------------------------------------------------


def first_with(*leaves: str) -> int:
    return next(number for number, one in enumerate(table().configurations) if set(leaves) <= set(one))


def test_a_fault_in_the_live_chart_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    number = first_with("neutropenia_held_ixazomib_next")
    assert compare_configurations(DEFAULT_EDITION, [number])[1] == []
    monkeypatch.setattr(live_move("neutropenia_held_ixazomib_next", "anc_low"), "orders", ())
    [one] = compare_configurations(DEFAULT_EDITION, [number])[1]
    assert (one.configuration, one.symbol) == (number, "anc_low")
    assert one.live != one.table
    assert "consider G-CSF" in one.table
    assert "consider G-CSF" not in one.live


def test_a_lost_rule_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    number = first_with("neutropenia_held_ixazomib_next")
    monkeypatch.setattr(live_move("neutropenia_held_ixazomib_next", "anc_low"), "rules", ("ANC-01",))
    [one] = compare_configurations(DEFAULT_EDITION, [number])[1]
    assert one.live.endswith("| ANC-01")
    assert one.table.endswith("| ANC-01 ANC-03 B-EPISODE")


def test_a_symbol_that_is_no_longer_raised_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    # What a move raises is what its action closes over; a lost one shows as an answer that is missing.
    move = live_move("ixazomib_given_4", "hold_ixazomib")
    number = first_with("ixazomib_given_4", "neutropenia_clear_ixazomib_next")
    monkeypatch.setattr(move, "symbol", "nothing")
    with pytest.raises(ChartError, match="goes unanswered"):
        compare_configurations(DEFAULT_EDITION, [number])


def test_a_fault_in_the_table_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = table()
    number = first_with("other_held")
    symbol = whole.symbols.index("other_resolved")
    move = whole.row(number)[symbol]
    before = whole.next[move]
    try:
        whole.next[move] = number
        [one] = compare_configurations(DEFAULT_EDITION, [number])[1]
    finally:
        whole.next[move] = before
    assert (one.configuration, one.symbol) == (number, "other_resolved")
    assert "other_clear_again" in one.live
    assert "other_held" in one.table
    assert compare_configurations(DEFAULT_EDITION, [number])[1] == []


# --- On all cores ---------------------------------------------------------------------------------------------


def proved(configurations: int) -> None:
    """Two workers agree with the table on every move of this many configurations, and are heard of."""
    heard: list[int] = []
    compared, unequal = prove_equal(DEFAULT_EDITION, configurations, heard.append, workers=2)
    assert unequal == []
    assert sum(heard) == configurations
    assert len(heard) == -(-configurations // equality.CHUNK)
    moves = range(configurations * len(table().symbols))
    assert compared == sum(bool(table().output[move]) for move in moves)


def test_a_worker_makes_its_own_table() -> None:
    proved(1)


def test_two_workers_prove_a_range(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equality, "CHUNK", 20)
    proved(50)


@pytest.mark.exhaustive
def test_two_workers_prove_more_than_a_chunk() -> None:
    proved(equality.CHUNK + 1)


def test_no_configurations_are_no_proof() -> None:
    assert prove_equal(DEFAULT_EDITION, 0, lambda _: None, workers=1) == (0, [])


def test_the_machine_that_is_compared_is_the_one_that_courses_run_on() -> None:
    assert machine(DEFAULT_EDITION).chart is build_chart(DEFAULT_EDITION)
