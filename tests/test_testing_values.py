"""The test values and the walks made of them: what each value is, by hand, and how a walk chooses among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from itertools import pairwise, product

import pytest

from ixastate.course.course import Course
from ixastate.events import parse_event
from ixastate.rules import EDITIONS, load_edition
from ixastate.testing.suites.facts import Fact
from ixastate.testing.suites.values import ToxicityValues, toxicities, values
from ixastate.testing.suites.walks import Dice, _next, walks
from ixastate.words import describe
from tests.kit import START

EDITION = load_edition()


def words(facts: Iterable[Fact]) -> list[str]:
    """What each fact says, as people read it. A fact that is none is refused here."""
    return [describe(parse_event({**fact, "day": 1})) for fact in facts]


def assessed(neutrophils: int, platelets: int, resolved: str = "toxicities resolved") -> str:
    return f"before a new cycle: neutrophils {neutrophils} /mm3, platelets {platelets} /mm3, {resolved}"


# --- The values -----------------------------------------------------------------------------------------------

AGREES = ", the physician agrees to resume"
NEUTROPHILS_LOW = ["499 /mm3", "0.499 10*9/L", "0.499 10*3/uL", "499.999 /uL", "0 10*6/L"]
NEUTROPHILS_FINE = ["500 /mm3", "0.5 10*9/L", "0.5 10*3/uL", "2000 /uL", "500 /mm3 after G-CSF"]
PLATELETS_LOW = ["29999 /mm3", "29.999 10*9/L", "29.999 10*3/uL", "29999.999 /uL", "0 10*6/L"]
PLATELETS_FINE = ["30000 /mm3", "30 10*9/L", "30 10*3/uL", "120000 /uL", "30000 /mm3 after a transfusion"]


@pytest.mark.parametrize(
    ("name", "onsets", "recoveries", "beside", "worst"),
    [
        (
            "neutropenia",
            [f"neutrophils {value}" for value in NEUTROPHILS_LOW],
            [f"neutrophils {value}" for value in NEUTROPHILS_FINE],
            [assessed(499, 30_000), assessed(500, 30_000)],
            [],
        ),
        (
            "thrombocytopenia",
            [f"platelets {value}" for value in PLATELETS_LOW],
            [f"platelets {value}" for value in PLATELETS_FINE],
            [assessed(500, 29_999), assessed(499, 29_999)],
            [],
        ),
        (
            "neuropathy",
            [f"neuropathy grade {grade}" for grade in ("1 with pain", "2", "2 with pain", "3", "3 with pain")],
            [f"neuropathy grade {grade}" for grade in (f"1{AGREES}", f"0{AGREES}", "1", "0")],
            [],
            ["neuropathy grade 4"],
        ),
        (
            "rash",
            ["rash grade 2", "rash grade 3"],
            ["rash grade 1", "rash grade 0"],
            [],
            ["rash grade 4", "rash grade 5"],
        ),
    ],
)
def test_values_lie_on_and_just_beside_the_numbers_of_the_text(
    name: str, onsets: list[str], recoveries: list[str], beside: list[str], worst: list[str]
) -> None:
    found = toxicities(EDITION)[name]
    assert words(found.onsets) == onsets
    assert words(found.recoveries) == recoveries
    assert words(found.beside) == [*onsets, *recoveries, *beside]
    assert words(found.worst) == worst


def test_other_toxicity_has_two_terms_and_every_cause() -> None:
    found = toxicities(EDITION)["other"]
    terms = ("diarrhoea", "fatigue")
    causes = (", clearly from ixazomib", ", not clearly from ixazomib", "")
    assert words(found.onsets) == [
        f"{term} grade {grade}{cause}" for term, cause, grade in product(terms, causes, (3, 4))
    ]
    assert words(found.recoveries) == [
        f"{term} grade {grade}{cause}{AGREES}" for term, cause, grade in product(terms, causes, (1, 0))
    ]
    # Recovered and nobody agrees; agreed at a grade that holds no longer and is no recovery, but of that baseline.
    beside = []
    for term in terms:
        for cause in causes:
            beside += [f"{term} grade 1{cause}", f"{term} grade 2{cause}{AGREES}"]
        beside.append(f"{term} grade 2, not clearly from ixazomib{AGREES}")
    assert words(found.beside) == [*beside, "anaemia grade 3, not clearly from ixazomib"]
    assert [fact["baseline_grade"] for fact in found.beside if "baseline_grade" in fact] == [2, 2]
    assert found.worst == ()


def test_a_new_cycle_waits_for_each_of_its_criteria() -> None:
    """The US label asks for 1,000 neutrophils, 75,000 platelets and toxicities that have resolved."""
    found = toxicities(load_edition("us-label"))["new_cycle"]
    unmet = [assessed(999, 75_000), assessed(1000, 74_999), assessed(1000, 75_000, "toxicities not resolved")]
    assert words(found.onsets) == unmet
    assert words(found.recoveries) == [assessed(1000, 75_000)]
    assert words(found.beside) == [*unmet, assessed(1000, 75_000)]
    assert "new_cycle" not in toxicities(EDITION)


# On and beside 1.5 and 3 times the limit of bilirubin; 60 and 30 mL/min.
BILIRUBINS = [Decimal("1.5"), Decimal("1.501"), Decimal(3), Decimal("3.001")]
CLEARANCES = [{Decimal(60), Decimal("59.9")}, {Decimal(30), Decimal("29.9")}]


def test_starts_and_organ_functions_lie_on_and_just_beside_the_limits() -> None:
    facts = values(EDITION)
    usual = {name: value for name, value in START.items() if name != "day"}
    changed = [{name: value for name, value in start.items() if usual.get(name) != value} for start in facts.starts]
    assert changed[0] == {}
    clearances = [fact["creatinine_clearance"]["value"] for fact in changed if "creatinine_clearance" in fact]
    assert {*clearances} == {value for sides in CLEARANCES for value in sides}
    assert [fact for fact in changed[1:] if "creatinine_clearance" not in fact] == [
        *({"bilirubin": {"times_uln": value}} for value in BILIRUBINS),
        {"on_dialysis": True},
        *({"baseline_neuropathy": {"grade": grade, "pain": pain}} for grade in (1, 2) for pain in (False, True)),
        {"assumed": ["bilirubin"]},
    ]
    assert all(("bilirubin" in start) is ("assumed" not in start) for start in facts.starts)
    assert [organ["times_uln"] for organ in facts.organs if "times_uln" in organ] == [1, *BILIRUBINS]
    assert [organ["value"] for organ in facts.organs if "unit" in organ] == [90, *clearances]
    assert {organ["unit"] for organ in facts.organs if "unit" in organ} == {"mL/min"}
    # Neither organ is known; once nobody has informed the patient either.
    assert [fact["patient_informed"] for fact in facts.blocked] == [True, False]
    assert not any({"bilirubin", "creatinine_clearance"} & set(fact) for fact in facts.blocked)


def test_doses_are_taken_at_every_level_and_doubled_and_every_mishap_happens() -> None:
    assert words(values(EDITION).doses) == [
        *(f"ixazomib: {mg} mg taken" for mg in ("4.0", "3.0", "2.3", "8.0")),
        "ixazomib: a dose was missed",
        "ixazomib: a dose was taken late",
        "ixazomib: vomited after the dose",
        "ixazomib: overdose of 8.0 mg taken",
        "lenalidomide: a dose was missed",
        "dexamethasone: vomited after the dose",
        "ixazomib: taken crushed",
        "ixazomib: taken with food",
        "dexamethasone: taken without food",
    ]


def reached(edition: str, *facts: Fact) -> Course:
    course = Course(edition=edition)
    for day, fact in enumerate((START, *facts), 1):
        course.observe(parse_event({**fact, "day": day}))
    return course


@pytest.mark.parametrize("edition", sorted(EDITIONS))
def test_onsets_open_an_episode_recoveries_end_one_and_the_worst_end_treatment(edition: str) -> None:
    usual = reached(edition).status
    for name, found in toxicities(load_edition(edition)).items():
        for onset in found.onsets:
            # Twice, for an edition in which a low count is to be confirmed.
            course = reached(edition, onset, onset)
            assert course.status.held_for or course.status.lenalidomide_mg != usual.lenalidomide_mg, (name, onset)
        for recovery in found.recoveries:
            onset = found.onsets[0] if name != "other" else {**found.onsets[0], "term": recovery["term"]}
            assert not reached(edition, onset, onset, recovery).status.held_for, (name, recovery)
        for worst in found.worst:
            assert reached(edition, worst).status.phase == "discontinued", (name, worst)


# --- Walks ----------------------------------------------------------------------------------------------------


def test_the_dice_are_splitmix64() -> None:
    """The first numbers of the seed 1234567, as they are published with implementations of it in many languages."""
    dice = Dice(1234567)
    assert [dice.below(1 << 64) for _ in range(5)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert Dice(1234567 + (1 << 64)).below(1000) == Dice(1234567).below(1000) == 6457827717110365317 % 1000


class Told(Dice):
    """Dice that fall first as they are told, and then on the first of whatever there is."""

    def __init__(self, first: int) -> None:
        super().__init__(0)
        self._left = [first]

    def below(self, count: int) -> int:
        return self._left.pop() if self._left else 0


@pytest.mark.parametrize("recovering", [["rash"], []])
def test_of_a_hundred_choices_so_many_are_of_each_kind(recovering: list[str]) -> None:
    """Forty recoveries, 35 onsets, 12 beside, ten doses, two organ functions and an end.

    Where nothing may recover, an onset takes the place of a recovery.
    """
    first = ToxicityValues(onsets=({"type": "onset"},), recoveries=(), beside=({"type": "beside"},))
    rash = ToxicityValues(onsets=(), recoveries=({"type": "recovery"},), beside=(), worst=({"type": "worst"},))
    facts = values(EDITION)
    facts = type(facts)(
        starts=(),
        blocked=(),
        toxicities={"neutropenia": first, "rash": rash},
        doses=({"type": "dose"},),
        organs=({"type": "organ"},),
        ends=({"type": "end"},),
    )
    found = Counter(_next(recovering, Told(number), facts)["type"] for number in range(100))
    recoveries = {"recovery": 40, "onset": 35} if recovering else {"onset": 75}
    assert found == {**recoveries, "beside": 12, "dose": 10, "organ": 2, "end": 1}


def test_a_walk_reports_a_recovery_only_where_there_is_something_to_recover_from() -> None:
    """Seen on other toxicity, whose recoveries are among no other values."""
    recovered = 0
    for walk in walks(EDITION, 40, 7, 40):
        course = Course()
        for event in walk:
            before = course.status
            course.observe(event)
            if event.type == "other_toxicity_graded" and event.physician_agrees and event.grade < 2:
                recovered += 1
                assert before.phase == "discontinued" or "other" in before.held_for
    assert recovered > 40


@pytest.mark.parametrize("edition", sorted(EDITIONS))
def test_nothing_in_a_walk_is_refused(edition: str) -> None:
    for walk in walks(load_edition(edition), 15, 1, 60):
        course = Course(edition=edition)
        for event in walk:
            course.observe(event)  # else `CourseRefusal`


def test_most_events_of_a_walk_come_a_day_after_the_last_and_some_much_later() -> None:
    """The next day most often; never more than a cycle later."""
    later: Counter[int] = Counter()
    for walk in walks(EDITION, 30, 2, 60):
        days = [event.day for event in walk if event.day is not None]
        later.update(after - before for before, after in pairwise(days))
    assert set(later) == {0, 1, 2, 4, 5, 6, 7, 8, 14, 28}
    assert later.most_common(2)[0][0] == 1
    assert later.most_common(2)[1][0] == 7
