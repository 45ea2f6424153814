"""The cache of compiled kernels: found again while the sources are the same, and nowhere else."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("numba", reason="the extra `cohort` is not installed")

import numba

from ixastate.cohort import compiled

HOME = compiled.HERE
PACKAGE = "ixastate.cohort"


@pytest.fixture(autouse=True)
def looked_for_anew() -> Iterator[None]:
    """The folder is found once per process; a test that moves it must find it again, and leave nothing behind."""
    compiled.cache_folder.cache_clear()
    yield
    compiled.cache_folder.cache_clear()


# --- Which sources count --------------------------------------------------------------------------------------


def imported(path: Path) -> set[str]:
    """The modules of the room that a file imports, as paths in the room."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{PACKAGE}."):
            inner = str(node.module).removeprefix(f"{PACKAGE}.").replace(".", "/")
            names = [f"{inner}.py", *(f"{inner}/{alias.name}.py" for alias in node.names)]
            found |= {name for name in names if (HOME / name).exists()}
    return found


def compiles(path: Path) -> bool:
    """Whether a file has a function that numba compiles."""
    source = path.read_text(encoding="utf-8")
    return "@njit" in source or "@kernel(" in source


def test_every_source_of_a_kernel_is_listed() -> None:
    """The files with compiled functions, what they import of the room, and what that imports."""
    files = {path.relative_to(HOME).as_posix(): path for path in HOME.rglob("*.py")}
    waiting = {name for name, path in files.items() if compiles(path)}
    assert len(waiting) >= 6
    needed: set[str] = set()
    while waiting:
        needed |= waiting
        waiting = {further for name in waiting for further in imported(files[name])} - needed
    assert sorted(needed | {"compiled.py"}) == sorted(compiled.SOURCES)


def test_every_kernel_is_cached_there() -> None:
    from ixastate.cohort.log.events_kernel import lay_out
    from ixastate.cohort.log.ledger_kernel import keep_ledger
    from ixastate.cohort.models.hazards_kernel import pack, step_block, write_rows
    from ixastate.cohort.models.pkpd_kernel import run

    folder = compiled.cache_folder()
    assert folder is not None
    assert folder.name.endswith(compiled.digest(HOME / source for source in compiled.SOURCES))
    for kernel in (keep_ledger, lay_out, pack, step_block, write_rows, run):
        assert Path(kernel.stats.cache_path).parent == folder


# --- Another source, another place ----------------------------------------------------------------------------


@pytest.mark.parametrize("changed", compiled.SOURCES)
def test_a_change_of_any_source_gives_another_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    for source in compiled.SOURCES:
        (tmp_path / source).parent.mkdir(exist_ok=True)
        (tmp_path / source).write_bytes((HOME / source).read_bytes())
    monkeypatch.setattr(compiled, "HERE", tmp_path)
    monkeypatch.setattr(compiled, "places", lambda: [tmp_path / "cache"])
    before = compiled.cache_folder()
    (tmp_path / changed).write_text((tmp_path / changed).read_text() + "\n")
    compiled.cache_folder.cache_clear()
    after = compiled.cache_folder()
    assert before is not None
    assert after is not None
    assert before != after
    assert before.parent == after.parent


CALLER = """
from pathlib import Path
from ixastate.cohort import compiled
compiled.HERE = Path(__file__).parent
compiled.SOURCES = ("called.py", "caller.py")
from called import number

@compiled.kernel()
def twice(x):
    return number(x) * 2

print(twice(1), sum(twice.stats.cache_hits.values()))
"""
CALLED = """
from numba import njit

@njit
def number(x):
    return x + SHIFT
"""


