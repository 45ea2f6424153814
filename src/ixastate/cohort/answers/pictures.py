"""The files of a run's figures by name, for those who ask whether they are there and draw nothing."""

from __future__ import annotations

from pathlib import Path

from ixastate.diagrams.render import PictureFormat

FORMATS: tuple[PictureFormat, ...] = ("png", "svg")
NAMES = ("occupancy", "swimmers", "dose-intensity")
# The chart with its traffic, and the note that says why it was not drawn.
CHART, LEFT_OUT = "traffic", "left-out.txt"
CHART_FILES = tuple(f"{CHART}.{kind}" for kind in ("dot", *FORMATS))


def all_there(folder: Path) -> bool:
    """Whether every figure is in a folder; instead of the chart there may be the note."""
    figures = all((folder / f"{name}.{kind}").is_file() for name in NAMES for kind in FORMATS)
    return figures and ((folder / LEFT_OUT).is_file() or all((folder / name).is_file() for name in CHART_FILES))


def shown(folder: Path) -> list[str]:
    """The names of the figures as PNG that are in a folder, in the order in which they are drawn."""
    return [name for name in (f"{one}.png" for one in (*NAMES, CHART)) if (folder / name).is_file()]
