"""Every property can fail: for each a fault in the chart that breaks it, found at the end of a shortest course."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Any

import pytest

from ixastate.chart.chart import STOP
from ixastate.chart.guards import none_active, some_active
from ixastate.chart.states import Episode
from ixastate.chart.status import Status, status_of
from ixastate.orders import Order
from ixastate.proofs.check import Breach, Finding, Property, check
from ixastate.proofs.properties import PROPERTIES
from ixastate.table.explore import Space
from ixastate.table.graph import Graph
from ixastate.table.table import Table, tabulate
from tests.tables import changed, depths, edge_of, graph, starting_only

BY_NAME = {proposition.name: proposition for proposition in PROPERTIES}
ANC_LOW = "neutropenia_clear_ixazomib_next --anc_low [ixazomib above its floor]--> neutropenia_held_ixazomib_next"
ANC_OVER = "neutropenia_held_ixazomib_next --anc_recovered--> neutropenia_clear_lenalidomide_next"
PENDS = "neutropenia_clear_ixazomib_next --anc_low--> neutropenia_pending_ixazomib_next"
CONFIRMED = "neutropenia_pending_ixazomib_next --anc_low [ixazomib above its floor]--> neutropenia_held_ixazomib_next"
WITHDRAWN = "neutropenia_pending_ixazomib_next --anc_recovered--> neutropenia_clear_ixazomib_next"
AGAIN = "neuropathy_clear_again --neuropathy_moderate"
MODERATE_OVER = "neuropathy_held_moderate --neuropathy_resolved--> neuropathy_clear_again"
PASSED = (
    "thrombocytopenia_held_first --platelets_recovered [lenalidomide at its floor]--> "
    "thrombocytopenia_clear_ixazomib_next"
)
RELEASED_3 = "ixazomib_held_3 --release_ixazomib [nothing holds ixazomib]--> ixazomib_given_3"
RELEASED_FLOOR = "ixazomib_held_2_3 --release_ixazomib [nothing holds ixazomib]--> ixazomib_given_2_3"
RESUME_3, RESUME_FLOOR = Order("resume", "ixazomib", 3.0), Order("resume", "ixazomib", 2.3)


@cache
def base() -> Graph:
    return starting_only(graph(), "start_3_10")


@cache
def sound() -> Table:
    return tabulate(base())


def with_faults(of: Graph, *faults: tuple[str, dict[str, Any]]) -> Graph:
    for text, parts in faults:
        of = changed(of, text, **parts)
    return of


def fault(text: str, **parts: Any) -> Callable[[], Table]:
    """The table of the base with this edge changed."""
    return lambda: tabulate(changed(base(), text, **parts))


def answering(of: Graph, state: str, symbol: str) -> Graph:
    """The graph with an edge more, that answers this symbol in this state and does nothing."""
    like = edge_of(of, "other_clear_first --other_resolved--> stays")
    return replace(of, edges=(*of.edges, replace(like, number=len(of.edges), source=state, symbol=symbol)))


# --- The faults -----------------------------------------------------------------------------------------------


def held_by_one_drug(drug: str) -> Callable[[], Table]:
    """A first neutropenia holds and releases this drug alone."""
    return lambda: tabulate(
        with_faults(base(), (ANC_LOW, {"raised": (f"hold_{drug}",)}), (ANC_OVER, {"raised": (f"release_{drug}",)}))
    )


def twice_running(of: Graph) -> Table:
    return tabulate(changed(of, ANC_OVER, targets=("neutropenia_clear_ixazomib_next",)))


def lowered_with_no_hold() -> Table:
    """A rash that is over lowers lenalidomide, which at its floor passes that over."""
    text = "rash_clear_ixazomib_next --rash_resolved--> stays"
    spoilt = changed(base(), text, raised=("owe_lenalidomide",))
    for standing in ("given", "held"):
        spoilt = answering(spoilt, f"lenalidomide_{standing}_2_5", "owe_lenalidomide")
    return tabulate(spoilt)


def leaf_in_another_region() -> Table:
    """A rash leads into ixazomib's region, and what it leaves unanswered the whole answers."""
    spoilt = changed(
        base(),
        "rash_clear_first --rash_grade_2_3 [lenalidomide above its floor]--> rash_open_first",
        targets=("ixazomib_given_2_3",),
    )
    edges = (
        replace(edge, source="on_treatment", targets=(), guard=None, raised=(), orders=())
        if edge.source == "rash_held_lenalidomide_next"
        else edge
        for edge in spoilt.edges
    )
    return tabulate(replace(spoilt, edges=tuple(edges)))


