"""The statechart of a treatment course. This is the machine; everything else feeds it, writes it down or reads it.

The theory
----------
A course is `screening`, then `on_treatment`, then `discontinued`, which is final. On treatment seven regions run
side by side: two drugs and five toxicities.

A drug's region says at which level of its ladder the drug stands and whether it is `given`, `held`, or `owing`:
held, with one reduction to be made when it is given again. A drug never decides anything. It answers three
raised symbols: `hold_…` (given becomes held), `owe_…` (a drug that is given drops one level at once; one that is
held becomes owing; one that owes already owes no more, so that a release never lowers a drug by more than one
level) and `release_…` (it comes back, one level lower if it owes), but only when no toxicity holds this drug any
more. So drugs come back one by one, each when its last reason has gone.

A toxicity's region says where its episodes stand and whose turn the next reduction is. An episode lasts from the
onset to the documented recovery; what is reported in between belongs to it. The onset raises the holds, the
recovery raises `owe_…` for the drug whose turn it is and then the releases. Neutropenia, thrombocytopenia and
rash alternate between the drugs and share one pattern. They differ in who begins: neutropenia lowers ixazomib
first, the other two lenalidomide, and the first rash holds nothing. Neuropathy and other toxicities hold
ixazomib alone; only a severe or an ixazomib-related one lowers it.

Who wins: the regions see an external symbol in the configuration as it was when the symbol came. What they raise
is handled afterwards, first in, first out, so the releases see the toxicity already over.

Stopping: when ixazomib stands at its floor and a toxicity would ask it for one more step, treatment ends. That is
decided at the onset. The one exception is a toxicity's first episode ever whose own action needs no step of
ixazomib; it is held and released as usual (B-FIRSTEVER). Lenalidomide's turn passes to ixazomib when
lenalidomide stands at its own floor (B-LENFLOOR). Grade 4 neuropathy or rash, progression, intolerable toxicity,
death and withdrawal end treatment from anywhere.

The machine knows symbols only: no patients, dates, units or numbers but the levels of the ladders. Whatever
changes what happens next is a state. Every transition cites the rules it rests on and carries the orders it
gives; both travel unchanged to the record, the diagram and the table.
"""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, ClassVar, Literal

from statemachine import State, StateChart

from ixastate.chart.editions import SHAPES, Alternating, Hold, Shape
from ixastate.chart.transitions import Guard, compound, move, none_active, parallel, some_active
from ixastate.events import DRUGS, Drug
from ixastate.orders import Order
from ixastate.rules import DEFAULT_EDITION, Edition, load
from ixastate.symbols import BOTH, ENDS, START_BLOCKED, dose_id, starts

STOP = tuple(Order("stop", drug) for drug in DRUGS)
# Every stop at ixazomib's floor rests on these besides its own clause.
EXHAUSTED = "DOSE-06 DOSE-07 DOSE-10 B-MAX2 B-EXHAUST B-START3 B-TREATMENT B-DEX-STOP"


# --- The drugs ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Level:
    """What a drug's state means: the dose in force in mg, and whether the drug is given, held or owing.

    A drug can owe two steps (`owing_two`) only where reductions stack (B-STACK, reading b).
    """

    drug: Drug
    mg: float
    standing: Literal["given", "held", "owing", "owing_two"]


def levels_of(drug: Drug, ladder: Sequence[float], stacks: bool) -> dict[str, Level]:
    """Every state of a drug's region with its meaning. At its floor a drug can owe nothing."""
    levels = [Level(drug, mg, "given") for mg in ladder] + [Level(drug, mg, "held") for mg in ladder]
    levels += [Level(drug, mg, "owing") for mg in ladder[:-1]]
    levels += [Level(drug, mg, "owing_two") for mg in ladder[:-2]] if stacks else []
    return {f"{drug}_{level.standing}_{dose_id(level.mg)}": level for level in levels}


def at_floor(drug: Drug, ladder: Sequence[float]) -> tuple[Guard, Guard]:
    """Two guards: the drug stands at its floor; it stands above it (a reduction still owed is not yet made)."""
    floor = [f"{drug}_given_{dose_id(ladder[-1])}", f"{drug}_held_{dose_id(ladder[-1])}"]
    return some_active(f"{drug} at its floor", floor), none_active(f"{drug} above its floor", floor)


