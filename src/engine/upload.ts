import type { Tensor } from "onnxruntime-common";
import { checksum } from "../kernels/checksum.ts";
import { checksumReference } from "../kernels/checksum.reference.ts";
import type { ElementType, Numbers } from "./Memory.ts";
import type { Transformer } from "./Transformer.ts";

interface UploadSpec {
  /** Of the tensor, in messages. */
  name: string;
  dims: readonly number[];
}

/**
 * A tensor that is written piece by piece from its beginning, and is compared with what was written when it is whole: a
 * graphics driver that is out of memory may say nothing and hold other numbers.
 */
export class Upload {
  readonly tensor: Tensor;
  readonly #model: Transformer;
  readonly #name: string;
  #written = 0;
  #bytes = 0;
  #sum = 0;

  constructor(model: Transformer, { name, dims }: UploadSpec, type: ElementType = "float32") {
    this.#model = model;
    this.#name = name;
    this.tensor = model.memory.allocate(dims, type);
  }

  /** Appends numbers; all pieces but the last must fill whole words of 4 bytes. */
  append(data: Numbers): void {
    this.#model.memory.write(this.tensor, this.#written, data);
    this.#written += data.length;
    if (this.#model.gpu) {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      this.#sum = (this.#sum + checksumReference(bytes, this.#bytes / 4)) >>> 0;
    }
    this.#bytes += data.byteLength;
  }

  /** @throws where the memory is full, or the device holds other numbers than were written; the tensor is then released */
  async finish(): Promise<Tensor> {
    const { memory, gpu } = this.#model;
    try {
      await memory.settle();
      const held = gpu && (await checksum(gpu, this.tensor.gpuBuffer, this.#bytes));
      if (held === undefined || held === this.#sum) return this.tensor;
    } catch (error) {
      memory.release(this.tensor);
      throw error;
    }
    memory.release(this.tensor);
    throw new Error(
      `the graphics device holds other numbers for ${this.#name} than were written to it, which mostly means that its memory is full; close other tabs, or choose a smaller model or precision`,
    );
  }
}

/** A tensor of these numbers, checked on arrival. In the heap it is the array itself. */
export async function upload(
  model: Transformer,
  data: Float32Array,
  spec: UploadSpec,
): Promise<Tensor> {
  if (!model.gpu) return model.memory.upload(data, spec.dims);
  const begun = new Upload(model, spec);
  begun.append(data);
  return begun.finish();
}
