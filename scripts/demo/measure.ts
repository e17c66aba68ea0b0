import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { main } from "../../src/cli/main.ts";
import type { Terminal } from "../../src/cli/Command.ts";
import { openModel } from "../../src/cli/open/openModel.ts";
import { averageTrace } from "./averageTrace.ts";
import { type Measured, parts, tables, writeCard } from "./card.ts";
import { pickCases } from "./pickCases.ts";
import { readRecall, writeRecalled } from "./recall.ts";
import { spectra } from "./spectra.ts";

/** Known cases that ROME edits, each alone, at every layer; and those whose subject has other facts. */
const [EDITED, NEUTRAL] = [100, 100];

type Part = (typeof parts)[number];

/** What every part is made with. */
interface Order {
  model: string;
  corpus: string;
  counterfact: string;
  out: string;
  terminal: Terminal;
}

/** Measures the parts that are not there yet, and writes their tables; see scripts/demo.mjs. Returns the exit status. */
export async function measure(args: string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      counterfact: { type: "string" },
      corpus: { type: "string" },
      out: { type: "string" },
      model: { type: "string", default: "demo" },
      only: { type: "string", default: parts.join(",") },
      write: { type: "boolean", default: false },
    },
  });
  const { counterfact, corpus, out } = values;
  const only = values.only.split(",") as Part[];
  if (positionals[0] !== "measure" || !counterfact || !corpus || !out) {
    terminal.note("npm run demo -- measure --counterfact DIR --corpus FILE --out DIR");
    return 2;
  }
  const order = { model: values.model, corpus, counterfact, out: resolve(out), terminal };
  await mkdir(order.out, { recursive: true });
  for (const part of parts.filter((name) => only.includes(name))) {
    terminal.note(`${new Date().toISOString()} ${part}`);
    if (!(await make[part](order))) return 1;
  }
  const found = await measured(order.out);
  const markdown = tables(found);
  await writeFile(join(order.out, "tables.md"), markdown);
  terminal.print(markdown);
  if (values.write) await write(order, markdown);
  return 0;
}

/** Each part, whether it succeeded; one that is there already is left. */
const make: Record<Part, (order: Order) => Promise<boolean>> = {
  recall: (order) =>
    once(order, "recall.json", async () => {
      const { model } = await openModel({ model: order.model }, order.terminal);
      const facts = join(order.terminal.root, "public", "facts.json");
      return readRecall(model, await json(order.corpus), await json(facts), say(order));
    }),
  trace: (order) =>
    once(order, "trace.json", async () => {
      const { model } = await openModel({ model: order.model }, order.terminal);
      return averageTrace(model, await json(await casesOf(order, "any")), say(order));
    }),
  statistics: (order) =>
    once(order, "statistics.json", async () =>
      spectra(await openModel({ model: order.model }, order.terminal)),
    ),
  async rome(order) {
    const { layers } = (await openModel({ model: order.model }, order.terminal)).model.config;
    const all = Array.from({ length: layers }, (_, layer) => layer).join(",");
    return study(order, "sweep", ["any", "rome"], ["--limit", `${EDITED}`, "--layer", all]);
  },
  others: (order) => study(order, "evaluate", ["several", "others"], ["--limit", `${NEUTRAL}`]),
  memit: (order) =>
    study(
      order,
      "mass",
      ["any", "memit"],
      [
        ...["--methods", "memit", "--counts", "1,10,100,1000"],
        ...["--values", join(order.out, "values")],
      ],
    ),
};

const say =
  ({ terminal }: Order) =>
  (sentence: string) =>
    terminal.progress(sentence);

async function once({ out }: Order, name: string, find: () => Promise<object>): Promise<boolean> {
  const path = join(out, name);
  if (!existsSync(path)) await writeFile(path, `${JSON.stringify(await find(), null, 1)}\n`);
  return true;
}

async function study(
  order: Order,
  name: string,
  [cases, folder]: [cases: "any" | "several", folder: string],
  options: string[],
): Promise<boolean> {
  const common = ["--model", order.model, "--cases", await casesOf(order, cases)];
  const args = ["study", name, ...common, ...options, "--out", join(order.out, folder)];
  return (await main(args, order.terminal)) === 0;
}

/** The file of the known cases in random order: all, or those whose subject has other facts. */
async function casesOf(order: Order, kind: "any" | "several"): Promise<string> {
  const path = join(order.out, `${kind}.json`);
  if (!existsSync(path)) {
    const recall = await json<{ known: number[] }>(join(order.out, "recall.json"));
    await writeFile(path, JSON.stringify(await pickCases(order.counterfact, recall.known, kind)));
  }
  return path;
}

async function measured(out: string): Promise<Measured> {
  const at = async (name: string): Promise<unknown> =>
    existsSync(join(out, name)) ? await json(join(out, name)) : undefined;
  return {
    recall: await at("recall.json"),
    trace: await at("trace.json"),
    statistics: await at("statistics.json"),
    rome: await at("rome/summary.json"),
    others: await at("others/summary.json"),
    memit: await at("memit/summary.json"),
  } as Measured;
}

async function write({ out, terminal: { root } }: Order, markdown: string): Promise<void> {
  await writeCard(join(root, "public", "models", "demo", "README.md"), markdown);
  const figure = join(out, "rome", "sweep.svg");
  if (existsSync(figure)) await writeFile(join(root, "docs", "rome.svg"), await readFile(figure));
  await writeRecalled(root, await json(join(out, "recall.json")));
}

const json = async <T>(path: string): Promise<T> => JSON.parse(await readFile(path, "utf8")) as T;
