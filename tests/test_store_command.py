"""`ixastate store`: what a person types, and what comes back."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="the extra `store` is not installed")

from sqlalchemy import update

from ixastate.cli.main import main
from ixastate.cli.store import COMMANDS, VARIABLE
from ixastate.course.log import read_log
from ixastate.store.store import Store
from ixastate.store.tables import events
from tests.store_tools import START, count

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
WORKED = str(EXAMPLES / "worked-course.jsonl")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(VARIABLE, raising=False)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    assert main(["store", *words]) == code
    out, err = capsys.readouterr()
    return err if code == 2 else out


def test_the_examples_run_in_their_order(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(EXAMPLES, here / "examples")
    lines = [line for entry in COMMANDS.values() for line in entry.examples]
    ran = 0
    for line in lines:
        words = shlex.split(line)
        if "my-cohort" in words or any("postgresql" in word for word in words) or words[2:3] == ["follow"]:
            continue
        assert main(words[1:]) == 0, line
        ran += 1
    assert ran >= 9
    capsys.readouterr()


def test_a_log_in_and_out(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "courses.db")
    assert said(capsys, "ingest", WORKED) == "17 events of 1 patient: 17 new, 0 there already, in courses.db\n"
    assert said(capsys, "ingest", WORKED) == "17 events of 1 patient: 0 new, 17 there already, in courses.db\n"
    assert main(["replay", WORKED]) == 0
    timeline = capsys.readouterr().out
    assert said(capsys, "replay", "") == timeline
    assert main(["replay", WORKED, "--json"]) == 0
    records = capsys.readouterr().out
    assert said(capsys, "replay", "", "--json") == records
    exported = said(capsys, "export")
    assert said(capsys, "export", "--patient", "") == exported
    assert said(capsys, "export", "-o", "out.jsonl") == ""
    assert Path("out.jsonl").read_text() == exported
    assert [line.event for line in read_log(Path("out.jsonl"))] == [line.event for line in read_log(Path(WORKED))]


def test_standard_input_is_a_log(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Input:
        buffer = io.BytesIO(Path(WORKED).read_bytes())

    monkeypatch.setattr(sys, "stdin", Input())
    assert said(capsys, "ingest", "-", "--store", "courses.db", "--patient", "p1").startswith(
        "17 events of 1 patient: 17 new"
    )
    with Store("courses.db") as store:
        assert [name for name, _ in store.patients()] == ["p1"]


def test_a_cohort_is_poured_in_and_out_unchanged(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("numba", reason="the extra `cohort` is not installed")
    from ixastate.cohort.run.run import Run
    from ixastate.store.questions import dose_intensity
    from ixastate.store.verification import verify

    arguments = ["--patients", "60", "--cycles", "6", "--edition", "us-label", "--no-figures"]
    assert main(["simulate", *arguments, "-o", "run"]) == 0
    capsys.readouterr()
    text = said(capsys, "ingest", "run", "--store", "courses.db")
    run = Run.open(Path("run"))
    size = f"{run.manifest['events']:,}"
    assert text == f"{size} events of 60 patients: {size} new, 0 there already, in courses.db\n"
    assert f"0 new, {size} there already" in said(capsys, "ingest", "run", "--store", "courses.db")
    for patient in ("0", "7", "59"):
        assert main(["replay", "run", "--patient", patient, "--json"]) == 0
        simulated = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        text = said(capsys, "replay", patient, "--store", "courses.db", "--json")
        # In a store an event says whose it is.
        named = [{**one, "event": {**one["event"], "patient": patient}} for one in simulated]
        assert [json.loads(line) for line in text.splitlines()] == named
    refused = said(capsys, "ingest", "run", "--store", "courses.db", "--patient", "p", code=2)
    assert "--patient: the patients of a cohort have names" in refused
    said(capsys, "counts", "--store", "courses.db")
    with Store("courses.db") as store:
        assert verify(store).findings == ()
        assert {edition for _, edition in store.patients()} == {"us-label"}
        rows = {(row["patient"], row["cycle"], row["drug"]): row for row in dose_intensity(store)}
    booked = run.collect(run.cycles)
    latest = dict(run.collect(run.events).group_by("patient").max().select("patient", "cycle").iter_rows())
    compared = 0
    for row in booked.iter_rows(named=True):
        # Of the cycle of the latest event, and of those after it, a store knows a part.
        if row["cycle"] >= latest[row["patient"]]:
            continue
        for drug in ("ixazomib", "lenalidomide", "dexamethasone"):
            found = rows[str(row["patient"]), row["cycle"], drug]
            for what in ("given_mg10", "planned_mg10"):
                assert found[what] == row[f"{drug}_{what}"]
            compared += 1
    assert compared > 500


def test_what_was_changed_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "ingest", WORKED, "--store", "courses.db")
    text = said(capsys, "verify", "--store", "courses.db")
    with Store("courses.db") as store:
        digest = store.head().digest.hex()
        assert text.split() == ["as", "it", "was", "written:", "17", "events", "of", "1", "patient;", "digest", digest]
        with store.database.writing() as connection:
            connection.execute(update(events).where(events.c.position == 3).values(digest=b"0" * 32))
    text = said(capsys, "verify", "--store", "courses.db", code=1)
    assert "position 3: its digest does not fit" in text
    assert text.endswith("2 findings in 17 events of 1 patient\n")


def test_the_worklist_and_the_counts(capsys: pytest.CaptureFixture[str]) -> None:
    path = Path("log.jsonl")
    path.write_text("".join(f"{json.dumps({'patient': 'p', **fact})}\n" for fact in (START, count(8, 0.4))))
    said(capsys, "ingest", str(path), "--store", "courses.db")
    moment = ["--on", "2026-03-17T12:00:00+01:00", "--store", "courses.db"]
    text = said(capsys, "worklist", *moment)
    assert "held: 1\n  p  neutrophils  ixazomib for 8 days, lenalidomide for 8 days\n" in text
    found = json.loads(said(capsys, "worklist", "--json", *moment))
    assert found["held"][0]["days"] == {"ixazomib": 8, "lenalidomide": 8}
    text = said(capsys, "counts", "--store", "courses.db")
    assert "  ixazomib         50.0%\n" in text
    assert re.search(r"^  ANC-01 +1 event of 1 patient$", text, re.M)
    found = json.loads(said(capsys, "counts", "--json", "--store", "courses.db"))
    assert {row["rule"]: row["events"] for row in found["rules"]}["ANC-01"] == 1
    of_day_1_and_8 = {"given_mg10": 800, "planned_mg10": 800}
    assert found["doses"][0] == {"patient": "p", "cycle": 1, "drug": "dexamethasone", **of_day_1_and_8}
    assert "it should have timezone info" in said(
        capsys, "worklist", "--on", "2026-03-17T12:00:00", "--store", "courses.db", code=2
    )


def test_follow_prints_what_is_new(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "ingest", str(EXAMPLES / "corrected-count.jsonl"), "--store", "courses.db")
    whole = said(capsys, "follow", "--once", "--store", "courses.db").splitlines()
    with Store("courses.db") as store:
        last = store.head().position
    assert [int(line.split()[0]) for line in whole] == list(range(1, last + 1))
    assert (
        said(capsys, "follow", "--once", "--after", str(last - 1), "--store", "courses.db").splitlines() == whole[-1:]
    )
    lines = said(capsys, "follow", "--once", "--json", "--store", "courses.db").splitlines()
    exported = said(capsys, "export", "--store", "courses.db").splitlines()
    assert [json.loads(line)["event"] for line in lines] == [json.loads(line) for line in exported]
    assert [json.loads(line)["position"] for line in lines] == list(range(1, last + 1))


def test_follow_goes_on_until_it_is_interrupted(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "ingest", WORKED, "--store", "courses.db")
    command = [sys.executable, "-m", "ixastate", "store", "follow", "--after", "16", "--store", "courses.db"]
    follower = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert follower.stdout is not None
    assert follower.stdout.readline().startswith("17  (no name)  neutrophils 1.1")
    said(capsys, "ingest", WORKED, "--store", "courses.db", "--patient", "p1")
    seen = [follower.stdout.readline().split()[:2] for _ in range(17)]
    assert seen == [[str(18 + number), "p1"] for number in range(17)]
    follower.terminate()
    assert follower.wait(30) == 143
    assert follower.stderr is not None
    assert follower.stderr.read() == ""
    follower.stdout.close()
    follower.stderr.close()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "store: which command? (one of: ingest, "),
        (["verify"], "--store: which store?"),
        (["verify", "--store", "courses.db"], "courses.db: there is no such store"),
        (["ingest", "nothing.jsonl", "--store", "courses.db"], "nothing.jsonl: there is no such file"),
        (["ingest", WORKED, "--store", "nowhere/courses.db"], "nowhere/courses.db: the database cannot be used: "),
        (
            ["ingest", WORKED, "--store", "mysql://me:secret@host/db"],
            "--store: mysql is no database that is known here",
        ),
        (["ingest", WORKED, "--store", "courses.db", "--patient", ""], "'' cannot name a patient"),
        (["ingest", WORKED, "--store", "sqlite:///courses.db?mode=ro"], "a file of SQLite takes no options"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_made(
    here: Path, capsys: pytest.CaptureFixture[str], words: list[str], complaint: str
) -> None:
    text = said(capsys, *words, code=2)
    assert complaint in text
    assert "secret" not in text
    assert list(here.glob("nowhere*")) == []


def test_a_patient_who_is_not_there(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "ingest", WORKED, "--store", "courses.db", "--patient", "p1")
    for words in (["replay", "p2"], ["export", "--patient", "p2"], ["export", "-o", "x.jsonl", "--patient", "p2"]):
        assert "there is no patient 'p2' (it has p1)" in said(capsys, *words, "--store", "courses.db", code=2)
    assert not (here / "x.jsonl").exists()


@pytest.mark.parametrize("name", ["courses.db", "courses.db-wal", "folder/../courses.db", "link"])
def test_a_store_is_not_written_over_by_its_log(here: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    said(capsys, "ingest", WORKED, "--store", "courses.db")
    (here / "folder").mkdir()
    (here / "link").symlink_to("courses.db")
    assert "it is the store itself" in said(capsys, "export", "-o", name, "--store", "courses.db", code=2)
    assert said(capsys, "verify", "--store", "courses.db").startswith("as it was written: 17 events of 1 patient")


def test_a_log_may_come_through_a_pipe(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(here / "pipe")
    writer = threading.Thread(target=lambda: (here / "pipe").write_bytes(Path(WORKED).read_bytes()))
    writer.start()
    assert said(capsys, "ingest", "pipe", "--store", "courses.db").startswith("17 events of 1 patient: 17 new")
    writer.join(30)
