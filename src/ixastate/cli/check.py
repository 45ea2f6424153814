"""`ixastate check`: prove the properties of the machine over every configuration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ixastate.cli.common import FOUND, OK, CommandPage, EditionOption
from ixastate.cli.terminal import bar, show, watched, width, working
from ixastate.editions import DEFAULT_EDITION

if TYPE_CHECKING:
    from ixastate.proofs.equality import Unequal
    from ixastate.table.table import Table

MOST_DIFFERENCES = 20


def check(
    edition: EditionOption = DEFAULT_EDITION,
    properties: Annotated[
        Path | None,
        typer.Option("--property", metavar="FILE", help="Python file with further properties, marked with @prove"),
    ] = None,
    full: Annotated[
        bool,
        typer.Option("--full", help="also prove that the live machine and the table agree on every move (minutes)"),
    ] = False,
    saved: Annotated[
        Path | None,
        typer.Option("--table", metavar="FILE", help="table saved by `ixastate table -o FILE`, instead of exploring"),
    ] = None,
) -> int:
    """Check safety properties in every reachable configuration of the machine, and of the machine of one dose.

    For a property that does not hold, the shortest counterexample is printed as a log for `ixastate replay`. The
    machine is explored first; that takes some ten seconds the first time, and then its table is kept
    (`ixastate table --where`).
    """
    from ixastate.proofs.check import check, load_properties
    from ixastate.proofs.properties import PROPERTIES
    from ixastate.proofs.report import describe_table, finding_lines

    mine = load_properties(properties) if properties else []
    table = explored(edition, saved)
    show(describe_table(table, width=width()))
    broken = 0
    for finding in watched(check(table, [*PROPERTIES, *mine]), "checking the properties"):
        broken += finding.breach is not None
        show(finding_lines(finding, table, width()))
    broken += _check_slot(edition)
    if full:
        broken += _prove_equal(edition, len(table.configurations))
    print(f"{broken} broken" if broken else "all proved")
    return FOUND if broken else OK


def explored(edition: str, saved: Path | None = None) -> Table:
    """The table of an edition, explored now or read from the file that it was saved to."""
    from ixastate.chart.chart import build_chart
    from ixastate.table.graph import read
    from ixastate.table.table import Table, load

    with working(f"exploring the machine of {edition}"):
        return Table.of(edition) if saved is None else load(saved, read(build_chart(edition)))


def _check_slot(edition: str) -> int:
    """The properties of the chart of a dose, and that its live machine and its table agree: how many are broken."""
    from ixastate.proofs.check import check
    from ixastate.proofs.equality import compare_slot
    from ixastate.proofs.report import describe_slot, finding_lines
    from ixastate.proofs.slot.properties import SLOT_PROPERTIES
    from ixastate.table.slot import SlotTable

    table = SlotTable.of(edition)
    show(describe_slot(table, width()))
    broken = 0
    for finding in watched(check(table, SLOT_PROPERTIES), "checking the properties of a dose"):
        broken += finding.breach is not None
        show(finding_lines(finding, table, width()))
    return broken + _unequal(*compare_slot(edition), "of a dose")


def _prove_equal(edition: str, configurations: int) -> int:
    from ixastate.proofs.equality import prove_equal

    with bar(configurations, "configurations", "live machine against table") as progress:
        compared, unequal = prove_equal(edition, configurations, progress.update)
    return _unequal(compared, unequal)


def _unequal(compared: int, unequal: Sequence[Unequal], of: str = "") -> int:
    """Say on which moves the live machine and the table differ: how many there are."""
    if not unequal:
        moves = f"{compared:,} moves {of}".rstrip()
        show([f"proved  the live machine and the table agree on all {moves}"])
    for one in unequal[:MOST_DIFFERENCES]:
        words = f"BROKEN  configuration {one.configuration} on {one.symbol}"
        show([words, f"  live:  {one.live}", f"  table: {one.table}"])
    return len(unequal)


COMMAND = CommandPage(
    check,
    ("ixastate check", "ixastate check --edition what-if-stack-b --property my_properties.py"),
    found="a property is broken",
)
