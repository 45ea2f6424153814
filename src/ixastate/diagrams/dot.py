"""A Drawing as DOT, the same bytes in every process.

Labels are plain text: some engines draw HTML labels wrongly. An arrow with several ends is drawn through its own
label, which stands where its lines meet.
"""

from __future__ import annotations

from graphviz import Digraph  # type: ignore[import-untyped]

from ixastate.diagrams.labels import wrapped
from ixastate.diagrams.model import Arrow, Box, Drawing, Frame
from ixastate.diagrams.style import ARROWS, BLACK, BOXES, FONT, GREY, PALE

LEGEND_WIDTH = 118


def write(drawing: Drawing, *, cases: str = "", pictures: str = "") -> str:
    """The DOT text of a drawing.

    `cases` is where the rules' worked cases are, as seen from the picture, and `pictures` the suffix of the other
    pictures beside it; links are left out where these are ''.
    """
    return _Writer(drawing, cases, pictures).text()


class _Writer:
    def __init__(self, drawing: Drawing, cases: str, pictures: str) -> None:
        self.drawing = drawing
        self.cases = cases
        self.pictures = pictures
        self.frames = {frame.id: frame for frame in drawing.frames}
        self.hubs = {f"arrow {number}": arrow for number, arrow in enumerate(drawing.arrows) if arrow.kind not in ("stay", "enter")}
        notes: dict[str,list[Arrow]] = {}
        for arrow in drawing.arrows:
            if arrow.kind == "stay":
                notes.setdefault(arrow.sources[0], []).append(arrow)
        self.notes = notes

    def text(self) -> str:
        drawing = self.drawing
        graph = Digraph(drawing.name)
        graph.attr("graph", **self._graph_attributes())
        graph.attr("node", fontname=FONT, fontsize="12", margin="0.12,0.07", height="0.3")
        graph.attr("edge", fontname=FONT, fontsize="9", arrowsize="0.75")
        self._fill(graph, "")
        for row in drawing.rows:
            with graph.subgraph() as side_by_side:
                side_by_side.attr(rank="same")
                for box_id in row:
                    side_by_side.node(box_id)
        for number, arrow in enumerate(drawing.arrows):
            if arrow.kind != "stay":
                self._arrow(graph, f"arrow {number}", arrow)
        source: str = graph.source
        return source

    def _graph_attributes(self) -> dict[str, str]:
        lines = [self.drawing.title, *(line for part in self.drawing.legend for line in wrapped(part, LEGEND_WIDTH))]
        attributes = {
            "label": "".join(f"{line}\\l" for line in lines),
            "labelloc": "b",
            "labeljust": "l",
            "fontname": FONT,
            "fontsize": "11",
            "fontcolor": "#333333",
            "rankdir": self.drawing.direction,
            "compound": "true",
            "nodesep": "0.3",
            "ranksep": "0.4",
            "pad": "0.2",
            "bgcolor": "white",
            "tooltip": self.drawing.title,
        }
        if self.drawing.packed:
            attributes |= {"pack": "24", "packmode": "graph"}
        return attributes

    def _fill(self, graph: Digraph, inside: str) -> None:
        """The boxes, meeting points and frames that lie directly inside a frame ('' is the picture)."""
        for box in self.drawing.boxes:
            if box.frame == inside:
                self._box(graph, box)
        for hub, arrow in self.hubs.items():
            if self._home(arrow) == inside:
                graph.node(
                    hub, arrow.label, shape="plaintext", fontsize="9", height="0.1", margin="0.04,0.02", **_tip(arrow)
                )
        for box_id, arrows in self.notes.items():
            if self.drawing.frame_of[box_id] == inside:
                self._note(graph, box_id, arrows)
        for frame in self.drawing.frames:
            if frame.parent == inside:
                with graph.subgraph(name=f"cluster_{frame.id}") as inner:
                    inner.attr(**self._frame_attributes(frame))
                    self._fill(inner, frame.id)

    def _frame_attributes(self, frame: Frame) -> dict[str, str]:
        return {
            "label": frame.label,
            "labelloc": "t",
            "labeljust": "l",
            "fontsize": "12",
            "fontcolor": GREY if frame.quiet else BLACK,
            "color": PALE if frame.quiet else GREY,
            "style": "rounded",
            "penwidth": "0.8" if frame.quiet else "1.4",
            "margin": "12",
            "tooltip": frame.label or frame.id,
        }

    def _box(self, graph: Digraph, box: Box) -> None:
        attributes = {"tooltip": _escaped(box.tooltip or box.label), **BOXES[box.kind]}
        if box.link and box.link != self.drawing.name and self.pictures:
            attributes["URL"] = box.link + self.pictures
        if "label" not in attributes:
            attributes["label"] = _escaped(box.label)
        graph.node(box.id, **attributes)

    def _note(self, graph, box_id, arrows):
        """A note beside a box: what it understands without being left."""
        label = "".join(line + "\\l" for arrow in arrows for line in arrow.label.split("\n"))
        note = f"note {box_id}"
        with graph.subgraph() as side_by_side:
            side_by_side.attr(rank="same")
            side_by_side.node(box_id)
            side_by_side.node(note, label, shape="note", style="dotted", fontsize="9", color=GREY, fontcolor="#333333", margin="0.06,0.03", height="0.1", **_tip(arrows[0]))
            side_by_side.edge(box_id, note, style="dotted", color=GREY, arrowhead="none")

    def _arrow(self, graph: Digraph, hub: str, arrow: Arrow) -> None:
        look = {**ARROWS[arrow.kind], **_tip(arrow)}
        if arrow.rule and self.cases:
            look["URL"] = f"{self.cases}{arrow.rule}.md"
        if hub not in self.hubs:
            # Spaces around a label keep it off its own line.
            label = "\n".join(f" {line} " for line in arrow.label.split("\n")) if arrow.label else ""
            self._line(graph, arrow.sources[0], arrow.targets[0], look | {"label": _escaped(label)})
            return
        for source in arrow.sources:
            self._line(graph, source, hub, look | {"arrowhead": "none"})
        for target in arrow.targets:
            self._line(graph, hub, target, look)

    def _line(self, graph: Digraph, source: str, target: str, look: dict[str, str]) -> None:
        """A line between boxes; at a frame it is drawn to a box inside and cut at the border."""
        clipped = {"ltail": f"cluster_{source}"} if source in self.frames else {}
        clipped |= {"lhead": f"cluster_{target}"} if target in self.frames else {}
        graph.edge(self._anchor(source), self._anchor(target), **look, **clipped)

    def _anchor(self, end: str) -> str:
        inside = self.drawing.inside(end) if end in self.frames else (end,)
        return inside[len(inside) // 2]

    def _home(self, arrow: Arrow) -> str:
        """The innermost frame around all ends of an arrow."""
        lines = [self.drawing.around(end) for end in (*arrow.sources, *arrow.targets)]
        return next(frame for frame in lines[0] if all(frame in line for line in lines))


def _tip(arrow: Arrow) -> dict[str, str]:
    tip = _escaped(arrow.tooltip or arrow.label or "begins here")
    return {"tooltip": tip, "labeltooltip": tip} if len(arrow.sources) == len(arrow.targets) == 1 else {"tooltip": tip}


def _escaped(text: str) -> str:
    return text.replace("\n", "\\n")
