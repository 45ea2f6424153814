"""The machine that runs the chart: it steps from any configuration, believes none unseen, and hears every error.

Its guards against the pitfalls of the library are tried here on our own chart, on the configurations of a long
seeded walk and on variants of the chart with a fault in them.
"""

from __future__ import annotations

import ast
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from random import Random
from typing import Any, TypeVar

import pytest

import ixastate.chart.builder
import ixastate.chart.chart
import ixastate.course.live
from ixastate.chart.builder import Transition, document_order, transitions_of
from ixastate.chart.chart import build_chart
from ixastate.course.live import Machine, Step, machine
from ixastate.errors import ChartError, RulesError
from ixastate.orders import Order, in_order
from ixastate.rules import DEFAULT_EDITION
from ixastate.symbols import BOTH, DISCONTINUED, SCREENING, Configuration

T = TypeVar("T")
CHART = build_chart(DEFAULT_EDITION)
STATES = {state.id: state for state in document_order(list(CHART.states))}


# --- Helpers: an evaluator of guards, and a walk ---------------------------------------------------------------


def guard_is_open(expression: str, active: set[str]) -> bool:
    """Whether a guard of `In('state')`, `and`, `or` and `not` is open in a set of active states."""

    def value(node: ast.expr) -> bool:
        match node:
            case ast.BoolOp(op=ast.And()):
                return all(list(map(value, node.values)))  # a list, so that every part is looked at
            case ast.BoolOp(op=ast.Or()):
                return any(list(map(value, node.values)))
            case ast.UnaryOp(op=ast.Not()):
                return not value(node.operand)
            case ast.Call(func=ast.Name(id="In"), args=[ast.Constant(value=str(state_id))], keywords=[]):
                assert state_id in STATES, f"{expression}: there is no state {state_id}"
                return state_id in active
        raise AssertionError(f"{expression}: {ast.dump(node)} is not In, and, or, not")

    return value(parsed(expression))


@cache
def parsed(expression: str) -> ast.expr:
    return ast.parse(expression, mode="eval").body


def open_moves(active: set[str], symbol: str) -> list[Transition]:
    """The moves of the active states that answer a symbol and whose guard is open."""
    moves = [one for state_id in active for one in STATES[state_id].transitions if isinstance(one, Transition)]
    return [
        one
        for one in moves
        if one.symbol == symbol and (one.when is None or guard_is_open(one.when.expression, active))
    ]


class Telltale(Machine):
    """A machine that remembers the moves of its last step."""

    def __init__(self) -> None:
        self.last: list[Transition] = []
        super().__init__()

    def transitions(self, before: Configuration, symbol: str) -> tuple[Configuration, tuple[Transition, ...]]:
        reached, taken = super().transitions(before, symbol)
        self.last = list(taken)
        return reached, taken


RAISED = sorted({raised for one in transitions_of(CHART) for raised in one.raised})
BEGINNINGS = sorted({one.symbol for one in STATES["screening"].transitions if isinstance(one, Transition)})
ENDS = sorted({one.symbol for one in STATES["on_treatment"].transitions if isinstance(one, Transition)})


@cache
def wander(steps: int = 4000, seed: int = 20260302) -> tuple[tuple[Step, tuple[Transition, ...]], ...]:
    """A seeded walk through reachable configurations, begun again after each end, with the moves of each step.

    The ends are rare in it, and so is what leads to them, lest it never get far.
    """
    chance, own, before = Random(seed), Telltale(), SCREENING
    rare = sorted(symbol for symbol in own.symbols if symbol in ENDS or symbol.endswith("grade_4"))
    ordinary = [symbol for symbol in own.symbols if not symbol.startswith("start_") and symbol not in rare]
    walked: list[tuple[Step, tuple[Transition, ...]]] = []
    while len(walked) < steps:
        among = BEGINNINGS if before == SCREENING else rare if chance.random() < 0.02 else ordinary
        step = own.step(before, chance.choice(among))
        walked.append((step, tuple(own.last)))
        before = SCREENING if step.after == DISCONTINUED else step.after
    return tuple(walked)


