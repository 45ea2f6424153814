// Runs the machine of a page in Node, for `tests/page_tools.py`: node page_driver.js FOLDER TABLES COURSES ANSWERS MOVES
//
// COURSES is JSON: the names of the scripts, and a list of courses, each a list of events. ANSWERS becomes a list of
// lists of answers, one for each event: the words of the status, the words of the orders, the ids of the rules, the
// treatment day and what is due on the days from then on that are asked for; or what is wrong with it. MOVES becomes the
// whole table as 32-bit numbers, row by row: what comes after each move, then the output of each, then the status of
// each configuration.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");

async function main([folder, tables, courses, answers, moves]) {
  const { scripts, days, courses: asked } = JSON.parse(fs.readFileSync(courses, "utf8"));
  for (const name of scripts) {
    const script = path.join(folder, name);
    vm.runInThisContext(fs.readFileSync(script, "utf8"), { filename: script });
  }
  const engine = globalThis.ixastateMachine;
  const machine = await engine.open(JSON.parse(fs.readFileSync(tables, "utf8")));
  if (moves) fs.writeFileSync(moves, wholeTable(engine, machine));
  fs.writeFileSync(answers, JSON.stringify(asked.map((course) => answered(engine, machine, course, days))));
}

function wholeTable(engine, machine) {
  const { configurations, symbols } = machine.data;
  const width = symbols.length;
  const numbers = new Int32Array((2 * width + 1) * configurations);
  for (let row = 0; row < configurations; row += 1) {
    for (let symbol = 0; symbol < width; symbol += 1) {
      const { after, output } = engine.move(machine, row, symbol);
      numbers[row * width + symbol] = after;
      numbers[(configurations + row) * width + symbol] = output;
    }
    numbers[2 * width * configurations + row] = machine.status[row];
  }
  return Buffer.from(numbers.buffer);
}

function answered(engine, machine, course, days) {
  let memory = engine.NOTHING;
  const { rules, orders } = machine.data;
  return course.map((event) => {
    let record;
    try {
      ({ memory, record } = engine.observe(machine, memory, event));
    } catch (error) {
      if (!(error instanceof engine.Refusal)) throw error;
      return { refused: error.what };
    }
    const due = [];
    for (let day = record.day; record.day !== null && day < record.day + days; day += 1) {
      due.push(
        engine
          .dueOn(machine, memory, day)
          .map((dose) => [dose.drug, dose.mg, dose.how, dose.rules.map((rule) => rules[rule].id)]),
      );
    }
    return {
      symbols: record.steps.map((step) => machine.data.symbols[step.symbol]),
      words: record.status.words,
      orders: record.orders.map((order) => orders[order].words),
      rules: record.rules.map((rule) => rules[rule].id),
      day: record.day,
      due,
    };
  });
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
