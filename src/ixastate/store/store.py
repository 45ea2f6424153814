"""The store: streams of events, one per patient, in one order that has no gap, with a chain of digests over all.

Whoever appends holds the head of the store until the transaction ends, so positions are given in the order in which
they are committed: a reader that has seen position n has seen all before it, and can follow from there. What was
acknowledged is on disk. An event may have a key, such as its id; to append it once more changes nothing, so a writer
that does not know whether its append arrived may repeat it.

This module knows lines and no course: whether an event belongs to its course is the question of `courses`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, and_, bindparam, func, insert, or_, select, update

from ixastate.amendments import AnyLine
from ixastate.course.log import dump, read_line
from ixastate.errors import ConflictError, InputError
from ixastate.rules import DEFAULT_EDITION, load_edition
from ixastate.store.database import POSTGRESQL, Database
from ixastate.store.tables import events, head, prepare, schema_of, snapshots, streams

# How many events are read from the database at once.
PAGE = 1_000
# How long (s) a reader that follows waits before it looks again.
POLL = 0.5

Value = TypeVar("Value")


class Head(NamedTuple):
    """The last position of a store and the digest there, which is over everything before it."""

    position: int
    digest: bytes


@dataclass(frozen=True)
class Stored:
    """An event as it stands in the store: its place in the whole and in its stream, and the line as it was given."""

    position: int
    patient: str | None
    edition: str
    version: int
    data: str
    digest: bytes
    type: str
    at: str | None
    recorded_at: str | None
    key: str | None

    @cached_property
    def line(self) -> AnyLine:
        """The line of the log; `InputError` when it is damaged."""
        return read_line(self.data.encode(), f"position {self.position}").event


class Lines(NamedTuple):
    """What is to be appended to one patient's stream, in its order, each line with its key or None.

    `expected` is the version after which the lines belong, or None for whatever version there is.
    """

    patient: str | None
    lines: Sequence[tuple[AnyLine, str | None]]
    edition: str = DEFAULT_EDITION
    expected: int | None = None


class Appended(NamedTuple):
    """What became of lines: the version of the stream now, its last position, and how many are new."""

    version: int
    position: int
    new: int


class Store:
    """A store of events in a database.

    `url` is a file of SQLite or the URL of a PostgreSQL database. Without `create` there must be a store already.
    `InputError` for what is no store or one of a later schema, `OutputError` where nothing can be written.
    """

    def __init__(self, url: str | Path, *, create: bool = False) -> None:
        self.database = Database(str(url))
        self.where = self.database.where
        if self.database.file is not None and not create and not self.database.file.is_file():
            raise InputError("there is no such store", where=self.where, remedy="make one with `ixastate store ingest`")
        try:
            if create or not self._is_ready():
                with self.database.making() as connection:
                    prepare(connection, self.where, create=create)
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        return f"<Store {self.where}>"

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()

    def _is_ready(self) -> bool:
        """Whether the tables are there and of this schema, so that nothing need be written."""
        from sqlalchemy import inspect

        from ixastate.store.tables import SCHEMA

        with self.database.reading() as connection:
            return head.name in inspect(connection).get_table_names() and schema_of(connection, self.where) == SCHEMA

    # --- Append -----------------------------------------------------------------------------------------------

    def append(
        self,
        patient: str | None,
        lines: Sequence[AnyLine],
        *,
        expected: int | None = None,
        edition: str = DEFAULT_EDITION,
    ) -> Appended:
        """Append lines to the stream of a patient, all of them or none; the id of a line is its key.

        `ConflictError` when the stream is not at the `expected` version, or holds another line of the same id;
        `OutputError` when nothing can be written.
        """
        [appended] = self.append_all([Lines(patient, [(line, key_of(line)) for line in lines], edition, expected)])
        return appended

    def append_all(self, batch: Sequence[Lines]) -> list[Appended]:
        """Append to several streams, all of it or nothing, in one transaction; errors as `append`."""
        if not batch:
            return []
        with self.database.writing() as connection:
            return _Append(connection, self.where, {wanted.patient or "" for wanted in batch}).all(batch)

    # --- Read -------------------------------------------------------------------------------------------------

    def head(self) -> Head:
        """The last position and the digest there."""
        with self.database.reading() as connection:
            return Head(*connection.execute(select(head.c.position, head.c.digest)).one())

    def version(self, patient: str | None) -> int:
        """The version of a patient's stream: how many events it holds, 0 where there is none."""
        found = select(func.max(events.c.version)).join(streams).where(streams.c.patient == (patient or ""))
        with self.database.reading() as connection:
            return connection.execute(found).scalar() or 0

    def patients(self) -> Iterator[tuple[str | None, str]]:
        """Every patient with the edition of the course, in the order in which they came."""
        after = 0
        while True:
            page = select(streams).where(streams.c.id > after).order_by(streams.c.id).limit(PAGE)
            with self.database.reading() as connection:
                rows = connection.execute(page).all()
            for row in rows:
                yield row.patient or None, row.edition
            if len(rows) < PAGE:
                return
            after = rows[-1].id

    def edition(self, patient: str | None) -> str | None:
        """The edition of a patient's course; None where there is no such stream."""
        found = select(streams.c.edition).where(streams.c.patient == (patient or ""))
        with self.database.reading() as connection:
            return connection.execute(found).scalar()

    def stream(self, patient: str | None, after: int = 0) -> Iterator[Stored]:
        """The events of one patient after a version, in their order."""
        while True:
            wanted = (streams.c.patient == (patient or ""), events.c.version > after)
            page = _SELECT.where(*wanted).order_by(events.c.version).limit(PAGE)
            rows = self._page(page)
            yield from rows
            if len(rows) < PAGE:
                return
            after = rows[-1].version

    def feed(self, after: int = 0, until: int | None = None) -> Iterator[Stored]:
        """Every event after a position, in the order of the store, until the last one or the position `until`."""
        while True:
            wanted = [events.c.position > after] + ([events.c.position <= until] if until is not None else [])
            rows = self._page(_SELECT.where(*wanted).order_by(events.c.position).limit(PAGE))
            yield from rows
            if len(rows) < PAGE:
                return
            after = rows[-1].position

    def follow(
        self, after: int = 0, *, poll: float = POLL, idle: Callable[[int], bool] = lambda position: True
    ) -> Iterator[Stored]:
        """Every event after a position and then each one that comes; it misses none.

        Where there is no more, `idle` is told the last position, and ends it by False; else it looks again after `poll`
        seconds.
        """
        pause = Event()
        while True:
            for stored in self.feed(after):
                after = stored.position
                yield stored
            if not idle(after):
                return
            pause.wait(poll)

    def _page(self, page: Any) -> list[Stored]:
        with self.database.reading() as connection:
            return [_stored(dict(row._mapping)) for row in connection.execute(page)]

    def page_after(self, position: int, number: int) -> list[tuple[int, Stored]]:
        """The next events after a position, at most so many, each with the number of its stream."""
        wanted = _WITH_STREAM.where(events.c.position > position)
        return self._numbered(wanted.order_by(events.c.position).limit(number))

    def page_of_streams(self, after: tuple[int, int], last: int, until: int) -> list[tuple[int, Stored]]:
        """The next events after a version of a stream, stream by stream to the `last`, of positions up to `until`."""
        stream, version = after
        further = or_(and_(events.c.stream == stream, events.c.version > version), events.c.stream > stream)
        wanted = _WITH_STREAM.where(further, events.c.stream >= stream, events.c.stream <= last)
        ordered = wanted.where(events.c.position <= until).order_by(events.c.stream, events.c.version)
        return self._numbered(ordered.limit(PAGE))

    def of_kinds(self, streams: Sequence[int], kinds: Sequence[str]) -> list[tuple[int, Stored]]:
        """The events of some kinds of these streams, in their order, each with the number of its stream."""
        wanted = _WITH_STREAM.where(events.c.stream.in_(streams), events.c.type.in_(kinds))
        return self._numbered(wanted.order_by(events.c.stream, events.c.version))

    def _numbered(self, page: Any) -> list[tuple[int, Stored]]:
        with self.database.reading() as connection:
            rows = [dict(row._mapping) for row in connection.execute(page)]
        return [(row.pop("stream"), _stored(row)) for row in rows]

    def streams(self, patients: Iterable[str | None]) -> dict[str | None, tuple[int, str]]:
        """Of these patients those who have a stream: its number and its edition."""
        found: dict[str | None, tuple[int, str]] = {}
        with self.database.reading() as connection:
            for some in _pieces(sorted({patient or "" for patient in patients})):
                for row in connection.execute(_NAMES, {"names": some}):
                    found[row.patient or None] = row.id, row.edition
        return found

    def known(self, wanted: Sequence[tuple[int, str]]) -> dict[tuple[int, str], str]:
        """The lines that are stored in these streams under these keys."""
        with self.database.reading() as connection:
            return _known(connection, wanted)

    # --- Snapshots ----------------------------------------------------------------------------------------------

    def save_snapshot(self, patient: str | None, version: int, fingerprint: str, data: str) -> None:
        """Keep what a course was at a version of its stream; one that is kept already stays."""
        with self.database.writing() as connection:
            stream = connection.execute(select(streams.c.id).where(streams.c.patient == (patient or ""))).scalar_one()
            there = select(snapshots.c.version).where(snapshots.c.stream == stream, snapshots.c.version == version)
            if connection.execute(there).first() is None:
                row = {"stream": stream, "version": version, "fingerprint": fingerprint, "data": data}
                connection.execute(insert(snapshots), [row])

    def snapshot(self, patient: str | None, fingerprint: str) -> tuple[int, str] | None:
        """The latest snapshot of a course by this fingerprint, with its version; None where there is none."""
        kept = (
            select(snapshots.c.version, snapshots.c.data)
            .join(streams)
            .where(streams.c.patient == (patient or ""), snapshots.c.fingerprint == fingerprint)
            .order_by(snapshots.c.version.desc())
            .limit(1)
        )
        with self.database.reading() as connection:
            row = connection.execute(kept).first()
        return None if row is None else (row.version, row.data)