def visited() -> list[Configuration]:
    return list(dict.fromkeys(step.before for step, _ in wander()))


def active_in(configuration: Configuration) -> set[str]:
    return set(machine().active(configuration))


def at_once(jobs: Sequence[Callable[[], T]]) -> list[T | None]:
    """What these jobs return when each runs in a thread of its own, and the threads change as often as they can."""
    begin, found = threading.Barrier(len(jobs)), dict[int, T]()

    def work(number: int) -> None:
        begin.wait()
        found[number] = jobs[number]()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(jobs))]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    return [found.get(number) for number in range(len(jobs))]


TREATED = machine().step(SCREENING, "start_4_25").after


@dataclass
class Sabotage:
    """What a broken variant of our chart does besides, at the moves of one symbol."""

    symbol: str
    on: Any = None
    cond: Any = None
    raises: tuple[str, ...] = ()


def variant(monkeypatch: pytest.MonkeyPatch, sabotage: Sabotage) -> Machine:
    """A machine of our chart, built anew with a fault in it."""

    class Broken(Transition):
        def __init__(self, *parts: Any) -> None:
            source, symbol, target, rules, when, raises, orders = parts
            faulty = symbol == sabotage.symbol
            super().__init__(source, symbol, target, rules, when, [*raises, *sabotage.raises * faulty], orders)
            if faulty and sabotage.on:
                self.on.add(sabotage.on)
            if faulty and sabotage.cond:
                self.cond.add(sabotage.cond)

    monkeypatch.setattr(ixastate.chart.builder, "Transition", Broken)
    monkeypatch.setattr(ixastate.course.live, "build_chart", ixastate.chart.chart._build.__wrapped__)
    return Machine()


# --- What a step says ------------------------------------------------------------------------------------------


def test_a_step_says_what_happened() -> None:
    step = machine().step(TREATED, "anc_low")
    assert (step.symbol, step.before) == ("anc_low", TREATED)
    assert step.after[:2] == ("ixazomib_held_4", "lenalidomide_held_25")
    assert step.after[2].startswith("neutropenia_held_")
    assert step.after[3:] == TREATED[3:]
    assert step.orders == (Order("hold", "ixazomib"), Order("hold", "lenalidomide"), Order("consider_g_csf"))
    assert {"DOSE-06", "ANC-01", "ANC-03", "B-EPISODE"} <= set(step.rules)


def test_leaves_orders_and_rules_stand_in_one_fixed_order() -> None:
    places, rules = list(STATES), list(CHART.edition.rules)
    for step, taken in wander():
        assert list(step.after) == sorted(step.after, key=places.index)
        assert list(step.rules) == sorted({rule for one in taken for rule in one.rules}, key=rules.index)
        assert step.orders == in_order(order for one in taken for order in one.orders)
        assert step.rules, step


def test_a_step_does_not_depend_on_the_steps_before_it() -> None:
    fresh = Machine()
    shuffled = Random(5).sample(wander()[::10], len(wander()[::10]))
    assert [fresh.step(step.before, step.symbol) for step, _ in shuffled] == [step for step, _ in shuffled]


def test_two_threads_may_step_at_once() -> None:
    own, walked = Machine(), [step for step, _ in wander()[:600]]
    halves = [walked[:300], walked[300:]]

    def walk(steps: list[Step]) -> list[Step]:
        return [own.step(step.before, step.symbol) for step in steps]

    assert at_once([partial(walk, half) for half in halves]) == halves


def test_the_symbols_are_those_that_nothing_raises() -> None:
    assert machine().symbols == tuple(sorted({one.symbol for one in transitions_of(CHART)} - set(RAISED)))
    assert machine() is machine()


def test_an_unknown_edition_is_refused() -> None:
    with pytest.raises(RulesError, match="there is no edition 'another'") as refused:
        Machine("another")
    assert DEFAULT_EDITION in refused.value.remedy


