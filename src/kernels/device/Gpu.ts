import { deviceFull } from "./deviceFull.ts";
import type { TuningStore } from "./TuningStore.ts";

/** One compute dispatch: the buffers are bound to group 0 in the order of their `@binding`. */
export interface Dispatch {
  pipeline: GPUComputePipeline;
  buffers: (GPUBuffer | GPUBufferBinding)[];
  workgroups: [x: number, y?: number];
}

/** Which entry point of which shader, with its `override` constants. */
export interface Shader {
  name: string;
  code: string;
  entryPoint?: string;
  constants?: Record<string, number>;
}

/**
 * Owns what the kernels put on one GPUDevice: labelled buffers, counted in a ledger, and cached pipelines.
 *
 * Whoever creates a buffer destroys it; `buffers` and `bytes` are back at their start when a job is over. The device
 * may belong to somebody else (ONNX Runtime): it is used, never destroyed, here.
 */
export class Gpu {
  readonly device: GPUDevice;
  readonly #live = new Map<GPUBuffer, number>();
  #bytes = 0;
  #peak = 0;
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();
  readonly #lowered: number;
  #failure: string | undefined;

  /** Where the choices of kernel variants are remembered, if anywhere. */
  readonly tuning: TuningStore | undefined;

  /** `bindingLimit` takes the device for one that binds no more than so many bytes; a test of what large matrices meet. */
  constructor(
    device: GPUDevice,
    { bindingLimit = Infinity, tuning }: { bindingLimit?: number; tuning?: TuningStore } = {},
  ) {
    this.device = device;
    this.tuning = tuning;
    this.#lowered = bindingLimit;
    void device.lost.then(({ message }) => {
      this.#failure ??= `the GPU was lost (${message}); reload, or choose a smaller model`;
    });
  }

  /** How many buffers are live. */
  get buffers(): number {
    return this.#live.size;
  }

  /** How many bytes the live buffers hold. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The most bytes that were live at once so far. */
  get peak(): number {
    return this.#peak;
  }

