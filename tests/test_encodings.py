"""Text in and out: data read with or without a byte order mark, data written in UTF-8 whatever the console."""

from __future__ import annotations

import codecs
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ixastate.cli.main import main
from ixastate.cli.terminal import PLAIN, in_plain_signs
from ixastate.course.course import Course
from ixastate.course.log import read_log
from ixastate.errors import InputError
from ixastate.testing.adapter import Program, parse_answer
from ixastate.testing.suites.files import read_suite, write_suite
from tests.kit import START, anc, answered, of

# Names that differ in one letter outside ASCII: in one byte, in two, in three, and in four.
NAMES = ("Märta", "Mårta", "Łucja", "Źucja", "患者一", "患者二", "𝒳", "𝒴")
# The encodings of consoles; each lacks some of these names, and utf-16 even writes ASCII otherwise.
CONSOLES = ("ascii", "cp1252", "cp437", "cp1250", "shift_jis", "utf-16", "utf-8")
LF, CRLF = b"\n", b"\r\n"


def lines(*facts: dict[str, object], end: bytes = LF) -> bytes:
    return b"".join(json.dumps(fact, ensure_ascii=False).encode() + end for fact in facts)


def other_toxicity(term: str) -> dict[str, object]:
    return {"type": "other_toxicity_graded", "day": 8, "term": term, "grade": 3}


def log_of(*names: str) -> bytes:
    return b"".join(lines({**START, "patient": name}, {**anc(8, 420), "patient": name}) for name in names)


# --- Read: with or without a byte order mark ---------------------------------------------------------------------


