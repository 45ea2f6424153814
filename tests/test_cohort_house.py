"""The order inside the cohort's room: which sub-room may know which, read off the source."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import ixastate.cohort

HOME = Path(ixastate.cohort.__file__).parent
# A sub-room is a folder, or a file at the top. Each row may import only from rows above it.
ORDER: list[set[str]] = [
    {"extra", "compiled", "kept", "rows"},
    {"arrays"},
    {"model"},
    {"log"},
    {"models"},
    {"run"},
    {"answers"},
]
RANK = {room: rank for rank, rooms in enumerate(ORDER) for room in rooms}
ROOMS = sorted({path.relative_to(HOME).with_suffix("").parts[0] for path in HOME.rglob("*.py")} - {"__init__"})
FOLDERS = [room for room in ROOMS if (HOME / room).is_dir()]
# What only some rooms may use.
PICTURES, STATISTICS = {"matplotlib"}, {"scipy"}


def files(room: str) -> list[Path]:
    return sorted((HOME / room).rglob("*.py")) if (HOME / room).is_dir() else [HOME / f"{room}.py"]


def modules(room: str) -> set[str]:
    """Every module that a room imports."""
    found = set()
    for path in files(room):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert not node.level, f"{path} imports relatively"
                found.add(str(node.module))
                found |= {f"{node.module}.{alias.name}" for alias in node.names}
            elif isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
    return found


def known(room: str) -> set[str]:
    """The sub-rooms that a room imports from."""
    parts = [module.split(".") for module in modules(room)]
    return {part[2] for part in parts if part[:2] == ["ixastate", "cohort"] and len(part) > 2} - {room}


def libraries(room: str) -> set[str]:
    return {module.split(".")[0] for module in modules(room)}


@pytest.mark.parametrize("room", ROOMS)
def test_arrows_point_one_way(room: str) -> None:
    assert room in RANK, f"give {room} its place in ORDER"
    assert {other for other in known(room) if RANK[other] >= RANK[room]} == set()


def test_the_reader_of_imports_sees_arrows() -> None:
    assert known("answers") >= {"run", "models", "arrays"}
    assert known("log") == {"arrays", "compiled", "model", "rows"}


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_room_says_what_it_is_for_and_what_it_may_not_know(folder: str) -> None:
    text = ast.get_docstring(ast.parse((HOME / folder / "__init__.py").read_text(encoding="utf-8"))) or ""
    assert "may not know" in text


def test_what_may_not_be_known_is_not() -> None:
    """The log and the models know no run, the models no table of their own making, and only answers draw or count."""
    for room in ROOMS:
        if room != "answers":
            assert not libraries(room) & (PICTURES | STATISTICS), room
        if room not in ("extra", "log", "run", "answers"):
            assert "polars" not in libraries(room), room
        if room not in ("compiled", "models"):
            assert "numba" not in libraries(room), room


def test_the_kernels_know_no_machine() -> None:
    """What is compiled sees arrays: nothing of the chart, the table, the course or the rules."""
    for path in HOME.rglob("*kernel.py"):
        found = {
            str(node.module)
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom)
        }
        ours = {module for module in found if module.startswith("ixastate.")}
        assert all(module.startswith("ixastate.cohort.") for module in ours), path
        assert "ixastate.cohort.arrays" not in ours, path


def test_the_public_names_are_there() -> None:
    pytest.importorskip("numba", reason="the extra `cohort` is not installed")
    for name in ixastate.cohort.__all__:
        assert getattr(ixastate.cohort, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'simulation'"):
        _ = ixastate.cohort.simulation  # type: ignore[attr-defined]
