"""An export counts when a foreign engine runs it: each one is walked through every transition that can be taken.

After each symbol the engine's configuration, and the rules and orders that it reported, are compared with the table
(`engines/suite.py`). The exhaustive run adds every answer that the chart can give, and the other editions. The drivers
are in `engines/`; one whose engine is not installed is skipped.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import importlib.util
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ixastate.chart.guards import Guard, Leaf, none_active, some_active
from ixastate.cli.main import main
from ixastate.errors import ChartError, InputError, RulesError
from ixastate.exchange import FORMATS, scxml, xstate
from ixastate.exchange.export import export
from ixastate.orders import Order
from ixastate.rules import EDITIONS
from ixastate.table.graph import Edge, Graph
from ixastate.table.table import Table
from tests.engines import suite
from tests.engines.suite import Walks, graph

ENGINES = Path(suite.__file__).parent
TIMEOUT_S = 600
GRAPH = graph("dosing-text")
# See test_every_transition.
UNREACHABLE = {"ixazomib_given_4 --owe_ixazomib--> ixazomib_given_3"}
exhaustive = pytest.mark.exhaustive
every_edition = pytest.mark.parametrize("chart", [graph(name) for name in EDITIONS], ids=list(EDITIONS))


def test_the_suites_take_all_that_can_be_taken() -> None:
    taken = {
        number for edges in suite.answers_of("dosing-text", suite.every_transition("dosing-text")) for number in edges
    }
    assert {str(edge) for edge in GRAPH.edges if edge.number not in taken} == UNREACHABLE
    answers = suite.answers_of("dosing-text", suite.every_answer("dosing-text"))
    assert answers | {()} == set(Table.of("dosing-text").edges)


# --- The engines ----------------------------------------------------------------------------------------------


def node_modules(package: str) -> Path:
    """Where Node finds a package: in IXASTATE_NODE_MODULES, or by its own search from the working directory."""
    if shutil.which("node") is None:
        pytest.skip("Node is not installed")
    chosen = os.environ.get("IXASTATE_NODE_MODULES")
    if chosen is not None:
        # Whoever names the folder wants the engine to run: a package that is missing there is a mistake.
        assert (Path(chosen) / package).is_dir(), f"IXASTATE_NODE_MODULES holds no {package}"
        return Path(chosen).resolve()
    search = ["node", "-p", f"require.resolve('{package}/package.json')"]
    answer = subprocess.run(search, capture_output=True, text=True, check=False)
    if answer.returncode:
        pytest.skip(f"the npm package {package} is not installed (IXASTATE_NODE_MODULES may name a node_modules)")
    return Path(answer.stdout.strip()).parents[package.count("/") + 1]


def run_engine(driver: str, text: str, walks: Walks, folder: Path, modules: Path | None) -> list[dict[str, Any]]:
    """Walk the suite with an engine, from a folder that holds nothing but what it needs."""
    shutil.copy(ENGINES / driver, folder)
    (folder / "xstate_setup.mjs").write_text(xstate.setup_module(), encoding="utf-8")
    (folder / "export").write_text(text, encoding="utf-8")
    (folder / "suite").write_text(json.dumps(walks), encoding="utf-8")
    if modules is not None:
        (folder / "node_modules").symlink_to(modules, target_is_directory=True)
    program = sys.executable if driver.endswith(".py") else "node"
    finished = subprocess.run(
        [program, driver, "export", "suite"],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        timeout=TIMEOUT_S,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return [json.loads(line) for line in finished.stdout.splitlines()]


def walk_scxml_reader(chart: Graph, walks: Walks, folder: Path) -> list[dict[str, Any]]:
    return run_engine("scxml_reader.py", scxml.write(chart), walks, folder, None)


def walk_scion(chart: Graph, walks: Walks, folder: Path) -> list[dict[str, Any]]:
    return run_engine("scion.cjs", scxml.write(chart), walks, folder, node_modules("@scion-scxml/scxml"))


def walk_qt(chart: Graph, walks: Walks, folder: Path) -> list[dict[str, Any]]:
    if importlib.util.find_spec("PySide6") is None or importlib.util.find_spec("PySide6.QtScxml") is None:
        pytest.skip("PySide6 with QtScxml is not installed")
    version = importlib.metadata.version("PySide6-Addons")
    # Each call that returns nothing drops one reference to None too many; newer Pythons do not count them.
    if version.startswith("6.12.") and sys.version_info < (3, 12):
        pytest.skip(f"PySide6 {version} aborts on Python 3.11 (6.11 works)")
    return run_engine("qt.py", scxml.write(chart), walks, folder, None)


def walk_xstate(chart: Graph, walks: Walks, folder: Path) -> list[dict[str, Any]]:
    modules = node_modules("xstate")
    version = json.loads((modules / "xstate" / "package.json").read_text(encoding="utf-8"))["version"]
    if version.split(".")[0] != "5":
        pytest.skip(f"XState 5 is needed, and this is {version}")
    return run_engine("xstate.mjs", xstate.write(chart), walks, folder, modules)


WALKERS = {"python-statemachine": walk_scxml_reader, "SCION": walk_scion, "Qt": walk_qt, "XState": walk_xstate}
RUNS = [
    pytest.param("dosing-text", suite.every_transition, id="dosing-text-every transition"),
    pytest.param("dosing-text", suite.random_courses, id="dosing-text-random courses"),
    pytest.param("dosing-text", suite.every_answer, id="dosing-text-every answer", marks=exhaustive),
    *(
        pytest.param(edition, walks, id=f"{edition}-{name}", marks=exhaustive)
        for edition in EDITIONS
        if edition != "dosing-text"
        for name, walks in (("every transition", suite.every_transition), ("random courses", suite.random_courses))
    ),
]


@pytest.mark.parametrize("engine", WALKERS)
@pytest.mark.parametrize(("edition", "walks"), RUNS)
def test_a_foreign_engine_walks_the_same_courses(
    engine: str, edition: str, walks: Callable[[str], Walks], tmp_path: Path
) -> None:
    lines = WALKERS[engine](graph(edition), walks(edition), tmp_path)
    found = suite.differences(edition, walks(edition), lines)
    assert found == [], "\n".join(found[:5])


@pytest.mark.parametrize("part", ["guard", "raised", "orders", "rules", "targets"])
@pytest.mark.parametrize("engine", WALKERS)
def test_an_export_that_lost_something_is_noticed(engine: str, part: str, tmp_path: Path) -> None:
    lost = next(edge for edge in GRAPH.edges if edge.symbol == "anc_low" and edge.raised)
    empty: dict[str, Any] = {"guard": some_active("lost", GRAPH.initial), "rules": ("ANC-01",)}
    changed = dataclasses.replace(lost, **{part: empty.get(part, ())})
    edges = tuple(changed if edge is lost else edge for edge in GRAPH.edges)
    walks = [["start_4_25", "anc_low"]]
    lines = WALKERS[engine](dataclasses.replace(GRAPH, edges=edges), walks, tmp_path)
    assert len(suite.differences("dosing-text", walks, lines)) == 1


# --- What stands in the text ----------------------------------------------------------------------------------


def own(name: str) -> str:
    return f"{{{scxml.NAMESPACE}}}{name}"


def with_id(root: ET.Element) -> dict[str, ET.Element]:
    found = [element for element in root.iter() if "id" in element.attrib]
    by_id = {element.attrib["id"]: element for element in found}
    assert len(by_id) == len(found)
    return by_id


@every_edition
def test_scxml_loses_no_state(chart: Graph) -> None:
    root = ET.fromstring(scxml.write(chart))
    states = with_id(root)
    assert list(states) == [node.id for node in chart.nodes]
    parents = {
        child.attrib["id"]: parent.get("id", "") for parent in root.iter() for child in parent if "id" in child.attrib
    }
    assert parents == {node.id: node.parent for node in chart.nodes}
    first = {state.get("id", ""): state.attrib["initial"] for state in root.iter() if "initial" in state.attrib}
    firsts = {node.parent: node.id for node in chart.nodes if node.initial and node.parent in chart.regions}
    assert first == {"": chart.initial[0]} | firsts
    for name, level in chart.levels.items():
        said = [states[name].get(own(part)) for part in ("drug", "dose_mg", "standing")]
        assert said == [level.drug, f"{level.mg:g}", level.standing]
    for name, hold in chart.holds.items():
        said = [states[name].get(own(part)) for part in ("reason", "holds")]
        assert said == [hold.reason, " ".join(hold.drugs)]
    head = [root.get(own(part)) for part in ("edition", "fingerprint", "symbols", "raised")]
    assert head == [chart.edition.name, chart.fingerprint, " ".join(chart.symbols), " ".join(chart.internal)]


def scxml_edge(source: str, element: ET.Element) -> tuple[Any, ...]:
    tag = f"{{{scxml.SCXML}}}"
    logs = [(log.attrib["label"], log.attrib["expr"].strip("'"), log) for log in element.iter(f"{tag}log")]
    orders = [
        Order(log.attrib[own("verb")], log.get(own("drug"), ""), float(log.get(own("dose_mg"), 0)))  # type: ignore[arg-type]
        for label, _, log in logs
        if label == "order"
    ]
    return (
        source,
        element.attrib["event"],
        tuple(element.get("target", "").split()),
        element.get(own("guard"), ""),
        "cond" in element.attrib,
        tuple(raised.attrib["event"] for raised in element.iter(f"{tag}raise")),
        tuple(orders),
        tuple(next(said for label, said, _ in logs if label == "rules").split()),
    )


def xstate_edge(source: str, symbol: str, transition: dict[str, Any]) -> tuple[Any, ...]:
    target = transition.get("target", [])
    params = [(action["type"], action["params"]) for action in transition["actions"]]
    return (
        source,
        symbol,
        tuple(name.removeprefix("#") for name in ([target] if isinstance(target, str) else target)),
        transition.get("guard", ""),
        "guard" in transition,
        tuple(said["event"] for kind, said in params if kind == "raise"),
        tuple(Order.from_json(said) for kind, said in params if kind == "order"),
        tuple(rule for kind, said in params if kind == "cite" for rule in said["rules"]),
    )


def graph_edge(edge: Edge) -> tuple[Any, ...]:
    name = edge.guard.name if edge.guard else ""
    guarded = edge.guard is not None
    return (edge.source, edge.symbol, edge.targets, name, guarded, edge.raised, edge.orders, edge.rules)


@every_edition
def test_scxml_holds_every_transition_once(chart: Graph) -> None:
    tag = f"{{{scxml.SCXML}}}transition"
    found = [
        (int(element.attrib[own("edge")]), scxml_edge(name, element))
        for name, state in with_id(ET.fromstring(scxml.write(chart))).items()
        for element in state.findall(tag)
    ]
    assert sorted(found) == [(edge.number, graph_edge(edge)) for edge in chart.edges]


def xstate_states(state: dict[str, Any], parent: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, child in state.get("states", {}).items():
        assert child["id"] == name
        yield parent, child
        yield from xstate_states(child, name)


@every_edition
def test_xstate_loses_no_state_and_holds_every_transition_once(chart: Graph) -> None:
    config = json.loads(xstate.write(chart))
    states = list(xstate_states(config))
    assert [(state["id"], parent) for parent, state in states] == [(node.id, node.parent) for node in chart.nodes]
    found = [
        (transition["meta"]["edge"], xstate_edge(state["id"], symbol, transition))
        for _, state in states
        for symbol, transitions in state.get("on", {}).items()
        for transition in transitions
    ]
    assert sorted(found) == [(edge.number, graph_edge(edge)) for edge in chart.edges]
    head = [config["meta"][part] for part in ("edition", "fingerprint", "symbols", "raised")]
    assert head == [chart.edition.name, chart.fingerprint, list(chart.symbols), list(chart.internal)]
    levels = {name: {"drug": at.drug, "dose_mg": at.mg, "standing": at.standing} for name, at in chart.levels.items()}
    holding = {name: {"reason": hold.reason, "holds": list(hold.drugs)} for name, hold in chart.holds.items()}
    assert {state["id"]: state["meta"] for _, state in states if "meta" in state} == levels | holding


# --- Guards ---------------------------------------------------------------------------------------------------


def answer(expression: str, active: frozenset[str]) -> bool:
    """What Python makes of an expression of In, and, or, not."""
    return bool(eval(expression, {"__builtins__": {}, "In": active.__contains__}))


def tree_answer(tree: dict[str, Any], active: frozenset[str]) -> bool:
    """A guard as XState is given it: `in`, `not`, `all`, `any`."""
    ((word, parts),) = tree.items()
    if word == "in":
        return parts in active
    if word == "not":
        return not tree_answer(parts, active)
    return {"all": all, "any": any}[word](tree_answer(part, active) for part in parts)


A, B, C, D = (some_active(name, [name]) for name in "abcd")
GUARDS = [
    *sorted({edge.guard for name in EDITIONS for edge in graph(name).edges if edge.guard}, key=str),
    (A & B.negated()).negated(),
    (A | (B & (C | D.negated()).negated())).negated(),
    some_active("a or b", "ab") & (none_active("neither c nor d", "cd") | A),
]


@pytest.mark.parametrize("guard", GUARDS, ids=str)
def test_a_guard_means_the_same_in_every_spelling(guard: Guard) -> None:
    javascript = scxml.expression(guard).replace("&&", "and").replace("||", "or").replace("== false", "== False")
    tree = xstate.tree(guard)
    leaves = sorted(guard.leaves())
    choose = random.Random(guard.name)
    for _ in range(200):
        active = frozenset(leaf for leaf in leaves if choose.random() < choose.choice([0.05, 0.5]))
        expected = answer(guard.expression, active)
        assert guard.holds(active) == answer(javascript, active) == tree_answer(tree, active) == expected


@pytest.mark.parametrize("write", [scxml.expression, xstate.tree])
def test_a_guard_of_another_kind_is_refused(write: Callable[[Guard], object]) -> None:
    class Another(Guard):
        name = "another"

    with pytest.raises(ChartError, match="of no known kind"):
        write(A & Another())


def test_a_guard_name_with_two_meanings_is_refused() -> None:
    named = [edge for edge in GRAPH.edges if edge.guard and edge.guard.name == "ixazomib at its floor"]
    first, second = named[:2]
    other = dataclasses.replace(first, guard=Leaf("ixazomib at its floor", GRAPH.initial, True))
    with pytest.raises(ChartError, match="stands for two guards"):
        xstate.named_guards(dataclasses.replace(GRAPH, edges=(other, second)))


def test_what_has_no_safe_spelling_is_refused() -> None:
    edge = dataclasses.replace(GRAPH.edges[0], rules=("it's",))
    with pytest.raises(ChartError, match="cannot stand in an SCXML expression"):
        scxml.write(dataclasses.replace(GRAPH, edges=(edge,)))


# --- The command ----------------------------------------------------------------------------------------------


def written(name: str) -> str:
    if name == "xstate-setup":
        return xstate.setup_module()
    return scxml.write(GRAPH) if name == "scxml" else xstate.write(GRAPH)


@pytest.mark.parametrize("name", FORMATS)
def test_the_command_writes_each_format(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", name]) == 0
    assert capsys.readouterr().out == written(name)
    file = tmp_path / "export"
    assert main(["export", name, "-o", str(file)]) == 0
    assert file.read_bytes() == written(name).encode()
    assert capsys.readouterr().out == ""


def test_an_export_that_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="there is no format 'uml'"):
        export("uml")
    with pytest.raises(RulesError):
        export("scxml", "none")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["scxml", "--edition", "none"], "there is no edition 'none' (one of: dosing-text, "),
        (["scxml", "-o", "no/file"], "no/file: cannot be written: there is no such folder"),
        (["uml"], "there is no format 'uml' (one of: scxml, xstate, xstate-setup"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_the_command_refuses_what_it_cannot_do(
    arguments: list[str],
    complaint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["export", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"ixastate: {complaint}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", FORMATS)
def test_the_bytes_are_the_same_in_every_process(name: str) -> None:
    program = f"from ixastate.exchange.export import export; print(export({name!r}, 'dosing-text'), end='')"
    for seed in ("0", "1", "4242"):
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONUTF8": "1"}
        run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True)
        assert run.stdout == written(name).encode()
