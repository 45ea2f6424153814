"""The sentence of a rule is true in every edition that has it, inherited or restated.

A claim is a part of a sentence with the question that it answers, asked of the chart of every edition whose rule says
so. What a sentence says of one drug must be among the effects of its rule, which `check` holds against every move.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from ixastate.chart.reasons import effects_of
from ixastate.rules import load_edition
from ixastate.rules.effects import What
from ixastate.symbols import BOTH, toxicities
from ixastate.table.graph import Edge
from tests.claims import (
    ALTERNATING,
    HOLDS_BOTH,
    HOLDS_IXA,
    IXA,
    LEN,
    NONE,
    NOTHING,
    ONSET,
    OTH,
    OVER,
    PN,
    STOP,
    STOPS,
    Claim,
    N,
    Number,
    R,
    T,
    View,
    advises,
    any_,
    begins,
    ended_by,
    even,
    every,
    first,
    goes_on,
    later,
    levels_at_a_release,
    lowers,
    may,
    meets,
    odd,
    passes,
    releases_both,
    says_nothing,
    stops,
    stops_at_both,
    turns,
    view,
)
from tests.tables import EDITION_NAMES

MODERATE, SEVERE, AGREED, UNAGREED = (
    f"neuropathy_{kind}" for kind in ("moderate", "severe", "resolved_agreed", "resolved")
)
UNCLEAR, CLEAR, RESOLVED, RELATED, PERSISTS = (
    f"other_{kind}" for kind in ("onset", "onset_related", "resolved", "resolved_related", "persists")
)
LOWER_IXA, LOWER_LEN, GIVE_IXA = "lowers ixazomib", "lowers lenalidomide", "resumes ixazomib"

# --- Answers that several sentences share ---------------------------------------------------------------------

later_moderate_stops = begins(PN, later, IXA, STOP, on=MODERATE)
first_moderate_is_held = begins(PN, first, IXA, HOLDS_IXA, on=MODERATE)
severe_stops = begins(PN, any_, IXA, STOP, on=SEVERE)
worsening_stops = may(PN, SEVERE, STOP, IXA)
later_other_stops = every(begins(OTH, later, IXA, STOP, on=UNCLEAR), begins(OTH, later, IXA, STOP, on=CLEAR))
first_other_is_held = every(begins(OTH, first, IXA, HOLDS_IXA, on=UNCLEAR), begins(OTH, first, IXA, STOP, on=CLEAR))
related_at_the_floor_stops = meets(OTH, RELATED, STOP, low=IXA)
later_ones_stop = every(
    *(stops(one, later) for one in ALTERNATING), later_moderate_stops, severe_stops, later_other_stops
)
none_stops_above = every(*(goes_on(one, any_, low) for one in ALTERNATING for low in (NONE, LEN)))
inside_an_episode_nothing_begins = every(
    *(meets(one, ONSET[one], NOTHING) for one in ALTERNATING), meets(PN, MODERATE, NOTHING)
)
inside_an_episode_nothing_stops = every(
    inside_an_episode_nothing_begins,
    *(meets(one, ONSET[one], NOTHING, low=low) for one in ALTERNATING for low in (IXA, BOTH)),
    meets(PN, MODERATE, NOTHING, low=IXA),
)


def persisting(toxicity: str, symbol: str, number: Number = any_) -> Claim:
    """A report within the episode stops treatment at ixazomib's floor and does nothing above it."""
    at_the_floor = every(*(meets(toxicity, symbol, STOP, low=low, number=number) for low in (IXA, BOTH)))
    return every(at_the_floor, meets(toxicity, symbol, NOTHING, number=number))


def severe_stays_severe(v: View) -> bool:
    found = [edge for low in (NONE, IXA) for edge in v.edges(PN, MODERATE, any_, opened=True, low=low)]
    severe = [edge for edge in found if v.episode(edge.source).needs_step]
    return bool(severe) and all(v.does(edge) == NOTHING and not edge.targets for edge in severe)


held_rash_and_neutropenia_do_not_persist = every(
    meets(N, ONSET[N], NOTHING, low=IXA), meets(R, ONSET[R], NOTHING, low=IXA, number=later)
)
ixazomibs_turns_stop = every(stops(T, even), stops(R, even))
what_persists_stops = every(
    persisting(T, ONSET[T], first),
    persisting(R, ONSET[R], first),
    persisting(OTH, PERSISTS),
    may(PN, MODERATE, STOP, IXA),
)
both_at_the_floor_stop = every(*(stops_at_both(one, any_) for one in ALTERNATING))


