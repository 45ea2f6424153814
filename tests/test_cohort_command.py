"""The commands of a cohort as a user meets them: what they print, and how they refuse."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

pytest.importorskip("numba", reason="the extra `cohort` is not installed")

import polars as pl

import ixastate.cohort.run.plan
from ixastate.cli.main import main
from ixastate.cli.simulate import answer
from ixastate.cohort import extra
from ixastate.cohort.log.log import as_parquet
from ixastate.cohort.run.plan import BLOCK, Plan, read_model
from ixastate.errors import install_command
from ixastate.table.table import Table
from tests import permissions
from tests.cohort_tools import simulated, small_plan

SMALL = ["--toxicity", "hazards", "--patients", "1500", "--cycles", "4", "--shard-size", str(BLOCK), "--no-figures"]


def files(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The complaint of a command that refuses, with exit code 2."""
    code = main(arguments)
    complaint = capsys.readouterr().err
    assert code == 2, complaint
    assert "Traceback" not in complaint
    return complaint


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulated(tmp_path_factory.mktemp("finished") / "run", small_plan("hazards", patients=1500, cycles=4)).path


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A finished run that a test may damage."""
    return Path(shutil.copytree(finished, tmp_path / "run"))


# --- What goes well -------------------------------------------------------------------------------------------


def test_simulate_from_nothing_to_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here = tmp_path / "deep" / "run"
    assert main(["simulate", *SMALL[:-1], "-o", str(here)]) == 0
    said = capsys.readouterr().out
    assert "1,500 patients, 4 cycles of 28 days" in said
    assert "Relative dose intensity" in said
    assert "not medical advice" in said
    summary = json.loads((here / "summary.json").read_text())
    assert summary["run"]["patients"] == 1500
    assert {file.name for file in (here / "figures").iterdir()} >= {"occupancy.png", "occupancy.svg", "traffic.dot"}

    before = files(here)
    assert main(["simulate", *SMALL[:-1], "-o", str(here)]) == 0
    assert "2 of 2 shards are there already" in capsys.readouterr().err
    assert files(here) == before

    assert main(["replay", str(here), "--patient", "1499"]) == 0
    assert "Patient 1499 · edition dosing-text" in capsys.readouterr().out
    assert main(["replay", str(here), "--patient", "1499", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[0])["patient"] == "1499"
    assert main(["summary", str(here)]) == 0
    assert main(["summary", str(here), str(here)]) == 0


@pytest.mark.parametrize(
    ("commands", "code"),
    [
        (["summary", "RUN"], 0),
        (["summary", "RUN", "--json"], 0),
        (["replay", "RUN", "--patient", "3"], 0),
        (["verify", "RUN", "--sample", "3", "--processes", "1"], 0),
        (["simulate", "--toxicity", "nobody's"], 2),
        (["merge", "no-run"], 2),
        (["validate", "--toxicity", "nobody's"], 2),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else str(value),
)
@pytest.mark.parametrize("words", ["", "compiled kernels are cached elsewhere"])
def test_where_kernels_are_kept_is_said_once(
    commands: list[str],
    code: int,
    words: str,
    run: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One line on standard error where the place is unusual, as in a container, and none where it is usual."""
    monkeypatch.setattr("ixastate.cohort.compiled.remark", lambda: words)
    assert main([str(run) if word == "RUN" else word for word in commands]) == code
    out, err = capsys.readouterr()
    assert [line for line in err.splitlines() if "compiled" in line] == ([words] if words else [])
    assert "compiled" not in out


