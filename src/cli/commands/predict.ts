import { type Prediction, predict as nextTokens } from "../../methods/prompt/predict.ts";
import { templateSpan } from "../../methods/prompt/subject.ts";
import type { Command, Terminal } from "../Command.ts";
import { applyDeltas, deltaOption } from "../open/openDelta.ts";
import { anotherModel, modelOptions, openModel } from "../open/openModel.ts";
import { numberOption, parseOptions, required } from "../options.ts";
import { percent, table } from "../table.ts";

/** `palimpsest predict`: the likeliest next tokens, without and with an edit. */
export const predict: Command = {
  usage:
    "predict --model M --prompt P [--subject S] [--delta F … [--strength S,…] [--another-model]] [--top 10] [--json]",
  about: "The likeliest next tokens of a prompt, without and with an edit.",
  run: runPredict,
};

async function runPredict(args: string[], terminal: Terminal): Promise<void> {
  const options = parseOptions(args, {
    ...modelOptions,
    ...anotherModel,
    ...deltaOption,
    prompt: { type: "string" },
    subject: { type: "string" },
    top: { type: "string" },
    json: { type: "boolean" },
  });
  required(options, "model");
  const template = required(options, "prompt");
  const top = numberOption(options, "top", { min: 1, whole: true }) ?? 10;
  const prompt = options.subject ? templateSpan(template, options.subject).text : template;
  const opened = await openModel(options, terminal);
  const { model } = opened;
  const before = await nextTokens(model, prompt, top);
  if (options.delta) await applyDeltas(opened, options);
  const after = options.delta ? await nextTokens(model, prompt, top) : undefined;
  if (options.json) {
    const predictions = after ?? before;
    const found = { model: model.config.name, prompt, predictions, before: after && before };
    terminal.print(JSON.stringify(found));
  } else {
    terminal.print(predictionTable(before, after));
  }
}

function predictionTable(before: Prediction[], after?: Prediction[]): string {
  const cells = (list: Prediction[], i: number) =>
    i < list.length ? [JSON.stringify(list[i].token), percent(list[i].probability)] : ["", ""];
  const header = after ? ["without the edit", "p", "with it", "p"] : ["next token", "p"];
  const rows = before.map((_, i) => [...cells(before, i), ...(after ? cells(after, i) : [])]);
  return table([header, ...rows]);
}
