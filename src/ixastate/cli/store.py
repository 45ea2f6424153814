"""`ixastate store`: an event store of many patients in a database, one command per use.

What computes is imported when it runs, so that `--help` is quick.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ixastate.cli.common import (
    FOUND,
    OK,
    AnyEdition,
    CommandPage,
    JsonOption,
    moment,
    require_cohort,
    require_place,
    whole_number,
)
from ixastate.cli.terminal import bar, fitted, say, show, width, working, write
from ixastate.errors import InputError

if TYPE_CHECKING:
    from ixastate.store.store import Store, Stored

VARIABLE = "IXASTATE_STORE"
# How often (s) `follow` looks for what is new.
POLL = 0.5

NO_NAME = "'' is the one without a name"

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URL",
        help=f"file of SQLite, or postgresql://user@host/database (default: what {VARIABLE} names, which can hold a "
        "password)",
    ),
]


def _open(url: str | None, *, create: bool = False) -> Store:
    """The store that is named, by the option or by the environment."""
    from ixastate.store.extra import require_libraries

    require_libraries()
    from ixastate.store.store import Store

    named = url or os.environ.get(VARIABLE)
    if not named:
        raise InputError("which store?", where="--store", remedy=f"name a file or a URL, or set {VARIABLE}")
    return Store(named, create=create)


def ingest(
    source: Annotated[
        str, typer.Argument(metavar="LOG", help="log in JSON Lines, - for standard input, or directory of a run")
    ],
    store: StoreOption = None,
    edition: AnyEdition = None,
    patient: Annotated[
        str | None, typer.Option("--patient", metavar="NAME", help="name of the patient whose events bear none")
    ] = None,
) -> int:
    """Store the events of a log or of a simulated cohort, each in the stream of its patient.

    A store that is not there is made. Each event is run through its course first, and one that cannot belong there is
    refused; those before it are stored. To ingest a log again stores nothing twice, so after an interruption the same
    command goes on.
    """
    cohort = os.path.isdir(source)
    if cohort and patient is not None:
        raise InputError("the patients of a cohort have names", where="--patient", remedy="leave it out")
    if cohort:
        require_cohort()
    elif source != "-" and not os.path.exists(source):
        raise InputError("there is no such file", where=source, remedy="name a log, or the directory of a run")
    with _open(store, create=True) as opened:
        from ixastate.store.transfer import ingest, lines_of_cohort, named

        if cohort:
            with bar(_events_of(Path(source)), "events", "storing") as progress:
                done = ingest(opened, lines_of_cohort(Path(source)), edition or _edition_of(source), progress.update)
        else:
            done = ingest(opened, named(_lines(source), patient), edition)
        size = f"{counted(done.lines, 'event')} of {counted(done.patients, 'patient')}"
        show(fitted([f"{size}: {done.new:,} new, {done.lines - done.new:,} there already, in {opened.where}"]))
    return OK


def _lines(source: str) -> Any:
    """The lines of a file, with progress on a terminal, or of standard input."""
    from ixastate.cli.replay import lines_of

    return lines_of(source)


def _events_of(path: Path) -> int:
    from ixastate.cohort.run.run import Run

    return int(Run.open(path, check=False).manifest["events"])


def _edition_of(source: str) -> str:
    from ixastate.cohort.run.run import Run

    return Run.open(Path(source), check=False).plan.edition


def replay(
    patient: Annotated[
        str, typer.Argument(metavar="PATIENT", help="name of the patient; '' is the one without a name")
    ],
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Print a patient's course from the store, event by event, with the orders and the clauses that decide them."""
    with _open(store) as opened:
        from ixastate.course.course import Course
        from ixastate.course.log import dump
        from ixastate.course.replay import Replayed
        from ixastate.course.timeline import timeline
        from ixastate.store.courses import take_in

        name = patient or None
        edition = opened.edition(name)
        if edition is None:
            raise InputError(f"there is no patient {patient!r}", where=opened.where, remedy=_some_patients(opened))
        course = Course(name, edition, keep_records=False)
        steps = (
            Replayed(course, take_in(course, stored.line, f"position {stored.position}"))
            for stored in opened.stream(name)
        )
        if as_json:
            for step in steps:
                write(f"{dump(step.record)}\n", at_once=False)
        else:
            show(timeline(steps, width()))
    return OK


def counted(number: int, what: str) -> str:
    """A number of things in words."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _some_patients(store: Store) -> str:
    names = [name or "''" for (name, _), _ in zip(store.patients(), range(6), strict=False)]
    return f"it has {', '.join(names[:5])}{', …' if len(names) > 5 else ''}" if names else "it is empty"


def worklist(
    store: StoreOption = None,
    on: Annotated[
        str | None,
        typer.Option("--on", metavar="MOMENT", help="moment that is asked about, with its offset (the latest event)"),
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Print who is held and why, which holds are to be reviewed, what is due this week, and which doses are open."""
    asked = moment(on, "--on")
    with _open(store) as opened:
        from ixastate.store.projections import catch_up
        from ixastate.store.questions import worklist

        with bar(opened.head().position, "events", "reading") as progress:
            catch_up(opened, progress.update)
        with working("asking every course"):
            found = worklist(opened, asked)
    if as_json:
        write(f"{json.dumps(found.as_json(), ensure_ascii=False)}\n")
    else:
        show(fitted(found.lines()))
    return OK


