"""The regions of the toxicities, one transition per line: from, symbol, guard, to, raises, orders, rules.

A region says where the episodes of a toxicity stand and, where the drugs take turns, whose turn the next reduction is.
Every row cites the rules that it rests on. A row without a target stays where it is; a row that raises nothing leaves
the drugs alone. The second half of the file holds the regions that the US label has otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from statemachine import State

from ixastate.chart.builder import Row
from ixastate.chart.guards import Guard
from ixastate.chart.states import Episode
from ixastate.events import DRUGS, Drug
from ixastate.orders import Order
from ixastate.symbols import BOTH, NEUROPATHY, NEUTROPENIA, NEW_CYCLE, OTHER, RASH, THROMBOCYTOPENIA, Raised, Toxicity

STOP = tuple(Order("stop", drug) for drug in DRUGS)
# Every stop at ixazomib's floor rests on these and on its own clause.
EXHAUSTED = "DOSE-06 DOSE-07 DOSE-10 B-MAX2 B-EXHAUST B-START3 B-TREATMENT B-DEX-STOP"
# Every grade 4 that stops from anywhere rests on these and on its own clause.
AT_ONCE = "B-TREATMENT B-DEX-STOP"
# An episode of an alternating toxicity is over.
OVER = "B-CONFIRM B-FAMILY"
# The columns of a row that are empty.
NO: tuple[()] = ()


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


@dataclass
class Region:
    """A region that is being written: its states by id, what each means, and its rows. It begins in its first state."""

    toxicity: Toxicity
    states: dict[str, State] = field(default_factory=dict)
    meanings: dict[str, Episode] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    def clear(self, which: str = "", *, first: bool = False) -> State:
        """A state between episodes. `first`: none has begun."""
        return self._add(Episode(self.toxicity.name, False, which, first=first))

    def pending(self, clear: Episode) -> State:
        """A state in which a low count waits to be confirmed, beside this one between episodes."""
        return self._add(replace(clear, pending=True))

    def held(self, which: str = "", drugs: tuple[Drug, ...] | None = None, *, needs_step: bool = False) -> State:
        """A state in an episode that holds these drugs (those that the toxicity holds, if nothing is said)."""
        drugs = self.toxicity.holds if drugs is None else drugs
        return self._add(Episode(self.toxicity.name, True, which, drugs, needs_step=needs_step))

    def _add(self, meaning: Episode) -> State:
        state = State(initial=not self.states)
        self.states[meaning.id], self.meanings[meaning.id] = state, meaning
        return state

    def everywhere(self, symbol: str, target: State, orders: Sequence[Order], rules: str) -> None:
        """The same transition from every state of the region."""
        self.rows += [(state, symbol, None, target, NO, orders, rules) for state in self.states.values()]

    def instead(self, source: State, symbol: str, rows: Sequence[Row]) -> None:
        """Other rows in the place of those that leave this state on this symbol."""
        old = [place for place, row in enumerate(self.rows) if _leaves(row, source, symbol)]
        self.rows[old[0] : old[-1] + 1] = rows

    def leaving(self, source: State, symbol: str) -> list[Row]:
        """The rows that leave this state on this symbol."""
        return [row for row in self.rows if _leaves(row, source, symbol)]


def _leaves(row: Row, source: State, symbol: str) -> bool:
    # By identity: states that have no name yet count as equal.
    return row[0] is source and row[1] == symbol


# A region of an edition; the flag says that lenalidomide's turns are used even when ixazomib is at its floor
# (B-EXHAUST, reading b).
Write = Callable[[Floors, bool], Region]


def hold(*drugs: Drug) -> list[str]:
    """The symbols that hold these drugs."""
    return [Raised("hold", drug).name for drug in drugs]


def release(*drugs: Drug, lower: Drug | None = None) -> list[str]:
    """The symbols that end a hold of these drugs, one drug of which may first come to owe a reduction."""
    return ([Raised("owe", lower).name] if lower else []) + [Raised("release", drug).name for drug in drugs]


def owe(drug: Drug) -> list[str]:
    """The symbol by which a drug comes to owe a reduction; one that is given is lowered at once."""
    return [Raised("owe", drug).name]


HOLD = hold(*BOTH)
LOWER_IXAZOMIB, LOWER_LENALIDOMIDE = release(*BOTH, lower="ixazomib"), release(*BOTH, lower="lenalidomide")
HOLD_IXAZOMIB, GIVE_IXAZOMIB = hold("ixazomib"), release("ixazomib")
GIVE_IXAZOMIB_LOWER = release("ixazomib", lower="ixazomib")
G_CSF = (Order("consider_g_csf"),)
REVIEW_RASH = (Order("review_rash"),)
AGREE = (Order("obtain_agreement"),)


def stop(own: str, floor: str = "B-IXAFLOOR") -> str:
    """The rules of a stop of an alternating toxicity: its own clause, and whose floor was asked about."""
    return f"{own} B-FIRSTEVER {floor} {EXHAUSTED}"


def _lenalidomides_turn(f: Floors, goes_on: bool) -> tuple[Guard, Guard, str]:
    """When lenalidomide's turn stops treatment, when it goes on, and the reading that says so."""
    return (f.both, f.one_above, "B-LENFLOOR") if goes_on else (f.ixazomib, f.ixazomib_above, "B-IXAFLOOR")


