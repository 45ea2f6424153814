"""`ixastate simulate`: a cohort of simulated patients, in a directory; and what `ixastate merge` shares with it.

What it needs is imported when it runs, so that `--help` is quick.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from ixastate.cli.common import (
    MODELS,
    OK,
    CommandPage,
    EditionOption,
    choice,
    for_the_shell,
    impossible,
    require_cohort,
    require_place,
    whole_number,
)
from ixastate.cli.terminal import bar, fitted, say, say_above_the_bar, show, width, working
from ixastate.editions import DEFAULT_EDITION
from ixastate.errors import InputError, MissingExtra, OutputError, install_command

if TYPE_CHECKING:
    from ixastate.cohort.run.plan import Plan
    from ixastate.cohort.run.run import Run
    from ixastate.cohort.run.simulation import Elsewhere

ENGINES = ("threads", "dask")
# How long (s) a dask scheduler may take to accept a connection.
MOST_SILENCE = 5.0

PatientsOption = Annotated[
    int,
    typer.Option("--patients", metavar="N", help="number of patients", parser=whole_number("--patients", 1)),
]
CyclesOption = Annotated[
    int,
    typer.Option("--cycles", metavar="N", help="number of 28-day cycles", parser=whole_number("--cycles", 1)),
]
FiguresOption = Annotated[bool, typer.Option("--no-figures", help="write no figures, which saves some seconds")]


_OutputOption = Annotated[
    Path | None,
    typer.Option(
        "-o", "--output", metavar="DIR", help="write the run into this directory; an unfinished one is resumed"
    ),
]
_ToxicityOption = Annotated[
    str | None,
    typer.Option(
        "--toxicity",
        metavar="MODEL",
        help=f"toxicity model, or a TOML file with the parameters of one: {MODELS} (default: the first)",
    ),
]
_ExactOption = Annotated[
    bool,
    typer.Option("--exact", help="print the exact answer of the hazards model, without patients; -o FILE is JSON"),
]
_TrueOption = Annotated[
    bool, typer.Option("--true", help="write the true count beside each that was measured; the log is larger")
]
_ThreadsOption = Annotated[
    int | None,
    typer.Option(
        "--threads",
        metavar="N",
        help="number of threads (default: one thread per processor)",
        parser=whole_number("--threads", 1),
    ),
]
_ShardsOption = Annotated[
    str | None,
    typer.Option("--shards", metavar="A:B", help="compute only the shards A to B - 1, as one job of an array"),
]
_ShardSizeOption = Annotated[
    int | None,
    typer.Option(
        "--shard-size",
        metavar="N",
        help="patients per shard, a multiple of 1024 (default: 32,768)",
        parser=whole_number("--shard-size", 1),
    ),
]
_EngineOption = Annotated[
    str,
    typer.Option(
        "--engine",
        metavar="ENGINE",
        help=f"what computes: {' or '.join(ENGINES)}",
        parser=choice("engine", ENGINES, "--engine"),
    ),
]
_SchedulerOption = Annotated[
    str | None,
    typer.Option("--scheduler", metavar="ADDRESS", help="address of a dask scheduler, such as tcp://host:8786"),
]
_SchedulerFileOption = Annotated[
    Path | None, typer.Option("--scheduler-file", metavar="FILE", help="file that `dask scheduler` wrote")
]
_WorkersOption = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="N",
        help="number of dask workers to start here (default: dask decides)",
        parser=whole_number("--workers", 1),
    ),
]


def simulate(
    output: _OutputOption = None,
    patients: PatientsOption = 10_000,
    cycles: CyclesOption = 26,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="random seed", parser=whole_number("--seed"))] = 0,
    edition: EditionOption = DEFAULT_EDITION,
    toxicity: _ToxicityOption = None,
    exact: _ExactOption = False,
    no_figures: FiguresOption = False,
    true: _TrueOption = False,
    threads: _ThreadsOption = None,
    shards: _ShardsOption = None,
    shard_size: _ShardSizeOption = None,
    engine: _EngineOption = "threads",
    scheduler: _SchedulerOption = None,
    scheduler_file: _SchedulerFileOption = None,
    workers: _WorkersOption = None,
) -> int:
    """Simulate a cohort, from one patient to millions, and print its summary.

    The same arguments give the same bytes. Numbers may be written 1000000, 1,000,000, 1_000_000 or 1e6.
    """
    require_cohort()
    from ixastate.cohort.run.plan import DEFAULT_MODEL, SHARD
    from ixastate.cohort.run.simulation import plan_of, span_of

    model = toxicity or DEFAULT_MODEL
    if exact:
        return _exact(cycles, edition, model, output)
    if output is None:
        raise InputError("no directory", where="-o", remedy="name the directory that the run is written to")
    elsewhere = _elsewhere(engine, scheduler, scheduler_file, workers)
    plan = plan_of(patients, cycles, seed, edition, model, shard_size or SHARD, true=true)
    span = range(plan.shards) if shards is None else span_of(shards, plan.shards)
    _require_directory(output, plan)
    if shards is None and (found := _finished(output, plan)):
        say(f"the run is whole: {plan.shards} of {plan.shards} shards are there already, and nothing is simulated")
        return answer(output, figures=not no_figures, finished=found)
    _compute(output, plan, span, threads, elsewhere, whole=shards is None)
    if shards is None:
        return answer(output, figures=not no_figures)
    print(f"shards {span.start}:{span.stop} of {plan.shards} written to {output}")
    show(["Once every shard is there:", f"  ixastate merge {for_the_shell(output)}"])
    return OK


def _compute(
    output: Path, plan: Plan, span: range, threads: int | None, elsewhere: Elsewhere | None, *, whole: bool
) -> None:
    """Compute the shards of the span that are not there yet; where it is the whole run, complete it."""
    from ixastate.cohort.run.directory import Directory
    from ixastate.cohort.run.plan import run_context
    from ixastate.cohort.run.simulation import finish, run_shards

    say(f"{plan.model} under {plan.edition}: reading the machine")
    with working("reading the machine"):
        context = run_context(plan)
        context.prepare()
    directory = Directory.begin(output, context)
    wanted = [shard for shard in span if not directory.finished(shard)]
    if len(wanted) < len(span):
        say(f"{len(span) - len(wanted)} of {len(span)} shards are there already")
    with bar(sum(len(plan.span(shard)) for shard in wanted), "patients", "simulating") as progress:
        run_shards(
            directory,
            context,
            wanted,
            threads=threads,
            elsewhere=elsewhere,
            progress=progress.update,
            remark=say_above_the_bar,
        )
    if whole:
        finish(directory, context)


def _finished(path: Path, plan: Plan) -> Run | None:
    """The run of a directory where it is of this plan and of today's machine, and whole to the last file; else None."""
    from ixastate.cohort.run.run import Run

    try:
        run = Run.open(path)
        # It brings what only a run that is there needs.
        from ixastate.cohort.run.courses import require_same_machine

        require_same_machine(run)
    except InputError:
        return None
    return run if run.plan.deciding() == plan.deciding() else None


