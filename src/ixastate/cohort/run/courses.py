"""Simulated patients as real courses: their rows as clinical events, run through the live chart.

`replay` gives the course of one patient; `verify` runs many and compares each row, and each dose, with what the live
machine says. Nothing of the table is used for that: the run's own files say what the simulation decided.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import polars as pl

from ixastate.chart.chart import build_chart
from ixastate.cohort.arrays import TENTHS, cycle_length
from ixastate.cohort.log.codec import decode
from ixastate.cohort.log.log import DOSES, codes
from ixastate.cohort.run.plan import Plan, model_to_read
from ixastate.cohort.run.run import Run
from ixastate.course.course import Course, Record
from ixastate.course.live import Remembering
from ixastate.course.replay import Replayed
from ixastate.errors import InputError, IxastateError
from ixastate.events import DRUGS, AnyEvent
from ixastate.rules import load_edition
from ixastate.table.graph import read

# Patients that are read and compared in one go.
BATCH = 200
ENOUGH = 20


@dataclass(frozen=True)
class Difference:
    """Something that the simulation wrote and the live machine says otherwise."""

    patient: int
    where: str
    part: str
    simulated: object
    live: object

    def __str__(self) -> str:
        return f"patient {self.patient}, {self.where}: {self.part} is {self.simulated}, by the live chart {self.live}"


@dataclass(frozen=True)
class Verified:
    """What `verify` compared, and where it disagreed: at most `ENOUGH` differences are kept of `found`."""

    patients: int
    events: int
    found: int
    differences: tuple[Difference, ...]


def require_same_machine(run: Run) -> None:
    """`InputError` unless today's rules and chart are those that the run was made by."""
    today = read(build_chart(run.plan.edition)).fingerprint
    if today != run.directory.fingerprint:
        raise InputError(
            f"the log was made by other rules or another chart (fingerprint {run.directory.fingerprint[:12]}, "
            f"today {today[:12]})",
            where=str(run.path),
            remedy="use the version of ixastate that its manifest names, or simulate it again",
        )


def replay(run: Run, patient: int) -> list[Replayed]:
    """The course of one patient, numbered from 0, run through the machine."""
    if not 0 <= patient < run.plan.patients:
        raise InputError(
            f"there is no patient {patient}", where=str(run.path), remedy=f"from 0 to {run.plan.patients - 1}"
        )
    require_same_machine(run)
    chosen = pl.col("patient") == patient
    events = run.collect(run.events.filter(chosen).sort("number"))
    baseline = run.collect(run.patients.filter(chosen)).row(0, named=True)
    course = Course(str(patient), run.plan.edition)
    return [Replayed(course, course.observe(event)) for event in _Reader(run.plan).events(events, baseline)]


def every_course(run: Run) -> Iterator[tuple[int, list[AnyEvent]]]:
    """Each patient of a run, in their order, with the events of the course."""
    require_same_machine(run)
    reader = _Reader(run.plan)
    for first in range(0, run.plan.patients, BATCH):
        between = pl.col("patient").is_between(first, first + BATCH - 1)
        events = run.collect(run.events.filter(between).sort("patient", "number"))
        by_patient = events.partition_by("patient", as_dict=True)
        for row in run.collect(run.patients.filter(between).sort("patient")).iter_rows(named=True):
            yield row["patient"], reader.events(by_patient[(row["patient"],)], row)


class _Reader:
    """Turns rows into events: knows the model, which knows how its patients start."""

    def __init__(self, plan: Plan) -> None:
        self.model = model_to_read(plan)
        self.edition = load_edition(plan.edition)

    def events(self, rows: pl.DataFrame, baseline: dict[str, Any]) -> list[AnyEvent]:
        start = self.model.start_facts(self.edition, baseline)
        days = rows["day"].to_list()
        return [decode(code, day, start) for code, day in zip(codes(rows), days, strict=True)]


# --- Verification ---------------------------------------------------------------------------------------------


def verify(run: Run, patients: Sequence[int], processes: int, progress: Callable[[int], object]) -> Verified:
    """Run these patients through the live chart and compare every state, order, rule and dose."""
    require_same_machine(run)
    batches = [list(patients[start : start + BATCH]) for start in range(0, len(patients), BATCH)]
    events = found = 0
    differences: list[Difference] = []
    # A fresh interpreter each: threads of other libraries do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(processes, len(batches)), mp_context=context) as pool:
        waiting = {pool.submit(compare_batch, str(run.path), batch): len(batch) for batch in batches}
        for done in as_completed(waiting):
            seen, unequal = done.result()
            events += seen
            found += len(unequal)
            differences += unequal[: ENOUGH - len(differences)]
            progress(waiting[done])
    return Verified(len(patients), events, found, tuple(sorted(differences, key=lambda one: one.patient)))


