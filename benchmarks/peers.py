"""Other ways to do the same job, each written as its users would write it.

Simulators draw each week's symbol and step: a dict table and SimPy. Machines are given the symbols of simulated
courses and step: the live chart, a whole course, `transitions`, XState. Every machine must end each course in the
configuration in which the simulation ended it, and every simulator must leave the same share on treatment.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import tempfile
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import Disagreement, LeftOut, Work
from ixastate.chart.chart import build_chart
from ixastate.cohort.arrays import MachineArrays
from ixastate.cohort.log.codec import Code, decode
from ixastate.cohort.models.hazards import Chain, Hazards
from ixastate.course.course import Course
from ixastate.course.live import Machine
from ixastate.events import AnyEvent
from ixastate.exchange.export import export
from ixastate.symbols import SCREENING, Configuration
from ixastate.table.compiled import Compiled

SEED = 1
NODE_SECONDS = 600
DRIVER = Path(__file__).with_name("xstate_courses.mjs")


# --- Simulators -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Law:
    """A chain as plain Python data: the dict table, and by state the symbols that may come with cumulated chances."""

    following: dict[tuple[str, str], str]
    symbols: dict[str, list[str]]
    chances: dict[str, list[float]]
    starts: list[str]
    start_chances: list[float]

    @classmethod
    def of(cls, chain: Chain, names: tuple[str, ...]) -> Law:
        """The law of a chain; `names` are those of its symbols."""
        states = [f"configuration {number}" for number in chain.configurations.tolist()]
        columns = [*names, *(f"symbol {number}" for number in range(len(names), chain.none)), "nothing"]
        following, symbols, chances = {}, {}, {}
        for state, shares, after in zip(states, chain.probabilities, chain.following, strict=True):
            may = np.flatnonzero(shares)
            seen = [columns[column] for column in may]
            symbols[state] = seen
            chances[state] = np.cumsum(shares[may]).tolist()
            for symbol, to in zip(seen, after[may].tolist(), strict=True):
                following[state, symbol] = states[to]
        begin = np.flatnonzero(chain.start)
        return cls(
            following, symbols, chances, [states[place] for place in begin], np.cumsum(chain.start[begin]).tolist()
        )


def dict_with_choices(law: Law, patients: int, weeks: int) -> list[str]:
    """The dict table as it comes to mind: `random.choices` for the symbol, a look-up for the state."""
    luck = random.Random(SEED)
    ends = []
    for _ in range(patients):
        state = luck.choices(law.starts, cum_weights=law.start_chances)[0]
        for _ in range(weeks):
            symbol = luck.choices(law.symbols[state], cum_weights=law.chances[state])[0]
            state = law.following[state, symbol]
        ends.append(state)
    return ends


def dict_with_bisect(law: Law, patients: int, weeks: int) -> list[str]:
    """The dict table made as fast as plain Python allows: local names, and bisection for the symbol."""
    uniform = random.Random(SEED).random
    following, symbols, chances = law.following, law.symbols, law.chances
    ends = []
    for _ in range(patients):
        state = law.starts[_place(law.start_chances, uniform())]
        for _ in range(weeks):
            chance = chances[state]
            state = following[state, symbols[state][bisect_right(chance, uniform() * chance[-1], 0, len(chance) - 1)]]
        ends.append(state)
    return ends


def _place(chances: list[float], luck: float) -> int:
    return bisect_right(chances, luck * chances[-1], 0, len(chances) - 1)


def with_simpy(law: Law, patients: int, weeks: int) -> list[str]:
    """A process a patient, that wakes each week, draws and looks up as `dict_with_choices` does."""
    require("simpy")
    import simpy

    luck = random.Random(SEED)
    ends = []

    def patient(environment: Any) -> Any:
        state = luck.choices(law.starts, cum_weights=law.start_chances)[0]
        for _ in range(weeks):
            yield environment.timeout(1)
            symbol = luck.choices(law.symbols[state], cum_weights=law.chances[state])[0]
            state = law.following[state, symbol]
        ends.append(state)

    environment = simpy.Environment()
    for _ in range(patients):
        environment.process(patient(environment))
    environment.run()
    return ends


def share_going_on(law: Law, ends: list[str]) -> float:
    """The share of patients that are in a state in which something may still happen: on treatment."""
    return sum(law.symbols[state] != ["nothing"] for state in ends) / len(ends)


def require(library: str) -> None:
    """`LeftOut` unless the library is installed."""
    if find_spec(library) is None:
        raise LeftOut(f"{library} is not installed: python -m pip install 'ixastate[bench]'")


# --- Machines -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Courses:
    """Simulated courses of whole cycles: their symbols, and the table's number of the configuration after each."""

    arrays: MachineArrays
    model: Hazards
    patients: int
    cycles: int

    @cached_property
    def _rows(self) -> tuple[list[Any], np.ndarray, Any]:
        block = self.model.kernel(self.arrays, SEED, self.cycles)(0, self.patients)
        edges = np.searchsorted(block.rows.patient, np.arange(self.patients + 1))
        return list(pairwise(edges.tolist())), block.baseline["start"], block.rows

    @cached_property
    def symbols(self) -> list[list[str]]:
        """The symbols of each course, the start first."""
        edges, _, rows = self._rows
        names = self.arrays.table.symbols
        seen = [names[symbol] for symbol in rows.symbol.tolist()]
        return [seen[first:last] for first, last in edges]

    @cached_property
    def configurations(self) -> list[list[int]]:
        """The configuration after each symbol."""
        edges, _, rows = self._rows
        after = rows.configuration.tolist()
        return [after[first:last] for first, last in edges]

    @cached_property
    def events(self) -> list[list[AnyEvent]]:
        """The courses as clinical events, dated by treatment day."""
        edges, begun, rows = self._rows
        columns = (rows.kind, rows.value, rows.second, rows.term, rows.detail)
        codes = [Code(*values) for values in zip(*(column.tolist() for column in columns), strict=True)]
        days = rows.day.tolist()
        edition, names = self.arrays.edition, self.arrays.table.symbols
        facts = {symbol: self.model.start_facts(edition, {"start": names[symbol]}) for symbol in set(begun.tolist())}
        return [
            [decode(codes[row], days[row], facts[begun[patient]]) for row in range(first, last)]
            for patient, (first, last) in enumerate(edges)
        ]

    @property
    def steps(self) -> int:
        """How many symbols there are."""
        return sum(map(len, self.symbols))

    @property
    def ends(self) -> list[Configuration]:
        """The configuration in which each course ends."""
        return [self.arrays.table.configurations[after[-1]] for after in self.configurations]

    def check(self, name: str, ends: list[Configuration]) -> None:
        """`Disagreement` unless every course ended where the simulation ended it."""
        wrong = sum(one != other for one, other in zip(ends, self.ends, strict=True))
        if wrong:
            raise Disagreement(f"{name}: {wrong} of {self.patients} courses end in another configuration")


