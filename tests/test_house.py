"""The house: names are asked and never parsed, and the vocabulary stands in one place. Read off the source.

A state id or a symbol is written as a literal in `symbols.py` and in the chart alone; nothing takes a name apart; and
no module but `symbols.py` lists the toxicities, their events or the ends. What is allowed all the same stands here,
with its reason; an exception that is no longer needed fails too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import ixastate
from ixastate.chart.slot_symbols import SLOT_SYMBOLS
from ixastate.symbols import ENDS, RAISED, TOXICITIES, symbols
from ixastate.table.slot import read_slot
from tests.tables import EDITION_NAMES, graph

SOURCE = Path(ixastate.__file__).parent
HOME = ("symbols.py", "chart/")
# Words that are names of the field as well: the phases of a course.
PHASES = {"screening", "discontinued"}
PARSERS = {"startswith", "endswith", "removeprefix", "removesuffix", "partition", "rpartition", "split", "rsplit"}

# Where a name of the machine may be written: (module, name): why.
LITERALS: dict[tuple[str, str], str] = {
    ("cohort/models/pkpd_numbers.py", "progression"): "the name of a rate in the parameters file",
    ("cohort/models/pkpd_numbers.py", "death"): "the name of a rate in the parameters file",
    ("cohort/models/pkpd_numbers.py", "withdrawal"): "the name of a rate in the parameters file",
    **dict.fromkeys(
        (
            ("cohort/models/reference.py", name)
            for name in ("neuropathy_resolved_agreed", "new_cycle_met", "rash_resolved")
        ),
        "the oracle of the kernel repeats on purpose what it looks up",
    ),
}
# Where a text is taken apart that is no name of the machine: (module, call): why.
TEXTS: dict[tuple[str, str], str] = {
    (
        "cohort/models/parameters.py",
        "str(entry['source']).startswith('assumption')",
    ): "the first word of a source says that there is none",
    ("cli/common.py", "name.startswith(incomplete)"): "completion of a word that is being typed",
    ("cli/common.py", "text.startswith('-')"): "whether a word is an option",
    ("cli/conform.py", "follows.startswith('-')"): "whether a word is an option",
    ("cli/diagram.py", "name.startswith(incomplete)"): "completion of a word that is being typed",
    ("cli/export.py", "name.startswith(incomplete)"): "completion of a word that is being typed",
    ("cli/figure.py", "name.startswith(incomplete)"): "completion of a word that is being typed",
    ("cli/main.py", "name.startswith(incomplete)"): "completion of a word that is being typed",
    ("cli/pages.py", "line.endswith(':')"): "lines of a help page",
    ("cli/pages.py", "line.startswith('  ')"): "lines of a help page",
    ("cli/pages.py", "line.startswith(' ')"): "lines of a help page",
    ("cli/pages.py", "name.lstrip('-').startswith(typed.lstrip('-'))"): "an option that is nearly what was typed",
    ("cli/pages.py", "text.split('\\n\\n')"): "paragraphs of a help page",
    ("cli/suite.py", "name.startswith(incomplete)"): "completion of a word that is being typed",
    ("cli/suite.py", "one.split(',')"): "a list of words that a person typed",
    ("cli/terminal.py", "line.split(maxsplit=1)"): "the first word of a printed line",
    ("cli/terminal.py", "text.split('\\n')"): "lines of a printed text",
    ("cli/validate.py", "'\\n\\n'.join(pages).split('\\n')"): "lines of a printed text",
    ("cohort/run/simulation.py", "text.partition(':')"): "a span A:B that a person typed",
    ("diagrams/render.py", "pygraphviz.__version__.split('.')"): "the version of a library",
    ("diagrams/slices.py", "text.split(',')"): "a list of symbols that a person typed",
    ("errors.py", "re.split('\\\\s*,\\\\s*', own[1])"): "the requirements of a package as its metadata write them",
    ("exchange/sdtm/values.py", "text.split('/')"): "the two dates of an ISO 8601 interval",
    ("exchange/sdtm/xport.py", "data.startswith(b'HEADER RECORD*******LIB')"): "the first bytes of a transport file",
    ("table/table.py", "content.split(b'\\n', 1)"): "the parts of a saved table",
    ("table/table.py", "content.startswith(MAGIC)"): "the first bytes of a saved table",
    ("table/table.py", "content[len(MAGIC):].split(b'\\n', 1)"): "the parts of a saved table",
    ("units.py", "plain.partition('/')"): "a unit as a laboratory wrote it",
    ("testing/plugin.py", "config.getoption('--ixastate-cover').split(',')"): "a list of words that a person typed",
    (
        "testing/reports/junit.py",
        "result.test.course.rsplit('-', 1)",
    ): "a suite file gives a course its cover in its id alone",
}
# Where several words of one vocabulary stand together: (module, words): why.
_ENDS = ("progression_found", "patient_died", "consent_withdrawn", "intolerable_toxicity_declared")
LISTS: dict[tuple[str, tuple[str, ...]], str] = {
    ("cohort/models/pkpd_kernel.py", _ENDS): "the order in which the kernel draws them decides its bytes",
    ("cohort/models/reference.py", _ENDS): "the oracle of the kernel repeats it on purpose",
    (
        "cohort/rows.py",
        (
            "neutrophils_measured",
            "platelets_measured",
            "neuropathy_graded",
            "rash_graded",
            "other_toxicity_graded",
            "cycle_assessed",
        ),
    ): "the codes of the log's format: to put them in another order would change every file",
    (
        "cohort/rows.py",
        ("progression_found", "intolerable_toxicity_declared", "patient_died", "consent_withdrawn"),
    ): "the codes of the log's format: to put them in another order would change every file",
}


@cache
def modules() -> dict[str, ast.Module]:
    paths = sorted(SOURCE.rglob("*.py"))
    return {path.relative_to(SOURCE).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


MODULES = sorted(modules())


def names_of_the_machine() -> set[str]:
    # Two symbols of a dose are verbs as well, of orders and of what a toxicity raises.
    found = {*RAISED, *SLOT_SYMBOLS, *read_slot().leaves} - {"hold", "release"}
    for edition in EDITION_NAMES:
        found |= set(graph(edition).leaves) | set(symbols(graph(edition).edition))
    return found - PHASES


def strings(tree: ast.AST) -> Iterator[ast.Constant]:
    """Every string of a module that is no docstring and no part of one."""
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)]
    docstrings = {id(body[0].value) for body in bodies if body and isinstance(body[0], ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node


def literals(tree: ast.AST) -> set[str]:
    """The names of the machine that a module writes."""
    return {str(node.value) for node in strings(tree)} & names_of_the_machine()


def parsing(tree: ast.AST) -> list[str]:
    """The calls that take a text apart at a given place. `split()` at blanks is how a list of words is written."""
    return [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in PARSERS
        and (node.args or node.keywords)
    ]


VOCABULARIES = {
    "toxicities": {one.name for one in TOXICITIES},
    "reasons": {one.reason for one in TOXICITIES},
    "keys": {one.key for one in TOXICITIES},
    "events of toxicities": {one.event for one in TOXICITIES},
    "ends": {end.name for end in ENDS},
    "events of ends": {end.event for end in ENDS},
}


def lists(tree: ast.AST) -> list[tuple[str, ...]]:
    """The collections in which three or more words of one vocabulary stand."""
    found = []
    for node in ast.walk(tree):
        members: list[ast.expr | None] = []
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            members = [*node.elts]
        elif isinstance(node, ast.Dict):
            members = [*node.keys]
        words = [one.value for one in members if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        for vocabulary in VOCABULARIES.values():
            together = tuple(word for word in words if word in vocabulary)
            if len(together) >= 3 and together not in found:
                found.append(together)
    return found


# --- The reader of sources sees what it must ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("x = 'anc_low'", {"anc_low"}),
        ("x = {'rash_held_ixazomib_next': 1}", {"rash_held_ixazomib_next"}),
        ("def f():\n    '''anc_low'''\n    return 'start_4_25'", {"start_4_25"}),
        ("x = 'hold_ixazomib'", {"hold_ixazomib"}),
        ("x = 'anc'", set()),
        ("x = {'reported_missed': 1, 'slot_due': 2}", {"reported_missed", "slot_due"}),
        ("x = 'hold'", set()),
        ("x = status.phase == 'discontinued'", set()),
    ],
)
def test_a_name_is_seen(source: str, found: set[str]) -> None:
    assert literals(ast.parse(source)) == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("leaf.startswith(f'{name}_clear')", ["leaf.startswith(f'{name}_clear')"]),
        ("symbol.split('_')", ["symbol.split('_')"]),
        ("a, _, b = words.partition('held for ')", ["words.partition('held for ')"]),
        ("'ANC-01 ANC-02'.split()", []),
        ("', '.join(names)", []),
    ],
)
def test_a_text_taken_apart_is_seen(source: str, found: list[str]) -> None:
    assert parsing(ast.parse(source)) == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("X = ('neutrophils', 'platelets', 'rash')", [("neutrophils", "platelets", "rash")]),
        ("X = {'death': 1, 'withdrawal': 2, 'progression': 3}", [("death", "withdrawal", "progression")]),
        (
            "X = ['rash_graded', 'neutrophils_measured', f(), 'platelets_measured']",
            [("rash_graded", "neutrophils_measured", "platelets_measured")],
        ),
        ("X = ('neutrophils', 'platelets')", []),
        ("X = ('neutrophils', 'death', 'rash')", []),
    ],
)
def test_a_second_vocabulary_is_seen(source: str, found: list[tuple[str, ...]]) -> None:
    assert lists(ast.parse(source)) == found


# --- The house ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", [name for name in MODULES if not name.startswith(HOME)])
def test_no_name_of_the_machine_is_a_literal(module: str) -> None:
    allowed = {name for where, name in LITERALS if where == module}
    found = literals(modules()[module])
    assert found - allowed == set(), "take it from symbols.py or from the meaning of a leaf"
    assert allowed - found == set(), "no longer needed"


@pytest.mark.parametrize("module", MODULES)
def test_no_name_is_taken_apart(module: str) -> None:
    allowed = {call for where, call in TEXTS if where == module}
    found = set(parsing(modules()[module]))
    assert found - allowed == set(), "ask the object that the name is of; if it is no name, say above what it is"
    assert allowed - found == set(), "no longer needed"


@pytest.mark.parametrize("module", [name for name in MODULES if name != "symbols.py"])
def test_no_vocabulary_stands_twice(module: str) -> None:
    allowed = {words for where, words in LISTS if where == module}
    found = set(lists(modules()[module]))
    assert found - allowed == set(), "select from symbols.py"
    assert allowed - found == set(), "no longer needed"


def test_every_exception_has_a_reason() -> None:
    for reasons in (LITERALS, TEXTS, LISTS):
        assert all(len(reason.split()) >= 4 for reason in reasons.values())
