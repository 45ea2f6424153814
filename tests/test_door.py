"""The Python door: the public names, what they answer to a bad value, how they show themselves, and how they travel."""

from __future__ import annotations

import ast
import copy
import importlib
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Literal

import pytest

import ixastate
from ixastate import (
    Bilirubin,
    Breach,
    ChartError,
    ConflictError,
    Course,
    CourseRefusal,
    CourseStarted,
    InputError,
    IxastateError,
    MissingExtra,
    NeutrophilsMeasured,
    Order,
    OutputError,
    Property,
    RashGraded,
    Record,
    RulesError,
    Snapshot,
    Status,
    Table,
    build_chart,
    check,
    compare,
    doses_due,
    load_edition,
    parse_event,
    prove,
    registry,
)
from ixastate._old_names import MODULES, NAMES
from ixastate.chart.builder import Step
from ixastate.course.alphabet import Context, _read, read
from ixastate.course.live import Machine, machine
from ixastate.events import KINDS, Event
from ixastate.notebook import Text
from ixastate.symbols import ENDS, NEUTROPENIA, SCREENING, TOXICITIES, Configuration, usual_start
from ixastate.table.compiled import Compiled
from ixastate.words import describe
from tests.test_course import EVENTS, LOW, START, begin, run, see

RASH: dict[str, Any] = {"type": "rash_graded", "day": 8, "grade": 2}
COUNT: dict[str, Any] = {"type": "neutrophils_measured", "day": 15, "value": 499, "unit": "/mm3"}


def program(code: str) -> str:
    """What a Python program prints in a process of its own, every warning an error."""
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


# --- The names -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ixastate.__all__)
def test_every_public_name_is_there_and_says_what_it_is(name: str) -> None:
    if name == "simulate":
        pytest.importorskip("numba", reason="the extra `cohort` is not installed")
    assert getattr(ixastate, name).__doc__
    assert name in dir(ixastate)


def test_every_kind_of_event_and_every_error_is_public() -> None:
    from ixastate import errors, events

    assert {kind.__name__ for kind in KINDS.values()} <= set(ixastate.__all__)
    assert all(getattr(ixastate, kind.__name__) is kind for kind in KINDS.values())
    family = {name for name, value in vars(errors).items() if isinstance(value, type)}
    assert {name for name in family if issubclass(getattr(errors, name), IxastateError)} <= set(ixastate.__all__)
    assert events.parse_event is ixastate.parse_event


def test_what_a_type_checker_sees_is_what_there_is() -> None:
    """The imports that are made for a type checker alone name the same homes as the table of names."""
    tree = ast.parse(Path(ixastate.__file__).read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    typed = {
        alias.asname: (node.module or "").removeprefix("ixastate.")
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname == alias.name
    }
    assert typed == ixastate._HOMES


def test_a_star_import_takes_the_public_names_alone() -> None:
    pytest.importorskip("numba", reason="the extra `cohort` is not installed")
    names: dict[str, Any] = {}
    exec("from ixastate import *", names)
    assert names.keys() - {"__builtins__"} == set(ixastate.__all__)


def test_a_name_that_does_not_exist_is_refused() -> None:
    with pytest.raises(AttributeError, match="'ixastate' has no attribute 'nonsense'"):
        _ = ixastate.nonsense  # type: ignore[attr-defined]


def test_nothing_is_imported_before_it_is_used() -> None:
    loaded = program("import sys, ixastate; print(*sys.modules)").split()
    assert "ixastate.registry" in loaded
    assert {"pydantic", "statemachine", "numpy", "ixastate.events", "ixastate.rules"} & set(loaded) == set()


def test_simulate_without_the_extra_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ixastate.cohort.extra.find_spec", lambda name: None)
    simulate = ixastate._public("simulate")
    with pytest.raises(MissingExtra, match="numpy is not installed"):
        simulate(10)


# --- Old names -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [("load", "load_edition"), ("build", "build_chart"), ("due", "doses_due"), ("EVENT", "parse_event")],
)
def test_an_old_name_of_the_package_warns_and_works(old: str, new: str) -> None:
    with pytest.warns(DeprecationWarning, match=rf"^ixastate\.{old} is now ixastate\.{new}$") as caught:
        found = getattr(ixastate, old)
    assert caught[0].filename == __file__
    if old == "EVENT":
        assert found.validate_python(RASH) == parse_event(RASH)
    else:
        assert found is getattr(ixastate, new)


