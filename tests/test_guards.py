"""Guards: what they ask, what they are called, and that every rendering of a tree means the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ixastate.chart.guards import All, AnyOf, Guard, Leaf, none_active, some_active
from ixastate.exchange.scxml import expression
from ixastate.exchange.xstate import tree

A, B = some_active("a or b", ["a", "b"]), none_active("no c", ["c"])
STATES = "abcd"


def by_python(text: str, active: frozenset[str]) -> bool:
    """A guard's text as Python reads it."""
    return bool(eval(text, {"__builtins__": {}}, {"In": active.__contains__}))


@pytest.mark.parametrize(
    ("guard", "name", "text"),
    [
        (A, "a or b", "In('a') or In('b')"),
        (B, "no c", "not In('c')"),
        (none_active("neither", ["a", "b"]), "neither", "not In('a') and not In('b')"),
        (A & B, "a or b, no c", "(In('a') or In('b')) and (not In('c'))"),
        (A | B, "a or b, or no c", "(In('a') or In('b')) or (not In('c'))"),
    ],
)
def test_a_guard_in_words_and_as_the_library_reads_it(guard: Guard, name: str, text: str) -> None:
    assert (guard.name, str(guard), guard.expression) == (name, name, text)


@pytest.mark.parametrize(
    ("active", "a", "b", "both", "either"),
    [
        ("a", True, True, True, True),
        ("bc", True, False, False, True),
        ("c", False, False, False, False),
        ("", False, True, False, True),
    ],
)
def test_when_a_guard_is_open(active: str, a: bool, b: bool, both: bool, either: bool) -> None:
    found = [guard.holds(frozenset(active)) for guard in (A, B, A & B, A | B)]
    assert found == [a, b, both, either]


def test_the_parts_of_a_guard_are_what_must_hold_together() -> None:
    assert (A & B & A).parts == (A, B, A)
    assert (A | B).parts == (A | B,)
    assert ((A | B) & A).parts == (A | B, A)


def test_the_leaves_of_a_guard_and_other_names_for_them() -> None:
    assert (A & B).leaves() == {"a", "b", "c"}
    renamed = (A | B).renamed({"a": "d"})
    assert renamed.expression == "(In('d') or In('b')) or (not In('c'))"
    assert renamed.name == (A | B).name


LEAVES = st.builds(
    Leaf,
    st.just("one"),
    st.lists(st.sampled_from(STATES), min_size=1, max_size=3, unique=True).map(tuple),
    st.booleans(),
)
JOINED = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(All, st.lists(inner, min_size=1, max_size=3).map(tuple))
        | st.builds(AnyOf, st.lists(inner, min_size=1, max_size=3).map(tuple))
    ),
    max_leaves=6,
)
ACTIVE = st.frozensets(st.sampled_from(STATES))


@given(JOINED, ACTIVE)
def test_a_guard_is_open_as_its_text_says(guard: Any, active: frozenset[str]) -> None:
    assert guard.holds(active) is by_python(guard.expression, active)


@given(JOINED, ACTIVE)
def test_a_negated_guard_is_open_when_the_guard_is_not(guard: Any, active: frozenset[str]) -> None:
    assert guard.negated().holds(active) is not guard.holds(active)
    assert guard.negated().negated().holds(active) is guard.holds(active)


@given(JOINED, ACTIVE)
def test_what_is_exported_means_the_same(guard: Any, active: frozenset[str]) -> None:
    def holds(found: dict[str, Any]) -> bool:
        [(word, inner)] = found.items()
        if word == "in":
            return inner in active
        if word == "not":
            return not holds(inner)
        return {"all": all, "any": any}[word](map(holds, inner))

    assert holds(tree(guard)) is guard.holds(active)
    scxml = expression(guard).replace("&&", "and").replace("||", "or").replace("false", "False")
    assert by_python(scxml, active) is guard.holds(active)
