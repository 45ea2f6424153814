"""The tables of a store, the number of their schema, and how an earlier schema becomes this one.

    ixastate_store       one row: the format, the schema, and the head: the last position and the digest there
    ixastate_streams     one row per patient: the edition of the rules that the course is under
    ixastate_events      one row per event: its place in the whole store and in its stream, and the line as it was given
    ixastate_snapshots   courses as they stood at a version, so that what is before need not be read again
    ixastate_projections where each projection stands; the others are the projections themselves

Everything is plain SQL; a text holds JSON as it is written in logs. A patient without a name has the name ''.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    insert,
    inspect,
    select,
    update,
)

from ixastate.errors import InputError

FORMAT = "ixastate store"
SCHEMA = 1
# What was before the first event; the head of an empty store.
NO_DIGEST = b""

_SCHEMA_METADATA = MetaData()
# In SQLite the key of a table of rows is an INTEGER and nothing else.
_Position = BigInteger().with_variant(Integer, "sqlite")

head = Table(
    "ixastate_store",
    _SCHEMA_METADATA,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("format", String(40), nullable=False),
    Column("schema_number", Integer, nullable=False),
    Column("position", _Position, nullable=False),
    Column("digest", LargeBinary, nullable=False),
)
streams = Table(
    "ixastate_streams",
    _SCHEMA_METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("patient", String(200), nullable=False, unique=True),
    Column("edition", String(200), nullable=False),
)
events = Table(
    "ixastate_events",
    _SCHEMA_METADATA,
    Column("position", _Position, primary_key=True, autoincrement=False),
    Column("stream", Integer, ForeignKey(streams.c.id), nullable=False),
    Column("version", Integer, nullable=False),
    Column("type", String(60), nullable=False),
    # The moment at which it was seen and that at which it was recorded, both in UTC; null where the line has none.
    Column("at", String(40)),
    Column("recorded_at", String(40)),
    # What names the event: two of one stream with one key are the same.
    Column("key", String(300)),
    Column("data", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    UniqueConstraint("stream", "version"),
)
# An event without a key costs nothing here.
_KEYED = events.c.key.is_not(None)
Index("ixastate_keys", events.c.key, events.c.stream, unique=True, sqlite_where=_KEYED, postgresql_where=_KEYED)
snapshots = Table(
    "ixastate_snapshots",
    _SCHEMA_METADATA,
    Column("stream", Integer, ForeignKey(streams.c.id), primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    # Of the rules and the chart by which the course stood so.
    Column("fingerprint", String(64), nullable=False),
    Column("data", Text, nullable=False),
)
projections = Table(
    "ixastate_projections",
    _SCHEMA_METADATA,
    Column("name", String(40), primary_key=True),
    Column("number", Integer, nullable=False),
    Column("position", _Position, nullable=False),
)
courses = Table(
    "ixastate_courses",
    _SCHEMA_METADATA,
    Column("stream", Integer, ForeignKey(streams.c.id), primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("phase", String(40), nullable=False),
    Column("words", Text, nullable=False),
    Column("held", Boolean, nullable=False),
    Column("ixazomib_mg", Float),
    Column("lenalidomide_mg", Float),
    Column("snapshot", Text, nullable=False),
)
cycles = Table(
    "ixastate_cycles",
    _SCHEMA_METADATA,
    Column("stream", Integer, ForeignKey(streams.c.id), primary_key=True, autoincrement=False),
    Column("cycle", Integer, primary_key=True, autoincrement=False),
    Column("drug", String(40), primary_key=True),
    Column("given_mg10", Integer, nullable=False),
    Column("planned_mg10", Integer, nullable=False),
)
citations = Table(
    "ixastate_citations",
    _SCHEMA_METADATA,
    Column("stream", Integer, ForeignKey(streams.c.id), primary_key=True, autoincrement=False),
    Column("rule", String(40), primary_key=True),
    Column("events", Integer, nullable=False),
)

# What makes a store of each schema number one of the next. There is one schema until now.
MIGRATIONS: dict[int, Callable[[Connection], None]] = {}


def prepare(connection: Connection, where: str, *, create: bool) -> None:
    """Make the tables where there are none, or bring them to this schema; `InputError` for what is no store.

    It runs in a transaction that no other writer shares.
    """
    there = set(inspect(connection).get_table_names())
    if head.name not in there:
        if there:
            raise InputError(
                "the database holds other tables, and no store", where=where, remedy="name a database of its own"
            )
        if not create:
            raise InputError("there is no store in it", where=where, remedy="make one with `ixastate store ingest`")
        _SCHEMA_METADATA.create_all(connection)
        first = {"id": 1, "format": FORMAT, "schema_number": SCHEMA, "position": 0, "digest": NO_DIGEST}
        connection.execute(insert(head).values(**first))
        return
    number = schema_of(connection, where)
    while number < SCHEMA:
        MIGRATIONS[number](connection)
        number += 1
        connection.execute(update(head).values(schema_number=number))


def drop(connection: Connection) -> None:
    """Remove a store with everything in it."""
    _SCHEMA_METADATA.drop_all(connection)


def schema_of(connection: Connection, where: str) -> int:
    """The schema number of a store; `InputError` for one of a later version and for what is no store."""
    rows = connection.execute(select(head.c.format, head.c.schema_number)).all()
    if len(rows) != 1 or rows[0].format != FORMAT or rows[0].schema_number < 1:
        raise InputError("it is not the store of ixastate", where=where, remedy="name another database")
    number = int(rows[0].schema_number)
    if number > SCHEMA:
        raise InputError(
            f"the store is of schema {number}, and this version of ixastate reads up to {SCHEMA}",
            where=where,
            remedy="install the version of ixastate that made it, or a later one",
        )
    return number
