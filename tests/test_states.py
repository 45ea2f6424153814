"""What every leaf of the chart means, and that its id is made from that."""

from __future__ import annotations

import pytest

from ixastate.chart.states import Episode, Level, Phase, episodes, holds, levels, open_episodes
from tests.tables import EDITION_NAMES, graph

BOTH, IXAZOMIB = ("ixazomib", "lenalidomide"), ("ixazomib",)
# Region: (id, open, which, drugs held, whether none has begun, whether it ends with a reduction of ixazomib), by hand.
EPISODES = {
    "neutropenia": [
        ("neutropenia_clear_ixazomib_next", False, "ixazomib_next", (), False, False),
        ("neutropenia_clear_lenalidomide_next", False, "lenalidomide_next", (), False, False),
        ("neutropenia_held_ixazomib_next", True, "ixazomib_next", BOTH, False, False),
        ("neutropenia_held_lenalidomide_next", True, "lenalidomide_next", BOTH, False, False),
    ],
    "neuropathy": [
        ("neuropathy_clear_first", False, "first", (), True, False),
        ("neuropathy_held_moderate", True, "moderate", IXAZOMIB, False, False),
        ("neuropathy_held_severe", True, "severe", IXAZOMIB, False, True),
        ("neuropathy_clear_again", False, "again", (), False, False),
    ],
    "rash": [
        ("rash_clear_first", False, "first", (), True, False),
        ("rash_clear_ixazomib_next", False, "ixazomib_next", (), False, False),
        ("rash_clear_lenalidomide_next", False, "lenalidomide_next", (), False, False),
        ("rash_open_first", True, "first", (), False, False),
        ("rash_held_ixazomib_next", True, "ixazomib_next", BOTH, False, False),
        ("rash_held_lenalidomide_next", True, "lenalidomide_next", BOTH, False, False),
    ],
    "other": [
        ("other_clear_first", False, "first", (), True, False),
        ("other_held", True, "", IXAZOMIB, False, False),
        ("other_clear_again", False, "again", (), False, False),
    ],
}


@pytest.mark.parametrize("region", EPISODES)
def test_the_episodes_of_a_toxicity(region: str) -> None:
    whole = graph()
    found = [whole.meanings[leaf] for leaf in whole.regions[region]]
    assert all(isinstance(one, Episode) and one.toxicity == region for one in found)
    assert [
        (leaf, one.open, one.which, one.drugs, one.first, one.needs_step)
        for leaf, one in zip(whole.regions[region], found, strict=True)
        if isinstance(one, Episode)
    ] == EPISODES[region]


@pytest.mark.parametrize("edition", EDITION_NAMES)
def test_every_leaf_has_a_meaning_and_is_named_by_it(edition: str) -> None:
    whole = graph(edition)
    assert set(whole.meanings) == set(whole.leaves)
    assert {leaf: meaning.id for leaf, meaning in whole.meanings.items()} == {leaf: leaf for leaf in whole.leaves}
    by_kind = [levels(whole.meanings), episodes(whole.meanings)]
    assert [len(found) for found in by_kind] + [2] == [
        sum(isinstance(one, kind) for one in whole.meanings.values()) for kind in (Level, Episode, Phase)
    ]
    for leaf, meaning in whole.meanings.items():
        region = {Level: "drug", Episode: "toxicity"}.get(type(meaning))
        assert whole.region_of(leaf) == (getattr(meaning, region) if region else "")


def test_the_levels_of_ixazomib() -> None:
    found = [meaning for meaning in levels(graph().meanings).values() if meaning.drug == "ixazomib"]
    assert [(one.mg, one.standing) for one in found] == [
        (4.0, "given"),
        (3.0, "given"),
        (2.3, "given"),
        (4.0, "held"),
        (3.0, "held"),
        (2.3, "held"),
        (4.0, "owing"),
        (3.0, "owing"),
    ]
    assert Level("ixazomib", 2.3, "held").id == "ixazomib_held_2_3"


def test_only_the_label_holds_lenalidomide_alone_and_waits_for_a_cycle() -> None:
    found = {name: holds(graph(name).meanings) for name in EDITION_NAMES}
    alone = {
        name: [leaf for leaf, one in held.items() if one.drugs == ("lenalidomide",)] for name, held in found.items()
    }
    assert alone == {name: ["rash_held_first"] if name == "us-label" else [] for name in EDITION_NAMES}
    assert [name for name, held in found.items() if "new_cycle_held" in held] == ["us-label"]


def test_the_open_episodes_of_a_configuration() -> None:
    whole = graph()
    configuration = whole.initial
    for symbol in ("start_4_25", "anc_low", "rash_grade_2_3"):
        configuration = whole.step(configuration, symbol).after
    found = open_episodes(whole.meanings, configuration)
    assert [(one.toxicity, one.which, one.reason) for one in found] == [
        ("neutropenia", "ixazomib_next", "neutrophils"),
        ("rash", "first", "rash"),
    ]
    assert open_episodes(whole.meanings, whole.initial) == []
