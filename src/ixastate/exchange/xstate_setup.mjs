// What the names in an ixastate export mean to XState 5. Needs nothing but xstate.
//
//   import { readFileSync } from "node:fs";
//   import { createActor } from "xstate";
//   import { machineFrom } from "./xstate_setup.mjs";
//
//   const course = createActor(machineFrom(JSON.parse(readFileSync("course.json", "utf8"))));
//   course.on("order", ({ verb, drug, dose_mg }) => console.log(verb, drug, dose_mg));
//   course.on("cite", ({ rules }) => console.log(rules.join(" ")));
//   course.start();
//   course.send({ type: "start_4_25" });
//   course.send({ type: "anc_low" });

import { and, emit, not, or, raise, setup, stateIn } from "xstate";

// A guard from its tree: {in: state}, {not: tree}, {all: [tree, ...]} or {any: [tree, ...]}.
export function guardFrom(tree) {
  if (tree.in !== undefined) return stateIn(`#${tree.in}`);
  if (tree.not !== undefined) return not(guardFrom(tree.not));
  if (tree.all !== undefined) return and(tree.all.map(guardFrom));
  if (tree.any !== undefined) return or(tree.any.map(guardFrom));
  throw new Error(`no guard: ${JSON.stringify(tree)}`);
}

export const actions = {
  // The rules on which the transition rests.
  cite: emit((_, params) => ({ type: "cite", ...params })),
  // What is to be done now: a verb, and where they apply a drug and a dose in mg.
  order: emit((_, params) => ({ type: "order", ...params })),
  // What the transition asks of the other regions, answered in the same macrostep, first in, first out.
  raise: raise((_, params) => ({ type: params.event })),
};

// The machine of an exported config.
export function machineFrom(config) {
  const trees = Object.entries(config.meta.guards);
  const guards = Object.fromEntries(trees.map(([name, tree]) => [name, guardFrom(tree)]));
  return setup({ actions, guards }).createMachine(config);
}
