"""Logs and cohorts into a store, and a store out as a log.

What is brought in is run through its course first, so a line that cannot belong there is refused as a replay of the
log would refuse it. It goes in batches, each whole or not at all. Brought in again, after an interruption or not,
nothing is stored twice: a line is known by its id, or else by its own text and by how many equal ones stand before it
at its moment.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from ixastate.amendments import AnyLine
from ixastate.course.course import Course
from ixastate.course.log import Line, dump
from ixastate.errors import ConflictError, CourseRefusal, InputError, IxastateError, OutputError
from ixastate.files import write_pieces
from ixastate.rules import DEFAULT_EDITION
from ixastate.store.courses import ATTEMPTS, keep_snapshot, rehydrate
from ixastate.store.store import Lines, Store, key_of

# How many lines are stored in one transaction, and how many courses are kept at hand.
BATCH, AT_HAND = 1_000, 20_000
# Of the digest by which a line without an id is known, within its stream.
KEY_DIGITS = 32


class Ingested(NamedTuple):
    """What became of a log: its lines, how many of them are new, and how many patients they are of."""

    lines: int
    new: int
    patients: int


class _Keyed(NamedTuple):
    """A line with the key by which the store knows it, and the patient and the edition that it names."""

    line: Line
    key: str
    patient: str | None
    edition: str | None


def ingest(
    store: Store,
    lines: Iterable[Line],
    edition: str | None = None,
    progress: Callable[[int], object] = lambda lines: None,
) -> Ingested:
    """Store the lines of a log, each in the stream of its patient, of records their events.

    A course is under the edition that its stream has, which `edition` must be where it is given; a new one is under
    `edition`, else under that of its records, else under the usual one.
    `InputError` and `CourseRefusal` name the line that cannot be stored; those before it are.
    """
    keys, courses = _Keys(), _Courses(store, edition)
    read = new = 0
    source = iter(lines)
    refused: IxastateError | None = None
    while refused is None:
        batch: list[_Keyed] = []
        try:
            for line in islice(source, BATCH):
                patient = line.event.patient if line.record is None else line.record.patient
                recorded = line.record.edition if line.record is not None else None
                batch.append(_Keyed(line, keys.key(patient, line.event), patient, recorded))
        except IxastateError as error:
            refused = error
        stored, unfit = courses.store_batch(batch)
        new += stored
        read += len(batch)
        progress(len(batch))
        refused = unfit or refused
        if refused is None and len(batch) < BATCH:
            return Ingested(read, new, len(keys.patients))
    raise refused


class _Keys:
    """The keys of lines. Of each patient only what was seen at the latest moment is remembered."""

    def __init__(self) -> None:
        self.patients: dict[str | None, tuple[object, dict[str, int]]] = {}

    def key(self, patient: str | None, line: AnyLine) -> str:
        """The id of a line, or its digest and how many equal ones came before it."""
        moment, seen = self.patients.get(patient, (None, {}))
        now = line.recorded_at or (getattr(line, "at", None), getattr(line, "day", None))
        if now != moment:
            seen = {}
        self.patients[patient] = now, seen
        if line.id is not None:
            return str(key_of(line))
        digest = hashlib.sha256(dump(line).encode("utf-8", "surrogatepass")).hexdigest()[:KEY_DIGITS]
        seen[digest] = seen.get(digest, 0) + 1
        return f"line {digest} {seen[digest]}"


@dataclass
class _Open:
    """A course at hand and the version of its stream."""

    course: Course
    version: int


@dataclass
class _Courses:
    """The courses of the patients that lines come of: the latest are kept at hand."""

    store: Store
    edition: str | None
    at_hand: OrderedDict[str | None, _Open] = field(default_factory=OrderedDict)

    def store_batch(self, batch: list[_Keyed]) -> tuple[int, IxastateError | None]:
        """Store these lines in one transaction: how many are new, and why the rest could not be taken in."""
        for _ in range(ATTEMPTS):
            wanted, opened, refused = self._decide(batch)
            try:
                done = self.store.append_all(wanted) if wanted else []
            except ConflictError:
                # What the courses at hand took in was not stored.
                for patient in opened:
                    self.at_hand.pop(patient, None)
                continue
            except BaseException:
                self.at_hand.clear()
                raise
            for appended, lines in zip(done, wanted, strict=True):
                one = self.at_hand[lines.patient]
                before, one.version = one.version, appended.version
                keep_snapshot(self.store, one.course, before, one.version)
            while len(self.at_hand) > AT_HAND:
                self.at_hand.popitem(last=False)
            return sum(appended.new for appended in done), refused
        raise ConflictError(
            f"{ATTEMPTS} times another writer came between",
            where=self.store.where,
            remedy="let fewer write to the same courses",
        )

    def _decide(self, batch: list[_Keyed]) -> tuple[list[Lines], set[str | None], IxastateError | None]:
        """What is to be appended: the lines that are new, in order, until the first that its course refuses."""
        streams = self.store.streams(one.patient for one in batch)
        known = self.store.known([(streams[one.patient][0], one.key) for one in batch if one.patient in streams])
        by_patient: dict[str | None, list[tuple[AnyLine, str | None]]] = {}
        refused: IxastateError | None = None
        for one in batch:
            line, patient = one.line, one.patient
            number, edition = streams.get(patient, (None, None))
            if number is not None and (number, one.key) in known:
                if known[number, one.key] == dump(line.event):
                    continue
                refused = _another(line)
                break
            try:
                open_ = self._open(patient, edition, one.edition)
                open_.course.observe(line.event)
            except IxastateError as error:
                error.where = f"{line.where}: {error.where}" if isinstance(error, CourseRefusal) else line.where
                refused = error
                break
            by_patient.setdefault(patient, []).append((line.event, one.key))
        wanted = [
            Lines(patient, lines, self.at_hand[patient].course.edition.name, self.at_hand[patient].version)
            for patient, lines in by_patient.items()
        ]
        return wanted, set(by_patient), refused

    def _open(self, patient: str | None, stored: str | None, recorded: str | None) -> _Open:
        found = self.at_hand.get(patient)
        if found is None:
            if stored is None:
                course = Course(patient, self.edition or recorded or DEFAULT_EDITION, keep_records=False)
                found = _Open(course, 0)
            else:
                found = _Open(*rehydrate(self.store, patient, edition=stored))
            self.at_hand[patient] = found
        self.at_hand.move_to_end(patient)
        if self.edition not in (None, found.course.edition.name):
            raise InputError(
                f"the course of {patient!r} is under {found.course.edition.name} in the store, not {self.edition}",
                remedy="leave the edition out, or put the course into a store of its own",
            )
        return found


def _another(line: Line) -> InputError:
    return InputError(
        f"the store holds another event with the id {line.event.id!r}",
        where=line.where,
        remedy="correct it with event_corrected, or give this one an id of its own",
    )


def named(lines: Iterable[Line], patient: str | None) -> Iterator[Line]:
    """The same lines, those of no patient as of this one; `InputError` for what is no name."""
    name = Course(patient).patient
    for line in lines:
        if name is None or line.event.patient is not None or (line.record is not None and line.record.patient):
            yield line
        else:
            whose = {"patient": name}
            record = line.record.model_copy(update=whose) if line.record is not None else None
            yield line._replace(event=line.event.model_copy(update=whose), record=record)


def lines_of_cohort(path: Path) -> Iterator[Line]:
    """The events of every patient of a simulated run as lines of a log."""
    from ixastate.cohort.run.courses import every_course
    from ixastate.cohort.run.run import Run

    run = Run.open(path)
    for patient, found in every_course(run):
        for number, event in enumerate(found, 1):
            yield Line(f"{path}: patient {patient}, event {number}", event.model_copy(update={"patient": str(patient)}))


def export(store: Store, path: Path, patient: str | None = None, *, every: bool = True) -> int:
    """Write the events of a store as a log, whole or not at all, in the order in which they came; how many they are.

    Without `every` those of one patient alone. `OutputError` when the file is that of the store.
    """
    if store.database.holds(path):
        raise OutputError("it is the store itself", where=str(path), remedy="name another file")
    found = store.feed() if every else store.stream(patient)
    count = 0

    def pieces() -> Iterator[bytes]:
        nonlocal count
        for stored in found:
            count += 1
            yield f"{stored.data}\n".encode()

    write_pieces(path, pieces())
    return count
