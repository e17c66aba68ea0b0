import { join } from "node:path";
import type { Delta } from "../../data/delta/delta.ts";
import { writeDelta } from "../../data/delta/deltaFile.ts";
import { deltaDigest } from "../../data/delta/digest.ts";
import { requestsOf } from "../../data/delta/provenance.ts";
import { readStackRecipe, type StackRecipe, stackRecipeOf } from "../../data/delta/stackRecipe.ts";
import { fileName } from "../../data/fileName.ts";
import { otherModel } from "../../data/identity/ModelIdentity.ts";
import { type Repeated, repeatRecipe } from "../../methods/edit/repeatRecipe.ts";
import type { Command, Terminal } from "../Command.ts";
import { tryFolder } from "../files/tryOut.ts";
import { writeWhole } from "../files/writeWhole.ts";
import { editStatistics } from "../open/editStatistics.ts";
import { readText } from "../open/files.ts";
import { applyDeltas, readEdit } from "../open/openDelta.ts";
import { anotherModel, modelOptions, openModel } from "../open/openModel.ts";
import { valueFolder } from "../open/valueFolder.ts";
import { parseOptions, required } from "../options.ts";
import { table } from "../table.ts";

/** `repeat`: the edits of a recipe, made again. */
export const repeat: Command = {
  usage:
    "repeat --recipe F.json|F.safetensors|F.zip --model M [--another-model] --out DIR [--stats F.npz|F{}.npz|DIR] [--delta F …] [--values DIR] [--json]",
  about:
    "Makes every edit of a recipe again, each on those it was made on, and writes a delta of each; --delta gives those that came from files.",
  run: runRepeat,
};

async function runRepeat(args: string[], terminal: Terminal): Promise<void> {
  const given = parseOptions(args, {
    ...modelOptions,
    ...anotherModel,
    delta: { type: "string", multiple: true },
    recipe: { type: "string" },
    out: { type: "string" },
    stats: { type: "string" },
    values: { type: "string" },
    json: { type: "boolean" },
  });
  const [path, out] = [required(given, "recipe"), required(given, "out")];
  required(given, "model");
  const recipe = await readRecipeOf(path);
  await tryFolder(out);
  const opened = await openModel(given, terminal);
  const { model } = opened;
  const { name: id, ...made } = recipe.model;
  const differs = otherModel({ id, ...made }, model.identity);
  if (differs && !given["another-model"])
    throw new Error(`${path}: ${differs}; --another-model repeats it all the same`);
  const fromFiles = await byDigest(await applyDeltas(opened, { delta: given.delta }));
  const edits = await repeatRecipe(model, recipe, {
    statistics: editStatistics(opened, given.stats),
    values: given.values === undefined ? undefined : valueFolder(given.values),
    given: (digest) => Promise.resolve(fromFiles.get(digest)),
    switchOn: (deltas) => model.setDeltas(deltas.flatMap(({ weights }) => weights)),
    onEdit: (edit, of) => terminal.progress(`edit ${edit + 1} of ${of}`),
  });
  terminal.progress("");
  const paths = edits.map(({ delta }, i) => join(out, nameOf(delta, i)));
  for (const [i, { delta }] of edits.entries()) await writeWhole(paths[i], writeDelta(delta));
  terminal.print(given.json ? asJson(edits, paths) : asText(edits, paths));
}

/** A recipe, or that of an edit's file. */
async function readRecipeOf(path: string): Promise<Omit<StackRecipe, "format" | "version">> {
  if (!/\.(safetensors|zip)$/i.test(path)) return readStackRecipe(await readText(path), path);
  const recipe = await stackRecipeOf([{ delta: await readEdit(path), on: true }]);
  if (recipe) return recipe;
  throw new Error(`${path} does not say how it was made, so that it cannot be repeated`);
}

async function byDigest(deltas: readonly Delta[]): Promise<Map<string, Delta>> {
  const named = deltas.map(async (delta) => [await deltaDigest(delta), delta] as const);
  return new Map(await Promise.all(named));
}

/** `1-method-the-space-needle-florence.safetensors`: in the order in which they stand on each other. */
function nameOf(delta: Delta, place: number): string {
  const { method } = delta.provenance;
  const facts = requestsOf(delta);
  const [first] = facts;
  const about = facts.length === 1 ? [first.subject, first.target] : [`${facts.length} facts`];
  return `${place + 1}-${fileName(method, ...about)}.safetensors`;
}

const asJson = (edits: readonly Repeated[], paths: readonly string[]): string =>
  JSON.stringify(
    edits.map(({ delta, on, same, differences }, i) => ({
      out: paths[i],
      method: delta.provenance.method,
      facts: requestsOf(delta).length,
      on,
      same,
      differences,
    })),
  );

function asText(edits: readonly Repeated[], paths: readonly string[]): string {
  const rows = edits.map(({ delta, on, same }, i) => [
    paths[i],
    delta.provenance.method,
    `${requestsOf(delta).length}`,
    on ? "on" : "off",
    same === undefined ? "–" : same ? "same" : "other",
  ]);
  const notes = edits.flatMap(({ differences }) => differences);
  return [table([["delta", "method", "facts", "in the end", "numbers"], ...rows]), ...notes].join(
    "\n",
  );
}
