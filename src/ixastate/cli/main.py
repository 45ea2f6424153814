"""The `ixastate` command: the commands in their groups, and what becomes of errors.

Exit codes: 0 all is well, 1 the command ran and found something, 2 the input or the arguments are wrong.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Sequence
from functools import cache
from typing import Annotated

import typer
from typer.core import TyperGroup

from ixastate.cli import (
    check,
    compare,
    conform,
    diagram,
    export,
    figure,
    import_,
    merge,
    page,
    replay,
    rules,
    schedule,
    simulate,
    store,
    suite,
    summary,
    table,
    validate,
    verify,
)
from ixastate.cli.common import INTERRUPTED, OK, WRONG, CommandPage, choice
from ixastate.cli.pages import Front
from ixastate.cli.terminal import say, show_every_sign
from ixastate.errors import InputError, IxastateError
from ixastate.version import __version__

PROGRAM = "ixastate"
OBJECTS_BEFORE_COLLECTION = 50_000
# What a shell asks through: complete_bash, or source_bash for the script.
VARIABLE = "_IXASTATE_COMPLETE"
SHELLS = ("bash", "zsh", "fish")
WHAT_IT_IS = """ixastate is an explicit state machine of a cancer treatment course (ixazomib, lenalidomide and
dexamethasone), which simulates, explains and tests what a published dosing text says.

A research and teaching tool, not medical advice."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    show_every_sign()
    if VARIABLE in os.environ:
        return _complete()
    if arguments is None:
        _end_tidily()
        # Hardly anything here is garbage in cycles; looking for it at every 700 objects takes a sixth of a long replay.
        gc.set_threshold(OBJECTS_BEFORE_COLLECTION)
    try:
        code = _run(list(sys.argv[1:] if arguments is None else arguments))
        if sys.stdout is not None:
            sys.stdout.flush()
    except IxastateError as error:
        say(f"{PROGRAM}: {error}")
        return WRONG
    except BrokenPipeError:
        # Whoever read our output has seen enough; a second complaint at exit helps no one.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except OSError as error:
        say(f"{PROGRAM}: standard output: cannot be written: {error.strerror} (make room)")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return WRONG
    except Ended as ended:
        return 128 + ended.signal
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


class Ended(KeyboardInterrupt):
    """The process is asked to end by a signal other than that of the keyboard."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.signal = number


def _end_tidily() -> None:
    """Let SIGTERM and SIGHUP end the command as an interrupt from the keyboard does: what was begun is cleaned up."""

    def end(number: int, _: object) -> None:
        raise Ended(number)

    for name in ("SIGTERM", "SIGHUP"):
        # Windows has no SIGHUP; one that is ignored, as under nohup, stays so.
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, end)


def _run(words: list[str]) -> int:
    """Parse the arguments and run the command; Typer's own `main` would answer a broken pipe by itself."""
    command = application()
    try:
        with command.make_context(PROGRAM, words) as context:
            return command.invoke(context) or OK
    except typer.Exit as done:
        return done.exit_code


def _complete() -> int:
    """Answer the shell that completes a command line, or print its script."""
    typer.main.get_install_completion_arguments()  # it makes the shells known to Typer
    try:
        application().main([], prog_name=PROGRAM, complete_var=VARIABLE)
    except SystemExit as done:
        return int(done.code or OK)
    return OK


# --- The commands in their groups -----------------------------------------------------------------------------


class _Front(Front):
    """The page of the whole command."""

    first_commands = (
        "ixastate rules neutropenia                          what the rules say of it",
        "ixastate replay examples/worked-course.jsonl        one patient's course, step by step",
        "ixastate simulate -o my-cohort                      10,000 simulated patients",
    )


def _help(
    words: Annotated[list[str] | None, typer.Argument(metavar="COMMAND", help="the command to explain")] = None,
) -> int:
    """Explain ixastate, or one of its commands."""
    return _run([*(words or []), "--help"])


