import { describe, expect, test, vi } from "vitest";
import { folderFiles } from "../../../src/cli/open/folderFiles.ts";
import { nodeRuntime } from "../../../src/cli/open/nodeRuntime.ts";
import { Footprint } from "../../../src/engine/footprint/Footprint.ts";
import { Model } from "../../../src/engine/Model.ts";
import type { Precision } from "../../../src/engine/checkpoint/precision.ts";
import { sharedLength } from "../../../src/methods/edit/contextRuns.ts";
import { contextTemplates } from "../../../src/methods/edit/contextTemplates.ts";
import { checkEditRequest, type EditRequest } from "../../../src/methods/edit/editRequest.ts";
import { editRows, type EditRows } from "../../../src/methods/edit/editRows.ts";
import { memit } from "../../../src/methods/edit/memit/memit.ts";
import { groupContexts } from "../../../src/methods/edit/memit/memitContexts.ts";
import type { EditSize } from "../../../src/methods/edit/editSize.ts";
import { memitFootprint } from "../../../src/methods/edit/memit/memitFootprint.ts";
import { romeFootprint } from "../../../src/methods/edit/rome/romeFootprint.ts";
import {
  collectionFootprint,
  traceFootprint,
} from "../../../src/methods/memory/methodFootprint.ts";
import { memitPreset } from "../../../src/methods/edit/memit/memitPreset.ts";
import { romePreset } from "../../../src/methods/edit/rome/romePreset.ts";
import { rome } from "../../../src/methods/edit/rome/rome.ts";
import { shippedStatistics } from "../../../src/methods/statistics/shippedStatistics.ts";
import { collectStatistics } from "../../../src/methods/statistics/statistics.ts";
import { trace } from "../../../src/methods/trace/trace.ts";
import type { TraceRequest } from "../../../src/data/trace/TraceRequest.ts";
import { planTrace } from "../../../src/methods/trace/tracePlan.ts";
import type { GoldenMassEdit, GoldenTraces } from "../../support/golden.ts";
import { demoFiles, demoNumbers } from "../../support/methods/demo.ts";
import { goldenCorpus, goldenStatistics, type TinyName } from "../../support/methods/tiny.ts";

vi.setConfig({ testTimeout: 120_000 });

const runtime = nodeRuntime();
const folder = (name: string) =>
  new URL(`../../golden/checkpoints/${name}`, import.meta.url).pathname;
const filesOf = (name: string) => (name === "demo" ? demoFiles : folderFiles(folder(name)));

/** A loaded model, and a footprint that begins where it is. */
async function loaded(name: string, precision: Precision) {
  const model = await Model.load(runtime, filesOf(name), { precision });
  const paper = new Footprint(model.config, runtime, precision);
  const weights = paper.load();
  expect(model.ledger.bytes).toBe(weights);
  return { model, paper, weights };
}

type Loaded = Awaited<ReturnType<typeof loaded>>;

/** The estimate is right within 5 %, of all bytes and of those beside the weights, and everything is given back. */
function expectAgreement({ model, paper, weights }: Loaded): void {
  expect([paper.bytes, model.ledger.bytes]).toEqual([weights, weights]);
  expect(model.peakBytes).toBeGreaterThan(weights);
  expect(Math.abs(paper.peak / model.peakBytes - 1)).toBeLessThan(0.05);
  const [said, found] = [paper.peak - weights, model.peakBytes - weights];
  expect(Math.abs(said / found - 1)).toBeLessThan(0.05);
}

/** The sizes of some facts' rows, each as the longest fact's. */
function sizeOf(facts: EditRows[]): EditSize {
  const [{ tokens, contexts, targetLength }] = facts;
  const rows = tokens.map((_, row) => {
    const all = facts.map((fact) => fact.tokens[row]);
    const longest = Math.max(...all.map(({ length }) => length));
    const width = Math.max(...facts.map((fact) => fact.tokens[row].length - fact.lookups[row]));
    const first = Math.min(...facts.map(({ lookups }) => lookups[row]));
    const shared = facts.length > 1 ? sharedLength(all, first) : 0;
    return { tokens: longest, lookup: longest - width, shared };
  });
  return { rows, contexts, target: targetLength };
}

