// Moments, zones and the 28-day calendar of a course. The days of drugs and the lengths stand in the tables.
//
// A moment is a number of microseconds of UTC since 1970; a local time the same, as if its clock were UTC's.
(function (root) {
  "use strict";

  const { Refusal, shown } = root.ixastateExact;

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

  // A `Refusal` for what is no treatment day.
  function wholeDay(machine, day, name) {
    const last = machine.data.calendar.last_day;
    if (!Number.isInteger(day) || day < 1 || day > last) {
      throw new Refusal(`${name}: ${shown(day)} is no treatment day`, `a whole number from 1 to ${last}`);
    }
  }

  root.ixastateCalendar = {
    wholeDay,
    HOUR,
    momentOf,
    calendarOf,
    momentOfDay,
    dayOf,
    cycleOf,
    isIxazomibDay,
    nextIxazomibDay,
    latestIxazomibDay,
  };
})(globalThis);