def held_at_the_floor_unless_its_answer_lowers_ixazomib(v: View) -> bool:
    return all(goes_on(one, first, IXA)(v) is not lowers(one, first, "ixazomib")(v) for one in ALTERNATING)


def only_turns_of_ixazomib_stop(v: View) -> bool:
    whose = odd if lowers(N, first, "ixazomib")(v) else even
    return stops(N, whose)(v) and ixazomibs_turns_stop(v)


def whatever_ends_treatment_stops_all(v: View) -> bool:
    found = [edge for edge in v.graph.edges if edge.targets == v.graph.final and edge.source != "screening"]
    return bool(found) and all(set(edge.orders) == STOPS for edge in found)


def before_the_start_an_end_orders_nothing(v: View) -> bool:
    found = [edge for edge in v.graph.edges if edge.source == "screening" and edge.targets == v.graph.final]
    return bool(found) and not any(edge.orders for edge in found)


def a_recovery_without_an_episode_does_nothing(v: View) -> bool:
    return all(
        says_nothing(one.name, symbol.name, any_, opened=False)(v)
        for one in toxicities(v.graph.edition)
        for symbol in one.recoveries
    )


def an_episode_ends_with_its_recovery(v: View) -> bool:
    ends = [edge for one in ALTERNATING for edge in v.edges(one, OVER[one], any_, opened=True)]
    return bool(ends) and not any(v.episode(edge.targets[0]).open for edge in ends)


def lenalidomide_is_left_alone(v: View) -> bool:
    return all("lenalidomide" not in v.does(edge) for one in (PN, OTH) for edge, _ in v.steps(one))


def from_clear(v: View, toxicity: str) -> list[Edge]:
    """The edges on its onset from the states in which nothing is open and nothing pends."""
    found = [edge for edge, _ in v.steps(toxicity) if edge.symbol == ONSET[toxicity]]
    return [edge for edge in found if not v.episode(edge.source).open and not v.episode(edge.source).pending]


def one_low_count_holds(v: View) -> bool:
    found = [edge for one in (N, T) for edge in from_clear(v, one)]
    return all(v.does(edge) in (HOLDS_BOTH, STOP) for edge in found) and HOLDS_BOTH in map(v.does, found)


def one_low_count_pends(v: View) -> bool:
    found = [edge for one in (N, T) for edge in from_clear(v, one)]
    pending = [edge for edge in found if edge.targets and edge.guard is None and v.does(edge) == NOTHING]
    asked = all([order.verb for order in edge.orders] == ["repeat_count"] for edge in found)
    return pending == found and asked and all(v.episode(edge.targets[0]).pending for edge in found)


def the_second_does_what_the_first_does_in_the_text(v: View) -> bool:
    def answers(of: View, toxicity: str, *, pending: bool) -> set[tuple[object, ...]]:
        found = [edge for edge, _ in of.steps(toxicity) if edge.symbol == ONSET[toxicity]]
        here = [edge for edge in found if of.episode(edge.source).pending is pending]
        here = [edge for edge in here if not of.episode(edge.source).open]
        which = [of.episode(edge.source).which for edge in here]
        parts = [(str(edge.guard), edge.targets, edge.raised, edge.orders) for edge in here]
        return {(one, *rest) for one, rest in zip(which, parts, strict=True)}

    text = view("dosing-text")
    return all(answers(v, one, pending=True) == answers(text, one, pending=False) for one in (N, T))


def any_other_count_withdraws(v: View) -> bool:
    found = [edge for one in (N, T) for edge, _ in v.steps(one) if edge.symbol == OVER[one]]
    pending = [edge for edge in found if v.episode(edge.source).pending]
    back = [(v.episode(edge.source), v.episode(edge.targets[0])) for edge in pending if edge.targets]
    same = all(replace(one, pending=False) == other for one, other in back)
    return bool(back) and len(back) == len(pending) and same and not any(one.orders or one.raised for one in pending)


def no_g_csf_before_it_is_confirmed(v: View) -> bool:
    return not any(order.verb == "consider_g_csf" for edge in from_clear(v, N) for order in edge.orders)


one_count_ends_a_hold = every(releases_both(N), releases_both(T))


def third(number: int) -> bool:
    return number == 3


def fourth(number: int) -> bool:
    return number == 4


