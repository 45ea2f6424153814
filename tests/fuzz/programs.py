"""The doors of programs under test: what they answer, on their standard streams and over HTTP."""

from __future__ import annotations

import atexit
import json
import socket
import threading
from contextlib import suppress
from functools import cache
from random import Random
from typing import Any
from xml.etree import ElementTree

from ixastate.rules import load_edition
from ixastate.testing.adapter import InProcess, Program, Server, parse_answer
from ixastate.testing.conformance import Summary, conform, run_course
from ixastate.testing.reports.junit import junit
from ixastate.testing.reports.page import page
from ixastate.testing.reports.report import report
from ixastate.testing.suites.files import TestCourse
from tests import kit
from tests.fuzz import mutate
from tests.fuzz.logs import examples
from tests.fuzz.run import Door
from tests.fuzz.studies import folder


@cache
def courses() -> tuple[TestCourse, ...]:
    """Courses with their right answers."""
    found = []
    for log in examples()[0][5:]:
        events = [json.loads(line) for line in log]
        plain = [event for event in events if event["type"] not in ("event_corrected", "event_withdrawn")][:6]
        found.append(kit.answered(*plain))
    return tuple(found)


# --- Answers ---------------------------------------------------------------------------------------------------------


def answer(rng: Random) -> tuple[int, int, bytes]:
    """Which answer of which course is broken, and what it is."""
    number = rng.randrange(len(courses()))
    step = rng.randrange(len(courses()[number].steps))
    return number, step, _answer(rng, courses()[number].steps[step].expected)


def _answer(rng: Random, expected: Any) -> bytes:
    kind = rng.randrange(10)
    data = json.loads(json.dumps(expected))
    if kind < 8:
        if kind < 4:
            data[rng.choice(list(data))] = rng.choice(
                (mutate.odd(rng), [mutate.odd(rng)], {"drug": mutate.odd(rng), "mg": 4})
            )
        content = mutate.as_json(rng, mutate.value(rng, data, [expected])).encode("utf-8", "surrogatepass")
    else:
        content = json.dumps(data).encode()
    return mutate.broken_bytes(rng, content) if kind > 6 else content


class _Says:
    """A system that is right but for one answer."""

    def __init__(self, test: TestCourse, place: int, said: Any) -> None:
        self._answers = [dict(step.expected) for step in test.steps]
        self._answers[place] = said
        self._next = iter(self._answers)

    def start(self, event: dict[str, Any]) -> Any:
        return next(self._next)

    def observe(self, event: dict[str, Any]) -> Any:
        return next(self._next)

    def close(self) -> None:
        return


def answered(given: tuple[int, int, bytes]) -> None:
    """A wrong answer is a finding, which every report can tell."""
    number, step, content = given
    test = courses()[number]
    said = parse_answer(content)
    result = run_course(InProcess(lambda: _Says(test, step, said)), test, load_edition())
    summary = Summary(load_edition(), [result])
    for line in report(summary, "x"):
        line.encode()
    page(summary, "x").decode()
    ElementTree.fromstring(junit(summary, "x"))


# --- Standard streams ------------------------------------------------------------------------------------------------


def stream(rng: Random) -> tuple[bytes, str]:
    """What a program writes, and how it ends."""
    test = rng.choice(courses())
    lines = [b"{}", *(json.dumps(step.expected).encode() for step in test.steps)]
    for _ in range(rng.choice((1, 1, 2))):
        place = rng.randrange(len(lines))
        lines[place] = rng.choice(
            (_answer(rng, test.steps[0].expected), b"", b"x" * 2_000_000, b"\0", lines[place] * 2, b"\xff")
        )
    return b"\n".join(lines) + rng.choice((b"\n", b"")), rng.choice(
        ("", "", "exit 3", "kill -9 $$", "exec >&-; sleep 5", "echo '\033[31m' >&2")
    )


def streamed(given: tuple[bytes, str]) -> None:
    """A program that writes this, whatever it is asked, ends in findings alone."""
    content, ending = given
    path = folder() / "says"
    path.write_bytes(content)
    command = ["sh", "-c", f"cat {path}; {ending}"]
    with Program(command, timeout=0.05, startup=1.0) as program:
        _conform(program)


# --- HTTP ------------------------------------------------------------------------------------------------------------


class _Server:
    """A server that answers each connection with the bytes that it was given last."""

    def __init__(self) -> None:
        self.says = b""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        threading.Thread(target=self._serve, daemon=True).start()
        atexit.register(self._socket.close)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                connection.settimeout(1)
                connection.recv(65536)
                connection.sendall(self.says)


@cache
def server() -> _Server:
    """The server of this process."""
    return _Server()


HEADERS = (
    b"Transfer-Encoding: chunked",
    b"Content-Encoding: gzip",
    b"Location: ftp://127.0.0.1/",
    b"Location: \x1b[31m",
    b"Content-Length: -1",
    b"Content-Length: x",
    b"X" * 70_000,
    b": x",
    b"\0: \0",
    b"A: " + b"b" * 66_000,
    b"\xff: \xff",
)


def response(rng: Random) -> bytes:
    """A broken HTTP response."""
    body = _answer(rng, rng.choice(courses()).steps[0].expected) if rng.random() < 0.8 else b"{}"
    status = rng.choice(
        (b"HTTP/1.1 200 OK",) * 6 + (b"HTTP/1.1 301 Moved", b"HTTP/1.1 500 x", b"HTTP/1.1 999 x", b"HTTP/1.1 204 x")
    )
    headers = [
        b"Content-Length: %d" % (len(body) + rng.choice((0, 0, 0, -1, 5, 10**9))),
        b"Content-Type: application/json",
    ]
    headers += rng.sample(HEADERS, k=rng.choice((0, 1, 1, 2)))
    rng.shuffle(headers)
    if rng.random() < 0.05:
        headers += [b"A: b"] * 200
    content = b"\r\n".join((status, *headers)) + b"\r\n\r\n" + body
    return mutate.broken_bytes(rng, content) if rng.random() < 0.4 else content


def responded(content: bytes) -> None:
    """A server that answers this ends in findings alone."""
    server().says = content
    with Server(server().url, timeout=0.3, startup=0.3) as tested:
        _conform(tested)


def _conform(tested: Program | Server) -> None:
    suite = kit.of(courses()[0])
    summary = conform(tested, suite)
    for line in report(summary, tested.name):
        line.encode()
    page(summary, tested.name).decode()
    ElementTree.fromstring(junit(summary, tested.name))


DOORS = [
    Door("answer", 18, answer, answered),
    Door("stream", 0.05, stream, streamed),
    Door("http", 0.2, response, responded),
]
