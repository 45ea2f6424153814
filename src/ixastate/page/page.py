"""One HTML file that holds everything: the tables of one or two editions, the scripts, the style and the pictures.

It asks for nothing from elsewhere, and its own policy forbids it: only the scripts and the style that stand in it run,
each named by its digest.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from string import Template

from ixastate.errors import InputError
from ixastate.page.picture import picture
from ixastate.page.tables import fingerprint, tables, written
from ixastate.rules import DEFAULT_EDITION
from ixastate.table.table import Table
from ixastate.version import __version__

# More editions side by side would be too small to read, and too large a file.
MOST_EDITIONS = 2
# In their order: each may ask those before it. Those of the machine touch no document.
MACHINE = ("units.js", "exact.js", "tables.js", "calendar.js", "meanings.js", "slots.js", "machine.js")
SCRIPTS = (*MACHINE, "words.js", "forms.js", "picture.js", "timeline.js", "ui.js")


def page(editions: Sequence[str] = (DEFAULT_EDITION,)) -> bytes:
    """The page of one edition, or of two side by side, in UTF-8; the same bytes each time.

    `InputError` for more editions or one that is named twice, `RulesError` for one that does not exist, `MissingExtra`
    where nothing can draw.
    """
    if not 1 <= len(set(editions)) == len(editions) <= MOST_EDITIONS:
        raise InputError("a page holds one edition or two different ones", where="page", remedy="name another edition")
    shown = [(tables(edition), picture(Table.of(edition))) for edition in editions]
    pictures = "\n".join(_figure(number, drawn["svg"], data["edition"]) for number, (data, drawn) in enumerate(shown))
    data = [data | {"picture": {name: part for name, part in drawn.items() if name != "svg"}} for data, drawn in shown]
    scripts, style = list(map(_text, SCRIPTS)), _text("page.css")
    stamp = fingerprint([one["fingerprint"] for one in data])
    names = " and ".join(one["edition"] for one in data)
    content = Template(_text("page.html")).substitute(
        title=escape(data[0]["title"]),
        about=escape(
            f"ixastate {__version__}, edition {names}. {data[0]['source']}. Fingerprint of the tables: {stamp[:16]}."
        ),
        digests=" ".join(map(_digest, scripts)),
        styles=_digest(style),
        style=style,
        pictures=pictures,
        # No sign of it may end the element that it stands in.
        data=written({"fingerprint": stamp, "editions": data}).replace("<", "\\u003c"),
        scripts="\n".join(f"<script>{script}</script>" for script in scripts),
    )
    return content.encode()


def _text(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """What a content security policy names an inline script or style by."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"


def _figure(number: int, svg: str, edition: str) -> str:
    """A picture as a part of the page; of two only the first is shown at first."""
    hidden = " hidden" if number else ""
    name = escape(edition)
    return (
        f'<div class="drawing" id="drawing-{number}" tabindex="0" role="group" aria-label="{name}"{hidden}>{svg}</div>'
    )
