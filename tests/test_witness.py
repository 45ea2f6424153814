"""Events for symbols: what a person could have seen means just these symbols, and leads just there."""

from __future__ import annotations

from functools import cache

import pytest

from ixastate.course.course import Course, Record
from ixastate.errors import ChartError, IxastateError
from ixastate.events import CourseStarted, CycleAssessed, OtherToxicityGraded
from ixastate.rules import load_edition
from ixastate.symbols import Start, starts
from ixastate.table.shown import Shown
from ixastate.table.witness import BEFORE_THE_START, witness
from tests.tables import EDITION_NAMES, follow, graph, records, sampled, table

OTHER_OVER = ("other_resolved", "other_resolved_related")


@cache
def fitting(edition: str) -> dict[str, list[str]]:
    """For each symbol a shortest course to a configuration that it does something in, if there is one."""
    whole = table(edition)
    courses: dict[str, list[str]] = {}
    for number, symbol, after, _ in whole.space.moves():
        name = whole.symbols[symbol]
        clear = name in OTHER_OVER and "other_held" not in whole.configurations[number]
        if name not in courses and not clear and (after != number or name == "start_blocked"):
            courses[name] = whole.space.course_to(number)
        if len(courses) == len(whole.symbols):
            break
    return courses


def acting(seen: list[Record]) -> list[str]:
    """The last symbol of each record; those before it, which are of an assessment, change nothing."""
    for record in seen:
        for symbol in record.symbols[:-1]:
            assert graph(record.edition).step(record.before, symbol).after == record.before
    return [record.symbols[-1] for record in seen if record.symbols]


SYMBOLS = [(edition, symbol) for edition in EDITION_NAMES for symbol in graph(edition).symbols]


@pytest.mark.parametrize(("edition", "symbol"), SYMBOLS)
def test_the_events_mean_the_symbol(edition: str, symbol: str) -> None:
    course = [*fitting(edition)[symbol], symbol]
    seen = records(course, edition)
    assert acting(seen) == course
    assert seen[-1].after == table(edition).configurations[follow(table(edition), course)[-1]]


@pytest.mark.parametrize(("edition", "count"), [("dosing-text", 300), ("us-label", 60), ("what-if-stack-b", 30)])
def test_the_shortest_courses_lead_to_their_configurations(edition: str, count: int) -> None:
    whole = table(edition)
    shown = Shown(whole).found
    for number in sampled(edition, count, seed=7):
        if number not in shown:
            continue
        symbols = [whole.symbols[symbol] for symbol in shown.course_to(number)]
        course = Course(edition=edition)
        seen = [course.observe(event) for event in witness(symbols, load_edition(edition))]
        assert course.configuration == whole.configurations[number]
        assert acting(seen) == symbols


@pytest.mark.parametrize("symbol", graph("us-label").symbols)
def test_events_are_the_same_in_every_edition_that_knows_the_symbol(symbol: str) -> None:
    start = [] if symbol.startswith("start_") else ["start_4_25"]
    opened = ["other_onset"] if symbol in OTHER_OVER else []
    course = [*start, *opened, symbol]
    told = [witness(course, load_edition(edition)) for edition in EDITION_NAMES if symbol in graph(edition).symbols]
    assert told
    assert all(one == told[0] for one in told)


@pytest.mark.parametrize("start", starts(load_edition()), ids=lambda start: start.name)
def test_a_start_is_the_organ_function_that_calls_for_its_doses(start: Start) -> None:
    [record] = records([start.name])
    assert isinstance(record.event, CourseStarted)
    assert (record.status.ixazomib_mg, record.status.lenalidomide_mg) == (start.ixazomib_mg, start.lenalidomide_mg)


def test_values_lie_on_the_boundaries_of_the_text() -> None:
    events = witness(["start_4_25", "anc_low", "anc_recovered", "platelets_low", "platelets_recovered"], load_edition())
    assert [str(getattr(event, "value", "")) for event in events[1:]] == ["499", "500", "29999", "30000"]


def test_events_are_dated_one_day_after_the_other() -> None:
    days = [event.day for event in witness(["start_4_25", "anc_low", "rash_grade_2_3", "death"], load_edition())]
    assert days == [1, 2, 3, 4]


def test_what_happens_before_the_start_has_a_date() -> None:
    for symbols in (["death"], ["withdrawal"], ["start_blocked", "start_4_25", "anc_low"], ["start_blocked", "death"]):
        seen = records(symbols)
        assert [record.symbols for record in seen] == [(symbol,) for symbol in symbols]
    [died] = witness(["death"], load_edition())
    assert (died.at, died.day) == (BEFORE_THE_START, None)
    blocked, started, low = witness(["start_blocked", "start_4_25", "anc_low"], load_edition())
    assert blocked.day == started.day == 1
    assert low.day is not None
    assert low.day > 1