def neutropenia(f: Floors, goes_on: bool) -> Region:
    """Neutropenia holds both drugs, and lowers ixazomib first, then lenalidomide, and so on in turns."""
    region = Region(NEUTROPENIA)
    ixa, len_ = region.clear("ixazomib_next"), region.clear("lenalidomide_next")
    held_ixa, held_len = region.held("ixazomib_next"), region.held("lenalidomide_next")
    end, low, ok = f.discontinued, "anc_low", "anc_recovered"
    at_end, go_on, floor = _lenalidomides_turn(f, goes_on)
    onset = "ANC-01 ANC-03 B-ANC-IN-HOLD B-EPISODE"
    over = f"B-ALT-OTHER {OVER}"
    # fmt: off
    table: list[Row] = [
        (ixa,      low, f.ixazomib,           end,      NO,                 STOP,  stop("ANC-07")),
        (ixa,      low, f.ixazomib_above,     held_ixa, HOLD,               G_CSF, onset),
        (ixa,      ok,  None,                 None,     NO,                 NO,    "K-NOEPISODE"),
        (held_ixa, low, None,                 None,     NO,                 G_CSF, "ANC-01 ANC-03 B-EPISODE"),
        (held_ixa, ok,  None,                 len_,     LOWER_IXAZOMIB,     NO,    f"ANC-02 ANC-04 ANC-05 ANC-06 {over}"),
        (len_,     low, at_end,               end,      NO,                 STOP,  stop("ANC-07", floor)),
        (len_,     low, go_on,                held_len, HOLD,               G_CSF, onset),
        (len_,     ok,  None,                 None,     NO,                 NO,    "K-NOEPISODE"),
        (held_len, low, None,                 None,     NO,                 G_CSF, "ANC-01 ANC-03 B-EPISODE"),
        (held_len, ok,  f.lenalidomide_above, ixa,      LOWER_LENALIDOMIDE, NO,    f"ANC-02 ANC-06 {over}"),
        (held_len, ok,  f.lenalidomide,       ixa,      LOWER_IXAZOMIB,     NO,    f"ANC-02 ANC-06 {over} B-LENFLOOR"),
    ]
    # fmt: on
    region.rows += table
    return region