# The names that a program of version 0.1 took from a module, and where they are now.
OLD_PATHS = [
    ("ixastate.log", "read_log", "ixastate.read_log"),
    ("ixastate.log", "read_stream", "ixastate.course.log.read_stream"),
    ("ixastate.log", "parse_event", "ixastate.parse_event"),
    ("ixastate.replay", "replay_log", "ixastate.replay_log"),
    ("ixastate.schedule", "due", "ixastate.doses_due"),
    ("ixastate.schedule", "is_due_day", "ixastate.course.schedule.is_due_day"),
    ("ixastate.status", "Status", "ixastate.Status"),
    ("ixastate.status", "status_of", "ixastate.chart.status.status_of"),
    ("ixastate.course", "Course", "ixastate.Course"),
    ("ixastate.course", "Record", "ixastate.Record"),
    ("ixastate.course", "Snapshot", "ixastate.Snapshot"),
    ("ixastate.chart", "build", "ixastate.build_chart"),
    ("ixastate.chart", "CourseChart", "ixastate.chart.chart.CourseChart"),
    ("ixastate.table", "Table", "ixastate.Table"),
    ("ixastate.table", "tabulate", "ixastate.table.table.tabulate"),
    ("ixastate.check", "Breach", "ixastate.Breach"),
    ("ixastate.check", "prove", "ixastate.prove"),
    ("ixastate.check", "moves", "ixastate.proofs.check.moves"),
    ("ixastate.check", "on_treatment", "ixastate.proofs.check.on_treatment"),
    ("ixastate.graph", "read", "ixastate.table.graph.read"),
    ("ixastate.graph", "Moved", "ixastate.Step"),
    ("ixastate.alphabet", "Context", "ixastate.course.alphabet.Context"),
    ("ixastate.machine", "Machine", "ixastate.course.live.Machine"),
    ("ixastate.machine", "SCREENING", "ixastate.symbols.SCREENING"),
    ("ixastate.witness", "witness", "ixastate.table.witness.witness"),
    ("ixastate.properties", "PROPERTIES", "ixastate.proofs.properties.PROPERTIES"),
    ("ixastate.compare", "Parting", "ixastate.proofs.compare.Parting"),
    ("ixastate.explore", "Walker", "ixastate.table.explore.Walker"),
    ("ixastate.sdtm", "read_sdtm", "ixastate.exchange.sdtm.read_sdtm"),
    ("ixastate.exports.scxml", "write", "ixastate.exchange.scxml.write"),
    ("ixastate.exports.xstate", "write", "ixastate.exchange.xstate.write"),
    ("ixastate.timeline", "timeline", "ixastate.course.timeline.timeline"),
    ("ixastate.report", "finding_lines", "ixastate.proofs.report.finding_lines"),
    ("ixastate.rules", "load", "ixastate.load_edition"),
    ("ixastate.cohort.run", "Run", "ixastate.cohort.Run"),
    ("ixastate.cohort.summary", "reductions", "ixastate.cohort.answers.summary.reductions"),
    ("ixastate.cohort.pairs", "differences", "ixastate.cohort.answers.pairs.differences"),
    ("ixastate.testing.suites", "make_suite", "ixastate.testing.make_suite"),
    ("ixastate.testing.vectors", "read_suite", "ixastate.testing.read_suite"),
]


@pytest.mark.parametrize(("module", "name", "now"), OLD_PATHS)
def test_an_old_path_warns_and_works(module: str, name: str, now: str) -> None:
    if "cohort" in module:
        pytest.importorskip("numba", reason="the extra `cohort` is not installed")
    home, _, new = now.rpartition(".")
    names: dict[str, Any] = {}
    with pytest.warns(DeprecationWarning, match=rf"^{module}\.{name} is now {now}$") as caught:
        exec(compile(f"from {module} import {name}", "someone's program", "exec"), names)
    assert {warning.filename for warning in caught} == {"someone's program"}
    assert names[name] is getattr(importlib.import_module(home), new)


def test_every_old_module_can_be_imported() -> None:
    for module in MODULES:
        if "cohort" not in module:
            importlib.import_module(module)
    assert {module for module, _, _ in OLD_PATHS} >= (MODULES.keys() | NAMES) - {"ixastate.exports", "ixastate.ics"}


@pytest.mark.parametrize("module", ["ixastate.log", "ixastate.course", "ixastate.check", "ixastate.rules"])
def test_an_old_module_holds_no_other_name(module: str) -> None:
    with pytest.raises(ImportError, match="nonsense"):
        exec(f"from {module} import nonsense")
    assert not hasattr(importlib.import_module(module), "__wrapped__")