def test_where_matplotlib_cannot_write_the_figures_are_left_out(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It needs a folder for its own files, and raises OSError at its import where a container has none."""

    class ReadOnly:
        def find_spec(self, name: str, path: object = None, target: object = None) -> None:
            if name == "ixastate.cohort.answers.figures":
                raise OSError("Matplotlib requires access to a writable cache directory")

    monkeypatch.delitem(sys.modules, "ixastate.cohort.answers.figures", raising=False)
    monkeypatch.delattr("ixastate.cohort.answers.figures", raising=False)
    monkeypatch.setattr(sys, "meta_path", [ReadOnly(), *sys.meta_path])
    assert answer(run, figures=True) == 0
    out, err = capsys.readouterr()
    assert err.splitlines()[-1] == (
        "the figures are left out: matplotlib finds no folder that can be written; set MPLCONFIGDIR"
    )
    assert "Next:" in out
    assert "figures:" not in out
    assert (run / "summary.json").is_file()
    assert main(["summary", str(run), "--figures"]) == 0
    assert "1 files written" in capsys.readouterr().err


def test_verify_says_that_nothing_differs(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(finished), "--sample", "12", "--processes", "1"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("no difference: ")
    assert "12 patients" in said


def test_shards_of_an_array_are_merged(finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here = str(tmp_path / "run")
    plan = ["--toxicity", "hazards", "--patients", "1500", "--cycles", "4", "--seed", "7", "--shard-size", str(BLOCK)]
    assert main(["simulate", *plan, "--shards", "1:2", "-o", here]) == 0
    assert "shards 1:2 of 2 written" in capsys.readouterr().out
    assert "1 of 2 shards are missing, the first is 0" in refused(capsys, "merge", here)
    assert "the run is not complete" in refused(capsys, "summary", here)
    assert main(["simulate", *plan, "--shards", ":1", "-o", here]) == 0
    assert main(["merge", here, "--no-figures"]) == 0
    assert files(Path(here)) == files(finished)


def test_the_exact_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "exact.json"
    assert main(["simulate", "--exact", "--toxicity", "hazards", "--cycles", "3", "-o", str(target)]) == 0
    assert "The exact distribution" in capsys.readouterr().out
    assert json.loads(target.read_text())["weeks"] == 12
    assert "has no exact answer" in refused(capsys, "simulate", "--exact", "--cycles", "3")


def test_validation_prints_every_figure(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["validate", "--patients", "300", "--cycles", "3", "--edition", "dosing-text", "--json"])
    checks = json.loads(capsys.readouterr().out)["dosing-text"]
    assert len(checks) == 66
    # Of three cycles nothing is judged but the platelet nadir, which agrees.
    judged = [check for check in checks if check["verdict"] != "not judged"]
    assert [(check["figure"], check["verdict"]) for check in judged] == [("day of the platelet nadir", "agrees")]
    assert code == 0
    assert all(check["words"] for check in checks if check not in judged)


def test_validation_ends_with_1_where_a_figure_differs_and_nothing_explains_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A patient's platelets that are lowest on the first day of the next cycle."""
    text = (resources.files("ixastate.cohort.models") / "pkpd.toml").read_text(encoding="utf-8")
    slow = text.replace("value = -3.20", "value = -4.6").replace("value = -3.21", "value = -4.6")
    (tmp_path / "slow.toml").write_text(slow)
    arguments = ["validate", "--patients", "100", "--cycles", "1", "--edition", "us-label"]
    assert main([*arguments, "--toxicity", str(tmp_path / "slow.toml")]) == 1
    assert "DIFFERS" in capsys.readouterr().out


def test_a_picture_of_the_validation_is_refused_before_anything_is_simulated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, complaint in (("plot.pdf", "is no kind of picture"), ("missing/plot.svg", "there is no such folder")):
        assert main(["validate", "--figure", str(tmp_path / name)]) == 2
        said = capsys.readouterr()
        assert complaint in said.err
        assert "validating" not in said.err
        assert not list(tmp_path.iterdir())


# --- Arguments ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--patients", "0"], "--patients: 0 is out of range (from 1 on)"),
        (["--patients", "-3"], "--patients: '-3' is not a whole number"),
        (["--patients", "4294967296"], "patients: 4294967296"),
        (["--patients", "1.5"], "'1.5' is not a whole number"),
        (["--patients", "1.5e0"], "'1.5e0' is not a whole number"),
        (["--patients", "1e6.5"], "'1e6.5' is not a whole number"),
        (["--patients", "1,5"], "'1,5' is not a whole number"),
        (["--patients", "many"], "'many' is not a whole number"),
        (["--cycles", "0"], "--cycles: 0 is out of range"),
        (["--cycles", "251"], "cycles: 251"),
        (["--seed", "-1"], "--seed: '-1' is not a whole number"),
        (["--seed", str(2**64)], "seed: 18446744073709551616"),
        (["--shard-size", "1000"], "shard: 1000"),
        (["--shard-size", "1025"], "not a whole number of blocks (a multiple of 1024)"),
        (["--edition", "smpc"], "smpc"),
        (["--toxicity", "severe"], "'severe' is neither a model nor a file"),
        (["--threads", "0"], "--threads: 0 is out of range (from 1 on)"),
        (["--shards", "1"], "'1' are no shards of this run (a:b with 0 <= a < b <= 1"),
        (["--shards", "1:1"], "'1:1' are no shards"),
        (["--shards", "0:2"], "'0:2' are no shards"),
        (["--shards", "-1:1"], "'-1:1' are no shards"),
        (["--shards", "a:b"], "'a:b' are no shards"),
        (["--engine", "spark"], "--engine: there is no engine 'spark' (one of: threads, dask)"),
        (["--engine", "dask", "--scheduler", "tcp://127.0.0.1:9"], "no scheduler answers at tcp://127.0.0.1:9"),
        (["--engine", "dask", "--scheduler", "nowhere"], "--scheduler: 'nowhere' is no address"),
        (["--scheduler", "tcp://127.0.0.1:1"], "a scheduler without dask (add --engine dask)"),
        (["--engine", "dask", "--scheduler-file", "no-such.json"], "no-such.json: there is no such file"),
        (["--engine", "dask", "--scheduler", "tcp://x", "--scheduler-file", "y"], "two schedulers"),
    ],
)
def test_impossible_arguments_are_refused(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    complaint: str,
) -> None:
    """And before the machine is read, which takes longest."""
    monkeypatch.setattr(Table, "of", staticmethod(never))
    monkeypatch.setattr(ixastate.cohort.run.plan, "arrays_of", never)
    whole = {"--toxicity": "hazards", "--patients": "10", "--cycles": "2"}
    usual = [part for name, value in whole.items() if name not in arguments for part in (name, value)]
    # An argument that looks like another one must be tied to its name.
    tied = [f"{arguments[0]}={arguments[1]}", *arguments[2:]]
    here = tmp_path / "run"
    assert complaint in refused(capsys, "simulate", *usual, *tied, "-o", str(here))
    assert not here.exists()


