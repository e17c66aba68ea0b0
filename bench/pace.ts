import { readFileSync } from "node:fs";
import { join } from "node:path";
import { nodeRuntime } from "../src/cli/open/nodeRuntime.ts";
import { parseFacts } from "../src/data/facts/facts.ts";
import { parseJson } from "../src/data/outside/readJson.ts";
import { editorOf } from "../src/methods/edit/editors.ts";
import { tracePreset } from "../src/methods/trace/tracePreset.ts";
import { rowsOf, type TraceSet, withEvent } from "../src/ui/trace/running.ts";
import { Lab } from "../workers/Lab.ts";

/** What a job reported: milliseconds since it began, how much was done, of how much. */
export type RecordedJob = {
  name: string;
  end: number;
  reports: [at: number, done: number, total: number][];
};

type Tell = (done: number, total: number) => void;
const names = ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"];

/** The reports of real jobs of the page's worker on the built-in model in Node, as its tray takes them. */
export async function recordPace(root: string): Promise<RecordedJob[]> {
  const lab = new Lab(Promise.resolve(), () =>
    Promise.resolve({ runtime: nodeRuntime(), description: "native" }),
  );
  await lab.open(1, "http://localhost/");
  const folder = join(root, "public/models/demo");
  const stats = "stats/transformer.h.2.mlp.c_proj_int16_mom2_8000.npz";
  const files = [...names, stats].map((path) => ({
    path: `demo/${path}`,
    file: new File([readFileSync(join(folder, path))], path),
  }));
  const loaded = await lab.load(
    2,
    { source: { kind: "folder", name: "demo", files } },
    () => undefined,
  );
  const facts = parseFacts(parseJson(readFileSync(join(root, "public/facts.json")), "facts.json"));
  const asked = facts.map(({ prompt, subject, newTargets }) => ({
    prompt,
    subject,
    target: newTargets[0],
  }));
  const text = facts.map(
    ({ prompt, subject, target }) => `${prompt.replace("{}", subject)} ${target}.`,
  );
  const editor = editorOf("rome");
  const { settings } = editor.preset(loaded.config);
  const trace = tracePreset(loaded.config).settings;
  const jobs: Record<string, (id: number, tell: Tell) => Promise<unknown>> = {
    table: (id, tell) => lab.scoring.table(id, asked.slice(0, 150), tell),
    collection: (id, tell) =>
      lab.statistics.collect(
        id,
        {
          layers: [1],
          text: { kind: "paste", text: text.join("\n") },
          form: "lines",
          date: 1,
        },
        (progress) => progress && tell(progress.tokens, progress.totalTokens),
      ),
    "mass edit": (id, tell) => {
      let done = 0;
      const order = {
        editor: "rome",
        facts: asked.slice(0, 12),
        settings,
        seed: 1,
        answers: false,
      };
      return lab.editing.edit(id, order, (reports) => {
        for (const { type } of reports) if (type === "edited") tell(++done, order.facts.length);
      });
    },
    trace: (id, tell) => {
      const kinds = ["state" as const, "mlp" as const, "attn" as const];
      const fact = { prompt: "The Space Needle is in the city of", subject: "The Space Needle" };
      let set: TraceSet | null = null;
      return lab.tracing.run(
        id,
        { ...trace, ...fact, kinds, samples: 60, seed: 1, replace: false },
        (event) => {
          set = withEvent(set, event, "demo");
          if (!set || event.type === "run") return;
          const { done, total } = rowsOf(set, kinds.length);
          tell(done, total);
        },
      );
    },
  };
  const recorded: RecordedJob[] = [];
  for (const [name, work] of Object.entries(jobs)) {
    const [begun, reports] = [performance.now(), [] as RecordedJob["reports"]];
    const tell: Tell = (done, total) =>
      void reports.push([
        Math.round(performance.now() - begun),
        Math.round(1000 * done) / 1000,
        Math.round(total),
      ]);
    await work(recorded.length + 3, tell);
    recorded.push({ name, end: Math.round(performance.now() - begun), reports: thinned(reports) });
  }
  return recorded;
}

/** At most some three hundred of them, the last one among them. */
function thinned<T>(all: T[]): T[] {
  const every = Math.ceil(all.length / 300);
  return all.filter((_, i) => i % every === 0 || i === all.length - 1);
}
