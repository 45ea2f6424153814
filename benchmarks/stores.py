"""An event store beside `eventsourcing` on the same SQLite, and on PostgreSQL beside SQLite.

Every writer stores the same courses of 150 events, one patient after the other, one event a commit or all of a course
in one. Both stores write ahead of the file and wait for the disk at each commit (`synchronous = FULL`). Ours also gives
each event its place in the whole without a gap, looks for its key and adds it to a chain of digests.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.measure import LeftOut, Row, Section, Settings
from benchmarks.peers import require

ROOT = Path(__file__).resolve().parent.parent
# A PostgreSQL server whose database may be written to; each run uses tables of its own and removes them.
VARIABLE = "IXASTATE_BENCHMARK_POSTGRESQL"
EVENTS = 150
COURSES, SINGLE, WRITERS = 200, 10, 8
ONE, WHOLE, EIGHT = "events/s, one a commit", "events/s, 150 a commit", "events/s, 8 writers, 150 a commit"
BYTES, READ, REHYDRATE, REBUILD = "bytes an event", "events/s read", "ms to rehydrate 150", "events/s rebuilt"
PEAK = "peak MB of the rebuild"
START: dict[str, Any] = {
    "type": "course_started",
    "day": 1,
    "weekday": "monday",
    "clock_time": "18:00",
    "patient_informed": True,
    "bilirubin": {"times_uln": 1},
    "creatinine_clearance": {"value": 90, "unit": "mL/min"},
}
# A writer of its own process: which store, its place, its name, and how many courses.
WRITER = """
import sys
from benchmarks import stores
kind, place, name, courses = sys.argv[1:5]
write = stores.KINDS[kind](place)
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(courses)):
    write(f"{name}-{number}", stores.lines(), 0)
