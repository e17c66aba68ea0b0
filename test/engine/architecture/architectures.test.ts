import { afterAll, beforeAll, expect, test } from "vitest";
import { folderFiles } from "../../../src/cli/open/folderFiles.ts";
import { nodeRuntime } from "../../../src/cli/open/nodeRuntime.ts";
import type { Architecture } from "../../../src/engine/architecture/Architecture.ts";
import { architectures } from "../../../src/engine/architecture/architectures.ts";
import { gpt2 } from "../../../src/engine/architecture/gpt2.ts";
import { Model } from "../../../src/engine/Model.ts";
import { memoryFiles } from "../../support/engine/memoryFiles.ts";

// What adding an architecture takes: its table, and its name in the list.
const copy: Architecture = { ...gpt2, modelType: "gpt2-copy", title: "A copy of GPT-2" };

beforeAll(() => void architectures.push(copy));
afterAll(() => void architectures.splice(architectures.indexOf(copy), 1));

const folder = new URL("../../golden/checkpoints/tiny-gpt2/", import.meta.url).pathname;
const names = ["tokenizer.json", "tokenizer_config.json", "model.safetensors"];
const tokens = [[5, 17, 200, 33, 8]];

async function numbersOf(files: Parameters<typeof Model.load>[1]) {
  const model = await Model.load(nodeRuntime(), files);
  const sites = (["embed", "attn", "key", "mlp", "hidden"] as const).map((site) => ({
    site,
    layer: 1,
  }));
  const loss = { nll: [{ row: 0, token: 4, target: 9, weight: 1 }] };
  const { watched, readout } = await model.run({
    tokens,
    watch: sites,
    readout: [{ row: 0, token: 4 }],
  });
  const { gradients } = await model.gradient({ tokens }, loss, sites);
  const { architecture } = model.config;
  await model.dispose();
  return { architecture, numbers: [...watched, readout, ...gradients] };
}

test("a copy of GPT-2 under another name is one table and its name in the list, with equal bits", async () => {
  const files = folderFiles(folder);
  const config = JSON.parse(new TextDecoder().decode(await files.read("config.json"))) as object;
  const copied = memoryFiles({
    "config.json": { ...config, model_type: "gpt2-copy" },
    ...Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await files.read(name)] as const)),
    ),
  });
  const [original, another] = [await numbersOf(files), await numbersOf(copied)];
  expect(another.architecture).toBe("gpt2-copy");
  expect(another.numbers).toEqual(original.numbers);
});

test("every table says what a block must have", () => {
  for (const { modules, fused } of architectures) {
    const roles = modules({ dModel: 8, dMlp: 32 } as never).map(({ role }) => role);
    expect(new Set(roles).size).toBe(roles.length);
    expect(roles).toEqual(expect.arrayContaining(["attnNorm", "attnOut", "mlpIn", "mlpOut"]));
    const inputs = fused ? ["queryKeyValue"] : ["query", "key", "value"];
    expect(roles).toEqual(expect.arrayContaining(inputs));
  }
});
