"""Findings and differences as text, with courses that can be replayed."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from ixastate.course.log import dump
from ixastate.errors import ChartError
from ixastate.proofs.check import Finding, Machine
from ixastate.proofs.compare import Parting
from ixastate.table.slot import SlotTable
from ixastate.table.table import Table
from ixastate.table.witness import witness
from ixastate.words import describe

WIDTH = 100


def describe_table(table: Table, *, minimal: bool = False, width: int = WIDTH) -> Iterator[str]:
    """The size of a machine, in one sentence; with its smallest form if that is asked for."""
    moves = sum(1 for said in table.output if said)
    size = f"{len(table.configurations):,} configurations, {moves:,} moves, {len(table.graph.edges)} transitions"
    words = f"edition {table.graph.edition.name}: {size} (fingerprint {table.graph.fingerprint[:12]})"
    yield from textwrap.wrap(words, width, subsequent_indent="  ", break_on_hyphens=False)
    if minimal:
        smallest = max(table.minimal()) + 1
        words = f"really different in what they order: {smallest:,} configurations (the minimal machine)"
        yield from textwrap.wrap(words, width, subsequent_indent="  ")


def describe_slot(table: SlotTable, width: int = WIDTH) -> Iterator[str]:
    """The size of the machine of a dose, in one sentence."""
    graph = table.graph
    size = f"{len(graph.leaves)} states, {len(table.configurations)} configurations, {len(table.moves):,} moves"
    words = f"one dose of ixazomib: {size}, {len(graph.edges)} transitions (fingerprint {graph.fingerprint[:12]})"
    yield from textwrap.wrap(words, width, subsequent_indent="  ", break_on_hyphens=False)


def finding_lines(finding: Finding[Machine], table: Machine, width: int = WIDTH) -> Iterator[str]:
    """One property: proved, or broken with a shortest course that shows it."""
    proposition, breach = finding.proposition, finding.breach
    verdict = "proved" if breach is None else "BROKEN"
    words = f"{verdict}  {proposition.name}: {proposition.says}"
    yield from textwrap.wrap(words, width, subsequent_indent=" " * 8, break_on_hyphens=False)
    if breach is None:
        return
    yield from textwrap.wrap(f"but {breach.why}", width, initial_indent="  ", subsequent_indent="  ")
    events = finding.events(table)
    if events:
        yield from _indented("a shortest course that shows it, as a log for `ixastate replay`:", width)
        yield from (f"  {dump(event)}" for event in events)
    elif finding.symbols:
        yield from _after(finding.symbols, width)


def parting_lines(parting: Parting, left: Table, right: Table, width: int = WIDTH) -> Iterator[str]:
    """One toxicity in which two editions part: the course, and what each asks for at its end."""
    names = left.graph.edition.name, right.graph.edition.name
    longest = max(map(len, names))
    yield f"{parting.toxicity}: they part after {len(parting.symbols)} events"
    # The edition that knows every symbol of the course can put it into events.
    knowing = right if set(parting.symbols) <= set(right.symbols) else left
    try:
        events = witness(parting.symbols, knowing.graph.edition)
    except ChartError:
        events = []
        yield from _after(parting.symbols, width)
    for event in events:
        yield from _indented(f"day {event.day}: {describe(event)}", width)
    for name, orders in zip(names, (parting.left, parting.right), strict=True):
        words = "; ".join(map(str, orders)) or "nothing is asked for"
        yield from textwrap.wrap(
            words, width, initial_indent=f"  {name:<{longest}}  ", subsequent_indent=" " * (longest + 4)
        )
    share = f"{parting.configurations:,} of {parting.together:,}"
    words = f"{share} pairs of configurations, reached in agreement, part at the next event of this kind"
    yield from _indented(words, width)
    yield ""


def _after(symbols: Sequence[str], width: int) -> list[str]:
    return _indented(f"after the symbols: {' '.join(symbols)}", width)


def _indented(words: str, width: int) -> list[str]:
    return textwrap.wrap(words, width, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
