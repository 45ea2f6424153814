"""The properties that every edition is held to: safety first, then that the chart is whole.

Each is a search over the table for a breach. They are written from the dosing text and the readings, in terms of
what a person sees (levels, holds, orders), and know as little of the chart's inner states as they can.
"""

from __future__ import annotations

from collections import deque
from itertools import product

from ixastate.check import Breach, Property, moves, on_treatment, prove
from ixastate.events import Drug
from ixastate.graph import Edge, condition_of
from ixastate.orders import Order
from ixastate.shapes import BOTH
from ixastate.status import Status
from ixastate.table import Table

ENDS = ("progression", "intolerable_toxicity", "death", "withdrawal")
ONSETS: dict[str, tuple[Drug, ...]] = {
    "anc_low": BOTH,
    "platelets_low": BOTH,
    "neuropathy_moderate": ("ixazomib",),
    "neuropathy_severe": ("ixazomib",),
    "other_onset": ("ixazomib",),
    "other_onset_related": ("ixazomib",),
}
# The symbols of each alternating toxicity: its onset and its recovery.
ALTERNATING = {
    "neutropenia": ("anc_low", "anc_recovered"),
    "thrombocytopenia": ("platelets_low", "platelets_recovered"),
    "rash": ("rash_grade_2_3", "rash_resolved"),
}


def mg_of(now: Status, drug: Drug) -> float:
    """The level of a drug on treatment."""
    mg = now.ixazomib_mg if drug == "ixazomib" else now.lenalidomide_mg
    return 0.0 if mg is None else mg


def ladder_of(table: Table, drug: Drug) -> tuple[float, ...]:
    """The ladder of a drug, highest first."""
    edition = table.graph.edition
    return edition.ixazomib_ladder_mg if drug == "ixazomib" else edition.lenalidomide.ladder_mg


# --- The machine as such --------------------------------------------------------------------------------------


@prove(
    "deterministic and complete", "Of the guards on one symbol of one state, exactly one is open, whatever is active."
)
def one_guard_open(table: Table) -> Breach | None:
    """Over every combination of the states that the guards name, whether a course reaches it or not."""
    graph = table.graph
    groups: dict[tuple[str, str], list[Edge]] = {}
    for edge in graph.edges:
        groups.setdefault((edge.source, edge.symbol), []).append(edge)
    for (source, symbol), edges in groups.items():
        guarded = [edge for edge in edges if edge.condition]
        named = [
            leaves
            for leaves in graph.regions.values()
            if any(f"'{leaf}'" in e.condition for e in guarded for leaf in leaves)
        ]
        tests = [condition_of(edge.condition) for edge in edges]
        for combination in product(*named):
            active = frozenset(combination)
            if sum(test(active) for test in tests) != 1:
                return Breach(0, None, f"{source} on {symbol}: not one guard is open with {', '.join(combination)}")
    return None


@prove(
    "every symbol is answered", "On treatment every symbol is acted on or expressly ignored, in every configuration."
)
def answered(table: Table) -> Breach | None:
    """Screening takes in its own symbols, and every other phase but the last all that screening does not own."""
    own = {edge.symbol for edge in table.graph.edges if edge.source == table.graph.initial[0]}
    elsewhere = {edge.symbol for edge in table.graph.edges if edge.source != table.graph.initial[0]}
    for number in on_treatment(table):
        if number == table.final:
            continue
        for symbol, move in enumerate(table.row(number)):
            taken_in = table.symbols[symbol] in elsewhere or table.symbols[symbol] not in own
            if taken_in and not table.output[move]:
                return Breach(number, symbol, "it is not answered")
    return None


@prove("one state of each region", "In every configuration on treatment each region has exactly one active state.")
def one_state_a_region(table: Table) -> Breach | None:
    """By counting the leaves of each region."""
    regions = list(table.graph.regions.values())
    for number in on_treatment(table):
        if number != table.final:
            active = set(table.configurations[number])
            if any(len(active & set(leaves)) != 1 for leaves in regions):
                return Breach(number, None, "a region has not exactly one active state")
    return None


