"""The `ixastate` command: every command and option, its exit codes, and how it behaves among other programs."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import icalendar
import pytest

import ixastate
from ixastate.cli import main as cli
from ixastate.cli.main import main
from ixastate.cli.replay import MOST_DIFFERENCES
from ixastate.cli.schedule import MOST_DAYS
from ixastate.course.log import read_log
from ixastate.course.replay import replay_log
from ixastate.events import parse_event
from ixastate.rules import EDITIONS, load_edition
from tests.test_log import START, as_log

EXAMPLES = sorted((Path(__file__).resolve().parents[1] / "examples").glob("*.jsonl"))
COMMAND = [sys.executable, "-m", "ixastate"]
RULES = tomllib.loads((files("ixastate.rules") / EDITIONS["dosing-text"]).read_text(encoding="utf-8"))["rules"]

LOW = {"type": "neutrophils_measured", "day": 15, "value": 499, "unit": "/mm3"}


def log_of(folder: Path, *facts: dict[str, Any]) -> Path:
    path = folder / "log.jsonl"
    path.write_text(as_log(*(parse_event(fact) for fact in facts)), encoding="utf-8")
    return path


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return log_of(tmp_path, START, LOW)


@pytest.fixture
def two(tmp_path: Path) -> Path:
    return log_of(tmp_path, *({**fact, "patient": patient} for fact in (START, LOW) for patient in ("q", "p")))


def run(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, **options)


# --- Help -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--help"], ["rules", "replay", "schedule", "import", "not medical advice"]),
        ([], ["rules", "replay", "schedule", "import", "not medical advice"]),
        (["help"], ["rules", "replay", "schedule", "import", "not medical advice"]),
        (["help", "schedule"], ["--days", "28", "--from-day", "--patient", "--ics"]),
        (["help", "import", "sdtm"], ["--output", "--timezone", "UTC", ".xpt"]),
        (["rules", "--help"], ["ANC-04", "--edition", "dosing-text"]),
        (["replay", "--help"], ["standard input", "--json", "--patient", "--edition"]),
        (["schedule", "--help"], ["--days", "28", "--from-day", "--patient", "--ics"]),
        (["import", "--help"], ["sdtm"]),
        (["import", "sdtm", "--help"], ["--output", "--timezone", "UTC", ".xpt"]),
    ],
    ids=lambda value: " ".join(value)[:20] or "nothing",
)
def test_help(arguments: list[str], words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert [word for word in words if word not in out] == []


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"ixastate {ixastate.__version__}\n"


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], [], ["replay", "--help"], ["simulate", "--help"]], ids=" ".join
)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    program = (
        f"import sys\nfrom ixastate.cli.main import main\nassert main({arguments!r}) == 0\nprint('\\n@', *sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    modules = set(done.stdout.split("@")[1].split())
    assert "typer" in modules
    heavy = {"pydantic", "statemachine", "pandas", "numpy", "icalendar", "pyreadstat", "polars", "numba", "hypothesis"}
    # What draws Typer's own pages takes longer than all the rest of ours.
    drawing = {"rich.console", "rich.markdown", "pygments", "typer.rich_utils", "tqdm"}
    ours = {"ixastate.chart", "ixastate.rules", "ixastate.events", "ixastate.cohort", "ixastate.testing"}
    assert modules & (heavy | drawing | ours) == set()


def test_the_command_is_installed() -> None:
    from importlib.metadata import entry_points

    (script,) = entry_points(group="console_scripts", name="ixastate")
    assert script.load() is cli.main


# --- rules ----------------------------------------------------------------------------------------------------


def listed(out: str) -> tuple[str, list[str]]:
    """The heading of a list of rules in one line, and the rules, each in one line however long."""
    heading, lines = out.rstrip("\n").split("\n\n")
    assert max(map(len, out.splitlines())) <= 100
    return " ".join(heading.split()), lines.replace("\n" + " " * 32, " ").split("\n")


def test_rules_lists_them_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules"]) == 0
    heading, lines = listed(capsys.readouterr().out)
    assert f"({len(RULES)} rules)" in heading
    assert [line.split()[0] for line in lines] == list(RULES)
    for line in lines:
        rule = RULES[line.split()[0]]
        assert line.split()[1] == rule["kind"]
        assert line.endswith(rule["title"] if "not_modelled" not in rule else f"{rule['title']} (not modelled)")


@pytest.mark.parametrize("rule_id", RULES)
def test_every_rule_is_explained(rule_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", rule_id]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    rule = RULES[rule_id]
    assert out.startswith(f"{rule_id} · {rule['title']}\n")
    said = " ".join(out.split())
    assert " ".join(rule["says"].split()) in said
    for need in rule.get("needs", ()):
        assert f"{need}: " in said
    assert (" ".join(rule["not_modelled"].split()) if "not_modelled" in rule else "Executed by ") in said


def test_a_rule_may_be_named_in_lower_case(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "ANC-04"]) == 0
    upper = capsys.readouterr().out
    assert main(["rules", "anc-04"]) == 0
    assert capsys.readouterr().out == upper
    assert "Transitions that rest on it" in upper
    assert "neutropenia_" in upper


@pytest.mark.parametrize("edition", EDITIONS)
def test_rules_of_an_edition(edition: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "--edition", edition]) == 0
    heading, lines = listed(capsys.readouterr().out)
    assert heading.startswith(load_edition(edition).title)
    assert len(lines) == len(load_edition(edition).rules)


@pytest.mark.parametrize("words", [["neutropenia"], ["NEUTROPENIA"], ["think", "of", "G-CSF"], ["ANC-0"], ["72 hours"]])
def test_any_other_text_is_searched_for(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What is found is found again here in the file itself."""
    assert main(["rules", *words]) == 0
    text = " ".join(words).lower()
    wanted = [
        rule_id
        for rule_id, rule in RULES.items()
        if text in rule_id.lower() or text in rule["title"].lower() or text in " ".join(rule["says"].lower().split())
    ]
    heading, lines = listed(capsys.readouterr().out)
    assert f"({len(wanted)} of {len(RULES)} rules)" in heading
    assert [line.split()[0] for line in lines] == wanted
    assert 0 < len(wanted) < len(RULES)


