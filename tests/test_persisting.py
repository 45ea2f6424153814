"""The edition in which what persists at ixazomib's floor stops treatment: worked by hand from lines 14 to 27.

Everywhere but at 2.3 mg, and for every report that would not itself open the episode, it answers as the dosing text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from ixastate.chart.explain import one_rule
from ixastate.course.course import Course, Record
from ixastate.events import parse_event
from ixastate.proofs.check import check
from ixastate.proofs.properties.stops import open_is_not_opened_again
from ixastate.rules import EDITIONS, Edition, load_edition
from ixastate.table.table import Table, tabulate
from tests.tables import changed, graph, records, starting_only, table

EDITION = "what-if-persist"
Fact = dict[str, Any]

# One step to go at the start: 3 mg, and one neutropenia later 2.3 mg.
LIVER = {
    "type": "course_started",
    "at": "2026-03-02T07:30:00+01:00",
    "weekday": "monday",
    "clock_time": "08:00",
    "patient_informed": True,
    "bilirubin": {"times_uln": 2},
    "creatinine_clearance": {"value": 90, "unit": "mL/min"},
}
USUAL = {**LIVER, "bilirubin": {"times_uln": 1}}
STOPS = {"stop ixazomib", "stop lenalidomide", "stop dexamethasone"}


def neutrophils(value: int) -> Fact:
    return {"type": "neutrophils_measured", "value": value, "unit": "/mm3"}


def platelets(value: int) -> Fact:
    return {"type": "platelets_measured", "value": value, "unit": "/mm3"}


def rash(grade: int) -> Fact:
    return {"type": "rash_graded", "grade": grade}


def neuropathy(grade: int, **more: Any) -> Fact:
    return {"type": "neuropathy_graded", "grade": grade, **more}


def other(term: str, grade: int, **more: Any) -> Fact:
    return {"type": "other_toxicity_graded", "term": term, "grade": grade, **more}


DOWN = [neutrophils(420), neutrophils(900)]
FLOOR = [LIVER, *DOWN]


def course(facts: Sequence[Fact], edition: str = EDITION) -> list[Record]:
    """The records of these facts, a week apart, the start dated and the rest by treatment day."""
    patient = Course(edition=edition)
    days = [{}, *({"day": 1 + 7 * place} for place in range(1, len(facts)))]
    return [patient.observe(parse_event({**fact, **day})) for fact, day in zip(facts, days, strict=True)]


def last(facts: Sequence[Fact], edition: str = EDITION) -> tuple[str, set[str]]:
    record = course(facts, edition)[-1]
    return record.words, {str(order) for order in record.orders}


# What persists, after a course that is at 2.3 mg: the first report and the one that persists, and the clause.
PERSISTS = {
    "platelets": ([platelets(29_999)], platelets(25_000), "PLT-09"),
    "platelets, higher than before": ([platelets(10_000)], platelets(29_000), "PLT-09"),
    "moderate neuropathy": ([neuropathy(2)], neuropathy(2), "PN-04"),
    "painful grade 1 after grade 2": ([neuropathy(2)], neuropathy(1, pain=True), "PN-04"),
    "rash": ([rash(2)], rash(2), "RASH-07"),
    "rash that eases to grade 2": ([rash(3)], rash(2), "RASH-07"),
    "other toxicity": ([other("fatigue", 3, attribution="not_clear")], other("fatigue", 3), "OTH-05"),
    "other toxicity, worse, and now called clear": (
        [other("fatigue", 3)],
        other("Fatigue", 4, attribution="clear"),
        "OTH-05",
    ),
    "other toxicity after a milder grade": ([other("fatigue", 3), other("fatigue", 2)], other("fatigue", 3), "OTH-05"),
}
# What does not: it would not open the episode, and treatment goes on as it does by the dosing text.
MILDER = {
    "platelets recovered": [platelets(20_000), platelets(30_000)],
    "neuropathy resolved": [neuropathy(2), neuropathy(1)],
    "rash grade 1": [rash(3), rash(1)],
    "other toxicity grade 2": [other("fatigue", 3), other("fatigue", 2)],
    "other toxicity at its baseline": [other("fatigue", 3), other("fatigue", 2, baseline_grade=2)],
    "another toxicity's report": [rash(2), platelets(20_000)],
    "a new episode of another family": [platelets(20_000), neuropathy(2)],
}
# Where an episode that is open does not stand at the floor.
ABOVE = {
    "neutrophils": [USUAL, neutrophils(420), neutrophils(300)],
    "platelets": [USUAL, platelets(20_000), platelets(20_000)],
    "moderate neuropathy": [USUAL, neuropathy(2), neuropathy(2)],
    "severe neuropathy": [USUAL, neuropathy(3), neuropathy(3)],
    "moderate within severe": [USUAL, neuropathy(3), neuropathy(2)],
    "rash": [USUAL, rash(2), rash(3)],
    "held rash": [USUAL, rash(2), rash(0), rash(2), rash(3)],
    "other toxicity": [USUAL, other("fatigue", 3), other("fatigue", 4)],
    # 3 mg with a reduction owed is not yet 2.3 mg (B-START3).
    "owed, not made": [LIVER, neutrophils(420), platelets(20_000), neutrophils(900), platelets(20_000)],
    "severe neuropathy that began above": [LIVER, neuropathy(3), neuropathy(3)],
}


@pytest.mark.parametrize("name", PERSISTS)
def test_what_persists_at_the_floor_stops_treatment(name: str) -> None:
    first, again, clause = PERSISTS[name]
    records = course([*FLOOR, *first, again])
    assert records[2].status.ixazomib_mg == 2.3
    assert all(record.status.phase == "on treatment" for record in records[:-1])
    assert (records[-1].words, set(map(str, records[-1].orders))) == ("discontinued", STOPS)
    assert {clause, "B-PERSIST", "B-EXHAUST"} <= set(records[-1].rules)
    # The reading that says otherwise is not cited for it.
    assert not {"B-EPISODE", "OTH-01", "B-RASH-ESC"} & set(records[-1].rules)


@pytest.mark.parametrize("name", PERSISTS)
def test_by_the_dosing_text_treatment_goes_on(name: str) -> None:
    first, again, _ = PERSISTS[name]
    words, orders = last([*FLOOR, *first, again], "dosing-text")
    assert words != "discontinued"
    assert orders <= {"review the rash that persists", "state whether ixazomib clearly caused it"}


@pytest.mark.parametrize("name", MILDER)
def test_what_would_not_open_the_episode_does_not_persist(name: str) -> None:
    assert last([*FLOOR, *MILDER[name]]) == last([*FLOOR, *MILDER[name]], "dosing-text")
    assert last([*FLOOR, *MILDER[name]])[0] != "discontinued"


@pytest.mark.parametrize("name", ABOVE)
def test_above_the_floor_all_is_as_in_the_dosing_text(name: str) -> None:
    assert last(ABOVE[name]) == last(ABOVE[name], "dosing-text")
    assert last(ABOVE[name])[0] != "discontinued"


def test_a_first_rash_that_began_above_the_floor_persists_at_it() -> None:
    """It holds nothing, so that ixazomib may come down to its floor meanwhile."""
    facts = [LIVER, rash(2), *DOWN, rash(2)]
    assert course(facts)[-2].words == "active at 2.3 mg"
    assert last(facts) == ("discontinued", STOPS)
    assert last(facts, "dosing-text") == ("active at 2.3 mg", {"review the rash that persists"})
    # The same report one event earlier, while the reduction is owed.
    assert last([LIVER, rash(2), DOWN[0], rash(2)])[0] == "held for neutrophils"


def test_it_persists_while_ixazomib_is_held_at_the_floor_for_something_else() -> None:
    facts = [*FLOOR, rash(2), platelets(20_000), rash(3)]
    assert course(facts)[-2].words == "held for platelets"
    assert last(facts) == ("discontinued", STOPS)


def test_the_first_report_that_persists_stops_however_soon() -> None:
    patient = Course(edition=EDITION)
    for day, fact in enumerate([*FLOOR, platelets(20_000)]):
        patient.observe(parse_event(fact if not day else {**fact, "day": 7 * day + 1}))
    assert patient.observe(parse_event({**platelets(20_000), "day": 22})).words == "discontinued"


def test_a_new_term_at_the_floor_stops_in_both() -> None:
    facts = [*FLOOR, other("fatigue", 3), other("diarrhoea", 3)]
    for edition in (EDITION, "dosing-text"):
        record = course(facts, edition)[-1]
        assert record.words == "discontinued"
        assert {"OTH-05", "B-OTHER-MULTI"} <= set(record.rules)
        assert "B-PERSIST" not in record.rules
        assert record.symbols == ("other_onset",)


def test_only_this_edition_has_a_letter_for_it() -> None:
    facts = [LIVER, other("fatigue", 3), other("fatigue", 4)]
    for edition in EDITIONS:
        record = course(facts, edition)[-1]
        assert record.symbols == (("other_persists",) if edition == EDITION else ())
        assert {"OTH-01", "B-EPISODE", "B-ATTRIB"} <= set(record.rules)
        assert [str(order) for order in record.orders] == ["state whether ixazomib clearly caused it"]


def test_the_answer_of_a_term_that_persists_counts_what_it_says_of_the_cause() -> None:
    over = other("fatigue", 1, physician_agrees=True)
    facts = [LIVER, other("fatigue", 3), other("fatigue", 3, attribution="clear"), over]
    assert last(facts)[1] == {"reduce ixazomib to 2.3 mg", "resume ixazomib at 2.3 mg"}


# --- The chart ------------------------------------------------------------------------------------------------


def test_it_differs_from_the_dosing_text_in_these_transitions_alone() -> None:
    text, ours = ({(str(one), one.rules, one.orders) for one in graph(name).edges} for name in ("dosing-text", EDITION))
    assert {name for name, *_ in text - ours} == {
        "thrombocytopenia_held_first --platelets_low--> stays",
        "neuropathy_held_moderate --neuropathy_moderate--> stays",
        "rash_open_first --rash_grade_2_3--> stays",
    }
    assert {name for name, *_ in ours - text} == {
        "thrombocytopenia_held_first --platelets_low [ixazomib above its floor]--> stays",
        "thrombocytopenia_held_first --platelets_low [ixazomib at its floor]--> discontinued",
        "neuropathy_held_moderate --neuropathy_moderate [ixazomib above its floor]--> stays",
        "neuropathy_held_moderate --neuropathy_moderate [ixazomib at its floor]--> discontinued",
        "rash_open_first --rash_grade_2_3 [ixazomib above its floor]--> stays",
        "rash_open_first --rash_grade_2_3 [ixazomib at its floor]--> discontinued",
        "other_clear_first --other_persists--> stays",
        "other_held --other_persists [ixazomib above its floor]--> stays",
        "other_held --other_persists [ixazomib at its floor]--> discontinued",
        "other_clear_again --other_persists--> stays",
    }


def test_no_other_episode_is_ever_open_at_the_floor() -> None:
    """So a count, a severe neuropathy or a held rash needs no row of its own: by every reachable configuration."""
    whole: Table = table(EDITION)
    found = {
        leaf
        for leaves, status in zip(whole.configurations, whole.statuses, strict=True)
        if status.ixazomib_mg == 2.3
        for leaf in leaves
        if "_held_" in leaf or "_open_" in leaf or leaf == "other_held"
    }
    episodes = {leaf for leaf in found if not leaf.startswith(("ixazomib", "lenalidomide"))}
    assert episodes == {"thrombocytopenia_held_first", "neuropathy_held_moderate", "rash_open_first", "other_held"}


# --- In words -------------------------------------------------------------------------------------------------


def explained(rule: str, edition: str = "dosing-text") -> list[str]:
    return list(one_rule(load_edition(edition), rule, 200))


def test_the_readings_stand_beside_the_clause_with_the_editions_that_read_it_otherwise() -> None:
    lines = explained("RASH-07")
    place = lines.index("Readings it needs:")
    other_title = "Rash that recurs or persists at ixazomib's floor ends treatment"
    assert f"  otherwise in what-if-persist: {other_title} (by B-PERSIST)" in lines[:place]
    listed = [line for line in lines[place:] if line.startswith("  B-")]
    assert [line.split(":")[0].strip() for line in listed] == list(load_edition().rule("RASH-07").needs)
    exhaust = next(number for number, line in enumerate(lines) if line.startswith("  B-EXHAUST:"))
    following = [line for line in lines[exhaust:] if line.startswith("    otherwise")][:2]
    assert following[0] == "    otherwise in what-if-exhaust-b: After two reductions: the turns go on"
    assert following[1].startswith("    otherwise in what-if-persist: When ixazomib's reductions are spent")


@pytest.mark.parametrize(
    ("rule", "edition", "line"),
    [
        ("ANC-04", "dosing-text", "  otherwise in us-label: First neutropenia: lenalidomide one level lower"),
        ("B-STACK", "dosing-text", "  otherwise in what-if-stack-b: Reductions at one release add up"),
        (
            "B-STACK",
            "what-if-stack-b",
            "  otherwise in dosing-text, us-label, what-if-confirm, what-if-exhaust-b, what-if-persist: ",
        ),
        (
            "NC-01",
            "us-label",
            "  not in dosing-text, what-if-confirm, what-if-exhaust-b, what-if-persist, what-if-stack-b",
        ),
        ("B-PERSIST", EDITION, "  not in dosing-text, us-label, what-if-confirm, what-if-exhaust-b, what-if-stack-b"),
    ],
)
def test_every_rule_says_which_editions_have_it_otherwise(rule: str, edition: str, line: str) -> None:
    assert [one for one in explained(rule, edition) if one.startswith(line)]


def test_a_rule_that_all_editions_share_names_none() -> None:
    shared = [
        rule for rule in load_edition().rules if len({load_edition(one).rule(rule).says for one in EDITIONS}) == 1
    ]
    assert {"ADM-12", "PN-08", "B-START3"} <= set(shared)
    for rule in ("ADM-01", "DOSE-02"):
        assert not [line for line in explained(rule) if line.startswith(("  otherwise", "  not in"))]


def sentences(edition: Edition) -> dict[str, str]:
    return {rule.id: " ".join(rule.says.split()) for rule in edition.rules.values()}


def test_no_sentence_that_it_inherits_says_that_an_open_episode_does_nothing() -> None:
    """Each rule of the dosing text that says so is said otherwise here."""
    ours, text = sentences(load_edition(EDITION)), sentences(load_edition())
    denies = {
        "B-EXHAUST": "findings of the same kind inside an open episode do not",
        "B-EPISODE": "the same finding in between is not counted again",
        "B-RASH-ESC": "in the first episode, a rise from 2 to 3 included, only asks",
        "B-RASH-PERSIST": "For a rash to persist is to come again",
        "PLT-09": "A first one there is still only held",
        "OTH-05": "as it opens; if that is said later",
    }
    for rule, words in denies.items():
        assert words in text[rule]
        assert words not in ours[rule]


# --- Faults ---------------------------------------------------------------------------------------------------

LOST = {
    "thrombocytopenia_held_first --platelets_low [ixazomib at its floor]--> discontinued": "platelets_low",
    "neuropathy_held_moderate --neuropathy_moderate [ixazomib at its floor]--> discontinued": "neuropathy_moderate",
    "rash_open_first --rash_grade_2_3 [ixazomib at its floor]--> discontinued": "rash_grade_2_3",
    "other_held --other_persists [ixazomib at its floor]--> discontinued": "other_persists",
}


@pytest.mark.parametrize("edge", LOST)
def test_a_stop_that_is_lost_is_found_by_its_property(edge: str) -> None:
    sound = starting_only(graph(EDITION), "start_3_5")
    [finding] = check(tabulate(sound), [open_is_not_opened_again])
    assert finding.breach is None
    fault = tabulate(changed(sound, edge, targets=(), orders=()))
    [finding] = check(fault, [open_is_not_opened_again])
    assert finding.breach is not None
    assert finding.breach.why == "treatment goes on with ixazomib at its floor"
    assert finding.symbols[-1] == LOST[edge]
    # The counterexample is a course of clinical events, which this edition does stop.
    assert next(one.type for one in finding.events(fault)) == "course_started"
    assert records(finding.symbols, EDITION)[-1].words == "discontinued"


def test_a_stop_above_the_floor_is_found_too() -> None:
    sound = starting_only(graph("dosing-text"), "start_3_5")
    fault = tabulate(changed(sound, "rash_open_first --rash_grade_2_3--> stays", targets=sound.final))
    [finding] = check(fault, [open_is_not_opened_again])
    assert finding.breach is not None
    assert finding.breach.why == "it changes something"
