import { buildExpanded } from "../graphs/dense.ts";
import { mlpOut } from "../architecture/blockWeights.ts";
import { partName } from "../graphs/matrix.ts";
import type { Transformer } from "../transformer/Transformer.ts";

/** The MLP output matrix W [dMlp, dModel] of a layer, read back from its device as float32 whatever its form and parts. */
export async function readMlpOut(model: Transformer, layer: number): Promise<Float32Array> {
  const { config, layout, memory, programs, weights } = model;
  const name = mlpOut(config);
  const { form, parts } = layout.layouts[name];
  if (form === "f32" && parts.length === 1) return memory.read(weights.layers[layer][name]);
  const program = await programs.get("expanded", () => buildExpanded(config, layout));
  const expanded = await program.run(weights.layers[layer]);
  const whole = new Float32Array(config.dMlp * config.dModel);
  let first = 0;
  for (const [i, columns] of parts.entries()) {
    const tensor = expanded[partName(name, i, layout.layouts[name])];
    const part = await memory.read(tensor);
    for (let row = 0; row < config.dMlp; row++) {
      const values = part.subarray(row * columns, (row + 1) * columns);
      whole.set(values, row * config.dModel + first);
    }
    memory.release(tensor);
    first += columns;
  }
  return whole;
}
