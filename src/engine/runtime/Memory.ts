import { deviceFull } from "../../kernels/device/deviceFull.ts";
import type { Tensor } from "onnxruntime-common";
import { elementBytes, type ElementType, Ledger, type LedgerView, tensorBytes } from "./Ledger.ts";
import type { Runtime } from "./Runtime.ts";

export type { ElementType, LedgerView } from "./Ledger.ts";

/** A stretch of numbers copied from one tensor into another of its type; offsets and length in elements. */
export interface Piece {
  from: Tensor;
  source: number;
  target: number;
  length: number;
}

/** What tensors are filled with: float32, float16 as bits, or the bytes of quantized blocks. */
export type Numbers = Float32Array | Uint16Array | Uint8Array;

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
  /** Does work; where it throws, what was made within is released. See {@link Ledger.frame}. */
  frame<T>(work: () => Promise<T>): Promise<T>;
  /** Takes a tensor out of all frames: it outlives the work that made it, until it is released. */
  keep(tensor: Tensor): Tensor;
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

const typeOf = (data: Numbers): ElementType =>
  data instanceof Float32Array ? "float32" : data instanceof Uint16Array ? "float16" : "uint8";

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
    const start = at * elementBytes[typeOf(data)];
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
  readonly #unscoped: { failure: string | undefined };

  constructor(runtime: Runtime, device: GPUDevice) {
    super();
    this.#runtime = runtime;
    this.#device = device;
    this.#unscoped = unscopedFailures(device);
  }

  upload(data: Numbers, dims: readonly number[]): Tensor {
    const tensor = this.allocate(dims, typeOf(data));
    this.write(tensor, 0, data);
    return tensor;
  }

  allocate(dims: readonly number[], type: ElementType = "float32"): Tensor {
    const bytes = elementBytes[type] * sizeOf(dims);
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
    this.#device.queue.writeBuffer(into.gpuBuffer, at * elementBytes[typeOf(data)], words);
  }

  copy(into: Tensor, pieces: readonly Piece[]): void {
    const bytes = elementBytes[into.type as ElementType];
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
    return new Uint8Array(await this.#map(tensor), 0, tensorBytes(tensor));
  }

  release(tensor: Tensor): void {
    if (!this.forget(tensor)) return;
    const buffer = this.#own.get(tensor);
    tensor.dispose();
    buffer?.destroy();
  }

  async settle(): Promise<void> {
    await Promise.all(this.#pending);
    const failure = this.#failure ?? this.#unscoped.failure;
    this.#failure = this.#unscoped.failure = undefined;
    if (failure) throw new Error(failure);
  }

  /** Listens to the scope around an allocation. */
  #await(label: string, bytes: number): void {
    const answer = this.#device.popErrorScope().then(
      (error) => {
        if (error) this.#failure ??= deviceFull(`${label} (${bytes} bytes)`);
      },
      () => undefined, // the device is lost, which says so itself
    );
    this.#pending.add(answer);
    void answer.then(() => this.#pending.delete(answer));
  }

  async #map(tensor: Tensor): Promise<ArrayBuffer> {
    const size = Math.ceil(tensorBytes(tensor) / 4) * 4;
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

/** What a device ran out of memory for where no scope of ours was: in a session. One listener a device. */
const unscoped = new WeakMap<GPUDevice, { failure: string | undefined }>();

function unscopedFailures(device: GPUDevice): { failure: string | undefined } {
  const known = unscoped.get(device);
  if (known) return known;
  const found = { failure: undefined as string | undefined };
  unscoped.set(device, found);
  device.addEventListener?.("uncapturederror", ({ error }) => {
    if (error instanceof GPUOutOfMemoryError) found.failure ??= deviceFull("a session's buffer");
  });
  return found;
}

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
