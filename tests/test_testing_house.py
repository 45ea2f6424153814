"""The order inside the test kit: which of its modules may know which, and what its sub-rooms say about themselves."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import ixastate.testing
from ixastate.testing.suites.files import Suite, TestCourse, TestStep
from tests.test_imports import imported_by

ROOM = Path(ixastate.testing.__file__).parent
# A part is a module of the kit or a sub-room. Each row may import only from rows above it; parts of one row do
# not know each other. A new part takes a place.
ORDER: list[set[str]] = [
    {"adapter", "answers", "sentences"},
    {"blame"},
    {"suites"},
    {"conformance", "mutation"},
    {"reports"},
    {"course_machine"},
    {"plugin"},
]
# The same inside the suites.
SUITES: list[set[str]] = [
    {"covers", "facts", "files", "names"},
    {"ladders", "values"},
    {"days"},
    {"boundaries", "courses", "walks"},
    {"make"},
]


def parts(room: Path) -> dict[str, list[Path]]:
    """The files of every part of a room, but for its `__init__`."""
    found: dict[str, list[Path]] = {}
    for path in sorted(room.rglob("*.py")):
        name = path.relative_to(room).with_suffix("").parts[0]
        if name != "__init__":
            found.setdefault(name, []).append(path)
    return found


def known(room: Path, prefix: str, part: str) -> set[str]:
    """The parts of the room that a part imports, under TYPE_CHECKING and inside functions too."""
    found = set()
    for path in parts(room)[part]:
        module = prefix.removeprefix("ixastate.") + "." + ".".join(path.relative_to(room).with_suffix("").parts)
        for home, name in imported_by(path.read_text(encoding="utf-8"), module):
            if home == prefix:
                found.add(name)
            elif home.startswith(f"{prefix}."):
                found.add(home.removeprefix(f"{prefix}.").split(".")[0])
    return found - {part}


def wrong(order: list[set[str]], room: Path, prefix: str) -> set[str]:
    """The arrows that run sideways or back."""
    rank = {part: number for number, row in enumerate(order) for part in row}
    return {
        f"{part} → {other}"
        for part in parts(room)
        for other in known(room, prefix, part)
        if other in rank and rank[other] >= rank[part]
    }


ROOMS = [
    pytest.param(ORDER, ROOM, "ixastate.testing", id="testing"),
    pytest.param(SUITES, ROOM / "suites", "ixastate.testing.suites", id="suites"),
]


@pytest.mark.parametrize(("order", "room", "prefix"), ROOMS)
def test_every_part_has_a_place(order: list[set[str]], room: Path, prefix: str) -> None:
    assert sorted(part for row in order for part in row) == sorted(parts(room))


@pytest.mark.parametrize(("order", "room", "prefix"), ROOMS)
def test_arrows_point_one_way_inside_the_kit(order: list[set[str]], room: Path, prefix: str) -> None:
    assert wrong(order, room, prefix) == set()


@pytest.mark.parametrize(("order", "room", "prefix"), ROOMS)
def test_an_arrow_back_is_seen(order: list[set[str]], room: Path, prefix: str) -> None:
    """With the rows upside down every arrow runs back."""
    arrows = {f"{part} → {other}" for part in parts(room) for other in known(room, prefix, part)}
    assert len(arrows) > 5
    assert wrong(order[::-1], room, prefix) == arrows


def test_no_room_takes_a_public_name_of_the_kit() -> None:
    """It would hide an arrow."""
    named = {name for part in parts(ROOM) for name in known(ROOM, "ixastate.testing", part)}
    assert named <= set(parts(ROOM))


@pytest.mark.parametrize("room", ["", "suites", "reports"])
def test_each_room_says_what_it_is_for_and_what_it_may_not_know(room: str) -> None:
    words = ast.get_docstring(ast.parse((ROOM / room / "__init__.py").read_text(encoding="utf-8")))
    assert words is not None
    assert "may not" in words


def test_the_public_names_are_where_the_table_says() -> None:
    assert sorted(ixastate.testing._HOMES) == ixastate.testing.__all__
    for name, home in ixastate.testing._HOMES.items():
        assert getattr(ixastate.testing, name).__module__ == f"ixastate.testing.{home}"
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = ixastate.testing.Nothing


def test_the_models_of_a_suite_are_no_tests_of_pytest() -> None:
    assert not any(getattr(model, "__test__", True) for model in (TestCourse, TestStep))
    assert "__test__" not in Suite.model_fields
    assert set(TestStep.model_fields) == {"event", "expected", "rules", "schedule"}
