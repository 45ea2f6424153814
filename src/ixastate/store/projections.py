"""What is read off the courses of a store, kept in tables of its own: rebuilt from nothing, or followed from where it
stopped; both give the same rows.

    ixastate_courses    where each course stands, with its snapshot
    ixastate_cycles     the doses given and planned of each cycle, in tenths of a mg, as a cohort has them
    ixastate_citations  how many events of a course each rule was cited at

Batches are worked out aside and put in place in one transaction together with the position up to which they reach, so a
follower that is killed goes on where it stood. Nothing here is true by itself: the events are.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from ixastate.amendments import AnyLine
from ixastate.course.course import Course
from ixastate.course.schedule import cycle_of, is_due_day, latest_ixazomib_day
from ixastate.events import DRUGS, DoseDelayed, DoseMissed, Drug, Event, is_a
from ixastate.store.courses import take_in
from ixastate.store.store import Store, Stored
from ixastate.store.tables import citations, courses, cycles, projections, streams

NAME = "courses"
# The number of what is worked out here; one of another number is rebuilt.
NUMBER = 1
# How many events are taken in at once, how many courses are kept at hand, and how many streams are rebuilt at once.
BATCH, AT_HAND, STREAMS = 2_000, 5_000, 200
# Of so many events it is quicker to rebuild all.
FAR_BEHIND = 100_000
TENTHS = 10
_OWN = (citations, cycles, courses)

Progress = Callable[[int], object]


@dataclass
class _Of:
    """What is known of one course: the course, how often each rule was cited, and what was reported of doses."""

    course: Course
    version: int
    cited: Counter[str]
    reported: list[AnyLine]

    def take(self, stored: Stored) -> None:
        """Take one event more in."""
        line = stored.line
        record = take_in(self.course, line, f"position {stored.position}")
        self.version = stored.version
        self.cited.update(set(record.rules))
        if is_a(line, DoseMissed) or is_a(line, DoseDelayed):
            self.reported.append(line)


def position(store: Store) -> int | None:
    """Up to which position the projections reach; None where they have to be rebuilt."""
    found = _position(store)
    return found if found is not None and found >= 0 else None


def _position(store: Store) -> int | None:
    """The position as it is kept: while they are rebuilt up to one, `_rebuilding` of it; None where there is none."""
    with store.database.reading() as connection:
        row = connection.execute(select(projections).where(projections.c.name == NAME)).first()
    return None if row is None or row.number != NUMBER else int(row.position)


def _rebuilding(last: int) -> int:
    """What stands for the position while the projections are rebuilt up to this one; it is its own opposite."""
    return -1 - last


def catch_up(store: Store, progress: Progress = lambda events: None) -> int:
    """Bring the projections to the end of the store: the position that they reach.

    Where they are being rebuilt, by a process that works or by one that was ended, it takes part.
    """
    at, last = _position(store), store.head().position
    if at is None or at > last or (at >= 0 and last - at > FAR_BEHIND):
        return rebuild(store, progress)
    if at < 0:
        _rebuild_to(store, _rebuilding(at), progress)
    return _Follower(store).until_the_end(progress)


def follow(store: Store, progress: Progress = lambda events: None) -> Callable[[], int]:
    """A function that brings the projections to the end of the store each time it is called, and says how far."""
    follower = _Follower(store)

    def on() -> int:
        return catch_up(store, progress) if position(store) is None else follower.until_the_end(progress)

    return on


def rebuild(store: Store, progress: Progress = lambda events: None) -> int:
    """Make the projections anew from the events alone: the position that they reach."""
    last = store.head().position
    with store.database.writing() as connection:
        for table in (*_OWN, projections):
            connection.execute(delete(table))
        row = {"name": NAME, "number": NUMBER, "position": _rebuilding(last)}
        connection.execute(insert(projections), [row])
    _rebuild_to(store, last, progress)
    return _Follower(store).until_the_end(progress)


def _rebuild_to(store: Store, last: int, progress: Progress) -> None:
    """Work out every stream up to a position.

    Whoever rebuilds up to one position writes the same, so several may; it stops when another has come to the end, or
    has begun anew.
    """
    number = 0
    while True:
        page = select(streams).where(streams.c.id > number).order_by(streams.c.id).limit(STREAMS)
        with store.database.reading() as connection:
            rows = connection.execute(page).all()
        of = {row.id: _nothing(row.patient or None, row.edition) for row in rows}
        seen = 0
        for stream, stored in _of_streams(store, rows[0].id, rows[-1].id, last) if rows else ():
            of[stream].take(stored)
            seen += 1
        with store.database.writing() as connection:
            if not _move(connection, _rebuilding(last), _rebuilding(last) if rows else last):
                return
            _replace(connection, {stream: one for stream, one in of.items() if one.version})
        if not rows:
            return
        progress(seen)
        number = rows[-1].id


def _move(connection: Connection, before: int, after: int) -> bool:
    """Say up to where the projections reach now, if they are still where they were; until the end nobody moves them."""
    here = (projections.c.name == NAME, projections.c.number == NUMBER, projections.c.position == before)
    return connection.execute(update(projections).where(*here).values(position=after)).rowcount == 1


def _of_streams(store: Store, first: int, last: int, until: int) -> Iterator[tuple[int, Stored]]:
    """The events of these streams until a position, one stream after the other."""
    at = (first, 0)
    while True:
        rows = store.page_of_streams(at, last, until)
        yield from rows
        if not rows:
            return
        at = (rows[-1][0], rows[-1][1].version)


class _Follower:
    """Takes events in from where the projections stand; the courses of the latest ones are kept at hand."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.at_hand: OrderedDict[int, _Of] = OrderedDict()

    def until_the_end(self, progress: Progress) -> int:
        """Batch by batch; the position that is reached."""
        while True:
            at = position(self.store)
            if at is None:
                return catch_up(self.store, progress)
            batch = self.store.page_after(at, BATCH)
            if not batch:
                return at
            touched = self._take(batch)
            if not self._put(at, batch[-1][1].position, touched):
                # Another follower was quicker; what it did need not be done again.
                self.at_hand.clear()
                continue
            progress(len(batch))
            while len(self.at_hand) > AT_HAND:
                self.at_hand.popitem(last=False)

    def _take(self, batch: Sequence[tuple[int, Stored]]) -> dict[int, _Of]:
        """The courses that these events are of, after them."""
        touched: dict[int, _Of] = {}
        known = {stream for stream, _ in batch} - self.at_hand.keys()
        self.at_hand |= self._read(known, dict(reversed(batch)))
        for stream, stored in batch:
            one = touched[stream] = self.at_hand[stream]
            if stored.version != one.version + 1:
                # The rows of the projection are not those of the events before.
                one = touched[stream] = self.at_hand[stream] = self._again(stream, stored)
            one.take(stored)
            self.at_hand.move_to_end(stream)
        return touched

    def _read(self, wanted: set[int], first: dict[int, Stored]) -> dict[int, _Of]:
        """What the projection knows of these streams."""
        found = {stream: _nothing(first[stream].patient, first[stream].edition) for stream in wanted}
        with self.store.database.reading() as connection:
            for some in _pieces(sorted(wanted)):
                for row in connection.execute(select(courses).where(courses.c.stream.in_(some))):
                    course = Course.resume(row.snapshot, keep_records=False)
                    found[row.stream] = _Of(course, row.version, Counter(), [])
                for row in connection.execute(select(citations).where(citations.c.stream.in_(some))):
                    found[row.stream].cited[row.rule] = row.events
        kinds = [kind.model_fields["type"].default for kind in (DoseMissed, DoseDelayed)]
        for some in _pieces([stream for stream, one in found.items() if one.version]):
            for stream, stored in self.store.of_kinds(some, kinds):
                if stored.version <= found[stream].version:
                    found[stream].reported.append(stored.line)
        return found

    def _again(self, stream: int, until: Stored) -> _Of:
        one = _nothing(until.patient, until.edition)
        for stored in self.store.stream(until.patient):
            if stored.version == until.version:
                return one
            one.take(stored)
        return one

    def _put(self, before: int, after: int, touched: dict[int, _Of]) -> bool:
        """Put these in place, if the projections still stand where they stood."""
        with self.store.database.writing() as connection:
            if not _move(connection, before, after):
                return False
            _replace(connection, touched)
        return True