def drug_region(
    drug: Drug, ladder: Sequence[float], holders: Sequence[str], steps: Sequence[str], shape: Shape
) -> dict[str, State]:
    """A drug on its ladder. `holders` are the toxicity states that hold it; `steps` cite each step down."""
    first = f"{drug}_given_{dose_id(ladder[0])}"
    states = {name: State(initial=name == first) for name in levels_of(drug, ladder, shape.stacks)}
    free, busy = none_active(f"nothing holds {drug}", holders), some_active(f"something holds {drug}", holders)
    # Lenalidomide is held only by toxicities that each name a reduction of their own.
    waiting = "B-OVERLAP" if drug == "ixazomib" else "B-SIMULT B-OVERLAP"
    hold, owe, release = f"hold_{drug}", f"owe_{drug}", f"release_{drug}"

    for mg in ladder:
        given, held = states[f"{drug}_given_{dose_id(mg)}"], states[f"{drug}_held_{dose_id(mg)}"]
        move(given, hold, held, "DOSE-06", orders=[Order("hold", drug)])
        move(held, hold, None, "B-OVERLAP")
        move(held, release, given, "B-ORIGINAL B-RESUME-TIMING", when=free, orders=[Order("resume", drug, mg)])
        move(held, release, None, waiting, when=busy)

    for (mg, lower), step in zip(pairwise(ladder), steps, strict=True):
        given, held = states[f"{drug}_given_{dose_id(mg)}"], states[f"{drug}_held_{dose_id(mg)}"]
        owing, given_lower = states[f"{drug}_owing_{dose_id(mg)}"], states[f"{drug}_given_{dose_id(lower)}"]
        reduce, resume = Order("reduce", drug, lower), Order("resume", drug, lower)
        two = states.get(f"{drug}_owing_two_{dose_id(mg)}")
        if shape.lowers_while_given(drug):
            move(given, owe, given_lower, step, orders=[reduce])
        move(held, owe, owing, "B-RESUME-TIMING")
        move(owing, owe, two, "B-STACK")
        move(owing, hold, None, "B-OVERLAP")
        move(owing, release, given_lower, f"{step} B-RESUME-TIMING", when=free, orders=[reduce, resume])
        move(owing, release, None, waiting, when=busy)
    if shape.stacks:
        for mg, lowest, step in zip(ladder, ladder[2:], steps[1:], strict=False):
            two, given_lowest = states[f"{drug}_owing_two_{dose_id(mg)}"], states[f"{drug}_given_{dose_id(lowest)}"]
            orders = [Order("reduce", drug, lowest), Order("resume", drug, lowest)]
            move(two, owe, None, "B-STACK")
            move(two, hold, None, "B-OVERLAP")
            move(two, release, given_lowest, f"{step} B-STACK B-RESUME-TIMING", when=free, orders=orders)
            move(two, release, None, waiting, when=busy)
    return states


# --- The toxicities -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Floors:
    """The guards that ask how far the drugs can still be lowered, and the state that a stop leads to."""

    ixazomib: Guard
    ixazomib_above: Guard
    lenalidomide: Guard
    lenalidomide_above: Guard
    discontinued: State

    @property
    def both(self) -> Guard:
        """Neither drug can be lowered."""
        return self.ixazomib & self.lenalidomide

    @property
    def one_above(self) -> Guard:
        """At least one drug can be lowered."""
        return self.ixazomib_above | self.lenalidomide_above


def holds(drugs: Sequence[Drug]) -> list[str]:
    """The symbols that hold these drugs."""
    return [f"hold_{drug}" for drug in drugs]


def releases(drugs: Sequence[Drug], *, lower: Drug | None = None) -> list[str]:
    """The symbols that end a hold of these drugs, one of which may first come to owe a reduction."""
    return ([f"owe_{lower}"] if lower else []) + [f"release_{drug}" for drug in drugs]


