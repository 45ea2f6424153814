"""A second reading of the dosing text, to hold against the chart.

This module was written from the dosing text (lines L1-L31) and the readings (B-...), not from the chart: it
shares with the machine only the events and the orders. It has no states to draw and no rules file. It counts the
episodes of each family, remembers at which step of its ladder each drug stands, what holds it and whether it is
owed a reduction, and decides the rest with ifs. The numbers stand here a second time on purpose: two readings
that agree because they read the same constant have not checked it.
"""

from __future__ import annotations

from collections.abc import Callable
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
    CycleAssessed,
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
from ixastate.measurements import Bilirubin, CellCount, CreatinineClearance
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
        *("febrile neutropenia", "pancytopenia", "platelet count decreased", "white blood cell decreased"),
    }
)
# Rash (L22-L25) and neuropathy (L18-L21) are not "other" toxicity and have events of their own (B-RASH-CLASS).
RASH_TERMS = frozenset({"rash", "rash maculo-papular", "rash acneiform", "stevens-johnson syndrome"})
NEUROPATHY_TERMS = frozenset(
    {
        *("neuropathy", "neuropathy peripheral", "peripheral neuropathy"),
        *("peripheral sensory neuropathy", "peripheral motor neuropathy", "polyneuropathy"),
    }
)


class Refused(Exception):
    """The event does not belong here; it was not taken in, and nothing has changed."""


def certainly(holds: Callable[[Fraction], bool], value: Fraction | Decimal, sign: str | None) -> bool:
    """What holds of every value that was possibly there (B-COMPARATOR); it is asked at both ends of them."""
    reported, bit = Fraction(value), Fraction(1, 10**1000)
    ends = {
        None: {reported},
        "<": {Fraction(0), reported - bit},
        "<=": {Fraction(0), reported},
        ">": {reported + bit, reported + 10**12},
        ">=": {reported, reported + 10**12},
    }[sign]
    answers = {holds(end) for end in ends}
    if len(answers) > 1:
        raise Refused("the sign leaves it open")
    return answers.pop()


def low_count(event: CellCount, below: int) -> bool:
    return certainly(lambda cells: cells < below, event.per_mm3, event.comparator)


def high_bilirubin(bilirubin: Bilirubin) -> bool:
    return certainly(lambda times: times > BILIRUBIN_IMPAIRED_ABOVE, bilirubin.multiple_of_uln, bilirubin.comparator)


def low_clearance(clearance: CreatinineClearance, below: int) -> bool:
    return certainly(lambda rate: rate < below, clearance.value, clearance.comparator)


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
    # An overdose that would make up for a missed dose (L5).
    doubled: bool = False
    # What earned the reductions that are made now and were owed before: drug, clause, treatment day.
    earned: frozenset[tuple[str, str, int]] = frozenset()
    # The low counts that wait for a second one.
    to_confirm: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Calendar:
    """The fixed weekday and clock time of L1; it keeps running whatever happens (B-CALENDAR)."""

    zone: tzinfo
    day_one: date
    clock_time: time
    nominal: bool = False

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
    calendar = Calendar(zone, first, event.clock_time, nominal=event.at is None)
    if event.at is not None and calendar.slot(1) < event.at.astimezone(UTC):
        return Calendar(zone, first + timedelta(days=7), event.clock_time)
    return calendar


def is_ixazomib_day(day: int) -> bool:
    """Ixazomib is due on days 1, 8 and 15 of every cycle (L1, L7)."""
    return day >= 1 and (day - 1) % CYCLE_DAYS + 1 in IXAZOMIB_CYCLE_DAYS


def next_ixazomib_day(day: int) -> int:
    """The day of the dose after that of a day."""
    later = day + 1
    while not is_ixazomib_day(later):
        later += 1
    return later


def latest_ixazomib_day_before(day: int) -> int:
    """The day of the dose before that of a day; 0 when it was the first."""
    earlier = day - 1
    while earlier >= 1 and not is_ixazomib_day(earlier):
        earlier -= 1
    return earlier


DoseReport = DoseTaken | DoseMissed | DoseDelayed | DoseVomited | DoseOverdosed | DoseTakenWrongly


