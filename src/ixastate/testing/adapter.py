"""Adapters: how a system under test is reached, as a Python object, a program on its standard streams, or a server.

Whatever the system does instead of answering (it dies, hangs, answers junk or twice) becomes a `Fault`, which is a
finding. No fault of a system stops or blocks this side. This module knows the form of an answer, and not which one is
right.
"""

from __future__ import annotations

import io
import json
import os
import queue
import signal
import subprocess
import threading
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from http.client import HTTPException
from typing import IO, Any, Literal, Protocol, cast
from urllib.parse import urlsplit

from ixastate.errors import InputError, IxastateError

Answer = Mapping[str, Any]
RESET = {"type": "reset"}
LONGEST_ANSWER = 1_000_000
MOST_NESTED = 20
# No more lines than this are kept that no request asked for.
MOST_SURPLUS = 100
KEPT_OF_STDERR = 4000
# How long (s) a second answer is waited for once the first was wrong, and a program that closes its output to end.
GRACE, MOST_GRACE = 0.2, 10
ENDING = 2.0

FaultKind = Literal["silent", "died", "junk", "twice", "nothing", "not repeatable"]
NOT_REPEATABLE: FaultKind = "not repeatable"


class System(Protocol):
    """The protocol of a system under test (SUT) in Python. One object follows one course."""

    def start(self, event: dict[str, Any]) -> Answer:
        """A new course begins with this event (as in a log; mostly `course_started`)."""

    def observe(self, event: dict[str, Any]) -> Answer:
        """The next event of the course."""

    def close(self) -> None:
        """The course is over."""


class Fault(IxastateError):
    """A system under test did something else instead of answering."""

    def __init__(self, kind: FaultKind, what: str) -> None:
        super().__init__(what)
        self.kind = kind


class Adapter(ABC):
    """The adapter of a system under test: requests and answers over many courses, however the system is reached."""

    name: str

    @abstractmethod
    def start(self, event: dict[str, Any]) -> Answer:
        """Forget everything, and answer the first event of a new course; `Fault` when no answer comes."""

    @abstractmethod
    def observe(self, event: dict[str, Any]) -> Answer:
        """The answer to the next event; `Fault` when none comes."""

    def settle(self) -> None:
        """`Fault` when the system has given more answers than there were requests; called when an answer was wrong."""
        return

    def end_course(self) -> None:
        """The course is over."""
        return

    def stop(self) -> None:
        """No more requests follow."""
        return

    def __enter__(self) -> Adapter:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()


