"""Many writers, followers and kills: nothing that was acknowledged is lost, nothing is doubled, nothing is missed."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections import Counter
from subprocess import Popen

import pytest

pytest.importorskip("sqlalchemy", reason="the extra `store` is not installed")

from ixastate.errors import IxastateError
from ixastate.events import parse_event
from ixastate.store.projections import catch_up, contents, rebuild
from ixastate.store.store import Store
from ixastate.store.verification import chain, verify
from tests.store_tools import START, Server, count, jobs

# Appends events with ids, each to one of so many streams, and says after each which of them are stored.
WRITER = """
import random, sys
from ixastate.errors import ConflictError, IxastateError
from ixastate.events import parse_event
from ixastate.store.store import Store
url, name, events, streams, batch, expecting = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:7])
store, luck = Store(url), random.Random(name)
print("ready", flush=True)
sys.stdin.readline()
number = 0
while number < events:
    stream = f"p{luck.randrange(streams)}"
    ids = [f"{name}-{at}" for at in range(number, min(number + batch, events))]
    lines = [
        parse_event({"type": "neutrophils_measured", "day": 9, "value": 2, "unit": "10*9/L", "id": id}) for id in ids
    ]
    while True:
        try:
            store.append(stream, lines, expected=store.version(stream) if expecting else None)
            break
        except ConflictError:
            continue
    print(stream, *ids, flush=True)
    number += batch
"""
# Follows the store until it has seen so many events, and says the position and the key of each.
FOLLOWER = """
import sys
from ixastate.store.store import Store
url, events = sys.argv[1], int(sys.argv[2])
store = Store(url)
print("ready", flush=True)
sys.stdin.readline()
for stored in store.follow(poll=0.01):
    print(stored.position, stored.patient, stored.version, stored.key, flush=True)
    if stored.position == events:
        break
"""
# Keeps the projections at the end of the store.
PROJECTOR = """
import sys, time
from ixastate.store import projections
from ixastate.store.store import Store
store = Store(sys.argv[1])
bring = projections.follow(store)
print("ready", flush=True)
sys.stdin.readline()
while True:
    print(bring(), flush=True)
    time.sleep(0.005)