def level_off_the_ladder() -> Table:
    """What a state means is a dose below the floor."""
    lower = replace(base().levels["ixazomib_given_2_3"], mg=2.0)
    return tabulate(replace(base(), meanings={**base().meanings, "ixazomib_given_2_3": lower}))


def something_after_the_end() -> Table:
    """Exploring takes nothing in after the end, so this fault is one of the table."""
    space, final = sound().space, sound().final
    following, output = array("I", space.next), array("I", space.output)
    last = sound().row(final)[-1]
    following[last], output[last] = 1, 1
    return Table(replace(space, next=following, output=output))


def idle_edge() -> Table:
    """A guard that is dropped takes the turn of the one after it."""
    return tabulate(changed(graph(), f"{AGAIN} [ixazomib above its floor]--> neuropathy_held_moderate", guard=None))


@cache
def confirming() -> Graph:
    return starting_only(graph("what-if-confirm"), "start_3_10")


@cache
def sound_confirming() -> Table:
    return tabulate(confirming())


def confirming_fault(text: str, **parts: Any) -> Callable[[], Table]:
    """The table of the edition in which a low count must be confirmed, with this edge changed."""
    return lambda: tabulate(changed(confirming(), text, **parts))


def other_count_withdraws() -> Table:
    """Pending neutrophils are withdrawn by platelets that are not low, too."""
    of = confirming()
    more = replace(edge_of(of, WITHDRAWN), number=len(of.edges), symbol="platelets_recovered")
    return tabulate(replace(of, edges=(*of.edges, more)))


def pending_without_the_rule() -> Table:
    """What a state of the dosing text means is that a low count pends."""
    meaning = base().meanings["neutropenia_clear_lenalidomide_next"]
    assert isinstance(meaning, Episode)
    pending = {"neutropenia_clear_lenalidomide_next": replace(meaning, pending=True)}
    return tabulate(replace(base(), meanings={**base().meanings, **pending}))