def thrombocytopenia(f: Floors, goes_on: bool) -> Region:
    """Thrombocytopenia holds both drugs; the first episode lowers lenalidomide, then ixazomib, and so on in turns."""
    region = Region(THROMBOCYTOPENIA)
    first, ixa, len_ = (
        region.clear("first", first=True),
        region.clear("ixazomib_next"),
        region.clear("lenalidomide_next"),
    )
    held_first, held_ixa = region.held("first"), region.held("ixazomib_next")
    held_len = region.held("lenalidomide_next")
    end, low, ok = f.discontinued, "platelets_low", "platelets_recovered"
    at_end, go_on, floor = _lenalidomides_turn(f, goes_on)
    once, again, over = f"PLT-02 PLT-03 PLT-04 {OVER}", f"PLT-02 PLT-08 B-ALT-OTHER {OVER}", f"B-ALT-OTHER {OVER}"
    # Neither clause of the first episode is carried out when its turn passes.
    passed = f"PLT-02 {OVER} B-LENFLOOR"
    # fmt: off
    table: list[Row] = [
        (first,      low, f.both,               end,        NO,                 STOP, stop("PLT-09", "B-LENFLOOR")),
        (first,      low, f.one_above,          held_first, HOLD,               NO,   "PLT-01 B-FIRSTEVER B-EPISODE"),
        (first,      ok,  None,                 None,       NO,                 NO,   "K-NOEPISODE"),
        (held_first, low, None,                 None,       NO,                 NO,   "B-EPISODE"),
        (held_first, ok,  f.lenalidomide_above, ixa,        LOWER_LENALIDOMIDE, NO,   once),
        (held_first, ok,  f.lenalidomide,       ixa,        LOWER_IXAZOMIB,     NO,   passed),
        (ixa,        low, f.ixazomib,           end,        NO,                 STOP, stop("PLT-09")),
        (ixa,        low, f.ixazomib_above,     held_ixa,   HOLD,               NO,   "PLT-05 B-EPISODE"),
        (ixa,        ok,  None,                 None,       NO,                 NO,   "K-NOEPISODE"),
        (held_ixa,   low, None,                 None,       NO,                 NO,   "B-EPISODE"),
        (held_ixa,   ok,  None,                 len_,       LOWER_IXAZOMIB,     NO,   f"PLT-02 PLT-06 PLT-07 PLT-08 {over}"),
        (len_,       low, at_end,               end,        NO,                 STOP, stop("PLT-09", floor)),
        (len_,       low, go_on,                held_len,   HOLD,               NO,   "PLT-05 B-EPISODE"),
        (len_,       ok,  None,                 None,       NO,                 NO,   "K-NOEPISODE"),
        (held_len,   low, None,                 None,       NO,                 NO,   "B-EPISODE"),
        (held_len,   ok,  f.lenalidomide_above, ixa,        LOWER_LENALIDOMIDE, NO,   again),
        (held_len,   ok,  f.lenalidomide,       ixa,        LOWER_IXAZOMIB,     NO,   f"{again} B-LENFLOOR"),
    ]
    # fmt: on
    region.rows += table
    return region


