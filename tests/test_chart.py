"""The chart, transition by transition, and what it does in the episodes that the text tells of."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from itertools import product

import pytest
from statemachine import State

from ixastate.chart.builder import Transition, transitions_of
from ixastate.chart.chart import STOP
from ixastate.course.live import Step, machine
from ixastate.orders import Order
from ixastate.symbols import BOTH, DISCONTINUED, SCREENING, dose_id, starts
from tests.test_machine import CHART, RAISED, STATES, Telltale, guard_is_open, visited, wander

EDITION = CHART.edition
LADDERS = {"ixazomib": EDITION.ixazomib_ladder_mg, "lenalidomide": EDITION.lenalidomide.ladder_mg}
REGIONS: dict[str, list[State]] = {region.id: list(region.states) for region in STATES["on_treatment"].states}
MOVES = transitions_of(CHART)


def name_of(one: Transition) -> str:
    return f"{one.source.id}--{one.symbol}" + (f"[{one.when.name}]" if one.when else "")


# --- Each transition -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("one", MOVES, ids=name_of)
def test_transition(one: Transition) -> None:
    """Everything that travels with a transition is there, and says what the transition does."""
    assert one.rules, "it rests on no rule"
    assert set(one.rules) <= EDITION.rules.keys()
    assert all("transition" in EDITION.rule(rule).executed_by for rule in one.rules)

    if one.when is not None:
        assert one.when.name
        assert guard_is_open(one.when.expression, set()) in (True, False)
    assert set(one.raised) <= set(RAISED)
    assert all(STATES[target.id] is target for target in one.targets)
    assert STATES[one.source.id] is one.source

    started = one.source.id == "screening" and bool(one.raised or len(one.targets) == 2)
    stopped = [target.id for target in one.targets] == ["discontinued"] and one.source.id != "screening"
    assert (one.orders == STOP) is stopped
    assert started is any(order.verb == "start" for order in one.orders)
    for order in one.orders:
        if order.dose_mg and order.drug in LADDERS:
            assert order.dose_mg in LADDERS[order.drug]
        if order.verb in ("hold", "resume", "reduce"):
            before, after = CHART.levels[one.source.id], CHART.levels[one.targets[0].id]
            assert order.drug == before.drug == after.drug
            assert after.standing == ("held" if order.verb == "hold" else "given")
            assert order.dose_mg == (0 if order.verb == "hold" else after.mg)
            assert (order.verb == "reduce") <= (after.mg < before.mg)
    if one.targets and one.source.id in CHART.levels:
        before, after = CHART.levels[one.source.id], CHART.levels[one.targets[0].id]
        ladder = LADDERS[before.drug]
        down = ladder.index(after.mg) - ladder.index(before.mg)
        assert down in (0, 1)
        assert (down == 1) is any(order.verb == "reduce" for order in one.orders)


def test_each_transition_has_a_name_of_its_own() -> None:
    names = Counter(map(name_of, MOVES))
    assert not [name for name, count in names.items() if count > 1]


@pytest.mark.parametrize("symbol", RAISED)
def test_what_is_raised_is_answered_by_the_region_of_its_drug(symbol: str) -> None:
    drug = symbol.split("_")[1]
    answering = {one.source.parent.id for one in MOVES if one.symbol == symbol and one.source.parent}
    assert answering == {drug}


@pytest.mark.parametrize("region", REGIONS)
def test_each_symbol_of_a_region_is_answered_once_in_each_of_its_states(region: str) -> None:
    """Over every combination of the states that the guards name, reachable or not."""
    symbols = {one.symbol for one in MOVES if one.source.parent and one.source.parent.id == region}
    external = symbols - set(RAISED)
    assert bool(external) is (region not in LADDERS)
    for state in REGIONS[region]:
        moves = [one for one in state.transitions if isinstance(one, Transition)]
        assert {one.symbol for one in moves} >= external, state.id
        for symbol in {one.symbol for one in moves}:
            answers = [one for one in moves if one.symbol == symbol]
            assert one_is_open(tuple(one.when.expression if one.when else "" for one in answers)), (state.id, symbol)


@cache
def one_is_open(expressions: tuple[str, ...]) -> bool:
    """Whether exactly one of these guards is open, however the states that they name are combined."""
    if expressions == ("",):
        return True
    named = {STATES[state_id] for text in expressions for state_id in re.findall(r"In\('(\w+)'\)", text)}
    regions = {state.parent.id for state in named if state.parent}
    # A state that no guard names stands for all the others of its region.
    choices = [
        [state.id for state in REGIONS[region] if state in named] + ["none of them"] * (set(REGIONS[region]) > named)
        for region in regions
    ]
    return "" not in expressions and all(
        sum(guard_is_open(text, set(active)) for text in expressions) == 1 for active in product(*choices)
    )


def test_every_state_is_left_and_entered_by_some_transition() -> None:
    first = {state.id for states in REGIONS.values() for state in states if state.initial}
    targets = {target.id for one in MOVES for target in one.targets}
    leaves = {state.id for states in REGIONS.values() for state in states}
    assert leaves - targets - first == set()
    assert leaves - {one.source.id for one in MOVES if one.targets} == set()


# --- The states ------------------------------------------------------------------------------------------------


def test_seven_regions_run_side_by_side() -> None:
    assert [state.id for state in CHART.states] == ["screening", "on_treatment", "discontinued"]
    assert STATES["on_treatment"].parallel
    assert list(REGIONS) == [
        "ixazomib",
        "lenalidomide",
        "neutropenia",
        "thrombocytopenia",
        "neuropathy",
        "rash",
        "other",
    ]


@pytest.mark.parametrize("region", REGIONS)
def test_a_region_has_one_initial_state(region: str) -> None:
    initial = [state.id for state in REGIONS[region] if state.initial]
    assert len(initial) == 1
    if region in LADDERS:
        assert initial == [f"{region}_given_{dose_id(LADDERS[region][0])}"]
    else:
        assert initial[0] not in CHART.holds


def test_only_discontinued_is_final() -> None:
    assert [state.id for state in STATES.values() if state.final] == ["discontinued"]
    assert [state.id for state in CHART.states if state.initial] == ["screening"]


@pytest.mark.parametrize("drug", BOTH)
def test_the_ladder_has_its_states_and_they_mean_their_dose(drug: str) -> None:
    found = {(level.standing, level.mg): state_id for state_id, level in CHART.levels.items() if level.drug == drug}
    ladder = LADDERS[drug]
    expected = {(standing, mg) for standing in ("given", "held") for mg in ladder} | {
        ("owing", mg) for mg in ladder[:-1]
    }
    assert found.keys() == expected
    assert set(found.values()) == {state.id for state in REGIONS[drug]}
    assert all(state_id == f"{drug}_{standing}_{dose_id(mg)}" for (standing, mg), state_id in found.items())


def test_ladders_are_those_of_the_text() -> None:
    assert LADDERS == {"ixazomib": (4, 3, 2.3), "lenalidomide": (25, 20, 15, 10, 5, 2.5)}


def test_the_holds_name_states_of_the_toxicities_and_their_drugs() -> None:
    toxicities = {state.id: region for region, states in REGIONS.items() if region not in LADDERS for state in states}
    assert CHART.holds.keys() <= toxicities.keys()
    assert {state_id for state_id in toxicities if "_held" in state_id} == CHART.holds.keys()
    reasons = {"neutropenia": "neutrophils", "thrombocytopenia": "platelets"}
    for state_id, hold in CHART.holds.items():
        region = toxicities[state_id]
        assert hold.reason == reasons.get(region, region)
        assert hold.drugs == (("ixazomib",) if region in ("neuropathy", "other") else BOTH)


def test_starting_doses() -> None:
    assert [(start.ixazomib_mg, start.lenalidomide_mg, start.every_days) for start in starts(EDITION)] == [
        (4, 25, 1),
        (4, 10, 1),
        (3, 25, 1),
        (3, 15, 2),
        (3, 10, 1),
        (3, 5, 1),
    ]


@pytest.mark.parametrize("pair", [(4, 25), (4, 10), (3, 25), (3, 15), (3, 10), (3, 5)])
def test_each_pair_of_starting_doses_starts_there(pair: tuple[int, int]) -> None:
    step = machine().step(SCREENING, f"start_{pair[0]}_{pair[1]}")
    now = step.status
    assert (now.ixazomib_mg, now.lenalidomide_mg, now.held_for) == (*pair, ())
    assert step.orders == (
        Order("start", "ixazomib", pair[0]),
        Order("start", "lenalidomide", pair[1]),
        Order("start", "dexamethasone", 40),
    )


# --- Episodes --------------------------------------------------------------------------------------------------

Walk = list[Step]


def walk(*symbols: str) -> Walk:
    steps: Walk = []
    for symbol in symbols:
        steps.append(machine().step(steps[-1].after if steps else SCREENING, symbol))
    return steps


def lowered(start: str, *episode: str, most: int = 9) -> list[str]:
    """Who is lowered by each of these episodes, one after another, up to the end of treatment."""
    steps, who = walk(start), list[str]()
    while len(who) < most and steps[-1].after != DISCONTINUED:
        drugs: list[str] = []
        for symbol in episode:
            steps.append(machine().step(steps[-1].after, symbol))
            drugs += [order.drug for order in steps[-1].orders if order.verb == "reduce"]
            if steps[-1].after == DISCONTINUED:
                assert steps[-1].orders == STOP
                drugs.append("stop")
                break
        who.append(" and ".join(drugs) or "nobody")
    return who


IXA, LEN, STOPPED, NOBODY = "ixazomib", "lenalidomide", "stop", "nobody"
NEUTROPENIA = ("anc_low", "anc_recovered")
PLATELETS = ("platelets_low", "platelets_recovered")
RASH = ("rash_grade_2_3", "rash_resolved")
MODERATE = ("neuropathy_moderate", "neuropathy_resolved")
SEVERE = ("neuropathy_severe", "neuropathy_resolved_agreed")
RELATED = ("other_onset_related", "other_resolved_related")
UNRELATED = ("other_onset", "other_resolved")


@pytest.mark.parametrize(
    ("start", "episode", "who"),
    [
        ("start_4_25", NEUTROPENIA, [IXA, LEN, IXA, STOPPED]),
        ("start_3_25", NEUTROPENIA, [IXA, STOPPED]),
        ("start_4_25", PLATELETS, [LEN, IXA, LEN, IXA, STOPPED]),
        ("start_3_5", PLATELETS, [LEN, IXA, STOPPED]),
        ("start_4_25", RASH, [LEN, IXA, LEN, IXA, STOPPED]),
        ("start_3_15", RASH, [LEN, IXA, STOPPED]),
        ("start_4_25", MODERATE, [NOBODY] * 9),
        ("start_4_25", SEVERE, [IXA, IXA, STOPPED]),
        ("start_3_10", SEVERE, [IXA, STOPPED]),
        ("start_4_25", (MODERATE[0], *SEVERE), [IXA, IXA, STOPPED]),
        ("start_4_25", (SEVERE[0], MODERATE[0], SEVERE[1]), [IXA, IXA, STOPPED]),
        ("start_4_25", UNRELATED, [NOBODY] * 9),
        ("start_4_25", RELATED, [IXA, IXA, STOPPED]),
        ("start_4_25", ("other_onset", "other_resolved_related"), [IXA, IXA, STOPPED]),
        ("start_4_25", (NEUTROPENIA[0], NEUTROPENIA[0], NEUTROPENIA[1]), [IXA, LEN, IXA, STOPPED]),
        (
            "start_4_25",
            (NEUTROPENIA[0], PLATELETS[0], NEUTROPENIA[1], PLATELETS[1]),
            [f"{IXA} and {LEN}"] * 2 + [STOPPED],
        ),
    ],
)
def test_whose_turn_it_is(start: str, episode: tuple[str, ...], who: list[str]) -> None:
    assert lowered(start, *episode) == who


AT_FLOOR = ("start_3_25", *SEVERE)
BY_OTHERS_AT_FLOOR = ("start_3_25", *RELATED)
LENALIDOMIDE_AT_FLOOR = ("start_3_5", *RASH)
BOTH_AT_FLOOR = (*LENALIDOMIDE_AT_FLOOR, *SEVERE)


SCENES: list[tuple[tuple[str, ...], str | tuple[float, float, str], str]] = [
    # the first ever of its kind with ixazomib at its floor
    ((*AT_FLOOR, "platelets_low"), (2.3, 25, "platelets"), "B-FIRSTEVER PLT-01"),
    ((*AT_FLOOR, *PLATELETS), (2.3, 20, ""), "PLT-04"),
    ((*AT_FLOOR, *PLATELETS, "platelets_low"), "discontinued", "PLT-09 B-EXHAUST"),
    ((*AT_FLOOR, "rash_grade_2_3"), (2.3, 20, ""), "B-FIRSTEVER RASH-01"),
    ((*AT_FLOOR, *RASH, "rash_grade_2_3"), "discontinued", "RASH-07 B-RASH-PERSIST B-EXHAUST"),
    ((*AT_FLOOR, "anc_low"), "discontinued", "ANC-07 B-FIRSTEVER"),
    ((*AT_FLOOR, "neuropathy_moderate"), "discontinued", "PN-04 B-EXHAUST"),
    ((*AT_FLOOR, "other_onset"), (2.3, 25, "other"), "OTH-01 B-FIRSTEVER"),
    ((*AT_FLOOR, "other_onset", "other_onset"), "discontinued", "OTH-05 B-OTHER-MULTI"),
    ((*AT_FLOOR, "other_onset", "other_resolved_related"), "discontinued", "OTH-05 B-UPGRADE-ATTRIB"),
    ((*AT_FLOOR, *UNRELATED, "other_onset"), "discontinued", "OTH-05 B-EXHAUST"),
    ((*AT_FLOOR, "other_onset_related"), "discontinued", "OTH-05 B-FIRSTEVER"),
    ((*BY_OTHERS_AT_FLOOR, "neuropathy_severe"), "discontinued", "PN-08 B-FIRSTEVER"),
    ((*BY_OTHERS_AT_FLOOR, *MODERATE), (2.3, 25, ""), "PN-02 PN-03"),
    ((*BY_OTHERS_AT_FLOOR, *MODERATE, "neuropathy_moderate"), "discontinued", "PN-04 B-EXHAUST"),
    ((*BY_OTHERS_AT_FLOOR, "neuropathy_moderate", "neuropathy_severe"), "discontinued", "PN-08 B-UPGRADE"),
    ((*AT_FLOOR, "other_onset", "other_onset_related"), "discontinued", "OTH-05 B-OTHER-MULTI"),
    ((*AT_FLOOR, "platelets_low", "other_onset"), (2.3, 25, "platelets, other"), "B-OVERLAP"),
    ((*AT_FLOOR, "platelets_low", "other_onset", "other_resolved"), (2.3, 25, "platelets"), "B-OVERLAP"),
    # lenalidomide's turn with lenalidomide at its floor
    ((*LENALIDOMIDE_AT_FLOOR, *PLATELETS), (2.3, 2.5, ""), "PLT-02 B-LENFLOOR"),
    (("start_3_5", *PLATELETS, "rash_grade_2_3"), (2.3, 2.5, ""), "B-RASH-FIRST B-LENFLOOR"),
    (("start_4_10", *RASH, *PLATELETS, *NEUTROPENIA, *NEUTROPENIA), (2.3, 2.5, ""), "ANC-06 B-LENFLOOR"),
    (("start_4_10", *RASH, *PLATELETS, *PLATELETS, *PLATELETS), (2.3, 2.5, ""), "PLT-08 B-LENFLOOR"),
    (("start_4_10", *PLATELETS, *RASH, *RASH, *RASH), (2.3, 2.5, ""), "RASH-06 B-LENFLOOR"),
    ((*BOTH_AT_FLOOR, "platelets_low"), "discontinued", "PLT-09 B-LENFLOOR B-FIRSTEVER"),
    (("start_3_5", *PLATELETS, *SEVERE, "rash_grade_2_3"), "discontinued", "RASH-07 B-LENFLOOR B-FIRSTEVER"),
    # holds that overlap
    (("start_4_25", "anc_low", "neuropathy_severe", "anc_recovered"), (4, 25, "neuropathy"), "ANC-02 B-OVERLAP"),
    (("start_4_25", "anc_low", *SEVERE, "anc_recovered"), (3, 25, ""), "B-STACK ANC-04"),
    (("start_4_25", *NEUTROPENIA, *SEVERE), (2.3, 25, ""), "PN-07 DOSE-09"),
    (("start_4_25", "anc_low", "rash_grade_2_3", "anc_recovered"), (3, 20, ""), "DOSE-08"),
    (("start_4_25", "platelets_low", "rash_grade_2_3", "platelets_recovered"), (4, 20, ""), "B-STACK"),
    # recoveries that are none
    (("start_4_25", "neuropathy_severe", "neuropathy_resolved"), (4, 25, "neuropathy"), "PN-06"),
    (("start_4_25", "anc_recovered"), (4, 25, ""), "K-NOEPISODE"),
    # grade 4
    (("start_4_25", "neuropathy_moderate", "neuropathy_grade_4"), "discontinued", "PN-09"),
    (("start_4_25", "anc_low", "rash_grade_4"), "discontinued", "RASH-08"),
]


@pytest.mark.parametrize(
    ("symbols", "then", "rules"),
    SCENES,
    ids=lambda value: "-".join(value) if isinstance(value, tuple) and isinstance(value[0], str) else None,
)
def test_at_the_floors_and_where_holds_overlap(
    symbols: tuple[str, ...], then: str | tuple[float, float, str], rules: str
) -> None:
    last = walk(*symbols)[-1]
    now = last.status
    reached = (now.ixazomib_mg, now.lenalidomide_mg, ", ".join(now.held_for))
    assert (now.phase if last.after == DISCONTINUED else reached) == then
    assert (last.orders == STOP) is (then == "discontinued")
    assert set(rules.split()) <= set(last.rules)


def test_each_transition_is_taken_somewhere() -> None:
    """All but one, which no course can reach.

    Ixazomib that is given is lowered at once only by a first rash with lenalidomide at its floor, and lenalidomide
    cannot get there from any start without ixazomib leaving 4 mg.
    """
    own = Telltale()
    taken = {one for _, moves in wander() for one in moves}
    places = {leaf: configuration for configuration in visited() for leaf in configuration if leaf != "screening"}
    tries = [(before, symbol) for before in places.values() for symbol in own.symbols if not symbol.startswith("start")]
    tries += [(step.before, step.symbol) for symbols, _, _ in SCENES for step in walk(*symbols)]
    for before, symbol in tries:
        own.step(before, symbol)
        taken.update(own.last)
    assert [name_of(one) for one in MOVES if one not in taken] == ["ixazomib_given_4--owe_ixazomib"]


def test_a_drug_comes_back_when_its_own_last_reason_has_gone() -> None:
    steps = walk("start_4_25", "anc_low", "neuropathy_severe", "anc_recovered", "neuropathy_resolved_agreed")
    assert steps[2].orders == (), "ixazomib is held already, and severe neuropathy does not touch lenalidomide"
    assert steps[3].orders == (Order("resume", "lenalidomide", 25),)
    assert steps[4].orders == (Order("reduce", "ixazomib", 3), Order("resume", "ixazomib", 3))


@pytest.mark.parametrize(
    ("symbols", "orders"),
    [
        (("anc_low", "anc_low"), (Order("consider_g_csf"),)),
        (("platelets_low", "platelets_low"), ()),
        (("rash_grade_2_3", "rash_grade_2_3"), (Order("review_rash"),)),
        ((*RASH, "rash_grade_2_3", "rash_grade_2_3"), ()),
        (("neuropathy_severe", "neuropathy_resolved"), (Order("obtain_agreement"),)),
        (("other_onset", "other_onset"), ()),
    ],
)
def test_a_finding_within_its_episode_changes_nothing(symbols: tuple[str, ...], orders: tuple[Order, ...]) -> None:
    last = walk("start_4_25", *symbols)[-1]
    assert last.after == last.before
    assert last.orders == orders


@pytest.mark.parametrize("end", ["progression", "intolerable_toxicity", "death", "withdrawal"])
@pytest.mark.parametrize("held", [(), ("anc_low",), ("neuropathy_severe", "other_onset")])
def test_an_end_stops_all_three_drugs_held_or_not(end: str, held: tuple[str, ...]) -> None:
    last = walk("start_4_25", *held, end)[-1]
    assert (last.after, last.orders) == (DISCONTINUED, STOP)


@pytest.mark.parametrize("end", ["death", "withdrawal"])
def test_an_end_before_the_start_orders_nothing(end: str) -> None:
    last = walk(end)[-1]
    assert (last.after, last.orders) == (DISCONTINUED, ())
