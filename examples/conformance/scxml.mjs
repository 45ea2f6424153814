// The SCXML export as a program under test: node scxml.mjs DOCUMENT, where DOCUMENT is `ixastate export scxml`.
//
// It takes symbols (`symbols.py` makes them of events), and lies below a node_modules with @scion-scxml/scxml.

import { readFileSync } from "node:fs";
import scxml from "@scion-scxml/scxml";
import { standingOf } from "./standing.mjs";
import { serve } from "./wire.mjs";

const document = readFileSync(process.argv[2], "utf8");
// What a state means stands in its attributes of the namespace ixa, which engines pass over.
const meanings = new Map();
for (const [, text] of document.matchAll(/<state ([^>]*?)\/?>/g)) {
  const parts = Object.fromEntries([...text.matchAll(/([\w:]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
  const { id, "ixa:drug": drug, "ixa:dose_mg": dose, "ixa:standing": standing, "ixa:reason": reason } = parts;
  if (drug) meanings.set(id, { drug, dose_mg: Number(dose), standing });
  if (reason) meanings.set(id, { reason });
}
// The rules and orders of a transition are logged; standard output is for answers.
const console = { log: () => {} };

function ready(error, factory) {
  if (error) throw error;
  serve(() => {
    const course = new scxml.core.Statechart(factory, { console });
    course.start();
    return {
      answer({ symbol }) {
        if (symbol !== null && !course.isFinal()) course.gen({ name: symbol });
        return standingOf(new Set(course.getConfiguration()), meanings);
      },
    };
  });
}

scxml.documentStringToModel(process.argv[2], document, (error, model) => {
  if (error) throw error;
  model.prepare(ready, { console });
});