@pytest.mark.parametrize("name", ["ixastate.nonsense", "ixastate.log.deeper", "ixastate.cohort.nonsense"])
def test_a_module_that_never_was_is_not_found(name: str) -> None:
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(name)


def test_rooms_still_give_their_own_files() -> None:
    """Their old names must not hide a file of the room."""
    code = """
from ixastate.table import explore, table, walk
from ixastate.course import log, course
from ixastate.chart import chart, status
print(explore.__name__, course.__name__, status.__name__)
"""
    assert program(code).split() == ["ixastate.table.explore", "ixastate.course.course", "ixastate.chart.status"]


@pytest.mark.parametrize("first", ["import ixastate.check, ixastate.compare", "pass"])
def test_the_old_modules_do_not_stand_in_the_way_of_the_functions(first: str) -> None:
    code = f"""
import ixastate
{first}
for call in (lambda: ixastate.check("gone"), lambda: ixastate.compare("gone", "dosing-text")):
    try:
        call()
    except ixastate.RulesError as error:
        print(error.what)
"""
    assert program(code).splitlines() == ["there is no edition 'gone'"] * 2


# --- A bad value, by every door --------------------------------------------------------------------------------


def doors(facts: dict[str, Any]) -> Iterator[tuple[str, Callable[[], Any]]]:
    kind = KINDS[facts["type"]]
    yield "dict", lambda: begin().observe(facts)
    yield "parse", lambda: parse_event(facts)
    yield "constructor", lambda: kind(**facts)


@pytest.mark.parametrize("door", ["dict", "parse", "constructor"])
@pytest.mark.parametrize(
    ("facts", "field", "remedy"),
    [
        ({**COUNT, "value": -1}, "value", "given: -1"),
        ({**COUNT, "value": "499"}, "value", "given: '499'"),
        ({**COUNT, "value": float("nan")}, "value", "given: nan"),
        ({**COUNT, "unit": "/L"}, "unit", "given: '/L'"),
        ({**COUNT, "day": 0}, "day", "given: 0"),
        ({**RASH, "grade": 6}, "grade", "given: 6"),
        ({**RASH, "grade": True}, "grade", "given: True"),
        ({**RASH, "at": "2026-01-05T08:00:00Z"}, "", "given: type, day, grade, at"),
        ({**RASH, "colour": "red"}, "", "take it out"),
        ({**RASH, "grad": 2}, "", "did you mean 'grade'?"),
    ],
)
def test_a_bad_value_gets_the_error_of_the_package(door: str, facts: dict[str, Any], field: str, remedy: str) -> None:
    where = {"dict": "event 2", "parse": "event", "constructor": KINDS[facts["type"]].__name__}[door]
    with pytest.raises(InputError) as refused:
        dict(doors(facts))[door]()
    assert refused.value.where == (f"{where}: {field}" if field else where)
    assert refused.value.what
    if remedy == "take it out":
        assert refused.value.remedy.startswith("one of: ")
    else:
        assert refused.value.remedy.startswith(remedy)


@pytest.mark.parametrize(
    ("event", "what"),
    [
        (None, "an event is a dict or an object of an event class, not NoneType"),
        (5, "not int"),
        ("rash", "not str"),
        ([RASH], "not list"),
        (Event(day=8), "not Event"),
        ({}, "the field 'type' is missing"),
        ({"type": None}, "the field 'type' is missing"),
        ({"type": ["rash_graded"]}, "is no kind of event"),
        ({"type": "rash"}, "'rash' is no kind of event"),
        ({1: 2}, "the field 'type' is missing"),
    ],
)
def test_what_is_no_event_at_all_moves_nothing(event: Any, what: str) -> None:
    course = begin()
    before = course.snapshot()
    with pytest.raises(InputError) as refused:
        course.observe(event)
    assert what in refused.value.what
    assert refused.value.where.startswith("event 2")
    assert course.snapshot() == before
    assert len(course.records) == 1
    assert course.observe(RASH).number == 2


def test_an_event_and_a_dict_of_it_are_the_same() -> None:
    by_object, by_dict = begin(), begin()
    event = NeutrophilsMeasured(day=15, value=Decimal(499), unit="/mm3")
    assert by_object.observe(event) == by_dict.observe(COUNT)


