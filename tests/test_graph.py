"""The chart as plain data: what is refused, what is frozen, what the fingerprint sees, and that its step is the
live machine's.
"""

from __future__ import annotations

import os
import subprocess
import sys
import types
from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest
from statemachine import State

from ixastate.chart.builder import transition, transitions_of
from ixastate.chart.chart import STOP, CourseChart, build_chart
from ixastate.chart.guards import Guard, some_active
from ixastate.course.live import machine
from ixastate.errors import ChartError, RulesError
from ixastate.orders import Order
from ixastate.rules import Edition, load_edition
from ixastate.table.graph import Graph, read
from tests.tables import EDITION_NAMES, changed, edge_of, graph, sampled, table

GUARDED = "neuropathy_clear_again --neuropathy_moderate [ixazomib above its floor]--> neuropathy_held_moderate"
ON_TREATMENT = "ixazomib_given_4 lenalidomide_given_25 neutropenia_clear_ixazomib_next thrombocytopenia_clear_first"
BEGIN = (*ON_TREATMENT.split(), "neuropathy_clear_first", "rash_clear_first", "other_clear_first")


# --- What is refused ------------------------------------------------------------------------------------------


def tiny(rules: str = "K-RECORD", when: Guard | None = None) -> type[CourseChart]:
    """A chart of one transition."""
    before, after = State(initial=True), State(final=True)
    transition(before, "go", after, rules, when=when, orders=[Order("consider_g_csf")])
    body = {"before": before, "after": after, "edition": load_edition(), "meanings": {}, "unreachable": ()}
    chart: type[CourseChart] = types.new_class("Tiny", (CourseChart,), {}, lambda names: names.update(body))
    return chart


def test_a_chart_is_read_with_what_its_transition_carries() -> None:
    tiny_graph = read(tiny(when=some_active("never", ["after"])))
    [edge] = tiny_graph.edges
    assert (edge.number, edge.source, edge.symbol, edge.targets) == (0, "before", "go", ("after",))
    assert (edge.guard, edge.raised) == (some_active("never", ["after"]), ())
    assert edge.guard is not None
    assert edge.guard.expression == "In('after')"
    assert (edge.orders, edge.rules) == ((Order("consider_g_csf"),), ("K-RECORD",))
    assert str(edge) == "before --go [never]--> after"
    assert (tiny_graph.initial, tiny_graph.final, tiny_graph.leaves) == (("before",), ("after",), ("before", "after"))


def test_an_edge_without_a_rule_is_refused() -> None:
    with pytest.raises(ChartError, match=r"before: the transition on 'go' rests on no rule"):
        read(tiny(rules=""))


def test_an_edge_of_the_chart_that_loses_its_rules_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    chart = build_chart()
    victim = transitions_of(chart)[40]
    monkeypatch.setattr(victim, "rules", ())
    with pytest.raises(ChartError, match="rests on no rule") as caught:
        read(chart)
    assert caught.value.where == victim.source.id


def test_an_edge_with_an_unknown_rule_is_refused() -> None:
    with pytest.raises(RulesError, match="there is no rule 'ANC-99'"):
        read(tiny(rules="ANC-99"))


def test_a_guard_on_a_state_that_is_no_leaf_is_refused() -> None:
    for name in ("rash", "nowhere"):
        with pytest.raises(ChartError, match=f"before: the guard 'odd' asks about '{name}', which is no leaf"):
            read(tiny(when=some_active("odd", ["after", name])))


def test_a_symbol_that_nothing_answers_is_an_error() -> None:
    with pytest.raises(ChartError, match="screening: 'anc_low' goes unanswered"):
        graph().step(("screening",), "anc_low")


def test_a_raised_symbol_that_nothing_answers_is_an_error() -> None:
    deaf = changed(graph(), "ixazomib_given_4 --hold_ixazomib--> ixazomib_held_4", symbol="nothing")
    with pytest.raises(ChartError, match="'hold_ixazomib' goes unanswered"):
        deaf.step(BEGIN, "anc_low")


# --- Frozen, sorted, the same everywhere ----------------------------------------------------------------------


@pytest.mark.parametrize("edition", EDITION_NAMES)
def test_a_graph_is_frozen_and_sorted(edition: str) -> None:
    whole = graph(edition)
    for value, name in ((whole, "edges"), (whole.nodes[0], "id"), (whole.edges[0], "targets")):
        with pytest.raises(FrozenInstanceError):
            setattr(value, name, ())
    assert [edge.number for edge in whole.edges] == list(range(len(whole.edges)))
    places = [(edge.source, edge.symbol) for edge in whole.edges]
    assert places == sorted(places)
    assert len(set(map(str, whole.edges))) == len(whole.edges)
    assert all(edge.rules == whole.edition.cite(edge.rules) != () for edge in whole.edges)
    assert whole == read(build_chart(edition))


