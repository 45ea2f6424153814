"""What the commands share: exit codes, kinds of numbers, shared options, and checks that come before long work."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from ixastate.cli.pages import Page, did_you_mean
from ixastate.cli.terminal import say
from ixastate.editions import DEFAULT_EDITION, EDITIONS
from ixastate.errors import InputError, OutputError, RulesError

# All is well; the command ran and found something; the input or the arguments are wrong.
OK, FOUND, WRONG = 0, 1, 2
INTERRUPTED = 130
# The toxicity models that come with the package; `cohort.run.plan` has them, and is not quick to import.
MODELS = "pkpd, hazards"
# Numbers are written with at most so many characters.
LONGEST = 48
_NUMBER = re.compile(r"([0-9]+|[0-9]{1,3}(?:[,_][0-9]{3})+)(?:\.([0-9]+))?(?:[eE]\+?([0-9]{1,2}))?")


@dataclass(frozen=True)
class CommandPage:
    """A command as the application takes it in: its function, two examples that work, and what exit code 1 means.

    The docstring of the function is the command's help. `page` is the class that parses its arguments.
    """

    run: Callable[..., int]
    examples: tuple[str, ...]
    found: str = ""
    page: type[Page] = Page

    @property
    def epilog(self) -> str:
        """The examples and the exit codes, as the last part of the help page."""
        codes = [
            "0 all is well",
            *([f"1 {self.found}"] if self.found else []),
            "2 the input or the arguments are wrong",
        ]
        return "\n".join(
            ["Examples:", *(f"  {line}" for line in self.examples), "", f"Exit codes: {'; '.join(codes)}."]
        )


# --- Kinds of arguments ---------------------------------------------------------------------------------------


def whole_number(name: str, least: int = 0, most: int | None = None) -> Callable[[Any], int]:
    """A reader of whole numbers from `least` to `most`: 1000000, 1_000_000, 1,000,000 or 1e6.

    It raises `InputError`, which names the argument, for anything else.
    """
    limits = f"from {least:,} on" if most is None else f"from {least:,} to {most:,}"

    def read(text: Any) -> int:
        value = text if isinstance(text, int) else _whole(str(text))
        if value is None:
            shown = str(text) if len(str(text)) <= LONGEST else f"{str(text)[:LONGEST]}…"
            raise InputError(
                f"{shown!r} is not a whole number", where=name, remedy=f"{limits}, written such as 1000, 1,000 or 1e3"
            )
        if value < least or (most is not None and value > most):
            raise InputError(f"{value:,} is out of range", where=name, remedy=limits)
        return value

    return read


def _whole(text: str) -> int | None:
    """The whole number that a text writes, or None. A fraction is right only where the exponent makes it whole."""
    found = _NUMBER.fullmatch(text) if len(text) <= LONGEST else None
    if found is None or (found[2] and not int(found[3] or 0)):
        return None
    value = Decimal(f"{found[1].replace(',', '').replace('_', '')}.{found[2] or '0'}").scaleb(int(found[3] or 0))
    return int(value) if value == value.to_integral_value() else None


def seconds(name: str) -> Callable[[Any], float]:
    """A reader of times in seconds, above 0; it raises `InputError` for anything else."""

    def read(text: Any) -> float:
        try:
            value = float(text)
        except ValueError:
            value = 0.0
        if not 0 < value <= 100_000:
            raise InputError(f"{text!r} is not a number of seconds", where=name, remedy="above 0 to 100,000")
        return value

    return read


def moment(text: str | None, where: str) -> datetime | None:
    """A date and time with its offset; `InputError` for anything else, and None for nothing."""
    from pydantic import TypeAdapter, ValidationError

    from ixastate.fields import Moment, explain

    try:
        return None if text is None else TypeAdapter(Moment).validate_python(text)
    except ValidationError as error:
        raise explain(error, where, None) from None


def choice(kind: str, names: Iterable[str], where: str = "") -> Callable[[Any], str]:
    """A reader of one of these names; it raises `InputError` with the names and the nearest ones."""
    known = list(names)

    def read(text: Any) -> str:
        if text not in known:
            raise InputError(
                f"there is no {kind} {text!r}",
                where=where,
                remedy=f"one of: {', '.join(known)}{did_you_mean(text, known)}",
            )
        return str(text)

    return read


def edition(text: Any) -> str:
    """The name of an edition; `RulesError` with the editions there are and the nearest one."""
    if text not in EDITIONS:
        remedy = f"one of: {', '.join(EDITIONS)}{did_you_mean(text, EDITIONS)}"
        raise RulesError(f"there is no edition {text!r}", remedy=remedy)
    return str(text)


def editions_from(incomplete: str) -> list[str]:
    """The editions that the shell completes a word to."""
    return [name for name in EDITIONS if name.startswith(incomplete)]


# --- Shared options -------------------------------------------------------------------------------------------

NAMES = ", ".join(EDITIONS)
EditionOption = Annotated[
    str,
    typer.Option(
        "--edition",
        metavar="EDITION",
        help=f"edition of the rules: {NAMES}",
        parser=edition,
        autocompletion=editions_from,
    ),
]
AnyEdition = Annotated[
    str | None,
    typer.Option(
        "--edition",
        metavar="EDITION",
        help=f"edition of the rules: {NAMES} (default: the one recorded, else {DEFAULT_EDITION})",
        parser=edition,
        autocompletion=editions_from,
    ),
]
LogArgument = Annotated[
    str, typer.Argument(metavar="LOG", help="log of events or records in JSON Lines; - reads standard input")
]
CohortArgument = Annotated[Path, typer.Argument(metavar="DIR", help="directory of a run that `ixastate simulate` made")]
JsonOption = Annotated[bool, typer.Option("--json", help="print JSON instead of text")]


# --- Cohorts --------------------------------------------------------------------------------------------------


def require_cohort() -> None:
    """`MissingExtra` without the libraries for cohorts; a remark where their kernels are not kept in a usual place."""
    from ixastate.cohort.extra import require_libraries

    require_libraries()
    from ixastate.cohort.compiled import remark

    if words := remark():
        say(words)


# --- Checks that come before long work ------------------------------------------------------------------------


def require_place(*paths: Path | None, read: Iterable[Path | None] = ()) -> None:
    """`OutputError` unless a file can be written at each of these paths, as far as can be seen now.

    None of them may be a file that is `read` by the same command, nor another of them.
    """
    taken = {path.resolve() for path in read if path is not None and not impossible(path)}
    for path in paths:
        if path is None:
            continue
        if not impossible(path):
            if path.resolve() in taken:
                what = "the command reads it, or writes something else there"
                raise OutputError(what, where=str(path), remedy="name another file")
            taken.add(path.resolve())
        folder = path.absolute().parent
        unfit = impossible(path)
        if unfit:
            problem = unfit
        elif not folder.is_dir():
            problem = "there is no such folder"
        elif path.is_dir():
            problem = "it is a folder"
        elif not os.access(folder, os.W_OK):
            problem = "no leave to write into its folder"
        else:
            continue
        raise OutputError(
            f"cannot be written: {problem}", where=str(path), remedy="name a file in a folder that exists"
        )


def impossible(path: Path) -> str:
    """Why no file can have this name, such as one that is too long; '' when one can."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, ValueError) as error:
        return str(getattr(error, "strerror", None) or error).lower()
    return ""


def for_the_shell(path: Path) -> str:
    """A path as one word of a command line."""
    text = str(path)
    text = f"./{text}" if text.startswith("-") else text
    return (f'"{text}"' if " " in text else text) if os.name == "nt" else shlex.quote(text)
