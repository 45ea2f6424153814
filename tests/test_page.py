"""The page: one file that asks for nothing from elsewhere, and the command that writes it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ixastate.cli.main import main
from ixastate.diagrams.bedside import passages, places
from ixastate.errors import InputError, MissingExtra, RulesError
from ixastate.page import picture as pictures
from ixastate.page.page import SCRIPTS, page
from ixastate.page.picture import picture, symbol_words
from ixastate.page.tables import fingerprint, tables
from ixastate.rules import load_edition
from ixastate.table.table import Table

TWO = ("us-label", "dosing-text")
MEGABYTE = 1_000_000


class Elements(HTMLParser):
    """The elements of a page: each with its attributes, and the text of scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {"script": [], "style": []}
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._inside = tag

    def handle_data(self, data: str) -> None:
        if self._inside in self.texts:
            self.texts[self._inside].append(data)

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""


@cache
def written(*editions: str) -> str:
    return page(editions or ("dosing-text",)).decode()


@cache
def elements(*editions: str) -> Elements:
    parsed = Elements()
    parsed.feed(written(*editions))
    return parsed


def test_nothing_comes_from_elsewhere() -> None:
    for tag, attributes in elements().found:
        asked = {name for name in attributes if name in ("src", "srcset", "poster", "action", "data", "xlink:href")}
        assert not asked, f"{tag} asks for {asked}"
        assert tag not in ("link", "iframe", "object", "embed", "img")
        href = attributes.get("href")
        assert href is None or href in {f"#{name}" for _, one in elements().found if (name := one.get("id"))}
    [style] = elements().texts["style"]
    assert "url(" not in style
    assert "@import" not in style


def test_only_its_own_scripts_and_style_may_run() -> None:
    [policy] = [attributes["content"] for tag, attributes in elements().found if attributes.get("http-equiv")]
    assert policy is not None
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    texts = elements().texts
    [data] = [text for text in texts["script"] if text.startswith("{")]
    scripts = [text for text in texts["script"] if text is not data]
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts]
    assert parts["script-src"].split() == [f"'sha256-{digest}'" for digest in digests]
    assert len(scripts) == len(SCRIPTS)
    assert parts["default-src"] == "'none'"
    assert base64.b64encode(hashlib.sha256(texts["style"][0].encode()).digest()).decode() in parts["style-src"]


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_markup_is_made_of_texts_and_nothing_is_asked_of_a_network(name: str) -> None:
    text = Path(pictures.__file__).with_name(name).read_text(encoding="utf-8")
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
        assert forbidden not in text
    for forbidden in ("fetch(", "XMLHttpRequest", "WebSocket", "import(", "localStorage"):
        assert forbidden not in text


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_clause_and_no_limit_stands_in_a_script(name: str) -> None:
    """Neither the id of a rule, nor a symbol, nor a number that a rule states and that would be telling."""
    text = Path(pictures.__file__).with_name(name).read_text(encoding="utf-8")
    code = re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE)
    rules = [rule for rule in load_edition().rules if re.search(rf"\b{rule}\b", code)]
    symbols = [symbol for symbol in Table.of().symbols if re.search(rf"\b{symbol}\b", code)]
    # The placeholder of a search names a rule as an example.
    assert (rules, symbols) == ([], [])
    assert not re.search(r"\b(499|500|29999|30000|72|1\.5|2\.3)\b", code)


@pytest.mark.parametrize(("editions", "most"), [((), 3 * MEGABYTE), (TWO, 7 * MEGABYTE)])
def test_the_file_is_small_enough(editions: tuple[str, ...], most: int) -> None:
    assert len(written(*editions).encode()) < most


def test_the_data_are_those_of_the_tables() -> None:
    [text] = [text for text in elements(*TWO).texts["script"] if text.startswith("{")]
    data = json.loads(text)
    assert [one["edition"] for one in data["editions"]] == list(TWO)
    for one in data["editions"]:
        found = {name: part for name, part in one.items() if name != "picture"}
        assert found == json.loads(json.dumps(tables(one["edition"])))
    assert data["fingerprint"] == fingerprint([one["fingerprint"] for one in data["editions"]])
    assert "<" not in text


def test_the_same_bytes_each_time() -> None:
    assert page() == page()


def test_every_label_has_its_control_and_every_name_is_there_once() -> None:
    names = [attributes["id"] for _, attributes in elements(*TWO).found if "id" in attributes]
    assert len(names) == len(set(names))
    for tag, attributes in elements(*TWO).found:
        for relation in ("for", "aria-labelledby", "aria-controls"):
            if tag != "g" and attributes.get(relation):
                assert attributes[relation] in names


# --- The picture ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edition", ["dosing-text", "us-label"])
def test_every_passage_has_one_arrow(edition: str) -> None:
    table = Table.of(edition)
    drawn = picture(table)
    numbers = {box["id"]: number for number, box in enumerate(drawn["boxes"])}
    assert list(numbers) == list(places(table))
    found = [(one["from"], one["symbol"], one["to"]) for arrow in drawn["arrows"] for one in arrow["passages"]]
    wanted = [(numbers[one.source], table.columns[one.symbol], numbers[one.target]) for one in passages(table)]
    assert sorted(found) == sorted(wanted)
    assert len(set(found)) == len(found)
    titles = re.findall(r"<title>([^<]*)</title>", drawn["svg"])
    assert {f"arrow {number}" for number in range(len(drawn["arrows"]))} <= set(titles)
    assert set(numbers) <= set(titles)


def test_the_words_on_an_arrow_are_clinical() -> None:
    words = symbol_words(load_edition())
    assert words["anc_low"] == "neutrophils 499 /mm3"
    assert words["rash_grade_4"] == "rash grade 4"
    assert words["death"] == "the patient has died"
    assert words["start_4_25"] == "start at 4 and 25 mg"
    labels = " ".join(arrow["label"] for arrow in picture(Table.of())["arrows"])
    assert not [symbol for symbol in Table.of().symbols if re.search(rf"\b{symbol}\b", labels) and "_" in symbol]


# --- Refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "editions", [(), ("dosing-text", "dosing-text"), ("dosing-text", "us-label", "what-if-persist")]
)
def test_a_page_of_other_editions_is_refused(editions: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="one edition or two different ones"):
        page(editions)


def test_an_edition_that_does_not_exist_is_refused() -> None:
    with pytest.raises(RulesError, match="there is no edition 'us'"):
        page(["us"])


def test_without_anything_that_draws_there_is_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(dot: str, kind: str) -> bytes:
        raise MissingExtra("nothing here can draw DOT", where="diagram", remedy="apt install graphviz")

    monkeypatch.setattr(pictures, "render", nothing)
    with pytest.raises(MissingExtra):
        page()


# --- The command ----------------------------------------------------------------------------------------------


def test_the_command_writes_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "machine.html"
    assert main(["page", "-o", str(path)]) == 0
    assert path.read_text(encoding="utf-8") == written()
    assert f"written to {path}" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["page"], "name a file with -o"),
        (["page", "-o", "no-such-folder/machine.html"], "there is no such folder"),
        (["page", "--edition", "us", "-o", "machine.html"], "there is no edition 'us'"),
        (["page", "--beside", "dosing-text", "-o", "machine.html"], "one edition or two different ones"),
    ],
)
def test_the_command_refuses(
    arguments: list[str],
    complaint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert complaint in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