def key_of(line: AnyLine) -> str | None:
    """The key of a line that has an id; None for one without."""
    return None if line.id is None else f"id {line.id}"


def digest_of(
    before: bytes, position: int, patient: str | None, edition: str, version: int, key: str | None, data: str
) -> bytes:
    """SHA-256 of the digest before an event, of its place, and of the line.

    The place is written as `POSITION VERSION EDITION`, the patient and the key, each text after the number of its
    characters, so that no two places read alike; no key is the number -1.
    """
    name = patient or ""
    named = f"{len(key)} {key}" if key is not None else "-1 "
    place = f"{position} {version} {len(edition)} {edition} {len(name)} {name} {named} {data}"
    return hashlib.sha256(before + place.encode("utf-8", "surrogatepass")).digest()


def in_utc(at: datetime | None) -> str | None:
    """A moment as the store keeps it: in UTC, so that texts are in the order of moments."""
    return None if at is None else at.astimezone(UTC).isoformat()


def _stored(row: Mapping[str, Any]) -> Stored:
    return Stored(**{**row, "patient": row["patient"] or None, "digest": bytes(row["digest"])})


_SELECT = select(
    *(events.c[name] for name in ("position", "version", "data", "digest", "type", "at", "recorded_at", "key")),
    streams.c.patient,
    streams.c.edition,
).join_from(events, streams)