  /** The largest buffer, in bytes, that can be made and bound whole. */
  get bindingLimit(): number {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.device.limits;
    return Math.min(maxBufferSize, maxStorageBufferBindingSize, this.#lowered);
  }

  /** Whether the device's limits allow a buffer of this size that kernels can bind. */
  fits(bytes: number): boolean {
    return bytes <= this.bindingLimit;
  }

  /**
   * Creates a buffer of zeros that kernels can read and write.
   *
   * `label` is `kernel.binding`, so that validation errors read like sentences. Throws when the device's limits do not
   * allow the size; being out of memory is only known later and is thrown by `download`.
   */
  buffer(label: string, bytes: number, usage = this.#storage): GPUBuffer {
    if (!this.fits(bytes))
      throw new Error(
        `buffer ${label} is too large: ${bytes} bytes (this GPU device allows ${this.bindingLimit}); use a smaller model or layer, or the CPU`,
      );
    this.device.pushErrorScope("out-of-memory");
    const size = Math.max(4, Math.ceil(bytes / 4) * 4);
    const buffer = this.device.createBuffer({ label, size, usage });
    void this.device.popErrorScope().then(
      (error) => {
        if (error) this.#failure ??= deviceFull(`${label} (${bytes} bytes)`);
      },
      () => undefined, // the device is lost, which says so itself
    );
    this.#live.set(buffer, size);
    this.#bytes += size;
    this.#peak = Math.max(this.#peak, this.#bytes);
    return buffer;
  }

  /** Creates a buffer that holds `data`; the label is `kernel.binding`. */
  upload(label: string, data: Float32Array | Uint32Array): GPUBuffer {
    const buffer = this.buffer(label, data.byteLength);
    this.write(buffer, data);
    return buffer;
  }

  /** Overwrites a buffer from its beginning, or from `offset` bytes. */
  write(buffer: GPUBuffer, data: Float32Array | Uint32Array, offset = 0): void {
    this.device.queue.writeBuffer(buffer, offset, unshared(data));
  }

  /** Lends a buffer of uniforms, one binding each, aligned as the device demands, to work that is submitted in `use`. */
  withUniforms(
    label: string,
    values: Uint32Array[],
    use: (bindings: GPUBufferBinding[]) => void,
  ): void {
    const size = Math.max(...values.map((value) => value.byteLength));
    const align = this.device.limits.minUniformBufferOffsetAlignment;
    const stride = Math.ceil(size / align) * align;
    const words = new Uint32Array((stride / 4) * values.length);
    values.forEach((value, i) => words.set(value, (i * stride) / 4));
    const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
    const buffer = this.buffer(label, words.byteLength, usage);
    try {
      this.write(buffer, words);
      use(values.map((_, i) => ({ buffer, offset: i * stride, size })));
    } finally {
      this.destroy(buffer);
    }
  }

  /** Reads back `length` floats from `offset` bytes on, or all. Throws when the GPU was lost or ran out of memory on the way. */
  async download(
    buffer: GPUBuffer,
    length = buffer.size / 4,
    offset = 0,
  ): Promise<Float32Array<ArrayBuffer>> {
    const bytes = length * 4;
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    const staging = this.buffer(`${buffer.label}.download`, bytes, usage);
    try {
      const encoder = this.device.createCommandEncoder({ label: `${buffer.label}.download` });
      encoder.copyBufferToBuffer(buffer, offset, staging, 0, bytes);
      this.device.queue.submit([encoder.finish()]);
      await this.#map(staging, bytes);
      return new Float32Array(staging.getMappedRange(0, bytes).slice(0));
    } finally {
      this.destroy(staging);
    }
  }

  /** Destroys buffers made here; a buffer may be destroyed as soon as the work that needs it is submitted. */
  destroy(...buffers: GPUBuffer[]): void {
    for (const buffer of buffers) {
      const size = this.#live.get(buffer);
      if (size === undefined)
        throw new Error(`buffer ${buffer.label} is not live here; destroy each buffer once`);
      this.#live.delete(buffer);
      this.#bytes -= size;
      buffer.destroy();
    }
  }

  /** Compiles a shader once per entry point and set of constants. Throws what the compiler says. */
  pipeline({ name, code, entryPoint = "main", constants = {} }: Shader) {
    const label = `${name}.${entryPoint}`;
    const key = `${label} ${JSON.stringify(constants)}`;
    let pipeline = this.#pipelines.get(key);
    if (!pipeline) {
      const module = this.device.createShaderModule({ label: name, code });
      const compute = { module, entryPoint, constants };
      pipeline = this.device.createComputePipelineAsync({ label, layout: "auto", compute });
      this.#pipelines.set(key, pipeline);
    }
    return pipeline;
  }

  /** Submits dispatches that run one after the other, each seeing what the ones before it wrote. */
  run(label: string, dispatches: Dispatch[]): void {
    const encoder = this.device.createCommandEncoder({ label });
    this.#encode(encoder.beginComputePass({ label }), label, dispatches);
    this.device.queue.submit([encoder.finish()]);
  }

  /**
   * Submits dispatches as `run` does and resolves to the seconds that they took: the GPU's own clock where the device has
   * `timestamp-query`, otherwise the time until the queue is empty.
   */
  async measure(label: string, dispatches: Dispatch[]): Promise<number> {
    if (!this.device.features.has("timestamp-query")) {
      const start = performance.now();
      this.run(label, dispatches);
      await this.device.queue.onSubmittedWorkDone();
      return (performance.now() - start) / 1000;
    }
    const querySet = this.device.createQuerySet({ label, type: "timestamp", count: 2 });
    const usage = GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC;
    const times = this.buffer(`${label}.times`, 16, usage);
    try {
      const encoder = this.device.createCommandEncoder({ label });
      const timestampWrites = { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 };
      this.#encode(encoder.beginComputePass({ label, timestampWrites }), label, dispatches);
      encoder.resolveQuerySet(querySet, 0, 2, times, 0);
      this.device.queue.submit([encoder.finish()]);
      const [begin, end] = new BigUint64Array((await this.download(times)).buffer);
      return Number(end - begin) / 1e9;
    } finally {
      this.destroy(times);
      querySet.destroy();
    }
  }

  get #storage(): number {
    return GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  }

  #encode(pass: GPUComputePassEncoder, label: string, dispatches: Dispatch[]): void {
    for (const { pipeline, buffers, workgroups } of dispatches) {
      const [x, y = 1] = workgroups;
      if (x === 0 || y === 0) continue;
      this.#checkWorkgroups(label, Math.max(x, y));
      pass.setPipeline(pipeline);
      const entries = buffers.map((buffer, binding) => ({
        binding,
        resource: "buffer" in buffer ? buffer : { buffer },
      }));
      const layout = pipeline.getBindGroupLayout(0);
      pass.setBindGroup(0, this.device.createBindGroup({ label, layout, entries }));
      pass.dispatchWorkgroups(x, y);
    }
    pass.end();
  }

  async #map(staging: GPUBuffer, bytes: number): Promise<void> {
    try {
      await staging.mapAsync(GPUMapMode.READ, 0, bytes);
    } catch (cause) {
      throw new Error(this.#failure ?? `${staging.label} failed: ${String(cause)}`, { cause });
    }
    if (this.#failure) throw new Error(this.#failure);
  }

  #checkWorkgroups(label: string, count: number): void {
    const limit = this.device.limits.maxComputeWorkgroupsPerDimension;
    if (count > limit)
      throw new Error(
        `${label} needs ${count} workgroups (this GPU device allows ${limit}); use a larger tile`,
      );
  }
}

/** The same numbers in memory that is not shared, since Dawn's writeBuffer refuses views of a SharedArrayBuffer. */
function unshared(data: Float32Array | Uint32Array): ArrayBufferView<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = data;
  return buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer, byteOffset, byteLength)
    : new Uint8Array(buffer, byteOffset, byteLength).slice();
}
