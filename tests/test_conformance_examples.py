"""The programs in `examples/conformance/`: the correct one and the exported machines pass, each faulty one is found.

A faulty program says in its own file which rules are to be named; the first rule that the report names must be one.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from ixastate.exchange import scxml, xstate
from ixastate.rules import load_edition
from ixastate.testing import adapter
from ixastate.testing.adapter import Program, Server
from ixastate.testing.conformance import Summary, conform, shortened
from ixastate.testing.course_machine import explore
from ixastate.testing.suites.files import Suite
from ixastate.testing.suites.make import make_suite
from tests.tables import graph
from tests.test_exports import node_modules

EXAMPLES = Path(__file__).parent.parent / "examples" / "conformance"
EDITION = "dosing-text"
FAULTY = sorted(EXAMPLES.glob("faulty-*.mjs"))
QUICK = ("edges", "boundaries")
# The default of `ixastate conform --hypothesis`.
EXAMPLES_OF_HYPOTHESIS = 200
# A machine with others beside it may take its time.
STARTUP_S, TIMEOUT_S = 60.0, 30.0
exhaustive = pytest.mark.exhaustive
every_faulty_program = pytest.mark.parametrize("path", FAULTY, ids=lambda path: path.stem.removeprefix("faulty-"))


@cache
def suite(*covers: str) -> Suite:
    return make_suite(list(covers), EDITION)


def run(command: list[str], *covers: str) -> Summary:
    with Program(command, timeout=TIMEOUT_S, startup=STARTUP_S) as program:
        return shortened(program, conform(program, suite(*covers)))


@pytest.fixture(autouse=True)
def _no_second_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """After each wrong answer a second one is waited for; these programs give none."""
    monkeypatch.setattr(adapter, "GRACE", 0.01)


def wrong(summary: Summary) -> list[str]:
    """What a summary has against a program, in a line each."""
    found = [f"{name}: {result.test.name}: {result.failure}" for name, result in summary.shortest().items()]
    return found or ([] if summary.well else ["not all was run"])


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node")
    if found is None:
        pytest.skip("Node is not installed")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.strip().lstrip("v").split(".")[0]) < 18:
        pytest.skip(f"Node 18 is needed, and this is {version.strip()}")
    return found


# --- The faulty programs --------------------------------------------------------------------------------------


def to_be_named(path: Path) -> list[str]:
    found = re.search(r"^// To be named: (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None, path
    return found[1].split()


def test_there_are_ten_and_the_readme_tells_of_each() -> None:
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert len(FAULTY) == 10
    assert re.findall(r"^\| `([\w-]+)` \|", readme, re.MULTILINE) != []
    assert {f"faulty-{name}" for name in re.findall(r"^\| `([\w-]+)` \|", readme, re.MULTILINE)} == {
        path.stem for path in FAULTY
    }


@every_faulty_program
def test_the_rules_to_be_named_are_rules(path: Path) -> None:
    assert set(to_be_named(path)) <= set(load_edition(EDITION).rules)


@every_faulty_program
def test_a_faulty_program_is_found_and_the_right_rule_named_first(path: Path, node: str) -> None:
    summary = run([node, str(path)], *QUICK)
    first = next(iter(summary.shortest()), None)
    assert first in to_be_named(path), wrong(summary)


@exhaustive
@every_faulty_program
def test_random_courses_find_a_faulty_program_too(path: Path, node: str) -> None:
    with Program([node, str(path)], timeout=TIMEOUT_S, startup=STARTUP_S) as program:
        summary = shortened(program, explore(program, EDITION, examples=EXAMPLES_OF_HYPOTHESIS, seed=1))
    first = next(iter(summary.shortest()), None)
    assert first in to_be_named(path), wrong(summary)


# --- The correct program --------------------------------------------------------------------------------------

LONG = [pytest.param([cover], id=cover, marks=exhaustive) for cover in ("pairs", "configurations", "walks")]


@pytest.mark.parametrize("covers", [pytest.param([*QUICK, "rules", "readings"], id="all the short ones"), *LONG])
def test_the_correct_program_passes(covers: list[str], node: str) -> None:
    assert wrong(run([node, str(EXAMPLES / "correct.mjs")], *covers)) == []


@pytest.fixture
def address(node: str) -> Iterator[str]:
    """The correct program as a server on a free port."""
    command = [node, str(EXAMPLES / "correct.mjs"), "--http", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        port = server.stderr.readline().split()[-1]
        yield f"http://127.0.0.1:{port}/"
        server.kill()


def test_the_correct_program_passes_as_a_server(address: str) -> None:
    assert wrong(conform(Server(address, timeout=TIMEOUT_S, startup=STARTUP_S), suite("rules"))) == []


# --- The exported machines ------------------------------------------------------------------------------------


def prepared(folder: Path, package: str) -> Path:
    """A folder in which a machine of this package can run."""
    for path in EXAMPLES.glob("*.mjs"):
        shutil.copy(path, folder)
    (folder / "node_modules").symlink_to(node_modules(package), target_is_directory=True)
    return folder


def xstate_machine(node: str, folder: Path, change: Callable[[str], str] = str) -> list[str]:
    prepared(folder, "xstate")
    package = folder / "node_modules" / "xstate" / "package.json"
    version = json.loads(package.read_text(encoding="utf-8"))["version"]
    if version.split(".")[0] != "5":
        pytest.skip(f"XState 5 is needed, and this is {version}")
    (folder / "xstate_setup.mjs").write_text(xstate.setup_module(), encoding="utf-8")
    (folder / "course.json").write_text(change(xstate.write(graph(EDITION))), encoding="utf-8")
    return [sys.executable, str(EXAMPLES / "symbols.py"), node, str(folder / "xstate.mjs"), str(folder / "course.json")]


def scxml_machine(node: str, folder: Path, change: Callable[[str], str] = str) -> list[str]:
    prepared(folder, "@scion-scxml/scxml")
    (folder / "course.scxml").write_text(change(scxml.write(graph(EDITION))), encoding="utf-8")
    return [sys.executable, str(EXAMPLES / "symbols.py"), node, str(folder / "scxml.mjs"), str(folder / "course.scxml")]


MACHINES = {"xstate": xstate_machine, "scxml": scxml_machine}
every_machine = pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)


@every_machine
@pytest.mark.parametrize("covers", [pytest.param(list(QUICK), id="edges,boundaries"), *LONG])
def test_an_exported_machine_conforms(
    machine: Callable[..., list[str]], covers: list[str], node: str, tmp_path: Path
) -> None:
    assert wrong(run(machine(node, tmp_path), *covers)) == []


def without_the_hold(text: str) -> str:
    """An export in which nothing holds lenalidomide."""
    if text.startswith("{"):
        config = json.loads(text)
        found = json.dumps(config).replace('{"type": "raise", "params": {"event": "hold_lenalidomide"}}, ', "")
        return found.replace(', {"type": "raise", "params": {"event": "hold_lenalidomide"}}', "")
    return text.replace('<raise event="hold_lenalidomide" />', "")


@every_machine
def test_an_exported_machine_that_lost_something_does_not_conform(
    machine: Callable[..., list[str]], node: str, tmp_path: Path
) -> None:
    summary = run(machine(node, tmp_path, without_the_hold), *QUICK)
    first = next(iter(summary.shortest()), "nothing")
    assert first in ("ANC-01", "PLT-01", "RASH-02"), wrong(summary)
