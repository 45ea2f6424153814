"""The alphabet as data: its letters by name, the starts of an edition, and an event for every letter."""

from __future__ import annotations

from importlib.resources import files

import pytest

from ixastate.course.alphabet import Context, read
from ixastate.errors import RulesError
from ixastate.events import parse_event
from ixastate.rules import EDITIONS, Edition, load_edition, parse
from ixastate.symbols import (
    ENDS,
    RAISED,
    START_BLOCKED,
    TOXICITIES,
    TOXICITY,
    End,
    Onset,
    Recovery,
    Start,
    facts,
    owed_by,
    start_at,
    starts,
    symbols,
    toxicities,
    usual_start,
)
from ixastate.table.witness import witness
from tests.tables import EDITION_NAMES, graph

TEXT = load_edition()

# Written out by hand: a letter that is lost, or is named otherwise, shows here.
LETTERS = [
    *("start_4_25", "start_4_10", "start_3_25", "start_3_15", "start_3_10", "start_3_5", "start_blocked"),
    *("anc_low", "anc_recovered"),
    *("platelets_low", "platelets_recovered"),
    *("neuropathy_moderate", "neuropathy_severe", "neuropathy_grade_4"),
    *("neuropathy_resolved", "neuropathy_resolved_agreed"),
    *("rash_grade_2_3", "rash_grade_4", "rash_resolved"),
    *("other_onset", "other_onset_related", "other_resolved", "other_resolved_related"),
    *("progression", "intolerable_toxicity", "death", "withdrawal"),
]
NEW_CYCLE = ["new_cycle_unmet", "new_cycle_met"]


def with_bands(*bands: str) -> Edition:
    """The dosing text with other starting doses of lenalidomide."""
    text = (files("ixastate.rules") / EDITIONS["dosing-text"]).read_text(encoding="utf-8")
    before, rest = text.split("\nstart = [\n", 1)
    _, after = rest.split("\n]\n", 1)
    return parse("\n".join([before, "start = [", *(f"  {band}," for band in bands), "]", after]), "made up")


@pytest.mark.parametrize("edition", EDITION_NAMES)
def test_every_letter_has_its_name_and_the_chart_takes_each(edition: str) -> None:
    new_cycle = NEW_CYCLE if edition == "us-label" else []
    persists = ["other_persists"] if edition == "what-if-persist" else []
    expected = [*LETTERS[:-6], *persists, *LETTERS[-6:-4], *new_cycle, *LETTERS[-4:]]
    assert list(symbols(load_edition(edition))) == expected
    assert sorted(graph(edition).symbols) == sorted(expected)


def test_the_toxicities_stand_in_the_order_of_their_regions() -> None:
    assert [(one.name, one.reason, one.key) for one in TOXICITIES] == [
        ("neutropenia", "neutrophils", "neutrophils"),
        ("thrombocytopenia", "platelets", "platelets"),
        ("neuropathy", "neuropathy", "neuropathy"),
        ("rash", "rash", "rash"),
        ("other", "other", "other"),
        ("new_cycle", "new cycle", "new_cycle"),
    ]
    for edition in EDITION_NAMES:
        followed = [one.name for one in toxicities(load_edition(edition))]
        assert [name for name in graph(edition).regions if name in TOXICITY] == followed


def test_what_each_toxicity_holds_and_which_of_them_take_turns() -> None:
    both, ixazomib = ("ixazomib", "lenalidomide"), ("ixazomib",)
    assert {one.name: (one.holds, one.alternates) for one in TOXICITIES} == {
        "neutropenia": (both, True),
        "thrombocytopenia": (both, True),
        "neuropathy": (ixazomib, False),
        "rash": (both, True),
        "other": (ixazomib, False),
        "new_cycle": (both, False),
    }


def test_what_the_letters_mean() -> None:
    letters = symbols(load_edition("us-label"))
    onsets = [one for one in letters.values() if isinstance(one, Onset)]
    recoveries = [one for one in letters.values() if isinstance(one, Recovery)]
    assert {one.name for one in onsets if one.stops} == {"neuropathy_grade_4", "rash_grade_4"}
    assert {one.name for one in onsets if one.needs_step} == {"neuropathy_severe", "other_onset_related"}
    assert {one.name for one in recoveries if one.related} == {"other_resolved_related"}
    assert {one.name for one in recoveries if not one.ends_every_episode} == {"neuropathy_resolved"}
    assert [one.name for one in ENDS if one.from_screening] == ["death", "withdrawal"]
    assert all(TOXICITY[one.toxicity] in TOXICITIES for one in (*onsets, *recoveries))


# --- An event for every letter --------------------------------------------------------------------------------


