"""The chart as a W3C SCXML document, by which an SCXML engine runs the same machine.

States, transitions, guards and raised symbols are plain SCXML. The rules and orders of a transition are `<log>`
elements, so that an engine reports them when it takes the transition: `rules` with the rule ids, and `order` with the
verb, the drug and the dose in mg. What SCXML has no word for stands in attributes of the namespace `NAMESPACE`, which
engines pass over: no elements of our own, because engines refuse unknown executable content.

One document serves both the ECMAScript data model and python-statemachine's reader. The latter reads `&&`, `||` and
`false` but no `!`, so that "not active" is written `In('x') == false`. This module knows no engine's interface.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from ixastate.chart.guards import All, AnyOf, Guard, Leaf
from ixastate.errors import ChartError
from ixastate.orders import Order
from ixastate.table.graph import Edge, Graph, Node

SCXML = "http://www.w3.org/2005/07/scxml"
NAMESPACE = "urn:ixastate:chart:1"
# What may stand between quotes in an expression without any escape.
_PLAIN = re.compile(r"[\w. -]*", re.ASCII)


def write(graph: Graph) -> str:
    """The whole chart as one SCXML document; `ChartError` when something in it has no safe spelling."""
    root = ET.Element(
        "scxml",
        {
            "xmlns": SCXML,
            "xmlns:ixa": NAMESPACE,
            "version": "1.0",
            "datamodel": "ecmascript",
            "name": "ixastate",
            "initial": graph.initial[0],
            "ixa:edition": graph.edition.name,
            "ixa:fingerprint": graph.fingerprint,
            "ixa:symbols": " ".join(graph.symbols),
            "ixa:raised": " ".join(graph.internal),
        },
    )
    elements = {"": root}
    for node in graph.nodes:
        elements[node.id] = ET.SubElement(elements[node.parent], _tag(node), _state(graph, node))
        for edge in graph.edges:
            if edge.source == node.id:
                elements[node.id].append(_transition(edge))
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def expression(guard: Guard) -> str:
    """A guard in the words that ECMAScript and python-statemachine share."""
    match guard:
        case Leaf(states=states, active=True):
            return " || ".join(f"In({_quoted(state)})" for state in states)
        case Leaf(states=states):
            return " && ".join(f"In({_quoted(state)}) == false" for state in states)
        case All(joined=joined):
            return " && ".join(map(_in_brackets, joined))
        case AnyOf(joined=joined):
            return " || ".join(map(_in_brackets, joined))
    raise ChartError(f"the guard {guard.name!r} is of no known kind", where="scxml")


def _in_brackets(guard: Guard) -> str:
    """A guard within another; the test of one state needs no brackets."""
    single = isinstance(guard, Leaf) and len(guard.states) == 1
    return expression(guard) if single else f"({expression(guard)})"


def order_text(order: Order) -> str:
    """An order as its parts, separated by spaces: verb, drug and dose in mg."""
    return " ".join(part for part in (order.verb, order.drug, _dose(order.dose_mg)) if part)


def _tag(node: Node) -> str:
    return {"leaf": "state", "region": "state", "parallel": "parallel", "final": "final"}[node.kind]


def _state(graph: Graph, node: Node) -> dict[str, str]:
    parts = {"id": node.id}
    if node.kind == "region":
        parts["initial"] = next(child.id for child in graph.nodes if child.parent == node.id and child.initial)
    if level := graph.levels.get(node.id):
        parts |= {"ixa:drug": level.drug, "ixa:dose_mg": _dose(level.mg), "ixa:standing": level.standing}
    if hold := graph.holds.get(node.id):
        parts |= {"ixa:reason": hold.reason, "ixa:holds": " ".join(hold.drugs)}
    return parts


def _transition(edge: Edge) -> ET.Element:
    parts = {"event": edge.symbol}
    if edge.guard:
        parts["cond"] = expression(edge.guard)
    if edge.targets:
        parts["target"] = " ".join(edge.targets)
    parts["ixa:edge"] = str(edge.number)
    if edge.guard:
        parts["ixa:guard"] = edge.guard.name
    element = ET.Element("transition", parts)
    ET.SubElement(element, "log", {"label": "rules", "expr": _quoted(" ".join(edge.rules))})
    for order in edge.orders:
        log = ET.SubElement(element, "log", {"label": "order", "expr": _quoted(order_text(order))})
        log.attrib |= {f"ixa:{name}": value for name, value in _order(order).items()}
    for raised in edge.raised:
        ET.SubElement(element, "raise", {"event": raised})
    return element


def _order(order: Order) -> dict[str, str]:
    parts = {"verb": order.verb, "drug": order.drug, "dose_mg": _dose(order.dose_mg)}
    return {name: value for name, value in parts.items() if value}


def _dose(mg: float) -> str:
    return f"{mg:g}" if mg else ""


def _quoted(text: str) -> str:
    if not _PLAIN.fullmatch(text):
        raise ChartError(f"{text!r} cannot stand in an SCXML expression", remedy="use letters, digits, . _ and -")
    return f"'{text}'"
