// Walks courses with XState and takes the time: node xstate_courses.mjs CHART COURSES ROUNDS. Prints one JSON object.
//
// It lies beside xstate_setup.mjs, and below a node_modules with xstate, when it runs. Every course is an actor of its
// own; nobody listens to what it emits.

import { readFileSync } from "node:fs";
import { createActor } from "xstate";
import { machineFrom } from "./xstate_setup.mjs";

const [chart, courses] = process.argv.slice(2, 4).map((path) => JSON.parse(readFileSync(path, "utf8")));
const rounds = Number(process.argv[4]);
const machine = machineFrom(chart);

function leaves(value) {
  return typeof value === "string" ? [value] : Object.values(value).flatMap(leaves);
}

function walk() {
  return courses.map((symbols) => {
    const course = createActor(machine);
    course.start();
    for (const symbol of symbols) course.send({ type: symbol });
    const { status, value, error } = course.getSnapshot();
    if (status === "error") throw error;
    return value;
  });
}

const ends = walk().map(leaves); // also warms up
let seconds = Infinity;
for (let round = 0; round < rounds; round += 1) {
  const start = performance.now();
  walk();
  seconds = Math.min(seconds, (performance.now() - start) / 1000);
}
process.stdout.write(JSON.stringify({ seconds, ends, node: process.version }));
