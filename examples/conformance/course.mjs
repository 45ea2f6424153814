// One patient's course of ixazomib, lenalidomide and dexamethasone, written from the dosing text (its lines L1-L31).
//
// Events go in, answers come out. An episode of a toxicity lasts from its onset to the documented recovery; what is
// seen in between belongs to it. What holds a drug is written down with the drug, and so is the one level that it
// owes: it is lowered when it comes back, which it does when nothing holds it any more.
//
// Where the text is silent this program takes the readings of ixastate (`ixastate rules B-STACK` explains one).
// Small methods answer one question each, so that a faulty program can be this one with one answer changed.

import { Calendar, HOUR, isDay } from "./calendar.mjs";

const CELLS_PER_MM3 = { "/mm3": 1, "/uL": 1, "10*6/L": 1, "10*3/uL": 1000, "10*9/L": 1000 };
const OPPOSITE = { "<": ">", "<=": ">=", ">": "<", ">=": "<=" };
const FAMILIES = ["neutrophils", "platelets", "neuropathy", "rash", "other"];
const HAEMATOLOGICAL = new Set([
  "anaemia", "anemia", "febrile neutropenia", "leukopenia", "lymphopenia", "neutropenia", "pancytopenia",
  "thrombocytopenia",
]);
const RASH_OR_NEUROPATHY = new Set([
  "neuropathy", "neuropathy peripheral", "peripheral motor neuropathy", "peripheral neuropathy",
  "peripheral sensory neuropathy", "rash", "rash acneiform", "rash maculo-papular",
]);

const NOTHING = { ixazomib: null, lenalidomide: null, dexamethasone: null };

class Refusal extends Error {}

class Drug {
  constructor(ladder) {
    this.ladder = ladder;
    this.step = 0;
    this.owed = 0;
    this.reductions = 0;
    this.heldFor = new Set();
  }

  get mg() {
    return this.ladder[this.step];
  }

  get held() {
    return this.heldFor.size > 0;
  }

  get atFloor() {
    return this.step === this.ladder.length - 1;
  }

  startAt(mg) {
    this.step = this.firstStep = this.ladder.indexOf(mg);
  }
}

export class Course {
  phase = "screening";
  calendar = null;
  latest = -Infinity; // the moment of the last event
  ixazomib = new Drug([4, 3, 2.3]); // L7, L11
  lenalidomide = new Drug([25, 20, 15, 10, 5, 2.5]); // L7, L9
  lenalidomideEvery = 1; // days between its doses
  standings = []; // after each event: the moment and what is given then
  baseline = { grade: 0, pain: false };
  open = new Set(); // families with an open episode
  past = { neutrophils: 0, platelets: 0, neuropathy: 0, rash: 0, other: 0 }; // episodes that are over
  neuropathyIsSevere = false;
  terms = new Map(); // the other toxicities that are open, each with its last stated attribution
  taken = new Set(); // the days of ixazomib's doses that are known to have been taken
  told = new Set(); // those that are reported vomited, or taken in a wrong way
  missed = new Set(); // those that are reported missed
  aClearOneIsOver = false; // of the other toxicities in this hold, one clearly from ixazomib

  // The answer to an event; an event that cannot belong here is refused, and nothing has moved.
  answer(event) {
    try {
      return this.take(event);
    } catch (error) {
      if (error instanceof Refusal) return { refused: true };
      throw error;
    }
  }

  take(event) {
    const starts = event.type === "course_started";
    if (starts && this.phase !== "screening") throw new Refusal("the course has started");
    if (starts && !event.at && event.day !== 1) throw new Refusal("the first day is day 1");
    if (!starts && this.phase === "screening" && !["patient_died", "consent_withdrawn"].includes(event.type)) {
      throw new Refusal("the course has not started");
    }
    const calendar = starts ? new Calendar(event) : this.calendar;
    if (!event.at && !calendar) throw new Refusal("a treatment day before the start");
    const now = event.at ? Date.parse(event.at) : calendar.slot(event.day);
    if (now < this.latest) throw new Refusal("time goes backwards");

    let late = {};
    if (starts) this.start(event, calendar);
    else if (this.phase === "screening") this.stop();
    else if (this.phase === "on treatment") late = this.treat(event, now) ?? {};
    this.latest = now;
    this.standings.push({ moment: now, ...this.given() });
    return { ...this.status(now), ...late };
  }

  // --- The start (L6, L7, L28, L29) ---

