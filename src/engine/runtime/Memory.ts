import type { Tensor } from "onnxruntime-common";
import type { Runtime } from "./Runtime.ts";

/** A stretch of numbers copied from one tensor into another of its type; offsets and length in elements. */
export interface Piece {
  from: Tensor;
  source: number;
  target: number;
  length: number;
}

/** What tensors are filled with: float32, float16 as bits, or the bytes of quantized blocks. */
export type Numbers = Float32Array | Uint16Array | Uint8Array;

/** The element types of tensors that are kept here, and their bytes. */
const sizes = { float32: 4, float16: 2, uint8: 1 } as const;
export type ElementType = keyof typeof sizes;

/** Bytes and number of the tensors made here and not yet released. */
export interface LedgerView {
  bytes: number;
  tensors: number;
}

/** Tensors where the runtime computes: in the heap for cpu and wasm, else on the device. */
export interface Memory {
  readonly ledger: LedgerView;
  /** The most bytes that the ledger has had. */
  readonly peak: number;
  upload(data: Numbers, dims: readonly number[]): Tensor;
  allocate(dims: readonly number[], type?: ElementType): Tensor;
  /** Writes numbers from an offset in elements on. On a device both must fill whole words of 4 bytes. */
  write(into: Tensor, at: number, data: Numbers): void;
  copy(into: Tensor, pieces: readonly Piece[]): void;
  read(tensor: Tensor): Promise<Float32Array>;
  /** A tensor's bytes, whatever its type. */
  readBytes(tensor: Tensor): Promise<Uint8Array>;
  /** Counts in an output that a session made, so that its release balances. */
  adopt(tensor: Tensor): Tensor;
  release(tensor: Tensor): void;
  /** Releases everything, also what a job that was stopped has left. */
  clear(): void;
  /** Throws a sentence where the device has run out of memory since it was last asked. */
  settle(): Promise<void>;
}

export function openMemory(runtime: Runtime): Memory {
  return runtime.device && runtime.provider === "webgpu"
    ? new DeviceMemory(runtime, runtime.device)
    : new HeapMemory(runtime);
}

const sizeOf = (dims: readonly number[]) => dims.reduce((product, dim) => product * dim, 1);
const bytesOf = ({ type, size }: Pick<Tensor, "type" | "size">) =>
  (sizes[type as ElementType] ?? 4) * size;

const typeOf = (data: Numbers): ElementType =>
  data instanceof Float32Array ? "float32" : data instanceof Uint16Array ? "float16" : "uint8";

abstract class Ledger {
  readonly ledger: LedgerView = { bytes: 0, tensors: 0 };
  #peak = 0;
  #live = new Set<Tensor>();

  get peak(): number {
    return this.#peak;
  }

