import { writeFileSync, writeSync } from "node:fs";
import { targets } from "./targets.ts";
import { Inputs, SLOW } from "./tryInputs.ts";

// A process that tries the inputs of one target, which scripts/fuzz.mjs watches and ends where one input takes too long
// or too much. What it does it tells at once, by a line of JSON in its fourth file.

/** What a process is to do. */
interface Order {
  target: string;
  seed: number;
  /** Inputs [from, to), as far as the time goes. */
  from: number;
  to: number;
  seconds: number;
  /** Where the one input is to be written, and its sentence printed. */
  save?: string;
}

const tell = (line: object) => writeSync(3, `${JSON.stringify(line)}\n`);

async function work({ target: name, seed, from, to, seconds, save }: Order): Promise<void> {
  const target = targets.find((each) => each.name === name);
  if (!target) throw new Error(`there is no target ${name}`);
  const inputs = await Inputs.of(target, seed);
  if (save !== undefined) writeFileSync(save, inputs.bytes(from));
  const end = performance.now() + 1000 * seconds;
  for (let index = from; index < to && performance.now() < end; index++) {
    tell({ begun: index });
    const { accepted, fault, sentence, time } = await inputs.try(index);
    const found = time > SLOW ? "hang" : fault;
    tell({ tried: index, accepted, fault: found, sentence: found || save ? sentence : undefined });
  }
  tell({ done: true });
}

// Names alone are asked for first.
const order = process.argv[2];
if (order === undefined) tell({ targets: targets.map(({ name }) => name) });
else await work(JSON.parse(order) as Order);
