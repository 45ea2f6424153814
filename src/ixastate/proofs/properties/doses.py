"""Properties of the doses: what may happen to a level, and that the orders say it."""

from __future__ import annotations

from collections.abc import Iterator

from ixastate.orders import Order
from ixastate.proofs.check import Breach, on_treatment, prove
from ixastate.proofs.properties.common import ladder_of, mg_of
from ixastate.symbols import BOTH, Start, starts
from ixastate.table.table import Table
from ixastate.table.walk import walk


@prove("no dose ever rises", "No event raises the level of ixazomib or of lenalidomide (B-ORIGINAL, B-MIDCOURSE).")
def no_dose_rises(table: Table) -> Breach | None:
    """By comparing the levels before and after each move on treatment."""
    for number, symbol, move in table.unlike:
        before, after = table.statuses[number], table.statuses[table.next[move]]
        if before.phase == after.phase == "on treatment":
            for drug in BOTH:
                if mg_of(after, drug) > mg_of(before, drug):
                    return Breach(number, symbol, f"{drug} rises to {mg_of(after, drug):g} mg")
    return None


@prove(
    "never below the floor",
    "Ixazomib is at 4, 3 or 2.3 mg and never below (DOSE-10); lenalidomide stays on its ladder.",
)
def never_below_the_floor(table: Table) -> Breach | None:
    """By looking at every level in force, and at every dose that an order names."""
    floor = table.graph.edition.number("DOSE-10", "floor")
    for number in on_treatment(table):
        now = table.statuses[number]
        if now.phase == "on treatment":
            for drug in BOTH:
                if mg_of(now, drug) not in ladder_of(table, drug):
                    return Breach(number, None, f"{drug} is at {mg_of(now, drug):g} mg")
    for number, symbol, move in table.unlike:
        for order in table.orders[table.output[move]]:
            if order.drug == "ixazomib" and 0 < order.dose_mg < floor:
                return Breach(number, symbol, f"the order is: {order}")
    return None


@prove(
    "at most two reductions", "Ixazomib is reduced at most twice in a course (DOSE-07), and once after a start at 3 mg."
)
def at_most_two_reductions(table: Table) -> Breach | None:
    """By counting along every course: the most reductions with which each configuration can be reached."""
    return next(filter(None, (_too_many(table, start) for start in starts(table.graph.edition))), None)


def _too_many(table: Table, start: Start) -> Breach | None:
    entry = table.next[table.columns[start.name]]
    if entry == 0:
        return None
    allowed = table.graph.edition.integer("DOSE-07", "reductions")
    allowed -= ladder_of(table, "ixazomib").index(mg_of(table.statuses[entry], "ixazomib"))
    reduces = [any(one.verb == "reduce" and one.drug == "ixazomib" for one in orders) for orders in table.orders]
    width = len(table.symbols)
    # The most reductions with which each configuration has been reached so far.
    most = {entry: 0}

    def onward(place: tuple[int, int]) -> Iterator[tuple[str, tuple[int, int]]]:
        number, count = place
        if count < most[number] or count > allowed:
            return
        row = slice(number * width, (number + 1) * width)
        for symbol, (after, said) in enumerate(zip(table.next[row], table.output[row], strict=True)):
            more = count + reduces[said]
            if more > most.get(after, -1):
                most[after] = more
                yield table.symbols[symbol], (after, more)

    found = walk([(entry, 0)], onward)
    breach = next((place for place in found if place[1] > allowed), None)
    if breach is None:
        return None
    course = (start.name, *found.course_to(breach))
    before = found.came_from[breach]
    assert before is not None
    why = f"it is reduction {breach[1]} of ixazomib after {start.name}"
    return Breach(before[0][0], table.columns[course[-1]], why, course)


@prove("one level at a time", "No event lowers a drug by more than one level of its ladder (B-STACK).")
def one_level_at_a_time(table: Table) -> Breach | None:
    """By counting the steps on the ladder that each move takes."""
    for number, symbol, move in table.unlike:
        before, after = table.statuses[number], table.statuses[table.next[move]]
        if before.phase == after.phase == "on treatment":
            for drug in BOTH:
                ladder = ladder_of(table, drug)
                if ladder.index(mg_of(after, drug)) - ladder.index(mg_of(before, drug)) > 1:
                    return Breach(
                        number, symbol, f"{drug} goes from {mg_of(before, drug):g} to {mg_of(after, drug):g} mg"
                    )
    return None


@prove(
    "orders say what happens",
    "Hold, reduce, resume and stop are ordered exactly when the drug is held, lowered, given, stopped.",
)
def orders_say_what_happens(table: Table) -> Breach | None:
    """By working out from the status before and after what must have been ordered."""
    dosing = {"hold", "reduce", "resume", "stop"}
    for number, symbol, move in table.unlike:
        before, after = table.statuses[number], table.statuses[table.next[move]]
        if before.phase != "on treatment":
            continue
        given = {order for order in table.orders[table.output[move]] if order.verb in dosing}
        due: set[Order] = set()
        for drug in BOTH:
            if after.phase == "discontinued":
                due.add(Order("stop", drug))
                continue
            if after.held(drug) and not before.held(drug):
                due.add(Order("hold", drug))
            if mg_of(after, drug) < mg_of(before, drug):
                due.add(Order("reduce", drug, mg_of(after, drug)))
            if before.held(drug) and not after.held(drug):
                due.add(Order("resume", drug, mg_of(after, drug)))
        if after.phase == "discontinued":
            due.add(Order("stop", "dexamethasone"))
        if given != due:
            names = "; ".join(map(str, sorted(given))) or "nothing"
            return Breach(
                number, symbol, f"ordered: {names}; what happens: {'; '.join(map(str, sorted(due))) or 'nothing'}"
            )
    return None
