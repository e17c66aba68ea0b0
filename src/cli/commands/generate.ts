import { askFields, askPreset } from "../../data/ask/askFields.ts";
import { type ContinuedText, type ContinuedToken, textOf } from "../../data/ask/ContinuedText.ts";
import { commonStart } from "../../data/ask/differing.ts";
import type { TextResult } from "../../data/run/Run.ts";
import { aboutText } from "../../data/run/runAbout.ts";
import { changedSettings } from "../../data/settings/fieldValue.ts";
import { optionUsage } from "../../data/settings/optionName.ts";
import { ask } from "../../methods/prompt/ask.ts";
import { templateSpan } from "../../methods/prompt/subject.ts";
import type { Command, Terminal } from "../Command.ts";
import { fieldTexts } from "../editing/fieldTexts.ts";
import { runOption, saveRun, tryRun } from "../files/runFile.ts";
import { applyDeltas, deltaOption } from "../open/openDelta.ts";
import { anotherModel, modelOptions, openModel } from "../open/openModel.ts";
import { parseOptions, required } from "../options.ts";

/** `palimpsest generate`: how the model continues a text, without and with an edit. */
export const generate: Command = {
  usage: `generate --model M --prompt P [--subject S] [--delta F … [--strength S,…] [--another-model]] ${askFields.map((field) => `[${optionUsage(field)}]`).join(" ")} [--run F.zip] [--json]`,
  about: "How the model continues a text, without and with an edit; greedy unless --top-k is more.",
  run: runGenerate,
};

const options = {
  ...modelOptions,
  ...anotherModel,
  prompt: { type: "string" },
  subject: { type: "string" },
  ...deltaOption,
  ...runOption,
  tokens: { type: "string" },
  "top-k": { type: "string" },
  temperature: { type: "string" },
  seed: { type: "string" },
  json: { type: "boolean" },
} as const;

async function runGenerate(args: string[], terminal: Terminal): Promise<void> {
  const given = parseOptions(args, options);
  required(given, "model");
  const template = required(given, "prompt");
  const settings = changedSettings(askFields, fieldTexts(askFields, given), askPreset);
  const prompt = given.subject ? templateSpan(template, given.subject).text : template;
  await tryRun(given.run);
  const begun = new Date();
  const opened = await openModel(given, terminal);
  const { model } = opened;
  const spoken = () => {
    const tokens: ContinuedToken[] = [];
    return (token: ContinuedToken) => terminal.progress(textOf((tokens.push(token), tokens)));
  };
  const before = await ask(model, prompt, settings, { onToken: spoken() });
  const deltas = await applyDeltas(opened, given);
  const after = given.delta ? await ask(model, prompt, settings, { onToken: spoken() }) : undefined;
  terminal.progress("");
  const result: TextResult = { kind: "text", before, after };
  await saveRun(given.run, { model, about: aboutText(settings), result, begun, deltas });
  if (given.json) {
    const continued = asJson(after ?? before);
    const found = { model: model.config.name, prompt, settings, ...continued };
    terminal.print(JSON.stringify({ ...found, before: after && asJson(before) }));
  } else {
    terminal.print(sideBySide(before, after));
  }
}

const asJson = ({ tokens, end }: ContinuedText) => ({ text: textOf(tokens), end, tokens });

function sideBySide(before: ContinuedText, after: ContinuedText | undefined): string {
  const whole = ({ prompt, tokens }: ContinuedText) => `${prompt}${textOf(tokens)}`;
  if (!after) return whole(before);
  const ids = ({ tokens }: ContinuedText) => tokens.map(({ id }) => id);
  const same = commonStart(ids(before), ids(after));
  const alike = same === before.tokens.length && same === after.tokens.length;
  const about = alike ? "the same text" : `the same for ${same} ${same === 1 ? "token" : "tokens"}`;
  return `without the edit\n${whole(before)}\n\nwith it (${about})\n${whole(after)}`;
}