def test_the_parts_of_an_event_are_checked_too() -> None:
    with pytest.raises(InputError, match=r"^Bilirubin: times_uln: .* \(given: '-1'\)$"):
        Bilirubin(times_uln=Decimal(-1))
    with pytest.raises(InputError, match=r"^CourseStarted: bilirubin\.times_uln: "):
        CourseStarted(**{**START, "bilirubin": {"times_uln": -1}})
    with pytest.raises(InputError, match=r"^Snapshot: the field 'edition' is missing"):
        Snapshot()  # type: ignore[call-arg, unused-ignore]


@pytest.mark.parametrize("patient", ["", " ", "a\nb", 5, ["p"], float("nan")])
def test_a_patient_needs_a_name_that_can_be_printed(patient: Any) -> None:
    with pytest.raises(InputError, match="cannot name a patient"):
        Course(patient)


@pytest.mark.parametrize("edition", ["us-lable", "", None, 5, ["dosing-text"], {}])
@pytest.mark.parametrize(
    "door",
    [
        lambda edition: load_edition(edition),
        lambda edition: Table.of(edition),
        lambda edition: build_chart(edition),
        lambda edition: Course("p", edition),
        lambda edition: machine(edition),
        lambda edition: check(edition),
        lambda edition: compare("dosing-text", edition),
    ],
)
def test_an_edition_that_does_not_exist_is_refused_with_those_near_it(door: Callable[[Any], Any], edition: Any) -> None:
    with pytest.raises(RulesError) as refused:
        door(edition)
    assert refused.value.what == f"there is no edition {edition!r}"
    assert "one of: dosing-text, us-label" in refused.value.remedy
    assert ("did you mean 'us-label'?" in refused.value.remedy) is (edition == "us-lable")


@pytest.mark.parametrize("day", ["8", 8.0, 1.5, True, None, 36_526, 10**9, float("nan")])
def test_a_day_that_is_none_is_refused(day: Any) -> None:
    course = begin()
    with pytest.raises(InputError, match="is no treatment day"):
        course.due([day])
    with pytest.raises(InputError, match="is no treatment day"):
        Course().due([day])
    assert course.calendar is not None
    with pytest.raises(InputError, match="is no treatment day"):
        doses_due(day, course.status, course.calendar, course.edition)


@pytest.mark.parametrize("days", [8, None, "8"])
def test_days_that_are_no_list_are_refused(days: Any) -> None:
    with pytest.raises(InputError, match="is no list of treatment days"):
        begin().due(days)


@pytest.mark.parametrize("place", [1, 2, 3])
def test_what_is_due_asks_for_a_status_a_calendar_and_rules(place: int) -> None:
    course = begin()
    arguments: list[Any] = [8, course.status, course.calendar, course.edition]
    assert [dose.drug for dose in doses_due(*arguments)] == ["ixazomib", "lenalidomide", "dexamethasone"]
    arguments[place] = "dosing-text"
    with pytest.raises(InputError, match=r"^doses_due: 'dosing-text' is no (Status|Calendar|Edition)"):
        doses_due(*arguments)


@pytest.mark.parametrize("at", [datetime(2026, 3, 9, 8), "2026-03-09T08:00:00Z", None])
def test_a_moment_without_an_offset_is_refused(at: Any) -> None:
    """It would be taken for the local time of whatever computer runs this."""
    with pytest.raises(InputError, match="is no date and time with its offset"):
        begin().status_at(at)


@pytest.mark.parametrize("saved", [None, 5, ["x"], "", "{", b"\xff", {}, {"edition": "dosing-text"}])
def test_what_is_no_snapshot_is_refused(saved: Any) -> None:
    with pytest.raises(InputError, match=r"^snapshot"):
        Course.resume(saved)


def test_a_snapshot_can_be_a_dict() -> None:
    course = begin()
    assert Course.resume(course.snapshot().model_dump(mode="json")).snapshot() == course.snapshot()


# --- Numbers of other libraries --------------------------------------------------------------------------------


def test_numpy_scalars_are_numbers() -> None:
    numpy = pytest.importorskip("numpy")
    for value, exactly in [
        (numpy.int64(499), "499"),
        (numpy.uint16(499), "499"),
        (numpy.float64(0.499), "0.499"),
        (numpy.float32(0.499), "0.499"),
        (numpy.float64(499.999), "499.999"),
    ]:
        event = NeutrophilsMeasured(day=numpy.int32(15), value=value, unit="/mm3", after_g_csf=numpy.bool_(True))
        assert event.value == Decimal(exactly)
        assert (type(event.day), event.after_g_csf) == (int, True)
        assert begin().observe(event) == begin().observe({**COUNT, "value": Decimal(exactly), "after_g_csf": True})
    assert RashGraded(day=8, grade=numpy.int8(2)) == parse_event(RASH)
    course = begin()
    assert course.due(numpy.arange(1, 29)) == course.due(range(1, 29))