"""


def begun(programs: list[Popen[str]]) -> None:
    """Start programs that are ready at the same moment."""
    for program in programs:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
    for program in programs:
        assert program.stdin is not None
        program.stdin.write("\n")
        program.stdin.flush()


def said(programs: list[Popen[str]], *, well: bool = False) -> list[list[str]]:
    """What programs said until they ended, read side by side, so that none waits.

    They must end `well`, or else one that does not ends all: a follower would wait for ever.
    """
    found: list[list[str]] = [[] for _ in programs]

    def read(place: int, program: Popen[str]) -> None:
        assert program.stdout is not None
        found[place] = program.stdout.read().splitlines()
        if program.wait() and well:
            for other in programs:
                other.kill()

    readers = [threading.Thread(target=read, args=one) for one in enumerate(programs)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(600)
    complaints = [program.stderr.read() for program in programs if program.stderr is not None]
    for program in programs:
        for stream in (program.stdin, program.stdout, program.stderr):
            assert stream is not None
            stream.close()
    assert not well or [program.returncode for program in programs] == [0] * len(programs), complaints
    return found


@pytest.mark.parametrize("streams", [1, 1000])
@pytest.mark.parametrize(
    ("events", "batch"), [(320, 4), pytest.param(100_000, 25, marks=pytest.mark.exhaustive)], ids=["few", "many"]
)
def test_eight_writers_lose_and_double_nothing_and_a_follower_misses_none(
    store_url: str, streams: int, events: int, batch: int
) -> None:
    writers, each = 8, events // 8
    Store(store_url, create=True).close()
    # On one stream every other writer says after which version its events belong.
    wanted = [
        [store_url, f"w{number}", str(each), str(streams), str(batch), str(int(streams == 1 and number % 2 == 0))]
        for number in range(writers)
    ]
    programs = [*jobs(WRITER, wanted), *jobs(FOLLOWER, [[store_url, str(events)]])]
    begun(programs)
    *written, followed = said(programs, well=True)
    acknowledged = {id: line.split()[0] for lines in written for line in lines for id in line.split()[1:]}
    assert len(acknowledged) == events
    with Store(store_url) as store:
        stored = list(store.feed())
        assert list(chain(store)) == []
    assert [one.position for one in stored] == list(range(1, events + 1))
    assert Counter(one.key for one in stored) == Counter(f"id {id}" for id in acknowledged)
    assert {one.key: one.patient for one in stored} == {f"id {id}": stream for id, stream in acknowledged.items()}
    versions: dict[str | None, list[int]] = {}
    of_writer: dict[tuple[str, str | None], list[int]] = {}
    for one in stored:
        versions.setdefault(one.patient, []).append(one.version)
        writer, _, number = str(one.key).removeprefix("id ").partition("-")
        of_writer.setdefault((writer, one.patient), []).append(int(number))
    assert all(found == list(range(1, len(found) + 1)) for found in versions.values())
    assert all(found == sorted(found) for found in of_writer.values())
    assert [line.split(" ", 3) for line in followed] == [
        [str(one.position), one.patient, str(one.version), one.key] for one in stored
    ]


# --- Kills --------------------------------------------------------------------------------------------------------


def kills(few: int) -> list[int]:
    """The seeds of the kills: some in each run of the tests, twenty in the long proofs."""
    return [pytest.param(seed, marks=[] if seed < few else pytest.mark.exhaustive) for seed in range(20)]  # type: ignore[misc]


@pytest.mark.parametrize("seed", kills(2))
def test_what_a_killed_writer_was_told_is_there(store_url: str, seed: int) -> None:
    luck = random.Random(seed)
    Store(store_url, create=True).close()
    programs = jobs(WRITER, [[store_url, f"w{number}", "100000", "3", "3", "0"] for number in range(3)])
    begun(programs)
    told: list[list[str]] = [[], [], []]

    def read(place: int) -> None:
        stdout = programs[place].stdout
        assert stdout is not None
        told[place] = stdout.read().splitlines()

    readers = [threading.Thread(target=read, args=(place,)) for place in range(3)]
    for reader in readers:
        reader.start()
    for program in programs:
        time.sleep(luck.uniform(0.05, 0.4))
        program.send_signal(signal.SIGKILL)
    for reader in readers:
        reader.join(60)
    said(programs)
    acknowledged = Counter(f"id {id}" for lines in told for line in lines for id in line.split()[1:])
    with Store(store_url) as store:
        stored = Counter(one.key for one in store.feed())
        assert list(chain(store)) == []
        # It goes on, with the same ids and the next ones.
        more = store.append(
            "p0", [parse_event(count(9, 2, id=f"w0-{number}", patient=None)) for number in range(10**6, 10**6 + 3)]
        )
        assert more.new == 3
    assert not acknowledged - stored
    assert max(stored.values(), default=1) == 1
    # Whole batches alone are there: those that were told, and at most one more of each writer.
    assert sum(stored.values()) % 3 == 0
    assert sum((stored - acknowledged).values()) <= 3 * 3


@pytest.mark.parametrize("seed", kills(2))
def test_a_projection_whose_follower_is_killed_is_one_that_was_rebuilt(store_url: str, seed: int) -> None:
    luck = random.Random(seed)
    with Store(store_url, create=True) as store:
        for name in "abc":
            store.append(name, [parse_event(START)])
        day = 2
        for _ in range(3):
            programs = jobs(PROJECTOR, [[store_url]])
            begun(programs)
            until = time.monotonic() + luck.uniform(0.02, 0.3)
            while time.monotonic() < until:
                for name in "abc":
                    store.append(name, [parse_event(count(day, luck.choice([0.4, 2])))])
                day += 1
            programs[0].send_signal(signal.SIGKILL)
            said(programs)
        catch_up(store)
        followed = contents(store)
        rebuild(store)
        assert contents(store) == followed
        assert verify(store).findings == ()


@pytest.mark.parametrize("seed", kills(1))
def test_what_a_killed_server_told_is_there(postgresql: Server, seed: int) -> None:
    """The writers go on when the server is there again; an append that was not answered is said again."""
    luck = random.Random(seed)
    url = postgresql.new_database()
    acknowledged: Counter[str] = Counter()
    stop = time.monotonic() + luck.uniform(0.3, 0.8)
    with Store(url, create=True) as store:
        killer = threading.Timer(luck.uniform(0.05, 0.6), postgresql.kill)
        killer.start()
        number, refused = 0, []
        while killer.is_alive() or time.monotonic() < stop:
            ids = [f"w-{at}" for at in range(number, number + 2)]
            try:
                store.append(f"p{number % 3}", [parse_event(count(9, 2, id=id)) for id in ids])
            except IxastateError as error:
                refused.append(error.what)
                killer.join()
                postgresql.start()
                continue
            acknowledged.update(f"id {id}" for id in ids)
            number += 2
        killer.join()
        if postgresql.process is not None and postgresql.process.poll() is not None and not refused:
            postgresql.start()
        assert all("the database cannot be used" in words for words in refused)
        stored = Counter(one.key for one in store.feed())
        assert stored == acknowledged
        assert list(chain(store)) == []


def test_a_process_that_dies_in_the_middle_of_an_append_leaves_nothing(store_url: str) -> None:
    code = """
import os, sys
from ixastate.events import parse_event
from ixastate.store import store
opened = store.Store(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
digest_of, seen = store.digest_of, []
def dying(*said):
    seen.append(said)
    if len(seen) == 3:
        os._exit(9)
    return digest_of(*said)
store.digest_of = dying
opened.append("p", [parse_event({"type": "rash_graded", "day": day, "grade": 0}) for day in (2, 3, 4)])
"""
    with Store(store_url, create=True) as store:
        store.append("p", [parse_event(START)])
        programs = jobs(code, [[store_url]])
        begun(programs)
        assert programs[0].wait(60) == 9
        said(programs)
        assert store.head().position == 1
        assert store.append("p", [parse_event(count(5))]) == (2, 2, 1)
        assert verify(store).findings == ()
