"""The page in a real browser: a lesson by clicks and by keys alone, links, logs, and the proof of equality once more.

It needs Playwright and a Chromium of the system, and says so where they are not here.
"""

from __future__ import annotations

import base64
import json
import shutil
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ixastate.course.course import Course
from ixastate.page.page import page
from tests.page_tools import DRIVER, as_json, differences, in_python
from tests.test_page_machine import MEANINGS, START, suites, whole, worked

sync_api = pytest.importorskip("playwright.sync_api", reason="a browser is driven by Playwright, which is not here")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
EDITION = "dosing-text"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("page")
    (made / "machine.html").write_bytes(page([EDITION]))
    (made / "two.html").write_bytes(page([EDITION, "what-if-stack-b"]))
    return made


class Tab:
    """A tab with the page in it. What it complains of and what it asks for is kept."""

    def __init__(self, browser: Any, address: str, **options: Any) -> None:
        self.context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.open(address)

    def open(self, address: str) -> None:
        self.page.goto("about:blank")
        self.asked.clear()
        self.page.goto(address)
        self.page.wait_for_selector("html[data-ready]")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def on_day(self, day: int) -> None:
        self.page.fill("#day", str(day))

    @property
    def state(self) -> str:
        return str(self.page.locator(".state").first.text_content())

    @property
    def orders(self) -> list[str]:
        return list(self.page.locator(".orders li").all_text_contents())

    @property
    def alert(self) -> str:
        return str(self.page.locator("#alert").text_content())

    def load(self, name: str, text: str) -> None:
        self.page.set_input_files("#load", {"name": name, "mimeType": "text/plain", "buffer": text.encode()})


@pytest.fixture
def tab(browser: Any, folder: Path) -> Iterator[Tab]:
    opened = Tab(browser, (folder / "machine.html").as_uri())
    yield opened
    assert opened.complaints == []
    assert all(url.startswith(("file:", "blob:", "data:")) for url in opened.asked)
    opened.context.close()


# --- A lesson -------------------------------------------------------------------------------------------------


def test_a_lesson_by_clicks(tab: Tab) -> None:
    assert tab.state == "Screening"
    tab.press("Report it")
    assert tab.state == "Active at 4 mg"
    tab.on_day(15)
    tab.press("Neutrophils")
    tab.press("499 /mm3")
    assert tab.state == "Held for neutrophils"
    assert tab.orders == ["Hold ixazomib", "Hold lenalidomide", "Consider G-CSF"]
    lit = tab.page.locator("#clauses li.lit .id").all_text_contents()
    assert "ANC-01" in lit
    assert tab.page.locator(".drawing .node.lit").get_attribute("aria-label") == "Arrow: neutrophils 499 /mm3"
    assert "held for" in tab.page.locator(".drawing .node.at").get_attribute("aria-label")
    tab.on_day(22)
    tab.press("500 /mm3")
    assert tab.state == "Active at 3 mg"
    assert "Reduce ixazomib to 3 mg" in tab.orders
    tab.on_day(30)
    tab.press("Platelets")
    tab.press("29,999 /mm3")
    assert tab.state == "Held for platelets"
    tab.on_day(33)
    tab.press("Neuropathy")
    tab.page.locator("#form [data-field=grade]").select_option("2")
    tab.page.get_by_label("With pain").check()
    tab.press("Report it")
    assert tab.state == "Held for platelets, neuropathy"
    tab.press("Undo")
    assert tab.state == "Held for platelets"
    tab.press("Redo")
    assert tab.state == "Held for platelets, neuropathy"
    tab.press("Show event 2")
    assert tab.state == "Held for neutrophils"
    tab.on_day(40)
    tab.press("Toxicity is intolerable")
    tab.press("Report it")
    assert tab.state == "Discontinued"
    tab.press("Start again")
    assert tab.state == "Screening"


def test_a_lesson_by_keys(tab: Tab) -> None:
    """The form of the start has the focus of nobody; each control is reached by Tab and pressed by Enter."""

    def reach(name: str) -> None:
        for _ in range(400):
            tab.page.keyboard.press("Tab")
            words = tab.page.evaluate(
                "(document.activeElement.getAttribute('aria-label') || document.activeElement.textContent).trim()"
            )
            if words == name:
                return
        pytest.fail(f"no Tab reaches {name!r}")

    reach("Report it")
    tab.page.keyboard.press("Enter")
    assert tab.state == "Active at 4 mg"
    reach("Next day")
    tab.page.keyboard.press("Enter")
    reach("Neutrophils")
    tab.page.keyboard.press("Enter")
    reach("499 /mm3")
    tab.page.keyboard.press("Enter")
    assert tab.state == "Held for neutrophils"
    reach("Arrow: neutrophils 500 /mm3")
    tab.page.keyboard.press("Enter")
    assert "Chosen: the arrow" in tab.page.locator("#chosen").text_content()
    assert "ANC-02" in tab.page.locator("#clauses li.chosen .id").all_text_contents()