# --- Which configurations are believed -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("configuration", "wrong"),
    [
        ((), "0 root states are active"),
        (("screening", "discontinued"), "2 root states are active"),
        (("screening", *TREATED), "2 root states are active"),
        (TREATED[1:], "6 children of 'on_treatment' are active"),
        (TREATED[:-1], "6 children of 'on_treatment' are active"),
        ((*TREATED, "ixazomib_held_4"), "2 children of 'ixazomib' are active"),
        ((*TREATED, "ixazomib"), "'ixazomib' is no leaf"),
        (("on_treatment",), "'on_treatment' is no leaf"),
        (("nowhere",), "'nowhere' is no leaf"),
        ((*TREATED[1:], "ixazomib_given_5"), "'ixazomib_given_5' is no leaf"),
    ],
)
def test_an_illegal_configuration_is_refused(configuration: Configuration, wrong: str) -> None:
    with pytest.raises(ChartError, match=wrong) as refused:
        machine().step(configuration, "anc_low")
    assert refused.value.where == ", ".join(configuration)


@pytest.mark.parametrize("configuration", [("screening", "screening"), (*TREATED, TREATED[0])])
def test_a_leaf_named_twice_is_refused(configuration: Configuration) -> None:
    with pytest.raises(ChartError):
        machine().active(configuration)


def test_every_configuration_on_the_way_is_believed() -> None:
    for configuration in visited():
        assert [one for one in machine().active(configuration) if not STATES[one].states] == list(configuration)


@pytest.mark.parametrize("symbol", ["anc_low", "start_4_10", "progression"])
def test_a_symbol_that_the_chart_leaves_unanswered_is_refused(symbol: str) -> None:
    before = TREATED if symbol.startswith("start") else SCREENING
    with pytest.raises(ChartError, match="goes unanswered") as refused:
        machine().step(before, symbol)
    assert refused.value.where == ", ".join(before)
    assert machine().step(SCREENING, "start_4_25").after == TREATED


# --- What a configuration means --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("symbols", "words"),
    [
        ((), "active at 4 mg"),
        (("anc_low",), "held for neutrophils"),
        (("anc_low", "platelets_low", "neuropathy_severe"), "held for neutrophils, platelets, neuropathy"),
        (("anc_low", "neuropathy_moderate", "anc_recovered"), "held for neuropathy"),
        (("anc_low", "anc_recovered"), "active at 3 mg"),
        (("other_onset", "other_resolved"), "active at 4 mg"),
        (("rash_grade_2_3",), "active at 4 mg"),
        (("rash_grade_2_3", "rash_resolved", "rash_grade_2_3"), "held for rash"),
        (("neuropathy_grade_4",), "discontinued"),
    ],
)
def test_a_configuration_has_words(symbols: tuple[str, ...], words: str) -> None:
    configuration = TREATED
    for symbol in symbols:
        configuration = machine().step(configuration, symbol).after
    assert machine().status(configuration).words == words


def test_a_status_is_held_exactly_for_a_reason() -> None:
    for configuration in visited():
        now = machine().status(configuration)
        for drug in BOTH:
            mg = now.ixazomib_mg if drug == "ixazomib" else now.lenalidomide_mg
            holding = [leaf for leaf in configuration if drug in getattr(CHART.holds.get(leaf), "drugs", ())]
            assert now.held(drug) == bool(holding), configuration
            assert now.given_mg(drug, 40) == (None if holding else mg)
        assert now.given_mg("dexamethasone", 40) == (None if configuration == SCREENING else 40)


# --- What the machine is on its guard against ------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["on", "cond"])
@pytest.mark.parametrize("symbol", ["anc_low", "hold_lenalidomide"])
def test_an_error_in_a_guard_or_an_action_is_heard(monkeypatch: pytest.MonkeyPatch, kind: str, symbol: str) -> None:
    def fails() -> bool:
        raise ZeroDivisionError

    assert CHART.catch_errors_as_events is False
    broken = variant(monkeypatch, Sabotage(symbol, on=fails) if kind == "on" else Sabotage(symbol, cond=fails))
    with pytest.raises(ZeroDivisionError):
        broken.step(TREATED, "anc_low")
    assert broken.step(TREATED, "rash_resolved").after == TREATED, "the error leaves nothing behind in the queues"


