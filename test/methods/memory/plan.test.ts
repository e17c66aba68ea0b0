import { describe, expect, test } from "vitest";
import { folderFiles } from "../../../src/cli/open/folderFiles.ts";
import { nodeRuntime } from "../../../src/cli/open/nodeRuntime.ts";
import { knownModels } from "../../../src/engine/architecture/knownModels.ts";
import { Model } from "../../../src/engine/Model.ts";
import { editRows } from "../../../src/methods/edit/editRows.ts";
import { plan, planPrecisions, type PlanRequest } from "../../../src/methods/memory/plan.ts";
import { romePreset } from "../../../src/methods/edit/rome/romePreset.ts";
import { rome } from "../../../src/methods/edit/rome/rome.ts";
import { trace } from "../../../src/methods/trace/trace.ts";
import { planTrace } from "../../../src/methods/trace/tracePlan.ts";
import { goldenStatistics } from "../../support/methods/tiny.ts";

const [small, , , xl, gptJ] = knownModels;
const GB = 1e9;

/** A device as large ones are. */
const large = { maxBufferSize: 2 ** 32 - 4, maxStorageBufferBindingSize: 2 ** 31 - 4 };
/** What WebGPU promises without asking for more. */
const least = { maxBufferSize: 2 ** 28, maxStorageBufferBindingSize: 2 ** 27 };

const xlTrace: PlanRequest = {
  config: xl.config,
  files: xl.files,
  precision: "f32",
  method: "trace",
  provider: "webgpu",
  limits: large,
  features: ["shader-f16"],
};

describe("the numbers", () => {
  test("GPT-2 XL in four precisions, side by side", () => {
    const plans = planPrecisions(xlTrace);
    expect(plans.map(({ precision }) => precision)).toEqual(["f32", "f16", "q8", "q4"]);
    const weights = plans.map((made) => made.weights / GB);
    // Vectors and positions stay float32; blocks of 32 take 36 or 20 bytes, and the embedding 8 bits in both.
    expect(weights).toBeAllclose([6.23, 3.12, 1.76, 1.02], { rtol: 0.01, atol: 0 });
    for (const made of plans) {
      const { weights, statistics, activations, scratch, total } = made;
      expect(total).toBe(weights + statistics + activations + scratch);
      expect(made.download).toEqual({ files: xl.files, bytes: 6_431_829_964 });
      expect(made.storage).toBe(6_431_829_964);
    }
  });

  test("a download that is not known yet is one float32 checkpoint", () => {
    const { files: _, ...unknown } = xlTrace;
    expect(plan(unknown).download.bytes / 6_431_829_964).toBeCloseTo(1, 4);
  });

  test.each(["trace", "rome", "memit", "statistics"] as const)(
    "%s: more layers take more",
    (method) => {
      const at = (layers: number) =>
        plan({ ...xlTrace, method, config: { ...xl.config, layers } }).total;
      expect(at(40)).toBeLessThan(at(44));
    },
  );

  test("collecting keeps two layers' sums beside the files", () => {
    const collect = { ...xlTrace, method: "statistics" as const };
    const [one, two] = [[17], [16, 17]].map((layers) => plan({ ...collect, job: { layers } }));
    // 325 tiles of 256 × 256 in float64.
    expect(one.storage - xl.files[0].bytes).toBe(8 * 325 * 256 ** 2);
    expect(two.storage - one.storage).toBe(8 * 325 * 256 ** 2);
    expect(two.statistics - one.statistics).toBe(4 * 325 * 256 ** 2);
  });

  test("on wasm one step's copies are counted, and everything is in the tab", () => {
    const made = plan({ ...xlTrace, provider: "wasm", precision: "q8" });
    expect(made.scratch).toBe(made.heap);
    expect(made.binds).toBe(Infinity);
    expect(made.host).toBeGreaterThan(made.total);
  });
});