def compare_batch(path: str, patients: list[int]) -> tuple[int, list[Difference]]:
    """The number of events of these patients, and all differences."""
    run = Run.open(path, check=False)
    chosen = pl.col("patient").is_in(patients)
    between = pl.col("patient").is_between(min(patients), max(patients))
    events = run.collect(run.events.filter(between & chosen).sort("patient", "number"))
    rows = run.collect(run.patients.filter(between & chosen))
    doses = run.collect(run.cycles.filter(between & chosen).sort("patient", "cycle"))
    comparison = _comparison(path)
    by_patient = events.partition_by("patient", as_dict=True)
    doses_of = doses.partition_by("patient", as_dict=True)
    found = [
        difference
        for row in rows.iter_rows(named=True)
        for difference in comparison.of(row, by_patient[(row["patient"],)], doses_of.get((row["patient"],)))
    ]
    return events.height, found


@lru_cache(maxsize=1)
def _comparison(path: str) -> _Comparison:
    """One per process: a machine that remembers is worth keeping."""
    return _Comparison(Run.open(path, check=False))


class _Comparison:
    """Compares what a run wrote with the live chart."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.reader = _Reader(run.plan)
        configurations = run.collect(run.configurations)
        self.states = [tuple(states) for states in configurations["states"]]
        self.words = configurations["words"].to_list()
        outputs = run.collect(run.outputs)
        self.orders = [tuple(orders) for orders in outputs["orders"]]
        self.rules = [tuple(rules) for rules in outputs["rules"]]
        self.live = Remembering(run.plan.edition)

    def of(self, row: dict[str, Any], rows: pl.DataFrame, doses: pl.DataFrame | None) -> Iterator[Difference]:
        patient = row["patient"]
        course = Course(str(patient), self.run.plan.edition, steps_on=self.live)
        decided = zip(self.reader.events(rows, row), rows["symbol"], rows["configuration"], rows["output"], strict=True)
        records: list[Record] = []
        for number, (event, symbol, configuration, output) in enumerate(decided, 1):
            where = f"event {number} ({event.type})"
            try:
                record = course.observe(event)
            except IxastateError as refusal:
                yield Difference(patient, where, "the event", "accepted", f"refused: {refusal}")
                return
            records.append(record)
            orders, rules = self._said(record)
            for part, simulated, live in (
                ("the symbol", symbol, _logged(record)),
                ("the state", self.states[configuration], record.after),
                ("the words", self.words[configuration], record.words),
                ("the orders", self.orders[output], orders),
                ("the rules", self.rules[output], rules),
            ):
                if simulated != live:
                    yield Difference(patient, where, part, simulated, live)
        yield from self._doses(patient, course, records, doses)
        final = self.states[row["configuration"]]
        if final != course.configuration:
            yield Difference(patient, "at the end", "the state", final, course.configuration)

    def _said(self, record: Record) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The orders and rules of the live chart at the symbol of the log; a record also has the alphabet's advice and
        the course's, and what the other symbols gave.
        """
        before, step = record.before, None
        for symbol in record.symbols:
            step = self.live.step(before, symbol)
            before = step.after
        if step is None:
            return (), ()
        return tuple(str(order) for order in step.orders), step.rules

    def _doses(
        self, patient: int, course: Course, records: Sequence[Record], doses: pl.DataFrame | None
    ) -> Iterator[Difference]:
        """What the schedule says was due in each cycle, without what was missed, against what was booked."""
        length = cycle_length(course.edition)
        live = [dict.fromkeys(DRUGS, 0) for _ in range(self.run.plan.cycles)]
        ixazomib: dict[int, int] = {}
        for dose in course.due(range(1, self.run.plan.cycles * length + 1)):
            tenths = round(dose.mg * TENTHS)
            live[(dose.day - 1) // length][dose.drug] += tenths
            if dose.drug == "ixazomib":
                ixazomib[dose.day] = tenths
        for record in records:
            event = record.event
            if event.type in ("dose_missed", "dose_delayed"):
                scheduled = getattr(event, "scheduled_day", None) or 0
                sign = -1 if event.type == "dose_missed" else 1
                live[(scheduled - 1) // length]["ixazomib"] += sign * ixazomib.get(scheduled, 0)
        booked = {} if doses is None else {line["cycle"]: line for line in doses.iter_rows(named=True)}
        for cycle, due in enumerate(live, 1):
            line = booked.get(cycle)
            for name, drug in zip(DOSES, DRUGS, strict=False):
                simulated = 0 if line is None else line[name]
                if simulated != due[drug]:
                    yield Difference(patient, f"cycle {cycle}", f"{drug} in tenths of a mg", simulated, due[drug])


def _logged(record: Record) -> str | None:
    """The symbol that a log has of an event: the last, since those before it repeat what was reported that day."""
    return record.symbols[-1] if record.symbols else None


def sample(run: Run, count: int | None) -> list[int]:
    """So many patients, evenly spaced; all when None."""
    patients = run.plan.patients
    if count is None or count >= patients:
        return list(range(patients))
    return [patient * patients // count for patient in range(count)]
