"""Names in pictures stand as they are written, whatever they mean to the engine that draws: read back from the SVG."""

from __future__ import annotations

import html
import re
import shutil
import string
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ixastate.cli.main import main
from ixastate.course.course import Course
from ixastate.diagrams import dot, mermaid
from ixastate.diagrams.lit import lit
from ixastate.diagrams.model import Arrow, Box, Drawing, Frame
from ixastate.diagrams.path import path
from ixastate.diagrams.render import _in_process, render
from ixastate.diagrams.views import graph_of
from tests.kit import START

draws = pytest.mark.skipif(
    shutil.which("dot") is None and find_spec("pygraphviz") is None, reason="neither dot nor pygraphviz is here"
)
SVG, TITLE = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}title"
# Escapes of labels, entities, HTML, quotes, what ends a line or a text, and what Mermaid and Markdown read.
NASTY = (
    *(f"{before}{letter}" for before in ("\\", "\\\\", "\\\\\\") for letter in "GNEHTLnlr"),
    *("&amp;", "&lt;b&gt;", "&#92;G", "&#65;", "&nbsp;", "&", "&&amp;amp;", "&x;", "#35;", "#quot;"),
    *("<b>", "<b>bold</b>", "<", ">", "<!-- -->", "<br/>", "]]>", "</svg>", "<![CDATA["),
    *('"', '\\"', '\\\\"', '";', '"]; x [label="y', "'", "\\", "\\\\", "a\\", "}", "{a|b}", "a:b", "->", "//", "/*"),
    *("%", "%s", "100 %", "%%{init: {}}%%", "%%", "`md`", "**bold**", "$$x^2$$", "~~no~~", "[[x]]", "(x)", "|x|"),
    *("Märta", "患者", "مريض", "𝒳", "a  b", "end", "strict", "digraph", "1. one", "- one", "# one", "---"),
)
NAMES = (
    st.one_of(
        st.lists(st.sampled_from(NASTY), min_size=1, max_size=4).map("".join),
        st.text(st.sampled_from(string.ascii_letters + string.punctuation + " äß→·\u202f"), min_size=1, max_size=12),
    )
    .map(str.strip)
    .filter(lambda name: bool(name) and name.isprintable())
)


def named(name: str) -> Drawing:
    """A picture in which every part that has words has these."""
    return Drawing(
        "names",
        name,
        (name,),
        (Box("one", name, "given", "frame", name), Box("two", name, "held", "frame")),
        (
            Arrow(("one",), ("two",), name, tooltip=name),
            Arrow(("one",), ("two",), f"{name}\n{name}", kind="hold", tooltip=f"{name}\n{name}"),
            Arrow(("two",), ("two",), f"{name}\n{name}", kind="stay", tooltip=name),
            Arrow(("two",), ("two",), name, kind="stay", tooltip=name),
        ),
        (Frame("frame", name),),
    )


def texts(svg: bytes) -> list[str]:
    return [text for node in ElementTree.fromstring(svg).iter(f"{SVG}text") for text in [shown(node.text)] if text]


def tooltips(svg: bytes) -> set[str]:
    links = ElementTree.fromstring(svg).iter(f"{SVG}a")
    return {line for link in links for text in (link.get(TITLE) or "").split("\n") for line in [shown(text)] if line}


def shown(text: str | None) -> str:
    """A text as it is seen: Graphviz writes blanks that must not fall together as no-break spaces."""
    return (text or "").replace("\N{NO-BREAK SPACE}", " ").strip()


# --- DOT -------------------------------------------------------------------------------------------------------


@draws
@pytest.mark.parametrize("names", [NASTY[place : place + 12] for place in range(0, len(NASTY), 12)], ids=" ".join)
def test_a_nasty_name_is_shown_as_it_is_written(names: tuple[str, ...]) -> None:
    for name in names:
        svg = render(dot.write(named(name)), "svg")
        # Title, legend, frame, two boxes; labels of one line and of two; a note of three lines.
        assert texts(svg) == [name] * len(texts(svg)), name
        assert len(texts(svg)) == 11
        assert tooltips(svg) == {name}


@draws
@settings(max_examples=60)
@given(NAMES)
@example("S\\N1 \\G \\L x")
def test_any_name_is_shown_as_it_is_written(name: str) -> None:
    svg = render(dot.write(named(name)), "svg")
    assert set(texts(svg)) == {name}
    assert tooltips(svg) == {name}


