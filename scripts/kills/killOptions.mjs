import { parseArgs } from "node:util";

/** How many kills a command line asks for, and the seed that decides when: `--kills 50 --seed 1`. */
export function killOptions() {
  const { values } = parseArgs({
    options: { kills: { type: "string", default: "50" }, seed: { type: "string", default: "1" } },
  });
  const [kills, seed] = [values.kills, values.seed].map(Number);
  if (!(Number.isInteger(kills) && kills > 0 && Number.isInteger(seed))) {
    console.error("--kills is a whole number from 1, --seed a whole number");
    process.exit(2);
  }
  return { kills, seed };
}

/** Numbers from 0 to 1 that a seed decides. */
export function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
