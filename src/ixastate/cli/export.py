"""`ixastate export`: the chart for other people's tools, on standard output or in a file.

It parses arguments and writes; the formats are those of the room `exchange`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ixastate.exchange import FORMATS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `ixastate export`."""
    parser.add_argument(
        "format",
        choices=FORMATS,
        metavar="FORMAT",
        help="scxml: a W3C SCXML document; xstate: an XState 5 machine config in JSON; "
        "xstate-setup: the JavaScript module that runs that config",
    )
    parser.add_argument("--edition", default="dosing-text", help="which rules (default: %(default)s)")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write here (default: standard output)")


def run(options: argparse.Namespace) -> int:
    """Write the export; the exit code is 0, and what goes wrong is an `IxastateError`."""
    from ixastate.exchange.export import export
    from ixastate.files import write_whole

    content = export(options.format, options.edition)
    if options.output is None:
        sys.stdout.write(content)
    else:
        write_whole(options.output, content.encode())
    return 0