@prove("everything is reachable", "Every state, every transition and every rule of the chart is used by some course.")
def everything_reachable(table: Table) -> Breach | None:
    """The transitions that `spared` names are the only ones that no course takes, and truly none does."""
    graph = table.graph
    active = {leaf for leaves in table.configurations for leaf in leaves}
    taken = {edge for edges in table.edges for edge in edges}
    idle = [edge for edge in graph.edges if edge.number not in taken]
    missing = [leaf for leaf in graph.leaves if leaf not in active]
    missing += [str(edge) for edge in idle if str(edge) not in graph.spared]
    missing += [name for name in graph.spared if name not in map(str, idle)]
    cited = {rule for edge in graph.edges for rule in edge.rules}
    fired = {rule for rules in table.rules for rule in rules}
    missing += sorted(cited - fired)
    acting = {rule.id for rule in graph.edition.rules.values() if "transition" in rule.executed_by}
    missing += sorted(acting - cited)
    return Breach(0, None, f"never used as declared: {', '.join(missing)}") if missing else None


# --- Doses ----------------------------------------------------------------------------------------------------


@prove("no dose ever rises", "No event raises the level of ixazomib or of lenalidomide (B-ORIGINAL, B-MIDCOURSE).")
def no_dose_rises(table: Table) -> Breach | None:
    """By comparing the levels before and after each move on treatment."""
    for number, symbol, move in moves(table):
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
    for number, symbol, move in moves(table):
        for order in table.orders[table.output[move]]:
            if order.drug == "ixazomib" and 0 < order.dose_mg < floor:
                return Breach(number, symbol, f"the order is: {order}")
    return None


@prove(
    "at most two reductions", "Ixazomib is reduced at most twice in a course (DOSE-07), and once after a start at 3 mg."
)
def at_most_two_reductions(table: Table) -> Breach | None:
    """By counting along every course: the most reductions with which each configuration can be reached."""
    most_allowed = table.graph.edition.number("DOSE-07", "reductions")
    ladder = ladder_of(table, "ixazomib")
    for start in [symbol for symbol, name in enumerate(table.symbols) if name.startswith("start_")]:
        entry = table.next[start]
        if entry == 0:
            continue
        allowed = most_allowed - ladder.index(mg_of(table.statuses[entry], "ixazomib"))
        most = {entry: 0}
        queue = deque([entry])
        while queue:
            number = queue.popleft()
            for symbol, move in enumerate(table.row(number)):
                reduced = any(o.verb == "reduce" and o.drug == "ixazomib" for o in table.orders[table.output[move]])
                count = most[number] + reduced
                after = table.next[move]
                if count > allowed:
                    return Breach(number, symbol, f"reduction {count} of ixazomib after {table.symbols[start]}")
                if count > most.get(after, -1):
                    most[after] = count
                    queue.append(after)
    return None


@prove("one level at a time", "No event lowers a drug by more than one level of its ladder (B-STACK).")
def one_level_at_a_time(table: Table) -> Breach | None:
    """By counting the steps on the ladder that each move takes."""
    for number, symbol, move in moves(table):
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
    seen: set[tuple[Status, Status, int]] = set()
    for number, symbol, move in moves(table):
        before, after = table.statuses[number], table.statuses[table.next[move]]
        if before.phase != "on treatment" or (before, after, table.output[move]) in seen:
            continue
        seen.add((before, after, table.output[move]))
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


# --- Holds ----------------------------------------------------------------------------------------------------


@prove("a held drug is never given", "While any open episode holds a drug, that drug is not given.")
def held_is_not_given(table: Table) -> Breach | None:
    """By comparing what the toxicities hold with what the drugs' own states say."""
    for number in on_treatment(table):
        for leaf in table.configurations[number]:
            hold = table.graph.holds.get(leaf)
            for drug in hold.drugs if hold else ():
                if not table.statuses[number].held(drug):
                    return Breach(number, None, f"{drug} is given while held for {hold.reason if hold else ''}")
    return None


@prove("each hold names an open episode", "A drug is held only while an open episode holds it (B-OVERLAP).")
def hold_has_a_reason(table: Table) -> Breach | None:
    """By looking for a drug that is held by nothing."""
    for number in on_treatment(table):
        reasons = {
            drug
            for leaf in table.configurations[number]
            if leaf in table.graph.holds
            for drug in table.graph.holds[leaf].drugs
        }
        for drug in BOTH:
            if table.statuses[number].held(drug) and drug not in reasons:
                return Breach(number, None, f"{drug} is held for nothing")
    return None