_WITH_STREAM = _SELECT.add_columns(events.c.stream)

# --- Appending --------------------------------------------------------------------------------------------------


@dataclass
class _Stream:
    """A stream while it is appended to: its number, edition and version."""

    number: int
    edition: str
    version: int


class _Append:
    """One transaction that appends; it holds the head of the store until it ends."""

    def __init__(self, connection: Connection, where: str, names: set[str]) -> None:
        self.connection, self.where = connection, where
        self.rows: list[dict[str, Any]] = []
        self.streams: dict[str, _Stream] = {}
        # PostgreSQL is asked for the streams only when it has given the head: what it reads while it waits is old.
        held = connection.dialect.name == POSTGRESQL
        pieces = list(_pieces(sorted(names)))
        if held:
            self.position, digest = connection.execute(_HELD).one()
            self.digest = bytes(digest)
        else:
            for row in connection.execute(_HEAD_AND_STREAMS, {"names": pieces.pop(0)}):
                self.position, self.digest = row.position, bytes(row.digest)
                self._know(row)
        for some in pieces:
            for known in connection.execute(_STREAMS, {"names": some}):
                self._know(known)

    def _know(self, row: Any) -> None:
        if row.id is not None:
            self.streams[row.patient] = _Stream(row.id, row.edition, row.version or 0)

    def all(self, batch: Sequence[Lines]) -> list[Appended]:
        """Append all; no event is written before everything fits."""
        asked = [
            (stream.number, key)
            for wanted in batch
            if (stream := self.streams.get(wanted.patient or "")) is not None
            for _, key in wanted.lines
            if key is not None
        ]
        self.known = _known(self.connection, asked)
        done = [self._one(wanted) for wanted in batch]
        if self.rows:
            _fast(self.connection, _INSERT, self.rows)
            _fast(self.connection, _MOVE_HEAD, [{"now": self.position, "over": self.digest}])
        return done

    def _one(self, wanted: Lines) -> Appended:
        name = wanted.patient or ""
        stream = self.streams.get(name) or self._new_stream(name, wanted.edition)
        if stream.edition != wanted.edition:
            raise InputError(
                f"the course of {wanted.patient!r} is under {stream.edition}, not {wanted.edition}",
                where=self.where,
                remedy=f"name the edition {stream.edition}, or put the course into a store of its own",
            )
        dumped = [(line, key, dump(line)) for line, key in wanted.lines]
        before, new = stream.version, 0
        for line, key, data in dumped:
            if key is not None and (stream.number, key) in self.known:
                if self.known[stream.number, key] != data:
                    raise ConflictError(
                        f"the stream of {wanted.patient!r} holds another event {key!r}",
                        where=self.where,
                        remedy="correct it with event_corrected, or give this one an id of its own",
                    )
                continue
            if not new and wanted.expected not in (None, before):
                raise ConflictError(
                    f"the stream of {wanted.patient!r} is at version {before}, and was expected at {wanted.expected}",
                    where=self.where,
                    remedy="read what was appended meanwhile, and decide anew",
                )
            new += 1
            self._add(name, stream, line, key, data)
        return Appended(stream.version, self.position, new)

    def _add(self, name: str, stream: _Stream, line: AnyLine, key: str | None, data: str) -> None:
        stream.version += 1
        self.position += 1
        self.digest = digest_of(self.digest, self.position, name, stream.edition, stream.version, key, data)
        if key is not None:
            self.known[stream.number, key] = data
        self.rows.append(
            {
                "position": self.position,
                "stream": stream.number,
                "version": stream.version,
                "type": line.type,
                "at": in_utc(getattr(line, "at", None)),
                "recorded_at": in_utc(line.recorded_at),
                "key": key,
                "data": data,
                "digest": self.digest,
            }
        )

    def _new_stream(self, name: str, edition: str) -> _Stream:
        load_edition(edition)  # no course is of an edition that does not exist
        number = (self.connection.execute(select(func.max(streams.c.id))).scalar() or 0) + 1
        self.connection.execute(insert(streams), [{"id": number, "patient": name, "edition": edition}])
        self.streams[name] = stream = _Stream(number, edition, 0)
        return stream


