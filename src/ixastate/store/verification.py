"""Whether a store is as it was written: its order, its chain of digests, and every stream through the live machine.

A row that was changed, removed, added or moved does not fit the digests; whoever keeps the digest of the head elsewhere
finds a store that was made anew as well. Each course is then run through the live chart, which neither the writers nor
the projections use, and compared with what the snapshots and the projections say of it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import func, select

from ixastate.course.course import Course
from ixastate.course.live import Remembering
from ixastate.errors import IxastateError
from ixastate.store import projections, tables
from ixastate.store.courses import fingerprint, take_in
from ixastate.store.store import Head, Store, Stored, digest_of, in_utc, key_of
from ixastate.store.tables import NO_DIGEST, courses, events, snapshots, streams

# So many findings are kept.
ENOUGH = 20


@dataclass(frozen=True)
class Verified:
    """What was looked at, the digest of the head, and what does not fit: at most `ENOUGH` of `found` are kept."""

    events: int
    patients: int
    digest: str
    found: int
    findings: tuple[str, ...]


def verify(store: Store, progress: Callable[[int], object] = lambda events: None) -> Verified:
    """Look at every event of a store twice, in the order of the store and in that of its stream."""
    findings: list[str] = []
    found = 0
    head, astray = _ends(store)
    for finding in itertools.chain(astray, _chain_until(store, head, progress), _streams(store, progress)):
        found += 1
        if len(findings) < ENOUGH:
            findings.append(finding)
    patients = sum(1 for _ in store.patients())
    return Verified(head.position, patients, head.digest.hex(), found, tuple(findings))


def chain(store: Store, progress: Callable[[int], object] = lambda events: None) -> Iterator[str]:
    """What does not fit in the order of the store."""
    head, astray = _ends(store)
    yield from astray
    yield from _chain_until(store, head, progress)


def _ends(store: Store) -> tuple[Head, list[str]]:
    """The head, and what stands behind it or in no stream at that moment; others may go on to append."""
    with store.database.reading() as connection:
        head = Head(*connection.execute(select(tables.head.c.position, tables.head.c.digest)).one())
        beyond = connection.execute(select(func.count()).where(events.c.position > head.position)).scalar_one()
        stray = select(func.count()).select_from(events.outerjoin(streams)).where(streams.c.id.is_(None))
        strays = connection.execute(stray).scalar_one()
    found = [f"{beyond} events stand behind the head, which is at position {head.position}"] if beyond else []
    return head, found + ([f"{strays} events are of no stream"] if strays else [])


def _chain_until(store: Store, head: Head, progress: Callable[[int], object]) -> Iterator[str]:
    """What does not fit from the first event to the head."""
    expected, digest = 1, NO_DIGEST
    for stored in store.feed(until=head.position):
        if stored.position != expected:
            missing = (
                f"position {expected} is"
                if stored.position == expected + 1
                else (f"positions {expected} to {stored.position - 1} are")
            )
            yield f"{missing} missing"
        before, digest = digest, stored.digest
        if stored.position == expected and _digest(before, stored) != stored.digest:
            yield f"position {stored.position}: its digest does not fit what stands there and what was before"
        yield from _columns(stored)
        expected = stored.position + 1
        progress(1)
    if expected != head.position + 1:
        yield f"the head is at position {head.position}, and the last event at {expected - 1}"
    elif digest != head.digest:
        yield "the digest of the head is not that of the last event"


def _digest(before: bytes, stored: Stored) -> bytes:
    return digest_of(before, stored.position, stored.patient, stored.edition, stored.version, stored.key, stored.data)


def _columns(stored: Stored) -> Iterator[str]:
    """Where the columns beside a line say something else than the line."""
    try:
        line = stored.line
    except IxastateError as error:
        yield str(error)
        return
    for name, said, says in (
        ("type", stored.type, line.type),
        ("at", stored.at, in_utc(getattr(line, "at", None))),
        ("recorded_at", stored.recorded_at, in_utc(line.recorded_at)),
    ):
        if said != says:
            yield f"position {stored.position}: {name} is {said!r} beside the line, and {says!r} in it"
    if line.id is not None and stored.key != key_of(line):
        yield f"position {stored.position}: its key is not that of its id"


def _streams(store: Store, progress: Callable[[int], object]) -> Iterator[str]:
    """What the live machine says otherwise of each stream."""
    live: dict[str, Remembering] = {}
    for patient, edition in store.patients():
        name = repr(patient) if patient is not None else "the patient without a name"
        try:
            machine = live[edition] = live.get(edition) or Remembering(edition)
            yield from (f"{name}: {finding}" for finding in _course(store, patient, machine, progress))
        except IxastateError as error:
            yield f"{name}: {error}"


def _course(
    store: Store, patient: str | None, machine: Remembering, progress: Callable[[int], object]
) -> Iterator[str]:
    course = Course(patient, machine.edition.name, steps_on=machine, keep_records=False)
    with store.database.reading() as connection:
        number = connection.execute(select(streams.c.id).where(streams.c.patient == (patient or ""))).scalar_one()
        kept = {
            row.version: row.data
            for row in connection.execute(
                select(snapshots).where(
                    snapshots.c.stream == number, snapshots.c.fingerprint == fingerprint(course.edition.name)
                )
            )
        }
        shown = connection.execute(select(courses).where(courses.c.stream == number)).first()
    reliable = projections.position(store) is not None
    version = 0
    for stored in store.stream(patient):
        if stored.version != version + 1:
            yield f"version {version + 1} is missing before position {stored.position}"
        take_in(course, stored.line, f"position {stored.position}")
        version = stored.version
        progress(1)
        says = course.snapshot().model_dump_json() if version in kept or (shown and version == shown.version) else ""
        if version in kept and kept.pop(version) != says:
            yield f"the snapshot of version {version} is not what the live machine makes of the events"
        if shown and version == shown.version:
            if reliable and (shown.snapshot, shown.words) != (says, course.status.words):
                yield f"the projection says {shown.words!r}, and the live machine {course.status.words!r}"
            shown = None
    if not version:
        yield "there is no event in the stream"
    yield from (f"there is a snapshot of version {later}, which there is not" for later in sorted(kept))
    if shown and reliable:
        yield f"the projection is at version {shown.version}, and the stream at {version}"
