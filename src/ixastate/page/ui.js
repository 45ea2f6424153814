// What is seen of the page: forms for events, where the course stands, the rules, the picture and the timeline.
//
// The course is a list of events; everything shown follows from it and is drawn anew when it changes. All that a person
// typed or loaded goes into the page as text, never as markup.
(function () {
  "use strict";

  const engine = globalThis.ixastateMachine;
  const { timeline } = globalThis.ixastateTimeline;
  const page = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);

  // One for each edition: its machine, and what was remembered and recorded after each event.
  let courses = [];
  // The events of the course; those that were undone; and of which event the page shows what followed.
  const state = { events: [], undone: [], view: 0, form: null, rule: null, cycle: 1 };

  // --- Making elements --------------------------------------------------------------------------------------------

  function make(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key === "onclick") made.addEventListener("click", value);
      else if (value === true) made.setAttribute(key, "");
      else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, String(value));
    }
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  }

  function say(id, words) {
    $(id).textContent = words;
    $(id).hidden = words === "";
  }

  // --- Words ------------------------------------------------------------------------------------------------------

  const plain = (name) => String(name).replaceAll("_", " ");
  const first = () => courses[0].machine.data;

  function measuredWords(part) {
    if (typeof part !== "object" || part === null) return String(part);
    const sign = part.comparator ? `${part.comparator} ` : "";
    if (part.times_uln !== undefined && part.times_uln !== null) return `${sign}${part.times_uln} × upper limit of normal`;
    const limit = part.upper_limit_of_normal ? ` (upper limit ${part.upper_limit_of_normal})` : "";
    return `${sign}${part.value} ${part.unit || ""}${limit}`;
  }

  // An event in one line.
  function described(event) {
    const form = first().forms[event.type];
    if (!form) return plain(event.type);
    const parts = [];
    for (const [name, field] of Object.entries(form.fields)) {
      if (field.takes.spread || name === "measured") {
        parts.push(measuredWords(event));
        continue;
      }
      const value = event[name];
      if (value === undefined || value === null || value === false) continue;
      if (value === true) parts.push(field.label);
      else if (typeof value === "object" && !Array.isArray(value) && value.grade !== undefined) {
        if (value.grade) parts.push(`${field.label} grade ${value.grade}${value.pain ? " with pain" : ""}`);
      } else if (typeof value === "object" && !Array.isArray(value)) parts.push(`${field.label} ${measuredWords(value)}`);
      else if (Array.isArray(value)) parts.push(...(value.length ? [`${field.label} ${value.map(plain).join(", ")}`] : []));
      else parts.push(name === "term" || name === "weekday" || name === "clock_time" ? String(value) : `${field.label} ${plain(value)}`);
    }
    return parts.length ? `${form.label}: ${parts.join(", ")}` : form.label;
  }

  function dayWords(day) {
    if (day === null || day < 1) return "before day 1";
    const { cycle, day: inCycle } = engine.cycleOf(courses[0].machine, day);
    return `day ${day} (cycle ${cycle}, day ${inCycle})`;
  }

  const whenWords = (record) => (record.event.at ? `${record.event.at}${record.day ? ` · day ${record.day}` : ""}` : `day ${record.event.day}`);

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

  const sentence = (words) => words.charAt(0).toUpperCase() + words.slice(1);

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
    const { forms, groups } = first();
    const started = courses[0].steps.at(-1).memory.configuration !== 0;
    const groupsShown = Object.entries(groups).map(([group, words]) => {
      const kinds = Object.entries(forms).filter(([kind, form]) => form.group === group && (kind !== first().start || !started));
      const buttons = kinds.map(([kind, form]) =>
        make(
          "button",
          { type: "button", "data-kind": kind, "aria-expanded": String(state.form === kind), "aria-controls": "form", onclick: () => openForm(kind) },
          form.label,
        ),
      );
      return make("div", {}, make("h3", {}, words), make("div", { class: "buttons" }, ...buttons));
    });
    $("kinds").replaceChildren(...(started ? groupsShown : [...groupsShown].reverse()));
  }

  function openForm(kind) {
    state.form = state.form === kind ? null : kind;
    drawForm();
    kindButtons();
    const control = $("form").querySelector("input, select, button");
    if (state.form && control) control.focus();
  }

  // Values on and beside the points at which the meaning of a count changes, as buttons that report at once.
  function beside(kind, takes) {
    const table = first().meanings[kind];
    const axis = table && table.axes.find((one) => one.how === takes.kind && one.field === "");
    if (!axis || takes.kind !== "count") return null;
    const values = axis.points.slice(1).flatMap((point) => [Number(point) - 1, Number(point)]);
    const unit = Object.keys(axis.units).find((one) => axis.units[one] === 0);
    const buttons = values.map((value) =>
      make("button", { type: "button", onclick: () => report({ type: kind, day: chosenDay(), value, unit }) }, `${value.toLocaleString("en")} ${unit}`),
    );
    return make("div", { class: "buttons" }, ...buttons);
  }

  function drawForm() {
    const form = $("form");
    form.replaceChildren();
    form.hidden = state.form === null;
    if (state.form === null) return;
    const kind = state.form;
    const words = first().forms[kind];
    const fields = Object.entries(words.fields).map(([name, field]) => fieldOf(kind, name, field));
    form.append(
      make(
        "fieldset",
        {},
        make("legend", {}, words.label),
        ...fields,
        make("div", { class: "bar" }, make("button", { type: "submit", class: "main" }, "Report it")),
      ),
    );
  }

  // A field of a form: its label and control, each with `data-field` to be read again.
  function fieldOf(kind, name, field) {
    const { takes } = field;
    if (["count", "bilirubin", "clearance"].includes(takes.kind)) return measureOf(kind, name, field);
    if (takes.kind === "yes or no") {
      const box = make("input", { type: "checkbox", "data-field": name, checked: field.first === true });
      return make("label", { class: "choice" }, box, sentence(field.label));
    }
    if (takes.kind === "choice") {
      const options = takes.values.map((value) => make("option", { value }, sentence(plain(value))));
      if (takes.optional) options.unshift(make("option", { value: "" }, "Not stated"));
      return make("label", {}, sentence(field.label), make("select", { "data-field": name }, ...options));
    }
    if (takes.kind === "whole number" && !takes.optional) {
      const grades = Array.from({ length: takes.most - takes.least + 1 }, (_, step) => takes.least + step);
      const options = grades.map((grade) => make("option", { value: grade }, String(grade)));
      return make("label", {}, sentence(field.label), make("select", { "data-field": name, "data-number": true }, ...options));
    }
    if (name === "baseline_neuropathy" || name === "assumed" || name === "timezone") return organOrBaseline(name, field);
    const number = takes.kind === "number" || takes.kind === "whole number";
    const dose = name === "dose_mg" ? courses[0].steps.at(-1).record?.status.ixazomib_mg : null;
    const value = field.first !== undefined ? field.first : dose;
    const attributes = number ? { type: "number", step: takes.kind === "number" ? "any" : "1", min: 0, "data-number": true } : { type: "text", maxlength: 200 };
    return make("label", {}, sentence(field.label), make("input", { ...attributes, value, "data-field": name, required: field.required }));
  }

  function organOrBaseline(name, field) {
    if (name !== "baseline_neuropathy") return null;
    const options = [0, 1, 2, 3].map((grade) => make("option", { value: grade }, grade ? `Grade ${grade}` : "None"));
    return make(
      "div",
      {},
      make("label", {}, sentence(field.label), make("select", { "data-field": name }, ...options)),
      make("label", { class: "choice" }, make("input", { type: "checkbox", "data-pain": true }), "With pain before treatment"),
    );
  }

  const SIGNS = ["", "<", "<=", ">", ">="];

  function measureOf(kind, name, field) {
    const { takes } = field;
    const start = field.first || {};
    const value = start.times_uln !== undefined ? start.times_uln : start.value;
    const title = name === "measured" ? field.label : sentence(field.label);
    const units = takes.kind === "bilirubin" ? ["× upper limit of normal", ...takes.units] : takes.units;
    const inputs = [
      make("select", { "aria-label": `${title}: sign`, "data-part": "comparator" }, ...SIGNS.map((sign) => make("option", { value: sign }, sign || "="))),
      make("input", { type: "number", step: "any", min: 0, required: field.required, "aria-label": `${title}: value`, "data-part": "value", value }),
      make("select", { "aria-label": `${title}: unit`, "data-part": "unit" }, ...units.map((unit) => make("option", { value: unit }, unit))),
    ];
    if (takes.kind === "bilirubin") {
      inputs.push(make("input", { type: "number", step: "any", min: 0, "aria-label": `${title}: upper limit of normal in the same unit`, placeholder: "limit", hidden: true, "data-part": "upper_limit_of_normal" }));
    }
    const unit = inputs[2];
    const limit = inputs[3];
    if (limit) {
      // Only a value in a unit needs the limit of the laboratory beside it.
      unit.addEventListener("change", () => {
        limit.hidden = unit.selectedIndex === 0;
        limit.required = !limit.hidden;
      });
    }
    const box = make("div", { class: "row", "data-measure": name, "data-kind": takes.kind, role: "group", "aria-label": title }, make("span", {}, title), ...inputs);
    const quick = name === "measured" ? beside(kind, takes) : null;
    return quick ? make("div", {}, make("p", { class: "soft" }, "On and beside the limit:"), quick, box) : box;
  }

  function measuredOf(box) {
    const parts = {};
    for (const input of box.querySelectorAll("[data-part]")) if (input.value !== "") parts[input.dataset.part] = input.value;
    if (parts.value === undefined) return null;
    const found = { value: Number(parts.value), unit: parts.unit };
    if (parts.comparator) found.comparator = parts.comparator;
    if (box.dataset.kind === "bilirubin" && !first().forms.bilirubin_measured.fields.measured.takes.units.includes(parts.unit)) {
      return { times_uln: found.value, ...(found.comparator ? { comparator: found.comparator } : {}) };
    }
    if (parts.upper_limit_of_normal) found.upper_limit_of_normal = Number(parts.upper_limit_of_normal);
    return found;
  }

  function submitted(submit) {
    submit.preventDefault();
    const kind = state.form;
    const event = { type: kind, day: chosenDay() };
    for (const control of $("form").querySelectorAll("[data-field]")) {
      const name = control.dataset.field;
      if (control.type === "checkbox") {
        const { required } = first().forms[kind].fields[name];
        if (control.checked || required) event[name] = control.checked;
      } else if (name === "baseline_neuropathy") {
        const pain = $("form").querySelector("[data-pain]").checked;
        if (Number(control.value) || pain) event[name] = { grade: Number(control.value), pain };
      } else if (control.value !== "") {
        event[name] = control.dataset.number !== undefined ? Number(control.value) : control.value;
      }
    }
    for (const box of $("form").querySelectorAll("[data-measure]")) {
      const found = measuredOf(box);
      if (box.dataset.measure === "measured") Object.assign(event, found);
      else if (found) event[box.dataset.measure] = found;
    }
    if (report(event)) {
      state.form = null;
      drawForm();
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
    const begin = (state.cycle - 1) * length;
    const cells = [];
    const latest = memory.dates && memory.latest !== null ? engine.dayOf(machine, memory.dates, memory.latest) : 1;
    const seen = new Set(steps.slice(1, state.view + 1).map((step) => step.record.day));
    for (let day = begin + 1; day <= begin + length; day += 1) {
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
      make("li", {}, make("button", { type: "button", class: "cite", title: data.rules[rule].title, onclick: () => chooseRule(data.rules[rule].id) }, data.rules[rule].id)),
    );
    return make("ul", { class: "cites" }, ...buttons);
  }

  // The rules that acted, each with its title.
  function acted(data, rules) {
    const items = rules.map((rule) => {
      const { id, title } = data.rules[rule];
      return make("li", {}, make("button", { type: "button", class: "cite", onclick: () => chooseRule(id) }, id), ` ${title}`);
    });
    return make("ul", { class: "acted" }, ...items);
  }

  function levels(status, data) {
    if (status.ixazomib_mg === null) return null;
    const list = make("dl", { class: "levels" });
    for (const drug of data.calendar.held) {
      const held = status[`${drug}_held`];
      list.append(make("dt", {}, sentence(drug)), make("dd", {}, `${status[`${drug}_mg`]} mg`), make("dd", { class: held ? "held" : "given" }, held ? "held" : "given"));
    }
    return list;
  }

  function dueList(course, memory) {
    const from = Math.max(chosenDay(), 1);
    const rows = [];
    for (let day = from; day < from + 7; day += 1) {
      const due = engine.dueOn(course.machine, memory, day);
      if (due.length) rows.push(make("li", {}, `Day ${day}: ${due.map((dose) => `${dose.drug} ${dose.mg} mg${dose.how.length ? `, ${dose.how.join(", ")}` : ""}`).join("; ")}`));
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
      parts.push(make("p", { class: "soft" }, `After event ${record.number}, ${whenWords(record)}: ${described(record.event)}`));
      const orders = record.orders.map((order) => make("li", {}, sentence(data.orders[order].words)));
      parts.push(make("h3", {}, "Asked for"), orders.length ? make("ul", { class: "orders" }, ...orders) : make("p", { class: "soft" }, "Nothing."));
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
        return `The two part at event ${place}, ${whenWords(courses[0].steps[place].record)}: ${described(state.events[place - 1])}.`;
      }
    }
    return state.events.length ? "So far the two say the same." : "";
  }

  // --- The rules --------------------------------------------------------------------------------------------------

  const clauses = new Map();

  function makeClauses() {
    const list = [];
    for (const rule of first().rules) {
      const kind = rule.kind === "label" ? `clause of the text, ${rule.place}` : rule.kind === "reading" ? "how a gap in the text is read" : "bookkeeping of the machine";
      const item = make(
        "li",
        {},
        make("button", { type: "button", class: "cite id", "aria-pressed": "false", onclick: () => chooseRule(rule.id) }, rule.id),
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
    $("chosen").textContent = state.rule ? state.rule.words : lit.size ? `${lit.size} clauses and readings acted; they stand first.` : "";
  }

  function chooseRule(id) {
    const again = state.rule && state.rule.kind === "rule" && state.rule.rules[0] === id;
    state.rule = again ? null : { kind: "rule", rules: [id], words: `Chosen: ${id}. Its arrows in the picture are marked.`, id };
    draw();
    if (!again) clauses.get(id)?.item.scrollIntoView({ block: "nearest" });
  }

  // --- The picture ------------------------------------------------------------------------------------------------

  // For each edition the boxes and arrows of its picture, with their elements.
  function readPicture(course, number) {
    const root = $(`drawing-${number}`);
    const { picture } = course.machine.data;
    const numbers = new Map(picture.boxes.map((box, place) => [box.id, place]));
    const boxes = picture.boxes.map((box) => ({ ...box, parts: [] }));
    const arrows = picture.arrows.map((arrow) => ({ ...arrow, parts: [] }));
    for (const group of root.querySelectorAll("g.node, g.edge")) {
      const title = group.querySelector("title").textContent;
      const ends = title.split("->");
      const arrow = ends.map((end) => /^arrow (\d+)$/.exec(end)).find(Boolean);
      if (arrow) arrows[Number(arrow[1])].parts.push(group);
      else if (numbers.has(title)) boxes[numbers.get(title)].parts.push(group);
      if (!group.classList.contains("node")) continue;
      group.setAttribute("tabindex", "0");
      group.setAttribute("role", "button");
      const chosen = arrow ? () => chooseArrow(course, arrows[Number(arrow[1])]) : () => chooseBox(course, numbers.get(title));
      const written = [...group.querySelectorAll("text")].map((line) => line.textContent).join(" ");
      group.setAttribute("aria-label", `${arrow ? "Arrow" : "State"}: ${written}`);
      group.addEventListener("click", chosen);
      group.addEventListener("keydown", (key) => {
        if (key.key !== "Enter" && key.key !== " ") return;
        key.preventDefault();
        chosen();
      });
    }
    for (const link of root.querySelectorAll("a")) link.removeAttribute("tabindex");
    const known = new Map();
    arrows.forEach((arrow, place) => arrow.passages.forEach((one) => known.set(`${one.from} ${one.symbol} ${one.to}`, place)));
    course.picture = { root, boxes, arrows, numbers, known };
  }

  const rulesOf = (arrows) => [...new Set(arrows.flatMap((arrow) => arrow.passages.flatMap((passage) => passage.rules)))];

  function chooseArrow(course, arrow) {
    state.rule = { kind: "arrow", rules: rulesOf([arrow]), words: `Chosen: the arrow “${arrow.label}”. The clauses on which it always rests stand first.`, arrows: [arrow] };
    draw();
  }

  function chooseBox(course, number) {
    const box = course.picture.boxes[number];
    const touching = course.picture.arrows.filter((arrow) => arrow.passages.some((one) => one.from === number || one.to === number));
    state.rule = { kind: "box", rules: rulesOf(touching), words: `Chosen: ${box.about}. The clauses of the arrows to it and from it stand first.`, arrows: touching, box };
    draw();
  }

  // The arrows that the shown event took.
  function taken(course) {
    const { record } = course.steps[state.view];
    if (!record) return new Set();
    const place = (configuration) => course.picture.numbers.get(engine.statusOf(course.machine, configuration).place);
    return new Set(record.steps.map((step) => course.picture.known.get(`${place(step.before)} ${step.symbol} ${place(step.after)}`)).filter((arrow) => arrow !== undefined));
  }

  function drawPicture(course) {
    const { boxes, arrows } = course.picture;
    const lit = taken(course);
    const { place } = engine.statusOf(course.machine, course.steps[state.view].memory.configuration);
    const chosen = state.rule ? arrows.filter((arrow) => (state.rule.arrows ? state.rule.arrows.includes(arrow) : arrow.passages.some((one) => one.rules.includes(state.rule.rules[0])))) : [];
    arrows.forEach((arrow, number) => {
      for (const part of arrow.parts) {
        part.classList.toggle("lit", lit.has(number));
        part.classList.toggle("chosen", chosen.includes(arrow) && !lit.has(number));
        part.classList.toggle("faint", (lit.size > 0 || chosen.length > 0) && !lit.has(number) && !chosen.includes(arrow));
      }
    });
    for (const box of boxes) {
      for (const part of box.parts) {
        part.classList.toggle("at", box.id === place);
        part.classList.toggle("chosen", Boolean(state.rule && state.rule.box === box));
        if (box.id === place) part.setAttribute("aria-current", "step");
        else part.removeAttribute("aria-current");
      }
    }
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
        const value = Number(record.event.value) * 10 ** axis.units[String(record.event.unit).trim()];
        if (Number.isFinite(value)) points.push({ day: record.day, value, words: `day ${record.day}: ${described(record.event)}` });
      }
      const limits = axis.points.slice(1).map((point) => ({ value: Number(point), words: `limit ${Number(point).toLocaleString("en")} /mm³` }));
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
    rows.push({ kind: "holds", label: "Held for", bars: bars.map((bar) => ({ ...bar, to: bar.to === null ? last + 1 : bar.to })) });
    const marks = past.filter(({ record }) => record.orders.length).map(({ record }) => ({ day: Math.max(1, record.day), words: `day ${record.day}: ${record.orders.map((order) => data.orders[order].words).join("; ")}` }));
    rows.push({ kind: "marks", label: "Orders", marks });
    $("timeline").replaceChildren(timeline(rows, last, data.calendar.cycle_days, "Counts, doses, holds and orders by treatment day"));
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
        make("td", { "data-label": "Seen" }, described(record.event)),
        make("td", { "data-label": "State" }, record.status.words),
        make("td", { "data-label": "Asked for" }, record.orders.map((order) => data.orders[order].words).join("; ") || "–"),
        make("td", { "data-label": "By" }, cites(data, record.rules)),
        make(
          "td",
          {},
          make("button", { type: "button", "aria-label": `Show event ${record.number}`, onclick: () => shown(record.number) }, "Show"),
          " ",
          make("button", { type: "button", "aria-label": `Go back to here, event ${record.number}`, onclick: () => backTo(record.number) }, "Go back to here"),
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
    const long = location.href.length > 8000 ? " It is long, and some programs cut such links: save the log as well." : "";
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
    loadText(text, "The link", other ? "The link was made by a page of other tables, so what follows may differ from what its maker saw." : "");
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
      if (events.length > MOST_EVENTS) throw new engine.Refusal(`it has ${events.length} events, and this page takes ${MOST_EVENTS}`);
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
      const again = [...section.querySelectorAll("button")].find((button) => words(button) === before && !button.disabled);
      (again || section.querySelector("h2")).focus();
    }
  }

  function drawAll() {
    kindButtons();
    drawCalendar();
    $("panels").replaceChildren(...courses.map(panel));
    say("parted", parting());
    const { memory, record } = courses[0].steps[state.view];
    say("brief", `${record && record.day !== null ? `Day ${record.day}: ` : ""}${engine.statusOf(courses[0].machine, memory.configuration).words}`);
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
    courses.forEach(readPicture);
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
    if (state.events.length) {
      state.form = null;
      drawForm();
      kindButtons();
    }
    document.documentElement.dataset.ready = "true";
  }

  begin();
})();
