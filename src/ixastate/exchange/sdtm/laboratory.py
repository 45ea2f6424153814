"""LB: measurements, and the baseline of the organs among them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, Literal

from ixastate.events import AnyEvent
from ixastate.exchange.sdtm.demographics import ORGANS, start_fields
from ixastate.exchange.sdtm.folder import DataSet, Row
from ixastate.exchange.sdtm.results import Result, has_written_zero, results, unit_of
from ixastate.exchange.sdtm.settled import is_settled
from ixastate.exchange.sdtm.study import LAST, Place, Rank, Study, place
from ixastate.exchange.sdtm.values import LeftOut, When, key, meanings, terms
from ixastate.symbols import NEUTROPENIA, THROMBOCYTOPENIA


@dataclass(frozen=True)
class LaboratoryTest:
    """A laboratory test: the event that it gives, its units, and the organ whose baseline it can be.

    `worse` is which of two results at one moment counts last where nothing tells their order (convention ORDER).
    """

    event: str
    units: Literal["count", "bilirubin", "clearance"]
    organ: str = ""
    worse: Literal["low", "high"] = "low"


TESTS = {
    "NEUT": LaboratoryTest(NEUTROPENIA.event, "count"),
    "PLAT": LaboratoryTest(THROMBOCYTOPENIA.event, "count"),
    "BILI": LaboratoryTest("bilirubin_measured", "bilirubin", "bilirubin", worse="high"),
    "CREATCLR": LaboratoryTest("creatinine_clearance_measured", "clearance", "creatinine_clearance"),
}
# What a baseline takes over of a measurement.
MEASURED = {"value", "comparator", "unit", "upper_limit_of_normal"}


@dataclass(frozen=True)
class Measured:
    """A result: its date, its place among those of the same moment, and its event."""

    seen: When
    place: Place
    event: AnyEvent

    @property
    def order(self) -> tuple[Place, str]:
        """What comes first among the results of one test."""
        return self.place, self.event.model_dump_json()


class _Laboratory:
    """The results so far, by patient and test; those up to the start are candidates for a baseline."""

    def __init__(self, study: Study, data: DataSet) -> None:
        self.study = study
        # False where the data set holds no results as they were written.
        self.has_written = bool(data.columns & {"LBSTRESC", "LBORRES"})
        self.candidates: dict[tuple[str, str], list[Measured]] = defaultdict(list)
        self.kept: dict[tuple[str, str], list[Measured]] = defaultdict(list)

    def measure_one(self, row: Row) -> str | None:
        """Keep the event of one row, now, or with the other candidates for a baseline later."""
        code = row["LBTESTCD"].upper()
        if code not in TESTS:
            if _is_wanted(row["LBTEST"], row["LBTESTCD"]):
                self.study.unknown["LBTESTCD", row["LBTESTCD"]] += 1
            raise LeftOut("another test")
        test, patient = TESTS[code], row["USUBJID"]
        subject = self.study.subject(row)
        fields = self._fields(row, test)
        seen = self.study.date(row, "LBDTC")
        moment = max(seen.moment, subject.start.moment)
        event = self.study.event(patient, moment, fields)
        before = bool(test.organ) and not subject.start.before(seen)
        if "comparator" in fields:
            self._require_settled(patient, moment, event, test.organ if before else "")
        measured = Measured(seen, place("LB", row, seen, list(TESTS).index(code), _badness(test, event)), event)
        if before:
            self.candidates[patient, test.organ].append(measured)
            return None
        if seen.before(subject.start):
            raise LeftOut("before the start")
        self.kept[patient, event.type].append(measured)
        self.study.keep(patient, moment, Rank.SEEN, measured.place, event)
        return event.type

    def _fields(self, row: Row, test: LaboratoryTest) -> dict[str, Any]:
        """The kind, value and unit of a measurement; `LeftOut` where one of them cannot be used."""
        self._require_done(row)
        if test.units != "clearance":
            self._require_blood(row)
        found = results(row)
        if not found:
            for variable in ("LBSTRESC", "LBORRES"):
                if row[variable]:
                    self.study.unknown[variable, row[variable]] += 1
                    break
            raise LeftOut("no numeric result")
        if found[0].value == 0 and self.has_written and not has_written_zero(row):
            raise LeftOut("a zero that no written result stands behind")
        result, unit, times = self._with_unit(test, found)
        fields: dict[str, Any] = {"type": test.event, "value": result.value * times, "unit": unit}
        if result.sign:
            fields["comparator"] = result.sign
        if test.units == "bilirubin":
            if result.upper_limit is None:
                raise LeftOut("no upper limit of normal")
            fields["upper_limit_of_normal"] = result.upper_limit * times
        return fields

    def _require_done(self, row: Row) -> None:
        status = row["LBSTAT"]
        known = meanings("status").get(key(status))
        if known == "not_done":
            raise LeftOut("not done")
        if known is None and status:
            self.study.unknown["LBSTAT", status] += 1
            raise LeftOut("unknown status")

    def _require_blood(self, row: Row) -> None:
        specimen = meanings("specimen").get(key(row["LBSPEC"]))
        if row["LBCAT"].upper() == "URINALYSIS" or specimen == "other":
            raise LeftOut("not from blood")
        if specimen is None and row["LBSPEC"]:
            self.study.unknown["LBSPEC", row["LBSPEC"]] += 1
            raise LeftOut("not from blood")

    def _require_settled(self, patient: str, moment: datetime, event: AnyEvent, organ: str) -> None:
        """Raise `LeftOut` for a result whose sign leaves open what follows, or the doses at the start of a course."""
        probes = [event]
        if organ:
            of_start = start_fields(self.study, self.study.subjects[patient])
            of_start |= {organ: event.model_dump(include=MEASURED), "assumed": tuple(o for o in ORGANS if o != organ)}
            probes.append(self.study.event(patient, moment, of_start))
        if not all(map(is_settled, probes)):
            raise LeftOut("a result whose sign leaves open on which side of a limit it lies")

    def _with_unit(self, test: LaboratoryTest, found: tuple[Result, ...]) -> tuple[Result, str, Decimal]:
        """The first result whose unit is known, with that unit and the factor; `LeftOut` with the first's reason."""
        reasons = []
        for result in found:
            try:
                unit, times = unit_of(test.units, result)
            except LeftOut as reason:
                reasons.append(reason)
                if result.unit:
                    self.study.unknown[result.unit_variable, result.unit] += 1
            else:
                if reasons:
                    self.study.note("LBORRES in LBORRESU: the standardised result has no unit that is known")
                return result, unit, times
        raise reasons[0]