def never(*_: object) -> None:
    raise AssertionError("the machine is read")


def test_parameters_that_cannot_be_are_refused_before_the_machine_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ixastate.cohort.run.plan, "arrays_of", never)
    text = read_model("published").text
    file = tmp_path / "mine.toml"
    for content, complaint in (
        ("number = 1", "it names no model"),
        ("model = ", "not TOML"),
        (text.replace("value = ", "value = -1e9 + ", 1), "not TOML"),
        (f'{text}\n[mine]\nnumber = {{ value = 1, unit = "1", source = "s" }}\n', "no such parameter"),
    ):
        file.write_text(content, encoding="utf-8")
        assert complaint in refused(capsys, "simulate", "--toxicity", str(file), "-o", str(tmp_path / "run"))
        assert not (tmp_path / "run").exists()


def test_the_places_of_output_are_looked_at_before_the_machine_is_read(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ixastate.cohort.run.plan, "arrays_of", never)
    before = files(run)
    assert "it holds another run: patients 1500, not 10" in refused(
        capsys, "simulate", *SMALL[:2], "--patients", "10", *SMALL[4:], "-o", str(run)
    )
    assert files(run) == before
    target = tmp_path / "no" / "exact.json"
    assert "there is no such folder" in refused(
        capsys, "simulate", "--exact", "--toxicity", "hazards", "-o", str(target)
    )


