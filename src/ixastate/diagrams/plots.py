"""The look of plots, and a plot as a file's content: what is drawn by matplotlib and not by Graphviz.

It needs matplotlib, which the extra `cohort` brings.
"""

from __future__ import annotations

import io
import warnings
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from ixastate.diagrams.render import DOTS_PER_INCH, PictureFormat
from ixastate.diagrams.style import BLACK, DARK, GREY

# The width of a plot in inches.
WIDTH = 10.0
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "ixastate",
    "font.family": ["DejaVu Sans"],
    "font.size": 9,
    "axes.edgecolor": GREY,
    "axes.labelcolor": DARK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "text.color": BLACK,
    "xtick.color": DARK,
    "ytick.color": DARK,
    "hatch.linewidth": 0.5,
    "legend.frameon": False,
}
# What would say when a file was made, and by which version.
_UNSAID: dict[PictureFormat, dict[str, None]] = {
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def as_bytes(figure: Figure, kind: PictureFormat) -> bytes:
    """A figure as a file's content, without dates and versions, so that the same figure gives the same bytes."""
    content = io.BytesIO()
    with matplotlib.rc_context(STYLE), warnings.catch_warnings():
        # A name may have signs that the font lacks; a box stands for each.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(content, format=kind, dpi=DOTS_PER_INCH, metadata=_UNSAID[kind])
    return content.getvalue()