_MOVE_HEAD = update(head).values(position=bindparam("now"), digest=bindparam("over"))
_INSERT = insert(events)
_VERSION = select(func.max(events.c.version)).where(events.c.stream == streams.c.id).scalar_subquery()
_NAMED = streams.c.patient.in_(bindparam("names", expanding=True))
_OF_STREAM = (streams.c.id, streams.c.patient, streams.c.edition, _VERSION.label("version"))
_STREAMS = select(*_OF_STREAM).where(_NAMED)
# The head beside every stream that is asked for, or beside nothing.
_HEAD_AND_STREAMS = select(head.c.position, head.c.digest, *_OF_STREAM).select_from(head.outerjoin(streams, _NAMED))
_HELD = select(head.c.position, head.c.digest).with_for_update()
_NAMES = select(streams.c.id, streams.c.patient, streams.c.edition).where(_NAMED)
# By stream as well: an id such as "visit 1" may name an event of every patient. SQLite would look at every row for
# `(key, stream) IN (...)`, and SQLAlchemy has no words for this that both databases know.
_KNOWN = (
    f"WITH wanted (key, stream) AS (VALUES {{rows}}) SELECT event.stream, event.key, event.data "
    f"FROM wanted JOIN {events.name} AS event ON event.key = wanted.key AND event.stream = wanted.stream"
)


def _known(connection: Connection, wanted: Sequence[tuple[int, str]]) -> dict[tuple[int, str], str]:
    found: dict[tuple[int, str], str] = {}
    mark = "%s" if connection.dialect.name == POSTGRESQL else "?"
    for some in _pieces(wanted):
        # The first row says of which types the others are.
        rows = [f"(CAST({mark} AS VARCHAR), CAST({mark} AS INTEGER))", *[f"({mark}, {mark})"] * (len(some) - 1)]
        values = tuple(value for stream, key in some for value in (key, stream))
        for row in connection.exec_driver_sql(_KNOWN.format(rows=", ".join(rows)), values):
            found[row.stream, row.key] = row.data
    return found


def _fast(connection: Connection, statement: Any, rows: list[dict[str, Any]]) -> None:
    """Run a statement with the driver alone: what SQLAlchemy does for each value takes longer than the database."""
    known = _COMPILED.get((connection.dialect.name, id(statement)))
    if known is None:
        compiled = statement.compile(dialect=connection.dialect, column_keys=list(rows[0]))
        known = _COMPILED[connection.dialect.name, id(statement)] = str(compiled), compiled.positiontup
    text, order = known
    values = [tuple([row[name] for name in order]) for row in rows] if order is not None else rows
    connection.exec_driver_sql(text, values if len(values) > 1 else values[0])


# The text of a statement for a driver, and the names of its values in their order where they have an order.
_COMPILED: dict[tuple[str, int], tuple[str, list[str] | None]] = {}
# A database takes so many values in one statement.
_AT_ONCE = 500


def _pieces(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]
