import { basename } from "node:path";
import { parseFactTable } from "../../data/facts/factTable.ts";
import type { TableResult } from "../../data/run/Run.ts";
import { aboutTable } from "../../data/run/runAbout.ts";
import { scoreFacts, type TableScore, tableScore } from "../../methods/score/scoreFacts.ts";
import { scoreTable } from "../../studies/scoreTable.ts";
import type { Terminal } from "../Command.ts";
import { saveRun } from "../files/runFile.ts";
import { readText } from "../open/files.ts";
import { applyDeltas, type GivenDeltas } from "../open/openDelta.ts";
import { openModel } from "../open/openModel.ts";
import { tableText } from "../study/tableText.ts";
import { percent } from "../table.ts";

/** What of the command's options is of a table of facts. */
type Given = Parameters<typeof openModel>[0] &
  GivenDeltas & { run?: string | undefined; json?: boolean | undefined };

/** Of sampled text; tables have none. */
const SEED = 1;

/** Scores a table of facts as the page does: p(target) of every one, and the measures of those with a true answer. */
export async function scoreFactTable(
  path: string,
  given: Given,
  terminal: Terminal,
): Promise<void> {
  const begun = new Date();
  const facts = parseFactTable(await readText(path), path);
  const opened = await openModel(given, terminal);
  const { model } = opened;
  const scored = async () => {
    let done = 0;
    const onDone = () => terminal.progress(`scored ${++done} of ${facts.length} facts`);
    return tableScore(await scoreFacts(model, facts, { onDone }));
  };
  const before = await scored();
  const deltas = await applyDeltas(opened, given);
  const after = deltas.length ? await scored() : undefined;
  terminal.progress("");
  const name = basename(path);
  const about = aboutTable({ table: "", name }, facts.length, SEED);
  const result: TableResult = { kind: "table", name, facts, before, after };
  await saveRun(given.run, { model, about, result, begun, deltas });
  if (given.json) terminal.print(JSON.stringify({ model: model.config.name, before, after }));
  else
    terminal.print(after ? `${said("before", before)}\n${said("after", after)}` : said("", before));
}

function said(when: string, { answers, summary }: TableScore): string {
  const mean = (values: number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
  const p = mean(answers.map(({ probability }) => probability));
  const greedy = mean(answers.map(({ greedy }) => Number(greedy)));
  const line = `${when && `${when}: `}mean p(target) ${p.toFixed(4)}, greedy text says it of ${percent(greedy)} of ${answers.length} facts`;
  return summary ? `${line}\n${tableText(scoreTable({ [when || "before"]: summary }))}` : line;
}