def test_the_picture_and_the_clauses_answer_each_other(tab: Tab) -> None:
    tab.page.locator("#filter").fill("ANC-02")
    tab.page.locator("#clauses").get_by_role("button", name="ANC-02", exact=True).click()
    labels = [node.get_attribute("aria-label") for node in tab.page.locator(".drawing .node.chosen").all()]
    assert "Arrow: neutrophils 500 /mm3" in labels
    tab.page.get_by_role("button", name="State: held for rash (both drugs)").click()
    assert "RASH-03" in tab.page.locator("#clauses li.chosen .id").all_text_contents()


@pytest.mark.parametrize("width", [1280, 768, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_window(browser: Any, folder: Path, width: int, scheme: str) -> None:
    tab = Tab(browser, (folder / "two.html").as_uri(), color_scheme=scheme)
    tab.page.set_viewport_size({"width": width, "height": 900})
    tab.press("Report it")
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= width
    tab.context.close()


# --- Refused, linked, saved, loaded ---------------------------------------------------------------------------


def test_what_is_refused_moves_nothing(tab: Tab) -> None:
    tab.press("Report it")
    tab.on_day(10)
    tab.press("Neutrophils")
    tab.press("499 /mm3")
    tab.on_day(9)
    tab.press("500 /mm3")
    assert "time goes backwards: day 9 comes after day 10" in tab.alert
    assert tab.state == "Held for neutrophils"
    tab.on_day(11)
    tab.page.locator("#form [data-part=value]").fill("100")
    tab.page.locator("#form [data-part=comparator]").select_option(">")
    tab.press("Report it")
    assert "leaves open on which side of 500/mm3" in tab.alert
    assert "B-COMPARATOR" in tab.alert


def test_a_link_carries_the_course(tab: Tab, folder: Path, browser: Any) -> None:
    tab.press("Report it")
    tab.on_day(15)
    tab.press("Neutrophils")
    tab.press("499 /mm3")
    tab.press("Link to this course")
    tab.page.wait_for_selector("#note:not([hidden])")
    address = tab.page.evaluate("location.href")
    tab.open(address)
    assert tab.state == "Held for neutrophils"
    assert tab.page.locator("#note").text_content() == "The link: 2 events."
    other = Tab(browser, address.replace("machine.html", "two.html"))
    assert "made by a page of other tables" in other.page.locator("#note").text_content()
    assert other.state == "Held for neutrophils"
    other.context.close()
    tab.open(address.split("course=")[0] + "course=nothing")
    assert tab.alert == "The link is damaged: its course cannot be read."


def test_a_log_is_saved_and_loaded_and_replays_in_python(tab: Tab, tmp_path: Path) -> None:
    tab.press("Report it")
    tab.on_day(15)
    tab.press("Neutrophils")
    tab.press("499 /mm3")
    with tab.page.expect_download() as saved:
        tab.press("Save the log")
    path = tmp_path / "course.jsonl"
    saved.value.save_as(path)
    course = Course(edition=EDITION)
    for line in path.read_text(encoding="utf-8").splitlines():
        course.observe(json.loads(line))
    assert course.status.words == "held for neutrophils"
    tab.press("Start again")
    tab.load("course.jsonl", path.read_text(encoding="utf-8"))
    tab.page.wait_for_selector("#note:not([hidden])")
    assert tab.state == "Held for neutrophils"


STRANGE = "<img src=x onerror=alert(1)> \u202eabc 😀 </script><b>"


def test_what_is_loaded_stays_text(tab: Tab) -> None:
    lines = [
        {**START, "patient": "<b>P</b>"},
        {
            "type": "other_toxicity_graded",
            "patient": "<b>P</b>",
            "day": 3,
            "term": "<img src=x onerror=alert(1)> 😀",
            "grade": 3,
        },
    ]
    tab.load("log.jsonl", "".join(f"{json.dumps(line)}\n" for line in lines))
    tab.page.wait_for_selector("#note:not([hidden])")
    assert tab.state == "Held for other"
    assert "<img src=x onerror=alert(1)>" in tab.page.locator("#records").text_content()
    assert tab.page.locator("main img, main b").count() == 0
    tab.load("log.jsonl", json.dumps({"type": STRANGE}))
    tab.page.wait_for_selector("#alert:not([hidden])")
    assert "is no kind of event that this page knows" in tab.alert
    assert tab.state == "Held for other"


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("", "there is no event in it"),
        ("nothing", "line 1: it is no JSON"),
        ("[1]", "line 1: a line holds one JSON object"),
        (json.dumps({**START, "recorded_at": "2026-03-02T08:00:00Z"}), "not when each was recorded (recorded_at)"),
        (json.dumps({"type": "event_withdrawn", "withdraws": "a"}), "no line that corrects or withdraws one"),
    ],
)
def test_a_log_that_is_not_for_the_page_is_refused_with_a_sentence(line: str, complaint: str, tab: Tab) -> None:
    tab.load("log.jsonl", line)
    tab.page.wait_for_selector("#alert:not([hidden])")
    assert complaint in tab.alert
    assert tab.state == "Screening"


