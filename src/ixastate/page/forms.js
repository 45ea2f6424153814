// The forms in which events are reported: made of the data of an edition, and read again as an event.
(function (root) {
  "use strict";

  const engine = root.ixastateMachine;
  const units = root.ixastateUnits;
  const { make, plain, sentence } = root.ixastateWords;
  const SIGNS = ["", "<", "<=", ">", ">="];
  // In the place of a unit: the value is a multiple of the upper limit of normal.
  const TIMES = "× upper limit of normal";

  // The fields of a kind of event, in a fieldset. `report` takes in what a button reports at once, and `dose` is the
  // prescribed dose of now or null.
  function formOf(data, kind, options) {
    const words = data.forms[kind];
    const fields = Object.entries(words.fields).map(([name, field]) => fieldOf(data, kind, name, field, options));
    const submit = make("button", { type: "submit", class: "main" }, "Report it");
    return make("fieldset", {}, make("legend", {}, words.label), ...fields, make("div", { class: "bar" }, submit));
  }

  // The event that the controls of a form hold, without its date.
  function eventOf(data, kind, form) {
    const event = { type: kind };
    for (const control of form.querySelectorAll("[data-field]")) {
      const name = control.dataset.field;
      if (control.type === "checkbox") {
        if (control.checked || data.forms[kind].fields[name].required) event[name] = control.checked;
      } else if (name === "baseline_neuropathy") {
        const pain = form.querySelector("[data-pain]").checked;
        if (Number(control.value) || pain) event[name] = { grade: Number(control.value), pain };
      } else if (control.value !== "") {
        event[name] = control.dataset.number !== undefined ? engine.typed(control.value) : control.value;
      }
    }
    for (const box of form.querySelectorAll("[data-measure]")) {
      const found = measuredOf(box);
      if (box.dataset.measure === "measured") Object.assign(event, found);
      else if (found) event[box.dataset.measure] = found;
    }
    return event;
  }

  // Values on and beside the points at which the meaning of a count changes, as buttons that report at once.
  function beside(data, kind, takes, report) {
    const table = data.meanings[kind];
    const axis = table && table.axes.find((one) => one.how === takes.kind && one.field === "");
    if (!axis || takes.kind !== "count") return null;
    const values = axis.points.slice(1).flatMap((point) => [Number(point) - 1, Number(point)]);
    const unit = takes.units.find((one) => units.cellsPower(data.units.count, one) === 0);
    const buttons = values.map((value) =>
      make(
        "button",
        { type: "button", onclick: () => report({ value, unit }) },
        `${value.toLocaleString("en")} ${unit}`,
      ),
    );
    return make("div", { class: "buttons" }, ...buttons);
  }

  // A field of a form: its label and control, each with `data-field` to be read again.
  function fieldOf(data, kind, name, field, { report, dose }) {
    const { takes } = field;
    if (["count", "bilirubin", "clearance"].includes(takes.kind)) return measureOf(data, kind, name, field, report);
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
      return make(
        "label",
        {},
        sentence(field.label),
        make("select", { "data-field": name, "data-number": true }, ...options),
      );
    }
    if (name === "baseline_neuropathy") return baselineOf(data, name, field);
    // What is assumed and the zone of a course can come with a log, and have no control.
    if (takes.kind === "text" && takes.optional) return null;
    if (name === "assumed") return null;
    const number = takes.kind === "number" || takes.kind === "whole number";
    const value = field.first !== undefined ? field.first : name === "dose_mg" ? dose : null;
    const attributes = number
      ? { type: "number", step: takes.kind === "number" ? "any" : "1", min: 0, "data-number": true }
      : { type: "text", maxlength: 200 };
    return make(
      "label",
      {},
      sentence(field.label),
      make("input", { ...attributes, value, "data-field": name, required: field.required }),
    );
  }

  // The neuropathy before treatment: a grade and whether it hurts.
  function baselineOf(data, name, field) {
    const axes = Object.values(data.meanings).flatMap((table) => table.axes);
    const known = axes.find((axis) => axis.how === "baseline").values.map(([grade]) => grade);
    const options = [...new Set(known)].map((grade) =>
      make("option", { value: grade }, grade ? `Grade ${grade}` : "None"),
    );
    return make(
      "div",
      {},
      make("label", {}, sentence(field.label), make("select", { "data-field": name }, ...options)),
      make(
        "label",
        { class: "choice" },
        make("input", { type: "checkbox", "data-pain": true }),
        "With pain before treatment",
      ),
    );
  }

  function measureOf(data, kind, name, field, report) {
    const { takes } = field;
    const start = field.first || {};
    const value = start.times_uln !== undefined ? start.times_uln : start.value;
    const title = name === "measured" ? field.label : sentence(field.label);
    const spellings = takes.kind === "bilirubin" ? [TIMES, ...takes.units] : takes.units;
    const inputs = [
      make(
        "select",
        { "aria-label": `${title}: sign`, "data-part": "comparator" },
        ...SIGNS.map((sign) => make("option", { value: sign }, sign || "=")),
      ),
      make("input", {
        type: "number",
        step: "any",
        min: 0,
        required: field.required,
        "aria-label": `${title}: value`,
        "data-part": "value",
        value,
      }),
      make(
        "select",
        { "aria-label": `${title}: unit`, "data-part": "unit" },
        ...spellings.map((unit) => make("option", { value: unit }, unit)),
      ),
    ];
    if (takes.kind === "bilirubin") {
      inputs.push(
        make("input", {
          type: "number",
          step: "any",
          min: 0,
          "aria-label": `${title}: upper limit of normal in the same unit`,
          placeholder: "limit",
          hidden: true,
          "data-part": "upper_limit_of_normal",
        }),
      );
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
    const box = make(
      "div",
      { class: "row", "data-measure": name, "data-kind": takes.kind, role: "group", "aria-label": title },
      make("span", {}, title),
      ...inputs,
    );
    const quick = name === "measured" ? beside(data, kind, takes, report) : null;
    return quick ? make("div", {}, make("p", { class: "soft" }, "On and beside the limit:"), quick, box) : box;
  }

  // The measured value that the controls of a field hold, or null.
  function measuredOf(box) {
    const parts = {};
    for (const input of box.querySelectorAll("[data-part]"))
      if (input.value !== "") parts[input.dataset.part] = input.value;
    if (parts.value === undefined) return null;
    const found = { value: engine.typed(parts.value), unit: parts.unit };
    if (parts.comparator) found.comparator = parts.comparator;
    if (parts.unit === TIMES) {
      return { times_uln: found.value, ...(found.comparator ? { comparator: found.comparator } : {}) };
    }
    if (parts.upper_limit_of_normal) found.upper_limit_of_normal = engine.typed(parts.upper_limit_of_normal);
    return found;
  }

  root.ixastateForms = { formOf, eventOf };
})(globalThis);
