import { expect } from "vitest";
import { BlockBuffers } from "../../../src/kernels/device/BlockBuffers.ts";
import { Gpu } from "../../../src/kernels/device/Gpu.ts";
import { tileProductReference } from "../../../src/kernels/products/tileProducts.reference.ts";
import {
  measuredVariant,
  tileProducts,
  type ProductVariant,
} from "../../../src/kernels/products/tileProducts.ts";
import { gpuTest } from "../../support/device.ts";
import { uniform } from "../../support/kernels/positiveDefinite.ts";

const block = (length: number, seed: number) => Float32Array.from(uniform(length, seed));

const variants: ProductVariant[] = ["direct", "shared"];
const sizes = [
  { rows: 4, width: 16, depth: 4 },
  { rows: 12, width: 48, depth: 20 },
  { rows: 64, width: 32, depth: 64 },
  { rows: 128, width: 64, depth: 36 },
];

gpuTest.for(variants.flatMap((variant) => sizes.map((size) => ({ variant, ...size }))))(
  "C = A B, C += A B and C -= A Bᵀ of $rows × $width over $depth, $variant",
  async (size, { gpu }) => {
    const { variant, ...shape } = size;
    const { rows, width, depth } = shape;
    const bytes = (length: number) => ({ count: 3, bytes: length * 4 });
    const [a, b, c] = [
      new BlockBuffers(gpu, "test.a", bytes(rows * depth)),
      new BlockBuffers(gpu, "test.b", bytes(width * depth)),
      new BlockBuffers(gpu, "test.c", bytes(rows * width)),
    ];
    const [left, right, start] = [
      block(rows * depth, 1),
      block(width * depth, 2),
      block(rows * width, 3),
    ];
    a.write(2, left);
    b.write(1, right);
    for (const transposed of [false, true]) {
      const product = tileProductReference(left, right, { ...shape, transposed });
      for (const [into, keep, sign] of [
        ["C = AB", 0, 1],
        ["C += AB", 1, 1],
        ["C -= AB", 1, -1],
      ] as const) {
        c.write(2, start);
        const places = { a: a.place(2), b: b.place(1), c: c.place(2) };
        await tileProducts(gpu, [places], { ...shape, transposed, into }, variant);
        const expected = product.map((x, i) => keep * start[i] + sign * x);
        expect(await c.read(2)).toBeAllclose(expected, { atol: 1e-5 });
      }
    }
    expect(await c.read(0)).toEqual(new Float32Array(rows * width));
    for (const blocks of [a, b, c]) blocks.dispose();
  },
);

gpuTest("takes a list of products whose blocks lie in several buffers", async ({ device }) => {
  const gpu = new Gpu(device, { bindingLimit: 2 * 16 * 16 * 4 });
  const [size, count] = [16, 5];
  const shape = { rows: size, width: size, depth: size, transposed: true };
  const make = (label: string) => new BlockBuffers(gpu, label, { count, bytes: size * size * 4 });
  const [a, c] = [make("test.a"), make("test.c")];
  const blocks = Array.from({ length: count }, (_, i) => block(size * size, i));
  blocks.forEach((data, i) => a.write(i, data));
  const pairs = blocks.map((_, i) => [i, (2 * i + 1) % count]);
  await tileProducts(
    gpu,
    pairs.map(([i, j]) => ({ a: a.place(i), b: a.place(j), c: c.place(i) })),
    { ...shape, into: "C = AB" },
  );
  for (const [i, j] of pairs) {
    const expected = tileProductReference(blocks[i], blocks[j], shape);
    expect(await c.read(i)).toBeAllclose(expected, { atol: 1e-5 });
  }
  a.dispose();
  c.dispose();
  expect(gpu.buffers).toBe(0);
});

gpuTest.for(variants)("%s: leaves out what is zero or not wanted", async (variant, { gpu }) => {
  const size = 48;
  const shape = { rows: size, width: size, depth: size, transposed: false };
  const make = (label: string) =>
    new BlockBuffers(gpu, label, { count: 1, bytes: size * size * 4 });
  const [a, b, c] = [make("test.a"), make("test.b"), make("test.c")];
  const places = { a: a.place(0), b: b.place(0), c: c.place(0) };
  const left = block(size * size, 1);
  const upper = block(size * size, 2).map((x, at) => (at % size >= Math.floor(at / size) ? x : 0));
  const expected = tileProductReference(left, upper, shape);
  a.write(0, left);
  b.write(0, upper);
  await tileProducts(gpu, [places], { ...shape, upper: true, into: "C = AB" }, variant);
  expect(await c.read(0)).toBeAllclose(expected, { atol: 1e-5 });
  c.write(0, new Float32Array(size * size));
  await tileProducts(gpu, [{ ...places, lower: true }], { ...shape, into: "C = AB" }, variant);
  const found = await c.read(0);
  const below = (_: number, at: number) => at % size <= Math.floor(at / size);
  expect(found.filter(below)).toBeAllclose(expected.filter(below), { atol: 1e-5 });
  expect(found[size - 1]).toBe(0);
  for (const blocks of [a, b, c]) blocks.dispose();
});

gpuTest("measures which variant is faster and keeps no buffer", async ({ gpu }) => {
  const choice = await measuredVariant(gpu, 1);
  expect(variants).toContain(choice);
  expect(gpu.buffers).toBe(0);
  expect(await measuredVariant(gpu, 1)).toBe(choice);
});
