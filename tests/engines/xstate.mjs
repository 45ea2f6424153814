// Walks an exported XState config: node xstate.mjs CONFIG SUITE. Prints one JSON line per step.
//
// It lies beside xstate_setup.mjs, and below a node_modules with xstate, when it runs.

import { readFileSync } from "node:fs";
import { createActor } from "xstate";
import { machineFrom } from "./xstate_setup.mjs";

const [config, suite] = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, "utf8")));
const machine = machineFrom(config);

function leaves(value) {
  return typeof value === "string" ? [value] : Object.values(value).flatMap(leaves);
}

const lines = [];
suite.forEach((symbols, walk) => {
  const said = [];
  const course = createActor(machine);
  course.on("cite", ({ rules }) => said.push(["rules", rules.join(" ")]));
  course.on("order", ({ verb, drug, dose_mg }) => said.push(["order", [verb, drug, dose_mg].filter(Boolean).join(" ")]));
  course.start();
  symbols.forEach((symbol, step) => {
    said.length = 0;
    course.send({ type: symbol });
    const { status, value, error } = course.getSnapshot();
    if (status === "error") throw error;
    lines.push(JSON.stringify({ walk, step, configuration: leaves(value), done: status === "done", said }));
  });
});
process.stdout.write(lines.join("\n") + "\n");
