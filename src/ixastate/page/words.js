// Elements and words for the page: what makes an element, and an event in one line.
//
// Every text goes into an element as text, never as markup.
(function (root) {
  "use strict";

  // An element with attributes (`onclick` is what a click does; false and null leave one out) and children.
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

  const plain = (name) => String(name).replaceAll("_", " ");

  const sentence = (words) => words.charAt(0).toUpperCase() + words.slice(1);

  function measuredWords(part) {
    if (typeof part !== "object" || part === null) return String(part);
    const sign = part.comparator ? `${part.comparator} ` : "";
    if (part.times_uln !== undefined && part.times_uln !== null)
      return `${sign}${part.times_uln} × upper limit of normal`;
    const limit = part.upper_limit_of_normal ? ` (upper limit ${part.upper_limit_of_normal})` : "";
    return `${sign}${part.value} ${part.unit || ""}${limit}`;
  }

  // An event in one line.
  function described(data, event) {
    const form = data.forms[event.type];
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
      } else if (typeof value === "object" && !Array.isArray(value))
        parts.push(`${field.label} ${measuredWords(value)}`);
      else if (Array.isArray(value))
        parts.push(...(value.length ? [`${field.label} ${value.map(plain).join(", ")}`] : []));
      else
        parts.push(
          name === "term" || name === "weekday" || name === "clock_time"
            ? String(value)
            : `${field.label} ${plain(value)}`,
        );
    }
    return parts.length ? `${form.label}: ${parts.join(", ")}` : form.label;
  }

  root.ixastateWords = { make, plain, sentence, described };
})(globalThis);
