import { expect } from "vitest";
import { gpuTest } from "../support/device.ts";

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
  async ([, code], { device, skip }) => {
    const feature = /^enable (.+);/m.exec(code)?.[1];
    if (feature && !device.features.has(feature)) return skip(`no ${feature} on this device`);
    const { messages } = await device.createShaderModule({ code }).getCompilationInfo();
    expect(messages.map((m) => `${m.lineNum}:${m.linePos} ${m.message}`)).toEqual([]);
  },
);
