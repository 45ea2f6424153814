// What an event means: its class on each axis of the table of its kind, and the answer that stands there.
(function (root) {
  "use strict";

  const { Refusal, exactly, isLongNumber, compared, numberOf, shown, isGiven } = root.ixastateExact;
  const units = root.ixastateUnits;

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

  root.ixastateMeanings = { termOf, placeOf, meaningOf };
})(globalThis);
