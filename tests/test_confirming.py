"""The edition in which a low count must be confirmed: worked by hand from lines 12 to 17.

A low count between episodes waits for the next one of its kind. Within an episode, and for everything that is no count,
it answers as the dosing text.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from ixastate.amendments import parse_line
from ixastate.chart.states import Episode
from ixastate.chart.status import Status
from ixastate.course.course import Course, Record
from ixastate.course.log import dump
from ixastate.diagrams import bedside, charts, mermaid
from ixastate.events import parse_event
from ixastate.orders import Order
from ixastate.rules import EDITIONS, load_edition
from ixastate.table.table import Table
from ixastate.testing.answers import Oracle, differences
from ixastate.testing.blame import CheckedEvent, blame
from ixastate.testing.sentences import order_of, parts_of
from tests.tables import graph, table

EDITION = "what-if-confirm"
RULE = "B-CONFIRM-HOLD"
Fact = dict[str, Any]

USUAL: Fact = {
    "type": "course_started",
    "at": "2026-03-02T07:30:00+01:00",
    "weekday": "monday",
    "clock_time": "08:00",
    "patient_informed": True,
    "bilirubin": {"times_uln": 1},
    "creatinine_clearance": {"value": 90, "unit": "mL/min"},
}
# One step to go at the start: 3 mg.
LIVER: Fact = {**USUAL, "bilirubin": {"times_uln": 2}}
# Lenalidomide at 5 mg, one rung above its floor, and ixazomib at 3 mg.
DIALYSIS: Fact = {**USUAL, "creatinine_clearance": None, "on_dialysis": True}
REPEAT = {"repeat the low count"}
HOLDS = {"hold ixazomib", "hold lenalidomide"}
STOPS = {"stop ixazomib", "stop lenalidomide", "stop dexamethasone"}
NOTHING: set[str] = set()


def anc(value: int, **more: Any) -> Fact:
    return {"type": "neutrophils_measured", "value": value, "unit": "/mm3", **more}


def plt(value: int, **more: Any) -> Fact:
    return {"type": "platelets_measured", "value": value, "unit": "/mm3", **more}


def assessed(neutrophils: int, platelets: int) -> Fact:
    return {
        "type": "cycle_assessed",
        "neutrophils": {"value": neutrophils, "unit": "/mm3"},
        "platelets": {"value": platelets, "unit": "/mm3"},
        "toxicities_resolved": True,
    }


RASH: Fact = {"type": "rash_graded", "grade": 2}
NO_RASH: Fact = {"type": "rash_graded", "grade": 0}
NEUROPATHY: Fact = {"type": "neuropathy_graded", "grade": 2}
NO_NEUROPATHY: Fact = {"type": "neuropathy_graded", "grade": 0}
# A confirmed episode of neutropenia from its first low count to its end.
EPISODE = [anc(420), anc(499), anc(900)]
FLOOR = [LIVER, *EPISODE]


def course(facts: Sequence[Fact], edition: str = EDITION) -> list[Record]:
    """The records of these facts, a week apart, the start dated and the rest by treatment day."""
    patient = Course(edition=edition)
    days = [{}, *({"day": 1 + 7 * place} for place in range(1, len(facts)))]
    return [patient.observe(parse_event({**fact, **day})) for fact, day in zip(facts, days, strict=True)]


def told(record: Record) -> tuple[str, set[str]]:
    return record.words, {str(order) for order in record.orders}


# After each fact the state in words, and what is asked for.
COURSES: dict[str, list[tuple[Fact, str, set[str]]]] = {
    "confirmed": [
        (anc(499), "active at 4 mg; low neutrophils to be confirmed", REPEAT),
        (anc(499), "held for neutrophils", {*HOLDS, "consider G-CSF"}),
        (anc(300), "held for neutrophils", {"consider G-CSF"}),
        (
            anc(500),
            "active at 3 mg",
            {"reduce ixazomib to 3 mg", "resume ixazomib at 3 mg", "resume lenalidomide at 25 mg"},
        ),
        # The next episode is confirmed anew, and it is lenalidomide's turn.
        (anc(100), "active at 3 mg; low neutrophils to be confirmed", REPEAT),
        (anc(100), "held for neutrophils", {*HOLDS, "consider G-CSF"}),
        (
            anc(500),
            "active at 3 mg",
            {"resume ixazomib at 3 mg", "reduce lenalidomide to 20 mg", "resume lenalidomide at 20 mg"},
        ),
    ],
    "withdrawn": [
        (anc(499), "active at 4 mg; low neutrophils to be confirmed", REPEAT),
        (anc(500), "active at 4 mg", NOTHING),
        # The first one is forgotten: it takes two again.
        (anc(499), "active at 4 mg; low neutrophils to be confirmed", REPEAT),
        (anc(2000, after_g_csf=True), "active at 4 mg", {"note that the count was raised by support"}),
        (plt(29_999), "active at 4 mg; low platelets to be confirmed", REPEAT),
        (plt(30_000), "active at 4 mg", NOTHING),
        (plt(10_000), "active at 4 mg; low platelets to be confirmed", REPEAT),
        (plt(40_000, after_transfusion=True), "active at 4 mg", {"note that the count was raised by support"}),
    ],
    "each count for itself": [
        (anc(499), "active at 4 mg; low neutrophils to be confirmed", REPEAT),
        (plt(29_999), "active at 4 mg; low neutrophils and platelets to be confirmed", REPEAT),
        (anc(500), "active at 4 mg; low platelets to be confirmed", NOTHING),
        (plt(29_999), "held for platelets", HOLDS),
        (anc(499), "held for platelets; low neutrophils to be confirmed", REPEAT),
        # Both are held already: the episode adds its reason and the advice.
        (anc(499), "held for neutrophils, platelets", {"consider G-CSF"}),
        (plt(30_000), "held for neutrophils", NOTHING),
    ],
    "while something else holds ixazomib": [
        (NEUROPATHY, "held for neuropathy", {"hold ixazomib"}),
        (anc(499), "held for neuropathy; low neutrophils to be confirmed", REPEAT),
        (NO_NEUROPATHY, "active at 4 mg; low neutrophils to be confirmed", {"resume ixazomib at 4 mg"}),
        (RASH, "active at 4 mg; low neutrophils to be confirmed", {"reduce lenalidomide to 20 mg"}),
        (anc(499), "held for neutrophils", {*HOLDS, "consider G-CSF"}),
    ],
    "confirmed while something else holds ixazomib": [
        (NEUROPATHY, "held for neuropathy", {"hold ixazomib"}),
        (anc(499), "held for neuropathy; low neutrophils to be confirmed", REPEAT),
        (anc(499), "held for neutrophils, neuropathy", {"hold lenalidomide", "consider G-CSF"}),
    ],
    "the counts of an assessment": [
        (assessed(499, 29_999), "active at 4 mg; low neutrophils and platelets to be confirmed", REPEAT),
        (assessed(500, 29_999), "held for platelets", HOLDS),
        (assessed(499, 30_000), "active at 4 mg; low neutrophils to be confirmed", {
            *REPEAT, "resume ixazomib at 4 mg", "reduce lenalidomide to 20 mg", "resume lenalidomide at 20 mg",
        }),
        (anc(499), "held for neutrophils", {*HOLDS, "consider G-CSF"}),
    ],
    "the end": [
        (anc(499), "active at 4 mg; low neutrophils to be confirmed", REPEAT),
        ({"type": "progression_found"}, "discontinued", STOPS),
    ],
    "grade 4": [
        (plt(1), "active at 4 mg; low platelets to be confirmed", REPEAT),
        ({"type": "rash_graded", "grade": 4}, "discontinued", STOPS),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", COURSES)
def test_a_course_worked_by_hand(name: str) -> None:
    facts = [USUAL, *(fact for fact, _, _ in COURSES[name])]
    for record, (fact, words, orders) in zip(course(facts)[1:], COURSES[name], strict=True):
        assert told(record) == (words, orders), fact


AT_THE_FLOOR = {
    # Neutropenia would have to lower ixazomib; a second episode stops in any case.
    "neutrophils": ([*FLOOR, anc(499)], anc(499), "ANC-07"),
    "platelets, a second episode": (
        [LIVER, plt(1), plt(1), plt(30_000), *EPISODE, plt(29_999)],
        plt(29_999),
        "PLT-09",
    ),
}


@pytest.mark.parametrize("name", AT_THE_FLOOR)
def test_at_the_floor_the_second_low_count_stops_and_not_the_first(name: str) -> None:
    before, again, clause = AT_THE_FLOOR[name]
    records = course([*before, again])
    assert records[-2].status.ixazomib_mg == 2.3
    assert records[-2].status.phase == "on treatment"
    assert {str(order) for order in records[-2].orders} == REPEAT
    assert told(records[-1]) == ("discontinued", STOPS)
    assert {clause, RULE, "B-EXHAUST"} <= set(records[-1].rules)


def test_the_first_platelets_at_the_floor_are_held_once_they_are_confirmed() -> None:
    assert told(course([*FLOOR, plt(29_999)])[-1]) == ("active at 2.3 mg; low platelets to be confirmed", REPEAT)
    assert told(course([*FLOOR, plt(29_999), plt(29_999)])[-1]) == ("held for platelets", HOLDS)


def test_the_turn_is_kept_while_a_count_is_pending() -> None:
    """A count that was withdrawn is no episode: the next one is still the first, and lowers lenalidomide."""
    facts = [DIALYSIS, plt(1), plt(30_000), plt(1), plt(1), plt(30_000)]
    orders = {str(order) for order in course(facts)[-1].orders}
    assert orders == {"resume ixazomib at 3 mg", "reduce lenalidomide to 2.5 mg", "resume lenalidomide at 2.5 mg"}


def test_a_first_low_count_rests_on_the_reading_alone() -> None:
    [_, first, second] = course([USUAL, anc(499), anc(499)])
    assert first.rules == (RULE,)
    assert {"ANC-01", "ANC-03", RULE} <= set(second.rules)
    assert "B-CONFIRM" not in second.rules
    assert course([USUAL, anc(499), anc(501)])[-1].rules == (RULE,)


def test_one_count_ends_a_hold_as_ever() -> None:
    over = course([USUAL, *EPISODE])[-1]
    assert "B-CONFIRM" in over.rules
    assert RULE not in over.rules


def test_the_second_count_decides_however_soon_or_late_it_comes() -> None:
    for minutes in ("08:01", "23:59"):
        patient = Course(edition=EDITION)
        patient.observe(parse_event(USUAL))
        patient.observe(parse_event({**anc(499), "at": "2026-03-03T08:00:00+01:00"}))
        record = patient.observe(parse_event({**anc(499), "at": f"2026-03-03T{minutes}:00+01:00"}))
        assert record.words == "held for neutrophils"
    late = Course(edition=EDITION)
    late.observe(parse_event(USUAL))
    late.observe(parse_event({**anc(499), "day": 2}))
    assert late.observe(parse_event({**anc(499), "day": 300})).words == "held for neutrophils"


def test_a_count_that_is_corrected_was_never_pending() -> None:
    """Of two low counts the first turns out to have been 4,200, so that the second is the first low one."""
    patient = Course(edition=EDITION)
    for day, fact in ((2, USUAL), (9, anc(420)), (16, anc(420))):
        at = f"2026-03-{day:02}T07:30:00+01:00"
        patient.observe(parse_line({**fact, "at": at, "id": f"fact {day}", "recorded_at": at}))
    assert patient.status.words == "held for neutrophils"
    mended = {
        "type": "event_corrected",
        "corrects": "fact 9",
        "recorded_at": "2026-03-17T07:30:00+01:00",
        "event": {**anc(4200), "at": "2026-03-09T07:30:00+01:00"},
    }
    record = patient.observe(parse_line(mended))
    assert patient.status.words == "active at 4 mg; low neutrophils to be confirmed"
    first, second = record.revisions
    assert [str(order) for order in first.then] == ["repeat the low count"]
    assert first.now == ()
    assert [str(order) for order in second.now] == ["repeat the low count"]
    assert Order("review_correction") in record.orders


# --- The chart ------------------------------------------------------------------------------------------------


def without_pending(of: Table, configuration: tuple[str, ...]) -> tuple[str, ...]:
    """A configuration as it was before its low counts came."""
    meanings = of.graph.meanings
    found = []
    for leaf in configuration:
        meaning = meanings[leaf]
        if isinstance(meaning, Episode) and meaning.pending:
            [leaf] = [
                other
                for other, one in meanings.items()
                if isinstance(one, Episode)
                and (one.toxicity, one.which, one.open, one.pending) == (meaning.toxicity, meaning.which, False, False)
            ]
        found.append(leaf)
    return tuple(found)


def test_every_move_is_that_of_the_dosing_text_but_the_first_low_count_and_its_end() -> None:
    """Over every configuration: with what is pending left out, the same configuration follows and the same is asked."""
    ours, text = table(EDITION), table("dosing-text")
    assert ours.symbols == text.symbols
    places = {configuration: number for number, configuration in enumerate(text.configurations)}
    of = [places[without_pending(ours, one)] for one in ours.configurations]
    columns = {ours.columns["anc_low"]: "neutrophils", ours.columns["platelets_low"]: "platelets"}
    width = len(ours.symbols)
    # The configurations with nothing pending are those of the dosing text, each once.
    assert sorted(of[number] for number, now in enumerate(ours.statuses) if not now.to_confirm) == sorted(
        places.values()
    )
    pended = 0
    for number, status in enumerate(ours.statuses):
        row, like = ours.row(number), text.row(of[number])
        for symbol in range(width):
            mine, its = row[symbol], like[symbol]
            reason = columns.get(symbol, "")
            first = status.phase == "on treatment" and reason and reason not in (*status.held_for, *status.to_confirm)
            if first:
                pended += 1
                assert of[ours.next[mine]] == of[number]
                assert ours.orders[ours.output[mine]] == (Order("repeat_count"),)
            else:
                assert of[ours.next[mine]] == text.next[its]
                assert ours.orders[ours.output[mine]] == text.orders[text.output[its]]
    assert pended > 50_000


def test_it_differs_from_the_dosing_text_in_these_transitions_alone() -> None:
    text, ours = ({(str(one), one.rules, one.orders) for one in graph(name).edges} for name in ("dosing-text", EDITION))
    lost, new = {name for name, *_ in text - ours}, {name for name, *_ in ours - text}
    above, floor = "[ixazomib above its floor]", "[ixazomib at its floor]"
    n, t = "neutropenia", "thrombocytopenia"
    both = "[ixazomib at its floor, lenalidomide at its floor]"
    either = "[ixazomib above its floor, or lenalidomide above its floor]"
    onsets = {
        *(f"{n}_{{}}_{turn}_next --anc_low {floor}--> discontinued" for turn in ("ixazomib", "lenalidomide")),
        *(f"{n}_{{}}_{turn}_next --anc_low {above}--> {n}_held_{turn}_next" for turn in ("ixazomib", "lenalidomide")),
        *(f"{t}_{{}}_{turn}_next --platelets_low {floor}--> discontinued" for turn in ("ixazomib", "lenalidomide")),
        *(
            f"{t}_{{}}_{turn}_next --platelets_low {above}--> {t}_held_{turn}_next"
            for turn in ("ixazomib", "lenalidomide")
        ),
        f"{t}_{{}}_first --platelets_low {both}--> discontinued",
        f"{t}_{{}}_first --platelets_low {either}--> {t}_held_first",
    }
    turns = [(n, "anc", turn) for turn in ("ixazomib_next", "lenalidomide_next")]
    turns += [(t, "platelets", turn) for turn in ("first", "ixazomib_next", "lenalidomide_next")]
    assert lost == {one.format("clear") for one in onsets}
    assert new == {
        *(one.format("pending") for one in onsets),
        *(f"{one}_clear_{turn} --{count}_low--> {one}_pending_{turn}" for one, count, turn in turns),
        *(f"{one}_pending_{turn} --{count}_recovered--> {one}_clear_{turn}" for one, count, turn in turns),
    }
    assert len(graph(EDITION).edges) == len(graph("dosing-text").edges) + 10


def test_only_this_edition_asks_to_repeat_a_count() -> None:
    for edition in EDITIONS:
        asked = {edge.symbol for edge in graph(edition).edges if Order("repeat_count") in edge.orders}
        assert asked == ({"anc_low", "platelets_low"} if edition == EDITION else set())


# --- In words and as data -------------------------------------------------------------------------------------


def test_a_status_says_what_is_to_be_confirmed_and_is_read_back() -> None:
    status = course([USUAL, anc(499), plt(1)])[-1].status
    assert status.to_confirm == ("neutrophils", "platelets")
    assert status.place == "active at 4 mg"
    written = status.as_json()
    assert written["to_confirm"] == ("neutrophils", "platelets")
    assert Status.from_json(json.loads(json.dumps(written))) == status


def test_a_status_in_which_nothing_is_to_be_confirmed_is_written_as_before() -> None:
    written = course([USUAL])[-1].status.as_json()
    names = ["phase", "ixazomib_mg", "ixazomib_held", "lenalidomide_mg", "lenalidomide_held", "held_for"]
    assert list(written) == ["words", *names]
    assert Status.from_json(json.loads(json.dumps(written))).to_confirm == ()


@pytest.mark.parametrize(
    ("to_confirm", "why"),
    [("neutrophils", "a list of texts"), ([1], "a list of texts"), (None, "a list of texts")],
)
def test_what_is_to_be_confirmed_is_a_list_of_texts(to_confirm: Any, why: str) -> None:
    written = json.loads(json.dumps(course([USUAL])[-1].status.as_json()))
    with pytest.raises(ValueError, match=why):
        Status.from_json({**written, "to_confirm": to_confirm})


def test_outside_treatment_nothing_is_to_be_confirmed() -> None:
    ended = json.loads(json.dumps(Status("discontinued").as_json()))
    with pytest.raises(ValueError, match="on treatment alone"):
        Status.from_json({**ended, "to_confirm": ["neutrophils"]})


def test_a_record_and_a_snapshot_keep_a_pending_count() -> None:
    record = course([USUAL, anc(499)])[-1]
    assert json.loads(dump(record))["status"]["to_confirm"] == ["neutrophils"]
    patient = Course(edition=EDITION)
    patient.observe(parse_event(USUAL))
    patient.observe(parse_event({**anc(499), "day": 2}))
    resumed = Course.resume(patient.snapshot().model_dump_json())
    assert resumed.status.to_confirm == ("neutrophils",)
    assert resumed.observe(parse_event({**anc(499), "day": 3})).words == "held for neutrophils"


def test_the_pictures_show_a_pending_count() -> None:
    region = charts.region(graph(EDITION), "neutropenia")
    pending = [box for box in region.boxes if box.kind == "pending"]
    assert [box.label for box in pending] == ["pending\nixazomib next", "pending\nlenalidomide next"]
    assert all("holds nothing; low neutrophils to be confirmed" in box.tooltip for box in pending)
    assert charts.READ_PENDING in region.legend
    assert charts.READ_PENDING not in charts.region(graph(), "neutropenia").legend
    assert '{{"pending<br/>ixazomib next"}}:::pending' in mermaid.write(region)
    assert bedside.PENDING in bedside.bedside(table(EDITION)).legend
    assert bedside.PENDING not in bedside.bedside(table()).legend


# --- Programs under test --------------------------------------------------------------------------------------


def blamed(facts: Sequence[Fact], **got: Any) -> tuple[str, ...]:
    """The rules that are named when these parts of the answer to the last fact are so."""
    oracle, edition = Oracle(EDITION), load_edition(EDITION)
    days = [{}, *({"day": 1 + 7 * place} for place in range(1, len(facts)))]
    answers = [oracle.observe(parse_event({**fact, **day})) for fact, day in zip(facts, days, strict=True)]
    checked = CheckedEvent(facts[-1], answers[-1].answer, answers[-1].rules, (), answers[-2].answer)
    found = differences(answers[-1].answer, {**answers[-1].answer, **got})
    assert found
    return blame(checked, found, edition)


def test_a_program_that_holds_at_the_first_low_count_is_told_so() -> None:
    held = {"ixazomib_held": True, "lenalidomide_held": True, "held_for": ["neutrophils"]}
    assert blamed([USUAL, anc(499)], **held, state="held for neutrophils")[0] == RULE
    assert blamed([USUAL, anc(499)], orders=[])[0] == RULE
    assert blamed([USUAL, anc(499)], state="active at 4 mg")[0] == RULE
    ended = {"phase": "discontinued", "state": "discontinued"}
    assert blamed([*FLOOR, anc(499)], **ended)[0] == RULE


def test_the_words_of_a_pending_count_are_known_to_the_kit() -> None:
    edition = load_edition(EDITION)
    words = "held for platelets; low neutrophils to be confirmed"
    assert parts_of(words, edition) == parts_of("held for platelets", edition)
    assert parts_of(words, edition)["held_for"] == ["platelets"]
    assert parts_of(words, load_edition()) == {}
    assert parts_of("held for platelets; low platelets to be confirmed", edition) == {}
    assert order_of("repeat the low count", edition) == Order("repeat_count")
    every = {status.words for status in table(EDITION).statuses}
    assert all(parts_of(one, edition) for one in every)