def live_chart(courses: Courses) -> tuple[Work, str]:
    """Each symbol is asked of the live statechart, which remembers no answer; with what it does in words."""
    work = _steps(courses, Machine(courses.arrays.edition.name), "live chart")
    return work, "python-statemachine: regions, guards, raised symbols, orders and rules, checked configurations"


def compiled_steps(courses: Courses) -> tuple[Work, str]:
    """Each symbol is asked of the compiled chart, which remembers its steps; with what it does in words."""
    work = _steps(courses, Compiled.of(courses.arrays.edition.name), "compiled step")
    return work, "configuration, status, orders and rules of each step; no events and no dates"


def _steps(courses: Courses, machine: Machine | Compiled, name: str) -> Work:
    def walk() -> list[Configuration]:
        ends = []
        for symbols in courses.symbols:
            now = SCREENING
            for symbol in symbols:
                now = machine.step(now, symbol).after
            ends.append(now)
        return ends

    courses.check(name, walk())
    return walk


def bare_chart(courses: Courses) -> tuple[Work, str]:
    """Each symbol is sent to a statechart of its patient, of which nothing is asked; with what it does in words."""
    chart = build_chart(courses.arrays.edition.name)
    leaves = courses.arrays.table.graph.leaves

    def walk() -> list[Configuration]:
        ends = []
        for symbols in courses.symbols:
            patient = chart()
            for symbol in symbols:
                patient.send(symbol)
            active = set(patient.configuration_values)
            ends.append(tuple(leaf for leaf in leaves if leaf in active))
        return ends

    courses.check("python-statemachine", walk())
    return walk, "a machine a patient, regions, guards and raised symbols; nobody asks for orders or rules"


