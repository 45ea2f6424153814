"""The chart of a dose: its size, its two arms, its properties and the faults that each finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from ixastate.chart.slot import DOSE_STATES
from ixastate.chart.slot_symbols import REPORTS, SLOT_SYMBOLS
from ixastate.errors import ChartError
from ixastate.proofs import equality
from ixastate.proofs.check import check
from ixastate.proofs.equality import compare_slot
from ixastate.proofs.slot.known import accounts
from ixastate.proofs.slot.mutants import SLOT_CHANGES, SlotMutant, slot_mutants
from ixastate.proofs.slot.properties import SLOT_PROPERTIES
from ixastate.table.slot import SlotGraph, SlotTable, read_slot
from tests.tables import EDITION_NAMES, graph

BY_NAME = {proposition.name: proposition for proposition in SLOT_PROPERTIES}


@cache
def every() -> list[SlotMutant]:
    return list(slot_mutants(read_slot()))


def killers(table: SlotTable) -> list[str]:
    return [found.proposition.name for found in check(table, SLOT_PROPERTIES) if found.breach is not None]


# --- Its size and its two arms --------------------------------------------------------------------------------


def test_how_large_the_machine_of_a_dose_is() -> None:
    table = SlotTable.of()
    assert (len(table.graph.leaves), len(table.graph.edges), len(table.graph.regions)) == (18, 193, 4)
    assert (len(DOSE_STATES), len(SLOT_SYMBOLS), len(REPORTS)) == (12, 14, 8)
    assert (len(table.configurations), len(table.moves)) == (84, 84 * 14)
    assert (len(accounts(table).walked), len(accounts(table).told)) == (712, 712 * 14)


@pytest.mark.parametrize("edition", EDITION_NAMES)
def test_the_machine_of_a_dose_is_proved_in_every_edition(edition: str) -> None:
    assert killers(SlotTable.of(edition)) == []
    assert SlotTable.of(edition).graph.edges == read_slot().edges, "the text on doses is the same in all of them"


def test_the_live_chart_and_the_table_agree_on_every_move(monkeypatch: pytest.MonkeyPatch) -> None:
    assert compare_slot("dosing-text") == (84 * 14, [])
    spoilt = next(one.table(SlotTable.of()) for one in every() if one.change == "order lost")
    monkeypatch.setattr(equality.SlotTable, "of", lambda edition: spoilt)
    assert compare_slot("dosing-text")[1], "and a difference is found"


def test_the_fingerprint_of_a_dose_is_its_own() -> None:
    """It sees every edge, and of the rules those that the edges rest on."""
    sound = read_slot()
    assert len({one.graph.fingerprint for one in every()} | {sound.fingerprint}) == len(every()) + 1
    rules = sound.edition.rules
    for rule, moves in (("ADM-11", True), ("B-CLARIFY", True), ("ANC-01", False), ("RASH-02", False)):
        other = rules | {rule: rules[rule].model_copy(update={"says": "Otherwise."})}
        edition = sound.edition.model_copy(update={"rules": other})
        assert (replace(sound, edition=edition).fingerprint != sound.fingerprint) is moves, rule
    assert sound.fingerprint != graph().fingerprint


def test_the_course_knows_nothing_of_the_symbols_of_a_dose() -> None:
    for edition in EDITION_NAMES:
        assert set(graph(edition).symbols) & set(SLOT_SYMBOLS) == set()
        verbs = {order.verb for edge in graph(edition).edges for order in edge.orders}
        assert verbs & {order.verb for edge in read_slot(edition).edges for order in edge.orders} == set()


@pytest.mark.parametrize(
    ("symbol", "complaint"), [("anc_low", "no symbol of a dose"), ("hold", "no dose answers 'hold'")]
)
def test_what_no_dose_answers_is_refused(symbol: str, complaint: str) -> None:
    with pytest.raises(ChartError, match=complaint):
        SlotTable.of().step(("screening",), symbol)


# --- Every property can fail ----------------------------------------------------------------------------------


def without(source: str, symbol: str) -> Callable[[SlotGraph], SlotGraph]:
    """The chart without the edges on this symbol from this state."""
    return lambda sound: replace(
        sound, edges=tuple(edge for edge in sound.edges if (edge.source, edge.symbol) != (source, symbol))
    )


def with_targets(source: str, symbol: str, *targets: str, orders: bool = True) -> Callable[[SlotGraph], SlotGraph]:
    """The chart in which the edges on this symbol from this state lead elsewhere, or order nothing besides."""

    def changed(sound: SlotGraph) -> SlotGraph:
        return replace(
            sound,
            edges=tuple(
                replace(edge, targets=targets, orders=edge.orders if orders else ())
                if (edge.source, edge.symbol) == (source, symbol)
                else edge
                for edge in sound.edges
            ),
        )

    return changed


FAULTS: dict[str, Callable[[SlotGraph], SlotGraph]] = {
    "a report has one answer": lambda sound: replace(
        sound, edges=tuple(replace(one, guard=None) for one in sound.edges)
    ),
    "every state answers every symbol": without("slot_due", "reported_vomited"),
    "one state of each region of a dose": with_targets("slot_due", "reported_vomited", "slot_window_shut"),
    "everything of a dose is used": with_targets("slot_ahead", "slot_reached", "slot_due"),
    "at most one dose a slot": with_targets("slot_taken_late", "reported_vomited", "slot_due"),
    "none close to the next slot": with_targets("slot_missed", "window_closed"),
    "none while ixazomib is held": with_targets("slot_missed", "hold"),
    "a dose withheld is not made up": with_targets("slot_withheld", "reported_missed", "slot_missed"),
    "none off the calendar": with_targets("slot_over", "reported_taken", orders=False),
    "vomiting repeats nothing": with_targets("slot_due", "reported_vomited", orders=True),
    "a dose that may be taken is as prescribed": with_targets("slot_due", "reported_missed", "slot_left_out"),
    "a missed dose is permitted or left out": with_targets(
        "slot_due", "reported_missed", "slot_left_out", orders=False
    ),
    "every excess is reviewed": with_targets("slot_due", "reported_late", "slot_due"),
    "every deviation is reviewed": with_targets("slot_due", "reported_below", "slot_taken", orders=False),
    "contradictions are answered": with_targets("slot_taken", "reported_missed", orders=False),
    "a missed dose is not doubled": without("slot_one_missed", "reported_above"),
    "the state says what was reported": with_targets("slot_due", "reported_taken", "slot_taken_late"),
    "the circumstances are kept": with_targets("slot_ixazomib_held", "release"),
    "a slot ends": with_targets("slot_taken", "next_slot"),
    "every order of a dose rests on its clause": lambda sound: replace(
        sound, edges=tuple(replace(one, rules=("K-RECORD",)) for one in sound.edges)
    ),
}


def test_there_is_a_fault_for_every_property() -> None:
    assert list(FAULTS) == [one.name for one in SLOT_PROPERTIES] == list(BY_NAME)


@pytest.mark.parametrize("name", FAULTS, ids=list(FAULTS))
def test_a_property_fails(name: str) -> None:
    broken = SlotTable(FAULTS[name](read_slot()))
    (finding,) = check(broken, [BY_NAME[name]])
    assert finding.breach is not None
    assert set(finding.symbols) <= set(SLOT_SYMBOLS)


def test_a_breach_comes_with_a_shortest_course() -> None:
    """Held after it was missed: two symbols and the intake, which passes without a review."""
    broken = SlotTable(FAULTS["none while ixazomib is held"](read_slot()))
    (finding,) = check(broken, [BY_NAME["none while ixazomib is held"]])
    assert finding.symbols == ("slot_reached", "reported_missed", "hold", "reported_taken")
    assert finding.breach is not None
    assert finding.breach.why == "a dose during a hold passes without a review"


# --- Every mutant is found ------------------------------------------------------------------------------------


def test_the_mutants_are_whole_and_the_same_each_time() -> None:
    kinds = Counter(mutant.change for mutant in every())
    assert set(kinds) == {*(change.__name__.replace("_", " ") for change in SLOT_CHANGES), "transition lost"}
    assert kinds["transition lost"] == len(read_slot().edges)
    assert kinds["target moved"] > 1500
    assert len({mutant.name for mutant in every()}) == len(every()) > 2500
    assert [mutant.name for mutant in slot_mutants(read_slot())] == [mutant.name for mutant in every()]


def test_a_mutant_differs_from_the_chart_where_it_says() -> None:
    """The machine of a mutant that takes over what its edge has no say in is the one that is made from nothing."""
    for mutant in every()[::200]:
        quick, slow = mutant.table(SlotTable.of()), SlotTable(mutant.graph)
        assert quick.configurations == slow.configurations
        assert quick.moves == slow.moves


@pytest.mark.parametrize("place", range(47))
def test_a_mutant_is_found_by_a_named_property(place: int) -> None:
    """One in sixty, spread over every kind."""
    for mutant in every()[place * 60 + 7 : place * 60 + 8]:
        assert killers(mutant.table(SlotTable.of())), mutant.name


@pytest.mark.exhaustive
def test_every_mutant_is_found_by_a_named_property() -> None:
    first: Counter[str] = Counter()
    for mutant in every():
        found = next((one for one in check(mutant.table(SlotTable.of()), SLOT_PROPERTIES) if one.breach), None)
        assert found is not None, mutant.name
        first[found.proposition.name] += 1
    print(f"{len(every())} mutants", *(f"{count:>5} {name}" for name, count in first.most_common()), sep="\n")
