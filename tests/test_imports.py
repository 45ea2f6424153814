"""The arrows of the flow point one way: which module may know which, read off the source.

The order is that of the flow: event, symbol, configuration and orders, course, record, log, projections. Imports under
TYPE_CHECKING and inside functions count like every other.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import networkx
import pytest

import ixastate
from ixastate import registry
from ixastate._old_names import MODULES as MODULES_OF_OLD
from ixastate._old_names import NAMES as NAMES_OF_OLD

SOURCE = Path(ixastate.__file__).parent

# A room is a folder of the package, or a file at its top. Each row may import only from rows above it; rooms of one row
# do not know each other. A new room takes a place.
ORDER: list[set[str]] = [
    {"_old_names", "editions", "errors", "notebook", "version"},
    {"caches", "fields", "files", "registry", "units"},
    {"measurements", "rules"},
    {"events"},
    {"amendments"},
    {"orders", "symbols", "words"},
    {"chart"},
    {"table"},
    {"course"},
    {"proofs"},
    {"diagrams", "exchange"},
    {"cohort", "page", "testing"},
    {"store"},
    {"cli"},
    {"__main__"},
]
RANK = {room: rank for rank, rooms in enumerate(ORDER) for room in rooms}
CHANCE = {"random", "secrets", "uuid"}
CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter", "localtime", "gmtime"}


def paths() -> dict[str, list[Path]]:
    """The files of every module; a package is one module."""
    found: dict[str, list[Path]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        if parts != ("__init__",):
            found.setdefault(parts[0], []).append(path)
    return found


def imported_by(source: str, module: str) -> Iterator[tuple[str, str]]:
    """Every import of a source as (module, name); the name is '' for `import module`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            home = node.module or ""
            if node.level:
                package = ["ixastate", *module.split(".")][: -node.level]
                home = ".".join([*package, *([home] if home else [])])
            yield from ((home, alias.name) for alias in node.names)


@cache
def imports(module: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        found
        for path in paths()[module]
        for found in imported_by(
            path.read_text(encoding="utf-8"), ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        )
    )


def own(found: tuple[str, str]) -> str | None:
    """Which module of ours an import is of; '' for the package itself, None for another library."""
    home, name = found
    if home == "ixastate":
        return name if name in paths() else ""
    return home.split(".")[1] if home.startswith("ixastate.") else None


def known(module: str) -> set[str]:
    """The modules of ours that a module imports itself."""
    return {target for found in imports(module) if (target := own(found))} - {module}


def known_in_the_end(module: str) -> set[str]:
    """The modules of ours that a module imports, and those that they import, and so on."""
    seen: set[str] = set()
    waiting = known(module)
    while waiting:
        seen |= waiting
        waiting = {further for one in waiting for further in known(one)} - seen
    return seen


def libraries(module: str) -> set[str]:
    return {home.split(".")[0] for home, _ in imports(module)} - {"ixastate"}


MODULES = sorted(paths())


# --- The reader of imports sees what it must ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "module", "found"),
    [
        ("import ixastate.course", "chart", "course"),
        ("import ixastate.course as c", "chart", "course"),
        ("from ixastate.course import Course", "chart", "course"),
        ("from ixastate import course", "chart", "course"),
        ("from .course import Course", "chart", "course"),
        ("from . import course", "chart", "course"),
        ("from ..course import Course", "rules.inner", "course"),
        ("from ixastate.rules.inner import x", "chart", "rules"),
        ("if TYPE_CHECKING:\n    from ixastate.course import Course", "chart", "course"),
        ("def f():\n    from ixastate.course import Course", "chart", "course"),
        ("from ixastate import Course", "chart", ""),
        ("import statemachine.state", "chart", None),
    ],
)
def test_an_import_is_seen(source: str, module: str, found: str | None) -> None:
    assert [own(one) for one in imported_by(source, module)] == [found]


# --- The order ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", MODULES)
def test_arrows_point_one_way(module: str) -> None:
    assert module in RANK, f"give {module} its place in ORDER"
    wrong = {target for target in known(module) if target in RANK and RANK[target] >= RANK[module]}
    assert wrong == set(), f"{module} may not know {wrong}"


@pytest.mark.parametrize("module", MODULES)
def test_no_module_takes_a_public_name_from_the_package(module: str) -> None:
    """They would hide an arrow."""
    assert {name for home, name in imports(module) if own((home, name)) == ""} == set()


