import { describe, expect, test } from "vitest";
import { fromFloat16, toFloat16 } from "../../../src/data/weights/float16.ts";
import { BLOCK, dequantizeRows, quantizeRows } from "../../../src/engine/checkpoint/quantize.ts";
import { NumpyRandom } from "../../../src/methods/random/numpyRandom.ts";

const uniforms = (seed: number, n: number): Float64Array => new NumpyRandom(seed).uniform(0, 1, n);
const normals = (seed: number, n: number): Float32Array =>
  new Float32Array(new NumpyRandom(seed).randn(n));

const squared = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, x, i) => sum + (x - b[i]) ** 2, 0);

/** The squared error of a block at a scale, by the definition. */
function errorAt(block: Float32Array, scale: number, levels: number): number {
  return block.reduce((sum, x) => {
    const q = scale === 0 ? 0 : Math.max(-levels, Math.min(levels - 1, Math.round(x / scale)));
    return sum + (x - q * scale) ** 2;
  }, 0);
}

/** The least squared error of a block over a fine grid of scales of both signs, in float64. */
function leastError(block: Float32Array): number {
  const size = Math.max(...block.map(Math.abs));
  let least = Infinity;
  for (let level = 4; level <= 10; level += 0.005) {
    least = Math.min(least, errorAt(block, size / level, 8), errorAt(block, -size / level, 8));
  }
  return least;
}

/** The least squared error of a block of tiny weights over all scales float16 has there. */
function leastErrorInSteps(block: Float32Array, levels: number): number {
  let least = Infinity;
  for (let steps = -4096; steps <= 4096; steps++) {
    least = Math.min(least, errorAt(block, steps * 2 ** -24, levels));
  }
  return least;
}

function roundTrip(data: Float32Array, shape: [number, number], bits: 4 | 8): Float32Array {
  return dequantizeRows(quantizeRows(data, shape, bits), shape, bits);
}

const blocks = (data: Float32Array): Float32Array[] =>
  Array.from({ length: data.length / BLOCK }, (_, b) => data.subarray(b * BLOCK, (b + 1) * BLOCK));

describe("4 bits", () => {
  test.for([
    ["normal", normals(1, 300 * BLOCK), 1.02],
    ["uniform", Float32Array.from(uniforms(2, 300 * BLOCK), (x) => x - 0.5), 1.04],
    ["positive", Float32Array.from(uniforms(3, 300 * BLOCK)), 1.04],
    ["heavy-tailed", normals(4, 300 * BLOCK).map((x) => x ** 3), 1.02],
  ] as const)("%s weights lose hardly more than in a slow search", ([, data, worse]) => {
    const got = roundTrip(data, [300, BLOCK], 4);
    const least = blocks(data).reduce((sum, block) => sum + leastError(block), 0);
    expect(squared(got, data) / least).toBeLessThan(worse);
    // Dividing the largest magnitude by 7, as is common, loses a fifth more at least.
    const plain = blocks(data).reduce(
      (sum, block) => sum + errorAt(block, Math.max(...block.map(Math.abs)) / 7, 8),
      0,
    );
    expect(squared(got, data) * 1.2).toBeLessThan(plain);
  });

  test("every integer is the nearest one for its scale, low nibble first", () => {
    const data = normals(5, 8 * 64);
    const { q, scale } = quantizeRows(data, [8, 64], 4);
    data.forEach((x, i) => {
      const nibble = i % 2 === 0 ? q[i >> 1] & 15 : q[i >> 1] >> 4;
      const exact = x / scale[Math.floor(i / BLOCK)];
      const nearest = Math.max(-8, Math.min(7, exact));
      expect(Math.abs(nibble - 8 - nearest)).toBeLessThan(0.5 + 1e-9);
    });
  });

  test("weights on the grid come back exactly", () => {
    const grid = Float32Array.from({ length: BLOCK }, (_, i) => ((i % 16) - 8) * 0.25);
    expect(roundTrip(grid, [1, BLOCK], 4)).toEqual(grid);
    expect(
      roundTrip(
        grid.map((x) => -x),
        [1, BLOCK],
        4,
      ),
    ).toEqual(grid.map((x) => -x));
  });

  test("no nibble overflows where the fitted scale is far from the largest weight", () => {
    for (let level = 0.3; level < 3; level += 0.01) {
      const data = new Float32Array(BLOCK).fill(level);
      data[9] = -8;
      const got = roundTrip(data, [1, BLOCK], 4);
      const plain = Math.min(errorAt(data, 8 / 7, 8), errorAt(data, 1, 8));
      expect(squared(got, data)).toBeLessThan(1.01 * plain + 1e-6);
    }
  });
});

