"""The mutants of a module: each is another program, and none is of words for people."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.mutate import PACKAGE, mutants, naming, outcomes

SOURCE = '''
"""A docstring."""

def limit(value: int, most: int = 3) -> bool:
    """Another."""
    if value < most and not value == 0:
        return True
    raise ValueError("too much")
'''
BODY = "if value < most and (not value == 0):"


def test_every_place_gives_the_change_that_it_can_have() -> None:
    found = mutants(SOURCE)
    texts = [one.source for one in found]
    assert len(set(texts)) == len(texts) == 10
    for changed in (
        "most: int=4",
        "if not (value < most and (not value == 0)):",
        "if value < most or not value == 0:",
        "if value <= most and (not value == 0):",
        "if value < most and value == 0:",
        "if value < most and (not value != 0):",
        "if value < most and (not value == 1):",
        "return None",
        "return False",
    ):
        assert sum(changed in text for text in texts) == 1, changed
    assert sum("raise" not in text for text in texts) == 1
    assert all("A docstring." in text and "Another." in text for text in texts)
    assert [one.line for one in found] == sorted(one.line for one in found)


@pytest.mark.parametrize("module", ["course/slots.py", "testing/blame.py", "exchange/ics.py"])
def test_mutants_of_the_package_are_programs_and_other_ones(module: str) -> None:
    source = (PACKAGE / module).read_text()
    found = mutants(source)
    assert len(found) > 50
    for one in found[:: len(found) // 20]:
        assert ast.dump(ast.parse(one.source)) != ast.dump(ast.parse(source))


def test_a_mutant_is_killed_or_survives_by_the_tests_that_are_given(tmp_path: Path) -> None:
    test = tmp_path / "test_it.py"
    asserted = "    assert DEFAULT_EDITION in EDITIONS"
    test.write_text(f"from ixastate.editions import DEFAULT_EDITION, EDITIONS\ndef test_it():\n{asserted}\n")
    found = list(outcomes("editions.py", 3, 5, [test], 1))
    assert len(found) == 3
    for one in found:
        changed = [line for line in one.difference.splitlines() if line.startswith("+")]
        of_the_default = "DEFAULT_EDITION" in changed[0] or "'dosing-text'" not in changed[0]
        assert one.verdict == ("killed" if of_the_default else "survived"), one.difference


def test_the_tests_of_a_module_are_those_that_name_it() -> None:
    names = [path.name for path in naming("course/slots.py")]
    assert names[0] == "test_slots.py"
    assert "test_imports.py" not in names
