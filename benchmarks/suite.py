"""The sections of the benchmark in their order: what is measured, beside what, and what was wanted of it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import (
    MILLION,
    Disagreement,
    LeftOut,
    Row,
    Section,
    Settings,
    Target,
    Work,
    best,
    same_share,
    share_out,
    spans,
)
from ixastate.errors import IxastateError
from ixastate.files import write_whole

if TYPE_CHECKING:
    from ixastate.cohort.arrays import MachineArrays
    from ixastate.cohort.models.hazards import Chain

PATIENTS, WEEKS = 1_000_000, 104
QUICK_PATIENTS, QUICK_WEEKS = 10_000, 52
ROUNDS = 3
WEEKS_A_CYCLE = 4
SEED = 1
MOST_GATHERS = 1 << 24
# What a run must be for its memory to say anything about larger ones, and for the wanted times.
MANY = 100_000
FULL = 1_000_000, 26
BUSY = 0.5
WELL, DISAGREES, WRONG = 0, 1, 2

RATE = "M patient-weeks/s"
OF_GATHERS = "of gathers anywhere"
OF_OWN = "of its own gathers"
OF_KERNEL = "of its kernel"
DICT = "× dict table"
DICT_TUNED = "× dict, tuned"
STEPPING = "stepping is × faster"
EVENTS = "M events/s"
PLAIN = "× plain Python"


def _threads(count: int) -> str:
    return "1 thread" if count == 1 else f"{count} threads"


def _without_threads(section: Section, settings: Settings, keys: Sequence[str]) -> Section:
    """The rows that ask for more threads than there are processors."""
    if settings.most < settings.threads:
        why = f"this process may use {settings.processors} processor(s)"
        section.left_out |= {f"{key} {settings.threads}": why for key in keys}
    return section


# --- The limits, and table stepping beside them ----------------------------------------------------------------


def stepping_rates(settings: Settings, chains: dict[str, Chain]) -> dict[str, float]:
    """Units a second of the limits and of stepping, all timed in turns."""
    from benchmarks import limits
    from benchmarks.stepping import Stepper, looked_at
    from ixastate.cohort.models.hazards_kernel import LANES

    patients, weeks = settings.patients, settings.weeks
    whole = patients * weeks
    draws = max(1024, whole // 256 * 256)
    gathers = min(draws, MOST_GATHERS)
    real = chains["real"]
    places = {
        "gathers": limits.anywhere(real.packed, gathers),
        "own gathers": looked_at(real, max(1, gathers // weeks // LANES) * LANES, weeks),
    }
    works: dict[str, tuple[int, Work]] = {}
    with ThreadPoolExecutor(settings.most) as pool:
        for threads in settings.counts:
            for name, at in places.items():
                works[f"{name} {threads}"] = len(at), limits.gathers(pool, real.packed, at, threads)
            works[f"philox {threads}"] = draws, limits.draws(pool, draws, threads)
            for name, chain in chains.items():
                works[f"{name} {threads}"] = whole, Stepper(pool, chain, patients, weeks, threads)
        for name, chain in chains.items():
            works[f"{name} symbols"] = whole, Stepper(pool, chain, patients, weeks, settings.most, keep=True)
        works["numpy 1"] = gathers, limits.numpy_draws(gathers)
        seconds = best({name: work for name, (_, work) in works.items()}, settings.rounds, "limits and stepping")
    return {name: amount / seconds[name] for name, (amount, _) in works.items()}


def limits_section(settings: Settings, rates: dict[str, float], table_bytes: int) -> Section:
    """What the machine can do at most."""
    section = Section(
        "Machine limits", f"Look-ups in a table of {table_bytes / MILLION:.1f} MB, the size of the packed alias table."
    )
    words = {
        "gathers": "independent gathers anywhere",
        "own gathers": "independent gathers where the real chain looks",
        "philox": "random words of 32 bits, Philox4x32-10 in lanes",
    }
    for name, what in words.items():
        for threads in settings.counts:
            key = f"{name} {threads}"
            section.rows.append(Row(key, f"{what}, {_threads(threads)}", {"M/s": rates[key] / MILLION}))
    what = "random words of 32 bits, numpy's Philox4x64-10, 1 thread"
    section.rows.append(Row("numpy 1", what, {"M/s": rates["numpy 1"] / MILLION}))
    return _without_threads(section, settings, list(words))


def dict_rates(settings: Settings, chain: Chain, names: tuple[str, ...], expected: float | None) -> dict[str, float]:
    """Patient-weeks a second of the two dict tables; `expected` is the share on treatment at the end, if known."""
    from benchmarks import peers

    patients = settings.fewer(10_000)
    law = peers.Law.of(chain, names)
    makers = {"dict": peers.dict_with_choices, "dict tuned": peers.dict_with_bisect}
    if expected is not None:
        for key, make in makers.items():
            same_share(key, peers.share_going_on(law, make(law, patients, settings.weeks)), patients, expected)
    works = {key: partial(make, law, patients, settings.weeks) for key, make in makers.items()}
    seconds = best(works, settings.rounds, "dict tables")
    return {key: patients * settings.weeks / one for key, one in seconds.items()}


def hazards_section(
    settings: Settings, rates: dict[str, float], slow: dict[str, dict[str, float]]
) -> tuple[Section, list[Target]]:
    """Table stepping against the limits and against the dict table in plain Python."""
    section = Section(
        "hazards: table stepping alone",
        f"{settings.patients:,} patients × {settings.weeks} weeks; the dict tables step {settings.fewer(10_000):,}. "
        "Real: the chain of the package's parameters. Worst: as many states with random next states.",
    )
    targets = []
    for name, of in slow.items():
        labels = {str(count): _threads(count) for count in settings.counts}
        labels["symbols"] = f"{_threads(settings.most)}, symbols written"
        for key, label in labels.items():
            rate = rates[f"{name} {key}"]
            threads = settings.most if key == "symbols" else key
            figures = {RATE: rate / MILLION, OF_GATHERS: rate / rates[f"gathers {threads}"]}
            figures[OF_OWN] = rate / rates[f"{'own ' if name == 'real' else ''}gathers {threads}"]
            figures |= {DICT: rate / of["dict"], DICT_TUNED: rate / of["dict tuned"]}
            section.rows.append(Row(f"{name} {key}", f"{name} chain, {label}", figures))
        for key, label in {"dict": "dict table, random.choices", "dict tuned": "dict table, tuned"}.items():
            section.rows.append(Row(f"{name} {key}", f"{name} chain, {label}", {RATE: of[key] / MILLION}))
        rate = rates[f"{name} {settings.most}"]
        ratio, times = rate / rates[f"gathers {settings.most}"], rate / of["dict"]
        targets.append(Target(f"stepping, {name} chain, of gathers anywhere", "at least 0.7", ratio, ratio >= 0.7))
        targets.append(Target(f"stepping, {name} chain, × dict table", "at least 1,000", times, times >= 1000))
    return _without_threads(section, settings, list(slow)), targets


# --- Peers ------------------------------------------------------------------------------------------------------


def peers_section(settings: Settings, chain: Chain, arrays: MachineArrays, stepping: float, expected: float) -> Section:
    """Other tools at the same job, each with fewer patients."""
    from benchmarks import peers
    from ixastate.cohort.models.hazards import Hazards

    section = Section(
        "Peers at the same job",
        f"The real chain, {settings.weeks} weeks. Simulators draw and step; machines are given the symbols and step. "
        f"The last column of figures compares with hazards stepping alone, {_threads(settings.most)}.",
    )
    weeks, rounds = settings.weeks, settings.rounds

    def row(key: str, what: str, patients: int, seconds: float, note: str, steps: int = 0) -> Row:
        rate = patients * weeks / seconds
        figures = {"patients": patients, RATE: rate / MILLION}
        if steps:
            figures["M symbols/s"] = steps / seconds / MILLION
        return Row(key, what, figures | {STEPPING: stepping / rate}, note)

    def simpy() -> Row:
        patients = settings.fewer(5_000)
        law = peers.Law.of(chain, arrays.table.symbols)
        same_share("SimPy", peers.share_going_on(law, peers.with_simpy(law, patients, weeks)), patients, expected)
        seconds = best({"": partial(peers.with_simpy, law, patients, weeks)}, rounds, "SimPy")[""]
        return row("simpy", "SimPy", patients, seconds, "a process a patient wakes each week, draws and looks up")

    def machine(key: str, what: str, patients: int, prepare: Callable[[peers.Courses], tuple[Work, str]]) -> Row:
        courses = peers.Courses(arrays, Hazards.read(), settings.fewer(patients), settings.cycles)
        work, note = prepare(courses)
        seconds = best({"": work}, rounds, what)[""]
        return row(key, what, courses.patients, seconds, note, courses.steps)

    def xstate() -> Row:
        courses = peers.Courses(arrays, Hazards.read(), settings.fewer(1_000), settings.cycles)
        _say("XState under Node")
        seconds, versions = peers.with_xstate(courses, rounds)
        note = f"{versions}: the exported chart, an actor a patient; guards, orders and rules, nobody listens"
        return row("xstate", "XState under Node", courses.patients, seconds, note, courses.steps)

    section.attempt("simpy", simpy)
    section.attempt("transitions", lambda: machine("transitions", "transitions, flat", 1_000, peers.with_transitions))
    section.attempt("xstate", xstate)
    section.attempt("chart", lambda: machine("chart", "live chart, unmemoised", 200, peers.live_chart))
    section.attempt("bare", lambda: machine("bare", "python-statemachine, bare", 50, peers.bare_chart))
    section.attempt("step", lambda: machine("step", "compiled step", 1_000, peers.compiled_steps))
    section.attempt("course", lambda: machine("course", "Course.observe", 1_000, peers.whole_course))
    on_live = partial(peers.whole_course, live=True)
    section.attempt("live course", lambda: machine("live course", "Course.observe, live chart", 200, on_live))
    return section


def one_course_targets(section: Section) -> list[Target]:
    """How one course compares with XState, and with the same course on the live chart."""
    rates = {row.key: row.figures.get("M symbols/s", 0.0) for row in section.rows}
    wanted = [("course", "xstate", 2), ("step", "xstate", 20), ("course", "live course", 25)]
    return [
        Target(f"{one}, × {other}", f"at least {least}", rates[one] / rates[other], rates[one] >= least * rates[other])
        for one, other, least in wanted
        if one in rates and other in rates
    ]


# --- The model pkpd -------------------------------------------------------------------------------------------


def pkpd_section(settings: Settings, arrays: MachineArrays) -> tuple[Section, list[Target]]:
    """The kernel of `pkpd` alone, and its oracle in plain Python."""
    from benchmarks import pkpd
    from ixastate.cohort.run.plan import BLOCK

    section = Section(
        "pkpd: the kernel alone",
        f"{settings.cycles} cycles; rows are computed and not written. Patients off treatment have no more events; "
        "their weeks count.",
    )
    patients = min(settings.patients, settings.fewer(64 * BLOCK))
    few = settings.fewer(200)
    kernel = pkpd.kernel(arrays, settings.cycles)
    oracle = pkpd.oracle(arrays, settings.cycles)
    _say("pkpd: kernel and oracle must agree")
    pkpd.check(kernel, oracle, few)
    events = {among: pkpd.events(kernel, among) for among in (patients, few)}
    # What each row is called, for how many patients, and what it does.
    rows = {
        f"kernel {threads}": (f"kernel, {_threads(threads)}", patients, "rows as of plain Python, compared")
        for threads in settings.counts
    }
    rows["reference"] = (
        "reference, plain Python",
        few,
        "the oracle: each event is validated, and its meaning asked of the alphabet",
    )
    with ThreadPoolExecutor(settings.most) as pool:
        works: dict[str, Work] = {
            f"kernel {threads}": partial(share_out, pool, [kernel] * threads, spans(patients, BLOCK))
            for threads in settings.counts
        }
        works["reference"] = partial(pkpd.courses, oracle, few)
        seconds = best(works, settings.rounds, "pkpd")
    slow = few * settings.weeks / seconds["reference"]
    for key, (what, among, note) in rows.items():
        rate = among * settings.weeks / seconds[key]
        figures = {"patients": among, RATE: rate / MILLION, EVENTS: events[among] / seconds[key] / MILLION}
        section.rows.append(Row(key, what, figures | {PLAIN: rate / slow}, note))
    ratio = section.rows[0].figures[PLAIN]
    target = Target("pkpd, kernel, 1 thread, × plain Python", "at least 50", ratio, ratio >= 50)
    return _without_threads(section, settings, ["kernel"]), [target]


# --- End to end --------------------------------------------------------------------------------------------------


def end_to_end_section(settings: Settings) -> tuple[Section, list[Target]]:
    """Whole runs with Parquet, each in a process of its own; a tenth of the patients beside them, for the memory."""
    from benchmarks import end_to_end

    section = Section(
        "End to end, with Parquet",
        f"A process of its own into an empty directory, {settings.cycles} cycles, {_threads(settings.most)}, once. "
        "Seconds are those of the whole process: starting, reading the machine, compiling what is not kept, "
        "simulating, writing. The rates are those of simulating and writing; of its kernel: over that of the kernel "
        "alone in the same process with as many threads, which writes nothing.",
    )
    targets = []
    peaks: dict[tuple[str, str], float] = {}

    def row(model: str, label: str, patients: int) -> Row:
        if patients < MANY and patients < settings.patients:
            raise LeftOut(f"{patients:,} patients are too few to say anything about memory")
        _say(f"end to end: {model}, {patients:,} patients")
        found = end_to_end.measure(model, patients, settings.cycles, settings.most)
        peaks[model, label] = found["peak_bytes"]
        if model == "pkpd" and (patients, settings.cycles) == FULL:
            seconds, gigabytes = found["seconds"], found["peak_bytes"] / 1e9
            targets.append(Target("pkpd, end to end, seconds", "under 180", seconds, seconds < 180))
            targets.append(Target("pkpd, end to end, peak in GB", "under 4", gigabytes, gigabytes < 4))
            ratio = found["of_kernel"]
            targets.append(Target("pkpd, end to end, of its kernel", "at least 0.7", ratio, ratio >= 0.7))
        figures = {
            "patients": patients,
            "seconds": found["seconds"],
            "simulating": found["simulating"],
            RATE: patients * settings.weeks / found["simulating"] / MILLION,
            "M events": found["events"] / MILLION,
            EVENTS: found["events"] / found["simulating"] / MILLION,
            OF_KERNEL: found["of_kernel"],
            "peak MB": found["peak_bytes"] / MILLION,
            "disk MB": found["disk_bytes"] / MILLION,
            "bytes an event": found["disk_bytes"] / found["events"],
        }
        return Row(f"{model} {label}", f"{model}, {label}", figures)

    for model in ("pkpd", "hazards"):
        for label, patients in {"a tenth": settings.patients // 10, "all": settings.patients}.items():
            section.attempt(f"{model} {label}", partial(row, model, label, patients))
        if (model, "a tenth") in peaks and (model, "all") in peaks:
            growth = peaks[model, "all"] / peaks[model, "a tenth"]
            what = f"{model}, end to end, peak memory of all to a tenth"
            targets.append(Target(what, "at most 1.25", growth, growth <= 1.25))
    return section, targets


# --- Scaling -----------------------------------------------------------------------------------------------------


def scaling_section(settings: Settings, chain: Chain) -> tuple[Section, list[Target]]:
    """Whether a patient costs the same among few and among many."""
    from benchmarks.stepping import Stepper

    section = Section(
        "Scaling: hazards stepping alone", f"The real chain, {settings.weeks} weeks, 1 thread, no symbols written."
    )
    weeks = settings.weeks
    sizes = {"a hundredth": settings.patients // 100, "a tenth": settings.patients // 10}
    sizes |= {"all": settings.patients, "ten times": settings.patients * 10}
    sizes = {label: max(1, size) for label, size in sizes.items()}
    with ThreadPoolExecutor(1) as pool:
        works = {label: Stepper(pool, chain, size, weeks, 1) for label, size in sizes.items()}
        seconds = best(works, settings.rounds, "scaling")
    cost = {label: 1e9 * seconds[label] / size for label, size in sizes.items()}
    for label, size in sizes.items():
        figures = {
            "ns a patient": cost[label],
            RATE: 1e3 * weeks / cost[label],
            "× the cheapest": cost[label] / min(cost.values()),
        }
        section.rows.append(Row(f"scaling {label}", f"{size:,} patients", figures))
    worst = max(cost.values()) / min(cost.values())
    return section, [Target("stepping, cost a patient, dearest to cheapest", "at most 1.15", worst, worst <= 1.15)]


# --- Replay ------------------------------------------------------------------------------------------------------


def replays_section(settings: Settings) -> tuple[Section, list[Target]]:
    """Whole replays of growing logs, and what a full run wants of the largest."""
    from benchmarks import replays

    _say("replays of logs")
    section = replays.replay_section(settings)
    rows = {row.key: row.figures for row in section.rows}
    few, many = (f"timeline {patients}" for patients in replays.PATIENTS)
    targets = []
    if (largest := rows.get(f"replay {replays.SIZES[-1]}")) is not None:
        speed, peak = largest["lines/s"], largest["peak MB"]
        targets.append(Target("replay of 10^6 lines, lines/s", "at least 30,000", speed, speed >= 30_000))
        targets.append(Target("replay of 10^6 lines, peak MB", "below 300", peak, peak < 300))
    if few in rows and many in rows:
        slower = rows[few]["lines/s"] / rows[many]["lines/s"]
        targets.append(
            Target("timeline, a line of 10^5 patients over one of 10^4", "at most 1.2", slower, slower <= 1.2)
        )
    return section, targets


def commands_section(settings: Settings) -> tuple[Section, list[Target]]:
    """Whole commands, cold and warm."""
    from benchmarks import commands

    _say("commands")
    section = commands.commands_section(settings)
    wanted = {"compare": 4, "check": 4, "bedside": 1, "conform": 1, "cohort": 1}
    warm = {row.key.removeprefix("command "): row.figures["warm s"] for row in section.rows}
    return section, [
        Target(f"{name}, warm, s", f"below {most}", warm[name], warm[name] < most)
        for name, most in wanted.items()
        if name in warm
    ]


def stores_section(settings: Settings) -> tuple[Section, list[Target]]:
    """The event store, and what is wanted of it beside `eventsourcing`."""
    from benchmarks import stores

    _say("stores")
    section = stores.store_section(settings)
    rows = {row.key: row.figures for row in section.rows}
    if not {"ours", "eventsourcing"} <= rows.keys():
        return section, []
    return section, [
        Target(f"store, {what}, × eventsourcing", "at least 2", ratio, ratio >= 2)
        for what in (stores.ONE, stores.WHOLE, stores.EIGHT)
        if (ratio := rows["ours"][what] / rows["eventsourcing"][what])
    ]


# --- The run -----------------------------------------------------------------------------------------------------


def measure_all(settings: Settings, tell: Callable[[Section], None]) -> list[Target]:
    """Measure every section and tell each as it is finished; what was wanted and what was found."""
    _say("reading the machine")
    from benchmarks.stepping import share_going_on, worst_case
    from ixastate.cohort.models.hazards import Hazards
    from ixastate.cohort.run.plan import arrays_of

    arrays = arrays_of()
    real = Hazards.read().chain(arrays)
    chains = {"real": real, "worst": worst_case(len(real.configurations))}
    rates = stepping_rates(settings, chains)
    tell(limits_section(settings, rates, real.packed.nbytes))

    _say("dict tables in plain Python")
    expected = share_going_on(real, MANY, settings.weeks)
    slow = {
        name: dict_rates(settings, chain, arrays.table.symbols, expected if name == "real" else None)
        for name, chain in chains.items()
    }
    section, targets = hazards_section(settings, rates, slow)
    tell(section)
    section = peers_section(settings, real, arrays, rates[f"real {settings.most}"], expected)
    tell(section)
    targets += one_course_targets(section)
    for part in (
        partial(pkpd_section, settings, arrays),
        partial(scaling_section, settings, real),
        partial(end_to_end_section, settings),
        partial(replays_section, settings),
        partial(commands_section, settings),
        partial(stores_section, settings),
    ):
        section, wanted = part()
        tell(section)
        targets += wanted
    return targets


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: 0 when it ran, whatever it measured; 1 when two works disagreed; 2 for wrong arguments."""
    options = _arguments(arguments)
    missing = [name for name in ("numpy", "numba", "polars") if find_spec(name) is None]
    if missing:
        print(f"{missing[0]} is not installed: python -m pip install 'ixastate[cohort,bench]'", file=sys.stderr)
        return WRONG
    from benchmarks import show
    from ixastate.cohort.run.engine import usual_threads

    settings = Settings(
        options.patients or (QUICK_PATIENTS if options.quick else PATIENTS),
        (options.weeks or (QUICK_WEEKS if options.quick else WEEKS)) // WEEKS_A_CYCLE,
        options.weeks or (QUICK_WEEKS if options.quick else WEEKS),
        options.threads,
        usual_threads(),
        1 if options.quick else ROUNDS,
        options.quick,
    )
    machine, load = show.machine(), show.load()
    print("# Benchmarks\n")
    print("\n".join(f"- {name}: {value}" for name, value in machine.items()))
    if load is not None:
        print(f"- load before: {load:.1f} of {settings.processors}")
        if load > BUSY:
            print("- other work is going on: these figures are not to be quoted")
    if settings.quick:
        print("- a quick run, each work once: it shows that everything runs, and its figures are not to be quoted")
    else:
        print(f"- each work warmed up, then the best of {settings.rounds}, compared works in turns; end to end once")
    print(flush=True)

    sections: list[Section] = []

    def tell(section: Section) -> None:
        sections.append(section)
        print(show.section(section), flush=True)

    try:
        targets = measure_all(settings, tell)
        print(show.targets(targets))
        if options.json is not None:
            write_whole(options.json, _as_json(settings, machine, load, sections, targets))
    except Disagreement as error:
        print(error, file=sys.stderr)
        return DISAGREES
    except IxastateError as error:
        print(error, file=sys.stderr)
        return WRONG
    return WELL


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks/run.py", description=__doc__)
    parser.add_argument("--patients", type=_at_least_one, metavar="N", help=f"(default: {PATIENTS:,})")
    parser.add_argument("--weeks", type=_whole_cycles, metavar="W", help=f"a multiple of 4 (default: {WEEKS})")
    parser.add_argument("--threads", type=_at_least_one, default=2, metavar="N", help="besides 1 (default: 2)")
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"everything once and small ({QUICK_PATIENTS:,} patients × {QUICK_WEEKS} weeks), to see that it runs",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every figure here, in full")
    options = parser.parse_args(arguments)
    if options.json is not None and not options.json.absolute().parent.is_dir():
        parser.error(f"argument --json: there is no directory {options.json.parent}")
    return options


def _at_least_one(text: str) -> int:
    plain = text.replace("_", "").replace(",", "")
    if not plain.isdecimal() or int(plain) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(plain)


def _whole_cycles(text: str) -> int:
    value = _at_least_one(text)
    if value % WEEKS_A_CYCLE:
        raise argparse.ArgumentTypeError(f"whole cycles: a multiple of {WEEKS_A_CYCLE}")
    return value


def _as_json(
    settings: Settings,
    machine: dict[str, str],
    load: float | None,
    sections: Sequence[Section],
    targets: Sequence[Target],
) -> bytes:
    whole: dict[str, Any] = {
        "machine": machine,
        "load_before": load,
        "settings": asdict(settings),
        "sections": [asdict(section) for section in sections],
        "targets": [asdict(target) for target in targets],
    }
    return (json.dumps(whole, indent=2, ensure_ascii=False) + "\n").encode()


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
