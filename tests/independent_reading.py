"""A second reading of the dosing text, to hold against the chart.

This module was written from the dosing text (lines L1-L31) and the readings (B-...), not from the chart: it
shares with the machine only the events and the orders. It has no states to draw and no rules file. It counts the
episodes of each family, remembers at which step of its ladder each drug stands, what holds it and whether it is
owed a reduction, and decides the rest with ifs. The numbers stand here a second time on purpose: two readings
that agree because they read the same constant have not checked it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from ixastate.events import (
    WEEKDAYS,
    AnyEvent,
    BilirubinMeasured,
    ConsentWithdrawn,
    CourseStarted,
    CreatinineClearanceMeasured,
    DoseDelayed,
    DoseMissed,
    DoseOverdosed,
    DoseTaken,
    DoseTakenWrongly,
    DoseVomited,
    Drug,
    IntolerableToxicityDeclared,
    NeuropathyGraded,
    NeutrophilsMeasured,
    OtherToxicityGraded,
    PatientDied,
    PlateletsMeasured,
    ProgressionFound,
    RashGraded,
)
from ixastate.orders import Order, Verb

SCREENING, ON_TREATMENT, DISCONTINUED = "screening", "on treatment", "discontinued"

IXAZOMIB_LADDER = tuple(Decimal(mg) for mg in ("4", "3", "2.3"))  # L7, L11; 2.3 mg is the floor
LENALIDOMIDE_LADDER = tuple(Decimal(mg) for mg in ("25", "20", "15", "10", "5", "2.5"))  # L7, L9, B-LADDER
DEXAMETHASONE_MG = 40.0  # L7

NEUTROPHILS_LOW_BELOW = 500  # per mm3, L12
PLATELETS_LOW_BELOW = 30_000  # per mm3, L15
BILIRUBIN_IMPAIRED_ABOVE = Fraction(3, 2)  # times the upper limit of normal, L28
CLEARANCE_IMPAIRED_BELOW = 30  # mL/min, L29
CLEARANCE_REDUCED_BELOW = 60  # mL/min, lenalidomide's insert (L29)

CYCLE_DAYS = 28  # L7
IXAZOMIB_CYCLE_DAYS = (1, 8, 15)  # L1, L7
LATE_DOSE_NEEDS = timedelta(hours=72)  # L5
LONG_HOLD_DAYS = 28  # B-HOLD-MAX; the text (L10) sets no limit

# Haematological terms have no rule but the two counts, whatever their grade below 5 (B-HAEM-OTHER, L26).
HAEMATOLOGICAL_TERMS = frozenset(
    {
        *("anaemia", "anemia", "leukopenia", "lymphopenia", "neutropenia", "thrombocytopenia"),
        *("febrile neutropenia", "pancytopenia"),
    }
)
# Rash (L22-L25) and neuropathy (L18-L21) are not "other" toxicity and have events of their own (B-RASH-CLASS).
RASH_TERMS = frozenset({"rash", "rash maculo-papular", "rash acneiform"})
NEUROPATHY_TERMS = frozenset(
    {
        *("neuropathy", "neuropathy peripheral", "peripheral neuropathy"),
        *("peripheral sensory neuropathy", "peripheral motor neuropathy"),
    }
)


class Refused(Exception):
    """The event does not belong here; it was not taken in, and nothing has changed."""


@dataclass(frozen=True)
class Answer:
    """Where the course stands after an event, and what is to be done now."""

    phase: str
    ixazomib_mg: float | None
    ixazomib_held: bool
    lenalidomide_mg: float | None
    lenalidomide_held: bool
    held_for: frozenset[str]
    orders: frozenset[Order]


@dataclass(frozen=True)
class Calendar:
    """The fixed weekday and clock time of L1; it keeps running whatever happens (B-CALENDAR)."""

    zone: tzinfo
    day_one: date
    clock_time: time

    def slot(self, day: int) -> datetime:
        """The moment of the weekly clock time on a treatment day."""
        local_date = self.day_one + timedelta(days=day - 1)
        return datetime.combine(local_date, self.clock_time, tzinfo=self.zone).astimezone(UTC)

    def day_of(self, moment: datetime) -> int:
        """The treatment day of a moment, by the patient's own date; before day 1 it is 0 or less."""
        return (moment.astimezone(self.zone).date() - self.day_one).days + 1


