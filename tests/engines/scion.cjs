// Walks an exported SCXML document with SCION: node scion.cjs DOCUMENT SUITE. Prints one JSON line per step.
//
// It lies below a node_modules with @scion-scxml/scxml when it runs.

const { readFileSync } = require("node:fs");
const scxml = require("@scion-scxml/scxml");

const [document, suite] = process.argv.slice(2).map((path) => readFileSync(path, "utf8"));
let said = [];
// What <log> prints: its label and the value of its expression.
const console = { log: (label, value) => said.push([label, value]) };

function walkAll(error, factory) {
  if (error) throw error;
  const lines = [];
  JSON.parse(suite).forEach((symbols, walk) => {
    const course = new scxml.core.Statechart(factory, { console });
    course.start();
    symbols.forEach((symbol, step) => {
      said = [];
      course.gen({ name: symbol });
      lines.push(JSON.stringify({ walk, step, configuration: course.getConfiguration(), done: course.isFinal(), said }));
    });
  });
  process.stdout.write(lines.join("\n") + "\n");
}

scxml.documentStringToModel("course.scxml", document, (error, model) => {
  if (error) throw error;
  model.prepare(walkAll, { console });
});
