"""Explanations: no clause of a record contradicts its orders, and a reduction that was owed names its earner."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from ixastate.chart.reasons import Outcome, contradiction, drug_levels, effects_of, reasons
from ixastate.chart.states import Level
from ixastate.course.course import Course, Record
from ixastate.course.earned import Earned
from ixastate.course.live import machine
from ixastate.course.log import dump, read_log
from ixastate.course.replay import replay_log
from ixastate.course.timeline import timeline
from ixastate.errors import InputError
from ixastate.events import parse_event
from ixastate.orders import Order
from ixastate.proofs.properties import explanations
from ixastate.proofs.properties.explanations import no_reason_contradicts, order_has_a_reason
from ixastate.rules.effects import Effect, RuleEffect, RuleEffects, What
from tests.tables import EDITION_NAMES, small, table
from tests.test_log import as_log, read

START: dict[str, Any] = {
    "type": "course_started",
    "day": 1,
    "weekday": "monday",
    "clock_time": "08:00",
    "patient_informed": True,
    "bilirubin": {"times_uln": 1},
    "creatinine_clearance": {"value": 90, "unit": "mL/min"},
}


def anc(day: int, value: int) -> dict[str, Any]:
    return {"type": "neutrophils_measured", "day": day, "value": value, "unit": "/mm3"}


def plt(day: int, value: int) -> dict[str, Any]:
    return {"type": "platelets_measured", "day": day, "value": value, "unit": "/mm3"}


def pn(day: int, grade: int, **more: Any) -> dict[str, Any]:
    return {"type": "neuropathy_graded", "day": day, "grade": grade, **more}


def rash(day: int, grade: int) -> dict[str, Any]:
    return {"type": "rash_graded", "day": day, "grade": grade}


def other(day: int, grade: int, **more: Any) -> dict[str, Any]:
    return {"type": "other_toxicity_graded", "day": day, "term": "diarrhoea", "grade": grade, **more}


def course_of(*facts: dict[str, Any], edition: str = "dosing-text", start: dict[str, Any] | None = None) -> Course:
    course = Course("p", edition)
    for fact in (start or START, *facts):
        course.observe(parse_event(fact))
    return course


def lowered(record: Record) -> list[str]:
    return [order.drug for order in record.orders if order.verb == "reduce"]


# --- What is owed names what earned it ------------------------------------------------------------------------

# The course of the finding: neuropathy holds ixazomib on, after neutropenia earned the reduction.
HELD_ON = [anc(8, 400), pn(10, 2), anc(15, 600), pn(22, 0)]
ANC_04 = Earned(drug="ixazomib", rule="ANC-04", day=15)
AGREED = pn(7, 0, physician_agrees=True)
# Neuropathy holds ixazomib while neutropenia and a second thrombocytopenia each earn a reduction of it.
LOW = [anc(3, 400), plt(4, 20_000), anc(5, 600), plt(6, 40_000), plt(7, 20_000), plt(9, 40_000)]
TWICE = [pn(2, 2), *LOW, pn(12, 0)]


def test_the_course_of_the_finding_reads_without_contradiction() -> None:
    record = course_of(*HELD_ON).records[-1]
    assert record.orders == (Order("reduce", "ixazomib", 3), Order("resume", "ixazomib", 3))
    assert record.earned == (ANC_04,)
    assert record.asked_for == ("reduce ixazomib to 3 mg (earned by ANC-04 on day 15)", "resume ixazomib at 3 mg")
    assert "PN-03" in record.rules
    assert "unchanged" not in " ".join(course_of().edition.rule(rule).title for rule in record.rules)


def test_a_reduction_that_is_made_at_once_or_at_its_own_release_was_not_owed() -> None:
    course = course_of(anc(8, 400), anc(15, 600), rash(16, 2))
    assert [lowered(record) for record in course.records] == [[], [], ["ixazomib"], ["lenalidomide"]]
    assert [record.earned for record in course.records] == [()] * 4


@pytest.mark.parametrize(
    ("facts", "earned"),
    [
        # Lenalidomide is lowered at the release of the other count.
        ([anc(2, 400), plt(3, 20_000), plt(9, 40_000), anc(10, 600)], [("lenalidomide", "PLT-04", 9)]),
        ([plt(2, 20_000), anc(3, 400), anc(9, 600), plt(10, 40_000)], [("ixazomib", "ANC-04", 9)]),
        # A first rash while something else holds lenalidomide.
        ([plt(2, 20_000), rash(4, 2), plt(10, 40_000)], [("lenalidomide", "RASH-01", 4)]),
        ([pn(2, 3), anc(3, 400), pn(6, 0, physician_agrees=True), anc(10, 600)], [("ixazomib", "PN-07", 6)]),
        (
            [other(2, 3, attribution="clear"), anc(3, 400), other(6, 0, physician_agrees=True), anc(10, 600)],
            [("ixazomib", "OTH-03", 6)],
        ),
        # Two clauses make one level, and both are named.
        (TWICE, [("ixazomib", "ANC-04", 5), ("ixazomib", "PLT-06", 9)]),
        # Both drugs at one release, each with its own.
        (
            [anc(2, 400), plt(2, 20_000), rash(4, 2), plt(5, 40_000), pn(6, 3), AGREED, anc(10, 600)],
            [("ixazomib", "PN-07", 7), ("lenalidomide", "RASH-01", 4), ("lenalidomide", "PLT-04", 5)],
        ),
    ],
)
def test_what_is_owed_is_named_with_its_clause_and_its_day(facts: list[Any], earned: list[Any]) -> None:
    course = course_of(*facts)
    *before, last = course.records
    assert {one.drug for one in last.earned} <= set(lowered(last))
    assert sorted((one.drug, one.rule, one.day) for one in last.earned) == sorted(earned)
    assert all(record.earned == () for record in before)
    assert course.snapshot().owed == ()


def test_lenalidomides_turn_that_passes_is_earned_by_the_reading_that_passes_it() -> None:
    start = {**START, "on_dialysis": True}
    facts = [rash(2, 2), plt(3, 20_000), pn(4, 2), plt(9, 40_000), pn(12, 0)]
    assert course_of(*facts, start=start).records[-1].earned == (Earned(drug="ixazomib", rule="B-LENFLOOR", day=9),)
    again = [*HELD_ON[:0], rash(2, 2), anc(3, 400), anc(5, 600)]
    assert course_of(*again, start=start).records[-1].earned == ()


def test_the_label_earns_by_its_own_clauses() -> None:
    course = course_of(anc(2, 400), plt(3, 20_000), anc(5, 600), plt(9, 40_000), edition="us-label")
    assert course.records[-1].earned == (Earned(drug="lenalidomide", rule="ANC-04", day=5),)


def test_two_levels_at_one_release_name_both() -> None:
    course = course_of(*TWICE, edition="what-if-stack-b")
    assert course.records[-1].orders[0] == Order("reduce", "ixazomib", 2.3)
    assert [one.rule for one in course.records[-1].earned] == ["ANC-04", "PLT-06"]


def test_a_stop_leaves_nothing_owed() -> None:
    course = course_of(*HELD_ON[:3], {"type": "progression_found", "day": 16})
    assert course.records[-1].earned == ()
    assert course.snapshot().owed == ()


def assessed(day: int, neutrophils: int, platelets: int) -> dict[str, Any]:
    counts = {"neutrophils": neutrophils, "platelets": platelets}
    both = {name: {"value": value, "unit": "/mm3"} for name, value in counts.items()}
    return {"type": "cycle_assessed", "day": day, **both, "toxicities_resolved": True}


def test_one_assessment_earns_and_makes_a_reduction() -> None:
    """Two counts of one event are two steps: the first earns, the second releases."""
    record = course_of(anc(2, 400), plt(3, 20_000), assessed(9, 600, 40_000)).records[-1]
    assert record.earned == (Earned(drug="ixazomib", rule="ANC-04", day=9),)
    assert lowered(record) == ["ixazomib", "lenalidomide"]


def test_an_assessment_that_stops_treatment_makes_no_reduction() -> None:
    start = {**START, "bilirubin": {"times_uln": 2}}
    facts = [plt(2, 20_000), plt(3, 40_000), pn(4, 3), anc(5, 400), pn(6, 0, physician_agrees=True)]
    course = course_of(*facts, start=start)
    assert [one.rule for one in course.snapshot().owed or ()] == ["PN-07"]
    record = course.observe(assessed(9, 600, 20_000))
    assert {order.verb for order in record.orders} == {"stop"}
    assert (record.earned, course.snapshot().owed) == ((), ())


# --- It is remembered -----------------------------------------------------------------------------------------


def saved() -> Course:
    return course_of(*HELD_ON[:3])


@pytest.mark.parametrize(
    "again",
    [
        lambda course: Course.resume(course.snapshot()),
        lambda course: Course.resume(course.snapshot().model_dump_json()),
        lambda course: Course.resume(json.loads(course.snapshot().model_dump_json())),
        lambda course: pickle.loads(pickle.dumps(course)),
        copy.copy,
        copy.deepcopy,
    ],
    ids=["snapshot", "json", "dict", "pickle", "copy", "deepcopy"],
)
def test_the_earner_is_kept_over_a_saved_course(again: Any) -> None:
    assert saved().snapshot().owed == (ANC_04,)
    course = again(saved())
    assert course.snapshot() == saved().snapshot()
    assert course.observe(HELD_ON[3]).earned == (ANC_04,)


def without_owed() -> dict[str, Any]:
    """A snapshot as it was saved before courses remembered what is owed."""
    facts: dict[str, Any] = json.loads(saved().snapshot().model_dump_json())
    del facts["owed"]
    return facts


def test_an_older_snapshot_does_not_say_by_which_clause_a_drug_owes() -> None:
    course = Course.resume(without_owed())
    assert course.snapshot().owed == (Earned(drug="ixazomib", rule=None, day=None),)
    record = course.observe(HELD_ON[3])
    assert record.earned == (Earned(drug="ixazomib", rule=None, day=None),)
    assert record.asked_for[0] == "reduce ixazomib to 3 mg (earned by a recovery that the saved course does not name)"
    assert "earned by" in course.timeline()
    # What is earned after that is known.
    later = Course.resume(without_owed())
    for fact in (other(16, 3, attribution="clear"), other(17, 0, physician_agrees=True), pn(22, 0)):
        record = later.observe(fact)
    assert [one.rule for one in record.earned] == [None, "OTH-03"]


def test_an_older_snapshot_in_which_nothing_is_owed_owes_nothing() -> None:
    facts = json.loads(course_of(anc(8, 400)).snapshot().model_dump_json())
    del facts["owed"]
    assert Course.resume(facts).snapshot().owed == ()


OWED = {"drug": "ixazomib", "rule": "ANC-04", "day": 15}


@pytest.mark.parametrize(
    "owed",
    [
        [],
        [{**OWED, "drug": "lenalidomide"}],
        [OWED, {**OWED, "drug": "lenalidomide", "rule": "PLT-04"}],
        [{**OWED, "rule": "ANC-05"}],
        [{**OWED, "rule": "ANC-99"}],
        [{**OWED, "rule": "DOSE-08"}],
        [{**OWED, "drug": "aspirin"}],
        [{**OWED, "day": "15"}],
        [{"drug": "ixazomib"}],
        [{**OWED, "colour": "red"}],
        ["ANC-04"],
        "ANC-04",
        {},
    ],
    ids=str,
)
def test_a_snapshot_that_owes_what_it_cannot_is_refused(owed: Any) -> None:
    with pytest.raises(InputError, match="snapshot"):
        Course.resume({**without_owed(), "owed": owed})


def test_a_snapshot_may_owe_by_several_clauses() -> None:
    facts = {
        **without_owed(),
        "owed": [OWED, {**OWED, "rule": "PN-07", "day": 20}, {**OWED, "rule": None, "day": None}],
    }
    assert [one.rule for one in Course.resume(facts).observe(HELD_ON[3]).earned] == ["ANC-04", "PN-07", None]


def test_a_log_of_records_keeps_the_earner_and_an_older_one_is_not_held_against_it(tmp_path: Any) -> None:
    records = course_of(*HELD_ON).records
    path = tmp_path / "log.jsonl"
    path.write_text("".join(dump(record) + "\n" for record in records), encoding="utf-8")
    assert [line.record for line in read_log(path)] == list(records)
    assert [one.differences for one in replay_log(read_log(path))] == [()] * 5
    # Another clause than today's is a difference; a record that has no such part is none.
    facts = [json.loads(dump(record)) for record in records]
    facts[-1]["earned"][0]["rule"] = "PN-07"
    path.write_text("".join(json.dumps(fact) + "\n" for fact in facts), encoding="utf-8")
    [difference] = list(replay_log(read_log(path)))[-1].differences
    assert (difference.part, difference.recorded, difference.today) == ("earned", "PN-07 on day 15", "ANC-04 on day 15")
    for fact in facts:
        del fact["earned"]
    path.write_text("".join(json.dumps(fact) + "\n" for fact in facts), encoding="utf-8")
    assert [one.differences for one in replay_log(read_log(path))] == [()] * 5


# --- It is said -----------------------------------------------------------------------------------------------


def test_the_timeline_says_what_is_owed_and_then_what_earned_it() -> None:
    lines = list(timeline(list(replay_log(read(as_log(*(parse_event(fact) for fact in (START, *HELD_ON))))))))
    at = lines.index("day 15                           neutrophils 600 /mm3")
    assert lines[at + 1 : at + 3] == [
        "    state      held for neuropathy · ixazomib 4 mg (held, to be reduced at its release) ·",
        "               lenalidomide 25 mg",
    ]
    at = lines.index("day 22                           neuropathy grade 0")
    assert lines[at : at + 4] == [
        "day 22                           neuropathy grade 0",
        "    state      active at 3 mg · ixazomib 3 mg · lenalidomide 25 mg",
        "    asked for  reduce ixazomib to 3 mg (earned by ANC-04 on day 15); resume ixazomib at 3 mg",
        "    earned by  ANC-04 Neutropenia, ixazomib's turn: one level lower (line 13), on day 15",
    ]
    assert lines[at + 8] == "    by         PN-03 Moderate neuropathy: asks for no reduction of ixazomib (line 18)"


def test_a_notebook_and_a_prompt_name_the_earner() -> None:
    course = course_of(*HELD_ON)
    words = "reduce ixazomib to 3 mg (earned by ANC-04 on day 15)"
    assert words in repr(course.records[-1])
    assert words in course.records[-1]._repr_html_()
    assert words in course._repr_html_()
    assert repr(ANC_04) == "<Earned ixazomib: ANC-04 on day 15>"


def test_several_earners_are_joined_by_the_reading_that_joins_them() -> None:
    said = course_of(*TWICE).records[-1].asked_for[0]
    assert said == "reduce ixazomib to 3 mg (earned by ANC-04 on day 5 and PLT-06 on day 9, by B-STACK)"


# --- What each rule does is held against every move -----------------------------------------------------------

OTHERWISE: dict[What, What] = {
    "holds": "spares",
    "spares": "holds",
    "resumes": "stops",
    "lowers": "keeps",
    "keeps": "lowers",
    "stops": "holds",
}


def particular() -> Iterator[tuple[str, What, str]]:
    """Every effect of the rules that a course from 3 and 5 mg rests on, of those that have but one."""
    found = effects_of()
    for rule in sorted({rule for rules in small().rules for rule in rules}):
        effects = found.of(rule)
        if len(effects) == 1:
            for what in OTHERWISE:
                yield from ((rule, what, drug) for drug in effects[0].drugs(what) if drug != "dexamethasone")


@cache
def flipped(rule: str, what: What, drug: str) -> RuleEffects:
    """The effects, of which one says the opposite about one drug."""
    found = effects_of()
    [effect] = found.of(rule)
    facts = effect.model_dump()
    facts[what] = [one for one in facts[what] if one != drug]
    facts[OTHERWISE[what]] = [*facts[OTHERWISE[what]], drug]
    wrong = RuleEffect(either=(Effect.model_validate(facts),), general=found.general(rule))
    return replace(found, effects={**found.effects, rule: wrong})


def test_an_effect_that_says_the_opposite_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them, one after the other."""
    every = list(particular())
    assert len(every) > 70
    assert {what for _, what, _ in every} == set(OTHERWISE)
    for one in every:
        monkeypatch.setattr(explanations, "effects_of", lambda edition, one=one: flipped(*one))
        assert no_reason_contradicts.search(small()) is not None, one
    monkeypatch.undo()
    assert no_reason_contradicts.search(small()) is None