def alternating_region(t: Alternating, floors: Floors, *, goes_on: bool) -> dict[str, State]:
    """Neutropenia, thrombocytopenia or rash: clear or in an episode, and whose turn it is.

    With `goes_on` lenalidomide's turns are used even when ixazomib is at its floor (B-EXHAUST, reading b).
    """
    clear = {turn.name: State(initial=turn is t.turns[0]) for turn in t.turns}
    opened = {turn.name: State() for turn in t.turns}
    for turn, then in zip(t.turns, (*t.turns[1:], t.turns[-2]), strict=True):
        before, during, after = clear[turn.name], opened[turn.name], clear[then.name]
        # A first episode that can be answered without ixazomib is spared the stop (B-FIRSTEVER).
        spared = (turn is t.turns[0] or goes_on) and turn.lowers == "lenalidomide"
        end, go_on = (floors.both, floors.one_above) if spared else (floors.ixazomib, floors.ixazomib_above)
        reading = "B-FIRSTEVER B-LENFLOOR" if spared else "B-FIRSTEVER B-IXAFLOOR"
        onset, recovery = f"{turn.onset} B-EPISODE", f"{turn.recovery} B-CONFIRM B-FAMILY"
        passed = floors.lenalidomide & floors.ixazomib_above
        move(before, t.recovery, None, "K-NOEPISODE")
        move(before, t.onset, floors.discontinued, f"{t.stop} {reading} {EXHAUSTED}", when=end, orders=STOP)
        if not turn.holds:
            move(before, t.onset, during, onset, when=floors.lenalidomide_above, raises=["owe_lenalidomide"])
            move(before, t.onset, during, f"{onset} B-LENFLOOR", when=passed, raises=["owe_ixazomib"])
            move(during, t.onset, None, "B-EPISODE B-RASH-ESC", orders=[Order("review_rash")])
            move(during, t.recovery, after, recovery)
            continue
        mine, theirs = releases(turn.holds, lower=turn.lowers), releases(turn.holds, lower="ixazomib")
        low = f"{recovery} B-LENFLOOR"
        move(before, t.onset, during, onset, when=go_on, raises=holds(turn.holds), orders=t.orders)
        move(during, t.onset, None, t.repeat, orders=t.orders)
        if turn.lowers == "ixazomib":
            move(during, t.recovery, after, recovery, raises=mine)
            continue
        move(during, t.recovery, after, recovery, when=floors.lenalidomide_above, raises=mine)
        if "ixazomib" in turn.holds:
            move(during, t.recovery, after, low, when=floors.lenalidomide, raises=theirs)
        else:
            # Ixazomib is given meanwhile and may come to its floor; then neither drug has a step left.
            unchanged = releases(turn.holds)
            move(during, t.recovery, after, low, when=passed, raises=theirs)
            move(during, t.recovery, after, f"{low} B-ORIGINAL", when=floors.both, raises=unchanged)
    states = {f"{t.name}_clear_{turn.name}": clear[turn.name] for turn in t.turns}
    return states | {f"{t.name}_{'held' if turn.holds else 'open'}_{turn.name}": opened[turn.name] for turn in t.turns}


def stop_from_anywhere(states: Mapping[str, State], symbol: str, rules: str, floors: Floors) -> None:
    """This symbol ends treatment from every one of these states."""
    for state in states.values():
        move(state, symbol, floors.discontinued, f"DOSE-06 {rules} B-TREATMENT B-DEX-STOP", orders=STOP)


