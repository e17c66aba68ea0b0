import { type ModelFact, parseModelFacts } from "../../data/facts/modelFacts.ts";
import type { ModelConfig } from "../../engine/architecture/config.ts";
import { publishedModel, publishedModels } from "../../methods/verify/publishedFacts.ts";
import { type Verified, verifyFact } from "../../methods/verify/verifyFact.ts";
import type { Command, Terminal } from "../Command.ts";
import { readJson } from "../open/files.ts";
import { modelOptions, openModel } from "../open/openModel.ts";
import { parseOptions } from "../options.ts";
import { table } from "../table.ts";

/** `palimpsest verify`: whether a checkpoint says what others published about it. */
export const verify: Command = {
  usage: "verify --model M [--facts F.json] [--precision f32|f16|q8|q4] [--json]",
  about:
    "Published facts about GPT-2 and GPT-J, checked on the loaded model: text, probabilities, norms, ids.",
  run: runVerify,
};

async function runVerify(args: string[], terminal: Terminal): Promise<void> {
  const given = parseOptions(args, {
    ...modelOptions,
    facts: { type: "string" },
    json: { type: "boolean" },
  });
  const own = given.facts ? await readFacts(given.facts) : [];
  const { model, files } = await openModel(given, terminal);
  const published = publishedModel(model.config);
  const about = recognised(model.config, own.length > 0);
  const facts = [...(published?.facts ?? []), ...own];
  const results: Verified[] = [];
  for (const fact of facts) {
    results.push(
      await verifyFact({ model, files }, fact).catch((error: Error) => failed(fact, error)),
    );
    terminal.progress(`checked ${results.length} of ${facts.length} facts`);
  }
  terminal.progress("");
  const { precision } = model;
  terminal.print(
    given.json
      ? JSON.stringify({ model: model.config.name, precision, about, results })
      : `${about}\n\n${factTable(results)}\n\n${precision} weights; what may differ is wider for f16, q8 and q4`,
  );
  const wrong = results.filter(({ status }) => status === "fail").length;
  if (wrong > 0) throw new Error(`${wrong} of ${results.length} facts do not hold`);
}

/** What cannot even be measured, such as a layer that is not there, is wrong too. */
const failed = (fact: ModelFact, { message }: Error): Verified => ({
  fact,
  about: fact.kind,
  status: "fail",
  expected: String(fact.expected),
  found: message,
  tolerance: "",
});

const readFacts = async (path: string): Promise<ModelFact[]> =>
  parseModelFacts(await readJson(path), path);

/**
 * Which checkpoint the model is taken for, in a sentence.
 *
 * @throws where nothing is published about it and no facts were given
 */
function recognised(config: ModelConfig, hasOwn: boolean): string {
  const { name, architecture, layers, dModel } = config;
  const published = publishedModel(config);
  const shape = `${architecture} of ${layers} layers × ${dModel}`;
  if (published?.names.test(name)) return `${name} is taken for ${published.id} (${shape})`;
  if (published) {
    return `${name} is taken for ${published.id} by its shape (${shape}); if it is another model, its text and numbers differ`;
  }
  const known = publishedModels.map(({ id }) => id).join(", ");
  const sentence = `nothing is published here about ${name} (${shape}), only about ${known}`;
  if (hasOwn) return sentence;
  throw new Error(`${sentence}; give your own facts with --facts`);
}

function factTable(results: Verified[]): string {
  const rows = results.map(({ status, about, expected, found, tolerance, fact }) => [
    mark[status],
    shortened(about),
    shortened(expected),
    shortened(found),
    tolerance,
    fact.source,
  ]);
  return table([["", "fact", "expected", "found", "may differ by", "source"], ...rows]);
}

const mark = { pass: "pass", fail: "FAIL", absent: "–" };
const shortened = (text: string) => (text.length > 60 ? `${text.slice(0, 59)}…` : text);
