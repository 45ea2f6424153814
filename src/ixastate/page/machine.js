// The machine of a page: an event in, a record out, looked up in the tables that `tables.py` made.
//
// What an event means and what a symbol does stand in the tables. What is computed here is what no finite table can
// hold: which terms are open, how long a drug has been held, what is left of the orders of several steps; and in the
// scripts that it asks, exact numbers, the calendar, and which planned dose a report is about. There is no rule, no
// threshold and no state here. The scripts touch no document, so that they run in a page and in Node alike.
//
// A course is a value: `observe` returns the next one and changes nothing, and throws a `Refusal` where an event cannot
// be taken in.
(function (root) {
  "use strict";

  const { Refusal, exactly, isLongNumber, typed, shown } = root.ixastateExact;
  const { inflated, open, move, statusOf } = root.ixastateTables;
  const { momentOf, calendarOf, momentOfDay, dayOf, cycleOf, wholeDay } = root.ixastateCalendar;
  const { termOf, placeOf, meaningOf } = root.ixastateMeanings;
  const { slotsOf, ofADose } = root.ixastateSlots;

  // --- Orders --------------------------------------------------------------------------------------------------

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

  // --- A course ------------------------------------------------------------------------------------------------

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

  // --- Logs ----------------------------------------------------------------------------------------------------

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
