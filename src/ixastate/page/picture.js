// The picture in the page: its boxes and arrows answer clicks and keys, and are lit.
//
// In the picture a box is named by its place; the label of an arrow is a box named `arrow` and its number, with lines from
// and to it.
(function (root) {
  "use strict";

  // The boxes and arrows of a picture with their elements. `onBox` is told a box and the arrows that touch it, `onArrow`
  // an arrow.
  function read(element, data, onBox, onArrow) {
    const numbers = new Map(data.boxes.map((box, place) => [box.id, place]));
    const boxes = data.boxes.map((box) => ({ ...box, parts: [] }));
    const arrows = data.arrows.map((arrow) => ({ ...arrow, parts: [] }));
    const touching = (number) =>
      arrows.filter((arrow) => arrow.passages.some((one) => one.from === number || one.to === number));
    for (const group of element.querySelectorAll("g.node, g.edge")) {
      const title = group.querySelector("title").textContent;
      const named = title
        .split("->")
        .map((end) => /^arrow (\d+)$/.exec(end))
        .find(Boolean);
      const arrow = named ? arrows[Number(named[1])] : null;
      const box = arrow ? null : boxes[numbers.get(title)];
      if (arrow) arrow.parts.push(group);
      if (box) box.parts.push(group);
      if (!group.classList.contains("node")) continue;
      const written = [...group.querySelectorAll("text")].map((line) => line.textContent).join(" ");
      answer(group, `${arrow ? "Arrow" : "State"}: ${written}`, () =>
        arrow ? onArrow(arrow) : onBox(box, touching(numbers.get(title))),
      );
    }
    const known = new Map();
    for (const arrow of arrows) {
      for (const one of arrow.passages) known.set(`${one.from} ${one.symbol} ${one.to}`, arrow);
    }
    return { root: element, boxes, arrows, numbers, known };
  }

  // Let a part of the picture answer a click, Enter and the space bar.
  function answer(group, words, chosen) {
    group.setAttribute("tabindex", "0");
    group.setAttribute("role", "button");
    group.setAttribute("aria-label", words);
    group.addEventListener("click", chosen);
    group.addEventListener("keydown", (key) => {
      if (key.key !== "Enter" && key.key !== " ") return;
      key.preventDefault();
      chosen();
    });
  }

  // Light the arrows of these moves, frame the place, and mark the arrows and the box that are chosen.
  function light(picture, moves, place, isChosen, chosenBox) {
    const { boxes, arrows, numbers, known } = picture;
    const taken = new Set(
      moves.map((move) => known.get(`${numbers.get(move.from)} ${move.symbol} ${numbers.get(move.to)}`)),
    );
    const chosen = new Set(arrows.filter(isChosen));
    const dims = chosen.size > 0 || arrows.some((arrow) => taken.has(arrow));
    for (const arrow of arrows) {
      for (const part of arrow.parts) {
        part.classList.toggle("lit", taken.has(arrow));
        part.classList.toggle("chosen", chosen.has(arrow) && !taken.has(arrow));
        part.classList.toggle("faint", dims && !taken.has(arrow) && !chosen.has(arrow));
      }
    }
    for (const box of boxes) {
      for (const part of box.parts) {
        part.classList.toggle("at", box.id === place);
        part.classList.toggle("chosen", box === chosenBox);
        if (box.id === place) part.setAttribute("aria-current", "step");
        else part.removeAttribute("aria-current");
      }
    }
  }

  root.ixastatePictures = { read, light };
})(globalThis);