def neuropathy(f: Floors, goes_on: bool) -> Region:
    """Neuropathy holds ixazomib alone; only a severe episode lowers it."""
    region = Region(NEUROPATHY)
    first = region.clear("first", first=True)
    moderate, severe = region.held("moderate"), region.held("severe", needs_step=True)
    again = region.clear("again")
    end, floor, above = f.discontinued, f.ixazomib, f.ixazomib_above
    mild, bad = "neuropathy_moderate", "neuropathy_severe"
    ok, agreed = "neuropathy_resolved", "neuropathy_resolved_agreed"
    onset, onset_severe = "PN-01 B-EPISODE B-LEN-PN", "PN-05 B-EPISODE B-LEN-PN"
    lasting, lasting_severe = f"PN-04 {EXHAUSTED}", f"PN-08 {EXHAUSTED}"
    # fmt: off
    table: list[Row] = [
        (first,    mild,   None,  moderate, HOLD_IXAZOMIB,       NO,    f"{onset} B-FIRSTEVER"),
        (first,    bad,    above, severe,   HOLD_IXAZOMIB,       NO,    onset_severe),
        (first,    bad,    floor, end,      NO,                  STOP,  f"{lasting_severe} B-FIRSTEVER"),
        (first,    ok,     None,  None,     NO,                  NO,    "K-NOEPISODE"),
        (first,    agreed, None,  None,     NO,                  NO,    "K-NOEPISODE"),
        (moderate, mild,   None,  None,     NO,                  NO,    "B-EPISODE"),
        (moderate, bad,    above, severe,   NO,                  NO,    "PN-05 B-UPGRADE"),
        (moderate, bad,    floor, end,      NO,                  STOP,  f"{lasting_severe} B-UPGRADE"),
        (moderate, ok,     None,  again,    GIVE_IXAZOMIB,       NO,    "PN-02 PN-03"),
        (moderate, agreed, None,  again,    GIVE_IXAZOMIB,       NO,    "PN-02 PN-03"),
        (severe,   mild,   None,  None,     NO,                  NO,    "B-EPISODE B-DOWNGRADE B-PN-G1PAIN"),
        (severe,   bad,    None,  None,     NO,                  NO,    "B-EPISODE"),
        (severe,   ok,     None,  None,     NO,                  AGREE, "PN-06"),
        (severe,   agreed, None,  again,    GIVE_IXAZOMIB_LOWER, NO,    "PN-06 PN-07"),
        (again,    mild,   above, moderate, HOLD_IXAZOMIB,       NO,    onset),
        (again,    mild,   floor, end,      NO,                  STOP,  lasting),
        (again,    bad,    above, severe,   HOLD_IXAZOMIB,       NO,    onset_severe),
        (again,    bad,    floor, end,      NO,                  STOP,  lasting_severe),
        (again,    ok,     None,  None,     NO,                  NO,    "K-NOEPISODE"),
        (again,    agreed, None,  None,     NO,                  NO,    "K-NOEPISODE"),
    ]
    # fmt: on
    region.rows += table
    region.everywhere("neuropathy_grade_4", end, STOP, f"DOSE-06 PN-09 {AT_ONCE}")
    return region


def rash(f: Floors, goes_on: bool) -> Region:
    """The first rash lowers lenalidomide at once and holds nothing; the next ones hold both and take turns."""
    region = Region(RASH)
    first, ixa, len_ = (
        region.clear("first", first=True),
        region.clear("ixazomib_next"),
        region.clear("lenalidomide_next"),
    )
    open_first, held_ixa = region.held("first", NO), region.held("ixazomib_next")
    held_len = region.held("lenalidomide_next")
    end, bad, ok = f.discontinued, "rash_grade_2_3", "rash_resolved"
    at_end, go_on, floor = _lenalidomides_turn(f, goes_on)
    only_ixazomib = f.lenalidomide & f.ixazomib_above
    once = "RASH-01 B-RASH-FIRST B-FIRSTEVER B-EPISODE"
    # RASH-01 lowers lenalidomide and spares ixazomib, which it cannot when its turn passes.
    passed = "B-RASH-FIRST B-EPISODE B-LENFLOOR"
    ixa_over = f"RASH-03 RASH-04 RASH-05 RASH-06 B-RASH-ALT B-ALT-OTHER {OVER}"
    len_over = f"RASH-03 RASH-06 B-RASH-ALT B-ALT-OTHER {OVER}"
    persists = "RASH-07 B-RASH-PERSIST"
    # fmt: off
    table: list[Row] = [
        (first,      bad, f.both,               end,        NO,                  STOP,        stop(persists, "B-LENFLOOR")),
        (first,      bad, f.lenalidomide_above, open_first, owe("lenalidomide"), NO,          once),
        (first,      bad, only_ixazomib,        open_first, owe("ixazomib"),     NO,          passed),
        (first,      ok,  None,                 None,       NO,                  NO,          "K-NOEPISODE"),
        (open_first, bad, None,                 None,       NO,                  REVIEW_RASH, "B-EPISODE B-RASH-ESC"),
        (open_first, ok,  None,                 ixa,        NO,                  NO,          f"B-EPISODE {OVER}"),
        (ixa,        bad, f.ixazomib,           end,        NO,                  STOP,        stop(persists)),
        (ixa,        bad, f.ixazomib_above,     held_ixa,   HOLD,                NO,          "RASH-02 B-EPISODE"),
        (ixa,        ok,  None,                 None,       NO,                  NO,          "K-NOEPISODE"),
        (held_ixa,   bad, None,                 None,       NO,                  NO,          "B-EPISODE"),
        (held_ixa,   ok,  None,                 len_,       LOWER_IXAZOMIB,      NO,          ixa_over),
        (len_,       bad, at_end,               end,        NO,                  STOP,        stop(persists, floor)),
        (len_,       bad, go_on,                held_len,   HOLD,                NO,          "RASH-02 B-RASH-HOLD3 B-EPISODE"),
        (len_,       ok,  None,                 None,       NO,                  NO,          "K-NOEPISODE"),
        (held_len,   bad, None,                 None,       NO,                  NO,          "B-EPISODE"),
        (held_len,   ok,  f.lenalidomide_above, ixa,        LOWER_LENALIDOMIDE,  NO,          len_over),
        (held_len,   ok,  f.lenalidomide,       ixa,        LOWER_IXAZOMIB,      NO,          f"{len_over} B-LENFLOOR"),
    ]
    # fmt: on
    region.rows += table
    region.everywhere("rash_grade_4", end, STOP, f"DOSE-06 RASH-08 {AT_ONCE}")
    return region