def test_a_log_of_ten_thousand_events(tab: Tab) -> None:
    lines = [START]
    for number in range(9999):
        value = 499 if number % 2 else 501
        lines.append({"type": "neutrophils_measured", "day": 2 + number // 2, "value": value, "unit": "/mm3"})
    tab.load("long.jsonl", "".join(f"{json.dumps(line)}\n" for line in lines))
    tab.page.wait_for_selector("#note:not([hidden])", timeout=60_000)
    assert tab.page.locator("#note").text_content() == "long.jsonl: 10000 events."
    ((*_, last),) = in_python([lines], EDITION)
    assert tab.state.lower() == last["words"]


def test_two_readings_and_where_they_part(browser: Any, folder: Path) -> None:
    tab = Tab(browser, (folder / "two.html").as_uri())
    events = [
        START,
        {"type": "neutrophils_measured", "day": 2, "value": 499, "unit": "/mm3"},
        {"type": "platelets_measured", "day": 3, "value": 100, "unit": "/mm3"},
        {"type": "neuropathy_graded", "day": 4, "grade": 3},
    ]
    events += [
        {"type": "neutrophils_measured", "day": 5, "value": 500, "unit": "/mm3"},
        {"type": "platelets_measured", "day": 6, "value": 30000, "unit": "/mm3"},
        {"type": "neuropathy_graded", "day": 7, "grade": 1, "physician_agrees": True},
    ]
    states = []
    for edition in (EDITION, "what-if-stack-b"):
        course = Course(edition=edition)
        states.append([course.observe(event).words for event in events][-1])
    tab.load("log.jsonl", "".join(f"{json.dumps(line)}\n" for line in events))
    tab.page.wait_for_selector("#note:not([hidden])")
    assert [words.lower() for words in tab.page.locator(".state").all_text_contents()] == states
    assert len(set(states)) == 2
    assert tab.page.locator("#parted").text_content().startswith("The two part at event 7, day 7: Neuropathy: grade 1")
    assert tab.complaints == []
    tab.context.close()


# --- Equality in the browser ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def driven(browser: Any, folder: Path) -> Iterator[Any]:
    """A tab in which the driver of the tests stands beside the page's own machine."""
    tab = Tab(browser, (folder / "machine.html").as_uri(), bypass_csp=True)
    driver = DRIVER.read_text(encoding="utf-8")
    functions = driver[driver.index("function wholeTable") : driver.index("main(process")]
    tab.page.add_script_tag(content=functions.replace("Buffer.from(numbers.buffer)", "numbers"))
    tab.page.evaluate(
        "async () => { globalThis.asked = await ixastateMachine.open("
        "JSON.parse(document.getElementById('data').textContent).editions[0]); }"
    )
    yield tab.page
    tab.context.close()


def test_every_move_in_the_browser(driven: Any) -> None:
    text = driven.evaluate(
        "() => { const bytes = new Uint8Array(wholeTable(ixastateMachine, asked).buffer); let text = '';"
        "for (let at = 0; at < bytes.length; at += 32768)"
        "  text += String.fromCharCode(...bytes.subarray(at, at + 32768));"
        "return btoa(text); }"
    )
    numbers = array("i")
    numbers.frombytes(base64.b64decode(text))
    assert numbers == whole(EDITION)


@pytest.mark.parametrize("which", ["worked", "boundaries", "pairs", "walks", *MEANINGS])
def test_courses_in_the_browser(driven: Any, which: str) -> None:
    courses = worked() if which == "worked" else list(MEANINGS[which](EDITION)) if which in MEANINGS else suites(which)
    plain = json.loads(json.dumps(courses, default=as_json))
    ours = driven.evaluate("(courses) => courses.map((one) => answered(ixastateMachine, asked, one, 0))", plain)
    assert differences(courses, ours, in_python(courses, EDITION)) == []