@prove("each hold has a way out", "From every hold some course gives the drug again.")
def hold_has_a_way_out(table: Table) -> Breach | None:
    """By walking backwards from every configuration in which the drug is given."""
    back: list[list[int]] = [[] for _ in table.configurations]
    for number, _, move in moves(table):
        back[table.next[move]].append(number)
    for drug in BOTH:
        reached = [now.phase == "on treatment" and not now.held(drug) for now in table.statuses]
        queue = deque(number for number, given in enumerate(reached) if given)
        while queue:
            for earlier in back[queue.popleft()]:
                if not reached[earlier]:
                    reached[earlier] = True
                    queue.append(earlier)
        for number in on_treatment(table):
            if number != table.final and not reached[number]:
                return Breach(number, None, f"{drug} can never be given again, and treatment goes on")
    return None


@prove(
    "an onset holds at once",
    "A low count holds both drugs or stops; neuropathy and other toxicity hold ixazomib or stop.",
)
def onset_holds(table: Table) -> Breach | None:
    """By looking at the drugs after every onset."""
    for number, symbol, move in moves(table):
        after = table.statuses[table.next[move]]
        for drug in ONSETS.get(table.symbols[symbol], ()):
            if after.phase == "on treatment" and not after.held(drug):
                return Breach(number, symbol, f"{drug} is still given")
    return None


@prove(
    "agreement is needed",
    "A severe neuropathy that resolves without the physician's agreement releases nothing (PN-06).",
)
def agreement_is_needed(table: Table) -> Breach | None:
    """By seeing that the orders ask for the agreement, and that ixazomib stays held, after a severe episode."""
    symbol = table.symbols.index("neuropathy_resolved")
    severe = "neuropathy_held_severe"
    for number in on_treatment(table):
        if severe in table.configurations[number]:
            move = table.row(number)[symbol]
            asked = Order("obtain_agreement") in table.orders[table.output[move]]
            if not asked or table.next[move] != number:
                return Breach(number, symbol, "it is released, or the agreement is not asked for")
    return None


# --- Stops ----------------------------------------------------------------------------------------------------


@prove(
    "grade 4 stops from everywhere",
    "Grade 4 neuropathy or rash, and every other end, stop treatment from every configuration.",
)
def grade_4_stops(table: Table) -> Breach | None:
    """PN-09, RASH-08, DISC-01, DISC-02, B-EXIT."""
    ends = [table.symbols.index(name) for name in ("neuropathy_grade_4", "rash_grade_4", *ENDS)]
    for number in on_treatment(table):
        if number != table.final:
            for symbol in ends:
                if table.next[table.row(number)[symbol]] != table.final:
                    return Breach(number, symbol, "treatment goes on")
    return None


@prove("discontinued is final", "Nothing follows after discontinuation, and every course can still come to it.")
def discontinued_is_final(table: Table) -> Breach | None:
    """By its own row in the table; that it can be reached from everywhere follows from the ends."""
    for symbol, move in enumerate(table.row(table.final)):
        if table.next[move] != table.final or table.output[move]:
            return Breach(table.final, symbol, "something follows")
    return None


@prove(
    "an exhausted ladder stops",
    "With ixazomib at its floor, a toxicity's second onset stops treatment (B-EXHAUST, B-START3).",
)
def exhausted_stops(table: Table) -> Breach | None:
    """In terms of the states: an onset in a region that has left its first states, or one that needs a step."""
    floor = ladder_of(table, "ixazomib")[-1]
    onsets = {
        "anc_low": "neutropenia_clear",
        "platelets_low": "thrombocytopenia_clear",
        "rash_grade_2_3": "rash_clear",
        "neuropathy_moderate": "neuropathy_clear",
        "neuropathy_severe": "neuropathy_clear",
        "other_onset": "other_clear",
        "other_onset_related": "other_clear",
    }
    needs_a_step = {"neuropathy_severe", "other_onset_related"}
    for number in on_treatment(table):
        if table.statuses[number].ixazomib_mg != floor:
            continue
        for leaf in table.configurations[number]:
            for name, clear in onsets.items():
                spared = leaf.endswith("_first") and name not in needs_a_step
                if leaf.startswith(clear) and not spared:
                    symbol = table.symbols.index(name)
                    if table.next[table.row(number)[symbol]] != table.final:
                        return Breach(number, symbol, "treatment goes on with ixazomib at its floor")
    return None