def other(f: Floors, goes_on: bool) -> Region:
    """Another toxicity holds ixazomib alone; it lowers it only when ixazomib clearly caused it."""
    region = Region(OTHER)
    first, held, again = region.clear("first", first=True), region.held(), region.clear("again")
    end, floor, above = f.discontinued, f.ixazomib, f.ixazomib_above
    bad, bad_related, ok, ok_related = "other_onset", "other_onset_related", "other_resolved", "other_resolved_related"
    onset, stops = "OTH-01 B-EPISODE B-LEN-PN B-OTH-G4", f"OTH-05 {EXHAUSTED}"
    more, more_stops = "OTH-01 B-OTHER-MULTI", f"OTH-05 {EXHAUSTED} B-OTHER-MULTI"
    related = "OTH-02 OTH-03 B-UPGRADE-ATTRIB"
    # fmt: off
    table: list[Row] = [
        (first, bad,         None,  held,  HOLD_IXAZOMIB,       NO,   f"{onset} B-FIRSTEVER"),
        (first, bad_related, above, held,  HOLD_IXAZOMIB,       NO,   onset),
        (first, bad_related, floor, end,   NO,                  STOP, f"{stops} B-FIRSTEVER"),
        (first, ok,          None,  None,  NO,                  NO,   "K-NOEPISODE"),
        (first, ok_related,  None,  None,  NO,                  NO,   "K-NOEPISODE"),
        (held,  bad,         above, None,  NO,                  NO,   more),
        (held,  bad,         floor, end,   NO,                  STOP, more_stops),
        (held,  bad_related, above, None,  NO,                  NO,   more),
        (held,  bad_related, floor, end,   NO,                  STOP, more_stops),
        (held,  ok,          None,  again, GIVE_IXAZOMIB,       NO,   "OTH-02 OTH-04"),
        (held,  ok_related,  above, again, GIVE_IXAZOMIB_LOWER, NO,   related),
        (held,  ok_related,  floor, end,   NO,                  STOP, f"OTH-05 B-UPGRADE-ATTRIB {EXHAUSTED}"),
        (again, bad,         above, held,  HOLD_IXAZOMIB,       NO,   onset),
        (again, bad,         floor, end,   NO,                  STOP, stops),
        (again, bad_related, above, held,  HOLD_IXAZOMIB,       NO,   onset),
        (again, bad_related, floor, end,   NO,                  STOP, stops),
        (again, ok,          None,  None,  NO,                  NO,   "K-NOEPISODE"),
        (again, ok_related,  None,  None,  NO,                  NO,   "K-NOEPISODE"),
    ]
    # fmt: on
    region.rows += table
    return region