def calendar_from(event: CourseStarted) -> Calendar:
    """Day 1 is the first weekly slot at or after the start; a start without a date gets a nominal calendar."""
    zone: tzinfo = UTC
    first = date(2001, 1, 1)
    if event.timezone is not None:
        zone = ZoneInfo(event.timezone)
    elif event.at is not None:
        zone = timezone(event.at.utcoffset() or timedelta(0))
    if event.at is not None:
        first = event.at.astimezone(zone).date()
    while WEEKDAYS[first.weekday()] != event.weekday:
        first += timedelta(days=1)
    calendar = Calendar(zone, first, event.clock_time)
    if event.at is not None and calendar.slot(1) < event.at.astimezone(UTC):
        return Calendar(zone, first + timedelta(days=7), event.clock_time)
    return calendar


def is_ixazomib_day(day: int) -> bool:
    """Ixazomib is due on days 1, 8 and 15 of every cycle (L1, L7)."""
    return day >= 1 and (day - 1) % CYCLE_DAYS + 1 in IXAZOMIB_CYCLE_DAYS


@dataclass
class Medicine:
    """One drug that the text holds and reduces: its step on its ladder, and everything that holds it."""

    name: Drug
    ladder: tuple[Decimal, ...]
    step: int = 0
    held_by: set[str] = field(default_factory=set)
    owed: bool = False  # a reduction that waits for the release; several make one (B-STACK)
    held_since: int = 0
    long_hold_told: bool = False

    @property
    def mg(self) -> Decimal:
        return self.ladder[self.step]

    @property
    def held(self) -> bool:
        return bool(self.held_by)

    @property
    def at_floor(self) -> bool:
        return self.step == len(self.ladder) - 1