@prove(
    "only the text's stops",
    "Treatment stops only at grade 4, an end, or when a step is needed that ixazomib does not have.",
)
def only_the_stops_of_the_text(table: Table) -> Breach | None:
    """A stop on any other symbol needs ixazomib at its floor."""
    floor = ladder_of(table, "ixazomib")[-1]
    always = {"neuropathy_grade_4", "rash_grade_4", *ENDS}
    for number, symbol, move in moves(table):
        before = table.statuses[number]
        stopped = table.next[move] == table.final and before.phase == "on treatment"
        if stopped and table.symbols[symbol] not in always and before.ixazomib_mg != floor:
            return Breach(number, symbol, f"it stops with ixazomib at {before.ixazomib_mg:g} mg")
    return None


# --- Turns ----------------------------------------------------------------------------------------------------


@prove(
    "alternation alternates",
    "A toxicity never lowers the same drug twice running, unless lenalidomide has no step left.",
)
def alternation_alternates(table: Table) -> Breach | None:
    """By walking all courses with the drug that each toxicity lowered last (ANC-06, PLT-08, RASH-06)."""
    edges = table.graph.edges
    for toxicity, symbols in ALTERNATING.items():
        columns = {table.symbols.index(name) for name in symbols}
        queue: deque[tuple[int, str]] = deque([(0, "")])
        seen = {(0, "")}
        while queue:
            number, last = queue.popleft()
            for symbol, move in enumerate(table.row(number)):
                lowered = last
                if symbol in columns:
                    first = edges[table.edges[table.output[move]][0]] if table.output[move] else None
                    owed = [
                        name.removeprefix("owe_") for name in (first.raised if first else ()) if name.startswith("owe_")
                    ]
                    if owed and first is not None:
                        passed = "B-LENFLOOR" in first.rules
                        if owed[0] == last and not passed:
                            return Breach(number, symbol, f"{toxicity} lowers {last} twice running")
                        lowered = "lenalidomide" if passed else owed[0]
                step = (table.next[move], lowered)
                if step not in seen:
                    seen.add(step)
                    queue.append(step)
    return None


@prove(
    "each episode lowers a drug",
    "Every episode of neutropenia, thrombocytopenia or rash lowers one of the drugs, or stops.",
)
def each_episode_lowers(table: Table) -> Breach | None:
    """By the reduction that the onset or the recovery of an episode earns."""
    edges = table.graph.edges
    recoveries = {table.symbols.index(recovery): toxicity for toxicity, (_, recovery) in ALTERNATING.items()}
    for number, symbol, move in moves(table):
        if symbol not in recoveries or table.next[move] == table.final:
            continue
        own = edges[table.edges[table.output[move]][0]]
        lowers = any(name.startswith("owe_") for name in own.raised)
        if own.source.startswith(f"{recoveries[symbol]}_held"):
            # Where neither drug has a step left, the turn passes without one.
            if not lowers and "B-LENFLOOR" not in own.rules:
                return Breach(number, symbol, "no drug is lowered")
        elif lowers:
            return Breach(number, symbol, "a drug is lowered with no hold to end")
    return None


@prove("the advice is given", "A low neutrophil count that does not stop treatment asks to consider G-CSF (ANC-03).")
def advice_is_given(table: Table) -> Breach | None:
    """On every onset and every further low count."""
    symbol = table.symbols.index("anc_low")
    for number in on_treatment(table):
        move = table.row(number)[symbol]
        stopped = table.next[move] == table.final
        if number != table.final and not stopped and Order("consider_g_csf") not in table.orders[table.output[move]]:
            return Breach(number, symbol, "G-CSF is not mentioned")
    return None


PROPERTIES: tuple[Property, ...] = (
    one_guard_open,
    answered,
    one_state_a_region,
    everything_reachable,
    no_dose_rises,
    never_below_the_floor,
    at_most_two_reductions,
    one_level_at_a_time,
    orders_say_what_happens,
    held_is_not_given,
    hold_has_a_reason,
    hold_has_a_way_out,
    onset_holds,
    agreement_is_needed,
    grade_4_stops,
    discontinued_is_final,
    exhausted_stops,
    only_the_stops_of_the_text,
    alternation_alternates,
    each_episode_lowers,
    advice_is_given,
)
