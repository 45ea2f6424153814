"""The smallest machine: on machines with a known answer, against a slow oracle, and for the dosing text."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Sequence
from functools import cache
from itertools import combinations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ixastate.table.minimal import minimise
from tests.tables import small, table

Row = Sequence[Hashable]


def told_apart(
    following: Sequence[Sequence[int]], say: Callable[[int], Row], pair: tuple[int, int]
) -> list[int] | None:
    """A shortest course of symbols after which two states have said different things; None when there is none."""
    came: dict[tuple[int, int], tuple[tuple[int, int], int] | None] = {pair: None}
    queue = deque([pair])
    while queue:
        left, right = here = queue.popleft()
        for symbol, (one, other) in enumerate(zip(say(left), say(right), strict=True)):
            if one != other:
                course = [symbol]
                while (step := came[here]) is not None:
                    here = step[0]
                    course.append(step[1])
                return course[::-1]
        for symbol, (one, other) in enumerate(zip(following[left], following[right], strict=True)):
            after = (one, other)
            if one != other and after not in came:
                came[after] = ((left, right), symbol)
                queue.append(after)
    return None


@pytest.mark.parametrize(
    ("following", "said", "classes"),
    [
        ([[0]], [["a"]], [0]),
        ([[1], [0]], [["a"], ["a"]], [0, 0]),
        ([[1], [0]], [["a"], ["b"]], [0, 1]),
        # Counting to three and saying so at the end: all differ, though only one says anything at once.
        ([[1], [2], [3], [3]], [["-"], ["-"], ["!"], ["-"]], [0, 1, 2, 3]),
        # The same count written twice over; the twins are one.
        ([[1], [2], [0], [4], [5], [3]], [["-"], ["-"], ["!"], ["-"], ["-"], ["!"]], [0, 1, 2, 0, 1, 2]),
        # Two symbols: states 1 and 2 differ only by where the second leads.
        ([[1, 2], [1, 3], [2, 0], [3, 3]], [["", ""], ["", ""], ["", ""], ["", "x"]], [0, 1, 2, 3]),
        # A hand-made equivalent pair: 1 and 2 say the same and lead to the same.
        ([[1, 2], [3, 0], [3, 0], [3, 3]], [["", ""], ["x", ""], ["x", ""], ["", ""]], [0, 1, 1, 2]),
        # The pair lead to each other, not to the same.
        ([[1, 2], [2, 0], [1, 0]], [["", "s"], ["x", ""], ["x", ""]], [0, 1, 1]),
    ],
)
def test_machines_with_a_known_answer(following: list[list[int]], said: list[list[str]], classes: list[int]) -> None:
    assert minimise(following, said) == classes


@st.composite
def machines(draw: st.DrawFn) -> tuple[list[list[int]], list[list[int]]]:
    states = draw(st.integers(1, 7))
    symbols = draw(st.integers(1, 3))
    rows = st.lists(st.integers(0, states - 1), min_size=symbols, max_size=symbols)
    words = st.lists(st.integers(0, 1), min_size=symbols, max_size=symbols)
    return (
        draw(st.lists(rows, min_size=states, max_size=states)),
        draw(st.lists(words, min_size=states, max_size=states)),
    )


@given(machines())
def test_two_states_share_a_class_exactly_when_no_course_tells_them_apart(
    made: tuple[list[list[int]], list[list[int]]],
) -> None:
    following, said = made
    classes = minimise(following, said)
    assert len(classes) == len(following)
    for left, right in combinations(range(len(following)), 2):
        course = told_apart(following, said.__getitem__, (left, right))
        assert (classes[left] == classes[right]) == (course is None)
    firsts = list(dict.fromkeys(classes))
    assert firsts == sorted(firsts) == list(range(len(firsts)))


# --- The dosing text ------------------------------------------------------------------------------------------


@cache
def classes() -> list[int]:
    return table().minimal()


@cache
def representatives() -> dict[int, int]:
    """The first configuration of each class."""
    return {own: number for number, own in reversed(list(enumerate(classes())))}


@cache
def following() -> list[list[int]]:
    return [[table().next[move] for move in table().row(number)] for number in range(len(table().space.bits))]


def say(number: int) -> Row:
    return [table().orders[table().output[move]] for move in table().row(number)]


def test_the_minimal_machine_of_the_dosing_text_has_its_size() -> None:
    assert len(classes()) == 46_919
    assert len(set(classes())) == max(classes()) + 1 == 17_547
    assert classes()[0] == 0


def test_a_class_is_closed_under_every_symbol_and_says_one_thing() -> None:
    # With this every course of orders of the minimal machine is one of the table's, of whatever length.
    for number, own in enumerate(classes()):
        first = representatives()[own]
        if first != number:
            assert say(number) == say(first)
            assert [classes()[after] for after in following()[number]] == [
                classes()[after] for after in following()[first]
            ]


def test_the_minimal_machine_gives_the_same_orders_on_random_walks() -> None:
    chance = Random(17_547)
    stopping = [name for name in table().symbols if name in ("progression", "intolerable_toxicity", "death")]
    lively = [place for place, name in enumerate(table().symbols) if name not in (*stopping, "withdrawal")]
    for _ in range(300):
        number, own = 0, 0
        for step in range(40):
            # The first six symbols are the starts.
            symbol = chance.randrange(6) if step == 0 else chance.choice(lively)
            first = representatives()[own]
            assert say(first)[symbol] == say(number)[symbol]
            number, own = following()[number][symbol], classes()[following()[first][symbol]]
            assert own == classes()[number]


def test_configurations_of_different_classes_are_told_apart_by_a_course() -> None:
    chance = Random(2)
    numbers = range(1, len(classes()))
    for _ in range(150):
        left, right = chance.sample(numbers, 2)
        if classes()[left] == classes()[right]:
            continue
        course = told_apart(following(), say, (left, right))
        assert course is not None, (left, right)
        for symbol in course[:-1]:
            assert say(left)[symbol] == say(right)[symbol]
            left, right = following()[left][symbol], following()[right][symbol]
        assert say(left)[course[-1]] != say(right)[course[-1]]


def test_neighbours_in_a_class_of_their_own_are_told_apart_too() -> None:
    # Pairs that differ in one region only are the ones that would be merged by mistake.
    pairs = [
        (number, following()[number][symbol])
        for number in Random(3).sample(range(1, len(classes())), 60)
        for symbol, name in enumerate(table().symbols)
        if name.endswith(("moderate", "resolved", "onset")) and following()[number][symbol] != number
    ]
    apart = [pair for pair in pairs if classes()[pair[0]] != classes()[pair[1]]]
    assert len(apart) > 30
    assert all(told_apart(following(), say, pair) is not None for pair in apart)


def test_configurations_of_one_class_are_told_apart_by_none() -> None:
    by_class: dict[int, list[int]] = {}
    for number, own in enumerate(small().minimal()):
        by_class.setdefault(own, []).append(number)
    whole = small()
    next_of = [[whole.next[move] for move in whole.row(number)] for number in range(len(whole.space.bits))]
    twins = [(numbers[0], numbers[-1]) for numbers in by_class.values() if len(numbers) > 1]
    assert len(twins) > 20
    for pair in twins[::10]:
        assert (
            told_apart(next_of, lambda number: [whole.orders[whole.output[move]] for move in whole.row(number)], pair)
            is None
        )