@pytest.mark.parametrize(
    ("text", "near"), [("ANC-99", "ANC-0"), ("AMC-04", "ANC-04"), ("B-EPISODES", "B-EPISODE"), ("xyzzy", "")]
)
def test_what_is_nowhere_is_refused_with_what_is_near(text: str, near: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", text]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"ixastate: edition dosing-text: no rule's id, title or sentence has {text!r} (")
    assert (f"did you mean {near}" in err) if near else ("did you mean" not in err)


# --- replay ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("options", [[], ["--json"]], ids=["timeline", "records"])
def test_every_example_replays(path: Path, options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(path), *options]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert len(out.splitlines()) >= len(path.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_records_of_an_example_replay(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(path), "--json"]) == 0
    records = tmp_path / "records.jsonl"
    records.write_text(capsys.readouterr().out, encoding="utf-8")
    assert main(["replay", str(records), "--json"]) == 0
    assert capsys.readouterr() == (records.read_text(encoding="utf-8"), "")


def test_replay_prints_the_timeline(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(log)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith("Patient (no name) · edition dosing-text · now held for neutrophils\n")
    assert out.endswith("A research and teaching tool, not medical advice.\n")


def test_replay_json_prints_the_records(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(log), "--json"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [record["number"] for record in records] == [1, 2]
    assert records[1]["orders"][-1] == {"verb": "consider_g_csf"}


def test_replay_of_one_patient(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(two), "--patient", "p", "--json"]) == 0
    assert [json.loads(line)["patient"] for line in capsys.readouterr().out.splitlines()] == ["p", "p"]


def test_replay_of_one_patient_reads_the_others_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = log_of(tmp_path, {**START, "patient": "p"}, {**LOW, "patient": "q"})
    assert main(["replay", str(bad), "--patient", "p"]) == 2
    assert f"{bad}:2" in capsys.readouterr().err


def test_replay_under_an_edition(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(log), "--json"]) == 0
    usual = capsys.readouterr().out
    assert main(["replay", str(log), "--edition", "dosing-text", "--json"]) == 0
    assert capsys.readouterr().out == usual


def test_differences_give_exit_code_1_and_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rash = [{"type": "rash_graded", "day": 2, "grade": 0}] * 30
    path = log_of(tmp_path, START, *rash)
    records = [json.loads(line) for line in as_log(*(step.record for step in replay_log(read_log(path)))).splitlines()]
    lines = [json.dumps({**record, "symbols": ["anc_low"]}) for record in records]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert main(["replay", str(path), "--json"]) == 1
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 31
    assert err.splitlines()[0] == f"ixastate: {path}:1: symbols was anc_low, today it is {records[0]['symbols'][0]}"
    assert err.splitlines()[-1] == "ixastate: and 11 more differences"
    assert len(err.splitlines()) == MOST_DIFFERENCES + 1


class Input(io.TextIOWrapper):
    """What sys.stdin is, with these bytes in it."""

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content), encoding="utf-8")