def test_a_function_that_a_kernel_calls_is_never_older_than_its_source(tmp_path: Path) -> None:
    """Three processes: one compiles, one finds it again, and one whose called function was changed compiles anew."""

    def run(shift: int) -> str:
        (tmp_path / "called.py").write_text(CALLED.replace("SHIFT", str(shift)))
        environment = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
        finished = subprocess.run(
            [sys.executable, "-B", str(tmp_path / "caller.py")],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return finished.stdout.strip()

    (tmp_path / "caller.py").write_text(CALLER)
    assert run(1) == "4 0"
    assert run(1) == "4 1"
    assert run(5) == "12 0"


# --- Where it lies --------------------------------------------------------------------------------------------


def test_a_folder_that_the_user_names_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    assert compiled.places() == [tmp_path]


def test_where_the_package_cannot_be_written_the_users_cache_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.write_text("a file, in which no folder can be made")
    user, given = tmp_path / "user", compiled.HERE
    monkeypatch.setenv("XDG_CACHE_HOME", str(user))
    monkeypatch.setenv("LOCALAPPDATA", str(user))
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    assert compiled.places() == [given / "__pycache__", user]
    monkeypatch.setattr(compiled, "places", lambda: [here / "__pycache__", user])
    found = compiled.cache_folder()
    assert found is not None
    assert found.parent == user
    assert found.is_dir()
    assert here.read_text().startswith("a file")


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As in a container: no usual folder can be written, for a reason that holds for root too."""
    file = tmp_path / "file"
    file.write_text("a file, in which no folder can be made")
    monkeypatch.setattr(compiled, "places", lambda: [file / "package", file / "home"])
    return file


def test_where_nothing_can_be_written_nothing_is_cached(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "temporary", lambda: None)
    assert compiled.cache_folder() is None
    function = compiled.kernel(error_model="numpy")(lambda x: x / 2)
    assert function(3.0) == 1.5
    assert function.stats.cache_path is None
    assert compiled.remark().startswith("kernels are compiled in memory")


def test_a_user_without_a_home_has_no_cache_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where no user has this number, as in many containers, there is no home to ask for."""

    def home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", home)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert compiled.places() == [compiled.HERE / "__pycache__"]
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert compiled.places() == [compiled.HERE / "__pycache__", tmp_path]


def test_the_usual_places_are_not_worth_a_remark() -> None:
    assert compiled.remark() == ""


def test_the_temporary_files_are_the_last_place(nowhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    found = compiled.cache_folder()
    assert found is not None
    assert found.is_dir()
    assert tmp_path in found.parents
    assert compiled.remark() == (
        f"compiled kernels are cached in {found.parent}: no usual folder can be written; set NUMBA_CACHE_DIR"
    )
    function = compiled.kernel()(lambda x: x + 1)
    assert function(1) == 2
    assert Path(function.stats.cache_path).parent == found


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="here the temporary files are the user's own")
@pytest.mark.parametrize("planted", ["open to all", "open to the group", "a link", "a file", "another's"])
def test_what_is_cached_is_run_so_the_folder_is_this_users_alone(
    planted: str, nowhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = tmp_path / f"ixastate-{os.getuid()}"
    if planted == "a link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        folder.symlink_to(tmp_path / "elsewhere")
    elif planted == "a file":
        folder.write_text("")
    else:
        folder.mkdir()
        folder.chmod({"open to all": 0o707, "open to the group": 0o770}.get(planted, 0o700))
    if planted == "another's":
        other = os.getuid() + 1
        folder.rename(tmp_path / f"ixastate-{other}")
        monkeypatch.setattr(os, "getuid", lambda: other)
    assert compiled.temporary() is None
    assert compiled.cache_folder() is None
    assert compiled.remark().startswith("kernels are compiled in memory")


def test_a_process_that_may_write_nowhere_usual_finds_its_kernels_again(tmp_path: Path) -> None:
    (tmp_path / "caller.py").write_text(CALLER + "print(compiled.remark())")
    (tmp_path / "called.py").write_text(CALLED.replace("SHIFT", "1"))
    (tmp_path / "temporary").mkdir()
    (tmp_path / "file").write_text("")
    moved = {"NUMBA_CACHE_DIR": str(tmp_path / "file" / "cache"), "TMPDIR": str(tmp_path / "temporary")}
    command = [sys.executable, "-B", str(tmp_path / "caller.py")]
    runs = [
        subprocess.run(command, env={**os.environ, **moved}, capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert [run.stdout.splitlines()[0] for run in runs] == ["4 0", "4 1"]
    assert all(str(tmp_path / "temporary") in run.stdout.splitlines()[1] for run in runs)
    assert [run.stderr for run in runs] == ["", ""]


def test_the_setting_of_numba_is_left_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other programs' functions are cached where they always were."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    compiled.kernel()(lambda x: x)
    assert str(tmp_path) == numba.config.CACHE_DIR
