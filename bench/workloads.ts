import { type Fact, parseFacts } from "../src/data/facts/facts.ts";
import { Model } from "../src/engine/Model.ts";
import type { ModelFiles } from "../src/engine/files/ModelFiles.ts";
import type { Runtime } from "../src/engine/runtime/Runtime.ts";
import { contextTemplates } from "../src/methods/edit/contextTemplates.ts";
import { covarianceFactor } from "../src/methods/statistics/covarianceFactor.ts";
import { romePreset } from "../src/methods/edit/rome/romePreset.ts";
import { rome, type RomeOptions } from "../src/methods/edit/rome/rome.ts";
import { shippedStatistics } from "../src/methods/statistics/shippedStatistics.ts";
import { sigma } from "../src/methods/trace/sigma.ts";
import { templateSpan } from "../src/methods/prompt/subject.ts";
import { trace } from "../src/methods/trace/trace.ts";
import type { TraceRequest } from "../src/data/trace/TraceRequest.ts";
import { blockFlops } from "./flops.ts";
import type { Measurement } from "./Measurement.ts";
import { measureStates } from "./states.ts";

/** What is measured on one runtime. `quick` is for emulated devices: the throughput only, on few tokens. */
export interface BenchOptions {
  runtime: Runtime;
  files: ModelFiles;
  facts: unknown;
  quick: boolean;
}

/** The workloads of the table in docs/measurements.md on the model in `files`. */
export async function measureAll(options: BenchOptions): Promise<Measurement[]> {
  const { runtime, files, facts, quick } = options;
  const model = await Model.load(runtime, files);
  try {
    const speed = await measureThroughput(model, quick ? 2 : 32);
    if (quick) return speed;
    const known = parseFacts(facts);
    const fact = chooseFact(model, known);
    const edit = await measureEdit(model, fact, files);
    const states = await measureStates(model, known);
    return [await measureTrace(model, fact), ...edit, ...states, ...speed];
  } finally {
    await model.dispose();
  }
}

/** The first fact whose prompt has eight tokens, so that the table is of T = 8. */
function chooseFact(model: Model, facts: Fact[]): Fact {
  const tokens = ({ prompt, subject }: Fact) =>
    model.tokenizer.encode(templateSpan(prompt, subject).text).length;
  const found = facts.find((fact) => tokens(fact) === 8);
  if (!found) throw new Error("no fact of public/facts.json has a prompt of eight tokens");
  return found;
}

async function measureTrace(model: Model, { prompt, subject }: Fact): Promise<Measurement> {
  const unit = await sigma(model, [subject]);
  const request: TraceRequest = {
    prompt,
    subject,
    kind: "state",
    window: 1,
    samples: 10,
    noise: { kind: "sigma", factor: 3 },
    replace: false,
    seed: 1,
  };
  const times = await median(() => trace(model, request, { sigma: unit }));
  const { tokens, layers, blockTokens } = await trace(model, request, { sigma: unit });
  const detail = `${layers} layers, ${tokens.length} tokens, 10 samples, ${blockTokens} block-token evaluations`;
  return { name: "state trace", ...times, detail };
}

async function measureEdit(model: Model, fact: Fact, files: ModelFiles): Promise<Measurement[]> {
  const { settings: preset } = romePreset(model.config);
  const hyperparameters = { ...preset, steps: 20 };
  const [statistics] = await shippedStatistics(files, model, hyperparameters.layer);
  const { prompt, subject, newTargets } = fact;
  const request = { prompt, subject, target: newTargets[0] };
  const sampled = await once(() =>
    contextTemplates(model, hyperparameters.contextLengths, { seed: 0 }),
  );
  const options: RomeOptions = { seed: 0, contexts: sampled.value, statistics };
  const factored = await once(() => Promise.resolve(covarianceFactor(statistics)));
  const times = await median(() => rome(model, request, hyperparameters, options));
  const { steps, contexts } = await rome(model, request, hyperparameters, options);
  const detail = `${steps.length} losses of at most ${hyperparameters.steps}, ${contexts.length} contexts, layer ${hyperparameters.layer}`;
  return [
    { name: "ROME edit", ...times, detail },
    {
      name: "  factor of C, once a layer",
      ...single(factored),
      detail: `Cholesky of [${statistics.dMlp}, ${statistics.dMlp}] in float64`,
    },
    {
      name: "  contexts, once a model",
      ...single(sampled),
      detail: `${contexts.length - 1} sampled prefixes`,
    },
  ];
}

const TOKENS = 12;

async function measureThroughput(model: Model, batch: number): Promise<Measurement[]> {
  const { config } = model;
  const id = (i: number) => (i * 7919) % Math.min(config.vocab, model.tokenizer.vocab);
  const tokens = Array.from({ length: batch }, (_, row) =>
    Array.from({ length: TOKENS }, (_, t) => id(row * TOKENS + t)),
  );
  const last = config.layers - 1;
  const watch = [{ site: "hidden", layer: last } as const];
  const forward = await median(() => model.run({ tokens, watch }));
  const nll = tokens.map((_, row) => ({ row, token: TOKENS - 1, target: 1, weight: 1 / batch }));
  const backward = await median(() =>
    model.gradient({ tokens }, { nll }, [{ site: "hidden", layer: 0 }]),
  );
  const flops = blockFlops(config, batch, TOKENS);
  const size = `${batch} × ${TOKENS} tokens, ${config.layers} layers`;
  // Products with respect to activations only cost as much as the forward pass; layer 0 has none.
  const both = flops * (1 + last / config.layers);
  return [
    {
      name: "forward",
      ...forward,
      gflops: flops / forward.seconds / 1e9,
      detail: `all blocks, ${size}`,
    },
    {
      name: "gradient",
      ...backward,
      gflops: both / backward.seconds / 1e9,
      detail: `forward and backward to layer 0's output, ${size}`,
    },
  ];
}

async function once<T>(work: () => Promise<T>): Promise<{ value: T; seconds: number }> {
  const start = performance.now();
  const value = await work();
  return { value, seconds: (performance.now() - start) / 1000 };
}

const single = ({ seconds }: { seconds: number }) => ({ seconds, fastest: seconds, runs: 1 });

/** Runs it once for nothing, then until 3 seconds or 15 runs are over, and 3 runs at least. */
async function median(
  work: () => Promise<unknown>,
): Promise<Pick<Measurement, "seconds" | "fastest" | "runs">> {
  await work();
  const times: number[] = [];
  let total = 0;
  while (times.length < 3 || (times.length < 15 && total < 3)) {
    const { seconds } = await once(work);
    times.push(seconds);
    total += seconds;
  }
  const sorted = times.sort((a, b) => a - b);
  const seconds = sorted[Math.floor(sorted.length / 2)];
  return { seconds, fastest: sorted[0], runs: sorted.length };
}
