import type { Tensor } from "onnxruntime-common";
import type { Runtime } from "./Runtime.ts";

/** A stretch of floats copied from one tensor into another; offsets and length in elements. */
export interface Piece {
  from: Tensor;
  source: number;
  target: number;
  length: number;
}

/** Float32 tensors where the runtime computes: in the heap for cpu and wasm, else on the device. */
export interface Memory {
  /** Bytes and number of the tensors made here and not yet released. */
  readonly ledger: { bytes: number; tensors: number };
  upload(data: Float32Array, dims: readonly number[]): Tensor;
  allocate(dims: readonly number[]): Tensor;
  copy(into: Tensor, pieces: readonly Piece[]): void;
  read(tensor: Tensor): Promise<Float32Array>;
  /** Counts in an output that a session made, so that its release balances. */
  adopt(tensor: Tensor): Tensor;
  release(tensor: Tensor): void;
}

export function openMemory(runtime: Runtime): Memory {
  return runtime.device && runtime.provider === "webgpu"
    ? new DeviceMemory(runtime, runtime.device)
    : new HeapMemory(runtime);
}

const sizeOf = (dims: readonly number[]) => dims.reduce((product, dim) => product * dim, 1);

class Ledger {
  readonly ledger = { bytes: 0, tensors: 0 };
  #live = new Set<Tensor>();

  adopt(tensor: Tensor): Tensor {
    if (this.#live.has(tensor)) return tensor;
    this.#live.add(tensor);
    this.ledger.bytes += 4 * tensor.size;
    this.ledger.tensors++;
    return tensor;
  }

  protected forget(tensor: Tensor): boolean {
    if (!this.#live.delete(tensor)) return false;
    this.ledger.bytes -= 4 * tensor.size;
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

  upload(data: Float32Array, dims: readonly number[]): Tensor {
    return this.adopt(new this.#runtime.ort.Tensor("float32", data, dims));
  }

  allocate(dims: readonly number[]): Tensor {
    return this.upload(new Float32Array(sizeOf(dims)), dims);
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

  release(tensor: Tensor): void {
    if (this.forget(tensor)) tensor.dispose();
  }
}

class DeviceMemory extends Ledger implements Memory {
  #runtime: Runtime;
  #device: GPUDevice;
  /** Buffers made here: a tensor's `dispose` frees only those that a session made. */
  #own = new WeakMap<Tensor, GPUBuffer>();

  constructor(runtime: Runtime, device: GPUDevice) {
    super();
    this.#runtime = runtime;
    this.#device = device;
  }

  upload(data: Float32Array, dims: readonly number[]): Tensor {
    const tensor = this.allocate(dims);
    // writeBuffer refuses views of shared memory under Dawn in Node, so the bytes are copied.
    const bytes = data.buffer instanceof ArrayBuffer ? data : data.slice();
    this.#device.queue.writeBuffer(this.#own.get(tensor)!, 0, bytes as Float32Array<ArrayBuffer>);
    return tensor;
  }

  allocate(dims: readonly number[]): Tensor {
    const buffer = this.#device.createBuffer({
      label: `memory.${dims.join("x")}`,
      size: Math.max(16, Math.ceil((4 * sizeOf(dims)) / 16) * 16),
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    const tensor = this.#runtime.ort.Tensor.fromGpuBuffer(buffer, { dataType: "float32", dims });
    this.#own.set(tensor, buffer);
    return this.adopt(tensor);
  }

  copy(into: Tensor, pieces: readonly Piece[]): void {
    const encoder = this.#device.createCommandEncoder({ label: "memory.copy" });
    for (const { from, source, target, length } of pieces) {
      encoder.copyBufferToBuffer(
        from.gpuBuffer,
        4 * source,
        into.gpuBuffer,
        4 * target,
        4 * length,
      );
    }
    this.#device.queue.submit([encoder.finish()]);
  }

  async read(tensor: Tensor): Promise<Float32Array> {
    if (tensor.location === "cpu") return tensor.data as Float32Array;
    const size = 4 * tensor.size;
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
      return new Float32Array(staging.getMappedRange().slice(0));
    } finally {
      staging.destroy();
    }
  }

  release(tensor: Tensor): void {
    if (!this.forget(tensor)) return;
    const buffer = this.#own.get(tensor);
    tensor.dispose();
    buffer?.destroy();
  }
}