def later_odd(number: int) -> bool:
    return number > 1 and number % 2 == 1


# --- The claims -----------------------------------------------------------------------------------------------

# By rule: a part of its sentence, and what must be true then.
CLAIMS: dict[str, list[tuple[str, Claim]]] = {
    "DOSE-01": [("ixazomib starts at 4 mg", lambda v: v.started("ixazomib") == {4, 3})],
    "DOSE-02": [("Lenalidomide starts at 25 mg", lambda v: max(v.started("lenalidomide")) == 25)],
    "DOSE-03": [("Dexamethasone is 40 mg", lambda v: v.started("dexamethasone") == {40})],
    "DOSE-07": [
        ("two times in a course and no more", lambda v: {low for _, low in v.steps_of("ixazomib")} == {3, 2.3}),
        ("what would need a third reduction ends treatment", every(severe_stops, only_turns_of_ixazomib_stop)),
    ],
    "DOSE-08": [("The level under 4 mg of ixazomib is 3 mg", lambda v: (4, 3) in v.steps_of("ixazomib"))],
    "DOSE-09": [("The level under 3 mg of ixazomib is 2.3 mg", lambda v: (3, 2.3) in v.steps_of("ixazomib"))],
    "DOSE-10": [
        ("no smaller dose exists here", lambda v: min(low for _, low in v.steps_of("ixazomib")) == 2.3),
        ("a reduction due at the floor ends treatment", every(severe_stops, only_turns_of_ixazomib_stop)),
    ],
    "DISC-01": [("all three drugs stop, during a hold as much as outside one", ended_by("progression"))],
    "DISC-02": [("all three drugs stop", ended_by("intolerable_toxicity"))],
    "ANC-01": [
        ("opens an episode and holds ixazomib and lenalidomide", begins(N, any_, NONE, HOLDS_BOTH)),
        ("Low counts inside the episode do not open another", meets(N, "anc_low", NOTHING)),
    ],
    "ANC-02": [("closes the episode and takes away its hold on both drugs", releases_both(N))],
    "ANC-03": [
        ("Each low neutrophil count that leaves treatment going", advises(N, "anc_low", "consider_g_csf")),
        ("that opens an episode, or is reported within one, and leaves", advises(N, "anc_low", "consider_g_csf")),
        ("one that is still to be confirmed is not", no_g_csf_before_it_is_confirmed),
    ],
    "ANC-04": [
        ("After the first episode, and after each later one in which it is ixazomib's", lowers(N, odd, "ixazomib")),
        ("The first episode asks for a reduction of lenalidomide", lowers(N, first, "lenalidomide")),
        ("with no level left its turn passes", passes(N, first)),
    ],
    "ANC-05": [
        ("After the first episode, and whenever it is ixazomib's turn", lowers(N, odd, "ixazomib")),
        ("While lenalidomide has a level left the first episode asks for no", lowers(N, first, "lenalidomide")),
    ],
    "ANC-06": [
        ("ixazomib after odd ones, lenalidomide after even ones", turns(N, odd, even)),
        ("ixazomib after even ones, lenalidomide after odd ones", turns(N, even, odd)),
        ("while it has a level left (B-LENFLOOR)", passes(N, any_)),
    ],
    "ANC-07": [
        ("stops all three drugs. That holds for a first episode too", stops(N, any_)),
        ("because its answer would have to lower ixazomib", lowers(N, first, "ixazomib")),
        ("A second or later episode of neutropenia with ixazomib at its floor stops", stops(N, later)),
        ("A first one there is still only held", begins(N, first, IXA, HOLDS_BOTH)),
        ("because the label lowers lenalidomide for it", lowers(N, first, "lenalidomide")),
        ("unless lenalidomide is at its floor as well", stops_at_both(N, first)),
        ("when the reduction would be ixazomib's, as a first episode's", every(stops(N, odd), turns(N, odd, even))),
        ("or when lenalidomide is at its floor as well", stops_at_both(N, any_)),
        ("Otherwise it is held", begins(N, even, IXA, HOLDS_BOTH)),
        ("and lenalidomide's turn is used", lowers(N, even, "lenalidomide", IXA)),
    ],
    "PLT-01": [("opens an episode and holds ixazomib and lenalidomide", begins(T, first, NONE, HOLDS_BOTH))],
    "PLT-02": [("closes the episode and takes away its hold on both drugs", releases_both(T))],
    "PLT-03": [("the first episode asks for no reduction of ixazomib", lowers(T, first, "lenalidomide"))],
    "PLT-04": [
        ("The first episode asks for a reduction of lenalidomide", lowers(T, first, "lenalidomide")),
        ("with no rung left its turn passes", passes(T, first)),
    ],
    "PLT-05": [("opens the next episode", begins(T, later, NONE, HOLDS_BOTH))],
    "PLT-06": [("After the second episode, and after each later one in which", lowers(T, even, "ixazomib"))],
    "PLT-07": [("After the second episode, and whenever it is ixazomib's turn", lowers(T, even, "ixazomib"))],
    "PLT-08": [
        ("lenalidomide after odd ones", turns(T, even, odd)),
        ("while it has a level left (B-LENFLOOR)", passes(T, any_)),
    ],
    "PLT-09": [
        ("A second or later episode of low platelets with ixazomib at its floor stops", stops(T, later)),
        ("A first one there is still only held", begins(T, first, IXA, HOLDS_BOTH)),
        ("lenalidomide is at its floor as well", stops_at_both(T, any_)),
        ("stops all three drugs when the reduction would be ixazomib's", stops(T, even)),
        ("Otherwise, as at a first episode, it is held", begins(T, odd, IXA, HOLDS_BOTH)),
        ("A first one there is held, and stops treatment when", begins(T, first, IXA, HOLDS_BOTH)),
        ("when a second low count follows in it", meets(T, ONSET[T], STOP, low=IXA, number=first)),
        ("and lenalidomide's turn is used", lowers(T, odd, "lenalidomide", IXA)),
    ],
    "PN-01": [("It opens an episode and holds ixazomib", begins(PN, any_, NONE, HOLDS_IXA, on=MODERATE))],
    "PN-02": [("no agreement is needed", may(PN, UNAGREED, GIVE_IXA))],
    "PN-03": [
        ("A moderate episode asks for no reduction", meets(PN, UNAGREED, NOTHING, GIVE_IXA)),
        ("a first-ever one at the floor is no exception", first_moderate_is_held),
    ],
    "PN-04": [
        ("A moderate episode with ixazomib at its floor stops all three drugs", later_moderate_stops),
        ("unless it is the first neuropathy of the course", first_moderate_is_held),
        ("that one stops them when it is reported as moderate once more", may(PN, MODERATE, STOP, IXA)),
    ],
    "PN-05": [
        ("It opens an episode", begins(PN, any_, NONE, HOLDS_IXA, on=SEVERE)),
        ("or worsens an open one", meets(PN, SEVERE, NOTHING)),
    ],
    "PN-06": [
        ("only with the physician's agreement", meets(PN, AGREED, GIVE_IXA, f"{LOWER_IXA}, {GIVE_IXA}")),
        ("Without it the hold goes on", may(PN, UNAGREED, NOTHING)),
    ],
    "PN-07": [("A severe episode asks for a reduction of ixazomib", may(PN, AGREED, f"{LOWER_IXA}, {GIVE_IXA}"))],
    "PN-08": [
        ("Severe neuropathy with ixazomib at its floor stops all three drugs, a first one", severe_stops),
        ("and a worsened moderate one included", worsening_stops),
    ],
    "PN-09": [("stops all three drugs at once", ended_by("neuropathy_grade_4"))],
    "RASH-01": [
        ("The first rash of grade 2 or 3 lowers lenalidomide", begins(R, first, NONE, LOWER_LEN)),
        ("it holds nothing and asks for no reduction of ixazomib", begins(R, first, IXA, LOWER_LEN)),
        ("With no rung left its turn passes", begins(R, first, LEN, LOWER_IXA)),
        ("A first rash of grade 2 or 3 holds lenalidomide", begins(R, first, NONE, "holds lenalidomide")),
        ("asks for a reduction of it by one level", lowers(R, first, "lenalidomide")),
        ("With no level left the turn passes to ixazomib", passes(R, first)),
        ("with none left of either drug lenalidomide returns unchanged", lowers(R, first, "", BOTH)),
    ],
    "RASH-02": [("after the first one has gone holds ixazomib and lenalidomide", begins(R, later, NONE, HOLDS_BOTH))],
    "RASH-03": [("takes away its hold on both drugs", releases_both(R, later))],
    "RASH-04": [("After the second episode, and after each later one in which", lowers(R, even, "ixazomib"))],
    "RASH-05": [("After the second episode, and whenever it is ixazomib's turn", lowers(R, even, "ixazomib"))],
    "RASH-06": [
        ("lenalidomide after odd ones", turns(R, even, later_odd)),
        ("while it has a level left (B-LENFLOOR)", passes(R, later)),
        ("both are held from the second episode on", begins(R, later, NONE, HOLDS_BOTH)),
    ],
    "RASH-07": [
        ("A second or later rash of grade 2 or 3 with ixazomib at its floor stops", stops(R, later)),
        ("A first one there lowers lenalidomide", goes_on(R, first, IXA)),
        ("lenalidomide is at its floor as well", stops_at_both(R, any_)),
        ("stops all three drugs when the reduction would be ixazomib's", stops(R, even)),
        ("Otherwise, as at a first one, lenalidomide's turn is used", goes_on(R, odd, IXA)),
        ("A first one that begins there lowers lenalidomide", begins(R, first, IXA, LOWER_LEN)),
        ("each further grade 2 or 3 at the floor stops", meets(R, ONSET[R], STOP, low=IXA, number=first)),
    ],
    "RASH-08": [("Grade 4 rash stops all three drugs at once, held or not", ended_by("rash_grade_4"))],
    "OTH-01": [("opens an episode of its term and holds ixazomib", begins(OTH, any_, NONE, HOLDS_IXA, on=UNCLEAR))],
    "OTH-02": [("A term has resolved", meets(OTH, RESOLVED, GIVE_IXA))],
    "OTH-03": [
        ("If ixazomib clearly caused the toxicity, a reduction", meets(OTH, RELATED, f"{LOWER_IXA}, {GIVE_IXA}")),
        ("at the floor treatment stops instead", related_at_the_floor_stops),
    ],
    "OTH-04": [
        ("no reduction is asked for", every(meets(OTH, RESOLVED, GIVE_IXA), meets(OTH, RESOLVED, GIVE_IXA, low=IXA)))
    ],
    "OTH-05": [
        ("A new episode of grade 3 or 4 with ixazomib at its floor stops all three drugs", later_other_stops),
        ("The very first one of the course is held all the same, unless ixazomib is called", first_other_is_held),
        ("if that is said later, treatment stops when the hold would end", related_at_the_floor_stops),
        ("its term is reported at grade 3 or 4 once more", every(persisting(OTH, PERSISTS), persisting(OTH, UNCLEAR))),
        ("if ixazomib is called its cause later, when the hold would end", related_at_the_floor_stops),
    ],
    "B-EXHAUST": [
        ("With ixazomib at its floor a new episode of a toxicity stops", every(later_ones_stop, none_stops_above)),
        ("if the usual answer leaves ixazomib's dose alone", held_at_the_floor_unless_its_answer_lowers_ixazomib),
        ("findings of the same kind inside an open episode do not", inside_an_episode_nothing_stops),
        ("treatment stops at a new episode of a toxicity", every(later_ones_stop, none_stops_above)),
        ("and at a report by which an open episode persists", what_persists_stops),
        (
            "lenalidomide's turns are still used",
            every(goes_on(N, even, IXA), goes_on(T, odd, IXA), goes_on(R, odd, IXA)),
        ),
        ("treatment stops only when it is ixazomib's turn again", only_turns_of_ixazomib_stop),
        ("or when lenalidomide has no step left either", both_at_the_floor_stop),
        ("Neuropathy and other toxicities have no turns", every(later_moderate_stops, severe_stops, later_other_stops)),
    ],
    "B-PERSIST": [
        ("the first such report stops treatment", what_persists_stops),
        ("moderate neuropathy in a severe episode", severe_stays_severe),
        ("Neutropenia, severe neuropathy and a rash that is held cannot", held_rash_and_neutropenia_do_not_persist),
    ],
    "B-CONFIRM": [
        ("A single count starts a hold", one_low_count_holds),
        ("a single count ends it", one_count_ends_a_hold),
        ("A single count ends a hold", one_count_ends_a_hold),
        ("to start one takes two", one_low_count_pends),
    ],
    "B-CONFIRM-HOLD": [
        ("a low count of neutrophils or of platelets holds and stops nothing", one_low_count_pends),
        ("confirms and opens the episode, as the first", the_second_does_what_the_first_does_in_the_text),
        ("any other withdraws what was pending, without an order for a drug", any_other_count_withdraws),
    ],
    "B-FIRSTEVER": [
        ("where that spares ixazomib (low platelets,", every(goes_on(T, first, IXA), goes_on(R, first, IXA))),
        ("where that spares ixazomib (neutropenia,", every(*(goes_on(one, first, IXA) for one in ALTERNATING))),
        ("moderate neuropathy, first rash, another", every(first_moderate_is_held, first_other_is_held)),
        ("where it would lower ixazomib (neutropenia, severe neuropathy,", every(stops(N, first), severe_stops)),
        ("where it would lower ixazomib (severe neuropathy,", every(goes_on(N, first, IXA), severe_stops)),
        ("Moderate and severe neuropathy count as one kind", every(later_moderate_stops, severe_stops)),
    ],
    "B-START3": [("whatever the level it began at", every(severe_stops, stops(N, later_odd), ixazomibs_turns_stop))],
    "B-TREATMENT": [("an event that does so gives no other order", whatever_ends_treatment_stops_all)],
    "B-MAX2": [("how low lenalidomide may go is a matter of", lambda v: len(v.steps_of("lenalidomide")) > 2)],
    "B-EXIT": [
        ("on treatment the three drugs stop", every(ended_by("death"), ended_by("withdrawal"))),
        ("before the start the course is closed without an order", before_the_start_an_end_orders_nothing),
    ],
    "B-EPISODE": [
        ("An episode runs from its trigger to its recovery on record", an_episode_ends_with_its_recovery),
        ("the same finding in between is not counted again", inside_an_episode_nothing_begins),
        ("though at ixazomib's floor it stops treatment", what_persists_stops),
        ("the first rash, which holds nothing", begins(R, first, NONE, LOWER_LEN)),
        ("the first rash, which holds lenalidomide alone", begins(R, first, NONE, "holds lenalidomide")),
    ],
    "B-IXAFLOOR": [("If ixazomib's turn comes while it is at its floor", only_turns_of_ixazomib_stop)],
    "B-LENFLOOR": [
        ("on its last rung hands its turn to ixazomib", every(passes(N, any_), passes(T, any_), passes(R, later))),
        ("at once for a first rash", begins(R, first, LEN, LOWER_IXA)),
        ("for a first rash when the rash is over", passes(R, first)),
        ("If both are at their floors treatment stops at the onset", both_at_the_floor_stop),
        ("only during a first rash, lenalidomide returns unchanged", lowers(R, first, "", BOTH)),
    ],
    "B-RASH-HOLD3": [("from the second one on holds ixazomib and lenalidomide", begins(R, later, NONE, HOLDS_BOTH))],
    "B-RASH-ALT": [
        ("the third is lenalidomide's again and the fourth ixazomib's", turns(R, fourth, third)),
        ("low platelets run alike", turns(T, fourth, third)),
    ],
    "B-STACK": [
        ("make a single level", levels_at_a_release(1)),
        ("make two levels, three make no more than two", levels_at_a_release(1, 2)),
    ],
    "B-ANC-IN-HOLD": [("lenalidomide is held with it", begins(N, any_, NONE, HOLDS_BOTH))],
    "B-UPGRADE": [
        ("It stays one episode", meets(PN, SEVERE, NOTHING)),
        ("at ixazomib's floor it stops treatment, and grade 4", every(worsening_stops, ended_by("neuropathy_grade_4"))),
    ],
    "B-DOWNGRADE": [("keeps the severe clause", severe_stays_severe)],
    "B-OTHER-MULTI": [
        ("there a newly opened term stops treatment", meets(OTH, f"{UNCLEAR} {CLEAR}", STOP, low=IXA)),
        ("unless it is the first of the course and not called clear", first_other_is_held),
    ],
    "B-UPGRADE-ATTRIB": [("and none is left, treatment stops", related_at_the_floor_stops)],
    "B-PN-G1PAIN": [("It has not resolved", meets(PN, MODERATE, NOTHING))],
    "B-RASH-FIRST": [
        ("At the first rash of grade 2 or 3 nothing is held", begins(R, first, NONE, LOWER_LEN)),
        ("or ixazomib by B-LENFLOOR", begins(R, first, LEN, LOWER_IXA)),
    ],
    "B-RASH-ESC": [
        ("only asks for a review of the rash", meets(R, ONSET[R], NOTHING, number=first)),
        ("in a held episode it changes and asks nothing", says_nothing(R, ONSET[R], later, opened=True)),
        ("asks for a review of the rash while ixazomib is above", meets(R, ONSET[R], NOTHING, number=first)),
        ("and at the floor it stops treatment", meets(R, ONSET[R], STOP, low=IXA, number=first)),
    ],
    "B-RASH-PERSIST": [
        ("and also grade 2 or 3 within the first one", meets(R, ONSET[R], STOP, low=IXA, number=first)),
        ("a new episode meets the stop clause", every(meets(R, ONSET[R], NOTHING, low=BOTH), stops(R, even))),
    ],
    "B-OTH-G4": [("the line holds at grade 4 just as at grade 3", begins(OTH, any_, NONE, HOLDS_IXA, on=UNCLEAR))],
    "B-LEN-PN": [("they neither hold nor lower lenalidomide", lenalidomide_is_left_alone)],
    "B-LADDER": [("25, 20, 15, 10, 5, 2.5 mg", lambda v: v.ladder("lenalidomide") == (25, 20, 15, 10, 5, 2.5))],
    "B-DEX-STOP": [("stopped together with the other two", whatever_ends_treatment_stops_all)],
    "B-NEWCYCLE": [
        ("wait until they are", begins("new_cycle", any_, BOTH, HOLDS_BOTH, on="new_cycle_unmet")),
        (
            "no dose is lowered for the delay",
            meets("new_cycle", "new_cycle_met", "resumes ixazomib, resumes lenalidomide"),
        ),
    ],
    "NC-01": [("Before a new cycle", begins("new_cycle", any_, NONE, HOLDS_BOTH, on="new_cycle_unmet"))],
    "K-NOEPISODE": [("leaves every drug and every turn as it was", a_recovery_without_an_episode_does_nothing)],
}

