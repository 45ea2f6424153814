"""Checking and comparing in one call, from a table or the name of an edition."""

from __future__ import annotations

from collections.abc import Iterable

from ixastate.proofs import check as checking
from ixastate.proofs import compare as comparing
from ixastate.proofs.check import Finding, Property
from ixastate.proofs.compare import Parting
from ixastate.proofs.properties import PROPERTIES
from ixastate.rules import DEFAULT_EDITION
from ixastate.table.table import Table


def check(machine: Table | str = DEFAULT_EDITION, properties: Iterable[Property] = PROPERTIES) -> list[Finding]:
    """Model checking: each property in every reachable configuration, with a shortest counterexample where one fails.

    `machine` is a Table or the name of an edition, whose table takes seconds to make once. `RulesError` for an edition
    that does not exist, `InputError` for a property whose search fails.
    """
    return list(checking.check(_table(machine), properties))


def compare(left: Table | str, right: Table | str) -> list[Parting]:
    """The toxicities in which two editions differ, each with a shortest course that shows it; [] when none does.

    Each is a Table or the name of an edition. `RulesError` for an edition that does not exist.
    """
    return comparing.compare(_table(left), _table(right))


def _table(machine: Table | str) -> Table:
    return machine if isinstance(machine, Table) else Table.of(machine)