def test_other_toxicities_end_together_each_by_its_own_name() -> None:
    symbols = ["start_4_25", "other_onset", "other_onset_related", "other_resolved_related", "other_onset"]
    events = witness(symbols, load_edition())
    others = [event for event in events if isinstance(event, OtherToxicityGraded)]
    assert [event.term for event in others] == [f"other toxicity {number}" for number in (1, 2, 1, 2, 3)]
    assert [event.day for event in events] == [1, 2, 3, 4, 5, 6]
    seen = records(symbols)
    assert [record.symbols for record in seen] == [
        *((one,) for one in symbols[:3]),
        (),
        *((one,) for one in symbols[3:]),
    ]


@pytest.mark.parametrize("symbol", OTHER_OVER)
@pytest.mark.parametrize("before", [[], ["other_onset", "other_resolved"], ["anc_low"]], ids=str)
def test_nothing_ends_that_is_not_open(symbol: str, before: list[str]) -> None:
    with pytest.raises(ChartError, match="cannot be seen while no other toxicity is open"):
        witness(["start_4_25", *before, symbol], load_edition())


@pytest.mark.parametrize("symbol", ["", "anc", "hold_ixazomib", "release_lenalidomide"])
def test_a_symbol_that_no_event_means_is_refused(symbol: str) -> None:
    with pytest.raises(ChartError, match="no event is known to mean"):
        witness(["start_4_25", symbol], load_edition())


def test_a_start_at_doses_that_none_calls_for_is_refused() -> None:
    with pytest.raises(IxastateError):
        witness(["start_4_20"], load_edition())


def test_a_new_cycle_is_refused_by_an_edition_that_has_no_criteria() -> None:
    with pytest.raises(ChartError):
        witness(["start_4_25", "new_cycle_met"], load_edition())


# --- Assessments before a new cycle ----------------------------------------------------------------------------

LOW_OR_NOT = {"neutrophils": ("anc", 499, 999), "platelets": ("platelets", 29_999, 75_000)}


@pytest.mark.parametrize("opened", [(), ("anc",), ("platelets",), ("anc", "platelets")], ids=str)
def test_the_counts_of_an_assessment_fit_the_open_episodes(opened: tuple[str, ...]) -> None:
    """Low where an episode is open; elsewhere the neutrophils are just too few for a new cycle."""
    low = [f"{one}_low" for one in opened]
    [*_, event] = witness(["start_4_25", *low, "new_cycle_unmet"], load_edition("us-label"))
    assert isinstance(event, CycleAssessed)
    for field, (stem, low_count, enough) in LOW_OR_NOT.items():
        assert getattr(event, field).per_mm3 == (low_count if stem in opened else enough)
    seen = records(["start_4_25", *low, "new_cycle_unmet"], "us-label")
    assert acting(seen) == ["start_4_25", *low, "new_cycle_unmet"]


@pytest.mark.parametrize("low", ["anc_low", "platelets_low"])
def test_no_event_says_that_a_new_cycle_may_begin_while_a_count_is_low(low: str) -> None:
    label = load_edition("us-label")
    with pytest.raises(ChartError, match="'new_cycle_met' cannot be seen while an episode of low counts is open"):
        witness(["start_4_25", low, "new_cycle_met"], label)
    over = low.replace("low", "recovered")
    assert acting(records(["start_4_25", low, over, "new_cycle_met"], "us-label"))[-1] == "new_cycle_met"


def test_what_events_can_show_of_the_label() -> None:
    """By a walk of the test's own: the criteria are met only where neither count is low, terms end only where open."""
    whole = table("us-label")
    opened = [{leaf.split("_held")[0] for leaf in found if "_held" in leaf} for found in whole.configurations]
    reached, waiting = {0}, [0]
    while waiting:
        number = waiting.pop()
        for move in whole.row(number):
            symbol, after = whole.symbols[move % len(whole.symbols)], whole.next[move]
            blocked = symbol == "new_cycle_met" and opened[number] & {"neutropenia", "thrombocytopenia"}
            if whole.output[move] and not blocked and after not in reached:
                reached.add(after)
                waiting.append(after)
    assert set(Shown(whole).found) == reached
    # Configurations that only a met criterion during an episode of low counts leads to.
    assert len(whole.configurations) - len(reached) == 1058


def test_events_can_show_all_of_the_text() -> None:
    shown, whole = Shown(table()), table()
    assert list(shown.found) == list(range(len(whole.configurations)))
    sure = [number for number in sampled("dosing-text", 50) if "other_held" not in whole.configurations[number]]
    for number in sure:
        missing = {whole.symbols[move % len(whole.symbols)] for move in whole.row(number) if whole.output[move]}
        missing -= {whole.symbols[symbol] for symbol, _ in shown.moves_of(number)}
        assert missing <= set(OTHER_OVER)
