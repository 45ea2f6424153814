"""Help pages, and the words for arguments that cannot be parsed.

Pages are plain text of the width of the terminal, so that a page can be read, piped and committed; on a terminal their
headings are bold. Typer's own pages are drawn with Markdown and syntax highlighting, whose import alone takes a quarter
of a second.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Any

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup

from ixastate.cli.terminal import coloured, width
from ixastate.errors import InputError

# Where the second column of a page begins at most.
SECOND = 26


class Page(TyperCommand):
    """A command whose help page is laid out here."""

    def get_help(self, ctx: Any) -> str:
        """The help page of the command."""
        return painted(command_lines(self, ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments; `InputError`, with what may be meant, when they do not fit."""
        try:
            return super().parse_args(ctx, args)
        except typer.TyperException as error:
            raise usage_error(error, ctx) from None


class Front(TyperGroup):
    """A group of commands whose help page is laid out here; a wrong command is refused with the nearest ones."""

    # What stands between the sentence and the commands.
    first_commands: tuple[str, ...] = ()

    def get_help(self, ctx: Any) -> str:
        """The commands in their groups, with a first line each."""
        return painted(front_lines(self, ctx, self.first_commands))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the options before the command; `InputError`, with what may be meant, when they do not fit."""
        try:
            return super().parse_args(ctx, args)
        except typer.TyperException as error:
            raise usage_error(error, ctx) from None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command of this name; `InputError` when there is none."""
        name = args[0]
        if name not in self.commands and not ctx.resilient_parsing:
            found = near(name, self.commands)
            remedy = f"did you mean {' or '.join(found)}?" if found else f"`{ctx.command_path} --help` lists them"
            raise InputError(f"there is no command {name!r}", where=_place(ctx), remedy=remedy)
        return super().resolve_command(ctx, args)


def usage_error(error: typer.TyperException, context: Any) -> InputError:
    """What Typer says of arguments that it cannot parse, as an error of ours with a remedy."""
    missing = getattr(error, "param", None) if hasattr(error, "param_type") else None
    unknown = getattr(error, "option_name", None) if hasattr(error, "possibilities") else None
    where = _place(context)
    see = f"see `{context.command_path} --help`"
    if missing is not None:
        return InputError(f"{_name(missing)} is missing", where=where, remedy=see)
    if unknown is not None:
        known = [name for param in context.command.get_params(context) for name in param.opts]
        found = near(str(unknown).lstrip("-"), known)
        remedy = f"did you mean {' or '.join(found)}?" if found else see
        return InputError(f"there is no option {unknown}", where=where, remedy=remedy)
    words = error.format_message().rstrip(".")
    return InputError(words[:1].lower() + words[1:], where=where, remedy=see)


def near(word: str, names: Iterable[str]) -> list[str]:
    """The names that a mistyped word may mean, three at most: those that it begins, that hold it, or spelt alike."""
    lower = {name.casefold(): name for name in names}
    typed = word.casefold()
    begun = [name for name in lower if typed and name.lstrip("-").startswith(typed.lstrip("-"))]
    holding = [name for name in lower if typed and typed in name]
    return [lower[name] for name in (begun or holding or get_close_matches(typed, lower, 3, 0.6))[:3]]


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """The end of a remedy: the names that may be meant, or nothing."""
    found = near(word, names)
    return f"; did you mean {' or '.join(found)}?" if found else ""


def _place(context: Any) -> str:
    """The command of a context without the name of the program; '' at the root."""
    return " ".join(context.command_path.split()[1:])


def _name(param: Any) -> str:
    return str(param.metavar if isinstance(param, TyperArgument) else param.opts[-1])


# --- The pages ------------------------------------------------------------------------------------------------


