import { expect } from "vitest";
import { gpuTest } from "../device.ts";

const shaders = import.meta.glob<string>("/src/**/*.wgsl", {
  query: "?raw",
  import: "default",
  eager: true,
});

gpuTest("there are shaders to compile", () => {
  expect(Object.keys(shaders).length).toBeGreaterThan(3);
});

gpuTest.for(Object.entries(shaders))(
  "%s compiles without a message",
  async ([, code], { device }) => {
    const { messages } = await device.createShaderModule({ code }).getCompilationInfo();
    expect(messages.map((m) => `${m.lineNum}:${m.linePos} ${m.message}`)).toEqual([]);
  },
);