def answer(path: Path, *, figures: bool, finished: Run | None = None) -> int:
    """Write the answers of a run, and print them with the next commands.

    Of a run that had been `finished` before, what is written already is read, and only what is missing is made.
    """
    from ixastate.cli.summary import FIGURES, write_answers, written_answers
    from ixastate.cohort.answers import pictures, summary, summary_text
    from ixastate.cohort.run.run import Run

    run = finished or Run.open(path)
    answers = written_answers(run) if finished else None
    there = answers is not None and pictures.all_there(path / FIGURES)
    if answers is None:
        with working("counting"):
            answers = summary.as_json(run)
    show(fitted(summary_text.lines(answers, width())))
    show(fitted(["", f"{run.manifest['events']:,} events in {path}; digest {run.manifest['digest'][:16]}"]))
    if figures:
        drawn = pictures.shown(path / FIGURES)
        if not there:
            with working("drawing the figures"):
                drawn = [written.name for written in write_answers(run, answers) if written.suffix == ".png"]
        if drawn:
            show(fitted([f"figures: {', '.join(drawn)}"]))
    here = for_the_shell(path)
    show(
        [
            "",
            "Next:",
            f"  ixastate summary {here}",
            f"  ixastate verify {here} --sample 100",
            f"  ixastate replay {here} --patient 0",
            "",
            "A research and teaching tool, not medical advice.",
        ]
    )
    return OK


