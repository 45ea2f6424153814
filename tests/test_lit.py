"""The path of a patient on the whole chart: dark where the course went, and nowhere else."""

from __future__ import annotations

from pathlib import Path

from ixastate.course.log import read_log
from ixastate.course.replay import replay_log
from ixastate.diagrams.views import drawing, graph_of

EXAMPLE = Path(__file__).parent.parent / "examples" / "worked-course.jsonl"
RECORDS = [step.record for step in replay_log(read_log(EXAMPLE))]


def test_what_the_course_took_is_dark_and_numbered_and_the_rest_is_pale() -> None:
    graph, lit, whole = graph_of(), drawing("chart", records=RECORDS), drawing("chart")
    taken = {
        edge: record.number
        for record in RECORDS
        for symbol in record.symbols
        for edge in graph.step(record.before, symbol).edges
    }
    assert len(taken) > 20
    for before, after in zip(whole.arrows, lit.arrows, strict=True):
        used = [taken[edge] for edge in after.stands_for if edge in taken]
        assert (after.label != before.label) is bool(used)
        assert all(f"#{number}" in after.label for number in used)
        assert (after.kind == "dim") is (not used and before.kind not in ("stay", "enter"))


def test_a_state_is_pale_when_the_course_never_came_through_it() -> None:
    boxes = {box.id: box.kind for box in drawing("chart", records=RECORDS).boxes}
    assert boxes["ixazomib_given_2_3"] == "given"
    assert boxes["ixazomib_held_2_3"] == "dim"
    # Passed through within one event: held, then owing, then given one level lower.
    assert boxes["lenalidomide_owing_25"] == "owing"
    assert boxes["rash_held_ixazomib_next"] == "dim"
    assert [kind for name, kind in boxes.items() if "discontinued" in name].count("final") == 1


def test_without_records_nothing_is_pale() -> None:
    assert "dim" not in {box.kind for box in drawing("chart").boxes}