describe("the verdict", () => {
  test("float16 without shader-f16 is refused, with the next smaller choice and numbers to compare", () => {
    const made = plan({ ...xlTrace, precision: "f16", features: [] });
    expect(made.verdict).toBe("refused");
    expect(made.reason).toContain("lacks shader-f16");
    expect(made.suggestion).toMatchObject({ precision: "q8" });
    expect(made.weights / GB).toBeCloseTo(3.12, 2);
  });

  test("a matrix that no split makes fit is refused", () => {
    const limits = { maxBufferSize: 4096, maxStorageBufferBindingSize: 4096 };
    const made = plan({ ...xlTrace, limits });
    expect(made.verdict).toBe("refused");
    expect(made.reason).toContain("cannot be split");
    expect(made.suggestion).toBeUndefined();
  });

  test("GPT-J over texts of 2048 tokens has scores that a least device cannot bind; shorter texts are advised", () => {
    const job = { text: 2048 };
    const request = { ...xlTrace, config: gptJ.config, files: gptJ.files, limits: least, job };
    const made = plan({ ...request, method: "statistics", precision: "q4" });
    expect(made.verdict).toBe("refused");
    expect(made.reason).toBe(
      "one tensor of 268 MB has to be bound at once, and this graphics device binds at most 134 MB",
    );
    expect(made.suggestion).toMatchObject({ job: { text: 1024 } });
  });

  test("with more than wasm's heap holds a step is refused", () => {
    const job = { samples: 4000 };
    const made = plan({ ...xlTrace, provider: "wasm", precision: "q4", job });
    expect(made.heap).toBeGreaterThan(2 ** 32);
    expect(made).toMatchObject({ verdict: "refused", suggestion: { job: { samples: 5 } } });
    expect(made.reason).toContain("heap of WebAssembly");
  });

  test("where memory is told, it decides: a smaller precision, or a smaller model", () => {
    expect(plan({ ...xlTrace, memory: 16 * GB })).toMatchObject({ verdict: "fits" });
    const tight = plan({ ...xlTrace, memory: 4 * GB });
    expect(tight).toMatchObject({ verdict: "refused", suggestion: { precision: "f16" } });
    expect(tight.reason).toContain("4.0 GB of graphics memory");
    const tiny = plan({ ...xlTrace, memory: 0.3 * GB, precision: "q4" });
    expect(tiny.suggestion).toMatchObject({ model: { id: "openai-community/gpt2" } });
    expect(plan({ ...xlTrace, memory: 1e6 }).suggestion).toBeUndefined();
  });

  test("where nothing tells, it says so, what it assumes and how that compares", () => {
    const made = plan(xlTrace);
    expect(made.verdict).toBe("unknown");
    expect(made.reason).toBe(
      `it takes about ${(made.total / GB).toFixed(1)} GB; WebGPU does not tell how much memory a graphics device has, and with the 8.0 GB that are assumed it would fit`,
    );
    expect(made.suggestion).toBeUndefined();
    const larger = plan({ ...xlTrace, config: gptJ.config, files: gptJ.files });
    expect(larger).toMatchObject({ verdict: "unknown", suggestion: { precision: "q8" } });
    expect(larger.reason).toContain("it would not fit");
  });

  test("a small model fits anywhere", () => {
    const made = plan({ ...xlTrace, config: small.config, precision: "q8" });
    expect(made).toMatchObject({ verdict: "fits" });
  });

  test("a small quota is a warning, not a refusal", () => {
    expect(plan({ ...xlTrace, quota: 7 * GB }).warnings).toEqual([]);
    const { warnings, verdict } = plan({ ...xlTrace, quota: 2 * GB });
    expect(verdict).toBe("unknown");
    expect(warnings).toEqual([
      "the browser's storage has 2.0 GB free, but keeping this takes 6.4 GB: it can be used, but will be downloaded again next time",
    ]);
  });
});

describe("a plan agrees with what the engine counts while the method runs", () => {
  const files = folderFiles(
    new URL("../../golden/checkpoints/tiny-gpt2", import.meta.url).pathname,
  );
  const cases = (["f32", "q8", "q4"] as const).map((precision) => ({ precision }));

  test.for(cases)("a trace in $precision", async ({ precision }) => {
    const model = await Model.load(nodeRuntime(), files, { precision });
    const request = {
      prompt: "Marie was born in the old town",
      subject: "Marie",
      kind: "mlp" as const,
      window: 3,
      samples: 5,
      seed: 1,
      replace: false,
      noise: { kind: "level" as const, level: 0.1 },
    };
    const { promptLength, subject } = planTrace(model, request);
    await trace(model, request);
    const made = plan({
      config: model.config,
      precision,
      method: "trace",
      provider: "cpu",
      job: { ...request, prompt: promptLength, subject: [subject[0], subject[1] - 1], target: 1 },
    });
    expect(made.weights).toBe(model.ledger.bytes);
    const engine = model.peakBytes - model.ledger.bytes;
    expect(Math.abs(made.activations / engine - 1)).toBeLessThan(0.05);
    await model.dispose();
  });

  test.for(cases)(
    "a ROME edit in $precision, planned from the bare prompt",
    async ({ precision }) => {
      const model = await Model.load(nodeRuntime(), files, { precision });
      const fact = { prompt: "{} was born in", subject: "Marie", target: " the" };
      const contexts = ["{}"];
      const statistics = await goldenStatistics("tiny-gpt2", 0);
      const settings = {
        ...romePreset(model.config).settings,
        layer: 0,
        steps: 2,
        contextLengths: [],
      };
      await rome(model, fact, settings, { contexts, statistics, seed: 1 });
      const rows = editRows(model, fact, { contexts, factToken: "subject_last" });
      const made = plan({
        config: model.config,
        precision,
        method: "rome",
        provider: "cpu",
        job: {
          prompt: rows.tokens[0].length - rows.targetLength + 1,
          target: rows.targetLength,
          subject: [0, rows.lookups[0]],
          settings,
        },
      });
      const engine = model.peakBytes - model.ledger.bytes;
      expect(Math.abs(made.activations / engine - 1)).toBeLessThan(0.05);
      await model.dispose();
    },
  );
});
