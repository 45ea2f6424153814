"""The JSON Schema of a suite: what each line of the file holds, for those who run one in another language."""

from __future__ import annotations

import json
from typing import Any

from ixastate.events import EVENT
from ixastate.testing.answers import KEYS
from ixastate.testing.suites.files import FORMAT

TEXT, YES_OR_NO, COUNT = {"type": "string"}, {"type": "boolean"}, {"type": "integer", "minimum": 0}
TEXTS = {"type": "array", "items": TEXT}
DOSE_IN_FORCE = {"type": ["number", "null"]}
PARTS: dict[str, tuple[dict[str, Any], str]] = {
    "refused": (YES_OR_NO, "Whether the event cannot belong here; then nothing has moved."),
    "phase": ({"enum": ["screening", "on treatment", "discontinued"]}, "The phase of the course."),
    "ixazomib_held": (YES_OR_NO, "Whether ixazomib is held."),
    "lenalidomide_held": (YES_OR_NO, "Whether lenalidomide is held."),
    "ixazomib_mg": (DOSE_IN_FORCE, "The level in force in mg, held or not; null outside treatment."),
    "lenalidomide_mg": (DOSE_IN_FORCE, "The same for lenalidomide."),
    "state": (TEXT, "The state in words, such as 'held for platelets' or 'active at 3 mg'."),
    "held_for": (TEXTS, "Why something is held; a set."),
    "late_dose": (YES_OR_NO, "Whether the missed dose may still be taken; only in answers to dose_missed."),
    "orders": (TEXTS, "What is asked for, advice included; a set."),
    "due": (
        {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["drug", "mg"],
                "properties": {"drug": TEXT, "mg": {"type": "number"}},
            },
        },
        "What is due on the day of the event, by what is known at that day's clock time; a set.",
    ),
}


def suite_schema() -> dict[str, Any]:
    """The schema of one line: the header, or a course."""
    event = EVENT.json_schema(ref_template="#/$defs/{model}")
    answer = {
        "type": "object",
        "description": "The right answer. A program may give any part of it; what it gives is compared.",
        "properties": {key: {**PARTS[key][0], "description": PARTS[key][1]} for key in KEYS},
        "required": [key for key in KEYS if key not in ("late_dose", "orders", "due")],
        "additionalProperties": False,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "One line of an ixastate suite",
        "description": "A suite is JSON Lines: the first line is a header, every further line a course.",
        "anyOf": [{"$ref": "#/$defs/header"}, {"$ref": "#/$defs/course"}],
        "$defs": {
            "header": _object(
                "What the suite covers, and the rules that it was made of.",
                format={"const": FORMAT},
                edition=TEXT,
                cover=TEXTS,
                fingerprint=TEXT,
                courses=COUNT,
                events=COUNT,
            ),
            "course": _object(
                "One course of one patient. Before it a program is told {'type': 'reset'}.",
                course=TEXT,
                name=TEXT,
                covers=TEXTS,
                steps={"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/step"}},
            ),
            "step": _object(
                "One event, the right answer, the rules that decided it, and those on which what is due rests.",
                event={"$ref": "#/$defs/event"},
                expected={"$ref": "#/$defs/answer"},
                rules=TEXTS,
                schedule=TEXTS,
            ),
            "answer": answer,
            "event": {key: value for key, value in event.items() if key != "$defs"},
            **event["$defs"],
        },
    }


def _object(description: str, **properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def schema_text() -> str:
    """The schema as the file beside this one holds it."""
    return json.dumps(suite_schema(), indent=2, ensure_ascii=False) + "\n"
