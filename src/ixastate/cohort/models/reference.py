"""The reference implementation of the `pkpd` model, in plain Python: slow, obvious, and the oracle of its kernel.

It shares with the kernel the numbers worked out of the file, and nothing else: the random numbers are drawn on whole
numbers, the normal quantile is the standard library's, what an event means is asked of the alphabet each time, and what
the machine does is read off the table, move by move. Its rows and baselines equal the kernel's to the last bit, since
both add and multiply in the same order. The theory is in `pkpd`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ixastate.cohort.models.parameters import DAYS_A_WEEK, Given
from ixastate.cohort.models.pkpd_numbers import by_week, visits, worked_out
from ixastate.cohort.models.reference_body import Body, modes
from ixastate.cohort.models.reference_patient import (
    MOST_NEUTROPHILS,
    MOST_PLATELETS,
    Patient,
    deviation,
    draw,
    next_grade,
    next_neuropathy,
    normal,
    rounded,
    unit,
)
from ixastate.course.alphabet import Context, Meaning, read
from ixastate.course.limits import lenalidomide_start
from ixastate.course.schedule import is_due_day, next_ixazomib_day
from ixastate.events import AnyEvent, CourseStarted, Drug, OtherToxicityGraded, parse_event
from ixastate.rules import Edition
from ixastate.symbols import OTHER
from ixastate.table.table import Table

NO_SYMBOL = 255
TERM = "diarrhoea"
# What is measured by an event.
COUNTS = {"neutrophils_measured": "neutrophils", "platelets_measured": "platelets"}
# What ends the episode of a term.
OVER = {recovery.name for recovery in OTHER.recoveries}


Row = dict[str, Any]


@dataclass
class Reference:
    """The model on one machine, for patients one at a time."""

    values: Given
    table: Table
    seed: int
    cycles: int

    def __post_init__(self) -> None:
        self.edition: Edition = self.table.graph.edition
        self.n = worked_out(self.values)
        self.length = self.edition.integer("DOSE-01", "cycle")
        self.weeks = self.cycles * self.length // DAYS_A_WEEK
        self.by_week = by_week(self.values, self.weeks)
        self.visits = visits(self.values, self.length, "parameters")
        self.columns = {symbol: column for column, symbol in enumerate(self.table.symbols)}
        self.assesses = "new_cycle_met" in self.table.symbols

    def move(self, configuration: int, symbol: str) -> tuple[int, int]:
        """The configuration after a symbol, and the number of what is said."""
        at = configuration * len(self.columns) + self.columns[symbol]
        return self.table.next[at], self.table.output[at]

    def course(self, patient: int) -> tuple[dict[str, float], list[Row]]:
        """The baseline of a patient and the rows of the course, with an `event` each."""
        like = Patient.drawn(self.n, self.seed, patient)
        return like.baseline, list(Course(self, patient, like).rows())


class Course:
    """One patient's course."""

    def __init__(self, model: Reference, number: int, like: Patient) -> None:
        self.model, self.n, self.edition = model, model.n, model.edition
        self.patient, self.like = number, like
        self.now, self.number = 0, 0
        self.context = Context()
        self.rash = self.diarrhoea = self.neuropathy = 0
        self.pain = False
        self.attribution: str | None = None
        self.neutrophils = int(like.baseline["neutrophils_mm3"])
        self.platelets = int(like.baseline["platelets_10e9_l"])
        self.every_days = 1
        base = like.baseline
        self.body = Body(
            self.n,
            modes(
                self.n,
                base["ixazomib_clearance_l_h"],
                base["ixazomib_bioavailability"],
                base["ixazomib_volume_4_l"],
            ),
        )
        self.auc = 0.0
        self.suppression = 0.0
        own = base["own_platelets_10e9_l"]
        spread = deviation(self.n, own)
        self.platelets_off = (self.platelets - own) / spread if spread else 0.0
        self.neutrophils_off = 0.0
        # The true counts per cubic millimetre, not rounded.
        self.true = {"neutrophils": float(self.neutrophils), "platelets": 1000.0 * self.platelets}

    @property
    def treated(self) -> bool:
        """Whether the course is on treatment."""
        return self.model.table.statuses[self.now].phase == "on treatment"

    def held_for(self, reason: str) -> bool:
        """Whether a drug is held for this."""
        return reason in self.model.table.statuses[self.now].held_for

    def to_confirm(self, count: str) -> bool:
        """Whether a low count of this kind is to be confirmed."""
        return count in self.model.table.statuses[self.now].to_confirm

    def given_mg(self, drug: Drug) -> float:
        """What is given now, in mg; tenths are whole numbers in the log, and so they are here."""
        mg = self.model.table.statuses[self.now].given_mg(drug, 0.0)
        return round((mg or 0.0) * 10) / 10

    def means(self, facts: dict[str, Any]) -> str | None:
        """What an event would mean now."""
        event: AnyEvent = parse_event({"day": 1, **facts})
        return self.logged(read(event, self.context, self.edition))

    @staticmethod
    def logged(meaning: Meaning) -> str | None:
        """The symbol that the log has of an event: the last, as those before it repeat what was reported that day."""
        return meaning.symbols[-1] if meaning.symbols else None

    def is_open(self, recovery: str) -> bool:
        """Whether the machine is in an episode that this symbol would end."""
        return self.model.move(self.now, recovery)[0] != self.now

    def row(self, day: int, facts: dict[str, Any]) -> Row:
        """The row of an event, when the machine has taken it in."""
        event: AnyEvent = parse_event({"day": day, **facts})
        truly = self.truly(facts)
        misclassified = truly is not None and self.means(truly) != self.means(facts)
        meaning = read(event, self.context, self.edition)
        self.context = meaning.context
        if isinstance(event, CourseStarted):
            self.every_days = lenalidomide_start(event, self.edition).every_days
        said = 0
        symbol = self.logged(meaning)
        if symbol is not None:
            self.now, said = self.model.move(self.now, symbol)
        self.number += 1
        return {
            "patient": self.patient,
            "number": self.number,
            "day": day,
            "event": event,
            "symbol": NO_SYMBOL if symbol is None else self.model.columns[symbol],
            "configuration": self.now,
            "output": said,
            "misclassified": misclassified,
            "true": math.floor(self.true[COUNTS[event.type]]) if event.type in COUNTS else 0,
        }

    def rows(self) -> Iterator[Row]:
        """The rows of the course."""
        for week in range(self.model.weeks):
            day = DAYS_A_WEEK * week + 1
            for facts in self.week(week):
                yield self.row(day + facts.pop("later", 0), facts)
                if not self.treated:
                    return
            self.live(week)

    def week(self, week: int) -> Iterator[dict[str, Any]]:
        """The reports of the first day of a week, one after the other; each sees the machine after those before."""
        luck = draw(self.model.seed, self.patient, week, 0)
        self.deviate(week)
        if week == 0:
            yield self.start()
        else:
            yield from self.graded_rash(week, luck[0])
            yield from self.graded_diarrhoea(week, luck[1])
            yield from self.graded_neuropathy(week, luck[2])
        yield from self.counts(week)
        if week > 0:
            yield from self.end(unit(luck[3]))
        yield from self.dose(week)

    def deviate(self, week: int) -> None:
        """The patient's own deviations from what the drugs make of the counts, a week later; day 1 has those it has."""
        if week > 0:
            n, words = self.n, draw(self.model.seed, self.patient, week, 1)
            self.platelets_off = n.platelets_keep * self.platelets_off + n.platelets_renew * normal(words[2])
            self.neutrophils_off = n.neutrophils_keep * self.neutrophils_off + n.neutrophils_renew * normal(words[3])

    def truly(self, facts: dict[str, Any]) -> dict[str, Any] | None:
        """The facts of counts as they truly were; None of other events."""
        true = {name: {"value": value, "unit": "/mm3"} for name, value in self.true.items()}
        if facts["type"] in COUNTS:
            return facts | true[COUNTS[facts["type"]]]
        return facts | true if facts["type"] == "cycle_assessed" else None

    def start(self) -> dict[str, Any]:
        """The start of the course."""
        base = self.like.baseline
        return {
            "type": "course_started",
            "weekday": "monday",
            "clock_time": "08:00",
            "patient_informed": True,
            "bilirubin": {"times_uln": base["bilirubin_times_uln"]},
            "creatinine_clearance": {"value": base["creatinine_clearance_ml_min"], "unit": "mL/min"},
            "on_dialysis": bool(base["on_dialysis"]),
        }

    def graded_rash(self, week: int, word: int) -> Iterator[dict[str, Any]]:
        """Rash, when its grade has changed or could end the episode."""
        early, slow, _, _ = self.model.by_week[week]
        shift, first = self.like.rash[self.rash], 0.0
        if self.rash == 0:
            shift += self.n.rash_exposure * self.auc + self.n.rash_asian * self.like.baseline["asian"] + early
        elif self.rash == 1:
            first = slow
        was, self.rash = self.rash, next_grade(word, self.n.rash_cuts[self.rash], shift, first)
        facts = {"type": "rash_graded", "grade": self.rash}
        if self.rash != was or (self.is_open("rash_resolved") and self.means(facts) == "rash_resolved"):
            yield facts

    def graded_diarrhoea(self, week: int, word: int) -> Iterator[dict[str, Any]]:
        """Diarrhoea, when its grade has changed or could end the episode."""
        _, _, first_week, slow = self.model.by_week[week]
        shift, first = self.like.diarrhoea[self.diarrhoea], 0.0
        if self.diarrhoea == 0:
            shift += self.n.diarrhoea_exposure * self.auc
            first = first_week
        elif self.diarrhoea == 1:
            first = slow
        elif self.diarrhoea == 3:
            shift += self.n.diarrhoea_naive * (1 - self.like.baseline["prior_imid"])
        was, self.diarrhoea = self.diarrhoea, next_grade(word, self.n.diarrhoea_cuts[self.diarrhoea], shift, first)
        facts = {"type": "other_toxicity_graded", "term": TERM, "grade": self.diarrhoea}
        is_open = bool(self.context.open_terms)
        attributed = {"attribution": self.attribution} if is_open else {}
        over = is_open and self.means(facts | attributed | {"physician_agrees": True}) in OVER
        if self.diarrhoea == was and not over:
            return
        details = draw(self.model.seed, self.patient, week, 2)
        if not is_open:
            event = parse_event({"day": 1, **facts, "attribution": "clear"})
            assert isinstance(event, OtherToxicityGraded)
            opens = bool(read(event, self.context, self.edition).context.open_terms)
            clear = unit(details[0]) < self.n.clearly_caused
            self.attribution = ("clear" if clear else "not_clear") if opens else None
        agrees = over and unit(details[1]) < self.n.diarrhoea_agreement
        yield facts | {"attribution": self.attribution, "physician_agrees": agrees}

    def graded_neuropathy(self, week: int, word: int) -> Iterator[dict[str, Any]]:
        """Neuropathy, when its grade has changed or could end the episode."""
        agreed = "neuropathy_resolved_agreed"
        was = self.neuropathy
        self.neuropathy = next_neuropathy(self.n, word, was, self.like.frailty, self.auc)
        changed = self.neuropathy != was
        if not changed and not self.is_open(agreed):
            return
        details = draw(self.model.seed, self.patient, week, 2)
        if changed:
            self.pain = unit(details[2]) < self.n.pain[self.neuropathy]
        facts = {"type": "neuropathy_graded", "grade": self.neuropathy, "pain": self.pain}
        over = self.means(facts | {"physician_agrees": True}) == agreed
        if changed or over:
            yield facts | {"physician_agrees": over and unit(details[3]) < self.n.neuropathy_agreement}

    def counts(self, week: int) -> Iterator[dict[str, Any]]:
        """Blood counts when they are drawn, and the assessment before a new cycle."""
        cycle, cycle_day = week * DAYS_A_WEEK // self.model.length, week * DAYS_A_WEEK % self.model.length + 1
        early = cycle < self.model.visits.first_cycles
        visit = cycle_day in (self.model.visits.first_days if early else self.model.visits.later_days)
        assessed = self.model.assesses and week > 0 and (cycle_day == 1 or self.held_for("new cycle"))
        held = self.held_for("neutrophils") or self.held_for("platelets")
        if not (visit or assessed or (self.model.visits.weekly_while_held and held)):
            return
        n = self.n
        if week > 0:
            words = draw(self.model.seed, self.patient, week, 1)
            expected = self.like.baseline["own_platelets_10e9_l"] * self.body.circulating
            spread = deviation(n, expected)
            true = max(0.0, expected + n.platelets_within * spread * self.platelets_off)
            log_count = self.like.log_neutrophils - self.suppression + n.neutrophils_within * self.neutrophils_off
            self.true = {"neutrophils": math.exp(log_count), "platelets": 1000.0 * true}
            self.seen_platelets(true, n.platelets_laboratory * spread, words[0])
            self.seen_neutrophils(log_count, words[1])
        yield {"type": "neutrophils_measured", **self.seen("neutrophils")}
        yield {"type": "platelets_measured", **self.seen("platelets")}
        if week > 0:
            again = draw(self.model.seed, self.patient, week, 4)
            if self.to_confirm("neutrophils"):
                self.seen_neutrophils(log_count, again[1])
                yield {"type": "neutrophils_measured", **self.seen("neutrophils")}
            if self.to_confirm("platelets"):
                self.seen_platelets(true, n.platelets_laboratory * spread, again[0])
                yield {"type": "platelets_measured", **self.seen("platelets")}
        if assessed:
            resolved = max(self.rash, self.diarrhoea, self.neuropathy) <= n.resolved_to
            counts = {name: self.seen(name) for name in ("neutrophils", "platelets")}
            yield {"type": "cycle_assessed", **counts, "toxicities_resolved": resolved}

    def seen_platelets(self, true: float, error: float, word: int) -> None:
        """Platelets are measured, in 10^9/L."""
        self.platelets = min(MOST_PLATELETS, max(0, rounded(true + error * normal(word))))

    def seen_neutrophils(self, log_count: float, word: int) -> None:
        """Neutrophils are measured, to ten per cubic millimetre."""
        measured = math.exp(log_count + self.n.neutrophils_laboratory * normal(word))
        self.neutrophils = 10 * min(MOST_NEUTROPHILS, rounded(measured / 10))

    def seen(self, count: str) -> dict[str, Any]:
        """The last count of this kind."""
        value = self.neutrophils if count == "neutrophils" else 1000 * self.platelets
        return {"value": value, "unit": "/mm3"}

    def end(self, luck: float) -> Iterator[dict[str, Any]]:
        """The end of treatment for another reason."""
        scale = {
            "progression_found": self.n.progression,
            "patient_died": self.n.or_death,
            "consent_withdrawn": self.n.or_withdrawal,
            "intolerable_toxicity_declared": self.n.or_intolerable,
        }
        for kind, most in scale.items():
            if luck < most:
                yield {"type": kind}
                return

    def dose(self, week: int) -> Iterator[dict[str, Any]]:
        """The dose of ixazomib of this week: taken, missed, late or vomited."""
        n, day = self.n, DAYS_A_WEEK * week + 1
        due = is_due_day("ixazomib", day, 1, self.edition)
        self.dose_mg, self.dose_day = self.given_mg("ixazomib") if due else 0.0, 0
        if self.dose_mg == 0 or n.missed_or_late + n.vomited == 0:
            return
        words = draw(self.model.seed, self.patient, week, 3)
        # The next dose must be so many whole days off (ADM-11).
        apart = math.ceil(self.edition.integer("ADM-11", "interval") / 24)
        longest = min(int(n.longest_delay), 6, next_ixazomib_day(day, self.edition) - day - apart)
        if unit(words[0]) < n.missed:
            self.dose_mg = 0.0
            yield {"type": "dose_missed", "scheduled_day": day, "later": 1}
        elif unit(words[0]) < n.missed_or_late and longest > 0:
            self.dose_day = 1 + math.floor(unit(words[1]) * longest)
            yield {"type": "dose_delayed", "scheduled_day": day, "later": self.dose_day}
        if self.dose_mg > 0 and unit(words[2]) < n.vomited:
            yield {"type": "dose_vomited", "later": self.dose_day}

    def live(self, week: int) -> None:
        """The seven days of a week, with the doses that were ordered."""
        before, taken = self.body.auc, 0.0
        lenalidomide = self.like.baseline["lenalidomide_exposure"] * self.given_mg("lenalidomide")
        for later in range(DAYS_A_WEEK):
            day = DAYS_A_WEEK * week + 1 + later
            due = is_due_day("lenalidomide", day, self.every_days, self.edition)
            taken += lenalidomide if due else 0.0
            self.body.day(self.dose_mg if later == self.dose_day else 0.0, lenalidomide if due else 0.0)
        n = self.n
        self.auc = self.body.auc - before
        effect = self.like.sensitivity * (n.neutrophils_lenalidomide * taken + n.neutrophils_ixazomib * self.auc)
        self.suppression = n.neutrophils_keeps * self.suppression + (1 - n.neutrophils_keeps) * effect