@dataclass
class PlannedDose:
    """What is known of one dose of the calendar: every fact for itself."""

    withheld: bool = False
    swallowed: bool = False
    fault: bool = False
    reported_missed: bool = False

    @property
    def known(self) -> bool:
        """It is known to have been taken."""
        return not self.withheld_and_not_taken and (self.swallowed or self.fault)

    @property
    def withheld_and_not_taken(self) -> bool:
        return self.withheld and not self.swallowed

    @property
    def missing(self) -> bool:
        return self.reported_missed and not self.known and not self.withheld


@dataclass
class Medicine:
    """One drug that the text holds and reduces: its step on its ladder, and everything that holds it."""

    name: Drug
    ladder: tuple[Decimal, ...]
    step: int = 0
    held_by: set[str] = field(default_factory=set)
    # The clauses whose reductions wait for the release, each with its day; several make one level (B-STACK).
    owed: list[tuple[str, int]] = field(default_factory=list)
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
    """One patient's course, read event by event.

    `persists`: what persists with ixazomib at its floor stops treatment too, not only what comes again (B-PERSIST).
    `confirms`: a low count does nothing before the next one of its kind is low too (B-CONFIRM-HOLD).
    """

    def __init__(self, patient: str | None = None, *, persists: bool = False, confirms: bool = False) -> None:
        self.patient = patient
        self.persists = persists
        self.confirms = confirms
        self.last_was_low = {"neutrophils": False, "platelets": False}
        self.phase = SCREENING
        self.calendar: Calendar | None = None
        self.last_moment: datetime | None = None
        self.today = 0
        self.orders: set[Order] = set()
        self.earned: set[tuple[str, str, int]] = set()
        self.ixazomib = Medicine("ixazomib", IXAZOMIB_LADDER)
        self.lenalidomide = Medicine("lenalidomide", LENALIDOMIDE_LADDER)
        self.ixazomib_was_held: list[tuple[datetime, bool]] = []  # after each event on treatment
        self.reports: list[tuple[int, datetime, str]] = []  # of ixazomib's doses: the day of the dose, when, what
        self.makes_up_for_a_missed_one = False
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
        if event.at is not None and calendar is not None and calendar.nominal:
            raise Refused("a date in a course of treatment days")
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

        self.orders, self.earned = set(), set()
        self.makes_up_for_a_missed_one = False
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
        # A value whose sign leaves open what it means is refused by these.
        if isinstance(event, NeutrophilsMeasured):
            low_count(event, NEUTROPHILS_LOW_BELOW)
        if isinstance(event, PlateletsMeasured):
            low_count(event, PLATELETS_LOW_BELOW)
        if isinstance(event, CycleAssessed):
            low_count(event.neutrophils, NEUTROPHILS_LOW_BELOW)
            low_count(event.platelets, PLATELETS_LOW_BELOW)
        if isinstance(event, BilirubinMeasured):
            high_bilirubin(event)
        if isinstance(event, CreatinineClearanceMeasured) and not event.on_dialysis:
            low_clearance(event, CLEARANCE_IMPAIRED_BELOW)
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

        clearance = None if event.on_dialysis else event.creatinine_clearance
        liver_impaired = event.bilirubin is not None and high_bilirubin(event.bilirubin)
        too_low = clearance is not None and low_clearance(clearance, CLEARANCE_IMPAIRED_BELOW)
        kidneys_impaired = event.on_dialysis or too_low
        lenalidomide_mg = 25  # L7; the rest is the insert's, to which L29 refers
        if event.on_dialysis:
            lenalidomide_mg = 5
        elif too_low:
            lenalidomide_mg = 15  # every other day
        elif clearance is not None and low_clearance(clearance, CLEARANCE_REDUCED_BELOW):
            lenalidomide_mg = 10

        self.phase = ON_TREATMENT
        self.calendar = calendar
        self.baseline_grade = event.baseline_neuropathy.grade
        self.baseline_pain = event.baseline_neuropathy.pain
        if liver_impaired or kidneys_impaired:
            self.ixazomib.step = 1  # 3 mg, once even for both organs (L28, L29)
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
            self._count("neutrophils", low_count(event, NEUTROPHILS_LOW_BELOW), event.after_g_csf)
        elif isinstance(event, PlateletsMeasured):
            self._count("platelets", low_count(event, PLATELETS_LOW_BELOW), event.after_transfusion)
        elif isinstance(event, CycleAssessed):
            self._assessment(event)
        elif isinstance(event, NeuropathyGraded):
            self._neuropathy(event)
        elif isinstance(event, RashGraded):
            self._rash(event.grade)
        elif isinstance(event, OtherToxicityGraded):
            self._other_toxicity(event)
        elif isinstance(event, BilirubinMeasured):  # the organs set the initial dose only (L28, L29, B-MIDCOURSE)
            if high_bilirubin(event):
                self._order("review_impairment")
        elif isinstance(event, CreatinineClearanceMeasured):
            if event.on_dialysis or low_clearance(event, CLEARANCE_IMPAIRED_BELOW):
                self._order("review_impairment")
        elif isinstance(event, DoseReport):
            if isinstance(event, DoseTakenWrongly):
                self._order("correct_administration", event.drug)  # L2, L3
            if event.drug == "ixazomib":
                self._ixazomib_dose(event, calendar, moment)
            elif not isinstance(event, DoseTaken | DoseTakenWrongly):
                self._order("consult_insert", event.drug)  # L9

    def _count(self, family: str, low: bool, supported: bool) -> None:
        """Neutrophils (L12-L14) and platelets (L15-L17): both drugs wait for the count, then one is reduced."""
        if low:
            if self._still_there(family):
                return self._stop()
            if family not in self.open:
                low_before, self.last_was_low[family] = self.last_was_low[family], True
                if self.confirms and not low_before:
                    self._order("repeat_count")
                    return None
                self._open(family)
                reduced_next = self._whose_turn(family)
                if self._exhausted(family, needs_ixazomib=reduced_next is self.ixazomib):
                    return self._stop()
                self._hold(family, self.ixazomib, self.lenalidomide)
            if family == "neutrophils":
                self._order("consider_g_csf")  # L12
            return None
        self.last_was_low[family] = False
        if supported:
            self._order("note_supported_count")
        if family in self.open:
            self._close(family, self.ixazomib, self.lenalidomide, reduces=self._whose_turn(family))
        return None

    def _assessment(self, event: CycleAssessed) -> None:
        """B-ASSESS-COUNTS: two counts, the neutrophils first; what is asked for is what is left to do after both."""
        neutrophils_low = low_count(event.neutrophils, NEUTROPHILS_LOW_BELOW)
        platelets_low = low_count(event.platelets, PLATELETS_LOW_BELOW)
        medicines = (self.ixazomib, self.lenalidomide)
        before = [(medicine.held, medicine.held_since, medicine.long_hold_told) for medicine in medicines]
        self._count("neutrophils", neutrophils_low, supported=False)
        if self.phase == ON_TREATMENT:
            self._count("platelets", platelets_low, supported=False)
        if self.phase != ON_TREATMENT:
            return
        for medicine, (was_held, since, told) in zip(medicines, before, strict=True):
            if medicine.held == was_held:
                self.orders -= {Order("hold", medicine.name), Order("resume", medicine.name, float(medicine.mg))}
            if medicine.held and was_held:  # all along
                medicine.held_since, medicine.long_hold_told = since, told

    def _neuropathy(self, event: NeuropathyGraded) -> None:
        """L18-L21: only ixazomib waits, and only the severe kind costs a level."""
        grade, pain = event.grade, event.pain
        if grade >= 4:  # L21; grade 5 is death
            return self._stop()
        worse = grade > self.baseline_grade or (pain and not self.baseline_pain)
        severe = worse and (grade == 3 or (grade == 2 and pain))  # L19
        moderate = worse and not severe and (grade == 2 or (grade == 1 and pain))  # L18
        if severe or moderate:
            if severe == self.neuropathy_is_severe and self._still_there("neuropathy"):
                return self._stop()  # a milder grade than the episode's does not persist
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
            # L19; a moderate one comes back at the same dose (L18)
            reduces = self.ixazomib if self.neuropathy_is_severe else None
            self.neuropathy_is_severe = False
            self._close("neuropathy", self.ixazomib, reduces=reduces)
        return None

    def _rash(self, grade: int) -> None:
        """L22-L25: the first rash costs a level at once and holds nothing; a later one holds both drugs."""
        if grade >= 4:  # L25; grade 5 is death
            return self._stop()
        if grade >= 2:
            if self._still_there("rash"):
                return self._stop()  # L24
            if "rash" in self.open:
                if self.episodes["rash"] == 1:
                    self._order("review_rash")  # B-RASH-ESC
                return None
            self._open("rash")
            reduced_next = self._whose_turn("rash")
            if self._exhausted("rash", needs_ixazomib=reduced_next is self.ixazomib):
                return self._stop()  # L24
            if self.episodes["rash"] == 1:
                self._reduce_at_once("rash", reduced_next)  # L22
            else:
                self._hold("rash", self.ixazomib, self.lenalidomide)  # L23
        elif "rash" in self.open:
            if self.episodes["rash"] > 1:
                self._close("rash", self.ixazomib, self.lenalidomide, reduces=self._whose_turn("rash"))  # L23, L24
            else:
                self.open.discard("rash")
        return None

    def _other_toxicity(self, event: OtherToxicityGraded) -> None:
        """L26-L27: only ixazomib waits, term by term; a clear link to ixazomib costs a level."""
        if event.grade == 5:
            return self._stop()
        if event.term in HAEMATOLOGICAL_TERMS:
            return None
        if event.term in self.open_terms and event.grade >= 3:
            if self._still_there("other"):
                return self._stop()  # L27
        elif event.term not in self.open_terms:
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
        if self.a_clear_term_closed and self.ixazomib.at_floor:
            return self._stop()  # B-UPGRADE-ATTRIB: the level that L26 asks for is not there (L11)
        reduces = self.ixazomib if self.a_clear_term_closed else None
        self.a_clear_term_closed = False
        self._close("other", self.ixazomib, reduces=reduces)
        return None

    # Ixazomib's doses (L4-L6)

    def _ixazomib_dose(self, event: DoseReport, calendar: Calendar, moment: datetime) -> None:
        if isinstance(event, DoseTaken | DoseOverdosed):
            self._swallowed(event, self._slot_of_an_intake(calendar, moment), calendar, moment)
        elif isinstance(event, DoseDelayed):
            self._swallowed(event, self._scheduled_day(event, calendar, moment), calendar, moment)
        elif isinstance(event, DoseMissed):
            self._not_taken(self._scheduled_day(event, calendar, moment), calendar, moment)
        else:
            vomited = isinstance(event, DoseVomited)
            if vomited:
                self._order("give_no_extra_dose", "ixazomib")  # L4
            day = self._slot_of_the_last_dose(calendar, moment)
            if day is None:
                return
            dose = self._planned(day, calendar, moment)
            if dose.missing and (self.ixazomib.held or not self._enough_time(day, calendar, moment)):
                self._order("clarify_dose", "ixazomib")  # it was to be left out (B-CLARIFY)
            self.reports.append((day, moment, "vomited" if vomited else "fault"))

    def _swallowed(
        self, event: DoseTaken | DoseOverdosed | DoseDelayed, day: int | None, calendar: Calendar, moment: datetime
    ) -> None:
        """An intake: too much (L6, B-OVERDOSE), or not as prescribed (L5, L6), or neither."""
        level = self.ixazomib.mg
        mg = level if isinstance(event, DoseDelayed) else event.dose_mg
        too_much = isinstance(event, DoseOverdosed) or mg > level
        if day is None or calendar.slot(next_ixazomib_day(day)) <= moment:
            if too_much:
                self._order("review_overdose", "ixazomib")
            if not isinstance(event, DoseOverdosed):
                self._order("review_deviation", "ixazomib")
            return
        dose = self._planned(day, calendar, moment)
        if too_much or dose.swallowed:
            self._order("review_overdose", "ixazomib")
            self.makes_up_for_a_missed_one = self._one_is_missing(day, calendar, moment)
        odd = self.ixazomib.held or not self._enough_time(day, calendar, moment) or dose.withheld_and_not_taken
        if not isinstance(event, DoseOverdosed) and (odd or (mg < level and not dose.swallowed)):
            self._order("review_deviation", "ixazomib")
        self.reports.append((day, moment, "intake"))

    def _not_taken(self, day: int, calendar: Calendar, moment: datetime) -> None:
        """L5: 72 hours to the next dose are enough; a dose left out by a hold, or taken, is not a missed one."""
        dose = self._planned(day, calendar, moment)
        over = calendar.slot(next_ixazomib_day(day)) <= moment
        known = dose.known and not over
        if known:
            self._order("clarify_dose", "ixazomib")  # B-CLARIFY
        kept_back = self.ixazomib.held or self._held_at(calendar.slot(day)) or known
        allowed = not kept_back and self._enough_time(day, calendar, moment)
        self._order("permit_late_dose" if allowed else "omit_late_dose", "ixazomib")
        self.reports.append((day, moment, "missed"))

    def _planned(self, day: int, calendar: Calendar, until: datetime) -> PlannedDose:
        """What is known of the dose of a day by the reports until a moment, and by the holds as they are known now."""
        slot, end = calendar.slot(day), calendar.slot(next_ixazomib_day(day))
        dose = PlannedDose()
        for of, when, kind in self.reports:
            if of != day or when > until or when >= end:
                continue
            if when >= slot and self._held_at(slot) and not dose.swallowed:
                dose.withheld = True
            if kind == "intake":
                dose.swallowed = True
            elif dose.withheld_and_not_taken:
                pass  # it is about an earlier dose, or about one that was not to be taken
            elif kind == "vomited":
                dose.swallowed = True  # B-VOMIT
            elif kind == "fault":
                dose.fault = True
            elif not dose.known:
                dose.reported_missed = True
        if until >= slot and self._held_at(slot) and not dose.swallowed:
            dose.withheld = True
        return dose

    def _one_is_missing(self, day: int, calendar: Calendar, moment: datetime) -> bool:
        """Whether a dose was missed, this one or the last that was not withheld, so that more would make up for it."""
        if self._planned(day, calendar, moment).reported_missed:
            return True
        while True:
            following, day = day, latest_ixazomib_day_before(day)
            if day < 1:
                return False
            dose = self._planned(day, calendar, moment)
            end, known_until = calendar.slot(following), calendar.slot(next_ixazomib_day(following))
            told_later = [when for of, when, kind in self.reports if of == day and kind == "missed" and when >= end]
            if any(when < known_until for when in told_later) and not self._held_at(calendar.slot(day)):
                return True  # of a dose that is over no report is remembered, and its hold alone counts
            if dose.known or not (dose.reported_missed or dose.withheld):
                return False  # taken, or taken as planned
            if dose.reported_missed:
                return True

    def _slot_of_an_intake(self, calendar: Calendar, moment: datetime) -> int | None:
        """The dose of its day, else the last one reported missed that is not over, else none (B-WHICH-DOSE)."""
        if is_ixazomib_day(self.today):
            return self.today
        missed = [day for day, _, kind in self.reports if kind == "missed"]
        return max((day for day in missed if calendar.slot(next_ixazomib_day(day)) > moment), default=None)

    def _slot_of_the_last_dose(self, calendar: Calendar, moment: datetime) -> int | None:
        """The last dose that was due, or today's when it is reported taken before its hour (B-WHICH-DOSE)."""
        if any(day == self.today and kind == "intake" for day, _, kind in self.reports):
            return self.today
        try:
            return self._scheduled_day(None, calendar, moment)
        except Refused:
            return None

    def _scheduled_day(self, event: DoseMissed | DoseDelayed | None, calendar: Calendar, moment: datetime) -> int:
        """The day on which the late dose was due; refuses a day on which none was, or not yet."""
        if event is not None and event.scheduled_day is not None:
            if not is_ixazomib_day(event.scheduled_day) or calendar.slot(event.scheduled_day) > moment:
                raise Refused("no dose of ixazomib was due then")
            return event.scheduled_day
        day = calendar.day_of(moment)
        while day >= 1:
            if is_ixazomib_day(day) and calendar.slot(day) <= moment:
                return day
            day -= 1
        raise Refused("no dose of ixazomib was due yet")

    def _enough_time(self, day: int, calendar: Calendar, moment: datetime) -> bool:
        return calendar.slot(next_ixazomib_day(day)) - moment >= LATE_DOSE_NEEDS

    def _held_at(self, slot: datetime) -> bool:
        """Whether ixazomib was held at a moment; a result of that very moment counts (B-SAMEDAY)."""
        held = False
        for when, was_held in self.ixazomib_was_held:
            if when <= slot:
                held = was_held
        return held

    # Episodes, turns and the floor

    def _open(self, family: str) -> None:
        self.open.add(family)
        self.episodes[family] += 1

    def _close(self, family: str, *medicines: Medicine, reduces: Medicine | None = None) -> None:
        """End a family's episode; a drug that nothing else holds comes back, one level lower if that is owed.

        A reduction that this episode asks for is its own if the drug comes back now; else it is owed from now on.
        """
        self.open.discard(family)
        for medicine in medicines:
            medicine.held_by.discard(family)
        if reduces is not None:
            self._owe(family, reduces)
        for medicine in medicines:
            if medicine.held:
                continue
            if medicine.owed:
                own = 1 if medicine is reduces else 0
                self.earned |= {(medicine.name, *one) for one in medicine.owed[: len(medicine.owed) - own]}
                medicine.owed = []
                self._step_down(medicine)
            self._order("resume", medicine.name, float(medicine.mg))

    def _owe(self, family: str, medicine: Medicine) -> None:
        medicine.owed.append((self._clause(family, medicine), self.today))

    def _clause(self, family: str, medicine: Medicine) -> str:
        """The clause by which this episode reduces this drug."""
        if family in ("neuropathy", "other"):
            return {"neuropathy": "PN-07", "other": "OTH-03"}[family]  # L19, L26
        first = self.episodes[family] == 1
        if family == "neutrophils":
            odd = self.episodes[family] % 2 == 1
            return "ANC-04" if odd else "ANC-06"  # L13; L14, also where lenalidomide's turn passes
        if first:
            passed = "B-LENFLOOR" if medicine is self.ixazomib else ""
            return passed or {"platelets": "PLT-04", "rash": "RASH-01"}[family]  # L16, L22
        if self.episodes[family] % 2 == 0:
            return {"platelets": "PLT-06", "rash": "RASH-04"}[family]  # L16, L23
        return {"platelets": "PLT-08", "rash": "RASH-06"}[family]  # L17, L24

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

    def _still_there(self, family: str) -> bool:
        """A finding that would open the episode which is open, after two reductions (L14, L17, L18, L20, L24, L27)."""
        return self.persists and family in self.open and self.ixazomib.at_floor

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

    def _reduce_at_once(self, family: str, medicine: Medicine) -> None:
        if medicine.held:
            self._owe(family, medicine)
        else:
            self._step_down(medicine)

    def _step_down(self, medicine: Medicine) -> None:
        medicine.step += 1  # never below the floor: nothing is owed by a drug that stands on it (L10, L11)
        self._order("reduce", medicine.name, float(medicine.mg))

    def _stop(self) -> None:
        """Treatment is all three drugs (B-TREATMENT), and nothing else is ordered beside it."""
        self.phase = DISCONTINUED
        self.earned = set()
        self.orders = {Order("stop", "ixazomib"), Order("stop", "lenalidomide"), Order("stop", "dexamethasone")}

    def _tell_long_holds(self) -> None:
        for medicine in (self.ixazomib, self.lenalidomide):
            long = medicine.held and self.today - medicine.held_since >= LONG_HOLD_DAYS
            if long and not medicine.long_hold_told:
                medicine.long_hold_told = True
                self._order("review_long_hold", medicine.name)

    def _answer(self) -> Answer:
        if self.phase != ON_TREATMENT:
            orders, earned = frozenset(self.orders), frozenset(self.earned)
            return Answer(self.phase, None, False, None, False, frozenset(), orders, earned=earned)
        return Answer(
            phase=self.phase,
            ixazomib_mg=float(self.ixazomib.mg),
            ixazomib_held=self.ixazomib.held,
            lenalidomide_mg=float(self.lenalidomide.mg),
            lenalidomide_held=self.lenalidomide.held,
            held_for=frozenset(self.ixazomib.held_by | self.lenalidomide.held_by),
            orders=frozenset(self.orders),
            doubled=self.makes_up_for_a_missed_one,
            earned=frozenset(self.earned),
            to_confirm=frozenset(
                family for family, low in self.last_was_low.items() if self.confirms and low and family not in self.open
            ),
        )