def neuropathy_region(floors: Floors) -> dict[str, State]:
    """Neuropathy holds ixazomib alone; only a severe episode lowers it."""
    first, moderate, severe, again = State(initial=True), State(), State(), State()
    hold, same, lower = holds(["ixazomib"]), releases(["ixazomib"]), releases(["ixazomib"], lower="ixazomib")
    stop, stop_severe = f"PN-04 {EXHAUSTED}", f"PN-08 {EXHAUSTED}"
    agree = [Order("obtain_agreement")]
    move(first, "neuropathy_moderate", moderate, "PN-01 B-EPISODE B-FIRSTEVER B-LEN-PN", raises=hold)
    move(again, "neuropathy_moderate", moderate, "PN-01 B-EPISODE B-LEN-PN", when=floors.ixazomib_above, raises=hold)
    move(again, "neuropathy_moderate", floors.discontinued, stop, when=floors.ixazomib, orders=STOP)
    for clear, reading in ((first, " B-FIRSTEVER"), (again, "")):
        move(clear, "neuropathy_severe", severe, "PN-05 B-EPISODE B-LEN-PN", when=floors.ixazomib_above, raises=hold)
        move(clear, "neuropathy_severe", floors.discontinued, stop_severe + reading, when=floors.ixazomib, orders=STOP)
        move(clear, "neuropathy_resolved", None, "K-NOEPISODE")
        move(clear, "neuropathy_resolved_agreed", None, "K-NOEPISODE")
    move(moderate, "neuropathy_moderate", None, "B-EPISODE")
    move(moderate, "neuropathy_severe", severe, "PN-05 B-UPGRADE", when=floors.ixazomib_above)
    move(
        moderate,
        "neuropathy_severe",
        floors.discontinued,
        f"{stop_severe} B-UPGRADE",
        when=floors.ixazomib,
        orders=STOP,
    )
    move(moderate, "neuropathy_resolved", again, "PN-02 PN-03", raises=same)
    move(moderate, "neuropathy_resolved_agreed", again, "PN-02 PN-03", raises=same)
    move(severe, "neuropathy_moderate", None, "B-EPISODE B-DOWNGRADE B-PN-G1PAIN")
    move(severe, "neuropathy_severe", None, "B-EPISODE")
    move(severe, "neuropathy_resolved", None, "PN-06", orders=agree)
    move(severe, "neuropathy_resolved_agreed", again, "PN-06 PN-07", raises=lower)
    states = {"clear_first": first, "held_moderate": moderate, "held_severe": severe, "clear_again": again}
    stop_from_anywhere(states, "neuropathy_grade_4", "PN-09", floors)
    return {f"neuropathy_{name}": state for name, state in states.items()}


def other_region(floors: Floors) -> dict[str, State]:
    """Another toxicity holds ixazomib alone; it lowers it only when ixazomib clearly caused it."""
    first, held, again = State(initial=True), State(), State()
    hold, same, lower = holds(["ixazomib"]), releases(["ixazomib"]), releases(["ixazomib"], lower="ixazomib")
    onset, stop = "OTH-01 B-EPISODE B-LEN-PN B-OTH-G4", f"OTH-05 {EXHAUSTED}"
    move(first, "other_onset", held, f"{onset} B-FIRSTEVER", raises=hold)
    move(first, "other_onset_related", held, onset, when=floors.ixazomib_above, raises=hold)
    move(first, "other_onset_related", floors.discontinued, f"{stop} B-FIRSTEVER", when=floors.ixazomib, orders=STOP)
    for symbol in ("other_onset", "other_onset_related"):
        move(again, symbol, held, onset, when=floors.ixazomib_above, raises=hold)
        move(again, symbol, floors.discontinued, stop, when=floors.ixazomib, orders=STOP)
        move(held, symbol, None, "OTH-01 B-OTHER-MULTI", when=floors.ixazomib_above)
        move(held, symbol, floors.discontinued, f"{stop} B-OTHER-MULTI", when=floors.ixazomib, orders=STOP)
    for clear in (first, again):
        move(clear, "other_resolved", None, "K-NOEPISODE")
        move(clear, "other_resolved_related", None, "K-NOEPISODE")
    related, late_stop = "OTH-02 OTH-03 B-UPGRADE-ATTRIB", f"OTH-05 B-UPGRADE-ATTRIB {EXHAUSTED}"
    move(held, "other_resolved", again, "OTH-02 OTH-04", raises=same)
    move(held, "other_resolved_related", again, related, when=floors.ixazomib_above, raises=lower)
    move(held, "other_resolved_related", floors.discontinued, late_stop, when=floors.ixazomib, orders=STOP)
    return {"other_clear_first": first, "other_held": held, "other_clear_again": again}


# --- The whole ------------------------------------------------------------------------------------------------


def new_cycle_region() -> dict[str, State]:
    """A new cycle waits until blood counts and toxicities allow it (the label's criteria, B-NEWCYCLE)."""
    clear, held = State(initial=True), State()
    move(clear, "new_cycle_unmet", held, "NC-01 B-NEWCYCLE", raises=holds(BOTH))
    move(clear, "new_cycle_met", None, "NC-01")
    move(held, "new_cycle_unmet", None, "NC-01 B-EPISODE")
    move(held, "new_cycle_met", clear, "NC-01 B-NEWCYCLE", raises=releases(BOTH))
    return {"new_cycle_clear": clear, "new_cycle_held": held}


