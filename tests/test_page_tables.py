"""The tables of a page: what events mean, the packing, and that the same rules make the same bytes."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import zlib
from decimal import Decimal
from itertools import product

import pytest

from ixastate.course.alphabet import Context, read
from ixastate.errors import ChartError
from ixastate.events import KINDS, DoseEvent, parse_event
from ixastate.page import meanings
from ixastate.page.forms import FIELDS, LABELS, forms
from ixastate.page.meanings import Value, measured, read_kinds, stated, table
from ixastate.page.packing import packed
from ixastate.page.tables import fingerprint, tables, written
from ixastate.rules import load_edition

EDITION = load_edition()


def unpacked(text: str) -> list[int]:
    """A second reading of what `packing` says."""
    numbers, before, rest, place = [], 0, 0, 0
    for byte in zlib.decompress(base64.b64decode(text)):
        rest += (byte % 128) << place
        place += 7
        if byte < 128:
            before += -(rest + 1) // 2 if rest % 2 else rest // 2
            numbers.append(before)
            rest = place = 0
    return numbers


@pytest.mark.parametrize("numbers", [[], [0], [5, 5, -3], [127, 128, -(2**31), 2**31 - 1, 0], list(range(1000))])
def test_what_is_packed_can_be_unpacked(numbers: list[int]) -> None:
    assert unpacked(packed(numbers)) == numbers


# --- Meanings -------------------------------------------------------------------------------------------------


def test_the_points_are_those_at_which_a_meaning_changes() -> None:
    points = {
        (kind, axis.reads.get("field")): axis.reads.get("points")
        for kind in read_kinds()
        for axis in table(kind, EDITION)[0]
    }
    assert points["neutrophils_measured", ""] == ["0", "500"]
    assert points["platelets_measured", ""] == ["0", "30000"]
    assert points["bilirubin_measured", ""] == ["0", "1.5"]
    assert points["course_started", "bilirubin"] == ["0", "1.5", "3"]
    assert points["course_started", "creatinine_clearance"] == ["0", "30", "60"]
    label = load_edition("us-label")
    assert table("cycle_assessed", label)[0][0].reads["points"] == ["0", "500", "1000"]


def test_a_meaning_that_changes_beside_the_points_is_refused() -> None:
    def meaning(value: Value) -> bool:
        return value.fields["value"] < Decimal("12.5")

    def form(number: Decimal, sign: object) -> Value:
        return Value({"value": number}, {})

    with pytest.raises(ChartError, match="the meaning changes between"):
        measured({}, {"": form}, [Decimal(0), Decimal(10), Decimal(20)], meaning)
    found = measured({}, {"": form}, [Decimal(0), Decimal("12.5"), Decimal(20)], meaning)
    assert found.reads["points"] == ["0", "12.5"]


def test_every_kind_of_event_has_a_table_or_is_about_a_dose() -> None:
    assert {*read_kinds()} == {kind for kind, model in KINDS.items() if not issubclass(model, DoseEvent)}
    assert {*tables()["meanings"]} | {*tables()["reports"]} == set(KINDS)


def test_a_kind_without_axes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unknown(meanings.Event):
        strange: int = 0

    monkeypatch.setitem(meanings.KINDS, "unknown", Unknown)
    with pytest.raises(ChartError, match="no table can be made of what 'unknown' means"):
        meanings.axes("unknown", EDITION)


def test_a_listed_term_means_the_same_whatever_is_remembered() -> None:
    """The table asks it once."""
    contexts = [Context(), Context(open_terms=(("fatigue", "clear"),), related=True)]
    for grade, context in product(range(5), contexts):
        event = parse_event({"type": "other_toxicity_graded", "day": 1, "term": "anaemia", "grade": grade})
        meant = read(event, context, EDITION)
        assert (meant.symbols, meant.context) == ((), context)


def test_the_numbers_that_are_tried_are_those_of_the_rules() -> None:
    assert {Decimal(0), Decimal("1.5"), Decimal(500), Decimal(30_000)} <= set(stated(EDITION))
    assert stated(EDITION) == sorted(set(stated(EDITION)))


# --- The whole ------------------------------------------------------------------------------------------------


def test_the_fingerprint_is_that_of_the_data() -> None:
    data = dict(tables())
    stamp = data.pop("fingerprint")
    assert fingerprint(data) == stamp
    data["orders"] = data["orders"][1:]
    assert fingerprint(data) != stamp


def test_two_processes_make_the_same_bytes() -> None:
    command = "from ixastate.page.tables import tables; print(tables()['fingerprint'])"
    done = subprocess.run(
        [sys.executable, "-c", command],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )
    assert done.stdout.strip() == tables()["fingerprint"]


def test_the_data_are_small_enough() -> None:
    assert len(written(tables()).encode()) < 2_000_000


def test_every_kind_has_words_of_its_own_and_no_words_are_left_over() -> None:
    assert set(LABELS) == set(KINDS.values())
    assert set(FIELDS) <= {name for form in forms().values() for name in form["fields"]} | {"value", "times_uln"}
