"""The commands `ixastate simulate`, `merge` and `verify`: arguments in, a run in a directory out.

What they need is imported when they run, so that `--help` is quick.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ixastate.cohort.extra import require_libraries
from ixastate.errors import InputError

if TYPE_CHECKING:
    from ixastate.cohort.run.directory import Directory
    from ixastate.cohort.run.plan import RunContext
    from ixastate.cohort.run.simulation import Elsewhere
    from ixastate.course.replay import Replayed

OK, FOUND = 0, 1
# What makes a directory a cohort's; `directory` says more, but is not quick to import.
MANIFEST = "manifest.json"


def add_simulate(parser: argparse.ArgumentParser) -> None:
    """The arguments of `simulate`."""
    parser.add_argument("--patients", type=_number, default=10_000, metavar="N", help="how many (default: %(default)s)")
    parser.add_argument("--cycles", type=_number, default=26, metavar="C", help="of 28 days (default: %(default)s)")
    parser.add_argument("--seed", type=_number, default=0, metavar="S", help="of the chance (default: %(default)s)")
    parser.add_argument("--edition", default="dosing-text", help="which rules (default: %(default)s)")
    parser.add_argument(
        "--toxicity",
        default="pkpd",
        metavar="MODEL",
        help="pkpd or hazards, or a TOML file with the parameters of one (default: %(default)s)",
    )
    parser.add_argument("-o", "--output", type=Path, metavar="DIR", help="where the run is written")
    parser.add_argument("--threads", type=_at_least_one, metavar="N", help="(default: one a processor)")
    parser.add_argument(
        "--shards", metavar="A:B", help="only these shards, for one job of an array; `ixastate merge DIR` ends the run"
    )
    parser.add_argument(
        "--shard-size", type=_number, metavar="N", help="patients a shard, a multiple of 1024 (default: 32768)"
    )
    parser.add_argument("--engine", choices=("threads", "dask"), default="threads", help="(default: %(default)s)")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of dask, such as tcp://host:8786")
    parser.add_argument("--scheduler-file", type=Path, metavar="FILE", help="that `dask scheduler` wrote")
    parser.add_argument("--workers", type=_at_least_one, metavar="N", help="dask workers to start here")
    parser.add_argument("--no-figures", action="store_true", help="leave the figures out")
    parser.add_argument(
        "--exact",
        action="store_true",
        help="the exact answer of the hazards model, without patients; -o FILE writes it as JSON",
    )


def add_merge(parser: argparse.ArgumentParser) -> None:
    """The arguments of `merge`."""
    parser.add_argument("directory", type=Path, metavar="DIR", help="the run whose shards are all there")
    parser.add_argument("--no-figures", action="store_true", help="leave the figures out")


def add_verify(parser: argparse.ArgumentParser) -> None:
    """The arguments of `verify`."""
    parser.add_argument("directory", type=Path, metavar="DIR", help="a finished run")
    parser.add_argument("--sample", type=_at_least_one, metavar="N", help="only so many patients, evenly spaced")
    parser.add_argument("--processes", type=_at_least_one, metavar="N", help="(default: one a processor)")


def add_validate(parser: argparse.ArgumentParser) -> None:
    """The arguments of `validate`."""
    parser.add_argument("--patients", type=_at_least_one, default=10_000, metavar="N", help="(default: %(default)s)")
    parser.add_argument("--cycles", type=_at_least_one, default=26, metavar="C", help="(default: %(default)s)")
    parser.add_argument("--seed", type=_number, default=1, metavar="S", help="of the chance (default: %(default)s)")
    parser.add_argument(
        "--edition", action="append", help="which rules, may be repeated (default: us-label and dosing-text)"
    )
    parser.add_argument("--toxicity", default="pkpd", metavar="FILE", help="the model's parameters")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")


def run_simulate(options: argparse.Namespace) -> int:
    """Simulate a cohort, and print what came of it."""
    require_libraries()
    from ixastate.cohort.run.plan import SHARD, run_context
    from ixastate.cohort.run.simulation import finish, plan_of, run_shards, span_of

    if options.exact:
        return _exact(options)
    if options.output is None:
        raise InputError("no directory", where="-o", remedy="name the directory that the run is written to")
    elsewhere = _elsewhere(options)
    size = SHARD if options.shard_size is None else options.shard_size
    plan = plan_of(options.patients, options.cycles, options.seed, options.edition, options.toxicity, size)
    span = range(plan.shards) if options.shards is None else span_of(options.shards, plan.shards)
    _say(f"{plan.model} under {plan.edition}: reading the machine")
    context = run_context(plan)
    context.prepare()
    directory = _begin(options.output, context)
    wanted = [shard for shard in span if not directory.finished(shard)]
    patients = sum(len(plan.span(shard)) for shard in wanted)
    if len(wanted) < len(span):
        _say(f"{len(span) - len(wanted)} of {len(span)} shards are there already")

    from tqdm import tqdm

    with tqdm(total=patients, unit=" patients", unit_scale=True, desc="simulating", file=sys.stderr) as bar:
        run_shards(directory, context, wanted, threads=options.threads, elsewhere=elsewhere, progress=bar.update)
    if options.shards is not None:
        print(f"shards {span.start}:{span.stop} of {plan.shards} written to {options.output}")
        return OK
    finish(directory, context)
    return _answer(options.output, figures=not options.no_figures)


def run_merge(options: argparse.Namespace) -> int:
    """Complete a run whose shards were computed apart, and print what came of it."""
    require_libraries()
    from ixastate.cohort.run.courses import require_same_machine
    from ixastate.cohort.run.directory import Directory
    from ixastate.cohort.run.plan import run_context
    from ixastate.cohort.run.run import Run
    from ixastate.cohort.run.simulation import finish

    directory = Directory.open(options.directory, complete=False)
    require_same_machine(Run(directory, {}))
    finish(directory, run_context(directory.plan))
    return _answer(options.directory, figures=not options.no_figures)


def run_verify(options: argparse.Namespace) -> int:
    """Run simulated patients through the live chart, and print where it disagrees."""
    require_libraries()
    from tqdm import tqdm

    from ixastate.cohort.run.courses import sample, verify
    from ixastate.cohort.run.engine import usual_threads
    from ixastate.cohort.run.run import Run

    run = Run.open(options.directory)
    patients = sample(run, options.sample)
    with tqdm(total=len(patients), unit=" patients", desc="verifying", file=sys.stderr) as bar:
        verified = verify(run, patients, options.processes or usual_threads(), bar.update)
    for difference in verified.differences:
        print(difference)
    if verified.found:
        print(f"{verified.found:,} differences in {verified.patients:,} patients")
        return FOUND
    print(f"no difference: {verified.events:,} events of {verified.patients:,} patients, every state, order and dose")
    return OK


def run_validate(options: argparse.Namespace) -> int:
    """Print what the model `pkpd` gives beside what trials reported."""
    require_libraries()
    from ixastate.cli.summary import as_text
    from ixastate.cohort.answers.answers_text import check_lines
    from ixastate.cohort.answers.validate import validate
    from ixastate.cohort.models.pkpd import Pkpd
    from ixastate.cohort.run.plan import arrays_of, model_of
    from ixastate.cohort.run.simulation import plan_of

    found = {}
    for edition in options.edition or ["us-label", "dosing-text"]:
        plan = plan_of(options.patients, options.cycles, options.seed, edition, options.toxicity)
        model = model_of(plan.toxicity, options.toxicity)
        if not isinstance(model, Pkpd):
            raise InputError(
                f"no trial figures are known for the model {plan.model}",
                where="--toxicity",
                remedy="pkpd, or a file of its parameters",
            )
        _say(f"validating {plan.patients:,} patients under {edition}")
        checks = validate(model, arrays_of(edition), plan.patients, plan.cycles, plan.seed)
        found[edition] = [check.as_json() for check in checks]
    if options.json:
        print(as_text(found).decode(), end="")
    else:
        print("\n\n".join("\n".join(check_lines(checks, edition)) for edition, checks in found.items()))
    wrong = [check for checks in found.values() for check in checks if check["judged"] and not check["agrees"]]
    return FOUND if wrong else OK


def replayed(path: Path, patient: str | None, edition: str | None) -> list[Replayed]:
    """The course of one simulated patient, run through the live chart."""
    require_libraries()
    from ixastate.cohort.run.courses import replay
    from ixastate.cohort.run.run import Run

    run = Run.open(path)
    if edition not in (None, run.plan.edition):
        raise InputError(f"the cohort was simulated under {run.plan.edition}", where="--edition", remedy="leave it out")
    if patient is None or not patient.isdecimal():
        raise InputError(
            "which patient?", where=str(path), remedy=f"--patient with a number from 0 to {run.plan.patients - 1}"
        )
    return replay(run, int(patient))


def _begin(path: Path, context: RunContext) -> Directory:
    from ixastate.cohort.run.directory import Directory

    return Directory.begin(path, context)


def _answer(path: Path, *, figures: bool) -> int:
    """Write what the run says, and print it."""
    from ixastate.cli.summary import write_answers
    from ixastate.cohort.answers import summary, summary_text
    from ixastate.cohort.run.run import Run

    run = Run.open(path)
    answers = summary.as_json(run)
    print("\n".join(summary_text.lines(answers)))
    print(f"\n{run.manifest['events']:,} events in {path}; digest {run.manifest['digest'][:16]}")
    if figures:
        pictures = [written.name for written in write_answers(run, answers) if written.suffix == ".png"]
        print(f"figures: {', '.join(pictures)}")
    print("A research and teaching tool, not medical advice.")
    return OK


def _exact(options: argparse.Namespace) -> int:
    """Print the exact answer of the hazards model, and write it when a file is named."""
    from ixastate.cli.summary import as_text
    from ixastate.cohort.answers.answers_text import lines
    from ixastate.cohort.answers.exact import solve
    from ixastate.cohort.models.hazards import Hazards
    from ixastate.cohort.run.plan import arrays_of, model_of
    from ixastate.cohort.run.simulation import plan_of
    from ixastate.files import write_whole

    plan = plan_of(1, options.cycles, 0, options.edition, options.toxicity)
    model = model_of(plan.toxicity, options.toxicity)
    if not isinstance(model, Hazards):
        raise InputError(
            f"the model {plan.model} has no exact answer", where="--exact", remedy="add --toxicity hazards"
        )
    answer = solve(model, arrays_of(plan.edition), plan.cycles).as_json()
    if options.output is not None:
        write_whole(options.output, as_text(answer))
    print("\n".join(lines(answer, plan)))
    return OK


def _elsewhere(options: argparse.Namespace) -> Elsewhere | None:
    from ixastate.cohort.run.simulation import Elsewhere

    asked = options.scheduler or options.scheduler_file or options.workers
    if options.engine != "dask":
        if asked:
            raise InputError("a scheduler without dask", where="--engine", remedy="add --engine dask")
        return None
    if options.scheduler and options.scheduler_file:
        raise InputError("two schedulers", where="--scheduler", remedy="name its address or its file, not both")
    if options.scheduler_file is not None and not options.scheduler_file.is_file():
        raise InputError(
            "there is no such file", where=str(options.scheduler_file), remedy="start `dask scheduler` with it"
        )
    return Elsewhere(options.scheduler, options.scheduler_file, options.workers)


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def _number(text: str) -> int:
    try:
        return int(text.replace("_", "").replace(",", ""))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def _at_least_one(text: str) -> int:
    value = _number(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value