class IndependentReading:
    """One patient's course, read event by event."""

    def __init__(self, patient: str | None = None) -> None:
        self.patient = patient
        self.phase = SCREENING
        self.calendar: Calendar | None = None
        self.last_moment: datetime | None = None
        self.today = 0
        self.orders: set[Order] = set()
        self.ixazomib = Medicine("ixazomib", IXAZOMIB_LADDER)
        self.lenalidomide = Medicine("lenalidomide", LENALIDOMIDE_LADDER)
        self.ixazomib_was_held: list[tuple[datetime, bool]] = []  # after each event on treatment
        # Episodes so far, the open one included, for life (B-EPISODE), each family by itself (B-FAMILY).
        self.episodes = {"neutrophils": 0, "platelets": 0, "neuropathy": 0, "rash": 0, "other": 0}
        self.open: set[str] = set()  # families with an open episode
        self.neuropathy_is_severe = False
        self.baseline_grade, self.baseline_pain = 0, False
        self.open_terms: dict[str, str | None] = {}  # each open other toxicity and its last stated attribution
        self.a_clear_term_closed = False  # since the hold for other toxicity began

    def observe(self, event: AnyEvent) -> Answer:
        """Take in one event; a refused one changes nothing."""
        calendar = self._calendar_for(event)
        if event.at is not None:
            moment = event.at.astimezone(UTC)
        elif event.day is not None and calendar is not None:
            moment = calendar.slot(event.day)
        else:
            raise Refused("a treatment day without a calendar")
        if self.last_moment is not None and moment < self.last_moment:
            raise Refused("earlier than the event before it")
        if self.phase == ON_TREATMENT:
            self._refuse_what_does_not_fit(event, moment)

        self.orders = set()
        if self.phase == SCREENING:
            if isinstance(event, CourseStarted):
                self._start(event, calendar)
            else:
                self.phase = DISCONTINUED
        elif self.phase == ON_TREATMENT:
            assert calendar is not None
            self.today = calendar.day_of(moment)
            self._treat(event, calendar, moment)
        if self.phase == ON_TREATMENT:
            self._tell_long_holds()
            self.ixazomib_was_held.append((moment, self.ixazomib.held))
        self.last_moment = moment
        return self._answer()

    # What is refused

    def _calendar_for(self, event: AnyEvent) -> Calendar | None:
        """The calendar that dates the event; refuses what its patient or the phase rules out."""
        if event.patient is not None and event.patient != self.patient:
            raise Refused("another patient's event")
        if isinstance(event, CourseStarted):
            if self.phase != SCREENING:
                raise Refused("the course has started already")
            if event.day is not None and event.day != 1:
                raise Refused("a start dated by treatment day is day 1")
            return calendar_from(event)
        if self.phase == SCREENING and not isinstance(event, PatientDied | ConsentWithdrawn):
            raise Refused("the course has not started")
        return self.calendar

    def _refuse_what_does_not_fit(self, event: AnyEvent, moment: datetime) -> None:
        if isinstance(event, OtherToxicityGraded) and event.term in RASH_TERMS | NEUROPATHY_TERMS:
            raise Refused("rash and neuropathy have their own events")
        if isinstance(event, DoseMissed | DoseDelayed) and event.drug == "ixazomib":
            assert self.calendar is not None
            self._scheduled_day(event, self.calendar, moment)

    # The start (L1, L6, L7, L28, L29)

    def _start(self, event: CourseStarted, calendar: Calendar | None) -> None:
        clearance_measured = event.creatinine_clearance is not None or event.on_dialysis
        clearance_known = clearance_measured or "creatinine_clearance" in event.assumed
        bilirubin_known = event.bilirubin is not None or "bilirubin" in event.assumed
        if not event.patient_informed:  # L6
            self._order("inform_patient")
        if not clearance_known or not bilirubin_known:  # B-BILI-ONLY
            self._order("assess_organ_function")
        if self.orders:
            return

        self.phase = ON_TREATMENT
        self.calendar = calendar
        self.baseline_grade = event.baseline_neuropathy.grade
        self.baseline_pain = event.baseline_neuropathy.pain
        clearance = event.creatinine_clearance.value if event.creatinine_clearance else None
        liver_impaired = event.bilirubin is not None and event.bilirubin.multiple_of_uln > BILIRUBIN_IMPAIRED_ABOVE
        kidneys_impaired = event.on_dialysis or (clearance is not None and clearance < CLEARANCE_IMPAIRED_BELOW)
        if liver_impaired or kidneys_impaired:
            self.ixazomib.step = 1  # 3 mg, once even for both organs (L28, L29)
        lenalidomide_mg = 25  # L7; the rest is the insert's, to which L29 refers
        if event.on_dialysis:
            lenalidomide_mg = 5
        elif clearance is not None and clearance < CLEARANCE_IMPAIRED_BELOW:
            lenalidomide_mg = 15  # every other day
        elif clearance is not None and clearance < CLEARANCE_REDUCED_BELOW:
            lenalidomide_mg = 10
        self.lenalidomide.step = LENALIDOMIDE_LADDER.index(Decimal(lenalidomide_mg))
        self._order("start", self.ixazomib.name, float(self.ixazomib.mg))
        self._order("start", self.lenalidomide.name, float(self.lenalidomide.mg))
        self._order("start", "dexamethasone", DEXAMETHASONE_MG)
        if liver_impaired:
            self._order("consult_insert", "lenalidomide")  # L28
        if event.assumed:
            self._order("confirm_assumption")

    # One event on treatment

    def _treat(self, event: AnyEvent, calendar: Calendar, moment: datetime) -> None:
        if isinstance(event, ProgressionFound | IntolerableToxicityDeclared | PatientDied | ConsentWithdrawn):
            self._stop()  # L8, B-EXIT
        elif isinstance(event, NeutrophilsMeasured):
            self._count("neutrophils", event.per_mm3 < NEUTROPHILS_LOW_BELOW, event.after_g_csf)
        elif isinstance(event, PlateletsMeasured):
            self._count("platelets", event.per_mm3 < PLATELETS_LOW_BELOW, event.after_transfusion)
        elif isinstance(event, NeuropathyGraded):
            self._neuropathy(event)
        elif isinstance(event, RashGraded):
            self._rash(event.grade)
        elif isinstance(event, OtherToxicityGraded):
            self._other_toxicity(event)
        elif isinstance(event, BilirubinMeasured):  # the organs set the initial dose only (L28, L29, B-MIDCOURSE)
            if event.multiple_of_uln > BILIRUBIN_IMPAIRED_ABOVE:
                self._order("review_impairment")
        elif isinstance(event, CreatinineClearanceMeasured):
            if event.on_dialysis or event.value < CLEARANCE_IMPAIRED_BELOW:
                self._order("review_impairment")
        elif isinstance(event, DoseTakenWrongly):  # L2, L3
            self._order("correct_administration", event.drug)
        elif isinstance(event, DoseTaken | DoseMissed | DoseDelayed | DoseVomited | DoseOverdosed):
            if event.drug == "ixazomib":
                self._ixazomib_dose(event, calendar, moment)
            elif not isinstance(event, DoseTaken):
                self._order("consult_insert", event.drug)  # L9

    def _count(self, family: str, low: bool, supported: bool) -> None:
        """Neutrophils (L12-L14) and platelets (L15-L17): both drugs wait for the count, then one is reduced."""
        if low:
            if family not in self.open:
                self._open(family)
                reduced_next = self._whose_turn(family)
                if self._exhausted(family, needs_ixazomib=reduced_next is self.ixazomib):
                    return self._stop()
                self._hold(family, self.ixazomib, self.lenalidomide)
            if family == "neutrophils":
                self._order("consider_g_csf")  # L12
            return None
        if supported:
            self._order("note_supported_count")
        if family in self.open:
            self._whose_turn(family).owed = True
            self._close(family, self.ixazomib, self.lenalidomide)
        return None

    def _neuropathy(self, event: NeuropathyGraded) -> None:
        """L18-L21: only ixazomib waits, and only the severe kind costs a level."""
        grade, pain = event.grade, event.pain
        if grade >= 4:  # L21; grade 5 is death
            return self._stop()
        worse = grade > self.baseline_grade or (pain and not self.baseline_pain)
        severe = worse and (grade == 3 or (grade == 2 and pain))  # L19
        moderate = worse and not severe and (grade == 2 or (grade == 1 and pain))  # L18
        if severe or moderate:
            is_new = "neuropathy" not in self.open
            turns_severe = severe and not self.neuropathy_is_severe
            if is_new:
                self._open("neuropathy")
            if (is_new or turns_severe) and self._exhausted("neuropathy", needs_ixazomib=severe):
                return self._stop()  # L18, L20
            if severe:
                self.neuropathy_is_severe = True  # and stays so on the way down (B-DOWNGRADE)
            self._hold("neuropathy", self.ixazomib)
        elif "neuropathy" in self.open:
            if self.neuropathy_is_severe and not event.physician_agrees:
                self._order("obtain_agreement")  # L19
                return None
            if self.neuropathy_is_severe:
                self.ixazomib.owed = True  # L19; a moderate one comes back at the same dose (L18)
            self.neuropathy_is_severe = False
            self._close("neuropathy", self.ixazomib)
        return None

    def _rash(self, grade: int) -> None:
        """L22-L25: the first rash costs a level at once and holds nothing; a later one holds both drugs."""
        if grade >= 4:  # L25; grade 5 is death
            return self._stop()
        if grade >= 2:
            if "rash" in self.open:
                if self.episodes["rash"] == 1:
                    self._order("review_rash")  # B-RASH-ESC
                return None
            self._open("rash")
            reduced_next = self._whose_turn("rash")
            if self._exhausted("rash", needs_ixazomib=reduced_next is self.ixazomib):
                return self._stop()  # L24
            if self.episodes["rash"] == 1:
                self._reduce_at_once(reduced_next)  # L22
            else:
                self._hold("rash", self.ixazomib, self.lenalidomide)  # L23
        elif "rash" in self.open:
            if self.episodes["rash"] > 1:
                self._whose_turn("rash").owed = True  # L23, L24
                self._close("rash", self.ixazomib, self.lenalidomide)
            else:
                self.open.discard("rash")
        return None

    def _other_toxicity(self, event: OtherToxicityGraded) -> None:
        """L26-L27: only ixazomib waits, term by term; a clear link to ixazomib costs a level."""
        if event.grade == 5:
            return self._stop()
        if event.term in HAEMATOLOGICAL_TERMS:
            return None
        if event.term not in self.open_terms:
            if event.grade < 3:
                return None
            self._open("other")
            if self._exhausted("other", needs_ixazomib=event.attribution == "clear"):
                return self._stop()  # L27
            self.open_terms[event.term] = None
            self._hold("other", self.ixazomib)
        if event.attribution is not None:
            self.open_terms[event.term] = event.attribution
        if self.open_terms[event.term] is None:
            self._order("state_attribution")  # B-ATTRIB
        if event.grade > max(1, event.baseline_grade):
            return None
        if not event.physician_agrees:
            self._order("obtain_agreement")  # L26
            return None
        if self.open_terms.pop(event.term) == "clear":
            self.a_clear_term_closed = True
        if self.open_terms:
            return None
        if self.a_clear_term_closed:
            if self.ixazomib.at_floor:
                return self._stop()  # B-UPGRADE-ATTRIB: the level that L26 asks for is not there (L11)
            self.ixazomib.owed = True
        self.a_clear_term_closed = False
        self._close("other", self.ixazomib)
        return None

    # Ixazomib's doses (L4-L6)

    def _ixazomib_dose(
        self,
        event: DoseTaken | DoseMissed | DoseDelayed | DoseVomited | DoseOverdosed,
        calendar: Calendar,
        moment: datetime,
    ) -> None:
        if isinstance(event, DoseTaken):
            if event.dose_mg > self.ixazomib.mg:
                self._order("review_overdose", "ixazomib")  # L6
            if self.ixazomib.held or event.dose_mg < self.ixazomib.mg or not is_ixazomib_day(self.today):
                self._order("review_deviation", "ixazomib")  # L6
        elif isinstance(event, DoseOverdosed):
            self._order("review_overdose", "ixazomib")  # L6
        elif isinstance(event, DoseVomited):
            self._order("give_no_extra_dose", "ixazomib")  # L4
        else:
            day = self._scheduled_day(event, calendar, moment)
            allowed = self._may_be_late(day, calendar, moment)
            if isinstance(event, DoseMissed):
                self._order("permit_late_dose" if allowed else "omit_late_dose", "ixazomib")  # L5
            elif not allowed:
                self._order("review_deviation", "ixazomib")  # L5

    def _scheduled_day(self, event: DoseMissed | DoseDelayed, calendar: Calendar, moment: datetime) -> int:
        """The day on which the late dose was due; refuses a day on which none was, or not yet."""
        if event.scheduled_day is not None:
            if not is_ixazomib_day(event.scheduled_day) or calendar.slot(event.scheduled_day) > moment:
                raise Refused("no dose of ixazomib was due then")
            return event.scheduled_day
        day = calendar.day_of(moment)
        while day >= 1:
            if is_ixazomib_day(day) and calendar.slot(day) <= moment:
                return day
            day -= 1
        raise Refused("no dose of ixazomib was due yet")

    def _may_be_late(self, day: int, calendar: Calendar, moment: datetime) -> bool:
        """L5: 72 hours to the next dose are enough, and a dose left out by a hold is not a missed one."""
        slot = calendar.slot(day)
        held_then = False
        for when, was_held in self.ixazomib_was_held:
            if when <= slot:
                held_then = was_held
        next_day = day + 1
        while not is_ixazomib_day(next_day):
            next_day += 1
        enough_time = calendar.slot(next_day) - moment >= LATE_DOSE_NEEDS
        return enough_time and not self.ixazomib.held and not held_then

    # Episodes, turns and the floor

    def _open(self, family: str) -> None:
        self.open.add(family)
        self.episodes[family] += 1

    def _close(self, family: str, *medicines: Medicine) -> None:
        """End a family's episode; a drug that nothing else holds comes back, one level lower if that is owed."""
        self.open.discard(family)
        for medicine in medicines:
            medicine.held_by.discard(family)
            if medicine.held:
                continue
            if medicine.owed:
                medicine.owed = False
                self._step_down(medicine)
            self._order("resume", medicine.name, float(medicine.mg))

    def _whose_turn(self, family: str) -> Medicine:
        """The drug that this episode reduces; lenalidomide at its floor passes its turn on (B-LENFLOOR)."""
        odd = self.episodes[family] % 2 == 1
        # Neutrophils begin with ixazomib (L13, L14); platelets (L16, L17) and rash (L22-L24) with lenalidomide.
        ixazomib_is_due = odd if family == "neutrophils" else not odd
        return self.ixazomib if ixazomib_is_due or self.lenalidomide.at_floor else self.lenalidomide

    def _exhausted(self, family: str, needs_ixazomib: bool) -> bool:
        """After two reductions any further episode stops treatment (L14, L17, L18, L20, L24, L27; B-EXHAUST).

        Only a family's first episode is spared, if it needs no reduction of ixazomib (B-FIRSTEVER).
        """
        return self.ixazomib.at_floor and (needs_ixazomib or self.episodes[family] > 1)

    # What is done to the drugs

    def _order(self, verb: Verb, drug: Drug | None = None, mg: float = 0.0) -> None:
        self.orders.add(Order(verb, drug or "", mg))

    def _hold(self, family: str, *medicines: Medicine) -> None:
        for medicine in medicines:
            if not medicine.held:
                self._order("hold", medicine.name)
                medicine.held_since = self.today
                medicine.long_hold_told = False
            medicine.held_by.add(family)

    def _reduce_at_once(self, medicine: Medicine) -> None:
        if medicine.held:
            medicine.owed = True
        else:
            self._step_down(medicine)

    def _step_down(self, medicine: Medicine) -> None:
        medicine.step += 1  # never below the floor: nothing is owed by a drug that stands on it (L10, L11)
        self._order("reduce", medicine.name, float(medicine.mg))

    def _stop(self) -> None:
        """Treatment is all three drugs (B-TREATMENT), and nothing else is ordered beside it."""
        self.phase = DISCONTINUED
        self.orders = {Order("stop", "ixazomib"), Order("stop", "lenalidomide"), Order("stop", "dexamethasone")}

    def _tell_long_holds(self) -> None:
        for medicine in (self.ixazomib, self.lenalidomide):
            long = medicine.held and self.today - medicine.held_since >= LONG_HOLD_DAYS
            if long and not medicine.long_hold_told:
                medicine.long_hold_told = True
                self._order("review_long_hold", medicine.name)

    def _answer(self) -> Answer:
        if self.phase != ON_TREATMENT:
            return Answer(self.phase, None, False, None, False, frozenset(), frozenset(self.orders))
        return Answer(
            phase=self.phase,
            ixazomib_mg=float(self.ixazomib.mg),
            ixazomib_held=self.ixazomib.held,
            lenalidomide_mg=float(self.lenalidomide.mg),
            lenalidomide_held=self.lenalidomide.held,
            held_for=frozenset(self.ixazomib.held_by | self.lenalidomide.held_by),
            orders=frozenset(self.orders),
        )