def test_what_is_no_number_of_numpy_is_refused() -> None:
    numpy = pytest.importorskip("numpy")
    bad = [
        numpy.float64("nan"),
        numpy.float32("inf"),
        numpy.bool_(True),
        numpy.array([499]),
        numpy.datetime64("2026-01-05"),
        numpy.timedelta64(5, "D"),
        numpy.complex64(1),
        numpy.str_("499"),
    ]
    for value in bad:
        with pytest.raises(InputError, match=r"^NeutrophilsMeasured: value: "):
            NeutrophilsMeasured(day=1, value=value, unit="/mm3")
    for grade in (numpy.float64(2), numpy.bool_(True), numpy.array([2])):
        with pytest.raises(InputError, match=r"^RashGraded: grade: "):
            RashGraded(day=1, grade=grade)
    for flag in (numpy.int64(1), numpy.array([True]), numpy.str_("true")):
        with pytest.raises(InputError, match=r"^NeutrophilsMeasured: after_g_csf: "):
            NeutrophilsMeasured(day=1, value=Decimal(1), unit="/mm3", after_g_csf=flag)


def test_pandas_moments_are_moments() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {"at": pandas.to_datetime(["2026-01-05T08:00:00+01:00"]), "value": [0.5], "unit": ["10*9/L"]}
    )
    (row,) = frame.to_dict("records")
    event = parse_event({"type": "neutrophils_measured", **row})
    assert event == parse_event(
        {"type": "neutrophils_measured", "at": "2026-01-05T08:00:00+01:00", "value": 0.5, "unit": "10*9/L"}
    )
    assert type(event.at) is datetime
    winter = pandas.Timestamp("2026-01-05 08:00:00.000001", tz="Europe/Berlin")
    assert RashGraded(at=winter, grade=2).at == datetime(2026, 1, 5, 7, 0, 0, 1, tzinfo=UTC)
    assert pickle.loads(pickle.dumps(event)) == event


def test_what_is_missing_in_pandas_is_refused() -> None:
    pandas = pytest.importorskip("pandas")
    for at in (pandas.NaT, pandas.Timestamp("2026-01-05"), pandas.Timestamp("2026-01-05T08:00:00.000000001Z")):
        with pytest.raises(InputError, match=r"^RashGraded: at: "):
            RashGraded(at=at, grade=2)
    for value in (pandas.NA, pandas.Series([499]), pandas.NaT):
        with pytest.raises(InputError, match=r"^NeutrophilsMeasured: "):
            NeutrophilsMeasured(day=1, value=value, unit="/mm3")
    with pytest.raises(InputError, match=r"^NeutrophilsMeasured: day: "):
        NeutrophilsMeasured(day=pandas.NA, value=Decimal(1), unit="/mm3")


def test_a_whole_frame_makes_a_course() -> None:
    """What pandas does with a column that has gaps is no surprise: a day among gaps becomes a float and is refused."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"type": ["rash_graded"] * 2, "day": [8, 15], "grade": [1, 3]})
    course = begin()
    records = [course.observe(row) for row in frame.to_dict("records")]
    assert [record.words for record in records] == ["active at 4 mg", "active at 4 mg"]
    gaps = pandas.DataFrame({"type": ["rash_graded"] * 2, "day": [22, None], "grade": [1, 3]})
    with pytest.raises(InputError, match=r"^event 4: day: "):
        course.observe(gaps.to_dict("records")[0])


# --- A kind of event that was forgotten ------------------------------------------------------------------------


class LiverGraded(Event):
    """A toxicity's event as somebody might add it, and forget its reader."""

    type: Literal["liver_graded"] = "liver_graded"
    grade: int
    after_surgery: bool = False


def test_every_kind_of_event_has_a_reader() -> None:
    for kind in KINDS.values():
        assert _read.dispatch(kind) is not _read.dispatch(Event), kind
    assert {toxicity.event for toxicity in TOXICITIES} | {end.event for end in ENDS} <= KINDS.keys()


