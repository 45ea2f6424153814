"""Where two editions part: at the end of a shortest course, which the living machines confirm."""

from __future__ import annotations

from collections import deque
from functools import cache
from itertools import combinations

import pytest

from ixastate.course.course import Course
from ixastate.errors import ChartError
from ixastate.orders import Order
from ixastate.proofs.compare import Parting, compare
from ixastate.proofs.report import parting_lines
from ixastate.rules import load_edition
from ixastate.table.table import Table, tabulate
from ixastate.table.witness import witness
from tests.tables import EDITION_NAMES, graph, starting_only, table

# The symbols of each toxicity, written out by hand.
TOXICITIES: dict[str, tuple[str, ...]] = {
    "neutrophils": ("anc_low", "anc_recovered"),
    "platelets": ("platelets_low", "platelets_recovered"),
    "neuropathy": (
        "neuropathy_moderate",
        "neuropathy_severe",
        "neuropathy_grade_4",
        "neuropathy_resolved",
        "neuropathy_resolved_agreed",
    ),
    "rash": ("rash_grade_2_3", "rash_grade_4", "rash_resolved"),
    "other": ("other_onset", "other_onset_related", "other_persists", "other_resolved", "other_resolved_related"),
    "new cycle": ("new_cycle_met", "new_cycle_unmet"),
    "the ends": ("progression", "intolerable_toxicity", "death", "withdrawal"),
}


TEXT, LABEL, CONFIRM, EXHAUST, PERSIST, STACK = EDITION_NAMES
PAIRS = [
    pytest.param(*pair, marks=[] if pair[0] == TEXT else pytest.mark.exhaustive)
    for pair in combinations(EDITION_NAMES, 2)
]
each_pair = pytest.mark.parametrize(("left", "right"), PAIRS)
whole_or_part = pytest.mark.parametrize("of", [pytest.param("whole", marks=pytest.mark.exhaustive), "part"])


@cache
def part(edition: str) -> Table:
    """An edition with a start at 3 and 10 mg alone, which is walked in a moment."""
    return tabulate(starting_only(graph(edition), "start_3_10"))


@cache
def partings(left: str, right: str, of: str) -> dict[str, Parting]:
    tables = map(table if of == "whole" else part, (left, right))
    return {parting.toxicity: parting for parting in compare(*tables)}


def reduce(drug: str, mg: float) -> Order:
    return Order("reduce", drug, mg)  # type: ignore[arg-type]


def reductions(parting: Parting) -> tuple[list[Order], list[Order]]:
    left, right = ([order for order in orders if order.verb == "reduce"] for orders in (parting.left, parting.right))
    return left, right


def last_orders(symbols: tuple[str, ...], edition: str, seen_by: str) -> tuple[Order, ...]:
    """What the living machine of an edition asks for at the end of a course."""
    course = Course(edition=edition)
    for event in witness(symbols, load_edition(seen_by)):
        record = course.observe(event)
    return record.orders


# --- The dosing text and the label ----------------------------------------------------------------------------


@pytest.mark.exhaustive
def test_the_text_and_the_label_as_they_part_from_the_usual_start() -> None:
    found = partings(TEXT, LABEL, "whole")
    assert list(found) == ["neutrophils", "platelets", "neuropathy", "rash", "other", "new cycle"]
    assert found["neutrophils"].symbols == ("start_4_25", "anc_low", "anc_recovered")
    assert reductions(found["neutrophils"]) == ([reduce("ixazomib", 3)], [reduce("lenalidomide", 20)])
    assert found["rash"].symbols == ("start_4_25", "rash_grade_2_3")
    assert found["new cycle"].symbols == ("start_4_25", "new_cycle_unmet")


@pytest.mark.parametrize(
    ("symbols", "left", "right"),
    [
        ("anc_low anc_recovered", "reduce ixazomib to 3 mg", "reduce lenalidomide to 20 mg"),
        ("rash_grade_2_3", "reduce lenalidomide to 20 mg", "hold lenalidomide"),
        ("new_cycle_unmet", "", "hold ixazomib"),
    ],
)
def test_from_the_usual_start_the_living_machines_part_there(symbols: str, left: str, right: str) -> None:
    course = ("start_4_25", *symbols.split())
    assert next(map(str, last_orders(course, TEXT, LABEL)), "") == left
    assert next(map(str, last_orders(course, LABEL, LABEL)), "") == right
    for length in range(1, len(course)):
        assert last_orders(course[:length], TEXT, LABEL) == last_orders(course[:length], LABEL, LABEL)


def test_the_text_and_the_label_part_first_over_neutrophils() -> None:
    first = next(iter(partings(TEXT, LABEL, "part").values()))
    assert first.toxicity == "neutrophils"
    assert first.symbols == ("start_3_10", "anc_low", "anc_recovered")
    assert reductions(first) == ([reduce("ixazomib", 2.3)], [reduce("lenalidomide", 5)])


