"""Databases for the tests of the store: files of SQLite, and a PostgreSQL server where it is installed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest

USER = "postgres"
# The programs of Debian's package lie beside no others.
PLACES = ("/usr/lib/postgresql",)
START: dict[str, Any] = {
    "type": "course_started",
    "at": "2026-03-02T07:30:00+01:00",
    "weekday": "monday",
    "clock_time": "08:00",
    "timezone": "Europe/Berlin",
    "patient_informed": True,
    "bilirubin": {"times_uln": 0.8},
    "creatinine_clearance": {"value": 90, "unit": "mL/min"},
}


@cache
def program(name: str) -> str | None:
    """Where a program of PostgreSQL is."""
    found = shutil.which(name)
    places = [path for place in PLACES for path in sorted(Path(place).glob(f"*/bin/{name}"), reverse=True)]
    return found or (str(places[0]) if places else None)


def why_no_server() -> str:
    """Why no PostgreSQL can be started here; '' where one can."""
    if os.name != "posix" or program("initdb") is None or program("postgres") is None:
        return "PostgreSQL is not installed"
    if os.geteuid() == 0:
        import pwd

        try:
            pwd.getpwnam(USER)
        except KeyError:
            return f"PostgreSQL does not run as the superuser, and there is no user {USER}"
        if shutil.which("setpriv") is None:
            return "PostgreSQL does not run as the superuser, and setpriv is not here"
    with suppress(ImportError):
        import psycopg  # noqa: F401

        return ""
    return "psycopg is not installed"


class Server:
    """A PostgreSQL server of one test process, in a folder of its own, reached through a socket there."""

    def __init__(self) -> None:
        # A short path, which the server's user can reach, whatever TMPDIR says.
        self.folder = Path(tempfile.mkdtemp(prefix="ixastate-pg-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.data, self.socket = self.folder / "data", self.folder / "socket"
        for path in (self.data, self.socket):
            path.mkdir()
        self.as_user: list[str] = []
        if os.geteuid() == 0:
            self.as_user = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
            for path in (self.data, self.socket):
                shutil.chown(path, USER, USER)
        self._run("initdb", "-D", str(self.data), "-U", "me", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C")
        self.process: subprocess.Popen[bytes] | None = None
        self.databases = 0
        self.start()

    def _run(self, name: str, *arguments: str) -> None:
        subprocess.run([*self.as_user, str(program(name)), *arguments], check=True, capture_output=True, cwd="/")

    def start(self) -> None:
        """Start it and wait until it answers."""
        settings = [
            "-c",
            "listen_addresses=",
            "-c",
            f"unix_socket_directories={self.socket}",
            "-c",
            "shared_buffers=16MB",
        ]
        command = [*self.as_user, str(program("postgres")), "-D", str(self.data), *settings]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/")
        import psycopg

        until = time.monotonic() + 300
        while True:
            try:
                psycopg.connect(host=str(self.socket), user="me", dbname="postgres").close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > until or self.process.poll() is not None:
                    raise
                time.sleep(0.05)

    def kill(self) -> None:
        """End it as a machine that loses its power would end it, its children too."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        # Its children find out by themselves; a new server does not start before.
        time.sleep(0.2)

    def new_database(self) -> str:
        """The URL of a new database."""
        import psycopg

        self.databases += 1
        name = f"courses_{self.databases}"
        with psycopg.connect(host=str(self.socket), user="me", dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql://me:secret@/{name}?host={self.socket}"

    def close(self) -> None:
        """Stop it, and remove what it held."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()
        # What the server's user owns is that user's to remove.
        subprocess.run([*self.as_user, "rm", "-rf", str(self.data), str(self.socket)], capture_output=True, check=False)
        for path in (self.data, self.socket):
            if path.is_dir():
                path.rmdir()
        shutil.rmtree(self.folder, ignore_errors=True)


def server() -> Iterator[Server]:
    """A server, or a skip with the reason."""
    if reason := why_no_server():
        pytest.skip(reason)
    started = Server()
    try:
        yield started
    finally:
        started.close()


def count(day: int, value: float = 1.5, **more: Any) -> dict[str, Any]:
    """A count of neutrophils on a treatment day."""
    return {"type": "neutrophils_measured", "day": day, "value": value, "unit": "10*9/L", **more}


def jobs(code: str, arguments: Sequence[Sequence[str]]) -> list[subprocess.Popen[str]]:
    """Python programs that run side by side."""
    import sys

    return [
        subprocess.Popen(
            [sys.executable, "-c", code, *one],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for one in arguments
    ]