class CourseChart(StateChart[Any]):
    """What every edition's chart has besides its states: its edition, and what its states mean."""

    # A guard or an action that fails must be heard, not counted as false.
    catch_errors_as_events = False
    edition: ClassVar[Edition]
    levels: ClassVar[dict[str, Level]]
    holds: ClassVar[dict[str, Hold]]
    spared: ClassVar[tuple[str, ...]]


def build(name: str = DEFAULT_EDITION) -> type[CourseChart]:
    """The statechart of an edition, made once."""
    return _build(name)


@cache
def _build(name: str) -> type[CourseChart]:
    edition = load(name)
    ixazomib_ladder, lenalidomide_ladder = edition.ixazomib_ladder_mg, edition.lenalidomide.ladder_mg
    dexamethasone = Order("start", "dexamethasone", edition.dexamethasone.dose_mg)
    shape = SHAPES[edition.name]

    screening, discontinued = State(initial=True), State(final=True)
    floors = Floors(
        *at_floor("ixazomib", ixazomib_ladder), *at_floor("lenalidomide", lenalidomide_ladder), discontinued
    )
    holding = shape.holding()
    holders = {drug: [state_id for state_id, hold in holding.items() if drug in hold.drugs] for drug in BOTH}
    steps = ["DOSE-06 DOSE-07 DOSE-08", "DOSE-06 DOSE-07 DOSE-09 DOSE-10"]
    lenalidomide_steps = ["DOSE-05 DOSE-06 B-MAX2 B-LADDER"] * (len(lenalidomide_ladder) - 1)

    ixazomib = drug_region("ixazomib", ixazomib_ladder, holders["ixazomib"], steps, shape)
    lenalidomide = drug_region("lenalidomide", lenalidomide_ladder, holders["lenalidomide"], lenalidomide_steps, shape)
    rash = alternating_region(shape.rash, floors, goes_on=shape.goes_on)
    stop_from_anywhere(rash, "rash_grade_4", "RASH-08", floors)
    regions = {
        "ixazomib": ixazomib,
        "lenalidomide": lenalidomide,
        "neutropenia": alternating_region(shape.neutropenia, floors, goes_on=shape.goes_on),
        "thrombocytopenia": alternating_region(shape.thrombocytopenia, floors, goes_on=shape.goes_on),
        "neuropathy": neuropathy_region(floors),
        "rash": rash,
        "other": other_region(floors),
    }
    if shape.new_cycle:
        regions["new_cycle"] = new_cycle_region()
    on_treatment = parallel("on_treatment", {name: compound(name, states) for name, states in regions.items()})

    for start in starts(edition):
        mg, lenalidomide_mg = start.ixazomib_mg, start.lenalidomide_mg
        leaves = [
            ixazomib[f"ixazomib_given_{dose_id(mg)}"],
            lenalidomide[f"lenalidomide_given_{dose_id(lenalidomide_mg)}"],
        ]
        doses = [Order("start", "ixazomib", mg), Order("start", "lenalidomide", lenalidomide_mg), dexamethasone]
        usual = " DOSE-01" * (mg == ixazomib_ladder[0]) + " DOSE-02" * (lenalidomide_mg == lenalidomide_ladder[0])
        move(screening, start.name, leaves, f"DOSE-03 DOSE-05{usual}", orders=doses)
    move(screening, START_BLOCKED.name, None, "K-RECORD")
    for end in ENDS:
        move(on_treatment, end.name, discontinued, end.rules, orders=STOP)
        if end.from_screening:
            move(screening, end.name, discontinued, end.rules)

    states = {"screening": screening, "on_treatment": on_treatment, "discontinued": discontinued}
    levels = levels_of("ixazomib", ixazomib_ladder, shape.stacks)
    levels |= levels_of("lenalidomide", lenalidomide_ladder, shape.stacks)
    attributes = {**states, "edition": edition, "levels": levels, "holds": holding, "spared": shape.spared}
    chart: type[CourseChart] = types.new_class("Course", (CourseChart,), {}, lambda body: body.update(attributes))
    return chart
