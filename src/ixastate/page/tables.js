// The tables of an edition, unpacked: every move, and the status of every configuration.
(function (root) {
  "use strict";

  const { Refusal } = root.ixastateExact;

  async function inflated(text) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  // Differences in groups of seven bits, the least first; see packing.py.
  async function unpacked(text, length) {
    const bytes = await inflated(text);
    const numbers = new Int32Array(length);
    let place = 0;
    let before = 0;
    for (let at = 0; at < length; at += 1) {
      let rest = 0;
      let scale = 1;
      let byte;
      do {
        if (place >= bytes.length) throw new Refusal("the tables of this page are damaged: they end too early");
        byte = bytes[place];
        place += 1;
        rest += (byte & 127) * scale;
        scale *= 128;
      } while (byte > 127);
      before += rest % 2 ? -(rest + 1) / 2 : rest / 2;
      numbers[at] = before;
    }
    if (place !== bytes.length) throw new Refusal("the tables of this page are damaged: they end too late");
    return numbers;
  }

  const KNOWN_FORMAT = 1;

  // The machine of the data of an edition, ready to be asked.
  async function open(data) {
    if (data.format !== KNOWN_FORMAT) throw new Refusal(`these tables have format ${data.format}, which is not known`);
    const moves = data.configurations * data.symbols.length;
    const [next, output, status] = await Promise.all([
      unpacked(data.next, moves),
      unpacked(data.output, moves),
      unpacked(data.status, data.configurations),
    ]);
    const slotSymbols = new Map(data.slot.symbols.map((name, number) => [name, number]));
    return { data, next, output, status, slotSymbols, zones: new Map() };
  }

  // One move: the configuration after it, and the number of its output (0: the symbol goes unanswered).
  function move(machine, configuration, symbol) {
    const at = symbol * machine.data.configurations + configuration;
    return { after: machine.next[at] + configuration, output: machine.output[at] };
  }

  const statusOf = (machine, configuration) => machine.data.statuses[machine.status[configuration]];

  root.ixastateTables = { inflated, open, move, statusOf };
})(globalThis);
