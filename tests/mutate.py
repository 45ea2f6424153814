"""Mutation testing of the package's code: small faults are put into a module, and its tests must notice each.

    python -m tests.mutate course/slots.py exchange/ics.py --sample 25 --seed 1
    python -m tests.mutate course/log.py --tests tests/test_log.py tests/test_replay.py --json log.jsonl

A mutant is the module with one place of its syntax tree changed: a comparison, a number, a text, a branch, a statement
left out and the like. Docstrings, annotations and the words of errors are left alone. Each mutant is put into a copy of
the package, so that nothing here is touched, and the tests run until the first that fails. One that no test fails is
printed as a difference, to be judged by hand: the code does the same in another way, or a test is missing.

This is run by hand; it takes a few seconds a mutant. It mutates the code. `ixastate.testing.mutation` is another thing:
it mutates the chart.
"""

from __future__ import annotations

import argparse
import ast
import copy
import difflib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "ixastate"
# Names whose arguments are words for people.
WORDS = frozenset(("remedy", "where", "help", "metavar", "title", "description"))

_SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    **{ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq},
    **{ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And},
    **{ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv},
    **{ast.Div: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.LShift: ast.RShift, ast.RShift: ast.LShift},
}
_LEFT_OUT = (ast.Expr, ast.Assign, ast.AugAssign, ast.Raise, ast.Delete)


@dataclass(frozen=True)
class Mutant:
    """One change of a module: its line, what was changed, and the whole module after it."""

    line: int
    what: str
    source: str


@dataclass(frozen=True)
class Outcome:
    """What the tests made of a mutant: killed, survived, or ended since they took too long."""

    module: str
    line: int
    what: str
    verdict: str
    difference: str


def mutants(source: str) -> list[Mutant]:
    """Every mutant of a module, in the order of its lines."""
    tree = ast.parse(source)
    found = []
    for number, (place, node) in enumerate(_places(tree)):
        for kind in _changes(node):
            changed = copy.deepcopy(tree)
            twin_place, twin = list(_places(changed))[number]
            _apply(twin_place, twin, kind)
            text = ast.unparse(ast.fix_missing_locations(changed))
            found.append(Mutant(getattr(node, "lineno", getattr(place.parent, "lineno", 0)), kind, text))
    unchanged = ast.unparse(tree)
    return sorted((one for one in found if one.source != unchanged), key=lambda one: one.line)


@dataclass(frozen=True)
class _Place:
    """Where a node stands: its parent, the field of it, and the number in the field if that is a list."""

    parent: ast.AST
    field: str
    number: int | None


def _places(node: ast.AST) -> Iterator[tuple[_Place, ast.AST]]:
    """Every node that may be changed, from the outside to the inside."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "type_params", "bases"):
            continue
        children = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
        for number, child in children:
            if isinstance(child, ast.AST) and not _left_alone(node, child):
                yield _Place(node, field, number), child
                yield from _places(child)


def _left_alone(parent: ast.AST, node: ast.AST) -> bool:
    """Whether a node is nothing that runs, or is words for people."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True  # a docstring
    if isinstance(node, ast.Import | ast.ImportFrom | ast.Global | ast.FormattedValue | ast.JoinedStr):
        return True
    if isinstance(node, ast.keyword) and node.arg in WORDS:
        return True
    if isinstance(parent, ast.Raise):
        return True  # but whether it is raised is a statement, which may be left out
    return isinstance(node, ast.FunctionDef) and node.name in ("__repr__", "__str__")


def _changes(node: ast.AST) -> list[str]:
    """The kinds of change that a node can have."""
    kinds: list[str] = []
    if isinstance(node, ast.operator | ast.boolop | ast.cmpop) and type(node) in _SWAPPED:
        kinds.append("operator")
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        kinds.append("not")
    if isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float | str):
        kinds.append("constant")
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        kinds.append("condition")
    if isinstance(node, ast.Return) and node.value is not None:
        kinds.append("return")
    if isinstance(node, ast.Tuple | ast.List | ast.Set) and len(node.elts) > 1 and not _is_target(node):
        kinds.append("item")
    if isinstance(node, ast.Break | ast.Continue):
        kinds.append("loop")
    if isinstance(node, _LEFT_OUT):
        kinds.append("statement")
    return kinds


def _is_target(node: ast.AST) -> bool:
    return isinstance(getattr(node, "ctx", None), ast.Store | ast.Del)


