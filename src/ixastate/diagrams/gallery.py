"""The folder of committed pictures: its contents, written and compared with what is committed (golden files).

The DOT files, the table of transitions and the README are golden: they are compared byte by byte. The SVG files are a
courtesy, for engines differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from ixastate.course.log import read_log
from ixastate.course.replay import replay_log
from ixastate.diagrams import transitions
from ixastate.diagrams.dot import write
from ixastate.diagrams.model import Drawing
from ixastate.diagrams.render import render
from ixastate.diagrams.slices import PRESETS
from ixastate.diagrams.views import drawing, graph_of
from ixastate.files import write_whole
from ixastate.rules import DEFAULT_EDITION, EDITIONS
from ixastate.table.slot import read_slot

RULES = ("ANC-06", "PLT-03", "DOSE-10", "B-FIRSTEVER", "B-LENFLOOR", "B-UPGRADE")
WORKED_COURSE = Path("examples") / "worked-course.jsonl"
# As seen from the folder of pictures.
CASES = "../tests/cases/"
README, TRANSITIONS = "README.md", "transitions.md"
HEAD = """\
# Diagrams

Drawn from the chart by `ixastate diagram --all`; `ixastate diagram --check` lists the files that are not current.
In an SVG that is opened by itself, the words on a line show the text of its clauses when the pointer rests on them, and
lead to a worked case of the first clause; a box shows its meaning. Borders, dashes and weights repeat what the colours
show, so a grey print loses nothing.

[transitions.md](transitions.md) is the same chart as a table, one transition per line.
"""


def pictures(root: Path) -> Iterator[Drawing]:
    """Every picture of the folder, in the order of its README. `root` is the project's, for the worked course."""
    yield drawing("bedside")
    yield drawing("chart")
    for region in graph_of().regions:
        yield drawing("region", region)
    yield drawing("slot")
    for preset in PRESETS:
        yield drawing("slice", preset)
    records = [step.record for step in replay_log(read_log(root / WORKED_COURSE))]
    yield replace(drawing("path", records=records), name="path-worked-course")
    yield replace(drawing("chart", records=records), name="lit-worked-course")
    for rule_id in RULES:
        yield drawing("rule", rule_id)


def golden(root: Path) -> dict[str, str]:
    """The text of every golden file by its name."""
    drawings = list(pictures(root))
    files = {f"{one.name}.dot": write(one, cases=CASES, pictures=".svg") for one in drawings}
    shown = [
        f"\n## {one.name}\n\n{one.title}. [DOT]({one.name}.dot)\n\n![{one.name}]({one.name}.svg)\n" for one in drawings
    ]
    # The default edition comes first; the others are compared with it.
    editions = sorted(EDITIONS, key=lambda name: name != DEFAULT_EDITION)
    moves = transitions.write([*map(graph_of, editions)]) + transitions.write_slot(read_slot())
    return {**files, README: HEAD + "".join(shown), TRANSITIONS: moves}


def write_all(folder: Path) -> Iterator[str]:
    """Write the folder and name each file written: all texts, then the pictures.

    `MissingExtra` when nothing here can draw; the texts are then written all the same.
    """
    texts = golden(folder.absolute().parent)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        write_whole(folder / name, text.encode())
        yield name
    for name in _drawn(texts):
        write_whole((folder / name).with_suffix(".svg"), render(texts[name], "svg"))
        yield Path(name).with_suffix(".svg").name


def check(folder: Path) -> list[str]:
    """Each stale, missing or surplus file of the folder, with that word before its name."""
    texts = golden(folder.absolute().parent)
    problems = []
    for name, text in texts.items():
        file = folder / name
        if not file.is_file():
            problems.append(f"missing: {name}")
        elif file.read_bytes() != text.encode():
            problems.append(f"stale: {name}")
    expected = {*texts, *(Path(name).with_suffix(".svg").name for name in _drawn(texts))}
    present = sorted(file.name for file in folder.iterdir()) if folder.is_dir() else []
    return problems + [f"surplus: {name}" for name in present if name not in expected]


def _drawn(texts: Mapping[str, str]) -> list[str]:
    return [name for name in texts if Path(name).suffix == ".dot"]
