"""The proofs: what holds of each edition, the courses that show what does not, and properties of one's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from ixastate.chart.status import Status, status_of
from ixastate.course.course import Course, Record
from ixastate.errors import ChartError, InputError
from ixastate.proofs.check import Breach, Finding, Property, check, load_properties, moves, on_treatment, prove
from ixastate.proofs.properties import PROPERTIES
from ixastate.proofs.report import describe_table, finding_lines
from ixastate.symbols import Configuration
from ixastate.table.graph import Graph
from ixastate.table.table import Table
from tests.tables import EDITION_NAMES, graph, small, table

BY_NAME = {proposition.name: proposition for proposition in PROPERTIES}
# What each edition breaks; an edition that reads the text otherwise breaks the reading's property and nothing else.
BROKEN = {
    "dosing-text": [],
    "us-label": [],
    "what-if-confirm": [],
    "what-if-exhaust-b": ["an exhausted ladder stops"],
    "what-if-persist": [],
    "what-if-stack-b": ["one level at a time"],
}
EXPECTED = [(edition, name) for edition, names in BROKEN.items() for name in names]


def finding(edition: str, name: str) -> Finding:
    [found] = check(table(edition), [BY_NAME[name]])
    return found


# --- What is proved -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BY_NAME)
def test_the_dosing_text_breaks_no_property(name: str) -> None:
    assert finding("dosing-text", name).breach is None


@pytest.mark.parametrize("name", ["deterministic and complete", "an exhausted ladder stops", "agreement is needed"])
def test_the_us_label_breaks_none_of_these(name: str) -> None:
    assert finding("us-label", name).breach is None


@pytest.mark.exhaustive
@pytest.mark.parametrize("edition", EDITION_NAMES)
def test_each_edition_breaks_what_it_is_made_to_break_and_nothing_else(edition: str) -> None:
    found = [one.proposition.name for one in check(table(edition), PROPERTIES) if one.breach is not None]
    assert found == BROKEN[edition]


# --- The counterexamples --------------------------------------------------------------------------------------


def replayed(edition: str, name: str) -> list[Record]:
    """The course that breaks a property, as events through the living machine."""
    course = Course(edition=edition)
    return [course.observe(event) for event in finding(edition, name).events(table(edition))]


def test_two_levels_in_one_record_show_that_reductions_stack() -> None:
    course = replayed("what-if-stack-b", "one level at a time")
    before, last = course[-2:]
    ladder = table("what-if-stack-b").graph.edition.lenalidomide.ladder_mg
    assert before.status.lenalidomide_mg is not None
    assert last.status.lenalidomide_mg is not None
    assert ladder.index(last.status.lenalidomide_mg) - ladder.index(before.status.lenalidomide_mg) == 2
    assert "reduce lenalidomide to 15 mg" in map(str, last.orders)
    assert "B-STACK" in last.rules
    # The dosing text lowers by one on the very same events.
    sober = Course()
    for record in course:
        sober.observe(record.event)
    assert sober.status.lenalidomide_mg == 20


def test_a_second_neutropenia_at_the_floor_shows_that_the_turns_go_on() -> None:
    course = replayed("what-if-exhaust-b", "an exhausted ladder stops")
    assert [record.symbols for record in course][1:] == [("anc_low",), ("anc_recovered",), ("anc_low",)]
    last = course[-1]
    assert (last.status.ixazomib_mg, last.status.phase) == (2.3, "on treatment")
    assert last.status.held_for == ("neutrophils",)
    sober = Course()
    for record in course:
        stopped = sober.observe(record.event)
    assert stopped.status.phase == "discontinued"
    assert {"ANC-07", "B-EXHAUST"} <= set(stopped.rules)


Shows = Callable[[Status, str, Status, tuple[str, ...]], bool]


def exhausted(before: Status, symbol: str, after: Status, earlier: tuple[str, ...]) -> bool:
    """A toxicity begins again with ixazomib at its floor, and treatment goes on."""
    over = {"anc_low": "anc_recovered", "platelets_low": "platelets_recovered", "rash_grade_2_3": "rash_resolved"}
    again = {
        "neuropathy_moderate": "neuropathy_resolved",
        "neuropathy_severe": "neuropathy_resolved",
        "other_onset": "other_resolved",
        "other_onset_related": "other_resolved",
    }
    ended = (over | again).get(symbol)
    new = not set(before.held_for) & {"neutrophils", "platelets", "rash", "neuropathy", "other"}
    begun_before = any(one.startswith(ended) for one in earlier) if ended else False
    return before.ixazomib_mg == 2.3 and new and begun_before and after.phase == "on treatment"


def two_levels(before: Status, symbol: str, after: Status, earlier: tuple[str, ...]) -> bool:
    """A drug falls by more than one level."""
    pairs = [
        (before.ixazomib_mg, after.ixazomib_mg, [4, 3, 2.3]),
        (before.lenalidomide_mg, after.lenalidomide_mg, [25, 20, 15, 10, 5, 2.5]),
    ]
    return any(one and other and ladder.index(other) - ladder.index(one) > 1 for one, other, ladder in pairs)


def broken_within(whole: Graph, length: int, shows: Shows) -> list[tuple[str, ...]]:
    """Every course of at most this many symbols whose last step shows the breach, by the slow step alone."""
    found = []
    seen: dict[Configuration, tuple[str, ...]] = {whole.initial: ()}
    edge = [whole.initial]
    for _ in range(length):
        following = []
        for configuration in edge:
            for symbol in whole.symbols:
                try:
                    after = whole.step(configuration, symbol).after
                except ChartError:
                    continue
                statuses = [status_of(whole.meanings, one) for one in (configuration, after)]
                course = (*seen[configuration], symbol)
                if shows(statuses[0], symbol, statuses[1], course[:-1]):
                    found.append(course)
                if after not in seen:
                    seen[after] = course
                    following.append(after)
        edge = following
    return found


@pytest.mark.parametrize(
    ("edition", "name", "shows"),
    [
        ("what-if-exhaust-b", "an exhausted ladder stops", exhausted),
        ("what-if-stack-b", "one level at a time", two_levels),
    ],
)
def test_no_shorter_course_breaks_it(edition: str, name: str, shows: Shows) -> None:
    symbols = finding(edition, name).symbols
    assert broken_within(graph(edition), len(symbols) - 1, shows) == []
    assert symbols in broken_within(graph(edition), len(symbols), shows)
    assert broken_within(graph(), len(symbols), shows) == []


def test_expected_breaches_have_a_reason_and_a_course() -> None:
    assert EXPECTED
    for edition, name in EXPECTED:
        found = finding(edition, name)
        assert found.breach is not None
        lines = list(finding_lines(found, table(edition), 200))
        assert lines[0] == f"BROKEN  {name}: {BY_NAME[name].says}"
        assert lines[1] == f"  but {found.breach.why}"
        assert lines[2] == "  a shortest course that shows it, as a log for `ixastate replay`:"
        assert len(lines) == 3 + len(found.events(table(edition)))


def test_a_proved_property_is_one_line() -> None:
    [found] = check(small(), [BY_NAME["one level at a time"]])
    assert (found.breach, found.symbols, found.events(small())) == (None, (), [])
    assert list(finding_lines(found, small())) == [f"proved  one level at a time: {found.proposition.says}"]


def test_the_table_in_a_line_says_its_size() -> None:
    [line, minimal] = describe_table(table(), minimal=True, width=200)
    assert line.startswith("edition dosing-text: 46,919 configurations, 938,349 moves, 184 transitions (fingerprint ")
    assert graph().fingerprint[:12] in line
    assert minimal.endswith(": 17,547 configurations (the minimal machine)")


def test_texts_fit_the_width_but_a_log_is_never_wrapped() -> None:
    [(edition, name), *_] = EXPECTED
    found = finding(edition, name)
    for width in (50, 100):
        lines = [
            *describe_table(table(edition), minimal=True, width=width),
            *finding_lines(found, table(edition), width),
        ]
        logged = [line for line in lines if line.startswith("  {")]
        assert len(logged) == len(found.events(table(edition)))
        assert max(map(len, logged)) > 100
        assert [line for line in lines if len(line) > width and line not in logged] == []


# --- How a property is looked at ------------------------------------------------------------------------------


def broken_at(configuration: int, symbol: int | None) -> Property:
    return Property("mine", "It never happens.", lambda _: Breach(configuration, symbol, "it happens"))


def test_a_breach_is_told_with_the_course_to_it() -> None:
    number = small().numbers[small().configurations[500]]
    for symbol, more in ((None, ()), (small().symbols.index("death"), ("death",))):
        [found] = check(small(), [broken_at(number, symbol)])
        assert found.symbols == (*small().space.course_to(number), *more)
        assert len(found.events(small())) >= len(found.symbols)


def test_a_course_that_no_events_show_is_told_in_symbols() -> None:
    [found] = check(small(), [broken_at(1, small().symbols.index("other_resolved"))])
    assert found.events(small()) == []
    assert list(finding_lines(found, small()))[2:] == ["  after the symbols: start_3_5 other_resolved"]


def test_findings_come_in_the_order_of_the_properties_and_one_by_one() -> None:
    looked_at: list[str] = []

    def looking(name: str) -> Property:
        def search(_: Table) -> None:
            looked_at.append(name)

        return Property(name, "It is looked at.", search)

    findings = check(small(), [looking("one"), looking("two")])
    assert looked_at == []
    assert next(findings).proposition.name == "one"
    assert looked_at == ["one"]
    assert [found.proposition.name for found in findings] == ["two"]


def test_moves_and_configurations_are_those_of_the_table() -> None:
    width = len(small().symbols)
    every = list(moves(small()))
    assert [(number, symbol) for number, symbol, _ in every] == [divmod(move, width) for _, _, move in every]
    assert [move for _, _, move in every] == [place for place, said in enumerate(small().output) if said]
    assert 0 not in on_treatment(small())
    assert len(on_treatment(small())) == len(small().configurations) - 1


# --- Properties of one's own ----------------------------------------------------------------------------------

MINE = """
from ixastate.proofs.check import Breach, moves, prove