  adopt(tensor: Tensor): Tensor {
    if (this.#live.has(tensor)) return tensor;
    this.#live.add(tensor);
    this.ledger.bytes += bytesOf(tensor);
    this.#peak = Math.max(this.#peak, this.ledger.bytes);
    this.ledger.tensors++;
    return tensor;
  }

  abstract release(tensor: Tensor): void;

  clear(): void {
    for (const tensor of this.#live) this.release(tensor);
  }

  protected forget(tensor: Tensor): boolean {
    if (!this.#live.delete(tensor)) return false;
    this.ledger.bytes -= bytesOf(tensor);
    this.ledger.tensors--;
    return true;
  }
}

class HeapMemory extends Ledger implements Memory {
  #runtime: Runtime;

  constructor(runtime: Runtime) {
    super();
    this.#runtime = runtime;
  }

  upload(data: Numbers, dims: readonly number[]): Tensor {
    return this.adopt(new this.#runtime.ort.Tensor(typeOf(data), data, dims));
  }

  allocate(dims: readonly number[], type: ElementType = "float32"): Tensor {
    const size = sizeOf(dims);
    const data =
      type === "float32"
        ? new Float32Array(size)
        : type === "float16"
          ? new Uint16Array(size)
          : new Uint8Array(size);
    return this.upload(data, dims);
  }

  write(into: Tensor, at: number, data: Numbers): void {
    const start = at * sizes[typeOf(data)];
    rawBytes(into).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start);
  }

  copy(into: Tensor, pieces: readonly Piece[]): void {
    const target = into.data as Float32Array;
    for (const { from, source, target: offset, length } of pieces) {
      target.set((from.data as Float32Array).subarray(source, source + length), offset);
    }
  }

  read(tensor: Tensor): Promise<Float32Array> {
    return Promise.resolve(tensor.data as Float32Array);
  }

  readBytes(tensor: Tensor): Promise<Uint8Array> {
    return Promise.resolve(rawBytes(tensor));
  }

  release(tensor: Tensor): void {
    if (this.forget(tensor)) tensor.dispose();
  }

  settle(): Promise<void> {
    return Promise.resolve(); // an allocation that fails has thrown already
  }
}

/** The bytes behind a tensor of the heap; float16's array differs from browser to browser. */
function rawBytes({ data }: Tensor): Uint8Array {
  const { buffer, byteOffset, byteLength } = data as Numbers;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

class DeviceMemory extends Ledger implements Memory {
  #runtime: Runtime;
  #device: GPUDevice;
  /** Buffers made here: a tensor's `dispose` frees only those that a session made. */
  #own = new WeakMap<Tensor, GPUBuffer>();
  /** Scopes around allocations that have not answered yet. */
  #pending = new Set<Promise<void>>();
  #failure: string | undefined;

  constructor(runtime: Runtime, device: GPUDevice) {
    super();
    this.#runtime = runtime;
    this.#device = device;
    // What the sessions allocate has no scope of ours around it.
    device.addEventListener?.("uncapturederror", ({ error }) => {
      if (error instanceof GPUOutOfMemoryError) this.#failure ??= outOfMemory("a session's buffer");
    });
  }

  upload(data: Numbers, dims: readonly number[]): Tensor {
    const tensor = this.allocate(dims, typeOf(data));
    this.write(tensor, 0, data);
    return tensor;
  }

  allocate(dims: readonly number[], type: ElementType = "float32"): Tensor {
    const bytes = sizes[type] * sizeOf(dims);
    const label = `memory.${type}.${dims.join("x")}`;
    this.#device.pushErrorScope("out-of-memory");
    const buffer = this.#device.createBuffer({
      label,
      size: Math.max(16, Math.ceil(bytes / 16) * 16),
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    this.#await(label, bytes);
    const tensor = this.#runtime.ort.Tensor.fromGpuBuffer(buffer, { dataType: type, dims });
    this.#own.set(tensor, buffer);
    return this.adopt(tensor);
  }

  write(into: Tensor, at: number, data: Numbers): void {
    const words = wholeWords(data);
    this.#device.queue.writeBuffer(into.gpuBuffer, at * sizes[typeOf(data)], words);
  }

  copy(into: Tensor, pieces: readonly Piece[]): void {
    const bytes = sizes[into.type as ElementType];
    const encoder = this.#device.createCommandEncoder({ label: "memory.copy" });
    for (const { from, source, target, length } of pieces) {
      encoder.copyBufferToBuffer(
        from.gpuBuffer,
        bytes * source,
        into.gpuBuffer,
        bytes * target,
        bytes * length,
      );
    }
    this.#device.queue.submit([encoder.finish()]);
  }

  async read(tensor: Tensor): Promise<Float32Array> {
    if (tensor.location === "cpu") return tensor.data as Float32Array;
    return new Float32Array((await this.#map(tensor)).slice(0, 4 * tensor.size));
  }

  async readBytes(tensor: Tensor): Promise<Uint8Array> {
    if (tensor.location === "cpu") return rawBytes(tensor);
    return new Uint8Array(await this.#map(tensor), 0, bytesOf(tensor));
  }

  release(tensor: Tensor): void {
    if (!this.forget(tensor)) return;
    const buffer = this.#own.get(tensor);
    tensor.dispose();
    buffer?.destroy();
  }

  async settle(): Promise<void> {
    await Promise.all(this.#pending);
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw new Error(failure);
  }

  /** Listens to the scope around an allocation. */
  #await(label: string, bytes: number): void {
    const answer = this.#device.popErrorScope().then(
      (error) => {
        if (error) this.#failure ??= outOfMemory(`${label} (${bytes} bytes)`);
      },
      () => undefined, // the device is lost, which says so itself
    );
    this.#pending.add(answer);
    void answer.then(() => this.#pending.delete(answer));
  }

  async #map(tensor: Tensor): Promise<ArrayBuffer> {
    const size = Math.ceil(bytesOf(tensor) / 4) * 4;
    const staging = this.#device.createBuffer({
      label: "memory.staging",
      size,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    try {
      const encoder = this.#device.createCommandEncoder({ label: "memory.read" });
      encoder.copyBufferToBuffer(tensor.gpuBuffer, 0, staging, 0, size);
      this.#device.queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ);
      await this.settle();
      return staging.getMappedRange().slice(0);
    } finally {
      staging.destroy();
    }
  }
}

const outOfMemory = (what: string) =>
  `not enough memory on the graphics device for ${what}; close other tabs, or choose a smaller model or precision`;

/** The same bytes, filled up to whole words, in memory that is not shared: Dawn's writeBuffer refuses views of a SharedArrayBuffer. */
function wholeWords(data: Numbers): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = data;
  if (byteLength % 4 === 0 && buffer instanceof ArrayBuffer) {
    return new Uint8Array(buffer, byteOffset, byteLength);
  }
  const filled = new Uint8Array(Math.ceil(byteLength / 4) * 4);
  filled.set(new Uint8Array(buffer, byteOffset, byteLength));
  return filled;
}
