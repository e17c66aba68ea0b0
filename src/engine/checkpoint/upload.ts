import type { Tensor } from "onnxruntime-common";
import { checksums } from "../../kernels/device/checksum.ts";
import { checksumReference } from "../../kernels/device/checksum.reference.ts";
import type { Gpu } from "../../kernels/device/Gpu.ts";
import type { ElementType, Memory, Numbers } from "../runtime/Memory.ts";

/** Where tensors are taken to: into the memory, and with a device the question what it holds. */
export interface UploadTarget {
  memory: Memory;
  gpu: Gpu | undefined;
}

interface UploadSpec {
  /** Of the tensor, in messages. */
  name: string;
  dims: readonly number[];
}

/** What was written to the device and is not compared yet. */
interface Written {
  name: string;
  tensor: Tensor;
  bytes: number;
  sum: number;
}

/** Bytes after which the device is asked what it holds: each question costs a wait for its answer. */
const QUESTION = 2 ** 28;

/**
 * Takes tensors to where the runtime computes, and compares what a device holds with what was written: a graphics driver
 * that is out of memory may say nothing and hold other numbers.
 */
export class Uploads {
  readonly #target: UploadTarget;
  #written: Written[] = [];

  constructor(target: UploadTarget) {
    this.#target = target;
  }

  /** A tensor that is written piece by piece from its beginning. */
  begin(spec: UploadSpec, type: ElementType = "float32"): Upload {
    return new Upload(this.#target, { ...spec, type, done: (written) => this.#add(written) });
  }

  /** A tensor of these numbers. In the heap it is the array itself. */
  async whole(data: Float32Array, spec: UploadSpec): Promise<Tensor> {
    if (!this.#target.gpu) return this.#target.memory.upload(data, spec.dims);
    const begun = this.begin(spec);
    begun.append(data);
    return begun.finish();
  }

  /** @throws where the memory is full, or the device holds other numbers than were written since the last time */
  async check(): Promise<void> {
    const { memory, gpu } = this.#target;
    await memory.settle();
    const written = this.#written;
    this.#written = [];
    if (!gpu) return;
    const extents = written.map(({ tensor, bytes }) => ({ buffer: tensor.gpuBuffer, bytes }));
    const held = await checksums(gpu, extents);
    const wrong = written.find(({ sum }, i) => sum !== held[i]);
    if (!wrong) return;
    throw new Error(
      `the graphics device holds other numbers for ${wrong.name} than were written to it, which mostly means that its memory is full; close other tabs, or choose a smaller model or precision`,
    );
  }

  async #add(written: Written): Promise<void> {
    this.#written.push(written);
    const bytes = this.#written.reduce((sum, { bytes }) => sum + bytes, 0);
    if (bytes > QUESTION) await this.check();
  }
}

/** One tensor on its way. */
export class Upload {
  readonly tensor: Tensor;
  readonly #target: UploadTarget;
  readonly #name: string;
  readonly #done: (written: Written) => Promise<void>;
  #written = 0;
  #bytes = 0;
  #sum = 0;

  constructor(
    target: UploadTarget,
    given: UploadSpec & { type: ElementType; done: (written: Written) => Promise<void> },
  ) {
    this.#target = target;
    this.#name = given.name;
    this.#done = given.done;
    this.tensor = target.memory.allocate(given.dims, given.type);
  }

  /** Appends numbers; all pieces but the last must fill whole words of 4 bytes. */
  append(data: Numbers): void {
    this.#target.memory.write(this.tensor, this.#written, data);
    this.#written += data.length;
    if (this.#target.gpu) {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      this.#sum = (this.#sum + checksumReference(bytes, this.#bytes / 4)) >>> 0;
    }
    this.#bytes += data.byteLength;
  }

  /** @throws as {@link Uploads.check}, of this tensor or one before */
  async finish(): Promise<Tensor> {
    const { tensor } = this;
    await this.#done({ name: this.#name, tensor, bytes: this.#bytes, sum: this.#sum });
    return tensor;
  }
}