FAULTS: dict[str, dict[str, Callable[[], Table]]] = {
    "deterministic and complete": {
        "two guards open": fault(f"{AGAIN} [ixazomib above its floor]--> neuropathy_held_moderate", guard=None),
        # Where no course leads: the base never has lenalidomide at 25 mg.
        "no guard open": fault(
            f"{AGAIN} [ixazomib at its floor]--> discontinued",
            guard=some_active("at the floor", ["ixazomib_given_2_3", "ixazomib_held_2_3"])
            & none_active("lenalidomide lowered", ["lenalidomide_given_25"]),
        ),
    },
    "every symbol is answered": {
        "a start that none answers": fault("screening --start_3_5--> stays", symbol="start_blocked"),
    },
    "one state of each region": {"a target in another region": leaf_in_another_region},
    "everything is reachable": {"an edge that another goes before": idle_edge},
    "no dose ever rises": {
        "ixazomib comes back higher": fault(RELEASED_3, targets=("ixazomib_given_4",)),
        "lenalidomide comes back higher": fault(
            "lenalidomide_held_5 --release_lenalidomide [nothing holds lenalidomide]--> lenalidomide_given_5",
            targets=("lenalidomide_given_10",),
        ),
    },
    "never below the floor": {
        "a level": level_off_the_ladder,
        "an order": fault(RELEASED_FLOOR, orders=(Order("resume", "ixazomib", 2.0),)),
    },
    "at most two reductions": {
        "a reduction of nothing": fault(RELEASED_FLOOR, orders=(Order("reduce", "ixazomib", 2.3), RESUME_FLOOR)),
        "reduced, raised, reduced": fault(
            "ixazomib_given_2_3 --hold_ixazomib--> ixazomib_held_2_3", targets=("ixazomib_held_3",)
        ),
        "a reduction too early": fault(RELEASED_3, orders=(Order("reduce", "ixazomib", 3.0), RESUME_3)),
    },
    "one level at a time": {
        "two levels of lenalidomide": fault(
            "lenalidomide_owing_10 --release_lenalidomide [nothing holds lenalidomide]--> lenalidomide_given_5",
            targets=("lenalidomide_given_2_5",),
        ),
    },
    "orders say what happens": {
        "a hold that is not ordered": fault("ixazomib_given_3 --hold_ixazomib--> ixazomib_held_3", orders=()),
        "a stop of one drug alone": fault("on_treatment --progression--> discontinued", orders=STOP[:1]),
        "the wrong dose": fault(RELEASED_3, orders=(RESUME_FLOOR,)),
        "an order of nothing": fault("other_clear_first --other_resolved--> stays", orders=(RESUME_3,)),
    },
    "a held drug is never given": {"lenalidomide alone is held": held_by_one_drug("lenalidomide")},
    "each hold names an open episode": {
        "no release": fault("neuropathy_held_moderate --neuropathy_resolved--> neuropathy_clear_again", raised=()),
    },
    "each hold has a way out": {"an episode that never ends": fault(ANC_OVER, targets=(), raised=())},
    "an onset holds at once": {
        "lenalidomide alone": held_by_one_drug("lenalidomide"),
        "ixazomib alone": held_by_one_drug("ixazomib"),
        "nothing begins": fault(ANC_LOW, targets=(), raised=()),
    },
    "agreement is needed": {
        "it is not asked for": fault("neuropathy_held_severe --neuropathy_resolved--> stays", orders=()),
        "it is not waited for": fault(
            "neuropathy_held_severe --neuropathy_resolved--> stays",
            targets=("neuropathy_clear_again",),
            raised=("owe_ixazomib", "release_ixazomib"),
        ),
    },
    "a first low count is repeated": {
        "it is not asked for": confirming_fault(PENDS, orders=()),
        "it holds at once": confirming_fault(PENDS, raised=("hold_ixazomib", "hold_lenalidomide")),
        "nothing is pending": confirming_fault(PENDS, targets=()),
        "it is asked for again": confirming_fault(WITHDRAWN, orders=(Order("repeat_count"),)),
        "another count is asked for": confirming_fault(
            "thrombocytopenia_clear_first --platelets_recovered--> stays", orders=(Order("repeat_count"),)
        ),
        "it is asked for without the rule": fault(ANC_OVER, orders=(Order("repeat_count"),)),
        "a count pends without the rule": pending_without_the_rule,
    },
    "the next count decides": {
        "a second low count holds nothing": confirming_fault(CONFIRMED, targets=(), raised=(), orders=()),
        "a second low count withdraws": confirming_fault(
            CONFIRMED, targets=("neutropenia_clear_ixazomib_next",), raised=(), orders=()
        ),
        "the turn is lost": confirming_fault(WITHDRAWN, targets=("neutropenia_clear_lenalidomide_next",)),
        "it is never withdrawn": confirming_fault(WITHDRAWN, targets=()),
        "it is withdrawn with an order": confirming_fault(WITHDRAWN, orders=(Order("consider_g_csf"),)),
        "the count of the other kind withdraws": other_count_withdraws,
    },
    "grade 4 stops from everywhere": {
        "rash": fault("rash_clear_first --rash_grade_4--> discontinued", targets=(), orders=()),
        "neuropathy": fault("neuropathy_held_severe --neuropathy_grade_4--> discontinued", targets=(), orders=()),
        "progression": fault("on_treatment --progression--> discontinued", targets=(), orders=()),
    },
    "discontinued is final": {"something follows": something_after_the_end},
    "an exhausted ladder stops": {
        "it is held again": fault(
            f"{AGAIN} [ixazomib at its floor]--> discontinued",
            targets=("neuropathy_held_moderate",),
            raised=("hold_ixazomib",),
            orders=(),
        ),
    },
    "a step that is needed is made": {
        "a severe neuropathy lowers nothing": fault(
            "neuropathy_held_severe --neuropathy_resolved_agreed--> neuropathy_clear_again",
            raised=("release_ixazomib",),
        ),
        "a related toxicity lowers nothing": fault(
            "other_held --other_resolved_related [ixazomib above its floor]--> other_clear_again",
            raised=("release_ixazomib",),
        ),
    },
    "an open episode is not opened again": {
        "a second report that stops": fault("rash_open_first --rash_grade_2_3--> stays", targets=("discontinued",)),
        "a second low count that ends the episode": fault(
            "neutropenia_held_ixazomib_next --anc_low--> stays", targets=("neutropenia_clear_lenalidomide_next",)
        ),
    },
    "only the text's stops": {
        "a stop above the floor": fault(
            "other_clear_again --other_onset [ixazomib above its floor]--> other_held",
            targets=("discontinued",),
            raised=(),
            orders=STOP,
        ),
    },
    "alternation alternates": {
        "the turn does not pass": lambda: twice_running(base()),
        "it does not pass, from two starts": lambda: twice_running(starting_only(graph(), "start_4_10", "start_3_10")),
    },
    "each episode lowers a drug": {
        "a release without a reduction": fault(ANC_OVER, raised=("release_ixazomib", "release_lenalidomide")),
        "a reduction without an episode": lowered_with_no_hold,
    },
    "the advice is given": {"no word of G-CSF": fault(ANC_LOW, orders=())},
    "each order has a reason": {
        "a hold that no rule gives": fault(ANC_LOW, rules=("ANC-03", "B-EPISODE")),
        "advice that no rule gives": fault(ANC_LOW, rules=("ANC-01", "B-EPISODE")),
        "a reduction that only general clauses give": fault(ANC_OVER, rules=("ANC-02", "ANC-05")),
        "an order for the other drug": fault(
            "neuropathy_clear_first --neuropathy_moderate--> neuropathy_held_moderate", rules=("PN-03", "B-LEN-PN")
        ),
    },
    "no reason contradicts the orders": {
        "the clause of a severe episode": fault(MODERATE_OVER, rules=("PN-02", "PN-03", "PN-07")),
        "the clause of the other turn": fault(ANC_OVER, rules=("ANC-02", "ANC-04", "PLT-03")),
        "an unchanged return where a turn passes": fault(PASSED, rules=("PLT-02", "PLT-03", "B-LENFLOOR")),
        "a hold where none is": fault(
            "rash_open_first --rash_resolved--> rash_clear_ixazomib_next", rules=("RASH-02",)
        ),
        "a stop that is none": fault(
            "rash_held_ixazomib_next --rash_grade_2_3--> stays", rules=("B-EPISODE", "RASH-07")
        ),
    },
    "each reduction has its earner": {
        "nothing asks for it": fault(ANC_OVER, rules=("ANC-02", "ANC-05")),
        "it is forgotten": fault(
            "ixazomib_owing_3 --release_ixazomib [nothing holds ixazomib]--> ixazomib_given_2_3",
            targets=("ixazomib_given_3",),
        ),
        "it comes of itself": fault(RELEASED_3, targets=("ixazomib_given_2_3",)),
        "it is owed of itself": fault(
            "ixazomib_given_3 --hold_ixazomib--> ixazomib_held_3", targets=("ixazomib_owing_3",)
        ),
    },
}
EVERY = [(name, what) for name, faults in FAULTS.items() for what in faults]
each_fault = pytest.mark.parametrize(("name", "what"), EVERY, ids=[f"{name}: {what}" for name, what in EVERY])