"""
REBUILT = """
import sys, time
from benchmarks.end_to_end import peak_bytes
from ixastate.store.projections import rebuild
from ixastate.store.store import Store
store = Store(sys.argv[1])
began = time.perf_counter()
rebuild(store)
print(time.perf_counter() - began, peak_bytes())
"""

Write = Callable[[str, Sequence[Any], int], object]


def lines() -> list[Any]:
    """The events of a course: its start and a count a day, low now and then."""
    from ixastate.events import parse_event

    values = [0.4 if day % 40 == 9 else 1.5 for day in range(1, EVENTS)]
    counts = [
        {"type": "neutrophils_measured", "day": day, "value": value, "unit": "10*9/L"}
        for day, value in enumerate(values, 1)
    ]
    return [parse_event(fact) for fact in (START, *counts)]


def ours(place: str) -> Write:
    """Appends with the expected version."""
    from ixastate.store.store import Store

    store = Store(place, create=True)
    return lambda name, some, version: store.append(name, some, expected=version)


def eventsourcing(place: str) -> Write:
    """Puts events into the event store of `eventsourcing`: its mapper, its transcoder for JSON, its recorder."""
    require("eventsourcing")
    from uuid import NAMESPACE_URL, uuid5

    from eventsourcing import persistence
    from eventsourcing.domain import DomainEvent, datetime_now_with_tzinfo
    from eventsourcing.utils import Environment

    from ixastate.course.log_text import as_data

    class Seen(DomainEvent):
        data: dict[str, Any]

    settings = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": place, "SQLITE_LOCK_TIMEOUT": "120"}
    factory = persistence.InfrastructureFactory.construct(Environment(name="courses", env=settings))
    transcoder = persistence.JSONTranscoder()
    for one in (persistence.UUIDAsHex(), persistence.DatetimeAsISO(), persistence.DecimalAsStr()):
        transcoder.register(one)
    store = factory.event_store(mapper=factory.mapper(transcoder=transcoder), recorder=factory.application_recorder())

    def write(name: str, some: Sequence[Any], version: int) -> None:
        origin = uuid5(NAMESPACE_URL, name)
        store.put(
            [
                Seen(
                    originator_id=origin,
                    originator_version=version + number,
                    timestamp=datetime_now_with_tzinfo(),
                    data=as_data(line),
                )
                for number, line in enumerate(some, 1)
            ]
        )

    return write


KINDS: dict[str, Callable[[str], Write]] = {"ours": ours, "eventsourcing": eventsourcing}


def _rates(kind: str, place: str, settings: Settings) -> dict[str, float]:
    """Events a second of one writer in both ways, and of eight."""
    write, course = KINDS[kind](place), lines()
    write("warm", course, 0)
    start = time.perf_counter()
    single = settings.fewer(SINGLE)
    for number in range(min(single, 2) if settings.quick else single):
        for version, line in enumerate(course):
            write(f"single-{number}", [line], version)
    one = (min(single, 2) if settings.quick else single) * EVENTS / (time.perf_counter() - start)
    courses = settings.fewer(COURSES)
    start = time.perf_counter()
    for number in range(courses):
        write(f"whole-{number}", course, 0)
    whole = courses * EVENTS / (time.perf_counter() - start)
    return {ONE: one, WHOLE: whole, EIGHT: _eight(kind, place, max(courses // WRITERS, 1))}


def _eight(kind: str, place: str, courses: int) -> float:
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, kind, place, f"w{number}", str(courses)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(WRITERS)
    ]
    for program in programs:
        assert program.stdout is not None
        program.stdout.readline()
    start = time.perf_counter()
    for program in programs:
        program.communicate("\n")
    seconds = time.perf_counter() - start
    if any(program.returncode for program in programs):
        raise LeftOut("a writer failed; what it said is above")
    return WRITERS * courses * EVENTS / seconds


def _own(place: str, settings: Settings) -> dict[str, float]:
    """What only our store is asked for: its size, and how it is read."""
    from ixastate.store.courses import rehydrate
    from ixastate.store.store import Store

    with Store(place, create=True) as store:
        found = _rates("ours", place, settings)
        events = store.head().position
        if (file := store.database.file) is not None:
            with store.database.reading() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")
            found[BYTES] = file.stat().st_size / events
        start = time.perf_counter()
        read = sum(1 for _ in store.feed())
        found[READ] = read / (time.perf_counter() - start)
        start = time.perf_counter()
        for number in range(10):
            rehydrate(store, f"whole-{number}")
        found[REHYDRATE] = (time.perf_counter() - start) * 100
    done = subprocess.run(
        [sys.executable, "-c", REBUILT, place], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    seconds, peak = map(float, done.stdout.split())
    return found | {REBUILD: events / seconds, PEAK: peak / 1e6}


def _postgresql(settings: Settings) -> dict[str, float]:
    place = os.environ.get(VARIABLE)
    if not place:
        raise LeftOut(f"{VARIABLE} names no database of a PostgreSQL server")
    from ixastate.store.store import Store
    from ixastate.store.tables import drop

    try:
        return _own(place, settings)
    finally:
        with Store(place) as store, store.database.making() as connection:
            drop(connection)


def store_section(settings: Settings) -> Section:
    """Appends, beside those of `eventsourcing`, and what else is asked of a store."""
    section = Section(
        "An event store",
        f"Courses of {EVENTS} events; every commit waits for the disk. `eventsourcing` puts the same events into its "
        "event store on SQLite. A rebuild makes all projections of the store anew, in a process of its own.",
    )
    require_store = partial(require, "sqlalchemy")
    with tempfile.TemporaryDirectory(prefix="ixastate-benchmark-") as folder:
        place = Path(folder)

        def row(key: str, what: str, measure: Callable[[], dict[str, float]]) -> None:
            section.attempt(key, lambda: Row(key, what, measure()))

        def on_sqlite() -> dict[str, float]:
            require_store()
            return _own(str(place / "ours.db"), settings)

        row("ours", "ixastate on SQLite", on_sqlite)
        row(
            "eventsourcing",
            "eventsourcing on SQLite",
            lambda: _rates("eventsourcing", str(place / "theirs.db"), settings),
        )
        row("postgresql", "ixastate on PostgreSQL", partial(_postgresql, settings))
    return section
