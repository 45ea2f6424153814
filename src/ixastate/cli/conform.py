"""`ixastate conform`: test a program or a server against the machine."""

from __future__ import annotations

import shutil
import socket
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from ixastate.cli.common import FOUND, OK, CommandPage, require_place, seconds, whole_number
from ixastate.cli.pages import Page
from ixastate.cli.suite import (
    MOST,
    CoursesOption,
    CoverOption,
    LengthOption,
    MachineOption,
    SeedOption,
    covers_of,
    make,
)
from ixastate.cli.terminal import fitted, show, working
from ixastate.editions import DEFAULT_EDITION
from ixastate.errors import InputError, OutputError

if TYPE_CHECKING:
    from ixastate.testing.adapter import Adapter
    from ixastate.testing.conformance import Summary
    from ixastate.testing.suites.files import Suite

DEFAULT_COVER = "edges,boundaries"
DEFAULT_EXAMPLES = 200
# In seconds: for the first answer; between two tries to reach a server; for a server that neither accepts nor refuses.
USUAL_STARTUP, PAUSE, MOST_SILENCE = 10.0, 0.2, 5.0


class ConformPage(Page):
    """The page of `conform`, whose option --hypothesis may stand without its number."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Give --hypothesis its usual number where none follows it."""
        end = args.index("--") if "--" in args else len(args)
        for place in range(end - 1, -1, -1):
            follows = args[place + 1] if place + 1 < end else "-"
            if args[place] == "--hypothesis" and follows.startswith("-"):
                args = [*args[: place + 1], str(DEFAULT_EXAMPLES), *args[place + 1 :]]
        return super().parse_args(ctx, args)


@dataclass(frozen=True)
class _Files:
    """Where the reports go."""

    junit: Path | None
    html: Path | None
    save: Path | None


_CommandArgument = Annotated[
    list[str] | None, typer.Argument(metavar="-- COMMAND", help="the program to test and its arguments, after --")
]
_UrlOption = Annotated[
    str | None, typer.Option("--url", metavar="URL", help="test a server instead: one POST per request")
]
_SuiteOption = Annotated[
    Path | None, typer.Option("--suite", metavar="FILE", help="run the courses of this suite instead")
]
_HypothesisOption = Annotated[
    int | None,
    typer.Option(
        "--hypothesis",
        metavar="[N]",
        help=f"run N random courses instead; N may be left out (default: {DEFAULT_EXAMPLES})",
        parser=whole_number("--hypothesis", 1, MOST),
    ),
]
_TimeoutOption = Annotated[
    float,
    typer.Option("--timeout", metavar="S", help="time for an answer in seconds", parser=seconds("--timeout")),
]
_StartupOption = Annotated[
    float | None,
    typer.Option(
        "--startup",
        metavar="S",
        help="time for the first answer in seconds; a server is waited for so long (default: 10, without a wait)",
        parser=seconds("--startup"),
    ),
]
_JunitOption = Annotated[
    Path | None, typer.Option("--junit", metavar="FILE", help="also write the report as JUnit XML")
]
_HtmlOption = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="also write the report as a web page")]
_SaveOption = Annotated[
    Path | None,
    typer.Option("--save", metavar="DIR", help="save the failing courses here, as logs for `ixastate replay`"),
]