def test_states_stand_in_document_order_each_below_its_parent() -> None:
    seen = [""]
    for node in graph().nodes:
        assert node.parent in seen
        seen.append(node.id)
    assert [node.id for node in graph().nodes if node.kind == "parallel"] == ["on_treatment"]
    toxicities = ["neutropenia", "thrombocytopenia", "neuropathy", "rash", "other"]
    assert [*graph().regions] == ["ixazomib", "lenalidomide", *toxicities]
    in_regions = [leaf for leaves in graph().regions.values() for leaf in leaves]
    assert graph().leaves == ("screening", *in_regions, "discontinued")
    assert graph().ancestry("rash_open_first") == ["rash_open_first", "rash", "on_treatment"]
    assert graph().entered(("discontinued",)) == graph().final == ("discontinued",)
    assert graph().step(("screening",), "start_4_25").after == BEGIN


PRINT = """
from ixastate.chart.chart import build_chart
from ixastate.table.graph import read
from ixastate.rules import EDITIONS
for name in EDITIONS:
    graph = read(build_chart(name))
    print(name, graph.fingerprint, *graph.symbols, *map(str, graph.edges))
"""


def test_graphs_are_equal_in_processes_with_other_hash_seeds() -> None:
    said = [
        subprocess.run(
            [sys.executable, "-c", PRINT],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=True,
        ).stdout
        for seed in ("1", "4021")
    ]
    assert said[0] == said[1]
    assert [line.split()[1] for line in said[0].splitlines()] == [graph(name).fingerprint for name in EDITION_NAMES]


# --- The fingerprint ------------------------------------------------------------------------------------------


def with_rule(whole: Graph, rule_id: str, **parts: Any) -> Graph:
    rule = whole.edition.rules[rule_id].model_copy(update=parts)
    edition: Edition = whole.edition.model_copy(update={"rules": {**whole.edition.rules, rule_id: rule}})
    return replace(whole, edition=edition)


def other_number(whole: Graph) -> Graph:
    numbers = whole.edition.rules["ANC-01"].numbers
    return with_rule(whole, "ANC-01", numbers={"anc": numbers["anc"].model_copy(update={"value": 501})})


def _guard(whole: Graph) -> Guard:
    guard = edge_of(whole, GUARDED).guard
    assert guard is not None
    return guard


CHANGES: dict[str, Callable[[Graph], Graph]] = {
    "a rule's number": other_number,
    "a rule's sentence": lambda g: with_rule(g, "ANC-01", says=g.edition.rules["ANC-01"].says + " "),
    "a rule's line": lambda g: with_rule(g, "ANC-01", lines=(99,)),
    "an edge's guard": lambda g: changed(g, GUARDED, guard=_guard(g) | some_active("other", ["other_held"])),
    "an edge's target": lambda g: changed(g, GUARDED, targets=("neuropathy_held_severe",)),
    "an edge's raised symbol": lambda g: changed(g, GUARDED, raised=("hold_lenalidomide",)),
    "an edge's orders": lambda g: changed(g, GUARDED, orders=STOP),
    "an edge's rules": lambda g: changed(g, GUARDED, rules=("PN-01",)),
    "an edge's symbol": lambda g: changed(g, GUARDED, symbol="neuropathy_severe"),
    "an edge's source": lambda g: changed(g, GUARDED, source="neuropathy_clear_first"),
    "an edge less": lambda g: replace(g, edges=g.edges[:-1]),
    "two edges in another order": lambda g: replace(g, edges=(g.edges[1], g.edges[0], *g.edges[2:])),
    "a state less": lambda g: replace(g, nodes=g.nodes[:-1]),
    "the ladder": lambda g: replace(
        g,
        edition=g.edition.model_copy(
            update={"lenalidomide": g.edition.lenalidomide.model_copy(update={"ladder_mg": (25.0, 10.0, 5.0)})}
        ),
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_fingerprint_sees(change: str) -> None:
    whole = graph()
    assert CHANGES[change](whole).fingerprint != whole.fingerprint


def test_the_fingerprint_of_an_equal_graph_is_equal_and_no_two_editions_share_one() -> None:
    assert replace(graph(), edges=tuple(graph().edges)).fingerprint == graph().fingerprint
    assert len({graph(name).fingerprint for name in EDITION_NAMES}) == len(EDITION_NAMES)


# --- The step -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edition", EDITION_NAMES)
def test_the_step_is_the_live_machines(edition: str) -> None:
    whole, live = graph(edition), machine(edition)
    assert sorted(whole.symbols) == sorted(live.symbols)
    compared = 0
    for number in sampled(edition, 45):
        configuration = table(edition).configurations[number]
        for symbol in whole.symbols:
            if not table(edition).output[table(edition).row(number)[whole.symbols.index(symbol)]]:
                # A symbol that the phase does not take in is refused by both.
                with pytest.raises(ChartError):
                    whole.step(configuration, symbol)
                with pytest.raises(ChartError):
                    live.step(configuration, symbol)
                continue
            moved, step = whole.step(configuration, symbol), live.step(configuration, symbol)
            assert moved == step
            compared += 1
    assert compared > 800


@pytest.mark.parametrize("edition", EDITION_NAMES)
def test_every_source_opens_one_edge_at_most(edition: str) -> None:
    whole = graph(edition)
    for number in sampled(edition, 100):
        configuration = table(edition).configurations[number]
        for symbol in whole.symbols:
            sources = [edge.source for edge in whole.open_edges(configuration, symbol)]
            assert len(set(sources)) == len(sources)
            assert len(sources) <= 1, "no external symbol belongs to two regions"