  start(event, calendar) {
    const { bilirubin, creatinine_clearance: clearance, on_dialysis: dialysis = false, assumed = [] } = event;
    const known = (bilirubin || assumed.includes("bilirubin")) &&
      (clearance || dialysis || assumed.includes("creatinine_clearance"));
    if (!event.patient_informed || !known) return;
    const severeKidney = dialysis || (clearance && clearsLessThan(clearance, 30));
    const poorKidney = !dialysis && clearance && clearsLessThan(clearance, 60);
    const poorLiver = bilirubin && liverImpaired(bilirubin);
    this.phase = "on treatment";
    this.calendar = calendar;
    this.baseline = { pain: false, ...(event.baseline_neuropathy ?? this.baseline) };
    this.ixazomib.startAt(poorLiver || severeKidney ? 3 : 4);
    // Lenalidomide by its own insert: 5 mg on dialysis, 15 mg every other day, 10 mg, 25 mg.
    this.lenalidomide.startAt(dialysis ? 5 : severeKidney ? 15 : poorKidney ? 10 : 25);
    this.lenalidomideEvery = severeKidney && !dialysis ? 2 : 1;
  }

  // --- On treatment ---

  treat(event, now) {
    if (event.type === "other_toxicity_graded" && RASH_OR_NEUROPATHY.has(nameOf(event))) {
      throw new Refusal("rash and neuropathy have events of their own");
    }
    if (event.grade === 5) return this.stop();
    switch (event.type) {
      case "progression_found": // L8
      case "intolerable_toxicity_declared":
      case "patient_died":
      case "consent_withdrawn":
        return this.stop();
      case "neutrophils_measured": // L12-L14
        return this.counted("neutrophils", this.low(event, 500));
      case "platelets_measured": // L15-L17
        return this.counted("platelets", this.low(event, 30_000));
      case "cycle_assessed": { // its counts are counts like any others, the neutrophils first
        const [neutrophils, platelets] = [this.low(event.neutrophils, 500), this.low(event.platelets, 30_000)];
        this.counted("neutrophils", neutrophils);
        return this.phase === "on treatment" ? this.counted("platelets", platelets) : undefined;
      }
      case "bilirubin_measured": // recorded, unless its sign leaves open what it means
        liverImpaired(event);
        return undefined;
      case "creatinine_clearance_measured":
        if (!event.on_dialysis) clearsLessThan(event, 30);
        return undefined;
      case "neuropathy_graded":
        return this.neuropathyGraded(event);
      case "rash_graded":
        return this.rashGraded(event);
      case "other_toxicity_graded":
        return this.otherToxicityGraded(event);
      case "dose_taken":
      case "dose_overdosed":
      case "dose_delayed":
        return this.doseTaken(event, now);
      case "dose_vomited":
      case "dose_taken_wrongly":
        return this.doseTold(event, now);
      case "dose_missed":
        return this.doseMissed(event, now);
      default:
        return undefined; // everything else is only written down
    }
  }

  counted(family, low) {
    return low ? this.begin(family, this.turn(family)) : this.end(family, this.turn(family));
  }

  // L18-L21: ixazomib waits; only the severe kind costs it a level.
  neuropathyGraded({ grade, pain = false, physician_agrees: agreed = false }) {
    if (grade === 4) return this.stop();
    const worse = grade > this.baseline.grade || (pain && !this.baseline.pain);
    const severe = worse && (grade === 3 || (grade === 2 && pain));
    const moderate = worse && !severe && (grade === 2 || (grade === 1 && pain));
    if (severe || moderate) {
      const worsened = severe && !this.neuropathyIsSevere && this.open.has("neuropathy");
      if (worsened && this.spent()) return this.stop();
      this.neuropathyIsSevere ||= severe; // and so it stays on the way down
      return this.begin("neuropathy", severe ? this.ixazomib : null);
    }
    if (this.neuropathyIsSevere && !agreed) return undefined;
    const lowered = this.neuropathyIsSevere ? this.ixazomib : null;
    this.neuropathyIsSevere = false;
    return this.end("neuropathy", lowered);
  }

  // L22-L25
  rashGraded({ grade }) {
    if (grade === 4) return this.stop();
    return grade >= 2 ? this.begin("rash", this.turn("rash")) : this.end("rash", this.turn("rash"));
  }

