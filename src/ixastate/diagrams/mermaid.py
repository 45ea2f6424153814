"""A Drawing as a Mermaid flowchart, which many pages and editors draw from its text.

The shapes have the same meaning as in DOT: rounded is given, dashed held, dotted owing, a double border the end. A
dotted arrow begins a hold, a thick one stops treatment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from ixastate.diagrams.model import ArrowKind, Box, BoxKind, Drawing
from ixastate.diagrams.style import BLACK, BOXES

LINES: dict[ArrowKind, str] = {
    "go": "-->",
    "enter": "-->",
    "hold": "-.->",
    "back": "-->",
    "stop": "==>",
    "stay": "-.->",
    "dim": "-->",
}
DASHES = {"dashed": ",stroke-dasharray:6 4", "dotted": ",stroke-dasharray:2 3"}
# What Mermaid would read as its own: entities, HTML, a line break, directives, Markdown and formulas.
MARKS = str.maketrans(
    {"\n": "<br/>", "&": "#amp;", '"': "#quot;", "<": "#lt;", ">": "#gt;"}
    | {mark: f"#{ord(mark)};" for mark in "#\\%`*~$"}
)


def write(drawing: Drawing) -> str:
    """The Mermaid text of a drawing; its legend stands as comments."""
    lines = ["---", f"title: {json.dumps(drawing.title, ensure_ascii=False)}", "---", f"flowchart {drawing.direction}"]
    lines += [f"%% {part}" for part in drawing.legend]
    lines += _inside(drawing, "", "  ")
    for arrow in drawing.arrows:
        label = f"|{_quoted(arrow.label)}|" if arrow.label else ""
        lines.append(f"  {_ends(arrow.sources)} {LINES[arrow.kind]}{label} {_ends(arrow.targets)}")
    kinds = dict.fromkeys(box.kind for box in drawing.boxes)
    return "\n".join([*lines, *(_class(kind) for kind in kinds)]) + "\n"


def _inside(drawing: Drawing, frame_id: str, indent: str) -> list[str]:
    lines = [f"{indent}{_box(box)}" for box in drawing.boxes if box.frame == frame_id]
    for frame in drawing.frames:
        if frame.parent == frame_id:
            lines.append(f"{indent}subgraph {_id(frame.id)}[{_quoted(frame.label)}]")
            lines += [*_inside(drawing, frame.id, indent + "  "), f"{indent}end"]
    return lines


def _box(box: Box) -> str:
    label = _quoted(box.label or "●")
    shapes = {"final": f"[[{label}]]", "held": f"[{label}]", "owing": f"[{label}]", "pending": f"{{{{{label}}}}}"}
    shape = shapes.get(box.kind, f"({label})")
    return f"{_id(box.id)}{shape}:::{box.kind}"


def _class(kind: BoxKind) -> str:
    look = BOXES[kind]
    dashes = next((dash for style, dash in DASHES.items() if style in look["style"]), "")
    fill = look["fillcolor"]
    colour = look.get("fontcolor", "#FFFFFF" if fill == BLACK else BLACK)
    return f"  classDef {kind} fill:{fill},stroke:{look['color']},color:{colour}{dashes}"


def _ends(ids: Sequence[str]) -> str:
    return " & ".join(map(_id, ids))


def _id(name: str) -> str:
    return re.sub(r"\W", "_", name)


def _quoted(text: str) -> str:
    return '"' + text.translate(MARKS) + '"'
