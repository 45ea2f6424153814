"""An export counts when a foreign engine runs it: each one is driven through every answer that the chart can give.

A suite is a list of courses of symbols, each walked from screening: the shortest course to every transition; seeded
random courses; and, in the exhaustive run, the shortest course to every distinct sequence of transitions that one
symbol sets off. After each symbol the engine's configuration, and the rules and orders that it reported, are compared
with the table. The drivers are in `engines/`; one whose engine is not installed is skipped.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ixastate.chart import build
from ixastate.errors import ChartError, OutputError, RulesError
from ixastate.exports import command, scxml, xstate
from ixastate.exports.condition import Condition, Joint, Leaf, named, parse
from ixastate.graph import Edge, condition_of, read
from ixastate.orders import Order
from ixastate.table import Table, tabulate

ENGINES = Path(__file__).parent / "engines"
GRAPH = read(build())
# See test_every_transition.
UNREACHABLE = {"ixazomib_given_4 --owe_ixazomib--> ixazomib_given_3"}
RANDOM_STEPS = 4000
TIMEOUT_S = 300

Walks = list[list[str]]


# --- The suite and what the table says of it ------------------------------------------------------------------


@cache
def table() -> Table:
    return tabulate(GRAPH)


@cache
def first_moves() -> dict[tuple[int, ...], tuple[int, int]]:
    """For each distinct sequence of transitions, the first configuration and symbol that set it off."""
    first: dict[tuple[int, ...], tuple[int, int]] = {}
    for number, symbol, _, edges in table().space.moves():
        first.setdefault(edges, (number, symbol))
    return first


def course_of(move: tuple[int, int]) -> tuple[str, ...]:
    number, symbol = move
    return (*table().space.course_to(number), GRAPH.symbols[symbol])


def without_beginnings(courses: set[tuple[str, ...]]) -> Walks:
    """These courses but for those that another one begins with."""
    begun = {course[:length] for course in courses for length in range(1, len(course))}
    return [list(course) for course in sorted(courses - begun)]


@cache
def every_transition() -> Walks:
    """The shortest course to each transition."""
    first: dict[int, tuple[int, int]] = {}
    for edges, move in first_moves().items():
        for edge in edges:
            first.setdefault(edge, move)
    return without_beginnings(set(map(course_of, first.values())))


@cache
def every_answer() -> Walks:
    """The shortest course to each distinct sequence of transitions."""
    return without_beginnings(set(map(course_of, first_moves().values())))


@cache
def random_courses() -> Walks:
    """Random courses; few end early, and some symbols come in a phase that does not take them in."""
    choose = random.Random(20260712)
    walks: Walks = []
    steps = 0
    while steps < RANDOM_STEPS:
        symbols: list[str] = []
        here = 0
        for _ in range(choose.randint(20, 120)):
            move = choose.choice(table().row(here))
            while table().next[move] == table().final and choose.random() < 0.99:
                move = choose.choice(table().row(here))
            symbols.append(GRAPH.symbols[move % len(GRAPH.symbols)])
            here = table().next[move]
            if here == table().final:
                break
        walks.append(symbols)
        steps += len(symbols)
    return walks


def said_by(edges: tuple[int, ...]) -> list[list[str]]:
    said = []
    for edge in (GRAPH.edges[number] for number in edges):
        said.append(["rules", " ".join(edge.rules)])
        said += [["order", scxml.order_text(order)] for order in edge.orders]
    return said


def expected(walks: Walks) -> Iterator[dict[str, Any]]:
    """What the table says after each symbol of each walk."""
    for walk, symbols in enumerate(walks):
        here = 0
        for step, symbol in enumerate(symbols):
            move = table().row(here)[GRAPH.symbols.index(symbol)]
            here = table().next[move]
            yield {
                "walk": walk,
                "step": step,
                "configuration": sorted(table().configurations[here]),
                "done": here == table().final,
                "said": said_by(table().edges[table().output[move]]),
            }


def differences(walks: Walks, lines: list[dict[str, Any]]) -> list[str]:
    """Where an engine and the table part, walk by walk; only the first place of each walk."""
    wanted = list(expected(walks))
    if len(wanted) != len(lines):
        return [f"{len(lines)} steps, not {len(wanted)}"]
    found: dict[int, str] = {}
    for right, line in zip(wanted, lines, strict=True):
        seen = line | {"configuration": sorted(line["configuration"])}
        if seen != right:
            found.setdefault(right["walk"], f"{walks[right['walk']][: right['step'] + 1]}: {seen}, not {right}")
    return list(found.values())


def edges_taken(walks: Walks) -> set[tuple[int, ...]]:
    taken = set()
    for symbols in walks:
        here = 0
        for symbol in symbols:
            move = table().row(here)[GRAPH.symbols.index(symbol)]
            here = table().next[move]
            taken.add(table().edges[table().output[move]])
    return taken


def test_the_suites_take_all_that_can_be_taken() -> None:
    taken = {number for edges in edges_taken(every_transition()) for number in edges}
    assert {str(edge) for edge in GRAPH.edges if edge.number not in taken} == UNREACHABLE
    assert edges_taken(every_answer()) | {()} == set(table().edges)
    assert sum(map(len, random_courses())) >= RANDOM_STEPS


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


def version_of(modules: Path, package: str) -> str:
    version: str = json.loads((modules / package / "package.json").read_text(encoding="utf-8"))["version"]
    return version


def run_engine(driver: str, export: str, walks: Walks, folder: Path, modules: Path | None) -> list[dict[str, Any]]:
    """Walk the suite with an engine, from a folder that holds nothing but what it needs."""
    shutil.copy(ENGINES / driver, folder)
    (folder / "xstate_setup.mjs").write_text(xstate.setup_module(), encoding="utf-8")
    (folder / "export").write_text(export, encoding="utf-8")
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


def walk_scxml_reader(walks: Walks, folder: Path) -> list[dict[str, Any]]:
    return run_engine("scxml_reader.py", scxml.write(GRAPH), walks, folder, None)


def walk_scion(walks: Walks, folder: Path) -> list[dict[str, Any]]:
    return run_engine("scion.cjs", scxml.write(GRAPH), walks, folder, node_modules("@scion-scxml/scxml"))


def walk_qt(walks: Walks, folder: Path) -> list[dict[str, Any]]:
    if importlib.util.find_spec("PySide6") is None or importlib.util.find_spec("PySide6.QtScxml") is None:
        pytest.skip("PySide6 with QtScxml is not installed")
    return run_engine("qt.py", scxml.write(GRAPH), walks, folder, None)


def walk_xstate(walks: Walks, folder: Path) -> list[dict[str, Any]]:
    modules = node_modules("xstate")
    if (version := version_of(modules, "xstate")).split(".")[0] != "5":
        pytest.skip(f"XState 5 is needed, and this is {version}")
    return run_engine("xstate.mjs", xstate.write(GRAPH), walks, folder, modules)


SUITES = [
    pytest.param(every_transition, id="every transition"),
    pytest.param(random_courses, id="random courses"),
    pytest.param(every_answer, id="every answer", marks=pytest.mark.exhaustive),
]


@pytest.mark.parametrize("walks", SUITES)
@pytest.mark.parametrize(
    "engine",
    [walk_scxml_reader, walk_scion, walk_qt, walk_xstate],
    ids=["python-statemachine", "SCION", "Qt", "XState"],
)
def test_a_foreign_engine_walks_the_same_courses(
    engine: Callable[[Walks, Path], list[dict[str, Any]]], walks: Callable[[], Walks], tmp_path: Path
) -> None:
    lines = engine(walks(), tmp_path)
    found = differences(walks(), lines)
    assert found == [], "\n".join(found[:5])


@pytest.mark.parametrize("part", ["condition", "raised", "orders", "rules", "targets"])
def test_an_export_that_lost_something_is_noticed(part: str, tmp_path: Path) -> None:
    lost = next(edge for edge in GRAPH.edges if edge.symbol == "anc_low" and edge.raised)
    empty: Any = {"condition": "In('screening')", "rules": ("ANC-01",)}.get(part, ())
    edges = tuple(dataclasses.replace(edge, **{part: empty}) if edge is lost else edge for edge in GRAPH.edges)
    export = scxml.write(dataclasses.replace(GRAPH, edges=edges))
    walks = [["start_4_25", "anc_low"]]
    assert len(differences(walks, run_engine("scxml_reader.py", export, walks, tmp_path, None))) == 1


# --- What stands in the text ----------------------------------------------------------------------------------


def read_scxml() -> tuple[ET.Element, dict[str, str]]:
    root = ET.fromstring(scxml.write(GRAPH))
    return root, {
        child.attrib["id"]: parent.get("id", "") for parent in root.iter() for child in parent if "id" in child.attrib
    }


def own(name: str) -> str:
    return f"{{{scxml.NAMESPACE}}}{name}"


def test_scxml_loses_no_state() -> None:
    root, parents = read_scxml()
    assert [state.attrib["id"] for state in root.iter() if "id" in state.attrib] == [node.id for node in GRAPH.nodes]
    assert parents == {node.id: node.parent for node in GRAPH.nodes}
    first = {state.get("id", ""): state.attrib["initial"] for state in root.iter() if "initial" in state.attrib}
    assert first == {"": GRAPH.initial[0]} | {name: leaves[0] for name, leaves in GRAPH.regions.items()}
    by_id = {state.attrib["id"]: state for state in root.iter() if "id" in state.attrib}
    for name, level in GRAPH.levels.items():
        said = by_id[name].get(own("drug")), by_id[name].get(own("dose_mg")), by_id[name].get(own("standing"))
        assert said == (level.drug, f"{level.mg:g}", level.standing)
    for name, hold in GRAPH.holds.items():
        said_hold = by_id[name].get(own("reason")), by_id[name].get(own("holds"))
        assert said_hold == (hold.reason, " ".join(hold.drugs))
    assert root.get(own("fingerprint")) == GRAPH.fingerprint
    assert root.get(own("symbols")) == " ".join(GRAPH.symbols)


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
    raised, orders = edge.raised, edge.orders
    return (edge.source, edge.symbol, edge.targets, edge.guard, bool(edge.condition), raised, orders, edge.rules)


def test_scxml_holds_every_transition_once() -> None:
    root, _ = read_scxml()
    tag = f"{{{scxml.SCXML}}}transition"
    found = [
        (int(e.attrib[own("edge")]), scxml_edge(state.attrib["id"], e))
        for state in root.iter()
        for e in state.findall(tag)
    ]
    assert sorted(found) == [(edge.number, graph_edge(edge)) for edge in GRAPH.edges]


def xstate_states(state: dict[str, Any], parent: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, child in state.get("states", {}).items():
        assert child["id"] == name
        yield parent, child
        yield from xstate_states(child, name)


def test_xstate_loses_no_state_and_holds_every_transition_once() -> None:
    config = json.loads(xstate.write(GRAPH))
    states = list(xstate_states(config))
    assert [(state["id"], parent) for parent, state in states] == [(node.id, node.parent) for node in GRAPH.nodes]
    found = [
        (transition["meta"]["edge"], xstate_edge(state["id"], symbol, transition))
        for _, state in states
        for symbol, transitions in state.get("on", {}).items()
        for transition in transitions
    ]
    assert sorted(found) == [(edge.number, graph_edge(edge)) for edge in GRAPH.edges]
    assert config["meta"]["fingerprint"] == GRAPH.fingerprint
    meta = {state["id"]: state["meta"] for _, state in states if "meta" in state}
    assert meta == {
        **{
            name: {"drug": level.drug, "dose_mg": level.mg, "standing": level.standing}
            for name, level in GRAPH.levels.items()
        },
        **{name: {"reason": hold.reason, "holds": list(hold.drugs)} for name, hold in GRAPH.holds.items()},
    }


# --- Guards ---------------------------------------------------------------------------------------------------


def holds(condition: Condition, active: frozenset[str]) -> bool:
    if isinstance(condition, Leaf):
        return (condition.state in active) == condition.active
    return (all if condition.every else any)(holds(part, active) for part in condition.parts)


def python_of(tree: dict[str, Any]) -> str:
    """A guard as XState is given it, in the words of the chart."""
    if "in" in tree:
        return f"In('{tree['in']}')"
    if "not" in tree:
        return f"(not {python_of(tree['not'])})"
    joint, parts = next(iter(tree.items()))
    word = {"all": " and ", "any": " or "}[joint]
    return f"({word.join(map(python_of, parts))})"


EXPRESSIONS = [
    *sorted({edge.condition for edge in GRAPH.edges if edge.condition}),
    "not (In('a') and not In('b'))",
    "not (In('a') or In('b') and not (In('c') or not In('d')))",
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_guard_means_the_same_in_every_spelling(expression: str) -> None:
    condition = parse(expression)
    plain = condition_of(expression)
    javascript = scxml.expression(condition).replace("&&", "and").replace("||", "or")
    as_chart = condition_of(re.sub(r"(In\('\w+'\)) == false", r"not \1", javascript))
    as_tree = condition_of(python_of(xstate.tree(condition)))
    leaves = sorted(set(re.findall(r"In\('(\w+)'\)", expression)))
    choose = random.Random(expression)
    for _ in range(200):
        active = frozenset(leaf for leaf in leaves if choose.random() < choose.choice([0.05, 0.5]))
        assert holds(condition, active) == plain(active) == as_chart(active) == as_tree(active)


@pytest.mark.parametrize("expression", ["In('a') == 1", "x", "In('a', 'b')", "In('a') if In('b') else In('c')"])
def test_a_guard_of_other_things_is_refused(expression: str) -> None:
    with pytest.raises(ChartError, match="not made of In"):
        parse(expression)


def test_a_guard_name_with_two_meanings_is_refused() -> None:
    first, second = [edge for edge in GRAPH.edges if edge.guard == "ixazomib at its floor"][:2]
    other = dataclasses.replace(first, condition="In('screening')")
    with pytest.raises(ChartError, match="stands for two conditions"):
        named(dataclasses.replace(GRAPH, edges=(other, second)))
    assert isinstance(named(GRAPH)["nothing holds ixazomib"], Joint)


def test_what_has_no_safe_spelling_is_refused() -> None:
    edge = dataclasses.replace(GRAPH.edges[0], rules=("it's",))
    with pytest.raises(ChartError, match="cannot stand in an SCXML expression"):
        scxml.write(dataclasses.replace(GRAPH, edges=(edge,)))


# --- The command ----------------------------------------------------------------------------------------------


def options(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(arguments)


def written(name: str) -> str:
    if name == "xstate-setup":
        return xstate.setup_module()
    return scxml.write(GRAPH) if name == "scxml" else xstate.write(GRAPH)


@pytest.mark.parametrize("name", command.FORMATS)
def test_the_command_writes_each_format(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run(options(name)) == 0
    assert capsys.readouterr().out == written(name)
    file = tmp_path / "export"
    assert command.run(options(name, "-o", str(file))) == 0
    assert file.read_bytes() == written(name).encode()
    assert capsys.readouterr().out == ""


def test_the_command_refuses_what_it_cannot_do(tmp_path: Path) -> None:
    with pytest.raises(RulesError):
        command.run(options("scxml", "--edition", "none"))
    with pytest.raises(OutputError):
        command.run(options("scxml", "-o", str(tmp_path / "no" / "file")))
    with pytest.raises(SystemExit):
        options("uml")


@pytest.mark.parametrize("name", command.FORMATS)
def test_the_bytes_are_the_same_in_every_process(name: str) -> None:
    program = f"from ixastate.exports import command; print(command.text({name!r}, 'dosing-text'), end='')"
    for seed in ("0", "1", "4242"):
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONUTF8": "1"}
        run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True)
        assert run.stdout == written(name).encode()