@cache
def finding(name: str, what: str) -> tuple[Table, Finding]:
    broken = FAULTS[name][what]()
    [found] = check(broken, [BY_NAME[name]])
    return broken, found


# --- The tests ------------------------------------------------------------------------------------------------


def test_no_property_is_without_a_fault() -> None:
    assert list(FAULTS) == [proposition.name for proposition in PROPERTIES]
    assert len(BY_NAME) == len(PROPERTIES)
    assert all(proposition.says.endswith(".") for proposition in PROPERTIES)


@pytest.mark.parametrize("proposition", PROPERTIES, ids=lambda proposition: proposition.name)
def test_the_chart_in_which_counts_are_confirmed_breaks_no_property(proposition: Property) -> None:
    unused = proposition.name == "everything is reachable"
    assert (proposition.search(sound_confirming()) is None) is not unused


@pytest.mark.parametrize("proposition", PROPERTIES, ids=lambda proposition: proposition.name)
def test_the_chart_without_a_fault_breaks_no_property(proposition: Property) -> None:
    # A start at 3 mg alone leaves the states of 4 mg unused.
    unused = proposition.name == "everything is reachable"
    assert (proposition.search(sound()) is None) is not unused


@each_fault
def test_a_fault_breaks_the_property(name: str, what: str) -> None:
    broken, found = finding(name, what)
    assert found.breach is not None
    assert found.breach.why
    assert found.proposition is BY_NAME[name]
    if found.breach.course:
        # The breach lies in the way: it leads there, and need not be the shortest way there.
        *before, last = found.breach.course
        number = 0
        for one in before:
            number = broken.next[broken.row(number)[broken.symbols.index(one)]]
        assert (number, broken.symbols.index(last)) == (found.breach.configuration, found.breach.symbol)
        assert found.symbols == found.breach.course
        return
    course = broken.space.course_to(found.breach.configuration)
    symbol = [] if found.breach.symbol is None else [broken.symbols[found.breach.symbol]]
    assert found.symbols == (*course, *symbol)


# Breaches that are not at the end of a course, or of whose course more than its end matters.
NOT_LOCAL = {
    "deterministic and complete",
    "everything is reachable",
    "at most two reductions",
    "each hold has a way out",
    "discontinued is final",
    "alternation alternates",
}


@pytest.mark.parametrize(("name", "what"), [pair for pair in EVERY if pair[0] not in NOT_LOCAL])
def test_no_configuration_nearer_to_the_start_breaks_it(name: str, what: str) -> None:
    broken, found = finding(name, what)
    assert found.breach is not None
    depth = depths(broken)
    nearer = sum(1 for one in depth if one < depth[found.breach.configuration])
    assert max(depth[:nearer], default=0) < depth[found.breach.configuration]
    assert BY_NAME[name].search(only_the_first(broken, nearer)) is None