  // L26, L27: one hold for all of them; one that ixazomib clearly caused costs it a level.
  otherToxicityGraded(event) {
    const { grade, attribution, physician_agrees: agreed = false, baseline_grade: baseline = 0 } = event;
    const term = nameOf(event);
    const isNew = !this.terms.has(term);
    if (HAEMATOLOGICAL.has(term) || (isNew && grade < 3)) return undefined;
    if (isNew) {
      if (this.open.has("other") && this.spent()) return this.stop();
      this.begin("other", attribution === "clear" ? this.ixazomib : null);
    }
    if (isNew || attribution) this.terms.set(term, attribution);
    if (grade > Math.max(1, baseline) || !agreed) return undefined;
    this.aClearOneIsOver ||= this.terms.get(term) === "clear";
    this.terms.delete(term);
    if (this.terms.size > 0) return undefined;
    const lowered = this.aClearOneIsOver ? this.ixazomib : null;
    this.aClearOneIsOver = false;
    return lowered && this.spent() ? this.stop() : this.end("other", lowered);
  }

  // An intake belongs to the slot of its day, else to the latest one that was reported missed and is not over.
  doseTaken({ type, drug = "ixazomib", scheduled_day: named }, now) {
    if (drug !== "ixazomib") return;
    const today = this.calendar.dayOf(now);
    const missed = [...this.missed].filter((day) => !this.isOver(day, now));
    const day = type === "dose_delayed" ? this.dueDay(named, now) : isDay.ixazomib(today) ? today : Math.max(...missed);
    this.taken.add(day);
  }

  // Vomiting, and a fault in how a dose was taken, are about the latest dose.
  doseTold({ drug = "ixazomib" }, now) {
    if (drug !== "ixazomib") return;
    const today = this.calendar.dayOf(now);
    this.told.add(this.taken.has(today) ? today : this.calendar.latestIxazomibDay(now));
  }

  // L5: whether a dose may still be taken. What a hold left out is no missed dose, and none is taken twice (L4).
  doseMissed({ drug = "ixazomib", scheduled_day: named }, now) {
    if (drug !== "ixazomib") return undefined;
    const day = this.dueDay(named, now);
    const givenThen = this.givenAt(this.calendar.slot(day)).ixazomib !== null;
    const left = this.calendar.slot(this.calendar.nextIxazomibDay(day)) - now;
    const known = this.taken.has(day) || this.told.has(day);
    this.missed.add(day);
    return { late_dose: !this.ixazomib.held && givenThen && !known && this.mayStillBeTaken(left) };
  }

  // The day of the dose that is meant: the one that is named, or the latest.
  dueDay(named, now) {
    const latest = this.calendar.latestIxazomibDay(now);
    const day = named ?? latest;
    if (latest === null || day > latest || !isDay.ixazomib(day)) throw new Refusal("no dose was due then");
    return day;
  }

  isOver(day, now) {
    return this.calendar.slot(this.calendar.nextIxazomibDay(day)) <= now;
  }

  // --- Episodes ---

  // An onset. `lowered` is the drug that this episode will cost a level, or null.
  begin(family, lowered) {
    if (this.open.has(family)) return;
    if (this.spent() && (lowered === this.ixazomib || this.past[family] > 0)) return this.stop();
    if (lowered && this.lowersAtOnset(family)) this.lowerOrOwe(lowered);
    this.open.add(family);
    for (const drug of this.drugsHeldFor(family)) drug.heldFor.add(family);
  }

  // A recovery: the drugs come back unless something else holds them.
  end(family, lowered) {
    if (!this.open.has(family)) return;
    if (lowered && !this.lowersAtOnset(family)) this.owe(lowered);
    const drugs = this.drugsHeldFor(family);
    this.open.delete(family);
    this.past[family] += 1;
    for (const drug of drugs) {
      drug.heldFor.delete(family);
      if (!drug.held) this.resume(drug);
    }
  }

  stop() {
    this.phase = "discontinued";
  }

  // --- One question each ---

  // L12, L15: below the limit; at the limit it is not low.
  low(count, limit) {
    return isBelow(count.comparator, perMm3(count), limit, this.isLow(perMm3(count), limit));
  }

  isLow(count, limit) {
    return count < limit;
  }

  // Counts and rash hold both drugs, but for the first rash (L22); the others hold ixazomib alone (L18, L19, L26).
  drugsHeldFor(family) {
    if (family === "neuropathy" || family === "other") return [this.ixazomib];
    if (family === "rash" && this.past.rash === 0) return [];
    return [this.ixazomib, this.lenalidomide];
  }

  // Only the first rash, which holds nothing, is answered with a lower dose at once (L22).
  lowersAtOnset(family) {
    return family === "rash" && this.past.rash === 0;
  }

  // Whose turn it is to be lowered: neutrophils begin with ixazomib (L13), platelets and rash with lenalidomide
  // (L16, L22). Lenalidomide at its lowest dose passes its turn on.
  turn(family) {
    const isFirst = this.turnsTaken(family) % 2 === 0;
    const isIxazomibs = (family === "neutrophils") === isFirst;
    return isIxazomibs || this.lenalidomide.atFloor ? this.ixazomib : this.lenalidomide;
  }

