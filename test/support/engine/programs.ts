import type { GraphProgram } from "../../../src/engine/graphs/Graph.ts";
import { openMemory } from "../../../src/engine/runtime/Memory.ts";
import { Programs } from "../../../src/engine/runtime/Programs.ts";
import type { Runtime } from "../../../src/engine/runtime/Runtime.ts";

export interface HostTensor {
  data: Float32Array;
  dims: readonly number[];
}

/** Compiles a graph and runs it on float arrays, in and out, whatever the provider. */
export async function serializedRun(runtime: Runtime, program: GraphProgram) {
  const memory = openMemory(runtime);
  const programs = new Programs(runtime, memory);
  const compiled = await programs.get("graph", () => program);
  return {
    async run(feeds: Record<string, HostTensor>): Promise<Record<string, HostTensor>> {
      const tensors = Object.entries(feeds).map(
        ([name, { data, dims }]) => [name, memory.upload(data, dims)] as const,
      );
      const results = await compiled.run(Object.fromEntries(tensors));
      const read: Record<string, HostTensor> = {};
      for (const [name, tensor] of Object.entries(results)) {
        const data = Float32Array.from(await memory.read(tensor));
        read[name] = { data, dims: tensor.dims };
        memory.release(tensor);
      }
      for (const [, tensor] of tensors) memory.release(tensor);
      return read;
    },
    release: () => programs.dispose(),
  };
}
