"""The exceptions of the package, all under one root.

Every error says what is wrong, where, and what would be right. The three parts are attributes too, so that a
program can act on them. An error can be pickled and copied, and so sent to another process. This module knows nothing
of the rest of the package.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.metadata import Distribution

PACKAGE = "ixastate"
# So much of each part of an error is shown at most: what was given may be a whole file.
LONGEST_PART = 2_000


def printable(text: str) -> str:
    """A text on one line, in which what cannot be printed is an escape, so that no data can steer a terminal."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def as_given(value: object) -> str:
    """A value of any kind as an error names it: as Python writes it, or else its type."""
    try:
        return repr(value)
    except Exception:  # a number of too many digits, or an object whose own code fails
        return f"a value of type {type(value).__name__}"


class IxastateError(Exception):
    """The root of the family: what is wrong, where (a file, line or field), and the remedy.

    Its text is one line that can be printed, whatever data it names; the attributes hold them as they are.
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(what, where, remedy)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        what, where, remedy = (_shown(part) for part in (self.what, self.where, self.remedy))
        place = f"{where}: " if where else ""
        return f"{place}{what} ({remedy})" if remedy else f"{place}{what}"

    def __reduce__(self) -> tuple[Any, ...]:
        # An exception is rebuilt from its arguments alone, and two of these have to be named.
        return _rebuilt, (type(self), self.what, self.where, self.remedy), self.__dict__


def _shown(part: str) -> str:
    words = printable(part[: LONGEST_PART + 1])
    return words if len(words) <= LONGEST_PART else f"{words[: LONGEST_PART - 1]}…"


def _rebuilt(kind: type[IxastateError], what: str, where: str, remedy: str) -> IxastateError:
    # A subclass may be constructed otherwise; what it adds travels as its state.
    error = kind.__new__(kind, what, where, remedy)
    IxastateError.__init__(error, what, where=where, remedy=remedy)
    return error


class InputError(IxastateError):
    """Something read from outside (an event, a log, a snapshot, a data set) cannot be understood."""


class CourseRefusal(IxastateError):
    """An event that is well formed cannot belong to this course; the course has not moved.

    `rules` are the rules by which it is refused; () where none but the order of events forbids it.
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "", rules: tuple[str, ...] = ()) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.rules = rules


class RulesError(IxastateError):
    """A rules file is not consistent, or a rule is cited that no rules file holds."""


class ChartError(IxastateError):
    """A symbol, a state or a configuration lies outside the definition of the statechart."""


class MissingExtra(IxastateError):
    """An optional library is needed and not installed; the remedy is a command that installs it."""


class OutputError(IxastateError):
    """A file cannot be written; what was there before is untouched."""


class ConflictError(IxastateError):
    """Others wrote meanwhile to what was to be written, so that it is not as expected; nothing was written."""


def near(given: object, names: Iterable[str], *, listed: bool = False) -> str:
    """The remedy for a name that does not exist: the name most like it (with `listed`, then all of them), or all."""
    every = list(names)
    found = difflib.get_close_matches(given, every, 1) if isinstance(given, str) else []
    all_of_them = f"one of: {', '.join(every)}" if every else "take it out"
    if not found:
        return all_of_them
    return f"did you mean {found[0]!r}? {all_of_them}" if listed else f"did you mean {found[0]!r}?"


# --- How an extra is installed --------------------------------------------------------------------------------


def install_command(*extras: str) -> str:
    """The command that installs the libraries of these extras.

    The package is on no index, so the command names the folder that it was installed from; where there is none, the
    libraries themselves.
    """
    from importlib.metadata import PackageNotFoundError, distribution

    named = f"[{','.join(extras)}]"
    here = Path(__file__).resolve().parent
    if here.parent.name == "src" and (here.parent.parent / "pyproject.toml").is_file():
        return f"python -m pip install -e {_quoted(f'{here.parent.parent}{named}')}"
    try:
        installed = distribution(PACKAGE)
    except PackageNotFoundError:
        return f"install the libraries of the extra {' and '.join(extras)}, which pyproject.toml lists"
    folder = _installed_from(installed)
    if folder is not None:
        return f"python -m pip install {_quoted(f'{folder}{named}')}"
    return f"python -m pip install {' '.join(map(_quoted, _libraries(installed, extras)))}"


def _installed_from(installed: Distribution) -> Path | None:
    """The source folder from which pip installed the package, if it is still there (PEP 610)."""
    import json
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    url = urlsplit(str(json.loads(installed.read_text("direct_url.json") or "{}").get("url", "")))
    folder = Path(url2pathname(url.path))
    return folder if url.scheme == "file" and (folder / "pyproject.toml").is_file() else None


def _libraries(installed: Distribution, extras: tuple[str, ...]) -> list[str]:
    """The requirements of these extras; where they name extras of the package itself, those of these."""
    import re

    found: list[str] = []
    for line in installed.requires or []:
        wanted = re.fullmatch(r"""(.*?)\s*;\s*extra\s*==\s*["']([\w-]+)["']""", line)
        if wanted is None or wanted[2] not in extras:
            continue
        own = re.match(rf"{PACKAGE}\[([^]]*)\]", wanted[1])
        found += _libraries(installed, tuple(re.split(r"\s*,\s*", own[1]))) if own else [wanted[1]]
    return list(dict.fromkeys(found))


def _quoted(text: str) -> str:
    """A word for the shell."""
    import os
    import shlex

    return f'"{text}"' if os.name == "nt" else shlex.quote(text)
