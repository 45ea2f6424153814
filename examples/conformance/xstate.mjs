// The XState export as a program under test: node xstate.mjs CONFIG, where CONFIG is `ixastate export xstate`.
//
// It takes symbols (`symbols.py` makes them of events). It lies beside xstate_setup.mjs (`ixastate export
// xstate-setup`), and below a node_modules with xstate 5.

import { readFileSync } from "node:fs";
import { createActor } from "xstate";
import { standingOf } from "./standing.mjs";
import { serve } from "./wire.mjs";
import { machineFrom } from "./xstate_setup.mjs";

const config = JSON.parse(readFileSync(process.argv[2], "utf8"));
const machine = machineFrom(config);
const meanings = new Map();
gather(config);

function gather({ states = {} }) {
  for (const [id, state] of Object.entries(states)) {
    if (state.meta) meanings.set(id, state.meta);
    gather(state);
  }
}

function leaves(value) {
  return typeof value === "string" ? [value] : Object.values(value).flatMap(leaves);
}

serve(() => {
  const course = createActor(machine).start();
  return {
    answer({ symbol }) {
      // A machine that is done hears nothing.
      if (symbol !== null && course.getSnapshot().status === "active") course.send({ type: symbol });
      const { status, value, error } = course.getSnapshot();
      if (status === "error") throw error;
      return standingOf(new Set(leaves(value)), meanings);
    },
  };
});