def test_an_event_without_a_reader_is_refused_and_nothing_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "liver_graded", LiverGraded)
    course = begin()
    before = course.snapshot()
    for event in (LiverGraded(day=8, grade=3), {"type": "liver_graded", "day": 8, "grade": 3}):
        with pytest.raises(CourseRefusal) as refused:
            course.observe(event)  # type: ignore[arg-type]
        assert refused.value.what == "no reader knows what LiverGraded means to the machine"
        assert refused.value.where == "event 2 (liver_graded)"
        assert "alphabet" in refused.value.remedy
        assert course.snapshot() == before
    with pytest.raises(CourseRefusal, match="no reader knows"):
        read(LiverGraded(day=8, grade=3), Context(), course.edition)
    assert course.observe(RASH).number == 2


def test_a_kind_without_words_is_told_by_its_fields() -> None:
    assert describe(LiverGraded(day=8, grade=3)) == "liver graded: grade 3, after surgery False"
    assert describe(LiverGraded(patient="p", day=8, grade=0, after_surgery=True)) == (
        "liver graded: grade 0, after surgery True"
    )


# --- How they show themselves ----------------------------------------------------------------------------------


def test_a_course_shows_where_it_stands() -> None:
    course = Course("patient 1")
    assert repr(course) == "<Course 'patient 1', dosing-text: screening, no events>"
    course.observe(START)
    assert repr(course) == "<Course 'patient 1', dosing-text: active at 4 mg, 1 event>"
    record = see(course, "neutrophils_measured", 15, **LOW)
    assert repr(course) == "<Course 'patient 1', dosing-text: held for neutrophils, 2 events>"
    assert repr(Course(edition="us-label")) == "<Course (no name), us-label: screening, no events>"
    assert (
        repr(record)
        == str(record)
        == (
            "<Record 2, day 15 · Mon 16 Mar 2026 08:00: neutrophils 420 /mm3 → held for neutrophils; "
            "hold ixazomib; hold lenalidomide; consider G-CSF>"
        )
    )
    assert repr(course.snapshot()) == "<Snapshot of 'patient 1' after 2 events, dosing-text>"
    assert repr(course.status) == "<Status held for neutrophils; ixazomib 4 mg, lenalidomide 25 mg>"
    assert repr(Status("screening")) == "<Status screening>"
    assert repr(Order("reduce", "ixazomib", 2.3)) == "<Order reduce ixazomib to 2.3 mg>"


def test_an_event_shows_what_was_given() -> None:
    shown = repr(parse_event(COUNT))
    assert shown == "NeutrophilsMeasured(value=499, unit='/mm3', day=15)"
    assert eval(shown) == parse_event(COUNT)
    assert repr(Bilirubin(times_uln=Decimal("1.5"))) == "Bilirubin(times_uln=1.5)"


def test_a_machine_shows_its_size() -> None:
    table = Table.of()
    assert repr(table) == "<Table dosing-text: 46,919 configurations, 938,349 moves>"
    assert repr(table.graph).startswith("<Graph dosing-text: ")
    assert repr(load_edition("us-label")) == f"<Edition us-label: {len(load_edition('us-label').rules)} rules>"
    start = usual_start(table.graph.edition)
    step = table.step(SCREENING, start.name)
    assert repr(step) == (
        "<Step start_4_25 → active at 4 mg; start ixazomib at 4 mg; start lenalidomide at 25 mg; "
        "start dexamethasone at 40 mg>"
    )
    assert "46,919" in table._repr_html_()


def test_html_is_escaped_small_and_of_itself() -> None:
    course = Course("<script>alert(1)</script>")
    course.observe(START)
    record = see(course, "other_toxicity_graded", 8, term="a<b & c", grade=3)
    for html in (course._repr_html_(), record._repr_html_()):
        assert "<script" not in html
        assert "a&lt;b &amp; c grade 3" in html
        assert not any(word in html for word in ("http", "src=", "href", "<style"))
        assert len(html) < 5_000
        assert html.count("<table") == html.count("</table>") == 1


def test_a_long_course_shows_its_last_events() -> None:
    course = Course("p")
    for event in EVENTS:
        course.observe(event)
    html = course._repr_html_()
    assert html.count("<tr>") == 1 + 20
    assert f"the last 20 of {len(EVENTS)} events" in html


# --- The records, the timeline and the picture -----------------------------------------------------------------


def test_a_course_remembers_its_records() -> None:
    course = Course("p")
    kept = [course.observe(event) for event in EVENTS]
    assert course.records == tuple(kept) == tuple(run("p"))
    with pytest.raises(CourseRefusal):
        course.observe({**RASH, "day": 1})
    assert course.records == tuple(kept)