# Rules on which transitions rest and whose sentences say nothing that the chart alone could contradict.
NO_CLAIM: dict[str, str] = {
    "DOSE-04": "that no last cycle is planned is the calendar's",
    "DOSE-05": "where the companions' doses come from is a matter of the file",
    "DOSE-06": "`orders say what happens` holds each of the three kinds of answers",
    "B-FAMILY": "each toxicity has a region of its own, by the way the chart is made",
    "B-ORIGINAL": "`no dose ever rises` and `one level at a time` hold it",
    "B-ALT-OTHER": "`no dose ever rises` holds it, and the effects of ANC-06, PLT-08 and RASH-06",
    "B-SIMULT": "the effects of the clauses that it fits together hold it",
    "B-OVERLAP": "`each hold names an open episode` and `orders say what happens` hold it",
    "B-RESUME-TIMING": "`orders say what happens` holds it",
    "K-RECORD": "what a course writes down is the course's",
}

# What a sentence says of a drug, and the effect that its rule must then have.
PHRASES: list[tuple[str, What, tuple[str, ...]]] = [
    ("asks for a reduction of ixazomib", "lowers", ("ixazomib",)),
    ("ask for a reduction of ixazomib", "lowers", ("ixazomib",)),
    ("asks for a reduction of lenalidomide", "lowers", ("lenalidomide",)),
    ("asks for no reduction of ixazomib", "keeps", ("ixazomib",)),
    ("asks for no reduction of lenalidomide", "keeps", ("lenalidomide",)),
    ("ask for no reduction of lenalidomide", "keeps", ("lenalidomide",)),
    ("asks for no reduction of the other drug", "keeps", BOTH),
    ("holds ixazomib and lenalidomide", "holds", BOTH),
    ("takes away its hold on both drugs", "resumes", BOTH),
    ("and holds ixazomib; lenalidomide", "holds", ("ixazomib",)),
    ("lenalidomide and dexamethasone go on", "spares", ("lenalidomide", "dexamethasone")),
    ("stops all three drugs", "stops", (*BOTH, "dexamethasone")),
    ("all three drugs stop", "stops", (*BOTH, "dexamethasone")),
    ("holds lenalidomide until", "holds", ("lenalidomide",)),
    ("it holds nothing", "spares", BOTH),
]


