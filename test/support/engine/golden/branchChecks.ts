import { expect } from "vitest";
import type { Site } from "../../../../src/engine/architecture/sites.ts";
import type { Golden } from "./goldenModel.ts";

/** Branches of a kept run, against runs from the start with the same interventions. */
export async function checkBranches({ model, engine }: Golden): Promise<void> {
  const tokens = [engine.tokens[0], [...engine.tokens[0]].reverse()];
  const last = tokens[0].length - 1;
  const { dModel, dMlp, layers } = model.config;
  const { kept } = await model.run({ tokens, keep: true });
  const vector = (width: number, rows = 1) =>
    Float32Array.from({ length: rows * width }, (_, i) => Math.sin(i + 1));
  const at = (
    site: Exclude<Site, "embed">,
    layer: number,
    token: number,
    mode: "add" | "replace",
  ) => ({
    site,
    layer,
    token,
    mode,
    values: vector(site === "key" ? dMlp : dModel, token % 2 ? 2 : 1),
  });
  const branches = [
    [at("hidden", 0, 3, "replace")],
    [at("hidden", 1, 3, "replace"), at("hidden", 2, 5, "replace")],
    [at("mlp", 0, 3, "replace"), at("mlp", 1, 3, "replace")],
    [at("attn", 1, 4, "add")],
    [at("key", 0, 4, "add"), at("mlp", 2, last, "replace")],
    [at("hidden", 0, 2, "add"), at("attn", 0, 6, "replace")],
    [at("hidden", layers - 1, 2, "replace")],
    [at("hidden", layers - 1, last, "replace")],
  ].map((interventions) => ({ interventions }));
  const readout = [
    { token: 3, target: 7 },
    { token: last, target: 11 },
  ];
  const found = await model.branch(kept!, branches, readout);
  for (const [b, { interventions }] of branches.entries()) {
    const expected = await model.run({
      tokens,
      interventions: interventions.map(({ token, ...rest }) => ({ ...rest, tokens: [token] })),
      readout: tokens.flatMap((_, row) => readout.map((r) => ({ row, ...r }))),
    });
    const size = tokens.length * readout.length;
    expect(found.subarray(b * size, (b + 1) * size), `branch ${b}`).toBeAllclose(expected.readout, {
      rtol: 0,
      atol: 1e-4,
    });
  }
  kept!.dispose();
}

/** What a branch of a run must pass. */
export const branchChecks = { branches: checkBranches };