def _apply(place: _Place, node: ast.AST, kind: str) -> None:
    """Change a node in its place."""
    new: ast.AST = node
    if kind == "operator":
        new = _SWAPPED[type(node)]()
    elif kind == "not" and isinstance(node, ast.UnaryOp):
        new = node.operand
    elif kind == "constant" and isinstance(node, ast.Constant):
        value = node.value
        assert isinstance(value, bool | int | float | str)
        new = ast.Constant(not value if isinstance(value, bool) else value + ("X" if isinstance(value, str) else 1))
    elif kind == "condition" and isinstance(node, ast.If | ast.While | ast.IfExp):
        node.test = ast.UnaryOp(ast.Not(), node.test)
    elif kind == "return" and isinstance(node, ast.Return):
        node.value = ast.Constant(None)
    elif kind == "item" and isinstance(node, ast.Tuple | ast.List | ast.Set):
        node.elts.pop()
    elif kind == "loop":
        new = ast.Break() if isinstance(node, ast.Continue) else ast.Continue()
    elif kind == "statement":
        new = ast.Pass()
    if place.number is None:
        setattr(place.parent, place.field, new)
    else:
        getattr(place.parent, place.field)[place.number] = new


def naming(module: str) -> list[Path]:
    """The test files that name a module of the package, those of its own name first."""
    path = Path(module)
    dotted = ".".join(("ixastate", *path.with_suffix("").parts)).removesuffix(".__init__")
    stem = path.stem if path.stem != "__init__" else path.parent.name
    files = sorted((ROOT / "tests").glob("test_*.py"))
    found = [file for file in files if dotted in file.read_text() or file.stem == f"test_{stem}"]
    return sorted(found, key=lambda file: (stem not in file.stem, file.stat().st_size))


class Copy:
    """A copy of the package in which one module is a mutant."""

    def __init__(self, folder: Path, module: str, tests: Sequence[Path]) -> None:
        self.package = folder / "ixastate"
        shutil.copytree(PACKAGE, self.package)
        self.module, self.tests = module, tests

    def run(self, source: str, limit: float | None) -> bool | None:
        """Whether the tests pass with this source of the module; None if they take longer than so many seconds."""
        (self.package / self.module).write_text(source)
        command = [sys.executable, "-B", "-m", "pytest", "-q", "-x", "--no-header", "-p", "no:cacheprovider"]
        # Nobody measures what of a copy that is thrown away was covered.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
        environment["PYTHONPATH"] = str(self.package.parent)
        try:
            done = subprocess.run(
                [*command, *map(str, self.tests)], cwd=ROOT, env=environment, capture_output=True, timeout=limit
            )
        except subprocess.TimeoutExpired:
            return None
        return done.returncode == 0


def outcomes(module: str, sample: int, seed: int, tests: Sequence[Path], jobs: int) -> Iterator[Outcome]:
    """What the tests make of a sample of a module's mutants."""
    source = (PACKAGE / module).read_text()
    every = mutants(source)
    chosen = sorted(random.Random(seed).sample(every, min(sample, len(every))), key=lambda one: one.line)
    whole = ast.unparse(ast.parse(source))
    with tempfile.TemporaryDirectory() as folder:
        copies: SimpleQueue[Copy] = SimpleQueue()
        for number in range(jobs):
            copies.put(Copy(Path(folder) / str(number), module, tests))
        first = copies.get()
        began = time.monotonic()
        if not first.run(source, None):
            raise SystemExit(
                f"{module}: its tests fail without a mutant: {' '.join(map(str, tests)) or 'there are none'}"
            )
        limit = 30 + 5 * (time.monotonic() - began)
        copies.put(first)

        def judged(mutant: Mutant) -> Outcome:
            taken = copies.get()
            passed = taken.run(mutant.source, limit)
            copies.put(taken)
            verdict = {True: "survived", False: "killed", None: "too long"}[passed]
            lines = difflib.unified_diff(whole.splitlines(), mutant.source.splitlines(), lineterm="", n=1)
            return Outcome(module, mutant.line, mutant.what, verdict, "\n".join(list(lines)[2:]))

        with ThreadPoolExecutor(jobs) as pool:
            yield from pool.map(judged, chosen)


def main() -> None:
    parser = argparse.ArgumentParser(description="Put small faults into modules, and see whether their tests notice.")
    parser.add_argument("modules", nargs="+", help="paths below src/ixastate, such as course/slots.py")
    parser.add_argument("--sample", type=int, default=25, help="how many mutants of each (25)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tests", nargs="+", type=Path, help="test files, instead of those that name the module")
    parser.add_argument("--jobs", type=int, default=1, help="how many at a time (1)")
    parser.add_argument("--json", type=Path, help="a file to which each outcome is added as a line of JSON")
    wanted = parser.parse_args()
    for module in wanted.modules:
        counts = {"killed": 0, "survived": 0, "too long": 0}
        tests = [path.resolve() for path in wanted.tests] if wanted.tests else naming(module)
        for one in outcomes(module, wanted.sample, wanted.seed, tests, wanted.jobs):
            counts[one.verdict] += 1
            if one.verdict == "survived":
                print(f"{module}:{one.line}: {one.what}\n{one.difference}\n", flush=True)
            if wanted.json:
                with wanted.json.open("a") as lines:
                    lines.write(f"{json.dumps(asdict(one))}\n")
        print(f"{module}: {', '.join(f'{count} {verdict}' for verdict, count in counts.items())}\n", flush=True)


if __name__ == "__main__":
    main()