class InProcess(Adapter):
    """Objects of the protocol, a new one for each course."""

    def __init__(self, factory: Callable[[], System], name: str = "") -> None:
        self.name = name or getattr(factory, "__name__", "system")
        self._factory = factory
        self._system: System | None = None

    def start(self, event: dict[str, Any]) -> Answer:
        """The answer of a new object."""
        self.end_course()
        self._system = self._called(self._factory)
        return self._answer(self._system.start, event)

    def observe(self, event: dict[str, Any]) -> Answer:
        """The answer of the same object."""
        assert self._system is not None  # a course has been started
        return self._answer(self._system.observe, event)

    def end_course(self) -> None:
        """Close the object."""
        if self._system is not None:
            system, self._system = self._system, None
            self._called(system.close)

    def stop(self) -> None:
        """Close the last object."""
        with suppress(Fault):
            self.end_course()

    def _called(self, function: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return function(*arguments)
        except Exception as error:
            raise Fault("died", f"it raised {type(error).__name__}: {error}") from error

    def _answer(self, function: Callable[[dict[str, Any]], Answer], event: dict[str, Any]) -> Answer:
        answer = self._called(function, dict(event))
        if not isinstance(answer, Mapping):
            raise Fault("junk", f"it answered {answer!r:.200}, which is no mapping")
        return answer


class Program(Adapter):
    """A program that reads requests on standard input and answers on standard output, in JSON Lines.

    `timeout` is how long an answer may take in seconds, `startup` how long the first one after a start may take. After
    a fault the program is ended, and started again for the next course.
    """

    def __init__(self, command: Sequence[str], *, timeout: float = 5.0, startup: float = 10.0) -> None:
        self.name = " ".join(command)
        self._command = list(command)
        self._timeout, self._startup = timeout, startup
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        self._stderr = _Tail()
        self._readers: list[threading.Thread] = []
        self._settled = 0

    def start(self, event: dict[str, Any]) -> Answer:
        """A reset, and the answer to the first event."""
        limit = self._timeout
        if self._process is None:
            self._spawn()
            limit = self._startup
        self._ask(RESET, limit)
        return self._ask(event, self._timeout)

    def observe(self, event: dict[str, Any]) -> Answer:
        """The answer to the next event."""
        return self._ask(event, self._timeout)

    def end_course(self) -> None:
        """An answer too many that has come by now belongs to this course."""
        with suppress(queue.Empty):
            raise self._surplus(self._lines.get_nowait())

    def settle(self) -> None:
        """Wait a moment for an answer too many."""
        if self._process is None:
            return
        self._settled += 1
        try:
            # Whoever answers twice mostly does so each time; not every wrong answer need be waited for.
            line = self._lines.get(timeout=GRACE) if self._settled <= MOST_GRACE else self._lines.get_nowait()
        except queue.Empty:
            return
        raise self._surplus(line)

    def stop(self) -> None:
        """End the program and everything that it started in its own group."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(OSError):
            if process.stdin is not None:
                process.stdin.close()
        _end(process)
        for reader in self._readers:
            reader.join(ENDING)

    def _spawn(self) -> None:
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                # A group of its own, so that what it starts ends with it.
                start_new_session=True,
            )
        except OSError as error:
            raise InputError(
                f"cannot be run: {error.strerror}", where=self._command[0], remedy="give the command after --"
            ) from None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._lines, self._stderr = queue.Queue(), _Tail()
        self._readers = [
            _in_background(_read_lines, self._process.stdout, self._lines),
            _in_background(self._stderr.read, self._process.stderr),
        ]

    def _ask(self, request: dict[str, Any], limit: float) -> Answer:
        process = self._process
        assert process is not None  # start has seen to it
        assert process.stdin is not None
        with suppress(queue.Empty):
            raise self._surplus(self._lines.get_nowait())
        try:
            process.stdin.write(json.dumps(request, ensure_ascii=False).encode() + b"\n")
        except OSError:
            raise self._died() from None
        try:
            line = self._lines.get(timeout=limit)
        except queue.Empty:
            what = f"it did not answer within {limit:g} s{self._stderr.words()}"
            self.stop()
            raise Fault("silent", what) from None
        if line is None:
            raise self._died()
        try:
            return parse_answer(line)
        except Fault:
            self.stop()
            raise

    def _surplus(self, line: bytes | None) -> Fault:
        """The fault that a line without a request stands for."""
        if line is None:
            return self._died()
        self.stop()
        return Fault("twice", f"it wrote a line without a request: {_shown(line)}")

    def _died(self) -> Fault:
        process = self._process
        if process is None:
            return Fault("died", "it ended")
        try:
            how = _exit_words(process.wait(timeout=ENDING))
        except subprocess.TimeoutExpired:
            how = "it closed its output"
        self.stop()
        return Fault("died", f"{how}{self._stderr.words()}")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is a wrong answer: what another server says is not what the one that is tested says."""

    def redirect_request(self, *_: Any) -> None:
        """Follow none."""


class Server(Adapter):
    """A server that takes one POST for each request and answers in the body. Proxies are not used."""

    def __init__(self, url: str, *, timeout: float = 5.0, startup: float = 10.0) -> None:
        if not _is_address(url):
            raise InputError(
                f"{url!r} is no address of a server", where="--url", remedy="such as http://127.0.0.1:8080/"
            )
        self.name = url
        self._timeout, self._startup = timeout, startup
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
        self._reached = False

    def start(self, event: dict[str, Any]) -> Answer:
        """A reset, and the answer to the first event."""
        if self._reached:
            self._ask(RESET, self._timeout)
        else:
            self._reach()
        return self._ask(event, self._timeout)

    def observe(self, event: dict[str, Any]) -> Answer:
        """The answer to the next event."""
        return self._ask(event, self._timeout)

    def _reach(self) -> None:
        """The first request: a server may still be starting."""
        tries = max(1, int(self._startup / GRACE))
        for _ in range(tries):
            try:
                self._ask(RESET, self._startup)
            except Fault as fault:
                if not isinstance(fault.__cause__, ConnectionRefusedError):
                    raise
                threading.Event().wait(GRACE)
            else:
                self._reached = True
                return
        raise InputError("nothing listens there", where=self.name, remedy="start the server first")

    def _ask(self, request: dict[str, Any], limit: float) -> Answer:
        # A server that sends a little now and then would never run into a limit on each part, so another thread waits.
        received: queue.Queue[bytes | Fault] = queue.Queue()
        _in_background(self._post, json.dumps(request, ensure_ascii=False).encode(), limit, received)
        try:
            body = received.get(timeout=limit)
        except queue.Empty:
            raise Fault("silent", f"it did not answer within {limit:g} s") from None
        if isinstance(body, Fault):
            raise body
        self._reached = True
        return parse_answer(body)

    def _post(self, content: bytes, limit: float, received: queue.Queue[bytes | Fault]) -> None:
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.name, content, headers, method="POST")
        try:
            with self._opener.open(request, timeout=limit) as answer:
                body = answer.read(LONGEST_ANSWER + 1)
                # What is left of the length that was announced.
                cut = bool(answer.length) and len(body) <= LONGEST_ANSWER
                received.put(Fault("died", f"its answer was cut short: {_shown(body)}") if cut else body)
        except urllib.error.HTTPError as error:
            with error:
                elsewhere = error.headers.get("Location")
                said = f"redirects are not followed (to {elsewhere!r})" if elsewhere else _said(error)
                received.put(Fault("died", f"it answered with HTTP status {error.code}: {said}"))
        except TimeoutError:
            return  # the request has been given up at the same moment
        except (OSError, ValueError, HTTPException) as error:
            reason = getattr(error, "reason", error)
            fault = Fault("died", f"the connection failed: {str(reason) or type(reason).__name__}")
            fault.__cause__ = reason if isinstance(reason, BaseException) else error
            received.put(fault)