const cases = ["tiny-gpt2", "tiny-gptj", "demo"].flatMap((name) =>
  (["f32", "q8", "q4"] as const).map((precision) => ({ name, precision })),
);

const factsOf = async (name: string): Promise<EditRequest[]> => {
  const { edit } = await demoNumbers<{ edit: GoldenMassEdit }>("memit.json");
  return name === "demo"
    ? edit.requests
    : edit.requests.map(({ target }) => ({ prompt: "{} was born in", subject: "Marie", target }));
};

describe.for(cases)(
  "$name in $precision: the footprint agrees with the ledger",
  ({ name, precision }) => {
    test.for(["state", "mlp", "attn"] as const)("of a trace of %s", async (kind) => {
      const made = await loaded(name, precision);
      const golden = await demoNumbers<GoldenTraces>("trace.json");
      const { prompt, subject } = golden.traces.mlp.request;
      const request: TraceRequest = {
        prompt,
        subject,
        kind,
        window: 3,
        samples: 4,
        seed: 1,
        replace: false,
        noise: { kind: "level", level: 0.1 },
      };
      const plan = planTrace(made.model, request);
      await trace(made.model, request);
      traceFootprint(made.paper, {
        prompt: plan.promptLength,
        subject: plan.subject[0],
        target: 1,
        kind,
        window: 3,
        samples: 4,
      });
      expectAgreement(made);
      await made.model.dispose();
    });

    test("of a ROME edit with sampled contexts", async () => {
      const made = await loaded(name, precision);
      const { model, paper } = made;
      const [fact] = await factsOf(name);
      const lengths: [number, number][] = [
        [4, 3],
        [6, 3],
      ];
      const settings = {
        ...romePreset(model.config).settings,
        layer: 0,
        steps: 3,
        contextLengths: lengths,
      };
      await rome(model, fact, { ...settings, covariance: "I" }, { seed: 1 });
      const contexts = await contextTemplates(model, lengths, { seed: 1 });
      const rows = editRows(model, checkEditRequest(model, fact, 0), {
        contexts,
        factToken: "subject_last",
      });
      romeFootprint(paper, { edit: sizeOf([rows]), layer: 0, contextLengths: lengths });
      expectAgreement(made);
      await model.dispose();
    });

    test("of a MEMIT edit of several facts", async () => {
      const made = await loaded(name, precision);
      const { model, paper } = made;
      const facts = await factsOf(name);
      const contexts = ["{}", "I said. {}", "The old. {}"];
      const layers = name === "demo" ? [0, 2] : [0, 1];
      const statistics = async (layer: number) =>
        name === "demo"
          ? (await shippedStatistics(demoFiles, model, layer))[0]
          : goldenStatistics(name as TinyName, layer);
      const settings = { ...memitPreset(model.config).settings, layers, steps: 3, lambda: 100 };
      await memit(model, facts, settings, { statistics, contexts, seed: 1 });
      const rows = facts.map((fact) =>
        editRows(model, checkEditRequest(model, fact, 0), {
          contexts: groupContexts(contexts).flat(),
          factToken: "subject_last",
        }),
      );
      const edit = sizeOf(rows);
      memitFootprint(paper, { edit, layers, facts: facts.length, sampled: false });
      expectAgreement(made);
      await model.dispose();
    });

    test("of collecting statistics", async () => {
      const made = await loaded(name, precision);
      const { model, paper } = made;
      const text = (await goldenCorpus()).join(" ");
      const longest = model.config.positions;
      const layers = [0, 1];
      await collectStatistics(model, Array<string>(30).fill(text), {
        layers,
        source: "corpus",
      });
      collectionFootprint(paper, { layers, longest, onGpu: false });
      expectAgreement(made);
      await model.dispose();
    });
  },
);
