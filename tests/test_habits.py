"""The files by which the project is kept agree: versions, change fragments, hooks, hosted CI, coverage."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import ixastate

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "ixastate"
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
TOOL: dict[str, Any] = PYPROJECT["tool"]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


# --- Versions -------------------------------------------------------------------------------------------------


def cited(field: str) -> str:
    (value,) = re.findall(rf'^{field}: "?([^"\n]+)"?$', text("CITATION.cff"), re.MULTILINE)
    return str(value)


def released() -> list[tuple[str, str]]:
    """The versions of the changelog with their dates, the last one first."""
    return re.findall(r"^## (\d+\.\d+\.\d+) - (\d{4}-\d\d-\d\d)$", text("CHANGELOG.md"), re.MULTILINE)


def test_the_version_stands_in_one_place() -> None:
    assert "version" not in PYPROJECT["project"]
    assert PYPROJECT["project"]["dynamic"] == ["version"]
    assert ROOT / TOOL["hatch"]["version"]["path"] == SOURCE / "version.py"


def test_citation_and_changelog_are_of_this_version() -> None:
    assert released()[0] == (ixastate.__version__, cited("date-released"))
    assert cited("version") == ixastate.__version__


def test_the_changelog_goes_back_in_time() -> None:
    found = [(tuple(map(int, version.split("."))), date) for version, date in released()]
    assert found == sorted(found, reverse=True)
    assert len({version for version, _ in found}) == len(found) >= 2


def test_every_heading_of_the_changelog_is_a_dated_version() -> None:
    assert len(re.findall(r"^## ", text("CHANGELOG.md"), re.MULTILINE)) == len(released())


# --- Change fragments -----------------------------------------------------------------------------------------

TYPES = [kind["directory"] for kind in TOOL["towncrier"]["type"]]


def is_fragment(name: str) -> bool:
    return bool(re.fullmatch(rf"\+[a-z0-9-]+\.({'|'.join(TYPES)})\.md", name))


def test_every_fragment_has_a_known_type() -> None:
    names = {path.name for path in (ROOT / TOOL["towncrier"]["directory"]).iterdir()}
    assert {name for name in names if not is_fragment(name)} == {"README.md"}


@pytest.mark.parametrize("name", ["+door.feature.md", "+a-2.fix.md"])
def test_this_is_a_fragment(name: str) -> None:
    assert is_fragment(name)


@pytest.mark.parametrize("name", ["+door.bugfix.md", "door.feature.md", "+door.md", "+door.feature.rst", "+.fix.md"])
def test_this_is_no_fragment(name: str) -> None:
    assert not is_fragment(name)


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_is_described(kind: str) -> None:
    assert f"| `{kind}` |" in text("changelog.d/README.md")


# --- Hooks and hosted CI --------------------------------------------------------------------------------------


def test_no_hook_is_fetched() -> None:
    hooks = text(".pre-commit-config.yaml")
    assert re.findall(r"^\s*-?\s*repo:\s*(\S+)", hooks, re.MULTILINE) == ["local"]
    count = len(re.findall(r"^\s*- id:", hooks, re.MULTILINE))
    assert re.findall(r"^\s*language:\s*(\S+)", hooks, re.MULTILINE) == ["system"] * count
    assert "additional_dependencies" not in hooks


@pytest.mark.parametrize("tool", ["ruff check", "ruff format", "mypy", "codespell", "ixastate diagram --check"])
def test_the_hooks_run(tool: str) -> None:
    assert f"entry: {tool}" in text(".pre-commit-config.yaml")


@pytest.mark.parametrize(
    "command",
    ["pre-commit run --all-files", "coverage report", "-m exhaustive", "ixastate check --full", '"$(readme 1)"'],
)
def test_ci_runs(command: str) -> None:
    assert any(command in line for line in text(".ci/run").splitlines() if not line.lstrip().startswith("#"))


def test_hosted_ci_runs_what_can_be_run_anywhere() -> None:
    assert re.findall(r"^\s*- run: (.*)$", text(".github/workflows/ci.yml"), re.MULTILINE) == ["bash .ci/run"]


# --- Coverage -------------------------------------------------------------------------------------------------


def compiled_in(source: str) -> tuple[bool, set[str]]:
    """Whether numba compiles functions of this source, and the modules of ours whose functions it compiles by name."""
    tree = ast.parse(source)
    home = {
        alias.asname or alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    compilers = {"njit", "kernel"} & home.keys()
    own, others = False, set()
    for node in ast.walk(tree):
        for decorator in node.decorator_list if isinstance(node, ast.FunctionDef) else []:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            own |= isinstance(called, ast.Name) and called.id in compilers
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in compilers:
            others |= {home[one.id] for one in node.args if isinstance(one, ast.Name) and one.id in home}
    return own, others


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from numba import njit\n@njit\ndef f(): ...", (True, set())),
        ("from numba import njit\n@njit(cache=True)\ndef f(): ...", (True, set())),
        ("from ixastate.cohort.compiled import kernel\n@kernel()\ndef f(): ...", (True, set())),
        ("from numba import njit\nfrom a.b import f\ng = njit(f)", (False, {"a.b"})),
        ("from numba import njit\ndef f(g): return njit(nogil=True)(g)", (False, set())),
        ("from here import cached\n@cached\ndef f(): ...", (False, set())),
    ],
)
def test_what_is_compiled_is_seen(source: str, found: tuple[bool, set[str]]) -> None:
    assert compiled_in(source) == found


def test_coverage_and_types_leave_out_the_compiled_kernels_and_nothing_else() -> None:
    wanted = set()
    for path in SOURCE.rglob("*.py"):
        own, others = compiled_in(path.read_text(encoding="utf-8"))
        wanted |= others
        if own:
            wanted.add(".".join(path.relative_to(SOURCE.parent).with_suffix("").parts))
    omitted = set()
    for pattern in TOOL["coverage"]["run"]["omit"]:
        found = list(SOURCE.glob(pattern.removeprefix("*/")))
        assert found, f"{pattern} leaves out no file"
        omitted |= {".".join(path.relative_to(SOURCE.parent).with_suffix("").parts) for path in found}
    (untyped,) = [rule["module"] for rule in TOOL["mypy"]["overrides"] if rule.get("ignore_errors")]
    assert wanted, "no kernel was found"
    assert omitted == wanted
    assert set(untyped) == wanted


def test_coverage_is_of_branches_and_gated() -> None:
    assert TOOL["coverage"]["run"]["branch"]
    assert TOOL["coverage"]["report"]["fail_under"] >= 90
