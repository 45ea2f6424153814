"""The event store: streams, their order, keys, the chain of digests, snapshots, schema numbers and refusals."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sqlalchemy", reason="the extra `store` is not installed")

from sqlalchemy import delete, insert, select, text, update

from ixastate.course.course import Course
from ixastate.course.log import dump
from ixastate.errors import ConflictError, CourseRefusal, InputError, IxastateError, OutputError, RulesError
from ixastate.events import AnyEvent, parse_event
from ixastate.store import courses, tables
from ixastate.store.courses import observe, rehydrate
from ixastate.store.store import Lines, Store, Stored, _Append
from ixastate.store.verification import verify
from tests import permissions
from tests.store_tools import START, Server, count


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with Store(store_url, create=True) as opened:
        yield opened


def lines(*facts: dict[str, Any]) -> list[AnyEvent]:
    return [parse_event(fact) for fact in facts]


def told(store: Store) -> list[tuple[int, str | None, int, str]]:
    return [(one.position, one.patient, one.version, one.line.type) for one in store.feed()]


# --- Append and read --------------------------------------------------------------------------------------------


def test_events_keep_their_order_in_the_whole_and_in_their_stream(store: Store) -> None:
    assert store.append("p1", lines(START, count(8))) == (2, 2, 2)
    assert store.append("p2", lines(START)) == (1, 3, 1)
    assert store.append("p1", lines(count(15)), expected=2) == (3, 4, 1)
    assert told(store) == [
        (1, "p1", 1, "course_started"),
        (2, "p1", 2, "neutrophils_measured"),
        (3, "p2", 1, "course_started"),
        (4, "p1", 3, "neutrophils_measured"),
    ]
    assert [one.position for one in store.stream("p1")] == [1, 2, 4]
    assert [one.position for one in store.stream("p1", after=2)] == [4]
    assert [one.position for one in store.feed(after=1, until=3)] == [2, 3]
    assert [one.position for one in store.feed(after=4)] == []
    assert list(store.stream("nobody")) == []
    assert (store.version("p1"), store.version("p2"), store.version("nobody")) == (3, 1, 0)
    assert list(store.patients()) == [("p1", "dosing-text"), ("p2", "dosing-text")]
    assert store.head().position == 4


def test_more_than_a_page_is_read_whole(store: Store) -> None:
    given = lines(START, *(count(day % 300 + 1, day) for day in range(1, 2500)))
    store.append("p", given)
    store.append("q", lines(START))
    assert [one.version for one in store.stream("p")] == list(range(1, 2501))
    assert [one.position for one in store.feed()] == list(range(1, 2502))
    assert [one.line for one in store.stream("p")] == given
    many = [Lines(f"m{number}", [(line, None) for line in lines(START)]) for number in range(1200)]
    assert {appended.version for appended in store.append_all(many)} == {1}
    assert [patient for patient, _ in store.patients()] == ["p", "q", *(f"m{number}" for number in range(1200))]


def test_a_patient_without_a_name_has_a_stream(store: Store) -> None:
    store.append(None, lines(START))
    assert [one.patient for one in store.feed()] == [None]
    assert store.version(None) == 1
    assert list(store.patients()) == [(None, "dosing-text")]


def test_an_event_comes_back_as_it_was_given(store: Store) -> None:
    value = "0.499999999999999999999"
    fact = {
        **count(8),
        "value": value,
        "id": "lab-7",
        "patient": "Ωmega 🧪",
        "recorded_at": "2026-03-17T09:00:00.25+05:30",
    }
    (line,) = lines(fact)
    store.append("Ωmega 🧪", [line])
    (stored,) = store.feed()
    assert stored.line == line
    assert stored.data == dump(line)
    assert value in stored.data
    assert (stored.at, stored.recorded_at) == (None, "2026-03-17T03:30:00.250000+00:00")


def test_one_who_expects_another_version_is_told_and_nothing_is_written(store: Store) -> None:
    store.append("p", lines(START, count(8)))
    for expected in (0, 1, 3):
        with pytest.raises(ConflictError) as refused:
            store.append("p", lines(count(15), count(22)), expected=expected)
        assert refused.value.what == f"the stream of 'p' is at version 2, and was expected at {expected}"
    with pytest.raises(ConflictError):
        store.append_all(
            [Lines("q", [(line, None) for line in lines(START)]), Lines("p", [(lines(count(9))[0], None)], expected=7)]
        )
    assert len(told(store)) == 2
    assert list(store.patients()) == [("p", "dosing-text")]


def test_one_who_waits_for_the_head_sees_what_was_written_meanwhile(store: Store) -> None:
    """What another transaction writes while this one waits for it, and before it could be read."""
    store.append("p", lines(START))
    found: list[Any] = []
    waiting = threading.Thread(target=lambda: found.append(store.append("p", lines(count(9)))))
    with store.database.writing() as connection:
        first = _Append(connection, "", {"p"})
        waiting.start()
        time.sleep(0.3)
        assert first.all([Lines("p", [(line, None) for line in lines(count(8))])]) == [(2, 2, 1)]
    waiting.join(60)
    assert found == [(3, 3, 1)]
    assert told(store)[1:] == [(2, "p", 2, "neutrophils_measured"), (3, "p", 3, "neutrophils_measured")]


def test_an_event_with_an_id_is_stored_once(store: Store) -> None:
    first = lines({**START, "id": "start"}, count(8, id="lab-1"))
    assert store.append("p", first, expected=0) == (2, 2, 2)
    # Who does not know whether it arrived may say it again, with the version of then.
    assert store.append("p", first, expected=0) == (2, 2, 0)
    assert store.append("p", [*first[1:], *lines(count(15, id="lab-2"))], expected=2) == (3, 3, 1)
    with pytest.raises(ConflictError, match="holds another event 'id lab-1'"):
        store.append("p", lines(count(8, 1.6, id="lab-1")))
    twice = lines(count(16, id="lab-3"))
    assert store.append("p", [*twice, *twice]) == (4, 4, 1)
    # An id names an event of one patient.
    assert store.append("q", first).new == 2
    assert len(told(store)) == 6


def test_a_course_stays_under_its_edition(store: Store) -> None:
    store.append("p", lines(START), edition="us-label")
    with pytest.raises(InputError, match="is under us-label, not dosing-text"):
        store.append("p", lines(count(8)))
    with pytest.raises(RulesError):
        store.append("q", lines(START), edition="no-such-edition")
    assert list(store.patients()) == [("p", "us-label")]
    assert len(told(store)) == 1


def test_a_follower_goes_on_from_where_it_was(store: Store) -> None:
    store.append("p", lines(START))
    seen: list[int] = []
    waits: list[int] = []

    def idle(position: int) -> bool:
        waits.append(position)
        if len(waits) == 1:
            store.append("p", lines(count(8), count(9)))
        return len(waits) < 3

    seen += [one.position for one in store.follow(poll=0, idle=idle)]
    assert seen == [1, 2, 3]
    assert waits == [1, 3, 3]
    assert [one.position for one in store.follow(2, idle=lambda position: False)] == [3]


# --- The chain ----------------------------------------------------------------------------------------------------


def test_the_digests_are_a_chain_over_everything(store: Store) -> None:
    """Worked out by hand: SHA-256 of the digest before, and of position, version, edition, patient, key and line."""
    store.append("p", lines({**START, "id": "ü"}))
    store.append(None, lines(count(8)), edition="us-label")
    digest = b""
    places = "1 1 11 dosing-text 1 p 4 id ü ", "2 1 8 us-label 0  -1  "
    for place, stored in zip(places, store.feed(), strict=True):
        digest = hashlib.sha256(digest + place.encode() + stored.data.encode()).digest()
        assert stored.digest == digest
    assert store.head() == (2, digest)


SPOILT: dict[str, tuple[Any, str]] = {
    "a value": (
        lambda run: run(
            update(tables.events).where(tables.events.c.position == 3).values(data=dump(parse_event(count(8, 0.4))))
        ),
        "position 3: its digest does not fit",
    ),
    "the digest of a row": (
        lambda run: run(update(tables.events).where(tables.events.c.position == 3).values(digest=b"x" * 32)),
        "position 3: its digest does not fit",
    ),
    "a row is gone": (
        lambda run: run(delete(tables.events).where(tables.events.c.position == 3)),
        "position 3 is missing",
    ),
    "two rows are gone": (
        lambda run: run(delete(tables.events).where(tables.events.c.position.in_([3, 4]))),
        "positions 3 to 4 are missing",
    ),
    "the last row is gone": (
        lambda run: run(delete(tables.events).where(tables.events.c.position == 6)),
        "the head is at position 6, and the last event at 5",
    ),
    "two rows have changed places": (
        lambda run: [
            run(update(tables.events).where(tables.events.c.position == before).values(position=after))
            for before, after in ((3, 99), (4, 3), (99, 4))
        ],
        "position 3: its digest does not fit",
    ),
    "a row was added": (
        lambda run: run(
            insert(tables.events).values(
                position=7,
                stream=1,
                version=5,
                type="neutrophils_measured",
                data=dump(parse_event(count(30))),
                digest=b"y" * 32,
            )
        ),
        "1 events stand behind the head, which is at position 6",
    ),
    "another version": (
        lambda run: run(update(tables.events).where(tables.events.c.position == 6).values(version=9)),
        "position 6: its digest does not fit",
    ),
    "another patient": (
        lambda run: run(update(tables.streams).where(tables.streams.c.patient == "q").values(patient="r")),
        "position 5: its digest does not fit",
    ),
    "another edition": (
        lambda run: run(update(tables.streams).where(tables.streams.c.patient == "q").values(edition="us-label")),
        "position 5: its digest does not fit",
    ),
    "a key": (
        lambda run: run(update(tables.events).where(tables.events.c.position == 2).values(key="id other")),
        "position 2: its digest does not fit",
    ),
    "the moment beside a line": (
        lambda run: run(
            update(tables.events).where(tables.events.c.position == 1).values(at="2026-03-02T06:31:00+00:00")
        ),
        "position 1: at is '2026-03-02T06:31:00+00:00' beside the line, and '2026-03-02T06:30:00+00:00' in it",
    ),
    "the kind beside a line": (
        lambda run: run(update(tables.events).where(tables.events.c.position == 1).values(type="rash_graded")),
        "position 1: type is 'rash_graded' beside the line, and 'course_started' in it",
    ),
    "the head": (
        lambda run: run(update(tables.head).values(digest=b"z" * 32)),
        "the digest of the head is not that of the last event",
    ),
    "a snapshot": (
        lambda run: run(
            update(tables.snapshots).values(data=text('replace(data, \'"reviewed":[]\', \'"reviewed":["ixazomib"]\')'))
        ),
        "'p': the snapshot of version 4 is not what the live machine makes of the events",
    ),
    "a line that is none": (
        lambda run: run(update(tables.events).where(tables.events.c.position == 6).values(data="{")),
        "position 6",
    ),
    "a stream without events": (
        lambda run: run(insert(tables.streams).values(id=9, patient="z", edition="dosing-text")),
        "'z': there is no event in the stream",
    ),
}


@pytest.mark.parametrize("change", SPOILT)
def test_whatever_was_changed_is_found(store: Store, change: str) -> None:
    store.append("p", lines(START, count(8, id="lab"), count(8, 0.45), count(15, 0.6)))
    store.append("q", lines(START, count(8)))
    course, _ = rehydrate(store, "p")
    store.save_snapshot("p", 4, courses.fingerprint("dosing-text"), course.snapshot().model_dump_json())
    whole = verify(store)
    assert (whole.events, whole.patients, whole.findings, whole.digest) == (6, 2, (), store.head().digest.hex())
    spoil, finding = SPOILT[change]
    with store.database.writing() as connection:
        spoil(connection.execute)
    found = verify(store)
    assert found.found >= 1
    assert [one for one in found.findings if one.startswith(finding)], found.findings


def test_a_store_of_events_that_do_not_belong_to_their_course_is_found(store: Store) -> None:
    store.append("p", lines(count(8)))
    store.append("q", lines(START, START))
    findings = verify(store).findings
    assert findings == (
        "'p': position 1: event 1 (neutrophils_measured): the course has not started "
        "(a course begins with course_started)",
        "'q': position 3: event 2 (course_started): the course has already started (a patient has one course_started)",
    )


# --- Courses ------------------------------------------------------------------------------------------------------


def test_a_course_is_made_again_from_its_events(store: Store) -> None:
    here = Course("p")
    for fact in (START, count(8, 0.4), count(15, 0.6), {"type": "rash_graded", "day": 22, "grade": 2}):
        assert observe(store, "p", fact) == here.observe(fact)
    again, version = rehydrate(store, "p")
    assert version == 4
    assert again.snapshot() == here.snapshot()
    new, version = rehydrate(store, "q", edition="us-label")
    assert (new.status.words, new.edition.name, version) == ("screening", "us-label", 0)
    with pytest.raises(InputError, match="is under dosing-text, not us-label"):
        rehydrate(store, "p", edition="us-label")


def test_what_cannot_belong_to_a_course_is_not_stored(store: Store) -> None:
    observe(store, "p", START)
    observe(store, "p", count(8))
    for fact, words in (
        (START, "the course has already started"),
        (count(7), "time goes backwards"),
        ({**count(8), "patient": "q"}, "the event is of patient 'q'"),
    ):
        with pytest.raises(CourseRefusal, match=words):
            observe(store, "p", fact)
    with pytest.raises(InputError):
        observe(store, "p", {"type": "rash_graded"})
    with pytest.raises(CourseRefusal, match="the course has not started"):
        observe(store, "q", count(8))
    assert told(store) == [(1, "p", 1, "course_started"), (2, "p", 2, "neutrophils_measured")]


@pytest.mark.parametrize("value", [1.5, 1.6])
def test_an_id_that_is_stored_already_is_refused(store: Store, value: float) -> None:
    """Whether the event says the same or something else: nothing is stored, and no record says that it was."""
    observe(store, "p", START)
    observe(store, "p", count(8, id="lab"))
    observe(store, "q", {**START, "id": "lab"})
    with pytest.raises(CourseRefusal, match="an event with the id 'lab' is stored already"):
        observe(store, "p", count(8, value, id="lab"))
    assert store.version("p") == 2


def test_a_store_is_verified_while_others_append(store: Store) -> None:
    store.append("p", lines(START))
    done = threading.Event()

    def append() -> None:
        while not done.is_set():
            store.append("p", lines(count(8)))

    writer = threading.Thread(target=append)
    writer.start()
    try:
        found = [verify(store) for _ in range(15)]
    finally:
        done.set()
        writer.join()
    assert [one.findings for one in found] == [()] * 15
    assert found[0].events < found[-1].events < store.head().position + 1


def test_an_event_that_meets_another_is_decided_anew(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    observe(store, "p", START)
    append, others = Store.append_all, [count(8, 0.4), count(9, 0.4)]

    def meeting(self: Store, batch: Any) -> Any:
        if others:
            other = others.pop(0)
            append(self, [Lines("p", [(parse_event(other), None)])])
        return append(self, batch)

    monkeypatch.setattr(Store, "append_all", meeting)
    record = observe(store, "p", count(15, 0.6))
    assert record.number == 4
    assert record.symbols == ("anc_recovered",)
    assert [one.version for one in store.stream("p")] == [1, 2, 3, 4]


def test_snapshots_are_kept_and_those_that_do_not_fit_passed_over(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courses, "SNAPSHOT_EVERY", 3)
    facts = [START, *(count(day, 0.4 if day == 8 else 1.5) for day in range(2, 12))]
    for fact in facts:
        observe(store, "p", fact)
    mark = courses.fingerprint("dosing-text")
    with store.database.reading() as connection:
        kept = (
            connection.execute(select(tables.snapshots.c.version).order_by(tables.snapshots.c.version)).scalars().all()
        )
    assert kept == [3, 6, 9]
    whole, version = rehydrate(store, "p")
    read: list[int] = []
    stream = Store.stream

    def noted(self: Store, patient: str | None, after: int = 0) -> Iterator[Stored]:
        read.append(after)
        return stream(self, patient, after)

    monkeypatch.setattr(Store, "stream", noted)
    assert rehydrate(store, "p")[0].snapshot() == whole.snapshot()
    assert (version, read) == (11, [9])
    for data in ("{}", "nothing", Course("q").snapshot().model_dump_json()):
        with store.database.writing() as connection:
            connection.execute(update(tables.snapshots).where(tables.snapshots.c.version == 9).values(data=data))
        again, version = rehydrate(store, "p")
        assert again.snapshot() == whole.snapshot()
        assert (version, read.pop()) == (11, 0)
    # By other rules it is not asked for.
    assert store.snapshot("p", "0" * 64) is None
    assert store.snapshot("p", mark) is not None
    store.save_snapshot("p", 9, mark, "another")
    assert store.snapshot("p", mark) == (9, Course("q").snapshot().model_dump_json())


# --- Schema numbers -------------------------------------------------------------------------------------------------


def test_a_store_of_a_later_schema_is_refused(store: Store, store_url: str) -> None:
    store.append("p", lines(START))
    with store.database.writing() as connection:
        connection.execute(update(tables.head).values(schema_number=tables.SCHEMA + 1))
    for create in (True, False):
        with pytest.raises(InputError) as refused:
            Store(store_url, create=create)
        assert (
            refused.value.what
            == f"the store is of schema {tables.SCHEMA + 1}, and this version of ixastate reads up to {tables.SCHEMA}"
        )
    with store.database.reading() as connection:
        assert connection.execute(select(tables.head.c.position)).scalar_one() == 1


def test_a_store_of_an_earlier_schema_becomes_one_of_this(
    store: Store, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append("p", lines(START))
    monkeypatch.setattr(tables, "SCHEMA", 3)
    steps: list[int] = []

    def step(number: int) -> Any:
        def migrate(connection: Any) -> None:
            steps.append(number)
            connection.execute(text(f"CREATE TABLE made_by_{number} (n INTEGER)"))

        return migrate

    monkeypatch.setattr(tables, "MIGRATIONS", {1: step(1), 2: step(2)})
    with Store(store_url) as again:
        assert told(again) == [(1, "p", 1, "course_started")]
    with Store(store_url) as again, again.database.reading() as connection:
        assert connection.execute(select(tables.head.c.schema_number)).scalar_one() == 3
    assert steps == [1, 2]


def test_a_migration_that_fails_leaves_the_store_as_it_was(
    store: Store, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append("p", lines(START))
    monkeypatch.setattr(tables, "SCHEMA", 3)

    def first(connection: Any) -> None:
        connection.execute(text("CREATE TABLE made (n INTEGER)"))

    def second(connection: Any) -> None:
        raise OutputError("no room")

    monkeypatch.setattr(tables, "MIGRATIONS", {1: first, 2: second})
    with pytest.raises(OutputError):
        Store(store_url)
    monkeypatch.undo()
    with Store(store_url) as again, again.database.reading() as connection:
        assert connection.execute(select(tables.head.c.schema_number)).scalar_one() == 1
        assert not connection.dialect.has_table(connection, "made")


# --- Databases that are none ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "kind", "words"),
    [
        ("mysql://a:secret@host/db", InputError, "mysql is no database that is known here"),
        ("nothing://a:secret@host/db", InputError, "nothing is no database that is known here"),
        ("postgresql://a:secret@[::bad", InputError, "it is no URL of a database"),
        ("://secret", InputError, "it is no URL of a database"),
        ("sqlite://", InputError, "it names no file"),
        ("sqlite:///:memory:", InputError, "it names no file"),
        ("", InputError, "it names no file"),
        ("no-such-folder/x.db", OutputError, "the database cannot be used: unable to open database file"),
        (".", OutputError, "the database cannot be used: unable to open database file"),
        ("notes.txt", OutputError, "the database cannot be used: file is not a database"),
        ("other.db", InputError, "the database holds other tables, and no store"),
        ("forged.db", InputError, "it is not the store of ixastate"),
        ("postgresql://me:secret@127.0.0.1:1/db", OutputError, "the database cannot be used: connection"),
        ("postgresql://127.0.0.1:1/db?password=secret", OutputError, "the database cannot be used: connection"),
    ],
)
def test_what_is_no_database_is_told_without_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, kind: type[IxastateError], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("not a database\n" * 100)
    for name, table in (
        ("other.db", "mine (n INTEGER)"),
        ("forged.db", "ixastate_store (format TEXT, schema_number TEXT)"),
    ):
        connection = sqlite3.connect(name)
        connection.execute(f"CREATE TABLE {table}")
        connection.close()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(kind) as refused:
        Store(url, create=True)
    assert refused.value.what.startswith(words)
    assert "secret" not in str(refused.value)
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir() if not path.name.endswith(("-wal", "-shm"))}
    # SQLite notes in the head of a file of its own that it is written ahead of.
    assert {name: content[100:] for name, content in after.items()} == {
        name: content[100:] for name, content in before.items()
    }


def test_a_store_that_is_not_there_is_not_made_by_reading(tmp_path: Path, postgresql: Server) -> None:
    with pytest.raises(InputError, match="there is no such store"):
        Store(tmp_path / "courses.db")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match="there is no store in it"):
        Store(postgresql.new_database())


@permissions.needed
def test_a_file_without_leave_to_write(tmp_path: Path) -> None:
    with Store(tmp_path / "courses.db", create=True) as store:
        store.append("p", lines(START))
    (tmp_path / "courses.db").chmod(0o444)
    with Store(tmp_path / "courses.db") as store:
        assert told(store) == [(1, "p", 1, "course_started")]
        with pytest.raises(OutputError, match="attempt to write a readonly database"):
            store.append("p", lines(count(8)))
        assert told(store) == [(1, "p", 1, "course_started")]


def test_a_server_that_only_reads_is_told(postgresql: Server) -> None:
    url = postgresql.new_database()
    with Store(url, create=True) as store:
        store.append("p", lines(START))
    with Store(f"{url}&options=-c%20default_transaction_read_only%3Don") as store:
        assert told(store) == [(1, "p", 1, "course_started")]
        with pytest.raises(OutputError, match=r"read-only transaction.*give leave to write to the database"):
            store.append("p", lines(count(8)))
        assert verify(store).findings == ()


def test_a_full_disk_is_told_and_leaves_the_store_whole(tmp_path: Path) -> None:
    with Store(tmp_path / "courses.db", create=True) as store:
        store.append("p", lines(START))
        with store.database.reading() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 60")

        def fill() -> None:
            for day in range(2, 400):
                store.append("p", lines(*(count(day) for _ in range(50))))

        with pytest.raises(OutputError, match=r"database or disk is full.*make room"):
            fill()
        version = store.version("p")
        assert verify(store).findings == ()
        assert store.head().position == version > 1


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    import ixastate.store
    from ixastate.errors import MissingExtra
    from ixastate.store import extra

    monkeypatch.setattr(extra, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match="sqlalchemy is not installed"):
        _ = ixastate.store.Store
    with pytest.raises(AttributeError):
        getattr(ixastate.store, "nothing")  # noqa: B009
