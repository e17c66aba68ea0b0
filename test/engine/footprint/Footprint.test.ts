import { describe, expect, test } from "vitest";
import { folderFiles } from "../../../src/cli/open/folderFiles.ts";
import { nodeRuntime } from "../../../src/cli/open/nodeRuntime.ts";
import { Footprint } from "../../../src/engine/footprint/Footprint.ts";
import { knownModels } from "../../../src/engine/architecture/knownModels.ts";
import { precisions } from "../../../src/engine/checkpoint/precision.ts";
import { both, footprintChecks, openPair } from "../../support/engine/footprintChecks.ts";

const names = [
  "tiny-gpt2",
  "tiny-gpt2-untied",
  "tiny-gptj",
  "tiny-neox",
  "tiny-neox-sequential",
] as const;
const cases = names.flatMap((name) => precisions.map((precision) => ({ name, precision })));

describe.for(cases)("$name in $precision: the footprint is the ledger's", ({ name, precision }) => {
  test.for(Object.entries(footprintChecks))("of %s", async ([, check]) => {
    const folder = new URL(`../../golden/checkpoints/${name}`, import.meta.url).pathname;
    const made = await openPair(nodeRuntime(), folderFiles(folder), precision);
    await check(made);
    const { engine, paper } = both(made);
    expect(paper).toEqual(engine);
    await made.model.dispose();
  });
});

test("GPT-2 XL takes its parameters four bytes each, and in blocks of 4 bits a sixth of that", () => {
  const { config, parameters } = knownModels[3];
  const weights = (precision: "f32" | "q4") =>
    new Footprint(config, { provider: "cpu" }, precision).load();
  expect(weights("f32")).toBe(4 * parameters);
  expect(weights("q4") / weights("f32")).toBeCloseTo(1 / 6, 2);
});

test("a device without shader-f16 is refused float16, as by the engine", () => {
  const limits = { maxBufferSize: 2 ** 28, maxStorageBufferBindingSize: 2 ** 27 };
  const host = { provider: "webgpu" as const, device: { features: new Set<string>(), limits } };
  expect(() => new Footprint(knownModels[0].config, host, "f16")).toThrow("lacks shader-f16");
});
