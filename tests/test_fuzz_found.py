"""Inputs that fuzzing found (see `tests/fuzz`), each in its smallest form, and what became of their kind."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

for library in ("numba", "polars", "lifelines", "matplotlib"):
    pytest.importorskip(library, reason=f"{library} is not installed (extra cohort)")

import numpy as np

from ixastate.cli.main import main
from ixastate.cohort.answers import trials
from ixastate.cohort.run.directory import MANIFEST, Directory
from ixastate.cohort.run.plan import Plan, model_of, read_model
from ixastate.cohort.run.run import Run
from ixastate.course.course import Course
from ixastate.course.log import dump, read_log, read_stream, write_log
from ixastate.course.replay import replay_log
from ixastate.course.schedule import doses_due
from ixastate.course.timeline import timeline
from ixastate.errors import LONGEST_PART, InputError, IxastateError, OutputError, RulesError, near
from ixastate.events import parse_event
from ixastate.exchange.sdtm import read_sdtm
from ixastate.files import toml_of
from ixastate.orders import Verb
from ixastate.rules import load_edition, parse
from ixastate.rules.effects import parse_effects
from ixastate.rules.terms import parse_terms
from ixastate.table.table import MAGIC, load, save
from ixastate.testing.adapter import Fault, parse_answer
from ixastate.testing.answers import Difference, differences
from ixastate.testing.suites.files import read_suite, write_suite
from tests import kit
from tests.cohort_runs import simulated
from tests.tables import small, small_graph
from tests.test_log import START, course_of

DIGITS = 10**5000  # more than Python writes


def refused(door: Callable[..., object], *given: Any, by: type[IxastateError] = InputError) -> str:
    """The words in which a door refuses this: one line that can be printed."""
    with pytest.raises(by) as raised:
        door(*given)
    words = str(raised.value)
    assert words.isprintable()
    return words


# --- What an error says ------------------------------------------------------------------------------------------


def test_the_text_of_an_error_can_be_printed_and_its_parts_are_whole() -> None:
    error = InputError("a\x1b[31m\nb\u202e", where="c\r", remedy="d\ud800")
    assert str(error) == r"c\r: a\x1b[31m\nb\u202e (d\ud800)"
    assert (error.what, error.where, error.remedy) == ("a\x1b[31m\nb\u202e", "c\r", "d\ud800")


@pytest.mark.parametrize("sign", ["x", "\u202e"])
def test_no_error_is_as_long_as_what_it_was_given(sign: str) -> None:
    error = InputError(sign * 100_000, where=sign * 100_000, remedy=sign * 100_000)
    assert [len(part) for part in str(error).replace(" (", ": ").removesuffix(")").split(": ")] == [LONGEST_PART] * 3
    assert str(InputError("x" * LONGEST_PART)) == "x" * LONGEST_PART
    assert str(InputError("x" * (LONGEST_PART + 1))) == "x" * (LONGEST_PART - 1) + "…"


def test_a_long_field_of_a_log_does_not_fill_the_terminal() -> None:
    log = json.dumps({**START, "x" * 100_000: 1}).encode()
    words = refused(lambda: list(read_stream(io.BytesIO(log), "log")))
    assert words.startswith("log:1: there is no field 'xxx")
    assert len(words) < 2 * LONGEST_PART


class Silent:
    """An object that says nothing of itself, or what steers a terminal."""

    def __init__(self, words: str = "") -> None:
        self.words = words

    def __repr__(self) -> str:
        if not self.words:
            raise RuntimeError("no words")
        return self.words


@pytest.mark.parametrize("value", [DIGITS, Silent(), Silent("\x1b[31m")], ids=["digits", "silent", "loud"])
@pytest.mark.parametrize(
    "door",
    [
        pytest.param(lambda value: parse_event({"type": value}), id="type"),
        pytest.param(lambda value: parse_event({**START, "at": value}), id="at"),
        pytest.param(load_edition, id="edition"),
        pytest.param(Course, id="patient"),
        pytest.param(lambda value: Course().due(value), id="due"),
        pytest.param(lambda value: Course().due([value]), id="due-day"),
        pytest.param(lambda value: doses_due(value, None, None, None), id="doses_due-day"),
        pytest.param(lambda value: doses_due(1, value, None, None), id="doses_due"),
        pytest.param(lambda value: Course().status_at(value), id="status_at"),
    ],
)
def test_a_value_of_any_kind_from_python_is_refused(door: Callable[[Any], object], value: Any) -> None:
    refused(door, value, by=IxastateError)


def test_an_array_is_no_kind_of_event() -> None:
    assert "is no kind of event" in refused(parse_event, {"type": np.array([1, 2])})


def test_only_a_text_is_like_a_name() -> None:
    assert near(DIGITS, ["rash"]) == "one of: rash"
    assert near("rahs", ["rash"]) == "did you mean 'rash'?"


# --- Records -----------------------------------------------------------------------------------------------------


def test_what_a_record_says_otherwise_can_be_printed_on_its_own_line() -> None:
    [record] = course_of(parse_event(START))
    data = json.loads(dump(record))
    data["after"][-1] += "\u202e"
    data["status"]["words"] += "\n    all is well"
    steps = list(replay_log(read_stream(io.BytesIO(json.dumps(data).encode()), "log")))
    assert [difference.part for difference in steps[0].differences] == ["words", "after"]
    assert all(str(difference).isprintable() for difference in steps[0].differences)
    assert all(line.isprintable() for line in timeline(steps))


@pytest.mark.parametrize("part", ["number", "rewritten"])
def test_no_snapshot_is_of_a_line_of_any_number(part: str) -> None:
    saved = Course().snapshot().model_dump(mode="json")
    words = refused(Course.resume, json.dumps({**saved, part: "@"}).replace('"@"', "9" * 4300))
    assert words.startswith(f"snapshot: {part}: it should be less than or equal to 1000000000000")


@pytest.mark.parametrize("blank", ["\xa0", "\u202f", "\n", "\x1c", "\u2028"])
def test_a_unit_has_plain_blanks(blank: str) -> None:
    event = parse_event({"type": "neutrophils_measured", "day": 1, "value": 5, "unit": f"10*9{blank}/L"})
    assert event == parse_event(json.loads(dump(event)))
    assert getattr(event, "unit", "") == "10*9 /L"


# --- TOML --------------------------------------------------------------------------------------------------------

TOO_LARGE = "a whole number has more than 64 bits"


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("[" * 5000, "nested too deeply"),
        ("{a = " * 5000, "nested too deeply"),
        ("9" * 5000, TOO_LARGE),
        ("0x" + "f" * 5000, TOO_LARGE),
        ("[{a = [9223372036854775808]}]", TOO_LARGE),
        ("-9223372036854775809", TOO_LARGE),
    ],
    ids=lambda value: str(value)[:12],
)
def test_toml_that_python_cannot_follow(value: str, what: str) -> None:
    for door, by in (
        (lambda text: parse(text, "x.toml"), RulesError),
        (lambda text: parse_terms(text, "x.toml"), RulesError),
        (lambda text: parse_effects(text, "x.toml", get_args(Verb)), RulesError),
        (lambda text: model_of(text, "x.toml"), InputError),
        (lambda text: trials.parse(text, "x.toml"), InputError),
    ):
        words = refused(door, f"a = {value}", by=by)
        assert words.startswith("x.toml: not ")
        assert what in words


@pytest.mark.parametrize(
    "key", ["a." * 200 + "a", "[" + "a." * 200 + "a]", "x = {" + "'a' . " * 200 + "a", '"a b"\t.' * 50_000 + "a"]
)
def test_a_key_of_very_many_parts_is_refused_at_once(key: str) -> None:
    with pytest.raises(ValueError, match="a key has more than 200 parts"):
        toml_of(f"{key} = 1\n")


def test_a_key_of_many_parts_and_long_texts_are_toml() -> None:
    parts = ".".join("a" * 200)
    content = toml_of(f"{parts} = 1\nb = [{', '.join(['0.5'] * 1_000)}]\nc = '{'a' * 300_000} {'1.' * 150}'\n")
    assert (len(content["b"]), len(content["c"])) == (1_000, 300_301)


def test_whole_numbers_of_64_bits_are_toml() -> None:
    assert toml_of("a = -9223372036854775808\nb = 9223372036854775807") == {"a": -(2**63), "b": 2**63 - 1}


def test_a_rules_file_names_the_first_thing_that_does_not_hold() -> None:
    text = 'edition = "x"\nbase = "dosing-text"\nmore = 1\nless = 2\n[rules]\n'
    assert refused(lambda: parse(text, "x.toml"), by=RulesError) == (
        "x.toml: not a rules file: more: Extra inputs are not permitted (given: 1)"
    )


# --- Suites and answers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["rules", "schedule"])
def test_a_suite_names_rules_that_there_are(tmp_path: Path, part: str) -> None:
    course = kit.answered(kit.START, kit.anc(8, 420))
    steps = (course.steps[0], course.steps[1].model_copy(update={part: ("ANC-01", "ANC-99")}))
    path = tmp_path / "suite.jsonl"
    write_suite(path, kit.of(course.model_copy(update={"steps": steps})))
    assert refused(read_suite, path).startswith(f"{path}:2: step 2: 'ANC-99' is no rule of the suite's edition")


def test_an_error_in_a_suite_names_the_line_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "suite.jsonl"
    header, course = kit.of(kit.answered(kit.START)).lines()
    path.write_text(f"{header}\n\n{course}\n\nno JSON\n", encoding="utf-8")
    assert refused(read_suite, path).startswith(f"{path}:5: not JSON")


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (r'"\ud800"', "it holds half of a character"),
        ("NaN", "not JSON: NaN is no number"),
        ("-Infinity", "not JSON: -Infinity is no number"),
        ("1e400", "not JSON: 1e400 is no number"),
        ("[" * 200_000 + "]" * 200_000, "not JSON: maximum recursion depth"),
    ],
    ids=lambda text: text[:9],
)
def test_a_suite_holds_what_can_be_written_again(tmp_path: Path, value: str, what: str) -> None:
    path = tmp_path / "suite.jsonl"
    header, course = kit.of(kit.answered(kit.START)).lines()
    noted = course.replace('"drug": ', f'"note": {value}, "drug": ', 1)
    path.write_text(f"{header}\n{noted}\n", encoding="utf-8")
    assert refused(read_suite, path).startswith(f"{path}:2: {what}")


def test_a_dose_of_a_suite_may_have_a_note(tmp_path: Path) -> None:
    path = tmp_path / "suite.jsonl"
    header, course = kit.of(kit.answered(kit.START)).lines()
    noted = course.replace('"drug": ', r'"note": "\u00e9", "drug": ', 1)
    path.write_text(f"{header}\n{noted}\n", encoding="utf-8")
    write_suite(path, read_suite(path))
    assert '"note": "é"' in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("depth", [30, 900, 980])
@pytest.mark.parametrize("value", ['{"state": %s1%s}', '{"held_for": [%s1%s]}', '{"other": %s1%s}'])
def test_an_answer_that_is_nested_more_deeply_than_any_is_junk(value: str, depth: int) -> None:
    raw = value % ("[" * depth, "]" * depth)
    assert "nested too deeply" in refused(parse_answer, raw.encode(), by=Fault)


def test_an_answer_may_be_nested_as_it_is() -> None:
    assert parse_answer(b'{"due": [{"drug": "ixazomib", "mg": 4, "note": {"a": [1]}}]}')


def test_a_dose_of_any_size_is_another_dose() -> None:
    huge = int("9" * 400)
    expected, got = ({"due": [{"drug": "ixazomib", "mg": mg}]} for mg in (4, huge))
    assert differences(expected, got) == (Difference("due", expected["due"], got["due"]),)
    assert differences(expected, {"due": [{"drug": "ixazomib", "mg": 4.0}]}) == ()


# --- Tables ------------------------------------------------------------------------------------------------------


def signed(content: bytes, **changes: Any) -> bytes:
    """A table whose header is otherwise, with the digest of that."""
    _, head, body = content[len(MAGIC) :].split(b"\n", 2)
    header = {**json.loads(head), **changes}
    rest = json.dumps(header).replace('"@', "").replace('@"', "").encode() + b"\n" + body
    return MAGIC + hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"outputs": "rash"}, "cannot be interpreted as an integer"),
        ({"outputs": [[0.0]]}, "cannot be interpreted as an integer"),
        ({"outputs": [[], [10**30]]}, "a transition is none of the chart"),
        ({"outputs": [[], [-1]]}, "a transition is none of the chart"),
        ({"symbols": "rash"}, "its symbols are others"),
        ({"symbols": []}, "its symbols are others"),
        ({"configurations": "@1e400@"}, "damaged"),
        ({"configurations": 10**30}, "it ends too early"),
        ({"more": "@" + "[" * 200_000 + "]" * 200_000 + "@"}, "recursion"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_table_with_a_header_of_other_things_is_damaged(tmp_path: Path, changes: Any, what: str) -> None:
    path = tmp_path / "small.table"
    save(small(), path)
    path.write_bytes(signed(path.read_bytes(), **changes))
    words = refused(load, path, small_graph())
    assert words.startswith(f"{path}: the table is damaged: ")
    assert what in words


def test_a_table_that_is_signed_anew_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "small.table"
    save(small(), path)
    path.write_bytes(signed(path.read_bytes()))
    assert load(path, small_graph()).space == replace(small().space)


# --- Runs --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("run") / "run"
    simulated(path, patients=3, cycles=1)
    return path


@pytest.fixture
def manifest(run: Path) -> Any:
    """The manifest, which is put back afterwards, and a function that writes another with its digest."""
    before = (run / MANIFEST).read_bytes()

    def write(data: dict[str, Any]) -> None:
        bare = {name: part for name, part in data.items() if name != "manifest"}
        digest = hashlib.sha256((json.dumps(bare, indent=1, sort_keys=True) + "\n").encode()).hexdigest()
        (run / MANIFEST).write_text(json.dumps({**bare, "manifest": digest}), encoding="utf-8")

    yield json.loads(before), write
    (run / MANIFEST).write_bytes(before)


@pytest.mark.parametrize("name", ["edition", "model", "toxicity"])
@pytest.mark.parametrize("value", [1, None, [], {"a": 1}])
def test_the_texts_of_a_plan_are_texts(run: Path, manifest: Any, name: str, value: Any) -> None:
    data, write = manifest
    write({**data, "plan": {**data["plan"], name: value}})
    assert "is no text" in refused(Run.open, run)


def test_a_plan_of_more_patients_than_there_are_is_soon_refused(run: Path, manifest: Any) -> None:
    data, write = manifest
    write({**data, "plan": {**data["plan"], "patients": 2**32 - 1}})
    assert "is missing or damaged" in refused(Run.open, run)
    assert next(Directory.open(run).damaged()) == "events/00000.parquet"  # it names another plan


def test_a_manifest_and_a_note_of_a_shard_may_be_nested_without_end(run: Path, manifest: Any, tmp_path: Path) -> None:
    deep = b'{"plan": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    note = run / "shards" / "00000.json"
    before = note.read_bytes()
    directory = Directory.open(run)
    assert directory.finished(0)
    note.write_bytes(deep)
    assert not directory.finished(0)
    note.write_bytes(before)
    (run / MANIFEST).write_bytes(deep)
    assert "the manifest is damaged" in refused(Run.open, run)


def test_a_file_that_cannot_be_read_though_its_digest_is_right(run: Path, manifest: Any) -> None:
    data, write = manifest
    name = "machine/outputs.parquet"
    before = (run / name).read_bytes()
    opened = Run.open(run)
    # What describes a page, and not the metadata at the end, where the plan stands.
    content = before[:4] + b"\xff" * 200 + before[204:]
    (run / name).write_bytes(content)
    write({**data, "files": {**data["files"], name: hashlib.sha256(content).hexdigest()}})
    try:
        assert "its files cannot be read" in refused(lambda: opened.collect(opened.outputs))
    finally:
        (run / name).write_bytes(before)


@pytest.mark.parametrize(
    "changes",
    [
        {"blocks": None},
        {"blocks": [1]},
        {"blocks": ["\udfff"]},
        {"blocks": ["a"]},
        {"events": "12"},
        {"shard": 1},
        {"files": []},
        {"files": {}},
    ],
    ids=str,
)
def test_a_note_of_a_shard_that_says_other_things_is_of_none(run: Path, changes: dict[str, Any]) -> None:
    note = run / "shards" / "00000.json"
    before = note.read_bytes()
    directory = Directory.open(run)
    note.write_text(json.dumps({**json.loads(before), **changes}), encoding="utf-8")
    try:
        assert not directory.finished(0)
        assert "1 of 1 shards are missing" in refused(directory.complete, None)
    finally:
        note.write_bytes(before)


# --- Names of files ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a" * 300, "a\0b", "\udfff"], ids=["long", "nul", "half"])
@pytest.mark.parametrize(
    "door",
    [
        pytest.param(lambda path: list(read_log(path)), id="log"),
        pytest.param(read_suite, id="suite"),
        pytest.param(lambda path: load(path, small_graph()), id="table"),
        pytest.param(Run.open, id="run"),
        pytest.param(lambda path: read_model(str(path)), id="model"),
        pytest.param(read_sdtm, id="study"),
        pytest.param(lambda path: write_log(path, []), id="write"),
    ],
)
def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path, door: Callable[[Path], object], name: str) -> None:
    refused(door, tmp_path / name, by=IxastateError)


@pytest.mark.parametrize("name", ["a" * 300, "a\0b"], ids=["long", "nul"])
def test_no_run_begins_in_a_directory_that_cannot_be(tmp_path: Path, name: str) -> None:
    class Context:
        plan = Plan(1, 1, 1, "dosing-text", "hazards", "")
        arrays = type("Arrays", (), {"table": small()})

    refused(Directory.begin, tmp_path / name, Context(), by=OutputError)


@pytest.mark.parametrize("command", [["replay"], ["schedule"], ["summary"], ["verify"], ["simulate", "-o"]])
def test_a_command_names_the_file_whose_name_is_too_long(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "a" * 300]) == 2
    err = capsys.readouterr().err
    assert err.startswith("ixastate: aaa")
    assert "standard output" not in err


def test_records_of_a_log_whose_name_is_too_long_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "x" * 300, "--json"]) == 2
    assert "cannot be read: File name too long" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["9" * 2000, "nowhere", "log.jsonl"])
def test_a_folder_of_a_study_that_cannot_be_one(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "log.jsonl").write_text("{}")
    assert main(["import", "sdtm", name, "-o", "new.jsonl"]) == 2
    assert "cannot be read: " in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["log.jsonl"]
