"""The course of a stream: made again from its events, or from a snapshot and the events after it; and one event more.

An event is stored only after its course has taken it in, so a store holds no event that cannot belong to its course.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from ixastate.amendments import AnyLine, parse_line
from ixastate.chart.chart import build_chart
from ixastate.course.course import Course
from ixastate.course.record import Record
from ixastate.errors import ConflictError, CourseRefusal, InputError, IxastateError
from ixastate.rules import DEFAULT_EDITION
from ixastate.store.store import Lines, Store, key_of
from ixastate.table.graph import read

# A snapshot is kept each time a course has so many events more.
SNAPSHOT_EVERY = 500
# How often an event is decided anew that met another one.
ATTEMPTS = 100


@cache
def fingerprint(edition: str) -> str:
    """The fingerprint of the rules and the chart of an edition, by which a snapshot was made."""
    return read(build_chart(edition)).fingerprint


def rehydrate(store: Store, patient: str | None, *, edition: str | None = None) -> tuple[Course, int]:
    """The course of a patient as the store has it, and the version of the stream; a new one where there is none.

    A snapshot of other rules, or one that is damaged, is passed over. `InputError` and `CourseRefusal` name the
    position of an event that is damaged or does not belong to the course.
    """
    known = store.edition(patient)
    if known is not None and edition not in (None, known):
        raise InputError(
            f"the course of {patient!r} is under {known}, not {edition}", where=store.where, remedy=f"name {known}"
        )
    course, version = Course(patient, known or edition or DEFAULT_EDITION, keep_records=False), 0
    if known is None:
        return course, 0
    kept = store.snapshot(patient, fingerprint(known))
    if kept is not None:
        course, version = _resumed(kept, course)
    for stored in store.stream(patient, version):
        take_in(course, stored.line, f"position {stored.position}")
        version = stored.version
    return course, version


def take_in(course: Course, line: AnyLine, where: str) -> Record:
    """The record of a stored line; an error names where it stands."""
    try:
        return course.observe(line)
    except IxastateError as error:
        error.where = f"{where}: {error.where}" if error.where else where
        raise


def _resumed(kept: tuple[int, str], new: Course) -> tuple[Course, int]:
    """The course of a snapshot, or a new one where it is damaged or of something else."""
    version, data = kept
    try:
        course = Course.resume(data, keep_records=False)
    except IxastateError:
        return new, 0
    saved = course.snapshot()
    if (saved.patient, saved.edition, saved.number) != (new.patient, new.edition.name, version):
        return new, 0
    return course, version


def observe(
    store: Store, patient: str | None, event: AnyLine | Mapping[str, Any], *, edition: str | None = None
) -> Record:
    """Take an event in to the course of a patient and store it; its record.

    When another writer comes between, it is decided anew. `CourseRefusal` when it cannot belong to the course, or an
    event with its id is stored already; then nothing is stored.
    """
    line = parse_line(event)
    key = key_of(line)
    for _ in range(ATTEMPTS):
        course, version = rehydrate(store, patient, edition=edition)
        record = course.observe(line)
        stream = store.streams([patient]).get(patient) if key is not None else None
        if stream is not None and key is not None and store.known([(stream[0], key)]):
            raise CourseRefusal(
                f"an event with the id {line.id!r} is stored already",
                where=f"course of {patient!r}",
                remedy="correct that one with event_corrected, or give this one an id of its own",
            )
        wanted = Lines(patient, [(line, key)], course.edition.name, version)
        try:
            store.append_all([wanted])
        except ConflictError:
            continue
        keep_snapshot(store, course, version, version + 1)
        return record
    raise ConflictError(
        f"{ATTEMPTS} times another writer came between", where=store.where, remedy="let fewer write to one course"
    )


def keep_snapshot(store: Store, course: Course, before: int, version: int) -> None:
    """Keep a snapshot where a course has passed a multiple of `SNAPSHOT_EVERY` events."""
    if before // SNAPSHOT_EVERY < version // SNAPSHOT_EVERY:
        data = course.snapshot().model_dump_json()
        store.save_snapshot(course.patient, version, fingerprint(course.edition.name), data)