def _nothing(patient: str | None, edition: str) -> _Of:
    return _Of(Course(patient, edition, keep_records=False), 0, Counter(), [])


def _replace(connection: Connection, of: dict[int, _Of]) -> None:
    """Put the rows of these courses in the place of those that there are."""
    for some in _pieces(sorted(of)):
        for table in _OWN:
            connection.execute(delete(table).where(table.c.stream.in_(some)))
    rows: dict[str, list[dict[str, Any]]] = {table.name: [] for table in _OWN}
    for stream, one in of.items():
        status = one.course.status
        rows[courses.name].append(
            {
                "stream": stream,
                "version": one.version,
                "phase": status.phase,
                "words": status.words,
                "held": status.ixazomib_held or status.lenalidomide_held,
                "ixazomib_mg": status.ixazomib_mg,
                "lenalidomide_mg": status.lenalidomide_mg,
                "snapshot": one.course.snapshot().model_dump_json(),
            }
        )
        rows[citations.name] += [
            {"stream": stream, "rule": rule, "events": count} for rule, count in sorted(one.cited.items())
        ]
        rows[cycles.name] += [
            {"stream": stream, "cycle": cycle, "drug": drug, "given_mg10": given, "planned_mg10": planned}
            for (cycle, drug), (given, planned) in doses_by_cycle(one.course, one.reported).items()
        ]
    for table in reversed(_OWN):
        if rows[table.name]:
            connection.execute(insert(table), rows[table.name])