def _exact(cycles: int, edition: str, toxicity: str, output: Path | None) -> int:
    """Print the exact answer of the hazards model, and write it when a file is named."""
    from ixastate.cli.summary import as_text
    from ixastate.cohort.answers.answers_text import lines
    from ixastate.cohort.answers.exact import solve
    from ixastate.cohort.models.hazards import Hazards
    from ixastate.cohort.run.plan import arrays_of, model_of
    from ixastate.cohort.run.simulation import plan_of
    from ixastate.files import write_whole

    plan = plan_of(1, cycles, 0, edition, toxicity)
    model = model_of(plan.toxicity, toxicity)
    if not isinstance(model, Hazards):
        raise InputError(
            f"the model {plan.model} has no exact answer", where="--exact", remedy="add --toxicity hazards"
        )
    require_place(output, read=[Path(toxicity)])
    with working("solving the chain"):
        found = solve(model, arrays_of(plan.edition), plan.cycles).as_json()
    if output is not None:
        write_whole(output, as_text(found))
    show(fitted(lines(found, plan)))
    return OK


def _require_directory(path: Path, plan: Plan) -> None:
    """Refuse a directory that cannot take this run, before the machine is read: `InputError` or `OutputError`."""
    from ixastate.cohort.run.directory import Directory, only_begun

    if problem := impossible(path):
        raise OutputError(f"cannot be written: {problem}", where=str(path), remedy="name a directory")
    parent = next(one for one in (path.absolute(), *path.absolute().parents) if os.path.exists(one))
    if os.path.exists(path) and not os.path.isdir(path):
        raise InputError("it is a file", where=str(path), remedy="name a directory")
    if not parent.is_dir():
        raise OutputError(
            "cannot be written: Not a directory", where=str(path), remedy="name a directory with leave to write"
        )
    if not os.path.isdir(path) or only_begun(path):
        return
    there, here = Directory.open(path, complete=False).plan.as_json(), plan.as_json()
    for name, value in here.items():
        if there[name] != value:
            words = f"other {name}" if name == "toxicity" else f"{name} {there[name]}, not {value}"
            raise InputError(f"it holds another run: {words}", where=str(path), remedy="name another one")


def _elsewhere(
    engine: str, scheduler: str | None, scheduler_file: Path | None, workers: int | None
) -> Elsewhere | None:
    """The dask scheduler that the options name; `InputError` for one that cannot be right."""
    from importlib.util import find_spec

    from ixastate.cohort.run.simulation import Elsewhere

    if engine != "dask":
        if scheduler or scheduler_file or workers:
            raise InputError("a scheduler without dask", where="--engine", remedy="add --engine dask")
        return None
    if scheduler and scheduler_file:
        raise InputError("two schedulers", where="--scheduler", remedy="name its address or its file, not both")
    if scheduler_file is not None and not os.path.isfile(scheduler_file):
        raise InputError("there is no such file", where=str(scheduler_file), remedy="start `dask scheduler` with it")
    if find_spec("distributed") is None:
        remedy = install_command("cohort", "dask")
        raise MissingExtra("dask is not installed", where="--engine dask", remedy=remedy)
    if scheduler:
        _require_scheduler(scheduler)
    return Elsewhere(scheduler, scheduler_file, workers)


def _require_scheduler(address: str) -> None:
    """`InputError` when nothing listens at a scheduler's TCP address; dask itself tries others."""
    try:
        parts = urlsplit(address if "://" in address else f"tcp://{address}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not port:
        raise InputError(f"{address!r} is no address", where="--scheduler", remedy="such as tcp://host:8786")
    if parts.scheme not in ("tcp", "tls"):
        return
    try:
        socket.create_connection((host, port), timeout=MOST_SILENCE).close()
    except OSError as error:
        raise InputError(
            f"no scheduler answers at {address}: {error.strerror or error}",
            where="--scheduler",
            remedy="start one with `dask scheduler`",
        ) from None


COMMAND = CommandPage(
    simulate,
    (
        "ixastate simulate -o my-cohort",
        "ixastate simulate -o small --patients 1e3 --cycles 6 --edition us-label --toxicity hazards",
    ),
)
