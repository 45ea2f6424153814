"""The commands `ixastate suite` and `ixastate conform`.

What they need is imported when they run, so that `--help` is quick.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ixastate.errors import InputError, OutputError

if TYPE_CHECKING:
    from ixastate.testing.adapter import Adapter
    from ixastate.testing.conformance import Summary
    from ixastate.testing.suites.files import Suite

OK, FOUND = 0, 1
MOST = 100_000
COVERS = ("edges", "pairs", "rules", "readings", "boundaries", "configurations", "walks")
DEFAULT_COVER = "edges,boundaries"


def add_suite_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `ixastate suite`."""
    _add_cover(parser, "what it is to cover", "edges")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="where to (default: standard output)")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of a suite instead")
    parser.add_argument(
        "--score", action="store_true", help="say how many mutants of the chart it would notice; write it only with -o"
    )


def add_conform_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `ixastate conform`."""
    parser.add_argument("command", nargs="*", metavar="COMMAND", help="the program and its arguments, after --")
    parser.add_argument("--url", help="ask a server instead: one POST a request")
    _add_cover(parser, "the courses to run", DEFAULT_COVER)
    parser.add_argument("--suite", type=Path, metavar="FILE", help="run the courses of this suite")
    parser.add_argument(
        "--hypothesis", type=_count, nargs="?", const=200, metavar="N", help="run N random courses (default: 200)"
    )
    parser.add_argument(
        "--timeout", type=_seconds, default=5.0, metavar="S", help="time for an answer (default: %(default)s s)"
    )
    parser.add_argument(
        "--startup", type=_seconds, default=10.0, metavar="S", help="time for the first answer (default: %(default)s s)"
    )
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write the report as JUnit XML")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the report as a web page")
    parser.add_argument(
        "--save", type=Path, metavar="DIR", help="write the failing courses as logs for `ixastate replay`"
    )


def _add_cover(parser: argparse.ArgumentParser, words: str, usual: str) -> None:
    names = ", ".join(COVERS)
    parser.add_argument(
        "--cover", action="append", metavar="WHAT", help=f"{words}: one or more, with commas, of {names} ({usual})"
    )
    parser.add_argument("--edition", help="which machine (default: dosing-text)")
    parser.add_argument("--length", type=_count, default=30, help="of a walk, in events (default: %(default)s)")
    parser.add_argument("--seed", type=_seed, default=1, help="of what is random (default: %(default)s)")
    parser.add_argument("--courses", type=_count, default=100, help="how many walks (default: %(default)s)")


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {MOST}")
    return int(text)


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 on")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return seconds


def run_suite(options: argparse.Namespace) -> int:
    """Write a suite, or tell how much it notices."""
    from ixastate.testing.suites.files import schema_text, write_suite

    if options.schema:
        print(schema_text(), end="")
        return OK
    suite = _suite(options, "edges")
    if options.output is not None:
        write_suite(options.output, suite)
        words = f"{suite.header.courses} courses, {suite.header.events} events"
        print(f"{words} written to {options.output}", file=sys.stderr)
    if options.score:
        _print_score(suite)
    elif options.output is None:
        for line in suite.lines():
            print(line)
    return OK


def _print_score(suite: Suite) -> None:
    from ixastate.chart.chart import build_chart
    from ixastate.table.graph import read
    from ixastate.testing.mutation import score

    found = score(read(build_chart(suite.header.edition)), suite.courses)
    longest = max((len(test.steps) for test in suite.courses), default=0)
    size = f"{suite.header.courses} courses, {suite.header.events} events, the longest {longest}"
    print(f"{', '.join(suite.header.cover)}: {size}")
    print(f"notices {found.killed} of {found.mutants} mutants of the chart ({found.percent:.1f} %)")
    for name in found.survivors:
        print(f"  not noticed: {name}")


def run_conform(options: argparse.Namespace) -> int:
    """Test a program; 1 when it does not conform."""
    from ixastate.testing.reports.report import report

    if bool(options.command) == bool(options.url):
        raise InputError("what is to be tested?", where="conform", remedy="give a command after --, or --url")
    given = [name for name in ("cover", "suite", "hypothesis") if getattr(options, name) is not None]
    if len(given) > 1:
        raise InputError(
            f"--{given[0]} and --{given[1]} are given", where="conform", remedy="one of --cover, --suite, --hypothesis"
        )
    if options.suite is not None and options.edition is not None:
        raise InputError("a suite names its edition itself", where="--edition", remedy="leave it out")
    with _adapter(options) as adapter:
        summary = _tested(options, adapter)
        name = adapter.name
    print("\n".join(report(summary, name)))
    _write(options, summary, name)
    return OK if summary.well else FOUND


def _tested(options: argparse.Namespace, adapter: Adapter) -> Summary:
    from ixastate.testing.conformance import conform, shortened
    from ixastate.testing.suites.files import read_suite

    if options.hypothesis is not None:
        from ixastate.testing.course_machine import explore

        edition = options.edition or "dosing-text"
        return shortened(adapter, explore(adapter, edition, examples=options.hypothesis, seed=options.seed))
    suite = read_suite(options.suite) if options.suite is not None else _suite(options, DEFAULT_COVER)
    return shortened(adapter, conform(adapter, suite))


def _write(options: argparse.Namespace, summary: Summary, name: str) -> None:
    from ixastate.files import write_whole
    from ixastate.testing.reports.junit import junit
    from ixastate.testing.reports.page import page

    if options.junit is not None:
        write_whole(options.junit, junit(summary, name))
    if options.html is not None:
        write_whole(options.html, page(summary, name))
    if options.save is not None:
        _save(options.save, summary)


def _save(folder: Path, summary: Summary) -> None:
    from ixastate.course.log import write_log

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot be made: {error.strerror}", where=str(folder), remedy="name a folder") from None
    for title, result in summary.shortest().items():
        assert result.failure is not None
        events = result.test.events()[: result.failure.position + 1]
        write_log(folder / f"{title.replace(': ', '-')}.jsonl", events)


def _adapter(options: argparse.Namespace) -> Adapter:
    from ixastate.testing.adapter import Program, Server

    limits = {"timeout": options.timeout, "startup": options.startup}
    return Server(options.url, **limits) if options.url else Program(options.command, **limits)


def _suite(options: argparse.Namespace, usual: str) -> Suite:
    from ixastate.testing.suites.make import RandomWalks, make_suite

    names = [name.strip() for one in options.cover or [usual] for name in one.split(",") if name.strip()]
    walk = RandomWalks(options.length, options.seed, options.courses)
    return make_suite(names, options.edition or "dosing-text", walk)
