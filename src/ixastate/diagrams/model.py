"""A Drawing: a picture as data, before any file format. Boxes, arrows and frames, frozen and in a fixed order.

Every view makes a `Drawing`; every format is written from one. A Drawing knows neither the chart nor how it is drawn:
it holds ids, words and what they mean, and never a colour, an address or a set.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

from ixastate.registry import Picture, find

View = Literal["chart", "region", "bedside", "slice", "path", "rule", "slot"]
VIEWS: tuple[View, ...] = get_args(View)
# The suffixes of the files that a picture can be written to.
SUFFIXES = (".dot", ".mmd", ".svg", ".png", ".pdf")
BoxKind = Literal["given", "held", "owing", "clear", "pending", "open", "before", "treatment", "final", "entry", "dim"]
ArrowKind = Literal["go", "hold", "back", "stop", "stay", "enter", "dim"]

# How a line is routed: along the direction of the picture, against it, or beside it, without an effect on the ranks.
Routing = Literal["along", "against", "beside"]


@dataclass(frozen=True)
class Box:
    """One state of a picture. `tooltip` explains it in full; `link` names another picture or ''."""

    id: str
    label: str
    kind: BoxKind
    frame: str = ""
    tooltip: str = ""
    link: str = ""


@dataclass(frozen=True)
class Frame:
    """A border around boxes and other frames. `quiet` frames only group; the others are states themselves.

    `leave_at` is the box inside from which lines out of the frame begin, `corner` the place of its label.
    """

    id: str
    label: str
    parent: str = ""
    quiet: bool = False
    leave_at: Literal["first", "last"] = "last"
    corner: Literal["left", "right"] = "left"


@dataclass(frozen=True)
class Arrow:
    """One line of a picture, from every source to every target; an end is a box, or a frame for each box in it.

    `stands_for` numbers what is drawn: edges of the Graph in views of the chart, moves of the table in the bedside
    view, each of which is a witness, and records in a path. `rule` is the rule to read first, or ''. `width` is that
    of the line in points, or 0 for the usual one of its kind. `symbols` is the part of the label that names the
    symbols, in views of the chart.
    """

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    label: str
    kind: ArrowKind = "go"
    tooltip: str = ""
    rule: str = ""
    stands_for: tuple[int, ...] = ()
    routing: Routing = "along"
    width: float = 0
    symbols: str = ""


@dataclass(frozen=True, repr=False)
class Drawing:
    """A whole picture. `columns` are frames that stand one above the other."""

    name: str
    title: str
    legend: tuple[str, ...]
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    frames: tuple[Frame, ...] = ()
    direction: Literal["TB", "LR"] = "TB"
    columns: tuple[tuple[str, ...], ...] = ()

    def __repr__(self) -> str:
        return f"<Drawing {self.name}: {len(self.boxes)} boxes, {len(self.arrows)} arrows>"

    def _repr_svg_(self) -> str | None:
        """What a notebook shows; None, and so the text, where nothing can draw."""
        picture: Picture = find("picture of a drawing")(self)
        return picture._repr_svg_()

    @cached_property
    def frame_of(self) -> dict[str, str]:
        """The frame around each box and each frame ('' for none)."""
        return {box.id: box.frame for box in self.boxes} | {frame.id: frame.parent for frame in self.frames}

    def around(self, end: str) -> list[str]:
        """The frames around a box or a frame, from the inside out; '' is the picture itself."""
        line = [self.frame_of[end]]
        while line[-1]:
            line.append(self.frame_of[line[-1]])
        return line

    def inside(self, end: str) -> tuple[str, ...]:
        """The boxes that an end of an arrow stands for: itself, or every box in the frame."""
        if not any(frame.id == end for frame in self.frames):
            return (end,)
        return tuple(box.id for box in self.boxes if end in self.around(box.id))

    def pairs(self, arrow: Arrow) -> Iterator[tuple[str, str]]:
        """Every box and the box that the arrow leads it to."""
        for source in arrow.sources:
            for target in arrow.targets:
                yield from ((before, after) for before in self.inside(source) for after in self.inside(target))
