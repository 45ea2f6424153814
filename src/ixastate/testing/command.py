"""The commands `ixastate suite` and `ixastate conform`.

What they need is imported when they run, so that `--help` is quick.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ixastate.errors import InputError

if TYPE_CHECKING:
    from ixastate.testing.subject import Subject
    from ixastate.testing.vectors import Suite

OK, FOUND = 0, 1
MOST = 100_000
COVERS = ("edges", "pairs", "rules", "readings", "boundaries", "configurations", "walks")


def add_suite_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `ixastate suite`."""
    parser.add_argument(
        "--cover", action="append", metavar="WHAT", help=f"one or more, with commas, of: {', '.join(COVERS)}"
    )
    parser.add_argument("--edition", default="dosing-text", help="which machine (default: %(default)s)")
    _add_walk_arguments(parser)
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="where to (default: standard output)")


def _add_walk_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--length", type=_count, default=30, help="of a walk, in events (default: %(default)s)")
    parser.add_argument("--seed", type=_seed, default=1, help="of the walks (default: %(default)s)")
    parser.add_argument("--courses", type=_count, default=100, help="how many walks (default: %(default)s)")


def add_conform_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `ixastate conform`."""
    parser.add_argument("--cover", action="append", metavar="WHAT", help="what to run (default: edges,boundaries)")
    parser.add_argument("--suite", type=Path, metavar="FILE", help="run this suite instead")
    parser.add_argument("--edition", default="dosing-text", help="which machine (default: %(default)s)")
    _add_walk_arguments(parser)
    parser.add_argument("--url", help="ask a server: one POST a request")
    parser.add_argument("--timeout", type=float, default=5.0, metavar="S", help="for an answer (default: %(default)s s)")
    parser.add_argument(
        "--startup", type=float, default=10.0, metavar="S", help="for the first answer (default: %(default)s s)"
    )
    parser.add_argument("command", nargs="*", metavar="COMMAND", help="the program, after --")


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {MOST}")
    return int(text)


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 on")
    return int(text)


def run_suite(options: argparse.Namespace) -> int:
    """Write a suite."""
    from ixastate.testing.vectors import write_suite

    suite = _suite(options.cover or ["edges"], options)
    header = suite.header
    if options.output is None:
        for line in suite.lines():
            print(line)
        return OK
    write_suite(options.output, suite)
    words = f"{header.courses} courses, {header.events} events"
    print(f"{words} written to {options.output}", file=sys.stderr)
    return OK


def run_conform(options: argparse.Namespace) -> int:
    """Run a suite over a program; 1 when it found something."""
    from ixastate.testing.conform import conform
    from ixastate.testing.report import report
    from ixastate.testing.vectors import read_suite

    if bool(options.command) == bool(options.url):
        raise InputError("what is to be tested?", where="conform", remedy="a command after --, or --url")
    suite = read_suite(options.suite) if options.suite else _suite(options.cover or ["edges,boundaries"], options)
    with _subject(options) as subject:
        summary = conform(subject, suite)
    print("\n".join(report(summary, subject.name)))
    return OK if summary.well else FOUND


def _subject(options: argparse.Namespace) -> Subject:
    from ixastate.testing.subject import Program, Server

    limits = {"timeout": options.timeout, "startup": options.startup}
    return Server(options.url, **limits) if options.url else Program(options.command, **limits)


def _suite(cover: list[str], options: argparse.Namespace) -> Suite:
    from ixastate.testing.suites import Walk, make_suite

    names = [name.strip() for one in cover for name in one.split(",") if name.strip()]
    return make_suite(names, options.edition, Walk(options.length, options.seed, options.courses))
