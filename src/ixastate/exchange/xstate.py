"""The chart as XState: the machine config that makes XState 5 walk the same course.

The text is JSON, and as it stands the config that `createMachine` takes. Guards are names; what each one says is in
the root's `meta.guards` as a tree of `in`, `not`, `all` and `any`. The actions are `cite` (the rules of the
transition), `order` (what it asks for) and `raise` (what it sends to the other regions). `setup_module` is the small
JavaScript module that gives these names their meaning with XState's own `stateIn`, `and`, `or`, `not`, `raise` and
`emit`.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from ixastate.exchange.condition import Condition, Leaf, named
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
            "guards": {name: tree(condition) for name, condition in named(graph).items()},
        },
        "states": _children(graph, ""),
    }
    return json.dumps(config, indent=2, ensure_ascii=False) + "\n"


def setup_module() -> str:
    """The JavaScript module whose `machineFrom(config)` makes a config runnable."""
    return files("ixastate.exchange").joinpath("xstate_setup.mjs").read_text(encoding="utf-8")


def tree(condition: Condition) -> dict[str, Any]:
    """A condition as JSON: `{"in": state}`, `{"not": …}`, `{"all": […]}` or `{"any": […]}`."""
    if isinstance(condition, Leaf):
        test = {"in": condition.state}
        return test if condition.active else {"not": test}
    return {"all" if condition.every else "any": [tree(part) for part in condition.parts]}


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