@pytest.mark.parametrize("end", [LF, CRLF], ids=["lf", "crlf"])
@pytest.mark.parametrize(
    "marked",
    [
        lambda one, two: codecs.BOM_UTF8 + one + two,
        lambda one, two: codecs.BOM_UTF8 + codecs.BOM_UTF8 + one + two,
        lambda one, two: codecs.BOM_UTF8 + one + codecs.BOM_UTF8 + two,  # two files joined
        lambda one, two: codecs.BOM_UTF8 + b"\n" + one + two + codecs.BOM_UTF8,
    ],
    ids=["first", "twice", "joined", "alone on a line"],
)
def test_a_log_is_read_with_a_byte_order_mark(
    marked: Callable[[bytes, bytes], bytes],
    end: bytes,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, two = lines(START, end=end), lines(anc(8, 420), end=end)
    plain, log = tmp_path / "plain.jsonl", tmp_path / "marked.jsonl"
    plain.write_bytes(one + two)
    log.write_bytes(marked(one, two))
    assert [line.event for line in read_log(log)] == [line.event for line in read_log(plain)]
    assert main(["replay", str(plain)]) == 0
    expected = capsys.readouterr()
    assert main(["replay", str(log)]) == 0
    assert capsys.readouterr() == expected
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(log.read_bytes()), encoding="ascii"))
    assert main(["replay", "-"]) == 0
    assert capsys.readouterr() == expected


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (codecs.BOM_UTF8, "there is no event in it"),
        (codecs.BOM_UTF8 + b'{"type": "fi\xe8vre"}', "byte 16 is not UTF-8 text"),
        (codecs.BOM_UTF8 + b'{"type": "rash_graded", "day": 8, "grade": 9}', ": grade: "),
        (codecs.BOM_UTF8[:2] + lines(START), "byte 1 is not UTF-8 text"),
        (("\ufeff" + lines(START).decode()).encode("utf-16-be"), "it is UTF-16; save it as UTF-8"),
        (("\ufeff" + lines(START).decode()).encode("utf-16-le"), "it is UTF-16; save it as UTF-8"),
    ],
    ids=["nothing", "latin-1", "grade 9", "half a mark", "utf-16-be", "utf-16-le"],
)
def test_a_mark_does_not_hide_what_is_wrong(content: bytes, what: str, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(content)
    with pytest.raises(InputError, match=what):
        list(read_log(log))


def test_a_suite_is_read_with_a_mark(tmp_path: Path) -> None:
    made = of(answered(START, anc(2, 499)))
    plain, marked = tmp_path / "plain.suite", tmp_path / "marked.suite"
    write_suite(plain, made)
    marked.write_bytes(codecs.BOM_UTF8 + plain.read_bytes().replace(LF, CRLF))
    assert read_suite(marked) == read_suite(plain) == made


def test_an_answer_is_read_with_a_mark(tmp_path: Path) -> None:
    assert parse_answer(codecs.BOM_UTF8 + b'{"state": "active at 4 mg"}\r\n') == {"state": "active at 4 mg"}
    script = tmp_path / "program.py"
    script.write_text(
        "import sys\nout = sys.stdout.buffer\nout.write(bytes.fromhex('efbbbf'))\n"
        "for line in sys.stdin:\n    out.write(b'{}\\r\\n')\n    out.flush()\n"
    )
    with Program([sys.executable, str(script)], startup=20) as program:
        assert program.start(START) == {}
        assert program.observe(anc(8, 420)) == {}


def test_a_snapshot_is_resumed_with_a_mark() -> None:
    course = Course("Märta")
    for fact in (START, anc(8, 420)):
        course.observe(fact)
    saved = course.snapshot().model_dump_json()
    for form in ("\ufeff" + saved, codecs.BOM_UTF8 + saved.encode()):
        assert Course.resume(form).snapshot() == course.snapshot()
    with pytest.raises(InputError, match="snapshot"):
        Course.resume(codecs.BOM_UTF8)


def test_a_model_is_read_with_a_mark(tmp_path: Path) -> None:
    pytest.importorskip("numba", reason="the extra `cohort` is not installed")
    from importlib.resources import files

    from ixastate.cohort.run.simulation import plan_of

    text = files("ixastate.cohort.models").joinpath("hazards.toml").read_text(encoding="utf-8")
    plain, marked = tmp_path / "plain.toml", tmp_path / "marked.toml"
    plain.write_bytes(text.encode())
    marked.write_bytes(codecs.BOM_UTF8 + text.replace("\n", "\r\n").encode())
    # The same plan, and so the same digest.
    assert plan_of(10, 1, 1, "dosing-text", str(marked)) == plan_of(10, 1, 1, "dosing-text", str(plain))


# --- Written: UTF-8 whatever the console -------------------------------------------------------------------------


class Console(io.TextIOWrapper):
    """Standard output as a console or a pipe of this encoding, with the line ends of Windows."""

    def __init__(self, encoding: str) -> None:
        self.bytes = io.BytesIO()
        super().__init__(self.bytes, encoding=encoding, newline="\r\n")

    def written(self) -> bytes:
        self.flush()
        return self.bytes.getvalue()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.jsonl"
    path.write_bytes(log_of(*NAMES))
    return path


def printed(arguments: list[str], encoding: str, monkeypatch: pytest.MonkeyPatch, code: int = 0) -> bytes:
    console = Console(encoding)
    with monkeypatch.context() as changed:
        changed.setattr(sys, "stdout", console)
        assert main(arguments) == code
        return console.written()


DATA = [
    ["replay", "LOG", "--json"],
    ["diagram", "path", NAMES[0], "--patient", "LOG"],
    ["export", "xstate"],
    ["export", "scxml"],
    ["export", "xstate-setup"],
    ["suite", "--schema"],
    ["suite"],
]


@pytest.mark.parametrize("arguments", DATA, ids=lambda arguments: " ".join(arguments[:2]))
def test_data_are_utf_8_on_every_console(arguments: list[str], log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ixastate.cli.suite.make", lambda *options: of(answered(START, other_toxicity("Übelkeit"))))
    words = [str(log) if word == "LOG" else word for word in arguments]
    wanted = printed(words, "utf-8", monkeypatch)
    assert wanted.decode().endswith("\n")
    assert b"\r" not in wanted
    for encoding in CONSOLES:
        assert printed(words, encoding, monkeypatch) == wanted, encoding


def test_the_answers_of_a_cohort_are_utf_8_on_every_console(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`summary --json` and `validate --json` write by the same door; what they hold is put into their hands here."""
    pytest.importorskip("numba", reason="the extra `cohort` is not installed")
    from ixastate.cohort.answers import summary, summary_text, validate
    from ixastate.cohort.run import plan
    from ixastate.cohort.run.run import Run

    answers = {"name": "Märta ≥ 3"}
    monkeypatch.setattr(Run, "open", classmethod(lambda cls, path: None))
    monkeypatch.setattr(summary, "as_json", lambda run: answers)
    monkeypatch.setattr(summary_text, "lines", lambda answers, width: [])
    monkeypatch.setattr(validate, "validate", lambda *arguments: [])
    monkeypatch.setattr(plan, "arrays_of", lambda edition: None)
    for encoding in CONSOLES:
        out = printed(["summary", str(tmp_path), "--json"], encoding, monkeypatch)
        assert json.loads(out) == answers
        assert "Märta ≥ 3".encode() in out
        out = printed(["validate", "--json", "--edition", "dosing-text"], encoding, monkeypatch)
        assert out == b'{\n "dosing-text": []\n}\n'


@pytest.mark.parametrize("encoding", CONSOLES)
def test_what_is_written_is_read_again(encoding: str, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = log.with_name("records.jsonl")
    records.write_bytes(printed(["replay", str(log), "--json"], encoding, monkeypatch))
    assert [line.event.patient for line in read_log(records)] == [name for name in NAMES for _ in range(2)]
    assert printed(["replay", str(records), "--json"], encoding, monkeypatch) == records.read_bytes()


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "cp1252:strict"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    ],
    ids=str,
)
def test_a_process_writes_utf_8_under_every_locale(environment: dict[str, str], log: Path) -> None:
    usual = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG"))}
    command = [sys.executable, "-m", "ixastate", "replay"]
    out = subprocess.run([*command, "--json", log], env={**usual, **environment}, capture_output=True, check=True)
    assert [json.loads(line)["patient"] for line in out.stdout.splitlines()] == [name for name in NAMES for _ in "12"]
    assert out.stderr == b""


# --- For people: what a console cannot show ----------------------------------------------------------------------


@pytest.mark.parametrize("encoding", CONSOLES)
@pytest.mark.parametrize(
    "arguments",
    [["replay", "LOG"], ["schedule", "LOG", "--patient", NAMES[2]], ["rules"], ["rules", "ANC-01"], ["--help"]],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_a_text_is_shown_on_every_console(
    arguments: list[str], encoding: str, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [str(log) if word == "LOG" else word for word in arguments]
    shown = printed(words, encoding, monkeypatch).decode(encoding)
    # On a console that has every sign the text is as it is meant; on another one it has as many lines.
    meant = printed(words, "utf-8", monkeypatch).decode()
    assert (shown == meant) == (
        encoding.startswith("utf") or meant == meant.encode(encoding, "ignore").decode(encoding)
    )
    assert shown.count("\n") == meant.count("\n")


@pytest.mark.parametrize("encoding", CONSOLES)
def test_two_names_stay_two(encoding: str, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = printed(["replay", str(log)], encoding, monkeypatch).decode(encoding)
    headings = [line.split()[1] for line in shown.splitlines() if line.startswith("Patient ")]
    assert len(set(headings)) == len(headings) == len(NAMES)


@pytest.mark.parametrize(
    ("encoding", "text", "shown"),
    [
        ("ascii", "now held · 0.8 × ULN → ½", r"now held - 0.8 x ULN -> \xbd"),
        ("cp1252", "now held · 0.8 × ULN → ½", "now held · 0.8 × ULN -> ½"),
        ("cp437", "── · ─", "── · ─"),
        ("ascii", "──", "--"),
        ("latin-1", "Łucja…", r"\u0141ucja..."),
        ("ascii", "𝒳", r"\U0001d4b3"),
        ("ascii", "\udce9", r"\udce9"),  # a byte of a path that is no UTF-8
    ],
)
def test_what_a_console_lacks_is_written_in_plain_signs(encoding: str, text: str, shown: str) -> None:
    codecs.register_error("plain signs", in_plain_signs)
    assert text.encode(encoding, "plain signs").decode(encoding) == shown


def test_every_sign_of_the_texts_has_a_plain_one() -> None:
    """The signs outside ASCII in what the package says to people; pictures and tables of spellings are no such text."""
    source = Path(__file__).resolve().parents[1] / "src" / "ixastate"
    paths = [path for room in ("cli", "course", "proofs", "testing") for path in (source / room).rglob("*.py")]
    texts = [path.read_text(encoding="utf-8") for path in [*paths, source / "orders.py", source / "words.py"]]
    assert {sign for text in texts for sign in text if not sign.isascii()} <= set(map(chr, PLAIN))
