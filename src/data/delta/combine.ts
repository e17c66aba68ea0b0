import { type Change, isLowRank, shapeOf, type WeightDelta } from "./delta.ts";

/**
 * One entry per weight of a stack of edits, whose ΔW is the sum of theirs: factors stand below each other, dense
 * changes are added, and where both meet the sum is dense. `norm` is kept only where nothing was joined.
 *
 * @throws one sentence where changes of one weight differ in shape
 */
export function combine(weights: readonly WeightDelta[]): WeightDelta[] {
  const byName = new Map<string, WeightDelta[]>();
  for (const entry of weights) {
    const same = byName.get(entry.weight) ?? [];
    same.push(entry);
    byName.set(entry.weight, same);
  }
  return Array.from(byName, ([weight, entries]) =>
    entries.length === 1 ? entries[0] : { weight, change: sumOf(weight, entries) },
  );
}

/** ΔW row-major in its shape, summed in float64; of a dense change itself. */
export function denseOf(change: Change): Float32Array {
  if (!isLowRank(change)) return change.dense;
  return Float32Array.from(addTo(new Float64Array(sizeOf(shapeOf(change))), change));
}

function sumOf(weight: string, entries: readonly WeightDelta[]): Change {
  const changes = entries.map(({ change }) => change);
  const shape = shapeOf(changes[0]);
  for (const change of changes) {
    const here = shapeOf(change);
    if (here.join() === shape.join()) continue;
    throw new Error(
      `${weight} is [${shape.join(", ")}] in one edit and [${here.join(", ")}] in another; they were made for different models`,
    );
  }
  if (changes.every(isLowRank)) {
    return {
      rank: changes.reduce((sum, { rank }) => sum + rank, 0),
      u: joined(changes.map(({ u }) => u)),
      v: joined(changes.map(({ v }) => v)),
    };
  }
  const sum = new Float64Array(sizeOf(shape));
  for (const change of changes) addTo(sum, change);
  return { shape, dense: Float32Array.from(sum) };
}

function addTo(sum: Float64Array, change: Change): Float64Array {
  if (!isLowRank(change)) {
    change.dense.forEach((x, i) => (sum[i] += x));
    return sum;
  }
  const { rank, u, v } = change;
  const [inputs, outputs] = shapeOf(change);
  for (let r = 0; r < rank; r++) {
    for (let i = 0; i < inputs; i++) {
      const factor = u[r * inputs + i];
      for (let o = 0; o < outputs; o++) sum[i * outputs + o] += factor * v[r * outputs + o];
    }
  }
  return sum;
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1);

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
