import { expect } from "vitest";
import { gpuTest } from "../../support/device.ts";

gpuTest("counts the buffers and bytes that are live", ({ gpu }) => {
  const a = gpu.upload("test.a", new Float32Array(5));
  const b = gpu.buffer("test.b", 7);
  expect([gpu.buffers, gpu.bytes]).toEqual([2, 20 + 8]);
  gpu.destroy(a);
  expect([gpu.buffers, gpu.bytes]).toEqual([1, 8]);
  expect(() => gpu.destroy(a)).toThrow("buffer test.a is not live here; destroy each buffer once");
  gpu.destroy(b);
  expect([gpu.buffers, gpu.bytes]).toEqual([0, 0]);
});

gpuTest("downloads what was uploaded, whole or in part", async ({ gpu }) => {
  const buffer = gpu.upload("test.a", new Float32Array([1, 2, 3]));
  expect(await gpu.download(buffer)).toEqual(new Float32Array([1, 2, 3]));
  gpu.write(buffer, new Float32Array([9]), 4);
  expect(await gpu.download(buffer, 2)).toEqual(new Float32Array([1, 9]));
  gpu.destroy(buffer);
});

gpuTest("new buffers are zero and labelled", async ({ gpu }) => {
  const buffer = gpu.buffer("test.zeros", 12);
  expect(buffer.label).toBe("test.zeros");
  expect(await gpu.download(buffer)).toEqual(new Float32Array(3));
  gpu.destroy(buffer);
});

gpuTest("compiles a pipeline once per set of constants", async ({ gpu }) => {
  const code = `override N: u32 = 1u;
    @group(0) @binding(0) var<storage, read_write> a: array<u32>;
    @compute @workgroup_size(1) fn main() { a[0] = N; }`;
  const shader = (n: number) => ({ name: "test", code, constants: { N: n } });
  expect(gpu.pipeline(shader(1))).toBe(gpu.pipeline(shader(1)));
  expect(gpu.pipeline(shader(2))).not.toBe(gpu.pipeline(shader(1)));
  const a = gpu.buffer("test.a", 4);
  gpu.run("test", [{ pipeline: await gpu.pipeline(shader(7)), buffers: [a], workgroups: [1] }]);
  expect(new Uint32Array((await gpu.download(a)).buffer)).toEqual(new Uint32Array([7]));
  gpu.destroy(a);
});

gpuTest("gives uniforms back, also when the work fails", ({ gpu }) => {
  const values = [1, 2, 3].map((n) => new Uint32Array([n]));
  gpu.withUniforms("test.shape", values, (bindings) => {
    expect(bindings.map(({ offset }) => offset! % 256)).toEqual([0, 0, 0]);
    expect(gpu.buffers).toBe(1);
  });
  const fail = () => {
    throw new Error("on purpose");
  };
  expect(() => gpu.withUniforms("test.shape", values, fail)).toThrow("on purpose");
});

gpuTest("refuses what the device's limits do not allow", async ({ gpu }) => {
  const { maxStorageBufferBindingSize, maxComputeWorkgroupsPerDimension } = gpu.device.limits;
  expect(() => gpu.buffer("test.huge", maxStorageBufferBindingSize + 4)).toThrow(
    `buffer test.huge is too large: ${maxStorageBufferBindingSize + 4} bytes`,
  );
  const code = `@compute @workgroup_size(1) fn main() {}`;
  const pipeline = await gpu.pipeline({ name: "test", code });
  const x = maxComputeWorkgroupsPerDimension + 1;
  expect(() => gpu.run("test", [{ pipeline, buffers: [], workgroups: [x] }])).toThrow(
    `test needs ${x} workgroups`,
  );
});

gpuTest("says so when the device is lost", async ({ gpu }) => {
  const buffer = gpu.buffer("test.a", 4);
  gpu.device.destroy();
  await gpu.device.lost;
  await expect(gpu.download(buffer)).rejects.toThrow("the GPU was lost");
  gpu.destroy(buffer);
});