def only_the_first(whole: Table, many: int) -> Table:
    """The table as if only its first configurations were ever looked at; where they lead is known all the same."""
    width = len(whole.symbols)
    space: Space = replace(
        whole.space, bits=whole.space.bits[:many], next=whole.next[: many * width], output=whole.output[: many * width]
    )
    part = Table(space)
    part.__dict__.update(statuses=whole.statuses, final=whole.final, orders=whole.orders)
    return part


# --- The course shows the breach ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """One step of a course as a person sees it."""

    symbol: str
    before: Status
    after: Status
    orders: tuple[Order, ...]
    owes: str

    def lowered(self, drug: str) -> bool:
        return any((order.verb, order.drug) == ("reduce", drug) for order in self.orders)


def seen(of: Graph, symbols: Sequence[str]) -> list[Seen]:
    """A course of symbols through the slow step."""
    configuration = of.initial
    steps = []
    for symbol in symbols:
        moved = of.step(configuration, symbol)
        before = status_of(of.meanings, configuration)
        owes = "".join(name for name in of.edges[moved.edges[0]].raised if name.startswith("owe_"))
        steps.append(Seen(symbol, before, moved.status, moved.orders, owes))
        configuration = moved.after
    return steps


def neutropenia_twice_running(course: list[Seen]) -> bool:
    owed = [step.owes for step in course if step.symbol == "anc_recovered" and "neutrophils" in step.before.held_for]
    return any(one == other != "" for one, other in pairwise(owed))


SHOWS: dict[str, Callable[[list[Seen]], bool]] = {
    "no dose ever rises": lambda course: (
        (course[-1].after.ixazomib_mg or 0) > (course[-1].before.ixazomib_mg or 0)
        or (course[-1].after.lenalidomide_mg or 0) > (course[-1].before.lenalidomide_mg or 0)
    ),
    "at most two reductions": lambda course: sum(step.lowered("ixazomib") for step in course) > 1,
    "one level at a time": lambda course: (
        (course[-1].before.lenalidomide_mg, course[-1].after.lenalidomide_mg) == (10, 2.5)
    ),
    "a held drug is never given": lambda course: (
        ("neutrophils" in course[-1].after.held_for or bool(course[-1].after.held_for))
        and not course[-1].after.ixazomib_held
    ),
    "each hold names an open episode": lambda course: course[-1].after.ixazomib_held and not course[-1].after.held_for,
    "an onset holds at once": lambda course: (
        course[-1].symbol == "anc_low" and not (course[-1].after.ixazomib_held and course[-1].after.lenalidomide_held)
    ),
    "grade 4 stops from everywhere": lambda course: (
        course[-1].symbol in ("rash_grade_4", "neuropathy_grade_4", "progression")
        and course[-1].after.phase == "on treatment"
    ),
    "an exhausted ladder stops": lambda course: (
        course[-1].before.ixazomib_mg == 2.3
        and "neuropathy_resolved" in [step.symbol.removesuffix("_agreed") for step in course]
        and course[-1].after.held_for == ("neuropathy",)
    ),
    "only the text's stops": lambda course: (
        course[-1].symbol == "other_onset"
        and course[-1].before.ixazomib_mg == 3
        and course[-1].after.phase == "discontinued"
    ),
    "alternation alternates": neutropenia_twice_running,
    "the advice is given": lambda course: (
        course[-1].symbol == "anc_low" and Order("consider_g_csf") not in course[-1].orders
    ),
    "each order has a reason": lambda course: course[-1].orders != (),
    "each reduction has its earner": lambda course: (
        course[-1].lowered("ixazomib")
        or bool(course[-1].owes)
        or course[-1].before.held_for != course[-1].after.held_for
    ),
}


# The searches walk with a memory, and the course is then taken without it.
@pytest.mark.parametrize(
    ("name", "what"),
    [pair for pair in EVERY if pair[0] in SHOWS],
)
def test_the_course_shows_the_breach(name: str, what: str) -> None:
    broken, found = finding(name, what)
    assert SHOWS[name](seen(broken.graph, found.symbols)), found.symbols


def test_a_breach_without_a_course_has_no_symbols() -> None:
    _, found = finding("deterministic and complete", "two guards open")
    assert isinstance(found.breach, Breach)
    assert (found.breach.symbol, found.symbols) == (None, ())
    assert "neuropathy_clear_again on neuropathy_moderate" in found.breach.why