def test_an_effect_that_is_lost_leaves_an_order_without_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    found = effects_of()
    for rule in ("ANC-03", "PLT-02", "PN-07", "RASH-01", "B-RASH-ESC", "DISC-01"):
        lost = replace(found, effects={name: one for name, one in found.effects.items() if name != rule})
        monkeypatch.setattr(explanations, "effects_of", lambda edition, lost=lost: lost)
        assert order_has_a_reason.search(small()) is not None, rule


KEPT = {
    "ANC-05": "lenalidomide",
    "PLT-07": "lenalidomide",
    "RASH-05": "lenalidomide",
    "PN-03": "ixazomib",
    "PLT-03": "ixazomib",
    "OTH-04": "ixazomib",
    "RASH-01": "ixazomib",
}


def test_a_clause_that_keeps_a_drug_stands_beside_its_reduction_only_where_it_owed_one() -> None:
    """The finding counts 6,623 moves. Where a turn passes the clauses were wrong and are gone: 83, 275 and 22 moves."""
    whole = table()
    beside = dict.fromkeys(KEPT, 0)
    for number, leaves in enumerate(whole.configurations):
        levels = drug_levels(whole.graph.meanings, leaves)
        for move in whole.row(number):
            output = whole.output[move]
            drugs = {order.drug for order in whole.orders[output] if order.verb == "reduce"} if output else set()
            for rule in whole.rules[output] if drugs else ():
                if rule in KEPT and KEPT[rule] in drugs:
                    beside[rule] += 1
                    assert levels[KEPT[rule]].owes, rule  # type: ignore[index]
                if rule == "PLT-04" and not whole.statuses[whole.next[move]].lenalidomide_held:
                    assert "lenalidomide" in drugs
    assert beside == {
        "ANC-05": 1918,
        "PLT-07": 1330,
        "RASH-05": 994,
        "PN-03": 972,
        "PLT-03": 543,
        "OTH-04": 486,
        "RASH-01": 0,
    }