describe("8 bits", () => {
  test("no weight is off by more than half a scale and the scale's own rounding", () => {
    const data = normals(6, 100 * 96);
    const { q, scale } = quantizeRows(data, [100, 96], 8);
    const got = dequantizeRows({ q, scale }, [100, 96], 8);
    data.forEach((x, i) => {
      const step = Math.abs(scale[Math.floor(i / BLOCK)]);
      // One weight may be as far as 127 from zero on the side that has 127 only.
      const bound = Math.abs(x) > 127.4 * step ? 1.1 * step : 0.5001 * step;
      expect(Math.abs(got[i] - x)).toBeLessThan(bound);
    });
    expect(squared(got, data) / squared(new Float32Array(data.length), data)).toBeLessThan(4e-5);
  });

  test("the weight of largest magnitude becomes -128", () => {
    const data = normals(7, BLOCK);
    const largest = data.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a));
    const { q, scale } = quantizeRows(data, [1, BLOCK], 8);
    expect(q[data.indexOf(largest)]).toBe(0);
    expect(Math.sign(scale[0])).toBe(-Math.sign(largest));
  });
});

describe.for([4, 8] as const)("%i bits", (bits) => {
  test("a row that is no multiple of 32 is padded with zero points", () => {
    const data = normals(8, 3 * 45);
    const { q, scale } = quantizeRows(data, [3, 45], bits);
    expect(scale.length).toBe(3 * 2);
    expect(q.length).toBe((3 * 2 * BLOCK * bits) / 8);
    const padding = q.subarray((45 * bits) / 8 + 1, (64 * bits) / 8);
    expect([...new Set(padding)]).toEqual([bits === 4 ? 0x88 : 128]);
    // The same row padded by hand, and by itself.
    const wide = new Float32Array(64);
    wide.set(data.subarray(45, 90));
    const alone = quantizeRows(wide, [1, 64], bits);
    expect(q.subarray(q.length / 3, (2 * q.length) / 3)).toEqual(alone.q);
    expect(dequantizeRows({ q, scale }, [3, 45], bits).subarray(45, 90)).toEqual(
      dequantizeRows(alone, [1, 64], bits).subarray(0, 45),
    );
  });

  test("float16 can hold every scale", () => {
    const data = normals(9, 200 * BLOCK).map((x, i) => x * 10 ** (-6 + (i / BLOCK) * 0.05));
    const { scale } = quantizeRows(data, [200, BLOCK], bits);
    expect(fromFloat16(toFloat16(scale))).toEqual(scale);
    expect(Math.min(...scale.map(Math.abs))).toBeLessThan(2 ** -14);
  });

  test("zeros stay zeros", () => {
    const zeros = new Float32Array(2 * 40);
    zeros[3] = -0;
    expect(roundTrip(zeros, [2, 40], bits)).toBeAllclose(new Float32Array(80), { atol: 0 });
  });

  test("tiny weights, whose scales float16 holds with few digits or not at all", () => {
    const worse = bits === 4 ? 1.3 : 4; // 8 bits never clip, so one step may become two
    for (let exponent = -30; exponent < -13; exponent += 0.75) {
      const data = normals(10, BLOCK).map((x) => x * 2 ** exponent);
      const got = roundTrip(data, [1, BLOCK], bits);
      expect(squared(got, data)).toBeLessThan(worse * leastErrorInSteps(data, 2 ** (bits - 1)));
    }
    const least = new Float32Array(BLOCK).fill(2 ** -149);
    expect(roundTrip(least, [1, BLOCK], bits)).toBeAllclose(new Float32Array(BLOCK), { atol: 0 });
  });

  test("what cannot be held is refused in a sentence", () => {
    for (const bad of [NaN, Infinity, -Infinity]) {
      const data = normals(11, 2 * 40);
      data[75] = bad;
      expect(() => quantizeRows(data, [2, 40], bits)).toThrow(
        `a weight is ${bad}; only finite weights can be quantized`,
      );
    }
    const large = new Float32Array(BLOCK).fill(1e7);
    expect(() => quantizeRows(large, [1, BLOCK], bits)).toThrow(
      /a weight of magnitude .* cannot be quantized \(at most \d+\)/,
    );
    expect(() => quantizeRows(new Float32Array(5), [1, 6], bits)).toThrow(
      "invalid shape: [1, 6] (the matrix has 5 numbers)",
    );
    const { q, scale } = quantizeRows(new Float32Array(64), [1, 64], bits);
    expect(() => dequantizeRows({ q, scale }, [1, 65], bits)).toThrow("invalid shape: [1, 65]");
  });

  test("a view in the middle of a buffer", () => {
    const data = normals(12, 100);
    const view = data.subarray(7, 71);
    expect(quantizeRows(view, [2, 32], bits)).toEqual(quantizeRows(view.slice(), [2, 32], bits));
  });

  test("the same weights give the same bytes, however the rows are cut", () => {
    const data = normals(13, 64 * 64);
    const once = quantizeRows(data, [64, 64], bits);
    expect(quantizeRows(data, [64, 64], bits)).toEqual(once);
    expect(quantizeRows(data, [128, 32], bits)).toEqual(once);
  });
});
