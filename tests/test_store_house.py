"""The order inside the store's room: which module may know which, read off the source; and its example."""

from __future__ import annotations

import ast
import runpy
from pathlib import Path

import pytest

import ixastate.store

HOME = Path(ixastate.store.__file__).parent
# Each row may import only from rows above it.
ORDER: list[set[str]] = [
    {"extra"},
    {"tables"},
    {"database"},
    {"store"},
    {"courses"},
    {"transfer", "projections"},
    {"questions"},
    {"verification"},
]
RANK = {module: rank for rank, modules in enumerate(ORDER) for module in modules}
MODULES = sorted({path.stem for path in HOME.glob("*.py")} - {"__init__"})


def known(module: str) -> set[str]:
    """The modules of this room that one imports."""
    found = set()
    for node in ast.walk(ast.parse((HOME / f"{module}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and str(node.module).split(".")[:2] == ["ixastate", "store"]:
            parts = str(node.module).split(".")
            found |= {parts[2]} if len(parts) > 2 else {alias.name for alias in node.names}
    return found


@pytest.mark.parametrize("module", MODULES)
def test_arrows_point_one_way(module: str) -> None:
    assert module in RANK, f"give {module} its place in ORDER"
    assert all(RANK[other] < RANK[module] for other in known(module)), known(module)


def test_what_the_room_says_of_its_order_is_so() -> None:
    said = (ixastate.store.__doc__ or "").split("each row importing only from those above:")[1]
    rows = [line.split()[0] for line in said.split("The names are imported")[0].splitlines() if line.strip()]
    assert [RANK[name] for name in rows] == sorted(RANK.values())
    assert set(rows) == set(MODULES)


def test_the_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("sqlalchemy", reason="the extra `store` is not installed")
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(Path(__file__).resolve().parents[1] / "examples" / "store.py"))
    assert capsys.readouterr().out.splitlines() == [
        "event 2: hold ixazomib; hold lenalidomide; consider G-CSF",
        "version 2: held for neutrophils",
        "held: p1  neutrophils  ixazomib for 0 days, lenalidomide for 0 days",
        "findings: 0",
    ]
