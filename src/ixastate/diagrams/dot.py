"""A Drawing as DOT, the same bytes in every process.

Labels are plain text, shown as it is written: some engines draw HTML labels wrongly. A line runs through its own label,
so that no label can lie on another line; what leaves no state is gathered in a note beside its box.
"""

from __future__ import annotations

from itertools import pairwise

from graphviz import Digraph

from ixastate.diagrams.labels import wrapped
from ixastate.diagrams.model import Arrow, Box, Drawing, Frame
from ixastate.diagrams.style import ARROWS, BLACK, BOXES, DARK, FAINT, FONT, GREY, PALE

LEGEND_WIDTH = 125
SMALL = "10"


def write(drawing: Drawing, *, cases: str = "", pictures: str = "") -> str:
    """The DOT text of a drawing.

    `cases` is the folder of the rules' worked cases, as seen from the picture, and `pictures` the suffix of the other
    pictures beside it; without them there are no links.
    """
    return _Writer(drawing, cases, pictures).text()


class _Writer:
    def __init__(self, drawing: Drawing, cases: str, pictures: str) -> None:
        self.drawing = drawing
        self.cases = cases
        self.pictures = pictures
        self.frames = {frame.id: frame for frame in drawing.frames}
        # Each labelled arrow by the id of the node that is its label.
        self.labels = {
            f"arrow {number}": arrow
            for number, arrow in enumerate(drawing.arrows)
            if arrow.label and arrow.kind != "stay"
        }
        self.notes: dict[str, list[Arrow]] = {}
        for arrow in drawing.arrows:
            if arrow.kind == "stay":
                self.notes.setdefault(arrow.sources[0], []).append(arrow)

    def text(self) -> str:
        graph = Digraph(self.drawing.name)
        graph.attr("graph", **self._picture())
        graph.attr("node", fontname=FONT, fontsize="12", margin="0.12,0.07", height="0.3")
        graph.attr("edge", arrowsize="0.75")
        self._fill(graph, "")
        for label, arrow in self.labels.items():
            self._arrow(graph, label, arrow)
        for arrow in self.drawing.arrows:
            if not arrow.label:
                self._line(graph, arrow.sources[0], arrow.targets[0], self._look(arrow))
        self._columns(graph)
        source: str = graph.source
        return source

    def _picture(self) -> dict[str, str]:
        words = (self.drawing.title, *self.drawing.legend)
        attributes = {
            "label": "".join(f"{_escaped(line)}\\l" for part in words for line in wrapped(part, LEGEND_WIDTH)),
            "labelloc": "b",
            "labeljust": "l",
            "fontname": FONT,
            "fontsize": "12",
            "fontcolor": DARK,
            "rankdir": self.drawing.direction,
            "compound": "true",
            "nodesep": "0.3",
            "ranksep": "0.3",
            "pad": "0.2",
            "bgcolor": "white",
            "tooltip": _tooltip(self.drawing.title),
        }
        # Without newrank, lines between frames do not keep one below the other.
        return attributes | {"newrank": "true"} if self.drawing.columns else attributes

    def _fill(self, graph: Digraph, inside: str) -> None:
        """What lies directly inside a frame ('' is the picture): boxes, labels of arrows, notes, and frames."""
        for box in self.drawing.boxes:
            if box.frame == inside:
                self._box(graph, box)
        for label, arrow in self.labels.items():
            if self._home(arrow) == inside:
                graph.node(label, **self._small(_escaped(arrow.label), [arrow]), shape="plaintext", margin="0.04,0.02")
        for box_id, arrows in self.notes.items():
            if self.drawing.frame_of[box_id] == inside:
                self._note(graph, box_id, arrows)
        for frame in self.drawing.frames:
            if frame.parent == inside:
                with graph.subgraph(name=f"cluster_{frame.id}") as inner:
                    inner.attr(**_border(frame))
                    self._fill(inner, frame.id)

    def _box(self, graph: Digraph, box: Box) -> None:
        attributes = {"label": _escaped(box.label), "tooltip": _tooltip(box.tooltip or box.label), **BOXES[box.kind]}
        if box.link and box.link != self.drawing.name and self.pictures:
            attributes["URL"] = box.link + self.pictures
        graph.node(box.id, **attributes)

    def _note(self, graph: Digraph, box_id: str, arrows: list[Arrow]) -> None:
        """What a box answers without being left, each entry with its further lines set in."""
        text = "".join(_escaped(arrow.label, "\\l   ") + "\\l" for arrow in arrows)
        note = f"note {box_id}"
        look = {"shape": "note", "style": "dotted", "color": GREY, "fontcolor": DARK, "margin": "0.06,0.03"}
        line = {"style": "dotted", "color": GREY, "arrowhead": "none"}
        if self.drawing.direction == "LR":
            graph.node(note, **self._small(text, arrows), **look)
            graph.edge(box_id, note, **line)
            return
        with graph.subgraph() as side_by_side:
            side_by_side.attr(rank="same")
            side_by_side.node(box_id)
            side_by_side.node(note, **self._small(text, arrows), **look)
            side_by_side.edge(box_id, note, **line)

    def _small(self, label: str, arrows: list[Arrow]) -> dict[str, str]:
        """A node that is text in small type, with the tooltip and the link of what it stands for."""
        tooltip = "\n\n".join(arrow.tooltip for arrow in arrows)
        faint = {"fontcolor": FAINT} if all(arrow.kind == "dim" for arrow in arrows) else {}
        return {
            **faint,
            "label": label,
            "fontsize": SMALL,
            "width": "0.1",
            "height": "0.1",
            "tooltip": _tooltip(tooltip),
            **self._link(arrows[0]),
        }

    def _link(self, arrow: Arrow) -> dict[str, str]:
        return {"URL": f"{self.cases}{arrow.rule}.md"} if arrow.rule and self.cases else {}

    def _look(self, arrow: Arrow) -> dict[str, str]:
        free = {"constraint": "false"} if arrow.routing == "beside" else {}
        if arrow.width:
            free["penwidth"] = f"{arrow.width:.2f}"
        # The label has the whole tooltip; a line of its own copy would double the file.
        return {**ARROWS[arrow.kind], "tooltip": _tooltip(arrow.label or "begins here"), **free}

    def _arrow(self, graph: Digraph, label: str, arrow: Arrow) -> None:
        """Lines from every source to the label, and from it to every target.

        A line that lies against the direction is written the other way round, so that it does not turn the ranks.
        """
        look = self._look(arrow)
        for source in arrow.sources:
            if arrow.routing == "against":
                self._line(graph, label, source, look | {"dir": "none"})
            else:
                self._line(graph, source, label, look | {"dir": "none"})
        for target in arrow.targets:
            if arrow.routing == "against":
                self._line(graph, target, label, look | {"dir": "back"})
            else:
                self._line(graph, label, target, look)

    def _line(self, graph: Digraph, source: str, target: str, look: dict[str, str]) -> None:
        """A line; at a frame it is drawn to a box inside and cut at the border."""
        cut = {"ltail": f"cluster_{source}"} if source in self.frames else {}
        cut |= {"lhead": f"cluster_{target}"} if target in self.frames else {}
        if source in self.frames:
            source = self.drawing.inside(source)[0 if self.frames[source].leave_at == "first" else -1]
        if target in self.frames:
            target = self.drawing.inside(target)[0]
        graph.edge(source, target, **look, **cut)

    def _home(self, arrow: Arrow) -> str:
        """The innermost frame around all ends of an arrow."""
        lines = [self.drawing.around(end) for end in (*arrow.sources, *arrow.targets)]
        return next(frame for frame in lines[0] if all(frame in line for line in lines))

    def _columns(self, graph: Digraph) -> None:
        """Unseen lines that keep a frame below another: past its boxes and the labels under them."""
        for column in self.drawing.columns:
            for above, below in pairwise(column):
                for box_id in self.drawing.inside(above):
                    graph.edge(box_id, self.drawing.inside(below)[0], style="invis", weight="0", minlen="3")


def _border(frame: Frame) -> dict[str, str]:
    return {
        "label": _escaped(frame.label),
        "labelloc": "t",
        "labeljust": frame.corner[0],
        "fontsize": "12",
        "fontcolor": GREY if frame.quiet else BLACK,
        "color": PALE if frame.quiet else GREY,
        "style": "rounded",
        "penwidth": "0.8" if frame.quiet else "1.4",
        "margin": "12",
        "tooltip": _tooltip(frame.label),
    }


def _escaped(text: str, new_line: str = "\\n") -> str:
    """A text as the label that shows it: DOT has escapes of its own, and reads the entities of HTML.

    A new line is written as two characters. What begins with `<` and ends with `>` would be taken for HTML.
    """
    plain = text.replace("&", "&amp;").replace("\\", "\\\\").replace("\n", new_line)
    return f"&lt;{plain[1:]}" if plain[:1] == "<" else plain


def _tooltip(text: str) -> str:
    """A text as the tooltip that shows it. Graphviz reads the escapes of a tooltip twice."""
    return _escaped(text.replace("\\", "\\\\"))