def said(name: str, rule: str) -> str:
    """The title and the sentence of a rule; '' where the edition has none by this name."""
    found = load_edition(name).rules.get(rule)
    return " ".join(f"{found.title}. {found.says}".split()) if found else ""


def acting(name: str) -> list[str]:
    return [rule.id for rule in load_edition(name).rules.values() if "transition" in rule.executed_by]


MADE = [
    (name, rule, part, claim)
    for rule, claims in CLAIMS.items()
    for part, claim in claims
    for name in EDITION_NAMES
    if part in said(name, rule)
]


@pytest.mark.parametrize(("name", "rule", "part", "claim"), MADE, ids=[f"{one[0]}: {one[1]}: {one[2]}" for one in MADE])
def test_what_a_rule_says_is_true_in_the_edition(name: str, rule: str, part: str, claim: Claim) -> None:
    assert claim(view(name)), f"{rule} says in {name}: {part}"


def test_every_claim_is_made_by_some_edition() -> None:
    every_one = {(rule, part) for rule, claims in CLAIMS.items() for part, _ in claims}
    assert every_one == {(rule, part) for _, rule, part, _ in MADE}


@pytest.mark.parametrize("name", EDITION_NAMES)
def test_every_rule_that_acts_is_asked_about(name: str) -> None:
    """A rule that an edition restates needs a claim of its own."""
    asked = {rule for edition, rule, _, _ in MADE if edition == name}
    assert set(acting(name)) - asked - set(NO_CLAIM) == set()
    assert asked & set(NO_CLAIM) == set()