# --- As the US label has them (domain: C1, C2, C5) --------------------------------------------------------------


def neutropenia_of_the_label(f: Floors, goes_on: bool) -> Region:
    """In the label the first neutropenia lowers lenalidomide, the next ixazomib, and so on in turns."""
    region = Region(NEUTROPENIA)
    first, ixa, len_ = (
        region.clear("first", first=True),
        region.clear("ixazomib_next"),
        region.clear("lenalidomide_next"),
    )
    held_first, held_ixa = region.held("first"), region.held("ixazomib_next")
    held_len = region.held("lenalidomide_next")
    end, low, ok = f.discontinued, "anc_low", "anc_recovered"
    at_end, go_on, floor = _lenalidomides_turn(f, goes_on)
    onset, during = "ANC-01 ANC-03 B-ANC-IN-HOLD B-EPISODE", "ANC-01 ANC-03 B-EPISODE"
    once, again = f"ANC-02 ANC-04 ANC-05 {OVER}", f"ANC-02 ANC-06 B-ALT-OTHER {OVER}"
    passed = f"ANC-02 {OVER} B-LENFLOOR"
    # fmt: off
    table: list[Row] = [
        (first,      low, f.both,               end,        NO,                 STOP,  stop("ANC-07", "B-LENFLOOR")),
        (first,      low, f.one_above,          held_first, HOLD,               G_CSF, f"{onset} B-FIRSTEVER"),
        (first,      ok,  None,                 None,       NO,                 NO,    "K-NOEPISODE"),
        (held_first, low, None,                 None,       NO,                 G_CSF, during),
        (held_first, ok,  f.lenalidomide_above, ixa,        LOWER_LENALIDOMIDE, NO,    once),
        (held_first, ok,  f.lenalidomide,       ixa,        LOWER_IXAZOMIB,     NO,    passed),
        (ixa,        low, f.ixazomib,           end,        NO,                 STOP,  stop("ANC-07")),
        (ixa,        low, f.ixazomib_above,     held_ixa,   HOLD,               G_CSF, onset),
        (ixa,        ok,  None,                 None,       NO,                 NO,    "K-NOEPISODE"),
        (held_ixa,   low, None,                 None,       NO,                 G_CSF, during),
        (held_ixa,   ok,  None,                 len_,       LOWER_IXAZOMIB,     NO,    again),
        (len_,       low, at_end,               end,        NO,                 STOP,  stop("ANC-07", floor)),
        (len_,       low, go_on,                held_len,   HOLD,               G_CSF, onset),
        (len_,       ok,  None,                 None,       NO,                 NO,    "K-NOEPISODE"),
        (held_len,   low, None,                 None,       NO,                 G_CSF, during),
        (held_len,   ok,  f.lenalidomide_above, ixa,        LOWER_LENALIDOMIDE, NO,    again),
        (held_len,   ok,  f.lenalidomide,       ixa,        LOWER_IXAZOMIB,     NO,    f"{again} B-LENFLOOR"),
    ]
    # fmt: on
    region.rows += table
    return region


