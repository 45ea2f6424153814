"""LB: measurements, and the baseline of the organs among them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ixastate.events import AnyEvent
from ixastate.exchange.sdtm.study import Rank, Study
from ixastate.exchange.sdtm.values import LeftOut, When, number, terms, when
from ixastate.exchange.sdtm.xport import Row
from ixastate.symbols import NEUTROPENIA, THROMBOCYTOPENIA


@dataclass(frozen=True)
class LaboratoryTest:
    """A laboratory test: the event that it gives, its units, and the organ whose baseline it can be."""

    event: str
    units: Literal["count", "bilirubin", "clearance"]
    organ: str = ""


TESTS = {
    "NEUT": LaboratoryTest(NEUTROPENIA.event, "count"),
    "PLAT": LaboratoryTest(THROMBOCYTOPENIA.event, "count"),
    "BILI": LaboratoryTest("bilirubin_measured", "bilirubin", "bilirubin"),
    "CREATCLR": LaboratoryTest("creatinine_clearance_measured", "clearance", "creatinine_clearance"),
}
# What a baseline takes over of a measurement.
MEASURED = {"value", "unit", "upper_limit_of_normal"}
# The candidates for a baseline, by patient and organ.
Baselines = dict[tuple[str, str], list[tuple[When, AnyEvent]]]


def measure(study: Study, rows: Sequence[Row]) -> None:
    """The events of LB. Of the measurements up to the start the last is the baseline."""
    baselines: Baselines = defaultdict(list)
    study.account("LB", rows, lambda row: _measure_one(study, row, baselines))
    _settle(study, baselines)


def _measure_one(study: Study, row: Row, baselines: Baselines) -> str | None:
    """Keep the event of one row, now, or with the other candidates for a baseline later."""
    test = TESTS.get(row["LBTESTCD"].upper())
    if test is None:
        raise LeftOut("another test")
    subject = study.subject(row)
    fields = _fields(row, test)
    seen = when(row["LBDTC"], study.zone)
    moment = max(seen.moment, subject.start.moment)
    event = study.event(row["USUBJID"], moment, fields)
    if test.organ and not subject.start.before(seen):
        baselines[row["USUBJID"], test.organ].append((seen, event))
        return None
    if seen.before(subject.start):
        raise LeftOut("before the start")
    study.keep(row["USUBJID"], moment, Rank.SEEN, event)
    return event.type


def _fields(row: Row, test: LaboratoryTest) -> dict[str, Any]:
    """The kind, value and unit of a measurement; `LeftOut` where one of them cannot be used."""
    if test.units != "clearance":
        specimen = row["LBSPEC"].lower()
        if row["LBCAT"].upper() == "URINALYSIS" or specimen not in ("", *terms()["specimen"]["blood"]):
            raise LeftOut("not from blood")
    value = number(row["LBSTRESN"])
    if value is None:
        raise LeftOut("no numeric result")
    unit, times = _unit(test, row["LBSTRESU"])
    fields: dict[str, Any] = {"type": test.event, "value": value * times, "unit": unit}
    if test.units == "bilirubin":
        fields["upper_limit_of_normal"] = number(row["LBSTNRHI"])
        if fields["upper_limit_of_normal"] is None:
            raise LeftOut("no upper limit of normal")
    return fields


def _unit(test: LaboratoryTest, text: str) -> tuple[str, int]:
    """The event's spelling of a unit, and how many of them are one of the source's."""
    if not text:
        raise LeftOut("no unit")
    spelling = re.sub(r"\s", "", text).replace("\N{MICRO SIGN}", "u").replace("\N{GREEK SMALL LETTER MU}", "u")
    known: dict[str, tuple[str, int]] = terms()["unit"][test.units]
    if spelling not in known:
        raise LeftOut("unknown unit")
    return known[spelling]


def _settle(study: Study, baselines: Baselines) -> None:
    """The last candidate is the baseline; others of the day of the start stay events."""
    for (patient, organ), candidates in baselines.items():
        subject = study.subjects[patient]
        *others, (_, last) = sorted(candidates, key=lambda candidate: candidate[0].moment)
        subject.organs[organ] = last.model_dump(include=MEASURED)
        study.used[f"baseline {organ.replace('_', ' ')}"] += 1
        for seen, event in others:
            if seen.before(subject.start):
                study.left_out["LB", "before the start"] += 1
            else:
                study.used[event.type] += 1
                study.keep(patient, max(seen.moment, subject.start.moment), Rank.SEEN, event)
