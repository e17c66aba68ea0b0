import type { Tensor } from "onnxruntime-common";
import { buildRows } from "../graphs/embedding.ts";
import { partName } from "../graphs/matrix.ts";
import type { TableKey } from "../architecture/weightNames.ts";
import type { ElementType, Piece } from "../runtime/Memory.ts";
import { bitsOf, blocksOf, isQuantized } from "../checkpoint/precision.ts";
import type { ActiveDeltas } from "./ActiveDeltas.ts";
import type { OnDevice } from "./OnDevice.ts";

/** Rows of the token embedding and of the head, whatever their form and however they are split. */
export class Tables {
  readonly #model: OnDevice;
  readonly #deltas: ActiveDeltas;

  constructor(model: OnDevice, deltas: ActiveDeltas) {
    this.#model = model;
    this.#deltas = deltas;
  }

  /**
   * The rows of these tokens as float32 [..dims, dModel]; the caller releases them.
   *
   * @throws `invalid token: …`
   */
  async lookup(name: TableKey, ids: ArrayLike<number>, dims: readonly number[]): Promise<Tensor> {
    this.#check(ids);
    const { config, memory, programs, layout } = this.#model;
    await this.#deltas.settle(undefined);
    const { form } = this.#deltas.tableLayout(name);
    const { dModel } = config;
    if (form === "f32") return this.#gather(name, ids, { dims: [...dims, dModel] });
    const count = ids.length;
    const program = await programs.get(`rows/${form}`, () =>
      buildRows(config, form, layout.expansion),
    );
    const feeds: Record<string, Tensor> = {};
    if (isQuantized(form)) {
      const blocks = blocksOf(dModel);
      const dims = [count, blocks, 4 * bitsOf(form)];
      feeds.q = this.#gather(name, ids, { dims, suffix: ".q", type: "uint8" });
      feeds.scale = this.#gather(name, ids, { dims: [count, blocks], suffix: ".scale" });
    } else {
      feeds.half = this.#gather(name, ids, { dims: [count, dModel], type: "float16" });
    }
    const every = Int32Array.from({ length: count }, (_, i) => i);
    const at = new this.#model.runtime.ort.Tensor("int32", every, [count]);
    const { rows } = await program.run({ ...feeds, at });
    for (const tensor of Object.values(feeds)) memory.release(tensor);
    return this.#reshaped(rows, [...dims, dModel]);
  }

  /** Copies of the tokens' rows, one after the other. */
  #gather(
    name: TableKey,
    ids: ArrayLike<number>,
    {
      dims,
      suffix = "",
      type = "float32",
    }: { dims: number[]; suffix?: string; type?: ElementType },
  ): Tensor {
    const { memory } = this.#model;
    const table = this.#deltas.tableLayout(name);
    const tensors = this.#deltas.outer();
    const rows = memory.allocate(dims, type);
    const length = rows.size / ids.length;
    const pieces: Piece[] = Array.from(ids, (id, i) => {
      const part = Math.floor(id / table.parts[0]);
      const from = tensors[partName(name, part, table) + suffix];
      return { from, source: (id - part * table.parts[0]) * length, target: i * length, length };
    });
    memory.copy(rows, pieces);
    return rows;
  }

  /** The same numbers under other dims. */
  #reshaped(tensor: Tensor, dims: readonly number[]): Tensor {
    if (dims.length === tensor.dims.length) return tensor;
    const { memory } = this.#model;
    const copy = memory.allocate(dims);
    memory.copy(copy, [{ from: tensor, source: 0, target: 0, length: tensor.size }]);
    memory.release(tensor);
    return copy;
  }

  #check(ids: ArrayLike<number>): void {
    const { vocab } = this.#model.config;
    for (let i = 0; i < ids.length; i++) {
      if (ids[i] >= 0 && ids[i] < vocab) continue;
      throw new Error(`invalid token: ${ids[i]} (this model has 0–${vocab - 1})`);
    }
  }
}