@lru_cache(10_000)
def _is_wanted(name: str, code: str) -> bool:
    """True for a test of a wanted kind, by its name, whatever its code."""
    return any(word in key(f"{name} {code}") for word in terms()["test"]["wanted"])


def measure(study: Study, data: DataSet) -> None:
    """The events of LB. Of the measurements up to the start the last is the baseline."""
    laboratory = _Laboratory(study, data)
    study.account("LB", data.rows, laboratory.measure_one)
    _settle(study, laboratory.candidates)
    for results_of_one_test in (*laboratory.kept.values(), *laboratory.candidates.values()):
        _note_order(study, results_of_one_test)


def _badness(test: LaboratoryTest, event: AnyEvent) -> Fraction:
    """How bad a result is: of two at one moment the worse counts last (convention ORDER)."""
    size = Fraction(getattr(event, {"count": "per_mm3", "bilirubin": "multiple_of_uln"}.get(test.units, "value")))
    return size if test.worse == "high" else -size


def _settle(study: Study, candidates: dict[tuple[str, str], list[Measured]]) -> None:
    """The last candidate is the baseline; others of the day of the start stay events."""
    for (patient, organ), measured in candidates.items():
        subject = study.subjects[patient]
        *others, last = sorted(measured, key=lambda one: one.order)
        subject.organs[organ] = last.event.model_dump(include=MEASURED)
        study.used[f"baseline {organ.replace('_', ' ')}"] += 1
        for one in others:
            if one.seen.before(subject.start):
                study.left_out["LB", "before the start"] += 1
            else:
                study.used[one.event.type] += 1
                study.keep(patient, max(one.seen.moment, subject.start.moment), Rank.SEEN, one.place, one.event)


def _note_order(study: Study, measured: list[Measured]) -> None:
    """Count where different results of one test share a moment, or a day on which not all have a time (ORDER)."""
    by_day: dict[date, list[Measured]] = defaultdict(list)
    for one in measured:
        by_day[one.seen.day].append(one)
    for together in by_day.values():
        values = {one.place[3] for one in together}
        if len(values) == 1:
            continue
        moments = {one.seen.moment for one in together}
        if len({one.seen.timed for one in together}) == 2:
            study.note("days with results of one test of which some have no time: those count first")
        for moment in moments:
            tied = [one for one in together if one.seen.moment == moment]
            if len({one.place[3] for one in tied}) < 2:
                continue
            numbers = {one.place[2] for one in tied}
            if LAST not in numbers and len(numbers) == len(tied):
                study.note("moments with different results of one test: the order of LBSEQ")
            else:
                study.note("moments with different results of one test and no LBSEQ: the worse counts last")