def command_lines(command: TyperCommand, context: Any) -> Iterator[str]:
    """The help page of one command."""
    params = [param for param in command.get_params(context) if not getattr(param, "hidden", False)]
    given = [param for param in params if isinstance(param, TyperArgument)]
    options = [param for param in params if not isinstance(param, TyperArgument)]
    usage = [f"Usage: {context.command_path} [OPTIONS]", *(_usage(param) for param in given)]
    yield from _wrapped(" ".join(usage), 8)
    yield ""
    yield from _paragraphs(command.help or "")
    if given:
        yield from ("", "Arguments:")
        yield from _columns([(str(param.metavar), _explained(param)) for param in given])
    yield from ("", "Options:")
    yield from _columns([(_spelled(param), _explained(param)) for param in options])
    yield ""
    for line in (command.epilog or "").splitlines():
        # An example is copied, so it is never broken.
        yield from [line] if line.startswith("  ") else _wrapped(line, 2) or [""]


def front_lines(group: TyperGroup, context: Any, first_commands: Sequence[str]) -> Iterator[str]:
    """The page of a group: what it is, how to begin, and its commands by the panel that each was given."""
    yield f"Usage: {context.command_path} [OPTIONS] COMMAND ..."
    yield ""
    yield from _paragraphs(group.help or "")
    if first_commands:
        yield from ("", "Three commands to begin with:", *(f"  {line}" for line in first_commands))
    panels: dict[str, list[tuple[str, str]]] = {}
    for name, command in group.commands.items():
        panel = str(getattr(command, "rich_help_panel", None) or "Commands")
        panels.setdefault(panel, []).append((name, _sentence(command.help or "")))
    longest = max(len(name) for name in group.commands)
    for panel, rows in panels.items():
        yield from ("", f"{panel}:")
        yield from _columns(rows, longest)
    yield from ("", "Options:")
    yield from _columns([(_spelled(param), _explained(param)) for param in group.get_params(context)])
    if group.epilog:
        yield ""
        for line in group.epilog.splitlines():
            yield from _wrapped(line, 2)


def painted(lines: Iterable[str]) -> str:
    """The text of a page; on a terminal with colour its headings are bold."""
    bold = coloured(sys.stdout)
    return "\n".join(
        typer.style(line, bold=True) if bold and line.endswith(":") and not line.startswith(" ") else line
        for line in lines
    )


def _usage(param: Any) -> str:
    name = f"{param.metavar}{'...' if param.nargs == -1 else ''}"
    return name if param.required else f"[{name}]"


def _spelled(param: Any) -> str:
    """An option as it is written: the short form first, with what it takes."""
    names = ", ".join(sorted(param.opts, key=len))
    return f"{names} {param.metavar}" if param.metavar else names


def _explained(param: Any) -> str:
    """The help of a parameter, with its default where the help does not name one."""
    words = str(param.help or "")
    if "--help" in param.opts:
        return "show this page"
    if param.required or param.default is None or param.default is False or "(default" in words:
        return words
    return (
        f"{words} (default {param.default:,})"
        if isinstance(param.default, int)
        else f"{words} (default {param.default})"
    )


def _sentence(text: str) -> str:
    """The first sentence of a help text, as a list of commands shows it."""
    return " ".join(text.split("\n\n")[0].split()).rstrip(".")


def _paragraphs(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(text.split("\n\n")):
        if number:
            yield ""
        yield from _wrapped(" ".join(paragraph.split()))


def _columns(rows: Sequence[tuple[str, str]], longest: int = 0) -> Iterator[str]:
    """Two columns, the first as wide as its longest entry; what is too long for it stands above its explanation."""
    second = min(SECOND, width() // 3, (longest or max(len(left) for left, _ in rows)) + 4)
    for left, right in rows:
        words = textwrap.wrap(right, width() - second, break_on_hyphens=False) or [""]
        if len(left) + 4 > second:
            yield f"  {left}"
        else:
            yield f"  {left:<{second - 2}}{words.pop(0)}".rstrip()
        yield from (" " * second + line for line in words)


def _wrapped(line: str, indent: int = 0) -> list[str]:
    return textwrap.wrap(line, width(), subsequent_indent=" " * indent, break_on_hyphens=False)