@pytest.mark.parametrize("patients", ["1500", "1,500", "1_500", "1.5e3", "15e2"])
def test_a_number_may_be_written_in_many_ways(
    patients: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    planned: list[int] = []

    def plan(plan: Plan) -> None:
        planned.append(plan.patients)
        raise KeyboardInterrupt

    monkeypatch.setattr(ixastate.cohort.run.plan, "run_context", plan)
    assert main(["simulate", "--patients", patients, "-o", str(tmp_path / "run")]) == 130
    assert planned == [1500]


@pytest.mark.skipif(os.name == "nt", reason="another shell has other quotes")
def test_the_next_commands_can_be_typed_as_they_stand(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a directory whose name needs quotes; a shell takes them apart."""
    here = tmp_path / "it's a run"
    shutil.copytree(finished, here)
    assert main(["merge", str(here), "--no-figures"]) == 0
    said = capsys.readouterr().out.split("\nNext:\n")[1].splitlines()
    commands = [line.strip() for line in said if line.startswith("  ixastate ")]
    assert [command.split()[1] for command in commands] == ["summary", "verify", "replay"]
    for command in commands:
        words = shlex.split(command)
        assert words[2] == str(here)
        assert main([*words[1:], *(["--processes", "1"] if words[1] == "verify" else [])]) == 0


def test_tables_fit_the_width(
    finished: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No number is lost; columns that do not fit stand below, behind the first one again."""
    said: dict[str, list[str]] = {}
    for width in ("60", "100", "200"):
        monkeypatch.setenv("COLUMNS", width)
        for arguments in ([str(finished)], [str(finished), str(finished)]):
            assert main(["summary", *arguments]) == 0
            out = capsys.readouterr().out
            assert max(map(len, out.splitlines())) <= int(width)
            said.setdefault(str(len(arguments)), []).append(out)
        assert main(["summary", str(finished), "--json"]) == 0
        said.setdefault("json", []).append(capsys.readouterr().out)
    assert len(set(said["json"])) == 1
    narrow, _, wide = said["1"]
    assert set(wide.split()) - set(narrow.split()) == set()


def test_a_run_needs_a_directory(capsys: pytest.CaptureFixture[str]) -> None:
    assert "name the directory" in refused(capsys, "simulate", *SMALL)


@pytest.mark.parametrize("patient", [None, "-1", "x", "1500", "1_0"])
def test_which_patient_to_replay(run: Path, capsys: pytest.CaptureFixture[str], patient: str | None) -> None:
    asked = [] if patient is None else [f"--patient={patient}"]
    assert "from 0 to 1499" in refused(capsys, "replay", str(run), *asked)


def test_a_cohort_is_replayed_under_its_own_edition(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "was simulated under dosing-text" in refused(
        capsys, "replay", str(run), "--patient", "1", "--edition", "us-label"
    )


# --- Directories ----------------------------------------------------------------------------------------------


def test_a_foreign_directory_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "letters.txt").write_text("mine")
    assert "it holds no cohort, and is not empty" in refused(capsys, "simulate", *SMALL, "-o", str(tmp_path))
    assert files(tmp_path) == {"letters.txt": b"mine"}
    for command in (["merge"], ["verify"], ["summary"]):
        assert "no cohort" in refused(capsys, *command, str(tmp_path))


def test_a_directory_of_another_run_is_left_alone(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = files(run)
    complaint = refused(capsys, "simulate", *SMALL, "--seed", "8", "-o", str(run))
    assert "it holds another run: seed 7, not 8" in complaint
    assert files(run) == before


def test_a_directory_that_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    assert "it is a file" in refused(capsys, "simulate", *SMALL, "-o", str(file))
    assert "cannot be written" in refused(capsys, "simulate", *SMALL, "-o", str(file / "run"))
    assert file.read_text() == "mine"
    assert "there is no such directory" in refused(capsys, "verify", str(tmp_path / "nothing"))


@permissions.needed
def test_a_directory_without_leave_to_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tmp_path.chmod(0o500)
    assert "cannot be written" in refused(capsys, "simulate", *SMALL, "-o", str(tmp_path / "run"))


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": "another"}', '{"format": "ixastate cohort 1"}'])
def test_a_damaged_manifest(run: Path, capsys: pytest.CaptureFixture[str], content: str) -> None:
    (run / "manifest.json").write_text(content)
    for command in (["verify"], ["summary"], ["merge"], ["replay", "--patient", "1"]):
        complaint = refused(capsys, *command[:1], str(run), *command[1:])
        assert "manifest" in complaint or "not complete" in complaint


@pytest.mark.parametrize("damage", ["cut", "emptied", "changed", "removed"])
def test_a_damaged_file(run: Path, capsys: pytest.CaptureFixture[str], damage: str) -> None:
    for kind, commands in {
        "events": (["summary"], ["verify"], ["replay", "--patient", "1200"]),
        "patients": (["summary"], ["verify"]),
    }.items():
        file = run / kind / "00001.parquet"
        content = file.read_bytes()
        if damage == "removed":
            file.unlink()
        else:
            middle = len(content) // 2
            flipped = content[:middle] + bytes(byte ^ 255 for byte in content[middle : middle + 40])
            file.write_bytes(
                {"cut": content[:-50], "emptied": b"", "changed": flipped + content[middle + 40 :]}[damage]
            )
        for command in commands:
            complaint = refused(capsys, *command[:1], str(run), *command[1:])
            assert f"{kind}/00001.parquet is missing or damaged" in complaint, command
        file.write_bytes(content)


def to_another_chart(run: Path) -> None:
    """As if another chart had made it: every file says so, and every digest fits."""
    manifest = json.loads((run / "manifest.json").read_text())
    del manifest["manifest"]
    manifest["fingerprint"] = "0" * 64
    for name in manifest["files"]:
        said = {**pl.read_parquet_metadata(run / name), "ixastate.fingerprint": "0" * 64}
        content = as_parquet(pl.read_parquet(run / name), {key: said[key] for key in said if "ixastate" in key})
        (run / name).write_bytes(content)
        digest = manifest["files"][name] = hashlib.sha256(content).hexdigest()
        kind, shard = Path(name).parts
        record = run / "shards" / Path(shard).with_suffix(".json").name
        if record.exists():
            finished = json.loads(record.read_text())
            finished["files"][kind] = digest
            record.write_text(json.dumps(finished))
    text = json.dumps(manifest, indent=1, sort_keys=True) + "\n"
    again = {**manifest, "manifest": hashlib.sha256(text.encode()).hexdigest()}
    (run / "manifest.json").write_text(json.dumps(again, indent=1, sort_keys=True) + "\n")


def test_a_log_of_another_chart(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    to_another_chart(run)
    before = files(run)
    for command in (["verify"], ["replay", "--patient", "1"], ["merge"]):
        assert "other rules or another chart" in refused(capsys, *command[:1], str(run), *command[1:])
    assert "other rules or another chart" in refused(
        capsys, "simulate", *SMALL, "--seed", "7", "--cycles", "4", "-o", str(run)
    )
    assert files(run) == before
    # What the run says of itself can still be read.
    assert main(["summary", str(run)]) == 0


# --- A full disk ----------------------------------------------------------------------------------------------


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few kilobytes."""
    here = tmp_path / "disk"
    here.mkdir()
    mounted = (
        shutil.which("mount")
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", str(here)], capture_output=True, check=False
        ).returncode
    )
    if not mounted:
        pytest.skip("no small file system can be mounted here")
    yield here
    subprocess.run(["umount", str(here)], check=True)


def test_a_full_disk(tiny_disk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["simulate", *SMALL, "--seed", "7", "-o", str(tiny_disk / "run")]
    complaint = refused(capsys, *arguments)
    assert "cannot be written: No space left on device" in complaint
    assert not [file for file in files(tiny_disk / "run") if Path(file).name.startswith(".")]
    subprocess.run(["mount", "-o", "remount,size=64m", str(tiny_disk)], check=True)
    assert main(arguments) == 0


LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))
from ixastate.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(os.name != "posix", reason="this system has no limits on files")
def test_a_file_that_may_grow_no_further(tmp_path: Path) -> None:
    here = tmp_path / "run"
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, "simulate", *SMALL, "-o", str(here)],
        capture_output=True,
        text=True,
        check=False,
        # Under the limit coverage.py could not write what it measured, and would complain.
        env={name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")},
    )
    assert done.returncode == 2
    assert "cannot be written: File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert [file for file in files(here) if "parquet" in file] == []


# --- Without the extra ----------------------------------------------------------------------------------------


def test_without_the_libraries_the_remedy_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = extra.find_spec
    monkeypatch.setattr(extra, "find_spec", lambda name: None if name == "polars" else found(name))
    for command in (["simulate", *SMALL, "-o"], ["verify"], ["merge"], ["summary"]):
        complaint = refused(capsys, *command, str(tmp_path))
        assert f"polars is not installed ({install_command('cohort')})" in complaint
