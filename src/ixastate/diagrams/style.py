"""Colours and line styles: the look of each kind of box and arrow.

The colours are those of Okabe and Ito, which people with any colour vision can tell apart; the fills are pale tints of
them. No difference is shown by colour alone: borders (solid, dashed, dotted, double), line styles and weights show it
in a grey print too.
"""

from __future__ import annotations

from ixastate.diagrams.model import ArrowKind, BoxKind
from ixastate.symbols import NEUROPATHY, NEUTROPENIA, NEW_CYCLE, OTHER, RASH, THROMBOCYTOPENIA

# Helvetica, Arial and their free twins have the same widths, so a label fits its box whatever font is at hand.
FONT = "Helvetica,Arial,sans-serif"
BLACK, DARK, GREY, PALE, FAINT = "#000000", "#333333", "#666666", "#999999", "#B5B5B5"
GREEN, BLUE, VERMILLION = "#009E73", "#0072B2", "#D55E00"
# Orange, purple and green darkened, where thin lines must be seen on white.
DARK_ORANGE, DARK_PURPLE, DARK_GREEN = "#B37B00", "#A0527E", "#007556"

# The rest of the palette, for pictures that must tell many reasons apart.
ORANGE, SKY, YELLOW, PURPLE = "#E69F00", "#56B4E9", "#F0E442", "#CC79A7"
# A dose that is given is green, the deeper the higher; each reason for a hold has a colour of its own.
DOSE_GREENS = ("#00634A", GREEN, "#8FD3BF")
HOLD_COLOURS = {
    NEUTROPENIA.reason: ORANGE,
    THROMBOCYTOPENIA.reason: PURPLE,
    NEUROPATHY.reason: BLUE,
    RASH.reason: VERMILLION,
    OTHER.reason: YELLOW,
    NEW_CYCLE.reason: SKY,
}
DRUG_COLOURS = {"ixazomib": GREEN, "lenalidomide": BLUE, "dexamethasone": GREY}

BOXES: dict[BoxKind, dict[str, str]] = {
    "given": {"shape": "box", "style": "rounded,filled", "color": GREEN, "fillcolor": "#E3F4EE", "penwidth": "1.6"},
    "clear": {"shape": "box", "style": "rounded,filled", "color": GREEN, "fillcolor": "#FFFFFF", "penwidth": "1.6"},
    "pending": {
        "shape": "octagon",
        "style": "filled",
        "color": BLUE,
        "fillcolor": "#FFFFFF",
        "penwidth": "1.6",
    },
    "open": {"shape": "box", "style": "rounded,filled", "color": BLUE, "fillcolor": "#E0EEF7", "penwidth": "1.6"},
    "held": {"shape": "box", "style": "filled,dashed", "color": DARK_ORANGE, "fillcolor": "#F9DFA8", "penwidth": "2"},
    "owing": {
        "shape": "box",
        "style": "filled,dotted",
        "color": DARK_PURPLE,
        "fillcolor": "#F3DCE9",
        "penwidth": "2.6",
    },
    "before": {
        "shape": "box",
        "ordering": "out",
        "style": "rounded,filled",
        "color": BLACK,
        "fillcolor": "#FFFFFF",
        "penwidth": "1.2",
    },
    "treatment": {"shape": "box", "style": "filled", "color": GREEN, "fillcolor": "#E3F4EE", "penwidth": "1.6"},
    "final": {
        "shape": "box",
        "style": "filled",
        "color": BLACK,
        "fillcolor": "#E6E6E6",
        "peripheries": "2",
        "penwidth": "1.6",
    },
    # What a path did not touch.
    "dim": {
        "shape": "box",
        "style": "rounded,filled",
        "color": FAINT,
        "fillcolor": "#FFFFFF",
        "fontcolor": FAINT,
        "penwidth": "1",
    },
    "entry": {
        "shape": "circle",
        "style": "filled",
        "color": BLACK,
        "fillcolor": BLACK,
        "width": "0.12",
        "height": "0.12",
        "label": "",
    },
}
ARROWS: dict[ArrowKind, dict[str, str]] = {
    "go": {"color": BLACK, "penwidth": "1.3"},
    "enter": {"color": BLACK, "penwidth": "1"},
    "hold": {"color": DARK_ORANGE, "style": "dashed", "penwidth": "1.7"},
    "back": {"color": DARK_GREEN, "penwidth": "1.5"},
    "stop": {"color": VERMILLION, "penwidth": "2.8", "arrowsize": "0.8"},
    "dim": {"color": FAINT, "penwidth": "0.8", "arrowsize": "0.6"},
    "stay": {"color": GREY, "style": "dotted", "penwidth": "1.4", "arrowsize": "0.7"},
}
