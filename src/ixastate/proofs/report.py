"""What was proved, and where editions part, as text with courses that can be replayed."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from ixastate.course.log import dump
from ixastate.errors import ChartError
from ixastate.proofs.check import Finding
from ixastate.proofs.compare import Parting
from ixastate.table.table import Table
from ixastate.table.witness import witness
from ixastate.words import describe

WIDTH = 110


def describe_table(table: Table, *, minimal: bool = False) -> Iterator[str]:
    """The size of a machine, in one line; with its smallest form if that is asked for."""
    moves = sum(1 for said in table.output if said)
    size = f"{len(table.configurations):,} configurations, {moves:,} moves, {len(table.graph.edges)} transitions"
    yield f"edition {table.graph.edition.name}: {size} (fingerprint {table.graph.fingerprint[:12]})"
    if minimal:
        smallest = max(table.minimal()) + 1
        yield f"really different in what they order: {smallest:,} configurations (the minimal machine)"


def finding_lines(finding: Finding, table: Table) -> Iterator[str]:
    """One property: proved, or broken with a shortest course that shows it."""
    proposition, breach = finding.proposition, finding.breach
    if breach is None:
        yield f"proved  {proposition.name}: {proposition.says}"
        return
    yield f"BROKEN  {proposition.name}: {proposition.says}"
    yield from textwrap.wrap(f"but {breach.why}", WIDTH, initial_indent="  ", subsequent_indent="  ")
    events = finding.events(table)
    if events:
        yield "  a shortest course that shows it, as a log for `ixastate replay`:"
        yield from (f"  {dump(event)}" for event in events)
    elif finding.symbols:
        yield f"  after the symbols: {' '.join(finding.symbols)}"


def parting_lines(parting: Parting, left: Table, right: Table) -> Iterator[str]:
    """One toxicity in which two editions part: the course, and what each asks for at its end."""
    names = left.graph.edition.name, right.graph.edition.name
    width = max(map(len, names))
    yield f"{parting.toxicity}: they part after {len(parting.symbols)} events"
    # The edition that knows every symbol of the course can put it into events.
    knowing = right if set(parting.symbols) <= set(right.symbols) else left
    try:
        events = witness(parting.symbols, knowing.graph.edition)
    except ChartError:
        events = []
        yield f"  after the symbols: {' '.join(parting.symbols)}"
    for event in events:
        yield f"  day {event.day}: {describe(event)}"
    for name, orders in zip(names, (parting.left, parting.right), strict=True):
        yield f"  {name:<{width}}  {'; '.join(map(str, orders)) or 'nothing is asked for'}"
    share = f"{parting.configurations:,} of {parting.together:,}"
    yield f"  {share} pairs of configurations, reached in agreement, part at the next event of this kind"
    yield ""