# --- One outcome at a time ------------------------------------------------------------------------------------

GIVEN, HELD, OWING = Level("ixazomib", 4, "given"), Level("ixazomib", 4, "held"), Level("ixazomib", 4, "owing")
LOWER = Level("ixazomib", 3, "given")
LENALIDOMIDE = Level("lenalidomide", 25, "given")


def outcome(before: Level, after: Level, *orders: Order, **parts: Any) -> Outcome:
    levels = {"lenalidomide": LENALIDOMIDE}
    return Outcome({"ixazomib": before, **levels}, {"ixazomib": after, **levels}, orders, **parts)  # type: ignore[dict-item]


REDUCE, RESUME = Order("reduce", "ixazomib", 3), Order("resume", "ixazomib", 3)
RELEASED = outcome(OWING, LOWER, REDUCE, RESUME)


@pytest.mark.parametrize(
    ("rule", "seen", "why"),
    [
        # What was owed before contradicts no clause that asks for nothing.
        ("PN-03", RELEASED, None),
        ("PN-03", outcome(HELD, LOWER, REDUCE, RESUME, asked={"ixazomib"}), "keeps ixazomib, which is lowered by it"),
        ("PN-03", outcome(HELD, LOWER, REDUCE, RESUME), "keeps ixazomib, which is lowered by it"),
        ("PN-07", RELEASED, "lowers ixazomib, which is not lowered by it"),
        ("PN-07", outcome(HELD, LOWER, REDUCE, RESUME, asked={"ixazomib"}), None),
        # Held on: it is owed, and comes back later.
        ("PN-07", outcome(HELD, OWING, asked={"ixazomib"}), None),
        ("PN-02", outcome(HELD, HELD), None),
        ("PN-02", outcome(HELD, HELD, holding={"ixazomib"}), "resumes ixazomib, which the same toxicity holds still"),
        ("PN-02", outcome(GIVEN, GIVEN), "resumes ixazomib, which was not held"),
        ("PN-01", outcome(GIVEN, HELD, Order("hold", "ixazomib")), None),
        ("PN-01", outcome(HELD, HELD), None),
        ("PN-01", outcome(GIVEN, GIVEN), "holds ixazomib, which is given"),
        ("K-NOEPISODE", outcome(GIVEN, HELD), "does not hold ixazomib, which its toxicity holds"),
        ("PN-08", outcome(GIVEN, HELD), "it stops ixazomib, and treatment goes on"),
        ("PN-06", outcome(HELD, HELD, Order("obtain_agreement")), None),
        ("ANC-03", outcome(GIVEN, HELD), "it advises consider_g_csf, and that is not ordered"),
        ("ANC-06", outcome(HELD, LOWER, REDUCE, RESUME, asked={"ixazomib"}), None),
        ("ANC-06", outcome(HELD, GIVEN), "lowers ixazomib"),
        ("B-EPISODE", outcome(GIVEN, HELD), None),
    ],
)
def test_what_contradicts_a_rule(rule: str, seen: Outcome, why: str | None) -> None:
    found = contradiction(rule, seen, effects_of())
    assert found is None if why is None else why in str(found)


def test_the_reasons_of_an_order_are_the_rules_that_give_it_in_particular() -> None:
    rules = ("DOSE-06", "DOSE-07", "DOSE-08", "ANC-02", "ANC-04", "ANC-05", "ANC-06", "B-CONFIRM")
    seen = outcome(HELD, LOWER, REDUCE, RESUME, asked={"ixazomib"})
    assert reasons(REDUCE, rules, seen, effects_of()) == ("ANC-04", "ANC-06")
    assert reasons(REDUCE, ("DOSE-08", "PN-03"), RELEASED, effects_of()) == ()


# --- Both arms ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EDITION_NAMES)
def test_the_table_and_the_live_machine_ask_for_the_same_reductions(name: str) -> None:
    whole, live = table(name), machine(name)
    asking = [output for output, asked in enumerate(whole.asked) if asked][:: max(1, len(whole.asked) // 40)]
    width = len(whole.symbols)
    for output in asking:
        number, symbol = divmod(whole.output.index(output), width)
        step = live.step(whole.configurations[number], whole.symbols[symbol])
        assert step == whole.step(whole.configurations[number], whole.symbols[symbol])
        assert step.asked == whole.asked[output] == whole.graph.step(step.before, step.symbol).asked