def files_known(path: Path) -> set[Path]:
    """The files of ours that a file imports, inside functions too; the package's own face is none of them."""
    module = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
    found = set()
    for home, name in imported_by(path.read_text(encoding="utf-8"), module):
        if home.split(".")[0] != "ixastate":
            continue
        inner = SOURCE.joinpath(*home.split(".")[1:])
        candidates = [
            inner / f"{name}.py",
            inner / name / "__init__.py",
            inner.with_suffix(".py"),
            inner / "__init__.py",
        ]
        found |= set([one for one in candidates if name and one.is_file()][:1])
    return found - {path, SOURCE / "__init__.py"}


def test_no_files_import_each_other_in_a_circle() -> None:
    graph = networkx.DiGraph()
    for path in sorted(SOURCE.rglob("*.py")):
        graph.add_edges_from((path, known) for known in files_known(path))
    assert graph.number_of_edges() > 500
    assert [sorted(part) for part in networkx.strongly_connected_components(graph) if len(part) > 1] == []


def test_only_the_registry_and_the_old_names_import_by_name() -> None:
    """And the package itself, and the drawing, which asks whether a library without types is there."""
    by_name = [module for module in MODULES if "importlib" in libraries(module) and _by_name(module)]
    assert by_name == ["_old_names", "diagrams", "registry"]


def test_a_room_asks_the_registry_only_for_what_the_package_provides() -> None:
    """What is found by name stands in the package's own file, where it can be read."""
    asked = set()
    for module in MODULES:
        for path in paths()[module]:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "find":
                    (service,) = node.args
                    assert isinstance(service, ast.Constant), f"{path}: a service is named as it stands"
                    asked.add(service.value)
    assert asked == set(registry._HOMES)


def test_the_rooms_use_no_old_name() -> None:
    """The old paths are for one version, and for other people's code."""
    old = {*MODULES_OF_OLD, *(f"{module}.{name}" for module, names in NAMES_OF_OLD.items() for name in names)}
    for module in MODULES:
        for home, name in imports(module):
            assert home not in MODULES_OF_OLD, f"{module} imports {home}"
            assert f"{home}.{name}" not in old, f"{module} imports {home}.{name}"


def _by_name(module: str) -> bool:
    return any(
        name in path.read_text(encoding="utf-8") for path in paths()[module] for name in ("import_module", "__import__")
    )


def test_the_public_names_are_where_the_package_says() -> None:
    for name, home in ixastate._HOMES.items():
        if home.startswith("cohort"):
            pytest.importorskip("numba", reason="the extra `cohort` is not installed")
        # Asked directly: to import the old module `ixastate.check` puts another object in the function's place.
        assert ixastate.__getattr__(name).__module__ == f"ixastate.{home}", name


# --- What each may not know -----------------------------------------------------------------------------------


def test_few_rooms_know_the_library_of_the_chart() -> None:
    """The chart is written with it, the table reads it once, and the live course runs it."""
    assert {module for module in MODULES if "statemachine" in libraries(module)} == {"chart", "table", "course"}


def test_the_chart_knows_no_patients() -> None:
    """Of the events it knows the names of the drugs; it knows no data models, dates or numbers."""
    names = {name for found in imports("chart") if own(found) == "events" for name in [found[1]]}
    assert names <= {"DRUGS", "Drug"}
    foreign = {"pydantic", "datetime", "time", "zoneinfo", "calendar", "decimal", "fractions", "math"}
    assert libraries("chart") & foreign == set()


def test_the_live_machine_knows_nothing_of_events() -> None:
    source = (SOURCE / "course" / "live.py").read_text(encoding="utf-8")
    assert "events" not in {own(found) for found in imported_by(source, "course.live")}


def asks_the_clock(source: str) -> bool:
    """Whether a source calls datetime.now, date.today, time.time and their like."""
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in CLOCKS
        and ast.unparse(node.value).split(".")[-1] in ("datetime", "date", "time")
        for node in ast.walk(ast.parse(source))
    )


@pytest.mark.parametrize(
    ("source", "asks"),
    [
        ("datetime.now()", True),
        ("datetime.datetime.now(UTC)", True),
        ("date.today()", True),
        ("time.time()", True),
        ("self.now", False),
        ("difference.today", False),
    ],
)
def test_a_question_to_the_clock_is_seen(source: str, asks: bool) -> None:
    assert asks_the_clock(source) is asks


@pytest.mark.parametrize("module", MODULES)
def test_no_module_knows_a_clock_or_chance(module: str) -> None:
    assert libraries(module) & CHANCE == set()
    assert [found for found in imports(module) if found[0] == "time"] == []
    assert [path.name for path in paths()[module] if asks_the_clock(path.read_text(encoding="utf-8"))] == []
