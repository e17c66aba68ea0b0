import { BlockBuffers, type BlockPlace } from "../device/BlockBuffers.ts";
import type { Dispatch, Gpu, Shader } from "../device/Gpu.ts";
import shared from "./tileProducts.shared.wgsl?raw";
import direct from "./tileProducts.wgsl?raw";
import { fastest } from "../device/tuning.ts";

/** Blocks of a product C = A B: a [rows, depth], b [depth, width] or [width, depth], c [rows, width]. */
export interface TileProduct {
  a: BlockPlace;
  b: BlockPlace;
  /** In another buffer than a and b; no two products of one call have the same. */
  c: BlockPlace;
  /** Only what lies on or below the diagonal of c is wanted; what lies above is unspecified. */
  lower?: boolean;
}

/** What the products of one call have in common. */
export interface ProductShape {
  /** A multiple of 4. */
  rows: number;
  /** A multiple of 16. */
  width: number;
  /** A multiple of 4. */
  depth: number;
  /** Whether b is given transposed, as [width, depth]. */
  transposed: boolean;
  /** B [depth, width] is upper triangular, and what lies below its diagonal is not read beyond 4 × 4 entries. */
  upper?: boolean;
  /** What becomes of the product. */
  into: "C = AB" | "C += AB" | "C -= AB";
}

/** Multiplications in one submission: a fifth of a second on a device as slow as 2.5 · 10⁹ a second, and watchdogs wait two. */
const mostPerSubmission = 5e8;

/** Whether threads read what they need straight from memory, or a workgroup reads it once for all of its threads. */
export type ProductVariant = "direct" | "shared";

const codes: Record<ProductVariant, string> = { direct, shared };

/**
 * Multiplies blocks on the GPU: the inner loop of the blocked Cholesky factorisation and of the triangular solves.
 *
 * Accumulation: `depth` products are summed in float32, then added to C once.
 */
export async function tileProducts(
  gpu: Gpu,
  products: TileProduct[],
  shape: ProductShape,
  variant?: ProductVariant,
): Promise<void> {
  const kernel = await productKernel(gpu, shape, variant ?? (await fastestVariant(gpu)));
  gpu.withUniforms("tileProducts.shape", [shapeWords(shape)], ([uniform]) =>
    runProducts(gpu, products, { ...kernel, uniform }),
  );
}

async function productKernel(gpu: Gpu, shape: ProductShape, variant: ProductVariant) {
  const name = `tileProducts.${variant}`;
  const pipeline = await gpu.pipeline(productShader({ name, code: codes[variant] }, shape));
  return { pipeline, shape };
}

function shapeWords({ rows, width, depth, upper = false, into }: ProductShape): Uint32Array {
  const words = new Uint32Array([rows, width, depth, Number(upper), Number(into !== "C = AB"), 0]);
  new Float32Array(words.buffer)[5] = into === "C -= AB" ? -1 : 1;
  return words;
}

/** The faster variant on this device; software prefers the direct one, for barriers cost it more than they save. */
async function fastestVariant(gpu: Gpu): Promise<ProductVariant> {
  const { adapterInfo } = gpu.device;
  const software = adapterInfo?.isFallbackAdapter || adapterInfo?.architecture === "swiftshader";
  return software ? "direct" : measuredVariant(gpu);
}

const TRIAL = { rows: 256, width: 256, depth: 256, transposed: true, into: "C = AB" } as const;

const TRIAL_TILES = 36;

/** Bytes of the trial's tiles. */
export const productTrialBytes = 4 * TRIAL.rows * TRIAL.width * (1 + TRIAL_TILES);

/** The faster variant on this device by a trial of so many products of tiles, which is remembered while the page lives. */
export async function measuredVariant(gpu: Gpu, tiles = TRIAL_TILES): Promise<ProductVariant> {
  const candidates: ProductVariant[] = ["direct", "shared"];
  const measure = (variant: ProductVariant) => trialRate(gpu, variant, tiles);
  return (await fastest(gpu, { name: "tileProducts", candidates, measure })).choice;
}

