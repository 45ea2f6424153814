// The machine of a page: an event in, a record out, looked up in the tables that `tables.py` made.
//
// What an event means and what a symbol does stand in the tables. What is computed here is what no finite table can
// hold: exact numbers, the calendar with its moments and zones, which terms are open, which planned dose a report is
// about, how long a drug has been held, and what is left of the orders of several steps. There is no rule, no threshold
// and no state here. The script touches no document, so that it runs in a page and in Node alike.
//
// A course is a value: `observe` returns the next one and changes nothing, and throws a `Refusal` where an event cannot
// be taken in.
(function (root) {
  "use strict";

  const units = root.ixastateUnits;

  // An event that cannot be taken in: what is wrong, what would be right, and the numbers of the rules that say so.
  class Refusal extends Error {
    constructor(what, remedy = "", rules = []) {
      super(remedy ? `${what} (${remedy})` : what);
      this.what = what;
      this.remedy = remedy;
      this.rules = rules;
    }
  }

  // --- Unpacking --------------------------------------------------------------------------------------------------

  async function inflated(text) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  // Differences in groups of seven bits, the least first; see packing.py.
  async function unpacked(text, length) {
    const bytes = await inflated(text);
    const numbers = new Int32Array(length);
    let place = 0;
    let before = 0;
    for (let at = 0; at < length; at += 1) {
      let rest = 0;
      let scale = 1;
      let byte;
      do {
        if (place >= bytes.length) throw new Refusal("the tables of this page are damaged: they end too early");
        byte = bytes[place];
        place += 1;
        rest += (byte & 127) * scale;
        scale *= 128;
      } while (byte > 127);
      before += rest % 2 ? -(rest + 1) / 2 : rest / 2;
      numbers[at] = before;
    }
    if (place !== bytes.length) throw new Refusal("the tables of this page are damaged: they end too late");
    return numbers;
  }

  const KNOWN_FORMAT = 1;

  // The machine of the data of an edition, ready to be asked.
  async function open(data) {
    if (data.format !== KNOWN_FORMAT) throw new Refusal(`these tables have format ${data.format}, which is not known`);
    const moves = data.configurations * data.symbols.length;
    const [next, output, status] = await Promise.all([
      unpacked(data.next, moves),
      unpacked(data.output, moves),
      unpacked(data.status, data.configurations),
    ]);
    const slotSymbols = new Map(data.slot.symbols.map((name, number) => [name, number]));
    return { data, next, output, status, slotSymbols, zones: new Map() };
  }

  // One move: the configuration after it, and the number of its output (0: the symbol goes unanswered).
  function move(machine, configuration, symbol) {
    const at = symbol * machine.data.configurations + configuration;
    return { after: machine.next[at] + configuration, output: machine.output[at] };
  }

  const statusOf = (machine, configuration) => machine.data.statuses[machine.status[configuration]];

  // --- Exact numbers ----------------------------------------------------------------------------------------------

  const NUMBER = /^(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/;

  // A number as it is written, as a fraction of two whole numbers of any length; null for anything else.
  function exactly(written) {
    const found = NUMBER.exec(typeof written === "number" ? String(written) : written);
    if (!found || found[0].length > 2000) return null;
    const digits = found[2] || "";
    const power = Number(found[3] || 0) - digits.length;
    const whole = BigInt(found[1] + digits);
    return power < 0 ? [whole, 10n ** BigInt(-power)] : [whole * 10n ** BigInt(power), 1n];
  }

  // Whether a text is a number with more digits than a number of JavaScript keeps; any other number is none as a text.
  function isLongNumber(text) {
    const digits = typeof text === "string" && /^\d+(\.\d+)?$/.test(text) ? exactly(text) : null;
    return digits !== null && compared(digits, exactly(Number(text))) !== 0;
  }

  // A number that a person typed, as a log has it.
  const typed = (text) => (isLongNumber(text) ? text : Number(text));

  const compared = (one, other) => {
    const left = one[0] * other[1];
    const right = other[0] * one[1];
    return left < right ? -1 : left > right ? 1 : 0;
  };

  // A number of at least 0 (or more than 0) and below the limit of every field.
  function numberOf(value, name, axis, positive = false) {
    const number = typeof value === "number" || isLongNumber(value) ? exactly(value) : null;
    if (number === null) throw new Refusal(`${name}: ${shown(value)} is no number of 0 or more`);
    if (positive && number[0] === 0n) throw new Refusal(`${name}: it must be more than 0`);
    if (compared(number, exactly(axis.below)) >= 0) throw new Refusal(`${name}: it must be less than ${axis.below}`);
    return number;
  }

  function shown(value) {
    const text = JSON.stringify(value);
    return text === undefined ? "nothing" : text.length > 60 ? `${text.slice(0, 60)}…` : text;
  }

  // --- Moments ----------------------------------------------------------------------------------------------------
  //
  // A moment is a number of microseconds of UTC since 1970; a local time the same, as if its clock were UTC's.

  const SECOND = 1e6;
  const MINUTE = 60 * SECOND;
  const HOUR = 60 * MINUTE;
  const DAY = 24 * HOUR;
  const MOMENT = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?(?:([Zz])|([+-])(\d\d):?(\d\d))$/;

  const midnight = (year, month, day) => {
    const date = new Date(0);
    date.setUTCFullYear(year, month - 1, day);
    return date.getTime() * 1000;
  };

  // A date and time with its offset: its moment and the offset.
  function momentOf(machine, text, name) {
    const found = typeof text === "string" ? MOMENT.exec(text) : null;
    const remedy = "such as 2026-01-05T08:00:00+01:00";
    if (!found) throw new Refusal(`${name}: ${shown(text)} is no date and time with its offset`, remedy);
    const [year, month, day, hour, minute, second] = found.slice(1, 7).map((part) => Number(part || 0));
    const date = midnight(year, month, day);
    const again = new Date(date / 1000);
    if (again.getUTCMonth() !== month - 1 || again.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59) {
      throw new Refusal(`${name}: ${shown(text)} is no date and time with its offset`, remedy);
    }
    const [first, last] = machine.data.calendar.years;
    if (year < first || year >= last) throw new Refusal(`${name}: the year must lie between ${first} and ${last - 1}`);
    const part = Number((found[7] || "").padEnd(6, "0"));
    const size = found[8] ? 0 : Number(found[10]) * HOUR + Number(found[11]) * MINUTE;
    const offset = found[9] === "-" ? -size : size;
    return { at: date + hour * HOUR + minute * MINUTE + second * SECOND + part - offset, offset };
  }

  // The offset from UTC of a zone at a moment: of a name by the browser's own tables, of a number always the same.
  function offsetAt(machine, zone, moment) {
    if (typeof zone === "number") return zone;
    const seconds = Math.floor(moment / SECOND);
    const known = zoneOf(machine, zone);
    const parts = {};
    for (const { type, value } of known.formatToParts(new Date(seconds * 1000))) parts[type] = Number(value);
    const local =
      midnight(parts.year, parts.month, parts.day) + parts.hour * HOUR + parts.minute * MINUTE + parts.second * SECOND;
    return local - seconds * SECOND;
  }

  function zoneOf(machine, name) {
    if (!machine.zones.has(name)) {
      let made;
      try {
        made = new Intl.DateTimeFormat("en-US", {
          timeZone: name,
          calendar: "gregory",
          hourCycle: "h23",
          year: "numeric",
          month: "numeric",
          day: "numeric",
          hour: "numeric",
          minute: "numeric",
          second: "numeric",
        });
      } catch {
        throw new Refusal(`timezone: ${shown(name)} is no time zone that this browser knows`, "such as Europe/Berlin");
      }
      machine.zones.set(name, made);
    }
    return machine.zones.get(name);
  }

  // The moment of a local time. Where the clocks show it twice it is the first, or with `later` the second; where they
  // skip it, it is read by the offset before the change, or with `later` by the one after it.
  function momentOfLocal(machine, zone, local, later = false) {
    const before = offsetAt(machine, zone, local - DAY - offsetAt(machine, zone, local));
    const after = offsetAt(machine, zone, local + DAY - offsetAt(machine, zone, local));
    const fits = [before, after].filter((offset) => offsetAt(machine, zone, local - offset) === offset);
    if (fits.length === 1) return local - fits[0];
    return local - (later ? after : before);
  }

  const localOf = (machine, zone, moment) => moment + offsetAt(machine, zone, moment);
  const dateOf = (local) => Math.floor(local / DAY);

  // The calendar of a course: its first day, clock time and zone. A nominal one stands for a course without dates.
  function calendarOf(machine, event, everyDays) {
    const rules = machine.data.calendar;
    const weekday = rules.weekdays.indexOf(event.weekday);
    if (weekday < 0) throw new Refusal(`weekday: ${shown(event.weekday)} is no weekday`, rules.weekdays.join(", "));
    const clock = typeof event.clock_time === "string" ? /^([01]\d|2[0-3]):([0-5]\d)$/.exec(event.clock_time) : null;
    if (!clock) throw new Refusal(`clock_time: ${shown(event.clock_time)} is no clock time`, "such as 08:00");
    const time = Number(clock[1]) * HOUR + Number(clock[2]) * MINUTE;
    const nominal = event.at === undefined;
    let zone = event.timezone === undefined ? 0 : event.timezone;
    if (typeof zone === "string") zoneOf(machine, zone);
    let earliest;
    if (nominal) {
      if (event.day !== 1) {
        const remedy = "day 1 is the first day; or give a date in `at`";
        throw new Refusal(`a course cannot start on day ${event.day}`, remedy);
      }
      const [year, month, day] = rules.first_day.split("-").map(Number);
      earliest = momentOfLocal(machine, zone, midnight(year, month, day));
    } else {
      const { at, offset } = momentOf(machine, event.at, "at");
      zone = event.timezone === undefined ? offset : zone;
      earliest = at;
    }
    const today = dateOf(localOf(machine, zone, earliest));
    // Day 0 of the count, 1 January 1970, was a Thursday.
    const todays = (((today + 3) % 7) + 7) % 7;
    let first = today + ((((weekday - todays) % 7) + 7) % 7);
    if (momentOfLocal(machine, zone, first * DAY + time) < earliest) first += 7;
    return { first, time, zone, nominal, everyDays };
  }

  // The moment of the weekly clock time on a treatment day.
  function momentOfDay(machine, dates, day) {
    const local = (dates.first + day - 1) * DAY + dates.time;
    const moment = momentOfLocal(machine, dates.zone, local);
    if (dateOf(localOf(machine, dates.zone, moment)) === dateOf(local)) return moment;
    return momentOfLocal(machine, dates.zone, local, true);
  }

  // The treatment day on which a moment falls (0 or less before day 1).
  const dayOf = (machine, dates, moment) => dateOf(localOf(machine, dates.zone, moment)) - dates.first + 1;

  const cycleOf = (machine, day) => {
    const length = machine.data.calendar.cycle_days;
    return { cycle: Math.floor((day - 1) / length) + 1, day: ((((day - 1) % length) + length) % length) + 1 };
  };

  const isIxazomibDay = (machine, day) =>
    day >= 1 && machine.data.calendar.ixazomib_days.includes(cycleOf(machine, day).day);

  function nextIxazomibDay(machine, day) {
    let later = Math.max(day, 0) + 1;
    while (!isIxazomibDay(machine, later)) later += 1;
    return later;
  }

  // The latest ixazomib day whose slot is not after this moment, or null.
  function latestIxazomibDay(machine, dates, at) {
    const today = dayOf(machine, dates, at);
    const last = Math.max(today - machine.data.calendar.cycle_days - 1, 0);
    for (let day = today; day > last; day -= 1) {
      if (isIxazomibDay(machine, day) && momentOfDay(machine, dates, day) <= at) return day;
    }
    return null;
  }

  // --- What an event means ----------------------------------------------------------------------------------------

  const SIGNS = { "≤": "<=", "≥": ">=", "=<": "<=", "=>": ">=" };
  const WITH_SIGN = /^\s*(<=|>=|=<|=>|[<>≤≥])\s*(\d+(?:\.\d+)?)\s*$/;

  // The number and the sign of a measured value, also where both stand in one text.
  function signed(given, name, axis, field) {
    let value = given[field];
    let sign = given.comparator === undefined || given.comparator === null ? "" : given.comparator;
    const written = typeof value === "string" && sign === "" ? WITH_SIGN.exec(value) : null;
    if (written) [, sign] = written;
    // What stands behind a sign in one text may be a number of any length.
    if (written) value = isLongNumber(written[2]) ? written[2] : Number(written[2]);
    sign = Object.hasOwn(SIGNS, sign) ? SIGNS[sign] : sign;
    if (sign !== "" && !["<", "<=", ">", ">="].includes(sign)) {
      throw new Refusal(`${name}: ${shown(sign)} is no sign`, "<, <=, > or >=");
    }
    return { number: numberOf(value, name, axis), sign };
  }

  // The class of a number: its form and sign choose a row, and its place among the points the class.
  function classOf(axis, form, sign, number) {
    axis.exact ||= axis.points.map(exactly);
    const points = axis.exact;
    let place = 0;
    while (place + 1 < points.length && compared(number, points[place + 1]) >= 0) place += 1;
    const beyond = compared(number, points[place]) > 0 ? 1 : 0;
    return axis.classes[form][sign][2 * place + beyond];
  }

  // The power of ten of a unit of a cell count.
  function powerOf(machine, unit, name) {
    const power = units.cellsPower(machine.data.units.count, unit);
    if (power === null)
      throw new Refusal(`${name}: ${shown(unit)} is no unit of a cell count`, examplesOf(machine, "count"));
    return power;
  }

  function requireUnit(machine, kind, unit, name) {
    if (units.spells(machine.data.units[kind], unit)) return;
    throw new Refusal(`${name}: ${shown(unit)} is no unit of it`, examplesOf(machine, kind));
  }

  const examplesOf = (machine, kind) => {
    const { examples, ...spelled } = machine.data.units[kind];
    return `such as ${(examples || Object.keys(spelled)).join(", ")}`;
  };

  // The fields of a measured value, in the event itself or in a field of it; undefined where it is left out.
  function partOf(event, axis, names) {
    const part = axis.field === "" ? event : event[axis.field];
    if (part === undefined || part === null) return undefined;
    if (typeof part !== "object" || Array.isArray(part))
      throw new Refusal(`${axis.field}: ${shown(part)} is no object`);
    if (axis.field !== "") {
      for (const name of Object.keys(part)) {
        if (!names.includes(name)) throw new Refusal(`${axis.field}.${name}: there is no such field`);
      }
    }
    return part;
  }

  const isGiven = (value) => value !== undefined && value !== null;

  // How each kind of axis reads its class off an event and what is remembered.
  const CLASSES = {
    choice(axis, event) {
      const value = event[axis.field] === undefined ? axis.values[0] : event[axis.field];
      const place = axis.values.findIndex((one) => one === value);
      if (place < 0) {
        const names = axis.values.map((one) => String(one)).join(", ");
        throw new Refusal(`${axis.field}: ${shown(value)} is not among its values`, `one of: ${names}`);
      }
      return place;
    },

    baseline(axis, event, memory) {
      return axis.values.findIndex(([grade, pain]) => grade === memory.baseline[0] && pain === memory.baseline[1]);
    },

    count(axis, event, memory, machine) {
      const name = axis.field || "value";
      const part = partOf(event, axis, ["value", "unit", "comparator"]);
      if (part === undefined) throw new Refusal(`${name}: it is missing`);
      const power = powerOf(machine, part.unit, axis.field ? `${axis.field}.unit` : "unit");
      const { number, sign } = signed(part, name, axis, "value");
      const scaled =
        power < 0 ? [number[0], number[1] * 10n ** BigInt(-power)] : [number[0] * 10n ** BigInt(power), number[1]];
      return classOf(axis, String(power), sign, scaled);
    },

    bilirubin(axis, event, memory, machine) {
      const names = ["times_uln", "value", "unit", "upper_limit_of_normal", "comparator"];
      const part = partOf(event, axis, names);
      if (part === undefined) return notMeasured(axis, event);
      const measured = ["value", "unit", "upper_limit_of_normal"].filter((name) => isGiven(part[name]));
      if (isGiven(part.times_uln)) {
        if (measured.length) throw new Refusal("give either times_uln, or value with unit and upper_limit_of_normal");
        const { number, sign } = signed(
          { value: part.times_uln, comparator: part.comparator },
          "times_uln",
          axis,
          "value",
        );
        return classOf(axis, "", sign, number);
      }
      if (measured.length < 3) throw new Refusal("needs times_uln, or all of value, unit and upper_limit_of_normal");
      requireUnit(machine, "bilirubin", part.unit, "unit");
      const { number, sign } = signed(part, "value", axis, "value");
      const limit = numberOf(part.upper_limit_of_normal, "upper_limit_of_normal", axis, true);
      return classOf(axis, "", sign, [number[0] * limit[1], number[1] * limit[0]]);
    },

    clearance(axis, event, memory, machine) {
      const part = partOf(event, axis, ["value", "unit", "comparator"]);
      if (part === undefined) return notMeasured(axis, event);
      requireUnit(machine, "clearance", part.unit, axis.field ? `${axis.field}.unit` : "unit");
      const { number, sign } = signed(part, axis.field || "value", axis, "value");
      return classOf(axis, "", sign, number);
    },

    term(axis, event, memory) {
      const term = termOf(event);
      const group = axis.spelled[spelled(axis, term)];
      if (group !== undefined) return group;
      const own = memory.terms.find(([name]) => name === term);
      const state = axis.states.findIndex((one) => one === (own ? own[1] : "closed"));
      const others = memory.terms.some(([name]) => name !== term) ? 1 : 0;
      return axis.groups + (state * 2 + others) * 2 + (memory.related ? 1 : 0);
    },
  };

  // The class of an organ function that was not measured: left out, or assumed.
  function notMeasured(axis, event) {
    if (axis.others === 0) throw new Refusal("the value is missing");
    return (event.assumed || []).includes(axis.field) ? 1 : 0;
  }

  function termOf(event) {
    if (typeof event.term !== "string" || event.term.trim() === "") throw new Refusal("term: it is missing");
    return event.term.trim().toLowerCase();
  }

  // A term as listed terms are compared: its words without blanks, and without those that say nothing of it.
  function spelled(axis, term) {
    let text = term.normalize("NFKD").toLowerCase().replaceAll("ß", "ss").replace(/\p{M}/gu, "");
    text = text.replace(/[^\p{L}\p{N}]/gu, " ");
    for (const [written, read] of axis.read_as) text = text.replaceAll(written, read);
    return text
      .split(/\s+/)
      .filter((word) => word !== "" && !axis.set_aside.includes(word))
      .join("");
  }

  // The place of an event in the table of its kind, by its class on each axis.
  function placeOf(machine, memory, event) {
    const { axes } = machine.data.meanings[event.type];
    return axes.reduce((place, axis) => place * sizeOf(axis) + CLASSES[axis.how](axis, event, memory, machine), 0);
  }

  // What an event means: the answer of the table of its kind.
  function meaningOf(machine, memory, event) {
    const { answer, answers } = machine.data.meanings[event.type];
    const found = answers[answer[placeOf(machine, memory, event)]];
    if (found.refused) throw new Refusal(found.refused.what, found.refused.remedy, found.rules);
    return found;
  }

  // How many classes an axis has.
  function sizeOf(axis) {
    if (axis.size === undefined) {
      const measured = () =>
        Math.max(
          axis.others - 1,
          ...Object.values(axis.classes)
            .flatMap((rows) => Object.values(rows))
            .flat(),
        );
      axis.size = axis.values
        ? axis.values.length
        : axis.states
          ? axis.groups + axis.states.length * 4
          : measured() + 1;
    }
    return axis.size;
  }

  // --- The slots of ixazomib --------------------------------------------------------------------------------------
  //
  // At one moment a hold or a release comes first, then the slot, then what is reported, and the end of the window after
  // all that. A slot is { day, reports: [[moment, symbol], …] }.

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

  // --- Orders -----------------------------------------------------------------------------------------------------

  const sorted = (numbers) => [...new Set(numbers)].sort((one, other) => one - other);

  // What is to be done in the end, where each of these steps gave its orders, one after the other.
  function netEffect(machine, steps) {
    const { orders, verbs } = machine.data;
    const given = steps.flat();
    const stops = given.filter((order) => orders[order].verb === verbs.all);
    if (stops.length) return sorted(stops);
    const changing = [...verbs.turns, verbs.last];
    const kept = given.filter((order) => !changing.includes(orders[order].verb));
    for (const drug of machine.data.calendar.drugs) {
      const own = given.filter((order) => orders[order].drug === drug);
      const turns = own.filter((order) => verbs.turns.includes(orders[order].verb));
      // A drug is held only when it is given, and given again only when it is held: they come in turns.
      if (turns.length % 2) kept.push(turns.at(-1));
      kept.push(...own.filter((order) => orders[order].verb === verbs.last).slice(-1));
    }
    return sorted(kept);
  }

  // --- A course ---------------------------------------------------------------------------------------------------

  // What a course remembers before its first event. `terms` are the open terms, each with its attribution; `heldSince`
  // the treatment day since which each drug is held, or null; `history` every change of the configuration.
  const NOTHING = Object.freeze({
    patient: null,
    configuration: 0,
    number: 0,
    latest: null,
    dates: null,
    baseline: [0, false],
    terms: [],
    related: false,
    history: [],
    heldSince: [null, null],
    reviewed: [],
    slots: [],
  });

  function wholeDay(machine, day, name) {
    const last = machine.data.calendar.last_day;
    if (!Number.isInteger(day) || day < 1 || day > last) {
      throw new Refusal(`${name}: ${shown(day)} is no treatment day`, `a whole number from 1 to ${last}`);
    }
  }

  const YES_OR_NO = "yes or no";

  // An event without the fields that say nothing; a `Refusal` for one that is none.
  function checked(machine, given) {
    if (typeof given !== "object" || given === null || Array.isArray(given))
      throw new Refusal("an event is a JSON object");
    const event = {};
    for (const [name, value] of Object.entries(given)) if (value !== null) event[name] = value;
    const fields = Object.hasOwn(machine.data.fields, event.type) ? machine.data.fields[event.type] : null;
    if (!fields) throw new Refusal(`type: ${shown(event.type)} is no kind of event that this page knows`);
    for (const name of Object.keys(given)) {
      if (!Object.hasOwn(fields, name)) throw new Refusal(`${name}: there is no such field of ${event.type}`);
    }
    for (const [name, required] of Object.entries(fields)) {
      if (required && event[name] === undefined) throw new Refusal(`${name}: it is missing`);
    }
    if (event.recorded_at !== undefined) {
      throw new Refusal(
        "this page takes in events as they happen, and not when each was recorded (recorded_at)",
        "take recorded_at out of every line, or use `ixastate replay`",
      );
    }
    if ((event.at === undefined) === (event.day === undefined)) {
      throw new Refusal("needs exactly one of at (date and time with offset) and day (treatment day)");
    }
    if (event.day !== undefined) wholeDay(machine, event.day, "day");
    for (const [name, { takes }] of Object.entries(machine.data.forms[event.type].fields)) {
      if (given[name] === null && !takes.optional) throw new Refusal(`${name}: it is missing`);
      if (takes.kind === YES_OR_NO && event[name] !== undefined && typeof event[name] !== "boolean") {
        throw new Refusal(`${name}: ${shown(event[name])} is neither true nor false`);
      }
    }
    return event;
  }

  // The neuropathy before treatment that a start reports, as grade and pain.
  function baselineOf(machine, event) {
    const given = event.baseline_neuropathy;
    if (given === undefined) return NOTHING.baseline;
    const found = [given.grade, given.pain === undefined ? false : given.pain];
    const known = Object.values(machine.data.meanings)
      .flatMap(({ axes }) => axes)
      .find((axis) => axis.how === "baseline");
    if (!known.values.some(([grade, pain]) => grade === found[0] && pain === found[1])) {
      throw new Refusal(`baseline_neuropathy: ${shown(given)} cannot be a baseline`);
    }
    return found;
  }

  function assumedOf(event) {
    const assumed = event.assumed === undefined ? [] : event.assumed;
    const known = ["bilirubin", "creatinine_clearance"];
    if (!Array.isArray(assumed) || assumed.some((organ) => !known.includes(organ))) {
      throw new Refusal(`assumed: ${shown(assumed)} is no list of organ functions`, known.join(", "));
    }
    for (const organ of assumed) {
      if (event[organ] !== undefined) throw new Refusal(`${organ} is both measured and assumed`, "leave one out");
    }
  }

  // The moment of an event; a `Refusal` when it has none or lies before the latest one.
  function placed(machine, event, dates, latest, starts) {
    if (dates && dates.nominal && event.at !== undefined) {
      throw new Refusal(
        `the course is dated by treatment days, so ${event.at} has no place in it`,
        "give the treatment day in `day`, or a date to every event from course_started on",
      );
    }
    if (latest !== null && dates && dates.nominal && starts) {
      throw new Refusal(
        "the course has dates, so its start cannot be a mere day",
        "give course_started a date in `at`",
      );
    }
    let at;
    if (event.at !== undefined) at = momentOf(machine, event.at, "at").at;
    else if (dates) at = momentOfDay(machine, dates, event.day);
    else throw new Refusal("a treatment day means nothing before the start", "give a date in `at`");
    if (latest !== null && at < latest) {
      const days =
        dates && event.day !== undefined
          ? `day ${event.day} comes after day ${dayOf(machine, dates, latest)}`
          : event.at;
      throw new Refusal(`time goes backwards: ${days}`, "put a patient's events in the order in which they were seen");
    }
    return at;
  }

  // What becomes of what is remembered of terms and baseline.
  function rememberedAfter(machine, memory, event, meaning) {
    if (meaning.baseline) return { baseline: baselineOf(machine, event) };
    if (meaning.term === undefined) return {};
    const term = termOf(event);
    const others = memory.terms.filter(([name]) => name !== term);
    const terms = meaning.term === "closed" ? others : [...others, [term, meaning.term.attribution]];
    return { terms, related: meaning.related };
  }

  // The course after an event, and its record: { memory, record }.
  function observe(machine, memory, given) {
    const { data } = machine;
    const event = checked(machine, given);
    const before = memory.configuration;
    const patient = event.patient === undefined ? memory.patient : event.patient;
    if (patient !== memory.patient && memory.number) {
      throw new Refusal(
        `the event is of patient ${shown(patient)}, the course of ${shown(memory.patient)}`,
        "one course follows one patient",
      );
    }
    const starts = event.type === data.start;
    const final = before === data.final;
    if (before !== 0 && starts) throw new Refusal("the course has already started", "a patient has one course_started");
    const early = !starts && before === 0 && !takenInAtFirst(machine, event);
    if (early) throw new Refusal("the course has not started", "a course begins with course_started");
    if (starts) {
      assumedOf(event);
      baselineOf(machine, event);
    }
    const ofDose = Object.hasOwn(data.reports, event.type);
    let meaning = { symbols: [], orders: [], rules: final ? data.ends.rules : [] };
    if (!final && !ofDose) meaning = meaningOf(machine, memory, event);
    // After the end an event means nothing, and must still be one.
    if (final && !ofDose) placeOf(machine, memory, event);
    const dates = starts ? calendarOf(machine, event, meaning.every_days || 1) : memory.dates;
    const at = placed(machine, event, dates, memory.latest, starts);
    let { slots } = memory;
    if (ofDose && !final) {
      const advice = ofADose(machine, memory, dates, at, event);
      meaning = { symbols: [], orders: advice.orders, rules: advice.rules };
      slots = advice.slots;
    }

    const steps = [];
    let now = before;
    for (const symbol of meaning.symbols) {
      const { after, output } = move(machine, now, symbol);
      if (!output) throw new Refusal(`${data.symbols[symbol]} goes unanswered here`);
      steps.push({ before: now, symbol, after, output });
      now = after;
      if (now === data.final) break;
    }
    // What stops treatment leaves nothing else to be ordered, and no other step to be explained.
    const acting = now === data.final ? steps.slice(-1) : steps;
    let orders = meaning.orders;
    if (steps.length)
      orders = netEffect(machine, [...acting.map((step) => data.outputs[step.output].orders), meaning.orders]);
    let rules = sorted([...meaning.rules, ...acting.flatMap((step) => data.outputs[step.output].rules)]);

    const status = statusOf(machine, now);
    const moved = now !== before;
    const begun = starts && moved;
    const kept = begun ? dates : memory.dates;
    const day = kept ? dayOf(machine, kept, at) : null;
    const blocked = event.at === undefined && memory.dates === null && !moved;
    const held = [status.ixazomib_held, status.lenalidomide_held];
    const after = {
      ...memory,
      patient,
      configuration: now,
      number: memory.number + 1,
      latest: blocked ? memory.latest : at,
      dates: kept,
      ...(final || ofDose ? {} : rememberedAfter(machine, memory, event, meaning)),
      history: moved ? [...memory.history, [at, now]] : memory.history,
      heldSince: memory.heldSince.map((since, drug) => (held[drug] ? (since === null ? day : since) : null)),
      slots,
    };
    if (slots.length && kept) after.slots = now === data.final ? [] : slotsOf(machine, after, kept, at).remembered;
    if (day !== null && (held.includes(true) || memory.reviewed.length) && now !== data.final) {
      const drugs = data.calendar.held;
      const overdue = drugs.filter(
        (_, drug) => after.heldSince[drug] !== null && day - after.heldSince[drug] >= data.long_hold.days,
      );
      const fresh = overdue.filter((drug) => !memory.reviewed.includes(drug));
      if (fresh.length) {
        orders = sorted([...orders, ...fresh.map((drug) => data.long_hold.orders[drug])]);
        rules = sorted([...rules, ...data.long_hold.rules]);
      }
      after.reviewed = overdue;
    }
    const record = { number: after.number, event: given, day, at, before, after: now, steps, status, orders, rules };
    return { memory: after, record };
  }

  // Whether the phase before the start takes in what this event means.
  function takenInAtFirst(machine, event) {
    const table = machine.data.meanings[event.type];
    if (!table || table.axes.length) return false;
    const { symbols } = table.answers[table.answer[0]];
    return symbols.length === 1 && move(machine, 0, symbols[0]).output !== 0;
  }

  // What is due on a treatment day, by the status that held at its slot: [{ drug, mg, how, rules }, …].
  function dueOn(machine, memory, day) {
    const { dates } = memory;
    if (!dates || day < 1) return [];
    const at = momentOfDay(machine, dates, day);
    let configuration = 0;
    for (const [since, changed] of memory.history) if (since <= at) configuration = changed;
    const { due } = machine.data;
    const row = due.rows[due.by_rhythm[String(dates.everyDays)][machine.status[configuration]]];
    return due.days[row[cycleOf(machine, day).day - 1]].map((dose) => due.doses[dose]);
  }

  // --- Logs -------------------------------------------------------------------------------------------------------

  const LONGEST_LINE = 1000000;

  // The events of a log in JSON Lines, of events or of records; numbers that a float would change stay texts.
  function eventsOf(data, text) {
    const events = [];
    const lines = text.replace(/^\uFEFF/, "").split("\n");
    lines.forEach((line, place) => {
      if (line.trim() === "") return;
      const where = `line ${place + 1}`;
      if (line.length > LONGEST_LINE) throw new Refusal(`${where}: it is longer than ${LONGEST_LINE} letters`);
      let found;
      try {
        found = JSON.parse(line, (key, value, context) => {
          const source = typeof value === "number" && context ? context.source : undefined;
          return isLongNumber(source) ? source : value;
        });
      } catch {
        throw new Refusal(`${where}: it is no JSON`, "one JSON object per line");
      }
      if (typeof found !== "object" || found === null || Array.isArray(found)) {
        throw new Refusal(`${where}: a line holds one JSON object`);
      }
      if (data.amending.includes(found.type)) {
        throw new Refusal(`${where}: this page takes in events alone, and no line that corrects or withdraws one`);
      }
      events.push(Object.hasOwn(found, "event") ? found.event : found);
    });
    if (!events.length) throw new Refusal("there is no event in it", "one JSON object per line");
    return events;
  }

  const logOf = (events) => events.map((event) => `${JSON.stringify(event)}\n`).join("");

  root.ixastateMachine = {
    Refusal,
    NOTHING,
    open,
    inflated,
    move,
    statusOf,
    exactly,
    typed,
    observe,
    dueOn,
    cycleOf,
    dayOf,
    momentOfDay,
    eventsOf,
    logOf,
  };
})(globalThis);
