"""The properties that the chart of a dose is held to, in every reachable configuration and after every course.

They speak of what is permitted: a dose is permitted where a report that the prescribed dose was taken asks for no
review. What they hold the chart against is the plain account of `known`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

from ixastate.chart.slot import GIVEN, HELD, ONE_MISSED, OPEN, SHUT
from ixastate.chart.slot_symbols import (
    ABOVE,
    BELOW,
    DOSE,
    FAULT,
    LATE,
    MISSED,
    NEXT_SLOT,
    SLOT_SYMBOLS,
    TAKEN,
    VOMITED,
)
from ixastate.orders import Order, Verb
from ixastate.proofs.check import Breach, Property, prove
from ixastate.proofs.properties.whole import not_one_open
from ixastate.proofs.slot.known import Known, Told, accounts
from ixastate.table.slot import SlotTable
from ixastate.table.walk import walk

REVIEWS: frozenset[Verb] = frozenset(("review_overdose", "review_deviation"))
# The clauses that each order rests on; where there are several groups, on all of one of them.
CLAUSES: dict[Verb, tuple[frozenset[str], ...]] = {
    "permit_late_dose": (frozenset(("ADM-11", "ADM-13")),),
    "omit_late_dose": (
        frozenset(("ADM-12", "ADM-13")),
        frozenset(("B-HELD-NOT-MISSED", "ADM-13")),
        frozenset(("B-CLARIFY",)),
    ),
    "give_no_extra_dose": (frozenset(("ADM-10", "B-VOMIT")),),
    "clarify_dose": (frozenset(("B-CLARIFY",)),),
    "review_deviation": (frozenset(("ADM-14",)),),
    "review_overdose": (frozenset(("ADM-14", "ADM-16", "B-OVERDOSE")),),
}


def verbs(told: Told) -> frozenset[Verb]:
    """What is ordered."""
    return _verbs(told.step.orders)


@cache
def _verbs(orders: tuple[Order, ...]) -> frozenset[Verb]:
    return frozenset(order.verb for order in orders)


def _first(table: SlotTable, wrong: Callable[[Told], str | None]) -> Breach | None:
    """The breach with a shortest course, by what is wrong with one answer."""
    every = accounts(table)
    for told in every.told:
        if why := wrong(told):
            return Breach(0, None, why, every.course_to(told))
    return None


# --- The chart as such -----------------------------------------------------------------------------------------


@prove(
    "a report has one answer", "Of the guards on one symbol of one state of a dose exactly one is open, whatever holds."
)
def one_answer(table: SlotTable) -> Breach | None:
    """Over every combination of the states that the guards name."""
    why = not_one_open(table.graph)
    return Breach(0, None, why) if why else None


@prove("every state answers every symbol", "Every state of a dose answers the clock and every report; none is dropped.")
def every_state_answers(table: SlotTable) -> Breach | None:
    """The dose answers clock and reports in each state, and each symbol the region that it is for."""
    answered = {(edge.source, edge.symbol) for edge in table.graph.edges}
    for symbol in SLOT_SYMBOLS.values():
        for region in {symbol.region} | ({DOSE} if symbol.kind != "course" else set()):
            for leaf in table.graph.regions[region]:
                if (leaf, symbol.name) not in answered:
                    return Breach(0, None, f"{leaf} does not answer {symbol.name}")
    for number, configuration in enumerate(table.configurations):
        for place, name in enumerate(table.symbols):
            if (configuration, name) not in table.moves:
                return Breach(number, place, "it is not answered")
    return None


@prove("one state of each region of a dose", "A dose is in exactly one state, and so is each circumstance beside it.")
def one_state_each(table: SlotTable) -> Breach | None:
    """By counting the leaves of each region."""
    for number, configuration in enumerate(table.configurations):
        if any(len(set(configuration) & set(leaves)) != 1 for leaves in table.graph.regions.values()):
            return Breach(number, None, "a region has not exactly one active state")
    return None


@prove("everything of a dose is used", "Every state, transition and rule of the chart is used by some course.")
def everything_is_used(table: SlotTable) -> Breach | None:
    """By what the moves enter, take and cite."""
    graph = table.graph
    entered = {leaf for configuration in table.configurations for leaf in configuration}
    taken = {edge for step in table.moves.values() for edge in step.edges}
    missing = [leaf for leaf in graph.leaves if leaf not in entered]
    missing += [str(edge) for edge in graph.edges if edge.number not in taken]
    cited = {rule for step in table.moves.values() for rule in step.rules}
    missing += sorted({rule.id for rule in graph.edition.rules.values() if "slot" in rule.executed_by} ^ cited)
    return Breach(0, None, f"not used, or not declared: {', '.join(missing)}") if missing else None


# --- What is permitted -----------------------------------------------------------------------------------------


@prove("at most one dose a slot", "No course of reports takes two doses of one slot without a review.")
def at_most_one(table: SlotTable) -> Breach | None:
    """By counting the intakes that pass without a review along every course; a dose that is over has none."""
    second: list[tuple[tuple[tuple[str, ...], int], str]] = []

    def onward(place: tuple[tuple[str, ...], int]) -> Iterator[tuple[str, tuple[tuple[str, ...], int]]]:
        configuration, count = place
        for name, symbol in SLOT_SYMBOLS.items():
            step = table.moves.get((configuration, name))
            if step is None:
                continue
            passed = symbol.intake and not REVIEWS & {order.verb for order in step.orders}
            if passed and count:
                second.append((place, name))
            yield name, (step.after, min(count + passed, 1))

    found = walk([(table.graph.initial, 0)], onward)
    if not second:
        return None
    place, name = second[0]
    return Breach(0, None, "a second dose passes without a review", (*found.course_to(place), name))


def _never(table: SlotTable, when: Callable[[Known], bool], words: str) -> Breach | None:
    """No permission and no intake without a review while this is known."""

    def wrong(told: Told) -> str | None:
        if when(told.before) and when(told.after):
            if "permit_late_dose" in verbs(told):
                return f"a dose is permitted {words}"
            if told.symbol.intake and not REVIEWS & verbs(told):
                return f"a dose {words} passes without a review"
        return None

    return _first(table, wrong)


@prove("none close to the next slot", "With less than the hours of ADM-11 to the next slot no dose is permitted.")
def none_close_to_the_next(table: SlotTable) -> Breach | None:
    """Whatever was reported before."""
    return _never(table, lambda known: known.shut, "too close to the next slot")


@prove("none while ixazomib is held", "During a hold no dose is permitted (B-HELD-NOT-MISSED).")
def none_while_held(table: SlotTable) -> Breach | None:
    """Whatever was reported before."""
    return _never(table, lambda known: known.held, "during a hold")


@prove("a dose withheld is not made up", "A dose that was held at its slot is never permitted (B-HELD-NOT-MISSED).")
def withheld_is_not_made_up(table: SlotTable) -> Breach | None:
    """Whatever comes after the slot, a release included."""
    return _never(table, lambda known: known.withheld, "that was withheld")


@prove("none off the calendar", "When the next slot has come no dose of this one is permitted.")
def none_off_the_calendar(table: SlotTable) -> Breach | None:
    """So that an intake that belongs to no slot is always reviewed."""
    return _never(table, lambda known: known.over, "of a slot that is over")


@prove("vomiting repeats nothing", "Vomiting is answered with no extra dose, and no other is permitted for the slot.")
def vomiting_repeats_nothing(table: SlotTable) -> Breach | None:
    """In every state, and whatever comes after it (ADM-10, B-VOMIT)."""

    def wrong(told: Told) -> str | None:
        if (told.symbol is VOMITED) is not ("give_no_extra_dose" in verbs(told)):
            return "no extra dose is not what is ordered for vomiting alone"
        return None

    return _first(table, wrong) or _never(table, lambda known: known.vomited, "after vomiting")


@prove(
    "a dose that may be taken is as prescribed",
    "What is due or was just permitted, and is then taken, asks for nothing.",
)
def permitted_is_as_prescribed(table: SlotTable) -> Breach | None:
    """A dose given, in time and not taken yet needs no review; a report that it is late needs a slot that has come."""

    def wrong(told: Told) -> str | None:
        expected = told.symbol is TAKEN or (told.symbol is LATE and told.before.reached)
        if expected and told.before.may and told.step.orders:
            return "a dose that may be taken asks for something when it is taken"
        return None

    return _first(table, wrong)


@prove(
    "a missed dose is permitted or left out",
    "A missed dose may be taken exactly while it is given, in time and not known to be taken (ADM-11, ADM-12).",
)
def missed_is_permitted_or_left_out(table: SlotTable) -> Breach | None:
    """Every report of it is answered with one of the two, but for a dose that was not due yet."""

    def wrong(told: Told) -> str | None:
        given = verbs(told) & {"permit_late_dose", "omit_late_dose"}
        known = told.before
        if told.symbol is not MISSED or not (known.reached or known.taken or known.over):
            return "a dose that is not missed is permitted or left out" if given else None
        may = known.may and known.reached and not known.fault
        expected = {"permit_late_dose" if may else "omit_late_dose"}
        return None if given == expected else f"the answer is not: {', '.join(expected)}"

    return _first(table, wrong)


# --- What is reviewed ------------------------------------------------------------------------------------------


@prove(
    "every excess is reviewed",
    "More than the prescribed dose, and a second one, is reviewed as an overdose (ADM-16).",
)
def excess_is_reviewed(table: SlotTable) -> Breach | None:
    """In every state; and nothing else is."""

    def wrong(told: Told) -> str | None:
        again = told.symbol.intake and told.before.swallowed and not told.before.over
        if (told.symbol.above or again) is not ("review_overdose" in verbs(told)):
            return "an excess, and no other intake, is reviewed as an overdose"
        return None

    return _first(table, wrong)


@prove(
    "every deviation is reviewed",
    "A dose that is taken too small, or may not be taken, is reviewed (ADM-14).",
)
def deviation_is_reviewed(table: SlotTable) -> Breach | None:
    """A dose that is only too large is an overdose instead, and a reported overdose is that alone."""

    def wrong(told: Told) -> str | None:
        known = told.before
        wrong_time = known.held or known.shut or known.not_made or known.over
        too_small = told.symbol is BELOW and not known.swallowed
        too_early = told.symbol is LATE and not (known.reached or known.swallowed)
        deviates = told.symbol in (TAKEN, BELOW, ABOVE, LATE) and (wrong_time or too_small or too_early)
        if deviates is not ("review_deviation" in verbs(told)):
            return "a deviation, and nothing else, is reviewed as one"
        return None

    return _first(table, wrong)


@prove(
    "contradictions are answered",
    "Reports that contradict each other, such as missed after taken, ask to be clarified (B-CLARIFY).",
)
def contradictions_are_answered(table: SlotTable) -> Breach | None:
    """And no other report does."""

    def wrong(told: Told) -> str | None:
        known = told.before
        if known.over or told.symbol not in (MISSED, LATE, VOMITED, FAULT):
            contradicts = False
        elif told.symbol is MISSED:
            contradicts = known.taken or not known.reached
        elif told.symbol is LATE:
            contradicts = not known.reached and not known.taken
        else:
            left_out = known.missed and (known.held or known.shut)
            contradicts = left_out and not known.taken
        if contradicts is not ("clarify_dose" in verbs(told)):
            return "a contradiction, and nothing else, asks to be clarified"
        return None

    return _first(table, wrong)


@prove("a missed dose is not doubled", "An excess cites ADM-13 exactly when a dose was missed and none taken since.")
def missed_is_not_doubled(table: SlotTable) -> Breach | None:
    """And the region beside the dose says whether one was."""

    def wrong(told: Told) -> str | None:
        if (ONE_MISSED.id in told.step.after) is not told.after.gap:
            return "it is not noted whether a dose is missed"
        excess = told.symbol.above or (told.symbol in (TAKEN, BELOW, LATE) and told.before.swallowed)
        if excess and not told.before.over and ("ADM-13" in told.step.rules) is not told.before.gap:
            return "ADM-13 is not cited for a missed dose alone"
        return None

    return _first(table, wrong)


# --- What becomes of it ----------------------------------------------------------------------------------------


@prove("the state says what was reported", "After every course a dose is in the state that its reports make it.")
def state_says_what_was_reported(table: SlotTable) -> Breach | None:
    """Against the account that has no states."""

    def wrong(told: Told) -> str | None:
        state = table.state(told.step.after)
        expected = told.after.state
        return None if state == expected else f"the dose is {state.word!r}, by what was said {expected.word!r}"

    return _first(table, wrong)


@prove("the circumstances are kept", "Hold, release and the end of the window are noted when they come.")
def circumstances_are_kept(table: SlotTable) -> Breach | None:
    """A window that is closed stays closed."""

    def wrong(told: Told) -> str | None:
        after, known = told.step.after, told.after
        expected = (HELD if known.held else GIVEN, SHUT if known.shut else OPEN)
        if all(circumstance.id in after for circumstance in expected):
            return None
        return f"it is not noted that {expected[0].says} and {expected[1].says}"

    return _first(table, wrong)


@prove("a slot ends", "The next slot ends every dose for good.")
def a_slot_ends(table: SlotTable) -> Breach | None:
    """From every state; and before it a dose has not ended."""

    def wrong(told: Told) -> str | None:
        ended = table.state(told.step.after).ended
        expected = told.symbol is NEXT_SLOT or table.state(told.step.before).ended
        return None if ended is expected else "a dose has ended before the next slot, or goes on after it"

    return _first(table, wrong)


def _reasons(told: Told) -> dict[str, bool]:
    """The clauses that say why a dose may not be taken, each with whether it acts on this report."""
    known, symbol = told.before, told.symbol
    first = symbol.intake and not known.swallowed and not known.not_made and not known.held
    too_late = (known.shut and not known.over and symbol in (TAKEN, LATE)) or (known.over and symbol is LATE)
    vomited = known.vomited and not known.exceeded and not known.over
    return {
        "ADM-12": first and too_late and (known.reached or known.over or symbol is TAKEN),
        "ADM-13": symbol is LATE and (known.over or (known.reached and not known.swallowed)),
        "ADM-10": vomited and (symbol.intake or symbol is MISSED),
    }


@prove(
    "every order of a dose rests on its clause",
    "Each order about a dose cites the clause that asks for it.",
)
def orders_rest_on_clauses(table: SlotTable) -> Breach | None:
    """An order may rest on one of several clauses: a missed dose is left out for more than one reason."""

    def wrong(told: Told) -> str | None:
        for verb in verbs(told):
            if not any(clauses <= set(told.step.rules) for clauses in CLAUSES[verb]):
                return f"{verb} is ordered and its clause is not cited"
        missing = {rule for rule, acts in _reasons(told).items() if acts} - set(told.step.rules)
        return f"the reason is not cited: {', '.join(sorted(missing))}" if missing else None

    return _first(table, wrong)


SLOT_PROPERTIES: tuple[Property[SlotTable], ...] = (
    one_answer,
    every_state_answers,
    one_state_each,
    everything_is_used,
    at_most_one,
    none_close_to_the_next,
    none_while_held,
    withheld_is_not_made_up,
    none_off_the_calendar,
    vomiting_repeats_nothing,
    permitted_is_as_prescribed,
    missed_is_permitted_or_left_out,
    excess_is_reviewed,
    deviation_is_reviewed,
    contradictions_are_answered,
    missed_is_not_doubled,
    state_says_what_was_reported,
    circumstances_are_kept,
    a_slot_ends,
    orders_rest_on_clauses,
)