def test_the_order_of_the_leaves_does_not_matter() -> None:
    own, chance = Telltale(), Random(3)
    for step, taken in wander()[::10]:
        shuffled = tuple(chance.sample(step.before, len(step.before)))
        assert list(own.active(shuffled)) == [one for one in STATES if one in active_in(step.before)]
        again = own.step(shuffled, step.symbol)
        assert (again.after, again.orders, again.rules) == (step.after, step.orders, step.rules)
        assert tuple(own.last) == taken


def test_exactly_one_guard_is_open_for_each_symbol() -> None:
    on_treatment = [symbol for symbol in machine().symbols if not symbol.startswith("start_")]
    assert len(visited()) > 1000
    for configuration in visited():
        active = active_in(configuration)
        for symbol in BEGINNINGS if configuration == SCREENING else on_treatment:
            assert len(open_moves(active, symbol)) == 1, f"{symbol} in {configuration}"
        for symbol in RAISED:
            assert len(open_moves(active, symbol)) <= 1, f"{symbol} in {configuration}"


def test_the_move_that_is_taken_is_the_one_whose_guard_is_open() -> None:
    for step, (first, *_) in wander():
        assert open_moves(active_in(step.before), step.symbol) == [first]


@pytest.mark.parametrize("symbol", ["no_such_symbol", "", "ANC_LOW", "anc_low ", "__initial__", "error.execution", "*"])
@pytest.mark.parametrize("before", [SCREENING, TREATED, DISCONTINUED], ids=["screening", "treated", "discontinued"])
def test_an_unknown_symbol_is_refused(symbol: str, before: Configuration) -> None:
    own = Machine()
    with pytest.raises(ChartError, match="is no symbol of the machine") as refused:
        own.step(before, symbol)
    assert "anc_low" in refused.value.remedy
    assert own.step(TREATED, "anc_low") == machine().step(TREATED, "anc_low"), "nothing has moved"


@pytest.mark.parametrize("symbol", RAISED)
def test_what_regions_raise_cannot_be_sent_from_outside(symbol: str) -> None:
    assert symbol not in machine().symbols
    with pytest.raises(ChartError, match="is no symbol of the machine"):
        machine().step(TREATED, symbol)


def test_a_raised_symbol_that_nothing_answers_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = variant(monkeypatch, Sabotage("anc_low", raises=("hold_aspirin",)))
    with pytest.raises(ChartError, match="goes unanswered"):
        broken.step(TREATED, "anc_low")
    assert broken.step(TREATED, "rash_grade_2_3") == machine().step(TREATED, "rash_grade_2_3")


def test_the_machine_steps_again_after_the_end() -> None:
    own = Machine()
    for symbol in ENDS:
        assert own.step(TREATED, symbol).after == DISCONTINUED
        assert own.step(SCREENING, "start_4_25").after == TREATED


def test_nothing_is_answered_in_the_final_state() -> None:
    for symbol in machine().symbols:
        with pytest.raises(ChartError, match="goes unanswered"):
            machine().step(DISCONTINUED, symbol)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_process_that_is_forked_in_the_middle_of_a_step_steps_on() -> None:
    """The lock of the thread that steps is inherited locked, and the thread is not."""
    own = Machine()
    own._running._lock.acquire()
    child = os.fork()
    if not child:
        code = 1
        try:
            code = 0 if own.step(TREATED, "anc_low") == machine().step(TREATED, "anc_low") else 2
        finally:
            os._exit(code)
    own._running._lock.release()
    deadline = time.monotonic() + 30
    while (done := os.waitpid(child, os.WNOHANG)) == (0, 0) and time.monotonic() < deadline:
        time.sleep(0.02)
    if done == (0, 0):
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert done == (child, 0)
