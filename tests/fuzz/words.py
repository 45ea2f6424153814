"""The doors of single words: names of editions, zones, patients and files, moments, numbers, units; and of commands."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from ixastate.chart.chart import build_chart
from ixastate.cli import main as command
from ixastate.cli.common import moment, seconds, whole_number
from ixastate.cohort.run.plan import read_model
from ixastate.cohort.run.run import Run
from ixastate.course.course import Course
from ixastate.course.log import read_log, write_log
from ixastate.editions import EDITIONS
from ixastate.errors import InputError, IxastateError
from ixastate.events import CourseStarted, parse_event, zone_names
from ixastate.exchange.sdtm import read_sdtm
from ixastate.rules import load_edition
from ixastate.rules.terms import term_group
from ixastate.table.table import load
from ixastate.testing.adapter import Server
from ixastate.testing.suites.files import read_suite
from tests.fuzz import mutate
from tests.fuzz.logs import ROOT, STARTS, zones
from tests.fuzz.run import Door
from tests.fuzz.studies import folder
from tests.tables import small_graph

TERMS = (
    "rash",
    "Stevens-Johnson syndrome",
    "Peripheral sensory neuropathy",
    "platelet count decreased",
    "nausea",
    "Diarrhoea",
)
UNITS = ("/mm3", "10*9/L", "x10^9/L", "K/uL", "lakh/cumm", "mg/dL", "umol/L", "µmol/L", "mL/min", "cells/µL", "G/L")
MOMENTS = ("2026-03-02T08:00:00+01:00", "2026-03-02T08:00:00Z", "2026-03-02 08:00:00.123+01:00", "20260302T080000Z")
WHOLE = ("1000", "1,000", "1_000", "1e3", "1.5e3", "0", "28", "1e99", "1E+3", "1,00")


def word(rng: Random) -> tuple[str, Any]:
    """A kind of word and a broken one."""
    kinds: dict[str, Any] = {
        "edition": tuple(EDITIONS),
        "zone": zones(),
        "patient": ("A", "S-1", "Ä 12"),
        "path": ("nothing.jsonl", "no/thing", "a" * 250, "..", "."),
        "moment": MOMENTS,
        "whole": WHOLE,
        "seconds": ("5", "0.5", "1e3", "100000"),
        "unit": UNITS,
        "term": TERMS,
        "url": ("http://127.0.0.1:8080/", "https://[::1]:80/x?y#z", "http://user:word@host/"),
        "number": ("0.5", "499.9", "1e3", "<0.1", ">= 20", "≤5"),
    }
    kind = rng.choice(list(kinds))
    given: Any = rng.choice(kinds[kind])
    way = rng.randrange(10)
    if way < 6:
        given = mutate.characters(rng, given)
    elif way == 6:
        given = rng.choice(mutate.TEXTS)
    elif way == 7:
        given = rng.choice(mutate.NUMBERS)
    elif way == 8 and kind in ("edition", "patient"):
        given = rng.choice(
            (None, 1, 1.5, [], {}, (), b"dosing-text", object, float("nan"), 10**5000, {"a": 1}, set(), ...)
        )
    return kind, given


def taken(given: tuple[str, Any]) -> None:
    """The word is one that there is, and means the same again; or it is refused."""
    kind, text = given
    if kind == "edition":
        for door in (load_edition, build_chart, lambda name: Course(edition=name)):
            try:
                door(text)
                assert text in EDITIONS
            except IxastateError:
                assert not isinstance(text, str) or text not in EDITIONS

        if not isinstance(text, str) or text not in EDITIONS:
            load_edition(text)
    elif kind == "zone":
        start = parse_event({**STARTS[0], "at": "2026-03-02T07:00:00Z", "timezone": text})
        assert isinstance(start, CourseStarted)
        assert text in zone_names()
        one = Course()
        one.observe(start)
        one.due(range(1, 60))
    elif kind == "patient":
        one = Course(text)
        assert one.patient is None or one.patient.isprintable()
        assert Course.resume(one.snapshot().model_dump_json()).patient == one.patient
    elif kind == "moment":
        found = moment(text, "--as-of")
        assert found is not None
        assert moment(found.isoformat(), "again") == found
    elif kind == "whole":
        number = whole_number("--n", 0, 10**30)(text)
        assert whole_number("--n", 0, 10**30)(str(number)) == number
    elif kind == "seconds":
        assert 0 < seconds("--timeout")(text) <= 100_000
    elif kind == "path":
        _none_there(text)
    elif kind == "term":
        term_group(text)
        parse_event({"type": "other_toxicity_graded", "day": 1, "term": text, "grade": 3})
    elif kind == "url":
        Server(text, startup=0.0)
    else:
        facts = {"unit": text, "value": 5} if kind == "unit" else {"unit": "/mm3", "value": text}
        event = parse_event({"type": "neutrophils_measured", "day": 1, **facts})
        one = Course()
        one.observe({**STARTS[0], "day": 1})
        one.observe(event)


def _none_there(text: str) -> None:
    """A file that is not there, or that can be none, is refused by whatever reads or writes one."""
    path = folder() / "none" / f"x{text.replace('/', '_')}"
    doors: tuple[Callable[[], object], ...] = (
        lambda: list(read_log(path)),
        lambda: read_suite(path),
        lambda: load(path, small_graph()),
        lambda: Run.open(path),
        lambda: read_model(str(path)),
        lambda: read_sdtm(path),
        lambda: write_log(path, []),
    )
    for door in doors:
        try:
            door()
        except IxastateError as error:
            refused = error
        else:
            raise AssertionError(f"{path} was taken in")
    raise refused


# --- The command line ------------------------------------------------------------------------------------------------

# Commands that end quickly, with arguments that are right; what takes long or reaches out is parsed alone.
LINES: tuple[tuple[str, ...], ...] = (
    ("replay", "log.jsonl"),
    ("replay", "log.jsonl", "--json"),
    ("replay", "late.jsonl", "--as-of", "2026-03-17T12:00:00+01:00"),
    ("replay", "log.jsonl", "--patient", "A", "--edition", "us-label"),
    ("schedule", "log.jsonl", "--days", "7", "--from-day", "1"),
    ("schedule", "log.jsonl", "--days", "7", "--ics", "doses.ics"),
    ("rules", "neutropenia"),
    ("rules", "ANC-04", "--edition", "us-label"),
    ("import", "sdtm", "study", "-o", "new.jsonl", "--timezone", "Europe/Berlin"),
    ("export", "scxml", "-o", "chart.scxml"),
    ("help", "simulate"),
    ("completion", "bash"),
    ("diagram", "--help"),
    ("--version",),
)
PARSED_ALONE: tuple[tuple[str, ...], ...] = (
    (
        "simulate",
        "-o",
        "cohort",
        "--patients",
        "1e3",
        "--cycles",
        "6",
        "--seed",
        "3",
        "--toxicity",
        "hazards",
        "--shards",
        "0:1",
    ),
    ("check", "--edition", "us-label"),
    ("compare", "dosing-text", "us-label"),
    ("suite", "-o", "suite.jsonl", "--cover", "transitions", "--length", "20"),
    ("conform", "suite.jsonl", "--url", "http://127.0.0.1:1/", "--timeout", "5", "--html", "page.html"),
    ("verify", "cohort", "--sample", "200"),
    ("table", "--edition", "dosing-text"),
    ("summary", "cohort"),
    ("validate", "--patients", "1000", "--seed", "2"),
    ("merge", "cohort"),
    ("diagram", "chart", "-o", "chart.svg"),
)


def line(rng: Random) -> tuple[bool, list[str]]:
    """The words of a command, some of them broken, and whether they are parsed alone."""
    alone = rng.random() < 0.4
    words = list(rng.choice(PARSED_ALONE if alone else LINES))
    others = rng.choice((*LINES, *PARSED_ALONE))
    for _ in range(rng.choice((1, 1, 2))):
        place = rng.randrange(len(words))
        kind = rng.randrange(8)
        if kind < 3:
            words[place] = mutate.characters(rng, words[place])
        elif kind == 3:
            words[place] = rng.choice(
                (*mutate.TEXTS[:22], *mutate.NUMBERS, "-", "--", "-x", "--help", "-o", "=", "--days=", "--days=3")
            )
        elif kind == 4 and len(words) > 1:
            del words[place]
        elif kind == 5:
            words.insert(place, rng.choice(words))
        elif kind == 6:
            words[place] = rng.choice(others)
        else:
            words.append(
                rng.choice(("--patients", "--json", "--edition", "-o", "--seed=-1", "x", "", "--no-figures", "--as-of"))
            )
    # No process can be given NUL, and no file beside the folder is to be written.
    words = [
        os.fsdecode(word.encode("utf-8", "surrogatepass")).replace("\0", "").replace("/", "_")[:5000] for word in words
    ]
    return alone or words[:1] not in [list(line[:1]) for line in LINES], words


@cache
def workplace() -> Path:
    """A folder of this process with what the commands read."""
    place = folder() / "work"
    place.mkdir()
    shutil.copy(ROOT / "examples" / "worked-course.jsonl", place / "log.jsonl")
    shutil.copy(ROOT / "examples" / "corrected-count.jsonl", place / "late.jsonl")
    return place


def run(given: tuple[bool, list[str]]) -> None:
    """A command ends with one of its exit codes, and says what is wrong in one line that can be printed."""
    alone, words = given
    place = workplace()
    before = {path.name: path.read_bytes() for path in place.iterdir() if path.is_file()}
    out, err = _Stream(), _Stream()
    here = Path.cwd()
    os.chdir(place)
    try:
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            _only_parsed() if alone else contextlib.nullcontext(),
        ):
            code = command.main(words)
    finally:
        os.chdir(here)
        after = {path.name: path.read_bytes() for path in place.iterdir() if path.is_file()}
        for path in place.iterdir():
            if path.name not in before:
                path.unlink() if path.is_file() else shutil.rmtree(path)
    said = err.text()
    assert code in (0, 1, 2), f"the exit code is {code}"
    assert all(one.isprintable() for one in said.split("\n")), f"what is said cannot be printed: {said!r}"
    # The source of a diagram is indented with tabs, as Graphviz writes it.
    lines = out.text().replace("\t", " ").split("\n")
    assert all(one.isprintable() for one in lines) or words[:1] == ["completion"], "the output cannot be printed"
    assert all(after.get(name) == content for name, content in before.items()) or _named(words, before), (
        "a file is another"
    )
    if code == 2:
        assert set(after) == set(before), f"something is half-written: {set(after) - set(before)}"
        assert said.startswith("ixastate: "), f"it does not say what is wrong: {said!r}"
        raise InputError(said)


def _named(words: list[str], files: dict[str, bytes]) -> bool:
    """Whether a file is named as the output, which may then be replaced."""
    given = [word for word in words if any(word.endswith(name) for name in files)]
    return len(given) > 1 or any(word.startswith(("-o", "--ics", "--output")) for word in words)


class _Stream(io.TextIOWrapper):
    """A stream as that of a process."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", errors="surrogatepass", newline="")

    def text(self) -> str:
        """What was written."""
        self.flush()
        buffer: Any = self.buffer
        text: str = buffer.getvalue().decode("utf-8", "surrogatepass")
        return text.removesuffix("\n")


@contextlib.contextmanager
def _only_parsed() -> Iterator[None]:
    """The commands are parsed and not run."""
    run = command.TyperGroup.invoke

    def parsed(group: Any, context: Any) -> int:
        arguments = [*context._protected_args, *context.args]
        if not arguments:
            return 0
        name, its, rest = group.resolve_command(context, arguments)
        if isinstance(its, command.TyperGroup):
            return 0
        with its.make_context(name, rest, parent=context):
            return 0

    command.TyperGroup.invoke = parsed
    try:
        yield
    finally:
        command.TyperGroup.invoke = run


DOORS = [Door("word", 18, word, taken), Door("command", 3, line, run)]