def test_they_part_at_the_first_rash() -> None:
    rash = partings(TEXT, LABEL, "part")["rash"]
    assert rash.symbols == ("start_3_10", "rash_grade_2_3")
    assert (rash.left, rash.right) == ((reduce("lenalidomide", 5),), (Order("hold", "lenalidomide"),))


def test_they_part_at_a_new_cycle_of_which_the_text_knows_nothing() -> None:
    cycle = partings(TEXT, LABEL, "part")["new cycle"]
    assert cycle.symbols == ("start_3_10", "new_cycle_unmet")
    assert (cycle.left, cycle.right) == ((), (Order("hold", "ixazomib"), Order("hold", "lenalidomide")))


def test_the_other_readings_part_where_they_differ() -> None:
    assert list(partings(TEXT, EXHAUST, "part")) == ["neutrophils", "platelets", "rash"]
    for parting in partings(TEXT, EXHAUST, "part").values():
        assert {order.verb for order in parting.left} == {"stop"}
        assert "hold" in {order.verb for order in parting.right}
    stacks = partings(TEXT, STACK, "part")
    assert stacks["platelets"].symbols == ("start_3_10", "platelets_low", "rash_grade_2_3", "platelets_recovered")
    assert reduce("lenalidomide", 5) in stacks["platelets"].left
    assert reduce("lenalidomide", 2.5) in stacks["platelets"].right


def test_what_persists_parts_at_the_first_report_that_is_made_twice_at_the_floor() -> None:
    found = partings(TEXT, PERSIST, "part")
    low = ("start_3_10", "anc_low", "anc_recovered")
    assert {name: parting.symbols for name, parting in found.items()} == {
        "platelets": (*low, "platelets_low", "platelets_low"),
        "neuropathy": (*low, "neuropathy_moderate", "neuropathy_moderate"),
        "rash": (*low, "rash_grade_2_3", "rash_grade_2_3"),
        "other": (*low, "other_onset", "other_persists"),
    }
    for name, parting in found.items():
        assert parting.left == ((Order("review_rash"),) if name == "rash" else ())
        assert parting.right == tuple(Order("stop", drug) for drug in ("ixazomib", "lenalidomide", "dexamethasone"))


def test_what_must_be_confirmed_parts_at_the_first_low_count() -> None:
    found = partings(TEXT, CONFIRM, "part")
    assert {name: parting.symbols for name, parting in found.items()} == {
        "neutrophils": ("start_3_10", "anc_low"),
        "platelets": ("start_3_10", "platelets_low"),
    }
    held = (Order("hold", "ixazomib"), Order("hold", "lenalidomide"))
    assert found["neutrophils"].left == (*held, Order("consider_g_csf"))
    assert found["platelets"].left == held
    assert {parting.right for parting in found.values()} == {(Order("repeat_count"),)}


# --- Every pair -----------------------------------------------------------------------------------------------


@whole_or_part
@each_pair
def test_the_living_machines_ask_for_just_that(left: str, right: str, of: str) -> None:
    assert partings(left, right, of)
    for parting in partings(left, right, of).values():
        knowing = right if set(parting.symbols) <= set(graph(right).symbols) else left
        assert parting.left != parting.right
        assert last_orders(parting.symbols, left, knowing) == parting.left
        assert last_orders(parting.symbols, right, knowing) == parting.right
        for length in range(1, len(parting.symbols)):
            before = parting.symbols[:length]
            assert last_orders(before, left, knowing) == last_orders(before, right, knowing)


@each_pair
def test_the_pairs_that_are_counted_are_those_of_a_plain_walk(left: str, right: str) -> None:
    """Sets of states by their names, one symbol after the other; a symbol that an edition lacks does nothing there."""
    tables = part(left), part(right)
    known = sorted({*tables[0].symbols, *tables[1].symbols})
    places = [{one: place for place, one in enumerate(of.configurations)} for of in tables]
    columns = [{name: place for place, name in enumerate(of.symbols)} for of in tables]

    def answer(which: int, configuration: tuple[str, ...], symbol: str) -> tuple[tuple[str, ...], tuple[Order, ...]]:
        of = tables[which]
        if symbol not in columns[which]:
            return configuration, ()
        move = places[which][configuration] * len(columns[which]) + columns[which][symbol]
        return of.configurations[of.next[move]], of.orders[of.output[move]]

    begin = tables[0].configurations[0], tables[1].configurations[0]
    seen, waiting = {begin}, deque([begin])
    parted: dict[str, set[object]] = {}
    while waiting:
        pair = waiting.popleft()
        for symbol in known:
            (one, says), (other, says_too) = (answer(which, pair[which], symbol) for which in (0, 1))
            if says != says_too:
                parted.setdefault(symbol, set()).add(pair)
            elif (one, other) not in seen:
                seen.add((one, other))
                waiting.append((one, other))
    for toxicity, parting in partings(left, right, "part").items():
        assert parting.together == len(seen)
        assert parting.configurations == len(set().union(*(parted.get(name, ()) for name in TOXICITIES[toxicity])))


