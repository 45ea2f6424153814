// Exact numbers as logs write them, and the refusal that every part of the machine of a page answers with.
(function (root) {
  "use strict";

  // An event that cannot be taken in: what is wrong, what would be right, and the numbers of the rules that say so.
  class Refusal extends Error {
    constructor(what, remedy = "", rules = []) {
      super(remedy ? `${what} (${remedy})` : what);
      this.what = what;
      this.remedy = remedy;
      this.rules = rules;
    }
  }

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

  const isGiven = (value) => value !== undefined && value !== null;

  root.ixastateExact = { Refusal, exactly, isLongNumber, typed, compared, numberOf, shown, isGiven };
})(globalThis);
