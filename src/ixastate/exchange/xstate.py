"""The chart as an XState 5 machine config in JSON, by which XState runs the same machine.

The text is as it stands the config that `createMachine` takes. Guards are names; the root's `meta.guards` has each one
as a tree of `in`, `not`, `all` and `any`. The actions are `cite` (the rules of the
transition), `order` (what it asks for) and `raise` (what it sends to the other regions). `setup_module` is the small
JavaScript module that gives these names their meaning with XState's own `stateIn`, `and`, `or`, `not`, `raise` and
`emit`.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from ixastate.chart.guards import All, AnyOf, Guard, Leaf
from ixastate.errors import ChartError
from ixastate.table.graph import Edge, Graph, Node

ROOT = "ixastate"


def write(graph: Graph) -> str:
    """The whole chart as the JSON of an XState 5 machine config."""
    config = {
        "id": ROOT,
        "initial": graph.initial[0],
        "meta": {
            "edition": graph.edition.name,
            "fingerprint": graph.fingerprint,
            "symbols": list(graph.symbols),
            "raised": list(graph.internal),
            "guards": {name: tree(guard) for name, guard in named_guards(graph).items()},
        },
        "states": _children(graph, ""),
    }
    return json.dumps(config, indent=2, ensure_ascii=False) + "\n"


def setup_module() -> str:
    """The JavaScript module whose `machineFrom(config)` makes a config runnable."""
    return files("ixastate.exchange").joinpath("xstate_setup.mjs").read_text(encoding="utf-8")


def named_guards(graph: Graph) -> dict[str, Guard]:
    """Every guard of a graph by its name; `ChartError` when one name stands for two guards."""
    found: dict[str, Guard] = {}
    for edge in graph.edges:
        if edge.guard and found.setdefault(edge.guard.name, edge.guard) != edge.guard:
            raise ChartError(f"the guard name {edge.guard.name!r} stands for two guards", where=str(edge))
    return dict(sorted(found.items()))


def tree(guard: Guard) -> dict[str, Any]:
    """A guard as JSON: `{"in": state}`, `{"not": …}`, `{"all": […]}` or `{"any": […]}`."""
    match guard:
        case Leaf(states=states, active=True):
            return _joined("any", [{"in": state} for state in states])
        case Leaf(states=states):
            return _joined("all", [{"not": {"in": state}} for state in states])
        case All(joined=joined):
            return {"all": [tree(part) for part in joined]}
        case AnyOf(joined=joined):
            return {"any": [tree(part) for part in joined]}
    raise ChartError(f"the guard {guard.name!r} is of no known kind", where="xstate")


def _joined(word: str, tests: list[dict[str, Any]]) -> dict[str, Any]:
    return tests[0] if len(tests) == 1 else {word: tests}


def _children(graph: Graph, parent: str) -> dict[str, Any]:
    return {node.id: _state(graph, node) for node in graph.nodes if node.parent == parent}


def _state(graph: Graph, node: Node) -> dict[str, Any]:
    # An id of its own lets any transition name the state as `#id`, wherever it lies.
    state: dict[str, Any] = {"id": node.id}
    if node.kind in ("parallel", "final"):
        state["type"] = node.kind
    if node.kind == "region":
        state["initial"] = next(child.id for child in graph.nodes if child.parent == node.id and child.initial)
    if level := graph.levels.get(node.id):
        state["meta"] = {"drug": level.drug, "dose_mg": level.mg, "standing": level.standing}
    if hold := graph.holds.get(node.id):
        state["meta"] = {"reason": hold.reason, "holds": list(hold.drugs)}
    answers: dict[str, list[dict[str, Any]]] = {}
    for edge in graph.edges:
        if edge.source == node.id:
            answers.setdefault(edge.symbol, []).append(_transition(edge))
    if answers:
        state["on"] = answers
    if node.kind in ("parallel", "region"):
        state["states"] = _children(graph, node.id)
    return state


def _transition(edge: Edge) -> dict[str, Any]:
    transition: dict[str, Any] = {}
    if edge.targets:
        targets = [f"#{target}" for target in edge.targets]
        transition["target"] = targets if len(targets) > 1 else targets[0]
    if edge.guard:
        transition["guard"] = edge.guard.name
    actions: list[dict[str, Any]] = [{"type": "cite", "params": {"rules": list(edge.rules)}}]
    actions += [{"type": "order", "params": order.as_json()} for order in edge.orders]
    actions += [{"type": "raise", "params": {"event": raised}} for raised in edge.raised]
    return transition | {"actions": actions, "meta": {"edge": edge.number}}