def whole_course(courses: Courses, *, live: bool = False) -> tuple[Work, str]:
    """Each event is observed by a `Course`, on the compiled chart or the live one; with what it does in words."""
    edition = courses.arrays.edition.name
    events = courses.events

    def walk() -> list[Configuration]:
        ends = []
        for seen in events:
            course = Course(edition=edition, live=live)
            for event in seen:
                course.observe(event)
            ends.append(course.configuration)
        return ends

    courses.check("Course.observe", walk())
    on = "live chart, which remembers nothing" if live else "compiled chart, which remembers its steps"
    return walk, f"clinical events, dates and records besides; on the {on}"


def with_transitions(courses: Courses) -> tuple[Work, str]:
    """A flat machine of `transitions` over the configurations that these courses meet; with what it is in words."""
    require("transitions")
    import transitions

    table = courses.arrays.table
    met = {
        (symbol, before, after)
        for symbols, numbers in zip(courses.symbols, courses.configurations, strict=True)
        for symbol, (before, after) in zip(symbols, pairwise([0, *numbers]), strict=True)
    }
    states = sorted({state for _, before, after in met for state in (before, after)})
    moves = [[symbol, f"c{before}", f"c{after}"] for symbol, before, after in sorted(met)]

    class Patient:
        """What the library drives."""

        state: str

    patient = Patient()
    machine = transitions.Machine(
        patient, states=[f"c{state}" for state in states], transitions=moves, initial="c0", auto_transitions=False
    )

    def walk() -> list[Configuration]:
        ends = []
        for symbols in courses.symbols:
            machine.set_state("c0")
            for symbol in symbols:
                patient.trigger(symbol)  # type: ignore[attr-defined]
            ends.append(patient.state)
        return [table.configurations[int(state[1:])] for state in ends]

    courses.check("transitions", walk())
    size = f"the {len(states):,} configurations met and {len(moves):,} transitions"
    return walk, f"flat, {size}; no guards, orders or rules"


def with_xstate(courses: Courses, rounds: int) -> tuple[float, str]:
    """Seconds that XState under Node takes for the exported chart, and the versions."""
    node, modules = node_modules("xstate")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        shutil.copy(DRIVER, folder)
        name = courses.arrays.edition.name
        (folder / "xstate_setup.mjs").write_text(export("xstate-setup", name), encoding="utf-8")
        (folder / "chart.json").write_text(export("xstate", name), encoding="utf-8")
        (folder / "courses.json").write_text(json.dumps(courses.symbols), encoding="utf-8")
        (folder / "node_modules").symlink_to(modules, target_is_directory=True)
        finished = subprocess.run(
            [node, DRIVER.name, "chart.json", "courses.json", str(rounds)],
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
            timeout=NODE_SECONDS,
            check=False,
        )
    if finished.returncode:
        raise LeftOut(f"Node ended with {finished.returncode}: {finished.stderr.strip().splitlines()[-1:]}")
    said = json.loads(finished.stdout)
    order = {leaf: rank for rank, leaf in enumerate(courses.arrays.table.graph.leaves)}
    courses.check("XState", [tuple(sorted(leaves, key=order.__getitem__)) for leaves in said["ends"]])
    version = json.loads((modules / "xstate" / "package.json").read_text(encoding="utf-8"))["version"]
    return said["seconds"], f"XState {version}, Node {said['node']}"


def node_modules(package: str) -> tuple[str, Path]:
    """Node, and the folder in which it finds a package; `LeftOut` when there is none."""
    node = shutil.which("node")
    if node is None:
        raise LeftOut("Node is not installed")
    chosen = os.environ.get("IXASTATE_NODE_MODULES")
    if chosen is not None:
        if not (Path(chosen) / package).is_dir():
            raise LeftOut(f"IXASTATE_NODE_MODULES holds no {package}")
        return node, Path(chosen).resolve()
    search = [node, "-p", f"require.resolve('{package}/package.json')"]
    answer = subprocess.run(search, capture_output=True, encoding="utf-8", check=False)
    if answer.returncode:
        raise LeftOut(f"the npm package {package} is not installed (IXASTATE_NODE_MODULES may name a node_modules)")
    return node, Path(answer.stdout.strip()).parents[1]
