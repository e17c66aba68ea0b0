import { describe, expect, test } from "vitest";
import { urlFiles } from "../../../src/engine/files/ModelFiles.ts";
import { openWebRuntime } from "../../../src/engine/runtime/webRuntime.ts";
import { both, footprintChecks, openPair } from "../../support/engine/footprintChecks.ts";

const files = (name: string) =>
  urlFiles(new URL(`/test/golden/checkpoints/${name}`, globalThis.location.origin).href);
const opened = openWebRuntime("webgpu");

const cases = [
  { name: "tiny-gpt2", precision: "f32" },
  { name: "tiny-gpt2", precision: "q8" },
  { name: "tiny-gptj", precision: "q4" },
] as const;

describe.for(cases)(
  "$name in $precision on WebGPU: the footprint is the ledger's",
  ({ name, precision }) => {
    test.for(Object.entries(footprintChecks))("of %s", async ([, check]) => {
      const { runtime } = await opened;
      const made = await openPair(runtime, files(name), precision);
      await check(made);
      const { engine, paper } = both(made);
      expect(paper).toEqual(engine);
      await made.model.dispose();
    });
  },
);
