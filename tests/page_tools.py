"""What the tests of the page share: courses answered by the machine in Node, and the same by Python's own."""

from __future__ import annotations

import json
import shutil
import subprocess
from array import array
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import ixastate.page
from ixastate.course.course import Course
from ixastate.errors import CourseRefusal, InputError
from ixastate.fields import plain_number
from ixastate.page.page import MACHINE

SCRIPTS = Path(ixastate.page.__file__).parent
DRIVER = Path(__file__).with_name("page_driver.js")
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="the machine of the page runs in Node, which is not here")

Answer = dict[str, Any]
# On how many days from each event on what is due is compared.
DAYS = 9


def in_node(
    folder: Path, data: Mapping[str, Any], courses: Sequence[Sequence[Any]], *, moves: bool = False, days: int = 0
) -> tuple[list[list[Answer]], array[int]]:
    """The answers of the page's machine to courses of events, as JSON objects, and with `moves` its whole table."""
    assert NODE is not None
    tables, asked, answers, table = (folder / name for name in ("tables", "courses", "answers", "moves"))
    tables.write_text(json.dumps(data), encoding="utf-8")
    asked.write_text(
        json.dumps({"scripts": MACHINE, "days": days, "courses": courses}, default=as_json), encoding="utf-8"
    )
    command = [NODE, str(DRIVER), str(SCRIPTS), str(tables), str(asked), str(answers), *([str(table)] if moves else [])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    numbers = array("i")
    if moves:
        numbers.frombytes(table.read_bytes())
    return json.loads(answers.read_text(encoding="utf-8")), numbers


def as_json(number: Decimal) -> int | float | str:
    """A number as a log has it: one that a float would change is a text."""
    plain = plain_number(number)
    return f"{plain:f}" if isinstance(plain, Decimal) else plain


def in_python(courses: Iterable[Sequence[Any]], edition: str, *, days: int = 0) -> list[list[Answer]]:
    """The answers of `Course` to the same."""
    return [_answered(course, edition, days) for course in courses]


def _answered(events: Sequence[Any], edition: str, days: int) -> list[Answer]:
    course = Course(events[0].get("patient"), edition)
    answers: list[Answer] = []
    for event in events:
        try:
            record = course.observe(event)
        except (CourseRefusal, InputError) as refusal:
            answers.append({"refused": refusal.what})
            continue
        due = []
        if days and record.day is not None:
            asked = (course.due([day]) for day in range(record.day, record.day + days))
            due = [[[dose.drug, dose.mg, list(dose.how), list(dose.rules)] for dose in doses] for doses in asked]
        answers.append(
            {
                "symbols": list(record.symbols),
                "words": record.status.words,
                "orders": [str(order) for order in record.orders],
                "rules": list(record.rules),
                "day": record.day,
                "due": due,
            }
        )
    return answers


def differences(
    courses: Sequence[Sequence[Any]], ours: Sequence[Sequence[Answer]], theirs: Sequence[Sequence[Answer]]
) -> list[str]:
    """Where two lists of answers differ, in words; of what is refused only that it is."""
    found = []
    for number, (events, mine, others) in enumerate(zip(courses, ours, theirs, strict=True)):
        for place, (event, one, other) in enumerate(zip(events, mine, others, strict=True)):
            if "refused" in one and "refused" in other:
                continue
            if one != other:
                found.append(f"course {number}, event {place + 1} {event}: {one} and not {other}")
                break
    return found
