"""What a guard says, free of any syntax: the tree that every export spells in its own way.

A guard's expression is made of In, and, or, not. Here `not` is pushed down to the leaves, because not every foreign
language has a word for it. This module knows no format.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ixastate.errors import ChartError
from ixastate.table.graph import Graph


@dataclass(frozen=True)
class Leaf:
    """A test of one state: that it is active, or that it is not."""

    state: str
    active: bool


@dataclass(frozen=True)
class Joint:
    """Several conditions of which all must hold, or any."""

    every: bool
    parts: tuple[Condition, ...]


Condition = Leaf | Joint


def parse(expression: str) -> Condition:
    """A guard's expression as a tree; `ChartError` for anything but In, and, or, not."""
    return _parse(ast.parse(expression, mode="eval").body, True, expression)


def _parse(node: ast.expr, holds: bool, whole: str) -> Condition:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "In" and len(node.args) == 1:
        return Leaf(ast.literal_eval(node.args[0]), holds)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return _parse(node.operand, not holds, whole)
    if isinstance(node, ast.BoolOp):
        # Under a negation, all become any, and any become all.
        every = isinstance(node.op, ast.And) == holds
        return Joint(every, tuple(_parse(value, holds, whole) for value in node.values))
    raise ChartError(f"the guard {whole!r} is not made of In, and, or, not", where="exports")


def named(graph: Graph) -> dict[str, Condition]:
    """Every guard of a graph by its name; `ChartError` when one name stands for two conditions."""
    expressions: dict[str, str] = {}
    for edge in graph.edges:
        if edge.condition and expressions.setdefault(edge.guard, edge.condition) != edge.condition:
            raise ChartError(f"the guard name {edge.guard!r} stands for two conditions", where=str(edge))
    return {name: parse(expression) for name, expression in sorted(expressions.items())}