@pytest.mark.parametrize("command", ["replay", "schedule"])
def test_standard_input(
    command: str, log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, str(log)]) == 0
    from_file = capsys.readouterr()
    monkeypatch.setattr(sys, "stdin", Input(log.read_bytes()))
    assert main([command, "-"]) == 0
    assert capsys.readouterr() == from_file


def test_standard_input_has_a_name(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", Input(b"\n{}\n"))
    assert main(["replay", "-"]) == 2
    assert capsys.readouterr().err.startswith("ixastate: standard input:2: the field 'type' is missing (")


# --- schedule -------------------------------------------------------------------------------------------------


def days_of(out: str) -> list[int]:
    return [int(line.split()[1]) for line in out.splitlines() if line.startswith("day ")]


def test_schedule_begins_with_the_day_of_the_last_event(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = log_of(tmp_path, START, {"type": "rash_graded", "day": 9, "grade": 0})
    assert main(["schedule", str(log)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "· days 9 to 36\n" in out
    assert days_of(out) == [*range(9, 23), *range(29, 37)]


def test_schedule_begins_with_day_1_before_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = log_of(tmp_path, {**START, "at": "2026-02-25T07:30:00+01:00"})
    assert main(["schedule", str(log), "--days", "1"]) == 0
    assert days_of(capsys.readouterr().out) == [1]


def test_schedule_of_chosen_days(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schedule", str(log), "--days", "8", "--from-day", "22"]) == 0
    out = capsys.readouterr().out
    assert "· days 22 to 29\n" in out
    assert days_of(out) == [22, 29]
    assert "lenalidomide 25 mg" not in out
    assert "Held, so not due and not made up later: ixazomib and lenalidomide (for neutrophils)\n" in out


def test_schedule_of_the_most_days(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    most = str(MOST_DAYS)
    assert main(["schedule", str(log_of(tmp_path, START)), "--days", most, "--from-day", most]) == 0
    assert days_of(capsys.readouterr().out)[-1] <= 2 * MOST_DAYS


def test_schedule_of_one_patient(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schedule", str(two), "--patient", "q"]) == 0
    assert capsys.readouterr().out.startswith("Patient q · held for neutrophils · days 15 to 42\n")


def test_schedule_writes_a_calendar(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out_file = tmp_path / "doses.ics"
    assert main(["schedule", str(log), "--ics", str(out_file), "--days", "14"]) == 0
    out, err = capsys.readouterr()
    every = icalendar.Calendar.from_ical(out_file.read_bytes()).walk("VEVENT")
    taken_back = [entry for entry in every if entry["status"] == "CANCELLED"]
    assert err == f"2 entries written to {out_file}, {len(taken_back)} taken back\n"
    assert {str(entry["summary"]).split()[0] for entry in taken_back} == {"ixazomib", "lenalidomide"}, "what is held"
    assert days_of(out) == [15, 22]
    entries = [entry for entry in every if entry["status"] == "CONFIRMED"]
    assert [str(entry["summary"]) for entry in entries] == ["dexamethasone 40 mg"] * 2
    assert {path.name for path in tmp_path.iterdir()} == {"log.jsonl", "doses.ics"}


# --- import ---------------------------------------------------------------------------------------------------


def test_import_writes_a_log_that_replays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pandas", reason="pandas is not installed; the test files are written from its tables")
    pytest.importorskip("pyreadstat", reason="the extra sdtm is not installed")
    from tests.test_sdtm import LAB, study

    folder = tmp_path / "study"
    folder.mkdir()
    study(folder, lb=[LAB])
    out_file = tmp_path / "log.jsonl"
    arguments = ["import", "sdtm", str(folder), "--output", str(out_file), "--timezone", "Europe/Berlin"]
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    assert out.startswith("1 subjects, 2 events; rows read: DM 1, LB 1, AE 0")
    assert err == f"2 events written to {out_file}\n"
    events = [line.event for line in read_log(out_file)]
    assert [event.type for event in events] == ["course_started", "platelets_measured"]
    assert getattr(events[0], "timezone", None) == "Europe/Berlin"
    first = out_file.read_bytes()
    assert main(arguments) == 0
    assert out_file.read_bytes() == first
    assert main(["replay", str(out_file)]) == 0


# --- Among other programs -------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["rules"], ["replay", "LOG", "--json"]], ids=["rules", "replay"])
def test_who_has_seen_enough_may_leave(arguments: list[str], tmp_path: Path) -> None:
    """As in `ixastate rules | head -1`; the log is long enough to fill the pipe."""
    rash = [{"type": "rash_graded", "day": 2, "grade": 0}] * 300
    long = log_of(tmp_path, START, *rash)
    reader, writer = os.pipe()
    os.close(reader)
    try:
        command = [*COMMAND, *(argument.replace("LOG", str(long)) for argument in arguments)]
        done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE)
    finally:
        os.close(writer)
    assert done.stderr == b""
    assert done.returncode == 0


def test_an_interruption(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ixastate.rules.load_edition", interrupted)
    assert main(["rules"]) == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("command", ["rules", "replay"])
def test_output_on_a_full_disk(command: str, log: Path) -> None:
    """Exit code 1 would say that the log holds differences."""
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*COMMAND, command, *([str(log)] if command == "replay" else [])], stdout=full, stderr=subprocess.PIPE
        )
    assert b"Traceback" not in done.stderr
    assert done.stderr.startswith(b"ixastate: ")
    assert done.returncode == 2


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_output_in_an_encoding_without_our_signs(encoding: str, log: Path) -> None:
    """As in a Windows pipe, or under the C locale: the signs may be lost, the answer may not."""
    done = run("replay", log, env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"})
    assert b"Traceback" not in done.stderr
    assert done.returncode == 0
    assert b"hold ixazomib; hold lenalidomide; consider G-CSF" in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell closes the streams")
@pytest.mark.parametrize(
    ("arguments", "code"), [("rules >&-", 0), ("replay - <&-", 2)], ids=["standard output", "standard input"]
)
def test_a_closed_stream(arguments: str, code: int) -> None:
    done = subprocess.run(["sh", "-c", f'exec "$0" -m ixastate {arguments}', sys.executable], capture_output=True)
    assert b"Traceback" not in done.stderr
    assert done.returncode == code


@pytest.mark.parametrize("module", ["ixastate", "ixastate.cli", "ixastate.cli.main"])
@pytest.mark.parametrize("arguments", [["--version"], ["replay", "--help"], ["replai"]], ids=" ".join)
def test_every_module_that_may_be_run_is_the_command(
    module: str, arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It answers in the same words, and calls itself `ixastate`, from whatever folder it is run."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=tmp_path,
        env={**os.environ},  # without the width that a library may have set behind Python's back
        capture_output=True,
        text=True,
    )
    assert main(arguments) == done.returncode
    assert capsys.readouterr() == (done.stdout, done.stderr)
    assert "__main__" not in done.stdout + done.stderr


def test_the_module_runs_as_the_command_does(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = run("replay", log, "--json")
    assert main(["replay", str(log), "--json"]) == 0
    assert done.stdout.decode() == capsys.readouterr().out
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_name_that_no_file_can_have_is_told_as_such(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagram", "bedside", "-o", str(tmp_path / f"{'x' * 300}.svg")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "cannot be written: " in err
    assert "standard output" not in err
    assert list(tmp_path.iterdir()) == []


def test_with_standard_error_closed_no_error_is_taken_for_an_answer(tmp_path: Path) -> None:
    command = f"exec 2>&-; exec {sys.executable} -m ixastate replay {tmp_path}/none.jsonl"
    done = subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout) == (2, b"")