def rash_of_the_label(f: Floors, goes_on: bool) -> Region:
    """In the label the first rash holds lenalidomide and lowers it when it is over.

    Ixazomib is given meanwhile and may come to its floor; then neither drug has a step left, and lenalidomide returns
    unchanged.
    """
    region = Region(RASH)
    first, ixa, len_ = (
        region.clear("first", first=True),
        region.clear("ixazomib_next"),
        region.clear("lenalidomide_next"),
    )
    held_first, held_ixa = region.held("first", ("lenalidomide",)), region.held("ixazomib_next")
    held_len = region.held("lenalidomide_next")
    end, bad, ok = f.discontinued, "rash_grade_2_3", "rash_resolved"
    at_end, go_on, floor = _lenalidomides_turn(f, goes_on)
    hold_lenalidomide, give = hold("lenalidomide"), release("lenalidomide")
    lower, lower_ixazomib = release("lenalidomide", lower="lenalidomide"), release("lenalidomide", lower="ixazomib")
    only_ixazomib = f.lenalidomide & f.ixazomib_above
    once, persists = f"RASH-01 {OVER}", "RASH-07 B-RASH-PERSIST"
    ixa_over = f"RASH-03 RASH-04 RASH-05 RASH-06 B-RASH-ALT B-ALT-OTHER {OVER}"
    len_over = f"RASH-03 RASH-06 B-RASH-ALT B-ALT-OTHER {OVER}"
    # fmt: off
    table: list[Row] = [
        (first,      bad, f.both,               end,        NO,                 STOP, stop(persists, "B-LENFLOOR")),
        (first,      bad, f.one_above,          held_first, hold_lenalidomide,  NO,   "RASH-01 B-FIRSTEVER B-EPISODE"),
        (first,      ok,  None,                 None,       NO,                 NO,   "K-NOEPISODE"),
        (held_first, bad, None,                 None,       NO,                 NO,   "B-EPISODE"),
        (held_first, ok,  f.lenalidomide_above, ixa,        lower,              NO,   once),
        (held_first, ok,  only_ixazomib,        ixa,        lower_ixazomib,     NO,   f"{once} B-LENFLOOR"),
        (held_first, ok,  f.both,               ixa,        give,               NO,   f"{once} B-LENFLOOR B-ORIGINAL"),
        (ixa,        bad, f.ixazomib,           end,        NO,                 STOP, stop(persists)),
        (ixa,        bad, f.ixazomib_above,     held_ixa,   HOLD,               NO,   "RASH-02 B-EPISODE"),
        (ixa,        ok,  None,                 None,       NO,                 NO,   "K-NOEPISODE"),
        (held_ixa,   bad, None,                 None,       NO,                 NO,   "B-EPISODE"),
        (held_ixa,   ok,  None,                 len_,       LOWER_IXAZOMIB,     NO,   ixa_over),
        (len_,       bad, at_end,               end,        NO,                 STOP, stop(persists, floor)),
        (len_,       bad, go_on,                held_len,   HOLD,               NO,   "RASH-02 B-RASH-HOLD3 B-EPISODE"),
        (len_,       ok,  None,                 None,       NO,                 NO,   "K-NOEPISODE"),
        (held_len,   bad, None,                 None,       NO,                 NO,   "B-EPISODE"),
        (held_len,   ok,  f.lenalidomide_above, ixa,        LOWER_LENALIDOMIDE, NO,   len_over),
        (held_len,   ok,  f.lenalidomide,       ixa,        LOWER_IXAZOMIB,     NO,   f"{len_over} B-LENFLOOR"),
    ]
    # fmt: on
    region.rows += table
    region.everywhere("rash_grade_4", end, STOP, f"DOSE-06 RASH-08 {AT_ONCE}")
    return region


def new_cycle(f: Floors, goes_on: bool) -> Region:
    """A new cycle waits until blood counts and toxicities allow it (the label's criteria, B-NEWCYCLE)."""
    region = Region(NEW_CYCLE)
    clear, held = region.clear(), region.held()
    # fmt: off
    table: list[Row] = [
        (clear, "new_cycle_unmet", None, held,  HOLD,           NO, "NC-01 B-NEWCYCLE"),
        (clear, "new_cycle_met",   None, None,  NO,             NO, "NC-01"),
        (held,  "new_cycle_unmet", None, None,  NO,             NO, "NC-01 B-EPISODE"),
        (held,  "new_cycle_met",   None, clear, release(*BOTH), NO, "NC-01 B-NEWCYCLE"),
    ]
    # fmt: on
    region.rows += table
    return region


# The region of every toxicity, as the dosing text has it. A toxicity without one is refused when the chart is built.
REGIONS: Mapping[str, Write] = {
    NEUTROPENIA.name: neutropenia,
    THROMBOCYTOPENIA.name: thrombocytopenia,
    NEUROPATHY.name: neuropathy,
    RASH.name: rash,
    OTHER.name: other,
    NEW_CYCLE.name: new_cycle,
}
