"""Pictures of objects: a course, a chart, a table or a slice, as something that a notebook shows and a file can hold.

    course_picture(course).save("course.svg")

A `Picture` is drawn when it is looked at, by whatever can draw here; its DOT text needs nothing. This module knows
which view belongs to which object. Of a course it reads the records alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ixastate.course.course import Record
from ixastate.diagrams import dot, mermaid
from ixastate.diagrams.bedside import bedside
from ixastate.diagrams.charts import chart
from ixastate.diagrams.model import SUFFIXES, Drawing
from ixastate.diagrams.path import path
from ixastate.diagrams.render import FORMATS, render
from ixastate.diagrams.slices import Slice, draw
from ixastate.diagrams.views import graph_of
from ixastate.errors import InputError, MissingExtra
from ixastate.files import write_whole
from ixastate.rules import Edition
from ixastate.symbols import Configuration
from ixastate.table.graph import Graph
from ixastate.table.table import Table


class HasRecords(Protocol):
    """What a path is drawn from: the records of one patient under an edition."""

    @property
    def records(self) -> Sequence[Record]:
        """The records of the course, oldest first."""

    @property
    def edition(self) -> Edition:
        """The rules of the course."""

    @property
    def patient(self) -> str | None:
        """Whose course it is."""

    @property
    def configuration(self) -> Configuration:
        """Where it stands now."""


@dataclass(frozen=True, repr=False)
class Picture:
    """A drawing that can be looked at: `svg` and `dot` are its texts, and `save` writes a file."""

    drawing: Drawing

    @property
    def dot(self) -> str:
        """The DOT text, the same bytes in every process."""
        return dot.write(self.drawing)

    @property
    def svg(self) -> str:
        """The SVG text; `MissingExtra` where nothing can draw, `OutputError` where drawing fails."""
        return render(self.dot, "svg").decode()

    def save(self, path: str | Path) -> None:
        """Write a file, whole or not at all. The suffix is the format: .dot, .mmd, .svg, .png or .pdf.

        `InputError` for another suffix, `OutputError` where the file cannot be written or drawn, and `MissingExtra`
        where nothing can draw.
        """
        path = Path(path)
        write_whole(path, self.encoded(path.suffix.lower(), where=str(path)))

    def encoded(self, suffix: str, *, where: str = "") -> bytes:
        """The bytes of a file with this suffix; `InputError` when no picture has it."""
        if suffix not in SUFFIXES:
            raise InputError(f"no picture ends in {suffix!r}", where=where, remedy=f"one of: {', '.join(SUFFIXES)}")
        if suffix == ".mmd":
            return mermaid.write(self.drawing).encode()
        kind = next((kind for kind in FORMATS if suffix == f".{kind}"), None)
        return render(self.dot, kind) if kind else self.dot.encode()

    def __repr__(self) -> str:
        return f"<Picture: {self.drawing.title}>"

    def _repr_svg_(self) -> str | None:
        """What a notebook shows; None, and so the text, where nothing can draw."""
        try:
            return self.svg
        except MissingExtra:
            return None


def course_picture(course: HasRecords) -> Picture:
    """The path of a course: every configuration that it visited, numbered and dated.

    A resumed course without records is the one configuration in which it stands.
    """
    graph = graph_of(course.edition.name)
    return Picture(path(graph, course.records, course.patient, course.configuration))


def graph_picture(graph: Graph) -> Picture:
    """The whole chart: every state and every transition."""
    return Picture(chart(graph))


def table_picture(table: Table) -> Picture:
    """The bedside view: the reachable configurations by the words that people use."""
    return Picture(bedside(table))


def slice_picture(part: Slice) -> Picture:
    """The machine under a few symbols alone."""
    return Picture(draw(part))
