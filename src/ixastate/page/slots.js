// The planned doses of ixazomib: which one a report is about, and what the chart of a dose answers.
(function (root) {
  "use strict";

  const { Refusal, exactly, compared, numberOf, shown, isGiven } = root.ixastateExact;
  const { statusOf } = root.ixastateTables;
  const { HOUR, momentOfDay, dayOf, cycleOf, isIxazomibDay, nextIxazomibDay, latestIxazomibDay, wholeDay } =
    root.ixastateCalendar;

  // What counts first at one moment: a hold or a release, then the slot, then what is reported, then the end of the
  // window. A slot is { day, reports: [[moment, symbol], …] }.
  const FIRST = { hold: 1, slot: 2, report: 3, afterwards: 4 };

  class Slots {
    constructor(machine, dates, at, holds, remembered) {
      Object.assign(this, { machine, dates, at, holds, remembered });
    }

    get clock() {
      return this.machine.data.slot.clock;
    }

    moment(day) {
      return momentOfDay(this.machine, this.dates, day);
    }

    end(day) {
      return this.moment(nextIxazomibDay(this.machine, day));
    }

    lastMoment(day) {
      return this.end(day) - this.machine.data.calendar.late_hours * HOUR;
    }

    get latest() {
      return latestIxazomibDay(this.machine, this.dates, this.at);
    }

    // The day of the slot that an intake now belongs to, or null.
    get ofAnIntake() {
      const today = dayOf(this.machine, this.dates, this.at);
      if (isIxazomibDay(this.machine, today)) return today;
      const missed = this.remembered.filter((slot) => reported(slot, this.clock.missed)).map((slot) => slot.day);
      return missed.length ? Math.max(...missed) : null;
    }

    // The day of the latest slot that has come, or of a later one whose dose is reported taken; null before the first.
    get ofTheLastDose() {
      const { intakes } = this.machine.data.slot;
      const days = this.remembered
        .filter((slot) => slot.reports.some(([, name]) => intakes.includes(name)))
        .map((slot) => slot.day);
      if (this.latest !== null) days.push(this.latest);
      return days.length ? Math.max(...days) : null;
    }

    step(configuration, name) {
      const found = this.machine.data.slot.moves[configuration][this.machine.slotSymbols.get(name)];
      if (!found) throw new Refusal(`no dose answers ${shown(name)} here`);
      return found;
    }

    // Where the dose of a slot stands after everything up to and at a moment.
    configuration(slot, until = this.at) {
      const said = [
        ...this.holds.map(([when, held]) => [when, FIRST.hold, held ? this.clock.hold : this.clock.release]),
        [this.moment(slot.day), FIRST.slot, this.clock.reached],
        [this.end(slot.day), FIRST.slot, this.clock.next],
        [this.lastMoment(slot.day), FIRST.afterwards, this.clock.closed],
        ...slot.reports.map(([when, name]) => [when, FIRST.report, name]),
      ];
      said.sort((one, other) => one[0] - other[0] || one[1] - other[1]);
      let found = 0;
      for (const [when, place, name] of said) {
        if (when < until || (when === until && place <= FIRST.report)) found = this.step(found, name).after;
      }
      return found;
    }

    // What a report now does to the dose of a day, or to none, and the slots to be remembered after it.
    answer(day, name) {
      if (day === null) return [this.step(this.offTheCalendar(), name), this.remembered];
      if (this.end(nextIxazomibDay(this.machine, day)) <= this.at) {
        return [this.step(this.configuration(this.slot(day)), name), this.remembered];
      }
      const begun = this.with(this.slot(day)).passedOn();
      const slot = begun.slot(day);
      const step = this.step(begun.configuration(slot), name);
      return [
        step,
        begun
          .with(told(slot, this.at, name))
          .passedOn()
          .current().remembered,
      ];
    }

    // The readings on which it rests that the dose of this day may be taken now.
    rulesOfTheClock(day) {
      const { slot } = this.machine.data;
      const into = nextIxazomibDay(this.machine, day);
      const found = [];
      if (this.at === this.lastMoment(day)) found.push(slot.at_the_last_moment);
      if (cycleOf(this.machine, day).cycle < cycleOf(this.machine, into).cycle) found.push(slot.into_the_next_cycle);
      return found;
    }

    offTheCalendar() {
      const held = this.holds.length > 0 && this.holds.at(-1)[1];
      const names = [this.clock.reached, this.clock.closed, this.clock.next, ...(held ? [this.clock.hold] : [])];
      return names.reduce((found, name) => this.step(found, name).after, 0);
    }

    // With the slots alone whose next slot is still to come.
    current() {
      let found = this;
      for (;;) {
        const over = found.remembered.find((slot) => found.end(slot.day) <= found.at);
        if (!over) return found;
        found = found.toldOfAGap(over.day);
        found = found.having(found.remembered.filter((slot) => slot.day !== over.day));
      }
    }

    // With every slot told of a dose before it that was missed.
    passedOn() {
      return this.remembered.reduce((found, slot) => found.toldOfAGap(slot.day), this);
    }

    toldOfAGap(day) {
      const following = this.slot(nextIxazomibDay(this.machine, day));
      const moment = this.moment(following.day);
      const begun = moment <= this.at || this.remembered.includes(following);
      const end = Math.max(this.at, this.end(day));
      const missed = this.machine.data.slot.one_missed[this.configuration(this.slot(day), end)];
      if (begun && missed && !reported(following, this.clock.gap)) {
        return this.with(told(following, Math.min(this.at, moment), this.clock.gap));
      }
      if (begun && !missed && moment > this.at) {
        const left = following.reports.filter(([, name]) => name !== this.clock.gap);
        return this.with({ day: following.day, reports: left });
      }
      return this;
    }

    slot(day) {
      return this.remembered.find((slot) => slot.day === day) || { day, reports: [] };
    }

    with(slot) {
      const others = this.remembered.filter((other) => other.day !== slot.day);
      return this.having([...others, slot].sort((one, other) => one.day - other.day));
    }

    having(remembered) {
      return new Slots(this.machine, this.dates, this.at, this.holds, remembered);
    }
  }

  const reported = (slot, name) => slot.reports.some(([, one]) => one === name);
  const told = (slot, at, name) => ({ day: slot.day, reports: [...slot.reports, [at, name]] });

  // The slots of a course at a moment, with the moments at which ixazomib came to be held (true) or given (false).
  function slotsOf(machine, memory, dates, at) {
    const holds = [];
    for (const [since, configuration] of memory.history) {
      const held = statusOf(machine, configuration).ixazomib_held;
      if (held !== (holds.length > 0 && holds.at(-1)[1])) holds.push([since, held]);
    }
    return new Slots(machine, dates, at, holds, memory.slots).current();
  }

  // What follows from a report about a dose: numbers of orders and rules, and the slots to be remembered.
  function ofADose(machine, memory, dates, at, event) {
    const { data } = machine;
    const drug = event.drug === undefined ? data.calendar.drugs[0] : event.drug;
    const report = data.reports[event.type];
    const faults = Object.hasOwn(report.beside, drug) ? report.beside[drug] : null;
    if (!faults) throw new Refusal(`drug: ${shown(drug)} is no drug of this event`, data.calendar.drugs.join(", "));
    const fault = event.fault === undefined ? "" : event.fault;
    if (!Object.hasOwn(faults, fault)) {
      throw new Refusal(
        `fault: ${shown(event.fault)} is no fault of ${drug}`,
        `one of: ${Object.keys(faults).join(", ")}`,
      );
    }
    const beside = faults[fault];
    const dose = Object.hasOwn(data.fields[event.type], "dose_mg")
      ? numberOf(event.dose_mg, "dose_mg", { below: "1000000000" }, true)
      : null;
    if (event.scheduled_day !== undefined && event.scheduled_day !== null)
      wholeDay(machine, event.scheduled_day, "scheduled_day");
    const slots = slotsOf(machine, memory, dates, at);
    if (drug !== data.calendar.drugs[0]) return { ...beside, slots: slots.remembered };

    const ruleNumber = (id) => data.rules.findIndex((rule) => rule.id === id);
    const extra = [];
    let day;
    if (report.slot === "intake") {
      day = slots.ofAnIntake;
      if (day !== null && day !== dayOf(machine, dates, at)) extra.push(ruleNumber(data.slot.elsewhere));
    } else if (report.slot === "last") {
      day = slots.ofTheLastDose;
    } else {
      day = scheduledDay(machine, slots, event);
    }
    let name = report.symbol;
    if (name === undefined) {
      const prescribed = exactly(statusOf(machine, memory.configuration).ixazomib_mg);
      name = [report.below, report.equal, report.above][compared(dose, prescribed) + 1];
    }
    const [step, remembered] = slots.answer(day, name);
    const cited = [...step.rules, ...extra, ...beside.rules];
    if (day !== null && step.rules.includes(ruleNumber(data.slot.late))) {
      cited.push(...slots.rulesOfTheClock(day).map(ruleNumber));
    }
    const recorded = ruleNumber(data.slot.recorded);
    const acting = cited.filter((rule) => rule !== recorded);
    return {
      orders: [...step.orders, ...beside.orders],
      rules: acting.length ? acting : [recorded],
      slots: remembered,
    };
  }

  function scheduledDay(machine, slots, event) {
    const { latest } = slots;
    const named = isGiven(event.scheduled_day) ? event.scheduled_day : null;
    const scheduled = named === null ? latest : named;
    if (scheduled === null || latest === null || scheduled > latest || !isIxazomibDay(machine, scheduled)) {
      const day = named || dayOf(machine, slots.dates, slots.at);
      const days = machine.data.calendar.ixazomib_days;
      const remedy = `scheduled_day is day ${days.slice(0, -1).join(", ")} or ${days.at(-1)} of a cycle, and not in the future`;
      throw new Refusal(`no dose of ixazomib was due on day ${day} by then`, remedy);
    }
    return scheduled;
  }

  root.ixastateSlots = { slotsOf, ofADose };
})(globalThis);
