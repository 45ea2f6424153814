// The test kit's wire: JSON Lines on standard input and output, one answer for each request.
//
// With `--http PORT` the same over HTTP: one POST a request, the answer in the body.

import { createServer } from "node:http";
import { createInterface } from "node:readline";

// `fresh` makes a program for a new patient: an object with `answer(event)`.
export function serve(fresh) {
  let program = fresh();
  const respond = (text) => {
    const request = JSON.parse(text);
    if (request.type !== "reset") return JSON.stringify(program.answer(request));
    program = fresh();
    return "{}";
  };
  const port = process.argv[process.argv.indexOf("--http") + 1];
  if (process.argv.includes("--http")) listen(Number(port), respond);
  else createInterface({ input: process.stdin }).on("line", (line) => process.stdout.write(`${respond(line)}\n`));
}

function listen(port, respond) {
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    response.setHeader("Content-Type", "application/json");
    response.end(respond(Buffer.concat(chunks).toString("utf8")));
  });
  server.listen(port, "127.0.0.1", () => console.error(`listening on port ${server.address().port}`));
}