def test_a_timeline_is_what_replay_prints(tmp_path: Path) -> None:
    from ixastate import replay_log, write_log
    from ixastate.course.log import read_log
    from ixastate.course.timeline import timeline

    course = Course()
    for event in EVENTS:
        course.observe(event)
    write_log(tmp_path / "log.jsonl", EVENTS)
    assert course.timeline() == "\n".join(timeline(list(replay_log(read_log(tmp_path / "log.jsonl")))))
    assert isinstance(course.timeline(), Text)
    assert repr(course.timeline()) == str(course.timeline())


def test_the_timeline_of_a_resumed_course_says_what_it_lacks() -> None:
    course = begin()
    see(course, "neutrophils_measured", 8, **LOW)
    again = Course.resume(course.snapshot())
    assert not again.records
    record = see(again, "rash_graded", 9, grade=1)
    assert again.records == (record,)
    lines = again.timeline().splitlines()
    assert "Resumed after 2 events, whose records are not kept here" in lines
    assert not any("420" in line for line in lines)
    assert any("rash grade 1" in line for line in lines)
    assert "Resumed" not in course.timeline()
    assert repr(again).endswith("held for neutrophils, 3 events>")


def test_the_timeline_of_a_course_that_has_not_started() -> None:
    assert Course("p").timeline().splitlines()[0] == "Patient p · edition dosing-text · now screening"


class FakePicture:
    """A picture by the contract of the registry."""

    def __init__(self, of: object) -> None:
        self.of = of
        self.svg, self.dot = "<svg/>", "digraph {}"

    def save(self, path: Path) -> None:
        path.write_text(self.svg)

    def _repr_svg_(self) -> str:
        return self.svg


def test_a_picture_is_found_by_the_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_HOMES", dict(registry._HOMES))
    for service in ("picture of a course", "picture of a graph", "picture of a table"):
        registry.provide(service, __name__, "FakePicture")
    course, table = begin(), Table.of()
    for thing in (course, table, table.graph):
        picture = thing.diagram()
        assert isinstance(picture, FakePicture)
        assert picture.of is thing
    assert table.graph._repr_svg_() == "<svg/>"


def test_a_service_that_nothing_offers_is_refused() -> None:
    with pytest.raises(
        IxastateError, match=r"nothing offers 'picture of a curse' \(did you mean 'picture of a course'"
    ):
        registry.find("picture of a curse")


# --- Travelling ------------------------------------------------------------------------------------------------


def goes_on(course: Course) -> list[Record]:
    return [course.observe(event) for event in EVENTS[10:]]


@pytest.mark.parametrize(
    "way", [lambda course: pickle.loads(pickle.dumps(course)), copy.copy, copy.deepcopy], ids=["pickle", "copy", "deep"]
)
def test_a_course_goes_on_elsewhere_as_here(way: Callable[[Course], Course]) -> None:
    course = Course("p")
    for event in EVENTS[:10]:
        course.observe(event)
    other = way(course)
    assert other is not course
    assert (other.snapshot(), other.records, other.calendar) == (course.snapshot(), course.records, course.calendar)
    assert goes_on(other) == run("p")[10:]
    assert len(course.records) == 10, "the one does not move the other"
    assert goes_on(course) == run("p")[10:]


def test_a_course_of_another_edition_finds_its_machine_again() -> None:
    course = Course("p", "us-label")
    course.observe(START)
    other = pickle.loads(pickle.dumps(course))
    assert (other.edition.name, other._machine) == ("us-label", Compiled.of("us-label"))


def test_a_pickled_course_holds_no_machine() -> None:
    course = begin()
    assert len(pickle.dumps(course)) < 10_000
    assert b"statemachine" not in pickle.dumps(course)


class Odd(IxastateError):
    """An error that is constructed otherwise than the others."""

    def __init__(self, kind: str, what: str) -> None:
        super().__init__(what)
        self.kind = kind


ERRORS: list[IxastateError] = [
    IxastateError("what"),
    InputError("what", where="here", remedy="do this"),
    CourseRefusal("what", where="event 2", remedy="that"),
    RulesError("what", where="rules"),
    ChartError("what", remedy="x"),
    MissingExtra("what", where="the cohort", remedy="pip"),
    OutputError("what", where="file", remedy="y"),
    ConflictError("what", where="courses.db", remedy="z"),
    Odd("silent", "no answer in 5 seconds"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("way", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy, copy.deepcopy])
def test_an_error_arrives_as_it_was_sent(error: IxastateError, way: Callable[[IxastateError], IxastateError]) -> None:
    again = way(error)
    assert type(again) is type(error)
    assert (again.what, again.where, again.remedy) == (error.what, error.where, error.remedy)
    assert (str(again), vars(again)) == (str(error), vars(error))


def test_every_error_is_among_those() -> None:
    from ixastate import errors

    family = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, IxastateError)}
    assert family <= {type(error) for error in ERRORS}


