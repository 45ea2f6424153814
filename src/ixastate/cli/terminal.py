"""What the command knows of the terminal: its encoding and width, whether it shows colour, and how progress is shown.

Standard output is for answers, standard error for progress. What a program reads is neither wrapped nor coloured, and
is UTF-8 on every console; of a text for people, what a console cannot show is written in signs that it can.
"""

from __future__ import annotations

import codecs
import io
import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import IO, TYPE_CHECKING, Any, TypeVar

from ixastate import errors

if TYPE_CHECKING:
    from tqdm import tqdm

# Where there is no terminal, and the least that texts are laid out for.
PIPED, LEAST = 100, 50
# Our own signs where an encoding lacks them.
PLAIN = str.maketrans({"·": "-", "…": "...", "─": "-", "–": "-", "−": "-", "→": "->", "▶": ">", "×": "x", "±": "+/-"})
# The first words of a line that say how something went.
STYLES = {"proved": "green", "BROKEN": "bold red", "FAULT": "bold red", "DIFFERS": "bold red"}
Item = TypeVar("Item")


def show_every_sign() -> None:
    """Let no character stop a text: what the encoding of the console lacks is written otherwise (`in_plain_signs`)."""
    codecs.register_error("plain signs", in_plain_signs)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="plain signs")


def in_plain_signs(error: UnicodeError) -> tuple[str, int]:
    """What an encoding cannot write: our signs in ASCII, other characters as escapes, so that two names stay two."""
    assert isinstance(error, UnicodeEncodeError)  # it is registered for streams that write
    text = error.object[error.start : error.end].translate(PLAIN)
    return text.encode("ascii", "backslashreplace").decode(), error.end


def width() -> int:
    """How many columns a text may take: COLUMNS, else those of the terminal, else 100."""
    return max(shutil.get_terminal_size((PIPED, 24)).columns, LEAST)


def is_terminal(stream: IO[str] | None) -> bool:
    """Whether a stream is a terminal."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # it is closed
        return False


def coloured(stream: IO[str] | None) -> bool:
    """Whether colour may be shown: on a terminal that knows it, and without NO_COLOR."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def fitted(lines: Iterable[str]) -> Iterator[str]:
    """Lines of text, those wrapped that are wider than the terminal."""
    widest = width()
    for line in lines:
        if len(line) <= widest:
            yield line
            continue
        indent = len(line) - len(line.lstrip()) + 4
        yield from textwrap.wrap(line, widest, subsequent_indent=" " * indent, break_on_hyphens=False)


def printable(text: str) -> str:
    """A text of lines in which what cannot be printed is written as an escape, so that no data can steer a terminal."""
    return text if text.isprintable() else "\n".join(map(errors.printable, text.split("\n")))


def show(lines: Iterable[str]) -> None:
    """Print lines to standard output, on a terminal with the verdicts in colour."""
    if not coloured(sys.stdout):
        for line in lines:
            print(printable(line))
        print(end="", flush=True)
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(file=sys.stdout, soft_wrap=True, highlight=False)
    for line in lines:
        painted = Text(printable(line))
        verdict = line.split(maxsplit=1)[:1]
        if verdict and verdict[0] in STYLES:
            painted.stylize(STYLES[verdict[0]], line.index(verdict[0]), line.index(verdict[0]) + len(verdict[0]))
        console.print(painted)


def write(data: str, *, at_once: bool = True) -> None:
    """Print data to standard output in UTF-8 with plain line feeds, whatever the console is set to.

    With `at_once` whoever reads it has it now, and otherwise when there is more, or at the end.
    """
    if sys.stdout is None:
        return
    binary = getattr(sys.stdout, "buffer", None)
    if binary is None:  # a stream that takes text alone, as in a notebook
        sys.stdout.write(data)
        return
    sys.stdout.flush()
    binary.write(data.encode())
    if at_once:
        binary.flush()


def say(words: str) -> None:
    """Print a remark to standard error; where that is closed, nowhere: standard output is for answers."""
    if sys.stderr is not None:
        print(printable(words), file=sys.stderr, flush=True)


def working(words: str) -> AbstractContextManager[object]:
    """Show that something is being done, while standard error is a terminal."""
    if not is_terminal(sys.stderr):
        return nullcontext()
    from rich.console import Console

    return Console(file=sys.stderr, no_color=not coloured(sys.stderr)).status(words)


def watched(items: Iterable[Item], words: str) -> Iterator[Item]:
    """The items of a slow iterable; while each is made, a terminal shows that something is being done."""
    waiting = iter(items)
    nothing: Any = object()
    while True:
        with working(words):
            item = next(waiting, nothing)
        if item is nothing:
            return
        yield item


def bar(total: int, unit: str, words: str) -> tqdm[Any]:
    """A progress bar on standard error; it is shown on a terminal alone."""
    from tqdm import tqdm

    return tqdm(
        total=total, unit=f" {unit}", unit_scale=True, desc=words, file=sys.stderr, disable=not is_terminal(sys.stderr)
    )


def say_above_the_bar(words: str) -> None:
    """Print a remark to standard error while a progress bar is shown there."""
    from tqdm import tqdm

    if sys.stderr is not None:
        with tqdm.external_write_mode(file=sys.stderr):
            say(words)
