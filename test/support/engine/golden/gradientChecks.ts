import { mlpOutName } from "../../../../src/methods/edit/weightNorm.ts";
import { expectClose } from "./expectClose.ts";
import type { Golden } from "./goldenModel.ts";

/** Gradients of the mean NLL and of a KL by every site of one layer and its MLP output matrix. */
export async function checkGradients({ model, engine, arrays }: Golden): Promise<void> {
  const { layer } = engine;
  const rows = engine.tokens.map((row, r) => [...row, ...engine.target_tokens[r].slice(0, -1)]);
  const count = engine.target_tokens.flat().length;
  const nll = engine.target_tokens.flatMap((target, row) =>
    target.map((id, j) => ({
      row,
      token: engine.tokens[row].length - 1 + j,
      target: id,
      weight: 1 / count,
    })),
  );
  const first = await model.run({ tokens: rows, readout: [{ row: 0, token: 0 }] });
  const kl = [{ row: 0, token: engine.tokens[0].length - 1, reference: first.readout, weight: 1 }];
  const sites = ["embed", "hidden", "attn", "mlp", "key"] as const;
  const wrt = [...sites.map((site) => ({ site, layer })), { weight: mlpOutName(model, layer) }];
  const losses = {
    gradient: { nll },
    gradient_kl: { nll: nll.map((term) => ({ ...term, weight: 0 })), kl },
  };
  for (const [name, loss] of Object.entries(losses)) {
    const result = await model.gradient({ tokens: rows }, loss, wrt);
    expectClose([result.loss], arrays[`${name}.loss`], `${name}.loss`);
    [...sites, "mlpOut"].forEach((site, i) => {
      expectClose(result.gradients[i], arrays[`${name}.${site}`], `${name}.${site}`);
    });
  }
}

/** What a gradient and its loss must pass. */
export const gradientChecks = { gradients: checkGradients };