def refused_elsewhere(course: Course) -> Record:
    return course.observe({**RASH, "day": 1})


@pytest.mark.filterwarnings("ignore:This process")
def test_a_process_pool_takes_courses_and_gives_errors_back() -> None:
    course = Course("p")
    for event in EVENTS[:10]:
        course.observe(event)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(goes_on, course).result() == run("p")[10:]
        with pytest.raises(CourseRefusal, match="time goes backwards") as refused:
            pool.submit(refused_elsewhere, course).result()
        assert (refused.value.where, bool(refused.value.remedy)) == ("event 11 (rash_graded)", True)
        with pytest.raises(InputError, match="is no kind of event"):
            pool.submit(parse_event, {"type": "rash"}).result()


# --- Two threads -----------------------------------------------------------------------------------------------


class Slow(Machine):
    """A machine that steps only when it is let go, so that the threads meet where the test wants them."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.go_on = threading.Event(), threading.Event()
        self.waits = False

    def step(self, before: Configuration, symbol: str) -> Step:
        if self.waits:
            self.entered.set()
            assert self.go_on.wait(30)
        return super().step(before, symbol)


def test_two_threads_at_one_course_are_refused_and_nothing_is_lost() -> None:
    slow = Slow()
    course = Course("p", steps_on=slow)
    course.observe(START)
    before = course.snapshot()
    slow.waits = True
    kept: list[Record] = []
    first = threading.Thread(target=lambda: kept.append(course.observe({**COUNT})))
    first.start()
    assert slow.entered.wait(30)
    with pytest.raises(CourseRefusal, match="two threads observe one course at once") as refused:
        course.observe(RASH)
    assert refused.value.remedy
    assert (course.snapshot(), len(course.records)) == (before, 1), "neither has moved it yet"
    slow.go_on.set()
    first.join(30)
    assert [record.number for record in kept] == [2]
    assert course.observe({**RASH, "day": 16}).number == 3
    assert [record.number for record in course.records] == [1, 2, 3]


def test_many_threads_lose_no_event() -> None:
    course = begin()
    together = threading.Barrier(8)
    refused: list[CourseRefusal] = []

    def observe() -> None:
        together.wait(30)
        for _ in range(50):
            try:
                course.observe({"type": "rash_graded", "day": 8, "grade": 1})
            except CourseRefusal as refusal:
                refused.append(refusal)

    threads = [threading.Thread(target=observe) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert {refusal.what for refusal in refused} <= {"two threads observe one course at once"}
    taken = 8 * 50 - len(refused)
    assert course.snapshot().number == 1 + taken
    assert [record.number for record in course.records] == list(range(1, taken + 2))


def test_a_refusal_sets_the_course_free() -> None:
    course = begin()
    for bad in ({"type": "nonsense"}, {**START}, {**RASH, "grade": 9}):
        with pytest.raises(IxastateError):
            course.observe(bad)
    assert course.observe(RASH).number == 2


# --- Checking and comparing ------------------------------------------------------------------------------------


@prove("no anc low", "neutropenia never comes")
def never_low(table: Table) -> Breach | None:
    column = table.columns[NEUTROPENIA.onsets[0].name]
    for number in range(1, len(table.configurations)):
        if table.output[number * len(table.symbols) + column]:
            return Breach(number, column, "it does")
    return None


def test_a_check_takes_a_table_or_a_name() -> None:
    assert isinstance(never_low, Property)
    for machine_of in (Table.of(), "dosing-text"):
        (finding,) = check(machine_of, [never_low])
        assert finding.breach is not None
        assert finding.symbols == ("start_4_25", "anc_low")
    assert [event.type for event in finding.events(Table.of())] == ["course_started", "neutrophils_measured"]


def test_a_comparison_takes_tables_or_names(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[Table, Table]] = []
    monkeypatch.setattr("ixastate.proofs.compare.compare", lambda left, right: compared.append((left, right)) or [])
    table = Table.of()
    for left, right in (("dosing-text", "dosing-text"), (table, "dosing-text"), ("dosing-text", table), (table, table)):
        assert compare(left, right) == []
    assert all(one is table for pair in compared for one in pair)
    assert len(compared) == 4
