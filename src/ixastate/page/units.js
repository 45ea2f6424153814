// How laboratories spell units, by the parts that `units.toml` lists: a text means one unit or none.
(function (root) {
  "use strict";

  const LONGEST_UNIT = 50;
  const DIGITS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺";
  const PLAIN_DIGITS = "0123456789-+";
  // The sign of multiplication, dots, and both Greek mu with what becomes of them where a unit is written in capitals.
  const LIKE = { "×": "x", "✕": "x", "·": ".", "⋅": ".", "\u03bc": "u", "\u039c": "u" };
  const INVERSE = /^(.*?)\.?([a-z]+3?)\^?-1$/;

  // A unit without blanks and with plain letters and digits, capitals as they are.
  function plain(unit) {
    const raised = unit
      .replace(/\s+/g, "")
      .replace(/[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+/g, (run) => `^${[...run].map((sign) => PLAIN_DIGITS[DIGITS.indexOf(sign)]).join("")}`);
    const text = [...raised.normalize("NFKC")].map((sign) => LIKE[sign] || sign).join("");
    return text.replace(/per/gi, "/");
  }

  // Everything that may stand before a volume, and the volumes, made once of the parts.
  const made = new WeakMap();

  function tablesOf(parts) {
    if (!made.has(parts)) {
      const counts = new Map();
      const powers = parts.power.flatMap((form) =>
        parts.powers_of_ten.map((n) => [form.replaceAll("{n}", String(n)), n, "powers"]),
      );
      const words = Object.entries(parts.words).map(([word, n]) => [word, n, "words"]);
      for (const [number, power, kind] of [...powers, ...words]) {
        for (const times of number ? parts.times : [""]) {
          counts.set(`${times}${number}`, [power, kind]);
          for (const cells of parts.cells) {
            counts.set(`${times}${number}${cells}`, [power, kind]);
            counts.set(`${cells}${times}${number}`, [power, kind]);
          }
        }
      }
      const volumes = new Map(parts.volume.flatMap((volume) => volume.names.map((name) => [name, volume])));
      made.set(parts, { counts, volumes });
    }
    return made.get(parts);
  }

  // How many cells per mm3 one of a unit is, as a power of ten; null for no unit of a count.
  function cellsPower(parts, unit) {
    if (typeof unit !== "string" || unit.length > LONGEST_UNIT) return null;
    const { counts, volumes } = tablesOf(parts);
    const text = plain(unit);
    const cut = text.indexOf("/");
    let cells = text.slice(0, cut);
    let name = text.slice(cut + 1);
    if (cut < 0) {
      const inverse = INVERSE.exec(text.toLowerCase());
      if (!inverse) return null;
      cells = text.slice(0, inverse[1].length);
      [, , name] = inverse;
    }
    const asWritten = Object.hasOwn(parts.as_written, cells) ? [parts.as_written[cells], "words"] : null;
    const [power, kind] = asWritten || counts.get(cells.toLowerCase()) || [0, ""];
    const volume = volumes.get(name.toLowerCase());
    return volume && (volume[kind] || []).includes(power) ? power - volume.mm3 : null;
  }

  // Whether a text spells one of these units, each with its spellings.
  function spells(units, unit) {
    if (typeof unit !== "string" || unit.length > LONGEST_UNIT) return false;
    const text = plain(unit).toLowerCase();
    return Object.values(units).some((spellings) => spellings.includes(text));
  }

  root.ixastateUnits = { cellsPower, spells };
})(globalThis);