@whole_or_part
@each_pair
def test_the_last_symbol_is_of_the_toxicity(left: str, right: str, of: str) -> None:
    for toxicity, parting in partings(left, right, of).items():
        assert parting.symbols[-1] in TOXICITIES[toxicity]
        assert 0 < parting.configurations <= parting.together
    assert len({parting.together for parting in partings(left, right, of).values()}) == 1


def test_every_symbol_belongs_to_one_toxicity() -> None:
    named = [symbol for symbols in TOXICITIES.values() for symbol in symbols]
    assert len(named) == len(set(named))
    starts = {symbol for symbol in graph(LABEL).symbols if symbol.startswith("start_")}
    assert set(named) | starts == set(graph(LABEL).symbols) | set(graph(PERSIST).symbols)


@whole_or_part
@each_pair
def test_turned_round_they_part_at_the_same_places(left: str, right: str, of: str) -> None:
    one, other = partings(left, right, of), partings(right, left, of)
    assert list(one) == list(other)
    for toxicity in one:
        here, there = one[toxicity], other[toxicity]
        assert len(here.symbols) == len(there.symbols)
        assert (here.configurations, here.together) == (there.configurations, there.together)
        # Of two courses of one length the first by the left edition's alphabet is taken.
        if here.symbols == there.symbols:
            assert (here.left, here.right) == (there.right, there.left)
    if LABEL not in (left, right):
        assert [parting.symbols for parting in one.values()] == [parting.symbols for parting in other.values()]


def test_turned_round_the_text_and_the_label_part_at_the_end_of_the_same_courses() -> None:
    one, other = partings(TEXT, LABEL, "part"), partings(LABEL, TEXT, "part")
    assert [parting.symbols for parting in one.values()] == [parting.symbols for parting in other.values()]


@whole_or_part
@pytest.mark.parametrize(
    "edition", [TEXT, CONFIRM, EXHAUST, PERSIST, STACK, pytest.param(LABEL, marks=pytest.mark.exhaustive)]
)
def test_an_edition_does_not_part_from_itself(edition: str, of: str) -> None:
    assert partings(edition, edition, of) == {}


def alone(left: Table, right: Table, symbols: tuple[str, ...]) -> int | None:
    """How long the shortest course of these symbols is at whose end they part, by the slow step of each."""

    def said(of: Table, configuration: tuple[str, ...], symbol: str) -> tuple[tuple[str, ...], tuple[Order, ...]]:
        try:
            moved = of.graph.step(configuration, symbol)
        except (ChartError, KeyError):
            return configuration, ()
        return moved.after, moved.orders

    start = (left.graph.initial, right.graph.initial)
    queue = deque([(start, 0)])
    seen = {start}
    while queue:
        (one, other), length = queue.popleft()
        for symbol in symbols:
            after_one, orders_one = said(left, one, symbol)
            after_other, orders_other = said(right, other, symbol)
            if orders_one != orders_other:
                return length + 1
            pair = (after_one, after_other)
            if pair not in seen:
                seen.add(pair)
                queue.append((pair, length + 1))
    return None


@each_pair
def test_no_course_of_one_toxicity_parts_them_earlier(left: str, right: str) -> None:
    for toxicity, symbols in TOXICITIES.items():
        length = alone(part(left), part(right), ("start_3_10", *symbols))
        parting = partings(left, right, "part").get(toxicity)
        if parting is None:
            assert length is None
        elif set(parting.symbols[1:]) <= set(symbols):
            assert length == len(parting.symbols)
        else:
            assert length is None


def test_a_start_that_only_one_of_them_knows_is_a_parting() -> None:
    left, right = part(TEXT), tabulate(starting_only(graph(), "start_3_5"))
    [parting] = compare(left, right)
    assert (parting.toxicity, parting.symbols, parting.right) == ("the start", ("start_3_10",), ())
    assert Order("start", "lenalidomide", 10.0) in parting.left


# --- In words -------------------------------------------------------------------------------------------------


def test_a_parting_is_told_with_its_events_and_both_answers() -> None:
    for left, right in ((TEXT, LABEL), (LABEL, TEXT)):
        lines = list(parting_lines(partings(left, right, "part")["new cycle"], part(left), part(right)))
        assert lines[0] == "new cycle: they part after 2 events"
        assert lines[1].startswith("  day 1: course starts: monday at 08:00")
        assert lines[2].startswith("  day 2: before a new cycle: neutrophils 999 /mm3, platelets 75000 /mm3")
        answers = {line.split("  ")[1]: line for line in lines[3:5]}
        assert answers[TEXT].endswith("nothing is asked for")
        assert answers["us-label"].endswith("hold ixazomib; hold lenalidomide")
        assert "part at the next event of this kind" in lines[5]
        assert lines[6:] == [""]
