"""The mutation score: what a suite notices of the chart's mutants, held against a slow and obvious replay."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

import pytest

from ixastate.cli.main import main
from ixastate.errors import ChartError
from ixastate.proofs.compare import compare
from ixastate.proofs.mutants import Mutant, mutants, sample
from ixastate.table.explore import Walker
from ixastate.table.graph import Graph
from ixastate.table.table import tabulate
from ixastate.testing.mutation import Score, acting, branches, kills, score, symbols_of
from ixastate.testing.suites.files import TestCourse
from tests.kit import START, anc, answered, suite
from tests.tables import graph, table

README = (files("ixastate.testing") / "README.md").read_text(encoding="utf-8")


@cache
def every() -> list[Mutant]:
    return list(mutants(graph()))


def slowly(mutant: Graph, courses: list[TestCourse]) -> bool:
    """Whether a mutant is noticed, course by course from the beginning, by the graph's own slow step."""
    broken, _ = acting(graph(), mutant)
    return any(_shows(broken, symbols) for symbols in symbols_of("dosing-text", courses))


def _shows(broken: Graph, course: list[tuple[str, ...]]) -> bool:
    right = wrong = graph().initial
    for symbols in course:
        for symbol in symbols:
            sound = graph().step(right, symbol)
            try:
                other = broken.step(wrong, symbol)
            except ChartError:
                return True
            right, wrong = sound.after, other.after
        if symbols and (sound.status, sound.orders) != (other.status, other.orders):
            return True
        if right == graph().final:
            break
    return False


def named(name: str) -> Mutant:
    [mutant] = [one for one in every() if one.name == name]
    return mutant


HOLD_IGNORED = "hold ignored: other_clear_first --other_onset--> other_held"
ORDERS_LOST = "orders lost: ixazomib_given_4 --hold_ixazomib--> ixazomib_held_4"


def test_what_no_course_reaches_is_not_noticed() -> None:
    low = [answered(START, anc(2, 499))]
    found = score(graph(), low, [named(HOLD_IGNORED), named(ORDERS_LOST)])
    assert found.survivors == [HOLD_IGNORED]
    assert (found.mutants, found.killed, found.percent) == (2, 1, 50.0)


def test_the_chart_itself_is_not_noticed() -> None:
    sound = Walker(graph())
    tree = branches(sound, suite("boundaries").courses)
    assert not kills(sound, graph(), tree)
    assert Score().percent == 0.0


def test_the_quick_way_and_the_slow_one_agree() -> None:
    courses = list(suite("boundaries").courses[::4])
    chosen = sample(graph(), 4)
    found = score(graph(), courses, chosen)
    assert {one.name for one in chosen if not slowly(one.graph, courses)} == set(found.survivors)
    assert 0 < len(found.survivors) < len(chosen)


def test_where_two_transitions_are_open_the_fault_acts() -> None:
    """A guard dropped from the second of two transitions is a fault though the first would be taken."""
    name = "guard dropped: ixazomib_held_3 --release_ixazomib [something holds ixazomib]--> stays"
    broken, old = acting(graph(), named(name).graph)
    of_kind = [edge for edge in broken.edges if (edge.source, edge.symbol) == ("ixazomib_held_3", "release_ixazomib")]
    assert next(edge.guard for edge in of_kind) is None
    assert old.count(-1) == 1
    assert [edge.number for edge in broken.edges] == list(range(len(broken.edges)))
    assert named(name).name not in score(graph(), suite("edges").courses, [named(name)]).survivors


def test_edges_and_boundaries_notice_a_sample() -> None:
    chosen = sample(graph(), 6)
    found = score(graph(), [*suite("edges").courses, *suite("boundaries").courses], chosen)
    assert found.percent >= 95


def test_the_command_tells_the_score(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    assert main(["suite", "--cover", "walks", "--courses", "2", "--length", "4", "--score"]) == 0
    first, second, *rest = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"walks: 2 courses, \d events, the longest \d", first)
    assert re.fullmatch(r"notices \d+ of \d+ mutants of the chart \(\d+\.\d %\)", second)
    assert all(line.startswith("  not noticed: ") for line in rest)


# --- The README's table ---------------------------------------------------------------------------------------

ROWS = {
    cells[0].strip("` "): cells[1:]
    for line in README.splitlines()
    if line.startswith("| `") and len(cells := [cell.strip() for cell in line.strip("|").split("|")]) == 5
}
QUICK = [name for name in ROWS if name != "configurations"]


def made(name: str) -> list[TestCourse]:
    return [one for part in name.split(" + ") for one in suite(part.strip("`")).courses]


def size(name: str) -> list[str]:
    courses = made(name)
    return [
        f"{len(courses):,}",
        f"{sum(len(one.steps) for one in courses):,}",
        str(max(len(one.steps) for one in courses)),
    ]


def test_the_readme_has_every_cover() -> None:
    assert {"edges", "pairs", "rules", "readings", "boundaries", "configurations"} <= set(ROWS)


@pytest.mark.parametrize("name", ["edges", "pairs", "boundaries"])
def test_the_sizes_in_the_readme_are_those_of_the_suites(name: str) -> None:
    assert ROWS[name][:3] == size(name)


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", list(ROWS))
def test_the_scores_in_the_readme_are_those_of_the_suites(name: str) -> None:
    found = score(graph(), made(name), every())
    print(f"{name}: {', '.join(size(name))}, {found.percent:.1f} %")
    for survivor in found.survivors:
        print(f"  {survivor}")
    assert ROWS[name] == [*size(name), f"{found.percent:.1f} %"]


# Mutants that pairs and boundaries together do not notice. Of each it is proved that no course of symbols tells it
# from the chart by what is ordered; the state in words is the same too.
SAME_MACHINE = [
    line.removeprefix("* `").rstrip("`") for line in README.splitlines() if line.startswith("* `target moved: ")
]


@pytest.mark.exhaustive
def test_pairs_and_boundaries_notice_all_but_the_mutants_that_are_the_same_machine() -> None:
    found = score(graph(), [*suite("pairs").courses, *suite("boundaries").courses], every())
    assert found.percent >= 95
    assert found.survivors == SAME_MACHINE


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", SAME_MACHINE)
def test_the_survivors_are_the_same_machine(name: str) -> None:
    broken = tabulate(acting(graph(), named(name).graph)[0])
    assert compare(table(), broken) == []
