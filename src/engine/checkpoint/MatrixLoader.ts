import { columnsOf } from "./columns.ts";
import type { Tensor } from "onnxruntime-common";
import { toFloat16 } from "../../data/weights/float16.ts";
import type { Checkpoint } from "./Checkpoint.ts";
import { partName } from "../graphs/matrix.ts";
import type { ElementType } from "../runtime/Memory.ts";
import type { MatrixPlace } from "./Place.ts";
import { bitsOf, blocksOf, isQuantized, type Layout } from "./precision.ts";
import { quantizeRows, type QuantizedRows } from "./quantize.ts";
import { transpose } from "./transpose.ts";
import type { Uploads } from "./upload.ts";

/** Numbers that are read and converted at once: 32 MB of float32. */
const SLAB = 2 ** 23;

/** Takes one matrix after the other from a checkpoint into the parts and the form that the graphs are fed. */
export class MatrixLoader {
  readonly #checkpoint: Checkpoint;
  readonly #uploads: Uploads;
  readonly #signal: AbortSignal | undefined;

  constructor(
    checkpoint: Checkpoint,
    { uploads, signal }: { uploads: Uploads; signal: AbortSignal | undefined },
  ) {
    this.#checkpoint = checkpoint;
    this.#uploads = uploads;
    this.#signal = signal;
  }

  async load(place: MatrixPlace): Promise<void> {
    const { form } = place.layout;
    if (isQuantized(form)) return this.#quantized(place, form);
    return place.stored === "outIn" ? this.#byOutputs(place) : this.#byInputs(place);
  }

  /** Stored [inputs, outputs] and wanted so: whole rows go through, each part taking its columns. */
  async #byInputs({ name, key, shape: [inputs, outputs], layout, into }: MatrixPlace) {
    const { parts } = layout;
    if (parts.length === 1 && layout.form === "f32" && inputs * outputs <= SLAB) {
      const data = await this.#checkpoint.tensor(name);
      into[key] = await this.#uploads.whole(data, { name, dims: [inputs, outputs] });
      return;
    }
    const uploads = parts.map((columns) => this.#float(name, [inputs, columns], layout));
    for await (const { data, rows } of this.#slabs(name, [inputs, outputs])) {
      let first = 0;
      parts.forEach((columns, i) => {
        uploads[i].append(columnsOf(data, { rows, of: outputs, first, columns }));
        first += columns;
      });
    }
    await this.#finish(uploads, into, (i) => partName(key, i, layout));
  }

  /** Stored [outputs, inputs]: a table is wanted so too, any other matrix is turned part by part. */
  async #byOutputs({ name, key, shape: [inputs, outputs], layout, into, table }: MatrixPlace) {
    let first = 0;
    for (const [i, part] of layout.parts.entries()) {
      const dims = table ? [part, inputs] : [inputs, part];
      const begun = this.#float(name, dims, layout);
      const size = table ? [outputs, inputs] : [part, inputs];
      if (table) {
        const range: [number, number] = [first, first + part];
        for await (const { data } of this.#slabs(name, [size[0], inputs], range))
          begun.append(data);
      } else {
        const data = await this.#checkpoint.rows(name, first, first + part);
        begun.append(transpose(data, [part, inputs]));
      }
      into[partName(key, i, layout)] = await begun.finish();
      first += part;
    }
  }

  /** Blocks along the inputs, rows by outputs: made here, or as the checkpoint has them. */
  async #quantized(place: MatrixPlace, form: "q8" | "q4") {
    const { name, key, shape, layout, into } = place;
    const [inputs] = shape;
    const blocks = blocksOf(inputs);
    const bytes = 4 * bitsOf(form);
    const begin = (part: number) => ({
      q: this.#uploads.begin({ name, dims: [part, blocks, bytes] }, "uint8"),
      scale: this.#uploads.begin({ name, dims: [part, blocks] }),
    });
    const rows = this.#quantizedRows(place, form);
    let held: QuantizedRows = { q: new Uint8Array(0), scale: new Float32Array(0) };
    for (const [i, part] of layout.parts.entries()) {
      const { q, scale } = begin(part);
      for (let wanted = part * blocks; wanted > 0;) {
        if (held.scale.length === 0) held = (await rows.next()).value as QuantizedRows;
        const count = Math.min(wanted, held.scale.length);
        q.append(held.q.subarray(0, count * bytes));
        scale.append(held.scale.subarray(0, count));
        held = { q: held.q.subarray(count * bytes), scale: held.scale.subarray(count) };
        wanted -= count;
      }
      const partKey = partName(key, i, layout);
      await this.#finish([q, scale], into, (j) => `${partKey}${j === 0 ? ".q" : ".scale"}`);
    }
  }

  /** The matrix as rows of blocks, some rows at a time. */
  async *#quantizedRows(
    { name, shape: [inputs, outputs], stored }: MatrixPlace,
    form: "q8" | "q4",
  ): AsyncGenerator<QuantizedRows> {
    if (this.#checkpoint.form(name) === form) {
      yield await this.#checkpoint.quantized(name);
    } else if (stored === "outIn") {
      for await (const { data, rows } of this.#slabs(name, [outputs, inputs])) {
        yield quantizeRows(data, [rows, inputs], bitsOf(form));
      }
    } else {
      const data = transpose(await this.#checkpoint.tensor(name), [inputs, outputs]);
      yield quantizeRows(data, [outputs, inputs], bitsOf(form));
    }
  }

  /** Rows of a stored matrix [count, width], some at a time. */
  async *#slabs(
    name: string,
    [count, width]: readonly [number, number],
    [from, to]: readonly [number, number] = [0, count],
  ): AsyncGenerator<{ data: Float32Array; rows: number }> {
    const each = Math.max(1, Math.floor(SLAB / width));
    for (let row = from; row < to; row += each) {
      this.#signal?.throwIfAborted();
      const end = Math.min(to, row + each);
      yield { data: await this.#checkpoint.rows(name, row, end), rows: end - row };
    }
  }

  #float(name: string, dims: readonly number[], { form }: Layout) {
    const type: ElementType = form === "f16" ? "float16" : "float32";
    const begun = this.#uploads.begin({ name, dims }, type);
    return {
      append: (data: Float32Array) => begun.append(form === "f16" ? toFloat16(data) : data),
      finish: () => begun.finish(),
    };
  }

  async #finish(
    uploads: readonly { finish(): Promise<Tensor> }[],
    into: Record<string, Tensor>,
    keyOf: (i: number) => string,
  ): Promise<void> {
    for (const [i, begun] of uploads.entries()) into[keyOf(i)] = await begun.finish();
  }
}
