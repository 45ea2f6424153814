"""Programs under test: right and wrong answers, and every way of not answering, over pipes and over HTTP."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from ixastate.cli.main import main
from ixastate.course.log import read_log
from ixastate.course.replay import replay_log
from ixastate.errors import InputError
from ixastate.rules import load_edition
from ixastate.testing.adapter import Adapter, Fault, InProcess, Program, Server, parse_answer
from ixastate.testing.answers import Difference, differences
from ixastate.testing.conformance import GIVE_UP_AFTER, Summary, conform, run_course, shortened
from ixastate.testing.reports.junit import junit
from ixastate.testing.reports.page import page
from ixastate.testing.reports.report import report
from ixastate.testing.suites.files import write_suite
from tests.kit import START, Sound, anc, answered, of, parrot, plt, some, suite, wrong

THREE = of(
    answered(START, anc(2, 499), anc(3, 500), course="anc-1"),
    answered(START, plt(2, 29_999), plt(3, 30_000), course="plt-1"),
    answered(START, anc(2, 500), course="anc-2"),
)
EDITION = load_edition()


@pytest.fixture
def three(tmp_path: Path) -> Path:
    write_suite(tmp_path / "three.suite", THREE)
    return tmp_path / "three.suite"


def run(command: list[str], **limits: float) -> Summary:
    with Program(command, **{"timeout": 5.0, "startup": 20.0, **limits}) as program:
        return conform(program, THREE)


def faults(summary: Summary) -> list[str | None]:
    return [result.failure and result.failure.fault for result in summary.results]


# --- Right and wrong ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cover", ["boundaries", "walks", "rules+readings"])
def test_a_right_system_conforms(cover: str) -> None:
    summary = conform(InProcess(Sound), suite(cover))
    assert summary.well
    assert len(summary.results) == len(suite(cover).courses)


def test_every_rule_that_a_suite_covers_is_told_as_passed() -> None:
    tallies = conform(InProcess(Sound), suite("rules+readings")).by_rule()
    assert {rule for rule, tally in tallies.items() if tally.word == "not reached"} == {
        *(rule.id for rule in EDITION.rules.values() if not rule.executed_by),
        "B-CORRECTION",  # a suite tells each event as it happens
    }
    assert all(tally.failed == 0 for tally in tallies.values())


def test_a_wrong_answer_is_found_where_it_is() -> None:
    def held_still(event: dict[str, Any], answer: dict[str, Any]) -> None:
        if event["type"] == "platelets_measured":
            answer["ixazomib_held"] = True

    summary = conform(InProcess(wrong(held_still)), THREE)
    assert [result.failure and result.failure.position for result in summary.results] == [None, 2, None]
    [failed] = summary.failures
    assert failed.failure is not None
    assert failed.failure.rule == "PLT-02"
    assert [str(one) for one in failed.failure.differences] == ["ixazomib_held: expected no, got yes"]
    assert not summary.well
    text = "\n".join(report(summary, "it"))
    assert "BROKEN  PLT-02 (line 15) Platelets recovered: the hold ends" in text
    assert "day 3    platelets 30000 /mm3" in text
    assert "3 courses run, 1 wrong" in text


@pytest.mark.parametrize("keys", [["state"], ["ixazomib_mg"], ["due"], ["ixazomib_held", "orders"], ["refused"]])
def test_what_is_left_out_is_not_compared(keys: list[str]) -> None:
    partial = type("Partial", (Sound,), {"keys": keys})
    assert conform(InProcess(partial), some("boundaries", 6)).well


def test_unknown_parts_do_no_harm_but_are_no_answer(three: Path, tmp_path: Path) -> None:
    nothing = type("Nothing", (Sound,), {"keys": []})
    summary = conform(InProcess(nothing), THREE)
    assert not summary.failures
    assert summary.nothing_compared
    assert not summary.well
    assert "ANSWERS NOTHING" in "\n".join(report(summary, "it"))
    assert b"answers nothing" in page(summary, "it")
    assert b"no answer could be compared" in junit(summary, "it")


@pytest.mark.parametrize(
    ("key", "got"),
    [("ixazomib_mg", "4"), ("ixazomib_mg", True), ("ixazomib_held", 0), ("held_for", "none"), ("due", None)],
)
def test_a_part_of_the_wrong_kind_is_wrong(key: str, got: Any) -> None:
    def change(event: dict[str, Any], answer: dict[str, Any]) -> None:
        answer[key] = got

    result = run_course(InProcess(wrong(change)), answered(START), EDITION)
    assert result.failure is not None
    assert [one.key for one in result.failure.differences] == [key]


def test_sets_are_compared_as_sets_and_numbers_as_numbers() -> None:
    def change(event: dict[str, Any], answer: dict[str, Any]) -> None:
        answer["orders"] = [*reversed(answer["orders"]), *answer["orders"]]
        answer["due"] = [{**dose, "mg": float(dose["mg"]), "how": "by mouth"} for dose in reversed(answer["due"])]
        answer["ixazomib_mg"] = None if answer["ixazomib_mg"] is None else float(answer["ixazomib_mg"])

    assert conform(InProcess(wrong(change)), some("boundaries", 6)).well


DUE = [{"drug": "ixazomib", "mg": 4}, {"drug": "lenalidomide", "mg": 25}, {"drug": "dexamethasone", "mg": 40}]


@pytest.mark.parametrize(
    "got",
    [
        [{**DUE[0], "mg": 3}, *DUE[1:]],
        [{**DUE[0], "mg": 4.001}, *DUE[1:]],
        [{**DUE[0], "mg": "4"}, *DUE[1:]],
        [{**DUE[0], "mg": True}, *DUE[1:]],
        [{**DUE[0], "mg": None}, *DUE[1:]],
        [{"drug": "ixazomib"}, *DUE[1:]],
        [{**DUE[0], "drug": "lenalidomide"}, *DUE[1:]],
        [{"drug": "lenalidomide", "mg": 4}, {"drug": "ixazomib", "mg": 25}, DUE[2]],
        DUE[:2],
        [*DUE, DUE[0]],
        [*DUE, {"drug": "aspirin", "mg": 100}],
        [*DUE[:2], "dexamethasone"],
        [],
        "nothing",
    ],
)
def test_another_dose_a_dose_twice_and_a_dose_too_few_are_wrong(got: Any) -> None:
    expected = answered(START).steps[0].expected
    assert expected["due"] == DUE
    assert differences(expected, {"due": got}) == (Difference("due", DUE, got),)


@pytest.mark.parametrize(
    "got", [DUE, DUE[::-1], [{**dose, "mg": float(dose["mg"]), "how": "by mouth", "day": 1} for dose in DUE]]
)
def test_the_same_doses_in_other_words_are_right(got: Any) -> None:
    assert differences(answered(START).steps[0].expected, {"due": got}) == ()


@pytest.mark.parametrize(
    ("key", "got"),
    [
        ("orders", ["start ixazomib at 4 mg", "start lenalidomide at 25 mg"]),
        ("orders", ["start ixazomib at 4 mg", "start lenalidomide at 25 mg", "start dexamethasone at 20 mg"]),
        ("held_for", ["neutrophils"]),
        ("lenalidomide_mg", 24),
        ("lenalidomide_mg", None),
        ("ixazomib_held", None),
        ("phase", "screening"),
        ("refused", True),
        ("state", "active at 3 mg"),
    ],
)
def test_each_part_that_is_not_as_it_should_be_is_the_difference(key: str, got: Any) -> None:
    expected = answered(START).steps[0].expected
    assert differences(expected, {**expected, key: got}) == (Difference(key, expected[key], got),)


def test_the_course_shown_is_made_as_short_as_it_can_be() -> None:
    def twice_low(event: dict[str, Any], answer: dict[str, Any]) -> None:
        if event["type"] == "neutrophils_measured" and event["value"] == 500:
            answer["lenalidomide_held"] = True

    long = of(
        answered(START, plt(2, 29_999), plt(3, 30_000), {"type": "rash_graded", "day": 5, "grade": 2}, anc(9, 500))
    )
    summary = shortened(InProcess(wrong(twice_low)), conform(InProcess(wrong(twice_low)), long))
    [result] = summary.shortest().values()
    assert [step.event["type"] for step in result.test.steps] == ["course_started", "neutrophils_measured"]
    assert len(summary.ran) == 1


# --- What a program may do instead of answering ---------------------------------------------------------------


def test_a_right_program_conforms(three: Path, tmp_path: Path) -> None:
    assert run(parrot(tmp_path, three)).well


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ("hang", "silent", "did not answer within 0.5 s"),
        ("die", "died", "exit code 3; last line of its standard error: Traceback: something broke"),
        ("junk", "junk", "not JSON: 'I am well"),
        ("list", "junk", "no JSON object: '[1, 2]'"),
        ("twice", "twice", "a line without a request"),
        ("late", "twice", "a line without a request"),
        ("lines", "twice", "a line without a request"),
        ("endless", "junk", "longer than"),
        ("close", "died", "it closed its output"),
        ("half", "junk", "not JSON"),
    ],
)
def test_a_fault_is_a_finding_and_the_next_course_goes_on(
    fault: str, kind: str, words: str, three: Path, tmp_path: Path
) -> None:
    # The fifth event lies in the second course; a program that was started anew counts from there.
    summary = run(parrot(tmp_path, three, f"{fault}=5"), timeout=0.5 if fault == "hang" else 10.0)
    assert faults(summary) == [None, kind, None]
    failure = summary.results[1].failure
    assert failure is not None
    assert words in failure.what
    assert failure.rules == ()
    assert "FAULT" in "\n".join(report(summary, "it"))
    assert not summary.well


def test_an_answer_too_many_is_seen_even_when_nothing_else_is_asked(three: Path, tmp_path: Path) -> None:
    summary = run(parrot(tmp_path, three, "twice=8"))
    assert faults(summary)[:2] == [None, None]
    assert summary.results[2].failure is not None
    assert summary.results[2].failure.fault == "twice"


def test_a_flood_on_standard_error_blocks_nothing(three: Path, tmp_path: Path) -> None:
    assert run(parrot(tmp_path, three, "flood=2")).well


def test_a_slow_start_is_waited_for_and_a_slower_one_is_not(three: Path, tmp_path: Path) -> None:
    assert run(parrot(tmp_path, three, "startup=1.0"), timeout=0.9, startup=20.0).well
    summary = run(parrot(tmp_path, three, "startup=5"), timeout=0.1, startup=0.2)
    assert faults(summary) == ["silent"] * 3


def test_a_program_that_never_answers_is_given_up(tmp_path: Path) -> None:
    many = of(*(answered(START, anc(2, 500 + number), course=f"c-{number}") for number in range(GIVE_UP_AFTER + 3)))
    with Program([sys.executable, "-c", ""]) as program:
        summary = conform(program, many)
    assert faults(summary) == ["died"] * GIVE_UP_AFTER
    assert summary.not_run == 3
    assert "3 courses were not run" in "\n".join(report(summary, "it"))


def test_a_program_that_is_not_there_is_wrong_input() -> None:
    with pytest.raises(InputError, match="cannot be run"), Program(["/nowhere/at/all"]) as program:
        conform(program, THREE)


def test_what_a_program_started_ends_with_it(three: Path, tmp_path: Path) -> None:
    """A child that holds the pipes open does not keep us waiting."""
    script = tmp_path / "shell.py"
    script.write_text(
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(tmp_path / 'child')!r}, 'w').write(str(child.pid))\n"
        "time.sleep(60)\n",
        encoding="utf-8",
    )
    summary = run([sys.executable, str(script)], timeout=0.2, startup=1.0)
    assert set(faults(summary)) == {"silent"}
    child = (tmp_path / "child").read_text()
    state = Path(f"/proc/{child}/stat")
    if Path("/proc/self").exists():
        # Soon it is gone, or waits to be collected by whoever adopted it.
        for _ in range(100):
            if not state.exists() or state.read_text().split()[2] == "Z":
                return
            threading.Event().wait(0.1)
        pytest.fail("the child goes on")


def test_an_object_that_raises_or_answers_junk_is_a_finding() -> None:
    class Raises(Sound):
        def observe(self, event: dict[str, Any]) -> dict[str, Any]:
            if event["type"] == "platelets_measured":
                raise ZeroDivisionError("no platelets")
            return super().observe(event)

    class Junk(Sound):
        def observe(self, event: dict[str, Any]) -> Any:
            return "well"

    class Stuck(Sound):
        def close(self) -> None:
            raise ValueError("cannot close")

    summary = conform(InProcess(Raises), THREE)
    assert faults(summary) == [None, "died", None]
    assert "ZeroDivisionError: no platelets" in "\n".join(report(summary, "it"))
    assert faults(conform(InProcess(Junk), THREE)) == ["junk"] * 3
    assert faults(conform(InProcess(Stuck), THREE)) == ["died"] * 3


# --- HTTP -----------------------------------------------------------------------------------------------------


class Handler(BaseHTTPRequestHandler):
    fault = ""
    system: Sound | None = None
    number = 0

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        kind = type(self)
        if request["type"] == "reset":
            kind.system = None
            return self._say(b"{}")
        kind.number += 1
        if kind.number == 5 and self.fault:
            return self._err()
        if kind.system is None:
            kind.system = Sound()
        return self._say(json.dumps(kind.system.observe(request)).encode())

    def _err(self) -> None:
        if self.fault == "status":
            self.send_error(500, "out of order")
        elif self.fault == "junk":
            self._say(b"<html>")
        elif self.fault == "hang":
            threading.Event().wait(2)
            self.close_connection = True
        elif self.fault == "drip":
            self.send_response(200)
            self.end_headers()
            for _ in range(20):
                try:
                    self.wfile.write(b" ")
                    self.wfile.flush()
                except OSError:
                    return
                threading.Event().wait(0.1)
        else:
            self.close_connection = True

    def _say(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    handler = type("OneHandler", (Handler,), {"fault": getattr(request, "param", "")})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as listening:
        listening.daemon_threads = True
        thread = threading.Thread(target=listening.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{listening.server_address[1]}/course"
        listening.shutdown()
        thread.join()


class Redirects(BaseHTTPRequestHandler):
    """To another server, which would answer rightly."""

    to = ""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(302)
        self.send_header("Location", self.to)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


def test_a_redirect_is_no_answer(server: str) -> None:
    handler = type("Handler", (Redirects,), {"to": server})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.05,))
        thread.start()
        with Server(f"http://127.0.0.1:{listening.server_address[1]}/") as adapter:
            with pytest.raises(Fault, match="HTTP status 302: redirects are not followed") as fault:
                adapter.start({"type": "reset"})
            assert fault.value.kind == "died"
            assert server in str(fault.value)
        listening.shutdown()
        thread.join()


@pytest.mark.parametrize(
    "answer",
    [b"", b"no HTTP at all\r\n\r\n", b"HTTP/1.1 banana\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}"],
    ids=["closes", "no HTTP", "no status", "cut short"],
)
def test_what_is_no_http_is_a_fault(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with listening.accept()[0] as connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        with Server(f"http://127.0.0.1:{listening.getsockname()[1]}/") as adapter:
            with pytest.raises(Fault) as fault:
                adapter.start({"type": "reset"})
            assert fault.value.kind == "died"
        thread.join()


@pytest.mark.parametrize(
    "url",
    ["http://", "http:///course", "http://127.0.0.1:99999/", "http://127.0.0.1:x/", "http://[::1", "http://a b/"],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="is no address of a server"):
        Server(url)


@pytest.mark.parametrize("answer", ['{"state": "\\ud800"}', '{"due": ["\\udfff x"]}', '{"\\ud83d": 1}'])
def test_half_a_character_is_no_answer(answer: str) -> None:
    with pytest.raises(Fault, match="half of a character") as fault:
        parse_answer(answer.encode())
    assert fault.value.kind == "junk"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGTERM that a process can act on")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_signal_ends_the_program_under_test_too(name: str, tmp_path: Path) -> None:
    program = tmp_path / "hangs.py"
    program.write_text(
        "import os, pathlib, sys, time\n"
        f"pathlib.Path({str(tmp_path / 'id')!r}).write_text(str(os.getpid()))\n"
        "time.sleep(600)\n"
    )
    command = [sys.executable, "-m", "ixastate", "conform", "--cover", "walks", "--courses", "2", "--startup", "300"]
    number = signal.Signals[name]
    # Where the tests themselves ignore it, as under nohup, a program that they start would ignore it too.
    acting = (
        f"import os, signal, sys; signal.signal({int(number)}, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
    )
    command = [sys.executable, "-c", acting, *command, "--", sys.executable, str(program)]
    conforming = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 240
    try:
        while not ((tmp_path / "id").exists() and (tmp_path / "id").read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        conforming.send_signal(number)
        assert conforming.wait(60) == 128 + number
    finally:
        conforming.kill()
        conforming.wait()
    started = int((tmp_path / "id").read_text())
    while time.monotonic() < deadline:
        try:
            os.kill(started, 0)
        except ProcessLookupError:
            break
        time.sleep(0.05)
    else:
        os.kill(started, signal.SIGKILL)
        pytest.fail("the program under test goes on")


def test_a_right_server_conforms(server: str) -> None:
    with Server(server) as adapter:
        assert conform(adapter, THREE).well


@pytest.mark.parametrize(
    ("server", "kind", "words"),
    [
        ("status", "died", "HTTP status 500"),
        ("junk", "junk", "not JSON"),
        ("hang", "silent", "within 0.5 s"),
        ("drip", "silent", "within 0.5 s"),
        ("close", "died", "connection failed"),
    ],
    indirect=["server"],
)
def test_a_fault_of_a_server_is_a_finding(server: str, kind: str, words: str) -> None:
    with Server(server, timeout=0.5) as adapter:
        summary = conform(adapter, THREE)
    assert faults(summary) == [None, kind, None]
    assert summary.results[1].failure is not None
    assert words in summary.results[1].failure.what


def test_no_server_there_is_wrong_input() -> None:
    with pytest.raises(InputError, match="nothing listens there"), Server("http://127.0.0.1:9", startup=0.3) as adapter:
        conform(adapter, THREE)
    with pytest.raises(InputError, match="no address of a server"):
        Server("ftp://127.0.0.1/")


# --- The command ----------------------------------------------------------------------------------------------


def test_the_command_tells_what_is_wrong_and_writes_it_down(
    three: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lying = tmp_path / "lying.suite"
    lines = three.read_text(encoding="utf-8").replace('"state": "held for neutrophils"', '"state": "active at 4 mg"')
    lying.write_text(lines, encoding="utf-8")
    files = {name: tmp_path / f"report.{name}" for name in ("xml", "html")}
    command = ["conform", "--suite", str(three), "--junit", str(files["xml"]), "--html", str(files["html"])]
    command += ["--save", str(tmp_path / "failing"), "--", *parrot(tmp_path, lying)]
    assert main(command) == 1
    out = capsys.readouterr().out
    assert "BROKEN  ANC-01 (line 12) Neutropenia: both drugs are held" in out
    assert "expected held for neutrophils" in out

    suites = ElementTree.parse(files["xml"]).getroot()
    assert {name: suites.get(name) for name in ("tests", "failures", "errors")} == {
        "tests": "3",
        "failures": "1",
        "errors": "0",
    }
    [failure] = suites.iter("failure")
    assert failure.get("type") == "ANC-01"
    html = files["html"].read_text(encoding="utf-8")
    assert "does not conform" in html
    assert "ANC-01" in html
    assert [part for part in ("<script", "http://", "https://", "src=", "@import") if part in html] == []

    [log] = (tmp_path / "failing").iterdir()
    assert log.name == "ANC-01.jsonl"
    records = [step.record for step in replay_log(read_log(log))]
    assert records[-1].words == "held for neutrophils"
    assert main(["replay", str(log)]) == 0


def test_the_command_is_content_with_a_right_program(three: Path, tmp_path: Path) -> None:
    assert main(["conform", "--suite", str(three), "--", *parrot(tmp_path, three)]) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["conform"], "conform: what is to be tested?"),
        (["conform", "--url", "http://127.0.0.1:9", "--", "x"], "what is to be tested?"),
        (["conform", "--cover", "everything", "--", "true"], "no cover 'everything'"),
        (["conform", "--cover", "edge", "--", "true"], "walks; did you mean edges?)"),
        (["conform", "--cover", "edges", "--suite", "f", "--", "true"], "--cover and --suite are given"),
        (["conform", "--suite", "/no/such/file", "--", "true"], "cannot be read"),
        (["conform", "--suite", "f", "--edition", "us-label", "--", "true"], "names its edition itself"),
        (["conform", "--edition", "no-such", "--", "true"], "no edition 'no-such'"),
        (["conform", "--", "nosuchprogram"], "nosuchprogram: cannot be run: there is no such program"),
        (["conform", "--", "./nosuchprogram"], "./nosuchprogram: cannot be run: there is no such program"),
        (["conform", "--url", "http://127.0.0.1:9/"], "http://127.0.0.1:9/: nothing listens there"),
        (["conform", "--url", "http://127.0.0.1:9/", "--startup", "0.5"], "nothing listens there"),
        (["conform", "--url", "ftp://127.0.0.1/"], "--url: 'ftp://127.0.0.1/' is no address of a server"),
        (["conform", "--url", "http:///path"], "is no address of a server"),
        (["conform", "--url", "http://127.0.0.1:99999/"], "is no address of a server"),
        (
            ["conform", "--junit", "no/such.xml", "--", "true"],
            "no/such.xml: cannot be written: ",
        ),
        (["conform", "--timeout", "0", "--", "x"], "--timeout: '0' is not a number of seconds"),
        (["conform", "--timeout", "x", "--", "x"], "--timeout: 'x' is not a number of seconds"),
        (["conform", "--hypothesis", "0", "--", "x"], "--hypothesis: 0 is out of range (from 1 to 100,000)"),
        (["conform", "--seed", "-1", "--", "x"], "--seed: '-1' is not a whole number"),
        (["suite", "--cover", ""], "what is to be covered?"),
        (["suite", "-o", "no/such.suite"], "cannot be written: there is no such folder"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_arguments_are_answered_before_a_suite_is_made(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def made(*_: Any, **__: Any) -> None:
        raise AssertionError("the suite is made first")

    monkeypatch.setattr("ixastate.testing.suites.make.make_suite", made)
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert words in err
    assert out == ""
    assert len(err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_hypothesis_may_stand_without_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, list[str]]] = []

    def explored(adapter: Adapter, edition: str, examples: int, seed: int) -> Summary:
        asked.append((examples, adapter.name.split()))
        raise KeyboardInterrupt

    monkeypatch.setattr("ixastate.cli.conform._explored", explored)
    for words in (["--hypothesis"], ["--hypothesis", "7"], ["--hypothesis", "--seed", "3"]):
        assert main(["conform", *words, "--", "true", "--hypothesis"]) == 130
    assert main(["conform", "--seed", "3", "--hypothesis", "--", "true", "--hypothesis"]) == 130
    usual = (200, ["true", "--hypothesis"])
    assert asked == [usual, (7, ["true", "--hypothesis"]), usual, usual]


def test_control_characters_do_not_break_the_reports(three: Path, tmp_path: Path) -> None:
    script = tmp_path / "bell.py"
    script.write_text("import sys\nsys.stderr.write('\\x07\\x1b[31m<b>&')\nsys.exit(1)\n", encoding="utf-8")
    summary = run([sys.executable, str(script)])
    assert ElementTree.fromstring(junit(summary, "\x07name")).get("errors") == "3"
    assert b"<b>&" not in page(summary, "<b>&")


def test_the_program_is_not_ours_to_keep(three: Path, tmp_path: Path) -> None:
    program = Program(parrot(tmp_path, three))
    with program:
        conform(program, THREE)
        process = program._process
        assert process is not None
    assert isinstance(process, subprocess.Popen)
    assert process.poll() is not None
    with pytest.raises(Fault, match="whatever"):
        raise Fault("junk", "whatever")


def test_the_public_names_are_what_they_are_called() -> None:
    """No module of the package stands in front of a name."""
    import ixastate.testing

    for name in ixastate.testing.__all__:
        assert getattr(getattr(ixastate.testing, name), "__name__", "") == name