@pytest.mark.parametrize("edition", EDITION_NAMES)
def test_the_event_of_a_letter_means_it_whatever_came_before(edition: str) -> None:
    rules = load_edition(edition)
    for name, letter in symbols(rules).items():
        if not isinstance(letter, Onset | Recovery):
            continue
        opened: tuple[tuple[str, None], ...] = (("nausea", None),) if isinstance(letter, Recovery) else ()
        event = parse_event(
            {"day": 9, **facts(letter, rules), **({"term": "nausea"} if letter.toxicity == "other" else {})}
        )
        read_as = read(event, Context(open_terms=opened), rules).symbols
        # The counts of an assessment repeat what is known of them.
        assert read_as[:-1] == (("anc_recovered", "platelets_recovered") if letter.toxicity == "new_cycle" else ())
        assert read_as[-1] == name


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.name)
def test_the_event_of_an_end_means_it(end: End) -> None:
    assert read(parse_event({"type": end.event, "day": 3}), Context(), TEXT).symbols == (end.name,)


def test_the_numbers_of_an_event_are_those_of_the_rules() -> None:
    text = (files("ixastate.rules") / EDITIONS["dosing-text"]).read_text(encoding="utf-8")
    lower = parse(
        text.replace('numbers.anc = { value = 500, unit = "/mm3" }', 'numbers.anc = { value = 700, unit = "/mm3" }'), ""
    )
    (low,), (fine,) = TOXICITY["neutropenia"].onsets, TOXICITY["neutropenia"].recoveries
    assert facts(low, lower) == {"type": "neutrophils_measured", "value": 699, "unit": "/mm3"}
    assert facts(fine, lower) == {"type": "neutrophils_measured", "value": 700, "unit": "/mm3"}


# --- Starts ---------------------------------------------------------------------------------------------------


def test_the_usual_start_is_the_first() -> None:
    assert usual_start(TEXT) == Start(4.0, 25.0, 1)
    assert usual_start(TEXT).name == "start_4_25"
    assert START_BLOCKED.name == "start_blocked"


def test_two_rhythms_of_one_dose_are_two_letters() -> None:
    """10 mg daily from 50 mL/min on, and 10 mg every other day from 30 on; 2.5 mg every third day below that."""
    edition = with_bands(
        "{ on_dialysis = true, dose_mg = 5.0, every_days = 1 }",
        "{ at_least_ml_min = 60, dose_mg = 25.0, every_days = 1 }",
        "{ at_least_ml_min = 50, dose_mg = 10.0, every_days = 1 }",
        "{ at_least_ml_min = 30, dose_mg = 10.0, every_days = 2 }",
        "{ at_least_ml_min = 0, dose_mg = 2.5, every_days = 3 }",
    )
    assert [(one.name, one.every_days) for one in starts(edition)] == [
        ("start_4_25", 1),
        ("start_4_10", 1),
        ("start_4_10_every_2", 2),
        ("start_3_25", 1),
        ("start_3_10", 1),
        ("start_3_10_every_2", 2),
        ("start_3_5", 1),
        ("start_3_2_5", 3),
    ]


@pytest.mark.parametrize(
    ("clearance", "name"),
    [
        ("90", "start_4_25"),
        ("59.9", "start_4_10"),
        ("50", "start_4_10"),
        ("49.9", "start_4_10_every_2"),
        ("29.9", "start_3_2_5"),
    ],
)
def test_an_event_means_the_start_of_its_own_band(clearance: str, name: str) -> None:
    edition = with_bands(
        "{ on_dialysis = true, dose_mg = 5.0, every_days = 1 }",
        "{ at_least_ml_min = 60, dose_mg = 25.0, every_days = 1 }",
        "{ at_least_ml_min = 50, dose_mg = 10.0, every_days = 1 }",
        "{ at_least_ml_min = 30, dose_mg = 10.0, every_days = 2 }",
        "{ at_least_ml_min = 0, dose_mg = 2.5, every_days = 3 }",
    )
    started = {
        "type": "course_started",
        "day": 1,
        "weekday": "monday",
        "clock_time": "08:00",
        "patient_informed": True,
        "bilirubin": {"times_uln": 1},
        "creatinine_clearance": {"value": float(clearance), "unit": "mL/min"},
    }
    assert read(parse_event(started), Context(), edition).symbols == (name,)
    # And the witness of that letter is an event that means it.
    [event] = witness([name], edition)
    assert read(event, Context(), edition).symbols == (name,)


def test_doses_that_nothing_calls_for_are_refused() -> None:
    with pytest.raises(RulesError, match="no organ function calls for 4 mg with 15 mg every 2 days") as caught:
        start_at(TEXT, 4.0, 15.0, 2)
    assert "start_3_15" in caught.value.remedy


# --- What the chart raises ------------------------------------------------------------------------------------


def test_what_a_drug_comes_to_owe() -> None:
    assert list(RAISED) == [
        "hold_ixazomib",
        "hold_lenalidomide",
        "owe_ixazomib",
        "owe_lenalidomide",
        "release_ixazomib",
        "release_lenalidomide",
    ]
    assert owed_by(("owe_lenalidomide", "release_ixazomib", "release_lenalidomide")) == "lenalidomide"
    assert owed_by(("hold_ixazomib", "hold_lenalidomide")) is None
    assert owed_by(()) is None