/** Multiplications a second, the second time over. */
async function trialRate(gpu: Gpu, variant: ProductVariant, tiles: number): Promise<number> {
  const { rows, width, depth } = TRIAL;
  const make = (label: string, count: number) =>
    new BlockBuffers(gpu, label, { count, bytes: rows * width * 4 });
  const [a, c] = [make("tileProducts.trialA", 1), make("tileProducts.trialC", tiles)];
  try {
    const kernel = await productKernel(gpu, TRIAL, variant);
    const products = Array.from({ length: tiles }, (_, i) => ({
      a: a.place(0),
      b: a.place(0),
      c: c.place(i),
    }));
    let seconds = 0;
    for (let turn = 0; turn < 2; turn++) {
      const times: Promise<number>[] = [];
      gpu.withUniforms("tileProducts.shape", [shapeWords(TRIAL)], ([uniform]) => {
        const submit = (dispatches: Dispatch[]) => times.push(gpu.measure("trial", dispatches));
        runProducts(gpu, products, { ...kernel, uniform, submit });
      });
      seconds = (await Promise.all(times)).reduce((sum, time) => sum + time, 1e-9);
    }
    return (tiles * rows * width * depth) / seconds;
  } finally {
    a.dispose();
    c.dispose();
  }
}

/** The shader of products of this shape: as many threads to a workgroup, up to 16 × 16, as its rows and width fill. */
export function productShader(shader: Shader, { rows, width, transposed }: ProductShape): Shader {
  const constants = {
    ACROSS: threads(width),
    DOWN: threads(rows),
    TRANSPOSED: Number(transposed),
  };
  return { ...shader, constants };
}

/** The largest of 16, 8, 4, 2 and 1 threads whose 4 entries each divide `length`. */
const threads = (length: number) => [16, 8, 4, 2].find((count) => length % (4 * count) === 0) ?? 1;

/** A compiled shader of products with its uniform. */
export interface ProductKernel {
  pipeline: GPUComputePipeline;
  uniform: GPUBufferBinding;
  shape: ProductShape;
  /** How many plain multiplications one of its own takes; default 1. */
  cost?: number;
  /** Takes each submission; a measurement times it. */
  submit?: (dispatches: Dispatch[]) => void;
}

/** Submits products, so many at a time that no submission reaches a watchdog's two seconds. */
export function runProducts(gpu: Gpu, products: TileProduct[], kernel: ProductKernel): void {
  const { rows, width, depth } = kernel.shape;
  const each = rows * width * depth * (kernel.cost ?? 1);
  const most = Math.max(1, Math.floor(mostPerSubmission / each));
  for (let first = 0; first < products.length; first += most)
    submit(gpu, products.slice(first, first + most), kernel);
}

/** One submission, with one dispatch for each set of buffers that the blocks lie in. */
function submit(gpu: Gpu, products: TileProduct[], kernel: ProductKernel): void {
  const { pipeline, uniform, shape } = kernel;
  const { rows, width } = shape;
  const parts = (rows / (4 * threads(rows))) * (width / (4 * threads(width)));
  const lists: GPUBuffer[] = [];
  try {
    const dispatches = bySameBuffers(products).map((group): Dispatch => {
      const words = group.flatMap(({ a, b, c, lower }) => [
        a.slot,
        b.slot,
        c.slot,
        Number(!!lower),
      ]);
      const list = gpu.upload("tileProducts.products", Uint32Array.from(words));
      lists.push(list);
      const [{ a, b, c }] = group;
      const buffers = [uniform, list, a.buffer, b.buffer, c.buffer];
      return { pipeline, buffers, workgroups: [parts, group.length] };
    });
    if (kernel.submit) kernel.submit(dispatches);
    else gpu.run("tileProducts", dispatches);
  } finally {
    gpu.destroy(...lists);
  }
}

function bySameBuffers(products: TileProduct[]): TileProduct[][] {
  const groups: TileProduct[][] = [];
  const find = ({ a, b, c }: TileProduct) =>
    groups.find(
      ([of]) => of.a.buffer === a.buffer && of.b.buffer === b.buffer && of.c.buffer === c.buffer,
    );
  for (const product of products) {
    const group = find(product);
    if (group) group.push(product);
    else groups.push([product]);
  }
  return groups;
}
