/**
 * What peers.ts calls of its peers. They are packages of this folder, which only `npm run bench` installs;
 * types and lint look here, so that both work without them.
 */

declare module "@jax-js/jax" {
  export interface Array {
    /** The same array, for one more that consumes it. */
    readonly ref: Array;
    reshape(shape: number[]): Array;
    blockUntilReady(): Promise<unknown>;
    data(): Promise<Float32Array>;
    dispose(): void;
  }
  export const numpy: {
    array(data: Float32Array): Array;
    matmul(a: Array, b: Array): Array;
    matrixTranspose(a: Array): Array;
  };
  export const lax: { linalg: { cholesky(a: Array): Array } };
  export function jit(work: (x: Array) => Array): (x: Array) => Array;
  export function init(...devices: string[]): Promise<string[]>;
  export function defaultDevice(device: string): void;
}

declare module "@tensorflow/tfjs-core" {
  export interface Tensor {
    data(): Promise<Float32Array>;
    dispose(): void;
  }
  export function setBackend(name: string): Promise<boolean>;
  export function backend(): unknown;
  export function tensor2d(data: Float32Array, shape: [number, number]): Tensor;
  export function matMul(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor;
  export function dispose(tensors: Tensor[]): void;
}

declare module "@tensorflow/tfjs-backend-webgpu" {
  export class WebGPUBackend {
    readonly device: GPUDevice;
    endComputePassEncoder(): void;
    submitQueue(): void;
  }
}