def conform(
    command: _CommandArgument = None,
    url: _UrlOption = None,
    cover: CoverOption = None,
    suite: _SuiteOption = None,
    hypothesis: _HypothesisOption = None,
    edition: MachineOption = None,
    length: LengthOption = 30,
    seed: SeedOption = 1,
    courses: CoursesOption = 100,
    timeout: _TimeoutOption = 5.0,
    startup: _StartupOption = None,
    junit: _JunitOption = None,
    html: _HtmlOption = None,
    save: _SaveOption = None,
) -> int:
    """Test a program in any language against the machine.

    It is asked about courses of clinical events, one JSON object per line. The report names each clause of the text
    that it gets wrong, with a short course that shows it. Without --cover, --suite or --hypothesis the courses cover
    edges and boundaries.
    """
    if bool(command) == bool(url):
        raise InputError("what is to be tested?", where="conform", remedy="give a command after --, or --url")
    given = [name for name, value in (("cover", cover), ("suite", suite), ("hypothesis", hypothesis)) if value]
    if len(given) > 1:
        raise InputError(
            f"--{given[0]} and --{given[1]} are given", where="conform", remedy="one of --cover, --suite, --hypothesis"
        )
    if suite is not None and edition is not None:
        raise InputError("a suite names its edition itself", where="--edition", remedy="leave it out")
    names = covers_of(cover, DEFAULT_COVER)
    read = _read(suite)
    files = _Files(junit, html, save)
    require_place(junit, html, read=[suite])
    _require_there(command or [], url, startup)

    from ixastate.testing.adapter import Program, Server
    from ixastate.testing.reports.report import report

    limits = {"timeout": timeout, "startup": startup or USUAL_STARTUP}
    with Server(url, **limits) if url else Program(command or [], **limits) as adapter:
        if hypothesis is not None:
            summary = _explored(adapter, edition or DEFAULT_EDITION, hypothesis, seed)
        else:
            summary = _run(adapter, read or make(names, edition, length, seed, courses))
        name = adapter.name
    show(fitted(report(summary, name)))
    _write(files, summary, name)
    return OK if summary.well else FOUND


def _read(suite: Path | None) -> Suite | None:
    from ixastate.testing.suites.files import read_suite

    return read_suite(suite) if suite is not None else None


def _require_there(command: list[str], url: str | None, startup: float | None) -> None:
    """`InputError` when there is no such program, or nothing listens (within `startup` seconds, if that is given)."""
    if not url:
        if shutil.which(command[0]) is None:
            raise InputError(
                "cannot be run: there is no such program", where=command[0], remedy="give the command after --"
            )
        return
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or {"http": 80, "https": 443}[parts.scheme]
        if not host:
            raise ValueError
    except (KeyError, ValueError):
        raise InputError(
            f"{url!r} is no address of a server", where="--url", remedy="such as http://127.0.0.1:8080/"
        ) from None
    for wait in range(int((startup or 0) / PAUSE), -1, -1):
        try:
            socket.create_connection((host, port), timeout=startup or MOST_SILENCE).close()
            return
        except OSError as error:
            if not wait or not isinstance(error, ConnectionRefusedError):
                raise InputError("nothing listens there", where=url, remedy="start the server first") from None
            threading.Event().wait(PAUSE)


def _explored(adapter: Adapter, edition: str, examples: int, seed: int) -> Summary:
    from ixastate.testing.conformance import shortened
    from ixastate.testing.course_machine import explore

    with working("running random courses"):
        return shortened(adapter, explore(adapter, edition, examples=examples, seed=seed))


def _run(adapter: Adapter, suite: Suite) -> Summary:
    from ixastate.testing.conformance import conform, shortened

    with working(f"running {suite.header.courses} courses"):
        return shortened(adapter, conform(adapter, suite))


def _write(files: _Files, summary: Summary, name: str) -> None:
    from ixastate.files import write_whole
    from ixastate.testing.reports.junit import junit
    from ixastate.testing.reports.page import page

    if files.junit is not None:
        write_whole(files.junit, junit(summary, name))
    if files.html is not None:
        write_whole(files.html, page(summary, name))
    if files.save is not None:
        _save(files.save, summary)


def _save(folder: Path, summary: Summary) -> None:
    from ixastate.course.log import write_log

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot be made: {error.strerror}", where=str(folder), remedy="name a folder") from None
    for result in summary.shortest().values():
        assert result.failure is not None
        events = result.test.events()[: result.failure.position + 1]
        write_log(folder / f"{result.failure.file_name}.jsonl", events)


COMMAND = CommandPage(
    conform,
    (
        "ixastate conform -- node examples/conformance/correct.mjs",
        "ixastate conform --hypothesis 50 --url http://127.0.0.1:8080/",
    ),
    found="the program does not conform",
    page=ConformPage,
)
