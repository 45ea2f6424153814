// The course over time as SVG: counts with the values at which their meaning changes, doses as steps, holds as bars and
// orders as marks. It is told rows and draws them; it knows no rule and no event.
(function (root) {
  "use strict";

  const SVG = "http://www.w3.org/2000/svg";
  const LEFT = 100;
  const TOP = 8;
  const ROW = { counts: 90, doses: 44, holds: 26, marks: 26 };

  function element(name, attributes, text = "") {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
    if (text) made.textContent = text;
    return made;
  }

  // rows: { kind: "counts", label, points: [{ day, value, words }], limits: [{ value, words }] }
  //       { kind: "doses", label, steps: [{ day, mg }], most }   mg null: not given
  //       { kind: "holds", label, bars: [{ from, to, words }] }
  //       { kind: "marks", label, marks: [{ day, words }] }
  function timeline(rows, lastDay, cycleDays, words) {
    const days = Math.max(cycleDays, Math.ceil(lastDay / cycleDays) * cycleDays);
    // A long course is drawn narrower by the day, down to what can still be told apart.
    const wide = Math.max(2, Math.min(22, 620 / days));
    const width = LEFT + days * wide + 20;
    const height = TOP + rows.reduce((sum, row) => sum + ROW[row.kind], 0) + 24;
    const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img" });
    svg.append(element("title", {}, words));
    const x = (day) => LEFT + (day - 1) * wide;
    for (let day = 1; day <= days + 1; day += 7) {
      const cycle = (day - 1) % cycleDays === 0;
      svg.append(
        element("line", {
          class: "grid",
          x1: x(day),
          x2: x(day),
          y1: TOP,
          y2: height - 20,
          "stroke-width": cycle ? 2 : 1,
        }),
      );
      if (day <= days && (wide * 7 > 34 || cycle))
        svg.append(element("text", { class: "soft", x: x(day) + 2, y: height - 8 }, `day ${day}`));
    }
    let top = TOP;
    for (const row of rows) {
      svg.append(element("text", { x: 4, y: top + 16 }, row.label));
      DRAWN[row.kind](svg, row, x, top, wide, days);
      top += ROW[row.kind];
      svg.append(element("line", { class: "grid", x1: 0, x2: width, y1: top, y2: top }));
    }
    return svg;
  }

  const DRAWN = {
    counts(svg, row, x, top) {
      const values = [...row.points.map((point) => point.value), ...row.limits.map((limit) => limit.value)].filter(
        (value) => value > 0,
      );
      const low = Math.log10(Math.min(...values) / 2);
      const high = Math.log10(Math.max(...values) * 2);
      const y = (value) =>
        top + ROW.counts - 10 - ((Math.log10(Math.max(value, 10 ** low)) - low) / (high - low)) * (ROW.counts - 20);
      for (const limit of row.limits) {
        svg.append(element("line", { class: "limit", x1: LEFT, x2: "100%", y1: y(limit.value), y2: y(limit.value) }));
        svg.append(element("text", { class: "soft", x: LEFT + 4, y: y(limit.value) - 4 }, limit.words));
      }
      const path = row.points.map((point, place) => `${place ? "L" : "M"}${x(point.day)} ${y(point.value)}`).join("");
      if (path) svg.append(element("path", { class: "count", d: path }));
      for (const point of row.points) {
        const dot = element("circle", { class: "dot", cx: x(point.day), cy: y(point.value), r: 4 });
        dot.append(element("title", {}, point.words));
        svg.append(dot);
      }
    },

    doses(svg, row, x, top, wide, days) {
      const y = (mg) => top + ROW.doses - 6 - (mg / row.most) * (ROW.doses - 14);
      row.steps.forEach((step, place) => {
        if (step.mg === null) return;
        const until = place + 1 < row.steps.length ? row.steps[place + 1].day : days + 1;
        const line = element("path", { class: "dose", d: `M${x(step.day)} ${y(step.mg)}H${x(until)}` });
        line.append(element("title", {}, `${row.label} ${step.mg} mg from day ${step.day}`));
        svg.append(line);
        if ((until - step.day) * wide > 44)
          svg.append(
            element(
              "text",
              { x: x(step.day) + 3, y: y(step.mg) - 4 < top + 10 ? y(step.mg) + 14 : y(step.mg) - 4 },
              `${step.mg} mg`,
            ),
          );
      });
    },

    holds(svg, row, x, top, wide) {
      for (const bar of row.bars) {
        const box = element("rect", {
          class: "hold",
          x: x(bar.from),
          y: top + 4,
          width: Math.max(3, (bar.to - bar.from) * wide),
          height: ROW.holds - 8,
        });
        box.append(element("title", {}, bar.words));
        svg.append(box);
        if ((bar.to - bar.from) * wide > 6 * bar.words.length)
          svg.append(element("text", { x: x(bar.from) + 4, y: top + 18 }, bar.words));
      }
    },

    marks(svg, row, x, top) {
      for (const mark of row.marks) {
        const at = x(mark.day);
        const sign = element("path", { class: "mark", d: `M${at} ${top + 6}l6 12h-12z` });
        sign.append(element("title", {}, mark.words));
        svg.append(sign);
      }
    },
  };

  root.ixastateTimeline = { timeline };
})(globalThis);
