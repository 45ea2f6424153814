// What is seen of the page: forms for events, where the course stands, the rules, the picture and the timeline.
//
// The course is a list of events; everything shown follows from it and is drawn anew when it changes. All that a person
// typed or loaded goes into the page as text, never as markup.
(function () {
  "use strict";

  const engine = globalThis.ixastateMachine;
  const units = globalThis.ixastateUnits;
  const { make, sentence, described } = globalThis.ixastateWords;
  const forms = globalThis.ixastateForms;
  const pictures = globalThis.ixastatePictures;
  const { timeline } = globalThis.ixastateTimeline;
  const page = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);

  // One for each edition: its machine, and what was remembered and recorded after each event.
  let courses = [];
  // The events of the course; those that were undone; and of which event the page shows what followed.
  const state = { events: [], undone: [], view: 0, form: null, rule: null, cycle: 1 };

  // --- Words -------------------------------------------------------------------------------------------------------

  function say(id, words) {
    $(id).textContent = words;
    $(id).hidden = words === "";
  }

  const first = () => courses[0].machine.data;

  const whenWords = (record) =>
    record.event.at ? `${record.event.at}${record.day ? ` · day ${record.day}` : ""}` : `day ${record.event.day}`;

  // --- The course -------------------------------------------------------------------------------------------------

  function observeAll(event) {
    // Every edition takes the event in, or none does.
    const found = courses.map((course) => engine.observe(course.machine, course.steps.at(-1).memory, event));
    courses.forEach((course, place) => course.steps.push(found[place]));
    state.events.push(event);
  }

  function forget(count) {
    for (const course of courses) course.steps.length = count + 1;
    state.events.length = count;
  }

  function report(event) {
    try {
      observeAll(event);
    } catch (error) {
      refused(error);
      return false;
    }
    state.undone = [];
    say("alert", "");
    say("note", "");
    state.rule = null;
    shown(state.events.length);
    return true;
  }

  function refused(error) {
    if (!(error instanceof engine.Refusal)) throw error;
    const rules = error.rules.map((rule) => first().rules[rule].id).join(", ");
    const remedy = error.remedy ? `. ${sentence(error.remedy)}` : "";
    say("alert", `Not taken in: ${error.what}${remedy}.${rules ? ` By ${rules}.` : ""}`);
  }

  // Show what followed from an event, by its number (0: before the first).
  function shown(number) {
    state.view = number;
    const { record } = courses[0].steps[number];
    if (record && record.day !== null && record.day >= 1) {
      $("day").value = String(Math.max(record.day, 1));
      state.cycle = engine.cycleOf(courses[0].machine, Math.max(record.day, 1)).cycle;
    } else if (number === 0) {
      $("day").value = "1";
      state.cycle = 1;
    }
    draw();
  }

  // --- Forms ------------------------------------------------------------------------------------------------------

  function kindButtons() {
    const { forms: kindsOfForms, groups } = first();
    const started = courses[0].steps.at(-1).memory.configuration !== 0;
    // Before the start nothing but the course itself can be spoken of.
    const own = started
      ? Object.entries(groups)
      : [[kindsOfForms[first().start].group, groups[kindsOfForms[first().start].group]]];
    const groupsShown = own.map(([group, words]) => {
      const kinds = Object.entries(kindsOfForms).filter(
        ([kind, form]) => form.group === group && (kind !== first().start || !started),
      );
      const buttons = kinds.map(([kind, form]) =>
        make(
          "button",
          {
            type: "button",
            "data-kind": kind,
            "aria-expanded": String(state.form === kind),
            "aria-controls": "form",
            onclick: () => openForm(kind),
          },
          form.label,
        ),
      );
      return make("div", {}, make("h3", {}, words), make("div", { class: "buttons" }, ...buttons));
    });
    $("kinds").replaceChildren(...groupsShown);
  }

  function openForm(kind) {
    state.form = state.form === kind ? null : kind;
    drawForm();
    kindButtons();
    const control = $("form").querySelector("input, select, button");
    if (state.form && control) control.focus();
  }

  function closeForm() {
    state.form = null;
    drawForm();
  }

  function drawForm() {
    const form = $("form");
    form.hidden = state.form === null;
    if (state.form === null) {
      form.replaceChildren();
      return;
    }
    const kind = state.form;
    const now = courses[0].steps.at(-1).record;
    const dose = now ? now.status.ixazomib_mg : null;
    const reportNow = (fields) => report({ type: kind, ...fields, day: chosenDay() });
    form.replaceChildren(forms.formOf(first(), kind, { report: reportNow, dose }));
  }

  function submitted(submit) {
    submit.preventDefault();
    const kind = state.form;
    const event = { ...forms.eventOf(first(), kind, $("form")), day: chosenDay() };
    if (report(event)) {
      closeForm();
      kindButtons();
      $("kinds").querySelector(`[data-kind="${kind}"]`)?.focus();
    }
  }

  // --- The calendar -----------------------------------------------------------------------------------------------

  const chosenDay = () => Number($("day").value);

  function moveDay(days) {
    $("day").value = String(Math.max(1, chosenDay() + days));
    state.cycle = engine.cycleOf(courses[0].machine, chosenDay()).cycle;
    drawCalendar();
  }

  function drawCalendar() {
    const { machine, steps } = courses[0];
    const { memory } = steps[state.view];
    const length = machine.data.calendar.cycle_days;
    const start = (state.cycle - 1) * length;
    const cells = [];
    const latest = memory.dates && memory.latest !== null ? engine.dayOf(machine, memory.dates, memory.latest) : 1;
    const seen = new Set(steps.slice(1, state.view + 1).map((step) => step.record.day));
    for (let day = start + 1; day <= start + length; day += 1) {
      const due = engine.dueOn(machine, memory, day);
      const letters = due.map((dose) => dose.drug.charAt(0).toUpperCase()).join("");
      const doses = due.map((dose) => `${dose.drug} ${dose.mg} mg`).join(", ") || "nothing is due";
      cells.push(
        make(
          "button",
          {
            type: "button",
            class: `${seen.has(day) ? "seen" : ""} ${day < latest ? "past" : ""}`,
            "aria-pressed": String(day === chosenDay()),
            title: `Day ${day}: ${doses}`,
            onclick: () => {
              $("day").value = String(day);
              drawCalendar();
            },
          },
          String(day),
          make("span", { class: "doses", "aria-hidden": "true" }, letters || "\u00a0"),
          make("span", { class: "unseen" }, `: ${doses}${seen.has(day) ? "; something was seen" : ""}`),
        ),
      );
    }
    const words = `Cycle ${state.cycle}. The letters are the doses due as things stand: I ixazomib, L lenalidomide, D dexamethasone.`;
    const had = $("calendar").contains(document.activeElement);
    $("calendar").replaceChildren(make("p", { class: "soft" }, words), ...cells);
    if (had) cells.find((cell) => cell.getAttribute("aria-pressed") === "true")?.focus();
  }

  // --- Where the course stands ------------------------------------------------------------------------------------

  function cites(data, rules) {
    const buttons = rules.map((rule) =>
      make(
        "li",
        {},
        make(
          "button",
          {
            type: "button",
            class: "cite",
            title: data.rules[rule].title,
            onclick: () => chooseRule(data.rules[rule].id),
          },
          data.rules[rule].id,
        ),
      ),
    );
    return make("ul", { class: "cites" }, ...buttons);
  }

  // The rules that acted, each with its title.
  function acted(data, rules) {
    const items = rules.map((rule) => {
      const { id, title } = data.rules[rule];
      return make(
        "li",
        {},
        make("button", { type: "button", class: "cite", onclick: () => chooseRule(id) }, id),
        ` ${title}`,
      );
    });
    return make("ul", { class: "acted" }, ...items);
  }

  function levels(status, data) {
    if (status.ixazomib_mg === null) return null;
    const list = make("dl", { class: "levels" });
    for (const drug of data.calendar.held) {
      const held = status[`${drug}_held`];
      list.append(
        make("dt", {}, sentence(drug)),
        make("dd", {}, `${status[`${drug}_mg`]} mg`),
        make("dd", { class: held ? "held" : "given" }, held ? "held" : "given"),
      );
    }
    return list;
  }

  function dueList(course, memory) {
    const from = Math.max(chosenDay(), 1);
    const rows = [];
    for (let day = from; day < from + 7; day += 1) {
      const due = engine.dueOn(course.machine, memory, day);
      if (due.length)
        rows.push(
          make(
            "li",
            {},
            `Day ${day}: ${due.map((dose) => `${dose.drug} ${dose.mg} mg${dose.how.length ? `, ${dose.how.join(", ")}` : ""}`).join("; ")}`,
          ),
        );
    }
    if (!memory.dates) return make("p", { class: "soft" }, "Nothing is due before the start.");
    return rows.length ? make("ul", { class: "due" }, ...rows) : make("p", { class: "soft" }, "Nothing.");
  }

  function panel(course) {
    const { machine, steps } = course;
    const { data } = machine;
    const { record, memory } = steps[state.view];
    const status = engine.statusOf(machine, memory.configuration);
    const parts = [make("p", { class: "state" }, sentence(status.words)), levels(status, data)];
    if (courses.length > 1) parts.unshift(make("h3", {}, data.edition));
    if (record) {
      parts.push(
        make(
          "p",
          { class: "soft" },
          `After event ${record.number}, ${whenWords(record)}: ${described(first(), record.event)}`,
        ),
      );
      const orders = record.orders.map((order) => make("li", {}, sentence(data.orders[order].words)));
      parts.push(
        make("h3", {}, "Asked for"),
        orders.length ? make("ul", { class: "orders" }, ...orders) : make("p", { class: "soft" }, "Nothing."),
      );
      parts.push(make("h3", {}, "By"), acted(data, record.rules));
    } else {
      parts.push(make("p", {}, "Report that treatment starts, then what is seen, day by day."));
    }
    parts.push(make("h3", {}, `Due in the week from day ${Math.max(chosenDay(), 1)}`), dueList(course, memory));
    return make("article", { "aria-label": data.edition, "aria-live": "polite" }, ...parts.filter(Boolean));
  }

  // The first event after which two editions do not say the same.
  function parting() {
    if (courses.length < 2) return "";
    const said = ({ machine, steps }, place) => {
      const { record } = steps[place];
      return JSON.stringify([record.status, record.orders.map((order) => machine.data.orders[order].words)]);
    };
    for (let place = 1; place < courses[0].steps.length; place += 1) {
      if (said(courses[0], place) !== said(courses[1], place)) {
        return `The two part at event ${place}, ${whenWords(courses[0].steps[place].record)}: ${described(first(), state.events[place - 1])}.`;
      }
    }
    return state.events.length ? "So far the two say the same." : "";
  }

  // --- The rules --------------------------------------------------------------------------------------------------

  const clauses = new Map();

  function makeClauses() {
    const list = [];
    for (const rule of first().rules) {
      const kind =
        rule.kind === "label"
          ? `clause of the text, ${rule.place}`
          : rule.kind === "reading"
            ? "how a gap in the text is read"
            : "bookkeeping of the machine";
      const item = make(
        "li",
        {},
        make(
          "button",
          { type: "button", class: "cite id", "aria-pressed": "false", onclick: () => chooseRule(rule.id) },
          rule.id,
        ),
        ` ${rule.title}`,
        make("p", {}, rule.says),
        make("p", { class: "soft" }, sentence(kind)),
      );
      clauses.set(rule.id, { item, rule, text: `${rule.id} ${rule.title} ${rule.says}`.toLowerCase() });
      list.push(item);
    }
    $("clauses").replaceChildren(...list);
  }

  function acting() {
    const { record } = courses[0].steps[state.view];
    return new Set(record ? record.rules.map((rule) => first().rules[rule].id) : []);
  }

  function drawRules() {
    const lit = acting();
    const wanted = $("filter").value.trim().toLowerCase();
    const chosen = state.rule ? new Set(state.rule.rules) : null;
    const order = [];
    for (const [id, { item, rule, text }] of clauses) {
      item.classList.toggle("lit", lit.has(id));
      item.classList.toggle("chosen", chosen !== null && chosen.has(id));
      item.querySelector("button").setAttribute("aria-pressed", String(chosen !== null && chosen.has(id)));
      const reading = rule.kind === "label" || $("readings").checked || lit.has(id);
      item.hidden = !(text.includes(wanted) && (reading || (chosen && chosen.has(id))));
      order.push({ item, place: chosen && chosen.has(id) ? 0 : lit.has(id) ? 1 : 2 });
    }
    order.sort((one, other) => one.place - other.place);
    // Moving an element takes the focus from it, so that it is given back.
    const focused = document.activeElement;
    $("clauses").append(...order.map(({ item }) => item));
    if (focused && focused !== document.body && $("clauses").contains(focused)) focused.focus();
    $("chosen").textContent = state.rule
      ? state.rule.words
      : lit.size
        ? `${lit.size} clauses and readings acted; they stand first.`
        : "";
  }

  function chooseRule(id) {
    const again = state.rule && state.rule.kind === "rule" && state.rule.rules[0] === id;
    state.rule = again
      ? null
      : { kind: "rule", rules: [id], words: `Chosen: ${id}. Its arrows in the picture are marked.`, id };
    draw();
    if (!again) clauses.get(id)?.item.scrollIntoView({ block: "nearest" });
  }

  // --- The picture ------------------------------------------------------------------------------------------------

  const rulesOf = (arrows) => [
    ...new Set(arrows.flatMap((arrow) => arrow.passages.flatMap((passage) => passage.rules))),
  ];

  function chooseArrow(arrow) {
    const words = `Chosen: the arrow “${arrow.label}”. The clauses on which it always rests stand first.`;
    state.rule = { kind: "arrow", rules: rulesOf([arrow]), words, arrows: [arrow] };
    draw();
  }

  function chooseBox(box, touching) {
    const words = `Chosen: ${box.about}. The clauses of the arrows to it and from it stand first.`;
    state.rule = { kind: "box", rules: rulesOf(touching), words, arrows: touching, box };
    draw();
  }

  // Each move of the shown event, from a place to a place.
  function passagesOf(course) {
    const { record } = course.steps[state.view];
    const place = (configuration) => engine.statusOf(course.machine, configuration).place;
    return record ? record.steps.map((step) => ({ ...step, from: place(step.before), to: place(step.after) })) : [];
  }

  function drawPicture(course) {
    const { place } = engine.statusOf(course.machine, course.steps[state.view].memory.configuration);
    const isChosen = (arrow) =>
      state.rule.arrows
        ? state.rule.arrows.includes(arrow)
        : arrow.passages.some((one) => one.rules.includes(state.rule.rules[0]));
    pictures.light(course.picture, passagesOf(course), place, state.rule ? isChosen : () => false, state.rule?.box);
  }

  // --- The timeline -----------------------------------------------------------------------------------------------

  function countRows(data, steps) {
    const rows = [];
    for (const [kind, { axes }] of Object.entries(data.meanings)) {
      const axis = axes.find((one) => one.how === "count" && one.field === "");
      if (!axis) continue;
      const points = [];
      for (const { record } of steps) {
        if (record.event.type !== kind || record.day === null) continue;
        const power = units.cellsPower(data.units.count, record.event.unit);
        const value = Number(record.event.value) * 10 ** power;
        if (Number.isFinite(value))
          points.push({ day: record.day, value, words: `day ${record.day}: ${described(first(), record.event)}` });
      }
      const limits = axis.points
        .slice(1)
        .map((point) => ({ value: Number(point), words: `limit ${Number(point).toLocaleString("en")} /mm³` }));
      rows.push({ kind: "counts", label: data.forms[kind].label, points, limits });
    }
    return rows;
  }

  function drawTimeline() {
    const { machine, steps } = courses[0];
    const { data } = machine;
    const past = steps.slice(1, state.view + 1).filter(({ record }) => record.day !== null);
    const last = Math.max(chosenDay(), 1, ...past.map(({ record }) => record.day));
    const rows = countRows(data, past);
    for (const drug of data.calendar.held) {
      const changes = [];
      for (const { record } of past) {
        const { status } = record;
        const mg = status[`${drug}_held`] ? null : status[`${drug}_mg`];
        if (!changes.length || changes.at(-1).mg !== mg) changes.push({ day: Math.max(1, record.day), mg });
      }
      const most = Math.max(1, ...data.statuses.map((status) => status[`${drug}_mg`] || 0));
      rows.push({ kind: "doses", label: sentence(drug), steps: changes, most });
    }
    const bars = [];
    for (const { record } of past) {
      const words = record.status.held_for.join(", ");
      const open = bars.at(-1);
      if (open && open.to === null && open.words !== words) open.to = record.day;
      if (words && (!open || open.to !== null)) bars.push({ from: Math.max(1, record.day), to: null, words });
    }
    rows.push({
      kind: "holds",
      label: "Held for",
      bars: bars.map((bar) => ({ ...bar, to: bar.to === null ? last + 1 : bar.to })),
    });
    const marks = past
      .filter(({ record }) => record.orders.length)
      .map(({ record }) => ({
        day: Math.max(1, record.day),
        words: `day ${record.day}: ${record.orders.map((order) => data.orders[order].words).join("; ")}`,
      }));
    rows.push({ kind: "marks", label: "Orders", marks });
    $("timeline").replaceChildren(
      timeline(rows, last, data.calendar.cycle_days, "Counts, doses, holds and orders by treatment day"),
    );
  }

  // --- What has happened ------------------------------------------------------------------------------------------

  // A longer course shows its last events; the rest is in the log.
  const MOST_ROWS = 200;

  function drawRecords() {
    const { machine, steps } = courses[0];
    const { data } = machine;
    const shownSteps = steps.slice(1).slice(-MOST_ROWS);
    const rows = shownSteps.map(({ record }) =>
      make(
        "tr",
        { class: record.number === state.view ? "viewed" : "" },
        make("td", { "data-label": "When" }, whenWords(record)),
        make("td", { "data-label": "Seen" }, described(first(), record.event)),
        make("td", { "data-label": "State" }, record.status.words),
        make(
          "td",
          { "data-label": "Asked for" },
          record.orders.map((order) => data.orders[order].words).join("; ") || "–",
        ),
        make("td", { "data-label": "By" }, cites(data, record.rules)),
        make(
          "td",
          {},
          make(
            "button",
            { type: "button", "aria-label": `Show event ${record.number}`, onclick: () => shown(record.number) },
            "Show",
          ),
          " ",
          make(
            "button",
            {
              type: "button",
              "aria-label": `Go back to here, event ${record.number}`,
              onclick: () => backTo(record.number),
            },
            "Go back to here",
          ),
        ),
      ),
    );
    if (!rows.length) rows.push(make("tr", {}, make("td", { colspan: 6 }, "Nothing yet.")));
    $("records").replaceChildren(...rows);
  }

  // --- Undo, links and logs ---------------------------------------------------------------------------------------

  function backTo(count) {
    state.undone = [...state.events.slice(count), ...state.undone];
    forget(count);
    state.rule = null;
    say("alert", "");
    shown(count);
  }

  function redo() {
    const [event, ...rest] = state.undone;
    if (!event) return;
    observeAll(event);
    state.undone = rest;
    shown(state.events.length);
  }

  async function packed(text) {
    const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate"));
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    let letters = "";
    for (const byte of bytes) letters += String.fromCharCode(byte);
    return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  }

  async function linked() {
    const text = await packed(engine.logOf(state.events));
    location.hash = `page=${page.fingerprint.slice(0, 12)}&course=${text}`;
    const long =
      location.href.length > 8000 ? " It is long, and some programs cut such links: save the log as well." : "";
    let copied = "The link stands in the address bar.";
    try {
      await navigator.clipboard.writeText(location.href);
      copied = "The link is copied, and stands in the address bar.";
    } catch {
      // Not every browser lets a page that was opened from a file write to the clipboard.
    }
    say("note", copied + long);
  }

  async function readLink() {
    const wanted = new URLSearchParams(location.hash.slice(1));
    if (!wanted.has("course")) return;
    let text;
    try {
      const bytes = await engine.inflated(wanted.get("course").replaceAll("-", "+").replaceAll("_", "/"));
      text = new TextDecoder().decode(bytes);
    } catch {
      say("alert", "The link is damaged: its course cannot be read.");
      return;
    }
    const other = wanted.get("page") !== page.fingerprint.slice(0, 12);
    loadText(
      text,
      "The link",
      other ? "The link was made by a page of other tables, so what follows may differ from what its maker saw." : "",
    );
  }

  function save() {
    const url = URL.createObjectURL(new Blob([engine.logOf(state.events)], { type: "application/x-ndjson" }));
    const anchor = make("a", { href: url, download: "course.jsonl" });
    document.body.append(anchor);
    anchor.click();
    anchor.remove();
    setTimeout(() => URL.revokeObjectURL(url), 60000);
  }

  const MOST_EVENTS = 20000;
  const LARGEST_FILE = 20000000;

  // Take in a whole log, or nothing of it.
  function loadText(text, name, note = "") {
    const before = state.events.slice();
    try {
      let events = engine.eventsOf(first(), text);
      const patients = [...new Set(events.map((event) => (event && event.patient) || ""))];
      let chosen = "";
      if (patients.length > 1) {
        events = events.filter((event) => ((event && event.patient) || "") === patients[0]);
        chosen = ` It has ${patients.length} patients; this is ${patients[0] || "the one without a name"}.`;
      }
      if (events.length > MOST_EVENTS)
        throw new engine.Refusal(`it has ${events.length} events, and this page takes ${MOST_EVENTS}`);
      forget(0);
      events.forEach((event, place) => {
        try {
          observeAll(event);
        } catch (error) {
          if (error instanceof engine.Refusal) error.what = `event ${place + 1}: ${error.what}`;
          throw error;
        }
      });
      state.undone = [];
      state.rule = null;
      say("alert", "");
      say("note", `${name}: ${events.length} events.${chosen}${note ? ` ${note}` : ""}`);
    } catch (error) {
      forget(0);
      for (const event of before) observeAll(event);
      refused(error);
    }
    if (state.events.length) closeForm();
    shown(state.events.length);
  }

  async function load() {
    const [file] = $("load").files;
    if (!file) return;
    $("load").value = "";
    if (file.size > LARGEST_FILE) say("alert", `${file.name} is larger than ${LARGEST_FILE / 1e6} MB.`);
    else loadText(await file.text(), file.name);
  }

  // --- The whole --------------------------------------------------------------------------------------------------

  // Draw anew; where the element that had the focus is replaced, the one of the same words in its section gets it.
  function draw() {
    const focused = document.activeElement;
    const section = focused && focused.closest("section");
    const words = (button) => button.getAttribute("aria-label") || button.textContent;
    const before = section && words(focused);
    drawAll();
    if (section && !focused.isConnected) {
      const again = [...section.querySelectorAll("button")].find(
        (button) => words(button) === before && !button.disabled,
      );
      (again || section.querySelector("h2")).focus();
    }
  }

  function drawAll() {
    kindButtons();
    drawCalendar();
    $("panels").replaceChildren(...courses.map(panel));
    say("parted", parting());
    const { memory, record } = courses[0].steps[state.view];
    say(
      "brief",
      `${record && record.day !== null ? `Day ${record.day}: ` : ""}${sentence(engine.statusOf(courses[0].machine, memory.configuration).words)}`,
    );
    drawRules();
    courses.forEach(drawPicture);
    drawTimeline();
    drawRecords();
    $("undo").disabled = !state.events.length;
    $("redo").disabled = !state.undone.length;
    $("restart").disabled = !state.events.length;
    $("save").disabled = !state.events.length;
    $("link").disabled = !state.events.length;
  }

  function choosePictures() {
    if (courses.length < 2) return;
    const buttons = courses.map((course, number) =>
      make(
        "button",
        {
          type: "button",
          "aria-pressed": String(number === 0),
          onclick: () => {
            courses.forEach((one, place) => {
              one.picture.root.hidden = place !== number;
              buttons[place].setAttribute("aria-pressed", String(place === number));
            });
          },
        },
        course.machine.data.edition,
      ),
    );
    $("picture-title").after(make("div", { class: "bar" }, ...buttons));
  }

  async function begin() {
    try {
      const machines = await Promise.all(page.editions.map(engine.open));
      courses = machines.map((machine) => ({ machine, steps: [{ memory: engine.NOTHING, record: null }] }));
    } catch (error) {
      say("alert", `This page cannot be used here: ${error.message}`);
      return;
    }
    makeClauses();
    courses.forEach((course, number) => {
      course.picture = pictures.read($(`drawing-${number}`), course.machine.data.picture, chooseBox, chooseArrow);
    });
    $("main").classList.toggle("two", courses.length > 1);
    choosePictures();
    const legend = first().picture.legend.map((words) => make("p", { class: "soft" }, words));
    $("picture").append(...legend);
    $("form").addEventListener("submit", submitted);
    $("day").addEventListener("input", () => {
      if (chosenDay() >= 1) moveDay(0);
    });
    $("next-day").addEventListener("click", () => moveDay(1));
    $("next-week").addEventListener("click", () => moveDay(7));
    $("undo").addEventListener("click", () => state.events.length && backTo(state.events.length - 1));
    $("redo").addEventListener("click", redo);
    $("restart").addEventListener("click", () => {
      backTo(0);
      state.undone = [];
      state.form = first().start;
      drawForm();
      say("note", "");
      draw();
    });
    $("link").addEventListener("click", linked);
    $("save").addEventListener("click", save);
    $("load").addEventListener("change", load);
    $("filter").addEventListener("input", drawRules);
    $("readings").addEventListener("change", drawRules);
    state.form = first().start;
    draw();
    drawForm();
    await readLink();
    document.documentElement.dataset.ready = "true";
  }

  begin();
})();
