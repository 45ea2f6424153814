"""Files that version 0.1 wrote are still read, and files of a later version are refused.

The files in `data/version-0.1` were written by commit 3047af1: one course of many kinds of event as a log of events,
its records under two editions, and a snapshot after 24 events.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ixastate import Course, InputError, Record, Snapshot, parse_event, read_log, replay_log, write_log
from ixastate.course.log import dump
from ixastate.course.record import SCHEMA_VERSION

OLD = Path(__file__).parent / "data" / "version-0.1"
# What is decided otherwise today, by record: more than the prescribed dose departs from the prescription too (line 6).
OTHERWISE = {13: ["ADM-14", "ADM-16", "B-OVERDOSE"]}
# What version 0.1 did not say, by record: the recovery that earned a reduction which was owed before, and its day.
EARNED = {
    "records.jsonl": {
        12: [("ixazomib", "ANC-04", 16)],
        21: [("lenalidomide", "RASH-01", 60)],
        33: [("ixazomib", "PLT-06", 150), ("ixazomib", "RASH-04", 160)],
    },
    "records-us-label.jsonl": {22: [("lenalidomide", "PLT-04", 64)]},
}


@pytest.mark.parametrize("name", ["events.jsonl", "records.jsonl", "records-us-label.jsonl"])
def test_an_old_log_is_read_and_decides_as_it_did(name: str) -> None:
    replayed = list(replay_log(read_log(OLD / name)))
    assert len(replayed) == 36
    differences = [(one.record.number, found.part) for one in replayed for found in one.differences]
    assert differences == ([] if name == "events.jsonl" else [(number, "rules") for number in OTHERWISE])


@pytest.mark.parametrize("name", ["records.jsonl", "records-us-label.jsonl"])
def test_an_old_record_is_of_the_first_schema_and_is_written_as_it_was(name: str) -> None:
    """A record of today says the version of its schema, and in `symbols` what `symbol` said."""
    then = [json.loads(line) for line in (OLD / name).read_text(encoding="utf-8").splitlines()]
    assert all("schema_version" not in facts for facts in then)
    read = [line.record for line in read_log(OLD / name)]
    today = [one.record for one in replay_log(read_log(OLD / name))]
    for facts, record, again in zip(then, read, today, strict=True):
        assert record is not None
        facts["rules"] = OTHERWISE.get(again.number, facts["rules"])
        earned = [{"drug": drug, "rule": rule, "day": day} for drug, rule, day in EARNED[name].get(again.number, [])]
        if again.number not in OTHERWISE and not earned:
            assert record == again
        symbol = facts.pop("symbol")
        new = {"schema_version": 2, "symbols": [symbol] if symbol else [], "earned": earned}
        assert json.loads(dump(again)) == {**new, **facts}


def test_an_old_event_is_written_as_it_was() -> None:
    then = (OLD / "events.jsonl").read_text(encoding="utf-8").splitlines()
    assert [dump(parse_event(json.loads(line))) for line in then] == then


def test_an_old_snapshot_goes_on_as_it_would_have() -> None:
    course = Course.resume((OLD / "snapshot.json").read_text(encoding="utf-8"))
    assert repr(course) == "<Course 'p', dosing-text: active at 3 mg, 24 events>"
    events = [line.event for line in read_log(OLD / "events.jsonl")]
    later = [course.observe(event) for event in events[24:]]
    recorded = [line.record for line in read_log(OLD / "records.jsonl")][24:]
    assert [one.model_copy(update={"earned": ()}) for one in later] == recorded
    assert [one.number for one in later if one.earned] == [33]


# --- The version of the schema ---------------------------------------------------------------------------------


def changed(name: str, **facts: Any) -> dict[str, Any]:
    line = (OLD / name).read_text(encoding="utf-8").splitlines()[0]
    return {**json.loads(line), **facts}


def test_what_is_written_today_names_its_schema() -> None:
    course = Course("p")
    record = course.observe(parse_event(changed("events.jsonl")))
    assert record.schema_version == course.snapshot().schema_version == SCHEMA_VERSION
    assert next(iter(json.loads(dump(record)))) == "schema_version"
    assert json.loads(course.snapshot().model_dump_json())["schema_version"] == SCHEMA_VERSION


@pytest.mark.parametrize("version", [SCHEMA_VERSION + 1, 99])
def test_a_record_of_a_later_version_is_refused(tmp_path: Path, version: int) -> None:
    """Whatever else it holds, since a later version may know more fields and more kinds of event."""
    path = tmp_path / "log.jsonl"
    for later in ({}, {"event": {"type": "liver_graded"}}, {"mood": "good"}):
        path.write_text(json.dumps(changed("records.jsonl", schema_version=version, **later)) + "\n", encoding="utf-8")
        with pytest.raises(InputError) as refused:
            list(read_log(path))
        assert refused.value.where == f"{path}:1"
        assert refused.value.what.startswith(f"schema version {version} is newer than this ixastate")
        assert refused.value.remedy == "read it with a newer ixastate"
    with pytest.raises(InputError, match="needs a newer ixastate"):
        Record(**changed("records.jsonl", schema_version=version))


@pytest.mark.parametrize("version", [SCHEMA_VERSION + 1, 99])
def test_a_snapshot_of_a_later_version_is_refused(version: int) -> None:
    saved = changed("snapshot.json", schema_version=version, mood="good")
    for form in (saved, json.dumps(saved)):
        with pytest.raises(InputError, match=r"^snapshot: schema_version: needs a newer ixastate"):
            Course.resume(form)


@pytest.mark.parametrize("version", [0, -1, "1", 1.0, True, None, [1]])
def test_a_version_that_is_none_is_refused(tmp_path: Path, version: Any) -> None:
    with pytest.raises(InputError, match="schema_version"):
        Course.resume(changed("snapshot.json", schema_version=version))
    path = tmp_path / "log.jsonl"
    path.write_text(json.dumps(changed("records.jsonl", schema_version=version)) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="schema_version"):
        list(read_log(path))


def test_the_first_version_can_be_named(tmp_path: Path) -> None:
    assert Snapshot(**changed("snapshot.json", schema_version=1)) == Snapshot(**changed("snapshot.json"))
    path = tmp_path / "log.jsonl"
    path.write_text(json.dumps(changed("records.jsonl", schema_version=1)) + "\n", encoding="utf-8")
    assert next(read_log(path)).record == next(read_log(OLD / "records.jsonl")).record


# A record and a snapshot as the first version wrote them, which named its schema in its last days.
FIRST_RECORD = (
    '{"schema_version": 1, "number": 2, "edition": "dosing-text", "patient": "p", "at": null, "day": 8, '
    '"event": {"type": "neutrophils_measured", "value": 420, "unit": "/mm3", "day": 8}, "symbol": SYMBOL, '
    '"before": ["discontinued"], "after": ["discontinued"], "status": {"phase": "discontinued", "ixazomib_mg": null, '
    '"lenalidomide_mg": null, "ixazomib_held": false, "lenalidomide_held": false, "held_for": []}, "orders": [], '
    '"rules": ["ANC-01"]}'
)
FIRST_SNAPSHOT = (
    '{"schema_version": 1, "edition": "dosing-text", "patient": "p", "number": 0, "latest": null, "start": null, '
    '"configuration": ["screening"], "baseline_neuropathy": {"grade": 0, "pain": false}, "open_terms": [], '
    '"related": false, "history": [], "reviewed": []}'
)


@pytest.mark.parametrize(("symbol", "symbols"), [('"anc_low"', ("anc_low",)), ("null", ())])
def test_what_the_first_version_called_a_symbol_becomes_symbols(
    tmp_path: Path, symbol: str, symbols: tuple[str, ...]
) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(FIRST_RECORD.replace("SYMBOL", symbol) + "\n", encoding="utf-8")
    record = next(read_log(path)).record
    assert record is not None
    assert (record.symbols, record.schema_version) == (symbols, 2)


def test_a_snapshot_of_the_first_version_is_one_of_today() -> None:
    course = Course.resume(FIRST_SNAPSHOT)
    assert (course.snapshot(), course.snapshot().schema_version) == (Course("p").snapshot(), 2)


@pytest.mark.parametrize(
    ("facts", "what"),
    [
        ({"schema_version": 2}, "the field 'symbols' is missing"),
        ({"schema_version": 2, "symbols": []}, "there is no field 'symbol' here"),
        ({"schema_version": 1, "symbols": []}, "there is no field 'symbol' here"),
        ({"symbols": []}, "there is no field 'symbol' here"),
    ],
)
def test_a_record_says_its_symbols_once_and_as_its_version_does(
    tmp_path: Path, facts: dict[str, Any], what: str
) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(json.dumps(changed("records.jsonl", **facts)) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=what):
        list(read_log(path))


def test_a_log_of_today_is_read_again(tmp_path: Path) -> None:
    records = [one.record for one in replay_log(read_log(OLD / "events.jsonl"))]
    write_log(tmp_path / "log.jsonl", records)
    assert [line.record for line in read_log(tmp_path / "log.jsonl")] == records
