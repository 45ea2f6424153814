// The weekly calendar of one patient: which treatment day a moment falls on, and when a dose is due.
//
// Day 1 is the first weekly slot (the fixed weekday and clock time of L1) at or after the start. The calendar keeps
// running through every hold. Moments are milliseconds since 1970; a slot keeps its clock time in the patient's own
// time zone, and the hours between two moments are hours that really pass.

export const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const CYCLE = 28; // L7
const MONDAY_OF_A_CALENDAR_WITHOUT_DATES = Date.UTC(2001, 0, 1);

// Ixazomib is due on days 1, 8 and 15 of a cycle, lenalidomide on days 1 to 21, dexamethasone weekly (L7).
export const isDay = {
  ixazomib: (day) => day >= 1 && [1, 8, 15].includes(dayOfCycle(day)),
  lenalidomide: (day, every) => day >= 1 && dayOfCycle(day) <= 21 && (dayOfCycle(day) - 1) % every === 0,
  dexamethasone: (day) => day >= 1 && [1, 8, 15, 22].includes(dayOfCycle(day)),
};

function dayOfCycle(day) {
  return ((day - 1) % CYCLE) + 1;
}

export class Calendar {
  // From a course_started event.
  constructor({ at, weekday, clock_time, timezone }) {
    const [hours, minutes] = clock_time.split(":").map(Number);
    this.clock = (hours * 60 + minutes) * 60_000;
    this.offset = timezone ? offsetIn(timezone) : always(at ? offsetOf(at) : 0);
    const earliest = at ? Date.parse(at) : null;
    const date = at ? this.dateOf(earliest) : MONDAY_OF_A_CALENDAR_WITHOUT_DATES / DAY;
    // 1 January 1970 was a Thursday.
    const dayOfWeek = (date + WEEKDAYS.indexOf("thursday")) % 7;
    this.first = date + ((WEEKDAYS.indexOf(weekday) - dayOfWeek + 7) % 7);
    if (at && this.slot(1) < earliest) this.first += 7;
  }

  // The date of a moment in the patient's time zone, as days since 1970.
  dateOf(moment) {
    return Math.floor((moment + this.offset(moment)) / DAY);
  }

  // The treatment day of a moment; 0 or less before day 1.
  dayOf(moment) {
    return this.dateOf(moment) - this.first + 1;
  }

  // The moment of the clock time on a treatment day.
  slot(day) {
    const date = this.first + day - 1;
    const local = date * DAY + this.clock;
    // The offsets of the day before and after differ when the clocks change in between.
    const moments = [local - this.offset(local - DAY), local - this.offset(local + DAY)];
    const there = moments.find((moment) => moment + this.offset(moment) === local);
    // A clock time that the clocks skip is read by the old offset, unless that would be another day.
    return there ?? moments.find((moment) => this.dateOf(moment) === date) ?? moments[0];
  }

  // The latest day on which ixazomib was due by a moment, or null.
  latestIxazomibDay(moment) {
    for (let day = this.dayOf(moment); day >= 1; day -= 1) {
      if (isDay.ixazomib(day) && this.slot(day) <= moment) return day;
    }
    return null;
  }

  nextIxazomibDay(day) {
    let next = day + 1;
    while (!isDay.ixazomib(next)) next += 1;
    return next;
  }
}

// How far local time is ahead of UTC, each a function of the moment.
function always(offset) {
  return () => offset;
}

function offsetIn(timezone) {
  const parts = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" };
  const format = new Intl.DateTimeFormat("en-US", { timeZone: timezone, hourCycle: "h23", ...parts });
  return (moment) => {
    const local = Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]));
    const asUtc = Date.UTC(local.year, local.month - 1, local.day, local.hour, local.minute, local.second);
    return asUtc - Math.floor(moment / 1000) * 1000;
  };
}

function offsetOf(at) {
  const [, sign, hours, minutes] = at.match(/([+-])(\d\d):(\d\d)$/) ?? [null, "+", 0, 0];
  return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}