def counts(store: StoreOption = None, as_json: JsonOption = False) -> int:
    """Print how often each rule was cited, and the dose intensity of each drug; with --json by patient and cycle."""
    with _open(store) as opened:
        from ixastate.store.projections import catch_up
        from ixastate.store.questions import dose_intensity, rule_counts

        with bar(opened.head().position, "events", "reading") as progress:
            catch_up(opened, progress.update)
        rules, doses = rule_counts(opened), dose_intensity(opened)
    if as_json:
        write(f"{json.dumps({'rules': rules, 'doses': doses}, ensure_ascii=False)}\n")
        return OK
    totals: dict[str, list[int]] = {}
    for row in doses:
        total = totals.setdefault(row["drug"], [0, 0])
        total[0] += row["given_mg10"]
        total[1] += row["planned_mg10"]
    lines = ["dose intensity, given over planned while on treatment"]
    lines += [f"  {drug:<14}{given / planned:>8.1%}" for drug, (given, planned) in totals.items() if planned]
    lines += ["rules, by the events at which they were cited"]
    lines += [
        f"  {row['rule']:<16}{counted(row['events'], 'event'):>18} of {counted(row['patients'], 'patient')}"
        for row in rules
    ]
    show(fitted(lines))
    return OK


def follow(
    store: StoreOption = None,
    after: Annotated[
        int,
        typer.Option("--after", metavar="N", help="position after which to begin (0)", parser=whole_number("--after")),
    ] = 0,
    once: Annotated[bool, typer.Option("--once", help="stop at the end of the store")] = False,
    as_json: JsonOption = False,
) -> int:
    """Print each event as it is stored, in the order of the store, and keep the worklist's tables up to date.

    It goes on until it is interrupted. With --json a line holds the position, the patient, the version and the event.
    """
    with _open(store) as opened:
        from ixastate.store.projections import follow

        bring = follow(opened)

        def idle(position: int) -> bool:
            bring()
            return not once

        for stored in opened.follow(after, poll=POLL, idle=idle):
            if as_json:
                write(_as_json(stored))
            else:
                show([_as_text(stored)])
    return OK


def _as_json(stored: Stored) -> str:
    place = {"position": stored.position, "patient": stored.patient, "version": stored.version}
    # The event stands there as it was given, with all digits of its numbers.
    return f'{json.dumps(place, ensure_ascii=False)[:-1]}, "event": {stored.data}}}\n'


def _as_text(stored: Stored) -> str:
    from ixastate.words import describe

    line = stored.line
    what = describe(line.event) if hasattr(line, "event") else describe(line) if hasattr(line, "at") else line.type
    return f"{stored.position}  {stored.patient or '(no name)'}  {what}"


def verify(store: StoreOption = None) -> int:
    """Look whether a store is as it was written, and run every stream through the live machine.

    A row that was changed, removed, added or moved is found by a chain of digests. The digest of its end is printed:
    whoever keeps it elsewhere finds out later whether the store was made anew.
    """
    with _open(store) as opened:
        from ixastate.store.verification import verify

        with bar(2 * opened.head().position, "events", "verifying") as progress:
            found = verify(opened, progress.update)
    show(fitted(found.findings))
    size = f"{counted(found.events, 'event')} of {counted(found.patients, 'patient')}"
    if found.found:
        print(f"{counted(found.found, 'finding')} in {size}")
        return FOUND
    show(fitted([f"as it was written: {size}; digest {found.digest}"]))
    return OK


def export(
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="write the log here (default: standard output)"),
    ] = None,
    store: StoreOption = None,
    patient: Annotated[
        str | None, typer.Option("--patient", metavar="NAME", help=f"this patient alone; {NO_NAME}")
    ] = None,
) -> int:
    """Write the events of a store as a log in JSON Lines, in the order in which they were stored."""
    require_place(output)
    with _open(store) as opened:
        if patient is not None and opened.edition(patient or None) is None:
            raise InputError(f"there is no patient {patient!r}", where=opened.where, remedy=_some_patients(opened))
        if output is not None:
            from ixastate.store.transfer import export

            count = export(opened, output, patient or None, every=patient is None)
            say(f"{count:,} events written to {output}")
            return OK
        for stored in opened.feed() if patient is None else opened.stream(patient or None):
            write(f"{stored.data}\n", at_once=False)
    return OK


COMMANDS: dict[str, CommandPage] = {
    "ingest": CommandPage(
        ingest,
        (
            "ixastate store ingest examples/worked-course.jsonl --store courses.db --patient p1",
            "ixastate store ingest my-cohort --store courses.db",
        ),
    ),
    "replay": CommandPage(
        replay,
        ("ixastate store replay p1 --store courses.db", "ixastate store replay p1 --store courses.db --json"),
    ),
    "worklist": CommandPage(
        worklist,
        (
            "ixastate store worklist --store courses.db",
            "ixastate store worklist --store courses.db --on 2026-03-17T12:00:00+01:00",
        ),
    ),
    "counts": CommandPage(
        counts, ("ixastate store counts --store courses.db", "ixastate store counts --store courses.db --json")
    ),
    "follow": CommandPage(
        follow,
        ("ixastate store follow --store courses.db", "ixastate store follow --store courses.db --after 1000 --once"),
    ),
    "verify": CommandPage(
        verify,
        ("ixastate store verify --store courses.db", "ixastate store verify --store postgresql://me@localhost/courses"),
        found="something is not as it was written",
    ),
    "export": CommandPage(
        export,
        (
            "ixastate store export -o log.jsonl --store courses.db",
            "ixastate store export --store courses.db --patient p1",
        ),
    ),
}
