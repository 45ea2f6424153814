"""Every reachable configuration: the fast step is the slow one, each course leads where it says, none is shorter."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ixastate.chart.guards import Guard, none_active, some_active
from ixastate.errors import ChartError
from ixastate.table.explore import Walker, explore
from tests.tables import (
    EDITION_NAMES,
    changed,
    depths,
    edge_of,
    follow,
    graph,
    sampled,
    small,
    small_graph,
    starting_only,
    table,
)

# The README quotes the first of these.
SIZES = {
    "dosing-text": 46_919,
    "us-label": 154_393,
    "what-if-confirm": 98_465,
    "what-if-exhaust-b": 49_641,
    "what-if-persist": 46_919,
    "what-if-stack-b": 52_402,
}
MOVES = {
    "dosing-text": 938_349,
    "us-label": 3_396_611,
    # As in the dosing text: 20 symbols on each configuration on treatment, and screening's own 9.
    "what-if-confirm": 98_463 * 20 + 9,
    "what-if-exhaust-b": 992_789,
    # As the dosing text's, and one more on each of the 46,917 configurations on treatment.
    "what-if-persist": 938_349 + 46_917,
    "what-if-stack-b": 1_048_009,
}
STARTS = ("start_4_25", "start_4_10", "start_3_25", "start_3_15", "start_3_10", "start_3_5")
OTHERS = (
    "anc_low",
    "anc_recovered",
    "death",
    "intolerable_toxicity",
    "neuropathy_grade_4",
    "neuropathy_moderate",
    "neuropathy_resolved",
    "neuropathy_resolved_agreed",
    "neuropathy_severe",
    "other_onset",
    "other_onset_related",
    "other_resolved",
    "other_resolved_related",
    "platelets_low",
    "platelets_recovered",
    "progression",
    "rash_grade_2_3",
    "rash_grade_4",
    "rash_resolved",
    "start_blocked",
    "withdrawal",
)
NEW_CYCLE = ("new_cycle_met", "new_cycle_unmet")


@pytest.mark.parametrize("edition", EDITION_NAMES)
def test_the_size_of_each_edition(edition: str) -> None:
    space = table(edition).space
    assert len(space.bits) == len(set(space.bits)) == len(space.came_from) == SIZES[edition]
    assert len(space.next) == len(space.output) == SIZES[edition] * len(space.graph.symbols)
    assert sum(1 for said in space.output if said) == MOVES[edition]


@pytest.mark.parametrize("edition", EDITION_NAMES)
def test_the_alphabet_has_the_starts_first_and_the_usual_one_before_all(edition: str) -> None:
    own = {"us-label": NEW_CYCLE, "what-if-persist": ("other_persists",)}.get(edition, ())
    assert graph(edition).symbols == (*STARTS, *sorted(OTHERS + own))
    assert graph(edition).internal == tuple(
        f"{verb}_{drug}" for verb in ("hold", "owe", "release") for drug in ("ixazomib", "lenalidomide")
    )


@pytest.mark.parametrize("edition", EDITION_NAMES)
def test_the_fast_step_is_the_slow_one(edition: str) -> None:
    whole, space = graph(edition), table(edition).space
    walker = Walker(whole)
    width = len(whole.symbols)
    for number in sampled(edition, 250, seed=2):
        configuration = walker.decode(space.bits[number])
        for symbol, name in enumerate(whole.symbols):
            move = number * width + symbol
            if not space.output[move]:
                assert space.next[move] == number
                continue
            slow = whole.step(configuration, name)
            after, edges = walker.step(space.bits[number], symbol)
            assert walker.decode(after) == slow.after
            assert edges == slow.edges
            assert (space.bits[space.next[move]], space.outputs[space.output[move]]) == (after, edges)


@pytest.mark.parametrize("edition", EDITION_NAMES)
def test_each_course_leads_there(edition: str) -> None:
    whole, space = graph(edition), table(edition).space
    for number in sampled(edition, 250, seed=3):
        configuration = whole.initial
        for symbol in space.course_to(number):
            configuration = whole.step(configuration, symbol).after
        assert configuration == table(edition).configurations[number]
    assert space.course_to(0) == []


@pytest.mark.parametrize("edition", ["dosing-text", "what-if-stack-b"])
def test_no_course_is_shorter(edition: str) -> None:
    # By the definition of a breadth-first walk, and by a second walk over the table.
    space = table(edition).space
    depth = [0] * len(space.bits)
    for number, (parent, _) in enumerate(space.came_from):
        assert parent < number or number == 0
        depth[number] = depth[parent] + (number > 0)
    assert depth == sorted(depth)
    assert depth == depths(table(edition))
    for number in sampled(edition, 100, seed=4):
        assert len(space.course_to(number)) == depth[number]


def test_screening_and_the_end_take_in_their_own_symbols_alone() -> None:
    whole = table()
    taken = [
        {name for name, move in zip(whole.symbols, whole.row(number), strict=True) if whole.output[move]}
        for number in (0, 1, whole.final)
    ]
    assert taken[0] == {*STARTS, "start_blocked", "death", "withdrawal"}
    assert taken[1] == set(OTHERS) - {"start_blocked"}
    assert taken[2] == set()
    assert whole.space.outputs[0] == ()


def test_moves_are_every_move_that_is_taken_in() -> None:
    space = small().space
    moves = list(space.moves())
    width = len(space.graph.symbols)
    assert len(moves) == sum(1 for said in space.output if said)
    for number, symbol, after, edges in moves:
        assert edges
        assert space.next[number * width + symbol] == after
        assert space.graph.edges[edges[0]].symbol == space.graph.symbols[symbol]


def test_exploring_twice_finds_the_same() -> None:
    assert explore(small_graph()) == small().space


def test_a_configuration_survives_its_bits() -> None:
    walker = Walker(small_graph())
    for bits, configuration in zip(small().space.bits, small().configurations, strict=True):
        assert walker.encode(configuration) == bits


def test_a_chart_that_leaves_a_symbol_unanswered_is_refused_with_the_place() -> None:
    guard = "neuropathy_clear_first --neuropathy_severe [ixazomib at its floor]--> discontinued"
    deaf = changed(small_graph(), guard, guard=some_active("never", ["screening"]))
    with pytest.raises(ChartError, match="'neuropathy_severe' goes unanswered") as caught:
        explore(deaf)
    assert "ixazomib_given_2_3" in caught.value.where
    lost = "lenalidomide_given_5 --hold_lenalidomide--> lenalidomide_held_5"
    with pytest.raises(ChartError, match="'hold_lenalidomide' goes unanswered"):
        explore(changed(small_graph(), lost, guard=some_active("never", ["screening"])))


def test_a_guard_of_no_known_kind_is_refused() -> None:
    text = "neuropathy_held_moderate --neuropathy_moderate--> stays"
    with pytest.raises(ChartError, match="the guard 'odd' is of no known kind"):
        explore(changed(small_graph(), text, guard=Odd()))


class Odd(Guard):
    """A guard that is neither a leaf nor joined."""

    name = "odd"


FIRST, HELD = some_active("first", ["rash_clear_first"]), some_active("held", ["other_held"])
NOT_HELD = none_active("not held", ["other_held"])


@pytest.mark.parametrize(
    "guard",
    [
        (FIRST & NOT_HELD).negated(),
        FIRST & some_active("held or over", ["other_held", "other_clear_again"]),
        none_active("not first", ["rash_clear_first"]) | NOT_HELD,
        FIRST & NOT_HELD,
        none_active("later", ["rash_clear_first", "rash_open_first"]) | HELD,
        some_active("held or over", ["other_held", "other_clear_again"]).negated(),
    ],
    ids=str,
)
def test_guards_of_every_form_mean_the_same_in_bits(guard: Guard) -> None:
    # The guard opens a way that skips the severe neuropathy's agreement, so that it shows in the space.
    stays = "neuropathy_held_severe --neuropathy_resolved--> stays"
    odd = edge_of(small_graph(), stays)
    edges = (
        replace(edge, targets=("neuropathy_clear_again",), guard=guard) if edge.number == odd.number else edge
        for edge in small_graph().edges
    )
    last = replace(odd, number=len(small_graph().edges))
    guarded = replace(small_graph(), edges=(*edges, last))
    space = explore(guarded)
    walker = Walker(guarded)
    symbol = guarded.symbols.index("neuropathy_resolved")
    seen = set()
    for bits in space.bits[1::7]:
        configuration = walker.decode(bits)
        if configuration == guarded.final:
            continue
        slow = guarded.step(configuration, "neuropathy_resolved")
        after, edge_numbers = walker.step(bits, symbol)
        assert (walker.decode(after), edge_numbers) == (slow.after, slow.edges)
        seen.add(edge_numbers)
    assert {(odd.number,), (last.number,)} <= seen


def test_the_small_table_is_a_part_of_the_whole_one() -> None:
    assert set(small().configurations) < set(table().configurations)
    begin = follow(table(), ["start_3_5"])[-1]
    assert small().configurations[1] == table().configurations[begin]
    assert len(small().configurations) == 3_993
    assert starting_only(graph(), "start_3_5") == small_graph()