def _said(error: urllib.error.HTTPError) -> str:
    try:
        return _shown(error.read(200))
    except (OSError, ValueError, HTTPException):
        return "and no whole answer"


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        # To ask for the port is to have it checked.
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return whole and url.isascii() and url.isprintable() and " " not in url


def parse_answer(raw: bytes) -> Answer:
    """One answer; `Fault` for what is no JSON object."""
    if len(raw) > LONGEST_ANSWER:
        raise Fault("junk", f"its answer is longer than {LONGEST_ANSWER} bytes")
    try:
        answer = json.loads(raw)
        if _is_deep(answer):
            raise RecursionError
    except ValueError:
        raise Fault("junk", f"its answer is not JSON: {_shown(raw)}") from None
    except RecursionError:
        raise Fault("junk", f"its answer is nested too deeply: {_shown(raw)}") from None
    if not isinstance(answer, dict):
        raise Fault("junk", f"its answer is no JSON object: {_shown(raw)}")
    try:
        json.dumps(answer, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Fault("junk", f"its answer holds half of a character: {_shown(raw)}") from None
    return answer


def _is_deep(answer: Any) -> bool:
    """Whether more values lie in each other than any answer needs: what is nested without end nobody can show."""
    level = [answer]
    for _ in range(MOST_NESTED):
        inner = [part.values() if isinstance(part, dict) else part for part in level if isinstance(part, dict | list)]
        level = [part for parts in inner for part in parts]
    return bool(level)


def _shown(raw: bytes) -> str:
    text = raw.decode("utf-8", "replace").strip()
    return repr(text if len(text) <= 200 else text[:197] + "...")


def _in_background(function: Callable[..., None], *arguments: Any) -> threading.Thread:
    thread = threading.Thread(target=function, args=arguments, daemon=True)
    thread.start()
    return thread


def _read_lines(stream: IO[bytes], lines: queue.Queue[bytes | None]) -> None:
    """Put every line into the queue, and None at the end; what is far too much is read and dropped."""
    with suppress(OSError, ValueError), io.BufferedReader(cast(io.RawIOBase, stream)) as buffered:
        while line := buffered.readline(LONGEST_ANSWER + 1):
            if lines.qsize() < MOST_SURPLUS:
                lines.put(line)
    lines.put(None)


class _Tail:
    """The end of what a program wrote to standard error, which is always read, so that it never blocks."""

    def __init__(self) -> None:
        self._kept = b""

    def read(self, stream: IO[bytes]) -> None:
        with suppress(OSError, ValueError), stream:
            while part := stream.read(65_536):
                self._kept = (self._kept + part)[-KEPT_OF_STDERR:]

    def words(self) -> str:
        lines = [line for line in self._kept.decode("utf-8", "replace").splitlines() if line.strip()]
        return f"; last line of its standard error: {lines[-1].strip()[:200]}" if lines else ""


def _exit_words(code: int) -> str:
    if code >= 0:
        return f"it ended with exit code {code}"
    with suppress(ValueError):
        return f"it was ended by {signal.Signals(-code).name}"
    return f"it was ended by signal {-code}"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program and its group; only what we started ourselves."""
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=ENDING)