  // Each family alternates by itself (L14, L17, L24).
  turnsTaken(family) {
    return this.past[family];
  }

  // No level of ixazomib is left: 2.3 mg is the lowest, whatever it started at (L10, L11).
  spent() {
    return this.ixazomib.atFloor;
  }

  // L5: 72 hours to the next dose are enough.
  mayStillBeTaken(left) {
    return left >= 72 * HOUR;
  }

  lowerOrOwe(drug) {
    if (drug.held) this.owe(drug);
    else this.lower(drug, 1);
  }

  // However many episodes ask for it, a release costs one level.
  owe(drug) {
    drug.owed = 1;
  }

  resume(drug) {
    this.lower(drug, drug.owed);
    drug.owed = 0;
  }

  lower(drug, levels) {
    drug.step = Math.min(drug.step + levels, drug.ladder.length - 1);
    drug.reductions += levels;
  }

  // --- The answer ---

  status(now) {
    const treated = this.phase === "on treatment";
    const { ixazomib, lenalidomide } = this;
    return {
      state: treated ? this.words() : this.phase,
      phase: this.phase,
      ixazomib_mg: treated ? ixazomib.mg : null,
      lenalidomide_mg: treated ? lenalidomide.mg : null,
      ixazomib_held: treated && ixazomib.held,
      lenalidomide_held: treated && lenalidomide.held,
      held_for: treated ? this.reasons() : [],
      due: this.calendar ? this.due(this.calendar.dayOf(now)) : [],
    };
  }

  words() {
    const reasons = this.reasons().join(", ");
    if (this.ixazomib.held) return `held for ${reasons}`;
    return `active at ${this.ixazomib.mg} mg${this.lenalidomide.held ? `, lenalidomide held for ${reasons}` : ""}`;
  }

  reasons() {
    return FAMILIES.filter((family) => this.ixazomib.heldFor.has(family) || this.lenalidomide.heldFor.has(family));
  }

  // What is given now: mg, or null. Dexamethasone goes on through every hold, at 40 mg (L7).
  given() {
    const treated = this.phase === "on treatment";
    const mg = (drug) => (treated && !drug.held ? drug.mg : null);
    return { ixazomib: mg(this.ixazomib), lenalidomide: mg(this.lenalidomide), dexamethasone: treated ? 40 : null };
  }

  // What was given at an earlier moment.
  givenAt(moment) {
    return this.standings.findLast((standing) => standing.moment <= moment) ?? NOTHING;
  }

  // What is to be taken on a day. What is seen after the clock time acts from the next dose.
  due(day) {
    const given = this.givenAt(this.calendar.slot(day));
    return ["ixazomib", "lenalidomide", "dexamethasone"]
      .filter((drug) => given[drug] !== null && isDay[drug](day, this.lenalidomideEvery))
      .map((drug) => ({ drug, mg: given[drug] }));
  }
}

function nameOf({ term }) {
  return term.trim().toLowerCase();
}

// Cells per cubic millimetre. A count has at most 15 digits, and no such product is rounded across a limit.
function perMm3({ value, unit }) {
  return value * CELLS_PER_MM3[unit];
}

// Whether a value is below a limit. With a sign it is where the sign settles that, and refused where it does not.
function isBelow(sign, value, limit, whenExact = value < limit) {
  if (!sign) return whenExact;
  const downwards = sign[0] === "<";
  const settled = downwards ? value < limit || (value === limit && sign === "<") : value >= limit;
  if (!settled) throw new Refusal("the sign leaves open on which side of the limit it lies");
  return downwards;
}

function clearsLessThan({ value, comparator }, limit) {
  return isBelow(comparator, value, limit);
}

// More than 1.5 times the upper limit of normal (L28), asked as whether its negative is below that of the limit. Measured
// values are compared as whole numbers, because 1.8 / 1.2 and the like are not exact in floating point.
function liverImpaired({ times_uln: times, value, upper_limit_of_normal: limit, comparator }) {
  const measured = times === undefined || times === null;
  const [found, above] = measured ? [2n * exact(value), 3n * exact(limit)] : [times, 1.5];
  return isBelow(OPPOSITE[comparator], -found, -above);
}

// A decimal number in units of 10^-40.
function exact(number) {
  const [digits, exponent = "0"] = String(number).split("e");
  const [whole, fraction = ""] = digits.split(".");
  return BigInt(whole + fraction) * 10n ** BigInt(40 + Number(exponent) - fraction.length);
}
