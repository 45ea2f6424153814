"""The `ixastate` command.

It parses arguments, calls the package and prints. What a command needs is imported when it runs, so that `--help` is
quick. Exit codes: 0 all is well, 1 the command ran and found something wrong, 2 the input or the arguments are wrong.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ixastate import __version__
from ixastate.cli import cohort as cohort_command
from ixastate.cli import diagram as diagram_command
from ixastate.cli import export as export_command
from ixastate.cli import summary as summary_command
from ixastate.cli import testing as testing_command
from ixastate.errors import InputError, IxastateError

if TYPE_CHECKING:
    from ixastate.course.replay import Replayed
    from ixastate.table.table import Table

OK, FOUND, WRONG = 0, 1, 2
MOST_DAYS = 3660
MOST_DIFFERENCES = 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Where the encoding lacks one of our signs, the sign is lost, not the answer.
        sys.stdout.reconfigure(errors="replace")
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
        if sys.stdout is not None:
            sys.stdout.flush()
    except IxastateError as error:
        print(f"ixastate: {error}", file=sys.stderr)
        return WRONG
    except BrokenPipeError:
        # Whoever read our output has seen enough; a second complaint at exit helps nobody.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except OSError as error:
        print(f"ixastate: standard output: cannot be written: {error.strerror} (make room)", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return WRONG
    except KeyboardInterrupt:
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ixastate",
        description="An explicit state machine of an ixazomib, lenalidomide and dexamethasone course. "
        "A research and teaching tool, not medical advice.",
    )
    parser.add_argument("--version", action="version", version=f"ixastate {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    rules = commands.add_parser("rules", help="list the rules, or explain one")
    rules.add_argument("rule", nargs="?", metavar="ID", help="such as ANC-04; without it all are listed")
    rules.add_argument("--edition", default="dosing-text", help="which rules (default: %(default)s)")
    rules.set_defaults(run=_rules)

    replay = commands.add_parser("replay", help="run a log of events or records and print the timeline")
    replay.add_argument(
        "log",
        metavar="FILE",
        help="a log in JSON Lines, - reads standard input; or the directory of a simulated cohort",
    )
    replay.add_argument("--json", action="store_true", help="print the records as JSON Lines")
    replay.add_argument("--patient", help="only this patient; of a cohort, numbered from 0")
    replay.add_argument("--edition", help="run under these rules (default: those recorded, or dosing-text)")
    replay.set_defaults(run=_replay)

    schedule = commands.add_parser("schedule", help="print what is due, by a patient's log")
    schedule.add_argument("log", metavar="LOG", help="a log in JSON Lines; - reads standard input")
    schedule.add_argument("--days", type=_count, default=28, help="how many days (default: %(default)s)")
    schedule.add_argument("--from-day", type=_count, help="the first treatment day (default: that of the last event)")
    schedule.add_argument("--patient", help="which patient, when the log has several")
    schedule.add_argument("--ics", type=Path, metavar="FILE", help="write a calendar that a phone can import")
    schedule.set_defaults(run=_schedule)

    check = commands.add_parser("check", help="prove the properties of the machine, over every configuration")
    check.add_argument("--edition", default="dosing-text", help="which machine (default: %(default)s)")
    check.add_argument(
        "--property", type=Path, metavar="FILE", help="also the properties that this Python file defines"
    )
    check.add_argument(
        "--full", action="store_true", help="also that the live machine and the table agree on every move"
    )
    check.add_argument("--table", type=Path, metavar="FILE", help="use a saved table instead of exploring")
    check.set_defaults(run=_check)

    compare = commands.add_parser("compare", help="show where two editions part")
    compare.add_argument("left", metavar="A", help="an edition")
    compare.add_argument("right", metavar="B", help="another")
    compare.set_defaults(run=_compare)

    simulate = commands.add_parser("simulate", help="simulate a cohort: one to millions of patients")
    cohort_command.add_simulate(simulate)
    simulate.set_defaults(run=cohort_command.run_simulate)

    merge = commands.add_parser("merge", help="complete a simulated run whose shards were computed apart")
    cohort_command.add_merge(merge)
    merge.set_defaults(run=cohort_command.run_merge)

    verify = commands.add_parser("verify", help="run simulated patients through the live chart, and compare")
    cohort_command.add_verify(verify)
    verify.set_defaults(run=cohort_command.run_verify)

    table = commands.add_parser("table", help="explore every configuration, and save the table")
    table.add_argument("--edition", default="dosing-text", help="which machine (default: %(default)s)")
    table.add_argument("-o", "--output", type=Path, metavar="FILE", help="save the table there")
    table.set_defaults(run=_table)

    validate = commands.add_parser("validate", help="print what the model pkpd gives beside what trials reported")
    cohort_command.add_validate(validate)
    validate.set_defaults(run=cohort_command.run_validate)

    summary = commands.add_parser("summary", help="print what became of a simulated cohort, or of two side by side")
    summary_command.add_arguments(summary)
    summary.set_defaults(run=summary_command.run)

    diagram = commands.add_parser("diagram", help="draw the chart, a part of it, or a patient's path")
    diagram_command.add_arguments(diagram)
    diagram.set_defaults(run=diagram_command.run)

    export = commands.add_parser("export", help="write the chart for other people's tools: SCXML, XState")
    export_command.add_arguments(export)
    export.set_defaults(run=export_command.run)

    suite = commands.add_parser("suite", help="write a suite of courses with the answers expected, for any language")
    testing_command.add_suite_arguments(suite)
    suite.set_defaults(run=testing_command.run_suite)

    conform = commands.add_parser("conform", help="test a program against the machine: what it gets wrong, by rule")
    testing_command.add_conform_arguments(conform)
    conform.set_defaults(run=testing_command.run_conform)

    bring = commands.add_parser("import", help="turn other data into a log of events")
    formats = bring.add_subparsers(required=True, metavar="FORMAT")
    sdtm = formats.add_parser("sdtm", help="SDTM data sets (DM, LB, AE) from SAS transport files")
    sdtm.add_argument("directory", type=Path, metavar="DIR", help="the folder with the .xpt files (or .zip of them)")
    sdtm.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the log to write")
    sdtm.add_argument("--timezone", default="UTC", help="where the dates were written (default: %(default)s)")
    sdtm.set_defaults(run=_import_sdtm)
    return parser


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_DAYS):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {MOST_DAYS}")
    return int(text)


def _rules(options: argparse.Namespace) -> int:
    from ixastate.chart.explain import list_rules, one_rule
    from ixastate.rules import load_edition

    edition = load_edition(options.edition)
    print("\n".join(one_rule(edition, options.rule.upper()) if options.rule else list_rules(edition)))
    return OK


def _replayed(options: argparse.Namespace, edition: str | None) -> list[Replayed]:
    """The whole log run again, before anything is printed."""
    if (Path(options.log) / cohort_command.MANIFEST).is_file():
        return cohort_command.replayed(Path(options.log), options.patient, edition)
    from ixastate.course.log import read_log, read_stream
    from ixastate.course.replay import replay_log

    standard_input = options.log == "-"
    if standard_input and sys.stdin is None:
        raise InputError("cannot be read: it is closed", where="standard input", remedy="give it a log")
    lines = read_stream(sys.stdin.buffer, "standard input") if standard_input else read_log(Path(options.log))
    replayed = list(replay_log(lines, edition))
    if options.patient is None:
        return replayed
    chosen = [step for step in replayed if step.record.patient == options.patient]
    if not chosen:
        patients = sorted({step.record.patient or "(no name)" for step in replayed})
        shown = ", ".join(patients[:5]) + (", …" if len(patients) > 5 else "")
        raise InputError(f"there is no patient {options.patient!r}", where=options.log, remedy=f"it has {shown}")
    return chosen


def _replay(options: argparse.Namespace) -> int:
    from ixastate.course.log import dump
    from ixastate.course.timeline import timeline

    replayed = _replayed(options, options.edition)
    differences = [difference for step in replayed for difference in step.differences]
    print("\n".join(dump(step.record) for step in replayed) if options.json else "\n".join(timeline(replayed)))
    for difference in differences[:MOST_DIFFERENCES]:
        print(f"ixastate: {difference}", file=sys.stderr)
    if len(differences) > MOST_DIFFERENCES:
        print(f"ixastate: and {len(differences) - MOST_DIFFERENCES} more differences", file=sys.stderr)
    return FOUND if differences else OK


def _schedule(options: argparse.Namespace) -> int:
    from ixastate.course.timeline import schedule_lines
    from ixastate.exchange.ics import icalendar
    from ixastate.files import write_whole

    replayed = _replayed(options, None)
    patients = {step.record.patient for step in replayed}
    if len(patients) > 1:
        raise InputError(f"the log has {len(patients)} patients", where=options.log, remedy="name one with --patient")
    course = replayed[-1].course
    first = options.from_day or max(replayed[-1].record.day or 1, 1)
    days = range(first, first + options.days)
    doses = course.due(days)
    if options.ics is not None:
        write_whole(options.ics, icalendar(course, doses))
    print("\n".join(schedule_lines(course, days, doses)))
    if options.ics is not None:
        print(f"{len(doses)} entries written to {options.ics}", file=sys.stderr)
    return OK


def _tabulated(edition: str, saved: Path | None = None) -> Table:
    from ixastate.chart.chart import build_chart
    from ixastate.table.graph import read
    from ixastate.table.table import load, tabulate

    graph = read(build_chart(edition))
    return load(saved, graph) if saved is not None else tabulate(graph)


def _check(options: argparse.Namespace) -> int:
    from ixastate.proofs.check import check, load_properties
    from ixastate.proofs.properties import PROPERTIES
    from ixastate.proofs.report import describe_table, finding_lines

    mine = load_properties(options.property) if options.property else []
    table = _tabulated(options.edition, options.table)
    print("\n".join(describe_table(table)), flush=True)
    broken = 0
    for finding in check(table, [*PROPERTIES, *mine]):
        broken += finding.breach is not None
        print("\n".join(finding_lines(finding, table)), flush=True)
    if options.full:
        broken += _prove_equal(options.edition, len(table.configurations))
    print(f"{broken} broken" if broken else "all proved")
    return FOUND if broken else OK


def _prove_equal(edition: str, configurations: int) -> int:
    from tqdm import tqdm

    from ixastate.proofs.equality import prove_equal

    with tqdm(total=configurations, unit="configurations", desc="live machine against table") as bar:
        compared, unequal = prove_equal(edition, configurations, bar.update)
    if not unequal:
        print(f"proved  the live machine and the table agree on all {compared:,} moves")
    for one in unequal[:MOST_DIFFERENCES]:
        print(f"BROKEN  configuration {one.configuration} on {one.symbol}\n  live:  {one.live}\n  table: {one.table}")
    return len(unequal)


def _compare(options: argparse.Namespace) -> int:
    from ixastate.proofs.compare import compare
    from ixastate.proofs.report import parting_lines

    left, right = _tabulated(options.left), _tabulated(options.right)
    partings = compare(left, right)
    for parting in partings:
        print("\n".join(parting_lines(parting, left, right)))
    if not partings:
        print(f"{options.left} and {options.right} ask for the same on every course")
    return FOUND if partings else OK


def _table(options: argparse.Namespace) -> int:
    from ixastate.proofs.report import describe_table
    from ixastate.table.table import save

    table = _tabulated(options.edition)
    print("\n".join(describe_table(table, minimal=True)))
    if options.output is not None:
        save(table, options.output)
        print(f"saved to {options.output}", file=sys.stderr)
    return OK


def _import_sdtm(options: argparse.Namespace) -> int:
    from ixastate.course.log import write_log
    from ixastate.exchange.sdtm import read_sdtm

    events, report = read_sdtm(options.directory, timezone=options.timezone)
    write_log(options.output, events)
    print(report)
    print(f"{len(events)} events written to {options.output}", file=sys.stderr)
    return OK


if __name__ == "__main__":
    sys.exit(main())
