"""The pictures: the same bytes in every process, true to the Graph and the Table, and current in the repository."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ixastate.chart.guards import Leaf
from ixastate.course.course import Course, Record
from ixastate.course.log import read_log
from ixastate.course.replay import replay_log
from ixastate.diagrams import dot, gallery, mermaid, transitions
from ixastate.diagrams.bedside import Passage, passages, places, witness_of
from ixastate.diagrams.labels import foremost
from ixastate.diagrams.model import Arrow, Box, Drawing, Frame
from ixastate.diagrams.slices import PRESETS, chosen, cut
from ixastate.diagrams.views import dot_source, drawing, graph_of
from ixastate.errors import ChartError, InputError
from ixastate.orders import Order, brief
from ixastate.rules import EDITIONS, GENERAL_RULES
from ixastate.symbols import Configuration
from ixastate.table.graph import Edge, Graph
from ixastate.table.table import Table
from ixastate.table.witness import witness

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "diagrams"
WORKED_COURSE = ROOT / gallery.WORKED_COURSE
GRAPH = graph_of()


def worked_course() -> list[Record]:
    return [step.record for step in replay_log(read_log(WORKED_COURSE))]


@cache
def found_passages() -> list[Passage]:
    return passages(Table.of())


@pytest.fixture(scope="module")
def pictures() -> list[Drawing]:
    return list(gallery.pictures(ROOT))


# --- The text -------------------------------------------------------------------------------------------------


def test_the_dot_text_has_the_same_bytes_in_every_process() -> None:
    script = (
        "from ixastate.diagrams.views import dot_source\n"
        "for view in ('chart', ''), ('region', 'rash'), ('slice', 'neutrophils+platelets'), ('rule', 'B-OVERLAP'), "
        "('bedside', ''): print(dot_source(*view))"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", script], env={**os.environ, "PYTHONHASHSEED": seed}, stdout=subprocess.PIPE
        )
        for seed in ("0", "1")
    ]
    texts = [process.communicate()[0] for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert len(texts[0]) > 100_000
    assert texts[0] == texts[1]


def test_the_committed_texts_are_current() -> None:
    assert gallery.check(FOLDER) == []


def test_every_link_of_a_committed_picture_leads_to_a_file(pictures: list[Drawing]) -> None:
    links = {
        link for one in pictures for link in re.findall(r'URL="([^"]*)"', (FOLDER / f"{one.name}.dot").read_text())
    }
    assert len(links) > 30
    assert [link for link in sorted(links) if not (FOLDER / link).is_file()] == []


def test_without_a_place_for_cases_there_are_no_links() -> None:
    assert "URL" not in dot_source("bedside")


def test_no_label_is_html_and_none_is_wider_than_it_was_meant(pictures: list[Drawing]) -> None:
    for one in pictures:
        assert "label=<" not in dot.write(one)
        # Names and ids are never broken, so a line may be a little longer than asked for.
        assert max(len(line) for arrow in one.arrows for line in arrow.label.split("\n")) <= 60


def test_every_end_of_an_arrow_is_there(pictures: list[Drawing]) -> None:
    for one in pictures:
        ends = {end for arrow in one.arrows for end in (*arrow.sources, *arrow.targets)}
        boxes, frames = [box.id for box in one.boxes], [frame.id for frame in one.frames]
        assert len(set(boxes + frames)) == len(boxes + frames)
        assert ends <= set(boxes + frames)


def test_mermaid_has_every_box_arrow_and_frame(pictures: list[Drawing]) -> None:
    for one in pictures:
        text = mermaid.write(one)
        for box in one.boxes:
            name = re.sub(r"\W", "_", box.id)
            assert len(re.findall(rf"^ *{name}[\[(].*:::{box.kind}$", text, re.M)) == 1
        assert len(re.findall(r"^  \S.* (?:-->|-\.->|==>)", text, re.M)) == len(one.arrows)
        assert text.count("subgraph ") == len(one.frames) == len(re.findall(r"^ *end$", text, re.M))
        assert len({re.sub(r"\W", "_", box.id) for box in one.boxes}) == len(one.boxes)


def test_mermaid_keeps_what_would_break_it_in_quotes() -> None:
    one = Drawing("x", 'a "title": x', (), (Box("a b", 'say "x" <y> #1', "given"),), (Arrow(("a b",), ("a b",), "z"),))
    text = mermaid.write(one)
    assert 'a_b("say #quot;x#quot; #lt;y#gt; #35;1"):::given' in text
    assert 'a_b -->|"z"| a_b' in text


# --- The chart ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edition", EDITIONS)
def test_every_edge_of_the_graph_is_once_in_the_chart_between_its_states(edition: str) -> None:
    graph, chart = graph_of(edition), drawing("chart", edition=edition)
    assert sorted(number for arrow in chart.arrows for number in arrow.stands_for) == list(range(len(graph.edges)))
    for arrow in chart.arrows:
        for number in arrow.stands_for:
            edge = graph.edges[number]
            inside = [box for source in arrow.sources for box in chart.inside(source)]
            assert edge.source in inside
            assert edge.symbol in re.split(r"[,\s]+", arrow.label)
            guard = edge.guard.name if edge.guard else ""
            assert guard.replace(" ", "") in re.sub(r"\s", "", arrow.label)
            (target,) = arrow.targets
            regions = edge.targets != graph.final and edge.source == graph.initial[0]
            expected = "on_treatment" if regions and edge.targets else (edge.targets or (edge.source,))[0]
            assert target.endswith(expected)
            assert (arrow.kind == "stop") == (edge.targets == graph.final)
            assert all(rule in arrow.tooltip for rule in edge.rules)


@pytest.mark.parametrize("edition", EDITIONS)
def test_every_state_is_in_the_chart(edition: str) -> None:
    boxes = {box.id for box in drawing("chart", edition=edition).boxes}
    assert boxes >= set(graph_of(edition).leaves)


@pytest.mark.parametrize("name", GRAPH.regions)
def test_a_region_has_its_states_and_edges(name: str) -> None:
    one = drawing("region", name)
    inside = {edge.number for edge in GRAPH.edges if edge.source in GRAPH.regions[name]}
    assert sorted(number for arrow in one.arrows for number in arrow.stands_for) == sorted(inside)
    assert {box.id for box in one.boxes} >= set(GRAPH.regions[name])


@pytest.mark.parametrize("rule_id", gallery.RULES)
def test_a_rule_has_the_edges_that_rest_on_it(rule_id: str) -> None:
    resting = {edge.number for edge in GRAPH.edges if rule_id in edge.rules}
    assert {number for arrow in drawing("rule", rule_id).arrows for number in arrow.stands_for} == resting


def test_a_state_is_drawn_as_what_it_is() -> None:
    kinds = {box.id: box.kind for box in drawing("chart", edition="what-if-stack-b").boxes}
    assert kinds["ixazomib_given_4"] == "given"
    assert kinds["ixazomib_held_4"] == kinds["other_held"] == "held"
    assert kinds["ixazomib_owing_4"] == kinds["ixazomib_owing_two_4"] == "owing"
    assert kinds["rash_open_first"] == "open"
    assert kinds["neutropenia_clear_ixazomib_next"] == "clear"
    assert kinds["discontinued"] == kinds["rash_discontinued"] == "final"


# --- The table of transitions ---------------------------------------------------------------------------------

Cells = tuple[str, ...]


def tables_of(text: str) -> dict[tuple[str, str], list[Cells]]:
    """The lines of a Markdown text by edition (the heading of level 2) and section (level 3), without table heads."""
    found: dict[tuple[str, str], list[Cells]] = {}
    edition = section = ""
    for line in text.splitlines():
        if line.startswith("## "):
            edition = line.removeprefix("## ").split(":")[0]
        elif line.startswith("### "):
            section = line.removeprefix("### ")
            found[edition, section] = []
        elif line.startswith("| ") or line.startswith("|  |"):
            found[edition, section].append(tuple(cell.strip() for cell in line.strip("|").split("|")))
    assert all(set(lines[1]) == {"---"} for lines in found.values())
    return {place: lines[2:] for place, lines in found.items()}


def edge_cells(edge: Edge) -> Cells:
    guard, targets = edge.guard.name if edge.guard else "", ", ".join(edge.targets) or "(stays)"
    raised, orders, rules = ", ".join(edge.raised), brief(edge.orders), " ".join(edge.rules)
    return (edge.source, edge.symbol, guard, targets, raised, orders, rules)


COMMITTED = tables_of((FOLDER / "transitions.md").read_text(encoding="utf-8"))


def test_every_transition_is_one_line_in_its_region() -> None:
    for region, leaves in GRAPH.regions.items():
        expected = [edge_cells(edge) for edge in GRAPH.edges if edge.source in leaves]
        assert sorted(COMMITTED["dosing-text", region]) == sorted(expected)
        order = [cells[0] for cells in COMMITTED["dosing-text", region]]
        assert list(dict.fromkeys(order)) == [leaf for leaf in leaves if leaf in order]
    inside = {leaf for leaves in GRAPH.regions.values() for leaf in leaves}
    outside = [edge_cells(edge) for edge in GRAPH.edges if edge.source not in inside]
    assert sorted(COMMITTED["dosing-text", "The course"]) == sorted(outside)
    assert [cells[0] for cells in COMMITTED["dosing-text", "States"]] == [node.id for node in GRAPH.nodes]


@pytest.mark.parametrize("edition", [name for name in EDITIONS if name != "dosing-text"])
def test_the_lines_of_another_edition_are_those_of_the_default_with_its_differences(edition: str) -> None:
    graph = graph_of(edition)
    lines = {section: list(found) for (name, section), found in COMMITTED.items() if name == "dosing-text"}
    for (name, section), changed in COMMITTED.items():
        if name == edition:
            for sign, *cells in changed:
                here = lines.setdefault(section, [])
                here.append(tuple(cells)) if sign == "+" else here.remove(tuple(cells))
    found = [cells for section, here in lines.items() if section not in ("Guards", "States") for cells in here]
    assert sorted(found) == sorted(map(edge_cells, graph.edges))
    assert sorted(lines["Guards"]) == sorted(transitions.guard_lines(graph))
    assert sorted(lines["States"]) == sorted(transitions.state_lines(graph))


def test_a_line_of_the_table_reads_as_the_chart_is_written() -> None:
    """Worked by hand from the text: at the second recovery lenalidomide is lowered, at its floor ixazomib instead."""
    lines = [cells for cells in COMMITTED["dosing-text", "neutropenia"] if cells[1] == "anc_recovered"]
    held = [cells[2:5] for cells in lines if cells[0] == "neutropenia_held_lenalidomide_next"]
    both = "release_ixazomib, release_lenalidomide"
    assert held == [
        ("lenalidomide above its floor", "neutropenia_clear_ixazomib_next", f"owe_lenalidomide, {both}"),
        ("lenalidomide at its floor", "neutropenia_clear_ixazomib_next", f"owe_ixazomib, {both}"),
    ]


def changed_graphs() -> dict[str, Graph]:
    """The chart with one thing changed at a time."""
    edge = next(edge for edge in GRAPH.edges if edge.guard and edge.raised and edge.orders)
    leaf = next(iter(GRAPH.holds))
    edges = {
        "symbol": replace(edge, symbol="anc_recovered"),
        "target": replace(edge, targets=GRAPH.final),
        "guard": replace(edge, guard=None),
        "raised": replace(edge, raised=edge.raised[:1]),
        "orders": replace(edge, orders=()),
        "rules": replace(edge, rules=edge.rules[1:]),
    }
    found = {
        name: replace(GRAPH, edges=tuple(new if one is edge else one for one in GRAPH.edges))
        for name, new in edges.items()
    }
    found["an edge less"] = replace(GRAPH, edges=GRAPH.edges[1:])
    other = {"ixazomib_given_2_3": "ixazomib_given_3"}
    found["what a guard asks about"] = replace(
        GRAPH, edges=tuple(replace(one, guard=one.guard and one.guard.renamed(other)) for one in GRAPH.edges)
    )
    found["what a state holds"] = replace(
        GRAPH, meanings=GRAPH.meanings | {leaf: replace(GRAPH.holds[leaf], drugs=("lenalidomide",))}
    )
    first = next(node for node in GRAPH.nodes if node.parent == "rash")
    found["where a region begins"] = replace(
        GRAPH, nodes=tuple(replace(node, initial=False) if node is first else node for node in GRAPH.nodes)
    )
    return found


@pytest.mark.parametrize("changed", changed_graphs().values(), ids=changed_graphs())
def test_a_change_of_the_chart_makes_the_committed_table_stale(changed: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        gallery, "graph_of", lambda name="dosing-text": changed if name == "dosing-text" else graph_of(name)
    )
    monkeypatch.setattr(gallery, "pictures", lambda root: [])
    problems = gallery.check(FOLDER)
    assert "stale: transitions.md" in problems
    assert {problem for problem in problems if not problem.startswith("surplus: ")} == {
        "stale: README.md",  # it shows no pictures here
        "stale: transitions.md",
    }


@pytest.mark.parametrize("edition", EDITIONS)
def test_a_change_of_any_edition_is_seen(edition: str) -> None:
    graphs = [graph_of(name) for name in EDITIONS]
    place = list(EDITIONS).index(edition)
    edge = graphs[place].edges[-1]
    whole = transitions.write(graphs)
    graphs[place] = replace(graphs[place], edges=(*graphs[place].edges[:-1], replace(edge, rules=edge.rules[1:])))
    assert transitions.write(graphs) != whole


def test_one_name_of_a_guard_stands_for_one_question() -> None:
    edge = next(edge for edge in GRAPH.edges if type(edge.guard) is Leaf)
    other = replace(edge, guard=Leaf(str(edge.guard), GRAPH.initial, True))
    with pytest.raises(ChartError, match="stands for two questions"):
        transitions.write([replace(GRAPH, edges=(*GRAPH.edges, other))])


# --- The bedside ----------------------------------------------------------------------------------------------


BEDSIDE = [
    "screening",
    "active at 4 mg",
    "active at 3 mg",
    "active at 2.3 mg",
    "held for neutrophils",
    "held for platelets",
    "held for rash",
    "held for neuropathy",
    "held for other",
    "held for several reasons",
    "discontinued",
]


def test_the_bedside_has_just_the_states_that_people_speak_of() -> None:
    assert [box.id for box in drawing("bedside").boxes] == BEDSIDE


def place_of(graph: Graph, leaves: Configuration) -> str:
    """The place of a configuration, read off the meanings of its leaves: the reasons count that hold ixazomib."""
    if leaves in (graph.initial, graph.final):
        return leaves[0]
    (ixazomib,) = (
        graph.levels[leaf] for leaf in leaves if leaf in graph.levels and graph.levels[leaf].drug == "ixazomib"
    )
    if ixazomib.standing == "given":
        return f"active at {ixazomib.mg:g} mg"
    holds = [graph.holds[leaf] for leaf in leaves if leaf in graph.holds]
    reasons = [hold.reason for hold in holds if "ixazomib" in hold.drugs]
    return "held for several reasons" if len(reasons) > 1 else f"held for {reasons[0]}"


def test_every_configuration_has_a_place_and_its_words_agree() -> None:
    table = Table.of()
    assert {status.place for status in table.statuses} == set(places(table))
    assert [name for name, status in places(table).items() if status.place != name] == []
    for leaves, status in zip(table.configurations, table.statuses, strict=True):
        assert status.place == place_of(GRAPH, leaves)
        assert status.place == ("held for several reasons" if len(status.held_for) > 1 else status.words)


def test_a_hold_of_lenalidomide_alone_counts_at_the_bedside_while_ixazomib_is_held() -> None:
    """In us-label a first rash holds lenalidomide alone."""
    table = Table.of("us-label")
    step = table.step(table.graph.initial, "start_4_25")
    rash = table.step(step.after, "rash_grade_2_3")
    assert (rash.status.held_for, rash.status.place) == (("rash",), "active at 4 mg")
    both = table.step(rash.after, "neuropathy_moderate")
    assert both.status.held_for == ("neuropathy", "rash")
    assert both.status.place == "held for several reasons"
    assert place_of(table.graph, both.after) == "held for neuropathy"


def test_the_arrows_of_the_bedside_are_the_passages_and_no_more() -> None:
    view, found = drawing("bedside"), found_passages()
    drawn = [pair for arrow in view.arrows for pair in view.pairs(arrow)]
    assert set(drawn) == {(one.source, one.target) for one in found}
    moves = sorted(move for arrow in view.arrows for move in arrow.stands_for)
    assert moves == sorted(one.move for one in found)
    by_move = {one.move: one for one in found}
    for arrow in view.arrows:
        pairs = set(view.pairs(arrow))
        assert {(by_move[move].source, by_move[move].target) for move in arrow.stands_for} == pairs
        said = arrow.label.split("[")[0].replace("\n", " ")
        if said.strip() not in ("a new onset", "a recovery"):
            # Each pair of ends has every symbol of the label.
            symbols = set(re.split(r"[,\s]+", said.strip()))
            for pair in pairs:
                own = {by_move[move].symbol for move in arrow.stands_for if pair == _ends(by_move[move])}
                assert own == symbols


def _ends(passage: Passage) -> tuple[str, str]:
    return passage.source, passage.target


@pytest.mark.parametrize("source", [name for name in BEDSIDE if name != "discontinued"])
def test_every_passage_from_a_place_is_witnessed_by_a_course(source: str) -> None:
    table = Table.of()
    found = [passage for passage in found_passages() if passage.source == source]
    assert found
    for passage in found:
        symbols = witness_of(table, passage.move)
        course = Course()
        records = [course.observe(event) for event in witness(symbols, GRAPH.edition)]
        last = next(record for record in reversed(records) if record.symbols)
        assert [symbol for record in records for symbol in record.symbols] == symbols
        assert last.symbols == (passage.symbol,)
        assert place_of(GRAPH, last.before) == passage.source
        assert place_of(GRAPH, last.after) == passage.target
        assert set(passage.orders) <= set(last.orders)
        assert set(passage.rules) <= set(last.rules)


def test_what_passages_share_is_shared_by_every_move() -> None:
    table = Table.of()
    of = [place_of(GRAPH, leaves) for leaves in table.configurations]
    rules = [{*cited} for cited in table.rules]
    orders = [{*given_out} for given_out in table.orders]
    shared = {(one.source, one.symbol, one.target): ({*one.orders}, {*one.rules}) for one in found_passages()}
    outputs = {
        (of[move // len(table.symbols)], table.symbols[move % len(table.symbols)], of[after], output)
        for move, (after, output) in enumerate(zip(table.next, table.output, strict=True))
    }
    for *key, output in outputs:
        if key[0] != key[2]:
            always_given, always_cited = shared[key[0], key[1], key[2]]
            assert always_given <= orders[output]
            assert always_cited <= rules[output]


# --- Slices ---------------------------------------------------------------------------------------------------

SLICES = {name: cut(GRAPH, chosen(name, GRAPH)[1], chosen(name, GRAPH)[0]) for name in PRESETS}


@given(st.sampled_from(sorted(SLICES)).flatmap(lambda name: st.tuples(st.just(name), st.lists(st.integers(0, 9)))))
def test_a_slice_is_asked_for_the_same_as_the_whole_machine(case: tuple[str, list[int]]) -> None:
    name, choices = case
    part, table = SLICES[name], Table.of()
    width = len(table.symbols)
    whole = table.next[table.symbols.index(part.start)]
    state = 0
    # Each state answers for all its configurations, so any of them may stand for it.
    for choice in choices:
        place_in_slice = choice % len(part.symbols)
        number = part.members(state)[choice % len(part.members(state))]
        move = whole * width + table.symbols.index(part.symbols[place_in_slice])
        assert part.orders[number][place_in_slice] == table.orders[table.output[move]]
        whole, state = table.next[move], part.classes[part.following[number][place_in_slice]]


@pytest.mark.parametrize("name", PRESETS)
def test_a_slice_draws_every_move_that_says_or_changes_something(name: str) -> None:
    part, view = SLICES[name], drawing("slice", name)
    drawn = {
        (source, symbol, target)
        for arrow in view.arrows
        for source, target in view.pairs(arrow)
        for symbol in re.split(r"[,\s]+", re.split(r"\n[/(]", arrow.label)[0])
        if source != "screening"
    }
    expected = {
        (f"state {part.classes[number]}", symbol, f"state {part.classes[after]}")
        for number, row in enumerate(part.following)
        for symbol, after, orders in zip(part.symbols, row, part.orders[number], strict=True)
        if orders or part.classes[number] != part.classes[after]
    }
    assert drawn == expected


def test_the_named_slices_are_small() -> None:
    sizes = {name: max(part.classes) + 1 for name, part in SLICES.items()}
    assert sizes == {
        "neutrophils": 8,
        "platelets": 10,
        "neuropathy": 8,
        "rash": 10,
        "other": 6,
        "neutrophils+platelets": 19,
        "neutrophils+rash": 21,
        "neuropathy+other": 10,
    }


def test_a_slice_of_own_symbols() -> None:
    assert len(drawing("slice", "start_3_5, anc_low,anc_recovered").boxes) == 5


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "needs symbols"),
        ("anc_lo", "no symbol and no named slice"),
        ("start_4_25,start_3_25,anc_low", "starts once"),
        ("anc_low,start_blocked", "'start_blocked' comes before treatment"),
        (
            ",".join(symbol for symbol in GRAPH.symbols if not symbol.startswith("start_")),
            "configurations are too many",
        ),
    ],
)
def test_a_slice_that_cannot_be_is_refused(text: str, what: str) -> None:
    with pytest.raises(InputError, match=what):
        drawing("slice", text)


# --- The path -------------------------------------------------------------------------------------------------


def test_a_path_visits_the_configurations_of_the_records_in_order() -> None:
    records = worked_course()
    view = drawing("path", records=records)
    visited = [records[0].before] + [record.after for record in records if record.before != record.after]
    assert [box.tooltip for box in view.boxes] == [", ".join(leaves) for leaves in visited]
    assert [box.label.split(" · ")[0] for box in view.boxes] == [str(number + 1) for number in range(len(visited))]
    drawn = [number for arrow in view.arrows for number in arrow.stands_for]
    assert drawn == [record.number for record in records if record.before != record.after or record.orders]
    assert "day 15 · Mon 16 Mar 2026\nplatelets 24 10*9/L\nplatelets_low" in view.arrows[1].label


def test_the_toxicity_of_a_transition_is_read_before_the_clauses_of_every_dose() -> None:
    rules = ("DOSE-06", "ANC-07", "B-EXHAUST")
    assert foremost(rules, GRAPH.edition) == "ANC-07"
    assert foremost(("B-EXHAUST", "DOSE-06"), GRAPH.edition) == "DOSE-06"
    assert foremost(("B-EXHAUST",), GRAPH.edition) == "B-EXHAUST"
    assert foremost((), GRAPH.edition) == ""
    assert set(GRAPH.edition.rules) >= GENERAL_RULES


def test_orders_in_one_line_name_each_verb_once() -> None:
    hold = [Order("hold", "ixazomib"), Order("hold", "lenalidomide"), Order("consider_g_csf")]
    assert brief(hold) == "hold ixazomib, lenalidomide; consider G-CSF"
    resumed = [Order("reduce", "ixazomib", 2.3), Order("resume", "ixazomib", 2.3), Order("resume", "lenalidomide", 25)]
    assert brief(resumed) == "reduce ixazomib to 2.3 mg; resume ixazomib at 2.3 mg, lenalidomide at 25 mg"
    stop = [Order("stop", "ixazomib"), Order("stop", "lenalidomide"), Order("stop", "dexamethasone")]
    assert brief(stop) == "stop all drugs"
    assert brief(stop[:2]) == "stop ixazomib, lenalidomide"
    assert brief([]) == ""


def test_a_path_needs_records() -> None:
    with pytest.raises(InputError, match="needs a patient's records"):
        drawing("path")


# --- The Drawing ----------------------------------------------------------------------------------------------


def test_a_frame_stands_for_the_boxes_in_it_however_deep() -> None:
    boxes = (Box("a", "a", "given", "inner"), Box("b", "b", "given", "outer"), Box("c", "c", "final"))
    one = Drawing("x", "x", (), boxes, (), (Frame("outer", "outer"), Frame("inner", "inner", "outer")))
    assert one.inside("outer") == ("a", "b")
    assert one.around("a") == ["inner", "outer", ""]
    assert list(one.pairs(Arrow(("outer",), ("c",), ""))) == [("a", "c"), ("b", "c")]