@pytest.mark.parametrize("name", EDITION_NAMES)
def test_what_a_sentence_says_of_a_drug_is_an_effect_of_its_rule(name: str) -> None:
    found = effects_of(name)
    met = 0
    for rule in acting(name):
        for phrase, what, drugs in PHRASES:
            if phrase in said(name, rule):
                met += 1
                for drug in drugs:
                    assert any(drug in effect.drugs(what) for effect in found.of(rule)), (rule, phrase, drug)
    assert met > 30


# --- It would notice ------------------------------------------------------------------------------------------

# Sentences of one edition that are false in another: those of the finding, and their kind.
FALSE = [
    ("us-label", "dosing-text", "ANC-07", "stops all three drugs. That holds for a first episode too"),
    ("us-label", "dosing-text", "B-FIRSTEVER", "where it would lower ixazomib (neutropenia, severe neuropathy,"),
    ("us-label", "dosing-text", "B-EPISODE", "the first rash, which holds nothing"),
    ("us-label", "dosing-text", "B-LENFLOOR", "at once for a first rash"),
    ("us-label", "dosing-text", "RASH-01", "it holds nothing and asks for no reduction of ixazomib"),
    ("us-label", "dosing-text", "ANC-06", "ixazomib after odd ones, lenalidomide after even ones"),
    ("what-if-exhaust-b", "dosing-text", "ANC-07", "stops all three drugs. That holds for a first episode too"),
    (
        "what-if-exhaust-b",
        "dosing-text",
        "PLT-09",
        "A second or later episode of low platelets with ixazomib at its floor stops",
    ),
    (
        "what-if-exhaust-b",
        "dosing-text",
        "RASH-07",
        "A second or later rash of grade 2 or 3 with ixazomib at its floor stops",
    ),
    ("what-if-exhaust-b", "dosing-text", "B-EXHAUST", "With ixazomib at its floor a new episode of a toxicity stops"),
    ("what-if-stack-b", "dosing-text", "B-STACK", "make a single level"),
    ("dosing-text", "us-label", "ANC-07", "A first one there is still only held"),
    ("dosing-text", "what-if-exhaust-b", "PLT-09", "Otherwise, as at a first episode, it is held"),
    ("what-if-confirm", "dosing-text", "B-CONFIRM", "A single count starts a hold"),
    ("dosing-text", "what-if-confirm", "B-CONFIRM", "to start one takes two"),
    ("dosing-text", "what-if-confirm", "ANC-03", "one that is still to be confirmed is not"),
    (
        "dosing-text",
        "what-if-confirm",
        "B-CONFIRM-HOLD",
        "a low count of neutrophils or of platelets holds and stops nothing",
    ),
    ("what-if-persist", "dosing-text", "B-EXHAUST", "findings of the same kind inside an open episode do not"),
    ("dosing-text", "what-if-persist", "PLT-09", "when a second low count follows in it"),
    ("dosing-text", "what-if-persist", "RASH-07", "each further grade 2 or 3 at the floor stops"),
]


@pytest.mark.parametrize(("name", "of", "rule", "part"), FALSE)
def test_a_sentence_that_is_false_in_an_edition_is_noticed(name: str, of: str, rule: str, part: str) -> None:
    claim = dict(CLAIMS[rule])[part]
    assert part in said(of, rule)
    assert claim(view(of))
    assert not claim(view(name))
    assert part not in said(name, rule)