@prove("it can be stopped", "Some course is stopped.")
def stopped(table):
    reached = any(table.next[move] == table.final for _, _, move in moves(table))
    return None if reached else Breach(0, None, "nothing stops")


@prove("ixazomib is never held", "Ixazomib is given on every day.")
def never_held(table):
    for number, status in enumerate(table.statuses):
        if status.ixazomib_held:
            return Breach(number, None, f"it is held for {', '.join(status.held_for)}")
    return None
"""


def written(folder: Path, text: str, name: str = "mine.py") -> Path:
    path = folder / name
    path.write_text(dedent(text), encoding="utf-8")
    return path


def test_properties_of_a_file_are_looked_at(tmp_path: Path) -> None:
    mine = load_properties(written(tmp_path, MINE))
    assert [one.name for one in mine] == ["it can be stopped", "ixazomib is never held"]
    proved, broken = check(small(), mine)
    assert proved.breach is None
    assert broken.breach is not None
    assert len(broken.symbols) == 2
    assert broken.breach.why.startswith("it is held for ")


def test_a_marked_function_is_a_property() -> None:
    @prove("name", "sentence")
    def search(_: Table) -> Breach | None:
        return None

    assert isinstance(search, Property)
    assert (search.name, search.says, search.search(small())) == ("name", "sentence", None)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "it defines no property"),
        ("def stopped(table):\n    return None\n", "it defines no property"),
        ("1 / 0\n", "it cannot be run: ZeroDivisionError: division by zero"),
        ("import nothing_of_this_name\n", "it cannot be run: ModuleNotFoundError"),
        ("def (\n", "it cannot be run: SyntaxError"),
        ("from ixastate.proofs.check import prove\n@prove\ndef one(table): ...\n", "it cannot be run: TypeError"),
    ],
)
def test_a_file_that_defines_none_is_refused(tmp_path: Path, text: str, what: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(InputError, match=what) as caught:
        load_properties(path)
    assert caught.value.where == str(path)
    assert caught.value.remedy


@pytest.mark.parametrize("name", ["missing.py", "missing", "text.txt", "folder.py"])
def test_what_is_no_python_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.py").mkdir()
    written(tmp_path, MINE, "text.txt")
    with pytest.raises(InputError, match="not a Python file") as caught:
        load_properties(tmp_path / name)
    assert caught.value.where == str(tmp_path / name)


def test_a_file_that_exits_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="it cannot be run"):
        load_properties(written(tmp_path, "raise SystemExit(0)\n"))


def test_a_file_may_define_a_dataclass(tmp_path: Path) -> None:
    text = """
    from __future__ import annotations
    from dataclasses import dataclass
    from ixastate.proofs.check import prove

    @dataclass
    class Seen:
        number: int

    @prove("mine", "It holds.")
    def mine(table):
        return None
    """
    assert len(load_properties(written(tmp_path, text))) == 1
