"""HTML for notebooks: a small table with a title, escaped, without styles or scripts from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

_LEFT = ' style="text-align: left"'


class Text(str):
    """Text of several lines that a notebook and a prompt show as it is printed."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def html_table(title: str, rows: Iterable[Sequence[str]], head: Sequence[str] = ()) -> str:
    """A table as HTML: a title, the names of the columns, and one row per line."""
    parts = [f"<table><caption{_LEFT}><b>{escape(title)}</b></caption>"]
    if head:
        parts.append(f"<thead>{_row('th', head)}</thead>")
    parts.append(f"<tbody>{''.join(_row('td', row) for row in rows)}</tbody></table>")
    return "".join(parts)


def _row(tag: str, cells: Sequence[str]) -> str:
    return f"<tr>{''.join(f'<{tag}{_LEFT}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"