def _completion(
    shell: Annotated[
        str,
        typer.Argument(
            metavar="SHELL",
            help=f"the shell: {', '.join(SHELLS)}",
            parser=choice("shell", SHELLS),
            autocompletion=lambda incomplete: [name for name in SHELLS if name.startswith(incomplete)],
        ),
    ],
) -> int:
    """Print the script that completes ixastate's commands and options in a shell.

    For bash add the line `eval "$(ixastate completion bash)"` to ~/.bashrc, for zsh `eval "$(ixastate completion zsh)"`
    to ~/.zshrc after compinit; for fish write the script to ~/.config/fish/completions/ixastate.fish.
    """
    os.environ[VARIABLE] = f"source_{shell}"
    try:
        return _complete()
    finally:
        del os.environ[VARIABLE]


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"{PROGRAM} {__version__}")
        raise typer.Exit


def _print_front(context: typer.Context, wanted: bool) -> None:
    if wanted:
        print(context.get_help())
        raise typer.Exit


# Both are options of our own: Typer's --help has no bool as its default, and to convert it imports pydantic.
def _front(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="print the version", is_eager=True, callback=_print_version)
    ] = False,
    help: Annotated[bool, typer.Option("--help", help="show this page", is_eager=True, callback=_print_front)] = False,
) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


def _import(context: typer.Context) -> None:
    """Make a log of events from other people's data."""
    if context.invoked_subcommand is None:
        raise InputError("which format?", where="import", remedy=f"one of: {', '.join(FORMATS)}")


def _store(context: typer.Context) -> None:
    """Keep the courses of many patients in a database, as streams of events."""
    if context.invoked_subcommand is None:
        raise InputError("which command?", where="store", remedy=f"one of: {', '.join(store.COMMANDS)}")


HELP = CommandPage(_help, ("ixastate help", "ixastate help simulate"))
COMPLETION = CommandPage(
    _completion, ("ixastate completion bash", "ixastate completion fish > ~/.config/fish/completions/ixastate.fish")
)
FORMATS = {"sdtm": import_.SDTM}
GROUPS: dict[str, dict[str, CommandPage]] = {
    "One patient": {"replay": replay.COMMAND, "schedule": schedule.COMMAND, "rules": rules.COMMAND},
    "The machine": {
        "check": check.COMMAND,
        "compare": compare.COMMAND,
        "diagram": diagram.COMMAND,
        "table": table.COMMAND,
        "export": export.COMMAND,
        "page": page.COMMAND,
    },
    "Cohorts": {
        "simulate": simulate.COMMAND,
        "summary": summary.COMMAND,
        "figure": figure.COMMAND,
        "verify": verify.COMMAND,
        "validate": validate.COMMAND,
        "merge": merge.COMMAND,
    },
    "Testing a program": {"conform": conform.COMMAND, "suite": suite.COMMAND},
    "Help": {"help": HELP, "completion": COMPLETION},
}


@cache
def application() -> TyperGroup:
    """The command with everything that it can do."""
    app = _group(_Front, WHAT_IT_IS)
    app.callback()(_front)
    for panel, commands in GROUPS.items():
        _add(app, commands, panel)
    bring = _group(Front, _import.__doc__ or "")
    bring.callback()(_import)
    _add(bring, FORMATS, "Formats")
    app.add_typer(bring, name="import", rich_help_panel="Data")
    keep = _group(Front, _store.__doc__ or "")
    keep.callback()(_store)
    _add(keep, store.COMMANDS, "Commands")
    app.add_typer(keep, name="store", rich_help_panel="Data")
    group = typer.main.get_group(app)
    for name in GROUPS["Help"]:  # Typer puts groups behind commands; help comes last
        group.commands[name] = group.commands.pop(name)
    return group


def _group(page: type[Front], sentence: str) -> typer.Typer:
    return typer.Typer(
        cls=page,
        help=sentence,
        invoke_without_command=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        add_help_option=page is not _Front,
        epilog="`ixastate help COMMAND` explains a command, with examples.",
    )


def _add(app: typer.Typer, commands: dict[str, CommandPage], panel: str) -> None:
    for name, entry in commands.items():
        app.command(name, cls=entry.page, epilog=entry.epilog, rich_help_panel=panel)(entry.run)


if __name__ == "__main__":
    sys.exit(main())
