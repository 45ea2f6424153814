"""Faults put into the chart: each is noticed by the walk itself, by a property, or by what the sound table orders.

The sound table is held against the independent reading by test_every_configuration.py. The sample takes minutes and is
left to `pytest -m exhaustive`; with `-s` that prints which of the three noticed each mutant.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache

import pytest

from ixastate.errors import ChartError
from ixastate.proofs.check import Property, check
from ixastate.proofs.compare import compare
from ixastate.proofs.mutants import CHANGES, Mutant, mutants, sample
from ixastate.proofs.properties import PROPERTIES
from ixastate.table.graph import Edge
from ixastate.table.table import Table, tabulate
from tests.tables import graph, starting_only, table

SAMPLE = {mutant.name: mutant for mutant in sample(graph(), 6)}
KINDS = [change.__name__.replace("_", " ") for change in CHANGES]
# Mutants that no course tells from the chart, each with the reason. None of the sample is.
EQUIVALENT: dict[str, str] = {}
# The properties that look at one place after the other come first, the long walks last.
QUICK_FIRST = sorted(
    PROPERTIES, key=lambda one: one.name in ("at most two reductions", "alternation alternates", "one level at a time")
)


def killer(mutant: Mutant, sound: Table, properties: list[Property]) -> str:
    """What notices this mutant: 'exploration', the name of a property, 'equality'; '' when nothing does."""
    try:
        broken = tabulate(mutant.graph)
    except ChartError:
        return "exploration"
    for finding in check(broken, properties):
        if finding.breach is not None:
            return finding.proposition.name
    return "equality" if compare(sound, broken) else ""


@cache
def every() -> list[Mutant]:
    return list(mutants(graph()))


def changed_edge(mutant: Mutant) -> tuple[Edge, Edge]:
    """The one edge that differs, as it was and as it is."""
    [pair] = [
        (was, now) for was, now in zip(graph().edges, mutant.graph.edges, strict=True) if was is not now or was != now
    ]
    return pair


# --- What they are --------------------------------------------------------------------------------------------


def test_mutants_are_the_same_each_time() -> None:
    assert list(mutants(graph())) == every()
    assert [mutant.name for mutant in sample(graph(), 6)] == list(SAMPLE)


def test_every_mutant_has_its_own_name_and_fingerprint() -> None:
    assert len({mutant.name for mutant in every()}) == len(every())
    assert graph().fingerprint not in {mutant.graph.fingerprint for mutant in every()}


def test_every_mutant_differs_in_one_edge_and_nothing_else() -> None:
    for mutant in every():
        was, now = changed_edge(mutant)
        assert (now.number, now.source, now.symbol) == (was.number, was.source, was.symbol)
        assert mutant.name.split(": ", 1)[1] == str(was)
        whole = mutant.graph
        assert (whole.nodes, whole.meanings, whole.unreachable, whole.edition) == (
            graph().nodes,
            graph().meanings,
            graph().unreachable,
            graph().edition,
        )


def test_each_kind_changes_what_its_name_says() -> None:
    parts = {
        "guard negated": {"guard"},
        "guard dropped": {"guard"},
        "target moved": {"targets"},
        "raised lost": {"raised"},
        "turn swapped": {"raised"},
        "stop removed": {"targets", "orders"},
        "hold ignored": {"raised"},
        "floor shifted": {"guard"},
        "orders lost": {"orders"},
        "dose wrong": {"orders"},
    }
    assert list(parts) == KINDS
    for mutant in every():
        was, now = changed_edge(mutant)
        different = {name for name in vars(was) if getattr(was, name) != getattr(now, name)}
        assert different
        assert different <= parts[mutant.name.split(": ")[0]], mutant.name


def test_how_many_there_are_of_each_kind() -> None:
    counts = Counter(mutant.name.split(": ")[0] for mutant in every())
    assert list(counts) == KINDS
    assert min(counts.values()) >= 15
    assert sum(counts.values()) > 450


def test_a_sample_has_some_of_each_kind() -> None:
    assert Counter(name.split(": ")[0] for name in SAMPLE) == dict.fromkeys(KINDS, 6)
    assert {mutant.name for mutant in sample(graph(), 1000)} == {mutant.name for mutant in every()}


# --- Who notices ----------------------------------------------------------------------------------------------

ANC_OVER = "neutropenia_held_ixazomib_next --anc_recovered--> neutropenia_clear_lenalidomide_next"
RASH_OVER = "rash_held_lenalidomide_next --rash_resolved [lenalidomide above its floor]--> rash_clear_ixazomib_next"
DETERMINISM, FLOOR = "deterministic and complete", "never below the floor"
# Some that a start at 3 and 5 mg alone is enough to notice, and by whom.
FAST = {
    "guard negated: ixazomib_held_3 --release_ixazomib [nothing holds ixazomib]--> ixazomib_given_3": "exploration",
    "guard dropped: other_clear_again --other_onset [ixazomib above its floor]--> other_held": DETERMINISM,
    f"target moved: {ANC_OVER}": "no reason contradicts the orders",
    f"raised lost: {ANC_OVER}": "each episode lowers a drug",
    f"turn swapped: {RASH_OVER}": "alternation alternates",
    "stop removed: rash_clear_first --rash_grade_4--> discontinued": "grade 4 stops from everywhere",
    "stop removed: on_treatment --progression--> discontinued": "grade 4 stops from everywhere",
    "hold ignored: other_clear_first --other_onset--> other_held": "exploration",
    "floor shifted: other_clear_again --other_onset [ixazomib above its floor]--> other_held": "exploration",
    "orders lost: ixazomib_given_3 --hold_ixazomib--> ixazomib_held_3": "orders say what happens",
    "orders lost: neuropathy_held_severe --neuropathy_resolved--> stays": "agreement is needed",
    "dose wrong: ixazomib_owing_3 --release_ixazomib [nothing holds ixazomib]--> ixazomib_given_2_3": FLOOR,
}


@cache
def sound_part() -> Table:
    return tabulate(starting_only(graph(), "start_3_5"))


@pytest.mark.parametrize("name", FAST, ids=list(FAST))
def test_a_mutant_is_noticed(name: str) -> None:
    [mutant] = [one for one in every() if one.name == name]
    # The part leaves states unused, so that this property says nothing of a mutant of it.
    saying = [one for one in QUICK_FIRST if one.name != "everything is reachable"]
    part = replace(mutant, graph=starting_only(mutant.graph, "start_3_5"))
    assert killer(part, sound_part(), saying) == FAST[name]


def test_the_chart_itself_is_no_mutant_that_is_noticed() -> None:
    saying = [one for one in QUICK_FIRST if one.name != "everything is reachable"]
    assert killer(Mutant("none", "", sound_part().graph), sound_part(), saying) == ""


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", SAMPLE, ids=list(SAMPLE))
def test_a_mutant_of_the_sample_is_noticed_or_known_to_be_the_same_machine(name: str) -> None:
    noticed_by = killer(SAMPLE[name], table(), QUICK_FIRST)
    print(f"{noticed_by or 'SURVIVES':<32} {name}")
    assert bool(noticed_by) is (name not in EQUIVALENT)
    if name in EQUIVALENT:
        # Nothing parts them, so no course does; the same size shows that nothing became unreachable either.
        assert max(tabulate(SAMPLE[name].graph).minimal()) == max(table().minimal())


def test_what_is_called_equivalent_is_a_mutant_and_has_a_reason() -> None:
    assert set(EQUIVALENT) <= set(SAMPLE)
    assert all(reason.endswith(".") for reason in EQUIVALENT.values())
