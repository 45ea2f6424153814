"""A database by its URL: an engine, transactions of one writer at a time, and what a database says in words.

A URL may hold secrets, so none is ever shown: an error names the host and the database alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, SQLAlchemyError

from ixastate.errors import InputError, MissingExtra, OutputError, install_command

SQLITE, POSTGRESQL = "sqlite", "postgresql"
DRIVERS = {SQLITE: "sqlite+pysqlite", POSTGRESQL: "postgresql+psycopg", "postgres": "postgresql+psycopg"}
# How long (s) a writer waits for the others, and a connection to be made.
PATIENCE, CONNECTING = 60, 10
# The number by which PostgreSQL knows the lock under which tables are made.
MAKING = 0x1_8A57A7E
REMEDY = "a file such as courses.db, or a URL such as postgresql://user@host/database"


class Database:
    """A database that holds a store: a file of SQLite, or one of a PostgreSQL server.

    `where` is its name without any secret. `InputError` for what is no such database.
    """

    def __init__(self, given: str) -> None:
        url = _url(given)
        self.kind = url.get_backend_name()
        self.where = _shown(url)
        self.file = Path(url.database or "") if self.kind == SQLITE else None
        try:
            self.engine = _engine(url)
        except ModuleNotFoundError:
            raise MissingExtra("psycopg is not installed", where=self.where, remedy=install_command("store")) from None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for a transaction that reads one state of the database."""
        with self.told(), self.engine.connect().execution_options(**self._reader()) as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection for a transaction of the only writer, which is taken back whole when anything goes wrong."""
        with self.told(writing=True), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def making(self) -> Iterator[Connection]:
        """As `writing`, to make or change tables."""
        with self.writing() as connection:
            if self.kind == POSTGRESQL:
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": MAKING})
            yield connection

    @contextmanager
    def told(self, *, writing: bool = False) -> Iterator[None]:
        """Whatever the database refuses is told in words: `OutputError` where something was to be written."""
        try:
            yield
        except SQLAlchemyError as error:
            kind = OutputError if writing else InputError
            raise kind(_words(error), where=self.where, remedy=_remedy(error)) from None

    def holds(self, path: Path) -> bool:
        """Whether a file is one in which the database lies."""
        if self.file is None:
            return False
        own = self.file.resolve()
        return path.resolve() in (own, *(own.with_name(own.name + beside) for beside in ("-wal", "-shm", "-journal")))

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()

    def _reader(self) -> dict[str, Any]:
        return {"begin": "BEGIN"} if self.kind == SQLITE else {"isolation_level": "REPEATABLE READ"}


def _url(given: str) -> URL:
    """The URL that is meant, with the driver that is used here; a path is a file of SQLite."""
    # The text may hold a password, so no error repeats it.
    try:
        url = make_url(given) if "://" in given else URL.create(SQLITE, database=given)
        name = url.get_backend_name()
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise InputError("it is no URL of a database", where="--store", remedy=REMEDY) from None
    if name not in DRIVERS:
        raise InputError(f"{name} is no database that is known here", where="--store", remedy=REMEDY)
    if name == SQLITE and url.database in (None, "", ":memory:"):
        raise InputError("it names no file", where="--store", remedy=REMEDY)
    if name == SQLITE and url.query:
        raise InputError("a file of SQLite takes no options", where="--store", remedy=REMEDY)
    return url.set(drivername=DRIVERS[name])


def _shown(url: URL) -> str:
    """The name of a database without user, password and options."""
    if url.get_backend_name() == SQLITE:
        return str(url.database)
    port = f":{url.port}" if url.port else ""
    return f"{POSTGRESQL}://{url.host or 'localhost'}{port}/{url.database or ''}"


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == POSTGRESQL:
        return create_engine(url, connect_args={"connect_timeout": CONNECTING}, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": PATIENCE})

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _: Any) -> None:
        # Transactions begin where they are begun here, not where the driver thinks.
        connection.isolation_level = None
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        connection.exec_driver_sql(str(connection.get_execution_options().get("begin", "BEGIN IMMEDIATE")))

    return engine


def _words(error: SQLAlchemyError) -> str:
    """What went wrong, in the database's own words, without the statement and its values."""
    said = str(error.orig) if isinstance(error, DatabaseError) and error.orig is not None else type(error).__name__
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return f"the database cannot be used: {lines[0] if lines else type(error).__name__}"


def _remedy(error: SQLAlchemyError) -> str:
    said = _words(error)
    for sign, remedy in (
        ("readonly", "give leave to write to the file and its folder"),
        ("read-only", "give leave to write to the database"),
        ("full", "make room"),
        ("No space", "make room"),
        ("locked", "wait until the other program has ended its work"),
        ("not a database", "name a file of SQLite, or a new one"),
        ("unable to open", "name a file in a folder that exists, with leave to write"),
    ):
        if sign in said:
            return remedy
    return "see that it is there, and that it may be used"
