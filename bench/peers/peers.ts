import * as jax from "@jax-js/jax";
import { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import { Graph } from "../../src/engine/graphs/Graph.ts";
import { matMul } from "../../src/engine/graphs/ops.ts";
import type { Runtime } from "../../src/engine/runtime/Runtime.ts";
import type { Contender } from "../contest.ts";

/** Keys [samples, d], row-major. */
export interface Keys {
  data: Float32Array<ArrayBuffer>;
  samples: number;
  d: number;
}

/** onnxruntime-web's MatMul of a ready-made Kᵀ and K, all in GPU buffers of the device that is also ours. */
export async function onnxMatMul(runtime: Runtime, { data, samples, d }: Keys): Promise<Contender> {
  const { ort } = runtime;
  const device = runtime.device!;
  const buffer = (bytes: number) =>
    device.createBuffer({
      size: bytes,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
  const buffers = [buffer(data.byteLength), buffer(data.byteLength), buffer(d * d * 4)];
  device.queue.writeBuffer(buffers[0], 0, transposed(data, samples, d));
  device.queue.writeBuffer(buffers[1], 0, data);
  const graph = new Graph();
  const c = matMul(graph.input("kt", [d, samples]), graph.input("k", [samples, d]));
  const { bytes, outputs } = graph.build({ c });
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: [{ name: "webgpu", device }],
    preferredOutputLocation: "gpu-buffer",
  });
  const tensor = (i: number, dims: number[]) =>
    ort.Tensor.fromGpuBuffer(buffers[i], { dataType: "float32", dims });
  const feeds = { kt: tensor(0, [d, samples]), k: tensor(1, [samples, d]) };
  const fetches = { [outputs.c]: tensor(2, [d, d]) };
  return {
    start: () => session.run(feeds, fetches),
    finish: () => device.queue.onSubmittedWorkDone(),
    result: () => readBack(device, buffers[2]),
    dispose() {
      void session.release();
      for (const one of buffers) one.destroy();
    },
  };
}

/** tfjs's WebGPU back end, matMul of the transpose. */
export async function tfjsMatMul({ data, samples, d }: Keys): Promise<Contender> {
  if (!(await tf.setBackend("webgpu"))) throw new Error("tfjs has no WebGPU back end here");
  const backend = tf.backend() as WebGPUBackend;
  const k = tf.tensor2d(data, [samples, d]);
  let c = tf.matMul(k, k, true, false);
  return {
    start() {
      c.dispose();
      c = tf.matMul(k, k, true, false);
    },
    finish() {
      backend.endComputePassEncoder();
      backend.submitQueue();
      return backend.device.queue.onSubmittedWorkDone();
    },
    result: () => c.data(),
    dispose: () => tf.dispose([k, c]),
  };
}

/** jax-js, compiled by its `jit`. */
export async function jaxMatMul({ data, samples, d }: Keys): Promise<Contender> {
  await openJax();
  const { numpy } = jax;
  const k = numpy.array(data).reshape([samples, d]);
  const product = jax.jit((x: jax.Array) => numpy.matmul(numpy.matrixTranspose(x.ref), x));
  return jaxContender(() => product(k.ref), [k]);
}

/** jax-js's lax.linalg.cholesky of a symmetric positive definite matrix [n, n]. */
export async function jaxCholesky(a: Float32Array<ArrayBuffer>, n: number): Promise<Contender> {
  await openJax();
  const matrix = jax.numpy.array(a).reshape([n, n]);
  return jaxContender(() => jax.lax.linalg.cholesky(matrix.ref), [matrix]);
}

async function openJax(): Promise<void> {
  const devices = await jax.init("webgpu");
  if (!devices.includes("webgpu")) throw new Error("jax-js has no WebGPU here");
  jax.defaultDevice("webgpu");
}

function jaxContender(make: () => jax.Array, inputs: jax.Array[]): Contender {
  let latest: jax.Array | undefined;
  return {
    async start() {
      latest?.dispose();
      latest = make();
      await latest.blockUntilReady();
    },
    finish: () => Promise.resolve(),
    result: async () => await latest!.ref.data(),
    dispose() {
      for (const array of [latest, ...inputs]) array?.dispose();
    },
  };
}

/** K [samples, d] as [d, samples]. */
function transposed(k: Float32Array, samples: number, d: number): Float32Array<ArrayBuffer> {
  const result = new Float32Array(k.length);
  for (let s = 0; s < samples; s++)
    for (let i = 0; i < d; i++) result[i * samples + s] = k[s * d + i];
  return result;
}

async function readBack(device: GPUDevice, buffer: GPUBuffer): Promise<Float32Array> {
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
  const staging = device.createBuffer({ size: buffer.size, usage });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const result = new Float32Array(staging.getMappedRange().slice(0));
  staging.destroy();
  return result;
}