@pytest.mark.skipif(find_spec("pygraphviz") is None, reason="pygraphviz is not installed")
def test_the_other_engine_shows_the_same() -> None:
    """It brings a later version of Graphviz."""
    if int(__import__("pygraphviz").__version__.split(".")[0]) < 2:
        pytest.skip("before version 2 pygraphviz needs the program too")
    for name in NASTY[::4]:
        svg = _in_process(dot.write(named(name)), "svg", [])
        assert set(texts(svg)) == {name}
        assert tooltips(svg) == {name}


# --- The views that write what a user wrote --------------------------------------------------------------------


def course(patient: str, term: str) -> Course:
    made = Course(patient)
    for fact in (
        START,
        {"type": "other_toxicity_graded", "day": 8, "term": term, "grade": 3},
        {"type": "other_toxicity_graded", "day": 10, "term": term, "grade": 1},
    ):
        made.observe(fact)
    return made


@draws
@pytest.mark.parametrize("name", ["S\\N1 \\G \\L x", "<b>&lt;\\l</b>", '"; \\"x', "%s \\\\N &amp; ünı"])
def test_a_path_and_a_lit_chart_show_the_patient_and_the_term(name: str) -> None:
    seen = course(name, name)
    graph = graph_of()
    for drawing in (path(graph, seen.records), lit(graph, seen.records)):
        svg = render(dot.write(drawing), "svg")
        assert drawing.title.startswith(("The path of", "The way of"))
        assert any(f" of {name} " in text for text in texts(svg))
        assert any(f" of {name} " in text for text in tooltips(svg))
    # A term is kept in small letters.
    svg = render(dot.write(path(graph, seen.records)), "svg")
    (term,) = {record.event.term for record in seen.records[1:]}  # type: ignore[union-attr]  # all are of one kind
    assert " ".join(texts(svg)).count(f"{term} grade ") == 2  # an arrow, and a note beside a box
    assert any(term in text for text in tooltips(svg))


@draws
def test_the_command_shows_a_name_as_it_is_written(tmp_path: Path) -> None:
    from ixastate.course.log import write_log

    name = "\\N \\G &lt;x&gt; \\l"
    write_log(tmp_path / "log.jsonl", [record.event for record in course(name, name).records])
    target = tmp_path / "path.svg"
    assert main(["diagram", "path", "--patient", str(tmp_path / "log.jsonl"), "-o", str(target)]) == 0
    (term,) = {text for text in texts(target.read_bytes()) if "grade 3" in text and "clearly" not in text}
    assert term.startswith("\\n \\g &lt;x&gt; \\l grade 3")


# --- Mermaid ---------------------------------------------------------------------------------------------------


def mermaid_labels(text: str) -> list[str]:
    """The labels of a flowchart: quoted, with its codes of marks and its line breaks."""
    lines = [line for line in text.split("\n---\n", 1)[1].splitlines() if not line.startswith("%%")]
    quoted = [label for line in lines for label in re.findall('"([^"]*)"', line)]
    coded = [re.sub(r"#(\d+|[a-z]+);", lambda code: f"&{'#' * code[1].isdigit()}{code[1]};", one) for one in quoted]
    return [html.unescape(line) for one in coded for line in one.split("<br/>")]


@settings(max_examples=200)
@given(NAMES)
@example("\\n %%{init: {}}%% `x` $$y$$ **z** #35; &amp;")
def test_a_mermaid_label_holds_the_name_and_no_mark_of_mermaids(name: str) -> None:
    text = mermaid.write(named(name))
    assert mermaid_labels(text) == [name] * 9
    for mark in ("\\", "`", "%%{", "$$", "**", "~~", "&"):
        assert mark not in text.split("\n---\n", 1)[1].replace(f"%% {name}\n", "").replace(" & ", "")


def test_the_title_of_a_mermaid_picture_is_one_line_of_yaml() -> None:
    yaml = pytest.importorskip("yaml", reason="no reader of YAML is here")
    for name in NASTY:
        head = mermaid.write(named(name)).split("\n---\n", 1)[0].removeprefix("---\n")
        assert yaml.safe_load(head) == {"title": name}