# --- Doses ------------------------------------------------------------------------------------------------------


def doses_by_cycle(course: Course, reported: Iterable[AnyLine]) -> dict[tuple[int, Drug], tuple[int, int]]:
    """The doses of each cycle until the course's latest event, in tenths of a mg: given, and planned.

    Given is what was due, without what was `reported` missed and not taken late; planned are the starting doses on the
    calendar while on treatment, as in a cohort.
    """
    dates, latest = course.calendar, course.latest
    if dates is None or latest is None:
        return {}
    edition, begun = course.edition, course.changes[0][1]
    planned = {drug: _tenths(begun.given_mg(drug, edition.dexamethasone.dose_mg)) for drug in DRUGS}
    found: dict[tuple[int, Drug], tuple[int, int]] = {}
    days = range(1, dates.day(latest) + 1)
    due = {(dose.drug, dose.day): _tenths(dose.mg) for dose in course.due(days)}
    # The day of the end counts as treated when the end came after its slot.
    over = course.status.phase != begun.phase
    last = dates.day(course.changes[-1][0]) if over else days.stop
    if over and course.status_at(last).phase == begun.phase:
        last += 1
    for day in days:
        treated = day < last
        for drug in DRUGS:
            if not is_due_day(drug, day, dates.lenalidomide_every_days, edition):
                continue
            cycle = cycle_of(day, edition)[0], drug
            given, wanted = found.get(cycle, (0, 0))
            found[cycle] = given + due.get((drug, day), 0), wanted + (planned[drug] if treated else 0)
    for day in _missed(course, reported):
        missed: tuple[int, Drug] = cycle_of(day, edition)[0], "ixazomib"
        if missed in found:
            given, wanted = found[missed]
            found[missed] = given - due.get(("ixazomib", day), 0), wanted
    return found


def _missed(course: Course, reported: Iterable[AnyLine]) -> set[int]:
    """The treatment days whose dose of ixazomib was reported missed, and not taken late afterwards."""
    dates = course.calendar
    assert dates is not None  # else there are no doses
    known: Iterable[Any] = [fact.event for fact in course.facts if not (fact.withdrawn or fact.impossible)] or reported
    missed: set[int] = set()
    for event in known:
        if not (is_a(event, DoseMissed) or is_a(event, DoseDelayed)):
            continue
        day = event.scheduled_day or _latest_slot(course, event)
        if day is not None:
            (missed.add if is_a(event, DoseMissed) else missed.discard)(day)
    return missed


def _latest_slot(course: Course, event: Event) -> int | None:
    dates = course.calendar
    assert dates is not None
    at = event.at if event.at is not None else dates.moment(event.day or 1)
    return latest_ixazomib_day(at, dates, course.edition)


def _tenths(mg: float | None) -> int:
    return round((mg or 0) * TENTHS)


def contents(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the projections, in order, to be compared."""
    with store.database.reading() as connection:
        return {
            table.name: sorted(tuple(row) for row in connection.execute(select(table)))
            for table in (*_OWN, projections)
        }


def _pieces(values: Sequence[int], at_once: int = 500) -> Iterator[Sequence[int]]:
    for start in range(0, len(values), at_once):
        yield values[start : start + at_once]
